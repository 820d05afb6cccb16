//! Files of JSON lines: one strict JSON object a line, every line ended.

use serde::de::DeserializeOwned;

use crate::code::{Code, Coded, evm as codes};
use crate::json::{self, JsonError};

/// The longest line accepted, in bytes: an account proof of 65 nodes of 532 bytes has about 70,000.
pub const LINE_BYTES_MAX: usize = 1 << 17;

/// Reads every line of `file`. Numbers, keys that stand twice and unknown fields are refused, as is an empty line
/// or a last line without its end.
///
/// # Errors
/// [`LineError`] naming file and line.
pub fn read<T: DeserializeOwned>(path: &str, file: &[u8]) -> Result<Vec<T>, LineError> {
    let Some(body) = file.strip_suffix(b"\n") else {
        if file.is_empty() {
            return Ok(Vec::new());
        }
        let line = file.split(|byte| *byte == b'\n').count();
        return Err(error(path, line, "the last line has no end: the file may be cut".to_owned()));
    };
    let mut items = Vec::new();
    for (at, line) in body.split(|byte| *byte == b'\n').enumerate() {
        let number = at.saturating_add(1);
        if line.len() > LINE_BYTES_MAX {
            return Err(error(path, number, format!("{} bytes, at most {LINE_BYTES_MAX} are accepted", line.len())));
        }
        items.push(json::read(line).map_err(|cause: JsonError| error(path, number, cause.to_string()))?);
    }
    Ok(items)
}

/// A byte string in a file: lower-case hexadecimal digits without `0x`, so that it has one form.
///
/// # Errors
/// What was got and expected.
pub fn bytes(text: &str, max: usize) -> Result<Vec<u8>, String> {
    if text.len() > max.saturating_mul(2) {
        return Err(format!("{} hexadecimal digits, at most {} are accepted", text.len(), max.saturating_mul(2)));
    }
    let lower = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let decoded = if lower { hex::decode(text).ok() } else { None };
    decoded.ok_or_else(|| {
        let start: String = text.chars().take(20).collect();
        format!("expected an even number of lower-case hexadecimal digits, got {start:?}…")
    })
}

/// The error of one line.
#[must_use]
pub fn error(path: &str, line: usize, detail: String) -> LineError {
    LineError { path: path.to_owned(), line, detail }
}

/// A line that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}:{line}: {detail}")]
pub struct LineError {
    path: String,
    line: usize,
    detail: String,
}

impl Coded for LineError {
    fn code(&self) -> &'static Code {
        &codes::EVM_EVIDENCE_MALFORMED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(file: &[u8]) -> Result<Vec<Vec<String>>, String> {
        read("f", file).map_err(|error| error.to_string())
    }

    #[test]
    fn lines_are_complete_and_strict() {
        assert_eq!(lines(b""), Ok(vec![]));
        assert_eq!(lines(b"[\"a\"]\n[]\n"), Ok(vec![vec!["a".to_owned()], vec![]]));
        for (file, place) in [(&b"[]\n[]"[..], "f:2:"), (b"\n", "f:1:"), (b"[]\n\n", "f:2:"), (b"[]\n[1]\n", "f:2:")] {
            assert!(lines(file).expect_err("refused").starts_with(place), "{file:?}");
        }
        let error = read::<Vec<String>>("f", b"[]").expect_err("no end of line");
        assert_eq!(error.code(), &codes::EVM_EVIDENCE_MALFORMED);
        let long = [&b"[\""[..], &vec![b'a'; LINE_BYTES_MAX], b"\"]\n"].concat();
        assert!(lines(&long).expect_err("too long").contains("at most 131072"));
    }

    #[test]
    fn byte_strings_have_one_form() {
        assert_eq!(bytes("00ff", 2), Ok(vec![0, 255]));
        for text in ["0x00", "0", "FF", "00ff00", "é0"] {
            assert!(bytes(text, 2).is_err(), "{text}");
        }
    }
}
