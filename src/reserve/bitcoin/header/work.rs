//! Proof of work as a number: how many hashes a header took on average, and how many must stand on a block.

use alloy_primitives::U256;
use bitcoin::block::Header;

/// What must stand on a block above the highest pin for the block to count as anchored. Both must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkRule {
    /// Blocks, the block itself included.
    pub confirmations: u64,
    /// Hashes that these blocks took on average, as Bitcoin Core counts `chainwork`.
    pub work: U256,
}

/// Hashes that a header took on average: 2^256 / (target + 1).
#[must_use]
pub fn work_of(header: &Header) -> U256 {
    U256::from_be_bytes(header.target().to_work().to_be_bytes())
}

/// How many of `headers`, from the first, have enough on them.
pub(super) fn confirmed(headers: &[Header], rule: &WorkRule) -> usize {
    let mut sum = U256::ZERO;
    for (place, header) in headers.iter().enumerate().rev() {
        // the sum is exact up to the largest number that a rule can demand
        sum = sum.saturating_add(work_of(header));
        let count = (headers.len() - place) as u64;
        if count >= rule.confirmations && sum >= rule.work {
            return place + 1;
        }
    }
    0
}
