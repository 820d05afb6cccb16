use std::collections::BTreeMap;

use super::*;
use crate::asset::ChainId;
use crate::bundle::MemoryFiles;
use crate::lab::evm_chain::{EvmBlock, EvmChain};
use crate::reserve::evm::finality::tests::states::{CAPELLA, DENEB, ELECTRA, Staking, validator};
use crate::reserve::evm::finality::{Evidence, follow};
use crate::snapshot::{BlockRef, Time};

const AT: u64 = 19_000_001;
const OWNER: EvmAddress = EvmAddress::from_bytes([0xab; 20]);
const OTHER: EvmAddress = EvmAddress::from_bytes([0xcd; 20]);
const GWEI: u128 = 1_000_000_000;

fn mainnet() -> ChainId {
    "eip155:1".parse().expect("a chain")
}

/// Three blocks of which the last one names this beacon block.
fn chain(beacon: Option<crate::hash::Digest>) -> EvmChain {
    let block = |at: u64| EvmBlock { timestamp: 1_700_000_000 + 12 * at, ..EvmBlock::default() };
    let roots = beacon.map(|root| (AT + 1, root)).into_iter().collect();
    EvmChain::with_beacon_roots(mainnet(), AT - 1, (0..3).map(block).collect(), &roots)
}

/// What a verifier has: the bundle's files, pins, final states, and the question.
struct Case {
    files: MemoryFiles,
    pins: Vec<BlockRef>,
    finals: Vec<FinalState>,
    cutoff: BlockRef,
    addresses: Vec<String>,
    deployments: Vec<DeploymentId>,
}

fn staking(slot: u64, validators: Vec<(ValidatorLine, u64)>) -> Staking {
    Staking { slot, execution: chain(None).block(AT).expect("a block"), validators, merges: vec![(77, 78)] }
}

fn path(name: &str) -> String {
    paths::chain(&mainnet(), name)
}

impl Case {
    /// The block after the cut-off block is pinned, and names the beacon block.
    fn new(staking: &Staking) -> Self {
        let chain = chain(Some(staking.root()));
        let staked = staking.files().into_iter().map(|(name, bytes)| (path(&format!("staked/{name}")), bytes));
        let mut files: MemoryFiles = staked.collect();
        files.insert(path(paths::EVM_HEADERS), chain.headers_file());
        Self {
            files,
            pins: chain.tip().into_iter().collect(),
            finals: Vec::new(),
            cutoff: chain.block(AT).expect("a block"),
            addresses: vec![OWNER.to_string()],
            deployments: vec!["eip155:1/slip44:60".parse().expect("CAIP-19")],
        }
    }

    /// Nothing is pinned: these states are final.
    fn under(mut self, root: &crate::hash::Digest, evidence: &Evidence) -> Self {
        self.pins.clear();
        self.finals = follow(&mainnet(), root, evidence).expect("final").states;
        self
    }

    fn change(mut self, name: &str, change: impl FnOnce(&mut serde_json::Value)) -> Self {
        let file = self.files.get_mut(&path(name)).expect("the file");
        let mut json = serde_json::from_slice(file).expect("JSON");
        change(&mut json);
        *file = json.to_string().into_bytes();
        self
    }

    fn shown(&self) -> (Vec<Holding>, Vec<Problem>) {
        let addresses: Vec<&str> = self.addresses.iter().map(String::as_str).collect();
        let query = ChainQuery {
            chain: &mainnet(),
            pins: &self.pins,
            cutoff_block: &self.cutoff,
            cutoff: Time::from_unix(1_700_000_012),
            addresses: &addresses,
            deployments: &self.deployments,
            transcript: None,
        };
        staked(&query, &self.finals, &self.files).expect("readable")
    }

    /// Ids and amounts, and codes of problems.
    fn outcome(&self) -> (Vec<(String, u128)>, Vec<&'static str>) {
        let (holdings, problems) = self.shown();
        let amounts = holdings.into_iter().map(|holding| (holding.id, holding.amount.base_units())).collect();
        (amounts, problems.iter().map(|problem| problem.code.name).collect())
    }

    fn refused(&self, code: &str, what: &str) {
        assert_eq!(self.outcome(), (vec![], vec![code]), "{what}");
    }
}

fn two(slot: u64) -> Staking {
    staking(slot, vec![validator(8, OWNER, 32_000_000_005), validator(900_001, OWNER, 31_000_000_000)])
}

fn both() -> (Vec<(String, u128)>, Vec<&'static str>) {
    let held =
        vec![("validator:8".to_owned(), 32_000_000_005 * GWEI), ("validator:900001".to_owned(), 31_000_000_000 * GWEI)];
    (held, vec![])
}

#[test]
fn validators_of_the_cutoff_block_are_proved() {
    for slot in [CAPELLA, DENEB, ELECTRA] {
        let case = Case::new(&two(slot));
        assert_eq!(case.outcome(), both(), "slot {slot}");
        for holding in case.shown().0 {
            assert_eq!((holding.basis(), holding.address.as_str()), (Basis::Proved, OWNER.to_string().as_str()));
            assert_eq!((holding.bucket().text(), holding.deployment.as_str()), ("exit queue", "eip155:1/slip44:60"));
        }
    }
}

#[test]
fn a_final_state_shows_them_too() {
    for (slot, later, place) in
        [(DENEB, 32, DENEB), (ELECTRA, 33, ELECTRA), (ELECTRA - 8192 + 40, 8192, ELECTRA - 8192 + 40)]
    {
        let staking = two(slot);
        let (root, evidence, branch) = staking.finalized(later, place);
        let with_branch = || {
            let case = Case::new(&staking).under(&root, &evidence);
            case.change(paths::STAKED_BLOCK, |json| json["data"]["block_root_branch"] = branch.clone())
        };
        assert_eq!(with_branch().outcome(), both(), "{later} slots later");
        Case::new(&staking).under(&root, &evidence).refused("STAKED_UNANCHORED", "without a branch");
        let turned = with_branch().change(paths::STAKED_BLOCK, |json| {
            json["data"]["block_root_branch"].as_array_mut().expect("a branch").rotate_left(1);
        });
        turned.refused("STAKED_UNANCHORED", "another branch");
        let mut none = with_branch();
        none.finals.clear();
        none.refused("STAKED_UNANCHORED", "nothing is final");
    }
    let (root, evidence) = two(ELECTRA).itself_finalized();
    assert_eq!(Case::new(&two(ELECTRA)).under(&root, &evidence).outcome(), both(), "the block itself is final");
}

/// The place of a block root is used again after 8192 slots.
#[test]
fn attack_an_older_block_in_the_place_of_a_younger_one() {
    for (later, place) in [(8193, 0), (16_000, 0), (40, 41)] {
        let staking = two(ELECTRA);
        let (root, evidence, branch) = staking.finalized(later, ELECTRA + place);
        let case = Case::new(&staking).under(&root, &evidence);
        let case = case.change(paths::STAKED_BLOCK, |json| json["data"]["block_root_branch"] = branch);
        case.refused("STAKED_UNANCHORED", &format!("{later} slots later"));
    }
}

/// The same ether on an account and staked, or borrowed for a state of the bundle's choice.
#[test]
fn attack_a_beacon_block_of_another_execution_block() {
    for other in [AT - 1, AT + 1] {
        let mut staking = two(DENEB);
        staking.execution = chain(None).block(other).expect("a block");
        let case = Case::new(&staking);
        case.refused("STAKED_BLOCK", "another number");
        let (root, evidence) = staking.itself_finalized();
        Case::new(&staking).under(&root, &evidence).refused("STAKED_BLOCK", "another number, and final");
    }
    let mut staking = two(DENEB);
    staking.execution.hash = crate::hash::Digest::from_bytes([9; 32]);
    Case::new(&staking).refused("STAKED_BLOCK", "another hash");
    let mut missing = Case::new(&two(DENEB));
    missing.files.remove(&path(paths::STAKED_BLOCK));
    missing.refused("STAKED_BLOCK", "no block");
}

#[test]
fn only_an_anchored_successor_names_a_beacon_block() {
    let mut unpinned = Case::new(&two(DENEB));
    unpinned.pins = vec![unpinned.cutoff.clone()];
    unpinned.refused("STAKED_UNANCHORED", "the pin is below the block that names it");
    unpinned.pins.clear();
    unpinned.refused("STAKED_UNANCHORED", "nothing is pinned");
    let named = Case::new(&two(DENEB));
    let mut other = staking(DENEB, vec![validator(8, OWNER, 64_000_000_000)]);
    other.slot += 1;
    let mut swapped = Case::new(&other);
    swapped.files.insert(path(paths::EVM_HEADERS), named.files[&path(paths::EVM_HEADERS)].clone());
    swapped.pins = named.pins;
    swapped.refused("STAKED_UNANCHORED", "the successor names another one");
    let mut silent = Case::new(&two(DENEB));
    silent.files.insert(path(paths::EVM_HEADERS), chain(None).headers_file());
    silent.pins = chain(None).tip().into_iter().collect();
    silent.refused("STAKED_UNANCHORED", "the successor names none");
}

#[test]
fn a_block_that_does_not_hold_together_is_refused() {
    let changed = |pointer: &'static str, value: &'static str, code: &str| {
        let case = Case::new(&two(ELECTRA)).change(paths::STAKED_BLOCK, |json| {
            *json.pointer_mut(pointer).expect("a field") = serde_json::json!(value);
        });
        case.refused(code, pointer);
    };
    changed("/version", "deneb", "FINALITY_FORK");
    changed("/version", "gloas", "FINALITY_FORK");
    changed("/data/header/execution/gas_limit", "1", "FINALITY_BRANCH");
    changed("/data/header/beacon/proposer_index", "8", "STAKED_UNANCHORED");
    changed("/data/header/beacon/slot", "1.0", "FINALITY_MALFORMED");
    let mut long = Case::new(&two(ELECTRA));
    long.files.insert(path(paths::STAKED_BLOCK), vec![b' '; finality::FILE_BYTES_MAX + 1]);
    long.refused("FINALITY_MALFORMED", "too long");
}

#[test]
fn each_validator_counts_once_and_for_its_address() {
    let twice = staking(DENEB, vec![validator(8, OWNER, 5)]);
    let mut case = Case::new(&twice);
    let file = case.files.get_mut(&path(paths::STAKED_VALIDATORS)).expect("lines");
    *file = file.repeat(3);
    assert_eq!(case.outcome(), (vec![("validator:8".to_owned(), 5 * GWEI)], vec!["STAKED_TWICE"; 2]));
    // the same ether under two indices does not exist: a line of another index has another place
    let mut renamed = Case::new(&twice);
    let line = ValidatorLine { index: 9, ..twice.lines().remove(0) };
    let line = serde_json::to_string(&line).expect("a line") + "\n";
    renamed.files.insert(path(paths::STAKED_VALIDATORS), line.into_bytes());
    renamed.refused("FINALITY_BRANCH", "another index");

    Case::new(&staking(DENEB, vec![validator(8, OTHER, 5)])).refused("STAKED_UNASKED", "another address");
    let (mut key, gwei) = validator(8, OWNER, 5);
    key.withdrawal_credentials = format!("00{}", "11".repeat(31));
    Case::new(&staking(DENEB, vec![(key, gwei)])).refused("VALIDATOR_WITHDRAWAL", "credentials of a key");
    let (mut compounding, gwei) = validator(8, OWNER, 2_048_000_000_000);
    compounding.withdrawal_credentials.replace_range(..2, "02");
    let case = Case::new(&staking(ELECTRA, vec![(compounding, gwei)]));
    assert_eq!(case.outcome(), (vec![("validator:8".to_owned(), 2_048_000_000_000 * GWEI)], vec![]));
}

/// One validator at epoch `at` of electra or deneb, changed.
fn one(slot: u64, change: impl FnOnce(&mut ValidatorLine)) -> Staking {
    let (mut line, gwei) = validator(8, OWNER, 5);
    change(&mut line);
    staking(slot, vec![(line, gwei)])
}

#[test]
fn what_is_slashed_or_not_active_counts_as_zero() {
    let epoch = DENEB / 32;
    Case::new(&one(DENEB, |line| line.slashed = true)).refused("STAKED_SLASHED", "slashed");
    let paid_out = |line: &mut ValidatorLine| (line.slashed, line.withdrawable_epoch) = (true, 100);
    Case::new(&one(DENEB, paid_out)).refused("STAKED_SLASHED", "slashed, and ready to be paid out");
    for (activation, counts) in [(epoch, true), (epoch + 1, false), (u64::MAX, false)] {
        let case = Case::new(&one(DENEB, |line| line.activation_epoch = activation));
        if counts {
            assert_eq!(case.outcome().0.len(), 1);
        } else {
            case.refused("STAKED_PENDING", "not active");
            assert!(case.shown().1[0].detail.starts_with("5000000000 base units"));
        }
    }
}

#[test]
fn what_leaves_counts_when_it_is_not_merged() {
    let leaving =
        |slot: u64| one(slot, |line| (line.exit_epoch, line.withdrawable_epoch) = (slot / 32 + 1, slot / 32 + 257));
    let counts = |case: &Case| assert_eq!(case.outcome(), (vec![("validator:8".to_owned(), 5 * GWEI)], vec![]));
    let without = |staking: &Staking| {
        let mut case = Case::new(staking);
        case.files.remove(&path(paths::STAKED_CONSOLIDATIONS));
        case
    };
    counts(&Case::new(&leaving(DENEB)));
    counts(&Case::new(&leaving(ELECTRA)));
    without(&leaving(ELECTRA)).refused("STAKED_LEAVING", "no list");
    counts(&without(&one(ELECTRA, |_| ())));
    counts(&without(&one(ELECTRA, |line| (line.exit_epoch, line.withdrawable_epoch) = (6, 400))));
    let mut merged = leaving(ELECTRA);
    merged.merges = vec![(3, 4), (8, 9)];
    Case::new(&merged).refused("STAKED_MERGED", "it is a source");
    merged.merges = vec![(3, 4), (9, 8)];
    counts(&Case::new(&merged));
    // a list from which the entry was taken is not that of the state
    merged.merges = vec![(3, 4), (8, 9)];
    let shortened = Case::new(&merged)
        .change(paths::STAKED_CONSOLIDATIONS, |json| drop(json["pending"].as_array_mut().expect("a list").pop()));
    assert_eq!(shortened.outcome(), (vec![], vec!["FINALITY_BRANCH", "STAKED_LEAVING"]));
    let mut odd = Case::new(&leaving(DENEB));
    odd.files.insert(path(paths::STAKED_CONSOLIDATIONS), b"{\"branch\":[],\"pending\":[]}".to_vec());
    assert_eq!(odd.outcome(), (vec![], vec!["FINALITY_MALFORMED", "STAKED_LEAVING"]), "deneb knows no such list");
}

#[test]
fn lines_that_cannot_be_read_end_the_reading() {
    let good = String::from_utf8(two(DENEB).files().remove("validators.jsonl").expect("lines")).expect("text");
    let first = good.split_inclusive('\n').next().expect("a line");
    for (text, counted) in [
        (good.trim_end().to_owned(), 1),
        (format!("{first}\n{good}"), 1),
        (format!("{{}}\n{good}"), 0),
        (format!("{}\n{good}", " ".repeat(LINE_BYTES_MAX + 1)), 0),
    ] {
        let mut case = Case::new(&two(DENEB));
        case.files.insert(path(paths::STAKED_VALIDATORS), text.into_bytes());
        let (held, problems) = case.outcome();
        assert_eq!((held.len(), problems), (counted, vec!["STAKED_MALFORMED"]));
    }
}

#[test]
fn without_files_or_native_coin_nothing_is_said() {
    let mut elsewhere = Case::new(&two(DENEB));
    elsewhere.deployments = vec!["eip155:10/slip44:60".parse().expect("CAIP-19")];
    assert_eq!(elsewhere.outcome(), (vec![], vec![]));
    let mut without = Case::new(&two(DENEB));
    without.files.remove(&path(paths::STAKED_VALIDATORS));
    assert_eq!(without.outcome(), (vec![], vec![]));
}

/// What is counted after a change was counted before it, and no more.
#[test]
fn every_changed_byte_is_refused_or_counts_nothing_more() {
    let good = Case::new(&two(ELECTRA));
    let (held, _) = good.outcome();
    let mut changed = Case::new(&two(ELECTRA));
    let files: BTreeMap<String, usize> = good.files.iter().map(|(path, bytes)| (path.clone(), bytes.len())).collect();
    for (path, length) in files.into_iter().filter(|(path, _)| path.contains("staked/")) {
        // every byte of some lines, and a part of the others: they are alike
        for at in (0..length).step_by(if length > 5_000 { 7 } else { 1 }) {
            changed.files.get_mut(&path).expect("the file")[at] ^= 1;
            let (now, problems) = changed.outcome();
            assert!(now.iter().all(|holding| held.contains(holding)), "{path} byte {at}");
            assert!(now.len() < held.len() || !problems.is_empty(), "{path} byte {at}");
            changed.files.get_mut(&path).expect("the file")[at] ^= 1;
        }
    }
}
