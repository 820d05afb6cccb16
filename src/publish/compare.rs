//! Whether what two people were shown is one history, or a contradiction that convicts whoever signed both.
//! Specification: `docs/spec/compare.md`.

use serde::{Deserialize, Serialize};

use super::log::audit::{self, Entry};
use super::log::checkpoint::{hash, hash_text};
use super::log::{Checkpoint, LogError, LogPins, LogProof, Note, tree};
use super::{StatementError, StatementPins, statement_kinds};
use crate::code::{Code, Coded, log as codes};
use crate::hash::Digest;
use crate::json;

/// The format's name.
pub const FORMAT: &str = "counterfoil-contradiction-v1";
/// A file of evidence above this size is not read.
pub const EVIDENCE_SIZE_MAX: u64 = 256 << 20;

/// What one person was shown, as files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// A signed statement.
    pub statement: Option<Vec<u8>>,
    /// A checkpoint.
    pub checkpoint: Option<Note>,
    /// A log proof of the statement.
    pub proof: Option<LogProof>,
    /// Leaf hashes of the log.
    pub leaves: Vec<Digest>,
}

/// What the verifier pins.
#[derive(Clone, Debug)]
pub struct ComparePins<'a> {
    /// The venue.
    pub venue: StatementPins<'a>,
    /// The log; without it nothing is said about checkpoints.
    pub log: Option<LogPins<'a>>,
}

/// Why nothing can be said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompareError {
    /// Two signed states that exclude each other.
    #[error("{0}")]
    Differ(String),
    /// No file of evidence.
    #[error("the evidence {0}")]
    Evidence(String),
    /// About the log of one side.
    #[error("{side}: {error}")]
    Log {
        /// Which of the two.
        side: &'static str,
        /// Why.
        error: LogError,
    },
    /// Nothing that contradicts.
    #[error("{0}")]
    NoContradiction(String),
    /// About the statement of one side.
    #[error("{side}: {error}")]
    Statement {
        /// Which of the two.
        side: &'static str,
        /// Why.
        error: StatementError,
    },
    /// Nothing follows.
    #[error("{0}")]
    Unknown(String),
}

impl Coded for CompareError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Differ(_) => &codes::HISTORIES_DIFFER,
            Self::Evidence(_) => &codes::CONTRADICTION_MALFORMED,
            Self::Log { error, .. } => error.code(),
            Self::NoContradiction(_) => &codes::NO_CONTRADICTION,
            Self::Statement { error, .. } => error.code(),
            Self::Unknown(_) => &codes::HISTORY_UNKNOWN,
        }
    }
}

/// What follows from two sides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// What is the same, in words.
    pub same: Vec<String>,
    /// What excludes each other, in words.
    pub differs: Vec<String>,
    /// What could not be compared, in words.
    pub unknown: Vec<String>,
}

/// One side, its signatures checked.
struct Side {
    entry: Option<Entry>,
    checkpoint: Option<Checkpoint>,
}

fn check(shown: &Shown, pins: &ComparePins<'_>, side: &'static str) -> Result<Side, CompareError> {
    let of_log = |error| CompareError::Log { side, error };
    let mut entry = None;
    if let Some(file) = &shown.statement {
        let wrong = |error| CompareError::Statement { side, error };
        statement_kinds::verify(file, &pins.venue).map_err(wrong)?;
        entry = Some(Entry::parse(file).map_err(wrong)?);
    }
    let note = shown.checkpoint.as_ref().or(shown.proof.as_ref().map(|proof| &proof.checkpoint));
    let checkpoint = match (note, &pins.log) {
        (Some(note), Some(log)) => Some(log.check_log(note).map_err(of_log)?),
        _ => None,
    };
    if let (Some(proof), Some(entry), Some(log)) = (&shown.proof, &entry, &pins.log) {
        log.check_log(&proof.checkpoint).map_err(of_log)?;
        if proof.index != entry.stated.sequence() {
            return Err(of_log(LogError::Index { got: proof.index, expected: entry.stated.sequence() }));
        }
        proof.leads_to_root(&entry.leaf).map_err(of_log)?;
    }
    Ok(Side { entry, checkpoint })
}

/// Compares what two people were shown. Statements must be signed by keys of the venue that are pinned, checkpoints by
/// the pinned key of the log.
///
/// # Errors
/// [`CompareError::Statement`], [`CompareError::Log`] for a side that is not acceptable by itself.
pub fn compare(a: &Shown, b: &Shown, pins: &ComparePins<'_>) -> Result<Comparison, CompareError> {
    let (left, right) = (check(a, pins, "the first")?, check(b, pins, "the second")?);
    let mut found = Comparison::default();
    match (&left.entry, &right.entry) {
        (Some(left), Some(right)) => statements(left, right, &mut found),
        (None, None) => {}
        _ => found.unknown.push("only one side has a statement".to_owned()),
    }
    match (&left.checkpoint, &right.checkpoint) {
        (Some(left), Some(right)) => checkpoints(left, right, [&a.leaves, &b.leaves], &mut found),
        (None, None) => {}
        _ => found.unknown.push("only one side has a checkpoint of the log that is pinned".to_owned()),
    }
    if found == Comparison::default() {
        found.unknown.push("no side has a statement, and the policy pins no log".to_owned());
    }
    Ok(found)
}

fn statements(left: &Entry, right: &Entry, found: &mut Comparison) {
    let (first, second) = if left.stated.sequence() <= right.stated.sequence() { (left, right) } else { (right, left) };
    let (early, late) = (first.stated.sequence(), second.stated.sequence());
    if early == late {
        if first.digest == second.digest {
            found.same.push(format!("statement {early} is the same: {}", first.digest));
        } else {
            let (left, right) = (left.digest, right.digest);
            found.differs.push(format!("two signed statements with the number {early}: {left} and {right}"));
        }
        return;
    }
    if early.checked_add(1) != Some(late) {
        found
            .unknown
            .push(format!("statements {early} and {late} do not follow one another: those between are missing"));
        return;
    }
    if second.stated.predecessor() == Some(first.digest) {
        found.same.push(format!("statement {late} follows statement {early}"));
    } else {
        let named = second.stated.predecessor().map_or_else(|| "none".to_owned(), |digest| digest.to_string());
        found.differs.push(format!(
            "statement {late} names {named} as its predecessor, and statement {early} is signed as {}",
            first.digest
        ));
    }
}

fn checkpoints(left: &Checkpoint, right: &Checkpoint, leaves: [&[Digest]; 2], found: &mut Comparison) {
    let (early, late) = if left.size <= right.size { (left, right) } else { (right, left) };
    if early.size == late.size {
        if early.root == late.root {
            found.same.push(format!("the log has the same {} entries", early.size));
        } else {
            let (left, right) = (hash_text(&left.root), hash_text(&right.root));
            found.differs.push(format!("two signed roots of the log at {} entries: {left} and {right}", early.size));
        }
        return;
    }
    let size = usize::try_from(late.size).unwrap_or(usize::MAX);
    let whole =
        leaves.into_iter().filter_map(|leaves| leaves.get(..size)).find(|leaves| tree::root(leaves) == late.root);
    match whole.map(|leaves| audit::continues(early, leaves)) {
        None => found.unknown.push(format!(
            "the log at {} and at {} entries: its tiles would tell whether the later one continues the earlier one",
            early.size, late.size
        )),
        Some(Ok(())) => {
            found.same.push(format!("the log of {} entries continues the one of {}", late.size, early.size));
        }
        Some(Err(error)) => found.differs.push(format!(
            "two signed roots of the log that are not of one history, at {} and at {} entries: {error}",
            early.size, late.size
        )),
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SideFile {
    #[serde(deserialize_with = "json::required")]
    checkpoint: Option<String>,
    #[serde(deserialize_with = "json::required")]
    proof: Option<String>,
    #[serde(deserialize_with = "json::required")]
    statement: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EvidenceFile {
    first: SideFile,
    format: String,
    leaves: Vec<String>,
    second: SideFile,
}

impl SideFile {
    fn of(shown: &Shown) -> Self {
        Self {
            checkpoint: shown.checkpoint.as_ref().map(Note::to_string),
            proof: shown.proof.as_ref().map(LogProof::to_string),
            statement: shown.statement.as_ref().map(|file| String::from_utf8_lossy(file).into_owned()),
        }
    }

    fn read(self, leaves: &[Digest], side: &'static str) -> Result<Shown, CompareError> {
        let of_log = |error| CompareError::Log { side, error };
        let note = |text: String| Note::parse(text.as_bytes()).map_err(of_log);
        let proof = |text: String| LogProof::parse(text.as_bytes()).map_err(of_log);
        Ok(Shown {
            statement: self.statement.map(String::into_bytes),
            checkpoint: self.checkpoint.map(note).transpose()?,
            proof: self.proof.map(proof).transpose()?,
            leaves: leaves.to_vec(),
        })
    }
}

/// The file that lets anybody with the keys repeat the comparison.
///
/// # Errors
/// [`CompareError::Evidence`].
pub fn to_evidence(a: &Shown, b: &Shown) -> Result<Vec<u8>, CompareError> {
    let leaves = if a.leaves.len() > b.leaves.len() { &a.leaves } else { &b.leaves };
    let file = EvidenceFile {
        first: SideFile::of(a),
        format: FORMAT.to_owned(),
        leaves: leaves.iter().map(hash_text).collect(),
        second: SideFile::of(b),
    };
    json::canonical(&file).map_err(|error| CompareError::Evidence(error.to_string()))
}

/// Reads a file of evidence. It says nothing until [`convicts`] has checked it.
///
/// # Errors
/// [`CompareError::Evidence`], [`CompareError::Log`].
pub fn read_evidence(file: &[u8]) -> Result<(Shown, Shown), CompareError> {
    let wrong = |detail: String| CompareError::Evidence(detail);
    let evidence: EvidenceFile =
        json::read_canonical(file).map_err(|error| wrong(format!("is not usable: {error}")))?;
    if evidence.format != FORMAT {
        return Err(wrong(format!("has the format {:?}, expected {FORMAT:?}", evidence.format)));
    }
    let leaves: Option<Vec<Digest>> = evidence.leaves.iter().map(|text| hash(text)).collect();
    let leaves = leaves.ok_or_else(|| wrong("has a leaf that is no hash of 32 bytes".to_owned()))?;
    Ok((evidence.first.read(&leaves, "the first")?, evidence.second.read(&leaves, "the second")?))
}

/// What a file of evidence shows: at least one contradiction.
///
/// # Errors
/// [`CompareError::NoContradiction`] when both sides can be of one honest history.
pub fn convicts(file: &[u8], pins: &ComparePins<'_>) -> Result<Vec<String>, CompareError> {
    let (first, second) = read_evidence(file)?;
    let found = compare(&first, &second, pins)?;
    if found.differs.is_empty() {
        let why = [found.same, found.unknown].concat().join("; ");
        return Err(CompareError::NoContradiction(why));
    }
    Ok(found.differs)
}
