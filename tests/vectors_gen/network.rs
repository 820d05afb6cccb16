//! `network`: coins that go between venues around a cut-off block.

use serde_json::{Value, json};

use super::{Sent, Stage, Vectors, Want};

/// Block, direction, amount, and the other side with its share: `163 out 40 b1=40`.
fn flow(text: &str) -> Value {
    let (txid, rest) = text.split_once(": ").unwrap_or_default();
    let parts: Vec<&str> = rest.split(' ').collect();
    let party = |text: &&str| {
        let (address, amount) = text.split_once('=').unwrap_or_default();
        json!({"address": address, "amount": amount})
    };
    json!({"amount": parts[2], "direction": parts[1], "height": parts[0], "txid": txid,
        "parties": parts[3..].iter().map(party).collect::<Vec<_>>()})
}

/// A venue with the addresses NAME1 and NAME2, and a window.
fn venue(name: &str, (from, to): (u64, u64), flows: &[&str]) -> Value {
    json!({"addresses": [format!("{name}1"), format!("{name}2")], "from": from.to_string(), "listed": [],
        "to": to.to_string(),
        "flows": flows.iter().map(|text| flow(text)).collect::<Vec<_>>(), "venue": name})
}

const WINDOW: (u64, u64) = (159, 171);

pub(super) fn add(vectors: &mut Vectors) {
    let mut case = |name: &str, comment: &str, venues: &[Value], deposits: Value, want: Want| {
        let sent = Sent::Object(json!({"deposits": deposits, "venues": venues}));
        vectors.add(&format!("network/{name}"), comment, &["Transfer"], json!({"cutoff": "165"}), sent, want);
    };
    let paid = [venue("a", WINDOW, &["t1: 163 out 40 b1=39 x=1"]), venue("b", WINDOW, &["t1: 163 in 39 a1=40"])];
    case("paid", "one payment that both windows tell", &paid, json!([]), Want::Valid);
    let lent = [
        venue("a", WINDOW, &["t1: 163 out 40 b1=40", "t2: 168 in 25 b2=25"]),
        venue("b", WINDOW, &["t1: 163 in 40 a1=40", "t2: 168 out 25 a2=25"]),
    ];
    let comment = "what came before the cut-off block and went back after it, by other addresses, was lent";
    case("lent", comment, &lent, json!([]), Want::Valid);
    let owed = |amount: &str| json!([{"amount": amount, "debtor": "b", "depositor": "a"}]);
    case("lent_and_owed", "a proved deposit of as much is no loan", &lent, owed("25"), Want::Valid);
    case("lent_beyond", "what is beyond the deposit is lent", &lent, owed("49/2"), Want::Valid);
    let comment = "a deposit of the borrower at the lender answers for nothing";
    let other_way = json!([{"amount": "25", "debtor": "a", "depositor": "b"}]);
    case("lent_other_way", comment, &lent, other_way, Want::Valid);
    let returned = [
        venue("a", WINDOW, &["t1: 161 out 40 b1=40", "t2: 165 in 40 b1=40"]),
        venue("b", WINDOW, &["t1: 161 in 40 a1=40", "t2: 165 out 40 a1=40"]),
    ];
    case("returned_before", "the cut-off block itself is before it", &returned, json!([]), Want::Valid);
    let narrow = [venue("a", WINDOW, &["t1: 170 out 40 b1=40"]), venue("b", (164, 166), &[])];
    case("outside", "a block that one window has", &narrow, json!([]), Want::Valid);
    let small = [venue("a", WINDOW, &["t1: 163 out 40 b1=2 b2=3 x=35"]), venue("b", WINDOW, &[])];
    let comment = "the other window has the block and tells nothing from so little on: the addresses tell it";
    case("by_address", comment, &small, json!([]), Want::Valid);
    let unknown = [venue("a", WINDOW, &[]), venue("b", WINDOW, &["t1: 163 in 7 a2=unknown x=unknown"])];
    case("share_unknown", "at most all of it, when no share is known", &unknown, json!([]), Want::Valid);
    let both = json!({"addresses": ["a1", "b1"], "flows": [flow("t1: 163 out 40 b1=40")], "from": "159", "listed": [],
        "to": "171", "venue": "a"});
    let comment = "an address in both sets is no side of a transfer";
    case("address_in_both", comment, &[both, venue("b", WINDOW, &[])], json!([]), Want::Valid);
    let around = [
        venue("a", WINDOW, &["t1: 163 out 40 b1=40", "t3: 168 in 40 c1=40"]),
        venue("b", WINDOW, &["t1: 163 in 40 a1=40", "t2: 164 out 40 c1=40"]),
        venue("c", WINDOW, &["t2: 164 in 40 b1=40", "t3: 168 out 40 a1=40"]),
    ];
    let comment = "by way of somebody else: three payments, and no loan that is seen";
    case("around", comment, &around, json!([]), Want::Valid);
    let only_listed = |name: &str, listed: &[&str], flows: &[&str]| {
        let mut venue = venue(name, WINDOW, flows);
        venue["listed"] = json!(listed);
        venue
    };
    // customers of b: one paid in, another one took out, and a writes their addresses down
    let customers = ["t1: 163 in 40 a1=40", "t2: 168 out 25 a2=25"];
    let accuser = only_listed("a", &["a1", "a2"], &[]);
    let comment = "addresses that the lender only lists, without control of them, convict nobody";
    case("lent_by_a_list", comment, &[accuser, venue("b", WINDOW, &customers)], json!([]), Want::Valid);
    let partly = ["t1: 163 in 40 a1=15 a2=25", "t2: 168 out 30 a1=30"];
    let accuser = only_listed("a", &["a2"], &[]);
    let comment = "what comes from addresses under control is lent, the rest by a list alone";
    case("lent_partly_by_a_list", comment, &[accuser, venue("b", WINDOW, &partly)], json!([]), Want::Valid);
    let unknown = ["t1: 163 in 40 a1=10 a2=unknown", "t2: 168 out 40 a1=40"];
    let accuser = only_listed("a", &["a2"], &[]);
    let comment = "a share that is not known is no share of an address that is only listed";
    case("listed_share_unknown", comment, &[accuser, venue("b", WINDOW, &unknown)], json!([]), Want::Valid);
    let bad = [venue("a", WINDOW, &["t1: 163 out 2/4 b1=1"]), venue("b", WINDOW, &[])];
    case("not_lowest_terms", "2/4 is 1/2", &bad, json!([]), Want::Refused(Stage::Parse, "CF-7300"));
}
