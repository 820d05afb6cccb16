//! Opening, net flow, closing: what was held from one cut-off to the next, beside what was owed.

use super::addresses::held_at;
use super::{Between, Carried, Change, Opening};
use crate::amount::{Amount, Decimals};
use crate::asset::{Asset, AssetId, DeploymentId};
use crate::code::statement_chain as codes;
use crate::reconcile::findings::{Finding, Severity};
use crate::reconcile::history::commitment;

const TOO_LARGE: &str = "a sum of its amounts does not fit, or falls below zero";

impl Between<'_> {
    /// Every asset that both statements list.
    pub(super) fn assets(&self, findings: &mut Vec<Finding>) -> Vec<Carried> {
        let listed = self.after.assets.iter().map(|asset| &asset.id);
        listed.filter_map(|id| self.asset(id, findings)).collect()
    }

    fn asset(&self, id: &AssetId, findings: &mut Vec<Finding>) -> Option<Carried> {
        let before = commitment(self.history.predecessor()?, id)?;
        let after = commitment(self.history.subject(), id)?;
        let mapped = self.policy.assets().iter().find(|asset| asset.id == *id);
        let of_deployments = mapped.into_iter().flat_map(|asset| asset.deployments.iter().map(|found| found.decimals));
        let decimals = of_deployments.chain([before.decimals, after.decimals]).max().unwrap_or(Decimals::ZERO);
        let owed_before = before.total.rescale(before.decimals, decimals).ok()?;
        let owed_after = after.total.rescale(after.decimals, decimals).ok()?;
        let owed_change = Change::between(owed_before, owed_after);
        let (held, unknown) = match self.held(mapped, decimals) {
            Ok(held) => (Some(held), None),
            Err(why) => (None, Some(why)),
        };
        let apart = held.and_then(|held| held.change.less(owed_change));
        let mut find = |code, severity, detail: String| {
            findings.push(Finding::new(code, severity, id.as_str(), detail).of_asset(id));
        };
        if let Some(why) = &unknown {
            find(&codes::CARRIED_UNKNOWN, Severity::Note, why.clone());
        }
        if let (Some(held), Some(apart)) = (held, apart.filter(|apart| !apart.by.is_zero())) {
            // what is held may grow by what the venue earns; less of it is what somebody has to explain
            let severity = if apart.fell { Severity::Exception } else { Severity::Note };
            let (held, owed) = (held.change.text(decimals), owed_change.text(decimals));
            let detail = format!("held {held}, owed {owed}: {} apart", apart.text(decimals));
            find(&codes::MOVED_APART, severity, detail);
        }
        if held.is_some() {
            for deployment in mapped.into_iter().flat_map(|asset| &asset.deployments) {
                if let Some(detail) = self.differs(&deployment.id) {
                    find(&codes::CLOSING_DIFFERS, Severity::Exception, detail);
                }
            }
        }
        Some(Carried { asset: id.clone(), decimals, owed_before, owed_after, owed_change, held, unknown, apart })
    }

    /// Over all deployments for which something is claimed; one that is not shown leaves the sum unknown.
    fn held(&self, mapped: Option<&Asset>, decimals: Decimals) -> Result<Opening, String> {
        let mapped = mapped.ok_or("the policy lists no deployment")?;
        let claimed = mapped.deployments.iter().filter(|found| self.reserves.claimed.contains(&found.id));
        let mut sums: Option<[Amount; 4]> = None;
        for deployment in claimed {
            let figures = self.of_deployment(&deployment.id)?;
            let before = sums.unwrap_or_default();
            let mut after = [Amount::ZERO; 4];
            for ((sum, so_far), figure) in after.iter_mut().zip(before).zip(figures) {
                let figure = figure.rescale(deployment.decimals, decimals).map_err(|_| TOO_LARGE.to_owned())?;
                *sum = so_far.checked_add(figure).ok_or(TOO_LARGE)?;
            }
            sums = Some(after);
        }
        let [opening, inflow, outflow, closing] = sums.ok_or("nothing is claimed on any chain")?;
        Ok(Opening { opening, inflow, outflow, closing, change: Change::between(opening, closing) })
    }

    /// Opening, inflow, outflow and closing, in base units of the deployment. A transaction between two addresses of
    /// the union is no flow.
    fn of_deployment(&self, id: &DeploymentId) -> Result<[Amount; 4], String> {
        let stretch = self.stretch(id)?;
        let evidence = stretch.evidence;
        if !self.accepts(evidence.authenticity, evidence.completeness) {
            let (movements, rest) = (evidence.authenticity, evidence.completeness);
            return Err(format!("movements of {id} are {movements}, that none is missing is {rest}"));
        }
        let total = |height| Amount::checked_sum(held_at(evidence, height)?.into_values());
        let (opening, closing) = (total(stretch.from).ok_or(TOO_LARGE)?, total(stretch.to).ok_or(TOO_LARGE)?);
        let (mut inflow, mut outflow) = (Amount::ZERO, Amount::ZERO);
        let between =
            evidence.transfers.iter().filter(|transfer| (stretch.from + 1..=stretch.to).contains(&transfer.height));
        for transfer in between {
            let sum =
                |parts: &[crate::reserve::window::Part]| Amount::checked_sum(parts.iter().map(|part| part.amount));
            let net =
                Change::between(sum(&transfer.spent).ok_or(TOO_LARGE)?, sum(&transfer.received).ok_or(TOO_LARGE)?);
            let side = if net.fell { &mut outflow } else { &mut inflow };
            *side = side.checked_add(net.by).ok_or(TOO_LARGE)?;
        }
        let expected = opening.checked_add(inflow).and_then(|sum| sum.checked_sub(outflow));
        if expected == Some(closing) { Ok([opening, inflow, outflow, closing]) } else { Err(TOO_LARGE.to_owned()) }
    }

    /// The closing balance of the present set against its list of coins and balances, which was read by itself.
    fn differs(&self, id: &DeploymentId) -> Option<String> {
        let stretch = self.stretch(id).ok()?;
        let chain = id.chain()?;
        if self.reserves.late.contains_key(&chain) || self.reserves.unreadable.contains(&chain) {
            return None;
        }
        let retired = self.reserves.earlier.retired.get(&chain);
        let present = |address: &&str| retired.is_none_or(|retired| !retired.contains(*address));
        let held = held_at(stretch.evidence, stretch.to)?;
        let closing = Amount::checked_sum(held.iter().filter(|(address, _)| present(address)).map(|(_, sum)| *sum))?;
        let listed = self.reserves.held.iter().filter(|item| item.holding.deployment == *id);
        let listed = Amount::checked_sum(listed.map(|item| item.holding.amount))?;
        let difference = Change::between(closing, listed);
        let sign = if difference.fell { "less" } else { "more" };
        let detail = || {
            format!(
                "{closing} base units by the flows, {listed} by the list of coins of {id}: {} {sign}",
                difference.by
            )
        };
        (!difference.by.is_zero()).then(detail)
    }
}
