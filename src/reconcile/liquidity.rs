//! The liquidity ladder: what can be paid by then against what can be asked for by then. Specification:
//! `docs/spec/liquidity.md`.
//!
//! Everything that can be asked for is asked for: there is no share of it that is believed to stay.

use serde::Serialize;

use crate::publish::balance_sheet::Due;

/// One rung: everything up to its bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rung<T> {
    /// The bucket.
    pub due: Due,
    /// What can be asked for by then.
    pub callable: T,
    /// What can be paid by then; none when nobody can say.
    pub realisable: Option<T>,
    /// What is missing; none when nothing is, or nobody can say.
    pub missing: Option<T>,
}

/// All rungs, from at once to whenever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ladder<T> {
    /// In the order of the buckets.
    pub rungs: Vec<Rung<T>>,
    /// The first bucket by whose end more can be asked for than can be paid.
    pub first_failing: Option<Due>,
}

impl<T: Ord + Clone> Ladder<T> {
    /// The ladder from what is callable and realisable by the end of each bucket. `less` is a difference that is
    /// asked for only when its first part is larger.
    pub fn new(by_then: impl Fn(Due) -> (T, Option<T>), less: impl Fn(&T, &T) -> T) -> Self {
        let rung = |due: &Due| {
            let (callable, realisable) = by_then(*due);
            let missing = realisable.as_ref().filter(|paid| **paid < callable).map(|paid| less(&callable, paid));
            Rung { due: *due, callable, realisable, missing }
        };
        let rungs: Vec<Rung<T>> = Due::ALL.iter().map(rung).collect();
        let first_failing = rungs.iter().find(|rung| rung.missing.is_some()).map(|rung| rung.due);
        Self { rungs, first_failing }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_pots_and_seven_lids() {
        // ten are owed at once; one can be paid at once, seven in a week, twelve whenever
        let paid = |due| match due {
            Due::Now | Due::Day => 1_u64,
            Due::Week | Due::Month => 7,
            Due::Longer => 12,
        };
        let ladder = Ladder::new(|due| (10_u64, Some(paid(due))), |left, right| left - right);
        let missing: Vec<Option<u64>> = ladder.rungs.iter().map(|rung| rung.missing).collect();
        assert_eq!(missing, [Some(9), Some(9), Some(3), Some(3), None]);
        assert_eq!(ladder.first_failing, Some(Due::Now));
    }

    #[test]
    fn what_nobody_knows_does_not_fail() {
        let ladder = Ladder::new(|_| (10_u64, None), |left, right| left - right);
        assert_eq!(ladder.first_failing, None);
        assert!(ladder.rungs.iter().all(|rung| rung.missing.is_none()));
    }
}
