//! The evidence of a bundle about one chain, by kind of chain.

use std::collections::BTreeMap;

use super::{Gathering, Late};
use crate::bundle::paths;
use crate::code::bitcoin::SCAN_MISSING;
use crate::code::finding as codes;
use crate::reconcile::findings::{Finding, Severity};
use crate::reconcile::windows;
use crate::reserve::bitcoin::balance::{BitcoinError, Own};
use crate::reserve::claim::{ChainEvidence, ChainQuery, ControlGrade};
use crate::reserve::evm::balance::EvmError;
use crate::reserve::evm::finality::FinalState;
use crate::reserve::{bitcoin, evm};

impl Gathering<'_> {
    /// The evidence of a bundle about an EVM chain: accounts, ether that is staked, and the window.
    pub(super) fn evm(
        &mut self,
        query: &ChainQuery<'_>,
        controlled: &BTreeMap<String, ControlGrade>,
        states: &[FinalState],
    ) -> Result<ChainEvidence, EvmError> {
        let mut evidence = evm::balance::balances(query, self.files, self.policy.tokens())?;
        let (staked, problems) = evm::staked::staked(query, states, self.files)?;
        evidence.holdings.extend(staked);
        evidence.problems.extend(problems);
        for seen in evm::pool::positions(query, self.policy.pools(), self.policy.tokens(), self.files)? {
            let finding = Finding::from_problem(seen.problem, query.chain);
            let severity = if seen.shown { Severity::Note } else { finding.severity };
            self.find(Finding { severity, ..finding });
        }
        let (stretches, found) = windows::read_evm(query, controlled, self.policy, self.files);
        self.reserves.findings.extend(found);
        if let Some(known) = self.reserves.windows.get_mut(query.chain) {
            known.stretches = stretches;
        }
        Ok(evidence)
    }

    /// The evidence of a bundle about a chain of Bitcoin, with what the verifier reads itself.
    pub(super) fn bitcoin(&mut self, query: &ChainQuery<'_>) -> Result<ChainEvidence, BitcoinError> {
        let chain = query.chain;
        let network = bitcoin::network::network(chain)?;
        let script = |address: &&str| bitcoin::network::script(network, address).ok();
        let wanted = query.addresses.iter().filter_map(script).collect();
        let (full_set, refused) = match self.own.full_set(network, &wanted) {
            Some(Ok(set)) => (Some(set), None),
            Some(Err(problem)) => (None, Some(problem)),
            None => (None, None),
        };
        self.reserves.trace.own_set |= full_set.is_some();
        self.reserves.trace.own_blocks |= self.own.blocks().is_some();
        let own = Own {
            work: self.policy.work(chain),
            blocks: self.own.blocks(),
            full_set: full_set.as_ref(),
            set_pins: self.policy.utxo_sets(),
        };
        let judged = bitcoin::balance::judge(query, &own, self.files)?;
        let own = bitcoin::window::Own { work: own.work, replay: judged.replay.as_ref() };
        let (window, found) = windows::read(query, &own, self.files);
        self.reserves.findings.extend(found);
        if let Some(known) = self.reserves.windows.get_mut(chain) {
            known.evidence = window;
        }
        let mut evidence = judged.evidence;
        evidence.problems.extend(refused);
        if query.transcript.is_none() && !judged.complete {
            let path = paths::chain(chain, paths::TRANSCRIPT);
            // one missing file is one finding
            evidence.problems.retain(|problem| problem.code.number != SCAN_MISSING.number);
            let detail = "without a node's answer nothing shows which coins are unspent";
            let finding = Finding::new(&codes::EVIDENCE_MISSING, Severity::Critical, path, detail);
            self.find(finding.on_chain(chain));
        }
        let tip = query.transcript.map(|(answers, _)| answers.tip.height).filter(|_| !judged.complete);
        let blocks = tip.and_then(|tip| tip.checked_sub(query.cutoff_block.height)).filter(|blocks| *blocks > 0);
        if let Some(blocks) = blocks {
            self.reserves.late.insert(chain.clone(), Late { blocks, proved: judged.by_later_spend });
        }
        Ok(evidence)
    }
}
