//! The report as one page of HTML that needs nothing else: no script, no font, no network. Specification:
//! `docs/spec/report-html.md`.
//!
//! A section is one file here, with one template beside it. Templates escape whatever they are given; the page as a
//! whole loses characters that turn the direction of text or cannot be seen.

mod again;
mod assertions;
mod asset;
mod assets;
mod credit;
mod findings;
mod frame;
mod held;
mod network;
mod quality;
mod scope;
mod sheet;
mod window;

use std::collections::BTreeSet;

use askama::Template;
use frame::{Frame, whole};

use crate::reconcile::{Report, Verdict};

pub use network::network_html;
pub use sheet::sheet_html;

/// Findings that one row of a table links to.
const LINKED: usize = 6;
const STYLE: &str = include_str!("html/style.css");

/// What every report of this kind says first.
const NOT_THIS: [&str; 3] = [
    "It is no opinion and gives no assurance. It lists procedures and what they found; whoever has the bundle and the policy named below gets the same bytes.",
    "Reserves alone decide nothing: what is held is compared with what the venue has committed to owe, asset by asset, in the asset’s own units.",
    "“Covered” speaks of the figures in this report, under the demands of one policy. It says nothing about whose money it is.",
];

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
#[error("the page could not be put together: {0}")]
pub struct HtmlError(#[from] askama::Error);

/// A part of the page with a heading.
struct Section {
    id: &'static str,
    title: &'static str,
    body: String,
}

impl Section {
    fn new(id: &'static str, title: &'static str, body: &impl Template) -> Result<Self, HtmlError> {
        Ok(Self { id, title, body: body.render()? })
    }
}

#[derive(Template)]
#[template(path = "html/page.html")]
struct Page<'a> {
    report: &'a Report,
    frame: Frame,
    title: String,
}

#[derive(Template)]
#[template(path = "html/lines.html")]
struct Lines<'a> {
    lines: &'a [&'static str],
}

/// The page: the same report is the same bytes.
///
/// # Errors
/// [`HtmlError`], which no report causes.
pub fn html(report: &Report) -> Result<String, HtmlError> {
    let mut sections = vec![
        Section::new("not-this", "What this is not", &Lines { lines: &NOT_THIS })?,
        Section::new("scope", "Scope", &scope::Scope::new(report))?,
        Section::new("assets", "Assets", &assets::Assets::new(report))?,
        Section::new("owed-held", "Owed against held", &held::Held::new(report)?)?,
        Section::new("each-asset", "Asset by asset", &asset::EachAsset::new(report)?)?,
        Section::new("findings", "Findings", &findings::Findings::new(report))?,
        Section::new(
            "assertions",
            "Assertions",
            &assertions::Assertions { report, written: findings::written(report) },
        )?,
        Section::new("not-shown", "What this report does not show", &Lines { lines: &report.not_shown })?,
        Section::new(
            "again",
            "Procedures, and how to repeat them",
            &again::Again { report, written: findings::written(report) },
        )?,
    ];
    if let Some(credit) = &report.credit {
        let section = Section::new("ladder", "If everybody asks at once", &credit::Credit::new(credit)?)?;
        before_findings(&mut sections, section);
    }
    if let Some(quality) = &report.quality {
        let section = Section::new("quality", "If everything else were sold", &quality::Quality::new(quality)?)?;
        before_findings(&mut sections, section);
    }
    let whose = report.statement.as_ref().map_or_else(
        || "no statement".to_owned(),
        |statement| format!("{}, statement {}", statement.legal_entity, statement.sequence),
    );
    let verdict = capital(report.overall.verdict);
    let headline = together(&report.overall.headline);
    let frame = Frame::new(STYLE, &report.tool, (verdict, class(report.overall.verdict)), headline, sections);
    whole(&Page { report, frame, title: format!("{verdict} – {whose} – counterfoil") })
}

/// Findings speak of what stands before them.
fn before_findings(sections: &mut Vec<Section>, section: Section) {
    let place = sections.iter().position(|section| section.id == "findings").unwrap_or(sections.len());
    sections.insert(place, section);
}

/// The verdict as the first word of a line.
fn capital(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Short => "Short",
        Verdict::NotDeterminable => "Not determinable",
        Verdict::Covered => "Covered",
    }
}

/// The class of the style sheet.
fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Short => "short",
        Verdict::NotDeterminable => "open",
        Verdict::Covered => "covered",
    }
}

/// A sentence whose numbers do not break at the spaces between their thousands.
fn together(sentence: &str) -> String {
    let mut text = String::with_capacity(sentence.len() + 16);
    let mut before = ' ';
    for (at, c) in sentence.char_indices() {
        let mut behind = sentence.get(at + c.len_utf8()..).unwrap_or_default().chars();
        let three = behind.by_ref().take(3).filter(char::is_ascii_digit).count() == 3;
        let unit = sentence.get(at..).is_some_and(|rest| rest.starts_with(" %"));
        let joins = c == ' ' && before.is_ascii_digit() && (three || unit);
        text.push(if joins { '\u{a0}' } else { c });
        before = c;
    }
    text
}

/// `1 asset`, `2 assets`.
fn counted(count: usize, word: &str) -> String {
    let number = super::plot::number(count as u64);
    let s = if count == 1 { "" } else { "s" };
    format!("{number}\u{a0}{word}{s}")
}

/// The first ids of findings that are on the page, and how many more there are.
fn linked<'a>(ids: &'a [String], written: &BTreeSet<&str>) -> (Vec<&'a str>, usize) {
    let shown: Vec<&str> = ids.iter().map(String::as_str).filter(|id| written.contains(id)).take(LINKED).collect();
    let more = ids.len() - shown.len();
    (shown, more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_together() {
        assert_eq!(together("held 1 251.00 of 12 345 678"), "held 1\u{a0}251.00 of 12\u{a0}345\u{a0}678");
        assert_eq!(together("block 7 20 and 61.21 % é 5 1é"), "block 7 20 and 61.21\u{a0}% é 5 1é");
        assert_eq!(
            (counted(1, "asset"), counted(1_200, "asset")),
            ("1\u{a0}asset".to_owned(), "1 200\u{a0}assets".to_owned())
        );
    }
}
