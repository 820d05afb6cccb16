//! Staked ether: a validator and its balance under a final beacon state.

use serde::{Deserialize, Serialize};

use super::error::FinalityError;
use super::fork::Fork;
use super::ssz::{self, Chunk};
use crate::amount::Amount;
use crate::hash::decode_lower;
use crate::json::uint;
use crate::reserve::evm::address::EvmAddress;

/// An epoch that has not been set.
const FAR_FUTURE: u64 = u64::MAX;
/// The most validators that a state has room for: 2^40.
const VALIDATORS_DEPTH: u32 = 40;
/// Balances stand in fours in one chunk.
const BALANCES_DEPTH: u32 = 38;
/// Base units of one unit in which the beacon chain counts.
const GWEI: u128 = 1_000_000_000;

/// A beacon state of the chain; only the walk from the pinned root and a block that hangs on the verifier's own make
/// one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FinalState {
    pub(super) slot: u64,
    pub(super) root: Chunk,
    pub(super) fork: &'static Fork,
}

impl FinalState {
    /// The slot of the block that this is the state after.
    #[must_use]
    pub const fn slot(&self) -> u64 {
        self.slot
    }

    /// Whether validators can be merged into others in this fork.
    #[must_use]
    pub const fn has_consolidations(&self) -> bool {
        self.fork.consolidations.is_some()
    }
}

/// One line of `validators.jsonl`. Bytes are lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidatorLine {
    /// Epoch of activation.
    #[serde(with = "uint")]
    pub activation_epoch: u64,
    /// Epoch from which it could be activated.
    #[serde(with = "uint")]
    pub activation_eligibility_epoch: u64,
    /// The branch of the balance, lowest node first.
    pub balance_branch: Vec<String>,
    /// The 32 bytes with the balances of four validators.
    pub balances: String,
    /// The branch of the validator, lowest node first.
    pub branch: Vec<String>,
    /// What counts for duties, in gwei.
    #[serde(with = "uint")]
    pub effective_balance: u64,
    /// Epoch of exit.
    #[serde(with = "uint")]
    pub exit_epoch: u64,
    /// Its place in the list of validators.
    #[serde(with = "uint")]
    pub index: u64,
    /// Its key, 48 bytes.
    pub pubkey: String,
    /// Whether it was slashed.
    pub slashed: bool,
    /// Epoch from which its balance is paid out.
    #[serde(with = "uint")]
    pub withdrawable_epoch: u64,
    /// Where its balance is paid to, 32 bytes.
    pub withdrawal_credentials: String,
}

/// How far a validator is from being paid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withdrawal {
    /// It has not asked to leave: its ether waits in the exit queue first.
    Staked,
    /// It leaves, and is paid out from this epoch on.
    Exiting {
        /// The epoch.
        withdrawable: u64,
    },
    /// It may be paid out.
    Withdrawable,
}

/// What a validator has, in a final state. For the liquidity of a venue it belongs to the bucket *exit queue*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Staked {
    /// The validator's index: what cannot be counted twice.
    pub index: u64,
    /// Base units of the native coin.
    pub amount: Amount,
    /// Whether it is active, or has been: before, its deposit waits in a queue.
    pub activated: bool,
    /// Whether it was slashed: it loses more until it is paid out.
    pub slashed: bool,
    /// When it can be paid out.
    pub withdrawal: Withdrawal,
}

/// Checks that `line` is of the validator `index` in `state`, whose balance is paid to `address`. State, index and
/// address are the verifier's.
///
/// # Errors
/// [`FinalityError::Branch`] and [`FinalityError::Withdrawal`]; [`FinalityError::Malformed`] for texts that cannot be
/// read, or a line of another validator.
pub fn staked(
    state: &FinalState,
    index: u64,
    address: EvmAddress,
    line: &ValidatorLine,
) -> Result<Staked, FinalityError> {
    let place = format!("validator {index} at slot {}", state.slot);
    let fail = |detail: String| FinalityError::Malformed { path: place.clone(), detail };
    if line.index != index || index.checked_ilog2().is_some_and(|bits| bits >= VALIDATORS_DEPTH) {
        return Err(fail(format!("the line is of validator {}; a state has room for 2^40", line.index)));
    }
    let credentials: Chunk = bytes(&line.withdrawal_credentials).map_err(fail)?;
    let pubkey: [u8; 48] = bytes(&line.pubkey).map_err(fail)?;
    let leaf = ssz::merkleize(&[
        ssz::bytes(&pubkey),
        credentials,
        ssz::uint(line.effective_balance),
        ssz::uint(u64::from(line.slashed)),
        ssz::uint(line.activation_eligibility_epoch),
        ssz::uint(line.activation_epoch),
        ssz::uint(line.exit_epoch),
        ssz::uint(line.withdrawable_epoch),
    ]);
    // a list is its elements on the left, and its length on the right
    let element = |field: u64, depth: u32, at: u64| (field.saturating_mul(2) << depth) | at;
    let leads = |what: &'static str, leaf: &Chunk, nodes: &[String], gindex: u64| {
        let chunks: Vec<Chunk> = nodes.iter().map(|node| bytes(node)).collect::<Result<_, _>>().map_err(fail)?;
        if ssz::root_of(leaf, &chunks, gindex).as_ref() == Some(&state.root) {
            return Ok(());
        }
        Err(FinalityError::Branch { place: place.clone(), what, nodes: nodes.len() })
    };
    leads("the validator", &leaf, &line.branch, element(state.fork.validators, VALIDATORS_DEPTH, index))?;
    let balances: Chunk = bytes(&line.balances).map_err(fail)?;
    let at = element(state.fork.balances, BALANCES_DEPTH, index / 4);
    leads("the balance", &balances, &line.balance_branch, at)?;
    check_paid(&credentials, index, address)?;
    let gwei = balances.chunks_exact(8).nth(usize::try_from(index % 4).unwrap_or_default());
    let gwei = gwei.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes);
    let epoch = state.slot / super::fork::EPOCH_SLOTS;
    let withdrawal = match line.withdrawable_epoch {
        FAR_FUTURE => Withdrawal::Staked,
        withdrawable if withdrawable > epoch => Withdrawal::Exiting { withdrawable },
        _ => Withdrawal::Withdrawable,
    };
    let amount = Amount::from_base_units(u128::from(gwei).saturating_mul(GWEI));
    Ok(Staked { index, amount, activated: line.activation_epoch <= epoch, slashed: line.slashed, withdrawal })
}

impl ValidatorLine {
    /// The address that its credentials say the balance is paid to; nothing shows yet that they are a validator's.
    /// Credentials of type 1 and 2 (compounding) are eleven zero bytes and an address; those of type 0 name a key, and
    /// nobody is paid before it has chosen an address.
    #[must_use]
    pub fn paid_to(&self) -> Option<EvmAddress> {
        paid_to(&bytes(&self.withdrawal_credentials).ok()?)
    }
}

fn paid_to(credentials: &Chunk) -> Option<EvmAddress> {
    let [kind, rest @ ..] = credentials;
    let (zeros, paid) = rest.split_at(11);
    let fits = matches!(kind, 1 | 2) && zeros.iter().all(|byte| *byte == 0);
    paid.try_into().ok().filter(|_| fits).map(EvmAddress::from_bytes)
}

fn check_paid(credentials: &Chunk, index: u64, address: EvmAddress) -> Result<(), FinalityError> {
    let got = match paid_to(credentials) {
        Some(paid) if paid == address => return Ok(()),
        Some(paid) => paid.to_string(),
        None => format!("no address, credentials {}", hex::encode(credentials)),
    };
    Err(FinalityError::Withdrawal { index, got, expected: address })
}

fn bytes<const N: usize>(text: &str) -> Result<[u8; N], String> {
    decode_lower(text).ok_or_else(|| {
        let start: String = text.chars().take(20).collect();
        format!("{start:?}…, expected {} lower-case hexadecimal digits", N.saturating_mul(2))
    })
}
