//! The transactions of one block: read only when all of them together give the root in its header; each with the
//! address whose key signed it. Specification: `docs/spec/evm-flows.md`.
//!
//! Fields are read by position, type by type (yellow paper, section 4.3; EIP-155, 2718, 2930, 1559, 4844 and 7702).

mod decode;
mod sender;

use alloy_primitives::U256;
use alloy_rlp::Header as RlpHeader;
use alloy_trie::root::ordered_trie_root_encoded;

use super::address::EvmAddress;
use super::keccak;
use crate::code::{Code, Coded, evm_flows as codes};
use crate::hash::Digest;

/// The longest list of transactions, in bytes: three times what a block may have (EIP-7934).
pub const TRANSACTIONS_BYTES_MAX: usize = 1 << 25;
/// The most transactions: a block has room for a few thousand.
pub const TRANSACTIONS_MAX: usize = 1 << 16;

/// What a unit of gas costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GasPrice {
    /// So much, in base units.
    Fixed(U256),
    /// The block's base fee and at most `tip` above it, both together at most `limit` (EIP-1559).
    Capped {
        /// The most for the block's producer.
        tip: U256,
        /// The most of all.
        limit: U256,
    },
}

/// One transaction of a block, as its sender signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// Its hash.
    pub hash: Digest,
    /// Its type: 0 to 4.
    pub kind: u8,
    /// The chain that it says it is for; `None` before EIP-155.
    pub chain_number: Option<u64>,
    /// How many transactions the sender had sent before.
    pub nonce: u64,
    /// The address of the key that signed it.
    pub sender: EvmAddress,
    /// Whom it calls; `None` when it creates a contract.
    pub to: Option<EvmAddress>,
    /// What it brings along, in base units of the native coin.
    pub value: U256,
    /// What its gas costs.
    pub price: GasPrice,
}

impl Transaction {
    /// Who gets the value: whom it calls, or the contract that it creates, whose address follows from sender and nonce
    /// (yellow paper, section 7).
    #[must_use]
    pub fn recipient(&self) -> EvmAddress {
        self.to.unwrap_or_else(|| decode::created_address(self.sender, self.nonce))
    }

    /// What a unit of gas costs in a block with this base fee; `None` when the block has none and needs one, or the sum
    /// does not fit.
    #[must_use]
    pub fn gas_price(&self, base_fee: Option<u64>) -> Option<U256> {
        match self.price {
            GasPrice::Fixed(price) => Some(price),
            GasPrice::Capped { tip, limit } => Some(U256::from(base_fee?).checked_add(tip)?.min(limit)),
        }
    }

    /// Whether its blobs cost more than its gas says (EIP-4844).
    #[must_use]
    pub const fn has_blobs(&self) -> bool {
        self.kind == decode::BLOBS
    }
}

/// The transactions under `root`, the transactions root of a header. `list` is one RLP list of byte strings, each one
/// transaction as it is hashed: the RLP list of a first-type transaction, or the type and that list (EIP-2718).
/// Chain and root are the verifier's.
///
/// # Errors
/// [`TransactionError`].
pub fn transactions(chain_number: u64, root: &Digest, list: &[u8]) -> Result<Vec<Transaction>, TransactionError> {
    let raw = split(list)?;
    let got = root_of(&raw);
    if got != *root {
        return Err(TransactionError::Root { count: raw.len(), got, expected: *root });
    }
    let mut all = Vec::with_capacity(raw.len());
    for (at, bytes) in raw.into_iter().enumerate() {
        let transaction = decode::transaction(at, bytes)?;
        if transaction.chain_number.is_some_and(|got| got != chain_number) {
            let got = transaction.chain_number.unwrap_or_default();
            return Err(TransactionError::Chain { at, got, expected: chain_number });
        }
        all.push(transaction);
    }
    Ok(all)
}

/// The transactions root that a list gives, whatever is in its transactions.
///
/// # Errors
/// [`TransactionError::Malformed`] when it is no list of transactions.
pub fn transactions_root(list: &[u8]) -> Result<Digest, TransactionError> {
    split(list).map(|raw| root_of(&raw))
}

fn root_of(raw: &[&[u8]]) -> Digest {
    Digest::from_bytes(ordered_trie_root_encoded(raw).0)
}

/// The bytes of each transaction.
fn split(list: &[u8]) -> Result<Vec<&[u8]>, TransactionError> {
    let fail = |detail: String| TransactionError::List { detail };
    if list.len() > TRANSACTIONS_BYTES_MAX {
        return Err(fail(format!("{} bytes, at most {TRANSACTIONS_BYTES_MAX} are accepted", list.len())));
    }
    let rlp = |error: alloy_rlp::Error| fail(error.to_string());
    let mut rest = list;
    let mut items = RlpHeader::decode_bytes(&mut rest, true).map_err(rlp)?;
    if !rest.is_empty() {
        return Err(fail(format!("{} bytes follow the list", rest.len())));
    }
    let mut raw = Vec::new();
    while !items.is_empty() {
        if raw.len() == TRANSACTIONS_MAX {
            return Err(fail(format!("more than {TRANSACTIONS_MAX} transactions")));
        }
        raw.push(RlpHeader::decode_bytes(&mut items, false).map_err(rlp)?);
    }
    Ok(raw)
}

/// The hash that names a transaction: Keccak-256 of its bytes.
#[must_use]
pub fn transaction_hash(bytes: &[u8]) -> Digest {
    Digest::from_bytes(keccak(bytes))
}

/// Why the transactions of a block show nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransactionError {
    /// Not a list of transactions.
    #[error("not a list of transactions: {detail}")]
    List {
        /// What was found.
        detail: String,
    },
    /// Transactions that are not those of the block.
    #[error("{count} transactions have root {got}, the header has {expected}")]
    Root {
        /// How many.
        count: usize,
        /// Their root.
        got: Digest,
        /// The header's.
        expected: Digest,
    },
    /// A type that this version does not know.
    #[error("transaction {at} is of type {got:#04x}, known are 0 to 4")]
    Type {
        /// Its place in the block, from 0.
        at: usize,
        /// Its first byte.
        got: u8,
    },
    /// A transaction of another form.
    #[error("transaction {at}: {detail}")]
    Malformed {
        /// Its place in the block, from 0.
        at: usize,
        /// Got and expected.
        detail: String,
    },
    /// A transaction that was signed for another chain.
    #[error("transaction {at} is for chain {got}, expected {expected}")]
    Chain {
        /// Its place in the block, from 0.
        at: usize,
        /// The number that it was signed for.
        got: u64,
        /// The asked chain's.
        expected: u64,
    },
    /// A signature that no key made.
    #[error("transaction {at}: {detail}")]
    Signature {
        /// Its place in the block, from 0.
        at: usize,
        /// What is wrong with it.
        detail: &'static str,
    },
}

impl Coded for TransactionError {
    fn code(&self) -> &'static Code {
        match self {
            Self::List { .. } => &codes::BODY_MALFORMED,
            Self::Root { .. } => &codes::TRANSACTIONS_ROOT,
            Self::Type { .. } => &codes::EVM_TRANSACTION_TYPE,
            Self::Malformed { .. } => &codes::EVM_TRANSACTION_MALFORMED,
            Self::Chain { .. } => &codes::EVM_TRANSACTION_CHAIN,
            Self::Signature { .. } => &codes::EVM_TRANSACTION_SIGNATURE,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
