//! The body of a checkpoint (C2SP tlog-checkpoint): origin, number of entries, root.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::error::LogError;
use super::note::Note;
use crate::hash::Digest;

/// What a log says about itself at one size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The name of the log.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root over them.
    pub root: Digest,
}

/// A decimal number in its one form: no sign, no leading zero.
#[must_use]
pub fn decimal(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.then(|| text.parse().ok()).flatten();
    number.filter(|_| text == "0" || !text.starts_with('0'))
}

/// The 32 bytes of a hash in base64, in its one form.
#[must_use]
pub fn hash(text: &str) -> Option<Digest> {
    let bytes = STANDARD.decode(text).ok()?;
    bytes.try_into().ok().map(Digest::from_bytes)
}

/// A hash in base64.
#[must_use]
pub fn hash_text(hash: &Digest) -> String {
    STANDARD.encode(hash)
}

impl Checkpoint {
    /// Reads the text of a note. Further lines are allowed, and mean nothing here.
    ///
    /// # Errors
    /// [`LogError::Checkpoint`].
    pub fn parse(text: &str) -> Result<Self, LogError> {
        let fail = |detail: &str| LogError::Checkpoint(detail.to_owned());
        let body = text.strip_suffix('\n').ok_or_else(|| fail("does not end with a newline"))?;
        let mut lines = body.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(fail("has fewer than three lines"));
        };
        if origin.is_empty() || lines.any(str::is_empty) {
            return Err(fail("has an empty line"));
        }
        let size = decimal(size).ok_or_else(|| fail("has no decimal number of entries in its second line"))?;
        let root = hash(root).ok_or_else(|| fail("has no hash of 32 bytes in its third line"))?;
        Ok(Self { origin: origin.to_owned(), size, root })
    }

    /// Reads the body of a note.
    ///
    /// # Errors
    /// [`LogError::Checkpoint`].
    pub fn of(note: &Note) -> Result<Self, LogError> {
        Self::parse(note.text())
    }

    /// The note to be signed.
    #[must_use]
    pub fn to_note(&self) -> Note {
        Note::new(format!("{}\n{}\n{}\n", self.origin, self.size, hash_text(&self.root)))
    }
}
