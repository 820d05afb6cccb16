use serde_json::{Value, json};

use super::{Sent, Vectors, Want, seeded};

fn query() -> Value {
    json!({
        "master_secret": hex::encode(seeded("master secret")), "build_id": hex::encode(seeded("build id")),
        "venue": "example-exchange", "sequence": "7", "asset": "BTC", "class": "custody",
    })
}

fn row() -> Value {
    json!({"account": "u000000000042", "amount": "150000000", "credential": "", "parts": []})
}

pub(super) fn add(vectors: &mut Vectors) {
    let mut case = |name: &str, comment: &str, flag: &str, query: Value, row: Value| {
        vectors.add(&format!("leaf/{name}"), comment, &[flag], query, Sent::Object(row), Want::Valid);
    };
    case("plain", "no credential, no parts", "Inclusion", query(), row());
    let keys = [
        ("other_master_secret", "master_secret", hex::encode(seeded("another secret"))),
        ("other_build", "build_id", hex::encode(seeded("another build"))),
        ("other_venue", "venue", "other-exchange".to_owned()),
        ("other_sequence", "sequence", "8".to_owned()),
        ("largest_sequence", "sequence", u64::MAX.to_string()),
        ("other_asset", "asset", "ETH".to_owned()),
        ("other_class", "class", "lent".to_owned()),
    ];
    for (name, field, value) in keys {
        let mut query = query();
        query[field] = json!(value);
        case(name, "no order key and no nonce is used twice", "Salt", query, row());
    }
    let texts = [
        ("account_of_one_byte", "account", "0".to_owned(), "Boundary"),
        ("account_of_1024_bytes", "account", "a".repeat(1024), "Boundary"),
        ("account_beyond_ascii", "account", "jos\u{e9}\u{1f600}".to_owned(), "Unicode"),
        ("account_decomposed", "account", "jose\u{301}\u{1f600}".to_owned(), "Unicode"),
        ("account_with_a_nul", "account", "u0\u{0}".to_owned(), "Unicode"),
        ("with_credential", "credential", "correct horse".to_owned(), "OtherCredential"),
        ("credential_of_1024_bytes", "credential", "c".repeat(1024), "Boundary"),
        ("amount_zero", "amount", "0".to_owned(), "Boundary"),
        ("amount_largest", "amount", u128::MAX.to_string(), "Boundary"),
    ];
    for (name, field, value, flag) in texts {
        let mut row = row();
        row[field] = json!(value);
        case(name, "every field is hashed byte by byte", flag, query(), row);
    }
    let parts = [
        ("one_part", json!([{"product": "spot", "amount": "150000000"}])),
        ("two_parts", json!([{"product": "earn", "amount": "100000000"}, {"product": "spot", "amount": "50000000"}])),
        ("part_without_a_name", json!([{"product": "", "amount": "150000000"}])),
        ("part_of_nothing", json!([{"product": "earn", "amount": "0"}, {"product": "spot", "amount": "150000000"}])),
        (
            "parts_in_byte_order",
            json!([
                {"product": "Z", "amount": "1"},
                {"product": "a", "amount": "149999998"},
                {"product": "\u{e9}", "amount": "1"},
            ]),
        ),
    ];
    for (name, list) in parts {
        let mut row = row();
        row["parts"] = list;
        case(name, "a balance with parts commits to each of them", "Parts", query(), row);
    }
    pieces(vectors);
    decoys(vectors);
}

/// One piece of the row's balance.
fn piece(mut row: Value, piece: u16, of: u16) -> Value {
    row["split"] = json!({"of": of.to_string(), "piece": piece.to_string()});
    row
}

fn pieces(vectors: &mut Vectors) {
    let mut case = |name: &str, comment: &str, flag: &str, query: Value, row: Value| {
        vectors.add(&format!("leaf/{name}"), comment, &[flag], query, Sent::Object(row), Want::Valid);
    };
    for (number, of) in [(1, 2), (2, 2), (1, 3), (2, 3), (3, 3), (1, 256), (255, 256), (256, 256)] {
        let comment = "a piece of a balance: the amount follows from the keys, and no piece shares an order key";
        case(&format!("piece_{number}_of_{of}"), comment, "Split", query(), piece(row(), number, of));
    }
    let changed = |field: &str, value: Value| {
        let mut row = row();
        row[field] = value;
        piece(row, 2, 3)
    };
    let two_parts = json!([{"product": "earn", "amount": "100000000"}, {"product": "spot", "amount": "50000000"}]);
    let rows = [
        ("piece_with_parts", "the parts of the whole balance are in each piece", changed("parts", two_parts)),
        ("piece_with_credential", "as in every leaf", changed("credential", json!("correct horse"))),
        ("piece_of_nothing", "pieces of zero", changed("amount", json!("0"))),
        ("piece_of_one_base_unit", "one piece has it", changed("amount", json!("1"))),
        ("piece_of_2_to_the_64", "wider than a machine word", changed("amount", json!("18446744073709551616"))),
        ("piece_of_the_largest", "2^128 - 1", changed("amount", json!(u128::MAX.to_string()))),
        ("piece_of_another_account", "cuts differ by account", changed("account", json!("u000000000043"))),
    ];
    for (name, comment, row) in rows {
        case(name, comment, "Split", query(), row);
    }
    for (name, field, value) in [
        ("piece_in_another_asset", "asset", "ETH"),
        ("piece_in_another_class", "class", "lent"),
        ("piece_in_another_snapshot", "sequence", "8"),
    ] {
        let mut query = query();
        query[field] = json!(value);
        case(name, "cuts differ by tree", "Split", query, piece(row(), 2, 3));
    }
}

fn decoys(vectors: &mut Vectors) {
    let mut case = |name: &str, comment: &str, query: Value, index: u64| {
        let sent = Sent::Object(json!({"decoy": index.to_string()}));
        vectors.add(&format!("leaf/{name}"), comment, &["Decoy"], query, sent, Want::Valid);
    };
    case("decoy_first", "a leaf of nothing that belongs to nobody", query(), 0);
    case("decoy_second", "each has a name of its own", query(), 1);
    case("decoy_largest", "2^64 - 1", query(), u64::MAX);
    let mut lent = query();
    lent["class"] = json!("lent");
    case("decoy_in_another_class", "each tree has its own", lent, 0);
}
