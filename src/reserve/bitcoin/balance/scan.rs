//! What a node said is unspent: its answers to `scantxoutset`, read with amounts as decimal text, never as floats.

use std::collections::{BTreeMap, BTreeSet};

use bitcoin::{OutPoint, ScriptBuf};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::amount::{Amount, Decimals};
use crate::code::{Code, Coded, bitcoin as codes};
use crate::hash::Digest;
use crate::reserve::bitcoin::network::transaction_id;
use crate::reserve::transcript::{Call, Transcript};

/// The method of Bitcoin Core that lists unspent outputs of scripts.
pub const METHOD: &str = "scantxoutset";
/// The largest amount that an output can have: 21 million bitcoin in base units.
const MONEY_MAX: Amount = Amount::from_base_units(2_100_000_000_000_000);

/// One unspent output, as the node described it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coin {
    /// Transaction and place.
    pub outpoint: OutPoint,
    /// The script that it is locked by.
    pub script: ScriptBuf,
    /// Base units (satoshi).
    pub amount: Amount,
    /// The height of the block that made it.
    pub height: u64,
    /// Whether it is a block reward.
    pub coinbase: bool,
    /// The block that made it, where the node says so.
    pub block: Option<Digest>,
}

/// Everything that one transcript says of unspent outputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// Each output once.
    pub coins: BTreeMap<OutPoint, Coin>,
    /// Outputs listed more than once, and whether all the listings agree.
    pub repeated: BTreeMap<OutPoint, bool>,
    /// Scripts that the questions name, as `raw(…)`.
    pub asked: BTreeSet<ScriptBuf>,
}

/// Bitcoin has eight.
const DECIMALS: Decimals = match Decimals::new(8) {
    Some(decimals) => decimals,
    None => unreachable!(),
};

#[derive(Deserialize)]
struct AnswerJson<'a> {
    success: bool,
    height: u64,
    bestblock: Digest,
    #[serde(borrow)]
    unspents: Vec<CoinJson<'a>>,
}

#[derive(Deserialize)]
struct CoinJson<'a> {
    txid: Digest,
    vout: u32,
    #[serde(rename = "scriptPubKey")]
    script: ScriptHex,
    #[serde(borrow)]
    amount: &'a RawValue,
    #[serde(default)]
    coinbase: bool,
    height: u64,
    #[serde(default)]
    blockhash: Option<Digest>,
}

struct ScriptHex(ScriptBuf);

impl<'de> Deserialize<'de> for ScriptHex {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        hex::decode(text).map(|bytes| Self(ScriptBuf::from_bytes(bytes))).map_err(serde::de::Error::custom)
    }
}

/// Reads all scans of a transcript. They must all be of its tip.
///
/// # Errors
/// [`ScanError`]; no coin counts then, since nobody knows which answer is right.
pub fn read(transcript: &Transcript) -> Result<Scan, ScanError> {
    let mut scan = Scan::default();
    let mut answers = 0_usize;
    for call in transcript.calls_of(METHOD) {
        answers += 1;
        read_answer(transcript, call, answers, &mut scan)?;
        scan.asked.extend(asked(&call.params));
    }
    if answers == 0 {
        return Err(ScanError::Missing);
    }
    Ok(scan)
}

/// The scripts that a question names; those that it describes in another way are not seen.
fn asked(params: &str) -> Vec<ScriptBuf> {
    let Ok((_, descriptors)) = serde_json::from_str::<(String, Vec<String>)>(params) else { return Vec::new() };
    descriptors.iter().filter_map(|text| raw_script(text)).collect()
}

/// The script of a descriptor `raw(…)`.
pub(crate) fn raw_script(descriptor: &str) -> Option<ScriptBuf> {
    let digits = descriptor.strip_prefix("raw(")?.split_once(')')?.0;
    hex::decode(digits).ok().map(ScriptBuf::from_bytes)
}

/// An amount in bitcoin as a node writes it, in base units.
pub(crate) fn amount(text: &str) -> Result<Amount, String> {
    let amount = Amount::parse(text, DECIMALS).map_err(|error| error.to_string())?;
    if amount > MONEY_MAX {
        return Err(format!("{amount}, expected at most {MONEY_MAX}"));
    }
    Ok(amount)
}

fn read_answer(transcript: &Transcript, call: &Call, number: usize, scan: &mut Scan) -> Result<(), ScanError> {
    let malformed = |detail: String| ScanError::Malformed { number, detail };
    let answer: AnswerJson<'_> = serde_json::from_str(&call.result).map_err(|error| malformed(error.to_string()))?;
    if !answer.success {
        return Err(malformed("the node did not finish the scan".to_owned()));
    }
    let tip = &transcript.tip;
    if answer.bestblock != tip.hash || answer.height != tip.height {
        let (height, hash) = (answer.height, answer.bestblock);
        return Err(ScanError::OtherBlock { number, height, hash, expected: tip.to_string() });
    }
    for (place, listed) in answer.unspents.into_iter().enumerate() {
        let amount = Amount::parse(listed.amount.get(), DECIMALS)
            .map_err(|error| malformed(format!("unspents[{place}].amount: {error}")))?;
        if amount > MONEY_MAX {
            return Err(malformed(format!("unspents[{place}].amount: {amount}, expected at most {MONEY_MAX}")));
        }
        let outpoint = OutPoint { txid: transaction_id(listed.txid), vout: listed.vout };
        let coin = Coin {
            outpoint,
            script: listed.script.0,
            amount,
            height: listed.height,
            coinbase: listed.coinbase,
            block: listed.blockhash,
        };
        match scan.coins.get(&outpoint) {
            Some(first) => {
                let agrees = *first == coin;
                scan.repeated.entry(outpoint).and_modify(|all| *all &= agrees).or_insert(agrees);
            }
            None => {
                scan.coins.insert(outpoint, coin);
            }
        }
    }
    Ok(())
}

/// Why the answers of a node cannot be used. Answers count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// Not the form that Bitcoin Core gives it.
    #[error("answer {number} to {METHOD}: {detail}")]
    Malformed {
        /// Which answer.
        number: usize,
        /// The place, got and expected.
        detail: String,
    },
    /// No scan in the transcript.
    #[error("the transcript has no answer to {METHOD}")]
    Missing,
    /// A scan of another block than the transcript's.
    #[error("answer {number} to {METHOD} is of block {height} ({hash}), expected {expected}")]
    OtherBlock {
        /// Which answer.
        number: usize,
        /// Its height.
        height: u64,
        /// Its block.
        hash: Digest,
        /// The tip of the transcript.
        expected: String,
    },
}

impl Coded for ScanError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Malformed { .. } => &codes::SCAN_MALFORMED,
            Self::Missing => &codes::SCAN_MISSING,
            Self::OtherBlock { .. } => &codes::SCAN_INCONSISTENT,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::{BlockRef, Time};

    const TXID: &str = "0437cd7f8525ceed2324359c2d0ba26006d92d856a9c20fa0241106ee5a597c9";
    const TIP: &str = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f";

    fn coin(amount: &str) -> String {
        format!(
            r#"{{"txid":"{TXID}","vout":0,"scriptPubKey":"6a","desc":"raw(6a)#4xknhfwz","amount":{amount},"coinbase":true,"height":7,"new":[1]}}"#
        )
    }

    fn read_results(results: &[String]) -> Result<Scan, ScanError> {
        let chain = "bip122:000000000019d6689c085ae165831e93".parse().expect("a chain");
        let tip = BlockRef { chain, height: 9, hash: TIP.parse().expect("a hash") };
        let call = |result: &String| Call { method: METHOD.into(), params: String::new(), result: result.clone() };
        read(&Transcript::new(tip, String::new(), Time::from_unix(0), results.iter().map(call).collect()))
    }

    fn answer(coins: &[String]) -> String {
        let coins = coins.join(",");
        format!(
            r#"{{"success":true,"txouts":3,"height":9,"bestblock":"{TIP}","unspents":[{coins}],"total_amount":1.0}}"#
        )
    }

    #[test]
    fn amounts_are_exact_decimals() {
        for (text, units) in
            [("50.00000000", 5_000_000_000), ("0.00000001", 1), ("20999999.97690000", 2_099_999_997_690_000)]
        {
            let scan = read_results(&[answer(&[coin(text)])]).expect(text);
            assert_eq!(scan.coins.values().next().expect("a coin").amount, Amount::from_base_units(units));
        }
        for text in ["1e-8", "-1.0", "0.000000001", "21000000.00000001", "\"1\"", "null", "1.", "NaN"] {
            assert!(matches!(read_results(&[answer(&[coin(text)])]), Err(ScanError::Malformed { .. })), "{text}");
        }
    }

    #[test]
    fn answers_must_be_whole_and_of_the_tip() {
        let good = answer(&[coin("1.0")]);
        assert_eq!(read_results(&[]), Err(ScanError::Missing));
        for bad in ["", "true", "{}", &good[1..], &good.replace("\"success\":true", "\"success\":false")] {
            assert!(matches!(read_results(&[bad.to_owned()]), Err(ScanError::Malformed { .. })), "{bad}");
        }
        for bad in [good.replace("\"height\":9", "\"height\":8"), good.replace("26f", "260")] {
            assert!(matches!(read_results(&[good.clone(), bad]), Err(ScanError::OtherBlock { number: 2, .. })));
        }
    }

    #[test]
    fn a_coin_is_kept_once_and_disagreement_is_noted() {
        let good = answer(&[coin("1.0")]);
        let scan = read_results(&[good.clone(), good.clone()]).expect("answers");
        assert_eq!(scan.repeated.values().collect::<Vec<_>>(), [&true]);
        let scan = read_results(&[good.clone(), answer(&[coin("2.0")]), good]).expect("answers");
        assert_eq!((scan.coins.len(), scan.repeated.values().collect::<Vec<_>>()), (1, vec![&false]));
    }
}
