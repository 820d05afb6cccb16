//! What the statements of a bundle carry forward, as lines of the report.

use super::Page;
use crate::publish::statement::Direction;
use crate::reconcile::chain::{Carried, ChainSection, InFlightRow};

/// Rows of the schedule that are written out; the rest is counted, and stands in the JSON.
const ROWS_SHOWN: usize = 8;

/// The section.
pub(super) fn notes(page: &mut Page, section: &ChainSection) {
    page.heading("From one statement to the next");
    let numbers: Vec<String> = section.statements.iter().map(|link| link.sequence.to_string()).collect();
    page.item(&format!("statements in the bundle: {}", numbers.join(", ")));
    if let Some(change) = section.addresses {
        let (added, retired, empty, holding) = (change.added, change.retired, change.empty, change.holding);
        page.item(&format!(
            "addresses: {added} new; {retired} no longer in the set, {empty} of them shown empty, {holding} still holding"
        ));
    }
    for row in &section.assets {
        asset(page, row);
    }
    for row in section.in_flight.iter().take(ROWS_SHOWN) {
        in_flight(page, row);
    }
    let more = section.in_flight.len().saturating_sub(ROWS_SHOWN);
    if more > 0 {
        page.item(&format!("… and {more} more transfers that were under way (all of them with --json)"));
    }
    page.line("");
}

fn asset(page: &mut Page, row: &Carried) {
    let amount = |amount: crate::amount::Amount| amount.to_readable(row.decimals);
    let (before, after) = (amount(row.owed_before), amount(row.owed_after));
    page.item(&format!("{} owed: {before}, then {after} ({})", row.asset, row.owed_change.text(row.decimals)));
    match (&row.held, &row.unknown) {
        (Some(held), _) => {
            let (opening, closing) = (amount(held.opening), amount(held.closing));
            let (inflow, outflow) = (amount(held.inflow), amount(held.outflow));
            page.item(&format!(
                "{} held by all claimed addresses: opening {opening}, came {inflow}, went {outflow}, closing {closing} ({})",
                row.asset,
                held.change.text(row.decimals)
            ));
        }
        (None, Some(why)) => page.item(&format!("{} held: unknown; {why}", row.asset)),
        (None, None) => {}
    }
}

fn in_flight(page: &mut Page, row: &InFlightRow) {
    let direction = match row.direction {
        Direction::Deposit => "deposit",
        Direction::Withdrawal => "withdrawal",
    };
    let amount = row.amount.to_readable(row.decimals);
    let (asset, state, txid) = (&row.asset, row.state.text(), &row.txid);
    page.item(&format!("{direction} of {amount} {asset} under way: {state}, {} ({txid})", row.detail));
}
