//! Excerpts: finds the raw text of a row again, for the message about it.

use std::io::{self, Read};

use super::Place;
use super::quoting::Quoting;
use crate::hash::StreamHasher;

/// The longest row that is accepted, in bytes.
pub(super) const ROW_LENGTH_MAX: usize = 64 * 1024;
/// A row that is longer than this in the file is not read to its end: quotes and their doubling included, no row
/// that is accepted is as long.
const RAW_ROW_LENGTH_MAX: u64 = 4 * ROW_LENGTH_MAX as u64;
/// Characters shown of the fault, and on each side of it.
const SHOWN_MAX: usize = 60;

/// Passes bytes through, hashes them, and keeps the last ones: the CSV reader unquotes fields, and a message must
/// show them as they stand in the file.
pub(super) struct Tee<R> {
    inner: R,
    hasher: StreamHasher,
    /// Offset of the first byte of `kept` in the stream.
    base: u64,
    kept: Vec<u8>,
    quoting: Quoting,
}

impl<R> Tee<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, hasher: StreamHasher::default(), base: 0, kept: Vec::new(), quoting: Quoting::default() }
    }

    /// SHA-256 and length of everything read so far.
    pub(super) fn digest(&self) -> (crate::hash::Digest, u64) {
        (self.hasher.clone().finish(), self.base + self.kept.len() as u64)
    }

    /// Whether the quotes before `offset` are those of RFC 4180.
    pub(super) fn is_well_quoted(&self, offset: u64) -> bool {
        self.quoting.fault.is_none_or(|fault| fault >= offset)
    }

    /// Whether what was read ends within quotes.
    pub(super) fn is_open(&self) -> bool {
        self.quoting.is_open()
    }

    /// What is kept from `offset` on; empty when it is no longer kept.
    fn rest_at(&self, offset: u64) -> &[u8] {
        let start = offset.checked_sub(self.base).and_then(|start| usize::try_from(start).ok());
        start.and_then(|start| self.kept.get(start..)).unwrap_or_default()
    }

    /// Line breaks between `offset` and the row that the CSV reader says begins there: the rest of a CRLF, or
    /// empty lines.
    pub(super) fn breaks_at(&self, offset: u64) -> u64 {
        let breaks = self.rest_at(offset).iter().take_while(|&&byte| byte == b'\n' || byte == b'\r');
        breaks.filter(|&&byte| byte == b'\n').count() as u64
    }

    /// The raw line that begins at `offset`, without its end.
    fn line_at(&self, offset: u64) -> &[u8] {
        let rest = self.rest_at(offset);
        let skip = rest.iter().take_while(|&&byte| byte == b'\n' || byte == b'\r').count();
        let rest = rest.get(skip..).unwrap_or_default();
        let end = rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
        let line = rest.get(..end).unwrap_or_default();
        // the CSV reader skips a byte order mark, too
        let line = if offset == 0 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line };
        line.strip_suffix(b"\r").unwrap_or(line)
    }

    /// The first field of the row at `offset` whose quotes do not enclose it, on one line, from end to end. The CSV
    /// reader accepts such a field, and takes the rows up to the next quote into it.
    pub(super) fn stray_quote(&self, offset: u64) -> Option<usize> {
        let raw = self.line_at(offset);
        if !raw.contains(&b'"') {
            return None;
        }
        let (mut rest, mut index) = (raw, 0);
        while let Some(length) = field_length(rest) {
            match rest.get(length..) {
                // behind a field stands a comma or the end of the line
                Some([b',', next @ ..]) => rest = next,
                _ => return None,
            }
            index += 1;
        }
        Some(index)
    }

    /// The place of one field, or of the whole line, or of a part of a field.
    pub(super) fn place(&self, source: &str, line: u64, offset: u64, fault: &Fault) -> Place {
        let raw = self.line_at(offset);
        let (start, end) = match *fault {
            Fault::Line => (0, raw.len()),
            Fault::Field { index, within } => {
                let (start, end) = field_range(raw, index);
                match within {
                    Some((from, to)) if raw.get(start) != Some(&b'"') => (start + from, (start + to).min(end)),
                    _ => (start, end),
                }
            }
        };
        excerpt(source, line, raw, start, end)
    }
}

/// What of a line is at fault.
#[derive(Clone, Copy)]
pub(super) enum Fault {
    Line,
    Field { index: usize, within: Option<(usize, usize)> },
}

impl<R: Read> Read for Tee<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let fresh = buffer.get(..count).unwrap_or_default();
        if fresh.is_empty() {
            return Ok(0);
        }
        self.hasher.update(fresh);
        let (read, row) = (self.base + self.kept.len() as u64, self.quoting.row);
        if read.saturating_sub(row) > RAW_ROW_LENGTH_MAX {
            let detail =
                format!("the row at byte {row} has more than {RAW_ROW_LENGTH_MAX} bytes: is a quote left open?");
            return Err(io::Error::new(io::ErrorKind::InvalidData, detail));
        }
        self.quoting.pass(read, fresh);
        if self.kept.len() > 8 * ROW_LENGTH_MAX {
            let dropped = self.kept.len() - 5 * ROW_LENGTH_MAX;
            self.kept.drain(..dropped);
            self.base += dropped as u64;
        }
        self.kept.extend_from_slice(fresh);
        Ok(count)
    }
}

/// The length of the field that begins `rest`, quotes included; `None` when its quotes do not enclose it.
fn field_length(rest: &[u8]) -> Option<usize> {
    let Some(quoted) = rest.strip_prefix(b"\"") else {
        let length = rest.iter().position(|&byte| byte == b',').unwrap_or(rest.len());
        return rest.get(..length).filter(|field| !field.contains(&b'"')).map(<[u8]>::len);
    };
    let mut at = 0;
    loop {
        at += quoted.get(at..)?.iter().position(|&byte| byte == b'"')?;
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
pub(super) fn excerpt(source: &str, line: u64, raw: &[u8], start: usize, end: usize) -> Place {
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
    fn fields_are_found_in_the_raw_line() {
        let raw = br#"u1,"a,b",-5"#;
        assert_eq!(field_range(raw, 0), (0, 2));
        assert_eq!(field_range(raw, 1), (3, 8));
        assert_eq!(field_range(raw, 2), (9, 11));
        assert_eq!(field_range(raw, 3), (11, 11));
    }
}
