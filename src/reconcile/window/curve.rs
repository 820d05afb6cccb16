//! A balance over blocks: a value that holds until the next one.

use std::collections::BTreeMap;

use alloy_primitives::U256;

use super::model::Direction;
use crate::amount::Amount;
use crate::reserve::window::{Part, WindowEvidence};

/// The balance at the end of every block of a range: heights at which it changes, and what it is from there on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Curve {
    /// In rising order; the first one is the start of the range.
    steps: Vec<(u64, Amount)>,
    last: u64,
}

impl Curve {
    /// The curve of all parts that `counts` picks; `None` when a sum does not fit or falls below zero.
    pub(super) fn new(evidence: &WindowEvidence, range: (u64, u64), counts: impl Fn(&Part) -> bool) -> Option<Self> {
        let opening = evidence.opening.iter().filter(|part| counts(part));
        let moves = evidence.transfers.iter().flat_map(|transfer| {
            let spent = transfer.spent.iter().map(|part| (transfer.height, part, Direction::Out));
            spent.chain(transfer.received.iter().map(|part| (transfer.height, part, Direction::In)))
        });
        Self::of(opening, moves.filter(|(_, part, _)| counts(part)), range)
    }

    /// The curve of an opening and of moves in the order of their heights.
    pub(super) fn of<'a>(
        opening: impl Iterator<Item = &'a Part>,
        moves: impl Iterator<Item = (u64, &'a Part, Direction)>,
        (first, last): (u64, u64),
    ) -> Option<Self> {
        let mut blocks: BTreeMap<u64, (Amount, Amount)> = BTreeMap::new();
        for (height, part, direction) in moves.filter(|(height, ..)| *height <= last) {
            let (came, went) = blocks.entry(height).or_default();
            match direction {
                Direction::In => *came = came.checked_add(part.amount)?,
                Direction::Out => *went = went.checked_add(part.amount)?,
            }
        }
        let mut value = Amount::checked_sum(opening.map(|part| part.amount))?;
        let mut steps: Vec<(u64, Amount)> = vec![(first, value)];
        for (height, (came, went)) in blocks {
            value = value.checked_add(came)?.checked_sub(went)?;
            match steps.last_mut() {
                // below the range it only moves the start
                Some(step) if height <= first => step.1 = value,
                Some(step) if step.1 == value => {}
                _ => steps.push((height, value)),
            }
        }
        Some(Self { steps, last })
    }

    /// The balance after a block; `None` outside of the range.
    pub(super) fn at(&self, height: u64) -> Option<Amount> {
        if height > self.last {
            return None;
        }
        let after = self.steps.partition_point(|step| step.0 <= height);
        Some(self.steps.get(after.checked_sub(1)?)?.1)
    }

    /// The block of the first coins, when there were none at the start and are some at `snapshot`.
    pub(super) fn appeared(&self, snapshot: u64) -> Option<u64> {
        let began = self.steps.first().is_some_and(|step| step.1.is_zero());
        let holds = self.at(snapshot).is_some_and(|amount| !amount.is_zero());
        let first = self.steps.iter().find(|step| !step.1.is_zero())?;
        (began && holds).then_some(first.0)
    }

    /// The block above `snapshot` from which on there is nothing up to the end, when there was something then.
    pub(super) fn emptied(&self, snapshot: u64) -> Option<u64> {
        let held = self.at(snapshot).is_some_and(|amount| !amount.is_zero());
        // behind the snapshot, since there was something then
        let last = self.steps.last().filter(|step| step.1.is_zero())?;
        held.then_some(last.0)
    }

    /// Every change.
    pub(super) fn points(&self) -> impl Iterator<Item = (u64, Amount)> {
        self.steps.iter().copied()
    }

    /// The lowest balance and the first block that has it.
    pub(super) fn minimum(&self) -> (u64, Amount) {
        self.points().min_by_key(|(height, amount)| (*amount, *height)).unwrap_or_default()
    }

    /// The highest balance and the first block that has it.
    pub(super) fn maximum(&self) -> (u64, Amount) {
        self.points().min_by_key(|(height, amount)| (std::cmp::Reverse(*amount), *height)).unwrap_or_default()
    }

    /// Stretches that lie below both neighbours, ends of the range included; none when the balance never changes.
    pub(super) fn low_points(&self) -> impl Iterator<Item = (u64, Amount)> {
        let highest = self.maximum().1;
        let neighbour = |place: Option<usize>| place.and_then(|place| self.steps.get(place)).map(|step| step.1);
        self.steps.iter().enumerate().filter_map(move |(place, (height, amount))| {
            let before = neighbour(place.checked_sub(1)).is_none_or(|before| before > *amount);
            let after = neighbour(place.checked_add(1)).is_none_or(|after| after > *amount);
            (before && after && *amount < highest).then_some((*height, *amount))
        })
    }

    /// Every step with the blocks that it lasts.
    fn lasting(&self) -> impl Iterator<Item = (u64, u64, Amount)> {
        let ends = self.steps.iter().skip(1).map(|step| step.0).chain([self.last.saturating_add(1)]);
        self.steps.iter().zip(ends).map(|((from, amount), end)| (*from, end, *amount))
    }

    /// The balance of the middle block when blocks are ordered by balance, the lower one of two.
    pub(super) fn median(&self) -> Amount {
        let mut weights: Vec<(Amount, u64)> =
            self.lasting().map(|(from, end, amount)| (amount, end.saturating_sub(from))).collect();
        weights.sort_unstable();
        let blocks: u64 = weights.iter().map(|weight| weight.1).sum();
        let middle = blocks.saturating_sub(1) / 2;
        let mut seen = 0;
        for (amount, count) in weights {
            seen += count;
            if seen > middle {
                return amount;
            }
        }
        Amount::ZERO
    }

    /// The mean, each balance weighted by the seconds between its block and the next change, rounded down; `None` when
    /// a time is missing, or no time passed.
    pub(super) fn mean(&self, times: &BTreeMap<u64, i64>) -> Option<Amount> {
        let (mut sum, mut whole) = (U256::ZERO, 0_u64);
        for (from, end, amount) in self.lasting() {
            let end = end.min(self.last);
            let seconds = times.get(&end)?.checked_sub(*times.get(&from)?)?;
            let seconds = u64::try_from(seconds).ok()?;
            sum += U256::from(amount.base_units()) * U256::from(seconds);
            whole = whole.checked_add(seconds)?;
        }
        let mean = sum.checked_div(U256::from(whole))?;
        u128::try_from(mean).ok().map(Amount::from_base_units)
    }
}
