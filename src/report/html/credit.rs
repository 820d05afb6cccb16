//! When what can be paid: the ladder of each asset as bars and as a table, and the rows of the balance sheet.

use askama::Template;

use super::HtmlError;
use crate::amount::{Amount, Decimals};
use crate::reconcile::balance_sheet::{AssetLadder, CreditRow, CreditSection};
use crate::report::plot::{HeldPlot, HeldRow, Segment, Size, share};

/// Assets with a plot, and rows of the balance sheet on the page. All of them stand in the JSON.
const LADDERS: usize = 12;
const ROWS: usize = 200;

struct Rung {
    by: &'static str,
    callable: String,
    held: String,
    missing: String,
    with_claims: String,
}

struct Ladder<'a> {
    ladder: &'a AssetLadder,
    place: usize,
    sentence: String,
    plots: Vec<String>,
    rungs: Vec<Rung>,
}

struct SheetRow<'a> {
    row: &'a CreditRow,
    amount: String,
}

/// The section.
#[derive(Template)]
#[template(path = "html/credit.html")]
pub(super) struct Credit<'a> {
    ladders: Vec<Ladder<'a>>,
    rows: Vec<SheetRow<'a>>,
    left_out: Vec<String>,
}

impl<'a> Credit<'a> {
    pub(super) fn new(section: &'a CreditSection) -> Result<Self, HtmlError> {
        let ladders = section.ladders.iter().take(LADDERS).zip(1..).map(|(ladder, place)| Ladder::new(ladder, place));
        let row = |row: &'a CreditRow| SheetRow { row, amount: super::together(&row.amount.to_readable(row.decimals)) };
        let mut left_out = Vec::new();
        for (count, shown, word) in
            [(section.ladders.len(), LADDERS, "asset"), (section.rows.len(), ROWS, "row of the balance sheet")]
        {
            if count > shown {
                left_out.push(format!("The first {shown} of {count}: one {word} each. All of them stand in the JSON."));
            }
        }
        Ok(Self {
            ladders: ladders.collect::<Result<_, HtmlError>>()?,
            rows: section.rows.iter().take(ROWS).map(row).collect(),
            left_out,
        })
    }
}

impl<'a> Ladder<'a> {
    fn new(ladder: &'a AssetLadder, place: usize) -> Result<Self, HtmlError> {
        let amount = |amount: Option<Amount>| {
            amount.map_or_else(|| "–".to_owned(), |amount| super::together(&amount.to_readable(ladder.decimals)))
        };
        let both = || ladder.held.rungs.iter().zip(&ladder.with_claims.rungs);
        let rungs = both().map(|(held, claims)| Rung {
            by: held.due.text(),
            callable: amount(Some(held.callable)),
            held: amount(held.realisable),
            missing: amount(held.missing),
            with_claims: amount(claims.realisable),
        });
        let bars: Vec<HeldRow> = both()
            .filter_map(|(held, claims)| {
                let paid = held.realisable.unwrap_or(Amount::ZERO);
                bar(held.due.text(), held.callable, (paid, claims.realisable.unwrap_or(Amount::ZERO)), ladder.decimals)
            })
            .collect();
        let sentence = match (&ladder.at_once, ladder.held.first_failing) {
            (None, _) => "Nothing can be asked for at once.".to_owned(),
            (Some(share), None) => {
                format!("{share} of what can be asked for at once is held and free; no bucket fails.")
            }
            (Some(share), Some(due)) => {
                format!("{share} of what can be asked for at once is held and free; the ladder fails from “{due}” on.")
            }
        };
        Ok(Self { ladder, place, plots: plots(ladder, place, &bars)?, sentence, rungs: rungs.collect() })
    }
}

/// Hold and claims as shares of what can be asked for; none where nothing can.
fn bar(by: &str, callable: Amount, (held, most): (Amount, Amount), decimals: Decimals) -> Option<HeldRow> {
    let of = |amount: Amount| share((amount, decimals), (callable, decimals));
    let (counted, all) = (of(held)?, of(most)?);
    let claims = all.saturating_sub(counted);
    Some(HeldRow {
        name: format!("by {by}"),
        words: crate::report::plot::percent(counted),
        segments: vec![Segment { kind: "observed", share: counted }, Segment { kind: "uncounted", share: claims }],
        counted,
    })
}

fn plots(ladder: &AssetLadder, place: usize, bars: &[HeldRow]) -> Result<Vec<String>, HtmlError> {
    if bars.is_empty() {
        return Ok(Vec::new());
    }
    let asset = &ladder.asset;
    let title = format!("{asset}: what can be paid by then against what can be asked for by then");
    let said = bars.iter().map(|bar| format!("{}: {} held and free.", bar.name, bar.words));
    let desc = said.collect::<Vec<_>>().join(" ");
    let id = format!("ladder{place}");
    let plot = HeldPlot { id: &id, title, desc, whole: "100 % of callable", rows: bars };
    Ok(Size::BOTH.into_iter().map(|size| plot.draw(size)).collect::<Result<_, _>>()?)
}
