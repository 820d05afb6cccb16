//! Snapshots of all unspent outputs: what is read, and each refusal.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::process::{Command, Output};

use bitcoin::hashes::Hash as _;
use bitcoin::{BlockHash, Network, OutPoint, ScriptBuf, Txid};
use counterfoil::code::Coded as _;
use counterfoil::hash::{Digest, sha256};
use counterfoil::lab::utxo_set::{NewCoin, SyntheticSet, write_head, write_transaction};
use counterfoil::reserve::bitcoin::utxo_snapshot::{
    FullSet, HEAD_LENGTH, Head, OUTPUTS_MAX, SATOSHIS_MAX, SnapshotError, read, summarize,
};

const BLOCK: [u8; 32] = [0xb1; 32];

fn coin(vout: u32, satoshis: u64, script: &[u8]) -> NewCoin {
    NewCoin { vout, height: 100 + vout, coinbase: vout == 0, satoshis, script: script.to_vec() }
}

fn txid(first: u8) -> Txid {
    let mut bytes = [0x55; 32];
    bytes[0] = first;
    Txid::from_byte_array(bytes)
}

fn key_hash(byte: u8) -> Vec<u8> {
    [[0x76, 0xa9, 20].as_slice(), &[byte; 20], &[0x88, 0xac]].concat()
}

/// The uncompressed key of the secret 1.
fn public_key() -> Vec<u8> {
    let text = "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798\
                483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8";
    hex::decode(text).unwrap()
}

fn pay_to_key() -> Vec<u8> {
    [&[65], public_key().as_slice(), &[0xac]].concat()
}

/// Every kind of script, long and short lists, and numbers whose order in the database is not that of the numbers.
fn transactions() -> Vec<(Txid, Vec<NewCoin>)> {
    let many = (0..300).map(|vout| coin(vout * 61, u64::from(vout), &key_hash(9))).collect();
    vec![
        (txid(0), vec![coin(0, 50_0000_0000, &pay_to_key())]),
        (txid(1), vec![coin(1, 0, &[]), coin(3, 1, &[0x51]), coin(4, SATOSHIS_MAX / 2, &key_hash(1))]),
        (txid(2), vec![coin(0, 12_345, &[[0xa9, 20].as_slice(), &[7; 20], &[0x87]].concat())]),
        (
            txid(3),
            vec![
                coin(7, 999, &[[0, 20].as_slice(), &[8; 20]].concat()),
                coin(8, 5, &[[0, 32].as_slice(), &[8; 32]].concat()),
            ],
        ),
        (
            txid(4),
            vec![
                coin(0, 10, &[[33, 2].as_slice(), &[1; 32], &[0xac]].concat()),
                coin(1, 11, &[[33, 3].as_slice(), &[1; 32], &[0xac]].concat()),
            ],
        ),
        (txid(5), vec![coin(0, 7_700, &[0x51; 252]), coin(1, 7_701, &[0x51; 253]), coin(2, 7_702, &[0x51; 10_000])]),
        (txid(6), many),
        // a key that is no point has no short form
        (txid(0xff), vec![coin(111_110, 1, &[[65, 4].as_slice(), &[5; 64], &[0xac]].concat())]),
    ]
}

fn snapshot(transactions: &[(Txid, Vec<NewCoin>)]) -> Vec<u8> {
    let count = transactions.iter().map(|(_, coins)| coins.len() as u64).sum();
    let mut bytes = Vec::new();
    write_head(&Head { network: Network::Regtest, block: BlockHash::from_byte_array(BLOCK), count }, &mut bytes);
    for (txid, coins) in transactions {
        write_transaction(txid, &mut coins.clone(), &mut bytes);
    }
    bytes
}

/// Double SHA-256 over the coins in order, written in the plainest way.
fn plain_hash(transactions: &[(Txid, Vec<NewCoin>)]) -> Digest {
    let mut bytes = Vec::new();
    for (txid, coins) in transactions {
        let mut coins = coins.clone();
        coins.sort_by_key(|coin| coin.vout);
        for coin in coins {
            bytes.extend(bitcoin::consensus::serialize(&OutPoint { txid: *txid, vout: coin.vout }));
            bytes.extend((coin.height * 2 + u32::from(coin.coinbase)).to_le_bytes());
            let value = bitcoin::Amount::from_sat(coin.satoshis);
            let script_pubkey = ScriptBuf::from_bytes(coin.script);
            bytes.extend(bitcoin::consensus::serialize(&bitcoin::TxOut { value, script_pubkey }));
        }
    }
    let mut digest = sha256(sha256(&bytes).as_bytes()).to_bytes();
    digest.reverse();
    Digest::from_bytes(digest)
}

fn read_all(bytes: impl Read, wanted: &[Vec<u8>]) -> Result<FullSet, SnapshotError> {
    let wanted: BTreeSet<ScriptBuf> = wanted.iter().cloned().map(ScriptBuf::from_bytes).collect();
    read(bytes, Network::Regtest, &wanted, &mut |_, _| {})
}

/// A file that begins like `bytes`, without what would have to fit, and the code of its refusal.
fn refused(bytes: &[u8]) -> (u16, String) {
    let error = read_all(bytes, &[]).expect_err("a refusal");
    assert_eq!(summarize(bytes, &mut |_, _| {}).map(|summary| summary.hash), Err(error.clone()));
    (error.code().number, error.to_string())
}

/// The head of a file of `count` coins, and what follows.
fn file(count: u64, rest: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_head(&Head { network: Network::Regtest, block: BlockHash::from_byte_array(BLOCK), count }, &mut bytes);
    bytes.extend(rest.concat());
    bytes
}

/// One byte or a few at a time, as pipes and sockets give them.
struct Drops<'a>(&'a [u8], usize);

impl Read for Drops<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.1 = self.1 % 5 + 1;
        if self.1 == 3 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let count = self.1.min(self.0.len()).min(out.len());
        out[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

#[test]
fn every_coin_is_read_and_hashed() {
    let transactions = transactions();
    let bytes = snapshot(&transactions);
    let mut heard = Vec::new();
    let all: BTreeSet<ScriptBuf> =
        transactions.iter().flat_map(|(_, coins)| coins).map(|coin| ScriptBuf::from(coin.script.clone())).collect();
    let set = read(bytes.as_slice(), Network::Regtest, &all, &mut |coins, total| heard.push((coins, total))).unwrap();
    assert_eq!(set.hash, plain_hash(&transactions));
    assert_eq!((set.block.to_byte_array(), set.count, heard), (BLOCK, 313, vec![(313, 313)]));
    let expected = transactions.iter().flat_map(|(txid, coins)| coins.iter().map(|coin| (*txid, coin)));
    assert_eq!(set.coins.len(), 313);
    for (txid, coin) in expected {
        let found = &set.coins[&OutPoint { txid, vout: coin.vout }];
        assert_eq!((found.height, found.coinbase), (coin.height, coin.coinbase));
        assert_eq!((found.amount.base_units(), found.script.as_bytes()), (u128::from(coin.satoshis), &coin.script[..]));
    }
    let asked = read_all(Drops(&bytes, 0), &[pay_to_key(), key_hash(2)]).unwrap();
    assert_eq!((asked.hash, asked.coins.len()), (set.hash, 1));
    assert_eq!(asked.coins.keys().next().unwrap().txid, txid(0));
}

#[test]
fn a_set_of_many_pieces_has_the_plain_hash() {
    // more than one window, one piece to hash, and one transaction of more than a piece
    let long = vec![0x51; 9_000];
    let transactions: Vec<(Txid, Vec<NewCoin>)> = (0..60_u8)
        .map(|first| (txid(first), (0..if first == 30 { 110 } else { 9 }).map(|vout| coin(vout, 1, &long)).collect()))
        .collect();
    let bytes = snapshot(&transactions);
    assert_eq!(read_all(bytes.as_slice(), &[]).unwrap().hash, plain_hash(&transactions));
    let mut synthetic = Vec::new();
    SyntheticSet { coins: 30_000, seed: 1 }.write(&mut synthetic, &mut |_| {}).unwrap();
    let hash = read_all(synthetic.as_slice(), &[]).unwrap().hash;
    assert_eq!(read_all(Drops(&synthetic, 0), &[]).unwrap().hash, hash);
}

#[test]
fn no_coins_is_a_set_too() {
    let set = read_all(file(0, &[]).as_slice(), &[]).unwrap();
    assert_eq!((set.hash, set.count), (plain_hash(&[]), 0));
}

/// The hash covers the coins; the block is in the file beside them.
#[test]
fn every_changed_byte_is_refused_or_seen() {
    let bytes = snapshot(&transactions()[..5]);
    let set = read_all(bytes.as_slice(), &[key_hash(1)]).unwrap();
    for at in 0..bytes.len() {
        for bit in [1, 0x10, 0x80] {
            let mut changed = bytes.clone();
            changed[at] ^= bit;
            match read_all(changed.as_slice(), &[key_hash(1)]) {
                Ok(other) if (11..43).contains(&at) => assert_ne!(other.block, set.block, "byte {at}"),
                Ok(other) => assert_ne!(other.hash, set.hash, "byte {at}"),
                Err(error) => assert!((5180..5200).contains(&error.code().number), "byte {at}: {error}"),
            }
        }
    }
}

#[test]
fn every_cut_is_refused() {
    let bytes = snapshot(&transactions()[..4]);
    for length in 0..bytes.len() {
        let (code, words) = refused(&bytes[..length]);
        assert_eq!(code, if length < 5 { 5180 } else { 5183 }, "{length}: {words}");
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert_eq!(refused(&longer).0, 5184);
}

#[test]
fn heads_of_other_files() {
    let bytes = snapshot(&transactions()[..1]);
    let with = |at: usize, other: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[at..at + other.len()].copy_from_slice(other);
        refused(&bytes)
    };
    assert_eq!(with(0, b"UTXO").0, 5180);
    assert_eq!(with(5, &[1, 0]), (5181, "the snapshot has version 1, expected 2".to_owned()));
    assert_eq!(with(5, &[2, 1]).0, 5181);
    assert_eq!(with(7, &[1, 2, 3, 4]).0, 5182);
    let error = read(bytes.as_slice(), Network::Bitcoin, &BTreeSet::new(), &mut |_, _| {}).expect_err("regtest");
    assert_eq!(error.code().number, 5182);
    assert_eq!(error.to_string(), "the snapshot is of the network regtest, expected bitcoin");
}

#[test]
fn transactions_out_of_order() {
    let all = transactions();
    let (first, second) = (all[2].clone(), all[3].clone());
    assert_eq!(refused(&snapshot(&[second, first.clone()])).0, 5186);
    assert_eq!(refused(&snapshot(&[first.clone(), first])).0, 5186);
}

#[test]
fn counts_that_do_not_fit() {
    let id = [0x55; 32];
    assert_eq!(refused(&file(1, &[&id, &[0]])).0, 5187, "no coin");
    assert_eq!(refused(&file(1, &[&id, &[2], &[0, 2, 1, 6, 1, 2, 1, 6]])).0, 5187, "one too many");
    assert_eq!(refused(&file(u64::MAX, &[&id, &[0xff], &[0xff; 8], &[0; 9]])).0, 5183, "as many as it likes");
    assert_eq!(refused(&file(u64::MAX, &[&id, &[1], &[0, 2, 1, 6]])).0, 5183, "fewer than the head says");
}

#[test]
fn coins_that_nobody_has() {
    let id = [0x55; 32];
    let one = |bytes: &[&[u8]]| refused(&file(1, &[&id, &[1], &bytes.concat()]));
    assert_eq!(one(&[&[0xfd, 5, 0], &[2, 1, 6]]).0, 5185, "a number in three bytes");
    assert_eq!(refused(&file(1, &[&id, &[0xfd, 1, 0]])).0, 5185, "a count in three bytes");
    assert_eq!(one(&[&[0xfe], &OUTPUTS_MAX.to_le_bytes(), &[2, 1, 6]]).0, 5192, "an output beyond all");
    assert_eq!(one(&[&[0], &[0x8e, 0xfe, 0xfe, 0xff, 0x00], &[1, 6]]).0, 5190, "2^32");
    assert_eq!(one(&[&[0], &[0xff; 30]]).0, 5190, "no end");
    let largest = [0, 0x8e, 0xfe, 0xfe, 0xfe, 0x7f, 1, 6];
    let set = read_all(file(1, &[&id, &[1], &largest]).as_slice(), &[vec![]]).unwrap();
    assert_eq!(set.coins.values().next().unwrap().height, u32::MAX >> 1, "the largest height");
    let [all, more] =
        [SATOSHIS_MAX, SATOSHIS_MAX + 1].map(|satoshis| snapshot(&[(txid(1), vec![coin(0, satoshis, &[])])]));
    assert!(read_all(all.as_slice(), &[]).is_ok());
    assert_eq!(refused(&more).0, 5189);
    assert_eq!(one(&[&[0, 2], &[0xff; 9], &[0x7f]]).0, 5189, "an amount above 64 bits");
    let sum = snapshot(&[(txid(1), vec![coin(0, SATOSHIS_MAX, &[])]), (txid(2), vec![coin(0, 1, &[])])]);
    let (code, words) = refused(&sum);
    assert_eq!(code, 5189, "the sum");
    assert!(words.contains("2100000000000001"), "{words}");
    let mut five = [0; 32];
    five[31] = 5;
    for kind in [4, 5] {
        assert_eq!(one(&[&[0, 2, 1, kind], &five]).0, 5191, "no point of the curve");
        assert_eq!(one(&[&[0, 2, 1, kind], &[0xff; 32]]).0, 5191, "beyond the field");
    }
}

#[test]
fn outputs_that_fit_no_transaction() {
    let long = snapshot(&[(txid(1), vec![coin(0, 1, &[0x51; 10_001])])]);
    let (code, words) = refused(&long);
    assert_eq!(code, 5192);
    assert!(words.ends_with("a script of 10001 bytes, expected at most 10000"), "{words}");
    let [fits, large] = [99, 100].map(|count| {
        let coins = (0..count).map(|vout| coin(vout, 1, &[0x51; 10_000])).collect();
        snapshot(&[(txid(1), coins)])
    });
    assert!(read_all(fits.as_slice(), &[]).is_ok());
    assert_eq!(refused(&large).0, 5192);
}

#[test]
fn one_output_twice() {
    let id = [0x55; 32];
    let [one, two] = [[1, 2, 1, 6], [2, 2, 1, 6]];
    for coins in [[one, one, two], [two, one, two], [one, two, two]] {
        assert_eq!(refused(&file(3, &[&id, &[3], &coins.concat()])).0, 5188);
    }
    // no node writes this order, but the set is the same
    let [rising, falling] = [[one, two], [two, one]].map(|coins| file(2, &[&id, &[2], &coins.concat()]));
    assert_eq!(read_all(rising.as_slice(), &[]).unwrap(), read_all(falling.as_slice(), &[]).unwrap());
    let twice = file(2, &[&id, &[2], &[one, one].concat()]);
    let error = read_all(twice.as_slice(), &[vec![]]).expect_err("asked for");
    assert_eq!(error.to_string(), format!("coin {}:1 stands twice", "55".repeat(32)));
}

#[test]
fn a_disk_that_fails() {
    struct Fails;
    impl Read for Fails {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("bad sector"))
        }
    }
    let bytes = snapshot(&transactions());
    let error = read_all(bytes[..100].chain(Fails), &[]).expect_err("fails");
    assert_eq!((error.code().number, error.to_string().as_str()), (5193, "byte 100 cannot be read: bad sector"));
}

fn counterfoil(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_counterfoil")).args(args).output().unwrap()
}

#[test]
fn inspect_says_what_a_snapshot_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("set.dat");
    let name = path.to_str().unwrap();
    let transactions = transactions();
    let bytes = snapshot(&transactions);
    std::fs::write(&path, &bytes).unwrap();
    let output = counterfoil(&["inspect", name]);
    let expected = format!(
        "{name}: a snapshot of all unspent outputs (`dumptxoutset`)\n\
         network            regtest\n\
         base block         {}\n\
         coins              313 of 8 transactions, the youngest of block 111210\n\
         sum                10500050.00081325 BTC\n\
         hash_serialized_3  {}, computed from every coin\n\n\
         Nothing was compared. The hash covers the coins, not the block: pin both, from a source of your own.\n",
        "b1".repeat(32),
        plain_hash(&transactions)
    );
    assert_eq!((output.status.code(), String::from_utf8(output.stdout).unwrap()), (Some(0), expected));
    std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    let output = counterfoil(&["inspect", name]);
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(words.contains("CF-5183") && words.contains(name), "{words}");
}

/// A file that says it is of a block whose set everybody knows, with other coins.
#[test]
fn inspect_knows_the_hashes_of_bitcoin_core() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("set.dat");
    let known = counterfoil::reserve::bitcoin::utxo_snapshot::KNOWN[0];
    let mut bytes = Vec::new();
    write_head(&Head { network: Network::Bitcoin, block: known.block().unwrap(), count: 0 }, &mut bytes);
    assert_eq!(bytes.len(), HEAD_LENGTH);
    std::fs::write(&path, &bytes).unwrap();
    let output = counterfoil(&["inspect", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stdout).unwrap().contains(known.hash));
}

#[test]
fn lab_writes_the_same_set_for_the_same_seed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("set.dat");
    let name = path.to_str().unwrap();
    assert_eq!(
        counterfoil(&["lab", "utxo-set", "--coins", "1000", "--seed", "7", "--out", name]).status.code(),
        Some(0)
    );
    let mut bytes = Vec::new();
    SyntheticSet { coins: 1000, seed: 7 }.write(&mut bytes, &mut |_| {}).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    assert_eq!(counterfoil(&["lab", "utxo-set", "--coins", "10", "--out", name]).status.code(), Some(2), "it exists");
    assert_eq!(counterfoil(&["lab", "utxo-set", "--coins", "10", "--out", name, "--force"]).status.code(), Some(0));
    assert_eq!(counterfoil(&["lab", "utxo-set", "--coins", "0", "--out", name, "--force"]).status.code(), Some(2));
}
