//! The grid of assertions and the list of procedures in the text report.

use super::Page;
use crate::reconcile::{Assertion, Report, Severity};

/// Assets that are named on one line; the others are counted.
const ASSETS_SHOWN: usize = 6;
/// Findings that are named on one line.
const FINDINGS_SHOWN: usize = 8;
/// Procedures that are written out; hundreds of deployments have as many windows.
const PROCEDURES_SHOWN: usize = 60;

pub(super) fn assertions(page: &mut Page, report: &Report) {
    page.heading("Assertions: what was tested, and what is open");
    for row in &report.workpapers.assertions {
        page.hanging("  ", "    ", &format!("{} ({}): {}", row.assertion.text(), row.question, row.extent.text()));
        lines(page, row);
    }
    page.line("");
}

fn lines(page: &mut Page, row: &Assertion) {
    for evidence in &row.evidence {
        let names: Vec<&str> = evidence.assets.iter().map(crate::asset::AssetId::as_str).collect();
        let of = match names.is_empty() {
            true => String::new(),
            false => format!(" ({})", listed(&names, ASSETS_SHOWN)),
        };
        page.hanging("    + ", "      ", &format!("{}{of}", evidence.text));
    }
    for open in &row.exceptions {
        let names: Vec<&str> = open.findings.iter().map(String::as_str).collect();
        let sign = if open.severity == Severity::Note { "    . " } else { "    ! " };
        let (code, title, weight) = (open.code, open.title, open.severity.text());
        page.hanging(sign, "      ", &format!("{weight} {code}, {title}: {}", listed(&names, FINDINGS_SHOWN)));
    }
    page.hanging("    ? ", "      ", &format!("not tested: {}", row.not_tested));
}

fn listed(names: &[&str], shown: usize) -> String {
    let first = names.iter().take(shown).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(shown) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

pub(super) fn procedures(page: &mut Page, report: &Report) {
    page.heading("Procedures and their results");
    page.wrapped("  ", report.workpapers.no_opinion);
    let all = &report.workpapers.procedures;
    let (done, left): (Vec<_>, Vec<_>) = all.iter().partition(|procedure| procedure.performed);
    for procedure in done.iter().take(PROCEDURES_SHOWN).chain(&left) {
        let names: Vec<&str> = procedure.findings.iter().map(String::as_str).collect();
        let found = match names.is_empty() {
            true => String::new(),
            false => format!(" Findings: {}.", listed(&names, FINDINGS_SHOWN)),
        };
        let not = if procedure.performed { "" } else { "Not performed: " };
        let indent = "      ";
        page.hanging(&format!("  {:<3} ", procedure.id), indent, &format!("{not}{}", procedure.procedure));
        page.hanging(indent, indent, &format!("-> {}{found}", procedure.result));
    }
    if done.len() > PROCEDURES_SHOWN {
        let more = done.len() - PROCEDURES_SHOWN;
        page.line(&format!("  … and {more} more that were performed (all of them with --json and --csv)"));
    }
    page.line("");
}
