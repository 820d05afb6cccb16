//! Statements that are no snapshot: a change of keys, and the withdrawal of a statement. Specification:
//! `docs/spec/statement.md`, "Other kinds".
//!
//! They stand in the log like snapshots, each under a sequence number of its own, and commit to no liabilities.

mod keys;

use serde::{Deserialize, Serialize};

use super::statement::{FORMAT, Statement, Venue};
use super::statement_check::{self, FIELD, StatementError, StatementPins};
use crate::hash::{Digest, Tag};
use crate::json::{self, uint};
use crate::signature::{Envelope, PublicKey};
use crate::snapshot::Time;

pub use keys::KeyHistory;
pub(crate) use keys::ROTATIONS_MAX;

/// The kind of a statement that replaces the venue's keys.
pub const KIND_ROTATION: &str = "key-rotation";
/// The kind of a statement that withdraws another one.
pub const KIND_VOID: &str = "void";
/// A notice above this size is none.
const NOTICE_SIZE_MAX: usize = 1 << 20;
/// Bytes of a reason.
const REASON_MAX: usize = 1_000;

/// Keys that may sign, and how many of them do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySet {
    /// The keys, strictly increasing.
    pub keys: Vec<PublicKey>,
    /// How many of them sign.
    #[serde(with = "uint")]
    pub threshold: u64,
}

/// A change of keys: from the next statement on, others sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRotation {
    /// [`FORMAT`].
    pub format: String,
    /// When it was said, by the venue's clock.
    pub issued: Time,
    /// [`KIND_ROTATION`].
    pub kind: String,
    /// The keys from the next sequence number on.
    pub new: KeySet,
    /// Digest of the statement before.
    pub predecessor: Digest,
    /// Why, in the venue's words.
    pub reason: String,
    /// Its own sequence number.
    #[serde(with = "uint")]
    pub sequence: u64,
    /// Program and version.
    pub tool: String,
    /// The venue with the keys up to here.
    pub venue: Venue,
}

/// Which statement is withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Voided {
    /// Its digest.
    pub digest: Digest,
    /// Its sequence number.
    #[serde(with = "uint")]
    pub sequence: u64,
}

/// The withdrawal of an earlier snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VoidStatement {
    /// [`FORMAT`].
    pub format: String,
    /// When it was said, by the venue's clock.
    pub issued: Time,
    /// [`KIND_VOID`].
    pub kind: String,
    /// Digest of the statement before.
    pub predecessor: Digest,
    /// Why, in the venue's words.
    pub reason: String,
    /// Its own sequence number.
    #[serde(with = "uint")]
    pub sequence: u64,
    /// Program and version.
    pub tool: String,
    /// The venue.
    pub venue: Venue,
    /// What is withdrawn.
    pub voids: Voided,
}

/// A statement of any kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stated {
    /// What is owed at one moment.
    Snapshot(Box<Statement>),
    /// A change of keys.
    Rotation(Box<KeyRotation>),
    /// A withdrawal.
    Void(Box<VoidStatement>),
}

#[derive(Deserialize)]
struct Peek {
    kind: String,
}

impl Stated {
    /// Reads a statement's document of any kind. Nothing is said about signatures.
    ///
    /// # Errors
    /// [`StatementError::Json`], [`StatementError::Contradiction`].
    pub fn parse(document: &[u8]) -> Result<Self, StatementError> {
        Ok(match Notice::parse(document)? {
            Some(Notice::Rotation(found)) => Self::Rotation(found),
            Some(Notice::Void(found)) => Self::Void(found),
            None => Self::Snapshot(Box::new(statement_check::parse_snapshot(document)?)),
        })
    }

    /// Its sequence number, which is its index in the log.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        match self {
            Self::Snapshot(found) => found.sequence,
            Self::Rotation(found) => found.sequence,
            Self::Void(found) => found.sequence,
        }
    }

    /// Digest of the statement before; none for the first.
    #[must_use]
    pub fn predecessor(&self) -> Option<Digest> {
        match self {
            Self::Snapshot(found) => found.predecessor,
            Self::Rotation(found) => Some(found.predecessor),
            Self::Void(found) => Some(found.predecessor),
        }
    }

    /// Who states, with the keys that sign it.
    #[must_use]
    pub fn venue(&self) -> &Venue {
        match self {
            Self::Snapshot(found) => &found.venue,
            Self::Rotation(found) => &found.venue,
            Self::Void(found) => &found.venue,
        }
    }

    /// The snapshot, when it is one.
    #[must_use]
    pub fn snapshot(&self) -> Option<&Statement> {
        match self {
            Self::Snapshot(found) => Some(found),
            Self::Rotation(_) | Self::Void(_) => None,
        }
    }

    /// The keys that sign what comes next, and how many of them.
    #[must_use]
    pub fn keys_behind(&self) -> (&[PublicKey], u64) {
        match self {
            Self::Rotation(found) => (&found.new.keys, found.new.threshold),
            Self::Snapshot(_) | Self::Void(_) => (&self.venue().keys, self.venue().threshold),
        }
    }

    /// The word for its kind.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Snapshot(_) => super::statement::KIND_SNAPSHOT,
            Self::Rotation(_) => KIND_ROTATION,
            Self::Void(_) => KIND_VOID,
        }
    }

    /// Keys whose signatures belong on it: those in force, and of a change of keys those that accept.
    #[must_use]
    pub fn may_sign(&self) -> Vec<&PublicKey> {
        let accepting = match self {
            Self::Rotation(found) => found.new.keys.as_slice(),
            Self::Snapshot(_) | Self::Void(_) => &[],
        };
        self.venue().keys.iter().chain(accepting).collect()
    }
}

/// A statement that is no snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    Rotation(Box<KeyRotation>),
    Void(Box<VoidStatement>),
}

impl Notice {
    /// `None` for a snapshot, and for what is no statement at all: its own reader says why.
    pub(crate) fn parse(document: &[u8]) -> Result<Option<Self>, StatementError> {
        if document.len() > NOTICE_SIZE_MAX {
            return Ok(None);
        }
        // only a choice of the reader; that reader is strict
        let kind = serde_json::from_slice(document).map_or_else(|_| String::new(), |Peek { kind }| kind);
        match kind.as_str() {
            KIND_ROTATION => {
                let found: KeyRotation = json::read_canonical(document)?;
                check_rotation(&found)?;
                Ok(Some(Self::Rotation(Box::new(found))))
            }
            KIND_VOID => {
                let found: VoidStatement = json::read_canonical(document)?;
                check_void(&found)?;
                Ok(Some(Self::Void(Box::new(found))))
            }
            _ => Ok(None),
        }
    }

    pub(crate) fn venue(&self) -> &Venue {
        match self {
            Self::Rotation(found) => &found.venue,
            Self::Void(found) => &found.venue,
        }
    }

    /// Why no snapshot can be taken from it, once its signatures were checked.
    pub(crate) fn told(&self) -> StatementError {
        match self {
            Self::Rotation(found) => rotated(found),
            Self::Void(found) => withdrawn(found),
        }
    }

    /// Why it is not what was asked for.
    pub(crate) fn unasked(&self) -> StatementError {
        let (kind, sequence) = match self {
            Self::Rotation(found) => (KIND_ROTATION, found.sequence),
            Self::Void(found) => (KIND_VOID, found.sequence),
        };
        StatementError::Kind { kind, sequence }
    }
}

/// What a verifier is told whose keys were replaced.
pub(crate) fn rotated(found: &KeyRotation) -> StatementError {
    let keys = found.new.keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    StatementError::Rotated { sequence: found.sequence, keys, reason: found.reason.clone() }
}

/// What a verifier is told of a statement that was withdrawn.
pub(crate) fn withdrawn(found: &VoidStatement) -> StatementError {
    let (voided, by) = (found.voids.sequence, found.sequence);
    StatementError::Void { voided, by, reason: found.reason.clone() }
}

fn check_head(format: &str, sequence: u64, reason: &str, venue: &Venue) -> Result<(), StatementError> {
    let fail = |detail: String| Err(StatementError::Contradiction(detail));
    if format != FORMAT {
        return fail(format!("format {format:?}, expected {FORMAT:?}"));
    }
    if sequence == 0 {
        return fail("the first statement of a venue is a snapshot".to_owned());
    }
    if reason.is_empty() || reason.len() > REASON_MAX {
        return fail(format!("a reason of {} bytes, expected 1 to {REASON_MAX}", reason.len()));
    }
    statement_check::check_venue(venue)
}

fn check_rotation(found: &KeyRotation) -> Result<(), StatementError> {
    check_head(&found.format, found.sequence, &found.reason, &found.venue)?;
    let KeySet { keys, threshold } = &found.new;
    statement_check::check_keys(keys, *threshold)?;
    if *keys == found.venue.keys && *threshold == found.venue.threshold {
        return Err(StatementError::Contradiction("the new keys are the old ones".to_owned()));
    }
    Ok(())
}

fn check_void(found: &VoidStatement) -> Result<(), StatementError> {
    check_head(&found.format, found.sequence, &found.reason, &found.venue)?;
    let (voided, own) = (found.voids.sequence, found.sequence);
    if voided >= own {
        let detail = format!("statement {own} withdraws statement {voided}, which is not an earlier one");
        return Err(StatementError::Contradiction(detail));
    }
    if voided.checked_add(1) == Some(own) && found.voids.digest != found.predecessor {
        let detail = "it withdraws the statement before, and names another digest for it".to_owned();
        return Err(StatementError::Contradiction(detail));
    }
    Ok(())
}

/// Whether a signed file says that keys change. Most do not: only one with the word in it is taken apart.
pub(crate) fn is_rotation(file: &[u8]) -> bool {
    let word = KIND_ROTATION.as_bytes();
    let there = file.len() <= NOTICE_SIZE_MAX && file.windows(word.len()).any(|window| window == word);
    let envelope = there.then(|| Envelope::parse(file, FIELD).ok()).flatten();
    envelope.is_some_and(|envelope| matches!(Stated::parse(&envelope.document), Ok(Stated::Rotation(_))))
}

/// A statement of any kind whose signatures were checked. Only [`verify`] and [`KeyHistory::verify`] make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedStated {
    stated: Stated,
    digest: Digest,
    leaf: Digest,
    signers: Vec<PublicKey>,
}

impl VerifiedStated {
    /// What is stated.
    #[must_use]
    pub fn stated(&self) -> &Stated {
        &self.stated
    }

    /// Its digest.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Its leaf hash in the log.
    #[must_use]
    pub fn leaf(&self) -> Digest {
        self.leaf
    }

    /// The keys that have signed, of those that were asked about.
    #[must_use]
    pub fn signers(&self) -> &[PublicKey] {
        &self.signers
    }
}

/// Checks a signed statement of any kind under the verifier's pins. A change of keys that pinned keys have signed is
/// accepted as said, and changes no pin.
///
/// # Errors
/// [`StatementError`].
pub fn verify(file: &[u8], pins: &StatementPins<'_>) -> Result<VerifiedStated, StatementError> {
    let envelope = Envelope::parse(file, FIELD)?;
    let stated = Stated::parse(&envelope.document)?;
    statement_check::check_pinned_venue(stated.venue(), pins)?;
    let signers = statement_check::signers(Tag::Statement, &envelope, pins)?;
    if let Stated::Rotation(rotation) = &stated {
        check_both_sides(&envelope, rotation)?;
    }
    let leaf = super::log::tree::leaf_hash(&envelope.document);
    Ok(VerifiedStated { digest: statement_check::digest(&envelope.document), leaf, stated, signers })
}

/// The old keys hand over, and the new ones accept.
pub(crate) fn check_both_sides(envelope: &Envelope, rotation: &KeyRotation) -> Result<(), StatementError> {
    let (venue, new) = (&rotation.venue, &rotation.new);
    let sides = [("old", &venue.keys, venue.threshold), ("new", &new.keys, new.threshold)];
    for (side, keys, threshold) in sides {
        let pins = StatementPins { venue: &venue.id, log_origin: &venue.log_origin, keys, threshold };
        match statement_check::signers(Tag::Statement, envelope, &pins) {
            Ok(_) => {}
            Err(StatementError::KeyNotPinned { .. }) => return Err(unaccepted(side, 0, threshold)),
            Err(StatementError::Threshold { got, .. }) => return Err(unaccepted(side, got, threshold)),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn unaccepted(side: &'static str, got: u64, expected: u64) -> StatementError {
    StatementError::Unaccepted(format!("{got} of the {side} keys have signed the change of keys, expected {expected}"))
}

#[cfg(test)]
mod tests;
