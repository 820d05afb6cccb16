//! Excerpts: the raw text of a row with the fault marked, for the message about it.

use super::Place;

/// Characters shown of the fault, and on each side of it.
const SHOWN_MAX: usize = 60;

impl Place {
    /// Shows `line`, all of it at fault.
    #[must_use]
    pub fn with_line(self, line: &str) -> Self {
        let shown = excerpt(&self.source, self.line, line.as_bytes(), 0, line.len());
        Self { excerpt: shown.excerpt, span: shown.span, ..self }
    }

    /// Some bytes of a line that is at hand.
    #[must_use]
    pub fn in_line(source: &str, number: u64, raw: &[u8], at: std::ops::Range<usize>) -> Self {
        excerpt(source, number, raw, at.start.min(raw.len()), at.end.max(at.start).min(raw.len()))
    }

    /// Some bytes of a text that is at hand; of several lines, the first.
    #[must_use]
    pub fn in_text(source: &str, text: &[u8], at: std::ops::Range<usize>) -> Self {
        let before = text.get(..at.start).unwrap_or(text);
        let begin = memchr::memrchr(b'\n', before).map_or(0, |end| end + 1);
        let rest = text.get(begin..).unwrap_or_default();
        let line = rest.get(..memchr::memchr(b'\n', rest).unwrap_or(rest.len())).unwrap_or_default();
        let number = memchr::memchr_iter(b'\n', before).count() as u64 + 1;
        Self::in_line(source, number, line, at.start.saturating_sub(begin)..at.end.saturating_sub(begin))
    }
}

/// What of a line is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// All of it.
    Line,
    /// One field, or a range of bytes of its text.
    Field {
        /// Position of the field, from 0.
        index: usize,
        /// Bytes of the field's text.
        within: Option<(usize, usize)>,
    },
}

/// The place of a fault in a line, which is shown as it stands in the file: fields are unquoted, lines are not.
pub(super) fn place(source: &str, number: u64, raw: &[u8], fault: Fault) -> Place {
    let (start, end) = match fault {
        Fault::Line => (0, raw.len()),
        Fault::Field { index, within } => {
            let (start, end) = field_range(raw, index);
            match within {
                Some((from, to)) if raw.get(start) != Some(&b'"') => (start + from, (start + to).min(end)),
                _ => (start, end),
            }
        }
    };
    excerpt(source, number, raw, start, end)
}

/// The place of some bytes of a line.
#[cfg(feature = "postgres")]
pub(super) fn place_of_bytes(source: &str, number: u64, raw: &[u8], (start, end): (usize, usize)) -> Place {
    excerpt(source, number, raw, start.min(raw.len()), end.min(raw.len()))
}

/// The first field of a line whose quotes do not enclose it from end to end, if there is one. Other readers take such
/// a field, and the rows up to the next quote into it.
pub(super) fn stray_quote(raw: &[u8]) -> Option<usize> {
    let (mut rest, mut index) = (raw, 0);
    while let Some(length) = field_length(rest) {
        match rest.get(length..) {
            // behind a field stands a comma or the end of the line
            Some([b',', next @ ..]) => rest = next,
            Some([]) => return None,
            _ => return Some(index),
        }
        index += 1;
    }
    Some(index)
}

/// The length of the field that begins `rest`, quotes included; `None` when its quotes do not enclose it.
fn field_length(rest: &[u8]) -> Option<usize> {
    let Some(quoted) = rest.strip_prefix(b"\"") else {
        let length = memchr::memchr(b',', rest).unwrap_or(rest.len());
        return rest.get(..length).filter(|field| memchr::memchr(b'"', field).is_none()).map(<[u8]>::len);
    };
    let mut at = 0;
    loop {
        at += memchr::memchr(b'"', quoted.get(at..)?)?;
        match quoted.get(at + 1) {
            Some(b'"') => at += 2,
            None | Some(b',') => return Some(at + 2),
            Some(_) => return None,
        }
    }
}

/// The bytes of field `index` of a raw line, quotes included; the end of the line when it has fewer fields.
fn field_range(raw: &[u8], index: usize) -> (usize, usize) {
    let (mut start, mut field, mut quoted) = (0, 0, false);
    for (at, &byte) in raw.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b',' if !quoted && field == index => return (start, at),
            b',' if !quoted => {
                field += 1;
                start = at + 1;
            }
            _ => {}
        }
    }
    if field == index { (start, raw.len()) } else { (raw.len(), raw.len()) }
}

/// The line around `start..end` of `raw`, shortened and without control characters: a ledger is somebody else's text.
fn excerpt(source: &str, line: u64, raw: &[u8], start: usize, end: usize) -> Place {
    let text = |range: std::ops::Range<usize>| -> Vec<char> {
        let text = String::from_utf8_lossy(raw.get(range).unwrap_or_default());
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
    };
    let (before, fault, after) = (text(0..start), text(start..end), text(end..raw.len()));
    let column = before.len() + 1;
    let head = |text: &[char]| match text.get(..SHOWN_MAX) {
        Some(shown) if text.len() > SHOWN_MAX => shown.iter().chain(&['…']).collect::<String>(),
        _ => text.iter().collect(),
    };
    let tail = |text: &[char]| match text.get(text.len().saturating_sub(SHOWN_MAX)..) {
        Some(shown) if text.len() > SHOWN_MAX => ['…'].iter().chain(shown).collect::<String>(),
        _ => text.iter().collect(),
    };
    let (before, fault, after) = (tail(&before), head(&fault), head(&after));
    let span = before.len()..before.len() + fault.len();
    Place { source: source.to_owned(), line, column, excerpt: [before, fault, after].concat(), span }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_that_do_not_enclose_a_field_are_found() {
        let stray = |raw: &str| stray_quote(raw.as_bytes());
        assert_eq!([stray(""), stray("a,b"), stray(r#""a,b",c"#), stray(r#""a""b","","#)], [None; 4]);
        assert_eq!(
            [stray(r#"a,"b"#), stray(r#"a,b"c"#), stray(r#"a,"b"c"#), stray("\"\"\"")],
            [Some(1), Some(1), Some(1), Some(0)]
        );
    }

    #[test]
    fn fields_are_found_in_the_raw_line() {
        let raw = br#"u1,"a,b",-5"#;
        assert_eq!(field_range(raw, 0), (0, 2));
        assert_eq!(field_range(raw, 1), (3, 8));
        assert_eq!(field_range(raw, 2), (9, 11));
        assert_eq!(field_range(raw, 3), (11, 11));
    }
}
