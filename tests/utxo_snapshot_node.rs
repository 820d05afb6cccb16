//! Snapshots that a real node of Bitcoin Core dumps, in regtest mode on this machine: the hash is the node's, and so
//! are the coins.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::File;
use std::process::ExitCode;

use bitcoin::absolute::LockTime;
use bitcoin::transaction::Version;
use bitcoin::{Network, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, Witness};
use counterfoil::amount::{Amount, Decimals};
use counterfoil::reserve::bitcoin::utxo_snapshot::{FullSet, SetCoin, read, summarize};
use libtest_mimic::Failed;
use serde_json::value::RawValue;

mod node_support;

use node_support::Node;

/// Above this number, the order of the node's database is not that of the numbers.
const DATABASE_ORDER: usize = 16_511;

fn main() -> ExitCode {
    node_support::with_node(&["snapshots of a real node"], &[], |program, _| run(program)).exit_code()
}

/// The two keys of the secrets 1 and 2: short, and one of them long.
const KEYS: [&str; 2] = [
    "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
    "02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5",
];
const LONG: [&str; 2] = [
    "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798\
     483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
    "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798\
     b7c52588d95c3b9aa25b0403f1eef75702e84bb7597aabe663b82f6f04ef2777",
];

/// Every kind of script that a node stores in its own way, and a few that look like one.
fn scripts() -> Vec<ScriptBuf> {
    let texts = [
        format!("21{}ac", KEYS[0]),
        format!("2103{}ac", &KEYS[1][2..]),
        format!("41{}ac", LONG[0]),
        format!("41{}ac", LONG[1]),
        // no point of the curve: no short form
        format!("4104{}ac", "05".repeat(64)),
        format!("2102{}ac", "ff".repeat(32)),
        // hybrid: nodes have no short form for it
        format!("4106{}ac", &LONG[0][2..]),
        format!("76a914{}88ac", "11".repeat(20)),
        format!("a914{}87", "22".repeat(20)),
        format!("0014{}", "33".repeat(20)),
        format!("0020{}", "44".repeat(32)),
        format!("5120{}", &KEYS[0][2..]),
        format!("5121{}21{}52ae", KEYS[0], KEYS[1]),
        "51".to_owned(),
        String::new(),
        "00".to_owned(),
        "51024e73".to_owned(),
        // almost P2PKH and P2SH
        format!("76a914{}88ad", "11".repeat(20)),
        format!("a914{}88", "22".repeat(20)),
        "61".repeat(252),
        "61".repeat(253),
        "61".repeat(10_000),
    ];
    texts.iter().map(|text| ScriptBuf::from_hex(text).unwrap()).collect()
}

#[derive(serde::Deserialize)]
struct Dumped {
    coins_written: u64,
    base_hash: String,
    txoutset_hash: String,
}

#[derive(serde::Deserialize)]
struct Info {
    transactions: u64,
    txouts: u64,
    hash_serialized_3: String,
    total_amount: Box<RawValue>,
}

#[derive(serde::Deserialize)]
struct Scanned {
    success: bool,
    unspents: Vec<Unspent>,
}

#[derive(serde::Deserialize)]
struct Unspent {
    txid: String,
    vout: u32,
    #[serde(rename = "scriptPubKey")]
    script: String,
    amount: Box<RawValue>,
    coinbase: bool,
    height: u32,
}

fn satoshis(amount: &RawValue) -> Amount {
    Amount::parse(amount.get(), Decimals::new(8).unwrap()).unwrap()
}

/// A chain whose first rewards anybody can spend.
struct Chain<'a> {
    node: &'a Node,
    rewards: std::vec::IntoIter<Txid>,
}

impl<'a> Chain<'a> {
    fn new(node: &'a Node) -> Result<Self, Failed> {
        let blocks: Vec<String> = node.client().ask("generatetodescriptor", r#"[110, "raw(51)"]"#)?;
        let mut rewards = Vec::new();
        for block in blocks.iter().take(9) {
            let raw: String = node.client().ask("getblock", &format!(r#"["{block}", 0]"#))?;
            let block: bitcoin::Block = bitcoin::consensus::encode::deserialize_hex(&raw)?;
            rewards.push(block.txdata[0].compute_txid());
        }
        Ok(Self { node, rewards: rewards.into_iter() })
    }

    /// Mines one reward, paid to these outputs.
    fn pay(&mut self, output: Vec<TxOut>) -> Result<Txid, Failed> {
        let input = vec![TxIn {
            previous_output: OutPoint { txid: self.rewards.next().unwrap(), vout: 0 },
            script_sig: ScriptBuf::new(),
            sequence: Sequence::MAX,
            witness: Witness::new(),
        }];
        let transaction = Transaction { version: Version::TWO, lock_time: LockTime::ZERO, input, output };
        let raw = bitcoin::consensus::encode::serialize_hex(&transaction);
        self.node.client().ask_raw("generateblock", &format!(r#"["raw(51)", ["{raw}"]]"#))?;
        Ok(transaction.compute_txid())
    }

    /// Dumps the set and compares what is read with what the node says.
    fn check(&self, name: &str, wanted: &BTreeSet<ScriptBuf>) -> Result<(Vec<u8>, FullSet), Failed> {
        let path = self.node.folder.path().join(name);
        let shown = path.display();
        let dumped: Dumped = self.node.client().ask("dumptxoutset", &format!(r#"["{shown}", "latest"]"#))?;
        let info: Info = self.node.client().ask("gettxoutsetinfo", r#"["hash_serialized_3"]"#)?;
        let set = read(File::open(&path)?, Network::Regtest, wanted, &mut |_, _| {})?;
        assert_eq!(set.hash.to_string(), dumped.txoutset_hash, "the node's hash");
        assert_eq!(set.hash.to_string(), info.hash_serialized_3);
        assert_eq!((set.block.to_string(), set.count), (dumped.base_hash, dumped.coins_written));
        let summary = summarize(File::open(&path)?, &mut |_, _| {})?;
        assert_eq!((summary.hash, summary.transactions), (set.hash, info.transactions));
        assert_eq!((summary.head.count, summary.total), (info.txouts, satoshis(&info.total_amount)));
        assert_eq!(set.coins, self.scanned(wanted)?, "the coins that the node lists");
        Ok((std::fs::read(&path)?, set))
    }

    fn scanned(&self, wanted: &BTreeSet<ScriptBuf>) -> Result<BTreeMap<OutPoint, SetCoin>, Failed> {
        let asked: Vec<String> = wanted.iter().map(|script| format!(r#""raw({})""#, script.to_hex_string())).collect();
        let scanned: Scanned =
            self.node.client().ask("scantxoutset", &format!(r#"["start", [{}]]"#, asked.join(",")))?;
        assert!(scanned.success);
        let coin = |found: Unspent| {
            let amount = satoshis(&found.amount);
            let script = ScriptBuf::from_hex(&found.script).unwrap();
            let coin = SetCoin { height: found.height, coinbase: found.coinbase, amount, script };
            (OutPoint { txid: found.txid.parse().unwrap(), vout: found.vout }, coin)
        };
        Ok(scanned.unspents.into_iter().map(coin).collect())
    }
}

fn out(satoshis: u64, script_pubkey: &ScriptBuf) -> TxOut {
    TxOut { value: bitcoin::Amount::from_sat(satoshis), script_pubkey: script_pubkey.clone() }
}

fn run(program: &OsStr) -> Result<(), Failed> {
    let node = Node::start(program);
    let mut chain = Chain::new(&node)?;
    let kinds = scripts();
    // amounts with every number of zeros, and nothing at all
    let amounts = [0, 1, 10, 546, 100, 12_345, 1_000_000, 100_000_000, 1_000_000_000, 99_999_999];
    let mut outputs: Vec<TxOut> =
        kinds.iter().zip(amounts.iter().cycle()).map(|(kind, units)| out(*units, kind)).collect();
    outputs.insert(3, out(0, &ScriptBuf::from_hex("6a0401020304")?));
    outputs.push(out(0, &ScriptBuf::from_bytes(vec![0x61; 10_001])));
    let txid = chain.pay(outputs)?;
    let wanted: BTreeSet<ScriptBuf> = kinds.iter().filter(|script| !script.is_empty()).cloned().collect();
    let (bytes, set) = chain.check("kinds", &wanted)?;
    let made = set.coins.keys().filter(|outpoint| outpoint.txid == txid).count();
    assert_eq!(made, wanted.len(), "neither the note nor the script beyond all limits is a coin");
    assert!(set.coins.values().any(|coin| coin.coinbase) && set.coins.values().any(|coin| !coin.coinbase));
    changed(&bytes, &set, &wanted);

    // more than one byte holds, more than the database orders by number, and a reward to a key
    let wide: Vec<TxOut> = (0..300).map(|number| out(number, &kinds[7])).collect();
    chain.pay(wide)?;
    let order = chain.pay((0..DATABASE_ORDER as u64 + 500).map(|number| out(number, &kinds[9])).collect())?;
    node.client().ask_raw("generatetodescriptor", &format!(r#"[2, "pk({})"]"#, KEYS[0]))?;
    let (bytes, set) = chain.check("many", &wanted)?;
    assert!(set.coins.contains_key(&OutPoint { txid: order, vout: 16_999 }));
    let at = bytes.windows(32).position(|found| found == AsRef::<[u8]>::as_ref(&order)).unwrap();
    assert_eq!(bytes[at + 32..at + 35], [0xfd, 0x73, 0x42], "17,011 coins of one transaction");
    Ok(())
}

/// One flipped bit anywhere is refused, changes the hash, or is the block's, which the hash does not cover.
fn changed(bytes: &[u8], set: &FullSet, wanted: &BTreeSet<ScriptBuf>) {
    // every byte of the first part, then a sample
    for at in (0..2_000).chain((2_000..bytes.len()).step_by(97)).take_while(|at| *at < bytes.len()) {
        let mut other = bytes.to_vec();
        other[at] ^= 1 << (at % 8);
        match read(other.as_slice(), Network::Regtest, wanted, &mut |_, _| {}) {
            Ok(found) => assert!((found.block, found.hash) != (set.block, set.hash), "byte {at}"),
            Err(_) => assert!(at != 0 || other[0] != b'u'),
        }
    }
    assert!(read(&bytes[..bytes.len() - 1], Network::Regtest, wanted, &mut |_, _| {}).is_err());
    assert!(read([bytes, &[0]].concat().as_slice(), Network::Regtest, wanted, &mut |_, _| {}).is_err());
}
