//! Balances between two blocks: what few proofs and all headers show of every block of a window. Specification:
//! `docs/spec/evm-window.md`.
//!
//! Two rules spare a proof of every block. An address whose key alone can send, and whose nonce stays, sent nothing
//! (`nonce`). A block whose bloom rules out every event that writes a balance of a token wrote none (`logs`). Each
//! holds on chains and forks that were reviewed, and nowhere else.

mod bundle;
mod error;
mod events;
pub mod file;
pub mod flows;
mod headers;
mod logs;
mod nonce;
mod receipts;

pub use bundle::{Own, receipts_path, window};
pub use error::{EvmWindowError, WindowError};
pub use events::{EventList, Moves, Place, TokenEvents};
pub use headers::{BLOCKS_MAX, WindowHeader, WindowHeaders};
pub use logs::{BlockLogs, TokenPoint, may_change, may_matter, token_floors};
pub use nonce::{AccountPoint, account_floors};
pub use receipts::{Log, RECEIPTS_BYTES_MAX, Receipt, logs, receipts, receipts_root};

use crate::amount::Amount;
pub use crate::reserve::window::{Stretch, StretchReason as Rule};

/// What is shown of one address and asset in a window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Floors {
    /// In rising order, not overlapping.
    pub stretches: Vec<Stretch>,
    /// First and last block of each stretch of which nothing is shown, in rising order.
    pub gaps: Vec<(u64, u64)>,
    /// Why a rule does not hold, or what is missing.
    pub problems: Vec<WindowError>,
}

impl Floors {
    /// What was held at every block; `None` when there is a gap: then nothing is.
    #[must_use]
    pub fn minimum(&self) -> Option<Amount> {
        if self.gaps.is_empty() { self.stretches.iter().map(|stretch| stretch.minimum).min() } else { None }
    }

    /// From stretches in rising order; what they leave out of the window is a gap.
    fn of(window: &WindowHeaders, stretches: Vec<Stretch>, mut problems: Vec<WindowError>) -> Self {
        let mut gaps = Vec::new();
        let mut next = window.from();
        for stretch in &stretches {
            if stretch.from > next {
                gaps.push((next, stretch.from.saturating_sub(1)));
            }
            next = stretch.to.saturating_add(1);
        }
        if next <= window.to() {
            gaps.push((next, window.to()));
        }
        problems.extend(gaps.iter().map(|(from, to)| WindowError::Gap { from: *from, to: *to }));
        Self { stretches, gaps, problems }
    }
}

#[cfg(test)]
mod tests;
