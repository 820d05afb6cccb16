//! What happened to the coins of asked scripts, block by block: every receipt and every spend.
//!
//! Two ways lead here: a list in a bundle, of which each entry is proved by a Merkle block, and the replay of whole
//! blocks, which shows as well that no entry is missing.

use bitcoin::{BlockHash, OutPoint, ScriptBuf, Txid};

use crate::amount::Amount;

/// One coin that was made or spent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Activity {
    /// Height of the block.
    pub height: u64,
    /// The place of the transaction in its block; 0 is the coinbase.
    pub place: u32,
    /// The coin.
    pub coin: OutPoint,
    /// Made, or spent.
    pub kind: ActivityKind,
    /// The block.
    pub block: BlockHash,
    /// The transaction that makes or spends the coin.
    pub txid: Txid,
    /// The script of the coin: one of those asked for.
    pub script: ScriptBuf,
    /// Satoshis.
    pub amount: Amount,
}

/// Whether a coin came or went. Spends come first: within one transaction, inputs go before outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActivityKind {
    /// An input of the transaction spends the coin.
    Spend,
    /// The coin is an output of the transaction.
    Receive,
}
