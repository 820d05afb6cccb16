//! The beacon block that an execution block is in, and what its state says of validators that are merged.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::error::FinalityError;
use super::files::{self, Header, Hex, Uint};
use super::fork::{Fork, Network};
use super::ssz::{self, Chunk};
use super::validator::FinalState;
use crate::asset::ChainId;
use crate::hash::Digest;
use crate::json;
use crate::snapshot::BlockRef;

/// Block roots that a state keeps: those of the last 8192 slots.
const ROOTS: u64 = 8192;
const ROOTS_DEPTH: u32 = 13;
/// The most consolidations that a state has room for: 2^18.
const CONSOLIDATIONS_DEPTH: u32 = 18;
/// The longest file of consolidations accepted, in bytes: a full list has less.
pub(super) const CONSOLIDATIONS_BYTES_MAX: usize = 1 << 25;

/// `staked/block.json`: a beacon block's header with the execution header in its body. The branch hangs it on a later
/// state; it is missing where nothing hangs on one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct StakedBlock {
    header: Header,
    #[serde(default)]
    block_root_branch: Vec<Hex<32>>,
}

/// `staked/consolidations.json`: the whole list of a state, in its order.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Consolidations {
    branch: Vec<Hex<32>>,
    pending: Vec<Consolidation>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Consolidation {
    source_index: Uint,
    target_index: Uint,
}

/// Reads a beacon block: which execution block it is of, and its state. Nothing shows yet that it is of the chain, see
/// [`OpenBlock::hangs_on`].
///
/// # Errors
/// [`FinalityError`]: a file that cannot be read, another fork than that of its slot, or an execution header that does
/// not hang on it.
pub fn open_block(chain: &ChainId, path: &str, file: &[u8]) -> Result<OpenBlock, FinalityError> {
    let network = Network::of(chain)?;
    let file = files::read::<StakedBlock>(path, file)?;
    let header = &file.data.header;
    let slot = header.beacon.slot.0;
    let fork = network.named(&file.version, slot)?;
    header.check(path, fork)?;
    Ok(OpenBlock {
        execution: BlockRef {
            chain: chain.clone(),
            height: header.execution.block_number.0,
            hash: Digest::from_bytes(header.execution.block_hash.0),
        },
        root: Digest::from_bytes(header.beacon.root()),
        state: FinalState { slot, root: header.beacon.state_root.0, fork },
        branch: file.data.block_root_branch.iter().map(|node| node.0).collect(),
    })
}

/// A beacon block of which nothing shows yet that it is of the chain.
#[derive(Clone, Debug)]
pub struct OpenBlock {
    execution: BlockRef,
    root: Digest,
    state: FinalState,
    branch: Vec<Chunk>,
}

impl OpenBlock {
    /// The execution block in it.
    #[must_use]
    pub const fn execution(&self) -> &BlockRef {
        &self.execution
    }

    /// The root of the beacon block.
    #[must_use]
    pub const fn root(&self) -> Digest {
        self.root
    }

    /// Its slot.
    #[must_use]
    pub const fn slot(&self) -> u64 {
        self.state.slot
    }

    /// Its state, when the block is of the chain: its root is `root`, which the verifier knows, its state is one of
    /// `finals`, or it stands among the last block roots of one of them.
    #[must_use]
    pub fn hangs_on(&self, root: Option<Digest>, finals: &[FinalState]) -> Option<FinalState> {
        let named = root == Some(self.root);
        let is_final = || finals.contains(&self.state);
        (named || is_final() || finals.iter().any(|later| self.stands_in(later))).then_some(self.state)
    }

    fn stands_in(&self, later: &FinalState) -> bool {
        let slot = self.state.slot;
        // an older root in the same place is that of another block
        if !(slot < later.slot && later.slot.saturating_sub(slot) <= ROOTS) {
            return false;
        }
        let place = (later.fork.block_roots << ROOTS_DEPTH) | (slot % ROOTS);
        ssz::root_of(&self.root.to_bytes(), &self.branch, place) == Some(later.root)
    }
}

impl Header {
    /// The execution header hangs on the beacon header.
    pub(super) fn check(&self, place: &str, fork: &Fork) -> Result<(), FinalityError> {
        let leaf = self.execution.root(fork).ok_or_else(|| FinalityError::Malformed {
            path: place.to_owned(),
            detail: format!("the execution header has other fields than those of {}", fork.name),
        })?;
        let branch: Vec<Chunk> = self.execution_branch.iter().map(|node| node.0).collect();
        if ssz::root_of(&leaf, &branch, fork.execution).as_ref() == Some(&self.beacon.body_root.0) {
            return Ok(());
        }
        Err(FinalityError::Branch { place: place.to_owned(), what: "the execution header", nodes: branch.len() })
    }
}

/// Validators of `state` that are being merged into others. The state is the verifier's.
///
/// # Errors
/// [`FinalityError::Malformed`] for a file that cannot be read, or of a fork without such a list;
/// [`FinalityError::Branch`] when it is not the whole list of the state.
pub fn merged(state: &FinalState, path: &str, file: &[u8]) -> Result<BTreeSet<u64>, FinalityError> {
    let fail = |detail: String| FinalityError::Malformed { path: path.to_owned(), detail };
    if file.len() > CONSOLIDATIONS_BYTES_MAX {
        return Err(fail(format!("{} bytes, at most {CONSOLIDATIONS_BYTES_MAX} are accepted", file.len())));
    }
    let place = state.fork.consolidations.ok_or_else(|| fail(format!("{} knows no such list", state.fork.name)))?;
    let list: Consolidations = json::read(file).map_err(|error| fail(error.to_string()))?;
    if list.pending.len() > 1 << CONSOLIDATIONS_DEPTH {
        return Err(fail(format!("{} consolidations, a state has room for 2^18", list.pending.len())));
    }
    let root = |entry: &Consolidation| ssz::node(&ssz::uint(entry.source_index.0), &ssz::uint(entry.target_index.0));
    let roots: Vec<Chunk> = list.pending.iter().map(root).collect();
    let leaf = ssz::list(&roots, CONSOLIDATIONS_DEPTH);
    let branch: Vec<Chunk> = list.branch.iter().map(|node| node.0).collect();
    if ssz::root_of(&leaf, &branch, place) != Some(state.root) {
        let what = "the pending consolidations";
        return Err(FinalityError::Branch { place: path.to_owned(), what, nodes: branch.len() });
    }
    Ok(list.pending.iter().map(|entry| entry.source_index.0).collect())
}
