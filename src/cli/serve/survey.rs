//! A look through the folder before it is served: what is in it, and whether anything in it is a secret.

use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::super::error::{CliError, Failure};
use super::ServeError;
use crate::hash::{Digest, sha256};
use crate::liability::sealed_proof::ProofCode;
use crate::liability::store;
use crate::secret::SecretKind;
use crate::secret::locked::LOCKED;
use crate::web::site::{FOR_EVERYBODY, FOR_PASSERS, Kind, PROOFS};

/// Folders below this depth are no part of any layout.
const DEPTH_MAX: usize = 12;
/// How much of a file tells what it is.
const BEGINNING: u64 = 256;
/// So many names are kept of those that are not served.
const NAMED_MAX: usize = 8;
/// A page above this size is none.
const PAGE_SIZE_MAX: u64 = 16 << 20;

/// What lies in a folder.
#[derive(Default)]
pub(super) struct Survey {
    /// SHA-256 of the page.
    pub(super) page: Option<Digest>,
    /// Whether there is a card.
    pub(super) card: bool,
    /// Whether the log has a checkpoint.
    pub(super) checkpoint: bool,
    /// The snapshots with sealed proofs, each with its number of packs.
    pub(super) exports: Vec<(String, usize)>,
    /// The first files that are no part of the layout.
    pub(super) ignored: Vec<PathBuf>,
    /// How many there are.
    pub(super) ignored_count: usize,
    /// Files of the layout that others on this machine may not read.
    pub(super) closed: Vec<PathBuf>,
    secrets: Vec<ServeError>,
}

/// Where a walk is.
struct Within<'a> {
    /// The folder's path in the site.
    below: &'a str,
    depth: usize,
    /// Whether everybody on this machine may pass through all folders down to here.
    open: bool,
}

impl Survey {
    /// Looks at every file, and follows no link.
    pub(super) fn of(folder: &Path) -> Result<Self, Failure> {
        let mut survey = Self::default();
        survey.walk(folder, Within { below: "", depth: 0, open: true })?;
        if !survey.secrets.is_empty() {
            return Err(Failure::all(survey.secrets));
        }
        let served = survey.page.is_some() || survey.card || survey.checkpoint || !survey.exports.is_empty();
        if !served {
            return Err(ServeError::Nothing(folder.to_owned()).into());
        }
        survey.exports.sort();
        Ok(survey)
    }

    fn walk(&mut self, folder: &Path, Within { below, depth, open }: Within<'_>) -> Result<(), CliError> {
        let fail = |error: std::io::Error| CliError::Unreadable { path: folder.to_owned(), detail: error.to_string() };
        for entry in fs::read_dir(folder).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let (path, kind) = (entry.path(), entry.file_type().map_err(fail)?);
            let name = entry.file_name();
            let name =
                name.to_str().map(|name| if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") });
            if kind.is_dir() && depth < DEPTH_MAX {
                // a name that is no text is no part of the layout, and is looked into all the same
                let below = name.as_deref().unwrap_or("?");
                let open = open && entry.metadata().map_err(fail)?.mode() & FOR_PASSERS != 0;
                self.walk(&path, Within { below, depth: depth + 1, open })?;
            } else if kind.is_file() {
                self.file(path, name.as_deref().unwrap_or("?"), open)?;
            } else {
                self.ignore(path);
            }
        }
        Ok(())
    }

    fn file(&mut self, path: PathBuf, name: &str, within_open: bool) -> Result<(), CliError> {
        let fail = |error: std::io::Error| CliError::Unreadable { path: path.clone(), detail: error.to_string() };
        let found = fs::symlink_metadata(&path).map_err(fail)?;
        let (kind, open) = (Kind::of(name), within_open && found.mode() & FOR_EVERYBODY != 0);
        // there are many of these, and a look at them would be a look at nothing but hashes
        if !matches!(kind, Some(Kind::Pack | Kind::Tile { .. })) {
            let secret = if found.len() == 0 { None } else { secret(&path, found.len()).map_err(fail)? };
            let private = (kind.is_none() && found.mode() & 0o077 == 0 && found.len() > 0)
                .then_some("only its owner may read it, so it is not for everybody");
            if let Some(what) = secret.or(private) {
                self.secrets.push(ServeError::Secret { path, what });
                return Ok(());
            }
        }
        match kind {
            None => self.ignore(path),
            Some(_) if !open => self.closed.push(path),
            Some(Kind::Page) => {
                let bytes = super::super::files::read(&path, PAGE_SIZE_MAX)?;
                self.page = Some(sha256(&bytes));
            }
            Some(Kind::Card) => self.card = true,
            Some(Kind::Checkpoint) => self.checkpoint = true,
            Some(Kind::Index | Kind::Pack) => self.export(name, kind == Some(Kind::Pack)),
            Some(Kind::Tile { .. } | Kind::Statement(_)) => {}
        }
        Ok(())
    }

    fn export(&mut self, name: &str, pack: bool) {
        let snapshot = name.strip_prefix(PROOFS).and_then(|rest| rest.split('/').nth(1)).unwrap_or_default();
        match self.exports.iter_mut().find(|(known, _)| known == snapshot) {
            Some((_, packs)) => *packs += usize::from(pack),
            None => self.exports.push((snapshot.to_owned(), usize::from(pack))),
        }
    }

    fn ignore(&mut self, path: PathBuf) {
        self.ignored_count += 1;
        if self.ignored.len() < NAMED_MAX {
            self.ignored.push(path);
        }
    }
}

/// What a file that is not for everybody looks like, from its first bytes.
fn secret(path: &Path, length: u64) -> std::io::Result<Option<&'static str>> {
    let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(usize::try_from(BEGINNING).unwrap_or(0)));
    File::open(path)?.take(BEGINNING).read_to_end(&mut bytes)?;
    let begins = |word: &[u8]| bytes.starts_with(word);
    if begins(LOCKED.as_bytes()) || SecretKind::ALL.iter().any(|kind| begins(kind.text().as_bytes())) {
        return Ok(Some("a key or a master secret"));
    }
    let pem = begins(b"-----BEGIN ") && bytes.windows(12).any(|part| part == b"PRIVATE KEY-");
    if pem {
        return Ok(Some("a private key in PEM"));
    }
    if begins(store::header::MAGIC.split_last().map_or(&[], |(_, kind)| kind)) {
        return Ok(Some("a store of balances"));
    }
    for (word, what) in [
        (&b"account,code"[..], "the table of accounts and codes"),
        (b"account,", "a table of customer accounts"),
        (b"{\"account\":\"", "the inclusion proof of one customer account"),
    ] {
        if begins(word) {
            return Ok(Some(what));
        }
    }
    let code = length <= BEGINNING && ProofCode::parse(&bytes).is_ok();
    Ok(code.then_some("the code of a customer"))
}
