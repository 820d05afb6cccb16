//! An embedded chain of the regtest kind: real blocks with real (easy) proof of work, made in process.
//!
//! The first block is that of regtest, so the chain has its identifier, and a node in regtest mode accepts every block
//! made here. Times come from the caller; nothing is drawn by chance.

mod window;

pub(super) use self::window::Spend;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use bitcoin::block::{Block, Header, Version};
use bitcoin::blockdata::constants::genesis_block;
use bitcoin::consensus::encode;
use bitcoin::hashes::Hash as _;
use bitcoin::opcodes::OP_0;
use bitcoin::opcodes::all::{OP_PUSHNUM_1, OP_RETURN};
use bitcoin::{
    CompactTarget, MerkleBlock, Network, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxMerkleNode, TxOut,
    Witness, absolute, script, transaction,
};

use crate::amount::{Amount, Decimals};
use crate::asset::ChainId;
use crate::bundle::{MemoryFiles, paths};
use crate::code::{Code, Coded, bitcoin as codes};
use crate::fetch::bitcoin::{Fetched, scan_params, without_witnesses};
use crate::reserve::bitcoin::control::sign::AddressKey;
use crate::reserve::bitcoin::header::median;
use crate::reserve::bitcoin::network::{identifier, readable, script as script_of};
use crate::reserve::transcript::{Call, Transcript};
use crate::snapshot::{BlockRef, Time};

const NETWORK: Network = Network::Regtest;
/// Half of all hashes meet it.
const BITS: u32 = 0x207f_ffff;
const MATURITY: u64 = 100;
/// Blocks between two halvings of the reward on regtest.
const HALVING: u64 = 150;
const FIRST_REWARD: u64 = 5_000_000_000;
/// What marks the commitment to witnesses in a coinbase (BIP-141).
const WITNESS_MARK: [u8; 4] = [0xaa, 0x21, 0xa9, 0xed];

/// Coins for an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The address, of regtest.
    pub address: String,
    /// Base units (satoshi).
    pub amount: Amount,
}

#[derive(Clone, Debug)]
struct Unspent {
    output: TxOut,
    height: u64,
    coinbase: bool,
}

/// The chain and its unspent outputs.
#[derive(Clone, Debug)]
pub struct BitcoinChain {
    id: ChainId,
    blocks: Vec<Block>,
    unspent: BTreeMap<OutPoint, Unspent>,
}

impl BitcoinChain {
    /// The chain with its first block only.
    ///
    /// # Errors
    /// [`LabError`], which the identifier of regtest does not cause.
    pub fn new() -> Result<Self, LabError> {
        let id = identifier(NETWORK).parse().map_err(|error| LabError(format!("{error}")))?;
        Ok(Self { id, blocks: vec![genesis_block(NETWORK)], unspent: BTreeMap::new() })
    }

    /// The identifier of the chain.
    #[must_use]
    pub fn id(&self) -> &ChainId {
        &self.id
    }

    /// The height of the last block.
    #[must_use]
    pub fn height(&self) -> u64 {
        self.blocks.len() as u64 - 1
    }

    /// A block of the chain.
    #[must_use]
    pub fn block(&self, height: u64) -> Option<BlockRef> {
        let block = self.blocks.get(usize::try_from(height).ok()?)?;
        Some(BlockRef { chain: self.id.clone(), height, hash: readable(block.block_hash()) })
    }

    /// The blocks in their wire form, for a node to check.
    pub fn raw_blocks(&self) -> impl Iterator<Item = Vec<u8>> {
        self.blocks.iter().map(encode::serialize)
    }

    /// Adds a block whose reward anybody may spend, and `payments`: each inner list is one transaction, paid from
    /// earlier rewards.
    ///
    /// # Errors
    /// [`LabError`] when the time is not after the median of the last eleven, an address is not of regtest, or the
    /// mature rewards are not enough.
    pub fn mine(&mut self, time: Time, payments: &[Vec<Payment>]) -> Result<BlockRef, LabError> {
        let mut pending = Vec::new();
        let mut unspent = self.unspent.clone();
        for list in payments {
            let paid = self.pay(list, &mut unspent)?;
            pending.push(paid);
        }
        self.append(time, anyone(), pending)
    }

    /// Adds `count` blocks without payments, `spacing` seconds apart, the first at `time`.
    ///
    /// # Errors
    /// [`LabError`].
    pub fn mine_empty(&mut self, time: Time, spacing: i64, count: u64) -> Result<(), LabError> {
        let mut seconds = time.unix();
        for _ in 0..count {
            self.mine(Time::from_unix(seconds), &[])?;
            seconds += spacing;
        }
        Ok(())
    }

    /// Adds a block whose reward goes to an address.
    ///
    /// # Errors
    /// [`LabError`].
    pub fn mine_to(&mut self, time: Time, address: &str) -> Result<BlockRef, LabError> {
        let script = script_of(NETWORK, address).map_err(|error| LabError(error.to_string()))?;
        self.append(time, script, Vec::new())
    }

    /// Adds a block in which the holder of `key` sends all coins of `from` to `to`.
    ///
    /// # Errors
    /// [`LabError`], also when there is no coin or the key is another's.
    pub fn sweep(&mut self, time: Time, key: &AddressKey, from: &str, to: &str) -> Result<BlockRef, LabError> {
        let fail = |detail: String| LabError(detail);
        let source = script_of(NETWORK, from).map_err(|error| fail(error.to_string()))?;
        let target = script_of(NETWORK, to).map_err(|error| fail(error.to_string()))?;
        let coins: Vec<(OutPoint, TxOut)> = self
            .spendable(&self.unspent)
            .filter(|(_, coin)| coin.output.script_pubkey == source)
            .map(|(outpoint, coin)| (*outpoint, coin.output.clone()))
            .collect();
        if coins.is_empty() {
            return Err(fail(format!("{from} has no coin that can be spent")));
        }
        let value = coins.iter().map(|(_, output)| output.value.to_sat()).sum();
        let spent: Vec<TxOut> = coins.iter().map(|(_, output)| output.clone()).collect();
        let mut swept = transfer(coins.iter().map(|(outpoint, _)| *outpoint), vec![output(value, target)]);
        let unsigned = swept.clone();
        for (index, input) in swept.input.iter_mut().enumerate() {
            input.witness = key.witness(&unsigned, index, &spent).map_err(|error| fail(error.to_string()))?;
        }
        self.append(time, anyone(), vec![swept])
    }

    /// Coins that the next block may spend.
    fn spendable<'a>(
        &self,
        unspent: &'a BTreeMap<OutPoint, Unspent>,
    ) -> impl Iterator<Item = (&'a OutPoint, &'a Unspent)> {
        let next = self.height() + 1;
        unspent.iter().filter(move |(_, coin)| !coin.coinbase || next - coin.height >= MATURITY)
    }

    /// One transaction for a list of payments, from coins that anybody may spend.
    fn pay(&self, list: &[Payment], unspent: &mut BTreeMap<OutPoint, Unspent>) -> Result<Transaction, LabError> {
        let mut outputs = Vec::with_capacity(list.len() + 1);
        let mut wanted = 0_u64;
        for payment in list {
            let script = script_of(NETWORK, &payment.address).map_err(|error| LabError(error.to_string()))?;
            let value = u64::try_from(payment.amount.base_units()).ok();
            let sum = value.and_then(|value| Some((value, wanted.checked_add(value)?)));
            let (value, sum) = sum.ok_or_else(|| LabError(format!("{} base units are too many", payment.amount)))?;
            wanted = sum;
            outputs.push(output(value, script));
        }
        let mut coins: Vec<(u64, OutPoint, u64)> = self
            .spendable(unspent)
            .filter(|(_, coin)| coin.output.script_pubkey == anyone())
            .map(|(outpoint, coin)| (coin.height, *outpoint, coin.output.value.to_sat()))
            .collect();
        coins.sort_unstable();
        let (mut inputs, mut sum) = (Vec::new(), 0_u64);
        for (_, outpoint, value) in coins {
            if sum >= wanted && !inputs.is_empty() {
                break;
            }
            sum += value;
            inputs.push(outpoint);
        }
        if sum < wanted || inputs.is_empty() {
            return Err(LabError(format!("mature rewards of {sum}, expected at least {wanted} base units")));
        }
        for outpoint in &inputs {
            unspent.remove(outpoint);
        }
        if sum > wanted {
            outputs.push(output(sum - wanted, anyone()));
        }
        Ok(transfer(inputs, outputs))
    }

    fn append(
        &mut self,
        time: Time,
        reward_to: ScriptBuf,
        transactions: Vec<Transaction>,
    ) -> Result<BlockRef, LabError> {
        let seconds = u32::try_from(time.unix()).map_err(|_| LabError(format!("{time} fits no block")))?;
        let last = self.blocks.iter().rev().take(11).map(|block| block.header.time);
        if median(last).is_some_and(|median| i64::from(seconds) <= median) {
            return Err(LabError(format!("{time} is not after the median of the last eleven blocks")));
        }
        let height = self.height() + 1;
        let previous = self.blocks.last().map(Block::block_hash).ok_or_else(|| LabError("no block".to_owned()))?;
        let mut txdata = vec![coinbase(height, reward_to)?];
        txdata.extend(transactions);
        let header = Header {
            version: Version::from_consensus(0x2000_0000),
            prev_blockhash: previous,
            merkle_root: TxMerkleNode::all_zeros(),
            time: seconds,
            bits: CompactTarget::from_consensus(BITS),
            nonce: 0,
        };
        let mut block = Block { header, txdata };
        commit_to_witnesses(&mut block);
        let root = block.compute_merkle_root().ok_or_else(|| LabError("no transactions".to_owned()))?;
        block.header.merkle_root = root;
        while !block.header.target().is_met_by(block.header.block_hash()) {
            block.header.nonce += 1;
        }
        self.apply(&block, height);
        let hash = readable(block.block_hash());
        self.blocks.push(block);
        Ok(BlockRef { chain: self.id.clone(), height, hash })
    }

    fn apply(&mut self, block: &Block, height: u64) {
        for made in &block.txdata {
            for input in &made.input {
                self.unspent.remove(&input.previous_output);
            }
            let txid = made.compute_txid();
            for (vout, output) in (0_u32..).zip(&made.output) {
                if output.script_pubkey.is_op_return() {
                    continue;
                }
                let coin = Unspent { output: output.clone(), height, coinbase: made.is_coinbase() };
                self.unspent.insert(OutPoint { txid, vout }, coin);
            }
        }
    }
}

fn anyone() -> ScriptBuf {
    script::Builder::new().push_opcode(OP_PUSHNUM_1).into_script()
}

fn output(value: u64, script_pubkey: ScriptBuf) -> TxOut {
    TxOut { value: bitcoin::Amount::from_sat(value), script_pubkey }
}

fn transfer(inputs: impl IntoIterator<Item = OutPoint>, output: Vec<TxOut>) -> Transaction {
    let input = inputs.into_iter().map(|previous_output| TxIn {
        previous_output,
        script_sig: ScriptBuf::new(),
        sequence: Sequence::MAX,
        witness: Witness::new(),
    });
    Transaction {
        version: transaction::Version::TWO,
        lock_time: absolute::LockTime::ZERO,
        input: input.collect(),
        output,
    }
}

/// The reward of a block; its script begins with the height (BIP-34).
fn coinbase(height: u64, reward_to: ScriptBuf) -> Result<Transaction, LabError> {
    let number = i64::try_from(height).map_err(|error| LabError(error.to_string()))?;
    let reward = FIRST_REWARD.checked_shr(u32::try_from(height / HALVING).unwrap_or(u32::MAX)).unwrap_or(0);
    let mut made = transfer([OutPoint::null()], vec![output(reward, reward_to)]);
    for input in &mut made.input {
        input.script_sig = script::Builder::new().push_int(number).push_opcode(OP_0).into_script();
        input.witness = Witness::from_slice(&[[0_u8; 32]]);
    }
    Ok(made)
}

/// Adds the output of BIP-141 to the coinbase.
fn commit_to_witnesses(block: &mut Block) {
    let Some(root) = block.witness_root() else { return };
    let commitment = Block::compute_witness_commitment(&root, &[0; 32]);
    let mut marked = [0_u8; 36];
    let (mark, digest) = marked.split_at_mut(WITNESS_MARK.len());
    mark.copy_from_slice(&WITNESS_MARK);
    digest.copy_from_slice(commitment.as_ref());
    if let Some(coinbase) = block.txdata.first_mut() {
        let script = script::Builder::new().push_opcode(OP_RETURN).push_slice(marked).into_script();
        coinbase.output.push(output(0, script));
    }
}

/// What to gather from the embedded chain.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// Addresses whose coins are asked for.
    pub addresses: &'a [&'a str],
    /// The first header.
    pub from_height: u64,
    /// The cut-off, to find its block.
    pub cutoff: Option<Time>,
    /// When it is asked.
    pub now: Time,
}

impl BitcoinChain {
    /// The evidence that `fetch` would gather from a node of this chain.
    ///
    /// # Errors
    /// [`LabError`] when an address is not of regtest.
    pub fn evidence(&self, question: &Question<'_>) -> Result<Fetched, LabError> {
        let mut scripts = BTreeSet::new();
        for address in question.addresses {
            scripts.insert(script_of(NETWORK, address).map_err(|error| LabError(error.to_string()))?);
        }
        let coins: Vec<(&OutPoint, &Unspent)> =
            self.unspent.iter().filter(|(_, coin)| scripts.contains(&coin.output.script_pubkey)).collect();
        let tip = self.block(self.height()).ok_or_else(|| LabError("no block".to_owned()))?;
        let call = Call {
            method: "scantxoutset".to_owned(),
            params: scan_params(scripts.iter().map(ScriptBuf::as_script)),
            result: self.scan_text(&tip, &coins)?,
        };
        let mut files = MemoryFiles::new();
        let from = coins.iter().map(|(_, coin)| coin.height).chain([question.from_height, tip.height]).min();
        let from = usize::try_from(from.unwrap_or(0)).unwrap_or(usize::MAX);
        let headers = self.blocks.iter().skip(from).flat_map(|block| encode::serialize(&block.header)).collect();
        files.insert(paths::HEADERS.to_owned(), headers);
        let heights: BTreeSet<u64> = coins.iter().map(|(_, coin)| coin.height).collect();
        for height in heights {
            let wanted: BTreeSet<_> =
                coins.iter().filter(|(_, coin)| coin.height == height).map(|(outpoint, _)| outpoint.txid).collect();
            let place = usize::try_from(height).unwrap_or(usize::MAX);
            let block = self.blocks.get(place).ok_or_else(|| LabError(format!("no block {height}")))?;
            let shown = |made: &Transaction| made.is_coinbase() || wanted.contains(&made.compute_txid());
            for made in block.txdata.iter().filter(|made| shown(made)) {
                files.insert(paths::transaction(&made.compute_txid().to_string()), without_witnesses(made));
            }
            let first = block.txdata.first().map(Transaction::compute_txid);
            let proof =
                MerkleBlock::from_block_with_predicate(block, |txid| wanted.contains(txid) || Some(*txid) == first);
            files.insert(paths::merkle_block(&block.block_hash().to_string()), encode::serialize(&proof));
        }
        let cutoff_block = question.cutoff.and_then(|cutoff| self.cutoff_block(cutoff));
        let transcript = Transcript::new(tip, "embedded chain".to_owned(), question.now, vec![call]);
        Ok(Fetched { files, transcript, cutoff_block })
    }

    /// The last block whose median time is at or before the cut-off, when a later one shows it.
    #[must_use]
    pub fn cutoff_block(&self, cutoff: Time) -> Option<BlockRef> {
        let median_at = |height: usize| {
            let span = self.blocks.get(height.saturating_sub(10)..=height)?;
            median(span.iter().map(|block| block.header.time))
        };
        let after =
            (0..self.blocks.len()).find(|height| median_at(*height).is_some_and(|time| time > cutoff.unix()))?;
        self.block(after.checked_sub(1)? as u64)
    }

    fn scan_text(&self, tip: &BlockRef, coins: &[(&OutPoint, &Unspent)]) -> Result<String, LabError> {
        let decimals = Decimals::new(8).ok_or_else(|| LabError("decimals".to_owned()))?;
        let decimal = |units: u64| Amount::from_base_units(units.into()).to_decimal(decimals);
        let mut text = format!(
            r#"{{"success":true,"txouts":{},"height":{},"bestblock":"{}","unspents":["#,
            self.unspent.len(),
            tip.height,
            tip.hash
        );
        for (place, (outpoint, coin)) in coins.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            let script = coin.output.script_pubkey.to_hex_string();
            let amount = decimal(coin.output.value.to_sat());
            let (txid, vout, height) = (outpoint.txid, outpoint.vout, coin.height);
            let block = self.block(height).ok_or_else(|| LabError(format!("no block {height}")))?.hash;
            let (coinbase, confirmations) = (coin.coinbase, tip.height - height + 1);
            // writing into a string cannot fail
            let _ = write!(
                text,
                r#"{comma}{{"txid":"{txid}","vout":{vout},"scriptPubKey":"{script}","desc":"raw({script})","amount":{amount},"coinbase":{coinbase},"height":{height},"blockhash":"{block}","confirmations":{confirmations}}}"#
            );
        }
        let total = decimal(coins.iter().map(|(_, coin)| coin.output.value.to_sat()).sum());
        let _ = write!(text, r#"],"total_amount":{total}}}"#);
        Ok(text)
    }
}

/// The embedded chain cannot make a block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LabError(String);

impl Coded for LabError {
    fn code(&self) -> &'static Code {
        &codes::LAB_CHAIN
    }
}
