//! Where a rule begins: the first signature that looks like an annex, an age of nothing, a result that is false.

use super::*;

/// The annex is the last of two items or more (BIP-341). One signature in 256 begins with the byte of an annex.
#[test]
fn a_lone_signature_is_no_annex_whatever_its_first_byte_is() {
    let secp = Secp256k1::new();
    let pair = Keypair::from_secret_key(&secp, &secret(1));
    let tweaked = pair.tap_tweak(&secp, None).to_keypair();
    let mut case = Case::new(&[ScriptBuf::new_p2tr(&secp, pair.x_only_public_key().0, None)]);
    let signature = (1..100_000).find_map(|lock| {
        case.transaction.lock_time = bitcoin::absolute::LockTime::from_consensus(lock);
        let prevouts = Prevouts::All(&case.spent);
        let mut cache = SighashCache::new(&case.transaction);
        let hash = cache.taproot_key_spend_signature_hash(0, &prevouts, TapSighashType::Default).expect("an input");
        let signature = secp.sign_schnorr_no_aux_rand(&Message::from_digest(hash.to_byte_array()), &tweaked);
        Some(signature.serialize()).filter(|bytes| bytes[0] == ANNEX)
    });
    let signature = signature.expect("one of 256");
    case.transaction.input[0].witness = Witness::from_slice(&[signature]);
    assert_eq!(case.code(), Ok(()));
    // with another item before it, it would be one
    let mut items = vec![vec![1; 64], signature.to_vec()];
    assert_eq!(taproot_leaf(&mut items).map_err(|error| error.code().number), Err(5086));
}

#[test]
fn an_age_of_nothing_is_none() {
    let mut case = Case::new(&[single(1)]);
    let mut age = |sequence: u32| {
        case.transaction.input[0].sequence = Sequence(sequence);
        coin_age(&case.transaction, &case.transaction.input[0])
    };
    let seconds = 1 << 22;
    assert_eq!((age(0), age(seconds)), (None, None));
    assert_eq!((age(1), age(seconds | 1)), (Some(CoinAge::Blocks(1)), Some(CoinAge::Seconds(512))));
    // bits that mean nothing yet count for nothing
    assert_eq!(age(1 << 16), None);
}

/// Consensus has refused such a stack before; that both agree is a condition, never an alternative.
#[test]
fn a_false_result_is_not_passed_on_the_word_of_another() {
    let script = single(1);
    let left = |stack: &[&[u8]]| {
        let stack: Vec<Vec<u8>> = stack.iter().map(|item| item.to_vec()).collect();
        check_clean(&stack, &script).map_err(|error| error.code().number)
    };
    for truth in [&[1][..], &[2], &[0x81], &[0, 1], &[0, 0x80, 0]] {
        assert_eq!(left(&[truth]), Ok(()), "{truth:?}");
    }
    for falsehood in [&[][..], &[0], &[0x80], &[0, 0], &[0, 0x80]] {
        assert_eq!(left(&[falsehood]), Err(5003), "{falsehood:?}");
    }
    assert_eq!(left(&[]), Err(5003));
    assert_eq!((left(&[&[1], &[1]]), left(&[&[], &[1]])), (Err(5083), Err(5083)));
}
