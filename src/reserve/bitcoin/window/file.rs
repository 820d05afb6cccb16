//! `window.jsonl`: the range, the coins held at its start, and every event up to the node's tip.

use bitcoin::{BlockHash, OutPoint, ScriptBuf, Txid};
use serde::{Deserialize, Serialize};

use super::WindowError;
use crate::amount::Amount;
use crate::hash::Digest;
use crate::json::{self, JsonError, uint};
use crate::reserve::bitcoin::activity::{Activity, ActivityKind};
use crate::reserve::bitcoin::network::{internal, readable, transaction_id};
use crate::snapshot::BlockRef;

const FORMAT: &str = "counterfoil-window-v1";
/// No chain reaches it: a block has its height in four bytes.
const HEIGHT_MAX: u64 = 0xffff_ffff;
/// The longest line: a script has at most 10,000 bytes, each two digits.
const LINE_MAX: usize = 24_000;

/// The file as read: nothing in it is believed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowFile {
    /// The coins are those after this block.
    pub from: u64,
    /// The last block that whoever gathered it asked for.
    pub to: u64,
    /// The block up to which events are listed.
    pub tip: BlockRef,
    /// Coins of the asked scripts after block `from`, in the order of their ids.
    pub opening: Vec<OpeningCoin>,
    /// Events of the blocks above `from`, in the order of the chain.
    pub events: Vec<Activity>,
}

/// A coin that was there at the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpeningCoin {
    /// The coin.
    pub coin: OutPoint,
    /// Height of the block that made it.
    pub height: u64,
    /// Its script.
    pub script: ScriptBuf,
    /// Satoshis.
    pub amount: Amount,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadJson {
    format: String,
    #[serde(with = "uint")]
    from: u64,
    #[serde(with = "uint")]
    to: u64,
    tip: BlockRef,
    #[serde(with = "uint")]
    coins: u64,
    #[serde(with = "uint")]
    events: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CoinJson {
    coin: String,
    #[serde(with = "uint")]
    height: u64,
    script: String,
    amount: Amount,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EventJson {
    kind: Kind,
    coin: String,
    #[serde(with = "uint")]
    height: u64,
    block: Digest,
    #[serde(with = "uint")]
    place: u32,
    txid: Digest,
    script: String,
    amount: Amount,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Receive,
    Spend,
}

/// The order of events: by height, by place in the block, inputs before outputs, by coin.
#[must_use]
pub fn order(event: &Activity) -> (u64, u32, ActivityKind, OutPoint) {
    (event.height, event.place, event.kind, event.coin)
}

impl WindowFile {
    /// The bytes of the file.
    ///
    /// # Errors
    /// [`JsonError`], which no such file causes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, JsonError> {
        let mut file = json::canonical(&HeadJson {
            format: FORMAT.to_owned(),
            from: self.from,
            to: self.to,
            tip: self.tip.clone(),
            coins: self.opening.len() as u64,
            events: self.events.len() as u64,
        })?;
        file.push(b'\n');
        for coin in &self.opening {
            let line = CoinJson {
                coin: coin.coin.to_string(),
                height: coin.height,
                script: coin.script.to_hex_string(),
                amount: coin.amount,
            };
            file.extend(json::canonical(&line)?);
            file.push(b'\n');
        }
        for event in &self.events {
            let line = EventJson {
                kind: match event.kind {
                    ActivityKind::Receive => Kind::Receive,
                    ActivityKind::Spend => Kind::Spend,
                },
                coin: event.coin.to_string(),
                height: event.height,
                block: readable(event.block),
                place: event.place,
                txid: digest(event.txid),
                script: event.script.to_hex_string(),
                amount: event.amount,
            };
            file.extend(json::canonical(&line)?);
            file.push(b'\n');
        }
        Ok(file)
    }

    /// Reads the file: every line canonical, as many as the first one says, in strictly rising order.
    ///
    /// # Errors
    /// [`WindowError::Malformed`] with the line.
    pub fn parse(bytes: &[u8]) -> Result<Self, WindowError> {
        let malformed = |line: usize, detail: String| WindowError::Malformed { line, detail };
        let Some(body) = bytes.strip_suffix(b"\n") else {
            return Err(malformed(1, "the file does not end with a line end".to_owned()));
        };
        let mut lines = (1..).zip(body.split(|byte| *byte == b'\n'));
        let (_, first) = lines.next().unwrap_or((1, &[]));
        let head: HeadJson = read_line(1, first)?;
        if head.format != FORMAT {
            return Err(malformed(1, format!("format {:?}, expected {FORMAT:?}", head.format)));
        }
        if head.from > head.to || head.to > head.tip.height || head.tip.height > HEIGHT_MAX {
            let detail = format!("blocks {} to {}, expected a range below the tip {}", head.from, head.to, head.tip);
            return Err(malformed(1, detail));
        }
        let (mut opening, mut events) = (Vec::<OpeningCoin>::new(), Vec::<Activity>::new());
        for (number, line) in lines {
            if (opening.len() as u64) < head.coins {
                let coin = read_line::<CoinJson>(number, line)?.value(number)?;
                if opening.last().is_some_and(|last| last.coin >= coin.coin) {
                    return Err(malformed(number, format!("{} is not in rising order", coin.coin)));
                }
                opening.push(coin);
            } else {
                let event = read_line::<EventJson>(number, line)?.value(number)?;
                if event.height <= head.from || event.height > head.tip.height {
                    let detail = format!("height {}, expected one of {} to {}", event.height, head.from + 1, head.tip);
                    return Err(malformed(number, detail));
                }
                if events.last().is_some_and(|last| order(last) >= order(&event)) {
                    return Err(malformed(number, format!("the event of {} is not in rising order", event.coin)));
                }
                events.push(event);
            }
        }
        let counts = (opening.len() as u64, events.len() as u64);
        if counts != (head.coins, head.events) {
            let detail =
                format!("{} coins and {} events, expected {} and {}", counts.0, counts.1, head.coins, head.events);
            return Err(malformed(1, detail));
        }
        Ok(Self { from: head.from, to: head.to, tip: head.tip, opening, events })
    }
}

fn read_line<T: serde::de::DeserializeOwned>(line: usize, bytes: &[u8]) -> Result<T, WindowError> {
    if bytes.len() > LINE_MAX {
        let detail = format!("{} bytes, expected at most {LINE_MAX}", bytes.len());
        return Err(WindowError::Malformed { line, detail });
    }
    json::read_canonical(bytes).map_err(|error| WindowError::Malformed { line, detail: error.to_string() })
}

impl CoinJson {
    fn value(self, line: usize) -> Result<OpeningCoin, WindowError> {
        let (coin, script) = (outpoint(line, &self.coin)?, script(line, &self.script)?);
        Ok(OpeningCoin { coin, height: self.height, script, amount: self.amount })
    }
}

impl EventJson {
    fn value(self, line: usize) -> Result<Activity, WindowError> {
        Ok(Activity {
            height: self.height,
            place: self.place,
            coin: outpoint(line, &self.coin)?,
            kind: match self.kind {
                Kind::Receive => ActivityKind::Receive,
                Kind::Spend => ActivityKind::Spend,
            },
            block: internal(self.block),
            txid: transaction_id(self.txid),
            script: script(line, &self.script)?,
            amount: self.amount,
        })
    }
}

fn outpoint(line: usize, text: &str) -> Result<OutPoint, WindowError> {
    let parsed = text.parse::<OutPoint>().ok().filter(|parsed| parsed.to_string() == text);
    parsed.ok_or_else(|| WindowError::Malformed { line, detail: format!("{text:?} is no coin, expected txid:vout") })
}

fn script(line: usize, text: &str) -> Result<ScriptBuf, WindowError> {
    let bytes = hex::decode(text).ok().filter(|bytes| hex::encode(bytes) == text);
    let detail = || format!("script {text:?}, expected lower-case hexadecimal digits");
    bytes.map(ScriptBuf::from_bytes).ok_or_else(|| WindowError::Malformed { line, detail: detail() })
}

/// A transaction's id in the byte order that people read.
fn digest(txid: Txid) -> Digest {
    use bitcoin::hashes::Hash as _;
    readable(BlockHash::from_byte_array(txid.to_byte_array()))
}
