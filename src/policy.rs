//! Policies: what this verifier demands, and what it pins. Specification: `docs/spec/policy.md`.
//!
//! A policy is the verifier's own file. It is never taken from a proof, a bundle or the venue's page; every result
//! names its hash.

use serde::{Deserialize, Serialize};

use crate::asset::{Asset, AssetId, Assets, ChainId, DeploymentId};
use crate::basis::{Basis, Completeness};
use crate::code::{Code, Coded, publish as codes};
use crate::hash::{Digest, sha256};
use crate::publish::StatementPins;
use crate::signature::PublicKey;
use crate::snapshot::{BlockRef, VenueId};

const FORMAT: &str = "counterfoil-policy-v1";

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    digest: Digest,
    venue: PinnedVenue,
    require: Requirements,
    assets: Vec<Asset>,
    pins: Vec<BlockRef>,
    finality: Vec<FinalityRoot>,
    nodes: Vec<PinnedNode>,
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

/// What evidence must reach to count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Requirements {
    /// Assets that the overall verdict speaks of; all assets of statement and policy when empty.
    pub assets: Vec<AssetId>,
    /// What the existence of a balance must rest on.
    pub authenticity: Basis,
    /// How much of its history the evidence must cover.
    pub completeness: Completeness,
    /// Whether a statement without other liabilities can be covered.
    pub other_liabilities: bool,
    /// Days after its cut-off for which a statement is accepted by `verify`.
    pub max_age_days: Option<u64>,
}

impl Default for Requirements {
    /// The built-in policy: existence proved, unspentness at least observed.
    fn default() -> Self {
        Self {
            assets: Vec::new(),
            authenticity: Basis::Proved,
            completeness: Completeness::UnspentObserved,
            other_liabilities: false,
            max_age_days: None,
        }
    }
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
    pin: Vec<PinToml>,
    #[serde(default)]
    finality: Vec<FinalityRoot>,
    #[serde(default)]
    node: Vec<PinnedNode>,
    #[serde(default)]
    asset: Vec<toml::Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PinToml {
    chain: ChainId,
    height: u64,
    hash: Digest,
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
        for (at, root) in file.finality.iter().enumerate() {
            if file.finality.iter().take(at).any(|before| before.chain == root.chain) {
                return Err(fail(format!("two roots of finality for {}", root.chain)));
            }
        }
        let assets = if file.asset.is_empty() { Vec::new() } else { read_assets(file.asset)? };
        let policy = Self {
            digest: sha256(text.as_bytes()),
            venue: file.venue,
            require: file.require,
            assets,
            pins,
            finality: file.finality,
            nodes: file.node,
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

    /// Keys of the pinned nodes.
    #[must_use]
    pub fn node_keys(&self) -> Vec<PublicKey> {
        self.nodes.iter().map(|node| node.key.clone()).collect()
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
        if !own.assets.is_empty() {
            let names: Vec<&str> = own.assets.iter().map(AssetId::as_str).collect();
            departures.push(format!("laxer: the overall verdict speaks of {} only", names.join(", ")));
        }
        if let Some(days) = own.max_age_days {
            departures.push(format!("stricter, for `verify` alone: a statement is accepted for {days} days"));
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

fn read_assets(entries: Vec<toml::Value>) -> Result<Vec<Asset>, PolicyError> {
    let table = toml::Table::from_iter([("asset".to_owned(), toml::Value::Array(entries))]);
    let text = toml::to_string(&table).map_err(|error| PolicyError(error.to_string()))?;
    let assets = Assets::parse(&text).map_err(|error| PolicyError(error.to_string()))?;
    Ok(assets.iter().cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";

    fn policy(rest: &str) -> Result<Policy, PolicyError> {
        Policy::parse(&format!(
            "format = \"counterfoil-policy-v1\"\n[venue]\nid = \"example\"\nlog_origin = \"log.example\"\n\
             keys = [{{ alg = \"bip340\", key = \"{KEY}\" }}]\n{rest}"
        ))
    }

    #[test]
    fn defaults_are_the_built_in_policy() {
        let policy = policy("").expect("a small policy");
        assert_eq!(policy.require(), &Requirements::default());
        assert!(policy.departures().is_empty());
    }

    #[test]
    fn departures_say_which_way() {
        let policy =
            policy("[require]\ncompleteness = \"unspent-stated\"\nother_liabilities = true\n").expect("a policy");
        assert_eq!(
            policy.departures(),
            [
                "laxer: unspentness counts from unspent-stated, built-in unspent-observed",
                "stricter: no coverage without a schedule of other liabilities"
            ]
        );
    }

    #[test]
    fn finality_begins_at_one_root_per_chain() {
        let root =
            |chain: &str, byte: &str| format!("[[finality]]\nchain = \"{chain}\"\nroot = \"{}\"\n", byte.repeat(32));
        let read = policy(&(root("eip155:1", "0a") + &root("eip155:100", "0b"))).expect("two chains");
        let at = |chain: &str| read.finality_root(&chain.parse().expect("a chain")).map(ToString::to_string);
        assert_eq!((at("eip155:1"), at("eip155:10")), (Some("0a".repeat(32)), None));
        assert!(policy(&(root("eip155:1", "0a") + &root("eip155:1", "0a"))).is_err());
        assert!(policy(&root("eip155:1", "0A")).is_err());
    }

    #[test]
    fn contradictions_are_refused() {
        assert!(policy("threshold = 2\n").is_err());
        assert!(policy("unknown = 1\n").is_err());
        let twice = format!(
            "format = \"counterfoil-policy-v1\"\n[venue]\nid = \"example\"\nlog_origin = \"log.example\"\nthreshold = 2\n\
             keys = [{{ alg = \"bip340\", key = \"{KEY}\" }}, {{ alg = \"ecdsa-secp256k1\", key = \"02{KEY}\" }}]\n"
        );
        let error = Policy::parse(&twice).expect_err("one secret for two signers");
        assert_eq!(error.to_string(), "venue: two pinned keys have one x coordinate, so one secret signs for both");
        let asset = |id: &str| {
            format!(
                "[[asset]]\nid = \"{id}\"\ndecimals = 8\n[[asset.deployment]]\nid = \"eip155:1/slip44:60\"\ndecimals = 18\n"
            )
        };
        let error = policy(&(asset("A") + &asset("B"))).expect_err("one deployment for two assets");
        assert_eq!(error.to_string(), "deployment eip155:1/slip44:60 counts for two assets");
    }
}
