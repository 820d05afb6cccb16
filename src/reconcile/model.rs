//! The report as data. Text and JSON are rendered from it, and from nothing else.

use std::collections::BTreeMap;

use serde::Serialize;

use super::assess::{Alignment, Compared, Reason};
use super::balance_sheet::CreditSection;
use super::chain::ChainSection;
use super::coverage::Verdict;
use super::custodian::CustodyShare;
use super::findings::Finding;
use super::issuer::IssuerClaim;
use super::quality::QualitySection;
use super::tiers::TierLine;
use super::window::WindowReport;
use super::workpapers::Workpapers;
use crate::amount::{Amount, Decimals};
use crate::asset::AssetId;
use crate::basis::{Basis, Completeness};
use crate::bundle::FileEntry;
use crate::hash::Digest;
use crate::json::uint;
use crate::signature::PublicKey;
use crate::snapshot::{Time, VenueId};

/// The format's name.
pub const REPORT_FORMAT: &str = "counterfoil-report-v1";

/// What no report of this kind shows; printed in every one.
pub const NOT_SHOWN: [&str; 7] = [
    "Whose money it is: side agreements, loans and pledges live in heads and drawers; no computation finds them.",
    "That the liabilities are complete: the total is committed, and it is as complete as the customers who checked.",
    "That anybody controls coins: no signature proves control of funds. It is out of date as soon as it is made, it says only that somebody could satisfy a script after the challenge, and a key can be rented, shared or used on behalf of others.",
    "What was held outside of the windows in this report, and within a block; what was owed at other moments than the cut-offs of statements.",
    "That every customer sees the same statement, unless the policy names a public log with witnesses and no finding here says that the statement does not stand in it.",
    "What an asset is worth: no prices are used, and nothing is netted between assets.",
    "That the venue can pay everybody at once: fees, limits and opening hours of chains and banks are not looked at.",
];

/// The result of a reconciliation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// [`REPORT_FORMAT`].
    pub format: &'static str,
    /// Program and version.
    pub tool: String,
    /// What time it is, as whoever made the report said; none when nobody said. It decides about the age of statements.
    pub as_of: Option<Time>,
    /// The bundle.
    pub bundle: BundleSummary,
    /// The policy.
    pub policy: PolicySummary,
    /// The statement; none when the bundle has none.
    pub statement: Option<StatementSummary>,
    /// About the assets that the policy requires.
    pub overall: Overall,
    /// By asset.
    pub assets: Vec<AssetReport>,
    /// What earlier and later statements of the bundle say beside this one; none when there are none.
    pub chain: Option<ChainSection>,
    /// Claims, pledges and the ladder of each asset; none when no balance sheet is stated.
    pub credit: Option<CreditSection>,
    /// What other holdings would bring for what is missing, under the policy's assumptions; none when it assumes
    /// nothing, or no balance sheet is stated. It is never a part of what coverage is computed from.
    pub quality: Option<QualitySection>,
    /// By weight, then code, then subject.
    pub findings: Vec<Finding>,
    /// [`NOT_SHOWN`].
    pub not_shown: Vec<&'static str>,
    /// Assertions, procedures, commands and rows, for whoever files the result.
    pub workpapers: Workpapers,
    /// How to quote the result without saying more than it does.
    pub quote: String,
}

/// What names the bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BundleSummary {
    /// Root over its files.
    pub root: Digest,
    /// Who made it, in the maker's words.
    pub maker: String,
    /// The key that sealed it.
    pub maker_key: PublicKey,
    /// When.
    pub sealed_at: Time,
    /// Number of files.
    #[serde(with = "uint")]
    pub files: u64,
    /// Files of the auditor's part that this copy lacks.
    pub absent: Vec<AbsentFile>,
}

/// A file that is sealed and was not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AbsentFile {
    /// Relative path.
    pub path: String,
    /// Bytes, says the manifest.
    #[serde(with = "uint")]
    pub length: u64,
    /// SHA-256, says the manifest.
    pub sha256: Digest,
}

impl From<&FileEntry> for AbsentFile {
    fn from(entry: &FileEntry) -> Self {
        Self { path: entry.path.clone(), length: entry.length, sha256: entry.sha256 }
    }
}

/// What names the policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PolicySummary {
    /// SHA-256 of the file.
    pub sha256: Digest,
    /// Where it demands more or less than the built-in policy.
    pub departures: Vec<String>,
}

/// What names the statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatementSummary {
    /// Its digest.
    pub digest: Digest,
    /// Short name of the venue.
    pub venue: VenueId,
    /// Legal entity that owes.
    pub legal_entity: String,
    /// Sequence number.
    #[serde(with = "uint")]
    pub sequence: u64,
    /// As of when.
    pub cutoff: Time,
    /// When the next one is due.
    pub due: Time,
    /// Pinned keys that signed it.
    pub signers: Vec<PublicKey>,
}

/// The overall verdict and the first line of the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Overall {
    /// The worst of the required assets: short before not determinable before covered.
    pub verdict: Verdict,
    /// Counts of all assets.
    pub headline: String,
}

/// What is owed in one asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Owed {
    /// Total of all trees.
    pub committed: Amount,
    /// Total of the custody class alone.
    pub custody: Amount,
    /// Total per class.
    pub classes: BTreeMap<&'static str, Amount>,
    /// Liabilities outside the trees; none stated is not zero.
    pub other: Option<Amount>,
    /// What is compared: committed plus other.
    pub total: Amount,
    /// Leaves over all classes.
    #[serde(with = "uint")]
    pub leaves: u64,
}

/// What is held in one asset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Held {
    /// Under control, on evidence at or above the policy: what coverage is computed from.
    pub counted: Amount,
    /// Under control, on any evidence.
    pub possible: Amount,
    /// What is under control, by basis.
    pub by_basis: BTreeMap<&'static str, Amount>,
    /// What is under control, by both axes of its evidence: what existence rests on, and how much of the history it
    /// covers. They are never one number.
    #[serde(serialize_with = "evidence_rows")]
    pub by_evidence: BTreeMap<(Basis, Completeness), Amount>,
    /// What is counted, by role of the address.
    pub by_role: BTreeMap<&'static str, Amount>,
    /// What is counted, by the best way in which control was shown.
    pub by_control: BTreeMap<&'static str, Amount>,
    /// What is counted, by how soon it can pay customers.
    pub by_bucket: BTreeMap<&'static str, Amount>,
    /// On addresses without a valid signature: counts for nothing.
    pub without_control: Amount,
    /// Internal, pledged or self-issued: counts for nothing.
    pub excluded: Amount,
    /// Coins and account balances that were looked at.
    #[serde(with = "uint")]
    pub items: u64,
}

/// JSON has no pairs for keys: one object a row.
fn evidence_rows<S: serde::Serializer>(
    rows: &BTreeMap<(Basis, Completeness), Amount>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Row {
        amount: Amount,
        authenticity: Basis,
        completeness: Completeness,
    }
    let row = |(&(authenticity, completeness), &amount): (&(Basis, Completeness), &Amount)| Row {
        amount,
        authenticity,
        completeness,
    };
    serializer.collect_seq(rows.iter().map(row))
}

/// One asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AssetReport {
    /// The unit owed.
    pub asset: AssetId,
    /// Decimals of every amount in this section.
    pub decimals: Decimals,
    /// Whether the overall verdict speaks of it.
    pub required: bool,
    /// What is owed; none when the statement does not say.
    pub owed: Option<Owed>,
    /// What is held.
    pub held: Held,
    /// What is held, by tier of the wallets, beside what the venue declares.
    pub tiers: Vec<TierLine>,
    /// What custodians keep for the venue, by their own books and the venue's proofs in their trees.
    pub custodians: Vec<CustodyShare>,
    /// What is held of coins that somebody issues, by the policy's list of issuers.
    pub issuers: Vec<IssuerClaim>,
    /// What the windows of its deployments show.
    pub windows: Vec<WindowReport>,
    /// The lowest balance of the window over all deployments for which a reserve is claimed, coins that came and went
    /// included; none when one of them has no window.
    pub window_minimum: Option<Amount>,
    /// The lowest balance without coins of unexplained round trips, likewise.
    pub window_minimum_without_trips: Option<Amount>,
    /// How the chains of the asset were put side by side for both.
    pub alignment: Alignment,
    /// What was owed and held at this cut-off and at those of other statements within the window.
    pub commitments: Vec<Compared>,
    /// Of what is counted: what is not known to have been there for longer than the snapshot.
    pub not_sustained: Amount,
    /// Of what is possible: coins of unexplained round trips around the cut-off.
    pub came_and_went: Amount,
    /// Whether any reserve is claimed.
    pub claimed: bool,
    /// Counted, less what was not sustained, against owed, rounded down.
    pub coverage: Option<String>,
    /// Possible, less coins that came and went, against owed, rounded down.
    pub coverage_possible: Option<String>,
    /// The verdict.
    pub verdict: Verdict,
    /// What decided.
    pub reason: Reason,
    /// The verdict in one plain sentence.
    pub sentence: String,
}

impl AssetReport {
    /// Whether there are figures at all: a sum that does not fit takes all of them away.
    #[must_use]
    pub fn has_figures(&self) -> bool {
        // where anything was added, every basis has its sum, be it zero
        !self.held.by_basis.is_empty()
    }

    /// What coverage is computed from: counted, less what was not sustained, with what custodians keep where the
    /// verdict rests on it.
    #[must_use]
    pub fn low(&self) -> Amount {
        let own = self.held.counted.checked_sub(self.not_sustained).unwrap_or(Amount::ZERO);
        self.with_custodians(own, |share| share.counted)
    }

    /// What is held at most.
    #[must_use]
    pub fn high(&self) -> Amount {
        let own = self.held.possible.checked_sub(self.came_and_went).unwrap_or(Amount::ZERO);
        self.with_custodians(own, |share| share.in_tree)
    }

    /// A sum that does not fit is not added: then the asset has no figures at all.
    fn with_custodians(&self, own: Amount, of: impl Fn(&CustodyShare) -> Amount) -> Amount {
        let used = self.custodians.iter().filter(|share| share.used).map(of);
        let kept = Amount::checked_sum(used).unwrap_or(Amount::ZERO);
        own.checked_add(kept).unwrap_or(own)
    }
}
