use serde_json::{Value, json};

use super::{Sent, Stage, Vectors, Want};

const KEY: &str = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
const OTHER: &str = "02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5";
const MALFORMED: Want = Want::Refused(Stage::Parse, "CF-3020");

fn card() -> Value {
    json!({
        "format": "counterfoil-venue-card-v1",
        "log": {
            "key": "log.example/example-exchange+00000001+A",
            "quorum": "1",
            "witnesses": [{"key": "witness.example+00000002+A", "name": "Example Consumers' Union"}],
        },
        "page": "00".repeat(32),
        "venue": {
            "id": "example-exchange",
            "keys": [{"alg": "bip340", "key": KEY}, {"alg": "ecdsa-secp256k1", "key": OTHER}],
            "legal_entity": "Example Exchange Ltd",
            "log_origin": "log.example/example-exchange",
            "threshold": "2",
        },
    })
}

/// A card with one value changed; null by a pointer that ends in `!` takes the field away.
fn changed(pointer: &str, value: Value) -> String {
    let mut card = card();
    if let Some(pointer) = pointer.strip_suffix('!') {
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        card.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object").remove(name);
    } else if let Some(found) = card.pointer_mut(pointer) {
        *found = value;
    } else {
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        card.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object").insert(name.to_owned(), value);
    }
    card.to_string()
}

pub(super) fn add(vectors: &mut Vectors) {
    accepted(vectors);
    refused(vectors);
    let comment = "the fingerprint that the customer was told is another one";
    let query = json!({"fingerprint": "0000 0000 0000 0000 0000 0000 0000 0000"});
    let want = Want::Refused(Stage::Policy, "CF-3021");
    let sent = Sent::Bytes(card().to_string().into_bytes());
    vectors.add("venue-card/other_fingerprint", comment, &["KeyNotPinned"], query, sent, want);
    let comment = "half of a fingerprint fits many cards";
    let query = json!({"fingerprint": "0000 0000 0000 0000"});
    let want = Want::Refused(Stage::Policy, "CF-3029");
    let sent = Sent::Bytes(card().to_string().into_bytes());
    vectors.add("venue-card/half_a_fingerprint", comment, &["KeyNotPinned"], query, sent, want);
}

fn accepted(vectors: &mut Vectors) {
    let mut add = |name: &str, comment: &str, flags: &[&str], text: String| {
        let query = json!({"fingerprint": null});
        vectors.add(&format!("venue-card/{name}"), comment, flags, query, Sent::Bytes(text.into_bytes()), Want::Valid);
    };
    add("every_field", "log, witness, page and two keys", &[], card().to_string());
    add("pasted", "white space does not change the fingerprint", &["Canonical"], format!("{:#}\n", card()));
    add("without_log", "a venue without a log", &[], changed("/log", Value::Null));
    add("without_page", "a venue that hands out no page", &[], changed("/page", Value::Null));
    add(
        "without_witnesses",
        "nobody watches",
        &[],
        changed("/log/witnesses", json!([])).replace("\"quorum\":\"1\"", "\"quorum\":\"0\""),
    );
    add("one_of_two", "another threshold is another card", &[], changed("/venue/threshold", json!("1")));
    add("entity_beyond_ascii", "names are bytes", &["Unicode"], changed("/venue/legal_entity", json!("Börse 例")));
}

fn refused(vectors: &mut Vectors) {
    let cases = [
        ("other_format", "another version", "/format", json!("counterfoil-venue-card-v2")),
        ("missing_page", "null is written", "/page!", Value::Null),
        ("missing_log", "null is written", "/log!", Value::Null),
        ("unknown_field", "what is not known is not skipped", "/note", json!("")),
        ("page_too_short", "a digest has 64 digits", "/page", json!("00")),
        ("threshold_zero", "somebody must sign", "/venue/threshold", json!("0")),
        ("threshold_above_keys", "more signatures than keys", "/venue/threshold", json!("3")),
        ("threshold_a_number", "integers are texts", "/venue/threshold", json!(2)),
        ("no_keys", "nothing to pin", "/venue/keys", json!([])),
        (
            "keys_out_of_order",
            "one order",
            "/venue/keys",
            json!([
                {"alg": "ecdsa-secp256k1", "key": OTHER}, {"alg": "bip340", "key": KEY}
            ]),
        ),
        (
            "two_keys_of_one_signer",
            "one secret signs for both",
            "/venue/keys",
            json!([
                {"alg": "bip340", "key": KEY}, {"alg": "ecdsa-secp256k1", "key": format!("02{KEY}")}
            ]),
        ),
        (
            "key_off_the_curve",
            "no point has this x",
            "/venue/keys",
            json!([
                {"alg": "bip340", "key": "eefdea4cdb677750a420fee807eacf21eb9898ae79b9768766e4faa04a2d4a34"}
            ]),
        ),
        ("entity_empty", "somebody owes", "/venue/legal_entity", json!("")),
        ("log_origin_empty", "a log has a name", "/venue/log_origin", json!("")),
        ("log_key_empty", "a log has a key", "/log/key", json!("")),
        ("witness_without_name", "a witness is somebody", "/log/witnesses/0/name", json!("")),
        ("quorum_above_witnesses", "more cosignatures than witnesses", "/log/quorum", json!("2")),
        ("venue_in_upper_case", "one spelling", "/venue/id", json!("Example")),
    ];
    for (name, comment, pointer, value) in cases {
        let sent = Sent::Bytes(changed(pointer, value).into_bytes());
        let query = json!({"fingerprint": null});
        vectors.add(&format!("venue-card/{name}"), comment, &["Contradiction"], query, sent, MALFORMED);
    }
    let sent = Sent::Bytes(b"{\"format\":".to_vec());
    vectors.add("venue-card/cut", "half a card", &["Damage"], json!({"fingerprint": null}), sent, MALFORMED);
}
