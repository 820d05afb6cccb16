use super::*;

const ADDRESS: &str = "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23";
const LINE: &str = "Some data";
/// The example of web3.js, `eth.accounts.sign`.
const SIGNATURE: &str = "0xb91467e570a6466aa9e9876cbcd013baba02900b8979d43fe208a4a4f339f5fd\
    6007e74cd82e037b800186422fc2da167c747ef045e5d18a5f5d4300f8e1a0291c";
const ORDER: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

fn chain() -> ChainId {
    "eip155:1".parse().expect("a chain")
}

fn secret() -> [u8; 32] {
    crate::hash::decode_lower("4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318").expect("hex")
}

fn proof(signature: &str) -> ControlProof {
    ControlProof::signed(chain(), ADDRESS.to_owned(), SCHEME, signature.to_owned())
}

fn check(proof: &ControlProof) -> Result<ControlGrade, ControlError> {
    verify(&chain(), ADDRESS, LINE, proof)
}

#[test]
fn the_published_signature_is_accepted_and_made_again() {
    assert_eq!(check(&proof(SIGNATURE)), Ok(ControlGrade::KeySigned));
    assert_eq!(address_of(&secret()), Ok(ADDRESS.parse().expect("an address")));
    let made = sign(&chain(), LINE, &secret()).expect("a key");
    assert_eq!(made.signature, SIGNATURE);
    assert_eq!(made.address, ADDRESS.to_lowercase());
    assert_eq!(check(&made), Ok(ControlGrade::KeySigned));
}

#[test]
fn both_forms_of_v_are_accepted_and_no_other() {
    let body = &SIGNATURE[..130];
    for v in 0..=255_u8 {
        let checked = check(&proof(&format!("{body}{v:02x}")));
        match v {
            1 | 28 => assert!(checked.is_ok(), "{v}"),
            0 | 27 => assert!(matches!(checked, Err(ControlError::Signer { .. })), "{v}: {checked:?}"),
            _ => assert!(matches!(checked, Err(ControlError::Malformed { .. })), "{v}: {checked:?}"),
        }
    }
}

#[test]
fn every_changed_byte_is_refused() {
    for at in 0..65 {
        let mut bytes = hex::decode(&SIGNATURE[2..]).expect("hex");
        bytes[at] ^= 1;
        assert!(check(&proof(&format!("0x{}", hex::encode(bytes)))).is_err(), "byte {at}");
    }
    for text in ["", "0x", &SIGNATURE[2..], &SIGNATURE[..130], &format!("{SIGNATURE}00")] {
        assert!(matches!(check(&proof(text)), Err(ControlError::Malformed { .. })), "{text}");
    }
}

#[test]
fn the_high_s_is_refused() {
    let order = alloy_primitives::U256::from_str_radix(ORDER, 16).expect("hex");
    let s = alloy_primitives::U256::from_str_radix(&SIGNATURE[66..130], 16).expect("hex");
    let high = format!("{}{}1b", &SIGNATURE[..66], hex::encode((order - s).to_be_bytes::<32>()));
    assert_eq!(check(&proof(&high)), Err(ControlError::HighS));
    for scalar in ["00".repeat(32), ORDER.to_owned()] {
        let r = format!("0x{scalar}{}", &SIGNATURE[66..]);
        let s = format!("{}{scalar}1c", &SIGNATURE[..66]);
        assert!(matches!(check(&proof(&r)), Err(ControlError::Malformed { .. })));
        assert!(matches!(check(&proof(&s)), Err(ControlError::Malformed { .. })));
    }
}

#[test]
fn another_question_is_refused() {
    let good = proof(SIGNATURE);
    let other_chain = ControlProof { chain: "eip155:2".parse().expect("a chain"), ..good.clone() };
    assert_eq!(
        check(&other_chain).expect_err("chain").to_string(),
        "the proof is for chain eip155:2, asked was eip155:1"
    );
    let elsewhere = "0x0000000000000000000000000000000000000001";
    let other_address = ControlProof { address: elsewhere.to_owned(), ..good.clone() };
    assert!(matches!(check(&other_address), Err(ControlError::Other { what: "address", .. })));
    assert!(matches!(verify(&chain(), elsewhere, LINE, &good), Err(ControlError::Other { .. })));
    assert!(matches!(verify(&chain(), elsewhere, LINE, &other_address), Err(ControlError::Signer { .. })));
    let other_scheme = ControlProof { scheme: "personal_sign".to_owned(), ..good.clone() };
    assert!(matches!(check(&other_scheme), Err(ControlError::Scheme { .. })));
    assert!(matches!(verify(&chain(), ADDRESS, "Some dat", &good), Err(ControlError::Signer { .. })));
    for surplus in [
        ControlProof { script: Some(String::new()), ..good.clone() },
        ControlProof { signatures: Some(Vec::new()), ..good.clone() },
        ControlProof { transaction: Some(String::new()), ..good.clone() },
    ] {
        assert!(matches!(check(&surplus), Err(ControlError::Malformed { .. })));
    }
    let bitcoin = "bip122:1".parse().expect("a chain");
    assert!(matches!(verify(&bitcoin, ADDRESS, LINE, &good), Err(ControlError::Address(_))));
}

/// What came from elsewhere is repeated, and not at any length.
#[test]
fn a_refusal_repeats_what_it_got_up_to_140_characters() {
    for (length, shown) in [(3, 3), (140, 140), (141, 140), (100_000, 140)] {
        let (text, got) = ("ü".repeat(length), "ü".repeat(shown));
        let scheme = ControlProof { scheme: text.clone(), ..proof(SIGNATURE) };
        assert_eq!(check(&scheme), Err(ControlError::Scheme { got: got.clone() }));
        let detail = format!("got {got:?}, expected 0x and 130 hexadecimal digits");
        assert_eq!(check(&proof(&text)), Err(ControlError::Malformed { detail }));
    }
}

#[test]
fn secrets_outside_the_group_are_refused() {
    assert_eq!(sign(&chain(), LINE, &[0; 32]), Err(ControlError::Key));
    assert_eq!(address_of(&[0xff; 32]), Err(ControlError::Key));
}

#[test]
fn signatures_of_many_keys_and_lines_verify() {
    for number in 1..=16_u8 {
        let secret = [number; 32];
        let address = address_of(&secret).expect("a key").checksummed();
        let line = "x".repeat(usize::from(number) * 10);
        let proof = sign(&chain(), &line, &secret).expect("a key");
        assert_eq!(verify(&chain(), &address, &line, &proof), Ok(ControlGrade::KeySigned));
    }
}

/// Two addresses of the example file that a large venue publishes (okx/proof-of-reserves, example/): they sign the hash
/// of the line.
#[test]
fn published_prehashed_signatures_are_accepted_under_their_name_alone() {
    for (address, signature) in [
        (
            "0x0cdcdb19a857c2ac24818ca4fdfe38cce071483e",
            "0x07f19879aa28d51c97cddfdfecffe7ed96525545d041aee4f4386b0bf4c1a269\
             24b637fb02ccbb97305c13daa51a0f50b8896fb25ecbaf60020cde920d227a221b",
        ),
        (
            "0x16f01cfc16b0b8c3400fb8e5099b0974fcc9fc12",
            "0xf6e60fd5d2692eaf813cbb38369c160781a063e39dbadde9a88998a4c8019e08\
             488f83a6e7ee5e5b3fbdd50f25db631150070e8bb470d1474eb0e6d9a1fd0c561c",
        ),
    ] {
        let proof = |scheme: &str| ControlProof::signed(chain(), address.to_owned(), scheme, signature.to_owned());
        let check = |scheme| verify(&chain(), address, "I am an OKX address", &proof(scheme));
        assert_eq!(check(PREHASHED), Ok(ControlGrade::KeySigned));
        assert!(matches!(check(SCHEME), Err(ControlError::Signer { .. })));
        assert!(matches!(check(TYPED), Err(ControlError::Signer { .. })));
    }
}

#[test]
fn typed_messages_name_the_chain() {
    // computed by another program from EIP-712's own words
    assert_eq!(hex::encode(typed_hash(1, LINE)), TYPED_HASH);
    for scheme in [SCHEME, PREHASHED, TYPED] {
        let made = sign_scheme(&chain(), LINE, &secret(), scheme).expect("a key");
        assert_eq!(check(&made), Ok(ControlGrade::KeySigned), "{scheme}");
        let elsewhere: ChainId = "eip155:10".parse().expect("a chain");
        let moved = ControlProof { chain: elsewhere.clone(), ..made };
        let checked = verify(&elsewhere, ADDRESS, LINE, &moved);
        assert_eq!(checked.is_ok(), scheme != TYPED, "{scheme}: only the typed message knows its chain");
    }
    assert!(matches!(sign_scheme(&chain(), LINE, &secret(), SAFE), Err(ControlError::Scheme { .. })));
}

const TYPED_HASH: &str = "f14ef15ede8002b598168f1b672ba50742a30169242a21003b491991a4402918";

#[test]
fn wallets_that_are_not_deployed_are_refused_by_name() {
    for scheme in [SCHEME, TYPED, SAFE, CONTRACT] {
        let mut proof = proof(&format!("{SIGNATURE}{}", "6492".repeat(16)));
        scheme.clone_into(&mut proof.scheme);
        let refused = check(&proof).expect_err("refused");
        assert_eq!(refused.code().name, "EVM_UNDEPLOYED", "{scheme}");
    }
}

#[test]
fn contracts_are_not_judged_without_their_state() {
    for scheme in [SAFE, CONTRACT] {
        let proof = ControlProof { scheme: scheme.to_owned(), ..proof(SIGNATURE) };
        assert_eq!(check(&proof).expect_err("no state").code().name, "EVM_WALLET_UNPROVEN", "{scheme}");
    }
}

#[test]
fn refusals_have_their_codes() {
    use crate::code::{Coded as _, evm as codes};
    let good = sign(&chain(), LINE, &[7; 32]).expect("signs");
    let address = good.address.clone();
    let code = |proof: &ControlProof| verify(&chain(), &address, LINE, proof).expect_err("refused").code();
    let elsewhere = ControlProof { chain: "eip155:2".parse().expect("a chain"), ..good.clone() };
    assert_eq!(code(&elsewhere), &codes::EVM_CONTROL_OTHER);
    let scheme = ControlProof { scheme: "personal_sign".to_owned(), ..good.clone() };
    assert_eq!(code(&scheme), &codes::EVM_SIGNATURE_SCHEME);
    let other = verify(&chain(), &address, "another line", &good).expect_err("another line");
    assert_eq!(other.code(), &codes::EVM_SIGNER);
    let high = {
        let bytes = hex::decode(&good.signature[2..]).expect("hexadecimal digits");
        let low = k256::ecdsa::Signature::from_slice(&bytes[..64]).expect("r and s");
        let (r, s) = low.split_scalars();
        let high = k256::ecdsa::Signature::from_scalars(r.to_bytes(), (-*s).to_bytes()).expect("a signature");
        let text = format!("0x{}{}", hex::encode(high.to_bytes()), hex::encode([55 - bytes[64]]));
        ControlProof { signature: text, ..good.clone() }
    };
    assert_eq!(code(&high), &codes::EVM_SIGNATURE_HIGH_S);
    assert_eq!(sign(&chain(), LINE, &[0; 32]).expect_err("zero").code(), &codes::EVM_KEY);
    let bitcoin = "bip122:1".parse().expect("a chain");
    assert_eq!(verify(&bitcoin, &address, LINE, &good).expect_err("no EVM chain").code(), &codes::EVM_CHAIN);
}
