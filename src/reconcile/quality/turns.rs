//! By how much an assumption has to change until the ladder fails from another bucket on.
//!
//! One assumption is moved at a time, in steps of a hundredth of a percent, and everything is computed again: the
//! answer is the nearest step at which the outcome is another, exactly.

use std::fmt;

use serde::{Serialize, Serializer};

use super::stocks::Held;
use crate::amount::exact::Exact;
use crate::asset::AssetId;
use crate::policy::quality::{AssetTerms, FACTOR_MAX, QualityRules, WHOLE};
use crate::publish::balance_sheet::Due;

/// What is assumed, as the policy writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// Of everything: which share of a day's volume can be sold in a day.
    Participation,
    /// Of everything: how far selling moves a price.
    Impact,
    /// Of everything: which share of the free float can be sold.
    FloatShare,
    /// Of one asset: its price.
    Price,
    /// Its volume of a day.
    DailyVolume,
    /// How far its price moves in a day.
    Volatility,
    /// What others have of it.
    FreeFloat,
    /// What all of it is worth.
    MarketValue,
    /// What is left of it when the venue is in trouble.
    WrongWay,
    /// Whole units that others offer to buy, all levels together.
    Bid,
}

impl Parameter {
    const OF_ALL: [Self; 3] = [Self::Participation, Self::Impact, Self::FloatShare];
    const OF_ASSETS: [Self; 7] = [
        Self::Price,
        Self::DailyVolume,
        Self::Volatility,
        Self::FreeFloat,
        Self::MarketValue,
        Self::WrongWay,
        Self::Bid,
    ];

    /// The word in the policy.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Participation => "participation",
            Self::Impact => "impact",
            Self::FloatShare => "float_share",
            Self::Price => "price",
            Self::DailyVolume => "daily_volume",
            Self::Volatility => "volatility",
            Self::FreeFloat => "free_float",
            Self::MarketValue => "market_value",
            Self::WrongWay => "wrong_way",
            Self::Bid => "bid",
        }
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text())
    }
}

impl Serialize for Parameter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One assumption, and where it turns the outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Turn {
    /// Which.
    pub parameter: Parameter,
    /// Of which asset; none for what is assumed of all.
    pub asset: Option<AssetId>,
    /// What the policy says, in its own unit.
    pub now: Exact,
    /// The nearest lower value with another outcome; none when there is none.
    pub below: Option<TurnPoint>,
    /// The nearest higher one, up to a hundred times as much or the highest value that a policy may have.
    pub above: Option<TurnPoint>,
}

/// Another outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TurnPoint {
    /// From this value on.
    pub value: Exact,
    /// The first bucket that fails then.
    pub first_failing: Option<Due>,
}

/// How one assumption can be moved: as a number of hundredths of a percent, or as that share of what it is.
#[derive(Clone, Copy)]
enum Dial {
    Number { now: u64, most: u64 },
    Share,
}

impl Dial {
    const fn now(self) -> u64 {
        match self {
            Self::Number { now, .. } => now,
            Self::Share => WHOLE,
        }
    }

    const fn most(self) -> u64 {
        match self {
            Self::Number { most, .. } => most,
            Self::Share => FACTOR_MAX,
        }
    }
}

/// Every assumption that something of this venue rests on, in the order of the policy's fields.
pub(super) fn turns(rules: &QualityRules, held: &[Held<'_>]) -> Vec<Turn> {
    let common = QualityRules { asset: Vec::new(), ..rules.clone() };
    let board = Board::new(common, held);
    let mut turns: Vec<Turn> = Parameter::OF_ALL.iter().filter_map(|parameter| board.turn(*parameter, None)).collect();
    for at in 0..held.len() {
        turns.extend(Parameter::OF_ASSETS.iter().filter_map(|parameter| board.turn(*parameter, Some(at))));
    }
    turns
}

/// Everything as the policy assumes it, so that one change needs no more than one asset again.
struct Board<'a> {
    rules: QualityRules,
    held: &'a [Held<'a>],
    /// By bucket: what is missing, and what everything brings.
    sums: Vec<(Exact, Option<Exact>)>,
    failing: Vec<bool>,
}

/// The assumptions with one of them moved.
struct Moved {
    rules: QualityRules,
    terms: Option<(usize, AssetTerms)>,
}

impl<'a> Board<'a> {
    fn new(rules: QualityRules, held: &'a [Held<'a>]) -> Self {
        let mut board = Self { rules, held, sums: Vec::new(), failing: Vec::new() };
        let as_it_is = Moved { rules: board.rules.clone(), terms: None };
        board.sums = (0..Due::ALL.len()).map(|rung| board.sum(&as_it_is, rung)).collect();
        board.failing = (0..Due::ALL.len()).map(|rung| board.fails(&as_it_is, rung)).collect();
        board
    }

    fn sum(&self, moved: &Moved, rung: usize) -> (Exact, Option<Exact>) {
        let missing: Vec<Exact> = self.held.iter().filter_map(|held| held.missing(held.terms, rung)).collect();
        let worth = |held: &Held<'_>| held.worth(&moved.rules, held.terms, rung).value;
        let values: Option<Vec<Exact>> = self.held.iter().map(worth).collect();
        (Exact::sum(&missing), values.map(|values| Exact::sum(&values)))
    }

    /// Whether less is brought than is missing.
    fn fails(&self, moved: &Moved, rung: usize) -> bool {
        let of_one = moved.terms.as_ref().and_then(|(at, terms)| Some((self.held.get(*at)?, terms)));
        let Some((held, terms)) = of_one else {
            let (missing, brought) = self.sum(moved, rung);
            return brought.is_some_and(|brought| brought < missing);
        };
        let Some((missing, Some(brought))) = self.sums.get(rung) else { return false };
        let instead = |sum: &Exact, before: Option<Exact>, after: Option<Exact>| {
            sum.less(&before.unwrap_or_else(Exact::zero)).plus(&after.unwrap_or_else(Exact::zero))
        };
        let worth = |terms| held.worth(&self.rules, terms, rung).value;
        let brought = instead(brought, worth(held.terms), worth(Some(terms)));
        let missing = instead(missing, held.missing(held.terms, rung), held.missing(Some(terms), rung));
        brought < missing
    }

    fn first_failing(&self, moved: &Moved) -> Option<Due> {
        Due::ALL.iter().zip(0..).find(|(_, rung)| self.fails(moved, *rung)).map(|(due, _)| *due)
    }

    /// `None` when nothing is assumed of it.
    fn turn(&self, parameter: Parameter, at: Option<usize>) -> Option<Turn> {
        let terms = match at {
            Some(at) => Some((at, self.held.get(at)?.terms?)),
            None => None,
        };
        let dial = dial(&self.rules, terms.map(|(_, terms)| terms), parameter)?;
        let moved = |step: u64| moved(&self.rules, terms, parameter, step);
        let outcome = |step: u64| self.first_failing(&moved(step));
        let now = outcome(dial.now());
        let point = |steps: Vec<u64>| {
            let found = steps.into_iter().map(|step| (step, outcome(step))).find(|(_, then)| *then != now);
            found.map(|(step, first_failing)| TurnPoint {
                value: value_of(&moved(step), terms.map(|(at, _)| at), parameter, step),
                first_failing,
            })
        };
        Some(Turn {
            parameter,
            asset: at.and_then(|at| self.held.get(at)).map(|held| held.stock.asset.clone()),
            now: value_of(&moved(dial.now()), at, parameter, dial.now()),
            below: point(self.flips(dial.now(), 0, &moved)),
            above: point(self.flips(dial.now(), dial.most(), &moved)),
        })
    }

    /// The steps between `from` and `to` at which a bucket begins to fail or to hold, nearest first. More of what is
    /// assumed moves a bucket one way only, so that each has one such step at most.
    fn flips(&self, from: u64, to: u64, moved: &dyn Fn(u64) -> Moved) -> Vec<u64> {
        let mut steps = Vec::new();
        for (rung, failing) in self.failing.iter().enumerate() {
            if self.fails(&moved(to), rung) == *failing {
                continue;
            }
            let (mut same, mut other) = (from, to);
            while same.abs_diff(other) > 1 {
                let middle = same.midpoint(other);
                match self.fails(&moved(middle), rung) == *failing {
                    true => same = middle,
                    false => other = middle,
                }
            }
            steps.push(other);
        }
        steps.sort_by_key(|step| step.abs_diff(from));
        steps
    }
}

/// `None` when nothing is assumed, or nothing that can grow.
fn dial(rules: &QualityRules, terms: Option<&AssetTerms>, parameter: Parameter) -> Option<Dial> {
    let number = |now: u64, most: u64| Some(Dial::Number { now, most });
    let share = |value: Option<&Exact>| value.filter(|value| !value.is_zero()).map(|_| Dial::Share);
    match parameter {
        Parameter::Participation => number(rules.participation, WHOLE),
        Parameter::Impact => number(rules.impact, FACTOR_MAX),
        Parameter::FloatShare => number(rules.float_share, WHOLE),
        Parameter::Volatility => number(terms?.volatility?, FACTOR_MAX),
        Parameter::WrongWay => number(terms?.wrong_way?, WHOLE),
        Parameter::Price => share(terms?.price.as_ref()),
        Parameter::DailyVolume => share(terms?.daily_volume.as_ref()),
        Parameter::FreeFloat => share(terms?.free_float.as_ref()),
        Parameter::MarketValue => share(terms?.market_value.as_ref()),
        Parameter::Bid => share(Some(&offered(terms?))),
    }
}

/// Whole units of all levels.
fn offered(terms: &AssetTerms) -> Exact {
    Exact::sum(terms.bid.iter().map(|bid| &bid.amount))
}

/// The assumptions with one of them at `step`.
fn moved(rules: &QualityRules, terms: Option<(usize, &AssetTerms)>, parameter: Parameter, step: u64) -> Moved {
    let mut rules = rules.clone();
    let mut terms = terms.map(|(at, terms)| (at, terms.clone()));
    let share = Exact::hundredths_of_a_percent(step);
    let scale = |value: &mut Option<Exact>| *value = value.as_ref().map(|value| value.times(&share));
    match (parameter, terms.as_mut().map(|(_, terms)| terms)) {
        (Parameter::Participation, _) => rules.participation = step,
        (Parameter::Impact, _) => rules.impact = step,
        (Parameter::FloatShare, _) => rules.float_share = step,
        (Parameter::Volatility, Some(terms)) => terms.volatility = Some(step),
        (Parameter::WrongWay, Some(terms)) => terms.wrong_way = Some(step),
        (Parameter::Price, Some(terms)) => scale(&mut terms.price),
        (Parameter::DailyVolume, Some(terms)) => scale(&mut terms.daily_volume),
        (Parameter::FreeFloat, Some(terms)) => scale(&mut terms.free_float),
        (Parameter::MarketValue, Some(terms)) => scale(&mut terms.market_value),
        (Parameter::Bid, Some(terms)) => {
            for bid in &mut terms.bid {
                bid.amount = bid.amount.times(&share);
            }
        }
        (_, None) => {}
    }
    Moved { rules, terms }
}

/// The assumption itself, in the policy's unit.
fn value_of(moved: &Moved, at: Option<usize>, parameter: Parameter, step: u64) -> Exact {
    let terms = moved.terms.as_ref().filter(|(of, _)| Some(*of) == at).map(|(_, terms)| terms);
    let value = match (parameter, terms) {
        (Parameter::Price, Some(terms)) => terms.price.clone(),
        (Parameter::DailyVolume, Some(terms)) => terms.daily_volume.clone(),
        (Parameter::FreeFloat, Some(terms)) => terms.free_float.clone(),
        (Parameter::MarketValue, Some(terms)) => terms.market_value.clone(),
        (Parameter::Bid, Some(terms)) => Some(offered(terms)),
        _ => None,
    };
    value.unwrap_or_else(|| Exact::whole(step))
}
