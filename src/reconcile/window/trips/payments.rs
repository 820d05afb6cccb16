//! Payments to one counterparty by their amounts: the earliest one that is about as large is found without looking at
//! every other.

use crate::amount::Amount;

/// Payments that are still to come and end no round trip yet. Each place is in it once.
pub(super) struct Payments {
    /// Amount and place, rising.
    by_amount: Vec<(Amount, usize)>,
    /// Positions in `by_amount`, in the order of their places.
    in_order: Vec<usize>,
    /// How many of `in_order` were passed.
    passed: usize,
    /// The earliest place below each node of a binary tree over `by_amount`, whose root is 1; the leaves are the second
    /// half. [`GONE`] where there is none.
    earliest: Vec<usize>,
}

/// No place: a payment that was passed or taken, or a node with nothing below.
const GONE: usize = usize::MAX;

impl Payments {
    /// Of these places and amounts.
    pub(super) fn new(payments: &[(usize, Amount)]) -> Self {
        let mut by_amount: Vec<(Amount, usize)> = payments.iter().map(|(place, amount)| (*amount, *place)).collect();
        by_amount.sort_unstable();
        let mut in_order: Vec<usize> = (0..by_amount.len()).collect();
        in_order.sort_unstable_by_key(|at| by_amount.get(*at).map(|payment| payment.1));
        let width = by_amount.len().next_power_of_two();
        let mut earliest = vec![GONE; width];
        earliest.extend(by_amount.iter().map(|payment| payment.1));
        earliest.resize(2 * width, GONE);
        let mut payments = Self { by_amount, in_order, passed: 0, earliest };
        for node in (1..width).rev() {
            payments.refresh(node);
        }
        payments
    }

    fn at(&self, node: usize) -> usize {
        self.earliest.get(node).copied().unwrap_or(GONE)
    }

    fn refresh(&mut self, node: usize) {
        let least = self.at(2 * node).min(self.at(2 * node + 1));
        if let Some(value) = self.earliest.get_mut(node) {
            *value = least;
        }
    }

    /// Forgets all payments up to a place. Places that are asked about only rise.
    pub(super) fn pass(&mut self, place: usize) {
        while let Some(at) = self.in_order.get(self.passed).copied() {
            if self.by_amount.get(at).is_none_or(|payment| payment.1 > place) {
                return;
            }
            self.forget(at);
            self.passed += 1;
        }
    }

    fn forget(&mut self, at: usize) {
        let mut node = self.earliest.len() / 2 + at;
        if let Some(value) = self.earliest.get_mut(node) {
            *value = GONE;
        }
        while node > 1 {
            node /= 2;
            self.refresh(node);
        }
    }

    /// The place of the earliest payment among those between two bounds: `too_small` holds for amounts below them, and
    /// `small_enough` for those that are not above.
    pub(super) fn earliest(
        &self,
        too_small: impl Fn(Amount) -> bool,
        small_enough: impl Fn(Amount) -> bool,
    ) -> Option<usize> {
        let width = self.earliest.len() / 2;
        let mut left = width + self.by_amount.partition_point(|payment| too_small(payment.0));
        let mut right = width + self.by_amount.partition_point(|payment| small_enough(payment.0));
        let mut least = GONE;
        while left < right {
            if left % 2 == 1 {
                least = least.min(self.at(left));
                left += 1;
            }
            if right % 2 == 1 {
                right -= 1;
                least = least.min(self.at(right));
            }
            (left, right) = (left / 2, right / 2);
        }
        (least != GONE).then_some(least)
    }

    /// Takes the payment at a place: it ends a round trip.
    pub(super) fn take(&mut self, place: usize) {
        let found = self.in_order.partition_point(|at| self.by_amount.get(*at).is_some_and(|one| one.1 < place));
        if let Some(at) = self.in_order.get(found).copied()
            && self.by_amount.get(at).is_some_and(|payment| payment.1 == place)
        {
            self.forget(at);
        }
    }
}
