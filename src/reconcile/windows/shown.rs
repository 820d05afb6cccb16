//! What a bundle shows of the blocks around the cut-off block of each chain, and which of it is an asset's.

use std::collections::{BTreeMap, BTreeSet};

use super::ChainWindow;
use crate::asset::{Asset, ChainId, Deployment, DeploymentId};
use crate::bundle::{FileSource, paths};
use crate::code::{Coded as _, finding as codes};
use crate::policy::Policy;
use crate::reconcile::findings::{Finding, Severity};
use crate::reconcile::verdicts::Section;
use crate::reconcile::window::{self, WindowQuestion, WindowReport};
use crate::reserve::claim::{ChainQuery, ControlGrade};
use crate::reserve::window::{StretchEvidence, Transfer, WindowEvidence};
use crate::reserve::{bitcoin, evm};

/// A chain with what is known of it, and the evidence of a deployment when there is any.
pub(super) type Offered<'a> = (&'a ChainId, &'a ChainWindow, Option<(Shown<'a>, &'a Deployment)>);

/// The evidence of one deployment, in either form.
#[derive(Clone, Copy)]
pub(super) enum Shown<'a> {
    Transfers(&'a WindowEvidence),
    Stretches(&'a StretchEvidence),
}

impl<'a> Shown<'a> {
    const fn deployment(self) -> &'a DeploymentId {
        match self {
            Self::Transfers(evidence) => &evidence.deployment,
            Self::Stretches(evidence) => &evidence.deployment,
        }
    }

    pub(super) const fn range(self) -> (u64, u64) {
        match self {
            Self::Transfers(evidence) => (evidence.from, evidence.to),
            Self::Stretches(evidence) => (evidence.from, evidence.to),
        }
    }

    /// Movements that are known.
    pub(super) fn transfers(self) -> &'a [Transfer] {
        match self {
            Self::Transfers(evidence) => &evidence.transfers,
            Self::Stretches(evidence) => evidence.transfers.as_deref().unwrap_or_default(),
        }
    }

    pub(super) fn measure(self, question: &WindowQuestion<'_>) -> Option<WindowReport> {
        match self {
            Self::Transfers(evidence) => window::measure(evidence, question),
            Self::Stretches(evidence) => window::measure_stretches(evidence, question),
        }
    }
}

/// What the bundle shows of the blocks around the cut-off block of a chain of Bitcoin.
pub(in crate::reconcile) fn read(
    query: &ChainQuery<'_>,
    own: &bitcoin::window::Own<'_>,
    files: &dyn FileSource,
) -> (Option<WindowEvidence>, Vec<Finding>) {
    let evidence = match bitcoin::window::window(query, own, files) {
        Ok(evidence) => evidence,
        Err(error) => {
            let path = paths::chain(query.chain, paths::WINDOW);
            let detail = format!("{}: {error}", error.code());
            let finding = Finding::new(&codes::WINDOW_REFUSED, Severity::Critical, path.clone(), detail);
            return (None, vec![finding.on_chain(query.chain).in_file(path)]);
        }
    };
    let problems = evidence.iter().flat_map(|evidence| evidence.problems.clone());
    let found = problems.map(|problem| Finding::from_problem(problem, query.chain)).collect();
    (evidence, found)
}

/// What the bundle shows of the blocks around the cut-off block of an EVM chain. `controlled` are the addresses that
/// count, with the way in which control of each was shown.
pub(in crate::reconcile) fn read_evm(
    query: &ChainQuery<'_>,
    controlled: &BTreeMap<String, ControlGrade>,
    policy: &Policy,
    files: &dyn FileSource,
) -> (Vec<StretchEvidence>, Vec<Finding>) {
    let path = paths::chain(query.chain, paths::WINDOW);
    let refused = |detail: String| {
        let finding = Finding::new(&codes::WINDOW_REFUSED, Severity::Critical, path.clone(), detail);
        (Vec::new(), vec![finding.on_chain(query.chain).in_file(path.clone())])
    };
    let own = evm::window::Own { tokens: policy.tokens(), events: policy.token_events(), addresses: controlled };
    let shown = match evm::window::window(query, &own, files) {
        Ok(shown) => shown.unwrap_or_default(),
        Err(error) => return refused(format!("{}: {error}", error.code())),
    };
    let mut found: Vec<Finding> = Vec::new();
    let mut told = BTreeSet::new();
    for problem in shown.iter().flat_map(|evidence| evidence.problems.clone()) {
        // what concerns the whole file is told once
        if told.insert((problem.code.number, problem.subject.clone(), problem.detail.clone())) {
            found.push(Finding::from_problem(problem, query.chain).in_file(path.clone()));
        }
    }
    (shown, found)
}

impl Section<'_> {
    /// The evidence of each deployment of the asset, chain by chain; a chain or claimed deployment without any is there
    /// without it.
    pub(super) fn shown<'a>(&'a self, mapped: Option<&'a Asset>) -> Vec<Offered<'a>> {
        let mut all = Vec::new();
        for (chain, known) in &self.reserves.windows {
            let transfers = known.evidence.iter().map(Shown::Transfers);
            let stretches = known.stretches.iter().map(Shown::Stretches);
            let shown: Vec<Shown<'_>> = transfers.chain(stretches).collect();
            let deployments = mapped.into_iter().flat_map(|asset| &asset.deployments);
            let of_chain: Vec<&Deployment> =
                deployments.filter(|deployment| deployment.id.chain().as_ref() == Some(chain)).collect();
            let before = all.len();
            for deployment in of_chain {
                let found = shown.iter().find(|shown| *shown.deployment() == deployment.id);
                // what is neither shown nor offered is nobody's window
                if found.is_some() || (!shown.is_empty() && self.offers(&deployment.id)) {
                    all.push((chain, known, found.map(|shown| (*shown, deployment))));
                }
            }
            if all.len() == before {
                all.push((chain, known, None));
            }
        }
        all
    }
}
