//! Tables in CSV, as people keep them in spreadsheets: named columns, one row a line, every refusal with its line and
//! column. RFC 4180, in UTF-8.
//!
//! Which cells a row needs is the caller's to say: a cell that nobody has asked for must be empty.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::str::FromStr;

use crate::code::{Code, Coded, table as codes};

/// More rows than any schedule has.
pub const ROWS_MAX: usize = 100_000;
/// More faults of one table than anybody reads at once: as many as are told of a ledger.
pub const FAULTS_MAX: usize = 50;
/// A text in a message is not longer.
const SHOWN_MAX: usize = 60;
/// What spreadsheets write in front of UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Something is wrong with a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}{}: {detail}", column.map(|name| format!(", column {name}")).unwrap_or_default())]
pub struct TableError {
    code: &'static Code,
    /// Line of the file, from 1.
    pub line: u64,
    /// The column, where it is one cell.
    pub column: Option<&'static str>,
    detail: String,
}

impl Coded for TableError {
    fn code(&self) -> &'static Code {
        self.code
    }
}

/// One row, with what is wrong with it.
pub struct Row<'a> {
    /// Line of the file, from 1.
    pub line: u64,
    columns: &'a [Option<&'static str>],
    cells: Vec<String>,
    asked: RefCell<BTreeSet<&'static str>>,
    faults: &'a RefCell<Vec<TableError>>,
}

impl Row<'_> {
    /// A fault of one cell.
    pub fn wrong(&self, column: &'static str, detail: impl std::fmt::Display) {
        self.fault(&codes::TABLE_CELL, column, detail.to_string());
    }

    fn fault(&self, code: &'static Code, column: &'static str, detail: String) {
        self.faults.borrow_mut().push(TableError { code, line: self.line, column: Some(column), detail });
    }

    /// The text of a cell; `None` when it is empty or its column is not there.
    pub fn maybe(&self, column: &'static str) -> Option<&str> {
        self.asked.borrow_mut().insert(column);
        let at = self.columns.iter().position(|name| *name == Some(column))?;
        self.cells.get(at).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// The text of a cell that must be filled; `None`, with a fault, when it is empty.
    pub fn text(&self, column: &'static str) -> Option<&str> {
        let found = self.maybe(column);
        if found.is_none() {
            self.fault(&codes::TABLE_CELL_EMPTY, column, "empty, expected it to be filled".to_owned());
        }
        found
    }

    /// Leaves the row to somebody else: none of its cells counts as filled in vain.
    pub fn skip(&self) {
        self.asked.borrow_mut().extend(self.columns.iter().flatten());
    }

    fn read<T: FromStr<Err: std::fmt::Display>>(&self, column: &'static str, text: &str) -> Option<T> {
        text.parse().map_err(|error: T::Err| self.wrong(column, error)).ok()
    }

    /// A cell that must be filled, read.
    pub fn parsed<T: FromStr<Err: std::fmt::Display>>(&self, column: &'static str) -> Option<T> {
        self.text(column).and_then(|text| self.read(column, text))
    }

    /// A cell that may be empty, read: `Some(None)` when it is, `None` with a fault when it cannot be read.
    pub fn maybe_parsed<T: FromStr<Err: std::fmt::Display>>(&self, column: &'static str) -> Option<Option<T>> {
        match self.maybe(column) {
            Some(text) => self.read(column, text).map(Some),
            None => Some(None),
        }
    }

    fn one_of<T: Copy>(&self, column: &'static str, text: &str, words: &[(&'static str, T)]) -> Option<T> {
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.wrong(column, format!("{:?}, expected one of {}", shown(text), words.join(", ")));
        }
        found
    }

    /// One of a few words in a cell that must be filled.
    pub fn word<T: Copy>(&self, column: &'static str, words: &[(&'static str, T)]) -> Option<T> {
        self.text(column).and_then(|text| self.one_of(column, text, words))
    }

    /// The same in a cell that may be empty.
    pub fn maybe_word<T: Copy>(&self, column: &'static str, words: &[(&'static str, T)]) -> Option<Option<T>> {
        match self.maybe(column) {
            Some(text) => self.one_of(column, text, words).map(Some),
            None => Some(None),
        }
    }

    /// Faults of cells that nobody has asked for and that are filled.
    fn finish(self) {
        let asked = self.asked.borrow();
        for (name, text) in self.columns.iter().zip(&self.cells) {
            let Some(name) = name.filter(|name| !asked.contains(name) && !text.is_empty()) else { continue };
            let detail = format!("{:?}, expected it to be empty in such a row", shown(text));
            self.fault(&codes::TABLE_CELL_SURPLUS, name, detail);
        }
    }
}

/// The words for yes and no.
pub const YES_NO: &[(&str, bool)] = &[("yes", true), ("no", false)];

fn shown(text: &str) -> String {
    text.chars().take(SHOWN_MAX).collect()
}

/// Reads a table whose columns are among `known`, in any order, and has `each` look at every row. The first column of
/// `known` must be there.
///
/// # Errors
/// Every fault of the table, at most [`FAULTS_MAX`] of them, in the order of its lines.
pub fn read(bytes: &[u8], known: &[&'static str], mut each: impl FnMut(&Row<'_>)) -> Result<(), Vec<TableError>> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let whole = |line: u64, code, detail: String| TableError { code, line, column: None, detail };
    let refuse = |line, detail: &str| Err(vec![whole(line, &codes::TABLE_UNREADABLE, detail.to_owned())]);
    // a line is a row, so rows and lines that are not empty are counted alike
    let mut numbers = Vec::new();
    for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        if numbers.len() > ROWS_MAX {
            return Err(vec![whole(number, &codes::TABLE_TOO_LONG, format!("more than {ROWS_MAX} rows"))]);
        }
        numbers.push(number);
        if !quotes_fit(line) {
            return refuse(number, "a quote inside a cell, or one that does not end in its line");
        }
        let text = std::str::from_utf8(line).ok();
        if text.is_none_or(|text| text.chars().any(|c| c.is_control() && c != '\t')) {
            return refuse(number, "not UTF-8 text, or a character that controls and does not print");
        }
    }
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
    let mut records = reader.records();
    let Some(Ok(head)) = records.next() else { return refuse(1, "no line with the names of the columns") };
    let mut numbers = numbers.into_iter();
    let columns = columns(&head, numbers.next().unwrap_or(1), known)?;
    let faults = RefCell::new(Vec::new());
    for (record, line) in records.zip(numbers) {
        let Ok(record) = record else { return refuse(line, "not CSV") };
        if record.len() != columns.len() {
            let detail = format!("{} cells, expected {} as there are columns", record.len(), columns.len());
            faults.borrow_mut().push(whole(line, &codes::TABLE_ROW, detail));
        } else if record.iter().any(|cell| !cell.is_empty()) {
            let (cells, asked) = (record.iter().map(str::to_owned).collect(), RefCell::default());
            let row = Row { line, columns: &columns, cells, asked, faults: &faults };
            each(&row);
            row.finish();
        }
        if faults.borrow().len() >= FAULTS_MAX {
            break;
        }
    }
    let mut faults = faults.into_inner();
    faults.truncate(FAULTS_MAX);
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// The known name of each column.
fn columns(
    head: &csv::StringRecord,
    line: u64,
    known: &[&'static str],
) -> Result<Vec<Option<&'static str>>, Vec<TableError>> {
    let mut faults = Vec::new();
    let mut fault = |detail: String| faults.push(TableError { code: &codes::TABLE_COLUMN, line, column: None, detail });
    let mut columns = Vec::new();
    for name in head {
        let found = known.iter().copied().find(|column| *column == name);
        match found {
            None if name.contains(';') => fault("columns with semicolons between them, expected commas".to_owned()),
            None => fault(format!("column {:?}, expected {}", shown(name), known.join(", "))),
            Some(_) if columns.contains(&found) => fault(format!("column {name} stands there twice")),
            Some(_) => (),
        }
        columns.push(found);
    }
    if let Some(first) = known.first().filter(|first| !columns.contains(&Some(**first))) {
        fault(format!("no column {first}"));
    }
    faults.truncate(FAULTS_MAX);
    if faults.is_empty() { Ok(columns) } else { Err(faults) }
}

/// Whether every quote of a line begins or ends a cell, or stands doubled in a cell in quotes: what other programs read
/// otherwise is not accepted.
fn quotes_fit(line: &[u8]) -> bool {
    #[derive(Clone, Copy, PartialEq)]
    enum At {
        Start,
        Plain,
        Quoted,
        Closed,
    }
    let mut at = At::Start;
    for byte in line {
        at = match (at, byte) {
            (At::Start, b'"') | (At::Closed, b'"') | (At::Quoted, 0..=33 | 35..) => At::Quoted,
            (At::Quoted, b'"') => At::Closed,
            (At::Start | At::Plain | At::Closed, b',') => At::Start,
            (At::Plain, b'"') | (At::Closed, _) => return false,
            (At::Start | At::Plain, _) => At::Plain,
        };
    }
    at != At::Quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Vec<(u64, String)>, Vec<u16>> {
        let mut rows = Vec::new();
        let read = read(text.as_bytes(), &["list", "amount", "note"], |row| {
            let list = row.text("list").unwrap_or_default().to_owned();
            let amount: Option<u64> = row.parsed("amount");
            rows.push((row.line, format!("{list} {}", amount.unwrap_or_default())));
        });
        read.map(|()| rows).map_err(|faults| faults.iter().map(|fault| fault.code().number).collect())
    }

    #[test]
    fn rows_know_their_lines() {
        let table = "\u{feff}amount,list\r\n7,a\r\n,\r\n\r\n8,\"b, \"\"c\"\"\"\r\n";
        assert_eq!(of(table), Ok(vec![(2, "a 7".to_owned()), (5, "b, \"c\" 8".to_owned())]));
    }

    #[test]
    fn every_fault_is_told_at_once() {
        assert_eq!(of("list,amount,note\na,x,\n,1,\nb,2\nc,3,surplus\n"), Err(vec![8153, 8154, 8152, 8155]));
        assert_eq!(of("list,sum,list\n"), Err(vec![8151, 8151]));
        assert_eq!(of("amount\n1\n"), Err(vec![8151]));
        assert_eq!(of("list;amount\na;1\n"), Err(vec![8151, 8151]));
    }

    #[test]
    fn what_is_read_in_two_ways_is_not_read() {
        for table in
            ["", "list,amount\na,\"1\n2\"\n", "list,amount\na\"b,1\n", "list,amount\n\"a\"b,1\n", "list\n\u{1}\n"]
        {
            assert_eq!(of(table), Err(vec![8150]), "{table:?}");
        }
        assert_eq!(of("list,amount\n\"a,1"), Err(vec![8150]));
        assert_eq!(read(b"list\n\xff\n", &["list"], |_| ()).map_err(|faults| faults[0].line), Err(2));
    }

    #[test]
    fn a_table_ends_somewhere() {
        let rows = "a,1\n".repeat(ROWS_MAX + 1);
        assert_eq!(of(&format!("list,amount\n{rows}")), Err(vec![codes::TABLE_TOO_LONG.number]));
        let faults = "a,x\n".repeat(FAULTS_MAX + 9);
        assert_eq!(of(&format!("list,amount\n{faults}")).map_err(|faults| faults.len()), Err(FAULTS_MAX));
    }
}
