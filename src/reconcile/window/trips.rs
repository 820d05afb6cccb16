//! Flows of the whole set, and coins that come from somebody and go back there.

mod payments;

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::U256;

use self::payments::Payments;
use super::model::{Counterparty, Direction, Flow, Leg, RoundTrip};
use super::{WHOLE, WindowQuestion};
use crate::amount::Amount;
use crate::basis::Basis;
use crate::policy::WindowRules;
use crate::reserve::window::{Part, Party, Transfer};

/// What one transaction did to the addresses that count, together.
#[derive(Clone, Debug)]
pub(super) struct Net {
    pub(super) height: u64,
    pub(super) txid: String,
    pub(super) direction: Direction,
    pub(super) amount: Amount,
    parties: Vec<Counterparty>,
    /// Who sent it, by name: also where change went.
    senders: BTreeSet<String>,
    /// Who got how much.
    receivers: BTreeMap<String, Amount>,
    /// What each address lost.
    losses: BTreeMap<String, Amount>,
    authenticity: Basis,
}

impl Net {
    /// `None` when a sum does not fit.
    pub(super) fn new(transfer: &Transfer, counted: &BTreeSet<String>) -> Option<Self> {
        let (own_spent, other_spent): (Vec<&Part>, Vec<&Part>) =
            transfer.spent.iter().partition(|part| counted.contains(&part.address));
        let (own_received, other_received): (Vec<&Part>, Vec<&Part>) =
            transfer.received.iter().partition(|part| counted.contains(&part.address));
        let sum = |parts: &[&Part]| Amount::checked_sum(parts.iter().map(|part| part.amount));
        let (spent, received) = (sum(&own_spent)?, sum(&own_received)?);
        let (direction, amount) = match received.checked_sub(spent) {
            Some(more) => (Direction::In, more),
            None => (Direction::Out, spent.checked_sub(received)?),
        };
        let paid_in = others(&transfer.from, &other_spent);
        let paid_out = others(&transfer.to, &other_received);
        let mut senders: BTreeSet<String> =
            paid_in.iter().filter(|party| party.amount.is_some()).map(|party| party.name.clone()).collect();
        // one output beside ours is the sender's change; an account has no change, and whom it pays is somebody else
        let account = transfer.spent.iter().chain(&transfer.received).any(|part| part.id == part.address);
        if let ([change], false, false) = (paid_out.as_slice(), paid_in.is_empty(), account) {
            senders.insert(change.name.clone());
        }
        let mut receivers: BTreeMap<String, Amount> = BTreeMap::new();
        for party in &paid_out {
            let sum = receivers.entry(party.name.clone()).or_default();
            *sum = sum.checked_add(party.amount?)?;
        }
        let mut losses: BTreeMap<String, Amount> = BTreeMap::new();
        for part in &own_spent {
            let sum = losses.entry(part.address.clone()).or_default();
            *sum = sum.checked_add(part.amount)?;
        }
        for part in &own_received {
            if let Some(sum) = losses.get_mut(&part.address) {
                *sum = sum.checked_sub(part.amount).unwrap_or(Amount::ZERO);
            }
        }
        let parties = if direction == Direction::In { paid_in } else { paid_out };
        let (height, txid, authenticity) = (transfer.height, transfer.txid.clone(), transfer.authenticity);
        Some(Self { height, txid, direction, amount, parties, senders, receivers, losses, authenticity })
    }

    /// Of what came: as much as nobody's coins but this one's can have paid.
    fn own(&self, name: &str) -> Amount {
        let (own, others): (Vec<_>, Vec<_>) = self.parties.iter().partition(|party| party.name == name);
        if self.direction != Direction::In || own.iter().all(|party| party.amount.is_none()) {
            return Amount::ZERO;
        }
        // coins of which nobody knows how many they are may have paid all of it
        let others = others.iter().map(|party| party.amount).collect::<Option<Vec<_>>>().and_then(Amount::checked_sum);
        others.and_then(|others| self.amount.checked_sub(others)).unwrap_or(Amount::ZERO)
    }

    pub(super) fn flow(&self) -> Flow {
        Flow {
            height: self.height,
            txid: self.txid.clone(),
            direction: self.direction,
            amount: self.amount,
            counterparties: self.parties.clone(),
            authenticity: self.authenticity,
        }
    }
}

/// Strangers, and addresses of the set that do not count.
fn others(strangers: &[Party], own: &[&Part]) -> Vec<Counterparty> {
    let strangers = strangers.iter().map(|party| Counterparty { name: party.name.clone(), amount: party.amount });
    let own = own.iter().map(|part| Counterparty { name: part.address.clone(), amount: Some(part.amount) });
    strangers.chain(own).collect()
}

/// Whether two amounts are equal but for the tolerance, a share of the larger one.
fn alike(left: Amount, right: Amount, tolerance: u64) -> bool {
    let (less, more) = (left.min(right).base_units(), left.max(right).base_units());
    U256::from(more - less) * U256::from(WHOLE) <= U256::from(more) * U256::from(tolerance)
}

/// Round trips worth at least `told`, in the order of their first block.
///
/// First one transaction in and one out, the earliest that fits; then, around the snapshot and every other block of a
/// commitment, all that is left of one counterparty together, so that a loan in pieces is seen, too. No transaction
/// stands in two of them.
pub(super) fn find(nets: &[Net], question: &WindowQuestion<'_>, told: Amount) -> Vec<RoundTrip> {
    let mut search = Search {
        nets,
        snapshot: question.snapshot,
        rules: question.rules,
        came: BTreeSet::new(),
        went: BTreeSet::new(),
        found: Vec::new(),
    };
    let paid = paid(nets);
    search.pairs(told, &paid);
    search.together(question.snapshot, told, &paid);
    for height in question.commitments.iter().filter(|height| **height != question.snapshot) {
        search.together(*height, told, &paid);
    }
    search.found.sort_by(|left, right| {
        (left.in_at, left.out_at, &left.counterparty).cmp(&(right.in_at, right.out_at, &right.counterparty))
    });
    search.found
}

/// Payments out by who got them, in the order of the chain: a long window takes no square of its length.
type Paid<'a> = BTreeMap<&'a str, Vec<(usize, Amount)>>;

fn paid(nets: &[Net]) -> Paid<'_> {
    let mut paid = Paid::new();
    for (place, net) in nets.iter().enumerate().filter(|(_, net)| net.direction == Direction::Out) {
        for (name, amount) in &net.receivers {
            paid.entry(name.as_str()).or_default().push((place, *amount));
        }
    }
    paid
}

struct Search<'a> {
    nets: &'a [Net],
    snapshot: u64,
    rules: &'a WindowRules,
    /// Places of transactions in that are part of a round trip.
    came: BTreeSet<usize>,
    /// Places of payments back, with the counterparty.
    went: BTreeSet<(usize, String)>,
    found: Vec<RoundTrip>,
}

impl Search<'_> {
    fn pairs(&mut self, told: Amount, paid: &Paid<'_>) {
        let mut by_amount: BTreeMap<&str, Payments> =
            paid.iter().map(|(name, payments)| (*name, Payments::new(payments))).collect();
        let tolerance = self.rules.round_trip_tolerance;
        for (place, came) in self.nets.iter().enumerate() {
            if came.direction != Direction::In || came.amount < told {
                continue;
            }
            let last = came.height.saturating_add(self.rules.round_trip_blocks);
            let back = came.senders.iter().filter_map(|name| {
                let payments = by_amount.get_mut(name.as_str())?;
                payments.pass(place);
                let is_alike = |amount| alike(came.amount, amount, tolerance);
                let at = payments.earliest(
                    |amount| amount < came.amount && !is_alike(amount),
                    |amount| amount <= came.amount || is_alike(amount),
                )?;
                // the earliest one is the lowest block, too
                let went = self.nets.get(at).filter(|net| net.height <= last)?;
                Some((at, name.clone(), *went.receivers.get(name)?))
            });
            let Some((at, name, amount)) = back.min() else { continue };
            let Some(went) = self.nets.get(at) else { continue };
            self.came.insert(place);
            if let Some(payments) = by_amount.get_mut(name.as_str()) {
                payments.take(at);
            }
            self.went.insert((at, name.clone()));
            self.found.push(self.trip(name, &[came], &[(went, amount)], (came.amount, amount)));
        }
    }

    /// Around a block, the sums of what is left.
    fn together(&mut self, around: u64, told: Amount, paid: &Paid<'_>) {
        let first = around.saturating_sub(self.rules.round_trip_blocks);
        let last = around.saturating_add(self.rules.round_trip_blocks);
        let mut names: BTreeMap<&str, Vec<(usize, &Net)>> = BTreeMap::new();
        let nets = self.nets;
        let before = |net: &Net| net.direction == Direction::In && (first..=around).contains(&net.height);
        for (place, net) in nets.iter().enumerate().filter(|(_, net)| before(net)) {
            for name in &net.senders {
                names.entry(name.as_str()).or_default().push((place, net));
            }
        }
        let mut found = Vec::new();
        for (name, came) in names {
            let came: Vec<(usize, &Net)> = came.into_iter().filter(|(place, _)| !self.came.contains(place)).collect();
            let payments = paid.get(name).map(Vec::as_slice).unwrap_or_default();
            let went: Vec<(usize, &Net, Amount)> = payments
                .iter()
                .filter_map(|(place, amount)| Some((*place, nets.get(*place)?, *amount)))
                .filter(|(_, net, _)| net.height > around && net.height <= last)
                .filter(|(place, ..)| !self.went.contains(&(*place, name.to_owned())))
                .collect();
            let sum_in = Amount::checked_sum(came.iter().map(|(_, net)| net.amount));
            let sum_out = Amount::checked_sum(went.iter().map(|(.., amount)| *amount));
            let (Some(sum_in), Some(sum_out)) = (sum_in, sum_out) else { continue };
            let fits = sum_in >= told && alike(sum_in, sum_out, self.rules.round_trip_tolerance);
            // what is told is one base unit at least, so that something came
            if !fits || went.is_empty() {
                continue;
            }
            self.came.extend(came.iter().map(|(place, _)| *place));
            self.went.extend(went.iter().map(|(place, ..)| (*place, name.to_owned())));
            let nets: Vec<&Net> = came.iter().map(|(_, net)| *net).collect();
            let back: Vec<(&Net, Amount)> = went.iter().map(|(_, net, amount)| (*net, *amount)).collect();
            found.push(self.trip(name.to_owned(), &nets, &back, (sum_in, sum_out)));
        }
        self.found.extend(found);
    }

    fn trip(&self, counterparty: String, came: &[&Net], went: &[(&Net, Amount)], sums: (Amount, Amount)) -> RoundTrip {
        let in_at = came.iter().map(|net| net.height).min().unwrap_or(0);
        let last_in = came.iter().map(|net| net.height).max().unwrap_or(0);
        let out_at = went.iter().map(|(net, _)| net.height).max().unwrap_or(0);
        let first_out = went.iter().map(|(net, _)| net.height).min().unwrap_or(0);
        let mut losses: BTreeMap<String, Amount> = BTreeMap::new();
        // the coins that came, and no more: the same transactions may have paid others, too
        let mut left = sums.0;
        for (net, _) in went {
            for (address, loss) in &net.losses {
                let own = left.min(*loss);
                left = left.checked_sub(own).unwrap_or(Amount::ZERO);
                let sum = losses.entry(address.clone()).or_default();
                *sum = sum.checked_add(own).unwrap_or(*sum);
            }
        }
        let leg = |net: &Net, amount| {
            let (txid, own) = (net.txid.clone(), net.own(&counterparty));
            Leg { height: net.height, txid, direction: net.direction, amount, own }
        };
        let legs_in = came.iter().map(|net| leg(net, net.amount));
        let legs: Vec<Leg> = legs_in.chain(went.iter().map(|(net, amount)| leg(net, *amount))).collect();
        let nets = came.iter().copied().chain(went.iter().map(|(net, _)| *net));
        RoundTrip {
            counterparty,
            amount_in: sums.0,
            in_at,
            last_in_at: last_in,
            amount_out: sums.1,
            first_out_at: first_out,
            out_at,
            explained: false,
            explained_bound: Amount::ZERO,
            explained_stated: Amount::ZERO,
            authenticity: nets.map(|net| net.authenticity).min().unwrap_or(Basis::Assumed),
            legs,
            txids: came.iter().map(|net| &net.txid).chain(went.iter().map(|(net, _)| &net.txid)).cloned().collect(),
            around_snapshot: last_in <= self.snapshot && first_out > self.snapshot,
            losses,
            uses: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
