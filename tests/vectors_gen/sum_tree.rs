use counterfoil::hash::{Digest, Tag};
use serde_json::{Value, json};

use super::{SIZES, Sent, Stage, Vectors, Want, digest};

const MAX: &str = "340282366920938463463374607431768211455";

/// Leaves whose amounts repeat with a period of 251, so that swapped blocks show.
fn leaves(count: u64) -> Vec<Value> {
    let node = |index: u64| json!({"digest": leaf(index), "sum": (index % 251 + 1).to_string()});
    (0..count).map(node).collect()
}

fn leaf(index: u64) -> Digest {
    digest(Tag::Leaf, "sum-tree", index)
}

fn query(splits: &[u64]) -> Value {
    let splits: Vec<String> = splits.iter().map(u64::to_string).collect();
    json!({"asset": "BTC", "class": "custody", "decimals": "8", "splits": splits})
}

pub(super) fn add(vectors: &mut Vectors) {
    for (name, count) in SIZES {
        let sent = Sent::Object(json!({"leaves": leaves(count)}));
        let comment = "one range, and the commitment to all of it";
        let id = format!("sum-tree/leaves_{name}");
        vectors.add(&id, comment, &["Boundary", "OddNode"], query(&[]), sent, Want::Valid);
    }
    splits(vectors);
    commitments(vectors);
    overflows(vectors);
}

fn splits(vectors: &mut Vectors) {
    let cases: [(&str, u64, &[u64]); 6] = [
        ("split_in_the_middle", 8, &[4]),
        ("split_unaligned", 9, &[3]),
        ("split_in_three", 17, &[5, 11]),
        ("split_with_an_empty_range", 7, &[3, 3]),
        ("split_into_single_leaves", 5, &[1, 2, 3, 4]),
        ("split_off_the_last", 31, &[30]),
    ];
    for (name, count, at) in cases {
        let sent = Sent::Object(json!({"leaves": leaves(count)}));
        let comment = "whoever builds which part, the root is the same";
        vectors.add(&format!("sum-tree/{name}"), comment, &["Boundary"], query(at), sent, Want::Valid);
    }
}

fn commitments(vectors: &mut Vectors) {
    let cases = [
        ("other_class", "BTC", "lent", "8"),
        ("other_asset", "ETH", "custody", "8"),
        ("other_decimals", "BTC", "custody", "18"),
        ("most_decimals", "BTC", "custody", "38"),
        ("asset_of_64_bytes", "iso4217:EUR._-01234567890123456789012345678901234567890123456789", "derivative", "0"),
    ];
    for (name, asset, class, decimals) in cases {
        let query = json!({"asset": asset, "class": class, "decimals": decimals, "splits": []});
        let sent = Sent::Object(json!({"leaves": leaves(3)}));
        let comment = "the commitment names asset, class and decimals";
        vectors.add(&format!("sum-tree/commitment_{name}"), comment, &["WrongRoot"], query, sent, Want::Valid);
    }
}

fn overflows(vectors: &mut Vectors) {
    let nodes = |sums: &[&str]| {
        let node = |(index, sum): (usize, &&str)| json!({"digest": leaf(index as u64), "sum": sum});
        Sent::Object(json!({"leaves": sums.iter().enumerate().map(node).collect::<Vec<_>>()}))
    };
    let largest = nodes(&["0", MAX, "0"]);
    vectors.add("sum-tree/largest_total", "2^128 - 1 is a total", &["Overflow"], query(&[]), largest, Want::Valid);
    let zeros = nodes(&["0", "0"]);
    vectors.add("sum-tree/nothing_owed", "leaves of nothing", &["Boundary"], query(&[]), zeros, Want::Valid);
    let want = Want::Refused(Stage::Sum, "CF-2008");
    let pair = nodes(&[MAX, "1"]);
    vectors.add("sum-tree/overflow_in_a_pair", "the first sum is 2^128", &["Overflow"], query(&[]), pair, want);
    let root = nodes(&["1", "1", "340282366920938463463374607431768211454"]);
    vectors.add("sum-tree/overflow_at_the_root", "only the total is 2^128", &["Overflow"], query(&[]), root, want);
    let empty = Want::Refused(Stage::Sum, "CF-1011");
    vectors.add("sum-tree/no_leaves", "there is no tree without leaves", &["Boundary"], query(&[]), nodes(&[]), empty);
}
