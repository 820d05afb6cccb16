//! Windows in the section of an asset: which of them concern it, and what they take from what is counted.

use super::findings::{Finding, Severity};
use super::reserves::lives_on;
use super::verdicts::Section;
use super::window::{self, WindowQuestion, WindowReport};
use crate::amount::{Amount, Decimals};
use crate::asset::{Asset, AssetId, ChainId, Deployment};
use crate::code::finding as codes;

impl Section<'_> {
    /// The windows of the asset's deployments, with their findings.
    pub(super) fn windows(&self, mapped: Option<&Asset>, findings: &mut Vec<Finding>) -> Vec<WindowReport> {
        let mut reports = Vec::new();
        for (chain, known) in &self.reserves.windows {
            let rules = self.policy.window();
            let closing = self.closing(chain);
            let named = closing.filter(|closing| closing.1).map(|closing| closing.0);
            // the closing block closes the window
            let range = rules.range(known.snapshot).map(|(from, to)| (from, to.max(named.unwrap_or(to))));
            let deployment = known
                .evidence
                .as_ref()
                .and_then(|evidence| mapped?.deployments.iter().find(|listed| listed.id == evidence.deployment));
            let (Some(evidence), Some(deployment)) = (&known.evidence, deployment) else {
                if lives_on(self.policy, self.id, chain) {
                    let missing = window::missing(chain, range, named, "the bundle shows none");
                    findings.extend(missing.into_iter().map(|finding| finding.of_asset(self.id)));
                }
                continue;
            };
            let decimals = deployment.decimals;
            let question =
                WindowQuestion { range, snapshot: known.snapshot, closing, counted: &known.counted, decimals, rules };
            match window::measure(evidence, &question) {
                Some(report) => {
                    let held = &self.reserves.held;
                    findings.extend(window::findings(&report, &question, self.policy, self.id, held));
                    reports.push(report);
                }
                None => {
                    let range = Some(range.unwrap_or((evidence.from, evidence.to)));
                    let why = format!("the bundle shows {} to {} only", evidence.from, evidence.to);
                    let missing = window::missing(chain, range, named, &why);
                    findings.extend(missing.into_iter().map(|finding| finding.of_asset(self.id)));
                }
            }
        }
        reports
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

    /// What is counted of one deployment.
    fn counted_of(&self, deployment: &Deployment, decimals: Decimals) -> Option<Amount> {
        let require = self.policy.require();
        let counts = self.reserves.held.iter().filter(|item| {
            let holding = &item.holding;
            item.free
                && item.controlled
                && holding.deployment == deployment.id
                && holding.authenticity >= require.authenticity
                && holding.completeness >= require.completeness
        });
        let amounts: Option<Vec<Amount>> =
            counts.map(|item| item.holding.amount.rescale(deployment.decimals, decimals).ok()).collect();
        Amount::checked_sum(amounts?)
    }

    fn deployment(&self, report: &WindowReport) -> Option<&Deployment> {
        let mapped = self.policy.assets().iter().find(|asset| asset.id == *self.id)?;
        mapped.deployments.iter().find(|deployment| deployment.id == report.deployment)
    }
}

/// What of the counted coins came and went around the snapshot, or had left before the closing block.
pub(super) fn not_sustained(reports: &[WindowReport], section: &Section<'_>, decimals: Decimals) -> Option<Amount> {
    let mut sum = Amount::ZERO;
    for report in reports {
        let Some(sustained) = report.sustained else { continue };
        let deployment = section.deployment(report)?;
        let sustained = sustained.rescale(deployment.decimals, decimals).ok()?;
        let counted = section.counted_of(deployment, decimals)?;
        sum = sum.checked_add(counted.checked_sub(sustained).unwrap_or(Amount::ZERO))?;
    }
    Some(sum)
}

/// The sum of the deployments' minima: they need not fall into one moment, so the true minimum is at least this.
pub(super) fn minimum(
    reports: &[WindowReport],
    section: &Section<'_>,
    mapped: Option<&Asset>,
    decimals: Decimals,
) -> Option<Amount> {
    let claimed = mapped?.deployments.iter().filter(|found| section.reserves.claimed.contains(&found.id));
    let mut minima = Vec::new();
    for deployment in claimed {
        let report = reports.iter().find(|report| report.deployment == deployment.id)?;
        minima.push(report.minimum.rescale(deployment.decimals, decimals).ok()?);
    }
    if minima.is_empty() { None } else { Amount::checked_sum(minima) }
}

/// A finding when the minimum lies below what is owed.
pub(super) fn below_owed(
    reports: &[WindowReport],
    (minimum, owed): (Amount, Amount),
    (asset, decimals): (&AssetId, Decimals),
) -> Option<Finding> {
    if minimum >= owed {
        return None;
    }
    let at: Vec<String> =
        reports.iter().map(|report| format!("block {} of {}", report.minimum_at, report.deployment)).collect();
    let (minimum, owed) = (minimum.to_readable(decimals), owed.to_readable(decimals));
    let detail = format!("{minimum} at {}; {owed} were owed at the cut-off", at.join(", "));
    Some(Finding::new(&codes::WINDOW_BELOW_OWED, Severity::Exception, asset.as_str(), detail).of_asset(asset))
}
