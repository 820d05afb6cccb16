use counterfoil::hash::Tag;
use counterfoil::json;
use counterfoil::signature::{Algorithm, Envelope, SigningKey};
use serde_json::{Value, json};

use super::signature::key;
use super::{Sent, Stage, Vectors, Want, seeded};

const CHAIN: &str = "bip122:0f9188f13cb7b2c71f2a335e3a4fc328";

/// The venue's keys, in the order of statements.
pub(super) fn keys() -> Vec<SigningKey> {
    let mut keys = vec![
        key(Algorithm::Bip340, "venue 1"),
        key(Algorithm::Bip340, "venue 2"),
        key(Algorithm::EcdsaSecp256k1, "venue 3"),
    ];
    keys.sort_by_key(SigningKey::public_key);
    keys
}

pub(super) fn public(keys: &[SigningKey]) -> Value {
    let list = keys.iter().map(|key| json!({"alg": key.public_key().alg, "key": key.public_key().key}));
    list.collect()
}

/// A statement with these rows.
pub(super) fn document(rows: Value, assets: Value) -> Value {
    let (hash, length) = (hex::encode(seeded("ledger")), "48");
    json!({
        "account_hint": "the number under Profile, 12 digits behind a u",
        "address_set": {"count": "3", "root": hex::encode(seeded("address set"))},
        "assets": assets,
        "chains": [{"chain": CHAIN, "hash": hex::encode(seeded("block")), "height": "140"}],
        "custody": hex::encode(seeded("challenge")),
        "cutoff": "2026-11-01T00:00:00Z", "next_cutoff": "2026-12-01T00:00:00Z", "due": "2026-12-03T00:00:00Z",
        "format": "counterfoil-statement-v1", "kind": "snapshot",
        "ledger": {
            "as_of": "2026-11-01T00:00:00Z", "control_total": "compared", "rows_filtered": "0", "rows_read": "3",
            "rows_zero": "0",
            "sources": [{"kind": "csv", "length": length, "name": "ledger.csv", "rows": "3", "sha256": hash}],
        },
        "liabilities": rows,
        "predecessor": hex::encode(seeded("predecessor")), "sequence": "7",
        "schedules": {"in_flight": [], "other_liabilities": [], "receivables": []},
        "scope": [], "tool": "counterfoil 0.1.0",
        "venue": {
            "id": "example-exchange", "keys": public(&keys()), "legal_entity": "Example Exchange Ltd", "lei": null,
            "log_origin": "log.example/por", "threshold": "1",
        },
        "without_rows": [],
    })
}

pub(super) fn bitcoin() -> Value {
    json!({"decimals": "8", "deployments": [{"decimals": "8", "id": format!("{CHAIN}/slip44:0")}], "id": "BTC"})
}

pub(super) fn row(asset: &str, class: &str, decimals: &str) -> Value {
    let root = hex::encode(seeded("root"));
    json!({
        "asset": asset, "class": class, "decimals": decimals, "leaf_count": "1000", "root": root,
        "total": "120450000000",
    })
}

fn example() -> Value {
    document(json!([row("BTC", "custody", "8")]), json!([bitcoin()]))
}

/// A policy that pins all keys.
pub(super) fn policy(threshold: u64) -> Value {
    json!({
        "venue": "example-exchange", "log_origin": "log.example/por", "keys": public(&keys()),
        "threshold": threshold.to_string(),
    })
}

/// The file with signatures by these keys, whatever the document says.
pub(super) fn signed(document: &Value, keys: &[SigningKey]) -> String {
    let message = json::canonical(document).expect("no numbers");
    let mut envelope = Envelope { document: message, signatures: Vec::new() };
    for key in keys {
        let signature = key.sign(Tag::Statement, &envelope.document).expect("a key signs");
        envelope.add(signature);
    }
    String::from_utf8(envelope.to_file("statement").expect("a file")).expect("JSON is text")
}

pub(super) fn one() -> Vec<SigningKey> {
    keys().into_iter().take(1).collect()
}

pub(super) fn case(
    vectors: &mut Vectors,
    name: &str,
    comment: &str,
    flag: &str,
    policy: Value,
    file: String,
    want: Want,
) {
    let sent = Sent::Bytes(file.into_bytes());
    vectors.add(&format!("statement/{name}"), comment, &[flag], json!({ "policy": policy }), sent, want);
}

/// The example with one change.
pub(super) fn changed(change: impl Fn(&mut Value)) -> Value {
    let mut document = example();
    change(&mut document);
    document
}

pub(super) fn add(vectors: &mut Vectors) {
    accepted(vectors);
    signatures(vectors);
    forms(vectors);
    contradictions(vectors);
    sources_that_do_not_fit(vectors);
    rows_that_do_not_fit(vectors);
    venues_that_do_not_fit(vectors);
    values_that_do_not_fit(vectors);
    other_kinds(vectors);
}

/// A change of keys or a withdrawal, by the keys of the venue.
pub(super) fn notice(kind: &str) -> Value {
    let example = example();
    let mut document = json!({
        "format": "counterfoil-statement-v1", "issued": "2026-11-10T00:00:00Z", "kind": kind,
        "predecessor": hex::encode(seeded("predecessor")), "reason": "planned", "sequence": "8",
        "tool": "counterfoil 0.1.0", "venue": example["venue"],
    });
    if kind == "void" {
        document["voids"] = json!({"digest": hex::encode(seeded("voided")), "sequence": "5"});
    } else {
        document["new"] = json!({"keys": public(&[new_key()]), "threshold": "1"});
    }
    document
}

/// The key that replaces the venue's.
pub(super) fn new_key() -> SigningKey {
    key(Algorithm::Bip340, "venue 4")
}

fn other_kinds(vectors: &mut Vectors) {
    let rotated = Want::Refused(Stage::Policy, "CF-3231");
    let withdrawn = Want::Refused(Stage::Policy, "CF-3232");
    let malformed = Want::Refused(Stage::Parse, "CF-3001");
    let mut refuse = |name: &str, comment: &str, kind: &str, change: &dyn Fn(&mut Value), want: Want| {
        let mut document = notice(kind);
        change(&mut document);
        case(vectors, name, comment, "OtherKind", policy(1), signed(&document, &one()), want);
    };
    let same = |_: &mut Value| {};
    refuse("key_rotation", "the venue says that its keys change", "key-rotation", &same, rotated);
    refuse("void", "the venue withdraws a statement", "void", &same, withdrawn);
    for kind in ["key-rotation", "void"] {
        let name = |what: &str| format!("{}_{what}", kind.replace('-', "_"));
        let set = |pointer: &'static str, value: Value| {
            move |document: &mut Value| *document.pointer_mut(pointer).expect("a field") = value.clone()
        };
        let comment = "the first statement is a snapshot";
        refuse(&name("as_the_first"), comment, kind, &set("/sequence", json!("0")), malformed);
        let comment = "whoever withdraws or replaces says why";
        refuse(&name("without_reason"), comment, kind, &set("/reason", json!("")), malformed);
        refuse(&name("with_a_long_reason"), "1,001 bytes", kind, &set("/reason", json!("r".repeat(1_001))), malformed);
        let comment = "nothing before it";
        refuse(&name("without_predecessor"), comment, kind, &set("/predecessor", Value::Null), malformed);
        let comment = "a field of snapshots";
        let cutoff = |document: &mut Value| document["cutoff"] = json!("2026-11-01T00:00:00Z");
        refuse(&name("with_a_cutoff"), comment, kind, &cutoff, malformed);
        let comment = "another venue";
        let other = Want::Refused(Stage::Policy, "CF-3012");
        refuse(&name("of_another_venue"), comment, kind, &set("/venue/id", json!("another-exchange")), other);
    }
    let old = |document: &mut Value| document["new"] = json!({"keys": document["venue"]["keys"], "threshold": "1"});
    refuse("key_rotation_to_the_same", "nothing changes", "key-rotation", &old, malformed);
    let nobody = |document: &mut Value| document["new"]["keys"] = json!([]);
    refuse("key_rotation_to_nobody", "no key signs next", "key-rotation", &nobody, malformed);
    let later = |document: &mut Value| document["voids"]["sequence"] = json!("8");
    refuse("void_of_itself", "only what is earlier is withdrawn", "void", &later, malformed);
    let before = |document: &mut Value| document["voids"]["sequence"] = json!("7");
    refuse("void_of_another_predecessor", "two digests for statement 7", "void", &before, malformed);
    for kind in ["key-rotation", "void"] {
        let (name, comment) = (format!("{}_by_others", kind.replace('-', "_")), "signed by nobody who is pinned");
        let want = Want::Refused(Stage::Policy, "CF-3006");
        case(vectors, &name, comment, "OtherKind", policy(1), signed(&notice(kind), &[new_key()]), want);
    }
}

fn accepted(vectors: &mut Vectors) {
    let mut good = |name: &str, comment: &str, document: Value| {
        case(vectors, name, comment, "Statement", policy(1), signed(&document, &one()), Want::Valid);
    };
    good("example", "the example of the specification", example());
    let first = changed(|document| {
        document["sequence"] = json!("0");
        document["predecessor"] = Value::Null;
    });
    good("first", "the first statement has no predecessor", first);
    let bare = changed(|document| {
        for field in ["address_set", "custody"] {
            document[field] = Value::Null;
        }
        document["chains"] = json!([]);
    });
    good("without_reserves", "no address set, no challenge, no blocks", bare);
    let (ether, dollar) = (
        json!({"decimals": "18", "deployments": [], "id": "ETH"}),
        json!({"decimals": "6", "deployments": [], "id": "USDT"}),
    );
    let assets = json!([bitcoin(), ether, dollar]);
    let rows: Value =
        ["collateral", "custody", "derivative", "lent"].into_iter().map(|class| row("BTC", class, "8")).collect();
    let mut all = document(rows, assets);
    all["without_rows"] = json!(["ETH", "USDT"]);
    all["venue"]["lei"] = json!("5493001KJTIIGC8Y1R12");
    all["venue"]["threshold"] = json!("3");
    all["schedules"] = json!({
        "in_flight": [{"amount": "1", "asset": "BTC", "chain": CHAIN, "direction": "deposit", "txid": "00"}],
        "other_liabilities": [{"amount": "5", "asset": "ETH", "counterparty": "a bank", "due": null, "kind": "loan"},
            {"amount": "5", "asset": "ETH", "counterparty": "a bank", "due": "2027-01-01T00:00:00Z", "kind": "loan"}],
        "receivables": [{"amount": "7", "asset": "USDT", "counterparty": "a friend", "related_party": true}],
    });
    all["scope"] = json!([{"entity": "Example Exchange Ltd", "product": "spot", "scope": "in"}]);
    good("source_is_a_database", "what was asked, and which state answered", out_of_a_database());
    good("every_field", "four classes in the order of their names, schedules, scope", all);
}

/// The example with a ledger out of a database.
fn out_of_a_database() -> Value {
    changed(|document| {
        let source = &mut document["ledger"]["sources"][0];
        source["kind"] = json!("postgres");
        source["name"] = json!("books");
        let query = "SELECT account, asset, amount FROM balances";
        source["database"] = json!({"query": query, "server": "17.1", "snapshot": "812:815:812,813"});
    })
}

fn signatures(vectors: &mut Vectors) {
    let all = signed(&example(), &keys());
    case(vectors, "three_of_three", "all officers", "Threshold", policy(3), all.clone(), Want::Valid);
    let mut two = keys();
    two.pop();
    let want = Want::Refused(Stage::Policy, "CF-3008");
    case(vectors, "two_of_three", "one officer is missing", "Threshold", policy(3), signed(&example(), &two), want);
    let mut strangers = policy(1);
    strangers["keys"] = public(&[key(Algorithm::Bip340, "stranger")]);
    let want = Want::Refused(Stage::Policy, "CF-3006");
    let comment = "the keys that the file brings along are not believed";
    case(vectors, "key_not_pinned", comment, "KeyNotPinned", strangers, all.clone(), want);
    let comment = "a statement without signatures";
    case(vectors, "unsigned", comment, "KeyNotPinned", policy(1), signed(&example(), &[]), want);
    let mut other = policy(1);
    other["venue"] = json!("other-exchange");
    let want = Want::Refused(Stage::Policy, "CF-3012");
    case(vectors, "other_venue", "a mix-up, not a failure", "OtherVenue", other, all.clone(), want);
    let mut other = policy(1);
    other["log_origin"] = json!("log.example/other");
    case(vectors, "other_log", "the log of another venue", "OtherVenue", other, all.clone(), want);

    let raised = all.replace("120450000000", "120450000001");
    let want = Want::Refused(Stage::Signature, "CF-3007");
    let comment = "a total changed after signing";
    case(vectors, "total_changed", comment, "WrongSignature", policy(1), raised, want);
    let mut file: Value = serde_json::from_str(&all).expect("JSON");
    let swapped = file["signatures"][0]["signature"].clone();
    file["signatures"][0]["signature"] = file["signatures"][1]["signature"].clone();
    file["signatures"][1]["signature"] = swapped;
    let comment = "each signature under the other key";
    case(vectors, "signatures_swapped", comment, "WrongSignature", policy(1), file.to_string(), want);
    let mut one_wrong: Value = serde_json::from_str(&all).expect("JSON");
    one_wrong["signatures"][2]["signature"] = json!("11".repeat(64));
    let comment = "a wrong signature by a pinned key, beside two good ones";
    case(
        vectors,
        "one_signature_wrong",
        comment,
        "WrongSignature",
        policy(1),
        one_wrong.to_string(),
        Want::Refused(Stage::Signature, "CF-3007"),
    );
    let mut pinned_two = policy(1);
    pinned_two["keys"] = public(&two);
    let comment = "a wrong signature by a key that is not pinned is not looked at";
    let mut unpinned: Value = serde_json::from_str(&all).expect("JSON");
    unpinned["signatures"][2]["signature"] = json!("00".repeat(64));
    case(vectors, "unpinned_signature_wrong", comment, "KeyNotPinned", pinned_two, unpinned.to_string(), Want::Valid);
    let manifest = one()[0].sign(Tag::Manifest, &json::canonical(&example()).expect("no numbers")).expect("signs");
    let mut file: Value = serde_json::from_str(&signed(&example(), &one())).expect("JSON");
    file["signatures"][0]["signature"] = json!(manifest.signature);
    let comment = "the same bytes signed as a manifest";
    case(vectors, "signed_as_a_manifest", comment, "WrongTag", policy(1), file.to_string(), want);
}

fn forms(vectors: &mut Vectors) {
    let good = signed(&example(), &one());
    let parse = |code| Want::Refused(Stage::Parse, code);
    let mut form = |name: &str, comment: &str, flag: &str, file: String, code| {
        case(vectors, name, comment, flag, policy(1), file, parse(code));
    };
    let newline = good.clone() + "\n";
    form("newline_at_the_end", "an editor added a newline", "NotCanonical", newline, "CF-3004");
    form("pretty_printed", "a program reformatted the file", "NotCanonical", good.replace("\":", "\": "), "CF-3004");
    let number = good.replace("\"120450000000\"", "120450000000");
    form("total_is_a_number", "a JSON number", "JsonNumber", number, "CF-3002");
    let twice = good.replace("\"total\":\"120450000000\"", "\"total\":\"120450000000\",\"total\":\"1\"");
    form("total_twice", "readers differ in which one they keep", "DuplicateKey", twice, "CF-3003");
    form("cut_off", "half a download", "NotJson", good[..good.len() / 2].to_owned(), "CF-3005");
    form("empty_file", "no bytes", "NotJson", String::new(), "CF-3005");
    let extra = good.replace("{\"signatures\"", "{\"a\":\"\",\"signatures\"");
    form("unknown_field_outside", "a third field beside document and signatures", "UnknownField", extra, "CF-3001");
    let manifest = good.replace("\"statement\":{", "\"stubstate\":{");
    form("other_document", "a signed file of another kind", "MissingField", manifest, "CF-3001");
    let mut reversed: Value = serde_json::from_str(&signed(&example(), &keys())).expect("JSON");
    reversed["signatures"].as_array_mut().expect("a list").reverse();
    form("signatures_out_of_order", "one set of signatures has one form", "Order", reversed.to_string(), "CF-3001");
    let mut doubled: Value = serde_json::from_str(&good).expect("JSON");
    let first = doubled["signatures"][0].clone();
    doubled["signatures"].as_array_mut().expect("a list").push(first);
    form("signature_twice", "one officer does not sign for two", "Threshold", doubled.to_string(), "CF-3001");
    let mut listed: Value = serde_json::from_str(&good).expect("JSON");
    let entry = &listed["signatures"][0];
    listed["signatures"][0] = json!([entry["alg"], entry["key"], entry["signature"]]);
    form(
        "signature_as_a_list",
        "an object written as the list of its values",
        "UnknownField",
        listed.to_string(),
        "CF-3001",
    );
}

/// The change that puts `value` into a field.
pub(super) fn set(path: &'static str, value: Value) -> impl Fn(&mut Value) {
    move |document| *document.pointer_mut(path).expect("a field of the example") = value.clone()
}

/// A changed statement, signed as it is; the words are name, comment and flag.
pub(super) fn refuse(vectors: &mut Vectors, words: [&str; 3], change: &dyn Fn(&mut Value)) {
    let [name, comment, flag] = words;
    let file = signed(&changed(change), &one());
    case(vectors, name, comment, flag, policy(1), file, Want::Refused(Stage::Parse, "CF-3001"));
}

fn contradictions(vectors: &mut Vectors) {
    refuse(vectors, ["unknown_field", "a field that nobody checks", "UnknownField"], &|document| {
        document["note"] = json!("")
    });
    refuse(vectors, ["missing_field", "what is absent was not signed", "MissingField"], &|document| {
        document.as_object_mut().expect("an object").remove("custody");
    });
    refuse(vectors, ["missing_predecessor", "null is written, not left out", "MissingField"], &|document| {
        document.as_object_mut().expect("an object").remove("predecessor");
    });
    refuse(
        vectors,
        ["other_format", "a later version", "UnknownField"],
        &set("/format", json!("counterfoil-statement-v2")),
    );
    refuse(vectors, ["other_kind", "not a snapshot", "UnknownField"], &set("/kind", json!("rotation")));
    refuse(vectors, ["first_with_predecessor", "sequence 0 has none", "Contradiction"], &set("/sequence", json!("0")));
    refuse(
        vectors,
        ["later_without_predecessor", "every other one has one", "Contradiction"],
        &set("/predecessor", Value::Null),
    );
    refuse(
        vectors,
        ["next_cutoff_is_the_cutoff", "times are strictly increasing", "Order"],
        &set("/next_cutoff", json!("2026-11-01T00:00:00Z")),
    );
    refuse(
        vectors,
        ["due_before_next_cutoff", "times are strictly increasing", "Order"],
        &set("/due", json!("2026-11-30T00:00:00Z")),
    );
    refuse(
        vectors,
        ["time_with_offset", "a time has one form", "NumberForm"],
        &set("/cutoff", json!("2026-11-01T01:00:00+01:00")),
    );
    refuse(
        vectors,
        ["time_with_fraction", "whole seconds", "NumberForm"],
        &set("/cutoff", json!("2026-11-01T00:00:00.0Z")),
    );
    refuse(
        vectors,
        ["time_with_leap_second", "no such second in this form", "NumberForm"],
        &set("/cutoff", json!("2016-12-31T23:59:60Z")),
    );
}

fn sources_that_do_not_fit(vectors: &mut Vectors) {
    refuse(vectors, ["source_with_a_null_database", "left out where there is none", "UnknownField"], &|document| {
        document["ledger"]["sources"][0]["database"] = Value::Null
    });
    refuse(
        vectors,
        ["source_without_its_snapshot", "the state that answered is not named", "MissingField"],
        &|document| {
            *document = out_of_a_database();
            let database = document["ledger"]["sources"][0]["database"].as_object_mut();
            database.expect("is set above").remove("snapshot");
        },
    );
}

fn rows_that_do_not_fit(vectors: &mut Vectors) {
    refuse(vectors, ["no_rows", "nothing is committed", "Contradiction"], &set("/liabilities", json!([])));
    refuse(
        vectors,
        ["row_without_leaves", "there is no tree without leaves", "Contradiction"],
        &set("/liabilities/0/leaf_count", json!("0")),
    );
    refuse(
        vectors,
        ["row_with_other_decimals", "decimals are those of the asset", "Contradiction"],
        &set("/liabilities/0/decimals", json!("9")),
    );
    refuse(
        vectors,
        ["row_of_unlisted_asset", "an asset without decimals", "Contradiction"],
        &set("/assets", json!([])),
    );
    refuse(vectors, ["row_twice", "one row per asset and class", "Order"], &|document| {
        document["liabilities"] = json!([row("BTC", "custody", "8"), row("BTC", "custody", "8")]);
    });
    refuse(vectors, ["classes_out_of_order", "classes are in the order of their names", "Order"], &|document| {
        document["liabilities"] = json!([row("BTC", "custody", "8"), row("BTC", "collateral", "8")]);
    });
    refuse(
        vectors,
        ["asset_with_and_without_rows", "both named and committed", "Contradiction"],
        &set("/without_rows", json!(["BTC"])),
    );
    refuse(
        vectors,
        ["asset_neither_with_nor_without_rows", "an asset on which nothing is said", "Contradiction"],
        &|document| {
            document["assets"] = json!([bitcoin(), {"decimals": "18", "deployments": [], "id": "ETH"}]);
        },
    );
    refuse(vectors, ["assets_out_of_order", "assets are strictly increasing", "Order"], &|document| {
        document["assets"] = json!([{"decimals": "18", "deployments": [], "id": "ETH"}, bitcoin()]);
        document["without_rows"] = json!(["ETH"]);
    });
}

fn venues_that_do_not_fit(vectors: &mut Vectors) {
    refuse(vectors, ["chain_twice", "one cut-off block per chain", "Order"], &|document| {
        let block = document["chains"][0].clone();
        document["chains"].as_array_mut().expect("a list").push(block);
    });
    refuse(vectors, ["keys_out_of_order", "keys are strictly increasing", "Order"], &|document| {
        document["venue"]["keys"].as_array_mut().expect("a list").reverse();
    });
    refuse(vectors, ["no_keys", "nobody could sign", "Contradiction"], &set("/venue/keys", json!([])));
    refuse(vectors, ["threshold_of_nobody", "at least one signs", "Threshold"], &set("/venue/threshold", json!("0")));
    refuse(
        vectors,
        ["threshold_above_the_keys", "more signatures than keys", "Threshold"],
        &set("/venue/threshold", json!("4")),
    );
    refuse(
        vectors,
        ["venue_id_upper_case", "short names are lower case", "NumberForm"],
        &set("/venue/id", json!("Example")),
    );
    refuse(vectors, ["lei_of_19", "20 characters", "NumberForm"], &set("/venue/lei", json!("5493001KJTIIGC8Y1R1")));
}

fn values_that_do_not_fit(vectors: &mut Vectors) {
    refuse(
        vectors,
        ["total_with_leading_zero", "integers have one form", "NumberForm"],
        &set("/liabilities/0/total", json!("0120450000000")),
    );
    refuse(
        vectors,
        ["total_negative", "no negative totals", "NegativeAmount"],
        &set("/liabilities/0/total", json!("-1")),
    );
    refuse(
        vectors,
        ["total_too_large", "2^128", "Overflow"],
        &set("/liabilities/0/total", json!("340282366920938463463374607431768211456")),
    );
    refuse(
        vectors,
        ["root_in_upper_case", "digests are lower case", "NumberForm"],
        &set("/liabilities/0/root", json!("AB".repeat(32))),
    );
    refuse(vectors, ["decimals_39", "at most 38 decimals", "Boundary"], &set("/assets/0/decimals", json!("39")));
    refuse(vectors, ["unknown_class", "four classes", "UnknownRow"], &set("/liabilities/0/class", json!("savings")));
    refuse(vectors, ["schedule_of_unlisted_asset", "an amount without decimals", "Contradiction"], &|document| {
        document["schedules"]["receivables"] =
            json!([{"amount": "7", "asset": "DOGE", "counterparty": "x", "related_party": false}]);
    });
    refuse(
        vectors,
        ["owed_in_all_too_large", "rows and other liabilities together are 2^128", "Overflow"],
        &|document| {
            document["liabilities"][0]["total"] = json!(u128::MAX.to_string());
            document["schedules"]["other_liabilities"] =
                json!([{"amount": "1", "asset": "BTC", "counterparty": "x", "due": null, "kind": "loan"}]);
        },
    );
    refuse(vectors, ["venue_as_a_list", "an object written as the list of its values", "UnknownField"], &|document| {
        let venue = &document["venue"];
        let fields = ["id", "legal_entity", "lei", "keys", "threshold", "log_origin"];
        document["venue"] = fields.iter().map(|field| venue[*field].clone()).collect();
    });
    refuse(
        vectors,
        ["class_as_an_object", "a word written as an object", "UnknownField"],
        &set("/liabilities/0/class", json!({"custody": null})),
    );
    refuse(vectors, ["legal_entity_empty", "somebody owes", "MissingField"], &set("/venue/legal_entity", json!("")));
}
