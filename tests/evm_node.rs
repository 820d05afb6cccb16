//! Against a real node: anvil, which runs the rules of Ethereum for development. A token and a Safe are deployed,
//! `fetch` gathers what the node has, and the verifier judges it. What anvil does unlike Ethereum (genesis, cleared
//! slots, cheat codes) is not used.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod evm_support;

use std::path::Path;
use std::process::{Command, ExitCode};

use counterfoil::amount::Amount;
use counterfoil::asset::DeploymentId;
use counterfoil::basis::{Basis, Completeness};
use counterfoil::bundle::{MemoryFiles, paths};
use counterfoil::code::Coded as _;
use counterfoil::fetch::evm::{Fetched, Request, fetch};
use counterfoil::reserve::address_set::{AddressEntry, AddressSet, IssuerRelation, Role};
use counterfoil::reserve::claim::{ChainEvidence, ChainQuery, ControlGrade, ControlProof, CutoffCheck};
use counterfoil::reserve::evm::address::EvmAddress;
use counterfoil::reserve::evm::balance::{EvmError, balances};
use counterfoil::reserve::evm::control::{self, safe, wallet};
use counterfoil::reserve::evm::keccak;
use counterfoil::reserve::evm::state::State;
use counterfoil::reserve::evm::token::TokenRegistry;
use counterfoil::snapshot::{BlockRef, Time};
use libtest_mimic::{Arguments, Failed};
use serde_json::{Value, json};

use evm_support::{CHAIN, Node, START, address, chain, deploy_safe, number, secret, trial, word};

const LINE: &str = "counterfoil v1 example abc exp 2027-01-01 sha256 00";
/// A scenario with the node's program and the folder of the Safe's contracts.
type Scenario = fn(&Path, &Path) -> Result<(), Failed>;

fn main() -> ExitCode {
    let scenarios: [(&str, Scenario); 4] = [
        ("balances and tokens of a real node", |anvil, _| tokens(anvil)),
        ("a Safe of a real node", safe_wallet),
        ("signatures that a node makes", |anvil, _| signatures(anvil)),
        ("the command", |anvil, _| command(anvil)),
    ];
    let trials = scenarios.into_iter().map(|(name, run)| {
        trial(name, &["ANVIL", "SAFE_CONTRACTS"], move |found| run(Path::new(&found[0]), Path::new(&found[1])))
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

const TOKEN: &str = include_str!("nodes/anvil/token.hex");

fn registry(contract: EvmAddress, slot: u64) -> TokenRegistry {
    let code = hex::decode(TOKEN.trim()).unwrap();
    let runtime = &code[33..]; // behind what creates it
    let hash = hex::encode(keccak(runtime));
    TokenRegistry::parse(&format!(
        "[[token]]\nchain = \"{CHAIN}\"\ncontract = \"{contract}\"\nname = \"a token\"\ncode_hash = \"{hash}\"\n\
         balance_slot = {slot}\nlayout = \"solidity\"\ndecode = \"plain\"\nsource = \"tests/nodes/anvil/token.easm\"\n"
    ))
    .unwrap()
}

fn request(node: &Node, addresses: &[EvmAddress], cutoff: i64, token: Option<(EvmAddress, u64)>) -> Request {
    let mut deployments: Vec<DeploymentId> = vec![format!("{CHAIN}/slip44:60").parse().unwrap()];
    deployments.extend(token.map(|(contract, _)| format!("{CHAIN}/erc20:{contract}").parse().unwrap()));
    Request {
        url: node.url.clone(),
        credentials: None,
        chain: chain(),
        addresses: addresses.iter().map(ToString::to_string).collect(),
        cutoff: Time::from_unix(cutoff),
        to_height: None,
        deployments,
        tokens: token.map(|(contract, slot)| registry(contract, slot)).unwrap_or_default(),
        pools: Vec::new(),
        control: None,
    }
}

fn gather(request: &Request) -> Fetched {
    fetch(request, Time::from_unix(START + 100_000), &mut |_| {}).unwrap()
}

/// The files as they lie in a bundle.
fn bundle(fetched: &Fetched) -> MemoryFiles {
    fetched.files.iter().map(|(name, bytes)| (paths::chain(&chain(), name), bytes.clone())).collect()
}

/// What the evidence of `fetched` shows about a question, with the next block pinned and without a transcript.
fn shown(node: &Node, fetched: &Fetched, request: &Request, block: &BlockRef) -> ChainEvidence {
    judged(&bundle(fetched), &node.block(fetched.cutoff_block.height + 1), request, block).unwrap()
}

fn judged(files: &MemoryFiles, pin: &BlockRef, request: &Request, block: &BlockRef) -> Result<ChainEvidence, EvmError> {
    let pins = std::slice::from_ref(pin);
    let chain = chain();
    let addresses: Vec<&str> = request.addresses.iter().map(String::as_str).collect();
    let query = ChainQuery {
        chain: &chain,
        pins,
        cutoff_block: block,
        cutoff: request.cutoff,
        addresses: &addresses,
        deployments: &request.deployments,
        transcript: None,
    };
    balances(&query, files, &request.tokens)
}

fn amounts(evidence: &ChainEvidence, asset: &str) -> Vec<u128> {
    let of = evidence.holdings.iter().filter(|holding| holding.deployment.asset().starts_with(asset));
    of.map(|holding| holding.amount.base_units()).collect()
}

fn transfer(node: &Node, at: i64, token: EvmAddress, from: usize, to: EvmAddress, units: usize) {
    let data = format!("0xa9059cbb{}{}", word(to), number(units));
    node.send(at, json!({"from": address(from).to_string(), "to": token.to_string(), "data": data}));
}

fn tokens(anvil: &Path) -> Result<(), Failed> {
    let node = Node::anvil(anvil);
    let token = node.deploy(START + 10, &format!("0x{}", TOKEN.trim()));
    transfer(&node, START + 20, token, 0, address(1), 600);
    transfer(&node, START + 30, token, 0, address(2), 250);
    transfer(&node, START + 100, token, 1, address(2), 100); // after the cut-off
    node.mine(START + 110);
    let asked = request(&node, &[address(1), address(2)], START + 30, Some((token, 2)));
    let fetched = gather(&asked);
    assert_eq!(fetched.cutoff_block, node.block(3));
    let evidence = shown(&node, &fetched, &asked, &fetched.cutoff_block);
    assert_eq!(evidence.problems, vec![]);
    assert_eq!((evidence.cutoff.clone(), evidence.anchored), (CutoffCheck::Holds, true));
    // in the order of the addresses: the third account first
    assert_eq!(amounts(&evidence, "erc20"), [250, 600]);
    assert_eq!(amounts(&evidence, "slip44"), [10_000_000_000_000_000_000_000; 2]);
    let basis: Vec<_> = evidence.holdings.iter().map(|held| (held.authenticity, held.completeness)).collect();
    assert_eq!(basis, [(Basis::Proved, Completeness::Exact); 4]);

    // history: the same question at the block after the transfer
    let later = request(&node, &[address(1), address(2)], START + 105, Some((token, 2)));
    let after = gather(&later);
    assert_eq!(amounts(&shown(&node, &after, &later, &after.cutoff_block), "erc20"), [350, 500]);

    // nodes of one block show nothing about another one, of one holder nothing about others, of one slot nothing else
    let other_block = shown(&node, &fetched, &asked, &node.block(4));
    assert!(other_block.holdings.is_empty(), "{:?}", other_block.holdings);
    let one = request(&node, &[address(1)], START + 30, Some((token, 2)));
    let of_one = gather(&one);
    let both = shown(&node, &of_one, &asked, &of_one.cutoff_block);
    let second: Vec<_> = both.holdings.iter().filter(|held| held.address == address(2).to_string()).collect();
    let truth = |held: &&counterfoil::reserve::claim::Holding| evidence.holdings.contains(held);
    assert!(second.iter().all(truth), "{second:?}");
    let wrong = Request { tokens: registry(token, 3), ..request(&node, &[address(1)], START + 30, Some((token, 2))) };
    let wrong = shown(&node, &of_one, &wrong, &of_one.cutoff_block);
    assert!(amounts(&wrong, "erc20").iter().all(|units| *units == 0), "{:?}", wrong.holdings);
    let unknown = Request { tokens: TokenRegistry::default(), ..request(&node, &[address(1)], START + 30, None) };
    let unknown = Request { deployments: asked.deployments.clone(), ..unknown };
    let unproved = shown(&node, &of_one, &unknown, &of_one.cutoff_block);
    assert!(unproved.problems.iter().any(|problem| problem.code.name == "EVM_TOKEN_UNKNOWN"));
    assert_eq!(amounts(&unproved, "erc20"), Vec::<u128>::new());

    // every changed byte of the nodes is seen
    let mut changed = bundle(&fetched);
    let file = paths::chain(&chain(), paths::EVM_NODES);
    let pin = node.block(fetched.cutoff_block.height + 1);
    for at in (8..changed[&file].len()).step_by(7) {
        changed.get_mut(&file).unwrap()[at] ^= 1;
        let outcome = judged(&changed, &pin, &asked, &fetched.cutoff_block);
        assert!(!outcome.is_ok_and(|shown| shown.holdings.len() == 4), "byte {at}");
        changed.get_mut(&file).unwrap()[at] ^= 1;
    }
    let early = fetch(&request(&node, &[address(1)], START + 1_000, None), Time::from_unix(START), &mut |_| {});
    assert_eq!(early.unwrap_err().code().name, "EVM_FETCH_EARLY");
    let other = Request { chain: "eip155:1".parse().unwrap(), ..request(&node, &[address(1)], START + 30, None) };
    let other = fetch(&other, Time::from_unix(START), &mut |_| {});
    assert_eq!(other.unwrap_err().code().name, "EVM_FETCH_CHAIN");
    Ok(())
}

fn owners_signatures(hash: &[u8; 32], by: &[usize]) -> String {
    let mut by = by.to_vec();
    by.sort_by_key(|at| address(*at));
    let signatures = by.iter().map(|at| hex::encode(control::sign_hash(hash, &secret(*at)).unwrap()));
    format!("0x{}", signatures.collect::<String>())
}

fn safe_wallet(anvil: &Path, contracts: &Path) -> Result<(), Failed> {
    let node = Node::anvil(anvil);
    let safe_at = deploy_safe(&node, contracts);
    node.send(START + 50, json!({"from": address(0).to_string(), "to": safe_at.to_string(), "value": "0x2a"}));
    node.mine(START + 60);
    let hash = safe::message_hash(31337, safe_at, LINE);
    let good = owners_signatures(&hash, &[0, 2]);

    // the Safe's own code accepts what this program calls its message
    let accepts = |signatures: &str| {
        let data = wallet::call_data(LINE, signatures).unwrap();
        node.client.ask::<String>("eth_call", &json!([{"to": safe_at.to_string(), "data": data}, "latest"]).to_string())
    };
    assert!(accepts(&good).unwrap().starts_with("0x1626ba7e"));
    assert!(accepts(&owners_signatures(&hash, &[0])).is_err(), "one of two");

    let proof = |scheme: &str, signature: &str| {
        ControlProof::signed(chain(), safe_at.to_string(), scheme, signature.to_owned())
    };
    let mut asked = request(&node, &[safe_at], START + 50, None);
    asked.control = Some((LINE.to_owned(), vec![proof(control::CONTRACT, &good), proof(control::SAFE, &good)]));
    let fetched = gather(&asked);
    let evidence = shown(&node, &fetched, &asked, &fetched.cutoff_block);
    assert_eq!((amounts(&evidence, "slip44"), evidence.problems.len()), (vec![42], 0));

    let (pins, chain) = ([node.block(6)], chain());
    let query = ChainQuery {
        chain: &chain,
        pins: &pins,
        cutoff_block: &fetched.cutoff_block,
        cutoff: asked.cutoff,
        addresses: &[],
        deployments: &[],
        transcript: Some((&fetched.transcript, Basis::Observed)),
    };
    let files = bundle(&fetched);
    let state = State::open(&query, &files).unwrap();
    let judge = |line: &str, scheme: &str, signatures: &str| {
        control::judge(&chain, &safe_at.to_string(), line, &proof(scheme, signatures), Some(&state))
            .map(|shown| (shown.grade, shown.problems.len()))
            .map_err(|error| error.code().name)
    };
    assert_eq!(judge(LINE, control::SAFE, &good), Ok((ControlGrade::ContractProven, 0)));
    assert_eq!(judge(LINE, control::SAFE, &owners_signatures(&hash, &[0, 1, 2])).map(|shown| shown.1), Ok(0));
    assert_eq!(judge(LINE, control::SAFE, &owners_signatures(&hash, &[1])), Err("EVM_SAFE_THRESHOLD"));
    assert!(judge("another line", control::SAFE, &good).is_err());
    assert_eq!(judge(LINE, control::CONTRACT, &good), Ok((ControlGrade::ContractObserved, 1)));
    assert_eq!(judge(LINE, control::CONTRACT, &owners_signatures(&hash, &[0, 1])), Err("EVM_WALLET_UNPROVEN"));
    Ok(())
}

fn signatures(anvil: &Path) -> Result<(), Failed> {
    let node = Node::anvil(anvil);
    let account = address(1).to_string();
    let proof = |scheme: &str, signature: &Value| {
        ControlProof::signed(chain(), account.clone(), scheme, signature.as_str().unwrap().to_owned())
    };
    let personal = node.ask("personal_sign", json!([format!("0x{}", hex::encode(LINE)), account]));
    let verify = |proof: &ControlProof| control::verify(&chain(), &account, LINE, proof);
    assert_eq!(verify(&proof(control::SCHEME, &personal)), Ok(ControlGrade::KeySigned));
    let typed = json!({
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"}
            ],
            "ReserveChallenge": [{"name": "line", "type": "string"}]
        },
        "primaryType": "ReserveChallenge",
        "domain": {"name": "counterfoil", "version": "1", "chainId": 31337},
        "message": {"line": LINE}
    });
    let typed = node.ask("eth_signTypedData_v4", json!([account, typed]));
    assert_eq!(verify(&proof(control::TYPED, &typed)), Ok(ControlGrade::KeySigned));
    assert!(verify(&proof(control::SCHEME, &typed)).is_err());
    let made = control::sign_scheme(&chain(), LINE, &secret(1), control::TYPED).unwrap();
    assert_eq!(made.signature, typed.as_str().unwrap());
    Ok(())
}

fn command(anvil: &Path) -> Result<(), Failed> {
    let node = Node::anvil(anvil);
    for at in [10, 20, 30] {
        node.mine(START + at);
    }
    let folder = tempfile::tempdir()?;
    let entry = AddressEntry {
        salt: "00".repeat(16),
        address: address(1).to_string(),
        chain: chain(),
        custodian: None,
        descriptor: None,
        encumbrance: None,
        issuer: IssuerRelation::None,
        role: Role::Cold,
    };
    let set = AddressSet::from_entries(vec![entry]).unwrap();
    std::fs::write(folder.path().join("addresses.jsonl"), set.to_file().unwrap())?;
    let run = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_counterfoil")).args(arguments).current_dir(folder.path()).output().unwrap()
    };
    assert!(run(&["keygen", "--out", "node.key"]).status.success());
    let cutoff = Time::from_unix(START + 20).to_string();
    let arguments = [
        "fetch",
        "evm",
        "--url",
        &node.url,
        "--chain",
        CHAIN,
        "--addresses",
        "addresses.jsonl",
        "--cutoff",
        &cutoff,
        "--node-key",
        "node.key",
        "--out",
        "bundle",
    ];
    let output = run(&arguments);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let block = node.block(2);
    assert_eq!(text, format!("[[chain]]\nchain = \"{CHAIN}\"\nheight = 2\nhash = \"{}\"\n", block.hash));
    for name in [paths::EVM_HEADERS, paths::EVM_NODES, paths::TRANSCRIPT] {
        assert!(folder.path().join("bundle").join(paths::chain(&chain(), name)).exists(), "{name}");
    }
    assert_eq!(run(&arguments).status.code(), Some(2), "an output is not overwritten unasked");
    let held = Amount::from_base_units(10_000_000_000_000_000_000_000);
    let asked = request(&node, &[address(1)], START + 20, None);
    let fetched = gather(&asked);
    let evidence = shown(&node, &fetched, &asked, &block);
    assert_eq!(evidence.holdings.iter().map(|holding| holding.amount).collect::<Vec<_>>(), [held]);
    Ok(())
}
