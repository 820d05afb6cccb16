//! Evidence of EVM chains: headers, tries in which the attacker chose root and nodes, and the registry of tokens.

use std::collections::BTreeMap;

use alloy_primitives::U256;
use counterfoil::hash::Digest;
use counterfoil::lab::evm_chain::{EvmAccount, EvmBlock, EvmChain};
use counterfoil::reserve::evm::account_proof;
use counterfoil::reserve::evm::address::EvmAddress;
use counterfoil::reserve::evm::header::EvmHeader;
use counterfoil::reserve::evm::keccak;
use counterfoil::reserve::evm::storage_proof::{self, slot};
use counterfoil::reserve::evm::token::TokenRegistry;
use counterfoil::reserve::evm::trie::NodePool;

fn holder() -> EvmAddress {
    EvmAddress::from_bytes([1; 20])
}

/// A header that is read has the hash of its bytes, and no other bytes are read as the same one.
pub fn evm_header(data: &[u8]) {
    if let Ok(header) = EvmHeader::parse(data) {
        assert_eq!(header.hash().to_bytes(), keccak(data));
        assert!(EvmHeader::parse(&data[..data.len() - 1]).is_err());
    }
}

/// Two bytes of length before each node; the first node's hash is the root.
fn nodes(mut data: &[u8]) -> (Digest, Vec<Vec<u8>>) {
    let mut nodes = Vec::new();
    while let Some((length, rest)) = data.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length)).min(rest.len());
        let (node, rest) = rest.split_at(length);
        nodes.push(node.to_vec());
        data = rest;
    }
    (Digest::from_bytes(nodes.first().map_or([0; 32], |node| keccak(node))), nodes)
}

/// What an account proof shows does not depend on the order or number of its nodes, and needs every node on the way.
pub fn evm_account_proof(data: &[u8]) {
    let (root, nodes) = nodes(data);
    let pool: NodePool = nodes.iter().cloned().collect();
    let shown = account_proof::verify(&root, holder(), &pool);
    let other: NodePool = nodes.iter().rev().chain(&nodes).cloned().collect();
    assert_eq!(shown, account_proof::verify(&root, holder(), &other));
    if matches!(&shown, Ok(Some(_))) {
        assert!(account_proof::verify(&root, holder(), &NodePool::default()).is_err());
    }
    let file = pool.to_file();
    assert_eq!(NodePool::parse("nodes.bin", &file).unwrap(), pool);
    if let Ok(read) = NodePool::parse("nodes.bin", data) {
        assert_eq!(read.to_file(), data);
    }
}

/// The same for words of a contract.
pub fn evm_storage_proof(data: &[u8]) {
    let (root, nodes) = nodes(data);
    let pool: NodePool = nodes.into_iter().collect();
    let shown = storage_proof::verify(&root, &slot(1), &pool);
    if matches!(&shown, Ok(word) if !word.is_zero()) {
        assert!(storage_proof::verify(&root, &slot(1), &NodePool::default()).is_err());
    }
}

/// A registry that is read has entries that name their sources, and slots for every holder.
pub fn evm_token_registry(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(registry) = TokenRegistry::parse(text) else { return };
    for entry in registry.entries() {
        assert!(!entry.source.trim().is_empty());
        let count = 1 + usize::from(entry.frozen_slot.is_some()) + entry.zero_slots.len();
        assert_eq!(entry.slots(holder()).len(), count);
        assert!(registry.of(&entry.chain, entry.contract).contains(&entry));
    }
}

/// A chain of one block with a contract that has a few words.
fn chain() -> EvmChain {
    let storage: BTreeMap<_, _> = (0..12).map(|number| (slot(number), U256::from(number + 1))).collect();
    let account = EvmAccount { balance: U256::from(7), nonce: 1, storage, ..EvmAccount::default() };
    let others =
        (2..12).map(|number| (EvmAddress::from_bytes([number; 20]), EvmAccount { nonce: 1, ..account.clone() }));
    let accounts = std::iter::once((holder(), account.clone())).chain(others).collect();
    EvmChain::new("eip155:1337".parse().unwrap(), 1, vec![EvmBlock { timestamp: 5, accounts }])
}

fn header_bytes() -> Vec<u8> {
    let file = String::from_utf8(chain().headers_file()).unwrap();
    hex::decode(file.trim().trim_start_matches("{\"rlp\":\"").trim_end_matches("\"}")).unwrap()
}

/// The nodes of `pool` behind their lengths, the one under `root` first.
fn with_root_first(root: &Digest, pool: &NodePool) -> Vec<u8> {
    let record = |node: &[u8]| [&u16::try_from(node.len()).unwrap().to_be_bytes()[..], node].concat();
    let (_, others) = nodes(&pool.to_file()[8..]);
    let first = pool.get(root.as_bytes()).unwrap();
    let others = others.iter().filter(|node| node.as_slice() != first);
    std::iter::once(record(first)).chain(others.map(|node| record(node))).flatten().collect()
}

/// The inputs that this module's targets start from.
pub fn honest() -> Vec<(&'static str, String, Vec<u8>)> {
    let header = header_bytes();
    let state_root = *EvmHeader::parse(&header).unwrap().state_root();
    let accounts = chain().nodes(1, &[(holder(), vec![])]);
    let whole = chain().nodes(1, &[(holder(), vec![slot(1)])]);
    let account = account_proof::verify(&state_root, holder(), &whole).unwrap().unwrap();
    vec![
        ("evm_header", "lab".to_owned(), header),
        ("evm_account_proof", "lab".to_owned(), with_root_first(&state_root, &accounts)),
        ("evm_account_proof", "pool".to_owned(), accounts.to_file()),
        ("evm_storage_proof", "lab".to_owned(), with_root_first(&account.storage_root, &whole)),
    ]
}
