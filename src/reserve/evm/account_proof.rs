//! Accounts in the state: what `eth_getProof` (EIP-1186) answers, checked against a state root.

use alloy_primitives::U256;
use alloy_trie::TrieAccount;

use super::address::EvmAddress;
use super::keccak;
use super::trie::{NodePool, TrieError, lookup};
use crate::code::{Code, Coded, evm as codes};
use crate::hash::Digest;

/// The hash of no code (EIP-1052): accounts that are keys have it.
pub const NO_CODE: Digest = Digest::from_bytes(alloy_trie::KECCAK_EMPTY.0);

/// An account as the state has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// Transactions sent, or contracts created.
    pub nonce: u64,
    /// Base units of the native coin.
    pub balance: U256,
    /// The root of the account's storage trie.
    pub storage_root: Digest,
    /// The hash of the account's code.
    pub code_hash: Digest,
}

/// Finds the account of `address` in the state under `state_root`, or shows that it has none (`None`). Root and
/// address are the verifier's; the key is the address's own hash, never one from the evidence.
///
/// # Errors
/// [`AccountProofError`].
pub fn verify(state_root: &Digest, address: EvmAddress, pool: &NodePool) -> Result<Option<Account>, AccountProofError> {
    let key = keccak(&address.to_bytes());
    let value = lookup(state_root, &key, pool).map_err(|source| AccountProofError::Trie { address, source })?;
    value.map(|value| account(address, &value)).transpose()
}

/// The RLP list of nonce, balance, storage root and code hash, and nothing else.
fn account(address: EvmAddress, value: &[u8]) -> Result<Account, AccountProofError> {
    let account: TrieAccount = alloy_rlp::decode_exact(value)
        .map_err(|error| AccountProofError::Account { address, detail: error.to_string() })?;
    Ok(Account {
        nonce: account.nonce,
        balance: account.balance,
        storage_root: Digest::from_bytes(account.storage_root.0),
        code_hash: Digest::from_bytes(account.code_hash.0),
    })
}

/// Why an account is not shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountProofError {
    /// The nodes do not lead from the root to the key.
    #[error("account {address}: {source}")]
    Trie {
        /// The asked address.
        address: EvmAddress,
        /// Why not.
        source: TrieError,
    },
    /// The leaf is not an account.
    #[error("account {address}: the leaf is not an account of four fields: {detail}")]
    Account {
        /// The asked address.
        address: EvmAddress,
        /// What the decoder found.
        detail: String,
    },
}

impl AccountProofError {
    /// Whether the evidence does not speak of the account, rather than speaking wrongly of it.
    #[must_use]
    pub const fn is_missing(&self) -> bool {
        matches!(self, Self::Trie { source: TrieError::Missing { .. }, .. })
    }
}

impl Coded for AccountProofError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Trie { source, .. } => source.code(),
            Self::Account { .. } => &codes::EVM_PROOF_INVALID,
        }
    }
}

#[cfg(test)]
mod tests;
