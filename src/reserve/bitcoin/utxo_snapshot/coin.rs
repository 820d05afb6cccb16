//! One coin as nodes store it: numbers in two encodings, and the common scripts in short.

use bitcoin::Txid;
use bitcoin::hashes::Hash as _;
use k256::elliptic_curve::sec1::ToSec1Point as _;

use super::{SATOSHIS_MAX, SCRIPT_LENGTH_MAX};

/// A coin in the file is never longer: its number, height, amount, and a script behind its length. The head of a
/// transaction is shorter.
pub(super) const COIN_LENGTH_MAX: usize = SCRIPT_LENGTH_MAX + 64;
/// Kinds of scripts that are stored in short; other scripts have their length, plus this, in front.
const SHORT_KINDS: u64 = 6;

/// What is wrong with the bytes of a coin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// They end too early.
    Cut,
    /// A CompactSize in more bytes than it takes.
    Long,
    /// A height of more than 31 bits.
    Height,
    /// No transaction has an output of this number.
    Vout(u64),
    /// More satoshis than there are.
    Amount,
    /// No point of the curve has this coordinate.
    Key,
    /// A script that can never be satisfied.
    Script(u64),
}

/// Bytes from front to end.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// How many bytes are left.
    pub(super) fn left(&self) -> usize {
        self.0.len()
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(Fault::Cut)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn byte(&mut self) -> Result<u8, Fault> {
        let (taken, rest) = self.0.split_first().ok_or(Fault::Cut)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Fault::Cut)?;
        self.0 = rest;
        Ok(taken)
    }

    /// The length of lists in blocks and messages: one byte, or a mark and 2, 4 or 8 bytes, little-endian. Each number
    /// has one form, the shortest.
    pub(super) fn compact_size(&mut self) -> Result<u64, Fault> {
        let (value, least) = match self.byte()? {
            0xfd => (u64::from(u16::from_le_bytes(self.array()?)), 0xfd),
            0xfe => (u64::from(u32::from_le_bytes(self.array()?)), 0x1_0000),
            0xff => (u64::from_le_bytes(self.array()?), 0x1_0000_0000),
            small => (u64::from(small), 0),
        };
        if value < least { Err(Fault::Long) } else { Ok(value) }
    }

    /// The node's own encoding: groups of seven bits, the highest first, each but the last marked and lowered by one.
    /// So each number has one form, and only its size can be wrong.
    /// `beyond` is the fault of one above 64 bits.
    #[inline]
    pub(super) fn varint(&mut self, beyond: Fault) -> Result<u64, Fault> {
        let mut value = 0_u64;
        loop {
            let byte = self.byte()?;
            if value > u64::MAX >> 7 {
                return Err(beyond);
            }
            value = value << 7 | u64::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
            value = value.checked_add(1).ok_or(beyond)?;
        }
    }
}

/// The satoshis behind a stored amount: powers of ten are taken out of it. `None` above 64 bits.
pub(super) fn amount(stored: u64) -> Option<u64> {
    let Some(rest) = stored.checked_sub(1) else { return Some(0) };
    let (rest, zeros) = (rest / 10, rest % 10);
    let digits = if zeros < 9 { (rest / 9).checked_mul(10)?.checked_add(rest % 9 + 1)? } else { rest.checked_add(1)? };
    digits.checked_mul(10_u64.checked_pow(u32::try_from(zeros).ok()?)?)
}

/// What is known of a coin once its bytes are written.
pub(super) struct Coin {
    pub(super) height: u32,
    pub(super) coinbase: bool,
    pub(super) satoshis: u64,
    /// The script is the last so many bytes written.
    pub(super) script_length: usize,
    /// Bytes of the output in its transaction.
    pub(super) output_length: usize,
}

impl Coin {
    /// Reads a coin behind its number and writes what is hashed of it: outpoint, height and kind, output.
    #[inline]
    pub(super) fn read(cursor: &mut Cursor<'_>, out: &mut Vec<u8>, txid: &Txid, vout: u32) -> Result<Self, Fault> {
        let place = u32::try_from(cursor.varint(Fault::Height)?).map_err(|_| Fault::Height)?;
        let satoshis =
            amount(cursor.varint(Fault::Amount)?).filter(|value| *value <= SATOSHIS_MAX).ok_or(Fault::Amount)?;
        let mut head = [0; 48];
        for (part, bytes) in [
            (0..32, txid.as_byte_array().as_slice()),
            (32..36, &vout.to_le_bytes()),
            (36..40, &place.to_le_bytes()),
            (40..48, &satoshis.to_le_bytes()),
        ] {
            if let Some(part) = head.get_mut(part) {
                part.copy_from_slice(bytes);
            }
        }
        out.extend_from_slice(&head);
        let script_length = script(cursor, out)?;
        let prefix = if script_length < 0xfd { 1 } else { 3 };
        Ok(Self {
            height: place >> 1,
            coinbase: place & 1 == 1,
            satoshis,
            script_length,
            output_length: 8 + prefix + script_length,
        })
    }
}

/// Writes a script behind its length and returns the length.
#[inline]
fn script(cursor: &mut Cursor<'_>, out: &mut Vec<u8>) -> Result<usize, Fault> {
    let kind = cursor.varint(Fault::Script(u64::MAX))?;
    let mut put = |pieces: &[&[u8]]| {
        pieces.iter().for_each(|piece| out.extend_from_slice(piece));
        pieces.iter().map(|piece| piece.len()).sum::<usize>() - 1
    };
    Ok(match kind {
        0 => put(&[&[25, 0x76, 0xa9, 20], &cursor.array::<20>()?, &[0x88, 0xac]]),
        1 => put(&[&[23, 0xa9, 20], &cursor.array::<20>()?, &[0x87]]),
        2 => put(&[&[35, 33, 2], &cursor.array::<32>()?, &[0xac]]),
        3 => put(&[&[35, 33, 3], &cursor.array::<32>()?, &[0xac]]),
        4 | 5 => put(&[&[67, 65], &uncompressed(if kind == 4 { 2 } else { 3 }, cursor.array()?)?, &[0xac]]),
        stored => {
            let length = stored - SHORT_KINDS;
            let bytes = usize::try_from(length).ok().filter(|length| *length <= SCRIPT_LENGTH_MAX);
            let length = bytes.ok_or(Fault::Script(length))?;
            match u8::try_from(length).ok().filter(|short| *short < 0xfd) {
                Some(short) => out.push(short),
                None => {
                    out.push(0xfd);
                    // at most 10,000
                    out.extend_from_slice(&u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes());
                }
            }
            out.extend_from_slice(cursor.take(length)?);
            length
        }
    })
}

/// The 65 bytes of a key whose second coordinate was left out: 4, both coordinates.
fn uncompressed(parity: u8, x: [u8; 32]) -> Result<[u8; 65], Fault> {
    let mut short = [parity; 33];
    if let Some((_, place)) = short.split_first_mut() {
        place.copy_from_slice(&x);
    }
    let key = k256::PublicKey::from_sec1_bytes(&short).map_err(|_| Fault::Key)?;
    key.to_sec1_point(false).as_bytes().try_into().map_err(|_| Fault::Key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_nodes_write_them() {
        let cases: [(&[u8], u64); 9] = [
            (&[0x00], 0),
            (&[0x7f], 127),
            (&[0x80, 0x00], 128),
            (&[0x80, 0x7f], 255),
            (&[0x81, 0x00], 256),
            (&[0xff, 0x7f], 16_511),
            (&[0x80, 0x80, 0x00], 16_512),
            (&[0x82, 0xfe, 0x7f], 65_535),
            (&[0x8e, 0xfe, 0xfe, 0xff, 0x00], 1 << 32),
        ];
        for (bytes, value) in cases {
            assert_eq!(Cursor::new(bytes).varint(Fault::Amount), Ok(value), "{value}");
            assert_eq!(Cursor::new(&bytes[..bytes.len() - 1]).varint(Fault::Amount), Err(Fault::Cut), "{value}");
        }
        let largest = [0x80, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0x7f];
        assert_eq!(Cursor::new(&largest).varint(Fault::Amount), Ok(u64::MAX));
        let beyond = [0x80, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xfe, 0xff, 0x00];
        assert_eq!(Cursor::new(&beyond).varint(Fault::Amount), Err(Fault::Amount));
        assert_eq!(Cursor::new(&[0xff; 20]).varint(Fault::Amount), Err(Fault::Amount));
    }

    #[test]
    fn lengths_have_one_form() {
        let cases: [(&[u8], Result<u64, Fault>); 9] = [
            (&[0xfc], Ok(0xfc)),
            (&[0xfd, 0xfc, 0], Err(Fault::Long)),
            (&[0xfd, 0xfd, 0], Ok(0xfd)),
            (&[0xfd, 0xff, 0xff], Ok(0xffff)),
            (&[0xfe, 0xff, 0xff, 0, 0], Err(Fault::Long)),
            (&[0xfe, 0, 0, 1, 0], Ok(0x1_0000)),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], Err(Fault::Long)),
            (&[0xff, 0, 0, 0, 0, 1, 0, 0, 0], Ok(0x1_0000_0000)),
            (&[0xfe, 0, 0, 1], Err(Fault::Cut)),
        ];
        for (bytes, expected) in cases {
            assert_eq!(Cursor::new(bytes).compact_size(), expected, "{bytes:?}");
        }
    }

    #[test]
    fn amounts_without_their_zeros() {
        let cases = [(0, 0), (1, 1), (7, 1_000_000), (9, 100_000_000), (50, 5_000_000_000), (10, 1_000_000_000)];
        for (stored, satoshis) in cases {
            assert_eq!(amount(stored), Some(satoshis), "{stored}");
        }
        assert_eq!(amount(21_000_000), Some(SATOSHIS_MAX), "21 million bitcoins");
        assert_eq!(amount(u64::MAX), None);
    }

    #[test]
    fn a_key_is_on_the_curve() {
        // the coordinate of the curve's base point
        let x: [u8; 32] = hex::decode("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")
            .expect("digits")
            .try_into()
            .expect("32 bytes");
        let even = uncompressed(2, x).expect("a point");
        let odd = uncompressed(3, x).expect("the other point");
        assert_eq!((even[0], even[64] & 1, odd[64] & 1), (4, 0, 1));
        assert_eq!(even[1..33], odd[1..33]);
        let mut five = [0; 32];
        five[31] = 5;
        assert_eq!(uncompressed(2, five), Err(Fault::Key), "5 is the coordinate of no point");
    }
}
