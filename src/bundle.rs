//! Bundles: a folder of evidence, sealed by a manifest. Specification: `docs/spec/bundle.md`.
//!
//! This module never opens a file: the folder comes as a [`FileSource`], from disk at the edge and from memory in
//! the demonstration and in tests.

use std::collections::BTreeMap;

use crate::hash::sha256;

mod manifest;

pub use manifest::{BundleError, FileEntry, MANIFEST, Manifest, Sealed, open, seal};

/// The largest file that is read as one piece. Blocks and snapshots of whole chains stay outside a bundle.
pub const FILE_SIZE_MAX: u64 = 1 << 30;

/// Where the files of a bundle come from. Paths are relative, with `/`.
pub trait FileSource {
    /// Every file, in the order of their paths.
    ///
    /// # Errors
    /// [`SourceError`].
    fn list(&self) -> Result<Vec<String>, SourceError>;

    /// The bytes of one file; `None` when there is no such file.
    ///
    /// # Errors
    /// [`SourceError`], also for a file above [`FILE_SIZE_MAX`].
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, SourceError>;
}

/// The folder or one of its files cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {detail}")]
pub struct SourceError {
    /// The file.
    pub path: String,
    /// The system's words, or the limit.
    pub detail: String,
}

/// A bundle in memory.
pub type MemoryFiles = BTreeMap<String, Vec<u8>>;

impl FileSource for MemoryFiles {
    fn list(&self) -> Result<Vec<String>, SourceError> {
        Ok(self.keys().cloned().collect())
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, SourceError> {
        Ok(self.get(path).cloned())
    }
}

/// The files of a sealed bundle, compared with its manifest at every reading: what was changed since it was opened is
/// not read.
pub struct SealedFiles<'a> {
    files: &'a dyn FileSource,
    sealed: &'a Sealed,
}

impl<'a> SealedFiles<'a> {
    /// The files behind `sealed`, which was opened on `files`.
    #[must_use]
    pub fn new(files: &'a dyn FileSource, sealed: &'a Sealed) -> Self {
        Self { files, sealed }
    }
}

impl FileSource for SealedFiles<'_> {
    fn list(&self) -> Result<Vec<String>, SourceError> {
        Ok(self.sealed.manifest().files.iter().map(|entry| entry.path.clone()).collect())
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, SourceError> {
        let files = &self.sealed.manifest().files;
        let at = files.binary_search_by(|entry| entry.path.as_str().cmp(path)).ok();
        let Some(entry) = at.and_then(|at| files.get(at)) else { return Ok(None) };
        match self.files.read(path)? {
            Some(bytes) if sha256(&bytes) == entry.sha256 => Ok(Some(bytes)),
            _ => Err(SourceError { path: path.to_owned(), detail: "it was changed while it was read".to_owned() }),
        }
    }
}

/// The names of the files in a bundle, in one place.
pub mod paths {
    use crate::asset::ChainId;

    /// The signed statement.
    pub const STATEMENT: &str = "statement.json";
    /// The proof that the statement stands in the public log.
    pub const LOG_PROOF: &str = "log/proof.tlog-proof";
    /// The challenge document.
    pub const CHALLENGE: &str = "challenge.json";
    /// The address set, one leaf a line.
    pub const ADDRESSES: &str = "addresses.jsonl";
    /// Signatures over the challenge's line, one a line.
    pub const CONTROL: &str = "control.jsonl";
    /// The output descriptors behind the address set. With extended public keys in it: for auditors only.
    pub const DESCRIPTORS: &str = "auditor/descriptors.jsonl";

    /// A file of one chain's evidence.
    #[must_use]
    pub fn chain(chain: &ChainId, name: &str) -> String {
        format!("chains/{}/{name}", chain.folder())
    }

    /// Bitcoin block headers, 80 bytes each, in the order of their heights.
    pub const HEADERS: &str = "headers.bin";
    /// A node's answers, signed by whoever asked.
    pub const TRANSCRIPT: &str = "transcript.json";

    /// A Bitcoin transaction as the bytes that its id is the hash of: without witnesses.
    #[must_use]
    pub fn transaction(txid: &str) -> String {
        format!("txs/{txid}.bin")
    }

    /// A Merkle block of Bitcoin (the answer of `gettxoutproof`).
    #[must_use]
    pub fn merkle_block(block_hash: &str) -> String {
        format!("merkle/{block_hash}.bin")
    }

    /// What moved in a window of blocks, one coin or event a line.
    pub const WINDOW: &str = "window.jsonl";

    /// EVM block headers, one `{"rlp":"…"}` a line.
    pub const EVM_HEADERS: &str = "headers.jsonl";
    /// EVM trie nodes, each once, and codes of delegated accounts.
    pub const EVM_NODES: &str = "nodes.bin";
}
