//! Streams of bytes, plain or compressed: what they are is seen at their first bytes, and the bytes of the file itself
//! are hashed, as `sha256sum` does.

use std::io::{self, BufReader, Cursor, ErrorKind, Read};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::{LedgerError, LedgerErrorKind as Kind};
use crate::hash::{Digest, StreamHasher};

const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
const ZSTD_MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// A frame that holds no content begins with 0x50 to 0x5f and this.
const ZSTD_SKIPPED: &[u8] = &[0x2a, 0x4d, 0x18];
const PARQUET_MAGIC: &[u8] = b"PAR1";
/// Memory that one zstd stream may ask for: what `zstd` itself takes without being asked, and `--ultra -22` needs.
const ZSTD_WINDOW_MAX: u64 = 128 << 20;
/// Bytes of a compressed file read at a time.
const READ_LENGTH: usize = 128 * 1024;
/// Bytes that any file may unpack to, and how many above that for each of its own. Rows that differ take two or three
/// bytes each when they are packed best; what repeats itself takes less than a hundredth in gzip, and a
/// thirty-thousandth in zstd.
const UNPACKED_FREE: u64 = 64 << 20;
const UNPACKED_PER_BYTE: u64 = 128;

/// A file's content, with the hash of the file.
pub(super) struct Stream<R> {
    content: Content<R>,
    /// Bytes that came of a compressed file.
    unpacked: u64,
    /// Whether they were out of all proportion.
    excess: bool,
}

/// A file by the way it is packed.
enum Content<R> {
    Plain(Raw<R>),
    Gzip(Box<MultiGzDecoder<BufReader<Raw<R>>>>),
    Zstd(Box<Frames<BufReader<Raw<R>>>>),
}

/// The file from its first byte on, a few of which were read already.
type Raw<R> = io::Chain<Cursor<Vec<u8>>, Hashed<R>>;

impl<R: Read> Stream<R> {
    /// Looks at the first bytes.
    ///
    /// # Errors
    /// The file is not what its name says, is Parquet, or cannot be read.
    pub(super) fn open(name: &str, stream: R) -> Result<Self, LedgerError> {
        let mut hashed = Hashed { inner: stream, hasher: StreamHasher::default(), length: 0, failed: false };
        let mut head = Vec::new();
        let read = hashed.by_ref().take(4).read_to_end(&mut head);
        read.map_err(|error| Kind::Read(format!("{name}: {error}")))?;
        let gzip = head.starts_with(GZIP_MAGIC);
        let skipped = head.first().is_some_and(|byte| byte & 0xf0 == 0x50) && head.get(1..) == Some(ZSTD_SKIPPED);
        let zstd = head.starts_with(ZSTD_MAGIC) || skipped;
        for (ending, format, found) in [(".gz", "gzip", gzip), (".zst", "zstd", zstd)] {
            if name.ends_with(ending) && !found {
                return Err(Kind::NotAsNamed { name: name.to_owned(), format }.into());
            }
        }
        if head == PARQUET_MAGIC {
            return Err(Kind::ParquetStream(name.to_owned()).into());
        }
        let raw = Cursor::new(head).chain(hashed);
        let buffered = |raw| BufReader::with_capacity(READ_LENGTH, raw);
        let content = match (gzip, zstd) {
            (true, _) => Content::Gzip(Box::new(MultiGzDecoder::new(buffered(raw)))),
            (_, true) => Content::Zstd(Box::new(Frames::new(buffered(raw)))),
            _ => Content::Plain(raw),
        };
        Ok(Self { content, unpacked: 0, excess: false })
    }

    /// The kind in the record of the source.
    pub(super) fn kind(&self) -> &'static str {
        match &self.content {
            Content::Plain(_) => "csv",
            Content::Gzip(_) => "csv.gz",
            Content::Zstd(_) => "csv.zst",
        }
    }

    fn file(&self) -> &Hashed<R> {
        match &self.content {
            Content::Plain(raw) => raw.get_ref().1,
            Content::Gzip(decoder) => decoder.get_ref().get_ref().get_ref().1,
            Content::Zstd(frames) => frames.input.get_ref().get_ref().1,
        }
    }

    /// SHA-256 and length of what was read of the file.
    pub(super) fn digest(&self) -> (Digest, u64) {
        let file = self.file();
        (file.hasher.clone().finish(), file.length)
    }

    /// What a failed read means.
    pub(super) fn error(&self, name: &str, error: &io::Error) -> Kind {
        let format = match &self.content {
            Content::Gzip(_) => "gzip",
            Content::Zstd(_) => "zstd",
            Content::Plain(_) => return Kind::Read(format!("{name}: {error}")),
        };
        if self.excess {
            let unpacked = format!("{} bytes", self.unpacked);
            return Kind::Unpacks { name: name.to_owned(), packed: self.file().length, unpacked };
        }
        if self.file().failed {
            return Kind::Read(format!("{name}: {error}"));
        }
        Kind::Compressed { name: name.to_owned(), format, detail: error.to_string() }
    }
}

impl<R: Read> Read for Stream<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match &mut self.content {
            Content::Plain(raw) => return raw.read(buffer),
            Content::Gzip(decoder) => decoder.read(buffer)?,
            Content::Zstd(frames) => frames.read(buffer)?,
        };
        self.unpacked = self.unpacked.saturating_add(count as u64);
        let packed = self.file().length;
        if self.unpacked > UNPACKED_FREE.saturating_add(packed.saturating_mul(UNPACKED_PER_BYTE)) {
            self.excess = true;
            return Err(io::Error::new(ErrorKind::InvalidData, "more than a ledger unpacks to"));
        }
        Ok(count)
    }
}

/// Hashes what passes through.
pub(super) struct Hashed<R> {
    inner: R,
    hasher: StreamHasher,
    length: u64,
    /// Whether the file could not be read, which is no damage of what is in it.
    failed: bool,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.inner.read(buffer) {
            Ok(count) => {
                self.hasher.update(buffer.get(..count).unwrap_or_default());
                self.length += count as u64;
                Ok(count)
            }
            Err(error) => {
                self.failed |= error.kind() != ErrorKind::Interrupted;
                Err(error)
            }
        }
    }
}

/// All frames of a zstd file, to its last byte.
pub(super) struct Frames<R> {
    input: R,
    decoder: FrameDecoder,
    inside: bool,
}

impl<R: io::BufRead> Frames<R> {
    fn new(input: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(ZSTD_WINDOW_MAX);
        Self { input, decoder, inside: false }
    }

    /// Begins the next frame that has content; `false` at the end of the file.
    fn begin(&mut self) -> io::Result<bool> {
        while !self.input.fill_buf()?.is_empty() {
            match self.decoder.init(&mut self.input) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    let length = u64::from(length);
                    if io::copy(&mut self.input.by_ref().take(length), &mut io::sink())? < length {
                        return Err(damaged("UnexpectedEof"));
                    }
                }
                Err(error) => return Err(damaged(error)),
            }
        }
        Ok(false)
    }
}

fn damaged(error: impl std::fmt::Display) -> io::Error {
    let text = error.to_string();
    // the decoder's words show how it is built, not what is wrong
    if text.contains("UnexpectedEof") {
        return io::Error::new(ErrorKind::UnexpectedEof, "the file ends within a frame");
    }
    io::Error::new(ErrorKind::InvalidData, text)
}

impl<R: io::BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.inside && !self.begin()? {
                return Ok(0);
            }
            self.inside = true;
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                self.decoder.decode_blocks(&mut self.input, one).map_err(damaged)?;
            }
            let count = self.decoder.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            // the decoder leaves the comparison to whoever asked for the content
            let expected = self.decoder.get_checksum_from_data();
            if expected.is_some() && expected != self.decoder.get_calculated_checksum() {
                return Err(damaged("the checksum of a frame does not fit its content"));
            }
            self.inside = false;
        }
    }
}
