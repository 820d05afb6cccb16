//! Transactions and their Merkle blocks.

use std::collections::{BTreeMap, BTreeSet};

use bitcoin::hashes::Hash as _;
use bitcoin::{BlockHash, Transaction, Txid};
use serde::Deserialize;

use super::{Node, at, bytes, without_witnesses};
use crate::bundle::paths;
use crate::fetch::rpc::FetchError;
use crate::hash::Digest;
use crate::reserve::bitcoin::network::readable;
use bitcoin::consensus::encode;

/// Which transactions to keep, by the height of their blocks.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// With a Merkle block.
    proved: BTreeMap<u64, BTreeSet<Digest>>,
    /// Bytes alone: a proved transaction spends their outputs, and their ids commit to them.
    bare: BTreeMap<u64, BTreeSet<Digest>>,
}

impl Wanted {
    /// A transaction whose block is to be proved.
    pub(super) fn prove(&mut self, height: u64, txid: Digest) {
        self.proved.entry(height).or_default().insert(txid);
    }

    /// A transaction of which only the outputs matter.
    pub(super) fn keep(&mut self, height: u64, txid: Digest) {
        self.bare.entry(height).or_default().insert(txid);
    }

    /// The lowest height with something to prove.
    pub(super) fn first(&self) -> Option<u64> {
        self.proved.keys().next().copied()
    }
}

/// The places of proved transactions in their blocks.
pub(super) type Places = BTreeMap<Digest, u32>;

#[derive(Deserialize)]
struct BlockJson {
    tx: Vec<Digest>,
}

/// A transaction's id in the byte order that people read.
pub(super) fn digest(txid: Txid) -> Digest {
    readable(BlockHash::from_byte_array(txid.to_byte_array()))
}

impl Node {
    /// Keeps the wanted transactions, the coinbases of their blocks, and the proofs of both.
    pub(super) fn transactions(
        &mut self,
        wanted: &Wanted,
        hashes: &[Digest],
        first: u64,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Places, FetchError> {
        let mut places = Places::new();
        for (number, (height, txids)) in (1..).zip(&wanted.proved) {
            progress(&format!("proofs of block {height}, {number} of {}", wanted.proved.len()));
            let block = at(hashes, first, *height)?;
            let content: BlockJson = self.client.ask("getblock", &format!(r#"["{block}",1]"#))?;
            let coinbase = content.tx.first().copied();
            let coinbase = coinbase.ok_or_else(|| FetchError::Answer {
                method: "getblock",
                detail: format!("block {block} has no transactions"),
            })?;
            places.extend((0..).zip(content.tx).filter(|(_, txid)| txids.contains(txid)).map(|(at, txid)| (txid, at)));
            let mut shown = txids.clone();
            shown.insert(coinbase);
            let list: Vec<String> = shown.iter().map(|txid| format!(r#""{txid}""#)).collect();
            let params = format!(r#"[[{}],"{block}"]"#, list.join(","));
            let proof: String = self.client.ask("gettxoutproof", &params)?;
            self.files.insert(paths::merkle_block(&block.to_string()), bytes("gettxoutproof", &proof)?);
            self.keep(&shown.into_iter().map(|txid| (txid, block)).collect::<Vec<_>>())?;
        }
        let mut bare = Vec::new();
        for (height, txids) in &wanted.bare {
            let block: Digest = self.client.ask("getblockhash", &format!("[{height}]"))?;
            bare.extend(txids.iter().map(|txid| (*txid, block)));
        }
        self.keep(&bare)?;
        Ok(places)
    }

    /// Keeps transactions, each with the block that it is in; those that are here are not asked for again.
    fn keep(&mut self, transactions: &[(Digest, Digest)]) -> Result<(), FetchError> {
        let name = |txid: &Digest| paths::transaction(&txid.to_string());
        let missing: Vec<_> = transactions.iter().filter(|(txid, _)| !self.files.contains_key(&name(txid))).collect();
        let params: Vec<String> =
            missing.iter().map(|(txid, block)| format!(r#"["{txid}",false,"{block}"]"#)).collect();
        let texts: Vec<String> = self.client.ask_many("getrawtransaction", &params)?;
        for (text, (txid, _)) in texts.iter().zip(missing) {
            let raw = bytes("getrawtransaction", text)?;
            let parsed: Transaction = encode::deserialize(&raw).map_err(|error| FetchError::Answer {
                method: "getrawtransaction",
                detail: format!("{txid}: {error}"),
            })?;
            self.files.insert(name(txid), without_witnesses(&parsed));
        }
        Ok(())
    }
}
