//! Changes of keys and withdrawals: they stand in the log, everybody is told, and nobody follows unasked.
#![allow(missing_docs, clippy::unwrap_used)]

mod log_support;

use counterfoil::code::Coded as _;
use counterfoil::publish::{KeyHistory, StatementError, StatementPins, statement_kinds};
use counterfoil::secret::SecretKind;
use counterfoil::signature::{Algorithm, Envelope, PublicKey, SigningKey};
use counterfoil::snapshot::VenueId;
use counterfoil::{json, publish};
use log_support::{Made, ORIGIN, Place, log_section, policy, secret, signing_key, statement, statement_with};
use serde_json::{Value, json};

fn key(seed: u8) -> SigningKey {
    SigningKey::new(Algorithm::Bip340, &secret(SecretKind::Signing, seed)).unwrap()
}

/// Any document, signed by whoever it takes.
fn signed(document: &Value, keys: &[&SigningKey]) -> Made {
    let mut envelope = Envelope { document: json::canonical(document).unwrap(), signatures: Vec::new() };
    for key in keys {
        envelope.add(key.sign(counterfoil::hash::Tag::Statement, &envelope.document).unwrap());
    }
    Made { file: envelope.to_file("statement").unwrap(), digest: publish::digest(&envelope.document) }
}

fn document(made: &Made) -> Value {
    let mut file: Value = serde_json::from_slice(&made.file).unwrap();
    file["statement"].take()
}

fn public(key: &SigningKey) -> Value {
    json!({"alg": "bip340", "key": key.public_key().key})
}

/// A snapshot by other keys than those of the venue at first.
fn snapshot_by(declared: &SigningKey, by: &SigningKey, sequence: u64, before: &Made) -> Made {
    let mut document = document(&statement_with(sequence, Some(before.digest), |_| {}));
    document["venue"]["keys"] = json!([public(declared)]);
    signed(&document, &[by])
}

fn notice(kind: &str, sequence: u64, before: &Made) -> Value {
    let venue = document(&statement(0, None, "1"))["venue"].clone();
    json!({
        "format": "counterfoil-statement-v1", "issued": "2025-02-01T00:00:00Z", "kind": kind,
        "predecessor": before.digest.to_string(), "reason": "planned", "sequence": sequence.to_string(),
        "tool": "counterfoil 0.1.0", "venue": venue,
    })
}

fn rotation(new: &SigningKey, sequence: u64, before: &Made) -> Value {
    let mut document = notice("key-rotation", sequence, before);
    document["new"] = json!({"keys": [public(new)], "threshold": "1"});
    document
}

fn void(voided: u64, digest: &str, sequence: u64, before: &Made) -> Made {
    let mut document = notice("void", sequence, before);
    document["voids"] = json!({"digest": digest, "sequence": voided.to_string()});
    signed(&document, &[&signing_key()])
}

/// Statements 0 and 1, a change of keys as 2, statement 3 by the new ones.
struct Changed {
    first: Made,
    second: Made,
    rotation: Made,
    third: Made,
}

fn changed() -> Changed {
    let first = statement(0, None, "550000000");
    let second = statement(1, Some(first.digest), "550000000");
    let new = key(50);
    let rotation = signed(&rotation(&new, 2, &second), &[&signing_key(), &new]);
    let third = snapshot_by(&new, &new, 3, &rotation);
    Changed { first, second, rotation, third }
}

fn published(made: &[&Made]) -> Place {
    let place = Place::new();
    made.iter().for_each(|one| drop(place.publish(one, "")));
    let old = signing_key().public_key().key;
    let pinned = policy(&log_section(0, 0)).replace(&old, &key(50).public_key().key);
    place.write("new.toml", pinned.as_bytes());
    place
}

#[test]
fn a_change_of_keys_is_announced_and_not_followed() {
    let Changed { first, second, rotation, third } = changed();
    let place = published(&[&first, &second, &rotation, &third]);
    let said = place.refused(2, "CF-3231", "log check log --policy policy.toml");
    assert!(said.contains("THE VENUE SAYS ITS KEYS CHANGED with statement 2"), "{said}");
    assert!(said.contains(&key(50).public_key().key) && said.contains("from somewhere else"), "{said}");
    assert_eq!(said.matches("error[").count(), 1, "{said}");
    // whoever pins the new card checks the whole log, and the part before the change by the keys of then
    let said = place.run(0, "log check log --policy new.toml");
    assert!(said.contains("Statement 2 replaces the keys"), "{said}");
    place.write("rotation.json", &rotation.file);
    place.write("third.json", &third.file);
    let same = place.run(0, "compare rotation.json log/statement/002.json --policy policy.toml");
    assert!(same.contains("statement 2 is the same"), "{same}");
    place.write("second.json", &second.file);
    place.run(0, "compare second.json rotation.json --policy policy.toml");
    place.run(0, "compare rotation.json third.json --policy new.toml");
    place.run(0, "log prove log --sequence 2 --out r.tlog-proof");
}

#[test]
fn the_old_keys_sign_nothing_after_a_change() {
    let Changed { first, second, rotation, third } = changed();
    let place = published(&[&first, &second, &rotation]);
    let publish = |made: &Made, code, error| {
        place.write("x.json", &made.file);
        place.refused(code, error, "publish x.json --log log --key log.key")
    };
    let old = signing_key();
    publish(&snapshot_by(&old, &old, 3, &rotation), 1, "CF-3236");
    publish(&snapshot_by(&key(50), &old, 3, &rotation), 2, "CF-3006");
    place.publish(&third, "");
    // the entry is the statement without signatures: whoever serves the log can put another one beside it
    place.write("log/statement/003.json", &snapshot_by(&key(50), &old, 3, &rotation).file);
    place.refused(1, "CF-3233", "log check log --policy new.toml");
    place.refused(1, "CF-3233", "log check log --policy policy.toml");
    // keys do not change without an entry that says so
    let place = published(&[&first, &second]);
    place.write("x.json", &snapshot_by(&key(50), &key(50), 2, &second).file);
    place.refused(1, "CF-3236", "publish x.json --log log --key log.key");
}

#[test]
fn both_sides_sign_a_change_of_keys() {
    let Changed { second, rotation: good, .. } = changed();
    let (old, new, thief) = (signing_key(), key(50), key(60));
    let unsigned = rotation(&new, 2, &second);
    let venue: VenueId = "example-exchange".parse().unwrap();
    let verify = |made: &Made, pinned: &SigningKey| {
        let keys: Vec<PublicKey> = vec![pinned.public_key()];
        let pins = StatementPins { venue: &venue, log_origin: ORIGIN, keys: &keys, threshold: 1 };
        let history = KeyHistory::new(pins, std::slice::from_ref(&made.file));
        history.map(|history| history.announced().count()).map_err(|error| error.code().to_string())
    };
    assert_eq!(verify(&good, &old), Ok(1));
    assert_eq!(verify(&good, &new), Ok(0));
    assert_eq!(verify(&signed(&unsigned, &[&old]), &old), Err("CF-3234".to_owned()));
    assert_eq!(verify(&signed(&unsigned, &[&new]), &old), Err("CF-3234".to_owned()));
    assert_eq!(verify(&signed(&unsigned, &[&new]), &new), Err("CF-3234".to_owned()));
    assert_eq!(verify(&good, &thief), Err("CF-3006".to_owned()));
    // keys of one's own beside a pinned one, and the pinned one has not signed
    let mut crowd = unsigned.clone();
    let mut both = vec![public(&thief), public(&old)];
    both.sort_by_key(|key| key["key"].as_str().unwrap().to_owned());
    crowd["venue"]["keys"] = json!(both);
    assert_eq!(verify(&signed(&crowd, &[&thief, &new]), &old), Err("CF-3006".to_owned()));
    let mut same = unsigned;
    same["new"]["keys"] = json!([public(&old)]);
    assert_eq!(verify(&signed(&same, &[&old]), &old), Err("CF-3001".to_owned()));
    assert_eq!(verify(&second, &old), Err("CF-3230".to_owned()));
}

#[test]
fn keys_are_known_back_from_the_pinned_ones_and_never_forward() {
    let Changed { first, second, rotation: one, third } = changed();
    let last = key(51);
    let mut document = rotation(&last, 4, &third);
    document["venue"]["keys"] = json!([public(&key(50))]);
    let two = signed(&document, &[&key(50), &last]);
    let venue: VenueId = "example-exchange".parse().unwrap();
    let files = [two.file.clone(), one.file.clone()];
    let history = |keys: &[PublicKey], statement: &Made| {
        let pins = StatementPins { venue: &venue, log_origin: ORIGIN, keys, threshold: 1 };
        let found = KeyHistory::new(pins, &files).unwrap().verify(&statement.file);
        found.map(|found| found.stated().sequence()).map_err(|error| error.code().to_string())
    };
    let pinned = |seed: u8| vec![if seed == 5 { signing_key() } else { key(seed) }.public_key()];
    for made in [&first, &second, &one, &third, &two] {
        assert!(history(&pinned(51), made).is_ok());
    }
    assert_eq!(history(&pinned(50), &first), Ok(0));
    assert_eq!(history(&pinned(50), &third), Ok(3));
    assert_eq!(history(&pinned(5), &second), Ok(1));
    assert_eq!(history(&pinned(5), &third), Err("CF-3231".to_owned()));
    let fourth = snapshot_by(&last, &last, 5, &two);
    assert_eq!(history(&pinned(51), &fourth), Ok(5));
    assert_eq!(history(&pinned(50), &fourth), Err("CF-3231".to_owned()));
    assert_eq!(history(&pinned(51), &snapshot_by(&last, &key(50), 5, &two)), Err("CF-3233".to_owned()));
    // a change that does not continue the one before
    let mut other = rotation(&last, 4, &third);
    other["venue"]["keys"] = json!([public(&key(70))]);
    let gap = signed(&other, &[&key(70), &last]);
    let keys = pinned(51);
    let pins = StatementPins { venue: &venue, log_origin: ORIGIN, keys: &keys, threshold: 1 };
    let error = KeyHistory::new(pins, &[gap.file, one.file]).unwrap_err();
    assert!(matches!(error, StatementError::Unaccepted(_)), "{error}");
}

#[test]
fn a_withdrawal_names_what_the_log_has() {
    let Changed { first, second, .. } = changed();
    let place = published(&[&first, &second]);
    let publish = |made: &Made, code, error| {
        place.write("x.json", &made.file);
        place.refused(code, error, "publish x.json --log log --key log.key")
    };
    publish(&void(0, &second.digest.to_string(), 2, &second), 1, "CF-3235");
    publish(&void(2, &first.digest.to_string(), 2, &second), 2, "CF-3001");
    let withdrawn = void(0, &first.digest.to_string(), 2, &second);
    place.publish(&withdrawn, "");
    let said = place.run(0, "log check log --policy policy.toml");
    assert!(said.contains("Statement 2 withdraws statement 0: planned"), "{said}");
    // no withdrawal of a withdrawal
    publish(&void(2, &withdrawn.digest.to_string(), 3, &withdrawn), 1, "CF-3235");
    // the next snapshot follows the last one over the withdrawal
    place.publish(&statement(3, Some(withdrawn.digest), "550000000"), "");
    place.run(0, "log check log --policy policy.toml");
    place.write("void.json", &withdrawn.file);
    // where a snapshot is asked for
    let verify = "verify x.json --statement void.json --policy policy.toml --account u1";
    place.refused(2, "CF-3232", verify);
    let entry = publish::log::audit::Entry::parse(&withdrawn.file).unwrap();
    assert_eq!(publish::parse(&entry.document).unwrap_err().code().to_string(), "CF-3230");
    // a withdrawal in a log that was written by hand
    let place = published(&[&first, &second]);
    place.publish(&void(1, &second.digest.to_string(), 2, &second), "");
    let other = void(0, &"11".repeat(32), 2, &second);
    place.write("log/statement/002.json", &other.file);
    place.refused(1, "CF-3235", "log check log --policy policy.toml");
    let pins_keys = [signing_key().public_key()];
    let venue: VenueId = "example-exchange".parse().unwrap();
    let pins = StatementPins { venue: &venue, log_origin: ORIGIN, keys: &pins_keys, threshold: 1 };
    assert!(statement_kinds::verify(&other.file, &pins).is_ok());
    assert_eq!(publish::verify(&other.file, &pins).unwrap_err().code().to_string(), "CF-3232");
    assert_eq!(publish::verify(&changed().rotation.file, &pins).unwrap_err().code().to_string(), "CF-3231");
}

#[test]
fn the_command_writes_what_it_accepts() {
    let Changed { first, second, .. } = changed();
    let place = published(&[&first, &second]);
    place.private("venue.key", secret(SecretKind::Signing, 5).to_file().as_bytes());
    place.private("new.key", secret(SecretKind::Signing, 50).to_file().as_bytes());
    place.write("first.json", &first.file);
    place.write("second.json", &second.file);
    let new = key(50).public_key();
    place.refused(2, "CF-9004", "statement rotate second.json --new-key x --reason yearly --out r.json");
    place.run(0, &format!("statement rotate second.json --new-key {new} --reason yearly --out r.json"));
    place.run(0, "statement sign r.json --key venue.key --out r.json");
    let said = place.run(0, "statement sign r.json --key new.key --out r.json");
    assert!(said.contains("2 of 2 signatures"), "{said}");
    place.run(0, "publish r.json --log log --key log.key");
    place.refused(2, "CF-3230", "statement void r.json --statement r.json --reason wrong --out v.json");
    place.run(0, "statement void r.json --statement first.json --reason wrong --out v.json");
    place.refused(2, "CF-3017", "statement sign v.json --key venue.key --out v.json");
    place.run(0, "statement sign v.json --key new.key --out v.json");
    // a second statement for one number is refused, of whatever kind
    place.run(0, "statement void r.json --statement second.json --reason wrong --out w.json");
    place.refused(2, "CF-3009", "statement sign w.json --key new.key --out w.json");
    place.run(0, "publish v.json --log log --key log.key");
    place.run(0, "log check log --policy new.toml");
    place.run(0, "inspect v.json");
}
