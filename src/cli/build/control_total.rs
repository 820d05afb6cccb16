//! Control totals: the ledger against a second source.

use std::collections::BTreeMap;
use std::path::Path;

use crate::amount::Amount;
use crate::asset::{AssetId, Assets};
use crate::cli::error::Failure;
use crate::cli::files;
use crate::code::{Code, Coded, ledger as codes};
use crate::ledger::LedgerErrorKind;
use crate::liability::Built;

/// The second source's totals per asset.
pub(super) type Totals = BTreeMap<AssetId, Amount>;

/// Neither totals nor the word that there are none.
#[derive(Debug, thiserror::Error)]
#[error("give --expect-total FILE with lines such as BTC = \"1204.5\", or --no-control-total")]
struct Missing;

impl Coded for Missing {
    fn code(&self) -> &'static Code {
        &codes::CONTROL_TOTAL_MISSING
    }
}

/// The file of totals is wrong.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unusable(String);

impl Coded for Unusable {
    fn code(&self) -> &'static Code {
        &codes::CONTROL_TOTAL_FILE
    }
}

/// Reads the file of totals.
pub(super) fn read(path: Option<&Path>, without: bool, assets: &Assets) -> Result<Option<Totals>, Failure> {
    let Some(path) = path else {
        return if without { Ok(None) } else { Err(Missing.into()) };
    };
    let wrong = |detail: String| Failure::from(Unusable(format!("{}: {detail}", path.display())));
    let table: BTreeMap<String, String> =
        toml::from_str(&files::read_text(path)?).map_err(|error| wrong(error.to_string()))?;
    let mut totals = Totals::new();
    for (id, text) in table {
        let asset = assets.get(&id).ok_or_else(|| wrong(format!("{id:?} is not in the assets file")))?;
        let amount = Amount::parse(&text, asset.decimals).map_err(|error| wrong(format!("{id}: {error}")))?;
        totals.insert(asset.id.clone(), amount);
    }
    Ok(Some(totals))
}

/// Compares every asset that either side has. All differences are reported together.
pub(super) fn compare(totals: &Totals, built: &Built, assets: &Assets) -> Result<(), Failure> {
    let mut faults = Vec::new();
    for asset in assets.iter() {
        let rows = built.commitments.iter().filter(|row| row.asset == asset.id);
        let got = Amount::checked_sum(rows.clone().map(|row| row.total));
        let has_rows = rows.count() > 0;
        let expected = totals.get(&asset.id);
        if (expected.is_none() && !has_rows) || (expected.is_some() && expected.copied() == got) {
            continue;
        }
        let text = |amount: Option<Amount>, none: &str| {
            amount.map_or_else(|| none.to_owned(), |amount| amount.to_decimal(asset.decimals))
        };
        let got = text(got, "more than 2^128 - 1 base units");
        let expected = text(expected.copied(), "not in the file");
        faults.push(LedgerErrorKind::ControlTotal { asset: asset.id.to_string(), got, expected }.into());
    }
    if faults.is_empty() { Ok(()) } else { Err(Failure::ledger(faults, &|_| None)) }
}
