//! The figures of a window as they stand in a report. Amounts are base units of the deployment.

use std::collections::BTreeMap;

use serde::Serialize;

use super::explained::LeafUse;
use crate::amount::{Amount, Decimals};
use crate::asset::DeploymentId;
use crate::basis::{Basis, Completeness};
use crate::json::uint;

/// Blocks, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BlockRange {
    /// The first.
    #[serde(with = "uint")]
    pub from: u64,
    /// The last.
    #[serde(with = "uint")]
    pub to: u64,
}

/// The window of one deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WindowReport {
    /// The asset on its chain.
    pub deployment: DeploymentId,
    /// Decimals of every amount here.
    pub decimals: Decimals,
    /// The blocks asked about.
    pub asked: BlockRange,
    /// Those of them that the evidence reaches.
    pub measured: BlockRange,
    /// How many blocks were asked about.
    #[serde(with = "uint")]
    pub blocks: u64,
    /// How many of them the evidence covers.
    #[serde(with = "uint")]
    pub covered: u64,
    /// Where it does not.
    pub gaps: Vec<BlockRange>,
    /// The cut-off block.
    #[serde(with = "uint")]
    pub snapshot_height: u64,
    /// The balance after it; none when it is outside.
    pub snapshot: Option<Amount>,
    /// The lowest balance at the end of a block.
    pub minimum: Amount,
    /// The first block that has it.
    #[serde(with = "uint")]
    pub minimum_at: u64,
    /// The highest balance.
    pub maximum: Amount,
    /// The first block that has it.
    #[serde(with = "uint")]
    pub maximum_at: u64,
    /// The balance of the middle block, the lower one of two.
    pub median: Amount,
    /// The mean over time, rounded down; none when block times are missing.
    pub mean: Option<Amount>,
    /// (snapshot − median) / snapshot in percent, rounded down; none without a balance at the snapshot.
    pub dressing_ratio: Option<String>,
    /// The share of the snapshot's value in coins that were made within the window.
    pub younger: Option<String>,
    /// The deepest low points, deepest first.
    pub dips: Vec<Dip>,
    /// Flows above the policy's share.
    pub flows: Vec<Flow>,
    /// Coins that came from somebody and went back there.
    pub round_trips: Vec<RoundTrip>,
    /// Each address by itself.
    pub addresses: Vec<AddressWindow>,
    /// What the movements rest on: the weakest.
    pub authenticity: Basis,
    /// What it rests on that none was left out.
    pub completeness: Completeness,
    /// Every change of the balance.
    pub curve: Vec<Point>,
    /// Whether these are the balances; otherwise at least so much was held.
    pub exact: bool,
    /// The same curve less the coins of unexplained round trips while they were there: what coverage is judged by.
    pub without_trips: Vec<Point>,
    /// The block at which what was signed for must still be there.
    #[serde(serialize_with = "optional")]
    pub closing: Option<u64>,
    /// Of the snapshot: coins of round trips around it.
    pub came_and_went: Amount,
    /// Of the snapshot: what had left its address before the closing block.
    pub gone_before_closing: Amount,
    /// The snapshot less both.
    pub sustained: Option<Amount>,
    /// When balances are known in stretches: which of the figures are bounds from below. None where every figure is
    /// one of a replay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bounds: Option<Bounds>,
}

/// What the figures of a window of stretches are: minimum, maximum, median and curve are what was held at least; mean
/// and dressing ratio are there only when every block is exact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bounds {
    /// Blocks among those measured at which every figure is exact.
    #[serde(with = "uint")]
    pub exact: u64,
    /// What the minimum rests on at its block: `proof`, `logs`, `nonce`; none where nothing is shown of it.
    pub minimum_by: Vec<&'static str>,
    /// Whether movements were looked for. If not, that no flow and no round trip is told says nothing.
    pub flows: bool,
    /// When some blocks are shown and others are not: what those show that are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sampled: Option<Sampled>,
}

/// Single blocks of a window, or single stretches. What they show is no minimum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sampled {
    /// Stretches of blocks that are shown, each between two that are not.
    #[serde(with = "uint")]
    pub stretches: u64,
    /// The lowest balance in them.
    pub lowest: Amount,
    /// The first block that has it.
    #[serde(with = "uint")]
    pub lowest_at: u64,
    /// With which probability as many blocks, drawn by lot, find a dip in one block of twenty: percent, rounded down.
    pub detects_five_percent: String,
    /// The same for a dip in one block of a hundred.
    pub detects_one_percent: String,
}

fn optional<S: serde::Serializer>(value: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}

/// The balance from a block on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Point {
    /// The block.
    #[serde(with = "uint")]
    pub height: u64,
    /// The balance.
    pub amount: Amount,
}

impl WindowReport {
    /// The balance after a block; `None` outside of what was measured.
    #[must_use]
    pub fn at(&self, height: u64) -> Option<Amount> {
        value_at(&self.curve, height).filter(|_| (self.measured.from..=self.measured.to).contains(&height))
    }

    /// The same less the coins of unexplained round trips that were there.
    #[must_use]
    pub fn firm_at(&self, height: u64) -> Option<Amount> {
        value_at(&self.without_trips, height).filter(|_| (self.measured.from..=self.measured.to).contains(&height))
    }

    /// Whether every block that was asked about has evidence.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.gaps.is_empty() && self.measured == self.asked
    }

    /// Coins of unexplained round trips around a block whose transactions rest on `least` at least: they came at or
    /// below it, and left above it. `None` when the sum does not fit.
    #[must_use]
    pub fn came_and_went_around(&self, height: u64, least: Basis) -> Option<Amount> {
        let around = |trip: &&RoundTrip| trip.is_around(height) && trip.authenticity >= least;
        Amount::checked_sum(self.round_trips.iter().filter(around).map(RoundTrip::coins_unanswered))
    }
}

fn value_at(points: &[Point], height: u64) -> Option<Amount> {
    let after = points.partition_point(|point| point.height <= height);
    Some(points.get(after.checked_sub(1)?)?.amount)
}

/// A low point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dip {
    /// Its first block.
    #[serde(with = "uint")]
    pub height: u64,
    /// The balance.
    pub amount: Amount,
    /// The transactions that led there; none at the window's start.
    pub txids: Vec<String>,
}

/// Which way coins went, seen from the venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// To it.
    In,
    /// From it.
    Out,
}

/// The net effect of one transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flow {
    /// Its block.
    #[serde(with = "uint")]
    pub height: u64,
    /// Its id.
    pub txid: String,
    /// Which way.
    pub direction: Direction,
    /// How much.
    pub amount: Amount,
    /// Where from, or where to.
    pub counterparties: Vec<Counterparty>,
    /// Whether it really happened.
    pub authenticity: Basis,
}

/// Somebody on the other side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Counterparty {
    /// Address, script or coin.
    pub name: String,
    /// How much; none where it is not known.
    pub amount: Option<Amount>,
}

/// Coins that came from a counterparty and went back there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoundTrip {
    /// The counterparty.
    pub counterparty: String,
    /// What came.
    pub amount_in: Amount,
    /// The first block of it.
    #[serde(with = "uint")]
    pub in_at: u64,
    /// The last block of it.
    #[serde(with = "uint")]
    pub last_in_at: u64,
    /// What went back.
    pub amount_out: Amount,
    /// The first block of it.
    #[serde(with = "uint")]
    pub first_out_at: u64,
    /// The last block of it.
    #[serde(with = "uint")]
    pub out_at: u64,
    /// The transactions, in the order of the chain.
    pub txids: Vec<String>,
    /// Whether the coins were there at the snapshot and left after it.
    pub around_snapshot: bool,
    /// Whether all that came is owed in leaves that are bound to the counterparty: a customer paid it in, and took it
    /// out.
    pub explained: bool,
    /// How much of what came is owed in leaves whose credential is the counterparty, at each commitment in between.
    pub explained_bound: Amount,
    /// How much more of it is owed in leaves of which only the bundle says that they are the counterparty's.
    pub explained_stated: Amount,
    /// What its transactions rest on: the weakest.
    pub authenticity: Basis,
    /// What came and went, transaction by transaction, in the order of the chain.
    #[serde(skip)]
    pub legs: Vec<Leg>,
    /// What the transactions back took from each address.
    #[serde(skip)]
    pub losses: BTreeMap<String, Amount>,
    /// What leaves answered for.
    #[serde(skip)]
    pub uses: Vec<LeafUse>,
}

/// One transaction of a round trip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Its block.
    pub height: u64,
    /// Its id.
    pub txid: String,
    /// Which way.
    pub direction: Direction,
    /// How much.
    pub amount: Amount,
    /// Of what came: as much as nobody's coins but the counterparty's can have paid. Zero where none of its own were
    /// spent, for anybody can make another's address look like change, and where others spent enough.
    pub own: Amount,
}

impl RoundTrip {
    /// The coins that certainly came and went: what went back beyond what had come was the venue's own, and what stayed
    /// may be its own.
    #[must_use]
    pub fn coins(&self) -> Amount {
        self.amount_in.min(self.amount_out)
    }

    /// Those of them that no leaf answers to, not even one of which only the bundle says whose it is.
    #[must_use]
    pub fn coins_unanswered(&self) -> Amount {
        let answered = self.explained_bound.base_units().saturating_add(self.explained_stated.base_units());
        Amount::from_base_units(self.coins().base_units().saturating_sub(answered))
    }

    /// What came and is in no leaf that is bound to the counterparty.
    #[must_use]
    pub fn unexplained(&self) -> Amount {
        self.amount_in.checked_sub(self.explained_bound).unwrap_or(Amount::ZERO)
    }

    /// Whether the coins were there after a block and left later.
    #[must_use]
    pub const fn is_around(&self, height: u64) -> bool {
        self.last_in_at <= height && self.first_out_at > height
    }
}

/// One address in the window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AddressWindow {
    /// The address.
    pub address: String,
    /// Its lowest balance.
    pub minimum: Amount,
    /// The first block that has it.
    #[serde(with = "uint")]
    pub minimum_at: u64,
    /// The balance of the middle block.
    pub median: Amount,
    /// Its balance at the snapshot.
    pub snapshot: Option<Amount>,
    /// Its balance after the first block that was measured.
    pub first: Amount,
    /// Its balance after the last one.
    pub last: Amount,
    /// The block in which it got its first coins, when it had none before and has some at the snapshot.
    #[serde(serialize_with = "optional")]
    pub appeared_at: Option<u64>,
    /// The block after the snapshot from which on it has none, when it had some at the snapshot.
    #[serde(serialize_with = "optional")]
    pub emptied_at: Option<u64>,
    /// Its balance at the closing block, when that is above the snapshot and in evidence.
    pub closing: Option<Amount>,
}
