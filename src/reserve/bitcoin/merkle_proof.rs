//! Inclusion of transactions in a block: the Merkle block of BIP-37, as `gettxoutproof` gives it.
//!
//! Three traps of Bitcoin's tree are closed here. A repeated node makes a block seem to hold a transaction twice
//! (CVE-2012-2459): such trees are refused. Sixty-four bytes are a transaction and an inner node at once
//! (CVE-2017-12842): such transactions are refused, and each proof must also prove the block's coinbase at index 0,
//! whose bytes show that the leaves lie at the depth that the proof says. And flags that nobody reads could differ
//! between two copies: the only accepted flags are those that follow from the matches.

use std::collections::BTreeMap;

use bitcoin::consensus::encode;
use bitcoin::hashes::{Hash as _, sha256d};
use bitcoin::merkle_tree::MerkleBlockError;
use bitcoin::{BlockHash, MerkleBlock, Transaction, Txid};

use crate::code::{Code, Coded, bitcoin as codes};

/// The size of an inner node: two hashes.
const NODE_LENGTH: usize = 64;

/// The transactions that one Merkle block proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockProof {
    /// The block.
    pub block: BlockHash,
    /// The transactions and their places in the block.
    pub places: BTreeMap<Txid, u32>,
    /// The transaction at place 0; its bytes are still to be shown to be those of a coinbase.
    pub coinbase: Txid,
}

/// Reads the Merkle block of the block `expected`.
///
/// # Errors
/// [`MerkleProofError`].
pub fn block_proof(expected: BlockHash, bytes: &[u8]) -> Result<BlockProof, MerkleProofError> {
    let malformed = |detail: String| MerkleProofError::Malformed { block: expected, detail };
    let proof: MerkleBlock = encode::deserialize(bytes).map_err(|error| malformed(error.to_string()))?;
    let got = proof.header.block_hash();
    if got != expected {
        return Err(MerkleProofError::OtherBlock { got, expected });
    }
    let (mut matches, mut indexes) = (Vec::new(), Vec::new());
    proof.extract_matches(&mut matches, &mut indexes).map_err(|error| match error {
        MerkleBlockError::MerkleRootMismatch => MerkleProofError::Root { block: expected },
        MerkleBlockError::IdenticalHashesFound => MerkleProofError::Duplicate { block: expected },
        other => malformed(other.to_string()),
    })?;
    if *proof.txn.bits() != expected_flags(proof.txn.num_transactions(), &indexes) {
        return Err(malformed("flags that do not follow from the transactions shown".to_owned()));
    }
    let (Some(0), Some(coinbase)) = (indexes.first(), matches.first().copied()) else {
        let detail = "the coinbase is not among the transactions shown".to_owned();
        return Err(MerkleProofError::Coinbase { block: expected, detail });
    };
    let count = matches.len();
    let places: BTreeMap<Txid, u32> = matches.into_iter().zip(indexes).collect();
    if places.len() != count {
        return Err(MerkleProofError::Duplicate { block: expected });
    }
    Ok(BlockProof { block: expected, places, coinbase })
}

impl BlockProof {
    /// Checks the bytes of the coinbase: without them, the depth of the leaves is only claimed.
    ///
    /// # Errors
    /// [`MerkleProofError::Coinbase`].
    pub fn check_coinbase(&self, bytes: Option<&[u8]>) -> Result<(), MerkleProofError> {
        let fail = |detail: String| MerkleProofError::Coinbase { block: self.block, detail };
        let bytes = bytes.ok_or_else(|| fail(format!("its transaction {} is not in the bundle", self.coinbase)))?;
        let coinbase = transaction(self.coinbase, bytes).map_err(|error| fail(error.to_string()))?;
        if coinbase.is_coinbase() {
            return Ok(());
        }
        Err(fail(format!("{} is at place 0 but is no coinbase", self.coinbase)))
    }
}

/// The flags of a partial tree of `count` leaves that shows the leaves `shown`, in increasing order.
fn expected_flags(count: u32, shown: &[u32]) -> Vec<bool> {
    let width = |height: u32| (u64::from(count) + (1_u64 << height) - 1) >> height;
    let mut height = 0;
    while width(height) > 1 {
        height += 1;
    }
    let mut flags = Vec::new();
    let mut open = vec![(height, 0_u64)];
    while let Some((height, place)) = open.pop() {
        let leaves = (place << height)..((place + 1) << height);
        let below = shown.partition_point(|leaf| u64::from(*leaf) < leaves.start);
        let hit = shown.get(below).is_some_and(|leaf| u64::from(*leaf) < leaves.end);
        flags.push(hit);
        if height > 0 && hit {
            if place * 2 + 1 < width(height - 1) {
                open.push((height - 1, place * 2 + 1));
            }
            open.push((height - 1, place * 2));
        }
    }
    flags.resize(flags.len().next_multiple_of(8), false);
    flags
}

/// Reads the transaction `expected` from the bytes that its id is the hash of: without witnesses, which the id does
/// not cover and which could therefore be anything.
///
/// # Errors
/// [`MerkleProofError`].
pub fn transaction(expected: Txid, bytes: &[u8]) -> Result<Transaction, MerkleProofError> {
    let got = Txid::from_byte_array(sha256d::Hash::hash(bytes).to_byte_array());
    if got != expected {
        let witnesses = encode::deserialize::<Transaction>(bytes).is_ok_and(|parsed| parsed.compute_txid() == expected);
        let note = if witnesses { " (the file has witnesses, expected none)" } else { "" };
        return Err(MerkleProofError::OtherTransaction { got, expected, note });
    }
    if bytes.len() == NODE_LENGTH {
        return Err(MerkleProofError::NodeLength { txid: expected });
    }
    let fail = |detail: String| MerkleProofError::Transaction { txid: expected, detail };
    let parsed: Transaction = encode::deserialize(bytes).map_err(|error| fail(error.to_string()))?;
    if parsed.compute_txid() == expected {
        return Ok(parsed);
    }
    Err(fail("no inputs, expected at least one".to_owned()))
}

/// Why a transaction does not count as included.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MerkleProofError {
    /// The depth of the tree is not pinned.
    #[error("Merkle block of {block}: {detail}")]
    Coinbase {
        /// The block.
        block: BlockHash,
        /// What is missing or wrong.
        detail: String,
    },
    /// A node stands twice.
    #[error("Merkle block of {block}: two neighbours are identical")]
    Duplicate {
        /// The block.
        block: BlockHash,
    },
    /// Not the one encoding of a Merkle block.
    #[error("Merkle block of {block}: {detail}")]
    Malformed {
        /// The block.
        block: BlockHash,
        /// What is wrong.
        detail: String,
    },
    /// 64 bytes.
    #[error("transaction {txid} has {NODE_LENGTH} bytes, the length of an inner node")]
    NodeLength {
        /// The transaction.
        txid: Txid,
    },
    /// The header is another block's.
    #[error("Merkle block of {got}, expected of {expected}")]
    OtherBlock {
        /// The hash of its header.
        got: BlockHash,
        /// The block expected.
        expected: BlockHash,
    },
    /// The bytes are another transaction's.
    #[error("the bytes have the id {got}, expected {expected}{note}")]
    OtherTransaction {
        /// The hash of the bytes.
        got: Txid,
        /// The transaction expected.
        expected: Txid,
        /// A likely reason, or nothing.
        note: &'static str,
    },
    /// The hashes lead elsewhere.
    #[error("Merkle block of {block}: the hashes do not lead to the root in the header")]
    Root {
        /// The block.
        block: BlockHash,
    },
    /// Not one whole transaction.
    #[error("transaction {txid}: {detail}")]
    Transaction {
        /// The transaction.
        txid: Txid,
        /// What is wrong.
        detail: String,
    },
}

impl Coded for MerkleProofError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Coinbase { .. } => &codes::MERKLE_COINBASE,
            Self::Duplicate { .. } => &codes::MERKLE_DUPLICATE,
            Self::Malformed { .. } => &codes::MERKLE_BLOCK_MALFORMED,
            Self::NodeLength { .. } => &codes::TRANSACTION_64_BYTES,
            Self::OtherBlock { .. } => &codes::MERKLE_BLOCK_OTHER,
            Self::OtherTransaction { .. } => &codes::TRANSACTION_OTHER,
            Self::Root { .. } => &codes::MERKLE_ROOT_DIFFERS,
            Self::Transaction { .. } => &codes::TRANSACTION_MALFORMED,
        }
    }
}
