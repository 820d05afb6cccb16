//! The two ways to hash a leaf, the keys behind it, and what is not for everybody.

use super::*;
use crate::hash::{Batch, Midstate};
use crate::secret::SecretKind;

fn snapshot_key() -> SnapshotKey {
    let master = Secret::new(SecretKind::Master, &mut [7; 32]);
    SnapshotKey::derive(&master, &[9; 32], &"example-exchange".parse().expect("a venue"), 3)
}

fn bitcoin() -> AssetId {
    "BTC".parse().expect("an asset")
}

#[test]
fn customers_and_decoys_have_accounts_of_their_own() {
    let decoy = snapshot_key().tree(&bitcoin(), Class::Custody).decoy(5);
    assert!(is_reserved(&decoy) && is_reserved(DECOY_PREFIX), "{decoy}");
    for account in
        ["", "u1", "counterfoil-decoy", " counterfoil-decoy/1", "COUNTERFOIL-DECOY/1", "u counterfoil-decoy/"]
    {
        assert!(!is_reserved(account), "{account:?} is a customer's");
    }
}

#[test]
fn a_nonce_is_not_shown() {
    let nonce = Nonce([0xab; 16]);
    assert_eq!(format!("{nonce:?}"), "Nonce(…)");
    assert!(
        !format!("{:?}", LeafContent { nonce, amount: Amount::ZERO, account: "u1", credential: "", parts: &[] })
            .contains("171")
    );
}

#[test]
fn a_store_keeps_the_key_that_was_derived() {
    let key = snapshot_key();
    let kept = SnapshotKey::from_bytes(*key.expose());
    let blind = |key: &SnapshotKey, account| key.tree(&bitcoin(), Class::Lent).blind(account);
    assert_eq!(blind(&kept, "u1"), blind(&key, "u1"));
    assert_eq!(SnapshotKey::from_bytes([5; 32]).expose(), &[5; 32]);
}

/// What is read behind the account is never hashed: not the surplus of a line, and not the line after it.
#[test]
fn plain_leaves_are_those_of_the_format_whatever_stands_behind_the_account() {
    let (nonce, amount) = (Nonce([3; 16]), Amount::from_base_units(7));
    let text = "a".repeat(200);
    for surplus in ["", ",BTC,5\nu2,BTC,7\n", &"x".repeat(100)] {
        let (mut batch, mut expected, mut hashes) = (Batch::default(), Vec::new(), Vec::new());
        for length in 0..=text.len() {
            let account = &text[..length];
            let line = format!("{account}{surplus}");
            assert_eq!(push_plain_leaf(&mut batch, nonce, amount, line.as_bytes(), length), Some(()), "{length}");
            let leaf = LeafContent { nonce, amount, account, credential: "", parts: &[] };
            expected.push(leaf.hash().expect("short").digest());
        }
        assert_eq!(batch.len(), expected.len());
        batch.finish(Midstate::of(Tag::Leaf), &mut hashes);
        assert_eq!(hashes, expected, "behind the account: {surplus:?}");
    }
    // fewer bytes than were promised, and more than the format has room for
    let mut batch = Batch::default();
    assert_eq!(push_plain_leaf(&mut batch, nonce, amount, b"u1", 3), None);
    let long = vec![b'a'; 70_000];
    assert_eq!(push_plain_leaf(&mut batch, nonce, amount, &long, 65_536), None);
    assert!(batch.is_empty(), "what was refused does not wait");
    assert_eq!(push_plain_leaf(&mut batch, nonce, amount, &long, 65_535), Some(()));
}

#[test]
fn accounts_are_blinded_by_the_thousand_as_one_by_one() {
    let key = snapshot_key().tree(&bitcoin(), Class::Custody);
    let mut blinder = Blinder::new(&key);
    assert!(blinder.is_empty());
    let text = "b".repeat(150);
    for surplus in ["", ",BTC,5\n", &"x".repeat(100)] {
        for length in 0..=text.len() {
            let line = format!("{}{surplus}", &text[..length]);
            blinder.push_first(line.as_bytes(), length);
            assert_eq!((blinder.len(), blinder.is_empty()), (length + 1, false));
        }
        let mut found = Vec::new();
        blinder.finish(&mut |order, nonce| found.push((order, nonce)));
        let expected: Vec<_> = (0..=text.len()).map(|length| key.blind(&text[..length])).collect();
        assert_eq!(found, expected, "behind the account: {surplus:?}");
        assert_eq!((blinder.len(), blinder.is_empty()), (0, true), "nobody waits any more");
    }
}

/// Whoever hashes many leaves takes the keys themselves; the pieces are the same.
#[test]
fn the_keys_of_a_split_tree_are_those_of_its_pieces() {
    let keys = snapshot_key().split(&bitcoin(), Class::Custody, 5).expect("five pieces");
    let whole = Amount::from_base_units(1_000);
    let pieces: Vec<PieceLeaf> = keys.pieces("u1", whole).collect();
    let numbers: Vec<u16> = keys.keys().iter().map(|(piece, _)| piece.number()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    for ((piece, key), leaf) in keys.keys().iter().zip(&pieces) {
        assert_eq!((*piece, key.blind("u1")), (leaf.split.piece, (leaf.order_key, leaf.nonce)));
    }
}
