//! Owed against held over all assets: the bars, and the same as a table.

use std::collections::BTreeMap;

use alloy_primitives::U256;
use askama::Template;

use super::HtmlError;
use super::assets::{low, ordered};
use crate::amount::{Amount, Decimals};
use crate::basis::Basis;
use crate::reconcile::{AssetReport, Report};
use crate::report::plot::{HeldPlot, HeldRow, Segment, Size, share};

/// Bars in the plot. All assets stand in the table.
const BARS: usize = 12;
/// Names longer than this are cut in the plot.
const NAME: usize = 24;

struct Row<'a> {
    asset: &'a AssetReport,
    cells: Vec<String>,
}

/// The section.
#[derive(Template)]
#[template(path = "html/held.html")]
pub(super) struct Held<'a> {
    plots: Vec<String>,
    legend: Vec<(&'static str, &'static str)>,
    left_out: Vec<String>,
    columns: Vec<&'static str>,
    rows: Vec<Row<'a>>,
}

impl<'a> Held<'a> {
    pub(super) fn new(report: &'a Report) -> Result<Self, HtmlError> {
        let assets = ordered(report);
        let drawable: Vec<(&AssetReport, HeldRow)> =
            assets.iter().filter_map(|asset| Some((*asset, bar(asset)?))).collect();
        let drawn: Vec<HeldRow> = drawable.iter().take(BARS).map(|(_, row)| row.clone()).collect();
        let mut left_out = Vec::new();
        if drawable.len() > drawn.len() {
            let (drawn, all) = (drawn.len(), drawable.len());
            left_out.push(format!(
                "The plot has the first {drawn} of {all} assets in the order of the table above: short before not \
                 determinable before covered, required before others. The table below has all of them."
            ));
        }
        let without = assets.len() - drawable.len();
        if without > 0 {
            let (assets, have) = (super::counted(without, "asset"), if without == 1 { "has" } else { "have" });
            left_out.push(format!(
                "{assets} {have} no bar: nothing is owed, or nobody says how much, and there is no 100\u{a0}% to draw."
            ));
        }
        let columns: Vec<(&'static str, Column)> = COLUMNS
            .into_iter()
            .filter(|(name, amount)| {
                *name == "Counted" || assets.iter().any(|asset| amount(asset).is_some_and(|amount| !amount.is_zero()))
            })
            .collect();
        let kinds = ["proved", "observed", "stated", "assumed", "uncounted"];
        let legend = kinds.into_iter().filter(|kind| drawn.iter().any(|row| row.has(kind)));
        Ok(Self {
            plots: plots(&drawn)?,
            legend: legend.map(|kind| (kind, explained(kind))).collect(),
            left_out,
            columns: columns.iter().map(|(name, _)| *name).collect(),
            rows: assets.iter().map(|asset| Row::new(asset, &columns)).collect(),
        })
    }
}

fn plots(rows: &[HeldRow]) -> Result<Vec<String>, HtmlError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let desc = rows.iter().map(HeldRow::sentence).collect::<Vec<_>>().join(" ");
    let plot =
        HeldPlot { id: "held", title: "Owed against held, by asset".to_owned(), desc, whole: "100 % of owed", rows };
    Ok(Size::BOTH.into_iter().map(|size| plot.draw(size)).collect::<Result<_, _>>()?)
}

/// What a column of the table shows of an asset.
type Column = fn(&AssetReport) -> Option<Amount>;

const COLUMNS: [(&str, Column); 9] = [
    ("Owed", |asset| asset.owed.as_ref().map(|owed| owed.total)),
    ("Proved", |asset| asset.held.by_basis.get(Basis::Proved.text()).copied()),
    ("Observed", |asset| asset.held.by_basis.get(Basis::Observed.text()).copied()),
    ("Stated", |asset| asset.held.by_basis.get(Basis::Stated.text()).copied()),
    ("Assumed", |asset| asset.held.by_basis.get(Basis::Assumed.text()).copied()),
    ("Without control", |asset| Some(asset.held.without_control)),
    ("Internal, pledged, self-issued", |asset| Some(asset.held.excluded)),
    ("Came and went", |asset| Some(asset.not_sustained)),
    ("Counted", |asset| Some(low(asset))),
];

impl<'a> Row<'a> {
    fn new(asset: &'a AssetReport, columns: &[(&'static str, Column)]) -> Self {
        let cell = |(_, amount): &(&str, Column)| {
            amount(asset).map_or_else(|| "–".to_owned(), |amount| super::together(&amount.to_readable(asset.decimals)))
        };
        Self { asset, cells: columns.iter().map(cell).collect() }
    }
}

/// The bar of an asset; none without a whole to be a part of.
fn bar(asset: &AssetReport) -> Option<HeldRow> {
    let owed = asset.owed.as_ref().filter(|owed| !owed.total.is_zero())?;
    let of_owed = |amount: Amount| part(amount, owed.total, asset.decimals);
    let basis = |by: &BTreeMap<&'static str, Amount>| -> Option<Vec<Segment>> {
        let segment = |basis: Basis| {
            Some(Segment { kind: basis.text(), share: of_owed(by.get(basis.text()).copied().unwrap_or_default())? })
        };
        Basis::STRONGEST_FIRST.into_iter().map(segment).collect()
    };
    let mut segments = basis(&asset.held.by_basis)?;
    let uncounted = of_owed(asset.held.without_control)?.saturating_add(of_owed(asset.held.excluded)?);
    segments.push(Segment { kind: "uncounted", share: uncounted });
    let name = asset.asset.as_str();
    let short: String = name.chars().take(NAME).collect();
    Some(HeldRow {
        name: if short.len() < name.len() { format!("{short}…") } else { short },
        words: asset.coverage.clone().unwrap_or_default(),
        segments,
        counted: of_owed(low(asset))?,
    })
}

fn part(amount: Amount, owed: Amount, decimals: Decimals) -> Option<U256> {
    share((amount, decimals), (owed, decimals))
}

impl HeldRow {
    fn has(&self, kind: &str) -> bool {
        self.segments.iter().any(|segment| segment.kind == kind && !segment.share.is_zero())
    }

    fn sentence(&self) -> String {
        let parts = self.segments.iter().filter(|segment| !segment.share.is_zero());
        let parts: Vec<String> =
            parts.map(|segment| format!("{} {}", super::super::plot::percent(segment.share), segment.kind)).collect();
        let held = if parts.is_empty() { "nothing held".to_owned() } else { parts.join(", ") };
        format!("{}: {held}, of what is owed; {} counted.", self.name, self.words)
    }
}

fn explained(kind: &str) -> &'static str {
    match kind {
        "proved" => "proved: recomputed under a block that the verifier trusts",
        "observed" => "observed: said by a node that the verifier names",
        "stated" => "stated: somebody’s signature",
        "assumed" => "assumed: nobody says so",
        _ => "not counted: without control, or internal, pledged, self-issued",
    }
}
