//! Self-contained log proofs (C2SP tlog-proof): index, path and checkpoint in one file.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::checkpoint::{Checkpoint, decimal, hash, hash_text};
use super::error::LogError;
use super::note::{NOTE_SIZE_MAX, Note};
use super::tree::{self, PATH_MAX};
use crate::hash::Digest;

/// The first line.
pub const FORMAT: &str = "c2sp.org/tlog-proof@v1";
/// A proof above this size is not read.
pub const PROOF_SIZE_MAX: u64 = 2 << 20;

/// A log proof as read: nothing in it is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogProof {
    /// What the writer added; it is not authenticated and means nothing here.
    pub extra: Option<Vec<u8>>,
    /// Index of the entry.
    pub index: u64,
    /// From the sibling of the leaf to the child of the root.
    pub path: Vec<Digest>,
    /// The checkpoint.
    pub checkpoint: Note,
}

impl LogProof {
    /// Reads a proof.
    ///
    /// # Errors
    /// [`LogError::Proof`], or [`LogError::Note`] about the checkpoint in it.
    pub fn parse(file: &[u8]) -> Result<Self, LogError> {
        let fail = |detail: &str| LogError::Proof(detail.to_owned());
        if file.len() > NOTE_SIZE_MAX {
            return Err(LogError::Proof(format!("has {} bytes, at most {NOTE_SIZE_MAX} are read", file.len())));
        }
        let text = std::str::from_utf8(file).map_err(|_| fail("is not UTF-8 text"))?;
        let (head, note) = text.split_once("\n\n").ok_or_else(|| fail("has no empty line before its checkpoint"))?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(FORMAT) {
            return Err(LogError::Proof(format!("does not begin with {FORMAT}")));
        }
        let extra = match lines.peek().and_then(|line| line.strip_prefix("extra ")) {
            None => None,
            Some(extra) => {
                let bytes = STANDARD.decode(extra).map_err(|_| fail("has an extra line that is not base64"))?;
                lines.next();
                Some(bytes)
            }
        };
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).and_then(decimal);
        let index = index.ok_or_else(|| fail("has no line with its index"))?;
        let mut path = Vec::new();
        for line in lines {
            if path.len() == PATH_MAX {
                return Err(LogError::Proof(format!("has more than {PATH_MAX} hashes")));
            }
            path.push(hash(line).ok_or_else(|| fail("has a line that is no hash of 32 bytes"))?);
        }
        Ok(Self { extra, index, path, checkpoint: Note::parse(note.as_bytes())? })
    }

    /// Checks that the entry with this leaf hash is where the proof's checkpoint says. Who signed it is not asked.
    ///
    /// # Errors
    /// [`LogError::NotInLog`], [`LogError::PathLength`], [`LogError::Checkpoint`].
    pub fn leads_to_root(&self, leaf: &Digest) -> Result<Checkpoint, LogError> {
        let checkpoint = Checkpoint::of(&self.checkpoint)?;
        let got = tree::root_from_path(leaf, self.index, checkpoint.size, &self.path)?;
        if got == checkpoint.root {
            return Ok(checkpoint);
        }
        let Checkpoint { size, root: expected, .. } = checkpoint;
        Err(LogError::NotInLog { index: self.index, size, got, expected })
    }
}

impl fmt::Display for LogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FORMAT}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{}", hash_text(hash)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}
