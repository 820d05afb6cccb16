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
}
