//! What the verdict makes of holdings and windows of an asset, of which 100 are owed.

use super::holdings::{ASKED, coin, given, other, reserves, window};
use super::*;
use crate::basis::Basis;

fn commitment(sequence: u64, height: u64) -> Commitment {
    Commitment {
        sequence,
        cutoff: Time::from_unix(600 * i64::try_from(height).expect("small")),
        blocks: [(CHAIN.parse().expect("a chain"), height)].into(),
        owed: units(100),
        logged: false,
        same_set: true,
    }
}

fn assessed(deployments: &[Deployment<'_>], commitments: &[Commitment]) -> Assessment {
    assess(&Case {
        decimals: Decimals::new(8).expect("eight"),
        commitments,
        subject: 7,
        deployments,
        authenticity: Basis::Proved,
        minimum_ratio: crate::reconcile::assess::WHOLE,
        readable: true,
        critical: false,
    })
}

#[test]
fn of_a_place_that_holds_nothing_no_window_is_asked_for() {
    let two = policy(&format!("[[asset.deployment]]\nid = \"{}\"\ndecimals = 8\n{ASKED}", other()));
    let reason = |elsewhere: u128| {
        let mut lies_there = coin("hot", elsewhere);
        lies_there.holding.deployment = other();
        let mut known = reserves(vec![coin("hot", 100), lies_there]);
        known.claimed.insert(other());
        given(&two, &known, |deployments| {
            assert_eq!(deployments.len(), 2);
            assessed(deployments, &[commitment(7, 150)]).reason
        })
    };
    assert_eq!(reason(0), Reason::Enough);
    assert_eq!(reason(1), Reason::WindowIncomplete, "who knows where it was the day before");
}

/// What left in blocks that nobody shows may have come back since: from there on nothing bounds what was held.
#[test]
fn a_gap_hides_what_was_held_behind_it() {
    let high = |gaps: &[(u64, u64)]| {
        let mut known = reserves(vec![coin("hot", 100)]);
        window(&mut known).evidence.as_mut().expect("evidence").gaps = gaps.to_vec();
        given(&policy("[window]\nbefore = 40\nafter = 40\n"), &known, |deployments| {
            let found = assessed(deployments, &[commitment(6, 120), commitment(7, 150)]);
            assert_eq!(found.commitments.iter().map(|found| found.sequence).collect::<Vec<_>>(), [6, 7]);
            found.commitments[0].high
        })
    };
    assert_eq!(high(&[]), Some(units(100)));
    assert_eq!((high(&[(115, 116)]), high(&[(120, 120)])), (None, None));
    assert_eq!(high(&[(121, 130)]), Some(units(100)), "it begins later");
}

/// 60 are shown of 100 owed, and the books have the rest with a custodian of whom nothing can be read: as much as is
/// missing is enough to say nothing, and one unit less is not.
#[test]
fn nobody_is_short_for_what_cannot_be_read() {
    let history = history(100, Vec::new());
    let verdict = |party: &str, closing: u128| {
        let mut statement = history.subject().statement().clone();
        let (party, asset) = (party.parse().expect("a name"), "BTC".parse().expect("an asset"));
        let (opening, closing, lines) = (Amount::ZERO, units(closing), Vec::new());
        let row = crate::publish::custody::CustodyAccount { asset, party, opening, closing, lines };
        statement.schedules.custody_accounts = Some(vec![row]);
        let (policy, id) = (policy(""), "BTC".parse().expect("an asset"));
        let mut known = reserves(Vec::new());
        known.custody_unreadable.insert("bank".parse().expect("a name"));
        let (statement, statements) = (Some(&statement), &[]);
        let section = Section { policy: &policy, statement, statements, reserves: &known, id: &id };
        let mut short = found(Reason::LessThanOwed);
        (short.verdict, short.high, short.commitments) = (Verdict::Short, units(60), vec![compared(1, 100, 60)]);
        let found = section.unread(short, Decimals::new(10).expect("ten"));
        (found.verdict, found.reason)
    };
    assert_eq!(verdict("bank", 40), (Verdict::NotDeterminable, Reason::NotReadable));
    assert_eq!(verdict("bank", 39), (Verdict::Short, Reason::LessThanOwed));
    assert_eq!(verdict("another", 40), (Verdict::Short, Reason::LessThanOwed), "which could be read");
}
