//! What was tried against receipts, and does not get through.

use super::*;

const VERIFY: &str = "receipt verify u1.receipts --policy policy.toml --account u1 --credential-file pw";

/// An honest venue, a dispute about statement 0, and what answers it.
fn answered() -> (Place, String) {
    let place = venue();
    build(&place, "out", LEDGER, 0, None);
    publish(&place, "out", "venue.key");
    place.run(0, "receipt sign out --key venue.key --account u1 --out u1.receipts");
    place.run(0, "dispute open u1.receipts --policy policy.toml --asset BTC --as-of 2026-01-01T00:00:00Z --out d.json");
    place.run(0, "prove out --account u1 --out u1.proof");
    let judge = format!("{JUDGE} --statement out.json --log-proof out.tlog-proof --opening u1.proof");
    place.run(0, &judge);
    (place, judge)
}

#[test]
fn no_notice_is_passed_over() {
    let (place, judge) = answered();
    place.write("damaged.json", b"{\"statement\":{\"kind\":\"key-rotation\"}}");
    let lines = [VERIFY, &judge, "dispute open u1.receipts --policy policy.toml --asset BTC --out x.json"];
    for line in lines {
        place.refused(2, "CF-3001", &format!("{line} --notice damaged.json"));
        place.refused(2, "CF-3230", &format!("{line} --notice out.json"));
    }
}

/// A withdrawn statement answers nothing, and keys that were replaced by somebody do neither.
#[test]
fn an_answer_is_no_better_than_its_statement_and_keys() {
    let (place, judge) = answered();
    place.run(0, "statement void out.json --statement out.json --reason mistake --out void.json");
    place.run(0, "statement sign void.json --key venue.key --out void.json");
    place.refused(2, "CF-3232", &format!("{judge} --notice void.json"));
    place.run(0, &format!("{VERIFY} --notice void.json"));
    let (place, judge) = answered();
    let new = SigningKey::new(Algorithm::Bip340, &secret(SecretKind::Signing, 50)).unwrap();
    place.private("new.key", secret(SecretKind::Signing, 50).to_file().as_bytes());
    let rotate = format!("statement rotate out.json --new-key {} --reason yearly --out r.json", new.public_key());
    place.run(0, &rotate);
    place.run(0, "statement sign r.json --key venue.key --out r.json");
    place.run(0, "statement sign r.json --key new.key --out r.json");
    place.refused(2, "CF-3231", &format!("{judge} --notice r.json"));
}

/// The venue signs a receipt of statement 1, and logs a withdrawal under that number.
#[test]
fn a_number_is_not_used_for_something_else() {
    let place = venue();
    build(&place, "out", LEDGER, 0, None);
    let digest = publish(&place, "out", "venue.key");
    build(&place, "next", LEDGER, 1, Some(&digest));
    place.run(0, "receipt sign next --key venue.key --account u1 --out u1.receipts");
    place.run(0, "dispute open u1.receipts --policy policy.toml --asset BTC --as-of 2026-01-01T00:00:00Z --out d.json");
    place.run(0, "statement void out.json --statement out.json --reason mistake --out void.json");
    place.refused(2, "CF-3009", "statement sign void.json --key venue.key --out void.json");
    place.run(0, "statement sign void.json --key liar.key --out void.json");
    place.run(0, "publish void.json --log log --key log.key");
    place.run(0, "log prove log --sequence 1 --out void.tlog-proof");
    let judge = format!("{JUDGE} --statement void.json --log-proof void.tlog-proof --out evidence.json");
    let said = place.refused(1, "CF-3220", &judge);
    assert!(said.contains("of the kind \"void\""), "{said}");
    place.run(0, "dispute check evidence.json --policy policy.toml");
}

#[test]
fn a_sum_of_two_moments_is_no_balance() {
    let (place, _) = answered();
    let text = String::from_utf8(place.read("u1.receipts")).unwrap();
    place.private("u1.receipts", [text.as_str(), text.as_str()].concat().as_bytes());
    let said = place.refused(2, "CF-3200", &format!("{VERIFY} --expect BTC=10"));
    assert!(said.contains("two of BTC (custody)"), "{said}");
    build(&place, "later", LEDGER, 0, None);
    place.run(0, "receipt sign out --balance --key venue.key --account u1 --out shown.receipts");
    let shown = String::from_utf8(place.read("shown.receipts")).unwrap();
    let line = |text: &str, asset: &str| text.lines().find(|line| line.contains(asset)).unwrap().to_owned() + "\n";
    place.private("u1.receipts", (line(&text, "\"BTC\"") + &line(&shown, "\"ETH\"")).as_bytes());
    assert!(place.refused(2, "CF-3200", VERIFY).contains("2 moments"));
}

#[test]
fn a_deadline_can_be_read_back() {
    let (place, _) = answered();
    let open = "dispute open u1.receipts --policy policy.toml --asset BTC --as-of 9999-12-20T00:00:00Z --out late.json";
    let said = place.refused(2, "CF-3210", open);
    assert!(said.contains("no time that can be written"), "{said}");
    assert!(!place.path().join("late.json").exists());
}

/// Nobody adds a signature to a receipt later.
#[test]
fn receipts_are_signed_by_as_many_as_sign_statements() {
    let place = venue();
    let second = SigningKey::new(Algorithm::Bip340, &secret(SecretKind::Signing, 6)).unwrap().public_key().key;
    place.private("second.key", secret(SecretKind::Signing, 6).to_file().as_bytes());
    let mut keys = [signing_key().public_key().key, second];
    keys.sort();
    let keys = keys.map(|key| format!("{{ alg = \"bip340\", key = \"{key}\" }}")).join(", ");
    let who = format!("id = \"example-exchange\"\nlog_origin = \"{ORIGIN}\"\nlegal_entity = \"Example Ltd\"\n");
    let text = format!("{who}keys = [{keys}]\nthreshold = 2\naccount_hint = \"u1\"\n");
    place.write("venue.toml", text.as_bytes());
    build(&place, "out", LEDGER, 0, None);
    let sign = "receipt sign out --key venue.key --account u1 --out u1.receipts";
    place.refused(2, "CF-3008", sign);
    place.run(0, &format!("{sign} --key second.key"));
}

/// A withdrawal of the number, and of another digest: one of both is not what the log has.
#[test]
fn a_withdrawal_of_another_digest_is_told() {
    let (place, _) = answered();
    build(&place, "other", &LEDGER.replace("u2,BTC,1", "u2,BTC,2"), 0, None);
    place.run(0, "statement sign other --key liar.key --out other.json");
    place.run(0, "statement void other.json --statement other.json --reason mistake --out void.json");
    place.run(0, "statement sign void.json --key liar.key --out void.json");
    let verify = "verify u1.proof --statement out.json --policy policy.toml --log-proof out.tlog-proof --account u1 \
                  --credential-file pw";
    place.run(0, verify);
    place.refused(1, "CF-3235", &format!("{verify} --notice void.json"));
}
