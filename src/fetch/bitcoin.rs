//! Evidence on Bitcoin from a node of Bitcoin Core. A node that keeps all blocks is needed; no wallet. With an index of
//! block filters (`-blockfilterindex=1`) it finds the blocks of a window quickly; without, it reads them all.

mod history;
mod proofs;
#[cfg(test)]
pub(in crate::fetch) mod tests;

use std::fmt::Write as _;

use bitcoin::Transaction;
use bitcoin::block::Header;
use bitcoin::consensus::encode;
use bitcoin::hex::FromHex as _;
use serde::Deserialize;

use self::proofs::{Wanted, digest};
use super::rpc::{Client, Credentials, FetchError};
use crate::asset::ChainId;
use crate::bundle::{MemoryFiles, paths};
use crate::code::Coded;
use crate::hash::Digest;
use crate::reserve::bitcoin::balance::scan;
use crate::reserve::bitcoin::network::{network, script};
use crate::reserve::bitcoin::window::answers;
use crate::reserve::transcript::{Call, Transcript};
use crate::snapshot::{BlockRef, Time};

/// Scripts in one scan: each scan reads the whole set of unspent outputs.
const SCRIPTS_PER_SCAN: usize = 10_000;
/// How often a scan is made when blocks arrive meanwhile.
const ATTEMPTS: usize = 3;
/// More headers than any chain has for decades: no memory is set aside for what a faulty node claims.
const HEADERS_MAX: u64 = 10_000_000;
/// Blocks before the cut-off block that its median time needs, and one more.
const BEFORE_CUTOFF: u64 = 12;

/// What to gather, and from whom.
#[derive(Debug)]
pub struct Request {
    /// `http://host:port`; TLS is not spoken: keep the node on the same machine or behind a tunnel.
    pub url: String,
    /// The content of the node's cookie file, or `user:password`; `None` asks without.
    pub credentials: Option<Credentials>,
    /// The chain that the node must be of.
    pub chain: ChainId,
    /// Addresses whose coins are asked for.
    pub addresses: Vec<String>,
    /// The first header to keep, when an earlier one is wanted than the coins and the cut-off need.
    pub from_height: Option<u32>,
    /// The cut-off, to find its block.
    pub cutoff: Option<Time>,
    /// The window: heights of its first and last block.
    pub window: Option<(u64, u64)>,
}

/// What was gathered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Files, their paths within the folder of the chain. The transcript is not among them: it is signed first.
    pub files: MemoryFiles,
    /// The node's answers.
    pub transcript: Transcript,
    /// The last block at or before the cut-off, by median time. `None` when no cut-off was asked for, or when no later
    /// block shows yet which one it is.
    pub cutoff_block: Option<BlockRef>,
}

/// Gathers headers, transactions, Merkle blocks and the list of unspent outputs; with a window, every receipt and
/// spend from its start to the tip; with a cut-off, every spend since then of a coin that was there.
///
/// `now` stands in the transcript. `progress` gets one sentence per step.
///
/// # Errors
/// [`FetchError`] with the method and the node's own message.
pub fn fetch(request: &Request, now: Time, progress: &mut dyn FnMut(&str)) -> Result<Fetched, FetchError> {
    let mut node = Node::connect(request)?;
    let (tip, calls) = node.scan_until_still(request, progress)?;
    if let Some((from, to)) = request.window.filter(|(from, to)| from > to || *to > tip.height) {
        return Err(FetchError::Range { detail: format!("{from}..{to}, expected two heights up to {}", tip.height) });
    }
    let mut transcript = Transcript::new(tip.clone(), node.name.clone(), now, calls);
    let scan = scan::read(&transcript)
        .map_err(|error| FetchError::Answer { method: scan::METHOD, detail: error.to_string() })?;
    let cutoff_height = match request.cutoff {
        Some(cutoff) => node.cutoff_height(&tip, cutoff)?,
        None => None,
    };
    let history = node.history(request, cutoff_height, &tip, &mut transcript, progress)?;
    let mut wanted = Wanted::default();
    for coin in scan.coins.values() {
        wanted.prove(coin.height, digest(coin.outpoint.txid));
    }
    if let Some(history) = &history {
        history.want(&mut wanted);
    }
    let before = cutoff_height.into_iter().chain(request.window.map(|window| window.0));
    let before = before.map(|height| height.saturating_sub(BEFORE_CUTOFF));
    let first = wanted.first().into_iter().chain(before).chain(request.from_height.map(u64::from)).min();
    let first = first.unwrap_or(tip.height.saturating_sub(BEFORE_CUTOFF)).min(tip.height);
    progress(&format!("headers {first} to {}", tip.height));
    let hashes = node.headers(first, &tip)?;
    let cutoff_block = match cutoff_height {
        Some(height) => node.block_ref(height, &hashes, first)?,
        None => None,
    };
    let places = node.transactions(&wanted, &hashes, first, progress)?;
    if let (Some(history), Some((from, to))) = (history, request.window) {
        let list = history.list(&scan, &places, (from, to), tip)?;
        let file = list
            .to_bytes()
            .map_err(|error| FetchError::Answer { method: answers::ACTIVITY, detail: error.to_string() })?;
        node.files.insert(paths::WINDOW.to_owned(), file);
    }
    Ok(Fetched { files: node.files, transcript, cutoff_block })
}

/// The parameters of `scantxoutset` for these scripts, as JSON text.
pub(crate) fn scan_params<'a>(scripts: impl IntoIterator<Item = &'a bitcoin::Script>) -> String {
    let mut text = String::from(r#"["start",["#);
    for (place, script) in scripts.into_iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        // writing into a string cannot fail
        let _ = write!(text, r#"{comma}"raw({})""#, script.to_hex_string());
    }
    text.push_str("]]");
    text
}

/// The bytes that a transaction's id is the hash of.
pub(crate) fn without_witnesses(transaction: &Transaction) -> Vec<u8> {
    let mut bare = transaction.clone();
    for input in &mut bare.input {
        input.witness.clear();
    }
    encode::serialize(&bare)
}

#[derive(Deserialize)]
struct ScanJson {
    height: u64,
    bestblock: Digest,
}

#[derive(Deserialize)]
struct InfoJson {
    version: u64,
    subversion: String,
}

#[derive(Deserialize)]
struct HeaderJson {
    mediantime: i64,
    height: u64,
}

fn read<T: serde::de::DeserializeOwned>(method: &'static str, text: &str) -> Result<T, FetchError> {
    serde_json::from_str(text).map_err(|error| FetchError::Answer { method, detail: error.to_string() })
}

fn bytes(method: &'static str, text: &str) -> Result<Vec<u8>, FetchError> {
    Vec::from_hex(text).map_err(|error| FetchError::Answer { method, detail: error.to_string() })
}

/// A node and what was gathered from it so far.
struct Node {
    client: Client,
    chain: ChainId,
    name: String,
    scripts: Vec<bitcoin::ScriptBuf>,
    files: MemoryFiles,
}

impl Node {
    fn connect(request: &Request) -> Result<Self, FetchError> {
        let question = |error: &dyn Coded| FetchError::Question { code: error.code(), detail: error.to_string() };
        let network = network(&request.chain).map_err(|error| question(&error))?;
        let mut scripts = Vec::with_capacity(request.addresses.len());
        for address in &request.addresses {
            scripts.push(script(network, address).map_err(|error| question(&error))?);
        }
        scripts.sort();
        scripts.dedup();
        let credentials = request.credentials.as_ref().map(Credentials::duplicate);
        let client = Client::new(&request.url, credentials)?;
        let genesis: Digest = client.ask("getblockhash", "[0]")?;
        let expected = crate::reserve::bitcoin::network::genesis_hash(network).to_string();
        if genesis.to_string() != expected {
            return Err(FetchError::OtherChain { got: genesis.to_string(), expected });
        }
        let info: InfoJson = client.ask("getnetworkinfo", "[]")?;
        let name = format!("bitcoin-core {} {}", info.version, info.subversion);
        Ok(Self { client, chain: request.chain.clone(), name, scripts, files: MemoryFiles::new() })
    }

    /// All scans, of one block: when a block arrives meanwhile, all are made again.
    fn scan_until_still(
        &self,
        request: &Request,
        progress: &mut dyn FnMut(&str),
    ) -> Result<(BlockRef, Vec<Call>), FetchError> {
        for attempt in 1..=ATTEMPTS {
            let count = request.addresses.len();
            progress(&format!("scan of unspent outputs for {count} addresses, attempt {attempt} of {ATTEMPTS}"));
            let calls = self.scan()?;
            let mut tips = Vec::with_capacity(calls.len());
            for call in &calls {
                let scan: ScanJson = read("scantxoutset", &call.result)?;
                tips.push((scan.height, scan.bestblock));
            }
            let best: Digest = self.client.ask("getbestblockhash", "[]")?;
            if let Some((height, hash)) = tips.first().copied()
                && hash == best
                && tips.iter().all(|tip| *tip == (height, hash))
            {
                return Ok((BlockRef { chain: self.chain.clone(), height, hash }, calls));
            }
        }
        Err(FetchError::TipMoved { attempts: ATTEMPTS })
    }

    fn scan(&self) -> Result<Vec<Call>, FetchError> {
        let mut calls = Vec::new();
        let empty: [&[bitcoin::ScriptBuf]; 1] = [&[]];
        let chunks: Vec<&[bitcoin::ScriptBuf]> = match self.scripts.is_empty() {
            true => empty.to_vec(),
            false => self.scripts.chunks(SCRIPTS_PER_SCAN).collect(),
        };
        for scripts in chunks {
            let params = scan_params(scripts.iter().map(bitcoin::ScriptBuf::as_script));
            let result = self.client.ask_raw("scantxoutset", &params)?;
            calls.push(Call { method: "scantxoutset".to_owned(), params, result });
        }
        Ok(calls)
    }

    /// The last height whose median time is at or before the cut-off. Median times never fall, so halving finds it.
    fn cutoff_height(&self, tip: &BlockRef, cutoff: Time) -> Result<Option<u64>, FetchError> {
        if self.median_time(tip.height)? <= cutoff.unix() {
            return Ok(None);
        }
        if self.median_time(0)? > cutoff.unix() {
            return Ok(None);
        }
        let (mut at_or_before, mut after) = (0, tip.height);
        while after - at_or_before > 1 {
            let middle = at_or_before + (after - at_or_before) / 2;
            if self.median_time(middle)? <= cutoff.unix() {
                at_or_before = middle;
            } else {
                after = middle;
            }
        }
        Ok(Some(at_or_before))
    }

    fn median_time(&self, height: u64) -> Result<i64, FetchError> {
        let hash: Digest = self.client.ask("getblockhash", &format!("[{height}]"))?;
        let header: HeaderJson = self.client.ask("getblockheader", &format!(r#"["{hash}",true]"#))?;
        if header.height == height {
            return Ok(header.mediantime);
        }
        let detail = format!("height {}, expected {height}", header.height);
        Err(FetchError::Answer { method: "getblockheader", detail })
    }

    /// Keeps the headers from `first` to the tip and gives their hashes.
    fn headers(&mut self, first: u64, tip: &BlockRef) -> Result<Vec<Digest>, FetchError> {
        if tip.height - first > HEADERS_MAX {
            let detail = format!("height {}, expected at most {HEADERS_MAX} blocks from {first} on", tip.height);
            return Err(FetchError::Answer { method: "scantxoutset", detail });
        }
        let heights: Vec<String> = (first..=tip.height).map(|height| format!("[{height}]")).collect();
        let hashes: Vec<Digest> = self.client.ask_many("getblockhash", &heights)?;
        if hashes.last() != Some(&tip.hash) {
            return Err(FetchError::TipMoved { attempts: 1 });
        }
        let params: Vec<String> = hashes.iter().map(|hash| format!(r#"["{hash}",false]"#)).collect();
        let texts: Vec<String> = self.client.ask_many("getblockheader", &params)?;
        let mut file = Vec::with_capacity(texts.len() * 80);
        for (text, hash) in texts.iter().zip(&hashes) {
            let raw = bytes("getblockheader", text)?;
            let header: Result<Header, _> = encode::deserialize(&raw);
            if header.is_ok_and(|header| header.block_hash().to_string() == hash.to_string()) {
                file.extend(raw);
                continue;
            }
            let detail = format!("not the header of block {hash}");
            return Err(FetchError::Answer { method: "getblockheader", detail });
        }
        self.files.insert(paths::HEADERS.to_owned(), file);
        Ok(hashes)
    }

    fn block_ref(&self, height: u64, hashes: &[Digest], first: u64) -> Result<Option<BlockRef>, FetchError> {
        let hash = at(hashes, first, height)?;
        Ok(Some(BlockRef { chain: self.chain.clone(), height, hash }))
    }
}

fn at(hashes: &[Digest], first: u64, height: u64) -> Result<Digest, FetchError> {
    let place = height.checked_sub(first).and_then(|place| usize::try_from(place).ok());
    place.and_then(|place| hashes.get(place)).copied().ok_or_else(|| FetchError::Answer {
        method: "scantxoutset",
        detail: format!("height {height} is outside the headers from {first} on"),
    })
}
