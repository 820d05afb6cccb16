//! Files that are read piece by piece must be the same at the end as at the beginning: half of one state and half of
//! another are no ledger.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::cli::error::CliError;

/// Which file it was, how long, and when it was last written to.
type State = (u64, u64, u64, i64, i64);

/// Files as they were before anything was read of them.
pub(in crate::cli) struct Unchanged(Vec<(PathBuf, State)>);

impl Unchanged {
    /// Looks at the files among `paths`; standard input, pipes and databases have no state that could be compared.
    pub(in crate::cli) fn before(paths: &[PathBuf]) -> Self {
        let states = paths.iter().filter_map(|path| Some((path.clone(), state(path)?)));
        Self(states.collect())
    }

    /// Looks again.
    ///
    /// # Errors
    /// [`CliError::Changed`] with the first that was written to, or that another has taken the place of.
    pub(in crate::cli) fn check(&self) -> Result<(), CliError> {
        match self.0.iter().find(|(path, before)| state(path).as_ref() != Some(before)) {
            Some((path, _)) => Err(CliError::Changed(path.clone())),
            None => Ok(()),
        }
    }
}

fn state(path: &Path) -> Option<State> {
    let found = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    Some((found.dev(), found.ino(), found.len(), found.mtime(), found.mtime_nsec()))
}
