//! The two made-up transactions of BIP-322.

use bitcoin::hashes::{Hash as _, HashEngine as _, sha256};
use bitcoin::opcodes::all::OP_RETURN;
use bitcoin::{
    Amount, OutPoint, Script, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness, absolute, script, transaction,
};

use super::super::ControlError;

/// The tag of the message hash.
const TAG: &[u8] = b"BIP0322-signed-message";

/// SHA-256 of the message with the tag of BIP-322.
#[must_use]
pub fn message_hash(message: &[u8]) -> [u8; 32] {
    let tag = sha256::Hash::hash(TAG);
    let mut engine = sha256::Hash::engine();
    engine.input(tag.as_ref());
    engine.input(tag.as_ref());
    engine.input(message);
    sha256::Hash::from_engine(engine).to_byte_array()
}

/// The made-up transaction whose output is the address's script, and which commits to the message.
#[must_use]
pub fn to_spend(script_pubkey: &Script, message: &[u8]) -> Transaction {
    let commitment =
        script::Builder::new().push_opcode(bitcoin::opcodes::OP_0).push_slice(message_hash(message)).into_script();
    let input = TxIn {
        previous_output: OutPoint::null(),
        script_sig: commitment,
        sequence: Sequence::ZERO,
        witness: Witness::new(),
    };
    let output = TxOut { value: Amount::ZERO, script_pubkey: script_pubkey.to_owned() };
    Transaction {
        version: transaction::Version(0),
        lock_time: absolute::LockTime::ZERO,
        input: vec![input],
        output: vec![output],
    }
}

/// The transaction that spends it, as the simple variant has it; `witness` is the signature.
#[must_use]
pub fn to_sign(to_spend: &Transaction, witness: Witness) -> Transaction {
    let input = TxIn {
        previous_output: OutPoint { txid: to_spend.compute_txid(), vout: 0 },
        script_sig: ScriptBuf::new(),
        sequence: Sequence::ZERO,
        witness,
    };
    Transaction {
        version: transaction::Version(0),
        lock_time: absolute::LockTime::ZERO,
        input: vec![input],
        output: vec![TxOut { value: Amount::ZERO, script_pubkey: nothing() }],
    }
}

fn nothing() -> ScriptBuf {
    script::Builder::new().push_opcode(OP_RETURN).into_script()
}

/// Whether a transaction that somebody else made spends the message's coin first and pays nobody.
pub(super) fn check_to_sign(transaction: &Transaction, to_spend: &Transaction) -> Result<(), ControlError> {
    let fail = |detail: String| Err(ControlError::MessageTransaction { detail });
    let expected = OutPoint { txid: to_spend.compute_txid(), vout: 0 };
    match transaction.input.first().map(|input| input.previous_output) {
        Some(got) if got == expected => {}
        Some(got) => return fail(format!("input 0 spends {got}, expected {expected}: another address or line")),
        None => return fail("it has no input".to_owned()),
    }
    match transaction.output.as_slice() {
        [output] if output.value == Amount::ZERO && output.script_pubkey == nothing() => Ok(()),
        [output] => {
            let (value, script) = (output.value.to_sat(), output.script_pubkey.to_hex_string());
            fail(format!("its output is {value} to {script}, expected 0 to 6a"))
        }
        more => fail(format!("it has {} outputs, expected one", more.len())),
    }
}
