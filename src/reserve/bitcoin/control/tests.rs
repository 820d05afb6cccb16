//! The dispatcher: what is asked, and which fields a scheme has.

use super::sign::{AddressKey, AddressKind, sign};
use super::*;
use crate::code::Coded as _;
use crate::reserve::claim::ControlScope;

const LINE: &str = "counterfoil v1 example-exchange 7 exp 2026-12-01T00:00:00Z sha256 00ff";

fn chain() -> ChainId {
    "bip122:000000000019d6689c085ae165831e93".parse().expect("mainnet")
}

fn key(seed: u8) -> AddressKey {
    AddressKey::new(&mut [seed; 32]).expect("a scalar")
}

fn code(address: &str, proof: &ControlProof) -> u16 {
    verify(&chain(), address, LINE, proof).expect_err("a refusal").code().number
}

#[test]
fn fields_belong_to_their_schemes() {
    let address = key(7).address(&chain(), AddressKind::KeyHash).expect("an address");
    let good = sign(&chain(), &address, LINE, &key(7)).expect("signs");
    assert_eq!(verify(&chain(), &address, LINE, &good), Ok(Control::of(ControlGrade::KeySigned)));
    let changed = [
        ControlProof { script: Some(String::new()), ..good.clone() },
        ControlProof { signatures: Some(Vec::new()), ..good.clone() },
        ControlProof { transaction: Some("00".repeat(32)), ..good.clone() },
        ControlProof { scheme: KEY_THRESHOLD.to_owned(), ..good.clone() },
        ControlProof { scheme: MOVED.to_owned(), ..good.clone() },
    ];
    for proof in changed {
        assert_eq!(code(&address, &proof), 5096, "{proof:?}");
    }
    let moved = ControlProof {
        scheme: MOVED.to_owned(),
        signature: String::new(),
        transaction: Some("00".repeat(32)),
        ..good.clone()
    };
    assert_eq!(code(&address, &moved), 5003, "no evidence of a chain");
    let none = ControlProof { signature: String::new(), ..good };
    assert_eq!(code(&address, &none), 5009);
}

#[test]
fn every_scheme_is_known_and_no_other() {
    let address = key(7).address(&chain(), AddressKind::KeyHash).expect("an address");
    for scheme in SCHEMES {
        let proof = ControlProof::signed(chain(), address.clone(), scheme, "AA==".to_owned());
        assert_ne!(code(&address, &proof), 5002, "{scheme}");
    }
    let other = ControlProof::signed(chain(), address.clone(), "bip322", "AA==".to_owned());
    let error = verify(&chain(), &address, LINE, &other).expect_err("unknown");
    assert!(error.is_inconclusive() && error.to_string().contains("bip322-simple, bip322-full"), "{error}");
}

#[test]
fn unset_fields_are_absent_and_null_is_none() {
    let address = key(7).address(&chain(), AddressKind::KeyHash).expect("an address");
    let proof = sign(&chain(), &address, LINE, &key(7)).expect("signs");
    let text = String::from_utf8(crate::json::canonical(&proof).expect("a file")).expect("text");
    assert!(!text.contains("script") && !text.contains("signatures") && !text.contains("transaction"), "{text}");
    assert_eq!(crate::json::read::<ControlProof>(text.as_bytes()), Ok(proof));
    for field in ["script", "signatures", "transaction"] {
        let with_null = text.replacen('{', &format!("{{\"{field}\":null,"), 1);
        assert!(crate::json::read::<ControlProof>(with_null.as_bytes()).is_err(), "{field}");
    }
}

#[test]
fn grades_rise_with_what_they_rest_on() {
    let grades =
        [ControlGrade::KeyThreshold, ControlGrade::KeySigned, ControlGrade::ScriptSatisfied, ControlGrade::Moved];
    assert!(grades.is_sorted());
    let texts: Vec<&str> = grades.iter().map(|grade| grade.text()).collect();
    assert_eq!(texts, ["key-threshold", "key-signed", "script-satisfied", "moved"]);
    assert_eq!(Control::of(ControlGrade::Moved).scope, ControlScope::Address);
}

/// The header of P2PKH over a witness address of the same key: as Electrum writes it.
#[test]
fn a_foreign_header_counts_with_a_remark() {
    use bitcoin::Address;
    let compressed = key(7).address(&chain(), AddressKind::KeyHash).expect("an address");
    let signature = sign(&chain(), &compressed, LINE, &key(7)).expect("signs").signature;
    let witness = key(7).address(&chain(), AddressKind::WitnessKeyHash).expect("an address");
    let inner = script(bitcoin::Network::Bitcoin, &witness).expect("an address");
    let nested = Address::p2sh(&inner, bitcoin::Network::Bitcoin).expect("a script").to_string();
    let check = |address: &str, scheme: &str, signature: &str| {
        let proof = ControlProof::signed(chain(), address.to_owned(), scheme, signature.to_owned());
        verify(&chain(), address, LINE, &proof).map_err(|error| error.code().number)
    };
    for address in [&witness, &nested] {
        let control = check(address, ELECTRUM, &signature).expect("a signature");
        assert_eq!(control.remark, Some(ControlRemark::ForeignHeader));
        assert_eq!(control.grade, ControlGrade::KeySigned);
        assert_eq!(check(address, BIP137, &signature), Err(5013), "never under another name");
        let other = sign(&chain(), &key(8).address(&chain(), AddressKind::KeyHash).expect("an address"), LINE, &key(8));
        assert_eq!(check(address, ELECTRUM, &other.expect("signs").signature), Err(5014));
    }
    assert_eq!(check(&compressed, ELECTRUM, &signature), Err(5001), "P2PKH needs no such name");
    let taproot = key(7).address(&chain(), AddressKind::Taproot).expect("an address");
    assert_eq!(check(&taproot, ELECTRUM, &signature), Err(5001));
}
