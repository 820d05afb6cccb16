//! What is stated beside trees and chains, and the ladder of each asset, as lines of the report.

use super::Page;
use crate::amount::Amount;
use crate::reconcile::balance_sheet::{AssetLadder, CreditRow, CreditSection};

/// Rows of the balance sheet that are written out; the rest is counted, and stands in the JSON.
const ROWS_SHOWN: usize = 24;

/// The section.
pub(super) fn notes(page: &mut Page, section: &CreditSection) {
    page.heading("If everybody asks at once (no share is believed to stay)");
    for ladder in &section.ladders {
        asset(page, ladder);
    }
    page.line("");
    page.heading("Stated beside trees and chains: claims and debts, none of them held");
    for row in section.rows.iter().take(ROWS_SHOWN) {
        page.item(&line(row));
    }
    let more = section.rows.len().saturating_sub(ROWS_SHOWN);
    if more > 0 {
        page.item(&format!("… and {more} more rows (all of them with --json and --csv)"));
    }
    page.line("");
}

fn line(row: &CreditRow) -> String {
    let CreditRow { list, asset, kind, counterparty, basis, due, .. } = row;
    let amount = row.amount.to_readable(row.decimals);
    let related = if row.related_party { ", related" } else { "" };
    format!("{list} {kind}: {amount} {asset}, {counterparty}{related}, due {due} ({basis})")
}

fn asset(page: &mut Page, ladder: &AssetLadder) {
    let amount = |amount: Amount| amount.to_readable(ladder.decimals);
    let share = ladder.at_once.as_deref().unwrap_or("nothing can be asked for");
    let fails = match (ladder.held.first_failing, ladder.with_claims.first_failing) {
        (None, _) => "no bucket fails".to_owned(),
        (Some(first), Some(claims)) => format!("fails from {first} on; even if all claims were paid, from {claims} on"),
        (Some(first), None) => format!("fails from {first} on; only claims on others would help"),
    };
    page.item(&format!("{}: {share} at once; {fails}", ladder.asset));
    for (rung, claims) in ladder.held.rungs.iter().zip(&ladder.with_claims.rungs) {
        let (held, most) = (rung.realisable.unwrap_or(Amount::ZERO), claims.realisable.unwrap_or(Amount::ZERO));
        let (by, callable, free) = (rung.due, amount(rung.callable), amount(held));
        let more = if most > held { format!(", {} with claims", amount(most)) } else { String::new() };
        page.hanging("      ", "        ", &format!("by {by}: {callable} callable, {free} held and free{more}"));
    }
}
