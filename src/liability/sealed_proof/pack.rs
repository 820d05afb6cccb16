//! Packs: the sealed proofs whose names begin with the same bits, in one file.

use std::fmt;

use super::{Name, SealedError, SealedProof, is_sealed_length};
use crate::hash::{Digest, sha256};

/// First bytes of every pack: a name and the version of the format.
pub const MAGIC: &[u8; 16] = b"counterfoil\0sp\0\x01";
/// More bits of a name than this choose no pack: 2^24 packs are enough for two billion customers.
pub const BITS_MAX: u8 = 24;
/// A pack above this size is not read. A usual one has a megabyte.
pub const PACK_SIZE_MAX: u64 = 1 << 30;
/// A pack gathers at least so many proofs, on average: whoever is seen to read it is one of them.
const PROOFS_MIN: u64 = 128;
/// Magic, digest of the statement, prefix bits, prefix, count.
const HEADER_BYTES: usize = 16 + 32 + 1 + 4 + 4;
/// Name and length of one entry.
const ROW_BYTES: usize = 32 + 4;
/// The SHA-256 at the end.
const SEAL_BYTES: usize = 32;

/// The bits with which all names of a pack begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    bits: u8,
    value: u32,
}

impl Prefix {
    /// How many bits choose a pack, so that each of them gathers at least 128 proofs on average, or all in one.
    #[must_use]
    pub fn bits_for(proofs: u64) -> u8 {
        let bits = (proofs / PROOFS_MIN).checked_ilog2().unwrap_or(0);
        u8::try_from(bits).unwrap_or(BITS_MAX).min(BITS_MAX)
    }

    /// The first `bits` bits of a name, of at most [`BITS_MAX`].
    #[must_use]
    pub fn of(name: Name, bits: u8) -> Self {
        let bits = bits.min(BITS_MAX);
        let first = name.as_bytes().first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
        Self { bits, value: first.checked_shr(32 - u32::from(bits)).unwrap_or(0) }
    }

    /// All prefixes of this many bits, in their order.
    pub fn all(bits: u8) -> impl Iterator<Item = Self> {
        Self { bits: 0, value: 0 }.longer(bits)
    }

    /// All prefixes of `bits` bits, not fewer than its own, that begin with this one.
    pub fn longer(self, bits: u8) -> impl Iterator<Item = Self> {
        let bits = bits.clamp(self.bits, BITS_MAX);
        let more = bits - self.bits;
        (self.value << more..(self.value + 1) << more).map(move |value| Self { bits, value })
    }

    /// How many packs there are.
    #[must_use]
    pub const fn packs(&self) -> u32 {
        1 << self.bits
    }

    /// The position among all packs.
    #[must_use]
    pub const fn value(&self) -> u32 {
        self.value
    }
}

impl fmt::Display for Prefix {
    /// The pack's file in its folder: `packs/0a3.pack`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = usize::from(self.bits.div_ceil(4).max(1));
        write!(f, "packs/{:0width$x}.pack", self.value)
    }
}

/// The length of the file for this many bytes of content: the next multiple of an eighth of its largest power of two,
/// so that packs of about the same size have the same size.
pub(super) fn file_length(content: usize) -> Option<usize> {
    let step = 1_usize << content.checked_ilog2()?.saturating_sub(3);
    content.checked_next_multiple_of(step)
}

/// A pack whose form and checksum were checked. Only [`Pack::parse`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pack<'a> {
    statement: Digest,
    prefix: Prefix,
    entries: Vec<(Name, &'a [u8])>,
}

impl<'a> Pack<'a> {
    /// Reads a pack. Names are in strictly increasing order and lengths add up: no entry can lie in another one.
    ///
    /// # Errors
    /// [`SealedError::Version`], [`SealedError::Damaged`].
    pub fn parse(file: &'a [u8]) -> Result<Self, SealedError> {
        let mut header = Reader(file);
        let magic = header.array::<16>()?;
        let (name, version) = (magic.split_last(), MAGIC.split_last());
        if let (Some((&got, name)), Some((&expected, expected_name))) = (name, version) {
            if name != expected_name {
                return Err(damaged("this is not a pack of sealed proofs"));
            }
            if got != expected {
                return Err(SealedError::Version { got, expected });
            }
        }
        let statement = Digest::from_bytes(header.array()?);
        let [bits] = header.array()?;
        let value = header.number()?;
        if bits > BITS_MAX || value >= 1 << bits {
            return Err(damaged(&format!("prefix {value} of {bits} bits, at most {BITS_MAX} are known")));
        }
        let prefix = Prefix { bits, value };
        let count = header.number()? as usize;
        let mut rows = Reader(header.take(count.saturating_mul(ROW_BYTES))?);
        let mut entries = Vec::with_capacity(count);
        let mut previous = None;
        for at in 0..count {
            let name = Name::from_bytes(rows.array()?);
            let length = rows.number()? as usize;
            if previous.is_some_and(|previous| previous >= name) {
                return Err(damaged(&format!("entry {at} is out of order")));
            }
            if Prefix::of(name, bits) != prefix {
                return Err(damaged(&format!("entry {at} belongs into {}", Prefix::of(name, bits))));
            }
            if !is_sealed_length(length) {
                return Err(damaged(&format!("entry {at} has {length} bytes, which no sealed proof has")));
            }
            entries.push((name, header.take(length)?));
            previous = Some(name);
        }
        check_end(file, file.len() - header.0.len())?;
        Ok(Self { statement, prefix, entries })
    }

    /// The digest of the statement that its proofs belong to.
    #[must_use]
    pub const fn statement(&self) -> &Digest {
        &self.statement
    }

    /// With which bits its names begin.
    #[must_use]
    pub const fn prefix(&self) -> Prefix {
        self.prefix
    }

    /// Names and lengths of its entries, in order.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = (Name, usize)> {
        self.entries.iter().map(|(name, bytes)| (*name, bytes.len()))
    }

    /// The sealed bytes of this name.
    pub(super) fn find(&self, name: Name) -> Result<&'a [u8], SealedError> {
        let expected = Prefix::of(name, self.prefix.bits);
        if expected != self.prefix {
            return Err(SealedError::OtherPack { got: self.prefix, expected });
        }
        let found = self.entries.binary_search_by(|(other, _)| other.cmp(&name)).ok();
        let bytes = found.and_then(|at| self.entries.get(at)).map(|(_, bytes)| *bytes);
        bytes.ok_or(SealedError::NoProof { count: self.entries.len(), pack: self.prefix, name })
    }
}

/// Behind the last entry: zeros up to the length that the content gives, and the SHA-256 of all before it.
fn check_end(file: &[u8], content: usize) -> Result<(), SealedError> {
    let expected = file_length(content.saturating_add(SEAL_BYTES)).unwrap_or(usize::MAX);
    if file.len() != expected {
        return Err(damaged(&format!("it has {} bytes, expected {expected}", file.len())));
    }
    let Some((covered, seal)) = file.split_last_chunk::<SEAL_BYTES>() else { return Err(too_early()) };
    let computed = sha256(covered);
    if seal != computed.as_bytes() {
        return Err(damaged(&format!("its last bytes are not the SHA-256 of those before them, {computed}")));
    }
    if covered.iter().skip(content).any(|&byte| byte != 0) {
        return Err(damaged("there is something behind its last entry"));
    }
    Ok(())
}

/// Writes the pack of these proofs, whose names begin with `prefix` and are all different.
///
/// # Errors
/// [`SealedError::TooLarge`].
pub fn write(statement: &Digest, prefix: Prefix, mut proofs: Vec<SealedProof>) -> Result<Vec<u8>, SealedError> {
    proofs.sort_by_key(SealedProof::name);
    let sealed: usize = proofs.iter().map(|proof| proof.bytes.len()).sum();
    let content = HEADER_BYTES + proofs.len() * ROW_BYTES + sealed;
    let whole = file_length(content + SEAL_BYTES).unwrap_or(usize::MAX);
    let too_large = || SealedError::TooLarge { what: "a pack", got: whole as u64, max: PACK_SIZE_MAX };
    if whole as u64 > PACK_SIZE_MAX {
        return Err(too_large());
    }
    let number = |length: usize| u32::try_from(length).map(u32::to_be_bytes).map_err(|_| too_large());
    let mut file = Vec::with_capacity(whole);
    file.extend(MAGIC);
    file.extend(statement.as_bytes());
    file.push(prefix.bits);
    file.extend(prefix.value.to_be_bytes());
    file.extend(number(proofs.len())?);
    for proof in &proofs {
        file.extend(proof.name.as_bytes());
        file.extend(number(proof.bytes.len())?);
    }
    for proof in &proofs {
        file.extend(&proof.bytes);
    }
    file.resize(whole - SEAL_BYTES, 0);
    let seal = sha256(&file);
    file.extend(seal.as_bytes());
    Ok(file)
}

fn damaged(detail: &str) -> SealedError {
    SealedError::Damaged(detail.to_owned())
}

fn too_early() -> SealedError {
    damaged("it ends too early")
}

/// What is left of the bytes.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], SealedError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(too_early)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], SealedError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or_else(too_early)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn number(&mut self) -> Result<u32, SealedError> {
        self.array().map(u32::from_be_bytes)
    }
}
