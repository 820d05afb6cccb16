//! What everything else would bring, as tables. Values are assumed, and rounded down in the sixth digit.

use super::{CsvError, Sheet, both, optional, text};
use crate::reconcile::quality::{Cap, QualitySection};

/// The files of the section.
pub(super) fn files(section: &QualitySection) -> Result<[(&'static str, Vec<u8>); 3], CsvError> {
    Ok([
        ("quality.csv", assets(section)?),
        ("sensitivity.csv", sensitivity(section)?),
        ("turning-points.csv", turning_points(section)?),
    ])
}

/// One row for each asset and bucket, with every cap.
fn assets(section: &QualitySection) -> Result<Vec<u8>, CsvError> {
    let mut sheet = Sheet::new(&[
        "asset",
        "issuer_relation",
        "by",
        "missing",
        "missing_base_units",
        "left",
        "left_base_units",
        "at_most",
        "cap",
        "cap_issuer",
        "cap_locked",
        "cap_price",
        "cap_participation",
        "cap_float",
        "cap_book",
        "cap_impact",
        "cap_market_value",
        "cap_wrong_way",
        "unit",
    ])?;
    for asset in &section.assets {
        for rung in &asset.rungs {
            let cap = |of: Cap| optional(rung.caps.iter().find(|found| found.cap == of).map(|found| &found.value));
            let [missing, missing_units] = both(rung.missing, asset.decimals);
            let [left, left_units] = both(rung.left, asset.decimals);
            sheet.row([
                text(&asset.asset),
                asset.relation.text().to_owned(),
                text(&rung.due),
                missing,
                missing_units,
                left,
                left_units,
                optional(rung.value.as_ref()),
                optional(rung.by.as_ref()),
                cap(Cap::Issuer),
                cap(Cap::Locked),
                cap(Cap::Price),
                cap(Cap::Participation),
                cap(Cap::Float),
                cap(Cap::Book),
                cap(Cap::Impact),
                cap(Cap::MarketValue),
                cap(Cap::WrongWay),
                optional(section.unit.as_ref()),
            ])?;
        }
    }
    sheet.bytes()
}

/// One row for each belief and bucket; the first ones are the ladder itself.
fn sensitivity(section: &QualitySection) -> Result<Vec<u8>, CsvError> {
    let mut sheet = Sheet::new(&["believed", "by", "missing_in_kind", "realisable_at_most", "missing_still", "unit"])?;
    let itself = ("as the policy assumes it", &section.ladder);
    let others = section.scenarios.iter().map(|scenario| (scenario.name.as_str(), &scenario.ladder));
    for (name, ladder) in std::iter::once(itself).chain(others) {
        for rung in &ladder.rungs {
            sheet.row([
                name.to_owned(),
                text(&rung.due),
                text(&rung.callable),
                optional(rung.realisable.as_ref()),
                optional(rung.missing.as_ref()),
                optional(section.unit.as_ref()),
            ])?;
        }
    }
    sheet.bytes()
}

/// One row for each assumption and side; a side on which nothing turns has no value.
fn turning_points(section: &QualitySection) -> Result<Vec<u8>, CsvError> {
    let mut sheet =
        Sheet::new(&["parameter", "asset", "now", "side", "turns_at", "fails_from_now", "fails_from_then"])?;
    for turn in &section.turns {
        for (side, point) in [("below", &turn.below), ("above", &turn.above)] {
            sheet.row([
                text(&turn.parameter),
                optional(turn.asset.as_ref()),
                text(&turn.now),
                side.to_owned(),
                optional(point.as_ref().map(|point| &point.value)),
                optional(section.ladder.first_failing.as_ref()),
                optional(point.as_ref().and_then(|point| point.first_failing.as_ref())),
            ])?;
        }
    }
    sheet.bytes()
}
