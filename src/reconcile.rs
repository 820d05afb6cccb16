//! Reconciling: both halves meet, asset by asset, at one cut-off. Specification: `docs/spec/reconcile.md`.
//!
//! Pure: the same bundle and policy give the same report, byte for byte.

mod absent;
pub mod assess;
pub mod balance_sheet;
mod case;
pub mod chain;
mod coverage;
pub mod custodian;
pub mod depositors;
pub mod deposits;
mod descriptors;
pub mod enclosed;
mod evm_control;
mod findings;
pub mod history;
pub mod issuer;
pub mod liquidity;
mod log;
mod model;
mod nested;
pub mod network;
pub mod omission;
mod parties;
pub mod quality;
mod reserves;
pub mod sample;
pub mod sheet;
mod stated;
pub mod tiers;
mod trace;
mod verdicts;
pub mod window;
mod windows;
mod workpapers;

use crate::asset::ChainId;
use crate::bundle::{self, BundleError, FileSource, SealedFiles, SourceError, paths};
use crate::code::{Code, Coded};
use crate::policy::Policy;
use crate::publish::{self, StatementError, VerifiedStatement};
use crate::reserve::bitcoin::own::{BundleAlone, OwnEvidence};
use crate::snapshot::Time;

pub use balance_sheet::CreditSection;
pub use chain::ChainSection;
pub use coverage::{Verdict, percent};
pub use findings::{Finding, FindingAmount, Severity};
pub use history::{Commitment, History};
pub use model::{
    AbsentFile, AssetReport, BundleSummary, Held, NOT_SHOWN, Overall, Owed, PolicySummary, REPORT_FORMAT, Report,
    StatementSummary,
};
pub use reserves::{Held as HeldItem, Late, Reserves};
pub use trace::CutoffOutcome;
pub use windows::ChainWindow;
pub use workpapers::{
    Assertion, AssertionKind, ChainPaper, CommitmentPaper, Evidence, Exception, Extent, HoldingPaper, NO_OPINION,
    Procedure, Use, Workpapers,
};

/// Why no report could be made.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The bundle is not as sealed.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// A file of it cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The statement in it is not acceptable.
    #[error("statement.json: {0}")]
    Statement(#[from] StatementError),
}

impl Coded for ReconcileError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Bundle(error) => error.code(),
            Self::Source(_) => &crate::code::cli::FILE_UNREADABLE,
            Self::Statement(error) => error.code(),
        }
    }
}

/// The statements of a bundle beside each other, and what is wrong between them. `None` for a bundle without
/// `statement.json`: further statements alone are about nothing.
///
/// # Errors
/// [`ReconcileError`] when bundle or statement are not what they claim to be.
pub fn history(files: &dyn FileSource, policy: &Policy) -> Result<Option<(History, Vec<Finding>)>, ReconcileError> {
    let sealed = bundle::open(files)?;
    let files: &dyn FileSource = &SealedFiles::new(files, &sealed);
    let Some(file) = files.read(paths::STATEMENT)? else { return Ok(None) };
    let subject = history::subject(files, policy, &file)?;
    history::read(files, policy, subject, sealed.manifest().sealed_at).map(Some)
}

/// Compares what is owed with what is held, under the verifier's policy.
///
/// # Errors
/// [`ReconcileError`] when bundle or statement are not what they claim to be. Everything else is a finding.
pub fn reconcile(files: &dyn FileSource, policy: &Policy) -> Result<Report, ReconcileError> {
    reconcile_with(files, policy, &BundleAlone, None)
}

/// The same, with files that the verifier reads itself, and the time at which it asks: statements have an age.
///
/// # Errors
/// [`ReconcileError`].
pub fn reconcile_with(
    files: &dyn FileSource,
    policy: &Policy,
    own: &dyn OwnEvidence,
    now: Option<Time>,
) -> Result<Report, ReconcileError> {
    let (sealed, statement, reserves) = gathered(files, policy, own)?;
    Ok(verdicts::report(&sealed, policy, statement.as_ref(), reserves, now))
}

/// A bundle as sealed, its statement, and what its reserve side shows.
fn gathered(
    files: &dyn FileSource,
    policy: &Policy,
    own: &dyn OwnEvidence,
) -> Result<(bundle::Sealed, Option<publish::VerifiedStatement>, Reserves), ReconcileError> {
    let sealed = bundle::open(files)?;
    let files: &dyn FileSource = &SealedFiles::new(files, &sealed);
    let statement = match files.read(paths::STATEMENT)? {
        Some(file) => Some(history::subject(files, policy, &file)?),
        None => None,
    };
    let mut reserves = match &statement {
        Some(statement) => {
            let (history, found) = history::read(files, policy, statement.clone(), sealed.manifest().sealed_at)?;
            let mut custody = custodian::read(files, policy, &history)?;
            let mut issuers = issuer::read(files, policy, statement.statement())?;
            let elsewhere = parties::separate(&mut custody, &mut issuers);
            let mut reserves = reserves::gather(files, policy, statement, (&history, &elsewhere), own)?;
            reserves.findings.extend(custody.findings);
            reserves.custody = custody.shares;
            reserves.custody_unreadable = custody.unreadable;
            reserves.custody_absent = custody.absent;
            reserves.findings.extend(issuers.findings);
            reserves.issuers = issuers.backings;
            reserves.findings.extend(found);
            let (logged, found) = log::shown(files, policy, statement, &history)?;
            reserves.logged = logged;
            reserves.findings.extend(found);
            reserves.findings.extend(network::elsewhere::stated(files)?);
            let (depositors, found) = depositors::read(files, &history)?;
            reserves.findings.extend(found);
            reserves.depositors = depositors;
            reserves.history = Some(history);
            reserves
        }
        None => Reserves::default(),
    };
    absent::note(&sealed, files, &chains(policy, statement.as_ref()), &mut reserves);
    Ok((sealed, statement, reserves))
}

/// Every chain that the statement or the policy names.
fn chains(policy: &Policy, statement: Option<&VerifiedStatement>) -> Vec<ChainId> {
    let deployed = policy.assets().iter().flat_map(|asset| &asset.deployments).filter_map(|found| found.id.chain());
    let named = statement.into_iter().flat_map(|verified| verified.statement().chains.iter());
    deployed.chain(named.map(|block| block.chain.clone())).collect()
}
