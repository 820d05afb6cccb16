//! Coins that go from one venue to another within the windows.

use counterfoil::bundle::paths;
use counterfoil::lab::ring::{Moved, RingOptions};
use counterfoil::reconcile::Severity;
use counterfoil::reconcile::network::{NetworkFinding, NetworkReport};

use super::{bitcoin, built, each, run, tells, told};

const ALPHA: usize = 0;
const BETA: usize = 1;
const GAMMA: usize = 2;

fn moved(outside: [u64; 3], moves: &[(usize, usize, u64, i64)]) -> RingOptions {
    let moved =
        moves.iter().map(|(from, to, count, after)| Moved { from: *from, to: *to, count: *count, after: *after });
    RingOptions { outside, moved: moved.collect(), ..RingOptions::default() }
}

fn finding<'a>(report: &'a NetworkReport, code: &str) -> &'a NetworkFinding {
    report.findings.iter().find(|finding| finding.code.name == code).unwrap_or_else(|| panic!("{:?}", told(report)))
}

/// Alpha's snapshot and beta's show the same coins, at different blocks.
#[test]
fn coins_that_move_count_once_where_they_were_at_the_cut_off() {
    let before = run(&built(&moved([100, 100, 40], &[(ALPHA, BETA, 30, -2)])));
    let after = run(&built(&moved([100, 100, 40], &[(ALPHA, BETA, 30, 2)])));
    for (report, outside) in [(&before, ["70", "130", "40"]), (&after, ["100", "100", "40"])] {
        assert_eq!(each(report, |venue| venue.outside.0.to_string()), outside);
        assert_eq!(bitcoin(report).sums.outside.0.to_string(), "240", "each coin once");
        let finding = finding(report, "NETWORK_TRANSFER");
        assert_eq!((finding.severity, finding.amount.as_ref().unwrap().0.to_string()), (Severity::Note, "30".into()));
        assert!(tells(report, "NETWORK_TRANSFER", "alpha beta"));
        assert!(!tells(report, "NETWORK_LOAN", "alpha beta"), "{:?}", told(report));
        assert!(!tells(report, "NETWORK_TRANSFER_OUTSIDE", "alpha beta"));
        assert!(finding.detail.starts_with("30.00 from alpha to beta, block "), "{}", finding.detail);
    }
    assert_eq!(run(&built(&RingOptions::default())).findings.iter().filter(|one| one.code.number == 7491).count(), 0);
}

#[test]
fn attack_t5_one_venue_lends_its_coins_for_the_cut_off_of_another() {
    // beta owes 160; with 40 of alpha's it has 180, without the 25 that went back it would have 155
    let report = run(&built(&moved([300, 140, 300], &[(ALPHA, BETA, 40, -3), (BETA, ALPHA, 25, 3)])));
    let loan = finding(&report, "NETWORK_LOAN");
    // what went back was lent, the rest was paid
    assert_eq!((loan.severity, loan.amount.as_ref().unwrap().0.to_string()), (Severity::Critical, "25".into()));
    assert!(loan.detail.ends_with("it does not have what it owes"), "{}", loan.detail);
    assert!(tells(&report, "NETWORK_LOAN", "alpha beta"));
    let verdicts = each(&report, |venue| venue.verdict.text().to_owned());
    assert_eq!(verdicts[BETA], "not determinable");
    // who lent shows less, and nothing that is another's
    assert_eq!(each(&report, |venue| venue.outside.0.to_string())[ALPHA], "260");
    // beta returned before the cut-off what it had: that is no loan for it
    let report = run(&built(&moved([300, 140, 300], &[(ALPHA, BETA, 40, -3), (BETA, ALPHA, 40, -1)])));
    assert!(!tells(&report, "NETWORK_LOAN", "alpha beta"), "{:?}", told(&report));
    assert!(tells(&report, "NETWORK_TRANSFER", "alpha beta"));
}

/// Two who pay each other much have what they owe without what is left of it over the cut-off.
#[test]
fn a_loan_that_nobody_needs_convicts_nobody() {
    let report = run(&built(&moved([300; 3], &[(ALPHA, BETA, 40, -3), (BETA, ALPHA, 25, 3)])));
    let loan = finding(&report, "NETWORK_LOAN");
    assert_eq!((loan.severity, loan.amount.as_ref().unwrap().0.to_string()), (Severity::Exception, "25".into()));
    assert!(loan.detail.ends_with("it has what it owes without what it was lent"), "{}", loan.detail);
    assert_eq!(each(&report, |venue| venue.verdict.text().to_owned())[BETA], "covered");
}

/// Two market makers settle every day, both ways, and each owes nearly all that it has.
#[test]
fn who_settles_every_day_lends_nothing() {
    let daily = [(ALPHA, BETA, 40, -4), (BETA, ALPHA, 40, -2), (BETA, ALPHA, 40, 2), (ALPHA, BETA, 40, 4)];
    let report = run(&built(&moved([210, 210, 210], &daily)));
    assert!(tells(&report, "NETWORK_TRANSFER", "alpha beta"));
    assert!(!tells(&report, "NETWORK_LOAN", "alpha beta"), "{:?}", told(&report));
}

/// Beta pays alpha as much days before: of the sums nothing is left, of the coins at the cut-off all is alpha's.
#[test]
fn attack_a_loan_under_a_payment_the_other_way() {
    let hidden = [(BETA, ALPHA, 30, -5), (ALPHA, BETA, 30, -2), (BETA, ALPHA, 30, 2), (ALPHA, BETA, 30, 5)];
    let report = run(&built(&moved([300, 180, 300], &hidden)));
    let loan = finding(&report, "NETWORK_LOAN");
    assert_eq!(loan.amount.as_ref().unwrap().0.to_string(), "30");
    assert!(loan.detail.contains("30.00 of alpha were with beta"), "{}", loan.detail);
}

/// Beta's coins come to gamma over alpha, and go back at once.
#[test]
fn attack_a_loan_over_a_third_venue() {
    let around = [(BETA, ALPHA, 30, -3), (ALPHA, GAMMA, 30, -2), (GAMMA, BETA, 30, 2)];
    let report = run(&built(&moved([300, 300, 135], &around)));
    let loan = finding(&report, "NETWORK_LOAN_AROUND");
    assert_eq!((loan.severity, loan.amount.as_ref().unwrap().0.to_string()), (Severity::Critical, "30".into()));
    assert!(tells(&report, "NETWORK_LOAN_AROUND", "beta gamma"));
    assert!(!tells(&report, "NETWORK_LOAN", "alpha gamma"), "{:?}", told(&report));
    // alpha, who passed them on, is covered
    assert_eq!(each(&report, |venue| venue.verdict.text().to_owned())[ALPHA], "covered");
    // and so is who does without
    let report = run(&built(&moved([300; 3], &around)));
    assert_eq!(finding(&report, "NETWORK_LOAN_AROUND").severity, Severity::Exception);
    assert_eq!(each(&report, |venue| venue.verdict.text().to_owned())[GAMMA], "covered");
}

#[test]
fn a_proved_deposit_is_no_loan() {
    // gamma owes alpha 60, and shows it with a leaf
    let report = run(&built(&moved([300; 3], &[(ALPHA, GAMMA, 60, -3), (GAMMA, ALPHA, 60, 3)])));
    assert!(!tells(&report, "NETWORK_LOAN", "alpha gamma"), "{:?}", told(&report));
    let report = run(&built(&moved([300; 3], &[(ALPHA, GAMMA, 61, -3), (GAMMA, ALPHA, 61, 3)])));
    let loan = finding(&report, "NETWORK_LOAN");
    assert_eq!(loan.amount.as_ref().unwrap().0.to_string(), "1", "what is beyond the deposit");
}

#[test]
fn only_blocks_that_both_windows_show_are_compared() {
    let mut ring = built(&moved([300; 3], &[(ALPHA, BETA, 40, 4)]));
    ring.venues[BETA].policy = ring.venues[BETA].policy.replace("before = 6\nafter = 6", "before = 1\nafter = 1");
    let report = run(&ring);
    let outside = finding(&report, "NETWORK_TRANSFER_OUTSIDE");
    assert_eq!((outside.severity, outside.amount.as_ref().unwrap().0.to_string()), (Severity::Exception, "40".into()));
    assert!(!tells(&report, "NETWORK_TRANSFER", "alpha beta"), "{:?}", told(&report));
}

/// Two customers of beta, one of whom pays in and one of whom takes out: alpha writes their addresses into its set. Who
/// has the keys of them is not shown, and nobody is convicted by a list.
#[test]
fn attack_a_list_of_anothers_customers_makes_no_loan() {
    let mut ring = built(&moved([300, 140, 300], &[(ALPHA, BETA, 40, -3), (BETA, ALPHA, 25, 3)]));
    assert_eq!(finding(&run(&ring), "NETWORK_LOAN").severity, Severity::Critical);
    // the same coins and the same committed list, without alpha's signatures
    ring.venues[ALPHA].bundle.insert(paths::CONTROL.to_owned(), Vec::new());
    ring.venues[ALPHA].seal().unwrap();
    let report = run(&ring);
    let loan = finding(&report, "NETWORK_LOAN");
    assert_eq!((loan.severity, loan.amount.as_ref().unwrap().0.to_string()), (Severity::Exception, "25".into()));
    assert!(loan.detail.ends_with("without control of them"), "{}", loan.detail);
}
