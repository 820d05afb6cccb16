//! What the verifier assumes of prices, volumes and issuers: the table `[quality]`. Specification:
//! `docs/spec/quality.md`. Nothing in it is proved, and no verdict about coverage looks at it.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer};

use super::PolicyError;
use crate::amount::exact::Exact;
use crate::asset::AssetId;
use crate::code::{Code, Coded, schedules as codes};
use crate::hash::{Digest, sha256};
use crate::reserve::address_set::IssuerRelation;

const FORMAT: &str = "counterfoil-assumptions-v1";
/// More levels than an order book shows, and more rows than anybody assumes something about.
const ROWS_MAX: usize = 10_000;
/// One, in hundredths of a percent.
pub(crate) const WHOLE: u64 = 10_000;
/// A hundred times the day's move, or a hundred times the rule for impact, in hundredths of a percent.
pub(crate) const FACTOR_MAX: u64 = 1_000_000;
/// Letters of the unit's name.
const UNIT_LENGTH_MAX: usize = 40;

/// Everything that is assumed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct QualityRules {
    /// Which share of a day's volume the venue can sell in a day, in hundredths of a percent.
    #[serde(deserialize_with = "number")]
    pub participation: u64,
    /// By how many times the day's volatility the price falls when a day's volume is sold, in hundredths of a percent.
    #[serde(deserialize_with = "number")]
    pub impact: u64,
    /// Which share of the free float can be sold at all, in hundredths of a percent.
    #[serde(deserialize_with = "number")]
    pub float_share: u64,
    /// What prices count, in words: `USD`. A sheet has a unit of its own.
    pub unit: Option<String>,
    /// Shares of all values for the sensitivity table, in hundredths of a percent.
    #[serde(deserialize_with = "numbers")]
    pub shares: Vec<u64>,
    /// By asset.
    pub asset: Vec<AssetTerms>,
}

/// What is assumed of one asset. What is left out is not known, and caps nothing.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssetTerms {
    /// The asset.
    pub id: AssetId,
    /// Price of a whole unit, in the unit of the sheet.
    pub price: Option<Exact>,
    /// Whole units traded in a day.
    pub daily_volume: Option<Exact>,
    /// How far the price moves in a day, in hundredths of a percent.
    #[serde(default, deserialize_with = "maybe_number")]
    pub volatility: Option<u64>,
    /// Whole units that are not in the hands of the issuer and its circle.
    pub free_float: Option<Exact>,
    /// Whole units that exist outside of locks, whoever has them.
    pub circulating: Option<Exact>,
    /// What all units together are worth in the market.
    pub market_value: Option<Exact>,
    /// The venue's relation to the issuer, as the verifier knows it; a venue's own `none` does not undo it.
    pub relation: Option<IssuerRelation>,
    /// What is left of the value when the venue itself is in trouble, in hundredths of a percent.
    #[serde(default, deserialize_with = "maybe_number")]
    pub wrong_way: Option<u64>,
    /// What others offer to buy, at once.
    #[serde(default)]
    pub bid: Vec<Bid>,
}

/// One level of an order book.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bid {
    /// Price of a whole unit.
    pub price: Exact,
    /// Whole units.
    pub amount: Exact,
}

/// A number, or its digits as text: files of JSON have no numbers here.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Number(u64),
    Text(String),
}

impl Number {
    fn get<E: serde::de::Error>(self) -> Result<u64, E> {
        match self {
            Self::Number(number) => Ok(number),
            Self::Text(text) => text.parse().map_err(|_| E::custom(format!("{text:?} is no whole number"))),
        }
    }
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    Number::deserialize(deserializer)?.get()
}

fn maybe_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    number(deserializer).map(Some)
}

fn numbers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u64>, D::Error> {
    Vec::<Number>::deserialize(deserializer)?.into_iter().map(Number::get).collect()
}

impl Default for QualityRules {
    /// A tenth of the volume; an impact of one day's volatility; the whole float; nothing about any asset.
    fn default() -> Self {
        Self {
            participation: 1_000,
            impact: WHOLE,
            float_share: WHOLE,
            unit: None,
            shares: vec![10_000, 7_500, 5_000, 2_500],
            asset: Vec::new(),
        }
    }
}

impl QualityRules {
    /// What is assumed of an asset.
    #[must_use]
    pub fn terms(&self, id: &AssetId) -> Option<&AssetTerms> {
        self.asset.iter().find(|terms| terms.id == *id)
    }

    pub(super) fn check(&self) -> Result<(), PolicyError> {
        let fail = |detail: String| Err(PolicyError(format!("quality: {detail}")));
        let own = self.asset.iter().flat_map(|terms| {
            [
                ("volatility", terms.volatility.unwrap_or(0), FACTOR_MAX),
                ("wrong_way", terms.wrong_way.unwrap_or(0), WHOLE),
            ]
        });
        let shares = self.shares.iter().map(|share| ("shares", *share, WHOLE));
        let limits = [
            ("participation", self.participation, WHOLE),
            ("impact", self.impact, FACTOR_MAX),
            ("float_share", self.float_share, WHOLE),
        ];
        if let Some((name, got, max)) = limits.into_iter().chain(own).chain(shares).find(|(_, got, max)| got > max) {
            return fail(format!("{name} {got}, expected at most {max}, in hundredths of a percent"));
        }
        let bids = self.asset.iter().map(|terms| terms.bid.len()).max().unwrap_or(0);
        if self.asset.len().max(bids).max(self.shares.len()) > ROWS_MAX {
            return fail(format!("a list has more than {ROWS_MAX} rows"));
        }
        if let Some(unit) = &self.unit {
            let printed = unit.bytes().all(|byte| (b' '..=b'~').contains(&byte));
            if unit.trim().is_empty() || unit.len() > UNIT_LENGTH_MAX || !printed {
                return fail(format!("unit {unit:?}, expected 1 to {UNIT_LENGTH_MAX} printed ASCII characters"));
            }
        }
        let mut seen = BTreeSet::new();
        for terms in &self.asset {
            if !seen.insert(&terms.id) {
                return fail(format!("{} stands twice", terms.id));
            }
            if let Some((float, all)) = terms.free_float.as_ref().zip(terms.circulating.as_ref())
                && float > all
            {
                return fail(format!("{}: free_float {float}, more than the {all} that circulate", terms.id));
            }
            let falls = terms.bid.is_sorted_by(|before, bid| before.price >= bid.price);
            if !falls {
                return fail(format!("the bids for {} do not fall", terms.id));
            }
        }
        Ok(())
    }
}

/// A file of assumptions alone, for sheets that no venue has signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumptions {
    /// SHA-256 of the file.
    pub digest: Digest,
    /// What it says.
    pub rules: QualityRules,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AssumptionsToml {
    format: String,
    #[serde(default)]
    quality: QualityRules,
}

/// A file of assumptions is not usable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct AssumptionsError(String);

impl Coded for AssumptionsError {
    fn code(&self) -> &'static Code {
        &codes::ASSUMPTIONS_MALFORMED
    }
}

impl Assumptions {
    /// Reads a file of assumptions, or the table `[quality]` of a whole policy.
    ///
    /// # Errors
    /// [`AssumptionsError`].
    pub fn parse(text: &str) -> Result<Self, AssumptionsError> {
        let fail = |detail: String| AssumptionsError(detail);
        let table: toml::Table = toml::from_str(text).map_err(|error| fail(error.to_string()))?;
        let digest = sha256(text.as_bytes());
        if table.get("format").and_then(toml::Value::as_str) == Some(super::FORMAT) {
            let policy = super::Policy::parse(text).map_err(|error| fail(error.to_string()))?;
            return Ok(Self { digest, rules: policy.quality().cloned().unwrap_or_default() });
        }
        let file: AssumptionsToml = toml::from_str(text).map_err(|error| fail(error.to_string()))?;
        if file.format != FORMAT {
            return Err(fail(format!("format {:?}, expected {FORMAT:?}", file.format)));
        }
        file.quality.check().map_err(|error| fail(error.to_string()))?;
        Ok(Self { digest, rules: file.quality })
    }
}
