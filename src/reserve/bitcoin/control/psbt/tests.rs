//! What shows a coin: its creating transaction, or the signed field of a witness script, and both only when they agree.

use bitcoin::hashes::Hash as _;
use bitcoin::script::{Builder, PushBytesBuf};
use bitcoin::secp256k1::{Secp256k1, SecretKey};
use bitcoin::{Amount, PubkeyHash, WPubkeyHash};

use super::*;

fn witness_hash(byte: u8) -> ScriptBuf {
    ScriptBuf::new_p2wpkh(&WPubkeyHash::from_byte_array([byte; 20]))
}

fn output(value: u64, script: &Script) -> TxOut {
    TxOut { value: Amount::from_sat(value), script_pubkey: script.to_owned() }
}

fn pushes(items: &[&Script]) -> ScriptBuf {
    let bytes = |item: &Script| PushBytesBuf::try_from(item.to_bytes()).expect("short");
    items.iter().fold(Builder::new(), |builder, item| builder.push_slice(bytes(item))).into_script()
}

#[test]
fn signatures_cover_the_amount_of_witness_programs_alone() {
    let program = witness_hash(1);
    let key = SecretKey::from_slice(&[2; 32]).expect("a scalar").x_only_public_key(&Secp256k1::new()).0;
    let taproot = ScriptBuf::new_p2tr(&Secp256k1::new(), key, None);
    for own in [&program, &taproot, &witness_hash(2).to_p2wsh()] {
        assert!(has_witness(own, None), "{own}");
    }
    let nested = program.to_p2sh();
    assert!(has_witness(&nested, Some(&pushes(&[&program]))));
    assert!(!has_witness(&nested, None), "nobody says what stands behind the hash");
    assert!(!has_witness(&nested, Some(Script::new())));
    assert!(!has_witness(&nested, Some(&pushes(&[&witness_hash(2)]))), "a program of another hash");
    assert!(!has_witness(&nested, Some(&pushes(&[&program, &program]))), "more than the program");
    let plain = Builder::new().push_opcode(bitcoin::opcodes::all::OP_NOP).into_script();
    assert!(!has_witness(&plain.to_p2sh(), Some(&pushes(&[&plain]))), "the hash of no program");
    let key_hash = ScriptBuf::new_p2pkh(&PubkeyHash::from_byte_array([1; 20]));
    assert!(!has_witness(&key_hash, None) && !has_witness(&key_hash, Some(&pushes(&[&program]))));
}

#[test]
fn two_fields_that_say_the_same_are_one_coin() {
    let (coin_script, old) = (witness_hash(1), ScriptBuf::new_p2pkh(&PubkeyHash::from_byte_array([1; 20])));
    let made = Transaction {
        version: bitcoin::transaction::Version::TWO,
        lock_time: bitcoin::absolute::LockTime::ZERO,
        input: Vec::new(),
        output: vec![output(5, &coin_script), output(6, &old)],
    };
    let shown = |said: Option<&TxOut>| Input { witness_utxo: said.cloned(), ..Input::default() };
    let at = |vout| OutPoint { txid: made.compute_txid(), vout };
    let (first, second) = (&made.output[0], &made.output[1]);
    for (vout, output) in [(0, first), (1, second)] {
        assert_eq!(coin(at(vout), &shown(None), Some(&made)).as_ref(), Ok(output));
        assert_eq!(coin(at(vout), &shown(Some(output)), Some(&made)).as_ref(), Ok(output));
    }
    let conflict = |units: u64, script: &Script| format!("{units} to {}", script.to_hex_string());
    let told = format!("its fields conflict: {} and {}", conflict(5, &coin_script), conflict(6, &old));
    assert_eq!(coin(at(0), &shown(Some(second)), Some(&made)), Err(told));
    assert_eq!(coin(at(2), &shown(None), Some(&made)), Err("its transaction has 2 outputs".to_owned()));
    // without the transaction: only what signatures cover
    assert_eq!(coin(at(0), &shown(Some(first)), None).as_ref(), Ok(first));
    assert!(coin(at(1), &shown(Some(second)), None).expect_err("no witness").contains("has no witness"));
    assert!(coin(at(0), &shown(None), None).expect_err("nothing").starts_with("nothing shows the coin"));

    // the coin that the verifier makes up may be named, as it is
    assert_eq!(message_coin(&made, &shown(None)).as_ref(), Ok(first));
    assert_eq!(message_coin(&made, &shown(Some(first))).as_ref(), Ok(first));
    let other = Err("its coin is not that of the message".to_owned());
    assert_eq!(message_coin(&made, &shown(Some(second))), other);
    assert_eq!(message_coin(&made, &shown(Some(&output(6, &coin_script)))), other);
}
