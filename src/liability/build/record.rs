//! Rows as they wait in partitions: short, because every byte of them is written and read once.

use std::io;

use crate::amount::Amount;
use crate::ledger::{Line, Row};
use crate::liability::leaf::{Nonce, OrderKey};

/// Bytes between the length and the body: order key and nonce.
const HEAD: usize = 16 + 16;

/// A row with its place in the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record<'a> {
    pub(super) order_key: OrderKey,
    pub(super) nonce: Nonce,
    /// Position of the tree among all that an assets file allows.
    pub(super) slot: u64,
    pub(super) line: Line,
    pub(super) amount: Amount,
    pub(super) credential: &'a str,
    pub(super) product: Option<&'a str>,
    pub(super) account: &'a str,
}

/// Bytes that this program wrote a moment ago do not read as written.
pub(super) fn spoiled() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "rows read back from the scratch file are not those that were written")
}

/// Appends all of a row that does not depend on its order key.
pub(super) fn write_body(out: &mut Vec<u8>, slot: u64, row: &Row<'_>) {
    number(out, slot);
    number(out, u64::from(row.line.source));
    number(out, row.line.number);
    amount(out, row.amount);
    number(out, row.credential.len() as u64);
    number(out, row.product.map_or(0, |product| product.len() as u64 + 1));
    out.extend_from_slice(row.credential.as_bytes());
    out.extend_from_slice(row.product.unwrap_or_default().as_bytes());
    out.extend_from_slice(row.account.as_bytes());
}

/// Appends a whole row: length of the body, order key, nonce, body.
pub(super) fn write(out: &mut Vec<u8>, order_key: OrderKey, nonce: Nonce, body: &[u8]) {
    number(out, body.len() as u64);
    out.extend_from_slice(&order_key.0);
    out.extend_from_slice(&nonce.0);
    out.extend_from_slice(body);
}

/// The row that begins these bytes, behind its length, and its length with that; `None` when it is not whole.
fn split_first(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let mut rest = bytes;
    let length = HEAD.checked_add(usize::try_from(take_number(&mut rest)?).ok()?)?;
    Some((rest.get(..length)?, bytes.len() - rest.len() + length))
}

/// The length of the row that begins these bytes; `None` when it is not whole.
pub(super) fn length(bytes: &[u8]) -> Option<usize> {
    split_first(bytes).map(|(_, length)| length)
}

/// Order key and slot of the row that begins these bytes.
pub(super) fn place(bytes: &[u8]) -> Option<(OrderKey, u64)> {
    let (row, _) = split_first(bytes)?;
    let mut rest = row.get(HEAD..)?;
    Some((OrderKey(*row.first_chunk()?), take_number(&mut rest)?))
}

/// Order key, nonce and body of the row that begins these bytes.
pub(super) fn open(bytes: &[u8]) -> Option<(OrderKey, Nonce, &[u8])> {
    let (row, _) = split_first(bytes)?;
    Some((OrderKey(*row.first_chunk()?), Nonce(*row.get(16..)?.first_chunk()?), row.get(HEAD..)?))
}

impl<'a> Record<'a> {
    /// Reads the row that begins these bytes.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (order_key, nonce, mut rest) = open(bytes)?;
        let slot = take_number(&mut rest)?;
        let source = u32::try_from(take_number(&mut rest)?).ok()?;
        let line = Line { source, number: take_number(&mut rest)? };
        let amount = take_amount(&mut rest)?;
        let credential = usize::try_from(take_number(&mut rest)?).ok()?;
        let product = usize::try_from(take_number(&mut rest)?).ok()?;
        let text = std::str::from_utf8(rest).ok()?;
        let (credential, text) = text.split_at_checked(credential)?;
        let (product_text, account) = text.split_at_checked(product.saturating_sub(1))?;
        let product = (product > 0).then_some(product_text);
        Some(Self { order_key, nonce, slot, line, amount, credential, product, account })
    }
}

/// LEB128: seven bits a byte, the lowest first. Almost every number is small.
#[inline]
pub(super) fn number(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}

#[inline]
pub(super) fn take_number(rest: &mut &[u8]) -> Option<u64> {
    let (&first, behind) = rest.split_first()?;
    *rest = behind;
    if first < 0x80 {
        return Some(u64::from(first));
    }
    let (mut value, mut shift) = (u64::from(first & 0x7f), 7);
    loop {
        let (&byte, behind) = rest.split_first()?;
        *rest = behind;
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
        shift += 7;
    }
}

/// An amount: how many bytes it needs, then those, the highest first.
pub(super) fn amount(out: &mut Vec<u8>, amount: Amount) {
    let bytes = amount.to_be_bytes();
    let zeros = amount.base_units().leading_zeros() as usize / 8;
    out.push(u8::try_from(bytes.len() - zeros).unwrap_or_default());
    out.extend_from_slice(bytes.get(zeros..).unwrap_or_default());
}

pub(super) fn take_amount(rest: &mut &[u8]) -> Option<Amount> {
    let (&length, behind) = rest.split_first()?;
    let (bytes, behind) = behind.split_at_checked(usize::from(length))?;
    *rest = behind;
    let mut whole = [0; 16];
    whole.get_mut(16_usize.checked_sub(bytes.len())?..)?.copy_from_slice(bytes);
    Some(Amount::from_base_units(u128::from_be_bytes(whole)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::Class;

    #[test]
    fn rows_are_read_back() {
        let line = Line { source: 300, number: u64::MAX };
        for product in [None, Some(""), Some("spöt")] {
            for amount in [0, 127, 128, u128::MAX] {
                let amount = Amount::from_base_units(amount);
                let (account, credential, class) = ("u1", "my words", Class::Lent);
                let row = Row { account, asset: 0, amount, credential, product, class, debt: false, line };
                let (mut body, mut bytes) = (Vec::new(), Vec::new());
                write_body(&mut body, 1234, &row);
                write(&mut bytes, OrderKey([7; 16]), Nonce([9; 16]), &body);
                assert_eq!(length(&bytes), Some(bytes.len()));
                assert_eq!(place(&bytes), Some((OrderKey([7; 16]), 1234)));
                let record = Record::read(&bytes).unwrap();
                assert_eq!((record.slot, record.line, record.amount), (1234, line, amount));
                assert_eq!((record.account, record.credential, record.product), (account, credential, product));
                assert!((0..bytes.len()).all(|cut| Record::read(&bytes[..cut]).is_none()));
            }
        }
    }
}
