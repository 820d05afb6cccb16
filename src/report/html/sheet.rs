//! A sheet that no venue has signed, computed, as one page of HTML.

use alloy_primitives::U256;
use askama::Template;

use super::findings::Findings;
use super::frame::{Frame, whole};
use super::{HtmlError, Lines, STYLE, Section, together};
use crate::amount::exact::Exact;
use crate::reconcile::sheet::{GroupReport, SheetReport, SheetVerdict};
use crate::report::plot::{HeldPlot, HeldRow, Segment, Size, percent};
use crate::report::sheet::{NOT_SHOWN, text};

/// Assets on the page, and names of rows of one asset. All of them stand in the JSON.
const ASSETS: usize = 400;
const NAMES: usize = 6;

/// What every page of this kind says first.
const NOT_THIS: [&str; 3] = [
    "It is no opinion and gives no assurance. It computes what follows from one published sheet and from what its reader assumes; whoever has both files gets the same bytes.",
    "Nobody has proved a single figure, so nothing is ever covered by a sheet: it is short by its own figures, or not determinable.",
    "What is not known is counted in favour of whoever made the sheet. “Short” holds whatever the rest is.",
];

#[derive(Template)]
#[template(path = "html/sheet.html")]
struct SheetPage<'a> {
    report: &'a SheetReport,
    frame: Frame,
}

/// A column: its name, and whether it has figures.
type Column = (&'static str, bool);

struct Cell {
    label: &'static str,
    figure: bool,
    text: String,
}

struct Row {
    name: String,
    cells: Vec<Cell>,
}

#[derive(Template)]
#[template(path = "html/sheet_table.html")]
struct Table {
    caption: &'static str,
    first: &'static str,
    columns: &'static [Column],
    rows: Vec<Row>,
    plots: Vec<String>,
    more: Option<String>,
}

fn row(name: String, columns: &'static [Column], cells: Vec<String>) -> Row {
    let cells = columns.iter().zip(cells).map(|((label, figure), text)| Cell { label, figure: *figure, text });
    Row { name, cells: cells.collect() }
}

/// The page: the same report is the same bytes.
///
/// # Errors
/// [`HtmlError`], which no report causes.
pub fn sheet_html(report: &SheetReport) -> Result<String, HtmlError> {
    let sections = vec![
        Section::new("not-this", "What this is not", &Lines { lines: &NOT_THIS })?,
        Section::new("ladder", "If everybody asks at once", &ladder(report)?)?,
        Section::new("assets", "Assets", &assets(report))?,
        Section::new("sensitivity", "As one belief after another is given up", &sensitivity(report))?,
        Section::new("findings", "Findings", &Findings::of(&report.findings))?,
        Section::new("not-shown", "What this does not show", &Lines { lines: &NOT_SHOWN })?,
    ];
    let verdict = match report.verdict {
        SheetVerdict::Short => ("Short", "short"),
        SheetVerdict::NotDeterminable => ("Not determinable", "open"),
    };
    let tool = concat!("counterfoil ", env!("CARGO_PKG_VERSION"));
    let frame = Frame::new(STYLE, tool, verdict, together(&report.sentence), sections);
    whole(&SheetPage { report, frame })
}

const ASSET_COLUMNS: &[Column] = &[
    ("Issuer", false),
    ("Marked", true),
    ("At most", true),
    ("Cap", false),
    ("Of its market value", true),
    ("Rows", false),
];

fn assets(report: &SheetReport) -> Table {
    let one = |group: &GroupReport| {
        let last = group.values.last();
        let mut names: Vec<String> = group.rows.iter().take(NAMES).cloned().collect();
        if group.rows.len() > NAMES {
            names.push(format!("and {} more", group.rows.len() - NAMES));
        }
        let cells = vec![
            group.relation.text().to_owned(),
            text(group.marked.as_ref()),
            text(last.and_then(|last| last.value.as_ref())),
            last.and_then(|last| last.by).map_or_else(|| "–".to_owned(), |by| by.text().to_owned()),
            group.share_of_market.as_ref().map_or_else(|| "–".to_owned(), |share| together(share)),
            if names.is_empty() { "–".to_owned() } else { names.join(", ") },
        ];
        let name = group.asset.as_ref().map_or_else(|| "not itemised".to_owned(), ToString::to_string);
        row(name, ASSET_COLUMNS, cells)
    };
    let count = report.assets.len();
    let more =
        (count > ASSETS).then(|| format!("The first {ASSETS} of {count} assets. All of them stand in the JSON."));
    Table {
        caption: "Each asset as the sheet marks it (stated), and what is left of it at most (assumed)",
        first: "Asset",
        columns: ASSET_COLUMNS,
        rows: report.assets.iter().take(ASSETS).map(one).collect(),
        plots: Vec::new(),
        more,
    }
}

const LADDER_COLUMNS: &[Column] = &[("Callable", true), ("At most", true), ("Missing", true)];

fn dash(value: Option<&Exact>) -> String {
    value.map_or_else(|| "–".to_owned(), Exact::to_string)
}

fn ladder(report: &SheetReport) -> Result<Table, HtmlError> {
    let rungs = &report.ladder.rungs;
    let bars: Vec<HeldRow> = rungs
        .iter()
        .filter_map(|rung| {
            let share = U256::from(rung.realisable.as_ref()?.hundredths_of(&rung.callable)?);
            let segments = vec![Segment { kind: "assumed", share }];
            Some(HeldRow { name: format!("by {}", rung.due), words: percent(share), segments, counted: share })
        })
        .collect();
    let said: Vec<String> = bars.iter().map(|bar| format!("{}: at most {}.", bar.name, bar.words)).collect();
    let title = "What can be paid by then, at most, against what can be asked for by then".to_owned();
    let plot = HeldPlot { id: "ladder-plot", title, desc: said.join(" "), whole: "100 % of callable", rows: &bars };
    let plots = if bars.is_empty() {
        Vec::new()
    } else {
        Size::BOTH.into_iter().map(|size| plot.draw(size)).collect::<Result<_, _>>()?
    };
    let one = |rung: &crate::reconcile::liquidity::Rung<Exact>| {
        let cells = vec![rung.callable.to_string(), text(rung.realisable.as_ref()), dash(rung.missing.as_ref())];
        row(rung.due.text().to_owned(), LADDER_COLUMNS, cells)
    };
    Ok(Table {
        caption: "At most realisable (assumed) against callable (stated)",
        first: "By",
        columns: LADDER_COLUMNS,
        rows: rungs.iter().map(one).collect(),
        plots,
        more: None,
    })
}

const BELIEF_COLUMNS: &[Column] = &[("At most", true), ("Owed", true), ("Missing", true)];

fn sensitivity(report: &SheetReport) -> Table {
    let one = |belief: &crate::reconcile::sheet::Scenario| {
        let cells = vec![text(belief.assets.as_ref()), belief.owed.to_string(), dash(belief.missing.as_ref())];
        row(belief.name.clone(), BELIEF_COLUMNS, cells)
    };
    Table {
        caption: "What all assets bring at most, whenever that is (assumed), and what is owed",
        first: "Belief",
        columns: BELIEF_COLUMNS,
        rows: report.sensitivity.iter().map(one).collect(),
        plots: Vec::new(),
        more: None,
    }
}
