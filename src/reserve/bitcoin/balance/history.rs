//! What is known of coins without a node's word: from the transactions of the bundle, from whole blocks, and from a
//! whole set of unspent outputs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::RangeInclusive;

use bitcoin::{OutPoint, ScriptBuf, Txid};

use super::proofs::{Proofs, ShownCoin, ShownSpend, shown_by};
use super::{BitcoinError, Check, Scripts};
use crate::basis::Completeness;
use crate::code::{Code, bitcoin as codes, bitcoin_chain as chain_codes};
use crate::reserve::bitcoin::blocks::{Replay, ReplayQuery, replay};
use crate::reserve::bitcoin::merkle_proof::MerkleProofError;
use crate::reserve::bitcoin::network::internal;
use crate::reserve::bitcoin::set_pins::height_of;
use crate::reserve::bitcoin::utxo_snapshot::FullSet;
use crate::reserve::claim::Problem;

/// Stretches of missing blocks that are named one by one.
const STRETCHES_NAMED: usize = 8;

/// A coin that was really made, and what is known of its fate until the cut-off.
pub(super) struct Known {
    pub(super) coin: ShownCoin,
    /// [`Completeness::Existed`] when nothing shows that it was unspent.
    pub(super) completeness: Completeness,
}

/// Everything that is known of the coins of the asked scripts.
#[derive(Default)]
pub(super) struct History<'a> {
    pub(super) coins: BTreeMap<OutPoint, Known>,
    pub(super) spends: BTreeMap<OutPoint, ShownSpend>,
    /// Whether every coin at the cut-off is known.
    pub(super) complete: bool,
    pub(super) replay: Option<Replay>,
    /// Transactions that a Merkle block names and that cannot be read: what they spend is not seen.
    pub(super) broken: BTreeMap<Txid, MerkleProofError>,
    set: Option<(&'a FullSet, u64)>,
}

impl<'a> Check<'a> {
    /// Gathers what is known. What was wrong on the way becomes problems.
    pub(super) fn history(&mut self, scripts: &Scripts<'_>, proofs: &Proofs) -> Result<History<'a>, BitcoinError> {
        let mut history = History::default();
        if !self.countable {
            return Ok(history);
        }
        let asked: BTreeSet<ScriptBuf> = scripts.keys().cloned().collect();
        let shown = shown_by(self.files, self.query.chain, &self.chain, &asked, proofs)?;
        let cutoff = self.query.cutoff_block.height;
        for (outpoint, coin) in shown.coins {
            let later = shown.spends.get(&outpoint).is_some_and(|spend| spend.anchored && spend.height > cutoff);
            let completeness = if later { Completeness::UnspentUntilSpend } else { Completeness::Existed };
            history.add(outpoint, coin, completeness);
        }
        history.spends = shown.spends;
        history.broken = shown.broken;
        if !self.chain.is_anchored(internal(self.query.cutoff_block.hash)) {
            if self.own.blocks.is_some() || self.own.full_set.is_some() {
                let detail = format!("the cut-off block {} is not anchored", self.query.cutoff_block);
                self.problem(&chain_codes::BLOCKS_UNANCHORED, self.query.chain, detail);
            }
            return Ok(history);
        }
        self.take_set(&mut history);
        self.take_blocks(&asked, &mut history);
        Ok(history)
    }

    /// The whole set that the verifier brings along, when its hash is pinned.
    fn take_set(&mut self, history: &mut History<'a>) {
        let Some(set) = self.own.full_set else { return };
        let height = match height_of(set, self.network, self.query.chain, self.own.set_pins, &self.chain) {
            Ok(height) => height,
            Err(problem) => {
                self.problems.push(problem);
                return;
            }
        };
        history.set = Some((set, height));
        let cutoff = self.query.cutoff_block.height;
        history.complete = height == cutoff;
        if height < cutoff {
            return;
        }
        // what is unspent at a later block, and was made at or before the cut-off, was unspent at it
        for (outpoint, coin) in set.coins.iter().filter(|(_, coin)| u64::from(coin.height) <= cutoff) {
            let coin = ShownCoin {
                height: u64::from(coin.height),
                coinbase: coin.coinbase,
                script: coin.script.clone(),
                amount: coin.amount,
            };
            history.add(*outpoint, coin, Completeness::FullSet);
        }
    }

    /// The blocks that the verifier brings along.
    fn take_blocks(&mut self, asked: &BTreeSet<ScriptBuf>, history: &mut History<'a>) {
        let Some(files) = self.own.blocks else { return };
        let cutoff = self.query.cutoff_block.height;
        let opening = history.set.filter(|(_, height)| *height <= cutoff);
        let query = ReplayQuery { network: self.network, chain: &self.chain, scripts: asked, opening };
        let replay = replay(&query, files);
        self.problems.extend(replay.problems().iter().cloned());
        let from = replay.complete_from().map(|from| from + 1).or(replay.lowest());
        let anchored = self.chain.anchored_heights().map_or(cutoff, |heights| *heights.start());
        let gaps = replay.gaps(from.unwrap_or(anchored), cutoff);
        if !gaps.is_empty() {
            self.problem(&chain_codes::BLOCKS_MISSING, self.query.chain, stretches(&gaps));
        }
        for (outpoint, coin) in replay.coins() {
            let spent = coin.spent;
            if let Some((height, txid)) = spent {
                history.spends.insert(*outpoint, ShownSpend { height, anchored: true, txid });
            }
            let completeness = match spent {
                Some((height, _)) if height <= cutoff => Completeness::Existed,
                _ if replay.followed(coin, cutoff) => Completeness::Replayed,
                Some(_) => Completeness::UnspentUntilSpend,
                None => Completeness::Existed,
            };
            let (height, coinbase) = (coin.height, coin.coinbase);
            let coin = ShownCoin { height, coinbase, script: coin.script.clone(), amount: coin.amount };
            history.add(*outpoint, coin, completeness);
        }
        history.complete |= replay.is_complete(cutoff);
        history.replay = Some(replay);
    }
}

impl History<'_> {
    fn add(&mut self, outpoint: OutPoint, coin: ShownCoin, completeness: Completeness) {
        let known = self.coins.entry(outpoint).or_insert(Known { coin, completeness });
        known.completeness = known.completeness.max(completeness);
    }

    /// Why a coin that a node listed as unspent, at the height `tip`, cannot have been made or was spent: what leaves
    /// nothing out does not have it.
    pub(super) fn absent(&self, outpoint: OutPoint, made: u64, tip: u64) -> Option<(&'static Code, String)> {
        if let Some((set, height)) = self.set.filter(|(_, height)| (made..=tip).contains(height))
            && !set.coins.contains_key(&outpoint)
        {
            let detail = format!("said to be made at height {made}, the whole set at height {height} does not have it");
            return Some((&chain_codes::COIN_NOT_IN_SET, detail));
        }
        let replay = self.replay.as_ref().filter(|replay| replay.has(made))?;
        let unknown = replay.coins().get(&outpoint).is_none_or(|coin| coin.height != made);
        let detail = || format!("said to be made at height {made}, the block of that height does not make it");
        unknown.then(|| (&codes::COIN_CONTRADICTED, detail()))
    }

    /// What refutes a coin at the cut-off: a spend at or below it.
    pub(super) fn refuted(&self, outpoint: OutPoint, cutoff: u64) -> Option<Problem> {
        let spend = self.spends.get(&outpoint).filter(|spend| spend.height <= cutoff)?;
        let detail =
            format!("spent at height {} by {}, at or before the cut-off block {cutoff}", spend.height, spend.txid);
        Some(Problem { code: &chain_codes::COIN_SPENT, subject: outpoint.to_string(), detail })
    }
}

/// Missing heights in words.
fn stretches(gaps: &[RangeInclusive<u64>]) -> String {
    let mut text = String::new();
    for gap in gaps.iter().take(STRETCHES_NAMED) {
        let comma = if text.is_empty() { "heights " } else { ", " };
        let (from, to) = (gap.start(), gap.end());
        // writing into a string cannot fail
        let _ = if from == to { write!(text, "{comma}{from}") } else { write!(text, "{comma}{from} to {to}") };
    }
    if gaps.len() > STRETCHES_NAMED {
        let _ = write!(text, " and {} more stretches", gaps.len() - STRETCHES_NAMED);
    }
    let blocks = gaps.iter().fold(0_u64, |sum, gap| sum.saturating_add(gap.end() - gap.start() + 1));
    format!("{text}: {blocks} blocks that were not read")
}
