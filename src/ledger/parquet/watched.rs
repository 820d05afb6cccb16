//! Pages between being unpacked and being read: what the page's own header did not say.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parquet::basic::Encoding;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};

use super::delta::Lengths;
use super::limits::PAGE_MAX;

/// Bytes that the pages of one batch of rows may take, of all columns together. Pages are usually a mebibyte.
const BATCH_MAX: u64 = PAGE_MAX.unsigned_abs() * 4;
/// Memory of one value of a dictionary besides its bytes.
const VALUE_MEMORY: u64 = 32;

/// What the pages of the batch that is being read take.
#[derive(Default)]
pub(super) struct Taken(AtomicU64);

impl Taken {
    /// A new batch begins.
    pub(super) fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    fn add(&self, bytes: u64) -> std::result::Result<(), String> {
        let all = self.0.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        if all > BATCH_MAX {
            return Err(format!("some thousand rows unpack to {all} bytes and more, at most {BATCH_MAX} are unpacked"));
        }
        Ok(())
    }
}

/// Gives pages on that are looked at.
pub(super) struct Watched {
    pages: Box<dyn PageReader>,
    /// The deepest level of definition: 0 when the column has no nulls.
    levels: i16,
    taken: Arc<Taken>,
}

impl Watched {
    pub(super) fn new(pages: Box<dyn PageReader>, levels: i16, taken: Arc<Taken>) -> Self {
        Self { pages, levels, taken }
    }
}

impl Iterator for Watched {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Watched {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.pages.get_next_page()?;
        if let Some(page) = &page {
            let bytes = unpacked(page, self.levels).map_err(|detail| ParquetError::General(format!("a page {detail}")));
            self.taken.add(bytes?).map_err(ParquetError::General)?;
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }
}

/// Bytes that the values of a page come to in memory.
fn unpacked(page: &Page, levels: i16) -> std::result::Result<u64, String> {
    let bytes = page.buffer().len() as u64;
    let encoding = match page {
        Page::DictionaryPage { num_values, .. } => {
            return Ok(bytes.saturating_add(u64::from(*num_values) * VALUE_MEMORY));
        }
        Page::DataPage { encoding, .. } | Page::DataPageV2 { encoding, .. } => *encoding,
    };
    if !matches!(encoding, Encoding::DELTA_LENGTH_BYTE_ARRAY | Encoding::DELTA_BYTE_ARRAY) {
        return Ok(bytes);
    }
    let Some(values) = values(page, levels) else { return Err("is shorter than its levels".to_owned()) };
    let count = page.num_values();
    if encoding == Encoding::DELTA_LENGTH_BYTE_ARRAY {
        return Lengths::read(values, count).map(|_| bytes);
    }
    // each text repeats so many bytes of the one before
    let (repeated, rest) = Lengths::read(values, count)?.sum()?;
    Lengths::read(rest, count)?;
    let all = bytes.saturating_add(repeated);
    if all > PAGE_MAX.unsigned_abs() {
        return Err(format!("has texts of {all} bytes in delta encoding, at most {PAGE_MAX} are unpacked"));
    }
    Ok(all)
}

/// The bytes behind the levels.
fn values(page: &Page, levels: i16) -> Option<&[u8]> {
    let bytes: &[u8] = page.buffer();
    match page {
        Page::DataPage { num_values, def_level_encoding, .. } if levels > 0 => {
            let (head, rest) = bytes.split_first_chunk::<4>()?;
            if *def_level_encoding == Encoding::RLE {
                return rest.get(usize::try_from(u32::from_le_bytes(*head)).ok()?..);
            }
            // the older form: so many bits for each value, without a length
            let width = usize::try_from(i16::BITS - levels.leading_zeros()).ok()?;
            bytes.get(usize::try_from(*num_values).ok()?.checked_mul(width)?.div_ceil(8)..)
        }
        Page::DataPageV2 { def_levels_byte_len, rep_levels_byte_len, .. } => {
            bytes.get(usize::try_from(def_levels_byte_len.checked_add(*rep_levels_byte_len)?).ok()?..)
        }
        Page::DataPage { .. } | Page::DictionaryPage { .. } => Some(bytes),
    }
}
