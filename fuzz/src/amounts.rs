//! Amounts: the first byte is the number of decimals, the rest the text.

use std::cmp::Ordering;

use counterfoil::amount::{Amount, AmountErrorKind, Decimals};

/// Reads a text as an amount, and compares with a reading of its digits as a text, which has no limit.
pub fn amount(data: &[u8]) {
    let Some((&first, rest)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let decimals = Decimals::new(first % (Decimals::MAX + 1)).unwrap();
    let read = Amount::parse(text, decimals);
    let fits = base_units(text, decimals).map(|units| (at_most_max(&units), units));
    match (&read, &fits) {
        (Ok(amount), Some((true, units))) => assert_eq!(&amount.to_string(), units, "{text:?}"),
        (Err(error), Some((false, _))) => assert_eq!(error.kind, AmountErrorKind::Overflow, "{text:?}"),
        (Err(error), None) => assert_ne!(error.kind, AmountErrorKind::Overflow, "{text:?}"),
        _ => panic!("{text:?} with {decimals:?}: {read:?}, by its digits {fits:?}"),
    }
    match read {
        Ok(amount) => printed_and_read(amount, decimals),
        Err(error) => {
            assert_eq!(error.text, text);
            assert!(text.get(error.start..error.end).is_some(), "{text:?}: {}..{}", error.start, error.end);
        }
    }
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let expected = Amount::parse(text, Decimals::ZERO).ok().filter(|_| plain);
    assert_eq!(Amount::parse_base_units(text).ok(), expected, "{text:?}");
}

/// What is printed is read as the same; other decimals change it exactly or not at all.
fn printed_and_read(amount: Amount, decimals: Decimals) {
    let printed = amount.to_decimal(decimals);
    assert_eq!(Amount::parse(&printed, decimals).ok(), Some(amount), "{printed}");
    assert_eq!(Amount::parse_base_units(&amount.to_string()).ok(), Some(amount));
    let readable: String = amount.to_readable(decimals).split(' ').collect();
    assert_eq!(Amount::parse(&readable, decimals).ok(), Some(amount), "{readable}");
    for other in 0..=Decimals::MAX {
        let other = Decimals::new(other).unwrap();
        if let Ok(rescaled) = amount.rescale(decimals, other) {
            assert_eq!(rescaled.rescale(other, decimals).ok(), Some(amount));
            assert_eq!(Amount::parse(&printed, other).ok(), Some(rescaled), "{printed}");
        }
    }
}

/// The base units of a plain decimal, as digits without leading zeros; `None` for anything else.
fn base_units(text: &str, decimals: Decimals) -> Option<String> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    if !digits(whole) || !fraction.is_none_or(digits) || whole.len() > 1 && whole.starts_with('0') {
        return None;
    }
    let places = usize::from(decimals.get());
    let mut fraction = fraction.unwrap_or_default().trim_end_matches('0').to_owned();
    if fraction.len() > places {
        return None;
    }
    fraction.extend(std::iter::repeat_n('0', places - fraction.len()));
    let all = whole.to_owned() + &fraction;
    let units = all.trim_start_matches('0');
    Some(if units.is_empty() { "0" } else { units }.to_owned())
}

fn at_most_max(units: &str) -> bool {
    let max = u128::MAX.to_string();
    units.len().cmp(&max.len()).then_with(|| units.cmp(&max)) != Ordering::Greater
}
