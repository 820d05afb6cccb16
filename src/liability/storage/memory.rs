//! Storage in memory, for small trees.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{ScratchFile, ScratchSpace, Storage, StoredFile};

/// Files in memory.
#[derive(Clone, Default)]
pub struct MemoryStorage(Arc<Mutex<BTreeMap<String, Vec<u8>>>>);

impl MemoryStorage {
    /// These files.
    #[must_use]
    pub fn of(files: BTreeMap<String, Vec<u8>>) -> Self {
        Self(Arc::new(Mutex::new(files)))
    }

    /// Every file by its name.
    #[must_use]
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        self.lock().clone()
    }

    /// A panic of another thread leaves whole writes only.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Storage for MemoryStorage {
    fn write_at(&self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<bool> {
        let begin = usize::try_from(offset).map_err(|_| ErrorKind::FileTooLarge)?;
        let end = begin.checked_add(bytes.len()).ok_or(ErrorKind::FileTooLarge)?;
        let mut files = self.lock();
        let file = files.entry(name.to_owned()).or_default();
        file.resize(file.len().max(end), 0);
        file.get_mut(begin..end).unwrap_or_default().copy_from_slice(bytes);
        Ok(true)
    }

    fn sync(&self, _name: &str) -> io::Result<()> {
        Ok(())
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn StoredFile>> {
        let file = self.lock().get(name).cloned();
        file.map_or(Err(ErrorKind::NotFound.into()), |bytes| Ok(Arc::new(Bytes(bytes)) as Arc<dyn StoredFile>))
    }
}

struct Bytes(Vec<u8>);

impl StoredFile for Bytes {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        copy(&self.0, offset, buffer)
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.0.len() as u64)
    }
}

fn copy(bytes: &[u8], offset: u64, buffer: &mut [u8]) -> io::Result<()> {
    let start = usize::try_from(offset).ok();
    let found = start.and_then(|start| bytes.get(start..)?.get(..buffer.len()));
    buffer.copy_from_slice(found.ok_or(ErrorKind::UnexpectedEof)?);
    Ok(())
}

/// Scratch files in memory.
#[derive(Clone, Copy, Default)]
pub struct MemoryScratch;

impl ScratchSpace for MemoryScratch {
    fn create(&self) -> io::Result<Box<dyn ScratchFile>> {
        Ok(Box::new(Bytes(Vec::new())))
    }
}

impl ScratchFile for Bytes {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        copy(&self.0, offset, buffer)
    }
}
