//! A window through the command, against a real node of Bitcoin Core: a venue that borrows coins for its snapshot, a
//! key that is handed over after the coins left, and a spend that somebody cuts out of the list.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};

use counterfoil::asset::ChainId;
use counterfoil::bundle::paths;
use counterfoil::fetch::bitcoin::{Request, fetch};
use counterfoil::reserve::bitcoin::activity::ActivityKind;
use counterfoil::reserve::bitcoin::control::sign::{AddressKey, AddressKind};
use counterfoil::reserve::bitcoin::window::file::WindowFile;
use counterfoil::snapshot::Time;
use libtest_mimic::Failed;
use serde_json::Value;

mod node_support;
mod venue_support;

use node_support::Node;
use venue_support::keys_and_venue;

const CHAIN: &str = "bip122:0f9188f13cb7b2c71f2a335e3a4fc328";
const DAY: i64 = 86_400;
const CUTOFF: i64 = 1_793_491_200;
const LOST: &str = "bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202";
/// Blocks after the cut-off time until the median passes it: the cut-off block is the fifth.
const BEFORE: u64 = 5;

const STORY: &str = "coins that come and go for a snapshot";
const ALONE: &str = "the verifier of windows needs no network";

fn main() -> ExitCode {
    let works = alone(&["true"]).is_ok_and(|output| output.status.success());
    let (names, left_out): (&[&str], &[&str]) = match works {
        true => (&[STORY, ALONE], &[]),
        false => (&[STORY], &["the verifier of windows needs no network (left out: unshare --net does not work here)"]),
    };
    let run = |program: &OsStr, name: &str| if name == ALONE { without_network(program) } else { story(program) };
    node_support::with_node(names, left_out, run).exit_code()
}

struct Venue {
    node: Node,
    folder: tempfile::TempDir,
    hot: Account,
    cold: Account,
    lender: Account,
    /// Height of the cut-off block.
    snapshot: u64,
}

struct Account {
    address: String,
    wif: String,
}

impl Account {
    fn new(seed: u8) -> Self {
        let chain: ChainId = CHAIN.parse().unwrap();
        let key = AddressKey::new(&mut [seed; 32]).unwrap();
        let address = key.address(&chain, AddressKind::WitnessKeyHash).unwrap();
        let wif = bitcoin::PrivateKey::from_slice(&[seed; 32], bitcoin::Network::Regtest).unwrap().to_wif();
        Self { address, wif }
    }
}

fn counterfoil(folder: &Path, code: i32, arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_counterfoil")).args(arguments).current_dir(folder).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "counterfoil {arguments:?}\n{out}\n{err}");
    output
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs a command where there is no network at all.
fn alone(arguments: &[&str]) -> std::io::Result<Output> {
    Command::new("unshare").arg("--net").args(arguments).output()
}

fn time(seconds: i64) -> String {
    Time::from_unix(seconds).to_string()
}

impl Venue {
    /// Two own coins of 50, one that is borrowed two blocks before the cut-off block and given back three blocks after
    /// it; five blocks after it the coin on the cold address leaves, too.
    fn open(program: &OsStr) -> Self {
        let node = Node::start_with(program, &["-blockfilterindex=1"]);
        let (hot, cold, lender) = (Account::new(1), Account::new(2), Account::new(3));
        let mut venue = Self { node, folder: tempfile::tempdir().unwrap(), hot, cold, lender, snapshot: 0 };
        venue.clock(CUTOFF - 3 * DAY);
        for address in [&venue.hot.address, &venue.cold.address, &venue.lender.address] {
            venue.mine(1, address);
        }
        venue.mine(110, LOST);
        venue.files();
        venue.clock(CUTOFF + 3_600);
        let start = venue.height();
        venue.snapshot = start + BEFORE;
        venue.mine(2, LOST);
        venue.send(&venue.lender, "50.00000000", &venue.hot, "49.999");
        venue.mine(1, LOST);
        venue.mine(4, LOST);
        venue.send(&venue.hot, "49.99900000", &venue.lender, "49.998");
        venue.mine(1, LOST);
        venue.mine(1, LOST);
        venue.send(&venue.cold, "50.00000000", &Account { address: LOST.to_owned(), wif: String::new() }, "49.999");
        venue.mine(1, LOST);
        venue.mine(10, LOST);
        assert_eq!(venue.height(), venue.snapshot + 15);
        venue
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap()
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

    fn height(&self) -> u64 {
        self.node.client().ask("getblockcount", "[]").unwrap()
    }

    fn hash(&self, height: u64) -> String {
        self.node.client().ask("getblockhash", &format!("[{height}]")).unwrap()
    }

    /// Spends the coin of one amount.
    fn send(&self, from: &Account, coin: &str, to: &Account, value: &str) {
        let client = self.node.client();
        let scan = client.ask_raw("scantxoutset", &format!("[\"start\",[\"addr({})\"]]", from.address)).unwrap();
        let marked = scan.replace(&format!("\"amount\": {coin}"), "\"amount\": true");
        let marked = marked.replace(&format!("\"amount\":{coin}"), "\"amount\":true");
        let scan: Value = serde_json::from_str(&marked).unwrap();
        let coins = scan["unspents"].as_array().unwrap();
        let coin = coins.iter().find(|coin| coin["amount"] == true).unwrap();
        let (txid, vout, to) = (&coin["txid"], &coin["vout"], &to.address);
        let params = format!("[[{{\"txid\":{txid},\"vout\":{vout}}}],[{{\"{to}\":{value}}}]]");
        let unsigned: String = client.ask("createrawtransaction", &params).unwrap();
        let params = format!("[\"{unsigned}\",[\"{}\"]]", from.wif);
        let signed: Value = client.ask("signrawtransactionwithkey", &params).unwrap();
        client.ask_raw("sendrawtransaction", &format!("[{}]", signed["hex"])).unwrap();
    }

    /// Keys, address set, and a challenge that both addresses sign, all before the cut-off.
    fn files(&self) {
        keys_and_venue(self.path());
        let asset = format!(
            "[[asset]]\nid = \"BTC\"\ndecimals = 8\n[[asset.deployment]]\nid = \"{CHAIN}/slip44:0\"\ndecimals = 8\n"
        );
        self.write("assets.toml", &asset);
        self.write("ledger.csv", "account,asset,amount\nu000001,BTC,100\nu000002,BTC,45\n");
        let (hot, cold) = (&self.hot, &self.cold);
        self.write(
            "addresses.csv",
            &format!(
                "chain,address,role,issuer\n{CHAIN},{},hot,none\n{CHAIN},{},cold,none\n",
                hot.address, cold.address
            ),
        );
        let keys = [hot, cold].map(|account| format!("{CHAIN} {} {}\n", account.address, account.wif)).concat();
        self.write("address.keys", &keys);
        fs::set_permissions(self.path().join("address.keys"), fs::Permissions::from_mode(0o600)).unwrap();
        self.run(0, &["challenge", "addresses", "addresses.csv", "--out", "addresses.jsonl"]);
        let block = format!("{CHAIN},{},{}", self.height(), self.hash(self.height()));
        let issued = time(CUTOFF - 3_600);
        let challenge =
            ["challenge", "new", "--addresses", "addresses.jsonl", "--venue", "venue.toml", "--block", &block];
        let rest = ["--expires", "2027-05-01", "--issued", &issued, "--out", "challenge.json"];
        self.run(0, &[challenge.as_slice(), &rest].concat());
        self.run(0, &["reserves", "sign", "challenge.json", "--keys-file", "address.keys", "--out", "control.jsonl"]);
    }

    /// Gathers, builds, signs and seals.
    fn bundle(&self) -> PathBuf {
        let (cookie, cutoff) = (self.node.cookie_file(), time(CUTOFF));
        let window = format!("{}..{}", self.snapshot - 10, self.snapshot + 12);
        let node = ["fetch", "bitcoin", "--url", &self.node.url, "--cookie-file", cookie.to_str().unwrap()];
        let what = [
            "--from-height",
            "0",
            "--chain",
            CHAIN,
            "--addresses",
            "addresses.jsonl",
            "--cutoff",
            &cutoff,
            "--window",
            &window,
        ];
        let fetched = self.run(0, &[&node[..], &what, &["--node-key", "node.key", "--out", "bundle"]].concat());
        let named = stdout(&fetched);
        assert!(named.contains(&format!("height = {}", self.snapshot)), "{named}");
        let (next, due) = (time(CUTOFF + 30 * DAY), time(CUTOFF + 32 * DAY));
        self.write(
            "snapshot.toml",
            &format!("sequence = 0\ncutoff = \"{cutoff}\"\nnext_cutoff = \"{next}\"\ndue = \"{due}\"\n{named}"),
        );
        let build = ["build", "ledger.csv", "--assets", "assets.toml", "--venue", "venue.toml", "--snapshot"];
        let rest = ["snapshot.toml", "--secret-file", "master.secret", "--addresses", "addresses.jsonl"];
        let out = ["--challenge", "challenge.json", "--no-control-total", "--out", "build"];
        self.run(0, &[&build[..], &rest, &out].concat());
        self.run(0, &["statement", "sign", "build", "--key", "venue.key", "--out", "statement.json"]);
        let add = ["bundle", "add", "bundle", "--statement", "statement.json", "--addresses", "addresses.jsonl"];
        self.run(0, &[&add[..], &["--challenge", "challenge.json", "--control", "control.jsonl"]].concat());
        self.run(0, &["bundle", "seal", "bundle", "--maker", "Example Venue Ltd", "--key", "venue.key"]);
        self.path().join("bundle")
    }

    /// The auditor's policy: ten blocks before the cut-off block, ten after it.
    fn policy(&self, name: &str, more: &str) {
        let tip = self.height();
        let text = format!(
            "format = \"counterfoil-policy-v1\"\n[venue]\nid = \"example-venue\"\nlog_origin = \"log.example/venue\"\n\
             keys = [{}]\n[[node]]\nname = \"own\"\nkey = {}\n[[pin]]\nchain = \"{CHAIN}\"\nheight = {tip}\n\
             hash = \"{}\"\n[window]\nbefore = 10\nafter = 10\n{more}{}",
            self.read("venue.pub"),
            self.read("node.pub"),
            self.hash(tip),
            self.read("assets.toml")
        );
        self.write(name, &text);
    }

    fn reconcile(&self, bundle: &str, policy: &str) -> Value {
        let arguments = ["reconcile", bundle, "--policy", policy, "--json", "-"];
        let output =
            Command::new(env!("CARGO_BIN_EXE_counterfoil")).args(arguments).current_dir(self.path()).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

fn finding<'a>(report: &'a Value, code: &str) -> Option<&'a Value> {
    report["findings"].as_array().unwrap().iter().find(|finding| finding["code"] == code)
}

fn story(program: &OsStr) -> Result<(), Failed> {
    let venue = Venue::open(program);
    venue.bundle();
    venue.policy("policy.toml", "");
    borrowed(&venue);
    whole_blocks(&venue);
    handed_over(&venue);
    longer_than_shown(&venue);
    cut_out(&venue);
    without_index(&venue, program)
}

fn borrowed(venue: &Venue) {
    let report = venue.reconcile("bundle", "policy.toml");
    let asset = &report["assets"][0];
    assert_eq!(asset["verdict"], "short", "68.96 % without coins that came and went: {report:#}");
    assert_eq!((&asset["came_and_went"], &asset["coverage_possible"]), (&"4999800000".into(), &"68.96 %".into()));
    assert_eq!(asset["held"]["counted"], "14999900000", "each spend since shows that its coin was there");
    assert_eq!((&asset["not_sustained"], &asset["coverage"]), (&"4999900000".into(), &"68.96 %".into()));
    let window = &asset["windows"][0];
    let height = |after: i64| (venue.snapshot.cast_signed() + after).to_string();
    assert_eq!((&window["snapshot"], &window["snapshot_height"]), (&"14999900000".into(), &height(0).into()));
    assert_eq!((&window["minimum"], &window["minimum_at"]), (&"5000000000".into(), &height(5).into()));
    assert_eq!((&window["median"], &window["maximum_at"]), (&"10000000000".into(), &height(-2).into()));
    assert_eq!((&window["blocks"], &window["covered"]), (&"21".into(), &"21".into()));
    assert_eq!((&window["authenticity"], &window["completeness"]), (&"proved".into(), &"unspent-observed".into()));
    assert_eq!((&window["dressing_ratio"], &window["sustained"]), (&"33.33 %".into(), &"10000000000".into()));
    let flows = window["flows"].as_array().unwrap();
    let flow = |place: usize| {
        let flow = &flows[place];
        (flow["height"].as_str().unwrap(), flow["direction"].as_str().unwrap(), flow["amount"].as_str().unwrap())
    };
    let (came, went, left) = (height(-2), height(3), height(5));
    assert_eq!(
        [flow(0), flow(1), flow(2)],
        [
            (came.as_str(), "in", "4999900000"),
            (went.as_str(), "out", "4999900000"),
            (left.as_str(), "out", "5000000000"),
        ]
    );
    assert_eq!(flows[0]["counterparties"][0]["name"], venue.lender.address);
    assert_eq!(flows[1]["counterparties"][0]["name"], venue.lender.address);
    let trip = finding(&report, "CF-7045").expect("the loan");
    assert_eq!(trip["subject"], venue.lender.address);
    assert!(trip["detail"].as_str().unwrap().contains("they were there at the cut-off"), "{trip}");
    assert!(finding(&report, "CF-7046").is_some(), "less than what is owed");
    let output = venue.run(1, &["reconcile", "bundle", "--policy", "policy.toml"]);
    let text = stdout(&output);
    assert!(text.contains("Window min") && text.contains("34.48 %"), "{text}");
    assert!(text.contains(&format!("round trip, 49.999 at block {}", height(-2))), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80 || line.contains(&venue.lender.address)), "{text}");
}

/// The auditor's own blocks leave nothing out.
fn whole_blocks(venue: &Venue) {
    let blocks = venue.node.folder.path().join("regtest/blocks");
    let arguments = ["reconcile", "bundle", "--policy", "policy.toml", "--json", "-", "--blocks"];
    let output = venue.run(1, &[&arguments[..], &[blocks.to_str().unwrap()]].concat());
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let window = &report["assets"][0]["windows"][0];
    assert_eq!((&window["completeness"], &window["covered"]), (&"replayed".into(), &"21".into()), "{report:#}");
    assert_eq!((&window["minimum"], &window["sustained"]), (&"5000000000".into(), &"10000000000".into()));
    assert_eq!(report["assets"][0]["verdict"], "short");
}

/// Whoever got the key of the cold address after its coin had left, signed for nothing.
fn handed_over(venue: &Venue) {
    let seen = |after: u64| format!("[[window.seen]]\nchain = \"{CHAIN}\"\nheight = {}\n", venue.snapshot + after);
    venue.policy("seen-early.toml", &seen(4));
    let report = venue.reconcile("bundle", "seen-early.toml");
    let gone = |report: &Value| -> Vec<String> {
        let findings = report["findings"].as_array().unwrap().iter();
        let gone = findings.filter(|finding| finding["code"] == "CF-7044");
        gone.map(|finding| finding["subject"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(gone(&report), [venue.hot.address.as_str()], "only the loan was back by then");
    assert_eq!(report["assets"][0]["windows"][0]["sustained"], "10000000000");
    assert!(finding(&report, "CF-7049").is_none());
    venue.policy("seen.toml", &seen(6));
    let report = venue.reconcile("bundle", "seen.toml");
    let mut both = [venue.hot.address.clone(), venue.cold.address.clone()];
    both.sort();
    assert_eq!(gone(&report), both);
    assert_eq!(report["assets"][0]["windows"][0]["sustained"], "5000000000");
    assert_eq!(report["assets"][0]["not_sustained"], "9999900000");
    venue.policy("seen-late.toml", &seen(14));
    let report = venue.reconcile("bundle", "seen-late.toml");
    assert_eq!(finding(&report, "CF-7043").expect("the window ends before").get("severity"), Some(&"critical".into()));
    let report = venue.reconcile("bundle", "policy.toml");
    assert!(finding(&report, "CF-7049").is_some(), "nothing says when the signatures were made");
}

/// A policy that asks for more blocks than the bundle shows.
fn longer_than_shown(venue: &Venue) {
    let text = venue.read("policy.toml").replace("before = 10", "before = 20");
    venue.write("longer.toml", &text);
    let report = venue.reconcile("bundle", "longer.toml");
    let window = &report["assets"][0]["windows"][0];
    assert_eq!((&window["blocks"], &window["covered"]), (&"31".into(), &"21".into()));
    let detail = format!("blocks {} to {} without evidence", venue.snapshot - 20, venue.snapshot - 11);
    let gap = finding(&report, "CF-7040").expect("a gap");
    assert_eq!((&gap["detail"], &gap["severity"]), (&detail.into(), &"critical".into()));
    let text = venue.read("policy.toml").replace("before = 10\nafter = 10\n", "before = 0\nafter = 0\n");
    venue.write("open.toml", &text);
    let report = venue.reconcile("bundle", "open.toml");
    assert!(finding(&report, "CF-7041").is_some(), "the bundle chose the blocks");
}

/// The venue cuts the spend of its cold coin out of the list, and seals the bundle again.
fn cut_out(venue: &Venue) {
    let copy = venue.path().join("cut");
    assert!(Command::new("cp").arg("-r").arg(venue.path().join("bundle")).arg(&copy).status().unwrap().success());
    let path = copy.join("chains").join(CHAIN.replace(':', "_")).join("window.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let left = format!("\"height\":\"{}\"", venue.snapshot + 5);
    let kept: Vec<&str> = text.lines().filter(|line| !line.contains(&left)).collect();
    assert_eq!(kept.len() + 1, text.lines().count());
    let cut = kept.join("\n").replacen("\"events\":\"3\"", "\"events\":\"2\"", 1) + "\n";
    fs::write(&path, cut).unwrap();
    let seal = ["bundle", "seal", "cut", "--maker", "Example Venue Ltd", "--key", "venue.key", "--force"];
    venue.run(0, &seal);
    let report = venue.reconcile("cut", "policy.toml");
    let refused = finding(&report, "CF-7042").expect("the list is refused");
    assert!(refused["detail"].as_str().unwrap().starts_with("CF-5213"), "{refused}");
    assert_eq!(
        (&refused["severity"], &report["assets"][0]["windows"]),
        (&"critical".into(), &Value::Array(Vec::new()))
    );
    // and the node's signed answers cannot be changed at all
    fs::write(&path, &text).unwrap();
    let path = path.with_file_name("transcript.json");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("getdescriptoractivity"));
    fs::write(&path, text.replacen("getdescriptoractivity", "getdescriptoractivitx", 1)).unwrap();
    venue.run(0, &seal);
    let report = venue.reconcile("cut", "policy.toml");
    assert!(finding(&report, "CF-7017").is_some(), "{report:#}");
}

fn read_window(venue: &Venue) -> Vec<u8> {
    let chain = venue.path().join("bundle/chains").join(CHAIN.replace(':', "_"));
    fs::read(chain.join(paths::WINDOW)).unwrap()
}

/// Without an index the node reads every block, and says the same.
fn without_index(venue: &Venue, program: &OsStr) -> Result<(), Failed> {
    let plain = Node::start(program);
    for height in 1..=venue.height() {
        let block: String = venue.node.client().ask("getblock", &format!("[\"{}\",0]", venue.hash(height)))?;
        assert_eq!(plain.client().ask_raw("submitblock", &format!("[\"{block}\"]"))?, "null");
    }
    let window = Some((venue.snapshot - 10, venue.snapshot + 12));
    let gathered = |node: &Node, window| -> Result<_, Failed> {
        let request = Request {
            url: node.url.clone(),
            credentials: node.cookie(),
            chain: CHAIN.parse()?,
            addresses: vec![venue.hot.address.clone(), venue.cold.address.clone()],
            from_height: None,
            cutoff: Some(Time::from_unix(CUTOFF)),
            window,
        };
        let mut steps = String::new();
        let fetched = fetch(&request, Time::from_unix(0), &mut |step| steps.push_str(step))?;
        Ok((fetched, steps))
    };
    let ((with, said), (without, read)) = (gathered(&venue.node, window)?, gathered(&plain, window)?);
    assert_eq!((with.files, with.cutoff_block), (without.files, without.cutoff_block));
    assert!(said.contains("scan of the filters") && read.contains("-blockfilterindex=1"), "{said}\n{read}");
    // without a window, what was there at the cut-off and was spent since is in evidence all the same
    let (later, _) = gathered(&plain, None)?;
    assert!(!later.files.contains_key(paths::WINDOW));
    let list = WindowFile::parse(&read_window(venue)).unwrap();
    let spends = list.events.iter().filter(|event| event.kind == ActivityKind::Spend);
    for spend in spends {
        assert!(spend.height > venue.snapshot);
        for txid in [spend.txid, spend.coin.txid] {
            assert!(later.files.contains_key(&paths::transaction(&txid.to_string())), "{txid}");
        }
        assert!(later.files.contains_key(&paths::merkle_block(&spend.block.to_string())));
    }
    Ok(())
}

/// The verifier opens no socket: it gives the same report without a network.
fn without_network(program: &OsStr) -> Result<(), Failed> {
    let venue = Venue::open(program);
    let bundle = venue.bundle();
    venue.policy("policy.toml", "");
    let policy = venue.path().join("policy.toml");
    let arguments = ["reconcile", bundle.to_str().unwrap(), "--policy", policy.to_str().unwrap()];
    let output = alone(&[&[env!("CARGO_BIN_EXE_counterfoil")], arguments.as_slice()].concat())?;
    assert!(stdout(&output).contains("Window min"), "{}", String::from_utf8_lossy(&output.stderr));
    let connected = Command::new(env!("CARGO_BIN_EXE_counterfoil")).args(arguments).output()?;
    assert_eq!((output.stdout, output.status.code()), (connected.stdout, connected.status.code()));
    Ok(())
}
