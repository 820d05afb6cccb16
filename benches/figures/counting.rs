//! A store's files that count what is read of them.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use counterfoil::liability::storage::{Folder, Storage, StoredFile};

/// Bytes of a page.
const PAGE: u64 = 4096;

/// Pages read, by file.
type Pages = Arc<Mutex<BTreeSet<(String, u64)>>>;

/// A folder of which every page that is read is noted.
pub(crate) struct Counting {
    folder: Folder,
    pages: Pages,
}

impl Counting {
    pub(crate) fn new(path: &Path) -> Self {
        Self { folder: Folder::new(path), pages: Pages::default() }
    }

    /// How many different pages were read since this was last asked.
    pub(crate) fn take(&self) -> usize {
        std::mem::take(&mut *self.pages.lock().unwrap_or_else(PoisonError::into_inner)).len()
    }
}

impl Storage for Counting {
    fn write_at(&self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<bool> {
        self.folder.write_at(name, offset, bytes)
    }

    fn sync(&self, name: &str) -> io::Result<()> {
        self.folder.sync(name)
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn StoredFile>> {
        let (file, pages) = (self.folder.open(name)?, Arc::clone(&self.pages));
        Ok(Arc::new(CountingFile { name: name.to_owned(), file, pages }))
    }
}

struct CountingFile {
    name: String,
    file: Arc<dyn StoredFile>,
    pages: Pages,
}

impl StoredFile for CountingFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let last = (offset + buffer.len() as u64).saturating_sub(1) / PAGE;
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        pages.extend((offset / PAGE..=last).map(|page| (self.name.clone(), page)));
        self.file.read_at(offset, buffer)
    }

    fn length(&self) -> io::Result<u64> {
        self.file.length()
    }
}
