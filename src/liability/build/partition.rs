//! Partitions: rows apart by the first bytes of their order keys, in memory as long as they fit, then in scratch files.
//!
//! Order keys are evenly spread, so partitions are of one size; sorted one after another they give all leaves in order.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::record::{length, spoiled};
use crate::liability::storage::{ScratchFile, ScratchSpace};

/// Bits of their order keys by which rows are put apart.
const COARSE: u32 = 8;
/// The same where memory is ample: the partitions of some ten million rows then fit into a core's own cache. It is as
/// many scratch files again, and a process may have some thousand open.
const FINE: u32 = 9;
/// Bytes of one partition that a thread gathers before it hands them over. Smaller ones would ask the system for memory
/// more often, and one thread at a time is answered.
const BLOCK_MAX: usize = 64 << 10;
/// Where memory is short, at least so many.
const BLOCK_MIN: usize = 256;
/// Blocks that are gathered at least where partitions are fine.
const BLOCK_FINE: usize = 32 << 10;
/// Bytes of one partition that a thread gathers in its cache before they go into a block: rows that come one by one
/// into hundreds of places of memory would each wait for it.
const STAGE: usize = 512;
/// Most rows have at most so many bytes.
pub(super) const SHORT: usize = 96;
/// Bytes read at once where a partition is taken apart.
const PIECE: usize = 1 << 20;

/// Partitions that are filled from many threads.
pub(super) struct Partitions<'a> {
    space: &'a dyn ScratchSpace,
    /// Bits that all of their order keys have in common.
    common: u32,
    /// The bits behind these that tell them apart.
    bits: u32,
    /// Bytes of one partition that stay in memory.
    kept: usize,
    /// Bytes of a block that is gathered.
    block: usize,
    parts: Vec<Mutex<Partition>>,
}

/// The rows of one partition, in no order.
#[derive(Default)]
pub(super) struct Partition {
    /// Bits that all of its order keys have in common.
    common: u32,
    file: Option<SharedFile>,
    /// Where its rows begin in the file, of which it may have a part.
    begin: u64,
    on_disk: u64,
    /// Whole rows each.
    blocks: Vec<Vec<u8>>,
    /// Bytes of these.
    in_memory: usize,
}

/// A scratch file with the rows of one partition, or of all that one was taken apart into.
#[derive(Clone)]
struct SharedFile(Arc<Mutex<Box<dyn ScratchFile>>>);

impl SharedFile {
    fn create(space: &dyn ScratchSpace) -> io::Result<Self> {
        Ok(Self(Arc::new(Mutex::new(space.create()?))))
    }

    fn lock(&self) -> MutexGuard<'_, Box<dyn ScratchFile>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> Partitions<'a> {
    /// Empty partitions that together keep about `memory` bytes before they go to disk, to be filled by so many
    /// threads.
    pub(super) fn new(space: &'a dyn ScratchSpace, memory: usize, threads: usize) -> Self {
        Self::behind(space, memory, threads, 0, COARSE)
    }

    /// Twice as many partitions, where memory allows. Only where no others are filled meanwhile.
    pub(super) fn finer(self, memory: usize, threads: usize) -> Self {
        let finer = Self::behind(self.space, memory, threads, 0, FINE);
        if finer.block < BLOCK_FINE { self } else { finer }
    }

    fn behind(space: &'a dyn ScratchSpace, memory: usize, threads: usize, common: u32, bits: u32) -> Self {
        let count = 1 << bits;
        let part = || Mutex::new(Partition { common: common + bits, ..Partition::default() });
        let parts = std::iter::repeat_with(part).take(count).collect();
        // what is gathered counts, too: a sixteenth of the whole
        let block = (memory / (16 * count * threads.max(1))).clamp(BLOCK_MIN, BLOCK_MAX);
        Self { space, common, bits, kept: (memory / count).max(64), block, parts }
    }

    /// The partition of the row that begins these bytes.
    #[inline]
    fn which(&self, row: &[u8]) -> usize {
        let key = row.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        let key = key.checked_shl(self.common).and_then(|key| key.checked_shr(64 - self.bits)).unwrap_or(0);
        usize::try_from(key).unwrap_or(0)
    }

    /// The same in smaller blocks, for threads that begin anew and again: of each of them some stay half empty.
    pub(super) fn in_small_blocks(self) -> Self {
        Self { block: self.block.min(BLOCK_MAX / 4), ..self }
    }

    /// Adds whole rows to one partition.
    fn append(&self, which: usize, rows: Vec<u8>) -> io::Result<()> {
        let Some(part) = self.parts.get(which) else { return Ok(()) };
        let mut part = part.lock().unwrap_or_else(PoisonError::into_inner);
        part.in_memory += rows.len();
        part.blocks.push(rows);
        if part.in_memory > self.kept { part.spill(self.space, self.block) } else { Ok(()) }
    }

    /// The partitions in order, those above `limit` bytes taken apart by their next byte, for which `memory` bytes are
    /// free.
    pub(super) fn finish(self, limit: u64, memory: usize) -> io::Result<Vec<Partition>> {
        let mut done = Vec::new();
        for part in self.parts {
            let part = part.into_inner().unwrap_or_else(PoisonError::into_inner);
            if part.length() <= limit || part.common + COARSE > u64::BITS {
                done.extend((part.length() > 0).then_some(part));
            } else {
                let inner = Self::behind(self.space, memory, 1, part.common, COARSE);
                part.take_apart(&inner)?;
                done.extend(in_one_file(self.space, inner.finish(limit, memory)?)?);
            }
        }
        Ok(done)
    }
}

impl Partition {
    /// Bytes of its rows.
    pub(super) fn length(&self) -> u64 {
        self.on_disk + self.in_memory as u64
    }

    /// How many bits all of its order keys have in common.
    pub(super) fn common(&self) -> u32 {
        self.common
    }

    /// Brings what is in memory to the disk; blocks have about `block` bytes.
    fn spill(&mut self, space: &dyn ScratchSpace, block: usize) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(SharedFile::create(space)?),
        };
        let mut file = file.lock();
        // small blocks are written many at once
        for blocks in self.blocks.chunks(BLOCK_MAX.div_ceil(block)) {
            match blocks {
                [block] => file.append(block)?,
                blocks => file.append(&blocks.concat())?,
            }
        }
        self.blocks.clear();
        self.on_disk += self.in_memory as u64;
        self.in_memory = 0;
        Ok(())
    }

    /// All of its rows, in slabs of whole rows. The first slab may lend its memory.
    pub(super) fn load(mut self, slabs: &mut Vec<Vec<u8>>) -> io::Result<()> {
        slabs.truncate(1);
        let Some(file) = self.file.take() else {
            slabs.clear();
            slabs.append(&mut self.blocks);
            return Ok(());
        };
        let on_disk = usize::try_from(self.on_disk).map_err(|_| spoiled())?;
        let mut rows = slabs.pop().unwrap_or_default();
        rows.resize(on_disk, 0);
        file.lock().read_at(self.begin, &mut rows)?;
        slabs.push(rows);
        slabs.append(&mut self.blocks);
        Ok(())
    }

    /// Hands over its rows as they lie on the disk, then those in memory; a row may begin in one piece and end in
    /// the next. What `each` leaves in the buffer stands before the next piece.
    fn drain(mut self, each: &mut dyn FnMut(&mut Vec<u8>) -> io::Result<()>) -> io::Result<()> {
        let mut buffer = Vec::new();
        if let Some(file) = self.file.take() {
            let mut offset = 0;
            while offset < self.on_disk {
                let size = PIECE.min(usize::try_from(self.on_disk - offset).unwrap_or(PIECE));
                let begin = buffer.len();
                buffer.resize(begin + size, 0);
                file.lock().read_at(self.begin + offset, buffer.get_mut(begin..).unwrap_or_default())?;
                offset += size as u64;
                each(&mut buffer)?;
            }
        }
        for block in self.blocks {
            buffer.extend_from_slice(&block);
            each(&mut buffer)?;
        }
        if buffer.is_empty() { Ok(()) } else { Err(spoiled()) }
    }

    /// Puts every row into the partition of its next byte.
    fn take_apart(self, inner: &Partitions<'_>) -> io::Result<()> {
        let mut gathered = Gathered::new(inner);
        self.drain(&mut |rows| {
            let mut at = 0;
            while let Some(row) = rows.get(at..).and_then(|rest| rest.get(..length(rest)?)) {
                gathered.add(row)?;
                at += row.len();
            }
            rows.drain(..at);
            Ok(())
        })?;
        gathered.finish()
    }
}

/// Puts partitions one behind another: 256 of each of 256 would be more files than a process may have open, and what
/// each keeps in memory would together be everything.
fn in_one_file(space: &dyn ScratchSpace, parts: Vec<Partition>) -> io::Result<Vec<Partition>> {
    let (file, mut end, mut placed) = (SharedFile::create(space)?, 0, Vec::with_capacity(parts.len()));
    for part in parts {
        let (common, length) = (part.common, part.length());
        part.drain(&mut |rows| {
            file.lock().append(rows)?;
            rows.clear();
            Ok(())
        })?;
        let file = Some(file.clone());
        placed.push(Partition { common, file, begin: end, on_disk: length, ..Partition::default() });
        end += length;
    }
    Ok(placed)
}

/// Rows that one thread gathers for partitions, so that they are handed over many at a time.
pub(super) struct Gathered<'a> {
    partitions: &'a Partitions<'a>,
    blocks: Vec<Vec<u8>>,
    /// What waits for its block: so many bytes for each partition, none where memory is short.
    stage: Vec<u8>,
    width: usize,
    /// How many of them are rows.
    staged: Vec<usize>,
}

impl<'a> Gathered<'a> {
    pub(super) fn new(partitions: &'a Partitions<'a>) -> Self {
        // beside the blocks it hardly counts
        let (width, count) = (if partitions.block >= BLOCK_FINE { STAGE } else { 0 }, partitions.parts.len());
        let stage = vec![0; width * count];
        Self { partitions, blocks: vec![Vec::new(); count], stage, width, staged: vec![0; count] }
    }

    /// Adds one row, which begins with its order key.
    pub(super) fn add(&mut self, row: &[u8]) -> io::Result<()> {
        let which = self.partitions.which(row);
        self.blocks.get_mut(which).map_or(Ok(()), |block| into_block(self.partitions, which, block, row))
    }

    /// Adds the row that begins these bytes and has so many; to read a little more than that is quicker, where there is
    /// more.
    #[inline]
    pub(super) fn add_first(&mut self, bytes: &[u8], length: usize) -> io::Result<()> {
        let which = self.partitions.which(bytes);
        let (Some(staged), Some(fixed)) = (self.staged.get_mut(which), bytes.first_chunk::<SHORT>()) else {
            return self.add(bytes.get(..length).unwrap_or(bytes));
        };
        if length > SHORT || self.width < SHORT {
            return self.add(bytes.get(..length).unwrap_or(bytes));
        }
        let mut at = *staged;
        *staged += length;
        if at + SHORT > self.width {
            *staged = length;
            self.unstage(which, at)?;
            at = 0;
        }
        let begin = which * self.width + at;
        if let Some(place) = self.stage.get_mut(begin..).and_then(<[u8]>::first_chunk_mut::<SHORT>) {
            *place = *fixed;
        }
        Ok(())
    }

    /// Brings so many bytes of rows from the stage into their block.
    fn unstage(&mut self, which: usize, length: usize) -> io::Result<()> {
        let begin = which * self.width;
        let rows = self.stage.get(begin..begin + length).unwrap_or_default();
        self.blocks.get_mut(which).map_or(Ok(()), |block| into_block(self.partitions, which, block, rows))
    }

    /// Hands over what was gathered.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        for which in 0..self.staged.len() {
            let staged = self.staged.get_mut(which).map(std::mem::take).unwrap_or_default();
            self.unstage(which, staged)?;
        }
        for (which, block) in self.blocks.iter_mut().enumerate().filter(|(_, block)| !block.is_empty()) {
            self.partitions.append(which, std::mem::take(block))?;
        }
        Ok(())
    }
}

/// Adds whole rows to a block, and hands it over before when they do not fit.
fn into_block(partitions: &Partitions<'_>, which: usize, block: &mut Vec<u8>, rows: &[u8]) -> io::Result<()> {
    if block.capacity() - block.len() < rows.len() {
        let empty = Vec::with_capacity(partitions.block.max(rows.len()));
        let full = std::mem::replace(block, empty);
        if !full.is_empty() {
            partitions.append(which, full)?;
        }
    }
    block.extend_from_slice(rows);
    Ok(())
}
