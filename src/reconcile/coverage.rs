//! The three verdicts, and shares. Specification: `docs/spec/reconcile.md`.

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

    #[test]
    fn there_are_three_verdicts() {
        let all = [(Verdict::Short, "short", 1), (Verdict::NotDeterminable, "not determinable", 2)];
        for (verdict, text, exit_code) in all.into_iter().chain([(Verdict::Covered, "covered", 0)]) {
            assert_eq!((verdict.text(), verdict.exit_code(), verdict.to_string().as_str()), (text, exit_code, text));
        }
        // the worst one of several is the least
        assert!(Verdict::Short < Verdict::NotDeterminable && Verdict::NotDeterminable < Verdict::Covered);
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
