//! Counting: every coin that a node listed, against what is known of it, and those that are known without it.

use std::collections::BTreeSet;

use bitcoin::{OutPoint, ScriptBuf, Txid};

use super::history::{History, Known};
use super::proofs::{Made, Proofs, made};
use super::scan::Coin;
use super::{BitcoinError, Check, Listed, Scripts};
use crate::asset::DeploymentId;
use crate::basis::{Basis, Completeness};
use crate::code::{Code, Coded, bitcoin as codes, bitcoin_chain as chain_codes};
use crate::reserve::bitcoin::network::readable;
use crate::reserve::claim::{Holding, Problem};

/// Confirmations that a block reward needs before it can be spent.
const COINBASE_MATURITY: u64 = 100;

/// A code and what was got and expected.
type Contradiction = (&'static Code, String);

impl Check<'_> {
    /// The holdings, and how many of them only a later spend shows.
    pub(super) fn count(
        &mut self,
        deployment: &DeploymentId,
        scripts: &Scripts<'_>,
        listed: Option<&Listed>,
        proofs: &Proofs,
        history: &History<'_>,
    ) -> Result<(Vec<Holding>, u64), BitcoinError> {
        let mut holdings = match listed {
            Some(listed) => self.listed(deployment, scripts, listed, proofs, history)?,
            None => Vec::new(),
        };
        let cutoff = self.query.cutoff_block.height;
        let of_listed: BTreeSet<Txid> =
            listed.iter().flat_map(|listed| listed.scan.coins.keys()).map(|outpoint| outpoint.txid).collect();
        // those of listed coins were told with the coin
        for (txid, error) in history.broken.iter().filter(|(txid, _)| !of_listed.contains(*txid)) {
            self.problems.push(Problem::from_error(txid.to_string(), error));
        }
        let mut by_later_spend = 0;
        for (outpoint, Known { coin, completeness }) in &history.coins {
            let own = scripts.get(&coin.script).filter(|_| *completeness > Completeness::Existed);
            let is_listed = listed.is_some_and(|listed| listed.scan.coins.contains_key(outpoint));
            let Some(address) = own.filter(|_| !is_listed && coin.height <= cutoff) else { continue };
            let immature = immature(*outpoint, coin.coinbase, coin.height, cutoff);
            if let Some(problem) = history.refuted(*outpoint, cutoff).or(immature) {
                self.problems.push(problem);
                continue;
            }
            by_later_spend += u64::from(*completeness == Completeness::UnspentUntilSpend);
            holdings.push(Holding {
                deployment: deployment.clone(),
                address: (*address).to_owned(),
                id: outpoint.to_string(),
                amount: coin.amount,
                made_at: Some(coin.height),
                authenticity: Basis::Proved,
                completeness: *completeness,
            });
        }
        Ok((holdings, by_later_spend))
    }

    fn listed(
        &mut self,
        deployment: &DeploymentId,
        scripts: &Scripts<'_>,
        listed: &Listed,
        proofs: &Proofs,
        history: &History<'_>,
    ) -> Result<Vec<Holding>, BitcoinError> {
        let scan = &listed.scan;
        self.note_not_asked(scripts, listed);
        let mut holdings = Vec::new();
        let mut last: Option<(Txid, Made)> = None;
        for (outpoint, coin) in &scan.coins {
            match scan.repeated.get(outpoint) {
                Some(false) => {
                    let detail = "listed more than once, with different contents; it counts nothing".to_owned();
                    self.problem(&codes::COIN_CONTRADICTED, outpoint, detail);
                    continue;
                }
                Some(true) => {
                    self.problem(&codes::COIN_TWICE, outpoint, "listed more than once; counted once".to_owned());
                }
                None => {}
            }
            let Some(address) = scripts.get(&coin.script) else {
                let detail = format!("its script {} is that of no address asked about", coin.script.to_hex_string());
                self.problem(&codes::COIN_UNASKED, outpoint, detail);
                continue;
            };
            // coins come in the order of their ids: a transaction of many coins is read once
            let file = match last.take().filter(|(txid, _)| *txid == outpoint.txid) {
                Some((_, file)) => file,
                None => made(self.files, self.query.chain, outpoint.txid)?,
            };
            let judged = self.judge(coin, listed.tip, proofs, &file);
            last = Some((outpoint.txid, file));
            match judged.and_then(|authenticity| self.against(coin, listed, history, authenticity)) {
                Ok(Some((authenticity, completeness))) => holdings.push(Holding {
                    deployment: deployment.clone(),
                    address: (*address).to_owned(),
                    id: outpoint.to_string(),
                    amount: coin.amount,
                    made_at: Some(coin.height),
                    authenticity,
                    completeness,
                }),
                Ok(None) => {}
                Err(problem) => self.problems.push(problem),
            }
        }
        Ok(holdings)
    }

    fn note_not_asked(&mut self, scripts: &Scripts<'_>, listed: &Listed) {
        let with_coins: BTreeSet<&ScriptBuf> = listed.scan.coins.values().map(|coin| &coin.script).collect();
        for (script, address) in scripts {
            if !with_coins.contains(script) && !listed.scan.asked.contains(script) {
                let detail = "no question of the transcript names its script, as `raw(…)`".to_owned();
                self.problem(&codes::SCAN_NOT_ASKED, address, detail);
            }
        }
    }

    /// What the existence of a coin rests on; `None` when it was made after the cut-off.
    fn judge(&self, coin: &Coin, tip: u64, proofs: &Proofs, made: &Made) -> Result<Option<Basis>, Problem> {
        let problem = |code, detail: String| Problem { code, subject: coin.outpoint.to_string(), detail };
        if coin.height > tip {
            let detail = format!("made at height {}, above the node's tip {tip}", coin.height);
            return Err(problem(&codes::COIN_CONTRADICTED, detail));
        }
        let authenticity = self.authenticate(coin, proofs, made).map_err(|(code, detail)| problem(code, detail))?;
        let cutoff = self.query.cutoff_block.height;
        if coin.height > cutoff {
            return Ok(None);
        }
        match immature(coin.outpoint, coin.coinbase, coin.height, cutoff) {
            Some(problem) => Err(problem),
            None => Ok(Some(authenticity)),
        }
    }

    /// A listed coin against what is known without the node: its word stands only where nothing contradicts it.
    fn against(
        &mut self,
        coin: &Coin,
        listed: &Listed,
        history: &History<'_>,
        authenticity: Option<Basis>,
    ) -> Result<Option<(Basis, Completeness)>, Problem> {
        let Some(mut authenticity) = authenticity else { return Ok(None) };
        let cutoff = self.query.cutoff_block.height;
        let outpoint = coin.outpoint;
        let problem = |code, detail: String| Problem { code, subject: outpoint.to_string(), detail };
        if let Some(problem) = history.refuted(outpoint, cutoff) {
            return Err(problem);
        }
        if let Some((code, detail)) = history.absent(outpoint, coin.height, listed.tip) {
            return Err(problem(code, detail));
        }
        let mut completeness = listed.completeness;
        if let Some(spend) = history.spends.get(&outpoint).filter(|spend| spend.anchored) {
            completeness = completeness.max(Completeness::UnspentUntilSpend);
            if spend.height <= listed.tip {
                let (height, txid, tip) = (spend.height, spend.txid, listed.tip);
                let detail = format!("spent at height {height} by {txid}, the node listed it at height {tip}");
                self.problem(&chain_codes::SCAN_LISTS_SPENT, outpoint, detail);
            }
        }
        if let Some(known) = history.coins.get(&outpoint) {
            let same = known.coin.script == coin.script
                && known.coin.amount == coin.amount
                && known.coin.height == coin.height
                && known.coin.coinbase == coin.coinbase;
            if !same {
                let (height, amount) = (known.coin.height, known.coin.amount);
                let detail = format!(
                    "made at height {height} with {amount}, the node said height {} and {}",
                    coin.height, coin.amount
                );
                return Err(problem(&codes::COIN_CONTRADICTED, detail));
            }
            authenticity = Basis::Proved;
            completeness = completeness.max(known.completeness);
        }
        Ok(Some((authenticity, completeness)))
    }

    /// Whether a coin was really made: proved, stated for lack of evidence, or contradicted.
    fn authenticate(&self, coin: &Coin, proofs: &Proofs, made: &Made) -> Result<Basis, Contradiction> {
        let contradicted = |detail: String| Err((&codes::COIN_CONTRADICTED, detail));
        let at_height = self.chain.at_height(coin.height);
        if let (Some(said), Some(found)) = (coin.block, at_height)
            && said != readable(found)
        {
            let height = coin.height;
            return contradicted(format!(
                "said to be made in block {said}, the headers have {found} at height {height}"
            ));
        }
        if let Some(error) = at_height.and_then(|block| proofs.broken.get(&block)) {
            return Err((error.code(), error.to_string()));
        }
        let OutPoint { txid, vout } = coin.outpoint;
        let made = match made {
            None => return Ok(Basis::Stated),
            Some(Ok(made)) => made,
            Some(Err(error)) => return Err((error.code(), error.to_string())),
        };
        let Some(output) = usize::try_from(vout).ok().and_then(|place| made.output.get(place)) else {
            return contradicted(format!("the transaction has {} outputs, expected output {vout}", made.output.len()));
        };
        let value = u128::from(output.value.to_sat());
        if output.script_pubkey != coin.script || value != coin.amount.base_units() {
            let script = output.script_pubkey.to_hex_string();
            let (said, units) = (coin.script.to_hex_string(), coin.amount);
            return contradicted(format!("the output is {value} to {script}, the node said {units} to {said}"));
        }
        if made.is_coinbase() != coin.coinbase {
            let (is, said) = (made.is_coinbase(), coin.coinbase);
            return contradicted(format!("block reward: {is}, the node said {said}"));
        }
        let Some((block, place)) = proofs.places.get(&txid) else { return Ok(Basis::Stated) };
        if (*place == 0) != coin.coinbase {
            return contradicted(format!(
                "it is at place {place} of its block, the node said block reward: {}",
                coin.coinbase
            ));
        }
        match self.chain.height(*block) {
            Some(height) if height != coin.height => {
                contradicted(format!("made at height {height}, the node said {}", coin.height))
            }
            Some(_) if self.chain.is_anchored(*block) => Ok(Basis::Proved),
            _ => Ok(Basis::Stated),
        }
    }
}

/// A block reward that could not be spent yet at the cut-off.
fn immature(outpoint: OutPoint, coinbase: bool, height: u64, cutoff: u64) -> Option<Problem> {
    // heights come from the statement and a node: nothing says that they are small
    let confirmations = cutoff.checked_sub(height)?.saturating_add(1);
    if !coinbase || confirmations >= COINBASE_MATURITY {
        return None;
    }
    let detail = format!("a block reward with {confirmations} confirmations, expected at least {COINBASE_MATURITY}");
    Some(Problem { code: &codes::COIN_IMMATURE, subject: outpoint.to_string(), detail })
}
