//! Finality of Ethereum by its sync committees, the way a light client follows it. Specification:
//! `docs/spec/evm-finality.md`.
//!
//! From a beacon block root that the policy pins, committees of 512 validators hand over to each other; each signs
//! headers that name a finalized block and the execution block in it. This is *finality (sync committee)*: less than
//! a verification of proof of stake, for a committee that signs two chains is not punished.

mod block;
mod bls;
mod error;
mod files;
mod fork;
mod ssz;
mod validator;
mod verify;

pub use block::{OpenBlock, merged, open_block};
pub use error::FinalityError;
pub use files::FILE_BYTES_MAX;
pub use validator::{FinalState, Staked, ValidatorLine, Withdrawal, staked};

use crate::asset::ChainId;
use crate::bundle::{FileSource, paths};
use crate::hash::Digest;
use crate::snapshot::BlockRef;

/// At least two thirds of a committee: 342 of 512.
pub const PARTICIPANTS_MIN: usize = 342;
/// The most updates: more than three years of periods, far beyond what a pinned root should be old.
pub const UPDATES_MAX: usize = 1024;

/// The folder of a chain's evidence of finality.
const FOLDER: &str = "finality/";

/// The files of one chain's evidence of finality, as they were received.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// `bootstrap.json`: the header at the pinned root with its committee.
    pub bootstrap: Vec<u8>,
    /// `update-NNNN.json` in the order of their names, one for each period.
    pub updates: Vec<Vec<u8>>,
    /// `finality.json`: the last finalized header; may be missing.
    pub finality: Option<Vec<u8>>,
}

impl Evidence {
    /// The evidence in a bundle; `None` when the chain has no such folder.
    ///
    /// # Errors
    /// [`FinalityError::Malformed`] for a file that has no place there, a missing bootstrap, or too many updates.
    pub fn read(chain: &ChainId, files: &dyn FileSource) -> Result<Option<Self>, FinalityError> {
        let folder = paths::chain(chain, FOLDER);
        let fail = |path: &str, detail: String| FinalityError::Malformed { path: path.to_owned(), detail };
        let mut evidence = Self::default();
        let mut bootstrap = None;
        let mut found = false;
        let mut paths = files.list()?;
        paths.retain(|path| path.starts_with(&folder));
        paths.sort_unstable();
        for path in &paths {
            found = true;
            let bytes = files.read(path)?.unwrap_or_default();
            match path.strip_prefix(&folder).unwrap_or_default() {
                "bootstrap.json" => bootstrap = Some(bytes),
                "finality.json" => evidence.finality = Some(bytes),
                name if is_update(name) => evidence.updates.push(bytes),
                _ => {
                    return Err(fail(
                        path,
                        "only bootstrap.json, update-NNNN.json and finality.json stand here".into(),
                    ));
                }
            }
            if evidence.updates.len() > UPDATES_MAX {
                return Err(fail(&folder, format!("more than {UPDATES_MAX} updates")));
            }
        }
        if !found {
            return Ok(None);
        }
        evidence.bootstrap = bootstrap.ok_or_else(|| fail(&folder, "there is no bootstrap.json".to_owned()))?;
        Ok(Some(evidence))
    }
}

fn is_update(name: &str) -> bool {
    let number = name.strip_prefix("update-").and_then(|rest| rest.strip_suffix(".json"));
    number.is_some_and(|number| number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The execution blocks that are final from `root` on, in rising order of their numbers: to the verifier they are as
/// good as pinned by hash. Root and chain are the verifier's.
///
/// # Errors
/// [`FinalityError`]; nothing is taken from evidence of which one piece is wrong.
pub fn anchors(chain: &ChainId, root: &Digest, evidence: &Evidence) -> Result<Vec<BlockRef>, FinalityError> {
    follow(chain, root, evidence).map(|shown| shown.blocks)
}

/// What is final from a pinned root on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Final {
    /// Execution blocks, in rising order of their numbers.
    pub blocks: Vec<BlockRef>,
    /// Beacon states, in rising order of their slots: balances of validators hang on them.
    pub states: Vec<FinalState>,
}

/// Like [`anchors`], with the beacon states.
///
/// # Errors
/// [`FinalityError`].
pub fn follow(chain: &ChainId, root: &Digest, evidence: &Evidence) -> Result<Final, FinalityError> {
    verify::follow(chain, root, evidence, bls::CHECK)
}

/// The root of the beacon block that a `bootstrap.json` is of: what a verifier compares with other sources, and pins.
/// Nothing else in the file is checked.
///
/// # Errors
/// [`FinalityError::Malformed`].
pub fn bootstrap_root(file: &[u8]) -> Result<Digest, FinalityError> {
    let bootstrap = files::read::<files::Bootstrap>("bootstrap.json", file)?;
    Ok(Digest::from_bytes(bootstrap.data.header.beacon.root()))
}

/// What is final by the evidence of a bundle: nothing without evidence, and evidence without a pinned root cannot be
/// judged. Nothing counts when a block contradicts `pins`: either the committees signed two chains, or a pin is wrong.
///
/// # Errors
/// [`FinalityError`].
pub fn final_in(
    chain: &ChainId,
    root: Option<&Digest>,
    pins: &[BlockRef],
    files: &dyn FileSource,
) -> Result<Final, FinalityError> {
    let Some(evidence) = Evidence::read(chain, files)? else { return Ok(Final::default()) };
    let root = root.ok_or_else(|| FinalityError::Unpinned { chain: chain.clone() })?;
    let shown = follow(chain, root, &evidence)?;
    let other = |pin: &&BlockRef| {
        let same = |block: &&BlockRef| block.chain == pin.chain && block.height == pin.height;
        shown.blocks.iter().find(same).is_some_and(|block| block.hash != pin.hash)
    };
    match pins.iter().find(other) {
        None => Ok(shown),
        Some(pin) => {
            let detail = format!("the final block of that number is not {pin}, which the policy pins");
            Err(FinalityError::Order { place: FOLDER.to_owned(), detail })
        }
    }
}

/// The blocks of [`final_in`].
///
/// # Errors
/// [`FinalityError`].
pub fn anchors_in(
    chain: &ChainId,
    root: Option<&Digest>,
    pins: &[BlockRef],
    files: &dyn FileSource,
) -> Result<Vec<BlockRef>, FinalityError> {
    final_in(chain, root, pins, files).map(|shown| shown.blocks)
}

#[cfg(test)]
pub(crate) mod tests;
