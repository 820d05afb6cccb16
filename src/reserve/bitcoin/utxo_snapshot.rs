//! A file with all unspent outputs of a chain at one block (`dumptxoutset`), whose hash the verifier pins.

use std::collections::BTreeMap;

use bitcoin::{BlockHash, OutPoint, ScriptBuf};

use crate::amount::Amount;
use crate::hash::Digest;

/// What a whole set of unspent outputs holds of the asked scripts. That a coin is not here means that it was spent,
/// or not yet made: nothing was left out, or the hash would differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FullSet {
    /// The block after which the set is taken.
    pub block: BlockHash,
    /// `hash_serialized_3` over all coins, recomputed.
    pub hash: Digest,
    /// How many coins the whole set has.
    pub count: u64,
    /// Coins of the asked scripts.
    pub coins: BTreeMap<OutPoint, SetCoin>,
}

/// One coin of the set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetCoin {
    /// Height of the block that made it.
    pub height: u32,
    /// Whether a coinbase made it.
    pub coinbase: bool,
    /// Satoshis.
    pub amount: Amount,
    /// Its script.
    pub script: ScriptBuf,
}
