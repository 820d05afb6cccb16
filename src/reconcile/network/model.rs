//! The joined report as data. Text, JSON and page are rendered from it, and from nothing else.

use serde::Serialize;

use super::findings::NetworkFinding;
use super::fraction::Exact;
use crate::amount::Decimals;
use crate::asset::{AssetId, Class};
use crate::hash::Digest;
use crate::json::uint;
use crate::reconcile::Verdict;
use crate::snapshot::{Time, VenueId};

/// The format's name.
pub const NETWORK_FORMAT: &str = "counterfoil-network-v1";

/// What no report of this kind shows; printed in every one.
pub const NETWORK_NOT_SHOWN: [&str; 7] = [
    "Whatever the report of each venue alone does not show; it is to be read beside this one.",
    "That the venues owe each other nothing else: only deposits that are proved are joined; loans, pledges and guarantees are not.",
    "That anybody has agreed to net: which claims may be set off, and who is paid first, is a matter of contracts and courts.",
    "That a defaulter's creditors are of one rank. Customers whose money is held apart by law come before others; here all share alike.",
    "That a deposit was there before and after the cut-off: it is shown at that moment only, so no coverage rests on it.",
    "Who is behind a key: whoever opens an account can name the key of somebody who agrees to that.",
    "What an asset is worth: each is cleared by itself, in its own units.",
];

/// Several venues, joined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NetworkReport {
    /// [`NETWORK_FORMAT`].
    pub format: &'static str,
    /// Program and version.
    pub tool: String,
    /// What the verifier demanded.
    pub policy: NetworkPolicySummary,
    /// The one cut-off.
    pub cutoff: Time,
    /// The venues, in the order of the policy.
    pub venues: Vec<VenueSummary>,
    /// Venues of the policy without a bundle.
    pub absent: Vec<VenueId>,
    /// The worst verdict of the required assets.
    pub verdict: Verdict,
    /// The first line.
    pub headline: String,
    /// By asset.
    pub assets: Vec<AssetNetwork>,
    /// Deposits that are proved.
    pub deposits: Vec<DepositRow>,
    /// By weight, then code, then venues.
    pub findings: Vec<NetworkFinding>,
    /// [`NETWORK_NOT_SHOWN`].
    pub not_shown: Vec<&'static str>,
}

/// What names the policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NetworkPolicySummary {
    /// SHA-256 of the file.
    pub sha256: Digest,
    /// The share of its own assets that a defaulter is left with.
    pub alpha: Exact,
    /// The share of what others pay it that a defaulter is left with.
    pub beta: Exact,
}

/// One bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VenueSummary {
    /// Short name.
    pub venue: VenueId,
    /// Legal entity that owes.
    pub legal_entity: String,
    /// Root over the bundle's files.
    pub bundle: Digest,
    /// Digest of the statement.
    pub statement: Digest,
    /// Its sequence number.
    #[serde(with = "uint")]
    pub sequence: u64,
    /// SHA-256 of the venue's policy.
    pub policy: Digest,
    /// The verdict of its own report, which counts no deposit elsewhere.
    pub own_verdict: Verdict,
    /// Findings of that report.
    #[serde(with = "uint")]
    pub own_findings: u64,
}

/// A deposit that is proved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DepositRow {
    /// Whose it is.
    pub depositor: VenueId,
    /// Where it is.
    pub debtor: VenueId,
    /// Its folder in the depositor's bundle.
    pub name: String,
    /// The unit owed.
    pub asset: AssetId,
    /// The class of the debtor's tree.
    pub class: Class,
    /// Positions in the tree, as decimal digits.
    pub indices: Vec<String>,
    /// What is owed.
    pub amount: Exact,
    /// At the debtor's own coverage.
    pub at_most: Exact,
}

/// One asset over all venues that say what they owe in it. Every figure is in whole units, an exact fraction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AssetNetwork {
    /// The unit owed.
    pub asset: AssetId,
    /// Decimals with which the figures are shown.
    pub decimals: Decimals,
    /// Whether any policy requires it.
    pub required: bool,
    /// The worst of its venues.
    pub verdict: Verdict,
    /// The whole in plain sentences.
    pub sentence: String,
    /// Over all venues.
    pub sums: Sums,
    /// Each venue.
    pub venues: Vec<VenueFigures>,
    /// Deposits that run in a ring, and how much of them.
    pub rings: Vec<RingRow>,
}

/// Figures over all venues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sums {
    /// The gross sheets added up: deposits at each other at face value.
    pub gross_assets: Exact,
    /// What the gross sheets owe.
    pub gross_owed: Exact,
    /// What they owe each other.
    pub between: Exact,
    /// Of it what is left when pairs and rings are struck out.
    pub between_netted: Exact,
    /// Reserves on accepted evidence; what two venues show is in it once.
    pub outside: Exact,
    /// Reserves on any evidence.
    pub outside_at_most: Exact,
    /// What customers and all others outside of the network are owed.
    pub customers: Exact,
    /// Reserves against that, rounded down.
    pub coverage: Option<String>,
    /// The same on any evidence.
    pub coverage_at_most: Option<String>,
    /// What customers and others get when the network is cleared, by the greatest payments.
    pub customers_get: Exact,
    /// By the least payments.
    pub customers_get_least: Exact,
}

/// What somebody has against what they owe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Side {
    /// Reserves and deposits.
    pub assets: Exact,
    /// All that is owed.
    pub owed: Exact,
    /// Whether the one covers the other.
    pub sufficient: bool,
}

/// One venue in one asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VenueFigures {
    /// The venue.
    pub venue: VenueId,
    /// Whether what it owes and holds can be judged.
    pub readable: bool,
    /// Reserves on accepted evidence, less what other venues show, too.
    pub outside: Exact,
    /// Reserves on any evidence.
    pub outside_at_most: Exact,
    /// What was taken off because other venues show it, too.
    pub shared: Exact,
    /// Deposits at other venues of the network, at face value.
    pub deposits: Exact,
    /// The same at the debtors' own coverage.
    pub deposits_at_most: Exact,
    /// What it owes to other venues of the network.
    pub owed_to_venues: Exact,
    /// What it owes to customers and all others.
    pub owed_to_customers: Exact,
    /// Deposits at face value.
    pub gross: Side,
    /// After pairs and rings are struck out.
    pub netted: Side,
    /// What it pays when the network is cleared.
    pub cleared: Cleared,
    /// The verdict of the network about it.
    pub verdict: Verdict,
}

/// Payments of one venue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cleared {
    /// By the greatest payments that clear.
    pub pays: Exact,
    /// By the least.
    pub pays_least: Exact,
    /// By the greatest, when all that was offered is believed.
    pub pays_at_most: Exact,
    /// `pays` against what is owed, rounded down.
    pub share: Option<String>,
    /// Of `pays` what customers and others outside get.
    pub customers_get: Exact,
    /// Of `pays_least`.
    pub customers_get_least: Exact,
    /// In which wave it defaults: 1 are those who cannot pay though all others do. 0 when it pays in full.
    #[serde(with = "uint")]
    pub wave: u64,
}

/// A ring of deposits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RingRow {
    /// Each owes the next one, the last owes the first.
    pub venues: Vec<VenueId>,
    /// So much.
    pub amount: Exact,
}
