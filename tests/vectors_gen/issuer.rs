//! Vectors of `issuer`: coins that somebody issues are claims, looked through where the issuer shows what it keeps.

use serde_json::{Value, json};

use super::{Sent, Vectors, Want};
use crate::vector_runner::{self, Outcome};

const BITCOIN: &str = "bip122:000000000019d6689c085ae165831e93/slip44:0";
const WRAPPED: &str = "eip155:1/erc20:0x0808080808080808080808080808080808080808";
const DOLLAR: &str = "eip155:1/erc20:0x0909090909090909090909090909090909090909";
const DOLLAR_ELSEWHERE: &str = "eip155:8453/erc20:0x0909090909090909090909090909090909090909";

fn asset(id: &str, decimals: &str, deployments: &[&str]) -> Value {
    let of = |id: &&str| json!({"decimals": decimals, "id": id});
    json!({"decimals": decimals, "deployments": deployments.iter().map(of).collect::<Value>(), "id": id})
}

fn query(assets: Value) -> Value {
    json!({"assets": assets, "issuers": [
        {"deployments": [WRAPPED], "id": "example-wrapper"},
        {"deployments": [DOLLAR, DOLLAR_ELSEWHERE], "id": "example-dollar"},
    ]})
}

fn held(rows: &[(&str, &str)]) -> Value {
    rows.iter().map(|(deployment, amount)| json!({"amount": amount, "deployment": deployment})).collect()
}

fn shown(issuer: &str, kept: &str, owed: &str) -> Value {
    json!([{"issuer": issuer, "kept": kept, "owed": owed}])
}

/// `wanted`: each claim as held, backed, counts; worked out by hand.
fn case(vectors: &mut Vectors, [name, comment, flag]: [&str; 3], assets: Value, proof: Value, wanted: &[&str]) {
    let (id, query, sent) = (format!("issuer/{name}"), query(assets), Sent::Object(proof));
    match vector_runner::run("issuer", &query, &sent) {
        Ok(Outcome::Valid(found)) => {
            let empty = Vec::new();
            let rows = found.get("claims").and_then(Value::as_array).unwrap_or(&empty);
            let text = |row: &Value, name: &str| row.get(name).and_then(Value::as_str).unwrap_or("-").to_owned();
            let line = |row: &Value| ["held", "backed", "counts"].map(|name| text(row, name)).join(" ");
            let rows: Vec<String> = rows.iter().map(line).collect();
            if rows != wanted {
                vectors.surprises.push(format!("{id}: by hand {wanted:?}, computed {rows:?}"));
            }
        }
        other => vectors.surprises.push(format!("{id}: {other:?}")),
    }
    vectors.add(&id, comment, &[flag], query, sent, Want::Valid);
}

pub(super) fn add(vectors: &mut Vectors) {
    let own = || json!([asset("XWBTC", "8", &[WRAPPED])]);
    let mut one = |words: [&str; 3], assets: Value, rows: &[(&str, &str)], backing: Value, wanted: &[&str]| {
        case(vectors, words, assets, json!({"backing": backing, "held": held(rows)}), wanted);
    };
    let words = ["looked_through", "98 % of what the issuer owes is kept: so much stands behind each coin", "Coverage"];
    one(words, own(), &[(WRAPPED, "1250")], shown("example-wrapper", "980", "1000"), &["1250 1225 yes"]);
    let words = ["rounded_down", "a third of a base unit is none", "Rounding"];
    one(words, own(), &[(WRAPPED, "100")], shown("example-wrapper", "1", "3"), &["100 33 yes"]);
    let words = ["more_kept_than_owed", "nobody has more than the coin", "Boundary"];
    one(words, own(), &[(WRAPPED, "100")], shown("example-wrapper", "3000", "1000"), &["100 100 yes"]);
    let words = ["nothing_owed", "an issuer that owes nothing backs nothing", "Boundary"];
    one(words, own(), &[(WRAPPED, "100")], shown("example-wrapper", "3000", "0"), &["100 - yes"]);
    let words = ["largest", "products beyond 2^128", "Overflow"];
    let most = u128::MAX.to_string();
    let less = (u128::MAX - 1).to_string();
    let wanted = format!("{most} {less} yes");
    one(words, own(), &[(WRAPPED, &most)], shown("example-wrapper", &less, &most), &[&wanted]);
    let words = ["nothing_shown", "without the issuer's bundle nothing shows the backing", "Evidence"];
    one(words, own(), &[(WRAPPED, "1250")], json!([]), &["1250 - yes"]);
    let words = ["another_day", "a bundle of another cut-off backs nothing", "CutOff"];
    one(words, own(), &[(WRAPPED, "1250")], json!([{"issuer": "example-wrapper"}]), &["1250 - yes"]);
    let words = ["another_issuer", "what another issuer keeps backs nothing here", "OtherVenue"];
    one(words, own(), &[(WRAPPED, "1250")], shown("example-dollar", "980", "1000"), &["1250 - yes"]);
    let words = ["wrapped_as_native", "a wrapped coin under the coin's own name counts nothing", "Contradiction"];
    let native = || json!([asset("BTC", "8", &[BITCOIN, WRAPPED])]);
    let rows = [(BITCOIN, "500"), (WRAPPED, "1250")];
    one(words, native(), &rows, shown("example-wrapper", "980", "1000"), &["1250 1225 no"]);
    let words = ["stablecoin_as_dollars", "a stablecoin beside dollars is a claim, and no dollar", "Contradiction"];
    let cash = "swift:0/bank:1";
    let dollars = json!([asset("iso4217:USD", "6", &[cash, DOLLAR])]);
    one(words, dollars, &[(cash, "5"), (DOLLAR, "700")], json!([]), &["700 - no"]);
    let words = ["stablecoin_as_itself", "whoever deposited the coin is owed the coin, on two chains", "Coverage"];
    let coin = json!([asset("USDX", "6", &[DOLLAR, DOLLAR_ELSEWHERE])]);
    let rows = [(DOLLAR, "700"), (DOLLAR_ELSEWHERE, "33")];
    one(words, coin, &rows, shown("example-dollar", "1", "2"), &["700 350 yes", "33 16 yes"]);
    let words = ["nobody_issues", "a coin without issuer is no claim", "Coverage"];
    one(words, json!([asset("BTC", "8", &[BITCOIN])]), &[(BITCOIN, "500")], json!([]), &[]);
}
