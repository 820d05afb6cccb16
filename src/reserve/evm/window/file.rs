//! `window.jsonl` of an EVM chain: which blocks the window has. Everything else in it is found by hashes.

use serde::{Deserialize, Serialize};

use super::error::EvmWindowError;
use super::headers::BLOCKS_MAX;
use crate::json::{self, JsonError, uint};

const FORMAT: &str = "counterfoil-evm-window-v1";
/// The longest file, in bytes: it is one line with two numbers.
pub const FILE_BYTES_MAX: usize = 1024;

/// The blocks that whoever gathered the window asked about. Nothing in it is believed: headers and proofs are there
/// for these blocks, or they are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowFile {
    /// The first block.
    pub from: u64,
    /// The last block, included.
    pub to: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    format: String,
    #[serde(with = "uint")]
    from: u64,
    #[serde(with = "uint")]
    to: u64,
}

impl WindowFile {
    /// Reads the file: one line of canonical JSON with its end.
    ///
    /// # Errors
    /// [`EvmWindowError::Malformed`].
    pub fn parse(path: &str, bytes: &[u8]) -> Result<Self, EvmWindowError> {
        let fail = |detail: String| EvmWindowError::Malformed { path: path.to_owned(), detail };
        if bytes.len() > FILE_BYTES_MAX {
            return Err(fail(format!("{} bytes, expected at most {FILE_BYTES_MAX}", bytes.len())));
        }
        let line = bytes.strip_suffix(b"\n").ok_or_else(|| fail("it does not end with a line end".to_owned()))?;
        let head: Head = json::read_canonical(line).map_err(|error| fail(error.to_string()))?;
        if head.format != FORMAT {
            return Err(fail(format!("format {:?}, expected {FORMAT:?}", head.format)));
        }
        let blocks = head.to.checked_sub(head.from).and_then(|span| usize::try_from(span).ok());
        if blocks.is_none_or(|span| span >= BLOCKS_MAX) {
            let detail = format!("blocks {} to {}, expected a range of at most {BLOCKS_MAX}", head.from, head.to);
            return Err(fail(detail));
        }
        Ok(Self { from: head.from, to: head.to })
    }

    /// The file.
    ///
    /// # Errors
    /// [`JsonError`], never for two numbers.
    pub fn to_file(&self) -> Result<Vec<u8>, JsonError> {
        let head = Head { format: FORMAT.to_owned(), from: self.from, to: self.to };
        Ok([json::canonical(&head)?, b"\n".to_vec()].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Coded as _;

    #[test]
    fn a_window_has_one_file() {
        let file = WindowFile { from: 100, to: 109 };
        let bytes = file.to_file().expect("two numbers");
        assert_eq!(bytes, b"{\"format\":\"counterfoil-evm-window-v1\",\"from\":\"100\",\"to\":\"109\"}\n");
        assert_eq!(WindowFile::parse("f", &bytes), Ok(file));
        assert_eq!(
            WindowFile::parse("f", &WindowFile { from: 7, to: 7 }.to_file().expect("it")).map(|it| it.to),
            Ok(7)
        );
    }

    #[test]
    fn other_files_are_refused() {
        let good = String::from_utf8(WindowFile { from: 100, to: 109 }.to_file().expect("it")).expect("text");
        let long = format!("{}{good}", " ".repeat(FILE_BYTES_MAX));
        let far = (BLOCKS_MAX + 100).to_string();
        for bad in [
            String::new(),
            good.trim_end().to_owned(),
            good.replace("v1", "v2"),
            good.replace("\"109\"", "\"99\""),
            good.replace("\"109\"", "109"),
            good.replace("109", &far),
            good.replace(",\"to\":\"109\"", ""),
            good.replace('}', ",\"x\":\"1\"}"),
            good.replace(':', ": "),
            format!("{good}{good}"),
            long,
        ] {
            let error = WindowFile::parse("f", bad.as_bytes()).expect_err("refused");
            assert_eq!(error.code().name, "EVM_WINDOW_MALFORMED", "{bad}");
        }
    }
}
