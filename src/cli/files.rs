//! Files: limits before reading, whole outputs or none, secrets readable by their owner only.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile, TempDir};
use zeroize::Zeroizing;

use super::error::{CliError, Failure};
use super::interrupt::{self, Unfinished};
use super::passphrase::Unlock;
use crate::bundle::{FILE_SIZE_MAX, FileSource, SourceError};
use crate::secret::{Secret, SecretKind};
use crate::signature::{Algorithm, SigningKey};

/// A configuration file above this size is a mistake.
pub(super) const TEXT_SIZE_MAX: u64 = 16 << 20;
/// How names of files and folders under construction begin.
const UNFINISHED: &str = ".counterfoil-";

fn unreadable(path: &Path, error: &std::io::Error) -> CliError {
    CliError::Unreadable { path: path.to_owned(), detail: error.to_string() }
}

fn unwritable(path: &Path, error: &std::io::Error) -> CliError {
    let text = error.to_string();
    // `tempfile` adds the name of its own file, which says nothing
    let detail = text.split(" at path ").next().unwrap_or(&text).to_owned();
    CliError::OutputUnwritable { path: path.to_owned(), detail }
}

/// Reads a whole file of at most `max` bytes.
pub(super) fn read(path: &Path, max: u64) -> Result<Vec<u8>, CliError> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let mut bytes = Vec::new();
    file.take(max + 1).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    if bytes.len() as u64 > max {
        let got = fs::metadata(path).map_or(0, |metadata| metadata.len()).max(bytes.len() as u64);
        return Err(CliError::TooLarge { path: path.to_owned(), got, max });
    }
    Ok(bytes)
}

/// Opens a file that is read piece by piece.
pub(super) fn open(path: &Path) -> Result<File, CliError> {
    File::open(path).map_err(|error| unreadable(path, &error))
}

/// Reads a text file.
pub(super) fn read_text(path: &Path) -> Result<String, CliError> {
    let bytes = read(path, TEXT_SIZE_MAX)?;
    String::from_utf8(bytes)
        .map_err(|_| CliError::Unreadable { path: path.to_owned(), detail: "it is not UTF-8 text".to_owned() })
}

/// Reads a file that only its owner may read.
pub(super) fn read_private(path: &Path) -> Result<Zeroizing<Vec<u8>>, CliError> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    // of the file that was opened: another one may have its name by now
    let metadata = file.metadata().map_err(|error| unreadable(path, &error))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(CliError::SecretOpen { path: path.to_owned(), mode });
    }
    // room for all of it at once: a buffer that grows leaves a copy behind
    let room = usize::try_from(metadata.len().min(TEXT_SIZE_MAX)).unwrap_or(0).saturating_add(1);
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    file.take(TEXT_SIZE_MAX + 1).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    let got = bytes.len() as u64;
    match got > TEXT_SIZE_MAX {
        true => Err(CliError::TooLarge { path: path.to_owned(), got, max: TEXT_SIZE_MAX }),
        false => Ok(bytes),
    }
}

/// Reads a key file, which may be encrypted.
pub(super) fn read_secret(path: &Path, kind: SecretKind, unlock: &Unlock) -> Result<Secret, Failure> {
    unlock.read(path, kind)
}

/// Reads a signing key.
pub(super) fn read_signing_key(path: &Path, alg: Algorithm, unlock: &Unlock) -> Result<SigningKey, Failure> {
    let secret = read_secret(path, SecretKind::Signing, unlock)?;
    let error = crate::secret::SecretError::Shape { expected: SecretKind::Signing.text() };
    SigningKey::new(alg, &secret).ok_or_else(|| Failure::about(path, &error))
}

/// Whether something stands at this path, be it a link that leads nowhere. What cannot be looked at is an error: it
/// may be there.
pub(super) fn is_there(path: &Path) -> Result<bool, CliError> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(unreadable(path, &error)),
    }
}

/// The file behind a link; the path itself when there is nothing yet.
pub(super) fn resolve(path: &Path) -> Result<PathBuf, CliError> {
    if !is_there(path)? {
        return Ok(path.to_owned());
    }
    fs::canonicalize(path).map_err(|error| unreadable(path, &error))
}

/// Keeps other processes out until it is dropped. The lock is a file of its own beside `path`, because `path` is
/// replaced by rename.
pub(super) fn lock(path: &Path) -> Result<File, CliError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".lock");
    let beside = PathBuf::from(beside);
    let fail = |error: std::io::Error| unwritable(&beside, &error);
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&beside).map_err(fail)?;
    file.lock().map_err(fail)?;
    Ok(file)
}

/// Who may read an output.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Readers {
    /// Everybody, as the process's mask says.
    All,
    /// The owner.
    Owner,
}

/// Refuses early, before the work that would be lost. `--force` replaces files and folders: a device, a pipe or a
/// socket that a rename put a file over would be gone.
pub(super) fn check_free(path: &Path, force: bool) -> Result<(), CliError> {
    if !force {
        let free = fs::symlink_metadata(path).is_err();
        return if free { Ok(()) } else { Err(CliError::OutputExists(path.to_owned())) };
    }
    match fs::metadata(path) {
        Ok(found) if !found.is_file() && !found.is_dir() => {
            let detail = "it is neither a file nor a folder, and stays".to_owned();
            Err(CliError::OutputUnwritable { path: path.to_owned(), detail })
        }
        _ => Ok(()),
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes a file that appears whole, by rename.
pub(super) fn write(path: &Path, bytes: &[u8], readers: Readers, force: bool) -> Result<(), CliError> {
    let mut file = NewFile::create(path, readers, force)?;
    file.write_all(bytes).map_err(|error| unwritable(path, &error))?;
    file.publish()
}

/// A file that is written piece by piece and appears whole, by rename; nothing remains of it when it is dropped before.
pub(super) struct NewFile {
    target: PathBuf,
    work: BufWriter<NamedTempFile>,
    force: bool,
    _unfinished: Unfinished,
}

impl NewFile {
    /// Begins a file; `readers` says who may open it.
    pub(super) fn create(target: &Path, readers: Readers, force: bool) -> Result<Self, CliError> {
        check_free(target, force)?;
        let mode = if readers == Readers::Owner { 0o600 } else { 0o644 };
        let mut builder = Builder::new();
        builder.prefix(UNFINISHED).permissions(fs::Permissions::from_mode(mode));
        let made = Unfinished::make(|| builder.tempfile_in(parent(target)), NamedTempFile::path);
        let (work, unfinished) = made.map_err(|error| unwritable(target, &error))?;
        Ok(Self { target: target.to_owned(), work: BufWriter::new(work), force, _unfinished: unfinished })
    }

    /// Puts the file in its place.
    pub(super) fn publish(self) -> Result<(), CliError> {
        interrupt::whole(|| self.place())
    }

    /// Puts the file in its place, as a step of something that no signal interrupts.
    pub(super) fn place(self) -> Result<(), CliError> {
        let fail = |error: &std::io::Error| unwritable(&self.target, error);
        let file = self.work.into_inner().map_err(|error| fail(error.error()))?;
        file.as_file().sync_all().map_err(|error| fail(&error))?;
        if self.force {
            file.persist(&self.target).map_err(|error| fail(&error.error))?;
        } else {
            file.persist_noclobber(&self.target).map_err(|error| match error.error.kind() {
                ErrorKind::AlreadyExists => CliError::OutputExists(self.target.clone()),
                _ => fail(&error.error),
            })?;
        }
        // the name outlives a power failure where the file system can promise that; the content is safe already
        let _ = File::open(parent(&self.target)).and_then(|folder| folder.sync_all());
        Ok(())
    }
}

impl std::io::Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.work.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.work.flush()
    }
}

/// A folder for what is needed only during the work, readable by its owner only, beside an output that is private,
/// too. It is deleted when it is dropped.
pub(super) struct Workplace {
    folder: TempDir,
    _unfinished: Unfinished,
}

impl Workplace {
    /// Makes the folder.
    pub(super) fn create(beside: &Path) -> Result<Self, CliError> {
        let (folder, unfinished) = work_folder(beside).map_err(|error| unwritable(beside, &error))?;
        Ok(Self { folder, _unfinished: unfinished })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }
}

fn work_folder(beside: &Path) -> std::io::Result<(TempDir, Unfinished)> {
    // whatever the process's mask says: what lies in it may be a secret
    let private = fs::Permissions::from_mode(0o700);
    let make = || Builder::new().prefix(UNFINISHED).permissions(private).tempdir_in(parent(beside));
    Unfinished::make(make, TempDir::path)
}

/// Whether `inner` lies at or below `outer`. Neither needs to be there; links are followed as far as anything is.
pub(super) fn is_inside(inner: &Path, outer: &Path) -> Result<bool, CliError> {
    Ok(place(inner)?.starts_with(place(outer)?))
}

fn place(path: &Path) -> Result<PathBuf, CliError> {
    let mut head = std::path::absolute(path).map_err(|error| unwritable(path, &error))?;
    let mut missing = Vec::new();
    loop {
        match fs::canonicalize(&head) {
            Ok(found) => return Ok(missing.iter().rev().fold(found, |place, name| place.join(name))),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                // `absent/..` is nowhere, for the system, too
                missing.push(head.file_name().ok_or_else(|| unwritable(path, &error))?.to_owned());
                head.pop();
            }
            Err(error) => return Err(unwritable(path, &error)),
        }
    }
}

/// Refuses a folder that was never put in its place, however complete it looks.
pub(super) fn check_finished(folder: &Path) -> Result<(), CliError> {
    // what cannot be resolved cannot be read either, which is the better message
    let whole = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let name = whole.file_name().unwrap_or_default().to_string_lossy();
    if name.starts_with(UNFINISHED) { Err(CliError::Unfinished(folder.to_owned())) } else { Ok(()) }
}

/// The first bytes of a file, at most `count`.
pub(super) fn head(path: &Path, count: u64) -> Result<Zeroizing<Vec<u8>>, CliError> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(count).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    Ok(bytes)
}

/// Whether a file begins with these bytes.
pub(super) fn begins_with(path: &Path, expected: &[u8]) -> Result<bool, CliError> {
    Ok(*head(path, expected.len() as u64)? == expected)
}

/// A folder that appears whole, by rename; nothing remains of it when it is dropped before.
pub(super) struct NewFolder {
    target: PathBuf,
    work: TempDir,
    force: bool,
    readers: Readers,
    _unfinished: Unfinished,
}

impl NewFolder {
    /// Begins a folder; `readers` says who may open it once it is in its place.
    pub(super) fn create(target: &Path, force: bool, readers: Readers) -> Result<Self, CliError> {
        check_free(target, force)?;
        let fail = |error: std::io::Error| unwritable(target, &error);
        fs::create_dir_all(parent(target)).map_err(fail)?;
        let (work, unfinished) = work_folder(target).map_err(fail)?;
        Ok(Self { target: target.to_owned(), work, force, readers, _unfinished: unfinished })
    }

    /// Where to put things until [`NewFolder::publish`].
    pub(super) fn path(&self) -> &Path {
        self.work.path()
    }

    /// Adds a file; folders on its way are made.
    pub(super) fn add(&self, name: &str, bytes: &[u8], readers: Readers) -> Result<(), CliError> {
        self.add_with(name, readers, |file| file.write_all(bytes))
    }

    /// Adds a file of any size, as `content` writes it.
    pub(super) fn add_with<T>(
        &self,
        name: &str,
        readers: Readers,
        content: impl FnOnce(&mut File) -> std::io::Result<T>,
    ) -> Result<T, CliError> {
        let path = self.path().join(name);
        // the folder under construction has a name of its own, which says nothing to anybody
        let fail = |error: std::io::Error| unwritable(&self.target.join(name), &error);
        fs::create_dir_all(parent(&path)).map_err(fail)?;
        let mode = if readers == Readers::Owner { 0o600 } else { 0o644 };
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&path).map_err(fail)?;
        let written = content(&mut file).map_err(fail)?;
        file.sync_all().map_err(fail)?;
        Ok(written)
    }

    /// Adds a folder that only its owner may open.
    pub(super) fn add_folder(&self, name: &str) -> Result<PathBuf, CliError> {
        let path = self.path().join(name);
        let made = fs::DirBuilder::new().mode(0o700).create(&path);
        made.map_err(|error| unwritable(&path, &error))?;
        Ok(path)
    }

    /// Puts the folder in its place. A folder that it replaces holds nothing but what this one has, too, and is
    /// deleted last.
    pub(super) fn publish(self) -> Result<(), CliError> {
        interrupt::whole(|| self.place())
    }

    /// [`NewFolder::publish`] as a step of something that no signal interrupts.
    pub(super) fn place(self) -> Result<(), CliError> {
        let fail = |error: std::io::Error| unwritable(&self.target, &error);
        let mut aside = None;
        self.check_ready()?;
        if self.force && is_there(&self.target)? {
            let folder = Builder::new().prefix(".counterfoil-old-").tempdir_in(parent(&self.target)).map_err(fail)?;
            fs::rename(&self.target, folder.path().join("old")).map_err(fail)?;
            aside = Some(folder);
        }
        if self.readers == Readers::All {
            fs::set_permissions(self.work.path(), fs::Permissions::from_mode(0o755)).map_err(fail)?;
        }
        let work = self.work.keep();
        fs::rename(&work, &self.target).map_err(|error| {
            // the folder under construction is worth nothing without its name; the old one goes back
            let _ = fs::remove_dir_all(&work);
            if let Some(folder) = aside.take() {
                let _ = fs::rename(folder.keep().join("old"), &self.target);
            }
            fail(error)
        })
    }

    /// Whether [`NewFolder::publish`] finds its place free. To be asked before another output is put in its place.
    pub(super) fn check_ready(&self) -> Result<(), CliError> {
        if self.force && is_there(&self.target)? { self.check_replaceable() } else { check_free(&self.target, false) }
    }

    /// `--force` replaces what an earlier run made, never a folder of other things.
    fn check_replaceable(&self) -> Result<(), CliError> {
        let fail = |error: std::io::Error| unwritable(&self.target, &error);
        if !fs::symlink_metadata(&self.target).map_err(fail)?.is_dir() {
            let detail = "it is not a folder, and stays".to_owned();
            return Err(CliError::OutputUnwritable { path: self.target.clone(), detail });
        }
        for entry in fs::read_dir(&self.target).map_err(fail)? {
            let name = entry.map_err(fail)?.file_name();
            if !is_there(&self.path().join(&name))? {
                let detail = format!("it holds {}, which this command does not make, and stays", name.display());
                return Err(CliError::OutputUnwritable { path: self.target.clone(), detail });
            }
        }
        Ok(())
    }
}

/// A bundle on disk.
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    fn error(&self, path: &Path, error: &dyn std::fmt::Display) -> SourceError {
        let path = path.strip_prefix(&self.0).unwrap_or(path).display().to_string();
        SourceError { path, detail: error.to_string() }
    }

    fn walk(&self, folder: &Path, found: &mut Vec<String>) -> Result<(), SourceError> {
        for entry in fs::read_dir(folder).map_err(|error| self.error(folder, &error))? {
            let path = entry.map_err(|error| self.error(folder, &error))?.path();
            let kind = fs::symlink_metadata(&path).map_err(|error| self.error(&path, &error))?.file_type();
            if kind.is_dir() {
                self.walk(&path, found)?;
            } else if kind.is_file() {
                let relative = path.strip_prefix(&self.0).unwrap_or(&path).to_str();
                found.push(relative.ok_or_else(|| self.error(&path, &"its name is not UTF-8"))?.to_owned());
            } else {
                return Err(self.error(&path, &"neither a file nor a folder"));
            }
        }
        Ok(())
    }
}

impl FileSource for Folder {
    fn list(&self) -> Result<Vec<String>, SourceError> {
        let mut found = Vec::new();
        self.walk(&self.0, &mut found)?;
        found.sort();
        Ok(found)
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, SourceError> {
        let whole = self.0.join(path);
        let metadata = match fs::symlink_metadata(&whole) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && self.0.is_dir() => return Ok(None),
            Err(error) => return Err(self.error(&whole, &error)),
        };
        if !metadata.is_file() {
            return Err(self.error(&whole, &"not a file"));
        }
        read(&whole, FILE_SIZE_MAX).map(Some).map_err(|error| self.error(&whole, &error))
    }
}
