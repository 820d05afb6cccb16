//! The texts of a leaf: what is of no fixed width.

use crate::amount::Amount;
use crate::ledger::FIELD_LENGTH_MAX;
use crate::liability::leaf::{Part, Piece, Split};

/// What a first byte may say.
const CREDENTIAL: u8 = 1;
const PARTS: u8 = 2;
const PIECE: u8 = 4;

/// Most accounts have at most so many bytes.
const SHORT: usize = 64;

/// Bytes of the longest text of one leaf: flags, account and credential, piece, and as many parts as there can be.
pub(crate) const TEXT_MAX: u64 = 1 + 2 * FIELD + 20 + 2 + u16::MAX as u64 * (FIELD + 16);
const FIELD: u64 = 2 + FIELD_LENGTH_MAX as u64;

/// Account, credential, piece and parts of one leaf, borrowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LeafText<'a> {
    pub(crate) account: &'a str,
    pub(crate) credential: &'a str,
    pub(crate) split: Option<Split>,
    pub(crate) parts: Vec<Part>,
}

/// The same on the way into a store: texts as bytes that were looked at before.
#[derive(Clone, Copy)]
pub(crate) struct Texts<'a> {
    pub(crate) account: &'a [u8],
    pub(crate) credential: &'a [u8],
    pub(crate) split: Option<Split>,
    pub(crate) parts: &'a [Part],
}

/// Appends the texts of a leaf that has an account alone, the first `length` of these bytes: to copy a little more than
/// that is quicker, where there is more. `None` as for [`Texts::write`].
#[inline]
pub(crate) fn write_plain(bytes: &[u8], length: usize, out: &mut Vec<u8>) -> Option<()> {
    match bytes.first_chunk::<SHORT>() {
        Some(fixed) if length <= SHORT => {
            let [high, low] = u16::try_from(length).ok()?.to_be_bytes();
            out.extend_from_slice(&[0, high, low]);
            let end = out.len() + length;
            out.extend_from_slice(fixed);
            out.truncate(end);
            Some(())
        }
        _ => Texts { account: bytes.get(..length)?, credential: &[], split: None, parts: &[] }.write(out),
    }
}

impl Texts<'_> {
    /// Appends the bytes; `None`, and nothing of use is appended, when a length does not fit.
    #[inline]
    pub(crate) fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        let credential = if self.credential.is_empty() { 0 } else { CREDENTIAL };
        let parts = if self.parts.is_empty() { 0 } else { PARTS };
        let piece = if self.split.is_none() { 0 } else { PIECE };
        let [high, low] = u16::try_from(self.account.len()).ok()?.to_be_bytes();
        out.extend_from_slice(&[credential | parts | piece, high, low]);
        out.extend_from_slice(self.account);
        if credential | parts | piece == 0 { Some(()) } else { self.write_more(out) }
    }

    /// What only some leaves have.
    fn write_more(&self, out: &mut Vec<u8>) -> Option<()> {
        if !self.credential.is_empty() {
            string(out, self.credential)?;
        }
        if let Some(Split { piece, whole }) = self.split {
            out.extend(piece.number().to_be_bytes());
            out.extend(piece.of().to_be_bytes());
            out.extend(whole.to_be_bytes());
        }
        if !self.parts.is_empty() {
            out.extend(u16::try_from(self.parts.len()).ok()?.to_be_bytes());
            for part in self.parts {
                string(out, part.product.as_bytes())?;
                out.extend(part.amount.to_be_bytes());
            }
        }
        Some(())
    }
}

impl<'a> LeafText<'a> {
    /// Reads the bytes of one leaf, all of them; `None` when they are anything else than what is written.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (&flags, mut rest) = bytes.split_first()?;
        let rest = &mut rest;
        if flags & !(CREDENTIAL | PARTS | PIECE) != 0 {
            return None;
        }
        let account = take_string(rest)?;
        let credential =
            if flags & CREDENTIAL == 0 { "" } else { take_string(rest).filter(|text| !text.is_empty())? };
        let mut split = None;
        if flags & PIECE != 0 {
            let (number, of) = (u16::from_be_bytes(take(rest)?), u16::from_be_bytes(take(rest)?));
            let whole = Amount::from_base_units(u128::from_be_bytes(take(rest)?));
            split = Some(Split { piece: Piece::new(number, of).ok()?, whole });
        }
        let mut parts = Vec::new();
        if flags & PARTS != 0 {
            let count = u16::from_be_bytes(take(rest)?);
            for _ in 0..count {
                let product = take_string(rest)?.to_owned();
                parts.push(Part { product, amount: Amount::from_base_units(u128::from_be_bytes(take(rest)?)) });
            }
            if parts.is_empty() {
                return None;
            }
        }
        rest.is_empty().then_some(Self { account, credential, split, parts })
    }
}

fn string(out: &mut Vec<u8>, text: &[u8]) -> Option<()> {
    out.extend(u16::try_from(text.len()).ok()?.to_be_bytes());
    out.extend(text);
    Some(())
}

/// Takes so many bytes off the front.
pub(super) fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (bytes, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(*bytes)
}

fn take_string<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let length = usize::from(u16::from_be_bytes(take(rest)?));
    let (bytes, behind) = rest.split_at_checked(length).filter(|_| length <= FIELD_LENGTH_MAX)?;
    *rest = behind;
    std::str::from_utf8(bytes).ok()
}
