//! The rules that bind a header to those before it: next target, median time, version.
//!
//! What a rule needs may lie below the first header of a file: then the header is *unchecked*. That matters above the
//! highest pin only; at and below it, the hash of the pin vouches for every header.

use bitcoin::block::Header;
use bitcoin::params::Params;
use bitcoin::{CompactTarget, Network};

use super::{HeaderError, MEDIAN_SPAN, median};
use crate::reserve::bitcoin::network::genesis_hash;

/// Seconds that the first block of a period may lie before its predecessor on testnet4 (BIP-94).
const TIMEWARP_MAX: i64 = 600;

/// A header of which some rule could not be checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unchecked {
    /// Where it stands in the file, from 0.
    pub(super) position: usize,
    /// What is missing.
    pub(super) missing: &'static str,
}

/// Checks every header as far as the file reaches, and gives the first unchecked one at or above `floor`.
///
/// `first_height` is the height of the first header.
///
/// # Errors
/// [`HeaderError`] for the first header that breaks a rule, wherever it stands.
pub(super) fn check(
    network: Network,
    headers: &[Header],
    first_height: u64,
    floor: usize,
) -> Result<Option<Unchecked>, HeaderError> {
    let from_genesis = headers.first().is_some_and(|first| first.block_hash() == genesis_hash(network));
    let mut targets = Targets::new(network);
    let mut unchecked: Option<Unchecked> = None;
    for (position, header) in headers.iter().enumerate() {
        let height = first_height.saturating_add(position as u64);
        let before = headers.get(..position).unwrap_or_default();
        let mut missing = None;
        if let Some(previous) = before.last() {
            check_version(targets.params, position, height, header)?;
            check_timewarp(network, position, height, header, previous)?;
            if !check_median(position, header, before, from_genesis)? {
                missing = Some("the eleven headers before it");
            }
            match targets.next(height, header, previous, before) {
                Expected::Is(bits) if bits == header.bits => {}
                Expected::Is(expected) => {
                    return Err(HeaderError::NextTarget {
                        position,
                        got: header.bits.to_consensus(),
                        expected: expected.to_consensus(),
                    });
                }
                Expected::Unknown(what) => missing = missing.or(Some(what)),
            }
        } else if !from_genesis {
            missing = Some("the header before it");
        }
        targets.take(height, header);
        if let Some(missing) = missing.filter(|_| position >= floor && unchecked.is_none()) {
            unchecked = Some(Unchecked { position, missing });
        }
    }
    Ok(unchecked)
}

/// From the heights of BIP-34, BIP-66 and BIP-65 on, blocks of older versions are invalid. The number is signed.
fn check_version(params: &Params, position: usize, height: u64, header: &Header) -> Result<(), HeaderError> {
    let since = [(params.bip34_height, 2), (params.bip66_height, 3), (params.bip65_height, 4)];
    let least = since.into_iter().filter(|(from, _)| height >= u64::from(*from)).map(|(_, version)| version).max();
    let got = header.version.to_consensus();
    match least.filter(|least| got < *least) {
        Some(least) => Err(HeaderError::Version { position, got, least }),
        None => Ok(()),
    }
}

fn check_timewarp(
    network: Network,
    position: usize,
    height: u64,
    header: &Header,
    previous: &Header,
) -> Result<(), HeaderError> {
    let begins = height.is_multiple_of(Params::new(network).difficulty_adjustment_interval());
    let earliest = i64::from(previous.time) - TIMEWARP_MAX;
    if network == Network::Testnet4 && begins && i64::from(header.time) < earliest {
        return Err(HeaderError::Timewarp { position, got: header.time, earliest });
    }
    Ok(())
}

/// Whether the median of the eleven blocks before is known; near the first block of a chain it is that of fewer.
fn check_median(position: usize, header: &Header, before: &[Header], from_genesis: bool) -> Result<bool, HeaderError> {
    let start = position.saturating_sub(MEDIAN_SPAN);
    if position < MEDIAN_SPAN && !from_genesis {
        return Ok(false);
    }
    let span = before.get(start..).unwrap_or_default();
    match median(span.iter().map(|header| header.time)) {
        Some(median) if i64::from(header.time) <= median => {
            Err(HeaderError::Time { position, got: header.time, median })
        }
        known => Ok(known.is_some()),
    }
}

/// The target that a rule demands.
enum Expected {
    Is(CompactTarget),
    /// What is missing.
    Unknown(&'static str),
}

/// The rule for targets, carried from header to header.
struct Targets {
    network: Network,
    params: &'static Params,
    limit: CompactTarget,
    interval: u64,
    /// The last target of the period that is not an exception of a test network.
    regular: Option<CompactTarget>,
}

impl Targets {
    fn new(network: Network) -> Self {
        let params: &'static Params = network.params();
        Self {
            network,
            params,
            limit: params.max_attainable_target.to_compact_lossy(),
            interval: params.difficulty_adjustment_interval(),
            regular: None,
        }
    }

    fn take(&mut self, height: u64, header: &Header) {
        if height.is_multiple_of(self.interval) || header.bits != self.limit {
            self.regular = Some(header.bits);
        }
    }

    fn next(&self, height: u64, header: &Header, previous: &Header, before: &[Header]) -> Expected {
        if self.params.no_pow_retargeting {
            // regtest begins at the limit and stays there
            return Expected::Is(self.limit);
        }
        if height.is_multiple_of(self.interval) {
            return self.adjusted(previous, before);
        }
        if !self.params.allow_min_difficulty_blocks {
            return Expected::Is(previous.bits);
        }
        // after twenty minutes without a block, test networks accept one of the least work
        let patience = self.params.pow_target_spacing.saturating_mul(2);
        if u64::from(header.time) > u64::from(previous.time).saturating_add(patience) {
            return Expected::Is(self.limit);
        }
        match self.regular {
            Some(regular) => Expected::Is(regular),
            None => Expected::Unknown("the last block of its period with a target of its own"),
        }
    }

    /// The first target of a period: the last one's, by how long the last period took.
    fn adjusted(&self, previous: &Header, before: &[Header]) -> Expected {
        let start = usize::try_from(self.interval).ok().and_then(|interval| before.len().checked_sub(interval));
        let Some(first) = start.and_then(|start| before.get(start)) else {
            return Expected::Unknown("the first header of the period before it");
        };
        // on testnet4 the period's own target counts, not that of an exception at its end (BIP-94)
        let last = if self.network == Network::Testnet4 { first.bits } else { previous.bits };
        // a period that seems to run backwards counts as the shortest
        let timespan = u64::from(previous.time.saturating_sub(first.time));
        Expected::Is(CompactTarget::from_next_work_required(last, timespan, self.params))
    }
}

#[cfg(test)]
mod tests;
