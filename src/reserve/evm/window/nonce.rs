//! The nonce rule: an address that only its key can send from, whose nonce is the same at two blocks, sent nothing
//! between them, so its balance of the native coin never fell.

use super::error::WindowError;
use super::headers::WindowHeaders;
use super::{Floors, Rule, Stretch};
use crate::amount::Amount;
use crate::hash::Digest;
use crate::reserve::claim::ControlGrade;
use crate::reserve::evm::account_proof::{Account, NO_CODE};
use crate::reserve::evm::address::EvmAddress;

/// An address at one block, as a proof under that block's state root showed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountPoint {
    /// The block.
    pub number: u64,
    /// The address that was asked for.
    pub address: EvmAddress,
    /// Transactions sent; none by an address that the state does not have.
    pub nonce: u64,
    /// Base units of the native coin.
    pub balance: Amount,
    /// The hash of its code.
    pub code_hash: Digest,
}

impl AccountPoint {
    /// From what a proof showed: an account, or that there is none. `None` for a balance above 128 bits.
    #[must_use]
    pub fn new(number: u64, address: EvmAddress, account: Option<&Account>) -> Option<Self> {
        let Some(account) = account else {
            return Some(Self { number, address, nonce: 0, balance: Amount::ZERO, code_hash: NO_CODE });
        };
        let balance = Amount::from_base_units(u128::try_from(account.balance).ok()?);
        Some(Self { number, address, nonce: account.nonce, balance, code_hash: account.code_hash })
    }
}

/// What `points` show of `address` at every block of the window. Without the rule each point speaks of its own block
/// only. `control` is what the verifier's own check of the control proof gave.
#[must_use]
pub fn account_floors(
    window: &WindowHeaders,
    address: EvmAddress,
    control: Option<ControlGrade>,
    points: &[AccountPoint],
) -> Floors {
    let mut points: Vec<&AccountPoint> =
        points.iter().filter(|point| point.address == address && window.at(point.number).is_some()).collect();
    points.sort_by_key(|point| point.number);
    points.dedup_by_key(|point| point.number);
    let problem = rule_holds(window, control, &points).err();
    let holds = problem.is_none();
    let mut problems: Vec<WindowError> = problem.into_iter().collect();
    let mut stretches = Vec::with_capacity(points.len());
    for (at, point) in points.iter().enumerate() {
        let exact = Stretch { from: point.number, to: point.number, minimum: point.balance, reason: Rule::Proof };
        let next = points.get(at.saturating_add(1)).filter(|next| holds && next.nonce == point.nonce);
        let Some(next) = next else {
            stretches.push(exact);
            continue;
        };
        if next.balance < point.balance {
            problems.push(WindowError::Contradiction {
                from: point.number,
                first: point.balance.base_units(),
                to: next.number,
                second: next.balance.base_units(),
                rule: "the nonce is the same",
            });
            stretches.push(exact);
            continue;
        }
        let to = next.number.saturating_sub(1);
        let rule = if to > point.number { Rule::Nonce } else { Rule::Proof };
        stretches.push(Stretch { to, reason: rule, ..exact });
    }
    Floors::of(window, stretches, problems)
}

/// Chain and forks were reviewed, the key of the address signed, and it has no code wherever it was looked at: a
/// delegation (EIP-7702) that came and went in between has used up a nonce.
fn rule_holds(
    window: &WindowHeaders,
    control: Option<ControlGrade>,
    points: &[&AccountPoint],
) -> Result<(), WindowError> {
    window.reviewed()?;
    if control != Some(ControlGrade::KeySigned) {
        return Err(WindowError::Control);
    }
    match points.iter().find(|point| point.code_hash != NO_CODE) {
        Some(point) => Err(WindowError::HasCode { number: point.number, code_hash: point.code_hash }),
        None => Ok(()),
    }
}
