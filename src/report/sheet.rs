//! A sheet for people: plain text within 80 columns, each figure with its basis.

use comfy_table::{CellAlignment, Table, presets};

use super::text::{Page, write_finding};
use crate::amount::exact::Exact;
use crate::json::JsonError;
use crate::reconcile::sheet::{Scenario, SheetReport};

/// Canonical JSON: the same sheet is the same bytes.
///
/// # Errors
/// [`JsonError`], which no report causes.
pub fn sheet_json(report: &SheetReport) -> Result<Vec<u8>, JsonError> {
    let mut bytes = crate::json::canonical(report)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The sheet, computed.
#[must_use]
pub fn sheet_text(report: &SheetReport) -> String {
    let mut page = Page::default();
    page.hanging("", "  ", &format!("{}: {}", report.verdict.text().to_uppercase(), report.name));
    page.line("");
    page.wrapped("", &report.sentence);
    page.line("");
    page.wrapped("", &format!("As of {}, figures in {}", report.as_of, report.unit));
    for source in &report.sources {
        page.hanging("", "  ", &format!("Stated by: {source}"));
    }
    page.line("");
    page.heading("Assets: as marked (stated), and at most what is left (assumed)");
    page.line(&assets(report));
    page.line("");
    page.heading("Ladder: at most realisable (assumed) against callable (stated)");
    page.line(&ladder(report));
    page.line("");
    page.heading("What is left as one belief after another is given up (assumed)");
    for row in &report.sensitivity {
        page.item(&scenario(row));
    }
    page.line("");
    page.heading("Findings");
    report.findings.iter().for_each(|finding| write_finding(&mut page, finding));
    page.line("");
    page.heading("What this does not show");
    for line in NOT_SHOWN {
        page.item(line);
    }
    page.line("");
    page.line(&format!("  sheet {}", report.sheet));
    if let Some(digest) = &report.rows {
        page.line(&format!("  rows {digest}"));
    }
    match &report.assumptions {
        Some(digest) => page.line(&format!("  assumptions {digest}")),
        None => page.line("  assumptions built in: own tokens count nothing, nothing else is capped"),
    }
    page.0
}

/// What no sheet shows.
pub(super) const NOT_SHOWN: [&str; 3] = [
    "That a single figure is true: nobody has proved one, and nothing is ever covered by a sheet.",
    "What has no row: it is counted in full and at once, in favour of whoever made the sheet.",
    "What anything would have sold for. Caps and shares are assumed; they only say that more than this could not be had.",
];

/// What is not known is said, and is no zero.
pub(super) fn text(value: Option<&Exact>) -> String {
    value.map_or_else(|| "unknown".to_owned(), Exact::to_string)
}

fn table(header: &[&str], rows: Vec<Vec<String>>, numbers: std::ops::Range<usize>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(header.iter().copied());
    for row in rows {
        table.add_row(row);
    }
    for at in numbers {
        if let Some(column) = table.column_mut(at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}

fn assets(report: &SheetReport) -> String {
    let row = |group: &crate::reconcile::sheet::GroupReport| {
        let last = group.values.last();
        let asset = group.asset.as_ref().map_or("not itemised", |asset| asset.as_str());
        vec![
            asset.to_owned(),
            group.relation.text().to_owned(),
            text(group.marked.as_ref()),
            text(last.and_then(|last| last.value.as_ref())),
            last.and_then(|last| last.by).map_or_else(String::new, |by| format!("by {by}")),
            group.share_of_market.clone().map_or_else(String::new, |share| format!("{share} of all of it")),
        ]
    };
    let header = ["Asset", "Issuer", "Marked", "At most", "", "Marked against the market"];
    table(&header, report.assets.iter().map(row).collect(), 2..4)
}

fn ladder(report: &SheetReport) -> String {
    let row = |rung: &crate::reconcile::liquidity::Rung<Exact>| {
        let missing = rung.missing.as_ref().map_or_else(|| "-".to_owned(), Exact::to_string);
        vec![rung.due.text().to_owned(), rung.callable.to_string(), text(rung.realisable.as_ref()), missing]
    };
    table(&["By", "Callable", "At most", "Missing"], report.ladder.rungs.iter().map(row).collect(), 1..4)
}

fn scenario(row: &Scenario) -> String {
    let missing = match &row.missing {
        Some(missing) => format!("{missing} missing"),
        None => "nothing missing by that".to_owned(),
    };
    format!("{}: at most {} against {}, {missing}", row.name, text(row.assets.as_ref()), row.owed)
}
