//! The window engine: what the addresses that count held at every block, and what came and went. Specification:
//! `docs/spec/window.md`.
//!
//! It knows no chain and no file: [`WindowEvidence`] in, figures out, in whole numbers. The set comes first, so that
//! moves within it cancel; then each address by itself.

mod curve;
mod explained;
mod findings;
mod model;
mod stretches;
#[cfg(test)]
mod tests;
mod trips;

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::U256;

use self::curve::Curve;
pub use self::explained::{CustomerLeaf, Explained, LeafUse};
pub(super) use self::findings::{findings, missing};
pub use self::model::{
    AddressWindow, BlockRange, Bounds, Counterparty, Dip, Direction, Flow, Leg, Point, RoundTrip, Sampled, WindowReport,
};
pub use self::stretches::measure_stretches;
use self::trips::Net;
use crate::amount::{Amount, Decimals};
use crate::policy::WindowRules;
use crate::reserve::window::{Part, Transfer, WindowEvidence};

/// Dips that are told: the deepest.
const DIPS_SHOWN: usize = 5;
/// Shares of a policy are hundredths of a percent.
const WHOLE: u64 = 10_000;

/// What the verifier asks of a window; nothing in it comes from the window itself.
#[derive(Clone, Debug)]
pub struct WindowQuestion<'a> {
    /// First and last block asked about; what the evidence offers when the policy names none.
    pub range: Option<(u64, u64)>,
    /// The cut-off block.
    pub snapshot: u64,
    /// Cut-off blocks of all statements that are known, around which coins may come and go.
    pub commitments: &'a [u64],
    /// Leaves of customers that answer to coins which came; what they can still answer for.
    pub explained: &'a Explained,
    /// The block at which what was signed for must still be there, and whether the policy names it.
    pub closing: Option<(u64, bool)>,
    /// Addresses that count: free, and under control.
    pub counted: &'a BTreeSet<String>,
    /// Decimals of the deployment.
    pub decimals: Decimals,
    /// The policy's rules.
    pub rules: &'a WindowRules,
}

/// Measures a window; `None` when the evidence shows none of the blocks asked about, or a sum does not fit.
#[must_use]
pub fn measure(evidence: &WindowEvidence, question: &WindowQuestion<'_>) -> Option<WindowReport> {
    let asked = question.range.unwrap_or((evidence.from, evidence.to));
    let (from, to) = (asked.0.max(evidence.from), asked.1.min(evidence.to));
    if from > to {
        return None;
    }
    let counts = |part: &&Part| question.counted.contains(&part.address);
    let set = Curve::new(evidence, (from, to), |part| question.counted.contains(&part.address))?;
    let nets = nets(evidence, question.counted)?;
    let inside: Vec<Net> = nets.into_iter().filter(|net| (from..=to).contains(&net.height)).collect();
    let (minimum, maximum) = (set.minimum(), set.maximum());
    let (minimum_at, maximum_at) = (minimum.0, maximum.0);
    let told = share(maximum.1, question.rules.flow_share);
    let mut flows: Vec<Flow> = inside.iter().filter(|net| net.amount >= told).map(Net::flow).collect();
    flows.retain(|flow| !flow.amount.is_zero());
    let mut round_trips = trips::find(&inside, question, told);
    question.explained.answer(&evidence.deployment, question.decimals, &mut round_trips);
    let without_trips = without_trips(&set, &round_trips);
    let gaps = gaps(evidence, asked);
    let length = |range: &BlockRange| range.to.saturating_sub(range.from).saturating_add(1);
    let uncovered = gaps.iter().map(length).fold(0, u64::saturating_add);
    let blocks = length(&BlockRange { from: asked.0, to: asked.1 });
    let snapshot = set.at(question.snapshot);
    let median = set.median();
    let addresses = addresses(evidence, (from, to), question)?;
    let young = young(evidence, question, counts)?;
    let mut report = WindowReport {
        deployment: evidence.deployment.clone(),
        decimals: question.decimals,
        asked: BlockRange { from: asked.0, to: asked.1 },
        measured: BlockRange { from, to },
        blocks,
        covered: blocks.saturating_sub(uncovered),
        gaps,
        snapshot_height: question.snapshot,
        snapshot,
        minimum: minimum.1,
        minimum_at,
        maximum: maximum.1,
        maximum_at,
        median,
        mean: set.mean(&evidence.times),
        dressing_ratio: snapshot.and_then(|snapshot| dressing(snapshot, median)),
        younger: snapshot.and_then(|snapshot| super::percent(young, snapshot)),
        dips: dips(&set, &inside),
        flows,
        round_trips,
        addresses,
        authenticity: evidence.authenticity,
        completeness: evidence.completeness,
        without_trips,
        curve: set.points().map(|(height, amount)| Point { height, amount }).collect(),
        exact: true,
        closing: question.closing.map(|closing| closing.0),
        came_and_went: Amount::ZERO,
        gone_before_closing: Amount::ZERO,
        sustained: snapshot,
        bounds: None,
    };
    sustained(&mut report)?;
    Some(report)
}

/// `share` of an amount, rounded up: at least one base unit.
fn share(amount: Amount, share: u64) -> Amount {
    let part = U256::from(amount.base_units()) * U256::from(share);
    let part = part.div_ceil(U256::from(WHOLE));
    Amount::from_base_units(u128::try_from(part).unwrap_or(u128::MAX).max(1))
}

/// What each transfer did to the addresses that count, all of them together.
fn nets(evidence: &WindowEvidence, counted: &BTreeSet<String>) -> Option<Vec<Net>> {
    evidence.transfers.iter().map(|transfer| Net::new(transfer, counted)).collect()
}

/// Blocks asked about of which the evidence does not show everything.
fn gaps(evidence: &WindowEvidence, asked: (u64, u64)) -> Vec<BlockRange> {
    gaps_between(&evidence.gaps, (evidence.from, evidence.to), asked)
}

/// Blocks asked about that lie in a hole of the evidence, or that it does not reach.
fn gaps_between(holes: &[(u64, u64)], shown: (u64, u64), (first, last): (u64, u64)) -> Vec<BlockRange> {
    let mut gaps = Vec::new();
    let mut push = |from: u64, to: u64| {
        if from <= to {
            gaps.push(BlockRange { from, to });
        }
    };
    if let Some(before) = shown.0.checked_sub(1) {
        push(first, last.min(before));
    }
    for (from, to) in holes {
        push((*from).max(first), (*to).min(last));
    }
    if let Some(after) = shown.1.checked_add(1) {
        push(first.max(after), last);
    }
    gaps
}

/// (S(snapshot) − median) / S(snapshot) in percent, two digits, rounded down; negative when less was held than usual.
fn dressing(snapshot: Amount, median: Amount) -> Option<String> {
    match snapshot.checked_sub(median) {
        Some(excess) => super::percent(excess, snapshot),
        None => {
            let lack = U256::from(median.checked_sub(snapshot)?.base_units()) * U256::from(WHOLE);
            if snapshot.is_zero() {
                return None;
            }
            // away from zero: a negative number is rounded down
            let hundredths = lack.div_ceil(U256::from(snapshot.base_units()));
            let (percent, rest) = (hundredths / U256::from(100_u64), hundredths % U256::from(100_u64));
            Some(format!("-{percent}.{:0>2} %", rest.to_string()))
        }
    }
}

/// What of the value at the snapshot came in within the evidence: a coin that is spent is gone, whatever replaced it.
fn young(evidence: &WindowEvidence, question: &WindowQuestion<'_>, counts: impl Fn(&&Part) -> bool) -> Option<Amount> {
    let until = evidence.transfers.iter().filter(|transfer| transfer.height <= question.snapshot);
    let mut made: BTreeMap<&str, Amount> = BTreeMap::new();
    for transfer in until {
        for part in &transfer.spent {
            made.remove(part.id.as_str());
        }
        made.extend(transfer.received.iter().filter(&counts).map(|part| (part.id.as_str(), part.amount)));
    }
    Amount::checked_sum(made.into_values())
}

/// The curve less the unexplained coins of round trips from their coming to their going; those of a trip that is
/// explained in part are the last of it to leave.
fn without_trips(set: &Curve, trips: &[RoundTrip]) -> Vec<Point> {
    // how much more, and how much less, of such coins is there from a block on
    let mut changes: BTreeMap<u64, (u128, u128)> = BTreeMap::new();
    for trip in trips {
        let open = trip.unexplained().base_units();
        let (mut came, mut went, mut there) = (0_u128, 0_u128, 0_u128);
        let mut legs: Vec<_> = trip.legs.iter().collect();
        legs.sort_by_key(|leg| leg.height);
        for (left, leg) in (0..legs.len()).rev().zip(legs) {
            match leg.direction {
                Direction::In => came = came.saturating_add(leg.amount.base_units()),
                Direction::Out => went = went.saturating_add(leg.amount.base_units()),
            }
            // what came and did not go back by the end is the venue's, or was the fee
            let now = if left == 0 { 0 } else { came.saturating_sub(went).min(open) };
            let (more, less) = changes.entry(leg.height).or_default();
            *more = more.saturating_add(now.saturating_sub(there));
            *less = less.saturating_add(there.saturating_sub(now));
            there = now;
        }
    }
    let mut heights: BTreeSet<u64> = set.points().map(|(height, _)| height).collect();
    heights.extend(changes.keys());
    let mut points: Vec<Point> = Vec::new();
    let mut lent = 0_u128;
    for height in heights {
        let (more, less) = changes.get(&height).copied().unwrap_or_default();
        lent = lent.saturating_add(more).saturating_sub(less);
        let Some(all) = set.at(height) else { continue };
        let amount = Amount::from_base_units(all.base_units().saturating_sub(lent));
        if points.last().is_none_or(|last| last.amount != amount) {
            points.push(Point { height, amount });
        }
    }
    points
}

/// The deepest low points of the curve with the transactions that led there.
fn dips(set: &Curve, nets: &[Net]) -> Vec<Dip> {
    let mut lowest: Vec<(u64, Amount)> = set.low_points().collect();
    lowest.sort_by_key(|(height, amount)| (*amount, *height));
    lowest.truncate(DIPS_SHOWN);
    let dip = |(height, amount)| {
        let led = nets.iter().filter(|net| net.height == height && net.direction == Direction::Out);
        Dip { height, amount, txids: led.map(|net| net.txid.clone()).collect() }
    };
    lowest.into_iter().map(dip).collect()
}

/// Each address that counts, by itself.
fn addresses(
    evidence: &WindowEvidence,
    range: (u64, u64),
    question: &WindowQuestion<'_>,
) -> Option<Vec<AddressWindow>> {
    /// What an address had at the start, and what moved.
    type Own<'a> = (Vec<&'a Part>, Vec<(u64, &'a Part, Direction)>);
    let mut own: BTreeMap<&str, Own<'_>> = BTreeMap::new();
    for part in &evidence.opening {
        own.entry(part.address.as_str()).or_default().0.push(part);
    }
    for Transfer { height, spent, received, .. } in &evidence.transfers {
        for part in received {
            own.entry(part.address.as_str()).or_default().1.push((*height, part, Direction::In));
        }
        for part in spent {
            own.entry(part.address.as_str()).or_default().1.push((*height, part, Direction::Out));
        }
    }
    let mut figures = Vec::new();
    for address in question.counted {
        let (opening, moves) = own.remove(address.as_str()).unwrap_or_default();
        let curve = Curve::of(opening.into_iter(), moves.into_iter(), range)?;
        let (minimum_at, minimum) = curve.minimum();
        let closing = question.closing.map(|closing| closing.0).filter(|closing| *closing > question.snapshot);
        figures.push(AddressWindow {
            address: address.clone(),
            minimum,
            minimum_at,
            median: curve.median(),
            snapshot: curve.at(question.snapshot),
            first: curve.at(range.0).unwrap_or_default(),
            last: curve.at(range.1).unwrap_or_default(),
            appeared_at: curve.appeared(question.snapshot),
            emptied_at: curve.emptied(question.snapshot),
            closing: closing.and_then(|closing| curve.at(closing)),
        });
    }
    Some(figures)
}

/// What was at the snapshot and is not known to have only been there for it: less the coins of round trips around it,
/// and less what had left its address before the closing block. Coins of a round trip that left an address before the
/// closing block are taken off once.
fn sustained(report: &mut WindowReport) -> Option<()> {
    let around: Vec<&RoundTrip> = report.round_trips.iter().filter(|trip| trip.around_snapshot).collect();
    report.came_and_went = Amount::checked_sum(around.iter().map(|trip| trip.unexplained()))?;
    let mut returned: BTreeMap<&str, Amount> = BTreeMap::new();
    for trip in around.iter().filter(|trip| report.closing.is_some_and(|closing| trip.out_at <= closing)) {
        // a customer's coins were not taken off, so they are not given back either
        let mut open = trip.unexplained();
        for (address, amount) in &trip.losses {
            let own = open.min(*amount);
            open = open.checked_sub(own)?;
            let sum = returned.entry(address.as_str()).or_default();
            *sum = sum.checked_add(own)?;
        }
    }
    let (mut gone, mut both) = (Amount::ZERO, Amount::ZERO);
    for address in &report.addresses {
        let (Some(then), Some(later)) = (address.snapshot, address.closing) else { continue };
        let Some(left) = then.checked_sub(later) else { continue };
        gone = gone.checked_add(left)?;
        both = both.checked_add(left.min(returned.get(address.address.as_str()).copied().unwrap_or_default()))?;
    }
    report.gone_before_closing = gone;
    let less = report.came_and_went.checked_add(gone)?.checked_sub(both)?;
    report.sustained = report.snapshot.map(|snapshot| snapshot.checked_sub(less).unwrap_or(Amount::ZERO));
    Some(())
}
