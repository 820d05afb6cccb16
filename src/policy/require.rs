//! What evidence must reach to count.

use serde::{Deserialize, Serialize};

use super::PolicyError;
use crate::asset::{AssetId, DeploymentId};
use crate::basis::{Basis, Completeness};
use crate::reserve::bitcoin::control as bitcoin;
use crate::reserve::claim::ControlGrade;
use crate::reserve::evm::control as evm;

/// What evidence must reach to count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Requirements {
    /// Assets that the overall verdict speaks of; all assets of statement and policy when empty.
    pub assets: Vec<AssetId>,
    /// What the existence of a balance must rest on.
    pub authenticity: Basis,
    /// How much of its history the evidence must cover.
    pub completeness: Completeness,
    /// Whether a statement without other liabilities can be covered.
    pub other_liabilities: bool,
    /// The weakest way of showing control that counts.
    pub control: ControlGrade,
    /// Kinds of control proofs that count; all when empty.
    pub schemes: Vec<String>,
    /// Deployments that the venue, or somebody related to it, issues: each covers only itself.
    pub own_tokens: Vec<DeploymentId>,
    /// From which share of what is owed on an asset is covered, in hundredths of a percent.
    pub minimum_ratio: u64,
    /// How many days before the cut-off a challenge may have been issued.
    pub control_max_age_days: u64,
    /// Days after its cut-off for which a statement is accepted.
    pub max_age_days: Option<u64>,
}

impl Default for Requirements {
    /// The built-in policy: existence proved, unspentness at least observed, control by keys.
    fn default() -> Self {
        Self {
            assets: Vec::new(),
            authenticity: Basis::Proved,
            completeness: Completeness::UnspentObserved,
            other_liabilities: false,
            control: ControlGrade::KeyThreshold,
            schemes: Vec::new(),
            own_tokens: Vec::new(),
            minimum_ratio: 10_000,
            control_max_age_days: 400,
            max_age_days: None,
        }
    }
}

impl Requirements {
    /// What of completeness a window must reach: whole blocks leave nothing out, and no set shows more.
    #[must_use]
    pub fn window_completeness(&self) -> Completeness {
        self.completeness.min(Completeness::Replayed)
    }

    pub(super) fn check(&self) -> Result<(), PolicyError> {
        if self.minimum_ratio < 10_000 || self.minimum_ratio > 1_000_000 {
            let got = self.minimum_ratio;
            let detail = "expected 10000 to 1000000, in hundredths of a percent: whoever owes holds all of it";
            return Err(PolicyError(format!("require: minimum_ratio {got}, {detail}")));
        }
        for scheme in &self.schemes {
            let mut known = bitcoin::SCHEMES.iter().chain(&evm::SCHEMES);
            if !known.any(|known| known == scheme) {
                let known = [&bitcoin::SCHEMES[..], &evm::SCHEMES[..]].concat().join(", ");
                return Err(PolicyError(format!("require: no scheme {scheme:?}, expected of {known}")));
            }
        }
        Ok(())
    }

    /// What of control differs from the built-in policy.
    pub(super) fn control_departures(&self) -> Vec<String> {
        let mut departures = Vec::new();
        let (own, built_in) = (self, Self::default());
        let word = |stricter: bool| if stricter { "stricter" } else { "laxer" };
        if own.control != built_in.control {
            let word = word(own.control > built_in.control);
            let (own, built_in) = (own.control.text(), built_in.control.text());
            departures.push(format!("{word}: control counts from {own}, built-in {built_in}"));
        }
        if !own.schemes.is_empty() {
            departures.push(format!("stricter: only control proofs of these kinds count: {}", own.schemes.join(", ")));
        }
        if own.control_max_age_days != built_in.control_max_age_days {
            let word = word(own.control_max_age_days < built_in.control_max_age_days);
            let (own, built_in) = (own.control_max_age_days, built_in.control_max_age_days);
            departures
                .push(format!("{word}: a challenge may be {own} days older than the cut-off, built-in {built_in}"));
        }
        departures
    }
}
