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
    let other_scheme = ControlProof { scheme: "eip712".to_owned(), ..good.clone() };
    assert!(matches!(check(&other_scheme), Err(ControlError::Scheme { .. })));
    assert!(matches!(verify(&chain(), ADDRESS, "Some dat", &good), Err(ControlError::Signer { .. })));
    let bitcoin = "bip122:1".parse().expect("a chain");
    assert!(matches!(verify(&bitcoin, ADDRESS, LINE, &good), Err(ControlError::Address(_))));
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
