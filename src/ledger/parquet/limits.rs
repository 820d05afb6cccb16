//! What a Parquet file may ask for. The library that unpacks it believes the lengths that stand in it: a file of some
//! bytes could ask for all memory, or for a recursion that ends the process. So they are looked at before.

use std::io::Read as _;
use std::ops::Range;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::file::reader::{ChunkReader, Length};

use super::thrift::{INTEGER, LIST, STRUCT, Thrift};
use super::unpacked::exceeds;

/// Bytes that one page may take, packed or unpacked. Programs write pages of one mebibyte, few of a hundred.
pub(super) const PAGE_MAX: i64 = 128 << 20;
/// Different values in the dictionary of a column: each takes many times its own bytes in memory.
const DICTIONARY_MAX: i64 = 1 << 24;
/// Bytes of one page's header. It can hold the smallest and the largest value of the page.
const PAGE_HEADER_MAX: usize = 4 << 20;
/// Bytes of a header that are looked at first.
const PAGE_HEADER_USUAL: usize = 512;
/// Bytes of the footer: some hundred for each column of each row group.
const FOOTER_MAX: u32 = 64 << 20;
/// Groups within one another in the schema; a ledger has none.
const SCHEMA_DEPTH_MAX: usize = 64;
/// Rows that need no byte of the file, and rows for each of its bytes. A file that repeats itself has many.
const ROWS_FREE: u64 = 1 << 24;
const ROWS_PER_BYTE: u64 = 256;
/// Length of the footer, and the name of the format.
const TAIL: usize = 8;

/// Whether this many rows are too many for a file of this length.
pub(super) fn too_many_rows(rows: u64, length: u64) -> bool {
    rows > ROWS_FREE.saturating_add(length.saturating_mul(ROWS_PER_BYTE))
}

/// A file that the library reads and that is looked at beside.
pub(super) struct Shared<R>(Arc<R>);

impl<R> Shared<R> {
    pub(super) fn new(file: R) -> Self {
        Self(Arc::new(file))
    }
}

impl<R> Clone for Shared<R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<R: Length> Length for Shared<R> {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl<R: ChunkReader> ChunkReader for Shared<R> {
    type T = R::T;

    fn get_read(&self, start: u64) -> parquet::errors::Result<R::T> {
        self.0.get_read(start)
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<bytes::Bytes> {
        self.0.get_bytes(start, length)
    }
}

/// Looks at pages before they are unpacked.
pub(super) trait Pages: Send + Sync {
    /// All pages of a column in a row group: `start` and `length` are where the footer says that they stand,
    /// and `packed` how they are packed.
    ///
    /// # Errors
    /// What is wrong with one of them.
    fn check(&self, start: i64, length: i64, packed: Compression) -> Result<(), String>;
}

impl<R: ChunkReader> Pages for Shared<R> {
    fn check(&self, start: i64, length: i64, packed: Compression) -> Result<(), String> {
        let range = u64::try_from(start).ok().zip(u64::try_from(length).ok());
        let range = range.and_then(|(start, length)| Some((start, start.checked_add(length)?)));
        let Some((mut at, end)) = range.filter(|(_, end)| *end <= self.len()) else {
            return Err(format!("a column of {length} bytes from byte {start} on, in a file of {}", self.len()));
        };
        while at < end {
            let named = |detail| format!("the page at byte {at} {detail}");
            let page = Page::read(self, at, end).map_err(named)?;
            if exceeds(self, packed, page.values(), page.unpacked_values()).map_err(named)? {
                let length = page.unpacked.unwrap_or_default();
                return Err(named(format!("unpacks to more than the {length} bytes that it says")));
            }
            at = page.end;
        }
        Ok(())
    }
}

/// What a page's header says of it.
#[derive(Default)]
struct Page {
    unpacked: Option<i64>,
    packed: Option<i64>,
    /// Values of a dictionary.
    values: Option<i64>,
    /// Bytes of levels in front of the values, of both kinds.
    levels: Vec<i64>,
    end: u64,
}

impl Page {
    fn levels(&self) -> u64 {
        self.levels.iter().map(|bytes| bytes.unsigned_abs()).fold(0, u64::saturating_add)
    }

    /// Where the packed values stand: behind the levels of the second kind of page, which are never packed.
    fn values(&self) -> Range<u64> {
        let packed = self.packed.unwrap_or_default().unsigned_abs();
        self.end.saturating_sub(packed).saturating_add(self.levels())..self.end
    }

    fn unpacked_values(&self) -> u64 {
        self.unpacked.unwrap_or_default().unsigned_abs().saturating_sub(self.levels())
    }

    fn read(file: &impl ChunkReader, at: u64, end: u64) -> Result<Self, String> {
        let left = usize::try_from(end - at).unwrap_or(usize::MAX).min(PAGE_HEADER_MAX);
        let mut looked = PAGE_HEADER_USUAL.min(left);
        loop {
            let mut header = Vec::new();
            let read = file.get_read(at).map_err(|error| error.to_string())?.take(looked as u64);
            { read }.read_to_end(&mut header).map_err(|error| error.to_string())?;
            let mut thrift = Thrift(&header);
            if let Some(mut page) = Self::parse(&mut thrift) {
                let length = header.len() - thrift.0.len();
                page.end = at + length as u64;
                return page.checked(end);
            }
            if looked == left || header.len() < looked {
                return Err("has no header that can be read".to_owned());
            }
            looked = looked.saturating_mul(16).min(left);
        }
    }

    fn parse(thrift: &mut Thrift<'_>) -> Option<Self> {
        let mut page = Self::default();
        // the library may take another of two, or a value of another type: neither stands in a header that is accepted
        thrift.fields(&mut |thrift, number, kind| {
            match (number, kind) {
                (2, INTEGER) if page.unpacked.is_none() => page.unpacked = Some(thrift.integer()?),
                (3, INTEGER) if page.packed.is_none() => page.packed = Some(thrift.integer()?),
                (7, STRUCT) => thrift.fields(&mut |thrift, number, kind| match (number, kind) {
                    (1, INTEGER) if page.values.is_none() => {
                        page.values = Some(thrift.integer()?);
                        Some(true)
                    }
                    (1, _) => None,
                    _ => Some(false),
                })?,
                (8, STRUCT) => thrift.fields(&mut |thrift, number, kind| match (number, kind) {
                    (5 | 6, INTEGER) => {
                        page.levels.push(thrift.integer()?);
                        (page.levels.len() <= 2).then_some(true)
                    }
                    (5 | 6, _) => None,
                    _ => Some(false),
                })?,
                (2 | 3 | 7 | 8, _) => return None,
                _ => return Some(false),
            }
            Some(true)
        })?;
        Some(page)
    }

    fn checked(mut self, end: u64) -> Result<Self, String> {
        let (Some(packed), Some(unpacked)) = (self.packed, self.unpacked) else {
            return Err("does not say how long it is".to_owned());
        };
        if !(0..=PAGE_MAX).contains(&packed) || !(0..=PAGE_MAX).contains(&unpacked) {
            return Err(format!("unpacks from {packed} to {unpacked} bytes, at most {PAGE_MAX} are unpacked"));
        }
        if let Some(values) = self.values.filter(|values| !(0..=DICTIONARY_MAX.min(unpacked)).contains(values)) {
            return Err(format!("is a dictionary of {values} values in {unpacked} bytes"));
        }
        let levels = self.levels.iter().try_fold(0_i64, |sum, bytes| sum.checked_add(*bytes).filter(|_| *bytes >= 0));
        if levels.is_none_or(|levels| levels > unpacked) {
            return Err(format!("has {:?} bytes of levels in {unpacked}", self.levels));
        }
        self.end = self.end.checked_add(packed.unsigned_abs()).filter(|page_end| *page_end <= end).unwrap_or(u64::MAX);
        if self.end == u64::MAX {
            return Err("reaches beyond its column".to_owned());
        }
        Ok(self)
    }
}

/// The footer: that it can be walked through, and that its schema is not nested deeply. What is no Parquet file at all
/// is left to the library, which says so.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check_footer(file: &impl ChunkReader) -> Result<(), String> {
    let Some(tail) = file.len().checked_sub(TAIL as u64) else { return Ok(()) };
    let bytes = file.get_bytes(tail, TAIL).map_err(|error| error.to_string())?;
    let Some((length, b"PAR1")) = bytes.split_first_chunk::<4>() else { return Ok(()) };
    let length = u32::from_le_bytes(*length);
    let Some(start) = tail.checked_sub(u64::from(length)) else { return Ok(()) };
    if length > FOOTER_MAX {
        return Err(format!("the footer has {length} bytes, at most {FOOTER_MAX} are read"));
    }
    let footer = file.get_bytes(start, length as usize).map_err(|error| error.to_string())?;
    let mut deepest = 0;
    let walked = Thrift(&footer).fields(&mut |thrift, number, kind| {
        let is_schema = (number, kind) == (2, LIST);
        if is_schema {
            deepest = deepest.max(schema_depth(thrift)?);
        }
        Some(is_schema)
    });
    if walked.is_none() {
        return Err("the footer cannot be read".to_owned());
    }
    if deepest > SCHEMA_DEPTH_MAX {
        return Err(format!("the schema is nested more than {SCHEMA_DEPTH_MAX} levels"));
    }
    Ok(())
}

/// How deep the groups of a schema go; it is a list in which a group comes before its members. Counts no further than
/// to what is too deep, but reads on.
fn schema_depth(thrift: &mut Thrift<'_>) -> Option<usize> {
    let (kind, count) = thrift.list()?;
    if kind != STRUCT {
        return None;
    }
    // members that are still to come, of each group that is open
    let (mut open, mut deepest) = (Vec::new(), 0);
    for _ in 0..count {
        let mut members = 0_i64;
        thrift.fields(&mut |thrift, number, kind| {
            let is_count = (number, kind) == (5, INTEGER);
            if is_count {
                members = thrift.integer()?;
            }
            Some(is_count)
        })?;
        if let Some(left) = open.last_mut() {
            *left -= 1;
        }
        if members > 0 && open.len() <= SCHEMA_DEPTH_MAX {
            open.push(members);
        }
        deepest = deepest.max(open.len());
        while open.last().is_some_and(|left| *left <= 0) {
            open.pop();
        }
    }
    Some(deepest)
}

#[cfg(test)]
mod tests;
