//! Coins that came and went.

use super::case;
use super::story::{Chain, ETHEREUM, Story, chain, hot, owes};
use crate::vectors_gen::Vectors;

const LENT_50: &str = "window: 100 at 100, median 100, mean 125, cut-off 150, dressing 33.33 %, 21 of 21 blocks";
const TRIP_50: &str = "trip: 50 in at 105 to 105, 50 out at 115 to 115, lender";
const LEAST_100: &str = "minimum 100, without trips 100, by blocks";

pub(super) fn add(vectors: &mut Vectors) {
    let mut put = |name, comment, story: &Story<'_>, wanted: &[&str]| {
        case(vectors, name, comment, &["RoundTrip"], story, wanted);
    };
    // own × 5 blocks, own + lent × 10, own × 6: mean own + lent ÷ 2; 711,900 of 1,834,000 is 38.81 %
    put(
        "borrowed_for_a_snapshot",
        "without the 711,900 of a lender 61.21 % are there: CF-7045",
        &owes(1_833_025, hot(1_122_100).lent(105, 115, 711_900)),
        &[
            "short, less-than-owed",
            "low 1122100, high 1122100, came and went 711900, not sustained 711900",
            "minimum 1122100, without trips 1122100, by blocks",
            "statement 7: 1122100 to 1122100, 61.21 %",
            "below: 1122100 of 1833025 at 100",
            "below: 1122100 of 1833025 at 110",
            "window: 1122100 at 100, median 1122100, mean 1478050, cut-off 1834000, dressing 38.81 %, 21 of 21 blocks",
            "trip: 711900 in at 105 to 105, 711900 out at 115 to 115, lender",
        ],
    );
    // 150 less 50 are 100
    put(
        "loan_not_needed",
        "enough without the loan, which changes nothing",
        &owes(100, hot(100).lent(105, 115, 50)),
        &[
            "covered, enough",
            "low 100, high 100, came and went 50, not sustained 50",
            LEAST_100,
            "statement 7: 100 to 100, 100.00 %",
            LENT_50,
            TRIP_50,
        ],
    );
    let pieces =
        hot(100).came(104, 30, "lender").came(106, 20, "lender").left(113, 25, "lender").left(116, 25, "lender");
    // 100 × 4, 130 × 2, 150 × 7, 125 × 3, 100 × 5; mean 2,485 ÷ 20; 25 of 150; no two amounts are alike, the sums are
    put(
        "loan_in_pieces",
        "30 and 20 came, twice 25 went: all of one counterparty together",
        &owes(150, pieces),
        &[
            "short, less-than-owed",
            "low 100, high 100, came and went 50, not sustained 50",
            LEAST_100,
            "statement 7: 100 to 100, 66.66 %",
            "below: 100 of 150 at 100",
            "below: 100 of 150 at 110",
            "window: 100 at 100, median 125, mean 124, cut-off 150, dressing 16.66 %, 21 of 21 blocks",
            "trip: 50 in at 104 to 106, 50 out at 113 to 116, lender",
        ],
    );
    let twice =
        hot(100).came(103, 50, "lender").came(105, 50, "lender").left(113, 50, "lender").left(114, 50, "lender");
    // 100 × 3, 150 × 2, 200 × 8, 150, 100 × 7; mean 2,950 ÷ 20; 50 of 200
    put(
        "two_loans",
        "two loans of one lender: the first that came is paid back first",
        &owes(150, twice),
        &[
            "short, less-than-owed",
            "low 100, high 100, came and went 100, not sustained 100",
            LEAST_100,
            "statement 7: 100 to 100, 66.66 %",
            "below: 100 of 150 at 100",
            "below: 100 of 150 at 110",
            "window: 100 at 100, median 150, mean 147, cut-off 200, dressing 25.00 %, 21 of 21 blocks",
            "trip: 50 in at 103 to 103, 50 out at 113 to 113, lender",
            "trip: 50 in at 105 to 105, 50 out at 114 to 114, lender",
        ],
    );
    let filled = hot(100).came(111, 30, "lender").left(112, 30, "a customer").came(118, 30, "another one");
    // 130 at 111 and 118, otherwise 100; mean 2,060 ÷ 20; without the loan 70 from 112 to 117
    put(
        "loan_fills_a_dip",
        "borrowed coins do not fill a dip",
        &owes(100, filled.left(119, 30, "lender")),
        &[
            "not-determinable, fell-below",
            "low 100, high 100, came and went 0, not sustained 0",
            "minimum 100, without trips 70, by blocks",
            "statement 7: 100 to 100, 100.00 %",
            "below: 70 of 100 at 112",
            "window: 100 at 100, median 100, mean 103, cut-off 100, dressing 0.00 %, 21 of 21 blocks",
            "trip: 30 in at 111 to 111, 30 out at 119 to 119, lender",
        ],
    );
    let explained = Chain { explained: vec![("transaction 105", "a")], ..hot(100).lent(105, 115, 50) };
    // 150 of 120, but 100 before and after
    put(
        "explained_by_the_tree",
        "liabilities in the tree answer to the deposit: a customer's",
        &owes(120, explained).leaf("a", "lender", &[(7, 50)]),
        &[
            "not-determinable, fell-below",
            "low 150, high 150, came and went 0, not sustained 0",
            LEAST_100,
            "statement 7: 150 to 150, 125.00 %",
            "below: 100 of 120 at 100",
            "below: 100 of 120 at 115",
            LENT_50,
            "trip: 50 in at 105 to 105, 50 out at 115 to 115, lender; 50 bound",
        ],
    );
    let stated = Chain { authenticity: "stated", ..hot(60).lent(105, 115, 50) };
    // 60 × 5, 110 × 10, 60 × 6; 50 of 110 is 45.45 %
    put(
        "stated_loan",
        "whoever makes the bundle could make up a loan: it convicts nobody",
        &owes(100, stated),
        &[
            "not-determinable, between-both",
            "low 60, high 110, came and went 0, not sustained 50",
            "minimum 60, without trips 60, by blocks",
            "statement 7: 60 to 110, 60.00 %",
            "below: 60 of 100 at 100",
            "below: 60 of 100 at 110",
            "window: 60 at 100, median 60, mean 85, cut-off 110, dressing 45.45 %, 21 of 21 blocks",
            TRIP_50,
        ],
    );
    let change = |id| {
        chain(id, &[("hot", 100)])
            .moved(105, [&[], &[("hot", 50)], &[("lender", 80)], &[("change", 30)]])
            .left(115, 50, "change")
    };
    // the one output beside ours is the lender's
    put(
        "back_to_change",
        "paid back to where the lender's change had gone",
        &owes(120, change(super::story::BITCOIN)),
        &[
            "short, less-than-owed",
            "low 100, high 100, came and went 50, not sustained 50",
            LEAST_100,
            "statement 7: 100 to 100, 83.33 %",
            "below: 100 of 120 at 100",
            "below: 100 of 120 at 110",
            LENT_50,
            "trip: 50 in at 105 to 105, 50 out at 115 to 115, change",
        ],
    );
    // an account pays somebody else
    put(
        "no_change_of_accounts",
        "an account has no change: whom it pays beside us is somebody else",
        &owes(120, change(ETHEREUM)),
        &[
            "not-determinable, fell-below",
            "low 150, high 150, came and went 0, not sustained 0",
            LEAST_100,
            "statement 7: 150 to 150, 125.00 %",
            "below: 100 of 120 at 100",
            "below: 100 of 120 at 115",
            LENT_50,
        ],
    );
}

/// Where a round trip begins and ends to be one.
pub(super) fn limits(vectors: &mut Vectors) {
    let mut put = |name, comment, story: &Story<'_>, wanted: &[&str]| {
        case(vectors, name, comment, &["RoundTrip", "Boundary"], story, wanted);
    };
    let fee = |back| owes(25_000, hot(20_000).came(105, 10_000, "lender").left(115, back, "lender"));
    // 100 of 10,000 is 1 %; 20,000 × 5, 30,000 × 10, 20,100 × 6: mean 500,500 ÷ 20; 9,900 of 30,000
    put(
        "tolerance_reached",
        "1 % less went back: a round trip, of which 9,900 certainly came and went",
        &fee(9_900),
        &[
            "short, less-than-owed",
            "low 20000, high 20100, came and went 9900, not sustained 10000",
            "minimum 20000, without trips 20000, by blocks",
            "statement 7: 20000 to 20100, 80.00 %",
            "below: 20000 of 25000 at 100",
            "below: 20000 of 25000 at 110",
            "window: 20000 at 100, median 20100, mean 25025, cut-off 30000, dressing 33.00 %, 21 of 21 blocks",
            "trip: 10000 in at 105 to 105, 9900 out at 115 to 115, lender",
        ],
    );
    // 101 of 10,000 is more than 1 %; mean 500,505 ÷ 20; 9,899 of 30,000
    put(
        "tolerance_exceeded",
        "one base unit less went back: no round trip",
        &fee(9_899),
        &[
            "not-determinable, fell-below",
            "low 30000, high 30000, came and went 0, not sustained 0",
            "minimum 20000, without trips 20000, by blocks",
            "statement 7: 30000 to 30000, 120.00 %",
            "below: 20000 of 25000 at 100",
            "below: 20101 of 25000 at 115",
            "window: 20000 at 100, median 20101, mean 25025, cut-off 30000, dressing 32.99 %, 21 of 21 blocks",
        ],
    );
    let within = |blocks| Story { blocks, ..owes(120, hot(100).lent(105, 115, 50)) };
    // 110 − 5 = 105 and 110 + 5 = 115
    put(
        "pooled_within_reach",
        "ten blocks apart, five each side of the cut-off: seen around it",
        &within(5),
        &[
            "short, less-than-owed",
            "low 100, high 100, came and went 50, not sustained 50",
            LEAST_100,
            "statement 7: 100 to 100, 83.33 %",
            "below: 100 of 120 at 100",
            "below: 100 of 120 at 110",
            LENT_50,
            TRIP_50,
        ],
    );
    // 110 − 4 > 105
    put(
        "out_of_reach",
        "the same with four blocks: no round trip",
        &within(4),
        &[
            "not-determinable, fell-below",
            "low 150, high 150, came and went 0, not sustained 0",
            LEAST_100,
            "statement 7: 150 to 150, 125.00 %",
            "below: 100 of 120 at 100",
            "below: 100 of 120 at 115",
            LENT_50,
        ],
    );
    // they left in the cut-off block itself: 100 at its end; 100 × 5, 150 × 5, 100 × 11; mean (500 + 750 + 1,000) ÷ 20
    put(
        "back_in_the_cutoff_block",
        "back in the cut-off block: nothing of it is in the snapshot",
        &owes(100, hot(100).lent(105, 110, 50)),
        &[
            "covered, enough",
            "low 100, high 100, came and went 0, not sustained 0",
            LEAST_100,
            "statement 7: 100 to 100, 100.00 %",
            "window: 100 at 100, median 100, mean 112, cut-off 100, dressing 0.00 %, 21 of 21 blocks",
            "trip: 50 in at 105 to 105, 50 out at 110 to 110, lender",
        ],
    );
    // they came in the cut-off block and left in the next one: 150 at its end only; mean (2,000 + 50) ÷ 20; 50 of 150
    put(
        "lent_for_one_block",
        "there at the end of the cut-off block, and of no other",
        &owes(120, hot(100).lent(110, 111, 50)),
        &[
            "short, less-than-owed",
            "low 100, high 100, came and went 50, not sustained 50",
            LEAST_100,
            "statement 7: 100 to 100, 83.33 %",
            "below: 100 of 120 at 100",
            "below: 100 of 120 at 110",
            "window: 100 at 100, median 100, mean 102, cut-off 150, dressing 33.33 %, 21 of 21 blocks",
            "trip: 50 in at 110 to 110, 50 out at 111 to 111, lender",
        ],
    );
}

/// What the list of coins, the window and the closing block make of it.
pub(super) fn held(vectors: &mut Vectors) {
    let mut put = |name, comment, story: &Story<'_>, wanted: &[&str]| {
        case(vectors, name, comment, &["RoundTrip"], story, wanted);
    };
    // C = 100, S = 150, U = 100: max(100 − 100, min(150 − 100, 100)) = 50; H = 100 ≤ S − T
    put(
        "loan_not_listed",
        "the coins are listed after the loan went back: not taken off again from what is held",
        &owes(100, Chain { held: Some((100, 100)), ..hot(100).lent(105, 115, 50) }),
        &[
            "not-determinable, between-both",
            "low 50, high 100, came and went 0, not sustained 50",
            LEAST_100,
            "statement 7: 50 to 100, 50.00 %",
            LENT_50,
            TRIP_50,
        ],
    );
    // H = 120 > S = 100: nothing is taken off; C − U = 120 − 50; 50 × 5, 100 × 10, 50 × 6
    put(
        "list_above_window",
        "the list has more than the window, which is no reason to lower it: CF-7047",
        &owes(110, Chain { held: Some((120, 120)), ..hot(50).lent(105, 115, 50) }),
        &[
            "not-determinable, between-both",
            "low 50, high 120, came and went 0, not sustained 70",
            "minimum 50, without trips 50, by blocks",
            "statement 7: 50 to 120, 45.45 %",
            "below: 50 of 110 at 100",
            "below: 50 of 110 at 110",
            "window: 50 at 100, median 50, mean 75, cut-off 100, dressing 50.00 %, 21 of 21 blocks",
            TRIP_50,
        ],
    );
    // H = 190 with O = 40: 190 − max(0, 150 − (150 − 50)) = 140
    put(
        "outside_of_the_window",
        "40 of what is possible lie where the window does not look",
        &owes(150, Chain { held: Some((150, 190)), outside: 40, ..hot(100).lent(105, 115, 50) }),
        &[
            "short, less-than-owed",
            "low 100, high 140, came and went 50, not sustained 50",
            LEAST_100,
            "statement 7: 100 to 140, 66.66 %",
            "below: 100 of 150 at 100",
            "below: 100 of 150 at 110",
            LENT_50,
            TRIP_50,
        ],
    );
    let left = Chain { closing: Some(115), ..hot(100).left(113, 40, "somebody") };
    // 100 × 13 blocks, 60 × 8; mean (1,300 + 7 × 60) ÷ 20; 40 are gone at block 115
    put(
        "gone_before_closing",
        "40 left before the block at which the signatures were seen: CF-7044",
        &owes(100, left),
        &[
            "not-determinable, between-both",
            "low 60, high 100, came and went 0, not sustained 40",
            "minimum 60, without trips 60, by blocks",
            "statement 7: 60 to 100, 60.00 %",
            "below: 60 of 100 at 113",
            "window: 60 at 113, median 100, mean 86, cut-off 100, dressing 0.00 %, 21 of 21 blocks",
        ],
    );
    let left = Chain { closing: Some(112), ..hot(100).left(113, 40, "somebody") };
    // at block 112 everything is there
    put(
        "gone_after_closing",
        "the same with an earlier closing block: low is 100, and the balance fell",
        &owes(100, left),
        &[
            "not-determinable, fell-below",
            "low 100, high 100, came and went 0, not sustained 0",
            "minimum 60, without trips 60, by blocks",
            "statement 7: 100 to 100, 100.00 %",
            "below: 60 of 100 at 113",
            "window: 60 at 113, median 100, mean 86, cut-off 100, dressing 0.00 %, 21 of 21 blocks",
        ],
    );
    // 50 of a round trip are the 50 that left: taken off once
    put(
        "trip_gone_before_closing",
        "coins of a round trip that were back by the closing block are taken off once",
        &owes(100, Chain { closing: Some(116), ..hot(100).lent(105, 115, 50) }),
        &[
            "covered, enough",
            "low 100, high 100, came and went 50, not sustained 50",
            LEAST_100,
            "statement 7: 100 to 100, 100.00 %",
            LENT_50,
            TRIP_50,
        ],
    );
}
