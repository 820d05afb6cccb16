//! Lines, fields and columns of the layout: commas separate, square brackets hold together, nothing is quoted.

use std::io::BufRead;
use std::ops::Range;

use super::Finding;
use crate::code::foreign as codes;
use crate::ledger::Place;

/// Bytes of a line.
const LINE_MAX: u64 = 1 << 16;

/// What a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Coin,
    Network,
    Height,
    Address,
    Amount,
    Message,
    FirstSignature,
    SecondSignature,
    Script,
    FirstOwner,
    SecondOwner,
}

/// The names of columns, in lower case. A new layout is new lines here.
const NAMES: [(&str, Field); 12] = [
    ("coin", Field::Coin),
    ("network", Field::Network),
    ("snapshot height", Field::Height),
    ("address", Field::Address),
    ("amount", Field::Amount),
    ("message", Field::Message),
    ("signature1", Field::FirstSignature),
    ("signature2", Field::SecondSignature),
    ("redeem script/ public key", Field::Script),
    ("redeem script", Field::Script),
    ("eoa1", Field::FirstOwner),
    ("eoa2", Field::SecondOwner),
];

/// A line with its fields.
pub(super) struct Line<'a> {
    pub(super) source: &'a str,
    pub(super) number: u64,
    pub(super) raw: &'a [u8],
    /// The text, when it is one.
    pub(super) text: Option<&'a str>,
    fields: Vec<Range<usize>>,
}

impl Line<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.raw.trim_ascii().is_empty()
    }

    pub(super) fn place(&self, at: Range<usize>) -> Place {
        Place::in_line(self.source, self.number, self.raw, at)
    }

    pub(super) fn place_all(&self) -> Place {
        self.place(0..self.raw.len())
    }

    pub(super) fn field_count(&self) -> usize {
        self.fields.len()
    }

    fn field(&self, index: usize) -> (&str, Range<usize>) {
        let end = self.raw.len()..self.raw.len();
        let range = self.fields.get(index).cloned().unwrap_or(end);
        (self.text.and_then(|text| text.get(range.clone())).unwrap_or_default(), range)
    }
}

/// Where each field stands.
#[derive(Debug)]
pub(super) struct Columns(Vec<Option<Field>>);

impl Columns {
    /// The columns, when the line is one of names.
    pub(super) fn of(line: &Line<'_>) -> Result<Option<Self>, Finding> {
        let (first, _) = line.field(0);
        if !first.eq_ignore_ascii_case("coin") {
            return Ok(None);
        }
        let mut columns = Vec::new();
        for index in 0..line.field_count() {
            let (name, range) = line.field(index);
            let name = name.to_ascii_lowercase();
            let found = NAMES.iter().find(|(known, _)| *known == name).map(|(_, field)| *field);
            if (found.is_none() && !name.is_empty()) || (found.is_some() && columns.contains(&found)) {
                let detail = format!("the column {name:?} is not known, or stands twice");
                return Err(Finding { code: &codes::LIST_LAYOUT, detail, place: Some(line.place(range)) });
            }
            columns.push(found);
        }
        let columns = Self(columns);
        let needed = if columns.is_totals() {
            &[Field::Amount][..]
        } else {
            &[Field::Amount, Field::Message, Field::FirstSignature]
        };
        match needed.iter().find(|field| !columns.0.contains(&Some(**field))) {
            Some(field) => {
                let detail = format!("the column {field:?} is missing");
                Err(Finding { code: &codes::LIST_LAYOUT, detail, place: Some(line.place_all()) })
            }
            None => Ok(Some(columns)),
        }
    }

    /// Whether the lines below are totals: they have no address.
    pub(super) fn is_totals(&self) -> bool {
        !self.0.contains(&Some(Field::Address))
    }

    /// The text of a field; empty when the line ends before it.
    pub(super) fn text<'a>(&self, line: &'a Line<'_>, field: Field) -> &'a str {
        self.index(field).map_or("", |index| line.field(index).0)
    }

    /// Where it stands.
    pub(super) fn range(&self, line: &Line<'_>, field: Field) -> Range<usize> {
        self.index(field).map_or(0..line.raw.len(), |index| line.field(index).1)
    }

    /// A field beyond the last column that is not empty.
    pub(super) fn surplus(&self, line: &Line<'_>) -> Option<Range<usize>> {
        let beyond = (0..line.field_count()).filter(|index| self.0.get(*index).copied().flatten().is_none());
        beyond.map(|index| line.field(index)).find(|(text, _)| !text.is_empty()).map(|(_, range)| range)
    }

    fn index(&self, field: Field) -> Option<usize> {
        self.0.iter().position(|column| *column == Some(field))
    }
}

/// The lines of a list.
pub(super) struct Lines<'s, R> {
    source: &'s str,
    file: R,
    number: u64,
    line: Vec<u8>,
}

impl<'s, R: BufRead> Lines<'s, R> {
    pub(super) fn new(source: &'s str, file: R) -> Self {
        Self { source, file, number: 0, line: Vec::new() }
    }

    /// The next line; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Line<'_>>, Finding> {
        self.line.clear();
        let read = std::io::Read::take(&mut self.file, LINE_MAX + 1).read_until(b'\n', &mut self.line);
        let fail = |detail: String, number: u64| {
            let place = Some(Place::in_line(self.source, number, b"", 0..0));
            Finding { code: &codes::LIST_ROW, detail, place }
        };
        let length = read.map_err(|error| fail(error.to_string(), self.number + 1))?;
        if length == 0 {
            return Ok(None);
        }
        self.number += 1;
        if length as u64 > LINE_MAX {
            return Err(fail(format!("a line of more than {LINE_MAX} bytes"), self.number));
        }
        while self.line.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
            self.line.pop();
        }
        let raw = self.line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&self.line);
        let text = std::str::from_utf8(raw).ok();
        Ok(Some(Line { source: self.source, number: self.number, raw, text, fields: split(raw) }))
    }
}

/// Fields without the space around them.
fn split(raw: &[u8]) -> Vec<Range<usize>> {
    let (mut fields, mut start, mut inside) = (Vec::new(), 0, false);
    for (at, byte) in raw.iter().enumerate().chain([(raw.len(), &b',')]) {
        match byte {
            b'[' => inside = true,
            b']' => inside = false,
            b',' if !inside || at == raw.len() => {
                let field = raw.get(start..at).unwrap_or_default();
                let head = field.len() - field.trim_ascii_start().len();
                fields.push(start + head..start + head + field.trim_ascii().len());
                start = at + 1;
            }
            _ => {}
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_separate_and_brackets_hold_together() {
        let fields = |text: &str| -> Vec<String> {
            split(text.as_bytes()).into_iter().map(|range| text[range].to_owned()).collect()
        };
        assert_eq!(fields("a, b ,,[1,2], c"), ["a", "b", "", "[1,2]", "c"]);
        assert_eq!(fields(""), [""]);
        assert_eq!(fields("[a,b"), ["[a,b"]);
    }
}
