//! Coins of one venue that were with another at the cut-off block only: nets of what went between them, so that two who
//! pay each other every day lent nothing. Specification: `docs/spec/network.md`.

use std::collections::BTreeMap;

use super::fraction::{Fraction, zero};
use super::transfers::Transfer;

/// Amounts between two venues, by their places: who had the coins, who got them.
pub type Pairs = BTreeMap<(usize, usize), Fraction>;

/// What went between venues of one deployment.
#[derive(Clone, Copy, Debug)]
pub struct Moves<'a> {
    /// The cut-off block of the chain.
    pub cutoff: u64,
    /// See [`super::transfers::transfers`].
    pub transfers: &'a [Transfer],
}

/// By which way coins came and went back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// From the one to the other and back, in the deployment of this place.
    Direct(usize),
    /// Once at least over a third venue, or back in another deployment.
    Around,
}

/// Coins of one venue that were with another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loan {
    /// Place of the venue whose they were.
    pub lender: usize,
    /// Place of the venue that had them.
    pub borrower: usize,
    /// How they came and went.
    pub way: Way,
    /// By transactions that both windows tell, or addresses under control.
    pub shown: Fraction,
    /// What more it would be by addresses that one of them only lists.
    pub listed: Fraction,
}

/// Loans of one asset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loans {
    /// By lender, borrower and way.
    pub all: Vec<Loan>,
    /// Of each borrower: what it was lent and is shown, less what certainly left it as loans to others, and less what
    /// its own report has judged. Can be below zero.
    pub rests: BTreeMap<usize, Fraction>,
}

/// What is known besides the payments of an asset.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Proved deposits: depositor, debtor.
    pub deposits: Pairs,
    /// What the borrower's own report has found as round trips around the cut-off block: lender, borrower.
    pub judged: Pairs,
}

/// What venues of an asset, so many, lent one another over the cut-off.
#[must_use]
pub fn loans(deployments: &[Moves<'_>], venues: usize, known: &Known) -> Loans {
    let shown = Found::new(deployments, venues, known, |one| &one.amount - &one.listed);
    let everything = Found::new(deployments, venues, known, |one| one.amount.clone());
    // what was lent on has left the reserves only as far as it certainly left
    let lent_on = Found::new(deployments, venues, known, |one| one.left.clone()).lent;
    let mut loans = Loans { all: Vec::new(), rests: shown.rests(known, &lent_on) };
    let mut rows: BTreeMap<(usize, usize, Way), (Fraction, Fraction)> = BTreeMap::new();
    for (key, amount) in shown.rows {
        rows.entry(key).or_insert_with(|| (zero(), zero())).0 = amount;
    }
    for (key, amount) in everything.rows {
        rows.entry(key).or_insert_with(|| (zero(), zero())).1 = amount;
    }
    for ((lender, borrower, way), (shown, everything)) in rows {
        let listed = (everything - &shown).max(zero());
        if shown > zero() || listed > zero() {
            loans.all.push(Loan { lender, borrower, way, shown, listed });
        }
    }
    loans
}

/// Whether a venue would not have what it owes without the coins that it was lent. Who can say neither is not known to
/// have it.
#[must_use]
pub fn rests_on_loans(holds_and_owes: Option<&(Fraction, Fraction)>, rests: &Fraction) -> bool {
    *rests > zero() && holds_and_owes.is_none_or(|(holds, owes)| holds - rests < *owes)
}

/// Loans by one measure of what each payment was.
#[derive(Default)]
struct Found {
    /// Less deposits.
    rows: BTreeMap<(usize, usize, Way), Fraction>,
    /// What each venue lent, deposits or not.
    lent: BTreeMap<usize, Fraction>,
}

impl Found {
    fn new(deployments: &[Moves<'_>], venues: usize, known: &Known, measure: impl Fn(&Transfer) -> Fraction) -> Self {
        let (mut found, mut open) = (Self::default(), known.deposits.clone());
        // what came, and what went back, without the other of the two
        let (mut came, mut back) = (Pairs::new(), Pairs::new());
        for (place, moves) in deployments.iter().enumerate() {
            let nets = nets(moves.transfers, &measure);
            for ((lender, borrower), blocks) in &nets {
                let before = peak(blocks.range(..=moves.cutoff).rev());
                let returned = nets.get(&(*borrower, *lender)).zip(moves.cutoff.checked_add(1));
                let after = returned.map_or_else(zero, |(blocks, next)| peak(blocks.range(next..)));
                let lent = before.clone().min(after.clone());
                *came.entry((*lender, *borrower)).or_insert_with(zero) += before - &lent;
                *back.entry((*borrower, *lender)).or_insert_with(zero) += after - &lent;
                found.take((*lender, *borrower, Way::Direct(place)), lent, &mut open);
            }
        }
        let (mut came, mut back) = (one_way(&came), one_way(&back));
        for lender in 0..venues {
            for borrower in (0..venues).filter(|borrower| *borrower != lender) {
                let (there, home) = (ways(&came, (lender, borrower), venues), ways(&back, (borrower, lender), venues));
                let amount = sum(&there).min(sum(&home));
                use_up(&mut came, (lender, borrower), there, &amount);
                use_up(&mut back, (borrower, lender), home, &amount);
                found.take((lender, borrower, Way::Around), amount, &mut open);
            }
        }
        found
    }

    /// Notes what was lent, less what is still open of proved deposits.
    fn take(&mut self, key: (usize, usize, Way), amount: Fraction, open: &mut Pairs) {
        if amount <= zero() {
            return;
        }
        let (lender, borrower, _) = key;
        *self.lent.entry(lender).or_insert_with(zero) += &amount;
        let owed = open.entry((lender, borrower)).or_insert_with(zero);
        let answered = amount.clone().min(owed.clone());
        *owed -= &answered;
        if answered < amount {
            self.rows.insert(key, amount - answered);
        }
    }

    /// See [`Loans::rests`].
    fn rests(&self, known: &Known, lent_on: &BTreeMap<usize, Fraction>) -> BTreeMap<usize, Fraction> {
        let mut rests: BTreeMap<usize, Fraction> = BTreeMap::new();
        let mut direct = Pairs::new();
        for ((lender, borrower, way), amount) in &self.rows {
            *rests.entry(*borrower).or_insert_with(zero) += amount;
            if matches!(way, Way::Direct(_)) {
                *direct.entry((*lender, *borrower)).or_insert_with(zero) += amount;
            }
        }
        // twice would be too much: it stands in the venue's own figures already
        for ((lender, borrower), amount) in direct {
            let judged = known.judged.get(&(lender, borrower)).cloned().unwrap_or_else(zero);
            *rests.entry(borrower).or_insert_with(zero) -= judged.min(amount);
        }
        for (borrower, rest) in &mut rests {
            *rest -= lent_on.get(borrower).cloned().unwrap_or_else(zero);
        }
        rests
    }
}

/// For every two venues and block, what went from the first to the second, less what certainly left the second for the
/// first.
fn nets(
    transfers: &[Transfer],
    measure: impl Fn(&Transfer) -> Fraction,
) -> BTreeMap<(usize, usize), BTreeMap<u64, Fraction>> {
    let mut nets: BTreeMap<(usize, usize), BTreeMap<u64, Fraction>> = BTreeMap::new();
    for one in transfers {
        *nets.entry((one.from, one.to)).or_default().entry(one.height).or_insert_with(zero) += measure(one);
        *nets.entry((one.to, one.from)).or_default().entry(one.height).or_insert_with(zero) -= &one.left;
    }
    nets
}

/// The largest sum of the first of these, however many; zero at least.
fn peak<'a>(blocks: impl Iterator<Item = (&'a u64, &'a Fraction)>) -> Fraction {
    let (mut sum, mut peak) = (zero(), zero());
    for (_, net) in blocks {
        sum += net;
        if sum > peak {
            peak.clone_from(&sum);
        }
    }
    peak
}

/// Of two amounts that went against each other, in deployments whose blocks have no common order, the difference.
fn one_way(pairs: &Pairs) -> Pairs {
    let against = |(from, to): &(usize, usize)| pairs.get(&(*to, *from)).cloned().unwrap_or_else(zero);
    let left = pairs.iter().map(|(pair, amount)| (*pair, amount - against(pair)));
    left.filter(|(_, amount)| *amount > zero()).collect()
}

/// What can have gone from one venue to another: directly, then over each third one.
fn ways(pairs: &Pairs, (from, to): (usize, usize), venues: usize) -> Vec<(Option<usize>, Fraction)> {
    let direct = pairs.get(&(from, to)).map(|amount| (None, amount.clone()));
    let over = (0..venues).filter_map(|third| {
        let (there, on) = (pairs.get(&(from, third))?, pairs.get(&(third, to))?);
        Some((Some(third), there.clone().min(on.clone())))
    });
    direct.into_iter().chain(over).collect()
}

fn sum(ways: &[(Option<usize>, Fraction)]) -> Fraction {
    ways.iter().fold(zero(), |sum, (_, amount)| sum + amount)
}

/// Takes an amount off the ways, in their order: no payment is part of two loans.
fn use_up(pairs: &mut Pairs, (from, to): (usize, usize), ways: Vec<(Option<usize>, Fraction)>, amount: &Fraction) {
    let mut rest = amount.clone();
    for (third, at_most) in ways {
        let part = at_most.min(rest.clone());
        rest -= &part;
        let legs = match third {
            None => vec![(from, to)],
            Some(third) => vec![(from, third), (third, to)],
        };
        for leg in legs {
            if let Some(left) = pairs.get_mut(&leg) {
                *left -= &part;
            }
        }
    }
}
