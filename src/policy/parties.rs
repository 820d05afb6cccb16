//! Who keeps coins for the venue, and who issues what it holds: parties with keys of their own.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{PinnedVenue, Policy, PolicyError, Requirements};
use crate::asset::{Asset, DeploymentId};
use crate::signature::PublicKey;
use crate::snapshot::VenueId;

/// Somebody who owes what a coin promises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinnedIssuer {
    /// Its name and keys, as those of a venue.
    pub pinned: PinnedVenue,
    /// What it issues.
    pub deployments: Vec<DeploymentId>,
    /// What it owes in its own statement, and what counts for it there, one for one.
    pub assets: Vec<Asset>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IssuerToml {
    id: VenueId,
    log_origin: String,
    keys: Vec<PublicKey>,
    #[serde(default = "super::one")]
    threshold: u64,
    deployments: Vec<DeploymentId>,
    #[serde(default)]
    asset: Vec<toml::Value>,
}

impl IssuerToml {
    pub(super) fn read(self) -> Result<PinnedIssuer, PolicyError> {
        let Self { id, log_origin, keys, threshold, mut deployments, asset } = self;
        super::spelling::of_all(&mut deployments)?;
        if deployments.is_empty() {
            return Err(PolicyError(format!("issuer {id}: it issues nothing, expected deployments")));
        }
        let assets = if asset.is_empty() { Vec::new() } else { super::read_assets(asset)? };
        Ok(PinnedIssuer { pinned: PinnedVenue { id, log_origin, keys, threshold }, deployments, assets })
    }
}

/// Each party once, under its own keys; one deployment has one issuer.
pub(super) fn check(
    venue: &PinnedVenue,
    custodians: &[PinnedVenue],
    issuers: &[PinnedIssuer],
) -> Result<(), PolicyError> {
    for (list, pinned) in [("custodian", custodians.iter().collect::<Vec<_>>()), ("issuer", pins(issuers))] {
        let mut seen = BTreeSet::new();
        for one in pinned {
            one.check().map_err(|error| PolicyError(format!("{list} {}: {error}", one.id)))?;
            if one.id == venue.id {
                return Err(PolicyError(format!("{list} {} is the venue itself", one.id)));
            }
            if !seen.insert(&one.id) {
                return Err(PolicyError(format!("{list} {} is pinned twice", one.id)));
            }
        }
    }
    let mut seen = BTreeSet::new();
    match issuers.iter().flat_map(|issuer| &issuer.deployments).find(|id| !seen.insert(*id)) {
        Some(twice) => Err(PolicyError(format!("deployment {twice} has two issuers"))),
        None => Ok(()),
    }
}

fn pins(issuers: &[PinnedIssuer]) -> Vec<&PinnedVenue> {
    issuers.iter().map(|issuer| &issuer.pinned).collect()
}

impl Policy {
    /// Who keeps coins for the venue.
    #[must_use]
    pub fn custodians(&self) -> &[PinnedVenue] {
        &self.custodians
    }

    /// Who issues what the venue holds.
    #[must_use]
    pub fn issuers(&self) -> &[PinnedIssuer] {
        &self.issuers
    }

    /// The issuer of a deployment; `None` when the policy knows none.
    #[must_use]
    pub fn issuer_of(&self, id: &DeploymentId) -> Option<&PinnedIssuer> {
        self.issuers.iter().find(|issuer| issuer.deployments.contains(id))
    }

    /// The same demands of a custodian, with its pins: its own custodians count nothing, and what is issued is no
    /// native coin there, either.
    #[must_use]
    pub fn about(&self, party: &PinnedVenue) -> Self {
        Self { venue: party.clone(), custodians: Vec::new(), log: None, ..self.clone() }
    }

    /// The same demands of an issuer: what it owes, and what counts for it.
    #[must_use]
    pub fn about_issuer(&self, issuer: &PinnedIssuer) -> Self {
        let require = Requirements { assets: Vec::new(), ..self.require.clone() };
        Self { assets: issuer.assets.clone(), issuers: Vec::new(), require, ..self.about(&issuer.pinned) }
    }

    /// Whether coins of an issuer stand behind these very coins, by the policy's own lists, over others or at once.
    fn is_own_backing(&self, issuer: &PinnedIssuer) -> bool {
        let behind = |one: &PinnedIssuer| -> BTreeSet<&VenueId> {
            let deployments = one.assets.iter().flat_map(|asset| &asset.deployments);
            deployments.filter_map(|found| Some(&self.issuer_of(&found.id)?.pinned.id)).collect()
        };
        let mut reached = behind(issuer);
        loop {
            let known = |id: &VenueId| self.issuers.iter().find(|one| one.pinned.id == *id);
            let more: BTreeSet<&VenueId> = reached.iter().filter_map(|id| known(id)).flat_map(behind).collect();
            let before = reached.len();
            reached.extend(more);
            if reached.len() == before {
                return reached.contains(&issuer.pinned.id);
            }
        }
    }

    /// In words: what is kept or promised elsewhere counts by somebody else's books.
    pub(super) fn party_departures(&self) -> Vec<String> {
        let custodian =
            |pinned: &PinnedVenue| format!("laxer: what {} keeps for the venue counts by its own bundle", pinned.id);
        let issuer = |issuer: &PinnedIssuer| format!("stricter: {} is looked through as an issuer", issuer.pinned.id);
        let rings = self.issuers.iter().filter(|issuer| self.is_own_backing(issuer));
        let ring = |issuer: &PinnedIssuer| format!("laxer: coins of {} count as what backs them", issuer.pinned.id);
        let all = self.custodians.iter().map(custodian).chain(self.issuers.iter().map(issuer));
        all.chain(rings.map(ring)).collect()
    }
}
