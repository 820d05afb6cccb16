//! Evidence on EVM chains from a node: headers, trie nodes, and the node's own answers, all at the cut-off block.

use alloy_primitives::U256;
use serde::Deserialize;

use super::rpc::{Client, Credentials, FetchError};
use crate::asset::{ChainId, DeploymentId};
use crate::bundle::{MemoryFiles, paths};
use crate::code::{Code, Coded, evm_token as codes};
use crate::hash::Digest;
use crate::reserve::claim::ControlProof;
use crate::reserve::evm::address::{EvmAddress, chain_number};
use crate::reserve::evm::control;
use crate::reserve::evm::pool::PoolEntry;
use crate::reserve::evm::token::TokenRegistry;
use crate::reserve::evm::trie::NodePool;
use crate::reserve::evm::window::EventList;
use crate::reserve::transcript::{Call, Transcript};
use crate::snapshot::{BlockRef, Time};

mod blocks;
mod header;
mod proofs;
mod receipts;
pub mod watch;
mod window;

pub use window::WindowRequest;

use header::BlockJson;
use proofs::Accounts;
use window::Asked;

/// More headers than a file of them holds: over two months of blocks every twelve seconds.
const HEADERS_MAX: u64 = 500_000;
/// Headers in one question.
const HEADERS_AT_ONCE: usize = 200;

/// What to gather, and from whom.
#[derive(Debug)]
pub struct Request {
    /// `http://host:port`; TLS is not spoken: keep the node on the same machine or behind a tunnel.
    pub url: String,
    /// `user:password`; `None` asks without.
    pub credentials: Option<Credentials>,
    /// The chain that the node must be of.
    pub chain: ChainId,
    /// Addresses whose balances are asked for.
    pub addresses: Vec<String>,
    /// The cut-off: its block is the last one whose time is not after it.
    pub cutoff: Time,
    /// The last header to keep, when a later block is pinned than the one after the cut-off block.
    pub to_height: Option<u64>,
    /// What counts: the native coin and tokens.
    pub deployments: Vec<DeploymentId>,
    /// Where tokens keep their balances.
    pub tokens: TokenRegistry,
    /// Contracts with shares: what the addresses have there at the cut-off is asked for, too.
    pub pools: Vec<PoolEntry>,
    /// The challenge's line and the signatures over it: contract wallets are asked about theirs.
    pub control: Option<(String, Vec<ControlProof>)>,
}

/// What was gathered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Files, their paths within the folder of the chain. The transcript is not among them: it is signed first.
    pub files: MemoryFiles,
    /// The node's answers.
    pub transcript: Transcript,
    /// The last block at or before the cut-off.
    pub cutoff_block: BlockRef,
    /// How many trie nodes.
    pub nodes: usize,
}

/// Gathers headers, trie nodes of every account and slot that a balance or a wallet's control needs, and answers.
///
/// `now` stands in the transcript. `progress` gets one sentence per step.
///
/// # Errors
/// [`FetchError`] with the method and the node's own message.
pub fn fetch(request: &Request, now: Time, progress: &mut dyn FnMut(&str)) -> Result<Fetched, FetchError> {
    fetch_window(request, None, now, progress)
}

/// [`fetch`], and what shows the balances of the blocks of a window.
///
/// # Errors
/// [`FetchError`] with the method and the node's own message.
pub fn fetch_window(
    request: &Request,
    window: Option<&WindowRequest>,
    now: Time,
    progress: &mut dyn FnMut(&str),
) -> Result<Fetched, FetchError> {
    let node = Node::connect(request)?;
    let tip = node.block("latest")?;
    let cutoff = node.cutoff_block(&tip, request.cutoff)?;
    progress(&format!("block {} is the last one at or before {}", cutoff.number()?, request.cutoff));
    if let Some(window) = window {
        window.check(tip.number()?)?;
    }
    let first = window.map_or(cutoff.number()?, |window| window.from).min(cutoff.number()?);
    let to_height = request.to_height.max(window.map(|window| window.to));
    let headers = node.headers(first, &cutoff, to_height, &tip, progress)?;
    let addresses = addresses(request)?;
    let tokens = tokens(request)?;
    let mut accounts = Accounts::new(&node.client, cutoff.number()?);
    let no_events = EventList::default();
    let asked = asked(request, &addresses, &tokens, window.map_or(&no_events, |window| &window.events));
    // a plain node forgets old states; whoever watched has kept them
    let kept =
        window.and_then(|window| window.journal.as_ref()).is_some_and(|kept| kept.is_whole_at(first_of(&cutoff)));
    let mut calls = Vec::new();
    if !kept {
        progress(&format!("proofs of {} accounts", addresses.len()));
        for address in &addresses {
            accounts.add(*address)?;
        }
        for contract in &tokens {
            progress(&format!("proofs of token {contract}"));
            accounts.add_token(&request.tokens.of(&request.chain, *contract), *contract, &addresses)?;
        }
        progress("proofs of pools and vaults");
        asked.prove_pools(&mut accounts)?;
        let block = format!("0x{:x}", cutoff.number()?);
        calls.extend(node.answers(&block, &addresses, &tokens)?);
        calls.extend(node.wallets(&block, request)?);
    }
    let mut files = MemoryFiles::new();
    if let Some(window) = window {
        let place = |number: u64| usize::try_from(number.saturating_sub(first)).unwrap_or(usize::MAX);
        let rlps = headers.get(place(window.from)..=place(window.to)).unwrap_or_default();
        files.extend(window::gather(&node, &asked, window, rlps, &mut accounts, progress)?);
        if window.samples.is_empty() {
            progress("who paid whom");
            let (addresses, contracts) = (&addresses, &tokens);
            let moving = blocks::Moving { addresses, native: asked.native, contracts, rlps };
            files.extend(blocks::gather(&node.client, &moving, progress)?);
        }
    }
    let pool: NodePool = accounts.finish();
    let lines = headers.iter().map(|rlp| format!("{{\"rlp\":\"{}\"}}\n", hex::encode(rlp)));
    files.insert(paths::EVM_HEADERS.to_owned(), lines.collect::<String>().into_bytes());
    files.insert(paths::EVM_NODES.to_owned(), pool.to_file());
    let nodes = pool.len();
    let transcript = Transcript::new(tip.block_ref(&request.chain)?, node.name, now, calls);
    Ok(Fetched { files, transcript, cutoff_block: cutoff.block_ref(&request.chain)?, nodes })
}

fn first_of(block: &BlockJson) -> u64 {
    block.number().unwrap_or_default()
}

fn addresses(request: &Request) -> Result<Vec<EvmAddress>, FetchError> {
    let parse = |text: &String| text.parse::<EvmAddress>().map_err(|error| question(error.code(), &error));
    request.addresses.iter().map(parse).collect()
}

fn asked<'a>(
    request: &'a Request,
    addresses: &'a [EvmAddress],
    contracts: &'a [EvmAddress],
    events: &'a EventList,
) -> Asked<'a> {
    let native =
        request.deployments.iter().any(|id| id.chain().as_ref() == Some(&request.chain) && id.asset() == "slip44:60");
    // without a policy the native coin is what is asked about
    let native = native || request.deployments.is_empty();
    let (tokens, pools) = (&request.tokens, request.pools.as_slice());
    Asked { chain: &request.chain, addresses, native, contracts, tokens, pools, events }
}

fn question(code: &'static Code, detail: &dyn std::fmt::Display) -> FetchError {
    FetchError::Question { code, detail: detail.to_string() }
}

/// The contracts of the tokens that count, each once.
fn tokens(request: &Request) -> Result<Vec<EvmAddress>, FetchError> {
    let of_chain = request.deployments.iter().filter(|id| id.chain().as_ref() == Some(&request.chain));
    let mut tokens = Vec::new();
    for text in of_chain.filter_map(|id| id.asset().strip_prefix("erc20:")) {
        let text = text.strip_suffix("/shares").unwrap_or(text);
        let token = text.parse::<EvmAddress>().map_err(|error| question(error.code(), &error))?;
        if !tokens.contains(&token) {
            tokens.push(token);
        }
    }
    Ok(tokens)
}

struct Node {
    client: Client,
    name: String,
}

impl Node {
    fn connect(request: &Request) -> Result<Self, FetchError> {
        let number = chain_number(&request.chain).map_err(|error| question(error.code(), &error))?;
        let credentials = request.credentials.as_ref().map(Credentials::duplicate);
        let client = Client::new(&request.url, credentials)?.second_version();
        let got: String = client.ask("eth_chainId", "[]")?;
        if got != format!("0x{number:x}") {
            let detail = format!("the node's chain is {got}, expected 0x{number:x} ({})", request.chain);
            return Err(question(&codes::EVM_FETCH_CHAIN, &detail));
        }
        let name: String = client.ask("web3_clientVersion", "[]")?;
        Ok(Self { client, name: name.chars().filter(|c| !c.is_control()).take(200).collect() })
    }

    fn block(&self, which: &str) -> Result<BlockJson, FetchError> {
        let found: Option<BlockJson> = self.client.ask("eth_getBlockByNumber", &format!("[\"{which}\",false]"))?;
        found.ok_or_else(|| FetchError::Answer {
            method: "eth_getBlockByNumber",
            detail: format!("the node has no block {which}"),
        })
    }

    fn block_at(&self, number: u64) -> Result<BlockJson, FetchError> {
        self.block(&format!("0x{number:x}"))
    }

    /// The last block whose time is not after the cut-off. Times never fall, so halving finds it.
    fn cutoff_block(&self, tip: &BlockJson, cutoff: Time) -> Result<BlockJson, FetchError> {
        if tip.time()? <= cutoff.unix() {
            let detail = format!("the node's last block {} is not after the cut-off {cutoff}", tip.number()?);
            return Err(question(&codes::EVM_FETCH_EARLY, &detail));
        }
        let mut at_or_before = self.block_at(0)?;
        if at_or_before.time()? > cutoff.unix() {
            return Err(question(&codes::EVM_FETCH_EARLY, &format!("the chain begins after the cut-off {cutoff}")));
        }
        let mut after = tip.number()?;
        while after.saturating_sub(at_or_before.number()?) > 1 {
            let before = at_or_before.number()?;
            let middle = self.block_at(before.saturating_add(after.saturating_sub(before) / 2))?;
            if middle.time()? <= cutoff.unix() {
                at_or_before = middle;
            } else {
                after = middle.number()?;
            }
        }
        Ok(at_or_before)
    }

    /// From a block to the cut-off block's successor, or to a later block that somebody pins or asks about.
    fn headers(
        &self,
        first: u64,
        cutoff: &BlockJson,
        to: Option<u64>,
        tip: &BlockJson,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Vec<Vec<u8>>, FetchError> {
        let last = to.unwrap_or(0).max(cutoff.number()?.saturating_add(1)).min(tip.number()?);
        if last.saturating_sub(first) > HEADERS_MAX {
            let detail = format!("{} headers, at most {HEADERS_MAX} are fetched", last.saturating_sub(first));
            return Err(FetchError::Answer { method: header::METHOD, detail });
        }
        let numbers: Vec<u64> = (first..=last).collect();
        let mut rlps: Vec<Vec<u8>> = Vec::with_capacity(numbers.len());
        for chunk in numbers.chunks(HEADERS_AT_ONCE) {
            if numbers.len() > HEADERS_AT_ONCE {
                progress(&format!("headers {} of {}", rlps.len(), numbers.len()));
            }
            let params: Vec<String> = chunk.iter().map(|number| format!("[\"0x{number:x}\",false]")).collect();
            let blocks: Vec<Option<BlockJson>> = self.client.ask_many(header::METHOD, &params)?;
            for (number, block) in chunk.iter().zip(blocks) {
                let missing =
                    || FetchError::Answer { method: header::METHOD, detail: format!("the node has no block {number}") };
                rlps.push(block.ok_or_else(missing)?.rlp(&self.client)?);
            }
        }
        Ok(rlps)
    }

    /// The node's own answers to what the trie nodes show, and to what they cannot.
    fn answers(&self, block: &str, holders: &[EvmAddress], tokens: &[EvmAddress]) -> Result<Vec<Call>, FetchError> {
        let mut calls = Vec::new();
        for holder in holders {
            calls.push(self.call("eth_getBalance", format!("[\"{holder}\",\"{block}\"]"))?);
            for token in tokens {
                let data = format!("0x70a08231{}{}", "0".repeat(24), hex::encode(holder.to_bytes()));
                calls.extend(self.contract_call(*token, &data, block)?);
            }
        }
        Ok(calls)
    }

    fn wallets(&self, block: &str, request: &Request) -> Result<Vec<Call>, FetchError> {
        let Some((line, proofs)) = &request.control else { return Ok(Vec::new()) };
        let mut calls = Vec::new();
        for proof in proofs.iter().filter(|proof| proof.chain == request.chain && proof.scheme == control::CONTRACT) {
            let wallet: EvmAddress = proof
                .address
                .parse()
                .map_err(|error: crate::reserve::evm::address::AddressError| question(error.code(), &error))?;
            let data =
                control::wallet::call_data(line, &proof.signature).map_err(|error| question(error.code(), &error))?;
            calls.extend(self.contract_call(wallet, &data, block)?);
        }
        Ok(calls)
    }

    /// `None` for an error of the node: a wallet that refuses, or a contract that is not there, gives nothing to keep.
    fn contract_call(&self, to: EvmAddress, data: &str, block: &str) -> Result<Option<Call>, FetchError> {
        match self.call("eth_call", format!("[{{\"data\":\"{data}\",\"to\":\"{to}\"}},\"{block}\"]")) {
            Err(FetchError::Node { .. }) => Ok(None),
            other => other.map(Some),
        }
    }

    fn call(&self, method: &'static str, params: String) -> Result<Call, FetchError> {
        let result = self.client.ask_raw(method, &params)?;
        Ok(Call { method: method.to_owned(), params, result })
    }
}

/// A quantity of the JSON-RPC interface.
fn quantity(method: &'static str, text: &str) -> Result<u64, FetchError> {
    let digits = text.strip_prefix("0x").filter(|digits| !digits.starts_with('+'));
    digits.and_then(|digits| u64::from_str_radix(digits, 16).ok()).ok_or_else(|| FetchError::Answer {
        method,
        detail: format!("{:?} is no quantity of 64 bits", text.chars().take(80).collect::<String>()),
    })
}

/// Bytes of the JSON-RPC interface, of which an odd number of digits is one short.
fn bytes(method: &'static str, text: &str) -> Result<Vec<u8>, FetchError> {
    let fail = || FetchError::Answer { method, detail: "expected 0x and hexadecimal digits".to_owned() };
    let digits = text.strip_prefix("0x").ok_or_else(fail)?;
    let even = if digits.len() % 2 == 1 { format!("0{digits}") } else { digits.to_owned() };
    hex::decode(even).map_err(|_| fail())
}

fn word(method: &'static str, text: &str) -> Result<U256, FetchError> {
    let bytes = bytes(method, text)?;
    U256::try_from_be_slice(&bytes)
        .ok_or_else(|| FetchError::Answer { method, detail: format!("{} bytes, expected a word", bytes.len()) })
}

fn digest(method: &'static str, text: &str) -> Result<Digest, FetchError> {
    let word = word(method, text)?;
    Ok(Digest::from_bytes(word.to_be_bytes()))
}

/// An answer of `eth_getProof`; what the node says of the values is not looked at.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProofJson {
    account_proof: Vec<String>,
    code_hash: String,
    storage_proof: Vec<SlotJson>,
}

#[derive(Deserialize)]
struct SlotJson {
    value: String,
    proof: Vec<String>,
}
