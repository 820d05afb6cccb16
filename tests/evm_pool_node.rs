//! Shares of a published constant-product pair and of a vault of ERC-4626 on a real node: `fetch` gathers what shows
//! them, and what the verifier makes of the slots is what the contracts' own code says.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod evm_support;
mod venue_support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};

use alloy_primitives::U256;
use counterfoil::bundle::{MemoryFiles, paths};
use counterfoil::code::custody as codes;
use counterfoil::fetch::evm::{Fetched, Request, fetch};
use counterfoil::policy::Policy;
use counterfoil::reserve::claim::ChainQuery;
use counterfoil::reserve::evm::address::EvmAddress;
use counterfoil::reserve::evm::keccak;
use counterfoil::reserve::evm::pool::{Seen, positions};
use counterfoil::snapshot::{BlockRef, Time};
use evm_support::{CHAIN, KEYS, Node, START, address, chain, number, trial, word};
use libtest_mimic::{Arguments, Failed};
use serde_json::{Value, json};
use venue_support::keys_and_venue;

/// The venue's account.
const HOLDER: usize = 1;
/// Before the last two blocks.
const CUTOFF: i64 = START + 205;

fn main() -> ExitCode {
    let variables: &[&str] = &["ANVIL", "POOL_CONTRACTS"];
    let positions = trial("positions in real contracts, and what shows none", variables, |found| {
        let [anvil, contracts] = found.as_slice() else { panic!("two variables") };
        library(Path::new(anvil), Path::new(contracts))
    });
    let bundle = trial("a bundle with positions, by the command", variables, |found| {
        let [anvil, contracts] = found.as_slice() else { panic!("two variables") };
        command(Path::new(anvil), Path::new(contracts))
    });
    libtest_mimic::run(&Arguments::from_args(), vec![positions, bundle]).exit_code()
}

/// A file of `tests/nodes/install-pools.sh`: creation code, and what it leaves on the chain.
fn artifact(contracts: &Path, name: &str) -> (String, String) {
    let file = fs::read(contracts.join(format!("{name}.json"))).unwrap();
    let artifact: Value = serde_json::from_slice(&file).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let deployed = artifact.get("evm").unwrap_or(&artifact);
    let deployed = deployed["deployedBytecode"].get("object").unwrap_or(&deployed["deployedBytecode"]);
    (text(&artifact["bytecode"]), text(deployed))
}

/// A chain with tokens A, B and C, pairs of A and B and of A and C, and a vault of A.
struct World {
    node: Node,
    token: EvmAddress,
    vault: EvmAddress,
    /// The pair in which the holder has shares, and the other one.
    pairs: [EvmAddress; 2],
    pair_code: String,
    at: i64,
}

fn selector(signature: &str) -> String {
    hex::encode(&keccak(signature.as_bytes())[..4])
}

impl World {
    fn new(anvil: &Path, contracts: &Path) -> Self {
        let node = Node::anvil(anvil);
        let nobody = EvmAddress::from_bytes([1; 20]);
        let (pair_code, zero) = (artifact(contracts, "UniswapV2Pair").1, nobody);
        let mut world = Self { node, token: zero, vault: zero, pairs: [zero; 2], pair_code, at: START };
        let [token, second, third] = [0; 3].map(|_| world.deploy(&artifact(contracts, "Token").0));
        world.token = token;
        let factory = format!("{}{}", artifact(contracts, "UniswapV2Factory").0, word(address(0)));
        let factory = world.deploy(&factory);
        // from here on a sixth of what the product grows belongs to account 2
        world.call(0, factory, "setFeeTo(address)", &[word(address(2))]);
        for (place, other) in [second, third].into_iter().enumerate() {
            let both = [word(token), word(other)];
            world.call(0, factory, "createPair(address,address)", &both);
            let pair = world.ask(factory, "getPair(address,address)", &both);
            world.pairs[place] = format!("0x{}", &pair[26..]).parse().unwrap();
            let pair = word(world.pairs[place]);
            world.call(0, token, "transfer(address,uint256)", &[pair.clone(), number(10_000_000)]);
            world.call(0, other, "transfer(address,uint256)", &[pair, number(40_000_000)]);
            world.call(0, world.pairs[place], "mint(address)", &[word(address(if place == 0 { HOLDER } else { 2 }))]);
        }
        // somebody trades: A for the other token, for which the pair asks 0.3 %
        world.call(0, token, "transfer(address,uint256)", &[word(world.pairs[0]), number(1_000_000)]);
        let out = number(40_000_000 * 997 / (10_000 + 997));
        let amounts = if token < second { [number(0), out] } else { [out, number(0)] };
        let [first, second] = amounts;
        let trade = [first, second, word(address(0)), number(128), number(0)];
        world.call(0, world.pairs[0], "swap(uint256,uint256,address,bytes)", &trade);
        let vault = format!("{}{}", artifact(contracts, "Vault").0, word(token));
        world.vault = world.deploy(&vault);
        world.call(0, token, "approve(address,uint256)", &[word(world.vault), number(9_000_000)]);
        world.call(0, world.vault, "deposit(uint256,address)", &[number(3_000_000), word(address(HOLDER))]);
        world.call(0, world.vault, "deposit(uint256,address)", &[number(2_000_000), word(address(2))]);
        // what the vault earns is there without a share for it
        world.call(0, token, "transfer(address,uint256)", &[word(world.vault), number(777)]);
        world.mine();
        world.mine();
        world
    }

    fn next(&mut self) -> i64 {
        self.at += 10;
        self.at
    }

    fn deploy(&mut self, code: &str) -> EvmAddress {
        let at = self.next();
        self.node.deploy(at, &format!("0x{}", code.trim_start_matches("0x")))
    }

    fn call(&mut self, from: usize, to: EvmAddress, signature: &str, words: &[String]) {
        let data = format!("0x{}{}", selector(signature), words.concat());
        let transaction = json!({"from": address(from).to_string(), "to": to.to_string(), "data": data,
            "gas": "0x989680"});
        let at = self.next();
        self.node.send(at, transaction);
    }

    fn mine(&mut self) {
        let at = self.next();
        self.node.mine(at);
    }

    /// What a contract answers now.
    fn ask(&self, to: EvmAddress, signature: &str, words: &[String]) -> String {
        let data = format!("0x{}{}", selector(signature), words.concat());
        let call = json!([{"from": address(0).to_string(), "to": to.to_string(), "data": data}, "latest"]);
        self.node.ask("eth_call", call).as_str().unwrap().to_owned()
    }

    fn shares(&self, of: EvmAddress) -> U256 {
        U256::from_str_radix(self.ask(of, "balanceOf(address)", &[word(address(HOLDER))]).trim_start_matches("0x"), 16)
            .unwrap()
    }

    /// The hash of what a contract runs, as its operator's own node has it.
    fn code_hash(&self, of: EvmAddress) -> String {
        let code = self.node.ask("eth_getCode", json!([of.to_string(), "latest"]));
        hex::encode(keccak(&hex::decode(code.as_str().unwrap().trim_start_matches("0x")).unwrap()))
    }

    /// The entries of the vault and of a pair. A pair's code is the same for all, and is taken from what is published.
    fn entries(&self, pair: EvmAddress) -> String {
        let published = hex::encode(keccak(&hex::decode(&self.pair_code).unwrap()));
        let of = |contract: EvmAddress, name: &str, hash: &str| {
            format!(
                "chain = \"{CHAIN}\"\ncontract = \"{contract}\"\nname = \"{name}\"\ncode_hash = \"{hash}\"\n\
                 layout = \"solidity\"\nsource = \"tests/nodes/pools\"\n"
            )
        };
        format!(
            "[[token]]\n{}balance_slot = 0\ndecode = \"plain\"\n\
             [[pool]]\n{}supply_slot = 0\nbalance_slot = 1\n[pool.rule]\nkind = \"constant-product\"\n\
             token0_slot = 6\ntoken1_slot = 7\nreserves_slot = 8\nlast_product_slot = 11\n\
             [[pool]]\n{}supply_slot = 2\nbalance_slot = 0\n[pool.rule]\nkind = \"vault\"\nasset = \"{}\"\n\
             offset = 0\n",
            of(self.token, "a token", &self.code_hash(self.token)),
            of(pair, "a pair", &published),
            of(self.vault, "a vault", &self.code_hash(self.vault)),
            self.token,
        )
    }

    fn policy(&self, pair: EvmAddress) -> Policy {
        policy_with(&self.entries(pair))
    }

    fn fetch(&self, policy: &Policy) -> Fetched {
        let request = Request {
            url: self.node.url.clone(),
            credentials: None,
            chain: chain(),
            addresses: vec![address(HOLDER).to_string()],
            cutoff: Time::from_unix(CUTOFF),
            to_height: None,
            deployments: vec![format!("{CHAIN}/slip44:60").parse().unwrap()],
            tokens: policy.tokens().clone(),
            pools: policy.pools().to_vec(),
            control: None,
        };
        fetch(&request, Time::from_unix(START + 100_000), &mut |_| {}).unwrap()
    }

    /// What the verifier sees; nothing when the files cannot be read at all.
    fn seen(&self, files: &MemoryFiles, fetched: &Fetched, policy: &Policy) -> Vec<Seen> {
        let (chain, holder) = (chain(), address(HOLDER).to_string());
        let pins = [self.node.block(fetched.cutoff_block.height + 1)];
        let query = ChainQuery {
            chain: &chain,
            pins: &pins,
            cutoff_block: &fetched.cutoff_block,
            cutoff: Time::from_unix(CUTOFF),
            addresses: &[&holder],
            deployments: &[],
            transcript: None,
        };
        positions(&query, policy.pools(), policy.tokens(), files).unwrap_or_default()
    }
}

fn policy_with(entries: &str) -> Policy {
    let key = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
    let text = format!(
        "format = \"counterfoil-policy-v1\"\n[venue]\nid = \"example-venue\"\nlog_origin = \"log.example/e\"\n\
         keys = [{{ alg = \"bip340\", key = \"{key}\" }}]\n{entries}"
    );
    Policy::parse(&text).unwrap()
}

fn in_bundle(fetched: &Fetched) -> MemoryFiles {
    fetched.files.iter().map(|(name, bytes)| (paths::chain(&chain(), name), bytes.clone())).collect()
}

/// The amounts in a position's words.
fn amounts(seen: &Seen) -> Vec<u128> {
    let words: Vec<&str> = seen.problem.detail.split(' ').collect();
    words.windows(2).filter(|pair| pair[1] == "base").map(|pair| pair[0].parse().unwrap()).collect()
}

fn library(anvil: &Path, contracts: &Path) -> Result<(), Failed> {
    let mut world = World::new(anvil, contracts);
    let policy = world.policy(world.pairs[0]);
    let fetched = world.fetch(&policy);
    let files = in_bundle(&fetched);
    let seen = world.seen(&files, &fetched, &policy);
    assert_eq!(seen.len(), 2, "{seen:?}");
    for (seen, of) in seen.iter().zip([world.pairs[0], world.vault]) {
        assert_eq!((seen.problem.code, seen.shown), (&codes::POOL_POSITION, true), "{seen:?}");
        let start = format!("{} shares stand for ", world.shares(of));
        assert!(seen.problem.detail.starts_with(&start), "{start}: {seen:?}");
        assert!(seen.problem.detail.ends_with(", proved"), "{seen:?}");
    }

    // the vault's own code says the same, the pair's own code pays the same
    let shares = format!("{:064x}", world.shares(world.vault));
    let redeemed = world.ask(world.vault, "convertToAssets(uint256)", &[shares]);
    assert_eq!(amounts(&seen[1]), [u128::from_str_radix(redeemed.trim_start_matches("0x"), 16)?]);
    let all = format!("{:064x}", world.shares(world.pairs[0]));
    world.call(HOLDER, world.pairs[0], "transfer(address,uint256)", &[word(world.pairs[0]), all]);
    let burnt = world.ask(world.pairs[0], "burn(address)", &[word(address(HOLDER))]);
    let paid = [&burnt[2..66], &burnt[66..130]].map(|word| u128::from_str_radix(word, 16).unwrap());
    let shown = amounts(&seen[0]);
    assert_eq!(shown.len(), 2);
    for (shown, paid) in shown.iter().zip(paid) {
        // the fee's shares are rounded up here, by one of some twenty million
        assert!(*shown <= paid && paid - shown <= 3, "{shown} against {paid}");
    }
    refused(&world, &fetched, &files, &seen);
    Ok(())
}

fn refused(world: &World, fetched: &Fetched, files: &MemoryFiles, truth: &[Seen]) {
    let policy = world.policy(world.pairs[0]);
    let path = paths::chain(&chain(), paths::EVM_NODES);
    // a changed byte shows nothing else than the truth, and somewhere it costs each of the two
    let mut lost = [false; 2];
    let mut changed = files.clone();
    for at in (8..files[&path].len()).step_by(11) {
        changed.get_mut(&path).unwrap()[at] ^= 1;
        let seen = world.seen(&changed, fetched, &policy);
        for one in &seen {
            let known = truth.contains(one) || one.problem.code == &codes::POOL_NOT_DETERMINABLE;
            assert!(known, "byte {at}: {one:?}");
        }
        for (lost, truth) in lost.iter_mut().zip(truth) {
            *lost |= !seen.is_empty() && !seen.contains(truth);
        }
        changed.get_mut(&path).unwrap()[at] ^= 1;
    }
    assert_eq!(lost, [true; 2], "a changed node is not in the trie");

    // another code than the entry's
    let published = hex::encode(keccak(&hex::decode(&world.pair_code).unwrap()));
    let other = world.entries(world.pairs[0]).replace(&published, &"ab".repeat(32));
    let seen = world.seen(files, fetched, &policy_with(&other));
    assert!(!seen[0].shown && seen[0].problem.detail.starts_with(&codes::POOL_CODE.to_string()), "{seen:?}");

    // evidence of one pair says nothing about another one, though both run the same code
    let second = world.policy(world.pairs[1]);
    let of_second = world.fetch(&second);
    let seen = world.seen(&in_bundle(&of_second), &of_second, &policy);
    assert_eq!((seen[0].problem.code, seen[0].shown), (&codes::POOL_NOT_DETERMINABLE, false), "{seen:?}");
    assert!(seen[1].shown);
    // in the other pair the holder has nothing
    let seen = world.seen(&in_bundle(&of_second), &of_second, &second);
    assert_eq!(seen.len(), 1, "{seen:?}");
}

/// A folder in which the command runs.
struct Folder(tempfile::TempDir);

impl Folder {
    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn output(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_counterfoil")).args(arguments).current_dir(self.0.path()).output().unwrap()
    }

    fn run(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "counterfoil {arguments:?}\n{}{}", text(&output.stdout), text(&output.stderr));
        text(&output.stdout)
    }

    /// Keys, address set, and a challenge that the address signs.
    fn files(&self, world: &World) {
        keys_and_venue(self.0.path());
        let assets = format!(
            "[[asset]]\nid = \"ETH\"\ndecimals = 18\n[[asset.deployment]]\nid = \"{CHAIN}/slip44:60\"\ndecimals = 18\n"
        );
        self.write("assets.toml", &assets);
        self.write("ledger.csv", "account,asset,amount\nu000001,ETH,9000\n");
        self.write("addresses.csv", &format!("chain,address,role,issuer\n{CHAIN},{},hot,none\n", address(HOLDER)));
        self.write("address.keys", &format!("{CHAIN} {} {}\n", address(HOLDER), KEYS[HOLDER]));
        fs::set_permissions(self.path("address.keys"), fs::Permissions::from_mode(0o600)).unwrap();
        self.run(&["challenge", "addresses", "addresses.csv", "--out", "addresses.jsonl"]);
        let block = format!("{CHAIN},1,{}", world.node.block(1).hash);
        let issued = Time::from_unix(START + 15).to_string();
        let new = ["challenge", "new", "--addresses", "addresses.jsonl", "--venue", "venue.toml", "--block", &block];
        let rest = ["--expires", "2027-05-01", "--issued", &issued, "--out", "challenge.json"];
        self.run(&[new.as_slice(), &rest].concat());
        self.run(&["reserves", "sign", "challenge.json", "--keys-file", "address.keys", "--out", "control.jsonl"]);
    }

    fn policy(&self, name: &str, world: &World, pin: &BlockRef) {
        self.write(
            name,
            &format!(
                "format = \"counterfoil-policy-v1\"\n[venue]\nid = \"example-venue\"\n\
                 log_origin = \"log.example/venue\"\nkeys = [{}]\n[[node]]\nname = \"own\"\nkey = {}\n\
                 [[pin]]\nchain = \"{CHAIN}\"\nheight = {}\nhash = \"{}\"\n{}{}",
                self.read("venue.pub"),
                self.read("node.pub"),
                pin.height,
                pin.hash,
                self.read("assets.toml"),
                world.entries(world.pairs[0])
            ),
        );
    }

    /// Gathered, built, signed and sealed.
    fn bundle(&self, world: &World) {
        let cutoff = Time::from_unix(CUTOFF);
        let at = cutoff.to_string();
        let fetch = ["fetch", "evm", "--url", &world.node.url, "--chain", CHAIN, "--addresses", "addresses.jsonl"];
        let rest = ["--policy", "policy.toml", "--cutoff", &at, "--node-key", "node.key", "--out", "bundle"];
        let named = self.run(&[fetch.as_slice(), &rest].concat());
        let days = |days: i64| Time::from_unix(CUTOFF + 86_400 * days);
        let dates =
            format!("sequence = 0\ncutoff = \"{at}\"\nnext_cutoff = \"{}\"\ndue = \"{}\"\n", days(30), days(32));
        self.write("snapshot.toml", &format!("{dates}{named}"));
        let build = ["build", "ledger.csv", "--assets", "assets.toml", "--venue", "venue.toml", "--snapshot"];
        let rest = ["snapshot.toml", "--secret-file", "master.secret", "--addresses", "addresses.jsonl"];
        let out = ["--challenge", "challenge.json", "--no-control-total", "--out", "build"];
        self.run(&[build.as_slice(), &rest, &out].concat());
        self.run(&["statement", "sign", "build", "--key", "venue.key", "--out", "statement.json"]);
        let add = ["bundle", "add", "bundle", "--statement", "statement.json", "--addresses", "addresses.jsonl"];
        self.run(&[add.as_slice(), &["--challenge", "challenge.json", "--control", "control.jsonl"]].concat());
        self.run(&["bundle", "seal", "bundle", "--maker", "Example Venue Ltd", "--key", "venue.key"]);
    }
}

fn command(anvil: &Path, contracts: &Path) -> Result<(), Failed> {
    let (world, folder) = (World::new(anvil, contracts), Folder(tempfile::tempdir()?));
    folder.files(&world);
    folder.policy("policy.toml", &world, &world.node.block(1));
    folder.bundle(&world);
    let cutoff = folder.read("snapshot.toml");
    let height = cutoff.split("height = ").nth(1).unwrap().lines().next().unwrap().parse::<u64>()?;
    folder.policy("audit.toml", &world, &world.node.block(height + 1));
    let output = folder.output(&["reconcile", "bundle", "--policy", "audit.toml", "--json", "-"]);
    let report: Value = serde_json::from_slice(&output.stdout)?;
    let findings: Vec<&Value> =
        report["findings"].as_array().unwrap().iter().filter(|one| one["code"] == "CF-7440").collect();
    assert_eq!(findings.len(), 2, "{report:#}");
    for finding in findings {
        assert_eq!(finding["severity"], "note", "{finding:#}");
        assert!(finding["detail"].as_str().unwrap().ends_with(", proved"), "{finding:#}");
    }
    // no issuer is named for them, and they count nothing
    assert_eq!(report["assets"][0]["issuers"], json!([]));
    assert_eq!(report["assets"].as_array().unwrap().len(), 1);
    let text = String::from_utf8(folder.output(&["reconcile", "bundle", "--policy", "audit.toml"]).stdout)?;
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("CF-7440") && flat.contains(&format!("in {}", world.vault)), "{text}");
    let explained = folder.run(&["explain", "CF-7440"]);
    let flat = explained.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("Nobody owes it") && flat.contains("moves with every trade and every price"), "{explained}");
    Ok(())
}
