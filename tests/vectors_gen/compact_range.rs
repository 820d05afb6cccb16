use counterfoil::liability::compact_range::{TreeName, TreeRange};
use counterfoil::liability::sum_tree::{CompactRange, SumNode};
use serde_json::{Value, json};

use super::{Sent, Stage, Vectors, Want, digest};
use counterfoil::amount::{Amount, Decimals};
use counterfoil::asset::Class;
use counterfoil::hash::Tag;

const TOP: u64 = u64::MAX;

fn refused(stage: Stage, code: &'static str) -> Want {
    Want::Refused(stage, code)
}

fn tree(asset: &str, class: Class, decimals: u8) -> TreeName {
    TreeName { asset: asset.parse().expect("a name"), class, decimals: Decimals::new(decimals).expect("at most 38") }
}

fn btc() -> TreeName {
    tree("BTC", Class::Custody, 8)
}

fn leaf(index: u64, sum: u128) -> SumNode {
    SumNode { digest: digest(Tag::Leaf, "compact-range", index), sum: Amount::from_base_units(sum) }
}

/// The file of a range in which leaf `index` owes `sum(index)`.
fn file_of(tree: TreeName, begin: u64, end: u64, sum: impl Fn(u64) -> u128) -> String {
    let mut range = CompactRange::starting_at(begin);
    (begin..end).try_for_each(|index| range.append(leaf(index, sum(index)))).expect("small sums");
    let range = TreeRange::new(tree, range).expect("small sums");
    String::from_utf8(range.to_file().expect("a range can be written")).expect("JSON is text")
}

fn file(begin: u64, end: u64) -> String {
    file_of(btc(), begin, end, |index| u128::from(index % 251 + 1))
}

/// The largest file: the smallest subtree of every size, and back.
fn longest() -> String {
    let node = |level: u64| json!({"digest": digest(Tag::Node, "compact-range", level), "sum": "1"});
    let nodes: Vec<Value> = (0..126).map(node).collect();
    let file = json!({
        "asset": "BTC", "begin": "1", "class": "custody", "decimals": "8", "end": TOP.to_string(),
        "format": "counterfoil-compact-range-v1", "nodes": nodes,
    });
    String::from_utf8(counterfoil::json::canonical(&file).expect("no numbers")).expect("JSON is text")
}

fn merge(vectors: &mut Vectors, words: [&str; 3], ranges: &[String], want: Want) {
    let [name, comment, flag] = words;
    let (query, sent) = (json!({"operation": "merge"}), Sent::Object(json!({"ranges": ranges})));
    vectors.add(&format!("compact-range/{name}"), comment, &[flag], query, sent, want);
}

pub(super) fn add(vectors: &mut Vectors) {
    ranges(vectors);
    merged(vectors);
    not_adjacent(vectors);
    other_trees(vectors);
    sums(vectors);
    malformed(vectors);
}

fn ranges(vectors: &mut Vectors) {
    let mut case = |name: &str, comment: &str, begin: u64, leaves: Vec<SumNode>, want: Want| {
        let query = json!({
            "asset": "BTC", "begin": begin.to_string(), "class": "custody", "decimals": "8", "operation": "range",
        });
        let sent = Sent::Object(json!({ "leaves": leaves }));
        vectors.add(&format!("compact-range/range_{name}"), comment, &["Boundary"], query, sent, want);
    };
    let leaves = |begin: u64, count: u64| (begin..begin + count).map(|index| leaf(index, 7)).collect::<Vec<_>>();
    case("empty", "an empty partition", 0, Vec::new(), Want::Valid);
    case("empty_inside", "an empty partition inside a tree", 5, Vec::new(), Want::Valid);
    case("one_leaf", "a tree of one leaf: the leaf is the root", 0, leaves(0, 1), Want::Valid);
    case("whole_33", "a whole tree", 0, leaves(0, 33), Want::Valid);
    case("up_and_down", "sizes rise and fall: 1, 2, 4, 8, 4, 1", 1, leaves(1, 20), Want::Valid);
    case("siblings_apart", "two leaves side by side that are no siblings", 3, leaves(3, 2), Want::Valid);
    case("last_leaf", "the last leaf that a range can have", TOP - 1, leaves(TOP - 1, 1), Want::Valid);
    let overflow = refused(Stage::Sum, "CF-2055");
    case("overflow", "siblings of 2^128 together", 2, vec![leaf(2, u128::MAX), leaf(3, 1)], overflow);
    let apart = vec![leaf(1, u128::MAX), leaf(2, 1)];
    case("overflow_apart", "no node adds the two, and no total can", 1, apart, overflow);
}

fn merged(vectors: &mut Vectors) {
    let parts = |bounds: &[u64]| bounds.windows(2).map(|pair| file(pair[0], pair[1])).collect::<Vec<_>>();
    let cases: [(&str, &str, &[u64]); 8] = [
        ("one_file", "a single range is its own merge", &[0, 9]),
        ("one_file_inside", "a part of a tree has no root", &[4, 9]),
        ("in_the_middle", "two equal halves are siblings", &[0, 8, 16]),
        ("unaligned", "a split inside subtrees", &[0, 3, 9]),
        ("many", "eight parts of a tree of 31 leaves", &[0, 1, 2, 5, 11, 16, 17, 30, 31]),
        ("with_empty_parts", "empty partitions change nothing", &[0, 0, 3, 3, 3, 7, 7]),
        ("inside", "the result is again a part", &[5, 6, 12, 21]),
        ("up_to_the_last_leaf", "the largest end", &[TOP - 7, TOP - 4, TOP]),
    ];
    for (name, comment, bounds) in cases {
        merge(vectors, [&format!("merge_{name}"), comment, "Boundary"], &parts(bounds), Want::Valid);
    }
    merge(vectors, ["merge_nothing", "two empty ranges", "Boundary"], &[file(4, 4), file(4, 4)], Want::Valid);
    let eur = || tree("iso4217:EUR", Class::Lent, 2);
    let others = [file_of(eur(), 0, 2, |_| 5), file_of(eur(), 2, 3, |_| 5)];
    merge(vectors, ["merge_other_asset", "asset and class are named", "Boundary"], &others, Want::Valid);
    merge(vectors, ["longest", "126 nodes: no range has more", "Boundary"], &[longest()], Want::Valid);
}

fn not_adjacent(vectors: &mut Vectors) {
    let mut case = |name: &str, comment: &str, flag: &str, bounds: &[(u64, u64)], code: &'static str| {
        let ranges: Vec<String> = bounds.iter().map(|&(begin, end)| file(begin, end)).collect();
        merge(vectors, [name, comment, flag], &ranges, refused(Stage::Bind, code));
    };
    case("gap", "leaves 4 and 5 are in no file", "Gap", &[(0, 4), (6, 8)], "CF-2051");
    case("gap_of_one", "leaf 4 is in no file", "Gap", &[(0, 4), (5, 8)], "CF-2051");
    case("gap_before_an_empty_range", "an empty range has its place, too", "Gap", &[(0, 4), (6, 6)], "CF-2051");
    case("gap_behind_three", "the last does not follow", "Gap", &[(0, 2), (2, 3), (3, 4), (8, 9)], "CF-2051");
    case("overlap", "leaf 3 is in both", "Overlap", &[(0, 4), (3, 8)], "CF-2052");
    case("overlap_inside", "the second lies inside the first", "Overlap", &[(0, 8), (2, 4)], "CF-2052");
    case("overlap_around", "the first lies inside the second", "Overlap", &[(2, 4), (0, 8)], "CF-2052");
    case(
        "overlap_with_an_earlier",
        "in common with the first of three",
        "Overlap",
        &[(0, 4), (4, 8), (1, 3)],
        "CF-2052",
    );
    case("given_twice", "the same file twice", "Overlap", &[(0, 4), (0, 4)], "CF-2052");
    case("order_swapped", "the second belongs before the first", "Order", &[(4, 8), (0, 4)], "CF-2053");
    case("order_of_three", "the missing leaves come later", "Order", &[(0, 4), (8, 12), (4, 8)], "CF-2053");
    case("order_swapped_with_a_gap", "before the first, and not next to it", "Order", &[(4, 8), (0, 2)], "CF-2053");
    case("order_of_an_empty_range", "an empty range has its place, too", "Order", &[(0, 4), (2, 2)], "CF-2053");
}

fn other_trees(vectors: &mut Vectors) {
    let cases = [
        ("asset", "two assets are never added", tree("ETH", Class::Custody, 8)),
        ("class", "each class has a tree of its own", tree("BTC", Class::Lent, 8)),
        ("decimals", "equal counts of other base units", tree("BTC", Class::Custody, 18)),
    ];
    for (name, comment, other) in cases {
        let ranges = [file(0, 4), file_of(other, 4, 8, |_| 1)];
        let id = format!("other_{name}");
        merge(vectors, [&id, comment, "OtherTree"], &ranges, refused(Stage::Bind, "CF-2054"));
    }
}

fn sums(vectors: &mut Vectors) {
    let with = |begin, end, sum| file_of(btc(), begin, end, move |_| sum);
    let overflow = refused(Stage::Sum, "CF-2055");
    let mut case = |name: &str, comment: &str, ranges: &[String], want: Want| {
        merge(vectors, [&format!("sum_{name}"), comment, "Overflow"], ranges, want);
    };
    case("largest", "2^128 - 1 is a total", &[with(0, 1, u128::MAX - 1), with(1, 2, 1)], Want::Valid);
    case("of_siblings", "a parent of 2^128", &[with(0, 1, u128::MAX), with(1, 2, 1)], overflow);
    case("apart", "no node adds the two, and no total can", &[with(1, 2, u128::MAX), with(2, 3, 1)], overflow);
    let file = with(1, 3, 1).replacen(r#""sum":"1""#, &format!(r#""sum":"{}""#, u128::MAX), 1);
    case("in_one_file", "one file whose nodes have no total", &[file], overflow);
}

fn malformed(vectors: &mut Vectors) {
    let base = file(2, 7);
    let mut wrong = |name: &str, comment: &str, flag: &str, old: &str, new: &str| {
        let text = base.replacen(old, new, 1);
        assert_ne!(text, base, "{name} changes nothing");
        let want = refused(Stage::Parse, "CF-2050");
        merge(vectors, [&format!("file_{name}"), comment, flag], &[text], want);
    };
    wrong("end_before_begin", "it ends before it begins", "Boundary", r#""end":"7""#, r#""end":"1""#);
    wrong("node_missing", "leaves [2, 8) have two nodes", "SurplusHash", r#""end":"7""#, r#""end":"8""#);
    wrong(
        "node_surplus",
        "leaves [2, 9) have three nodes, of other sizes",
        "MissingHash",
        r#""begin":"2""#,
        r#""begin":"1""#,
    );
    wrong("node_of_nothing", "an empty range has no node", "SurplusHash", r#""end":"7""#, r#""end":"2""#);
    wrong("begin_of_65_bits", "2^64 is no position", "Boundary", r#""begin":"2""#, r#""begin":"18446744073709551616""#);
    wrong("end_of_65_bits", "2^64 is no end", "Boundary", r#""end":"7""#, r#""end":"18446744073709551616""#);
    wrong("begin_negative", "a position with a sign", "NumberForm", r#""begin":"2""#, r#""begin":"-2""#);
    wrong("end_leading_zero", "a second form of one number", "NumberForm", r#""end":"7""#, r#""end":"07""#);
    wrong("json_number", "an integer is a decimal string", "JsonNumber", r#""end":"7""#, r#""end":7"#);
    wrong(
        "sum_of_129_bits",
        "2^128 is no sum",
        "Overflow",
        r#""sum":""#,
        r#""sum":"340282366920938463463374607431768211456"#,
    );
    wrong("sum_negative", "a sum with a sign", "NegativeAmount", r#""sum":""#, r#""sum":"-"#);
    wrong("digest_upper_case", "a second form of one digest", "NumberForm", r#""digest":""#, r#""digest":"A"#);
    wrong("decimals_39", "at most 38 decimals", "Boundary", r#""decimals":"8""#, r#""decimals":"39""#);
    wrong("class_unknown", "no such class", "UnknownField", "custody", "margin");
    wrong("asset_empty", "an asset has a name", "MissingField", "BTC", "");
    wrong("other_version", "another format", "Damage", "-v1", "-v2");
    wrong("unknown_field", "a field that nobody reads", "UnknownField", r#""asset""#, r#""account":"","asset""#);
    wrong("missing_field", "no decimals", "MissingField", r#""decimals":"8","#, "");
    wrong("key_twice", "two ends", "DuplicateKey", r#""end":"7""#, r#""end":"7","end":"7""#);
    wrong("not_canonical", "a space", "NotCanonical", r#""end":"7""#, r#""end": "7""#);
    wrong("not_json", "cut off", "NotJson", "}]}", "}]");
}
