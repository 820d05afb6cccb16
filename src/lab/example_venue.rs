//! Example Exchange: a made-up venue with 10,000 customers, one good asset and two bad ones, on embedded chains.
//!
//! Everything is built by the code that real venues use, from fixed seeds: two runs give the same bytes. The keys are
//! public by design and guard nothing.

mod chains;
mod evm;
mod ledger;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::amount::Amount;
use crate::asset::{AssetId, Assets};
use crate::bundle::{self, MANIFEST, MemoryFiles, paths};
use crate::code::{Code, Coded, cli as codes};
use crate::hash::sha256;
use crate::json;
use crate::ledger::{CsvSource, RowSource};
use crate::liability::inclusion_proof::{InclusionProof, StatementRef};
use crate::liability::leaf::SnapshotKey;
use crate::liability::prover::Prover;
use crate::liability::storage::{MemoryScratch, MemoryStorage};
use crate::liability::store::Store;
use crate::liability::{BuildOptions, Built, MEMORY_MIN, build};
use crate::publish::statement::{
    ControlTotal, FORMAT, KIND_SNAPSHOT, OtherLiability, Provenance, Schedules, Scope, ScopeRow, SetCommitment, Venue,
};
use crate::publish::{self, Statement};
use crate::reserve::address_set::AddressSet;
use crate::reserve::challenge::{Challenge, ChallengedSet, ChallengedVenue};
use crate::secret::{Secret, SecretKind};
use crate::signature::{Algorithm, Envelope, SigningKey};
use crate::snapshot::Time;

use chains::Chains;

/// The cut-off: 1 November 2026.
pub(super) const CUTOFF: Time = Time::from_unix(1_793_491_200);
const DAY: i64 = 86_400;
/// Customers whose proofs are written out.
pub const SHOWN_CUSTOMERS: [&str; 3] = ["u000000000042", "u000000004711", "u000000009999"];

/// The venue's files, and what an auditor would hold beside them.
#[derive(Clone, Debug)]
pub struct ExampleVenue {
    /// The ledger.
    pub ledger: Vec<u8>,
    /// The assets file.
    pub assets: &'static str,
    /// The files of the store.
    pub store: BTreeMap<String, Vec<u8>>,
    /// The statement's document, unsigned.
    pub draft: Vec<u8>,
    /// The signed statement.
    pub statement: Vec<u8>,
    /// Proofs of [`SHOWN_CUSTOMERS`].
    pub proofs: BTreeMap<&'static str, InclusionProof>,
    /// The bundle, sealed.
    pub bundle: MemoryFiles,
    /// The same evidence without the statement, sealed.
    pub reserves_alone: MemoryFiles,
    /// The auditor's policy.
    pub policy: String,
    /// The same policy of somebody who looks at the cut-off blocks only.
    pub snapshot_policy: String,
}

/// The example cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the example venue: {0}")]
pub struct ExampleError(String);

impl Coded for ExampleError {
    fn code(&self) -> &'static Code {
        &codes::DEMO_UNEXPECTED
    }
}

/// Whatever goes wrong here is a fault of this program.
pub(super) fn fault(error: impl std::fmt::Display) -> ExampleError {
    ExampleError(error.to_string())
}

/// 32 bytes for a purpose, the same in every run.
pub(super) fn seed(purpose: &str) -> [u8; 32] {
    sha256(format!("example venue: {purpose}").as_bytes()).to_bytes()
}

fn signing_key(purpose: &str) -> Result<SigningKey, ExampleError> {
    let secret = Secret::new(SecretKind::Signing, &mut seed(purpose));
    SigningKey::new(Algorithm::Bip340, &secret).ok_or_else(|| fault("a seed is no key"))
}

impl ExampleVenue {
    /// Builds all of it.
    ///
    /// # Errors
    /// [`ExampleError`], which would be a fault of this program.
    pub fn new() -> Result<Self, ExampleError> {
        let key = signing_key("venue")?;
        let node = signing_key("auditor's node")?;
        let chains = Chains::new()?;
        let set = chains.address_set()?;
        let venue = venue(&key)?;
        let challenge = challenge(&venue, &set, &chains)?;
        let document = challenge.to_file().map_err(fault)?;
        let assets = Assets::parse(ASSETS).map_err(fault)?;
        let ledger = ledger::csv();
        let build_id = seed("build id");
        let store = MemoryStorage::default();
        let built = built(&venue, &assets, &ledger, build_id, &store)?;
        let statement = statement(venue, &assets, &built, &set, &document, &chains)?;
        let draft = json::canonical(&statement).map_err(fault)?;
        let mut envelope = Envelope { document: draft.clone(), signatures: Vec::new() };
        publish::sign(&mut envelope, &key).map_err(fault)?;
        let signed = envelope.to_file("statement").map_err(fault)?;
        let proofs = proofs(&store, &statement, &draft)?;
        let mut bundle = chains.evidence(&challenge.line().map_err(fault)?, &node, &key)?;
        bundle.insert(paths::CHALLENGE.to_owned(), document);
        bundle.insert(paths::ADDRESSES.to_owned(), set.to_file().map_err(fault)?);
        let mut reserves_alone = bundle.clone();
        bundle.insert(paths::STATEMENT.to_owned(), signed.clone());
        for files in [&mut bundle, &mut reserves_alone] {
            let sealed_at = Time::from_unix(CUTOFF.unix() + 2 * DAY);
            let manifest = bundle::seal(files, "Example Exchange Ltd", sealed_at, &key).map_err(fault)?;
            files.insert(MANIFEST.to_owned(), manifest);
        }
        let window = format!(
            "\n# Half a day on the EVM chain, in place of its built-in day.\n[window]\n{}",
            chains.window_rows()
        );
        let policy = |window: &str| policy(&key, &node, &chains, window);
        let (policy, snapshot_policy) = (policy(&window), policy(SNAPSHOT_ONLY));
        let (store, assets, statement) = (store.files(), ASSETS, signed);
        Ok(Self { ledger, assets, store, draft, statement, proofs, bundle, reserves_alone, policy, snapshot_policy })
    }
}

fn venue(key: &SigningKey) -> Result<Venue, ExampleError> {
    Ok(Venue {
        id: "example-exchange".parse().map_err(fault)?,
        legal_entity: "Example Exchange Ltd".to_owned(),
        lei: None,
        keys: vec![key.public_key()],
        threshold: 1,
        log_origin: "log.example/example-exchange".to_owned(),
    })
}

fn challenge(venue: &Venue, set: &AddressSet, chains: &Chains) -> Result<Challenge, ExampleError> {
    let mut random = [0; 20];
    for (byte, seeded) in random.iter_mut().zip(seed("challenge")) {
        *byte = seeded;
    }
    let issued = Time::from_unix(CUTOFF.unix() - DAY / 2);
    let expires = Time::from_unix(CUTOFF.unix() + 181 * DAY);
    let challenged = ChallengedSet { count: set.count(), root: set.root() };
    let whose = ChallengedVenue { id: venue.id.clone(), keys: venue.keys.clone() };
    let blocks = chains.challenge_blocks()?;
    Challenge::custody(whose, &venue.log_origin, challenged, blocks, (issued, expires), random).map_err(fault)
}

fn built(
    venue: &Venue,
    assets: &Assets,
    ledger: &[u8],
    build_id: [u8; 32],
    store: &MemoryStorage,
) -> Result<Built, ExampleError> {
    let faults = |faults: Vec<crate::ledger::LedgerError>| {
        fault(faults.first().map_or_else(|| "no ledger".to_owned(), ToString::to_string))
    };
    let master = Secret::new(SecretKind::Master, &mut seed("master secret"));
    let key = SnapshotKey::derive(&master, &build_id, &venue.id, 0);
    let source = CsvSource::new("ledger.csv", 0, ledger, assets, &[]).map_err(faults)?;
    let mut sources: Vec<Box<dyn RowSource<'_> + '_>> = vec![Box::new(source)];
    let options = BuildOptions { key: &key, build_id, assets, memory: MEMORY_MIN, threads: 2, split: 1, decoys: 0 };
    build(&options, &mut sources, &MemoryScratch, store, &()).map_err(fault)
}

fn statement(
    venue: Venue,
    assets: &Assets,
    built: &Built,
    set: &AddressSet,
    challenge: &[u8],
    chains: &Chains,
) -> Result<Statement, ExampleError> {
    let later = |days: i64| Time::from_unix(CUTOFF.unix() + days * DAY);
    let loan = OtherLiability {
        asset: id("BTC")?,
        amount: Amount::from_base_units(450_000_000),
        kind: "loan".to_owned(),
        counterparty: "Example Lender AG".to_owned(),
        due: Some(later(90)),
    };
    let scope = |product: &str, scope| ScopeRow {
        product: product.to_owned(),
        entity: "Example Exchange Ltd".to_owned(),
        scope,
    };
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
        schedules: Schedules { other_liabilities: vec![loan], ..Schedules::default() },
        scope: vec![scope("spot", Scope::In), scope("earn", Scope::Out)],
        ledger: Provenance {
            sources: built.sources.clone(),
            rows_read: built.counts.rows,
            rows_zero: built.counts.zero,
            rows_filtered: 0,
            as_of: CUTOFF,
            control_total: ControlTotal::Compared,
        },
        account_hint: "the number under Profile: u and 12 digits".to_owned(),
        address_set: Some(SetCommitment { count: set.count(), root: set.root() }),
        custody: Some(sha256(challenge)),
        chains: chains.cutoff_blocks()?,
        tool: concat!("counterfoil ", env!("CARGO_PKG_VERSION")).to_owned(),
    })
}

fn id(text: &str) -> Result<AssetId, ExampleError> {
    text.parse().map_err(fault)
}

fn proofs(
    store: &MemoryStorage,
    statement: &Statement,
    draft: &[u8],
) -> Result<BTreeMap<&'static str, InclusionProof>, ExampleError> {
    let digest = publish::digest(draft);
    let reference = StatementRef { digest, sequence: 0, venue: statement.venue.id.clone() };
    let store = Store::open(Arc::new(store.clone())).map_err(fault)?;
    let prover = Prover::new(&store, &statement.liabilities, reference).map_err(fault)?;
    SHOWN_CUSTOMERS.into_iter().map(|account| Ok((account, prover.prove(account).map_err(fault)?))).collect()
}

fn policy(venue: &SigningKey, node: &SigningKey, chains: &Chains, window: &str) -> String {
    let mut text = format!(
        "# An auditor's policy: which venue, which keys, which blocks.\nformat = \"counterfoil-policy-v1\"\n\n\
         [venue]\nid = \"example-exchange\"\nlog_origin = \"log.example/example-exchange\"\n\
         keys = [{{ alg = \"bip340\", key = \"{}\" }}]\n\n\
         # The auditor's own node: what it says is observed, not merely stated.\n\
         [[node]]\nname = \"the auditor's Bitcoin node\"\nkey = {{ alg = \"bip340\", key = \"{}\" }}\n",
        venue.public_key().key,
        node.public_key().key
    );
    text.push_str(window);
    text.push_str("\n# Blocks that the auditor has seen with own eyes, above the cut-off.\n");
    for tip in chains.tips() {
        text.push_str(&format!(
            "[[pin]]\nchain = \"{}\"\nheight = {}\nhash = \"{}\"\n",
            tip.chain, tip.height, tip.hash
        ));
    }
    text.push_str("\n# What counts for which asset.\n");
    text.push_str(ASSETS.trim_start());
    text.push_str("\n# Where a token keeps its balances, by its code.\n");
    text.push_str(&chains.token_entry());
    text
}

/// What somebody asks who trusts a snapshot.
const SNAPSHOT_ONLY: &str = "\n# No block but the cut-off block, and no look at what came and went.\n[window]\nbefore = 0\nafter = 0\n\
                             round_trip_blocks = 0\n";

/// What the venue owes, and where it exists.
const ASSETS: &str = r#"
[[asset]]
id = "BTC"
decimals = 8
[[asset.deployment]]
id = "bip122:0f9188f13cb7b2c71f2a335e3a4fc328/slip44:0"
decimals = 8

[[asset]]
id = "ETH"
decimals = 18
[[asset.deployment]]
id = "eip155:1337/slip44:60"
decimals = 18

[[asset]]
id = "USDT"
decimals = 6
[[asset.deployment]]
id = "eip155:1337/erc20:0x5fbdb2315678afecb367f032d93f642f64180aa3"
decimals = 6
"#;
