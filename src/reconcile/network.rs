//! Several venues at once: bundles joined, deposits elsewhere proved, and what everybody pays when all are cleared.
//! Specification: `docs/spec/network.md`; the arithmetic alone: `docs/spec/clearing.md`.

pub mod clearing;
pub mod elsewhere;
mod figures;
mod findings;
pub mod fraction;
mod lent;
mod linear;
pub mod loans;
mod model;
pub mod netting;
pub mod policy;
mod shared;
mod sheet;
mod told;
pub mod transfers;

use std::collections::BTreeSet;

use super::{ReconcileError, Verdict};
use crate::asset::AssetId;
use crate::code::{Code, Coded, finding as finding_codes, network as codes};
use crate::snapshot::{Time, VenueId};

pub use clearing::{Clearing, ClearingError, Obligations, System};
pub use findings::NetworkFinding;
pub use fraction::{Exact, Fraction};
pub use model::{
    AssetNetwork, Cleared, DepositRow, NETWORK_FORMAT, NETWORK_NOT_SHOWN, NetworkPolicySummary, NetworkReport, RingRow,
    Side, Sums, VenueFigures, VenueSummary,
};
pub use policy::{NetworkFile, NetworkPolicy, NetworkPolicyError, PinnedMember};
pub use sheet::Input;

use sheet::Sheet;

/// Why bundles are not joined.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// Cut-off blocks of one chain.
    #[error("{0}")]
    Blocks(String),
    /// A bundle that `reconcile` refuses, too.
    #[error("{bundle}: {source}")]
    Bundle {
        /// The bundle.
        bundle: String,
        /// Why.
        source: Box<ReconcileError>,
    },
    /// The network is too large.
    #[error("{asset}: {source}")]
    Clearing {
        /// The asset.
        asset: AssetId,
        /// Why.
        source: ClearingError,
    },
    /// Two moments.
    #[error("{one} states what it owes at {first}, {two} at {second}")]
    Cutoffs {
        /// A venue.
        one: VenueId,
        /// Its cut-off.
        first: Time,
        /// Another one.
        two: VenueId,
        /// Its cut-off.
        second: Time,
    },
    /// A bundle without a statement.
    #[error("{bundle}: no statement.json; whose bundle it is, and what is owed, is unknown")]
    NoStatement {
        /// The bundle.
        bundle: String,
    },
    /// No bundle at all.
    #[error("no bundle was given")]
    Nothing,
    /// A statement that does not say of whom it is.
    #[error("{bundle}: statement.json: {detail}")]
    Statement {
        /// The bundle.
        bundle: String,
        /// Why it cannot be read.
        detail: String,
    },
    /// Two of one venue.
    #[error("{bundle}: a second bundle of {venue}")]
    VenueTwice {
        /// The bundle.
        bundle: String,
        /// The venue.
        venue: VenueId,
    },
    /// A venue that nobody pinned.
    #[error("{bundle}: it is of {venue}, which the network policy does not name")]
    VenueUnknown {
        /// The bundle.
        bundle: String,
        /// The venue.
        venue: VenueId,
    },
}

impl Coded for NetworkError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Blocks(_) => &codes::NETWORK_BLOCKS_DIFFER,
            Self::Bundle { source, .. } => source.code(),
            Self::Clearing { source, .. } => source.code(),
            Self::Cutoffs { .. } => &codes::NETWORK_CUTOFFS_DIFFER,
            Self::NoStatement { .. } | Self::Nothing => &finding_codes::NO_LIABILITIES,
            Self::Statement { .. } => &crate::code::publish::STATEMENT_MALFORMED,
            Self::VenueTwice { .. } => &codes::NETWORK_VENUE_TWICE,
            Self::VenueUnknown { .. } => &codes::NETWORK_VENUE_UNKNOWN,
        }
    }
}

/// Reconciles each bundle under the policy of its venue, and joins them.
///
/// # Errors
/// [`NetworkError`] when they cannot be joined at all. Everything else is a finding.
pub fn network(inputs: &[Input<'_>], policy: &NetworkPolicy, now: Option<Time>) -> Result<NetworkReport, NetworkError> {
    let sheets = sheet::read(inputs, policy, now)?;
    let Some(first) = sheets.first() else { return Err(NetworkError::Nothing) };
    let pinned = policy.members.iter().map(|member| &member.policy.venue().id);
    let absent: Vec<VenueId> = pinned.filter(|id| !sheets.iter().any(|sheet| sheet.venue() == *id)).cloned().collect();
    // what fails here is a file that changed since its bundle was opened
    let failed =
        |source: ReconcileError| NetworkError::Bundle { bundle: "a bundle".to_owned(), source: Box::new(source) };
    let (shared, mut findings) = shared::join(&sheets).map_err(failed)?;
    let (deposits, found) = elsewhere::read(&sheets, &absent).map_err(failed)?;
    findings.extend(found);
    findings.extend(transfers::read(&sheets, &deposits, &shared).map_err(failed)?);
    findings.extend(absent.iter().map(told::absent));
    let ids: BTreeSet<AssetId> =
        sheets.iter().flat_map(|sheet| sheet.report.assets.iter().map(|asset| asset.asset.clone())).collect();
    let (mut assets, mut rows) = (Vec::new(), Vec::new());
    for id in ids {
        let is_critical = |venue: &VenueId| {
            let here = findings.iter().filter(|finding| finding.asset.as_ref().is_none_or(|asset| *asset == id));
            here.into_iter().any(|finding| finding.is_against(venue))
        };
        let joined = figures::join(&sheets, &deposits, &shared, policy, &id, &is_critical)
            .map_err(|source| NetworkError::Clearing { asset: id.clone(), source })?;
        let Some(joined) = joined else { continue };
        let rows_here = joined.rows();
        let told = told::asset(&joined.report, &rows_here, joined.is_joined());
        findings.extend(told);
        rows.extend(rows_here);
        assets.push(joined.report);
    }
    // what a venue has to say and does not say is unknown, however much others cover
    let silent = sheets.iter().flat_map(|sheet| told::silent(sheet.venue(), &sheet.report));
    let silent: Vec<(AssetId, NetworkFinding)> = silent.collect();
    for asset in assets.iter_mut().filter(|asset| silent.iter().any(|(id, _)| *id == asset.asset)) {
        asset.verdict = asset.verdict.min(Verdict::NotDeterminable);
    }
    let is_open = !absent.is_empty() || !silent.is_empty();
    findings.extend(silent.into_iter().map(|(_, finding)| finding));
    Ok(report(&sheets, first, policy, (absent, is_open), assets, rows, findings))
}

fn report(
    sheets: &[Sheet<'_>],
    first: &Sheet<'_>,
    policy: &NetworkPolicy,
    (absent, is_open): (Vec<VenueId>, bool),
    assets: Vec<AssetNetwork>,
    deposits: Vec<DepositRow>,
    findings: Vec<NetworkFinding>,
) -> NetworkReport {
    let required = assets.iter().filter(|asset| asset.required);
    let verdict = required.map(|asset| asset.verdict).min().unwrap_or(Verdict::NotDeterminable);
    NetworkReport {
        format: NETWORK_FORMAT,
        tool: concat!("counterfoil ", env!("CARGO_PKG_VERSION")).to_owned(),
        policy: NetworkPolicySummary {
            sha256: policy.digest,
            alpha: Exact(policy.alpha.clone()),
            beta: Exact(policy.beta.clone()),
        },
        cutoff: first.statement.statement().cutoff,
        venues: sheets.iter().map(summary).collect(),
        // a venue that is missing leaves nothing covered: what it would have shown of the others is unknown
        verdict: if is_open { verdict.min(Verdict::NotDeterminable) } else { verdict },
        headline: told::headline(sheets.len(), &assets, deposits.len()),
        absent,
        assets,
        deposits,
        findings: findings::in_order(findings),
        not_shown: NETWORK_NOT_SHOWN.to_vec(),
    }
}

fn summary(sheet: &Sheet<'_>) -> VenueSummary {
    let statement = sheet.statement.statement();
    VenueSummary {
        venue: sheet.venue().clone(),
        legal_entity: statement.venue.legal_entity.clone(),
        bundle: sheet.sealed.root(),
        statement: sheet.statement.digest(),
        sequence: statement.sequence,
        policy: sheet.member.policy.digest(),
        own_verdict: sheet.report.overall.verdict,
        own_findings: sheet.report.findings.len() as u64,
    }
}
