use alloy_primitives::U256;

use super::*;
use crate::asset::ChainId;

use crate::basis::Completeness;
use crate::bundle::MemoryFiles;
use crate::lab::evm_chain::{EvmAccount, EvmBlock, EvmChain, balance_call, token_call};
use crate::reserve::claim::CutoffCheck;
use crate::reserve::transcript::{Call, Transcript};
use crate::snapshot::{BlockRef, Time};

const CUTOFF: i64 = 1_793_491_200;
const FIRST: u64 = 100;
/// The block just at the cut-off; 102 is the first one after it, 103 the tip.
const AT: u64 = 101;
const NATIVE: &str = "eip155:1337/slip44:60";

fn address(number: u8) -> EvmAddress {
    EvmAddress::from_bytes([number; 20])
}

fn token_id() -> String {
    format!("eip155:1337/erc20:{}", address(0xee))
}

/// A venue with two addresses and one that was never used, and everything a verifier asks about it.
struct Case {
    chain_id: ChainId,
    chain: EvmChain,
    files: MemoryFiles,
    pins: Vec<BlockRef>,
    cutoff_block: BlockRef,
    addresses: Vec<String>,
    deployments: Vec<DeploymentId>,
    transcript: Option<(Transcript, Basis)>,
    tokens: TokenRegistry,
}

impl Case {
    fn new() -> Self {
        let chain_id: ChainId = "eip155:1337".parse().expect("a chain");
        let state = |first: u128| {
            let rows = [(1, first), (2, 7), (9, u128::MAX)].into_iter();
            let rows = rows.map(|(number, balance)| {
                (address(number), EvmAccount { balance: U256::from(balance), nonce: 1, ..EvmAccount::default() })
            });
            rows.collect()
        };
        let start = u64::try_from(CUTOFF).expect("positive") - 12;
        let blocks =
            (0..4_u64).map(|at| EvmBlock { timestamp: start + 12 * at, accounts: state(500 + u128::from(at)) });
        let chain = EvmChain::new(chain_id.clone(), FIRST, blocks.collect());
        let asked = [address(1), address(2), address(3)];
        let files = MemoryFiles::from([
            ("chains/eip155_1337/headers.jsonl".to_owned(), chain.headers_file()),
            ("chains/eip155_1337/nodes.bin".to_owned(), chain.nodes_file(AT, &asked)),
        ]);
        Self {
            pins: vec![chain.tip().expect("a tip")],
            cutoff_block: chain.block(AT).expect("a block"),
            addresses: asked.iter().map(ToString::to_string).collect(),
            deployments: vec![NATIVE.parse().expect("CAIP-19")],
            transcript: None,
            tokens: TokenRegistry::default(),
            chain_id,
            chain,
            files,
        }
    }

    fn calls(mut self, worth: Basis, calls: Vec<Call>) -> Self {
        let transcript = self.chain.transcript(Time::from_unix(CUTOFF + 60), calls).expect("a tip");
        self.transcript = Some((transcript, worth));
        self
    }

    fn without(mut self, file: &str) -> Self {
        self.files.remove(&format!("chains/eip155_1337/{file}")).expect("a file");
        self
    }

    fn proofs(mut self, file: Vec<u8>) -> Self {
        self.files.insert("chains/eip155_1337/nodes.bin".to_owned(), file);
        self
    }

    fn run(&self) -> Result<ChainEvidence, EvmError> {
        let addresses: Vec<&str> = self.addresses.iter().map(String::as_str).collect();
        let query = ChainQuery {
            chain: &self.chain_id,
            pins: &self.pins,
            cutoff_block: &self.cutoff_block,
            cutoff: Time::from_unix(CUTOFF),
            addresses: &addresses,
            deployments: &self.deployments,
            transcript: self.transcript.as_ref().map(|(transcript, worth)| (transcript, *worth)),
        };
        balances(&query, &self.files, &self.tokens)
    }

    fn evidence(&self) -> ChainEvidence {
        self.run().expect("readable evidence")
    }
}

fn amounts(evidence: &ChainEvidence) -> Vec<u128> {
    evidence.holdings.iter().map(|holding| holding.amount.base_units()).collect()
}

fn codes_of(evidence: &ChainEvidence) -> Vec<&'static str> {
    evidence.problems.iter().map(|problem| problem.code.name).collect()
}

fn both(evidence: &ChainEvidence) -> Vec<(Basis, Completeness)> {
    evidence.holdings.iter().map(|holding| (holding.authenticity, holding.completeness)).collect()
}

#[test]
fn balances_under_an_anchored_block_are_proved() {
    let case = Case::new();
    let evidence = case.evidence();
    assert_eq!(amounts(&evidence), [501, 7, 0]);
    assert_eq!(both(&evidence), [(Basis::Proved, Completeness::Exact); 3]);
    assert_eq!(evidence.cutoff, CutoffCheck::Holds);
    assert!(evidence.anchored && evidence.problems.is_empty(), "{:?}", evidence.problems);
}

#[test]
fn a_block_that_only_the_bundle_vouches_for_proves_nothing() {
    let mut case = Case::new();
    case.pins.clear();
    let evidence = case.evidence();
    assert!(!evidence.anchored);
    assert_eq!(both(&evidence), [(Basis::Stated, Completeness::UnspentStated); 3]);
    assert!(matches!(evidence.cutoff, CutoffCheck::Unknown { .. }));
    case.pins = vec![case.chain.block(FIRST).expect("a block")];
    assert!(!case.evidence().anchored, "a pin before the cut-off block anchors nothing after it");
    case.pins = vec![case.cutoff_block.clone()];
    let pinned = case.evidence();
    assert!(pinned.anchored);
    assert!(matches!(pinned.cutoff, CutoffCheck::Unknown { .. }), "nobody vouches for the successor");
}

#[test]
fn a_contradicted_pin_is_a_problem() {
    let mut case = Case::new();
    case.pins[0].hash = Digest::from_bytes([9; 32]);
    let evidence = case.evidence();
    assert_eq!((evidence.anchored, codes_of(&evidence)), (false, vec!["EVM_PIN_CONTRADICTED"]));
}

#[test]
fn the_cutoff_rule_is_checked_on_both_sides() {
    for (number, holds) in [(FIRST, false), (AT, true), (AT + 1, false)] {
        let mut case = Case::new().without("nodes.bin");
        case.cutoff_block = case.chain.block(number).expect("a block");
        let cutoff = case.evidence().cutoff;
        assert_eq!(matches!(cutoff, CutoffCheck::Holds), holds, "{number}");
        assert_eq!(matches!(cutoff, CutoffCheck::Violated { .. }), !holds, "{number}");
    }
    let mut last = Case::new();
    let headers = last.files.get_mut("chains/eip155_1337/headers.jsonl").expect("headers");
    let two: Vec<u8> = headers.split_inclusive(|byte| *byte == b'\n').take(2).flatten().copied().collect();
    *headers = two;
    last.pins = vec![last.cutoff_block.clone()];
    assert!(matches!(last.evidence().cutoff, CutoffCheck::Unknown { .. }));
    assert!(last.evidence().anchored);
}

#[test]
fn another_cutoff_block_than_the_headers_have_counts_nothing() {
    let mut case = Case::new();
    case.cutoff_block.hash = Digest::from_bytes([9; 32]);
    let evidence = case.evidence();
    assert_eq!((amounts(&evidence), codes_of(&evidence)), (vec![], vec!["EVM_BLOCK_MISSING"]));
    let mut case = Case::new();
    case.cutoff_block = case.chain.block(AT + 1).expect("a block");
    assert_eq!(codes_of(&case.evidence()), ["EVM_KEY_UNPROVEN"; 3], "nodes of another block");
    assert_eq!(codes_of(&Case::new().without("headers.jsonl").evidence()), ["EVM_BLOCK_MISSING"]);
}

#[test]
fn nodes_that_nobody_asked_for_change_nothing() {
    let chain = Case::new().chain;
    let more = Case::new().proofs(chain.nodes_file(AT, &[address(1), address(2), address(3), address(9)]));
    assert_eq!(more.evidence(), Case::new().evidence());
    let mut spelled = Case::new();
    spelled.addresses = vec![address(0xab).to_string(), address(0xab).checksummed()];
    let spelled = spelled.proofs(chain.nodes_file(AT, &[address(0xab)]));
    assert_eq!((amounts(&spelled.evidence()), codes_of(&spelled.evidence())), (vec![0], vec!["EVM_ADDRESS_TWICE"]));
}

/// A state of so many accounts that one proof does not happen to show the absence or presence of others.
fn crowded() -> Case {
    let accounts = (1..=255).map(|number| {
        (address(number), EvmAccount { balance: U256::from(1_000 + u64::from(number)), ..EvmAccount::default() })
    });
    let accounts: std::collections::BTreeMap<_, _> = accounts.collect();
    let time = u64::try_from(CUTOFF).expect("positive");
    let block = |timestamp| EvmBlock { timestamp, accounts: accounts.clone() };
    let chain = EvmChain::new("eip155:1337".parse().expect("a chain"), AT, vec![block(time), block(time + 12)]);
    let mut case = Case::new();
    case.files.insert("chains/eip155_1337/headers.jsonl".to_owned(), chain.headers_file());
    case.addresses.truncate(1);
    case.pins = vec![chain.tip().expect("a tip")];
    case.cutoff_block = chain.block(AT).expect("a block");
    case.chain = chain;
    case
}

#[test]
fn a_valid_proof_of_another_holder_shows_nothing() {
    let case = crowded();
    let own = case.chain.nodes_file(AT, &[address(1)]);
    let others: Vec<EvmAddress> = (2..=40).map(address).collect();
    for other in others {
        let case = crowded().proofs(case.chain.nodes_file(AT, &[other]));
        assert_eq!((amounts(&case.evidence()), codes_of(&case.evidence())), (vec![], vec!["EVM_KEY_UNPROVEN"]));
        // a node's answer keeps its own worth, and gains none
        let case = case.calls(Basis::Observed, vec![balance_call(address(1), AT, 900)]);
        assert_eq!(both(&case.evidence()), [(Basis::Observed, Completeness::UnspentObserved)]);
    }
    let case = crowded().proofs(own);
    assert_eq!(amounts(&case.evidence()), [1_001]);
}

#[test]
fn balances_above_128_bits_are_refused() {
    let accounts =
        [(address(1), EvmAccount { balance: U256::from(u128::MAX) + U256::from(1), ..EvmAccount::default() })];
    let time = u64::try_from(CUTOFF).expect("positive");
    let block = |timestamp| EvmBlock { timestamp, accounts: accounts.clone().into() };
    let chain = EvmChain::new("eip155:1337".parse().expect("a chain"), AT, vec![block(time), block(time + 12)]);
    let mut case = Case::new().proofs(chain.nodes_file(AT, &[address(1)]));
    case.files.insert("chains/eip155_1337/headers.jsonl".to_owned(), chain.headers_file());
    case.addresses.truncate(1);
    case.pins = vec![chain.tip().expect("a tip")];
    case.cutoff_block = chain.block(AT).expect("a block");
    assert_eq!((amounts(&case.evidence()), codes_of(&case.evidence())), (vec![], vec!["EVM_BALANCE_TOO_LARGE"]));
}

#[test]
fn answers_are_worth_what_the_transcript_is_worth() {
    for (worth, basis, completeness) in [
        (Basis::Stated, Basis::Stated, Completeness::UnspentStated),
        (Basis::Observed, Basis::Observed, Completeness::UnspentObserved),
        (Basis::Proved, Basis::Observed, Completeness::UnspentObserved),
    ] {
        let mut case = Case::new().without("nodes.bin");
        case.deployments.push(token_id().parse().expect("CAIP-19"));
        case.addresses.truncate(1);
        let calls = vec![balance_call(address(1), AT, 501), token_call(address(0xee), address(1), AT, 42)];
        let evidence = case.calls(worth, calls).evidence();
        assert_eq!(amounts(&evidence), [42, 501]);
        assert_eq!(both(&evidence), [(basis, completeness); 2]);
        assert_eq!(codes_of(&evidence), ["EVM_TOKEN_UNKNOWN"], "an answer is never a proof");
    }
}

#[test]
fn answers_that_cannot_be_used_count_nothing() {
    let other_params = Call { params: "[\"0x\"]".to_owned(), ..balance_call(address(1), AT, 1) };
    let other_result = Call { result: "12".to_owned(), ..balance_call(address(1), AT, 1) };
    for (calls, expected) in [
        (vec![], vec!["EVM_BALANCE_MISSING"]),
        (vec![balance_call(address(1), AT + 1, 1)], vec!["EVM_ANSWER_OTHER_BLOCK", "EVM_BALANCE_MISSING"]),
        (vec![balance_call(address(1), AT, 1), balance_call(address(1), AT, 2)], vec!["EVM_ANSWERS_DISAGREE"]),
        (vec![other_params], vec!["EVM_ANSWER_MALFORMED", "EVM_BALANCE_MISSING"]),
        (vec![other_result.clone()], vec!["EVM_ANSWER_MALFORMED"]),
        (vec![balance_call(address(1), AT, 1), other_result], vec!["EVM_ANSWER_MALFORMED"]),
        (vec![balance_call(address(2), AT, 1)], vec!["EVM_ANSWER_UNASKED", "EVM_BALANCE_MISSING"]),
    ] {
        let mut case = Case::new().without("nodes.bin");
        case.addresses.truncate(1);
        let evidence = case.calls(Basis::Observed, calls).evidence();
        assert_eq!((amounts(&evidence), codes_of(&evidence)), (vec![], expected));
    }
    let mut same = Case::new().without("nodes.bin");
    same.addresses.truncate(1);
    let same = same.calls(Basis::Observed, vec![balance_call(address(1), AT, 1); 2]);
    assert_eq!(amounts(&same.evidence()), [1]);
}

#[test]
fn a_transcript_of_another_chain_or_fork_is_not_used() {
    let calls = vec![balance_call(address(1), AT, 1)];
    let cases: [fn(&mut BlockRef); 3] = [
        |tip| tip.chain = "eip155:1".parse().expect("a chain"),
        |tip| tip.height = AT - 1,
        |tip| tip.hash = Digest::from_bytes([9; 32]),
    ];
    for change in cases {
        let mut case = Case::new().without("nodes.bin").calls(Basis::Observed, calls.clone());
        case.addresses.truncate(1);
        if let Some((transcript, _)) = &mut case.transcript {
            change(&mut transcript.tip);
        }
        let evidence = case.evidence();
        assert_eq!(codes_of(&evidence), ["EVM_TRANSCRIPT_OTHER_CHAIN", "EVM_BALANCE_MISSING"]);
    }
}

#[test]
fn a_proof_and_an_answer_that_differ_are_a_problem() {
    let case = Case::new().calls(Basis::Observed, vec![balance_call(address(1), AT, 502)]);
    assert_eq!(
        (amounts(&case.evidence()), codes_of(&case.evidence())),
        (vec![501, 7, 0], vec!["EVM_ANSWERS_DISAGREE"])
    );
    let mut unanchored = Case::new().calls(Basis::Observed, vec![balance_call(address(1), AT, 502)]);
    unanchored.pins.clear();
    assert_eq!(amounts(&unanchored.evidence()), [7, 0]);
    let mut agreed = Case::new().calls(Basis::Observed, vec![balance_call(address(1), AT, 501)]);
    agreed.pins.clear();
    assert_eq!(both(&agreed.evidence())[0], (Basis::Observed, Completeness::UnspentObserved));
}

#[test]
fn assets_that_cannot_be_counted_are_named() {
    let mut case = Case::new();
    case.deployments.push("eip155:1337/erc721:0x00".parse().expect("CAIP-19"));
    case.deployments.push("eip155:1337/erc20:0x00".parse().expect("CAIP-19"));
    case.deployments.push("eip155:1/slip44:60".parse().expect("CAIP-19"));
    assert_eq!(codes_of(&case.evidence()), ["EVM_ADDRESS", "EVM_DEPLOYMENT"]);
}

#[test]
fn headers_that_do_not_follow_each_other_are_refused() {
    let path = "chains/eip155_1337/headers.jsonl";
    for order in [vec![0, 2], vec![1, 0], vec![0, 0]] {
        let mut case = Case::new();
        let headers = case.files.remove(path).expect("headers");
        let lines: Vec<&[u8]> = headers.split_inclusive(|byte| *byte == b'\n').collect();
        case.files.insert(path.to_owned(), order.iter().flat_map(|at| lines[*at]).copied().collect());
        let error = case.run().expect_err("no chain");
        assert_eq!(error.code(), &crate::code::evm::EVM_HEADERS_UNLINKED);
        assert!(matches!(error, EvmError::Unlinked { line: 2, .. }), "{order:?}");
    }
}

/// What is counted after a change must be counted before it too, and nothing may be counted more.
#[test]
fn every_flipped_byte_is_refused_or_counts_nothing() {
    let case = Case::new();
    let good = case.evidence();
    let mut changed = Case::new();
    for (path, bytes) in &case.files {
        for at in 0..bytes.len() {
            changed.files.get_mut(path).expect("the file")[at] ^= 1;
            if let Ok(evidence) = changed.run() {
                assert!(evidence != good, "{path} byte {at} changes nothing");
                let proved = evidence.holdings.iter().filter(|holding| holding.basis() == Basis::Proved);
                assert!(proved.into_iter().all(|holding| good.holdings.contains(holding)), "{path} byte {at}");
                assert!(!evidence.problems.is_empty() || !evidence.anchored, "{path} byte {at}");
            }
            changed.files.get_mut(path).expect("the file")[at] ^= 1;
        }
    }
}

/// A token of the registry with three holders: one free, one frozen, one without.
fn with_token(decode: &str, deployment: &str) -> Case {
    let contract = address(0xee);
    let code_hash = hex::encode(crate::reserve::evm::keccak(b"token"));
    let entry = format!(
        "[[token]]\nchain = \"eip155:1337\"\ncontract = \"{contract}\"\nname = \"T\"\ncode_hash = \"{code_hash}\"\n\
         balance_slot = 9\nlayout = \"solidity\"\ndecode = \"{decode}\"\nsource = \"this test\"\n"
    );
    let mut case = Case::new();
    case.tokens = TokenRegistry::parse(&entry).expect("a registry");
    let slots: Vec<_> = [1, 2, 3].map(|holder| case.tokens.entries()[0].slots(address(holder))).concat();
    let frozen = (U256::from(1) << 255) | U256::from(70);
    let storage = [(slots[0], U256::from(60)), (slots[1], frozen)].into();
    let token = EvmAccount { code: b"token".to_vec(), storage, ..EvmAccount::default() };
    let accounts = std::collections::BTreeMap::from([(contract, token)]);
    let time = u64::try_from(CUTOFF).expect("positive");
    let block = |timestamp| EvmBlock { timestamp, accounts: accounts.clone() };
    let chain = EvmChain::new("eip155:1337".parse().expect("a chain"), AT, vec![block(time), block(time + 12)]);
    case.files.insert("chains/eip155_1337/headers.jsonl".to_owned(), chain.headers_file());
    case.files.insert("chains/eip155_1337/nodes.bin".to_owned(), chain.nodes(AT, &[(contract, slots)]).to_file());
    case.pins = vec![chain.tip().expect("a tip")];
    case.cutoff_block = chain.block(AT).expect("a block");
    case.deployments = vec![deployment.parse().expect("CAIP-19")];
    case.chain = chain;
    case
}

#[test]
fn registered_tokens_are_proved_and_frozen_coins_count_nothing() {
    let evidence = with_token("blacklist-bit", &token_id()).evidence();
    assert_eq!((amounts(&evidence), codes_of(&evidence)), (vec![60, 0, 0], vec!["EVM_TOKEN_FROZEN"]));
    assert_eq!(both(&evidence), [(Basis::Proved, Completeness::Exact); 3]);
    assert!(evidence.problems[0].detail.starts_with("70 base units"), "{:?}", evidence.problems);
    let calls = vec![token_call(address(0xee), address(2), AT, 70), token_call(address(0xee), address(1), AT, 61)];
    let compared = with_token("blacklist-bit", &token_id()).calls(Basis::Observed, calls).evidence();
    assert_eq!(codes_of(&compared), ["EVM_ANSWERS_DISAGREE", "EVM_TOKEN_FROZEN"], "the node is right about the frozen");
    assert_eq!(amounts(&compared), [60, 0, 0]);
    let mut unanchored = with_token("blacklist-bit", &token_id());
    unanchored.pins.clear();
    assert_eq!(both(&unanchored.evidence()), [(Basis::Stated, Completeness::UnspentStated); 3]);
    let mut other_code = with_token("blacklist-bit", &token_id());
    other_code.tokens = TokenRegistry::default();
    let expected = ["EVM_TOKEN_UNKNOWN", "EVM_BALANCE_MISSING", "EVM_BALANCE_MISSING", "EVM_BALANCE_MISSING"];
    assert_eq!(codes_of(&other_code.evidence()), expected);
}

#[test]
fn shares_count_only_where_the_policy_says_shares() {
    let mut case = with_token("shares", &format!("{}/shares", token_id()));
    case.addresses.truncate(1);
    assert_eq!((amounts(&case.evidence()), codes_of(&case.evidence())), (vec![60], vec![]));
    for (decode, deployment) in [("shares", token_id()), ("plain", format!("{}/shares", token_id()))] {
        let mut case = with_token(decode, &deployment);
        case.addresses.truncate(1);
        let evidence = case.evidence();
        assert_eq!((amounts(&evidence), codes_of(&evidence)), (vec![], vec!["EVM_TOKEN_SHARES"]), "{decode}");
    }
    let mut answered = with_token("shares", &format!("{}/shares", token_id())).without("nodes.bin");
    answered.addresses.truncate(1);
    let answered = answered.calls(Basis::Observed, vec![token_call(address(0xee), address(1), AT, 60)]);
    let expected = ["EVM_KEY_UNPROVEN", "EVM_BALANCE_MISSING"];
    assert_eq!((amounts(&answered.evidence()), codes_of(&answered.evidence())), (vec![], expected.to_vec()));
}

#[test]
fn a_damaged_pool_makes_the_chain_unreadable() {
    let mut case = Case::new();
    case.files.get_mut("chains/eip155_1337/nodes.bin").expect("nodes").pop();
    assert_eq!(case.run().expect_err("cut").code().name, "EVM_POOL_MALFORMED");
}
