//! Ledgers as Parquet: the columns of a CSV ledger by their names, amounts exact.
//!
//! Columns are unpacked where the file is read; what rows mean is read by whoever gets the chunk.

mod column;
mod delta;
mod limits;
mod thrift;
mod unpacked;
mod watched;

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use parquet::column::reader::get_column_reader;
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::properties::ReaderProperties;
use parquet::file::reader::{ChunkReader, FileReader, SerializedFileReader};
use parquet::file::serialized_reader::ReadOptionsBuilder;

use self::column::{Column, Kind as ColumnKind, Reader, Value};
use self::limits::{Pages, Shared, check_footer, too_many_rows};
use self::watched::{Taken, Watched};
use super::columns::{Columns, Meaning, NAMES, Owed, RowFault, whole};
use super::excerpt::Fault;
use super::{Chunk, LedgerError, LedgerErrorKind as Kind, Place, Row, RowSource, SourceRecord};
use crate::amount::{Amount, AmountError, Decimals};
use crate::asset::Assets;
use crate::hash::{Digest, StreamHasher};

/// Rows unpacked at a time.
const BATCH_ROWS: usize = 8192;

/// Rows of one Parquet file.
pub struct ParquetSource {
    ledger: Arc<Ledger>,
    file: Box<dyn FileReader>,
    pages: Box<dyn Pages>,
    taken: Arc<Taken>,
    /// Position of each known column's leaf in the file, and how it is read; in the order of [`NAMES`].
    columns: [Option<(usize, ColumnKind)>; 6],
    /// The row group that is being read, and its rows that are left.
    readers: [Option<Reader>; 6],
    left: usize,
    next_group: usize,
    next_row: u64,
    sha256: Digest,
    length: u64,
    ended: bool,
}

/// What all rows of a file share.
struct Ledger {
    name: String,
    meaning: Meaning,
}

impl ParquetSource {
    /// Reads the schema. `name` is for messages and provenance, `number` the source's position from 0; columns named
    /// in `ignored` are left out on purpose.
    ///
    /// The file is read twice: `whole`, from its first byte to its last, is hashed before `file` is unpacked.
    ///
    /// # Errors
    /// [`LedgerError`]: a column is missing, unknown, there twice or of a type that is not accepted; the file is
    /// damaged or unreadable.
    pub fn new(
        name: &str,
        number: u32,
        file: impl ChunkReader + 'static,
        mut whole: impl Read,
        assets: &Assets,
        ignored: &[String],
    ) -> Result<Self, Vec<LedgerError>> {
        let (sha256, length) = hash(&mut whole).map_err(|error| vec![Kind::Read(format!("{name}: {error}")).into()])?;
        let pages = Shared::new(file);
        check_footer(&pages).map_err(|detail| vec![refused(name, detail)])?;
        // an older form of LZ4 has no length that the library would keep to
        let properties = ReaderProperties::builder().set_backward_compatible_lz4(false).build();
        let options = ReadOptionsBuilder::new().with_reader_properties(properties).build();
        let file = caught(|| SerializedFileReader::new_with_options(pages.clone(), options));
        let file = file.map_err(|error| vec![damaged(name, &error)])?;
        let rows = |group: &RowGroupMetaData| group.num_rows().unsigned_abs();
        let rows = file.metadata().row_groups().iter().map(rows).fold(0, u64::saturating_add);
        if too_many_rows(rows, length) {
            let unpacked = format!("{rows} rows");
            return Err(vec![Kind::Unpacks { name: name.to_owned(), packed: length, unpacked }.into()]);
        }
        let schema = file.metadata().file_metadata().schema_descr_ptr();
        let names: Vec<&str> = schema.root_schema().get_fields().iter().map(|field| field.name()).collect();
        let found = Columns::find(names.iter().map(|name| Ok(*name)), ignored).map_err(|faults| {
            faults.into_iter().map(|fault| in_schema(fault.0).into()).collect::<Vec<LedgerError>>()
        })?;
        let mut columns = [None; 6];
        let mut faults = Vec::new();
        for ((known, slot), position) in NAMES.iter().zip(&mut columns).zip(positions(&found)) {
            let Some(position) = position else { continue };
            let leaf = schema.columns().iter().position(|leaf| leaf.path().parts() == [(*known).to_owned()]);
            let leaf = leaf.map(|leaf| (leaf, schema.column(leaf)));
            let kind = column::kind_of(known, leaf.as_ref().map(|(_, leaf)| leaf.as_ref()), position == found.amount);
            match (leaf, kind) {
                (Some((leaf, _)), Ok(kind)) => *slot = Some((leaf, kind)),
                (_, Err(fault)) => faults.push(fault.into()),
                (None, Ok(_)) => {}
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let meaning = Meaning::new(found, number, false, assets);
        let ledger = Arc::new(Ledger { name: name.to_owned(), meaning });
        let (file, pages, readers) = (Box::new(file), Box::new(pages), std::array::from_fn(|_| None));
        let (taken, left, next_group, next_row, ended) = (Arc::default(), 0, 0, 1, false);
        Ok(Self { ledger, file, pages, taken, columns, readers, left, next_group, next_row, sha256, length, ended })
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

    /// The next rows; `None` at the end.
    fn batch(&mut self) -> Result<Option<Batch>, ParquetError> {
        self.taken.clear();
        while self.left == 0 {
            if self.next_group >= self.file.num_row_groups() {
                return Ok(None);
            }
            let group = self.file.get_row_group(self.next_group)?;
            self.next_group += 1;
            self.left = usize::try_from(group.metadata().num_rows())
                .map_err(|_| ParquetError::General("a row group has fewer than no rows".to_owned()))?;
            for (column, reader) in self.columns.iter().zip(&mut self.readers) {
                *reader = match column {
                    Some((leaf, kind)) => {
                        check_pages(&*self.pages, group.metadata(), *leaf)?;
                        let column = group.metadata().schema_descr().column(*leaf);
                        let taken = Arc::clone(&self.taken);
                        let pages = Watched::new(group.get_column_page_reader(*leaf)?, column.max_def_level(), taken);
                        Some(Reader::new(get_column_reader(column, Box::new(pages)), *kind))
                    }
                    None => None,
                };
            }
        }
        let rows = self.left.min(BATCH_ROWS);
        let mut columns: [Option<Column>; 6] = std::array::from_fn(|_| None);
        for (reader, column) in self.readers.iter_mut().zip(&mut columns) {
            if let Some(reader) = reader {
                *column = Some(reader.read(rows)?);
            }
        }
        let first = self.next_row;
        self.left -= rows;
        self.next_row += rows as u64;
        Ok(Some(Batch { ledger: Arc::clone(&self.ledger), columns, first, rows }))
    }
}

impl<'a> RowSource<'a> for ParquetSource {
    fn next_chunk(&mut self) -> Option<Result<Box<dyn Chunk + 'a>, LedgerError>> {
        if self.ended {
            return None;
        }
        match caught(|| self.batch()) {
            Ok(Some(batch)) => Some(Ok(Box::new(batch))),
            Ok(None) => None,
            Err(error) => {
                self.ended = true;
                Some(Err(damaged(&self.ledger.name, &error)))
            }
        }
    }

    fn has_credentials(&self) -> bool {
        self.ledger.meaning.columns.credential.is_some()
    }

    fn record(&self) -> SourceRecord {
        let (name, kind) = (self.ledger.name.clone(), "parquet".to_owned());
        SourceRecord { name, kind, sha256: self.sha256, length: self.length, rows: 0, database: None }
    }
}

fn hash(whole: &mut impl Read) -> std::io::Result<(Digest, u64)> {
    let (mut hasher, mut length) = (StreamHasher::default(), 0);
    let mut part = vec![0; 256 * 1024];
    loop {
        match whole.read(&mut part) {
            Ok(0) => return Ok((hasher.finish(), length)),
            Ok(count) => {
                hasher.update(part.get(..count).unwrap_or_default());
                length += count as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn damaged(name: &str, error: &ParquetError) -> LedgerError {
    refused(name, error.to_string())
}

fn refused(name: &str, detail: String) -> LedgerError {
    Kind::Parquet { name: name.to_owned(), detail }.into()
}

/// What the library does. It is large, and takes some contradictions for impossible: its panic is a refusal of the
/// file.
fn caught<T>(work: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ParquetError> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(ParquetError::General("its parts contradict one another".to_owned())))
}

fn check_pages(pages: &dyn Pages, group: &RowGroupMetaData, leaf: usize) -> Result<(), ParquetError> {
    let Some(column) = group.columns().get(leaf) else {
        return Err(ParquetError::General("a row group lacks a column".to_owned()));
    };
    let start = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
    pages.check(start, column.compressed_size(), column.compression()).map_err(ParquetError::General)
}

/// A file of this kind has no first line.
fn in_schema(kind: Kind) -> Kind {
    match kind {
        Kind::ColumnMissing(missing) => Kind::SchemaColumnMissing(missing),
        other => other,
    }
}

/// Positions of the columns in the order of [`NAMES`].
fn positions(columns: &Columns) -> [Option<usize>; 6] {
    let Columns { account, asset, amount, credential, product, class, .. } = *columns;
    [Some(account), Some(asset), Some(amount), credential, product, class]
}

/// Some consecutive rows.
struct Batch {
    ledger: Arc<Ledger>,
    /// In the order of [`NAMES`].
    columns: [Option<Column>; 6],
    /// Number of the first row.
    first: u64,
    rows: usize,
}

impl Chunk for Batch {
    fn rows(&self, each: &mut dyn FnMut(Result<Row<'_>, LedgerError>)) {
        for (index, number) in (0..self.rows).zip(self.first..) {
            each(self.row(index, number).map_err(|fault| self.error(index, number, *fault)));
        }
    }
}

impl Batch {
    fn row(&self, index: usize, number: u64) -> Result<Row<'_>, RowFault> {
        let meaning = &self.ledger.meaning;
        let text = |position: usize| self.text(index, position);
        if let Some(Value::Text(_) | Value::Null) = self.value(index, meaning.columns.amount) {
            return meaning.row(number, text);
        }
        let (account, asset, decimals) = meaning.whose(&text)?;
        let (amount, negative) = match self.value(index, meaning.columns.amount) {
            Some(Value::Number(number, scale)) => self.amount(number, scale, decimals)?,
            // more digits than an amount can have: its text says so
            _ => return meaning.row(number, text),
        };
        let debt = negative && !amount.is_zero();
        meaning.complete(number, text, Owed { account, asset, amount, debt })
    }

    /// The amount of a count of 10^-scale, and whether it is a debt.
    fn amount(&self, number: i128, scale: u32, decimals: Decimals) -> Result<(Amount, bool), RowFault> {
        let negative = number < 0;
        let count = Amount::from_base_units(number.unsigned_abs());
        let from = u8::try_from(scale).ok().and_then(Decimals::new);
        let exact = from.and_then(|from| count.rescale(from, decimals).ok());
        match exact.filter(|_| !negative || self.ledger.meaning.debts) {
            Some(amount) => Ok((amount, negative)),
            None => {
                // the same words as for the same text in a CSV file
                let text = column::decimal_text(number, scale);
                let read = Amount::parse(&text, decimals).map(|amount| (amount, false));
                read.map_err(|error: AmountError| whole(Kind::Amount(error), self.ledger.meaning.columns.amount))
            }
        }
    }

    fn value(&self, index: usize, position: usize) -> Option<Value<'_>> {
        let columns = &self.ledger.meaning.columns;
        let known = positions(columns).into_iter().position(|known| known == Some(position))?;
        self.columns.get(known)?.as_ref()?.value(index)
    }

    fn text(&self, index: usize, position: usize) -> Result<&str, RowFault> {
        let columns = &self.ledger.meaning.columns;
        let required = [(columns.account, "the account"), (columns.asset, "the asset"), (columns.amount, "the amount")];
        match self.value(index, position) {
            Some(Value::Text(bytes)) => std::str::from_utf8(bytes).map_err(|error| {
                let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
                whole(Kind::NotUtf8 { byte }, position)
            }),
            Some(Value::Number(..)) => Ok(""),
            Some(Value::Null) | None => match required.iter().find(|(required, _)| *required == position) {
                Some((_, what)) => Err(whole(Kind::Null(what), position)),
                None => Ok(""),
            },
        }
    }

    /// A fault with its row. Such a file has no lines: the row is shown with the names of its columns.
    fn error(&self, index: usize, number: u64, (kind, fault): (Kind, Fault)) -> LedgerError {
        let mut excerpt = format!("row {number}:");
        let mut span = excerpt.len()..excerpt.len();
        for (name, position) in NAMES.iter().zip(positions(&self.ledger.meaning.columns)) {
            let Some(position) = position else { continue };
            let shown = match self.value(index, position) {
                Some(Value::Text(bytes)) => String::from_utf8_lossy(bytes).chars().take(SHOWN_MAX).collect(),
                Some(Value::Number(number, scale)) => column::decimal_text(number, scale),
                Some(Value::Null) | None => "null".to_owned(),
            };
            excerpt.push_str(&format!(" {name} "));
            let start = excerpt.len();
            excerpt.extend(shown.chars().map(|c| if c.is_control() { ' ' } else { c }));
            if matches!(fault, Fault::Field { index, .. } if index == position) {
                span = start..excerpt.len();
            }
        }
        let column = excerpt.get(..span.start).unwrap_or_default().chars().count() + 1;
        let place = Place { source: self.ledger.name.clone(), line: number, column, excerpt, span };
        LedgerError { kind, place: Some(Box::new(place)) }
    }
}

/// Characters shown of a text.
const SHOWN_MAX: usize = 60;
