//! The published vectors of BIP-322: every valid signature is accepted, with its time and age, every error refused.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, missing_docs)]

use std::path::PathBuf;
use std::process::ExitCode;

use counterfoil::amount::Amount;
use counterfoil::code::Coded as _;
use counterfoil::reserve::bitcoin::control::{BIP322_FULL, BIP322_FUNDS, BIP322_SIMPLE, ControlError, bip322, verify};
use counterfoil::reserve::bitcoin::network::script;
use counterfoil::reserve::claim::{CoinAge, Control, ControlGrade, ControlProof, ControlScope, NotBefore};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

const FILES: [&str; 2] = ["basic-test-vectors.json", "generated-test-vectors.json"];

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
    // a file without vectors would pass without checking anything
    assert_eq!(trials.len(), 23 + 36 + 3, "signatures, errors and hashes of both files");
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_else(|| panic!("{field} in {value}")).to_owned()
}

/// Checks under the scheme that the prefix names; a text without prefix is of the simple variant.
fn check(address: &str, message: &str, signature: &str) -> Result<Control, ControlError> {
    let chain = "bip122:000000000019d6689c085ae165831e93".parse().unwrap();
    let scheme = match signature.get(..3) {
        Some("ful") => BIP322_FULL,
        Some("pof") => BIP322_FUNDS,
        _ => BIP322_SIMPLE,
    };
    let proof = ControlProof::signed(chain, address.to_owned(), scheme, signature.to_owned());
    verify(&proof.chain, address, message, &proof)
}

fn number(vector: &Value, field: &str) -> u64 {
    vector.get(field).map_or(0, |value| value.as_u64().unwrap_or_else(|| panic!("{field} in {vector}")))
}

/// Every signature is accepted, with the time, the age and the coins that the vector gives.
fn valid(file: &str, kind: &str, vectors: &Value, trials: &mut Vec<Trial>) {
    for (place, vector) in vectors[kind].as_array().into_iter().flatten().enumerate() {
        let signatures = vector["bip322_signatures"].as_array().unwrap();
        for (which, signature) in signatures.iter().enumerate() {
            let (vector, signature) = (vector.clone(), signature.as_str().unwrap().to_owned());
            let name = format!("{file} {kind} {place}.{which} {}", text(&vector, "type"));
            trials.push(Trial::test(name, move || accepted(&vector, &signature)));
        }
    }
}

fn accepted(vector: &Value, signature: &str) -> Result<(), Failed> {
    let control = check(&text(vector, "address"), &text(vector, "message"), signature)
        .map_err(|error| format!("{}: {error}", error.code()))?;
    assert_eq!((control.grade, control.scope), (ControlGrade::ScriptSatisfied, ControlScope::Address));
    let height = number(vector, "lock_time");
    assert_eq!(control.not_before, Some(NotBefore::Height(height)).filter(|_| height > 0));
    let blocks = u16::try_from(number(vector, "sequence"))?;
    assert_eq!(control.age, Some(CoinAge::Blocks(blocks)).filter(|_| blocks > 0));
    let coins: Vec<&Value> = vector["additional_inputs"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|coins| coins.as_array().unwrap())
        .collect();
    assert_eq!(control.coins.len(), coins.len());
    for (coin, expected) in control.coins.iter().zip(coins) {
        let value = Amount::from_base_units(u128::from(number(expected, "value")));
        assert_eq!((coin.amount, &coin.script), (value, &text(expected, "pk_script")));
    }
    Ok(())
}

/// Every error is refused, and as a check that failed: none of them is inconclusive.
fn errors(file: &str, vectors: &Value, trials: &mut Vec<Trial>) {
    for (place, vector) in vectors["error"].as_array().into_iter().flatten().enumerate() {
        let (address, message) = (text(vector, "address"), text(vector, "message"));
        let (signature, class) = (text(vector, "signature"), text(vector, "error_substr"));
        let expected = codes(&class);
        let name = format!("{file} error {place} {}", text(vector, "description"));
        trials.push(Trial::test(name, move || match check(&address, &message, &signature) {
            Ok(control) => Err(format!("accepted as {control:?}").into()),
            Err(error) if expected.contains(&error.code().number) && !error.is_inconclusive() => Ok(()),
            Err(error) => Err(format!("{}: {error}; expected one of {expected:?}", error.code()).into()),
        }));
    }
}

/// The codes for the class of an error, which the vectors give as a part of another program's message.
fn codes(class: &str) -> &'static [u16] {
    match class {
        "base64" | "error decoding signature as base64" => &[5007, 5008],
        "signature too short" | "error parsing signature as full variant" => &[5009],
        "invalid signature" => &[5014, 5087],
        other => panic!("an unknown class of errors: {other}"),
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
