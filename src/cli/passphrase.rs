//! Passphrases: from the terminal, unseen, or from a file that only its owner may read. Never from an argument or from
//! the environment, where others can see them.

use std::path::{Path, PathBuf};

use super::error::Failure;
use super::files;
use crate::code::{Code, Coded, keys as codes};
use crate::secret::locked::{LockError, LockedSecret, Passphrase};
use crate::secret::{Secret, SecretKind};

/// How an encrypted key file is opened.
#[derive(clap::Args, Default)]
pub(super) struct Unlock {
    /// For an encrypted key file: a file with its passphrase, readable by its owner only; else the terminal is asked
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// Nobody can be asked.
#[derive(Debug, thiserror::Error)]
#[error("{}: {detail}", path.display())]
struct NoTerminal {
    path: PathBuf,
    detail: String,
}

impl Coded for NoTerminal {
    fn code(&self) -> &'static Code {
        &codes::KEY_LOCKED
    }
}

impl Unlock {
    /// Whether a file was named.
    pub(super) const fn is_file(&self) -> bool {
        self.passphrase_file.is_some()
    }

    /// Reads a key file, encrypted or not.
    pub(super) fn read(&self, path: &Path, kind: SecretKind) -> Result<Secret, Failure> {
        let bytes = files::read_private(path)?;
        if !LockedSecret::is_locked(&bytes) {
            return Secret::parse(kind, &bytes).map_err(|error| Failure::about(path, &error));
        }
        let locked = LockedSecret::parse(&bytes).map_err(|error| Failure::about(path, &error))?;
        if locked.kind() != kind {
            // told before anybody types a passphrase
            let error = crate::secret::SecretError::Kind { got: locked.kind().text(), expected: kind.text() };
            return Err(Failure::about(path, &error));
        }
        self.open(path, &locked)
    }

    /// Opens what was read from this file.
    pub(super) fn open(&self, path: &Path, locked: &LockedSecret) -> Result<Secret, Failure> {
        let passphrase = match &self.passphrase_file {
            Some(file) => from_file(file)?,
            None => ask(path, &format!("Passphrase of {}: ", path.display()))?,
        };
        locked.unlock(&passphrase).map_err(|error| Failure::about(path, &error))
    }

    /// A new passphrase for this file, typed twice.
    pub(super) fn choose(&self, path: &Path) -> Result<Passphrase, Failure> {
        if let Some(file) = &self.passphrase_file {
            return from_file(file)?.long_enough().map_err(|error| Failure::about(file, &error));
        }
        let about = |error: LockError| Failure::about(path, &error);
        let first = ask(path, &format!("New passphrase for {}: ", path.display()))?.long_enough().map_err(about)?;
        let again = ask(path, "The same once more: ")?;
        if first.is_same(&again) { Ok(first) } else { Err(about(LockError::Passphrase("the two are not the same"))) }
    }
}

/// The passphrase in a file.
fn from_file(file: &Path) -> Result<Passphrase, Failure> {
    let bytes = files::read_private(file)?;
    Passphrase::from_file(&bytes).map_err(|error| Failure::about(file, &error))
}

/// Asks the terminal of the process, whatever standard input is.
fn ask(path: &Path, prompt: &str) -> Result<Passphrase, Failure> {
    let prompt = super::printable(prompt);
    let typed = rpassword::prompt_password(prompt);
    let typed = typed.map_err(|error| NoTerminal { path: path.to_owned(), detail: error.to_string() })?;
    Passphrase::new(typed).map_err(|error| Failure::about(path, &error))
}

/// A path whose passphrase comes from another option.
impl From<Option<PathBuf>> for Unlock {
    fn from(passphrase_file: Option<PathBuf>) -> Self {
        Self { passphrase_file }
    }
}
