//! Windows in the section of an asset: which of them concern it, and what they take from what is counted.

mod explained;
mod shown;

use std::collections::{BTreeMap, BTreeSet};

use self::shown::Offered;
pub(super) use self::shown::{read, read_evm};
use super::findings::{Finding, Severity};
use super::reserves::lives_on;
use super::verdicts::Section;
use super::window::{self, WindowQuestion, WindowReport};
use crate::amount::Amount;
use crate::asset::{Asset, ChainId, DeploymentId};
use crate::code::{finding as codes, verdict as verdict_codes};
use crate::reserve::window::{Party, StretchEvidence, Transfer, WindowEvidence};

/// The window of one chain.
#[derive(Clone, Debug, Default)]
pub struct ChainWindow {
    /// The cut-off block.
    pub snapshot: u64,
    /// Addresses that count: free, and under control.
    pub counted: BTreeSet<String>,
    /// Addresses under control, free or not.
    pub controlled: BTreeSet<String>,
    /// Whether these are all of which control was shown in any way, single coins and weak proofs included.
    pub every_address: bool,
    /// What the bundle shows; none when it shows nothing that can be used.
    pub evidence: Option<WindowEvidence>,
    /// The same of a chain whose balances are proved block by block: one for each deployment.
    pub stretches: Vec<StretchEvidence>,
}

impl Section<'_> {
    /// The windows of the asset's deployments, with their findings.
    pub(super) fn windows(&self, mapped: Option<&Asset>, findings: &mut Vec<Finding>) -> Vec<WindowReport> {
        let mut reports: Vec<WindowReport> = Vec::new();
        let offered = self.shown(mapped);
        let mut explained = self.explained(mapped);
        let subject = self.statement.map_or(0, |statement| statement.sequence);
        explained.compare(subject, &self.measurable(&offered));
        for (chain, known, shown) in offered {
            let rules = self.policy.window();
            let closing = self.closing(chain);
            let named = closing.filter(|closing| closing.1).map(|closing| closing.0);
            let range = self.asked(chain, known, shown.map(|(evidence, _)| evidence.range()));
            let Some((evidence, deployment)) = shown else {
                if lives_on(self.policy, self.id, chain) && self.offers_on(chain) {
                    let missing = window::missing(chain, range, named, "the bundle shows none");
                    findings.extend(missing.into_iter().map(|finding| finding.of_asset(self.id)));
                }
                continue;
            };
            let decimals = deployment.decimals;
            let (first, last) = evidence.range();
            let commitments = self.cutoff_heights(chain);
            let question = WindowQuestion {
                range,
                snapshot: known.snapshot,
                commitments: &commitments,
                explained: &explained,
                closing,
                counted: &known.counted,
                decimals,
                rules,
            };
            match evidence.measure(&question) {
                Some(report) => {
                    let held = &self.reserves.held;
                    findings.extend(window::findings(&report, &question, self.policy, self.id, held));
                    findings.extend(related(evidence.transfers(), &report, self));
                    findings.extend(self.answered(&report));
                    explained.spend(&report.round_trips);
                    reports.push(report);
                }
                None if range.is_none_or(|(from, to)| from <= last && to >= first) => {
                    let detail = "a sum of its amounts does not fit, or falls below zero";
                    let finding = Finding::new(&codes::WINDOW_REFUSED, Severity::Critical, chain.as_str(), detail);
                    findings.push(finding.of_asset(self.id).on_chain(chain));
                }
                None => {
                    let why = format!("the bundle shows {first} to {last} only");
                    let missing = window::missing(chain, range, named, &why);
                    findings.extend(missing.into_iter().map(|finding| finding.of_asset(self.id)));
                }
            }
        }
        findings.extend(self.unused_deposits(mapped, &reports));
        reports
    }

    /// The blocks that are asked about: those of the policy, and up to a closing block that it names. `shown` are the
    /// first and last block of the evidence. `None` asks for whatever there is.
    fn asked(&self, chain: &ChainId, known: &ChainWindow, shown: Option<(u64, u64)>) -> Option<(u64, u64)> {
        let named = self.closing(chain).filter(|closing| closing.1).map(|closing| closing.0);
        let demand = self.policy.window().demand(chain);
        // the closing block closes the window
        let range = demand.range(known.snapshot).map(|(from, to)| (from, to.max(named.unwrap_or(to))));
        // a closing block asks for every block from the cut-off to it, even when the policy asks for no others
        let closed = named.filter(|closing| *closing > known.snapshot);
        range.or_else(|| {
            closed.zip(shown).map(|(closing, (first, last))| (first.min(known.snapshot), last.max(closing)))
        })
    }

    /// Each window that shows some of the blocks asked about: first and last of these.
    fn measurable(&self, offered: &[Offered<'_>]) -> Vec<(ChainId, (u64, u64))> {
        let measurable = |(chain, known, shown): &Offered<'_>| {
            let range = shown.as_ref().map(|(evidence, _)| evidence.range())?;
            let (from, to) = self.asked(chain, known, Some(range)).unwrap_or(range);
            let (from, to) = (from.max(range.0), to.min(range.1));
            (from <= to).then(|| ((*chain).clone(), (from, to)))
        };
        offered.iter().filter_map(measurable).collect()
    }

    /// Whether anything of the asset is offered on a chain: of what holds nothing, no window is asked for.
    fn offers_on(&self, chain: &ChainId) -> bool {
        let mapped = self.policy.assets().iter().find(|asset| asset.id == *self.id);
        let deployments = mapped.into_iter().flat_map(|asset| &asset.deployments);
        deployments.filter(|found| found.id.chain().as_ref() == Some(chain)).any(|found| self.offers(&found.id))
    }

    /// Whether anything is held under control at a deployment, on any evidence.
    pub(super) fn offers(&self, deployment: &DeploymentId) -> bool {
        let held = self.reserves.held.iter().filter(|item| item.holding.deployment == *deployment);
        held.filter(|item| item.free && item.control.is_some()).any(|item| !item.holding.amount.is_zero())
    }

    /// The latest block by which signatures are known to have been made: the policy's, or else the one that the
    /// challenge names, which is only a bound from below.
    fn closing(&self, chain: &ChainId) -> Option<(u64, bool)> {
        let seen = self.policy.window().seen.iter().filter(|seen| seen.chain == *chain).map(|seen| seen.height).max();
        let challenged = self.reserves.challenged.get(chain).copied();
        match (seen, challenged) {
            (Some(seen), challenged) => Some((seen.max(challenged.unwrap_or(0)), true)),
            (None, challenged) => challenged.map(|height| (height, false)),
        }
    }
}

/// Transfers with somebody related to the venue, whatever their size.
fn related(transfers: &[Transfer], report: &WindowReport, section: &Section<'_>) -> Vec<Finding> {
    let inside = report.measured.from..=report.measured.to;
    let mut sums: BTreeMap<&str, (Amount, Amount)> = BTreeMap::new();
    for transfer in transfers.iter().filter(|transfer| inside.contains(&transfer.height)) {
        let known = |party: &&Party| section.policy.is_related_address(&party.name);
        for party in transfer.from.iter().filter(known).filter(|_| !transfer.received.is_empty()) {
            let (came, _) = sums.entry(party.name.as_str()).or_default();
            *came = came.checked_add(party.amount.unwrap_or_default()).unwrap_or(*came);
        }
        for party in transfer.to.iter().filter(known).filter(|_| !transfer.spent.is_empty()) {
            let (_, went) = sums.entry(party.name.as_str()).or_default();
            *went = went.checked_add(party.amount.unwrap_or_default()).unwrap_or(*went);
        }
    }
    let text = |amount: Amount| amount.to_readable(report.decimals);
    let finding = |(name, (came, went)): (&str, (Amount, Amount))| {
        let detail = format!("it paid in {} and was paid {} within the window", text(came), text(went));
        let finding = Finding::new(&verdict_codes::RELATED_PARTY, Severity::Exception, name, detail);
        let finding = finding.of_asset(section.id).of_amount(came.max(went), report.decimals);
        match report.deployment.chain() {
            Some(chain) => finding.on_chain(&chain),
            None => finding,
        }
    };
    sums.into_iter().map(finding).collect()
}

#[cfg(test)]
mod tests;
