//! The verdict, from figures alone. Specification: `docs/spec/reconcile.md`.

use std::fmt;

use alloy_primitives::U256;
use serde::Serialize;

use crate::amount::Amount;
use crate::code::Outcome;

/// What can be said about one asset. There is no fourth word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Less is held than is owed, even when everything offered is believed.
    Short,
    /// The evidence decides neither way.
    NotDeterminable,
    /// At least as much is held as is owed, on evidence that the policy accepts.
    Covered,
}

impl Verdict {
    /// The words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Short => "short",
            Self::NotDeterminable => "not determinable",
            Self::Covered => "covered",
        }
    }

    /// 0, 1 or 2.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Covered => 0,
            Self::Short => Outcome::Failed.exit_code(),
            Self::NotDeterminable => Outcome::NotMade.exit_code(),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text())
    }
}

/// The figures that decide about one asset, all with the same number of decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Committed total plus other liabilities; `None` without a statement.
    pub owed: Option<Amount>,
    /// Held under control, on evidence at or above the policy.
    pub low: Amount,
    /// Held under control, on any evidence.
    pub high: Amount,
    /// Whether any reserve is claimed at all.
    pub claimed: bool,
    /// Whether all evidence that is claimed could be read: what could not be read may hold any amount.
    pub readable: bool,
    /// Whether a critical finding is open.
    pub critical: bool,
}

/// `short` when even everything offered is too little, `covered` when accepted evidence is enough, otherwise not
/// determinable. Reserves alone, or liabilities alone, decide nothing.
#[must_use]
pub fn verdict(position: &Position) -> Verdict {
    let Position { owed, low, high, claimed, readable, critical } = *position;
    let Some(owed) = owed.filter(|_| claimed && readable) else { return Verdict::NotDeterminable };
    if high < owed {
        Verdict::Short
    } else if low >= owed && !critical {
        Verdict::Covered
    } else {
        Verdict::NotDeterminable
    }
}

/// `part` of `whole` in hundredths of a percent, rounded down; `None` when nothing is owed.
#[must_use]
pub fn percent(part: Amount, whole: Amount) -> Option<String> {
    if whole.is_zero() {
        return None;
    }
    let hundredths = U256::from(part.base_units()) * U256::from(10_000_u64) / U256::from(whole.base_units());
    let (percent, rest) = (hundredths / U256::from(100_u64), hundredths % U256::from(100_u64));
    Some(format!("{percent}.{:0>2} %", rest.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(owed: u128, low: u128, high: u128) -> Position {
        let amount = Amount::from_base_units;
        Position {
            owed: Some(amount(owed)),
            low: amount(low),
            high: amount(high),
            claimed: true,
            readable: true,
            critical: false,
        }
    }

    #[test]
    fn the_boundary_is_one_base_unit() {
        assert_eq!(verdict(&position(100, 100, 100)), Verdict::Covered);
        assert_eq!(verdict(&position(100, 99, 100)), Verdict::NotDeterminable);
        assert_eq!(verdict(&position(100, 99, 99)), Verdict::Short);
        assert_eq!(verdict(&position(u128::MAX, u128::MAX, u128::MAX)), Verdict::Covered);
    }

    #[test]
    fn reserves_alone_decide_nothing() {
        let alone = Position { owed: None, ..position(0, 1_000, 1_000) };
        assert_eq!(verdict(&alone), Verdict::NotDeterminable);
    }

    #[test]
    fn what_was_not_offered_or_not_read_is_not_determinable() {
        assert_eq!(verdict(&Position { claimed: false, ..position(100, 0, 0) }), Verdict::NotDeterminable);
        assert_eq!(verdict(&Position { readable: false, ..position(100, 0, 0) }), Verdict::NotDeterminable);
        assert_eq!(verdict(&Position { readable: false, ..position(100, 100, 100) }), Verdict::NotDeterminable);
    }

    #[test]
    fn a_critical_finding_blocks_coverage_and_excuses_nothing() {
        assert_eq!(verdict(&Position { critical: true, ..position(100, 100, 100) }), Verdict::NotDeterminable);
        assert_eq!(verdict(&Position { critical: true, ..position(100, 0, 99) }), Verdict::Short);
    }

    #[test]
    fn percentages_are_rounded_down() {
        let text = |part, whole| percent(Amount::from_base_units(part), Amount::from_base_units(whole));
        assert_eq!(text(99_999, 100_000).as_deref(), Some("99.99 %"));
        assert_eq!(text(1, 3).as_deref(), Some("33.33 %"));
        assert_eq!(text(105, 100).as_deref(), Some("105.00 %"));
        assert_eq!(text(u128::MAX, 1).as_deref(), Some("34028236692093846346337460743176821145500.00 %"));
        assert_eq!(text(1, 0), None);
    }
}
