//! Lengths in the encoding `DELTA_BINARY_PACKED`, in front of texts in `DELTA_LENGTH_BYTE_ARRAY` and
//! `DELTA_BYTE_ARRAY`.
//!
//! They say themselves how many they are, and in blocks of no width some bytes stand for any number of them. The
//! library takes memory for what they say, so they are counted before it sees them.
//!
//! Source: Apache Parquet format, `Encodings.md`, "Delta Encoding", "Delta-length byte array", "Delta Strings".

use super::thrift::Thrift;

/// Texts of one page in these encodings. Programs write pages of some ten thousand rows, few of a million.
const VALUES_MAX: u64 = 1 << 22;
/// Bits of one packed difference of lengths.
const WIDTH_MAX: u8 = 32;

/// The head of a list of lengths, and what stands behind it.
pub(super) struct Lengths<'a> {
    rest: Thrift<'a>,
    /// Lists within a block.
    lists: usize,
    /// Differences within a list.
    each: u64,
    count: u64,
    first: i64,
}

impl<'a> Lengths<'a> {
    /// Reads the head. `values` is how many the page's own header says there are.
    ///
    /// # Errors
    /// There are more than that, more than are read, or the head cannot be read.
    pub(super) fn read(bytes: &'a [u8], values: u32) -> Result<Self, String> {
        let mut rest = Thrift(bytes);
        let head = (|| Some((rest.varint()?, rest.varint()?, rest.varint()?, rest.integer()?)))();
        let Some((block, lists, count, first)) = head else {
            return Err("ends within the head of its lengths".to_owned());
        };
        if count > u64::from(values).min(VALUES_MAX) {
            let most = u64::from(values).min(VALUES_MAX);
            return Err(format!("counts {count} texts in delta encoding, at most {most} are unpacked"));
        }
        let each = block.checked_div(lists).unwrap_or_default();
        // what else is wrong with them, the library says
        let lists = usize::try_from(lists).unwrap_or(usize::MAX);
        Ok(Self { rest, lists, each, count, first })
    }

    /// The sum of the lengths, and the bytes behind them.
    ///
    /// # Errors
    /// They cannot be unpacked, or one of them is negative.
    pub(super) fn sum(mut self) -> Result<(u64, &'a [u8]), String> {
        let mut sum = 0_u64;
        let mut left = self.count;
        let mut last = self.first;
        let mut add = |length: i64| {
            let valid = i32::try_from(length).ok().and_then(|length| u64::try_from(length).ok());
            // at most 2^22 lengths below 2^31
            sum = sum.saturating_add(valid.ok_or_else(|| format!("has a text of {length} bytes"))?);
            Ok::<_, String>(())
        };
        if left > 0 {
            add(last)?;
            left -= 1;
        }
        while left > 0 {
            let block = (|| Some((self.rest.integer()?, self.rest.taken(self.lists)?)))();
            let Some((least, widths)) = block.filter(|(_, widths)| !widths.is_empty()) else {
                return Err("ends within its lengths".to_owned());
            };
            for width in widths {
                let now = self.each.min(left);
                if now == 0 {
                    break;
                }
                let packed = packed_length(self.each, *width).and_then(|length| self.rest.taken(length));
                let Some(packed) = packed else { return Err("ends within its lengths".to_owned()) };
                let mut packed = Bits { bytes: packed, bits: 0, count: 0 };
                for _ in 0..now {
                    last = last.saturating_add(least).saturating_add(packed.next(*width));
                    add(last)?;
                }
                left -= now;
            }
            if self.each == 0 {
                return Err("has lengths in blocks of none".to_owned());
            }
        }
        Ok((sum, self.rest.0))
    }
}

/// Bytes of a list of `each` differences.
fn packed_length(each: u64, width: u8) -> Option<usize> {
    if width > WIDTH_MAX {
        return None;
    }
    usize::try_from(each.checked_mul(u64::from(width))?.div_ceil(8)).ok()
}

/// Packed integers, the lowest bit first.
struct Bits<'a> {
    bytes: &'a [u8],
    bits: u64,
    count: u8,
}

impl Bits<'_> {
    /// The next one; zeros behind the end.
    fn next(&mut self, width: u8) -> i64 {
        while self.count < width {
            let (byte, rest) = self.bytes.split_first().unwrap_or((&0, &[]));
            self.bytes = rest;
            self.bits |= u64::from(*byte) << self.count;
            self.count += 8;
        }
        let value = self.bits & ((1 << width) - 1);
        self.bits >>= width;
        self.count -= width;
        value.cast_signed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::parquet::thrift::tests::varint;

    fn head(block: u64, lists: u64, count: u64, first: u64) -> Vec<u8> {
        [varint(block), varint(lists), varint(count), varint(first * 2)].concat()
    }

    fn sum(bytes: &[u8]) -> Result<(u64, Vec<u8>), String> {
        Lengths::read(bytes, u32::MAX)?.sum().map(|(sum, rest)| (sum, rest.to_vec()))
    }

    #[test]
    fn lengths_are_added_up_as_the_format_packs_them() {
        // 7, 5, 3, 1, 2, 3, 4, 5, the example of the format's own description: differences from the least one, -2
        let packed = [0b11_00_00_00, 0b00_11_11_11, 0, 0, 0, 0, 0, 0];
        let block = [head(128, 4, 8, 7), vec![3, 2, 0, 0, 0], packed.to_vec(), b"behind".to_vec()].concat();
        assert_eq!(sum(&block), Ok((7 + 5 + 3 + 1 + 2 + 3 + 4 + 5, b"behind".to_vec())));
        assert_eq!(sum(&[head(128, 4, 0, 0), b"behind".to_vec()].concat()), Ok((0, b"behind".to_vec())));
        assert_eq!(sum(&[head(128, 4, 1, 9), b"behind".to_vec()].concat()), Ok((9, b"behind".to_vec())));
        // a thousand of the same length take no bytes but their blocks' heads
        let same = [head(128, 4, 1_000, 6), [0, 0, 0, 0, 0].repeat(8), vec![1]].concat();
        assert_eq!(sum(&same), Ok((6_000, vec![1])));
        // the whole width, across bytes
        let wide = [head(128, 4, 2, 0), vec![0, 31, 0, 0, 0], [0xff; 124].to_vec()].concat();
        assert_eq!(sum(&wide), Ok(((1 << 31) - 1, vec![])));
    }

    #[test]
    fn counts_beyond_the_page_are_refused_before_anything_is_unpacked() {
        for count in [11, VALUES_MAX, 1 << 40, u64::MAX] {
            let bytes = head(1 << 40, 1, count, 1);
            let said = Lengths::read(&bytes, 10).map(|_| ()).expect_err("too many");
            assert_eq!(said, format!("counts {count} texts in delta encoding, at most 10 are unpacked"));
        }
        assert!(Lengths::read(&head(128, 4, VALUES_MAX, 1), u32::MAX).is_ok());
        assert!(Lengths::read(&head(128, 4, VALUES_MAX + 1, 1), u32::MAX).is_err());
    }

    #[test]
    fn lengths_that_cannot_be_are_refused() {
        let blocks = [0, 0, 0, 0, 0].repeat(8);
        for bytes in [
            vec![],
            head(128, 4, 1_000, 6),
            [head(128, 0, 1_000, 6), blocks.clone()].concat(),
            [head(0, 4, 1_000, 6), blocks.clone()].concat(),
            [head(128, u64::MAX, 1_000, 6), blocks.clone()].concat(),
            [head(u64::MAX, 4, 1_000, 6), vec![0, 32, 0, 0, 0]].concat(),
            // one bit more than a length has, and a list that is cut
            [head(128, 4, 2, 6), vec![0, 33, 0, 0, 0], vec![0; 200]].concat(),
            [head(128, 4, 2, 6), vec![0, 8, 0, 0, 0], vec![0; 31]].concat(),
            // negative from the first on, and from the second on
            [varint(128), varint(4), varint(1), varint(1)].concat(),
            [head(128, 4, 2, 6), vec![13, 0, 0, 0, 0]].concat(),
        ] {
            assert!(sum(&bytes).is_err(), "{bytes:?}");
        }
    }
}
