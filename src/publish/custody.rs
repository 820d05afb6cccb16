//! Two optional schedules of a statement: how the venue's wallets are split, and what moved into and out of custody.
//! Specification: `docs/spec/tiers.md` and `docs/spec/custodian.md`.
//!
//! Both are the word of whoever signs. Whether books roll forward, agree with another's books or with the chain is
//! judged when both halves meet: a statement that contradicts the world is evidence, and must be readable.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::amount::Amount;
use crate::asset::AssetId;
use crate::reserve::address_set::Role;
use crate::snapshot::VenueId;

/// More rows than any schedule needs.
const ROWS_MAX: usize = 100_000;
/// More bytes than a transaction id or a booking number has.
const REFERENCE_LENGTH_MAX: usize = 256;

/// What the venue says lies in one tier of its wallets at the cut-off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TierRow {
    /// The unit.
    pub asset: AssetId,
    /// The tier; never internal, which counts for nothing.
    pub role: Role,
    /// How much, in base units.
    pub amount: Amount,
}

/// Which way a line goes, from the custodian's side, in the books of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CustodyDirection {
    /// Into custody.
    In,
    /// Out of custody.
    Out,
}

impl CustodyDirection {
    /// The word.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

/// One movement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustodyLine {
    /// What both sides call it: a transaction id, or an agreed booking number, in printed ASCII without spaces.
    pub reference: String,
    /// Which way.
    pub direction: CustodyDirection,
    /// How much, in base units; never zero.
    pub amount: Amount,
}

/// What one party has in custody with another, in one unit, since the statement before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustodyAccount {
    /// The unit.
    pub asset: AssetId,
    /// The other side: the venue in the custodian's books, the custodian in the venue's.
    pub party: VenueId,
    /// At the cut-off of the statement before; zero when there is none.
    pub opening: Amount,
    /// At this cut-off.
    pub closing: Amount,
    /// What moved in between, by reference.
    pub lines: Vec<CustodyLine>,
}

impl CustodyAccount {
    /// Opening + in − out; `None` when that is below zero or does not fit.
    #[must_use]
    pub fn rolled(&self) -> Option<Amount> {
        let sum = |direction| {
            let lines = self.lines.iter().filter(|line| line.direction == direction);
            Amount::checked_sum(lines.map(|line| line.amount))
        };
        let with = self.opening.checked_add(sum(CustodyDirection::In)?)?;
        with.checked_sub(sum(CustodyDirection::Out)?)
    }
}

/// Checks form and order of both schedules.
///
/// # Errors
/// What contradicts it, in words.
pub(super) fn check(tiers: Option<&[TierRow]>, accounts: Option<&[CustodyAccount]>) -> Result<(), String> {
    if let Some(rows) = tiers {
        check_tiers(rows)?;
    }
    let Some(accounts) = accounts else { return Ok(()) };
    let rows = accounts.iter().fold(accounts.len(), |sum, account| sum.saturating_add(account.lines.len()));
    if rows > ROWS_MAX {
        return Err(format!("{rows} rows of custody, at most {ROWS_MAX} are accepted"));
    }
    if !accounts.is_sorted_by(|left, right| (&left.asset, &left.party) < (&right.asset, &right.party)) {
        return Err("the custody accounts are not strictly increasing".to_owned());
    }
    let lines = accounts.iter().flat_map(|account| &account.lines);
    for line in lines {
        let (length, printed) = (line.reference.len(), line.reference.bytes().all(|byte| byte.is_ascii_graphic()));
        if length == 0 || length > REFERENCE_LENGTH_MAX || !printed {
            let expected = format!("1 to {REFERENCE_LENGTH_MAX} printed ASCII characters without spaces");
            return Err(format!("a reference has {length} bytes, expected {expected}"));
        }
        if line.amount.is_zero() {
            return Err(format!("the line {:?} moves nothing", line.reference));
        }
    }
    let in_order = |account: &&CustodyAccount| account.lines.is_sorted_by(|a, b| a.reference < b.reference);
    match accounts.iter().find(|account| !in_order(account)) {
        Some(account) => Err(format!("lines of {} with {} are not strictly increasing", account.asset, account.party)),
        None => Ok(()),
    }
}

fn check_tiers(rows: &[TierRow]) -> Result<(), String> {
    if rows.len() > ROWS_MAX {
        return Err(format!("{} rows of tiers, at most {ROWS_MAX} are accepted", rows.len()));
    }
    if !rows.is_sorted_by(|left, right| (&left.asset, left.role.text()) < (&right.asset, right.role.text())) {
        return Err("the tiers are not strictly increasing".to_owned());
    }
    let mut sums: BTreeMap<&AssetId, Amount> = BTreeMap::new();
    for row in rows {
        if row.role == Role::Internal {
            return Err(format!("the tier {:?} counts for nothing and is not declared", row.role.text()));
        }
        let sum = sums.entry(&row.asset).or_default();
        let added = sum.checked_add(row.amount);
        *sum = added.ok_or_else(|| format!("the tiers of {} add up to more than 2^128 - 1", row.asset))?;
    }
    Ok(())
}
