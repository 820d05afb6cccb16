//! From the chain into the books: deposits that strangers made to the venue's addresses, drawn for the auditor, whose
//! customers must be found in the tree. Specification: `docs/spec/omission.md`.

use serde::Serialize;

use super::omission::{Checkers, detection};
use super::reserves::Reserves;
use super::{ReconcileError, gathered};
use crate::amount::{Amount, Decimals};
use crate::asset::{AssetId, ChainId, DeploymentId};
use crate::basis::{Basis, Completeness};
use crate::bundle::FileSource;
use crate::code::{Code, Coded, statement_chain as codes};
use crate::hash::{Digest, sha256};
use crate::json::uint;
use crate::policy::Policy;
use crate::publish::VerifiedStatement;
use crate::reserve::bitcoin::own::OwnEvidence;
use crate::reserve::window::{Transfer, WindowEvidence};
use crate::snapshot::VenueId;

/// The format's name.
pub const FORMAT: &str = "counterfoil-deposits-v1";
/// The most deposits drawn: somebody has to trace each.
pub const COUNT_MAX: u32 = 10_000;
/// What every deposit's place is a hash of begins with it.
const PREFIX: &[u8] = b"counterfoil/deposit-sample-v1";
/// What a block reward has for a sender.
const NEW_COINS: &str = "new coins";
/// Shares of the deposits that the table speaks of, in percent.
const SHARES: [u64; 4] = [10, 5, 2, 1];

/// Deposits that were drawn, and from how many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DepositSample {
    /// How probably one of so many deposits is drawn.
    pub chances: Vec<DepositChance>,
    /// The statement's digest.
    pub commitment: Digest,
    /// In the order in which they were drawn.
    pub drawn: Vec<Deposit>,
    /// [`FORMAT`].
    pub format: &'static str,
    /// What was read.
    pub ranges: Vec<DepositRange>,
    /// Deposits seen.
    #[serde(with = "uint")]
    pub seen: u64,
    /// What the draw follows from, beside the statement.
    pub seed: Digest,
    /// The statement's sequence number.
    #[serde(with = "uint")]
    pub sequence: u64,
    /// Who stated.
    pub venue: VenueId,
}

/// One payment of a stranger to an address of the venue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deposit {
    /// The venue's address.
    pub address: String,
    /// How much, in base units of the deployment.
    pub amount: Amount,
    /// The asset, by the policy.
    pub asset: AssetId,
    /// Decimals of the amount.
    pub decimals: Decimals,
    /// The asset on its chain.
    pub deployment: DeploymentId,
    /// Who paid, as far as it is known.
    pub from: Vec<String>,
    /// Its block.
    #[serde(with = "uint")]
    pub height: u64,
    /// What cannot be counted twice: `txid:vout` on Bitcoin.
    pub id: String,
    /// The transaction.
    pub txid: String,
}

/// Blocks in which deposits were looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DepositRange {
    /// What the movements rest on.
    pub authenticity: Basis,
    /// What it rests on that none is missing.
    pub completeness: Completeness,
    /// The asset on its chain.
    pub deployment: DeploymentId,
    /// The first block of which movements are listed.
    #[serde(with = "uint")]
    pub from: u64,
    /// Blocks in between of which nothing is known.
    #[serde(with = "uint")]
    pub missing: u64,
    /// The cut-off block, or the last block shown when that is lower.
    #[serde(with = "uint")]
    pub to: u64,
}

/// One row of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DepositChance {
    /// The probability that one of them is drawn, in percent, rounded down.
    pub detected: String,
    /// So many of the deposits seen are of customers who are not in the tree.
    #[serde(with = "uint")]
    pub omitted: u64,
    /// The share in percent; rounded up to whole deposits.
    #[serde(with = "uint")]
    pub percent: u64,
}

/// Why nothing was drawn.
#[derive(Debug, thiserror::Error)]
pub enum DepositsError {
    /// Bundle or statement are not what they claim to be.
    #[error(transparent)]
    Bundle(#[from] ReconcileError),
    /// No deposit was seen.
    #[error("{0}")]
    Unknown(String),
    /// Nothing can be drawn.
    #[error("{0}")]
    Question(String),
}

impl Coded for DepositsError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Bundle(error) => error.code(),
            Self::Unknown(_) => &codes::DEPOSITS_UNKNOWN,
            Self::Question(_) => &codes::SAMPLE_QUESTION,
        }
    }
}

/// Draws `count` deposits up to the cut-off, without repetition. What is drawn follows from the statement and `seed`: a
/// number of the auditor's own, or the hash of a block that came after the statement.
///
/// # Errors
/// [`DepositsError`].
pub fn deposits(
    files: &dyn FileSource,
    policy: &Policy,
    own: &dyn OwnEvidence,
    (seed, count): (Digest, u32),
) -> Result<DepositSample, DepositsError> {
    if count == 0 || count > COUNT_MAX {
        return Err(DepositsError::Question(format!("{count} deposits are to be drawn, expected 1 to {COUNT_MAX}")));
    }
    let (_, statement, reserves) = gathered(files, policy, own)?;
    let Some(statement) = statement else {
        return Err(DepositsError::Unknown("the bundle has no statement".to_owned()));
    };
    draw(&statement, policy, &reserves, (seed, count))
}

fn draw(
    statement: &VerifiedStatement,
    policy: &Policy,
    reserves: &Reserves,
    (seed, count): (Digest, u32),
) -> Result<DepositSample, DepositsError> {
    let (mut all, mut ranges) = (Vec::new(), Vec::new());
    for (chain, known) in &reserves.windows {
        let Some(evidence) = &known.evidence else { continue };
        all.extend(seen(policy, chain, evidence, known.snapshot));
        ranges.extend(range(evidence, known.snapshot));
    }
    if all.is_empty() {
        let detail = match ranges.is_empty() {
            true => "the bundle shows no window of blocks up to a cut-off block",
            false => "no stranger paid to an address of the set in the blocks that the bundle shows",
        };
        return Err(DepositsError::Unknown(detail.to_owned()));
    }
    let commitment = statement.digest();
    let total = all.len() as u64;
    let mut placed: Vec<(Digest, Deposit)> =
        all.into_iter().map(|deposit| (place(&commitment, &seed, &deposit), deposit)).collect();
    placed.sort_by(|left, right| (left.0, &left.1.id).cmp(&(right.0, &right.1.id)));
    let drawn: Vec<Deposit> = placed.into_iter().take(count as usize).map(|(_, deposit)| deposit).collect();
    let stated = statement.statement();
    Ok(DepositSample {
        chances: chances(drawn.len() as u64, total),
        commitment,
        drawn,
        format: FORMAT,
        ranges,
        seen: total,
        seed,
        sequence: stated.sequence,
        venue: stated.venue.id.clone(),
    })
}

/// SHA-256 over prefix, statement, seed, and the deposit's names, each behind a line end, which none of them has.
fn place(commitment: &Digest, seed: &Digest, deposit: &Deposit) -> Digest {
    let names = format!("{}\n{}\n{}", deposit.deployment, deposit.txid, deposit.id);
    sha256(&[PREFIX, commitment.as_ref(), seed.as_ref(), names.as_bytes()].concat())
}

/// Payments by strangers up to the cut-off block. A transaction that also takes from the venue's addresses is the
/// venue's own.
fn seen(policy: &Policy, chain: &ChainId, evidence: &WindowEvidence, snapshot: u64) -> Vec<Deposit> {
    let mapped = policy.assets().iter().find_map(|asset| {
        let deployment = asset.deployments.iter().find(|found| found.id == evidence.deployment)?;
        Some((asset.id.clone(), deployment.decimals))
    });
    let Some((asset, decimals)) = mapped.filter(|_| evidence.deployment.chain().as_ref() == Some(chain)) else {
        return Vec::new();
    };
    let mined =
        |transfer: &Transfer| !transfer.from.is_empty() && transfer.from.iter().all(|party| party.name == NEW_COINS);
    let of_strangers =
        |transfer: &&Transfer| transfer.height <= snapshot && transfer.spent.is_empty() && !mined(transfer);
    let mut deposits = Vec::new();
    for transfer in evidence.transfers.iter().filter(of_strangers) {
        for part in transfer.received.iter().filter(|part| !part.amount.is_zero()) {
            deposits.push(Deposit {
                address: part.address.clone(),
                amount: part.amount,
                asset: asset.clone(),
                decimals,
                deployment: evidence.deployment.clone(),
                from: transfer.from.iter().map(|party| party.name.clone()).collect(),
                height: transfer.height,
                id: part.id.clone(),
                txid: transfer.txid.clone(),
            });
        }
    }
    deposits
}

fn range(evidence: &WindowEvidence, snapshot: u64) -> Option<DepositRange> {
    let (from, to) = (evidence.from.checked_add(1)?, evidence.to.min(snapshot));
    if from > to {
        return None;
    }
    let inside = evidence.gaps.iter().map(|(first, last)| (*first.max(&from), *last.min(&to)));
    let missing = inside.filter(|(first, last)| first <= last);
    let missing = missing.fold(0_u64, |sum, (first, last)| sum.saturating_add(last.saturating_sub(first) + 1));
    Some(DepositRange {
        authenticity: evidence.authenticity,
        completeness: evidence.completeness,
        deployment: evidence.deployment.clone(),
        from,
        missing,
        to,
    })
}

/// By shares of the deposits seen. A row whose exact answer would be too large is left out.
fn chances(checked: u64, accounts: u64) -> Vec<DepositChance> {
    let row = |percent: &u64| {
        let omitted = u64::try_from((u128::from(accounts) * u128::from(*percent)).div_ceil(100)).ok()?;
        let detected = detection(Checkers::Drawn { checked, accounts }, omitted, 1).ok()?.percent();
        Some(DepositChance { detected, omitted, percent: *percent })
    };
    SHARES.iter().filter_map(row).collect()
}

#[cfg(test)]
mod tests;
