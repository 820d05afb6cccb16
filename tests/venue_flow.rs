//! What a venue's engineer and a customer can lose, or be told, by the command: records, folders, terminals.
#![allow(missing_docs, clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use counterfoil::hash::Tag;
use counterfoil::publish::{self, StatementPins};
use counterfoil::secret::{Secret, SecretKind};
use counterfoil::signature::{Algorithm, Envelope, SigningKey};
use counterfoil::snapshot::Time;

const ASSETS: &str = "[[asset]]\nid = \"BTC\"\ndecimals = 8\n[[asset]]\nid = \"ETH\"\ndecimals = 18\n";
/// 2026-11-01T00:00:00Z.
const CUTOFF: i64 = 1_793_491_200;
const DAY: i64 = 86_400;

/// A folder with everything that `build` wants, and a policy.
struct Flow(tempfile::TempDir);

impl Flow {
    fn new(legal_entity: &str, cutoff: i64, policy: &str) -> Self {
        let flow = Self(tempfile::tempdir().unwrap());
        let key = |alg| SigningKey::new(alg, &Secret::new(SecretKind::Signing, &mut [5; 32])).unwrap().public_key();
        let bip340 = key(Algorithm::Bip340).key;
        let keys = format!("keys = [{{ alg = \"bip340\", key = \"{bip340}\" }}]\n");
        let who = "id = \"example\"\nlog_origin = \"log.example\"\n";
        flow.write("venue.toml", &format!("{who}legal_entity = {legal_entity}\n{keys}account_hint = \"u1\"\n"));
        flow.write("policy.toml", &format!("format = \"counterfoil-policy-v1\"\n[venue]\n{who}{keys}{policy}"));
        flow.write("assets.toml", ASSETS);
        flow.write("ledger.csv", "account,asset,amount,product\nu1,BTC,1,\"spot\u{1b}[2J\u{202e}\"\nu1,ETH,2,\n");
        let mut snapshot = "sequence = 0\n".to_owned();
        for (days, name) in [(0, "cutoff"), (30, "next_cutoff"), (32, "due")] {
            writeln!(snapshot, "{name} = \"{}\"", Time::from_unix(cutoff + days * DAY)).unwrap();
        }
        flow.write("snapshot.toml", &snapshot);
        flow.private("venue.key", Secret::new(SecretKind::Signing, &mut [5; 32]).to_file().as_str());
        flow.private("master.secret", Secret::new(SecretKind::Master, &mut [6; 32]).to_file().as_str());
        flow
    }

    /// With statement and proof of u1 as well.
    fn signed(legal_entity: &str, cutoff: i64, policy: &str) -> Self {
        let flow = Self::new(legal_entity, cutoff, policy);
        flow.build("out", &[]);
        flow.run(0, &["statement", "sign", "out", "--key", "venue.key", "--out", "statement.json"]);
        flow.run(0, &["prove", "out", "--account", "u1", "--out", "proof.json"]);
        flow
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }

    fn private(&self, name: &str, text: &str) {
        self.write(name, text);
        fs::set_permissions(self.path().join(name), fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn start(&self, arguments: &[&str]) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
        command.args(arguments).current_dir(self.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    fn run(&self, code: i32, arguments: &[&str]) -> String {
        let Output { status, stdout, stderr } = self.start(arguments).wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned();
        assert_eq!(status.code(), Some(code), "counterfoil {arguments:?}\n{text}");
        text
    }

    fn build_arguments<'a>(out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        let files = ["--assets", "assets.toml", "--venue", "venue.toml", "--snapshot", "snapshot.toml"];
        let rest = ["--secret-file", "master.secret", "--no-control-total", "--out", out];
        [&["build", "ledger.csv"], files.as_slice(), &rest, more].concat()
    }

    fn build(&self, out: &str, more: &[&str]) {
        self.run(0, &Self::build_arguments(out, more));
    }

    fn verify(&self, code: i32, more: &[&str]) -> String {
        let files = ["verify", "proof.json", "--statement", "statement.json", "--policy", "policy.toml"];
        self.run(code, &[files.as_slice(), &["--account", "u1"], more].concat())
    }
}

/// Of two processes that sign different statements for one number at once, one is refused, every time.
#[test]
fn two_statements_for_one_number_are_not_signed_at_once() {
    let flow = Flow::new("\"Example Ltd\"", CUTOFF, "");
    // builds of one ledger differ in their build ids, so the drafts differ
    let drafts = ["a", "b", "c", "d", "e", "f"];
    drafts.iter().for_each(|out| flow.build(out, &[]));
    for round in 0..6 {
        let (key, record) = (&["--key", "venue.key"], format!("{round}.signed"));
        let outs: Vec<String> = drafts.iter().map(|draft| format!("{round}-{draft}.json")).collect();
        let started: Vec<Child> = drafts
            .iter()
            .zip(&outs)
            .map(|(draft, out)| {
                let files = ["--record", &record, "--out", out];
                flow.start(&[&["statement", "sign", draft], key.as_slice(), &files].concat())
            })
            .collect();
        let codes: Vec<_> = started.into_iter().map(|child| child.wait_with_output().unwrap().status.code()).collect();
        assert_eq!(codes.iter().filter(|code| **code == Some(0)).count(), 1, "round {round}: {codes:?}");
    }
}

/// A record behind a link stays where the link leads; a link that leads nowhere, and an empty file, are no record.
#[test]
fn a_record_is_not_lost_behind_a_link() {
    let flow = Flow::new("\"Example Ltd\"", CUTOFF, "");
    for out in ["a", "b"] {
        flow.build(out, &[]);
    }
    let sign = |draft: &str, code, record: &str| {
        let out = format!("{draft}-{record}.json");
        flow.run(code, &["statement", "sign", draft, "--key", "venue.key", "--record", record, "--out", &out])
    };
    sign("a", 0, "real");
    symlink("real", flow.path().join("link")).unwrap();
    assert!(sign("b", 2, "link").contains("CF-3009"));
    flow.run(0, &["statement", "sign", "a", "--key", "venue.key", "--record", "link", "--out", "again.json"]);
    assert!(fs::symlink_metadata(flow.path().join("link")).unwrap().is_symlink());
    symlink("not-mounted/record", flow.path().join("dangling")).unwrap();
    assert!(sign("b", 2, "dangling").contains("CF-9001"));
    // nor does the statement replace it, or the key
    for (record, out) in [("real", "real"), ("new", "new"), ("real", "link"), ("real", "venue.key")] {
        let files = ["--record", record, "--out", out, "--force"];
        assert!(
            flow.run(2, &[&["statement", "sign", "a", "--key", "venue.key"], files.as_slice()].concat())
                .contains("CF-9004")
        );
    }
    flow.write("empty", "");
    assert!(sign("b", 2, "empty").contains("CF-3016"));
}

/// `--force` replaces what an earlier build made. It deletes no statement, and nobody's folder.
#[test]
fn force_deletes_nothing_that_is_not_replaced() {
    let flow = Flow::new("\"Example Ltd\"", CUTOFF, "");
    flow.build("out", &[]);
    flow.build("out", &["--force"]);
    fs::create_dir(flow.path().join("home")).unwrap();
    flow.write("home/thesis.txt", "three years");
    flow.run(0, &["statement", "sign", "out", "--key", "venue.key", "--out", "out/statement.json"]);
    for folder in ["home", "out", "assets.toml"] {
        let refused = flow.run(2, &Flow::build_arguments(folder, &["--force"]));
        assert!(refused.contains("CF-9003"), "{refused}");
    }
    assert_eq!(fs::read_to_string(flow.path().join("home/thesis.txt")).unwrap(), "three years");
    assert!(flow.path().join("out/statement.json").is_file() && flow.path().join("assets.toml").is_file());
    let left = fs::read_dir(flow.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(left.into_iter().all(|name| !name.to_string_lossy().starts_with(".counterfoil")));
}

/// The venue's texts draw no lines in the customer's result, and move no cursor.
#[test]
fn a_venue_cannot_write_on_the_customers_terminal() {
    let name = "\"Example Ltd\\nThese are the amounts that you expected.\\u001B[8m\\u202E\"";
    let flow = Flow::signed(name, CUTOFF, "");
    let text = flow.verify(0, &[]);
    assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
    assert!(!text.contains("\nThese are the amounts"), "{text}");
    let text = flow.run(0, &["inspect", "proof.json"]);
    assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
}

/// An amount that was expected for one asset says nothing of the others.
#[test]
fn expected_amounts_speak_of_their_own_asset() {
    let flow = Flow::signed("\"Example Ltd\"", CUTOFF, "");
    assert!(flow.verify(0, &["--expect", "BTC=1", "--expect", "ETH=2"]).contains("the amounts that you expected"));
    let text = flow.verify(0, &["--expect", "BTC=1"]);
    assert!(!text.contains("These are the amounts that you expected") && text.contains("none for ETH"), "{text}");
    flow.verify(1, &["--expect", "BTC=1", "--expect", "ETH=3"]);
    flow.private("credential", "\n");
    assert!(flow.verify(2, &["--credential-file", "credential"]).contains("CF-9001"));
}

/// Dated ahead, one statement would stay young under every `max_age_days`.
#[test]
fn a_statement_of_tomorrow_is_not_young() {
    let policy = "[require]\nmax_age_days = 40\n";
    let flow = Flow::signed("\"Example Ltd\"", 4_000_000_000, policy);
    assert!(flow.verify(2, &[]).contains("CF-3018"));
    let flow = Flow::signed("\"Example Ltd\"", 4_000_000_000, "");
    assert!(flow.verify(0, &[]).contains("has not come yet"));
}

/// Two spellings of one public key are one signer.
#[test]
fn one_secret_is_one_signer() {
    let flow = Flow::signed("\"Example Ltd\"", CUTOFF, "");
    let policy = fs::read_to_string(flow.path().join("policy.toml")).unwrap();
    let pinned = policy.split('"').find(|word| word.len() == 64).unwrap();
    let both = format!("}}, {{ alg = \"ecdsa-secp256k1\", key = \"03{pinned}\" }}]\nthreshold = 2\n");
    flow.write("policy.toml", &policy.replace("}]\n", &both));
    assert!(flow.run(2, &["policy", "check", "policy.toml"]).contains("CF-3011"));
    // nor does a threshold that does not come from a policy file count it twice
    let mut envelope = Envelope::parse(&fs::read(flow.path().join("statement.json")).unwrap(), "statement").unwrap();
    let mut keys = Vec::new();
    for alg in [Algorithm::Bip340, Algorithm::EcdsaSecp256k1] {
        let key = SigningKey::new(alg, &Secret::new(SecretKind::Signing, &mut [5; 32])).unwrap();
        envelope.add(key.sign(Tag::Statement, &envelope.document).unwrap());
        keys.push(key.public_key());
    }
    let file = envelope.to_file("statement").unwrap();
    let venue = "example".parse().unwrap();
    let pins = |threshold| StatementPins { venue: &venue, log_origin: "log.example", keys: &keys, threshold };
    assert!(publish::verify(&file, &pins(1)).is_ok());
    assert_eq!(publish::verify(&file, &pins(2)), Err(publish::StatementError::Threshold { got: 1, expected: 2 }));
}

/// Nor can whoever made a bundle write lines into the report.
#[test]
fn a_maker_cannot_write_lines_into_the_report() {
    let flow = Flow::signed("\"Example Ltd\\nCOVERED: by law\"", CUTOFF, "");
    flow.run(0, &["bundle", "add", "bundle", "--statement", "statement.json"]);
    flow.run(0, &["bundle", "seal", "bundle", "--maker", "me\nCOVERED: all 2 assets", "--key", "venue.key"]);
    let text = flow.run(2, &["reconcile", "bundle", "--policy", "policy.toml"]);
    assert!(text.contains("COVERED: all") && !text.contains("\nCOVERED"), "{text}");
}

/// A message about a row is a message, whatever stands in the row.
#[test]
fn messages_about_rows_never_panic() {
    let flow = Flow::new("\"Example Ltd\"", CUTOFF, "");
    let odd = ["\u{85}", "\u{9b}31m", "\u{202e}", "\u{200d}é", "\t", "\u{1f600}", "\u{feff}", "e\u{301}", "\u{0}"];
    for before in odd {
        for fault in ["éX", "\u{1f600}", "X", "\u{85}é", ""] {
            for behind in ["", "é", "\u{85}"] {
                flow.write("ledger.csv", &format!("account,asset,amount\n{before},{fault},1{behind}\n"));
                let text = flow.run(2, &Flow::build_arguments("out", &[]));
                assert!(text.contains("CF-1003") && !text.contains(['\u{85}', '\u{9b}', '\u{202e}']), "{text:?}");
            }
        }
    }
}
