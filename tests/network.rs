//! Three venues with real bundles, real inclusion proofs and real signatures: joined, netted, cleared, and lied about.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

#[path = "network/attacks.rs"]
mod attacks;
#[path = "network/joined.rs"]
mod joined;
#[path = "network/limits.rs"]
mod limits;
#[path = "network/refused.rs"]
mod refused;
#[path = "network/transfers.rs"]
mod transfers;

use std::sync::LazyLock;

use counterfoil::lab::ring::{Ring, RingOptions, RingVenue, VENUES};
use counterfoil::policy::Policy;
use counterfoil::reconcile::network::{
    AssetNetwork, Input, NetworkError, NetworkFile, NetworkPolicy, NetworkReport, VenueFigures, network,
};

/// The plain ring: 100, 100 and 40 outside.
static PLAIN: LazyLock<Ring> = LazyLock::new(|| built(&RingOptions::default()));

fn built(options: &RingOptions) -> Ring {
    Ring::new(options).unwrap()
}

/// The ring with everything in it that one test changes.
fn plain() -> Ring {
    built(&RingOptions::default())
}

fn policy_of(ring: &Ring, text: &str) -> NetworkPolicy {
    let policies = ring.venues.iter().map(|venue| Policy::parse(&venue.policy).unwrap()).collect();
    NetworkFile::parse(text).unwrap().with(policies).unwrap()
}

fn inputs<'a>(venues: impl IntoIterator<Item = &'a RingVenue>) -> Vec<Input<'a>> {
    venues.into_iter().map(|venue| Input { name: venue.id.to_string(), files: &venue.bundle }).collect()
}

fn run(ring: &Ring) -> NetworkReport {
    network(&inputs(&ring.venues), &policy_of(ring, &ring.policy), None).unwrap()
}

fn refusal(ring: &Ring) -> NetworkError {
    network(&inputs(&ring.venues), &policy_of(ring, &ring.policy), None).unwrap_err()
}

fn bitcoin(report: &NetworkReport) -> &AssetNetwork {
    report.assets.iter().find(|asset| asset.asset.as_str() == "BTC").unwrap()
}

/// One figure of each venue.
fn each(report: &NetworkReport, figure: impl Fn(&VenueFigures) -> String) -> [String; 3] {
    let asset = bitcoin(report);
    VENUES.map(|name| figure(asset.venues.iter().find(|venue| venue.venue.as_str() == name).unwrap()))
}

/// Names of the codes, with the venues that they concern.
fn told(report: &NetworkReport) -> Vec<(&'static str, String)> {
    let venues = |venues: &[counterfoil::snapshot::VenueId]| {
        venues.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    report.findings.iter().map(|finding| (finding.code.name, venues(&finding.venues))).collect()
}

fn tells(report: &NetworkReport, code: &str, venues: &str) -> bool {
    told(report).iter().any(|(name, of)| *name == code && of == venues)
}
