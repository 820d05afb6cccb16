//! The published vectors of BIP-322: what this version judges is judged right, and nothing else is ever accepted.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, missing_docs)]

use std::path::PathBuf;
use std::process::ExitCode;

use counterfoil::code::Coded as _;
use counterfoil::reserve::bitcoin::control::bip322;
use counterfoil::reserve::bitcoin::control::verify;
use counterfoil::reserve::bitcoin::network::script;
use counterfoil::reserve::claim::ControlProof;
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

const FILES: [&str; 2] = ["basic-test-vectors.json", "generated-test-vectors.json"];
const NOT_JUDGED: u16 = 5003;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let Some(folder) = std::env::var_os("COUNTERFOIL_FIXTURES").map(PathBuf::from) else {
        if std::env::var_os("CI").is_some_and(|value| value == "true") {
            eprintln!("COUNTERFOIL_FIXTURES is not set: the vectors of BIP-322 cannot be read");
            return ExitCode::FAILURE;
        }
        let name = "bip322 vectors (COUNTERFOIL_FIXTURES is not set)";
        let trial = Trial::test(name, || Ok(())).with_ignored_flag(true);
        return libtest_mimic::run(&arguments, vec![trial]).exit_code();
    };
    let mut trials = Vec::new();
    for file in FILES {
        let path = folder.join("bip322").join(file);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let vectors: Value = serde_json::from_str(&text).unwrap();
        for kind in ["simple", "full", "proof_of_funds"] {
            valid(file, kind, &vectors, &mut trials);
        }
        errors(file, &vectors, &mut trials);
        hashes(file, &vectors, &mut trials);
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_else(|| panic!("{field} in {value}")).to_owned()
}

/// The code of the refusal, or nothing.
fn refusal(address: &str, message: &str, signature: &str) -> Option<u16> {
    let chain = "bip122:000000000019d6689c085ae165831e93".parse().unwrap();
    let proof = ControlProof {
        chain,
        address: address.to_owned(),
        scheme: "bip322-simple".to_owned(),
        signature: signature.to_owned(),
    };
    verify(&proof.chain, address, message, &proof).err().map(|error| error.code().number)
}

fn expect(got: Option<u16>, expected: impl Fn(Option<u16>) -> bool, what: &'static str) -> Result<(), Failed> {
    if expected(got) { Ok(()) } else { Err(format!("refused with {got:?}, expected {what}").into()) }
}

fn valid(file: &str, kind: &str, vectors: &Value, trials: &mut Vec<Trial>) {
    for (place, vector) in vectors[kind].as_array().into_iter().flatten().enumerate() {
        let judged = kind == "simple" && matches!(text(vector, "type").as_str(), "p2wpkh" | "p2tr");
        let signatures = vector["bip322_signatures"].as_array().unwrap();
        for (which, signature) in signatures.iter().enumerate() {
            let (address, message) = (text(vector, "address"), text(vector, "message"));
            let signature = signature.as_str().unwrap().to_owned();
            let name = format!("{file} {kind} {place}.{which} {}", text(vector, "type"));
            trials.push(Trial::test(name, move || {
                let got = refusal(&address, &message, &signature);
                match judged {
                    true => expect(got, |got| got.is_none(), "acceptance"),
                    false => expect(got, |got| got == Some(NOT_JUDGED), "that it cannot be judged"),
                }
            }));
        }
    }
}

fn errors(file: &str, vectors: &Value, trials: &mut Vec<Trial>) {
    for (place, vector) in vectors["error"].as_array().into_iter().flatten().enumerate() {
        let (address, message) = (text(vector, "address"), text(vector, "message"));
        let signature = text(vector, "signature");
        let witness_program = address.len() == 42 || address.starts_with("bc1p");
        let judged = witness_program && !["ful", "pof"].iter().any(|prefix| signature.starts_with(prefix));
        let name = format!("{file} error {place} {}", text(vector, "description"));
        trials.push(Trial::test(name, move || {
            let got = refusal(&address, &message, &signature);
            match judged {
                true => expect(got, |got| got.is_some_and(|code| code != NOT_JUDGED), "a failed check"),
                false => expect(got, |got| got == Some(NOT_JUDGED), "that it cannot be judged"),
            }
        }));
    }
}

fn hashes(file: &str, vectors: &Value, trials: &mut Vec<Trial>) {
    for (place, vector) in vectors["tx_hashes"].as_array().into_iter().flatten().cloned().enumerate() {
        trials.push(Trial::test(format!("{file} tx_hashes {place}"), move || {
            let message = text(&vector, "message");
            let script = script(bitcoin::Network::Bitcoin, &text(&vector, "address"))?;
            assert_eq!(hex::encode(bip322::message_hash(message.as_bytes())), text(&vector, "message_hash"));
            let spend = bip322::to_spend(&script, message.as_bytes());
            assert_eq!(spend.compute_txid().to_string(), text(&vector, "to_spend_tx_hash"));
            let sign = bip322::to_sign(&spend, bitcoin::Witness::new());
            assert_eq!(sign.compute_txid().to_string(), text(&vector, "to_sign_tx_hash"));
            Ok(())
        }));
    }
}
