//! The window that `fetch` would gather from a node of the embedded chain.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use bitcoin::consensus::encode;
use bitcoin::{MerkleBlock, OutPoint, Transaction, TxOut, Txid};

use super::{BitcoinChain, LabError, NETWORK, Payment, Question, output, script_of, transfer};
use crate::amount::{Amount, Decimals};
use crate::bundle::paths;
use crate::fetch::bitcoin::{Fetched, without_witnesses};
use crate::reserve::bitcoin::activity::{Activity, ActivityKind};
use crate::reserve::bitcoin::control::sign::AddressKey;
use crate::reserve::bitcoin::network::readable;
use crate::reserve::bitcoin::window::answers::{ACTIVITY, SCAN_BLOCKS};
use crate::reserve::bitcoin::window::file::{OpeningCoin, WindowFile, order};
use crate::reserve::transcript::Call;
use crate::snapshot::{BlockRef, Time};

/// An output with the height of its block.
type Made<'a> = (u64, &'a TxOut);

/// Payments from all coins of an address; what is left goes back there.
pub(in crate::lab) struct Spend<'a> {
    /// The key of the address.
    pub(in crate::lab) key: &'a AddressKey,
    /// The address.
    pub(in crate::lab) from: &'a str,
    /// Who gets how much.
    pub(in crate::lab) payments: &'a [Payment],
}

impl BitcoinChain {
    /// Adds a block in which the holder of `key` pays from the coins of `from`; what is left goes back there.
    ///
    /// # Errors
    /// [`LabError`], also when the coins are not enough or the key is another's.
    pub fn pay_from(
        &mut self,
        time: Time,
        key: &AddressKey,
        from: &str,
        payments: &[Payment],
    ) -> Result<BlockRef, LabError> {
        self.pay_all(time, &[Spend { key, from, payments }])
    }

    /// Adds a block with one transaction for each of `spends`, of different addresses.
    ///
    /// # Errors
    /// [`LabError`], as for one.
    pub(in crate::lab) fn pay_all(&mut self, time: Time, spends: &[Spend<'_>]) -> Result<BlockRef, LabError> {
        let paid = spends.iter().map(|spend| self.spend(spend)).collect::<Result<_, _>>()?;
        self.append(time, super::anyone(), paid)
    }

    fn spend(&self, Spend { key, from, payments }: &Spend<'_>) -> Result<Transaction, LabError> {
        let fail = |detail: String| LabError(detail);
        let source = script_of(NETWORK, from).map_err(|error| fail(error.to_string()))?;
        let mut outputs = Vec::with_capacity(payments.len() + 1);
        let mut left: u64 = 0;
        let coins: Vec<(OutPoint, TxOut)> = self
            .spendable(&self.unspent)
            .filter(|(_, coin)| coin.output.script_pubkey == source)
            .map(|(outpoint, coin)| (*outpoint, coin.output.clone()))
            .collect();
        for (_, coin) in &coins {
            left += coin.value.to_sat();
        }
        for payment in *payments {
            let script = script_of(NETWORK, &payment.address).map_err(|error| fail(error.to_string()))?;
            let value = u64::try_from(payment.amount.base_units()).ok().filter(|value| *value <= left);
            let value = value.ok_or_else(|| fail(format!("{from} has {left} left, expected {}", payment.amount)))?;
            left -= value;
            outputs.push(output(value, script));
        }
        if left > 0 {
            outputs.push(output(left, source));
        }
        let spent: Vec<TxOut> = coins.iter().map(|(_, output)| output.clone()).collect();
        let mut paid = transfer(coins.iter().map(|(outpoint, _)| *outpoint), outputs);
        let unsigned = paid.clone();
        for (index, input) in paid.input.iter_mut().enumerate() {
            input.witness = key.witness(&unsigned, index, &spent).map_err(|error| fail(error.to_string()))?;
        }
        Ok(paid)
    }

    /// Everything that happened to some addresses in the blocks above `from`, from whole blocks.
    ///
    /// # Errors
    /// [`LabError`] when an address is not of regtest.
    pub fn activity(&self, addresses: &[&str], from: u64) -> Result<Vec<Activity>, LabError> {
        let scripts = scripts(addresses)?;
        let made = self.outputs();
        let mut events = Vec::new();
        for (height, block) in (0..).zip(&self.blocks).filter(|(height, _)| *height > from) {
            for (place, transaction) in (0..).zip(&block.txdata) {
                let txid = transaction.compute_txid();
                let mut note = |coin: OutPoint, kind, output: &TxOut| {
                    if scripts.contains(&output.script_pubkey) {
                        let (script, block) = (output.script_pubkey.clone(), block.block_hash());
                        let amount = Amount::from_base_units(output.value.to_sat().into());
                        events.push(Activity { height, place, coin, kind, block, txid, script, amount });
                    }
                };
                for input in &transaction.input {
                    if let Some((_, output)) = made.get(&input.previous_output) {
                        note(input.previous_output, ActivityKind::Spend, output);
                    }
                }
                for (vout, output) in (0..).zip(&transaction.output) {
                    note(OutPoint { txid, vout }, ActivityKind::Receive, output);
                }
            }
        }
        events.sort_by_key(order);
        Ok(events)
    }

    /// The evidence with a window, as a node with an index of block filters answers.
    ///
    /// # Errors
    /// [`LabError`] when an address is not of regtest, or the chain does not have these heights.
    pub fn window(&self, question: &Question<'_>, (from, to): (u64, u64)) -> Result<Fetched, LabError> {
        let made = self.outputs();
        let tip = self.block(self.height()).ok_or_else(|| LabError("no block".to_owned()))?;
        let list = self.list(question.addresses, (from, to), &made)?;
        let mut wanted: BTreeMap<u64, BTreeSet<Txid>> = BTreeMap::new();
        let mut bare = BTreeSet::new();
        for coin in &list.opening {
            wanted.entry(coin.height).or_default().insert(coin.coin.txid);
        }
        for event in &list.events {
            wanted.entry(event.height).or_default().insert(event.txid);
            let transaction = self.transaction(event.height, event.txid);
            let inputs = transaction.into_iter().flat_map(|transaction| &transaction.input);
            bare.extend(inputs.map(|input| input.previous_output).filter(|coin| !coin.is_null()));
        }
        let first = wanted.keys().next().copied().unwrap_or(from).min(from.saturating_sub(12));
        let lower = Question { from_height: first.min(question.from_height), ..question.clone() };
        let mut fetched = self.evidence(&lower)?;
        for (height, txids) in &wanted {
            self.prove(*height, txids, &mut fetched)?;
        }
        for coin in bare {
            let Some((height, _)) = made.get(&coin) else { continue };
            if let Some(transaction) = self.transaction(*height, coin.txid) {
                let path = paths::transaction(&coin.txid.to_string());
                fetched.files.insert(path, without_witnesses(transaction));
            }
        }
        let bytes = list.to_bytes().map_err(|error| LabError(error.to_string()))?;
        fetched.files.insert(paths::WINDOW.to_owned(), bytes);
        let asked = scan_list(&fetched.transcript.calls)?;
        fetched.transcript.calls.extend(self.answers(&list, &asked, (from + 1, tip.height))?);
        Ok(fetched)
    }

    fn list(
        &self,
        addresses: &[&str],
        (from, to): (u64, u64),
        made: &BTreeMap<OutPoint, Made<'_>>,
    ) -> Result<WindowFile, LabError> {
        let tip = self.block(self.height()).ok_or_else(|| LabError("no block".to_owned()))?;
        let (mut opening, mut live) = (Vec::new(), BTreeSet::new());
        // the coinbase of the first block cannot be spent and is in no node's set
        for event in self.activity(addresses, 0)?.into_iter().filter(|event| event.height <= from) {
            match event.kind {
                ActivityKind::Receive => live.insert(event.coin),
                ActivityKind::Spend => live.remove(&event.coin),
            };
        }
        for coin in live {
            if let Some((height, output)) = made.get(&coin) {
                let (script, value) = (output.script_pubkey.clone(), output.value.to_sat());
                opening.push(OpeningCoin {
                    coin,
                    height: *height,
                    script,
                    amount: Amount::from_base_units(value.into()),
                });
            }
        }
        Ok(WindowFile { from, to, tip, opening, events: self.activity(addresses, from)? })
    }

    /// Every output of the chain.
    fn outputs(&self) -> BTreeMap<OutPoint, Made<'_>> {
        let mut made = BTreeMap::new();
        for (height, block) in (0..).zip(&self.blocks) {
            for transaction in &block.txdata {
                let txid = transaction.compute_txid();
                let outputs = (0..).zip(&transaction.output);
                made.extend(outputs.map(|(vout, output)| (OutPoint { txid, vout }, (height, output))));
            }
        }
        made
    }

    fn transaction(&self, height: u64, txid: Txid) -> Option<&Transaction> {
        let block = self.blocks.get(usize::try_from(height).ok()?)?;
        block.txdata.iter().find(|transaction| transaction.compute_txid() == txid)
    }

    /// The Merkle block of a block, which shows these transactions beside those that are shown already.
    fn prove(&self, height: u64, txids: &BTreeSet<Txid>, fetched: &mut Fetched) -> Result<(), LabError> {
        let block = usize::try_from(height).ok().and_then(|place| self.blocks.get(place));
        let block = block.ok_or_else(|| LabError(format!("no block {height}")))?;
        let mut shown = txids.clone();
        for transaction in &block.txdata {
            let txid = transaction.compute_txid();
            let path = paths::transaction(&txid.to_string());
            if transaction.is_coinbase() || shown.contains(&txid) || fetched.files.contains_key(&path) {
                fetched.files.insert(path, without_witnesses(transaction));
                shown.insert(txid);
            }
        }
        let proof = MerkleBlock::from_block_with_predicate(block, |txid| shown.contains(txid));
        fetched.files.insert(paths::merkle_block(&block.block_hash().to_string()), encode::serialize(&proof));
        Ok(())
    }

    /// What the node says of the events.
    fn answers(&self, list: &WindowFile, asked: &str, (first, last): (u64, u64)) -> Result<Vec<Call>, LabError> {
        let blocks: BTreeMap<u64, String> =
            list.events.iter().map(|event| (event.height, format!("\"{}\"", event.block))).collect();
        let blocks: Vec<String> = blocks.into_values().collect();
        let decimals = Decimals::new(8).ok_or_else(|| LabError("decimals".to_owned()))?;
        let mut text = String::new();
        for event in &list.events {
            let comma = if text.is_empty() { "" } else { "," };
            let (amount, script) = (event.amount.to_decimal(decimals), event.script.to_hex_string());
            let (block, height, txid, made, vout) =
                (readable(event.block), event.height, event.txid, event.coin.txid, event.coin.vout);
            // writing into a string cannot fail
            let _ = match event.kind {
                ActivityKind::Spend => write!(
                    text,
                    r#"{comma}{{"type":"spend","amount":{amount},"blockhash":"{block}","height":{height},"spend_txid":"{txid}","spend_vin":0,"prevout_txid":"{made}","prevout_vout":{vout},"prevout_spk":{{"hex":"{script}"}}}}"#
                ),
                ActivityKind::Receive => write!(
                    text,
                    r#"{comma}{{"type":"receive","amount":{amount},"blockhash":"{block}","height":{height},"txid":"{txid}","vout":{vout},"output_spk":{{"hex":"{script}"}}}}"#
                ),
            };
        }
        let call = |method: &str, params, result| Call { method: method.to_owned(), params, result };
        let blocks = blocks.join(",");
        Ok(vec![
            call(
                SCAN_BLOCKS,
                format!(r#"["start",{asked},{first},{last},"basic",{{"filter_false_positives":true}}]"#),
                format!(
                    r#"{{"from_height":{first},"to_height":{last},"relevant_blocks":[{blocks}],"completed":true}}"#
                ),
            ),
            call(ACTIVITY, format!("[[{blocks}],{asked},false]"), format!(r#"{{"activity":[{text}]}}"#)),
        ])
    }
}

/// The descriptors of the scan.
fn scan_list(calls: &[Call]) -> Result<String, LabError> {
    let params = calls.first().map(|call| call.params.as_str()).unwrap_or_default();
    let inner = params.strip_prefix(r#"["start","#).and_then(|rest| rest.strip_suffix(']'));
    inner.map(str::to_owned).ok_or_else(|| LabError("no scan".to_owned()))
}

fn scripts(addresses: &[&str]) -> Result<BTreeSet<bitcoin::ScriptBuf>, LabError> {
    let script = |address: &&str| script_of(NETWORK, address).map_err(|error| LabError(error.to_string()));
    addresses.iter().map(script).collect()
}
