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
