//! Proofs of many accounts at every block of a window on an EVM chain: how large the pool of trie nodes is when each node
//! stands in it once, and how long all of it takes to verify, beside the bare hashing of the same nodes.

use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;

use alloy_primitives::U256;
use anyhow::Context as _;
use counterfoil::hash::sha256;
use counterfoil::lab::evm_chain::{EvmAccount, EvmBlock, EvmChain};
use counterfoil::reserve::claim::ControlGrade;
use counterfoil::reserve::evm::account_proof::verify;
use counterfoil::reserve::evm::address::EvmAddress;
use counterfoil::reserve::evm::header::EvmHeader;
use counterfoil::reserve::evm::keccak;
use counterfoil::reserve::evm::trie::NodePool;
use counterfoil::reserve::evm::window::{AccountPoint, WindowHeaders, account_floors};
use counterfoil::snapshot::BlockRef;

use crate::reserves::timed;
use crate::{Plan, machine, table};

const FIRST: u64 = 19_000_000;
/// Accounts that change in a block, of a hundred.
const CHANGED: usize = 2;

fn address(number: usize) -> EvmAddress {
    let mut bytes = [0; 20];
    for (to, from) in bytes.iter_mut().zip(sha256(&number.to_be_bytes()).to_bytes()) {
        *to = from;
    }
    EvmAddress::from_bytes(bytes)
}

/// A chain in which some accounts send and others receive in every block.
fn chain(accounts: usize, blocks: u64) -> anyhow::Result<EvmChain> {
    let mut state: BTreeMap<EvmAddress, EvmAccount> = (0..accounts)
        .map(|number| {
            let balance = U256::from(1_000_000_000_000_000_000_u64);
            (address(number), EvmAccount { balance, nonce: 3, ..EvmAccount::default() })
        })
        .collect();
    let mut made = Vec::new();
    for block in 0..blocks {
        let changed = (0..accounts * CHANGED / 100).map(|at| (at * 97 + block as usize * 31) % accounts.max(1));
        for number in changed {
            if let Some(account) = state.get_mut(&address(number)) {
                account.nonce += u64::from(number % 2 == 0);
                account.balance += U256::from(number + 1);
            }
        }
        made.push(EvmBlock { timestamp: 1_700_000_000 + 12 * block, accounts: state.clone() });
    }
    Ok(EvmChain::new("eip155:1".parse()?, FIRST, made))
}

/// What is verified: everything that a window of the nonce rule needs, with a point at every block.
struct Window {
    /// As they were received.
    headers: Vec<Vec<u8>>,
    last: BlockRef,
    addresses: Vec<EvmAddress>,
    /// `nodes.bin`.
    nodes: Vec<u8>,
}

impl Window {
    /// How many points verify, and how many blocks of all addresses the rule covers.
    fn verify(&self) -> anyhow::Result<(usize, u64)> {
        let pool = NodePool::parse("nodes.bin", &self.nodes)?;
        let window = WindowHeaders::link(&self.headers, FIRST, &self.last)?;
        // linked above: the same headers in the same order
        let headers = self.headers.iter().map(|rlp| EvmHeader::parse(rlp)).collect::<Result<Vec<_>, _>>()?;
        let (mut points, mut covered) = (0, 0);
        for address in &self.addresses {
            let mut shown = Vec::with_capacity(self.headers.len());
            for header in &headers {
                let account = verify(header.state_root(), *address, &pool)?;
                shown.extend(AccountPoint::new(header.number(), *address, account.as_ref()));
            }
            let floors = account_floors(&window, *address, Some(ControlGrade::KeySigned), &shown);
            points += shown.len();
            covered += floors.stretches.iter().map(|stretch| stretch.to - stretch.from + 1).sum::<u64>();
        }
        Ok((points, covered))
    }
}

/// Prints the table.
pub(crate) fn print(plan: &Plan) -> anyhow::Result<()> {
    let chain = chain(plan.accounts, plan.blocks)?;
    let addresses: Vec<EvmAddress> = (0..plan.asked).map(address).collect();
    let question: Vec<(EvmAddress, Vec<_>)> = addresses.iter().map(|address| (*address, Vec::new())).collect();
    let mut every: BTreeSet<Vec<u8>> = BTreeSet::new();
    let mut by_block = 0;
    for number in FIRST..FIRST + plan.blocks {
        let file = chain.nodes(number, &question).to_file();
        by_block += file.len() as u64;
        every.extend(nodes(&file).map(<[u8]>::to_vec));
    }
    let count = every.len() as u64;
    let pool = every.into_iter().collect::<NodePool>().to_file();
    // a node answers each question with every node on its way: measured on some
    let sample: Vec<u64> =
        addresses.iter().take(40).map(|address| chain.nodes_file(FIRST, &[*address]).len() as u64).collect();
    let answered = sample.iter().sum::<u64>() / sample.len() as u64 * plan.asked as u64 * plan.blocks;
    let headers = headers(&chain)?;
    let last = chain.tip().context("no block")?;
    let window = Window { headers, last, addresses, nodes: pool };
    let ((), hashing, _) = timed(|| {
        for node in nodes(&window.nodes) {
            black_box(keccak(black_box(node)));
        }
        Ok(())
    })?;
    let ((points, covered), whole, cpu) = timed(|| window.verify())?;
    let proofs = plan.asked as u64 * plan.blocks;
    anyhow::ensure!(points as u64 == proofs && covered >= proofs, "{points} points cover {covered} blocks");

    let (asked, blocks) = (table::count(plan.asked as u64), plan.blocks);
    let accounts = table::count(plan.accounts as u64);
    table::head(
        &format!("{asked} addresses at {blocks} blocks of a state of {accounts} accounts"),
        &["figure", "measured"],
    );
    let line = |name: &str, value: String| table::line(&[name.to_owned(), value]);
    line("proofs as a node answers them, one by one", table::bytes(answered));
    line("each node once in a block", table::bytes(by_block));
    let size = window.nodes.len() as u64;
    line(
        "the pool: each node once",
        format!("{} in {} nodes, 1/{}", table::bytes(size), table::count(count), answered / size.max(1)),
    );
    line(
        &format!("all of it verified, one core of {}", machine::cores()),
        format!("{}, {} of processor time", table::seconds(whole), table::seconds(cpu)),
    );
    line("proofs/s", table::short(proofs as f64 / whole));
    line("the nodes' bare hashes: the floor", table::seconds(hashing));
    line("against the floor", table::times(whole / hashing));
    Ok(())
}

/// The nodes of a file, each behind its length.
pub(crate) fn nodes(file: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = file.get(8..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (length, behind) = rest.split_first_chunk::<2>()?;
        let (node, behind) = behind.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        rest = behind;
        Some(node)
    })
}

fn headers(chain: &EvmChain) -> anyhow::Result<Vec<Vec<u8>>> {
    let file = String::from_utf8(chain.headers_file())?;
    let digits = |line: &str| line.trim_start_matches("{\"rlp\":\"").trim_end_matches("\"}").to_owned();
    file.lines().map(|line| Ok(hex::decode(digits(line))?)).collect()
}
