//! The balance sheet of a venue: what it owes and owns beside trees and chains. Specification:
//! `docs/spec/balance-sheet.md`.
//!
//! Nothing in it is proved: a row is the word of whoever signs the statement, and a row that says more is refused.

mod check;
pub mod table;
mod words;

use serde::{Deserialize, Serialize};

use crate::amount::{Amount, Decimals};
use crate::asset::AssetId;
use crate::basis::Basis;
use crate::hash::Digest;
use crate::reserve::address_set::IssuerRelation;
use crate::snapshot::Time;

pub use check::{BalanceSheetError, ROWS_MAX, TEXT_LENGTH_MAX};
pub use words::{Due, EncumbranceKind, HoldingKind, Kind, LiabilityKind, ReceivableKind};

/// One schedule for everything that trees and chains do not show. A list may be empty: then the venue states that
/// there is nothing, which is more than a statement without a balance sheet says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BalanceSheet {
    /// What of the venue's own holdings is not free.
    pub encumbrances: Vec<Encumbrance>,
    /// Claims on others that the venue holds as assets. None of them is the native asset.
    pub holdings: Vec<Row<HoldingKind>>,
    /// What is owed beside the trees.
    pub liabilities: Vec<Row<LiabilityKind>>,
    /// What is owed to the venue; it never lowers what the venue owes.
    pub receivables: Vec<Row<ReceivableKind>>,
    /// Every unit of the rows and of the statement, with the venue's relation to its issuer.
    pub units: Vec<Unit>,
}

/// A unit that rows count in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// Its name, as in the statement's assets where it is one of them.
    pub id: AssetId,
    /// Digits behind the point.
    pub decimals: Decimals,
    /// Whoever owes what it promises; none for what nobody issues.
    #[serde(deserialize_with = "crate::json::required")]
    pub issuer: Option<String>,
    /// How the venue is related to that issuer.
    pub relation: IssuerRelation,
}

/// One liability, receivable or claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row<K> {
    /// The unit.
    pub asset: AssetId,
    /// How much, in base units of that unit.
    pub amount: Amount,
    /// What it is.
    pub kind: K,
    /// To whom, by whom, or on whom.
    pub counterparty: String,
    /// Whether that is somebody of the venue's own circle.
    pub related_party: bool,
    /// `stated`: books and papers of the venue say so; `assumed`: the venue estimates it.
    pub basis: Basis,
    /// When the creditor can ask for it, or when it can be turned into money.
    pub due: Due,
    /// SHA-256 of a paper or file that shows it, to be asked for.
    #[serde(deserialize_with = "crate::json::required")]
    pub evidence: Option<Digest>,
}

/// Something of the venue's holdings that is not free.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Encumbrance {
    /// The unit.
    pub asset: AssetId,
    /// How much, in base units.
    pub amount: Amount,
    /// Why it is not free.
    pub kind: EncumbranceKind,
    /// In whose favour, or with whom.
    pub counterparty: String,
    /// Whether that is somebody of the venue's own circle.
    pub related_party: bool,
    /// As in a [`Row`].
    pub basis: Basis,
    /// When it is free again.
    pub due: Due,
    /// The address of the set that it lies on; none when it is on several.
    #[serde(deserialize_with = "crate::json::required")]
    pub address: Option<String>,
    /// The day on which a lock ends; only for what is locked or staked.
    #[serde(deserialize_with = "crate::json::required")]
    pub until: Option<Time>,
}

impl BalanceSheet {
    /// The unit of this name.
    #[must_use]
    pub fn unit(&self, id: &AssetId) -> Option<&Unit> {
        let at = self.units.binary_search_by(|unit| unit.id.cmp(id)).ok()?;
        self.units.get(at)
    }

    /// Puts every list in its order, which is the only one that is accepted.
    pub fn sort(&mut self) {
        self.encumbrances.sort_by(|left, right| left.key().cmp(&right.key()));
        self.holdings.sort_by(|left, right| left.key().cmp(&right.key()));
        self.liabilities.sort_by(|left, right| left.key().cmp(&right.key()));
        self.receivables.sort_by(|left, right| left.key().cmp(&right.key()));
        self.units.sort_by(|left, right| left.id.cmp(&right.id));
    }
}
