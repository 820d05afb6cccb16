//! Windows of EVM chains: one file of an honest bundle is exchanged for any bytes, or a journal is made of them.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use alloy_primitives::U256;
use counterfoil::asset::{ChainId, DeploymentId};
use counterfoil::bundle::{MemoryFiles, paths};
use counterfoil::fetch::evm::Request;
use counterfoil::fetch::evm::watch::Journal;
use counterfoil::lab::evm_chain::{EvmAccount, EvmBlock, EvmChain};
use counterfoil::reserve::claim::{ChainQuery, ControlGrade};
use counterfoil::reserve::evm::address::EvmAddress;
use counterfoil::reserve::evm::token::TokenRegistry;
use counterfoil::reserve::evm::window::{EventList, Own, window};
use counterfoil::snapshot::Time;

const HOT: EvmAddress = EvmAddress::from_bytes([1; 20]);
const FILES: [&str; 3] = [paths::WINDOW, paths::EVM_NODES, paths::EVM_HEADERS];
const BALANCE: u64 = 50;

fn id() -> ChainId {
    "eip155:1".parse().unwrap()
}

/// A chain of eight blocks on which one account never moves, and the files of its window.
fn honest() -> &'static (EvmChain, MemoryFiles) {
    static STORY: OnceLock<(EvmChain, MemoryFiles)> = OnceLock::new();
    STORY.get_or_init(|| {
        let block = |number: u64| {
            let account = |balance: u64| EvmAccount { balance: U256::from(balance), nonce: 3, ..EvmAccount::default() };
            let others = (2..9).map(|seed: u8| (EvmAddress::from_bytes([seed; 20]), account(number)));
            let accounts: BTreeMap<_, _> = std::iter::once((HOT, account(BALANCE))).chain(others).collect();
            EvmBlock { timestamp: 100 + number, accounts }
        };
        let chain = EvmChain::new(id(), 10, (10..18).map(block).collect());
        let files = chain.window_files((11, 16), &[(HOT, Vec::new())], [11, 13, 16]).unwrap();
        (chain, files)
    })
}

fn request() -> Request {
    Request {
        url: String::new(),
        credentials: None,
        chain: id(),
        addresses: vec![HOT.to_string()],
        cutoff: Time::from_unix(0),
        to_height: None,
        deployments: Vec::new(),
        tokens: TokenRegistry::default(),
        pools: Vec::new(),
        control: None,
    }
}

/// The first byte says which file the others are. Under a pinned block nothing is shown that was not so, whatever
/// stands in any of them. A journal that is read again up to its last whole line is the same one.
pub fn evm_window(data: &[u8]) {
    let Some((which, bytes)) = data.split_first() else { return };
    let Some(name) = FILES.get(usize::from(*which)) else {
        if let Ok(journal) = Journal::read(bytes, &request()) {
            let whole = &bytes[..usize::try_from(journal.length()).unwrap()];
            assert_eq!(Journal::read(whole, &request()).unwrap(), journal);
        }
        return;
    };
    let (chain, files) = honest();
    let mut files: MemoryFiles = files.iter().map(|(name, bytes)| (paths::chain(&id(), name), bytes.clone())).collect();
    files.insert(paths::chain(&id(), name), bytes.to_vec());
    let (id, cutoff_block, pins) = (id(), chain.block(13).unwrap(), [chain.block(17).unwrap()]);
    let deployments: Vec<DeploymentId> = vec![format!("{id}/slip44:60").parse().unwrap()];
    let query = ChainQuery {
        chain: &id,
        pins: &pins,
        cutoff_block: &cutoff_block,
        cutoff: Time::from_unix(113),
        addresses: &[],
        deployments: &deployments,
        transcript: None,
    };
    let addresses = [(HOT.to_string(), ControlGrade::KeySigned)].into();
    let (tokens, events) = (TokenRegistry::default(), EventList::default());
    let own = Own { tokens: &tokens, events: &events, addresses: &addresses };
    for shown in window(&query, &own, &files).ok().flatten().unwrap_or_default() {
        let anchored = shown.authenticity == counterfoil::basis::Basis::Proved;
        for stretch in shown.addresses.values().flatten() {
            assert!(shown.from <= stretch.from && stretch.from <= stretch.to && stretch.to <= shown.to);
            assert!(!anchored || stretch.minimum.base_units() <= u128::from(BALANCE));
        }
    }
}

/// One input for each file, and a journal.
pub fn honest_windows() -> Vec<(String, Vec<u8>)> {
    let file = |which: usize| {
        let which_byte = u8::try_from(which).unwrap();
        [&[which_byte], honest().1[FILES[which]].as_slice()].concat()
    };
    let (_, head) = Journal::begin(&request()).unwrap();
    let headers = String::from_utf8(honest().1[paths::EVM_HEADERS].clone()).unwrap();
    let mut journal = [vec![9], head].concat();
    for (number, line) in (10..).zip(headers.lines()) {
        let rlp = line.trim_start_matches("{\"rlp\":\"").trim_end_matches("\"}");
        let line = format!(
            "{{\"kind\":\"block\",\"nodes\":[\"c20102\"],\"number\":\"{number}\",\"receipts\":null,\
             \"rlp\":\"{rlp}\",\"whole\":false}}\n"
        );
        journal.extend(line.into_bytes());
    }
    journal.extend(b"{\"kind\":\"whole\",\"nodes\":[],\"number\":\"12\"}\n{\"kind\":\"drop\",\"number\":\"16\"}\n");
    assert!(Journal::read(&journal[1..], &request()).is_ok());
    vec![
        ("window".to_owned(), file(0)),
        ("nodes".to_owned(), file(1)),
        ("headers".to_owned(), file(2)),
        ("journal".to_owned(), journal),
    ]
}
