//! Lists of descriptors against the set that they give. Keys are published: those of the vectors of BIP-84, BIP-86 and
//! BIP-32.

use counterfoil::reserve::bitcoin::descriptor::{RangedDescriptor, derive_all, with_checksum};
use serde_json::{Value, json};

use super::{Sent, Stage, Vectors, Want, seeded};

const CHAIN: &str = "bip122:000000000019d6689c085ae165831e93";
const ONE: &str = concat!(
    "xpub6CatWdiZiodmUeTDp8LT5or8nmbKNcuyvz7WyksVFkKB4RHwCD3XyuvP",
    "EbvqAQY3rAPshWcMLoP2fMFMKHPJ4ZeZXYVUhLv1VMrjPC7PW6V"
);
const TWO: &str = concat!(
    "xpub6BgBgsespWvERF3LHQu6CnqdvfEvtMcQjYrcRzx53QJjSxarj2afYWcL",
    "teoGVky7D3UKDP9QyrLprQ3VCECoY49yfdDEHGCtMMj92pReUsQ"
);
const THREE: &str = concat!(
    "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2g",
    "Z29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8"
);
/// An account key for a test network, and a root key.
const TEST: &str = concat!(
    "tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL",
    "2XVWbVm39yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M"
);
const PRIVATE: &str = concat!(
    "xprv9s21ZrQH143K3GJpoapnV8SFfukcVBSfeCficPSGfubmSFDxo1kuHnLi",
    "sriDvSnRRuL2Qrg5ggqHKNVpxR86QEC8w35uxmGoggxtQTPvfUu"
);
const SINGLE: &str = "addr(1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa)";

fn checked(body: &str) -> String {
    with_checksum(body).expect("a text of a descriptor")
}

fn line(text: &str, last: Option<u32>) -> String {
    let last = last.map(|last| last.to_string());
    format!("{}\n", json!({"chain": CHAIN, "descriptor": text, "last": last}))
}

/// The list of these descriptors, in order.
fn list(all: &[(String, Option<u32>)]) -> String {
    let mut lines: Vec<(String, Option<u32>)> = all.iter().map(|(body, last)| (checked(body), *last)).collect();
    lines.sort();
    lines.iter().map(|(text, last)| line(text, *last)).collect()
}

/// The set that these descriptors give.
fn set(all: &[(String, Option<u32>)]) -> Vec<Value> {
    let chain = CHAIN.parse().expect("a chain");
    let read = |(body, last): &(String, Option<u32>)| RangedDescriptor::read(&chain, &checked(body), *last);
    let descriptors: Vec<RangedDescriptor> = all.iter().flat_map(|one| read(one).expect("a descriptor")).collect();
    let entry = |address: &str, id: String, index: u32| {
        json!({
            "address": address, "chain": CHAIN, "custodian": null, "descriptor": {"id": id, "index": index.to_string()},
            "encumbrance": null, "issuer": "none", "role": "cold", "salt": hex::encode(&seeded(address)[..16]),
        })
    };
    let derived = derive_all(&descriptors).expect("each address once");
    derived.iter().map(|one| entry(&one.address, one.from.id.to_string(), one.from.index)).collect()
}

fn add_one(vectors: &mut Vectors, words: [&str; 3], set: &[Value], sent: String, want: Want) {
    let [name, comment, flag] = words;
    let addresses: String = set.iter().map(|entry| format!("{entry}\n")).collect();
    let query = json!({"addresses": addresses});
    vectors.add(&format!("descriptor/{name}"), comment, &[flag], query, Sent::Bytes(sent.into_bytes()), want);
}

fn taproot() -> (String, Option<u32>) {
    (format!("tr([73c5da0a/86'/0'/0']{TWO}/0/*)"), Some(3))
}

fn wallets() -> Vec<(String, Option<u32>)> {
    vec![
        taproot(),
        (format!("wsh(sortedmulti(2,{ONE}/0/*,{TWO}/1/*,{THREE}/7/*))"), Some(4)),
        (SINGLE.to_owned(), None),
    ]
}

pub(super) fn add(vectors: &mut Vectors) {
    let mut good = |name: &str, comment: &str, flag: &str, all: &[(String, Option<u32>)]| {
        add_one(vectors, [name, comment, flag], &set(all), list(all), Want::Valid);
    };
    good("taproot", "four addresses of one key", "Order", &[taproot()]);
    good("one_index", "the range has one index", "Boundary", &[(format!("tr({TWO}/0/*)"), Some(0))]);
    good("no_range", "one address", "Boundary", &[(format!("tr({TWO}/0/5)"), None)]);
    good("address", "an address as a descriptor", "Boundary", &[(SINGLE.to_owned(), None)]);
    let keys = format!("{THREE}/0/*,{ONE}/0/*");
    good("multisig", "keys in the order of the text", "Order", &[(format!("wsh(multi(1,{keys}))"), Some(2))]);
    good("sorted_multisig", "keys in their own order", "Order", &[(format!("wsh(sortedmulti(1,{keys}))"), Some(2))]);
    good("wallets", "three descriptors", "Order", &wallets());
    lines_refused(vectors);
    sets_refused(vectors);
}

fn lines_refused(vectors: &mut Vectors) {
    let (body, last) = taproot();
    let whole = set(&[taproot()]);
    let mut refuse = |name: &str, comment: &str, flag: &str, sent: String, code| {
        add_one(vectors, [name, comment, flag], &whole, sent, Want::Refused(Stage::Parse, code));
    };
    let text = checked(&body);
    let good = line(&text, last);
    refuse("empty", "no descriptors", "Boundary", String::new(), "CF-5110");
    refuse("last_line_not_ended", "a file cut at a line's end", "NotJson", good.trim_end().to_owned(), "CF-5110");
    refuse("stands_twice", "its addresses would count twice", "AddressTwice", good.repeat(2), "CF-5110");
    let mut reversed: Vec<(String, Option<u32>)> =
        wallets().iter().map(|(body, last)| (checked(body), *last)).collect();
    reversed.sort();
    let reversed: String = reversed.iter().rev().map(|(text, last)| line(text, *last)).collect();
    refuse("out_of_order", "one order", "Order", reversed, "CF-5110");
    refuse(
        "unknown_field",
        "a field that nobody checks",
        "UnknownField",
        good.replace("{\"c", "{\"a\":\"\",\"c"),
        "CF-5110",
    );
    refuse("last_left_out", "null is written", "MissingField", good.replace(",\"last\":\"3\"", ""), "CF-5110");
    refuse("last_number", "a JSON number", "JsonNumber", good.replace("\"3\"", "3"), "CF-5110");
    refuse("last_padded", "one spelling", "NumberForm", good.replace("\"3\"", "\"03\""), "CF-5115");
    refuse("last_of_an_address", "an address has no range", "Boundary", line(&checked(SINGLE), Some(0)), "CF-5115");
    refuse("wildcard_without_last", "an open range", "Boundary", line(&text, None), "CF-5115");
    refuse("last_too_large", "above the limit", "Boundary", line(&text, Some(10_000_000)), "CF-5115");
    refuse(
        "letters_for_hooks",
        "another spelling",
        "NumberForm",
        line(&checked(&body.replace('\'', "h")), last),
        "CF-5110",
    );
    refuse("checksum_missing", "a mistyped text looks like this", "MissingField", line(&body, last), "CF-5112");
    refuse("checksum_of_another", "one character mistyped", "Damage", good.replace("/0/*", "/1/*"), "CF-5112");
    let hardened = |steps: &str| line(&checked(&format!("tr({TWO}{steps})")), last);
    refuse("hardened_wildcard", "the private key derives it", "Boundary", hardened("/0/*'"), "CF-5116");
    refuse("hardened_step", "the private key derives it", "Boundary", hardened("/0'/*"), "CF-5116");
    refuse(
        "other_network",
        "keys of a test network",
        "KeyEncoding",
        line(&checked(&format!("tr({TEST}/0/*)")), last),
        "CF-5113",
    );
    refuse(
        "private_key",
        "whoever reads it can spend",
        "KeyEncoding",
        line(&checked(&format!("tr({PRIVATE}/0/*)")), last),
        "CF-5114",
    );
    refuse(
        "unknown_function",
        "not a descriptor",
        "UnknownField",
        line(&checked(&format!("to({TWO}/0/*)")), last),
        "CF-5111",
    );
}

fn sets_refused(vectors: &mut Vectors) {
    let whole = set(&wallets());
    let mut refuse = |name: &str, comment: &str, flag: &str, set: &[Value], all: &[(String, Option<u32>)], code| {
        add_one(vectors, [name, comment, flag], set, list(all), Want::Refused(Stage::Fold, code));
    };
    let at = whole.iter().position(|entry| entry["descriptor"]["index"] == "2").expect("a third address");
    let mut without = whole.clone();
    without.remove(at);
    refuse("hole", "an address was left out", "MissingHash", &without, &wallets(), "CF-7037");
    let mut beyond = whole.clone();
    beyond[at]["descriptor"]["index"] = json!("5");
    refuse("surplus", "an index beyond the range", "IndexRange", &beyond, &wallets(), "CF-7037");
    let mut twice = whole.clone();
    twice[at]["descriptor"]["index"] = json!("1");
    refuse("index_twice", "two addresses for one index", "IndexRange", &twice, &wallets(), "CF-7037");
    let mut swapped = whole.clone();
    let id = whole[at]["descriptor"]["id"].clone();
    let other =
        whole.iter().position(|entry| entry["descriptor"] == json!({"id": id, "index": "0"})).expect("the first");
    let indices = (whole[at]["descriptor"].clone(), whole[other]["descriptor"].clone());
    (swapped[other]["descriptor"], swapped[at]["descriptor"]) = indices;
    refuse("indices_swapped", "every address is another one's", "Order", &swapped, &wallets(), "CF-7037");
    refuse("undisclosed", "a descriptor is not listed", "MissingField", &whole, &wallets()[..2], "CF-7035");
    let (body, _) = taproot();
    let shorter = [(body, Some(2))];
    refuse("other_range", "another range is another descriptor", "IndexRange", &set(&[taproot()]), &shorter, "CF-7035");
    let more = [wallets(), vec![(format!("tr({ONE}/9/*)"), Some(1))]].concat();
    refuse("listed_and_not_there", "a wallet without addresses in the set", "MissingHash", &whole, &more, "CF-7037");
}
