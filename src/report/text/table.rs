//! The table of assets: a row each while they are few, in groups by verdict when they are many.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table, presets};
use unicode_width::UnicodeWidthStr as _;

use super::{Page, WIDTH, high, low, window};
use crate::amount::Amount;
use crate::reconcile::{AssetReport, Report, Verdict, percent};

/// With more assets than these they stand in groups.
const UNGROUPED_MAX: usize = 12;
/// Rows of one group.
const GROUP_ROWS: usize = 50;
/// Names of assets for which nothing is claimed.
const NAMES_SHOWN: usize = 100;

/// Assets as the report shows them: many of them by verdict, the worst first; few in the order of their ids.
pub(super) fn in_order(report: &Report) -> Vec<&AssetReport> {
    let mut assets: Vec<&AssetReport> = report.assets.iter().collect();
    if assets.len() > UNGROUPED_MAX {
        assets.sort_by_key(|asset| (asset.verdict, !asset.required, !asset.claimed));
    }
    assets
}

/// One row per asset; in groups when there are many.
#[must_use]
pub fn assets_table(report: &Report) -> String {
    let assets = in_order(report);
    let mut text = if assets.len() > UNGROUPED_MAX { groups(report, &assets) } else { rows(report, &assets) };
    if assets.iter().any(|asset| !asset.required) {
        text.push_str("\n* not required by the policy: the overall verdict does not speak of it");
    }
    text
}

fn groups(report: &Report, assets: &[&AssetReport]) -> String {
    let mut text = String::new();
    for verdict in [Verdict::Short, Verdict::NotDeterminable, Verdict::Covered] {
        let group: Vec<&AssetReport> = assets.iter().copied().filter(|asset| asset.verdict == verdict).collect();
        if group.is_empty() {
            continue;
        }
        let head = format!("{}: {} of {}", capital(verdict.text()), group.len(), assets.len());
        let _ = writeln!(text, "{head}");
        // where nothing is claimed there is nothing to compare: a name says it all
        let is_offered = |asset: &&AssetReport| asset.claimed || verdict != Verdict::NotDeterminable;
        let (offered, bare): (Vec<&AssetReport>, Vec<&AssetReport>) = group.into_iter().partition(is_offered);
        if let Some(first) = offered.get(..offered.len().min(GROUP_ROWS)).filter(|first| !first.is_empty()) {
            let _ = writeln!(text, "{}", rows(report, first));
        }
        if offered.len() > GROUP_ROWS {
            let _ = writeln!(text, "… and {} more (all of them with --json and --csv)", offered.len() - GROUP_ROWS);
        }
        if !bare.is_empty() {
            names(&mut text, &bare);
        }
        text.push('\n');
    }
    text.trim_end().to_owned()
}

fn names(text: &mut String, assets: &[&AssetReport]) {
    let mut page = Page::default();
    let shown = assets.iter().take(NAMES_SHOWN);
    let star = |asset: &AssetReport| if asset.required { "" } else { "*" };
    let names: Vec<String> = shown.map(|asset| format!("{}{}", asset.asset, star(asset))).collect();
    let more = match assets.len().saturating_sub(NAMES_SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    page.hanging(" ", " ", &format!("{} without any reserve claim: {}{more}", assets.len(), names.join(", ")));
    text.push_str(&page.0);
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// The cells of one asset: name, owed, held, coverage, minimum.
struct Cells {
    name: String,
    owed: String,
    held: Vec<String>,
    coverage: Vec<String>,
}

/// The share that is left without coins that came and went, where that is why an asset is short: its row shows what was
/// there at the cut-off, and its verdict what that is worth.
fn without_trips(asset: &AssetReport) -> Option<&str> {
    let dressed = asset.verdict == Verdict::Short && !asset.came_and_went.is_zero();
    asset.coverage_possible.as_deref().filter(|_| dressed)
}

/// What was there at the cut-off, whether it came and went or not; and all that was offered.
fn at_cutoff(asset: &AssetReport) -> [(String, String); 2] {
    [asset.held.counted, asset.held.possible].map(|held| {
        let share = asset.owed.as_ref().and_then(|owed| percent(held, owed.total));
        (held.to_readable(asset.decimals), share.unwrap_or_else(|| "-".to_owned()))
    })
}

fn verdict(asset: &AssetReport, told: bool) -> String {
    let text = asset.verdict.text();
    match without_trips(asset).filter(|_| told) {
        Some(share) => format!("{text} ({share}\nwithout coins that\ncame and went)"),
        None => text.to_owned(),
    }
}

/// Cells of a table with a column for windows or without one; `told` when the verdict tells what came and went.
fn cells(report: &Report, asset: &AssetReport, windows: bool, told: bool) -> Cells {
    let amount = |amount: Amount| amount.to_readable(asset.decimals);
    let owed = asset.owed.as_ref().map_or_else(|| "not stated".to_owned(), |owed| amount(owed.total));
    let star = if asset.required { "" } else { "*" };
    if told && without_trips(asset).is_some() {
        let [(counted, share), (possible, possible_share)] = at_cutoff(asset);
        let (mut held, mut coverage) = (vec![counted], vec![share]);
        if asset.held.possible > asset.held.counted {
            held.push(format!("≤ {possible}"));
            coverage.push(possible_share);
        }
        return Cells { name: format!("{}{star}", asset.asset), owed, held, coverage };
    }
    let mut held = vec![match report.statement {
        // without a cut-off there is no moment at which to look
        None => "not looked at".to_owned(),
        // a column more leaves no room for words
        Some(_) if windows => amount(low(asset)),
        Some(_) => format!("{} counted", amount(low(asset))),
    }];
    let mut coverage = vec![asset.coverage.clone().unwrap_or_else(|| "-".to_owned())];
    if high(asset) > low(asset) {
        held.push(match windows {
            true => format!("≤ {}", amount(high(asset))),
            false => format!("{} at most", amount(high(asset))),
        });
        coverage.push(asset.coverage_possible.clone().unwrap_or_else(|| "-".to_owned()));
    }
    Cells { name: format!("{}{star}", asset.asset), owed, held, coverage }
}

fn rows(report: &Report, assets: &[&AssetReport]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let windows = report.assets.iter().any(|asset| !asset.windows.is_empty());
    // in groups one line is all that there is room for
    let told = windows && report.assets.len() <= UNGROUPED_MAX;
    let minimum: &[&str] = if windows { &["Window min"] } else { &[] };
    table.set_header([&["Asset", "Owed", "Held", "Coverage"], minimum, &["Verdict"]].concat());
    for asset in assets {
        let Cells { name, owed, held, coverage } = cells(report, asset, windows, told);
        let mut row = vec![name, owed, held.join("\n"), coverage.join("\n")];
        if windows {
            row.push(window::minimum(asset));
        }
        row.push(verdict(asset, told));
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(1).take(3 + minimum.len()) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let text = table.trim_fmt();
    if text.lines().all(|line| line.width() <= WIDTH) { text } else { stacked(report, assets, windows) }
}

/// The same without columns, for amounts that do not fit beside each other.
fn stacked(report: &Report, assets: &[&AssetReport], windows: bool) -> String {
    let mut page = Page::default();
    for asset in assets {
        let Cells { name, owed, held, coverage } = cells(report, asset, false, false);
        page.hanging(" ", "   ", &format!("{name}: {}", asset.verdict));
        page.hanging("   ", "     ", &format!("owed {owed}"));
        for (held, coverage) in held.iter().zip(&coverage) {
            page.hanging("   ", "     ", &format!("held {held}, coverage {coverage}"));
        }
        if windows {
            page.hanging("   ", "     ", &format!("lowest in the window {}", window::minimum(asset)));
        }
    }
    page.0.trim_end().to_owned()
}
