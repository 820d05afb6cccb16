//! The replay of a list: coins of the start, then every event in the order of the chain, each held against its proof.

use std::collections::{BTreeMap, BTreeSet};

use bitcoin::{Address, Network, OutPoint, ScriptBuf, Transaction, TxOut};

use super::WindowError;
use super::file::WindowFile;
use super::proofs::Proofs;
use crate::amount::Amount;
use crate::basis::Basis;
use crate::code::window as codes;
use crate::reserve::bitcoin::activity::{Activity, ActivityKind};
use crate::reserve::bitcoin::balance::scan::Coin;
use crate::reserve::bitcoin::header::HeaderChain;
use crate::reserve::claim::Problem;
use crate::reserve::window::{Part, Party, Transfer};

/// Who pays a block reward.
const NEW_COINS: &str = "new coins";

/// A coin that is there.
#[derive(Clone, Debug)]
struct Live {
    script: ScriptBuf,
    amount: Amount,
    height: u64,
}

/// One run over a list.
pub(super) struct Replay<'a> {
    chain: &'a HeaderChain,
    scripts: &'a BTreeMap<ScriptBuf, &'a str>,
    network: Network,
    proofs: Proofs<'a>,
    live: BTreeMap<OutPoint, Live>,
    gone: BTreeSet<OutPoint>,
    opening: BTreeMap<OutPoint, Live>,
    /// What was proved of every coin of the start and every event: the weakest.
    pub(super) authenticity: Basis,
    /// What the events did, by transaction.
    pub(super) transfers: Vec<Transfer>,
    /// What lacks a proof.
    pub(super) problems: Vec<Problem>,
}

impl<'a> Replay<'a> {
    pub(super) fn new(
        chain: &'a HeaderChain,
        scripts: &'a BTreeMap<ScriptBuf, &'a str>,
        proofs: Proofs<'a>,
        network: Network,
    ) -> Self {
        Self {
            chain,
            scripts,
            network,
            proofs,
            live: BTreeMap::new(),
            gone: BTreeSet::new(),
            opening: BTreeMap::new(),
            authenticity: Basis::Proved,
            transfers: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// The coins of the start: made at or below it, as their transactions show.
    pub(super) fn open(&mut self, list: &WindowFile) -> Result<(), WindowError> {
        for opening in &list.opening {
            let (coin, height) = (opening.coin, opening.height);
            if height > list.from {
                return Err(WindowError::OpeningLate { coin, height, from: list.from });
            }
            self.asked(coin, &opening.script)?;
            let made = self.proofs.transaction(coin.txid)?;
            let block = self.chain.at_height(height);
            let place = match block {
                Some(block) => self.proofs.place(block, coin.txid)?,
                None => None,
            };
            if let Some(made) = &made {
                pays(coin, made, &opening.script, opening.amount)?;
            }
            let anchored = block.is_some_and(|block| self.chain.is_anchored(block));
            if made.is_none() || place.is_none() || !anchored {
                self.unproved(coin, format!("made at height {height}; transaction, Merkle block or anchor is missing"));
            }
            let live = Live { script: opening.script.clone(), amount: opening.amount, height };
            self.live.insert(coin, live);
        }
        self.opening = self.live.clone();
        Ok(())
    }

    /// All events, one transaction after the other.
    pub(super) fn run(&mut self, list: &WindowFile) -> Result<(), WindowError> {
        let made_at: BTreeMap<OutPoint, u64> = list
            .events
            .iter()
            .filter(|event| event.kind == ActivityKind::Receive)
            .map(|event| (event.coin, event.height))
            .collect();
        let same = |left: &Activity, right: &Activity| (left.height, left.place) == (right.height, right.place);
        for events in list.events.chunk_by(same) {
            self.transaction(events, &made_at)?;
        }
        Ok(())
    }

    /// What one transaction did.
    fn transaction(&mut self, events: &[Activity], made_at: &BTreeMap<OutPoint, u64>) -> Result<(), WindowError> {
        let Some(first) = events.first() else { return Ok(()) };
        self.place(first, events)?;
        let transaction = self.proofs.transaction(first.txid)?;
        let place = self.proofs.place(first.block, first.txid)?;
        if let Some(found) = place.filter(|found| *found != first.place) {
            let detail = format!("listed at place {} of its block, the Merkle block has it at {found}", first.place);
            return Err(WindowError::Contradicted { coin: first.coin, detail });
        }
        let mut proved = transaction.is_some() && place.is_some() && self.chain.is_anchored(first.block);
        if let Some(transaction) = &transaction {
            self.nothing_left_out(transaction, events)?;
        }
        let inputs = transaction.as_ref().map(|transaction| {
            transaction.input.iter().map(|input| input.previous_output).collect::<BTreeSet<OutPoint>>()
        });
        let others = self.others(transaction.as_deref(), events)?;
        let (mut spent, mut received) = (Vec::new(), Vec::new());
        for event in events {
            let address = self.asked(event.coin, &event.script)?;
            let part = Part { address: address.to_owned(), id: event.coin.to_string(), amount: event.amount };
            match event.kind {
                ActivityKind::Spend => {
                    self.spend(event, made_at)?;
                    proved &= self.spent_coin(event, inputs.as_ref())?;
                    spent.push(part);
                }
                ActivityKind::Receive => {
                    self.receive(event, transaction.as_deref())?;
                    received.push(part);
                }
            }
        }
        if !proved {
            let detail = format!(
                "{} at height {}: a transaction, its Merkle block or its anchor is missing",
                first.txid, first.height
            );
            self.unproved(first.coin, detail);
        }
        let authenticity = if proved { Basis::Proved } else { Basis::Stated };
        let (from, to) = others;
        if spent.is_empty() {
            self.note_unnamed(first, &from);
        }
        let (height, place, txid) = (first.height, first.place, first.txid.to_string());
        self.transfers.push(Transfer { height, place, txid, spent, received, from, to, authenticity });
        Ok(())
    }

    /// One place of a block holds one transaction, and the block is the one of its height.
    fn place(&self, first: &Activity, events: &[Activity]) -> Result<(), WindowError> {
        let at_height = self.chain.at_height(first.height);
        for event in events {
            let coin = event.coin;
            if event.txid != first.txid {
                let detail = format!("{} and {} stand at one place of one block", event.txid, first.txid);
                return Err(WindowError::Contradicted { coin, detail });
            }
            if at_height != Some(event.block) {
                let found = at_height.map_or_else(|| "none".to_owned(), |block| block.to_string());
                let detail =
                    format!("listed in block {}, the headers have {found} at height {}", event.block, event.height);
                return Err(WindowError::Contradicted { coin, detail });
            }
        }
        Ok(())
    }

    fn spend(&mut self, event: &Activity, made_at: &BTreeMap<OutPoint, u64>) -> Result<(), WindowError> {
        let (coin, height) = (event.coin, event.height);
        let Some(live) = self.live.remove(&coin) else {
            return Err(match made_at.get(&coin) {
                _ if self.gone.contains(&coin) => WindowError::SpentTwice { coin, height },
                Some(made) => WindowError::SpentBeforeMade { coin, height, made: *made },
                None => WindowError::UnknownCoin { coin, height },
            });
        };
        if (&live.script, live.amount) != (&event.script, event.amount) {
            let detail = format!(
                "spent as {} of {}, it was made as {} of {}",
                event.amount,
                event.script.to_hex_string(),
                live.amount,
                live.script.to_hex_string()
            );
            return Err(WindowError::Contradicted { coin, detail });
        }
        self.gone.insert(coin);
        Ok(())
    }

    /// Whether the spend is shown: by the input, and by the transaction that made the coin.
    fn spent_coin(&self, event: &Activity, inputs: Option<&BTreeSet<OutPoint>>) -> Result<bool, WindowError> {
        let coin = event.coin;
        let Some(inputs) = inputs else { return Ok(false) };
        if !inputs.contains(&coin) {
            let detail = format!("listed as spent by {}, which does not spend it", event.txid);
            return Err(WindowError::Contradicted { coin, detail });
        }
        match self.proofs.transaction(coin.txid)? {
            Some(made) => pays(coin, &made, &event.script, event.amount).map(|()| true),
            None => Ok(false),
        }
    }

    fn receive(&mut self, event: &Activity, transaction: Option<&Transaction>) -> Result<(), WindowError> {
        let (coin, height) = (event.coin, event.height);
        if coin.txid != event.txid {
            let detail = format!("listed as made by {}", event.txid);
            return Err(WindowError::Contradicted { coin, detail });
        }
        if let Some(transaction) = transaction {
            pays(coin, transaction, &event.script, event.amount)?;
        }
        let live = Live { script: event.script.clone(), amount: event.amount, height };
        if self.gone.contains(&coin) || self.live.insert(coin, live).is_some() {
            return Err(WindowError::CoinTwice { coin, height });
        }
        Ok(())
    }

    /// A transaction in evidence does nothing to the asked scripts that the list does not say.
    fn nothing_left_out(&self, transaction: &Transaction, events: &[Activity]) -> Result<(), WindowError> {
        let listed: BTreeSet<_> = events.iter().map(|event| (event.coin, event.kind)).collect();
        let Some(first) = events.first() else { return Ok(()) };
        let left_out = |detail| Err(WindowError::LeftOut { txid: first.txid, height: first.height, detail });
        for (vout, output) in (0..).zip(&transaction.output) {
            let coin = OutPoint { txid: first.txid, vout };
            let address = self.scripts.get(&output.script_pubkey);
            if let Some(address) = address.filter(|_| !listed.contains(&(coin, ActivityKind::Receive))) {
                return left_out(format!("pays {} to {address}", output.value.to_sat()));
            }
        }
        for input in &transaction.input {
            let coin = input.previous_output;
            if self.live.contains_key(&coin) && !listed.contains(&(coin, ActivityKind::Spend)) {
                return left_out(format!("spends {coin}"));
            }
        }
        Ok(())
    }

    /// Who else paid in, and who else was paid.
    fn others(
        &self,
        transaction: Option<&Transaction>,
        events: &[Activity],
    ) -> Result<(Vec<Party>, Vec<Party>), WindowError> {
        let Some(transaction) = transaction else { return Ok((Vec::new(), Vec::new())) };
        let listed: BTreeSet<OutPoint> = events.iter().map(|event| event.coin).collect();
        let mut from = Vec::new();
        for input in &transaction.input {
            let coin = input.previous_output;
            if coin.is_null() {
                from.push(Party { name: NEW_COINS.to_owned(), amount: None });
            } else if !listed.contains(&coin) {
                let made = self.proofs.transaction(coin.txid)?;
                let output = made.as_deref().and_then(|made| output_of(made, coin));
                from.push(match output {
                    Some(output) => self.party(output),
                    None => Party { name: format!("coin {coin}"), amount: None },
                });
            }
        }
        let other =
            |output: &&TxOut| !self.scripts.contains_key(&output.script_pubkey) && !output.script_pubkey.is_op_return();
        let to = transaction.output.iter().filter(other).map(|output| self.party(output)).collect();
        Ok((from, to))
    }

    /// Coins that came from somebody whom the bundle does not show: whether they went back there nobody can see.
    fn note_unnamed(&mut self, first: &Activity, from: &[Party]) {
        let unnamed = from.iter().filter(|party| party.amount.is_none() && party.name != NEW_COINS).count();
        if unnamed > 0 {
            let (txid, height, inputs) = (first.txid, first.height, from.len());
            let detail = format!(
                "{txid} at height {height}: of {inputs} inputs, {unnamed} spend coins whose transactions are missing; \
                 who sent them is not shown, nor whether they went back"
            );
            self.problems.push(Problem { code: &codes::WINDOW_PROOF_MISSING, subject: first.coin.to_string(), detail });
        }
    }

    fn party(&self, output: &TxOut) -> Party {
        let script = &output.script_pubkey;
        let name = Address::from_script(script, self.network)
            .map_or_else(|_| script.to_hex_string(), |address| address.to_string());
        Party { name, amount: Some(Amount::from_base_units(output.value.to_sat().into())) }
    }

    fn asked(&self, coin: OutPoint, script: &ScriptBuf) -> Result<&'a str, WindowError> {
        let unasked = || WindowError::Unasked { coin, script: script.to_hex_string() };
        self.scripts.get(script).copied().ok_or_else(unasked)
    }

    fn unproved(&mut self, coin: OutPoint, detail: String) {
        self.authenticity = self.authenticity.min(Basis::Stated);
        self.problems.push(Problem { code: &codes::WINDOW_PROOF_MISSING, subject: coin.to_string(), detail });
    }

    /// What is left at the end must be what the node lists there, coin by coin.
    pub(super) fn compare_end(&self, scanned: &BTreeMap<OutPoint, Coin>) -> Result<(), WindowError> {
        let differs = |coin: &OutPoint, detail: String| Err(WindowError::ScanDiffers { coin: *coin, detail });
        for (coin, live) in &self.live {
            let Some(scan) = scanned.get(coin) else {
                return differs(
                    coin,
                    format!("left at the end of the list, made at height {}; the node does not have it", live.height),
                );
            };
            if (&scan.script, scan.amount, scan.height) != (&live.script, live.amount, live.height) {
                let detail = format!(
                    "left as {} made at height {}, the node has {} made at height {}",
                    live.amount, live.height, scan.amount, scan.height
                );
                return differs(coin, detail);
            }
        }
        match scanned.keys().find(|coin| !self.live.contains_key(coin)) {
            Some(coin) => differs(coin, "the node has it at the end, the list does not".to_owned()),
            None => Ok(()),
        }
    }

    /// The coins of the start as parts of their addresses.
    pub(super) fn opening(&self) -> Vec<Part> {
        let part = |(coin, live): (&OutPoint, &Live)| Part {
            address: self.scripts.get(&live.script).copied().unwrap_or_default().to_owned(),
            id: coin.to_string(),
            amount: live.amount,
        };
        self.opening.iter().map(part).collect()
    }

    /// Whether every coin of the start was spent later, which shows that it was there.
    pub(super) fn opening_all_spent(&self) -> bool {
        self.opening.keys().all(|coin| self.gone.contains(coin))
    }
}

fn output_of(transaction: &Transaction, coin: OutPoint) -> Option<&TxOut> {
    transaction.output.get(usize::try_from(coin.vout).ok()?)
}

/// The transaction that makes a coin gives it this script and amount.
fn pays(coin: OutPoint, made: &Transaction, script: &ScriptBuf, amount: Amount) -> Result<(), WindowError> {
    let contradicted = |detail| Err(WindowError::Contradicted { coin, detail });
    let Some(output) = output_of(made, coin) else {
        return contradicted(format!(
            "the transaction has {} outputs, expected output {}",
            made.output.len(),
            coin.vout
        ));
    };
    let value = u128::from(output.value.to_sat());
    if output.script_pubkey != *script || value != amount.base_units() {
        let (made_to, listed_to) = (output.script_pubkey.to_hex_string(), script.to_hex_string());
        return contradicted(format!("the output is {value} to {made_to}, listed as {amount} to {listed_to}"));
    }
    Ok(())
}
