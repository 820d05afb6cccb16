//! Where a build keeps what does not fit into memory, and a store its files.
//!
//! Reading is by position, never by mapping: a file that is cut short while it is read gives an error, where a mapped
//! one would end the process. `docs/decisions/0017-positioned-reads.md` has the figures.

mod folder;
mod memory;

use std::io;
use std::sync::Arc;

pub use folder::{Folder, Scratch};
pub use memory::{MemoryScratch, MemoryStorage};

/// What place in the file, place in memory and number of bytes must be multiples of, for bytes to go past the system's
/// memory.
pub(crate) const PAST_CACHE_UNIT: usize = 4096;
/// Fewer bytes at a time do not.
pub(crate) const PAST_CACHE_MIN: usize = 64 << 10;

/// A file that is read anywhere.
pub trait StoredFile: Send + Sync {
    /// Fills `buffer` from `offset` on.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] when the file is shorter; those of the medium.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;

    /// Bytes in the file.
    ///
    /// # Errors
    /// Those of the medium.
    fn length(&self) -> io::Result<u64>;
}

/// A place for files that stay.
pub trait Storage: Send + Sync {
    /// Puts bytes at `offset` of a file, which is made when it is not there; several threads may do so with one file at
    /// the same time. Says whether the system holds them in its memory, and does well to be asked for them soon: bytes
    /// that stand at a multiple of 4096 in file and memory, and are as many, may have gone past it.
    ///
    /// # Errors
    /// Those of the medium; what was written before stays.
    fn write_at(&self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<bool>;

    /// Returns when the file would survive a power failure.
    ///
    /// # Errors
    /// Those of the medium.
    fn sync(&self, name: &str) -> io::Result<()>;

    /// Opens a file that is there.
    ///
    /// # Errors
    /// Those of the medium; [`io::ErrorKind::NotFound`].
    fn open(&self, name: &str) -> io::Result<Arc<dyn StoredFile>>;
}

/// A file without a name, for as long as it is held.
pub trait ScratchFile: Send {
    /// Adds bytes at the end.
    ///
    /// # Errors
    /// Those of the medium.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Fills `buffer` from `offset` on.
    ///
    /// # Errors
    /// Those of the medium.
    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;
}

/// A place for files that nobody sees and that are gone when the process ends, however it ends.
pub trait ScratchSpace: Send + Sync {
    /// Makes an empty file.
    ///
    /// # Errors
    /// Those of the medium.
    fn create(&self) -> io::Result<Box<dyn ScratchFile>>;
}
