//! What a node said of a stretch of blocks: its answers to `scanblocks` and `getdescriptoractivity`.
//!
//! The first names the blocks that concern the asked scripts, from an index of filters; the second lists every
//! receipt and spend of the blocks that it is asked about. A block is covered when it was asked about, or when it lies
//! in a scanned range and was not named.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use bitcoin::{OutPoint, ScriptBuf, Txid};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::WindowError;
use crate::amount::Amount;
use crate::hash::Digest;
use crate::reserve::bitcoin::activity::ActivityKind;
use crate::reserve::bitcoin::balance::scan;
use crate::reserve::bitcoin::header::HeaderChain;
use crate::reserve::bitcoin::network::{internal, transaction_id};
use crate::reserve::transcript::{Call, Transcript};

/// The method of Bitcoin Core that names the blocks concerning some scripts.
pub const SCAN_BLOCKS: &str = "scanblocks";
/// The method of Bitcoin Core that lists receipts and spends.
pub const ACTIVITY: &str = "getdescriptoractivity";

/// One event as the node describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Receipt or spend.
    pub kind: ActivityKind,
    /// The coin.
    pub coin: OutPoint,
    /// The transaction that makes or spends it.
    pub txid: Txid,
    /// Height of its block.
    pub height: u64,
    /// Its block.
    pub block: Digest,
    /// The script of the coin.
    pub script: ScriptBuf,
    /// Satoshis.
    pub amount: Amount,
}

#[derive(Deserialize)]
struct ActivityJson<'a> {
    #[serde(borrow)]
    activity: Vec<EventJson<'a>>,
}

#[derive(Deserialize)]
struct EventJson<'a> {
    #[serde(rename = "type")]
    kind: KindJson,
    #[serde(borrow)]
    amount: &'a RawValue,
    blockhash: Option<Digest>,
    height: Option<u64>,
    txid: Option<Digest>,
    vout: Option<u32>,
    output_spk: Option<ScriptJson>,
    spend_txid: Option<Digest>,
    prevout_txid: Option<Digest>,
    prevout_vout: Option<u32>,
    prevout_spk: Option<ScriptJson>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum KindJson {
    Receive,
    Spend,
}

#[derive(Deserialize)]
struct ScriptJson {
    hex: String,
}

/// The answer to `scanblocks`.
#[derive(Deserialize)]
pub(crate) struct Relevant {
    /// First block scanned.
    pub(crate) from_height: u64,
    /// Last block scanned.
    pub(crate) to_height: u64,
    /// Blocks that concern the scripts.
    pub(crate) relevant_blocks: Vec<Digest>,
    /// Whether the scan was not stopped.
    pub(crate) completed: bool,
}

/// Reads one answer to `getdescriptoractivity`.
///
/// # Errors
/// What does not fit.
pub(crate) fn activity(result: &str) -> Result<Vec<Listed>, String> {
    let answer: ActivityJson<'_> = serde_json::from_str(result).map_err(|error| error.to_string())?;
    let listed =
        |(place, event): (usize, EventJson<'_>)| listed(event).map_err(|detail| format!("activity[{place}]: {detail}"));
    answer.activity.into_iter().enumerate().map(listed).collect()
}

fn listed(event: EventJson<'_>) -> Result<Listed, String> {
    let missing = || "a field is missing".to_owned();
    let amount = scan::amount(event.amount.get())?;
    let (block, height) = (event.blockhash.ok_or_else(missing)?, event.height.ok_or_else(missing)?);
    let (kind, txid, made, vout, script) = match event.kind {
        KindJson::Receive => (ActivityKind::Receive, event.txid, event.txid, event.vout, event.output_spk),
        KindJson::Spend => {
            (ActivityKind::Spend, event.spend_txid, event.prevout_txid, event.prevout_vout, event.prevout_spk)
        }
    };
    let script = hex::decode(script.ok_or_else(missing)?.hex).map_err(|error| error.to_string())?;
    let coin = OutPoint { txid: transaction_id(made.ok_or_else(missing)?), vout: vout.ok_or_else(missing)? };
    let txid = transaction_id(txid.ok_or_else(missing)?);
    Ok(Listed { kind, coin, txid, height, block, script: ScriptBuf::from_bytes(script), amount })
}

/// Everything that one transcript says of a stretch of blocks.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// Each event once.
    pub(crate) events: BTreeMap<(OutPoint, ActivityKind), Listed>,
    groups: BTreeMap<Vec<String>, Group>,
}

/// What was asked about one list of descriptors.
#[derive(Debug, Default)]
struct Group {
    asked: BTreeSet<u64>,
    scanned: Vec<(u64, u64)>,
    relevant: BTreeSet<u64>,
}

/// Reads the answers of a transcript; `None` when it has none of this kind.
pub(crate) fn read(transcript: &Transcript, chain: &HeaderChain) -> Result<Option<Answers>, WindowError> {
    let mut answers = Answers::default();
    for (number, call) in (1..).zip(&transcript.calls) {
        let fail = |detail| WindowError::Answer { number, detail };
        match call.method.as_str() {
            ACTIVITY => answers.take_activity(call, chain).map_err(fail)?,
            SCAN_BLOCKS => answers.take_scan(call, chain).map_err(fail)?,
            _ => {}
        }
    }
    Ok(if answers.groups.is_empty() { None } else { Some(answers) })
}

fn height_of(block: Digest, chain: &HeaderChain) -> Result<u64, String> {
    chain.height(internal(block)).ok_or_else(|| format!("block {block} is not among the headers"))
}

impl Answers {
    fn take_activity(&mut self, call: &Call, chain: &HeaderChain) -> Result<(), String> {
        let (blocks, descriptors, _): (Vec<Digest>, Vec<String>, bool) =
            serde_json::from_str(&call.params).map_err(|error| error.to_string())?;
        let group = self.groups.entry(descriptors).or_default();
        let mut asked = BTreeSet::new();
        for block in blocks {
            asked.insert(height_of(block, chain)?);
        }
        for event in activity(&call.result)? {
            let height = height_of(event.block, chain)?;
            if height != event.height || !asked.contains(&height) {
                return Err(format!("{} at height {}, in a block that was not asked about", event.coin, event.height));
            }
            let key = (event.coin, event.kind);
            if let Some(first) = self.events.get(&key).filter(|first| **first != event) {
                return Err(format!(
                    "{} is described in two ways, at heights {} and {height}",
                    event.coin, first.height
                ));
            }
            self.events.insert(key, event);
        }
        group.asked.extend(asked);
        Ok(())
    }

    fn take_scan(&mut self, call: &Call, chain: &HeaderChain) -> Result<(), String> {
        type Params = (String, Vec<String>, u64, u64, String, serde_json::Value);
        let (action, descriptors, start, stop, kind, _): Params =
            serde_json::from_str(&call.params).map_err(|error| error.to_string())?;
        let answer: Relevant = serde_json::from_str(&call.result).map_err(|error| error.to_string())?;
        if action != "start" || kind != "basic" || !answer.completed {
            return Err("the scan was not finished".to_owned());
        }
        if (answer.from_height, answer.to_height) != (start, stop) {
            let got = (answer.from_height, answer.to_height);
            return Err(format!("blocks {} to {} were scanned, asked were {start} to {stop}", got.0, got.1));
        }
        let group = self.groups.entry(descriptors).or_default();
        for block in answer.relevant_blocks {
            group.relevant.insert(height_of(block, chain)?);
        }
        group.scanned.push((start, stop));
        Ok(())
    }

    /// Blocks of `first..=last` of which the node was not asked for some of `scripts`.
    pub(crate) fn uncovered<'a>(
        &self,
        scripts: impl Iterator<Item = &'a ScriptBuf>,
        (first, last): (u64, u64),
    ) -> BTreeSet<u64> {
        let open = |group: &Group| -> BTreeSet<u64> {
            let scanned = |height: u64| group.scanned.iter().any(|range| (range.0..=range.1).contains(&height));
            let covered =
                |height: &u64| group.asked.contains(height) || (scanned(*height) && !group.relevant.contains(height));
            (first..=last).filter(|height| !covered(height)).collect()
        };
        // most scripts share the blocks of their question: these are kept, and taken over, once
        let mut of_script: BTreeMap<ScriptBuf, Rc<BTreeSet<u64>>> = BTreeMap::new();
        for (descriptors, group) in &self.groups {
            let open = Rc::new(open(group));
            for script in descriptors.iter().filter_map(|text| scan::raw_script(text)) {
                // a second question about the same script only takes away
                let again = |left: &mut Rc<BTreeSet<u64>>| {
                    if left.iter().any(|at| !open.contains(at)) {
                        Rc::make_mut(left).retain(|at| open.contains(at));
                    }
                };
                of_script.entry(script).and_modify(again).or_insert_with(|| Rc::clone(&open));
            }
        }
        let mut uncovered = BTreeSet::new();
        let mut before: Option<&Rc<BTreeSet<u64>>> = None;
        for script in scripts {
            match of_script.get(script) {
                Some(open) if before.is_some_and(|before| Rc::ptr_eq(before, open)) => {}
                Some(open) => {
                    uncovered.extend(open.iter());
                    before = Some(open);
                }
                None => return (first..=last).collect(),
            }
        }
        uncovered
    }
}
