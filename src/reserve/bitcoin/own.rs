//! What the verifier reads itself, beside a bundle: files that are too large for one. They are the verifier's own, so
//! nobody who makes a bundle chooses them.

use std::collections::BTreeSet;

use bitcoin::{Network, ScriptBuf};

use super::blocks::BlockFiles;
use super::utxo_snapshot::FullSet;
use crate::reserve::claim::Problem;

/// Where these files come from.
pub trait OwnEvidence {
    /// Files with whole blocks; `None` when there are none.
    fn blocks(&self) -> Option<&dyn BlockFiles>;

    /// Reads a whole set of unspent outputs and keeps the coins of the scripts `wanted`; `None` when there is none.
    /// What is wrong with it is a problem of the report.
    fn full_set(&self, network: Network, wanted: &BTreeSet<ScriptBuf>) -> Option<Result<FullSet, Problem>>;
}

/// Nothing beside the bundle.
#[derive(Clone, Copy, Debug, Default)]
pub struct BundleAlone;

impl OwnEvidence for BundleAlone {
    fn blocks(&self) -> Option<&dyn BlockFiles> {
        None
    }

    fn full_set(&self, _: Network, _: &BTreeSet<ScriptBuf>) -> Option<Result<FullSet, Problem>> {
        None
    }
}
