//! What honest bundles give.

use counterfoil::lab::ring::RingOptions;
use counterfoil::reconcile::Verdict;
use counterfoil::reconcile::network::{Input, network};

use super::{PLAIN, bitcoin, built, each, inputs, policy_of, run, tells, told};

#[test]
fn gross_books_call_one_short_and_clearing_all_three() {
    let report = run(&PLAIN);
    let asset = bitcoin(&report);
    assert_eq!(each(&report, |venue| venue.gross.assets.0.to_string()), ["160", "160", "100"]);
    assert_eq!(each(&report, |venue| venue.gross.owed.0.to_string()), ["160"; 3]);
    assert_eq!(each(&report, |venue| venue.gross.sufficient.to_string()), ["true", "true", "false"]);
    assert_eq!(each(&report, |venue| venue.cleared.pays.0.to_string()), ["13216/97", "14656/97", "9376/97"]);
    assert_eq!(each(&report, |venue| venue.cleared.pays_least.0.to_string()), ["13216/97", "14656/97", "9376/97"]);
    assert_eq!(each(&report, |venue| venue.cleared.wave.to_string()), ["2", "3", "1"]);
    assert_eq!(each(&report, |venue| venue.cleared.customers_get.0.to_string()), ["8260/97", "9160/97", "5860/97"]);
    let sums = &asset.sums;
    let figures =
        [&sums.gross_assets, &sums.between, &sums.between_netted, &sums.outside, &sums.customers, &sums.customers_get];
    assert_eq!(figures.map(|figure| figure.0.to_string()), ["420", "180", "0", "240", "300", "240"]);
    assert_eq!(sums.coverage.as_deref(), Some("80.00 %"));
    // struck out, the ring leaves each with its own
    assert_eq!(each(&report, |venue| venue.netted.assets.0.to_string()), ["100", "100", "40"]);
    assert_eq!(each(&report, |venue| venue.netted.owed.0.to_string()), ["100"; 3]);
    assert_eq!(asset.rings.len(), 1);
    assert_eq!(asset.rings[0].amount.0.to_string(), "60");
    assert_eq!(report.verdict, Verdict::Short);
    assert_eq!(each(&report, |venue| venue.verdict.text().to_owned()), ["short"; 3]);
    assert_eq!(report.deposits.len(), 3);
    for venue in ["alpha", "beta"] {
        assert!(tells(&report, "NETWORK_DEFAULT", venue), "{:?}", told(&report));
    }
    assert!(tells(&report, "DEPOSIT_RING", "alpha beta gamma"));
    assert_eq!(
        asset.sentence,
        "BTC: the sheets add up to 420.00 of assets; 240.00 of it is there, against 300.00 owed to \
         customers and others, 80.00 %. By the gross sheets gamma cannot pay in full; cleared, alpha, beta and gamma \
         cannot, and customers and others get 240.00."
    );
}

#[test]
fn a_deposit_counts_for_no_more_than_its_debtor_covers() {
    let report = run(&PLAIN);
    // alpha is owed by gamma, which has 40 of 160; beta by alpha and gamma by beta, with 100 of 160
    assert_eq!(each(&report, |venue| venue.deposits.0.to_string()), ["60"; 3]);
    assert_eq!(each(&report, |venue| venue.deposits_at_most.0.to_string()), ["15", "75/2", "75/2"]);
    for (depositor, debtor) in [("alpha", "gamma"), ("alpha", "beta"), ("beta", "gamma")] {
        assert!(tells(&report, "DEPOSIT_CAPPED", &format!("{depositor} {debtor}")), "{:?}", told(&report));
    }
}

#[test]
fn a_ring_that_is_backed_pays_and_is_still_only_a_snapshot() {
    let ring = built(&RingOptions { outside: [100; 3], ..RingOptions::default() });
    let report = run(&ring);
    assert_eq!(each(&report, |venue| venue.cleared.pays.0.to_string()), ["160"; 3]);
    assert_eq!(bitcoin(&report).sums.customers_get.0.to_string(), "300");
    let sentence = &bitcoin(&report).sentence;
    assert!(
        sentence.contains("By the gross sheets all can pay in full; cleared, all can, and customers"),
        "{sentence}"
    );
    assert_eq!(report.verdict, Verdict::NotDeterminable, "a deposit is shown at the cut-off only");
    // with default costs there is a second answer, and the report says so
    let costs = ring.policy.replace("alpha = \"1\"", "alpha = \"1/2\"").replace("beta = \"1\"", "beta = \"1/2\"");
    let report = network(&inputs(&ring.venues), &policy_of(&ring, &costs), None).unwrap();
    assert_eq!(each(&report, |venue| venue.cleared.pays.0.to_string()), ["160"; 3]);
    assert_eq!(each(&report, |venue| venue.cleared.pays_least.0.to_string()), ["800/13"; 3]);
    assert!(tells(&report, "NETWORK_GRIDLOCK", "beta"), "{:?}", told(&report));
}

#[test]
fn default_costs_are_the_verifiers_to_assume() {
    let costs = PLAIN.policy.replace("alpha = \"1\"", "alpha = \"4/5\"").replace("beta = \"1\"", "beta = \"4/5\"");
    let report = network(&inputs(&PLAIN.venues), &policy_of(&PLAIN, &costs), None).unwrap();
    assert_eq!(each(&report, |venue| venue.cleared.pays.0.to_string()), ["96800/973", "106880/973", "63200/973"]);
    assert_eq!(bitcoin(&report).sums.customers_get.0.to_string(), "1200/7");
    assert_eq!(report.policy.alpha.0.to_string(), "4/5");
}

#[test]
fn who_needs_nobody_is_covered() {
    let ring = built(&RingOptions { outside: [170, 170, 40], ..RingOptions::default() });
    let report = run(&ring);
    assert_eq!(each(&report, |venue| venue.verdict.text().to_owned()), ["covered", "covered", "short"]);
    assert_eq!(each(&report, |venue| venue.cleared.wave.to_string()), ["0", "0", "1"]);
}

#[test]
fn the_order_of_the_command_line_decides_nothing() {
    let policy = policy_of(&PLAIN, &PLAIN.policy);
    let mut turned: Vec<Input<'_>> = inputs(&PLAIN.venues);
    turned.reverse();
    assert_eq!(network(&turned, &policy, None).unwrap(), run(&PLAIN));
}
