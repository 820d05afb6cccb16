//! A window: what the committed addresses held at every block of a stretch, on any chain. Specification:
//! `docs/spec/window.md`.
//!
//! A chain's verifier fills these shapes; `reconcile` reads them and knows no chain.

use std::collections::BTreeMap;

use crate::amount::Amount;
use crate::asset::DeploymentId;
use crate::basis::{Basis, Completeness};
use crate::reserve::claim::Problem;
use crate::snapshot::BlockRef;

/// What the evidence of one chain shows of the asked addresses, block by block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowEvidence {
    /// The asset on its chain.
    pub deployment: DeploymentId,
    /// Height of the first block whose end is shown; [`Self::opening`] is what was held then.
    pub from: u64,
    /// Height of the last block whose end is shown.
    pub to: u64,
    /// The block at which the node answered, at or above [`Self::to`].
    pub tip: BlockRef,
    /// What was held after block [`Self::from`].
    pub opening: Vec<Part>,
    /// What moved above [`Self::from`], up to [`Self::to`], in the order of the chain.
    pub transfers: Vec<Transfer>,
    /// Seconds since 1970 of blocks of the stretch, never falling; blocks whose time is not known are left out.
    pub times: BTreeMap<u64, i64>,
    /// Stretches of blocks, both ends included and in rising order, of which nobody says that nothing else happened.
    pub gaps: Vec<(u64, u64)>,
    /// What every listed movement rests on: the weakest of them and of the opening.
    pub authenticity: Basis,
    /// What it rests on that no movement was left out.
    pub completeness: Completeness,
    /// What was wrong or missing without making the whole unusable.
    pub problems: Vec<Problem>,
}

/// What the evidence of one chain shows of the asked addresses in stretches of blocks: at least so much, for a reason.
///
/// Chains whose balances are proved block by block have it in place of [`WindowEvidence`]: nothing is opened and
/// replayed, and between two proofs a rule may show a bound and no figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StretchEvidence {
    /// The asset on its chain.
    pub deployment: DeploymentId,
    /// Height of the first block whose end is shown.
    pub from: u64,
    /// Height of the last block whose end is shown.
    pub to: u64,
    /// The block [`Self::to`].
    pub tip: BlockRef,
    /// What each asked address held, in rising order and not overlapping; blocks in no stretch are not shown.
    pub addresses: BTreeMap<String, Vec<Stretch>>,
    /// Movements that are known, for flows and round trips. `None` when nobody looked for them: that there is none
    /// then says nothing. No bound follows from them.
    pub transfers: Option<Vec<Transfer>>,
    /// Seconds since 1970 of the blocks.
    pub times: BTreeMap<u64, i64>,
    /// What the stretches rest on.
    pub authenticity: Basis,
    /// What it rests on that no movement was left out.
    pub completeness: Completeness,
    /// What was wrong or missing without making the whole unusable.
    pub problems: Vec<Problem>,
}

/// Blocks at the end of each of which at least so much was held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Height of the first block.
    pub from: u64,
    /// Height of the last block, included.
    pub to: u64,
    /// Base units: exactly so where [`StretchReason::is_exact`], at least so otherwise.
    pub minimum: Amount,
    /// Why.
    pub reason: StretchReason,
}

/// What a stretch rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StretchReason {
    /// A proof of that very block.
    Proof,
    /// No event that writes the balance was logged.
    Logs,
    /// The key sent nothing: more may have come in.
    Nonce,
}

impl StretchReason {
    /// Whether the minimum is the balance itself.
    #[must_use]
    pub const fn is_exact(self) -> bool {
        matches!(self, Self::Proof | Self::Logs)
    }

    /// The word in reports.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Proof => "proof",
            Self::Logs => "logs",
            Self::Nonce => "nonce",
        }
    }
}

/// An amount of one address that came or went.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    /// The address, as the set has it.
    pub address: String,
    /// What cannot be counted twice: `txid:vout` on Bitcoin.
    pub id: String,
    /// Base units of the deployment.
    pub amount: Amount,
}

/// Everything that one transaction did to the asked addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Height of its block.
    pub height: u64,
    /// Its place in the block.
    pub place: u32,
    /// Its id.
    pub txid: String,
    /// What it took from asked addresses.
    pub spent: Vec<Part>,
    /// What it gave to asked addresses.
    pub received: Vec<Part>,
    /// Others who paid in.
    pub from: Vec<Party>,
    /// Others who were paid.
    pub to: Vec<Party>,
    /// Whether it really happened, there and with these amounts: proved, or stated.
    pub authenticity: Basis,
}

/// Somebody on the other side of a transfer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Party {
    /// Address; the script in hexadecimal digits where it has none; `coin txid:vout` where only the coin is known, and
    /// `new coins` for a block reward.
    pub name: String,
    /// Base units; `None` where only the coin is known.
    pub amount: Option<Amount>,
}
