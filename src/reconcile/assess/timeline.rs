//! The balance of one asset over the window: all its deployments, on all chains, side by side.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Case, Commitment, Deployment, WHOLE, Window, reaches};
use crate::amount::Amount;
use crate::asset::ChainId;
use crate::reconcile::window::{self, WindowReport};

/// How the deployments of one asset were put side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Alignment {
    /// By block: there is one chain.
    Blocks,
    /// By the times of blocks: the median time on Bitcoin, the time of the header on EVM chains.
    Times,
    /// Not at all: times are missing, and the sum of the chains' minima is what was held at least.
    Minima,
}

/// The balance from a block or a moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// Height under [`Alignment::Blocks`], seconds since 1970 under [`Alignment::Times`].
    pub at: i64,
    /// The balance, in the asset's common decimals; the lowest one of that moment.
    pub amount: Amount,
}

/// A stretch in which less was held than is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Below {
    /// Where it was lowest: as [`Point::at`]; none when chains could not be put side by side.
    pub at: Option<i64>,
    /// What was held then at least, without coins that came and went.
    pub held: Amount,
    /// What is asked for: the first one's L before it, the smaller one's between two, the last one's after it.
    pub owed: Amount,
}

pub(super) struct Line {
    pub(super) alignment: Alignment,
    pub(super) minimum: Option<Amount>,
    pub(super) minimum_without_trips: Option<Amount>,
    pub(super) below: Vec<Below>,
    pub(super) curve: Vec<Point>,
}

/// One balance that holds until the next one.
struct Step {
    at: i64,
    /// The lowest of the moment: moves within one second have no order.
    lowest: Amount,
    /// What is there afterwards.
    after: Amount,
}

/// What is asked for in a stretch: blocks or moments above `after`, up to `until`.
struct Segment {
    after: Option<usize>,
    until: Option<usize>,
    owed: Amount,
}

/// Lays the windows side by side; `None` when a sum does not fit.
pub(super) fn lay(case: &Case<'_>, within: &[&Commitment]) -> Option<Line> {
    let measured: Vec<_> = case.measured().collect();
    let missing = case.deployments.iter().any(|found| found.window.is_none() && !found.is_empty());
    let chains: BTreeSet<&ChainId> = measured.iter().map(|(.., chain)| chain).collect();
    let alignment = match chains.len() {
        0 | 1 => Alignment::Blocks,
        _ if measured.iter().all(|(_, window, _)| has_times(window)) => Alignment::Times,
        _ => Alignment::Minima,
    };
    let mut line = Line { alignment, minimum: None, minimum_without_trips: None, below: Vec::new(), curve: Vec::new() };
    if measured.is_empty() {
        return Some(line);
    }
    let segments = segments(within, case.subject);
    let minima = |points: fn(&WindowReport) -> &[window::Point]| {
        let lowest = |(found, window, _): &(&Deployment<'_>, Window<'_>, ChainId)| {
            let lowest = points(window.report).iter().map(|point| point.amount).min().unwrap_or_default();
            lowest.rescale(found.decimals, case.decimals).ok()
        };
        measured.iter().map(lowest).collect::<Option<Vec<_>>>().and_then(Amount::checked_sum)
    };
    let laid = match alignment {
        Alignment::Minima => None,
        _ => steps(case, &measured, alignment, firm)?.zip(steps(case, &measured, alignment, raw)?),
    };
    let Some((firm_steps, raw_steps)) = laid else {
        line.alignment = Alignment::Minima;
        line.minimum = Some(minima(raw)?).filter(|_| !missing);
        line.minimum_without_trips = Some(minima(firm)?).filter(|_| !missing);
        line.below = below_minima(case, &measured, within, &segments)?;
        return Some(line);
    };
    let lowest = |steps: &[Step]| steps.iter().map(|step| step.lowest).min();
    line.minimum = lowest(&raw_steps).filter(|_| !missing);
    line.minimum_without_trips = lowest(&firm_steps).filter(|_| !missing);
    let position = |place: usize| {
        let commitment = within.get(place)?;
        match alignment {
            Alignment::Times => Some(commitment.cutoff.unix()),
            _ => i64::try_from(*commitment.blocks.get(&measured.first()?.2)?).ok(),
        }
    };
    for segment in &segments {
        let after = segment.after.map(position);
        let until = segment.until.map(position);
        if after == Some(None) || until == Some(None) {
            // a commitment without a block on this chain has no place on the line
            line.below.push(Below { at: None, held: Amount::ZERO, owed: segment.owed });
            continue;
        }
        let (after, until) = (after.flatten().unwrap_or(i64::MIN), until.flatten().unwrap_or(i64::MAX));
        let entering = firm_steps.iter().rev().find(|step| step.at <= after).map(|step| (after, step.after));
        let inside = firm_steps.iter().filter(|step| step.at > after && step.at <= until);
        let lowest = entering.into_iter().chain(inside.map(|step| (step.at, step.lowest)));
        if let Some((at, held)) = lowest.min_by_key(|(at, held)| (*held, *at))
            && !reaches(held, segment.owed, case.minimum_ratio.max(WHOLE))
        {
            line.below.push(Below { at: Some(at), held, owed: segment.owed });
        }
    }
    line.curve = firm_steps.iter().map(|step| Point { at: step.at, amount: step.lowest }).collect();
    Some(line)
}

fn firm(report: &WindowReport) -> &[window::Point] {
    &report.without_trips
}

fn raw(report: &WindowReport) -> &[window::Point] {
    &report.curve
}

/// Whether every block at which something changes has a time, and both ends have.
fn has_times(window: &Window<'_>) -> bool {
    let report = window.report;
    let ends = [report.measured.from, report.measured.to];
    let changes = report.curve.iter().chain(&report.without_trips).map(|point| point.height);
    changes.chain(ends).all(|height| window.times.contains_key(&height))
}

/// Before the first commitment, between each two, and after the last one. Whoever signs statements can sign one with a
/// small L for each side of a cut-off: what no log shows does not lower what the neighbours that one shows ask for.
fn segments(within: &[&Commitment], subject: u64) -> Vec<Segment> {
    let mut segments = Vec::with_capacity(within.len() + 1);
    let shown = |commitment: &&&Commitment| commitment.logged || commitment.sequence == subject;
    for place in 0..=within.len() {
        let (before, behind) = within.split_at(place);
        let beside = before.last().into_iter().chain(behind.first()).map(|commitment| commitment.owed).min();
        let left = before.iter().rev().find(shown);
        let asked = left.into_iter().chain(behind.iter().find(shown)).map(|commitment| commitment.owed).min();
        let Some(owed) = beside.max(asked) else { continue };
        segments.push(Segment { after: place.checked_sub(1), until: (place < within.len()).then_some(place), owed });
    }
    segments
}

/// The sum of all deployments, change by change, over the blocks or the time that any of them covers. Beyond the ends
/// of its own window a deployment stays as it is there: a chain of fast blocks would otherwise hide what others do at
/// the ends of theirs. `None` for a sum that does not fit, `Some(None)` when the windows share no moment.
#[allow(clippy::option_option, reason = "the outer one is an overflow, the inner one an answer")]
fn steps(
    case: &Case<'_>,
    measured: &[(&Deployment<'_>, Window<'_>, ChainId)],
    alignment: Alignment,
    points: fn(&WindowReport) -> &[window::Point],
) -> Option<Option<Vec<Step>>> {
    let place = |window: &Window<'_>, height: u64| match alignment {
        Alignment::Times => window.times.get(&height).copied(),
        _ => i64::try_from(height).ok(),
    };
    let (mut first, mut last) = (i64::MAX, i64::MIN);
    let (mut all_from, mut all_until) = (i64::MIN, i64::MAX);
    let mut now: Vec<Amount> = Vec::with_capacity(measured.len());
    // per moment and deployment: the lowest balance of the moment, and the one that stays
    let mut moments: BTreeMap<i64, BTreeMap<usize, (Amount, Amount)>> = BTreeMap::new();
    for (number, (found, window, _)) in measured.iter().enumerate() {
        let (from, to) = (window.report.measured.from, window.report.measured.to);
        let (from, to) = (place(window, from)?, place(window, to)?);
        (first, last) = (first.min(from), last.max(to));
        (all_from, all_until) = (all_from.max(from), all_until.min(to));
        let opening = points(window.report).first().map(|point| point.amount).unwrap_or_default();
        now.push(opening.rescale(found.decimals, case.decimals).ok()?);
        for point in points(window.report) {
            let amount = point.amount.rescale(found.decimals, case.decimals).ok()?;
            let entry = moments.entry(place(window, point.height)?).or_default();
            let (lowest, after) = entry.entry(number).or_insert((amount, amount));
            *lowest = (*lowest).min(amount);
            *after = amount;
        }
    }
    if all_from > all_until {
        return Some(None);
    }
    let mut steps: Vec<Step> = Vec::new();
    let mut start = None;
    for (at, changes) in moments.into_iter().filter(|(at, _)| *at <= last) {
        let mut lowest = now.clone();
        for (number, (low, after)) in changes {
            if let (Some(lowest), Some(now)) = (lowest.get_mut(number), now.get_mut(number)) {
                // what was there before counts for the moment as well where blocks have no order
                *lowest = if alignment == Alignment::Times && at > first { low.min(*now) } else { low };
                *now = after;
            }
        }
        let after = Amount::checked_sum(now.iter().copied())?;
        if at <= first {
            start = Some(after);
            continue;
        }
        steps.push(Step { at, lowest: Amount::checked_sum(lowest)?, after });
    }
    let start = start.unwrap_or_default();
    steps.insert(0, Step { at: first, lowest: start, after: start });
    Some(Some(steps))
}

/// Without times: in each stretch the sum of the deployments' lowest balances between their own blocks.
fn below_minima(
    case: &Case<'_>,
    measured: &[(&Deployment<'_>, Window<'_>, ChainId)],
    within: &[&Commitment],
    segments: &[Segment],
) -> Option<Vec<Below>> {
    let mut below = Vec::new();
    for segment in segments {
        let mut held = Amount::ZERO;
        for (found, window, chain) in measured {
            let block = |place: usize| within.get(place).and_then(|commitment| commitment.blocks.get(chain)).copied();
            let from = segment.after.and_then(block).unwrap_or(window.report.measured.from);
            let to = segment.until.and_then(block).unwrap_or(window.report.measured.to);
            let entering = window.report.firm_at(from);
            let inside = window.report.without_trips.iter().filter(|point| point.height > from && point.height <= to);
            let lowest = entering.into_iter().chain(inside.map(|point| point.amount)).min().unwrap_or_default();
            held = held.checked_add(lowest.rescale(found.decimals, case.decimals).ok()?)?;
        }
        if !reaches(held, segment.owed, case.minimum_ratio.max(WHOLE)) {
            below.push(Below { at: None, held, owed: segment.owed });
        }
    }
    Some(below)
}
