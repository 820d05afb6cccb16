//! What happened to the coins since a block: receipts and spends as the node lists them, and the coins at the start,
//! found by unwinding from the tip.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use bitcoin::{OutPoint, ScriptBuf};
use serde::Deserialize;

use super::proofs::{Places, Wanted, digest};
use super::{HEADERS_MAX, Node, Request, SCRIPTS_PER_SCAN, read, scan_params};
use crate::fetch::rpc::FetchError;
use crate::hash::Digest;
use crate::reserve::bitcoin::activity::{Activity, ActivityKind};
use crate::reserve::bitcoin::balance::scan::Scan;
use crate::reserve::bitcoin::network::{internal, transaction_id};
use crate::reserve::bitcoin::window::answers::{self, ACTIVITY, Listed, Relevant, SCAN_BLOCKS};
use crate::reserve::bitcoin::window::file::{OpeningCoin, WindowFile, order};
use crate::reserve::transcript::{Call, Transcript};
use crate::snapshot::BlockRef;

/// Blocks in one question about receipts and spends.
const BLOCKS_PER_CALL: usize = 200;
/// Inputs of others whose coins are looked up, per transaction: more say nothing about who sent it.
const INPUTS_SHOWN: usize = 100;
/// The name of the index in the node's own list.
const INDEX: &str = "basic block filter index";

/// Receipts and spends above a block, as the node lists them.
#[derive(Debug)]
pub(super) struct History {
    start: u64,
    /// Whether receipts and counterparties are wanted, or spends of what was there at the start alone.
    whole: bool,
    events: BTreeMap<(OutPoint, ActivityKind), Listed>,
    /// The inputs of every transaction that is kept: the coin, and the height of the block that made it.
    inputs: BTreeMap<Digest, Vec<(OutPoint, u64)>>,
}

#[derive(Deserialize)]
struct IndexJson {
    synced: bool,
    best_block_height: u64,
}

#[derive(Deserialize)]
struct TransactionJson {
    vin: Vec<InputJson>,
}

#[derive(Deserialize)]
struct InputJson {
    txid: Option<Digest>,
    vout: Option<u32>,
    prevout: Option<PrevoutJson>,
}

#[derive(Deserialize)]
struct PrevoutJson {
    height: u64,
}

impl Node {
    /// Asks for everything above the start of the window, or for the spends above the cut-off block when there is no
    /// window; `None` when neither is asked for, or when an older node cannot tell the second.
    pub(super) fn history(
        &self,
        request: &Request,
        cutoff: Option<u64>,
        tip: &BlockRef,
        transcript: &mut Transcript,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Option<History>, FetchError> {
        let whole = request.window.is_some();
        let window = request.window.map(|window| window.0);
        let Some(start) = window.into_iter().chain(cutoff).min() else { return Ok(None) };
        if tip.height.saturating_sub(start) > HEADERS_MAX {
            let detail = format!("height {}, expected at most {HEADERS_MAX} blocks from {start} on", tip.height);
            return Err(FetchError::Answer { method: "scantxoutset", detail });
        }
        let mut calls = Vec::new();
        let events = match self.events((start.saturating_add(1), tip.height), &mut calls, progress) {
            Ok(events) => events,
            Err(FetchError::MethodMissing { method }) if !whole => {
                progress(&format!("the node has no {method}: coins spent since the cut-off are not shown"));
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        transcript.calls.extend(calls);
        let mut history = History { start, whole, events, inputs: BTreeMap::new() };
        self.inputs(&mut history)?;
        Ok(Some(history))
    }

    /// All events of the blocks from `first` to `last`, each once.
    fn events(
        &self,
        (first, last): (u64, u64),
        calls: &mut Vec<Call>,
        progress: &mut dyn FnMut(&str),
    ) -> Result<BTreeMap<(OutPoint, ActivityKind), Listed>, FetchError> {
        let mut events = BTreeMap::new();
        let indexed = first <= last && self.has_index(last, progress)?;
        for scripts in self.scripts.chunks(SCRIPTS_PER_SCAN) {
            let descriptors = descriptors(scripts);
            let blocks = match indexed {
                true => self.relevant(&descriptors, (first, last), calls, progress)?,
                false => {
                    let heights: Vec<String> = (first..=last).map(|height| format!("[{height}]")).collect();
                    self.client.ask_many("getblockhash", &heights)?
                }
            };
            for (number, chunk) in (0..).zip(blocks.chunks(BLOCKS_PER_CALL)) {
                progress(&format!("receipts and spends of {} blocks, {} done", blocks.len(), number * BLOCKS_PER_CALL));
                let hashes: Vec<String> = chunk.iter().map(|hash| format!(r#""{hash}""#)).collect();
                let params = format!("[[{}],{descriptors},false]", hashes.join(","));
                let result = self.client.ask_raw(ACTIVITY, &params)?;
                let listed =
                    answers::activity(&result).map_err(|detail| FetchError::Answer { method: ACTIVITY, detail })?;
                for event in listed {
                    note(&mut events, event)?;
                }
                calls.push(Call { method: ACTIVITY.to_owned(), params, result });
            }
        }
        Ok(events)
    }

    /// Whether the node has an index of block filters that reaches the tip. Behind it, a scan passes over blocks
    /// without a word.
    fn has_index(&self, tip: u64, progress: &mut dyn FnMut(&str)) -> Result<bool, FetchError> {
        let indexes: BTreeMap<String, IndexJson> = match self.client.ask("getindexinfo", "[]") {
            Ok(indexes) => indexes,
            Err(FetchError::MethodMissing { .. }) => BTreeMap::new(),
            Err(error) => return Err(error),
        };
        let index = indexes.get(INDEX);
        let usable = index.is_some_and(|index| index.synced && index.best_block_height >= tip);
        if !usable {
            let state = if index.is_some() { "is not up to date" } else { "is missing (-blockfilterindex=1)" };
            progress(&format!("the node's {INDEX} {state}: it reads every block of the range, which takes longer"));
        }
        Ok(usable)
    }

    /// The blocks of a range that concern some scripts.
    fn relevant(
        &self,
        descriptors: &str,
        (first, last): (u64, u64),
        calls: &mut Vec<Call>,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Vec<Digest>, FetchError> {
        progress(&format!("scan of the filters of blocks {first} to {last}"));
        let params = format!(r#"["start",{descriptors},{first},{last},"basic",{{"filter_false_positives":true}}]"#);
        let result = self.client.ask_raw(SCAN_BLOCKS, &params)?;
        let relevant: Relevant = read(SCAN_BLOCKS, &result)?;
        if !relevant.completed || (relevant.from_height, relevant.to_height) != (first, last) {
            let (from, to) = (relevant.from_height, relevant.to_height);
            let detail = format!("it stopped with blocks {from} to {to}, expected {first} to {last}");
            return Err(FetchError::Answer { method: SCAN_BLOCKS, detail });
        }
        calls.push(Call { method: SCAN_BLOCKS.to_owned(), params, result });
        Ok(relevant.relevant_blocks)
    }

    /// Where the inputs of the events' transactions were made.
    fn inputs(&self, history: &mut History) -> Result<(), FetchError> {
        const METHOD: &str = "getrawtransaction";
        let made: BTreeMap<OutPoint, u64> = history.made().collect();
        let wanted: BTreeMap<Digest, Digest> = history
            .events
            .values()
            .filter(|event| history.whole || (event.kind == ActivityKind::Spend && !made.contains_key(&event.coin)))
            .map(|event| (digest(event.txid), event.block))
            .collect();
        let params: Vec<String> = wanted.iter().map(|(txid, block)| format!(r#"["{txid}",2,"{block}"]"#)).collect();
        let transactions: Vec<TransactionJson> = self.client.ask_many(METHOD, &params)?;
        for (txid, transaction) in wanted.into_keys().zip(transactions) {
            let input = |input: InputJson| match (input.txid, input.vout, input.prevout) {
                (Some(txid), Some(vout), Some(prevout)) => {
                    Some(Ok((OutPoint { txid: transaction_id(txid), vout }, prevout.height)))
                }
                (None, ..) => None,
                _ => Some(Err(FetchError::Answer {
                    method: METHOD,
                    detail: format!("{txid}: an input without its coin"),
                })),
            };
            let inputs: Result<Vec<_>, _> = transaction.vin.into_iter().filter_map(input).collect();
            history.inputs.insert(txid, inputs?);
        }
        Ok(())
    }
}

/// The descriptors of some scripts, as they stand in a scan.
fn descriptors(scripts: &[ScriptBuf]) -> String {
    let params = scan_params(scripts.iter().map(ScriptBuf::as_script));
    let inner = params.strip_prefix(r#"["start","#).and_then(|rest| rest.strip_suffix(']'));
    inner.unwrap_or("[]").to_owned()
}

/// Adds an event; two descriptions of one cannot both be true.
fn note(events: &mut BTreeMap<(OutPoint, ActivityKind), Listed>, event: Listed) -> Result<(), FetchError> {
    let key = (event.coin, event.kind);
    match events.get(&key) {
        Some(first) if *first != event => {
            let detail = format!("listed twice, at heights {} and {}", first.height, event.height);
            Err(FetchError::Inconsistent { coin: event.coin.to_string(), detail })
        }
        _ => {
            events.insert(key, event);
            Ok(())
        }
    }
}

impl History {
    /// Coins that were made above the start, with their heights.
    fn made(&self) -> impl Iterator<Item = (OutPoint, u64)> {
        let receipts = self.events.values().filter(|event| event.kind == ActivityKind::Receive);
        receipts.map(|event| (event.coin, event.height))
    }

    /// The transactions that are evidence of it.
    pub(super) fn want(&self, wanted: &mut Wanted) {
        for event in self.events.values() {
            let txid = digest(event.txid);
            // a window has all transactions; a cut-off only those that spend what was there
            let Some(inputs) = self.inputs.get(&txid) else { continue };
            wanted.prove(event.height, txid);
            let spent = |coin: &OutPoint| self.events.contains_key(&(*coin, ActivityKind::Spend));
            for (coin, height) in inputs.iter().filter(|(coin, _)| spent(coin)) {
                wanted.prove(*height, digest(coin.txid));
            }
            let others = inputs.iter().filter(|(coin, _)| !spent(coin)).take(INPUTS_SHOWN);
            for (coin, height) in others.filter(|_| self.whole) {
                wanted.keep(*height, digest(coin.txid));
            }
        }
    }

    /// The window: coins at the start, S(start) = S(tip) − receipts + spends, and events in the order of the chain.
    /// Replayed forward they must give the coins of the scan again, each of them.
    pub(super) fn list(
        self,
        scan: &Scan,
        places: &Places,
        (from, to): (u64, u64),
        tip: BlockRef,
    ) -> Result<WindowFile, FetchError> {
        let opening = self.opening(scan)?;
        let mut events = Vec::with_capacity(self.events.len());
        for event in self.events.values() {
            let place = places.get(&digest(event.txid)).copied();
            let place = place.ok_or_else(|| {
                inconsistent(event.coin, format!("its block {} does not have transaction {}", event.block, event.txid))
            })?;
            events.push(Activity {
                height: event.height,
                place,
                coin: event.coin,
                kind: event.kind,
                block: internal(event.block),
                txid: event.txid,
                script: event.script.clone(),
                amount: event.amount,
            });
        }
        events.sort_by_key(order);
        check_forward(&opening, &events, scan)?;
        // a cut-off before the window: what happened in between moves the start
        let list = WindowFile { from: self.start, to, tip, opening: opening.into_values().collect(), events };
        Ok(started_later(list, from))
    }

    fn opening(&self, scan: &Scan) -> Result<BTreeMap<OutPoint, OpeningCoin>, FetchError> {
        let made: BTreeSet<OutPoint> = self.made().map(|(coin, _)| coin).collect();
        let mut opening = BTreeMap::new();
        for coin in scan.coins.values().filter(|coin| !made.contains(&coin.outpoint)) {
            if coin.height > self.start {
                let detail = format!("the node lists it as made at height {}, but no receipt of it", coin.height);
                return Err(inconsistent(coin.outpoint, detail));
            }
            let value = OpeningCoin {
                coin: coin.outpoint,
                height: coin.height,
                script: coin.script.clone(),
                amount: coin.amount,
            };
            opening.insert(coin.outpoint, value);
        }
        let heights: BTreeMap<OutPoint, u64> = self.inputs.values().flatten().copied().collect();
        let spends = self.events.values().filter(|event| event.kind == ActivityKind::Spend);
        for spend in spends.filter(|event| !made.contains(&event.coin)) {
            let height = heights.get(&spend.coin).copied().filter(|height| *height <= self.start);
            let height = height.ok_or_else(|| {
                let detail = format!("spent at height {}, but no receipt of it above the start", spend.height);
                inconsistent(spend.coin, detail)
            })?;
            let value = OpeningCoin { coin: spend.coin, height, script: spend.script.clone(), amount: spend.amount };
            if opening.insert(spend.coin, value).is_some() {
                let detail = format!("spent at height {}, and unspent at the tip", spend.height);
                return Err(inconsistent(spend.coin, detail));
            }
        }
        Ok(opening)
    }
}

fn inconsistent(coin: OutPoint, detail: String) -> FetchError {
    FetchError::Inconsistent { coin: coin.to_string(), detail }
}

/// Forward again, from the start to the tip: what is left must be the scan, coin by coin.
fn check_forward(
    opening: &BTreeMap<OutPoint, OpeningCoin>,
    events: &[Activity],
    scan: &Scan,
) -> Result<(), FetchError> {
    let mut live: BTreeMap<OutPoint, (&ScriptBuf, crate::amount::Amount)> =
        opening.values().map(|coin| (coin.coin, (&coin.script, coin.amount))).collect();
    for event in events {
        let value = (&event.script, event.amount);
        let (fits, what) = match event.kind {
            ActivityKind::Receive => (live.insert(event.coin, value).is_none(), "made, but it was there before"),
            ActivityKind::Spend => {
                (live.remove(&event.coin) == Some(value), "spent, but it was not there with this script and amount")
            }
        };
        if !fits {
            return Err(inconsistent(event.coin, format!("at height {} {what}", event.height)));
        }
    }
    for coin in scan.coins.values() {
        if live.remove(&coin.outpoint) != Some((&coin.script, coin.amount)) {
            let detail = format!("the node lists it at the tip with {}; its receipts and spends do not", coin.amount);
            return Err(inconsistent(coin.outpoint, detail));
        }
    }
    match live.keys().next() {
        Some(coin) => {
            let detail = "its receipts and spends leave it at the tip, where the node does not list it";
            Err(inconsistent(*coin, detail.to_owned()))
        }
        None => Ok(()),
    }
}

/// The same list from a later block on.
fn started_later(list: WindowFile, from: u64) -> WindowFile {
    let mut coins: BTreeMap<OutPoint, OpeningCoin> = list.opening.into_iter().map(|coin| (coin.coin, coin)).collect();
    let (before, events): (Vec<Activity>, Vec<Activity>) =
        list.events.into_iter().partition(|event| event.height <= from);
    for event in before {
        match event.kind {
            ActivityKind::Spend => {
                coins.remove(&event.coin);
            }
            ActivityKind::Receive => {
                let Activity { coin, height, script, amount, .. } = event;
                coins.insert(coin, OpeningCoin { coin, height, script, amount });
            }
        }
    }
    WindowFile { from: list.from.max(from), opening: coins.into_values().collect(), events, ..list }
}
