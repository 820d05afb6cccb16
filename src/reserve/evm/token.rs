//! Tokens: the registry of what a token's code keeps where, and balances proved with it. Specification:
//! `docs/spec/evm-token.md`.
//!
//! A storage proof says what a slot holds. That the slot is a balance follows only from the code that reads it, so an
//! entry is valid for one code hash, and names where its facts come from.

use alloy_primitives::U256;
use serde::Deserialize;

use super::address::{EvmAddress, chain_number};
use super::storage_proof::{Slot, address_word, slot, solidity_mapping, vyper_mapping};
use crate::asset::ChainId;
use crate::code::{Code, Coded, evm_token as codes};
use crate::hash::Digest;

mod proof;

pub(super) use proof::as_address;
pub use proof::{OpenToken, TokenError, TokenHolding, open};

/// The entries that come with the program.
const BUILT_IN: &str = include_str!("token/registry.toml");

/// How a mapping's slots follow from its own slot and a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// keccak(key ‖ slot).
    Solidity,
    /// keccak(slot ‖ key).
    Vyper,
}

impl Layout {
    /// The slot of `holder` in the mapping at `base`.
    #[must_use]
    pub fn holder_slot(self, holder: EvmAddress, base: u64) -> Slot {
        let key = address_word(holder);
        match self {
            Self::Solidity => solidity_mapping(&key, &slot(base)),
            Self::Vyper => vyper_mapping(&key, &slot(base)),
        }
    }
}

/// What the word of a holder means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decode {
    /// The balance.
    Plain,
    /// The low 255 bits are the balance; the highest bit says that the holder is frozen.
    BlacklistBit,
    /// Shares of a pool whose total moves: not an amount of the token.
    Shares,
}

/// Where a proxy keeps the address of its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pointer {
    /// keccak("eip1967.proxy.implementation") − 1 (ERC-1967).
    Eip1967,
    /// keccak("org.zeppelinos.proxy.implementation").
    Zeppelinos,
}

impl Pointer {
    /// The slot.
    #[must_use]
    pub fn slot(self) -> Slot {
        match self {
            Self::Zeppelinos => super::keccak(b"org.zeppelinos.proxy.implementation"),
            Self::Eip1967 => {
                let hash = U256::from_be_bytes(super::keccak(b"eip1967.proxy.implementation"));
                hash.wrapping_sub(U256::from(1)).to_be_bytes()
            }
        }
    }
}

/// A contract that runs the code of another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proxy {
    /// Where the other one's address is.
    pub pointer: Pointer,
    /// The hash of the other one's code. `None`: the entry's author did not know it, and nothing is proved with it.
    pub implementation_code_hash: Option<Digest>,
}

/// What is known of one version of one token's code.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenEntry {
    /// The chain.
    pub chain: ChainId,
    /// The contract that holds the balances.
    #[serde(deserialize_with = "address")]
    pub contract: EvmAddress,
    /// The token and the version of its code, in words.
    pub name: String,
    /// The hash of the contract's code.
    pub code_hash: Digest,
    /// Whether, and how, it runs another one's.
    pub proxy: Option<Proxy>,
    /// The slot of the mapping from holders to balances.
    pub balance_slot: u64,
    /// How that and the other mappings are laid out.
    pub layout: Layout,
    /// What a holder's word means.
    pub decode: Decode,
    /// The slot of a mapping from holders to a word that is not zero when they are frozen.
    pub frozen_slot: Option<u64>,
    /// Slots that are zero as long as the contract answers from its own storage.
    #[serde(default)]
    pub zero_slots: Vec<u64>,
    /// Where each of these facts comes from.
    pub source: String,
}

pub(super) fn address<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<EvmAddress, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

impl TokenEntry {
    /// Every slot that a proof of `holder`'s balance needs, besides the proxy's pointer.
    #[must_use]
    pub fn slots(&self, holder: EvmAddress) -> Vec<Slot> {
        let frozen = self.frozen_slot.map(|base| self.layout.holder_slot(holder, base));
        let zero = self.zero_slots.iter().map(|number| slot(*number));
        std::iter::once(self.layout.holder_slot(holder, self.balance_slot)).chain(frozen).chain(zero).collect()
    }

    fn check(&self) -> Result<(), String> {
        chain_number(&self.chain).map_err(|error| error.to_string())?;
        match self {
            entry if entry.source.trim().is_empty() => Err("it names no source".to_owned()),
            entry if entry.zero_slots.len() > 16 => Err(format!("{} zero_slots, at most 16", entry.zero_slots.len())),
            _ => Ok(()),
        }
    }
}

/// Entries, each for one code of one contract.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenRegistry(Vec<TokenEntry>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RegistryToml {
    #[serde(default)]
    token: Vec<TokenEntry>,
}

impl TokenRegistry {
    /// The entries that come with the program.
    ///
    /// # Errors
    /// [`RegistryError`], never for the file of this version: a test reads it.
    pub fn built_in() -> Result<Self, RegistryError> {
        Self::parse(BUILT_IN)
    }

    /// Reads `[[token]]` tables.
    ///
    /// # Errors
    /// [`RegistryError`] naming the entry.
    pub fn parse(text: &str) -> Result<Self, RegistryError> {
        let file: RegistryToml = toml::from_str(text).map_err(|error| RegistryError(error.to_string()))?;
        Self::default().with(file.token)
    }

    /// With more entries; one for the same contract and the same codes twice is refused.
    ///
    /// # Errors
    /// [`RegistryError`].
    pub fn with(mut self, entries: Vec<TokenEntry>) -> Result<Self, RegistryError> {
        for entry in entries {
            entry.check().map_err(|detail| RegistryError(format!("token {:?}: {detail}", entry.name)))?;
            let codes = |entry: &TokenEntry| {
                (entry.chain.clone(), entry.contract, entry.code_hash, entry.proxy.map(|p| p.implementation_code_hash))
            };
            if let Some(other) = self.0.iter().find(|other| codes(other) == codes(&entry)) {
                let detail = format!("tokens {:?} and {:?} are of one contract and one code", other.name, entry.name);
                return Err(RegistryError(detail));
            }
            // an entry that knows no proxy would prove balances whatever the proxy runs
            let pointer = |entry: &TokenEntry| entry.proxy.map(|proxy| proxy.pointer);
            let same_code = |other: &&TokenEntry| {
                (&other.chain, other.contract, other.code_hash) == (&entry.chain, entry.contract, entry.code_hash)
            };
            if let Some(other) = self.0.iter().filter(same_code).find(|other| pointer(other) != pointer(&entry)) {
                let detail = format!(
                    "tokens {:?} and {:?} are of one contract and one code, and differ in its proxy",
                    other.name, entry.name
                );
                return Err(RegistryError(detail));
            }
            self.0.push(entry);
        }
        Ok(self)
    }

    /// Every entry.
    #[must_use]
    pub fn entries(&self) -> &[TokenEntry] {
        &self.0
    }

    /// The entries of one contract.
    #[must_use]
    pub fn of(&self, chain: &ChainId, contract: EvmAddress) -> Vec<&TokenEntry> {
        self.0.iter().filter(|entry| entry.chain == *chain && entry.contract == contract).collect()
    }
}

/// A registry is not usable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RegistryError(String);

impl Coded for RegistryError {
    fn code(&self) -> &'static Code {
        &codes::EVM_TOKEN_REGISTRY
    }
}

#[cfg(test)]
mod tests;
