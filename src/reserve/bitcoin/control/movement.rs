//! Control by movement: a transaction that spends a coin of the address and carries the challenge's mark.
//!
//! What is in a block was really spent: the chain checked the scripts, and the block's place bounds the time from above
//! as well. Two things tie it to the challenge: its block is later than the one that the challenge names, and it has a
//! mark that follows from the challenge's document.

pub mod evidence;

use bitcoin::hex::FromHex as _;
use bitcoin::{OutPoint, Script, ScriptBuf, Transaction, Txid};

use super::super::network::{network, script};
use super::{ControlError, MOVED, check_fields, known};
use crate::asset::ChainId;
use crate::code::{Code, Coded, bitcoin_control as codes, joint};
use crate::hash::{Digest, Tag, TaggedHasher};
use crate::reserve::claim::{Control, ControlGrade, ControlProof, ControlRemark};

/// The smallest amount that is a mark, in satoshi.
pub const MARK_BASE: u64 = 100_000;
/// How many amounts there are.
pub const MARK_SPAN: u64 = 900_000;

/// A chain as far as the verifier's evidence proves it.
pub trait ProvedTransactions {
    /// The height of the anchored block that holds a transaction; `None` when nothing proves one.
    fn height(&self, txid: Txid) -> Option<u64>;
    /// The transaction with this id. Its bytes have that hash; whether it is in a block is another question.
    fn transaction(&self, txid: Txid) -> Option<Transaction>;
}

/// The verifier's question about a movement.
#[derive(Clone, Copy)]
pub struct MovementQuery<'a> {
    /// The chain.
    pub chain: &'a ChainId,
    /// The address.
    pub address: &'a str,
    /// SHA-256 of the challenge's document.
    pub challenge: Digest,
    /// The height of the block of this chain that the challenge names.
    pub after: u64,
}

/// The output that marks a transaction: OP_RETURN and the hash of the challenge.
#[must_use]
pub fn mark_script(challenge: Digest) -> ScriptBuf {
    ScriptBuf::new_op_return(challenge.to_bytes())
}

/// The amount in satoshi that marks a transaction when it is paid back to the address: from 100,000 on 900,000 values.
/// It depends on the address, so that one transaction marks one address.
#[must_use]
pub fn mark_amount(challenge: Digest, script_pubkey: &Script) -> u64 {
    let hasher = TaggedHasher::new(Tag::Movement).fixed(&challenge.to_bytes()).rest(script_pubkey.as_bytes());
    let digest = hasher.finish().to_bytes();
    let number = digest.iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    MARK_BASE + number % MARK_SPAN
}

/// Whether the transaction that `proof` names is a movement of the address under the challenge.
///
/// # Errors
/// [`ControlError`]: of [`super::verify`] for the form of the proof, [`MovementError`] for what it shows.
pub fn verify(
    query: &MovementQuery<'_>,
    chain: &dyn ProvedTransactions,
    proof: &ControlProof,
) -> Result<Control, ControlError> {
    let scheme = known(query.chain, query.address, proof)?;
    if scheme != MOVED {
        return Err(ControlError::SchemeUnknown { scheme: scheme.to_owned() });
    }
    check_fields(scheme, proof)?;
    let own = script(network(query.chain)?, query.address)?;
    let text = proof.transaction.as_deref().unwrap_or_default();
    let txid = parse_id(text).ok_or(ControlError::Fields { scheme, detail: "has a `transaction` that is no id" })?;
    let transaction = chain.transaction(txid).ok_or(MovementError::Unproved { what: "the transaction", txid })?;
    let height = chain.height(txid).ok_or(MovementError::Unproved { what: "the block of transaction", txid })?;
    if height <= query.after {
        return Err(MovementError::Early { height, after: query.after }.into());
    }
    spends(&own, &transaction, txid, chain)?;
    let mark = mark_script(query.challenge);
    if transaction.output.iter().any(|output| output.script_pubkey == mark) {
        return Ok(Control::of(ControlGrade::Moved));
    }
    let amount = mark_amount(query.challenge, &own);
    let paid = |output: &bitcoin::TxOut| output.script_pubkey == own && output.value.to_sat() == amount;
    match transaction.output.iter().any(paid) {
        true => Ok(Control { remark: Some(ControlRemark::AmountMark), ..Control::of(ControlGrade::Moved) }),
        false => Err(MovementError::Mark { txid, mark: mark.to_hex_string(), amount }.into()),
    }
}

fn parse_id(text: &str) -> Option<Txid> {
    let lower = <[u8; 32]>::from_hex(text).ok().filter(|bytes| hex::encode(bytes) == text);
    lower.and_then(|_| text.parse().ok())
}

/// Whether every input spends a coin of the address. Who signs beside somebody else agrees to the payment, and not to a
/// mark that the other one put into it.
fn spends(
    own: &Script,
    transaction: &Transaction,
    txid: Txid,
    chain: &dyn ProvedTransactions,
) -> Result<(), MovementError> {
    let (mut unknown, mut spends_own, mut foreign) = (None, false, None);
    for input in &transaction.input {
        let OutPoint { txid: made, vout } = input.previous_output;
        let Some(creating) = chain.transaction(made) else {
            unknown = unknown.or(Some(made));
            continue;
        };
        let output = usize::try_from(vout).ok().and_then(|place| creating.output.get(place));
        match output.is_some_and(|output| output.script_pubkey == *own) {
            true => spends_own = true,
            false => foreign = foreign.or(Some(input.previous_output)),
        }
    }
    match (unknown, foreign) {
        (_, Some(coin)) if spends_own => Err(MovementError::Joint { txid, coin }),
        (Some(made), _) => Err(MovementError::Unproved { what: "the creating transaction", txid: made }),
        (None, None) if spends_own => Ok(()),
        (None, _) => Err(MovementError::Other { txid }),
    }
}

/// Why a movement does not answer the challenge.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MovementError {
    /// Not later than the challenge.
    #[error("the movement is in block {height}, expected one above {after}, which the challenge names")]
    Early {
        /// Its height.
        height: u64,
        /// The height of the block named.
        after: u64,
    },
    /// It spends coins of the address, and of somebody else.
    #[error("transaction {txid} spends {coin} beside coins of the address, expected only these")]
    Joint {
        /// The movement.
        txid: Txid,
        /// The first coin that is not of the address.
        coin: OutPoint,
    },
    /// No mark.
    #[error("transaction {txid} has neither an output {mark} nor one of {amount} satoshi back to the address")]
    Mark {
        /// The movement.
        txid: Txid,
        /// The script of the first kind.
        mark: String,
        /// The amount of the second kind.
        amount: u64,
    },
    /// It spends other coins.
    #[error("transaction {txid} spends no coin of the address")]
    Other {
        /// The movement.
        txid: Txid,
    },
    /// Missing evidence.
    #[error("the evidence does not show {what} {txid}")]
    Unproved {
        /// What is missing.
        what: &'static str,
        /// Of which transaction.
        txid: Txid,
    },
}

impl Coded for MovementError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Early { .. } => &codes::MOVEMENT_EARLY,
            Self::Joint { .. } => &joint::MOVEMENT_JOINT,
            Self::Mark { .. } => &codes::MOVEMENT_MARK,
            Self::Other { .. } => &codes::MOVEMENT_OTHER,
            Self::Unproved { .. } => &codes::MOVEMENT_UNPROVED,
        }
    }
}

#[cfg(test)]
mod tests;
