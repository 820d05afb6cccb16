//! Findings by weight and kind, each with its evidence.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;

use super::counted;
use crate::reconcile::{Finding, Report, Severity};

/// Findings of one kind that stand open; more are folded away.
const SHOWN: usize = 8;
/// Findings of one kind on the page; all of them stand in the JSON.
const WRITTEN: usize = 500;

struct Kind<'a> {
    first: &'a Finding,
    count: String,
    shown: &'a [Finding],
    folded: &'a [Finding],
    folded_title: String,
    left_out: Option<String>,
}

struct Weight<'a> {
    title: String,
    class: &'static str,
    kinds: Vec<Kind<'a>>,
}

/// The section.
#[derive(Template)]
#[template(path = "html/findings.html")]
pub(super) struct Findings<'a> {
    weights: Vec<Weight<'a>>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(report: &'a Report) -> Self {
        Self::of(&report.findings)
    }

    /// Findings in the order of their weights.
    pub(super) fn of(findings: &'a [Finding]) -> Self {
        let weights = [
            (Severity::Critical, "critical", "Critical"),
            (Severity::Exception, "exception", "Exceptions"),
            (Severity::Note, "note", "Notes"),
        ];
        let weights = weights.into_iter().filter_map(|(severity, class, title)| {
            let from = findings.partition_point(|finding| finding.severity < severity);
            let to = findings.partition_point(|finding| finding.severity <= severity);
            let these = findings.get(from..to).filter(|these| !these.is_empty())?;
            let title = format!("{title}: {}", counted(these.len(), "finding"));
            Some(Weight { title, class, kinds: kinds(these) })
        });
        Self { weights: weights.collect() }
    }
}

/// The findings that are on the page, so that links lead somewhere.
pub(super) fn written(report: &Report) -> BTreeSet<&str> {
    let mut seen: BTreeMap<(Severity, u16), usize> = BTreeMap::new();
    let on_page = |finding: &&Finding| {
        let before = seen.entry((finding.severity, finding.code.number)).or_default();
        *before += 1;
        *before <= WRITTEN
    };
    report.findings.iter().filter(on_page).map(|finding| finding.id.as_str()).collect()
}

/// Runs of the same code, as the report has them in order.
fn kinds(mut rest: &[Finding]) -> Vec<Kind<'_>> {
    let mut kinds = Vec::new();
    while let Some(first) = rest.first() {
        let (all, others) = rest.split_at(rest.iter().take_while(|finding| finding.code == first.code).count());
        let (written, left_out) = all.split_at(all.len().min(WRITTEN));
        let (shown, folded) = written.split_at(written.len().min(SHOWN));
        kinds.push(Kind {
            first,
            count: counted(all.len(), "finding"),
            shown,
            folded,
            folded_title: format!("{} more of {}", folded.len(), first.code),
            left_out: (!left_out.is_empty())
                .then(|| format!("{} of {} stand in the JSON only.", counted(left_out.len(), "finding"), first.code)),
        });
        rest = others;
    }
    kinds
}
