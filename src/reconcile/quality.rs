//! What a holding brings when it has to be sold: never more than the smallest cap says. Specification:
//! `docs/spec/quality.md`.
//!
//! Every price, volume and share in here is assumed: nothing of it enters a verdict about coverage.

mod section;
mod stocks;
mod turns;

use std::fmt;

use serde::{Serialize, Serializer};

use crate::amount::exact::Exact;
use crate::policy::quality::{AssetTerms, Bid, QualityRules};
use crate::publish::balance_sheet::Due;

pub(super) use section::section;
pub use stocks::{CapValue, QualityScenario, QualitySection, Stock, StockRung, StockStep, StockWorth, judge};
pub use turns::{Parameter, Turn, TurnPoint};

/// What limits a value. Of two equal ones the first is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cap {
    /// The venue's own circle issues it.
    Issuer,
    /// A part of it cannot move by then.
    Locked,
    /// The mark of whoever made the sheet.
    Marked,
    /// Quantity by price.
    Price,
    /// What the market takes in that time.
    Participation,
    /// What of the free float can be sold.
    Float,
    /// What others offer to buy at once.
    Book,
    /// How far selling lowers the price.
    Impact,
    /// What all of it is worth.
    MarketValue,
    /// What is left of it when the venue is in trouble.
    WrongWay,
}

impl Cap {
    /// The word.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Issuer => "issuer",
            Self::Locked => "locked",
            Self::Marked => "marked",
            Self::Price => "price",
            Self::Participation => "participation",
            Self::Float => "float",
            Self::Book => "book",
            Self::Impact => "impact",
            Self::MarketValue => "market-value",
            Self::WrongWay => "wrong-way",
        }
    }
}

impl fmt::Display for Cap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text())
    }
}

impl Serialize for Cap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How much of an asset there is. What is not known is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// What the sheet says it is worth.
    pub marked: Option<Exact>,
    /// Whole units.
    pub quantity: Option<Exact>,
}

/// One question: what does the position bring by then?
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// What is assumed of everything.
    pub rules: &'a QualityRules,
    /// What is assumed of this asset.
    pub terms: Option<&'a AssetTerms>,
    /// Whether somebody of the venue's own circle issues it.
    pub own: bool,
    /// All of it.
    pub whole: &'a Position,
    /// What of it can move by then.
    pub available: &'a Position,
    /// By when.
    pub due: Due,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Valued {
    /// Every cap that is known, in its order.
    pub caps: Vec<(Cap, Exact)>,
    /// The smallest of them; none when nothing is known of the value.
    pub value: Option<Exact>,
    /// Which one that is.
    pub by: Option<Cap>,
}

/// The value, as the smallest of all caps that are known. Several rows of one asset are one position: a market takes
/// no more of it because it stands in two rows.
#[must_use]
pub fn value(question: &Question<'_>) -> Valued {
    let mut caps = Vec::new();
    if question.own {
        caps.push((Cap::Issuer, Exact::zero()));
    }
    if question.available != question.whole {
        caps.extend(base(question, question.available).map(|value| (Cap::Locked, value)));
    }
    caps.extend(question.whole.marked.clone().map(|value| (Cap::Marked, value)));
    if let Some((quantity, price)) = question.whole.quantity.as_ref().zip(price(question)) {
        caps.push((Cap::Price, quantity.times(price)));
    }
    if let Some(terms) = question.terms {
        market_caps(question, terms, &mut caps);
    }
    caps.sort_by_key(|(cap, _)| *cap);
    let smallest = caps.iter().min_by(|(_, left), (_, right)| left.cmp(right)).cloned();
    let (by, value) = smallest.unzip();
    Valued { caps, value, by }
}

fn price<'a>(question: &Question<'a>) -> Option<&'a Exact> {
    question.terms.and_then(|terms| terms.price.as_ref())
}

/// The smaller one of mark and quantity by price.
fn base(question: &Question<'_>, position: &Position) -> Option<Exact> {
    let priced = position.quantity.as_ref().zip(price(question)).map(|(quantity, price)| quantity.times(price));
    match (position.marked.clone(), priced) {
        (Some(marked), Some(priced)) => Some(marked.min(priced)),
        (marked, priced) => marked.or(priced),
    }
}

/// Caps that the market sets.
fn market_caps(question: &Question<'_>, terms: &AssetTerms, caps: &mut Vec<(Cap, Exact)>) {
    let rules = question.rules;
    caps.extend(terms.market_value.clone().map(|value| (Cap::MarketValue, value)));
    if let Some((share, value)) = terms.wrong_way.zip(base(question, question.available)) {
        caps.push((Cap::WrongWay, value.times(&Exact::hundredths_of_a_percent(share))));
    }
    let Some(quantity) = quantity(question, terms) else { return };
    if !terms.bid.is_empty() {
        caps.push((Cap::Book, walk(&terms.bid, &quantity)));
    }
    let Some(price) = &terms.price else { return };
    if let Some(float) = &terms.free_float {
        let sold = float.times(&Exact::hundredths_of_a_percent(rules.float_share)).min(quantity.clone());
        caps.push((Cap::Float, sold.times(price)));
    }
    let Some(volume) = &terms.daily_volume else { return };
    if let Some(days) = question.due.days() {
        let taken = volume.times(&Exact::hundredths_of_a_percent(rules.participation));
        let sold = taken.times(&Exact::whole(u64::from(days))).min(quantity.clone());
        caps.push((Cap::Participation, sold.times(price)));
    }
    if let Some(volatility) = terms.volatility {
        let factor = Exact::hundredths_of_a_percent(rules.impact).times(&Exact::hundredths_of_a_percent(volatility));
        caps.push((Cap::Impact, after_impact(&quantity, volume, &factor).times(price)));
    }
}

/// Whole units that can move by then: as stated, or the mark by the price.
fn quantity(question: &Question<'_>, terms: &AssetTerms) -> Option<Exact> {
    let Position { marked, quantity } = question.available;
    let of_mark = || marked.as_ref()?.over(terms.price.as_ref()?);
    quantity.clone().or_else(of_mark)
}

/// What the bids pay for so many units, from the highest one down.
fn walk(bids: &[Bid], quantity: &Exact) -> Exact {
    let (mut rest, mut paid) = (quantity.clone(), Exact::zero());
    for bid in bids {
        let sold = rest.clone().min(bid.amount.clone());
        paid = paid.plus(&sold.times(&bid.price));
        rest = rest.less(&sold);
    }
    paid
}

/// Units at the price before the sale that a sale of `quantity` brings: the price falls by `factor` times the root of
/// the share of a day's volume, and nobody sells beyond the point at which more units bring less.
fn after_impact(quantity: &Exact, volume: &Exact, factor: &Exact) -> Exact {
    let whole = || quantity.clone();
    if factor.is_zero() {
        return whole();
    }
    // of q·(1 − k·√(q/V)) the highest point is at V·(2/(3k))²
    let turning = Exact::whole(2).over(&factor.times(&Exact::whole(3))).unwrap_or_else(Exact::zero);
    let best = volume.times(&turning).times(&turning);
    let sold = whole().min(best);
    let Some(share) = sold.over(volume) else { return Exact::zero() };
    let fall = factor.times(&share.root_rounded_up());
    sold.times(&Exact::whole(1).less(&fall))
}

#[cfg(test)]
mod tests;
