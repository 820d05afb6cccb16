//! What can be wrong with a log, its notes and its proofs.

use crate::code::{Code, Coded, log as codes, statement_kinds as kinds};
use crate::hash::Digest;
use crate::json::JsonError;
use crate::publish::StatementError;
use crate::snapshot::Time;

/// Why something about a log is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// No signed note.
    #[error("the note {0}")]
    Note(String),
    /// No verifier key.
    #[error("the verifier key {0}")]
    Key(String),
    /// Not signed by the log.
    #[error("signed by {got}, pinned is {expected}")]
    Unsigned {
        /// Names and identifiers of the signatures.
        got: String,
        /// Name and identifier of the log's key.
        expected: String,
    },
    /// A wrong signature under a pinned name and identifier.
    #[error("the signature of {0} does not fit")]
    Signature(String),
    /// No checkpoint.
    #[error("the checkpoint {0}")]
    Checkpoint(String),
    /// Another log.
    #[error("the log is {got:?}, expected {expected:?}")]
    OtherLog {
        /// Origin of the checkpoint.
        got: String,
        /// The origin asked about.
        expected: String,
    },
    /// No log proof.
    #[error("the log proof {0}")]
    Proof(String),
    /// A proof of another entry.
    #[error("the proof is of entry {got}, the statement has number {expected}")]
    Index {
        /// Index in the proof.
        got: u64,
        /// The statement's sequence number.
        expected: u64,
    },
    /// A path of the wrong length.
    #[error("{got} hashes, expected {expected}")]
    PathLength {
        /// Hashes given.
        got: usize,
        /// Hashes that index and size leave.
        expected: usize,
    },
    /// The path leads elsewhere.
    #[error("statement {index} leads to the root {got}, the signed checkpoint of {size} entries has {expected}")]
    NotInLog {
        /// Index.
        index: u64,
        /// Entries.
        size: u64,
        /// Root computed.
        got: Digest,
        /// Root signed.
        expected: Digest,
    },
    /// Too few witnesses.
    #[error("{got} of {pinned} pinned witnesses have cosigned, expected {expected}")]
    Quorum {
        /// Witnesses with a valid cosignature.
        got: u64,
        /// Witnesses pinned.
        pinned: usize,
        /// The quorum.
        expected: u64,
    },
    /// Cosigned just now.
    #[error("the quorum was reached at {seen}, less than {min_minutes} minutes before {now}")]
    TooRecent {
        /// When the quorum was reached.
        seen: Time,
        /// Minutes that the policy demands.
        min_minutes: u64,
        /// The moment asked about.
        now: Time,
    },
    /// Cosigned long ago.
    #[error("the quorum cosigned it at {fresh}, more than {max_days} days before {now}")]
    TooOld {
        /// Until when the quorum vouches for it.
        fresh: Time,
        /// Days that the policy accepts.
        max_days: u64,
        /// The moment asked about.
        now: Time,
    },
    /// A file of the log.
    #[error("{path}: {detail}")]
    File {
        /// The file.
        path: String,
        /// What is wrong.
        detail: String,
    },
    /// A statement in the log that is not acceptable.
    #[error("{path}: {error}")]
    Statement {
        /// The file.
        path: String,
        /// Why.
        error: Box<StatementError>,
    },
    /// A tile that its entries do not give.
    #[error("{path} has {got} for {what}, the entries give {expected}")]
    Tile {
        /// The file.
        path: String,
        /// Which hash of it.
        what: String,
        /// As it stands there.
        got: String,
        /// As computed.
        expected: String,
    },
    /// A root that the entries do not give.
    #[error("the checkpoint of {size} entries has the root {got}, the entries give {expected}")]
    Root {
        /// Entries.
        size: u64,
        /// Root signed.
        got: Digest,
        /// Root computed.
        expected: Digest,
    },
    /// A second statement for an index.
    #[error("index {index} of the log {place} {got}, this statement is {expected}")]
    IndexTaken {
        /// The index.
        index: u64,
        /// `has`, or `waits for witnesses with`.
        place: &'static str,
        /// Leaf hash in the log.
        got: Digest,
        /// Leaf hash of the statement.
        expected: Digest,
    },
    /// An entry of another number.
    #[error("entry {index} is statement {got}")]
    Sequence {
        /// Index in the log.
        index: u64,
        /// Sequence number of the statement.
        got: u64,
    },
    /// A chain that does not hang together.
    #[error("statement {sequence} names {got} as its predecessor, the log has {expected}")]
    Predecessor {
        /// The statement.
        sequence: u64,
        /// Digest that it names.
        got: String,
        /// Digest of the entry before.
        expected: String,
    },
    /// Other keys than before, without an entry that says so.
    #[error("statement {sequence} declares other keys than those in force before it")]
    KeysChanged {
        /// The statement.
        sequence: u64,
    },
    /// A withdrawal of something else.
    #[error("statement {sequence} withdraws statement {voided} as {got}, the log has {expected}")]
    VoidsOther {
        /// The withdrawal.
        sequence: u64,
        /// The number that it names.
        voided: u64,
        /// The digest that it names.
        got: String,
        /// What the log has.
        expected: String,
    },
    /// Missing statements.
    #[error("the log has {size} entries, this is statement {sequence}; missing: {missing}")]
    Gap {
        /// Entries of the log.
        size: u64,
        /// The statement.
        sequence: u64,
        /// The numbers left out.
        missing: String,
    },
    /// The next snapshot is not there.
    #[error("statement {missing} was due at {due}, and it is {now}")]
    Overdue {
        /// The number that is missing.
        missing: u64,
        /// When it was due.
        due: Time,
        /// The moment asked about.
        now: Time,
    },
    /// A snapshot of a moment after its due date.
    #[error("statement {sequence} is of {cutoff}, and was due at {due}")]
    Late {
        /// The statement.
        sequence: u64,
        /// Its cut-off.
        cutoff: Time,
        /// The due date that the statement before announced.
        due: Time,
    },
    /// A cut-off that is not after the one before.
    #[error("statement {sequence} is of {cutoff}, the one before it of {before}")]
    CutoffOrder {
        /// The statement.
        sequence: u64,
        /// Its cut-off.
        cutoff: Time,
        /// The cut-off before.
        before: Time,
    },
    /// Two checkpoints of different histories.
    #[error("the log had the root {got} at {size} entries, and now shows {expected} for them")]
    Inconsistent {
        /// Entries of the earlier checkpoint.
        size: u64,
        /// Its root.
        got: Digest,
        /// Root of as many entries of the later one.
        expected: Digest,
    },
    /// A consistency proof that does not hold.
    #[error("the proof does not lead from {old} to {new} entries")]
    Consistency {
        /// Earlier size.
        old: u64,
        /// Later size.
        new: u64,
    },
}

impl From<JsonError> for LogError {
    fn from(error: JsonError) -> Self {
        Self::Statement { path: "the statement".to_owned(), error: Box::new(error.into()) }
    }
}

impl Coded for LogError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Note(_) => &codes::NOTE_MALFORMED,
            Self::Key(_) => &codes::NOTE_KEY,
            Self::Unsigned { .. } => &codes::NOTE_UNSIGNED,
            Self::Signature(_) => &codes::NOTE_SIGNATURE,
            Self::Checkpoint(_) => &codes::CHECKPOINT_MALFORMED,
            Self::OtherLog { .. } => &codes::OTHER_LOG,
            Self::Proof(_) => &codes::LOG_PROOF_MALFORMED,
            Self::Index { .. } => &codes::LOG_INDEX,
            Self::PathLength { .. } => &codes::LOG_PATH_LENGTH,
            Self::NotInLog { .. } => &codes::NOT_IN_LOG,
            Self::Quorum { .. } => &codes::WITNESS_QUORUM,
            Self::TooRecent { .. } => &codes::COSIGNED_TOO_RECENTLY,
            Self::TooOld { .. } => &codes::CHECKPOINT_TOO_OLD,
            Self::File { .. } => &codes::LOG_FILE_MISSING,
            Self::Statement { error, .. } => error.code(),
            Self::Tile { .. } => &codes::LOG_TILE,
            Self::Root { .. } => &codes::LOG_ROOT,
            Self::IndexTaken { .. } => &codes::LOG_INDEX_TAKEN,
            Self::Sequence { .. } => &codes::LOG_SEQUENCE,
            Self::Predecessor { .. } => &codes::LOG_PREDECESSOR,
            Self::KeysChanged { .. } => &kinds::KEYS_CHANGED,
            Self::VoidsOther { .. } => &kinds::VOIDS_OTHER,
            Self::Gap { .. } => &codes::LOG_GAP,
            Self::Overdue { .. } => &codes::SNAPSHOT_OVERDUE,
            Self::Late { .. } => &codes::SNAPSHOT_LATE,
            Self::CutoffOrder { .. } => &codes::LOG_CUTOFF_ORDER,
            Self::Inconsistent { .. } | Self::Consistency { .. } => &codes::LOG_INCONSISTENT,
        }
    }
}
