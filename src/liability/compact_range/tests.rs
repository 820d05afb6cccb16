use super::*;
use crate::code::Coded as _;
use crate::hash::{Tag, TaggedHasher};

fn tree() -> TreeName {
    TreeName { asset: "BTC".parse().unwrap(), class: Class::Custody, decimals: Decimals::new(8).unwrap() }
}

fn leaf(index: u64, sum: u128) -> SumNode {
    let digest = TaggedHasher::new(Tag::Leaf).fixed(&index.to_be_bytes()).finish();
    SumNode { digest, sum: Amount::from_base_units(sum) }
}

fn range(begin: u64, end: u64) -> TreeRange {
    let mut range = CompactRange::starting_at(begin);
    (begin..end).try_for_each(|index| range.append(leaf(index, u128::from(index % 251) + 1))).unwrap();
    TreeRange::new(tree(), range).unwrap()
}

fn refusal(ranges: &[(u64, u64)]) -> MergeRefusal {
    let ranges: Vec<TreeRange> = ranges.iter().map(|&(begin, end)| range(begin, end)).collect();
    ranges[0].merge(&ranges[1..]).unwrap_err()
}

#[test]
fn files_are_read_as_they_were_written() {
    for (begin, end) in
        [(0, 0), (0, 1), (0, 64), (3, 61), (5, 5), (7, 8), (u64::MAX - 5, u64::MAX), (u64::MAX, u64::MAX)]
    {
        let range = range(begin, end);
        let file = range.to_file().unwrap();
        assert_eq!(TreeRange::parse(&file).unwrap(), range, "{begin} {end}");
    }
}

#[test]
fn a_changed_byte_is_refused_or_another_range() {
    let file = range(3, 14).to_file().unwrap();
    for at in 0..file.len() {
        let mut changed = file.clone();
        changed[at] ^= 1;
        // what is accepted is all that the file says: no byte of it is skipped
        if let Ok(range) = TreeRange::parse(&changed) {
            assert_eq!(range.to_file().unwrap(), changed, "byte {at}");
        }
    }
}

#[test]
fn the_longest_file_is_read() {
    // every size but the largest, up and down again
    let (begin, end) = (1, u64::MAX);
    let levels = levels(begin, end);
    assert_eq!(levels.len(), 126);
    let node = SumNode { sum: Amount::from_base_units(u128::MAX / 126), ..leaf(0, 0) };
    let mut range = CompactRange::starting_at(begin);
    levels.into_iter().for_each(|level| range.push(level, node, &mut |_, _| ()).unwrap());
    let range = TreeRange::new(tree(), range).unwrap();
    assert_eq!((range.bounds(), range.range.subtrees().len()), ((begin, end), 126));
    let file = range.to_file().unwrap();
    assert!((file.len() as u64) < FILE_SIZE_MAX, "{}", file.len());
    assert_eq!(TreeRange::parse(&file).unwrap(), range);
}

#[test]
fn levels_are_those_of_appended_leaves() {
    for begin in 0..40 {
        for end in begin..70 {
            let found: Vec<u32> = range(begin, end).range.subtrees().iter().map(|&(level, _)| level).collect();
            assert_eq!(levels(begin, end), found, "{begin} {end}");
        }
    }
    assert_eq!(levels(0, u64::MAX).len(), 64);
    assert!(levels(9, 4).is_empty());
}

#[test]
fn refusals_name_two_files_and_the_reason() {
    let gap = TreeRangeError::Gap { begin: 4, end: 6 };
    assert_eq!(refusal(&[(0, 4), (6, 8)]), MergeRefusal { positions: (0, 1), error: gap });
    let overlap = TreeRangeError::Overlap { begin: 3, end: 4 };
    assert_eq!(refusal(&[(0, 4), (3, 8)]), MergeRefusal { positions: (0, 1), error: overlap });
    // not with the one before: with an earlier one
    let overlap = TreeRangeError::Overlap { begin: 1, end: 3 };
    assert_eq!(refusal(&[(0, 4), (4, 8), (1, 3)]), MergeRefusal { positions: (0, 2), error: overlap });
    let order = TreeRangeError::Order { left: (4, 8), right: (0, 4) };
    assert_eq!(refusal(&[(4, 8), (0, 4)]), MergeRefusal { positions: (0, 1), error: order });
    // the missing leaves come later
    let order = TreeRangeError::Order { left: (8, 12), right: (4, 8) };
    assert_eq!(refusal(&[(0, 4), (8, 12), (4, 8)]), MergeRefusal { positions: (1, 2), error: order });
    let order = TreeRangeError::Order { left: (0, 4), right: (2, 2) };
    assert_eq!(refusal(&[(0, 4), (2, 2)]), MergeRefusal { positions: (0, 1), error: order });
    let gap = TreeRangeError::Gap { begin: 4, end: 9 };
    assert_eq!(refusal(&[(0, 4), (9, 9)]), MergeRefusal { positions: (0, 1), error: gap });
}

#[test]
fn empty_ranges_stand_where_they_are_empty() {
    let parts = [range(0, 4), range(4, 4), range(4, 9), range(9, 9)];
    assert_eq!(range(0, 0).merge(&parts).unwrap(), range(0, 9));
    assert_eq!(range(0, 0).commitment(), Ok(None));
    assert_eq!(range(4, 9).commitment(), Ok(None));
}

#[test]
fn another_tree_is_refused() {
    let lent = TreeName { class: Class::Lent, ..tree() };
    let other = TreeRange::new(lent, range(4, 6).range).unwrap();
    let refused = range(0, 2).merge(&[range(2, 4), other]).unwrap_err();
    assert_eq!((refused.positions, refused.error.code()), ((0, 2), &crate::code::liability::RANGE_OTHER_TREE));
}

#[test]
fn sums_that_do_not_fit_are_refused_in_every_grouping() {
    // leaf 1 has no sibling here, so that no parent adds its sum
    let one = |index, sum| {
        let mut range = CompactRange::starting_at(index);
        range.append(leaf(index, sum)).unwrap();
        TreeRange::new(tree(), range).unwrap()
    };
    let (a, b, c) = (one(1, u128::MAX), one(2, 0), one(3, 1));
    let overflow = TreeRangeError::Overflow;
    assert_eq!(a.merge(&[b.clone(), c.clone()]).unwrap_err().error, overflow);
    assert_eq!(a.merge(&[b.merge(std::slice::from_ref(&c)).unwrap()]).unwrap_err().error, overflow);
    assert_eq!(a.merge(&[b]).unwrap().merge(&[c]).unwrap_err().error, overflow);
}

fn lines(text: &[u8], begin: u64) -> Result<TreeRange, LeavesError> {
    read_leaves(&mut std::io::BufReader::with_capacity(7, text), tree(), begin)
}

fn faults(text: &str, begin: u64) -> Vec<(u64, LeafFault)> {
    match lines(text.as_bytes(), begin) {
        Err(LeavesError::Lines(faults)) => faults.iter().map(|error| (error.line, error.fault)).collect(),
        other => panic!("{other:?}"),
    }
}

fn line(index: u64) -> String {
    format!("{},{}\n", leaf(index, 0).digest, index % 251 + 1)
}

#[test]
fn lines_give_the_range_of_their_leaves() {
    for (begin, end) in [(0, 0), (0, 33), (5, 21)] {
        let text: String = (begin..end).map(line).collect();
        assert_eq!(lines(text.as_bytes(), begin).unwrap(), range(begin, end));
    }
    let longest = format!("{},{}\n", leaf(0, 0).digest, u128::MAX);
    assert_eq!(longest.len(), 105);
    assert_eq!(lines(longest.as_bytes(), 0).unwrap().range.subtrees()[0].1, leaf(0, u128::MAX));
}

#[test]
fn lines_that_are_no_leaves_are_all_named() {
    let digest = leaf(1, 0).digest.to_string();
    let (short, upper) = (&digest[..63], digest.to_uppercase());
    let wrong = [
        (String::new(), LeafFault::NoComma),
        (digest.clone(), LeafFault::NoComma),
        (format!("{short},1"), LeafFault::Digest),
        (format!("{upper},1"), LeafFault::Digest),
        (format!("{digest},"), LeafFault::Amount),
        (format!("{digest},-1"), LeafFault::Amount),
        (format!("{digest},01"), LeafFault::Amount),
        (format!("{digest},1.0"), LeafFault::Amount),
        (format!("{digest},1,2"), LeafFault::Amount),
        (format!("{digest},1\r"), LeafFault::Amount),
        (format!("{digest},340282366920938463463374607431768211456"), LeafFault::Amount),
        (format!("{digest},{}", "1".repeat(40)), LeafFault::TooLong),
        ("x".repeat(1000), LeafFault::TooLong),
    ];
    let text: String = wrong.iter().map(|(text, _)| format!("{}{text}\n", line(0))).collect();
    let expected: Vec<(u64, LeafFault)> = (1..).map(|at| 2 * at).zip(wrong.iter().map(|(_, fault)| *fault)).collect();
    assert_eq!(faults(&text, 0), expected);
    assert_eq!(faults(&"\n".repeat(1000), 0).len(), crate::liability::FAULTS_KEPT);
}

#[test]
fn a_cut_line_and_too_many_leaves_are_refused() {
    let text = line(0) + &line(1);
    assert_eq!(faults(text.trim_end(), 0), [(2, LeafFault::Unfinished)]);
    assert!(lines(text.as_bytes(), u64::MAX - 2).is_ok());
    assert_eq!(faults(&text, u64::MAX - 1), [(2, LeafFault::Position)]);
    let most = format!("{},{}\n", leaf(0, 0).digest, u128::MAX);
    for text in [most.clone() + &line(1), line(0) + &line(0) + &most] {
        let refused = lines(text.as_bytes(), 2);
        assert!(matches!(refused, Err(LeavesError::Range(TreeRangeError::Overflow))), "{refused:?}");
    }
}
