//! What everything else would bring: a bar for each bucket, each asset by bucket, and what turns the outcome.

use alloy_primitives::U256;
use askama::Template;

use super::HtmlError;
use crate::amount::exact::Exact;
use crate::reconcile::liquidity::Rung;
use crate::reconcile::quality::{QualitySection, StockRung, StockWorth, Turn, TurnPoint};
use crate::report::plot::{HeldPlot, HeldRow, Segment, Size};
use crate::report::text::{outcome, then};

/// Assets and assumptions on the page. All of them stand in the JSON.
const ASSETS: usize = 24;
const TURNS: usize = 60;

struct Asset<'a> {
    asset: &'a StockWorth,
    all: String,
    shares: Vec<String>,
    values: Vec<(String, String)>,
}

struct LadderRow {
    by: &'static str,
    missing: String,
    brings: String,
    still: String,
}

struct Scenario<'a> {
    name: &'a str,
    brings: String,
    outcome: String,
}

struct TurnRow<'a> {
    turn: &'a Turn,
    now: String,
    sides: [String; 2],
}

/// The section.
#[derive(Template)]
#[template(path = "html/quality.html")]
pub(super) struct Quality<'a> {
    unit: &'a str,
    sentence: String,
    plots: Vec<String>,
    rungs: Vec<LadderRow>,
    buckets: Vec<&'static str>,
    assets: Vec<Asset<'a>>,
    scenarios: Vec<Scenario<'a>>,
    turns: Vec<TurnRow<'a>>,
    left_out: Vec<String>,
}

fn shown(value: Option<&Exact>, none: &str) -> String {
    value.map_or_else(|| none.to_owned(), |value| super::together(&value.to_readable()))
}

impl<'a> Quality<'a> {
    pub(super) fn new(section: &'a QualitySection) -> Result<Self, HtmlError> {
        let outcome_of = outcome(&section.ladder);
        let sentence = format!("With everything else sold at the most that is assumed: {outcome_of}.");
        let rung = |rung: &Rung<Exact>| {
            let missing = if rung.realisable.is_some() { "–" } else { "unknown" };
            LadderRow {
                by: rung.due.text(),
                missing: shown(Some(&rung.callable), ""),
                brings: shown(rung.realisable.as_ref(), "unknown"),
                still: shown(rung.missing.as_ref(), missing),
            }
        };
        let scenario = |scenario: &'a crate::reconcile::quality::QualityScenario| Scenario {
            name: &scenario.name,
            brings: shown(scenario.ladder.rungs.last().and_then(|rung| rung.realisable.as_ref()), "unknown"),
            outcome: outcome(&scenario.ladder),
        };
        let turning = || section.turns.iter().filter(|turn| turn.below.is_some() || turn.above.is_some());
        let mut left_out = Vec::new();
        for (count, most, word) in [(section.assets.len(), ASSETS, "assets"), (turning().count(), TURNS, "assumptions")]
        {
            if count > most {
                left_out.push(format!("The first {most} of {count} {word}. All of them stand in the JSON."));
            }
        }
        Ok(Self {
            unit: section.unit.as_deref().unwrap_or("the unit of the policy’s prices"),
            sentence,
            plots: plots(section)?,
            rungs: section.ladder.rungs.iter().map(rung).collect(),
            buckets: section.ladder.rungs.iter().map(|rung| rung.due.text()).collect(),
            assets: section.assets.iter().take(ASSETS).map(Asset::new).collect(),
            scenarios: section.scenarios.iter().map(scenario).collect(),
            turns: turning().take(TURNS).map(TurnRow::new).collect(),
            left_out,
        })
    }
}

impl<'a> Asset<'a> {
    fn new(asset: &'a StockWorth) -> Self {
        let value = |rung: &StockRung| {
            let by = rung.by.map(|cap| cap.text().to_owned()).unwrap_or_default();
            (shown(rung.value.as_ref(), "unknown"), by)
        };
        let share = |share: &Option<String>, of: &str| share.as_ref().map(|share| format!("{share} of what {of}"));
        let shares = [share(&asset.share_of_float, "others have"), share(&asset.share_of_circulating, "circulates")];
        Self {
            asset,
            all: super::together(&asset.all.to_readable(asset.decimals)),
            shares: shares.into_iter().flatten().map(|share| super::together(&share)).collect(),
            values: asset.rungs.iter().map(value).collect(),
        }
    }
}

impl<'a> TurnRow<'a> {
    fn new(turn: &'a Turn) -> Self {
        let side = |point: &Option<TurnPoint>| {
            let words = |point: &TurnPoint| format!("{}: {}", shown(Some(&point.value), ""), then(point.first_failing));
            point.as_ref().map_or_else(|| "–".to_owned(), words)
        };
        Self { turn, now: shown(Some(&turn.now), ""), sides: [side(&turn.below), side(&turn.above)] }
    }
}

/// What everything else brings as a share of what is missing; no bar where nothing is, or nobody can say.
fn plots(section: &QualitySection) -> Result<Vec<String>, HtmlError> {
    let bar = |rung: &Rung<Exact>| {
        let share = U256::from(rung.realisable.as_ref()?.hundredths_of(&rung.callable)?);
        Some(HeldRow {
            name: format!("by {}", rung.due),
            words: crate::report::plot::percent(share),
            segments: vec![Segment { kind: "assumed", share }],
            counted: U256::ZERO,
        })
    };
    let bars: Vec<HeldRow> = section.ladder.rungs.iter().filter_map(bar).collect();
    if bars.is_empty() {
        return Ok(Vec::new());
    }
    let title = "What everything else would bring at most, against what is missing by then: assumed".to_owned();
    let said = bars.iter().map(|bar| format!("{}: {} of what is missing.", bar.name, bar.words));
    let desc = said.collect::<Vec<_>>().join(" ");
    let plot = HeldPlot { id: "quality-plot", title, desc, whole: "100 % of missing", rows: &bars };
    Ok(Size::BOTH.into_iter().map(|size| plot.draw(size)).collect::<Result<_, _>>()?)
}
