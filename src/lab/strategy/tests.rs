//! The figures of strategies, some of them by hand.

use super::*;

fn habits(checking: &str) -> Habits {
    let checking = checking.parse().expect("a share");
    Habits { window: 144, sampled: None, checking, complaints: 1, known: false, statements: 12 }
}

fn means() -> Means {
    Means {
        accounts: 1_000,
        owed: Amount::from_base_units(100_000_000),
        budget: Amount::from_base_units(10_000),
        interest: 1_000,
        seed: 1,
    }
}

#[test]
fn a_loan_over_the_whole_window_is_not_seen_and_costs_its_interest() {
    let found = outlook(&habits("1"), &means()).expect("an outlook");
    let best = found.best(0).expect("a plan");
    // 10 % of a year for 289 blocks of 52,560: 10,000 units of interest pay for 18,186,851
    assert_eq!((best.omitted, best.blocks, best.before), (0, 289, 144));
    assert_eq!((best.hidden.base_units(), best.interest.base_units()), (18_186_851, 10_000));
    // 12 statements a year: 289 * 12 / 52,560 of 10 %
    assert_eq!(found.yearly, 65);
}

#[test]
fn a_longer_window_hides_less() {
    let hidden = |window| {
        let habits = Habits { window, ..habits("1") };
        outlook(&habits, &means()).expect("an outlook").best(0).expect("a plan").hidden
    };
    assert!(hidden(144) > hidden(1_008) && hidden(1_008) > hidden(4_320));
}

#[test]
fn whoever_knows_who_never_checks_hides_all_of_them() {
    let habits = Habits { known: true, ..habits("10%") };
    let none = Means { budget: Amount::ZERO, ..means() };
    let found = outlook(&habits, &none).expect("an outlook");
    let best = found.best(0).expect("a plan");
    assert!(best.omitted > 850 && best.omitted < 950, "{}", best.omitted);
    let balances = balances(&none);
    let quiet = (0..).zip(&balances).filter(|(account, _)| !checks(habits.checking, 1, *account));
    assert_eq!(best.hidden.base_units(), quiet.map(|(_, balance)| balance).sum::<u128>());
}

#[test]
fn more_checkers_leave_less_to_hide() {
    let none = Means { budget: Amount::ZERO, ..means() };
    let hidden = |share: &str| outlook(&habits(share), &none).expect("an outlook").best(500).expect("a plan").omitted;
    // 1 − 0.999^50 is 4.88 %, 1 − 0.99^5 is 4.90 %, and one account in ten is seen with 10 %
    assert_eq!((hidden("0.1%"), hidden("1%"), hidden("10%")), (50, 5, 0));
    let many = Habits { complaints: 20, ..habits("10%") };
    assert!(outlook(&many, &none).expect("an outlook").best(500).expect("a plan").omitted > 100);
}

#[test]
fn a_sample_of_blocks_misses_a_part_of_the_loans() {
    let none = Habits { sampled: Some(10), ..habits("1") };
    let found = outlook(&none, &means()).expect("an outlook");
    let (safe, risky) = (found.best(0).expect("a plan"), found.best(9_000).expect("a plan"));
    assert!(safe.blocks == 289 && risky.blocks < 289 && risky.hidden > safe.hidden);
    // every chance and every amount rises
    let rising =
        |pair: &[Plan]| pair[0].hidden < pair[1].hidden && pair[0].seen.hundredths() <= pair[1].seen.hundredths();
    assert!(found.plans.windows(2).all(rising));
}

/// Under 732 omitted accounts 20 complaints are less likely than 0.01 %, and not impossible: under 20 they are.
#[test]
fn at_most_is_never_rounded_down() {
    let habits = Habits { complaints: 20, ..habits("1%") };
    let none = Means { budget: Amount::ZERO, accounts: 10_000, ..means() };
    let found = outlook(&habits, &none).expect("an outlook");
    let (never, seldom) = (found.best(0).expect("a plan"), found.best(1).expect("a plan"));
    assert_eq!((never.omitted, never.seen.percent()), (19, "0.00 %".to_owned()));
    assert!(seldom.omitted > 19 && seldom.seen.percent() == "less than 0.01 %", "{}", seldom.omitted);
    let rising = |pair: &[Plan]| pair[0].seen.hundredths_at_most() < pair[1].seen.hundredths_at_most();
    assert!(found.plans.windows(2).all(rising));
}

#[test]
fn windows_that_overlap_are_paid_for_once() {
    let yearly = |window, statements| {
        outlook(&Habits { window, statements, ..habits("1") }, &means()).expect("an outlook").yearly
    };
    // 289 × 181 of 52,560 blocks, and a day more
    assert_eq!([yearly(144, 181), yearly(144, 182), yearly(144, 366)], [995, 1_000, 1_000]);
}

#[test]
fn balances_add_up() {
    for (accounts, owed) in [(1, 1), (3, 100), (1_000, 99_999_999)] {
        let means = Means { accounts, owed: Amount::from_base_units(owed), ..means() };
        assert_eq!(balances(&means).iter().sum::<u128>(), owed);
    }
}

#[test]
fn impossible_figures_are_refused() {
    let code = |habits: Habits, means: Means| outlook(&habits, &means).expect_err("refused").code().number;
    assert_eq!(code(habits("1"), Means { accounts: 0, ..means() }), 9012);
    assert_eq!(code(habits("1"), Means { accounts: ACCOUNTS_MAX + 1, ..means() }), 9012);
    assert_eq!(code(habits("1"), Means { owed: Amount::ZERO, ..means() }), 9012);
    assert_eq!(code(habits("1"), Means { budget: Amount::from_base_units(u128::MAX), ..means() }), 9012);
    assert_eq!(code(Habits { window: WINDOW_MAX + 1, ..habits("1") }, means()), 9012);
    assert_eq!(code(Habits { sampled: Some(290), ..habits("1") }, means()), 9012);
    assert_eq!(code(Habits { complaints: 0, ..habits("1") }, means()), 7202);
}
