//! Multisig by messages, signed here; and scripts for which that shows nothing.

use bitcoin::opcodes::all as op;
use bitcoin::script::Builder;
use bitcoin::secp256k1::{Secp256k1, SecretKey};

use super::super::sign::{AddressKey, AddressKind, sign};
use super::super::{ControlError, verify as verify_proof};
use super::*;
use crate::asset::ChainId;
use crate::code::Coded as _;

const LINE: &str = "counterfoil v1 example-exchange 7 exp 2026-12-01T00:00:00Z sha256 00ff";

fn chain() -> ChainId {
    "bip122:000000000019d6689c085ae165831e93".parse().expect("mainnet")
}

fn public(seed: u8) -> bitcoin::secp256k1::PublicKey {
    SecretKey::from_slice(&[seed; 32]).expect("a scalar").public_key(&Secp256k1::new())
}

fn message(seed: u8, line: &str) -> String {
    let key = AddressKey::new(&mut [seed; 32]).expect("a scalar");
    let address = key.address(&chain(), AddressKind::KeyHash).expect("an address");
    sign(&chain(), &address, line, &key).expect("signs").signature
}

fn script(threshold: i64, seeds: &[u8]) -> ScriptBuf {
    let start = Builder::new().push_int(threshold);
    let keys = seeds.iter().fold(start, |builder, seed| builder.push_slice(public(*seed).serialize()));
    keys.push_int(seeds.len() as i64).push_opcode(op::OP_CHECKMULTISIG).into_script()
}

fn addresses(script: &Script) -> [String; 3] {
    let scripts = [script.to_p2sh(), script.to_p2wsh(), script.to_p2wsh().to_p2sh()];
    scripts.map(|script| {
        bitcoin::Address::from_script(&script, bitcoin::Network::Bitcoin).expect("an address").to_string()
    })
}

fn check(address: &str, script: &Script, signatures: &[String]) -> Result<Control, ControlError> {
    let mut proof = ControlProof::signed(chain(), address.to_owned(), KEY_THRESHOLD, String::new());
    proof.script = Some(script.to_hex_string());
    proof.signatures = Some(signatures.to_vec());
    verify_proof(&chain(), address, LINE, &proof)
}

fn code(result: Result<Control, ControlError>) -> u16 {
    result.expect_err("a refusal").code().number
}

#[test]
fn enough_keys_of_the_script_are_a_threshold() {
    let two = script(2, &[1, 2, 3]);
    for address in addresses(&two) {
        for seeds in [&[1, 2][..], &[3, 1], &[1, 2, 3]] {
            let signed: Vec<String> = seeds.iter().map(|seed| message(*seed, LINE)).collect();
            assert_eq!(check(&address, &two, &signed), Ok(Control::of(ControlGrade::KeyThreshold)));
        }
        assert_eq!(code(check(&address, &two, &[message(1, LINE)])), 5095, "one of two");
        assert_eq!(code(check(&address, &two, &[])), 5095);
        assert_eq!(code(check(&address, &two, &[message(1, LINE), message(1, LINE)])), 5095, "one key twice");
        assert_eq!(code(check(&address, &two, &[message(1, LINE), message(4, LINE)])), 5095, "another key");
        assert_eq!(code(check(&address, &two, &[message(1, LINE), message(2, "another line")])), 5095);
        let all = [1, 2, 3, 1].map(|seed| message(seed, LINE));
        assert_eq!(code(check(&address, &two, &all)), 5095, "more signatures than keys");
        assert_eq!(code(check(&address, &script(2, &[1, 2]), &[message(1, LINE), message(2, LINE)])), 5093);
        assert_eq!(code(check(&address, &two, &["AA==".to_owned()])), 5009);
    }
}

/// A key that stands in the script twice still signs once.
#[test]
fn a_repeated_key_counts_once() {
    let twice = script(2, &[1, 1]);
    let address = &addresses(&twice)[1];
    assert_eq!(code(check(address, &twice, &[message(1, LINE)])), 5095);
    assert_eq!(code(check(address, &twice, &[message(1, LINE), message(1, LINE)])), 5095);
}

#[test]
fn uncompressed_keys_belong_to_scripts_without_witness() {
    let long = public(1).serialize_uncompressed();
    let script =
        Builder::new().push_int(1).push_slice(long).push_int(1).push_opcode(op::OP_CHECKMULTISIG).into_script();
    let [hash, witness, nested] = addresses(&script);
    let compressed = [message(1, LINE)];
    assert_eq!(code(check(&hash, &script, &compressed)), 5095, "the other form of the key");
    for address in [witness, nested] {
        assert_eq!(code(check(&address, &script, &compressed)), 5094);
    }
    let mut bytes = base64_of(&compressed[0]);
    bytes[0] -= 4;
    assert!(check(&hash, &script, &[text_of(&bytes)]).is_ok());
    bytes[0] += 12;
    assert_eq!(code(check(&hash, &script, &[text_of(&bytes)])), 5013, "the header of a witness address");
}

fn base64_of(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).expect("base64")
}

fn text_of(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Whoever signs for one of these may still be unable to spend, or not alone.
#[test]
fn scripts_with_more_than_keys_are_not_judged() {
    let plain = script(1, &[1, 2]);
    let with = |start: Builder| {
        let rest = start.into_script().into_bytes();
        ScriptBuf::from_bytes([rest, plain.to_bytes()].concat())
    };
    let cases = [
        with(Builder::new().push_int(1_000).push_opcode(op::OP_CSV).push_opcode(op::OP_DROP)),
        with(Builder::new().push_int(1_000).push_opcode(op::OP_CLTV).push_opcode(op::OP_DROP)),
        with(Builder::new().push_opcode(op::OP_SHA256).push_slice([7; 32]).push_opcode(op::OP_EQUALVERIFY)),
        ScriptBuf::from_bytes([&[0x63][..], plain.as_bytes(), &[0x67, 0x51, 0x68]].concat()),
        ScriptBuf::from_bytes([plain.as_bytes(), &[0x61]].concat()),
        script(2, &[1]),
        script(0, &[1]),
        Builder::new().push_int(1).push_slice([2; 32]).push_int(1).push_opcode(op::OP_CHECKMULTISIG).into_script(),
        Builder::new()
            .push_int(1)
            .push_slice(public(1).serialize())
            .push_int(2)
            .push_opcode(op::OP_CHECKMULTISIG)
            .into_script(),
        Builder::new().push_slice(public(1).serialize()).push_opcode(op::OP_CHECKSIG).into_script(),
        ScriptBuf::from_bytes(vec![0x51, 0x4c]),
        ScriptBuf::new(),
    ];
    for script in cases {
        for address in addresses(&script) {
            assert_eq!(code(check(&address, &script, &[message(1, LINE)])), 5094, "{script}");
        }
    }
}

#[test]
fn the_script_has_one_text_and_a_size() {
    let two = script(1, &[1]);
    let address = &addresses(&two)[0];
    let judged = |text: String| {
        let mut proof = ControlProof::signed(chain(), address.clone(), KEY_THRESHOLD, String::new());
        proof.script = Some(text);
        proof.signatures = Some(vec![message(1, LINE)]);
        verify_proof(&chain(), address, LINE, &proof)
    };
    let with = |text: String| judged(text).map_err(|error| error.code().number);
    assert!(with(two.to_hex_string()).is_ok());
    assert_eq!(with(two.to_hex_string().to_uppercase()), Err(5093));
    assert_eq!(with("5".to_owned()), Err(5093));
    assert_eq!(with("0".repeat(7_200)), Err(5093), "read, and no script of keys");
    let limit = ControlError::Limit { what: "digits of a script", got: 7_201, max: 7_200 };
    assert_eq!(judged("0".repeat(7_201)), Err(limit), "not read");
    assert_eq!(with("00".repeat(4_000)), Err(5102));
    let sixteen = script(1, &(1..=16).collect::<Vec<u8>>());
    let [hash, witness, _] = addresses(&sixteen);
    assert!(check(&witness, &sixteen, &[message(1, LINE)]).is_ok());
    assert_eq!(code(check(&hash, &sixteen, &[message(1, LINE)])), 5093, "too long for P2SH: nobody can spend");
}

/// Consensus refuses a longer script behind P2SH, so nobody can spend. A script of that length is looked at.
#[test]
fn a_script_behind_a_hash_has_520_bytes_at_most() {
    for (length, refused) in [(519, 5094), (520, 5094), (521, 5093), (522, 5093)] {
        let idle = ScriptBuf::from_bytes(vec![op::OP_NOP.to_u8(); length]);
        let [hash, witness, nested] = addresses(&idle);
        assert_eq!(code(check(&hash, &idle, &[message(1, LINE)])), refused, "{length}");
        for address in [witness, nested] {
            assert_eq!(code(check(&address, &idle, &[message(1, LINE)])), 5094, "{length}: a witness has more room");
        }
    }
}

#[test]
fn a_key_is_a_point_in_one_of_two_forms() {
    let read = |key: &[u8]| {
        let push = bitcoin::script::PushBytesBuf::try_from(key.to_vec()).expect("short");
        let end = Builder::new().push_int(1).push_slice(push).push_int(1);
        multisig(&end.push_opcode(op::OP_CHECKMULTISIG).into_script()).map(|found| found.keys)
    };
    let (short, long) = (public(1).serialize().to_vec(), public(1).serialize_uncompressed().to_vec());
    for key in [&short, &long] {
        assert_eq!(read(key), Ok(vec![key.clone()]));
    }
    let no_point = [&[2][..], &[0xff; 32]].concat();
    let hybrid = [&[6 + (long[64] & 1)][..], &long[1..]].concat();
    let off_the_curve = [&long[..64], &[long[64] ^ 1]].concat();
    for key in [no_point, hybrid, off_the_curve, short[..32].to_vec(), long[..64].to_vec()] {
        assert_eq!(read(&key).expect_err("no key").code().number, 5094, "{key:02x?}");
    }
}
