//! Transactions and Merkle blocks of a bundle, read when they are asked for.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use bitcoin::{BlockHash, Transaction, Txid};

use super::WindowError;
use crate::asset::ChainId;
use crate::bundle::{FileSource, paths};
use crate::reserve::bitcoin::merkle_proof::{BlockProof, block_proof, transaction};

/// Bytes of transactions that are kept for the next question about them.
const KEPT_BYTES: usize = 8 << 20;

/// Transactions that were read: the coins of one are asked about one after the other, and a payment to thousands must
/// not be hashed thousands of times.
#[derive(Default)]
struct Kept {
    bytes: usize,
    transactions: HashMap<Txid, Rc<Transaction>>,
}

/// The files of one chain, the Merkle blocks read so far, and the transactions read last.
pub(super) struct Proofs<'a> {
    files: &'a dyn FileSource,
    chain: &'a ChainId,
    blocks: BTreeMap<BlockHash, Option<BlockProof>>,
    kept: RefCell<Kept>,
}

impl<'a> Proofs<'a> {
    pub(super) fn new(files: &'a dyn FileSource, chain: &'a ChainId) -> Self {
        Self { files, chain, blocks: BTreeMap::new(), kept: RefCell::default() }
    }

    pub(super) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, WindowError> {
        Ok(self.files.read(&paths::chain(self.chain, name))?)
    }

    /// A transaction by its id; `None` when the bundle does not have it.
    pub(super) fn transaction(&self, txid: Txid) -> Result<Option<Rc<Transaction>>, WindowError> {
        if let Some(known) = self.kept.borrow().transactions.get(&txid) {
            return Ok(Some(Rc::clone(known)));
        }
        let Some(bytes) = self.read(&paths::transaction(&txid.to_string()))? else { return Ok(None) };
        let read = Rc::new(transaction(txid, &bytes)?);
        let mut kept = self.kept.borrow_mut();
        if kept.bytes.saturating_add(bytes.len()) > KEPT_BYTES {
            *kept = Kept::default();
        }
        kept.bytes = kept.bytes.saturating_add(bytes.len());
        kept.transactions.insert(txid, Rc::clone(&read));
        Ok(Some(read))
    }

    /// The place of a transaction in a block, as a Merkle block proves it; `None` when none in the bundle does.
    pub(super) fn place(&mut self, block: BlockHash, txid: Txid) -> Result<Option<u32>, WindowError> {
        if !self.blocks.contains_key(&block) {
            let proof = self.block(block)?;
            self.blocks.insert(block, proof);
        }
        let proof = self.blocks.get(&block).and_then(Option::as_ref);
        Ok(proof.and_then(|proof| proof.places.get(&txid).copied()))
    }

    /// A Merkle block without its coinbase shows nothing: its depth is only claimed.
    fn block(&self, block: BlockHash) -> Result<Option<BlockProof>, WindowError> {
        let Some(bytes) = self.read(&paths::merkle_block(&block.to_string()))? else { return Ok(None) };
        let proof = block_proof(block, &bytes)?;
        let Some(coinbase) = self.read(&paths::transaction(&proof.coinbase.to_string()))? else { return Ok(None) };
        proof.check_coinbase(&coinbase)?;
        Ok(Some(proof))
    }
}
