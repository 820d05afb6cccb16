//! Trie nodes of accounts and slots, gathered into one pool.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::U256;

use super::{ProofJson, bytes, digest, word};
use crate::fetch::rpc::{Client, FetchError};
use crate::hash::Digest;
use crate::reserve::evm::address::EvmAddress;
use crate::reserve::evm::control::safe;
use crate::reserve::evm::pool::{PoolEntry, Rule};
use crate::reserve::evm::storage_proof::Slot;
use crate::reserve::evm::token::{Pointer, TokenEntry, TokenRegistry};
use crate::reserve::evm::trie::NodePool;

const METHOD: &str = "eth_getProof";
/// Slots in one question.
const SLOTS: usize = 100;
/// Owners of one Safe that are followed.
const OWNERS_MAX: usize = 100;
/// The length of the code of a key that lent its account (EIP-7702).
const DESIGNATOR_BYTES: usize = 23;

pub(super) struct Accounts<'a> {
    client: &'a Client,
    /// The number of the block asked about, as the interface writes it.
    block: String,
    pool: NodePool,
}

impl<'a> Accounts<'a> {
    pub(super) fn new(client: &'a Client, block: u64) -> Self {
        Self { client, block: format!("0x{block:x}"), pool: NodePool::default() }
    }

    /// Asks about another block from here on.
    pub(super) fn at(&mut self, block: u64) {
        self.block = format!("0x{block:x}");
    }

    /// Keeps a node that was gathered elsewhere.
    pub(super) fn keep(&mut self, node: &[u8]) {
        self.pool.insert(node.to_vec());
    }

    /// An account and nothing else of it; the hash of its code, by the node.
    pub(super) fn add_account(&mut self, address: EvmAddress) -> Result<Digest, FetchError> {
        digest(METHOD, &self.ask(address, &[])?.0)
    }

    pub(super) fn finish(self) -> NodePool {
        self.pool
    }

    /// An account; its code when it is short, and what judging a Safe needs.
    pub(super) fn add(&mut self, address: EvmAddress) -> Result<(), FetchError> {
        let code_hash = self.ask(address, &[])?.0;
        let code_hash = digest(METHOD, &code_hash)?;
        if code_hash == crate::reserve::evm::account_proof::NO_CODE {
            return Ok(());
        }
        let code: String = self.client.ask("eth_getCode", &format!("[\"{address}\",\"{}\"]", self.block))?;
        let code = bytes("eth_getCode", &code)?;
        if code.len() == DESIGNATOR_BYTES && code.starts_with(&[0xef, 0x01, 0x00]) {
            self.pool.insert(code);
        }
        if safe::is_wallet(&code_hash) {
            let mut slots = safe::slots();
            slots.extend(self.owners(address)?);
            let words = self.ask(address, &slots)?.1;
            if let Some(singleton) = words.first().and_then(|word| low_address(*word)) {
                self.ask(singleton, &[])?;
            }
        }
        Ok(())
    }

    /// The slots of a Safe's owners: each one's has the next one in it.
    fn owners(&self, safe: EvmAddress) -> Result<Vec<Slot>, FetchError> {
        let mut slots = Vec::new();
        let mut current = safe::SENTINEL;
        while slots.len() < OWNERS_MAX {
            let slot = safe::owner_slot(current);
            slots.push(slot);
            let params = format!("[\"{safe}\",\"0x{}\",\"{}\"]", hex::encode(slot), self.block);
            let next: String = self.client.ask("eth_getStorageAt", &params)?;
            match low_address(word("eth_getStorageAt", &next)?) {
                Some(next) if next != safe::SENTINEL => current = next,
                _ => break,
            }
        }
        Ok(slots)
    }

    /// A token's contract with the slots of every holder; what its proxy runs.
    pub(super) fn add_token(
        &mut self,
        entries: &[&TokenEntry],
        contract: EvmAddress,
        holders: &[EvmAddress],
    ) -> Result<(), FetchError> {
        let mut pointers: Vec<Slot> =
            entries.iter().filter_map(|entry| entry.proxy).map(|proxy| proxy.pointer.slot()).collect();
        if entries.is_empty() {
            pointers = [Pointer::Eip1967, Pointer::Zeppelinos].map(Pointer::slot).to_vec();
        }
        pointers.sort_unstable();
        pointers.dedup();
        for pointer in self.ask(contract, &pointers)?.1 {
            if let Some(implementation) = low_address(pointer) {
                self.ask(implementation, &[])?;
            }
        }
        let slots = entries.iter().flat_map(|entry| holders.iter().flat_map(|holder| entry.slots(*holder)));
        let slots: BTreeMap<Slot, ()> = slots.map(|slot| (slot, ())).collect();
        let slots: Vec<Slot> = slots.into_keys().collect();
        for chunk in slots.chunks(SLOTS) {
            self.ask(contract, chunk)?;
        }
        Ok(())
    }

    /// A contract with shares: its slots for every holder, and of a vault what it has of its asset.
    pub(super) fn add_pool(
        &mut self,
        pool: &PoolEntry,
        tokens: &TokenRegistry,
        holders: &[EvmAddress],
    ) -> Result<(), FetchError> {
        let slots: BTreeSet<Slot> = holders.iter().flat_map(|holder| pool.slots(*holder)).collect();
        let slots: Vec<Slot> = slots.into_iter().collect();
        for chunk in slots.chunks(SLOTS) {
            self.ask(pool.contract, chunk)?;
        }
        match &pool.rule {
            Rule::Vault { asset, .. } => self.add_token(&tokens.of(&pool.chain, *asset), *asset, &[pool.contract]),
            // what a pair has is what its own slot says
            Rule::ConstantProduct { .. } => Ok(()),
        }
    }

    /// Asks for an account and slots of it, and keeps every node; the hash of its code and the words, by the node.
    fn ask(&mut self, address: EvmAddress, slots: &[Slot]) -> Result<(String, Vec<U256>), FetchError> {
        let keys: Vec<String> = slots.iter().map(|slot| format!("\"0x{}\"", hex::encode(slot))).collect();
        let params = format!("[\"{address}\",[{}],\"{}\"]", keys.join(","), self.block);
        let answer: ProofJson = self.client.ask(METHOD, &params)?;
        let of_slots = answer.storage_proof.iter().flat_map(|slot| &slot.proof);
        for node in answer.account_proof.iter().chain(of_slots) {
            self.pool.insert(bytes(METHOD, node)?);
        }
        let words: Result<Vec<U256>, FetchError> =
            answer.storage_proof.iter().map(|slot| word(METHOD, &slot.value)).collect();
        Ok((answer.code_hash, words?))
    }
}

/// The address in the low bytes of a word; `None` for zero.
fn low_address(word: U256) -> Option<EvmAddress> {
    let bytes = word.to_be_bytes::<32>();
    let (_, low) = bytes.split_first_chunk::<12>()?;
    let address: [u8; 20] = low.try_into().ok()?;
    (address != [0; 20]).then(|| EvmAddress::from_bytes(address))
}
