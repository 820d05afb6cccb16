//! One whole block, from its bytes.

use bitcoin::consensus::encode;
use bitcoin::hashes::{Hash as _, HashEngine as _, sha256d};
use bitcoin::{Block, BlockHash, Transaction, Txid};

use crate::code::{Code, Coded, bitcoin_chain as codes};

/// The largest block: four million units of weight, of which a byte has at least one (BIP-141).
pub const BLOCK_LENGTH_MAX: usize = 4_000_000;
/// The size of an inner node: two hashes.
const NODE_LENGTH: usize = 64;

/// Reads the block `expected`, and shows that its bytes hold exactly the transactions of that block.
///
/// A transaction of 64 bytes is also an inner node. Here it can only be a transaction: the coinbase, which is longer
/// and stands at place 0, fixes the depth of the tree.
///
/// # Errors
/// [`BlockError`].
pub fn whole_block(expected: BlockHash, bytes: &[u8]) -> Result<Block, BlockError> {
    let malformed = |detail: String| BlockError::Malformed { block: expected, detail };
    if bytes.len() > BLOCK_LENGTH_MAX {
        return Err(malformed(format!("{} bytes, expected at most {BLOCK_LENGTH_MAX}", bytes.len())));
    }
    let block: Block = encode::deserialize(bytes).map_err(|error| malformed(error.to_string()))?;
    let got = block.block_hash();
    if got != expected {
        return Err(malformed(format!("its header has the hash {got}")));
    }
    check_coinbase(expected, &block.txdata)?;
    let txids: Vec<Txid> = block.txdata.iter().map(Transaction::compute_txid).collect();
    let root = merkle_root(&txids).map_err(|Repeated| BlockError::Duplicate { block: expected })?;
    if root != block.header.merkle_root.to_byte_array() {
        return Err(BlockError::Root { block: expected });
    }
    if !block.check_witness_commitment() {
        return Err(BlockError::Witness { block: expected });
    }
    Ok(block)
}

/// The first transaction is the coinbase, and no other is.
fn check_coinbase(block: BlockHash, transactions: &[Transaction]) -> Result<(), BlockError> {
    let length = |transaction: &Transaction| transaction.base_size();
    let fail = |detail: String| Err(BlockError::Coinbase { block, detail });
    let Some((first, others)) = transactions.split_first() else {
        return fail("it has no transactions".to_owned());
    };
    if !first.is_coinbase() || length(first) == NODE_LENGTH {
        if transactions.iter().any(|transaction| length(transaction) == NODE_LENGTH) {
            return Err(BlockError::Nodes { block });
        }
        return fail("its first transaction is no coinbase".to_owned());
    }
    match others.iter().position(Transaction::is_coinbase) {
        Some(place) => fail(format!("the transaction at place {} is a second coinbase", place + 1)),
        None => Ok(()),
    }
}

/// Two neighbours of a level are identical.
struct Repeated;

/// The root over the transactions' ids. The last node of an odd level is paired with itself; a level that already has
/// such a pair gives the root of a shorter block.
fn merkle_root(txids: &[Txid]) -> Result<[u8; 32], Repeated> {
    let mut level: Vec<[u8; 32]> = txids.iter().map(|txid| txid.to_byte_array()).collect();
    while level.len() > 1 {
        let mut next = Vec::with_capacity(level.len().div_ceil(2));
        for pair in level.chunks(2) {
            let (left, right) = match pair {
                [left, right] if left == right => return Err(Repeated),
                [left, right] => (left, right),
                [last] => (last, last),
                _ => continue,
            };
            let mut engine = sha256d::Hash::engine();
            engine.input(left);
            engine.input(right);
            next.push(sha256d::Hash::from_engine(engine).to_byte_array());
        }
        level = next;
    }
    Ok(level.first().copied().unwrap_or_default())
}

/// Why bytes are not the whole block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// Not one coinbase, at the beginning.
    #[error("block {block}: {detail}")]
    Coinbase {
        /// The block.
        block: BlockHash,
        /// What is wrong.
        detail: String,
    },
    /// Transactions repeated in the way that keeps the root.
    #[error("block {block}: two neighbours of its tree are identical")]
    Duplicate {
        /// The block.
        block: BlockHash,
    },
    /// Not a header and whole transactions.
    #[error("block {block}: {detail}")]
    Malformed {
        /// The block.
        block: BlockHash,
        /// What is wrong.
        detail: String,
    },
    /// Inner nodes in the place of transactions.
    #[error("block {block}: no coinbase, and a transaction of {NODE_LENGTH} bytes, the length of an inner node")]
    Nodes {
        /// The block.
        block: BlockHash,
    },
    /// Other transactions than the header commits to.
    #[error("block {block}: its transactions do not lead to the root in its header")]
    Root {
        /// The block.
        block: BlockHash,
    },
    /// Other witnesses than the coinbase commits to.
    #[error("block {block}: its coinbase does not commit to its witnesses")]
    Witness {
        /// The block.
        block: BlockHash,
    },
}

impl Coded for BlockError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Coinbase { .. } => &codes::BLOCK_COINBASE,
            Self::Duplicate { .. } => &codes::BLOCK_DUPLICATE,
            Self::Malformed { .. } => &codes::BLOCK_MALFORMED,
            Self::Nodes { .. } => &codes::BLOCK_NODES,
            Self::Root { .. } => &codes::BLOCK_ROOT,
            Self::Witness { .. } => &codes::BLOCK_WITNESS,
        }
    }
}

#[cfg(test)]
mod tests;
