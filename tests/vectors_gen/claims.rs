//! What is only a claim, and what is pledged: findings about a balance sheet.

use serde_json::{Value, json};

use super::{Sent, Vectors, Want};

const BITCOIN: &str = "bip122:000000000019d6689c085ae165831e93/slip44:0";
const TOKEN: &str = "eip155:1/erc20:0x5fbdb2315678afecb367f032d93f642f64180aa3";
const COLD: &str = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";

fn asset(id: &str, decimals: &str, deployments: &[&str]) -> Value {
    let of = |id: &&str| json!({"decimals": decimals, "id": id});
    json!({"decimals": decimals, "deployments": deployments.iter().map(of).collect::<Vec<_>>(), "id": id})
}

fn assets() -> Value {
    json!([asset("BTC", "8", &[BITCOIN]), asset("USDX", "6", &[TOKEN])])
}

fn row(asset: &str, kind: &str, counterparty: &str, related: bool) -> Value {
    json!({"amount": "500", "asset": asset, "basis": "stated", "counterparty": counterparty, "due": "24h",
        "evidence": null, "kind": kind, "related_party": related})
}

fn encumbrance(kind: &str, amount: &str, address: Option<&str>) -> Value {
    json!({"address": address, "amount": amount, "asset": "BTC", "basis": "stated",
        "counterparty": "Example Lender AG", "due": "longer", "kind": kind, "related_party": false, "until": null})
}

fn sheet() -> Value {
    let unit = |id: &str, decimals: &str, issuer: Value| json!({"decimals": decimals, "id": id, "issuer": issuer, "relation": "none"});
    json!({
        "encumbrances": [], "holdings": [], "liabilities": [], "receivables": [],
        "units": [unit("BTC", "8", Value::Null), unit("USDX", "6", json!("Example Dollar Ltd"))],
    })
}

fn lying(address: &str, amount: &str, encumbered: &str) -> Value {
    json!({"address": address, "amount": amount, "deployment": BITCOIN, "encumbered": encumbered})
}

fn sent(change: impl FnOnce(&mut Value)) -> Value {
    let mut sent = json!({
        "addresses": [lying(COLD, "1000", "no"), lying("hot", "70", "no")], "assets": assets(), "balance_sheet": sheet(),
    });
    change(&mut sent);
    sent
}

fn add_under(vectors: &mut Vectors, own: &[&str], [name, comment, flag]: [&str; 3], sent: Value) {
    let query = json!({"assets": assets(), "own_tokens": own});
    vectors.add(&format!("balance-sheet/{name}"), comment, &[flag], query, Sent::Object(sent), Want::Valid);
}

pub(super) fn add(vectors: &mut Vectors) {
    let mut case = |words, change: &dyn Fn(&mut Value)| add_under(vectors, &[], words, sent(change));
    case(["nothing_beside", "a sheet that states that there is nothing", "Statement"], &|_| ());
    case(["none_stated", "no balance sheet is an exception, never zero", "Evidence"], &|sent| {
        sent.as_object_mut().expect("an object").remove("balance_sheet");
    });
    case(["claims", "claims are listed by unit and kind, related parties one by one", "Coverage"], &|sent| {
        sent["balance_sheet"]["holdings"] = json!([
            row("BTC", "deposit", "a venue", false),
            row("BTC", "deposit", "b venue", true),
            row("USDX", "fund", "a fund", false),
            row("USDX", "stablecoin", "Example Dollar Ltd", false),
        ]);
        sent["balance_sheet"]["receivables"] = json!([row("BTC", "loan", "Example Ventures Ltd", true)]);
    });
    case(["wrapped_as_native", "a wrapped coin under the coin's own name", "Contradiction"], &|sent| {
        sent["balance_sheet"]["holdings"] = json!([row("BTC", "wrapped", "Example Bridge", false)]);
    });
    case(["stablecoin_as_dollars", "a token under the name of a state's money", "Contradiction"], &|sent| {
        sent["assets"] = json!([asset("BTC", "8", &[BITCOIN]), asset("iso4217:USD", "6", &[TOKEN])]);
    });
    case(["pledged_cold_wallet", "pledged in the sheet, free in the set", "Contradiction"], &|sent| {
        sent["balance_sheet"]["encumbrances"] = json!([encumbrance("pledged", "1000", Some(COLD))]);
    });
    case(["pledged_somewhere", "more is pledged than lies on encumbered addresses", "Contradiction"], &|sent| {
        sent["addresses"][1]["encumbered"] = json!("yes");
        sent["balance_sheet"]["encumbrances"] = json!([encumbrance("pledged", "71", None)]);
    });
    case(["pledged_and_named", "exactly what lies there is pledged in both places", "Boundary"], &|sent| {
        sent["addresses"][1]["encumbered"] = json!("yes");
        sent["balance_sheet"]["encumbrances"] = json!([encumbrance("pledged", "70", None)]);
    });
    case(["pledged_and_left_out", "the set names a pledge, the sheet does not", "Contradiction"], &|sent| {
        sent["addresses"][1]["encumbered"] = json!("yes");
    });
    case(["staked", "what waits in a queue belongs to the venue all the same", "Coverage"], &|sent| {
        sent["balance_sheet"]["encumbrances"] = json!([encumbrance("staked", "1000", Some(COLD))]);
    });
    case(["pledged_and_empty", "what is pledged and not there counts for nothing already", "Boundary"], &|sent| {
        sent["addresses"] = json!([]);
        sent["balance_sheet"]["encumbrances"] = json!([encumbrance("frozen", "5", None)]);
    });
    let words = ["own_token_denied", "the sheet says none, the policy knows its own issue", "Contradiction"];
    add_under(vectors, &[TOKEN], words, sent(|_| ()));
}
