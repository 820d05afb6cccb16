//! What else the venue has said: changes of keys, and withdrawals.

use std::path::{Path, PathBuf};

use crate::cli::error::Failure;
use crate::cli::files;
use crate::publish::statement_check::FILE_SIZE_MAX;
use crate::publish::{self, KeyHistory, Stated, StatementPins, VerifiedStatement, statement_kinds};

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
    for (path, notice) in &notices.others {
        let about = |error: publish::StatementError| Failure::about(path, &error);
        let found = keys.verify(notice).map_err(about)?;
        match found.stated() {
            Stated::Void(void) if void.voids.digest == verified.digest() => {
                return Err(about(statement_kinds::withdrawn(void)));
            }
            Stated::Void(_) => {}
            Stated::Snapshot(_) | Stated::Rotation(_) => {
                let (kind, sequence) = (found.stated().kind(), found.stated().sequence());
                return Err(about(publish::StatementError::Kind { kind, sequence }));
            }
        }
    }
    match keys.announced().next() {
        Some(rotation) => Err(statement_kinds::rotated(rotation).into()),
        None => Ok(verified),
    }
}
