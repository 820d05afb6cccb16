//! Receipts and disputes through the command: who is convicted by what, and who is not.
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "receipts/attacks.rs"]
mod attacks;
mod log_support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use counterfoil::json;
use counterfoil::secret::SecretKind;
use counterfoil::signature::{Algorithm, SigningKey};
use counterfoil::snapshot::Time;
use log_support::{ORIGIN, Place, cutoff, log_section, policy, secret, signing_key};
use serde_json::{Value, json};

const ASSETS: &str = "[[asset]]\nid = \"BTC\"\ndecimals = 8\n[[asset]]\nid = \"ETH\"\ndecimals = 18\n";
const LEDGER: &str = "account,asset,amount,credential\nu1,BTC,5,pw\nu1,ETH,2,pw\nu2,BTC,1,\nu3,BTC,7,\n";

/// A venue with a policy that pins it, and nothing built.
fn venue() -> Place {
    let place = Place::new();
    let key = signing_key().public_key().key;
    let keys = format!("keys = [{{ alg = \"bip340\", key = \"{key}\" }}]\n");
    let who = format!("id = \"example-exchange\"\nlog_origin = \"{ORIGIN}\"\nlegal_entity = \"Example Ltd\"\n");
    place.write("venue.toml", format!("{who}{keys}account_hint = \"u1\"\n").as_bytes());
    place.write("assets.toml", ASSETS.as_bytes());
    place.private("venue.key", secret(SecretKind::Signing, 5).to_file().as_bytes());
    // the same key under another name has a record of its own: a venue that means to lie
    place.private("liar.key", secret(SecretKind::Signing, 5).to_file().as_bytes());
    place.private("master.secret", secret(SecretKind::Master, 6).to_file().as_bytes());
    place.private("pw", b"pw\n");
    place
}

fn build(place: &Place, out: &str, ledger: &str, sequence: u64, predecessor: Option<&str>) {
    place.write("ledger.csv", ledger.as_bytes());
    let time = |sequence: u64| Time::from_unix(cutoff(sequence));
    let mut snapshot = format!("sequence = {sequence}\n");
    if let Some(predecessor) = predecessor {
        snapshot.push_str(&format!("predecessor = \"{predecessor}\"\n"));
    }
    for (name, at) in [("cutoff", sequence), ("next_cutoff", sequence + 1), ("due", sequence + 2)] {
        snapshot.push_str(&format!("{name} = \"{}\"\n", time(at)));
    }
    place.write("snapshot.toml", snapshot.as_bytes());
    place.run(
        0,
        &format!(
            "build ledger.csv --assets assets.toml --venue venue.toml --snapshot snapshot.toml --secret-file \
             master.secret --no-control-total --out {out}"
        ),
    );
}

/// Signs and publishes a build, and proves where it stands.
fn publish(place: &Place, out: &str, key: &str) -> String {
    let said = place.run(0, &format!("statement sign {out} --key {key} --out {out}.json"));
    place.run(0, &format!("publish {out}.json --log log --key log.key"));
    let sequence = value(place, &format!("{out}.json"))["statement"]["sequence"].as_str().unwrap().to_owned();
    place.run(0, &format!("log prove log --sequence {sequence} --out {out}.tlog-proof"));
    said.lines().next().unwrap().rsplit(' ').next().unwrap().to_owned()
}

fn value(place: &Place, name: &str) -> Value {
    serde_json::from_slice(&place.read(name)).unwrap()
}

/// Receipts of the honest ledger, and a statement that was built from another one.
fn liar(ledger: &str) -> Place {
    let place = venue();
    build(&place, "honest", LEDGER, 0, None);
    place.run(0, "receipt sign honest --key venue.key --account u1 --out u1.receipts");
    build(&place, "lie", ledger, 0, None);
    publish(&place, "lie", "liar.key");
    place.run(0, "dispute open u1.receipts --policy policy.toml --asset BTC --as-of 2026-01-01T00:00:00Z --out d.json");
    place
}

const JUDGE: &str = "dispute judge d.json --policy policy.toml --as-of 2026-01-02T00:00:00Z";
const LIE: &str = "--statement lie.json --log-proof lie.tlog-proof";

#[test]
fn receipts_are_issued_counted_and_checked() {
    let place = venue();
    build(&place, "out", LEDGER, 0, None);
    let said = place.run(0, "receipt sign out --key venue.key --all --out all.receipts");
    assert!(said.contains("4 receipts written"), "{said}");
    assert!(!said.contains("u1") && !said.contains("u2"), "no account in a message: {said}");
    let mode = fs::metadata(place.path().join("all.receipts")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let said = place.run(0, "receipt sign out --key venue.key --account u1 --out u1.receipts");
    assert!(said.contains("2 receipts written"), "{said}");
    let verify = "receipt verify u1.receipts --policy policy.toml --account u1 --credential-file pw";
    let said = place.run(0, &format!("{verify} --expect BTC=5 --expect ETH=2"));
    assert!(said.contains("5.00000000 BTC (custody) at the cut-off") && said.contains("statement 0"), "{said}");
    place.refused(1, "CF-3202", &format!("{verify} --expect BTC=6"));
    place.refused(2, "CF-9004", &format!("{verify} --expect DOGE=6"));
    place.refused(2, "CF-3201", "receipt verify u1.receipts --policy policy.toml --account u2");
    let said = place.refused(2, "CF-3201", "receipt verify u1.receipts --policy policy.toml --account u1");
    assert!(!said.contains("pw"), "a credential is never shown: {said}");
    place.refused(2, "CF-3201", "receipt verify all.receipts --policy policy.toml --account u1 --credential-file pw");
    let text = String::from_utf8(place.read("u1.receipts")).unwrap();
    place.write("more.receipts", text.replace("\"500000000\"", "\"900000000\"").as_bytes());
    let line = "receipt verify more.receipts --policy policy.toml --account u1 --credential-file pw";
    place.refused(1, "CF-3007", line);
    place.write("more.receipts", text.replace("counterfoil-receipt-v1", "counterfoil-receipt-v2").as_bytes());
    place.refused(2, "CF-3200", line);
    // a receipt for a second build of this number would convict the venue: its tool does not sign one
    build(&place, "again", LEDGER, 0, None);
    place.refused(2, "CF-3009", "receipt sign again --key venue.key --account u1 --out x.receipts");
    place.refused(2, "CF-3009", "statement sign again --key venue.key --out again.json");
    place.private("other.key", secret(SecretKind::Signing, 9).to_file().as_bytes());
    place.refused(2, "CF-3017", "receipt sign out --key other.key --account u1 --out x.receipts");
    assert!(!place.path().join("x.receipts").exists());
}

#[test]
fn an_honest_answer_closes_a_dispute() {
    let place = venue();
    build(&place, "out", LEDGER, 0, None);
    publish(&place, "out", "venue.key");
    place.run(0, "receipt sign out --key venue.key --account u1 --out u1.receipts");
    let open = "dispute open u1.receipts --policy policy.toml --as-of 2026-01-01T00:00:00Z --out d.json";
    place.refused(2, "CF-9004", open);
    place.run(0, &format!("{open} --asset BTC"));
    place.refused(2, "CF-3222", JUDGE);
    place.run(0, "prove out --account u1 --out u1.proof");
    let files = "--statement out.json --log-proof out.tlog-proof";
    place.run(0, &format!("dispute answer d.json --key venue.key {files} --opening u1.proof --out a.json"));
    let said = place.run(0, &format!("{JUDGE} --answer a.json"));
    assert!(said.starts_with("answered") && said.contains("5.00000000 BTC"), "{said}");
    // the leaf alone answers, whoever brings it; and late is not never
    place.run(0, &format!("{JUDGE} {files} --opening u1.proof"));
    place.run(0, "dispute judge d.json --policy policy.toml --answer a.json --as-of 2027-01-01T00:00:00Z");
    // silence proves nothing
    let said = place.refused(2, "CF-3221", "dispute judge d.json --policy policy.toml --as-of 2027-01-01T00:00:00Z");
    assert!(said.contains("unanswered"), "{said}");
    // evidence is not written about an honest venue, and none that is made by hand holds
    let text = |name: &str| String::from_utf8(place.read(name)).unwrap();
    let receipt = text("u1.receipts").lines().next().unwrap().to_owned();
    let evidence = |opening: Value, receipt: &str| {
        let file = json!({
            "credential": null, "format": "counterfoil-receipt-contradiction-v1", "log_proof": text("out.tlog-proof"),
            "opening": opening, "receipt": receipt, "rotations": [], "statement": text("out.json"),
        });
        place.write("forged.json", &json::canonical(&file).unwrap());
    };
    let check = "dispute check forged.json --policy policy.toml";
    evidence(json!(text("u1.proof")), &receipt);
    place.refused(2, "CF-3224", check);
    evidence(Value::Null, &receipt);
    place.refused(2, "CF-3224", check);
    evidence(json!(text("u1.proof").replace("\"500000000\"", "\"400000000\"")), &receipt);
    place.refused(2, "CF-3214", check);
    evidence(json!(text("u1.proof")), &receipt.replace("\"500000000\"", "\"900000000\""));
    place.refused(1, "CF-3007", check);
    place.run(0, "prove out --account u2 --out u2.proof");
    evidence(json!(text("u2.proof")), &receipt);
    place.refused(2, "CF-3214", check);
    place.write("forged.json", b"{}");
    place.refused(2, "CF-3223", check);
    // the customer signs a receipt with a key of their own
    let mut own: Value = serde_json::from_str(&receipt).unwrap();
    own["receipt"]["amount"] = json!("900000000");
    let document: counterfoil::publish::receipt::Receipt = serde_json::from_value(own["receipt"].take()).unwrap();
    let mine = SigningKey::new(Algorithm::Bip340, &secret(SecretKind::Signing, 77)).unwrap();
    let file = String::from_utf8(document.clone().sign(&[mine]).unwrap()).unwrap();
    evidence(Value::Null, &file);
    place.refused(2, "CF-3006", check);
    // signed by the venue, and naming another key
    let mut foreign: Value = serde_json::from_slice(&document.sign(&[signing_key()]).unwrap()).unwrap();
    let other = SigningKey::new(Algorithm::Bip340, &secret(SecretKind::Signing, 78)).unwrap().public_key().key;
    foreign["receipt"]["keys"] = json!([{"alg": "bip340", "key": other}]);
    let bytes = json::canonical(&foreign["receipt"]).unwrap();
    let mut envelope = counterfoil::signature::Envelope { document: bytes, signatures: Vec::new() };
    envelope.add(signing_key().sign(counterfoil::hash::Tag::Receipt, &envelope.document).unwrap());
    evidence(Value::Null, &String::from_utf8(envelope.to_file("receipt").unwrap()).unwrap());
    place.refused(2, "CF-3203", check);
}

#[test]
fn attack_b13_a_lowered_balance_convicts_on_another_machine() {
    let place = liar(&LEDGER.replace("u1,BTC,5", "u1,BTC,4"));
    place.run(0, "prove lie --account u1 --out u1.proof");
    let judge = format!("{JUDGE} {LIE} --opening u1.proof --out evidence.json");
    let said = place.refused(1, "CF-3220", &judge);
    assert!(said.starts_with("contradicted"), "{said}");
    assert!(said.contains("the receipt says 5.00000000 BTC, the leaf in statement 0 4.00000000 BTC"), "{said}");
    let mode = fs::metadata(place.path().join("evidence.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // another machine: the file, and a policy of its own
    let third = Place::new();
    third.write("evidence.json", &place.read("evidence.json"));
    let said = third.run(0, "dispute check evidence.json --policy policy.toml");
    assert!(said.contains("honest keys do not sign both"), "{said}");
    // it tells no more than it must
    let opening = value(&third, "evidence.json")["opening"].as_str().unwrap().to_owned();
    assert!(!opening.contains("ETH"), "{opening}");
    // without a log there is no one root for everybody
    third.write("blind.toml", policy("").as_bytes());
    third.refused(2, "CF-9004", "dispute check evidence.json --policy blind.toml");
    // another log
    third.write("other.toml", policy(&log_section(1, 1)).as_bytes());
    third.refused(2, "CF-3110", "dispute check evidence.json --policy other.toml");
}

#[test]
fn a_venue_does_not_wriggle_out() {
    let place = liar(&LEDGER.replace("u1,BTC,5", "u1,BTC,4"));
    place.run(0, "prove lie --account u1 --out u1.proof");
    place.run(0, "prove lie --account u2 --out u2.proof");
    place.run(0, "prove honest --account u1 --out honest.proof");
    // signed again, as the receipts say, and not in the log
    place.run(0, "statement sign honest --key venue.key --out honest.json");
    let answer = |name: &str, files: &str| {
        place.run(0, &format!("dispute answer d.json --key venue.key {files} --out {name}"));
        format!("{JUDGE} --answer {name}")
    };
    let unlogged = answer("a1", "--statement honest.json --log-proof lie.tlog-proof --opening honest.proof");
    let said = place.refused(2, "CF-3222", &unlogged);
    assert!(said.contains("set aside") && said.contains("CF-3109"), "{said}");
    let other_account = answer("a2", &format!("{LIE} --opening u2.proof"));
    assert!(place.refused(2, "CF-3222", &other_account).contains("CF-3214"));
    // the next statement has it right: another sequence number
    let digest = counterfoil::publish::log::audit::Entry::parse(&place.read("lie.json")).unwrap().digest;
    build(&place, "next", LEDGER, 1, Some(&digest.to_string()));
    publish(&place, "next", "liar.key");
    place.run(0, "prove next --account u1 --out next.proof");
    let next = answer("a3", "--statement next.json --log-proof next.tlog-proof --opening next.proof");
    assert!(place.refused(2, "CF-3222", &next).contains("CF-3213"));
    // another asset
    let mut ether = value(&place, "u1.proof");
    ether["leaves"].as_array_mut().unwrap().retain(|leaf| leaf["asset"] == "ETH");
    place.write("ether.proof", &json::canonical(&ether).unwrap());
    let said = place.refused(2, "CF-3222", &format!("{JUDGE} {LIE} --opening ether.proof"));
    assert!(said.contains("CF-3213"), "{said}");
    // none of them takes back what the leaf shows
    let all = "--answer a1 --answer a2 --answer a3";
    let contradiction = format!("{JUDGE} {LIE} --opening u1.proof {all}");
    place.refused(1, "CF-3220", &contradiction);
    // nor does a withdrawal
    place.run(0, "statement void next.json --statement lie.json --reason mistake --out void.json");
    place.run(0, "statement sign void.json --key liar.key --out void.json");
    place.run(0, "publish void.json --log log --key log.key");
    place.refused(1, "CF-3220", &format!("{contradiction} --notice void.json --out evidence.json"));
    place.run(0, "dispute check evidence.json --policy policy.toml");
    // a proof against a withdrawn statement shows nothing
    let verify = "verify u1.proof --statement lie.json --policy policy.toml --log-proof lie.tlog-proof --account u1 \
                  --credential-file pw";
    place.run(0, verify);
    place.refused(2, "CF-3232", &format!("{verify} --notice void.json"));
    // the answer to another receipt
    place.run(0, "dispute open u1.receipts --policy policy.toml --asset ETH --as-of 2026-01-01T00:00:00Z --out e.json");
    place.run(0, &format!("dispute answer e.json --key venue.key {LIE} --opening u1.proof --out a4"));
    assert!(place.refused(2, "CF-3222", &format!("{JUDGE} --answer a4")).contains("CF-3212"));
    place.write("a5", b"{}");
    assert!(place.refused(2, "CF-3222", &format!("{JUDGE} --answer a5")).contains("CF-3211"));
}

#[test]
fn the_nonce_alone_is_another_leaf() {
    let place = liar(LEDGER);
    place.run(0, "prove lie --account u1 --out u1.proof");
    let said = place.refused(1, "CF-3220", &format!("{JUDGE} {LIE} --opening u1.proof --out evidence.json"));
    assert!(said.contains("names the leaf") && !said.contains("the receipt says"), "{said}");
    place.run(0, "dispute check evidence.json --policy policy.toml");
}

#[test]
fn a_leaf_under_another_credential_is_another_leaf() {
    let place = liar(&LEDGER.replace("u1,BTC,5,pw", "u1,BTC,5,wp").replace("u1,ETH,2,pw", "u1,ETH,2,wp"));
    place.run(0, "prove lie --account u1 --out u1.proof");
    place.private("wp", b"wp\n");
    assert!(place.refused(2, "CF-3222", &format!("{JUDGE} {LIE} --opening u1.proof")).contains("CF-3214"));
    place.refused(1, "CF-3220", &format!("{JUDGE} {LIE} --opening u1.proof --credential-file wp --out evidence.json"));
    place.run(0, "dispute check evidence.json --policy policy.toml");
}

/// Absence of one leaf cannot be shown; absence of the whole row can, and a total below one balance, too.
#[test]
fn what_a_statement_alone_contradicts() {
    let place = liar("account,asset,amount,credential\nu2,BTC,1,\nu3,BTC,2,\n");
    let said = place.refused(1, "CF-3220", &format!("{JUDGE} {LIE} --out evidence.json"));
    assert!(said.contains("commits to 3.00000000 in all"), "{said}");
    place.run(0, "dispute check evidence.json --policy policy.toml");
    let place = liar("account,asset,amount,credential\nu2,ETH,1,\n");
    let said = place.refused(1, "CF-3220", &format!("{JUDGE} {LIE}"));
    assert!(said.contains("commits to nothing of that"), "{said}");
    // left out among others: nobody can show it
    let place = liar("account,asset,amount,credential\nu2,BTC,1,\nu3,BTC,7,\n");
    place.refused(2, "CF-3222", &format!("{JUDGE} {LIE}"));
    let late = JUDGE.replace("2026-01-02", "2026-02-02");
    place.refused(2, "CF-3221", &format!("{late} {LIE}"));
}

#[test]
fn a_customer_who_withdrew_convicts_nobody() {
    let place = venue();
    // what the app showed a day before the cut-off
    build(&place, "shown", LEDGER, 0, None);
    let said = place.run(0, "receipt sign shown --balance --key venue.key --account u1 --out u1.receipts");
    assert!(said.contains("2 receipts"), "{said}");
    let said = place.run(0, "receipt verify u1.receipts --policy policy.toml --account u1 --credential-file pw");
    assert!(said.contains("as shown at"), "{said}");
    // then u1 took 3 BTC, and all ETH
    first(&place);
    let open = "dispute open u1.receipts --policy policy.toml --as-of 2026-01-01T00:00:00Z";
    place.refused(2, "CF-3210", &format!("{open} --asset BTC --out d.json"));
    place.run(0, &format!("{open} --asset BTC --sequence 1 --out d.json"));
    place.run(0, &format!("{open} --asset ETH --sequence 1 --out e.json"));
    place.run(0, "prove out2 --account u1 --out u1.proof");
    let files = "--statement out2.json --log-proof out2.tlog-proof";
    // the leaf alone is no contradiction
    let said = place.refused(2, "CF-3222", &format!("{JUDGE} {files} --opening u1.proof"));
    assert!(said.contains("set aside"), "{said}");
    place.refused(2, "CF-3221", &format!("{} {files} --opening u1.proof", JUDGE.replace("2026-01", "2026-05")));
    let text = |name: &str| String::from_utf8(place.read(name)).unwrap();
    let evidence = json!({
        "credential": null, "format": "counterfoil-receipt-contradiction-v1", "log_proof": text("out2.tlog-proof"),
        "opening": text("u1.proof"), "receipt": text("u1.receipts").lines().next().unwrap(), "rotations": [],
        "statement": text("out2.json"),
    });
    place.write("forged.json", &json::canonical(&evidence).unwrap());
    place.refused(2, "CF-3225", "dispute check forged.json --policy policy.toml");
    // the venue says what went
    let time = Time::from_unix(cutoff(1) - 3600);
    let answer = |dispute: &str, name: &str, rows: &str, opening: &str| {
        place.write("moved.csv", format!("time,side,amount,reference\n{rows}").as_bytes());
        let moved = "--movements moved.csv";
        place.run(0, &format!("dispute answer {dispute} --key venue.key {files} {opening} {moved} --out {name}"));
    };
    answer("d.json", "a1", &format!("{time},debit,3,txid 77\n"), "--opening u1.proof");
    let said = place.run(0, &format!("{JUDGE} --answer a1"));
    assert!(said.contains("2.00000000 BTC") && said.contains("1 movements"), "{said}");
    for (name, rows) in [
        ("a2", format!("{time},debit,2.5,txid 77\n")),
        ("a3", format!("{},debit,3,too late\n", Time::from_unix(cutoff(1) + 1))),
        ("a4", format!("{time},debit,6,below zero\n{time},credit,3,back\n")),
    ] {
        answer("d.json", name, &rows, "--opening u1.proof");
        assert!(place.refused(2, "CF-3222", &format!("{JUDGE} --answer {name}")).contains("CF-3215"), "{name}");
    }
    // nothing was left: there is no leaf to open
    answer("e.json", "a5", &format!("{time},debit,2,txid 78\n"), "");
    let judge = JUDGE.replace("d.json", "e.json");
    assert!(place.run(0, &format!("{judge} --answer a5")).starts_with("answered"));
    // somebody else's answer
    place.private("other.key", secret(SecretKind::Signing, 9).to_file().as_bytes());
    place.run(0, &format!("dispute answer e.json --key other.key {files} --movements moved.csv --out a6"));
    assert!(place.refused(2, "CF-3222", &format!("{judge} --answer a6")).contains("CF-3006"));
}

/// A log of two statements, the second one after the withdrawals.
fn first(place: &Place) {
    let digest = publish(place, "shown", "liar.key");
    let after = "account,asset,amount,credential\nu1,BTC,2,pw\nu2,BTC,1,\nu3,BTC,7,\n";
    build(place, "out2", after, 1, Some(&digest));
    publish(place, "out2", "liar.key");
}

#[test]
fn a_receipt_of_keys_that_were_replaced_still_convicts() {
    let place = liar(&LEDGER.replace("u1,BTC,5", "u1,BTC,4"));
    place.run(0, "prove lie --account u1 --out u1.proof");
    let new = SigningKey::new(Algorithm::Bip340, &secret(SecretKind::Signing, 50)).unwrap();
    place.private("new.key", secret(SecretKind::Signing, 50).to_file().as_bytes());
    let rotate = format!("statement rotate lie.json --new-key {} --reason yearly --out r.json", new.public_key());
    place.run(0, &rotate);
    place.run(0, "statement sign r.json --key liar.key --out r.json");
    place.refused(2, "CF-3234", "publish r.json --log log --key log.key");
    place.run(0, "statement sign r.json --key new.key --out r.json");
    place.run(0, "publish r.json --log log --key log.key");
    let old_key = signing_key().public_key().key;
    let pinned = policy(&log_section(0, 0)).replace(&old_key, &new.public_key().key);
    place.write("new.toml", pinned.as_bytes());
    let judge = JUDGE.replace("policy.toml", "new.toml");
    let line = format!("{judge} {LIE} --opening u1.proof --out evidence.json");
    place.refused(2, "CF-3006", &line);
    place.refused(1, "CF-3220", &format!("{line} --notice r.json"));
    // whoever pins the new keys, and whoever pins the old ones
    place.run(0, "dispute check evidence.json --policy new.toml");
    place.run(0, "dispute check evidence.json --policy policy.toml");
    // the old keys' customer is told, and follows nobody
    let verify = "verify u1.proof --statement lie.json --log-proof lie.tlog-proof --account u1 --credential-file pw";
    let said = place.refused(2, "CF-3231", &format!("{verify} --policy policy.toml --notice r.json"));
    assert!(said.contains("THE VENUE SAYS ITS KEYS CHANGED with statement 1"), "{said}");
    place.run(0, &format!("{verify} --policy new.toml --notice r.json"));
    let receipts = "receipt verify u1.receipts --account u1 --credential-file pw";
    place.refused(2, "CF-3231", &format!("{receipts} --policy policy.toml --notice r.json"));
    place.run(0, &format!("{receipts} --policy new.toml --notice r.json"));
}
