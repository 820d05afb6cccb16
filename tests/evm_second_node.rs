//! Against hardhat, whose state is a trie as Ethereum's is where anvil's is not: the first block, slots that were
//! cleared, and accounts that are not there. Two nodes without common code also keep one node's quirks out of the
//! verifier.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod evm_support;

use std::path::Path;
use std::process::ExitCode;

use counterfoil::asset::DeploymentId;
use counterfoil::basis::{Basis, Completeness};
use counterfoil::bundle::{MemoryFiles, paths};
use counterfoil::fetch::evm::{Fetched, Request, fetch};
use counterfoil::reserve::claim::{ChainEvidence, ChainQuery, ControlProof, CutoffCheck};
use counterfoil::reserve::evm::address::EvmAddress;
use counterfoil::reserve::evm::balance::balances;
use counterfoil::reserve::evm::token::TokenRegistry;
use counterfoil::reserve::evm::{control, keccak};
use counterfoil::snapshot::{BlockRef, Time};
use evm_support::{CHAIN, Node, START, address, chain, deploy_safe, number, secret, trial, word};
use libtest_mimic::{Arguments, Failed};
use serde_json::json;

const TOKEN: &str = include_str!("nodes/anvil/token.hex");
/// What the accounts of the node begin with.
const FUNDED: u128 = 10_000_000_000_000_000_000_000;
/// Nobody's account.
const NOBODY: EvmAddress = EvmAddress::from_bytes([0x77; 20]);

fn main() -> ExitCode {
    let one = |name, run: fn(&Node) -> Result<(), Failed>| {
        trial(name, &["HARDHAT"], move |found| run(&Node::hardhat(Path::new(&found[0]))))
    };
    let trials = vec![
        one("balances at the first block", first_block),
        one("slots that were cleared", cleared_slots),
        one("accounts that are not there", absent_accounts),
        trial("a Safe of another node", &["HARDHAT", "SAFE_CONTRACTS"], |found| {
            let [hardhat, contracts] = found.as_slice() else { panic!("two variables") };
            safe_wallet(&Node::hardhat(Path::new(hardhat)), Path::new(contracts))
        }),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// The files of a bundle, and what they show.
struct Shown {
    files: MemoryFiles,
    block: BlockRef,
    evidence: ChainEvidence,
}

impl Shown {
    fn amounts(&self, asset: &str) -> Vec<u128> {
        let of = self.evidence.holdings.iter().filter(|held| held.deployment.asset().starts_with(asset));
        of.map(|held| held.amount.base_units()).collect()
    }
}

/// A question at a cut-off `after` seconds behind the first block, about ether and perhaps a token.
struct Question<'a> {
    addresses: &'a [EvmAddress],
    after: i64,
    token: Option<EvmAddress>,
}

impl Question<'_> {
    fn request(&self, node: &Node) -> Request {
        let mut deployments: Vec<DeploymentId> = vec![format!("{CHAIN}/slip44:60").parse().unwrap()];
        deployments.extend(self.token.map(|token| format!("{CHAIN}/erc20:{token}").parse().unwrap()));
        Request {
            url: node.url.clone(),
            credentials: None,
            chain: chain(),
            addresses: self.addresses.iter().map(ToString::to_string).collect(),
            cutoff: Time::from_unix(START + self.after),
            to_height: None,
            deployments,
            tokens: self.token.map(registry).unwrap_or_default(),
            pools: Vec::new(),
            control: None,
        }
    }

    /// Fetches, and judges by the next block's hash alone.
    fn show(&self, node: &Node) -> Shown {
        let request = self.request(node);
        let Fetched { files, cutoff_block, .. } =
            fetch(&request, Time::from_unix(START + 100_000), &mut |_| {}).unwrap();
        let files = files.into_iter().map(|(name, bytes)| (paths::chain(&chain(), &name), bytes)).collect();
        let evidence = self.judge(node, &request, &files, &cutoff_block).unwrap();
        assert_eq!((&evidence.cutoff, evidence.anchored), (&CutoffCheck::Holds, true));
        Shown { files, block: cutoff_block, evidence }
    }

    fn judge(&self, node: &Node, request: &Request, files: &MemoryFiles, block: &BlockRef) -> Option<ChainEvidence> {
        let addresses: Vec<&str> = request.addresses.iter().map(String::as_str).collect();
        let query = ChainQuery {
            chain: &chain(),
            pins: &[node.block(block.height + 1)],
            cutoff_block: block,
            cutoff: request.cutoff,
            addresses: &addresses,
            deployments: &request.deployments,
            transcript: None,
        };
        balances(&query, files, &request.tokens).ok()
    }
}

fn registry(contract: EvmAddress) -> TokenRegistry {
    let code = hex::decode(TOKEN.trim()).unwrap();
    let hash = hex::encode(keccak(&code[33..])); // behind what creates it
    TokenRegistry::parse(&format!(
        "[[token]]\nchain = \"{CHAIN}\"\ncontract = \"{contract}\"\nname = \"a token\"\ncode_hash = \"{hash}\"\n\
         balance_slot = 2\nlayout = \"solidity\"\ndecode = \"plain\"\nsource = \"tests/nodes/anvil/token.easm\"\n"
    ))
    .unwrap()
}

fn transfer(node: &Node, at: i64, token: EvmAddress, (from, to): (usize, EvmAddress), units: usize) {
    let data = format!("0xa9059cbb{}{}", word(to), number(units));
    node.send(START + at, json!({"from": address(from).to_string(), "to": token.to_string(), "data": data}));
}

fn all_proved(shown: &Shown) {
    assert_eq!(shown.evidence.problems, vec![]);
    for held in &shown.evidence.holdings {
        assert_eq!((held.authenticity, held.completeness), (Basis::Proved, Completeness::Exact), "{held:?}");
    }
}

fn first_block(node: &Node) -> Result<(), Failed> {
    node.mine(START + 10);
    let shown = Question { addresses: &[address(0), address(1), NOBODY], after: 5, token: None }.show(node);
    assert_eq!(shown.block, node.block(0));
    let mut amounts = shown.amounts("slip44");
    amounts.sort_unstable();
    assert_eq!(amounts, [0, FUNDED, FUNDED]);
    all_proved(&shown);
    Ok(())
}

fn cleared_slots(node: &Node) -> Result<(), Failed> {
    let token = node.deploy(START + 10, &format!("0x{}", TOKEN.trim()));
    transfer(node, 20, token, (0, address(1)), 600);
    transfer(node, 30, token, (0, NOBODY), 5);
    transfer(node, 40, token, (1, address(2)), 600); // everything: the slot is gone
    node.mine(START + 50);
    let asked = [address(1), address(2)];
    let before = Question { addresses: &asked, after: 30, token: Some(token) };
    let after = Question { addresses: &asked, after: 40, token: Some(token) };
    let (held, cleared) = (before.show(node), after.show(node));
    // in the order of the addresses: the third account first
    assert_eq!((held.amounts("erc20"), cleared.amounts("erc20")), (vec![0, 600], vec![600, 0]));
    all_proved(&held);
    all_proved(&cleared);

    // the proof that there is nothing is of that block: with the nodes of the block before nothing is shown
    let mut mixed = cleared.files.clone();
    let nodes = paths::chain(&chain(), paths::EVM_NODES);
    mixed.insert(nodes.clone(), held.files[&nodes].clone());
    let judged = after.judge(node, &after.request(node), &mixed, &cleared.block).unwrap();
    assert!(judged.holdings.is_empty() && !judged.problems.is_empty(), "{judged:?}");
    // and no changed byte of the nodes makes a balance zero
    let request = before.request(node);
    let mut changed = held.files.clone();
    for at in (8..changed[&nodes].len()).step_by(11) {
        changed.get_mut(&nodes).unwrap()[at] ^= 1;
        let judged = before.judge(node, &request, &changed, &held.block);
        assert!(judged.is_none_or(|judged| judged.holdings.len() < 4), "byte {at}");
        changed.get_mut(&nodes).unwrap()[at] ^= 1;
    }
    Ok(())
}

fn absent_accounts(node: &Node) -> Result<(), Failed> {
    let token = node.deploy(START + 10, &format!("0x{}", TOKEN.trim()));
    node.send(START + 20, json!({"from": address(0).to_string(), "to": NOBODY.to_string(), "value": "0x7"}));
    node.mine(START + 30);
    let asked = [NOBODY];
    let before = Question { addresses: &asked, after: 10, token: Some(token) }.show(node);
    let after = Question { addresses: &asked, after: 20, token: Some(token) }.show(node);
    assert_eq!((before.amounts("slip44"), before.amounts("erc20")), (vec![0], vec![0]));
    assert_eq!((after.amounts("slip44"), after.amounts("erc20")), (vec![7], vec![0]));
    all_proved(&before);
    all_proved(&after);
    // that an account is absent is shown by the nodes on its way: without the last of them nothing is
    let question = Question { addresses: &asked, after: 10, token: None };
    let shown = question.show(node);
    let headers = paths::chain(&chain(), paths::EVM_HEADERS);
    let bare = MemoryFiles::from([(headers.clone(), shown.files[&headers].clone())]);
    let judged = question.judge(node, &question.request(node), &bare, &shown.block).unwrap();
    assert!(judged.holdings.is_empty(), "{judged:?}");
    Ok(())
}

fn safe_wallet(node: &Node, contracts: &Path) -> Result<(), Failed> {
    use counterfoil::reserve::evm::control::safe;
    use counterfoil::reserve::evm::state::State;

    let line = "counterfoil v1 example abc exp 2027-01-01 sha256 00";
    let at = deploy_safe(node, contracts);
    node.mine(START + 60);
    let secrets = [secret(0), secret(2)];
    let proof: ControlProof = safe::sign(&chain(), &at.to_string(), line, &secrets)?;
    let question = Question { addresses: &[at], after: 45, token: None };
    let mut request = question.request(node);
    request.control = Some((line.to_owned(), vec![proof.clone()]));
    let fetched = fetch(&request, Time::from_unix(START + 100_000), &mut |_| {})?;
    let files = fetched.files.into_iter().map(|(name, bytes)| (paths::chain(&chain(), &name), bytes));
    let files: MemoryFiles = files.collect();
    let (chain, pins) = (chain(), [node.block(fetched.cutoff_block.height + 1)]);
    let query = ChainQuery {
        chain: &chain,
        pins: &pins,
        cutoff_block: &fetched.cutoff_block,
        cutoff: request.cutoff,
        addresses: &[],
        deployments: &[],
        transcript: None,
    };
    let state = State::open(&query, &files)?;
    let shown = control::judge(&chain, &at.to_string(), line, &proof, Some(&state))?;
    assert_eq!((shown.grade.text(), shown.problems), ("contract-proven", vec![]));
    Ok(())
}
