//! What was done on the way to the figures: counts and outcomes of steps, for the list of procedures.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::asset::ChainId;
use crate::reserve::claim::CutoffCheck;

/// Whether the statement's block is the cut-off block of its chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CutoffOutcome {
    /// The evidence of the chain could not be used at all.
    #[default]
    NotChecked,
    /// It is the last block at or before the cut-off.
    Holds,
    /// The evidence does not show it.
    Unknown,
    /// Another block is.
    Violated,
}

impl CutoffOutcome {
    /// The word.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::NotChecked => "not-checked",
            Self::Holds => "holds",
            Self::Unknown => "unknown",
            Self::Violated => "violated",
        }
    }
}

impl From<&CutoffCheck> for CutoffOutcome {
    fn from(check: &CutoffCheck) -> Self {
        match check {
            CutoffCheck::Holds => Self::Holds,
            CutoffCheck::Unknown { .. } => Self::Unknown,
            CutoffCheck::Violated { .. } => Self::Violated,
        }
    }
}

/// One chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChainTrace {
    /// Addresses of the set.
    pub addresses: u64,
    /// Of these, under control as a whole.
    pub controlled: u64,
    /// The cut-off rule.
    pub cutoff: CutoffOutcome,
    /// Whether the cut-off block hangs on a block that the policy accepts.
    pub anchored: bool,
    /// Whether its evidence could be used.
    pub readable: bool,
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// Addresses of the set, when it is the committed one.
    pub addresses: Option<u64>,
    /// Whether a list of descriptors was compared with the set.
    pub descriptors: bool,
    /// Whether the challenge binds the statement.
    pub challenge: bool,
    /// Proofs of control that were read.
    pub proofs: Option<u64>,
    /// Whether the verifier's own block files were read.
    pub own_blocks: bool,
    /// Whether the verifier's own set of unspent outputs was read.
    pub own_set: bool,
    /// By chain.
    pub chains: BTreeMap<ChainId, ChainTrace>,
}
