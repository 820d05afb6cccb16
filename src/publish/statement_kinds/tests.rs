//! What the three kinds of statements say about themselves, and where they end.

use super::*;
use crate::publish::statement::KIND_SNAPSHOT;
use crate::secret::{Secret, SecretKind};
use crate::signature::{Algorithm, SigningKey};

const EXAMPLE: &str = include_str!("../../../vectors/statement/example.json");

pub(super) fn key(seed: u8) -> SigningKey {
    SigningKey::new(Algorithm::Bip340, &Secret::new(SecretKind::Signing, &mut [seed; 32])).expect("a scalar")
}

/// Keys in the order that lists have.
pub(super) fn keys<const N: usize>(seeds: [u8; N]) -> Vec<PublicKey> {
    let mut keys = seeds.map(|seed| key(seed).public_key()).to_vec();
    keys.sort();
    keys
}

/// The snapshot of the specification with these keys.
pub(super) fn snapshot(sequence: u64, venue: KeySet) -> Statement {
    let vector: serde_json::Value = serde_json::from_str(EXAMPLE).expect("a vector");
    let file = vector["proof_text"].as_str().expect("a file").as_bytes();
    let envelope = Envelope::parse(file, FIELD).expect("a signed file");
    let mut statement = statement_check::parse(&envelope.document).expect("a statement");
    statement.sequence = sequence;
    statement.venue.keys = venue.keys;
    statement.venue.threshold = venue.threshold;
    statement
}

pub(super) fn set<const N: usize>(seeds: [u8; N], threshold: u64) -> KeySet {
    KeySet { keys: keys(seeds), threshold }
}

pub(super) fn rotation(sequence: u64, old: KeySet, new: KeySet) -> KeyRotation {
    let Statement { format, venue, tool, cutoff, .. } = snapshot(sequence, old);
    KeyRotation {
        format,
        issued: cutoff,
        kind: KIND_ROTATION.to_owned(),
        new,
        predecessor: Digest::from_bytes([3; 32]),
        reason: "planned".to_owned(),
        sequence,
        tool,
        venue,
    }
}

pub(super) fn void(sequence: u64, by: KeySet) -> VoidStatement {
    let KeyRotation { format, issued, predecessor, reason, tool, venue, .. } = rotation(sequence, by.clone(), by);
    let (kind, voids) = (KIND_VOID.to_owned(), Voided { digest: Digest::from_bytes([4; 32]), sequence: 0 });
    VoidStatement { format, issued, kind, predecessor, reason, sequence, tool, venue, voids }
}

pub(super) fn bytes<T: Serialize>(document: &T) -> Vec<u8> {
    json::canonical(document).expect("canonical")
}

/// The file, signed by the keys of these seeds.
pub(super) fn signed<T: Serialize>(document: &T, seeds: &[u8]) -> Vec<u8> {
    let mut envelope = Envelope { document: bytes(document), signatures: Vec::new() };
    for seed in seeds {
        envelope.add(key(*seed).sign(Tag::Statement, &envelope.document).expect("signs"));
    }
    envelope.to_file(FIELD).expect("canonical")
}

#[test]
fn each_kind_says_what_it_is_what_it_follows_and_who_signs_next() {
    let (old, new) = (set([1, 2], 1), set([3, 4, 5], 2));
    let read = |document: &[u8]| Stated::parse(document).expect("a statement");
    let told = |stated: &Stated| (stated.kind(), stated.sequence(), stated.predecessor());
    let signs_next = |stated: &Stated| {
        let (keys, threshold) = stated.keys_behind();
        KeySet { keys: keys.to_vec(), threshold }
    };

    let statement = snapshot(7, old.clone());
    let found = read(&bytes(&statement));
    assert_eq!(told(&found), (KIND_SNAPSHOT, 7, statement.predecessor));
    assert!(statement.predecessor.is_some());
    assert_eq!((signs_next(&found), found.snapshot()), (old.clone(), Some(&statement)));

    let change = rotation(8, old.clone(), new.clone());
    let found = read(&bytes(&change));
    assert_eq!(told(&found), ("key-rotation", 8, Some(change.predecessor)));
    assert_eq!((signs_next(&found), found.snapshot()), (new, None), "after a change of keys the new ones sign");
    assert_eq!(found.may_sign().len(), 5, "both sides sign the change itself");

    let withdrawal = void(9, old.clone());
    let found = read(&bytes(&withdrawal));
    assert_eq!(told(&found), ("void", 9, Some(withdrawal.predecessor)));
    assert_eq!((signs_next(&found), found.snapshot()), (old, None));
    assert_eq!(found.may_sign().len(), 2);

    let mut first = snapshot(0, set([1], 1));
    first.predecessor = None;
    assert_eq!(read(&bytes(&first)).predecessor(), None);
}

#[test]
fn a_reason_has_a_thousand_bytes_at_most_and_one_at_least() {
    let mut change = rotation(8, set([1], 1), set([2], 1));
    let mut withdrawal = void(8, set([1], 1));
    for (length, fits) in [(0, false), (1, true), (1_000, true), (1_001, false), (1_002, false)] {
        change.reason = "x".repeat(length);
        withdrawal.reason = change.reason.clone();
        let (changed, withdrawn) = (Stated::parse(&bytes(&change)), Stated::parse(&bytes(&withdrawal)));
        assert_eq!((changed.is_ok(), withdrawn.is_ok()), (fits, fits), "{length} bytes");
    }
}

/// A document of exactly this many bytes: the name of the program has no limit of its own.
fn padded(change: &KeyRotation, size: usize) -> KeyRotation {
    let short = bytes(&KeyRotation { tool: String::new(), ..change.clone() }).len();
    let padded = KeyRotation { tool: "x".repeat(size - short), ..change.clone() };
    assert_eq!(bytes(&padded).len(), size);
    padded
}

#[test]
fn a_notice_has_a_mebibyte_at_most() {
    let change = rotation(8, set([1], 1), set([2], 1));
    for (size, fits) in [(1 << 20, true), ((1 << 20) + 1, false)] {
        let document = bytes(&padded(&change, size));
        assert_eq!(Notice::parse(&document).expect("no contradiction").is_some(), fits, "{size} bytes");
        assert_eq!(Stated::parse(&document).is_ok(), fits, "a snapshot it is not, either");
    }
}

#[test]
fn a_file_is_a_change_of_keys_by_what_it_says_and_not_by_the_word_in_it() {
    let change = rotation(8, set([1], 1), set([2], 1));
    assert!(is_rotation(&signed(&change, &[1, 2])));
    assert!(is_rotation(&signed(&change, &[])), "who has signed is asked elsewhere");
    let mut withdrawal = void(8, set([1], 1));
    assert!(!is_rotation(&signed(&withdrawal, &[1])));
    withdrawal.reason = format!("the \"{KIND_ROTATION}\" was meant");
    let mut statement = snapshot(8, set([1], 1));
    statement.tool = KIND_ROTATION.to_owned();
    assert!(!is_rotation(&signed(&withdrawal, &[1])) && !is_rotation(&signed(&statement, &[1])));
    assert!(!is_rotation(b"") && !is_rotation(KIND_ROTATION.as_bytes()));
    // a change that contradicts itself is none
    assert!(!is_rotation(&signed(&KeyRotation { reason: String::new(), ..change.clone() }, &[1, 2])));

    // of the whole file, signatures included
    let around = signed(&change, &[1, 2]).len() - bytes(&change).len();
    for (size, fits) in [(1 << 20, true), ((1 << 20) + 1, false)] {
        let file = signed(&padded(&change, size - around), &[1, 2]);
        assert_eq!((file.len(), is_rotation(&file)), (size, fits));
    }
}

#[test]
fn who_has_signed_is_told_of_those_that_were_asked_about() {
    let statement = snapshot(8, set([1, 2, 3], 2));
    let file = signed(&statement, &[1, 3]);
    let asked = keys([1, 2, 3]);
    let venue = &statement.venue;
    let pins = StatementPins { venue: &venue.id, log_origin: &venue.log_origin, keys: &asked, threshold: 2 };
    let found = verify(&file, &pins).expect("two of three");
    assert_eq!(found.signers(), keys([1, 3]));
    assert_eq!(found.digest(), statement_check::digest(&bytes(&statement)));
    let asked = keys([2, 3]);
    let found = verify(&file, &StatementPins { keys: &asked, threshold: 1, ..pins }).expect("one of two");
    assert_eq!(found.signers(), keys([3]), "a key that was not asked about does not count");
}
