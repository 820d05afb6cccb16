use counterfoil::hash::{Digest, Tag};
use counterfoil::merkle_set::{AddressSetKind, prove_subset, root};
use serde_json::{Value, json};

use super::{SIZES, Sent, Stage, Vectors, Want, digest};

pub(super) fn add(vectors: &mut Vectors) {
    roots(vectors);
    accepted(vectors);
    count_not_proved(vectors);
    refused(vectors);
    refused_lists(vectors);
}

fn leaves(count: u64) -> Vec<Digest> {
    (0..count).map(|index| digest(Tag::Address, "merkle-set", index)).collect()
}

fn texts(indices: &[u64]) -> Vec<String> {
    indices.iter().map(u64::to_string).collect()
}

fn roots(vectors: &mut Vectors) {
    for (name, count) in SIZES {
        let shown = if count == 1 { vec![0] } else { vec![0, count - 1] };
        let query = json!({"operation": "root", "nodes": "address", "indices": texts(&shown)});
        let sent = Sent::Object(json!({"leaves": leaves(count)}));
        let comment = "root, and the hashes that disclose the first and the last leaf";
        vectors.add(&format!("merkle-set/root_of_{name}"), comment, &["Boundary", "OddNode"], query, sent, Want::Valid);
    }
    let query = json!({"operation": "root", "nodes": "bundle", "indices": ["1"]});
    let sent = Sent::Object(json!({"leaves": leaves(5)}));
    vectors.add("merkle-set/root_of_a_bundle", "files have a node tag of their own", &[], query, sent, Want::Valid);
}

/// A disclosure of some leaves of a set of `count`, as a verifier receives it.
fn subset(count: u64, indices: &[u64]) -> (Value, Value) {
    let set = leaves(count);
    let root = root::<AddressSetKind>(&set);
    let proof = prove_subset::<AddressSetKind>(&set, indices).expect("the indices of an author are in order");
    let query = json!({"operation": "subset", "nodes": "address", "root": root, "count": count.to_string()});
    (query, json!({"indices": texts(indices), "leaves": proof.leaves, "hashes": proof.hashes}))
}

fn accepted(vectors: &mut Vectors) {
    let cases: [(&str, u64, &[u64]); 9] = [
        ("only_leaf", 1, &[0]),
        ("left_of_two", 2, &[0]),
        ("right_of_two", 2, &[1]),
        ("lonely_third", 3, &[2]),
        ("lonely_last_of_9", 9, &[8]),
        ("middle_of_31", 31, &[15, 16]),
        ("last_of_33", 33, &[32]),
        ("first_and_last_of_31", 31, &[0, 30]),
        ("all_of_5", 5, &[0, 1, 2, 3, 4]),
    ];
    for (name, count, indices) in cases {
        let (query, proof) = subset(count, indices);
        let comment = "leaves shown under a committed root";
        let id = format!("merkle-set/subset_{name}");
        vectors.add(&id, comment, &["Boundary", "OddNode"], query, Sent::Object(proof), Want::Valid);
    }
}

/// A disclosure does not prove the count: it has to come from the statement.
fn count_not_proved(vectors: &mut Vectors) {
    let (mut query, proof) = subset(9, &[2]);
    query["count"] = json!("16");
    let comment = "a count that gives the same siblings cannot be told apart, so it must come from the statement";
    let sent = Sent::Object(proof);
    vectors.add("merkle-set/count_is_not_proved", comment, &["WrongLeafCount"], query, sent, Want::Valid);
}

fn foreign() -> Value {
    json!(digest(Tag::Address, "foreign", 0))
}

fn push(value: &mut Value, item: Value) {
    value.as_array_mut().expect("a list").push(item);
}

/// A disclosure with one change.
fn with(count: u64, indices: &[u64], change: &dyn Fn(&mut Value, &mut Value)) -> (Value, Value) {
    let (mut query, mut proof) = subset(count, indices);
    change(&mut query, &mut proof);
    (query, proof)
}

/// A changed disclosure that is refused; the words are name, comment and flag.
fn refuse(vectors: &mut Vectors, words: [&str; 3], case: (Value, Value), stage: Stage, code: &'static str) {
    let [name, comment, flag] = words;
    let sent = Sent::Object(case.1);
    vectors.add(&format!("merkle-set/{name}"), comment, &[flag], case.0, sent, Want::Refused(stage, code));
}

fn refused(vectors: &mut Vectors) {
    let case = with(9, &[2], &|_, proof| push(&mut proof["hashes"], foreign()));
    refuse(
        vectors,
        ["surplus_hash", "a verifier that only folds ignores the rest", "SurplusHash"],
        case,
        Stage::Fold,
        "CF-4010",
    );
    let case = with(9, &[2], &|query, _| query["count"] = json!("8"));
    refuse(
        vectors,
        ["leaf_count_8_of_9", "a smaller count needs fewer hashes", "WrongLeafCount"],
        case,
        Stage::Fold,
        "CF-4010",
    );
    let case = with(9, &[2], &|query, _| query["count"] = json!("17"));
    refuse(
        vectors,
        ["leaf_count_17_of_9", "a larger count needs more hashes", "WrongLeafCount"],
        case,
        Stage::Fold,
        "CF-4010",
    );
    let case = with(9, &[8], &|query, _| query["count"] = json!("16"));
    refuse(
        vectors,
        ["leaf_count_16_of_9_last", "the last leaf is lonely in nine only", "WrongLeafCount"],
        case,
        Stage::Fold,
        "CF-4010",
    );
    let case = with(4, &[1], &|_, proof| push(&mut proof["hashes"], foreign()));
    refuse(
        vectors,
        ["leaf_count_4_of_5", "the hash of a fifth leaf is left over", "WrongLeafCount"],
        case,
        Stage::Fold,
        "CF-4010",
    );
    let case = with(3, &[0], &|_, proof| proof["indices"] = json!(["4"]));
    refuse(
        vectors,
        ["index_wraps_around", "folding alone takes position 4 of 3 for position 0", "IndexRange"],
        case,
        Stage::Bind,
        "CF-4009",
    );
    let case = with(9, &[8], &|_, proof| proof["indices"] = json!(["9"]));
    refuse(
        vectors,
        ["index_is_the_count", "positions are below the count", "IndexRange"],
        case,
        Stage::Bind,
        "CF-4009",
    );
    let case = with(9, &[8], &|_, proof| proof["indices"] = json!(["18446744073709551615"]));
    refuse(
        vectors,
        ["index_is_the_largest_integer", "positions are below the count", "IndexRange"],
        case,
        Stage::Bind,
        "CF-4009",
    );
}

fn refused_lists(vectors: &mut Vectors) {
    let case = with(4, &[2, 3], &|_, proof| {
        proof["indices"] = json!(["2", "3", "3"]);
        push(&mut proof["leaves"], foreign());
    });
    refuse(
        vectors,
        ["repeated_index", "any leaf whatsoever beside the real one", "RepeatedIndex"],
        case,
        Stage::Bind,
        "CF-4009",
    );
    let case = with(9, &[2, 5], &|_, proof| {
        for field in ["indices", "leaves"] {
            proof[field].as_array_mut().expect("a list").reverse();
        }
    });
    refuse(
        vectors,
        ["indices_out_of_order", "one disclosure has one form", "UnsortedIndices"],
        case,
        Stage::Bind,
        "CF-4009",
    );
    let case = with(9, &[2, 5], &|_, proof| {
        proof["leaves"].as_array_mut().expect("a list").pop();
    });
    refuse(vectors, ["fewer_leaves_than_indices", "a leaf is missing", "SurplusHash"], case, Stage::Bind, "CF-4009");
    let case = with(9, &[2], &|_, proof| {
        proof["leaves"] = json!([]);
        proof["indices"] = json!([]);
    });
    refuse(vectors, ["nothing_shown", "a disclosure of nothing", "Boundary"], case, Stage::Bind, "CF-4009");
    let case = with(9, &[2], &|_, proof| {
        proof["hashes"].as_array_mut().expect("a list").pop();
    });
    refuse(vectors, ["missing_hash", "a hash is missing", "MissingHash"], case, Stage::Fold, "CF-4010");
    let case = with(9, &[2], &|_, proof| proof["leaves"][0] = foreign());
    refuse(vectors, ["foreign_leaf", "a leaf that is not in the set", "WrongRoot"], case, Stage::Fold, "CF-4011");
    let case = with(9, &[2], &|query, _| query["nodes"] = json!("bundle"));
    refuse(vectors, ["other_kind_of_set", "the node tag of a bundle", "WrongTag"], case, Stage::Fold, "CF-4011");
    let case = with(2, &[1], &|query, _| query["count"] = json!("0"));
    refuse(vectors, ["empty_set", "no position is below zero", "Boundary"], case, Stage::Bind, "CF-4009");
}
