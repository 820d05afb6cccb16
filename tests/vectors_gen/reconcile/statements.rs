//! Two commitments, two chains, and bounds from below.

use super::case;
use super::story::{BITCOIN, Chain, ETHEREUM, Story, chain, hot, owes, owes_on};
use crate::vectors_gen::Vectors;

pub(super) fn add(vectors: &mut Vectors) {
    let mut put = |name, comment, story: &Story<'_>, wanted: &[&str]| {
        case(vectors, name, comment, &["Neighbours"], story, wanted);
    };
    let run = || owes(100, hot(100).left(113, 25, "a customer").left(116, 15, "another one"));
    // 100 × 13 blocks, 75 × 3, 60 × 5; mean (1,300 + 225 + 4 × 60) ÷ 20
    let run_window = "window: 60 at 116, median 100, mean 88, cut-off 100, dressing 0.00 %, 21 of 21 blocks";
    let enough = "low 100, high 100, came and went 0, not sustained 0";
    let (least_60, row_100) = ("minimum 60, without trips 60, by blocks", "statement 7: 100 to 100, 100.00 %");
    // 60 remain of 100
    put(
        "bank_run",
        "customers take out 40 after the cut-off: nothing can be said, and it is not short",
        &run(),
        &["not-determinable, fell-below", enough, least_60, row_100, "below: 60 of 100 at 116", run_window],
    );
    // the signer can make it for this bundle alone: 100 are asked for as without it
    put(
        "bank_run_and_unlogged_statement",
        "the next statement says that 60 are owed, and no log shows it: it lowers nothing",
        &run().also(8, 118, 60, true).unlogged(&[8]),
        &[
            "not-determinable, fell-below",
            enough,
            least_60,
            row_100,
            "statement 8: 60 to 60, 100.00 %",
            "below: 60 of 100 at 116",
            "below: 60 of 100 at 118",
            run_window,
        ],
    );
    // between them min(100, 60), after the second one 60
    put(
        "bank_run_and_next_statement",
        "the next statement says that 60 are owed: covered",
        &run().also(8, 118, 60, true),
        &["covered, enough", enough, least_60, row_100, "statement 8: 60 to 60, 100.00 %", run_window],
    );
    // 60 of 61 is 98.36 %
    put(
        "next_statement_short",
        "one base unit is short at the next statement",
        &run().also(8, 118, 61, true),
        &[
            "short, less-than-owed",
            enough,
            least_60,
            row_100,
            "statement 8: 60 to 60, 98.36 %",
            "below: 60 of 61 at 116",
            "below: 60 of 61 at 118",
            run_window,
        ],
    );
    // block 121 is not within 100 to 120
    put(
        "next_statement_beyond_the_window",
        "a statement whose block the window does not reach counts for nothing",
        &run().also(8, 121, 60, true),
        &["not-determinable, fell-below", enough, least_60, row_100, "below: 60 of 100 at 116", run_window],
    );
    let growth = || owes(100, hot(60).came(104, 25, "a customer").came(107, 15, "another one"));
    // 60 × 4 blocks, 85 × 3, 100 × 14; mean (240 + 255 + 13 × 100) ÷ 20
    let growth_window = "window: 60 at 100, median 100, mean 89, cut-off 100, dressing 0.00 %, 21 of 21 blocks";
    // 60 of 100 before
    put(
        "growth",
        "customers bring 40 before the cut-off: nothing can be said, and it is not short",
        &growth(),
        &["not-determinable, fell-below", enough, least_60, row_100, "below: 60 of 100 at 100", growth_window],
    );
    put(
        "growth_and_earlier_statement",
        "the statement before says that 60 were owed: covered",
        &growth().also(6, 102, 60, true),
        &["covered, enough", enough, least_60, "statement 6: 60 to 60, 100.00 %", row_100, growth_window],
    );
    put(
        "growth_and_unlogged_statement",
        "the statement before says that 60 were owed, and no log shows it: it lowers nothing",
        &growth().also(6, 102, 60, true).unlogged(&[6]),
        &[
            "not-determinable, fell-below",
            enough,
            least_60,
            "statement 6: 60 to 60, 100.00 %",
            row_100,
            "below: 60 of 100 at 100",
            "below: 60 of 100 at 102",
            growth_window,
        ],
    );
    // 100 coins are there at the cut-off block alone; each neighbour owes one
    let dressed = || owes(100, hot(1).came(110, 99, "somebody").left(111, 99, "somebody else"));
    let dressed_window = "window: 1 at 100, median 1, mean 5, cut-off 100, dressing 99.00 %, 21 of 21 blocks";
    let least_1 = "minimum 1, without trips 1, by blocks";
    put(
        "dressed_between_unlogged_statements",
        "two statements that nobody has seen owe one unit each, a block beside the cut-off block on either side",
        &dressed().also(6, 109, 1, true).also(8, 111, 1, true).unlogged(&[6, 8]),
        &[
            "not-determinable, fell-below",
            enough,
            least_1,
            "statement 6: 1 to 1, 100.00 %",
            row_100,
            "statement 8: 1 to 1, 100.00 %",
            "below: 1 of 100 at 100",
            "below: 1 of 100 at 109",
            "below: 1 of 100 at 111",
            "below: 1 of 100 at 111",
            dressed_window,
        ],
    );
    // an unlogged one that owes more asks for more: 101 before it, 100 between
    put(
        "unlogged_statement_that_owes_more",
        "a statement that no log shows raises what is asked before it, and speaks against its signer",
        &owes(100, hot(100)).also(6, 102, 101, true).unlogged(&[6]),
        &[
            "short, less-than-owed",
            enough,
            "minimum 100, without trips 100, by blocks",
            "statement 6: 100 to 100, 99.00 %",
            row_100,
            "below: 100 of 101 at 100",
            "window: 100 at 100, median 100, mean 100, cut-off 100, dressing 0.00 %, 21 of 21 blocks",
        ],
    );
    // before 61, between min(61, 100)
    put(
        "earlier_statement_short",
        "one base unit was short at the statement before",
        &growth().also(6, 102, 61, true),
        &[
            "short, less-than-owed",
            enough,
            least_60,
            "statement 6: 60 to 60, 98.36 %",
            row_100,
            "below: 60 of 61 at 100",
            "below: 60 of 61 at 102",
            growth_window,
        ],
    );
    // R_high is not known
    put(
        "earlier_statement_of_another_set",
        "of other addresses, what was held then is not known: not short",
        &growth().also(6, 102, 100, false),
        &[
            "not-determinable, fell-below",
            enough,
            least_60,
            "statement 6: 60 to -, 60.00 %",
            row_100,
            "below: 60 of 100 at 100",
            "below: 60 of 100 at 102",
            growth_window,
        ],
    );
    // 100 × 12 blocks, 79 × 3, 80 × 6; mean (1,200 + 237 + 5 × 80) ÷ 20; between them min(100, 80)
    put(
        "dip_between_statements",
        "between two statements the smaller one is asked for, and one base unit is missing",
        &owes(100, hot(100).left(112, 21, "customers").came(115, 1, "others")).also(8, 118, 80, true),
        &[
            "not-determinable, fell-below",
            enough,
            "minimum 79, without trips 79, by blocks",
            row_100,
            "statement 8: 80 to 80, 100.00 %",
            "below: 79 of 80 at 112",
            "window: 79 at 112, median 100, mean 91, cut-off 100, dressing 0.00 %, 21 of 21 blocks",
        ],
    );
    // 20 are lent over block 118 only: 100 × 17 blocks, 120 × 2, 100 × 2; mean (1,700 + 240 + 100) ÷ 20
    put(
        "lent_for_the_next_statement",
        "a loan around the second statement is taken off there",
        &owes(100, hot(100).lent(117, 119, 20)).also(8, 118, 120, true),
        &[
            "short, less-than-owed",
            enough,
            "minimum 100, without trips 100, by blocks",
            row_100,
            "statement 8: 100 to 100, 83.33 %",
            "below: 100 of 120 at 118",
            "window: 100 at 100, median 100, mean 102, cut-off 100, dressing 0.00 %, 21 of 21 blocks",
            "trip: 20 in at 117 to 117, 20 out at 119 to 119, lender",
        ],
    );
}

/// 70 on Bitcoin and 30 on Ethereum, of which 20 wander over a bridge.
pub(super) fn chains(vectors: &mut Vectors) {
    let mut put = |name, comment, story: &Story<'_>, wanted: &[&str]| {
        case(vectors, name, comment, &["Alignment"], story, wanted);
    };
    let bridge = |later, snapshot| {
        let ether = chain(ETHEREUM, &[("hot", 30)]).came(104, 20, "bridge");
        owes_on(100, vec![hot(70).left(104, 20, "bridge"), Chain { later: Some(later), snapshot, ..ether }])
    };
    let enough = "low 100, high 100, came and went 0, not sustained 0";
    let row = "statement 7: 100 to 100, 100.00 %";
    // 70 × 4 blocks, 50 × 17; mean (280 + 800) ÷ 20
    let bitcoin = "window: 50 at 104, median 50, mean 54, cut-off 50, dressing 0.00 %, 21 of 21 blocks";
    // 30 × 4 blocks, 50 × 17; mean (120 + 800) ÷ 20
    let ether = "window: 30 at 100, median 50, mean 46, cut-off 50, dressing 0.00 %, 21 of 21 blocks";
    // for a minute 50 + 30; its block of the cut-off is 109, at second 5,460
    put(
        "bridge_takes_a_minute",
        "on the way over a bridge coins are on neither side",
        &bridge(60, 109),
        &[
            "not-determinable, fell-below",
            enough,
            "minimum 80, without trips 80, by times",
            row,
            "below: 80 of 100 at 1800002400",
            bitcoin,
            ether,
        ],
    );
    // within one second the lower one of each counts: 50 + 30
    put(
        "bridge_within_one_second",
        "within one second there is no order, and the lowest sum counts",
        &bridge(0, 110),
        &[
            "not-determinable, fell-below",
            enough,
            "minimum 80, without trips 80, by times",
            row,
            "below: 80 of 100 at 1800002400",
            bitcoin,
            ether,
        ],
    );
    // 70 + 50 for a minute, 100 otherwise
    put(
        "bridge_arrives_first",
        "they arrive before they are sent: never less than 100",
        &bridge(-60, 110),
        &["covered, enough", enough, "minimum 100, without trips 100, by times", row, bitcoin, ether],
    );
    // 100 × 17 blocks, 60 × 2, 100 × 2, of another hour: mean (1,700 + 120 + 100) ÷ 20
    let dip = hot(100).left(117, 40, "elsewhere").came(119, 40, "elsewhere again");
    let shorter = Chain { shown: (105, 115), asked: (105, 115), ..chain(ETHEREUM, &[("hot", 100)]) };
    put(
        "dip_behind_the_other_window",
        "one chain's window ends before coins leave on the other: it stays as it is there",
        &owes_on(200, vec![dip, shorter]),
        &[
            "not-determinable, fell-below",
            "low 200, high 200, came and went 0, not sustained 0",
            "minimum 160, without trips 160, by times",
            "statement 7: 200 to 200, 100.00 %",
            "below: 160 of 200 at 1800010200",
            "window: 60 at 117, median 100, mean 96, cut-off 100, dressing 0.00 %, 21 of 21 blocks",
            "window: 100 at 105, median 100, mean 100, cut-off 100, dressing 0.00 %, 11 of 11 blocks",
        ],
    );
    let untimed = |owed| {
        let bitcoin = hot(70).left(104, 20, "a").came(106, 20, "b");
        let ether = chain(ETHEREUM, &[("hot", 30)]).left(113, 10, "c").came(116, 10, "d");
        owes_on(owed, vec![Chain { later: None, ..bitcoin }, Chain { later: None, ..ether }])
    };
    let windows = [
        "window: 50 at 104, median 70, mean -, cut-off 70, dressing 0.00 %, 21 of 21 blocks",
        "window: 20 at 113, median 30, mean -, cut-off 30, dressing 0.00 %, 21 of 21 blocks",
    ];
    let least = "minimum 70, without trips 70, by minima";
    // before the cut-off 50 + 30, after it 70 + 20, over all 50 + 20
    put(
        "no_times",
        "times are missing: in each stretch the chains' minima are added, CF-7052",
        &untimed(80),
        &["covered, enough", enough, least, "statement 7: 100 to 100, 125.00 %", windows[0], windows[1]],
    );
    put(
        "no_times_one_unit_below",
        "the same with one base unit more owed",
        &untimed(81),
        &[
            "not-determinable, fell-below",
            enough,
            least,
            "statement 7: 100 to 100, 123.45 %",
            "below: 80 of 81 at -",
            windows[0],
            windows[1],
        ],
    );
    let fine = Chain { decimals: 3, ..hot(50_500) };
    // 50.500 + 50 = 100.500
    put(
        "two_decimals",
        "three decimals on one chain and none on the other",
        &Story { decimals: 3, ..owes_on(100_500, vec![fine, chain(ETHEREUM, &[("hot", 50)])]) },
        &[
            "covered, enough",
            "low 100500, high 100500, came and went 0, not sustained 0",
            "minimum 100500, without trips 100500, by times",
            "statement 7: 100500 to 100500, 100.00 %",
            "window: 50500 at 100, median 50500, mean 50500, cut-off 50500, dressing 0.00 %, 21 of 21 blocks",
            "window: 50 at 100, median 50, mean 50, cut-off 50, dressing 0.00 %, 21 of 21 blocks",
        ],
    );
    let none = Chain { window: false, held: Some((50, 50)), ..chain(ETHEREUM, &[]) };
    // 50 + 50, and of the second 50 no block is shown: they count as zero in the balance
    put(
        "one_chain_without_window",
        "half of what is held has no window",
        &owes_on(100, vec![chain(BITCOIN, &[("hot", 50)]), none]),
        &[
            "not-determinable, window-incomplete",
            enough,
            "minimum -, without trips -, by blocks",
            row,
            "below: 50 of 100 at 100",
            "below: 50 of 100 at 110",
            "window: 50 at 100, median 50, mean 50, cut-off 50, dressing 0.00 %, 21 of 21 blocks",
        ],
    );
}

/// Windows of stretches.
pub(super) fn bounds(vectors: &mut Vectors) {
    let mut put = |name, comment, story: &Story<'_>, wanted: &[&str]| {
        case(vectors, name, comment, &["LowerBound"], story, wanted);
    };
    let bounded = |owed| {
        let stretches =
            vec![("hot", 100, 109, 90, "nonce"), ("hot", 110, 110, 100, "proof"), ("hot", 111, 120, 90, "nonce")];
        owes(owed, Chain { stretches, ..chain(ETHEREUM, &[]) })
    };
    let enough = "low 100, high 100, came and went 0, not sustained 0";
    let least = "minimum 90, without trips 90, by blocks";
    // at least 90 × 20 blocks, 100 at the cut-off: no mean, and no ratio
    let window = "window: 90 at 100, median 90, mean -, cut-off 100, dressing -, 21 of 21 blocks";
    // 100 of 90
    put(
        "bounds_cover",
        "at least 90 at every block, and 90 owed",
        &bounded(90),
        &["covered, enough", enough, least, "statement 7: 100 to 100, 111.11 %", window],
    );
    // 100 of 91
    put(
        "bounds_below",
        "at least 90 at every block, and 91 owed",
        &bounded(91),
        &[
            "not-determinable, fell-below",
            enough,
            least,
            "statement 7: 100 to 100, 109.89 %",
            "below: 90 of 91 at 100",
            "below: 90 of 91 at 111",
            window,
        ],
    );
    // 90 of 95 is 94.73 %, and more may have been there
    put(
        "bounds_convict_nobody",
        "at a second statement a bound is no balance: not short",
        &bounded(90).also(8, 118, 95, true),
        &[
            "not-determinable, fell-below",
            enough,
            least,
            "statement 7: 100 to 100, 111.11 %",
            "statement 8: 90 to -, 94.73 %",
            "below: 90 of 95 at 118",
            window,
        ],
    );
    let hole = vec![("hot", 100, 115, 100, "logs"), ("hot", 118, 120, 100, "logs")];
    // nothing is shown of 116 and 117, which counts as zero
    put(
        "hole_between_stretches",
        "two blocks in no stretch are a gap, and count zero",
        &owes(100, Chain { stretches: hole, ..chain(ETHEREUM, &[]) }),
        &[
            "not-determinable, window-incomplete",
            enough,
            "minimum 0, without trips 0, by blocks",
            "statement 7: 100 to 100, 100.00 %",
            "below: 0 of 100 at 116",
            "window: 0 at 116, median 100, mean -, cut-off 100, dressing -, 19 of 21 blocks",
        ],
    );
    let logged = vec![
        ("a", 100, 111, 100, "logs"),
        ("a", 112, 120, 60, "logs"),
        ("b", 100, 111, 0, "logs"),
        ("b", 112, 120, 40, "logs"),
    ];
    // 100 + 0, then 60 + 40
    put(
        "exact_stretches",
        "every stretch is exact: the figures are those of any other window",
        &owes(100, Chain { stretches: logged, ..chain(ETHEREUM, &[]) }),
        &[
            "covered, enough",
            enough,
            "minimum 100, without trips 100, by blocks",
            "statement 7: 100 to 100, 100.00 %",
            "window: 100 at 100, median 100, mean 100, cut-off 100, dressing 0.00 %, 21 of 21 blocks",
            "address a: 60 at 112",
            "address b: 0 at 100",
        ],
    );
}
