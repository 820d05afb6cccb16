//! What the Merkle blocks of a bundle prove, and which coins their transactions make and spend.

use std::collections::{BTreeMap, BTreeSet};

use bitcoin::{BlockHash, OutPoint, ScriptBuf, Transaction, Txid};

use crate::amount::Amount;
use crate::asset::ChainId;
use crate::bundle::{FileSource, SourceError, paths};
use crate::code::bitcoin as codes;
use crate::reserve::bitcoin::header::HeaderChain;
use crate::reserve::bitcoin::merkle_proof::{BlockProof, MerkleProofError, block_proof, transaction};
use crate::reserve::bitcoin::network::internal;
use crate::reserve::claim::Problem;

/// What the file of a transaction holds, when it is there.
pub(super) type Made = Option<Result<Transaction, MerkleProofError>>;

/// What the Merkle blocks of a bundle prove.
#[derive(Default)]
pub(super) struct Proofs {
    /// Block and place of each transaction.
    pub(super) places: BTreeMap<Txid, (BlockHash, u32)>,
    pub(super) broken: BTreeMap<BlockHash, MerkleProofError>,
    /// What was wrong.
    pub(super) problems: Vec<Problem>,
}

/// A coin of an asked script, made by a transaction under an anchored block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownCoin {
    /// Height of the block that made it.
    pub height: u64,
    /// Whether a coinbase made it.
    pub coinbase: bool,
    /// Its script.
    pub script: ScriptBuf,
    /// Satoshis.
    pub amount: Amount,
}

/// A spend of any coin, by a transaction in a block among the headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownSpend {
    /// Height of the block.
    pub height: u64,
    /// Whether the block is anchored: only then is the spend proved.
    pub anchored: bool,
    /// The transaction.
    pub txid: Txid,
}

/// What the transactions of a bundle make and spend. A coin that is in both was unspent from its block on, until the
/// block before that of its spend.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Coins of the asked scripts.
    pub coins: BTreeMap<OutPoint, ShownCoin>,
    /// Spends, of these and of other coins.
    pub spends: BTreeMap<OutPoint, ShownSpend>,
    /// Transactions that a Merkle block names and that cannot be read.
    pub(super) broken: BTreeMap<Txid, MerkleProofError>,
}

/// Reads every transaction of a bundle that a Merkle block proves: the coins of `scripts` that it makes, and all that
/// it spends. The files cannot hold a spend that is not seen here.
///
/// `chain` has heights, counted from pinned blocks.
///
/// # Errors
/// [`SourceError`] when a file cannot be read.
pub fn shown(
    files: &dyn FileSource,
    id: &ChainId,
    chain: &HeaderChain,
    scripts: &BTreeSet<ScriptBuf>,
) -> Result<Shown, SourceError> {
    shown_by(files, id, chain, scripts, &proofs(files, id)?)
}

pub(super) fn shown_by(
    files: &dyn FileSource,
    id: &ChainId,
    chain: &HeaderChain,
    scripts: &BTreeSet<ScriptBuf>,
    proofs: &Proofs,
) -> Result<Shown, SourceError> {
    let mut shown = Shown::default();
    for (txid, (block, place)) in &proofs.places {
        let Some(height) = chain.height(*block) else { continue };
        let made = match made(files, id, *txid)? {
            Some(Ok(made)) => made,
            Some(Err(error)) => {
                shown.broken.insert(*txid, error);
                continue;
            }
            None => continue,
        };
        let anchored = chain.is_anchored(*block);
        for input in &made.input {
            let spend = ShownSpend { height, anchored, txid: *txid };
            shown.spends.insert(input.previous_output, spend);
        }
        for (vout, output) in (0_u32..).zip(&made.output).filter(|_| anchored) {
            if scripts.contains(&output.script_pubkey) {
                let coin = ShownCoin {
                    height,
                    coinbase: *place == 0,
                    script: output.script_pubkey.clone(),
                    amount: Amount::from_base_units(u128::from(output.value.to_sat())),
                };
                shown.coins.insert(OutPoint { txid: *txid, vout }, coin);
            }
        }
    }
    Ok(shown)
}

/// The transaction in the bundle; `None` when there is no such file.
pub(super) fn made(files: &dyn FileSource, id: &ChainId, txid: Txid) -> Result<Made, SourceError> {
    let bytes = files.read(&paths::chain(id, &paths::transaction(&txid.to_string())))?;
    Ok(bytes.map(|bytes| transaction(txid, &bytes)))
}

/// Every Merkle block in the bundle; a broken one is a problem of its own.
pub(super) fn proofs(files: &dyn FileSource, id: &ChainId) -> Result<Proofs, SourceError> {
    let folder = paths::chain(id, "");
    let mut proofs = Proofs::default();
    for path in files.list()? {
        let name = path.strip_prefix(&folder).and_then(|rest| rest.strip_prefix("merkle/"));
        let Some(block) = name.and_then(|name| name.strip_suffix(".bin")?.parse().ok()).map(internal) else {
            continue;
        };
        let bytes = files.read(&path)?.unwrap_or_default();
        match proof(files, id, block, &bytes)? {
            Ok(None) => proofs.problems.push(Problem {
                code: &codes::COINBASE_MISSING,
                subject: path,
                detail: "the block's coinbase is not in the bundle, so its Merkle block proves nothing".to_owned(),
            }),
            Ok(Some(proof)) => {
                proofs.places.extend(proof.places.into_iter().map(|(txid, place)| (txid, (block, place))));
            }
            Err(error) => {
                proofs.problems.push(Problem::from_error(path, &error));
                proofs.broken.insert(block, error);
            }
        }
    }
    Ok(proofs)
}

/// One Merkle block; `None` when the coinbase that fixes its depth is missing: then it shows nothing, for or against a
/// coin.
fn proof(
    files: &dyn FileSource,
    id: &ChainId,
    block: BlockHash,
    bytes: &[u8],
) -> Result<Result<Option<BlockProof>, MerkleProofError>, SourceError> {
    let proof = match block_proof(block, bytes) {
        Ok(proof) => proof,
        Err(error) => return Ok(Err(error)),
    };
    let coinbase = files.read(&paths::chain(id, &paths::transaction(&proof.coinbase.to_string())))?;
    Ok(match coinbase {
        None => Ok(None),
        Some(bytes) => proof.check_coinbase(&bytes).map(|()| Some(proof)),
    })
}
