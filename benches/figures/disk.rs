//! The floor: how long the disk takes for the same bytes in the same folder when nothing is computed.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::time::Instant;

use rustix::fs::{Advice, fadvise};

/// Takes a file out of the page cache, so that it is read from the disk. What a hypervisor keeps stays kept.
pub(crate) fn forget(path: &Path) -> anyhow::Result<()> {
    let file = File::open(path)?;
    file.sync_all()?;
    fadvise(&file, 0, None, Advice::DontNeed)?;
    Ok(())
}

/// Seconds to read a file that was taken out of the page cache.
pub(crate) fn read_seconds(path: &Path) -> anyhow::Result<f64> {
    forget(path)?;
    let mut buffer = vec![0; 1 << 20];
    let began = Instant::now();
    let mut file = File::open(path)?;
    while file.read(&mut buffer)? > 0 {}
    Ok(began.elapsed().as_secs_f64())
}

/// Seconds to write so many bytes that do not compress, until they are on the disk.
pub(crate) fn write_seconds(folder: &Path, length: u64) -> anyhow::Result<f64> {
    let path = folder.join("disk-floor");
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let buffer: Vec<u8> = std::iter::repeat_with(&mut next).take(1 << 17).flatten().collect();
    let began = Instant::now();
    let mut file = File::create(&path)?;
    let mut left = length;
    while left > 0 {
        let now = left.min(buffer.len() as u64);
        file.write_all(buffer.get(..now as usize).unwrap_or(&buffer))?;
        left -= now;
    }
    file.sync_all()?;
    let seconds = began.elapsed().as_secs_f64();
    fs::remove_file(&path)?;
    Ok(seconds)
}

/// Bytes of all files below a folder.
pub(crate) fn size(folder: &Path) -> anyhow::Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        sum += if metadata.is_dir() { size(&entry.path())? } else { metadata.len() };
    }
    Ok(sum)
}
