//! What cannot be joined, and deposits that count nothing.

use counterfoil::bundle::{MemoryFiles, paths};
use counterfoil::code::Coded;
use counterfoil::json;
use counterfoil::lab::ring::{Ring, RingOptions, account};
use counterfoil::policy::Policy;
use counterfoil::publish;
use counterfoil::reconcile::Verdict;
use counterfoil::reconcile::network::elsewhere::{CLAIM, Claim, ELSEWHERE, PROOF, STATEMENT};
use counterfoil::reconcile::network::{Input, NetworkFile, NetworkPolicy, network};
use counterfoil::snapshot::Time;

use super::{PLAIN, built, each, inputs, plain, policy_of, refusal, run, tells, told};

#[test]
fn windows_that_do_not_overlap_are_not_compared() {
    let late = refusal(&built(&RingOptions { late: Some(2), ..RingOptions::default() }));
    assert_eq!(late.code().name, "NETWORK_CUTOFFS_DIFFER");
    let text = late.to_string();
    assert!(
        text.contains("alpha states what it owes at 2026-11-01T00:00:00Z, gamma at 2026-11-01T01:00:00Z"),
        "{text}"
    );
    let other = refusal(&built(&RingOptions { earlier_block: Some(1), ..RingOptions::default() }));
    assert_eq!(other.code().name, "NETWORK_BLOCKS_DIFFER", "{other}");
    // one venue is looked at in a snapshot only
    let mut ring = plain();
    ring.venues[1].policy = ring.venues[1].policy.replace("before = 6\nafter = 6", "before = 0\nafter = 0");
    ring.venues[1].bundle.retain(|path, _| !path.ends_with(paths::WINDOW));
    ring.venues[1].seal().unwrap();
    let report = run(&ring);
    assert!(tells(&report, "NETWORK_WINDOWS_APART", "alpha beta gamma"), "{:?}", told(&report));
}

#[test]
fn each_bundle_is_of_one_pinned_venue() {
    let ring = &*PLAIN;
    let policy = policy_of(ring, &ring.policy);
    let code = |inputs: &[Input<'_>], policy: &NetworkPolicy| network(inputs, policy, None).unwrap_err().code().name;
    assert_eq!(code(&[], &policy), "NO_LIABILITIES");
    assert_eq!(code(&inputs([&ring.venues[0], &ring.venues[1], &ring.venues[0]]), &policy), "NETWORK_VENUE_TWICE");
    assert_eq!(code(&inputs(&ring.venues), &two(ring)), "NETWORK_VENUE_UNKNOWN");
    let mut without = ring.venues[0].bundle.clone();
    without.remove(paths::STATEMENT);
    assert_eq!(code(&[Input { name: "x".to_owned(), files: &without }], &policy), "NO_LIABILITIES");
    without.insert(paths::STATEMENT.to_owned(), b"{}".to_vec());
    assert_eq!(code(&[Input { name: "x".to_owned(), files: &without }], &policy), "STATEMENT_MALFORMED");
    // the statement in it is another's: the venue that it names only chooses the policy
    without.insert(paths::STATEMENT.to_owned(), ring.venues[1].signed.clone());
    assert_eq!(code(&[Input { name: "x".to_owned(), files: &without }], &policy), "FILE_HASH_DIFFERS");
    assert_eq!(code(&[Input { name: "x".to_owned(), files: &MemoryFiles::new() }], &policy), "NO_LIABILITIES");
}

/// A network policy of alpha and beta alone.
fn two(ring: &Ring) -> NetworkPolicy {
    let text = ring.policy.replace("\n[[venue]]\npolicy = \"gamma.toml\"\n", "");
    let policies = ring.venues.iter().take(2).map(|venue| Policy::parse(&venue.policy).unwrap()).collect();
    NetworkFile::parse(&text).unwrap().with(policies).unwrap()
}

#[test]
fn a_debtor_without_a_bundle_is_worth_nothing() {
    let ring = &*PLAIN;
    let report = network(&inputs(ring.venues.iter().take(2)), &two(ring), None).unwrap();
    // alpha's deposit is at gamma
    assert!(tells(&report, "DEPOSIT_VENUE_UNKNOWN", "alpha"), "{:?}", told(&report));
    assert_eq!(report.deposits.len(), 1);
    let report = network(&inputs(ring.venues.iter().take(2)), &policy_of(ring, &ring.policy), None).unwrap();
    assert!(tells(&report, "NETWORK_BUNDLE_ABSENT", "gamma"), "{:?}", told(&report));
    assert!(tells(&report, "DEPOSIT_VENUE_UNKNOWN", "alpha"));
    assert_eq!(report.absent.len(), 1);
}

#[test]
fn a_venue_that_cannot_be_judged_leaves_the_network_open() {
    let mut ring = plain();
    ring.venues[2].bundle.retain(|path, _| !path.ends_with(paths::TRANSCRIPT));
    ring.venues[2].seal().unwrap();
    let report = run(&ring);
    assert!(tells(&report, "NETWORK_VENUE_UNREADABLE", "gamma"), "{:?}", told(&report));
    assert_eq!(each(&report, |venue| venue.verdict.text().to_owned()), ["not determinable"; 3]);
    assert_eq!(report.verdict, Verdict::NotDeterminable);
}

/// The plain ring with one file of beta's deposit at alpha replaced, or removed.
fn with(file: &str, bytes: Option<Vec<u8>>) -> Ring {
    let mut ring = plain();
    let path = format!("{ELSEWHERE}main/{file}");
    match bytes {
        Some(bytes) => ring.venues[1].bundle.insert(path, bytes),
        None => ring.venues[1].bundle.remove(&path),
    };
    ring.venues[1].seal().unwrap();
    ring
}

#[test]
fn a_deposit_with_a_fault_counts_nothing_and_is_named() {
    let ring = &*PLAIN;
    let alpha = &ring.venues[0];
    let mut later = alpha.statement.clone();
    (later.sequence, later.cutoff) = (1, Time::from_unix(later.cutoff.unix() + 60));
    later.predecessor = Some(ring.proof(0, &account(1)).unwrap().statement.digest);
    let mut twice = alpha.statement.clone();
    twice.account_hint = "another hint".to_owned();
    let digest = ring.proof(0, &account(1)).unwrap().statement.digest;
    let beta = &ring.venues[1];
    let signed = |debtor: &str, digest, account: &str| {
        let claim = Claim::sign(&beta.key, &beta.id, &debtor.parse().unwrap(), digest, account).unwrap();
        Some(json::canonical(&claim).unwrap())
    };
    let mut other =
        serde_json::from_slice::<serde_json::Value>(&signed("alpha", &digest, &account(1)).unwrap()).unwrap();
    other["format"] = "counterfoil-deposit-claim-v2".into();
    let cases: [(&str, Option<Vec<u8>>, &str, &str); 13] = [
        (CLAIM, None, "DEPOSIT_INCOMPLETE", "beta"),
        (PROOF, None, "DEPOSIT_INCOMPLETE", "beta"),
        (STATEMENT, Some(b"{}".to_vec()), "DEPOSIT_INCOMPLETE", "beta"),
        (STATEMENT, Some(beta.signed.clone()), "DEPOSIT_AT_ITSELF", "beta"),
        (STATEMENT, Some(alpha.sign(&later).unwrap()), "DEPOSIT_OTHER_STATEMENT", "alpha beta"),
        (STATEMENT, Some(alpha.sign(&twice).unwrap()), "DEPOSIT_TWO_STATEMENTS", "alpha beta"),
        (CLAIM, Some(b"{}".to_vec()), "DEPOSIT_CLAIM_MALFORMED", "alpha beta"),
        (CLAIM, Some(vec![b' '; 100_000]), "DEPOSIT_CLAIM_MALFORMED", "alpha beta"),
        (CLAIM, Some(json::canonical(&other).unwrap()), "DEPOSIT_CLAIM_MALFORMED", "alpha beta"),
        (CLAIM, signed("gamma", &digest, &account(1)), "DEPOSIT_SIGNATURE", "alpha beta"),
        (CLAIM, signed("alpha", &publish::digest(b"{}"), &account(1)), "DEPOSIT_SIGNATURE", "alpha beta"),
        (CLAIM, signed("alpha", &digest, "u000000000001"), "DEPOSIT_NOT_INCLUDED", "alpha beta"),
        (PROOF, Some(b"{}".to_vec()), "DEPOSIT_NOT_INCLUDED", "alpha beta"),
    ];
    for (file, bytes, code, venues) in cases {
        let report = run(&with(file, bytes));
        assert!(tells(&report, code, venues), "{file}: {code}: {:?}", told(&report));
        assert_eq!(each(&report, |venue| venue.deposits.0.to_string()), ["60", "0", "60"], "{file}: {code}");
        assert_eq!(report.deposits.len(), 2);
    }
}

/// Another key of the depositor counts when the verifier pins it, and not before.
#[test]
fn deposit_keys_are_the_verifiers_to_pin() {
    let key = PLAIN.venues[1].key.public_key().key;
    let text = PLAIN.policy.replace(
        "policy = \"alpha.toml\"\n",
        &format!("policy = \"alpha.toml\"\ndeposit_keys = [{{ alg = \"bip340\", key = \"{key}\" }}]\n"),
    );
    let policies = PLAIN.venues.iter().map(|venue| Policy::parse(&venue.policy).unwrap()).collect();
    let refused = NetworkFile::parse(&text).unwrap().with(policies).unwrap_err();
    assert_eq!(refused.code().name, "NETWORK_POLICY_MALFORMED", "one key speaks for two venues: {refused}");
}

/// An asset that a policy requires, and in which its venue states nothing, is not passed over.
#[test]
fn a_required_asset_without_a_statement_is_not_passed_over() {
    let mut ring = built(&RingOptions { outside: [170; 3], ..RingOptions::default() });
    assert_eq!(run(&ring).verdict, Verdict::Covered);
    let policy = &mut ring.venues[1].policy;
    policy.push_str("\n[[asset]]\nid = \"ETH\"\ndecimals = 18\n");
    let report = run(&ring);
    assert_eq!(report.venues[1].own_verdict, Verdict::NotDeterminable);
    assert_eq!(report.verdict, Verdict::NotDeterminable);
    assert!(tells(&report, "NETWORK_VENUE_UNREADABLE", "beta"), "{:?}", told(&report));
    assert_eq!(
        each(&report, |venue| venue.verdict.text().to_owned()),
        ["covered"; 3],
        "of bitcoins nothing is missing"
    );
}

/// A proved deposit keeps nobody from being short who would be short with all of it paid.
#[test]
fn a_deposit_that_is_too_small_hides_nothing_behind_a_venue_that_cannot_be_judged() {
    let mut ring = built(&RingOptions { outside: [0, 100, 40], ..RingOptions::default() });
    ring.venues[2].bundle.retain(|path, _| !path.ends_with(paths::TRANSCRIPT));
    ring.venues[2].seal().unwrap();
    let report = run(&ring);
    // alpha has nothing, and 60 at gamma, against 160
    assert_eq!(
        each(&report, |venue| venue.verdict.text().to_owned()),
        ["short", "not determinable", "not determinable"]
    );
}
