//! What `verify`, `reconcile` and `compare` say about statements that stand in the log, or do not.
#![allow(missing_docs, clippy::unwrap_used)]

mod log_support;

use std::fs;
use std::path::Path;

use counterfoil::publish::log::{Checkpoint, LogProof, Note, tree};
use counterfoil::snapshot::Time;
use log_support::{
    ORIGIN, Place, log_section, log_signer, policy, secret, statement, statement_with, statements, witness_signer,
};
use serde_json::json;

const HOUR: i64 = 3_600;

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// A place with the venue's statement and the proof of u1, and a log of it.
fn customer() -> Place {
    let place = Place::new();
    let venue = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd/venue");
    for name in ["statement.json", "proof-u1.json", "policy.toml"] {
        place.write(name, &fs::read(venue.join(name)).unwrap());
    }
    place.run(0, "publish statement.json --log log --key log.key");
    place
}

fn pin(place: &Place, section: &str) {
    let venue = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd/venue/policy.toml");
    place.write("policy.toml", format!("{}{section}", fs::read_to_string(venue).unwrap()).as_bytes());
}

const VERIFY: &str = "verify proof-u1.json --statement statement.json --policy policy.toml --account u1";

/// What was said, without its line ends.
fn unwrapped(said: &str) -> String {
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A proof of entry 0 of the log in `place`, cosigned by witnesses at these times.
fn proof(place: &Place, times: &[(u8, i64)]) {
    let mut note = Note::parse(&place.read("log/checkpoint")).unwrap();
    for (number, time) in times {
        let line = witness_signer(*number).sign(note.text(), Time::from_unix(*time)).unwrap();
        note.add(line);
    }
    let size = Checkpoint::of(&note).unwrap().size;
    let leaves = counterfoil::publish::log::audit::leaves(&Files(place), size).unwrap();
    let path = tree::inclusion_proof(&leaves, 0).unwrap();
    let proof = LogProof { extra: None, index: 0, path, checkpoint: note };
    place.write("p.tlog-proof", proof.to_string().as_bytes());
}

struct Files<'a>(&'a Place);

impl counterfoil::bundle::FileSource for Files<'_> {
    fn list(&self) -> Result<Vec<String>, counterfoil::bundle::SourceError> {
        Ok(Vec::new())
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, counterfoil::bundle::SourceError> {
        Ok(fs::read(self.0.path().join("log").join(path)).ok())
    }
}

#[test]
fn a_customer_sees_that_everybody_is_shown_the_same() {
    let place = customer();
    let said = place.run(0, VERIFY);
    assert!(said.contains("Nor that everybody was shown this statement"), "{said}");
    place.run(0, "log prove log --sequence 0 --out p.tlog-proof");
    place.refused(2, "CF-9004", &format!("{VERIFY} --log-proof p.tlog-proof"));
    pin(&place, &log_section(0, 0));
    place.refused(2, "CF-3113", VERIFY);
    let said = unwrapped(&place.run(0, &format!("{VERIFY} --log-proof p.tlog-proof")));
    assert!(said.contains("which no witness that you pin watches"), "{said}");
    let witnesses: String =
        (0..3).map(|number| format!("[[log.witness]]\nkey = \"{}\"\n", witness_signer(number).key())).collect();
    pin(&place, &format!("{}min_age_minutes = 60\nmax_age_days = 7\n{witnesses}", log_section(2, 0)));
    let line = format!("{VERIFY} --log-proof p.tlog-proof");
    place.refused(2, "CF-3110", &line);
    proof(&place, &[(0, now() - 3 * HOUR)]);
    place.refused(2, "CF-3110", &line);
    proof(&place, &[(0, now() - 3 * HOUR), (1, now() - 2 * HOUR)]);
    let said = unwrapped(&place.run(0, &line));
    assert!(said.contains("entry 0 of 1 in the log log.example/example-exchange"), "{said}");
    assert!(said.contains("cosigned by witness.example/w0, witness.example/w1 until"), "{said}");
    // the second one has only just seen it, and then there is a third one
    proof(&place, &[(0, now() - 3 * HOUR), (1, now() - 60)]);
    place.refused(2, "CF-3111", &line);
    proof(&place, &[(0, now() - 3 * HOUR), (1, now() - 60), (2, now() - 2 * HOUR)]);
    place.run(0, &line);
    // a clock ahead of time does not make it older
    proof(&place, &[(0, now() + 9 * HOUR), (1, now() + 9 * HOUR)]);
    place.refused(2, "CF-3111", &line);
    proof(&place, &[(0, now() - 200 * HOUR), (1, now() - 2 * HOUR)]);
    place.refused(2, "CF-3112", &line);
    // a cosignature that is not by the key that it names spoils the whole
    proof(&place, &[(0, now() - 3 * HOUR), (1, now() - 2 * HOUR)]);
    let text = String::from_utf8(place.read("p.tlog-proof")).unwrap();
    let at = text.rfind("= ").or(text.rfind(' ')).unwrap() + 40;
    let other = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
    place.write("p.tlog-proof", format!("{}{other}{}", &text[..at], &text[at + 1..]).as_bytes());
    place.refused(1, "CF-3103", &line);
}

#[test]
fn a_superseded_statement_is_told() {
    let place = Place::new();
    statements(3).iter().for_each(|one| drop(place.publish(one, "")));
    place.write("statement.json", &statements(1)[0].file);
    place.run(0, "log prove log --sequence 0 --out p.tlog-proof");
    // the proof of a balance is not at hand: the log is asked before it
    place.write("proof.json", b"{}");
    let line =
        "verify proof.json --statement statement.json --policy policy.toml --account u1 --log-proof p.tlog-proof";
    let said = place.run(2, line);
    assert!(!said.contains("CF-31"), "{said}");
    place.run(0, "bundle add bundle --statement statement.json --log-proof p.tlog-proof");
    let said = reconcile(&place);
    assert!(said.contains("CF-3125") && said.contains("2 later statements"), "{said}");
}

/// Seals the bundle and reconciles it: without reserves nothing is determinable.
fn reconcile(place: &Place) -> String {
    let key = secret(counterfoil::secret::SecretKind::Signing, 5).to_file();
    place.private("maker.key", key.as_bytes());
    place.run(0, "bundle seal bundle --maker test --key maker.key --force");
    place.run(2, "reconcile bundle --policy policy.toml")
}

#[test]
fn an_unlogged_statement_is_a_critical_finding() {
    let place = Place::new();
    let made = statements(1);
    place.write("statement.json", &made[0].file);
    place.run(0, "bundle add bundle --statement statement.json");
    let said = reconcile(&place);
    assert!(said.contains("CF-3113") && said.contains("critical"), "{said}");
    place.write("bundle/log/proof.tlog-proof", b"c2sp.org/tlog-proof@v1\n");
    assert!(reconcile(&place).contains("CF-3106"));
    // a policy that asks for no log finds nothing, and says that it shows nothing
    place.write("policy.toml", policy("").as_bytes());
    let said = reconcile(&place);
    assert!(!said.contains("CF-31"), "{said}");
}

#[test]
fn an_overdue_statement_is_told_by_the_time_of_the_witnesses() {
    let place = Place::new();
    let made = statement_with(0, None, |document| document["due"] = json!("2025-02-01T00:00:00Z"));
    place.publish(&made, "");
    place.write("statement.json", &made.file);
    place.write("policy.toml", policy(&log_section(1, 1)).as_bytes());
    proof(&place, &[(0, 1_740_000_000)]);
    place.run(0, "bundle add bundle --statement statement.json --log-proof p.tlog-proof");
    let said = reconcile(&place);
    assert!(said.contains("CF-3121") && said.contains("statement 1 was due"), "{said}");
    proof(&place, &[(0, 1_736_000_000)]);
    place.run(0, "bundle add bundle --log-proof p.tlog-proof --force");
    assert!(!reconcile(&place).contains("CF-3121"));
}

#[test]
fn attack_b4_a_statement_that_others_do_not_see_is_not_in_their_log() {
    let place = Place::new();
    statements(2).iter().for_each(|one| drop(place.publish(one, "")));
    place.run(0, "log prove log --sequence 0 --out p.tlog-proof");
    place.write("bundle/statement.json", &statement(0, None, "1").file);
    place.write("bundle/log/proof.tlog-proof", &place.read("p.tlog-proof"));
    let said = reconcile(&place);
    assert!(said.contains("CF-3109") && said.contains("critical"), "{said}");
    // and it is the same with two who compare
    place.write("honest/statement.json", &statements(1)[0].file);
    place.write("honest/log/proof.tlog-proof", &place.read("p.tlog-proof"));
    place.refused(1, "CF-3109", "compare bundle honest --policy policy.toml");
    fs::remove_dir_all(place.path().join("bundle/log")).unwrap();
    let line = "compare bundle honest --policy policy.toml --out evidence.json";
    let said = place.refused(1, "CF-3130", line);
    assert!(said.contains("two signed statements with the number 0"), "{said}");
    place.refused(2, "CF-9002", line);
    place.run(0, "compare --check evidence.json --policy policy.toml");
}

#[test]
fn attack_b5_a_log_proof_of_another_statement_or_log_is_refused() {
    let place = Place::new();
    let made = statements(3);
    made.iter().for_each(|one| drop(place.publish(one, "")));
    let with = |statement: &[u8], proof: &str| {
        place.write("bundle/statement.json", statement);
        place.write("bundle/log/proof.tlog-proof", proof.as_bytes());
        reconcile(&place)
    };
    place.run(0, "log prove log --sequence 1 --out p.tlog-proof");
    let proof = String::from_utf8(place.read("p.tlog-proof")).unwrap();
    assert!(!with(&made[1].file, &proof).contains("CF-310"));
    assert!(with(&made[0].file, &proof).contains("CF-3107"));
    // its index rewritten: the path has no longer the place that it needs
    assert!(with(&made[0].file, &proof.replace("index 1", "index 0")).contains("CF-3109"));
    assert!(with(&made[2].file, &proof.replace("index 1", "index 2")).contains("CF-3108"));
    let longer = proof.replacen("\n\n", "\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n\n", 1);
    assert!(with(&made[1].file, &longer).contains("CF-3108"));
    // the log of another venue, and the right name with another key
    let own = tree::leaf_hash(b"x");
    let other = |origin: &str, seed: u8| {
        let mut note = Checkpoint { origin: origin.to_owned(), size: 1, root: own }.to_note();
        let secret = secret(counterfoil::secret::SecretKind::Log, seed);
        let signer =
            counterfoil::publish::log::NoteSigner::new(origin, counterfoil::publish::log::KeyKind::Log, &secret);
        note.add(signer.unwrap().sign(note.text(), Time::from_unix(0)).unwrap());
        LogProof { extra: Some(b"x".to_vec()), index: 0, path: Vec::new(), checkpoint: note }.to_string()
    };
    assert!(with(&made[0].file, &other("log.example/another", 7)).contains("CF-3105"));
    assert!(with(&made[0].file, &other(ORIGIN, 8)).contains("CF-3102"));
}

#[test]
fn two_people_compare() {
    let place = Place::new();
    let made = statements(3);
    for (at, one) in made.iter().enumerate() {
        place.publish(one, "");
        place.write(&format!("s{at}.json"), &one.file);
        place.write(&format!("c{at}"), &place.read("log/checkpoint"));
        place.run(0, &format!("log prove log --sequence {at} --out p{at}.tlog-proof"));
    }
    let compare = |code: i32, error: &str, files: &str| {
        let line = format!("compare {files} --policy policy.toml");
        if code == 0 { place.run(0, &line) } else { place.refused(code, error, &line) }
    };
    assert!(compare(0, "", "s0.json s0.json").contains("statement 0 is the same"));
    assert!(compare(0, "", "s1.json s0.json").contains("statement 1 follows statement 0"));
    compare(2, "CF-3131", "s0.json s2.json");
    compare(2, "CF-3131", "s0.json c2");
    assert!(compare(0, "", "c1 p1.tlog-proof").contains("the log has the same 2 entries"));
    compare(2, "CF-3131", "c0 c2");
    assert!(compare(0, "", "c0 c2 --log log").contains("the log of 3 entries continues the one of 1"));
    assert!(compare(0, "", "log c1").contains("continues"));
    compare(2, "CF-9001", "c1 absent");
    fs::create_dir(place.path().join("empty")).unwrap();
    compare(2, "CF-9001", "c1 empty");
    // a statement that hangs on another one
    place.write("x.json", &statement(1, Some(tree::leaf_hash(b"x")), "1").file);
    let said = compare(1, "CF-3130", "x.json s0.json --out evidence.json");
    assert!(said.contains("names") && said.contains("as its predecessor"), "{said}");
    place.run(0, "compare --check evidence.json --policy policy.toml");
    // evidence convicts nobody whose keys are not in it
    let other = policy("").replace(&log_support::signing_key().public_key().key, &"79".repeat(32));
    place.write("other.toml", other.as_bytes());
    assert_ne!(
        place.start(&["compare", "--check", "evidence.json", "--policy", "other.toml"]).wait().unwrap().code(),
        Some(0)
    );
    let evidence = String::from_utf8(place.read("evidence.json")).unwrap();
    place
        .write("bad.json", evidence.replace("counterfoil-contradiction-v1", "counterfoil-contradiction-v9").as_bytes());
    place.refused(2, "CF-3132", "compare --check bad.json --policy policy.toml");
    let honest = counterfoil::publish::compare::Shown { statement: Some(made[0].file.clone()), ..Default::default() };
    let file = counterfoil::publish::compare::to_evidence(&honest, &honest).unwrap();
    place.write("honest.json", &file);
    place.refused(1, "CF-3133", "compare --check honest.json --policy policy.toml");
    assert_eq!(log_signer().key().name(), ORIGIN);
}
