//! `[balance_sheet]` of `snapshot.toml`: amounts in whole units, rows in any order.

use std::path::Path;

use serde::Deserialize;

use crate::amount::{Amount, Decimals};
use crate::asset::AssetId;
use crate::basis::Basis;
use crate::cli::error::CliError;
use crate::hash::Digest;
use crate::publish::balance_sheet::{
    BalanceSheet, Due, Encumbrance, EncumbranceKind, HoldingKind, LiabilityKind, ReceivableKind, Row, Unit,
};
use crate::snapshot::Time;

/// The table, with its lists of tables.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SheetToml {
    #[serde(default)]
    unit: Vec<UnitToml>,
    #[serde(default)]
    liability: Vec<RowToml<LiabilityKind>>,
    #[serde(default)]
    receivable: Vec<RowToml<ReceivableKind>>,
    #[serde(default)]
    holding: Vec<RowToml<HoldingKind>>,
    #[serde(default)]
    encumbrance: Vec<EncumbranceToml>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UnitToml {
    id: AssetId,
    decimals: u8,
    issuer: Option<String>,
    relation: crate::reserve::address_set::IssuerRelation,
}

const fn stated() -> Basis {
    Basis::Stated
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RowToml<K> {
    asset: AssetId,
    amount: String,
    kind: K,
    counterparty: String,
    related_party: bool,
    #[serde(default = "stated")]
    basis: Basis,
    due: Due,
    evidence: Option<Digest>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EncumbranceToml {
    asset: AssetId,
    amount: String,
    kind: EncumbranceKind,
    counterparty: String,
    related_party: bool,
    #[serde(default = "stated")]
    basis: Basis,
    due: Due,
    address: Option<String>,
    until: Option<Time>,
}

/// The units, for reading amounts.
struct Units<'a> {
    path: &'a Path,
    units: Vec<Unit>,
}

impl Units<'_> {
    fn wrong(&self, detail: String) -> CliError {
        CliError::VenueFile { path: self.path.to_owned(), detail }
    }

    fn amount(&self, list: &str, row: usize, id: &AssetId, text: &str) -> Result<Amount, CliError> {
        let place = format!("balance_sheet.{list}, row {row}");
        let unit = self.units.iter().find(|unit| unit.id == *id);
        let unit = unit.ok_or_else(|| self.wrong(format!("{place}: there is no [[balance_sheet.unit]] {id}")))?;
        Amount::parse(text, unit.decimals).map_err(|error| self.wrong(format!("{place}, {id}: {error}")))
    }

    fn rows<K>(&self, list: &str, rows: Vec<RowToml<K>>) -> Result<Vec<Row<K>>, CliError> {
        let row = |(number, row): (usize, RowToml<K>)| {
            Ok(Row {
                amount: self.amount(list, number, &row.asset, &row.amount)?,
                asset: row.asset,
                kind: row.kind,
                counterparty: row.counterparty,
                related_party: row.related_party,
                basis: row.basis,
                due: row.due,
                evidence: row.evidence,
            })
        };
        (1..).zip(rows).map(row).collect()
    }
}

impl SheetToml {
    /// The balance sheet, in its order. Whether it fits the statement is checked when that is read.
    pub(super) fn read(self, path: &Path) -> Result<BalanceSheet, CliError> {
        let mut units = Units { path, units: Vec::with_capacity(self.unit.len()) };
        for UnitToml { id, decimals, issuer, relation } in self.unit {
            let max = Decimals::MAX;
            let fitting = Decimals::new(decimals);
            let wrong = || units.wrong(format!("balance_sheet.unit {id}: {decimals} decimals, expected at most {max}"));
            let decimals = fitting.ok_or_else(wrong)?;
            units.units.push(Unit { id, decimals, issuer, relation });
        }
        let mut encumbrances = Vec::with_capacity(self.encumbrance.len());
        for (number, row) in (1..).zip(self.encumbrance) {
            encumbrances.push(Encumbrance {
                amount: units.amount("encumbrance", number, &row.asset, &row.amount)?,
                asset: row.asset,
                kind: row.kind,
                counterparty: row.counterparty,
                related_party: row.related_party,
                basis: row.basis,
                due: row.due,
                address: row.address,
                until: row.until,
            });
        }
        let holdings = units.rows("holding", self.holding)?;
        let liabilities = units.rows("liability", self.liability)?;
        let receivables = units.rows("receivable", self.receivable)?;
        let mut sheet = BalanceSheet { encumbrances, holdings, liabilities, receivables, units: units.units };
        sheet.sort();
        Ok(sheet)
    }
}
