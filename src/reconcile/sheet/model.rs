//! What a sheet comes to, as data.

use serde::Serialize;

use super::Sheet;
use super::groups::{Group, realisable};
use crate::amount::exact::Exact;
use crate::asset::AssetId;
use crate::code::Outcome;
use crate::hash::Digest;
use crate::policy::quality::QualityRules;
use crate::publish::balance_sheet::Due;
use crate::reconcile::findings::Finding;
use crate::reconcile::liquidity::Ladder;
use crate::reconcile::quality::Cap;
use crate::reserve::address_set::IssuerRelation;
use crate::snapshot::Time;

/// The format's name.
pub const SHEET_REPORT_FORMAT: &str = "counterfoil-sheet-report-v1";

/// What a sheet can come to. There is no third word: nothing is covered by a sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SheetVerdict {
    /// By its own figures, and with everything unknown in its favour, it cannot pay.
    Short,
    /// Everything else.
    NotDeterminable,
}

impl SheetVerdict {
    /// The words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Short => "short",
            Self::NotDeterminable => "not determinable",
        }
    }

    /// The exit code of the command; never 0.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Short => Outcome::Failed.exit_code(),
            Self::NotDeterminable => Outcome::NotMade.exit_code(),
        }
    }
}

/// A sheet, computed. Figures of the sheet are stated, those of the assumptions assumed, and what follows from both is
/// assumed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SheetReport {
    /// [`SHEET_REPORT_FORMAT`].
    pub format: &'static str,
    /// Whose sheet.
    pub name: String,
    /// As of when.
    pub as_of: Time,
    /// What every figure counts.
    pub unit: String,
    /// SHA-256 of the sheet.
    pub sheet: Digest,
    /// SHA-256 of the table with its rows; none where the sheet itself has them.
    pub rows: Option<Digest>,
    /// SHA-256 of the assumptions; none for the built-in ones.
    pub assumptions: Option<Digest>,
    /// Who states the figures.
    pub sources: Vec<String>,
    /// Short, or not determinable.
    pub verdict: SheetVerdict,
    /// The verdict in one sentence.
    pub sentence: String,
    /// By asset; what has no rows stands last, without a name.
    pub assets: Vec<GroupReport>,
    /// At most realisable against callable.
    pub ladder: Ladder<Exact>,
    /// What remains as one belief after another is given up.
    pub sensitivity: Vec<Scenario>,
    /// What a reader must know.
    pub findings: Vec<Finding>,
}

/// Rows of one asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroupReport {
    /// The asset; none for what is not itemised.
    pub asset: Option<AssetId>,
    /// Names of its rows.
    pub rows: Vec<String>,
    /// The relation to the issuer that counts.
    pub relation: IssuerRelation,
    /// What the sheet says it is worth: stated.
    pub marked: Option<Exact>,
    /// Whole units: stated.
    pub quantity: Option<Exact>,
    /// The mark, in percent of what all of it is worth in the market: assumed.
    pub share_of_market: Option<String>,
    /// What a sale of all of it brings at most: assumed.
    pub values: Vec<ValueRow>,
}

/// What a sale of an asset brings by then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ValueRow {
    /// By when.
    pub due: Due,
    /// At most; none when nobody can say.
    pub value: Option<Exact>,
    /// The cap that says so.
    pub by: Option<Cap>,
}

/// One row of the sensitivity table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Scenario {
    /// What is believed.
    pub name: String,
    /// What all assets are worth at most; none when nobody can say.
    pub assets: Option<Exact>,
    /// What is owed.
    pub owed: Exact,
    /// What is missing.
    pub missing: Option<Exact>,
}

fn scenario(name: impl Into<String>, assets: Option<Exact>, owed: Exact) -> Scenario {
    let missing = assets.as_ref().filter(|assets| **assets < owed).map(|assets| owed.less(assets));
    Scenario { name: name.into(), assets, owed, missing }
}

/// From what the sheet itself believes to what is left without it, whenever it is paid.
pub(super) fn sensitivity(sheet: &Sheet, rules: &QualityRules, groups: &[Group<'_>]) -> Vec<Scenario> {
    let last = Due::Longer;
    let owed = sheet.owed(last);
    let own: Vec<Exact> = groups.iter().map(|group| group.covers_itself(sheet, last)).collect();
    let owed_to_others = owed.less(&Exact::sum(&own));
    let with = |kept: &[Cap]| {
        let values: Option<Vec<Exact>> =
            groups.iter().map(|group| Some(group.pays(sheet, last, group.only(kept)?))).collect();
        values.map(|values| Exact::sum(&values))
    };
    let marks = [Cap::Marked, Cap::Price];
    let without_own = [Cap::Marked, Cap::Price, Cap::Issuer];
    let at_market = [Cap::Marked, Cap::Price, Cap::Issuer, Cap::MarketValue];
    let capped = realisable(sheet, groups, last);
    let in_kind = Exact::sum(&groups.iter().map(|group| group.in_kind(sheet, last)).collect::<Vec<_>>());
    let mut rows = vec![
        scenario("as the sheet marks it", with(&marks), owed),
        scenario("tokens of its own circle at zero", with(&without_own), owed_to_others.clone()),
        scenario("and none above the market value of all of it", with(&at_market), owed_to_others.clone()),
        scenario("and every other cap that is assumed", capped.clone(), owed_to_others.clone()),
    ];
    for share in rules.shares.iter().filter(|share| **share != 10_000) {
        // what is handed over in kind is worth what is owed in it, whatever anybody pays for it
        let share_of = |value: &Exact| value.less(&in_kind).times(&Exact::hundredths_of_a_percent(*share));
        let assets = capped.as_ref().map(|value| share_of(value).plus(&in_kind));
        let (whole, rest) = (share / 100, share % 100);
        rows.push(scenario(format!("and everything at {whole}.{rest:02} % of that"), assets, owed_to_others.clone()));
    }
    for entry in &sheet.entry {
        let name = format!("every cap, and {:?} is owed", entry.name);
        rows.push(scenario(name, capped.clone(), owed_to_others.plus(&entry.amount)));
    }
    rows
}
