//! The statement document, field by field. Specification: `docs/spec/statement.md`.

use serde::{Deserialize, Serialize};

use super::balance_sheet::BalanceSheet;
use super::custody::{CustodyAccount, TierRow};
use crate::amount::Amount;
use crate::asset::{Asset, AssetId, ChainId};
use crate::hash::Digest;
use crate::json::uint;
use crate::ledger::SourceRecord;
use crate::liability::sum_tree::LiabilityCommitment;
use crate::signature::PublicKey;
use crate::snapshot::{BlockRef, Time, VenueId};

/// The format's name.
pub const FORMAT: &str = "counterfoil-statement-v1";
/// The kind of statement that this version writes and reads.
pub const KIND_SNAPSHOT: &str = "snapshot";

/// What a venue signs for one snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// [`FORMAT`].
    pub format: String,
    /// [`KIND_SNAPSHOT`].
    pub kind: String,
    /// Who states.
    pub venue: Venue,
    /// Number of the snapshot, from 0.
    #[serde(with = "uint")]
    pub sequence: u64,
    /// Digest of the statement before; none for the first.
    #[serde(deserialize_with = "required")]
    pub predecessor: Option<Digest>,
    /// As of when.
    pub cutoff: Time,
    /// The cut-off of the next statement, announced.
    pub next_cutoff: Time,
    /// When the next statement is out at the latest.
    pub due: Time,
    /// Every asset with its deployments.
    pub assets: Vec<Asset>,
    /// One row per asset and class.
    pub liabilities: Vec<LiabilityCommitment>,
    /// Assets for which the ledger had no row: named, not committed.
    pub without_rows: Vec<AssetId>,
    /// What the tree does not hold.
    pub schedules: Schedules,
    /// Which products of which entities the tree covers.
    pub scope: Vec<ScopeRow>,
    /// Where the rows came from.
    pub ledger: Provenance,
    /// What an account id looks like, and where a customer finds it.
    pub account_hint: String,
    /// The committed address set.
    #[serde(deserialize_with = "required")]
    pub address_set: Option<SetCommitment>,
    /// SHA-256 of the challenge document that the addresses have signed.
    #[serde(deserialize_with = "required")]
    pub custody: Option<Digest>,
    /// The cut-off block of each chain.
    pub chains: Vec<BlockRef>,
    /// Program and version.
    pub tool: String,
}

/// An optional field that must be written, as `null` when there is nothing: what is absent was not signed.
fn required<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

/// The venue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Venue {
    /// Short name.
    pub id: VenueId,
    /// Legal entity that owes.
    pub legal_entity: String,
    /// Legal entity identifier (ISO 17442), 20 characters.
    #[serde(deserialize_with = "required")]
    pub lei: Option<String>,
    /// Keys that may sign, strictly increasing.
    pub keys: Vec<PublicKey>,
    /// How many of them sign.
    #[serde(with = "uint")]
    pub threshold: u64,
    /// The log in which its statements stand.
    pub log_origin: String,
}

/// Root and count of a Merkle set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetCommitment {
    /// Leaves.
    #[serde(with = "uint")]
    pub count: u64,
    /// Root.
    pub root: Digest,
}

/// What is owed or owned beside the tree. An empty list means that nothing is stated, which is never zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedules {
    /// Everything beside trees and chains in one place; then the two lists of liabilities and receivables are empty.
    /// Absent, nothing is stated. Statements from before it exists keep their bytes.
    #[serde(default, deserialize_with = "stated", skip_serializing_if = "Option::is_none")]
    pub balance_sheet: Option<BalanceSheet>,
    /// What moved into and out of custody, by unit and party. Absent, nothing is stated.
    #[serde(default, deserialize_with = "stated", skip_serializing_if = "Option::is_none")]
    pub custody_accounts: Option<Vec<CustodyAccount>>,
    /// Deposits and withdrawals under way.
    pub in_flight: Vec<InFlight>,
    /// Loans, margin debts owed, deposits of other venues, fiat.
    pub other_liabilities: Vec<OtherLiability>,
    /// What is owed to the venue; it never reduces the tree.
    pub receivables: Vec<Receivable>,
    /// How the wallets are split, by unit and tier. Absent, nothing is declared.
    #[serde(default, deserialize_with = "stated", skip_serializing_if = "Option::is_none")]
    pub tiers: Option<Vec<TierRow>>,
}

/// A member that may be left out, and is no `null` when it is there: nothing has two forms.
fn stated<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl Schedules {
    /// What is owed beside the trees, row by row, wherever the statement has it: unit and base units.
    pub fn owed(&self) -> impl Iterator<Item = (&AssetId, Amount)> {
        let sheet = self.balance_sheet.iter().flat_map(|sheet| &sheet.liabilities);
        let listed = self.other_liabilities.iter().map(|row| (&row.asset, row.amount));
        listed.chain(sheet.map(|row| (&row.asset, row.amount)))
    }

    /// Whether the statement says anything about other liabilities. A balance sheet without any says that there are
    /// none; an empty list says nothing.
    #[must_use]
    pub fn states_other_liabilities(&self) -> bool {
        self.balance_sheet.is_some() || !self.other_liabilities.is_empty()
    }
}

/// One liability outside the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherLiability {
    /// The unit owed.
    pub asset: AssetId,
    /// How much, in base units.
    pub amount: Amount,
    /// Loan, margin, deposit, …: the venue's words.
    pub kind: String,
    /// To whom.
    pub counterparty: String,
    /// When it is due; callable at any time when there is no date.
    #[serde(deserialize_with = "required")]
    pub due: Option<Time>,
}

/// One claim of the venue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receivable {
    /// The unit owed to the venue.
    pub asset: AssetId,
    /// How much, in base units.
    pub amount: Amount,
    /// By whom.
    pub counterparty: String,
    /// Whether the debtor belongs to the venue's own circle.
    pub related_party: bool,
}

/// One transfer that had left one book and not reached the other at the cut-off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InFlight {
    /// The unit.
    pub asset: AssetId,
    /// How much, in base units.
    pub amount: Amount,
    /// Deposit or withdrawal.
    pub direction: Direction,
    /// The chain.
    pub chain: ChainId,
    /// The transaction.
    pub txid: String,
}

/// Which way a transfer goes, from the venue's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Towards the venue.
    Deposit,
    /// Away from it.
    Withdrawal,
}

/// One line of the scope table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScopeRow {
    /// The product.
    pub product: String,
    /// The entity that offers it.
    pub entity: String,
    /// Whether the tree covers it.
    pub scope: Scope,
}

/// Whether the tree covers something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Covered.
    In,
    /// Left out.
    Out,
    /// Not said.
    Unknown,
}

/// Where the rows of the trees came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Every source, in the order read.
    pub sources: Vec<SourceRecord>,
    /// Rows read.
    #[serde(with = "uint")]
    pub rows_read: u64,
    /// Of these, rows with a balance of zero.
    #[serde(with = "uint")]
    pub rows_zero: u64,
    /// Rows left out on purpose.
    #[serde(with = "uint")]
    pub rows_filtered: u64,
    /// The moment of the books that the export shows.
    pub as_of: Time,
    /// Whether a second source's total was compared.
    pub control_total: ControlTotal,
}

/// Whether the ledger was compared with a second source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ControlTotal {
    /// Compared and equal.
    Compared,
    /// Not compared.
    None,
}
