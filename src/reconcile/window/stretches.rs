//! A window of stretches: at every block at least so much, for a reason. The figures are those of any other window,
//! and every one of them is a bound from below where a stretch is one.
//!
//! A block at which an address is in no stretch is a gap of the whole window; the address counts zero there, for
//! nothing more is shown.

use std::collections::BTreeMap;

use super::curve::Curve;
use super::model::{Bounds, Direction, Sampled};
use super::trips::{self, Net};
use super::{
    AddressWindow, BlockRange, Dip, Flow, Point, WindowQuestion, WindowReport, dips, dressing, gaps_between, share,
    sustained, without_trips,
};
use crate::amount::Amount;
use crate::reconcile::sample;
use crate::reserve::window::{Part, Stretch, StretchEvidence};

/// Measures a window of stretches; `None` when the evidence shows none of the blocks asked about, or a sum does not
/// fit.
#[must_use]
pub fn measure_stretches(evidence: &StretchEvidence, question: &WindowQuestion<'_>) -> Option<WindowReport> {
    let asked = question.range.unwrap_or((evidence.from, evidence.to));
    let (from, to) = (asked.0.max(evidence.from), asked.1.min(evidence.to));
    if from > to {
        return None;
    }
    let own: Vec<(&str, &[Stretch])> =
        question.counted.iter().map(|address| (address.as_str(), of(evidence, address))).collect();
    let range = (from, to);
    let set = curve(own.iter().flat_map(|(_, stretches)| stretches.iter()), range)?;
    let all = own.len() as u64;
    let shown = Count::new(own.iter().flat_map(|(_, stretches)| stretches.iter()), range);
    let exact =
        Count::new(own.iter().flat_map(|(_, stretches)| stretches.iter()).filter(|s| s.reason.is_exact()), range);
    let holes = shown.below(all);
    let gaps = gaps_between(&holes, (evidence.from, evidence.to), asked);
    let length = |range: &BlockRange| range.to.saturating_sub(range.from).saturating_add(1);
    let blocks = length(&BlockRange { from: asked.0, to: asked.1 });
    let uncovered = gaps.iter().map(length).fold(0, u64::saturating_add);
    let inexact: u64 = exact.below(all).iter().map(|(from, to)| to.saturating_sub(*from).saturating_add(1)).sum();
    let measured = length(&BlockRange { from, to });
    let (minimum_at, minimum) = set.minimum();
    let (maximum_at, maximum) = set.maximum();
    let whole = inexact == 0;
    let snapshot = set.at(question.snapshot).filter(|_| exact.at(question.snapshot) == all);
    let median = set.median();
    let flows = Flows::new(evidence, question, (from, to), maximum)?;
    let in_hole = |dip: &Dip| holes.iter().any(|(from, to)| (*from..=*to).contains(&dip.height));
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
        minimum,
        minimum_at,
        maximum,
        maximum_at,
        median,
        // with a bound in it, neither says anything
        mean: if whole { set.mean(&evidence.times) } else { None },
        dressing_ratio: snapshot.filter(|_| whole).and_then(|snapshot| dressing(snapshot, median)),
        younger: None,
        dips: dips(&set, &flows.nets).into_iter().filter(|dip| !in_hole(dip)).collect(),
        flows: flows.flows,
        addresses: addresses(&own, range, question)?,
        authenticity: evidence.authenticity,
        completeness: evidence.completeness,
        without_trips: without_trips(&set, &flows.round_trips),
        round_trips: flows.round_trips,
        exact: whole,
        curve: set.points().map(|(height, amount)| Point { height, amount }).collect(),
        closing: question.closing.map(|closing| closing.0),
        came_and_went: Amount::ZERO,
        gone_before_closing: Amount::ZERO,
        sustained: snapshot,
        bounds: Some(Bounds {
            exact: measured.saturating_sub(inexact),
            minimum_by: reasons(&own, minimum_at),
            flows: evidence.transfers.is_some(),
            sampled: sampled(&set, &holes, range),
        }),
    };
    sustained(&mut report)?;
    Some(report)
}

fn of<'a>(evidence: &'a StretchEvidence, address: &str) -> &'a [Stretch] {
    evidence.addresses.get(address).map(Vec::as_slice).unwrap_or_default()
}

/// What the blocks outside of the holes show; `None` without a hole, and when everything is one.
fn sampled(set: &Curve, holes: &[(u64, u64)], (first, last): (u64, u64)) -> Option<Sampled> {
    let mut shown = Vec::new();
    let mut next = first;
    for (from, to) in holes {
        if *from > next {
            shown.push((next, from.saturating_sub(1)));
        }
        next = to.saturating_add(1);
    }
    if next <= last {
        shown.push((next, last));
    }
    if holes.is_empty() || shown.is_empty() {
        return None;
    }
    // the curve changes where a stretch begins, and inside of it
    let begins = shown.iter().filter_map(|(from, _)| Some((*from, set.at(*from)?)));
    // in rising order and apart: the last that begins at or below a block is the one that can have it
    let is_shown = |height: u64| {
        let after = shown.partition_point(|(from, _)| *from <= height);
        after.checked_sub(1).and_then(|at| shown.get(at)).is_some_and(|(_, to)| height <= *to)
    };
    let inside = set.points().filter(|(height, _)| is_shown(*height));
    let (lowest_at, lowest) = begins.chain(inside).min_by_key(|(height, amount)| (*amount, *height))?;
    let stretches = shown.len() as u64;
    let count = u32::try_from(stretches).unwrap_or(u32::MAX).min(sample::COUNT_MAX);
    let detects = |hundredths: u64| sample::detection(hundredths, 100, count).map(|found| sample::percent(&found));
    Some(Sampled { stretches, lowest, lowest_at, detects_five_percent: detects(5)?, detects_one_percent: detects(1)? })
}

/// What the minimum rests on: the reasons of the stretches at its block, each once; none where there is none.
fn reasons(own: &[(&str, &[Stretch])], height: u64) -> Vec<&'static str> {
    let at = own.iter().flat_map(|(_, stretches)| stretches.iter().filter(|s| (s.from..=s.to).contains(&height)));
    let mut reasons: Vec<_> = at.map(|stretch| stretch.reason).collect();
    reasons.sort_unstable();
    reasons.dedup();
    reasons.into_iter().map(crate::reserve::window::StretchReason::text).collect()
}

/// The sum of stretches at every block; zero where there is none.
fn curve<'a>(stretches: impl Iterator<Item = &'a Stretch>, range: (u64, u64)) -> Option<Curve> {
    let part = |stretch: &Stretch| Part { address: String::new(), id: String::new(), amount: stretch.minimum };
    let parts: Vec<(u64, u64, Part)> = stretches.map(|stretch| (stretch.from, stretch.to, part(stretch))).collect();
    let moves = parts.iter().flat_map(|(from, to, part)| {
        let ends = to.checked_add(1).map(|end| (end, part, Direction::Out));
        std::iter::once((*from, part, Direction::In)).chain(ends)
    });
    Curve::of(std::iter::empty(), moves, range)
}

/// How many addresses are in a stretch, block by block.
struct Count {
    /// In rising order: from this block on so many.
    steps: Vec<(u64, u64)>,
    last: u64,
}

impl Count {
    /// No two stretches of one address overlap.
    fn new<'a>(stretches: impl Iterator<Item = &'a Stretch>, (first, last): (u64, u64)) -> Self {
        let mut changes: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
        for stretch in stretches.filter(|stretch| stretch.to >= first && stretch.from <= last) {
            changes.entry(stretch.from.max(first)).or_default().0 += 1;
            if stretch.to < last {
                changes.entry(stretch.to.saturating_add(1)).or_default().1 += 1;
            }
        }
        let mut steps = vec![(first, 0_u64)];
        let mut count = 0_u64;
        for (height, (begun, ended)) in changes {
            count = count.saturating_add(begun).saturating_sub(ended);
            match steps.last_mut() {
                Some(step) if step.0 == height => step.1 = count,
                _ => steps.push((height, count)),
            }
        }
        Self { steps, last }
    }

    fn at(&self, height: u64) -> u64 {
        let after = self.steps.partition_point(|step| step.0 <= height);
        let step = after.checked_sub(1).and_then(|at| self.steps.get(at)).filter(|_| height <= self.last);
        step.map_or(0, |step| step.1)
    }

    /// Stretches of blocks with fewer than `all`.
    fn below(&self, all: u64) -> Vec<(u64, u64)> {
        let ends = self.steps.iter().skip(1).map(|step| step.0.saturating_sub(1)).chain([self.last]);
        let mut below: Vec<(u64, u64)> = Vec::new();
        for ((from, count), end) in self.steps.iter().zip(ends) {
            if *count >= all {
                continue;
            }
            match below.last_mut().filter(|last| last.1.saturating_add(1) == *from) {
                Some(last) => last.1 = end,
                None => below.push((*from, end)),
            }
        }
        below
    }
}

/// Each address that counts, by itself. Its balance at the cut-off is a figure only where it is exact.
fn addresses(
    own: &[(&str, &[Stretch])],
    range: (u64, u64),
    question: &WindowQuestion<'_>,
) -> Option<Vec<AddressWindow>> {
    let closing = question.closing.map(|closing| closing.0).filter(|closing| *closing > question.snapshot);
    let mut figures = Vec::new();
    for (address, stretches) in own {
        let curve = curve(stretches.iter(), range)?;
        let at = |height: u64| stretches.iter().find(|stretch| (stretch.from..=stretch.to).contains(&height));
        let (minimum_at, minimum) = curve.minimum();
        // where a stretch is a bound, or missing, nothing says when an address was empty
        let sure = stretches.iter().all(|stretch| stretch.reason.is_exact());
        let sure = sure && Count::new(stretches.iter(), range).below(1).is_empty();
        figures.push(AddressWindow {
            first: curve.at(range.0).unwrap_or_default(),
            last: curve.at(range.1).unwrap_or_default(),
            appeared_at: curve.appeared(question.snapshot).filter(|_| sure),
            emptied_at: curve.emptied(question.snapshot).filter(|_| sure),
            address: (*address).to_owned(),
            minimum,
            minimum_at,
            median: curve.median(),
            snapshot: at(question.snapshot)
                .filter(|found| found.reason.is_exact())
                .and_then(|_| curve.at(question.snapshot)),
            // a bound from below: what left in between is told as gone, even when something came in since
            closing: closing.and_then(|closing| at(closing).and_then(|_| curve.at(closing))),
        });
    }
    Some(figures)
}

/// What is known of movements.
struct Flows {
    nets: Vec<Net>,
    flows: Vec<Flow>,
    round_trips: Vec<super::RoundTrip>,
}

impl Flows {
    fn new(
        evidence: &StretchEvidence,
        question: &WindowQuestion<'_>,
        (from, to): (u64, u64),
        maximum: Amount,
    ) -> Option<Self> {
        let told = share(maximum, question.rules.flow_share);
        let transfers = evidence.transfers.as_deref().unwrap_or_default();
        let nets: Option<Vec<Net>> = transfers.iter().map(|transfer| Net::new(transfer, question.counted)).collect();
        let nets: Vec<Net> = nets?.into_iter().filter(|net| (from..=to).contains(&net.height)).collect();
        let flows = nets.iter().filter(|net| net.amount >= told && !net.amount.is_zero()).map(Net::flow).collect();
        let mut round_trips = trips::find(&nets, question, told);
        question.explained.answer(&evidence.deployment, question.decimals, &mut round_trips);
        Some(Self { nets, flows, round_trips })
    }
}

#[cfg(test)]
mod tests;
