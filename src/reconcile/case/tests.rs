//! What is told of a verdict, word by word; which holdings count, and what of them a window can show.

mod decided;
pub(in crate::reconcile) mod holdings;

use super::*;
use crate::reconcile::assess::{Alignment, Below, Compared};
use crate::reconcile::chain::tests::history;
use crate::reconcile::reserves::Reserves;
use crate::snapshot::Time;

pub(in crate::reconcile) const CHAIN: &str = "bip122:000000000019d6689c085ae165831e93";

pub(in crate::reconcile) fn units(units: u128) -> Amount {
    Amount::from_base_units(units)
}

/// Bitcoin with eight decimals, on its chain and wherever else `more` says.
pub(in crate::reconcile) fn policy(more: &str) -> Policy {
    Policy::parse(&format!(
        "format = \"counterfoil-policy-v1\"\n[venue]\nid = \"example\"\nlog_origin = \"log.example\"\n\
         keys = [{{ alg = \"bip340\", key = \"79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798\" }}]\n\
         [[asset]]\nid = \"BTC\"\ndecimals = 8\n[[asset.deployment]]\nid = \"{CHAIN}/slip44:0\"\ndecimals = 8\n{more}"
    ))
    .expect("a policy")
}

fn compared(sequence: u64, owed: u128, high: u128) -> Compared {
    let (low, high) = (Some(units(high)), Some(units(high)));
    Compared { sequence, cutoff: Time::from_unix(0), logged: false, owed: units(owed), low, high, coverage: None }
}

/// 110 held of the 100 owed in statement 7.
fn found(reason: Reason) -> Assessment {
    Assessment {
        verdict: Verdict::NotDeterminable,
        reason,
        commitments: vec![compared(7, 100, 110)],
        low: units(110),
        high: units(110),
        came_and_went: Amount::ZERO,
        apart: Amount::ZERO,
        minimum: None,
        minimum_without_trips: None,
        alignment: Alignment::Blocks,
        below: Vec::new(),
        curve: Vec::new(),
    }
}

fn told(found: &Assessment) -> String {
    sentence(&"BTC".parse().expect("an asset"), Decimals::ZERO, found, 7)
}

#[test]
fn enough_is_enough_at_one_statement_or_at_several() {
    let mut found = found(Reason::Enough);
    let held = "BTC: 110 held on accepted evidence are at least the 100 owed at the cut-off, and ";
    assert_eq!(told(&found), format!("{held}the balance never fell below it in the window."));
    found.commitments.push(compared(8, 90, 110));
    assert_eq!(told(&found), format!("{held}so it was at all 2 statements of the window and between them."));
}

#[test]
fn less_than_owed_is_told_with_what_came_and_went() {
    let mut found = found(Reason::LessThanOwed);
    (found.low, found.high) = (units(60), units(60));
    let less = "held are less than the 100 owed, even if all that was offered is believed.";
    assert_eq!(told(&found), format!("BTC: 60 {less}"));
    found.came_and_went = units(40);
    assert_eq!(
        told(&found),
        "BTC: 60 held without 40 that came and went are 60.00 % of the 100 owed, even if all that was offered is \
         believed."
    );
}

/// As much as is owed at the cut-off is enough there; it is another statement that was short, and it is named.
#[test]
fn the_statement_that_was_short_is_named() {
    let mut found = found(Reason::LessThanOwed);
    (found.low, found.high) = (units(100), units(100));
    found.commitments = vec![compared(6, 100, 100), compared(7, 100, 100), compared(8, 120, 50)];
    assert_eq!(told(&found), "BTC: at the cut-off of statement 8, 50 were held and 120 owed.");
}

#[test]
fn what_nobody_states_owed_is_said_to_be_that() {
    let mut found = found(Reason::NothingStated);
    found.commitments = vec![compared(8, 100, 110)];
    assert_eq!(
        told(&found),
        "BTC: nothing is stated about what is owed, so nothing can be said about what is held.",
        "of another statement"
    );
}

#[test]
fn a_balance_that_fell_is_told_with_its_lowest() {
    let mut found = found(Reason::FellBelow);
    let below = |held| Below { at: Some(120), held: units(held), owed: units(100) };
    found.below = vec![below(80), below(70)];
    let text = "BTC: 110 held at the cut-off against 100 owed, but at least 70 only within the window: it decides \
                neither way.";
    assert_eq!(told(&found), text);
    found.apart = units(25);
    assert_eq!(told(&found), text, "with what validators have it is still too little at the second one");
    found.apart = units(30);
    assert!(told(&found).contains("but 30 of it are with validators"));
}

/// A section of the second of two statements: 100 owed at block 110, as much at block 150.
pub(in crate::reconcile) fn with_section<R>(
    policy: &Policy,
    reserves: &Reserves,
    ask: impl FnOnce(&Section<'_>) -> R,
) -> R {
    let history = history(100, Vec::new());
    let all = history.statements().iter().map(|known| known.statement());
    let statements: Vec<Known<'_>> = all.map(|statement| Known { statement, logged: false }).collect();
    let (id, statement) = ("BTC".parse().expect("an asset"), Some(history.subject().statement()));
    ask(&Section { policy, statement, statements: &statements, reserves, id: &id })
}

fn noted(policy: &Policy, found: &Assessment) -> Vec<(u16, String, String)> {
    let reserves = Reserves::default();
    with_section(policy, &reserves, |section| {
        let mut findings = Vec::new();
        section.note_assessment(policy.assets().first(), found, &mut findings);
        findings.into_iter().map(|finding| (finding.code.number, finding.subject, finding.detail)).collect()
    })
}

#[test]
fn statements_that_no_log_dates_are_told_but_for_the_own_one() {
    let mut found = found(Reason::Enough);
    let logged = Compared { logged: true, ..compared(2, 100, 110) };
    found.commitments = vec![compared(0, 100, 110), compared(1, 100, 110), logged];
    let subjects: Vec<_> = noted(&policy(""), &found).into_iter().map(|(code, subject, _)| (code, subject)).collect();
    assert_eq!(subjects, [(7051, "statement 0".to_owned())]);
}

#[test]
fn a_sum_of_minima_is_told_where_there_is_one() {
    let codes = |alignment, minimum| {
        let found = Assessment { alignment, minimum, ..found(Reason::SnapshotOnly) };
        noted(&policy(""), &found).into_iter().map(|(code, ..)| code).filter(|code| *code == 7052).count()
    };
    assert_eq!(codes(Alignment::Minima, Some(units(1))), 1);
    assert_eq!(codes(Alignment::Minima, None) + codes(Alignment::Blocks, Some(units(1))), 0);
}

/// Where the balance lies below what is owed, and where it only lies below what the policy demands on top.
#[test]
fn low_points_are_told_with_their_place() {
    // the statements count with ten decimals, the most that occur
    let bitcoin = |coins: u128| units(coins * 10_000_000_000);
    let below = |at, held| Below { at, held: bitcoin(held), owed: bitcoin(100) };
    let mut found = found(Reason::FellBelow);
    found.commitments.clear();
    found.below = vec![below(Some(120), 80), below(Some(120), 100), below(None, 80)];
    let demanding = policy("[require]\nminimum_ratio = 10507\n");
    let details = |found: &Assessment| noted(&demanding, found).into_iter().map(|(code, _, detail)| (code, detail));
    let told: Vec<_> = details(&found).collect();
    let fell = |place: &str| format!("80.00{place} without coins that came and went; 100.00 are asked for there");
    assert_eq!(told[0], (7046, fell(" at block 120")));
    assert_eq!(told[1], (7062, "100.00 at block 120; 100.00 are owed, demanded are 105.07 % of it".to_owned()));
    assert_eq!(told[2], (7046, fell(" at least, by the sum of the chains' minima")));
    found.alignment = Alignment::Times;
    let told: Vec<_> = details(&found).collect();
    assert_eq!(told[0], (7046, fell(" at 1970-01-01T00:02:00Z")), "seconds, where chains are laid over time");
}

#[test]
fn heights_of_cut_offs_are_those_of_the_chain() {
    let (policy, reserves) = (policy(""), Reserves::default());
    let heights = |chain: &str| {
        let chain = chain.parse().expect("a chain");
        with_section(&policy, &reserves, |section| section.cutoff_heights(&chain))
    };
    assert_eq!((heights(CHAIN), heights("eip155:1")), (vec![110, 150], Vec::new()));
}
