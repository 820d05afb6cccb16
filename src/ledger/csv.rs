//! Ledgers as CSV (RFC 4180), UTF-8, with a first line of column names.
//!
//! The source reads blocks of whole lines, unpacks and hashes; what is in them is read by whoever gets the chunk. A
//! line is a row whatever stands in it: no quote reaches beyond its line, so a block may end behind any line.

mod lines;
mod marks;
mod used;

use std::io::Read;
use std::sync::Arc;

use self::lines::{Careful, Ledger, Lines};
use self::used::{Buffer, Used};
use super::columns::{Columns, Meaning};
use super::stream::Stream;
use super::{Chunk, LedgerError, LedgerErrorKind as Kind, ROW_LENGTH_MAX, RowSource, SourceRecord};
use crate::asset::Assets;

/// A row that is longer than this in the file is not read to its end: quotes and their doubling included, hardly any
/// row that is accepted is as long.
const RAW_ROW_LENGTH_MAX: usize = 4 * ROW_LENGTH_MAX;
/// Bytes read at a time: enough rows to be worth a hand-over to another thread, and few enough to stay in its cache.
const BLOCK_LENGTH: usize = 512 * 1024;
/// UTF-8's byte order mark, which spreadsheets write.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Rows of one CSV stream.
pub struct CsvSource<R> {
    name: String,
    blocks: Blocks<R>,
    ledger: Arc<Ledger>,
    /// What stands behind the first line in its block.
    rest: Option<Block>,
}

impl<R: Read> CsvSource<R> {
    /// Reads the first line. `name` is for messages and provenance, `number` the source's position from 0;
    /// columns named in `ignored` are left out on purpose.
    ///
    /// # Errors
    /// [`LedgerError`]: a column is missing, unknown or there twice; the stream is empty or unreadable.
    pub fn new(
        name: &str,
        number: u32,
        stream: R,
        assets: &Assets,
        ignored: &[String],
    ) -> Result<Self, Vec<LedgerError>> {
        Self::in_blocks(name, number, stream, assets, ignored, BLOCK_LENGTH)
    }

    /// Like [`CsvSource::new`], with as many bytes read at a time as `block_length` says, at least one. Rows and faults
    /// are the same whatever it is, which tests rely on.
    ///
    /// # Errors
    /// As of [`CsvSource::new`].
    pub fn in_blocks(
        name: &str,
        number: u32,
        stream: R,
        assets: &Assets,
        ignored: &[String],
        block_length: usize,
    ) -> Result<Self, Vec<LedgerError>> {
        let stream = Stream::open(name, stream).map_err(|error| vec![error])?;
        let mut blocks = Blocks::new(name, stream, block_length);
        let (columns, rest) = loop {
            let mut block = match blocks.next() {
                Some(Ok(block)) => block,
                Some(Err(error)) => return Err(vec![error]),
                None => return Err(vec![Kind::Empty(name.to_owned()).into()]),
            };
            let bytes = block.bytes.filled();
            let Some((start, end)) = first_line(bytes) else { continue };
            let line = block.first + count_breaks(bytes.get(..start).unwrap_or_default());
            let raw = bytes.get(start..end).unwrap_or_default();
            let columns = columns(raw, ignored).map_err(|faults| {
                faults.into_iter().map(|fault| lines::error(name, line, raw, *fault)).collect::<Vec<_>>()
            })?;
            block.bytes.skip(end);
            break (columns, Block { bytes: block.bytes, first: line });
        };
        let meaning = Meaning::new(columns, number, false, assets);
        let ledger = Arc::new(Ledger { name: name.to_owned(), meaning, used: blocks.used.clone() });
        Ok(Self { name: name.to_owned(), blocks, ledger, rest: Some(rest) })
    }

    /// Reads a negative amount as what the customer owes to the venue, instead of refusing it.
    #[must_use]
    pub fn with_debts(mut self, debts: bool) -> Self {
        if let Some(ledger) = Arc::get_mut(&mut self.ledger) {
            // no chunk has been handed out: there is no other owner
            ledger.meaning.debts = debts;
        }
        self
    }

    /// The name in messages.
    #[cfg(feature = "postgres")]
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    fn next_lines(&mut self) -> Option<Result<Lines, LedgerError>> {
        let block = self.rest.take().map(Ok).or_else(|| self.blocks.next())?;
        Some(block.map(|Block { bytes, first }| Lines { ledger: Arc::clone(&self.ledger), bytes, first }))
    }
}

/// Where the first line that is not empty begins and ends.
fn first_line(bytes: &[u8]) -> Option<(usize, usize)> {
    let start = bytes.iter().position(|byte| !matches!(byte, b'\n' | b'\r'))?;
    let rest = bytes.get(start..).unwrap_or_default();
    Some((start, start + memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len())))
}

fn columns(raw: &[u8], ignored: &[String]) -> Result<Columns, Vec<super::columns::RowFault>> {
    let mut reader = Careful::default();
    let record = reader.record(raw).map_err(|fault| vec![fault])?;
    Columns::find((0..record.count()).map(|index| record.field(index)), ignored)
}

fn count_breaks(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

impl<'a, R: Read> RowSource<'a> for CsvSource<R> {
    fn next_chunk(&mut self) -> Option<Result<Box<dyn Chunk + 'a>, LedgerError>> {
        Some(self.next_lines()?.map(|lines| Box::new(lines) as Box<dyn Chunk + 'a>))
    }

    fn has_credentials(&self) -> bool {
        self.ledger.meaning.columns.credential.is_some()
    }

    fn record(&self) -> SourceRecord {
        let (sha256, length) = self.blocks.stream.digest();
        let (name, kind) = (self.name.clone(), self.blocks.stream.kind().to_owned());
        SourceRecord { name, kind, sha256, length, rows: 0, database: None }
    }
}

/// Whole lines.
struct Block {
    bytes: Buffer,
    /// Number of the first line.
    first: u64,
}

/// Cuts a stream into blocks of whole lines.
struct Blocks<R> {
    name: String,
    stream: Stream<R>,
    /// Bytes asked for at a time.
    block_length: usize,
    /// What was read and not handed out: the beginning of a line.
    kept: Buffer,
    /// Offset of `kept` in the stream.
    offset: u64,
    /// Number of the line that `kept` begins.
    line: u64,
    /// Nothing more is read.
    ended: bool,
    /// Why, when it is not the end of the stream.
    fault: Option<LedgerError>,
    used: Used,
}

impl<R: Read> Blocks<R> {
    fn new(name: &str, stream: Stream<R>, block_length: usize) -> Self {
        let (name, kept, used) = (name.to_owned(), Buffer::default(), Used::default());
        Self { name, stream, block_length, kept, offset: 0, line: 1, ended: false, fault: None, used }
    }

    /// The next lines; `None` at the end. Lines before a fault come before it.
    fn next(&mut self) -> Option<Result<Block, LedgerError>> {
        loop {
            if !self.ended {
                self.fill();
            }
            let Some(cut) = self.cut() else { continue };
            if cut == 0 {
                // of a row that could not be read to its end, nothing is a row
                self.kept.truncate(0);
                return self.fault.take().map(Err);
            }
            let mut kept = self.used.take();
            kept.begin_with(self.kept.filled().get(cut..).unwrap_or_default());
            self.kept.truncate(cut);
            let mut block = Block { bytes: std::mem::replace(&mut self.kept, kept), first: self.line };
            let start = self.offset;
            self.offset += block.bytes.filled().len() as u64;
            self.line += self.measure(&mut block.bytes, start);
            if start == 0 && block.bytes.filled().starts_with(BYTE_ORDER_MARK) {
                block.bytes.skip(BYTE_ORDER_MARK.len());
            }
            return Some(Ok(block));
        }
    }

    /// Reads up to a block.
    fn fill(&mut self) {
        let (count, result) = self.kept.fill(&mut self.stream, self.block_length);
        self.ended = count < self.block_length;
        if let Err(error) = result {
            self.fault = Some(self.stream.error(&self.name, &error).into());
            self.ended = true;
        }
    }

    /// How many of the kept bytes are whole lines; `None` when more must be read to know.
    fn cut(&mut self) -> Option<usize> {
        let kept = self.kept.filled();
        if self.ended && self.fault.is_none() {
            return Some(kept.len());
        }
        let behind = |at: Option<usize>| at.map(|at| at + 1);
        let cut = behind(memchr::memrchr(b'\n', kept));
        // a file may end its lines with carriage returns alone
        let long = kept.len() > RAW_ROW_LENGTH_MAX || self.ended;
        let cut = cut.or_else(|| behind(memchr::memrchr(b'\r', kept)).filter(|_| long));
        if cut.is_none() && long && !self.ended {
            self.end_at_long_row(self.offset);
        }
        cut.or(long.then_some(0))
    }

    /// Counts the line feeds, and ends before a row that is too long.
    fn measure(&mut self, buffer: &mut Buffer, offset: u64) -> u64 {
        let bytes = buffer.filled();
        if !may_have_long_row(bytes) {
            return count_breaks(bytes);
        }
        let (mut count, mut start) = (0, 0);
        for end in memchr::memchr_iter(b'\n', bytes).chain([bytes.len()]) {
            if end - start > RAW_ROW_LENGTH_MAX
                && let Some(long) = long_row(bytes.get(start..end).unwrap_or_default())
            {
                self.end_at_long_row(offset + (start + long) as u64);
                buffer.truncate(start + long);
                return count;
            }
            start = end + 1;
            count += 1;
        }
        count - 1
    }

    fn end_at_long_row(&mut self, at: u64) {
        let detail = format!("the row at byte {at} has more than {RAW_ROW_LENGTH_MAX} bytes: is a quote left open?");
        self.fault = Some(Kind::Read(format!("{}: {detail}", self.name)).into());
        self.ended = true;
        self.kept.truncate(0);
    }
}

/// Whether there are more than [`RAW_ROW_LENGTH_MAX`] bytes without a line feed: leaps from the last one of a stretch
/// of that length to the next.
fn may_have_long_row(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some((stretch, _)) = rest.split_at_checked(RAW_ROW_LENGTH_MAX + 1) {
        match memchr::memrchr(b'\n', stretch) {
            Some(at) => rest = rest.get(at + 1..).unwrap_or_default(),
            None => return true,
        }
    }
    false
}

/// Where the first row begins that is too long, among rows ended by carriage returns.
fn long_row(bytes: &[u8]) -> Option<usize> {
    let mut start = 0;
    for end in memchr::memchr_iter(b'\r', bytes).chain([bytes.len()]) {
        if end - start > RAW_ROW_LENGTH_MAX {
            return Some(start);
        }
        start = end + 1;
    }
    None
}

#[cfg(test)]
mod tests;
