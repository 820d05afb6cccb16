//! The variants of BIP-322 as texts. The rules for scripts have their tests in `policy`.

use bitcoin::hashes::Hash as _;
use bitcoin::secp256k1::Secp256k1;
use bitcoin::{Amount, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, Witness, absolute, psbt};

use super::super::BIP322_SIMPLE;
use super::super::sign::{AddressKey, AddressKind};
use super::*;
use crate::code::Coded as _;
use crate::reserve::claim::{CoinAge, NotBefore};

const ADDRESS: &str = "bc1q9vza2e8x573nczrlzms0wvx3gsqjx7vavgkx0l";
const SIGNATURE: &str = "smpAkcwRAIgZRfIY3p7/DoVTty6YZbWS71bc5Vct9p9Fia83eRmw2QCICK/ENGfwLtptFluMGs2KsqoNSk89pO7F29zJLUx9a/sASECx/EgAxlkQpQ9hYjgGu6EBCPMVPwVIVJqO4XCsMvViHI=";

fn script() -> ScriptBuf {
    crate::reserve::bitcoin::network::script(bitcoin::Network::Bitcoin, ADDRESS).expect("an address")
}

fn shown() -> Control {
    Control::of(ControlGrade::ScriptSatisfied)
}

fn decode(text: &str) -> Witness {
    encode::deserialize(&STANDARD.decode(text).expect("base64")).expect("a witness")
}

fn code(signature: &str) -> u16 {
    verify(&script(), b"Hello World", signature, BIP322_SIMPLE).expect_err(signature).code().number
}

#[test]
fn transactions_are_those_of_the_specification() {
    let spend = to_spend(&script(), b"Hello World");
    assert_eq!(spend.compute_txid().to_string(), "b79d196740ad5217771c1098fc4a4b51e0535c32236c71f1ea4d61a2d603352b");
    assert_eq!(
        to_sign(&spend, Witness::new()).compute_txid().to_string(),
        "88737ae86f2077145f93cc4b153ae9a1cb8d56afa511988c149c5c8c9d93bddf"
    );
}

#[test]
fn a_published_signature_verifies_with_and_without_prefix() {
    assert_eq!(verify(&script(), b"Hello World", SIGNATURE, BIP322_SIMPLE), Ok(shown()));
    assert_eq!(verify(&script(), b"Hello World", &SIGNATURE[3..], BIP322_SIMPLE), Ok(shown()));
    assert!(matches!(verify(&script(), b"Hello world", SIGNATURE, BIP322_SIMPLE), Err(ControlError::Invalid { .. })));
}

#[test]
fn every_changed_character_is_refused() {
    for at in 0..SIGNATURE.len() {
        for bit in 0..7 {
            let mut bytes = SIGNATURE.as_bytes().to_vec();
            bytes[at] ^= 1 << bit;
            let changed = String::from_utf8(bytes).expect("ASCII");
            assert!(verify(&script(), b"Hello World", &changed, BIP322_SIMPLE).is_err(), "{changed}");
        }
    }
}

/// The signature with its witness changed by `change`.
fn with(change: impl Fn(&mut Vec<Vec<u8>>)) -> String {
    let witness = decode(&SIGNATURE[3..]);
    let mut items: Vec<Vec<u8>> = witness.iter().map(<[u8]>::to_vec).collect();
    change(&mut items);
    STANDARD.encode(encode::serialize(&Witness::from_slice(&items)))
}

#[test]
fn each_refusal_has_its_code() {
    assert_eq!(code("fooAA=="), 5007);
    assert_eq!(code("fulAA=="), 5007);
    assert_eq!(code("pofAA=="), 5007);
    assert_eq!(code("not-valid-base64!!!!"), 5008);
    assert_eq!(code(&SIGNATURE[..SIGNATURE.len() - 1]), 5008);
    assert_eq!(code(&SIGNATURE.replace("HI=", "HJ=")), 5008);
    assert_eq!(code(""), 5009);
    assert_eq!(code("smpAA=="), 5014);
    assert_eq!(code(&with(|items| items.push(vec![1]))), 5014);
    assert_eq!(code(&with(|items| items[1] = vec![4; 65])), 5014);
    assert_eq!(code(&with(|items| items[0].clear())), 5014);
    assert_eq!(code(&"A".repeat(300)), 5009);
    assert_eq!(code(&"A".repeat(20_000)), 5102);
    for flag in [0, 2, 3, 0x81] {
        assert_eq!(code(&with(|items| *items[0].last_mut().expect("a flag") = flag)), 5014, "the flag is signed");
    }
    assert_eq!(code(&with(|items| items[0].insert(0, 0x30))), 5014);
    assert_eq!(code(&with(|items| items[1][32] ^= 1)), 5014);
}

#[test]
fn the_high_twin_of_a_signature_is_refused() {
    let high = with(|items| {
        let (flag, der) = items[0].split_last().expect("a flag");
        let low = k256::ecdsa::Signature::from_der(der).expect("a signature");
        let (r, s) = low.split_scalars();
        let high = k256::ecdsa::Signature::from_scalars(r.to_bytes(), (-*s).to_bytes()).expect("a signature");
        items[0] = [high.to_der().as_bytes(), &[*flag]].concat();
    });
    assert_eq!(code(&high), 5012);
}

#[test]
fn taproot_admits_one_signature_and_two_flags() {
    let address = "bc1pss0zhytly75awhm6x2hhvd5lnzv3vssgrf9axfheq8ldyzn88ges79fler";
    let script = crate::reserve::bitcoin::network::script(bitcoin::Network::Bitcoin, address).expect("an address");
    let text = "AUCJYOwOjxYAvatTAGYaVlNXBVyFuc4MwNQkOuK2tl8xhfKDONd0NjfYyNSYcRqeCp8hsAnCEPHAVEkO9h6vbQ/R";
    let good = decode(text).to_vec();
    let code = |items: &[Vec<u8>]| {
        let text = STANDARD.encode(encode::serialize(&Witness::from_slice(items)));
        verify(&script, b"No prefix fallback", &text, BIP322_SIMPLE).map(|_| ()).map_err(|error| error.code().number)
    };
    let signature = |tail: &[u8]| vec![[good[0].as_slice(), tail].concat()];
    assert_eq!(code(&good), Ok(()));
    assert_eq!(code(&signature(&[1])), Err(5014), "the flag is signed");
    for flag in [0, 2, 3, 0x81, 0x83] {
        assert_eq!(code(&signature(&[flag])), Err(5014), "{flag}: signed, too");
    }
    assert_eq!(code(&signature(&[1, 1])), Err(5014));
    assert_eq!(code(&[Vec::new()]), Err(5014));
    assert_eq!(code(&[]), Err(5014));
    assert_eq!(code(&[good[0].clone(), vec![0x50]]), Err(5014), "an annex");
    assert_eq!(code(&[good[0].clone(), vec![0x51], vec![0xc0; 33]]), Err(5014), "a script path");
}

#[test]
fn trailing_bytes_are_refused() {
    let mut bytes = STANDARD.decode(&SIGNATURE[3..]).expect("base64");
    bytes.push(0);
    assert_eq!(code(&STANDARD.encode(bytes)), 5009);
}

const LINE: &[u8] = b"a line to sign";

fn key(seed: u8) -> AddressKey {
    AddressKey::new(&mut [seed; 32]).expect("a scalar")
}

fn script_of(seed: u8, kind: AddressKind) -> ScriptBuf {
    let chain = crate::reserve::bitcoin::network::identifier(bitcoin::Network::Bitcoin).parse().expect("mainnet");
    let address = key(seed).address(&chain, kind).expect("an address");
    crate::reserve::bitcoin::network::script_of(&chain, &address).expect("an address")
}

/// A proof over coins by the witness keys 2, 3, … after the message's coin by key 1. `change` comes before signing.
struct Proof {
    file: psbt::Psbt,
    spent: Vec<TxOut>,
}

impl Proof {
    fn new(kind: AddressKind, coins: u8, change: impl Fn(&mut Transaction)) -> Self {
        let mut spent = to_spend(&script_of(1, kind), LINE).output;
        let mut transaction = to_sign(&to_spend(&script_of(1, kind), LINE), Witness::new());
        for coin in 0..coins {
            let previous_output = OutPoint { txid: Txid::from_byte_array([coin + 1; 32]), vout: 0 };
            transaction.input.push(TxIn { previous_output, sequence: Sequence::ZERO, ..TxIn::default() });
            let script_pubkey = script_of(2 + coin, AddressKind::WitnessKeyHash);
            spent.push(TxOut { value: Amount::from_sat(1_000 + u64::from(coin)), script_pubkey });
        }
        change(&mut transaction);
        let mut file = psbt::Psbt::from_unsigned_tx(transaction).expect("unsigned");
        for (input, coin) in file.inputs.iter_mut().zip(&spent).skip(1) {
            input.witness_utxo = Some(coin.clone());
        }
        let mut proof = Self { file, spent };
        proof.sign();
        proof
    }

    fn sign(&mut self) {
        for index in 0..self.file.inputs.len() {
            let seed = u8::try_from(index).expect("few") + 1;
            let witness = key(seed).witness(&self.file.unsigned_tx, index, &self.spent).expect("its key");
            self.file.inputs[index].final_script_witness = Some(witness);
        }
    }

    fn text(&self) -> String {
        format!("pof{}", STANDARD.encode(self.file.serialize()))
    }

    fn check(&self) -> Result<Control, u16> {
        verify(&self.spent[0].script_pubkey, LINE, &self.text(), BIP322_FUNDS).map_err(|error| error.code().number)
    }
}

#[test]
fn a_proof_of_funds_lists_its_coins() {
    for kind in [AddressKind::WitnessKeyHash, AddressKind::Taproot] {
        let control = Proof::new(kind, 2, |_| {}).check().expect("a proof");
        assert_eq!(control.coins.len(), 2);
        assert_eq!(control.coins[1].id, format!("{}:0", Txid::from_byte_array([2; 32])));
        assert_eq!(control.coins[1].amount.base_units(), 1_001);
        assert_eq!(control.coins[1].script, script_of(3, AddressKind::WitnessKeyHash).to_hex_string());
        assert_eq!((control.not_before, control.age, control.coins[0].age), (None, None, None));
    }
    let locked = Proof::new(AddressKind::Taproot, 1, |transaction| {
        transaction.version.0 = 2;
        transaction.lock_time = absolute::LockTime::from_consensus(77);
        transaction.input[1].sequence = Sequence(5);
    });
    let control = locked.check().expect("a proof");
    assert_eq!((control.not_before, control.age), (Some(NotBefore::Height(77)), None));
    assert_eq!(control.coins[0].age, Some(CoinAge::Blocks(5)));
    assert_eq!(Proof::new(AddressKind::Taproot, 0, |_| {}).check().map(|control| control.coins), Ok(Vec::new()));
}

#[test]
fn coins_of_a_proof_are_shown_once_and_without_conflict() {
    let code = |change: &dyn Fn(&mut Proof)| {
        let mut proof = Proof::new(AddressKind::Taproot, 2, |_| {});
        change(&mut proof);
        proof.check().map(|_| ())
    };
    assert_eq!(code(&|_| {}), Ok(()));
    assert_eq!(code(&|proof| proof.file.inputs[1].witness_utxo = None), Err(5089), "missing");
    let more = |proof: &mut Proof| {
        let coin = proof.file.inputs[1].witness_utxo.as_mut().expect("a coin");
        coin.value = Amount::from_sat(1_000_000);
    };
    assert_eq!(code(&more), Err(5014), "the amount is signed");
    let conflicting = |proof: &mut Proof| {
        let mut made = to_spend(&proof.spent[1].script_pubkey, b"any");
        made.output[0].value = Amount::from_sat(1_000_000);
        let txid = made.compute_txid();
        proof.file.unsigned_tx.input[1].previous_output.txid = txid;
        proof.file.inputs[1].non_witness_utxo = Some(made);
        proof.sign();
    };
    assert_eq!(code(&conflicting), Err(5089));
    let mut proof = Proof::new(AddressKind::Taproot, 2, |_| {});
    let shown = proof.spent[1].clone();
    conflicting(&mut proof);
    let error = verify(&proof.spent[0].script_pubkey, LINE, &proof.text(), BIP322_FUNDS).expect_err("a conflict");
    let text = |units: u64| format!("{units} to {}", shown.script_pubkey.to_hex_string());
    let detail = format!("its fields conflict: {} and {}", text(1_000_000), text(shown.value.to_sat()));
    assert_eq!(error, ControlError::PsbtCoin { input: 1, detail });
    let other = |proof: &mut Proof| {
        proof.file.inputs[1].non_witness_utxo = Some(to_spend(&proof.spent[1].script_pubkey, b"any"));
    };
    assert_eq!(code(&other), Err(5089), "another transaction");
    let own = |proof: &mut Proof| proof.file.inputs[0].witness_utxo = Some(proof.spent[1].clone());
    assert_eq!(code(&own), Err(5089), "another coin for the message");
    let twice = Proof::new(AddressKind::Taproot, 2, |transaction| {
        transaction.input[2].previous_output = transaction.input[1].previous_output;
    });
    assert_eq!(twice.check(), Err(5089));
    let null =
        Proof::new(AddressKind::Taproot, 1, |transaction| transaction.input[1].previous_output = OutPoint::null());
    assert_eq!(null.check(), Err(5089));
}

/// Coins without witness: only their transaction shows the amount, and one transaction serves the inputs behind it.
#[test]
fn a_coin_without_witness_needs_its_transaction() {
    let script = script_of(2, AddressKind::KeyHash);
    let mut made = to_spend(&script, b"any");
    made.output[0].value = Amount::from_sat(5_000);
    made.output.push(TxOut { value: Amount::from_sat(6_000), script_pubkey: script.clone() });
    let txid = made.compute_txid();
    let mut proof = Proof::new(AddressKind::Taproot, 0, |_| {});
    let mut transaction = proof.file.unsigned_tx;
    for vout in 0..2 {
        transaction.input.push(TxIn { previous_output: OutPoint { txid, vout }, ..TxIn::default() });
    }
    proof.file = psbt::Psbt::from_unsigned_tx(transaction).expect("unsigned");
    proof.file.inputs[1].non_witness_utxo = Some(made.clone());
    proof.spent.extend(made.output.clone());
    let secp = Secp256k1::new();
    let secret = bitcoin::secp256k1::SecretKey::from_slice(&[2; 32]).expect("a scalar");
    for index in 1..3 {
        let hash = bitcoin::sighash::SighashCache::new(&proof.file.unsigned_tx)
            .legacy_signature_hash(index, &script, 1)
            .expect("an input");
        let signature = secp.sign_ecdsa(&bitcoin::secp256k1::Message::from_digest(hash.to_byte_array()), &secret);
        let signature = bitcoin::ecdsa::Signature::sighash_all(signature);
        let push = bitcoin::script::Builder::new().push_slice(signature.serialize());
        let pushed = push.push_slice(secret.public_key(&secp).serialize()).into_script();
        proof.file.inputs[index].final_script_sig = Some(pushed);
    }
    let witness = key(1).witness(&proof.file.unsigned_tx, 0, &proof.spent).expect("its key");
    proof.file.inputs[0].final_script_witness = Some(witness);
    let control = proof.check().expect("a proof");
    assert_eq!(control.coins.iter().map(|coin| coin.amount.base_units()).collect::<Vec<_>>(), [5_000, 6_000]);
    let mut later = psbt::Psbt::deserialize(&proof.file.serialize()).expect("a file");
    later.inputs.swap(1, 2);
    let order = Proof { file: later, spent: proof.spent.clone() };
    assert_eq!(order.check(), Err(5089), "the transaction comes behind its first use");
    proof.file.inputs[1].non_witness_utxo = None;
    for index in 1..3 {
        proof.file.inputs[index].witness_utxo = Some(proof.spent[index].clone());
    }
    assert_eq!(proof.check(), Err(5089), "an amount that no signature covers");
}

#[test]
fn a_message_in_the_file_is_the_line() {
    let with = |message: &[u8], key: Vec<u8>| {
        let mut proof = Proof::new(AddressKind::Taproot, 1, |_| {});
        proof.file.unknown.insert(psbt::raw::Key { type_value: 9, key }, message.to_vec());
        proof.check().map(|_| ())
    };
    assert_eq!(with(LINE, Vec::new()), Ok(()));
    assert_eq!(with(b"another line", Vec::new()), Err(5090));
    assert_eq!(with(LINE, vec![1]), Err(5090));
}

#[test]
fn the_signed_transaction_spends_the_message_and_pays_nobody() {
    let code = |change: &dyn Fn(&mut Transaction)| Proof::new(AddressKind::Taproot, 1, change).check().map(|_| ());
    assert_eq!(code(&|transaction| transaction.output[0].value = Amount::from_sat(1)), Err(5087));
    assert_eq!(code(&|transaction| transaction.output[0].script_pubkey = ScriptBuf::new()), Err(5087));
    assert_eq!(code(&|transaction| transaction.output.push(transaction.output[0].clone())), Err(5087));
    assert_eq!(code(&|transaction| transaction.output.clear()), Err(5087));
    assert_eq!(code(&|transaction| transaction.input[0].previous_output.vout = 1), Err(5087));
    for version in [1, 3] {
        assert_eq!(code(&|transaction| transaction.version.0 = version), Err(5086));
    }
    let wrong = Proof::new(AddressKind::Taproot, 1, |_| {});
    let result = verify(&wrong.spent[0].script_pubkey, b"another line", &wrong.text(), BIP322_FUNDS);
    assert_eq!(result.expect_err("another line").code().number, 5087);
}

#[test]
fn a_proof_of_funds_has_one_text() {
    let proof = Proof::new(AddressKind::Taproot, 1, |_| {});
    let bytes = proof.file.serialize();
    let code = |text: &str| {
        verify(&proof.spent[0].script_pubkey, LINE, text, BIP322_FUNDS).expect_err("no proof").code().number
    };
    let text = |bytes: &[u8]| format!("pof{}", STANDARD.encode(bytes));
    for end in 0..bytes.len() {
        assert_eq!(code(&text(&bytes[..end])), 5088, "cut at {end}");
    }
    assert_eq!(code(&text(&[bytes.as_slice(), &[0]].concat())), 5088, "trailing bytes");
    assert_eq!(code(&proof.text()[3..]), 5007);
    assert_eq!(code(&format!("ful{}", &proof.text()[3..])), 5007);
    assert_eq!(code(&format!("{}\n", proof.text())), 5008);
    assert_eq!(code(&format!("pof{}", "A".repeat(9 << 20))), 5102);
    let unsigned =
        Proof { file: psbt::Psbt::from_unsigned_tx(proof.file.unsigned_tx.clone()).expect("unsigned"), ..proof };
    assert_eq!(unsigned.check(), Err(5089), "no coins");
    let many = Proof::new(AddressKind::Taproot, 1, |transaction| {
        transaction.version.0 = 2;
    });
    assert!(many.check().is_ok());
}

#[test]
fn a_full_signature_is_one_transaction_with_one_input() {
    let spent = to_spend(&script_of(1, AddressKind::Taproot), LINE);
    let made = |change: &dyn Fn(&mut Transaction)| {
        let mut transaction = to_sign(&spent, Witness::new());
        transaction.version.0 = 2;
        transaction.lock_time = absolute::LockTime::from_consensus(1_700_000_000);
        change(&mut transaction);
        let outputs = vec![spent.output[0].clone(); transaction.input.len()];
        transaction.input[0].witness = key(1).witness(&transaction, 0, &outputs).expect("its key");
        transaction
    };
    let check = |transaction: &Transaction, tail: &[u8]| {
        let bytes = [encode::serialize(transaction).as_slice(), tail].concat();
        let text = format!("ful{}", STANDARD.encode(bytes));
        verify(&spent.output[0].script_pubkey, LINE, &text, super::BIP322_FULL).map_err(|error| error.code().number)
    };
    let control = check(&made(&|_| {}), &[]).expect("a signature");
    let time = crate::snapshot::Time::from_unix(1_700_000_000);
    assert_eq!(control.not_before, Some(NotBefore::Time(time)));
    assert!(!control.is_open(u64::MAX, crate::snapshot::Time::from_unix(1_699_999_999)) && control.is_open(0, time));
    assert_eq!(control.age, None);
    let aged = made(&|transaction| transaction.input[0].sequence = Sequence::from_height(6));
    assert_eq!(check(&aged, &[]).expect("a signature").age, Some(CoinAge::Blocks(6)));
    assert_eq!(check(&made(&|_| {}), &[0]), Err(5009), "trailing bytes");
    assert_eq!(check(&made(&|transaction| transaction.version.0 = 1), &[]), Err(5086));
    let two = made(&|transaction| transaction.input.push(TxIn::default()));
    assert_eq!(check(&two, &[]), Err(5003), "a coin that nobody shows");
    let mut other = made(&|_| {});
    other.lock_time = absolute::LockTime::ZERO;
    assert_eq!(check(&other, &[]), Err(5014), "the lock is signed");
}

#[test]
fn each_variant_is_read_up_to_its_length_and_no_more() {
    for (scheme, max) in [(super::BIP322_FULL, 262_144), (super::BIP322_FUNDS, 8_388_608), (BIP322_SIMPLE, 16_384)] {
        let result = |length: usize| verify(&script(), b"Hello World", &"!".repeat(length), scheme);
        assert!(!matches!(result(max), Err(ControlError::Limit { .. })), "{scheme}");
        for length in [max + 1, max + 2] {
            assert!(matches!(result(length), Err(ControlError::Limit { .. })), "{scheme}: {length}");
        }
    }
}

#[test]
fn a_witness_alone_says_nothing_for_a_script_that_reads_none() {
    let script = ScriptBuf::new_p2pkh(&bitcoin::PubkeyHash::from_byte_array([7; 20]));
    let error = verify(&script, b"Hello World", SIGNATURE, BIP322_SIMPLE).expect_err("no witness program");
    assert!(matches!(error, ControlError::Scheme { scheme: BIP322_SIMPLE, .. }), "{error}");
}

#[test]
fn a_refused_prefix_is_told_with_the_one_of_the_variant() {
    for (scheme, expected) in
        [(BIP322_SIMPLE, "\"smp\" or none"), (super::BIP322_FULL, "\"ful\""), (super::BIP322_FUNDS, "\"pof\"")]
    {
        let result = verify(&script(), b"Hello World", "fooAA==", scheme);
        assert_eq!(result, Err(ControlError::Prefix { got: "foo".to_owned(), expected }));
    }
}
