//! Ledgers as CSV (RFC 4180), UTF-8, with a first line of column names.

use std::io::Read;

use csv::{ByteRecord, ReaderBuilder};

use super::excerpt::{Fault, ROW_LENGTH_MAX, Tee};
use super::{Chunk, FIELD_LENGTH_MAX, LedgerError, LedgerErrorKind as Kind, Line, Row, RowSource, SourceRecord};
use crate::amount::Amount;
use crate::asset::{Assets, Class};

/// Rows of one CSV stream.
pub struct CsvSource<'a, R> {
    name: String,
    number: u32,
    assets: &'a Assets,
    reader: csv::Reader<Tee<R>>,
    columns: Columns,
    record: ByteRecord,
    debts: bool,
    misquoted: bool,
    ended: bool,
}

/// Where each column stands.
#[derive(Default)]
struct Columns {
    count: usize,
    account: usize,
    asset: usize,
    amount: usize,
    credential: Option<usize>,
    product: Option<usize>,
    class: Option<usize>,
}

impl<'a, R: Read> CsvSource<'a, R> {
    /// Reads the first line. `name` is for messages and provenance, `number` the source's position from 0;
    /// columns named in `ignored` are left out on purpose.
    ///
    /// # Errors
    /// [`LedgerError`]: a column is missing, unknown or there twice; the stream is empty or unreadable.
    pub fn new(
        name: &str,
        number: u32,
        stream: R,
        assets: &'a Assets,
        ignored: &[String],
    ) -> Result<Self, Vec<LedgerError>> {
        let reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(Tee::new(stream));
        let name = name.to_owned();
        let columns = Columns::default();
        let record = ByteRecord::new();
        let mut source =
            Self { name, number, assets, reader, columns, record, debts: false, misquoted: false, ended: false };
        match source.advance() {
            Some(Ok(())) => {}
            Some(Err(error)) => return Err(vec![error]),
            None => return Err(vec![Kind::Empty(source.name).into()]),
        }
        source.columns = source.read_columns(ignored)?;
        Ok(source)
    }

    /// Reads a negative amount as what the customer owes to the venue, instead of refusing it.
    #[must_use]
    pub fn with_debts(mut self, debts: bool) -> Self {
        self.debts = debts;
        self
    }

    fn read_columns(&self, ignored: &[String]) -> Result<Columns, Vec<LedgerError>> {
        let mut found: [Option<usize>; 6] = [None; 6];
        let mut errors = Vec::new();
        for (index, bytes) in self.record.iter().enumerate() {
            let fault = Fault::Field { index, within: None };
            let Ok(name) = self.utf8(bytes, index) else {
                // column names in another encoding are all unknown; one message says why
                return Err(self.utf8(bytes, index).err().into_iter().collect());
            };
            let known = NAMES.iter().position(|known| *known == name).and_then(|known| found.get_mut(known));
            match known {
                Some(Some(_)) => errors.push(self.error(Kind::ColumnTwice(name.to_owned()), fault)),
                Some(slot) => *slot = Some(index),
                None if ignored.iter().any(|ignored| ignored == name) => {}
                None => errors.push(self.error(Kind::ColumnUnknown(name.to_owned()), fault)),
            }
        }
        let [account, asset, amount, credential, product, class] = found;
        let required = NAMES.into_iter().zip([account, asset, amount]);
        let missing: Vec<&str> = required.filter(|(_, column)| column.is_none()).map(|(name, _)| name).collect();
        if found.iter().all(Option::is_none) {
            // a first line without any known name is a row: that it is one says more than each unknown name
            errors.clear();
        }
        if !missing.is_empty() {
            errors.push(self.error(Kind::ColumnMissing(missing), Fault::Line));
        }
        match (account, asset, amount) {
            (Some(account), Some(asset), Some(amount)) if errors.is_empty() => {
                Ok(Columns { count: self.record.len(), account, asset, amount, credential, product, class })
            }
            _ => Err(errors),
        }
    }

    /// Reads the next record; `None` at the end.
    fn advance(&mut self) -> Option<Result<(), LedgerError>> {
        if self.ended {
            return None;
        }
        match self.reader.read_byte_record(&mut self.record) {
            Ok(true) if self.record.as_slice().len() > ROW_LENGTH_MAX => {
                let got = self.record.as_slice().len();
                Some(Err(self.error(Kind::RowTooLong { got }, Fault::Line)))
            }
            Ok(read) => {
                self.ended |= !read;
                let stray = self.reader.get_ref().stray_quote(self.offset()).filter(|_| read);
                let astray = stray.is_some() || !self.is_well_quoted(read);
                if astray && (stray.is_some() || !self.misquoted) {
                    // rows behind a misplaced quote may be read wrongly: each row is looked at, the rest is said once
                    self.misquoted = true;
                    let fault = stray.map_or(Fault::Line, |index| Fault::Field { index, within: None });
                    return Some(Err(self.error(Kind::Quote, fault)));
                }
                read.then_some(Ok(()))
            }
            Err(error) => {
                self.ended = true;
                Some(Err(Kind::Read(format!("{}: {error}", self.name)).into()))
            }
        }
    }

    /// Whether the record just read, or the end of the file, has its quotes where RFC 4180 has them.
    fn is_well_quoted(&self, read: bool) -> bool {
        let tee = self.reader.get_ref();
        tee.is_well_quoted(self.reader.position().byte()) && (read || !tee.is_open())
    }

    fn line(&self) -> u64 {
        let position = self.record.position();
        position.map_or(1, |position| position.line() + self.reader.get_ref().breaks_at(position.byte()))
    }

    fn offset(&self) -> u64 {
        self.record.position().map_or(0, csv::Position::byte)
    }

    fn error(&self, kind: Kind, fault: Fault) -> LedgerError {
        let place = self.reader.get_ref().place(&self.name, self.line(), self.offset(), &fault);
        LedgerError { kind, place: Some(Box::new(place)) }
    }

    fn utf8<'b>(&self, bytes: &'b [u8], index: usize) -> Result<&'b str, LedgerError> {
        std::str::from_utf8(bytes).map_err(|error| {
            let at = error.valid_up_to();
            let byte = bytes.get(at).copied().unwrap_or_default();
            self.error(Kind::NotUtf8 { byte }, Fault::Field { index, within: Some((at, at + 1)) })
        })
    }

    fn field(&self, index: usize, what: &'static str) -> Result<&str, LedgerError> {
        let bytes = self.record.get(index).unwrap_or_default();
        let text = self.utf8(bytes, index)?;
        if text.len() > FIELD_LENGTH_MAX {
            let kind = Kind::FieldTooLong { what, got: text.len() };
            return Err(self.error(kind, Fault::Field { index, within: None }));
        }
        Ok(text)
    }

    fn optional(&self, index: Option<usize>, what: &'static str) -> Result<&str, LedgerError> {
        index.map_or(Ok(""), |index| self.field(index, what))
    }

    fn row(&self) -> Result<OwnedRow, LedgerError> {
        let columns = &self.columns;
        if self.record.len() != columns.count {
            let kind = Kind::RowShape { got: self.record.len(), expected: columns.count };
            return Err(self.error(kind, Fault::Line));
        }
        if self.record.as_slice().iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
            return Err(self.error(Kind::LineBreak, Fault::Line));
        }
        let whole = |index| Fault::Field { index, within: None };
        let account = self.field(columns.account, "the account")?;
        if account.is_empty() {
            return Err(self.error(Kind::EmptyAccount, whole(columns.account)));
        }
        let id = self.field(columns.asset, "the asset")?;
        let (position, asset) = self
            .assets
            .position(id)
            .ok_or_else(|| self.error(Kind::UnknownAsset(id.to_owned()), whole(columns.asset)))?;
        let text = self.field(columns.amount, "the amount")?;
        let unsigned = text.strip_prefix('-').filter(|_| self.debts);
        let skipped = usize::from(unsigned.is_some());
        let amount = Amount::parse(unsigned.unwrap_or(text), asset.decimals).map_err(|error| {
            let within = Some((error.start + skipped, error.end + skipped));
            self.error(Kind::Amount(error), Fault::Field { index: columns.amount, within })
        })?;
        let class_text = self.optional(columns.class, "the class")?;
        let class = match class_text {
            "" => Class::Custody,
            text => text.parse().map_err(|()| {
                self.error(Kind::UnknownClass(text.to_owned()), whole(columns.class.unwrap_or_default()))
            })?,
        };
        let product = Some(self.optional(columns.product, "the product")?).filter(|product| !product.is_empty());
        Ok(OwnedRow {
            account: account.to_owned(),
            asset: position,
            amount,
            credential: self.optional(columns.credential, "the credential")?.to_owned(),
            product: product.map(str::to_owned),
            class,
            // a balance of minus nothing is a balance of nothing
            debt: unsigned.is_some() && !amount.is_zero(),
            line: Line { source: self.number, number: self.line() },
        })
    }
}

/// Column names, the required ones first.
const NAMES: [&str; 6] = ["account", "asset", "amount", "credential", "product", "class"];

/// Rows of one chunk.
const CHUNK_ROWS: usize = 4096;

/// A row that owns its texts.
struct OwnedRow {
    account: String,
    asset: usize,
    amount: Amount,
    credential: String,
    product: Option<String>,
    class: Class,
    debt: bool,
    line: Line,
}

struct OwnedRows(Vec<Result<OwnedRow, LedgerError>>);

impl Chunk for OwnedRows {
    fn rows(&self, each: &mut dyn FnMut(Result<Row<'_>, LedgerError>)) {
        for row in &self.0 {
            each(row.as_ref().map_err(Clone::clone).map(|row| Row {
                account: &row.account,
                asset: row.asset,
                amount: row.amount,
                credential: &row.credential,
                product: row.product.as_deref(),
                class: row.class,
                debt: row.debt,
                line: row.line,
            }));
        }
    }
}

impl<'a, R: Read> RowSource<'a> for CsvSource<'_, R> {
    fn next_chunk(&mut self) -> Option<Result<Box<dyn Chunk + 'a>, LedgerError>> {
        let mut rows = Vec::new();
        while rows.len() < CHUNK_ROWS {
            match self.advance() {
                Some(Ok(())) => rows.push(self.row()),
                Some(Err(error)) => rows.push(Err(error)),
                None => break,
            }
        }
        if rows.is_empty() { None } else { Some(Ok(Box::new(OwnedRows(rows)))) }
    }

    fn has_credentials(&self) -> bool {
        self.columns.credential.is_some()
    }

    fn record(&self) -> SourceRecord {
        let (sha256, length) = self.reader.get_ref().digest();
        SourceRecord { name: self.name.clone(), kind: "csv".to_owned(), sha256, length, rows: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Coded as _;

    fn assets() -> Assets {
        Assets::parse("[[asset]]\nid = \"BTC\"\ndecimals = 8\n").expect("assets")
    }

    fn read(text: &[u8]) -> Vec<Result<Seen, LedgerError>> {
        let assets = assets();
        match CsvSource::new("ledger.csv", 0, text, &assets, &[]) {
            Ok(source) => all(source),
            Err(errors) => errors.into_iter().map(Err).collect(),
        }
    }

    /// Account, amount, class, line and whether it is a debt.
    type Seen = (String, u128, Class, u64, bool);

    fn all<'a>(mut source: impl RowSource<'a>) -> Vec<Result<Seen, LedgerError>> {
        let mut seen = Vec::new();
        while let Some(chunk) = source.next_chunk() {
            chunk.expect("a chunk").rows(&mut |row| {
                seen.push(row.map(|row| {
                    (row.account.to_owned(), row.amount.base_units(), row.class, row.line.number, row.debt)
                }));
            });
        }
        seen
    }

    fn fault(text: &[u8]) -> (u16, String) {
        let error = read(text).into_iter().find_map(Result::err).expect("a fault");
        (error.code().number, error.place.map(|place| place.to_string()).unwrap_or_default())
    }

    #[test]
    fn rows_are_read_in_order() {
        let rows = read(b"asset,amount,account,class\r\nBTC,1.5,u1,\r\nBTC,2,\"u,2\",lent\r\n");
        let rows: Vec<Seen> = rows.into_iter().map(|row| row.expect("a row")).collect();
        assert_eq!(rows[0], ("u1".to_owned(), 150_000_000, Class::Custody, 2, false));
        assert_eq!(rows[1], ("u,2".to_owned(), 200_000_000, Class::Lent, 3, false));
    }

    #[test]
    fn faults_have_code_line_and_column() {
        let head = "account,asset,amount\n";
        let with = |rows: &str| fault(format!("{head}{rows}").as_bytes());
        assert_eq!(with("u0,BTC,1\nu1,BTC,-0.1\n"), (1004, "ledger.csv:3:8".to_owned()));
        assert_eq!(with("\"u,1\",BTC,-0.1\n"), (1004, "ledger.csv:2:11".to_owned()));
        assert_eq!(with("u1,XYZ,1\n"), (1003, "ledger.csv:2:4".to_owned()));
        assert_eq!(with("ü1,XYZ,1\n"), (1003, "ledger.csv:2:4".to_owned()));
        assert_eq!(with("u1,BTC,0.123456789\n"), (1005, "ledger.csv:2:18".to_owned()));
        assert_eq!(with("u1,BTC,1e3\n"), (1006, "ledger.csv:2:9".to_owned()));
        assert_eq!(with("\r\n\n\nu1,XYZ,1\n"), (1003, "ledger.csv:5:4".to_owned()));
        assert_eq!(with("u1,BTC\n"), (1014, "ledger.csv:2:1".to_owned()));
        assert_eq!(with(",BTC,1\n"), (1012, "ledger.csv:2:1".to_owned()));
        assert_eq!(fault(b"account,asset\n"), (1001, "ledger.csv:1:1".to_owned()));
        assert_eq!(fault(b"account,asset,amount,clas\n"), (1013, "ledger.csv:1:22".to_owned()));
        assert_eq!(fault(b"account,asset,amount,amount\n"), (1021, "ledger.csv:1:22".to_owned()));
        assert_eq!(fault(b"account,asset,amount\nu\xff,BTC,1\n"), (1002, "ledger.csv:2:2".to_owned()));
        assert_eq!(fault(b""), (1011, String::new()));
    }

    #[test]
    fn a_quote_never_swallows_rows() {
        let with = |rows: &str| fault(format!("account,asset,amount,product\n{rows}").as_bytes());
        assert_eq!(with("u1,BTC,1,\"spot\nu2,BTC,5,\n"), (1022, "ledger.csv:2:10".to_owned()));
        assert_eq!(with("u1,BTC,1,\"spot"), (1022, "ledger.csv:2:10".to_owned()));
        assert_eq!(with("u\"1,BTC,1,\n"), (1022, "ledger.csv:2:1".to_owned()));
        assert_eq!(with("\"u\"1,BTC,1,\n"), (1022, "ledger.csv:2:1".to_owned()));
        let whole = read(b"account,asset,amount\n\"u\"\"1, the first\",BTC,\"1\"\n");
        assert_eq!(whole[0].as_ref().map(|row| row.0.as_str()), Ok("u\"1, the first"));
    }

    #[test]
    fn debts_are_read_only_when_asked_for() {
        let assets = assets();
        let text = b"account,asset,amount\nu1,BTC,-1.5\nu2,BTC,-0\nu3,BTC,2\nu4,BTC,--1\n".as_slice();
        let source = CsvSource::new("ledger.csv", 0, text, &assets, &[]).expect("columns").with_debts(true);
        let rows = all(source);
        let of = |index: usize| rows[index].as_ref().map(|row| (row.4, row.1)).ok();
        assert_eq!(
            [of(0), of(1), of(2), of(3)],
            [Some((true, 150_000_000)), Some((false, 0)), Some((false, 200_000_000)), None]
        );
    }

    #[test]
    fn one_pass_reports_every_fault() {
        let rows = read(b"account,asset,amount\nu1,BTC,-1\nu2,BTC,1\nu3,XYZ,1\n");
        assert_eq!(rows.iter().filter(|row| row.is_err()).count(), 2);
        assert_eq!(rows.iter().filter(|row| row.is_ok()).count(), 1);
    }

    #[test]
    fn places_survive_long_files() {
        let mut text = b"account,asset,amount\n".to_vec();
        for index in 0..40_000 {
            text.extend_from_slice(format!("u{index:012},BTC,1.00000000\n").as_bytes());
        }
        text.extend_from_slice(b"u1,BTC,x\n");
        assert_eq!(fault(&text), (1007, "ledger.csv:40002:8".to_owned()));
    }
}
