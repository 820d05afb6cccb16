//! The public log of the small venue, as files: what `publish` would write for these statements.

use crate::bundle::MemoryFiles;
use crate::publish::log::audit::Entry;
use crate::publish::log::{Checkpoint, KeyKind, LogProof, Note, NoteSigner, tiles, tree};
use crate::secret::{Secret, SecretKind};
use crate::snapshot::Time;

use super::books::{Books, ORIGIN};
use super::example_venue::{ExampleError, fault, seed};

/// A log of some statements.
pub(super) struct LogBook {
    entries: Vec<(Entry, Vec<u8>)>,
    /// Its signed checkpoint.
    pub(super) checkpoint: Note,
}

fn signer() -> Result<NoteSigner, ExampleError> {
    let secret = Secret::new(SecretKind::Log, &mut seed("lab: log"));
    NoteSigner::new(ORIGIN, KeyKind::Log, &secret).ok_or_else(|| fault("no name of a log"))
}

/// The section of a policy that pins the log, and no witness.
pub(super) fn section() -> Result<String, ExampleError> {
    Ok(format!("\n[log]\nkey = \"{}\"\nquorum = 0\n", signer()?.key()))
}

impl LogBook {
    /// The log of these statements, in their order.
    pub(super) fn new(books: &[&Books]) -> Result<Self, ExampleError> {
        let entry = |book: &&Books| Ok((Entry::parse(&book.file).map_err(fault)?, book.file.clone()));
        let entries: Vec<(Entry, Vec<u8>)> = books.iter().map(entry).collect::<Result<_, ExampleError>>()?;
        let leaves: Vec<_> = entries.iter().map(|(entry, _)| entry.leaf).collect();
        let size = leaves.len() as u64;
        let mut checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size, root: tree::root(&leaves) }.to_note();
        checkpoint.add(signer()?.sign(checkpoint.text(), Time::from_unix(0)).map_err(fault)?);
        Ok(Self { entries, checkpoint })
    }

    /// The proof that the entry with this index is in it.
    pub(super) fn proof(&self, index: u64) -> Result<LogProof, ExampleError> {
        let leaves: Vec<_> = self.entries.iter().map(|(entry, _)| entry.leaf).collect();
        let path = tree::inclusion_proof(&leaves, index).ok_or_else(|| fault("no such entry"))?;
        Ok(LogProof { extra: None, index, path, checkpoint: self.checkpoint.clone() })
    }

    /// The folder.
    pub(super) fn files(&self) -> MemoryFiles {
        let leaves: Vec<_> = self.entries.iter().map(|(entry, _)| entry.leaf).collect();
        let mut files: MemoryFiles =
            tiles::tiles(&leaves).into_iter().map(|tile| (tile.path.clone(), tile.bytes())).collect();
        for (index, (_, file)) in (0..).zip(&self.entries) {
            files.insert(tiles::statement_path(index), file.clone());
        }
        let documents: Vec<Vec<u8>> = self.entries.iter().map(|(entry, _)| entry.document.clone()).collect();
        if let (Some((path, _)), Some(bytes)) = (tiles::last_bundle(leaves.len() as u64), tiles::bundle(&documents)) {
            files.insert(path, bytes);
        }
        files.insert(tiles::CHECKPOINT.to_owned(), self.checkpoint.to_string().into_bytes());
        files
    }
}
