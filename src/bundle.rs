//! Bundles: a folder of evidence, sealed by a manifest. Specification: `docs/spec/bundle.md`.
//!
//! This module never opens a file: the folder comes as a [`FileSource`], from disk at the edge and from memory in
//! the demonstration and in tests.

use std::collections::BTreeMap;

use crate::hash::sha256;

mod manifest;
pub mod nested;

pub use manifest::{
    AUDITOR, BundleError, DEPOSITORS, FileEntry, MANIFEST, Manifest, Part, Sealed, open, seal, seal_parts,
};

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
        let entries = self.sealed.manifest().files.iter();
        let present = entries.filter(|entry| !self.sealed.is_absent(&entry.path));
        Ok(present.map(|entry| entry.path.clone()).collect())
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, SourceError> {
        let files = &self.sealed.manifest().files;
        let at = files.binary_search_by(|entry| entry.path.as_str().cmp(path)).ok();
        let Some(entry) = at.and_then(|at| files.get(at)) else { return Ok(None) };
        if self.sealed.is_absent(path) {
            return Ok(None);
        }
        match self.files.read(path)? {
            Some(bytes) if sha256(&bytes) == entry.sha256 => Ok(Some(bytes)),
            _ => Err(SourceError { path: path.to_owned(), detail: "it was changed while it was read".to_owned() }),
        }
    }
}

/// The names of the files in a bundle, in one place.
pub mod paths {
    use crate::asset::ChainId;
    use crate::hash::Digest;
    use crate::snapshot::VenueId;

    /// The signed statement.
    pub const STATEMENT: &str = "statement.json";
    /// The folder of further statements of the venue, each a file with any name that ends in `.json`.
    pub const STATEMENTS: &str = "statements/";

    /// The name that a further statement gets. A second one for the same sequence number, which convicts the venue,
    /// is kept beside the first by `other`, its digest.
    #[must_use]
    pub fn further_statement(sequence: u64, other: Option<&Digest>) -> String {
        match other {
            Some(digest) => format!("{STATEMENTS}{sequence}-{digest}.json"),
            None => format!("{STATEMENTS}{sequence}.json"),
        }
    }

    /// The address set with this root, that a further statement commits to.
    #[must_use]
    pub fn address_set(root: &Digest) -> String {
        format!("address-sets/{root}.jsonl")
    }

    /// The proof that the statement stands in the public log.
    pub const LOG_PROOF: &str = "log/proof.tlog-proof";

    /// The same of a further statement.
    #[must_use]
    pub fn further_log_proof(sequence: u64) -> String {
        format!("log/{sequence}.tlog-proof")
    }

    /// The challenge document.
    pub const CHALLENGE: &str = "challenge.json";
    /// The address set, one leaf a line.
    pub const ADDRESSES: &str = "addresses.jsonl";
    /// Signatures over the challenge's line, one a line.
    pub const CONTROL: &str = "control.jsonl";
    /// The folder of depositors, each a file with any name that ends in `.json`: customers' accounts and balances, for
    /// auditors only.
    pub const DEPOSITORS: &str = "depositors/";

    /// The name that a depositor's file gets: it tells nothing about the customer.
    #[must_use]
    pub fn depositor(digest: &Digest) -> String {
        format!("{DEPOSITORS}{digest}.json")
    }

    /// The output descriptors behind the address set. With extended public keys in it: for auditors only.
    pub const DESCRIPTORS: &str = "auditor/descriptors.jsonl";

    /// The folders in which bundles of others may lie.
    pub const OTHERS: [&str; 2] = ["custodians/", "issuers/"];

    /// The folder with a custodian's own bundle.
    #[must_use]
    pub fn custodian(id: &VenueId) -> String {
        format!("custodians/{id}/")
    }

    /// The venue's inclusion proof in that custodian's tree.
    #[must_use]
    pub fn custodian_proof(id: &VenueId) -> String {
        format!("custodians/{id}.proof.json")
    }

    /// The folder with an issuer's own bundle.
    #[must_use]
    pub fn issuer(id: &VenueId) -> String {
        format!("issuers/{id}/")
    }

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

    /// What moved in a window of blocks, one coin or event a line; on EVM chains which blocks the window has.
    pub const WINDOW: &str = "window.jsonl";

    /// EVM block headers, one `{"rlp":"…"}` a line.
    pub const EVM_HEADERS: &str = "headers.jsonl";
    /// The beacon block that the cut-off block is in.
    pub const STAKED_BLOCK: &str = "staked/block.json";
    /// Validators that are being merged into others, in the state of that block.
    pub const STAKED_CONSOLIDATIONS: &str = "staked/consolidations.json";
    /// Validators with their balances in that state, one a line.
    pub const STAKED_VALIDATORS: &str = "staked/validators.jsonl";
    /// EVM trie nodes, each once, and codes of delegated accounts.
    pub const EVM_NODES: &str = "nodes.bin";
    /// Folder of the bodies of EVM blocks, one file a block.
    pub const EVM_BODIES: &str = "bodies/";
    /// Folder of the receipts of EVM blocks, one file a block.
    pub const EVM_RECEIPTS: &str = "receipts/";

    /// The body of an EVM block: transactions and withdrawals.
    #[must_use]
    pub fn evm_body(number: u64) -> String {
        format!("{EVM_BODIES}{number}.rlp")
    }

    /// All receipts of one EVM block of a window, as they are hashed.
    #[must_use]
    pub fn evm_receipts(number: u64) -> String {
        format!("{EVM_RECEIPTS}{number}.rlp")
    }
}
