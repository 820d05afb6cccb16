//! What a reader must know of a window beside its figures.

use super::WindowQuestion;
use std::collections::BTreeMap;

use super::model::WindowReport;
use crate::amount::Amount;
use crate::asset::{AssetId, ChainId};
use crate::bundle::paths;
use crate::code::{finding as codes, verdict as verdict_codes};
use crate::policy::Policy;
use crate::reconcile::findings::{Finding, Severity};
use crate::reconcile::reserves::Held;

/// A chain of which the policy asks for blocks, and the bundle shows none of them.
pub(crate) fn missing(chain: &ChainId, range: Option<(u64, u64)>, closing: Option<u64>, why: &str) -> Vec<Finding> {
    let gap = range.map(|(from, to)| {
        let detail = format!("blocks {from} to {to}: {why}");
        Finding::new(&codes::WINDOW_GAP, Severity::Critical, chain.as_str(), detail).on_chain(chain)
    });
    let closing = closing.map(|closing| {
        let detail = format!("block {closing}: {why}");
        Finding::new(&codes::CLOSING_NOT_REACHED, Severity::Critical, chain.as_str(), detail).on_chain(chain)
    });
    gap.into_iter().chain(closing).collect()
}

/// Takes a finding: code, severity, subject, detail, and the amount that it is about.
type Add<'a> = &'a mut dyn FnMut(&'static crate::code::Code, Severity, &str, String, Option<Amount>);

/// The findings of one window.
pub(crate) fn findings(
    report: &WindowReport,
    question: &WindowQuestion<'_>,
    policy: &Policy,
    asset: &AssetId,
    held: &[Held],
) -> Vec<Finding> {
    let Some(chain) = report.deployment.chain() else { return Vec::new() };
    let text = |amount: Amount| amount.to_readable(report.decimals);
    let mut found = Vec::new();
    let mut add = |code, severity, subject: &str, detail: String, amount: Option<Amount>| {
        let mut finding = Finding::new(code, severity, subject, detail).of_asset(asset).on_chain(&chain);
        finding = match amount {
            Some(amount) => finding.of_amount(amount, report.decimals),
            None => finding,
        };
        found.push(finding.in_file(paths::chain(&chain, paths::WINDOW)));
    };
    // what the policy asks for and nobody shows keeps from coverage; what a bundle offers beside it does not
    let severity = if question.range.is_some() { Severity::Critical } else { Severity::Exception };
    for gap in &report.gaps {
        let detail = format!("blocks {} to {} without evidence", gap.from, gap.to);
        add(&codes::WINDOW_GAP, severity, chain.as_str(), detail, None);
    }
    if let Some(sampled) = report.bounds.as_ref().and_then(|bounds| bounds.sampled.as_ref()) {
        let detail = format!(
            "{} stretches of blocks are shown, the lowest balance in them is {} at block {}; as many blocks, drawn by lot \
             after the commitment, find a dip in 5 % of the blocks with {} and one in 1 % with {}",
            sampled.stretches,
            text(sampled.lowest),
            sampled.lowest_at,
            sampled.detects_five_percent,
            sampled.detects_one_percent
        );
        add(&crate::code::verdict::WINDOW_SAMPLED, Severity::Note, &report.deployment.to_string(), detail, None);
    }
    if question.range.is_none() {
        let detail = format!("blocks {} to {}, chosen by whoever made the bundle", report.asked.from, report.asked.to);
        add(&codes::WINDOW_OFFERED, Severity::Note, chain.as_str(), detail, None);
    }
    let require = policy.require();
    if report.authenticity < require.authenticity || report.completeness < require.window_completeness() {
        let (authenticity, completeness) = (report.authenticity, report.completeness);
        let detail = format!(
            "movements are {authenticity}, that none is left out {completeness}; demanded are {} and {}",
            require.authenticity,
            require.window_completeness()
        );
        add(&codes::WINDOW_WEAK, severity, chain.as_str(), detail, None);
    }
    not_sought(report, question, &mut add);
    // what a bound leaf owes is told with the file that shows it
    for trip in report.round_trips.iter().filter(|trip| !trip.explained) {
        let around = if trip.around_snapshot { "they were there at the cut-off" } else { "not around the cut-off" };
        let detail = format!(
            "{} came at block {}, {} went back by block {}; {around}; transactions {}",
            text(trip.amount_in),
            trip.in_at,
            text(trip.amount_out),
            trip.out_at,
            trip.txids.join(", ")
        );
        add(&codes::ROUND_TRIP, Severity::Exception, &trip.counterparty, detail, Some(trip.unexplained()));
    }
    come_and_gone(report, question, &mut add);
    closing(report, question, &mut add);
    balances(report, held, &mut add);
    found
}

/// Balances that changed, or of which only bounds are known, and nothing that shows what moved.
fn not_sought(report: &WindowReport, question: &WindowQuestion<'_>, add: Add<'_>) {
    let moved = report.curve.len() > 1 || !report.exact;
    let blind = report.bounds.as_ref().is_some_and(|bounds| !bounds.flows);
    if moved && blind && question.rules.round_trip_blocks > 0 {
        let detail = "balances changed or are bounds only, and the bundle shows nothing of what moved".to_owned();
        let subject = report.deployment.to_string();
        add(&verdict_codes::TRIPS_NOT_SOUGHT, Severity::Exception, &subject, detail, None);
    }
}

/// Addresses that begin to hold within the window, or cease to, when they hold as much as a flow that is told.
fn come_and_gone(report: &WindowReport, question: &WindowQuestion<'_>, add: Add<'_>) {
    let told = super::share(report.maximum, question.rules.flow_share);
    let text = |amount: Amount| amount.to_readable(report.decimals);
    let large = |held: &Amount| *held >= told;
    for address in &report.addresses {
        let Some(held) = address.snapshot.filter(large) else { continue };
        if let Some(at) = address.appeared_at {
            let detail = format!("its first coins of the window came at block {at}; {} at the cut-off", text(held));
            add(&verdict_codes::ADDRESS_APPEARED, Severity::Note, &address.address, detail, Some(held));
        }
        if let Some(at) = address.emptied_at {
            let detail = format!("{} at the cut-off, nothing from block {at} on", text(held));
            add(&verdict_codes::ADDRESS_EMPTIED, Severity::Note, &address.address, detail, Some(held));
        }
    }
}

/// The list of coins at the cut-off and the window must not contradict each other.
fn balances(report: &WindowReport, held: &[Held], add: Add<'_>) {
    let mut sums: BTreeMap<&str, Option<Amount>> = BTreeMap::new();
    let counts = |item: &&Held| item.free && item.control.is_some() && item.holding.deployment == report.deployment;
    for item in held.iter().filter(counts) {
        let sum = sums.entry(item.holding.address.as_str()).or_insert(Some(Amount::ZERO));
        *sum = sum.and_then(|sum| sum.checked_add(item.holding.amount));
    }
    for address in &report.addresses {
        let (Some(window), Some(Some(coins))) = (address.snapshot, sums.get(address.address.as_str())) else {
            continue;
        };
        if let Some(more) = coins.checked_sub(window).filter(|more| !more.is_zero()) {
            let (coins, window) = (coins.to_readable(report.decimals), window.to_readable(report.decimals));
            let detail = format!("{coins} in coins at the cut-off, {window} in the window");
            add(&codes::WINDOW_BALANCE_DIFFERS, Severity::Critical, &address.address, detail, Some(more));
        }
    }
}

/// The rule of the closing block.
fn closing(report: &WindowReport, question: &WindowQuestion<'_>, add: Add<'_>) {
    let text = |amount: Amount| amount.to_readable(report.decimals);
    let subject = report.deployment.to_string();
    let Some((closing, named)) = question.closing else { return };
    if !named {
        let detail =
            format!("the challenge names block {closing} last; the policy names no later block as [[window.seen]]");
        add(&codes::CLOSING_UNKNOWN, Severity::Note, &subject, detail, None);
    }
    if closing > report.measured.to {
        let detail = format!("block {closing}, the window ends at block {}", report.measured.to);
        add(&codes::CLOSING_NOT_REACHED, Severity::Critical, &subject, detail, None);
        return;
    }
    for address in &report.addresses {
        if let (Some(then), Some(later)) = (address.snapshot, address.closing)
            && let Some(gone) = then.checked_sub(later)
            && !gone.is_zero()
        {
            let detail = format!("{} at the cut-off, {} at block {closing}", text(then), text(later));
            add(&codes::GONE_BEFORE_CLOSING, Severity::Exception, &address.address, detail, Some(gone));
        }
    }
}
