//! The bloom rule: where no event that writes a balance of a token can have been logged, no balance was written.

use std::rc::Rc;

use alloy_primitives::{Bloom, BloomInput};

use super::error::WindowError;
use super::events::{Place, TokenEvents, topic};
use super::headers::{WindowHeader, WindowHeaders};
use super::receipts::Log;
use super::{Floors, Rule, Stretch};
use crate::amount::Amount;
use crate::reserve::evm::address::EvmAddress;

/// What a holder has of a token at one block, as proofs of the holder's slot and of the token's code showed it: the
/// code was that of the list of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenPoint {
    /// The block.
    pub number: u64,
    /// Base units.
    pub amount: Amount,
}

/// The logs of a block as far as its receipts are in evidence: `None` without them. They were read under the header's
/// receipts root.
pub type BlockLogs = Option<Result<Rc<[Log]>, WindowError>>;

/// What a block did to one holder's balance.
enum Block {
    /// Nothing: no event of the list can have been logged.
    Quiet,
    /// It may have written it.
    Wrote(Option<WindowError>),
    /// From here on other code may answer.
    Changed(WindowError),
}

/// What `points` show of `holder` at every block of the window. `events` is the list for the token's very code;
/// `logs` gives the logs of a block, or of the
/// token alone, where the bundle has its receipts.
///
/// Between two blocks that may have written the balance it is the same, so one proof speaks of all of them. Without a
/// list, or on another chain or fork, each point speaks of its own block only.
pub fn token_floors(
    window: &WindowHeaders,
    events: Option<&TokenEvents>,
    holder: EvmAddress,
    points: &[TokenPoint],
    logs: &dyn Fn(&WindowHeader) -> BlockLogs,
) -> Floors {
    let mut points: Vec<&TokenPoint> = points.iter().filter(|point| window.at(point.number).is_some()).collect();
    points.sort_by_key(|point| point.number);
    points.dedup_by_key(|point| point.number);
    let known = window.reviewed().and_then(|()| events.ok_or(WindowError::Events));
    let events = match known {
        Ok(events) => events,
        Err(problem) => return Floors::of(window, points.into_iter().map(exact).collect(), vec![problem]),
    };
    let bits = Bits::new(events, holder);
    let mut problems = Vec::new();
    let mut stretches = Vec::new();
    let mut from = window.from();
    let mut trusted = window.to();
    // what the first block wrote does not matter: its end is what the first stretch begins with
    for header in window.iter().skip(1) {
        let before = header.number().saturating_sub(1);
        match read_block(header, (events, &bits), holder, logs) {
            Block::Quiet => {}
            Block::Wrote(problem) => {
                problems.extend(problem);
                constant(&points, from, before, &mut stretches, &mut problems);
                from = header.number();
            }
            Block::Changed(problem) => {
                problems.push(problem);
                trusted = before;
                break;
            }
        }
    }
    constant(&points, from, trusted, &mut stretches, &mut problems);
    stretches.extend(points.into_iter().filter(|point| point.number > trusted).map(exact));
    let mut floors = Floors::of(window, stretches, problems);
    let gaps = std::mem::take(&mut floors.gaps);
    // where proofs stand on both sides of it, what the bloom allowed makes no difference
    let open = |number: u64| gaps.iter().any(|(from, to)| *from <= number && number.saturating_sub(1) <= *to);
    floors.problems.retain(|problem| !matches!(problem, WindowError::ReceiptsMissing { number } if !open(*number)));
    Floors { gaps, ..floors }
}

/// A proof alone: what was held at the end of its own block.
fn exact(point: &TokenPoint) -> Stretch {
    Stretch { from: point.number, to: point.number, minimum: point.amount, reason: Rule::Proof }
}

/// One balance from block `from` to `to`: that of any proof in it. Proofs that differ refute the list of events.
fn constant(points: &[&TokenPoint], from: u64, to: u64, stretches: &mut Vec<Stretch>, problems: &mut Vec<WindowError>) {
    let mut inside = points.iter().filter(|point| (from..=to).contains(&point.number));
    let Some(first) = inside.next() else { return };
    if let Some(other) = inside.find(|point| point.amount != first.amount) {
        problems.push(WindowError::Contradiction {
            from: first.number,
            first: first.amount.base_units(),
            to: other.number,
            second: other.amount.base_units(),
            rule: "no event of the list was logged",
        });
        return;
    }
    let rule = if from == to { Rule::Proof } else { Rule::Logs };
    stretches.push(Stretch { from, to, minimum: first.amount, reason: rule });
}

/// What the bloom rules out, and where it does not, what the receipts say.
fn read_block(
    header: &WindowHeader,
    (events, bits): (&TokenEvents, &Bits),
    holder: EvmAddress,
    logs: &dyn Fn(&WindowHeader) -> BlockLogs,
) -> Block {
    if !bits.may_matter(header) {
        return Block::Quiet;
    }
    let word = holder_word(holder);
    let Some(logs) = logs(header) else {
        let problem = WindowError::ReceiptsMissing { number: header.number() };
        // an event that changes the code may be the one that the bloom allows
        return if may_change(header, events) { Block::Changed(problem) } else { Block::Wrote(Some(problem)) };
    };
    let logs = match logs {
        Ok(logs) => logs,
        Err(problem) => return Block::Changed(problem),
    };
    let own: Vec<&Log> = logs.iter().filter(|log| log.address == events.contract).collect();
    let changes = |log: &Log| events.changes.iter().find(|event| log.topics.first() == Some(&topic(event)));
    if let Some(event) = own.iter().find_map(|log| changes(log)) {
        return Block::Changed(WindowError::CodeChanged { number: header.number(), event: event.clone() });
    }
    let wrote = |log: &&Log| {
        let mut moves = events.moves.iter().filter(|moves| log.topics.first() == Some(&topic(&moves.event)));
        moves.any(|moves| moves.holders.iter().any(|place| place.names(log, &word)))
    };
    if own.iter().any(wrote) { Block::Wrote(None) } else { Block::Quiet }
}

/// Whether the bloom allows any event of the list that is about the holder or about the code.
#[must_use]
pub fn may_matter(header: &WindowHeader, events: &TokenEvents, holder: EvmAddress) -> bool {
    Bits::new(events, holder).may_matter(header)
}

/// Whether the bloom allows an event after which other code may answer.
#[must_use]
pub fn may_change(header: &WindowHeader, events: &TokenEvents) -> bool {
    let logged = |event: &String| header.may_log(&events.contract.to_bytes()) && header.may_log(&topic(event));
    events.changes.iter().any(logged)
}

/// The bits of everything that a bloom is asked about, hashed once for all blocks.
struct Bits {
    contract: Bloom,
    holder: Bloom,
    /// The topic of each event, and whether it names its holders in topics only.
    moves: Vec<(Bloom, bool)>,
    changes: Vec<Bloom>,
}

impl Bits {
    fn new(events: &TokenEvents, holder: EvmAddress) -> Self {
        let moves = events.moves.iter().map(|moves| {
            let in_topics = moves.holders.iter().all(|place| matches!(place, Place::Topic(_)));
            (bits(&topic(&moves.event)), in_topics)
        });
        Self {
            contract: bits(&events.contract.to_bytes()),
            holder: bits(&holder_word(holder)),
            moves: moves.collect(),
            changes: events.changes.iter().map(|event| bits(&topic(event))).collect(),
        }
    }

    fn may_matter(&self, header: &WindowHeader) -> bool {
        if !header.may_have(&self.contract) {
            return false;
        }
        let named = header.may_have(&self.holder);
        let moves = |(event, in_topics): &(Bloom, bool)| header.may_have(event) && (named || !in_topics);
        self.moves.iter().any(moves) || self.changes.iter().any(|event| header.may_have(event))
    }
}

fn bits(item: &[u8]) -> Bloom {
    let mut bloom = Bloom::ZERO;
    bloom.accrue(BloomInput::Raw(item));
    bloom
}

/// An address as a topic: twelve zero bytes in front.
fn holder_word(holder: EvmAddress) -> [u8; 32] {
    let mut word = [0; 32];
    for (to, from) in word.iter_mut().skip(12).zip(holder.to_bytes()) {
        *to = from;
    }
    word
}
