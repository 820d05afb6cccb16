//! What else the venue has said: changes of keys, and withdrawals.

use std::path::{Path, PathBuf};

use crate::cli::error::Failure;
use crate::cli::files;
use crate::publish::log::LogError;
use crate::publish::statement_check::FILE_SIZE_MAX;
use crate::publish::statement_kinds::{self, VoidStatement};
use crate::publish::{KeyHistory, Stated, StatementError, StatementPins, VerifiedStatement};

/// Notices as read, by their kind.
pub(in crate::cli) struct Notices {
    /// Changes of keys.
    pub(in crate::cli) rotations: Vec<Vec<u8>>,
    others: Vec<(PathBuf, Vec<u8>)>,
}

impl Notices {
    /// Reads the files.
    pub(in crate::cli) fn read(paths: &[PathBuf]) -> Result<Self, Failure> {
        let mut notices = Self { rotations: Vec::new(), others: Vec::new() };
        for path in paths {
            let file = files::read(path, FILE_SIZE_MAX)?;
            if statement_kinds::is_rotation(&file) {
                notices.rotations.push(file);
            } else {
                notices.others.push((path.clone(), file));
            }
        }
        Ok(notices)
    }

    /// The pins with the changes of keys.
    pub(in crate::cli) fn keys<'a>(&self, pins: &StatementPins<'a>) -> Result<KeyHistory<'a>, Failure> {
        Ok(KeyHistory::new(pins.clone(), &self.rotations)?)
    }

    /// The withdrawals, each signed by the keys of its number. Whatever else was given is refused: what is not looked
    /// at must not look as if it had been.
    pub(in crate::cli) fn voids<'s>(
        &'s self,
        keys: &KeyHistory<'_>,
    ) -> Result<Vec<(&'s Path, VoidStatement)>, Failure> {
        let void = |notice: &[u8]| match keys.verify(notice)?.stated() {
            Stated::Void(void) => Ok((**void).clone()),
            other => Err(StatementError::Kind { kind: other.kind(), sequence: other.sequence() }),
        };
        let read = |(path, notice): &'s (PathBuf, Vec<u8>)| {
            void(notice).map(|void| (path.as_path(), void)).map_err(|error| Failure::about(path, &error))
        };
        self.others.iter().map(read).collect()
    }
}

/// Checks the statement, with whatever the venue has said about keys and about it.
pub(super) fn check(
    paths: &[PathBuf],
    file: &[u8],
    statement: &Path,
    pins: &StatementPins<'_>,
) -> Result<VerifiedStatement, Failure> {
    let notices = Notices::read(paths)?;
    let keys = notices.keys(pins)?;
    let verified = keys.verify_snapshot(file).map_err(|error| Failure::about(statement, &error))?;
    let (sequence, digest) = (verified.statement().sequence, verified.digest());
    for (path, void) in notices.voids(&keys)? {
        if void.voids.digest == digest {
            return Err(Failure::about(path, &statement_kinds::withdrawn(&void)));
        }
        // one number, two digests: this void or this statement is not what the log has
        if void.voids.sequence == sequence {
            let (got, expected) = (void.voids.digest.to_string(), digest.to_string());
            let error = LogError::VoidsOther { sequence: void.sequence, voided: sequence, got, expected };
            return Err(Failure::about(path, &error));
        }
    }
    match keys.announced().next() {
        Some(rotation) => Err(statement_kinds::rotated(rotation).into()),
        None => Ok(verified),
    }
}
