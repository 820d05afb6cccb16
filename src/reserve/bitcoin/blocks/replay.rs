//! Replay: every coin of the asked scripts that whole blocks make and spend, in the order of the chain.
//!
//! What a replay shows depends on where it begins. From the first block of the chain, or from a whole set of unspent
//! outputs, it shows every balance. From anywhere else it shows the fate of the coins that it saw made, and nothing of
//! those that were there before: a venue would begin its window just behind a payment out.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::RangeInclusive;

use bitcoin::{Block, BlockHash, Network, OutPoint, ScriptBuf, Txid};

use super::files::{BlockFiles, BlockReader};
use super::whole::whole_block;
use crate::amount::Amount;
use crate::reserve::bitcoin::activity::{Activity, ActivityKind};
use crate::reserve::bitcoin::header::HeaderChain;
use crate::reserve::bitcoin::utxo_snapshot::FullSet;
use crate::reserve::claim::Problem;

/// The verifier's question.
#[derive(Clone, Copy)]
pub struct ReplayQuery<'a> {
    /// The network of the blocks.
    pub network: Network,
    /// Headers; only blocks that are anchored in them are replayed.
    pub chain: &'a HeaderChain,
    /// Scripts whose coins are asked for.
    pub scripts: &'a BTreeSet<ScriptBuf>,
    /// A whole set, accepted by its pin, and the height of its block.
    pub opening: Option<(&'a FullSet, u64)>,
}

/// From where on a replay knows every coin of the asked scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// From the first block of the chain: nothing was there before.
    Genesis,
    /// From a whole set of unspent outputs at this height.
    FullSet(u64),
    /// From no height on: only coins that the replay saw made are known.
    Created,
}

/// A coin of an asked script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayedCoin {
    /// Height of the block that made it.
    pub height: u64,
    /// Whether a coinbase made it.
    pub coinbase: bool,
    /// Its script.
    pub script: ScriptBuf,
    /// Satoshis.
    pub amount: Amount,
    /// Height and transaction of its spend, where the replay saw one.
    pub spent: Option<(u64, Txid)>,
}

/// What whole blocks show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    opening: Opening,
    /// Height of the first anchored header; `seen` counts from it.
    first: u64,
    seen: Vec<bool>,
    opening_coins: BTreeMap<OutPoint, ReplayedCoin>,
    coins: BTreeMap<OutPoint, ReplayedCoin>,
    activity: Vec<Activity>,
    problems: Vec<Problem>,
}

/// Replays every anchored block that the files hold, in whatever order they hold it.
///
/// The files are read once, and those blocks again that stand in front of a block with a coin that they may spend. One
/// block is in memory at a time.
#[must_use]
pub fn replay(query: &ReplayQuery<'_>, files: &dyn BlockFiles) -> Replay {
    let mut pass = Pass::new(query);
    let mut problems = Vec::new();
    pass.read(files, &mut problems, false);
    let again = pass.again();
    if !again.is_empty() {
        pass.wanted = again;
        // what is wrong with the files was told the first time
        pass.read(files, &mut Vec::new(), true);
    }
    pass.finish(problems)
}

struct Made {
    script: ScriptBuf,
    amount: Amount,
}

struct Pass<'a> {
    query: &'a ReplayQuery<'a>,
    heights: RangeInclusive<u64>,
    opening: Opening,
    /// Heights whose blocks are still to be read.
    wanted: BTreeSet<u64>,
    /// When each block was read, and whether it made a coin.
    arrived: BTreeMap<u64, (u64, bool)>,
    opening_coins: BTreeMap<OutPoint, ReplayedCoin>,
    made: HashMap<OutPoint, Made>,
    activity: BTreeSet<Activity>,
}

impl<'a> Pass<'a> {
    fn new(query: &'a ReplayQuery<'a>) -> Self {
        // nothing is anchored: an empty range
        let anchored = query.chain.anchored_heights().unwrap_or(RangeInclusive::new(1, 0));
        // the first block of a chain makes no coin that anybody can spend, so nobody has to show it
        let (mut first, last) = ((*anchored.start()).max(1), *anchored.end());
        let mut opening = if first <= 1 { Opening::Genesis } else { Opening::Created };
        let mut opening_coins = BTreeMap::new();
        let mut made = HashMap::new();
        let usable = query.opening.filter(|(_, height)| height.saturating_add(1) >= first);
        if let Some((set, height)) = usable {
            first = height.saturating_add(1);
            opening = Opening::FullSet(height);
            for (outpoint, coin) in set.coins.iter().filter(|(_, coin)| query.scripts.contains(&coin.script)) {
                let (script, amount) = (coin.script.clone(), coin.amount);
                let (height, coinbase) = (u64::from(coin.height), coin.coinbase);
                made.insert(*outpoint, Made { script: script.clone(), amount });
                opening_coins.insert(*outpoint, ReplayedCoin { height, coinbase, script, amount, spent: None });
            }
        }
        Self {
            query,
            heights: first..=last,
            opening,
            wanted: (first..=last).collect(),
            arrived: BTreeMap::new(),
            opening_coins,
            made,
            activity: BTreeSet::new(),
        }
    }

    fn read(&mut self, files: &dyn BlockFiles, problems: &mut Vec<Problem>, again: bool) {
        for name in files.names() {
            if self.wanted.is_empty() {
                return;
            }
            let file = match files.open(&name) {
                Ok(file) => file,
                Err(error) => {
                    let code = &crate::code::bitcoin_chain::BLOCK_FILE_UNREADABLE;
                    problems.push(Problem { code, subject: name, detail: error.detail });
                    continue;
                }
            };
            let mut reader = BlockReader::new(self.query.network, file);
            while !self.wanted.is_empty() {
                let chain = self.query.chain;
                let wanted = &self.wanted;
                let height_of = |hash: BlockHash| chain.height(hash).filter(|_| chain.is_anchored(hash));
                let mut ask = |hash| height_of(hash).is_some_and(|height| wanted.contains(&height));
                let found = match reader.next(&mut ask) {
                    Ok(Some(found)) => found,
                    Ok(None) => break,
                    Err(error) => {
                        problems.push(Problem::from_error(&name, &error));
                        break;
                    }
                };
                let Some(height) = height_of(found.hash) else { continue };
                match whole_block(found.hash, &found.bytes) {
                    Ok(block) => self.take(height, found.hash, &block, again),
                    Err(error) => problems.push(Problem::from_error(&name, &error)),
                }
            }
        }
    }

    fn take(&mut self, height: u64, hash: BlockHash, block: &Block, again: bool) {
        self.wanted.remove(&height);
        let mut makes = false;
        for (place, transaction) in (0_u32..).zip(&block.txdata) {
            let txid = transaction.compute_txid();
            let activity = |coin, kind, made: &Made| Activity {
                height,
                place,
                coin,
                kind,
                block: hash,
                txid,
                script: made.script.clone(),
                amount: made.amount,
            };
            for input in &transaction.input {
                if let Some(made) = self.made.get(&input.previous_output) {
                    self.activity.insert(activity(input.previous_output, ActivityKind::Spend, made));
                }
            }
            if again {
                continue;
            }
            for (vout, output) in (0_u32..).zip(&transaction.output) {
                if self.query.scripts.contains(&output.script_pubkey) {
                    let amount = Amount::from_base_units(u128::from(output.value.to_sat()));
                    let made = Made { script: output.script_pubkey.clone(), amount };
                    let coin = OutPoint { txid, vout };
                    self.activity.insert(activity(coin, ActivityKind::Receive, &made));
                    self.made.insert(coin, made);
                    makes = true;
                }
            }
        }
        if !again {
            self.arrived.insert(height, (self.arrived.len() as u64, makes));
        }
    }

    /// Blocks that were read before a lower one which makes a coin.
    fn again(&self) -> BTreeSet<u64> {
        let mut latest = None;
        let mut again = BTreeSet::new();
        for (height, (turn, makes)) in &self.arrived {
            if latest.is_some_and(|latest| latest > *turn) {
                again.insert(*height);
            }
            if *makes {
                latest = latest.max(Some(*turn));
            }
        }
        again
    }

    fn finish(self, problems: Vec<Problem>) -> Replay {
        let (first, last) = (*self.heights.start(), *self.heights.end());
        let seen = (first..=last).map(|height| self.arrived.contains_key(&height)).collect();
        let mut coins = self.opening_coins.clone();
        let activity: Vec<Activity> = self.activity.into_iter().collect();
        for event in &activity {
            match event.kind {
                ActivityKind::Receive => {
                    let coin = ReplayedCoin {
                        height: event.height,
                        coinbase: event.place == 0,
                        script: event.script.clone(),
                        amount: event.amount,
                        spent: None,
                    };
                    coins.insert(event.coin, coin);
                }
                ActivityKind::Spend => {
                    if let Some(coin) = coins.get_mut(&event.coin) {
                        coin.spent = Some((event.height, event.txid));
                    }
                }
            }
        }
        let Self { mut opening, opening_coins, .. } = self;
        if opening == Opening::Genesis && !self.arrived.contains_key(&1) {
            // headers reach the first block, the files do not: the replay begins where they do
            opening = Opening::Created;
        }
        Replay { opening, first, seen, opening_coins, coins, activity, problems }
    }
}

impl Replay {
    /// From where on every coin is known.
    #[must_use]
    pub fn opening(&self) -> Opening {
        self.opening
    }

    /// Every receipt and every spend that was seen, in the order of the chain.
    #[must_use]
    pub fn activity(&self) -> &[Activity] {
        &self.activity
    }

    /// Coins of the asked scripts, spent or not: those of the opening set and those that were seen made.
    #[must_use]
    pub fn coins(&self) -> &BTreeMap<OutPoint, ReplayedCoin> {
        &self.coins
    }

    /// What was wrong with the files.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Whether the block at this height was read.
    #[must_use]
    pub fn has(&self, height: u64) -> bool {
        let place = height.checked_sub(self.first).and_then(|place| usize::try_from(place).ok());
        place.and_then(|place| self.seen.get(place)).copied().unwrap_or(false)
    }

    /// The lowest height whose block was read.
    #[must_use]
    pub fn lowest(&self) -> Option<u64> {
        Some(self.first + self.seen.iter().position(|seen| *seen)? as u64)
    }

    /// Heights from `from` to `to` whose blocks were not read, as stretches.
    #[must_use]
    pub fn gaps(&self, from: u64, to: u64) -> Vec<RangeInclusive<u64>> {
        let mut gaps: Vec<RangeInclusive<u64>> = Vec::new();
        // what lies outside of the headers was not read; one stretch each, however long
        let end = self.first.saturating_add(self.seen.len() as u64);
        let (inside, above) = (from.max(self.first), from.max(end));
        if from < inside && from <= to {
            gaps.push(from..=to.min(inside - 1));
        }
        for height in (inside..end.min(to.saturating_add(1))).filter(|height| !self.has(*height)) {
            push(&mut gaps, height..=height);
        }
        if above <= to {
            push(&mut gaps, above..=to);
        }
        gaps
    }

    /// The height from which on every balance is known, as far as no block is missing.
    #[must_use]
    pub fn complete_from(&self) -> Option<u64> {
        match self.opening {
            Opening::Genesis => Some(0),
            Opening::FullSet(height) => Some(height),
            Opening::Created => None,
        }
    }

    /// Whether all coins at the end of this block are known.
    #[must_use]
    pub fn is_complete(&self, height: u64) -> bool {
        let from = self.complete_from().filter(|from| *from <= height);
        from.is_some_and(|from| self.gaps(from + 1, height).is_empty())
    }

    /// Whether no block between the one that made a coin and this height is missing.
    #[must_use]
    pub fn followed(&self, coin: &ReplayedCoin, height: u64) -> bool {
        let from = self.complete_from().map_or(coin.height, |from| from.max(coin.height));
        from <= height && self.gaps(from + 1, height).is_empty()
    }

    /// The balance of some scripts together at the end of each block at which it changes, the first time at the
    /// opening. Heights rise. `None` without an opening, or when a sum does not fit.
    #[must_use]
    pub fn series(&self, scripts: &BTreeSet<ScriptBuf>) -> Option<Vec<(u64, Amount)>> {
        let own = |script: &ScriptBuf| scripts.contains(script);
        let mut live: BTreeMap<OutPoint, Amount> = self
            .opening_coins
            .iter()
            .filter(|(_, coin)| own(&coin.script))
            .map(|(outpoint, coin)| (*outpoint, coin.amount))
            .collect();
        let mut balance = Amount::checked_sum(live.values().copied())?;
        let mut series = vec![(self.complete_from()?, balance)];
        for event in self.activity.iter().filter(|event| own(&event.script)) {
            // a coin that is made a second time replaces the first one: two coinbases of mainnet have done that
            let before = match event.kind {
                ActivityKind::Receive => live.insert(event.coin, event.amount),
                ActivityKind::Spend => live.remove(&event.coin),
            };
            balance = balance.checked_sub(before.unwrap_or_default())?;
            if event.kind == ActivityKind::Receive {
                balance = balance.checked_add(event.amount)?;
            }
            match series.last_mut().filter(|(height, _)| *height == event.height) {
                Some(last) => last.1 = balance,
                None => series.push((event.height, balance)),
            }
        }
        series.dedup_by_key(|(_, balance)| *balance);
        Some(series)
    }

    /// The balance of some scripts together at the end of a block; `None` where it is not known.
    #[must_use]
    pub fn balance(&self, scripts: &BTreeSet<ScriptBuf>, height: u64) -> Option<Amount> {
        if !self.is_complete(height) {
            return None;
        }
        let series = self.series(scripts)?;
        series.iter().rev().find(|(from, _)| *from <= height).map(|(_, balance)| *balance)
    }

    /// The least balance of some scripts together at the ends of the blocks of a window; `None` where one is not known.
    #[must_use]
    pub fn minimum(&self, scripts: &BTreeSet<ScriptBuf>, window: RangeInclusive<u64>) -> Option<Amount> {
        let (from, to) = (*window.start(), *window.end());
        let opening = self.balance(scripts, from)?;
        self.balance(scripts, to)?;
        let series = self.series(scripts)?;
        let within = series.iter().filter(|(height, _)| window.contains(height)).map(|(_, balance)| *balance);
        within.chain([opening]).min()
    }
}

/// Joins a stretch to the one before it.
fn push(gaps: &mut Vec<RangeInclusive<u64>>, next: RangeInclusive<u64>) {
    match gaps.last_mut().filter(|last| last.end().saturating_add(1) == *next.start()) {
        Some(last) => *last = *last.start()..=*next.end(),
        None => gaps.push(next),
    }
}

#[cfg(test)]
mod tests;
