//! The owners of a Safe sign a challenge by the command, one by one, and a real Safe on a real node accepts what
//! `challenge collect` makes of it, as does the verifier.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod evm_support;

use std::path::Path;
use std::process::{Command, ExitCode, Output};

use counterfoil::amount::Amount;
use counterfoil::bundle::{MemoryFiles, paths};
use counterfoil::code::Coded as _;
use counterfoil::fetch::evm::{Request, fetch};
use counterfoil::json::read;
use counterfoil::reserve::address_set::{AddressEntry, AddressSet, IssuerRelation, Role};
use counterfoil::reserve::challenge::{Challenge, ChallengedSet, ChallengedVenue};
use counterfoil::reserve::claim::{ChainQuery, ControlGrade, ControlProof};
use counterfoil::reserve::evm::address::EvmAddress;
use counterfoil::reserve::evm::balance::balances;
use counterfoil::reserve::evm::control::{self, wallet};
use counterfoil::reserve::evm::state::State;
use counterfoil::snapshot::Time;
use evm_support::{CHAIN, KEYS, Node, START, address, chain, deploy_safe, trial};
use libtest_mimic::{Arguments, Failed};
use serde_json::json;

fn main() -> ExitCode {
    let signing = trial("owners of a Safe sign one by one", &["ANVIL", "SAFE_CONTRACTS"], |found| {
        let [anvil, contracts] = found.as_slice() else { panic!("two variables") };
        owners_sign(Path::new(anvil), Path::new(contracts))
    });
    libtest_mimic::run(&Arguments::from_args(), vec![signing]).exit_code()
}

/// A folder in which the command runs.
struct Folder(tempfile::TempDir);

impl Folder {
    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.0.path().join(name), text).unwrap();
    }

    /// A keys file, as the command demands it: readable by its owner only.
    fn keys(&self, name: &str, owner: usize) {
        use std::os::unix::fs::PermissionsExt as _;
        self.write(name, format!("{CHAIN} {} {}\n", address(owner), KEYS[owner]));
        let path = self.0.path().join(name);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_counterfoil")).args(arguments).current_dir(self.0.path()).output().unwrap()
    }

    fn sign(&self, safe: EvmAddress, owner: usize) {
        let (keys, out) = (format!("owner-{owner}.txt"), format!("owner-{owner}.jsonl"));
        self.keys(&keys, owner);
        let safe = safe.to_string();
        let arguments = ["reserves", "sign", "challenge.json", "--keys-file", &keys, "--safe", &safe, "--out", &out];
        let output = self.run(&arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// What the collection has after these files were taken in.
    fn collect(&self, files: &[&str]) -> ControlProof {
        let fixed = ["--challenge", "challenge.json", "--addresses", "addresses.jsonl", "--out", "control.jsonl"];
        let output = self.run(&[&["challenge", "collect"], files, &fixed].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let file = std::fs::read(self.0.path().join("control.jsonl")).unwrap();
        read(file.strip_suffix(b"\n").unwrap()).unwrap()
    }
}

/// A committed set of the Safe alone, and its challenge; the line.
fn challenged(folder: &Folder, node: &Node, safe: EvmAddress) -> String {
    let entry = AddressEntry {
        salt: "00".repeat(16),
        address: safe.to_string(),
        chain: chain(),
        custodian: None,
        descriptor: None,
        encumbrance: None,
        issuer: IssuerRelation::None,
        role: Role::Cold,
    };
    let set = AddressSet::from_entries(vec![entry]).unwrap();
    let venue = ChallengedVenue { id: "example".parse().unwrap(), keys: Vec::new() };
    let committed = ChallengedSet { count: set.count(), root: set.root() };
    // 1 November 2026 and 90 days
    let term = (Time::from_unix(START), Time::from_unix(1_793_491_200 + 86_400 * 90));
    let blocks = vec![node.block(1)];
    let challenge = Challenge::custody(venue, "log.example/example", committed, blocks, term, [7; 20]).unwrap();
    folder.write("addresses.jsonl", set.to_file().unwrap());
    folder.write("challenge.json", challenge.to_file().unwrap());
    challenge.line().unwrap()
}

fn owners_sign(anvil: &Path, contracts: &Path) -> Result<(), Failed> {
    let node = Node::anvil(anvil);
    let safe = deploy_safe(&node, contracts);
    node.send(START + 50, json!({"from": address(0).to_string(), "to": safe.to_string(), "value": "0x2a"}));
    node.mine(START + 60);
    let folder = Folder(tempfile::tempdir()?);
    let line = challenged(&folder, &node, safe);
    for owner in 0..3 {
        folder.sign(safe, owner);
    }

    // the Safe's own code says whether it accepts the signatures
    let accepts = |proof: &ControlProof| {
        let data = wallet::call_data(&line, &proof.signature).unwrap();
        let call = json!([{"to": safe.to_string(), "data": data}, "latest"]);
        let answer = node.client.ask::<String>("eth_call", &call.to_string());
        answer.is_ok_and(|answer| answer.starts_with("0x1626ba7e"))
    };
    let alone = folder.collect(&["owner-2.jsonl"]);
    assert!(!accepts(&alone), "one of two");
    let both = folder.collect(&["owner-0.jsonl"]);
    assert!(accepts(&both), "the second one, collected later");
    let again = folder.collect(&["owner-0.jsonl", "owner-2.jsonl"]);
    assert_eq!(again, both);

    let grade = |proof: &ControlProof| judged(&node, safe, &line, proof);
    assert_eq!(grade(&alone), Err("EVM_SAFE_THRESHOLD"));
    assert_eq!(grade(&both), Ok(ControlGrade::ContractProven));
    let all = folder.collect(&["owner-1.jsonl"]);
    assert!(accepts(&all) && grade(&all) == Ok(ControlGrade::ContractProven), "more than it asks for");

    // a key that is no owner's is put in as well: the Safe looks at as many as it asks for, the verifier at all
    let stranger = control::safe::sign(&chain(), &safe.to_string(), &line, [&[9; 32]]).unwrap();
    let mixed = control::safe::join(&chain(), &safe.to_string(), &line, [&all, &stranger]).unwrap();
    assert_eq!(grade(&mixed), Err("EVM_SAFE_OWNER"));
    Ok(())
}

/// What the verifier says, by evidence that the command's library fetches from the node.
fn judged(node: &Node, safe: EvmAddress, line: &str, proof: &ControlProof) -> Result<ControlGrade, &'static str> {
    let cutoff = Time::from_unix(START + 50);
    let request = Request {
        url: node.url.clone(),
        credentials: None,
        chain: chain(),
        addresses: vec![safe.to_string()],
        cutoff,
        to_height: None,
        deployments: vec![format!("{CHAIN}/slip44:60").parse().unwrap()],
        tokens: Default::default(),
        pools: Vec::new(),
        control: Some((line.to_owned(), vec![proof.clone()])),
    };
    let fetched = fetch(&request, Time::from_unix(START + 100_000), &mut |_| {}).unwrap();
    let files = fetched.files.iter().map(|(name, bytes)| (paths::chain(&chain(), name), bytes.clone()));
    let files: MemoryFiles = files.collect();
    let (pins, chain, asked) = ([node.block(6)], chain(), safe.to_string());
    let query = ChainQuery {
        chain: &chain,
        pins: &pins,
        cutoff_block: &fetched.cutoff_block,
        cutoff,
        addresses: &[&asked],
        deployments: &request.deployments,
        transcript: None,
    };
    let evidence = balances(&query, &files, &request.tokens).unwrap();
    assert_eq!(evidence.holdings.iter().map(|held| held.amount).collect::<Vec<_>>(), [Amount::from_base_units(42)]);
    let state = State::open(&query, &files).unwrap();
    let shown = control::judge(&chain, &asked, line, proof, Some(&state));
    shown.map(|shown| shown.grade).map_err(|error| error.code().name)
}
