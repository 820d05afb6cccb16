//! The usual amount, in a fraction of the time that the careful reading takes: a ledger has one on every row.

use super::{Amount, Decimals};

/// 10^0 to 10^18, each below 2^60.
const POWERS: [u64; 19] = {
    let mut powers = [1; 19];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = 10 * powers[at - 1];
        at += 1;
    }
    powers
};

/// The usual amount, in a fraction of the time that the careful reading takes: a ledger has one on every row. `None`
/// says only that somebody else has to look.
#[inline]
pub(super) fn parse(text: &[u8], decimals: Decimals) -> Option<Amount> {
    let places = usize::from(decimals.get());
    let (whole, whole_count) = leading_digits(text);
    let leading_zero = whole_count > 1 && text.first() == Some(&b'0');
    if whole_count == 0 || whole_count > 18 || leading_zero {
        return None;
    }
    let (fraction, fraction_count) = match text.get(whole_count..)? {
        [] => (0, 0),
        [b'.', rest @ ..] if !rest.is_empty() => {
            let (fraction, count) = leading_digits(rest);
            (fraction, Some(count).filter(|count| *count == rest.len())?)
        }
        _ => return None,
    };
    let missing = places.checked_sub(fraction_count)?;
    let (scale, rest) = (POWERS.get(places)?, POWERS.get(missing)?);
    // neither product nor sum passes 10^36: every factor is below 10^18, or is that itself
    Some(Amount::from_base_units(u128::from(whole) * u128::from(*scale) + u128::from(fraction) * u128::from(*rest)))
}

/// How many digits begin the text, and their value if they are at most eighteen.
#[inline]
fn leading_digits(text: &[u8]) -> (u64, usize) {
    let (mut value, mut rest) = (0_u64, text);
    while let Some((eight, behind)) = rest.split_first_chunk::<8>() {
        let Some(digits) = eight_digits(u64::from_le_bytes(*eight)) else { break };
        value = value.wrapping_mul(100_000_000).wrapping_add(digits);
        rest = behind;
    }
    while let Some((byte, behind)) = rest.split_first() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        rest = behind;
    }
    (value, text.len() - rest.len())
}

/// The value of eight ASCII digits, the first one in the lowest byte: pairs, fours and all eight are joined at once.
#[inline]
fn eight_digits(text: u64) -> Option<u64> {
    // a digit has the upper half 3, and still has it with 6 added
    let upper = |bytes: u64| bytes & 0xf0f0_f0f0_f0f0_f0f0;
    if upper(text) != 0x3030_3030_3030_3030 || upper(text.wrapping_add(0x0606_0606_0606_0606)) != upper(text) {
        return None;
    }
    let digits = text - 0x3030_3030_3030_3030;
    let pairs = (digits.wrapping_mul(10)).wrapping_add(digits >> 8);
    let left = (pairs & 0x0000_00ff_0000_00ff).wrapping_mul(100 + (1_000_000 << 32));
    let right = (pairs >> 16 & 0x0000_00ff_0000_00ff).wrapping_mul(1 + (10_000 << 32));
    Some(left.wrapping_add(right) >> 32)
}

/// How many bytes an amount is looked for among, all of which are read at once.
const BEHIND: usize = 8;
const BEFORE: usize = 24;

impl Amount {
    /// What [`Amount::parse`] does with `text[begin..end]`, without asking for each digit whether there is another one:
    /// rows differ in how many they have, and a processor that guesses wrong loses more time than reading them takes.
    /// `None` says only that somebody else has to look: an amount has at most seven digits before a point, at most
    /// eighteen behind it, and stands in the midst of its text.
    #[inline]
    pub(crate) fn parse_within(text: &[u8], begin: usize, end: usize, decimals: Decimals) -> Option<Self> {
        const POINTS: u64 = u64::from_le_bytes([b'.'; 8]);
        let places = usize::from(decimals.get());
        let word = u64::from_le_bytes(*text.get(begin..)?.first_chunk::<BEHIND>()?);
        // the first byte that is a point: no byte before it is taken for one
        let points = (word ^ POINTS).wrapping_sub(ONES) & !(word ^ POINTS) & (ONES << 7);
        let whole_count = points.trailing_zeros() / 8;
        let point = begin + whole_count as usize;
        let leading_zero = whole_count > 1 && word & 0xff == u64::from(b'0');
        if points == 0 || whole_count == 0 || point + 1 >= end || leading_zero {
            return None;
        }
        let whole = eight_digits(last_digits(word << (64 - 8 * whole_count), whole_count))?;
        let fraction_count = end - point - 1;
        let missing = places.checked_sub(fraction_count)?;
        let before: &[u8; BEFORE] = text.get(..end)?.last_chunk()?;
        let (words, _) = before.as_chunks::<8>();
        let mut fraction = 0_u64;
        for (word, behind) in words.iter().zip([16, 8, 0]) {
            let count = u32::try_from(fraction_count.saturating_sub(behind).min(8)).unwrap_or(0);
            let digits = eight_digits(last_digits(u64::from_le_bytes(*word), count))?;
            fraction = fraction.wrapping_mul(100_000_000).wrapping_add(digits);
        }
        let (scale, rest) = (POWERS.get(places)?, POWERS.get(missing)?);
        // as above: no fraction has more digits than the asset, and the powers end at eighteen
        let (whole, fraction) = (u128::from(whole) * u128::from(*scale), u128::from(fraction) * u128::from(*rest));
        Some(Self::from_base_units(whole + fraction))
    }
}

const ONES: u64 = 0x0101_0101_0101_0101;

/// The last `count` of eight bytes, and zeros as digits before them.
#[inline]
fn last_digits(word: u64, count: u32) -> u64 {
    let kept = u64::MAX.checked_shl(64 - 8 * count).unwrap_or(0);
    word & kept | (ONES * 0x30) & !kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimals(count: u8) -> Decimals {
        Decimals::new(count).expect("tests use small counts")
    }

    proptest::proptest! {
        /// The quick reading never says anything else than the careful one.
        #[test]
        fn both_readings_agree(text in "[0-9]{0,3}[0-9.]{0,4}[0-9]{0,20}[.,e0-9 -]?[0-9]{0,3}", places in 0_u8..=38) {
            let careful = Amount::parse_carefully(&text, decimals(places));
            proptest::prop_assert_eq!(Amount::parse(&text, decimals(places)), careful.clone());
            if let Some(quick) = parse(text.as_bytes(), decimals(places)) {
                proptest::prop_assert_eq!(Ok(quick), careful.clone());
            }
            let line = format!("939e66bf-bcf4-443f,{text},12345678");
            let within = Amount::parse_within(line.as_bytes(), 19, 19 + text.len(), decimals(places));
            if let Some(within) = within {
                proptest::prop_assert_eq!(Ok(within), careful);
            }
        }

        #[test]
        fn the_usual_amounts_are_read_quickly(
            whole in proptest::prop_oneof![0..10_u64.pow(18), 0..10_u64.pow(7)],
            fraction in "[0-9]{1,8}",
        ) {
            let text = format!("{whole}.{fraction}");
            let careful = Amount::parse_carefully(&text, decimals(8));
            proptest::prop_assert_eq!(parse(text.as_bytes(), decimals(8)), careful.clone().ok());
            if whole < 10_000_000 {
                let line = format!("939e66bf-bcf4-443f,{text}\n12345678");
                let within = Amount::parse_within(line.as_bytes(), 19, 19 + text.len(), decimals(8));
                proptest::prop_assert_eq!(within, careful.ok());
            }
        }

        #[test]
        fn eight_digits_are_digits(text in proptest::array::uniform8(b'+'..=b'='), value in 0..100_000_000_u64) {
            let expected = std::str::from_utf8(&text).ok().filter(|text| !text.starts_with('+'));
            let expected = expected.and_then(|text| text.parse::<u64>().ok());
            proptest::prop_assert_eq!(eight_digits(u64::from_le_bytes(text)), expected);
            let text = format!("{value:08}");
            let text = text.as_bytes().try_into().expect("eight digits");
            proptest::prop_assert_eq!(eight_digits(u64::from_le_bytes(text)), Some(value));
        }
    }

    #[test]
    fn what_ledgers_have_is_read_quickly() {
        for text in ["5", "0", "0.5", "10", "123456789012345678", "1.12345678"] {
            assert!(parse(text.as_bytes(), decimals(8)).is_some(), "{text}");
        }
        for text in ["", "00", "01.5", "1234567890123456789", "1.", ".1", "1.123456789", "1.5x", "1x"] {
            assert_eq!(parse(text.as_bytes(), decimals(8)), None, "{text}");
        }
    }

    #[test]
    fn amounts_within_a_text_are_read_as_they_are_alone() {
        let amounts =
            ["0", "0.0", "1", "12.5", "00.5", "0.5", "1.", ".5", "", "1234567.5", "12345678.5", "1.2.3", "1x.5"];
        let more =
            ["0.058901732228696346", "7.123456789012345678", "7.1234567890123456789", "9999999.999999999999999999"];
        let odd =
            ["1.00000000000000000a", "1.0000000/", "1.0000000:00", "a.5", "1.5 ", "1 .5", "-1.5", "0.1234567a", "1./"];
        let mut read = 0;
        for amount in amounts.into_iter().chain(more).chain(odd) {
            for count in [0, 1, 6, 8, 17, 18] {
                let decimals = decimals(count);
                for before in ["", "u1,BTC,", "939e66bf-bcf4-443f-ac68-b1da9e70900b,ETH,"] {
                    for behind in ["", "\nu2.5,6", "\n939e66bf-bcf4-443f"] {
                        let text = [before, amount, behind].concat();
                        let (begin, end) = (before.len(), before.len() + amount.len());
                        let got = Amount::parse_within(text.as_bytes(), begin, end, decimals);
                        let expected = parse(amount.as_bytes(), decimals);
                        assert!(got.is_none() || got == expected, "{text:?} {got:?} {expected:?}");
                        read += u32::from(got.is_some());
                    }
                }
            }
        }
        assert!(read > 50, "{read}");
    }
}
