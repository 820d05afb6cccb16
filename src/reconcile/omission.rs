//! What checking customers show about accounts that were left out of the total. Specification: `docs/spec/omission.md`.
//!
//! A committed total is only as complete as the customers who checked. Three figures say how far that goes, and none
//! of them replaces another: the floor, the chance that at least some of those left out noticed, and the worst case of
//! a venue that knows who never checks.

use std::fmt;

use num_bigint::BigUint;

use crate::code::{Code, Coded, omission as codes};

/// Accounts that a question may speak of.
pub const ACCOUNTS_MAX: u64 = 1 << 40;
/// Bits of the numbers that a question may need: they are exact, so they grow with it.
const BITS_MAX: u64 = 1 << 26;
/// Steps of one sum.
const STEPS_MAX: u64 = 100_000;

/// A probability as an exact fraction, not shortened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probability {
    numerator: BigUint,
    denominator: BigUint,
}

impl Probability {
    /// Whether it is exactly one.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.numerator == self.denominator
    }

    /// Whether it is at least `share`.
    #[must_use]
    pub fn at_least(&self, share: Share) -> bool {
        &self.numerator * share.of >= &self.denominator * share.parts
    }

    /// What never happens.
    #[must_use]
    pub fn never() -> Self {
        Self { numerator: BigUint::ZERO, denominator: BigUint::from(1_u32) }
    }

    /// That at least one of two things happens that have nothing to do with each other.
    #[must_use]
    pub fn either(&self, other: &Self) -> Self {
        let denominator = &self.denominator * &other.denominator;
        let neither = (&self.denominator - &self.numerator) * (&other.denominator - &other.numerator);
        Self { numerator: &denominator - neither, denominator }
    }

    /// That it happens at least once in so many tries that have nothing to do with each other; none when the exact
    /// number would be too large.
    #[must_use]
    pub fn within(&self, tries: u32) -> Option<Self> {
        check_size(self.denominator.bits().saturating_mul(tries.into())).ok()?;
        let denominator = self.denominator.pow(tries);
        let never = (&self.denominator - &self.numerator).pow(tries);
        Some(Self { numerator: &denominator - never, denominator })
    }

    /// Hundredths of a percent, rounded down: 10,000 only when it is certain.
    #[must_use]
    pub fn hundredths(&self) -> u64 {
        u64::try_from(&self.numerator * 10_000_u32 / &self.denominator).unwrap_or(10_000)
    }

    /// Hundredths of a percent, rounded up: what it is at most.
    #[must_use]
    pub fn hundredths_at_most(&self) -> u64 {
        let parts = &self.numerator * 10_000_u32 + &self.denominator - 1_u32;
        u64::try_from(parts / &self.denominator).unwrap_or(10_000)
    }

    /// Percent with two decimals, rounded down: never more than it is, and `100.00 %` only when it is certain.
    #[must_use]
    pub fn percent(&self) -> String {
        let hundredths = &self.numerator * 10_000_u32 / &self.denominator;
        let (whole, rest) = (&hundredths / 100_u32, &hundredths % 100_u32);
        if hundredths == BigUint::ZERO && self.numerator != BigUint::ZERO {
            return "less than 0.01 %".to_owned();
        }
        format!("{whole}.{:0>2} %", rest.to_string())
    }
}

/// A share between 0 and 1, read from decimal text: `0.05` or `5%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    parts: u64,
    of: u64,
}

impl Share {
    /// Hundredths of a percent, rounded down.
    #[must_use]
    pub fn hundredths(&self) -> u64 {
        u64::try_from(u128::from(self.parts) * 10_000 / u128::from(self.of)).unwrap_or(0)
    }

    /// Whether a number that was drawn from all of 64 bits lies in the share.
    #[must_use]
    pub fn contains(&self, drawn: u64) -> bool {
        u128::from(drawn) * u128::from(self.of) < (u128::from(self.parts) << 64)
    }
}

impl std::str::FromStr for Share {
    type Err = OmissionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fail = || OmissionError::Share { got: text.chars().take(40).collect() };
        let (digits, percent) = match text.strip_suffix('%') {
            Some(rest) => (rest.trim_end(), 2),
            None => (text, 0),
        };
        let (whole, rest) = digits.split_once('.').unwrap_or((digits, ""));
        let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let dangling = digits.contains('.') && rest.is_empty();
        if whole.is_empty() || dangling || !is_number(whole) || !is_number(rest) || digits.len() > 12 {
            return Err(fail());
        }
        let parts: u64 = format!("{whole}{rest}").parse().map_err(|_| fail())?;
        let decimals = u32::try_from(rest.len()).map_err(|_| fail())?;
        let of = 10_u64.checked_pow(decimals + percent).filter(|of| parts <= *of).ok_or_else(fail)?;
        Ok(Self { parts, of })
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = Probability { numerator: self.parts.into(), denominator: self.of.into() };
        f.pad(&all.percent())
    }
}

/// How customers come to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checkers {
    /// Each account is checked with this probability, independently of the others.
    Each(Share),
    /// So many accounts, drawn at random from all of them, were checked.
    Drawn {
        /// Accounts that were checked.
        checked: u64,
        /// Accounts that there are, those left out included.
        accounts: u64,
    },
}

/// The probability that at least `complaints` of `omitted` accounts are among those that were checked.
///
/// One complaint is `1 − (1 − p)^m`, or `1 − C(N − m, k) / C(N, k)` for k accounts drawn from N.
///
/// # Errors
/// [`OmissionError`] for a question that contradicts itself or whose exact answer would be too large.
pub fn detection(checkers: Checkers, omitted: u64, complaints: u64) -> Result<Probability, OmissionError> {
    if complaints == 0 {
        return Err(OmissionError::Question("0 complaints convince nobody, expected at least 1".to_owned()));
    }
    if complaints > STEPS_MAX {
        return Err(OmissionError::Question(format!("{complaints} complaints, expected at most {STEPS_MAX}")));
    }
    match checkers {
        Checkers::Each(share) => independent(share, omitted, complaints),
        Checkers::Drawn { checked, accounts } => drawn(checked, accounts, omitted, complaints),
    }
}

/// The fewest omitted accounts that are detected with at least the probability `enough`; `None` when none are.
///
/// # Errors
/// [`OmissionError`].
pub fn omitted_for(checkers: Checkers, complaints: u64, enough: Share) -> Result<Option<u64>, OmissionError> {
    let most = match checkers {
        Checkers::Drawn { accounts, .. } => accounts,
        Checkers::Each(share) if share.parts == 0 => 0,
        Checkers::Each(_) => ACCOUNTS_MAX,
    };
    let detected = |omitted: u64| Ok::<bool, OmissionError>(detection(checkers, omitted, complaints)?.at_least(enough));
    // doubling first: the exact numbers of the largest question would be too large
    let mut high = 1_u64;
    while !detected(high.min(most))? {
        if high >= most {
            return Ok(None);
        }
        high = high.saturating_mul(2);
    }
    let (mut low, mut high) = (0, high.min(most));
    while low < high {
        let middle = low + (high - low) / 2;
        if detected(middle)? {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(Some(low))
}

fn check_size(bits: u64) -> Result<(), OmissionError> {
    if bits <= BITS_MAX { Ok(()) } else { Err(OmissionError::Large { bits }) }
}

/// P(Bin(m, a/d) ≥ c) = 1 − Σ_{i<c} C(m, i) a^i (d − a)^(m − i) / d^m.
fn independent(share: Share, omitted: u64, complaints: u64) -> Result<Probability, OmissionError> {
    let Share { parts, of } = share;
    let bits = omitted.saturating_mul(u64::from(of.ilog2()) + 1);
    check_size(bits)?;
    let exponent = u32::try_from(omitted).map_err(|_| OmissionError::Large { bits })?;
    let denominator = BigUint::from(of).pow(exponent);
    let misses = of - parts;
    if misses == 0 {
        let numerator = if omitted >= complaints { denominator.clone() } else { BigUint::ZERO };
        return Ok(Probability { numerator, denominator });
    }
    let mut term = BigUint::from(misses).pow(exponent);
    let mut unnoticed = BigUint::ZERO;
    for done in 0..complaints.min(omitted.saturating_add(1)) {
        unnoticed += &term;
        // the next term of the sum is a whole number, since (d − a) still divides this one
        term = term * (omitted - done.min(omitted)) * parts / (done + 1) / misses;
    }
    Ok(Probability { numerator: &denominator - unnoticed, denominator })
}

/// P(X ≥ c) for X checked among m of N when k are drawn: 1 − Σ_{i<c} C(m, i) C(N − m, k − i) / C(N, k).
fn drawn(checked: u64, accounts: u64, omitted: u64, complaints: u64) -> Result<Probability, OmissionError> {
    let question = |detail: String| Err(OmissionError::Question(detail));
    if accounts == 0 || accounts > ACCOUNTS_MAX {
        return question(format!("{accounts} accounts, expected 1 to {ACCOUNTS_MAX}"));
    }
    if checked > accounts || omitted > accounts {
        return question(format!("{checked} checked and {omitted} left out, of {accounts} accounts"));
    }
    // the two are interchangeable; the smaller one makes the shorter product
    let (few, many) = (checked.min(omitted), checked.max(omitted));
    check_size(few.saturating_mul(u64::from(accounts.ilog2()) + 1))?;
    let rest = accounts - many;
    // C(many, i) C(rest, few − i), from the first i for which the second factor is not zero
    let first = few.saturating_sub(rest);
    let mut term = binomial(many, first) * binomial(rest, few - first);
    let mut unnoticed = BigUint::ZERO;
    for hits in first..complaints.min(few.saturating_add(1)) {
        unnoticed += &term;
        let left = few - hits;
        term = term * (many - hits.min(many)) * left / (hits + 1) / (rest.saturating_sub(left) + 1);
    }
    let denominator = binomial(accounts, few);
    Ok(Probability { numerator: &denominator - unnoticed, denominator })
}

/// C(n, k), the products of both sides gathered by halves so that large factors meet large ones.
fn binomial(n: u64, k: u64) -> BigUint {
    fn product(from: u64, to: u64) -> BigUint {
        if to.saturating_sub(from) <= 16 {
            return (from..to).fold(BigUint::from(1_u32), |product, factor| product * factor);
        }
        let middle = from + (to - from) / 2;
        product(from, middle) * product(middle, to)
    }
    if k > n {
        return BigUint::ZERO;
    }
    let k = k.min(n - k);
    product(n - k + 1, n + 1) / product(1, k + 1)
}

/// Why a question has no answer here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OmissionError {
    /// The exact numbers would be too large.
    #[error("the exact answer needs numbers of {bits} bits, expected at most {BITS_MAX}")]
    Large {
        /// Bits of the largest.
        bits: u64,
    },
    /// The figures contradict each other.
    #[error("{0}")]
    Question(String),
    /// Not a share.
    #[error("got {got:?}, expected a share such as 0.05 or 5%")]
    Share {
        /// The text, at most 40 characters of it.
        got: String,
    },
}

impl Coded for OmissionError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Large { .. } => &codes::OMISSION_TOO_LARGE,
            Self::Question(_) => &codes::OMISSION_QUESTION,
            Self::Share { .. } => &codes::OMISSION_SHARE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each(share: &str, omitted: u64, complaints: u64) -> String {
        let share = share.parse().expect("a share");
        detection(Checkers::Each(share), omitted, complaints).expect("an answer").percent()
    }

    fn of(accounts: u64, checked: u64, omitted: u64, complaints: u64) -> String {
        detection(Checkers::Drawn { checked, accounts }, omitted, complaints).expect("an answer").percent()
    }

    #[test]
    fn worked_numbers() {
        assert_eq!(each("0.05", 50, 1), "92.30 %");
        assert_eq!(each("1%", 100, 1), "63.39 %");
        assert_eq!(each("0.0005", 1000, 1), "39.35 %");
        assert_eq!(each("0.01", 500, 1), "99.34 %");
        assert_eq!(each("0.01", 500, 5), "56.03 %");
        assert_eq!(each("0.01", 1000, 20), "0.32 %");
        assert_eq!(each("0.01", 3000, 20), "97.86 %");
        assert_eq!(of(1_000_000, 5_000, 100, 1), "39.42 %");
        assert_eq!(of(1_000_000, 5_000, 1_000, 1), "99.33 %");
    }

    #[test]
    fn drawing_agrees_with_counting_every_subset() {
        for (accounts, checked, omitted) in [(6_u32, 3_u32, 2_u32), (7, 2, 5), (8, 5, 6), (5, 5, 2), (5, 0, 2)] {
            for complaints in 1..=accounts {
                let subsets = (0_u32..1 << accounts).filter(|subset| subset.count_ones() == checked);
                let (mut all, mut hit) = (0_u64, 0_u64);
                for subset in subsets {
                    all += 1;
                    hit += u64::from((subset & ((1 << omitted) - 1)).count_ones() >= complaints);
                }
                let checkers = Checkers::Drawn { checked: checked.into(), accounts: accounts.into() };
                let got = detection(checkers, omitted.into(), complaints.into()).expect("an answer");
                assert_eq!(&got.numerator * all, &got.denominator * hit, "{accounts} {checked} {omitted} {complaints}");
            }
        }
    }

    #[test]
    fn one_complaint_of_independent_checkers_is_the_closed_form() {
        let share: Share = "0.3".parse().expect("a share");
        for omitted in 0..40_u32 {
            let got = detection(Checkers::Each(share), omitted.into(), 1).expect("an answer");
            let all = BigUint::from(10_u32).pow(omitted);
            assert_eq!(got.numerator, &all - BigUint::from(7_u32).pow(omitted));
            assert_eq!(got.denominator, all);
        }
    }

    #[test]
    fn how_many_can_hide() {
        let needed = |share: &str| {
            let checkers = Checkers::Each(share.parse().expect("a share"));
            omitted_for(checkers, 1, "95%".parse().expect("a share")).expect("an answer")
        };
        let table = [("0.0005", 5990), ("0.001", 2995), ("0.005", 598), ("0.01", 299), ("0.05", 59), ("0.1", 29)];
        for (share, omitted) in table {
            assert_eq!(needed(share), Some(omitted), "{share}");
        }
        assert_eq!(needed("0"), None, "where nobody checks, any number can hide");
        assert_eq!(needed("1"), Some(1));
        let nobody = Checkers::Drawn { checked: 0, accounts: 100 };
        assert_eq!(omitted_for(nobody, 1, "1%".parse().expect("a share")), Ok(None));
    }

    #[test]
    fn chances_are_put_together_exactly() {
        let half = detection(Checkers::Each("0.5".parse().expect("a share")), 1, 1).expect("an answer");
        assert_eq!(half.either(&half).percent(), "75.00 %");
        assert_eq!(half.either(&Probability::never()).hundredths(), 5_000);
        assert_eq!(half.within(3).map(|within| within.percent()), Some("87.50 %".to_owned()));
        assert_eq!(Probability::never().within(12), Some(Probability::never()));
        let large = detection(Checkers::Each("0.0000000001".parse().expect("a share")), 1 << 20, 1).expect("an answer");
        assert_eq!(large.within(12), None, "no answer is better than an estimate");
    }

    #[test]
    fn certainty_is_printed_only_when_it_is_certain() {
        assert_eq!(each("1", 3, 1), "100.00 %");
        assert_eq!(each("0.9", 50, 1), "99.99 %", "never rounded up");
        assert_eq!(each("0.0001", 0, 1), "0.00 %");
        assert_eq!(each("0.000001", 1, 1), "less than 0.01 %");
        assert_eq!(of(10, 8, 3, 1), "100.00 %", "two unchecked, three left out");
        assert!(detection(Checkers::Drawn { checked: 8, accounts: 10 }, 3, 1).expect("an answer").is_certain());
    }

    #[test]
    fn questions_that_contradict_themselves_are_refused() {
        let code = |checkers, omitted, complaints| {
            detection(checkers, omitted, complaints).expect_err("refused").code().number
        };
        let share = Checkers::Each("0.5".parse().expect("a share"));
        assert_eq!(code(share, 1, 0), 7202);
        assert_eq!(code(share, 1, STEPS_MAX + 1), 7202);
        assert_eq!(code(share, 1 << 30, 1), 7201);
        assert_eq!(code(share, 1 << 40, 1), 7201);
        assert_eq!(code(Checkers::Drawn { checked: 2, accounts: 1 }, 1, 1), 7202);
        assert_eq!(code(Checkers::Drawn { checked: 1, accounts: 1 }, 2, 1), 7202);
        assert_eq!(code(Checkers::Drawn { checked: 0, accounts: 0 }, 0, 1), 7202);
        let half = 1 << 39;
        assert_eq!(code(Checkers::Drawn { checked: half, accounts: 1 << 40 }, half, 1), 7201);
        for text in ["", "x", "-1", "1.1", "101%", ".5", "5.", "1e-3", "0.00000000000001", "0,5", "٥"] {
            assert_eq!(text.parse::<Share>().expect_err(text).code().number, 7203, "{text}");
        }
    }
}
