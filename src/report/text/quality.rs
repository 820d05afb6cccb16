//! What everything else would bring, as lines of the report: all of it assumed.

use super::Page;
use crate::amount::exact::Exact;
use crate::publish::balance_sheet::Due;
use crate::reconcile::liquidity::{Ladder, Rung};
use crate::reconcile::quality::{QualitySection, StockWorth, Turn, TurnPoint};

/// Assets and assumptions that are written out; the rest stands in the JSON.
const SHOWN: usize = 24;

/// The section.
pub(super) fn notes(page: &mut Page, section: &QualitySection) {
    page.heading("If everything else were sold (assumed; none of it is coverage)");
    let unit = section.unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
    page.item(&format!("{}, figures in{}", outcome(&section.ladder), unit_words(&unit)));
    for rung in &section.ladder.rungs {
        page.hanging("      ", "        ", &line(rung));
    }
    for asset in section.assets.iter().take(SHOWN) {
        page.item(&of_asset(asset));
    }
    rest(page, section.assets.len(), "assets");
    page.line("");
    page.heading("As beliefs are given up (assumed)");
    for scenario in &section.scenarios {
        let last = scenario.ladder.rungs.last();
        let brings = last.and_then(|rung| rung.realisable.as_ref());
        let brings = brings.map_or_else(
            || "nobody can say what it brings".to_owned(),
            |all| format!("{} in the end", all.to_readable()),
        );
        page.item(&format!("{}: {brings}; {}", scenario.name, outcome(&scenario.ladder)));
    }
    let turning: Vec<String> = section.turns.iter().flat_map(turns).collect();
    if turning.is_empty() {
        page.item("no single assumption turns this, up to a hundred times what it is");
    }
    turning.iter().take(SHOWN).for_each(|line| page.item(line));
    rest(page, turning.len(), "assumptions");
    page.line("");
}

fn unit_words(unit: &str) -> &str {
    if unit.is_empty() { " the unit of the policy's prices" } else { unit }
}

fn rest(page: &mut Page, count: usize, what: &str) {
    let more = count.saturating_sub(SHOWN);
    if more > 0 {
        page.item(&format!("… and {more} more {what} (all of them with --json and --csv)"));
    }
}

/// From when on it fails, or up to when nobody can say.
pub(in crate::report) fn outcome(ladder: &Ladder<Exact>) -> String {
    let unknown = ladder.rungs.iter().any(|rung| rung.realisable.is_none());
    match ladder.first_failing {
        Some(due) if ladder.rungs.iter().all(|rung| rung.missing.is_some()) => {
            format!("fails from {due} on, in every bucket")
        }
        Some(due) => format!("fails from {due} on"),
        None if unknown => "nobody can say whether a bucket fails".to_owned(),
        None => "no bucket fails by these assumptions".to_owned(),
    }
}

fn line(rung: &Rung<Exact>) -> String {
    let Rung { due, callable, realisable, missing } = rung;
    let callable = callable.to_readable();
    let most = |paid: &Exact| format!("at most {}", paid.to_readable());
    let paid = realisable.as_ref().map_or_else(|| "unknown".to_owned(), most);
    let lack = missing.as_ref().map(|missing| format!(", {} missing still", missing.to_readable()));
    let lack = lack.unwrap_or_default();
    format!("by {due}: {callable} missing in kind, everything else {paid}{lack}")
}

fn of_asset(asset: &StockWorth) -> String {
    let all = asset.all.to_readable(asset.decimals);
    let value = |rung: &crate::reconcile::quality::StockRung| {
        let value = rung.value.as_ref().map_or_else(|| "unknown".to_owned(), Exact::to_readable);
        let by = rung.by.map(|cap| format!(" ({cap})")).unwrap_or_default();
        format!("{} {value}{by}", rung.due)
    };
    let values: Vec<String> = asset.rungs.iter().map(value).collect();
    let relation = match asset.relation.text() {
        "none" => String::new(),
        word => format!(" ({word})"),
    };
    let share = |share: &Option<String>, of: &str| {
        share.as_ref().map(|share| format!(", {share} of what {of}")).unwrap_or_default()
    };
    let shares = share(&asset.share_of_float, "others have") + &share(&asset.share_of_circulating, "circulates");
    format!("{}{relation}: {all} held and claimed{shares}; brings by {}", asset.asset, values.join(", "))
}

/// A line for each side on which the outcome turns.
fn turns(turn: &Turn) -> Vec<String> {
    let of = turn.asset.as_ref().map(|asset| format!(" of {asset}")).unwrap_or_default();
    let side = |point: &Option<TurnPoint>, word: &str| {
        let point = point.as_ref()?;
        let (parameter, now, value) = (turn.parameter, turn.now.to_readable(), point.value.to_readable());
        Some(format!("{parameter}{of}, {now} now: from {value} {word} {}", then(point.first_failing)))
    };
    [side(&turn.below, "down"), side(&turn.above, "up")].into_iter().flatten().collect()
}

/// What a turning point leads to.
pub(in crate::report) fn then(first_failing: Option<Due>) -> String {
    first_failing.map_or_else(|| "no bucket fails".to_owned(), |due| format!("it fails from {due} on"))
}
