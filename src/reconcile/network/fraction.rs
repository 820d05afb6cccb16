//! Exact fractions, and their one text: `240`, or `9376/97` in lowest terms.

use num_bigint::BigInt;
use num_rational::Ratio;

use crate::amount::{Amount, Decimals};

/// An exact number. No float comes near an amount.
pub type Fraction = Ratio<BigInt>;

/// A fraction as it stands in reports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exact(pub Fraction);

impl serde::Serialize for Exact {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// More characters than any fraction of two amounts has.
const TEXT_MAX: usize = 200;

/// Nothing.
#[must_use]
pub fn zero() -> Fraction {
    Fraction::from_integer(BigInt::ZERO)
}

/// The whole.
#[must_use]
pub fn one() -> Fraction {
    Fraction::from_integer(BigInt::from(1_u8))
}

/// Base units as whole units: amounts of different decimals are comparable then.
#[must_use]
pub fn units(amount: Amount, decimals: Decimals) -> Fraction {
    // 10^decimals is never zero
    Fraction::new(BigInt::from(amount.base_units()), BigInt::from(decimals.scale()))
}

/// Reads a fraction that is not negative; `None` for every other text, also for one that is not in lowest terms.
#[must_use]
pub fn parse(text: &str) -> Option<Fraction> {
    if text.len() > TEXT_MAX {
        return None;
    }
    let (above, below) = text.split_once('/').unwrap_or((text, "1"));
    let number = |digits: &str| {
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let padded = digits.len() > 1 && digits.starts_with('0');
        if plain && !padded { digits.parse::<BigInt>().ok() } else { None }
    };
    let (above, below) = (number(above)?, number(below)?);
    if below == BigInt::ZERO {
        return None;
    }
    Some(Fraction::new(above, below)).filter(|fraction| fraction.to_string() == text)
}

/// With so many digits behind the point, rounded down; the thousands apart.
#[must_use]
pub fn decimal(value: &Fraction, decimals: Decimals) -> String {
    let units = value.numer() * BigInt::from(decimals.scale()) / value.denom();
    match u128::try_from(&units) {
        Ok(units) => Amount::from_base_units(units).to_readable(decimals),
        // a sum over venues can be above every amount; its digits still say what it is
        Err(_) => format!("{units} base units"),
    }
}

/// `part` of `whole` in percent with two digits, rounded down; `None` of nothing.
#[must_use]
pub fn percent(part: &Fraction, whole: &Fraction) -> Option<String> {
    if *whole == zero() {
        return None;
    }
    let hundredths = (part / whole * BigInt::from(10_000_u32)).to_integer();
    let (whole, rest) = (&hundredths / 100_u32, &hundredths % 100_u32);
    Some(format!("{whole}.{:0>2} %", rest.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_has_one_text() {
        for text in ["0", "1", "240", "9376/97", "1/2"] {
            assert_eq!(parse(text).map(|fraction| fraction.to_string()).as_deref(), Some(text));
        }
        let long = "9".repeat(201);
        for text in ["", "-1", "+1", "01", "2/4", "3/1", "0/5", "1/0", "1/", "/2", "1/2/3", "1.5", " 1", "٣", &long] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn figures_are_rounded_down() {
        let fraction = |text| parse(text).expect("a fraction");
        let decimals = |digits| Decimals::new(digits).expect("few");
        assert_eq!(decimal(&fraction("13216/97"), decimals(8)), "136.24742268");
        assert_eq!(decimal(&fraction("3999/2"), decimals(0)), "1 999");
        assert_eq!(percent(&fraction("2"), &fraction("3")).as_deref(), Some("66.66 %"));
        assert_eq!(percent(&fraction("2"), &zero()), None);
        let sum = units(Amount::from_base_units(u128::MAX), Decimals::ZERO) * BigInt::from(2_u8);
        assert_eq!(decimal(&sum, Decimals::ZERO), "680564733841876926926749214863536422910 base units");
    }
}
