//! Rows as they wait in partitions: short, because every byte of them is written and read once.

use std::io;

use crate::amount::Amount;
use crate::ledger::{Line, Row};
use crate::liability::leaf::{Nonce, OrderKey};

/// Order key and nonce.
const HEAD: usize = 16 + 16;
/// What stands before the body: order key, nonce, and the length of the body.
const BEFORE: usize = HEAD + 2;
/// The length of a body that does not fit into two bytes: it follows in eight.
const LONG: u16 = u16::MAX;

/// What a row has of its texts and of its place, beside the length of its amount.
const CREDENTIAL: u8 = 0x80;
const PRODUCT: u8 = 0x40;
const SOURCE: u8 = 0x20;
const AMOUNT_LENGTH: u8 = 0x1f;

/// A row with its place in the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record<'a> {
    pub(super) order_key: OrderKey,
    pub(super) nonce: Nonce,
    /// Position of the tree among all that an assets file allows.
    pub(super) slot: u64,
    pub(super) line: Line,
    pub(super) amount: Amount,
    /// Texts as bytes: they were looked at when they were written.
    pub(super) credential: &'a [u8],
    pub(super) product: Option<&'a [u8]>,
    pub(super) account: &'a [u8],
}

/// A row with an account and an amount alone, as most are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plain<'a> {
    /// Order key and nonce, one behind the other.
    pub(super) head: &'a [u8; HEAD],
    pub(super) amount: Amount,
    /// The account and whatever stands behind it in memory.
    pub(super) account_on: &'a [u8],
    /// Bytes of the account.
    pub(super) length: usize,
}

impl<'a> Plain<'a> {
    /// Reads the row that begins these bytes, in widths that are always the same. `None` says only that
    /// [`Record::read`] has to look: at rows with more, and at the last one of what is there.
    #[inline]
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let fixed = bytes.first_chunk::<{ BEFORE + 3 + NUMBER + AMOUNT }>()?;
        let body = u16::from_le_bytes([fixed[HEAD], fixed[HEAD + 1]]);
        let [slot, amount_length, line_length] = [fixed[BEFORE], fixed[BEFORE + 1], fixed[BEFORE + 2]];
        // flags are above any length
        if body == LONG || slot > 0x7f || usize::from(amount_length) > AMOUNT || usize::from(line_length) > NUMBER {
            return None;
        }
        let amount_at = BEFORE + 3 + usize::from(line_length);
        let amount = u128::from_le_bytes(*fixed.get(amount_at..)?.first_chunk()?);
        let above = u128::MAX.checked_shl(8 * u32::from(amount_length)).unwrap_or(0);
        let begin = amount_at + usize::from(amount_length);
        let (own, account_on) = (bytes.get(..BEFORE + usize::from(body))?, bytes.get(begin..)?);
        let (length, amount) = (own.len().checked_sub(begin)?, Amount::from_base_units(amount & !above));
        Some(Self { head: fixed.first_chunk()?, amount, account_on, length })
    }
}

/// Bytes that this program wrote a moment ago do not read as written.
pub(super) fn spoiled() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "rows read back from the scratch file are not those that were written")
}

/// Bytes of an amount, and of the number of a line: what an integer takes at most.
const AMOUNT: usize = 16;
const NUMBER: usize = 8;

/// Appends a row, but for order key and nonce: their room is left.
#[inline]
pub(super) fn write_row(out: &mut Vec<u8>, slot: u64, row: &Row<'_>) {
    let start = out.len();
    let (credential, source) = (row.credential.as_bytes(), row.line.source);
    match u8::try_from(slot) {
        Ok(slot) if slot < 0x80 && source == 0 && credential.is_empty() && row.product.is_none() => {
            write_plain(out, slot, row);
        }
        _ => write_any(out, slot, row),
    }
    // no row of a ledger is as long
    let length = u16::try_from(out.len() - start - BEFORE).unwrap_or(LONG);
    if let Some(place) = out.get_mut(start + HEAD..start + BEFORE) {
        place.copy_from_slice(&length.to_le_bytes());
    }
}

/// A row as most are: integers are written whole, and what follows begins where they end.
#[inline]
fn write_plain(out: &mut Vec<u8>, slot: u8, row: &Row<'_>) {
    let start = out.len();
    let (amount, line) = (row.amount.base_units(), row.line.number);
    let (amount_length, line_length) = (integer_length(amount), integer_length(u128::from(line)));
    out.extend_from_slice(&[0; BEFORE + 3 + NUMBER + AMOUNT]);
    let body = out.get_mut(start + BEFORE..).and_then(<[u8]>::first_chunk_mut::<{ 3 + NUMBER + AMOUNT }>);
    if let Some(body) = body {
        [body[0], body[1], body[2]] = [slot, amount_length, line_length];
        body[3..3 + NUMBER].copy_from_slice(&line.to_le_bytes());
        let rest = body.get_mut(3 + usize::from(line_length)..).unwrap_or_default();
        if let Some(place) = rest.first_chunk_mut::<AMOUNT>() {
            *place = amount.to_le_bytes();
        }
    }
    out.truncate(start + BEFORE + 3 + usize::from(line_length) + usize::from(amount_length));
    out.extend_from_slice(row.account.as_bytes());
}

/// Any row.
fn write_any(out: &mut Vec<u8>, slot: u64, row: &Row<'_>) {
    out.extend_from_slice(&[0; BEFORE]);
    number(out, slot);
    let (credential, source) = (row.credential.as_bytes(), row.line.source);
    let has = |flag, there| if there { flag } else { 0 };
    let flags = has(CREDENTIAL, !credential.is_empty()) | has(PRODUCT, row.product.is_some()) | has(SOURCE, source > 0);
    let (amount, line) = (row.amount.base_units(), u128::from(row.line.number));
    out.extend_from_slice(&[flags | integer_length(amount), integer_length(line)]);
    integer(out, line);
    integer(out, amount);
    if source > 0 {
        number(out, u64::from(source));
    }
    for text in [Some(credential).filter(|text| !text.is_empty()), row.product.map(str::as_bytes)].into_iter().flatten()
    {
        number(out, text.len() as u64);
        out.extend_from_slice(text);
    }
    out.extend_from_slice(row.account.as_bytes());
}

/// Puts order key and nonce into the room that was left for them.
#[inline]
pub(super) fn fill(row: &mut [u8], order_key: OrderKey, nonce: Nonce) {
    if let Some(head) = row.first_chunk_mut::<HEAD>() {
        head[..16].copy_from_slice(&order_key.0);
        head[16..].copy_from_slice(&nonce.0);
    }
}

/// Appends anything with a place in a tree: the number of the tree begins its body.
pub(super) fn write(out: &mut Vec<u8>, order_key: OrderKey, nonce: Nonce, body: &[u8]) {
    out.extend_from_slice(&order_key.0);
    out.extend_from_slice(&nonce.0);
    let length = u16::try_from(body.len()).unwrap_or(LONG);
    out.extend_from_slice(&length.to_le_bytes());
    if length == LONG {
        out.extend_from_slice(&(body.len() as u64).to_le_bytes());
    }
    out.extend_from_slice(body);
}

/// Where the body begins and ends in the row that begins these bytes; `None` when it is not whole.
#[inline]
fn body(bytes: &[u8]) -> Option<(usize, usize)> {
    let (before, rest) = bytes.split_first_chunk::<BEFORE>()?;
    let length = u16::from_le_bytes([before[HEAD], before[HEAD + 1]]);
    let (begin, length) = match length {
        LONG => (BEFORE + 8, usize::try_from(u64::from_le_bytes(*rest.first_chunk()?)).ok()?),
        short => (BEFORE, usize::from(short)),
    };
    let end = begin.checked_add(length)?;
    (end <= bytes.len()).then_some((begin, end))
}

/// The length of the row that begins these bytes; `None` when it is not whole.
#[inline]
pub(super) fn length(bytes: &[u8]) -> Option<usize> {
    body(bytes).map(|(_, end)| end)
}

/// What sorts the row that begins these bytes: the first half of its order key, and the number of its tree or slot.
/// Then its length.
#[inline]
pub(super) fn place(bytes: &[u8]) -> Option<(u64, u64, usize)> {
    let (begin, end) = body(bytes)?;
    Some((u64::from_be_bytes(*bytes.first_chunk()?), take_number(&mut bytes.get(begin..)?)?, end))
}

/// Order key, nonce and body of the row that begins these bytes.
#[inline]
pub(super) fn open(bytes: &[u8]) -> Option<(OrderKey, Nonce, &[u8])> {
    let (begin, end) = body(bytes)?;
    let (order_key, rest) = bytes.split_first_chunk()?;
    Some((OrderKey(*order_key), Nonce(*rest.first_chunk()?), bytes.get(begin..end)?))
}

impl<'a> Record<'a> {
    /// Reads the row that begins these bytes.
    #[inline]
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (begin, end) = body(bytes)?;
        let (order_key, behind) = bytes.split_first_chunk()?;
        let (order_key, nonce) = (OrderKey(*order_key), Nonce(*behind.first_chunk()?));
        let mut rest = bytes.get(begin..end)?;
        let slot = take_number(&mut rest)?;
        let (&[flags, line_length], behind) = rest.split_first_chunk()?;
        rest = behind;
        let number = u64::try_from(take_integer(&mut rest, line_length)?).ok()?;
        let amount = Amount::from_base_units(take_integer(&mut rest, flags & AMOUNT_LENGTH)?);
        let source = if flags & SOURCE == 0 { 0 } else { u32::try_from(take_number(&mut rest)?).ok()? };
        let credential = if flags & CREDENTIAL == 0 { &[] } else { take_text(&mut rest)? };
        let product = if flags & PRODUCT == 0 { None } else { Some(take_text(&mut rest)?) };
        let line = Line { source, number };
        Some(Self { order_key, nonce, slot, line, amount, credential, product, account: rest })
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

/// How many bytes an integer needs.
#[inline]
fn integer_length(value: u128) -> u8 {
    let zeros = value.leading_zeros() / 8;
    u8::try_from(16 - zeros).unwrap_or(16)
}

/// The bytes that an integer needs, the lowest first.
#[inline]
fn integer(out: &mut Vec<u8>, value: u128) {
    let end = out.len() + usize::from(integer_length(value));
    out.extend_from_slice(&value.to_le_bytes());
    out.truncate(end);
}

#[inline]
fn take_integer(rest: &mut &[u8], length: u8) -> Option<u128> {
    let (own, behind) = rest.split_at_checked(usize::from(length)).filter(|_| length <= 16)?;
    // sixteen bytes at once are quicker, and almost always there
    let bytes = rest.first_chunk().copied().unwrap_or_else(|| {
        let mut whole = [0; 16];
        whole.iter_mut().zip(own).for_each(|(place, byte)| *place = *byte);
        whole
    });
    *rest = behind;
    let above = u128::MAX.checked_shl(8 * u32::from(length)).unwrap_or(0);
    Some(u128::from_le_bytes(bytes) & !above)
}

/// An amount behind its length.
pub(super) fn amount(out: &mut Vec<u8>, amount: Amount) {
    out.push(integer_length(amount.base_units()));
    integer(out, amount.base_units());
}

pub(super) fn take_amount(rest: &mut &[u8]) -> Option<Amount> {
    let (&length, behind) = rest.split_first()?;
    *rest = behind;
    take_integer(rest, length).map(Amount::from_base_units)
}

fn take_text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(take_number(rest)?).ok()?;
    let (text, behind) = rest.split_at_checked(length)?;
    *rest = behind;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::Class;

    #[test]
    fn rows_are_read_back() {
        let (key, nonce) = (OrderKey([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]), Nonce([9; 16]));
        let mut plain_rows = 0;
        for (slot, source, product) in [(7, 0, None), (1234, 0, None), (0, 300, Some("")), (127, 0, Some("spöt"))] {
            for (amount, number) in [(0, 0), (127, 1), (128, 256), (1 << 64, u64::MAX), (u128::MAX, 70_000)] {
                let (amount, line) = (Amount::from_base_units(amount), Line { source, number });
                for (account, credential) in [("u1", "my words"), ("ü2345678-9012-3456-7890-123456789012", "")] {
                    let class = Class::Lent;
                    let row = Row { account, asset: 0, amount, credential, product, class, debt: false, line };
                    let mut bytes = vec![7];
                    write_row(&mut bytes, slot, &row);
                    fill(&mut bytes[1..], key, nonce);
                    let whole = bytes.len() - 1;
                    assert!((0..whole).all(|cut| Record::read(&bytes[1..=cut]).is_none()));
                    bytes.extend([1, 2, 3]);
                    let bytes = &bytes[1..];
                    assert_eq!(length(bytes), Some(whole));
                    assert_eq!(place(bytes), Some((0x0001_0203_0405_0607, slot, whole)));
                    let record = Record::read(bytes).unwrap();
                    assert_eq!((record.order_key, record.nonce, record.slot), (key, nonce, slot));
                    assert_eq!((record.line, record.amount), (line, amount));
                    let texts = (account.as_bytes(), credential.as_bytes(), product.map(str::as_bytes));
                    assert_eq!((record.account, record.credential, record.product), texts);
                    let read = Plain::read(bytes);
                    if (slot, source, credential) != (7, 0, "") {
                        assert_eq!(read, None);
                    } else if let Some(plain) = read {
                        let head: Vec<u8> = [key.0, nonce.0].concat();
                        assert_eq!((plain.head.as_slice(), plain.amount), (&*head, amount));
                        assert_eq!(plain.account_on, [record.account, &[1, 2, 3]].concat());
                        assert_eq!(plain.length, account.len());
                        plain_rows += 1;
                    }
                }
            }
        }
        assert_eq!(plain_rows, 5);
    }

    #[test]
    fn bodies_of_any_length_are_read_back() {
        for size in [0, 1, 65_534, 65_535, 65_536, 200_000] {
            let (mut body, mut bytes) = (vec![3; size], Vec::new());
            body.insert(0, 5);
            write(&mut bytes, OrderKey([1; 16]), Nonce([2; 16]), &body);
            assert_eq!(length(&bytes), Some(bytes.len()));
            bytes.push(0);
            assert_eq!(open(&bytes), Some((OrderKey([1; 16]), Nonce([2; 16]), &*body)));
            assert_eq!(place(&bytes), Some((0x0101_0101_0101_0101, 5, bytes.len() - 1)));
        }
    }
}
