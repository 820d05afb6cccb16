//! Lines of a CSV ledger become rows, on whatever thread.
//!
//! Two readers give the same rows. The quick one takes lines apart at their commas; whatever it does not like about a
//! line it leaves to the careful one, which reads the line again with the CSV reader and says what is wrong and where.

use std::sync::Arc;

use csv_core::{ReadRecordResult, Reader};

use super::marks::{self, WINDOW};
use super::used::{Buffer, Used};
use crate::ledger::columns::{Meaning, RowFault};
use crate::ledger::excerpt::{self, Fault};
use crate::ledger::{Chunk, LedgerError, LedgerErrorKind as Kind, ROW_LENGTH_MAX, Row};

/// What all lines of a ledger share.
#[derive(Debug)]
pub(super) struct Ledger {
    /// For messages.
    pub(super) name: String,
    pub(super) meaning: Meaning,
    pub(super) used: Used,
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.ledger.used.give(std::mem::take(&mut self.bytes));
    }
}

/// Whole lines of a ledger.
pub(super) struct Lines {
    pub(super) ledger: Arc<Ledger>,
    pub(super) bytes: Buffer,
    /// Number of the first line.
    pub(super) first: u64,
}

type Each<'e> = &'e mut dyn FnMut(Result<Row<'_>, LedgerError>);

impl Chunk for Lines {
    fn rows(&self, each: Each<'_>) {
        match std::str::from_utf8(self.bytes.filled()) {
            Ok(text) => self.quick(text, each),
            Err(_) => self.careful(each),
        }
    }
}

impl Lines {
    /// Every line with the careful reader.
    pub(super) fn careful(&self, each: Each<'_>) {
        let mut reader = Careful::default();
        for (line, number) in self.bytes.filled().split(|&byte| byte == b'\n').zip(self.first..) {
            reader.read(&self.ledger, line, number, each);
        }
    }

    /// Every line with the quick reader, if it can.
    fn quick(&self, text: &str, each: Each<'_>) {
        let bytes = text.as_bytes();
        // a look at everything is cheaper than one at each line
        let odd = memchr::memchr2(b'"', b'\r', bytes).is_some();
        let mut careful = None;
        let mut line = Line { text, start: 0, end: 0, commas: Vec::with_capacity(16) };
        let mut number = self.first;
        let mut end_at = |line: &mut Line<'_>, end| {
            line.end = end;
            if end > line.start {
                match line.row(&self.ledger.meaning, number, odd) {
                    Some(row) => each(Ok(row)),
                    None => {
                        let careful = careful.get_or_insert_with(Careful::default);
                        careful.read(&self.ledger, line.raw(), number, each);
                    }
                }
            }
            line.start = end + 1;
            line.commas.clear();
            number += 1;
        };
        let (windows, tail) = bytes.as_chunks::<WINDOW>();
        let mut last = [0; WINDOW];
        last.iter_mut().zip(tail).for_each(|(place, byte)| *place = *byte);
        for (window, begin) in windows.iter().chain([&last]).zip((0..).step_by(WINDOW)) {
            for (at, found) in marks::of(window) {
                if found == b',' { line.commas.push(begin + at) } else { end_at(&mut line, begin + at) }
            }
        }
        if line.start < bytes.len() {
            end_at(&mut line, bytes.len());
        }
    }
}

/// A line and its commas.
struct Line<'b> {
    text: &'b str,
    start: usize,
    end: usize,
    commas: Vec<usize>,
}

impl<'b> Line<'b> {
    fn raw(&self) -> &'b [u8] {
        self.text.as_bytes().get(self.start..self.end).unwrap_or_default()
    }

    /// The row; `None` when the line has a fault, quotes, or a carriage return other than at its end. `odd` says that
    /// there may be such characters.
    #[inline]
    fn row(&self, meaning: &Meaning, number: u64, odd: bool) -> Option<Row<'b>> {
        let mut end = self.end;
        if odd {
            let raw = self.raw();
            let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
            end = self.start + raw.len();
            if memchr::memchr2(b'"', b'\r', raw).is_some() {
                return None;
            }
        }
        if self.commas.len() + 1 != meaning.columns.count || end - self.start > ROW_LENGTH_MAX || end == self.start {
            return None;
        }
        let bounds = |index: usize| {
            let start = index.checked_sub(1).and_then(|before| self.commas.get(before)).map_or(self.start, |at| at + 1);
            (start, self.commas.get(index).copied().unwrap_or(end))
        };
        if let Some(row) = meaning.plain_row(number, self.text, bounds) {
            return Some(row);
        }
        let field = |index| {
            let (start, end) = bounds(index);
            Ok(self.text.get(start..end).unwrap_or_default())
        };
        meaning.row(number, field).ok()
    }
}

/// The CSV reader, fed with one line at a time: no quote reaches beyond its line.
pub(super) struct Careful {
    reader: Reader,
    fields: Vec<u8>,
    ends: Vec<usize>,
}

impl Default for Careful {
    fn default() -> Self {
        let mut reader = Reader::new();
        // the reader skips a byte order mark where it begins, which is in the middle of a file here
        let _ = reader.read_record(b"\n", &mut [0; 1], &mut [0; 1]);
        Self { reader, fields: Vec::new(), ends: Vec::new() }
    }
}

impl Careful {
    /// Every row of what stands between two line feeds: a carriage return ends a line, too.
    fn read(&mut self, ledger: &Ledger, lines: &[u8], number: u64, each: Each<'_>) {
        for raw in lines.split(|&byte| byte == b'\r').filter(|raw| !raw.is_empty()) {
            let row = self.record(raw).and_then(|record| {
                let expected = ledger.meaning.columns.count;
                if record.count() != expected {
                    let kind = Kind::RowShape { got: record.count(), expected };
                    return Err(Box::new((kind, Fault::Line)));
                }
                ledger.meaning.row(number, |index| record.field(index))
            });
            each(row.map_err(|fault| error(&ledger.name, number, raw, *fault)));
        }
    }

    /// Takes a line apart.
    ///
    /// # Errors
    /// A quote that does not enclose a field, or too many bytes.
    pub(super) fn record(&mut self, raw: &[u8]) -> Result<Record<'_>, RowFault> {
        if let Some(index) = excerpt::stray_quote(raw) {
            return Err(Box::new((Kind::Quote, Fault::Field { index, within: None })));
        }
        let commas = memchr::memchr_iter(b',', raw).count();
        self.fields.resize(raw.len() + 1, 0);
        self.ends.resize(commas + 2, 0);
        let (_, _, length, count) = self.reader.read_record(raw, &mut self.fields, &mut self.ends);
        let (rest, ends) = (self.fields.get_mut(length..), self.ends.get_mut(count..));
        let (rest, ends) = (rest.unwrap_or_default(), ends.unwrap_or_default());
        let (result, _, more, last) = self.reader.read_record(b"\n", rest, ends);
        debug_assert!(result == ReadRecordResult::Record, "{result:?}");
        let (length, count) = (length + more, count + last);
        if length > ROW_LENGTH_MAX {
            return Err(Box::new((Kind::RowTooLong { got: length }, Fault::Line)));
        }
        let fields = self.fields.get(..length).unwrap_or_default();
        Ok(Record { fields, ends: self.ends.get(..count).unwrap_or_default() })
    }
}

/// The fields of one line, without their quotes.
pub(super) struct Record<'b> {
    fields: &'b [u8],
    ends: &'b [usize],
}

impl<'b> Record<'b> {
    pub(super) fn count(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn field(&self, index: usize) -> Result<&'b str, RowFault> {
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        let end = self.ends.get(index).copied().unwrap_or_default();
        let bytes = self.fields.get(start..end).unwrap_or_default();
        std::str::from_utf8(bytes).map_err(|error| {
            let at = error.valid_up_to();
            let byte = bytes.get(at).copied().unwrap_or_default();
            Box::new((Kind::NotUtf8 { byte }, Fault::Field { index, within: Some((at, at + 1)) }))
        })
    }
}

/// A fault with the line that it is in.
pub(super) fn error(name: &str, number: u64, raw: &[u8], (kind, fault): (Kind, Fault)) -> LedgerError {
    LedgerError { kind, place: Some(Box::new(excerpt::place(name, number, raw, fault))) }
}
