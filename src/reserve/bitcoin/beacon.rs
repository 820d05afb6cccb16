//! The beacon: the first block whose median time lies past a moment, so that nobody knew its hash before.
//! Specification: `docs/spec/sample.md`.

use super::header::{HeaderChain, HeaderError, WorkRule};
use super::network::{AddressError, network, readable};
use crate::asset::ChainId;
use crate::code::{Code, Coded, statement_chain as codes};
use crate::snapshot::{BlockRef, Time};

/// The chain on which a block costs what its finder could have earned.
pub const BITCOIN: &str = "bip122:000000000019d6689c085ae165831e93";

/// What the verifier asks, and what it anchors headers by.
#[derive(Clone, Copy, Debug)]
pub struct BeaconQuery<'a> {
    /// The chain of the beacon.
    pub chain: &'a ChainId,
    /// Blocks that the verifier pins.
    pub pins: &'a [BlockRef],
    /// What must stand on a block above the highest pin.
    pub work: Option<&'a WorkRule>,
    /// The moment: the beacon's median time lies past it.
    pub after: Time,
}

/// A block that nobody could know at that moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beacon {
    /// The block.
    pub block: BlockRef,
    /// Its median time past (BIP-113).
    pub median: Time,
}

/// Why there is no beacon.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BeaconError {
    /// The headers are no chain, or not that of the pins.
    #[error("{0}")]
    Header(#[from] HeaderError),
    /// No chain of Bitcoin.
    #[error("{0}")]
    Network(#[from] AddressError),
    /// The headers do not show which block it is.
    #[error("{detail}")]
    Unknown {
        /// What is missing.
        detail: String,
    },
}

impl Coded for BeaconError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Header(error) => error.code(),
            Self::Network(error) => error.code(),
            Self::Unknown { .. } => &codes::BEACON_UNKNOWN,
        }
    }
}

/// Finds the beacon among headers, 80 bytes each. Only anchored blocks count: whoever makes headers of little work
/// chooses their hashes. Median times never fall, so the first block past the moment is the one whose predecessor is
/// not.
///
/// # Errors
/// [`BeaconError`].
pub fn beacon(query: &BeaconQuery<'_>, headers: &[u8]) -> Result<Beacon, BeaconError> {
    let unknown = |detail: String| Err(BeaconError::Unknown { detail });
    let mut chain = HeaderChain::parse(network(query.chain)?, headers)?;
    let pins: Vec<BlockRef> = query.pins.iter().filter(|pin| pin.chain == *query.chain).cloned().collect();
    chain.anchor(&pins)?;
    if let Some(rule) = query.work {
        // what could not be checked is not anchored
        let _ = chain.confirm(rule);
    }
    let Some(heights) = chain.anchored_heights() else {
        return unknown(format!("none of {} headers of {} is anchored by a pinned block", chain.len(), query.chain));
    };
    let (first, last) = (*heights.start(), *heights.end());
    let mut before: Option<(u64, i64)> = None;
    for height in heights {
        let Some(hash) = chain.at_height(height) else { break };
        let Some(median) = chain.median_time(hash) else { continue };
        if median > query.after.unix() {
            if before.is_none() && height > 0 {
                let detail = format!(
                    "block {height} is the first with a known median time, {}; whether one before it lies past {}, too, \
                     is not shown",
                    Time::from_unix(median),
                    query.after
                );
                return unknown(detail);
            }
            let block = BlockRef { chain: query.chain.clone(), height, hash: readable(hash) };
            return Ok(Beacon { block, median: Time::from_unix(median) });
        }
        before = Some((height, median));
    }
    let reached = before.map_or_else(
        || "none of which has a known median time".to_owned(),
        |(height, median)| format!("block {height} has the median time {}", Time::from_unix(median)),
    );
    unknown(format!(
        "anchored are blocks {first} to {last} of {}, {reached}; none lies past {}",
        query.chain, query.after
    ))
}
