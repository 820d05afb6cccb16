//! What a window of blocks must cover, and what in it is told.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::PolicyError;
use crate::asset::ChainId;

/// More blocks than a window of years has.
const BLOCKS_MAX: u64 = 100_000_000;
/// A day of Bitcoin's blocks, and of those that Ethereum makes every twelve seconds.
const DAY: [u64; 2] = [144, 7_200];
/// What a receiver waits for before it believes a payment: six blocks on Bitcoin, two epochs on Ethereum.
const FINAL: [u64; 2] = [6, 64];

/// Of Bitcoin's chains, or of the others.
fn of_kind(chain: &ChainId, [bitcoin, evm]: [u64; 2]) -> u64 {
    if chain.namespace() == "bip122" { bitcoin } else { evm }
}

/// What a window of blocks must cover, and what in it is told. Shares are in hundredths of a percent.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WindowRules {
    /// Blocks before the cut-off block, on chains without a row of their own; a day when left out.
    pub before: Option<u64>,
    /// Blocks after the cut-off block, likewise.
    pub after: Option<u64>,
    /// Chains with lengths of their own.
    pub chain: Vec<ChainRange>,
    /// Blocks within which coins that came from somebody and went back there are a round trip.
    pub round_trip_blocks: u64,
    /// How far the two amounts of a round trip may differ.
    pub round_trip_tolerance: u64,
    /// From which share of the highest balance of the window on a flow or a round trip is told.
    pub flow_share: u64,
    /// Blocks at which the verifier had seen the signatures, or found them in a log: what is no longer there then may
    /// have been signed for by whoever got the key afterwards.
    pub seen: Vec<SeenBlock>,
}

impl Default for WindowRules {
    /// A week of Bitcoin's blocks, one percent, one percent.
    fn default() -> Self {
        Self {
            before: None,
            after: None,
            chain: Vec::new(),
            round_trip_blocks: 1_008,
            round_trip_tolerance: 100,
            flow_share: 100,
            seen: Vec::new(),
        }
    }
}

impl WindowRules {
    pub(super) fn check(&self) -> Result<(), PolicyError> {
        let limits = [
            ("before", self.before.unwrap_or(0), BLOCKS_MAX),
            ("after", self.after.unwrap_or(0), BLOCKS_MAX),
            ("round_trip_blocks", self.round_trip_blocks, BLOCKS_MAX),
            ("round_trip_tolerance, in hundredths of a percent,", self.round_trip_tolerance, 10_000),
            ("flow_share, in hundredths of a percent,", self.flow_share, 10_000),
        ];
        let own = self.chain.iter().flat_map(|row| {
            let (before, after) = (row.before.unwrap_or(0), row.after.unwrap_or(0));
            [("chain: before", before, BLOCKS_MAX), ("chain: after", after, BLOCKS_MAX)]
        });
        if let Some(twice) = self.chain.iter().enumerate().find_map(|(at, row)| {
            let before = self.chain.get(..at).unwrap_or_default();
            before.iter().any(|other| other.chain == row.chain).then_some(&row.chain)
        }) {
            return Err(PolicyError(format!("window: two rows for {twice}")));
        }
        let seen = self.seen.iter().map(|seen| ("seen: height", seen.height, u64::from(u32::MAX)));
        match limits.into_iter().chain(own).chain(seen).find(|(_, got, limit)| got > limit) {
            Some((name, got, limit)) => Err(PolicyError(format!("window: {name} {got}, expected at most {limit}"))),
            None => Ok(()),
        }
    }

    pub(super) fn departures(&self, chains: &BTreeSet<ChainId>) -> Vec<String> {
        let built_in = Self::default();
        let mut departures = Vec::new();
        let word = |stricter: bool| if stricter { "stricter" } else { "laxer" };
        self.range_departures(chains, &mut departures);
        let mut compare = |own: u64, built_in: u64, higher_is_stricter: bool, what: &str| {
            if own != built_in {
                let word = word((own > built_in) == higher_is_stricter);
                departures.push(format!("{word}: {what} {own}, built-in {built_in}"));
            }
        };
        let share = "hundredths of a percent:";
        compare(self.round_trip_blocks, built_in.round_trip_blocks, true, "blocks of a round trip:");
        compare(
            self.round_trip_tolerance,
            built_in.round_trip_tolerance,
            true,
            &format!("difference within a round trip, {share}"),
        );
        compare(self.flow_share, built_in.flow_share, false, &format!("flows are told from, {share}"));
        for seen in &self.seen {
            departures.push(format!(
                "stricter: what is on signed addresses must still be there at block {} of {}",
                seen.height, seen.chain
            ));
        }
        departures
    }

    /// Lengths other than a day, on the chains that count.
    fn range_departures(&self, chains: &BTreeSet<ChainId>, departures: &mut Vec<String>) {
        for chain in chains {
            let (own, day) = (self.demand(chain), of_kind(chain, DAY));
            for (side, own) in [("before", own.before), ("after", own.after)] {
                if own != day {
                    let word = if own > day { "stricter" } else { "laxer" };
                    departures
                        .push(format!("{word}: {own} blocks {side} the cut-off block of {chain}, built-in {day}"));
                }
            }
        }
    }

    /// How many blocks are demanded on a chain.
    #[must_use]
    pub fn demand(&self, chain: &ChainId) -> Demand {
        let row = self.chain.iter().find(|row| row.chain == *chain);
        let length = |own: Option<u64>, all: Option<u64>| own.or(all).unwrap_or_else(|| of_kind(chain, DAY));
        Demand {
            before: length(row.and_then(|row| row.before), self.before),
            after: length(row.and_then(|row| row.after), self.after),
            least: of_kind(chain, FINAL),
        }
    }
}

/// The blocks that a policy demands on one chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// Before the cut-off block.
    pub before: u64,
    /// After it.
    pub after: u64,
    /// How many of each there must be at least: what came within fewer blocks may not even be final.
    pub least: u64,
}

impl Demand {
    /// The heights that the verifier asks about; `None` when the policy asks for none.
    #[must_use]
    pub const fn range(&self, cutoff: u64) -> Option<(u64, u64)> {
        if self.before == 0 && self.after == 0 {
            return None;
        }
        Some((cutoff.saturating_sub(self.before), cutoff.saturating_add(self.after)))
    }

    /// Whether a window of this length can show anything: a shorter one is a snapshot with neighbours. A window that
    /// begins with the chain itself is as long as can be.
    #[must_use]
    pub const fn is_enough(&self, cutoff: u64) -> bool {
        let before = if self.before < cutoff { self.before >= self.least } else { true };
        before && self.after >= self.least
    }
}

/// The length of the window on one chain.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainRange {
    /// The chain.
    pub chain: ChainId,
    /// Blocks before the cut-off block.
    pub before: Option<u64>,
    /// Blocks after it.
    pub after: Option<u64>,
}

/// A block at which signatures had been seen.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenBlock {
    /// The chain.
    pub chain: ChainId,
    /// Height or number.
    pub height: u64,
}
