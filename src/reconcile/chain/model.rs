//! The section of the report as data.

use serde::Serialize;

use crate::amount::{Amount, Decimals};
use crate::asset::{AssetId, ChainId};
use crate::hash::Digest;
use crate::json::uint;
use crate::publish::statement::Direction;
use crate::snapshot::Time;

/// What the statements of a bundle carry forward.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChainSection {
    /// All statements in the bundle, in order.
    pub statements: Vec<StatementLink>,
    /// Addresses that came and went since the statement before; none when its set is not known.
    pub addresses: Option<AddressChange>,
    /// By asset that both statements list; empty when the statement before is not known.
    pub assets: Vec<Carried>,
    /// Transfers that the statement before had named as under way.
    pub in_flight: Vec<InFlightRow>,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatementLink {
    /// Its number.
    #[serde(with = "uint")]
    pub sequence: u64,
    /// Its digest.
    pub digest: Digest,
    /// As of when.
    pub cutoff: Time,
}

/// How the address set changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AddressChange {
    /// Addresses that the set before did not have.
    #[serde(with = "uint")]
    pub added: u64,
    /// Addresses of earlier sets that the set no longer has.
    #[serde(with = "uint")]
    pub retired: u64,
    /// Of those: shown to be empty at the cut-off.
    #[serde(with = "uint")]
    pub empty: u64,
    /// Of those: still holding something.
    #[serde(with = "uint")]
    pub holding: u64,
}

/// A change of an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Whether it fell.
    pub fell: bool,
    /// By how much.
    pub by: Amount,
}

impl Change {
    /// From one amount to another.
    #[must_use]
    pub fn between(before: Amount, after: Amount) -> Self {
        match after.checked_sub(before) {
            Some(by) => Self { fell: false, by },
            None => Self { fell: true, by: before.checked_sub(after).unwrap_or(Amount::ZERO) },
        }
    }

    /// This change less another one. `None` when it does not fit.
    #[must_use]
    pub fn less(self, other: Self) -> Option<Self> {
        if self.fell != other.fell {
            return Some(Self { fell: self.fell, by: self.by.checked_add(other.by)? });
        }
        let difference = Self::between(other.by, self.by);
        let fell = difference.fell != self.fell && !difference.by.is_zero();
        Some(Self { fell, by: difference.by })
    }

    /// With its sign, for people.
    #[must_use]
    pub fn text(self, decimals: Decimals) -> String {
        let sign = match (self.fell, self.by.is_zero()) {
            (_, true) => "",
            (true, false) => "-",
            (false, false) => "+",
        };
        format!("{sign}{}", self.by.to_readable(decimals))
    }
}

/// One asset from one cut-off to the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Carried {
    /// The asset.
    pub asset: AssetId,
    /// Decimals of the amounts.
    pub decimals: Decimals,
    /// Owed by the statement before.
    pub owed_before: Amount,
    /// Owed by this one.
    pub owed_after: Amount,
    /// How what is owed changed.
    pub owed_change: Change,
    /// What the addresses of both sets held; none when the blocks in between are not shown.
    pub held: Option<Opening>,
    /// Why not.
    pub unknown: Option<String>,
    /// The change of what is held less the change of what is owed.
    pub apart: Option<Change>,
}

/// Opening, net flow, closing: by all addresses of the union of both sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Opening {
    /// At the cut-off block of the statement before.
    pub opening: Amount,
    /// Came in between.
    pub inflow: Amount,
    /// Went in between.
    pub outflow: Amount,
    /// At the cut-off block of this statement.
    pub closing: Amount,
    /// How it changed.
    pub change: Change,
}

/// One row of the schedule before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InFlightRow {
    /// The asset.
    pub asset: AssetId,
    /// How much, in base units of the asset.
    pub amount: Amount,
    /// Decimals of the amount.
    pub decimals: Decimals,
    /// Deposit or withdrawal.
    pub direction: Direction,
    /// The chain.
    pub chain: ChainId,
    /// The transaction.
    pub txid: String,
    /// What became of it.
    pub state: InFlightState,
    /// By which block, or why it is not known.
    pub detail: String,
}

/// What became of a transfer under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum InFlightState {
    /// On the chain after the cut-off, with this amount and direction.
    Settled,
    /// On the chain, with another amount or direction, or before the cut-off.
    Contradicted,
    /// Every block up to the next cut-off is known, and it is in none.
    Absent,
    /// Not known.
    Open,
}

impl InFlightState {
    /// The word.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::Contradicted => "contradicted",
            Self::Absent => "absent",
            Self::Open => "open",
        }
    }
}
