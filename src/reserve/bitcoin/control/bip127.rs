//! BIP-127: a transaction that spends the coins to nobody in particular, and an input that cannot exist, so that it can
//! never be mined. That input names the hash of the message.

use bitcoin::hashes::{Hash as _, sha256, sha256d};
use bitcoin::{OutPoint, Script, Txid};

use super::bip322::base64_exact;
use super::policy::{self, Spend};
use super::psbt::{self, ShownInputs};
use super::{BDK_RESERVES, ControlError};
use crate::reserve::claim::{Control, ControlGrade, ControlScope};

/// What stands before the message in the hash.
const MAGIC: &[u8] = b"Proof-of-Reserves: ";

/// The outpoint that the first input must name. The BIP hashes once; the program bdk-reserves hashes twice, and its
/// proofs count under its own name only.
#[must_use]
pub fn commitment(message: &[u8], scheme: &str) -> OutPoint {
    let bytes = [MAGIC, message].concat();
    let hash = match scheme {
        BDK_RESERVES => sha256d::Hash::hash(&bytes).to_byte_array(),
        _ => sha256::Hash::hash(&bytes).to_byte_array(),
    };
    OutPoint { txid: Txid::from_byte_array(hash), vout: 0 }
}

/// Checks a proof of reserves and gives the coins of the address that it shows.
///
/// # Errors
/// [`ControlError`].
pub fn verify(
    script_pubkey: &Script,
    message: &[u8],
    text: &str,
    scheme: &'static str,
) -> Result<Control, ControlError> {
    if text.len() > psbt::TEXT_MAX {
        return Err(ControlError::Limit { what: "characters", got: text.len(), max: psbt::TEXT_MAX });
    }
    let proof = psbt::parse(&base64_exact(text)?)?;
    psbt::check_message(&proof, message)?;
    let transaction = psbt::finalized(&proof);
    let funds = |detail: String| ControlError::Funds { detail };
    let expected = commitment(message, scheme);
    match transaction.input.first().map(|input| input.previous_output) {
        Some(got) if got == expected => {}
        Some(got) => return Err(funds(format!("input 0 names {got}, expected {expected}"))),
        None => return Err(funds("it has no input".to_owned())),
    }
    let spent = psbt::spent(&proof, ShownInputs::CommitmentFirst)?;
    let sum = spent.iter().try_fold(bitcoin::Amount::ZERO, |sum, output| sum.checked_add(output.value));
    let sum = sum.ok_or_else(|| funds("the sum of its inputs does not fit".to_owned()))?;
    match transaction.output.as_slice() {
        [output] if output.value == sum => {}
        [output] => {
            let (got, expected) = (output.value.to_sat(), sum.to_sat());
            return Err(funds(format!("its output is {got}, expected the sum of its inputs, {expected}")));
        }
        more => return Err(funds(format!("it has {} outputs, expected one", more.len()))),
    }
    policy::check(&Spend { transaction: &transaction, spent: &spent, first: 1 })?;
    if !matches!(transaction.version.0, 0..=2) {
        return Err(ControlError::Upgradeable { what: format!("transaction version {}", transaction.version.0) });
    }
    let all = psbt::coins(&transaction, &spent);
    let script = script_pubkey.to_hex_string();
    let coins: Vec<_> = all.iter().filter(|coin| coin.script == script).cloned().collect();
    if coins.is_empty() {
        return Err(ControlError::NoCoin { coins: all.len() });
    }
    let not_before = policy::not_before(&transaction);
    let control = Control::of(ControlGrade::ScriptSatisfied);
    Ok(Control { scope: ControlScope::Coins, not_before, coins, ..control })
}

#[cfg(test)]
mod tests;
