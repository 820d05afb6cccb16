//! Storage in a folder: files that only their owner may read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{PAST_CACHE_MIN, PAST_CACHE_UNIT, ScratchFile, ScratchSpace, Storage, StoredFile};

/// Files of a folder, which must be there before one is made in it.
pub struct Folder {
    path: PathBuf,
    /// Whether the file system has refused to take bytes past the page cache.
    refused: AtomicBool,
}

impl Folder {
    /// The folder at this path.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), refused: AtomicBool::new(false) }
    }

    /// Writes past the page cache: no copy is made, and no page taken. `None` when these bytes, this file system or
    /// this system are not for it.
    fn write_past_cache(&self, name: &str, offset: u64, bytes: &[u8]) -> Option<io::Result<()>> {
        let at_unit = offset.is_multiple_of(PAST_CACHE_UNIT as u64) && bytes.len().is_multiple_of(PAST_CACHE_UNIT);
        let at_unit = at_unit && bytes.as_ptr().addr().is_multiple_of(PAST_CACHE_UNIT);
        if !at_unit || bytes.len() < PAST_CACHE_MIN || self.refused.load(Ordering::Relaxed) {
            return None;
        }
        let file = new_file().custom_flags(PAST_CACHE?).open(self.path.join(name));
        match file.and_then(|file| file.write_all_at(bytes, offset)) {
            // a file system that cannot says so at once or at the first write
            Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => {
                self.refused.store(true, Ordering::Relaxed);
                None
            }
            result => Some(result),
        }
    }
}

/// The flag for it, where the system has one.
#[cfg(any(target_os = "linux", target_os = "android"))]
const PAST_CACHE: Option<i32> = Some(rustix::fs::OFlags::DIRECT.bits().cast_signed());
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const PAST_CACHE: Option<i32> = None;

fn new_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    options
}

impl Storage for Folder {
    fn write_at(&self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<bool> {
        if let Some(result) = self.write_past_cache(name, offset, bytes) {
            return result.map(|()| false);
        }
        new_file().open(self.path.join(name))?.write_all_at(bytes, offset)?;
        Ok(true)
    }

    fn sync(&self, name: &str) -> io::Result<()> {
        File::open(self.path.join(name))?.sync_all()
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn StoredFile>> {
        let path = self.path.join(name);
        // opening a pipe waits for somebody who writes into it
        if !fs::metadata(&path)?.is_file() {
            return Err(io::Error::new(ErrorKind::InvalidInput, format!("{name} is not a file")));
        }
        Ok(Arc::new(OnDisk(File::open(path)?)))
    }
}

struct OnDisk(File);

impl StoredFile for OnDisk {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(buffer, offset)
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }
}

/// Files without a name on the medium of this folder.
pub struct Scratch(PathBuf);

impl Scratch {
    /// Takes its room beside the files of this folder.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }
}

impl ScratchSpace for Scratch {
    fn create(&self) -> io::Result<Box<dyn ScratchFile>> {
        Ok(Box::new(OnDisk(tempfile::tempfile_in(&self.0)?)))
    }
}

impl ScratchFile for OnDisk {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(buffer, offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_the_same_past_the_page_cache_and_through_it() {
        let bytes: Vec<u8> = (0..=250).cycle().take(4 * PAST_CACHE_MIN).collect();
        let begin = bytes.as_ptr().align_offset(PAST_CACHE_UNIT);
        let unit = &bytes[begin..];
        // a file system on a medium, and one in memory where there is one: either may refuse
        let in_memory = tempfile::tempdir_in("/dev/shm").ok();
        for place in in_memory.into_iter().chain([tempfile::tempdir().unwrap()]) {
            for refused in [false, true] {
                let folder = Folder::new(place.path());
                folder.refused.store(refused, Ordering::Relaxed);
                let name = format!("file-{refused}");
                let size = PAST_CACHE_MIN;
                // the second half first, then the first, a tail, and a few bytes in the midst
                let held = folder.write_at(&name, size as u64, &unit[size..2 * size]).unwrap();
                assert!(held || !refused);
                folder.write_at(&name, 0, &unit[..size]).unwrap();
                assert!(folder.write_at(&name, 2 * size as u64, &unit[..100]).unwrap());
                assert!(folder.write_at(&name, 4096, b"midst").unwrap());
                // as many as would be enough, and not at a multiple in memory
                assert!(folder.write_at(&name, 3 * size as u64, &unit[1..=size]).unwrap());
                folder.sync(&name).unwrap();
                let mut expected = [&unit[..2 * size], &unit[..100]].concat();
                expected[4096..4101].copy_from_slice(b"midst");
                expected.resize(3 * size, 0);
                expected.extend_from_slice(&unit[1..=size]);
                assert!(fs::read(place.path().join(&name)).unwrap() == expected, "{refused}");
            }
        }
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error_either_way() {
        let folder = Folder::new(Path::new("/nowhere/at/all"));
        let bytes = vec![0; 2 * PAST_CACHE_MIN];
        let begin = bytes.as_ptr().align_offset(PAST_CACHE_UNIT);
        for bytes in [&bytes[begin..begin + PAST_CACHE_MIN], b"few"] {
            assert_eq!(folder.write_at("file", 0, bytes).unwrap_err().kind(), ErrorKind::NotFound);
        }
    }
}
