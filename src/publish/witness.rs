//! What a witness decides: whether a checkpoint continues what it has cosigned (C2SP tlog-witness). Specification:
//! `docs/spec/witness.md`.
//!
//! Pure: sockets are in `web`, files in `cli`. Whoever calls keeps the state before the cosignature leaves.

use super::log::checkpoint::{decimal, hash, hash_text};
use super::log::tree::{self, PATH_MAX};
use super::log::{Checkpoint, KeyKind, LogError, Note, NoteKey, NoteSignature, NoteSigner};
use crate::code::{Code, Coded, witness as codes};
use crate::hash::Digest;
use crate::snapshot::Time;

/// A request above this size is not read.
pub const REQUEST_SIZE_MAX: usize = 64 << 10;
/// The type of an answer that names the size at which the witness stands.
pub const SIZE_TYPE: &str = "text/x.tlog.size";

/// Why a witness does not cosign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WitnessError {
    /// Not in the form of the specification.
    #[error("the request {0}")]
    Request(String),
    /// A log that is not in the list.
    #[error("the log {0:?} is not known here")]
    UnknownLog(String),
    /// Not signed by a listed key.
    #[error("the checkpoint of {origin} is signed by {got}")]
    Unsigned {
        /// The log.
        origin: String,
        /// Names and identifiers of its signatures.
        got: String,
    },
    /// A proof that begins elsewhere.
    #[error("the proof begins at {got} entries, the witness stands at {latest}")]
    OldSize {
        /// Size in the request.
        got: u64,
        /// Size that was cosigned last.
        latest: u64,
    },
    /// Two roots for one size.
    #[error("at {size} entries the witness has cosigned {expected}, this checkpoint has {got}")]
    Root {
        /// Size of both.
        size: u64,
        /// Root in the request.
        got: Digest,
        /// Root that was cosigned.
        expected: Digest,
    },
    /// A proof that does not hold.
    #[error("{0}")]
    Proof(LogError),
    /// The state is not usable.
    #[error("{0}")]
    State(String),
}

impl WitnessError {
    /// The status of the answer.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Request(_) => 400,
            Self::Unsigned { .. } => 403,
            Self::UnknownLog(_) => 404,
            Self::OldSize { .. } => 409,
            Self::Root { .. } | Self::Proof(_) => 422,
            Self::State(_) => 500,
        }
    }
}

impl Coded for WitnessError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Request(_) => &codes::WITNESS_REQUEST,
            Self::UnknownLog(_) => &codes::WITNESS_UNKNOWN_LOG,
            Self::Unsigned { .. } => &codes::WITNESS_UNSIGNED,
            Self::OldSize { .. } => &codes::WITNESS_OLD_SIZE,
            Self::Root { .. } => &codes::WITNESS_ROOT,
            Self::Proof(_) => &codes::WITNESS_PROOF,
            Self::State(_) => &codes::WITNESS_STATE,
        }
    }
}

/// A request to add a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Where the proof begins.
    pub old: u64,
    /// The consistency proof.
    pub path: Vec<Digest>,
    /// The checkpoint.
    pub checkpoint: Note,
}

impl Request {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// [`WitnessError::Request`].
    pub fn parse(body: &[u8]) -> Result<Self, WitnessError> {
        let fail = |detail: String| WitnessError::Request(detail);
        if body.len() > REQUEST_SIZE_MAX {
            return Err(fail(format!("has {} bytes, at most {REQUEST_SIZE_MAX} are read", body.len())));
        }
        let text = std::str::from_utf8(body).map_err(|_| fail("is not UTF-8 text".to_owned()))?;
        let split = text.split_once("\n\n");
        let (head, note) = split.ok_or_else(|| fail("has no empty line before its checkpoint".to_owned()))?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old ")).and_then(decimal);
        let old = old.ok_or_else(|| fail("does not begin with the old size".to_owned()))?;
        let mut path = Vec::new();
        for line in lines {
            if path.len() == PATH_MAX {
                return Err(fail(format!("has more than {PATH_MAX} hashes")));
            }
            path.push(hash(line).ok_or_else(|| fail("has a line that is no hash of 32 bytes".to_owned()))?);
        }
        let checkpoint = Note::parse(note.as_bytes()).map_err(|error| fail(format!("is not usable: {error}")))?;
        Ok(Self { old, path, checkpoint })
    }

    /// The body of the request.
    #[must_use]
    pub fn body(&self) -> String {
        let path: String = self.path.iter().map(|hash| format!("{}\n", hash_text(hash))).collect();
        format!("old {}\n{path}\n{}", self.old, self.checkpoint)
    }
}

/// Reads the list of logs that a witness follows: one verifier key a line, empty lines and `#` apart.
///
/// # Errors
/// [`LogError::Key`].
pub fn read_logs(text: &str) -> Result<Vec<NoteKey>, LogError> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let keys: Vec<NoteKey> = lines.map(NoteKey::parse).collect::<Result<_, _>>()?;
    match keys.iter().find(|key| key.kind() != KeyKind::Log) {
        Some(key) => Err(LogError::Key(format!("{}: it is of a witness, not of a log", key.shown()))),
        None => Ok(keys),
    }
}

/// Where a witness stands with a log of which it has cosigned nothing.
fn nothing(origin: &str) -> Checkpoint {
    Checkpoint { origin: origin.to_owned(), size: 0, root: tree::root(&[]) }
}

/// Reads what a witness has kept: the checkpoint that it cosigned last. It must bear the witness's own cosignature, so
/// that a file of something else is not taken for its memory.
///
/// # Errors
/// [`WitnessError::State`].
pub fn read_state(file: &[u8], origin: &str, own: &NoteKey) -> Result<Checkpoint, WitnessError> {
    let fail = |detail: String| WitnessError::State(detail);
    let note = Note::parse(file).map_err(|error| fail(error.to_string()))?;
    let checkpoint = Checkpoint::of(&note).map_err(|error| fail(error.to_string()))?;
    let own_times = note.signed_by(own).map_err(|error| fail(error.to_string()))?;
    if checkpoint.origin != origin || own_times.is_empty() {
        let detail = format!(
            "it is of {:?}, cosigned by {}, expected {origin:?} and {}",
            checkpoint.origin,
            note.signers(),
            own.shown()
        );
        return Err(fail(detail));
    }
    Ok(checkpoint)
}

/// The origin that a request speaks of, when the witness follows that log.
///
/// # Errors
/// [`WitnessError::Request`], [`WitnessError::UnknownLog`].
pub fn origin(request: &Request, logs: &[NoteKey]) -> Result<Checkpoint, WitnessError> {
    let checkpoint = Checkpoint::of(&request.checkpoint).map_err(|error| WitnessError::Request(error.to_string()))?;
    if logs.iter().any(|key| key.name() == checkpoint.origin) {
        Ok(checkpoint)
    } else {
        Err(WitnessError::UnknownLog(checkpoint.origin.chars().take(200).collect()))
    }
}

/// Decides about a request, given what was cosigned last. What comes back may be cosigned.
///
/// # Errors
/// [`WitnessError`].
pub fn decide(request: &Request, latest: Option<&Checkpoint>, logs: &[NoteKey]) -> Result<Checkpoint, WitnessError> {
    let next = origin(request, logs)?;
    let unsigned = || WitnessError::Unsigned { origin: next.origin.clone(), got: request.checkpoint.signers() };
    let mut signed = false;
    for key in logs.iter().filter(|key| key.name() == next.origin) {
        // a wrong signature under a known name spoils the whole note
        signed |= !request.checkpoint.signed_by(key).map_err(|_| unsigned())?.is_empty();
    }
    if !signed {
        return Err(unsigned());
    }
    if request.old > next.size {
        return Err(WitnessError::Request(format!("has a proof from {} to {} entries", request.old, next.size)));
    }
    let first = nothing(&next.origin);
    let latest = latest.unwrap_or(&first);
    if request.old != latest.size {
        return Err(WitnessError::OldSize { got: request.old, latest: latest.size });
    }
    if next.size == latest.size && next.root != latest.root {
        return Err(WitnessError::Root { size: next.size, got: next.root, expected: latest.root });
    }
    tree::verify_consistency((latest.size, latest.root), (next.size, next.root), &request.path)
        .map_err(WitnessError::Proof)?;
    Ok(next)
}

/// The cosigned checkpoint to be kept, and the line to be answered. Only signatures of known logs are kept.
///
/// # Errors
/// [`LogError::Signature`], for a fault of the machine.
pub fn cosign(
    request: &Request,
    logs: &[NoteKey],
    own: &NoteSigner,
    now: Time,
) -> Result<(Note, NoteSignature), LogError> {
    let mut note = Note::new(request.checkpoint.text().to_owned());
    for signature in request.checkpoint.signatures() {
        if logs.iter().any(|key| signature.is_by(key)) {
            note.add(signature.clone());
        }
    }
    let signature = own.sign(note.text(), now)?;
    note.add(signature.clone());
    Ok((note, signature))
}
