//! Vectors of `custodian`: books beside books, and what each client has of what is kept. Computed by hand.

use serde_json::{Value, json};

use super::{Sent, Vectors, Want};
use crate::vector_runner::{self, Outcome};

const NOON: &str = "2026-11-02T00:00:00Z";
const BEFORE: &str = "2026-11-01T00:00:00Z";

fn key(byte: &str) -> Value {
    json!({"alg": "bip340", "key": byte.repeat(32)})
}

fn account(party: &str, opening: u64, closing: u64, lines: &[(&str, &str, u64)]) -> Value {
    let line = |(reference, direction, amount): &(&str, &str, u64)| {
        let amount = amount.to_string();
        json!({"amount": amount, "direction": direction, "reference": reference})
    };
    json!({
        "asset": "BTC", "closing": closing.to_string(), "lines": lines.iter().map(line).collect::<Value>(),
        "opening": opening.to_string(), "party": party,
    })
}

fn day(sequence: u64, cutoff: &str, kept: u64, owed: u64, accounts: Value) -> Value {
    let balance = json!({"asset": "BTC", "assets": kept.to_string(), "liabilities": owed.to_string()});
    json!({
        "accounts": accounts, "balances": [balance],
        "cutoff": cutoff, "sequence": sequence.to_string(),
    })
}

fn client(venue: &str, byte: &str, accounts: Value, leaf: u64) -> Value {
    json!({
        "accounts": accounts, "cutoff": NOON, "keys": [key(byte)], "since": BEFORE, "venue": venue,
        "leaves": [{"amount": leaf.to_string(), "asset": "BTC"}],
    })
}

/// One custodian that serves two venues on two days.
fn example() -> (Value, Value) {
    let first = account("a-exchange", 50, 60, &[("tx-1", "in", 10)]);
    let of_b = account("b-exchange", 40, 40, &[]);
    let second = account("a-exchange", 60, 55, &[("tx-2", "in", 5), ("tx-3", "out", 10)]);
    let lines = [("tx-1", "in", 10), ("tx-2", "in", 5), ("tx-3", "out", 10)];
    let query = json!({
        "clients": [
            client("a-exchange", "a1", json!([account("keeper", 50, 55, &lines)]), 55),
            client("b-exchange", "b1", json!([account("keeper", 40, 40, &[])]), 40),
        ],
        "custodian": "keeper", "kept": "95", "keys": [key("c1")], "owed": "95",
    });
    let days = json!([
        day(8, "2026-11-01T12:00:00Z", 100, 100, json!([first, of_b])),
        day(9, NOON, 95, 95, json!([second, of_b])),
    ]);
    (query, json!({ "days": days }))
}

fn case(vectors: &mut Vectors, [name, comment]: [&str; 2], wanted: &[&str], change: &dyn Fn(&mut Value, &mut Value)) {
    let id = format!("custodian/{name}");
    let (mut query, mut proof) = example();
    change(&mut query, &mut proof);
    let sent = Sent::Object(proof);
    match vector_runner::run("custodian", &query, &sent) {
        Ok(Outcome::Valid(values)) => {
            let text = |row: &Value, name: &str| row.get(name).and_then(Value::as_str).unwrap_or("-").to_owned();
            let mut found = Vec::new();
            for client in values.get("clients").and_then(Value::as_array).into_iter().flatten() {
                let shares = client.get("shares").and_then(Value::as_array).into_iter().flatten();
                let shares: Vec<String> = shares.map(|share| text(share, "counted")).collect();
                found.push(format!("{} counts {}", text(client, "venue"), shares.join(" ")));
                for one in client.get("differences").and_then(Value::as_array).into_iter().flatten() {
                    found.push(["code", "subject", "amount"].map(|name| text(one, name)).join(" "));
                }
            }
            if found != wanted {
                vectors.surprises.push(format!("{id}: by hand {wanted:#?}, computed {found:#?}"));
            }
        }
        Ok(Outcome::Refused(code)) => vectors.surprises.push(format!("{id}: refused with {code}")),
        Err(error) => vectors.surprises.push(format!("{id}: {error}")),
    }
    vectors.add(&id, comment, &["Coverage"], query, sent, Want::Valid);
}

pub(super) fn add(vectors: &mut Vectors) {
    let words = ["two_venues", "one custodian, two venues, two days: every book agrees, and each has its own leaf"];
    case(vectors, words, &["a-exchange counts 55", "b-exchange counts 40"], &|_, _| ());
    let words = ["less_kept_than_owed", "both have the custodian's coverage, rounded down: 31 and 23 of 55"];
    let wanted =
        ["a-exchange counts 31", "CF-7412 BTC statement 9 40", "b-exchange counts 23", "CF-7412 BTC statement 9 40"];
    case(vectors, words, &wanted, &|query, proof| {
        query["kept"] = json!("55");
        proof["days"][1]["balances"][0]["assets"] = json!("55");
    });
    let words = ["rounded_down", "a third of one unit is no unit: 54 and 39 of 94"];
    case(vectors, words, &["a-exchange counts 54", "b-exchange counts 39"], &|query, _| query["kept"] = json!("94"));
    let words = ["more_kept_than_owed", "what the custodian has beyond its debts is not the venue's"];
    case(vectors, words, &["a-exchange counts 55", "b-exchange counts 40"], &|query, _| query["kept"] = json!("999"));
    let words = ["own_key", "the custodian signs with the key of one of the two"];
    let wanted = ["a-exchange counts 0", "CF-7410 keeper -", "b-exchange counts 40"];
    case(vectors, words, &wanted, &|query, _| query["keys"] = json!([key("a1")]));
    let words = ["own_key_other_algorithm", "the same secret under another algorithm is the same key"];
    case(vectors, words, &wanted, &|query, _| {
        query["keys"] = json!([{"alg": "ecdsa-secp256k1", "key": format!("02{}", "a1".repeat(32))}]);
    });
    books(vectors);
    days(vectors);
}

fn books(vectors: &mut Vectors) {
    let words = ["line_in_one_book", "a withdrawal that the venue does not know"];
    let wanted = [
        "a-exchange counts 55",
        "CF-7415 BTC in the books of a-exchange 10",
        "CF-7418 BTC tx-3 10",
        "b-exchange counts 40",
    ];
    case(vectors, words, &wanted, &|query, _| {
        query["clients"][0]["accounts"][0]["lines"].as_array_mut().expect("lines").pop();
    });
    let words = ["line_the_other_way", "in here and out there: the difference is both together"];
    let wanted = [
        "a-exchange counts 55",
        "CF-7415 BTC in the books of a-exchange 20",
        "CF-7418 BTC tx-3 20",
        "b-exchange counts 40",
    ];
    case(vectors, words, &wanted, &|query, _| {
        query["clients"][0]["accounts"][0]["lines"][2]["direction"] = json!("in");
    });
    let words = ["line_twice", "one reference on two days is one movement or two, nobody knows"];
    let wanted = ["a-exchange counts 55", "CF-7418 BTC tx-1 10", "CF-7418 BTC tx-2 5", "b-exchange counts 40"];
    case(vectors, words, &wanted, &|_, proof| proof["days"][1]["accounts"][0]["lines"][0]["reference"] = json!("tx-1"));
    let words = ["closing_differs", "the venue claims one more than the custodian has for it"];
    let wanted = [
        "a-exchange counts 55",
        "b-exchange counts 40",
        "CF-7415 BTC in the books of b-exchange 1",
        "CF-7417 BTC closing 1",
    ];
    case(vectors, words, &wanted, &|query, _| query["clients"][1]["accounts"][0]["closing"] = json!("41"));
    let words = ["no_books_of_the_venue", "the custodian's side alone is compared with nothing"];
    let wanted = ["a-exchange counts 55", "b-exchange counts 40", "CF-7420 keeper -"];
    case(vectors, words, &wanted, &|query, _| {
        query["clients"][1].as_object_mut().expect("a client").remove("accounts");
    });
    let words = ["leaf_differs", "the tree has less than the books: the leaf counts"];
    let wanted = ["a-exchange counts 55", "b-exchange counts 39", "CF-7419 BTC 1"];
    case(vectors, words, &wanted, &|query, _| query["clients"][1]["leaves"][0]["amount"] = json!("39"));
    let words = ["no_leaf", "without a proof in the tree nothing counts"];
    case(vectors, words, &["a-exchange counts 55", "b-exchange counts "], &|query, _| {
        query["clients"][1].as_object_mut().expect("a client").remove("leaves");
    });
}

fn days(vectors: &mut Vectors) {
    let words = ["another_day", "the custodian's last statement is of the day before the venue's cut-off"];
    let wanted = ["a-exchange counts 0", "CF-7411 keeper -", "b-exchange counts 40"];
    case(vectors, words, &wanted, &|query, _| query["clients"][0]["cutoff"] = json!("2026-11-03T00:00:00Z"));
    let words = ["a_day_left_out", "three days between two statements"];
    let wanted = [
        "a-exchange counts 55",
        "CF-7414 before statement 8 -",
        "CF-7414 statement 9 -",
        "b-exchange counts 40",
        "CF-7414 statement 9 -",
    ];
    case(vectors, words, &wanted, &|query, proof| {
        proof["days"][0]["cutoff"] = json!("2026-10-30T00:00:00Z");
        query["clients"][0]["since"] = json!("2026-10-28T00:00:00Z");
        query["clients"][1].as_object_mut().expect("a client").remove("since");
    });
    let words = ["one_day", "one statement shows one day"];
    let wanted = [
        "a-exchange counts 55",
        "CF-7414 statement 9 -",
        "CF-7417 BTC opening 10",
        "CF-7418 BTC tx-1 10",
        "b-exchange counts 40",
        "CF-7414 statement 9 -",
    ];
    case(vectors, words, &wanted, &|_, proof| {
        proof["days"].as_array_mut().expect("days").remove(0);
    });
    let words = ["lent_overnight", "more is kept than owed, and nobody says for whom"];
    let both = "CF-7412 BTC statement 8 30";
    case(vectors, words, &["a-exchange counts 55", both, "b-exchange counts 40", both], &|_, proof| {
        proof["days"][0]["balances"][0]["assets"] = json!("130");
    });
    let words = ["no_tiers", "it does not say what it keeps"];
    let both = "CF-7413 BTC statement 9 -";
    case(vectors, words, &["a-exchange counts 55", both, "b-exchange counts 40", both], &|_, proof| {
        proof["days"][1]["balances"][0].as_object_mut().expect("a balance").remove("assets");
    });
    let words = ["not_rolled", "the night between two days has its own movement"];
    let both = ["CF-7415 BTC b-exchange statement 9 5", "CF-7415 BTC b-exchange statement 9 5"];
    let wanted = ["a-exchange counts 55", both[0], both[1], "b-exchange counts 40", both[0], both[1]];
    case(vectors, words, &wanted, &|_, proof| {
        proof["days"][1]["accounts"][1]["opening"] = json!("35");
    });
    let words = ["account_gone", "an account of 40 is not there any more the next day"];
    let both = ["CF-7415 BTC b-exchange statement 9 40", "CF-7416 BTC statement 9 40"];
    let wanted = [
        "a-exchange counts 55",
        both[0],
        both[1],
        "b-exchange counts 40",
        both[0],
        both[1],
        "CF-7417 BTC closing 40",
        "CF-7419 BTC 40",
    ];
    case(vectors, words, &wanted, &|_, proof| {
        proof["days"][1]["accounts"].as_array_mut().expect("accounts").pop();
    });
}
