//! A made-up venue with many addresses and coins on the embedded Bitcoin chain, each address with its signature: what
//! `reconcile` is measured with. Keys come from fixed seeds and guard nothing. `moving` has payments in every block of
//! a long window, `evm` has accounts of an EVM chain instead.

mod evm;
mod moving;

use crate::amount::Amount;
use crate::asset::{Assets, ChainId};
use crate::bundle::{self, MANIFEST, MemoryFiles, paths};
use crate::hash::sha256;
use crate::json;
use crate::ledger::{CsvSource, RowSource};
use crate::liability::leaf::SnapshotKey;
use crate::liability::storage::{MemoryScratch, MemoryStorage};
use crate::liability::{BuildOptions, MEMORY_MIN, build};
use crate::publish::statement::{
    ControlTotal, FORMAT, KIND_SNAPSHOT, Provenance, Schedules, Scope, ScopeRow, SetCommitment, Venue,
};
use crate::publish::{self, Statement};
use crate::reserve::address_set::{AddressEntry, AddressSet, IssuerRelation, Role};
use crate::reserve::bitcoin::control::sign::{AddressKey, AddressKind, sign};
use crate::reserve::challenge::{Challenge, ChallengedSet, ChallengedVenue};
use crate::secret::{Secret, SecretKind};
use crate::signature::{Algorithm, Envelope, SigningKey};
use crate::snapshot::{BlockRef, Time};

use super::bitcoin_chain::{BitcoinChain, Payment, Question};
use super::example_venue::{CUTOFF, ExampleError, fault, seed};

const DAY: i64 = 86_400;
const SPACING: i64 = 600;
/// Their rewards pay for everything.
const EARLY_BLOCKS: u64 = 200;
/// Coins of one transaction.
const PAID_TOGETHER: usize = 100;
/// Transactions of one block.
const BLOCK_TRANSACTIONS: usize = 50;
/// Blocks on each side of the cut-off block that are shown: the fewest that a policy may ask for.
const WINDOW: u64 = 6;
/// Satoshis of each coin.
const COIN: u64 = 10_000;

/// A sealed bundle, and the policy under which its one asset is covered.
#[derive(Clone, Debug)]
pub struct ManyAddresses {
    /// The bundle.
    pub bundle: MemoryFiles,
    /// The auditor's policy.
    pub policy: String,
    /// The line that every address signed.
    pub line: String,
}

/// What a venue has on one chain.
struct Held {
    set: AddressSet,
    /// A block that is known when the challenge is issued.
    known: BlockRef,
    cutoff: BlockRef,
    tip: BlockRef,
    owed: Amount,
    /// Blocks of the window before and after the cut-off block.
    window: (u64, u64),
    /// The table of the asset.
    asset: &'static str,
}

impl ManyAddresses {
    /// A venue with this number of addresses, and of coins spread evenly over them.
    ///
    /// # Errors
    /// [`ExampleError`] when the chain's rewards do not pay for so many coins: five million are always possible.
    pub fn new(addresses: usize, coins: usize) -> Result<Self, ExampleError> {
        let keys = keys(addresses)?;
        let mut chain = BitcoinChain::new().map_err(fault)?;
        let before = EARLY_BLOCKS + pay_blocks(coins) + 12;
        pay(&mut chain, &keys, coins, before)?;
        chain.mine_empty(next(&chain, before), SPACING, 30).map_err(fault)?;
        let owed = Amount::from_base_units(u128::from(COIN) * coins as u128);
        Self::of_bitcoin(&chain, &keys, owed, (WINDOW, WINDOW))
    }

    /// The venue on a chain, with so many blocks shown before and after the cut-off block.
    fn of_bitcoin(
        chain: &BitcoinChain,
        keys: &[(String, AddressKey)],
        owed: Amount,
        window: (u64, u64),
    ) -> Result<Self, ExampleError> {
        let known = chain.block(EARLY_BLOCKS).ok_or_else(|| fault("no block"))?;
        let cutoff = chain.cutoff_block(CUTOFF).ok_or_else(|| fault("no cut-off block"))?;
        let addresses = keys.iter().map(|(address, _)| address.clone());
        let set = address_set(chain.id(), addresses)?;
        let held = Held { set, known, tip: tip(chain)?, owed, window, asset: ASSETS, cutoff };
        let around = (held.cutoff.height.saturating_sub(window.0), held.cutoff.height + window.1);
        Self::of(&held, |line, node| evidence(chain, keys, line, (node, around)))
    }

    /// Everything that does not depend on the kind of chain; `evidence` is asked for the files about the signed line.
    fn of(
        held: &Held,
        evidence: impl FnOnce(&str, &SigningKey) -> Result<MemoryFiles, ExampleError>,
    ) -> Result<Self, ExampleError> {
        let [venue_key, node_key] = ["many: venue", "many: node"].map(signing_key);
        let (venue_key, node_key) = (venue_key?, node_key?);
        let venue = Venue {
            id: "many-addresses".parse().map_err(fault)?,
            legal_entity: "Many Addresses Ltd".to_owned(),
            lei: None,
            keys: vec![venue_key.public_key()],
            threshold: 1,
            log_origin: "log.example/many-addresses".to_owned(),
        };
        let challenge = challenge(&venue, held)?;
        let document = challenge.to_file().map_err(fault)?;
        let draft = json::canonical(&statement(venue, held, &document)?).map_err(fault)?;
        let mut envelope = Envelope { document: draft, signatures: Vec::new() };
        publish::sign(&mut envelope, &venue_key).map_err(fault)?;
        let line = challenge.line().map_err(fault)?;
        let mut bundle = evidence(&line, &node_key)?;
        bundle.insert(paths::STATEMENT.to_owned(), envelope.to_file("statement").map_err(fault)?);
        bundle.insert(paths::CHALLENGE.to_owned(), document);
        bundle.insert(paths::ADDRESSES.to_owned(), held.set.to_file().map_err(fault)?);
        let sealed_at = Time::from_unix(CUTOFF.unix() + DAY);
        let manifest = bundle::seal(&bundle, "Many Addresses Ltd", sealed_at, &venue_key).map_err(fault)?;
        bundle.insert(MANIFEST.to_owned(), manifest);
        let policy = policy(&venue_key, &node_key, held);
        Ok(Self { bundle, policy, line })
    }
}

fn signing_key(purpose: &str) -> Result<SigningKey, ExampleError> {
    let secret = Secret::new(SecretKind::Signing, &mut seed(purpose));
    SigningKey::new(Algorithm::Bip340, &secret).ok_or_else(|| fault("a seed is no key"))
}

/// Keys with their addresses: mostly P2WPKH, and some of the other kinds with one key.
fn keys(count: usize) -> Result<Vec<(String, AddressKey)>, ExampleError> {
    let chain = BitcoinChain::new().map_err(fault)?;
    let kinds = [AddressKind::WitnessKeyHash, AddressKind::WitnessKeyHash, AddressKind::Taproot, AddressKind::KeyHash];
    let key = |(number, kind): (usize, AddressKind)| {
        let key = AddressKey::new(&mut seed(&format!("many: {number}"))).ok_or_else(|| fault("a seed is no key"))?;
        Ok((key.address(chain.id(), kind).map_err(fault)?, key))
    };
    (0..count).zip(kinds.into_iter().cycle()).map(key).collect()
}

/// Blocks that pay so many coins.
const fn pay_blocks(coins: usize) -> u64 {
    coins.div_ceil(PAID_TOGETHER).div_ceil(BLOCK_TRANSACTIONS) as u64
}

/// When the next block comes: the block `before` has the time of the cut-off.
fn next(chain: &BitcoinChain, before: u64) -> Time {
    let height = i64::try_from(chain.height()).unwrap_or(0);
    Time::from_unix(CUTOFF.unix() + (height - i64::try_from(before).unwrap_or(0)) * SPACING)
}

/// Blocks with rewards, and those that pay the coins from them.
fn pay(chain: &mut BitcoinChain, keys: &[(String, AddressKey)], coins: usize, before: u64) -> Result<(), ExampleError> {
    let payment = |address: &String| Payment { address: address.clone(), amount: Amount::from_base_units(COIN.into()) };
    let paid: Vec<Payment> = keys.iter().cycle().take(coins).map(|(address, _)| payment(address)).collect();
    let lists: Vec<Vec<Payment>> = paid.chunks(PAID_TOGETHER).map(<[Payment]>::to_vec).collect();
    let blocks: Vec<&[Vec<Payment>]> = lists.chunks(BLOCK_TRANSACTIONS).collect();
    chain.mine_empty(next(chain, before), SPACING, EARLY_BLOCKS).map_err(fault)?;
    for block in blocks {
        chain.mine(next(chain, before), block).map_err(fault)?;
    }
    Ok(())
}

fn address_set(chain: &ChainId, addresses: impl Iterator<Item = String>) -> Result<AddressSet, ExampleError> {
    let entry = |address: String| AddressEntry {
        salt: sha256(address.as_bytes()).to_string().chars().take(32).collect(),
        address,
        chain: chain.clone(),
        custodian: None,
        descriptor: None,
        encumbrance: None,
        issuer: IssuerRelation::None,
        role: Role::Hot,
    };
    let mut entries: Vec<AddressEntry> = addresses.map(entry).collect();
    entries.sort_by(|left, right| left.address.cmp(&right.address));
    AddressSet::from_entries(entries).map_err(fault)
}

fn tip(chain: &BitcoinChain) -> Result<BlockRef, ExampleError> {
    chain.block(chain.height()).ok_or_else(|| fault("no block"))
}

fn challenge(venue: &Venue, held: &Held) -> Result<Challenge, ExampleError> {
    let issued = Time::from_unix(CUTOFF.unix() - DAY / 24);
    let expires = Time::from_unix(CUTOFF.unix() + 181 * DAY);
    let challenged = ChallengedSet { count: held.set.count(), root: held.set.root() };
    let whose = ChallengedVenue { id: venue.id.clone(), keys: venue.keys.clone() };
    let blocks = vec![held.known.clone()];
    Challenge::custody(whose, &venue.log_origin, challenged, blocks, (issued, expires), [7; 20]).map_err(fault)
}

fn statement(venue: Venue, held: &Held, challenge: &[u8]) -> Result<Statement, ExampleError> {
    let assets = Assets::parse(held.asset).map_err(fault)?;
    let asset = assets.iter().next().ok_or_else(|| fault("no asset"))?;
    let owed = held.owed.to_decimal(asset.decimals);
    let ledger = format!("account,asset,amount\nu000000000001,{},{owed}\n", asset.id);
    let master = Secret::new(SecretKind::Master, &mut seed("many: master secret"));
    let build_id = seed("many: build id");
    let key = SnapshotKey::derive(&master, &build_id, &venue.id, 0);
    let source = CsvSource::new("ledger.csv", 0, ledger.as_bytes(), &assets, &[]);
    let source = source.map_err(|_| fault("no ledger"))?;
    let mut sources: Vec<Box<dyn RowSource<'_> + '_>> = vec![Box::new(source)];
    let options =
        BuildOptions { key: &key, build_id, assets: &assets, memory: MEMORY_MIN, threads: 1, split: 1, decoys: 0 };
    let built = build(&options, &mut sources, &MemoryScratch, &MemoryStorage::default(), &()).map_err(fault)?;
    let later = |days: i64| Time::from_unix(CUTOFF.unix() + days * DAY);
    let entity = venue.legal_entity.clone();
    Ok(Statement {
        format: FORMAT.to_owned(),
        kind: KIND_SNAPSHOT.to_owned(),
        venue,
        sequence: 0,
        predecessor: None,
        cutoff: CUTOFF,
        next_cutoff: later(30),
        due: later(32),
        assets: assets.iter().cloned().collect(),
        liabilities: built.commitments.clone(),
        without_rows: Vec::new(),
        schedules: Schedules { other_liabilities: Vec::new(), ..Schedules::default() },
        scope: vec![ScopeRow { product: "spot".to_owned(), entity, scope: Scope::In }],
        ledger: Provenance {
            sources: built.sources.clone(),
            rows_read: built.counts.rows,
            rows_zero: built.counts.zero,
            rows_filtered: 0,
            as_of: CUTOFF,
            control_total: ControlTotal::Compared,
        },
        account_hint: "u and 12 digits".to_owned(),
        address_set: Some(SetCommitment { count: held.set.count(), root: held.set.root() }),
        custody: Some(sha256(challenge)),
        chains: vec![held.cutoff.clone()],
        tool: concat!("counterfoil ", env!("CARGO_PKG_VERSION")).to_owned(),
    })
}

/// Signatures, headers, transactions, Merkle blocks, and the answers of the auditor's node.
fn evidence(
    chain: &BitcoinChain,
    keys: &[(String, AddressKey)],
    line: &str,
    (node, around): (&SigningKey, (u64, u64)),
) -> Result<MemoryFiles, ExampleError> {
    let mut control = Vec::new();
    for (address, key) in keys {
        let proof = sign(chain.id(), address, line, key).map_err(fault)?;
        control.extend(json::canonical(&proof).map_err(fault)?);
        control.push(b'\n');
    }
    let addresses: Vec<&str> = keys.iter().map(|(address, _)| address.as_str()).collect();
    let from_height = around.0.saturating_sub(12);
    let now = Time::from_unix(CUTOFF.unix() + DAY);
    let question = Question { addresses: &addresses, from_height, cutoff: Some(CUTOFF), now };
    let fetched = chain.window(&question, around).map_err(fault)?;
    let mut files: MemoryFiles =
        fetched.files.into_iter().map(|(name, bytes)| (paths::chain(chain.id(), &name), bytes)).collect();
    let transcript = fetched.transcript.to_file(node).map_err(fault)?;
    files.insert(paths::chain(chain.id(), paths::TRANSCRIPT), transcript);
    files.insert(paths::CONTROL.to_owned(), control);
    Ok(files)
}

fn policy(venue: &SigningKey, node: &SigningKey, held: &Held) -> String {
    let (tip, assets, (before, after)) = (&held.tip, held.asset, held.window);
    format!(
        "format = \"counterfoil-policy-v1\"\n\n\
         [window]\nbefore = {before}\nafter = {after}\n\n\
         [venue]\nid = \"many-addresses\"\nlog_origin = \"log.example/many-addresses\"\n\
         keys = [{{ alg = \"bip340\", key = \"{}\" }}]\n\n\
         [[node]]\nname = \"the auditor's node\"\nkey = {{ alg = \"bip340\", key = \"{}\" }}\n\n\
         [[pin]]\nchain = \"{}\"\nheight = {}\nhash = \"{}\"\n{assets}",
        venue.public_key().key,
        node.public_key().key,
        tip.chain,
        tip.height,
        tip.hash
    )
}

const ASSETS: &str = r#"
[[asset]]
id = "BTC"
decimals = 8
[[asset.deployment]]
id = "bip122:0f9188f13cb7b2c71f2a335e3a4fc328/slip44:0"
decimals = 8
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;
    use crate::reconcile::{Verdict, reconcile};

    #[test]
    fn the_asset_is_covered() {
        let many = ManyAddresses::new(40, 250).expect("a venue");
        let policy = Policy::parse(&many.policy).expect("a policy");
        let report = reconcile(&many.bundle, &policy).expect("a report");
        assert_eq!(report.overall.verdict, Verdict::Covered, "{:?}", report.findings);
    }
}
