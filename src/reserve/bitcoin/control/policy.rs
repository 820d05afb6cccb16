//! What BIP-322 asks beyond consensus, of every input of a transaction.
//!
//! Consensus code executes the scripts and has the first word: what it refuses is invalid. What it accepts is walked
//! along once more, with the same values on the stack, to see which pushes are signatures, which keys they are by and
//! which branches were taken. The walk knows the opcodes of miniscript and few more: a script with others is unjudged.
//! That both agree is a condition, never an alternative.

mod signatures;
mod walk;

use bitcoin::consensus::encode;
use bitcoin::opcodes::all::{OP_CHECKSIG, OP_DUP, OP_EQUALVERIFY, OP_HASH160};
use bitcoin::script::Builder;
use bitcoin::taproot::{LeafVersion, TapLeafHash};
use bitcoin::{Script, ScriptBuf, Transaction, TxIn, TxOut, relative};

use self::signatures::{Checker, Place, check_schnorr_flag};
use self::walk::Walk;
use super::{ControlError, RuleError};
use crate::reserve::claim::{CoinAge, NotBefore};
use crate::snapshot::Time;

/// The first byte of a taproot annex (BIP-341).
const ANNEX: u8 = 0x50;

/// A transaction and what its inputs spend.
pub(super) struct Spend<'a> {
    /// The transaction.
    pub(super) transaction: &'a Transaction,
    /// One output per input, in their order.
    pub(super) spent: &'a [TxOut],
    /// The first input that is judged: before it stand those that spend no coin.
    pub(super) first: usize,
}

/// Whether every input satisfies its script, by consensus and by the rules on top. An invalid input is told before an
/// inconclusive one, wherever it stands.
pub(super) fn check(spend: &Spend<'_>) -> Result<(), ControlError> {
    if spend.spent.len() != spend.transaction.input.len() {
        return Err(ControlError::Invalid { detail: "inputs and coins differ in number".to_owned() });
    }
    let inputs = || spend.transaction.input.iter().zip(spend.spent).enumerate().skip(spend.first);
    let bytes = encode::serialize(spend.transaction);
    for (index, (_, output)) in inputs() {
        execute(spend, &bytes, index, output)?;
    }
    let mut pending = None;
    for (index, (input, output)) in inputs() {
        match check_input(spend, index, input, output) {
            Err(error) if error.is_inconclusive() => pending = pending.or(Some(error)),
            result => result?,
        }
    }
    pending.map_or(Ok(()), Err)
}

/// The transaction versions of BIP-322 that will not get another meaning.
pub(super) fn check_version(transaction: &Transaction) -> Result<(), ControlError> {
    match transaction.version.0 {
        0 | 2 => Ok(()),
        other => Err(ControlError::Upgradeable { what: format!("transaction version {other}, expected 0 or 2") }),
    }
}

/// The T of BIP-322. Sequences that would switch the lock off do not: that is for a transaction that is mined.
pub(super) fn not_before(transaction: &Transaction) -> Option<NotBefore> {
    match transaction.lock_time {
        lock if lock.to_consensus_u32() == 0 => None,
        bitcoin::absolute::LockTime::Blocks(height) => Some(NotBefore::Height(u64::from(height.to_consensus_u32()))),
        bitcoin::absolute::LockTime::Seconds(time) => {
            Some(NotBefore::Time(Time::from_unix(i64::from(time.to_consensus_u32()))))
        }
    }
}

/// The S of BIP-322, which BIP-68 gives a meaning from version 2 on.
pub(super) fn coin_age(transaction: &Transaction, input: &TxIn) -> Option<CoinAge> {
    if transaction.version.0 < 2 {
        return None;
    }
    match input.sequence.to_relative_lock_time()? {
        relative::LockTime::Blocks(blocks) => Some(CoinAge::Blocks(blocks.value())).filter(|_| blocks.value() > 0),
        relative::LockTime::Time(time) => {
            Some(CoinAge::Seconds(u32::from(time.value()) * 512)).filter(|_| time.value() > 0)
        }
    }
}

fn execute(spend: &Spend<'_>, bytes: &[u8], index: usize, output: &TxOut) -> Result<(), ControlError> {
    use bitcoinconsensus::{Utxo, VERIFY_ALL_PRE_TAPROOT, VERIFY_TAPROOT, verify_with_flags};
    let invalid = |detail: String| ControlError::Invalid { detail };
    let mut coins = Vec::with_capacity(spend.spent.len());
    for coin in spend.spent {
        let script = coin.script_pubkey.as_bytes();
        let length = u32::try_from(script.len()).map_err(|error| invalid(error.to_string()))?;
        let value = i64::try_from(coin.value.to_sat()).map_err(|error| invalid(error.to_string()))?;
        coins.push(Utxo { script_pubkey: script.as_ptr(), script_pubkey_len: length, value });
    }
    let (script, value) = (output.script_pubkey.as_bytes(), output.value.to_sat());
    let flags = VERIFY_ALL_PRE_TAPROOT | VERIFY_TAPROOT;
    verify_with_flags(script, value, bytes, Some(&coins), index, flags)
        .map_err(|_| invalid(format!("the script of input {index} is not satisfied: another key, line or address")))
}

fn check_input(spend: &Spend<'_>, index: usize, input: &TxIn, output: &TxOut) -> Result<(), ControlError> {
    let script = &output.script_pubkey;
    if script.is_witness_program() {
        return check_witness(spend, index, input, script);
    }
    let checker = Checker::new(spend, index, Place::Legacy);
    let mut walk = Walk::new(checker, Vec::new());
    walk.run_pushes(&input.script_sig)?;
    let mut behind = walk.stack.clone();
    walk.run(script)?;
    if !script.is_p2sh() {
        return walk.finish(script);
    }
    let Some(redeem) = behind.pop().map(ScriptBuf::from_bytes) else {
        return Err(ControlError::NotJudged { what: "an input without its script".to_owned() });
    };
    if redeem.is_witness_program() {
        if redeem.is_p2tr() {
            return Err(ControlError::Upgradeable { what: "taproot behind P2SH".to_owned() });
        }
        return check_witness(spend, index, input, &redeem);
    }
    let mut walk = Walk::new(Checker::new(spend, index, Place::Legacy), behind);
    walk.run(&redeem)?;
    walk.finish(&redeem)
}

fn check_witness(spend: &Spend<'_>, index: usize, input: &TxIn, program: &Script) -> Result<(), ControlError> {
    let mut items: Vec<Vec<u8>> = input.witness.iter().map(<[u8]>::to_vec).collect();
    let (script, place) = if let Some(hash) = program.as_bytes().strip_prefix(&[0, 20]) {
        let builder = Builder::new().push_opcode(OP_DUP).push_opcode(OP_HASH160);
        let hash = <[u8; 20]>::try_from(hash).map_err(|_| not_judged(program))?;
        (builder.push_slice(hash).push_opcode(OP_EQUALVERIFY).push_opcode(OP_CHECKSIG).into_script(), Place::Witness)
    } else if program.is_p2wsh() {
        (ScriptBuf::from_bytes(items.pop().ok_or_else(|| not_judged(program))?), Place::Witness)
    } else if program.is_p2tr() {
        match taproot_leaf(&mut items)? {
            None => return Ok(()),
            Some((script, leaf)) => (script, Place::Tapscript(leaf)),
        }
    } else {
        return Err(ControlError::Upgradeable { what: format!("witness program {program}") });
    };
    let mut walk = Walk::new(Checker::new(spend, index, place), items);
    walk.run(&script)?;
    walk.finish(&script)
}

fn not_judged(script: &Script) -> ControlError {
    ControlError::NotJudged { what: format!("the script {script}") }
}

/// The executed leaf of a taproot output with the items that it is given; `None` for the key path, whose one signature
/// is checked here.
fn taproot_leaf(items: &mut Vec<Vec<u8>>) -> Result<Option<(ScriptBuf, TapLeafHash)>, ControlError> {
    let annexed = items.len() > 1 && items.last().is_some_and(|last| last.first() == Some(&ANNEX));
    if annexed {
        items.pop();
    }
    let found = match items.as_slice() {
        [signature] => check_schnorr_flag(signature).map(|()| None)?,
        [.., _, control] => {
            let version = control.first().map_or(0, |byte| byte & 0xfe);
            let control_version = LeafVersion::from_consensus(version);
            items.pop();
            let script = ScriptBuf::from_bytes(items.pop().unwrap_or_default());
            match control_version {
                Ok(LeafVersion::TapScript) => {
                    let leaf = TapLeafHash::from_script(&script, LeafVersion::TapScript);
                    Some((script, leaf))
                }
                _ => return Err(ControlError::Upgradeable { what: format!("leaf version {version:#04x}") }),
            }
        }
        [] => None,
    };
    match annexed {
        true => Err(ControlError::Upgradeable { what: "a taproot annex".to_owned() }),
        false => Ok(found),
    }
}

/// A stack item as a script's truth value.
fn truth(item: &[u8]) -> bool {
    bitcoin::script::read_scriptbool(item)
}

/// The rule that exactly the result is left.
fn check_clean(stack: &[Vec<u8>], script: &Script) -> Result<(), ControlError> {
    match stack {
        [result] if truth(result) => Ok(()),
        [_] | [] => Err(not_judged(script)),
        more => Err(RuleError::Stack { detail: format!("{} items are left, expected one", more.len()) }.into()),
    }
}

#[cfg(test)]
mod tests;
