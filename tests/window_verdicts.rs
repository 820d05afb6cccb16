//! The verdict over the window, in stories with figures computed by hand: who is covered, who is short, and of whom
//! nothing can be said.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod window_cases;

use counterfoil::basis::{Basis, Completeness};
use counterfoil::reconcile::Verdict::{Covered, NotDeterminable, Short};
use counterfoil::reconcile::assess::{Alignment, Reason};
use counterfoil::reconcile::window::Direction;
use window_cases::{BITCOIN, Chain, EVM, Story, amount};

#[test]
fn a_quiet_venue_is_covered_to_the_base_unit() {
    let story = |held| Story::owes(100).holds(held).judge();
    assert_eq!((story(100).verdict, story(100).reason), (Covered, Reason::Enough));
    assert_eq!((story(99).verdict, story(99).reason), (Short, Reason::LessThanOwed));
    assert_eq!(story(100).commitments[0].coverage.as_deref(), Some("100.00 %"));
    let nothing = Story::owes(0).holds(0).judge();
    assert_eq!((nothing.verdict, nothing.commitments[0].coverage.clone()), (Covered, None));
}

/// Snapshot clean, window not: the venue of October 2022 in round numbers, 320,000 out and 285,000 back.
#[test]
fn the_public_episode_shows_in_the_window() {
    let story = Story::owes(460_000).holds(500_000).out(110, 320_000, "another exchange");
    let story = story.came(140, 285_000, "another exchange");
    let found = story.judge();
    assert_eq!((found.low, found.commitments[0].coverage.as_deref()), (amount(465_000), Some("101.08 %")));
    assert_eq!(
        (found.verdict, found.reason, found.minimum),
        (NotDeterminable, Reason::FellBelow, Some(amount(180_000)))
    );
    let [dip] = found.below.as_slice() else { panic!("{:?}", found.below) };
    assert_eq!((dip.at, dip.held, dip.owed), (Some(110), amount(180_000), amount(460_000)));
    let flows = story.report().flows;
    let flow = |place: usize| (flows[place].height, flows[place].direction, flows[place].amount);
    assert_eq!((flows.len(), flow(0)), (2, (110, Direction::Out, amount(320_000))));
    assert_eq!(flow(1), (140, Direction::In, amount(285_000)));
    assert_eq!(story.report().dips[0].txids, ["another exchange 110"]);
    assert_eq!(story.owes_instead(480_000).judge().verdict, Short, "35,000 did not come back");
}

/// One address is empty for a while, which is an alarm if one looks at it alone; the whole set fell by 3.6 % and stayed
/// above what is owed.
#[test]
fn the_single_address_that_cries_wolf_does_not_alarm_the_set() {
    let story =
        Story::owes(95_000).holds_on(&[("hot", 3_600), ("cold", 96_400)]).out_of("hot", 130, 3_600, "customers");
    let found = story.clone().into_address("hot", 160, 3_600, "others").judge();
    assert_eq!((found.verdict, found.minimum), (Covered, Some(amount(96_400))));
    let report = story.clone().into_address("hot", 160, 3_600, "others").report();
    let hot = report.addresses.iter().find(|address| address.address == "hot").unwrap();
    assert_eq!((hot.minimum, hot.snapshot), (amount(0), Some(amount(0))));
    assert_eq!((report.maximum, report.minimum), (amount(100_000), amount(96_400)), "3.6 %");
}

#[test]
fn borrowed_coins_make_short_what_is_not_there_without_them() {
    let story = Story::owes(1_833_025).holds(1_122_100).lent(109, 205, 711_900).balance_at_cutoff(1_834_000);
    let found = story.judge();
    assert_eq!((found.verdict, found.reason), (Short, Reason::LessThanOwed));
    assert_eq!((found.low, found.high, found.came_and_went), (amount(1_122_100), amount(1_122_100), amount(711_900)));
    assert_eq!(found.commitments[0].coverage.as_deref(), Some("61.21 %"));
    assert_eq!((found.minimum, found.minimum_without_trips), (Some(amount(1_122_100)), Some(amount(1_122_100))));
}

#[test]
fn a_loan_that_was_not_needed_takes_nothing_from_coverage() {
    let found = Story::owes(100).holds(100).lent(140, 160, 50).balance_at_cutoff(150).judge();
    assert_eq!((found.verdict, found.low, found.high), (Covered, amount(100), amount(100)));
}

/// The list of coins was made after the loan had gone back: it is not in what is possible, and is not taken off again.
#[test]
fn a_loan_that_is_not_listed_is_not_taken_off_twice() {
    let story = Story::owes(100).holds(100).lent(140, 160, 50).balance_at_cutoff(100);
    let found = story.judge();
    assert_eq!((found.verdict, found.high, found.came_and_went), (NotDeterminable, amount(100), amount(0)));
    assert_eq!(found.low, amount(50), "which coins are listed is not known: what counts is careful");
}

/// Whoever makes the bundle could make up a loan: what is only stated lowers what counts, and convicts nobody.
#[test]
fn a_stated_loan_convicts_nobody() {
    let found = Story::owes(100).holds(60).lent(140, 160, 50).balance_at_cutoff(110).resting_on(Basis::Stated).judge();
    assert_eq!((found.verdict, found.reason), (NotDeterminable, Reason::BetweenBoth));
    assert_eq!((found.low, found.high), (amount(60), amount(110)));
}

#[test]
fn a_round_trip_that_the_tree_explains_is_a_customers() {
    let story = Story::owes(100).holds(60).lent(140, 160, 50).balance_at_cutoff(110);
    assert_eq!(story.judge().verdict, Short);
    let found = story.owed_to_the_lender(&[(7, 50)]).judge();
    assert_eq!((found.verdict, found.high, found.came_and_went), (NotDeterminable, amount(110), amount(0)));
    assert_eq!(found.reason, Reason::FellBelow, "but the balance was less in other blocks");
}

#[test]
fn coins_that_left_before_the_closing_block_are_not_held_against_anybody() {
    let found = Story::owes(100).holds(100).out(160, 40, "somebody").closing(170).judge();
    assert_eq!((found.verdict, found.low, found.high), (NotDeterminable, amount(60), amount(100)));
}

/// Customers take out 40 of 100 in the days after: with one statement nothing can be said, with the next one it is seen
/// that less was owed.
#[test]
fn an_honest_bank_run_is_not_short_and_covered_by_the_next_statement() {
    let run = Story::owes(100).holds(100).out(160, 25, "a customer").out(170, 15, "another one");
    let alone = run.judge();
    assert_eq!((alone.verdict, alone.reason), (NotDeterminable, Reason::FellBelow));
    assert_eq!((alone.high, alone.minimum), (amount(100), Some(amount(60))));
    let both = run.clone().next_statement(180, 60).judge();
    assert_eq!((both.verdict, both.commitments.len()), (Covered, 2));
    assert_eq!((both.commitments[1].low, both.commitments[1].owed), (Some(amount(60)), amount(60)));
    let lies = run.next_statement(180, 61).judge();
    assert_eq!((lies.verdict, lies.reason), (Short, Reason::LessThanOwed), "one base unit short at the second one");
}

#[test]
fn honest_growth_is_not_short_and_covered_by_the_statement_before() {
    let growth =
        Story::owes(100).holds(60).came(120, 25, "a customer").came(140, 15, "another one").balance_at_cutoff(100);
    let alone = growth.judge();
    assert_eq!((alone.verdict, alone.reason, alone.minimum), (NotDeterminable, Reason::FellBelow, Some(amount(60))));
    let both = growth.clone().earlier_statement(110, 60).judge();
    assert_eq!((both.verdict, both.commitments.len()), (Covered, 2));
    assert_eq!(growth.earlier_statement(110, 61).judge().verdict, Short);
}

/// Of an earlier statement about other addresses, what was held then is not known here.
#[test]
fn an_earlier_statement_of_other_addresses_makes_nothing_short() {
    let found = Story::owes(100).holds(60).came(120, 40, "the old wallet").balance_at_cutoff(100);
    let found = found.earlier_statement_of_another_set(110, 100).judge();
    assert_eq!((found.verdict, found.commitments[0].high), (NotDeterminable, None));
}

#[test]
fn between_two_statements_the_smaller_one_is_asked_for() {
    let dip = |lowest: u128| {
        let story = Story::owes(100).holds(100).out(160, 100 - lowest, "customers");
        story.came(170, 80 - lowest, "others").next_statement(180, 80).judge()
    };
    assert_eq!(dip(80 - 1).below.len(), 1);
    assert_eq!((dip(79).verdict, dip(79).reason), (NotDeterminable, Reason::FellBelow));
    assert_eq!(dip(80).verdict, Covered, "80 lasted");
}

/// A dip that borrowed coins fill is a dip.
#[test]
fn borrowed_coins_do_not_fill_a_dip() {
    let filled = Story::owes(100).holds(100).lent(151, 159, 30).out(152, 30, "a customer").came(158, 30, "another one");
    let found = filled.judge();
    assert_eq!((found.minimum, found.minimum_without_trips), (Some(amount(100)), Some(amount(70))));
    assert_eq!((found.verdict, found.reason), (NotDeterminable, Reason::FellBelow));
}

#[test]
fn a_snapshot_alone_is_never_covered() {
    let rich = || Story::owes(1).holds(1_000);
    assert_eq!(rich().without_window().judge().reason, Reason::WindowIncomplete);
    assert_eq!(rich().not_demanded().judge().reason, Reason::SnapshotOnly);
    for found in [rich().without_window().judge(), rich().not_demanded().judge()] {
        assert_eq!(found.verdict, NotDeterminable);
    }
    let short = Story::owes(100).holds(99).without_window().judge();
    assert_eq!(short.verdict, Short, "no window excuses a hole");
}

#[test]
fn gaps_weak_evidence_and_critical_findings_keep_from_covered() {
    let rich = || Story::owes(1).holds(1_000);
    assert_eq!(rich().gap(120, 121).judge().reason, Reason::WindowIncomplete);
    assert_eq!(rich().asked_from(90).judge().reason, Reason::WindowIncomplete, "ten blocks that nobody shows");
    assert_eq!(rich().complete(Completeness::UnspentStated).judge().reason, Reason::WindowIncomplete);
    assert_eq!(rich().critical().judge().reason, Reason::CriticalFinding);
    assert_eq!(rich().unreadable().judge().reason, Reason::NotReadable);
    assert_eq!(rich().unclaimed().judge().reason, Reason::NotClaimed);
    assert_eq!(rich().nothing_stated().judge().reason, Reason::NothingStated);
}

#[test]
fn a_demanded_ratio_is_asked_for_everywhere_and_makes_nothing_short() {
    let at = |held, ratio| Story::owes(100).holds(held).ratio(ratio).judge();
    assert_eq!((at(105, 10_500).verdict, at(104, 10_500).verdict), (Covered, NotDeterminable));
    let dipped = Story::owes(100).holds(105).out(120, 1, "a").came(121, 1, "b").ratio(10_500).judge();
    assert_eq!((dipped.verdict, dipped.reason), (NotDeterminable, Reason::FellBelow));
}

/// 70 on Bitcoin and 30 on an EVM chain, of which 20 wander over a bridge and arrive a minute later.
#[test]
fn chains_are_put_side_by_side_by_time() {
    let story = |arrives_seconds: i64| {
        Story::owes(100)
            .on(Chain::new(BITCOIN, 70).times(|height| 600 * i64::try_from(height).unwrap()).out(120, 20, "bridge"))
            .on(Chain::new(EVM, 30)
                .times(move |height| 600 * i64::try_from(height).unwrap() + arrives_seconds)
                .came(120, 20, "bridge"))
            .judge()
    };
    let moved = story(60);
    assert_eq!((moved.alignment, moved.minimum), (Alignment::Times, Some(amount(80))), "on the way it is nowhere");
    assert_eq!((moved.verdict, moved.reason), (NotDeterminable, Reason::FellBelow));
    assert_eq!(moved.below[0].at, Some(72_000));
    let before = story(-60);
    assert_eq!((before.minimum, before.verdict), (Some(amount(100)), Covered), "it arrives before it is sent");
    let together = story(0);
    assert_eq!(together.minimum, Some(amount(80)), "within one second there is no order");
}

#[test]
fn without_times_the_chains_minima_are_added() {
    let story = |owed| {
        Story::owes(owed)
            .on(Chain::new(BITCOIN, 70).out(120, 20, "a").came(130, 20, "b"))
            .on(Chain::new(EVM, 30).out(160, 10, "c").came(170, 10, "d"))
            .judge()
    };
    let found = story(80);
    assert_eq!((found.alignment, found.minimum), (Alignment::Minima, Some(amount(70))));
    // before the cut-off 50 and 30, after it 70 and 20
    assert_eq!((found.verdict, story(81).reason), (Covered, Reason::FellBelow));
    assert!(story(81).below.iter().all(|below| below.at.is_none()));
}

/// What a window shows at least, of a chain on which flows cannot be seen: enough for covered, never for short.
#[test]
fn lower_bounds_cover_and_convict_nobody() {
    let bounded = |least: u128, owed: u128| {
        Story::owes(owed).holds(100).out(160, 100 - least, "gas").next_statement(180, owed).at_least().judge()
    };
    assert_eq!(bounded(90, 90).verdict, Covered);
    assert_eq!((bounded(80, 90).verdict, bounded(80, 90).reason), (NotDeterminable, Reason::FellBelow));
    assert_eq!(bounded(80, 90).commitments[1].high, None);
}
