//! A file with all unspent outputs of a chain at one block (`dumptxoutset`), whose hash the verifier pins.
//! Specification: `docs/spec/utxo-snapshot.md`.
//!
//! The file is read once, from front to end, in bounded memory: it holds the whole chain's coins. The hash is over the
//! coins alone: that they are those of the block which the file names, only a pin of both says.

mod coin;
mod error;
mod hashing;
mod input;
mod known;
mod wanted;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use bitcoin::hashes::Hash as _;
use bitcoin::{BlockHash, Network, OutPoint, ScriptBuf, Txid};

use self::coin::{COIN_LENGTH_MAX, Coin, Cursor, Fault};
use self::hashing::{Hashing, with_hashing};
use self::input::Input;
use self::wanted::Wanted;
use crate::amount::Amount;
use crate::hash::Digest;

pub use self::error::SnapshotError;
pub use self::known::{KNOWN, Known, known};

/// How every snapshot begins, whatever its version.
pub const MAGIC: [u8; 5] = *b"utxo\xff";
/// The one version that is read.
pub const VERSION: u16 = 2;
/// Bytes of the head: magic, version, network, block and number of coins.
pub const HEAD_LENGTH: usize = 51;
/// A transaction has at most so many bytes without its witnesses: a quarter of the weight of a block (BIP-141).
pub const TRANSACTION_LENGTH_MAX: usize = 1_000_000;
/// An output takes at least eight bytes for its value and one for the length of its script.
pub const OUTPUTS_MAX: u32 = 111_111;
/// A longer script can never be satisfied, and no node keeps its output.
pub const SCRIPT_LENGTH_MAX: usize = 10_000;
/// Bytes that are hashed of a coin besides its output: outpoint, height and kind.
const OUTPOINT_LENGTH: usize = 40;
/// Satoshis of 21 million bitcoins: more than will ever be.
pub const SATOSHIS_MAX: u64 = 2_100_000_000_000_000;
/// Coins of the asked scripts that are kept: more than any venue has.
pub const WANTED_MAX: usize = 10_000_000;

/// What a whole set of unspent outputs holds of the asked scripts. That a coin is not here means that it was spent,
/// or not yet made: nothing was left out, or the hash would differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FullSet {
    /// The block after which the set is taken.
    pub block: BlockHash,
    /// `hash_serialized_3` over all coins, recomputed.
    pub hash: Digest,
    /// How many coins the whole set has.
    pub count: u64,
    /// Coins of the asked scripts.
    pub coins: BTreeMap<OutPoint, SetCoin>,
}

/// One coin of the set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetCoin {
    /// Height of the block that made it.
    pub height: u32,
    /// Whether a coinbase made it.
    pub coinbase: bool,
    /// Satoshis.
    pub amount: Amount,
    /// Its script.
    pub script: ScriptBuf,
}

/// What a snapshot says of itself. None of it is covered by the hash of the coins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The network.
    pub network: Network,
    /// The block after which the set is taken.
    pub block: BlockHash,
    /// How many coins follow.
    pub count: u64,
}

/// What all coins of a snapshot are together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// What the snapshot says of itself; the number of coins was counted.
    pub head: Head,
    /// `hash_serialized_3` over all coins, in the order of digits that nodes print.
    pub hash: Digest,
    /// Transactions that made them.
    pub transactions: u64,
    /// Satoshis in all.
    pub total: Amount,
    /// Height of the youngest coin.
    pub height_max: u32,
    /// How many bytes were hashed.
    pub hashed: u64,
}

impl Head {
    /// Reads the first [`HEAD_LENGTH`] bytes of a file.
    ///
    /// # Errors
    /// [`SnapshotError`] for another kind of file, another version, a network that is not known, or too few bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let mut cursor = Cursor::new(bytes);
        let shown = |bytes: &[u8]| hex::encode(bytes.get(..MAGIC.len()).unwrap_or(bytes));
        match cursor.array() {
            Ok(MAGIC) => {}
            _ => return Err(SnapshotError::Magic { got: shown(bytes) }),
        }
        let cut = |_: Fault| SnapshotError::Cut { at: bytes.len() as u64, coins: 0, count: None };
        let version = cursor.array().map(u16::from_le_bytes).map_err(cut)?;
        if version != VERSION {
            return Err(SnapshotError::Version { got: version });
        }
        let magic: [u8; 4] = cursor.array().map_err(cut)?;
        let network = super::network::NETWORKS.into_iter().find(|network| network.magic().to_bytes() == magic);
        let network = network.ok_or_else(|| SnapshotError::NetworkUnknown { got: hex::encode(magic) })?;
        let block = cursor.array().map(BlockHash::from_byte_array).map_err(cut)?;
        let count = cursor.array().map(u64::from_le_bytes).map_err(cut)?;
        Ok(Self { network, block, count })
    }
}

/// Reads a snapshot once and keeps the coins of the `wanted` scripts. `progress` is told how many coins are read, and
/// how many there are. Whether the hash is the right one is for the caller to judge, and that the block is: the hash
/// does not cover it.
///
/// # Errors
/// [`SnapshotError`] when the file is not a whole snapshot of `network`.
pub fn read(
    reader: impl Read,
    network: Network,
    wanted: &BTreeSet<ScriptBuf>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<FullSet, SnapshotError> {
    let (summary, coins) = scan(reader, Some(network), &Wanted::new(wanted, WANTED_MAX), progress)?;
    Ok(FullSet { block: summary.head.block, hash: summary.hash, count: summary.head.count, coins })
}

/// Reads a snapshot of any network once and says what it holds in all.
///
/// # Errors
/// [`SnapshotError`] when the file is not a whole snapshot.
pub fn summarize(reader: impl Read, progress: &mut dyn FnMut(u64, u64)) -> Result<Summary, SnapshotError> {
    scan(reader, None, &Wanted::new(&BTreeSet::new(), 0), progress).map(|(summary, _)| summary)
}

type Coins = BTreeMap<OutPoint, SetCoin>;

fn scan(
    reader: impl Read,
    network: Option<Network>,
    wanted: &Wanted<'_>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(Summary, Coins), SnapshotError> {
    let mut input = Input::new(reader);
    let head = Head::parse(input.fill(HEAD_LENGTH)?)?;
    input.consume(HEAD_LENGTH);
    if let Some(expected) = network.filter(|expected| *expected != head.network) {
        return Err(SnapshotError::Network { got: head.network, expected });
    }
    with_hashing(|hashing| {
        let mut scan = Scan { input, hashing, wanted, head, state: State::default() };
        while scan.state.count < head.count {
            scan.transaction()?;
            if scan.hashing.pass_on() {
                progress(scan.state.count, head.count);
            }
        }
        if !scan.input.fill(1)?.is_empty() {
            return Err(SnapshotError::Trailing { at: scan.input.position(), count: head.count });
        }
        progress(head.count, head.count);
        Ok((scan.state, head))
    })
    .map(|((state, head), hash)| {
        let State { coins, transactions, total, height_max, hashed, .. } = state;
        let total = Amount::from_base_units(u128::from(total));
        (Summary { head, hash, transactions, total, height_max, hashed }, coins)
    })
}

/// What was read so far.
#[derive(Default)]
struct State {
    count: u64,
    transactions: u64,
    total: u64,
    height_max: u32,
    hashed: u64,
    last: Option<Txid>,
    coins: Coins,
    /// Outputs of one transaction with their places among the bytes to hash.
    places: Vec<(u32, usize)>,
}

struct Scan<'a, 'h, R> {
    input: Input<R>,
    hashing: &'a mut Hashing<'h>,
    wanted: &'a Wanted<'a>,
    head: Head,
    state: State,
}

impl<R: Read> Scan<'_, '_, R> {
    /// The coins of the next transaction.
    fn transaction(&mut self) -> Result<(), SnapshotError> {
        let begin = self.input.position();
        let left = self.head.count - self.state.count;
        let bytes = self.input.fill(COIN_LENGTH_MAX)?;
        let length = bytes.len();
        let mut cursor = Cursor::new(bytes);
        let head = cursor.array().and_then(|id| Ok((Txid::from_byte_array(id), cursor.compact_size()?)));
        let used = length - cursor.left();
        let (txid, outputs) = head.map_err(|fault| {
            SnapshotError::from_fault(fault, begin, None, (self.state.count, Some(self.head.count)))
        })?;
        self.input.consume(used);
        if let Some(last) = self.state.last.filter(|last| last.as_byte_array() >= txid.as_byte_array()) {
            return Err(SnapshotError::Order { at: begin, got: txid, last });
        }
        if outputs == 0 || outputs > left {
            return Err(SnapshotError::Count { at: begin, txid, got: outputs, left });
        }
        self.state.last = Some(txid);
        self.state.transactions += 1;
        self.state.places.clear();
        let start = self.hashing.len();
        let (mut last, mut sorted, mut size) = (None, true, 0_usize);
        for _ in 0..outputs {
            let place = self.hashing.len();
            let (vout, length) = self.coin(txid)?;
            size = size.saturating_add(length);
            if size > TRANSACTION_LENGTH_MAX {
                return Err(SnapshotError::Transaction { at: begin, txid });
            }
            sorted &= last < Some(vout);
            last = Some(vout);
            self.state.places.push((vout, place));
        }
        if !sorted {
            self.sort(txid, start)?;
        }
        Ok(())
    }

    /// Brings the coins of one transaction into the order of their numbers. In the file they have the order of the
    /// node's database, which is another one from number 16,512 on.
    fn sort(&mut self, txid: Txid, start: usize) -> Result<(), SnapshotError> {
        let bytes = self.hashing.bytes_from(start);
        let ends = self.state.places.iter().skip(1).map(|(_, place)| *place).chain([start + bytes.len()]);
        let mut pieces: Vec<(u32, &[u8])> = Vec::with_capacity(self.state.places.len());
        for ((vout, place), end) in self.state.places.iter().zip(ends) {
            pieces.push((*vout, bytes.get(place - start..end - start).unwrap_or_default()));
        }
        pieces.sort_unstable_by_key(|(vout, _)| *vout);
        let twice = pieces.windows(2).find_map(|pair| match pair {
            [(left, _), (right, _)] if left == right => Some(*left),
            _ => None,
        });
        if let Some(vout) = twice {
            return Err(SnapshotError::Duplicate { outpoint: OutPoint { txid, vout } });
        }
        let sorted = pieces.iter().flat_map(|(_, piece)| piece.iter().copied()).collect::<Vec<u8>>();
        self.hashing.replace_from(start, &sorted);
        Ok(())
    }

    /// One coin: its bytes go to be hashed. Returns its number and the length of the output in its transaction.
    fn coin(&mut self, txid: Txid) -> Result<(u32, usize), SnapshotError> {
        let (at, counts) = (self.input.position(), (self.state.count, Some(self.head.count)));
        let fault = |fault: Fault, vout| SnapshotError::from_fault(fault, at, Some((txid, vout)), counts);
        let bytes = self.input.fill(COIN_LENGTH_MAX)?;
        let length = bytes.len();
        let mut cursor = Cursor::new(bytes);
        let vout = match cursor.compact_size() {
            Ok(vout) => u32::try_from(vout).ok().filter(|vout| *vout < OUTPUTS_MAX).ok_or(Fault::Vout(vout)),
            Err(fault) => Err(fault),
        };
        let vout = vout.map_err(|found| fault(found, None))?;
        let coin = Coin::read(&mut cursor, self.hashing.buffer(), &txid, vout);
        let coin = coin.map_err(|found| fault(found, Some(vout)))?;
        let used = length - cursor.left();
        self.input.consume(used);
        self.state.count += 1;
        self.state.height_max = self.state.height_max.max(coin.height);
        self.state.total += coin.satoshis;
        self.state.hashed += (coin.output_length + OUTPOINT_LENGTH) as u64;
        let outpoint = OutPoint { txid, vout };
        if self.state.total > SATOSHIS_MAX {
            return Err(SnapshotError::Sum { outpoint, total: self.state.total });
        }
        let script = self.hashing.last_bytes(coin.script_length);
        if let Some(script) = self.wanted.find(script) {
            if self.state.coins.len() >= self.wanted.limit() {
                return Err(SnapshotError::Many { max: self.wanted.limit() });
            }
            let amount = Amount::from_base_units(u128::from(coin.satoshis));
            let kept = SetCoin { height: coin.height, coinbase: coin.coinbase, amount, script: script.clone() };
            if self.state.coins.insert(outpoint, kept).is_some() {
                return Err(SnapshotError::Duplicate { outpoint });
            }
        }
        Ok((vout, coin.output_length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Coded as _;

    #[test]
    fn coins_that_are_kept_are_limited() {
        let head = [&b"utxo\xff"[..], &[2, 0], &Network::Regtest.magic().to_bytes(), &[7; 32], &[3], &[0; 7]].concat();
        let bytes = [&head, &[9; 32][..], &[3, 0, 2, 1, 7, 0x51, 1, 2, 1, 7, 0x51, 2, 2, 1, 7, 0x52]].concat();
        let asked: BTreeSet<ScriptBuf> = [ScriptBuf::from_bytes(vec![0x51])].into();
        let scan = |limit| scan(bytes.as_slice(), None, &Wanted::new(&asked, limit), &mut |_, _| {});
        assert_eq!(scan(2).expect("two of three").1.len(), 2);
        let error = scan(1).expect_err("one too many");
        assert_eq!(
            (error.code().number, error.to_string().as_str()),
            (5194, "more than 1 coins are on the addresses asked about")
        );
    }
}
