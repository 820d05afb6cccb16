//! The store: the trees of one build, in files that are searched where they lie. Specification: `docs/spec/store.md`.
//!
//! It holds customers' accounts and balances in the clear, and the keys of their nonces: it is the venue's secret.

mod accounts;
pub(crate) mod header;
mod leaves;
pub(crate) mod text;

use std::io;
use std::sync::{Arc, OnceLock};

pub use accounts::Accounts;
pub use leaves::StoredLeaf;
pub(crate) use leaves::{PathReader, parse_node};

use crate::asset::{AssetId, Class};
use crate::code::{Code, Coded, liability as codes};
use crate::hash::Checksum;
use crate::liability::leaf::{SnapshotKey, SplitKeys, TreeKey};
use crate::liability::storage::{Storage, StoredFile};
use crate::liability::sum_tree::{LiabilityCommitment, SumOverflow};
use header::{HEADER_SIZE_MAX, Header, Section, TreeHeader};

/// Name of the header's file. It is written last: without it, there is no store.
pub const HEADER: &str = "header";

/// A sealed build.
pub struct Store {
    header: Header,
    trees: Vec<StoredTree>,
}

/// One tree of a store.
pub struct StoredTree {
    pub(crate) header: TreeHeader,
    key: TreeKey,
    split: Option<SplitKeys>,
    position: usize,
    storage: Arc<dyn Storage>,
    /// Files that stay open, when there are few.
    open: Option<[OnceLock<Arc<dyn StoredFile>>; 3]>,
}

/// Above this number of trees their files are opened for each use: a process may have some thousand open at a time.
const KEPT_OPEN: usize = 200;

/// Why a store is not usable.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The leaves do not give the root beside them.
    #[error("{asset} ({class}): the leaves give {got}, the store says {expected}")]
    Disagrees {
        /// The asset.
        asset: AssetId,
        /// The class.
        class: Class,
        /// Root and total of the leaves.
        got: String,
        /// Root and total in the store.
        expected: String,
    },
    /// Bytes are missing, surplus or changed.
    #[error("{0}")]
    Damaged(String),
    /// It cannot be read or written.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// Another version wrote it.
    #[error("format version {got}, this program reads version {expected}")]
    Version {
        /// Version in the file.
        got: u8,
        /// Version of this program.
        expected: u8,
    },
}

impl From<SumOverflow> for StoreError {
    fn from(error: SumOverflow) -> Self {
        Self::Damaged(error.to_string())
    }
}

impl Coded for StoreError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Disagrees { .. } => &codes::STORE_DISAGREES,
            Self::Damaged(_) => &codes::STORE_DAMAGED,
            Self::Io(_) => &crate::code::cli::FILE_UNREADABLE,
            Self::Version { .. } => &codes::STORE_VERSION,
        }
    }
}

impl Store {
    /// Opens a store: checks the header's seal, and that every file has the length that the header says. What is in
    /// the files is checked where it is used, and as a whole by [`crate::liability::tree_audit`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(storage: Arc<dyn Storage>) -> Result<Self, StoreError> {
        let file = open(&*storage, HEADER)?;
        let length = file.length()?;
        if length > HEADER_SIZE_MAX {
            let detail = format!("header: it has {length} bytes, at most {HEADER_SIZE_MAX} are written");
            return Err(StoreError::Damaged(detail));
        }
        let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
        file.read_at(0, &mut bytes)?;
        let mut header = Header::parse(&bytes)?;
        let trees = std::mem::take(&mut header.trees);
        let kept = trees.len() <= KEPT_OPEN;
        let stored = |(position, tree): (usize, TreeHeader)| {
            let (asset, class) = (&tree.commitment.asset, tree.commitment.class);
            let (key, storage) = (header.key.tree(asset, class), Arc::clone(&storage));
            // one piece is no split
            let split = header.key.split(asset, class, header.split).ok();
            StoredTree { header: tree, key, split, position, storage, open: kept.then(Default::default) }
        };
        let trees: Vec<StoredTree> = trees.into_iter().enumerate().map(stored).collect();
        trees.iter().try_for_each(StoredTree::check_lengths)?;
        Ok(Self { header, trees })
    }

    /// Salt of the snapshot key.
    #[must_use]
    pub fn build_id(&self) -> &[u8; 32] {
        &self.header.build_id
    }

    /// The snapshot's key: with it, every leaf can be told from its account.
    #[must_use]
    pub fn key(&self) -> &SnapshotKey {
        &self.header.key
    }

    /// Leaves of one balance; 1 when balances are not split.
    #[must_use]
    pub fn split(&self) -> u16 {
        self.header.split
    }

    /// Decoys in each tree.
    #[must_use]
    pub fn decoys(&self) -> u64 {
        self.header.decoys
    }

    /// Trees in the order of (asset, class).
    #[must_use]
    pub fn trees(&self) -> &[StoredTree] {
        &self.trees
    }
}

fn open(storage: &dyn Storage, name: &str) -> Result<Arc<dyn StoredFile>, StoreError> {
    storage.open(name).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => StoreError::Damaged(format!("{name} is missing")),
        _ => StoreError::Io(error),
    })
}

impl StoredTree {
    fn check_lengths(&self) -> Result<(), StoreError> {
        for section in Section::ALL {
            let (got, expected) = (self.file(section)?.length()?, self.header.length(section));
            if expected != Some(got) {
                let expected = expected.map_or_else(|| "more than there are".to_owned(), |length| length.to_string());
                let name = section.file(self.position);
                return Err(StoreError::Damaged(format!("{name} has {got} bytes, expected {expected}")));
            }
        }
        Ok(())
    }

    /// The row of the statement.
    #[must_use]
    pub fn commitment(&self) -> &LiabilityCommitment {
        &self.header.commitment
    }

    /// The key of its order and nonces.
    #[must_use]
    pub fn key(&self) -> &TreeKey {
        &self.key
    }

    /// The keys of its pieces, when its balances are split.
    pub(crate) fn split(&self) -> Option<&SplitKeys> {
        self.split.as_ref()
    }

    /// The checksum that the file of this kind must have.
    pub(crate) fn seal(&self, section: Section) -> Checksum {
        let [leaves, texts, nodes] = self.header.seals;
        match section {
            Section::Leaves => leaves,
            Section::Texts => texts,
            Section::Nodes => nodes,
        }
    }

    pub(crate) fn file_name(&self, section: Section) -> String {
        section.file(self.position)
    }

    pub(crate) fn file(&self, section: Section) -> Result<Arc<dyn StoredFile>, StoreError> {
        let kept = self.open.as_ref().map(|[leaves, texts, nodes]| match section {
            Section::Leaves => leaves,
            Section::Texts => texts,
            Section::Nodes => nodes,
        });
        if let Some(file) = kept.and_then(OnceLock::get) {
            return Ok(Arc::clone(file));
        }
        let file = open(&*self.storage, &section.file(self.position))?;
        if let Some(kept) = kept {
            // another thread may have been first
            let _ = kept.set(Arc::clone(&file));
        }
        Ok(file)
    }

    /// An error about this tree's files.
    pub(crate) fn damaged(&self, detail: &str) -> StoreError {
        let row = &self.header.commitment;
        StoreError::Damaged(format!("{} ({}): {detail}", row.asset, row.class))
    }

    /// The error that its leaves lead elsewhere than the header says.
    pub(crate) fn disagrees(&self, got: &str) -> StoreError {
        let row = &self.header.commitment;
        let expected = format!("root {} with total {}", row.root, row.total);
        StoreError::Disagrees { asset: row.asset.clone(), class: row.class, got: got.to_owned(), expected }
    }
}
