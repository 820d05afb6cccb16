//! Multisig by signed messages: as many keys of the address's script as it asks for signed the line.
//!
//! The script is not executed. That many signatures suffice to spend only where the script is nothing but keys and a
//! threshold, so every other script is refused: behind a timelock, a hash or a branch the keys may not be enough.

use std::collections::BTreeSet;

use bitcoin::opcodes::all::OP_CHECKMULTISIG;
use bitcoin::script::{Instruction, Script};
use bitcoin::{ScriptBuf, opcodes};

use super::message::{self, HeaderClass};
use super::{ControlError, KEY_THRESHOLD};
use crate::reserve::claim::{Control, ControlGrade, ControlProof};

/// Bytes of a script behind P2SH, by consensus.
const P2SH_MAX: usize = 520;
/// Bytes of a witness script of twenty keys, and more.
const SCRIPT_MAX: usize = 3_600;
/// Keys of a multisig, by consensus.
const KEYS_MAX: usize = 20;

/// A plain multisig script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Multisig {
    /// How many must sign.
    pub threshold: usize,
    /// The keys, in the script's order and encoding.
    pub keys: Vec<Vec<u8>>,
}

/// Reads a script that is a threshold, keys, their number and OP_CHECKMULTISIG, and nothing else.
///
/// # Errors
/// [`ControlError::ThresholdTemplate`].
pub fn multisig(script: &Script) -> Result<Multisig, ControlError> {
    let fail = |detail: String| ControlError::ThresholdTemplate { detail };
    let steps =
        script.instructions_minimal().collect::<Result<Vec<_>, _>>().map_err(|error| fail(error.to_string()))?;
    let [Instruction::Op(threshold), keys @ .., Instruction::Op(count), Instruction::Op(OP_CHECKMULTISIG)] =
        steps.as_slice()
    else {
        return Err(fail(format!("{script}")));
    };
    let (Some(threshold), Some(count)) = (small(*threshold), small(*count)) else {
        return Err(fail(format!("{script}")));
    };
    let mut found = Vec::new();
    for key in keys {
        match key {
            Instruction::PushBytes(bytes) if is_key(bytes.as_bytes()) => found.push(bytes.as_bytes().to_vec()),
            _ => return Err(fail(format!("{script}"))),
        }
    }
    if found.len() != count || threshold > count || count > KEYS_MAX {
        return Err(fail(format!("{threshold} of {count}, with {} keys", found.len())));
    }
    Ok(Multisig { threshold, keys: found })
}

/// One to sixteen.
fn small(code: opcodes::Opcode) -> Option<usize> {
    code.to_u8().checked_sub(0x50).filter(|number| (1..=16).contains(number)).map(usize::from)
}

fn is_key(bytes: &[u8]) -> bool {
    matches!((bytes.first(), bytes.len()), (Some(2 | 3), 33) | (Some(4), 65))
        && bitcoin::PublicKey::from_slice(bytes).is_ok()
}

/// Checks a proof under [`KEY_THRESHOLD`].
///
/// # Errors
/// [`ControlError`].
pub fn verify(script_pubkey: &Script, message: &[u8], proof: &ControlProof) -> Result<Control, ControlError> {
    let missing = || ControlError::Fields { scheme: KEY_THRESHOLD, detail: "lacks a field" };
    let (text, signatures) =
        (proof.script.as_ref().ok_or_else(missing)?, proof.signatures.as_ref().ok_or_else(missing)?);
    let other = || ControlError::ThresholdScript { script: text.chars().take(100).collect() };
    if text.len() > 2 * SCRIPT_MAX {
        return Err(ControlError::Limit { what: "digits of a script", got: text.len(), max: 2 * SCRIPT_MAX });
    }
    let bytes = hex::decode(text).ok().filter(|bytes| hex::encode(bytes) == *text).ok_or_else(other)?;
    let script = ScriptBuf::from_bytes(bytes);
    let behind_witness = script.to_p2wsh() == *script_pubkey || script.to_p2wsh().to_p2sh() == *script_pubkey;
    if !behind_witness && (script.to_p2sh() != *script_pubkey || script.len() > P2SH_MAX) {
        return Err(other());
    }
    let asked = multisig(&script)?;
    if let Some(key) = asked.keys.iter().find(|key| behind_witness && key.len() != 33) {
        let detail = format!("a key of {} bytes in a witness script, which nobody can spend", key.len());
        return Err(ControlError::ThresholdTemplate { detail });
    }
    check_keys(&asked, message, signatures)?;
    Ok(Control::of(ControlGrade::KeyThreshold))
}

fn check_keys(asked: &Multisig, message: &[u8], signatures: &[String]) -> Result<(), ControlError> {
    let fail = |detail: String| ControlError::ThresholdKeys { detail };
    if signatures.len() > asked.keys.len() {
        return Err(fail(format!("{} signatures for {} keys", signatures.len(), asked.keys.len())));
    }
    let mut signers = BTreeSet::new();
    for (number, text) in (1..).zip(signatures) {
        let of_key = |class| matches!(class, HeaderClass::Compressed | HeaderClass::Uncompressed);
        let signed = message::recover(message, text, "27 to 34", of_key)?;
        let key = signed.class.key_bytes(&signed.key);
        if !asked.keys.contains(&key) {
            let detail = format!("signature {number} is by {}, which is no key of the script", hex::encode(key));
            return Err(fail(detail));
        }
        if !signers.insert(key) {
            return Err(fail(format!("signature {number} is by a key that has signed already")));
        }
    }
    if signers.len() < asked.threshold {
        return Err(fail(format!("{} keys have signed, expected at least {}", signers.len(), asked.threshold)));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
