//! Customers with one address, and who is not one: leaves that answer to coins which came and went.

use super::case;
use super::story::{Chain, ETHEREUM, Story, chain, hot, owes, owes_on};
use crate::vectors_gen::Vectors;

// 60 × 5 blocks, 100 × 10, 60 × 6: mean 1,600 ÷ 20; 40 of 100
const WINDOW: &str = "window: 60 at 100, median 60, mean 80, cut-off 100, dressing 40.00 %, 21 of 21 blocks";
const LEAST: &str = "minimum 60, without trips 60, by blocks";
const TRIP: &str = "trip: 40 in at 105 to 105, 40 out at 115 to 115, lender";
const BEFORE: &str = "statement 6: 60 to 60, 100.00 %";
const AFTER: &str = "statement 8: 60 to 60, 100.00 %";

/// 40 come at 105 and leave at 115, and are said to be of the customer `a`.
fn paid_in<'a>() -> Chain<'a> {
    Chain { explained: vec![("transaction 105", "a")], ..hot(60).lent(105, 115, 40) }
}

/// 60 are owed before and after, 100 at the cut-off.
fn customer<'a>() -> Story<'a> {
    owes(100, paid_in()).also(6, 102, 60, true).also(8, 118, 60, true)
}

pub(super) fn add(vectors: &mut Vectors) {
    let mut put = |name, comment, story: &Story<'_>, wanted: &[&str]| {
        case(vectors, name, comment, &["RoundTrip"], story, wanted);
    };
    let trip = |owed: &str| format!("{TRIP}; {owed}");
    put(
        "customer_with_one_address",
        "a customer pays in and takes out, is owed it at the cut-off, and the leaf is bound to the address",
        &customer().leaf("a", "lender", &[(7, 40)]),
        &[
            "covered, enough",
            "low 100, high 100, came and went 0, not sustained 0",
            LEAST,
            BEFORE,
            "statement 7: 100 to 100, 100.00 %",
            AFTER,
            WINDOW,
            &trip("40 bound"),
        ],
    );
    let short = ["short, less-than-owed", "low 60, high 60, came and went 40, not sustained 40", LEAST, BEFORE];
    let short = [&short[..], &["statement 7: 60 to 60, 60.00 %", AFTER, WINDOW, TRIP]].concat();
    put("customer_without_a_proof", "the same, and no leaf is shown", &customer().leaf("a", "lender", &[]), &short);
    put(
        "leaf_of_an_earlier_statement",
        "what was owed at another cut-off explains nothing at this one",
        &customer().leaf("a", "lender", &[(6, 40)]),
        &short,
    );
    put(
        "leaf_of_another_customer",
        "a leaf of that size, and nothing in it names the address: it convicts nobody and covers nothing",
        &customer().leaf("a", "", &[(7, 40)]),
        &[
            "not-determinable, between-both",
            "low 60, high 100, came and went 0, not sustained 40",
            LEAST,
            BEFORE,
            "statement 7: 60 to 100, 60.00 %",
            AFTER,
            WINDOW,
            &trip("40 stated"),
        ],
    );
    put(
        "leaf_smaller_than_the_loan",
        "a leaf explains what it has, and one unit is in none",
        &customer().leaf("a", "lender", &[(7, 39)]),
        &[
            "short, less-than-owed",
            "low 99, high 99, came and went 1, not sustained 1",
            LEAST,
            BEFORE,
            "statement 7: 99 to 99, 99.00 %",
            AFTER,
            WINDOW,
            &trip("39 bound"),
        ],
    );
    gift(&mut put);
    dust(&mut put);
    shared(&mut put);
    spanned(&mut put);
    unlogged(&mut put);
    uncompared(&mut put);
}

/// Takes a vector: name, comment, story, table.
type Put<'p> = &'p mut dyn FnMut(&'static str, &'static str, &Story<'_>, &[&str]);

fn gift(put: Put<'_>) {
    // the lender's one other output looks like change, and anybody can be sent it
    let gift =
        hot(60).moved(105, [&[], &[("hot", 40)], &[("lender", 41)], &[("customer", 1)]]).left(115, 40, "customer");
    let gift = Chain { explained: vec![("transaction 105", "a")], ..gift };
    put(
        "gift_that_looks_like_change",
        "a lender sends a customer what looks like change: the customer's leaf is not of who paid",
        &owes(100, gift).also(6, 102, 60, true).also(8, 118, 60, true).leaf("a", "customer", &[(7, 40)]),
        &[
            "not-determinable, between-both",
            "low 60, high 100, came and went 0, not sustained 40",
            LEAST,
            BEFORE,
            "statement 7: 60 to 100, 60.00 %",
            AFTER,
            WINDOW,
            "trip: 40 in at 105 to 105, 40 out at 115 to 115, customer; 40 stated",
        ],
    );
}

/// The lender pays, and a customer who has as much in the tree signs beside it, with a single unit.
fn dust(put: Put<'_>) {
    let both = hot(60).moved(105, [&[], &[("hot", 40)], &[("lender", 40), ("customer", 1)], &[]]);
    let both = Chain { explained: vec![("transaction 105", "a")], ..both.left(115, 40, "customer") };
    put(
        "loan_with_a_customer_as_second_signer",
        "what the lender's coins can have paid is bound to no customer who signs beside them",
        &owes(100, both).also(6, 102, 60, true).also(8, 118, 60, true).leaf("a", "customer", &[(7, 40)]),
        &[
            "not-determinable, between-both",
            "low 60, high 100, came and went 0, not sustained 40",
            LEAST,
            BEFORE,
            "statement 7: 60 to 100, 60.00 %",
            AFTER,
            WINDOW,
            "trip: 40 in at 105 to 105, 40 out at 115 to 115, customer; 40 stated",
        ],
    );
}

fn shared(put: Put<'_>) {
    let twice = hot(60).came(104, 40, "lender").came(106, 30, "lender").left(114, 30, "lender").left(116, 40, "lender");
    let twice = Chain { explained: vec![("transaction 104", "a"), ("transaction 106", "a")], ..twice };
    let twice = owes(130, twice).also(6, 102, 60, true).also(8, 118, 60, true);
    // 60 × 4, 100 × 2, 130 × 8, 100 × 2, 60 × 5: mean 1,920 ÷ 20; 30 of 130
    put(
        "two_trips_share_a_leaf",
        "one leaf of 40 explains the first of two trips, and nothing of the second",
        &twice.leaf("a", "lender", &[(7, 40)]),
        &[
            "short, less-than-owed",
            "low 100, high 100, came and went 30, not sustained 30",
            LEAST,
            BEFORE,
            "statement 7: 100 to 100, 76.92 %",
            AFTER,
            "window: 60 at 100, median 100, mean 96, cut-off 130, dressing 23.07 %, 21 of 21 blocks",
            "trip: 40 in at 104 to 104, 40 out at 116 to 116, lender; 40 bound",
            "trip: 30 in at 106 to 106, 30 out at 114 to 114, lender",
        ],
    );
    let other = chain(ETHEREUM, &[("hot", 60)]).lent(105, 115, 40);
    let other = Chain { explained: vec![("transaction 105", "a")], ..other };
    put(
        "two_chains_share_a_leaf",
        "one leaf of 40 explains a trip on one chain, and not the same again on another",
        &owes_on(200, vec![paid_in(), other]).leaf("a", "lender", &[(7, 40)]),
        &[
            "short, less-than-owed",
            "low 160, high 160, came and went 40, not sustained 40",
            "minimum 120, without trips 120, by times",
            "statement 7: 160 to 160, 80.00 %",
            "below: 120 of 200 at 1800000000",
            "below: 120 of 200 at 1800009000",
            WINDOW,
            &format!("{TRIP}; 40 bound"),
            WINDOW,
            TRIP,
        ],
    );
}

/// The coins are there at two cut-offs, 107 and 110.
fn spanned(put: Put<'_>) {
    let two = || owes(100, paid_in()).also(6, 107, 100, true).also(8, 118, 60, true);
    put(
        "trip_over_two_statements",
        "what is there at two cut-offs must be owed at both",
        &two().leaf("a", "lender", &[(7, 40)]),
        &[
            "short, less-than-owed",
            "low 60, high 60, came and went 40, not sustained 40",
            LEAST,
            "statement 6: 60 to 60, 60.00 %",
            "statement 7: 60 to 60, 60.00 %",
            AFTER,
            "below: 60 of 100 at 100",
            "below: 60 of 100 at 107",
            WINDOW,
            TRIP,
        ],
    );
    // before the deposit 60 are there, and 100 are asked for
    put(
        "trip_over_two_statements_owed_at_both",
        "it is, and the leaf that has least decides",
        &two().leaf("a", "lender", &[(6, 41), (7, 40)]),
        &[
            "not-determinable, fell-below",
            "low 100, high 100, came and went 0, not sustained 0",
            LEAST,
            "statement 6: 100 to 100, 100.00 %",
            "statement 7: 100 to 100, 100.00 %",
            AFTER,
            "below: 60 of 100 at 100",
            WINDOW,
            &format!("{TRIP}; 40 bound"),
        ],
    );
}

/// A loan that spans another statement alone, whose tree has a leaf of the lender's.
fn unlogged(put: Put<'_>) {
    // the venue's own 40 are elsewhere from 102 to 108; at 105 a statement owes the lender 40, and nobody else
    let moved = hot(100).came(101, 40, "lender").left(102, 40, "elsewhere").came(108, 40, "elsewhere");
    let chain = Chain { explained: vec![("transaction 101", "a")], ..moved.left(109, 40, "lender") };
    let story = owes(100, chain).also(6, 105, 40, true).leaf("a", "lender", &[(6, 40)]);
    let rows = ["low 100, high 100, came and went 0, not sustained 0", "minimum 100, without trips 60, by blocks"];
    // 100, 140, 100 × 6, 140, 100 × 11: mean 2,080 ÷ 20
    let window = "window: 100 at 100, median 100, mean 104, cut-off 100, dressing 0.00 %, 21 of 21 blocks";
    let trip = "trip: 40 in at 101 to 101, 40 out at 109 to 109, lender";
    put(
        "leaf_of_an_unlogged_statement",
        "what is owed in a statement that no log shows explains no coins",
        &story.unlogged(&[6]),
        &[
            "not-determinable, fell-below",
            rows[0],
            rows[1],
            "statement 6: 60 to 60, 150.00 %",
            "statement 7: 100 to 100, 100.00 %",
            "below: 60 of 100 at 102",
            "below: 60 of 100 at 105",
            window,
            trip,
        ],
    );
}

/// The venue's own 40 are elsewhere from 113 to 118, and 40 of a lender are there instead; the statement that owes them
/// is of block 117.
fn uncompared(put: Put<'_>) {
    let first = || {
        let moved = hot(100).came(112, 40, "lender").left(113, 40, "elsewhere").came(118, 40, "elsewhere");
        Chain { explained: vec![("transaction 112", "a")], ..moved.left(119, 40, "lender") }
    };
    let story = |other| owes_on(200, vec![first(), other]).also(8, 117, 240, true).leaf("a", "lender", &[(8, 40)]);
    // 100 × 12, 140, 100 × 5, 140, 100: mean 2,080 ÷ 20
    let window = "window: 100 at 100, median 100, mean 104, cut-off 100, dressing 0.00 %, 21 of 21 blocks";
    let trip = "trip: 40 in at 112 to 112, 40 out at 119 to 119, lender";
    let at_cutoff = ["low 200, high 200, came and went 0, not sustained 0", "statement 7: 200 to 200, 100.00 %"];
    let other = || chain(ETHEREUM, &[("hot", 100)]);
    put(
        "leaf_of_a_statement_that_is_not_compared",
        "the window of the other chain ends before the statement that owes the loan: with that L nothing is compared",
        &story(Chain { shown: (105, 115), asked: (105, 115), ..other() }),
        &[
            "not-determinable, fell-below",
            at_cutoff[0],
            "minimum 200, without trips 160, by times",
            at_cutoff[1],
            "below: 160 of 200 at 1800007800",
            window,
            trip,
            "window: 100 at 105, median 100, mean 100, cut-off 100, dressing 0.00 %, 11 of 11 blocks",
        ],
    );
    put(
        "leaf_of_a_statement_that_is_compared",
        "the window of the other chain reaches it: the loan is in L, and R has to reach that",
        &story(other()),
        &[
            "short, less-than-owed",
            at_cutoff[0],
            "minimum 200, without trips 200, by times",
            at_cutoff[1],
            "statement 8: 200 to 200, 83.33 %",
            "below: 200 of 240 at 1800010200",
            window,
            &format!("{trip}; 40 bound"),
            "window: 100 at 100, median 100, mean 100, cut-off 100, dressing 0.00 %, 21 of 21 blocks",
        ],
    );
}
