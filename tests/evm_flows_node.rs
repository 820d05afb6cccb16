//! Against a real node: anvil makes transactions of every type that it can; senders, roots and amounts are found again
//! from the bytes alone. A loan around the snapshot is shown with whoever lent it.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod evm_support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;

use counterfoil::amount::{Amount, Decimals};
use counterfoil::asset::DeploymentId;
use counterfoil::basis::Basis;
use counterfoil::bundle::{MemoryFiles, paths};
use counterfoil::fetch::evm::{Request, WindowRequest, fetch_window};
use counterfoil::policy::WindowRules;
use counterfoil::reconcile::window::{Explained, WindowQuestion, measure_stretches};
use counterfoil::reserve::claim::{ChainQuery, ControlGrade};
use counterfoil::reserve::evm::address::EvmAddress;
use counterfoil::reserve::evm::header::{encode, integer_bytes};
use counterfoil::reserve::evm::token::TokenRegistry;
use counterfoil::reserve::evm::transactions::transactions;
use counterfoil::reserve::evm::window::flows::Body;
use counterfoil::reserve::evm::window::{EventList, Own, WindowHeader, receipts, window};
use counterfoil::reserve::evm::{control, keccak};
use counterfoil::reserve::window::StretchEvidence;
use counterfoil::snapshot::{BlockRef, Time};
use libtest_mimic::{Arguments, Failed};
use serde_json::{Value, json};

use evm_support::{CHAIN, Node, START, address, chain, secret, trial};

/// Of the chain.
const NUMBER: u64 = 31_337;
const ETHER: u128 = 1_000_000_000_000_000_000;
/// A contract that passes on what it gets to the address in its call.
const FORWARDER: &str = "0x600f600c600039600f6000f36000600060006000346000355af100";
const TOKEN: &str = include_str!("nodes/anvil/token.hex");

type Scenario = fn(&Node) -> Result<(), Failed>;

fn main() -> ExitCode {
    let scenarios: [(&str, Scenario); 4] = [
        ("transactions of every type", every_type),
        ("a loan in pieces", loan),
        ("calls within a call are unexplained", within_a_call),
        ("a token's transfers", token),
    ];
    let trials = scenarios
        .into_iter()
        .map(|(name, run)| trial(name, &["ANVIL"], move |found| run(&Node::anvil(Path::new(&found[0])))));
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

/// Every transaction in one block; its number, and their hashes.
fn mine(node: &Node, transactions: &[Value]) -> (u64, Vec<Value>) {
    let time = START + 12 * (1 + i64::try_from(height(node)).unwrap());
    node.ask("evm_setAutomine", json!([false]));
    let hashes: Vec<Value> = transactions.iter().map(|one| node.ask("eth_sendTransaction", json!([one]))).collect();
    node.mine(time);
    (height(node), hashes)
}

fn height(node: &Node) -> u64 {
    let number = node.ask("eth_blockNumber", json!([]));
    u64::from_str_radix(&number.as_str().unwrap()[2..], 16).unwrap()
}

fn receipt(node: &Node, hash: &Value) -> Value {
    node.ask("eth_getTransactionReceipt", json!([hash]))
}

/// A block with its transactions.
fn mined(node: &Node, number: u64) -> Value {
    node.ask("eth_getBlockByNumber", json!([format!("0x{number:x}"), true]))
}

fn pay(from: usize, to: EvmAddress, value: u128) -> Value {
    json!({"from": address(from).to_string(), "to": to.to_string(), "value": format!("0x{value:x}")})
}

fn with(mut transaction: Value, more: Value) -> Value {
    transaction.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    transaction
}

/// Everything about blocks 1 to `to` and what the bundle then has, of the addresses.
fn gather(node: &Node, to: u64, token: Option<EvmAddress>) -> MemoryFiles {
    // the cut-off has a block behind it
    let (last, _) = mine(node, &[]);
    let time = mined(node, to)["timestamp"].as_str().unwrap().to_owned();
    let cutoff = i64::from_str_radix(&time[2..], 16).unwrap();
    let request = Request {
        url: node.url.clone(),
        credentials: None,
        chain: chain(),
        addresses: vec![address(1).to_string()],
        cutoff: Time::from_unix(cutoff),
        to_height: Some(last),
        deployments: deployments(token),
        tokens: token.map(registry).unwrap_or_default(),
        pools: Vec::new(),
        control: None,
    };
    let asked = WindowRequest { from: 1, to, samples: Vec::new(), events: EventList::default(), journal: None };
    let fetched = fetch_window(&request, Some(&asked), Time::from_unix(cutoff), &mut |_| {}).unwrap();
    fetched.files.iter().map(|(name, bytes)| (paths::chain(&chain(), name), bytes.clone())).collect()
}

fn deployments(token: Option<EvmAddress>) -> Vec<DeploymentId> {
    let mut deployments: Vec<DeploymentId> = vec![format!("{CHAIN}/slip44:60").parse().unwrap()];
    deployments.extend(token.map(|contract| format!("{CHAIN}/erc20:{contract}").parse().unwrap()));
    deployments
}

/// What the bundle shows of the second account, the last block pinned.
fn shown(node: &Node, files: &MemoryFiles, to: u64, token: Option<(EvmAddress, EventList)>) -> Vec<StretchEvidence> {
    let hash = |number: u64| {
        let block = mined(node, number);
        let hash = block["hash"].as_str().unwrap().trim_start_matches("0x").parse().unwrap();
        BlockRef { chain: chain(), height: number, hash }
    };
    let (pins, cutoff_block, chain) = ([hash(to + 1)], hash(to), chain());
    let contract = token.as_ref().map(|(contract, _)| *contract);
    let deployments = deployments(contract);
    let query = ChainQuery {
        chain: &chain,
        pins: &pins,
        cutoff_block: &cutoff_block,
        cutoff: Time::from_unix(START + 1_000_000),
        addresses: &[],
        deployments: &deployments,
        transcript: None,
    };
    let addresses = BTreeMap::from([(address(1).to_string(), ControlGrade::KeySigned)]);
    let tokens = contract.map(registry).unwrap_or_default();
    let events = token.map(|(_, events)| events).unwrap_or_default();
    let own = Own { tokens: &tokens, events: &events, addresses: &addresses };
    window(&query, &own, files).unwrap().unwrap()
}

fn code_hash() -> String {
    // behind what creates it
    hex::encode(keccak(&hex::decode(TOKEN.trim()).unwrap()[33..]))
}

fn registry(contract: EvmAddress) -> TokenRegistry {
    TokenRegistry::parse(&format!(
        "[[token]]\nchain = \"{CHAIN}\"\ncontract = \"{contract}\"\nname = \"a token\"\ncode_hash = \"{}\"\n\
         balance_slot = 2\nlayout = \"solidity\"\ndecode = \"plain\"\nsource = \"tests/nodes/anvil/token.easm\"\n",
        code_hash()
    ))
    .unwrap()
}

fn header(files: &MemoryFiles, number: u64) -> WindowHeader {
    let lines = String::from_utf8(files[&paths::chain(&chain(), paths::EVM_HEADERS)].clone()).unwrap();
    let rlps =
        lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["rlp"].as_str().unwrap().to_owned());
    let mut headers = rlps.map(|rlp| WindowHeader::parse(&hex::decode(rlp).unwrap()).unwrap());
    headers.find(|header| header.number() == number).unwrap()
}

/// One RLP list in front of `body`, without its head and its length.
fn first_list(body: &[u8]) -> (usize, usize) {
    let length = |at: usize| match body[at] {
        head @ 0xc0..=0xf7 => (at + 1, usize::from(head - 0xc0)),
        head => {
            let bytes = usize::from(head - 0xf7);
            (at + 1 + bytes, body[at + 1..at + 1 + bytes].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
        }
    };
    let inside = length(0).0;
    let (from, count) = length(inside);
    (inside, from + count)
}

fn flipped(body: &[u8], refused: &dyn Fn(&[u8]) -> bool) {
    for at in 0..body.len() {
        let mut changed = body.to_vec();
        changed[at] ^= 1;
        assert!(refused(&changed), "byte {at}");
    }
}

/// One transaction of each type that pays `to`, and one that makes a contract.
fn one_of_each(to: EvmAddress) -> [Value; 5] {
    // an authorization of the third key (EIP-7702), over its number, chain and delegate
    let fields = [integer_bytes(NUMBER), [7; 20].to_vec(), integer_bytes(0)];
    let signature = control::sign_hash(&keccak(&[&[5], &encode(&fields)[..]].concat()), &secret(2)).unwrap();
    let scalar = |bytes: &[u8]| format!("0x{}", hex::encode(bytes));
    let authorization = json!([{
        "chainId": format!("0x{NUMBER:x}"), "address": format!("0x{}", "07".repeat(20)), "nonce": "0x0",
        "yParity": format!("0x{:x}", signature[64] - 27), "r": scalar(&signature[..32]), "s": scalar(&signature[32..64]),
    }]);
    let list = json!([{"address": to.to_string(), "storageKeys": [format!("0x{}", "01".repeat(32))]}]);
    let fee = json!({"maxFeePerGas": "0x77359400", "maxPriorityFeePerGas": "0x3b9aca00"});
    [
        with(pay(0, to, 100), json!({"type": "0x0", "gasPrice": "0x77359400"})),
        with(pay(0, to, 200), json!({"type": "0x1", "gasPrice": "0x77359400", "accessList": list.clone()})),
        with(with(pay(0, to, 300), json!({"type": "0x2", "accessList": list})), fee.clone()),
        with(with(pay(0, to, 400), json!({"type": "0x4", "authorizationList": authorization, "gas": "0x30d40"})), fee),
        with(json!({"from": to.to_string(), "data": FORWARDER, "value": "0x0"}), json!({"gas": "0x30d40"})),
    ]
}

fn every_type(node: &Node) -> Result<(), Failed> {
    mine(node, &[]);
    let (number, hashes) = mine(node, &one_of_each(address(1)));
    let files = gather(node, number, None);
    let body = files[&paths::chain(&chain(), &paths::evm_body(number))].clone();
    let receipts_file = &files[&paths::chain(&chain(), &paths::evm_receipts(number))];
    let header = header(&files, number);
    let all_receipts = receipts(&header, receipts_file)?;
    let open = Body::open(NUMBER, &header, &all_receipts, &body)?;
    let mined = mined(node, number);
    let described = mined["transactions"].as_array().unwrap();
    assert_eq!((described.len(), hashes.len()), (5, 5));
    let mut kinds = BTreeSet::new();
    for ((transaction, _, gas), described) in open.transactions().zip(described) {
        let text = |name: &str| described[name].as_str().unwrap().to_owned();
        assert_eq!(format!("0x{}", transaction.hash), text("hash"));
        assert_eq!(transaction.sender.to_string(), text("from").to_lowercase(), "{described}");
        assert_eq!(format!("0x{:x}", transaction.nonce), text("nonce"));
        assert_eq!(format!("0x{:x}", transaction.value), text("value"));
        assert_eq!(format!("0x{:x}", transaction.kind), text("type"));
        let receipt = receipt(node, &described["hash"]);
        let price = transaction.gas_price(header.header().base_fee()).unwrap();
        assert_eq!(format!("0x{price:x}"), receipt["effectiveGasPrice"].as_str().unwrap());
        assert_eq!(format!("0x{gas:x}"), receipt["gasUsed"].as_str().unwrap());
        let recipient = described["to"].as_str().or(receipt["contractAddress"].as_str()).unwrap();
        assert_eq!(transaction.recipient().to_string(), recipient.to_lowercase());
        kinds.insert(transaction.kind);
    }
    assert_eq!(kinds, BTreeSet::from([0, 1, 2, 4]));

    // one flipped byte anywhere is refused, and so is another chain
    flipped(&body, &|changed| Body::open(NUMBER, &header, &all_receipts, changed).is_err());
    let (from, end) = first_list(&body);
    let root = header.header().transactions_root().unwrap();
    assert_eq!(transactions(NUMBER, root, &body[from..end])?.len(), 5);
    assert_eq!(
        transactions(1, root, &body[from..end]).unwrap_err().to_string(),
        format!("transaction 0 is for chain {NUMBER}, expected 1")
    );

    let evidence = &shown(node, &files, number, None)[0];
    let transfers = evidence.transfers.as_ref().unwrap();
    let received: Vec<u128> =
        transfers.iter().flat_map(|transfer| &transfer.received).map(|part| part.amount.base_units()).collect();
    assert_eq!(received, [100, 200, 300, 400]);
    assert!(
        evidence.problems.iter().all(|problem| !matches!(problem.code.number, 6140..=6159)),
        "{:?}",
        evidence.problems
    );
    Ok(())
}

/// The blocks before, the loan, the snapshot, and the way back: one address lends in three pieces and gets them back in
/// two, and each payment costs gas.
fn loan(node: &Node) -> Result<(), Failed> {
    let (hot, lender) = (address(1), address(0));
    mine(node, &[]);
    mine(node, &[pay(0, hot, 2_000 * ETHER), pay(2, hot, 3 * ETHER)]);
    mine(node, &[pay(0, hot, 119 * ETHER), pay(0, hot, 5_000 * ETHER)]);
    let (snapshot, _) = mine(node, &[]);
    mine(node, &[]);
    mine(node, &[pay(1, lender, 7_000 * ETHER)]);
    let (last, _) = mine(node, &[pay(1, lender, 119 * ETHER), pay(1, address(2), ETHER)]);
    let files = gather(node, last, None);
    let evidence = shown(node, &files, last, None).remove(0);
    let counted = BTreeSet::from([hot.to_string()]);
    let rules = WindowRules::default();
    let question = WindowQuestion {
        range: None,
        snapshot,
        commitments: &[snapshot],
        explained: &Explained::default(),
        closing: None,
        counted: &counted,
        decimals: Decimals::new(18).unwrap(),
        rules: &rules,
    };
    let flow_codes = |evidence: &StretchEvidence| -> Vec<u16> {
        let codes = evidence.problems.iter().map(|problem| problem.code.number);
        codes.filter(|code| matches!(code, 6140..=6159 | 7080..=7084)).collect()
    };
    assert_eq!(flow_codes(&evidence), Vec::<u16>::new(), "values and gas explain every balance");
    let report = measure_stretches(&evidence, &question).unwrap();
    let trips: Vec<_> = report
        .round_trips
        .iter()
        .map(|trip| {
            (
                trip.counterparty.as_str(),
                trip.amount_in.base_units(),
                trip.amount_out.base_units(),
                trip.around_snapshot,
            )
        })
        .collect();
    assert_eq!(trips, [(lender.to_string().as_str(), 7_119 * ETHER, 7_119 * ETHER, true)]);
    assert!(report.flows.iter().all(|flow| flow.authenticity == Basis::Proved));

    // without the body of the block in which most of it came, that is unexplained and no longer a round trip
    let mut cut = files.clone();
    cut.remove(&paths::chain(&chain(), &paths::evm_body(3))).unwrap();
    let evidence = shown(node, &cut, last, None).remove(0);
    assert_eq!(flow_codes(&evidence), [7080]);
    let told = evidence.transfers.as_ref().unwrap().iter().flat_map(|transfer| &transfer.from);
    let unexplained: Vec<_> = told.filter(|party| party.name == "unexplained").collect();
    assert_eq!(unexplained.len(), 1);
    assert_eq!(measure_stretches(&evidence, &question).unwrap().round_trips, []);
    Ok(())
}

fn word(address: EvmAddress) -> String {
    format!("{:0>64}", hex::encode(address.to_bytes()))
}

fn within_a_call(node: &Node) -> Result<(), Failed> {
    let (_, hashes) = mine(node, &[json!({"from": address(0).to_string(), "data": FORWARDER, "gas": "0x30d40"})]);
    let forwarder: EvmAddress = receipt(node, &hashes[0])["contractAddress"].as_str().unwrap().parse().unwrap();
    let through = json!({"data": format!("0x{}", word(address(1))), "gas": "0x30d40"});
    let (number, hashes) = mine(node, &[with(pay(0, forwarder, 5 * ETHER), through), pay(2, address(1), 7)]);
    assert_eq!(receipt(node, &hashes[0])["status"], "0x1");
    let files = gather(node, number, None);
    let evidence = shown(node, &files, number, None).remove(0);
    let transfers = evidence.transfers.unwrap();
    let told: Vec<_> = transfers
        .iter()
        .map(|transfer| {
            (transfer.received[0].amount.base_units(), transfer.from[0].name.clone(), transfer.from[0].amount)
        })
        .collect();
    let stranger = (7, address(2).to_string(), Some(Amount::from_base_units(7)));
    assert_eq!(told, [stranger, (5 * ETHER, "unexplained".to_owned(), None)]);
    let problem = evidence.problems.iter().find(|problem| problem.code.number == 7080).unwrap();
    assert!(problem.detail.starts_with(&format!("{} base units came and 0 went", 5 * ETHER)), "{}", problem.detail);
    Ok(())
}

fn token(node: &Node) -> Result<(), Failed> {
    let creation = json!({"from": address(0).to_string(), "data": format!("0x{}", TOKEN.trim()), "gas": "0x989680"});
    let (_, hashes) = mine(node, &[creation]);
    let contract: EvmAddress = receipt(node, &hashes[0])["contractAddress"].as_str().unwrap().parse().unwrap();
    let transfer = |from: usize, to: usize, units: u64| {
        let data = format!("0xa9059cbb{}{units:0>64x}", word(address(to)));
        json!({"from": address(from).to_string(), "to": contract.to_string(), "data": data, "gas": "0x30d40"})
    };
    mine(node, &[transfer(0, 1, 600), transfer(0, 2, 50)]);
    mine(node, &[]);
    let (last, _) = mine(node, &[transfer(1, 0, 590)]);
    let files = gather(node, last, Some(contract));
    let list = EventList::parse(&format!(
        "[[token]]\nchain = \"{CHAIN}\"\ncontract = \"{contract}\"\nname = \"a token\"\ncode_hash = \"{}\"\nchanges = []\n\
         source = \"tests/nodes/anvil/token.easm\"\n[[token.moves]]\nevent = \"Transfer(address,address,uint256)\"\n\
         holders = [\"topic1\", \"topic2\"]\n",
        code_hash()
    ))?;
    let told = |events: EventList| {
        let all = shown(node, &files, last, Some((contract, events)));
        let evidence = all.into_iter().find(|one| one.deployment.asset().starts_with("erc20")).unwrap();
        let codes: Vec<u16> = evidence.problems.iter().map(|problem| problem.code.number).collect();
        let transfers = evidence.transfers.unwrap();
        let amounts: Vec<(u128, u128)> = transfers
            .iter()
            .map(|transfer| {
                let sum = |parts: &[counterfoil::reserve::window::Part]| {
                    parts.iter().map(|part| part.amount.base_units()).sum()
                };
                (sum(&transfer.spent), sum(&transfer.received))
            })
            .collect();
        assert_eq!(amounts, [(0, 600), (590, 0)]);
        assert_eq!(
            (&transfers[0].from[0].name, &transfers[1].to[0].name),
            (&address(0).to_string(), &address(0).to_string())
        );
        (codes.contains(&6151), codes.contains(&7080), transfers[0].authenticity)
    };
    assert_eq!(told(list), (false, false, Basis::Proved));
    assert_eq!(told(EventList::default()), (true, false, Basis::Stated), "nobody read its code");
    Ok(())
}
