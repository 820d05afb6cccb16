//! Working papers: what an auditor files beside the verdict. Every line is computed from what was done in this run.
//! Specification: `docs/spec/report.md`.

mod grid;
mod holdings;
mod procedures;

use serde::Serialize;

use super::model::Report;
use super::reserves::Reserves;
use super::trace::CutoffOutcome;
use crate::amount::{Amount, Decimals};
use crate::asset::{AssetId, ChainId, DeploymentId};
use crate::basis::{Basis, Completeness};
use crate::bundle::Sealed;
use crate::code::Code;
use crate::hash::Digest;
use crate::json::uint;
use crate::policy::Policy;
use crate::publish::VerifiedStatement;
use crate::snapshot::{BlockRef, Time};

use super::findings::Severity;

/// What procedures are, and what they are not.
pub const NO_OPINION: &str = "These are procedures and their results. They are no opinion and no assurance, and nobody \
    has judged whether they are enough for any purpose.";

/// What an auditor files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Workpapers {
    /// The eight assertions, each with what speaks for it and what is open.
    pub assertions: Vec<Assertion>,
    /// What was done, in its order, and what came out.
    pub procedures: Vec<Procedure>,
    /// [`NO_OPINION`].
    pub no_opinion: &'static str,
    /// Commands that give the same report from the same files.
    pub commands: Vec<String>,
    /// The chains of the statement and of the address set.
    pub chains: Vec<ChainPaper>,
    /// The rows of the statement: what the venue commits to owe.
    pub commitments: Vec<CommitmentPaper>,
    /// Every coin and account balance that was looked at.
    pub holdings: Vec<HoldingPaper>,
}

/// What a figure of a report asserts, in the words of auditing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AssertionKind {
    /// What is held was there at the cut-off.
    Existence,
    /// Who holds it can dispose of it, free of pledges.
    Rights,
    /// Nothing that is owed is left out.
    Completeness,
    /// Amounts and sums are right.
    Accuracy,
    /// Things are worth what is said.
    Valuation,
    /// Both halves speak of one moment.
    CutOff,
    /// Things stand under the right heading.
    Classification,
    /// The report can be read as it is meant.
    Presentation,
}

impl AssertionKind {
    /// All, in the order of the report.
    pub const ALL: [Self; 8] = [
        Self::Existence,
        Self::Rights,
        Self::Completeness,
        Self::Accuracy,
        Self::Valuation,
        Self::CutOff,
        Self::Classification,
        Self::Presentation,
    ];

    /// The word.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Existence => "existence",
            Self::Rights => "rights",
            Self::Completeness => "completeness",
            Self::Accuracy => "accuracy",
            Self::Valuation => "valuation",
            Self::CutOff => "cut-off",
            Self::Classification => "classification",
            Self::Presentation => "presentation",
        }
    }

    /// What is asked.
    #[must_use]
    pub const fn question(self) -> &'static str {
        match self {
            Self::Existence => "Was what is held there at the cut-off?",
            Self::Rights => "Can the venue dispose of it, free of pledges?",
            Self::Completeness => "Is everything that is owed in the total?",
            Self::Accuracy => "Are amounts and sums right?",
            Self::Valuation => "Is it worth what is said?",
            Self::CutOff => "Do both halves speak of one moment?",
            Self::Classification => "Does everything stand under the right heading?",
            Self::Presentation => "Can the report be read as it is meant?",
        }
    }
}

/// How far an assertion was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Extent {
    /// Nothing in this run speaks for or against it.
    NotTested,
    /// Something was compared, and exceptions were found.
    Exceptions,
    /// Something was compared, and no exception was found in it.
    NoExceptions,
}

impl Extent {
    /// The words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::NotTested => "not tested",
            Self::Exceptions => "tested, with exceptions",
            Self::NoExceptions => "tested, no exceptions in what was tested",
        }
    }
}

/// One row of the grid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Assertion {
    /// Which.
    pub assertion: AssertionKind,
    /// What is asked.
    pub question: &'static str,
    /// How far it was looked at.
    pub extent: Extent,
    /// What was compared or recomputed, with its outcome.
    pub evidence: Vec<Evidence>,
    /// What is open, by entry of the catalogue.
    pub exceptions: Vec<Exception>,
    /// What no step of this run can show.
    pub not_tested: &'static str,
}

/// Something that speaks for an assertion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// What came out.
    pub text: String,
    /// The assets that it concerns; empty when it concerns none in particular.
    pub assets: Vec<AssetId>,
}

/// Findings of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exception {
    /// The entry of the catalogue.
    #[serde(serialize_with = "super::findings::code_text")]
    pub code: &'static Code,
    /// Its words.
    pub title: &'static str,
    /// The weight of these findings.
    pub severity: Severity,
    /// Their ids.
    pub findings: Vec<String>,
}

/// One procedure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Procedure {
    /// `P1`, `P2`, … in the order of the report.
    pub id: String,
    /// Whether it was performed.
    pub performed: bool,
    /// What was done, or would have been.
    pub procedure: String,
    /// What came out, or why it was not performed.
    pub result: String,
    /// Findings that came of it.
    pub findings: Vec<String>,
}

/// One chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChainPaper {
    /// The chain.
    pub chain: ChainId,
    /// The block that the statement names.
    pub block: Option<BlockRef>,
    /// Whether it is the last one at or before the cut-off.
    pub cutoff: CutoffOutcome,
    /// Whether it hangs on a block that the policy accepts.
    pub anchored: bool,
    /// Whether the evidence of the chain could be used.
    pub readable: bool,
    /// Addresses of the set on it.
    #[serde(with = "uint")]
    pub addresses: u64,
    /// Of these, under control as a whole.
    #[serde(with = "uint")]
    pub controlled: u64,
}

/// One row of a statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CommitmentPaper {
    /// The statement's number.
    #[serde(with = "uint")]
    pub sequence: u64,
    /// As of when.
    pub cutoff: Time,
    /// The unit owed.
    pub asset: AssetId,
    /// The class of liabilities; `other` for the schedule beside the trees.
    pub class: &'static str,
    /// Decimals of the amount.
    pub decimals: Decimals,
    /// Base units.
    pub total: Amount,
    /// Leaves of the tree; none for the schedule.
    #[serde(serialize_with = "optional")]
    pub leaves: Option<u64>,
    /// Digest of the tree's root; none for the schedule.
    pub root: Option<Digest>,
}

/// What becomes of a holding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Use {
    /// Part of what coverage is computed from, before what did not stay is taken off.
    Counted,
    /// Under control, on evidence below the policy.
    WeakEvidence,
    /// No valid signature shows control of it.
    WithoutControl,
    /// Internal, pledged or self-issued.
    Excluded,
    /// The policy counts its deployment for no asset.
    NotMapped,
}

impl Use {
    /// The words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Counted => "counted",
            Self::WeakEvidence => "weak-evidence",
            Self::WithoutControl => "without-control",
            Self::Excluded => "excluded",
            Self::NotMapped => "not-mapped",
        }
    }
}

/// One coin or account balance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HoldingPaper {
    /// The unit owed for which it counts.
    pub asset: Option<AssetId>,
    /// The asset on its chain.
    pub deployment: DeploymentId,
    /// Decimals of the amount; none when the policy does not say.
    pub decimals: Option<Decimals>,
    /// The address.
    pub address: String,
    /// What the address is for.
    pub role: &'static str,
    /// What cannot be counted twice: `txid:vout` on Bitcoin, the address on EVM chains.
    pub id: String,
    /// Base units of the deployment.
    pub amount: Amount,
    /// Height of the block that made it, where coins have an age.
    #[serde(serialize_with = "optional")]
    pub made_at: Option<u64>,
    /// What its existence rests on.
    pub authenticity: Basis,
    /// How much of its history the evidence covers.
    pub completeness: Completeness,
    /// The weaker of both.
    pub basis: Basis,
    /// How control was shown; none when it was not.
    pub control: Option<&'static str>,
    /// What becomes of it.
    #[serde(rename = "use")]
    pub used: Use,
}

fn optional<S: serde::Serializer>(value: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => serializer.collect_str(value),
        None => serializer.serialize_none(),
    }
}

/// What the papers are written from.
pub(super) struct Sources<'a> {
    /// The bundle.
    pub(super) sealed: &'a Sealed,
    /// The verifier's policy.
    pub(super) policy: &'a Policy,
    /// The statement.
    pub(super) statement: Option<&'a VerifiedStatement>,
    /// The reserve side.
    pub(super) reserves: &'a Reserves,
}

impl Workpapers {
    /// The papers of a finished report.
    pub(super) fn of(report: &Report, sources: &Sources<'_>) -> Self {
        let chains = holdings::chains(sources);
        let commitments = holdings::commitments(sources);
        let holdings = holdings::holdings(sources);
        let papers = Self { chains, commitments, holdings, no_opinion: NO_OPINION, ..Self::default() };
        let assertions = grid::grid(report, &papers, sources);
        let procedures = procedures::procedures(report, &papers, sources);
        let commands = procedures::commands(report, sources);
        Self { assertions, procedures, commands, ..papers }
    }
}
