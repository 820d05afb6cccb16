//! The venue of `window_support` with everything that a verdict needs: it borrows coins for its snapshot, and its
//! bundle shows the window. Keys come from fixed seeds and guard nothing.

#[allow(dead_code, reason = "not every test that uses these venues has a custodian")]
pub(crate) mod joined;

use counterfoil::asset::Assets;
use counterfoil::bundle::{MANIFEST, MemoryFiles, paths, seal_parts};
use counterfoil::hash::sha256;
use counterfoil::json;
use counterfoil::lab::bitcoin_chain::Question;
use counterfoil::ledger::{CsvSource, RowSource};
use counterfoil::liability::leaf::SnapshotKey;
use counterfoil::liability::storage::{MemoryScratch, MemoryStorage};
use counterfoil::liability::{BuildOptions, Built, MEMORY_MIN, build};
use counterfoil::publish::statement::{
    ControlTotal, FORMAT, KIND_SNAPSHOT, OtherLiability, Provenance, Schedules, Scope, ScopeRow, SetCommitment, Venue,
};
use counterfoil::publish::{self, Statement};
use counterfoil::reserve::address_set::{AddressEntry, AddressSet, IssuerRelation, Role};
use counterfoil::reserve::bitcoin::control::sign::{AddressKey, sign};
use counterfoil::reserve::challenge::{Challenge, ChallengedSet, ChallengedVenue};
use counterfoil::secret::{Secret, SecretKind};
use counterfoil::signature::{Algorithm, Envelope, SigningKey};
use counterfoil::snapshot::Time;

use crate::window_support::{FROM, SNAPSHOT, Story, TO, time};

/// Files of a bundle, and the policy of whoever looks at it.
pub(crate) struct Golden {
    /// The bundle, sealed.
    pub(crate) bundle: MemoryFiles,
    /// The policy.
    pub(crate) policy: String,
}

const LEDGER: &str = "account,asset,amount,class\n\
    u000000000001,BTC,9.50000000,custody\n\
    u000000000002,BTC,1.25000000,custody\n\
    u000000000003,BTC,2.00000000,lent\n";
const DAY: i64 = 86_400;

fn seed(purpose: &str) -> [u8; 32] {
    sha256(format!("golden: {purpose}").as_bytes()).to_bytes()
}

fn signing_key(purpose: &str) -> SigningKey {
    SigningKey::new(Algorithm::Bip340, &Secret::new(SecretKind::Signing, &mut seed(purpose))).unwrap()
}

fn assets(chain: &str) -> String {
    format!("[[asset]]\nid = \"BTC\"\ndecimals = 8\n[[asset.deployment]]\nid = \"{chain}/slip44:0\"\ndecimals = 8\n")
}

/// The venue, with its address list in the auditor's part.
pub(crate) fn borrowed() -> Golden {
    made("golden-exchange", ("venue", LEDGER), &|_| ()).golden
}

/// A venue on the same chain, with addresses of the same keys, and what was built for it.
#[allow(dead_code, reason = "not every test needs all of it")]
pub(crate) struct Made {
    /// Its files.
    pub(crate) golden: Golden,
    /// What it signed.
    pub(crate) statement: Statement,
    /// Its trees, for proofs.
    pub(crate) store: MemoryStorage,
    /// Its key.
    pub(crate) key: SigningKey,
}

/// The same venue under another name, with other books; `change` is made before it signs.
pub(crate) fn made(id: &str, books: (&str, &str), change: &dyn Fn(&mut Statement)) -> Made {
    made_on(id, books, &[Role::Hot, Role::Cold], change)
}

/// The same with some of the addresses.
pub(crate) fn made_on(
    id: &str,
    (purpose, ledger): (&str, &str),
    roles: &[Role],
    change: &dyn Fn(&mut Statement),
) -> Made {
    let story = Story::tell();
    let chain = story.chain.id().clone();
    // the median time past of a block is the time of the fifth before it
    let cutoff = time(SNAPSHOT.cast_signed() - 5);
    assert_eq!(story.chain.cutoff_block(cutoff), story.chain.block(SNAPSHOT));
    let key = signing_key(purpose);
    let venue = Venue {
        id: id.parse().unwrap(),
        legal_entity: "Golden Exchange Ltd".to_owned(),
        lei: None,
        keys: vec![key.public_key()],
        threshold: 1,
        log_origin: format!("log.example/{id}"),
    };
    let set = address_set(&story, roles);
    let whose = ChallengedVenue { id: venue.id.clone(), keys: venue.keys.clone() };
    let challenged = ChallengedSet { count: set.count(), root: set.root() };
    // challenges end at midnight
    let term = (time(100), Time::from_unix(1_705_190_400));
    let named = vec![story.chain.block(95).unwrap()];
    let challenge = Challenge::custody(whose, &venue.log_origin, challenged, named, term, [7; 20]).unwrap();
    let document = challenge.to_file().unwrap();
    let line = challenge.line().unwrap();
    let store = MemoryStorage::default();
    let mut statement = statement(&story, (venue, cutoff), &set, &document, (ledger, &store));
    change(&mut statement);
    let mut envelope = Envelope { document: json::canonical(&statement).unwrap(), signatures: Vec::new() };
    publish::sign(&mut envelope, &key).unwrap();
    let mut control = Vec::new();
    let keys = [(Role::Hot, 1, story.hot.as_str()), (Role::Cold, 2, story.cold.as_str())];
    let keys = keys.into_iter().filter(|(role, ..)| roles.contains(role));
    for (_, number, address) in keys.clone() {
        let proof = sign(&chain, address, &line, &AddressKey::new(&mut [number; 32]).unwrap()).unwrap();
        control.extend([json::canonical(&proof).unwrap(), b"\n".to_vec()].concat());
    }
    let addresses: Vec<&str> = keys.map(|(.., address)| address).collect();
    let question = Question { addresses: &addresses, from_height: 90, cutoff: Some(cutoff), now: time(200) };
    let fetched = story.chain.window(&question, (FROM, TO)).unwrap();
    let mut bundle: MemoryFiles =
        fetched.files.into_iter().map(|(name, bytes)| (paths::chain(&chain, &name), bytes)).collect();
    let node = signing_key("node");
    bundle.insert(paths::chain(&chain, paths::TRANSCRIPT), fetched.transcript.to_file(&node).unwrap());
    bundle.insert(paths::CONTROL.to_owned(), control);
    bundle.insert(paths::STATEMENT.to_owned(), envelope.to_file("statement").unwrap());
    bundle.insert(paths::CHALLENGE.to_owned(), document);
    bundle.insert(paths::ADDRESSES.to_owned(), set.to_file().unwrap());
    let kept_back = [paths::ADDRESSES.to_owned(), paths::CONTROL.to_owned()];
    let manifest = seal_parts(&bundle, &kept_back, "Golden Auditors", time(210), &signing_key("maker")).unwrap();
    bundle.insert(MANIFEST.to_owned(), manifest);
    let golden = Golden { bundle, policy: policy(&story, id, &key, &node) };
    Made { golden, statement, store, key }
}

/// Seals the files again: the test has changed them.
#[allow(dead_code, reason = "not every test changes files")]
pub(crate) fn reseal(bundle: &mut MemoryFiles) {
    bundle.remove(MANIFEST);
    let manifest = seal_parts(bundle, &[], "Golden Auditors", time(210), &signing_key("maker")).unwrap();
    bundle.insert(MANIFEST.to_owned(), manifest);
}

fn policy(story: &Story, id: &str, venue: &SigningKey, node: &SigningKey) -> String {
    let tip = story.tip();
    format!(
        "format = \"counterfoil-policy-v1\"\n\n[venue]\nid = \"{id}\"\n\
         log_origin = \"log.example/{id}\"\n\
         keys = [{{ alg = \"bip340\", key = \"{}\" }}]\n\n\
         [window]\nbefore = 3\nafter = 10\n\n\
         [[node]]\nname = \"the auditor's node\"\nkey = {{ alg = \"bip340\", key = \"{}\" }}\n\n\
         [[pin]]\nchain = \"{}\"\nheight = {}\nhash = \"{}\"\n\n{}",
        venue.public_key().key,
        node.public_key().key,
        tip.chain,
        tip.height,
        tip.hash,
        assets(tip.chain.as_str())
    )
}

fn address_set(story: &Story, roles: &[Role]) -> AddressSet {
    let entry = |(role, address): (Role, &String)| AddressEntry {
        salt: sha256(address.as_bytes()).to_string().chars().take(32).collect(),
        address: address.clone(),
        chain: story.chain.id().clone(),
        custodian: None,
        descriptor: None,
        encumbrance: None,
        issuer: IssuerRelation::None,
        role,
    };
    let mut entries: Vec<AddressEntry> = [(Role::Hot, &story.hot), (Role::Cold, &story.cold)]
        .into_iter()
        .filter(|one| roles.contains(&one.0))
        .map(entry)
        .collect();
    entries.sort_by(|left, right| left.address.cmp(&right.address));
    AddressSet::from_entries(entries).unwrap()
}

fn built(assets: &Assets, venue: &Venue, (ledger, store): (&str, &MemoryStorage)) -> Built {
    let master = Secret::new(SecretKind::Master, &mut seed("master secret"));
    let build_id = seed("build id");
    let key = SnapshotKey::derive(&master, &build_id, &venue.id, 3);
    let source = CsvSource::new("ledger.csv", 0, ledger.as_bytes(), assets, &[]);
    let mut sources: Vec<Box<dyn RowSource<'_> + '_>> = vec![Box::new(source.unwrap_or_else(|_| unreachable!()))];
    let options = BuildOptions { key: &key, build_id, assets, memory: MEMORY_MIN, threads: 1, split: 1, decoys: 0 };
    build(&options, &mut sources, &MemoryScratch, store, &()).unwrap()
}

fn statement(
    story: &Story,
    (venue, cutoff): (Venue, Time),
    set: &AddressSet,
    challenge: &[u8],
    books: (&str, &MemoryStorage),
) -> Statement {
    let assets = Assets::parse(&assets(story.chain.id().as_str())).unwrap();
    let built = built(&assets, &venue, books);
    let later = |days: i64| Time::from_unix(cutoff.unix() + days * DAY);
    let entity = venue.legal_entity.clone();
    let loan = OtherLiability {
        asset: "BTC".parse().unwrap(),
        amount: counterfoil::amount::Amount::from_base_units(400_000_000),
        kind: "loan".to_owned(),
        counterparty: "Example Lender Ltd".to_owned(),
        due: None,
    };
    Statement {
        format: FORMAT.to_owned(),
        kind: KIND_SNAPSHOT.to_owned(),
        venue,
        sequence: 3,
        predecessor: Some(sha256(b"the statement before")),
        cutoff,
        next_cutoff: later(30),
        due: later(32),
        assets: assets.iter().cloned().collect(),
        liabilities: built.commitments.clone(),
        without_rows: Vec::new(),
        schedules: Schedules { other_liabilities: vec![loan], ..Schedules::default() },
        scope: vec![ScopeRow { product: "spot".to_owned(), entity, scope: Scope::In }],
        ledger: Provenance {
            sources: built.sources.clone(),
            rows_read: built.counts.rows,
            rows_zero: built.counts.zero,
            rows_filtered: 0,
            as_of: cutoff,
            control_total: ControlTotal::None,
        },
        account_hint: "u and 12 digits".to_owned(),
        address_set: Some(SetCommitment { count: set.count(), root: set.root() }),
        custody: Some(sha256(challenge)),
        chains: vec![story.chain.block(SNAPSHOT).unwrap()],
        // a golden bundle is not made again, so it names no version of the program
        tool: "counterfoil golden".to_owned(),
    }
}
