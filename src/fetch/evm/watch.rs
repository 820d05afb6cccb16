//! Collecting a window while it happens, from a node that keeps the states of its last 128 blocks only.
//!
//! Every block has its header kept. Proofs are asked for when something may have moved: of the block and of the one
//! before, whose state the node still has; and of everything now and then, so that whatever ends the watch, all but
//! the last blocks is shown.

mod journal;

use std::time::Duration;

pub use journal::Journal;
use journal::Line;

use super::header::BlockJson;
use super::proofs::Accounts;
use super::window::{Asked, Block, nonces};
use super::{Node, Request, addresses, asked, receipts, tokens};
use crate::fetch::rpc::FetchError;
use crate::reserve::evm::address::EvmAddress;
use crate::reserve::evm::window::{EventList, WindowHeader, may_change};

/// Everything is proved at one of so many blocks. Half of what a plain node remembers: a restart in time finds the
/// state in which nothing is missed.
const WHOLE_EVERY: u64 = 64;
/// How long to wait when there is no new block.
const WAIT: Duration = Duration::from_millis(500);

/// What a watch did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// Blocks that were added.
    pub blocks: u64,
    /// Blocks of which the node no longer had the state.
    pub late: u64,
}

/// Where a journal's bytes go: they are whole lines, and durable when this returns.
pub type Append<'a> = dyn FnMut(&[u8]) -> Result<(), FetchError> + 'a;

/// Follows the node's chain into `journal` until `stop` says so, from the block after its last one or else from the
/// node's last one. Each line goes to `append` before the next block is looked at.
///
/// # Errors
/// [`FetchError`]; what was appended before stays good.
pub fn watch(
    request: &Request,
    events: &EventList,
    journal: &mut Journal,
    stop: &dyn Fn() -> bool,
    append: &mut Append<'_>,
    progress: &mut dyn FnMut(&str),
) -> Result<Watched, FetchError> {
    let node = Node::connect(request)?;
    let (addresses, tokens) = (addresses(request)?, tokens(request)?);
    let asked = asked(request, &addresses, &tokens, events);
    let mut watch = Watch { node: &node, request, asked, journal, append, known: None, done: Watched::default() };
    while !stop() {
        let tip = node.block("latest")?.number()?;
        let next = watch.journal.last().map_or(tip, |(last, _)| last.saturating_add(1));
        if next > tip {
            watch.revise(tip)?;
            std::thread::sleep(WAIT);
            continue;
        }
        watch.step(next)?;
        progress(&format!(
            "block {next} of {tip}; {} blocks, {} too late for proofs",
            watch.done.blocks, watch.done.late
        ));
    }
    watch.finish()?;
    Ok(watch.done)
}

/// What accounts looked like after a block.
struct Known {
    number: u64,
    nonces: Vec<u64>,
    /// Addresses with code: no rule speaks of them.
    contracts: Vec<EvmAddress>,
}

struct Watch<'a, 'b> {
    node: &'a Node,
    request: &'a Request,
    asked: Asked<'a>,
    journal: &'a mut Journal,
    append: &'a mut Append<'b>,
    /// After the last block; none at the beginning and after states that were missed.
    known: Option<Known>,
    done: Watched,
}

impl Watch<'_, '_> {
    fn line(&mut self, line: Line) -> Result<(), FetchError> {
        let bytes = self.journal.append(line, self.request)?;
        (self.append)(&bytes)
    }

    /// Whether the last block of the journal is still the node's; if not, it is dropped.
    fn revise(&mut self, tip: u64) -> Result<bool, FetchError> {
        let Some((last, hash)) = self.journal.last() else { return Ok(true) };
        let same = last <= tip && self.node.block_at(last)?.block_ref(&self.request.chain)?.hash == hash;
        if !same {
            self.line(Line::Drop { number: last })?;
            self.known = None;
        }
        Ok(same)
    }

    fn step(&mut self, number: u64) -> Result<(), FetchError> {
        let block = self.node.block_at(number)?;
        let rlp = block.rlp(&self.node.client)?;
        let header = WindowHeader::parse(&rlp).map_err(|error| answer(&error.to_string()))?;
        if self.journal.last().is_some_and(|(_, hash)| header.header().parent() != hash) {
            // the chain went another way: one block back, until it fits
            self.revise(number)?;
            return Ok(());
        }
        let proved = match self.prove(&header, &block) {
            // a state that the node no longer has is not to be had later, and the block is kept without it
            Err(FetchError::Node { .. }) => None,
            other => Some(other?),
        };
        if proved.is_none() {
            self.done.late = self.done.late.saturating_add(1);
            self.known = None;
        }
        let (nodes, whole) = proved.unwrap_or_default();
        let receipts = self.receipts(&header)?;
        let receipts = receipts.map(hex::encode);
        self.line(Line::Block { number, rlp: hex::encode(rlp), nodes, receipts, whole })?;
        self.done.blocks = self.done.blocks.saturating_add(1);
        Ok(())
    }

    fn receipts(&self, header: &WindowHeader) -> Result<Option<Vec<u8>>, FetchError> {
        let reviewed = header.reviewed(self.asked.chain).is_ok();
        let lists = self.asked.contracts.iter().flat_map(|contract| self.asked.lists(*contract, reviewed));
        match lists.into_iter().any(|list| may_change(header, list)) {
            true => receipts::file(&self.node.client, header).map(Some),
            false => Ok(None),
        }
    }

    /// What may have moved in a block, proved there and at the block before; the nodes that are new.
    fn prove(&mut self, header: &WindowHeader, block: &BlockJson) -> Result<(Vec<String>, bool), FetchError> {
        let (number, time) = (header.number(), block.time()?);
        let before = number.saturating_sub(1);
        let mut accounts = Accounts::new(&self.node.client, number);
        let questions: Vec<_> = self.asked.addresses.iter().map(|address| (*address, number)).collect();
        let nonces = nonces(&self.node.client, &questions)?;
        let (two, whole) = match self.known.take().filter(|known| known.number == before) {
            Some(known) => (self.moved(header, &known, &nonces), number % WHOLE_EVERY == 0),
            None => (Block::default(), true),
        };
        self.asked.prove(&mut accounts, &two)?;
        if two != Block::default() {
            accounts.at(before);
            self.asked.prove(&mut accounts, &two)?;
        }
        let after_cutoff = |time: i64| time > self.request.cutoff.unix();
        if before > 0 && after_cutoff(time) && !after_cutoff(self.node.block_at(before)?.time()?) {
            accounts.at(before);
            self.asked.prove_all(&mut accounts)?;
            if self.journal.last().is_some_and(|(last, _)| last == before) {
                let nodes = self.unknown(std::mem::replace(&mut accounts, Accounts::new(&self.node.client, number)));
                self.line(Line::Whole { number: before, nodes })?;
            }
        }
        if whole {
            accounts.at(number);
            self.asked.prove_all(&mut accounts)?;
        }
        let contracts = self.contracts(number)?;
        let nodes = self.unknown(accounts);
        self.known = Some(Known { number, nonces, contracts });
        Ok((nodes, whole))
    }

    /// Addresses with code, asked about at every block: a delegation comes and goes.
    fn contracts(&self, number: u64) -> Result<Vec<EvmAddress>, FetchError> {
        let addresses = self.asked.addresses;
        let params: Vec<String> = addresses.iter().map(|address| format!("[\"{address}\",\"0x{number:x}\"]")).collect();
        let codes: Vec<String> = self.node.client.ask_many("eth_getCode", &params)?;
        let with_code = addresses.iter().zip(codes).filter(|(_, code)| code != "0x");
        Ok(with_code.map(|(address, _)| *address).collect())
    }

    /// What to prove at a block and at the one before.
    fn moved(&self, header: &WindowHeader, known: &Known, nonces: &[u64]) -> Block {
        let mut block = Block::default();
        let reviewed = header.reviewed(self.asked.chain).is_ok();
        let pairs = self.asked.addresses.iter().zip(known.nonces.iter().zip(nonces));
        let sent =
            pairs.filter(|(address, (before, now))| !reviewed || before != now || known.contracts.contains(address));
        block.accounts.extend(sent.map(|(address, _)| *address).filter(|_| self.asked.native));
        for contract in self.asked.contracts.iter().filter(|contract| self.asked.known(**contract)) {
            let holders = self.asked.written(header, &self.asked.lists(*contract, reviewed));
            if !holders.is_empty() {
                block.holders.insert(*contract, holders);
            }
        }
        block
    }

    /// The nodes that no line has yet.
    fn unknown(&self, accounts: Accounts<'_>) -> Vec<String> {
        let pool = accounts.finish();
        pool.iter().filter(|node| !self.journal.knows(node)).map(hex::encode).collect()
    }

    /// Everything at the last block, so that nothing after the last whole one is lost.
    fn finish(&mut self) -> Result<(), FetchError> {
        let Some((last, _)) = self.journal.last().filter(|(last, _)| !self.journal.is_whole_at(*last)) else {
            return Ok(());
        };
        let mut accounts = Accounts::new(&self.node.client, last);
        match self.asked.prove_all(&mut accounts) {
            Err(FetchError::Node { .. }) => return Ok(()),
            other => other?,
        }
        let nodes = self.unknown(accounts);
        self.line(Line::Whole { number: last, nodes })
    }
}

fn answer(detail: &str) -> FetchError {
    FetchError::Answer { method: super::header::METHOD, detail: detail.to_owned() }
}
