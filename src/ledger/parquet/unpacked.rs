//! Pages in forms that the library unpacks to their end, whatever length their header says: counted before, without
//! keeping what comes out. For the other forms it keeps to the length.

use std::io::Read;
use std::ops::Range;

use flate2::read::MultiGzDecoder;
use parquet::basic::Compression;
use parquet::file::reader::ChunkReader;

/// Bytes that are unpacked at a time.
const PART: usize = 64 * 1024;
/// The first seven bits of a brotli stream whose window is larger than RFC 7932 knows: the window alone would take
/// up to a gibibyte.
const LARGE_WINDOW: u8 = 0x11;

/// Whether the bytes at `values` of a file, packed in this form, unpack to more than `limit` bytes.
///
/// # Errors
/// The file cannot be read, or a stream asks for too much. What is wrong with it otherwise, the library says.
pub(super) fn exceeds(
    file: &impl ChunkReader,
    packed: Compression,
    values: Range<u64>,
    limit: u64,
) -> Result<bool, String> {
    let Some(length) = values.end.checked_sub(values.start).filter(|length| *length > 0 && limit > 0) else {
        return Ok(false);
    };
    let stream = || Ok::<_, String>(file.get_read(values.start).map_err(|error| error.to_string())?.take(length));
    match packed {
        Compression::GZIP(_) => Ok(more_than(MultiGzDecoder::new(stream()?), limit)),
        Compression::BROTLI(_) => {
            let mut first = [0];
            let read = stream()?.read(&mut first).map_err(|error| error.to_string())?;
            if read == 1 && first[0] & 0x7f == LARGE_WINDOW {
                return Err("asks for a window that brotli does not have".to_owned());
            }
            Ok(more_than(brotli::Decompressor::new(stream()?, PART), limit))
        }
        // lengths are kept to, or the library refuses them
        Compression::UNCOMPRESSED
        | Compression::SNAPPY
        | Compression::LZO
        | Compression::LZ4
        | Compression::ZSTD(_)
        | Compression::LZ4_RAW => Ok(false),
    }
}

/// Whether more than `limit` bytes come. An error ends the library's reading at the same place.
fn more_than(mut unpacked: impl Read, limit: u64) -> bool {
    let (mut count, mut part) = (0_u64, vec![0; PART]);
    while count <= limit {
        match unpacked.read(&mut part) {
            Ok(0) => return false,
            Ok(read) => count = count.saturating_add(read as u64),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return false,
        }
    }
    true
}
