//! BIP-322: a signature is a transaction that spends a made-up coin of the address, and which commits to the message.
//!
//! `bitcoinconsensus` executes the scripts. Consensus alone admits more than the BIP does: the rules on top are in
//! `policy`. There are three outcomes: valid, with the time and the age from which on it is; inconclusive, when a rule
//! is not judged or may still get a meaning; invalid. An invalid input outweighs an inconclusive one.

mod transactions;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bitcoin::Script;
use bitcoin::consensus::encode;

pub use transactions::{message_hash, to_sign, to_spend};

use super::policy::{self, Spend};
use super::psbt::{self, ShownInputs};
use super::{BIP322_FULL, BIP322_FUNDS, ControlError};
use crate::reserve::claim::{Control, ControlGrade};

/// The mark of the simple variant; it may be left out.
pub const PREFIX_SIMPLE: &str = "smp";
/// The mark of the full variant.
pub const PREFIX_FULL: &str = "ful";
/// The mark of proofs of funds.
pub const PREFIX_FUNDS: &str = "pof";
/// A witness of fifteen signatures and their script takes 2,300 characters; tapscripts can be longer.
const SIMPLE_MAX: usize = 16 << 10;
/// A transaction that nodes relay has at most 100,000 bytes without its witness.
const FULL_MAX: usize = 256 << 10;

/// Checks a signature in the variant that `scheme` names.
///
/// # Errors
/// [`ControlError`]; [`ControlError::is_inconclusive`] tells the inconclusive ones from the invalid ones.
pub fn verify(
    script_pubkey: &Script,
    message: &[u8],
    signature: &str,
    scheme: &'static str,
) -> Result<Control, ControlError> {
    let spend = to_spend(script_pubkey, message);
    match scheme {
        BIP322_FULL => full(&spend, body(signature, PREFIX_FULL, FULL_MAX)?),
        BIP322_FUNDS => funds(&spend, message, body(signature, PREFIX_FUNDS, psbt::TEXT_MAX)?),
        // a witness alone leaves nothing to say for a script that reads none
        _ if !script_pubkey.is_witness_program() => {
            Err(ControlError::Scheme { scheme, script: script_pubkey.to_string() })
        }
        _ => simple(&spend, body(signature, PREFIX_SIMPLE, SIMPLE_MAX)?),
    }
}

fn simple(to_spend: &bitcoin::Transaction, text: &str) -> Result<Control, ControlError> {
    let witness = encode::deserialize(&base64_exact(text)?)
        .map_err(|error| ControlError::Witness { detail: format!("not one witness stack: {error}") })?;
    judge(&to_sign(to_spend, witness), to_spend)
}

fn full(to_spend: &bitcoin::Transaction, text: &str) -> Result<Control, ControlError> {
    let transaction: bitcoin::Transaction = encode::deserialize(&base64_exact(text)?)
        .map_err(|error| ControlError::Witness { detail: format!("not one transaction: {error}") })?;
    transactions::check_to_sign(&transaction, to_spend)?;
    if transaction.input.len() > 1 {
        let what = format!("{} inputs in the full variant: their coins are not shown", transaction.input.len());
        return Err(ControlError::NotJudged { what });
    }
    judge(&transaction, to_spend)
}

fn judge(transaction: &bitcoin::Transaction, to_spend: &bitcoin::Transaction) -> Result<Control, ControlError> {
    policy::check(&Spend { transaction, spent: &to_spend.output, first: 0 })?;
    policy::check_version(transaction)?;
    Ok(valid(transaction))
}

fn valid(transaction: &bitcoin::Transaction) -> Control {
    let age = transaction.input.first().and_then(|input| policy::coin_age(transaction, input));
    let not_before = policy::not_before(transaction);
    Control { not_before, age, ..Control::of(ControlGrade::ScriptSatisfied) }
}

fn funds(to_spend: &bitcoin::Transaction, message: &[u8], text: &str) -> Result<Control, ControlError> {
    let proof = psbt::parse(&base64_exact(text)?)?;
    psbt::check_message(&proof, message)?;
    let transaction = psbt::finalized(&proof);
    transactions::check_to_sign(&transaction, to_spend)?;
    let shown = psbt::spent(&proof, ShownInputs::MessageFirst(to_spend))?;
    policy::check(&Spend { transaction: &transaction, spent: &shown, first: 0 })?;
    policy::check_version(&transaction)?;
    Ok(Control { coins: psbt::coins(&transaction, &shown), ..valid(&transaction) })
}

/// What stands behind the prefix. A text without prefix has a length that four divides; behind a prefix of three
/// letters it has three more.
fn body<'a>(signature: &'a str, prefix: &'static str, size_max: usize) -> Result<&'a str, ControlError> {
    if signature.len() > size_max {
        return Err(ControlError::Limit { what: "characters", got: signature.len(), max: size_max });
    }
    if let Some(rest) = signature.strip_prefix(prefix) {
        return Ok(rest);
    }
    let others = [PREFIX_SIMPLE, PREFIX_FULL, PREFIX_FUNDS];
    let named = others.iter().any(|other| signature.starts_with(other)) || signature.len() % 4 == prefix.len();
    match prefix {
        PREFIX_SIMPLE if !named => Ok(signature),
        PREFIX_SIMPLE => Err(other_prefix(signature, "\"smp\" or none")),
        PREFIX_FULL => Err(other_prefix(signature, "\"ful\"")),
        _ => Err(other_prefix(signature, "\"pof\"")),
    }
}

fn other_prefix(signature: &str, expected: &'static str) -> ControlError {
    ControlError::Prefix { got: signature.chars().take(PREFIX_SIMPLE.len()).collect(), expected }
}

/// Bytes of the one base64 text that stands for them.
pub(super) fn base64_exact(text: &str) -> Result<Vec<u8>, ControlError> {
    let fail = |detail: String| ControlError::Base64 { detail };
    let bytes = STANDARD.decode(text).map_err(|error| fail(error.to_string()))?;
    if STANDARD.encode(&bytes) != text {
        return Err(fail("another text of the same bytes".to_owned()));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
