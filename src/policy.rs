//! Policies: what this verifier demands, and what it pins. Specification: `docs/spec/policy.md`.
//!
//! A policy is the verifier's own file. It is never taken from a proof, a bundle or the venue's page; every result
//! names its hash.

mod log;

use alloy_primitives::U256;
use serde::Deserialize;

use crate::asset::{Asset, AssetId, Assets, ChainId, DeploymentId};
use crate::code::{Code, Coded, publish as codes};
use crate::hash::{Digest, sha256};
use crate::publish::StatementPins;
use crate::reserve::bitcoin::header::WorkRule;
use crate::reserve::bitcoin::set_pins::SetPin;
use crate::reserve::evm::pool::PoolEntry;
use crate::reserve::evm::token::{TokenEntry, TokenRegistry};
use crate::reserve::evm::window::{EventList, TokenEvents};
use crate::signature::PublicKey;
use crate::snapshot::{BlockRef, VenueId};

mod parties;
mod pools;
pub mod quality;
mod require;
mod spelling;
mod window;

pub use log::LogRules;
pub use parties::PinnedIssuer;
pub use quality::QualityRules;
pub use require::Requirements;
pub use window::{ChainRange, Demand, SeenBlock, WindowRules};

const FORMAT: &str = "counterfoil-policy-v1";

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    digest: Digest,
    venue: PinnedVenue,
    require: Requirements,
    window: WindowRules,
    quality: Option<QualityRules>,
    log: Option<LogRules>,
    assets: Vec<Asset>,
    pins: Vec<BlockRef>,
    work: Vec<(ChainId, WorkRule)>,
    utxo_sets: Vec<SetPin>,
    finality: Vec<FinalityRoot>,
    nodes: Vec<PinnedNode>,
    related: Vec<RelatedParty>,
    custodians: Vec<PinnedVenue>,
    issuers: Vec<PinnedIssuer>,
    pools: Vec<PoolEntry>,
    tokens: TokenRegistry,
    /// Names of the policy's own entries among them.
    own_tokens: Vec<String>,
    token_events: EventList,
    /// Names of the policy's own entries among them.
    own_events: Vec<String>,
}

/// The venue that the verifier asks about.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinnedVenue {
    /// Short name.
    pub id: VenueId,
    /// Its log.
    pub log_origin: String,
    /// Its keys, compared with a second source before they were pinned.
    pub keys: Vec<PublicKey>,
    /// How many of them must have signed.
    #[serde(default = "one")]
    pub threshold: u64,
}

const fn one() -> u64 {
    1
}

/// A node whose answers count as observed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinnedNode {
    /// Whose node, in the verifier's words.
    pub name: String,
    /// The key that signs its transcripts.
    pub key: PublicKey,
}

/// Somebody whose interests are the venue's.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelatedParty {
    /// The name, as the address set writes its custodians.
    pub name: String,
    /// Addresses on any chain: transfers from and to them are told.
    #[serde(default)]
    pub addresses: Vec<String>,
}

/// Where the finality of a chain begins for this verifier.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinalityRoot {
    /// The chain whose blocks are finalized: `eip155:1`.
    pub chain: ChainId,
    /// Root of a beacon block that several sources agree was finalized, and recently.
    pub root: Digest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyToml {
    format: String,
    venue: PinnedVenue,
    #[serde(default)]
    require: Requirements,
    #[serde(default)]
    window: WindowRules,
    #[serde(default)]
    quality: Option<QualityRules>,
    #[serde(default)]
    log: Option<log::LogToml>,
    #[serde(default)]
    pin: Vec<PinToml>,
    #[serde(default)]
    work: Vec<WorkToml>,
    #[serde(default)]
    utxo_set: Vec<SetPin>,
    #[serde(default)]
    finality: Vec<FinalityRoot>,
    #[serde(default)]
    node: Vec<PinnedNode>,
    #[serde(default)]
    related_party: Vec<RelatedParty>,
    #[serde(default)]
    custodian: Vec<PinnedVenue>,
    #[serde(default)]
    issuer: Vec<parties::IssuerToml>,
    #[serde(default)]
    pool: Vec<PoolEntry>,
    #[serde(default)]
    asset: Vec<toml::Value>,
    #[serde(default)]
    token: Vec<TokenEntry>,
    #[serde(default)]
    token_events: Vec<TokenEvents>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PinToml {
    chain: ChainId,
    height: u64,
    hash: Digest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WorkToml {
    chain: ChainId,
    min_confirmations: u64,
    min_work: String,
}

/// A policy is not usable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PolicyError(String);

impl Coded for PolicyError {
    fn code(&self) -> &'static Code {
        &codes::POLICY_MALFORMED
    }
}

impl Policy {
    /// Reads a policy file.
    ///
    /// # Errors
    /// [`PolicyError`].
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let fail = |detail: String| PolicyError(detail);
        let file: PolicyToml = toml::from_str(text).map_err(|error| fail(error.to_string()))?;
        if file.format != FORMAT {
            return Err(fail(format!("format {:?}, expected {FORMAT:?}", file.format)));
        }
        file.venue.check()?;
        let mut require = file.require;
        spelling::of_all(&mut require.own_tokens)?;
        let issuers = file.issuer.into_iter().map(parties::IssuerToml::read).collect::<Result<Vec<_>, _>>()?;
        parties::check(&file.venue, &file.custodian, &issuers)?;
        require.check()?;
        file.window.check()?;
        file.quality.as_ref().map(QualityRules::check).transpose()?;
        for node in &file.node {
            node.key.check().map_err(|error| fail(format!("node {:?}: {error}", node.name)))?;
        }
        let mut pins: Vec<BlockRef> = Vec::with_capacity(file.pin.len());
        for PinToml { chain, height, hash } in file.pin {
            let twice = pins.iter().find(|pin| pin.chain == chain && pin.height == height && pin.hash != hash);
            if let Some(other) = twice {
                return Err(fail(format!("two pins for block {height} of {chain}: {} and {hash}", other.hash)));
            }
            pins.push(BlockRef { chain, height, hash });
        }
        let work = read_work(file.work)?;
        let log = file.log.map(|log| LogRules::read(log, &file.venue.log_origin)).transpose()?;
        for (place, set) in file.utxo_set.iter().enumerate() {
            let before = file.utxo_set.get(..place).unwrap_or_default();
            if before.iter().any(|other| (&other.chain, other.height) == (&set.chain, set.height)) {
                return Err(fail(format!("two sets of unspent outputs at block {} of {}", set.height, set.chain)));
            }
        }
        for (at, root) in file.finality.iter().enumerate() {
            if file.finality.iter().take(at).any(|before| before.chain == root.chain) {
                return Err(fail(format!("two roots of finality for {}", root.chain)));
            }
        }
        let assets = if file.asset.is_empty() { Vec::new() } else { read_assets(file.asset)? };
        pools::check(&file.pool, &assets)?;
        let own_tokens = file.token.iter().map(|entry| entry.name.clone()).collect();
        let tokens = TokenRegistry::built_in().and_then(|built_in| built_in.with(file.token));
        let policy = Self {
            digest: sha256(text.as_bytes()),
            venue: file.venue,
            require,
            window: file.window,
            quality: file.quality,
            log,
            assets,
            pins,
            work,
            utxo_sets: file.utxo_set,
            finality: file.finality,
            nodes: file.node,
            related: file.related_party,
            custodians: file.custodian,
            issuers,
            pools: file.pool,
            tokens: tokens.map_err(|error| fail(error.to_string()))?,
            own_tokens,
            own_events: file.token_events.iter().map(|entry| entry.name.clone()).collect(),
            token_events: EventList::built_in()
                .and_then(|built_in| built_in.with(file.token_events))
                .map_err(|detail| fail(format!("token_events: {detail}")))?,
        };
        policy.check_deployments()?;
        Ok(policy)
    }

    /// One deployment counts for one asset, or its coins would be counted twice.
    fn check_deployments(&self) -> Result<(), PolicyError> {
        let mut seen: Vec<&DeploymentId> = Vec::new();
        for deployment in self.assets.iter().flat_map(|asset| &asset.deployments) {
            if seen.contains(&&deployment.id) {
                return Err(PolicyError(format!("deployment {} counts for two assets", deployment.id)));
            }
            seen.push(&deployment.id);
        }
        Ok(())
    }

    /// SHA-256 of the file.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The venue.
    #[must_use]
    pub fn venue(&self) -> &PinnedVenue {
        &self.venue
    }

    /// What is demanded.
    #[must_use]
    pub fn require(&self) -> &Requirements {
        &self.require
    }

    /// What a window must cover.
    #[must_use]
    pub fn window(&self) -> &WindowRules {
        &self.window
    }

    /// What is assumed of prices and issuers; none when nothing is.
    #[must_use]
    pub fn quality(&self) -> Option<&QualityRules> {
        self.quality.as_ref()
    }

    /// Which deployments count for which asset.
    #[must_use]
    pub fn assets(&self) -> &[Asset] {
        &self.assets
    }

    /// Blocks pinned by hash.
    #[must_use]
    pub fn pins(&self) -> &[BlockRef] {
        &self.pins
    }

    /// What must stand on a block of the chain above the highest pin; nothing above it counts without.
    #[must_use]
    pub fn work(&self, chain: &ChainId) -> Option<&WorkRule> {
        self.work.iter().find(|(of, _)| of == chain).map(|(_, rule)| rule)
    }

    /// Whole sets of unspent outputs, pinned by hash.
    #[must_use]
    pub fn utxo_sets(&self) -> &[SetPin] {
        &self.utxo_sets
    }

    /// Where finality begins on `chain`; `None` when nothing is pinned for it.
    #[must_use]
    pub fn finality_root(&self, chain: &ChainId) -> Option<&Digest> {
        self.finality.iter().find(|pinned| pinned.chain == *chain).map(|pinned| &pinned.root)
    }

    /// Every pinned root of finality.
    #[must_use]
    pub fn finality_roots(&self) -> &[FinalityRoot] {
        &self.finality
    }

    /// Who is related to the venue.
    #[must_use]
    pub fn related_parties(&self) -> &[RelatedParty] {
        &self.related
    }

    /// Whether an address is one of somebody related to the venue.
    #[must_use]
    pub fn is_related_address(&self, address: &str) -> bool {
        // digits, and what QR codes write in capitals (BIP-173); in other addresses a capital is another letter
        let any_case = |known: &str| ["0x", "bc1", "tb1", "bcrt1"].iter().any(|start| has_start(known, start));
        let same = |known: &String| match any_case(known) {
            true => known.eq_ignore_ascii_case(address),
            false => known == address,
        };
        self.related.iter().any(|party| party.addresses.iter().any(same))
    }

    /// Deployments that the venue, or somebody related to it, issues: each covers only itself.
    #[must_use]
    pub fn own_tokens(&self) -> &[DeploymentId] {
        &self.require.own_tokens
    }

    /// Which events write the balances of tokens: the entries that come with the program, and the policy's own.
    #[must_use]
    pub fn token_events(&self) -> &EventList {
        &self.token_events
    }

    /// What is known of tokens: the entries that come with the program, and the policy's own.
    #[must_use]
    pub fn tokens(&self) -> &TokenRegistry {
        &self.tokens
    }

    /// Keys of the pinned nodes.
    #[must_use]
    pub fn node_keys(&self) -> Vec<PublicKey> {
        self.nodes.iter().map(|node| node.key.clone()).collect()
    }

    /// What is demanded of the log; none when the policy does not ask for one.
    #[must_use]
    pub fn log(&self) -> Option<&LogRules> {
        self.log.as_ref()
    }

    /// What to check a statement with.
    #[must_use]
    pub fn statement_pins(&self) -> StatementPins<'_> {
        let PinnedVenue { id, log_origin, keys, threshold } = &self.venue;
        StatementPins { venue: id, log_origin, keys, threshold: *threshold }
    }

    /// Where this policy demands more or less than the built-in one, in words.
    #[must_use]
    pub fn departures(&self) -> Vec<String> {
        let (own, built_in) = (&self.require, Requirements::default());
        let word = |stricter: bool| if stricter { "stricter" } else { "laxer" };
        let mut departures = Vec::new();
        if own.authenticity != built_in.authenticity {
            let word = word(own.authenticity > built_in.authenticity);
            let (own, built_in) = (own.authenticity, built_in.authenticity);
            departures.push(format!("{word}: existence counts from {own}, built-in {built_in}"));
        }
        if own.completeness != built_in.completeness {
            let word = word(own.completeness > built_in.completeness);
            let (own, built_in) = (own.completeness, built_in.completeness);
            departures.push(format!("{word}: unspentness counts from {own}, built-in {built_in}"));
        }
        if own.other_liabilities {
            departures.push("stricter: no coverage without a schedule of other liabilities".to_owned());
        }
        for (chain, rule) in &self.work {
            let WorkRule { confirmations, work } = rule;
            departures.push(format!(
                "laxer: on {chain}, blocks above the highest pin count from {confirmations} blocks with the work {work:#x} \
                 on, built-in never"
            ));
        }
        if !own.assets.is_empty() {
            let names: Vec<&str> = own.assets.iter().map(AssetId::as_str).collect();
            departures.push(format!("laxer: the overall verdict speaks of {} only", names.join(", ")));
        }
        let chains = self.assets.iter().flat_map(|asset| asset.deployments.iter().filter_map(|found| found.id.chain()));
        departures.extend(self.window.departures(&chains.collect()));
        departures.extend(self.log.iter().flat_map(LogRules::departures));
        for name in &self.own_tokens {
            departures.push(format!("laxer: balances of {name} are proved by an entry of the policy's own"));
        }
        departures.extend(own.control_departures());
        for party in &self.related {
            departures.push(format!("stricter: {} is known as related to the venue", party.name));
        }
        departures.extend(self.party_departures());
        for token in &own.own_tokens {
            departures.push(format!("stricter: {token} is known as the venue's own issue"));
        }
        if own.minimum_ratio != built_in.minimum_ratio {
            let (whole, rest) = (own.minimum_ratio / 100, own.minimum_ratio % 100);
            departures
                .push(format!("stricter: covered from {whole}.{rest:02} % of what is owed on, built-in 100.00 %"));
        }
        for name in &self.own_events {
            departures.push(format!("laxer: what moves {name} between two proofs is an entry of the policy's own"));
        }
        if let Some(days) = own.max_age_days {
            departures.push(format!("stricter: a statement is accepted for {days} days"));
        }
        departures
    }
}

impl PinnedVenue {
    fn check(&self) -> Result<(), PolicyError> {
        for key in &self.keys {
            key.check().map_err(|error| PolicyError(format!("venue: {error}")))?;
        }
        let distinct: std::collections::BTreeSet<&PublicKey> = self.keys.iter().collect();
        if distinct.len() != self.keys.len() {
            return Err(PolicyError("venue: a key is pinned twice".to_owned()));
        }
        let signers: std::collections::BTreeSet<&str> = self.keys.iter().map(PublicKey::x).collect();
        if signers.len() != self.keys.len() {
            let detail = "venue: two pinned keys have one x coordinate, so one secret signs for both";
            return Err(PolicyError(detail.to_owned()));
        }
        if self.threshold == 0 || self.threshold > self.keys.len() as u64 {
            let detail =
                format!("venue: {} signatures of {} pinned keys are demanded", self.threshold, self.keys.len());
            return Err(PolicyError(detail));
        }
        Ok(())
    }
}

fn has_start(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start))
}

/// Both numbers are needed: few blocks can have much work, and many blocks little.
fn read_work(rows: Vec<WorkToml>) -> Result<Vec<(ChainId, WorkRule)>, PolicyError> {
    let mut rules: Vec<(ChainId, WorkRule)> = Vec::with_capacity(rows.len());
    for WorkToml { chain, min_confirmations, min_work } in rows {
        let fail = |detail: String| Err(PolicyError(format!("work of {chain}: {detail}")));
        if rules.iter().any(|(of, _)| *of == chain) {
            return fail("it stands twice".to_owned());
        }
        let digits = min_work.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        let work = (digits && !min_work.is_empty()).then(|| U256::from_str_radix(&min_work, 16).ok()).flatten();
        let Some(work) = work.filter(|work| !work.is_zero()) else {
            return fail(format!("min_work {min_work:?}, expected 1 to 64 lower-case hexadecimal digits, not zero"));
        };
        if min_confirmations == 0 {
            return fail("min_confirmations 0, expected at least 1: the block itself".to_owned());
        }
        rules.push((chain, WorkRule { confirmations: min_confirmations, work }));
    }
    Ok(rules)
}

fn read_assets(entries: Vec<toml::Value>) -> Result<Vec<Asset>, PolicyError> {
    let table = toml::Table::from_iter([("asset".to_owned(), toml::Value::Array(entries))]);
    let text = toml::to_string(&table).map_err(|error| PolicyError(error.to_string()))?;
    let assets = Assets::parse(&text).map_err(|error| PolicyError(error.to_string()))?;
    assets.iter().cloned().map(spelling::of_asset).collect()
}

#[cfg(test)]
mod tests;
