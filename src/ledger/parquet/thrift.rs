//! Thrift's compact encoding, as far as one must read it to see what a Parquet file asks for: nothing is kept, nothing
//! is allocated, and what does not fit into the bytes at hand is no value.

/// Structs and lists within one another; Parquet's own go to seven.
const DEPTH_MAX: u32 = 24;

const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const SHORT: u8 = 4;
/// An integer of 32 bits.
pub(super) const INTEGER: u8 = 5;
const LONG: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
/// A list.
pub(super) const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
/// A struct.
pub(super) const STRUCT: u8 = 12;
const UUID: u8 = 13;

/// Bytes that are left.
pub(super) struct Thrift<'a>(pub(super) &'a [u8]);

impl<'a> Thrift<'a> {
    /// So many bytes, as they are.
    pub(super) fn taken(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn pass(&mut self, count: u64) -> Option<()> {
        self.0 = self.0.get(usize::try_from(count).ok()?..)?;
        Some(())
    }

    /// An unsigned integer of seven bits in each byte.
    pub(super) fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// An integer of any width but one byte.
    pub(super) fn integer(&mut self) -> Option<i64> {
        let raw = self.varint()?;
        Some((raw >> 1).cast_signed() ^ -(raw & 1).cast_signed())
    }

    /// Type and number of a list's elements, which come next.
    pub(super) fn list(&mut self) -> Option<(u8, u64)> {
        let head = self.byte()?;
        let count = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
        Some((head & 15, count))
    }

    /// The fields of a struct by their numbers and types. `each` reads the value, or says that it did not.
    pub(super) fn fields(&mut self, each: &mut dyn FnMut(&mut Self, i64, u8) -> Option<bool>) -> Option<()> {
        self.fields_at(DEPTH_MAX, each)
    }

    fn fields_at(&mut self, depth: u32, each: &mut dyn FnMut(&mut Self, i64, u8) -> Option<bool>) -> Option<()> {
        let mut number = 0_i64;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Some(());
            }
            number = match head >> 4 {
                0 => self.integer()?,
                step => number.checked_add(i64::from(step))?,
            };
            if !each(self, number, head & 15)? {
                self.skip(head & 15, depth)?;
            }
        }
    }

    fn skip(&mut self, kind: u8, depth: u32) -> Option<()> {
        let inner = depth.checked_sub(1)?;
        match kind {
            TRUE | FALSE => Some(()),
            BYTE => self.pass(1),
            SHORT | INTEGER | LONG => self.varint().map(|_| ()),
            DOUBLE => self.pass(8),
            BINARY => {
                let length = self.varint()?;
                self.pass(length)
            }
            UUID => self.pass(16),
            LIST | SET => {
                let (kind, count) = self.list()?;
                (0..count).try_for_each(|_| self.skip_element(kind, inner))
            }
            MAP => {
                let count = self.varint()?;
                let kinds = if count == 0 { 0 } else { self.byte()? };
                (0..count).try_for_each(|_| {
                    self.skip_element(kinds >> 4, inner)?;
                    self.skip_element(kinds & 15, inner)
                })
            }
            STRUCT => self.fields_at(inner, &mut |_, _, _| Some(false)),
            _ => None,
        }
    }

    /// In a list even a truth value takes a byte, so that a count larger than the file ends with the file.
    fn skip_element(&mut self, kind: u8, depth: u32) -> Option<()> {
        if matches!(kind, TRUE | FALSE) { self.pass(1) } else { self.skip(kind, depth) }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// As [`Thrift::varint`] reads it.
    pub(in crate::ledger::parquet) fn varint(mut value: u64) -> Vec<u8> {
        let mut out = Vec::new();
        while value > 0x7f {
            out.push(0x80 | u8::try_from(value & 0x7f).expect("seven bits"));
            value >>= 7;
        }
        out.push(u8::try_from(value).expect("seven bits"));
        out
    }

    #[test]
    fn what_is_written_is_read() {
        for value in [0, 1, 0x7f, 0x80, 0x3fff, 0x4000, u64::MAX] {
            let mut bytes = varint(value);
            bytes.push(7);
            let mut input = Thrift(&bytes);
            assert_eq!((input.varint(), input.0), (Some(value), &[7][..]), "{value}");
        }
    }
}
