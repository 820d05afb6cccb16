use counterfoil::amount::Amount;
use counterfoil::asset::AssetId;
use counterfoil::hash::Tag;
use counterfoil::liability::leaf::{LeafContent, Part, SnapshotKey};
use counterfoil::liability::sum_tree::{SumNode, SumTree};
use counterfoil::publish::digest as statement_digest;
use counterfoil::secret::{Secret, SecretKind};
use counterfoil::{asset::Class, json};
use serde_json::{Value, json};

use super::statement::{bitcoin, document, keys, policy, signed};
use super::{SIZES, Sent, Stage, Vectors, Want, digest, seeded};

const ACCOUNT: &str = "u000000000042";

/// One tree and where the customer stands in it.
pub(super) struct Tree {
    pub(super) row: Value,
    pub(super) leaf: Value,
}

/// What the customer has in a tree.
#[derive(Clone)]
pub(super) struct Balance {
    pub(super) asset: &'static str,
    pub(super) class: Class,
    pub(super) amount: u128,
    pub(super) parts: Vec<Part>,
    pub(super) account: &'static str,
    pub(super) credential: &'static str,
}

pub(super) fn balance(amount: u128) -> Balance {
    let (account, credential) = (ACCOUNT, "");
    Balance { asset: "BTC", class: Class::Custody, amount, parts: Vec::new(), account, credential }
}

/// A tree of `count` leaves with the customer at `index`. The order of accounts does not matter to a verifier, so
/// the customer is put where the vector wants them.
pub(super) fn tree(balance: &Balance, index: u64, count: u64, neighbour: u128) -> Tree {
    let asset: AssetId = balance.asset.parse().expect("an asset");
    let master = Secret::new(SecretKind::Master, &mut seeded("master secret"));
    let venue = "example-exchange".parse().expect("a venue");
    let key = SnapshotKey::derive(&master, &seeded("build id"), &venue, 7).tree(&asset, balance.class);
    let (_, nonce) = key.blind(balance.account);
    let amount = Amount::from_base_units(balance.amount);
    let content =
        LeafContent { nonce, amount, account: balance.account, credential: balance.credential, parts: &balance.parts };
    let own = SumNode::leaf(content.hash().expect("short texts"), amount);
    let other = |at: u64| {
        let sum = Amount::from_base_units(if neighbour == 0 { 0 } else { neighbour + u128::from(at % 251) });
        SumNode { digest: digest(Tag::Leaf, "neighbour", at), sum }
    };
    let leaves = (0..count).map(|at| if at == index { own } else { other(at) }).collect();
    let tree = SumTree::new(leaves).expect("small sums");
    let root = tree.root().expect("small sums").expect("leaves");
    let path = tree.path(index).expect("small sums").expect("within the tree");
    let text = balance.class.text();
    let row = json!({
        "asset": balance.asset, "class": text, "decimals": "8", "leaf_count": count.to_string(),
        "root": root.digest, "total": root.sum,
    });
    let leaf = json!({
        "amount": amount, "asset": balance.asset, "class": text, "index": index.to_string(),
        "nonce": hex::encode(nonce.0), "parts": balance.parts, "path": path,
    });
    Tree { row, leaf }
}

/// A question and its answer; a vector changes one of them.
pub(super) struct Case {
    pub(super) query: Value,
    pub(super) proof: Value,
}

fn case(trees: &[Tree]) -> Case {
    let mut assets = vec![bitcoin()];
    if trees.iter().any(|tree| tree.row["asset"] == "ETH") {
        assets.push(json!({"decimals": "8", "deployments": [], "id": "ETH"}));
    }
    let rows = trees.iter().map(|tree| tree.row.clone()).collect();
    let leaves: Value = trees.iter().map(|tree| tree.leaf.clone()).collect();
    under(&document(rows, Value::Array(assets)), leaves)
}

pub(super) fn under(document: &Value, leaves: Value) -> Case {
    let digest = statement_digest(&json::canonical(document).expect("no numbers"));
    let query = json!({
        "account": ACCOUNT, "credential": "", "expected": [], "policy": policy(1),
        "statement": signed(document, &keys()[..1]),
    });
    let proof = json!({
        "account": ACCOUNT, "format": "counterfoil-inclusion-proof-v1", "leaves": leaves,
        "statement": {"digest": digest, "sequence": "7", "venue": "example-exchange"},
    });
    Case { query, proof }
}

/// Third of nine: a path of four siblings, two of them on the left.
fn example() -> Case {
    case(&[tree(&balance(150_000_000), 3, 9, 1000)])
}

pub(super) fn put(vectors: &mut Vectors, name: &str, comment: &str, flag: &str, case: Case, want: Want) {
    let id = format!("inclusion-proof/{name}");
    vectors.add(&id, comment, &[flag], case.query, Sent::Object(case.proof), want);
}

pub(super) fn add(vectors: &mut Vectors) {
    shapes(vectors);
    balances(vectors);
    malformed(vectors);
    raw(vectors);
    mixed_up(vectors);
    folded(vectors);
    other_leaves(vectors);
    sums(vectors);
    expected(vectors);
}

fn shapes(vectors: &mut Vectors) {
    for (name, count) in SIZES {
        let mut places = vec![("first", 0), ("last", count - 1)];
        if count > 3 {
            places.push(("middle", count / 2));
        }
        places.truncate(usize::try_from(count).unwrap_or(3).max(1));
        for (place, index) in places {
            let case = case(&[tree(&balance(150_000_000), index, count, 1000)]);
            let comment = "a path exists at every place of every shape";
            put(vectors, &format!("{place}_of_{name}"), comment, "OddNode", case, Want::Valid);
        }
    }
}

fn balances(vectors: &mut Vectors) {
    let mut good =
        |name: &str, comment: &str, flag: &str, case: Case| put(vectors, name, comment, flag, case, Want::Valid);
    let zero = case(&[tree(&balance(0), 1, 3, 0)]);
    good("balance_of_nothing", "a leaf of zero in a tree of zeros", "Boundary", zero);
    let largest = case(&[tree(&balance(u128::MAX), 1, 3, 0)]);
    good("largest_balance", "the total is 2^128 - 1", "Overflow", largest);
    let with_credential = Balance { credential: "correct horse", ..balance(7) };
    let mut chosen = case(&[tree(&with_credential, 1, 3, 1000)]);
    chosen.query["credential"] = json!("correct horse");
    good("with_credential", "the customer's own secret is in the leaf", "OtherCredential", chosen);
    let parts = Balance { parts: parts(&[("earn", 100), ("spot", 50)]), ..balance(150) };
    good("with_parts", "two products", "Parts", case(&[tree(&parts, 1, 3, 1000)]));
    let account = "jos\u{e9} \u{1f600}";
    let named = Balance { account, ..balance(7) };
    let mut unicode = case(&[tree(&named, 1, 3, 1000)]);
    unicode.query["account"] = json!(account);
    unicode.proof["account"] = json!(account);
    good("account_beyond_ascii", "accounts are bytes", "Unicode", unicode);
    good("three_leaves", "two classes and two assets", "Inclusion", three());
    let mut sums = three();
    sums.query["expected"] = json!([{"asset": "BTC", "amount": "12"}, {"asset": "ETH", "amount": "3"}]);
    good("expected_over_classes", "an expected balance is the sum over all classes", "ExpectedAmount", sums);
    let mut part = three();
    part.proof["leaves"].as_array_mut().expect("a list").pop();
    good("row_left_out", "a proof may be about some rows only", "Inclusion", part);
    let mut spaced = example();
    let text = format!("{:#}\n", spaced.proof);
    let query = std::mem::take(&mut spaced.query);
    let id = "inclusion-proof/pretty_printed";
    let comment = "nobody signs a proof, so it need not be canonical";
    vectors.add(id, comment, &["Strict"], query, Sent::Bytes(text.into_bytes()), Want::Valid);
}

pub(super) fn parts(list: &[(&str, u128)]) -> Vec<Part> {
    let part = |&(product, amount): &(&str, u128)| Part {
        product: product.to_owned(),
        amount: Amount::from_base_units(amount),
    };
    list.iter().map(part).collect()
}

/// Balances under three rows.
fn three() -> Case {
    let lent = Balance { class: Class::Lent, ..balance(5) };
    let ether = Balance { asset: "ETH", ..balance(3) };
    case(&[tree(&balance(7), 4, 9, 1000), tree(&lent, 0, 2, 1000), tree(&ether, 0, 1, 1000)])
}

/// A field of the only leaf.
fn set(field: &str, value: Value) -> Case {
    let mut case = example();
    *case.proof["leaves"][0].pointer_mut(field).expect("a field of the example") = value;
    case
}

fn malformed(vectors: &mut Vectors) {
    let want = Want::Refused(Stage::Parse, "CF-2001");
    let mut refuse = |name: &str, comment: &str, flag: &str, case| put(vectors, name, comment, flag, case, want);
    let negative = set("/path/0/sum", json!("-1"));
    refuse("sibling_sum_negative", "it would lower the total that the customer sees", "NegativeAmount", negative);
    refuse("amount_negative", "nobody owes the venue here", "NegativeAmount", set("/amount", json!("-1")));
    refuse("amount_leading_zero", "one spelling", "NumberForm", set("/amount", json!("0150000000")));
    refuse("amount_with_a_point", "base units are whole", "NumberForm", set("/amount", json!("1.5")));
    refuse("amount_too_large", "2^128", "Overflow", set("/amount", json!("340282366920938463463374607431768211456")));
    refuse("index_negative", "positions are from 0", "NumberForm", set("/index", json!("-1")));
    refuse("index_too_large", "2^64", "Overflow", set("/index", json!("18446744073709551616")));
    refuse("nonce_too_short", "16 bytes", "Boundary", set("/nonce", json!("00")));
    refuse("nonce_in_upper_case", "one spelling", "NumberForm", set("/nonce", json!("AB".repeat(16))));
    refuse("digest_in_upper_case", "one spelling", "NumberForm", set("/path/0/digest", json!("AB".repeat(32))));
    refuse("digest_too_long", "32 bytes", "Boundary", set("/path/0/digest", json!("ab".repeat(33))));
    refuse("unknown_class", "four classes", "UnknownRow", set("/class", json!("savings")));
    refuse(
        "class_as_an_object",
        "a word written as an object",
        "UnknownField",
        set("/class", json!({"custody": null})),
    );
    refuse("path_is_null", "a list, possibly empty", "MissingField", set("/path", Value::Null));
    let listed = set("/path/0", json!([digest(Tag::Leaf, "neighbour", 2), "1002"]));
    refuse("sibling_as_a_list", "an object written as the list of its values", "UnknownField", listed);
    let mut with = |name: &str, comment: &str, flag: &str, change: &dyn Fn(&mut Value)| {
        let mut case = example();
        change(&mut case.proof);
        refuse(name, comment, flag, case);
    };
    with("unknown_field", "a field that nobody checks", "UnknownField", &|proof| proof["root"] = json!(""));
    with("unknown_field_in_a_leaf", "a field that nobody checks", "UnknownField", &|proof| {
        proof["leaves"][0]["root"] = json!("");
    });
    with("missing_parts", "an empty list is written", "MissingField", &|proof| {
        proof["leaves"][0].as_object_mut().expect("an object").remove("parts");
    });
    with("other_format", "a later version", "UnknownField", &|proof| {
        proof["format"] = json!("counterfoil-inclusion-proof-v2");
    });
    let mut disordered = three();
    disordered.proof["leaves"].as_array_mut().expect("a list").reverse();
    refuse("leaves_out_of_order", "one proof has one order", "Order", disordered);
}

fn raw(vectors: &mut Vectors) {
    let good = example().proof.to_string();
    let number = good.replace("\"index\":\"3\"", "\"index\":3");
    let twice = good.replace("\"index\":\"3\"", "\"index\":\"3\",\"index\":\"2\"");
    let half = good[..good.len() / 2].to_owned();
    let cases = [
        ("index_is_a_number", "a JSON number", "JsonNumber", number),
        ("index_twice", "readers differ in which one they keep", "DuplicateKey", twice),
        ("cut_off", "half a download", "NotJson", half),
        ("empty_file", "no bytes", "NotJson", String::new()),
        ("trailing_bytes", "something behind the proof", "NotJson", good + "{}"),
    ];
    for (name, comment, flag, text) in cases {
        let (query, sent) = (example().query, Sent::Bytes(text.into_bytes()));
        let want = Want::Refused(Stage::Parse, "CF-2001");
        vectors.add(&format!("inclusion-proof/{name}"), comment, &[flag], query, sent, want);
    }
}

fn mixed_up(vectors: &mut Vectors) {
    let mut with = |name: &str, comment: &str, flag: &str, code, change: &dyn Fn(&mut Case)| {
        let mut case = three();
        change(&mut case);
        put(vectors, name, comment, flag, case, Want::Refused(Stage::Bind, code));
    };
    for (name, field, value) in [
        ("other_statement", "digest", json!("00".repeat(32))),
        ("other_sequence", "sequence", json!("8")),
        ("other_venue", "venue", json!("other-exchange")),
    ] {
        with(name, "a proof holds for one snapshot", "OtherStatement", "CF-2002", &|case| {
            case.proof["statement"][field] = value.clone();
        });
    }
    with("other_account", "somebody else's proof", "OtherAccount", "CF-2003", &|case| {
        case.proof["account"] = json!("u000000000043");
    });
    with("account_in_another_case", "accounts are compared byte by byte", "OtherAccount", "CF-2003", &|case| {
        case.query["account"] = json!("U000000000042");
    });
    with("no_leaves", "a proof about nothing", "Boundary", "CF-2019", &|case| case.proof["leaves"] = json!([]));
    with("leaf_twice", "it looks like twice the balance", "TwoLeaves", "CF-2012", &|case| {
        let first = case.proof["leaves"][0].clone();
        case.proof["leaves"].as_array_mut().expect("a list").insert(0, first);
    });
    with("unknown_asset", "a row that the statement does not have", "UnknownRow", "CF-2009", &|case| {
        case.proof["leaves"][2]["asset"] = json!("USDT");
    });
    with("class_without_a_row", "the asset is there, the class is not", "UnknownRow", "CF-2009", &|case| {
        case.proof["leaves"][2]["class"] = json!("lent");
    });
}

fn folded(vectors: &mut Vectors) {
    let fold = |code| Want::Refused(Stage::Fold, code);
    let mut refuse =
        |name: &str, comment: &str, flag: &str, code, case| put(vectors, name, comment, flag, case, fold(code));
    refuse("index_is_the_count", "positions are below the count", "IndexRange", "CF-2005", set("/index", json!("9")));
    let largest = set("/index", json!(u64::MAX.to_string()));
    refuse("index_largest", "positions are below the count", "IndexRange", "CF-2005", largest);
    let mut path = |name: &str, comment: &str, flag: &str, code, change: &dyn Fn(&mut Vec<Value>)| {
        let mut case = example();
        change(case.proof["leaves"][0]["path"].as_array_mut().expect("a list"));
        refuse(name, comment, flag, code, case);
    };
    path("path_without_its_end", "the child of the root is missing", "MissingHash", "CF-2004", &|path| {
        path.pop();
    });
    path("path_without_its_begin", "an inner node taken for a leaf", "MissingHash", "CF-2004", &|path| {
        path.remove(0);
    });
    path("path_empty", "no siblings at all", "MissingHash", "CF-2004", &|path| path.clear());
    path("path_with_one_more", "a hash that nobody needs", "SurplusHash", "CF-2004", &|path| {
        path.push(json!({"digest": "00".repeat(32), "sum": "0"}));
    });
    path("siblings_swapped", "the right nodes in the wrong order", "WrongRoot", "CF-2006", &|path| path.swap(0, 1));
    path("sibling_digest_changed", "another neighbour", "WrongRoot", "CF-2006", &|path| {
        path[2]["digest"] = json!("00".repeat(32));
    });
    path("sibling_sum_lowered", "another neighbour's balance", "PathSum", "CF-2006", &|path| {
        path[0]["sum"] = json!("0")
    });
    path("sums_swapped", "the total is the same, the parts are not", "PathSum", "CF-2006", &|path| {
        let first = path[0]["sum"].clone();
        path[0]["sum"] = path[1]["sum"].clone();
        path[1]["sum"] = first;
    });
    refuse("index_before", "the sibling's place", "WrongRoot", "CF-2006", set("/index", json!("2")));
    refuse("last_index", "the last leaf has a shorter path", "IndexRange", "CF-2004", set("/index", json!("8")));
    let lowered = set("/amount", json!("149999999"));
    refuse("amount_lowered", "the balance that the app shows", "WrongRoot", "CF-2006", lowered);
    let mut moved = example();
    moved.proof["leaves"][0]["amount"] = json!("149999999");
    let sibling: u128 = 1003;
    moved.proof["leaves"][0]["path"][0]["sum"] = json!(sibling.to_string());
    refuse("amount_moved_to_the_sibling", "the sum is the same", "PathSum", "CF-2006", moved);
    refuse("other_nonce", "another leaf", "WrongRoot", "CF-2006", set("/nonce", json!("00".repeat(16))));
}

fn other_leaves(vectors: &mut Vectors) {
    let fold = |code| Want::Refused(Stage::Fold, code);
    let mut refuse =
        |name: &str, comment: &str, flag: &str, code, case| put(vectors, name, comment, flag, case, fold(code));
    let mut chosen = example();
    chosen.query["credential"] = json!("correct horse");
    refuse("credential_not_committed", "the venue left it out", "OtherCredential", "CF-2006", chosen);
    let with_credential = Balance { credential: "correct horse", ..balance(7) };
    let foreign = case(&[tree(&with_credential, 1, 3, 1000)]);
    refuse("credential_of_another", "one leaf shown to two customers", "OtherCredential", "CF-2006", foreign);
    let mut renamed = example();
    for part in [&mut renamed.query, &mut renamed.proof] {
        part["account"] = json!("u000000000043");
    }
    refuse("account_not_committed", "another account's leaf under this name", "OtherAccount", "CF-2006", renamed);
    let with_parts = Balance { parts: parts(&[("earn", 100), ("spot", 50)]), ..balance(150) };
    let mut hidden = case(&[tree(&with_parts, 1, 3, 1000)]);
    hidden.proof["leaves"][0]["parts"] = json!([]);
    refuse("parts_left_out", "the leaf commits to parts", "Parts", "CF-2006", hidden);
    let mut moved = case(&[tree(&with_parts, 1, 3, 1000)]);
    moved.proof["leaves"][0]["parts"][0]["amount"] = json!("50");
    moved.proof["leaves"][0]["parts"][1]["amount"] = json!("100");
    refuse("parts_exchanged", "the same sum in other products", "Parts", "CF-2006", moved);
    let last = tree(&balance(7), 2, 4, 1000);
    let mut row = last.row.clone();
    row["leaf_count"] = json!("3");
    let fewer = under(&document(json!([row]), json!([bitcoin()])), json!([last.leaf]));
    refuse(
        "leaf_count_lowered",
        "a count that hides the last leaf gives another path",
        "WrongLeafCount",
        "CF-2004",
        fewer,
    );
}

fn sums(vectors: &mut Vectors) {
    let want = |code| Want::Refused(Stage::Sum, code);
    let largest = set("/path/0/sum", json!(u128::MAX.to_string()));
    put(vectors, "sum_overflows_at_level_1", "the first sum is too large", "Overflow", largest, want("CF-2008"));
    let largest = set("/path/3/sum", json!(u128::MAX.to_string()));
    put(vectors, "sum_overflows_at_the_root", "the last sum is too large", "Overflow", largest, want("CF-2008"));
    for (name, change) in [("total_lowered", -1_i128), ("total_raised", 1)] {
        let tree = tree(&balance(150_000_000), 3, 9, 1000);
        let mut row = tree.row.clone();
        let total: i128 = row["total"].as_str().and_then(|text| text.parse().ok()).expect("a small total");
        row["total"] = json!((total + change).to_string());
        let case = under(&document(json!([row]), json!([bitcoin()])), json!([tree.leaf]));
        let comment = "the statement has the right root under another total";
        put(vectors, name, comment, "PathSum", case, want("CF-2007"));
    }
    let with_parts = |list: &[(&str, u128)]| {
        let balance = Balance { parts: parts(list), ..balance(150) };
        case(&[tree(&balance, 1, 3, 1000)])
    };
    for (name, comment, list) in [
        ("parts_too_small", "parts that do not make the balance", vec![("earn", 100), ("spot", 49)]),
        ("parts_too_large", "parts that exceed the balance", vec![("earn", 100), ("spot", 51)]),
        ("parts_overflow", "parts that wrap around to the balance", vec![("earn", u128::MAX), ("spot", 151)]),
        ("parts_out_of_order", "products are strictly increasing", vec![("spot", 50), ("earn", 100)]),
        ("part_twice", "one product, one part", vec![("spot", 75), ("spot", 75)]),
    ] {
        put(vectors, name, comment, "Parts", with_parts(&list), want("CF-2011"));
    }
}

fn expected(vectors: &mut Vectors) {
    let policy = |code| Want::Refused(Stage::Policy, code);
    let mut with = |name: &str, comment: &str, code, list: Value| {
        let mut case = three();
        case.query["expected"] = list;
        put(vectors, name, comment, "ExpectedAmount", case, policy(code));
    };
    with("expected_more", "the venue committed to less", "CF-2010", json!([{"asset": "ETH", "amount": "4"}]));
    with("expected_less", "also a difference", "CF-2010", json!([{"asset": "ETH", "amount": "2"}]));
    with("expected_in_one_class", "all classes count", "CF-2010", json!([{"asset": "BTC", "amount": "7"}]));
    with("expected_asset_absent", "left out of the proof", "CF-2013", json!([{"asset": "USDT", "amount": "1"}]));
    with(
        "expected_nothing_absent",
        "an expected zero needs its leaf",
        "CF-2013",
        json!([{"asset": "USDT", "amount": "0"}]),
    );
}
