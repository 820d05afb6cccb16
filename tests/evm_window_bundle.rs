//! The window in a bundle of an embedded EVM chain: what it shows, and what makes it show less or nothing.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;

use alloy_primitives::U256;
use counterfoil::asset::{ChainId, DeploymentId};
use counterfoil::basis::{Basis, Completeness};
use counterfoil::bundle::{MemoryFiles, paths};
use counterfoil::code::Coded as _;
use counterfoil::lab::evm_chain::{EvmAccount, EvmBlock, EvmChain};
use counterfoil::reserve::claim::{ChainQuery, ControlGrade};
use counterfoil::reserve::evm::address::EvmAddress;
use counterfoil::reserve::evm::keccak;
use counterfoil::reserve::evm::storage_proof::Slot;
use counterfoil::reserve::evm::token::{Layout, TokenRegistry};
use counterfoil::reserve::evm::window::{EventList, EvmWindowError, Own, Rule, window};
use counterfoil::reserve::window::StretchEvidence;
use counterfoil::snapshot::{BlockRef, Time};

const CHAIN: &str = "eip155:1";
const HOT: EvmAddress = EvmAddress::from_bytes([1; 20]);
const COLD: EvmAddress = EvmAddress::from_bytes([2; 20]);
const TOKEN: EvmAddress = EvmAddress::from_bytes([9; 20]);
const CODE: &[u8] = b"a token";
const FIRST: u64 = 98;
const LAST: u64 = 112;
const CUTOFF: u64 = 104;

/// What a test asks and brings along.
struct Story {
    chain: EvmChain,
    files: MemoryFiles,
    pins: Vec<BlockRef>,
    tokens: TokenRegistry,
    events: EventList,
    addresses: BTreeMap<String, ControlGrade>,
    deployments: Vec<DeploymentId>,
}

fn chain_id() -> ChainId {
    CHAIN.parse().unwrap()
}

fn deployment(asset: &str) -> DeploymentId {
    format!("{CHAIN}/{asset}").parse().unwrap()
}

fn slot(holder: EvmAddress) -> Slot {
    Layout::Solidity.holder_slot(holder, 2)
}

/// Hot has 50 and sends 30 in block 104; cold has 7 throughout. Of the token, hot has 500, in blocks 103 to 105 900.
fn block(number: u64) -> EvmBlock {
    let sent = number >= 104;
    let account = |balance: u64, nonce| EvmAccount { balance: U256::from(balance), nonce, ..EvmAccount::default() };
    let tokens = if (103..=105).contains(&number) { 900_u64 } else { 500 };
    let storage = BTreeMap::from([(slot(HOT), U256::from(tokens)), (slot(COLD), U256::from(number))]);
    let token = EvmAccount { code: CODE.to_vec(), nonce: 1, storage, ..EvmAccount::default() };
    let hot = if sent { account(20, 8) } else { account(50, 7) };
    let mut accounts = BTreeMap::from([(HOT, hot), (COLD, account(7, 0)), (TOKEN, token)]);
    for seed in 20..60 {
        accounts.insert(EvmAddress::from_bytes([seed; 20]), account(u64::from(seed), number));
    }
    EvmBlock { timestamp: 1_700_000_000 + 12 * number, accounts }
}

impl Story {
    /// Proofs at these blocks.
    fn new(at: &[u64]) -> Self {
        let chain = EvmChain::new(chain_id(), FIRST, (FIRST..=LAST).map(block).collect());
        let asked = [(HOT, Vec::new()), (COLD, Vec::new()), (TOKEN, vec![slot(HOT), slot(COLD)])];
        let files = chain.window_files((100, 109), &asked, at.iter().copied()).unwrap();
        let files = files.into_iter().map(|(name, bytes)| (paths::chain(&chain_id(), &name), bytes)).collect();
        let hash = hex::encode(keccak(CODE));
        let registry = format!(
            "[[token]]\nchain = \"{CHAIN}\"\ncontract = \"{TOKEN}\"\nname = \"a token\"\ncode_hash = \"{hash}\"\n\
             balance_slot = 2\nlayout = \"solidity\"\ndecode = \"plain\"\nsource = \"this test\"\n"
        );
        Self {
            pins: vec![chain.block(LAST).unwrap()],
            chain,
            files,
            tokens: TokenRegistry::parse(&registry).unwrap(),
            events: EventList::default(),
            addresses: [HOT, COLD].map(|address| (address.to_string(), ControlGrade::KeySigned)).into(),
            deployments: vec![deployment("slip44:60"), deployment(&format!("erc20:{TOKEN}"))],
        }
    }

    fn path(&self, name: &str) -> String {
        paths::chain(&chain_id(), name)
    }

    fn try_window(&self) -> Result<Option<Vec<StretchEvidence>>, EvmWindowError> {
        let (chain, cutoff_block) = (chain_id(), self.chain.block(CUTOFF).unwrap());
        let query = ChainQuery {
            chain: &chain,
            pins: &self.pins,
            cutoff_block: &cutoff_block,
            cutoff: Time::from_unix(1_700_000_000 + 12 * CUTOFF.cast_signed()),
            addresses: &[],
            deployments: &self.deployments,
            transcript: None,
        };
        let own = Own { tokens: &self.tokens, events: &self.events, addresses: &self.addresses };
        window(&query, &own, &self.files)
    }

    fn window(&self) -> Vec<StretchEvidence> {
        self.try_window().unwrap().unwrap()
    }

    fn refused(&self) -> &'static str {
        self.try_window().expect_err("refused").code().name
    }
}

/// First, last, minimum and reason of each stretch.
fn shown(evidence: &StretchEvidence, address: EvmAddress) -> Vec<(u64, u64, u128, Rule)> {
    let stretches = &evidence.addresses[&address.to_string()];
    stretches.iter().map(|one| (one.from, one.to, one.minimum.base_units(), one.reason)).collect()
}

fn codes(evidence: &StretchEvidence) -> Vec<&'static str> {
    evidence.problems.iter().map(|problem| problem.code.name).collect()
}

fn native(story: &Story) -> StretchEvidence {
    story.window().into_iter().find(|one| one.deployment.asset() == "slip44:60").unwrap()
}

fn token(story: &Story) -> StretchEvidence {
    story.window().into_iter().find(|one| one.deployment.asset() != "slip44:60").unwrap()
}

#[test]
fn four_proofs_show_ten_blocks() {
    let story = Story::new(&[100, 103, 104, 109]);
    let ether = native(&story);
    let expected = [
        (100, 100, 50, Rule::Proof),
        (101, 102, 50, Rule::Nonce),
        (103, 103, 50, Rule::Proof),
        (104, 104, 20, Rule::Proof),
        (105, 108, 20, Rule::Nonce),
        (109, 109, 20, Rule::Proof),
    ];
    assert_eq!(shown(&ether, HOT), expected);
    assert_eq!((ether.from, ether.to, codes(&ether)), (100, 109, vec![]));
    assert_eq!((ether.authenticity, ether.completeness), (Basis::Proved, Completeness::Exact));
    assert_eq!((ether.times.len(), ether.times[&104]), (10, 1_700_001_248));
    assert_eq!(ether.tip, story.chain.block(109).unwrap());
}

#[test]
fn without_a_list_of_events_each_proof_speaks_of_its_block() {
    let at: Vec<u64> = (100..=109).collect();
    let tokens = token(&Story::new(&at));
    let held: Vec<u128> = shown(&tokens, HOT).iter().map(|one| one.2).collect();
    assert_eq!(held, [500, 500, 500, 900, 900, 900, 500, 500, 500, 500]);
    assert!(tokens.problems.is_empty(), "nothing is open: {:?}", tokens.problems);
    let ends = token(&Story::new(&[100, 104, 109]));
    assert_eq!(shown(&ends, HOT).len(), 3);
    assert_eq!(codes(&ends), ["WINDOW_TOKEN_EVENTS", "STRETCH_GAP", "STRETCH_GAP", "STRETCH_GAP", "STRETCH_GAP"]);
}

#[test]
fn who_has_no_key_is_shown_by_proofs_alone() {
    let mut story = Story::new(&[100, 103, 104, 109]);
    story.addresses.insert(HOT.to_string(), ControlGrade::ContractProven);
    let ether = native(&story);
    assert_eq!(shown(&ether, HOT).iter().map(|one| one.0).collect::<Vec<_>>(), [100, 103, 104, 109]);
    assert_eq!(codes(&ether)[0], "WINDOW_RULE_CONTROL");
    story.addresses.remove(&HOT.to_string());
    assert!(!native(&story).addresses.contains_key(&HOT.to_string()), "only addresses that count");
}

#[test]
fn a_missing_proof_is_a_gap_and_no_figure() {
    let story = Story::new(&[100, 104, 109]);
    let ether = native(&story);
    assert_eq!(shown(&ether, HOT)[0], (100, 100, 50, Rule::Proof), "money may have come in before it was sent");
    assert_eq!(shown(&ether, COLD).iter().map(|one| one.2).min(), Some(7));
    assert_eq!(codes(&ether), ["STRETCH_GAP"]);
    // of nobody's account any node is there
    let mut other = Story::new(&[100, 109]);
    other.files.insert(other.path(paths::EVM_NODES), b"cfnodes1".to_vec());
    assert!(native(&other).addresses.values().all(Vec::is_empty));
}

#[test]
fn changed_nodes_show_less_and_never_more() {
    let mut changed = Story::new(&[100, 103, 104, 109]);
    let honest = native(&changed);
    let path = changed.path(paths::EVM_NODES);
    for at in (8..changed.files[&path].len()).step_by(13) {
        changed.files.get_mut(&path).unwrap()[at] ^= 1;
        let outcome = changed.try_window();
        changed.files.get_mut(&path).unwrap()[at] ^= 1;
        let Ok(Some(shown)) = outcome else { continue };
        for (address, stretches) in &shown[1].addresses {
            for stretch in stretches {
                let real = &honest.addresses[address];
                let holds = |number: u64| {
                    real.iter().any(|one| (one.from..=one.to).contains(&number) && one.minimum >= stretch.minimum)
                };
                assert!((stretch.from..=stretch.to).all(holds), "byte {at}: {stretch:?}");
            }
        }
    }
}

#[test]
fn a_bundle_without_a_window_has_none() {
    let mut story = Story::new(&[104]);
    story.files.remove(&story.path(paths::WINDOW));
    assert_eq!(story.try_window(), Ok(None));
}

#[test]
fn a_window_needs_its_blocks() {
    let mut story = Story::new(&[104]);
    let window = story.path(paths::WINDOW);
    let write = |from: u64, to: u64| {
        format!("{{\"format\":\"counterfoil-evm-window-v1\",\"from\":\"{from}\",\"to\":\"{to}\"}}\n").into_bytes()
    };
    for (from, to) in [(97, 109), (100, 113), (113, 120), (0, 5)] {
        story.pins.clear();
        story.files.insert(window.clone(), write(from, to));
        assert_eq!(story.refused(), "EVM_WINDOW_BLOCKS", "{from} to {to}");
    }
    story.files.insert(window.clone(), b"counterfoil-window-v1\n".to_vec());
    assert_eq!(story.refused(), "EVM_WINDOW_MALFORMED");
    story.files.insert(window.clone(), write(100, 109));
    let headers = story.path(paths::EVM_HEADERS);
    let whole = story.files[&headers].clone();
    story.files.insert(headers.clone(), Vec::new());
    assert_eq!(story.refused(), "EVM_WINDOW_BLOCKS", "the statement's block is not there");
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    story.files.insert(headers.clone(), [&lines[..3], &lines[4..]].concat().concat());
    assert_eq!(story.refused(), "EVM_HEADERS_UNLINKED");
    story.files.insert(headers, b"{}\n".to_vec());
    assert_eq!(story.refused(), "EVM_EVIDENCE_MALFORMED");
}

#[test]
fn what_nobody_anchored_is_left_out() {
    let mut story = Story::new(&[100, 103, 104, 107, 109]);
    story.pins = vec![story.chain.block(107).unwrap()];
    let ether = native(&story);
    assert_eq!((ether.to, codes(&ether)), (107, vec!["EVM_WINDOW_UNANCHORED"]));
    assert!(ether.addresses.values().flatten().all(|stretch| stretch.to <= 107));
    // a window above the pin is none
    story.pins = vec![story.chain.block(CUTOFF).unwrap()];
    let window = story.path(paths::WINDOW);
    let above = b"{\"format\":\"counterfoil-evm-window-v1\",\"from\":\"105\",\"to\":\"109\"}\n";
    story.files.insert(window, above.to_vec());
    assert_eq!(story.refused(), "EVM_WINDOW_UNANCHORED");
    // without any anchor everything is only stated
    let mut stated = Story::new(&[100, 103, 104, 109]);
    stated.pins.clear();
    let ether = native(&stated);
    assert_eq!((ether.authenticity, ether.completeness, ether.to), (Basis::Stated, Completeness::UnspentStated, 109));
}

#[test]
fn another_unit_or_another_code_shows_nothing() {
    let at: Vec<u64> = (100..=109).collect();
    let mut story = Story::new(&at);
    story.deployments = vec![deployment(&format!("erc20:{TOKEN}/shares"))];
    let shares = story.window().remove(0);
    assert_eq!(codes(&shares)[0], "EVM_TOKEN_SHARES");
    assert!(shares.addresses.values().all(Vec::is_empty));
    story.deployments = vec![deployment(&format!("erc20:{COLD}"))];
    assert_eq!(codes(&story.window()[0])[0], "EVM_TOKEN_UNKNOWN");
    // what is neither the native coin nor a token has no window
    story.deployments = vec![deployment("erc721:0x0101010101010101010101010101010101010101")];
    assert_eq!(story.window(), vec![]);
}

#[test]
fn a_list_of_events_lets_one_proof_speak_of_quiet_blocks() {
    let mut story = Story::new(&[100]);
    let events = format!(
        "[[token]]\nchain = \"{CHAIN}\"\ncontract = \"{TOKEN}\"\nname = \"a token\"\ncode_hash = \"{}\"\nchanges = []\n\
         source = \"this test\"\n[[token.moves]]\nevent = \"Transfer(address,address,uint256)\"\nholders = [\"topic1\", \"topic2\"]\n",
        hex::encode(keccak(CODE))
    );
    story.events = EventList::parse(&events).unwrap();
    assert_eq!(shown(&token(&story), HOT), [(100, 109, 500, Rule::Logs)]);
    // the embedded chain moves the token without an event: two proofs refute the list
    let mut refuted = Story::new(&[100, 104]);
    refuted.events = story.events.clone();
    let tokens = token(&refuted);
    assert!(codes(&tokens).contains(&"WINDOW_CONTRADICTION"), "{:?}", codes(&tokens));
    assert_eq!(shown(&tokens, HOT), []);
}
