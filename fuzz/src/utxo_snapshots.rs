//! Snapshots of all unspent outputs, as anybody may hand them over.

use std::collections::BTreeSet;

use bitcoin::hashes::Hash as _;
use bitcoin::{BlockHash, Network, ScriptBuf, Txid};
use counterfoil::lab::utxo_set::{NewCoin, SyntheticSet, write_head, write_transaction};
use counterfoil::reserve::bitcoin::utxo_snapshot::{Head, SATOSHIS_MAX, read, summarize};

/// What a node would write: the seeds of the corpus.
pub fn honest_snapshots() -> Vec<(&'static str, Vec<u8>)> {
    let set = |coins, seed| {
        let mut bytes = Vec::new();
        SyntheticSet { coins, seed }.write(&mut bytes, &mut |_| {}).unwrap();
        bytes
    };
    let scripts: [&[u8]; 7] = [
        &[&[33, 2][..], &[1; 32], &[0xac]].concat(),
        &[&[0x76, 0xa9, 20][..], &[2; 20], &[0x88, 0xac]].concat(),
        &[&[0xa9, 20][..], &[3; 20], &[0x87]].concat(),
        &[],
        &[0x51],
        &[0x51; 121],
        &[0x51; 260],
    ];
    let coin = |(vout, script): (u32, &&[u8])| {
        let satoshis = u64::from(vout) * 10_u64.pow(vout % 10);
        NewCoin { vout: vout * 3_000, height: vout, coinbase: vout == 0, satoshis, script: script.to_vec() }
    };
    let mut coins: Vec<NewCoin> = (0..).zip(&scripts).map(coin).collect();
    let mut kinds = Vec::new();
    let block = BlockHash::from_byte_array([7; 32]);
    write_head(&Head { network: Network::Regtest, block, count: coins.len() as u64 }, &mut kinds);
    write_transaction(&Txid::from_byte_array([9; 32]), &mut coins, &mut kinds);
    let mut empty = Vec::new();
    write_head(&Head { network: Network::Bitcoin, block, count: 0 }, &mut empty);
    vec![("one", set(1, 1)), ("three", set(3, 2)), ("forty", set(40, 3)), ("kinds", kinds), ("empty", empty)]
}

/// Reads a snapshot. What is accepted keeps every rule, twice the same, and has no second form of the same length.
pub fn utxo_snapshot(data: &[u8]) {
    let wanted: BTreeSet<ScriptBuf> = [vec![], vec![0x51]].map(ScriptBuf::from_bytes).into();
    let summary = match summarize(data, &mut |_, _| {}) {
        Ok(summary) => summary,
        Err(error) => {
            let again = read(data, Network::Regtest, &wanted, &mut |_, _| {}).expect_err("refused");
            let said = again.to_string();
            // only a reader that keeps coins sees one of them again, which may be before anything else is wrong
            let other = said.starts_with("the snapshot is of the network") || said.ends_with("stands twice");
            assert!(other || again == error, "{again}, before {error}");
            return;
        }
    };
    let set = read(data, summary.head.network, &wanted, &mut |_, _| {}).unwrap();
    assert_eq!((set.hash, set.count, set.block), (summary.hash, summary.head.count, summary.head.block));
    assert!(set.coins.len() as u64 <= set.count && summary.transactions <= set.count);
    assert!(set.coins.values().all(|coin| wanted.contains(&coin.script)));
    assert!(summary.total.base_units() <= u128::from(SATOSHIS_MAX));
    assert!(summarize(&data[..data.len() - 1], &mut |_, _| {}).is_err(), "cut");
    assert!(summarize([data, &[0]].concat().as_slice(), &mut |_, _| {}).is_err(), "something behind");
}
