//! What one statement carries over to the next: totals, reserves, addresses, transfers in flight. Specification:
//! `docs/spec/chained-statements.md`.

mod addresses;
mod carried;
mod in_flight;
mod model;

pub use self::model::{
    AddressChange, Carried, ChainSection, Change, InFlightRow, InFlightState, Opening, StatementLink,
};

pub(super) use self::addresses::{EarlierSets, earlier_sets};

use super::findings::{Finding, Severity};
use super::history::History;
use super::reserves::{Reserves, block_of};
use crate::asset::{ChainId, DeploymentId};
use crate::basis::{Basis, Completeness};
use crate::policy::Policy;
use crate::publish::Statement;
use crate::reserve::window::WindowEvidence;

/// The section of the report, with its findings; `None` when the statement stands alone in its bundle.
pub(super) fn section(policy: &Policy, reserves: &Reserves) -> Option<(ChainSection, Vec<Finding>)> {
    let history = reserves.history.as_ref()?;
    if history.statements().len() < 2 {
        return None;
    }
    let mut findings = Vec::new();
    let link = |known: &crate::publish::VerifiedStatement| StatementLink {
        sequence: known.statement().sequence,
        digest: known.digest(),
        cutoff: known.statement().cutoff,
    };
    let mut section = ChainSection {
        statements: history.statements().iter().map(link).collect(),
        addresses: None,
        assets: Vec::new(),
        in_flight: Vec::new(),
    };
    if let Some(between) = Between::new(policy, reserves, history) {
        section.addresses = between.addresses(&mut findings);
        section.assets = between.assets(&mut findings);
        section.in_flight = between.in_flight(&mut findings);
    }
    Some((section, findings))
}

/// The statement that the report is about, the one before, and what the bundle shows of the blocks in between.
struct Between<'a> {
    policy: &'a Policy,
    reserves: &'a Reserves,
    history: &'a History,
    before: &'a Statement,
    after: &'a Statement,
}

/// A stretch of blocks from one cut-off block to the next.
#[derive(Clone, Copy)]
struct Stretch<'a> {
    evidence: &'a WindowEvidence,
    from: u64,
    to: u64,
}

impl<'a> Between<'a> {
    fn new(policy: &'a Policy, reserves: &'a Reserves, history: &'a History) -> Option<Self> {
        let before = history.predecessor()?.statement();
        Some(Self { policy, reserves, history, before, after: history.subject().statement() })
    }

    /// The blocks between both cut-offs on the chain of a deployment, or why they are not known.
    fn stretch(&self, deployment: &DeploymentId) -> Result<Stretch<'a>, String> {
        let chain = deployment.chain().ok_or_else(|| format!("{deployment} names no chain"))?;
        let block = |statement: &Statement| {
            let found = block_of(statement, &chain).map(|block| block.height);
            found.ok_or_else(|| format!("statement {} names no block of {chain}", statement.sequence))
        };
        let (from, to) = (block(self.before)?, block(self.after)?);
        let evidence =
            self.evidence(&chain, deployment).ok_or_else(|| format!("the bundle shows no window of {deployment}"))?;
        if from > to || evidence.from > from || evidence.to < to {
            return Err(format!(
                "the window shows blocks {} to {}, expected {from} to {to}",
                evidence.from, evidence.to
            ));
        }
        if let Some((first, last)) = evidence.gaps.iter().find(|(first, last)| *first <= to && *last > from) {
            return Err(format!("nothing is known of blocks {first} to {last}"));
        }
        Ok(Stretch { evidence, from, to })
    }

    fn evidence(&self, chain: &ChainId, deployment: &DeploymentId) -> Option<&'a WindowEvidence> {
        let known = self.reserves.windows.get(chain)?.evidence.as_ref()?;
        (known.deployment == *deployment).then_some(known)
    }

    /// Whether evidence is worth what the policy demands: that movements are real, and that none is missing.
    fn accepts(&self, authenticity: Basis, completeness: Completeness) -> bool {
        let require = self.policy.require();
        authenticity >= require.authenticity && completeness >= require.completeness
    }
}

/// Everything of one kind in one finding: a venue may have millions of addresses.
fn of_many(
    (code, severity): (&'static crate::code::Code, Severity),
    chain: &ChainId,
    (count, first): (u64, &str),
    more: &str,
) -> Finding {
    let addresses = if count == 1 { "address" } else { "addresses" };
    let detail = format!("{count} {addresses}, the first is {first}{more}");
    Finding::new(code, severity, chain.as_str(), detail).on_chain(chain)
}

#[cfg(test)]
pub(super) mod tests;
