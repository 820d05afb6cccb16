//! A dishonest venue at its best: what it leaves out, and how much it borrows for how long, against a verifier's
//! policy. What comes out is how much it can hide, and with what chance it is seen. Explained in `docs/gaming.md`.
//!
//! Probabilities are exact fractions and amounts whole base units; what is printed is rounded down. Whoever the venue
//! leaves out, and who checks, follows from a seed: two runs give the same figures.

use crate::amount::Amount;
use crate::code::{Code, Coded, lab as codes};
use crate::hash::sha256;
use crate::reconcile::omission::{Checkers, OmissionError, Probability, Share, detection};

/// Accounts of a simulation: each has a balance of its own.
pub const ACCOUNTS_MAX: u64 = 200_000;
/// Blocks on each side of the cut-off block.
pub const WINDOW_MAX: u64 = 100_000;
/// Bitcoin blocks in a year, at ten minutes each.
pub const YEAR: u64 = 52_560;
/// Numbers of accounts that are tried.
const TRIES: u64 = 64;
/// Hundredths of a percent.
const WHOLE: u128 = 10_000;

/// What the verifiers of a venue do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Habits {
    /// Blocks before the cut-off block, and after it, that a policy asks for.
    pub window: u64,
    /// So many blocks of the window are drawn and looked at; none stands for every block.
    pub sampled: Option<u64>,
    /// The probability with which an account is checked.
    pub checking: Share,
    /// So many customers must complain to be believed.
    pub complaints: u64,
    /// Whether the venue knows who never checks.
    pub known: bool,
    /// Statements in a year.
    pub statements: u32,
}

/// What the venue has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Means {
    /// Customer accounts.
    pub accounts: u64,
    /// What it owes them, in base units.
    pub owed: Amount,
    /// What it can spend on interest for one statement, in base units.
    pub budget: Amount,
    /// Interest of a year, in hundredths of a percent.
    pub interest: u64,
    /// Another seed gives other balances and other checkers.
    pub seed: u64,
}

/// One thing that the venue can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Accounts that are left out.
    pub omitted: u64,
    /// What they are owed.
    pub omitted_value: Amount,
    /// What is borrowed.
    pub borrowed: Amount,
    /// For so many blocks.
    pub blocks: u64,
    /// Blocks before the cut-off block at which the loan comes.
    pub before: u64,
    /// What the loan costs.
    pub interest: Amount,
    /// What stays hidden: both together.
    pub hidden: Amount,
    /// The chance that one statement is seen through.
    pub seen: Probability,
}

/// What the venue can do at its best: each plan hides more than the one before, with a larger chance of being seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// The plans.
    pub plans: Vec<Plan>,
    /// What a loan over the whole window costs in a year, as a share of what it hides, in hundredths of a percent.
    pub yearly: u128,
}

/// The figures of a question.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StrategyError {
    /// They do not fit together.
    #[error("{0}")]
    Question(String),
    /// About a probability.
    #[error(transparent)]
    Omission(#[from] OmissionError),
}

impl Coded for StrategyError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Question(_) => &codes::STRATEGY_QUESTION,
            Self::Omission(error) => error.code(),
        }
    }
}

/// What the venue can do at its best.
///
/// # Errors
/// [`StrategyError`] for figures that contradict one another or would take too long.
pub fn outlook(habits: &Habits, means: &Means) -> Result<Outlook, StrategyError> {
    check(habits, means)?;
    let loans = loans(habits, means)?;
    let mut plans: Vec<Plan> = Vec::new();
    for (omitted, omitted_value, noticed) in omissions(habits, means)? {
        for loan in &loans {
            let hidden = omitted_value.checked_add(loan.amount).unwrap_or(means.owed).min(means.owed);
            plans.push(Plan {
                omitted,
                omitted_value,
                borrowed: loan.amount,
                blocks: loan.blocks,
                before: loan.blocks.saturating_sub(1).div_ceil(2),
                interest: loan.interest,
                hidden,
                seen: noticed.either(&loan.seen),
            });
        }
    }
    plans.sort_by(|left, right| {
        let by_chance = left.seen.hundredths_at_most().cmp(&right.seen.hundredths_at_most());
        by_chance.then(right.hidden.cmp(&left.hidden)).then(left.interest.cmp(&right.interest))
    });
    let mut best: Vec<Plan> = Vec::new();
    for plan in plans {
        if best.last().is_none_or(|last| plan.hidden > last.hidden) {
            best.push(plan);
        }
    }
    let year = u128::from(length(habits)) * u128::from(habits.statements) * u128::from(means.interest);
    // windows that overlap are one loan
    Ok(Outlook { plans: best, yearly: (year / u128::from(YEAR)).min(means.interest.into()) })
}

impl Outlook {
    /// The plan that hides most with at most this chance of being seen, in hundredths of a percent.
    #[must_use]
    pub fn best(&self, chance: u64) -> Option<&Plan> {
        self.plans.iter().rfind(|plan| plan.seen.hundredths_at_most() <= chance)
    }
}

/// All blocks of the window.
fn length(habits: &Habits) -> u64 {
    2 * habits.window + 1
}

fn check(habits: &Habits, means: &Means) -> Result<(), StrategyError> {
    let wrong = |detail: String| Err(StrategyError::Question(detail));
    if means.accounts == 0 || means.accounts > ACCOUNTS_MAX {
        return wrong(format!("{} accounts, expected 1 to {ACCOUNTS_MAX}", means.accounts));
    }
    if means.owed.base_units() == 0 || means.owed.base_units() > u128::from(u64::MAX) {
        return wrong("expected something owed, and less than 2^64 base units".to_owned());
    }
    if means.budget > means.owed || means.interest > 1_000_000 {
        return wrong("expected a budget below what is owed, and interest below 10,000 %".to_owned());
    }
    if habits.window > WINDOW_MAX {
        return wrong(format!("a window of {} blocks, expected at most {WINDOW_MAX}", habits.window));
    }
    if habits.sampled.is_some_and(|sampled| sampled > length(habits)) {
        return wrong(format!("more blocks are drawn than the {} of the window", length(habits)));
    }
    Ok(())
}

/// A loan that the budget pays for.
struct Loan {
    amount: Amount,
    blocks: u64,
    interest: Amount,
    seen: Probability,
}

/// Lengths that are worth trying: nothing, and from one block to the whole window.
///
/// Where every block is looked at, a loan for less than the window is seen: it went back where it came from, or its
/// balance fell. Where blocks are drawn, one outside of the loan gives it away.
fn loans(habits: &Habits, means: &Means) -> Result<Vec<Loan>, StrategyError> {
    let all = length(habits);
    let none = Loan { amount: Amount::ZERO, blocks: 0, interest: Amount::ZERO, seen: Probability::never() };
    let mut loans = vec![none];
    let mut lengths: Vec<u64> = (1..=20).map(|part| (all * part / 20).max(1)).collect();
    lengths.dedup();
    for blocks in lengths {
        let (amount, interest) = affordable(means, blocks);
        let looked_at = habits.sampled.unwrap_or(all);
        let seen = detection(Checkers::Drawn { checked: looked_at, accounts: all }, all - blocks, 1)?;
        loans.push(Loan { amount, blocks, interest, seen });
    }
    Ok(loans)
}

/// The largest loan for so many blocks, and its interest, rounded up.
fn affordable(means: &Means, blocks: u64) -> (Amount, Amount) {
    let rate = u128::from(means.interest) * u128::from(blocks);
    let (owed, budget, whole) = (means.owed.base_units(), means.budget.base_units(), WHOLE * u128::from(YEAR));
    // without interest anything can be borrowed
    let amount = (budget * whole).checked_div(rate).map_or(owed, |amount| amount.min(owed));
    let interest = (amount * rate).div_ceil(whole);
    (Amount::from_base_units(amount), Amount::from_base_units(interest))
}

/// Numbers of accounts to leave out, with what they are owed and the chance that this is noticed. The largest are left
/// out first: what gives a venue away is how many they are, and not what they have.
fn omissions(habits: &Habits, means: &Means) -> Result<Vec<(u64, Amount, Probability)>, StrategyError> {
    let (mut silent, mut others) = (Vec::new(), Vec::new());
    for (account, balance) in (0..).zip(balances(means)) {
        let quiet = habits.known && !checks(habits.checking, means.seed, account);
        if quiet { silent.push(balance) } else { others.push(balance) }
    }
    silent.sort_unstable_by(|left, right| right.cmp(left));
    others.sort_unstable_by(|left, right| right.cmp(left));
    let quiet: u128 = silent.iter().sum();
    let quiet_count = silent.len() as u64;
    let mut found = vec![(0, Amount::ZERO, Probability::never())];
    if quiet_count > 0 {
        found.push((quiet_count, Amount::from_base_units(quiet), Probability::never()));
    }
    // where the venue knows who never checks, all others do check
    let checkers = Checkers::Each(if habits.known { certain()? } else { habits.checking });
    let (mut value, mut taken) = (quiet, 0_u64);
    for count in counts(others.len() as u64) {
        value += others.iter().skip(as_index(taken)).take(as_index(count - taken)).sum::<u128>();
        taken = count;
        let noticed = detection(checkers, count, habits.complaints)?;
        let enough = noticed.hundredths() >= 9_999;
        found.push((quiet_count + count, Amount::from_base_units(value), noticed));
        if enough {
            break;
        }
    }
    Ok(found)
}

fn certain() -> Result<Share, StrategyError> {
    Ok("1".parse::<Share>()?)
}

fn as_index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Numbers that grow by a tenth, and every small one.
fn counts(most: u64) -> Vec<u64> {
    let mut list = Vec::new();
    let mut next = 1_u64;
    while next < most && (list.len() as u64) < 4 * TRIES {
        list.push(next);
        next += (next / 10).max(1);
    }
    list.push(most);
    list.retain(|count| *count > 0);
    list
}

/// Whether an account is among those that check: drawn from the seed.
fn checks(share: Share, seed: u64, account: u64) -> bool {
    let drawn = sha256(format!("checks {seed} {account}").as_bytes()).to_bytes();
    let drawn = drawn.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes));
    share.contains(drawn)
}

/// Balances spread over some six orders of magnitude, which add up to what is owed.
fn balances(means: &Means) -> Vec<u128> {
    let weight = |account: u64| {
        let digest = sha256(format!("balance {} {account}", means.seed).as_bytes()).to_bytes();
        let [size, fine, ..] = digest;
        (1_u128 << (size.trailing_zeros() * 2)) * (64 + u128::from(fine))
    };
    let weights: Vec<u128> = (0..means.accounts).map(weight).collect();
    let (all, owed) = (weights.iter().sum::<u128>().max(1), means.owed.base_units());
    let mut list: Vec<u128> = weights.iter().map(|weight| owed * weight / all).collect();
    // the first one takes what rounding leaves
    let rest = owed - list.iter().sum::<u128>();
    if let Some(first) = list.first_mut() {
        *first += rest;
    }
    list
}

#[cfg(test)]
mod tests;
