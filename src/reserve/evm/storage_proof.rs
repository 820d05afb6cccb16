//! Storage slots of a contract: the words that its account's storage root commits to.

use alloy_primitives::U256;
use alloy_rlp::Header as RlpHeader;

use super::address::EvmAddress;
use super::keccak;
use super::trie::{NodePool, TrieError, lookup};
use crate::code::{Code, Coded, evm_token as codes};
use crate::hash::Digest;

/// The number of a storage slot.
pub type Slot = [u8; 32];

/// A small number as a slot.
#[must_use]
pub fn slot(number: u64) -> Slot {
    U256::from(number).to_be_bytes()
}

/// An address as a word: twelve zero bytes in front.
#[must_use]
pub fn address_word(address: EvmAddress) -> [u8; 32] {
    let mut word = [0; 32];
    for (to, from) in word.iter_mut().skip(12).zip(address.to_bytes()) {
        *to = from;
    }
    word
}

/// The slot of `key` in a mapping at `base`, as the Solidity compiler lays mappings out: keccak(key ‖ base).
#[must_use]
pub fn solidity_mapping(key: &[u8; 32], base: &Slot) -> Slot {
    keccak(&[key.as_slice(), base.as_slice()].concat())
}

/// The slot of `key` in a mapping at `base`, as the Vyper compiler lays mappings out: keccak(base ‖ key).
#[must_use]
pub fn vyper_mapping(key: &[u8; 32], base: &Slot) -> Slot {
    keccak(&[base.as_slice(), key.as_slice()].concat())
}

/// The word in `slot` of the contract whose storage trie has `storage_root`. A slot that the trie does not have is
/// zero, as the machine reads it. Root and slot are the verifier's.
///
/// # Errors
/// [`StorageProofError`].
pub fn verify(storage_root: &Digest, slot: &Slot, pool: &NodePool) -> Result<U256, StorageProofError> {
    let place = Digest::from_bytes(*slot);
    let value =
        lookup(storage_root, &keccak(slot), pool).map_err(|source| StorageProofError::Trie { slot: place, source })?;
    value
        .map_or(Ok(U256::ZERO), |value| word(&value).map_err(|detail| StorageProofError::Value { slot: place, detail }))
}

/// An RLP string of 1 to 32 bytes without leading zeros: zero is never stored.
fn word(value: &[u8]) -> Result<U256, String> {
    let mut rest = value;
    let bytes = RlpHeader::decode_bytes(&mut rest, false).map_err(|error| error.to_string())?;
    if !rest.is_empty() {
        return Err(format!("{} bytes follow the value", rest.len()));
    }
    match bytes {
        [] => Err("a stored zero, which an Ethereum trie never has".to_owned()),
        [0, ..] => Err("a leading zero".to_owned()),
        bytes => U256::try_from_be_slice(bytes).ok_or_else(|| format!("{} bytes, at most 32 are a word", bytes.len())),
    }
}

/// Why a slot is not shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StorageProofError {
    /// The nodes do not lead from the root to the key.
    #[error("storage slot {slot}: {source}")]
    Trie {
        /// The asked slot.
        slot: Digest,
        /// Why not.
        source: TrieError,
    },
    /// The leaf is not a word.
    #[error("storage slot {slot}: the leaf is not a word in its one encoding: {detail}")]
    Value {
        /// The asked slot.
        slot: Digest,
        /// What was found.
        detail: String,
    },
}

impl StorageProofError {
    /// Whether the evidence does not speak of the slot, rather than speaking wrongly of it.
    #[must_use]
    pub const fn is_missing(&self) -> bool {
        matches!(self, Self::Trie { source: TrieError::Missing { .. }, .. })
    }
}

impl Coded for StorageProofError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Trie { source, .. } => source.code(),
            Self::Value { .. } => &codes::EVM_STORAGE_VALUE,
        }
    }
}

#[cfg(test)]
mod tests;
