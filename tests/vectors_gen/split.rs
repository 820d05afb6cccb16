//! Inclusion proofs of balances that are split: several leaves, one balance.

use counterfoil::amount::Amount;
use counterfoil::asset::{AssetId, Class};
use counterfoil::hash::Tag;
use counterfoil::liability::leaf::{LeafContent, Nonce, Part, Piece, SnapshotKey, Split};
use counterfoil::liability::sum_tree::{SumNode, SumTree};
use counterfoil::secret::{Secret, SecretKind};
use serde_json::{Value, json};

use super::inclusion_proof::{Balance, Case, balance, parts, put, under};
use super::statement::{bitcoin, document};
use super::{Stage, Vectors, Want, digest, seeded};

/// A leaf of the customer and its place.
struct Own {
    at: u64,
    nonce: Nonce,
    amount: Amount,
    split: Option<Split>,
    parts: Vec<Part>,
}

fn snapshot() -> SnapshotKey {
    let master = Secret::new(SecretKind::Master, &mut seeded("master secret"));
    SnapshotKey::derive(&master, &seeded("build id"), &"example-exchange".parse().expect("a venue"), 7)
}

fn asset(balance: &Balance) -> AssetId {
    balance.asset.parse().expect("an asset")
}

fn piece(number: u16, of: u16, whole: u128) -> Split {
    Split { piece: Piece::new(number, of).expect("in range"), whole: Amount::from_base_units(whole) }
}

/// The balance in as many pieces as there are places.
fn pieces(balance: &Balance, places: &[u64]) -> Vec<Own> {
    let of = u16::try_from(places.len()).expect("few places");
    let keys = snapshot().split(&asset(balance), balance.class, of).expect("in range");
    let own = |(&at, leaf): (&u64, counterfoil::liability::leaf::PieceLeaf)| {
        let (nonce, amount, split) = (leaf.nonce, leaf.amount, Some(leaf.split));
        Own { at, nonce, amount, split, parts: balance.parts.clone() }
    };
    places.iter().zip(keys.pieces(balance.account, Amount::from_base_units(balance.amount))).map(own).collect()
}

/// The balance in one leaf.
fn unsplit(balance: &Balance, at: u64) -> Own {
    let (_, nonce) = snapshot().tree(&asset(balance), balance.class).blind(balance.account);
    let amount = Amount::from_base_units(balance.amount);
    Own { at, nonce, amount, split: None, parts: balance.parts.clone() }
}

/// Row and leaves of a tree of `count` leaves, those of the customer where they say.
fn tree(balance: &Balance, own: &[Own], count: u64, neighbour: u128) -> (Value, Vec<Value>) {
    let node = |leaf: &Own| {
        let (account, credential) = (balance.account, balance.credential);
        let content = LeafContent { nonce: leaf.nonce, amount: leaf.amount, account, credential, parts: &leaf.parts };
        let hash = leaf.split.map_or_else(|| content.hash(), |split| content.hash_piece(&split));
        SumNode::leaf(hash.expect("short texts"), leaf.amount)
    };
    let other = |at: u64| SumNode {
        digest: digest(Tag::Leaf, "neighbour", at),
        sum: Amount::from_base_units(if neighbour == 0 { 0 } else { neighbour + u128::from(at % 251) }),
    };
    let leaves = (0..count).map(|at| own.iter().find(|leaf| leaf.at == at).map_or_else(|| other(at), node));
    let tree = SumTree::new(leaves.collect()).expect("small sums");
    let root = tree.root().expect("small sums").expect("leaves");
    let (asset, class) = (balance.asset, balance.class.text());
    let row = json!({
        "asset": asset, "class": class, "decimals": "8", "leaf_count": count.to_string(), "root": root.digest,
        "total": root.sum,
    });
    let shown = own.iter().map(|leaf| {
        let path = tree.path(leaf.at).expect("small sums").expect("within the tree");
        let mut shown = json!({
            "amount": leaf.amount, "asset": asset, "class": class, "index": leaf.at.to_string(),
            "nonce": hex::encode(leaf.nonce.0), "parts": leaf.parts, "path": path,
        });
        if let Some(split) = leaf.split {
            shown["split"] = json!(split);
        }
        shown
    });
    (row, shown.collect())
}

fn case_of(balance: &Balance, own: &[Own], count: u64) -> Case {
    let (row, leaves) = tree(balance, own, count, 1000);
    under(&document(json!([row]), json!([bitcoin()])), json!(leaves))
}

/// The places of the example: not in the order of the pieces, since order keys are not.
const PLACES: [u64; 3] = [5, 0, 8];

/// Three pieces among nine leaves.
fn example() -> Case {
    let balance = balance(150_000_000);
    case_of(&balance, &pieces(&balance, &PLACES), 9)
}

/// The example under a statement that commits to changed pieces.
fn committed(change: impl FnOnce(&mut Vec<Own>)) -> Case {
    let balance = balance(150_000_000);
    let mut own = pieces(&balance, &PLACES);
    change(&mut own);
    case_of(&balance, &own, 9)
}

/// The example's proof, changed.
fn shown(change: impl FnOnce(&mut Vec<Value>)) -> Case {
    let mut case = example();
    change(case.proof["leaves"].as_array_mut().expect("a list"));
    case
}

pub(super) fn add(vectors: &mut Vectors) {
    good(vectors);
    rows(vectors);
    malformed(vectors);
    contradictions(vectors);
    folded(vectors);
    sums(vectors);
}

fn good(vectors: &mut Vectors) {
    let mut good = |name: &str, comment: &str, case: Case| put(vectors, name, comment, "Split", case, Want::Valid);
    good("split_in_3", "one balance in three leaves", example());
    let two = balance(7);
    good("split_in_2_alone", "nobody else is in the tree", case_of(&two, &pieces(&two, &[1, 0]), 2));
    let five = balance(1_000_003);
    let places = [3, 16, 2, 15, 0];
    good(
        "split_in_5_of_17",
        "neighbours among the pieces, and a last leaf",
        case_of(&five, &pieces(&five, &places), 17),
    );
    for (name, amount, comment) in [
        ("split_of_nothing", 0, "pieces of zero in a tree of zeros"),
        ("split_of_one", 1, "one piece has it all"),
        ("split_of_the_largest", u128::MAX, "the total is 2^128 - 1"),
    ] {
        let balance = balance(amount);
        let (row, leaves) = tree(&balance, &pieces(&balance, &[2, 1]), 3, 0);
        good(name, comment, under(&document(json!([row]), json!([bitcoin()])), json!(leaves)));
    }
    let chosen = Balance { credential: "correct horse", ..balance(70) };
    let mut with_credential = case_of(&chosen, &pieces(&chosen, &[1, 2]), 3);
    with_credential.query["credential"] = json!("correct horse");
    good("split_with_credential", "the customer's own secret is in each leaf", with_credential);
    let products = Balance { parts: parts(&[("earn", 100), ("spot", 50)]), ..balance(150) };
    good("split_with_parts", "parts of the whole balance", case_of(&products, &pieces(&products, &[1, 2]), 4));
    let mut whole = example();
    whole.query["expected"] = json!([{"asset": "BTC", "amount": "150000000"}]);
    put(vectors, "split_expected", "the whole balance is expected", "ExpectedAmount", whole, Want::Valid);
}

/// A split balance beside others.
fn several() -> Case {
    let (custody, lent) = (balance(70), Balance { class: Class::Lent, ..balance(50) });
    let ether = Balance { asset: "ETH", ..balance(3) };
    let trees = [
        tree(&custody, &pieces(&custody, &[4, 1]), 6, 1000),
        tree(&lent, &pieces(&lent, &[0, 2, 1]), 3, 1000),
        tree(&ether, &[unsplit(&ether, 1)], 2, 1000),
    ];
    let rows: Vec<Value> = trees.iter().map(|(row, _)| row.clone()).collect();
    let leaves: Vec<Value> = trees.iter().flat_map(|(_, leaves)| leaves.clone()).collect();
    let ether = json!({"decimals": "8", "deployments": [], "id": "ETH"});
    under(&document(json!(rows), json!([bitcoin(), ether])), json!(leaves))
}

fn rows(vectors: &mut Vectors) {
    let mut sums = several();
    sums.query["expected"] = json!([{"asset": "BTC", "amount": "120"}, {"asset": "ETH", "amount": "3"}]);
    put(vectors, "split_in_two_classes", "each class is split for itself", "Split", sums, Want::Valid);
    let mut lent = several();
    lent.proof["leaves"].as_array_mut().expect("a list").remove(3);
    let comment = "the other class is complete";
    put(vectors, "split_missing_in_one_class", comment, "Split", lent, Want::Refused(Stage::Bind, "CF-2020"));
    let mut one = example();
    let amount = one.proof["leaves"][0]["amount"].clone();
    one.query["expected"] = json!([{"asset": "BTC", "amount": amount}]);
    let comment = "the balance is the whole, not one piece";
    put(vectors, "split_expected_one_piece", comment, "ExpectedAmount", one, Want::Refused(Stage::Policy, "CF-2010"));
}

fn malformed(vectors: &mut Vectors) {
    let want = Want::Refused(Stage::Parse, "CF-2001");
    let mut set = |name: &str, comment: &str, flag: &str, change: &dyn Fn(&mut Value)| {
        put(vectors, name, comment, flag, shown(|leaves| change(&mut leaves[0]["split"])), want);
    };
    set("split_piece_0", "counted from 1", "Boundary", &|split| split["piece"] = json!("0"));
    set("split_piece_beyond", "the fourth of three", "Boundary", &|split| split["piece"] = json!("4"));
    set("split_in_1", "then it is not split", "Boundary", &|split| split["of"] = json!("1"));
    set("split_in_0", "no piece at all", "Boundary", &|split| split["of"] = json!("0"));
    set("split_in_257", "at most 256", "Boundary", &|split| split["of"] = json!("257"));
    set("split_in_65536", "sixteen bits", "Overflow", &|split| split["of"] = json!("65536"));
    set("split_whole_negative", "nobody owes the venue here", "NegativeAmount", &|split| split["whole"] = json!("-1"));
    set("split_null", "absent, or an object", "MissingField", &|split| *split = Value::Null);
    set("split_as_a_list", "an object written as the list of its values", "UnknownField", &|split| {
        *split = json!(["3", "1", "150000000"]);
    });
    set("split_unknown_field", "a field that nobody checks", "UnknownField", &|split| split["amount"] = json!("1"));
    set("split_without_whole", "each piece names the whole", "MissingField", &|split| {
        split.as_object_mut().expect("an object").remove("whole");
    });
    let disordered = shown(|leaves| leaves.swap(0, 1));
    put(vectors, "split_out_of_order", "one proof has one order", "Order", disordered, want);
}

fn contradictions(vectors: &mut Vectors) {
    let mut refuse = |name: &str, comment: &str, code, case| {
        put(vectors, name, comment, "Split", case, Want::Refused(Stage::Bind, code));
    };
    for (at, name) in [(0, "split_first_missing"), (1, "split_middle_missing"), (2, "split_last_missing")] {
        let missing = shown(|leaves| drop(leaves.remove(at)));
        refuse(name, "what is not shown may not be in the total", "CF-2020", missing);
    }
    let only = shown(|leaves| leaves.truncate(1));
    refuse("split_one_shown", "one piece says that there are others", "CF-2020", only);
    let twice = shown(|leaves| leaves.insert(1, leaves[0].clone()));
    refuse("split_piece_twice", "it looks like more than it is", "CF-2012", twice);
    let number = committed(|own| own[2].split = Some(piece(3, 4, 150_000_000)));
    refuse("split_number_differs", "three pieces or four", "CF-2021", number);
    let whole = committed(|own| own[2].split = Some(piece(3, 3, 150_000_001)));
    refuse("split_whole_differs", "two balances", "CF-2021", whole);
    let others = committed(|own| own[1].parts = parts(&[("spot", 150_000_000)]));
    refuse("split_parts_differ", "parts are those of the whole balance", "CF-2021", others);
    let mixed = balance(150_000_000);
    let mut own = pieces(&mixed, &PLACES);
    own.insert(0, unsplit(&mixed, 3));
    refuse("split_and_unsplit", "one balance in two forms", "CF-2021", case_of(&mixed, &own, 9));
    let alone = committed(|own| own[0].split = None);
    refuse("split_but_for_one", "a piece that does not say so", "CF-2021", alone);
    let same = shown(|leaves| leaves[1]["index"] = leaves[0]["index"].clone());
    refuse("split_position_twice", "one leaf counts once", "CF-2023", same);
}

fn folded(vectors: &mut Vectors) {
    let mut refuse = |name: &str, comment: &str, case| {
        put(vectors, name, comment, "Split", case, Want::Refused(Stage::Fold, "CF-2006"));
    };
    let balance = balance(150_000_000);
    let mut as_pieces = case_of(&balance, &[unsplit(&balance, 3)], 9);
    let leaves = as_pieces.proof["leaves"].as_array_mut().expect("a list");
    let mut second = leaves[0].clone();
    leaves[0]["split"] = json!(piece(1, 2, 150_000_000));
    second["split"] = json!(piece(2, 2, 150_000_000));
    second["amount"] = json!("0");
    second["index"] = json!("2");
    leaves.push(second);
    refuse("unsplit_shown_as_split", "a leaf that is the balance is no piece", as_pieces);
    let as_balance = shown(|leaves| {
        leaves.truncate(1);
        leaves[0].as_object_mut().expect("an object").remove("split");
    });
    refuse("split_shown_as_unsplit", "a piece is not the balance", as_balance);
    let fewer = shown(|leaves| {
        leaves.pop();
        let amount = |leaf: &Value| leaf["amount"].as_str().and_then(|text| text.parse::<u128>().ok());
        let whole: u128 = leaves.iter().filter_map(amount).sum();
        for (number, leaf) in (1..).zip(leaves) {
            leaf["split"] = json!(piece(number, 2, whole));
        }
    });
    refuse("split_shown_with_fewer_pieces", "each piece commits to their number", fewer);
    let exchanged = shown(|leaves| {
        let first = leaves[0]["amount"].clone();
        leaves[0]["amount"] = leaves[1]["amount"].clone();
        leaves[1]["amount"] = first;
    });
    refuse("split_amounts_exchanged", "the sum is the same", exchanged);
    let renumbered = shown(|leaves| {
        let first = leaves[0]["split"].clone();
        leaves[0]["split"] = leaves[1]["split"].clone();
        leaves[1]["split"] = first;
        leaves.swap(0, 1);
    });
    refuse("split_renumbered", "each piece commits to its number", renumbered);
    let mut renamed = example();
    for side in [&mut renamed.query, &mut renamed.proof] {
        side["account"] = json!("u000000000043");
    }
    refuse("split_of_another_account", "pieces are one account's", renamed);
    let mut foreign = example();
    foreign.query["credential"] = json!("correct horse");
    refuse("split_of_another_credential", "pieces are one customer's", foreign);
}

fn sums(vectors: &mut Vectors) {
    let mut refuse = |name: &str, comment: &str, code, case| {
        put(vectors, name, comment, "Split", case, Want::Refused(Stage::Sum, code));
    };
    let moved = |up: bool| {
        committed(|own| {
            let units = own[1].amount.base_units();
            own[1].amount = Amount::from_base_units(if up { units + 1 } else { units - 1 });
        })
    };
    refuse("split_sum_too_small", "the total holds less than the balance", "CF-2022", moved(false));
    refuse("split_sum_too_large", "also a difference", "CF-2022", moved(true));
    let wrapped = shown(|leaves| {
        leaves[0]["amount"] = json!(u128::MAX.to_string());
        leaves[1]["amount"] = json!("150000001");
        leaves[2]["amount"] = json!("0");
    });
    refuse("split_sum_overflows", "pieces that wrap around to the balance", "CF-2022", wrapped);
    let lacking = Balance { parts: parts(&[("earn", 100), ("spot", 49)]), ..balance(150) };
    let case = case_of(&lacking, &pieces(&lacking, &[1, 2]), 4);
    refuse("split_parts_too_small", "parts that do not make the whole balance", "CF-2011", case);
    let first = committed(|own| {
        let amount = own[0].amount.base_units();
        own[0].parts = parts(&[("spot", amount)]);
        let list = own[0].parts.clone();
        own.iter_mut().for_each(|leaf| leaf.parts.clone_from(&list));
    });
    refuse("split_parts_of_one_piece", "parts are those of the whole balance", "CF-2011", first);
}
