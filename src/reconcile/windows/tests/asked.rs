//! Which blocks are asked about, which of them are measured, and what is told of the others.

use super::*;

fn known(reserves: &mut Reserves) -> &mut ChainWindow {
    reserves.windows.values_mut().next().expect("a window")
}

fn evidence(reserves: &mut Reserves) -> &mut WindowEvidence {
    known(reserves).evidence.as_mut().expect("evidence")
}

/// A statement is compared with holdings in the blocks that are both asked about and shown, and in no others.
#[test]
fn what_can_be_measured_is_what_is_asked_about_and_shown() {
    let measurable = |window: &str, shown: (u64, u64)| {
        let (policy, mut reserves) = (policy(window), reserves(true));
        (evidence(&mut reserves).from, evidence(&mut reserves).to) = shown;
        let id = "BTC".parse().expect("an asset");
        let section = Section { policy: &policy, statement: None, statements: &[], reserves: &reserves, id: &id };
        let offered = section.shown(policy.assets().first());
        section.measurable(&offered).into_iter().map(|(_, range)| range).collect::<Vec<_>>()
    };
    let days = |before: u64, after: u64| format!("[window]\nbefore = {before}\nafter = {after}\n");
    assert_eq!(measurable(OFFERED, (100, 200)), [(100, 200)], "whatever there is");
    assert_eq!(measurable(&days(10, 20), (100, 200)), [(140, 170)]);
    assert_eq!(measurable(&days(90, 90), (100, 200)), [(100, 200)]);
    assert_eq!(measurable(&days(10, 20), (170, 200)), [(170, 170)], "one block");
    assert!(measurable(&days(10, 20), (171, 200)).is_empty());
}

/// Blocks that nobody shows are missed where the venue says that it holds something, and nowhere else.
#[test]
fn a_window_is_missed_only_where_something_is_offered() {
    let missed = |change: fn(&mut Held)| {
        let mut reserves = reserves(false);
        reserves.held.iter_mut().for_each(change);
        section(&policy("[window]\nbefore = 10\nafter = 10\n"), &reserves).1.contains(&7040)
    };
    assert!(missed(|_| ()));
    assert!(!missed(|held| held.holding.amount = Amount::ZERO), "nothing is held");
    assert!(!missed(|held| held.free = false), "what is pledged counts nothing");
    assert!(!missed(|held| held.control = None), "whose it is was not shown");
    assert!(!missed(|held| held.holding.deployment = format!("{CHAIN}/slip44:2").parse().expect("another")));
    assert!(!missed(|held| held.holding.deployment = "eip155:1/slip44:60".parse().expect("elsewhere")));
}

/// Evidence whose sums do not fit is refused where it shows a block that is asked about; where it shows none of them,
/// it is the blocks that are missing.
#[test]
fn evidence_is_refused_where_it_shows_what_is_asked_about() {
    let told = |snapshot: u64, window: &str| {
        let mut reserves = reserves(true);
        evidence(&mut reserves).opening.push(part("more", u128::MAX));
        known(&mut reserves).snapshot = snapshot;
        let codes = section(&policy(window), &reserves).1;
        (codes.contains(&7042), codes.contains(&7040))
    };
    let (refused, missing) = ((true, false), (false, true));
    let (before, after) = ("[window]\nbefore = 6\nafter = 0\n", "[window]\nbefore = 0\nafter = 6\n");
    assert_eq!((told(150, before), told(150, after)), (refused, refused));
    assert_eq!((told(94, after), told(93, after)), (refused, missing), "its first block, 100");
    assert_eq!((told(206, before), told(207, before)), (refused, missing), "its last block, 200");
}
