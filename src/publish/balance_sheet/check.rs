//! Whether a balance sheet is in its one form and fits the statement around it.

use std::collections::BTreeMap;

use super::{BalanceSheet, Due, Encumbrance, EncumbranceKind, Kind, Row};
use crate::amount::Amount;
use crate::asset::{Asset, AssetId};
use crate::basis::Basis;
use crate::code::{Code, Coded, schedules as codes};
use crate::reserve::address_set::IssuerRelation;
use crate::snapshot::Time;

/// More rows than any list of a balance sheet needs.
pub const ROWS_MAX: usize = 100_000;
/// More bytes than the name of anybody has.
pub const TEXT_LENGTH_MAX: usize = 256;

/// Why a balance sheet is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BalanceSheetError {
    /// Two lists of one thing.
    #[error("{rows} rows of {list} stand beside a balance sheet, expected none")]
    Beside {
        /// The list.
        list: &'static str,
        /// Its rows.
        rows: usize,
    },
    /// Not in its one order.
    #[error("balance_sheet.{list}: row {row} does not come after the row before it")]
    Order {
        /// The list.
        list: &'static str,
        /// Which row, from 1.
        row: usize,
    },
    /// A unit is missing, or is another one than in the statement.
    #[error("balance_sheet.units: {0}")]
    Unit(String),
    /// A row says that it is better than anybody's word.
    #[error("balance_sheet.{list}: row {row} has the basis {basis}, expected stated or assumed")]
    Basis {
        /// The list.
        list: &'static str,
        /// Which row, from 1.
        row: usize,
        /// Its basis.
        basis: Basis,
    },
    /// Too many rows, a text too long or empty, or a sum above 2^128 − 1.
    #[error("balance_sheet.{list}: {detail}")]
    Limit {
        /// The list.
        list: &'static str,
        /// What was got, and what was expected.
        detail: String,
    },
    /// A lock that does not fit its bucket.
    #[error("balance_sheet.encumbrances: row {row} is {detail}")]
    Until {
        /// Which row, from 1.
        row: usize,
        /// What was got, and what was expected.
        detail: String,
    },
}

impl Coded for BalanceSheetError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Beside { .. } => &codes::SHEET_BESIDE_LISTS,
            Self::Order { .. } => &codes::SHEET_ORDER,
            Self::Unit(_) => &codes::SHEET_UNIT,
            Self::Basis { .. } => &codes::SHEET_BASIS,
            Self::Limit { .. } => &codes::SHEET_LIMIT,
            Self::Until { .. } => &codes::SHEET_UNTIL,
        }
    }
}

/// What rows are ordered by: unit, kind, counterparty, when due, where, how much.
type Key<'a> = (&'a AssetId, &'static str, &'a str, Due, &'a str, Amount);

impl<K: Kind> Row<K> {
    pub(super) fn key(&self) -> Key<'_> {
        (&self.asset, self.kind.text(), &self.counterparty, self.due, "", self.amount)
    }
}

impl Encumbrance {
    pub(super) fn key(&self) -> Key<'_> {
        let address = self.address.as_deref().unwrap_or_default();
        (&self.asset, self.kind.text(), &self.counterparty, self.due, address, self.amount)
    }
}

/// A row of any list.
struct Seen<'a> {
    key: Key<'a>,
    basis: Basis,
}

impl BalanceSheet {
    /// Checks form and order, and that every asset of the statement has a unit with the same decimals.
    ///
    /// # Errors
    /// [`BalanceSheetError`].
    pub fn check(&self, assets: &[Asset], cutoff: Time) -> Result<(), BalanceSheetError> {
        self.check_units(assets)?;
        let encumbrances = self.encumbrances.iter().map(|row| Seen { key: row.key(), basis: row.basis });
        self.check_list("encumbrances", self.encumbrances.len(), encumbrances)?;
        self.check_rows("holdings", &self.holdings)?;
        self.check_rows("liabilities", &self.liabilities)?;
        self.check_rows("receivables", &self.receivables)?;
        // what is owed is judged asset by asset, so a liability in another unit would be judged by nobody
        let listed = |id: &AssetId| assets.binary_search_by(|asset| asset.id.cmp(id)).is_ok();
        if let Some(row) = self.liabilities.iter().find(|row| !listed(&row.asset)) {
            let detail = format!("{} is owed, expected it among the assets of the statement", row.asset);
            return Err(BalanceSheetError::Unit(detail));
        }
        for (row, found) in (1..).zip(&self.encumbrances) {
            check_until(row, found, cutoff)?;
        }
        Ok(())
    }

    fn check_units(&self, assets: &[Asset]) -> Result<(), BalanceSheetError> {
        const LIST: &str = "units";
        if self.units.len() > ROWS_MAX {
            return Err(too_many(LIST, self.units.len()));
        }
        let pairs = self.units.iter().zip(self.units.iter().skip(1));
        if let Some((row, _)) = (2..).zip(pairs).find(|(_, (before, unit))| before.id >= unit.id) {
            return Err(BalanceSheetError::Order { list: LIST, row });
        }
        for unit in &self.units {
            if let Some(issuer) = &unit.issuer {
                check_text(LIST, issuer)?;
            }
            if unit.relation == IssuerRelation::Affiliate && unit.issuer.is_none() {
                let detail = format!("{} is of an affiliate, expected its name as issuer", unit.id);
                return Err(BalanceSheetError::Unit(detail));
            }
        }
        for asset in assets {
            match self.unit(&asset.id) {
                Some(unit) if unit.decimals == asset.decimals => {}
                Some(unit) => {
                    let (got, expected) = (unit.decimals.get(), asset.decimals.get());
                    let detail = format!("{} has {got} decimals, expected {expected} as in the assets", asset.id);
                    return Err(BalanceSheetError::Unit(detail));
                }
                None => {
                    let detail = format!("{} is among the assets, expected a unit with its issuer relation", asset.id);
                    return Err(BalanceSheetError::Unit(detail));
                }
            }
        }
        Ok(())
    }

    fn check_rows<K: Kind>(&self, list: &'static str, rows: &[Row<K>]) -> Result<(), BalanceSheetError> {
        self.check_list(list, rows.len(), rows.iter().map(|row| Seen { key: row.key(), basis: row.basis }))
    }

    fn check_list<'a>(
        &self,
        list: &'static str,
        count: usize,
        rows: impl Iterator<Item = Seen<'a>>,
    ) -> Result<(), BalanceSheetError> {
        if count > ROWS_MAX {
            return Err(too_many(list, count));
        }
        let mut before: Option<Key<'_>> = None;
        let mut sums: BTreeMap<&AssetId, Amount> = BTreeMap::new();
        for (row, Seen { key, basis }) in (1..).zip(rows) {
            if before.is_some_and(|before| before >= key) {
                return Err(BalanceSheetError::Order { list, row });
            }
            before = Some(key);
            if basis > Basis::Stated {
                return Err(BalanceSheetError::Basis { list, row, basis });
            }
            let (asset, _, counterparty, _, address, amount) = key;
            check_text(list, counterparty)?;
            if !address.is_empty() {
                check_text(list, address)?;
            }
            if self.unit(asset).is_none() {
                return Err(BalanceSheetError::Unit(format!("{asset} is missing, row {row} of {list} names it")));
            }
            let sum = sums.entry(asset).or_default();
            *sum = sum.checked_add(amount).ok_or_else(|| BalanceSheetError::Limit {
                list,
                detail: format!("{asset} adds up to more than 2^128 - 1"),
            })?;
        }
        Ok(())
    }
}

fn too_many(list: &'static str, got: usize) -> BalanceSheetError {
    BalanceSheetError::Limit { list, detail: format!("{got} rows, at most {ROWS_MAX} are accepted") }
}

fn check_text(list: &'static str, text: &str) -> Result<(), BalanceSheetError> {
    if text.is_empty() || text.len() > TEXT_LENGTH_MAX {
        let detail = format!("a name has {} bytes, expected 1 to {TEXT_LENGTH_MAX}", text.len());
        return Err(BalanceSheetError::Limit { list, detail });
    }
    Ok(())
}

/// A lock has one end: the day that it names and the bucket that it stands in say the same.
fn check_until(row: usize, found: &Encumbrance, cutoff: Time) -> Result<(), BalanceSheetError> {
    let fail = |detail: String| Err(BalanceSheetError::Until { row, detail });
    if found.address.as_ref().is_some_and(String::is_empty) {
        let detail = "an address has 0 bytes, expected null where there is none".to_owned();
        return Err(BalanceSheetError::Limit { list: "encumbrances", detail });
    }
    let Some(until) = found.until else { return Ok(()) };
    if !matches!(found.kind, EncumbranceKind::Locked | EncumbranceKind::Staked) {
        return fail(format!("{} until {until}, expected a day only for what is locked or staked", found.kind));
    }
    let expected = Due::within(until.unix().saturating_sub(cutoff.unix()));
    if found.due != expected {
        return fail(format!("{} until {until} and due {}, expected {expected}", found.kind, found.due));
    }
    Ok(())
}
