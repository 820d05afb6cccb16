//! What a venue publishes, as static files: which paths there are, and how each is answered.
//! Specification: `docs/serving.md`.
//!
//! A path is served because it is one of these; nothing is looked for. So there is no listing, no hidden file, and no
//! second spelling of a name.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::liability::sealed_proof::{INDEX, MAGIC};
use crate::publish::log::checkpoint;
use crate::publish::log::note::NOTE_SIZE_MAX;
use crate::publish::log::tiles::{CHECKPOINT, Named};

/// The customer's page.
pub const PAGE: &str = "verify.html";
/// The venue card.
pub const CARD: &str = "card.json";
/// The folder of the log.
pub const LOG: &str = "log";
/// The folder with one folder of sealed proofs for each snapshot.
pub const PROOFS: &str = "proofs";
/// No path of a site is longer.
const PATH_MAX: usize = 160;
/// A name for the proofs of one snapshot is not longer.
const SNAPSHOT_NAME_MAX: usize = 64;
/// Who may read what is served: everybody, on this machine, too.
pub(crate) const FOR_EVERYBODY: u32 = 0o004;
/// Who may pass through a folder of the site: everybody, likewise.
pub(crate) const FOR_PASSERS: u32 = 0o001;

/// What a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The customer's page.
    Page,
    /// The venue card.
    Card,
    /// The checkpoint of the log.
    Checkpoint,
    /// A tile of the log.
    Tile {
        /// Entries that the log must have.
        entries: u64,
        /// Whether it has its whole width.
        full: bool,
    },
    /// A signed statement.
    Statement(u64),
    /// The index of the sealed proofs of a snapshot.
    Index,
    /// A pack of sealed proofs.
    Pack,
}

impl Kind {
    /// What lies at this path of a site, which has no slash in front.
    #[must_use]
    pub fn of(path: &str) -> Option<Self> {
        if path.len() > PATH_MAX {
            return None;
        }
        match path {
            PAGE => return Some(Self::Page),
            CARD => return Some(Self::Card),
            _ => {}
        }
        match path.split_once('/')? {
            (LOG, CHECKPOINT) => Some(Self::Checkpoint),
            (LOG, name) => Named::parse(name).map(|named| match named {
                Named::Tile { entries, full } => Self::Tile { entries, full },
                Named::Statement(index) => Self::Statement(index),
            }),
            (PROOFS, rest) => {
                let (snapshot, name) = rest.split_once('/')?;
                let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
                let named = (1..=SNAPSHOT_NAME_MAX).contains(&snapshot.len()) && snapshot.bytes().all(plain);
                named.then(|| Self::of_export(name))?
            }
            _ => None,
        }
    }

    /// What lies at this path of the folder that `prove --all` made.
    fn of_export(name: &str) -> Option<Self> {
        if name == INDEX {
            return Some(Self::Index);
        }
        let prefix = name.strip_prefix("packs/")?.strip_suffix(".pack")?;
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        ((1..=6).contains(&prefix.len()) && prefix.bytes().all(digit)).then_some(Self::Pack)
    }

    /// The media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Page => "text/html; charset=utf-8",
            Self::Checkpoint => "text/plain; charset=utf-8",
            Self::Card | Self::Statement(_) | Self::Index => "application/json",
            Self::Tile { .. } | Self::Pack => "application/octet-stream",
        }
    }

    /// For how long others may keep it. What was logged never changes; a new checkpoint is to be seen soon.
    #[must_use]
    pub const fn caching(self) -> &'static str {
        match self {
            Self::Tile { .. } => "public, max-age=31536000, immutable",
            Self::Statement(_) | Self::Pack => "public, max-age=3600",
            Self::Page | Self::Card | Self::Index => "public, max-age=300",
            Self::Checkpoint => "public, max-age=5",
        }
    }

    /// How many entries the published log must have before this is there for everybody.
    const fn entries(self) -> Option<u64> {
        match self {
            Self::Tile { entries, .. } => Some(entries),
            Self::Statement(index) => Some(index.saturating_add(1)),
            _ => None,
        }
    }
}

/// A folder that is served.
#[derive(Debug)]
pub struct Site {
    folder: OwnedFd,
}

/// A file that may be read by everybody.
#[derive(Debug)]
pub struct Found {
    /// What it is.
    pub kind: Kind,
    /// The open file.
    pub file: File,
    /// Its length in bytes.
    pub length: u64,
    /// Tells this content from an earlier or later one under the same name; the same for whoever asks.
    pub tag: String,
}

impl Site {
    /// Opens a folder.
    ///
    /// # Errors
    /// The system's.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { folder: rustix::fs::open(path, FOLDER.difference(OFlags::NOFOLLOW), Mode::empty())? })
    }

    /// The file at this path, if it is one that is served: whole, published, and for everybody.
    ///
    /// # Errors
    /// The system's, when it cannot say whether there is one: too many open files, a disk that fails.
    pub fn find(&self, path: &str) -> io::Result<Option<Found>> {
        let Some(kind) = Kind::of(path) else { return Ok(None) };
        if let Some(entries) = kind.entries()
            && entries > self.log_size()?
        {
            // what the checkpoint does not speak of may still be replaced
            return Ok(None);
        }
        let opened = match self.open_file(path) {
            Err(error) if is_absence(&error) => None,
            opened => opened?,
        };
        let Some((mut file, length, tag)) = opened else { return Ok(None) };
        if kind == Kind::Pack {
            let mut magic = Vec::with_capacity(MAGIC.len());
            io::Read::by_ref(&mut file).take(MAGIC.len() as u64).read_to_end(&mut magic)?;
            if magic != MAGIC {
                return Ok(None);
            }
            io::Seek::rewind(&mut file)?;
        }
        Ok(Some(Found { kind, file, length, tag }))
    }

    /// How many entries the published checkpoint speaks of; 0 when there is none.
    ///
    /// # Errors
    /// The system's.
    pub fn log_size(&self) -> io::Result<u64> {
        let opened = match self.open_file(&format!("{LOG}/{CHECKPOINT}")) {
            Err(error) if is_absence(&error) => None,
            opened => opened?,
        };
        let Some((file, ..)) = opened else { return Ok(0) };
        let mut note = Vec::new();
        file.take(NOTE_SIZE_MAX as u64).read_to_end(&mut note)?;
        let size = std::str::from_utf8(&note).ok().and_then(|note| checkpoint::decimal(note.lines().nth(1)?));
        Ok(size.unwrap_or(0))
    }

    /// Opens name by name, and follows no link: what is outside of the folder stays there.
    fn open_file(&self, path: &str) -> io::Result<Option<(File, u64, String)>> {
        let mut names = path.split('/');
        let last = names.next_back().unwrap_or_default();
        let mut folder: Option<OwnedFd> = None;
        for name in names {
            let within = folder.as_ref().unwrap_or(&self.folder);
            let opened = rustix::fs::openat(within, name, FOLDER, Mode::empty())?;
            if rustix::fs::fstat(&opened)?.st_mode & FOR_PASSERS == 0 {
                return Ok(None);
            }
            folder = Some(opened);
        }
        let within = folder.as_ref().unwrap_or(&self.folder);
        // a pipe would wait for its writer
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(within, last, flags, Mode::empty())?);
        let found = file.metadata()?;
        if !found.is_file() || found.mode() & FOR_EVERYBODY == 0 {
            return Ok(None);
        }
        let tag = format!("\"{:x}-{:x}-{:x}\"", found.len(), found.mtime(), found.mtime_nsec());
        Ok(Some((file, found.len(), tag)))
    }
}

/// Whether the system says that there is nothing for us: no such name, a link, a file where a folder should be, or one
/// that is not ours to read.
fn is_absence(error: &io::Error) -> bool {
    let absent = [Errno::NOENT, Errno::LOOP, Errno::NOTDIR, Errno::ACCESS, Errno::MLINK, Errno::NXIO];
    absent.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_layout() {
        for (path, kind) in [
            ("verify.html", Kind::Page),
            ("card.json", Kind::Card),
            ("log/checkpoint", Kind::Checkpoint),
            ("log/tile/0/000.p/3", Kind::Tile { entries: 3, full: false }),
            ("log/statement/002.json", Kind::Statement(2)),
            ("proofs/7/index.json", Kind::Index),
            ("proofs/2026-11/packs/3fa.pack", Kind::Pack),
        ] {
            assert_eq!(Kind::of(path), Some(kind), "{path}");
        }
        for path in [
            "",
            "/",
            "log",
            "log/",
            "log/pending",
            "log.lock",
            "proofs",
            "proofs/",
            "proofs/7",
            "proofs/7/",
            "proofs/7/packs/",
            "proofs//index.json",
            "proofs/../log/checkpoint",
            "proofs/7/../7/index.json",
            "proofs/.7/index.json",
            "proofs/7/packs/3FA.pack",
            "proofs/7/packs/.pack",
            "proofs/7/packs/0000000.pack",
            "proofs/7/packs/0.pack/",
            "verify.html/",
            "Verify.html",
            "verify.html%00",
            "codes.csv",
            ".git/config",
            "./verify.html",
            "/verify.html",
            "log/./checkpoint",
            "log/checkpoint\0",
            "proofs/%37/index.json",
        ] {
            assert_eq!(Kind::of(path), None, "{path}");
        }
    }
}
