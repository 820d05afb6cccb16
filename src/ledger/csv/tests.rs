//! Tests of the CSV source.

use super::*;
use crate::asset::Class;
use crate::code::Coded as _;
use crate::ledger::Row;

fn assets() -> Assets {
    Assets::parse("[[asset]]\nid = \"BTC\"\ndecimals = 8\n").expect("assets")
}

fn read(text: &[u8]) -> Vec<Result<Seen, LedgerError>> {
    let assets = assets();
    match CsvSource::new("ledger.csv", 0, text, &assets, &[]) {
        Ok(source) => all(source),
        Err(errors) => errors.into_iter().map(Err).collect(),
    }
}

/// Account, amount, class, line and whether it is a debt.
type Seen = (String, u128, Class, u64, bool);

fn all<'a>(mut source: impl RowSource<'a>) -> Vec<Result<Seen, LedgerError>> {
    let mut seen = Vec::new();
    while let Some(chunk) = source.next_chunk() {
        chunk.expect("a chunk").rows(&mut |row| {
            seen.push(
                row.map(|row| (row.account.to_owned(), row.amount.base_units(), row.class, row.line.number, row.debt)),
            );
        });
    }
    seen
}

fn fault(text: &[u8]) -> (u16, String) {
    let error = read(text).into_iter().find_map(Result::err).expect("a fault");
    (error.code().number, error.place.map(|place| place.to_string()).unwrap_or_default())
}

#[test]
fn rows_are_read_in_order() {
    let rows = read(b"asset,amount,account,class\r\nBTC,1.5,u1,\r\nBTC,2,\"u,2\",lent\r\n");
    let rows: Vec<Seen> = rows.into_iter().map(|row| row.expect("a row")).collect();
    assert_eq!(rows[0], ("u1".to_owned(), 150_000_000, Class::Custody, 2, false));
    assert_eq!(rows[1], ("u,2".to_owned(), 200_000_000, Class::Lent, 3, false));
}

#[test]
fn faults_have_code_line_and_column() {
    let head = "account,asset,amount\n";
    let with = |rows: &str| fault(format!("{head}{rows}").as_bytes());
    assert_eq!(with("u0,BTC,1\nu1,BTC,-0.1\n"), (1004, "ledger.csv:3:8".to_owned()));
    assert_eq!(with("\"u,1\",BTC,-0.1\n"), (1004, "ledger.csv:2:11".to_owned()));
    assert_eq!(with("u1,XYZ,1\n"), (1003, "ledger.csv:2:4".to_owned()));
    assert_eq!(with("ü1,XYZ,1\n"), (1003, "ledger.csv:2:4".to_owned()));
    assert_eq!(with("u1,BTC,0.123456789\n"), (1005, "ledger.csv:2:18".to_owned()));
    assert_eq!(with("u1,BTC,1e3\n"), (1006, "ledger.csv:2:9".to_owned()));
    assert_eq!(with("\r\n\n\nu1,XYZ,1\n"), (1003, "ledger.csv:5:4".to_owned()));
    assert_eq!(with("u1,BTC\n"), (1014, "ledger.csv:2:1".to_owned()));
    assert_eq!(with(",BTC,1\n"), (1012, "ledger.csv:2:1".to_owned()));
    assert_eq!(fault(b"account,asset\n"), (1001, "ledger.csv:1:1".to_owned()));
    assert_eq!(fault(b"account,asset,amount,clas\n"), (1013, "ledger.csv:1:22".to_owned()));
    assert_eq!(fault(b"account,asset,amount,amount\n"), (1021, "ledger.csv:1:22".to_owned()));
    assert_eq!(fault(b"account,asset,amount\nu\xff,BTC,1\n"), (1002, "ledger.csv:2:2".to_owned()));
    assert_eq!(fault(b""), (1011, String::new()));
}

#[test]
fn a_quote_never_swallows_rows() {
    let with = |rows: &str| fault(format!("account,asset,amount,product\n{rows}").as_bytes());
    assert_eq!(with("u1,BTC,1,\"spot\nu2,BTC,5,\n"), (1022, "ledger.csv:2:10".to_owned()));
    assert_eq!(with("u1,BTC,1,\"spot"), (1022, "ledger.csv:2:10".to_owned()));
    assert_eq!(with("u\"1,BTC,1,\n"), (1022, "ledger.csv:2:1".to_owned()));
    assert_eq!(with("\"u\"1,BTC,1,\n"), (1022, "ledger.csv:2:1".to_owned()));
    let whole = read(b"account,asset,amount\n\"u\"\"1, the first\",BTC,\"1\"\n");
    assert_eq!(whole[0].as_ref().map(|row| row.0.as_str()), Ok("u\"1, the first"));
}

#[test]
fn debts_are_read_only_when_asked_for() {
    let assets = assets();
    let text = b"account,asset,amount\nu1,BTC,-1.5\nu2,BTC,-0\nu3,BTC,2\nu4,BTC,--1\n".as_slice();
    let source = CsvSource::new("ledger.csv", 0, text, &assets, &[]).expect("columns").with_debts(true);
    let rows = all(source);
    let of = |index: usize| rows[index].as_ref().map(|row| (row.4, row.1)).ok();
    assert_eq!(
        [of(0), of(1), of(2), of(3)],
        [Some((true, 150_000_000)), Some((false, 0)), Some((false, 200_000_000)), None]
    );
}

#[test]
fn one_pass_reports_every_fault() {
    let rows = read(b"account,asset,amount\nu1,BTC,-1\nu2,BTC,1\nu3,XYZ,1\n");
    assert_eq!(rows.iter().filter(|row| row.is_err()).count(), 2);
    assert_eq!(rows.iter().filter(|row| row.is_ok()).count(), 1);
}

#[test]
fn places_survive_long_files() {
    let mut text = b"account,asset,amount\n".to_vec();
    for index in 0..40_000 {
        text.extend_from_slice(format!("u{index:012},BTC,1.00000000\n").as_bytes());
    }
    text.extend_from_slice(b"u1,BTC,x\n");
    assert_eq!(fault(&text), (1007, "ledger.csv:40002:8".to_owned()));
}

/// Everything that a reading gives: rows with all their columns, faults with their places, or the faults of the
/// first line.
fn outcome(text: &[u8], block_length: usize, careful: bool) -> Vec<String> {
    let assets =
        Assets::parse("[[asset]]\nid = \"BTC\"\ndecimals = 8\n[[asset]]\nid = \"X\"\ndecimals = 0\n").expect("assets");
    let mut source = match CsvSource::in_blocks("l", 0, text, &assets, &["note".to_owned()], block_length) {
        Ok(source) => source.with_debts(text.len().is_multiple_of(2)),
        Err(errors) => return errors.iter().map(|error| format!("{error:?}")).collect(),
    };
    let mut seen = Vec::new();
    while let Some(block) = source.next_lines() {
        match block {
            Err(error) => seen.push(format!("{error:?}")),
            Ok(lines) => {
                let each: &mut dyn FnMut(Result<Row<'_>, LedgerError>) = &mut |row| seen.push(format!("{row:?}"));
                if careful { lines.careful(each) } else { lines.rows(each) }
            }
        }
    }
    assert!(source.next_lines().is_none(), "a source that has ended stays so");
    let whole = seen.last().is_none_or(|last| !last.contains("quote left open"));
    assert!(!whole || source.blocks.stream.digest().0 == crate::hash::sha256(text), "everything is hashed");
    seen
}

const SIZES: [usize; 6] = [1, 7, 64, 1000, 300_000, 4_000_000];

fn same_whatever_the_size(text: &[u8]) -> Vec<String> {
    let whole = outcome(text, usize::MAX >> 1, true);
    for size in SIZES {
        // many small blocks show nothing that a few hundred do not
        for careful in [true, false].into_iter().filter(|_| text.len() < 500 * size) {
            let got = outcome(text, size, careful);
            assert_eq!(got, whole, "blocks of {size}, careful {careful}: {}", text.escape_ascii());
        }
    }
    whole
}

const HEADS: [&str; 4] = [
    "account,asset,amount",
    "\u{feff}amount,account,asset,class,product,credential",
    "\r\n\n\"account\",note,\"asset\",amount",
    "account,asset,amount,class",
];
const FIELDS: [&str; 28] = [
    "u1",
    "u2",
    "BTC",
    "X",
    "BTC",
    "1",
    "0.5",
    "0",
    "12.34567890",
    "-1",
    "-0",
    "007",
    "1e3",
    "1.000000000",
    "",
    "custody",
    "lent",
    "Lent",
    "\"BTC\"",
    "\"a,b\"",
    "\"a\"\"b\"",
    "\"",
    "a\"b",
    "\"a\"b",
    "\u{fc}",
    "\0",
    "\u{feff}",
    " 1",
];
const BREAKS: [&str; 5] = ["\n", "\r\n", "\r", "\n\n", "\n\r"];

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(100))]

    /// Sizes of blocks and both readers give the same, whatever stands in the file.
    #[test]
    fn blocks_and_readers_agree(
        head in 0..HEADS.len(),
        rows in proptest::collection::vec(
            (proptest::collection::vec(0..FIELDS.len(), 1..7), 0..BREAKS.len(), 0..3_u8),
            0..40,
        ),
        broken in proptest::option::weighted(0.2, (0..400_usize, proptest::num::u8::ANY)),
        open_end in proptest::bool::ANY,
    ) {
        let mut text = HEADS[head].as_bytes().to_vec();
        text.extend_from_slice(b"\n");
        for (fields, ending, good) in &rows {
            let fields: Vec<&str> = fields.iter().map(|field| FIELDS[*field]).collect();
            // two thirds are what ledgers are made of
            let line = if *good == 0 { fields.join(",") } else { format!("u{},BTC,{}.25", fields.len(), fields.len()) };
            text.extend_from_slice(line.as_bytes());
            text.extend_from_slice(BREAKS[*ending].as_bytes());
        }
        if open_end {
            text.extend_from_slice(b"u9,BTC,9");
        }
        if let Some((at, byte)) = broken {
            let at = at % text.len();
            text[at] = byte;
        }
        same_whatever_the_size(&text);
    }

    /// The CSV reader finds the same fields in rows that are well-formed.
    #[test]
    fn the_csv_reader_agrees(rows in proptest::collection::vec((".{0,12}", 0_u64..1_000_000, ".{0,8}"), 1..30)) {
        let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
        writer.write_record(["account", "asset", "amount", "product"]).expect("writes");
        let clean = |text: &str| text.replace(['\n', '\r'], "_");
        for (account, amount, product) in &rows {
            writer.write_record([&*clean(account), "X", &amount.to_string(), &clean(product)]).expect("writes");
        }
        let text = writer.into_inner().expect("a vector");
        let mut reader = csv::Reader::from_reader(text.as_slice());
        let expected: Vec<String> = reader.records().map(|record| {
            let record = record.expect("a row");
            format!("{:?} {} {:?}", &record[0], &record[2], &record[3])
        }).collect();
        let assets = Assets::parse("[[asset]]\nid = \"X\"\ndecimals = 0\n").expect("assets");
        let mut source = CsvSource::in_blocks("l", 0, text.as_slice(), &assets, &[], 100).expect("columns");
        let mut got = Vec::new();
        while let Some(lines) = source.next_lines() {
            lines.expect("lines").rows(&mut |row| got.push(match row {
                Ok(row) => format!("{:?} {} {:?}", row.account, row.amount, row.product.unwrap_or_default()),
                Err(error) => format!("\"\" {} {:?}", rows[got.len()].1, clean(&rows[got.len()].2)
                    + if error.kind == Kind::EmptyAccount { "" } else { "?" }),
            }));
        }
        proptest::prop_assert_eq!(got, expected);
    }
}

#[test]
fn nasty_files_give_the_same_in_blocks_of_any_size() {
    let row = format!("{},BTC,1\n", "u".repeat(500)).repeat(60);
    let long = |length: usize| "u".repeat(length);
    let cases = [
        String::new(),
        "\n\r\n\r".to_owned(),
        "\u{feff}".to_owned(),
        "account,asset,amount".to_owned(),
        "account,asset,amount\ru1,BTC,1\ru2,BTC,x\r".to_owned(),
        format!("account,asset,amount\r{}u2,BTC,x", row.replace('\n', "\r").repeat(20)),
        format!("account,asset,amount\n{row}{},BTC,1\nu3,BTC,1\n", long(70_000)),
        format!("account,asset,amount\n{row}{},BTC,1\nu3,BTC,1\n", long(300_000)),
        format!("account,asset,amount\n{row}u2,BTC,1\r{},BTC,1\ru3,BTC,1", long(300_000)),
        format!("account,asset,amount\n{row}{}", long(RAW_ROW_LENGTH_MAX)),
        format!("account,asset,amount\n{row}{}", long(RAW_ROW_LENGTH_MAX + 1)),
        format!("account,asset,amount\n{row}u2,BTC,{}", ",".repeat(200_000)),
        format!("account,asset,amount\n\"u1,BTC,1\n{row}\"u3\",BTC,1\n"),
        long(300_000),
    ];
    for text in cases {
        same_whatever_the_size(text.as_bytes());
    }
    let end =
        same_whatever_the_size(format!("account,asset,amount\nu1,BTC,1\n{}\nu2,BTC,1\n", long(300_000)).as_bytes());
    assert_eq!(end.len(), 2);
    assert!(end[1].contains("l: the row at byte 30 has more than 262144 bytes: is a quote left open?"), "{}", end[1]);
}

#[test]
fn lines_before_a_failed_read_are_rows() {
    struct Failing(usize);
    impl Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let text = b"account,asset,amount\nu1,BTC,1\nu2,BT";
            if self.0 == text.len() {
                return Err(std::io::Error::other("the disk is gone"));
            }
            buffer[0] = text[self.0];
            self.0 += 1;
            Ok(1)
        }
    }
    let assets = assets();
    let mut seen = Vec::new();
    let mut source = CsvSource::new("l", 0, Failing(0), &assets, &[]).expect("columns");
    while let Some(chunk) = source.next_chunk() {
        match chunk {
            Ok(chunk) => chunk.rows(&mut |row| seen.push(row.expect("a row").account.to_owned())),
            Err(error) => seen.push(error.to_string()),
        }
    }
    assert_eq!(seen, ["u1", "l: the disk is gone"]);
}
