//! Partitions: rows apart by the first bytes of their order keys, in memory as long as they fit, then in scratch files.
//!
//! Order keys are evenly spread, so partitions are of one size; sorted one after another they give all leaves in order.

use std::io;
use std::sync::{Mutex, PoisonError};

use super::record::{length, place, spoiled};
use crate::liability::storage::{ScratchFile, ScratchSpace};

/// One partition for each value of a byte.
pub(super) const COUNT: usize = 256;
/// Partitions below this size are sorted as they are.
const CACHED: usize = 256 << 10;
/// Bytes read at once where a partition is taken apart.
const PIECE: usize = 1 << 20;

/// Partitions that are filled from many threads.
pub(super) struct Partitions<'a> {
    space: &'a dyn ScratchSpace,
    /// Which byte of the order key tells them apart.
    depth: usize,
    /// Bytes of one partition that stay in memory.
    kept: usize,
    parts: Vec<Mutex<Partition>>,
}

/// The rows of one partition, in no order.
#[derive(Default)]
pub(super) struct Partition {
    depth: usize,
    file: Option<Box<dyn ScratchFile>>,
    on_disk: u64,
    in_memory: Vec<u8>,
}

impl<'a> Partitions<'a> {
    /// Empty partitions that together keep about `memory` bytes before they go to disk.
    pub(super) fn new(space: &'a dyn ScratchSpace, memory: usize) -> Self {
        Self::at_depth(space, memory, 0)
    }

    fn at_depth(space: &'a dyn ScratchSpace, memory: usize, depth: usize) -> Self {
        let part = || Mutex::new(Partition { depth, ..Partition::default() });
        let parts = std::iter::repeat_with(part).take(COUNT).collect();
        Self { space, depth, kept: (memory / COUNT).max(64), parts }
    }

    /// Adds whole rows to one partition.
    pub(super) fn append(&self, which: usize, rows: &[u8]) -> io::Result<()> {
        let Some(part) = self.parts.get(which) else { return Ok(()) };
        let mut part = part.lock().unwrap_or_else(PoisonError::into_inner);
        if part.in_memory.len() + rows.len() <= self.kept {
            part.in_memory.extend_from_slice(rows);
            return Ok(());
        }
        let mut kept = std::mem::take(&mut part.in_memory);
        let file = match &mut part.file {
            Some(file) => file,
            none => none.insert(self.space.create()?),
        };
        file.append(&kept)?;
        part.on_disk += kept.len() as u64;
        kept.clear();
        kept.extend_from_slice(rows);
        part.in_memory = kept;
        Ok(())
    }

    /// The partitions in order, those above `limit` bytes taken apart by their next byte.
    pub(super) fn finish(self, limit: u64) -> io::Result<Vec<Partition>> {
        let (space, memory) = (self.space, self.kept * COUNT);
        let mut done = Vec::new();
        for part in self.parts {
            let part = part.into_inner().unwrap_or_else(PoisonError::into_inner);
            if part.length() <= limit || part.depth + 1 >= 16 {
                done.extend((part.length() > 0).then_some(part));
            } else {
                let inner = Self::at_depth(space, memory, part.depth + 1);
                part.take_apart(&inner)?;
                done.extend(inner.finish(limit)?);
            }
        }
        Ok(done)
    }
}

impl Partition {
    /// Bytes of its rows.
    pub(super) fn length(&self) -> u64 {
        self.on_disk + self.in_memory.len() as u64
    }

    /// All of its rows, in pieces that stand one after another in the order of keys and that each fit into the
    /// processor's cache: sorting jumps about in them.
    pub(super) fn pieces(self) -> io::Result<Vec<Vec<u8>>> {
        let depth = self.depth + 1;
        let rows = self.load()?;
        if rows.len() < CACHED {
            return Ok(vec![rows]);
        }
        let mut sizes = [0_usize; COUNT];
        each_row(&rows, depth, &mut |which, row| {
            if let Some(size) = sizes.get_mut(which) {
                *size += row.len();
            }
        })?;
        let mut pieces: Vec<Vec<u8>> = sizes.into_iter().map(Vec::with_capacity).collect();
        each_row(&rows, depth, &mut |which, row| {
            if let Some(piece) = pieces.get_mut(which) {
                piece.extend_from_slice(row);
            }
        })?;
        pieces.retain(|piece| !piece.is_empty());
        Ok(pieces)
    }

    /// All of its rows.
    fn load(mut self) -> io::Result<Vec<u8>> {
        let Some(mut file) = self.file.take() else { return Ok(self.in_memory) };
        let on_disk = usize::try_from(self.on_disk).map_err(|_| spoiled())?;
        let mut rows = vec![0; on_disk];
        file.read_at(0, &mut rows)?;
        rows.append(&mut self.in_memory);
        Ok(rows)
    }

    fn take_apart(mut self, inner: &Partitions<'_>) -> io::Result<()> {
        let mut buffer = Vec::new();
        if let Some(mut file) = self.file.take() {
            let mut offset = 0;
            while offset < self.on_disk {
                let size = PIECE.min(usize::try_from(self.on_disk - offset).unwrap_or(PIECE));
                let begin = buffer.len();
                buffer.resize(begin + size, 0);
                file.read_at(offset, buffer.get_mut(begin..).unwrap_or_default())?;
                offset += size as u64;
                inner.distribute(&mut buffer)?;
            }
        }
        buffer.append(&mut self.in_memory);
        inner.distribute(&mut buffer)?;
        if buffer.is_empty() { Ok(()) } else { Err(spoiled()) }
    }
}

/// Hands over every row with the byte of its order key that tells it from the others.
fn each_row(rows: &[u8], depth: usize, each: &mut dyn FnMut(usize, &[u8])) -> io::Result<()> {
    let mut rest = rows;
    while !rest.is_empty() {
        let (order_key, _) = place(rest).ok_or_else(spoiled)?;
        let (row, behind) = length(rest).and_then(|length| rest.split_at_checked(length)).ok_or_else(spoiled)?;
        each(usize::from(order_key.0.get(depth).copied().unwrap_or_default()), row);
        rest = behind;
    }
    Ok(())
}

impl Partitions<'_> {
    /// Appends every whole row to its partition and leaves what remains.
    fn distribute(&self, rows: &mut Vec<u8>) -> io::Result<()> {
        let mut at = 0;
        while let Some(row) = rows.get(at..).and_then(|rest| rest.get(..length(rest)?)) {
            let (order_key, _) = place(row).ok_or_else(spoiled)?;
            self.append(usize::from(order_key.0.get(self.depth).copied().unwrap_or_default()), row)?;
            at += row.len();
        }
        rows.drain(..at);
        Ok(())
    }
}
