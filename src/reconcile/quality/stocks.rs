//! What all holdings of a venue would bring for what is missing, bucket by bucket.
//!
//! In kind comes first: what is owed in an asset is paid with that asset. Only what is left of another one is sold,
//! and only for what is missing. Everything here is assumed, and none of it is coverage.

use serde::Serialize;

use super::turns::{Turn, turns};
use super::{Cap, Position, Question, Valued, value};
use crate::amount::exact::Exact;
use crate::amount::{Amount, Decimals};
use crate::asset::AssetId;
use crate::basis::Basis;
use crate::policy::quality::{AssetTerms, QualityRules, WHOLE};
use crate::publish::balance_sheet::Due;
use crate::reconcile::liquidity::Ladder;
use crate::reserve::address_set::IssuerRelation;

/// One unit: what can be asked for in it, and what of it there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stock {
    /// The unit.
    pub asset: AssetId,
    /// Decimals of the amounts.
    pub decimals: Decimals,
    /// The venue's relation to its issuer, by whoever says most against the venue.
    pub relation: IssuerRelation,
    /// One for each bucket, in their order.
    pub steps: Vec<StockStep>,
}

/// Everything up to the end of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StockStep {
    /// The bucket.
    pub due: Due,
    /// What can be asked for.
    pub callable: Amount,
    /// What can be paid, as if every debtor pays.
    pub available: Amount,
}

/// What holdings would bring. Amounts in kind rest on what they rest on elsewhere in the report; everything in
/// [`QualitySection::unit`] is assumed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QualitySection {
    /// Assumed, always.
    pub basis: Basis,
    /// What values count, in the policy's words.
    pub unit: Option<String>,
    /// By asset.
    pub assets: Vec<StockWorth>,
    /// What is missing in kind, at the assumed prices, as `callable`; what everything else brings at most as
    /// `realisable`.
    pub ladder: Ladder<Exact>,
    /// Missing somewhere, and without a price: nothing of them is in `callable`.
    pub unpriced: Vec<AssetId>,
    /// Left over somewhere, and capped by nothing: where they are, nobody can say what is realisable.
    pub unvalued: Vec<AssetId>,
    /// What becomes of the ladder as beliefs are given up.
    pub scenarios: Vec<QualityScenario>,
    /// By how much each assumption has to change until the ladder fails from another bucket on.
    pub turns: Vec<Turn>,
}

/// One asset among those that may have to be sold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StockWorth {
    /// The unit.
    pub asset: AssetId,
    /// Decimals of the amounts.
    pub decimals: Decimals,
    /// The relation to its issuer that counts.
    pub relation: IssuerRelation,
    /// All of it, claims as if they were paid.
    pub all: Amount,
    /// All of it, in percent of what others have, rounded down; none when nothing is assumed of that.
    pub share_of_float: Option<String>,
    /// All of it, in percent of what circulates, likewise.
    pub share_of_circulating: Option<String>,
    /// By bucket.
    pub rungs: Vec<StockRung>,
}

/// What of one asset is missing, or left for others, by then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StockRung {
    /// The bucket.
    pub due: Due,
    /// What is missing in kind.
    pub missing: Amount,
    /// What is left when everything that is owed in it by then is paid.
    pub left: Amount,
    /// Every cap on what that brings.
    pub caps: Vec<CapValue>,
    /// The smallest of them; none when nothing caps it.
    pub value: Option<Exact>,
    /// Which one that is; none where nothing is left.
    pub by: Option<Cap>,
}

/// One cap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CapValue {
    /// Which.
    pub cap: Cap,
    /// More than this could not be had.
    pub value: Exact,
}

/// One row of the sensitivity table: the ladder under other beliefs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QualityScenario {
    /// What is believed.
    pub name: String,
    /// What becomes of it.
    pub ladder: Ladder<Exact>,
}

/// One bucket of a stock, in whole units.
struct Lot {
    due: Due,
    missing: Exact,
    /// What is left for others and can move by then.
    left: Position,
    /// The same, if nothing were locked.
    whole: Position,
}

/// A stock with what is assumed of it.
pub(super) struct Held<'a> {
    pub(super) stock: &'a Stock,
    pub(super) terms: Option<&'a AssetTerms>,
    lots: Vec<Lot>,
}

impl<'a> Held<'a> {
    fn new(stock: &'a Stock, rules: &'a QualityRules) -> Self {
        let units = |amount: Amount| Exact::of_amount(amount, stock.decimals);
        let position = |amount: Amount| Position { marked: None, quantity: Some(units(amount)) };
        let all = stock.all();
        let lot = |step: &StockStep| Lot {
            due: step.due,
            missing: units(step.missing()),
            left: position(step.left()),
            whole: position(all.checked_sub(step.callable).unwrap_or_default().max(step.left())),
        };
        Self { stock, terms: rules.terms(&stock.asset), lots: stock.steps.iter().map(lot).collect() }
    }

    /// What it brings for others, under these rules and terms.
    pub(super) fn worth(&self, rules: &QualityRules, terms: Option<&AssetTerms>, rung: usize) -> Valued {
        let nothing = || Valued { caps: Vec::new(), value: Some(Exact::zero()), by: None };
        let Some(lot) = self.lots.get(rung) else { return nothing() };
        if lot.left.quantity.as_ref().is_none_or(Exact::is_zero) {
            return nothing();
        }
        let own = self.stock.relation != IssuerRelation::None;
        value(&Question { rules, terms, own, whole: &lot.whole, available: &lot.left, due: lot.due })
    }

    /// What is missing of it at its price; `None` without one.
    pub(super) fn missing(&self, terms: Option<&AssetTerms>, rung: usize) -> Option<Exact> {
        let Some(lot) = self.lots.get(rung) else { return Some(Exact::zero()) };
        if lot.missing.is_zero() {
            return Some(Exact::zero());
        }
        terms.and_then(|terms| terms.price.as_ref()).map(|price| lot.missing.times(price))
    }

    fn report(&self, rules: &QualityRules) -> StockWorth {
        let all = self.stock.all();
        let percent_of = |whole: Option<&Exact>| Exact::of_amount(all, self.stock.decimals).percent_of(whole?);
        let rung = |(step, rung): (&StockStep, usize)| {
            let found = self.worth(rules, self.terms, rung);
            let caps = found.caps.into_iter().map(|(cap, value)| CapValue { cap, value }).collect();
            let (due, missing, left) = (step.due, step.missing(), step.left());
            StockRung { due, missing, left, caps, value: found.value, by: found.by }
        };
        StockWorth {
            asset: self.stock.asset.clone(),
            decimals: self.stock.decimals,
            relation: self.stock.relation,
            all,
            share_of_float: percent_of(self.terms.and_then(|terms| terms.free_float.as_ref())),
            share_of_circulating: percent_of(self.terms.and_then(|terms| terms.circulating.as_ref())),
            rungs: self.stock.steps.iter().zip(0..).map(rung).collect(),
        }
    }
}

impl Stock {
    /// All of it, whenever it comes.
    #[must_use]
    pub fn all(&self) -> Amount {
        self.steps.last().map_or(Amount::ZERO, |step| step.available)
    }
}

impl StockStep {
    fn missing(&self) -> Amount {
        self.callable.checked_sub(self.available).unwrap_or_default()
    }

    fn left(&self) -> Amount {
        self.available.checked_sub(self.callable).unwrap_or_default()
    }
}

/// The section. What is missing without a price is left out of what has to be paid, and what is left without a cap
/// makes what can be paid unknown: a rung that fails does so whatever the rest is.
#[must_use]
pub fn judge(rules: &QualityRules, stocks: &[Stock]) -> QualitySection {
    let held: Vec<Held<'_>> = stocks.iter().map(|stock| Held::new(stock, rules)).collect();
    let named = |test: &dyn Fn(&Held<'_>, usize) -> bool| {
        let rungs = 0..Due::ALL.len();
        let of = held.iter().filter(|held| rungs.clone().any(|rung| test(held, rung)));
        of.map(|held| held.stock.asset.clone()).collect()
    };
    QualitySection {
        basis: Basis::Assumed,
        unit: rules.unit.clone(),
        assets: held.iter().map(|held| held.report(rules)).collect(),
        ladder: ladder(&held, |held, rung| held.worth(rules, held.terms, rung).value),
        unpriced: named(&|held, rung| held.missing(held.terms, rung).is_none()),
        unvalued: named(&|held, rung| held.worth(rules, held.terms, rung).value.is_none()),
        scenarios: scenarios(rules, &held),
        turns: turns(rules, &held),
    }
}

/// What is missing against what `brings` says.
fn ladder(held: &[Held<'_>], brings: impl Fn(&Held<'_>, usize) -> Option<Exact>) -> Ladder<Exact> {
    let at = |due: Due| {
        let rung = Due::ALL.iter().position(|of| *of == due).unwrap_or_default();
        let missing: Vec<Exact> = held.iter().filter_map(|held| held.missing(held.terms, rung)).collect();
        let values: Option<Vec<Exact>> = held.iter().map(|held| brings(held, rung)).collect();
        (Exact::sum(&missing), values.map(|values| Exact::sum(&values)))
    };
    Ladder::new(at, Exact::less)
}

/// Caps that a reader may doubt one by one.
const DOUBTED: [Cap; 6] = [Cap::Participation, Cap::Float, Cap::Book, Cap::Impact, Cap::MarketValue, Cap::WrongWay];

/// From prices alone to every cap, to each cap that binds taken out, to shares of what is left.
fn scenarios(rules: &QualityRules, held: &[Held<'_>]) -> Vec<QualityScenario> {
    let found = |held: &Held<'_>, rung: usize| held.worth(rules, held.terms, rung);
    let with = |counts: &dyn Fn(Cap) -> bool, share: &Exact| {
        ladder(held, |held, rung| {
            let found = found(held, rung);
            let kept = || found.caps.iter().filter(|(cap, _)| counts(*cap)).map(|(_, value)| value).min();
            let least = if found.caps.is_empty() { found.value.as_ref() } else { kept() };
            least.map(|value| value.times(share))
        })
    };
    let all = Exact::whole(1);
    let row = |name: &str, ladder| QualityScenario { name: name.to_owned(), ladder };
    let priced = |cap: Cap| matches!(cap, Cap::Locked | Cap::Price);
    let mut rows = vec![
        row("at the assumed prices, own tokens too", with(&priced, &all)),
        row("tokens of its own circle at zero", with(&|cap| priced(cap) || cap == Cap::Issuer, &all)),
        row(
            "and none above the market value of all of it",
            with(&|cap| priced(cap) || matches!(cap, Cap::Issuer | Cap::MarketValue), &all),
        ),
        row("every cap that is assumed", with(&|_| true, &all)),
    ];
    let binds = |cap: Cap| {
        let mut rungs = held.iter().flat_map(|held| (0..Due::ALL.len()).map(move |rung| (held, rung)));
        rungs.any(|(held, rung)| found(held, rung).by == Some(cap))
    };
    for cap in DOUBTED.into_iter().filter(|cap| binds(*cap)) {
        rows.push(row(&format!("every cap but {cap}"), with(&|other| other != cap, &all)));
    }
    for share in rules.shares.iter().filter(|share| **share != WHOLE) {
        let name = format!("everything at {}.{:02} % of every cap", share / 100, share % 100);
        rows.push(row(&name, with(&|_| true, &Exact::hundredths_of_a_percent(*share))));
    }
    rows
}

#[cfg(test)]
mod tests;
