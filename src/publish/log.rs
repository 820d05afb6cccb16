//! The public log: one entry per snapshot, its index the sequence number. Specification: `docs/spec/log.md`.
//!
//! Tree after RFC 6962, files after C2SP tlog-tiles, checkpoints after tlog-checkpoint, signed notes, and proofs that
//! need nothing beside them after tlog-proof.

pub mod audit;
pub mod checkpoint;
mod error;
pub mod note;
pub mod proof;
pub mod rules;
pub mod steps;
pub mod tiles;
pub mod tree;

pub use checkpoint::Checkpoint;
pub use error::LogError;
pub use note::{KeyKind, Note, NoteKey, NoteSignature, NoteSigner};
pub use proof::LogProof;
pub use rules::{Cosignature, LogPins, Logged, SignedCheckpoint};
