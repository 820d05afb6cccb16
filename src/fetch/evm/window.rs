//! The window of an EVM chain from an archive node: no more proofs than the rules need.
//!
//! Where the nonce rule can hold, blocks in which an account sent are found by halving; each is proved, and so is the
//! block before it. Where the bloom rule can hold, blocks whose bloom allows an event are proved in the same way, and
//! receipts are kept where other code may have come in. Everything else is proved block by block.

use std::collections::{BTreeMap, BTreeSet};

use super::proofs::Accounts;
use super::{Node, quantity, question, receipts};
use crate::asset::ChainId;
use crate::bundle::{MemoryFiles, paths};
use crate::code::evm_window as codes;
use crate::fetch::rpc::{Client, FetchError};
use crate::hash::Digest;
use crate::reserve::evm::account_proof::NO_CODE;
use crate::reserve::evm::address::EvmAddress;
use crate::reserve::evm::keccak;
use crate::reserve::evm::pool::PoolEntry;
use crate::reserve::evm::token::TokenRegistry;
use crate::reserve::evm::window::file::WindowFile;
use crate::reserve::evm::window::{
    BLOCKS_MAX, EventList, TokenEvents, WindowHeader, WindowHeaders, may_change, may_matter,
};
use crate::snapshot::BlockRef;

/// After how many blocks with proofs a word is said about it.
const TOLD_EVERY: usize = 100;

/// Which blocks of which window to gather.
#[derive(Clone, Debug)]
pub struct WindowRequest {
    /// The first block.
    pub from: u64,
    /// The last block, included.
    pub to: u64,
    /// Blocks to prove for every address and token and no others; the rules' own blocks when there is none.
    pub samples: Vec<u64>,
    /// Which events write the balances of tokens.
    pub events: EventList,
    /// What was collected before, in place of questions about old states.
    pub journal: Option<super::watch::Journal>,
}

impl WindowRequest {
    pub(super) fn check(&self, tip: u64) -> Result<(), FetchError> {
        let fail = |detail: String| Err(question(&codes::EVM_WINDOW_RANGE, &detail));
        let fits = self.to.checked_sub(self.from).is_some_and(|span| span < BLOCKS_MAX as u64);
        if !fits || self.to > tip {
            return fail(format!(
                "{}..{}, expected at most {BLOCKS_MAX} blocks up to the node's last one, {tip}",
                self.from, self.to
            ));
        }
        match self.samples.iter().find(|height| !(self.from..=self.to).contains(*height)) {
            Some(outside) => fail(format!("sample {outside} is outside of {}..{}", self.from, self.to)),
            None => Ok(()),
        }
    }
}

/// What is asked about every block.
pub(super) struct Asked<'a> {
    pub(super) chain: &'a ChainId,
    pub(super) addresses: &'a [EvmAddress],
    /// Whether the native coin counts.
    pub(super) native: bool,
    pub(super) contracts: &'a [EvmAddress],
    pub(super) tokens: &'a TokenRegistry,
    /// Contracts with shares, of every chain: their positions are of the cut-off.
    pub(super) pools: &'a [PoolEntry],
    pub(super) events: &'a EventList,
}

impl Asked<'_> {
    /// The lists of events of a token, on a chain whose rules were reviewed.
    pub(super) fn lists(&self, contract: EvmAddress, reviewed: bool) -> Vec<&TokenEvents> {
        if reviewed { self.events.of_contract(self.chain, contract) } else { Vec::new() }
    }

    /// Whether the registry knows the token at all: without an entry nothing of it can be proved.
    pub(super) fn known(&self, contract: EvmAddress) -> bool {
        !self.tokens.of(self.chain, contract).is_empty()
    }

    /// The holders whose balance a block may have written.
    pub(super) fn written(&self, header: &WindowHeader, lists: &[&TokenEvents]) -> BTreeSet<EvmAddress> {
        let may =
            |holder: &&EvmAddress| lists.is_empty() || lists.iter().any(|list| may_matter(header, list, **holder));
        self.addresses.iter().filter(may).copied().collect()
    }

    /// Everything at the block that `accounts` asks about.
    pub(super) fn prove_all(&self, accounts: &mut Accounts<'_>) -> Result<(), FetchError> {
        for address in self.addresses {
            accounts.add(*address)?;
        }
        for contract in self.contracts.iter().filter(|contract| self.known(**contract)) {
            accounts.add_token(&self.tokens.of(self.chain, *contract), *contract, self.addresses)?;
        }
        self.prove_pools(accounts)
    }

    /// What the addresses have in contracts with shares.
    pub(super) fn prove_pools(&self, accounts: &mut Accounts<'_>) -> Result<(), FetchError> {
        for pool in self.pools.iter().filter(|pool| pool.chain == *self.chain) {
            accounts.add_pool(pool, self.tokens, self.addresses)?;
        }
        Ok(())
    }

    /// One block's part of a plan.
    pub(super) fn prove(&self, accounts: &mut Accounts<'_>, block: &Block) -> Result<(), FetchError> {
        for address in &block.accounts {
            accounts.add_account(*address)?;
        }
        for (contract, holders) in &block.holders {
            let holders: Vec<EvmAddress> = holders.iter().copied().collect();
            accounts.add_token(&self.tokens.of(self.chain, *contract), *contract, &holders)?;
        }
        Ok(())
    }
}

/// What to prove at one block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) accounts: BTreeSet<EvmAddress>,
    /// By token.
    pub(super) holders: BTreeMap<EvmAddress, BTreeSet<EvmAddress>>,
}

/// What to prove where.
#[derive(Debug, Default)]
struct Plan {
    blocks: BTreeMap<u64, Block>,
    receipts: BTreeSet<u64>,
}

/// Gathers the window into the nodes of `accounts`; its other files.
pub(super) fn gather(
    node: &Node,
    asked: &Asked<'_>,
    window: &WindowRequest,
    rlps: &[Vec<u8>],
    accounts: &mut Accounts<'_>,
    progress: &mut dyn FnMut(&str),
) -> Result<MemoryFiles, FetchError> {
    let file = WindowFile { from: window.from, to: window.to };
    let fail = |detail: String| FetchError::Answer { method: "eth_getBlockByNumber", detail };
    let mut files = MemoryFiles::new();
    files.insert(paths::WINDOW.to_owned(), file.to_file().map_err(|error| fail(error.to_string()))?);
    if let Some(journal) = &window.journal {
        journal.copy(window.from, window.to, rlps, accounts, &mut files)?;
        return Ok(files);
    }
    let hash = Digest::from_bytes(keccak(rlps.last().map(Vec::as_slice).unwrap_or_default()));
    let last = BlockRef { chain: asked.chain.clone(), height: window.to, hash };
    let headers = WindowHeaders::link(rlps, window.from, &last)
        .map_err(|error| fail(format!("{error}; the chain may have changed meanwhile: fetch again")))?;
    let plan = plan(&node.client, asked, window, &headers, accounts)?;
    progress(&format!("proofs at {} blocks of {}", plan.blocks.len(), window.to - window.from + 1));
    for (count, (number, block)) in plan.blocks.iter().enumerate() {
        if count > 0 && count % TOLD_EVERY == 0 {
            progress(&format!("proofs at {count} blocks of {}, block {number}", plan.blocks.len()));
        }
        accounts.at(*number);
        asked.prove(accounts, block)?;
    }
    for number in &plan.receipts {
        if let Some(header) = headers.at(*number) {
            files.insert(paths::evm_receipts(*number), receipts::file(&node.client, header)?);
        }
    }
    Ok(files)
}

fn plan(
    client: &Client,
    asked: &Asked<'_>,
    window: &WindowRequest,
    headers: &WindowHeaders,
    accounts: &mut Accounts<'_>,
) -> Result<Plan, FetchError> {
    let mut plan = Plan::default();
    let whole = |plan: &mut Plan, number: u64| {
        let block = plan.blocks.entry(number).or_default();
        block.accounts.extend(asked.addresses.iter().filter(|_| asked.native));
        for contract in asked.contracts.iter().filter(|contract| asked.known(**contract)) {
            block.holders.entry(*contract).or_default().extend(asked.addresses);
        }
    };
    if !window.samples.is_empty() {
        window.samples.iter().for_each(|number| whole(&mut plan, *number));
        return Ok(plan);
    }
    whole(&mut plan, window.from);
    whole(&mut plan, window.to);
    let reviewed = headers.reviewed().is_ok();
    if asked.native {
        natives(client, asked, window, reviewed, accounts, &mut plan)?;
    }
    for contract in asked.contracts.iter().filter(|contract| asked.known(**contract)) {
        let lists = asked.lists(*contract, reviewed);
        for header in headers.iter().skip(1) {
            let holders = asked.written(header, &lists);
            if lists.iter().any(|list| may_change(header, list)) {
                plan.receipts.insert(header.number());
            }
            if holders.is_empty() {
                continue;
            }
            for number in [header.number().saturating_sub(1), header.number()] {
                let block = plan.blocks.entry(number).or_default();
                block.holders.entry(*contract).or_default().extend(&holders);
            }
        }
    }
    Ok(plan)
}

/// Where accounts are proved: keys around every nonce, contracts at every block.
fn natives(
    client: &Client,
    asked: &Asked<'_>,
    window: &WindowRequest,
    reviewed: bool,
    accounts: &mut Accounts<'_>,
    plan: &mut Plan,
) -> Result<(), FetchError> {
    let mut keys = Vec::new();
    for address in asked.addresses {
        let mut no_code = reviewed;
        for number in [window.from, window.to] {
            accounts.at(number);
            no_code &= accounts.add_account(*address)? == NO_CODE;
        }
        if no_code {
            keys.push(*address);
        } else {
            for number in window.from..=window.to {
                plan.blocks.entry(number).or_default().accounts.insert(*address);
            }
        }
    }
    for (number, address) in sent(client, &keys, window.from, window.to)? {
        for number in [number.saturating_sub(1), number] {
            plan.blocks.entry(number).or_default().accounts.insert(address);
        }
    }
    Ok(())
}

/// An account, and its nonce at two blocks: number and nonce of each.
type Open = (EvmAddress, (u64, u64), (u64, u64));

/// The blocks after the first in which each account used a nonce. Nonces never fall, so a stretch with the same nonce
/// at both ends has none; the others are halved, all of them in one round of questions.
fn sent(client: &Client, keys: &[EvmAddress], from: u64, to: u64) -> Result<Vec<(u64, EvmAddress)>, FetchError> {
    let ends = |number: u64| nonces(client, &keys.iter().map(|key| (*key, number)).collect::<Vec<_>>());
    let mut open: Vec<Open> = keys
        .iter()
        .zip(ends(from)?.into_iter().zip(ends(to)?))
        .map(|(key, (before, after))| (*key, (from, before), (to, after)))
        .collect();
    let mut found = Vec::new();
    while !open.is_empty() {
        open.retain(|(_, left, right)| left.1 != right.1);
        open.retain(|(key, left, right)| {
            let touches = left.0.saturating_add(1) >= right.0;
            if touches {
                found.push((right.0, *key));
            }
            !touches
        });
        let middle = |left: u64, right: u64| left.saturating_add(right.saturating_sub(left) / 2);
        let questions: Vec<_> = open.iter().map(|(key, left, right)| (*key, middle(left.0, right.0))).collect();
        let answers = nonces(client, &questions)?;
        open = open
            .into_iter()
            .zip(questions.iter().zip(answers))
            .flat_map(|((key, left, right), ((_, at), nonce))| [(key, left, (*at, nonce)), (key, (*at, nonce), right)])
            .collect();
    }
    Ok(found)
}

/// The nonce of each account after a block.
pub(super) fn nonces(client: &Client, questions: &[(EvmAddress, u64)]) -> Result<Vec<u64>, FetchError> {
    const METHOD: &str = "eth_getTransactionCount";
    let params: Vec<String> =
        questions.iter().map(|(address, number)| format!("[\"{address}\",\"0x{number:x}\"]")).collect();
    let answers: Vec<String> = client.ask_many(METHOD, &params)?;
    answers.iter().map(|answer| quantity(METHOD, answer)).collect()
}
