//! Proofs of control over a Bitcoin address. Nobody forges a signature by chance, so what is accepted is what was signed.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bitcoin::consensus::encode;
use bitcoin::hashes::Hash as _;
use bitcoin::{Amount, OutPoint, Psbt, ScriptBuf, Sequence, TxIn, TxOut, Txid, Witness};
use counterfoil::asset::ChainId;
use counterfoil::json;
use counterfoil::reserve::bitcoin::control::sign::{AddressKey, AddressKind, sign};
use counterfoil::reserve::bitcoin::control::{self, bip127, bip322, verify};
use counterfoil::reserve::bitcoin::network::script_of;
use counterfoil::reserve::claim::{ControlProof, ShownCoin};

const LINE: &str = "counterfoil v1 example 1 exp 2026-12-01T00:00:00Z sha256 00";
const KINDS: [AddressKind; 3] = [AddressKind::KeyHash, AddressKind::WitnessKeyHash, AddressKind::Taproot];
const FUNDS: [&str; 3] = [control::BIP322_FUNDS, control::BIP127, control::BDK_RESERVES];

fn chain() -> ChainId {
    "bip122:000000000019d6689c085ae165831e93".parse().unwrap()
}

fn key() -> AddressKey {
    AddressKey::new(&mut [7; 32]).unwrap()
}

/// What the key signed, by scheme and address, as the parts that are not the question.
fn honest() -> &'static BTreeMap<(String, String), ControlProof> {
    static HONEST: OnceLock<BTreeMap<(String, String), ControlProof>> = OnceLock::new();
    HONEST.get_or_init(|| {
        let [hash, witness, taproot] = KINDS.map(|kind| key().address(&chain(), kind).unwrap());
        let mut proofs: Vec<ControlProof> =
            [&hash, &witness, &taproot].map(|address| sign(&chain(), address, LINE, &key()).unwrap()).to_vec();
        let message = proofs[0].signature.clone();
        let proof = |address: &String, scheme, text| ControlProof::signed(chain(), address.clone(), scheme, text);
        proofs.push(proof(&hash, control::LEGACY, message.clone()));
        proofs.push(proof(&witness, control::ELECTRUM, message.clone()));
        for address in [&witness, &taproot] {
            let spend = bip322::to_spend(&script_of(&chain(), address).unwrap(), LINE.as_bytes());
            let mut full = bip322::to_sign(&spend, Witness::new());
            full.input[0].witness = key().witness(&full, 0, &spend.output).unwrap();
            let text = format!("ful{}", STANDARD.encode(encode::serialize(&full)));
            proofs.push(proof(address, control::BIP322_FULL, text));
        }
        let script = ScriptBuf::from_hex(&format!("5121{}51ae", public())).unwrap();
        let address = bitcoin::Address::p2wsh(&script, bitcoin::Network::Bitcoin).to_string();
        let mut threshold = proof(&address, control::KEY_THRESHOLD, String::new());
        threshold.script = Some(script.to_hex_string());
        threshold.signatures = Some(vec![message]);
        proofs.push(threshold);
        proofs.into_iter().map(|proof| ((proof.scheme.clone(), proof.address.clone()), proof)).collect()
    })
}

fn public() -> String {
    let secret = bitcoin::secp256k1::SecretKey::from_slice(&[7; 32]).unwrap();
    secret.public_key(&bitcoin::secp256k1::Secp256k1::new()).to_string()
}

/// Lines of `control.jsonl` as their signers wrote them.
pub fn honest_proofs() -> Vec<(String, Vec<u8>)> {
    let line = |(number, proof): (usize, &ControlProof)| {
        (format!("{number}-{}", proof.scheme), json::canonical(proof).unwrap())
    };
    honest().values().enumerate().map(line).collect()
}

/// Reads a line of `control.jsonl`, or a signature for every scheme and address. Whatever is accepted was signed.
pub fn control_signature(data: &[u8]) {
    if let Ok(proof) = json::read::<ControlProof>(data) {
        let written = json::canonical(&proof).unwrap();
        assert_eq!(json::read::<ControlProof>(&written).unwrap(), proof, "what is written is not read as the same");
        judge(&proof);
    } else if let Ok(text) = std::str::from_utf8(data) {
        for proof in honest().values().filter(|proof| proof.script.is_none()) {
            judge(&ControlProof { signature: text.to_owned(), ..proof.clone() });
        }
    }
}

fn judge(proof: &ControlProof) {
    if verify(&proof.chain, &proof.address, LINE, proof).is_err() {
        return;
    }
    let signed = honest().get(&(proof.scheme.clone(), proof.address.clone()));
    // the prefix of the simple variant may be left out
    let same = signed.is_some_and(|signed| {
        let bare = signed.signature.strip_prefix("smp").unwrap_or(&signed.signature);
        let text = proof.signature.strip_prefix("smp").unwrap_or(&proof.signature);
        (bare, &signed.script, &signed.signatures) == (text, &proof.script, &proof.signatures)
    });
    assert!(same, "accepted, and never signed: {proof:?}");
}

/// A proof of funds of each scheme: two coins of the witness address.
fn honest_file(scheme: &str) -> Psbt {
    let script = script_of(&chain(), &key().address(&chain(), AddressKind::WitnessKeyHash).unwrap()).unwrap();
    let spend = bip322::to_spend(&script, LINE.as_bytes());
    let mut transaction = bip322::to_sign(&spend, Witness::new());
    let mut spent = spend.output;
    if scheme != control::BIP322_FUNDS {
        transaction.input[0].previous_output = bip127::commitment(LINE.as_bytes(), scheme);
        transaction.output[0].value = Amount::from_sat(3_000);
        spent = vec![TxOut { value: Amount::ZERO, script_pubkey: ScriptBuf::new() }];
    }
    for number in 1..3_u8 {
        let previous_output = OutPoint { txid: Txid::from_byte_array([number; 32]), vout: 0 };
        transaction.input.push(TxIn { previous_output, sequence: Sequence::ZERO, ..TxIn::default() });
        spent.push(TxOut { value: Amount::from_sat(u64::from(number) * 1_000), script_pubkey: script.clone() });
    }
    let mut file = Psbt::from_unsigned_tx(transaction).unwrap();
    for index in usize::from(scheme != control::BIP322_FUNDS)..3 {
        file.inputs[index].witness_utxo = Some(spent[index].clone()).filter(|_| index > 0);
        file.inputs[index].final_script_witness = Some(key().witness(&file.unsigned_tx, index, &spent).unwrap());
    }
    file
}

/// Proofs of funds as their signers wrote them.
pub fn honest_files() -> Vec<(String, Vec<u8>)> {
    FUNDS.map(|scheme| (scheme.to_owned(), honest_file(scheme).serialize())).to_vec()
}

/// Reads a proof of funds under every scheme. The coins that are shown are those that were signed.
pub fn psbt_proof(data: &[u8]) {
    static COINS: OnceLock<Vec<Vec<ShownCoin>>> = OnceLock::new();
    static ADDRESS: OnceLock<String> = OnceLock::new();
    let address = ADDRESS.get_or_init(|| key().address(&chain(), AddressKind::WitnessKeyHash).unwrap());
    let check = |scheme: &str, bytes: &[u8]| {
        let prefix = if scheme == control::BIP322_FUNDS { "pof" } else { "" };
        let text = format!("{prefix}{}", STANDARD.encode(bytes));
        let proof = ControlProof::signed(chain(), address.clone(), scheme, text);
        verify(&chain(), address, LINE, &proof).map(|control| control.coins)
    };
    let coins =
        COINS.get_or_init(|| FUNDS.map(|scheme| check(scheme, &honest_file(scheme).serialize()).unwrap()).to_vec());
    for (scheme, signed) in FUNDS.into_iter().zip(coins) {
        if let Ok(shown) = check(scheme, data) {
            assert_eq!(shown, *signed, "{scheme}");
        }
    }
}
