//! Proofs of reserves, made and signed here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bitcoin::{Amount, Psbt, ScriptBuf, Sequence, Transaction, TxIn, TxOut};

use super::super::BIP127;
use super::super::sign::{AddressKey, AddressKind};
use super::*;
use crate::code::Coded as _;

const LINE: &[u8] = b"a line to sign";

fn key(seed: u8) -> AddressKey {
    AddressKey::new(&mut [seed; 32]).expect("a scalar")
}

fn script_of(seed: u8) -> ScriptBuf {
    let chain = crate::reserve::bitcoin::network::identifier(bitcoin::Network::Bitcoin).parse().expect("mainnet");
    let kind = if seed.is_multiple_of(2) { AddressKind::Taproot } else { AddressKind::WitnessKeyHash };
    let address = key(seed).address(&chain, kind).expect("an address");
    crate::reserve::bitcoin::network::script_of(&chain, &address).expect("an address")
}

/// Coins of 1,000 by the keys 1, 2 and 2, behind the commitment; `change` comes before signing.
fn proof(scheme: &str, change: impl Fn(&mut Transaction)) -> Psbt {
    let coin = |number: u8| OutPoint { txid: Txid::from_byte_array([number; 32]), vout: u32::from(number) };
    let outpoints = [commitment(LINE, scheme), coin(1), coin(2), coin(3)];
    let seeds = [1, 2, 2];
    let input = |previous_output| TxIn { previous_output, sequence: Sequence::MAX, ..TxIn::default() };
    let mut transaction = Transaction {
        version: bitcoin::transaction::Version::ONE,
        lock_time: bitcoin::absolute::LockTime::ZERO,
        input: outpoints.map(input).to_vec(),
        output: vec![TxOut { value: Amount::from_sat(3_000), script_pubkey: script_of(1) }],
    };
    change(&mut transaction);
    let mut file = Psbt::from_unsigned_tx(transaction).expect("unsigned");
    let nothing = TxOut { value: Amount::ZERO, script_pubkey: ScriptBuf::new() };
    let coins = seeds.map(|seed| TxOut { value: Amount::from_sat(1_000), script_pubkey: script_of(seed) });
    let spent: Vec<TxOut> = [nothing].into_iter().chain(coins).collect();
    for (index, seed) in (1..file.inputs.len()).zip(seeds) {
        let witness = key(seed).witness(&file.unsigned_tx, index, &spent).expect("its key");
        file.inputs[index].witness_utxo = Some(spent[index].clone());
        file.inputs[index].final_script_witness = Some(witness);
    }
    file
}

fn check(seed: u8, file: &Psbt, scheme: &'static str) -> Result<Control, u16> {
    verify(&script_of(seed), LINE, &STANDARD.encode(file.serialize()), scheme).map_err(|error| error.code().number)
}

/// Computed with another program.
#[test]
fn the_commitment_is_hashed_once_or_twice() {
    let hash = |scheme| hex::encode(commitment(b"This belongs to me.", scheme).txid.to_byte_array());
    assert_eq!(hash(BIP127), "76b34e909b108f1d2079a29402bc6972ba663de73dc132e6f6731ccc3f4b3a32");
    assert_eq!(hash(BDK_RESERVES), "6c3546f1b85337e749a7e9c7ad843d3ca16ba56c94fd04afb9f74f18c4a5e05e");
}

#[test]
fn the_coins_of_the_address_are_shown() {
    for scheme in [BIP127, BDK_RESERVES] {
        let file = proof(scheme, |_| {});
        let control = check(2, &file, scheme).expect("a proof");
        assert_eq!((control.grade, control.scope), (ControlGrade::ScriptSatisfied, ControlScope::Coins));
        let ids: Vec<&str> = control.coins.iter().map(|coin| coin.id.as_str()).collect();
        let txid = |number: u8| Txid::from_byte_array([number; 32]);
        assert_eq!(ids, [format!("{}:2", txid(2)), format!("{}:3", txid(3))]);
        assert_eq!(check(1, &file, scheme).expect("a proof").coins.len(), 1);
        assert_eq!(check(3, &file, scheme), Err(5092), "no coin of this address");
        let other = if scheme == BIP127 { BDK_RESERVES } else { BIP127 };
        assert_eq!(check(1, &file, other), Err(5091), "never one for the other");
    }
}

#[test]
fn the_transaction_is_a_proof_of_reserves() {
    let code = |change: &dyn Fn(&mut Transaction)| check(1, &proof(BIP127, change), BIP127).map(|_| ());
    assert_eq!(code(&|_| {}), Ok(()));
    assert_eq!(code(&|transaction| transaction.output[0].value = Amount::from_sat(2_999)), Err(5091));
    assert_eq!(code(&|transaction| transaction.output.push(transaction.output[0].clone())), Err(5091));
    assert_eq!(code(&|transaction| transaction.output.clear()), Err(5091));
    assert_eq!(code(&|transaction| transaction.input[0].previous_output.vout = 1), Err(5091));
    assert_eq!(code(&|transaction| transaction.version.0 = 3), Err(5086));
    let mut other = proof(BIP127, |_| {});
    other.inputs[0].witness_utxo = Some(TxOut { value: Amount::from_sat(1), script_pubkey: ScriptBuf::new() });
    assert_eq!(check(1, &other, BIP127), Err(5089), "a commitment that is worth something");
    let mut stolen = proof(BIP127, |_| {});
    stolen.inputs[3].final_script_witness = stolen.inputs[2].final_script_witness.clone();
    assert_eq!(check(1, &stolen, BIP127), Err(5014), "every coin is judged");
    let file = proof(BIP127, |_| {});
    let text = STANDARD.encode(file.serialize());
    let result = verify(&script_of(1), b"another line", &text, BIP127);
    assert_eq!(result.expect_err("another line").code().number, 5091);
}

/// Whether something is refused because it is too long, too large or too many, and for nothing else.
fn limited<T>(result: &Result<T, ControlError>) -> bool {
    matches!(result, Err(ControlError::Limit { .. }))
}

#[test]
fn eight_mebibytes_of_text_are_read_and_no_more() {
    let of = |length: usize| verify(&script_of(1), LINE, &"!".repeat(length), BIP127);
    assert!(!limited(&of(8 << 20)));
    assert!(limited(&of((8 << 20) + 1)) && limited(&of((8 << 20) + 2)));
}

#[test]
fn a_thousand_inputs_of_a_hundred_thousand_bytes_are_read_and_no_more() {
    let parsed = |inputs: u32, script: usize| {
        let mut transaction = proof(BIP127, |_| {}).unsigned_tx;
        let input = |vout| TxIn { previous_output: OutPoint { txid: Txid::all_zeros(), vout }, ..TxIn::default() };
        transaction.input = (0..inputs).map(input).collect();
        transaction.output[0].script_pubkey = ScriptBuf::from_bytes(vec![0x6a; script]);
        let size = transaction.base_size();
        (size, psbt::parse(&Psbt::from_unsigned_tx(transaction).expect("unsigned").serialize()))
    };
    for (count, refused) in [(1_000, false), (1_001, true), (1_002, true)] {
        assert_eq!(limited(&parsed(count, 1).1), refused, "{count} inputs");
    }
    let beside = parsed(1, 70_000).0 - 70_000;
    for (size, refused) in [(100_000, false), (100_001, true), (100_002, true)] {
        let (got, read) = parsed(1, size - beside);
        assert_eq!((got, limited(&read)), (size, refused));
    }
}

#[test]
fn a_proof_counts_from_the_time_of_its_lock() {
    let file = proof(BIP127, |transaction| {
        transaction.lock_time = bitcoin::absolute::LockTime::from_consensus(1_700_000_000);
        transaction.input[0].sequence = Sequence::ENABLE_LOCKTIME_NO_RBF;
    });
    let time = crate::snapshot::Time::from_unix(1_700_000_000);
    let control = check(1, &file, BIP127).expect("a proof");
    assert_eq!(control.not_before, Some(crate::reserve::claim::NotBefore::Time(time)));
    assert_eq!(check(1, &proof(BIP127, |_| {}), BIP127).expect("a proof").not_before, None);
}
