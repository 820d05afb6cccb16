use bytes::Bytes;

use super::*;
use crate::ledger::parquet::thrift::tests::varint;

/// A field of an integer, `step` behind the one before.
fn integer(step: u8, value: i64) -> Vec<u8> {
    let zigzag = (value << 1) ^ (value >> 63);
    [vec![step << 4 | INTEGER], varint(zigzag.cast_unsigned())].concat()
}

/// A page's header: kind, unpacked and packed length, then other fields.
fn header(unpacked: i64, packed: i64, more: &[u8]) -> Vec<u8> {
    [integer(1, 0), integer(1, unpacked), integer(1, packed), more.to_vec(), vec![0]].concat()
}

fn pages(bytes: &[u8]) -> Result<(), String> {
    let length = i64::try_from(bytes.len()).expect("small");
    Shared::new(Bytes::copy_from_slice(bytes)).check(0, length, Compression::UNCOMPRESSED)
}

#[test]
fn pages_are_looked_at_one_behind_the_other() {
    let page = [header(9, 3, &[]), vec![7; 3]].concat();
    assert_eq!(pages(&page.repeat(5)), Ok(()));
    let far = [page.repeat(5), header(PAGE_MAX + 1, 3, &[]), vec![7; 3]].concat();
    let said = pages(&far).expect_err("a page is too large");
    assert_eq!(said, "the page at byte 50 unpacks from 3 to 134217729 bytes, at most 134217728 are unpacked");
    for (unpacked, packed) in [(-1, 3), (9, -3), (9, PAGE_MAX + 1), (9, 4), (i64::from(i32::MAX), 3)] {
        assert!(pages(&[header(unpacked, packed, &[]), vec![7; 3]].concat()).is_err(), "{unpacked} {packed}");
    }
}

#[test]
fn a_dictionary_has_no_more_values_than_bytes() {
    let dictionary = |values| [vec![4 << 4 | STRUCT], integer(1, values), vec![0]].concat();
    let page = |values| [header(9, 3, &dictionary(values)), vec![7; 3]].concat();
    assert_eq!(pages(&page(9)), Ok(()));
    for values in [10, -1, 1 << 31] {
        let said = pages(&page(values)).expect_err("too many values");
        assert_eq!(said, format!("the page at byte 0 is a dictionary of {values} values in 9 bytes"));
    }
}

#[test]
fn levels_take_no_more_than_the_page() {
    let levels = |first, second| [vec![5 << 4 | STRUCT], integer(5, first), integer(1, second), vec![0]].concat();
    let page = |first, second| [header(9, 3, &levels(first, second)), vec![7; 3]].concat();
    assert_eq!(pages(&page(4, 5)), Ok(()));
    // two that the library would add up in 32 bits
    for (first, second) in [(5, 5), (-1, 1), (i64::from(i32::MAX), i64::from(i32::MAX))] {
        assert!(pages(&page(first, second)).is_err(), "{first} {second}");
    }
}

#[test]
fn headers_that_could_be_read_in_two_ways_are_refused() {
    let twice = [integer(1, 0), integer(1, 9), integer(1, 3), vec![INTEGER, 4], varint(1 << 40), vec![0, 7, 7, 7]];
    let other = [integer(1, 0), vec![1 << 4 | 6], varint(18), integer(1, 3), vec![0, 7, 7, 7]];
    let long = [header(9, 3, &[5 << 4 | 8]), varint(u64::MAX), vec![7; 3]];
    for bytes in [twice.concat(), other.concat(), long.concat(), vec![0], vec![0x15], vec![0xff; 40]] {
        assert!(pages(&bytes).is_err(), "{bytes:?}");
    }
    // a list of lists of lists
    let nested = [vec![5 << 4 | LIST], [1 << 4 | LIST].repeat(100_000)].concat();
    assert!(pages(&header(9, 3, &nested)).is_err());
}

#[test]
fn a_column_lies_within_its_file() {
    let file = Shared::new(Bytes::from_static(&[0; 10]));
    for (start, length) in [(-1, 5), (0, -5), (0, 11), (i64::MAX, i64::MAX), (11, 0)] {
        assert!(file.check(start, length, Compression::UNCOMPRESSED).is_err(), "{start} {length}");
    }
    assert_eq!(file.check(10, 0, Compression::UNCOMPRESSED), Ok(()));
}

/// A Parquet file without rows, whose schema is so many groups within one another.
pub(crate) fn nested(levels: usize) -> Vec<u8> {
    let group = [vec![4 << 4 | 8, 1, b'a'], integer(1, 1), vec![0]].concat();
    let leaf = [integer(1, 1), vec![3 << 4 | 8, 1, b'a', 0]].concat();
    let list = [vec![1 << 4 | LIST, 0xf0 | STRUCT], varint(levels as u64 + 1)].concat();
    let rest = [vec![1 << 4 | 6, 0], vec![1 << 4 | LIST, STRUCT, 0]].concat();
    let footer = [integer(1, 1), list, group.repeat(levels), leaf, rest].concat();
    let length = u32::try_from(footer.len()).expect("small").to_le_bytes();
    [b"PAR1".as_slice(), &footer, &length, b"PAR1"].concat()
}

#[test]
fn a_schema_is_not_nested_deeply() {
    assert_eq!(check_footer(&Bytes::from(nested(3))), Ok(()));
    for levels in [65, 1_000, 1_000_000] {
        let said = check_footer(&Bytes::from(nested(levels))).expect_err("nested");
        assert_eq!(said, "the schema is nested more than 64 levels");
    }
    let mut damaged = nested(3);
    // a type that there is not
    damaged[4] = 0x1e;
    assert!(check_footer(&Bytes::from(damaged)).is_err());
    // no Parquet file: the library says so
    assert_eq!(check_footer(&Bytes::from_static(b"PAR")), Ok(()));
    assert_eq!(check_footer(&Bytes::from_static(b"PAR1 and nothing else")), Ok(()));
}

#[test]
fn rows_are_in_proportion_to_the_file() {
    assert!(!too_many_rows(ROWS_FREE, 0) && too_many_rows(ROWS_FREE + 1, 0));
    assert!(!too_many_rows(100_000_000, 1 << 20) && too_many_rows(10_000_000_000, 1 << 20));
}
