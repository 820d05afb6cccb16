//! Reconciling: both halves meet, asset by asset, at one cut-off. Specification: `docs/spec/reconcile.md`.
//!
//! Pure: the same bundle and policy give the same report, byte for byte.

mod coverage;
mod descriptors;
mod evm_control;
mod findings;
mod log;
mod model;
pub mod omission;
mod parallel;
mod reserves;
pub mod sample;
mod verdicts;
pub mod window;
mod windows;

use crate::bundle::{self, BundleError, FileSource, SealedFiles, SourceError, paths};
use crate::code::{Code, Coded};
use crate::policy::Policy;
use crate::publish::{self, StatementError};
use crate::reserve::bitcoin::own::{BundleAlone, OwnEvidence};

pub use coverage::{Position, Verdict, percent, verdict};
pub use findings::{Finding, Severity};
pub use model::{
    AssetReport, BundleSummary, Held, NOT_SHOWN, Overall, Owed, PolicySummary, REPORT_FORMAT, Report, StatementSummary,
};
pub use reserves::{Late, Reserves};
pub use windows::ChainWindow;

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

/// Compares what is owed with what is held, under the verifier's policy.
///
/// # Errors
/// [`ReconcileError`] when bundle or statement are not what they claim to be. Everything else is a finding.
pub fn reconcile(files: &dyn FileSource, policy: &Policy) -> Result<Report, ReconcileError> {
    reconcile_with(files, policy, &BundleAlone)
}

/// The same, with files that the verifier reads itself.
///
/// # Errors
/// [`ReconcileError`].
pub fn reconcile_with(
    files: &dyn FileSource,
    policy: &Policy,
    own: &dyn OwnEvidence,
) -> Result<Report, ReconcileError> {
    let sealed = bundle::open(files)?;
    let files: &dyn FileSource = &SealedFiles::new(files, &sealed);
    let statement = match files.read(paths::STATEMENT)? {
        Some(file) => Some(publish::verify(&file, &policy.statement_pins())?),
        None => None,
    };
    let mut reserves = match &statement {
        Some(statement) => reserves::gather(files, policy, statement, own)?,
        None => Reserves::default(),
    };
    if let Some(statement) = &statement {
        reserves.findings.extend(log::findings(files, policy, statement)?);
    }
    Ok(verdicts::report(&sealed, policy, statement.as_ref(), reserves))
}
