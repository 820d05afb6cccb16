//! Three made-up venues in a ring: each owes 100 to its customers and 60 to another venue, which shows the deposit with
//! an inclusion proof. What `network` is shown and tested with. Keys come from fixed seeds and guard nothing.

mod evidence;

use std::sync::Arc;

use crate::amount::Amount;
use crate::asset::Assets;
use crate::bundle::{self, MANIFEST, MemoryFiles};
use crate::json;
use crate::ledger::{CsvSource, RowSource};
use crate::liability::inclusion_proof::{InclusionProof, StatementRef};
use crate::liability::leaf::SnapshotKey;
use crate::liability::prover::Prover;
use crate::liability::storage::{MemoryScratch, MemoryStorage};
use crate::liability::store::Store;
use crate::liability::{BuildOptions, Built, MEMORY_MIN, build};
use crate::publish::statement::{
    ControlTotal, FORMAT, KIND_SNAPSHOT, Provenance, Schedules, Scope, ScopeRow, SetCommitment, Venue,
};
use crate::publish::{self, Statement};
use crate::reconcile::network::elsewhere::{self, Claim, ELSEWHERE};
use crate::secret::{Secret, SecretKind};
use crate::signature::{Algorithm, Envelope, SigningKey};
use crate::snapshot::{Time, VenueId};

use super::example_venue::{CUTOFF, ExampleError, fault, seed};
use evidence::{Held, World};

/// The venues: each owes 60 to the next one, and the last one to the first.
pub const VENUES: [&str; 3] = ["alpha", "beta", "gamma"];
/// What each owes to its customers, and to the next venue.
const OWED: (u64, u64) = (100, 60);
const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;

/// What is otherwise than in the plain ring.
#[derive(Clone, Debug)]
pub struct RingOptions {
    /// Bitcoins on the wallet of each venue.
    pub outside: [u64; 3],
    /// This venue claims the wallet of the one before it, too, and signs for it.
    pub shared_wallet: Option<usize>,
    /// This venue states what it owes an hour later.
    pub late: Option<usize>,
    /// This venue names the block before the cut-off block.
    pub earlier_block: Option<usize>,
    /// Coins that go from one venue's wallet to another's.
    pub moved: Vec<Moved>,
}

/// Coins that go from one venue's wallet to another's.
#[derive(Clone, Copy, Debug)]
pub struct Moved {
    /// Whose they were.
    pub from: usize,
    /// Whose they are then.
    pub to: usize,
    /// Whole bitcoins.
    pub count: u64,
    /// How many blocks after the cut-off block; below zero before it.
    pub after: i64,
}

impl Default for RingOptions {
    fn default() -> Self {
        Self { outside: [100, 100, 40], shared_wallet: None, late: None, earlier_block: None, moved: Vec::new() }
    }
}

/// One venue with everything that it gave out.
pub struct RingVenue {
    /// Its short name.
    pub id: VenueId,
    /// The key of its statements, which is its credential at the others, too.
    pub key: SigningKey,
    /// The policy of an auditor.
    pub policy: String,
    /// What was stated.
    pub statement: Statement,
    /// The signed statement.
    pub signed: Vec<u8>,
    /// Everything that an auditor holds, sealed.
    pub bundle: MemoryFiles,
    store: MemoryStorage,
}

/// The three.
pub struct Ring {
    /// In the order of [`VENUES`].
    pub venues: Vec<RingVenue>,
    /// A network policy that names `alpha.toml`, `beta.toml` and `gamma.toml`.
    pub policy: String,
}

impl Ring {
    /// Builds all of it.
    ///
    /// # Errors
    /// [`ExampleError`], which would be a fault of this program.
    pub fn new(options: &RingOptions) -> Result<Self, ExampleError> {
        let world = World::new(options)?;
        let mut venues = Vec::new();
        for (place, name) in VENUES.iter().enumerate() {
            venues.push(venue(options, &world, place, name)?);
        }
        let mut ring = Self { venues, policy: policy() };
        for place in 0..VENUES.len() {
            // who owes to this venue is the one before it
            let debtor = (place + VENUES.len() - 1) % VENUES.len();
            ring.deposit(place, debtor, "main", &account(place))?;
        }
        Ok(ring)
    }

    /// Puts a deposit of one venue at another into its bundle, as an honest depositor does, and seals it.
    ///
    /// # Errors
    /// [`ExampleError`] when there is no such account.
    pub fn deposit(&mut self, depositor: usize, debtor: usize, name: &str, account: &str) -> Result<(), ExampleError> {
        let proof = self.proof(debtor, account)?;
        let statement = self.venue(debtor)?.signed.clone();
        let (of, at) = (self.venue(depositor)?, self.venue(debtor)?);
        let digest = proof.statement.digest;
        let claim = Claim::sign(&of.key, &of.id, &at.id, &digest, account).map_err(fault)?;
        let files = [
            (elsewhere::STATEMENT, statement),
            (elsewhere::PROOF, json::canonical(&proof).map_err(fault)?),
            (elsewhere::CLAIM, json::canonical(&claim).map_err(fault)?),
        ];
        let of = self.venues.get_mut(depositor).ok_or_else(|| fault("no such venue"))?;
        for (file, bytes) in files {
            of.bundle.insert(format!("{ELSEWHERE}{name}/{file}"), bytes);
        }
        of.seal()
    }

    /// What a venue gives to one of its customers.
    ///
    /// # Errors
    /// [`ExampleError`] when there is no such account.
    pub fn proof(&self, debtor: usize, account: &str) -> Result<InclusionProof, ExampleError> {
        let at = self.venue(debtor)?;
        let draft = json::canonical(&at.statement).map_err(fault)?;
        let reference = StatementRef { digest: publish::digest(&draft), sequence: 0, venue: at.id.clone() };
        let store = Store::open(Arc::new(at.store.clone())).map_err(fault)?;
        let prover = Prover::new(&store, &at.statement.liabilities, reference).map_err(fault)?;
        prover.prove(account).map_err(fault)
    }

    fn venue(&self, place: usize) -> Result<&RingVenue, ExampleError> {
        self.venues.get(place).ok_or_else(|| fault("no such venue"))
    }
}

impl RingVenue {
    /// Seals the bundle again, after a change.
    ///
    /// # Errors
    /// [`ExampleError`] when it cannot be sealed.
    pub fn seal(&mut self) -> Result<(), ExampleError> {
        self.bundle.remove(MANIFEST);
        let sealed_at = Time::from_unix(CUTOFF.unix() + DAY);
        let manifest = bundle::seal(&self.bundle, "an auditor", sealed_at, &self.key).map_err(fault)?;
        self.bundle.insert(MANIFEST.to_owned(), manifest);
        Ok(())
    }

    /// Signs another statement with the venue's key.
    ///
    /// # Errors
    /// [`ExampleError`] when it contradicts itself.
    pub fn sign(&self, statement: &Statement) -> Result<Vec<u8>, ExampleError> {
        signed(statement, &self.key)
    }
}

/// The account that a venue has at the one that owes it.
#[must_use]
pub fn account(place: usize) -> String {
    format!("house account of {}", VENUES.get(place).copied().unwrap_or_default())
}

fn signing_key(purpose: &str) -> Result<SigningKey, ExampleError> {
    let secret = Secret::new(SecretKind::Signing, &mut seed(purpose));
    SigningKey::new(Algorithm::Bip340, &secret).ok_or_else(|| fault("a seed is no key"))
}

fn policy() -> String {
    let head = "# Three venues, each under a policy of its own. A default costs nothing here.\n\
                format = \"counterfoil-network-policy-v1\"\nalpha = \"1\"\nbeta = \"1\"\n";
    VENUES.iter().fold(head.to_owned(), |text, name| format!("{text}\n[[venue]]\npolicy = \"{name}.toml\"\n"))
}

/// When a venue states what it owes.
fn cutoff(options: &RingOptions, place: usize) -> Time {
    if options.late == Some(place) { Time::from_unix(CUTOFF.unix() + HOUR) } else { CUTOFF }
}

fn venue(options: &RingOptions, world: &World, place: usize, name: &str) -> Result<RingVenue, ExampleError> {
    let key = signing_key(&format!("ring: {name}"))?;
    let id: VenueId = name.parse().map_err(fault)?;
    let cutoff = cutoff(options, place);
    let declared = Venue {
        id: id.clone(),
        legal_entity: format!("{name} Exchange Ltd"),
        lei: None,
        keys: vec![key.public_key()],
        threshold: 1,
        log_origin: format!("log.example/{name}"),
    };
    let mut held = world.held(options, place, &declared, cutoff)?;
    if options.earlier_block == Some(place) {
        held.cutoff_block = world.before(&held.cutoff_block)?;
    }
    let store = MemoryStorage::default();
    let statement = statement(declared, place, cutoff, &held, &store)?;
    let signed = signed(&statement, &key)?;
    let mut bundle = held.files;
    bundle.insert(bundle::paths::STATEMENT.to_owned(), signed.clone());
    let policy = world.policy(&id, &key)?;
    let mut venue = RingVenue { id, key, policy, statement, signed, bundle, store };
    venue.seal()?;
    Ok(venue)
}

fn signed(statement: &Statement, key: &SigningKey) -> Result<Vec<u8>, ExampleError> {
    let draft = json::canonical(statement).map_err(fault)?;
    let mut envelope = Envelope { document: draft, signatures: Vec::new() };
    publish::sign(&mut envelope, key).map_err(fault)?;
    envelope.to_file("statement").map_err(fault)
}

/// Eight customers, and the house account of the next venue with its key as credential.
fn ledger(place: usize) -> Result<String, ExampleError> {
    let mut text = "account,asset,amount,credential\n".to_owned();
    let (customers, deposit) = OWED;
    for customer in 0..8_u64 {
        // 16, 14, 12 … 2, and what is missing to the whole
        let amount = if customer == 7 { customers - 7 * 10 } else { 16 - 2 * customer };
        text.push_str(&format!("u{customer:012},BTC,{amount},\n"));
    }
    let next = (place + 1) % VENUES.len();
    let key = signing_key(&format!("ring: {}", VENUES.get(next).copied().unwrap_or_default()))?;
    let credential = elsewhere::credential(&key.public_key());
    text.push_str(&format!("{},BTC,{deposit},{credential}\n", account(next)));
    Ok(text)
}

fn built(place: usize, venue: &Venue, assets: &Assets, store: &MemoryStorage) -> Result<Built, ExampleError> {
    let ledger = ledger(place)?;
    let master = Secret::new(SecretKind::Master, &mut seed(&format!("ring: master secret {place}")));
    let build_id = seed(&format!("ring: build id {place}"));
    let key = SnapshotKey::derive(&master, &build_id, &venue.id, 0);
    let source = CsvSource::new("ledger.csv", 0, ledger.as_bytes(), assets, &[]);
    let source = source.map_err(|_| fault("no ledger"))?;
    let mut sources: Vec<Box<dyn RowSource<'_> + '_>> = vec![Box::new(source)];
    let options = BuildOptions { key: &key, build_id, assets, memory: MEMORY_MIN, threads: 1, split: 1, decoys: 0 };
    build(&options, &mut sources, &MemoryScratch, store, &()).map_err(fault)
}

fn statement(
    venue: Venue,
    place: usize,
    cutoff: Time,
    held: &Held,
    store: &MemoryStorage,
) -> Result<Statement, ExampleError> {
    let assets = Assets::parse(evidence::ASSETS).map_err(fault)?;
    let built = built(place, &venue, &assets, store)?;
    let later = |days: i64| Time::from_unix(cutoff.unix() + days * DAY);
    let entity = venue.legal_entity.clone();
    Ok(Statement {
        format: FORMAT.to_owned(),
        kind: KIND_SNAPSHOT.to_owned(),
        venue,
        sequence: 0,
        predecessor: None,
        cutoff,
        next_cutoff: later(30),
        due: later(32),
        assets: assets.iter().cloned().collect(),
        liabilities: built.commitments.clone(),
        without_rows: Vec::new(),
        schedules: Schedules::default(),
        scope: vec![ScopeRow { product: "spot".to_owned(), entity, scope: Scope::In }],
        ledger: Provenance {
            sources: built.sources.clone(),
            rows_read: built.counts.rows,
            rows_zero: built.counts.zero,
            rows_filtered: 0,
            as_of: cutoff,
            control_total: ControlTotal::Compared,
        },
        account_hint: "u and 12 digits".to_owned(),
        address_set: Some(SetCommitment { count: held.set.count(), root: held.set.root() }),
        custody: Some(held.challenge),
        chains: vec![held.cutoff_block.clone()],
        tool: concat!("counterfoil ", env!("CARGO_PKG_VERSION")).to_owned(),
    })
}

/// Whole bitcoins.
fn bitcoins(count: u64) -> Amount {
    Amount::from_base_units(u128::from(count) * 100_000_000)
}
