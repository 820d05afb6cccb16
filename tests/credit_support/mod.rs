//! The example venue with a balance sheet in its statement.
#![allow(dead_code)]

use std::sync::LazyLock;

use counterfoil::bundle::{MANIFEST, MemoryFiles, paths, seal};
use counterfoil::hash::{Tag, sha256};
use counterfoil::json;
use counterfoil::lab::example_venue::ExampleVenue;
use counterfoil::policy::Policy;
use counterfoil::reconcile::{Report, reconcile};
use counterfoil::secret::{Secret, SecretKind};
use counterfoil::signature::{Algorithm, Envelope, SigningKey};
use counterfoil::snapshot::Time;
use serde_json::{Value, json};

static VENUE: LazyLock<ExampleVenue> = LazyLock::new(|| ExampleVenue::new().unwrap());

/// The example itself.
pub(crate) fn venue() -> &'static ExampleVenue {
    &VENUE
}

fn key(purpose: &str) -> SigningKey {
    let mut seed = sha256(format!("example venue: {purpose}").as_bytes()).to_bytes();
    SigningKey::new(Algorithm::Bip340, &Secret::new(SecretKind::Signing, &mut seed)).unwrap()
}

/// A row of any list but that of encumbrances.
pub(crate) fn row(asset: &str, amount: &str, kind: &str, counterparty: &str, due: &str) -> Value {
    json!({"amount": amount, "asset": asset, "basis": "stated", "counterparty": counterparty, "due": due,
        "evidence": null, "kind": kind, "related_party": false})
}

/// A row of encumbrances.
pub(crate) fn encumbrance(asset: &str, amount: &str, kind: &str, address: Option<&str>) -> Value {
    json!({"address": address, "amount": amount, "asset": asset, "basis": "stated", "counterparty": "Example Lender AG",
        "due": "longer", "kind": kind, "related_party": false, "until": null})
}

fn unit(id: &str, decimals: &str, issuer: Value) -> Value {
    json!({"decimals": decimals, "id": id, "issuer": issuer, "relation": "none"})
}

/// The loan of the example as a row of its balance sheet, claims, and a debt of a related party.
pub(crate) fn sheet(document: &Value) -> Value {
    let loan = &document["schedules"]["other_liabilities"][0];
    let mut debt = row("USDT", "5000000", "loan", "Example Ventures Ltd", "longer");
    debt["related_party"] = json!(true);
    json!({
        "encumbrances": [],
        "holdings": [
            row("BTC", "300000000", "deposit", "other-exchange", "24h"),
            row("EURX", "9000000", "stablecoin", "Example Euro SA", "24h"),
        ],
        "liabilities": [row(
            loan["asset"].as_str().unwrap(), loan["amount"].as_str().unwrap(), "loan", "Example Lender AG", "30d",
        )],
        "receivables": [debt],
        "units": [
            unit("BTC", "8", Value::Null), unit("ETH", "18", Value::Null),
            unit("EURX", "6", json!("Example Euro SA")), unit("USDT", "6", json!("Example Dollar Ltd")),
        ],
    })
}

/// Puts the balance sheet in the place of the older list.
pub(crate) fn with_sheet(document: &mut Value) {
    let sheet = sheet(document);
    document["schedules"]["other_liabilities"] = json!([]);
    document["schedules"]["balance_sheet"] = sheet;
}

/// The example's bundle with a changed statement and changed files, sealed again.
pub(crate) fn bundle_with(
    state: impl FnOnce(&mut Value),
    change: impl FnOnce(&mut MemoryFiles, &mut Value),
) -> MemoryFiles {
    let mut files = venue().bundle.clone();
    files.remove(MANIFEST);
    let envelope = Envelope::parse(&files[paths::STATEMENT], "statement").unwrap();
    let mut document = json::parse(&envelope.document).unwrap();
    state(&mut document);
    change(&mut files, &mut document);
    let document = json::canonical(&document).unwrap();
    let signatures = vec![key("venue").sign(Tag::Statement, &document).unwrap()];
    let file = Envelope { document, signatures }.to_file("statement").unwrap();
    files.insert(paths::STATEMENT.to_owned(), file);
    let manifest = seal(&files, "a test", Time::from_unix(0), &key("venue")).unwrap();
    files.insert(MANIFEST.to_owned(), manifest);
    files
}

/// The report about a statement with the balance sheet, changed.
pub(crate) fn report_with(change: impl FnOnce(&mut Value)) -> Report {
    let state = |document: &mut Value| {
        with_sheet(document);
        change(document);
    };
    let files = bundle_with(state, |_, _| ());
    reconcile(&files, &Policy::parse(&venue().policy).unwrap()).unwrap()
}

/// Prices of what is owed.
pub(crate) const PRICES: &str = "[quality]\nunit = \"USD\"\n[[quality.asset]]\nid = \"BTC\"\nprice = \"60000\"\n\
    [[quality.asset]]\nid = \"ETH\"\nprice = \"2000\"\n[[quality.asset]]\nid = \"USDT\"\nprice = \"1\"\n\
    [[quality.asset]]\nid = \"EURX\"\nprice = \"1.10\"\n";

/// These prices, and what is assumed of the token.
pub(crate) fn own_terms(more: &str) -> String {
    format!("{PRICES}[[quality.asset]]\nid = \"XMPL\"\n{more}\n")
}

/// A list of the balance sheet.
pub(crate) fn list<'a>(document: &'a mut Value, name: &str) -> &'a mut Vec<Value> {
    document["schedules"]["balance_sheet"][name].as_array_mut().unwrap()
}

/// The example with a token, the relation to its issuer, and when it is free.
pub(crate) fn with_token(relation: &str, amount: &str, due: &str) -> MemoryFiles {
    let state = |document: &mut Value| {
        with_sheet(document);
        list(document, "holdings").push(row("XMPL", amount, "token", "Example Ventures Ltd", due));
        let unit = json!({"decimals": "0", "id": "XMPL", "issuer": "Example Ventures Ltd", "relation": relation});
        list(document, "units").push(unit);
    };
    bundle_with(state, |_, _| ())
}

/// The example with a token of its own as its largest holding: 10,000,000 of it, stated as a claim.
pub(crate) fn own_token() -> MemoryFiles {
    with_token("self", "10000000", "now")
}

/// The report about a bundle of the example under its policy with assumptions.
pub(crate) fn under(files: &MemoryFiles, quality: &str) -> Report {
    let policy = venue().policy.replacen("[[node]]", &format!("{quality}\n[[node]]"), 1);
    reconcile(files, &Policy::parse(&policy).unwrap()).unwrap()
}
