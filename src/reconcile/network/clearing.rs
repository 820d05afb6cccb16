//! Clearing: what everybody pays when everybody pays what they can. Specification: `docs/spec/clearing.md`.
//!
//! Eisenberg and Noe (2001) with the default costs of Rogers and Veraart (2013), one class of creditors, pro rata.
//! Nothing is iterated towards a limit: each step solves linear equations over whole numbers, and there are at most as
//! many steps as nodes.

use num_bigint::BigInt;
use num_rational::Ratio;
use serde::Deserialize;

use super::fraction::{Fraction, one, zero};
use super::linear::solve;
use super::netting::Matrix;
use crate::code::{Code, Coded, network as codes};

/// Nodes of one network.
pub const NODES_MAX: usize = 64;
/// Those of them who owe something: the equations.
pub const DEBTORS_MAX: usize = 24;
/// Bits of the largest amount once all have one denominator, and of a share's numbers.
pub const BITS_MAX: u64 = 320;

/// Why a network is not cleared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClearingError {
    /// Its parts contradict each other.
    #[error("{0}")]
    Malformed(String),
    /// The exact numbers would be too large.
    #[error("{0}")]
    TooLarge(String),
}

impl Coded for ClearingError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Malformed(_) => &codes::CLEARING_MALFORMED,
            Self::TooLarge(_) => &codes::CLEARING_TOO_LARGE,
        }
    }
}

/// A network as it is written: every number a [fraction](super::fraction::parse).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Obligations {
    /// The share of its outside assets that a defaulter gets.
    pub alpha: String,
    /// The share of what others pay that a defaulter gets.
    pub beta: String,
    /// What each has from outside of the network.
    pub outside: Vec<String>,
    /// What each owes each: row by debtor, column by creditor.
    pub owes: Vec<Vec<String>>,
}

impl Obligations {
    /// Who owes whom.
    ///
    /// # Errors
    /// [`ClearingError`] when a text is no fraction.
    pub fn matrix(&self) -> Result<Matrix, ClearingError> {
        self.owes.iter().map(|row| row.iter().map(|text| read(text)).collect()).collect()
    }

    /// The network.
    ///
    /// # Errors
    /// [`ClearingError`].
    pub fn system(&self) -> Result<System, ClearingError> {
        let outside: Vec<Fraction> = self.outside.iter().map(|text| read(text)).collect::<Result<_, _>>()?;
        System::new(&self.matrix()?, &outside, &read(&self.alpha)?, &read(&self.beta)?)
    }
}

fn read(text: &str) -> Result<Fraction, ClearingError> {
    super::fraction::parse(text).ok_or_else(|| {
        let got: String = text.chars().take(80).collect();
        ClearingError::Malformed(format!("got {got:?}, expected a fraction in lowest terms, such as 9376/97"))
    })
}

/// Who owes whom, what each has besides, and what a default costs.
#[derive(Clone, Debug)]
pub struct System {
    /// Row by debtor, column by creditor, times `scale`.
    owes: Vec<Vec<BigInt>>,
    /// What nobody in the network owes them, times `scale`.
    outside: Vec<BigInt>,
    /// Sum of each row.
    total: Vec<BigInt>,
    scale: BigInt,
    alpha: Fraction,
    beta: Fraction,
}

/// Payments that clear a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clearing {
    /// What each pays where as much is paid as can be: the greatest vector.
    pub greatest: Vec<Fraction>,
    /// What each pays where nobody is paid on credit of being paid: the least vector.
    pub least: Vec<Fraction>,
    /// Who defaults under the greatest vector: first those who cannot pay even if all others do, then those who
    /// cannot because of them, and so on.
    pub waves: Vec<Vec<usize>>,
}

/// Of what each owes, the share that is paid: numerators over one denominator.
struct Paid {
    shares: Vec<BigInt>,
    of: BigInt,
}

/// Who is solved for, and whether the others pay all or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Full,
    Default,
    Nothing,
}

impl System {
    /// A network in which node i owes `owes[i][j]` to node j, and has `outside[i]` from outside of it. A defaulter gets
    /// the share `alpha` of the latter and the share `beta` of what others pay; both are 1 where default costs nothing.
    ///
    /// # Errors
    /// [`ClearingError`].
    pub fn new(owes: &Matrix, outside: &[Fraction], alpha: &Fraction, beta: &Fraction) -> Result<Self, ClearingError> {
        let malformed = |detail: String| Err(ClearingError::Malformed(detail));
        let count = outside.len();
        if owes.len() != count || owes.iter().any(|row| row.len() != count) {
            return malformed(format!("got {} rows for {count} nodes, expected a square", owes.len()));
        }
        if count > NODES_MAX {
            return Err(ClearingError::TooLarge(format!("{count} nodes, at most {NODES_MAX} are cleared")));
        }
        let nothing = zero();
        if owes.iter().flatten().chain(outside).any(|amount| *amount < nothing) {
            return malformed("an amount is below zero".to_owned());
        }
        let own = |(node, row): (usize, &Vec<Fraction>)| row.get(node).is_some_and(|amount| *amount != nothing);
        if let Some(node) = owes.iter().enumerate().position(own) {
            return malformed(format!("node {node} owes itself"));
        }
        for (name, share) in [("alpha", alpha), ("beta", beta)] {
            if *share < nothing || *share > one() {
                return malformed(format!("{name} is {share}, expected a share from 0 to 1"));
            }
            check_bits(share.numer().bits().max(share.denom().bits()))?;
        }
        let debtors = owes.iter().filter(|row| row.iter().any(|amount| *amount != nothing)).count();
        if debtors > DEBTORS_MAX {
            return Err(ClearingError::TooLarge(format!("{debtors} nodes owe, at most {DEBTORS_MAX} are cleared")));
        }
        let mut scale = BigInt::from(1_u8);
        for amount in owes.iter().flatten().chain(outside) {
            // the least common multiple: a divided by what it shares with b, times b
            scale = Ratio::new(scale, amount.denom().clone()).numer() * amount.denom();
            check_bits(scale.bits())?;
        }
        let whole = |amount: &Fraction| (amount * &scale).to_integer();
        let owes: Vec<Vec<BigInt>> = owes.iter().map(|row| row.iter().map(whole).collect()).collect();
        let outside: Vec<BigInt> = outside.iter().map(whole).collect();
        let total: Vec<BigInt> = owes.iter().map(|row| row.iter().sum()).collect();
        total.iter().chain(&outside).try_for_each(|sum| check_bits(sum.bits()))?;
        Ok(Self { owes, outside, total, scale, alpha: alpha.clone(), beta: beta.clone() })
    }

    /// Both ends of the payments that clear the network, and who defaults in which order.
    ///
    /// # Errors
    /// [`ClearingError`], which no network that [`System::new`] accepts causes.
    pub fn clear(&self) -> Result<Clearing, ClearingError> {
        let (greatest, waves) = self.greatest()?;
        let least = self.least()?;
        Ok(Clearing { greatest: self.amounts(&greatest), least: self.amounts(&least), waves })
    }

    fn nodes(&self) -> std::ops::Range<usize> {
        0..self.outside.len()
    }

    fn owed(&self, from: usize, to: usize) -> Option<&BigInt> {
        self.owes.get(from).and_then(|row| row.get(to)).filter(|amount| **amount != BigInt::ZERO)
    }

    fn owes_nothing(&self, node: usize) -> bool {
        self.total.get(node).is_none_or(|total| *total == BigInt::ZERO)
    }

    /// What a node has, valued by `alpha` and `beta`, against what it owes: whether it falls short. Both sides are
    /// multiplied by the denominators.
    fn falls_short(&self, node: usize, paid: &Paid, alpha: &Fraction, beta: &Fraction) -> bool {
        let received = self.received(node, &paid.shares);
        let has = |amounts: &[BigInt]| amounts.get(node).cloned().unwrap_or_default();
        let assets =
            has(&self.outside) * &paid.of * alpha.numer() * beta.denom() + received * beta.numer() * alpha.denom();
        assets < has(&self.total) * &paid.of * alpha.denom() * beta.denom()
    }

    /// What all others pay to a node, their shares being these.
    fn received(&self, node: usize, shares: &[BigInt]) -> BigInt {
        let parts = self.nodes().zip(shares).filter_map(|(from, share)| Some(self.owed(from, node)? * share));
        parts.sum()
    }

    /// From above: all pay; who cannot, pays what is left at default; and so on until nobody else is drawn in.
    fn greatest(&self) -> Result<(Paid, Vec<Vec<usize>>), ClearingError> {
        let mut states = vec![State::Full; self.outside.len()];
        let mut waves = Vec::new();
        loop {
            let paid = self.solved(&states)?;
            let wave = self.drawn_in(&mut states, |node| self.falls_short(node, &paid, &one(), &one()));
            if wave.is_empty() {
                return Ok((paid, waves));
            }
            waves.push(wave);
        }
    }

    /// Marks those who pay in full and now fall short.
    fn drawn_in(&self, states: &mut [State], falls_short: impl Fn(usize) -> bool) -> Vec<usize> {
        let mut wave = Vec::new();
        for (node, state) in states.iter_mut().enumerate() {
            if *state == State::Full && falls_short(node) {
                *state = State::Default;
                wave.push(node);
            }
        }
        wave
    }

    /// From below: nobody pays in full but those who are shown to be able to by what is paid already.
    ///
    /// What the others pay at default is the least solution of x = min(owed, α·outside + β·received). Iterating
    /// towards it ends, at best, at its limit, and at the limit somebody may turn out to be able to pay in full, whom
    /// no earlier step has shown. So the limit is computed, all who can pay there are added, and it starts again.
    fn least(&self) -> Result<Paid, ClearingError> {
        let mut pays: Vec<bool> = self.nodes().map(|node| self.owes_nothing(node)).collect();
        loop {
            let paid = self.least_at_default(&pays)?;
            let able: Vec<usize> = self
                .nodes()
                .zip(&pays)
                .filter(|(node, pays)| !**pays && !self.falls_short(*node, &paid, &one(), &one()))
                .map(|(node, _)| node)
                .collect();
            if able.is_empty() {
                return Ok(paid);
            }
            for node in able {
                if let Some(pays) = pays.get_mut(node) {
                    *pays = true;
                }
            }
        }
    }

    /// The least x with x = owed for those who pay, and x = min(owed, α·outside + β·received) for the others. Whom no
    /// money reaches pays nothing; for the rest there is one solution, found from above.
    fn least_at_default(&self, pays: &[bool]) -> Result<Paid, ClearingError> {
        let reached = self.reached(pays);
        let state = |(pays, reached): (&bool, bool)| if *pays || reached { State::Full } else { State::Nothing };
        let mut states: Vec<State> = pays.iter().zip(reached).map(state).collect();
        loop {
            let paid = self.solved(&states)?;
            let is_asked = |node: usize| pays.get(node).is_some_and(|pays| !pays);
            let falls = |node| is_asked(node) && self.falls_short(node, &paid, &self.alpha, &self.beta);
            if self.drawn_in(&mut states, falls).is_empty() {
                return Ok(paid);
            }
        }
    }

    /// Whom money reaches at default: from outside, or from somebody who pays.
    fn reached(&self, pays: &[bool]) -> Vec<bool> {
        let nothing = zero();
        let has = |node: usize| self.outside.get(node).is_some_and(|amount| *amount != BigInt::ZERO);
        let mut reached: Vec<bool> =
            self.nodes().zip(pays).map(|(node, pays)| *pays || (self.alpha != nothing && has(node))).collect();
        if self.beta == nothing {
            return reached;
        }
        loop {
            let pays_into = |node: usize| {
                self.nodes().zip(&reached).any(|(from, reached)| *reached && self.owed(from, node).is_some())
            };
            let new: Vec<usize> = self
                .nodes()
                .zip(&reached)
                .filter(|(node, known)| !**known && pays_into(*node))
                .map(|(node, _)| node)
                .collect();
            if new.is_empty() {
                return reached;
            }
            for node in new {
                if let Some(place) = reached.get_mut(node) {
                    *place = true;
                }
            }
        }
    }

    /// The shares y of what is owed: 1, 0, or at default the solution of owed·y = α·outside + β·Σ owed to it·y.
    fn solved(&self, states: &[State]) -> Result<Paid, ClearingError> {
        let defaulters: Vec<usize> =
            self.nodes().zip(states).filter(|(_, state)| **state == State::Default).map(|(node, _)| node).collect();
        let full: Vec<BigInt> = states.iter().map(|state| BigInt::from(u8::from(*state == State::Full))).collect();
        let costs = self.alpha.denom() * self.beta.denom();
        let share = self.beta.numer() * self.alpha.denom();
        let row = |&node: &usize| -> Option<Vec<BigInt>> {
            let mut row: Vec<BigInt> = Vec::with_capacity(defaulters.len() + 1);
            for &from in &defaulters {
                row.push(match from == node {
                    true => self.total.get(node)? * &costs,
                    false => -(self.owed(from, node).cloned().unwrap_or_default() * &share),
                });
            }
            let outside = self.outside.get(node)? * self.alpha.numer() * self.beta.denom();
            row.push(outside + self.received(node, &full) * &share);
            Some(row)
        };
        let no_solution = || ClearingError::Malformed("its equations have no single solution".to_owned());
        let rows = defaulters.iter().map(row).collect::<Option<Vec<_>>>().ok_or_else(no_solution)?;
        let (solution, of) = solve(rows).ok_or_else(no_solution)?;
        let mut shares: Vec<BigInt> = full.iter().map(|share| share * &of).collect();
        for (node, share) in defaulters.into_iter().zip(solution) {
            if let Some(place) = shares.get_mut(node) {
                *place = share;
            }
        }
        Ok(Paid { shares, of })
    }

    fn amounts(&self, paid: &Paid) -> Vec<Fraction> {
        let of = &paid.of * &self.scale;
        self.total.iter().zip(&paid.shares).map(|(total, share)| Fraction::new(total * share, of.clone())).collect()
    }
}

fn check_bits(bits: u64) -> Result<(), ClearingError> {
    if bits <= BITS_MAX {
        return Ok(());
    }
    Err(ClearingError::TooLarge(format!("a number of {bits} bits once all have one denominator, at most {BITS_MAX}")))
}

#[cfg(test)]
#[path = "clearing/tests.rs"]
mod tests;
