//! The whole of it through the command, against a real node of Bitcoin Core: a venue with 1,000 customers, coins on
//! three kinds of addresses, real signatures; a customer; an auditor. Then each lie, by the code that names it.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};

use counterfoil::asset::ChainId;
use counterfoil::reserve::bitcoin::control::sign::{AddressKey, AddressKind};
use counterfoil::snapshot::Time;
use libtest_mimic::Failed;
use serde_json::Value;

mod node_support;
#[path = "end_to_end/replay.rs"]
mod replay;

use node_support::Node;

const CHAIN: &str = "bip122:0f9188f13cb7b2c71f2a335e3a4fc328";
/// Blocks before and after the cut-off block: the test's chain has few.
const WINDOW: (u64, u64) = (100, 6);
const DAY: i64 = 86_400;
const FIRST_CUTOFF: i64 = 1_793_491_200;
const KINDS: [AddressKind; 3] = [AddressKind::WitnessKeyHash, AddressKind::Taproot, AddressKind::KeyHash];
const LOST: &str = "bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202";

const STORY: &str = "a venue, a customer and an auditor";
const ALONE: &str = "the verifier needs no network";

fn main() -> ExitCode {
    let empty = alone(&["true"]).is_ok_and(|output| output.status.success());
    let (names, left_out): (&[&str], &[&str]) = match empty {
        true => (&[STORY, ALONE], &[]),
        false => (&[STORY], &["the verifier needs no network (left out: unshare --net does not work here)"]),
    };
    let run = |program: &OsStr, name: &str| if name == ALONE { without_network(program) } else { run(program) };
    node_support::with_node(names, left_out, run).exit_code()
}

fn run(program: &OsStr) -> Result<(), Failed> {
    let venue = Venue::open(program);
    let first = venue.snapshot(0, None, FIRST_CUTOFF);
    covered(&venue, &first);
    customer(&venue, &first);
    foreign_challenge(&venue, &first);
    weaker_evidence(&venue, &first);
    replay::replayed(&venue, &first);
    replay::full_set(&venue, &first);
    missing_liabilities(&venue, &first);
    private_chain(&venue, program);
    venue.spend_one();
    let second = venue.snapshot(1, Some(&first), FIRST_CUTOFF + 2 * DAY);
    spent(&venue, &second);
    lowered_before_building(&venue);
    replay::spent_since(program);
    Ok(())
}

/// One snapshot's files.
struct Snapshot {
    folder: PathBuf,
    bundle: PathBuf,
    statement: PathBuf,
    policy: PathBuf,
    digest: String,
}

struct Venue {
    node: Node,
    folder: tempfile::TempDir,
    keys: Vec<(AddressKey, String, String)>,
}

/// Runs the command in `folder`; returns its output and checks its exit code.
fn counterfoil(folder: &Path, code: i32, arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_counterfoil")).args(arguments).current_dir(folder).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert_eq!(
        output.status.code(),
        Some(code),
        "counterfoil {arguments:?}\n{}\n{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    output
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn time(seconds: i64) -> String {
    Time::from_unix(seconds).to_string()
}

impl Venue {
    fn open(program: &OsStr) -> Self {
        let node = Node::start(program);
        let folder = tempfile::tempdir().unwrap();
        let chain: ChainId = CHAIN.parse().unwrap();
        let mut keys = Vec::new();
        for (seed, kind) in (1..).zip(KINDS) {
            let key = AddressKey::new(&mut [seed; 32]).unwrap();
            let address = key.address(&chain, kind).unwrap();
            let wif = bitcoin::PrivateKey::from_slice(&[seed; 32], bitcoin::Network::Regtest).unwrap().to_wif();
            keys.push((key, address, wif));
        }
        let venue = Self { node, folder, keys };
        venue.clock(FIRST_CUTOFF - 3 * DAY);
        for (_, address, _) in &venue.keys {
            venue.mine(1, address);
        }
        venue.mine(110, LOST);
        venue.write("ledger.csv", &ledger(0));
        venue.files();
        venue
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }

    fn private(&self, name: &str, text: &str) {
        self.write(name, text);
        fs::set_permissions(self.path().join(name), fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn run(&self, code: i32, arguments: &[&str]) -> Output {
        counterfoil(self.path(), code, arguments)
    }

    fn clock(&self, seconds: i64) {
        self.node.client().ask_raw("setmocktime", &format!("[{seconds}]")).unwrap();
    }

    fn mine(&self, count: u32, address: &str) {
        self.node.client().ask_raw("generatetoaddress", &format!("[{count},\"{address}\"]")).unwrap();
    }

    /// What the venue's engineer writes once.
    fn files(&self) {
        self.run(0, &["keygen", "--kind", "master", "--out", "master.secret"]);
        for name in ["venue", "node", "other"] {
            let output = self.run(0, &["keygen", "--out", &format!("{name}.key")]);
            let key = stdout(&output).lines().find(|line| line.contains("bip340")).unwrap().trim().to_owned();
            self.write(&format!("{name}.pub"), &key);
            self.write(
                &format!("{name}.toml"),
                &format!(
                    "id = \"example-{name}\"\nlegal_entity = \"Example {name} Ltd\"\nlog_origin = \"log.example/{name}\"\n\
                     keys = [{key}]\naccount_hint = \"u and 6 digits\"\n"
                ),
            );
        }
        self.write(
            "assets.toml",
            &format!(
                "[[asset]]\nid = \"BTC\"\ndecimals = 8\n[[asset.deployment]]\nid = \"{CHAIN}/slip44:0\"\ndecimals = 8\n"
            ),
        );
        self.write("totals.toml", "BTC = \"140\"\n");
        let roles = ["cold", "cold", "hot"];
        let rows =
            self.keys.iter().zip(roles).map(|((_, address, _), role)| format!("{CHAIN},{address},{role},none\n"));
        self.write("addresses.csv", &format!("chain,address,role,issuer\n{}", rows.collect::<String>()));
        let keys: String = self.keys.iter().map(|(_, address, wif)| format!("{CHAIN} {address} {wif}\n")).collect();
        self.private("address.keys", &keys);
        self.run(0, &["challenge", "addresses", "addresses.csv", "--out", "addresses.jsonl"]);
    }

    fn tip(&self) -> (u64, String) {
        let client = self.node.client();
        let hash: String = client.ask("getbestblockhash", "[]").unwrap();
        (client.ask("getblockcount", "[]").unwrap(), hash)
    }

    /// A challenge of this venue, signed by all addresses.
    fn challenge(&self, venue: &str, issued: i64, name: &str) {
        let (height, hash) = self.tip();
        let block = format!("{CHAIN},{height},{hash}");
        let issued = time(issued);
        let document = format!("{name}.json");
        self.run(
            0,
            &[
                "challenge",
                "new",
                "--addresses",
                "addresses.jsonl",
                "--venue",
                &format!("{venue}.toml"),
                "--block",
                &block,
                "--expires",
                "2027-05-01",
                "--issued",
                &issued,
                "--out",
                &document,
            ],
        );
        let signatures = format!("{name}.jsonl");
        self.run(0, &["reserves", "sign", &document, "--keys-file", "address.keys", "--out", &signatures]);
    }

    /// One whole snapshot: challenge, cut-off, evidence, tree, statement, bundle, and the auditor's policy.
    fn snapshot(&self, sequence: u64, before: Option<&Snapshot>, cutoff: i64) -> Snapshot {
        self.snapshot_after(sequence, before, cutoff, || ())
    }

    /// The same; `late` happens between the cut-off and the fetching.
    fn snapshot_after(&self, sequence: u64, before: Option<&Snapshot>, cutoff: i64, late: impl FnOnce()) -> Snapshot {
        let folder = self.path().join(format!("snapshot-{sequence}"));
        let name = |file: &str| format!("snapshot-{sequence}/{file}");
        fs::create_dir(&folder).unwrap();
        self.challenge("venue", cutoff - 3_600, &name("challenge"));
        self.clock(cutoff + 3_600);
        let window = self.window();
        self.mine(12, LOST);
        late();
        let cutoff_text = time(cutoff);
        let fetched = self.fetch(&cutoff_text, &window, &name("bundle"));
        let mut snapshot = format!("sequence = {sequence}\ncutoff = \"{cutoff_text}\"\n");
        let (next, due) = (time(cutoff + 30 * DAY), time(cutoff + 32 * DAY));
        let _ = writeln!(snapshot, "next_cutoff = \"{next}\"\ndue = \"{due}\"");
        if let Some(before) = before {
            let _ = writeln!(snapshot, "predecessor = \"{}\"", before.digest);
        }
        snapshot.push_str(&stdout(&fetched));
        snapshot.push_str(
            "[[other_liability]]\nasset = \"BTC\"\namount = \"5\"\nkind = \"loan\"\ncounterparty = \"Lender\"\n",
        );
        self.write(&name("snapshot.toml"), &snapshot);
        self.build(sequence, "ledger.csv", "build", &["--expect-total", "totals.toml"]);
        let sign =
            self.run(0, &["statement", "sign", &name("build"), "--key", "venue.key", "--out", &name("statement.json")]);
        let digest = stdout(&sign).trim().rsplit(' ').next().unwrap().to_owned();
        let (statement, challenge, control) = (name("statement.json"), name("challenge.json"), name("challenge.jsonl"));
        self.run(
            0,
            &[
                "bundle",
                "add",
                &name("bundle"),
                "--statement",
                &statement,
                "--addresses",
                "addresses.jsonl",
                "--challenge",
                &challenge,
                "--control",
                &control,
            ],
        );
        self.run(0, &["bundle", "seal", &name("bundle"), "--maker", "Example venue Ltd", "--key", "venue.key"]);
        self.write(&name("policy.toml"), &self.policy(true, &[self.tip()]));
        let path = |file: &str| folder.join(file);
        let (bundle, statement, policy) = (path("bundle"), path("statement.json"), path("policy.toml"));
        Snapshot { bundle, statement, policy, digest, folder }
    }

    fn fetch(&self, cutoff: &str, window: &str, bundle: &str) -> Output {
        let cookie = self.node.cookie_file();
        self.run(
            0,
            &[
                "fetch",
                "bitcoin",
                "--url",
                &self.node.url,
                "--cookie-file",
                cookie.to_str().unwrap(),
                "--chain",
                CHAIN,
                "--addresses",
                "addresses.jsonl",
                "--cutoff",
                cutoff,
                "--from-height",
                "1",
                "--window",
                window,
                "--node-key",
                "node.key",
                "--out",
                bundle,
            ],
        )
    }

    /// The fifth block from here on is the last one whose median time is not past the cut-off.
    fn window(&self) -> String {
        let last = self.tip().0;
        format!("{}..{}", last + 5 - WINDOW.0, last + 5 + WINDOW.1)
    }

    fn build(&self, sequence: u64, ledger: &str, out: &str, more: &[&str]) {
        let name = |file: &str| format!("snapshot-{sequence}/{file}");
        let (snapshot, challenge, out) = (name("snapshot.toml"), name("challenge.json"), name(out));
        let mut arguments = vec![
            "build",
            ledger,
            "--assets",
            "assets.toml",
            "--venue",
            "venue.toml",
            "--snapshot",
            &snapshot,
            "--secret-file",
            "master.secret",
            "--addresses",
            "addresses.jsonl",
            "--challenge",
            &challenge,
            "--out",
            &out,
        ];
        arguments.extend(more);
        self.run(0, &arguments);
    }

    /// The auditor's policy: the venue's key, the own node's key, blocks seen with the own node.
    fn policy(&self, own_node: bool, pins: &[(u64, String)]) -> String {
        let read = |name: &str| fs::read_to_string(self.path().join(name)).unwrap();
        let mut text = format!(
            "format = \"counterfoil-policy-v1\"\n[venue]\nid = \"example-venue\"\nlog_origin = \"log.example/venue\"\n\
             keys = [{}]\n[window]\nbefore = {}\nafter = {}\n",
            read("venue.pub"),
            WINDOW.0,
            WINDOW.1
        );
        if own_node {
            let _ = writeln!(text, "[[node]]\nname = \"own\"\nkey = {}", read("node.pub"));
        }
        for (height, hash) in pins {
            let _ = writeln!(text, "[[pin]]\nchain = \"{CHAIN}\"\nheight = {height}\nhash = \"{hash}\"");
        }
        text + &read("assets.toml")
    }

    fn reconcile(&self, code: i32, bundle: &Path, policy: &Path) -> Value {
        let arguments = ["reconcile", bundle.to_str().unwrap(), "--policy", policy.to_str().unwrap(), "--json", "-"];
        serde_json::from_slice(&self.run(code, &arguments).stdout).unwrap()
    }

    /// A copy of a bundle, changed and sealed again.
    fn changed(&self, snapshot: &Snapshot, name: &str, change: impl FnOnce(&Path)) -> PathBuf {
        let copy = snapshot.folder.join(name);
        assert!(Command::new("cp").arg("-r").arg(&snapshot.bundle).arg(&copy).status().unwrap().success());
        change(&copy);
        let arguments =
            ["bundle", "seal", copy.to_str().unwrap(), "--maker", "Example venue Ltd", "--key", "venue.key"];
        self.run(0, &[arguments.as_slice(), &["--force"]].concat());
        copy
    }

    fn spend_one(&self) {
        let client = self.node.client();
        let (_, address, wif) = &self.keys[0];
        let scan: Value = client.ask("scantxoutset", &format!("[\"start\",[\"addr({address})\"]]")).unwrap();
        let coin = &scan["unspents"][0];
        let params = format!("[[{{\"txid\":{},\"vout\":{}}}],[{{\"{LOST}\":49.999}}]]", coin["txid"], coin["vout"]);
        let unsigned: String = client.ask("createrawtransaction", &params).unwrap();
        let signed: Value = client.ask("signrawtransactionwithkey", &format!("[\"{unsigned}\",[\"{wif}\"]]")).unwrap();
        client.ask_raw("sendrawtransaction", &format!("[{}]", signed["hex"])).unwrap();
        self.mine(1, LOST);
    }
}

/// 1,000 balances that add up to 140 bitcoin; `lowered` is taken from the customer 7 and given to nobody.
fn ledger(lowered: u64) -> String {
    let mut text = String::from("account,asset,amount\n");
    for customer in 0..1_000_u64 {
        let units = 14_000_000 + customer * 2 - 999 - if customer == 7 { lowered } else { 0 };
        let _ = writeln!(text, "u{customer:06},BTC,0.{units:08}");
    }
    text
}

/// What was found, but for what this venue leaves open in every statement: it states neither balance sheet nor scope,
/// which `covered` looks at once.
fn codes(report: &Value) -> Vec<&str> {
    all_codes(report).into_iter().filter(|code| !["CF-7350", "CF-7351"].contains(code)).collect()
}

fn all_codes(report: &Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap()).collect()
}

fn covered(venue: &Venue, snapshot: &Snapshot) {
    let report = venue.reconcile(0, &snapshot.bundle, &snapshot.policy);
    let asset = &report["assets"][0];
    assert_eq!((&asset["verdict"], &asset["owed"]["total"]), (&"covered".into(), &"14500000000".into()));
    assert_eq!((&asset["held"]["counted"], &asset["owed"]["leaves"]), (&"15000000000".into(), &"1000".into()));
    assert_eq!(asset["held"]["by_basis"]["observed"], "15000000000");
    assert_eq!(
        all_codes(&report),
        ["CF-7350", "CF-7351", "CF-7049"],
        "no balance sheet, no scope; nobody noted when the signatures came"
    );
    let (bundle, policy) = (snapshot.bundle.to_str().unwrap(), snapshot.policy.to_str().unwrap());
    let text = stdout(&venue.run(0, &["reconcile", bundle, "--policy", policy]));
    assert!(text.starts_with("COVERED: 1 of 1 covered\n"), "{text}");
    assert!(text.contains("What this report does not show"), "{text}");
    let text = stdout(&venue.run(0, &["reserves", "verify", bundle, "--policy", policy]));
    assert!(text.starts_with("Coverage: not determinable."), "reserves alone: {text}");
}

/// Runs a command where there is no network at all.
fn alone(arguments: &[&str]) -> std::io::Result<Output> {
    Command::new("unshare").arg("--net").args(arguments).output()
}

/// The verifier opens no socket: it gives the same report without a network.
fn without_network(program: &OsStr) -> Result<(), Failed> {
    let venue = Venue::open(program);
    let snapshot = venue.snapshot(0, None, FIRST_CUTOFF);
    let (bundle, policy) = (snapshot.bundle.to_str().unwrap(), snapshot.policy.to_str().unwrap());
    for verb in [vec!["reserves", "verify"], vec!["reconcile"]] {
        let arguments = [verb.as_slice(), &[bundle, "--policy", policy]].concat();
        let output = alone(&[&[env!("CARGO_BIN_EXE_counterfoil")], arguments.as_slice()].concat())?;
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert_eq!(output.stdout, venue.run(0, &arguments).stdout);
    }
    Ok(())
}

fn customer(venue: &Venue, snapshot: &Snapshot) {
    let (statement, policy) = (snapshot.statement.to_str().unwrap(), snapshot.policy.to_str().unwrap());
    let build = snapshot.folder.join("build");
    let proof = snapshot.folder.join("proof.json");
    let proof = proof.to_str().unwrap();
    venue.run(0, &["prove", build.to_str().unwrap(), "--account", "u000007", "--out", proof]);
    let verify = |code, proof: &str, account: &str, expect: &str| {
        let arguments = ["verify", proof, "--statement", statement, "--policy", policy, "--account", account];
        venue.run(code, &[arguments.as_slice(), &["--expect", expect]].concat())
    };
    verify(0, proof, "u000007", "BTC=0.13999015");
    assert!(stderr(&verify(1, proof, "u000007", "BTC=0.14")).contains("CF-2010"));
    assert!(stderr(&verify(2, proof, "u000008", "BTC=0.14")).contains("CF-2003"));
    let lowered = fs::read_to_string(proof).unwrap().replace("\"13999015\"", "\"13999014\"");
    venue.write("lowered.json", &lowered);
    assert!(stderr(&verify(1, "lowered.json", "u000007", "BTC=0.13999014")).contains("CF-2006"));
}

fn foreign_challenge(venue: &Venue, snapshot: &Snapshot) {
    venue.challenge("other", FIRST_CUTOFF - 3_600, "foreign");
    let own = fs::read_to_string(snapshot.folder.join("challenge.jsonl")).unwrap();
    let foreign = fs::read_to_string(venue.path().join("foreign.jsonl")).unwrap();
    let address = &venue.keys[1].1;
    let of = |text: &str, same: bool| -> String {
        text.lines().filter(|line| line.contains(address.as_str()) == same).map(|line| format!("{line}\n")).collect()
    };
    let mixed = of(&own, false) + &of(&foreign, true);
    let bundle = venue.changed(snapshot, "foreign", |folder| fs::write(folder.join("control.jsonl"), mixed).unwrap());
    let report = venue.reconcile(1, &bundle, &snapshot.policy);
    assert_eq!(report["assets"][0]["verdict"], "short");
    assert_eq!(report["assets"][0]["held"]["without_control"], "5000000000");
    // before and after the cut-off, and nobody noted when the signatures came
    assert_eq!(codes(&report), ["CF-7005", "CF-7024", "CF-7046", "CF-7046", "CF-7049"]);
    assert_eq!(report["findings"][0]["subject"], address.as_str());
}

fn weaker_evidence(venue: &Venue, snapshot: &Snapshot) {
    let tip = venue.tip();
    venue.write("stated.toml", &venue.policy(false, std::slice::from_ref(&tip)));
    let report = venue.reconcile(2, &snapshot.bundle, &venue.path().join("stated.toml"));
    assert_eq!(report["assets"][0]["verdict"], "not-determinable");
    assert_eq!(report["assets"][0]["held"]["by_basis"]["stated"], "15000000000");
    assert_eq!(codes(&report), ["CF-7048", "CF-7019", "CF-7049"]);
    venue.write("unpinned.toml", &venue.policy(true, &[]));
    let report = venue.reconcile(2, &snapshot.bundle, &venue.path().join("unpinned.toml"));
    assert_eq!(report["assets"][0]["verdict"], "not-determinable");
    assert_eq!(report["assets"][0]["held"]["by_basis"]["proved"], "0");
    assert_eq!(report["assets"][0]["held"]["counted"], "0");
    assert!(codes(&report).contains(&"CF-7009"), "{:?}", codes(&report));
}

fn missing_liabilities(venue: &Venue, snapshot: &Snapshot) {
    let bundle = venue.changed(snapshot, "alone", |folder| fs::remove_file(folder.join("statement.json")).unwrap());
    let report = venue.reconcile(2, &bundle, &snapshot.policy);
    assert_eq!(report["overall"]["verdict"], "not-determinable");
    assert_eq!(codes(&report), ["CF-7001"]);
    let bundle = venue.changed(snapshot, "unseen", |folder| {
        fs::remove_file(folder.join(format!("chains/{}/transcript.json", CHAIN.replace(':', "_")))).unwrap();
    });
    let report = venue.reconcile(2, &bundle, &snapshot.policy);
    assert_eq!(codes(&report), ["CF-7016", "CF-7048", "CF-7049"]);
}

/// A venue that mines its own chain, with all the coins it likes, and an auditor who pins the real one.
fn private_chain(venue: &Venue, program: &OsStr) {
    let honest = venue.tip();
    let own = Venue { folder: tempfile::tempdir().unwrap(), node: Node::start(program), keys: Vec::new() };
    assert!(
        Command::new("cp")
            .arg("-r")
            .arg(format!("{}/.", venue.path().display()))
            .arg(own.path())
            .status()
            .unwrap()
            .success()
    );
    fs::remove_dir_all(own.path().join("snapshot-0")).unwrap();
    fs::remove_file(own.path().join("venue.key.signed")).unwrap();
    own.clock(FIRST_CUTOFF - 4 * DAY);
    for (_, address, _) in &venue.keys {
        own.mine(20, address);
    }
    own.mine(110, LOST);
    let snapshot = own.snapshot(0, None, FIRST_CUTOFF);
    let report = own.reconcile(0, &snapshot.bundle, &snapshot.policy);
    assert_eq!(report["assets"][0]["verdict"], "covered", "on its own chain, pinned by itself");
    own.write("honest.toml", &own.policy(true, &[honest]));
    let report = own.reconcile(2, &snapshot.bundle, &own.path().join("honest.toml"));
    assert_eq!(report["assets"][0]["verdict"], "not-determinable");
    assert_eq!(
        (&report["assets"][0]["held"]["counted"], &report["assets"][0]["held"]["by_basis"]["proved"]),
        (&"0".into(), &"0".into())
    );
}

fn spent(venue: &Venue, snapshot: &Snapshot) {
    let report = venue.reconcile(1, &snapshot.bundle, &snapshot.policy);
    assert_eq!(report["assets"][0]["verdict"], "short");
    assert_eq!(report["assets"][0]["held"]["possible"], "10000000000");
    assert_eq!(report["assets"][0]["coverage"], "68.96 %");
    let (statement, policy) = (snapshot.statement.to_str().unwrap(), snapshot.policy.to_str().unwrap());
    let old = venue.path().join("snapshot-0/proof.json");
    let old = old.to_str().unwrap();
    let output = venue.run(2, &["verify", old, "--statement", statement, "--policy", policy, "--account", "u000007"]);
    assert!(stderr(&output).contains("CF-2002"), "a proof of the snapshot before");
}

/// The venue lowers a balance in the ledger: everything fits, and only the customer can tell.
fn lowered_before_building(venue: &Venue) {
    venue.write("lowered.csv", &ledger(1_000_000));
    venue.build(1, "lowered.csv", "lowered", &["--no-control-total"]);
    let output = venue
        .run(2, &["statement", "sign", "snapshot-1/lowered", "--key", "venue.key", "--out", "snapshot-1/second.json"]);
    assert!(stderr(&output).contains("CF-3009"), "a second statement for one sequence number");
    let signed = "snapshot-1/lowered.json";
    let arguments = ["statement", "sign", "snapshot-1/lowered", "--key", "venue.key", "--out", signed];
    venue.run(0, &[arguments.as_slice(), &["--record", "a-liar-keeps-two-records"]].concat());
    venue.run(0, &["prove", "snapshot-1/lowered", "--account", "u000007", "--out", "low.json"]);
    let verify =
        ["verify", "low.json", "--statement", signed, "--policy", "snapshot-1/policy.toml", "--account", "u000007"];
    venue.run(0, &verify);
    let output = venue.run(1, &[verify.as_slice(), &["--expect", "BTC=0.13999015"]].concat());
    assert!(stderr(&output).contains("CF-2010"));
}
