//! A window through the command, against a real node of an EVM chain: a venue that borrows ether and tokens for its
//! snapshot, once from the node's old states and once from a journal that was collected live. Anvil runs under the
//! number of Ethereum mainnet, for the rules between two proofs hold there alone. What it does unlike Ethereum
//! (genesis, cleared slots, cheat codes) is not used: nobody's balance falls to zero.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod venue_support;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Output, Stdio};
use std::time::Duration;

use counterfoil::fetch::rpc::Client;
use counterfoil::hash::decode_lower;
use counterfoil::reserve::evm::address::EvmAddress;
use counterfoil::reserve::evm::{control, keccak};
use counterfoil::snapshot::Time;
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::{Value, json};
use venue_support::keys_and_venue;

const CHAIN: &str = "eip155:1";
const DAY: i64 = 86_400;
const START: i64 = 1_793_490_000;
/// After block 8, before block 9.
const CUTOFF: i64 = START + 85;
const SNAPSHOT: u64 = 8;
/// The public keys' secrets of every such node: derived from the words test … junk.
const KEYS: [&str; 3] = [
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
];
const TOKEN: &str = include_str!("nodes/anvil/token.hex");
const ETHER: u128 = 1_000_000_000_000_000_000;

/// A scenario with the node's program.
type Scenario = fn(&OsStr) -> Result<(), Failed>;

fn main() -> ExitCode {
    let names: [(&str, Scenario); 3] = [
        ("coins that come and go for a snapshot", borrowed),
        ("a watch follows a chain, is killed, and goes on", watched),
        ("samples are no minimum", sampled),
    ];
    let found = std::env::var_os("ANVIL");
    let ci = std::env::var("CI").is_ok_and(|value| value == "true");
    let trials = names.into_iter().map(|(name, run)| match found.clone() {
        Some(anvil) => Trial::test(name, move || run(&anvil)),
        None if ci => Trial::test(name, || Err("ANVIL is not set".into())),
        None => Trial::test(format!("{name} (left out: ANVIL is not set)"), || Ok(())).with_ignored_flag(true),
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

fn address(at: usize) -> EvmAddress {
    control::address_of(&decode_lower(KEYS[at]).unwrap()).unwrap()
}

fn time(seconds: i64) -> String {
    Time::from_unix(seconds).to_string()
}

/// A process that ends with this value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The lender is account 0, who deploys the token, and the venue has account 1.
struct Venue {
    _node: Running,
    url: String,
    client: Client,
    folder: tempfile::TempDir,
    token: String,
}

impl Venue {
    fn open(anvil: &OsStr) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new(anvil)
            .args(["--host", "127.0.0.1", "--chain-id", "1", "--silent"])
            .args(["--port", &port.to_string(), "--timestamp", &START.to_string()])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let url = format!("http://127.0.0.1:{port}");
        let client = Client::new(&url, None).unwrap().second_version();
        let mut venue =
            Self { _node: Running(process), url, client, folder: tempfile::tempdir().unwrap(), token: String::new() };
        for _ in 0..100 {
            if venue.client.ask_raw("eth_chainId", "[]").is_ok() {
                let code = format!("0x{}", TOKEN.trim());
                let receipt = venue.send(1, 0, &json!({"data": code, "gas": "0x989680"}));
                venue.token = receipt["contractAddress"].as_str().unwrap().to_lowercase();
                venue.pay_tokens(2, 0, 1, 600);
                venue.mine(3);
                venue.files();
                return venue;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("the node did not start");
    }

    fn ask(&self, method: &'static str, params: Value) -> Value {
        self.client.ask(method, &params.to_string()).unwrap()
    }

    /// A transaction in the block of this number.
    fn send(&self, number: i64, from: usize, transaction: &Value) -> Value {
        self.ask("evm_setNextBlockTimestamp", json!([START + 10 * number]));
        let mut transaction = transaction.clone();
        transaction["from"] = address(from).to_string().into();
        let hash = self.ask("eth_sendTransaction", json!([transaction]));
        for _ in 0..100 {
            let receipt = self.ask("eth_getTransactionReceipt", json!([hash]));
            if receipt.is_object() {
                assert_eq!(
                    (&receipt["status"], &receipt["blockNumber"]),
                    (&"0x1".into(), &format!("0x{number:x}").into())
                );
                return receipt;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the transaction was not mined");
    }

    fn pay_ether(&self, number: i64, from: usize, to: usize, ether: u128) {
        let value = format!("0x{:x}", ether * ETHER);
        self.send(number, from, &json!({"to": address(to).to_string(), "value": value}));
    }

    fn pay_tokens(&self, number: i64, from: usize, to: usize, units: u128) {
        let data = format!("0xa9059cbb{:0>64}{units:064x}", hex::encode(address(to).to_bytes()));
        self.send(number, from, &json!({"to": self.token, "data": data}));
    }

    fn mine(&self, number: i64) {
        self.ask("evm_setNextBlockTimestamp", json!([START + 10 * number]));
        self.ask("evm_mine", json!([]));
    }

    fn block(&self, number: u64) -> Value {
        self.ask("eth_getBlockByNumber", json!([format!("0x{number:x}"), false]))
    }

    /// Blocks 4 to 16. Ether comes in block 6 and goes in block 11, tokens come in block 7 and go in block 12. A
    /// customer pays in block 10.
    fn story(&self, after: &mut dyn FnMut(u64)) {
        for number in 4..=16 {
            match number {
                6 => self.pay_ether(number, 0, 1, 5_000),
                7 => self.pay_tokens(number, 0, 1, 400),
                10 => self.pay_ether(number, 2, 1, 3),
                11 => self.pay_ether(number, 1, 0, 5_000),
                12 => self.pay_tokens(number, 1, 0, 400),
                _ => self.mine(number),
            }
            after(u64::try_from(number).unwrap());
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
        command.args(arguments).current_dir(self.folder.path());
        command
    }

    fn run(&self, code: i32, arguments: &[&str]) -> Output {
        let output = self.command(arguments).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "counterfoil {arguments:?}\n{out}\n{err}");
        output
    }

    /// Keys, address set, policy, and a challenge that the address signs, all before the cut-off.
    fn files(&self) {
        keys_and_venue(self.folder.path());
        self.write(
            "assets.toml",
            &format!(
                "[[asset]]\nid = \"ETH\"\ndecimals = 18\n[[asset.deployment]]\nid = \"{CHAIN}/slip44:60\"\n\
                 decimals = 18\n\
                 [[asset]]\nid = \"TOK\"\ndecimals = 0\n[[asset.deployment]]\nid = \"{CHAIN}/erc20:{}\"\n\
                 decimals = 0\n",
                self.token
            ),
        );
        self.write("ledger.csv", "account,asset,amount\nu000001,ETH,14900\nu000001,TOK,900\n");
        self.write("addresses.csv", &format!("chain,address,role,issuer\n{CHAIN},{},hot,none\n", address(1)));
        self.write("address.keys", &format!("{CHAIN} {} {}\n", address(1), KEYS[1]));
        fs::set_permissions(self.path("address.keys"), fs::Permissions::from_mode(0o600)).unwrap();
        self.run(0, &["challenge", "addresses", "addresses.csv", "--out", "addresses.jsonl"]);
        let hash = self.block(3)["hash"].as_str().unwrap().trim_start_matches("0x").to_owned();
        let block = format!("{CHAIN},3,{hash}");
        let challenge =
            ["challenge", "new", "--addresses", "addresses.jsonl", "--venue", "venue.toml", "--block", &block];
        let issued = time(START + 35);
        let rest = ["--expires", "2027-05-01", "--issued", &issued, "--out", "challenge.json"];
        self.run(0, &[challenge.as_slice(), &rest].concat());
        self.run(0, &["reserves", "sign", "challenge.json", "--keys-file", "address.keys", "--out", "control.jsonl"]);
        self.policy("policy.toml", 3, "before = 4\nafter = 6\n");
    }

    /// The auditor's policy, with the block `pin`.
    fn policy(&self, name: &str, pin: u64, window: &str) {
        let code = hex::decode(TOKEN.trim()).unwrap();
        let hash = hex::encode(keccak(&code[33..])); // behind what creates it
        let of_token = format!(
            "chain = \"{CHAIN}\"\ncontract = \"{}\"\nname = \"a token\"\ncode_hash = \"{hash}\"\n\
             source = \"tests/nodes/anvil/token.easm\"\n",
            self.token
        );
        self.write(
            name,
            &format!(
                "format = \"counterfoil-policy-v1\"\n[venue]\nid = \"example-venue\"\n\
                 log_origin = \"log.example/venue\"\n\
                 keys = [{}]\n[[node]]\nname = \"own\"\nkey = {}\n[[pin]]\nchain = \"{CHAIN}\"\nheight = {pin}\n\
                 hash = \"{}\"\n[window]\n{window}{}\
                 [[token]]\n{of_token}balance_slot = 2\nlayout = \"solidity\"\ndecode = \"plain\"\n\
                 [[token_events]]\n{of_token}changes = []\n[[token_events.moves]]\n\
                 event = \"Transfer(address,address,uint256)\"\nholders = [\"topic1\", \"topic2\"]\n",
                self.read("venue.pub"),
                self.read("node.pub"),
                self.block(pin)["hash"].as_str().unwrap().trim_start_matches("0x"),
                self.read("assets.toml")
            ),
        );
    }

    fn fetch<'a>(&'a self, cutoff: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        let fetch = ["fetch", "evm", "--url", &self.url, "--addresses", "addresses.jsonl", "--policy", "policy.toml"];
        [&fetch[..], &["--cutoff", cutoff], more].concat()
    }

    /// Gathers, builds, signs and seals.
    fn bundle(&self, name: &str, window: &[&str]) {
        let cutoff = time(CUTOFF);
        let out = ["--node-key", "node.key", "--out", name];
        let named = self.run(0, &[&self.fetch(&cutoff, window)[..], &out].concat());
        let named = String::from_utf8(named.stdout).unwrap();
        assert!(named.contains(&format!("height = {SNAPSHOT}\n")), "{named}");
        let (next, due) = (time(CUTOFF + 30 * DAY), time(CUTOFF + 32 * DAY));
        let sequence = "sequence = 0\n";
        self.write(
            "snapshot.toml",
            &format!("{sequence}cutoff = \"{cutoff}\"\nnext_cutoff = \"{next}\"\ndue = \"{due}\"\n{named}"),
        );
        if !self.path("statement.json").exists() {
            let build = ["build", "ledger.csv", "--assets", "assets.toml", "--venue", "venue.toml", "--snapshot"];
            let rest = ["snapshot.toml", "--secret-file", "master.secret", "--addresses", "addresses.jsonl"];
            let out = ["--challenge", "challenge.json", "--no-control-total", "--out", "build"];
            self.run(0, &[&build[..], &rest, &out].concat());
            self.run(0, &["statement", "sign", "build", "--key", "venue.key", "--out", "statement.json"]);
        }
        let add = ["bundle", "add", name, "--statement", "statement.json", "--addresses", "addresses.jsonl"];
        self.run(0, &[&add[..], &["--challenge", "challenge.json", "--control", "control.jsonl"]].concat());
        self.seal(name);
    }

    fn seal(&self, name: &str) {
        let _ = fs::remove_file(self.path(name).join("manifest.json"));
        self.run(0, &["bundle", "seal", name, "--maker", "Example Venue Ltd", "--key", "venue.key"]);
    }

    fn reconcile(&self, bundle: &str, policy: &str) -> Value {
        let output = self.command(&["reconcile", bundle, "--policy", policy, "--json", "-"]).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
    }

    fn balance(&self, number: u64) -> u128 {
        let text = self.ask("eth_getBalance", json!([address(1).to_string(), format!("0x{number:x}")]));
        u128::from_str_radix(text.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
    }
}

fn codes(report: &Value) -> Vec<(String, String)> {
    let findings = report["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|one| (one["code"].as_str().unwrap().into(), one["severity"].as_str().unwrap().into()))
        .collect()
}

fn has(report: &Value, code: &str) -> bool {
    codes(report).iter().any(|(found, _)| found == code)
}

/// Both assets cover at the cut-off, and both fall short of what is owed a few blocks before and after.
fn check_borrowed(venue: &Venue, report: &Value) {
    let asset = |at: usize| &report["assets"][at];
    assert_eq!((&asset(0)["asset"], &asset(1)["asset"]), (&"ETH".into(), &"TOK".into()));
    let ether = (10_003 * ETHER).min(venue.balance(12));
    let (own, with_loan) = ((10_000 * ETHER).to_string(), (15_000 * ETHER).to_string());
    assert_eq!(asset(0)["held"]["counted"], with_loan.as_str(), "{report:#}");
    let window = &asset(0)["windows"][0];
    assert_eq!((&window["blocks"], &window["covered"], &window["gaps"]), (&"11".into(), &"11".into(), &json!([])));
    assert_eq!((&window["snapshot"], &window["snapshot_height"]), (&with_loan.as_str().into(), &"8".into()));
    let minimum = (10_000 * ETHER).min(ether);
    assert_eq!((&window["minimum"], &window["minimum_at"]), (&minimum.to_string().into(), &"4".into()));
    assert_eq!(window["curve"][0]["amount"], own.as_str());
    assert_eq!((&window["authenticity"], &window["completeness"]), (&"proved".into(), &"exact".into()));
    assert_eq!((&window["mean"], &window["younger"]), (&Value::Null, &Value::Null));
    assert_eq!(window["bounds"]["flows"], true);
    let tokens = &asset(1)["windows"][0];
    assert_eq!((&tokens["minimum"], &tokens["snapshot"]), (&"600".into(), &"1000".into()), "{tokens:#}");
    assert_eq!((&tokens["covered"], &tokens["bounds"]["exact"]), (&"11".into(), &"11".into()));
    assert_eq!(tokens["median"], "600", "six of eleven blocks");
    assert!(tokens["mean"].is_string() && tokens["dressing_ratio"] == "40.00 %", "{tokens:#}");
    assert!(has(report, "CF-7046") && !has(report, "CF-7040") && !has(report, "CF-7042"), "{:?}", codes(report));
}

fn borrowed(anvil: &OsStr) -> Result<(), Failed> {
    let venue = Venue::open(anvil);
    venue.story(&mut |_| {});
    venue.bundle("bundle", &["--window", "4..15"]);
    venue.policy("audit.toml", 16, "before = 4\nafter = 6\n");
    // the chain was fetched up to the window's end only
    let report = venue.reconcile("bundle", "audit.toml");
    assert!(has(&report, "CF-7048"), "no pinned block is among the headers: {:?}", codes(&report));
    venue.policy("audit.toml", 15, "before = 4\nafter = 6\n");
    let report = venue.reconcile("bundle", "audit.toml");
    check_borrowed(&venue, &report);
    let text = venue.command(&["reconcile", "bundle", "--policy", "audit.toml"]).output()?;
    let text = String::from_utf8(text.stdout)?;
    assert!(text.contains("minimum at least") && text.contains("Window min"), "{text}");
    let verified = venue.command(&["reserves", "verify", "bundle", "--policy", "audit.toml"]).output()?;
    assert!(String::from_utf8_lossy(&verified.stdout).contains("CF-7046"), "reserves verify reads it, too");

    // no more proofs than needed: both assets' windows in a dozen blocks, not in all of them
    let nodes = fs::metadata(venue.path("bundle/chains/eip155_1/nodes.bin"))?.len();
    venue.run(
        2,
        &[&venue.fetch(&time(CUTOFF), &["--window", "4..99"])[..], &["--node-key", "node.key", "--out", "x"]].concat(),
    );

    // receipts decide where a bloom allows other code to have come in: here every Transfer is said to bring it
    let policy = venue.read("policy.toml");
    venue.write("policy.toml", &policy.replace("changes = []", "changes = [\"Transfer(address,address,uint256)\"]"));
    venue.bundle("receipts", &["--window", "4..15"]);
    for number in [7, 12] {
        assert!(venue.path(&format!("receipts/chains/eip155_1/receipts/{number}.rlp")).exists(), "block {number}");
    }
    let audit = venue.read("audit.toml").replace("changes = []", "changes = [\"Transfer(address,address,uint256)\"]");
    venue.write("changing.toml", &audit);
    let changing = venue.reconcile("receipts", "changing.toml");
    assert!(
        has(&changing, "CF-6109") && !has(&changing, "CF-6110") && !has(&changing, "CF-6111"),
        "{:?}",
        codes(&changing)
    );
    assert!(!has(&venue.reconcile("receipts", "audit.toml"), "CF-6109"));
    venue.write("policy.toml", &policy);

    // what the policy asks for beyond the headers is a gap
    venue.policy("longer.toml", 15, "before = 7\nafter = 6\n");
    let longer = venue.reconcile("bundle", "longer.toml");
    assert!(codes(&longer).contains(&("CF-7040".into(), "critical".into())), "{:?}", codes(&longer));
    // an end of the window that nobody anchored is left out
    venue.policy("early.toml", 12, "before = 4\nafter = 6\n");
    let early = venue.reconcile("bundle", "early.toml");
    assert!(has(&early, "CF-6116") && has(&early, "CF-7040"), "{:?}", codes(&early));
    assert_eq!(early["assets"][0]["windows"][0]["measured"]["to"], "12");

    // without the nodes of one proof there is a gap, never another figure
    let fewer = Path::new("bundle/chains/eip155_1/nodes.bin");
    let pool = counterfoil::reserve::evm::trie::NodePool::parse("f", &fs::read(venue.path("").join(fewer))?)?;
    assert!(u64::try_from(pool.to_file().len())? == nodes);
    let root = venue.block(11)["stateRoot"].as_str().unwrap().trim_start_matches("0x").to_owned();
    let kept = pool.iter().filter(|node| hex::encode(keccak(node)) != root).map(<[u8]>::to_vec);
    let cut: counterfoil::reserve::evm::trie::NodePool = kept.collect();
    assert_eq!(cut.len() + 1, pool.len());
    fs::write(venue.path("").join(fewer), cut.to_file())?;
    venue.seal("bundle");
    let report = venue.reconcile("bundle", "audit.toml");
    let window = &report["assets"][0]["windows"][0];
    assert!(codes(&report).contains(&("CF-7040".into(), "critical".into())), "{:?}", codes(&report));
    assert_eq!(window["gaps"], json!([{"from": "11", "to": "11"}]), "{window:#}");
    assert_eq!((&window["minimum"], &window["minimum_at"]), (&"0".into(), &"11".into()));
    Ok(())
}

/// Waits until the journal's last whole line speaks of this block.
fn wait_for(journal: &Path, number: u64) {
    let wanted = format!("\"number\":\"{number}\"");
    for _ in 0..400 {
        let text = fs::read_to_string(journal).unwrap_or_default();
        if text.rfind('\n').is_some_and(|end| text[..end].contains(&wanted)) {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("block {number} is not in the journal: {}", fs::read_to_string(journal).unwrap_or_default().len());
}

fn watched(anvil: &OsStr) -> Result<(), Failed> {
    let venue = Venue::open(anvil);
    let journal = venue.path("journal");
    let cutoff = time(CUTOFF);
    let watch = || {
        let arguments = venue.fetch(&cutoff, &["--watch", "journal"]);
        Running(venue.command(&arguments).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap())
    };
    let mut running = Some(watch());
    wait_for(&journal, 3);
    venue.story(&mut |number| {
        match number {
            // killed without a word, in the middle of a line for all that anybody knows
            9 => {
                wait_for(&journal, 8);
                running = None;
                let mut bytes = fs::read(&journal).unwrap();
                bytes.extend_from_slice(b"{\"kind\":\"block\",\"num");
                fs::write(&journal, bytes).unwrap();
            }
            11 => running = Some(watch()),
            _ => {}
        }
    });
    wait_for(&journal, 16);
    let process = running.take().unwrap();
    let signal = Command::new("kill").args(["-INT", &process.0.id().to_string()]).status()?;
    assert!(signal.success());
    let mut process = process;
    let mut said = String::new();
    std::io::Read::read_to_string(process.0.stderr.as_mut().unwrap(), &mut said)?;
    assert_eq!(process.0.wait()?.code(), Some(0), "{said}");
    assert!(said.contains("blocks 3 to 16"), "{said}");

    venue.bundle("bundle", &["--window", "4..15", "--watched", "journal"]);
    assert_eq!(
        venue.read("bundle/chains/eip155_1/window.jsonl"),
        "{\"format\":\"counterfoil-evm-window-v1\",\"from\":\"3\",\"to\":\"16\"}\n"
    );
    // everything is proved at the journal's ends, and the window reaches to them
    venue.policy("audit.toml", 16, "before = 4\nafter = 6\n");
    check_borrowed(&venue, &venue.reconcile("bundle", "audit.toml"));

    // a journal is of one question, whole but for its end, and covers what is taken from it
    let refused = |more: &[&str], code: &str| {
        let out = ["--node-key", "node.key", "--out", "other"];
        let output = venue.run(2, &[&venue.fetch(&cutoff, more)[..], &out].concat());
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(text.contains(code), "{text}");
    };
    refused(&["--window", "2..15", "--watched", "journal"], "CF-6120");
    let text = fs::read_to_string(&journal)?;
    fs::write(
        venue.path("cut"),
        text.lines().enumerate().filter(|(at, _)| *at != 4).map(|(_, line)| format!("{line}\n")).collect::<String>(),
    )?;
    refused(&["--window", "4..15", "--watched", "cut"], "CF-6119");
    let policy = venue.read("policy.toml");
    venue
        .write("policy.toml", &policy.replace(&format!("{CHAIN}/slip44:60"), &format!("{CHAIN}/erc20:{}", address(2))));
    refused(&["--window", "4..15", "--watched", "journal"], "CF-6118");
    Ok(())
}

fn sampled(anvil: &OsStr) -> Result<(), Failed> {
    let venue = Venue::open(anvil);
    venue.story(&mut |_| {});
    venue.bundle("bundle", &["--window", "4..15", "--sample", "6,9,14"]);
    venue.policy("audit.toml", 15, "before = 4\nafter = 6\n");
    let report = venue.reconcile("bundle", "audit.toml");
    let window = &report["assets"][0]["windows"][0];
    assert!(codes(&report).contains(&("CF-7040".into(), "critical".into())), "{:?}", codes(&report));
    assert_eq!(
        (&window["minimum"], &window["covered"]),
        (&"0".into(), &"5".into()),
        "blocks 6 to 9, and 14: {window:#}"
    );
    let sampled = &window["bounds"]["sampled"];
    assert_eq!((&sampled["stretches"], &sampled["lowest_at"]), (&"2".into(), &"14".into()), "{window:#}");
    assert!(codes(&report).contains(&("CF-7070".into(), "note".into())), "{:?}", codes(&report));
    assert_eq!(report["assets"][1]["windows"][0]["minimum"], "600", "between Transfers one proof speaks of all blocks");
    let refused = venue.run(
        2,
        &[
            &venue.fetch(&time(CUTOFF), &["--window", "4..15", "--sample", "3"])[..],
            &["--node-key", "node.key", "--out", "x"],
        ]
        .concat(),
    );
    assert!(String::from_utf8_lossy(&refused.stderr).contains("CF-6117"));
    Ok(())
}
