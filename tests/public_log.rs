//! The public log through the command: it is appended to, checked, proved from, and cannot be rewritten unseen.
#![allow(missing_docs, clippy::unwrap_used)]

mod log_support;

use std::fs;

use counterfoil::publish::log::{Checkpoint, Note, tree};
use counterfoil::snapshot::Time;
use log_support::{Place, log_section, log_signer, policy, statement, statement_with, statements, witness_signer};
use serde_json::json;

/// A log of three statements.
fn three() -> (Place, Vec<log_support::Made>) {
    let (place, made) = (Place::new(), statements(3));
    for one in &made {
        place.publish(one, "");
    }
    (place, made)
}

fn check(place: &Place) -> String {
    place.run(0, "log check log --policy policy.toml")
}

#[test]
fn a_log_is_published_checked_and_proved_from() {
    let (place, made) = three();
    let said = check(&place);
    assert!(said.contains("has 3 entries, each the statement of its number"), "{said}");
    // the entries are the statements without their signatures, in the bundle of the specification
    let bundle = place.read("log/tile/entries/000.p/3");
    let first = counterfoil::publish::log::audit::Entry::parse(&made[0].file).unwrap();
    assert_eq!(&bundle[2..2 + first.document.len()], first.document.as_slice());
    assert_eq!(place.read("log/tile/0/000.p/3").len(), 96);
    assert!(!place.path().join("log/pending").exists());
    place.write("known", &place.read("log/checkpoint"));
    place.publish(&statement(3, Some(made[2].digest), "1"), "");
    let said = place.run(0, "log check log --policy policy.toml --earlier known");
    assert!(said.contains("It continues known"), "{said}");
    for sequence in 0..4 {
        place.run(0, &format!("log prove log --sequence {sequence} --out p{sequence}.tlog-proof"));
    }
    place.refused(2, "CF-9004", "log prove log --sequence 4 --out p4.tlog-proof");
    place.refused(2, "CF-9002", "log prove log --sequence 3 --out p3.tlog-proof");
    // again: nothing changes, and nothing is appended twice
    let before = place.read("log/checkpoint");
    place.write("again.json", &made[1].file);
    assert!(place.run(0, "publish again.json --log log --key log.key").contains("stands in the log already"));
    assert_eq!(place.read("log/checkpoint"), before);
}

#[test]
fn attack_b4_a_second_statement_for_one_index_is_refused_by_the_log() {
    let (place, made) = three();
    let before = place.read("log/checkpoint");
    for (sequence, predecessor) in [(2, Some(made[1].digest)), (0, None)] {
        place.write("second.json", &statement(sequence, predecessor, "1").file);
        let said = place.refused(2, "CF-3117", "publish second.json --log log --key log.key");
        assert!(said.contains(&format!("index {sequence} of the log has")), "{said}");
    }
    assert_eq!(place.read("log/checkpoint"), before);
    check(&place);
}

#[test]
fn what_does_not_follow_is_refused() {
    let (place, made) = three();
    let refused = |made: &log_support::Made, code: i32, error: &str| {
        place.write("x.json", &made.file);
        place.refused(code, error, "publish x.json --log log --key log.key")
    };
    let said = refused(&statement(4, Some(made[2].digest), "1"), 2, "CF-3120");
    assert!(said.contains("missing: 3"), "{said}");
    let said = refused(&statement(6, Some(made[2].digest), "1"), 2, "CF-3120");
    assert!(said.contains("missing: 3 to 5"), "{said}");
    refused(&statement(3, Some(made[1].digest), "1"), 1, "CF-3119");
    let early = statement_with(3, Some(made[2].digest), |document| document["cutoff"] = json!("2025-01-02T00:00:00Z"));
    refused(&early, 1, "CF-3123");
    let elsewhere =
        statement_with(3, Some(made[2].digest), |document| document["venue"]["log_origin"] = json!("other"));
    refused(&elsewhere, 2, "CF-3105");
    let nameless = statement_with(3, Some(made[2].digest), |document| document["venue"]["log_origin"] = json!("a b"));
    refused(&nameless, 2, "CF-3101");
    let file = String::from_utf8(statement(3, Some(made[2].digest), "1").file).unwrap();
    place.write("x.json", file.replacen("\"total\":\"1\"", "\"total\":\"2\"", 1).as_bytes());
    place.refused(1, "CF-3007", "publish x.json --log log --key log.key");
    place.private("log.key", log_support::secret(counterfoil::secret::SecretKind::Log, 8).to_file().as_bytes());
    place.write("x.json", &statement(3, Some(made[2].digest), "1").file);
    place.refused(2, "CF-3102", "publish x.json --log log --key log.key");
    let said = check(&place);
    assert!(said.contains("has 3 entries"), "{said}");
}

#[test]
fn a_rewritten_entry_is_named() {
    let (place, made) = three();
    // the statement alone
    place.write("log/statement/001.json", &statement(1, Some(made[0].digest), "1").file);
    let said = place.refused(1, "CF-3115", "log check log --policy policy.toml");
    assert!(
        said.contains("for entry 1") && said.contains("error[CF-3119]") && said.contains("error[CF-3116]"),
        "{said}"
    );
    // the tile alone
    place.write("log/statement/001.json", &made[1].file);
    check(&place);
    let tile = place.read("log/tile/0/000.p/3");
    let mut other = tile.clone();
    other[40] ^= 1;
    place.write("log/tile/0/000.p/3", &other);
    let said = place.refused(1, "CF-3115", "log check log --policy policy.toml");
    assert!(said.contains("for entry 1"), "{said}");
    place.refused(1, "CF-3116", "log prove log --sequence 0 --out x.tlog-proof");
    place.write("log/tile/0/000.p/3", &tile[..95]);
    place.refused(2, "CF-3114", "log check log --policy policy.toml");
    place.refused(2, "CF-3114", "log prove log --sequence 0 --out x.tlog-proof");
    place.write("log/tile/0/000.p/3", &tile);
    // the bundle alone
    let bundle = place.read("log/tile/entries/000.p/3");
    place.write("log/tile/entries/000.p/3", &bundle[1..]);
    place.refused(1, "CF-3115", "log check log --policy policy.toml");
    fs::remove_file(place.path().join("log/tile/entries/000.p/3")).unwrap();
    check(&place);
    fs::remove_file(place.path().join("log/statement/002.json")).unwrap();
    place.refused(2, "CF-3114", "log check log --policy policy.toml");
    // another number at an index
    place.write("log/statement/002.json", &statement(3, Some(made[1].digest), "1").file);
    place.refused(1, "CF-3118", "log check log --policy policy.toml");
}

/// The whole log is made anew, with its own key: only who kept a checkpoint sees it.
#[test]
fn a_log_that_was_made_anew_is_seen_by_whoever_kept_a_checkpoint() {
    let (place, made) = three();
    place.write("known", &place.read("log/checkpoint"));
    place.run(0, "log prove log --sequence 1 --out known.tlog-proof");
    fs::remove_dir_all(place.path().join("log")).unwrap();
    let first = statement(0, None, "1");
    let second = statement(1, Some(first.digest), "1");
    for one in [&first, &second, &statement(2, Some(second.digest), "1"), &statement(3, Some(made[2].digest), "1")] {
        place.write("next.json", &one.file);
        let sequence = one.digest == made[2].digest;
        assert!(!sequence);
        let _ = place.start(&["publish", "next.json", "--log", "log", "--key", "log.key"]).wait_with_output();
    }
    check(&place);
    for known in ["known", "known.tlog-proof"] {
        place.refused(1, "CF-3124", &format!("log check log --policy policy.toml --earlier {known}"));
    }
    // and it is evidence, for anybody who has the keys
    place.refused(1, "CF-3130", "compare known log --policy policy.toml --out evidence.json");
    let said = place.run(0, "compare --check evidence.json --policy policy.toml");
    assert!(said.contains("two signed roots of the log at 3 entries"), "{said}");
}

#[test]
fn a_missing_due_snapshot_and_a_late_one_are_named() {
    let place = Place::new();
    let due = |days: i64| {
        let due = Time::from_unix(log_support::cutoff(0) + days * 86_400).to_string();
        move |document: &mut serde_json::Value| document["due"] = json!(due)
    };
    let first = statement_with(0, None, due(31));
    place.publish(&first, "");
    let said = place.refused(1, "CF-3121", "log check log --policy policy.toml");
    assert!(said.contains("statement 1 was due at 2025-02-01"), "{said}");
    // the second one is of a moment after the first one's due date; it says so itself
    let late = statement_with(1, Some(first.digest), |document| {
        document["cutoff"] = json!("2025-02-10T00:00:00Z");
        document["next_cutoff"] = json!("2025-03-10T00:00:00Z");
    });
    let said = place.publish(&late, "");
    assert!(said.contains("this stays visible in the log"), "{said}");
    place.refused(1, "CF-3122", "log check log --policy policy.toml");
}

#[test]
fn statements_that_fit_into_no_bundle_are_logged_all_the_same() {
    let place = Place::new();
    let first = statement_with(0, None, |document| document["account_hint"] = json!("x".repeat(70_000)));
    place.publish(&first, "");
    place.publish(&statement(1, Some(first.digest), "1"), "");
    assert!(!place.path().join("log/tile/entries").exists());
    check(&place);
}

/// Whoever runs `reconcile` or `verify` has only the proof: changed in any byte it is refused, never a panic.
#[test]
fn every_changed_byte_of_a_log_proof_is_refused() {
    let (place, made) = three();
    place.run(0, "log prove log --sequence 1 --out p.tlog-proof");
    let file = place.read("p.tlog-proof");
    let rules = counterfoil::policy::Policy::parse(&policy(&log_section(0, 0))).unwrap();
    let leaf = counterfoil::publish::log::audit::Entry::parse(&made[1].file).unwrap().leaf;
    let pins = rules.log().unwrap().pins();
    let accepted = |file: &[u8]| {
        let proof = counterfoil::publish::log::LogProof::parse(file);
        proof.and_then(|proof| pins.verify(&proof, 1, &leaf)).is_ok()
    };
    assert!(accepted(&file));
    for at in 0..file.len() {
        for bit in 0..8 {
            let mut other = file.clone();
            other[at] ^= 1 << bit;
            assert!(!accepted(&other), "byte {at}, bit {bit}");
        }
        assert!(!accepted(&file[..at]), "cut at {at}");
    }
}

#[test]
fn a_checkpoint_of_too_many_entries_or_of_nothing_is_refused() {
    let place = Place::new();
    let sign = |size: u64, root| {
        let mut note = Checkpoint { origin: log_support::ORIGIN.to_owned(), size, root }.to_note();
        note.add(log_signer().sign(note.text(), Time::from_unix(0)).unwrap());
        note
    };
    let write = |note: &Note| place.write("log/checkpoint", note.to_string().as_bytes());
    write(&sign(u64::MAX, tree::root(&[])));
    place.refused(2, "CF-3104", "log check log --policy policy.toml");
    write(&sign(0, tree::root(&[])));
    check(&place);
    write(&sign(0, tree::leaf_hash(b"")));
    place.refused(1, "CF-3116", "log check log --policy policy.toml");
    place.write("log/checkpoint", b"nothing");
    place.refused(2, "CF-3100", "log check log --policy policy.toml");
    fs::remove_file(place.path().join("log/checkpoint")).unwrap();
    place.refused(2, "CF-3114", "log check log --policy policy.toml");
    place.write("policy.toml", policy("").as_bytes());
    place.refused(2, "CF-9004", "log check log --policy policy.toml");
}

#[test]
fn policies_with_impossible_logs_are_refused() {
    let place = Place::new();
    let (log, one) = (log_signer().key().to_string(), witness_signer(0).key().to_string());
    let witness = |key: &str| format!("[[log.witness]]\nkey = \"{key}\"\n");
    let refused = |section: String, said: &str| {
        place.write("policy.toml", policy(&section).as_bytes());
        let text = place.refused(2, "CF-3011", "policy check policy.toml");
        assert!(text.contains(said), "{said}: {text}");
    };
    refused(format!("[log]\nkey = \"{log}\"\nquorum = 1\n"), "quorum 1 of 0 witnesses");
    refused(format!("[log]\nkey = \"{log}\"\nquorum = 0\n{}", witness(&one)), "quorum 0 of 1");
    refused(format!("[log]\nkey = \"{log}\"\nquorum = 2\n{0}{0}", witness(&one)), "stands twice");
    refused(format!("[log]\nkey = \"{one}\"\nquorum = 0\n"), "no key of a log");
    refused(format!("[log]\nkey = \"{log}\"\nquorum = 1\n{}", witness(&log)), "no key of a witness");
    refused(format!("[log]\nkey = \"{log}\"\nquorum = 0\nmax_age_days = 1\n"), "nobody says when");
    refused(format!("[log]\nkey = \"{}\"\nquorum = 0\n", log.replace("+A", "+B")), "verifier key");
    place.write("policy.toml", policy(&log_section(1, 2)).as_bytes());
    let said = place.run(0, "policy check policy.toml");
    assert!(said.contains("cosigned by 1 of 2 witnesses") && said.contains(&one), "{said}");
}
