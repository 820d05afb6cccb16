//! A customer with a split balance runs `verify`: one balance is shown, in so many leaves, and a proof that does not
//! make one balance is refused in words. Files and keys are those of the vectors.

mod cli_support;

use std::fs;
use std::path::Path;

use cli_support::{done, refused};
use serde_json::Value;

/// Statement, proof and policy of a vector as files, and the line that asks about them.
fn files(folder: &Path, name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("vectors/inclusion-proof/{name}.json"));
    let vector: Value = serde_json::from_str(&fs::read_to_string(path).expect("a vector")).expect("JSON");
    let (query, text) = (&vector["query"], |value: &Value| value.as_str().expect("a text").to_owned());
    let policy = &query["policy"];
    let keys: Vec<String> = policy["keys"].as_array().expect("keys").iter().map(key).collect();
    let policy = format!(
        "format = \"counterfoil-policy-v1\"\n[venue]\nid = {}\nlog_origin = {}\nkeys = [{}]\n",
        policy["venue"],
        policy["log_origin"],
        keys.join(", ")
    );
    for (file, content) in [
        ("policy.toml", policy),
        ("proof.json", vector["proof"].to_string()),
        ("statement.json", text(&query["statement"])),
    ] {
        fs::write(folder.join(file), content).expect("a file");
    }
    format!("verify proof.json --statement statement.json --policy policy.toml --account {}", text(&query["account"]))
}

fn key(key: &Value) -> String {
    format!("{{ alg = {}, key = {} }}", key["alg"], key["key"])
}

#[test]
fn a_split_balance_is_shown_as_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let line = files(folder.path(), "split_with_parts");
    let said = done(folder.path(), &format!("{line} --expect BTC=0.00000150"));
    let shown = "
  0.00000150 BTC  (custody)
      0.00000100 earn
      0.00000050 spot
      in 2 of 4 leaves, 0.00002153 in total
";
    assert!(said.contains(shown) && said.contains("These are the amounts that you expected."), "{said}");
    assert_eq!(said.matches("(custody)").count(), 1, "{said}");
    let line = files(folder.path(), "first_of_3");
    let said = done(folder.path(), &line);
    assert!(said.contains("\n      in one of 3 leaves, "), "{said}");
}

#[test]
fn what_makes_no_balance_is_refused_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, code, words) in [
        (
            "split_middle_missing",
            "CF-2020",
            "a piece of the balance is missing\n |\n = note: proof.json: BTC (custody): 2 of 3 pieces of the balance, \
             piece 2 is missing\n",
        ),
        (
            "split_number_differs",
            "CF-2021",
            "the leaves of one balance contradict each other\n |\n = note: proof.json: BTC (custody): piece 3 is one of 4 of \
             150000000, but piece 1 is one of 3 of 150000000\n",
        ),
        (
            "split_sum_too_small",
            "CF-2022",
            "the pieces of the balance do not add up to it\n |\n = note: proof.json: BTC (custody): the pieces add up to \
             149999999, the balance is 150000000\n",
        ),
        (
            "split_position_twice",
            "CF-2023",
            "two pieces of the balance stand at one position\n |\n = note: proof.json: BTC (custody): two pieces of the \
             balance stand at position 5\n",
        ),
    ] {
        let line = files(folder.path(), name);
        let said = refused(folder.path(), &line, 1, code);
        assert!(said.contains(words), "{name}\n{said}");
    }
}

#[test]
fn there_is_no_piece_0() {
    let folder = tempfile::tempdir().expect("a folder");
    let line = files(folder.path(), "split_piece_0");
    let said = refused(folder.path(), &line, 2, "CF-2001");
    assert!(said.contains("piece 0 of 3: a split balance has 2 to 256 pieces, counted from 1"), "{said}");
}
