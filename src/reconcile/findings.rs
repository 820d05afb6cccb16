//! Findings: what a reader must know beside the figures.

use serde::{Serialize, Serializer};

use crate::amount::{Amount, Decimals};
use crate::asset::{AssetId, ChainId};
use crate::code::Code;
use crate::hash::Digest;
use crate::reserve::claim::Problem;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// No coverage as long as it is open.
    Critical,
    /// A figure rests on less than it should, or something is left out.
    Exception,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// The word.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Exception => "exception",
            Self::Note => "note",
        }
    }
}

/// How much a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FindingAmount {
    /// Base units.
    pub units: Amount,
    /// Their decimals.
    pub decimals: Decimals,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `F1`, `F2`, … in the order of the report.
    pub id: String,
    /// The entry of the catalogue.
    #[serde(serialize_with = "code_text")]
    pub code: &'static Code,
    /// Its weight.
    pub severity: Severity,
    /// The asset that it concerns; none when it concerns a chain or everything.
    pub asset: Option<AssetId>,
    /// The chain that it concerns.
    pub chain: Option<ChainId>,
    /// The address, coin, file or row.
    pub subject: String,
    /// What was got, and what was expected.
    pub detail: String,
    /// How much it is about; none when it is about no amount, or about one that nobody knows.
    pub amount: Option<FindingAmount>,
    /// What would clear it.
    pub clears: &'static str,
    /// The file of the bundle that shows it.
    pub evidence: Option<String>,
    /// SHA-256 of that file.
    pub evidence_sha256: Option<Digest>,
}

pub(super) fn code_text<S: Serializer>(code: &&'static Code, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(code)
}

impl Finding {
    /// A finding about everything; narrowed by the functions below.
    #[must_use]
    pub fn new(code: &'static Code, severity: Severity, subject: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            id: String::new(),
            code,
            severity,
            asset: None,
            chain: None,
            subject: subject.into(),
            detail: detail.into(),
            amount: None,
            clears: code.remedy,
            evidence: None,
            evidence_sha256: None,
        }
    }

    /// From a problem of the reserve side.
    #[must_use]
    pub fn from_problem(problem: Problem, chain: &ChainId) -> Self {
        Self::new(problem.code, Severity::Exception, problem.subject, problem.detail).on_chain(chain)
    }

    /// Concerns one asset.
    #[must_use]
    pub fn of_asset(mut self, asset: &AssetId) -> Self {
        self.asset = Some(asset.clone());
        self
    }

    /// Concerns one chain.
    #[must_use]
    pub fn on_chain(mut self, chain: &ChainId) -> Self {
        self.chain = Some(chain.clone());
        self
    }

    /// Is about this many base units.
    #[must_use]
    pub const fn of_amount(mut self, units: Amount, decimals: Decimals) -> Self {
        self.amount = Some(FindingAmount { units, decimals });
        self
    }

    /// Shown by a file of the bundle.
    #[must_use]
    pub fn in_file(mut self, path: impl Into<String>) -> Self {
        self.evidence = Some(path.into());
        self
    }
}
