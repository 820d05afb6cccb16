//! The credit side of a report: claims, pledges and the ladder of each asset. Specifications:
//! `docs/spec/balance-sheet.md`, `docs/spec/liquidity.md`.
//!
//! Claims are listed and never held: no row of a balance sheet enters what coverage is computed from.

mod findings;
mod ladder;
mod waiting;

use serde::Serialize;

use super::findings::Finding;
use super::liquidity::Ladder;
use super::model::AssetReport;
use super::reserves::Reserves;
use crate::amount::{Amount, Decimals};
use crate::asset::AssetId;
use crate::basis::Basis;
use crate::policy::Policy;
use crate::publish::Statement;
use crate::publish::balance_sheet::{BalanceSheet, Due, Encumbrance, Kind, Row};
use crate::reserve::address_set::IssuerRelation;

pub use findings::of_sheet;
pub(super) use findings::{findings, relation};
pub(super) use ladder::{Books, Step};

/// What a venue states beside trees and chains, and what follows for when it can pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CreditSection {
    /// Every row of the balance sheet: stated by the venue, or its estimate.
    pub rows: Vec<CreditRow>,
    /// One for each asset of the statement.
    pub ladders: Vec<AssetLadder>,
}

/// One row of the balance sheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CreditRow {
    /// `liability`, `receivable`, `holding` or `encumbrance`.
    pub list: &'static str,
    /// The unit.
    pub asset: AssetId,
    /// How much, in base units.
    pub amount: Amount,
    /// Their decimals.
    pub decimals: Decimals,
    /// What it is.
    pub kind: &'static str,
    /// To whom, by whom, or on whom.
    pub counterparty: String,
    /// Whether that is somebody of the venue's own circle.
    pub related_party: bool,
    /// Stated or assumed.
    pub basis: Basis,
    /// When it is due, or free.
    pub due: Due,
    /// The venue's relation to whoever issues the unit.
    pub issuer: IssuerRelation,
}

/// When one asset can pay what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AssetLadder {
    /// The asset.
    pub asset: AssetId,
    /// Decimals of every amount here.
    pub decimals: Decimals,
    /// What is held and free at once, of everything that can be asked for at once, in percent rounded down; none when
    /// nothing can.
    pub at_once: Option<String>,
    /// What is held on accepted evidence and free by then.
    pub held: Ladder<Amount>,
    /// The same with what others owe in that asset by then, as if all of them paid.
    pub with_claims: Ladder<Amount>,
    /// Pledged, frozen, locked or sent by the balance sheet, and not left out already.
    pub encumbered: Amount,
    /// Of what is held: what custodians keep, each with the buckets that the balance sheet gives its account.
    pub in_custody: Amount,
}

/// What rows of every list have.
struct Line<'a> {
    asset: &'a AssetId,
    amount: Amount,
    kind: &'static str,
    counterparty: &'a str,
    related_party: bool,
    basis: Basis,
    due: Due,
}

impl<'a, K: Kind> From<&'a Row<K>> for Line<'a> {
    fn from(row: &'a Row<K>) -> Self {
        let Row { asset, amount, kind, counterparty, related_party, basis, due, evidence: _ } = row;
        let (amount, related_party, basis, due) = (*amount, *related_party, *basis, *due);
        Self { asset, amount, kind: kind.text(), counterparty, related_party, basis, due }
    }
}

impl<'a> From<&'a Encumbrance> for Line<'a> {
    fn from(row: &'a Encumbrance) -> Self {
        let Encumbrance { asset, amount, kind, counterparty, related_party, basis, due, address: _, until: _ } = row;
        let (amount, related_party, basis, due) = (*amount, *related_party, *basis, *due);
        Self { asset, amount, kind: kind.text(), counterparty, related_party, basis, due }
    }
}

fn rows<'a, R>(sheet: &'a BalanceSheet, list: &'static str, rows: &'a [R]) -> impl Iterator<Item = CreditRow> + 'a
where
    Line<'a>: From<&'a R>,
{
    rows.iter().map(Line::from).filter_map(move |row| {
        let unit = sheet.unit(row.asset)?;
        Some(CreditRow {
            list,
            asset: row.asset.clone(),
            amount: row.amount,
            decimals: unit.decimals,
            kind: row.kind,
            counterparty: row.counterparty.to_owned(),
            related_party: row.related_party,
            basis: row.basis,
            due: row.due,
            issuer: unit.relation,
        })
    })
}

/// The section; `None` when no balance sheet is stated. A rung that fails is a finding.
pub(super) fn section(
    policy: &Policy,
    statement: Option<&Statement>,
    reserves: &Reserves,
    assets: &[AssetReport],
) -> Option<(CreditSection, Vec<Finding>)> {
    let statement = statement?;
    let sheet = statement.schedules.balance_sheet.as_ref()?;
    let all = rows(sheet, "liability", &sheet.liabilities)
        .chain(rows(sheet, "receivable", &sheet.receivables))
        .chain(rows(sheet, "holding", &sheet.holdings))
        .chain(rows(sheet, "encumbrance", &sheet.encumbrances));
    let listed = assets.iter().filter(|asset| statement.assets.iter().any(|known| known.id == asset.asset));
    let books = Books { policy, sheet, reserves };
    let mut found = Vec::new();
    let mut ladders = Vec::new();
    for asset in listed {
        // where a sum does not fit there is no figure, and a finding says so already
        let Some(steps) = books.steps(&asset.asset, Some(asset)) else { continue };
        found.extend(ladder::without_bucket(&steps));
        let ladder = steps.ladder();
        found.extend(ladder::fails(&ladder));
        ladders.push(ladder);
    }
    Some((CreditSection { rows: all.collect(), ladders }, found))
}

#[cfg(test)]
mod tests;
