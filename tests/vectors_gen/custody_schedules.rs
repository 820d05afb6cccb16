//! Tiers and custody accounts in statements: `vectors/statement/tiers_*` and `custody_*`.

use serde_json::{Value, json};

use super::statement::{case, changed, one, policy, signed};
use super::{Stage, Vectors, Want};

fn tiers() -> Value {
    let row = |role: &str, amount: &str| json!({"amount": amount, "asset": "BTC", "role": role});
    json!([row("cold", "110000000000"), row("custodian", "0"), row("hot", "10450000000")])
}

fn line(reference: &str, direction: &str, amount: &str) -> Value {
    json!({"amount": amount, "direction": direction, "reference": reference})
}

fn accounts() -> Value {
    let lines = json!([line("booking-17", "in", "3000000000"), line("booking-18", "out", "1000000000")]);
    json!([{"asset": "BTC", "closing": "12000000000", "lines": lines, "opening": "10000000000", "party": "example-custodian"}])
}

pub(super) fn add(vectors: &mut Vectors) {
    let document = changed(|document| {
        document["schedules"]["tiers"] = tiers();
        document["schedules"]["custody_accounts"] = accounts();
    });
    let comment = "how the wallets are split, and what moved into and out of custody";
    case(vectors, "tiers_and_custody", comment, "Statement", policy(1), signed(&document, &one()), Want::Valid);
    let empty = changed(|document| {
        document["schedules"]["tiers"] = json!([]);
        document["schedules"]["custody_accounts"] = json!([]);
    });
    let comment = "declared that there is nothing is another statement than one that is silent";
    case(vectors, "tiers_and_custody_empty", comment, "Statement", policy(1), signed(&empty, &one()), Want::Valid);
    let mut refuse = |[name, comment, flag]: [&'static str; 3], change: &dyn Fn(&mut Value)| {
        let document = changed(|document| {
            document["schedules"]["tiers"] = tiers();
            document["schedules"]["custody_accounts"] = accounts();
            change(&mut document["schedules"]);
        });
        let want = Want::Refused(Stage::Parse, "CF-3001");
        case(vectors, name, comment, flag, policy(1), signed(&document, &one()), want);
    };
    refuse(["tiers_null", "nothing declared has one form: the member is absent", "MissingField"], &|found| {
        found["tiers"] = Value::Null;
    });
    refuse(["tiers_internal", "internal addresses count for nothing", "UnknownRow"], &|found| {
        found["tiers"][2]["role"] = json!("internal");
    });
    refuse(["tiers_twice", "one tier twice could be read in two ways", "Order"], &|found| {
        found["tiers"][2]["role"] = json!("custodian");
    });
    refuse(["tiers_too_large", "the tiers of one asset add up to 2^128", "Overflow"], &|found| {
        found["tiers"][2]["amount"] = json!((u128::MAX - 109_999_999_999).to_string());
    });
    refuse(["tiers_of_unlisted_asset", "nobody would compare it", "Contradiction"], &|found| {
        found["tiers"][2]["asset"] = json!("ETH");
    });
    refuse(["custody_line_twice", "one movement twice", "Order"], &|found| {
        found["custody_accounts"][0]["lines"][1]["reference"] = json!("booking-17");
    });
    refuse(["custody_line_of_nothing", "a line that moves nothing", "Boundary"], &|found| {
        found["custody_accounts"][0]["lines"][1]["amount"] = json!("0");
    });
    refuse(["custody_reference_with_space", "references are compared as bytes", "Unicode"], &|found| {
        found["custody_accounts"][0]["lines"][1]["reference"] = json!("booking 18");
    });
    refuse(["custody_unknown_party", "a party has the short name of a venue", "UnknownRow"], &|found| {
        found["custody_accounts"][0]["party"] = json!("Example Custodian Ltd");
    });
}
