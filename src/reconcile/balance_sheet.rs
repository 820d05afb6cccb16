//! The credit side of a report: claims, pledges and the ladder of each asset. Specifications:
//! `docs/spec/balance-sheet.md`, `docs/spec/liquidity.md`.
//!
//! Claims are listed and never held: no row of a balance sheet enters what coverage is computed from.

mod findings;

use serde::Serialize;

use super::findings::{Finding, Severity};
use super::liquidity::Ladder;
use super::model::AssetReport;
use super::reserves::Reserves;
use crate::amount::{Amount, Decimals};
use crate::asset::AssetId;
use crate::basis::Basis;
use crate::code::credit as codes;
use crate::policy::Policy;
use crate::publish::Statement;
use crate::publish::balance_sheet::{BalanceSheet, Due, EncumbranceKind, Kind, Row};
use crate::reserve::address_set::IssuerRelation;
use crate::reserve::claim::Bucket;

pub(super) use findings::findings;
pub use findings::of_sheet;

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
}

fn rows<'a, K: Kind>(
    sheet: &'a BalanceSheet,
    list: &'static str,
    rows: &'a [Row<K>],
) -> impl Iterator<Item = CreditRow> + 'a {
    rows.iter().filter_map(move |row| {
        let unit = sheet.unit(&row.asset)?;
        Some(CreditRow {
            list,
            asset: row.asset.clone(),
            amount: row.amount,
            decimals: unit.decimals,
            kind: row.kind.text(),
            counterparty: row.counterparty.clone(),
            related_party: row.related_party,
            basis: row.basis,
            due: row.due,
            issuer: unit.relation,
        })
    })
}

fn encumbrances(sheet: &BalanceSheet) -> impl Iterator<Item = CreditRow> + '_ {
    sheet.encumbrances.iter().filter_map(|row| {
        let unit = sheet.unit(&row.asset)?;
        Some(CreditRow {
            list: "encumbrance",
            asset: row.asset.clone(),
            amount: row.amount,
            decimals: unit.decimals,
            kind: row.kind.text(),
            counterparty: row.counterparty.clone(),
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
        .chain(encumbrances(sheet));
    let listed = assets.iter().filter(|asset| statement.assets.iter().any(|known| known.id == asset.asset));
    // where a sum does not fit there is no figure, and a finding says so already
    let ladders: Vec<AssetLadder> =
        listed.filter_map(|asset| ladder(policy, statement, sheet, reserves, asset)).collect();
    let found = ladders.iter().filter_map(fails).collect();
    Some((CreditSection { rows: all.collect(), ladders }, found))
}

fn fails(ladder: &AssetLadder) -> Option<Finding> {
    let rung = ladder.held.rungs.iter().find(|rung| rung.missing.is_some())?;
    let text = |amount: Amount| amount.to_readable(ladder.decimals);
    let (paid, missing) = (rung.realisable.unwrap_or(Amount::ZERO), rung.missing.unwrap_or(Amount::ZERO));
    let (callable, due) = (text(rung.callable), rung.due);
    let detail =
        format!("by {due}: {callable} can be asked for, {} can be paid, {} are missing", text(paid), text(missing));
    let finding = Finding::new(&codes::LADDER_FAILS, Severity::Exception, ladder.asset.as_str(), detail);
    Some(finding.of_asset(&ladder.asset).of_amount(missing, ladder.decimals))
}

/// `None` when a sum does not fit.
fn ladder(
    policy: &Policy,
    statement: &Statement,
    sheet: &BalanceSheet,
    reserves: &Reserves,
    asset: &AssetReport,
) -> Option<AssetLadder> {
    let (id, decimals) = (&asset.asset, asset.decimals);
    let from = statement.assets.iter().find(|listed| listed.id == *id)?.decimals;
    let rescaled = |amount: Amount| amount.rescale(from, decimals).ok();
    let sum_of = |amounts: &mut dyn Iterator<Item = Amount>| {
        let amounts: Option<Vec<Amount>> = amounts.map(rescaled).collect();
        Amount::checked_sum(amounts?)
    };
    // a venue's customers may all leave at once, whatever class their balances have
    let spot = asset.owed.as_ref().map_or(Amount::ZERO, |owed| owed.committed);
    let encumbered = findings::not_left_out(policy, sheet, reserves, id, decimals, from)?;
    let low = asset.held.counted.checked_sub(asset.not_sustained).unwrap_or(Amount::ZERO);
    let queued = asset.held.by_bucket.get(Bucket::ExitQueue.text()).copied().unwrap_or(Amount::ZERO);
    let mut steps = Vec::new();
    for due in Due::ALL {
        let owed = sheet.liabilities.iter().filter(|row| row.asset == *id && row.due <= *due);
        let callable = spot.checked_add(sum_of(&mut owed.map(|row| row.amount))?)?;
        let locked = sheet.encumbrances.iter().filter(|row| row.asset == *id && row.kind == EncumbranceKind::Locked);
        let free_again = sum_of(&mut locked.filter(|row| row.due <= *due).map(|row| row.amount))?;
        let queued = if *due < Due::Longer { queued } else { Amount::ZERO };
        let kept = encumbered.checked_sub(free_again).unwrap_or(Amount::ZERO).checked_add(queued)?;
        let held = low.checked_sub(kept).unwrap_or(Amount::ZERO);
        let claims = sheet.holdings.iter().filter(|row| row.asset == *id && row.due <= *due).map(|row| row.amount);
        let debts = sheet.receivables.iter().filter(|row| row.asset == *id && row.due <= *due).map(|row| row.amount);
        let with_claims = held.checked_add(sum_of(&mut claims.chain(debts))?)?;
        steps.push((*due, callable, held, with_claims));
    }
    let of = |part: fn(&(Due, Amount, Amount, Amount)) -> Amount| {
        let at = |due: Due| {
            let step = steps.iter().find(|(of, ..)| *of == due);
            (step.map_or(Amount::ZERO, |step| step.1), step.map(part))
        };
        Ladder::new(at, |left, right| left.checked_sub(*right).unwrap_or(Amount::ZERO))
    };
    let at_once = steps.first().and_then(|(_, callable, held, _)| super::percent(*held, *callable));
    let (held, with_claims) = (of(|step| step.2), of(|step| step.3));
    Some(AssetLadder { asset: id.clone(), decimals, at_once, held, with_claims, encumbered })
}
