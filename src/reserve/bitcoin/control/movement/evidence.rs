//! What the files of a bundle prove of single transactions, for movements.

use std::collections::BTreeMap;

use bitcoin::{BlockHash, Transaction, Txid};

use super::ProvedTransactions;
use crate::asset::ChainId;
use crate::bundle::{FileSource, paths};
use crate::reserve::bitcoin::header::HeaderChain;
use crate::reserve::bitcoin::merkle_proof::{block_proof, transaction};
use crate::reserve::bitcoin::network::{internal, network};
use crate::snapshot::BlockRef;

/// The transactions of one chain in a bundle. What is broken or missing proves nothing; the check of balances says why.
pub struct BundleTransactions<'a> {
    chain: ChainId,
    files: &'a dyn FileSource,
    heights: BTreeMap<Txid, u64>,
}

impl<'a> BundleTransactions<'a> {
    /// Reads headers and Merkle blocks. Only blocks at or below one of `pins` count.
    #[must_use]
    pub fn read(chain: &ChainId, files: &'a dyn FileSource, pins: &[BlockRef]) -> Self {
        let mut found = Self { chain: chain.clone(), files, heights: BTreeMap::new() };
        found.heights = found.anchored(pins).unwrap_or_default();
        found
    }

    fn file(&self, name: &str) -> Option<Vec<u8>> {
        self.files.read(&paths::chain(&self.chain, name)).ok()?
    }

    fn anchored(&self, pins: &[BlockRef]) -> Option<BTreeMap<Txid, u64>> {
        let mut headers = HeaderChain::parse(network(&self.chain).ok()?, &self.file(paths::HEADERS)?).ok()?;
        let own: Vec<BlockRef> = pins.iter().filter(|pin| pin.chain == self.chain).cloned().collect();
        headers.anchor(&own).ok()?;
        let mut heights = BTreeMap::new();
        let folder = paths::chain(&self.chain, "");
        for path in self.files.list().ok()? {
            let name = path.strip_prefix(&folder).and_then(|rest| rest.strip_prefix("merkle/"));
            let block = name.and_then(|name| name.strip_suffix(".bin")?.parse().ok()).map(internal);
            let Some(block) = block.filter(|block| headers.is_anchored(*block)) else { continue };
            if let (Some(height), Some(txids)) = (headers.height(block), self.proved(block, &path)) {
                heights.extend(txids.into_iter().map(|txid| (txid, height)));
            }
        }
        Some(heights)
    }

    fn proved(&self, block: BlockHash, path: &str) -> Option<Vec<Txid>> {
        let proof = block_proof(block, &self.files.read(path).ok()??).ok()?;
        let coinbase = self.file(&paths::transaction(&proof.coinbase.to_string()))?;
        proof.check_coinbase(&coinbase).ok()?;
        Some(proof.places.into_keys().collect())
    }
}

impl ProvedTransactions for BundleTransactions<'_> {
    fn height(&self, txid: Txid) -> Option<u64> {
        self.heights.get(&txid).copied()
    }

    fn transaction(&self, txid: Txid) -> Option<Transaction> {
        transaction(txid, &self.file(&paths::transaction(&txid.to_string()))?).ok()
    }
}

#[cfg(test)]
mod tests;
