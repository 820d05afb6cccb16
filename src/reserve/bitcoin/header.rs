//! Block headers: links, proof of work, heights, and what a pinned block anchors.
//!
//! A height stands in no header. It is counted from a block that the verifier pins by hash and height; a block is
//! anchored when it is such a block or an ancestor of one. What lies above the highest pin is anchored only where the
//! verifier says how much must stand on a block, and only as far as every rule could be checked.

mod rules;
mod work;

use std::collections::BTreeMap;

use alloy_primitives::U256;
use bitcoin::block::Header;
use bitcoin::consensus::encode;
use bitcoin::params::Params;
use bitcoin::{BlockHash, Network};

use super::network::{genesis_hash, internal};
use crate::code::{Code, Coded, bitcoin as codes, bitcoin_chain as chain_codes};
use crate::reserve::claim::CutoffCheck;
use crate::snapshot::{BlockRef, Time};

pub use work::{WorkRule, work_of};

/// Bytes of one header.
pub const HEADER_LENGTH: usize = 80;
/// Blocks whose median time counts (BIP-113).
const MEDIAN_SPAN: usize = 11;

/// Headers that link and have their work; heights once they are placed.
#[derive(Clone, Debug)]
pub struct HeaderChain {
    network: Network,
    headers: Vec<Header>,
    hashes: Vec<BlockHash>,
    index: BTreeMap<BlockHash, usize>,
    first_height: Option<u64>,
    /// How many headers, from the first, are anchored.
    anchored: usize,
    /// The first header above the highest pin of which a rule could not be checked.
    unchecked: Option<rules::Unchecked>,
}

impl HeaderChain {
    /// Reads a file of headers, 80 bytes each, every one the successor of the one before.
    ///
    /// # Errors
    /// [`HeaderError`] for a cut file, a missing link, an impossible target, or missing work.
    pub fn parse(network: Network, bytes: &[u8]) -> Result<Self, HeaderError> {
        if !bytes.len().is_multiple_of(HEADER_LENGTH) {
            return Err(HeaderError::Length { got: bytes.len() });
        }
        let limit = Params::new(network).max_attainable_target;
        let mut chain = Self::empty(network);
        for (position, raw) in bytes.chunks_exact(HEADER_LENGTH).enumerate() {
            let header: Header = encode::deserialize(raw).map_err(|_| HeaderError::Length { got: raw.len() })?;
            if let Some(expected) = chain.hashes.last().filter(|previous| **previous != header.prev_blockhash) {
                return Err(HeaderError::Link { position, got: header.prev_blockhash, expected: *expected });
            }
            let target = header.target();
            let canonical = target.to_compact_lossy() == header.bits;
            if !canonical || target == bitcoin::Target::ZERO || target > limit {
                return Err(HeaderError::Target { position, bits: header.bits.to_consensus() });
            }
            let hash = header.block_hash();
            if !target.is_met_by(hash) {
                return Err(HeaderError::Work { position, hash });
            }
            chain.index.insert(hash, position);
            chain.hashes.push(hash);
            chain.headers.push(header);
        }
        Ok(chain)
    }

    /// No headers at all.
    #[must_use]
    pub fn empty(network: Network) -> Self {
        Self {
            network,
            headers: Vec::new(),
            hashes: Vec::new(),
            index: BTreeMap::new(),
            first_height: None,
            anchored: 0,
            unchecked: None,
        }
    }

    /// How many headers there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.headers.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.headers.is_empty()
    }

    /// Counts heights from the pinned blocks, anchors their ancestors, and checks the rules that need heights. `false`
    /// when none of the pinned blocks is here.
    ///
    /// # Errors
    /// [`HeaderError::Pins`] when two pins do not fit each other in this chain, or when the chain has another
    /// block at the height of a pin; others for a header that breaks a rule.
    pub fn anchor(&mut self, pins: &[BlockRef]) -> Result<bool, HeaderError> {
        for pin in pins {
            if let Some(position) = self.place(pin)? {
                self.anchored = self.anchored.max(position + 1);
            }
        }
        for pin in pins {
            let found = self.at_height(pin.height);
            if let Some(found) = found.filter(|found| *found != internal(pin.hash)) {
                let detail = format!("the headers have {found} at height {}, expected {}", pin.height, pin.hash);
                return Err(HeaderError::Pins { detail });
            }
        }
        if let Some(first) = self.first_height.filter(|_| self.anchored > 0) {
            self.unchecked = rules::check(self.network, &self.headers, first, self.anchored)?;
        }
        Ok(self.anchored > 0)
    }

    /// Anchors blocks above the highest pin, too: those on which enough stands. `None` when all headers above the pin
    /// could be checked, otherwise what was missing: from that header on, nothing counts.
    ///
    /// Only what stands on a block counts for it, so a branch of easy blocks from an old pin needs all of the work
    /// that the rule demands.
    pub fn confirm(&mut self, rule: &WorkRule) -> Option<String> {
        if self.anchored == 0 {
            return None;
        }
        let end = self.unchecked.as_ref().map_or(self.headers.len(), |found| found.position);
        self.anchored += work::confirmed(self.headers.get(self.anchored..end).unwrap_or_default(), rule);
        let found = self.unchecked.as_ref()?;
        let height = self.first_height?.saturating_add(found.position as u64);
        Some(format!("header {}, of height {height}: {} is not here", found.position, found.missing))
    }

    /// Hashes that all headers here took on average. `None` when the sum does not fit 256 bits.
    #[must_use]
    pub fn work(&self) -> Option<U256> {
        self.headers.iter().try_fold(U256::ZERO, |sum, header| sum.checked_add(work_of(header)))
    }

    /// The heights of the anchored blocks, when there are any.
    #[must_use]
    pub fn anchored_heights(&self) -> Option<std::ops::RangeInclusive<u64>> {
        let first = self.first_height?;
        let last = first.checked_add(self.anchored.checked_sub(1)? as u64)?;
        Some(first..=last)
    }

    /// Counts heights from a block that nobody pins: they are only as good as whoever named the block. It changes
    /// nothing where heights are known. `false` when the block is not here.
    ///
    /// # Errors
    /// [`HeaderError::Pins`] when the block has another height here.
    pub fn hint(&mut self, block: &BlockRef) -> Result<bool, HeaderError> {
        Ok(self.place(block)?.is_some())
    }

    fn place(&mut self, block: &BlockRef) -> Result<Option<usize>, HeaderError> {
        let Some(position) = self.index.get(&internal(block.hash)).copied() else { return Ok(None) };
        let first = block.height.checked_sub(position as u64);
        let first = first.ok_or_else(|| HeaderError::Pins {
            detail: format!("{block} has {position} predecessors among the headers"),
        })?;
        if let Some(known) = self.first_height.filter(|known| *known != first) {
            let height = known.saturating_add(position as u64);
            let detail = format!("{block} has height {height} in the headers, counted from another block");
            return Err(HeaderError::Pins { detail });
        }
        self.first_height = Some(first);
        Ok(Some(position))
    }

    /// The height of a block, when it is here and heights are known.
    #[must_use]
    pub fn height(&self, hash: BlockHash) -> Option<u64> {
        let position = *self.index.get(&hash)?;
        self.first_height?.checked_add(position as u64)
    }

    /// Whether the block is here.
    #[must_use]
    pub fn contains(&self, hash: BlockHash) -> bool {
        self.index.contains_key(&hash)
    }

    /// The block at a height, when it is here and heights are known.
    #[must_use]
    pub fn at_height(&self, height: u64) -> Option<BlockHash> {
        let position = usize::try_from(height.checked_sub(self.first_height?)?).ok()?;
        self.hashes.get(position).copied()
    }

    /// Whether a block is pinned, an ancestor of a pinned block, or confirmed by enough work.
    #[must_use]
    pub fn is_anchored(&self, hash: BlockHash) -> bool {
        self.index.get(&hash).is_some_and(|position| *position < self.anchored)
    }

    /// Median time past: of the block and its ten predecessors (BIP-113), in seconds since 1970. `None` when the
    /// block or one of them is not here.
    #[must_use]
    pub fn median_time(&self, hash: BlockHash) -> Option<i64> {
        self.median_at(*self.index.get(&hash)?)
    }

    fn median_at(&self, position: usize) -> Option<i64> {
        let from_genesis = self.hashes.first() == Some(&genesis_hash(self.network));
        let start = match (position + 1).checked_sub(MEDIAN_SPAN) {
            Some(start) => start,
            None if from_genesis => 0,
            None => return None,
        };
        median(self.headers.get(start..=position)?.iter().map(|header| header.time))
    }

    /// Whether `block` is the last one whose median time is at or before the cut-off: its successor's is after it.
    /// Only anchored blocks decide.
    #[must_use]
    pub fn cutoff(&self, block: &BlockRef, cutoff: Time) -> CutoffCheck {
        let unknown = |detail: String| CutoffCheck::Unknown { detail };
        let Some(position) = self.index.get(&internal(block.hash)).copied() else {
            return unknown(format!("{block} is not among the headers"));
        };
        if position >= self.anchored {
            return unknown(format!("{block} is not anchored by a pinned block"));
        }
        let Some(own) = self.median_at(position) else {
            return unknown(format!("the headers begin less than {MEDIAN_SPAN} blocks before {block}"));
        };
        if own > cutoff.unix() {
            let detail = format!("{block} has the median time {}, expected at most {cutoff}", Time::from_unix(own));
            return CutoffCheck::Violated { detail };
        }
        if position + 1 >= self.anchored {
            return unknown(format!("the successor of {block} is not anchored by a pinned block"));
        }
        match self.median_at(position + 1) {
            Some(next) if next <= cutoff.unix() => {
                let time = Time::from_unix(next);
                let detail = format!("the successor of {block} has the median time {time}, expected after {cutoff}");
                CutoffCheck::Violated { detail }
            }
            Some(_) => CutoffCheck::Holds,
            None => unknown(format!("the successor of {block} has no median time")),
        }
    }
}

/// The middle one of block times, the upper of two.
#[must_use]
pub fn median(times: impl Iterator<Item = u32>) -> Option<i64> {
    let mut times: Vec<u32> = times.collect();
    times.sort_unstable();
    times.get(times.len() / 2).map(|time| i64::from(*time))
}

/// Why headers are refused. Positions count from 0 at the first header of the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Not a whole number of headers.
    #[error("{got} bytes of headers, expected a multiple of {HEADER_LENGTH}")]
    Length {
        /// Bytes found.
        got: usize,
    },
    /// A header that follows something else.
    #[error("header {position} follows {got}, expected {expected}")]
    Link {
        /// Which header.
        position: usize,
        /// The predecessor that it names.
        got: BlockHash,
        /// The header before it.
        expected: BlockHash,
    },
    /// A target that the rule does not give.
    #[error("header {position} names the target {got:#010x}, the rule gives {expected:#010x}")]
    NextTarget {
        /// Which header.
        position: usize,
        /// The compact target that it names.
        got: u32,
        /// The compact target that follows from those before it.
        expected: u32,
    },
    /// Pins and headers do not fit.
    #[error("{detail}")]
    Pins {
        /// Which, got and expected.
        detail: String,
    },
    /// Zero, negative, not canonical, or easier than the network admits.
    #[error("header {position} names the impossible target {bits:#010x}")]
    Target {
        /// Which header.
        position: usize,
        /// The compact target.
        bits: u32,
    },
    /// Not after the median of the eleven blocks before.
    #[error("header {position} has the time {got}, expected more than the median {median} of those before it")]
    Time {
        /// Which header.
        position: usize,
        /// Its time, seconds since 1970.
        got: u32,
        /// The median.
        median: i64,
    },
    /// The first block of a period, too far before its predecessor (BIP-94).
    #[error("header {position} has the time {got}, expected at least {earliest} at the start of a period")]
    Timewarp {
        /// Which header.
        position: usize,
        /// Its time, seconds since 1970.
        got: u32,
        /// The earliest time allowed.
        earliest: i64,
    },
    /// A version that is no longer valid at its height.
    #[error("header {position} has the version {got}, expected at least {least}")]
    Version {
        /// Which header.
        position: usize,
        /// Its version.
        got: i32,
        /// The least version.
        least: i32,
    },
    /// Above its own target.
    #[error("header {position} has the hash {hash}, which is above its target")]
    Work {
        /// Which header.
        position: usize,
        /// Its hash.
        hash: BlockHash,
    },
}

impl Coded for HeaderError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Length { .. } => &codes::HEADERS_LENGTH,
            Self::Link { .. } => &codes::HEADER_LINK,
            Self::NextTarget { .. } => &chain_codes::HEADER_NEXT_TARGET,
            Self::Pins { .. } => &codes::PINS_CONTRADICT,
            Self::Target { .. } => &codes::HEADER_TARGET,
            Self::Time { .. } => &chain_codes::HEADER_TIME,
            Self::Timewarp { .. } => &chain_codes::HEADER_TIMEWARP,
            Self::Version { .. } => &chain_codes::HEADER_VERSION,
            Self::Work { .. } => &codes::HEADER_WORK,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reserve::bitcoin::network::readable;

    /// The first two headers of mainnet.
    fn first_two() -> Vec<u8> {
        let second = "010000006fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000982051fd1e4ba744bb\
                      be680e1fee14677ba1a3c3540bf7b1cdb606e857233e0e61bc6649ffff001d01e36299";
        let first = bitcoin::blockdata::constants::genesis_block(Network::Bitcoin).header;
        [encode::serialize(&first), hex::decode(second).expect("hex")].concat()
    }

    fn block(chain: &HeaderChain, position: usize, height: u64) -> BlockRef {
        let id = "bip122:000000000019d6689c085ae165831e93".parse().expect("a chain");
        BlockRef { chain: id, height, hash: readable(chain.hashes[position]) }
    }

    #[test]
    fn mainnet_begins_with_these_blocks() {
        let mut chain = HeaderChain::parse(Network::Bitcoin, &first_two()).expect("a chain");
        let second = block(&chain, 1, 1);
        assert_eq!(second.hash.to_string(), "00000000839a8e6886ab5951d76f411475428afc90947ee320161bbf18eb6048");
        assert_eq!(chain.height(chain.hashes[0]), None, "no height without a pin");
        assert_eq!(chain.anchor(std::slice::from_ref(&second)), Ok(true));
        assert_eq!(chain.height(chain.hashes[0]), Some(0));
        assert!(chain.is_anchored(chain.hashes[0]) && chain.is_anchored(chain.hashes[1]));
        assert_eq!(chain.median_time(chain.hashes[0]), Some(1_231_006_505));
        assert_eq!(chain.median_time(chain.hashes[1]), Some(1_231_469_665), "the upper of two");
        let first = block(&chain, 0, 0);
        assert_eq!(chain.cutoff(&first, Time::from_unix(1_231_469_664)), CutoffCheck::Holds);
        assert!(matches!(
            chain.cutoff(&first, Time::from_unix(1_231_469_665)),
            CutoffCheck::Violated { detail } if detail.contains("successor")
        ));
        assert!(matches!(chain.cutoff(&second, Time::from_unix(i64::MAX)), CutoffCheck::Unknown { .. }));
    }

    #[test]
    fn every_flipped_bit_of_a_pinned_chain_is_noticed() {
        let good = first_two();
        let whole = HeaderChain::parse(Network::Bitcoin, &good).expect("a chain");
        let pin = block(&whole, 1, 1);
        for at in 0..good.len() {
            for bit in 0..8 {
                let mut bytes = good.clone();
                bytes[at] ^= 1 << bit;
                let anchored = HeaderChain::parse(Network::Bitcoin, &bytes)
                    .and_then(|mut chain| chain.anchor(std::slice::from_ref(&pin)));
                assert!(matches!(anchored, Err(_) | Ok(false)), "byte {at} bit {bit}");
            }
        }
    }

    #[test]
    fn a_median_needs_eleven_headers_or_the_first_block() {
        let tail = first_two()[HEADER_LENGTH..].to_vec();
        let mut chain = HeaderChain::parse(Network::Bitcoin, &tail).expect("a chain");
        let only = block(&chain, 0, 1);
        assert_eq!(chain.anchor(std::slice::from_ref(&only)), Ok(true));
        assert_eq!(chain.median_time(chain.hashes[0]), None);
        assert!(matches!(chain.cutoff(&only, Time::from_unix(0)), CutoffCheck::Unknown { .. }));
        assert_eq!(HeaderChain::parse(Network::Regtest, &tail).expect("easier").len(), 1);
    }

    #[test]
    fn the_first_block_of_every_network_has_its_work() {
        for network in crate::reserve::bitcoin::network::NETWORKS {
            let first = bitcoin::blockdata::constants::genesis_block(network).header;
            let chain = HeaderChain::parse(network, &encode::serialize(&first)).expect("a header");
            assert_eq!(chain.median_time(first.block_hash()), Some(i64::from(first.time)));
        }
    }

    #[test]
    fn a_target_easier_than_the_networks_is_refused() {
        let regtest = bitcoin::blockdata::constants::genesis_block(Network::Regtest).header;
        let bytes = encode::serialize(&regtest);
        assert!(HeaderChain::parse(Network::Regtest, &bytes).is_ok());
        let error = HeaderChain::parse(Network::Bitcoin, &bytes).expect_err("regtest's target");
        assert_eq!(error.to_string(), "header 0 names the impossible target 0x207fffff");
    }
}
