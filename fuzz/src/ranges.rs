//! Parts of a tree that other engines made: files of compact ranges, and leaves that are hashed already.

use counterfoil::amount::Decimals;
use counterfoil::hash::sha256;
use counterfoil::json;
use counterfoil::liability::compact_range::{TreeName, TreeRange, read_leaves};

/// More files than this are not merged.
const FILES_MAX: usize = 8;
/// Bytes of the first leaf's number.
const BEGIN: usize = 8;

fn tree() -> TreeName {
    TreeName {
        asset: "BTC".parse().unwrap(),
        class: counterfoil::asset::Class::Custody,
        decimals: Decimals::new(8).unwrap(),
    }
}

fn lines(begin: u64, count: u64) -> Vec<u8> {
    let line = |index: u64| format!("{},{}\n", sha256(&index.to_be_bytes()), 5 + index % 7);
    let text: String = (0..count).map(|at| line(begin.wrapping_add(at))).collect();
    [&begin.to_be_bytes(), text.as_bytes()].concat()
}

fn range(begin: u64, count: u64) -> Vec<u8> {
    let lines = lines(begin, count);
    read_leaves(&mut &lines[BEGIN..], tree(), begin).unwrap().to_file().unwrap()
}

/// The file of leaves that nobody has hashed, as somebody could make it: every node is the same.
fn claimed(begin: u64, end: u64, nodes: usize) -> Vec<u8> {
    let node = format!("{{\"digest\":\"{}\",\"sum\":\"3\"}}", sha256(b""));
    let file = String::from_utf8(range(0, 0)).unwrap();
    let file = file.replace("\"begin\":\"0\"", &format!("\"begin\":\"{begin}\""));
    let file = file.replace("\"end\":\"0\"", &format!("\"end\":\"{end}\""));
    file.replace("\"nodes\":[]", &format!("\"nodes\":[{}]", vec![node; nodes].join(","))).into_bytes()
}

/// Files as engines write them, and the largest that anybody can. The first byte says whether they are files or leaves.
pub fn honest_files() -> Vec<(&'static str, String, Vec<u8>)> {
    let files = |files: &[Vec<u8>]| [&[0], files.join(&b'\n').as_slice()].concat();
    let leaves = |begin, count| [&[1], lines(begin, count).as_slice()].concat();
    let half = 1 << 63;
    vec![
        ("compact_range", "parts".to_owned(), files(&[range(0, 3), range(3, 0), range(3, 6)])),
        ("compact_range", "ends-at-most".to_owned(), files(&[claimed(half, u64::MAX, 63), range(u64::MAX, 0)])),
        ("compact_range", "halves".to_owned(), files(&[claimed(0, half, 1), claimed(half, u64::MAX, 63)])),
        ("compact_range", "leaves".to_owned(), leaves(5, 4)),
        ("compact_range", "leaves-to-the-last".to_owned(), leaves(u64::MAX - 2, 2)),
        ("compact_range", "leaves-beyond-the-last".to_owned(), leaves(u64::MAX - 2, 4)),
    ]
}

/// Reads files and merges them, or makes a range of leaves. What is merged begins with the first and ends with the
/// last, has all of the sums, and is the same in another grouping.
pub fn compact_range(data: &[u8]) {
    let Some((&kind, rest)) = data.split_first() else { return };
    if !kind.is_multiple_of(2) {
        return of_leaves(rest);
    }
    let files = rest.split(|&byte| byte == b'\n').take(FILES_MAX);
    let parsed: Vec<(&[u8], TreeRange)> =
        files.filter_map(|file| TreeRange::parse(file).ok().map(|range| (file, range))).collect();
    for (file, range) in &parsed {
        assert_eq!(range.to_file().unwrap(), *file, "a range has one form");
    }
    let ranges: Vec<TreeRange> = parsed.into_iter().map(|(_, range)| range).collect();
    let [first, following @ .., last] = ranges.as_slice() else { return };
    let Ok(merged) = first.merge(&ranges[1..]) else { return };
    checked(&merged);
    assert_eq!((merged.range().begin(), merged.range().end()), (first.range().begin(), last.range().end()));
    let units =
        |range: &TreeRange| -> u128 { range.range().subtrees().iter().map(|(_, node)| node.sum.base_units()).sum() };
    assert_eq!(ranges.iter().map(units).sum::<u128>(), units(&merged), "a sum is lost");
    if let [next, others @ ..] = following {
        let right = next.merge(&[others, &ranges[ranges.len() - 1..]].concat()).unwrap();
        assert_eq!(first.merge(&[right]).as_ref(), Ok(&merged), "another grouping is another tree");
    }
}

/// Whatever was accepted is written, read again, and committed to when it is a whole tree.
fn checked(range: &TreeRange) {
    let file = range.to_file().unwrap();
    assert_eq!(TreeRange::parse(&file).as_ref(), Ok(range), "what is written is not read as the same");
    if let Ok(Some(row)) = range.commitment() {
        assert_eq!((range.range().begin(), range.range().end()), (0, row.leaf_count));
        let _ = json::canonical(&row).unwrap();
    }
}

fn of_leaves(data: &[u8]) {
    let Some((begin, mut text)) = data.split_first_chunk::<BEGIN>() else { return };
    let (begin, count) = (u64::from_be_bytes(*begin), text.iter().filter(|&&byte| byte == b'\n').count() as u64);
    let Ok(range) = read_leaves(&mut text, tree(), begin) else { return };
    assert_eq!((range.range().begin(), range.range().end()), (begin, begin + count));
    checked(&range);
}
