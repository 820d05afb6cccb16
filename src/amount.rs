//! Amounts: exact counts of an asset's base unit. Specification: `docs/spec/amount.md`.

pub mod exact;
mod quick;

use std::fmt;

use crate::code::{Code, Coded, ledger as codes};

pub use encapsulate::{Amount, Decimals};

/// The only functions that see the fields: every invariant of the two types is on this screen.
mod encapsulate {
    /// A non-negative count of base units of one asset. Which asset is the caller's to know: amounts of
    /// different assets are never added, not even for display.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub struct Amount(u128);

    impl Amount {
        /// Nothing owed, nothing held.
        pub const ZERO: Self = Self(0);

        /// An amount of `base_units`, the smallest unit of its asset.
        #[must_use]
        pub const fn from_base_units(base_units: u128) -> Self {
            Self(base_units)
        }

        /// The count of base units.
        #[must_use]
        pub const fn base_units(self) -> u128 {
            self.0
        }
    }

    /// How many decimal digits one whole unit of an asset has: 8 for bitcoin, 18 for ether.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub struct Decimals(u8);

    impl Decimals {
        /// 10^38 is the largest power of ten below 2^128.
        pub const MAX: u8 = 38;

        /// Whole units only.
        pub const ZERO: Self = Self(0);

        /// `None` above [`Decimals::MAX`].
        #[must_use]
        pub const fn new(decimals: u8) -> Option<Self> {
            if decimals <= Self::MAX { Some(Self(decimals)) } else { None }
        }

        /// The number of digits.
        #[must_use]
        pub const fn get(self) -> u8 {
            self.0
        }

        /// 10^decimals: base units in one whole unit.
        #[must_use]
        pub const fn scale(self) -> u128 {
            // cannot overflow: `new` admits at most 38, and 10^38 < 2^128
            10_u128.pow(self.0 as u32)
        }
    }
}

impl Amount {
    /// The largest amount that can be stated: 2^128 − 1 base units.
    pub const MAX: Self = Self::from_base_units(u128::MAX);

    /// `None` when the sum does not fit: a sum is refused, never wrapped or saturated.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.base_units().checked_add(other.base_units()) {
            Some(sum) => Some(Self::from_base_units(sum)),
            None => None,
        }
    }

    /// `None` when `other` is larger.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.base_units().checked_sub(other.base_units()) {
            Some(rest) => Some(Self::from_base_units(rest)),
            None => None,
        }
    }

    /// The sum of all, or `None` when it does not fit.
    #[must_use]
    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }

    /// Whether nothing is counted.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.base_units() == 0
    }

    /// The sixteen big-endian bytes that every commitment hashes.
    #[must_use]
    pub const fn to_be_bytes(self) -> [u8; 16] {
        self.base_units().to_be_bytes()
    }

    /// The same value counted with another number of decimals.
    ///
    /// # Errors
    /// [`AmountErrorKind::Overflow`] when the result does not fit, [`AmountErrorKind::Inexact`] when digits
    /// other than zero would be lost: a rescaled amount is exact or it is refused.
    pub fn rescale(self, from: Decimals, to: Decimals) -> Result<Self, AmountErrorKind> {
        let units = self.base_units();
        if to >= from {
            let factor = 10_u128.pow(u32::from(to.get() - from.get()));
            return units.checked_mul(factor).map(Self::from_base_units).ok_or(AmountErrorKind::Overflow);
        }
        let divisor = 10_u128.pow(u32::from(from.get() - to.get()));
        if !units.is_multiple_of(divisor) {
            return Err(AmountErrorKind::Inexact { from: from.get(), to: to.get() });
        }
        Ok(Self::from_base_units(units / divisor))
    }

    /// Reads a plain decimal: digits, at most one point, nothing else.
    ///
    /// Zeros beyond the asset's decimals change nothing and are accepted (a `NUMERIC(38,18)` column prints
    /// them); any other digit there is refused.
    ///
    /// # Errors
    /// [`AmountError`] with the kind and the byte range within `text`.
    pub fn parse(text: &str, decimals: Decimals) -> Result<Self, AmountError> {
        if let Some(amount) = quick::parse(text.as_bytes(), decimals) {
            return Ok(amount);
        }
        Self::parse_carefully(text, decimals)
    }

    /// What [`Amount::parse`] does, one character after the other.
    fn parse_carefully(text: &str, decimals: Decimals) -> Result<Self, AmountError> {
        let fail = |kind, start: usize, end: usize| Err(AmountError { text: text.to_owned(), kind, start, end });
        if text.is_empty() {
            return fail(AmountErrorKind::Empty, 0, 0);
        }
        if let Some((kind, start, end)) = first_fault(text) {
            return fail(kind, start, end);
        }
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let places = usize::from(decimals.get());
        let kept = fraction.get(..places.min(fraction.len())).unwrap_or(fraction);
        if let Some(lost) = fraction.bytes().skip(places).position(|digit| digit != b'0') {
            let start = whole.len() + 1 + places;
            let kind = AmountErrorKind::TooManyDigits { decimals: decimals.get(), digits: places + lost + 1 };
            return fail(kind, start, text.len());
        }
        let digits = whole.bytes().chain(kept.bytes()).chain(std::iter::repeat_n(b'0', places - kept.len()));
        let mut units = 0_u128;
        for digit in digits {
            let value = u128::from(digit - b'0');
            match units.checked_mul(10).and_then(|tens| tens.checked_add(value)) {
                Some(next) => units = next,
                None => return fail(AmountErrorKind::Overflow, 0, text.len()),
            }
        }
        Ok(Self::from_base_units(units))
    }

    /// Reads base units as they stand in every file format: ASCII digits without a leading zero.
    ///
    /// # Errors
    /// [`AmountError`] when the text is anything else.
    pub fn parse_base_units(text: &str) -> Result<Self, AmountError> {
        if let Some(point) = text.find('.') {
            let kind = AmountErrorKind::BadCharacter { found: '.' };
            return Err(AmountError { text: text.to_owned(), kind, start: point, end: text.len() });
        }
        Self::parse(text, Decimals::ZERO)
    }

    /// Plain decimal with every decimal of the asset, as [`Amount::parse`] reads it back.
    #[must_use]
    pub fn to_decimal(self, decimals: Decimals) -> String {
        let scale = decimals.scale();
        let whole = self.base_units() / scale;
        if decimals.get() == 0 {
            return whole.to_string();
        }
        let fraction = self.base_units() % scale;
        format!("{whole}.{fraction:0width$}", width = usize::from(decimals.get()))
    }

    /// For people: thousands apart, and at least two decimals but no long tail of zeros.
    #[must_use]
    pub fn to_readable(self, decimals: Decimals) -> String {
        let plain = self.to_decimal(decimals);
        let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
        let shown = fraction.trim_end_matches('0').len().max(fraction.len().min(2));
        let mut text = in_thousands(whole);
        if let Some(kept) = fraction.get(..shown).filter(|kept| !kept.is_empty()) {
            text.push('.');
            text.push_str(kept);
        }
        text
    }
}

/// Digits with a space between thousands.
fn in_thousands(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

impl fmt::Display for Amount {
    /// Base units; use [`Amount::to_decimal`] for whole units.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.base_units().fmt(f)
    }
}

/// Finds what makes `text` something else than a plain decimal, and where.
fn first_fault(text: &str) -> Option<(AmountErrorKind, usize, usize)> {
    use AmountErrorKind as Kind;
    let all = |kind| Some((kind, 0, text.len()));
    let lower = text.trim_start_matches(['-', '+']).to_ascii_lowercase();
    if matches!(lower.as_str(), "nan" | "inf" | "infinity") {
        return all(Kind::NotANumber);
    }
    if text.starts_with('-') {
        return all(Kind::Negative);
    }
    if text.starts_with('+') {
        return Some((Kind::Sign, 0, 1));
    }
    let mut point = None;
    for (at, character) in text.char_indices() {
        let kind = match character {
            '0'..='9' => continue,
            '.' if point.is_none() => {
                point = Some(at);
                continue;
            }
            'e' | 'E' if at > 0 => Kind::Exponent,
            ',' | '_' | '\'' | ' ' | '\u{a0}' | '\u{202f}' if at > 0 => Kind::Separator { found: character },
            found => Kind::BadCharacter { found },
        };
        let end = if matches!(kind, Kind::Exponent) { text.len() } else { at + character.len_utf8() };
        return Some((kind, at, end));
    }
    let whole = text.get(..point.unwrap_or(text.len())).unwrap_or(text);
    if whole.is_empty() || point == Some(text.len() - 1) {
        return all(Kind::BarePoint);
    }
    if whole.len() > 1 && whole.starts_with('0') {
        return Some((Kind::LeadingZero, 0, whole.len()));
    }
    None
}

/// Why a text is not an amount, and where in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}, got {text:?}")]
pub struct AmountError {
    /// The text as received.
    pub text: String,
    /// What is wrong with it.
    pub kind: AmountErrorKind,
    /// First byte of the fault within `text`.
    pub start: usize,
    /// The byte after the fault.
    pub end: usize,
}

/// What can be wrong with an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountErrorKind {
    /// A character that no amount has.
    #[error("an amount has only digits and one point, found {found:?}")]
    BadCharacter {
        /// The character.
        found: char,
    },
    /// `.5` or `5.`.
    #[error("an amount has a digit on both sides of its point")]
    BarePoint,
    /// Nothing at all.
    #[error("an amount is missing")]
    Empty,
    /// `1e3`.
    #[error("an amount has no exponent")]
    Exponent,
    /// Rescaling would lose digits.
    #[error("an amount with {from} decimals does not fit {to} decimals exactly")]
    Inexact {
        /// Decimals it has.
        from: u8,
        /// Decimals asked for.
        to: u8,
    },
    /// `007`.
    #[error("an amount has no leading zeros")]
    LeadingZero,
    /// `-1`.
    #[error("negative amount")]
    Negative,
    /// `NaN`, `Infinity`.
    #[error("an amount is digits, not a word")]
    NotANumber,
    /// Above 2^128 − 1 base units.
    #[error("an amount is at most 2^128 - 1 base units")]
    Overflow,
    /// `1,000`.
    #[error("an amount has no thousands separator, found {found:?}")]
    Separator {
        /// The separator.
        found: char,
    },
    /// `+1`.
    #[error("an amount has no sign")]
    Sign,
    /// More digits after the point than the asset has.
    #[error("{digits} digits after the point where the asset has {decimals} decimals")]
    TooManyDigits {
        /// Decimals of the asset.
        decimals: u8,
        /// Digits found, up to the first that would be lost.
        digits: usize,
    },
}

impl Coded for AmountError {
    fn code(&self) -> &'static Code {
        match self.kind {
            AmountErrorKind::Negative => &codes::NEGATIVE_BALANCE,
            AmountErrorKind::Exponent => &codes::EXPONENT,
            AmountErrorKind::TooManyDigits { .. } | AmountErrorKind::Inexact { .. } => &codes::TOO_MANY_DIGITS,
            AmountErrorKind::Overflow => &codes::AMOUNT_TOO_LARGE,
            _ => &codes::NOT_AN_AMOUNT,
        }
    }
}

/// Amounts in files are decimal strings: JSON numbers are read differently by different programs.
impl serde::Serialize for Amount {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Amount {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse_base_units(&text).map_err(serde::de::Error::custom)
    }
}

/// Decimals are a small integer, in files a decimal string like every other integer.
impl serde::Serialize for Decimals {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.get())
    }
}

impl<'de> serde::Deserialize<'de> for Decimals {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let count = crate::json::uint::deserialize::<D, u8>(deserializer)?;
        Self::new(count).ok_or_else(|| serde::de::Error::custom(format!("{count} decimals, at most 38 are possible")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimals(count: u8) -> Decimals {
        Decimals::new(count).expect("tests use small counts")
    }

    fn kind(text: &str) -> AmountErrorKind {
        Amount::parse(text, decimals(8)).expect_err(text).kind
    }

    #[test]
    fn plain_decimals_are_exact() {
        for (text, units) in [("0", 0), ("0.00000001", 1), ("1", 100_000_000), ("21000000.5", 2_100_000_050_000_000)] {
            assert_eq!(Amount::parse(text, decimals(8)), Ok(Amount::from_base_units(units)), "{text}");
        }
        assert_eq!(Amount::parse("1.500000000000", decimals(8)), Ok(Amount::from_base_units(150_000_000)));
        let largest = u128::MAX.to_string();
        assert_eq!(Amount::parse_base_units(&largest), Ok(Amount::MAX));
    }

    #[test]
    fn everything_else_is_refused_by_name() {
        use AmountErrorKind as Kind;
        assert_eq!(kind(""), Kind::Empty);
        assert_eq!(kind("-1"), Kind::Negative);
        assert_eq!(kind("+1"), Kind::Sign);
        assert_eq!(kind("1e3"), Kind::Exponent);
        assert_eq!(kind("1,000"), Kind::Separator { found: ',' });
        assert_eq!(kind("NaN"), Kind::NotANumber);
        assert_eq!(kind("-inf"), Kind::NotANumber);
        assert_eq!(kind(".5"), Kind::BarePoint);
        assert_eq!(kind("5."), Kind::BarePoint);
        assert_eq!(kind("."), Kind::BarePoint);
        assert_eq!(kind("007"), Kind::LeadingZero);
        assert_eq!(kind("1.2.3"), Kind::BadCharacter { found: '.' });
        assert_eq!(kind("１"), Kind::BadCharacter { found: '１' });
        assert_eq!(kind("0.123456789"), Kind::TooManyDigits { decimals: 8, digits: 9 });
        assert_eq!(kind("9999999999999999999999999999999999999999"), Kind::Overflow);
        let above = "340282366920938463463374607431768211456";
        assert_eq!(Amount::parse_base_units(above).map_err(|error| error.kind), Err(Kind::Overflow));
    }

    #[test]
    fn rescaling_is_exact_or_refused() {
        let one = Amount::from_base_units(1_000_000);
        assert_eq!(one.rescale(decimals(6), decimals(18)), Ok(Amount::from_base_units(10_u128.pow(18))));
        assert_eq!(one.rescale(decimals(6), decimals(0)), Ok(Amount::from_base_units(1)));
        let lost = Amount::from_base_units(1).rescale(decimals(6), decimals(5));
        assert_eq!(lost, Err(AmountErrorKind::Inexact { from: 6, to: 5 }));
        assert_eq!(Amount::MAX.rescale(decimals(0), decimals(1)), Err(AmountErrorKind::Overflow));
    }

    #[test]
    fn rescaling_goes_part_of_the_way() {
        let amount = Amount::from_base_units(1_200);
        assert_eq!(amount.rescale(decimals(8), decimals(6)), Ok(Amount::from_base_units(12)));
        assert_eq!(amount.rescale(decimals(6), decimals(8)), Ok(Amount::from_base_units(120_000)));
        assert_eq!(amount.rescale(decimals(8), decimals(8)), Ok(amount));
    }

    #[test]
    fn sums_and_differences_are_exact_or_refused() {
        let (two, five) = (Amount::from_base_units(2), Amount::from_base_units(5));
        assert_eq!(five.checked_add(two), Some(Amount::from_base_units(7)));
        assert_eq!(five.checked_sub(two), Some(Amount::from_base_units(3)));
        assert_eq!(five.checked_sub(five), Some(Amount::ZERO));
        assert_eq!(two.checked_sub(five), None);
        assert_eq!(Amount::MAX.checked_add(Amount::ZERO), Some(Amount::MAX));
        assert_eq!(Amount::MAX.checked_add(two), None);
        assert_eq!(Amount::checked_sum([two, five, two]), Some(Amount::from_base_units(9)));
        assert_eq!(Amount::checked_sum([two, Amount::MAX, two]), None);
        assert_eq!(Amount::checked_sum([]), Some(Amount::ZERO));
        assert!(Amount::ZERO.is_zero() && !two.is_zero());
        assert_eq!(Amount::from_base_units(0x0102).to_be_bytes()[13..], [0, 1, 2]);
        assert_eq!(Amount::MAX.to_be_bytes(), [0xff; 16]);
    }

    #[test]
    fn a_fault_is_shown_where_it_is() {
        let place = |text: &str| Amount::parse(text, decimals(8)).map_err(|error| (error.start, error.end));
        assert_eq!(place("12.3456789012"), Err((11, 13)));
        assert_eq!(kind("12.12345678001"), AmountErrorKind::TooManyDigits { decimals: 8, digits: 11 });
        assert_eq!(place("+5"), Err((0, 1)));
        assert_eq!(place("12x4"), Err((2, 3)));
        assert_eq!(place("1é"), Err((1, 3)));
        assert_eq!(place("12e40"), Err((2, 5)));
        assert_eq!(place("007.5"), Err((0, 3)));
        assert_eq!(kind("e3"), AmountErrorKind::BadCharacter { found: 'e' });
        assert_eq!(kind(",3"), AmountErrorKind::BadCharacter { found: ',' });
        let error = Amount::parse_base_units("1.50").expect_err("base units have no point");
        assert_eq!((error.start, error.end), (1, 4));
    }

    #[test]
    fn files_hold_base_units_as_text() {
        let amount = Amount::from_base_units(150);
        assert_eq!(serde_json::to_string(&amount).ok().as_deref(), Some("\"150\""));
        assert_eq!(serde_json::from_str("\"150\"").ok(), Some(amount));
        let code = |text: &str| Amount::parse(text, decimals(8)).map_err(|error| error.code().name);
        assert_eq!(code("-1"), Err("NEGATIVE_BALANCE"));
        assert_eq!(code("1e3"), Err("EXPONENT"));
        assert_eq!(code("0.123456789"), Err("TOO_MANY_DIGITS"));
        assert_eq!(code("9999999999999999999999999999999999999999"), Err("AMOUNT_TOO_LARGE"));
    }

    #[test]
    fn people_read_groups() {
        assert_eq!(Amount::from_base_units(123_456).to_readable(decimals(0)), "123 456");
        assert_eq!(Amount::from_base_units(123_456).to_readable(decimals(3)), "123.456");
        assert_eq!(Amount::from_base_units(120_450_000_000).to_readable(decimals(8)), "1 204.50");
        assert_eq!(Amount::from_base_units(1).to_readable(decimals(8)), "0.00000001");
        assert_eq!(Amount::from_base_units(1_234_567).to_readable(decimals(0)), "1 234 567");
        assert_eq!(Amount::ZERO.to_decimal(decimals(2)), "0.00");
    }
}
