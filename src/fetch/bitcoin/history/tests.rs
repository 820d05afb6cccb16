//! Answers of a node that cannot all be true.

use bitcoin::Txid;
use bitcoin::hashes::Hash as _;

use super::*;
use crate::amount::Amount;
use crate::code::Coded as _;
use crate::reserve::bitcoin::balance::scan::Coin;

const START: u64 = 100;

fn txid(number: u8) -> Txid {
    Txid::from_byte_array([number; 32])
}

fn coin(number: u8) -> OutPoint {
    OutPoint { txid: txid(number), vout: 0 }
}

fn script() -> ScriptBuf {
    ScriptBuf::from_bytes(vec![0x51])
}

fn block(height: u64) -> Digest {
    crate::hash::sha256(&height.to_be_bytes())
}

/// A coin that is made at a height.
fn receipt(number: u8, height: u64) -> Listed {
    let amount = Amount::from_base_units(7);
    let kind = ActivityKind::Receive;
    Listed { kind, coin: coin(number), txid: txid(number), height, block: block(height), script: script(), amount }
}

/// A coin that a later transaction spends.
fn spend(number: u8, height: u64) -> Listed {
    Listed { kind: ActivityKind::Spend, txid: txid(number + 100), ..receipt(number, height) }
}

/// What the node says: coins at the tip with the heights that made them, and events.
fn listed(tip: &[(u8, u64)], events: &[Listed]) -> Result<WindowFile, FetchError> {
    let mut scan = Scan::default();
    for (number, height) in tip {
        let (outpoint, amount) = (coin(*number), Amount::from_base_units(7));
        let coin = Coin { outpoint, script: script(), amount, height: *height, coinbase: false, block: None };
        scan.coins.insert(outpoint, coin);
    }
    let mut noted = BTreeMap::new();
    for event in events {
        note(&mut noted, event.clone())?;
    }
    // every coin that is spent was made at height 90
    let inputs = events.iter().filter(|event| event.kind == ActivityKind::Spend);
    let inputs = inputs.map(|event| (digest(event.txid), vec![(event.coin, 90)])).collect();
    let places = events.iter().map(|event| (digest(event.txid), 1)).collect();
    let chain = "bip122:000000000019d6689c085ae165831e93".parse().expect("a chain");
    let tip = BlockRef { chain, height: 200, hash: block(200) };
    let history = History { start: START, whole: true, events: noted, inputs };
    history.list(&scan, &places, (110, 150), tip)
}

#[test]
fn the_start_is_found_by_unwinding() {
    let list = listed(&[(1, 90), (3, 120)], &[spend(2, 105), receipt(3, 120), receipt(4, 105), spend(4, 130)]);
    let list = list.expect("answers that agree");
    let opening: Vec<_> = list.opening.iter().map(|coin| (coin.coin, coin.height)).collect();
    assert_eq!(opening, [(coin(1), 90), (coin(4), 105)], "after block 110");
    let events: Vec<_> = list.events.iter().map(|event| (event.coin, event.height)).collect();
    assert_eq!((list.from, events), (110, vec![(coin(3), 120), (coin(4), 130)]));
}

#[test]
fn answers_that_contradict_each_other_are_refused_with_the_coin() {
    let refused = |tip: &[(u8, u64)], events: &[Listed], number: u8| {
        let error = listed(tip, events).expect_err("a contradiction");
        assert_eq!(error.code().number, 5200, "{error}");
        assert!(error.to_string().starts_with(&format!("coin {}", coin(number))), "{error}");
    };
    refused(&[(1, 120)], &[], 1);
    refused(&[(1, 90)], &[spend(1, 120)], 1);
    refused(&[], &[receipt(1, 120)], 1);
    refused(&[], &[receipt(1, 120), spend(1, 110)], 1);
    refused(&[(1, 120)], &[receipt(1, 120), Listed { amount: Amount::from_base_units(8), ..receipt(1, 120) }], 1);
    refused(&[(2, 90)], &[Listed { amount: Amount::from_base_units(8), ..receipt(2, 120) }], 2);
    refused(&[], &[receipt(1, 120), Listed { amount: Amount::from_base_units(8), ..spend(1, 130) }], 1);
}

#[test]
fn a_spent_coin_was_made_somewhere() {
    let event = Listed { coin: coin(9), ..spend(1, 120) };
    let history = History {
        start: START,
        whole: true,
        events: BTreeMap::from([((event.coin, event.kind), event.clone())]),
        inputs: BTreeMap::from([(digest(event.txid), vec![(coin(9), 120)])]),
    };
    let error = history.opening(&Scan::default()).expect_err("made above the start, without a receipt");
    assert_eq!(error.code().number, 5200);
}
