//! Asset by asset: the sentence, what its figures are made of, its windows.

use std::collections::BTreeMap;

use askama::Template;

use super::assets::ordered;
use super::window::Window;
use super::{HtmlError, capital, class, counted, findings, together};
use crate::amount::Amount;
use crate::reconcile::assess::Compared;
use crate::reconcile::{AssetReport, Finding, Report, Severity, Verdict};

/// Assets that stand open, and assets whose windows are drawn. The figures of the others are folded away.
const OPEN: usize = 12;
/// Findings that an asset refers to.
const FINDINGS: usize = 12;

/// A figure with its name.
pub(super) struct Fact {
    pub(super) name: &'static str,
    pub(super) value: String,
}

struct CommitmentRow<'a> {
    compared: &'a Compared,
    owed: String,
    low: String,
    high: String,
    coverage: String,
}

struct Article<'a> {
    place: usize,
    asset: &'a AssetReport,
    class: &'static str,
    sentence: String,
    facts: Vec<Fact>,
    findings: Vec<&'a str>,
    more_findings: usize,
    commitments: Vec<CommitmentRow<'a>>,
    windows: Vec<Window<'a>>,
}

struct Folded<'a> {
    title: String,
    articles: Vec<Article<'a>>,
}

/// The section.
#[derive(Template)]
#[template(path = "html/asset.html")]
pub(super) struct EachAsset<'a> {
    open: Vec<Article<'a>>,
    folded: Vec<Folded<'a>>,
    remark: Option<String>,
}

impl<'a> EachAsset<'a> {
    pub(super) fn new(report: &'a Report) -> Result<Self, HtmlError> {
        let findings = by_asset(report);
        let (mut open, mut others) = (Vec::new(), Vec::new());
        let (mut drawn, mut with_window) = (0, 0);
        for (place, asset) in ordered(report).into_iter().enumerate() {
            let windowed = !asset.windows.is_empty();
            with_window += usize::from(windowed);
            let draws = windowed && drawn < OPEN;
            drawn += usize::from(draws);
            let article = Article::new(place, asset, &findings, draws)?;
            if draws || place < OPEN { open.push(article) } else { others.push(article) }
        }
        let remark = (with_window > drawn).then(|| {
            format!(
                "Windows are drawn for the first {drawn} of {with_window} assets that have one; of the others the \
                 figures stand below."
            )
        });
        let mut folded = Vec::new();
        for verdict in [Verdict::Short, Verdict::NotDeterminable, Verdict::Covered] {
            let (of_it, rest): (Vec<_>, Vec<_>) = others.into_iter().partition(|other| other.asset.verdict == verdict);
            others = rest;
            if !of_it.is_empty() {
                let title = format!("{}: {} more", capital(verdict), counted(of_it.len(), "asset"));
                folded.push(Folded { title, articles: of_it });
            }
        }
        Ok(Self { open, folded, remark })
    }
}

/// What there is to say about one asset beside its figures; notes have their place in the list of findings.
fn by_asset(report: &Report) -> BTreeMap<&str, Vec<&str>> {
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let written = findings::written(report);
    let told = |finding: &&Finding| finding.severity != Severity::Note && written.contains(finding.id.as_str());
    for finding in report.findings.iter().filter(told) {
        if let Some(asset) = &finding.asset {
            found.entry(asset.as_str()).or_default().push(&finding.id);
        }
    }
    found
}

impl<'a> Article<'a> {
    fn new(
        place: usize,
        asset: &'a AssetReport,
        findings: &BTreeMap<&str, Vec<&'a str>>,
        draws: bool,
    ) -> Result<Self, HtmlError> {
        let own = findings.get(asset.asset.as_str()).map(Vec::as_slice).unwrap_or_default();
        let (shown, more) = own.split_at(own.len().min(FINDINGS));
        let windows = asset.windows.iter().zip(0..);
        let windows = windows.map(|(window, number)| Window::new(asset, window, &format!("a{place}-{number}"), draws));
        Ok(Self {
            place,
            asset,
            class: class(asset.verdict),
            sentence: together(&asset.sentence),
            facts: facts(asset),
            findings: shown.to_vec(),
            more_findings: more.len(),
            commitments: commitments(asset),
            windows: windows.collect::<Result<_, _>>()?,
        })
    }
}

/// What was owed and held at each commitment; a single one stands in the figures already.
fn commitments(asset: &AssetReport) -> Vec<CommitmentRow<'_>> {
    let amount = |amount: Amount| together(&amount.to_readable(asset.decimals));
    let known = |figure: Option<Amount>| figure.map_or_else(|| "not known".to_owned(), amount);
    let several = asset.commitments.iter().filter(|_| asset.commitments.len() > 1);
    several
        .map(|compared| CommitmentRow {
            compared,
            owed: amount(compared.owed),
            low: known(compared.low),
            high: known(compared.high),
            coverage: compared.coverage.as_deref().map_or_else(|| "–".to_owned(), together),
        })
        .collect()
}

/// What an asset's figures are made of, one kind a row.
fn facts(asset: &AssetReport) -> Vec<Fact> {
    let amount = |amount: Amount| together(&amount.to_readable(asset.decimals));
    let mut facts = Vec::new();
    let mut push = |name, value| facts.push(Fact { name, value });
    let joined = |parts: &BTreeMap<&'static str, Amount>| {
        parts.iter().map(|(name, sum)| format!("{name} {}", amount(*sum))).collect::<Vec<_>>().join("; ")
    };
    if let Some(owed) = &asset.owed {
        let leaves = match usize::try_from(owed.leaves) {
            Ok(1) => "1\u{a0}leaf".to_owned(),
            _ => format!("{}\u{a0}leaves", together(&crate::report::plot::number(owed.leaves))),
        };
        let other = owed.other.map_or_else(|| "none stated".to_owned(), amount);
        push("Owed", format!("{} committed in {leaves}; other liabilities {other}", amount(owed.committed)));
        if owed.classes.len() > 1 {
            push("Owed by class", joined(&owed.classes));
        }
    }
    for (&(authenticity, completeness), &sum) in asset.held.by_evidence.iter().rev() {
        let (sum, basis) = (amount(sum), authenticity.min(completeness.basis()));
        push("Held", format!("{sum} {basis} (existence {authenticity}, history {completeness})"));
    }
    if !asset.held.by_role.is_empty() {
        push("Counted by tier", joined(&asset.held.by_role));
    }
    if let Some(declared) = crate::report::tiers::declared(asset) {
        push("Declared by tier", declared);
    }
    for (name, words) in crate::report::tiers::elsewhere(asset) {
        push(name, words);
    }
    if !asset.held.by_control.is_empty() {
        push("Counted by control", joined(&asset.held.by_control));
    }
    if !asset.held.without_control.is_zero() {
        push("Not counted", format!("{} without control", amount(asset.held.without_control)));
    }
    if !asset.held.excluded.is_zero() {
        push("Not counted", format!("{} internal, pledged or self-issued", amount(asset.held.excluded)));
    }
    if !asset.not_sustained.is_zero() {
        let gone = amount(asset.not_sustained);
        push("Not counted", format!("{gone} that came and went, or left before the closing block"));
    }
    facts
}
