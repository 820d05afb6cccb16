//! Parquet files made by hand, whose pages say one thing in their header and another behind it.

use std::io::Write as _;

use super::*;

const PLAIN: i64 = 0;
const DELTA_LENGTH: i64 = 6;
const DELTA: i64 = 7;

const STORED: i64 = 0;
const GZIP: i64 = 2;
const BROTLI: i64 = 4;
const LZ4_HADOOP: i64 = 5;

fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value > 0x7f {
        out.push(0x80 | u8::try_from(value & 0x7f).unwrap());
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap());
    out
}

/// A field of 32 (5) or 64 (6) bits, `step` behind the one before.
fn integer(step: u8, kind: u8, value: i64) -> Vec<u8> {
    [vec![step << 4 | kind], varint(((value << 1) ^ (value >> 63)).cast_unsigned())].concat()
}

fn text(step: u8, text: &str) -> Vec<u8> {
    [&[step << 4 | 8, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

/// A data page of the first kind: what its header says, and its bytes.
struct Page {
    values: i64,
    encoding: i64,
    unpacked: i64,
    bytes: Vec<u8>,
}

impl Page {
    fn file(&self) -> Vec<u8> {
        let data = [integer(1, 5, self.values), integer(1, 5, self.encoding), vec![0x15, 6, 0x15, 6, 0]].concat();
        let packed = i64::try_from(self.bytes.len()).unwrap();
        let lengths = [integer(1, 5, self.unpacked), integer(1, 5, packed)].concat();
        [&[0x15, 0], lengths.as_slice(), &[0x2c], &data, &[0], &self.bytes].concat()
    }
}

/// What is said of a file, without the line ends of a terminal.
fn refused(file: &[u8]) -> String {
    super::refused("l.parquet", file, "CF-1030").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A column of texts, none of them null.
struct Column {
    codec: i64,
    pages: Vec<Page>,
}

fn stored(values: i64, encoding: i64, bytes: Vec<u8>) -> Column {
    let unpacked = i64::try_from(bytes.len()).unwrap();
    Column { codec: STORED, pages: vec![Page { values, encoding, unpacked, bytes }] }
}

fn plain(texts: &[&str]) -> Vec<u8> {
    let one = |text: &&str| [&u32::try_from(text.len()).unwrap().to_le_bytes(), text.as_bytes()].concat();
    texts.iter().map(one).collect::<Vec<_>>().concat()
}

/// Account, asset and amount of so many rows.
fn parquet_file(rows: i64, columns: &[Column; 3]) -> Vec<u8> {
    let names = ["account", "asset", "amount"];
    let mut file = b"PAR1".to_vec();
    let mut chunks = Vec::new();
    for (column, name) in columns.iter().zip(names) {
        let start = i64::try_from(file.len()).unwrap();
        file.extend(column.pages.iter().flat_map(Page::file));
        let length = i64::try_from(file.len()).unwrap() - start;
        let encodings = [vec![0x19, 0x15], integer(0, 0, column.pages[0].encoding)[1..].to_vec()].concat();
        let path = [vec![0x19, 0x18], text(0, name)[1..].to_vec()].concat();
        let about = [integer(1, 5, column.codec), integer(1, 6, rows), integer(1, 6, length), integer(1, 6, length)];
        let about = [vec![0x15, 12], encodings, path, about.concat(), integer(2, 6, start), vec![0]].concat();
        chunks.extend([integer(2, 6, start), vec![0x1c], about, vec![0]].concat());
    }
    let leaf = |name: &str| [vec![0x15, 12, 0x25, 0], text(1, name), vec![0x25, 0, 0]].concat();
    let schema = [text(4, "l"), integer(1, 5, 3), vec![0], names.map(leaf).concat()].concat();
    let group = [vec![0x19, 0x3c], chunks, integer(1, 6, 1_000), integer(1, 6, rows), vec![0]].concat();
    let footer = [vec![0x15, 2, 0x19, 0x4c], schema, integer(1, 6, rows), vec![0x19, 0x1c], group, vec![0]].concat();
    let length = u32::try_from(footer.len()).unwrap().to_le_bytes();
    [file.as_slice(), &footer, &length, b"PAR1"].concat()
}

/// Lengths in delta encoding, all the same: they take no bytes but the heads of their blocks.
fn lengths(count: u64, length: u64) -> Vec<u8> {
    let blocks = usize::try_from(count.saturating_sub(1).div_ceil(128)).unwrap();
    [varint(128), vec![4], varint(count), varint(length * 2), vec![0; 5 * blocks]].concat()
}

/// Two rows, in which the column of accounts is this one.
fn with_accounts(accounts: Column) -> Vec<u8> {
    let two = |texts: &[&str; 2]| stored(2, PLAIN, plain(texts));
    parquet_file(2, &[accounts, two(&["BTC", "BTC"]), two(&["1", "2"])])
}

fn gzipped(unpacked: i64, bytes: &[u8]) -> Column {
    Column { codec: GZIP, pages: vec![Page { values: 2, encoding: PLAIN, unpacked, bytes: gzip(bytes) }] }
}

fn brotlied(bytes: &mut dyn Read) -> Vec<u8> {
    let mut packed = Vec::new();
    let mut encoder = brotli::CompressorWriter::new(&mut packed, 1 << 16, 3, 22);
    io::copy(bytes, &mut encoder).unwrap();
    encoder.flush().unwrap();
    drop(encoder);
    packed
}

/// What is changed below is a ledger, in each of these forms.
#[test]
fn pages_made_by_hand_are_read() {
    let accounts = plain(&["u1", "u2"]);
    let length = i64::try_from(accounts.len()).unwrap();
    let brotli = Page { values: 2, encoding: PLAIN, unpacked: length, bytes: brotlied(&mut accounts.as_slice()) };
    for (name, column) in [
        ("plain", stored(2, PLAIN, accounts.clone())),
        ("delta length", stored(2, DELTA_LENGTH, [lengths(2, 2), b"u1u2".to_vec()].concat())),
        ("delta", stored(2, DELTA, [lengths(2, 0), lengths(2, 2), b"u1u2".to_vec()].concat())),
        ("gzip", gzipped(length, &accounts)),
        ("brotli", Column { codec: BROTLI, pages: vec![brotli] }),
    ] {
        let venue = fresh();
        std::fs::write(venue.path().join("l.parquet"), with_accounts(column)).unwrap();
        println!("{name}");
        cli_support::done(venue.path(), &build_line("l.parquet", "snapshot.toml", "new"));
    }
}

/// A count of four thousand million lengths, which would take 16 GiB.
#[test]
fn texts_that_count_themselves_are_no_more_than_the_page_says() {
    let many = u64::from(u32::MAX);
    let head = [varint(1 << 40), vec![1], varint(many), vec![4], vec![0; 20]].concat();
    for (encoding, bytes) in
        [(DELTA_LENGTH, head.clone()), (DELTA, head.clone()), (DELTA, [lengths(2, 0), head.clone()].concat())]
    {
        let said = refused(&with_accounts(stored(2, encoding, bytes)));
        assert!(said.contains("counts 4294967295 texts in delta encoding, at most 2 are unpacked"), "{said}");
    }
    // where the page's header agrees
    let said = refused(&with_accounts(stored(i64::from(i32::MAX), DELTA_LENGTH, head)));
    assert!(said.contains("at most 4194304 are unpacked"), "{said}");
}

/// Texts of which each is the whole one before it and 64 bytes more.
fn growing(rows: u64) -> Vec<u8> {
    let more = 64;
    let blocks = usize::try_from((rows - 1).div_ceil(128)).unwrap();
    let block = [varint(more * 2), vec![0; 4]].concat();
    let repeated = [varint(128), vec![4], varint(rows), vec![0], block.repeat(blocks)].concat();
    [repeated, lengths(rows, more), vec![b'a'; usize::try_from(rows * more).unwrap()]].concat()
}

/// Each text is the whole one before it and 64 bytes more: half a mebibyte in the page, two gibibytes in memory.
#[test]
fn texts_that_repeat_one_another_are_added_up() {
    let rows = 8_192;
    let values = i64::try_from(rows).unwrap();
    // two of them are a ledger
    let venue = fresh();
    std::fs::write(venue.path().join("l.parquet"), with_accounts(stored(2, DELTA, growing(2)))).unwrap();
    cli_support::done(venue.path(), &build_line("l.parquet", "snapshot.toml", "new"));
    let same = |text: &str| stored(values, PLAIN, plain(&vec![text; rows.try_into().unwrap()]));
    let file = parquet_file(values, &[stored(values, DELTA, growing(rows)), same("BTC"), same("1")]);
    let said = refused(&file);
    assert!(said.contains("has texts of 2147746509 bytes in delta encoding, at most 134217728 are unpacked"), "{said}");
}

/// Zeros where the page says a hundred bytes, four gibibytes in gzip: counted only so far.
#[test]
fn pages_are_not_unpacked_beyond_what_they_say() {
    let member = gzip(&vec![0; 1 << 20]).repeat(4_096);
    let page = |codec, bytes| Column { codec, pages: vec![Page { values: 2, encoding: PLAIN, unpacked: 100, bytes }] };
    let said = refused(&with_accounts(page(GZIP, member)));
    assert!(said.contains("the page at byte 4 unpacks to more than the 100 bytes that it says"), "{said}");
    let zeros = brotlied(&mut io::repeat(0).take(1 << 24));
    let said = refused(&with_accounts(page(BROTLI, zeros)));
    assert!(said.contains("the page at byte 4 unpacks to more than the 100 bytes that it says"), "{said}");
    let window = refused(&with_accounts(page(BROTLI, vec![0x11, 30, 0, 0, 0])));
    assert!(window.contains("asks for a window that brotli does not have"), "{window}");
}

/// LZ4 in frames, under the older name: their length would be theirs.
#[test]
fn frames_of_lz4_are_refused() {
    let frame = hex::decode("04224d186040820e000080030000004254430300000042544300000000").unwrap();
    let page = Page { values: 2, encoding: PLAIN, unpacked: 14, bytes: frame };
    let said = refused(&with_accounts(Column { codec: LZ4_HADOOP, pages: vec![page] }));
    assert!(said.contains("l.parquet"), "{said}");
}

/// Pages that are each small enough, and that one batch of rows has all of.
#[test]
fn pages_of_a_batch_are_added_up() {
    // texts of 109 mebibytes in each
    let (rows, count) = (1_900_u64, 5);
    let bytes = growing(rows);
    let (values, unpacked) = (i64::try_from(rows).unwrap(), i64::try_from(bytes.len()).unwrap());
    let page = |_| Page { values, encoding: DELTA, unpacked, bytes: bytes.clone() };
    let accounts = Column { codec: STORED, pages: (0..count).map(page).collect() };
    let all = values * count;
    let same = |text: &str| stored(all, PLAIN, plain(&vec![text; all.try_into().unwrap()]));
    let said = refused(&parquet_file(all, &[accounts, same("BTC"), same("1")]));
    assert!(
        said.contains("some thousand rows unpack to 577904890 bytes and more, at most 536870912 are unpacked"),
        "{said}"
    );
}
