//! Evidence on Bitcoin from a node of Bitcoin Core. A node that keeps all blocks is needed; no index, no wallet.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use bitcoin::Transaction;
use bitcoin::block::Header;
use bitcoin::consensus::encode;
use bitcoin::hex::FromHex as _;
use serde::Deserialize;

use super::rpc::{Client, Credentials, FetchError};
use crate::asset::ChainId;
use crate::bundle::{MemoryFiles, paths};
use crate::code::Coded;
use crate::hash::Digest;
use crate::reserve::bitcoin::network::{network, script};
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

/// Gathers headers, transactions, Merkle blocks and the list of unspent outputs.
///
/// `now` stands in the transcript. `progress` gets one sentence per step.
///
/// # Errors
/// [`FetchError`] with the method and the node's own message.
pub fn fetch(request: &Request, now: Time, progress: &mut dyn FnMut(&str)) -> Result<Fetched, FetchError> {
    let mut node = Node::connect(request)?;
    let (tip, calls) = node.scan_until_still(request, progress)?;
    let coins = coins(&calls)?;
    let cutoff_height = match request.cutoff {
        Some(cutoff) => node.cutoff_height(&tip, cutoff)?,
        None => None,
    };
    let needed = coins.values().flat_map(BTreeSet::iter).map(|coin| coin.0).min();
    let before = cutoff_height.map(|height| height.saturating_sub(BEFORE_CUTOFF));
    let first = [needed, before, request.from_height.map(u64::from)].into_iter().flatten().min();
    let first = first.unwrap_or(tip.height.saturating_sub(BEFORE_CUTOFF)).min(tip.height);
    progress(&format!("headers {first} to {}", tip.height));
    let hashes = node.headers(first, &tip)?;
    let cutoff_block = match cutoff_height {
        Some(height) => node.block_ref(height, &hashes, first)?,
        None => None,
    };
    node.transactions(&coins, &hashes, first, progress)?;
    let transcript = Transcript::new(tip, node.name, now, calls);
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

/// A coin by the height and the transaction that made it.
type Made = (u64, Digest);

#[derive(Deserialize)]
struct ScanJson {
    height: u64,
    bestblock: Digest,
    unspents: Vec<UnspentJson>,
}

#[derive(Deserialize)]
struct UnspentJson {
    txid: Digest,
    height: u64,
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

#[derive(Deserialize)]
struct BlockJson {
    tx: Vec<Digest>,
}

/// The transactions that made coins, by height.
fn coins(calls: &[Call]) -> Result<BTreeMap<u64, BTreeSet<Made>>, FetchError> {
    let mut made: BTreeMap<u64, BTreeSet<Made>> = BTreeMap::new();
    for call in calls {
        let scan: ScanJson = read("scantxoutset", &call.result)?;
        for coin in scan.unspents {
            made.entry(coin.height).or_default().insert((coin.height, coin.txid));
        }
    }
    Ok(made)
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

    /// Keeps the transactions that made coins, the coinbases of their blocks, and the proofs of both.
    fn transactions(
        &mut self,
        coins: &BTreeMap<u64, BTreeSet<Made>>,
        hashes: &[Digest],
        first: u64,
        progress: &mut dyn FnMut(&str),
    ) -> Result<(), FetchError> {
        for (place, (height, made)) in coins.iter().enumerate() {
            progress(&format!("proofs of block {height}, {} of {}", place + 1, coins.len()));
            let block = at(hashes, first, *height)?;
            let content: BlockJson = self.client.ask("getblock", &format!(r#"["{block}",1]"#))?;
            let coinbase = content.tx.first().copied();
            let coinbase = coinbase.ok_or_else(|| FetchError::Answer {
                method: "getblock",
                detail: format!("block {block} has no transactions"),
            })?;
            let mut wanted: BTreeSet<Digest> = made.iter().map(|coin| coin.1).collect();
            wanted.insert(coinbase);
            let list: Vec<String> = wanted.iter().map(|txid| format!(r#""{txid}""#)).collect();
            let params = format!(r#"[[{}],"{block}"]"#, list.join(","));
            let proof: String = self.client.ask("gettxoutproof", &params)?;
            self.files.insert(paths::merkle_block(&block.to_string()), bytes("gettxoutproof", &proof)?);
            let params: Vec<String> = wanted.iter().map(|txid| format!(r#"["{txid}",false,"{block}"]"#)).collect();
            let texts: Vec<String> = self.client.ask_many("getrawtransaction", &params)?;
            for (text, txid) in texts.iter().zip(&wanted) {
                let raw = bytes("getrawtransaction", text)?;
                let parsed: Transaction = encode::deserialize(&raw).map_err(|error| FetchError::Answer {
                    method: "getrawtransaction",
                    detail: format!("{txid}: {error}"),
                })?;
                self.files.insert(paths::transaction(&txid.to_string()), without_witnesses(&parsed));
            }
        }
        Ok(())
    }
}

fn at(hashes: &[Digest], first: u64, height: u64) -> Result<Digest, FetchError> {
    let place = height.checked_sub(first).and_then(|place| usize::try_from(place).ok());
    place.and_then(|place| hashes.get(place)).copied().ok_or_else(|| FetchError::Answer {
        method: "scantxoutset",
        detail: format!("height {height} is outside the headers from {first} on"),
    })
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;
    use crate::reserve::bitcoin::network::{genesis_hash, identifier};

    const NETWORK: bitcoin::Network = bitcoin::Network::Regtest;

    /// A node that gives each method its next answer, the last one again and again; it ends with the test.
    fn node(answers: &[(&str, &[&str])]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let own = |(method, texts): &(&str, &[&str])| {
            ((*method).to_owned(), texts.iter().rev().map(|text| (*text).to_owned()).collect::<Vec<_>>())
        };
        let mut answers: BTreeMap<String, Vec<String>> = answers.iter().map(own).collect();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a client");
                let mut request = [0; 8192];
                let mut length = 0;
                while !request[..length].ends_with(b"}") && !request[..length].ends_with(b"]") {
                    length += stream.read(&mut request[length..]).expect("a request");
                }
                let text = String::from_utf8_lossy(&request[..length]).into_owned();
                let method = text.split("\"method\":\"").nth(1).and_then(|rest| rest.split('"').next());
                let queue = answers.get_mut(method.expect("a method")).expect("an expected method");
                let result = if queue.len() > 1 { queue.pop() } else { queue.first().cloned() };
                let body = format!(r#"{{"result":{},"error":null,"id":0}}"#, result.expect("an answer"));
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                let _ = stream.write_all(format!("{head}{body}").as_bytes());
            }
        });
        url
    }

    fn request(url: String) -> Request {
        Request {
            url,
            credentials: None,
            chain: identifier(NETWORK).parse().expect("a chain"),
            addresses: vec!["bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080".to_owned()],
            from_height: None,
            cutoff: None,
        }
    }

    fn scan(hash: &str) -> String {
        format!(r#"{{"success":true,"height":7,"bestblock":"{hash}","unspents":[]}}"#)
    }

    #[test]
    fn a_tip_that_keeps_moving_ends_the_attempt() {
        let genesis = format!("\"{}\"", genesis_hash(NETWORK));
        let (one, other) = ("11".repeat(32), format!("\"{}\"", "22".repeat(32)));
        let url = node(&[
            ("getblockhash", &[&genesis]),
            ("getnetworkinfo", &[r#"{"version":310000,"subversion":"/Satoshi:31.0.0/"}"#]),
            ("scantxoutset", &[&scan(&one)]),
            ("getbestblockhash", &[&other]),
        ]);
        let mut steps = Vec::new();
        let error = fetch(&request(url), Time::from_unix(0), &mut |step| steps.push(step.to_owned()));
        assert_eq!(error, Err(FetchError::TipMoved { attempts: 3 }));
        assert_eq!(steps.len(), 3, "{steps:?}");
    }

    #[test]
    fn a_scan_is_made_again_when_a_block_arrived() {
        let genesis = genesis_hash(NETWORK).to_string();
        let quoted = format!("\"{genesis}\"");
        let tip = scan(&genesis).replace("\"height\":7", "\"height\":0");
        let url = node(&[
            ("getnetworkinfo", &[r#"{"version":310000,"subversion":"/Satoshi:31.0.0/"}"#]),
            ("scantxoutset", &[&scan(&"11".repeat(32)), &tip]),
            ("getbestblockhash", &[&quoted]),
            ("getblockhash", &[&quoted]),
        ]);
        let mut steps = Vec::new();
        let result = fetch(&request(url), Time::from_unix(0), &mut |step| steps.push(step.to_owned()));
        // the headers are asked for in one request of many, which this node answers with one
        assert!(matches!(result, Err(FetchError::Answer { method: "getblockhash", .. })), "{result:?}");
        assert_eq!(steps.len(), 3, "two scans, then headers: {steps:?}");
    }

    #[test]
    fn a_node_of_another_chain_is_refused() {
        let other = format!("\"{}\"", genesis_hash(bitcoin::Network::Signet));
        let error = fetch(&request(node(&[("getblockhash", &[&other])])), Time::from_unix(0), &mut |_| ());
        assert!(matches!(error, Err(FetchError::OtherChain { .. })), "{error:?}");
    }

    #[test]
    fn scans_ask_for_scripts_not_for_addresses() {
        let scripts = [bitcoin::ScriptBuf::from_bytes(vec![0x51]), bitcoin::ScriptBuf::from_bytes(vec![0x6a, 0])];
        assert_eq!(
            scan_params(scripts.iter().map(|script| script.as_script())),
            r#"["start",["raw(51)","raw(6a00)"]]"#
        );
        assert_eq!(scan_params([]), r#"["start",[]]"#);
    }
}
