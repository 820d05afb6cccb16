//! Verdicts, boundaries and reasons of venues that move nothing.

use super::case;
use super::story::{BITCOIN, Chain, ETHEREUM, Story, chain, hot, owes, owes_on};
use crate::vectors_gen::Vectors;

const QUIET_100: &str = "window: 100 at 100, median 100, mean 100, cut-off 100, dressing 0.00 %, 21 of 21 blocks";
const QUIET_1000: &str = "window: 1000 at 100, median 1000, mean 1000, cut-off 1000, dressing 0.00 %, 21 of 21 blocks";
const RICH: &str = "low 1000, high 1000, came and went 0, not sustained 0";
const RICH_MINIMUM: &str = "minimum 1000, without trips 1000, by blocks";
const RICH_ROW: &str = "statement 7: 1000 to 1000, 100000.00 %";

pub(super) fn add(vectors: &mut Vectors) {
    let none = |id| Chain { window: false, ..chain(id, &[]) };
    let mut put = |name, comment, story: &Story<'_>, wanted: &[&str]| {
        case(vectors, name, comment, &["Coverage", "Boundary"], story, wanted);
    };
    // 100 of 100
    put(
        "exactly_enough",
        "100.00 %, and the balance never changes",
        &owes(100, hot(100)),
        &[
            "covered, enough",
            "low 100, high 100, came and went 0, not sustained 0",
            "minimum 100, without trips 100, by blocks",
            "statement 7: 100 to 100, 100.00 %",
            QUIET_100,
        ],
    );
    // 99,999 of 100,000 is 99.999 %, rounded down; too little before the cut-off and after it
    put(
        "one_base_unit_short",
        "99.99 %: one base unit is short",
        &owes(100_000, hot(99_999)),
        &[
            "short, less-than-owed",
            "low 99999, high 99999, came and went 0, not sustained 0",
            "minimum 99999, without trips 99999, by blocks",
            "statement 7: 99999 to 99999, 99.99 %",
            "below: 99999 of 100000 at 100",
            "below: 99999 of 100000 at 110",
            "window: 99999 at 100, median 99999, mean 99999, cut-off 99999, dressing 0.00 %, 21 of 21 blocks",
        ],
    );
    // nothing is owed: no share
    put(
        "zero_liabilities",
        "nothing is owed, so there is no percentage",
        &owes(0, hot(100)),
        &[
            "covered, enough",
            "low 100, high 100, came and went 0, not sustained 0",
            "minimum 100, without trips 100, by blocks",
            "statement 7: 100 to 100, -",
            QUIET_100,
        ],
    );
    // 0 ≥ 0; (0 − 0) ÷ 0 is no ratio
    put(
        "zero_of_both",
        "nothing is owed and nothing held, with a window that shows it",
        &owes(0, hot(0)),
        &[
            "covered, enough",
            "low 0, high 0, came and went 0, not sustained 0",
            "minimum 0, without trips 0, by blocks",
            "statement 7: 0 to 0, -",
            "window: 0 at 100, median 0, mean 0, cut-off 0, dressing -, 21 of 21 blocks",
        ],
    );
    // 0 of 1
    put(
        "zero_reserves",
        "one base unit is owed and the addresses are empty",
        &owes(1, hot(0)),
        &[
            "short, less-than-owed",
            "low 0, high 0, came and went 0, not sustained 0",
            "minimum 0, without trips 0, by blocks",
            "statement 7: 0 to 0, 0.00 %",
            "below: 0 of 1 at 100",
            "below: 0 of 1 at 110",
            "window: 0 at 100, median 0, mean 0, cut-off 0, dressing -, 21 of 21 blocks",
        ],
    );
    // evidence of a balance of zero is a claim
    put(
        "zero_shown_without_window",
        "claimed, shown as empty, no window",
        &owes(1, none(BITCOIN)),
        &[
            "short, less-than-owed",
            "low 0, high 0, came and went 0, not sustained 0",
            "minimum -, without trips -, by blocks",
            "statement 7: 0 to 0, 0.00 %",
        ],
    );
    // no deployment at all
    put(
        "owed_and_not_claimed",
        "the asset is on the side of liabilities only",
        &owes_on(100, Vec::new()),
        &[
            "not-determinable, not-claimed",
            "low 0, high 0, came and went 0, not sustained 0",
            "minimum -, without trips -, by blocks",
            "statement 7: 0 to 0, 0.00 %",
        ],
    );
    // no statement: nothing to compare with
    let silent = Story { statements: Vec::new(), ..owes(0, hot(100)) };
    put(
        "held_and_not_stated",
        "the asset is on the side of reserves only",
        &silent,
        &[
            "not-determinable, nothing-stated",
            "low 100, high 100, came and went 0, not sustained 0",
            "minimum 100, without trips 100, by blocks",
            QUIET_100,
        ],
    );
    // 105 × 10,000 = 100 × 10,500
    put(
        "ratio_reached",
        "a policy that asks for 105 %",
        &Story { ratio: 10_500, ..owes(100, hot(105)) },
        &[
            "covered, enough",
            "low 105, high 105, came and went 0, not sustained 0",
            "minimum 105, without trips 105, by blocks",
            "statement 7: 105 to 105, 105.00 %",
            "window: 105 at 100, median 105, mean 105, cut-off 105, dressing 0.00 %, 21 of 21 blocks",
        ],
    );
    // 104 × 10,000 < 100 × 10,500, and 104 ≥ 100: not short
    let missed = Story { ratio: 10_500, ..owes(100, hot(104)) };
    put(
        "ratio_missed",
        "more than owed, less than 105 % of it: not short, CF-7062",
        &missed,
        &[
            "not-determinable, between-both",
            "low 104, high 104, came and went 0, not sustained 0",
            "minimum 104, without trips 104, by blocks",
            "statement 7: 104 to 104, 104.00 %",
            "below: 104 of 100 at 100",
            "below: 104 of 100 at 110",
            "window: 104 at 100, median 104, mean 104, cut-off 104, dressing 0.00 %, 21 of 21 blocks",
        ],
    );
    // 2^128 − 1 twice
    let largest = |id| Chain { held: Some((u128::MAX, u128::MAX)), ..none(id) };
    put(
        "sum_does_not_fit",
        "two holdings whose sum has no place",
        &owes_on(1, vec![largest(BITCOIN), largest(ETHEREUM)]),
        &[
            "not-determinable, not-readable",
            "low 0, high 0, came and went 0, not sustained 0",
            "minimum -, without trips -, by blocks",
        ],
    );
}

/// What keeps a venue with plenty from `covered`, and what excuses nobody.
pub(super) fn evidence(vectors: &mut Vectors) {
    let rich = || hot(1_000);
    let mut put = |name, comment, story: &Story<'_>, wanted: &[&str]| {
        case(vectors, name, comment, &["Evidence"], story, wanted);
    };
    // 60 accepted, 110 of any kind
    let weak = Chain { held: Some((60, 110)), ..hot(110) };
    put(
        "between_both",
        "60 on accepted evidence, 110 on any",
        &owes(100, weak),
        &[
            "not-determinable, between-both",
            "low 60, high 110, came and went 0, not sustained 0",
            "minimum 110, without trips 110, by blocks",
            "statement 7: 60 to 110, 60.00 %",
            "window: 110 at 100, median 110, mean 110, cut-off 110, dressing 0.00 %, 21 of 21 blocks",
        ],
    );
    // a thousand times what is owed, at one moment
    put(
        "no_window",
        "a snapshot alone is never covered",
        &owes(1, Chain { held: Some((1_000, 1_000)), window: false, ..rich() }),
        &["not-determinable, window-incomplete", RICH, "minimum -, without trips -, by blocks", RICH_ROW],
    );
    put(
        "window_not_demanded",
        "the verifier asked for no window that shows more than a snapshot: CF-7050",
        &owes(1, Chain { demanded: false, ..rich() }),
        &["not-determinable, snapshot-only", RICH, RICH_MINIMUM, RICH_ROW, QUIET_1000],
    );
    // 99 of 100, seen at the cut-off only
    put(
        "short_without_window",
        "no window excuses a hole",
        &owes(100, Chain { held: Some((99, 99)), window: false, ..rich() }),
        &[
            "short, less-than-owed",
            "low 99, high 99, came and went 0, not sustained 0",
            "minimum -, without trips -, by blocks",
            "statement 7: 99 to 99, 99.00 %",
        ],
    );
    // 21 blocks less 2
    put(
        "gap",
        "two blocks of which nobody says that nothing happened: CF-7040",
        &owes(1, Chain { gaps: vec![(103, 104)], ..rich() }),
        &[
            "not-determinable, window-incomplete",
            RICH,
            RICH_MINIMUM,
            RICH_ROW,
            "window: 1000 at 100, median 1000, mean 1000, cut-off 1000, dressing 0.00 %, 19 of 21 blocks",
        ],
    );
    // 95 to 120 are 26 blocks, five of them are not shown
    put(
        "window_begins_late",
        "five blocks that were asked about lie before the window",
        &owes(1, Chain { asked: (95, 120), ..rich() }),
        &[
            "not-determinable, window-incomplete",
            RICH,
            RICH_MINIMUM,
            RICH_ROW,
            "window: 1000 at 100, median 1000, mean 1000, cut-off 1000, dressing 0.00 %, 21 of 26 blocks",
        ],
    );
    put(
        "window_not_accepted",
        "only the file says that nothing was left out: CF-7048",
        &owes(1, Chain { completeness: "unspent-stated", ..rich() }),
        &["not-determinable, window-incomplete", RICH, RICH_MINIMUM, RICH_ROW, QUIET_1000],
    );
    put(
        "critical_finding",
        "everything is there, and a critical finding is open",
        &Story { critical: true, ..owes(1, rich()) },
        &["not-determinable, critical-finding", RICH, RICH_MINIMUM, RICH_ROW, QUIET_1000],
    );
    // the figures of a venue that is short
    put(
        "not_readable",
        "what could not be read may hold any amount",
        &Story { readable: false, ..owes(100_000, rich()) },
        &[
            "not-determinable, not-readable",
            RICH,
            RICH_MINIMUM,
            "statement 7: 1000 to 1000, 1.00 %",
            "below: 1000 of 100000 at 100",
            "below: 1000 of 100000 at 110",
            QUIET_1000,
        ],
    );
    // a critical finding does not excuse
    put(
        "short_and_critical",
        "a critical finding does not excuse from short",
        &Story { critical: true, ..owes(100_000, rich()) },
        &[
            "short, less-than-owed",
            RICH,
            RICH_MINIMUM,
            "statement 7: 1000 to 1000, 1.00 %",
            "below: 1000 of 100000 at 100",
            "below: 1000 of 100000 at 110",
            QUIET_1000,
        ],
    );
    // validators have 32 of 132: the window shows 100, which is what is owed
    let staked = Chain { held: Some((132, 132)), apart: 32, outside: 32, ..hot(100) };
    put(
        "apart_from_the_window",
        "32 with validators, which the window neither shows nor takes from",
        &owes(100, staked),
        &[
            "covered, enough",
            "low 132, high 132, came and went 0, not sustained 0",
            "minimum 100, without trips 100, by blocks",
            "statement 7: 132 to 132, 132.00 %",
            QUIET_100,
        ],
    );
}
