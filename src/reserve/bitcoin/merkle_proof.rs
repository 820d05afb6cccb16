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

/// The transactions that one Merkle block proves. How many others the block has is not proved: the count in the file
/// only fixes the depth of the tree.
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
    pub fn check_coinbase(&self, bytes: &[u8]) -> Result<(), MerkleProofError> {
        let fail = |detail: String| MerkleProofError::Coinbase { block: self.block, detail };
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

#[cfg(test)]
mod tests {
    use bitcoin::block::Header;
    use bitcoin::blockdata::constants::genesis_block;
    use bitcoin::{Network, OutPoint, ScriptBuf, Sequence, TxIn, TxOut, Witness, absolute, merkle_tree};

    use super::*;

    /// A transaction whose output script has `length` bytes; with `previous` null it is a coinbase.
    fn made(previous: OutPoint, length: usize) -> Transaction {
        let script_sig = ScriptBuf::from_bytes(vec![0; if previous.is_null() { 2 } else { 0 }]);
        let input = TxIn { previous_output: previous, script_sig, sequence: Sequence::MAX, witness: Witness::new() };
        let output = TxOut { value: bitcoin::Amount::ZERO, script_pubkey: ScriptBuf::from_bytes(vec![0x6a; length]) };
        Transaction {
            version: bitcoin::transaction::Version::ONE,
            lock_time: absolute::LockTime::ZERO,
            input: vec![input],
            output: vec![output],
        }
    }

    fn coinbase() -> Transaction {
        made(OutPoint::null(), 1)
    }

    fn payment(length: usize) -> Transaction {
        made(OutPoint { txid: coinbase().compute_txid(), vout: 0 }, length)
    }

    fn header(txids: &[Txid]) -> Header {
        let root = merkle_tree::calculate_root(txids.iter().map(|txid| txid.to_raw_hash())).expect("leaves");
        Header { merkle_root: root.into(), ..genesis_block(Network::Regtest).header }
    }

    fn proof(header: &Header, txids: &[Txid], shown: impl Fn(&Txid) -> bool) -> Vec<u8> {
        encode::serialize(&MerkleBlock::from_header_txids_with_predicate(header, txids, shown))
    }

    fn ids(count: usize) -> Vec<Txid> {
        std::iter::once(coinbase()).chain((10..).map(payment)).take(count).map(|made| made.compute_txid()).collect()
    }

    fn code<T: std::fmt::Debug>(result: Result<T, MerkleProofError>) -> u16 {
        result.expect_err("a refusal").code().number
    }

    #[test]
    fn blocks_of_every_small_size_prove_every_place() {
        for count in 1..20 {
            let txids = ids(count);
            let header = header(&txids);
            for place in 0..count {
                let bytes = proof(&header, &txids, |txid| *txid == txids[0] || *txid == txids[place]);
                let proof = block_proof(header.block_hash(), &bytes).expect("a proof");
                assert_eq!(proof.places[&txids[place]] as usize, place);
                assert_eq!(proof.check_coinbase(&encode::serialize(&coinbase())), Ok(()));
            }
        }
    }

    #[test]
    fn hashes_of_another_block_do_not_lead_to_the_root() {
        let txids = ids(5);
        let other = Header { merkle_root: header(&ids(4)).merkle_root, ..header(&txids) };
        let bytes = proof(&header(&txids), &txids, |txid| *txid == txids[0]);
        let swapped = [&encode::serialize(&other)[..], &bytes[80..]].concat();
        assert_eq!(code(block_proof(other.block_hash(), &swapped)), 5032);
    }

    /// A neighbour's hash can be marked as shown: that is a proof of one transaction more. Whatever is accepted must be
    /// true.
    #[test]
    fn every_flipped_bit_is_refused_or_still_true() {
        let txids = ids(7);
        let header = header(&txids);
        let good = proof(&header, &txids, |txid| *txid == txids[0] || *txid == txids[4]);
        let mut accepted = Vec::new();
        for at in 0..good.len() {
            for bit in 0..8 {
                let mut bytes = good.clone();
                bytes[at] ^= 1 << bit;
                let Ok(other) = block_proof(header.block_hash(), &bytes) else { continue };
                assert!(
                    other.places.iter().all(|(txid, place)| txids[*place as usize] == *txid),
                    "byte {at} bit {bit}"
                );
                accepted.push((at, bit, other.places.len()));
            }
        }
        let flags = good.len() - 2;
        assert_eq!(accepted, [(flags, 4, 3), (flags + 1, 1, 3)], "either neighbour shown");
        for end in 0..good.len() {
            assert_eq!(code(block_proof(header.block_hash(), &good[..end])), 5030);
        }
    }

    #[test]
    fn a_repeated_node_is_refused() {
        let txids = ids(3);
        let header = header(&txids);
        let repeated = [txids.as_slice(), &txids[2..]].concat();
        assert_eq!(header.merkle_root, super::tests::header(&repeated).merkle_root, "the tree's old fault");
        for shown in [vec![0, 2], vec![0, 1, 2]] {
            let shown: Vec<Txid> = shown.into_iter().map(|place| txids[place]).collect();
            let bytes = proof(&header, &repeated, |txid| shown.contains(txid));
            assert_eq!(code(block_proof(header.block_hash(), &bytes)), 5033);
        }
    }

    #[test]
    fn the_coinbase_pins_the_depth() {
        let txids = ids(4);
        let header = header(&txids);
        let without = proof(&header, &txids, |txid| *txid == txids[3]);
        assert_eq!(code(block_proof(header.block_hash(), &without)), 5034);
        let good = proof(&header, &txids, |txid| *txid == txids[0]);
        let good = block_proof(header.block_hash(), &good).expect("a proof");
        assert_eq!(code(good.check_coinbase(&encode::serialize(&payment(10)))), 5034);
        let headless = super::tests::header(&txids[1..]);
        let bytes = proof(&headless, &txids[1..], |_| true);
        let first = block_proof(headless.block_hash(), &bytes).expect("a tree without a coinbase");
        let error = first.check_coinbase(&encode::serialize(&payment(10))).expect_err("no coinbase");
        assert!(error.to_string().contains("is no coinbase"));
    }

    #[test]
    fn an_inner_node_is_no_transaction() {
        let node = payment(4);
        let bytes = encode::serialize(&node);
        assert_eq!(bytes.len(), NODE_LENGTH);
        assert_eq!(code(transaction(node.compute_txid(), &bytes)), 5037);
        let two = [ids(2)[0].to_byte_array(), ids(2)[1].to_byte_array()].concat();
        let root = Txid::from_byte_array(sha256d::Hash::hash(&two).to_byte_array());
        assert_eq!(code(transaction(root, &two)), 5037);
    }

    #[test]
    fn a_transaction_is_the_bytes_of_its_id() {
        let good = payment(30);
        let bytes = encode::serialize(&good);
        assert_eq!(transaction(good.compute_txid(), &bytes).as_ref(), Ok(&good));
        assert_eq!(code(transaction(good.compute_txid(), &[bytes.as_slice(), &[0]].concat())), 5036);
        let mut longer = bytes.clone();
        longer.push(0);
        let txid = Txid::from_byte_array(sha256d::Hash::hash(&longer).to_byte_array());
        assert_eq!(code(transaction(txid, &longer)), 5035, "trailing bytes under their own id");
        let mut signed = good.clone();
        signed.input[0].witness.push([1]);
        let error = transaction(good.compute_txid(), &encode::serialize(&signed)).expect_err("witnesses");
        assert!(error.to_string().ends_with("(the file has witnesses, expected none)"), "{error}");
        let whole = encode::serialize(&signed);
        let txid = Txid::from_byte_array(sha256d::Hash::hash(&whole).to_byte_array());
        assert_eq!(code(transaction(txid, &whole)), 5035, "a witness form under the hash of all its bytes");
    }
}
