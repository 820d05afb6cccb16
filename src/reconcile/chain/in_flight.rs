//! Transfers that the statement before had named as under way: the chain since then shows what became of them.

use std::collections::BTreeSet;

use super::{Between, InFlightRow, InFlightState};
use crate::amount::{Amount, Decimals};
use crate::asset::DeploymentId;
use crate::code::statement_chain as codes;
use crate::publish::statement::{Direction, InFlight};
use crate::reconcile::findings::{Finding, Severity};
use crate::reconcile::reserves::block_of;
use crate::reserve::window::{Transfer, WindowEvidence};

/// What of a transaction has answered a row already: one payment settles one row.
type Used = BTreeSet<(String, Direction, usize)>;

impl Between<'_> {
    /// Every row of the schedule, in its order.
    pub(super) fn in_flight(&self, findings: &mut Vec<Finding>) -> Vec<InFlightRow> {
        let mut used = Used::new();
        let rows = self.before.schedules.in_flight.iter();
        let mut settled = Vec::new();
        for row in rows {
            let (state, detail) = match self.judge(row, &mut used) {
                Ok(judged) => judged,
                Err(why) => (InFlightState::Open, why),
            };
            let decimals = self.decimals(row);
            let code = match state {
                InFlightState::Settled => None,
                InFlightState::Contradicted => Some(&codes::IN_FLIGHT_CONTRADICTED),
                InFlightState::Absent => Some(&codes::IN_FLIGHT_ABSENT),
                InFlightState::Open => Some(&codes::IN_FLIGHT_OPEN),
            };
            if let Some(code) = code {
                let claimed = format!("{} of {} claimed", row.amount.to_readable(decimals), row.asset);
                let finding = Finding::new(code, Severity::Exception, row.txid.clone(), format!("{claimed}; {detail}"));
                findings.push(finding.of_asset(&row.asset).on_chain(&row.chain));
            }
            settled.push(InFlightRow {
                asset: row.asset.clone(),
                amount: row.amount,
                decimals,
                direction: row.direction,
                chain: row.chain.clone(),
                txid: row.txid.clone(),
                state,
                detail,
            });
        }
        settled
    }

    /// Decimals of the statement that has the row; a schedule names listed assets only.
    fn decimals(&self, row: &InFlight) -> Decimals {
        let listed = self.before.assets.iter().find(|asset| asset.id == row.asset);
        listed.map_or(Decimals::ZERO, |asset| asset.decimals)
    }

    /// `Err` says why it is not known.
    fn judge(&self, row: &InFlight, used: &mut Used) -> Result<(InFlightState, String), String> {
        let mapped = self.policy.assets().iter().find(|asset| asset.id == row.asset);
        let on_chain = |id: &DeploymentId| id.chain().as_ref() == Some(&row.chain);
        let deployments = mapped.into_iter().flat_map(|asset| &asset.deployments);
        let deployment = deployments
            .filter(|found| on_chain(&found.id))
            .find_map(|found| Some((found, self.evidence(&row.chain, &found.id)?)));
        let (deployment, evidence) =
            deployment.ok_or_else(|| format!("the bundle shows no window of {} on {}", row.asset, row.chain))?;
        let amount = row.amount.rescale(self.decimals(row), deployment.decimals);
        let amount =
            amount.map_err(|_| format!("{} does not fit {} decimals", row.amount, deployment.decimals.get()))?;
        let cutoff = block_of(self.before, &row.chain).map(|block| block.height);
        let cutoff =
            cutoff.ok_or_else(|| format!("statement {} names no block of {}", self.before.sequence, row.chain))?;
        if let Some(transfer) = evidence.transfers.iter().find(|transfer| same_id(&transfer.txid, &row.txid)) {
            if transfer.authenticity < self.policy.require().authenticity {
                return Err(format!("in block {}, which is only {}", transfer.height, transfer.authenticity));
            }
            return Ok(found(row, amount, transfer, cutoff, used));
        }
        let stretch = self.stretch(&deployment.id)?;
        self.nowhere(evidence, stretch.to)
    }

    /// In no transaction of the evidence.
    fn nowhere(&self, evidence: &WindowEvidence, to: u64) -> Result<(InFlightState, String), String> {
        if evidence.completeness < self.policy.require().completeness {
            return Err(format!("in no block up to {to}; that none is missing is {}", evidence.completeness));
        }
        Ok((InFlightState::Absent, format!("in no block up to {to}, where the next cut-off is")))
    }
}

/// Some write ids with `0x`, some in capitals.
fn same_id(left: &str, right: &str) -> bool {
    let bare = |text: &str| text.strip_prefix("0x").unwrap_or(text).to_ascii_lowercase();
    bare(left) == bare(right)
}

/// The transaction is on the chain: is it what was claimed?
fn found(row: &InFlight, amount: Amount, transfer: &Transfer, cutoff: u64, used: &mut Used) -> (InFlightState, String) {
    let height = transfer.height;
    if height <= cutoff {
        let detail = format!("in block {height}, at or before the cut-off block {cutoff}: it was not under way");
        return (InFlightState::Contradicted, detail);
    }
    let payments: Vec<Option<Amount>> = match row.direction {
        // what came back to the venue's own addresses is change
        Direction::Deposit if transfer.spent.is_empty() => {
            transfer.received.iter().map(|part| Some(part.amount)).collect()
        }
        Direction::Withdrawal if !transfer.spent.is_empty() => transfer.to.iter().map(|party| party.amount).collect(),
        Direction::Deposit | Direction::Withdrawal => {
            let way = if transfer.spent.is_empty() { "a deposit" } else { "a withdrawal" };
            return (InFlightState::Contradicted, format!("in block {height}, as {way}"));
        }
    };
    let free = |place: &usize| !used.contains(&(transfer.txid.clone(), row.direction, *place));
    let fitting = payments.iter().enumerate().filter(|(place, _)| free(place));
    let fitting = fitting.filter(|(_, payment)| **payment == Some(amount)).map(|(place, _)| place).next();
    if let Some(place) = fitting {
        used.insert((transfer.txid.clone(), row.direction, place));
        return (InFlightState::Settled, format!("in block {height}"));
    }
    let whole = Amount::checked_sum(payments.iter().flatten().copied());
    if whole == Some(amount) && (0..payments.len()).all(|place| free(&place)) {
        used.extend((0..payments.len()).map(|place| (transfer.txid.clone(), row.direction, place)));
        return (InFlightState::Settled, format!("in block {height}, in {} payments", payments.len()));
    }
    let shown: Vec<String> =
        payments.iter().map(|sum| sum.map_or_else(|| "unknown".to_owned(), |sum| sum.to_string())).take(5).collect();
    let detail =
        format!("in block {height}, with payments of {} base units, none of them {amount} and free", shown.join(", "));
    (InFlightState::Contradicted, detail)
}
