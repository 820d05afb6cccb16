//! `[[tier]]` and `[[custody_account]]` of `snapshot.toml`: amounts in whole units, rows in any order.

use serde::Deserialize;

use crate::amount::{Amount, Decimals};
use crate::asset::AssetId;
use crate::publish::custody::{CustodyAccount, CustodyDirection, CustodyLine, TierRow};
use crate::reserve::address_set::Role;
use crate::snapshot::VenueId;

/// One tier of the wallets.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TierToml {
    asset: AssetId,
    role: Role,
    amount: String,
}

/// One account with a custodian, or of a party in the custodian's books.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CustodyToml {
    asset: AssetId,
    party: VenueId,
    opening: String,
    closing: String,
    #[serde(default)]
    line: Vec<LineToml>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineToml {
    reference: String,
    direction: CustodyDirection,
    amount: String,
}

/// The decimals of an asset of the assets file.
type Known<'a> = &'a dyn Fn(&AssetId) -> Option<Decimals>;

fn amount(known: Known<'_>, list: &str, id: &AssetId, text: &str) -> Result<Amount, String> {
    let decimals = known(id).ok_or_else(|| format!("[[{list}]] names {id}, which is not in the assets file"))?;
    Amount::parse(text, decimals).map_err(|error| format!("[[{list}]] of {id}: {error}"))
}

/// The tiers in their order; none when the file has none.
pub(super) fn tiers(rows: Option<&[TierToml]>, known: Known<'_>) -> Result<Option<Vec<TierRow>>, String> {
    let Some(rows) = rows else { return Ok(None) };
    let read = |row: &TierToml| {
        let amount = amount(known, "tier", &row.asset, &row.amount)?;
        Ok(TierRow { asset: row.asset.clone(), role: row.role, amount })
    };
    let mut rows: Vec<TierRow> = rows.iter().map(read).collect::<Result<_, String>>()?;
    rows.sort_by(|left, right| (&left.asset, left.role.text()).cmp(&(&right.asset, right.role.text())));
    Ok(Some(rows))
}

/// The accounts in their order, with their lines in theirs; none when the file has none.
pub(super) fn accounts(rows: Option<&[CustodyToml]>, known: Known<'_>) -> Result<Option<Vec<CustodyAccount>>, String> {
    const LIST: &str = "custody_account";
    let Some(rows) = rows else { return Ok(None) };
    let mut accounts = Vec::with_capacity(rows.len());
    for row in rows {
        let amount = |text: &str| amount(known, LIST, &row.asset, text);
        let mut lines = Vec::with_capacity(row.line.len());
        for line in &row.line {
            let amount = amount(&line.amount)?;
            lines.push(CustodyLine { reference: line.reference.clone(), direction: line.direction, amount });
        }
        lines.sort_by(|left, right| left.reference.cmp(&right.reference));
        accounts.push(CustodyAccount {
            asset: row.asset.clone(),
            party: row.party.clone(),
            opening: amount(&row.opening)?,
            closing: amount(&row.closing)?,
            lines,
        });
    }
    accounts.sort_by(|left, right| (&left.asset, &left.party).cmp(&(&right.asset, &right.party)));
    Ok(Some(accounts))
}
