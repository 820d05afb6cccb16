//! Blocks made up here, with transactions that keys signed, and what they moved.

use super::*;
use crate::bundle::MemoryFiles;
use crate::hash::Digest;
use crate::reserve::evm::control::address_of;
use crate::reserve::evm::header::integer_bytes;
use crate::reserve::evm::keccak;
use crate::reserve::evm::transactions::tests::{Draft, file, list, string};
use crate::reserve::evm::transactions::transactions_root;
use crate::reserve::evm::window::{EventList, receipts_root};
use crate::snapshot::BlockRef;

mod refusals;

const FIRST: u64 = 100;
/// The hot wallet's key; the lender's; somebody's.
const HOT: [u8; 32] = [1; 32];
const LENDER: [u8; 32] = [2; 32];
const CUSTOMER: [u8; 32] = [3; 32];
const USDT: &str = "0xdac17f958d2ee523a2206206994597c13d831ec7";
const WETH: &str = "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2";
/// Two transactions of 21,000 gas at a base fee of 10 and a tip of 2 cost that each.
const FEE: u128 = 21_000 * 12;

fn of(secret: [u8; 32]) -> EvmAddress {
    address_of(&secret).expect("a key")
}

fn pay(from: [u8; 32], to: EvmAddress, value: u128) -> Draft {
    Draft { secret: from, to: Some(to), value, ..Draft::of(2) }
}

type LogParts = (EvmAddress, Vec<[u8; 32]>, Vec<u8>);

#[derive(Clone)]
struct Sent {
    draft: Draft,
    status: Vec<u8>,
    gas: u64,
    logs: Vec<LogParts>,
}

fn sent(draft: Draft) -> Sent {
    Sent { draft, status: vec![1], gas: 21_000, logs: Vec::new() }
}

#[derive(Clone, Default)]
struct Block {
    sent: Vec<Sent>,
    withdrawals: Vec<(u64, EvmAddress, u64)>,
}

impl Block {
    fn raw(&self) -> Vec<Vec<u8>> {
        self.sent.iter().map(|sent| sent.draft.signed()).collect()
    }

    fn withdrawals(&self) -> Vec<Vec<u8>> {
        let number = |value: u64| string(&integer_bytes(value));
        let one = |(validator, address, gwei): &(u64, EvmAddress, u64)| {
            list(&[number(77), number(*validator), string(&address.to_bytes()), number(*gwei)])
        };
        self.withdrawals.iter().map(one).collect()
    }

    fn body(&self) -> Vec<u8> {
        body_file(&self.raw(), &self.withdrawals())
    }

    fn receipts(&self) -> Vec<u8> {
        let mut used = 0;
        let one = |sent: &Sent| {
            used += sent.gas;
            let log = |(address, topics, data): &LogParts| {
                let topics: Vec<Vec<u8>> = topics.iter().map(|topic| string(topic)).collect();
                list(&[string(&address.to_bytes()), list(&topics), string(data)])
            };
            let logs: Vec<Vec<u8>> = sent.logs.iter().map(log).collect();
            let fields = [string(&sent.status), string(&integer_bytes(used)), string(&[0; 256]), list(&logs)];
            let kind: &[u8] = if sent.draft.kind == 0 { &[] } else { &[sent.draft.kind] };
            string(&[kind, &list(&fields)].concat())
        };
        list(&self.sent.iter().map(one).collect::<Vec<_>>())
    }

    fn header(&self, parent: [u8; 32], number: u64, fields: usize) -> Vec<u8> {
        let mut all = vec![string(&[9; 32]); fields];
        all[0] = string(&parent);
        all[4] = string(transactions_root(&file(&self.raw())).expect("a list").as_bytes());
        all[5] = string(receipts_root(&self.receipts()).expect("a list").as_bytes());
        all[6] = string(&[0; 256]);
        all[8] = string(&integer_bytes(number));
        all[11] = string(&integer_bytes(1_700_000_000 + number));
        if fields > 16 {
            all[15] = string(&integer_bytes(10));
            all[16] = string(withdrawals_root(&self.withdrawals()).as_bytes());
        }
        list(&all)
    }
}

fn chain() -> ChainId {
    "eip155:1".parse().expect("a chain")
}

fn path(name: &str) -> String {
    paths::chain(&chain(), name)
}

/// Headers of these blocks, from [`FIRST`] on.
fn headers(blocks: &[Block], fields: usize) -> WindowHeaders {
    let (mut parent, mut rlps) = ([7; 32], Vec::new());
    for (block, number) in blocks.iter().zip(FIRST..) {
        let rlp = block.header(parent, number, fields);
        parent = keccak(&rlp);
        rlps.push(rlp);
    }
    let height = FIRST + blocks.len() as u64 - 1;
    let last = BlockRef { chain: chain(), height, hash: Digest::from_bytes(parent) };
    WindowHeaders::link(&rlps, FIRST, &last).expect("headers of a window")
}

fn bundle(blocks: &[Block]) -> MemoryFiles {
    let mut files = MemoryFiles::new();
    for (block, number) in blocks.iter().zip(FIRST..) {
        files.insert(path(&paths::evm_body(number)), block.body());
        files.insert(path(&paths::evm_receipts(number)), block.receipts());
    }
    files
}

fn read(blocks: &[Block], files: &MemoryFiles, addresses: &[EvmAddress]) -> Movements {
    read_under(&headers(blocks, 21), files, addresses)
}

fn read_under(headers: &WindowHeaders, files: &MemoryFiles, addresses: &[EvmAddress]) -> Movements {
    let chain = chain();
    let contracts = [USDT, WETH].into_iter().map(|text| text.parse().expect("an address")).collect();
    let addresses = addresses.iter().copied().collect();
    let question =
        FlowQuestion { chain: &chain, headers, basis: Basis::Proved, addresses: &addresses, contracts: &contracts };
    movements(&question, files).expect("an EVM chain and a bundle in memory")
}

fn native(blocks: &[Block], addresses: &[EvmAddress], points: &[(u64, u128)]) -> Flows {
    let all = read(blocks, &bundle(blocks), addresses);
    assert_eq!(all.problems, []);
    all.flows(&FlowAsset::Native, &balances(addresses[0], points))
}

fn balances(address: EvmAddress, points: &[(u64, u128)]) -> Balances {
    let points = points.iter().map(|(height, units)| (*height, Amount::from_base_units(*units)));
    Balances::from([(address, points.collect())])
}

/// Height, spent, received, from and to of every transfer, in words.
fn told(flows: &Flows) -> Vec<String> {
    let sum = |parts: &[Part]| Amount::checked_sum(parts.iter().map(|part| part.amount)).expect("small").base_units();
    let names = |parties: &[Party]| {
        let one = |party: &Party| {
            let amount = party.amount.map_or("?".to_owned(), |amount| amount.base_units().to_string());
            let known = [(of(HOT), "hot"), (of(LENDER), "lender"), (of(CUSTOMER), "customer")];
            let name = known.iter().find(|(address, _)| address.to_string() == party.name).map(|(_, name)| *name);
            format!("{} {amount}", name.unwrap_or(&party.name))
        };
        parties.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let one = |transfer: &Transfer| {
        let (spent, received) = (sum(&transfer.spent), sum(&transfer.received));
        format!("{}: -{spent} +{received} [{}] [{}]", transfer.height, names(&transfer.from), names(&transfer.to))
    };
    flows.transfers.iter().map(one).collect()
}

fn numbers(problems: &[Problem]) -> Vec<u16> {
    problems.iter().map(|problem| problem.code.number).collect()
}

fn one(sent: Sent) -> Block {
    Block { sent: vec![sent], ..Block::default() }
}

#[test]
fn values_and_gas_have_a_counterparty() {
    let mut both = one(sent(pay(LENDER, of(HOT), 700)));
    both.sent.push(sent(pay(CUSTOMER, of(LENDER), 5)));
    let blocks = [Block::default(), both, one(sent(pay(HOT, of(LENDER), 690)))];
    let flows = native(&blocks, &[of(HOT)], &[(100, FEE), (102, 10)]);
    let back = format!("102: -{} +0 [] [lender 690]", 690 + FEE);
    assert_eq!(told(&flows), ["101: -0 +700 [lender 700] []", &back]);
    assert_eq!((flows.unexplained, flows.problems), (vec![], vec![]));
    let ids: Vec<String> = flows.transfers.iter().map(|transfer| transfer.txid.clone()).collect();
    let hash = |block: &Block| hex::encode(keccak(&block.raw()[0]));
    assert_eq!(ids, [hash(&blocks[1]), hash(&blocks[2])]);
    assert!(flows.transfers.iter().all(|transfer| transfer.authenticity == Basis::Proved));
}

#[test]
fn a_failed_transaction_costs_its_gas_and_moves_nothing() {
    let failed = Sent { status: vec![], ..sent(pay(HOT, of(CUSTOMER), 500)) };
    let flows = native(&[Block::default(), one(failed)], &[of(HOT)], &[(100, 2 * FEE), (101, FEE)]);
    assert_eq!((told(&flows), flows.problems), (vec![format!("101: -{FEE} +0 [] []")], vec![]));
}

#[test]
fn moves_within_the_set_have_no_counterparty() {
    let blocks = [Block::default(), one(sent(pay(HOT, of(CUSTOMER), 500)))];
    let flows = native(&blocks, &[of(HOT), of(CUSTOMER)], &[(100, 500 + FEE), (101, 0)]);
    assert_eq!(told(&flows), [format!("101: -{} +500 [] []", 500 + FEE)]);
    let codes = numbers(&flows.problems);
    assert_eq!(codes, [7081], "nothing is known of the customer's balances");
    let itself = [Block::default(), one(sent(pay(HOT, of(HOT), 500)))];
    let flows = native(&itself, &[of(HOT)], &[(100, 500 + FEE), (101, 500)]);
    assert_eq!((told(&flows), flows.problems), (vec![format!("101: -{} +500 [] []", 500 + FEE)], vec![]));
}

#[test]
fn a_created_contract_gets_its_value() {
    let draft = Draft { to: None, nonce: 0, ..pay(CUSTOMER, of(HOT), 40) };
    // last twenty bytes of keccak(RLP(sender, 0))
    let address: [u8; 20] = keccak(&[&[0xd6, 0x94][..], &of(CUSTOMER).to_bytes(), &[0x80]].concat())[12..]
        .try_into()
        .expect("twenty bytes");
    let created = EvmAddress::from_bytes(address);
    let flows = native(&[Block::default(), one(sent(draft))], &[created], &[(100, 0), (101, 40)]);
    assert_eq!((told(&flows), flows.problems), (vec!["101: -0 +40 [customer 40] []".to_owned()], vec![]));
}

#[test]
fn paid_out_stake_comes_from_its_validator() {
    let block =
        Block { withdrawals: vec![(5, of(HOT), 3), (6, of(CUSTOMER), 9)], ..one(sent(pay(LENDER, of(HOT), 1))) };
    let flows = native(&[Block::default(), block], &[of(HOT)], &[(100, 0), (101, 3_000_000_001)]);
    assert_eq!(told(&flows), ["101: -0 +1 [lender 1] []", "101: -0 +3000000000 [validator 5 3000000000] []"]);
    assert_eq!((flows.transfers[1].txid.as_str(), flows.problems), ("withdrawal 77", vec![]));
}

#[test]
fn what_no_transaction_shows_is_told_as_such() {
    let blocks = vec![Block::default(); 3];
    let flows = native(&blocks, &[of(HOT)], &[(100, 50), (101, 750), (102, 20)]);
    assert_eq!(told(&flows), ["101: -0 +700 [unexplained ?] []", "102: -730 +0 [] [unexplained 730]"]);
    assert_eq!(numbers(&flows.problems), [7080]);
    let detail = "700 base units came and 730 went without a visible counterparty, in 2 stretches; the largest 730 by \
        block 102";
    assert_eq!(flows.problems[0].detail, detail);
    // a stretch of blocks, and what must have come before it could be paid
    let blocks = [Block::default(), Block::default(), one(sent(pay(HOT, of(CUSTOMER), 500))), Block::default()];
    let flows = native(&blocks, &[of(HOT)], &[(100, 100), (103, 30)]);
    let missing = 400 + FEE;
    let (paid, came) =
        (format!("102: -{} +0 [] [customer 500]", 500 + FEE), format!("102: -0 +{missing} [unexplained ?] []"));
    assert_eq!(told(&flows), [&paid, &came, "103: -0 +30 [unexplained ?] []"]);
    let ids: Vec<&str> = flows.transfers.iter().skip(1).map(|transfer| transfer.txid.as_str()).collect();
    assert_eq!(ids, ["blocks 101 to 102", "blocks 101 to 103"]);
}

#[test]
fn movements_between_no_two_proofs_are_told() {
    let blocks = [Block::default(), one(sent(pay(LENDER, of(HOT), 700))), Block::default()];
    for points in [&[][..], &[(101, 700)], &[(101, 700), (102, 700)], &[(100, 0)]] {
        let flows = native(&blocks, &[of(HOT)], points);
        assert_eq!((numbers(&flows.problems), flows.transfers.len()), (vec![7081], 1), "{points:?}");
    }
}

fn word(address: EvmAddress) -> [u8; 32] {
    let mut word = [0; 32];
    word[12..].copy_from_slice(&address.to_bytes());
    word
}

fn units(units: u8) -> [u8; 32] {
    let mut word = [0; 32];
    word[31] = units;
    word
}

fn log(contract: &str, event: &str, topics: &[[u8; 32]], data: &[[u8; 32]]) -> LogParts {
    let topics = [keccak(event.as_bytes())].into_iter().chain(topics.iter().copied()).collect();
    (contract.parse().expect("an address"), topics, data.concat())
}

/// A block whose first transaction logs this.
fn logged(logs: Vec<LogParts>) -> Block {
    one(Sent { logs, ..sent(Draft { value: 0, ..pay(CUSTOMER, of(LENDER), 0) }) })
}

fn token(blocks: &[Block], files: &MemoryFiles, contract: &str, points: &[(u64, u128)], known: bool) -> Flows {
    let list = EventList::built_in().expect("the built-in list");
    let contract: EvmAddress = contract.parse().expect("an address");
    let entry = list.of_contract(&chain(), contract).into_iter().next().filter(|_| known);
    let all = read(blocks, files, &[of(HOT)]);
    assert_eq!(all.problems, []);
    all.flows(&FlowAsset::Token { contract, events: entry }, &balances(of(HOT), points))
}

const TRANSFER: &str = "Transfer(address,address,uint256)";

#[test]
fn logs_of_a_known_token_have_a_counterparty() {
    let usdt = |from, to, amount| log(USDT, TRANSFER, &[word(from), word(to)], &[units(amount)]);
    let blocks = [
        Block::default(),
        logged(vec![
            usdt(of(LENDER), of(HOT), 70),
            usdt(of(LENDER), of(CUSTOMER), 9),
            usdt(of(HOT), of(CUSTOMER), 0),
            log(WETH, TRANSFER, &[word(of(LENDER)), word(of(HOT))], &[units(3)]),
        ]),
        logged(vec![usdt(of(HOT), of(LENDER), 60), usdt(of(HOT), of(CUSTOMER), 4)]),
        logged(vec![log(USDT, "DestroyedBlackFunds(address,uint256)", &[], &[word(of(HOT)), units(6)])]),
    ];
    let files = bundle(&blocks);
    let flows = token(&blocks, &files, USDT, &[(100, 0), (101, 70), (102, 6), (103, 0)], true);
    let destroyed = format!("103: -6 +0 [] [{USDT} 6]");
    let out = "102: -64 +0 [] [lender 60, customer 4]";
    assert_eq!(told(&flows), ["101: -0 +70 [lender 70] []", out, &destroyed]);
    assert_eq!(flows.problems, []);
    assert!(flows.transfers.iter().all(|transfer| transfer.authenticity == Basis::Proved));
    // receipts alone show the same, but for the names of transactions
    let only: MemoryFiles = files
        .iter()
        .filter(|(path, _)| path.contains("receipts/"))
        .map(|(path, file)| (path.clone(), file.clone()))
        .collect();
    let alone = token(&blocks, &only, USDT, &[(100, 0), (103, 0)], true);
    assert_eq!((told(&alone), alone.transfers[0].txid.as_str()), (told(&flows), "transaction 0 of block 101"));
}

#[test]
fn wrapped_coins_come_from_nobody() {
    let blocks = [
        Block::default(),
        logged(vec![log(WETH, "Deposit(address,uint256)", &[word(of(HOT))], &[units(8)])]),
        logged(vec![log(WETH, "Withdrawal(address,uint256)", &[word(of(HOT))], &[units(5)])]),
    ];
    let flows = token(&blocks, &bundle(&blocks), WETH, &[(100, 0), (102, 3)], true);
    assert_eq!(told(&flows), [format!("101: -0 +8 [{WETH} ?] []"), format!("102: -5 +0 [] [{WETH} 5]")]);
    assert_eq!(flows.problems, []);
}

#[test]
fn events_without_a_meaning_leave_the_change_unexplained() {
    let blocks = [Block::default(), logged(vec![log(USDT, "Redeem(uint256)", &[], &[units(6)])])];
    let flows = token(&blocks, &bundle(&blocks), USDT, &[(100, 6), (101, 0)], true);
    assert_eq!(
        (told(&flows), numbers(&flows.problems)),
        (vec!["101: -6 +0 [] [unexplained 6]".to_owned()], vec![7080])
    );
}

#[test]
fn logs_of_unknown_code_are_only_stated() {
    let transfer = log(WETH, TRANSFER, &[word(of(LENDER)), word(of(HOT))], &[units(70)]);
    // a deposit is an event of code that somebody read, and of no other
    let deposit = log(WETH, "Deposit(address,uint256)", &[word(of(HOT))], &[units(8)]);
    let blocks = [Block::default(), logged(vec![transfer, deposit])];
    let flows = token(&blocks, &bundle(&blocks), WETH, &[(100, 0), (101, 0)], false);
    assert_eq!(told(&flows), ["101: -0 +70 [lender 70] []", "101: -70 +0 [] [unexplained 70]"], "the balance knows");
    assert_eq!(flows.transfers[0].authenticity, Basis::Stated);
    assert_eq!(numbers(&flows.problems), [7080, 6151]);
}

#[test]
fn logs_of_another_shape_are_no_such_event() {
    let (from, to) = (word(of(LENDER)), word(of(HOT)));
    let mut long = to;
    long[0] = 1;
    let logs = vec![
        log(USDT, TRANSFER, &[from, to, units(7)], &[]),
        log(USDT, TRANSFER, &[from], &[to, units(7)]),
        log(USDT, TRANSFER, &[from, to], &[]),
        log(USDT, TRANSFER, &[from, long], &[units(7)]),
        log(USDT, TRANSFER, &[word(of(CUSTOMER)), from], &[units(7)]),
        log("0x0000000000000000000000000000000000000009", TRANSFER, &[from, to], &[units(7)]),
        log(USDT, "Approval(address,address,uint256)", &[from, to], &[units(7)]),
    ];
    let blocks = [Block::default(), logged(logs)];
    let flows = token(&blocks, &bundle(&blocks), USDT, &[(100, 0), (101, 0)], true);
    assert_eq!((flows.transfers, flows.problems), (vec![], vec![]));
}

#[test]
fn every_event_has_a_meaning_and_a_source() {
    let known = meanings().expect("the built-in file");
    assert_eq!(known.len(), 4);
    let listed = EventList::built_in().expect("the built-in list");
    for meaning in &known {
        let of = |contract: &str| listed.of_contract(&chain(), contract.parse().expect("an address"));
        let mut moves = [USDT, WETH].into_iter().flat_map(of).flat_map(|entry| &entry.moves);
        assert!(moves.any(|one| one.event == meaning.event), "{} is of no listed token", meaning.event);
    }
}
