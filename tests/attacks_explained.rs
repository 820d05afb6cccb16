//! Attempts to pass a loan off as a customer's deposit, on the pure verdict, with figures computed by hand; and the
//! honest customer beside them, who pays in before the cut-off and takes out after it.
#![allow(clippy::unwrap_used, missing_docs)]

mod window_cases;

use counterfoil::reconcile::Verdict::{Covered, NotDeterminable, Short};
use counterfoil::reconcile::assess::Reason;
use window_cases::{BITCOIN, Chain, EVM, Story, amount};

/// 60 of others all the time; 40 come at 140 and leave at 160, and are owed at block 150 alone.
fn customer() -> Story {
    Story::owes(100).holds(60).earlier_statement(120, 60).lent(140, 160, 40).next_statement(180, 60)
}

#[test]
fn an_honest_customer_with_one_address_makes_nobody_short() {
    assert_eq!(customer().judge().verdict, Short, "without a proof it looks like a loan");
    let found = customer().owed_to_the_lender(&[(7, 40)]).judge();
    assert_eq!((found.verdict, found.reason), (Covered, Reason::Enough));
    assert_eq!((found.low, found.high), (amount(100), amount(100)));
    let report = customer().owed_to_the_lender(&[(7, 40)]).report();
    assert!(report.round_trips[0].explained);
    assert_eq!(report.round_trips[0].explained_bound, amount(40));
}

/// The venue has lost 40 of an old customer's 100, borrows 40, and shows that customer's leaf: the loan is not owed.
#[test]
fn attack_another_customers_leaf_covers_no_loan() {
    for credential in ["", "another customer's choice"] {
        let found = customer().owed_to(credential, &[(7, 100)]).judge();
        assert_eq!((found.verdict, found.reason), (NotDeterminable, Reason::BetweenBoth), "{credential:?}");
        assert_eq!((found.low, found.high), (amount(60), amount(100)));
    }
    let told = customer().owed_to("", &[(7, 100)]).report();
    let trip = &told.round_trips[0];
    assert_eq!((trip.explained, trip.explained_bound, trip.explained_stated), (false, amount(0), amount(40)));
}

/// Whoever lists the lender owes it: the leaf is in what is owed, and nothing is gained.
#[test]
fn attack_a_lender_as_customer_is_owed() {
    let lent = |owed| Story::owes(owed).holds(60).lent(140, 160, 40).owed_to_the_lender(&[(7, 40)]).judge();
    assert_eq!(lent(140).verdict, Short, "100 of others and 40 of the lender, against 100");
    assert_eq!(lent(100).reason, Reason::FellBelow, "60 of others: enough, but for the blocks beside the loan");
}

#[test]
fn a_leaf_answers_for_what_it_has() {
    let found = customer().owed_to_the_lender(&[(7, 39)]).judge();
    assert_eq!((found.verdict, found.low, found.high), (Short, amount(99), amount(99)));
    let found = customer().owed_to_the_lender(&[(7, 400)]).judge();
    assert_eq!(
        (found.verdict, found.low, found.high),
        (Covered, amount(100), amount(100)),
        "and for no more than came"
    );
}

#[test]
fn attack_a_leaf_of_another_statement_answers_for_nothing() {
    for sequence in [6, 8, 9] {
        assert_eq!(customer().owed_to_the_lender(&[(sequence, 40)]).judge().verdict, Short, "{sequence}");
    }
}

/// Coins that are there at two commitments are to be owed at both.
#[test]
fn a_trip_over_two_statements_needs_a_leaf_in_each() {
    let long = || Story::owes(100).holds(60).earlier_statement(120, 100).lent(110, 160, 40).next_statement(180, 60);
    assert_eq!(long().owed_to_the_lender(&[(7, 40)]).judge().verdict, Short);
    assert_eq!(long().owed_to_the_lender(&[(6, 40)]).judge().verdict, Short);
    let report = long().owed_to_the_lender(&[(6, 40), (7, 30)]).report();
    assert_eq!(report.round_trips[0].explained_bound, amount(30), "the one that owes least decides");
    let found = long().owed_to_the_lender(&[(6, 40), (7, 40)]).judge();
    // before the deposit 60 are there, and nothing says that less than 100 was owed then
    assert_eq!((found.verdict, found.reason), (NotDeterminable, Reason::FellBelow));
}

#[test]
fn attack_two_trips_share_one_leaf() {
    let twice = || Story::owes(140).holds(60).lent(130, 170, 40).lent(140, 160, 20).earlier_statement(120, 60);
    let twice = || twice().next_statement(180, 60);
    let found = twice().owed_to_the_lender(&[(7, 40)]).judge();
    assert_eq!((found.verdict, found.high), (Short, amount(100)), "20 of 60 are in no leaf");
    let explained: u128 = twice()
        .owed_to_the_lender(&[(7, 50)])
        .report()
        .round_trips
        .iter()
        .map(|trip| trip.explained_bound.base_units())
        .sum();
    assert_eq!(explained, 50);
}

/// One leaf, and the same loan on two chains.
#[test]
fn attack_two_chains_share_one_leaf() {
    let lent = |chain: &str| {
        let times = |height: u64| 600 * i64::try_from(height).unwrap();
        Chain::new(chain, 60).times(times).came(140, 40, "lender").out(160, 40, "lender")
    };
    let story = || Story::owes(200).on(lent(BITCOIN)).on(lent(EVM));
    let found = story().owed_to_the_lender(&[(7, 40)]).judge();
    assert_eq!((found.verdict, found.low, found.high), (Short, amount(160), amount(160)));
    assert_eq!(story().owed_to_the_lender(&[(7, 80)]).judge().low, amount(200));
}

/// What came after the cut-off is in no balance at the cut-off.
#[test]
fn a_deposit_after_the_cutoff_is_not_in_its_tree() {
    let late = Story::owes(60).holds(60).lent(155, 160, 40).owed_to_the_lender(&[(7, 40)]);
    assert_eq!(late.report().round_trips[0].explained_bound, amount(0), "it was there at no commitment");
    assert_eq!(late.judge().verdict, Covered, "and was not needed");
}

/// What had left before the closing block is taken off once, and a customer's coins are no part of that.
#[test]
fn a_customers_withdrawal_before_the_closing_block_is_one_like_any_other() {
    let closed = |leaf: &[(u64, u128)]| {
        let report = customer().closing(170).owed_to_the_lender(leaf).report();
        (report.came_and_went, report.gone_before_closing, report.sustained.unwrap())
    };
    assert_eq!(closed(&[]), (amount(40), amount(40), amount(60)));
    assert_eq!(closed(&[(7, 40)]), (amount(0), amount(40), amount(60)));
    assert_eq!(closed(&[(7, 25)]), (amount(15), amount(40), amount(60)));
}

/// The part that no leaf has is the last to leave: 25 of 40 are owed, 20 go back first.
#[test]
fn a_part_that_is_not_owed_leaves_last() {
    let story = Story::owes(100).holds(60).earlier_statement(120, 60).came(140, 40, "lender");
    let story = story.out(160, 20, "lender").out(170, 20, "lender").owed_to_the_lender(&[(7, 25)]);
    let report = story.report();
    assert_eq!((report.firm_at(150), report.firm_at(165)), (Some(amount(85)), Some(amount(65))));
    assert_eq!(report.firm_at(170), Some(amount(60)));
}
