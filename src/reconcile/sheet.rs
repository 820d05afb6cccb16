//! Sheets that no venue has signed: what was published or leaked, computed as it stands. Specification:
//! `docs/spec/sheet.md`.
//!
//! Such a sheet proves nothing, so nothing is ever covered by it: it is short, or nothing can be said.

mod findings;
mod groups;
mod model;
mod table;

use std::collections::BTreeMap;

use serde::Deserialize;

use super::liquidity::{Ladder, Rung};
use crate::amount::exact::Exact;
use crate::asset::AssetId;
use crate::code::{Code, Coded, schedules as codes};
use crate::hash::{Digest, sha256};
use crate::json;
use crate::policy::quality::{Assumptions, QualityRules};
use crate::publish::balance_sheet::{Due, HoldingKind};
use crate::reserve::address_set::IssuerRelation;
use crate::snapshot::Time;

pub use model::{GroupReport, SHEET_REPORT_FORMAT, Scenario, SheetReport, SheetVerdict, ValueRow};
pub use table::{COLUMNS, SheetTableError};

use groups::Group;

const FORMAT: &str = "counterfoil-sheet-v1";
/// More rows than a sheet that people read has.
const ROWS_MAX: usize = 10_000;

/// A sheet.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sheet {
    format: String,
    /// Whose it is.
    pub name: String,
    /// As of when.
    pub as_of: Time,
    /// What every figure counts, in words: `million USD`.
    pub unit: String,
    /// When what is owed without a date can be asked for.
    pub callable: Callable,
    /// Where its figures come from.
    pub sources: Vec<String>,
    /// What it says of all its rows together.
    #[serde(default)]
    pub totals: Totals,
    /// What is owned.
    #[serde(default)]
    pub asset: Vec<AssetRow>,
    /// What is owed.
    #[serde(default)]
    pub liability: Vec<LiabilityRow>,
    /// What belongs to neither side.
    #[serde(default)]
    pub entry: Vec<EntryRow>,
    /// SHA-256 of the table that its rows come from.
    #[serde(skip)]
    rows: Option<Digest>,
}

/// When what is owed without a date can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Callable {
    /// At once: a trading venue or custodian, whose customers may all leave.
    AtOnce,
    /// Nobody can say: any other firm.
    Unknown,
}

/// Totals as the sheet prints them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// Of what is owned.
    pub assets: Option<Exact>,
    /// Of what is owed.
    pub liabilities: Option<Exact>,
}

/// One row of what is owned.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssetRow {
    /// Its name in the sheet.
    pub name: String,
    /// The asset; rows of one asset are one position.
    pub asset: AssetId,
    /// What it is.
    pub kind: HoldingKind,
    /// What the sheet says it is worth; unknown when it is left out.
    pub marked: Option<Exact>,
    /// Whole units.
    pub quantity: Option<Exact>,
    /// The relation to its issuer.
    pub relation: IssuerRelation,
    /// When it can be turned into money.
    pub due: Option<Due>,
    /// The row that it is a part of: it is not added again.
    pub part_of: Option<String>,
    /// Whether somebody related holds it.
    #[serde(default)]
    pub related_party: bool,
    /// What the source says about it.
    pub note: Option<String>,
}

/// One row of what is owed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiabilityRow {
    /// Its name in the sheet.
    pub name: String,
    /// The asset owed; none when the sheet does not say.
    pub asset: Option<AssetId>,
    /// How much, in the unit of the sheet.
    pub amount: Exact,
    /// When it can be asked for.
    pub due: Option<Due>,
    /// What the source says about it.
    pub note: Option<String>,
}

/// One row that belongs to neither side.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryRow {
    /// Its name in the sheet.
    pub name: String,
    /// How much, without its sign.
    pub amount: Exact,
    /// Whether it stands there with a minus.
    pub negative: bool,
    /// What the source says about it.
    pub note: Option<String>,
}

/// A sheet cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SheetError(String);

impl Coded for SheetError {
    fn code(&self) -> &'static Code {
        &codes::SHEET_FILE
    }
}

impl Sheet {
    /// Reads a sheet in TOML, or the same in JSON.
    ///
    /// # Errors
    /// [`SheetError`].
    pub fn parse(text: &str) -> Result<Self, SheetError> {
        let fail = |detail: String| SheetError(detail);
        let sheet: Self = if text.trim_start().starts_with('{') {
            let value = json::parse(text.as_bytes()).map_err(|error| fail(error.to_string()))?;
            if has_null(&value) {
                return Err(fail("null, expected that what is not known is left out".to_owned()));
            }
            json::typed(value).map_err(|error| fail(error.to_string()))?
        } else {
            toml::from_str(text).map_err(|error| fail(error.to_string()))?
        };
        sheet.check()?;
        Ok(sheet)
    }

    fn check(&self) -> Result<(), SheetError> {
        let fail = |detail: String| Err(SheetError(detail));
        if self.format != FORMAT {
            return fail(format!("format {:?}, expected {FORMAT:?}", self.format));
        }
        if self.sources.is_empty() || self.name.is_empty() || self.unit.is_empty() {
            return fail("name, unit and at least one source must be there".to_owned());
        }
        let rows = self.asset.len().max(self.liability.len()).max(self.entry.len());
        if rows > ROWS_MAX {
            return fail(format!("{rows} rows, at most {ROWS_MAX} are accepted"));
        }
        let mut parts: BTreeMap<&str, Option<&str>> = BTreeMap::new();
        for row in &self.asset {
            if parts.insert(&row.name, row.part_of.as_deref()).is_some() {
                return fail(format!("two assets are named {:?}", row.name));
            }
        }
        let part_of_no_row = |whole: &&str| parts.get(*whole).is_none_or(|deeper| deeper.is_some());
        match parts.values().flatten().find(|whole| part_of_no_row(whole)) {
            Some(whole) => fail(format!("a part of {whole:?}, which is no row, or a part itself")),
            None => self.check_parts(),
        }
    }

    /// Parts of a row are not added to it, so that what they have more would be in no sum.
    fn check_parts(&self) -> Result<(), SheetError> {
        let mut marked: BTreeMap<&str, Vec<&Exact>> = BTreeMap::new();
        for row in &self.asset {
            if let (Some(whole), Some(mark)) = (&row.part_of, &row.marked) {
                marked.entry(whole).or_default().push(mark);
            }
        }
        for row in &self.asset {
            let (Some(whole), Some(parts)) = (&row.marked, marked.get(row.name.as_str())) else { continue };
            let parts = Exact::sum(parts.iter().copied());
            if parts > *whole {
                let name = &row.name;
                return Err(SheetError(format!("the parts of {name:?} add up to {parts}, more than its {whole}")));
            }
        }
        Ok(())
    }

    /// When a liability can be asked for.
    fn callable(&self, due: Option<Due>) -> Due {
        due.unwrap_or(match self.callable {
            Callable::AtOnce => Due::Now,
            Callable::Unknown => Due::Longer,
        })
    }

    /// What the total says beyond the rows.
    fn rest_of_liabilities(&self) -> Exact {
        let rows = Exact::sum(self.liability.iter().map(|row| &row.amount));
        self.totals.liabilities.as_ref().map_or_else(Exact::zero, |total| total.less(&rows))
    }

    /// Everything that can be asked for by then.
    fn owed(&self, by: Due) -> Exact {
        let rows = self.liability.iter().filter(|row| self.callable(row.due) <= by);
        let sum = Exact::sum(rows.map(|row| &row.amount));
        if self.callable(None) <= by { sum.plus(&self.rest_of_liabilities()) } else { sum }
    }

    /// The same in one asset.
    fn owed_in(&self, asset: &AssetId, by: Due) -> Exact {
        let in_it = self.liability.iter().filter(|row| row.asset.as_ref() == Some(asset));
        Exact::sum(in_it.filter(|row| self.callable(row.due) <= by).map(|row| &row.amount))
    }
}

fn has_null(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Null => true,
        serde_json::Value::Array(items) => items.iter().any(has_null),
        serde_json::Value::Object(fields) => fields.values().any(has_null),
        _ => false,
    }
}

/// Computes a sheet under assumptions: everything that is not known is counted in favour of whoever made it, so that
/// `short` holds whatever the rest is.
#[must_use]
pub fn judge(sheet: &Sheet, digest: Digest, assumptions: Option<&Assumptions>) -> SheetReport {
    let built_in = QualityRules::default();
    let rules = assumptions.map_or(&built_in, |assumptions| &assumptions.rules);
    let groups = groups::of(sheet, rules);
    let ladder = Ladder::new(
        |due| {
            let own = Exact::sum(groups.iter().map(|group| group.covers_itself(sheet, due)).collect::<Vec<_>>().iter());
            (sheet.owed(due).less(&own), groups::realisable(sheet, &groups, due))
        },
        Exact::less,
    );
    let verdict = if ladder.first_failing.is_some() { SheetVerdict::Short } else { SheetVerdict::NotDeterminable };
    let sentence = sentence(&sheet.unit, &ladder);
    SheetReport {
        format: SHEET_REPORT_FORMAT,
        name: sheet.name.clone(),
        as_of: sheet.as_of,
        unit: sheet.unit.clone(),
        sheet: digest,
        rows: sheet.rows,
        assumptions: assumptions.map(|assumptions| assumptions.digest),
        sources: sheet.sources.clone(),
        verdict,
        sentence,
        assets: groups.iter().map(Group::report).collect(),
        sensitivity: model::sensitivity(sheet, rules, &groups),
        findings: findings::of(sheet, rules, &groups),
        ladder,
    }
}

/// The verdict in one sentence.
fn sentence(unit: &str, ladder: &Ladder<Exact>) -> String {
    let failing: Vec<&Rung<Exact>> = ladder.rungs.iter().filter(|rung| rung.missing.is_some()).collect();
    let Some(first) = failing.first() else {
        return "not determinable: a sheet shows no coverage, and by its own figures it is not short".to_owned();
    };
    let names: Vec<&str> = failing.iter().map(|rung| rung.due.text()).collect();
    let horizons = match failing.len() == ladder.rungs.len() {
        true => "at every horizon".to_owned(),
        false => format!("at these horizons: {}", names.join(", ")),
    };
    let paid = first.realisable.clone().unwrap_or_else(Exact::zero);
    let (by, callable) = (first.due, &first.callable);
    format!("short {horizons}: at most {paid} against {callable} {unit} ({by}), by the sheet itself")
}

/// SHA-256 of a sheet's bytes.
#[must_use]
pub fn digest(text: &str) -> Digest {
    sha256(text.as_bytes())
}
