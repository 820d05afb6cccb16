//! A window in the text report: its figures, the deepest dips, the largest flows, the round trips.

use super::Page;
use crate::amount::Amount;
use crate::reconcile::assess::Alignment;
use crate::reconcile::window::{Direction, RoundTrip, WindowReport};
use crate::reconcile::{AssetReport, percent};

/// Flows that are written out; the rest is counted, and stands in the JSON.
const FLOWS_SHOWN: usize = 8;
/// Counterparties of one flow that are written out.
const PARTIES_SHOWN: usize = 3;

/// The lowest balance of the window against what is owed, for the table.
pub(super) fn minimum(asset: &AssetReport) -> String {
    let share = asset.window_minimum.zip(asset.owed.as_ref()).and_then(|(minimum, owed)| percent(minimum, owed.total));
    share.unwrap_or_else(|| "-".to_owned())
}

/// The statements of the window beside the subject, and how several chains were put side by side.
pub(super) fn commitments(page: &mut Page, asset: &AssetReport) {
    let amount = |amount: Amount| amount.to_readable(asset.decimals);
    let known = |value: Option<Amount>| value.map_or_else(|| "unknown".to_owned(), amount);
    if asset.commitments.len() > 1 {
        for compared in &asset.commitments {
            let (low, high, owed) = (known(compared.low), known(compared.high), amount(compared.owed));
            let logged = if compared.logged { "logged" } else { "dated by itself" };
            let (sequence, cutoff) = (compared.sequence, compared.cutoff);
            page.item(&format!(
                "statement {sequence} at {cutoff}, {logged}: {owed} owed; {low} counted, {high} at most"
            ));
        }
    }
    if !asset.came_and_went.is_zero() {
        page.item(&format!("not held: {} that came for the cut-off and went back", amount(asset.came_and_went)));
    }
    if let (Some(raw), Some(firm)) = (asset.window_minimum, asset.window_minimum_without_trips) {
        if asset.windows.len() > 1 {
            let how = match asset.alignment {
                Alignment::Blocks => "block by block",
                Alignment::Times => "by the times of blocks",
                Alignment::Minima => "as the sum of the minima, since times are missing",
            };
            page.item(&format!("window of all chains, {how}: minimum {}", amount(raw)));
        }
        if firm < raw {
            page.item(&format!("window: minimum {} without coins that came and went", amount(firm)));
        }
    }
}

/// One line per kind of figure.
pub(super) fn notes(page: &mut Page, report: &WindowReport) {
    let amount = |amount: Amount| amount.to_readable(report.decimals);
    let percent =
        percent(Amount::from_base_units(report.covered.into()), Amount::from_base_units(report.blocks.into()));
    page.item(&format!(
        "window {}: blocks {} to {}, evidence for {} of {} ({}); movements {}, none left out {}",
        report.deployment,
        report.asked.from,
        report.asked.to,
        report.covered,
        report.blocks,
        percent.as_deref().unwrap_or("-"),
        report.authenticity,
        report.completeness
    ));
    let at_cutoff = report.snapshot.map_or_else(|| "not in the window".to_owned(), amount);
    bounds(page, report);
    let least = if report.bounds.is_some() { "at least " } else { "" };
    page.item(&format!(
        "window: minimum {least}{} at block {}; median {least}{}; mean {}; maximum {least}{} at block {}; at the cut-off {at_cutoff}",
        amount(report.minimum),
        report.minimum_at,
        amount(report.median),
        report.mean.map_or_else(|| "-".to_owned(), amount),
        amount(report.maximum),
        report.maximum_at,
    ));
    if let Some(ratio) = &report.dressing_ratio {
        let younger = report.younger.as_deref().unwrap_or("-");
        page.item(&format!(
            "window: dressing ratio {ratio}, (cut-off - median) / cut-off; in coins made since block {}: {younger}",
            report.measured.from
        ));
    }
    for dip in &report.dips {
        let led = if dip.txids.is_empty() { String::new() } else { format!(", transaction {}", dip.txids.join(", ")) };
        page.item(&format!("window: low point {} at block {}{led}", amount(dip.amount), dip.height));
    }
    flows(page, report);
    for trip in &report.round_trips {
        page.item(&format!(
            "window: round trip, {} at block {} from {}, {} back by block {}{}",
            amount(trip.amount_in),
            trip.in_at,
            trip.counterparty,
            amount(trip.amount_out),
            trip.out_at,
            owed(trip, &amount)
        ));
    }
}

/// What of a round trip was owed, and by which kind of leaf that shows.
fn owed(trip: &RoundTrip, amount: &dyn Fn(Amount) -> String) -> String {
    let mut words = String::new();
    if !trip.explained_bound.is_zero() {
        words.push_str(&format!("; {} owed in leaves bound to it", amount(trip.explained_bound)));
    }
    if !trip.explained_stated.is_zero() {
        words.push_str(&format!("; {} in leaves that are only said to be its own", amount(trip.explained_stated)));
    }
    words
}

/// What the figures of a window of stretches are.
fn bounds(page: &mut Page, report: &WindowReport) {
    let Some(bounds) = &report.bounds else { return };
    let by = if bounds.minimum_by.is_empty() { "nothing".to_owned() } else { bounds.minimum_by.join(" and ") };
    let flows = if bounds.flows { "movements are listed as far as they are proved" } else { "movements are not known" };
    page.item(&format!(
        "window: balances are exact at {} blocks and bounds from below at others; the minimum rests on {by}; {flows}",
        bounds.exact
    ));
    if let Some(sampled) = &bounds.sampled {
        page.item(&format!(
            "window: sampled, {} stretches; lowest {} at block {}, which is no minimum",
            sampled.stretches,
            sampled.lowest.to_readable(report.decimals),
            sampled.lowest_at
        ));
    }
}

fn flows(page: &mut Page, report: &WindowReport) {
    let mut largest: Vec<_> = report.flows.iter().collect();
    largest.sort_by_key(|flow| (std::cmp::Reverse(flow.amount), flow.height));
    largest.truncate(FLOWS_SHOWN);
    largest.sort_by_key(|flow| flow.height);
    for flow in &largest {
        let (sign, word) = match flow.direction {
            Direction::In => ("+", "from"),
            Direction::Out => ("-", "to"),
        };
        let names = flow.counterparties.iter().take(PARTIES_SHOWN).map(|party| party.name.as_str());
        let mut names = names.collect::<Vec<_>>().join(", ");
        if flow.counterparties.len() > PARTIES_SHOWN {
            names.push_str(&format!(" and {} more", flow.counterparties.len() - PARTIES_SHOWN));
        }
        let names = if names.is_empty() { "somebody unknown".to_owned() } else { names };
        let (amount, height) = (flow.amount.to_readable(report.decimals), flow.height);
        page.item(&format!("window: {sign}{amount} at block {height} {word} {names}"));
    }
    if report.flows.len() > largest.len() {
        page.item(&format!("window: {} more flows (all of them with --json)", report.flows.len() - largest.len()));
    }
}
