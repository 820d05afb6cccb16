//! Where a rule begins and where it ends: the block beside it, the base unit beside it, the customer beside it.

use super::*;

/// A round trip: its counterparty, what came, what went, first and last block.
type Row = (String, u128, u128, u64, u64);

fn asked(
    story: &WindowEvidence,
    range: Option<(u64, u64)>,
    commitments: &[u64],
    rules: &WindowRules,
) -> Option<WindowReport> {
    let counted = ["hot", "cold"].into_iter().map(str::to_owned).collect();
    let question = WindowQuestion {
        range,
        snapshot: 150,
        commitments,
        explained: &Explained::default(),
        closing: None,
        counted: &counted,
        decimals: Decimals::ZERO,
        rules,
    };
    measure(story, &question)
}

fn rows(transfers: Vec<Transfer>, commitments: &[u64], rules: &WindowRules) -> Vec<Row> {
    let story = evidence(&[("hot", 1_000)], transfers);
    let report = asked(&story, None, commitments, rules).expect("it fits");
    let row = |trip: &RoundTrip| {
        let (came, went) = (trip.amount_in.base_units(), trip.amount_out.base_units());
        (trip.counterparty.clone(), came, went, trip.in_at, trip.out_at)
    };
    report.round_trips.iter().map(row).collect()
}

fn lent(height: u64, units: u128) -> Transfer {
    came(height, &[("hot", units)], &[("lender", units)], &[])
}

fn back(height: u64, units: u128) -> Transfer {
    went(height, &[("hot", units)], &[("lender", units)], &[])
}

fn row(came: u128, went: u128, in_at: u64, out_at: u64) -> Vec<Row> {
    vec![("lender".to_owned(), came, went, in_at, out_at)]
}

fn within(round_trip_blocks: u64) -> WindowRules {
    WindowRules { round_trip_blocks, ..WindowRules::default() }
}

#[test]
fn one_block_is_a_window() {
    let story = evidence(&[("hot", 7)], Vec::new());
    let ask = |range| asked(&story, Some(range), &[], &WindowRules::default());
    let report = ask((150, 150)).expect("one block");
    assert_eq!((report.blocks, report.covered, report.snapshot), (1, 1, Some(amount(7))));
    assert_eq!(report.measured, BlockRange { from: 150, to: 150 });
    assert_eq!(ask((151, 150)), None, "none");
}

#[test]
fn a_closing_block_closes_what_lies_behind_the_cut_off() {
    let story = evidence(&[("hot", 7)], Vec::new());
    let closing = |height| {
        let report = measured_with(&story, &WindowRules::default(), Some((height, true))).expect("it fits");
        report.addresses.iter().find(|found| found.address == "hot").expect("hot").closing
    };
    assert_eq!((closing(149), closing(150)), (None, None), "there is nothing in between");
    assert_eq!(closing(151), Some(amount(7)));
}

/// The highest balance is a thousand and what came; one percent of it, rounded up, is eleven.
#[test]
fn what_is_worth_one_percent_is_told_and_less_is_not() {
    let rules = WindowRules::default();
    assert_eq!(rows(vec![lent(120, 11), back(130, 11)], &[], &rules), row(11, 11, 120, 130));
    assert_eq!(rows(vec![lent(120, 10), back(130, 10)], &[], &rules), []);
}

/// Away from every cut-off nothing but the two amounts speaks for a round trip.
#[test]
fn a_loan_goes_back_with_interest_or_with_a_fee_less() {
    let found = |units| rows(vec![lent(120, 800), back(130, units)], &[], &WindowRules::default());
    assert_eq!(found(808), row(800, 808, 120, 130), "one percent of interest");
    assert_eq!(found(809), []);
    assert_eq!(found(792), row(800, 792, 120, 130), "one percent less");
    assert_eq!(found(791), []);
}

#[test]
fn pieces_are_put_together_around_a_cut_off_alone() {
    let story = |last| vec![lent(147, 450), lent(148, 350), back(last, 800)];
    let found = |last| rows(story(last), &[], &within(20));
    assert_eq!(found(151), row(800, 800, 147, 151));
    assert_eq!(found(150), [], "gone in the cut-off block itself");
    assert_eq!(found(149), []);
    assert_eq!(found(170), row(800, 800, 147, 170), "the last block that counts");
    assert_eq!(found(171), []);
    let after = vec![lent(148, 450), lent(151, 350), back(153, 800)];
    assert_eq!(rows(after, &[], &within(20)), [], "the second piece was not there at the cut-off");
    let less = vec![lent(147, 450), lent(148, 350), back(153, 700)];
    assert_eq!(rows(less, &[], &within(20)), [], "large enough, and not the same coins");
    let small = vec![lent(147, 4), lent(148, 3), back(153, 7)];
    assert_eq!(rows(small, &[], &within(20)), [], "the same coins, and not worth telling");
}

#[test]
fn pieces_are_put_together_around_every_cut_off() {
    let story = || vec![lent(118, 450), lent(119, 350), back(125, 800)];
    assert_eq!(rows(story(), &[120, 150], &within(20)), row(800, 800, 118, 125));
    assert_eq!(rows(story(), &[150], &within(20)), [], "no statement between them");
}

/// A policy may call any two amounts alike; nothing is still no amount that went back.
#[test]
fn what_never_goes_back_is_no_round_trip_whatever_the_tolerance() {
    let rules = WindowRules { round_trip_tolerance: 10_000, ..within(20) };
    assert_eq!(rows(vec![lent(148, 800)], &[], &rules), []);
    assert_eq!(rows(vec![back(153, 800)], &[], &rules), []);
    assert_eq!(rows(vec![lent(148, 800), back(153, 100)], &[], &rules), row(800, 100, 148, 153));
}

/// What a leg brought of the counterparty's own: nothing when only the change went to it, and nothing by going.
#[test]
fn coins_are_bound_to_those_who_spent_them_alone() {
    let own = |from: &[(&str, u128)]| {
        let story = vec![
            came(148, &[("hot", 800)], from, &[("change", 1_200)]),
            went(153, &[("hot", 800)], &[("change", 800)], &[]),
        ];
        let report = measured(&evidence(&[("hot", 1_000)], story));
        let trip = report.round_trips.first().cloned().expect("the change is theirs");
        trip.legs.iter().map(|leg| (leg.direction, leg.own.base_units())).collect::<Vec<_>>()
    };
    let nothing = [(Direction::In, 0), (Direction::Out, 0)];
    assert_eq!(own(&[("somebody", 2_000)]), nothing);
    assert_eq!(own(&[("somebody", 500)]), nothing, "of which the window shows less than came");
    assert_eq!(own(&[("change", 2_000)]), [(Direction::In, 800), (Direction::Out, 0)]);
    assert_eq!(own(&[("change", 1_500), ("somebody", 500)]), [(Direction::In, 300), (Direction::Out, 0)]);
}

/// How much of what the counterparty brought a leaf with this credential answers for: bound to it, and at all.
fn answered(credential: &str, counterparty: &str, balance: u128) -> (u128, u128, u128) {
    let story = vec![
        came(148, &[("hot", 800)], &[(counterparty, 800)], &[]),
        went(153, &[("hot", 800)], &[(counterparty, 800)], &[]),
    ];
    let story = evidence(&[("hot", 1_000)], story);
    let blocks = BTreeMap::from([(CHAIN.parse().expect("a chain"), 150)]);
    let named = BTreeMap::from([("in 148".to_owned(), BTreeSet::from([0]))]);
    let balances = BTreeMap::from([(7, amount(balance))]);
    let explained = Explained {
        decimals: Decimals::new(2).expect("two"),
        cutoffs: BTreeMap::from([(7, blocks)]),
        logged: BTreeSet::new(),
        compared: BTreeSet::from([7]),
        leaves: vec![CustomerLeaf { credential: credential.to_owned(), balances }],
        deposits: BTreeMap::from([(story.deployment.clone(), named)]),
    };
    let counted = BTreeSet::from(["hot".to_owned()]);
    let question = WindowQuestion {
        range: None,
        snapshot: 150,
        commitments: &[],
        explained: &explained,
        closing: None,
        counted: &counted,
        decimals: Decimals::ZERO,
        rules: &WindowRules::default(),
    };
    let report = measure(&story, &question).expect("it fits");
    let trip = report.round_trips.first().expect("a round trip");
    let used = trip.uses.iter().map(|found| found.amount.base_units()).sum();
    (trip.explained_bound.base_units(), trip.explained_stated.base_units(), used)
}

/// The books count hundredths of what the chain counts: what is less than one of its units answers for nothing.
#[test]
fn a_leaf_answers_for_no_more_than_it_has() {
    assert_eq!(answered("lender", "lender", 30_099), (300, 0, 30_000));
    assert_eq!(answered("lender", "lender", 99), (0, 0, 0));
    assert_eq!(answered("lender", "lender", 90_000), (800, 0, 80_000), "nor for more than came");
}

/// Bitcoin's older addresses are others when a letter's case is; an EVM address is the same one.
#[test]
fn a_leaf_is_bound_to_the_counterparty_that_it_names() {
    let bound = |credential, counterparty| answered(credential, counterparty, 80_000) == (800, 0, 80_000);
    let stated = |credential, counterparty| answered(credential, counterparty, 80_000) == (0, 800, 80_000);
    assert!(bound("1Lender", "1Lender") && stated("1LENDER", "1Lender"));
    assert!(bound("0xAbCd", "0xabcd") && stated("0xAbCe", "0xabcd"));
    assert!(stated("0Xabcd", "0xabcd"), "no spelling of an address");
    assert!(stated("", "lender"), "a leaf without a credential is bound to nobody");
}

#[test]
fn only_what_is_free_and_controlled_is_compared_with_the_window() {
    let story = evidence(&[("hot", 100), ("cold", 30)], Vec::new());
    let deployment = |asset: &str| format!("{CHAIN}/{asset}").parse().expect("a deployment");
    let held = |asset, control, free| crate::reconcile::reserves::Held {
        holding: crate::reserve::claim::Holding {
            deployment: deployment(asset),
            address: "cold".to_owned(),
            id: "a coin".to_owned(),
            amount: amount(31),
            made_at: None,
            authenticity: Basis::Proved,
            completeness: Completeness::UnspentObserved,
        },
        role: crate::reserve::address_set::Role::Cold,
        control,
        accepted: true,
        free,
    };
    let signed = Some(crate::reserve::claim::ControlGrade::KeySigned);
    let codes = |held| found(&story, Some((110, 190)), None, &[held]).iter().map(|told| told.0).collect::<Vec<_>>();
    assert_eq!(codes(held("slip44:0", signed, true)), [7047], "one more than the window has");
    assert!(codes(held("slip44:0", signed, false)).is_empty(), "pledged");
    assert!(codes(held("slip44:0", None, true)).is_empty(), "of which no control is shown");
    assert!(codes(held("slip44:2", signed, true)).is_empty(), "another asset");
}
