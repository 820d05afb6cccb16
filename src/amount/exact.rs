//! Exact fractions that are not negative: prices, shares, and what is computed from them. They are rounded when they
//! are printed, and never before.

use std::fmt;
use std::str::FromStr;

use num_bigint::{BigInt, BigUint};
use num_rational::Ratio;

use super::{Amount, Decimals};

/// More characters than any price or volume has.
const TEXT_LENGTH_MAX: usize = 60;
/// Digits behind the point up to which a root is computed.
const ROOT_DIGITS: u32 = 12;
/// Digits behind the point that are printed.
const SHOWN_DIGITS: u32 = 6;

/// A fraction, zero or more.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exact(Ratio<BigInt>);

/// A text is not a plain decimal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no plain decimal, expected digits and at most one point, up to {TEXT_LENGTH_MAX} characters")]
pub struct ExactError(String);

impl Exact {
    /// Nothing.
    #[must_use]
    pub fn zero() -> Self {
        Self::whole(0)
    }

    /// A whole number.
    #[must_use]
    pub fn whole(number: u64) -> Self {
        Self(Ratio::from_integer(BigInt::from(number)))
    }

    /// So many hundredths of a percent: 10000 is one.
    #[must_use]
    pub fn hundredths_of_a_percent(share: u64) -> Self {
        Self(Ratio::new(BigInt::from(share), BigInt::from(10_000_u32)))
    }

    /// An amount in whole units.
    #[must_use]
    pub fn of_amount(amount: Amount, decimals: Decimals) -> Self {
        // the scale is 1 at least
        Self(Ratio::new(BigInt::from(amount.base_units()), BigInt::from(decimals.scale())))
    }

    /// Whether it is nothing.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self.0.numer() == BigInt::ZERO
    }

    /// The sum.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self(&self.0 + &other.0)
    }

    /// The product.
    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        Self(&self.0 * &other.0)
    }

    /// What is left, nothing when `other` is larger.
    #[must_use]
    pub fn less(&self, other: &Self) -> Self {
        if self <= other { Self::zero() } else { Self(&self.0 - &other.0) }
    }

    /// The quotient; `None` by nothing.
    #[must_use]
    pub fn over(&self, other: &Self) -> Option<Self> {
        (!other.is_zero()).then(|| Self(&self.0 / &other.0))
    }

    /// The sum of all.
    #[must_use]
    pub fn sum<'a>(items: impl IntoIterator<Item = &'a Self>) -> Self {
        items.into_iter().fold(Self::zero(), |sum, item| sum.plus(item))
    }

    /// The square root, rounded up in the twelfth digit behind the point: what is subtracted is never too little.
    #[must_use]
    pub fn root_rounded_up(&self) -> Self {
        let unit = BigInt::from(10_u32).pow(ROOT_DIGITS);
        let scaled = Ratio::from_integer(&unit * &unit) * &self.0;
        let mut root: BigInt = scaled.to_integer().sqrt();
        if Ratio::from_integer(&root * &root) < scaled {
            root += 1_u32;
        }
        Self(Ratio::new(root, unit))
    }

    /// As it is printed, with a space between thousands.
    #[must_use]
    pub fn to_readable(&self) -> String {
        let plain = self.to_string();
        match plain.split_once('.') {
            Some((whole, fraction)) => format!("{}.{fraction}", super::in_thousands(whole)),
            None => super::in_thousands(&plain),
        }
    }

    /// As a share of `whole`, in hundredths of a percent, rounded down; at most what fits, `None` of nothing.
    #[must_use]
    pub fn hundredths_of(&self, whole: &Self) -> Option<u64> {
        Some(u64::try_from(self.share_of(whole)?).unwrap_or(u64::MAX))
    }

    fn share_of(&self, whole: &Self) -> Option<BigInt> {
        let share = self.over(whole)?;
        Some((share.0 * Ratio::from_integer(BigInt::from(10_000_u32))).to_integer())
    }

    /// Percent of `whole` with two digits, rounded down; `None` of nothing.
    #[must_use]
    pub fn percent_of(&self, whole: &Self) -> Option<String> {
        let hundredths = self.share_of(whole)?;
        let (percent, rest) = (&hundredths / 100_u32, &hundredths % 100_u32);
        Some(format!("{percent}.{:0>2} %", rest.to_string()))
    }
}

impl FromStr for Exact {
    type Err = ExactError;

    fn from_str(text: &str) -> Result<Self, ExactError> {
        let fail = || ExactError(text.chars().take(80).collect());
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let leading_zero = whole.len() > 1 && whole.starts_with('0');
        if text.len() > TEXT_LENGTH_MAX || !digits(whole) || !digits(fraction) || leading_zero {
            return Err(fail());
        }
        let number: BigUint = format!("{whole}{fraction}").parse().map_err(|_| fail())?;
        let places = u32::try_from(fraction.len()).map_err(|_| fail())?;
        Ok(Self(Ratio::new(BigInt::from(number), BigInt::from(10_u32).pow(places))))
    }
}

impl fmt::Display for Exact {
    /// Plain decimal of at most six digits behind the point, rounded down.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = BigInt::from(10_u32).pow(SHOWN_DIGITS);
        let units = (&self.0 * Ratio::from_integer(scale.clone())).to_integer();
        let (whole, fraction) = (&units / &scale, (&units % &scale).to_string());
        let fraction = format!("{fraction:0>6}");
        match fraction.trim_end_matches('0') {
            "" => f.pad(&whole.to_string()),
            digits => f.pad(&format!("{whole}.{digits}")),
        }
    }
}

impl serde::Serialize for Exact {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Exact {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(text: &str) -> Exact {
        text.parse().expect("a plain decimal")
    }

    #[test]
    fn decimals_are_read_exactly_and_printed_rounded_down() {
        for (text, shown) in [("0", "0"), ("7", "7"), ("0.10", "0.1"), ("1234.5678999", "1234.567899")] {
            assert_eq!(exact(text).to_string(), shown);
        }
        assert_eq!(exact("1234567.5").to_readable(), "1 234 567.5");
        assert_eq!(exact("999").to_readable(), "999");
        let third = Exact::whole(1).over(&Exact::whole(3)).expect("three");
        assert_eq!(third.to_string(), "0.333333");
        assert_eq!(third.times(&Exact::whole(3)), Exact::whole(1));
        for text in ["", ".5", "5.", "-1", "+1", "1e3", "01", "1,5", "NaN", " 1", &"9".repeat(61)] {
            assert!(text.parse::<Exact>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn roots_are_rounded_up() {
        assert_eq!(exact("4").root_rounded_up(), exact("2"));
        assert_eq!(exact("2.25").root_rounded_up(), exact("1.5"));
        assert_eq!(exact("2").root_rounded_up(), exact("1.414213562374"));
        assert_eq!(Exact::zero().root_rounded_up(), Exact::zero());
    }

    #[test]
    fn a_share_is_rounded_down_and_there_is_none_of_nothing() {
        assert_eq!(exact("2").hundredths_of(&exact("3")), Some(6_666));
        assert_eq!(exact("3").hundredths_of(&exact("2")), Some(15_000));
        assert_eq!(exact("1").hundredths_of(&Exact::zero()), None);
        let most = exact(&"9".repeat(60)).hundredths_of(&exact("1"));
        assert_eq!(most, Some(u64::MAX), "at most what fits");
    }

    #[test]
    fn fractions_are_made_and_joined_exactly() {
        let two = Decimals::new(2).expect("few");
        assert_eq!(Exact::of_amount(Amount::from_base_units(125), two), exact("1.25"));
        assert_eq!(Exact::hundredths_of_a_percent(12_500), exact("1.25"));
        assert_eq!(exact("1.25").plus(&exact("2")), exact("3.25"));
        assert_eq!(exact("1.25").less(&exact("1")), exact("0.25"));
        assert_eq!(exact("1").less(&exact("1")), Exact::zero());
        assert_eq!(Exact::sum(&[exact("1"), exact("2.5"), exact("3")]), exact("6.5"));
        assert_eq!(Exact::sum(&[]), Exact::zero());
        assert!(Exact::zero().is_zero() && !exact("0.1").is_zero());
        assert_eq!(exact("100.000001").to_string(), "100.000001");
        assert_eq!(serde_json::to_string(&exact("1.50")).ok().as_deref(), Some("\"1.5\""));
        assert_eq!(serde_json::from_str::<Exact>("\"1.50\"").ok(), Some(exact("1.5")));
        assert!("9".repeat(60).parse::<Exact>().is_ok());
        assert_eq!("1-".parse::<Exact>().map_err(|error| error.0), Err("1-".to_owned()));
    }

    #[test]
    fn shares_are_rounded_down() {
        assert_eq!(exact("1").percent_of(&exact("3")).as_deref(), Some("33.33 %"));
        assert_eq!(exact("2").percent_of(&exact("3")).as_deref(), Some("66.66 %"));
        assert_eq!(exact("0.0005").percent_of(&exact("1")).as_deref(), Some("0.05 %"));
        assert_eq!(exact("1").percent_of(&Exact::zero()), None);
    }

    #[test]
    fn nothing_falls_below_zero() {
        assert_eq!(exact("1").less(&exact("2")), Exact::zero());
        assert_eq!(exact("1").over(&Exact::zero()), None);
        assert_eq!(exact("5820").percent_of(&exact("3350")).as_deref(), Some("173.73 %"));
    }
}
