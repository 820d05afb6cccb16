//! Which keys count under which number, with two changes of keys: one key, then two of two, then one again.

use super::super::KeySet;
use super::super::tests::{key, keys, rotation, set, signed, snapshot, void};
use super::*;
use crate::snapshot::VenueId;

const ORIGIN: &str = "log.example/por";

fn venue() -> VenueId {
    "example-exchange".parse().expect("a name")
}

/// One key up to 10, two of two up to 20, then one again.
fn stretches() -> [KeySet; 3] {
    [set([1], 1), set([2, 3], 2), set([4], 1)]
}

fn changes() -> [KeyRotation; 2] {
    let [first, second, third] = stretches();
    [rotation(10, first, second.clone()), rotation(20, second, third)]
}

fn files() -> Vec<Vec<u8>> {
    let [one, two] = changes();
    vec![signed(&two, &[2, 3, 4]), signed(&one, &[1, 2, 3])]
}

fn pins<'a>(venue: &'a VenueId, keys: &'a [PublicKey], threshold: u64) -> StatementPins<'a> {
    StatementPins { venue, log_origin: ORIGIN, keys, threshold }
}

fn told(pins: &StatementPins<'_>) -> KeySet {
    KeySet { keys: pins.keys.to_vec(), threshold: pins.threshold }
}

#[test]
fn a_change_of_keys_has_the_number_of_those_that_it_replaces() {
    let (venue, pinned) = (venue(), keys([4]));
    let history = KeyHistory::new(pins(&venue, &pinned, 1), &files()).expect("two changes");
    assert_eq!(history.rotations(), changes());
    assert_eq!(history.announced().next(), None, "the last keys are the pinned ones");
    let [first, second, third] = stretches();
    for (sequence, expected) in [(0, &first), (9, &first), (10, &first), (11, &second), (19, &second), (20, &second)] {
        assert_eq!(told(&history.pins_at(sequence).expect("known")), *expected, "statement {sequence}");
    }
    for sequence in [21, u64::MAX] {
        assert_eq!(told(&history.pins_at(sequence).expect("known")), third, "statement {sequence}");
    }
    // and so with what was signed: under the number of the change, the new keys alone are nobody
    let withdrawal = |sequence, seeds: &[u8]| {
        let by = if sequence > 10 { second.clone() } else { first.clone() };
        history.verify(&signed(&void(sequence, by), seeds)).map(|found| found.signers().to_vec())
    };
    assert_eq!(withdrawal(10, &[1]), Ok(keys([1])));
    assert!(matches!(withdrawal(10, &[2, 3]), Err(StatementError::KeyNotPinned { .. })));
    assert_eq!(withdrawal(11, &[2, 3]), Ok(keys([2, 3])));
}

#[test]
fn an_earlier_stretch_keeps_the_number_of_its_signatures() {
    let (venue, pinned) = (venue(), keys([4]));
    let history = KeyHistory::new(pins(&venue, &pinned, 1), &files()).expect("two changes");
    let statement = snapshot(15, set([2, 3], 2));
    assert!(history.verify(&signed(&statement, &[2, 3])).is_ok());
    let few = history.verify(&signed(&statement, &[2])).expect_err("one of two");
    assert_eq!(few, StatementError::Threshold { got: 1, expected: 2 }, "the pinned threshold is of the pinned keys");
    assert_eq!(history.verify_snapshot(&signed(&statement, &[2, 3])).expect("two").statement(), &statement);
    assert_eq!(history.verify_snapshot(&signed(&statement, &[3])), Err(few));
}

#[test]
fn changes_behind_the_pinned_keys_are_announced_and_not_followed() {
    let (venue, [one, two]) = (venue(), changes());
    let announced = |seeds: &[u8], threshold| {
        let pinned: Vec<PublicKey> = seeds.iter().map(|seed| key(*seed).public_key()).collect();
        let history = KeyHistory::new(pins(&venue, &pinned, threshold), &files()).expect("two changes");
        let ahead = history.announced().cloned().collect::<Vec<_>>();
        (ahead, history.pins_at(21).map(|pins| told(&pins)))
    };
    let rotated = Err(rotated(&two));
    assert_eq!(announced(&[1], 1), (vec![one, two.clone()], rotated.clone()));
    assert_eq!(announced(&[2, 3], 2), (vec![two], rotated));
    assert_eq!(announced(&[4], 1), (vec![], Ok(set([4], 1))));
}

#[test]
fn keys_that_were_replaced_are_told_apart_from_unknown_ones() {
    let (venue, pinned) = (venue(), keys([4]));
    let history = KeyHistory::new(pins(&venue, &pinned, 1), &files()).expect("two changes");
    let error = |sequence, seeds: &[u8]| {
        history.verify(&signed(&snapshot(sequence, set([4], 1)), seeds)).expect_err("not the keys in force")
    };
    assert_eq!(error(25, &[1]), StatementError::RetiredKey { sequence: 25, since: 10 });
    assert_eq!(error(25, &[2, 3]), StatementError::RetiredKey { sequence: 25, since: 20 });
    assert_eq!(error(25, &[1, 2]), StatementError::RetiredKey { sequence: 25, since: 10 }, "the first that is gone");
    assert_eq!(error(15, &[1]), StatementError::RetiredKey { sequence: 15, since: 10 });
    assert!(matches!(error(25, &[9]), StatementError::KeyNotPinned { .. }), "never a key of the venue");
    assert!(matches!(error(15, &[4]), StatementError::KeyNotPinned { .. }), "not yet a key of the venue");
    assert!(matches!(error(5, &[2, 3]), StatementError::KeyNotPinned { .. }));
}

#[test]
fn changes_follow_one_another() {
    let (venue, pinned) = (venue(), keys([4]));
    let [one, two] = changes();
    let last = signed(&two, &[2, 3, 4]);
    let read = |file: Vec<u8>| KeyHistory::new(pins(&venue, &pinned, 1), &[file, last.clone()]).map(|_| ());
    assert_eq!(read(signed(&one, &[1, 2, 3])), Ok(()));
    assert_eq!(read(last.clone()), Ok(()), "the same twice is one");
    let twin = KeyRotation { reason: "another".to_owned(), ..two.clone() };
    let detail = "two changes of keys with the number 20".to_owned();
    assert_eq!(read(signed(&twin, &[2, 3, 4])), Err(StatementError::Contradiction(detail)));
    let detail = "the change of keys 20 replaces other keys than the change 10 gave".to_owned();
    let broken = Err(StatementError::Unaccepted(detail));
    // other keys, and the same keys with another threshold
    assert_eq!(read(signed(&rotation(10, set([1], 1), set([2, 5], 2)), &[1, 2, 5])), broken);
    assert_eq!(read(signed(&rotation(10, set([1], 1), set([2, 3], 1)), &[1, 2, 3])), broken);
}
