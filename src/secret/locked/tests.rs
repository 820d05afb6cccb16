use super::*;

const PHRASE: &str = "five words are easily remembered";

fn phrase(text: &str) -> Passphrase {
    Passphrase::new(text.to_owned()).expect("a passphrase")
}

fn locked() -> LockedSecret {
    let secret = Secret::new(SecretKind::Log, &mut [7; 32]);
    LockedSecret::lock(&secret, &phrase(PHRASE), [9; 16], Cost::LEAST).expect("memory")
}

#[test]
fn what_was_locked_opens_with_its_passphrase_only() {
    let file = locked().to_file();
    let back = LockedSecret::parse(file.as_bytes()).expect("its own file");
    assert_eq!((back.kind(), &back), (SecretKind::Log, &locked()));
    assert_eq!(back.unlock(&phrase(PHRASE)).expect("opens").expose(), &[7; 32]);
    for wrong in ["five words are easily remembered ", "Five words are easily remembered", "x"] {
        assert_eq!(back.unlock(&phrase(wrong)).expect_err(wrong), LockError::Wrong);
    }
    assert!(!file.contains("0707") && file.len() <= FILE_SIZE_MAX, "{file}");
    assert_eq!(format!("{:?}", phrase(PHRASE)), "Passphrase");
    // the same secret and passphrase under another salt share nothing
    let secret = Secret::new(SecretKind::Log, &mut [7; 32]);
    let other = LockedSecret::lock(&secret, &phrase(PHRASE), [8; 16], Cost::LEAST).expect("memory");
    assert_ne!(other.sealed, back.sealed);
}

/// With the checksum made to fit: what it guards against is damage, not a hand.
fn resealed(text: &str) -> Vec<u8> {
    let (covered, _) = text.rsplit_once("sha256 ").expect("a checksum");
    format!("{covered}sha256 {}\n", sha256(covered.as_bytes())).into_bytes()
}

#[test]
fn every_change_of_a_byte_is_damage_and_never_a_wrong_passphrase() {
    let file = locked().to_file().into_bytes();
    for at in 0..file.len() - 1 {
        let mut changed = file.clone();
        changed[at] ^= 1;
        let error = LockedSecret::parse(&changed).expect_err("changed");
        assert!(matches!(error, LockError::Damaged(_)), "byte {at}: {error}");
    }
    for length in 0..file.len() - 1 {
        assert!(matches!(LockedSecret::parse(&file[..length]), Err(LockError::Damaged(_))), "{length} bytes");
    }
    // the end of the last line is the only thing that an editor may take away
    assert_eq!(LockedSecret::parse(&file[..file.len() - 1]).as_ref(), Ok(&locked()));
}

#[test]
fn a_file_that_was_made_by_hand_opens_nothing() {
    let file = locked().to_file();
    let edit = |from: &str, to: &str| {
        assert!(file.contains(from), "{from}");
        LockedSecret::parse(&resealed(&file.replacen(from, to, 1)))
    };
    // kind and salt are authenticated
    let other = edit("kind counterfoil-log-key-v1", "kind counterfoil-signing-key-v1").expect("reads");
    assert_eq!(other.unlock(&phrase(PHRASE)).expect_err("another kind"), LockError::Wrong);
    let other = edit("salt=0909", "salt=0908").expect("reads");
    assert_eq!(other.unlock(&phrase(PHRASE)).expect_err("another salt"), LockError::Wrong);
    for (from, to) in [
        ("memory_kib=19456", "memory_kib=019456"),
        ("memory_kib=19456", "memory_kib=+19456"),
        ("passes=2", "passes=two"),
        ("passes=2 lanes", "passes=2  lanes"),
        ("argon2id", "argon2i"),
        ("argon2id", "argon2idx"),
        ("kind counterfoil-log", "kind counterfoil-any"),
        ("\nsealed", " x\nsealed"),
        ("\nsealed", "\r\nsealed"),
        ("salt=09", "salt=0A"),
        ("salt=09", "salt="),
        ("counterfoil-locked-key-v1", "counterfoil-locked-key-v2"),
    ] {
        assert!(matches!(edit(from, to), Err(LockError::Damaged(_))), "{to}");
    }
    let mut longer = resealed(&file);
    longer.extend(b"more\n");
    assert!(matches!(LockedSecret::parse(&longer), Err(LockError::Damaged(_))));
    assert!(matches!(LockedSecret::parse(&[b'x'; FILE_SIZE_MAX + 1]), Err(LockError::Damaged(_))));
}

#[test]
fn a_file_cannot_ask_for_everything() {
    let file = locked().to_file();
    for (from, to, what) in [
        ("memory_kib=19456", "memory_kib=104857600", "KiB of memory"),
        ("memory_kib=19456", "memory_kib=1048577", "KiB of memory"),
        ("memory_kib=19456", "memory_kib=18446744073709551615", "KiB of memory"),
        ("memory_kib=19456", "memory_kib=8", "KiB of memory"),
        ("passes=2", "passes=4294967295", "passes"),
        ("passes=2", "passes=17", "passes"),
        ("passes=2", "passes=0", "passes"),
        ("lanes=1", "lanes=17", "lanes"),
    ] {
        let error = LockedSecret::parse(&resealed(&file.replacen(from, to, 1))).expect_err(to);
        assert!(matches!(error, LockError::Cost { what: named, .. } if named == what), "{to}: {error}");
    }
}

#[test]
fn passphrases_are_lines_of_text() {
    for text in ["", "a\nb", "a\tb", "\u{7f}", &"x".repeat(PASSPHRASE_MAX + 1)] {
        assert!(matches!(Passphrase::new(text.to_owned()), Err(LockError::Passphrase(_))), "{text:?}");
    }
    assert!(Passphrase::from_file(b"\xff").is_err() && Passphrase::from_file(b"a\nb\n").is_err());
    let one = Passphrase::from_file(b"correct horse\r\n").expect("a line");
    assert!(one.is_same(&phrase("correct horse")) && !one.is_same(&phrase("correct horse ")));
    assert!(phrase("eleven char").long_enough().is_err());
    // characters, not bytes
    assert!(phrase("äöüäöüäöüäö").long_enough().is_err() && phrase("äöüäöüäöüäöü").long_enough().is_ok());
}
