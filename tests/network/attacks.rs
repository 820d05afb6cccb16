//! What dishonest venues try.

use counterfoil::bundle::paths;
use counterfoil::json;
use counterfoil::lab::ring::{Ring, RingOptions, account};
use counterfoil::reconcile::network::elsewhere::{CLAIM, Claim, ELSEWHERE, PROOF, STATEMENT};
use counterfoil::reconcile::{Severity, Verdict};

use super::{bitcoin, built, each, plain, run, tells, told};

/// The claim that `of` signs for an account at `at`.
fn claim(ring: &Ring, of: usize, at: usize, account: &str) -> Vec<u8> {
    let (of, debtor) = (&ring.venues[of], &ring.venues[at]);
    let digest = ring.proof(at, &self::account(at + 1)).unwrap().statement.digest;
    json::canonical(&Claim::sign(&of.key, &of.id, &debtor.id, &digest, account).unwrap()).unwrap()
}

fn put(ring: &mut Ring, of: usize, name: &str, file: &str, bytes: Vec<u8>) {
    ring.venues[of].bundle.insert(format!("{ELSEWHERE}{name}/{file}"), bytes);
    ring.venues[of].seal().unwrap();
}

/// Beta shows a leaf of alpha's tree that is somebody else's, as `account`, signed with beta's own key.
fn shows(ring: &mut Ring, account: &str) {
    let proof = json::canonical(&ring.proof(0, account).unwrap()).unwrap();
    let statement = ring.venues[0].signed.clone();
    let claim = claim(ring, 1, 0, account);
    for (file, bytes) in [(STATEMENT, statement), (PROOF, proof), (CLAIM, claim)] {
        put(ring, 1, "borrowed", file, bytes);
    }
}

#[test]
fn attack_r23_anothers_inclusion_proof_as_ones_own_deposit() {
    // a customer lends beta a proof: the leaf does not bind beta's key
    let mut ring = plain();
    shows(&mut ring, "u000000000000");
    let report = run(&ring);
    assert!(tells(&report, "DEPOSIT_NOT_INCLUDED", "alpha beta"), "{:?}", told(&report));
    assert_eq!(each(&report, |venue| venue.deposits.0.to_string()), ["60"; 3], "nothing was added");
    // gamma's deposit at beta with all that gamma gave out, shown by alpha: the claim is gamma's
    let mut ring = plain();
    for file in [STATEMENT, PROOF, CLAIM] {
        let bytes = ring.venues[2].bundle[&format!("{ELSEWHERE}main/{file}")].clone();
        put(&mut ring, 0, "copied", file, bytes);
    }
    let report = run(&ring);
    assert!(tells(&report, "DEPOSIT_KEY", "alpha beta"), "{:?}", told(&report));
    assert_eq!(each(&report, |venue| venue.deposits.0.to_string()), ["60"; 3]);
    // with a claim of its own the key is right and the leaf is not
    let own = claim(&ring, 0, 1, &account(2));
    put(&mut ring, 0, "copied", CLAIM, own);
    assert!(tells(&run(&ring), "DEPOSIT_NOT_INCLUDED", "alpha beta"));
}

#[test]
fn attack_r23_one_leaf_counted_twice() {
    let mut ring = plain();
    ring.deposit(1, 0, "second", &account(1)).unwrap();
    let report = run(&ring);
    assert!(tells(&report, "DEPOSIT_LEAF_TWICE", "alpha beta"), "{:?}", told(&report));
    assert_eq!(each(&report, |venue| venue.deposits.0.to_string()), ["60"; 3]);
    assert_eq!(report.deposits.len(), 3);
}

#[test]
fn attack_r4_one_wallet_in_two_bundles() {
    // beta signs for alpha's wallet, too
    let report = run(&built(&RingOptions { shared_wallet: Some(1), ..RingOptions::default() }));
    for code in ["SHARED_ADDRESS", "SHARED_HOLDING"] {
        assert!(tells(&report, code, "alpha beta"), "{:?}", told(&report));
    }
    assert!(
        report.findings.iter().all(|found| found.code.name != "SHARED_ADDRESS" || found.severity == Severity::Critical)
    );
    assert_eq!(each(&report, |venue| venue.outside.0.to_string()), ["0", "100", "40"], "it is neither's");
    assert_eq!(each(&report, |venue| venue.shared.0.to_string()), ["100", "100", "0"]);
    assert_eq!(bitcoin(&report).sums.outside.0.to_string(), "240", "and there once");
    assert_eq!(bitcoin(&report).sums.coverage.as_deref(), Some("80.00 %"));
}

#[test]
fn listing_anothers_address_without_a_signature_takes_nothing_from_them() {
    let mut ring = built(&RingOptions { shared_wallet: Some(1), ..RingOptions::default() });
    // beta's signatures: the one of alpha's wallet is dropped
    let lent = {
        let own = String::from_utf8(ring.venues[0].bundle[paths::ADDRESSES].clone()).unwrap();
        own.split('"').skip_while(|part| *part != "address").nth(2).unwrap().to_owned()
    };
    let control = String::from_utf8(ring.venues[1].bundle[paths::CONTROL].clone()).unwrap();
    let kept: String = control.lines().filter(|line| !line.contains(&lent)).map(|line| format!("{line}\n")).collect();
    assert!(kept.len() < control.len());
    ring.venues[1].bundle.insert(paths::CONTROL.to_owned(), kept.into_bytes());
    ring.venues[1].seal().unwrap();
    let report = run(&ring);
    assert!(tells(&report, "SHARED_ADDRESS", "alpha beta"), "{:?}", told(&report));
    assert!(!tells(&report, "SHARED_HOLDING", "alpha beta"));
    assert_eq!(each(&report, |venue| venue.outside.0.to_string()), ["100", "100", "40"]);
}

#[test]
fn attack_r10_a_ring_that_exists_on_paper_only() {
    let report = run(&built(&RingOptions { outside: [0; 3], ..RingOptions::default() }));
    assert_eq!(each(&report, |venue| venue.gross.assets.0.to_string()), ["60"; 3]);
    assert_eq!(each(&report, |venue| venue.cleared.pays.0.to_string()), ["0"; 3]);
    assert_eq!(bitcoin(&report).sums.customers_get.0.to_string(), "0");
    assert_eq!(report.verdict, Verdict::Short);
    // without a proof there is not even paper
    let mut ring = plain();
    for venue in &mut ring.venues {
        venue.bundle.retain(|path, _| !path.starts_with(ELSEWHERE));
        venue.seal().unwrap();
    }
    let report = run(&ring);
    assert_eq!(bitcoin(&report).sums.gross_assets.0.to_string(), "240");
    assert_eq!(each(&report, |venue| venue.deposits.0.to_string()), ["0"; 3]);
}

#[test]
fn every_changed_byte_costs_the_deposit() {
    let ring = plain();
    for file in [CLAIM, PROOF] {
        let path = format!("{ELSEWHERE}main/{file}");
        let length = ring.venues[1].bundle[&path].len();
        for step in 0..6 {
            let mut changed = plain();
            let bytes = changed.venues[1].bundle.get_mut(&path).unwrap();
            let at = 3 + step * (length - 4) / 6;
            bytes[at] ^= 1;
            changed.venues[1].seal().unwrap();
            let report = run(&changed);
            assert_eq!(report.deposits.len(), 2, "byte {at} of {file}: {:?}", told(&report));
        }
    }
}

/// What a venue puts into its own bundle takes the verdict from nobody else.
#[test]
fn a_rivals_false_deposit_blocks_no_verdict_of_the_debtor() {
    let rich = || built(&RingOptions { outside: [170; 3], ..RingOptions::default() });
    let verdicts = |ring: &Ring| each(&run(ring), |venue| venue.verdict.text().to_owned());
    let mut ring = rich();
    assert_eq!(verdicts(&ring), ["covered"; 3]);
    shows(&mut ring, "u000000000000");
    assert!(tells(&run(&ring), "DEPOSIT_NOT_INCLUDED", "alpha beta"));
    assert_eq!(verdicts(&ring), ["covered", "not determinable", "covered"]);
    let mut ring = rich();
    ring.deposit(1, 0, "second", &account(1)).unwrap();
    assert_eq!(verdicts(&ring), ["covered", "not determinable", "covered"]);
    // two statements are the debtor's fault, and cost the depositor its deposit
    let mut ring = rich();
    let mut twice = ring.venues[0].statement.clone();
    twice.account_hint = "another hint".to_owned();
    let signed = ring.venues[0].sign(&twice).unwrap();
    put(&mut ring, 1, "main", STATEMENT, signed);
    assert!(tells(&run(&ring), "DEPOSIT_TWO_STATEMENTS", "alpha beta"));
    assert_eq!(verdicts(&ring), ["not determinable", "covered", "covered"]);
}

/// Control that its own policy does not accept takes no coins from the venue that has the key.
#[test]
fn weak_control_of_anothers_wallet_takes_nothing_from_them() {
    let mut ring = built(&RingOptions { shared_wallet: Some(1), ..RingOptions::default() });
    ring.venues[1].policy.push_str("\n[require]\ncontrol = \"moved\"\n");
    let report = run(&ring);
    assert!(!tells(&report, "SHARED_HOLDING", "alpha beta"), "{:?}", told(&report));
    let address = report.findings.iter().find(|finding| finding.code.name == "SHARED_ADDRESS").unwrap();
    assert_eq!(address.severity, Severity::Exception);
    assert_eq!(each(&report, |venue| venue.outside.0.to_string()), ["100", "0", "40"]);
}
