//! Tokens: what their logs say of the asked addresses, for code whose events somebody read.

use std::collections::BTreeMap;

use alloy_primitives::U256;
use serde::Deserialize;

use super::error::FlowError;
use super::native::amount;
use super::{FlowQuestion, Movement, Side};
use crate::basis::Basis;
use crate::code::evm_flows as codes;
use crate::reserve::claim::Problem;
use crate::reserve::evm::address::EvmAddress;
use crate::reserve::evm::window::events::topic;
use crate::reserve::evm::window::{Log, Place, Receipt, TokenEvents};

/// The event of ERC-20, which stands for a token whose own list is not known.
const TRANSFER: &str = "Transfer(address,address,uint256)";

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

impl Meaning {
    fn fits(&self, log: &Log) -> bool {
        log.topics.len() == self.topics && log.topics.first() == Some(&topic(&self.event))
    }
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

/// What the logs of a block say of the asked addresses, by contract. `ids` names the transactions in their order;
/// without them their places do.
pub(super) fn movements(
    height: u64,
    receipts: &[Receipt],
    ids: &[String],
    meanings: &[Meaning],
    question: &FlowQuestion<'_>,
) -> Result<BTreeMap<EvmAddress, Vec<Movement>>, FlowError> {
    let mut all: BTreeMap<EvmAddress, Vec<Movement>> = BTreeMap::new();
    for (receipt, place) in receipts.iter().zip(0_u32..) {
        for log in receipt.logs.iter().filter(|log| question.contracts.contains(&log.address)) {
            let mut fits = meanings.iter().enumerate().filter(|(_, meaning)| meaning.fits(log));
            let Some((event, (from, to, units))) = fits.find_map(|(at, meaning)| Some((at, read(log, meaning)?)))
            else {
                continue;
            };
            let concerned = |side: &Side| matches!(side, Side::Address(one) if question.addresses.contains(one));
            if units.is_zero() || !(concerned(&from) || concerned(&to)) {
                continue;
            }
            let id = usize::try_from(place).ok().and_then(|place| ids.get(place)).cloned();
            let txid = id.unwrap_or_else(|| format!("transaction {place} of block {height}"));
            let amount = amount(units, || format!("a log of {} in {txid}", log.address))?;
            let (basis, event) = (question.basis, Some(event));
            all.entry(log.address).or_default().push(Movement { height, place, txid, from, to, amount, basis, event });
        }
    }
    Ok(all)
}

/// Of a token's movements those that write balances of its code; without a list of events those of ERC-20, which are
/// only the contract's word.
pub(super) fn written(moved: &[Movement], meanings: &[Meaning], events: Option<&TokenEvents>) -> Vec<Movement> {
    let writes = |moved: &Movement| {
        let meaning = moved.event.and_then(|event| meanings.get(event));
        meaning.is_some_and(|meaning| match events {
            Some(events) => events.moves.iter().any(|one| one.event == meaning.event),
            None => meaning.event == TRANSFER,
        })
    };
    let own = moved.iter().filter(|moved| writes(moved)).cloned();
    own.map(|moved| match events {
        Some(_) => moved,
        None => Movement { basis: moved.basis.min(Basis::Stated), ..moved },
    })
    .collect()
}

/// The problem of a token whose events are not known for its code.
pub(super) fn unknown(contract: EvmAddress) -> Problem {
    let detail = format!("no list of events for its code; what its logs of {TRANSFER} say is stated");
    Problem { code: &codes::FLOW_EVENTS, subject: contract.to_string(), detail }
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
