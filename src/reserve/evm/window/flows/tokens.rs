//! Tokens: what their logs say of the asked addresses, for code whose events somebody read.

use std::collections::BTreeMap;

use alloy_primitives::U256;
use serde::Deserialize;

use super::body::Body;
use super::error::FlowError;
use super::native::amount;
use super::{FlowQuestion, Movement, Side};
use crate::basis::Basis;
use crate::code::evm_flows as codes;
use crate::reserve::claim::Problem;
use crate::reserve::evm::address::EvmAddress;
use crate::reserve::evm::keccak;
use crate::reserve::evm::window::{Log, Place, TokenEvents};

/// The event of ERC-20, which stands for a token whose own list is not known.
const TRANSFER: &str = "Transfer(address,address,uint256)";

/// A token whose movements are asked for.
#[derive(Clone, Copy, Debug)]
pub struct FlowToken<'a> {
    /// The contract.
    pub contract: EvmAddress,
    /// Which events write balances, for the code that the asker proved; `None`: then what its logs say is only stated.
    pub events: Option<&'a TokenEvents>,
}

/// What an event says of coins that moved.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meaning {
    /// Its signature, as it is hashed.
    pub event: String,
    /// Where it names who lost them; nowhere: the contract made them.
    pub from: Option<Place>,
    /// Where it names who got them; nowhere: the contract destroyed them.
    pub to: Option<Place>,
    /// Where it says how many.
    pub amount: Place,
    /// How many topics it has, the first one included: events of one signature differ in what is indexed.
    pub topics: usize,
    /// Where this comes from.
    pub source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Toml {
    event: Vec<Meaning>,
}

/// The events that are known, in `events.toml` of this folder.
///
/// # Errors
/// What is wrong, never for the file of this version: a test reads it.
pub fn meanings() -> Result<Vec<Meaning>, String> {
    let read = toml::from_str::<Toml>(include_str!("events.toml")).map_err(|error| error.to_string())?.event;
    let poor = |meaning: &&Meaning| {
        (meaning.from.is_none() && meaning.to.is_none())
            || [meaning.from, meaning.to, Some(meaning.amount)].contains(&Some(Place::Anyone))
            || meaning.source.trim().is_empty()
    };
    match read.iter().find(poor) {
        Some(meaning) => Err(format!("{}: somebody, an amount, and a source are named", meaning.event)),
        None => Ok(read),
    }
}

/// Tokens whose events are not known for their code.
pub(super) fn unknown(tokens: &[FlowToken<'_>]) -> Vec<Problem> {
    let problem = |token: &FlowToken<'_>| Problem {
        code: &codes::FLOW_EVENTS,
        subject: token.contract.to_string(),
        detail: format!("no list of events for its code; what its logs of {TRANSFER} say is stated"),
    };
    tokens.iter().filter(|token| token.events.is_none()).map(problem).collect()
}

/// What the logs of a block say of the asked addresses, by contract.
pub(super) fn movements(
    height: u64,
    body: &Body,
    question: &FlowQuestion<'_>,
) -> Result<BTreeMap<EvmAddress, Vec<Movement>>, FlowError> {
    let mut all: BTreeMap<EvmAddress, Vec<Movement>> = BTreeMap::new();
    if question.tokens.is_empty() {
        return Ok(all);
    }
    let meanings = meanings().map_err(|detail| FlowError::Malformed { detail })?;
    let known: Vec<([u8; 32], &Meaning)> =
        meanings.iter().map(|meaning| (keccak(meaning.event.as_bytes()), meaning)).collect();
    for ((transaction, receipt, _), place) in body.transactions().zip(0_u32..) {
        for log in &receipt.logs {
            let Some(token) = question.tokens.iter().find(|token| token.contract == log.address) else { continue };
            let found = known.iter().find(|(topic, meaning)| {
                log.topics.first() == Some(topic) && log.topics.len() == meaning.topics && writes(token, meaning)
            });
            let Some((from, to, units)) = found.and_then(|(_, meaning)| read(log, meaning)) else { continue };
            let concerned = |side: &Side| matches!(side, Side::Address(one) if question.addresses.contains(one));
            if units.is_zero() || !(concerned(&from) || concerned(&to)) {
                continue;
            }
            let txid = transaction.hash.to_string();
            let amount = amount(units, || format!("a log of {} in {txid}", token.contract))?;
            let basis = if token.events.is_some() { question.basis } else { question.basis.min(Basis::Stated) };
            all.entry(token.contract).or_default().push(Movement { height, place, txid, from, to, amount, basis });
        }
    }
    Ok(all)
}

/// Whether an event writes balances of this token.
fn writes(token: &FlowToken<'_>, meaning: &Meaning) -> bool {
    token.events.map_or(meaning.event == TRANSFER, |events| events.moves.iter().any(|one| one.event == meaning.event))
}

/// Both sides and the amount; `None` for a log of another shape, which is no such event.
fn read(log: &Log, meaning: &Meaning) -> Option<(Side, Side, U256)> {
    let side = |place: Option<Place>| match place {
        None => Some(Side::Contract(log.address)),
        Some(place) => {
            let word = word(log, place)?;
            let (zeros, address) = word.split_at_checked(12)?;
            let address: [u8; 20] = address.try_into().ok()?;
            zeros.iter().all(|byte| *byte == 0).then_some(Side::Address(EvmAddress::from_bytes(address)))
        }
    };
    Some((side(meaning.from)?, side(meaning.to)?, U256::from_be_bytes(word(log, meaning.amount)?)))
}

fn word(log: &Log, place: Place) -> Option<[u8; 32]> {
    match place {
        Place::Topic(at) => log.topics.get(at).copied(),
        Place::Word(at) => {
            let from = at.saturating_mul(32);
            log.data.get(from..from.saturating_add(32))?.try_into().ok()
        }
        Place::Anyone => None,
    }
}
