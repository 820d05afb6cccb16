//! The table of assets: short first, and in every verdict the required ones before the others.

use askama::Template;

use super::{capital, class, counted, together};
use crate::amount::Amount;
use crate::reconcile::{AssetReport, Report, Verdict, percent};

/// Rows of one verdict that stand in the table; the rest is folded away below it.
const ROWS_SHOWN: usize = 24;

/// Assets as a reader needs them: by verdict, then required before others.
pub(super) fn ordered(report: &Report) -> Vec<&AssetReport> {
    let mut assets: Vec<&AssetReport> = report.assets.iter().collect();
    assets.sort_by_key(|asset| (asset.verdict, !asset.required));
    assets
}

/// What coverage is computed from.
pub(super) fn low(asset: &AssetReport) -> Amount {
    asset.low()
}

struct Row<'a> {
    asset: &'a AssetReport,
    owed: String,
    held: String,
    at_most: Option<String>,
    coverage: String,
    coverage_at_most: Option<String>,
    minimum: String,
}

struct Group<'a> {
    class: &'static str,
    title: &'static str,
    count: String,
    shown: Vec<Row<'a>>,
    folded: Vec<Row<'a>>,
    folded_title: String,
}

/// The section.
#[derive(Template)]
#[template(path = "html/assets.html")]
pub(super) struct Assets<'a> {
    groups: Vec<Group<'a>>,
    windows: bool,
    others: bool,
    columns: usize,
    quote: String,
}

impl<'a> Assets<'a> {
    pub(super) fn new(report: &'a Report) -> Self {
        let assets = ordered(report);
        let windows = assets.iter().any(|asset| !asset.windows.is_empty());
        let verdicts = [Verdict::Short, Verdict::NotDeterminable, Verdict::Covered];
        let groups = verdicts.into_iter().filter_map(|verdict| {
            let of_it: Vec<&AssetReport> = assets.iter().filter(|asset| asset.verdict == verdict).copied().collect();
            let looked_at = report.statement.is_some();
            (!of_it.is_empty()).then(|| Group::new(verdict, &of_it, looked_at))
        });
        Self {
            groups: groups.collect(),
            windows,
            others: assets.iter().any(|asset| !asset.required),
            columns: if windows { 6 } else { 5 },
            quote: together(&report.quote),
        }
    }
}

impl<'a> Group<'a> {
    fn new(verdict: Verdict, assets: &[&'a AssetReport], looked_at: bool) -> Self {
        let (shown, folded) = assets.split_at(assets.len().min(ROWS_SHOWN));
        let rows = |assets: &[&'a AssetReport]| assets.iter().map(|asset| Row::new(asset, looked_at)).collect();
        Self {
            class: class(verdict),
            title: capital(verdict),
            count: counted(assets.len(), "asset"),
            shown: rows(shown),
            folded: rows(folded),
            folded_title: format!("{}: {} more", capital(verdict), counted(folded.len(), "asset")),
        }
    }
}

impl<'a> Row<'a> {
    fn new(asset: &'a AssetReport, looked_at: bool) -> Self {
        let amount = |amount: Amount| amount.to_readable(asset.decimals);
        let more = asset.held.possible > low(asset);
        let dash = || "–".to_owned();
        let minimum = asset.window_minimum.zip(asset.owed.as_ref());
        Self {
            asset,
            owed: asset.owed.as_ref().map_or_else(|| "not stated".to_owned(), |owed| amount(owed.total)),
            // without a cut-off there is no moment at which to look
            held: if looked_at { amount(low(asset)) } else { "not looked at".to_owned() },
            at_most: more.then(|| amount(asset.held.possible)),
            coverage: asset.coverage.clone().unwrap_or_else(dash),
            coverage_at_most: asset.coverage_possible.clone().filter(|_| more),
            minimum: minimum.and_then(|(minimum, owed)| percent(minimum, owed.total)).unwrap_or_else(dash),
        }
    }
}
