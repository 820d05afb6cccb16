//! What a verifier demands of a log, and the check of a statement against it.

use super::checkpoint::Checkpoint;
use super::error::LogError;
use super::note::{Note, NoteKey};
use super::proof::LogProof;
use crate::hash::Digest;
use crate::snapshot::Time;

/// What the verifier knows before it reads a checkpoint or a log proof.
#[derive(Clone, Copy, Debug)]
pub struct LogPins<'a> {
    /// The name of the log.
    pub origin: &'a str,
    /// The key of the log.
    pub key: &'a NoteKey,
    /// The keys of witnesses that the verifier trusts not to sign two histories together.
    pub witnesses: &'a [NoteKey],
    /// How many of them must have cosigned.
    pub quorum: u64,
}

/// A cosignature that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosignature {
    /// The witness.
    pub witness: String,
    /// When it cosigned, by its own clock.
    pub time: Time,
}

/// A checkpoint signed by the pinned log and cosigned by the quorum. Only [`LogPins::check`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    cosignatures: Vec<Cosignature>,
    quorum: u64,
}

impl SignedCheckpoint {
    /// What is signed.
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Who cosigned it, of those who are pinned, each once.
    #[must_use]
    pub fn cosignatures(&self) -> &[Cosignature] {
        &self.cosignatures
    }

    /// When the quorum had been reached; none when the policy demands no witness.
    #[must_use]
    pub fn seen(&self) -> Option<Time> {
        let mut times: Vec<Time> = self.cosignatures.iter().map(|found| found.time).collect();
        times.sort_unstable();
        self.nth(&times)
    }

    /// The latest time for which a quorum says that this was the largest checkpoint they knew.
    #[must_use]
    pub fn fresh(&self) -> Option<Time> {
        let mut times: Vec<Time> = self.cosignatures.iter().map(|found| found.time).collect();
        times.sort_unstable_by(|left, right| right.cmp(left));
        self.nth(&times)
    }

    fn nth(&self, times: &[Time]) -> Option<Time> {
        let at = usize::try_from(self.quorum).ok()?.checked_sub(1)?;
        times.get(at).copied()
    }

    /// Checks when the quorum saw it.
    ///
    /// # Errors
    /// [`LogError::TooRecent`], also for a quorum that signed in the future; [`LogError::TooOld`].
    pub fn check_age(&self, now: Time, min_minutes: u64, max_days: Option<u64>) -> Result<(), LogError> {
        let (Some(seen), Some(fresh)) = (self.seen(), self.fresh()) else { return Ok(()) };
        let limit = |number: u64, seconds: i64| i64::try_from(number).unwrap_or(i64::MAX).saturating_mul(seconds);
        if now.unix().saturating_sub(seen.unix()) < limit(min_minutes, 60) {
            return Err(LogError::TooRecent { seen, min_minutes, now });
        }
        match max_days {
            Some(max_days) if now.unix().saturating_sub(fresh.unix()) > limit(max_days, 86_400) => {
                Err(LogError::TooOld { fresh, max_days, now })
            }
            _ => Ok(()),
        }
    }
}

/// A statement that stands in the log. Only [`LogPins::verify`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    index: u64,
    signed: SignedCheckpoint,
}

impl Logged {
    /// Its index, which is its sequence number.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The checkpoint under which it stands.
    #[must_use]
    pub fn signed(&self) -> &SignedCheckpoint {
        &self.signed
    }

    /// How many later statements the log had at that checkpoint: with any, this one is superseded.
    #[must_use]
    pub fn later(&self) -> u64 {
        self.signed.checkpoint.size.saturating_sub(self.index).saturating_sub(1)
    }
}

impl LogPins<'_> {
    /// Checks origin and signature of the log, and nothing of the witnesses.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn check_log(&self, note: &Note) -> Result<Checkpoint, LogError> {
        let checkpoint = Checkpoint::of(note)?;
        if checkpoint.origin != self.origin {
            return Err(LogError::OtherLog { got: checkpoint.origin, expected: self.origin.to_owned() });
        }
        if note.signed_by(self.key)?.is_empty() {
            return Err(LogError::Unsigned { got: note.signers(), expected: self.key.shown() });
        }
        Ok(checkpoint)
    }

    /// Checks a checkpoint: origin, signature of the log, quorum of the witnesses.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn check(&self, note: &Note) -> Result<SignedCheckpoint, LogError> {
        let checkpoint = self.check_log(note)?;
        let mut cosignatures = Vec::new();
        for key in self.witnesses {
            // of several by one witness, the first one tells since when it knew this checkpoint
            if let Some(time) = note.signed_by(key)?.into_iter().flatten().min() {
                cosignatures.push(Cosignature { witness: key.name().to_owned(), time });
            }
        }
        let (got, expected) = (cosignatures.len() as u64, self.quorum);
        if got < expected {
            return Err(LogError::Quorum { got, pinned: self.witnesses.len(), expected });
        }
        Ok(SignedCheckpoint { checkpoint, cosignatures, quorum: self.quorum })
    }

    /// Checks that the statement number `sequence` with this leaf hash stands in the log. Number and leaf come from the
    /// verifier's own statement; the proof only answers.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn verify(&self, proof: &LogProof, sequence: u64, leaf: &Digest) -> Result<Logged, LogError> {
        let signed = self.check(&proof.checkpoint)?;
        if proof.index != sequence {
            return Err(LogError::Index { got: proof.index, expected: sequence });
        }
        proof.leads_to_root(leaf)?;
        Ok(Logged { index: sequence, signed })
    }
}
