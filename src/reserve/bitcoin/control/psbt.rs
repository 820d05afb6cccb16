//! Partially signed transactions (BIP-174) as proofs of funds: which coins they spend, and what shows it.
//!
//! A signature by a script without witness does not cover the amount of its coin. So the amount comes from the creating
//! transaction, whose hash the input names, or, for witness scripts only, from the field that their signatures cover.

use std::collections::{BTreeMap, BTreeSet};

use bitcoin::psbt::{Input, Psbt};
use bitcoin::script::{Instruction, Script};
use bitcoin::{OutPoint, ScriptBuf, Transaction, TxOut, Txid};

use super::{ControlError, policy};
use crate::amount::Amount;
use crate::reserve::claim::ShownCoin;

/// Characters of base64: a thousand coins, each with its creating transaction.
pub(super) const TEXT_MAX: usize = 8 << 20;
/// Scripts without witness hash the whole transaction for each input.
const INPUTS_MAX: usize = 1_000;
/// Bytes of the transaction without witnesses, as nodes relay it.
const TRANSACTION_MAX: usize = 100_000;
/// PSBT_GLOBAL_GENERIC_SIGNED_MESSAGE.
const KEY_MESSAGE: u8 = 0x09;

/// Reads one finalized transaction, and nothing behind it.
pub(super) fn parse(mut bytes: &[u8]) -> Result<Psbt, ControlError> {
    let malformed = |detail: String| ControlError::PsbtMalformed { detail };
    let length = bytes.len();
    let proof = Psbt::deserialize_from_reader(&mut bytes).map_err(|error| malformed(error.to_string()))?;
    if !bytes.is_empty() {
        return Err(malformed(format!("{} of {length} bytes stand behind its end", bytes.len())));
    }
    if proof.version != 0 {
        return Err(ControlError::NotJudged { what: format!("version {} of BIP-174", proof.version) });
    }
    let limit = |what, got, max| if got > max { Err(ControlError::Limit { what, got, max }) } else { Ok(()) };
    limit("inputs", proof.inputs.len(), INPUTS_MAX)?;
    limit("bytes of a transaction", finalized(&proof).base_size(), TRANSACTION_MAX)?;
    Ok(proof)
}

/// The transaction with the scripts and witnesses of its finalized inputs.
pub(super) fn finalized(proof: &Psbt) -> Transaction {
    let mut transaction = proof.unsigned_tx.clone();
    for (input, shown) in transaction.input.iter_mut().zip(&proof.inputs) {
        input.script_sig = shown.final_script_sig.clone().unwrap_or_default();
        input.witness = shown.final_script_witness.clone().unwrap_or_default();
    }
    transaction
}

/// A message that the file names is the one asked about. Naming none is the rule.
pub(super) fn check_message(proof: &Psbt, message: &[u8]) -> Result<(), ControlError> {
    for (key, value) in &proof.unknown {
        if key.type_value == KEY_MESSAGE && (value != message || !key.key.is_empty()) {
            let got = String::from_utf8_lossy(value).chars().take(100).collect();
            return Err(ControlError::PsbtMessage { got });
        }
    }
    Ok(())
}

/// What the first input spends: it is no coin.
pub(super) enum ShownInputs<'a> {
    /// The message's coin of BIP-322, which the verifier makes up.
    MessageFirst(&'a Transaction),
    /// The commitment of BIP-127: worth nothing, by any script.
    CommitmentFirst,
}

/// The outputs that all inputs spend.
pub(super) fn spent(proof: &Psbt, first: ShownInputs<'_>) -> Result<Vec<TxOut>, ControlError> {
    let mut known: BTreeMap<Txid, &Transaction> = BTreeMap::new();
    let mut seen: BTreeSet<OutPoint> = BTreeSet::new();
    let mut spent = Vec::with_capacity(proof.inputs.len());
    for (number, (input, shown)) in proof.unsigned_tx.input.iter().zip(&proof.inputs).enumerate() {
        let fail = |detail: String| ControlError::PsbtCoin { input: number, detail };
        let outpoint = input.previous_output;
        if outpoint.is_null() {
            return Err(fail("it spends the null outpoint".to_owned()));
        }
        if !seen.insert(outpoint) {
            return Err(fail(format!("it spends {outpoint} once more")));
        }
        if let Some(made) = &shown.non_witness_utxo {
            let got = made.compute_txid();
            if got != outpoint.txid {
                return Err(fail(format!("it comes with the transaction {got}, expected {}", outpoint.txid)));
            }
            known.insert(got, made);
        }
        spent.push(match (number, &first) {
            (0, ShownInputs::MessageFirst(to_spend)) => message_coin(to_spend, shown).map_err(fail)?,
            (0, ShownInputs::CommitmentFirst) => commitment(shown).map_err(fail)?,
            _ => coin(outpoint, shown, known.get(&outpoint.txid).copied()).map_err(fail)?,
        });
    }
    Ok(spent)
}

fn message_coin(to_spend: &Transaction, shown: &Input) -> Result<TxOut, String> {
    let made = to_spend.output.first().ok_or("the message has no coin")?;
    match &shown.witness_utxo {
        Some(said) if said != made => Err("its coin is not that of the message".to_owned()),
        _ => Ok(made.clone()),
    }
}

fn commitment(shown: &Input) -> Result<TxOut, String> {
    let Some(said) = &shown.witness_utxo else {
        return Ok(TxOut { value: bitcoin::Amount::ZERO, script_pubkey: ScriptBuf::new() });
    };
    match said.value {
        bitcoin::Amount::ZERO => Ok(said.clone()),
        value => Err(format!("the commitment is worth {}, expected 0", value.to_sat())),
    }
}

fn coin(outpoint: OutPoint, shown: &Input, made: Option<&Transaction>) -> Result<TxOut, String> {
    let created = match made {
        None => None,
        Some(made) => {
            let output = usize::try_from(outpoint.vout).ok().and_then(|place| made.output.get(place));
            Some(output.ok_or_else(|| format!("its transaction has {} outputs", made.output.len()))?)
        }
    };
    match (created, &shown.witness_utxo) {
        (Some(created), Some(said)) if created != said => {
            Err(format!("its fields conflict: {} and {}", text(created), text(said)))
        }
        (Some(created), _) => Ok(created.clone()),
        (None, Some(said)) if has_witness(&said.script_pubkey, shown.final_script_sig.as_deref()) => Ok(said.clone()),
        (None, Some(_)) => {
            Err("its script has no witness, so only the creating transaction shows its amount".to_owned())
        }
        (None, None) => Err(format!("nothing shows the coin {outpoint}")),
    }
}

fn text(output: &TxOut) -> String {
    format!("{} to {}", output.value.to_sat(), output.script_pubkey.to_hex_string())
}

/// Whether signatures cover the amount: a witness program, or the hash of one, which the input then pushes.
fn has_witness(script_pubkey: &Script, script_sig: Option<&Script>) -> bool {
    let pushed = || match script_sig?.instructions().collect::<Vec<_>>().as_slice() {
        [Ok(Instruction::PushBytes(bytes))] => Some(ScriptBuf::from_bytes(bytes.as_bytes().to_vec())),
        _ => None,
    };
    script_pubkey.is_witness_program()
        || pushed().is_some_and(|script| script.is_witness_program() && script.to_p2sh() == *script_pubkey)
}

/// The coins that the inputs after the first one spend.
pub(super) fn coins(transaction: &Transaction, spent: &[TxOut]) -> Vec<ShownCoin> {
    let inputs = transaction.input.iter().zip(spent).skip(1);
    let shown = |(input, output): (&bitcoin::TxIn, &TxOut)| ShownCoin {
        id: input.previous_output.to_string(),
        amount: Amount::from_base_units(u128::from(output.value.to_sat())),
        script: output.script_pubkey.to_hex_string(),
        age: policy::coin_age(transaction, input),
    };
    inputs.map(shown).collect()
}

#[cfg(test)]
mod tests;
