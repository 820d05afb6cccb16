//! The manifest: which files belong to a bundle, and who sealed it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::nested;
use super::{FileSource, SourceError};
use crate::code::{Code, Coded, bundle as codes};
use crate::hash::{Digest, ShortBytes, Tag, TaggedHasher, sha256};
use crate::json::{self, JsonError, uint};
use crate::merkle_set::{self, BundleKind};
use crate::signature::{Envelope, PublicKey, SignatureError, SigningKey, verify};
use crate::snapshot::Time;

/// The manifest's file name; the one file of a bundle that it does not list.
pub const MANIFEST: &str = "manifest.json";
const FORMAT: &str = "counterfoil-bundle-v1";
/// The folder whose files are the auditor's part without being named.
pub const AUDITOR: &str = "auditor";
/// The other such folder: what is in it shows customers.
pub const DEPOSITORS: &str = "depositors";
/// More files than any bundle of this format needs.
const FILES_MAX: usize = 1_000_000;

/// One file of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Relative path.
    pub path: String,
    /// Bytes.
    #[serde(with = "uint")]
    pub length: u64,
    /// SHA-256 of the bytes.
    pub sha256: Digest,
    /// Who gets it; left out for a file that is for everybody. `null` would be a second spelling.
    #[serde(default, deserialize_with = "written", skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
}

/// Files that not everybody gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Auditors only: a published copy may lack the file, and its absence is told.
    Auditor,
}

fn written<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Part>, D::Error> {
    Part::deserialize(deserializer).map(Some)
}

impl FileEntry {
    /// The leaf of this file in the bundle's tree.
    fn leaf(&self) -> Digest {
        // `check_path` admits at most 255 bytes
        let path = ShortBytes::new(self.path.as_bytes()).unwrap_or(ShortBytes::EMPTY);
        let length = self.length.to_be_bytes();
        TaggedHasher::new(Tag::BundleFile).string(path).fixed(&length).fixed(self.sha256.as_bytes()).finish()
    }
}

/// What is sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `counterfoil-bundle-v1`.
    pub format: String,
    /// Who made the bundle, in words: everything in it that nothing else vouches for is stated by this key.
    pub maker: String,
    /// When it was sealed.
    pub sealed_at: Time,
    /// Root of the Merkle set over `files`.
    pub root: Digest,
    /// Every file, in the order of their paths.
    pub files: Vec<FileEntry>,
    /// The version of the program that sealed it.
    pub tool: String,
}

/// A bundle whose files are exactly those of its manifest. Only [`open`] and [`seal`] make one.
#[derive(Clone, Debug)]
pub struct Sealed {
    manifest: Manifest,
    maker: PublicKey,
    absent: BTreeSet<String>,
}

impl Sealed {
    /// The manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The key that sealed it.
    #[must_use]
    pub fn maker(&self) -> &PublicKey {
        &self.maker
    }

    /// What names the bundle: the root over its files.
    #[must_use]
    pub fn root(&self) -> Digest {
        self.manifest.root
    }

    /// Files of the auditor's part that this copy lacks. Nobody has compared them with anything.
    pub fn absent(&self) -> impl Iterator<Item = &FileEntry> {
        self.manifest.files.iter().filter(|entry| self.is_absent(&entry.path))
    }

    /// Whether this copy lacks a file.
    #[must_use]
    pub fn is_absent(&self, path: &str) -> bool {
        self.absent.contains(path)
    }
}

/// Why a bundle is not usable.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// A file differs from the manifest.
    #[error("{path}: got sha256 {got} ({got_length} bytes), expected {expected} ({length} bytes)")]
    FileDiffers {
        /// The file.
        path: String,
        /// Its hash.
        got: Digest,
        /// Its length.
        got_length: u64,
        /// The hash in the manifest.
        expected: Digest,
        /// The length in the manifest.
        length: u64,
    },
    /// A listed file is not there.
    #[error("{path} is listed in the manifest and is not there")]
    FileMissing {
        /// The file.
        path: String,
    },
    /// A file is not listed.
    #[error("{path} is not listed in the manifest")]
    FileUnlisted {
        /// The file.
        path: String,
    },
    /// The manifest is not strict canonical JSON of its shape.
    #[error("{MANIFEST}: {0}")]
    Json(#[source] JsonError),
    /// The manifest contradicts itself.
    #[error("{MANIFEST}: {0}")]
    Manifest(String),
    /// There is no manifest.
    #[error("{MANIFEST} is not there: this folder is no sealed bundle")]
    NotSealed,
    /// A name for the auditor's part is the name of no file.
    #[error("{0:?} is neither a file of the bundle nor a folder in it")]
    PartUnmatched(String),
    /// A path leads elsewhere.
    #[error("{0:?} is not a relative path of letters, digits, `.`, `_` and `-`")]
    Path(String),
    /// The seal is not its maker's.
    #[error("{MANIFEST}: {0}")]
    Signature(#[source] SignatureError),
    /// The folder cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
}

impl Coded for BundleError {
    fn code(&self) -> &'static Code {
        match self {
            Self::FileDiffers { .. } => &codes::FILE_HASH_DIFFERS,
            Self::FileMissing { .. } | Self::NotSealed => &codes::FILE_MISSING,
            Self::FileUnlisted { .. } => &codes::FILE_UNLISTED,
            Self::Json(JsonError::Shape { .. }) | Self::Manifest(_) => &codes::MANIFEST_MALFORMED,
            Self::Json(error) => error.code(),
            Self::PartUnmatched(_) => &codes::PART_UNMATCHED,
            Self::Path(_) => &codes::PATH_UNSAFE,
            Self::Signature(error) => error.code(),
            Self::Source(_) => &crate::code::cli::FILE_UNREADABLE,
        }
    }
}

pub(super) fn check_path(path: &str) -> Result<(), BundleError> {
    let part_fits = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    if path.len() <= 255 && path.split('/').all(part_fits) {
        Ok(())
    } else {
        Err(BundleError::Path(path.chars().take(260).collect()))
    }
}

fn root_of(files: &[FileEntry]) -> Option<Digest> {
    let leaves: Vec<Digest> = files.iter().map(FileEntry::leaf).collect();
    merkle_set::root::<BundleKind>(&leaves)
}

/// Whether `name` is the path, or that of a folder above it.
fn is_at_or_below(path: &str, name: &str) -> bool {
    path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Seals every file of `source`; those below `auditor/` and `depositors/` are the auditor's part, and so is what the
/// manifests of custodians' and issuers' bundles keep back. Returns the bytes of the manifest.
///
/// # Errors
/// [`BundleError`].
pub fn seal(source: &dyn FileSource, maker: &str, sealed_at: Time, key: &SigningKey) -> Result<Vec<u8>, BundleError> {
    seal_parts(source, &[], maker, sealed_at, key)
}

/// The same, with more files and folders in the auditor's part.
///
/// # Errors
/// [`BundleError`]. A name that fits no file is one of them: what it was to keep back would be published.
pub fn seal_parts(
    source: &dyn FileSource,
    auditor: &[String],
    maker: &str,
    sealed_at: Time,
    key: &SigningKey,
) -> Result<Vec<u8>, BundleError> {
    let mut files = Vec::new();
    let list = source.list()?;
    let mut below = BTreeSet::new();
    for prefix in nested::prefixes(list.iter().map(String::as_str)) {
        below.extend(nested::kept_back(source, &prefix)?);
    }
    for path in list {
        check_path(&path)?;
        if path == MANIFEST {
            continue;
        }
        let bytes = source.read(&path)?.ok_or_else(|| BundleError::FileMissing { path: path.clone() })?;
        let kept_back =
            auditor.iter().map(String::as_str).chain([AUDITOR, DEPOSITORS]).any(|name| is_at_or_below(&path, name));
        // what its own maker keeps back stays so without being named again
        let part = (kept_back || below.contains(&path)).then_some(Part::Auditor);
        files.push(FileEntry { path, length: bytes.len() as u64, sha256: sha256(&bytes), part });
    }
    let unmatched = |name: &&String| !files.iter().any(|entry| is_at_or_below(&entry.path, name));
    if let Some(name) = auditor.iter().find(unmatched) {
        return Err(BundleError::PartUnmatched(name.clone()));
    }
    files.sort_by(|left, right| left.path.cmp(&right.path));
    let root = root_of(&files).ok_or_else(|| BundleError::Manifest("there are no files to seal".to_owned()))?;
    let tool = concat!("counterfoil ", env!("CARGO_PKG_VERSION")).to_owned();
    let manifest = Manifest { format: FORMAT.to_owned(), maker: maker.to_owned(), sealed_at, root, files, tool };
    let document = json::canonical(&manifest).map_err(BundleError::Json)?;
    let signature = key.sign(Tag::Manifest, &document).map_err(BundleError::Signature)?;
    Envelope { document, signatures: vec![signature] }.to_file("manifest").map_err(BundleError::Json)
}

/// Checks that the files of `source` are exactly those that the manifest lists, byte for byte; of the auditor's part
/// some may be absent, and [`Sealed::absent`] names these.
///
/// Who sealed it is reported, not judged: a bundle that somebody else sealed is evidence all the same, but what
/// only the bundle vouches for is stated by that key.
///
/// # Errors
/// [`BundleError`], the first in the order of the paths.
pub fn open(source: &dyn FileSource) -> Result<Sealed, BundleError> {
    let file = source.read(MANIFEST)?.ok_or(BundleError::NotSealed)?;
    let (envelope, manifest) = parsed(&file)?;
    let [signature] = envelope.signatures.as_slice() else {
        let got = envelope.signatures.len();
        return Err(BundleError::Manifest(format!("{got} signatures, expected the maker's one")));
    };
    verify(Tag::Manifest, &envelope.document, signature).map_err(BundleError::Signature)?;
    check_manifest(&manifest)?;
    let listed: BTreeSet<&str> = manifest.files.iter().map(|entry| entry.path.as_str()).collect();
    let unlisted = source.list()?.into_iter().find(|path| path != MANIFEST && !listed.contains(path.as_str()));
    if let Some(path) = unlisted {
        return Err(BundleError::FileUnlisted { path });
    }
    let mut absent = BTreeSet::new();
    for entry in &manifest.files {
        let path = || entry.path.clone();
        let bytes = match (source.read(&entry.path)?, entry.part) {
            (Some(bytes), _) => bytes,
            (None, None) => return Err(BundleError::FileMissing { path: path() }),
            (None, Some(Part::Auditor)) => {
                absent.insert(path());
                continue;
            }
        };
        let (got, got_length) = (sha256(&bytes), bytes.len() as u64);
        if (got, got_length) != (entry.sha256, entry.length) {
            let (expected, length) = (entry.sha256, entry.length);
            return Err(BundleError::FileDiffers { path: path(), got, got_length, expected, length });
        }
    }
    Ok(Sealed { maker: signature.public_key(), manifest, absent })
}

/// The manifest in a file, unchecked.
pub(super) fn parsed(file: &[u8]) -> Result<(Envelope, Manifest), BundleError> {
    let envelope = Envelope::parse(file, "manifest").map_err(BundleError::Json)?;
    let manifest = json::read_canonical(&envelope.document).map_err(BundleError::Json)?;
    Ok((envelope, manifest))
}

fn check_manifest(manifest: &Manifest) -> Result<(), BundleError> {
    let fail = |detail: String| Err(BundleError::Manifest(detail));
    if manifest.format != FORMAT {
        return fail(format!("format {:?}, expected {FORMAT:?}", manifest.format));
    }
    if manifest.files.len() > FILES_MAX {
        return fail(format!("{} files, at most {FILES_MAX} are accepted", manifest.files.len()));
    }
    for entry in &manifest.files {
        check_path(&entry.path)?;
    }
    if !manifest.files.is_sorted_by(|left, right| left.path < right.path) {
        return fail("the paths are not strictly increasing".to_owned());
    }
    match root_of(&manifest.files) {
        Some(root) if root == manifest.root => Ok(()),
        Some(root) => fail(format!("root {}, but its files give {root}", manifest.root)),
        None => fail("it lists no files".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::MemoryFiles;
    use crate::secret::{Secret, SecretKind};
    use crate::signature::Algorithm;

    fn sealed() -> MemoryFiles {
        let mut files = MemoryFiles::new();
        for (path, bytes) in [("statement.json", "{}"), ("chains/bip122_0/headers.bin", "abc")] {
            files.insert(path.to_owned(), bytes.as_bytes().to_vec());
        }
        let key = SigningKey::new(Algorithm::Bip340, &Secret::new(SecretKind::Signing, &mut [5; 32])).expect("a key");
        let manifest = seal(&files, "a test", Time::from_unix(0), &key).expect("seals");
        files.insert(MANIFEST.to_owned(), manifest);
        files
    }

    #[test]
    fn a_sealed_bundle_opens() {
        let opened = open(&sealed()).expect("as sealed");
        assert_eq!(opened.manifest().files.len(), 2);
    }

    #[test]
    fn every_change_is_refused_by_its_name() {
        let code = |files: &MemoryFiles| open(files).expect_err("changed").code().name;
        let mut files = sealed();
        files.insert("statement.json".to_owned(), b"[]".to_vec());
        assert_eq!(code(&files), "FILE_HASH_DIFFERS");
        let mut files = sealed();
        files.remove("statement.json");
        assert_eq!(code(&files), "FILE_MISSING");
        let mut files = sealed();
        files.insert("extra.json".to_owned(), Vec::new());
        assert_eq!(code(&files), "FILE_UNLISTED");
        let mut files = sealed();
        files.remove(MANIFEST);
        assert_eq!(code(&files), "FILE_MISSING");
        let whole = sealed();
        for at in 0..whole[MANIFEST].len() {
            let mut files = whole.clone();
            if let Some(byte) = files.get_mut(MANIFEST).and_then(|bytes| bytes.get_mut(at)) {
                *byte ^= 1;
            }
            assert!(open(&files).is_err(), "byte {at} of the manifest flipped");
        }
    }

    #[test]
    fn the_auditors_part_may_be_absent_and_nothing_else() {
        let mut files = sealed();
        files.remove(MANIFEST);
        files.insert("auditor/descriptors.jsonl".to_owned(), b"{}".to_vec());
        let key = SigningKey::new(Algorithm::Bip340, &Secret::new(SecretKind::Signing, &mut [5; 32])).expect("a key");
        let seal = |files: &MemoryFiles, names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            seal_parts(files, &names, "a test", Time::from_unix(0), &key)
        };
        let all_public = open(&sealed()).expect("as sealed");
        assert!(!sealed()[MANIFEST].windows(6).any(|bytes| bytes == b"\"part\""), "one spelling");
        let manifest = seal(&files, &["chains"]).expect("seals");
        files.insert(MANIFEST.to_owned(), manifest);
        assert_eq!(open(&files).expect("whole").absent().count(), 0);
        let mut copy = files.clone();
        copy.retain(|path, _| path == MANIFEST || path == "statement.json");
        let opened = open(&copy).expect("only the auditor's part is absent");
        let absent: Vec<&str> = opened.absent().map(|entry| entry.path.as_str()).collect();
        assert_eq!(absent, ["auditor/descriptors.jsonl", "chains/bip122_0/headers.bin"]);
        assert_eq!(opened.root(), open(&files).expect("whole").root());
        assert_ne!(opened.root(), all_public.root());
        // present and changed is refused, absent or not public makes no difference to that
        let mut changed = files.clone();
        changed.insert("chains/bip122_0/headers.bin".to_owned(), b"abd".to_vec());
        assert_eq!(open(&changed).expect_err("changed").code().name, "FILE_HASH_DIFFERS");
        copy.remove("statement.json");
        assert_eq!(open(&copy).expect_err("public").code().name, "FILE_MISSING");
        for name in ["chain", "chains/bip122_0/headers", "statement.json/", ""] {
            assert_eq!(seal(&files, &[name]).expect_err("fits nothing").code().name, "PART_UNMATCHED", "{name:?}");
        }
    }

    #[test]
    fn paths_stay_inside() {
        for path in ["../x", "/x", "a//b", "a/../b", ".hidden", "a\\b", "", "é", &"x".repeat(256)] {
            assert!(check_path(path).is_err(), "{path}");
        }
    }
}
