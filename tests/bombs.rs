//! Small files that unpack to huge ones: memory stays where it is, and the refusal comes long before the end.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod cli_support;

use std::io::{self, Read, Write as _};
use std::path::Path;
use std::process::Command;

use cli_support::{build_line, fresh, listing};
use counterfoil::asset::Assets;
use counterfoil::ledger::{CsvSource, LedgerErrorKind, RowSource as _};
use flate2::Compression;
use flate2::write::GzEncoder;

const HEAD: &[u8] = b"account,asset,amount\n";
/// What each file would unpack to.
const UNPACKED: usize = 20 << 30;
/// Kibibytes of addresses that the command may use: programs, threads and the memory of a build.
const MEMORY: usize = 1 << 20;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A head, and then this piece again and again, in members of their own, as `cat` would put them together.
fn gzip_bomb(piece: &[u8]) -> Vec<u8> {
    let piece = piece.repeat((1 << 20) / piece.len());
    let packed = gzip(&piece);
    [gzip(HEAD), packed.repeat(UNPACKED / piece.len())].concat()
}

/// A zstd frame of a head and of blocks that say: this byte, 131,072 times; with an end behind each.
fn zstd_bomb(byte: u8, end: &[u8]) -> Vec<u8> {
    const BLOCK: usize = 128 << 10;
    // a window of one mebibyte; no length of the content, no checksum
    let mut file = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 10 << 3];
    let head = |last: u32, kind: u32, size: usize| {
        let all = last | kind << 1 | u32::try_from(size).unwrap() << 3;
        all.to_le_bytes()[..3].to_vec()
    };
    file.extend(head(0, 0, HEAD.len()));
    file.extend(HEAD);
    for _ in 0..UNPACKED / BLOCK {
        file.extend(head(0, 1, BLOCK));
        file.push(byte);
        if !end.is_empty() {
            file.extend(head(0, 0, end.len()));
            file.extend(end);
        }
    }
    file.extend(head(1, 0, 0));
    file
}

/// Builds under a limit of memory; what is said, and that nothing is left.
fn refused(name: &str, file: &[u8], error: &str) -> String {
    let venue = fresh();
    std::fs::write(venue.path().join(name), file).unwrap();
    let before = listing(venue.path());
    let line = build_line(name, "snapshot.toml", "new") + " --memory 64MiB";
    let script = format!("ulimit -v {MEMORY}; exec {} {line}", env!("CARGO_BIN_EXE_counterfoil"));
    let output = Command::new("sh").current_dir(venue.path()).args(["-c", &script]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains(&format!("error[{error}]")), "no {error} in\n{said}");
    assert!(listing(venue.path()) == before, "something is left");
    said
}

#[test]
fn what_never_ends_its_line_is_refused_at_once() {
    let gzip = gzip_bomb(b"0");
    assert!(gzip.len() < UNPACKED / 200);
    let said = refused("l.csv.gz", &gzip, "CF-9001");
    assert!(said.contains("the row at byte 21 has more than 262144 bytes"), "{said}");
    let zstd = zstd_bomb(b'0', b"");
    assert!(zstd.len() < 1 << 20);
    let said = refused("l.csv.zst", &zstd, "CF-9001");
    assert!(said.contains("the row at byte 21 has more than 262144 bytes"), "{said}");
}

/// Counts what is read of the packed file.
struct Counted<'a>(&'a [u8], &'a std::cell::Cell<usize>);

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(buffer)?;
        self.1.set(self.1.get() + count);
        Ok(count)
    }
}

/// Rows that are right but repeat themselves, and rows as long as they may be in a file.
#[test]
fn little_of_the_file_is_read_before_the_refusal() {
    let assets = Assets::parse("[[asset]]\nid = \"BTC\"\ndecimals = 0\n").unwrap();
    let row = format!("{},BTC,1\n", "u".repeat(112));
    for file in [gzip_bomb(row.as_bytes()), zstd_bomb(b'u', b"\n")] {
        let read = std::cell::Cell::new(0);
        let source = CsvSource::new("l.csv", 0, Counted(&file, &read), &assets, &[]);
        let mut source = source.unwrap_or_else(|faults| panic!("{faults:?}"));
        let mut chunks = 0_u64;
        loop {
            match source.next_chunk() {
                Some(Ok(_)) => chunks += 1,
                Some(Err(error)) => {
                    assert!(matches!(error.kind, LedgerErrorKind::Unpacks { .. }), "{error}");
                    break;
                }
                None => panic!("it was read to its end"),
            }
        }
        assert!(read.get() < 16 << 20 && chunks < 4_000, "{} bytes in {chunks} chunks", read.get());
        assert!(source.next_chunk().is_none(), "a source that has ended stays so");
    }
}

/// A ledger as large exchanges have it, packed as well as it can be: rows that differ are far from the limit.
#[test]
fn an_honest_ledger_is_far_from_the_limit() {
    let assets = Assets::parse("[[asset]]\nid = \"BTC\"\ndecimals = 0\n").unwrap();
    let mut ledger = HEAD.to_vec();
    for number in 0..50_000 {
        writeln!(ledger, "{number:064},BTC,0").unwrap();
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&ledger).unwrap();
    let packed = encoder.finish().unwrap();
    assert!(ledger.len() / packed.len() < 64, "{} to {}", packed.len(), ledger.len());
    let source = CsvSource::new("l.csv.gz", 0, packed.as_slice(), &assets, &[]);
    let mut source = source.unwrap_or_else(|faults| panic!("{faults:?}"));
    while let Some(chunk) = source.next_chunk() {
        assert!(chunk.is_ok());
    }
}

/// Parquet, of which the footer is read before any row.
#[cfg(feature = "parquet")]
mod parquet {
    use std::sync::Arc;

    use ::parquet::data_type::{ByteArray, ByteArrayType};
    use ::parquet::file::properties::WriterProperties;
    use ::parquet::file::writer::SerializedFileWriter;
    use ::parquet::schema::parser::parse_message_type;

    use super::*;

    /// One row, its amount of the type that is said.
    fn written(amount: &str, value: &[u8]) -> Vec<u8> {
        let schema =
            format!("message l {{ required binary account (UTF8); required binary asset (UTF8); required {amount}; }}");
        let schema = Arc::new(parse_message_type(&schema).unwrap());
        let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(WriterProperties::default())).unwrap();
        let mut group = writer.next_row_group().unwrap();
        for text in [b"u1".as_slice(), b"BTC", value] {
            let mut column = group.next_column().unwrap().unwrap();
            column.typed::<ByteArrayType>().write_batch(&[ByteArray::from(text.to_vec())], None, None).unwrap();
            column.close().unwrap();
        }
        group.close().unwrap();
        writer.into_inner().unwrap()
    }

    /// A footer with other bytes in place of some, wherever they stand.
    fn changed(file: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
        let tail = file.len() - 8;
        let length = u32::from_le_bytes(*file[tail..].first_chunk().unwrap()) as usize;
        let (pages, footer) = file[..tail].split_at(tail - length);
        let mut rest = footer;
        let mut footer = Vec::new();
        while let Some((first, behind)) = rest.split_first() {
            match rest.strip_prefix(old) {
                Some(behind) => {
                    footer.extend(new);
                    rest = behind;
                }
                None => {
                    footer.push(*first);
                    rest = behind;
                }
            }
        }
        let length = u32::try_from(footer.len()).unwrap().to_le_bytes();
        [pages, &footer, &length, b"PAR1"].concat()
    }

    #[test]
    fn the_file_that_is_changed_below_is_a_ledger() {
        let venue = fresh();
        std::fs::write(venue.path().join("l.parquet"), written("binary amount (UTF8)", b"1")).unwrap();
        cli_support::done(venue.path(), &build_line("l.parquet", "snapshot.toml", "new"));
    }

    #[test]
    fn more_rows_than_bytes_could_hold_are_refused() {
        // numbers of rows and of values, each 1, become 2^41 - 1 in their six bytes
        let many = [[0x16].as_slice(), &[0xfe], &[0xff; 4], &[0x7f]].concat();
        let file = changed(&written("binary amount (UTF8)", b"1"), &[0x16, 0x02], &many);
        let said = refused("l.parquet", &file, "CF-2190");
        assert!(said.contains("bytes hold 2199023255551 rows and more"), "{said}");
    }

    #[test]
    fn an_amount_of_a_hundred_thousand_digits_is_no_amount() {
        let file = written("binary amount (DECIMAL(100000, 100000))", &[1]);
        let said = refused("l.parquet", &file, "CF-1037");
        assert!(said.contains("BYTE_ARRAY (DECIMAL)"), "{said}");
    }

    #[test]
    fn a_schema_of_a_million_levels_ends_nothing() {
        let group = [0x48, 1, b'a', 0x15, 2, 0].repeat(1_000_000);
        // a list of 1,000,001 structs: the groups and their leaf
        let schema =
            [[0x15, 2, 0x19, 0xfc, 0xc1, 0x84, 0x3d].as_slice(), &group, &[0x15, 2, 0x38, 1, b'a', 0]].concat();
        let footer = [schema.as_slice(), &[0x16, 0, 0x19, 0x0c, 0]].concat();
        let length = u32::try_from(footer.len()).unwrap().to_le_bytes();
        let file = [b"PAR1".as_slice(), &footer, &length, b"PAR1"].concat();
        let said = refused("l.parquet", &file, "CF-1030");
        assert!(said.contains("the schema is nested more than 64 levels"), "{said}");
    }

    /// Every byte of footer and page headers, changed in turn: a refusal, or a ledger, never an end of the process.
    #[test]
    fn no_byte_of_a_file_ends_the_process() {
        let assets = Assets::parse("[[asset]]\nid = \"BTC\"\ndecimals = 0\n").unwrap();
        let good = written("binary amount (UTF8)", b"1");
        std::panic::set_hook(Box::new(|_| {}));
        for at in 0..good.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff, good[at] ^ 1, good[at].wrapping_add(16)] {
                let mut file = good.clone();
                file[at] = value;
                let path = tempfile::NamedTempFile::new().unwrap();
                std::fs::write(path.path(), &file).unwrap();
                let open = || std::fs::File::open(path.path()).unwrap();
                let source = counterfoil::ledger::ParquetSource::new("l", 0, open(), open(), &assets, &[]);
                let Ok(mut source) = source else { continue };
                while let Some(Ok(chunk)) = source.next_chunk() {
                    chunk.rows(&mut |_| {});
                }
            }
        }
        let _ = std::panic::take_hook();
    }
}

#[cfg(feature = "parquet")]
#[path = "bombs/pages.rs"]
mod pages;

#[test]
fn a_secret_or_a_text_is_never_unpacked() {
    // only ledgers are: a packed configuration is no text
    let venue = fresh();
    let packed = gzip(&std::fs::read(venue.path().join("assets.toml")).unwrap());
    std::fs::write(venue.path().join("assets.toml"), packed).unwrap();
    let said = cli_support::refused(venue.path(), &build_line("ledger.csv", "snapshot.toml", "new"), 2, "CF-9001");
    assert!(said.contains("it is not UTF-8 text"), "{said}");
    assert!(!Path::new(&venue.path().join("new")).exists());
}
