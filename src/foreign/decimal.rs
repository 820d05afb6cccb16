//! Decimals of other formats: exact, of any length that occurs, and with a sign where the format lets one in.

use std::fmt;
use std::str::FromStr;

use num_bigint::{BigInt, Sign};

/// Longer texts are no amounts.
pub const TEXT_MAX: usize = 128;

/// A decimal: whole units of `10^-scale`.
#[derive(Clone, Debug)]
pub struct Decimal {
    units: BigInt,
    scale: u32,
}

/// Why a text is no decimal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("got {text:?}, expected digits with at most one point between them, and at most a minus before them")]
pub struct DecimalError {
    text: String,
}

impl FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let fail = || DecimalError { text: text.chars().take(60).collect() };
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if text.len() > TEXT_MAX || !plain(whole) || (digits.contains('.') && !plain(fraction)) {
            return Err(fail());
        }
        let units: BigInt = [whole, fraction].concat().parse().map_err(|_| fail())?;
        let units = if text.starts_with('-') { -units } else { units };
        Ok(Self { units, scale: u32::try_from(fraction.len()).map_err(|_| fail())? })
    }
}

impl Decimal {
    /// Nothing.
    #[must_use]
    pub fn zero() -> Self {
        Self::from_units(0)
    }

    /// A whole number.
    #[must_use]
    pub fn from_units(units: u64) -> Self {
        Self { units: BigInt::from(units), scale: 0 }
    }

    /// Both together, exactly.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let scale = self.scale.max(other.scale);
        Self { units: self.at(scale) + other.at(scale), scale }
    }

    /// What remains when `other` is taken away, exactly; it may be negative.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let scale = self.scale.max(other.scale);
        Self { units: self.at(scale) - other.at(scale), scale }
    }

    /// Cut to `places` decimals, towards zero.
    #[must_use]
    pub fn cut(&self, places: u32) -> Self {
        if self.scale <= places {
            return self.clone();
        }
        // division of integers goes towards zero
        Self { units: &self.units / power(self.scale - places), scale: places }
    }

    /// Whether it is below zero.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.units.sign() == Sign::Minus
    }

    /// Whether it is zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.units.sign() == Sign::NoSign
    }

    /// The larger one.
    #[must_use]
    pub fn larger(&self, other: &Self) -> Self {
        if other.minus(self).is_negative() { self.clone() } else { other.clone() }
    }

    /// As text with exactly `places` decimals; what is finer is cut.
    #[must_use]
    pub fn fixed(&self, places: u32) -> String {
        text(&self.cut(places).at(places), places)
    }

    fn at(&self, scale: u32) -> BigInt {
        match scale.saturating_sub(self.scale) {
            0 => self.units.clone(),
            more => &self.units * power(more),
        }
    }
}

fn power(exponent: u32) -> BigInt {
    BigInt::from(10).pow(exponent)
}

fn text(units: &BigInt, scale: u32) -> String {
    let sign = if units.sign() == Sign::Minus { "-" } else { "" };
    let digits = units.magnitude().to_string();
    let scale = scale as usize;
    let digits = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// Without zeros at its end.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = text(&self.units, self.scale);
        let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        f.write_str(text)
    }
}

/// The same value, however many zeros it was written with.
impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.minus(other).is_zero()
    }
}

impl Eq for Decimal {}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Decimal {
        text.parse().expect("a decimal")
    }

    #[test]
    fn text_has_no_zeros_at_its_end_or_exactly_as_many_as_asked() {
        for (text, short, fixed) in [
            ("0", "0", "0.00000000"),
            ("-0.00", "0", "0.00000000"),
            ("1.50", "1.5", "1.50000000"),
            ("100", "100", "100.00000000"),
            ("-0.000000019", "-0.000000019", "-0.00000001"),
            ("0.999999999", "0.999999999", "0.99999999"),
            ("007.10", "7.1", "7.10000000"),
        ] {
            assert_eq!((read(text).to_string().as_str(), read(text).fixed(8).as_str()), (short, fixed));
        }
    }

    #[test]
    fn sums_are_exact_and_cut_towards_zero() {
        assert_eq!(read("0.1").plus(&read("0.2")), read("0.3"));
        assert_eq!(read("-0.15").cut(1), read("-0.1"));
        assert_eq!(read("18").minus(&read("19.5")).to_string(), "-1.5");
        assert_eq!(read("3").larger(&read("-9")), read("3"));
        assert_eq!(read("3").larger(&read("9")), read("9"));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "-", "+1", "1.", ".5", "1e5", "1,000", " 1", "0x1", "NaN", "1.2.3", "--1"] {
            assert!(text.parse::<Decimal>().is_err(), "{text:?}");
        }
        assert!("1".repeat(TEXT_MAX + 1).parse::<Decimal>().is_err());
    }
}
