//! A real node of Bitcoin Core signs for every kind of address, lists coins and moves them. The verifier accepts that,
//! and refuses what a careless or dishonest signer would make with the same node.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::process::ExitCode;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bitcoin::consensus::encode;
use bitcoin::{Amount, Psbt, ScriptBuf, Transaction, TxOut, Txid, Witness};
use counterfoil::asset::ChainId;
use counterfoil::bundle::{MemoryFiles, paths};
use counterfoil::code::Coded as _;
use counterfoil::hash::sha256;
use counterfoil::reserve::bitcoin::control::movement::evidence::BundleTransactions;
use counterfoil::reserve::bitcoin::control::movement::{self, MovementQuery};
use counterfoil::reserve::bitcoin::control::{self, bip127, bip322, verify};
use counterfoil::reserve::bitcoin::network::{identifier, script_of};
use counterfoil::reserve::claim::{Control, ControlGrade, ControlProof, ControlRemark, ControlScope};
use counterfoil::snapshot::BlockRef;
use libtest_mimic::Failed;
use serde_json::{Value, json};

mod node_support;

use node_support::Node;

const LINE: &str = "counterfoil v1 example 1 exp 2026-12-01T00:00:00Z sha256 00";

fn main() -> ExitCode {
    let names = ["signatures of a real node", "coins listed by a real node", "a movement on a real node"];
    let run = |program: &std::ffi::OsStr, name: &str| {
        let signer = Signer { node: Node::start(program) };
        match name {
            "signatures of a real node" => signatures(&signer),
            "coins listed by a real node" => coins(&signer),
            _ => movements(&signer),
        }
    };
    node_support::with_node(&names, &[], run).exit_code()
}

fn chain() -> ChainId {
    identifier(bitcoin::Network::Regtest).parse().unwrap()
}

/// A key in wallet import format, for a node that keeps nothing.
fn wif(seed: u8) -> String {
    bitcoin::PrivateKey::from_slice(&[seed; 32], bitcoin::Network::Regtest).unwrap().to_wif()
}

struct Signer {
    node: Node,
}

impl Signer {
    fn ask(&self, method: &'static str, parameters: &Value) -> Value {
        self.node.client().ask(method, &parameters.to_string()).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// The address of a descriptor.
    fn address(&self, descriptor: &str) -> String {
        let public = self.ask("getdescriptorinfo", &json!([descriptor]))["descriptor"].clone();
        self.ask("deriveaddresses", &json!([public]))[0].as_str().unwrap().to_owned()
    }

    /// The file with the inputs that the descriptors can sign.
    fn process(&self, file: &Psbt, descriptors: &[&str], flag: &str) -> Psbt {
        let text = STANDARD.encode(file.serialize());
        let answer = self.ask("descriptorprocesspsbt", &json!([text, descriptors, flag]));
        Psbt::deserialize(&STANDARD.decode(answer["psbt"].as_str().unwrap()).unwrap()).unwrap()
    }

    /// A signature in the full variant by a descriptor, and the transaction's witness alone as the simple variant.
    fn sign(&self, descriptor: &str, change: impl Fn(&mut Transaction), flag: &str) -> (String, [ControlProof; 2]) {
        let address = self.address(descriptor);
        let spend = bip322::to_spend(&script_of(&chain(), &address).unwrap(), LINE.as_bytes());
        let mut transaction = bip322::to_sign(&spend, Witness::new());
        change(&mut transaction);
        let mut file = Psbt::from_unsigned_tx(transaction).unwrap();
        file.inputs[0].witness_utxo = Some(spend.output[0].clone());
        file.inputs[0].non_witness_utxo = Some(spend);
        let signed = self.process(&file, &[descriptor], flag);
        let mut transaction = signed.unsigned_tx.clone();
        transaction.input[0].script_sig = signed.inputs[0].final_script_sig.clone().unwrap_or_default();
        transaction.input[0].witness = signed.inputs[0].final_script_witness.clone().unwrap_or_default();
        let full = format!("ful{}", STANDARD.encode(encode::serialize(&transaction)));
        let simple = format!("smp{}", STANDARD.encode(encode::serialize(&transaction.input[0].witness)));
        let proof = |scheme, text| ControlProof::signed(chain(), address.clone(), scheme, text);
        (address.clone(), [proof(control::BIP322_SIMPLE, simple), proof(control::BIP322_FULL, full)])
    }

    fn message(&self, seed: u8) -> String {
        self.ask("signmessagewithprivkey", &json!([wif(seed), LINE])).as_str().unwrap().to_owned()
    }
}

fn code(address: &str, proof: &ControlProof) -> u16 {
    verify(&chain(), address, LINE, proof).map_or_else(|error| error.code().number, |control| panic!("{control:?}"))
}

fn descriptors() -> Vec<String> {
    let (first, second, third) = (wif(1), wif(2), wif(3));
    let multi = format!("multi(2,{first},{second},{third})");
    vec![
        format!("pkh({first})"),
        format!("wpkh({first})"),
        format!("sh(wpkh({first}))"),
        format!("tr({first})"),
        format!("sh({multi})"),
        format!("wsh({multi})"),
        format!("sh(wsh({multi}))"),
        format!("tr({},multi_a(2,{first},{second}))", public(9)),
        format!("wsh(or_d(pk({first}),and_v(v:pkh({second}),older(10))))"),
    ]
}

fn public(seed: u8) -> String {
    let secret = bitcoin::secp256k1::SecretKey::from_slice(&[seed; 32]).unwrap();
    secret.public_key(&bitcoin::secp256k1::Secp256k1::new()).to_string()
}

fn signatures(signer: &Signer) -> Result<(), Failed> {
    for descriptor in descriptors() {
        let kind = descriptor.split('(').take(2).collect::<Vec<_>>().join("(");
        let shown = Control::of(ControlGrade::ScriptSatisfied);
        let (address, [simple, full]) = signer.sign(&descriptor, |_| {}, "DEFAULT");
        assert_eq!(verify(&chain(), &address, LINE, &full), Ok(shown.clone()), "{kind}");
        assert_eq!(verify(&chain(), &address, &LINE.replace('1', "2"), &full).unwrap_err().code().number, 5087);
        let native = address.starts_with("bcrt1");
        match verify(&chain(), &address, LINE, &simple) {
            Ok(control) => assert!(native && control == shown, "{kind}"),
            Err(error) => assert!(!native && error.code().number == 5001, "{kind}: {error}"),
        }
        for flag in ["NONE", "SINGLE", "ALL|ANYONECANPAY"] {
            let (_, [_, full]) = signer.sign(&descriptor, |_| {}, flag);
            assert_eq!(code(&address, &full), 5010, "{kind} {flag}");
        }
        let (_, [_, full]) = signer.sign(&descriptor, |transaction| transaction.version.0 = 1, "DEFAULT");
        assert_eq!(code(&address, &full), 5086, "{kind}");
    }
    messages(signer)
}

/// The node's own messages, as their kind of address, and as keys of a multisig.
fn messages(signer: &Signer) -> Result<(), Failed> {
    let (first, second) = (signer.message(1), signer.message(2));
    let signed = |address: &str, scheme: &str, text: &str| {
        let proof = ControlProof::signed(chain(), address.to_owned(), scheme, text.to_owned());
        verify(&chain(), address, LINE, &proof).map_err(|error| error.code().number)
    };
    let hash = signer.address(&format!("pkh({})", wif(1)));
    assert_eq!(signed(&hash, control::LEGACY, &first), Ok(Control::of(ControlGrade::KeySigned)));
    assert_eq!(signed(&hash, control::BIP137, &first), Ok(Control::of(ControlGrade::KeySigned)));
    assert_eq!(signed(&hash, control::LEGACY, &second), Err(5014));
    for (descriptor, first_byte) in [(format!("wpkh({})", wif(1)), 39), (format!("sh(wpkh({}))", wif(1)), 35)] {
        let address = signer.address(&descriptor);
        let control = signed(&address, control::ELECTRUM, &first).unwrap();
        assert_eq!(control.remark, Some(ControlRemark::ForeignHeader));
        assert_eq!(signed(&address, control::BIP137, &first), Err(5013));
        let mut bytes = STANDARD.decode(&first)?;
        bytes[0] = bytes[0] - 31 + first_byte;
        let text = STANDARD.encode(bytes);
        assert_eq!(signed(&address, control::BIP137, &text), Ok(Control::of(ControlGrade::KeySigned)));
    }
    let multi = format!("multi(2,{},{},{})", wif(1), wif(2), wif(3));
    let script = script_of(&chain(), &signer.address(&format!("wsh({multi})")))?;
    let keys: Vec<String> = [1, 2, 3].map(|seed| format!("21{}", public(seed))).to_vec();
    let witness_script = ScriptBuf::from_hex(&format!("52{}53ae", keys.concat()))?;
    assert_eq!(witness_script.to_p2wsh(), script, "as the node compiles it");
    for descriptor in [format!("sh({multi})"), format!("wsh({multi})"), format!("sh(wsh({multi}))")] {
        let address = signer.address(&descriptor);
        let mut proof = ControlProof::signed(chain(), address.clone(), control::KEY_THRESHOLD, String::new());
        proof.script = Some(witness_script.to_hex_string());
        proof.signatures = Some(vec![first.clone(), second.clone()]);
        assert_eq!(verify(&chain(), &address, LINE, &proof), Ok(Control::of(ControlGrade::KeyThreshold)));
        proof.signatures = Some(vec![first.clone()]);
        assert_eq!(code(&address, &proof), 5095);
    }
    Ok(())
}

impl Signer {
    /// A coin on a descriptor's address with the transaction that made it, buried under a hundred blocks.
    fn coin(&self, descriptor: &str) -> (Transaction, TxOut) {
        let address = self.address(descriptor);
        let blocks = self.ask("generatetoaddress", &json!([101, address]));
        let block = self.ask("getblock", &json!([blocks[0], 2]));
        let made: Transaction = encode::deserialize_hex(block["tx"][0]["hex"].as_str().unwrap()).unwrap();
        (made.clone(), made.output[0].clone())
    }
}

/// Proofs of funds over real coins, one with a witness and one without.
fn coins(signer: &Signer) -> Result<(), Failed> {
    let owner = format!("tr({})", wif(4));
    let address = signer.address(&owner);
    for scheme in [control::BIP322_FUNDS, control::BIP127, control::BDK_RESERVES] {
        let held = [format!("pkh({})", wif(1)), format!("sh(wpkh({}))", wif(2)), owner.clone()];
        let coins: Vec<(Transaction, TxOut)> = held.iter().map(|descriptor| signer.coin(descriptor)).collect();
        let spend = bip322::to_spend(&script_of(&chain(), &address)?, LINE.as_bytes());
        let mut transaction = bip322::to_sign(&spend, Witness::new());
        for (made, _) in &coins {
            let previous_output = bitcoin::OutPoint { txid: made.compute_txid(), vout: 0 };
            transaction.input.push(bitcoin::TxIn { previous_output, ..bitcoin::TxIn::default() });
        }
        transaction.version.0 = 2;
        let listed = scheme != control::BIP322_FUNDS;
        if listed {
            transaction.input[0].previous_output = bip127::commitment(LINE.as_bytes(), scheme);
            transaction.output[0].value = coins.iter().map(|(_, coin)| coin.value).sum();
        }
        let mut file = Psbt::from_unsigned_tx(transaction)?;
        let nothing = TxOut { value: Amount::ZERO, script_pubkey: ScriptBuf::new() };
        file.inputs[0].witness_utxo = Some(if listed { nothing } else { spend.output[0].clone() });
        for (input, (made, coin)) in file.inputs.iter_mut().skip(1).zip(&coins) {
            input.non_witness_utxo = Some(made.clone());
            input.witness_utxo = Some(coin.clone()).filter(|coin| !coin.script_pubkey.is_p2pkh());
        }
        let all: Vec<&str> = held.iter().map(String::as_str).collect();
        let signed = signer.process(&file, &all, "DEFAULT");
        let prefix = if listed { "" } else { "pof" };
        let proof = |file: &Psbt| {
            let text = format!("{prefix}{}", STANDARD.encode(file.serialize()));
            ControlProof::signed(chain(), address.clone(), scheme, text)
        };
        let control = verify(&chain(), &address, LINE, &proof(&signed)).unwrap();
        assert_eq!(control.scope, if listed { ControlScope::Coins } else { ControlScope::Address });
        let expected: Vec<String> = coins.iter().map(|(made, _)| format!("{}:0", made.compute_txid())).collect();
        let shown: Vec<&String> = control.coins.iter().map(|coin| &coin.id).collect();
        assert_eq!(shown, if listed { vec![&expected[2]] } else { expected.iter().collect() }, "{scheme}");
        let mut cut = signed.clone();
        cut.inputs[1].non_witness_utxo = None;
        assert_eq!(code(&address, &proof(&cut)), 5089, "{scheme}: a coin without witness and transaction");
        let mut unsigned = signed;
        unsigned.inputs[2].final_script_witness = None;
        assert_eq!(code(&address, &proof(&unsigned)), 5014, "{scheme}");
    }
    Ok(())
}

/// A coin is moved after the challenge, with the mark in an OP_RETURN output, and once more with the amount as mark.
fn movements(signer: &Signer) -> Result<(), Failed> {
    let owner = format!("wpkh({})", wif(5));
    let (address, challenge) = (signer.address(&owner), sha256(b"a challenge's document"));
    let script = script_of(&chain(), &address)?;
    let (made, coin) = signer.coin(&owner);
    let named = signer.ask("getblockcount", &json!([])).as_u64().unwrap();
    let amount = movement::mark_amount(challenge, &script);
    let rest = coin.value.to_sat() - 10_000;
    let first = signer.send(&made, json!([{"data": challenge.to_string()}, {(address.as_str()): text(rest)}]));
    let paid = json!([{(address.as_str()): text(amount)}, {"data": "00"}]);
    let second = signer.send_from(&first, 1, rest, rest - amount - 10_000, paid);
    let files = signer.evidence(&[&made, &first, &second]);
    let tip = signer.ask("getbestblockhash", &json!([])).as_str().unwrap().parse()?;
    let height = signer.ask("getblockcount", &json!([])).as_u64().unwrap();
    let pin = BlockRef { chain: chain(), height, hash: tip };
    let check = |txid: Txid, after: u64, files: &MemoryFiles, pins: &[BlockRef]| {
        let chain = chain();
        let mut proof = ControlProof::signed(chain.clone(), address.clone(), control::MOVED, String::new());
        proof.transaction = Some(txid.to_string());
        let query = MovementQuery { chain: &chain, address: &address, challenge, after };
        let known = BundleTransactions::read(&chain, files, pins);
        movement::verify(&query, &known, &proof).map_err(|error| error.code().number)
    };
    let pins = [pin];
    let moved = Control::of(ControlGrade::Moved);
    assert_eq!(check(first.compute_txid(), named, &files, &pins), Ok(moved.clone()));
    let weaker = Control { remark: Some(ControlRemark::AmountMark), ..moved };
    assert_eq!(check(second.compute_txid(), named, &files, &pins), Ok(weaker));
    assert_eq!(check(first.compute_txid(), named + 1, &files, &pins), Err(5098), "in the block named");
    assert_eq!(check(made.compute_txid(), 0, &files, &pins), Err(5097), "a reward spends no coin that is shown");
    assert_eq!(check(first.compute_txid(), named, &files, &[]), Err(5097), "headers that nobody pins");
    for name in [paths::HEADERS.to_owned(), paths::transaction(&made.compute_txid().to_string())] {
        let mut cut = files.clone();
        cut.remove(&paths::chain(&chain(), &name)).unwrap();
        assert_eq!(check(first.compute_txid(), named, &cut, &pins), Err(5097), "{name}");
    }
    let mut cut = files.clone();
    cut.retain(|path, _| !path.contains("/merkle/"));
    assert_eq!(check(first.compute_txid(), named, &cut, &pins), Err(5097), "no Merkle blocks");
    Ok(())
}

fn text(units: u64) -> String {
    format!("{}.{:08}", units / 100_000_000, units % 100_000_000)
}

impl Signer {
    fn send(&self, made: &Transaction, outputs: Value) -> Transaction {
        self.spend(made, 0, outputs)
    }

    /// Spends an output of `value`, and pays `rest` of it to somebody else.
    fn send_from(&self, made: &Transaction, vout: u32, value: u64, rest: u64, mut outputs: Value) -> Transaction {
        assert_eq!(made.output[vout as usize].value.to_sat(), value);
        let stranger = self.address(&format!("wpkh({})", wif(6)));
        outputs.as_array_mut().unwrap().push(json!({(stranger.as_str()): text(rest)}));
        self.spend(made, vout, outputs)
    }

    /// Signs, sends and mines.
    fn spend(&self, made: &Transaction, vout: u32, outputs: Value) -> Transaction {
        let inputs = json!([{"txid": made.compute_txid().to_string(), "vout": vout}]);
        let raw = self.ask("createrawtransaction", &json!([inputs, outputs]));
        let signed = self.ask("signrawtransactionwithkey", &json!([raw, [wif(5)]]))["hex"].clone();
        self.ask("sendrawtransaction", &json!([signed]));
        let miner = self.address(&format!("wpkh({})", wif(6)));
        self.ask("generatetoaddress", &json!([1, miner]));
        encode::deserialize_hex(signed.as_str().unwrap()).unwrap()
    }

    /// What a bundle has of these transactions: all headers, a Merkle block of each, and all bytes.
    fn evidence(&self, transactions: &[&Transaction]) -> MemoryFiles {
        let mut files = MemoryFiles::new();
        let mut put = |name: &str, bytes: Vec<u8>| drop(files.insert(paths::chain(&chain(), name), bytes));
        let stripped = |made: &Transaction| {
            let mut bare = made.clone();
            bare.input.iter_mut().for_each(|input| input.witness.clear());
            encode::serialize(&bare)
        };
        let (mut headers, mut blocks) = (Vec::new(), std::collections::BTreeMap::new());
        for height in 0..=self.ask("getblockcount", &json!([])).as_u64().unwrap() {
            let hash = self.ask("getblockhash", &json!([height]));
            headers.extend(hex::decode(self.ask("getblockheader", &json!([hash, false])).as_str().unwrap()).unwrap());
            let block = self.ask("getblock", &json!([hash, 1]));
            for txid in block["tx"].as_array().unwrap() {
                blocks.insert(txid.as_str().unwrap().to_owned(), (hash.clone(), block["tx"][0].clone()));
            }
        }
        put(paths::HEADERS, headers);
        for made in transactions {
            let txid = made.compute_txid().to_string();
            put(&paths::transaction(&txid), stripped(made));
            let (block, coinbase) = &blocks[&txid];
            let shown = if *coinbase == txid { json!([[txid], block]) } else { json!([[coinbase, txid], block]) };
            let proof = hex::decode(self.ask("gettxoutproof", &shown).as_str().unwrap()).unwrap();
            put(&paths::merkle_block(block.as_str().unwrap()), proof);
            let raw = self.ask("getrawtransaction", &json!([coinbase, false, block]));
            let first: Transaction = encode::deserialize_hex(raw.as_str().unwrap()).unwrap();
            put(&paths::transaction(coinbase.as_str().unwrap()), stripped(&first));
        }
        files
    }
}
