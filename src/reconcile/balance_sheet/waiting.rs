//! What of a balance sheet waits and comes back: locks that are kept from customers until they end, and what is staked.

use std::collections::BTreeMap;

use super::findings::{addresses_with, keeps, lying};
use crate::amount::{Amount, Decimals};
use crate::asset::AssetId;
use crate::code::finding as finding_codes;
use crate::policy::Policy;
use crate::publish::balance_sheet::{BalanceSheet, Due, EncumbranceKind};
use crate::reconcile::reserves::Reserves;

/// Rows of one asset, each with the bucket in which it is free.
pub(super) struct Waiting {
    /// Locked, and among what [`not_left_out`](super::findings::not_left_out) says.
    pub(super) locked: Vec<(Due, Amount)>,
    /// Staked, and nowhere among it.
    pub(super) staked: Vec<(Due, Amount)>,
}

/// Everything of one asset that waits; `None` when a sum does not fit.
///
/// What lies on an encumbered address counts nothing, lock or no lock. So it is a lock first that is left out there,
/// the earliest one before others: nothing is free again that was never among what is kept.
pub(super) fn waiting(
    policy: &Policy,
    sheet: &BalanceSheet,
    reserves: &Reserves,
    asset: &AssetId,
    decimals: Decimals,
    from: Decimals,
) -> Option<Waiting> {
    let encumbered = addresses_with(reserves, finding_codes::ENCUMBERED.number);
    let mut left_out: BTreeMap<&str, Amount> = BTreeMap::new();
    for (item, amount) in lying(policy, reserves, asset, decimals) {
        let address = item.holding.address.as_str();
        if encumbered.contains(address) {
            let sum = left_out.entry(address).or_default();
            *sum = sum.checked_add(amount?)?;
        }
    }
    let mut stated: BTreeMap<Option<&str>, Amount> = BTreeMap::new();
    let (mut locks, mut staked) = (Vec::new(), Vec::new());
    for row in sheet.encumbrances.iter().filter(|row| row.asset == *asset) {
        let (amount, address) = (row.amount.rescale(from, decimals).ok()?, row.address.as_deref());
        match row.kind {
            EncumbranceKind::Staked if address.is_some_and(|address| encumbered.contains(address)) => continue,
            EncumbranceKind::Staked => staked.push((row.due, amount)),
            EncumbranceKind::Locked => locks.push((row.due, address, amount)),
            _ => {}
        }
        if keeps(&row) {
            let sum = stated.entry(address).or_default();
            *sum = sum.checked_add(amount)?;
        }
    }
    locks.sort_by_key(|(due, _, _)| *due);
    Some(Waiting { locked: beyond(locks, left_out, &stated)?, staked })
}

/// What of the locks is not left out already: on its address, or by what no row of that address explains.
fn beyond<'a>(
    locks: Vec<(Due, Option<&'a str>, Amount)>,
    mut left_out: BTreeMap<&'a str, Amount>,
    stated: &BTreeMap<Option<&'a str>, Amount>,
) -> Option<Vec<(Due, Amount)>> {
    let mut unexplained = Amount::ZERO;
    for (address, amount) in &left_out {
        let rows = stated.get(&Some(*address)).copied().unwrap_or_default();
        unexplained = unexplained.checked_add(amount.checked_sub(rows).unwrap_or_default())?;
    }
    // rows without an address are meant first
    let anywhere = stated.get(&None).copied().unwrap_or_default();
    let mut surplus = unexplained.checked_sub(anywhere).unwrap_or_default();
    let mut rest = Vec::new();
    for (due, address, amount) in locks {
        let here = match address {
            Some(address) => left_out.get_mut(address),
            None => Some(&mut unexplained),
        };
        let kept = here.map_or(amount, |here| take(amount, here));
        rest.push((due, if address.is_some() { take(kept, &mut surplus) } else { kept }));
    }
    Some(rest)
}

/// What is left of `amount` when as much of it as possible is taken from `from`.
fn take(amount: Amount, from: &mut Amount) -> Amount {
    let taken = amount.min(*from);
    *from = from.checked_sub(taken).unwrap_or_default();
    amount.checked_sub(taken).unwrap_or_default()
}
