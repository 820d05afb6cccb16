//! Staked ether in a whole reconciliation: the example venue has an address on Ethereum beside its own chains.

use crate::amount::Amount;
use crate::bundle::{self, MANIFEST, MemoryFiles, paths};
use crate::hash::sha256;
use crate::json;
use crate::lab::evm_chain::{EvmAccount, EvmBlock, EvmChain};
use crate::lab::example_venue::ExampleVenue;
use crate::policy::Policy;
use crate::publish::{self, Statement};
use crate::reconcile::{AssetReport, Report, reconcile};
use crate::reserve::address_set::{AddressEntry, AddressSet};
use crate::reserve::bitcoin::control::sign::{AddressKey, sign};
use crate::reserve::challenge;
use crate::reserve::claim::ControlProof;
use crate::reserve::evm;
use crate::reserve::evm::finality::tests::states::{ELECTRA, Staking, validator};
use crate::secret::{Secret, SecretKind};
use crate::signature::{Algorithm, Envelope, SigningKey};
use crate::snapshot::Time;

const AT: u64 = 25_000_000;
const ETHER: u128 = 1_000_000_000_000_000_000;

fn seed(purpose: &str) -> [u8; 32] {
    sha256(format!("example venue: {purpose}").as_bytes()).to_bytes()
}

fn signing_key() -> SigningKey {
    let key = SigningKey::new(Algorithm::Bip340, &Secret::new(SecretKind::Signing, &mut seed("venue")));
    key.expect("a seed is a key")
}

/// One ether on an account and two validators of 32 and 64; whether the address is signed for.
fn report(signed: bool, finality: bool) -> Report {
    let venue = ExampleVenue::new().expect("the example");
    let (mut files, mut policy) = (venue.bundle, venue.policy);
    files.remove(MANIFEST);
    let secret = seed("staker");
    let own = evm::control::address_of(&secret).expect("a key");
    let envelope = Envelope::parse(&files[paths::STATEMENT], "statement").expect("signed");
    let mut statement: Statement = json::read_canonical(&envelope.document).expect("a statement");
    let mainnet: crate::asset::ChainId = "eip155:1".parse().expect("a chain");

    // the chain, the beacon block of its cut-off block, and their files
    let accounts = [(own, EvmAccount { balance: alloy_primitives::U256::from(ETHER), ..EvmAccount::default() })];
    let time = u64::try_from(statement.cutoff.unix()).expect("positive");
    let blocks = || (0..3).map(|at| EvmBlock { timestamp: time - 12 + 12 * at, accounts: accounts.clone().into() });
    let bare = EvmChain::new(mainnet.clone(), AT - 1, blocks().collect());
    let cutoff = bare.block(AT).expect("a block");
    let validators = vec![validator(5, own, 32_000_000_000), validator(6, own, 64_000_000_000)];
    let staking = Staking { slot: ELECTRA, execution: cutoff.clone(), validators, merges: vec![] };
    let roots = [(AT + 1, staking.root())].into();
    let chain = EvmChain::with_beacon_roots(mainnet.clone(), AT - 1, blocks().collect(), &roots);
    let path = |name: &str| paths::chain(&mainnet, name);
    files.insert(path(paths::EVM_HEADERS), chain.headers_file());
    files.insert(path(paths::EVM_NODES), chain.nodes_file(AT, &[own]));
    files.extend(staking.files().into_iter().map(|(name, bytes)| (path(&format!("staked/{name}")), bytes)));
    let pin = chain.tip().expect("a tip");
    if finality {
        let (root, evidence) = staking.itself_finalized();
        files.insert(path("finality/bootstrap.json"), evidence.bootstrap);
        files.insert(path("finality/finality.json"), evidence.finality.expect("finality"));
        policy += &format!("\n[[finality]]\nchain = \"eip155:1\"\nroot = \"{root}\"\n");
        // the successor is not pinned: the beacon block hangs on finality alone
        policy += &format!("[[pin]]\nchain = \"eip155:1\"\nheight = {AT}\nhash = \"{}\"\n", cutoff.hash);
    } else {
        policy += &format!("[[pin]]\nchain = \"eip155:1\"\nheight = {}\nhash = \"{}\"\n", pin.height, pin.hash);
    }
    let own_chain = "id = \"eip155:1337/slip44:60\"\ndecimals = 18\n";
    let both = format!("{own_chain}[[asset.deployment]]\nid = \"eip155:1/slip44:60\"\ndecimals = 18\n");
    policy = policy.replacen(own_chain, &both, 1);

    commit(&mut files, &mut statement, &mainnet, &own.to_string(), signed.then_some(&secret));
    statement.chains.push(cutoff);
    statement.chains.sort_by(|left, right| left.chain.cmp(&right.chain));
    let mut envelope = Envelope { document: json::canonical(&statement).expect("a statement"), signatures: Vec::new() };
    publish::sign(&mut envelope, &signing_key()).expect("a key");
    files.insert(paths::STATEMENT.to_owned(), envelope.to_file("statement").expect("a file"));
    let manifest = bundle::seal(&files, "a test", Time::from_unix(1_793_600_000), &signing_key()).expect("sealed");
    files.insert(MANIFEST.to_owned(), manifest);
    reconcile(&files, &Policy::parse(&policy).expect("a policy")).expect("a report")
}

/// Adds an address to set and challenge, and signs the new line with every key.
fn commit(
    files: &mut MemoryFiles,
    statement: &mut Statement,
    chain: &crate::asset::ChainId,
    address: &str,
    secret: Option<&[u8; 32]>,
) {
    let set = AddressSet::parse(&files[paths::ADDRESSES]).expect("a set");
    let mut entries = set.entries().to_vec();
    let like = entries.last().expect("an entry").clone();
    entries.push(AddressEntry { chain: chain.clone(), address: address.to_owned(), salt: "5a".repeat(16), ..like });
    entries.sort_by(|left, right| (&left.chain, &left.address).cmp(&(&right.chain, &right.address)));
    let set = AddressSet::from_entries(entries).expect("a set");
    let mut issued = challenge::parse(&files[paths::CHALLENGE]).expect("a challenge");
    (issued.address_set.count, issued.address_set.root) = (set.count(), set.root());
    let mut block = issued.blocks[0].clone();
    (block.chain, block.height) = (chain.clone(), 1);
    issued.blocks.push(block);
    issued.blocks.sort_by(|left, right| left.chain.cmp(&right.chain));
    let document = issued.to_file().expect("a file");
    let line = issued.line().expect("a line");
    let mut proofs: Vec<ControlProof> = Vec::new();
    let keys: Vec<_> = (0..3).map(|at| AddressKey::new(&mut seed(&format!("bitcoin {at}"))).expect("a key")).collect();
    for entry in set.entries() {
        let signed = |key| sign(&entry.chain, &entry.address, &line, key).ok();
        proofs.extend(keys.iter().find_map(signed));
    }
    let evm_id = "eip155:1337".parse().expect("a chain");
    proofs.extend((0..2).map(|at| evm::control::sign(&evm_id, &line, &seed(&format!("evm {at}"))).expect("signed")));
    proofs.extend(secret.map(|secret| evm::control::sign(chain, &line, secret).expect("signed")));
    let lines = proofs.iter().flat_map(|proof| [json::canonical(proof).expect("a proof"), b"\n".to_vec()].concat());
    files.insert(paths::CONTROL.to_owned(), lines.collect());
    files.insert(paths::ADDRESSES.to_owned(), set.to_file().expect("a file"));
    statement.custody = Some(sha256(&document));
    let committed = statement.address_set.as_mut().expect("a commitment");
    (committed.count, committed.root) = (set.count(), set.root());
    files.insert(paths::CHALLENGE.to_owned(), document);
}

fn ether(report: &Report) -> &AssetReport {
    report.assets.iter().find(|asset| asset.asset.as_str() == "ETH").expect("the asset")
}

fn findings(report: &Report) -> Vec<String> {
    report.findings.iter().map(|finding| format!("{} {}", finding.code.name, finding.detail)).collect()
}

#[test]
fn staked_ether_is_counted_in_a_bucket_of_its_own() {
    let base = Amount::from_base_units(18_340 * ETHER);
    for finality in [false, true] {
        let report = report(true, finality);
        let held = &ether(&report).held;
        let units = |amount: u128| base.checked_add(Amount::from_base_units(amount * ETHER)).expect("small");
        assert_eq!(held.counted, units(97), "{:#?}", findings(&report));
        let buckets: Vec<_> = held.by_bucket.clone().into_iter().collect();
        assert_eq!(buckets, [("exit queue", Amount::from_base_units(96 * ETHER)), ("free now", units(1))]);
        assert_eq!(held.by_basis["proved"], units(97));
        let text = crate::report::text(&report);
        assert!(text.contains("counted by how soon it can pay: exit queue 96"), "{text}");
        assert!(report.findings.iter().all(|finding| finding.code.number / 10 != 616), "{:#?}", findings(&report));
    }
}

#[test]
fn without_control_of_the_address_its_validators_count_nothing() {
    let report = report(false, false);
    let held = &ether(&report).held;
    assert_eq!((held.counted, held.by_bucket.len()), (Amount::from_base_units(18_340 * ETHER), 1));
    assert_eq!(held.without_control, Amount::from_base_units(97 * ETHER));
}
