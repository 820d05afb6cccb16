//! The store: everything that a build knows, in one sealed stream. Specification: `docs/spec/ledger.md`.
//!
//! It holds customers' accounts, balances and nonces in the clear: the file is the venue's secret.

use std::io::{self, Read, Write};

use crate::amount::{Amount, Decimals};
use crate::asset::{AssetId, Class};
use crate::code::{Code, Coded, liability as codes};
use crate::hash::{Digest, StreamHasher};
use crate::liability::build::{Entry, Tree};
use crate::liability::leaf::{Nonce, OrderKey, Part};
use crate::liability::sum_tree::{CompactRange, LiabilityCommitment};

/// First bytes of every store: a name and the version of the format.
const MAGIC: &[u8; 16] = b"counterfoil\0st\0\x01";
const VERSION_AT: usize = 15;
/// Accounts, credentials and products have at most 1,024 bytes; a longer length is damage.
const TEXT_MAX: u32 = 1024;

/// A sealed build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// Salt of the snapshot key.
    pub build_id: [u8; 32],
    /// Trees in the order of (asset, class).
    pub trees: Vec<Tree>,
}

/// Why a store is not usable.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The entries do not give the root beside them.
    #[error("{asset} ({class}): the entries give root {got}, the store says {expected}")]
    Disagrees {
        /// The asset.
        asset: AssetId,
        /// The class.
        class: Class,
        /// Root of the entries.
        got: String,
        /// Root in the store.
        expected: Digest,
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
    /// Writes the store; the last 32 bytes are the SHA-256 of all before.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: &mut dyn Write) -> Result<(), StoreError> {
        let mut sink = Sealing { out, hasher: StreamHasher::default() };
        sink.bytes(MAGIC)?;
        sink.bytes(&self.build_id)?;
        sink.u64(self.trees.len() as u64)?;
        for tree in &self.trees {
            sink.tree(tree)?;
        }
        let seal = sink.hasher.clone().finish();
        sink.out.write_all(seal.as_bytes())?;
        Ok(())
    }

    /// Reads a store, checks its seal, and recomputes every root from the entries.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn read(input: &mut dyn Read) -> Result<Self, StoreError> {
        let mut source = Unsealing { input, hasher: StreamHasher::default() };
        let magic: [u8; 16] = source.array()?;
        let (Some(name), Some(expected_name)) = (magic.get(..VERSION_AT), MAGIC.get(..VERSION_AT)) else {
            return Err(StoreError::Damaged("no header".to_owned()));
        };
        if name != expected_name {
            return Err(StoreError::Damaged("this is not a counterfoil store".to_owned()));
        }
        let (got, expected) = (magic.last().copied().unwrap_or(0), MAGIC.last().copied().unwrap_or(0));
        if got != expected {
            return Err(StoreError::Version { got, expected });
        }
        let build_id = source.array()?;
        let count = source.u64()?;
        let mut trees = Vec::new();
        for _ in 0..count {
            trees.push(source.tree()?);
        }
        let computed = source.hasher.clone().finish();
        let seal: [u8; 32] = source.array()?;
        if seal != computed.to_bytes() {
            return Err(StoreError::Damaged(format!("its seal is not the SHA-256 of its content, {computed}")));
        }
        if source.input.read(&mut [0])? != 0 {
            return Err(StoreError::Damaged("there are bytes behind its seal".to_owned()));
        }
        trees.iter().try_for_each(check_root)?;
        Ok(Self { build_id, trees })
    }
}

/// The seal shows that the bytes are those that were written; this, that they are a tree.
fn check_root(tree: &Tree) -> Result<(), StoreError> {
    let row = &tree.commitment;
    let disagrees =
        |got: String| StoreError::Disagrees { asset: row.asset.clone(), class: row.class, got, expected: row.root };
    let mut range = CompactRange::starting_at(0);
    for entry in &tree.entries {
        let node = entry.node().ok_or_else(|| disagrees("none: an entry does not fit".to_owned()))?;
        range.append(node).map_err(|error| disagrees(format!("none: {error}")))?;
    }
    match range.root() {
        Ok(Some(root)) if (root.digest, root.sum, range.end()) == (row.root, row.total, row.leaf_count) => Ok(()),
        Ok(Some(root)) => Err(disagrees(root.digest.to_string())),
        Ok(None) => Err(disagrees("none: there are no entries".to_owned())),
        Err(error) => Err(disagrees(format!("none: {error}"))),
    }
}

struct Sealing<'a> {
    out: &'a mut dyn Write,
    hasher: StreamHasher,
}

impl Sealing<'_> {
    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.out.write_all(bytes)
    }

    fn u64(&mut self, value: u64) -> io::Result<()> {
        self.bytes(&value.to_be_bytes())
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        let length = u32::try_from(text.len()).map_err(io::Error::other)?;
        self.bytes(&length.to_be_bytes())?;
        self.bytes(text.as_bytes())
    }

    fn tree(&mut self, tree: &Tree) -> io::Result<()> {
        let row = &tree.commitment;
        self.text(row.asset.as_str())?;
        self.text(row.class.text())?;
        self.bytes(&[row.decimals.get()])?;
        self.bytes(row.root.as_bytes())?;
        self.bytes(&row.total.to_be_bytes())?;
        self.u64(row.leaf_count)?;
        for entry in &tree.entries {
            self.bytes(&entry.order_key.0)?;
            self.bytes(&entry.nonce.0)?;
            self.bytes(&entry.amount.to_be_bytes())?;
            self.text(&entry.account)?;
            self.text(&entry.credential)?;
            self.u64(entry.parts.len() as u64)?;
            for part in &entry.parts {
                self.text(&part.product)?;
                self.bytes(&part.amount.to_be_bytes())?;
            }
        }
        Ok(())
    }
}

struct Unsealing<'a> {
    input: &'a mut dyn Read,
    hasher: StreamHasher,
}

impl Unsealing<'_> {
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), StoreError> {
        self.input.read_exact(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => StoreError::Damaged("it ends too early".to_owned()),
            _ => StoreError::Io(error),
        })?;
        self.hasher.update(buffer);
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], StoreError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn u64(&mut self) -> Result<u64, StoreError> {
        self.array().map(u64::from_be_bytes)
    }

    fn amount(&mut self) -> Result<Amount, StoreError> {
        self.array().map(|bytes| Amount::from_base_units(u128::from_be_bytes(bytes)))
    }

    fn text(&mut self) -> Result<String, StoreError> {
        let length = self.array().map(u32::from_be_bytes)?;
        if length > TEXT_MAX {
            return Err(StoreError::Damaged(format!("a text of {length} bytes, at most {TEXT_MAX} are written")));
        }
        let mut bytes = vec![0; length as usize];
        self.fill(&mut bytes)?;
        String::from_utf8(bytes).map_err(|_| StoreError::Damaged("a text is not UTF-8".to_owned()))
    }

    fn tree(&mut self) -> Result<Tree, StoreError> {
        let damaged = |what: &str| StoreError::Damaged(format!("{what} cannot be read"));
        let asset = self.text()?.parse().map_err(|_| damaged("an asset"))?;
        let class = self.text()?.parse().map_err(|()| damaged("a class"))?;
        let [decimals] = self.array()?;
        let decimals = Decimals::new(decimals).ok_or_else(|| damaged("the decimals of an asset"))?;
        let root = Digest::from_bytes(self.array()?);
        let total = self.amount()?;
        let leaf_count = self.u64()?;
        let mut entries = Vec::new();
        for _ in 0..leaf_count {
            entries.push(self.entry()?);
        }
        let commitment = LiabilityCommitment { asset, class, decimals, leaf_count, root, total };
        Ok(Tree { commitment, entries })
    }

    fn entry(&mut self) -> Result<Entry, StoreError> {
        let order_key = OrderKey(self.array()?);
        let nonce = Nonce(self.array()?);
        let amount = self.amount()?;
        let account = self.text()?;
        let credential = self.text()?;
        let count = self.u64()?;
        let mut parts = Vec::new();
        for _ in 0..count {
            let product = self.text()?;
            parts.push(Part { product, amount: self.amount()? });
        }
        Ok(Entry { order_key, nonce, account, credential, amount, parts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::Assets;
    use crate::ledger::{CsvSource, RowSource};
    use crate::liability::{build, leaf::SnapshotKey};
    use crate::secret::{Secret, SecretKind};

    fn stored() -> Vec<u8> {
        let assets = Assets::parse("[[asset]]\nid = \"BTC\"\ndecimals = 8\n").expect("assets");
        let ledger = b"account,asset,amount,product\nu1,BTC,1,spot\nu1,BTC,2,earn\nu2,BTC,3,\n".as_slice();
        let source = CsvSource::new("ledger.csv", 0, ledger, &assets, &[]).expect("a ledger");
        let mut sources: Vec<Box<dyn RowSource<'_> + '_>> = vec![Box::new(source)];
        let secret = Secret::new(SecretKind::Master, &mut [1; 32]);
        let key = SnapshotKey::derive(&secret, &[2; 32], &"example".parse().expect("a venue"), 0);
        let built = build(&key, &assets, &mut sources, &mut |_| ()).expect("builds");
        let mut file = Vec::new();
        Store { build_id: [2; 32], trees: built.trees }.write(&mut file).expect("memory");
        file
    }

    #[test]
    fn a_store_is_read_back() {
        let file = stored();
        let store = Store::read(&mut file.as_slice()).expect("its own file");
        assert_eq!(store.trees[0].entries.len(), 2);
        let mut again = Vec::new();
        store.write(&mut again).expect("memory");
        assert_eq!(again, file);
    }

    #[test]
    fn every_changed_byte_and_every_length_is_refused() {
        let file = stored();
        for at in 0..file.len() {
            let mut changed = file.clone();
            changed[at] ^= 1;
            assert!(Store::read(&mut changed.as_slice()).is_err(), "byte {at}");
            assert!(Store::read(&mut &file[..at]).is_err(), "cut at {at}");
        }
        let mut longer = file.clone();
        longer.push(0);
        assert!(Store::read(&mut longer.as_slice()).is_err());
        let mut older = file;
        older[VERSION_AT] = 0;
        assert_eq!(
            Store::read(&mut older.as_slice()).expect_err("an older version").to_string(),
            "format version 0, this program reads version 1"
        );
    }
}
