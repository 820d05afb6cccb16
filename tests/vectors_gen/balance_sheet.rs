//! The balance sheet of a statement, in signed statements: they stand in `vectors/statement`.

use serde_json::{Value, json};

use super::statement::{case, changed, one, policy, signed};
use super::{Stage, Vectors, Want, seeded};

pub(super) fn add(vectors: &mut Vectors) {
    let mut good = |name: &str, comment: &str, sheet: &Value| {
        let document = changed(|document| document["schedules"]["balance_sheet"] = sheet.clone());
        case(vectors, name, comment, "Statement", policy(1), signed(&document, &one()), Want::Valid);
    };
    good("balance_sheet", "everything beside trees and chains, in one schedule", &balance_sheet());
    let comment = "a venue may state that there is nothing, with the units of its assets";
    good("balance_sheet_empty", comment, &empty_sheet());
    balance_sheets_of_another_form(vectors);
    balance_sheets_that_do_not_fit(vectors);
}

fn sheet_unit(id: &str, decimals: &str, issuer: Value, relation: &str) -> Value {
    json!({"decimals": decimals, "id": id, "issuer": issuer, "relation": relation})
}

fn sheet_row(asset: &str, amount: &str, kind: &str, counterparty: &str, related: bool, due: &str) -> Value {
    json!({"amount": amount, "asset": asset, "basis": "stated", "counterparty": counterparty, "due": due,
        "evidence": null, "kind": kind, "related_party": related})
}

fn empty_sheet() -> Value {
    let units = json!([sheet_unit("BTC", "8", Value::Null, "none")]);
    json!({"encumbrances": [], "holdings": [], "liabilities": [], "receivables": [], "units": units})
}

/// A balance sheet with a row of most kinds.
fn balance_sheet() -> Value {
    let mut estimate = sheet_row("XMPL", "900", "venture", "Example Ventures Ltd", true, "longer");
    estimate["basis"] = json!("assumed");
    let mut loan = sheet_row("BTC", "1250000000", "loan", "Example Lender AG", false, "30d");
    loan["evidence"] = json!(hex::encode(seeded("loan agreement")));
    let encumbrance = |kind: &str, due: &str, address: Value, until: Value| {
        json!({"address": address, "amount": "500000000", "asset": "BTC", "basis": "stated",
            "counterparty": "Example Lender AG", "due": due, "kind": kind, "related_party": false, "until": until})
    };
    json!({
        "encumbrances": [
            encumbrance("locked", "7d", Value::Null, json!("2026-11-05T00:00:00Z")),
            encumbrance("pledged", "longer", json!("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"), Value::Null),
        ],
        "holdings": [
            sheet_row("BTC", "300000000", "deposit", "other-exchange", false, "24h"),
            sheet_row("USDX", "5000000", "stablecoin", "Example Dollar Ltd", false, "24h"),
            estimate,
        ],
        "liabilities": [
            sheet_row("BTC", "100000000", "deposit", "other-exchange", false, "now"),
            loan,
            sheet_row("BTC", "1000", "loan", "\u{e000} lender", false, "now"),
            sheet_row("BTC", "1000", "loan", "\u{1d11e} lender", false, "longer"),
        ],
        "receivables": [sheet_row("BTC", "5500000", "customer", "customers, 3 accounts", false, "now")],
        "units": [
            sheet_unit("BTC", "8", Value::Null, "none"),
            sheet_unit("USDX", "6", json!("Example Dollar Ltd"), "none"),
            sheet_unit("XMPL", "0", json!("Example Ventures Ltd"), "affiliate"),
        ],
    })
}

/// The example with a changed balance sheet, which is refused.
fn refuse_sheet(vectors: &mut Vectors, [name, comment, flag, code]: [&'static str; 4], change: &dyn Fn(&mut Value)) {
    let document = changed(|document| {
        let mut sheet = balance_sheet();
        change(&mut sheet);
        document["schedules"]["balance_sheet"] = sheet;
    });
    let (name, want) = (format!("balance_sheet_{name}"), Want::Refused(Stage::Parse, code));
    case(vectors, &name, comment, flag, policy(1), signed(&document, &one()), want);
}

fn balance_sheets_of_another_form(vectors: &mut Vectors) {
    let mut refuse = |words, change: &dyn Fn(&mut Value)| refuse_sheet(vectors, words, change);
    let words = ["null", "nothing stated has one form: the member is absent", "MissingField", "CF-3001"];
    refuse(words, &|sheet| *sheet = Value::Null);
    let words = ["unknown_list", "a list that nobody reads", "UnknownField", "CF-3001"];
    refuse(words, &|sheet| sheet["loans"] = json!([]));
    let words = ["negative", "a liability below zero would hide another", "NegativeAmount", "CF-3001"];
    refuse(words, &|sheet| sheet["liabilities"][0]["amount"] = json!("-1"));
    let words = ["unknown_kind", "kinds are a short list", "UnknownRow", "CF-3001"];
    refuse(words, &|sheet| sheet["liabilities"][0]["kind"] = json!("promise"));
    let words = ["unknown_due", "five buckets", "UnknownRow", "CF-3001"];
    refuse(words, &|sheet| sheet["holdings"][0]["due"] = json!("soon"));
    let words = ["without_relation", "whose coin it is must be said", "MissingField", "CF-3001"];
    refuse(words, &|sheet| {
        sheet["units"][2].as_object_mut().expect("a unit").remove("relation");
    });
    let words = ["out_of_order", "one sheet has one form", "Order", "CF-3251"];
    refuse(words, &|sheet| sheet["liabilities"].as_array_mut().expect("rows").swap(0, 1));
    let words = ["names_in_order_of_halves", "names are compared by their bytes in UTF-8", "Unicode", "CF-3251"];
    refuse(words, &|sheet| sheet["liabilities"].as_array_mut().expect("rows").swap(2, 3));
    let words = ["row_twice", "one receivable counted twice", "Order", "CF-3251"];
    refuse(words, &|sheet| sheet["receivables"] = json!([sheet["receivables"][0], sheet["receivables"][0]]));
    let words = ["units_out_of_order", "units rise by name", "Order", "CF-3251"];
    refuse(words, &|sheet| sheet["units"].as_array_mut().expect("units").swap(0, 1));
}

/// What contradicts itself, or the statement around it.
fn balance_sheets_that_do_not_fit(vectors: &mut Vectors) {
    let mut refuse = |words, change: &dyn Fn(&mut Value)| refuse_sheet(vectors, words, change);
    let words = ["unit_missing", "a row without decimals", "Contradiction", "CF-3252"];
    refuse(words, &|sheet| {
        sheet["units"].as_array_mut().expect("units").remove(1);
    });
    let words = ["other_decimals", "the same digits would be another sum", "Contradiction", "CF-3252"];
    refuse(words, &|sheet| sheet["units"][0]["decimals"] = json!("9"));
    let words = ["owed_in_other_unit", "nobody would judge what is owed there", "Contradiction", "CF-3252"];
    refuse(words, &|sheet| {
        let row = sheet_row("USDX", "7", "fiat", "customers", false, "now");
        sheet["liabilities"].as_array_mut().expect("rows").push(row);
    });
    let words = ["affiliate_without_name", "an affiliate has a name", "MissingField", "CF-3252"];
    refuse(words, &|sheet| sheet["units"][2]["issuer"] = Value::Null);
    let words = ["proved_by_itself", "a signature proves no balance", "Contradiction", "CF-3253"];
    refuse(words, &|sheet| sheet["holdings"][0]["basis"] = json!("proved"));
    let words = ["nobody_owes", "a debt without a debtor", "MissingField", "CF-3254"];
    refuse(words, &|sheet| sheet["receivables"][0]["counterparty"] = json!(""));
    let words = ["address_empty", "no address is null", "MissingField", "CF-3254"];
    refuse(words, &|sheet| sheet["encumbrances"][0]["address"] = json!(""));
    let words = ["name_too_long", "258 bytes, though 129 characters", "Boundary", "CF-3254"];
    refuse(words, &|sheet| sheet["receivables"][0]["counterparty"] = json!("\u{e4}".repeat(129)));
    let words = ["holdings_too_large", "a list adds up to 2^128", "Overflow", "CF-3254"];
    refuse(words, &|sheet| {
        let largest = u128::MAX.to_string();
        sheet["holdings"] = json!([
            sheet_row("BTC", &largest, "bank", "a bank", false, "now"),
            sheet_row("BTC", "1", "bank", "b bank", false, "now"),
        ]);
    });
    let words = ["lock_in_other_bucket", "four days are not 24 hours", "Contradiction", "CF-3255"];
    refuse(words, &|sheet| sheet["encumbrances"][0]["due"] = json!("24h"));
    let words = ["pledge_until", "a pledge ends with its debt, on no day", "Contradiction", "CF-3255"];
    refuse(words, &|sheet| sheet["encumbrances"][1]["until"] = json!("2028-11-05T00:00:00Z"));
    let mut beside = changed(|document| document["schedules"]["balance_sheet"] = balance_sheet());
    beside["schedules"]["other_liabilities"] =
        json!([{"amount": "1", "asset": "BTC", "counterparty": "x", "due": null, "kind": "loan"}]);
    let (name, comment) = ("balance_sheet_beside_a_list", "two places for one loan");
    let want = Want::Refused(Stage::Parse, "CF-3250");
    case(vectors, name, comment, "Contradiction", policy(1), signed(&beside, &one()), want);
    let too_large = changed(|document| {
        document["liabilities"][0]["total"] = json!(u128::MAX.to_string());
        document["schedules"]["balance_sheet"] = balance_sheet();
    });
    let (name, comment) = ("balance_sheet_owed_too_large", "rows and the sheet's liabilities together are above 2^128");
    let want = Want::Refused(Stage::Parse, "CF-3001");
    case(vectors, name, comment, "Overflow", policy(1), signed(&too_large, &one()), want);
}
