//! The folder of a log. Tiles and statement are written first, then the signed checkpoint that waits for witnesses, at
//! last the checkpoint, each by rename: whenever the process is killed, what the checkpoint speaks of is there, and no
//! second checkpoint of its size is ever signed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::bundle::FileSource as _;
use crate::cli::error::{CliError, Failure};
use crate::cli::files::{self, Folder, Readers};
use crate::cli::{interrupt, now};
use crate::hash::Digest;
use crate::publish::log::audit::{self, Entry};
use crate::publish::log::{Checkpoint, LogError, LogPins, Note, NoteSigner, tiles, tree};
use crate::publish::{Stated, Statement};

/// A log that nobody else is writing.
pub(super) struct LogFolder<'a> {
    path: PathBuf,
    files: Folder,
    signer: &'a NoteSigner,
    leaves: Vec<Digest>,
    checkpoint: Option<Note>,
    pending: Option<Note>,
    _lock: File,
}

impl<'a> LogFolder<'a> {
    /// Opens a log, or begins one. Waits for another publisher to finish.
    pub(super) fn open(path: &Path, signer: &'a NoteSigner) -> Result<Self, Failure> {
        let fail =
            |error: std::io::Error| CliError::OutputUnwritable { path: path.to_owned(), detail: error.to_string() };
        fs::create_dir_all(path).map_err(fail)?;
        let path = files::resolve(path)?;
        let lock = files::lock(&path)?;
        let files = Folder(path.clone());
        let mut log = Self { path, files, signer, leaves: Vec::new(), checkpoint: None, pending: None, _lock: lock };
        log.checkpoint = log.note(tiles::CHECKPOINT)?;
        if let Some(note) = &log.checkpoint {
            let Checkpoint { size, root: got, .. } = log.pins().check_log(note)?;
            log.leaves = audit::leaves(&log.files, size)?;
            let expected = tree::root(&log.leaves);
            if expected != got {
                return Err(LogError::Root { size, got, expected }.into());
            }
        }
        log.pending = log.note(tiles::PENDING)?;
        Ok(log)
    }

    fn pins(&self) -> LogPins<'_> {
        let key = self.signer.key();
        LogPins { origin: key.name(), key, witnesses: &[], quorum: 0 }
    }

    fn note(&self, name: &str) -> Result<Option<Note>, Failure> {
        let path = self.path.join(name);
        let file =
            self.files.read(name).map_err(|error| CliError::Unreadable { path: path.clone(), detail: error.detail })?;
        let note = file.map(|file| Note::parse(&file)).transpose();
        note.map_err(|error| Failure::about(&path, &error))
    }

    /// Leaf hashes of all entries.
    pub(super) fn leaves(&self) -> &[Digest] {
        &self.leaves
    }

    /// The checkpoint of a log that has entries.
    pub(super) fn checkpoint(&self) -> Note {
        self.checkpoint.clone().unwrap_or_else(|| self.unsigned())
    }

    fn unsigned(&self) -> Note {
        let (size, root) = (self.leaves.len() as u64, tree::root(&self.leaves));
        Checkpoint { origin: self.signer.key().name().to_owned(), size, root }.to_note()
    }

    /// The entry before the next one.
    pub(super) fn last(&self) -> Result<Option<Entry>, LogError> {
        let Some(last) = (self.leaves.len() as u64).checked_sub(1) else { return Ok(None) };
        let (entry, _) = Entry::read(&self.files, last)?;
        match self.leaves.last() {
            Some(expected) if *expected == entry.leaf => Ok(Some(entry)),
            _ => Err(LogError::NotInLog {
                index: last,
                size: last + 1,
                got: entry.leaf,
                expected: self.leaves.last().copied().unwrap_or(entry.leaf),
            }),
        }
    }

    /// The last entry that is a snapshot.
    pub(super) fn last_snapshot(&self) -> Result<Option<Statement>, LogError> {
        for index in (0..self.leaves.len() as u64).rev() {
            if let Stated::Snapshot(found) = Entry::read(&self.files, index)?.0.stated {
                return Ok(Some(*found));
            }
        }
        Ok(None)
    }

    /// The digest of an entry that is a snapshot.
    pub(super) fn snapshot_digest(&self, index: u64) -> Result<Option<Digest>, LogError> {
        let entry = Entry::read(&self.files, index)?.0;
        Ok(entry.stated.snapshot().map(|_| entry.digest))
    }

    /// Writes the next entry and signs its checkpoint, which waits until it is published. A run that was killed behind
    /// this point has bound the log to its statement.
    pub(super) fn append(&mut self, entry: &Entry, file: &[u8]) -> Result<Note, Failure> {
        let index = self.leaves.len() as u64;
        self.leaves.push(entry.leaf);
        let mut note = self.unsigned();
        if let Some(pending) = &self.pending {
            let waiting = self.pins().check_log(pending)?;
            if waiting.size == index + 1 {
                if waiting.root != tree::root(&self.leaves) {
                    let kept = Entry::read(&self.files, index).map_or(waiting.root, |(kept, _)| kept.leaf);
                    let place = "waits for witnesses with";
                    return Err(LogError::IndexTaken { index, place, got: kept, expected: entry.leaf }.into());
                }
                note = pending.clone();
            }
        }
        self.write(&tiles::statement_path(index), file)?;
        for tile in tiles::last_tiles(&self.leaves) {
            self.write(&tile.path, &tile.bytes())?;
        }
        self.write_bundle(index, entry)?;
        if note.signatures().is_empty() {
            note.add(self.signer.sign(note.text(), now())?);
        }
        self.keep_pending(&note)?;
        Ok(note)
    }

    /// A bundle of entries goes on as long as every entry of it fits.
    fn write_bundle(&self, index: u64, entry: &Entry) -> Result<(), Failure> {
        let Some((path, first)) = tiles::last_bundle(index + 1) else { return Ok(()) };
        let before = if first == index { Some(Vec::new()) } else { self.read_bundle(index)? };
        let own = tiles::bundle(std::slice::from_ref(&entry.document));
        match (before, own) {
            (Some(before), Some(own)) => self.write(&path, &[before, own].concat()),
            _ => Ok(()),
        }
    }

    fn read_bundle(&self, size: u64) -> Result<Option<Vec<u8>>, Failure> {
        let Some((path, _)) = tiles::last_bundle(size) else { return Ok(None) };
        let unreadable = |error: crate::bundle::SourceError| CliError::Unreadable {
            path: self.path.join(&path),
            detail: error.detail,
        };
        Ok(self.files.read(&path).map_err(unreadable)?)
    }

    /// Keeps a signed checkpoint until it can be published.
    pub(super) fn keep_pending(&self, note: &Note) -> Result<(), Failure> {
        // one that was published already waits in its own place
        let published = self.checkpoint.as_ref().is_some_and(|published| published.text() == note.text());
        if published { Ok(()) } else { self.write(tiles::PENDING, note.to_string().as_bytes()) }
    }

    /// Puts the checkpoint in its place.
    pub(super) fn publish(&self, note: &Note) -> Result<(), Failure> {
        self.write(tiles::CHECKPOINT, note.to_string().as_bytes())?;
        match fs::remove_file(self.path.join(tiles::PENDING)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                let path = self.path.join(tiles::PENDING);
                Err(CliError::OutputUnwritable { path, detail: error.to_string() }.into())
            }
            _ => Ok(()),
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let path = self.path.join(name);
        let fail = |error: std::io::Error| CliError::OutputUnwritable { path: path.clone(), detail: error.to_string() };
        interrupt::whole(|| fs::create_dir_all(path.parent().unwrap_or(&self.path))).map_err(fail)?;
        files::write(&path, bytes, Readers::All, true)?;
        Ok(())
    }
}
