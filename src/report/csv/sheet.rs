//! A sheet that no venue has signed, computed, as tables.

use super::{CsvError, Sheet, findings, optional, text};
use crate::reconcile::sheet::SheetReport;
use crate::report::sheet::NOT_SHOWN;

/// The tables as files: names, and bytes, as those of a reconciliation. What is not known is an empty cell.
///
/// # Errors
/// What the writer says, which no report causes.
pub fn sheet_csv(report: &SheetReport) -> Result<Vec<(&'static str, Vec<u8>)>, CsvError> {
    Ok(vec![
        ("about.csv", about(report)?),
        ("assets.csv", assets(report)?),
        ("findings.csv", findings(&report.findings)?),
        ("ladder.csv", ladder(report)?),
        ("sensitivity.csv", sensitivity(report)?),
        ("values.csv", values(report)?),
    ])
}

fn about(report: &SheetReport) -> Result<Vec<u8>, CsvError> {
    let mut sheet = Sheet::new(&["name", "value"])?;
    let mut say = |name: &str, value: String| sheet.row([name.to_owned(), value]);
    say("report", report.format.to_owned())?;
    say("verdict", report.verdict.text().to_owned())?;
    say("sentence", report.sentence.clone())?;
    say("sheet of", report.name.clone())?;
    say("as of", text(&report.as_of))?;
    say("unit", report.unit.clone())?;
    for source in &report.sources {
        say("stated by", source.clone())?;
    }
    say("sheet sha256", text(&report.sheet))?;
    say("rows sha256", optional(report.rows.as_ref()))?;
    say("assumptions sha256", optional(report.assumptions.as_ref()))?;
    for line in NOT_SHOWN {
        say("not shown", line.to_owned())?;
    }
    sheet.bytes()
}

/// One row for each asset: as marked, and at most in the end.
fn assets(report: &SheetReport) -> Result<Vec<u8>, CsvError> {
    let names =
        &["asset", "relation", "marked_stated", "quantity_stated", "at_most_assumed", "by", "share_of_market", "rows"];
    let mut sheet = Sheet::new(names)?;
    for group in &report.assets {
        let last = group.values.last();
        sheet.row([
            optional(group.asset.as_ref()),
            group.relation.text().to_owned(),
            optional(group.marked.as_ref()),
            optional(group.quantity.as_ref()),
            optional(last.and_then(|last| last.value.as_ref())),
            optional(last.and_then(|last| last.by).as_ref()),
            group.share_of_market.clone().unwrap_or_default(),
            group.rows.join("; "),
        ])?;
    }
    sheet.bytes()
}

/// One row for each asset and bucket.
fn values(report: &SheetReport) -> Result<Vec<u8>, CsvError> {
    let mut sheet = Sheet::new(&["asset", "due", "at_most_assumed", "by"])?;
    for group in &report.assets {
        for row in &group.values {
            let (value, by) = (optional(row.value.as_ref()), optional(row.by.as_ref()));
            sheet.row([optional(group.asset.as_ref()), text(&row.due), value, by])?;
        }
    }
    sheet.bytes()
}

fn ladder(report: &SheetReport) -> Result<Vec<u8>, CsvError> {
    let mut sheet = Sheet::new(&["by", "callable_stated", "realisable_assumed", "missing"])?;
    for rung in &report.ladder.rungs {
        let (realisable, missing) = (optional(rung.realisable.as_ref()), optional(rung.missing.as_ref()));
        sheet.row([text(&rung.due), text(&rung.callable), realisable, missing])?;
    }
    sheet.bytes()
}

fn sensitivity(report: &SheetReport) -> Result<Vec<u8>, CsvError> {
    let mut sheet = Sheet::new(&["belief", "assets_assumed", "owed", "missing"])?;
    for row in &report.sensitivity {
        let (assets, missing) = (optional(row.assets.as_ref()), optional(row.missing.as_ref()));
        sheet.row([row.name.clone(), assets, text(&row.owed), missing])?;
    }
    sheet.bytes()
}
