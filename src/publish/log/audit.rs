//! The check of a whole log: every statement, every tile, every root.

use super::checkpoint::{Checkpoint, hash_text};
use super::error::LogError;
use super::note::Note;
use super::rules::{LogPins, SignedCheckpoint};
use super::{steps, tiles, tree};
use crate::bundle::FileSource;
use crate::hash::Digest;
use crate::publish::statement_check::FIELD;
use crate::publish::statement_kinds::{KeyRotation, VoidStatement};
use crate::publish::{self, KeyHistory, Stated, Statement, StatementPins};
use crate::signature::Envelope;
use crate::snapshot::Time;

/// More entries than a venue with a snapshot a minute has in ten years: what is read per log stays bounded.
pub const ENTRIES_MAX: u64 = 1 << 23;
/// Faults that are told; more are seldom of use.
const FAULTS_MAX: usize = 64;

/// What is asked about a log.
#[derive(Clone, Copy, Debug)]
pub struct AuditQuery<'a> {
    /// Log and witnesses.
    pub log: LogPins<'a>,
    /// The venue.
    pub venue: &'a StatementPins<'a>,
    /// The moment asked about.
    pub now: Time,
    /// A checkpoint that was seen before.
    pub earlier: Option<&'a Note>,
}

/// A log that was checked as a whole. Only [`audit`] makes one.
#[derive(Debug)]
pub struct Audited {
    /// The checkpoint.
    pub signed: SignedCheckpoint,
    /// The last snapshot; none in an empty log.
    pub last: Option<Statement>,
    /// Leaf hashes in their order.
    pub leaves: Vec<Digest>,
    /// Changes of keys, in their order: all up to the keys that are pinned.
    pub rotations: Vec<KeyRotation>,
    /// Withdrawals, in their order.
    pub voids: Vec<VoidStatement>,
    /// Statements beyond the checkpoint: what a publication left that was not finished.
    pub unfinished: bool,
}

/// Reads a file of the log that must be there.
///
/// # Errors
/// [`LogError::File`].
pub fn read(files: &dyn FileSource, path: &str) -> Result<Vec<u8>, LogError> {
    let fail = |detail: String| LogError::File { path: path.to_owned(), detail };
    files.read(path).map_err(|error| fail(error.detail))?.ok_or_else(|| fail("the file is missing".to_owned()))
}

/// A statement file taken apart.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What is logged: the statement without its signatures.
    pub document: Vec<u8>,
    /// The same, read.
    pub stated: Stated,
    /// Digest of the statement.
    pub digest: Digest,
    /// Its leaf hash.
    pub leaf: Digest,
}

impl Entry {
    /// Takes a signed statement apart. Nothing is said about signatures.
    ///
    /// # Errors
    /// [`publish::StatementError`].
    pub fn parse(file: &[u8]) -> Result<Self, publish::StatementError> {
        let document = Envelope::parse(file, FIELD)?.document;
        let stated = Stated::parse(&document)?;
        let (digest, leaf) = (publish::digest(&document), tree::leaf_hash(&document));
        Ok(Self { document, stated, digest, leaf })
    }

    /// Reads entry `index` of a log.
    ///
    /// # Errors
    /// [`LogError::File`], [`LogError::Statement`].
    pub fn read(files: &dyn FileSource, index: u64) -> Result<(Self, Vec<u8>), LogError> {
        let path = tiles::statement_path(index);
        let file = read(files, &path)?;
        let entry = Self::parse(&file).map_err(|error| LogError::Statement { path, error: Box::new(error) })?;
        Ok((entry, file))
    }
}

/// The leaf hashes of a log, from its tiles; whether they give the root is for the caller to ask.
///
/// # Errors
/// [`LogError::File`], [`LogError::Checkpoint`] for a size that no log has.
pub fn leaves(files: &dyn FileSource, size: u64) -> Result<Vec<Digest>, LogError> {
    check_size(size)?;
    let mut found = Vec::new();
    let mut done = 0;
    while done < size {
        let until = size.min(done + tiles::WIDTH);
        let Some((path, _)) = tiles::last_bundle(until) else { break };
        let path = path.replacen("tile/entries", "tile/0", 1);
        let bytes = read(files, &path)?;
        let (hashes, rest) = bytes.as_chunks::<32>();
        if !rest.is_empty() || hashes.len() as u64 != until - done {
            let detail = format!("{} bytes, expected {}", bytes.len(), 32 * (until - done));
            return Err(LogError::File { path, detail });
        }
        found.extend(hashes.iter().copied().map(Digest::from_bytes));
        done = until;
    }
    Ok(found)
}

fn check_size(size: u64) -> Result<(), LogError> {
    if size > ENTRIES_MAX {
        return Err(LogError::Checkpoint(format!("has {size} entries, at most {ENTRIES_MAX} are read")));
    }
    Ok(())
}

/// Checks a whole log.
///
/// # Errors
/// Every [`LogError`] that was found, up to a few dozen.
pub fn audit(files: &dyn FileSource, query: &AuditQuery<'_>) -> Result<Audited, Vec<LogError>> {
    let one = |error| vec![error];
    let note = Note::parse(&read(files, tiles::CHECKPOINT).map_err(one)?).map_err(one)?;
    let signed = query.log.check(&note).map_err(one)?;
    let size = signed.checkpoint().size;
    check_size(size).map_err(one)?;
    let mut faults = Vec::new();
    let keys = key_history(files, query, size).unwrap_or_else(|error| {
        faults.push(error);
        KeyHistory::of(query.venue.clone())
    });
    // told first, and never followed
    for rotation in keys.announced() {
        let path = tiles::statement_path(rotation.sequence);
        let error = Box::new(publish::statement_kinds::rotated(rotation));
        faults.push(LogError::Statement { path, error });
    }
    let Read { leaves, last, voids, .. } = entries(files, &keys, size, &mut faults);
    if leaves.len() as u64 == size {
        compare_tiles(files, &leaves, &mut faults);
        compare_roots(query, signed.checkpoint(), &leaves, &mut faults);
    }
    if let Some(last) = &last
        && query.now > last.due
    {
        faults.push(LogError::Overdue { missing: size, due: last.due, now: query.now });
    }
    let unfinished = matches!(files.read(tiles::PENDING), Ok(Some(_)));
    if faults.is_empty() {
        let rotations = keys.rotations().to_vec();
        Ok(Audited { signed, last, leaves, rotations, voids, unfinished })
    } else {
        faults.truncate(FAULTS_MAX);
        Err(faults)
    }
}

/// What was read of a log.
#[derive(Default)]
struct Read {
    leaves: Vec<Digest>,
    /// Digests of the snapshots; none for other kinds.
    snapshots: Vec<Option<Digest>>,
    /// The last snapshot.
    last: Option<Statement>,
    voids: Vec<VoidStatement>,
}

/// The changes of keys in a log. Its entries are read twice, since the keys that are pinned may be the last ones.
fn key_history<'a>(files: &dyn FileSource, query: &AuditQuery<'a>, size: u64) -> Result<KeyHistory<'a>, LogError> {
    let mut changes = Vec::new();
    for index in 0..size {
        let path = tiles::statement_path(index);
        // what cannot be read is told by the second reading
        let Ok(Some(file)) = files.read(&path) else { break };
        if publish::statement_kinds::is_rotation(&file) {
            changes.push(file);
        }
        if changes.len() > publish::statement_kinds::ROTATIONS_MAX {
            break;
        }
    }
    let path = "changes of keys".to_owned();
    KeyHistory::new(query.venue.clone(), &changes).map_err(|error| LogError::Statement { path, error: Box::new(error) })
}

/// Every statement, in the order of its number. Reading ends where one cannot be read.
fn entries(files: &dyn FileSource, keys: &KeyHistory<'_>, size: u64, faults: &mut Vec<LogError>) -> Read {
    let (mut read, mut before) = (Read::default(), None);
    for index in 0..size {
        let (entry, file) = match Entry::read(files, index) {
            Ok(found) => found,
            Err(error) => {
                faults.push(error);
                break;
            }
        };
        match keys.verify(&file) {
            // told already
            Ok(_) | Err(publish::StatementError::Rotated { .. }) => {}
            Err(error) => {
                faults.push(LogError::Statement { path: tiles::statement_path(index), error: Box::new(error) });
            }
        }
        let last = before.as_ref().map(|(stated, digest)| (stated, *digest));
        faults.extend(steps::follows(index, last, read.last.as_ref(), &entry.stated).err());
        let named = |number: u64| {
            let at = usize::try_from(number).unwrap_or(usize::MAX);
            Ok(read.snapshots.get(at).copied().flatten())
        };
        faults.extend(steps::voids(&entry.stated, named).err());
        read.leaves.push(entry.leaf);
        read.snapshots.push(entry.stated.snapshot().map(|_| entry.digest));
        if let Some(snapshot) = entry.stated.snapshot() {
            faults.extend(steps::in_time(read.last.as_ref(), snapshot).err());
            read.last = Some(snapshot.clone());
        }
        if let Stated::Void(void) = &entry.stated {
            read.voids.push((**void).clone());
        }
        before = Some((entry.stated, entry.digest));
        compare_bundle(files, index + 1, size, faults);
        if faults.len() >= FAULTS_MAX {
            break;
        }
    }
    read
}

/// A bundle of entries need not be there. Where it is, it has the bytes of the statements.
fn compare_bundle(files: &dyn FileSource, done: u64, size: u64, faults: &mut Vec<LogError>) {
    if !done.is_multiple_of(tiles::WIDTH) && done != size {
        return;
    }
    let Some((path, first)) = tiles::last_bundle(done) else { return };
    let Ok(Some(bytes)) = files.read(&path) else { return };
    let documents = (first..done).map(|index| Entry::read(files, index).ok().map(|(entry, _)| entry.document));
    let expected = documents.collect::<Option<Vec<_>>>().and_then(|documents| tiles::bundle(&documents));
    if expected.as_ref() != Some(&bytes) {
        let text = |bytes: &[u8]| crate::hash::sha256(bytes).to_string();
        let expected = expected.map_or_else(|| "no bundle".to_owned(), |bytes| text(&bytes));
        faults.push(LogError::Tile { path, what: "its bytes".to_owned(), got: text(&bytes), expected });
    }
}

fn compare_tiles(files: &dyn FileSource, leaves: &[Digest], faults: &mut Vec<LogError>) {
    for tile in tiles::tiles(leaves) {
        let bytes = match read(files, &tile.path) {
            Ok(bytes) => bytes,
            Err(error) => {
                faults.push(error);
                continue;
            }
        };
        if bytes == tile.bytes() {
            continue;
        }
        let (hashes, _) = bytes.as_chunks::<32>();
        let mut pairs = (tile.first..).zip(hashes.iter().zip(&tile.hashes));
        let fault = match pairs.find(|(_, (got, expected))| *got != expected.as_bytes()) {
            Some((index, (got, expected))) => {
                let what = if tile.level == 0 { format!("entry {index}") } else { format!("hash {index}") };
                LogError::Tile {
                    path: tile.path.clone(),
                    what,
                    got: hash_text(&Digest::from_bytes(*got)),
                    expected: hash_text(expected),
                }
            }
            None => {
                let detail = format!("{} bytes, expected {}", bytes.len(), 32 * tile.hashes.len());
                LogError::File { path: tile.path.clone(), detail }
            }
        };
        faults.push(fault);
    }
}

fn compare_roots(query: &AuditQuery<'_>, checkpoint: &Checkpoint, leaves: &[Digest], faults: &mut Vec<LogError>) {
    let expected = tree::root(leaves);
    if checkpoint.root != expected {
        faults.push(LogError::Root { size: checkpoint.size, got: checkpoint.root, expected });
    }
    if let Some(note) = query.earlier {
        match query.log.check_log(note) {
            Ok(earlier) => faults.extend(continues(&earlier, leaves).err()),
            Err(error) => faults.push(error),
        }
    }
}

/// Checks that a log with these leaf hashes continues an earlier checkpoint.
///
/// # Errors
/// [`LogError::Inconsistent`].
pub fn continues(earlier: &Checkpoint, leaves: &[Digest]) -> Result<(), LogError> {
    let first = usize::try_from(earlier.size).ok().and_then(|size| leaves.get(..size));
    let expected = tree::root(first.unwrap_or(leaves));
    match first {
        Some(_) if expected == earlier.root => Ok(()),
        _ => Err(LogError::Inconsistent { size: earlier.size, got: earlier.root, expected }),
    }
}
