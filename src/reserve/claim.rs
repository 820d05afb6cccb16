//! What evidence shows: holdings, problems, and how good the evidence is.

use crate::amount::Amount;
use crate::asset::{ChainId, DeploymentId};
use crate::basis::{Basis, Completeness};
use crate::code::{Code, Coded};
use crate::snapshot::{BlockRef, Time};

/// The verifier's question about one chain. Nothing in it comes from evidence: blocks come from policy and signed
/// statement, addresses from the committed set.
#[derive(Clone, Debug)]
pub struct ChainQuery<'a> {
    /// The chain.
    pub chain: &'a ChainId,
    /// Blocks that the policy pins by hash.
    pub pins: &'a [BlockRef],
    /// The block that the statement names as its cut-off on this chain.
    pub cutoff_block: &'a BlockRef,
    /// The cut-off.
    pub cutoff: Time,
    /// Addresses of the committed set on this chain, in its order.
    pub addresses: &'a [&'a str],
    /// What of this chain counts for any asset, by the policy.
    pub deployments: &'a [DeploymentId],
    /// What an answer of the node in the bundle's transcript is worth.
    pub transcript: Option<(&'a super::transcript::Transcript, Basis)>,
}

/// One coin or account balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The asset on its chain.
    pub deployment: DeploymentId,
    /// The address, as the set has it.
    pub address: String,
    /// What cannot be counted twice: `txid:vout` on Bitcoin, the address on EVM chains.
    pub id: String,
    /// Base units of the deployment.
    pub amount: Amount,
    /// Whether it is really there: proved, or stated.
    pub authenticity: Basis,
    /// Whether it is still there.
    pub completeness: Completeness,
}

impl Holding {
    /// A figure made of two facts is worth its weaker one.
    #[must_use]
    pub fn basis(&self) -> Basis {
        self.authenticity.min(self.completeness.basis())
    }
}

/// Something that a check found wrong or missing. It becomes a finding of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The entry of the catalogue.
    pub code: &'static Code,
    /// The address, outpoint or file.
    pub subject: String,
    /// What was got, and what was expected.
    pub detail: String,
}

impl Problem {
    /// From an error about `subject`.
    #[must_use]
    pub fn from_error(subject: impl Into<String>, error: &dyn Coded) -> Self {
        Self { code: error.code(), subject: subject.into(), detail: error.to_string() }
    }
}

/// Whether the statement's block is the last one at or before the cut-off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CutoffCheck {
    /// Shown: this block's time is not after the cut-off, its successor's is.
    Holds,
    /// The evidence does not show it.
    Unknown {
        /// What is missing.
        detail: String,
    },
    /// Shown to be another block.
    Violated {
        /// Times got and expected.
        detail: String,
    },
}

/// What the evidence of one chain shows at the cut-off block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainEvidence {
    /// Holdings, in the order of their ids; each once.
    pub holdings: Vec<Holding>,
    /// What was wrong or missing, in a fixed order.
    pub problems: Vec<Problem>,
    /// The cut-off rule.
    pub cutoff: CutoffCheck,
    /// Whether the cut-off block is pinned, or an ancestor of a pinned block.
    pub anchored: bool,
    /// Whether the evidence as a whole could be used. When it could not, that nothing is listed means nothing.
    pub readable: bool,
}

/// How control over an address was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ControlGrade {
    /// A contract wallet accepts the signature, says a node that only the bundle vouches for; or its state does, under
    /// a block that nobody pinned.
    ContractStated,
    /// A contract wallet accepts the signature, says a node that the verifier pinned.
    ContractObserved,
    /// The owners that a wallet's state names, as many as it asks for, signed the challenge.
    ContractProven,
    /// A signature over the challenge by the address's key or script.
    KeySigned,
}

impl ControlGrade {
    /// The word in reports and policies.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::ContractStated => "contract-stated",
            Self::ContractObserved => "contract-observed",
            Self::ContractProven => "contract-proven",
            Self::KeySigned => "key-signed",
        }
    }
}

impl ControlGrade {
    /// What a holding under this control is worth at most.
    #[must_use]
    pub const fn basis(self) -> Basis {
        match self {
            Self::ContractStated => Basis::Stated,
            Self::ContractObserved => Basis::Observed,
            _ => Basis::Proved,
        }
    }
}

/// One line of `control.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlProof {
    /// The chain.
    pub chain: ChainId,
    /// The address.
    pub address: String,
    /// `bip322-simple`, `bip137`, `legacy`, or one of `evm::control`.
    pub scheme: String,
    /// As the scheme writes it: base64, or hexadecimal digits behind `0x` for `eip191`.
    pub signature: String,
}
