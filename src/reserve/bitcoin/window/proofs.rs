//! Transactions and Merkle blocks of a bundle, read when they are asked for.

use std::collections::BTreeMap;

use bitcoin::{BlockHash, Transaction, Txid};

use super::WindowError;
use crate::asset::ChainId;
use crate::bundle::{FileSource, paths};
use crate::reserve::bitcoin::merkle_proof::{BlockProof, block_proof, transaction};

/// The files of one chain, and the Merkle blocks read so far.
pub(super) struct Proofs<'a> {
    files: &'a dyn FileSource,
    chain: &'a ChainId,
    blocks: BTreeMap<BlockHash, Option<BlockProof>>,
}

impl<'a> Proofs<'a> {
    pub(super) fn new(files: &'a dyn FileSource, chain: &'a ChainId) -> Self {
        Self { files, chain, blocks: BTreeMap::new() }
    }

    pub(super) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, WindowError> {
        Ok(self.files.read(&paths::chain(self.chain, name))?)
    }

    /// A transaction by its id; `None` when the bundle does not have it.
    pub(super) fn transaction(&self, txid: Txid) -> Result<Option<Transaction>, WindowError> {
        match self.read(&paths::transaction(&txid.to_string()))? {
            Some(bytes) => Ok(Some(transaction(txid, &bytes)?)),
            None => Ok(None),
        }
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
