//! Sealed proofs: an inclusion proof for every customer, in files that anybody may host. Specification:
//! `docs/spec/sealed-proof.md`.
//!
//! A proof is sealed under a random code and stands under a name that shows nothing of it. Packs gather proofs by
//! the first bits of their names: whoever serves a pack learns which pack was read, and not whose proof.

mod code;
mod index;
mod pack;

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _, Nonce};

pub use code::{CODE_BYTES, Name, ProofCode};
pub use index::{INDEX, Index};
pub use pack::{BITS_MAX, MAGIC, PACK_SIZE_MAX, Pack, Prefix, write};

use crate::code::{Code, Coded, liability as codes};
use crate::hash::Digest;
use crate::json::JsonError;
use crate::liability::inclusion_proof::InclusionError;

/// The shortest padded content, in bytes.
const PADDED_MIN: usize = 1 << 10;
/// The longest padded content, in bytes: what `verify` reads of a proof file at most.
const PADDED_MAX: usize = 16 << 20;
/// The length in front of the content.
const LENGTH_BYTES: usize = 4;
/// What Poly1305 adds.
const TAG_BYTES: usize = 16;

/// Why a sealed proof is not opened, or not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealedError {
    /// The bytes do not open under this code, statement and name.
    #[error("the entry {name} does not open")]
    Closed {
        /// Its name.
        name: Name,
    },
    /// The check characters do not fit.
    #[error("its check characters do not fit the characters in front of them")]
    CodeMistyped,
    /// Not 30 characters of the alphabet.
    #[error("{0}")]
    CodeShape(String),
    /// What was sealed is not a length, a proof and zeros.
    #[error("{0}")]
    Content(String),
    /// Bytes are missing, surplus, changed, or in another form than the one.
    #[error("{0}")]
    Damaged(String),
    /// The index is not strict JSON of its shape.
    #[error("{0}")]
    Index(#[source] JsonError),
    /// The pack has no such name.
    #[error("none of the {count} proofs in {pack} has the name {name}")]
    NoProof {
        /// Proofs in the pack.
        count: usize,
        /// The pack.
        pack: Prefix,
        /// The name asked for.
        name: Name,
    },
    /// The name belongs into another pack.
    #[error("this is {got}, of {} packs; the proof is in {expected}", got.packs())]
    OtherPack {
        /// What the pack says of itself.
        got: Prefix,
        /// Where the name belongs.
        expected: Prefix,
    },
    /// The pack is of another statement.
    #[error("the pack belongs to statement {got}, you gave {expected}")]
    OtherStatement {
        /// Digest in the pack.
        got: Digest,
        /// Digest of the verifier's statement.
        expected: Digest,
    },
    /// The index is of another statement.
    #[error(transparent)]
    OtherStatementIndex(Box<InclusionError>),
    /// A proof or pack above its limit.
    #[error("{what} has {got} bytes, at most {max} are accepted")]
    TooLarge {
        /// What it is.
        what: &'static str,
        /// Its length.
        got: u64,
        /// The limit.
        max: u64,
    },
    /// Another version wrote it.
    #[error("format version {got}, this program reads version {expected}")]
    Version {
        /// Version in the file.
        got: u8,
        /// Version of this program.
        expected: u8,
    },
}

impl Coded for SealedError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Closed { .. } => &codes::SEALED_CLOSED,
            Self::CodeMistyped => &codes::CODE_MISTYPED,
            Self::CodeShape(_) => &codes::CODE_SHAPE,
            Self::Content(_) => &codes::SEALED_CONTENT,
            Self::Damaged(_) => &codes::SEALED_DAMAGED,
            Self::Index(_) => &codes::SEALED_INDEX,
            Self::NoProof { .. } => &codes::NO_PROOF_FOR_CODE,
            Self::OtherPack { .. } => &codes::OTHER_PACK,
            Self::OtherStatement { .. } => &codes::PROOF_OTHER_STATEMENT,
            Self::OtherStatementIndex(error) => error.code(),
            Self::TooLarge { .. } => &crate::code::cli::TOO_LARGE,
            Self::Version { .. } => &codes::SEALED_VERSION,
        }
    }
}

/// One sealed proof, ready for its pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedProof {
    name: Name,
    bytes: Vec<u8>,
}

impl SealedProof {
    /// Its public name.
    #[must_use]
    pub const fn name(&self) -> Name {
        self.name
    }
}

/// Every code seals one proof, so that one nonce serves: the key is never used twice.
const NONCE: [u8; 12] = [0; 12];

/// What is authenticated beside the content. The name commits to the code: one entry cannot open under two codes.
fn associated(statement: &Digest, name: Name) -> [u8; 80] {
    let mut bytes = [0; 80];
    let parts = MAGIC.iter().chain(statement.as_bytes()).chain(name.as_bytes());
    for (byte, part) in bytes.iter_mut().zip(parts) {
        *byte = *part;
    }
    bytes
}

/// Seals a proof file under a code of its own. A code that seals two contents for one statement guards neither.
///
/// # Errors
/// [`SealedError::TooLarge`].
pub fn seal(code: &ProofCode, statement: &Digest, proof: &[u8]) -> Result<SealedProof, SealedError> {
    let padded = pad(proof)?;
    let name = code.name(statement);
    let payload = Payload { msg: &padded, aad: &associated(statement, name) };
    let sealed = cipher(code, statement).encrypt(&Nonce::from(NONCE), payload);
    // the cipher's only refusal is of messages of 256 GiB
    let bytes = sealed.map_err(|_| too_large(padded.len()))?;
    Ok(SealedProof { name, bytes })
}

/// Opens the proof of a code: the file that `prove` writes for one account. It is checked by nobody yet.
///
/// # Errors
/// [`SealedError`], the first in the order of the specification's steps.
pub fn open(code: &ProofCode, statement: &Digest, pack: &Pack<'_>) -> Result<Vec<u8>, SealedError> {
    if pack.statement() != statement {
        return Err(SealedError::OtherStatement { got: *pack.statement(), expected: *statement });
    }
    let name = code.name(statement);
    let sealed = pack.find(name)?;
    let payload = Payload { msg: sealed, aad: &associated(statement, name) };
    let opened = cipher(code, statement).decrypt(&Nonce::from(NONCE), payload);
    unpad(opened.map_err(|_| SealedError::Closed { name })?)
}

fn cipher(code: &ProofCode, statement: &Digest) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new((&*code.key(statement)).into())
}

fn too_large(got: usize) -> SealedError {
    SealedError::TooLarge { what: "a proof", got: got as u64, max: (PADDED_MAX - LENGTH_BYTES) as u64 }
}

/// Length, content, zeros up to the next power of two: the sealed length tells little more than how many assets.
fn pad(content: &[u8]) -> Result<Vec<u8>, SealedError> {
    let whole = content.len().saturating_add(LENGTH_BYTES);
    let length = u32::try_from(content.len()).ok().filter(|_| whole <= PADDED_MAX);
    let length = length.ok_or_else(|| too_large(content.len()))?;
    let size = whole.next_power_of_two().max(PADDED_MIN);
    let mut padded = Vec::with_capacity(size);
    padded.extend(length.to_be_bytes());
    padded.extend(content);
    padded.resize(size, 0);
    Ok(padded)
}

/// The content of padded bytes, whose length is one that [`pad`] gives.
fn unpad(mut padded: Vec<u8>) -> Result<Vec<u8>, SealedError> {
    let size = padded.len();
    let length = padded.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes)) as usize;
    let end = length.saturating_add(LENGTH_BYTES);
    if end > size || end.next_power_of_two().max(PADDED_MIN) != size {
        return Err(SealedError::Content(format!("{size} bytes for a proof of {length}")));
    }
    if padded.iter().skip(end).any(|&byte| byte != 0) {
        return Err(SealedError::Content("there is something behind the proof".to_owned()));
    }
    padded.truncate(end);
    Ok(padded.split_off(LENGTH_BYTES.min(end)))
}

/// Whether an entry can have this length.
fn is_sealed_length(length: usize) -> bool {
    let padded = length.checked_sub(TAG_BYTES);
    padded.is_some_and(|size| size.is_power_of_two() && (PADDED_MIN..=PADDED_MAX).contains(&size))
}

#[cfg(test)]
mod tests;
