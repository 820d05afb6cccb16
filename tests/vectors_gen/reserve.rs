use counterfoil::code::Coded as _;
use counterfoil::hash::Digest;
use counterfoil::reserve::address_set::AddressSet;
use serde_json::{Value, json};

use super::statement::policy;
use super::{Sent, Stage, Vectors, Want, seeded};

const BITCOIN: &str = "bip122:0f9188f13cb7b2c71f2a335e3a4fc328";
const ETHEREUM: &str = "eip155:1";

fn entry(chain: &str, address: &str) -> Value {
    let salt = hex::encode(&seeded(address)[..16]);
    json!({
        "address": address, "chain": chain, "custodian": null, "encumbrance": null, "issuer": "none", "role": "cold",
        "salt": salt,
    })
}

fn ether(last: u8) -> String {
    format!("0x{}{last:02x}", "00".repeat(19))
}

/// Published addresses of BIP-173, BIP-350 and of the first block.
fn bitcoins() -> [Value; 3] {
    const MAINNET: &str = "bip122:000000000019d6689c085ae165831e93";
    [
        entry(MAINNET, "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
        entry(MAINNET, "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"),
        entry(MAINNET, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
    ]
}

fn file(entries: &[Value]) -> String {
    entries.iter().map(|entry| format!("{entry}\n")).collect()
}

/// An address that names its descriptor.
fn derived(entry: &Value, descriptor: &str, index: &str) -> Value {
    let mut derived = entry.clone();
    derived["descriptor"] = json!({"id": hex::encode(seeded(descriptor)), "index": index});
    derived
}

pub(super) fn add(vectors: &mut Vectors) {
    sets_accepted(vectors);
    derived_accepted(vectors);
    derived_refused(vectors);
    sets_refused(vectors);
    lines_refused(vectors);
    challenges(vectors);
}

fn add_set(vectors: &mut Vectors, name: &str, comment: &str, flag: &str, query: Value, file: &str, want: Want) {
    let sent = Sent::Bytes(file.as_bytes().to_vec());
    vectors.add(&format!("address-set/{name}"), comment, &[flag], query, sent, want);
}

/// Root and count, as the statement has them.
fn committed(file: &str) -> Value {
    match AddressSet::parse(file.as_bytes()) {
        Ok(set) => json!({"count": set.count().to_string(), "root": set.root()}),
        Err(error) => json!({"count": "0", "root": error.code().to_string()}),
    }
}

fn sets_accepted(vectors: &mut Vectors) {
    let mut good = |name: &str, comment: &str, flag: &str, entries: &[Value]| {
        let file = file(entries);
        add_set(vectors, name, comment, flag, committed(&file), &file, Want::Valid);
    };
    good("one_address", "the root is the leaf", "Boundary", &[entry(ETHEREUM, &ether(1))]);
    let three = [entry(ETHEREUM, &ether(1)), entry(ETHEREUM, &ether(2)), entry(ETHEREUM, &ether(3))];
    good("three_addresses", "the last one has no neighbour", "OddNode", &three);
    good("bitcoin_addresses", "old, taproot and witness addresses in byte order", "Boundary", &bitcoins());
    let [first, ..] = bitcoins();
    good("two_chains", "chains first, then addresses", "Order", &[first, entry(ETHEREUM, &ether(1))]);
    let same = entry("eip155:10", &ether(1));
    good("one_address_on_two_chains", "two places", "Order", &[entry(ETHEREUM, &ether(1)), same]);
    let mut other_salt = entry(ETHEREUM, &ether(1));
    other_salt["salt"] = json!("00".repeat(16));
    good("other_salt", "another salt is another leaf", "Salt", &[other_salt]);
    for (field, words) in [
        ("role", vec!["hot", "warm", "custodian", "internal", "deposit"]),
        ("issuer", vec!["self", "affiliate"]),
        ("custodian", vec!["Example Custody AG"]),
        ("encumbrance", vec!["loan 17", "pf\u{e4}nd"]),
    ] {
        for word in words {
            let mut changed = entry(ETHEREUM, &ether(1));
            changed[field] = json!(word);
            let ascii: String =
                word.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
            good(&format!("{field}_{ascii}"), "every field is committed", "WrongRoot", &[changed]);
        }
    }
    let mut left = entry(ETHEREUM, &ether(1));
    left["encumbrance"] = json!("loan");
    let mut right = entry(ETHEREUM, &ether(1));
    right["custodian"] = json!("loan");
    good("text_as_encumbrance", "a text in one field is not the text in the next", "Ambiguity", &[left]);
    good("text_as_custodian", "a text in one field is not the text in the next", "Ambiguity", &[right]);
}

fn derived_accepted(vectors: &mut Vectors) {
    let mut good = |name: &str, comment: &str, flag: &str, entries: &[Value]| {
        let file = file(entries);
        add_set(vectors, name, comment, flag, committed(&file), &file, Want::Valid);
    };
    let [first, second, third] = bitcoins();
    good("derived", "descriptor and index are committed", "WrongRoot", &[derived(&first, "one", "0")]);
    good("derived_other_index", "another index is another leaf", "WrongRoot", &[derived(&first, "one", "1")]);
    good("derived_other_descriptor", "another descriptor is another leaf", "WrongRoot", &[derived(&first, "two", "0")]);
    good("derived_last_index", "the largest index of 32 bits", "Boundary", &[derived(&first, "one", "4294967295")]);
    let mixed = [derived(&first, "one", "7"), second, derived(&third, "one", "6")];
    good("derived_and_listed", "order is that of the addresses, not of the indices", "Order", &mixed);
}

fn derived_refused(vectors: &mut Vectors) {
    let [first, ..] = bitcoins();
    let good = derived(&first, "one", "0");
    let mut refuse = |name: &str, comment: &str, flag: &str, entry: &Value, stage: Stage, code| {
        let query = committed(&file(std::slice::from_ref(&good)));
        add_set(vectors, name, comment, flag, query, &file(std::slice::from_ref(entry)), Want::Refused(stage, code));
    };
    refuse("derived_left_out", "the leaf names its descriptor", "WrongRoot", &first, Stage::Fold, "CF-4007");
    let other = derived(&first, "one", "1");
    refuse("derived_index_changed", "the index is committed", "WrongRoot", &other, Stage::Fold, "CF-4007");
    let mut change = |name: &str, comment: &str, flag: &str, value: Value| {
        let mut changed = good.clone();
        changed["descriptor"] = value;
        refuse(name, comment, flag, &changed, Stage::Parse, "CF-4006");
    };
    let id = hex::encode(seeded("one"));
    change("derived_null", "left out, not null", "NumberForm", Value::Null);
    change("derived_index_missing", "an id alone", "MissingField", json!({"id": id}));
    change(
        "derived_note",
        "a field that is not committed",
        "UnknownField",
        json!({"id": id, "index": "0", "note": ""}),
    );
    change("derived_index_padded", "one spelling", "NumberForm", json!({"id": id, "index": "00"}));
    change("derived_index_too_large", "33 bits", "Boundary", json!({"id": id, "index": "4294967296"}));
    change("derived_index_number", "a JSON number", "JsonNumber", json!({"id": id, "index": 0}));
    change("derived_id_upper_case", "one spelling", "NumberForm", json!({"id": id.to_uppercase(), "index": "0"}));
    let ether = derived(&entry(ETHEREUM, &ether(1)), "one", "0");
    refuse("derived_ether", "descriptors are of Bitcoin", "UnknownField", &ether, Stage::Parse, "CF-4006");
}

/// The two addresses of the committed set.
fn pair() -> (Value, Value) {
    (entry(ETHEREUM, &ether(1)), entry(ETHEREUM, &ether(2)))
}

/// A file that is not the committed set; the words are name, comment and flag.
fn refuse(vectors: &mut Vectors, words: [&str; 3], sent: &str, stage: Stage, code: &'static str) {
    let (one, two) = pair();
    let [name, comment, flag] = words;
    add_set(vectors, name, comment, flag, committed(&file(&[one, two])), sent, Want::Refused(stage, code));
}

fn sets_refused(vectors: &mut Vectors) {
    let (one, two) = pair();
    let good = file(&[one.clone(), two.clone()]);
    let twice = file(&[one.clone(), one.clone()]);
    refuse(vectors, ["address_twice", "its coins would count twice", "AddressTwice"], &twice, Stage::Parse, "CF-4008");
    let mut salted = one.clone();
    salted["salt"] = json!("11".repeat(16));
    let twice = file(&[one.clone(), salted]);
    refuse(
        vectors,
        ["address_twice_other_salt", "another leaf, the same coins", "AddressTwice"],
        &twice,
        Stage::Parse,
        "CF-4008",
    );
    let reversed = file(&[two.clone(), one.clone()]);
    refuse(
        vectors,
        ["out_of_order", "order shows that none stands twice", "Order"],
        &reversed,
        Stage::Parse,
        "CF-4008",
    );
    refuse(
        vectors,
        ["address_dropped", "an address fewer than committed", "WrongRoot"],
        &file(std::slice::from_ref(&one)),
        Stage::Fold,
        "CF-4007",
    );
    let added = file(&[one.clone(), two.clone(), entry(ETHEREUM, &ether(3))]);
    refuse(vectors, ["address_added", "an address more than committed", "WrongRoot"], &added, Stage::Fold, "CF-4007");
    refuse(vectors, ["empty", "a set without addresses", "Boundary"], "", Stage::Parse, "CF-4006");
    refuse(
        vectors,
        ["empty_line", "a line is an object", "NotJson"],
        &good.replacen('\n', "\n\n", 1),
        Stage::Parse,
        "CF-4006",
    );
    let open = good.trim_end();
    refuse(
        vectors,
        ["last_line_not_ended", "a file cut at a line's end looks like this", "NotJson"],
        open,
        Stage::Parse,
        "CF-4006",
    );
    let mut moved = committed(&good);
    moved["count"] = json!("3");
    let want = Want::Refused(Stage::Fold, "CF-4007");
    add_set(vectors, "other_count", "the right root under another count", "WrongLeafCount", moved, &good, want);
}

fn lines_refused(vectors: &mut Vectors) {
    let (one, two) = pair();
    let mut change = |name: &str, comment: &str, flag: &str, field: &str, value: Value| {
        let mut changed = two.clone();
        changed[field] = value;
        let file = file(&[one.clone(), changed]);
        refuse(vectors, [name, comment, flag], &file, Stage::Parse, "CF-4006");
    };
    change("unknown_role", "six roles", "UnknownField", "role", json!("frozen"));
    change("unknown_issuer", "three relations", "UnknownField", "issuer", json!("friend"));
    change("unknown_field", "a field that is not committed", "UnknownField", "label", json!("x"));
    change("custodian_empty", "null is the only way to say none", "NumberForm", "custodian", json!(""));
    change("encumbrance_empty", "null is the only way to say none", "NumberForm", "encumbrance", json!(""));
    change("salt_too_short", "16 bytes", "Salt", "salt", json!("00".repeat(15)));
    change("salt_in_upper_case", "one spelling", "Salt", "salt", json!("AB".repeat(16)));
    change(
        "address_in_mixed_case",
        "one spelling for each address",
        "AddressTwice",
        "address",
        json!(format!("0x{}aB", "00".repeat(19))),
    );
    let nameless = file(&[entry(ETHEREUM, "")]);
    refuse(vectors, ["address_empty", "no address", "MissingField"], &nameless, Stage::Parse, "CF-4006");
    let mut without = two.clone();
    without.as_object_mut().expect("an object").remove("encumbrance");
    let file_without = file(&[one.clone(), without]);
    refuse(
        vectors,
        ["missing_field", "null is written, not left out", "MissingField"],
        &file_without,
        Stage::Parse,
        "CF-4006",
    );
    let [_, _, segwit] = bitcoins();
    let mut upper = segwit.clone();
    upper["address"] = json!(segwit["address"].as_str().unwrap_or_default().to_uppercase());
    let upper = file(&[upper]);
    refuse(
        vectors,
        ["witness_address_in_upper_case", "a second spelling of one address", "AddressTwice"],
        &upper,
        Stage::Parse,
        "CF-4006",
    );
    let list = format!(
        "[{}]\n",
        two.as_object().expect("an object").values().map(Value::to_string).collect::<Vec<_>>().join(",")
    );
    refuse(
        vectors,
        ["object_as_a_list", "an object written as the list of its values", "UnknownField"],
        &list,
        Stage::Parse,
        "CF-4006",
    );
}

/// What the verifier knows, and the document that fits.
fn challenge() -> (Value, Value) {
    let keys = policy(1)["keys"].clone();
    let set = json!({"count": "3", "root": Digest::from_bytes(seeded("address set"))});
    let query = json!({
        "address_set": set, "chains": [BITCOIN, ETHEREUM], "cutoff": "2026-11-01T00:00:00Z", "keys": keys,
        "log_origin": "log.example/por", "venue": "example-exchange",
    });
    let block = |chain: &str| json!({"chain": chain, "hash": hex::encode(seeded(chain)), "height": "120"});
    let document = json!({
        "address_set": set, "blocks": [block(BITCOIN), block(ETHEREUM)], "expires": "2027-05-01T00:00:00Z",
        "format": "counterfoil-challenge-v1", "id": "4f1c09ab", "issued": "2026-10-20T12:00:00Z",
        "log_origin": "log.example/por", "nonce": hex::encode(&seeded("challenge nonce")[..16]), "purpose": "custody",
        "venue": {"id": "example-exchange", "keys": keys},
    });
    (query, document)
}

fn challenges(vectors: &mut Vectors) {
    let mut case = |name: &str, comment: &str, flag: &str, want: Want, change: &dyn Fn(&mut Value, &mut Value)| {
        let (mut query, mut document) = challenge();
        change(&mut query, &mut document);
        let sent = Sent::Bytes(document.to_string().into_bytes());
        vectors.add(&format!("challenge/{name}"), comment, &[flag], query, sent, want);
    };
    case("example", "two chains", "Challenge", Want::Valid, &|_, _| ());
    case("longest_line", "a venue id of 32 characters fits", "Boundary", Want::Valid, &|query, document| {
        query["venue"] = json!("a".repeat(32));
        document["venue"]["id"] = json!("a".repeat(32));
    });
    case("issued_at_the_cutoff", "just in time", "CutOff", Want::Valid, &|_, document| {
        document["issued"] = json!("2026-11-01T00:00:00Z");
    });
    let late = |query: &mut Value, _: &mut Value| query["cutoff"] = json!("2027-04-30T23:59:59Z");
    case("last_second", "one second before it expires", "CutOff", Want::Valid, &late);
    let bind = Want::Refused(Stage::Bind, "CF-4013");
    let late = |query: &mut Value, _: &mut Value| query["cutoff"] = json!("2027-05-01T00:00:00Z");
    case("expired_at_the_cutoff", "it has expired at midnight", "CutOff", bind, &late);
    case("issued_after_the_cutoff", "signed for a later moment", "CutOff", bind, &|_, document| {
        document["issued"] = json!("2026-11-01T00:00:01Z");
    });
    for (name, field, value) in [
        ("other_log", "/log_origin", json!("log.example/other")),
        ("other_venue", "/venue/id", json!("other-exchange")),
        ("other_root", "/address_set/root", json!("00".repeat(32))),
        ("other_count", "/address_set/count", json!("4")),
    ] {
        case(name, "bound to something else than the statement", "OtherStatement", bind, &|_, document| {
            *document.pointer_mut(field).expect("a field of the example") = value.clone();
        });
    }
    case("fewer_keys", "the keys are those of the statement", "OtherStatement", bind, &|_, document| {
        document["venue"]["keys"].as_array_mut().expect("a list").pop();
    });
    case("keys_joined_in_one", "a key whose text looks like two", "Ambiguity", bind, &|_, document| {
        let keys = document["venue"]["keys"].clone();
        let text = |at: usize, field: &str| keys[at][field].as_str().unwrap_or_default().to_owned();
        let joined = format!("{}, {}:{}", text(0, "key"), text(1, "alg"), text(1, "key"));
        document["venue"]["keys"] = json!([{"alg": keys[0]["alg"], "key": joined}, keys[2]]);
    });
    case("chain_without_a_block", "no lower bound for the time of signing", "MissingField", bind, &|_, document| {
        document["blocks"].as_array_mut().expect("a list").pop();
    });
    case("block_of_a_foreign_chain", "a chain that is not in the set", "UnknownField", bind, &|query, _| {
        query["chains"].as_array_mut().expect("a list").pop();
    });
    malformed(vectors);
}

fn malformed(vectors: &mut Vectors) {
    let mut case =
        |name: &str, comment: &str, flag: &str, code, change: &dyn Fn(&mut Value), print: &dyn Fn(String) -> String| {
            let (query, mut document) = challenge();
            change(&mut document);
            let sent = Sent::Bytes(print(document.to_string()).into_bytes());
            vectors.add(&format!("challenge/{name}"), comment, &[flag], query, sent, Want::Refused(Stage::Parse, code));
        };
    let same = |text: String| text;
    let set = |field: &'static str, value: &'static str| move |document: &mut Value| document[field] = json!(value);
    case(
        "expires_at_noon",
        "the line has a date only",
        "CutOff",
        "CF-4013",
        &set("expires", "2027-05-01T12:00:00Z"),
        &same,
    );
    case("expires_before_issued", "never valid", "CutOff", "CF-4013", &set("issued", "2027-05-02T00:00:00Z"), &same);
    case("expires_when_issued", "never valid", "CutOff", "CF-4013", &set("issued", "2027-05-01T00:00:00Z"), &same);
    case("other_purpose", "custody only", "UnknownField", "CF-4013", &set("purpose", "snapshot"), &same);
    case(
        "other_format",
        "a later version",
        "UnknownField",
        "CF-4013",
        &set("format", "counterfoil-challenge-v2"),
        &same,
    );
    case("id_in_upper_case", "one spelling", "NumberForm", "CF-4013", &set("id", "4F1C09AB"), &same);
    case("nonce_too_short", "16 bytes", "Boundary", "CF-4013", &set("nonce", "00"), &same);
    case("unknown_field", "a field that nobody checks", "UnknownField", "CF-4013", &set("note", ""), &same);
    case(
        "block_twice",
        "one block per chain",
        "Order",
        "CF-4013",
        &|document| {
            let block = document["blocks"][0].clone();
            document["blocks"].as_array_mut().expect("a list").insert(0, block);
        },
        &same,
    );
    case("not_canonical", "the hash is of these bytes", "NotCanonical", "CF-4013", &|_| (), &|text| text + "\n");
    case("height_is_a_number", "a JSON number", "JsonNumber", "CF-3002", &|_| (), &|text| {
        text.replace("\"120\"", "120")
    });
    let twice = |text: String| text.replace("\"id\":\"4f1c09ab\"", "\"id\":\"4f1c09ab\",\"id\":\"00000000\"");
    case("id_twice", "a key twice", "DuplicateKey", "CF-3003", &|_| (), &twice);
}
