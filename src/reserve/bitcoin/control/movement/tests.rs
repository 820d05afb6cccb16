//! Movements on a chain that the test holds; `tests/control_node.rs` has them on a real one.

use std::collections::BTreeMap;

use bitcoin::hashes::Hash as _;
use bitcoin::{Amount, ScriptBuf, TxIn, TxOut};

use super::super::verify as verify_signature;
use super::*;
use crate::reserve::claim::ControlScope;

const ADDRESS: &str = "bc1q9vza2e8x573nczrlzms0wvx3gsqjx7vavgkx0l";
const NAMED: u64 = 100;

#[derive(Default)]
struct Chain {
    transactions: BTreeMap<Txid, Transaction>,
    heights: BTreeMap<Txid, u64>,
}

impl ProvedTransactions for Chain {
    fn height(&self, txid: Txid) -> Option<u64> {
        self.heights.get(&txid).copied()
    }

    fn transaction(&self, txid: Txid) -> Option<Transaction> {
        self.transactions.get(&txid).cloned()
    }
}

impl Chain {
    fn add(&mut self, transaction: &Transaction, height: Option<u64>) -> Txid {
        let txid = transaction.compute_txid();
        self.transactions.insert(txid, transaction.clone());
        self.heights.extend(height.map(|height| (txid, height)));
        txid
    }
}

fn chain() -> ChainId {
    "bip122:000000000019d6689c085ae165831e93".parse().expect("mainnet")
}

fn challenge() -> Digest {
    Digest::from_bytes([7; 32])
}

fn own() -> ScriptBuf {
    script(bitcoin::Network::Bitcoin, ADDRESS).expect("an address")
}

fn pay(from: OutPoint, outputs: &[(u64, ScriptBuf)]) -> Transaction {
    let output =
        |(value, script): &(u64, ScriptBuf)| TxOut { value: Amount::from_sat(*value), script_pubkey: script.clone() };
    Transaction {
        version: bitcoin::transaction::Version::TWO,
        lock_time: bitcoin::absolute::LockTime::ZERO,
        input: vec![TxIn { previous_output: from, ..TxIn::default() }],
        output: outputs.iter().map(output).collect(),
    }
}

fn funding(script: ScriptBuf) -> Transaction {
    pay(OutPoint { txid: Txid::from_byte_array([9; 32]), vout: 0 }, &[(5_000_000, script)])
}

fn proof(txid: &str) -> ControlProof {
    let mut proof = ControlProof::signed(chain(), ADDRESS.to_owned(), MOVED, String::new());
    proof.transaction = Some(txid.to_owned());
    proof
}

fn check(known: &Chain, txid: Txid) -> Result<Control, u16> {
    let chain = chain();
    let query = MovementQuery { chain: &chain, address: ADDRESS, challenge: challenge(), after: NAMED };
    verify(&query, known, &proof(&txid.to_string())).map_err(|error| error.code().number)
}

/// A coin of `script` and a transaction that spends it, in a block of this height.
fn moved(script: ScriptBuf, outputs: &[(u64, ScriptBuf)], height: u64) -> Result<Control, u16> {
    let mut known = Chain::default();
    let coin = known.add(&funding(script), None);
    let txid = known.add(&pay(OutPoint { txid: coin, vout: 0 }, outputs), Some(height));
    check(&known, txid)
}

#[test]
fn a_marked_spend_after_the_challenge_is_a_movement() {
    let returned = [(1_000, ScriptBuf::new()), (0, mark_script(challenge()))];
    let control = moved(own(), &returned, NAMED + 1).expect("a movement");
    assert_eq!(control, Control::of(ControlGrade::Moved));
    let paid = [(mark_amount(challenge(), &own()), own())];
    let control = moved(own(), &paid, NAMED + 1).expect("a movement");
    assert_eq!((control.grade, control.remark), (ControlGrade::Moved, Some(ControlRemark::AmountMark)));
    assert_eq!(control.scope, ControlScope::Address);
    assert_eq!(moved(own(), &returned, NAMED), Err(5098), "in the block named");
    assert_eq!(moved(own(), &returned, 1), Err(5098));
    let stranger = ScriptBuf::from_bytes(vec![0x51]);
    assert_eq!(moved(stranger, &returned, NAMED + 1), Err(5099), "a payment to the address is none by it");
}

/// A stranger sells a coin, and signs so that any buyer can complete the transaction; or pays together with the venue.
/// The mark in it is the venue's.
#[test]
fn attack_r5_a_mark_beside_somebody_elses_coin_shows_nothing() {
    let mut known = Chain::default();
    let (stranger, marked) = (ScriptBuf::from_bytes(vec![0x51]), [(0, mark_script(challenge()))]);
    let (of_address, second) =
        (known.add(&funding(own()), None), known.add(&pay(OutPoint::null(), &[(7, own())]), None));
    let of_stranger = known.add(&funding(stranger), None);
    let mut spends = |coins: &[Txid]| {
        let mut joint = pay(OutPoint { txid: coins[0], vout: 0 }, &marked);
        joint.input.extend(
            coins[1..]
                .iter()
                .map(|coin| TxIn { previous_output: OutPoint { txid: *coin, vout: 0 }, ..TxIn::default() }),
        );
        let txid = known.add(&joint, Some(NAMED + 1));
        check(&known, txid)
    };
    let unknown = Txid::from_byte_array([8; 32]);
    assert_eq!(spends(&[of_address, of_stranger]), Err(7530));
    assert_eq!(spends(&[of_stranger, of_address]), Err(7530));
    assert_eq!(spends(&[unknown, of_stranger, of_address]), Err(7530));
    assert_eq!(spends(&[of_address, unknown]), Err(5097), "it may be anybody's");
    assert_eq!(spends(&[of_address, second]), Ok(Control::of(ControlGrade::Moved)), "both are the address's");
    assert_eq!(spends(&[of_stranger]), Err(5099));
}

#[test]
fn the_mark_is_the_challenges_own() {
    let other = Digest::from_bytes([8; 32]);
    let amount = mark_amount(challenge(), &own());
    let cases = [
        vec![(1_000, own())],
        vec![(0, mark_script(other))],
        vec![(amount - 1, own()), (amount + 1, own())],
        vec![(amount, ScriptBuf::from_bytes(vec![0x51]))],
        vec![(mark_amount(other, &own()), own())],
        vec![(0, ScriptBuf::new_op_return([7; 31]))],
        Vec::new(),
    ];
    for outputs in cases {
        assert_eq!(moved(own(), &outputs, NAMED + 1), Err(5100), "{outputs:?}");
    }
    assert_eq!(mark_script(challenge()).to_hex_string(), format!("6a20{}", "07".repeat(32)));
}

/// Computed with another program.
#[test]
fn the_amount_follows_from_challenge_and_script() {
    assert_eq!(mark_amount(challenge(), &own()), 149_935);
    for number in 0..200_u8 {
        let amount = mark_amount(Digest::from_bytes([number; 32]), &own());
        assert!((MARK_BASE..MARK_BASE + MARK_SPAN).contains(&amount), "{amount}");
    }
}

#[test]
fn what_is_not_shown_is_not_proved() {
    let returned = [(0, mark_script(challenge()))];
    let spend = |coin: Txid| pay(OutPoint { txid: coin, vout: 0 }, &returned);
    let mut known = Chain::default();
    let coin = funding(own());
    assert_eq!(check(&known, spend(coin.compute_txid()).compute_txid()), Err(5097), "no transaction");
    let txid = known.add(&spend(coin.compute_txid()), None);
    assert_eq!(check(&known, txid), Err(5097), "no block");
    known.heights.insert(txid, NAMED + 1);
    assert_eq!(check(&known, txid), Err(5097), "no coin");
    known.add(&coin, None);
    assert!(check(&known, txid).is_ok());
    let beyond = pay(OutPoint { txid: coin.compute_txid(), vout: 1 }, &returned);
    let txid = known.add(&beyond, Some(NAMED + 1));
    assert_eq!(check(&known, txid), Err(5099), "an output that is not there");
}

#[test]
fn the_proof_names_one_transaction() {
    let known = Chain::default();
    let chain = chain();
    let query = MovementQuery { chain: &chain, address: ADDRESS, challenge: challenge(), after: NAMED };
    let code = |proof: &ControlProof| verify(&query, &known, proof).expect_err("a refusal").code().number;
    let upper = "AB".repeat(32);
    for text in ["", "00", "zz", upper.as_str()] {
        assert_eq!(code(&proof(text)), 5096, "{text}");
    }
    let good = "ab".repeat(32);
    assert_eq!(code(&proof(&good)), 5097);
    assert_eq!(code(&ControlProof { scheme: "bip137".to_owned(), ..proof(&good) }), 5002);
    assert_eq!(code(&ControlProof { signature: "AA==".to_owned(), ..proof(&good) }), 5096);
    assert_eq!(code(&ControlProof { address: "1BoatSLRHtKNngkdXEeobR76b53LETtpyT".to_owned(), ..proof(&good) }), 5006);
    assert_eq!(verify_signature(&chain, ADDRESS, "line", &proof(&good)).expect_err("no chain").code().number, 5003);
}
