//! The headers of a bundle: linked, anchored, and the cut-off rule.

use serde::{Deserialize, Serialize};

use super::{EvmError, problem};
use crate::bundle::{FileSource, paths};
use crate::code::evm as codes;
use crate::hash::Digest;
use crate::reserve::claim::{ChainQuery, CutoffCheck, Problem};
use crate::reserve::evm::header::{EvmHeader, HEADER_BYTES_MAX};
use crate::reserve::evm::lines;
use crate::snapshot::{BlockRef, Time};

/// One line of `headers.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeaderLine {
    /// The RLP of the header, as lower-case hexadecimal digits.
    pub rlp: String,
}

/// Consecutive headers, each the parent of the next.
pub(in crate::reserve::evm) struct HeaderChain {
    headers: Vec<EvmHeader>,
    /// The position of the cut-off block, when its number and hash are here.
    cutoff: Option<usize>,
}

impl HeaderChain {
    pub(in crate::reserve::evm) fn read(query: &ChainQuery<'_>, files: &dyn FileSource) -> Result<Self, EvmError> {
        let path = paths::chain(query.chain, paths::EVM_HEADERS);
        let file = files.read(&path)?.unwrap_or_default();
        let mut headers: Vec<EvmHeader> = Vec::new();
        for (at, text) in lines::read::<HeaderLine>(&path, &file)?.into_iter().enumerate() {
            let line = at.saturating_add(1);
            let fail = |detail| lines::error(&path, line, detail);
            let bytes = lines::bytes(&text.rlp, HEADER_BYTES_MAX).map_err(fail)?;
            let header =
                EvmHeader::parse(&bytes).map_err(|source| EvmError::Header { path: path.clone(), line, source })?;
            if let Some(before) = headers.last() {
                check_link(before, &header, &path, line)?;
            }
            headers.push(header);
        }
        let mut chain = Self { headers, cutoff: None };
        chain.cutoff = chain
            .position(query.cutoff_block.height)
            .filter(|at| chain.headers.get(*at).is_some_and(|header| header.hash() == query.cutoff_block.hash));
        if query.cutoff_block.chain != *query.chain {
            chain.cutoff = None;
        }
        Ok(chain)
    }

    pub(in crate::reserve::evm) fn is_empty(&self) -> bool {
        self.headers.is_empty()
    }

    fn position(&self, number: u64) -> Option<usize> {
        let first = self.headers.first()?.number();
        let at = usize::try_from(number.checked_sub(first)?).ok()?;
        (at < self.headers.len()).then_some(at)
    }

    pub(in crate::reserve::evm) fn hash_at(&self, number: u64) -> Option<Digest> {
        Some(self.headers.get(self.position(number)?)?.hash())
    }

    /// The state root under which proofs are checked.
    pub(in crate::reserve::evm) fn cutoff_root(&self) -> Option<&Digest> {
        // the header was found by number and hash when it was read
        self.headers.get(self.cutoff?).map(EvmHeader::state_root)
    }

    pub(in crate::reserve::evm) fn missing_detail(&self, query: &ChainQuery<'_>) -> String {
        match (self.headers.first(), self.headers.last(), self.hash_at(query.cutoff_block.height)) {
            (_, _, Some(hash)) => format!("the header of that number has hash {hash}"),
            (Some(first), Some(last), None) => {
                format!("the headers are of blocks {} to {}", first.number(), last.number())
            }
            _ => "there are no headers".to_owned(),
        }
    }

    /// The last position that a pin covers: it and everything before it is anchored by parent hashes.
    fn last_anchored(&self, query: &ChainQuery<'_>) -> Option<usize> {
        let pins = query.pins.iter().filter(|pin| pin.chain == *query.chain);
        pins.filter(|pin| self.hash_at(pin.height) == Some(pin.hash)).filter_map(|pin| self.position(pin.height)).max()
    }

    /// The number of the last block that a pin covers.
    pub(in crate::reserve::evm) fn last_anchored_number(&self, query: &ChainQuery<'_>) -> Option<u64> {
        Some(self.headers.get(self.last_anchored(query)?)?.number())
    }

    /// Whether the cut-off block is pinned, or an ancestor of a pinned block.
    pub(in crate::reserve::evm) fn anchored(&self, query: &ChainQuery<'_>, problems: &mut Vec<Problem>) -> bool {
        for pin in query.pins.iter().filter(|pin| pin.chain == *query.chain) {
            if let Some(hash) = self.hash_at(pin.height).filter(|hash| *hash != pin.hash) {
                let detail = format!("the header of that number has hash {hash}");
                problems.push(problem(&codes::EVM_PIN_CONTRADICTED, pin, detail));
            }
        }
        let pinned = query.cutoff_block.chain == *query.chain && query.pins.contains(query.cutoff_block);
        pinned || (self.cutoff.is_some() && self.cutoff <= self.last_anchored(query))
    }

    /// The root of the beacon block that the cut-off block is in, as the anchored block after it names it. Ethereum
    /// alone is known to mean that by the field.
    pub(in crate::reserve::evm) fn beacon_root(&self, query: &ChainQuery<'_>) -> Option<Digest> {
        let next = self.cutoff?.checked_add(1)?;
        let anchored = self.last_anchored(query)? >= next;
        self.headers.get(next).filter(|_| anchored)?.beacon_root()
    }

    /// Whether the statement's block is the last one at or before the cut-off. A successor that only the bundle
    /// vouches for cannot show it: anybody can write a header with a late time on top of an early block.
    pub(in crate::reserve::evm) fn cutoff_check(&self, query: &ChainQuery<'_>, anchored: bool) -> CutoffCheck {
        let unknown = |detail: &str| CutoffCheck::Unknown { detail: detail.to_owned() };
        let Some(at) = self.cutoff else { return unknown("the header of the cut-off block is not in the evidence") };
        let Some(block) = self.headers.get(at) else { return unknown("no header") };
        let time = Time::from_unix(block.timestamp());
        if time > query.cutoff {
            let detail = format!("block {} is of {time}, after the cut-off {}", block.number(), query.cutoff);
            return CutoffCheck::Violated { detail };
        }
        let next = at.saturating_add(1);
        let Some(successor) = self.headers.get(next) else {
            return unknown("the header of the block after the cut-off block is not in the evidence");
        };
        let time = Time::from_unix(successor.timestamp());
        if time <= query.cutoff {
            let detail = format!("block {} of {time} is not after the cut-off {}", successor.number(), query.cutoff);
            return CutoffCheck::Violated { detail };
        }
        if !anchored || self.last_anchored(query) < Some(next) {
            return unknown("only the bundle vouches for the block after the cut-off block: pin it or a later one");
        }
        CutoffCheck::Holds
    }

    /// Whether a node whose tip this is can have answered about the cut-off block.
    pub(in crate::reserve::evm) fn transcript_fits(
        &self,
        query: &ChainQuery<'_>,
        tip: &BlockRef,
    ) -> Result<(), String> {
        if tip.chain != *query.chain {
            return Err(format!("its tip is on {}, expected {}", tip.chain, query.chain));
        }
        let cutoff = query.cutoff_block;
        if tip.height < cutoff.height {
            return Err(format!("its tip is before the cut-off block {}", cutoff.height));
        }
        let known = if tip.height == cutoff.height { Some(cutoff.hash) } else { None };
        let pinned = query.pins.iter().find(|pin| pin.chain == tip.chain && pin.height == tip.height);
        let linked = if self.cutoff.is_some() { self.hash_at(tip.height) } else { None };
        match known.or(pinned.map(|pin| pin.hash)).or(linked) {
            Some(hash) if hash != tip.hash => Err(format!("the block of that number has hash {hash}")),
            _ => Ok(()),
        }
    }
}

fn check_link(before: &EvmHeader, header: &EvmHeader, path: &str, line: usize) -> Result<(), EvmError> {
    let fail = |what, got: String, expected: String| {
        Err(EvmError::Unlinked { path: path.to_owned(), line, what, got, expected })
    };
    if header.parent() != before.hash() {
        return fail("the parent hash", header.parent().to_string(), before.hash().to_string());
    }
    let number = before.number().saturating_add(1);
    if header.number() != number {
        return fail("the number", header.number().to_string(), number.to_string());
    }
    if header.timestamp() < before.timestamp() {
        let expected = format!("at least {}", before.timestamp());
        return fail("the time", header.timestamp().to_string(), expected);
    }
    Ok(())
}
