//! What clearing may cost, and debtors of whom nothing is known.

use counterfoil::code::Coded as _;
use counterfoil::lab::ring::RingOptions;
use counterfoil::policy::Policy;
use counterfoil::reconcile::network::clearing::{DEBTORS_MAX, NODES_MAX};
use counterfoil::reconcile::network::fraction::{one, zero};
use counterfoil::reconcile::network::netting::Matrix;
use counterfoil::reconcile::network::{Fraction, System};
use counterfoil::reconcile::{Severity, reconcile};

use super::{bitcoin, built, plain, run, tells, told};

/// Everybody owes the next one something, and the last one the first.
fn ring(nodes: usize, debtors: usize) -> (Matrix, Vec<Fraction>) {
    let mut owes = vec![vec![zero(); nodes]; nodes];
    for node in 0..debtors {
        owes[node][(node + 1) % nodes] = one();
    }
    (owes, vec![one(); nodes])
}

/// Equations over whole numbers grow with their number and with the digits: both are limited before the first step.
#[test]
fn a_network_above_its_limits_is_refused_before_anything_is_computed() {
    let new = |nodes, debtors| {
        let (owes, outside) = ring(nodes, debtors);
        System::new(&owes, &outside, &one(), &one())
    };
    let refused = |nodes, debtors| {
        let error = new(nodes, debtors).expect_err("too large");
        assert_eq!(error.code().name, "CLEARING_TOO_LARGE");
        error.to_string()
    };
    assert_eq!(refused(NODES_MAX + 1, 1), "65 nodes, at most 64 are cleared");
    assert_eq!(refused(NODES_MAX, DEBTORS_MAX + 1), "25 nodes owe, at most 24 are cleared");
    // the largest that is accepted is solved
    let cleared = new(NODES_MAX, DEBTORS_MAX).unwrap().clear().unwrap();
    assert_eq!(cleared.greatest.iter().filter(|paid| **paid == one()).count(), DEBTORS_MAX);
    // one denominator for all: fractions that each fit do not fit together
    let (mut owes, outside) = ring(8, 8);
    let prime = |number: u64| Fraction::new(1.into(), number.into());
    let primes = [4_294_967_291_u64, 4_294_967_279, 4_294_967_231, 4_294_967_197];
    for (row, prime_of) in owes.iter_mut().zip(primes.iter().chain(&primes)) {
        for amount in row.iter_mut().filter(|amount| **amount != zero()) {
            *amount = prime(*prime_of);
        }
    }
    assert!(System::new(&owes, &outside, &one(), &one()).is_ok(), "four denominators of 32 bits");
    let mut fine = owes.clone();
    for (node, row) in fine.iter_mut().enumerate() {
        for amount in row.iter_mut().filter(|amount| **amount != zero()) {
            // odd numbers with no common factor with their neighbours: 2^61 - 1 and those below it
            *amount = prime(2_305_843_009_213_693_951 - 2 * u64::try_from(node).unwrap());
        }
    }
    assert!(System::new(&fine, &outside, &one(), &one()).unwrap_err().to_string().contains("one denominator"));
}

/// What a debtor without a figure pays is unknown, and not nothing: it keeps its depositor from being called short.
#[test]
fn a_deposit_at_a_debtor_without_figures_decides_neither_way() {
    let verdict = |gamma: u64| {
        let mut ring = built(&RingOptions { outside: [170, 170, gamma], ..RingOptions::default() });
        // in this unit beta's 160 do not fit 128 bits: its report has no figure of what it owes
        ring.venues[1].policy = ring.venues[1].policy.replacen("decimals = 8", "decimals = 38", 1);
        let report = run(&ring);
        assert!(tells(&report, "NETWORK_VENUE_UNREADABLE", "beta"), "{:?}", told(&report));
        let asset = bitcoin(&report);
        assert!(asset.venues.iter().all(|venue| venue.venue.as_str() != "beta"), "beta has no sheet");
        let of_gamma = asset.venues.iter().find(|venue| venue.venue.as_str() == "gamma").unwrap();
        assert_eq!(of_gamma.deposits.0.to_string(), "0", "and the deposit there no face value");
        of_gamma.verdict.text()
    };
    // it owes 160, and has 60 at beta
    assert_eq!(verdict(120), "not determinable");
    assert_eq!(verdict(90), "short", "all of the deposit would not be enough");
}

/// Whoever reads one bundle alone learns that there are deposits elsewhere, and that nothing there judges them.
#[test]
fn a_report_about_one_bundle_tells_its_deposits_elsewhere() {
    let mut ring = plain();
    let told = |ring: &counterfoil::lab::ring::Ring| {
        let alpha = &ring.venues[0];
        let report = reconcile(&alpha.bundle, &Policy::parse(&alpha.policy).unwrap()).unwrap();
        let found = report.findings.into_iter().find(|finding| finding.code.name == "DEPOSITS_STATED");
        (found.map(|finding| (finding.severity, finding.subject, finding.detail)), report.assets[0].high())
    };
    let (note, high) = told(&ring);
    let (severity, subject, detail) = note.unwrap();
    assert_eq!((severity, subject.as_str()), (Severity::Note, "elsewhere"));
    assert!(detail.starts_with("1 deposit elsewhere: stated"), "{detail}");
    ring.deposit(0, 2, "second", &counterfoil::lab::ring::account(0)).unwrap();
    let (note, same) = told(&ring);
    assert!(note.unwrap().2.starts_with("2 deposits elsewhere, the first is main"));
    assert_eq!(same, high, "they count nothing");
    ring.venues[0].bundle.retain(|path, _| !path.starts_with("elsewhere/"));
    ring.venues[0].seal().unwrap();
    assert_eq!(told(&ring), (None, high));
}
