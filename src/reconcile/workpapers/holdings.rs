//! The rows of the papers: chains, commitments, coins and account balances.

use std::collections::BTreeSet;

use super::{ChainPaper, CommitmentPaper, HoldingPaper, Sources, Use};
use crate::asset::{Asset, ChainId, Deployment};
use crate::publish::VerifiedStatement;
use crate::reconcile::reserves::{Held, block_of};

/// The chains of the statement and of the address set, each once.
pub(super) fn chains(sources: &Sources<'_>) -> Vec<ChainPaper> {
    let Some(statement) = sources.statement.map(VerifiedStatement::statement) else { return Vec::new() };
    let traces = &sources.reserves.trace.chains;
    let named = statement.chains.iter().map(|block| &block.chain);
    let all: BTreeSet<&ChainId> = named.chain(traces.keys()).collect();
    let paper = |chain: &ChainId| {
        let trace = traces.get(chain).copied().unwrap_or_default();
        ChainPaper {
            chain: chain.clone(),
            block: block_of(statement, chain).cloned(),
            cutoff: trace.cutoff,
            anchored: trace.anchored,
            readable: trace.readable,
            addresses: trace.addresses,
            controlled: trace.controlled,
        }
    };
    all.into_iter().map(paper).collect()
}

/// The rows of the statement, then those of its schedule of other liabilities.
pub(super) fn commitments(sources: &Sources<'_>) -> Vec<CommitmentPaper> {
    let Some(statement) = sources.statement.map(VerifiedStatement::statement) else { return Vec::new() };
    let (sequence, cutoff) = (statement.sequence, statement.cutoff);
    let trees = statement.liabilities.iter().map(|row| CommitmentPaper {
        sequence,
        cutoff,
        asset: row.asset.clone(),
        class: row.class.text(),
        decimals: row.decimals,
        total: row.total,
        leaves: Some(row.leaf_count),
        root: Some(row.root),
    });
    let others = statement.schedules.owed().filter_map(|(id, amount)| {
        let listed = statement.assets.iter().find(|asset| asset.id == *id)?;
        Some(CommitmentPaper {
            sequence,
            cutoff,
            asset: id.clone(),
            class: "other",
            decimals: listed.decimals,
            total: amount,
            leaves: None,
            root: None,
        })
    });
    trees.chain(others).collect()
}

/// Every coin and account balance, in the order of chains and ids.
pub(super) fn holdings(sources: &Sources<'_>) -> Vec<HoldingPaper> {
    sources.reserves.held.iter().map(|item| holding(sources, item)).collect()
}

fn holding(sources: &Sources<'_>, item: &Held) -> HoldingPaper {
    let holding = &item.holding;
    let deployed = |asset: &&Asset| asset.deployments.iter().any(|found| found.id == holding.deployment);
    let asset = sources.policy.assets().iter().find(deployed);
    let deployment: Option<&Deployment> =
        asset.and_then(|asset| asset.deployments.iter().find(|found| found.id == holding.deployment));
    let require = sources.policy.require();
    let accepted = holding.authenticity >= require.authenticity && holding.completeness >= require.completeness;
    let used = match (deployment, item.free, item.control) {
        (None, ..) => Use::NotMapped,
        (_, false, _) => Use::Excluded,
        (.., None) => Use::WithoutControl,
        _ if accepted => Use::Counted,
        _ => Use::WeakEvidence,
    };
    HoldingPaper {
        asset: asset.map(|asset| asset.id.clone()),
        deployment: holding.deployment.clone(),
        decimals: deployment.map(|deployment| deployment.decimals),
        address: holding.address.clone(),
        role: item.role.text(),
        id: holding.id.clone(),
        amount: holding.amount,
        made_at: holding.made_at,
        authenticity: holding.authenticity,
        completeness: holding.completeness,
        basis: holding.basis(),
        control: item.control.map(crate::reserve::claim::ControlGrade::text),
        used,
    }
}
