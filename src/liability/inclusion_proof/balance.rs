//! From the leaves of a proof to balances: one leaf each, or all pieces of a split one. What is checked here is that
//! the leaves say the same; that they are in the tree is checked one by one behind it.

use std::collections::BTreeSet;

use super::{InclusionError, LeafProof};
use crate::amount::Amount;
use crate::liability::leaf::Split;

/// The leaves of one asset and class.
#[derive(Clone, Copy)]
pub(super) struct Balance<'a> {
    /// The first of the leaves.
    pub first: &'a LeafProof,
    /// The balance: the amount of the only leaf, or the whole that all pieces name and add up to.
    pub amount: Amount,
    /// All leaves, at different positions.
    pub leaves: &'a [LeafProof],
}

/// The balances of leaves that are strictly increasing by asset, class and piece.
///
/// # Errors
/// Those of split balances.
pub(super) fn balances(leaves: &[LeafProof]) -> Result<Vec<Balance<'_>>, InclusionError> {
    let of_row = leaves.chunk_by(|left, right| left.row() == right.row());
    of_row.filter_map(|leaves| leaves.first().map(|first| balance(first, leaves))).collect()
}

fn balance<'a>(first: &'a LeafProof, leaves: &'a [LeafProof]) -> Result<Balance<'a>, InclusionError> {
    say_the_same(first, leaves)?;
    let Some(split) = first.split else { return Ok(Balance { first, amount: first.amount, leaves }) };
    at_different_positions(first, leaves)?;
    all_there(first, split, leaves)?;
    add_up(first, split, leaves)?;
    Ok(Balance { first, amount: split.whole, leaves })
}

/// The same number of pieces, the same whole and the same parts. A leaf that is the balance has no company.
fn say_the_same(first: &LeafProof, leaves: &[LeafProof]) -> Result<(), InclusionError> {
    let about = |leaf: &LeafProof| leaf.split.map(|split| (split.piece.of(), split.whole));
    let name = |leaf: &LeafProof| match leaf.split {
        None => format!("a leaf is the balance of {}", leaf.amount),
        Some(Split { piece, whole }) => format!("piece {} is one of {} of {whole}", piece.number(), piece.of()),
    };
    let detail = if let Some(other) = leaves.iter().find(|leaf| about(leaf) != about(first)) {
        format!("{}, but {}", name(other), name(first))
    } else if let Some(other) = leaves.iter().find(|leaf| leaf.parts != first.parts) {
        format!("{}, and lists other parts than the first", name(other))
    } else {
        return Ok(());
    };
    Err(InclusionError::SplitDiffers { asset: first.asset.clone(), class: first.class, detail })
}

/// Two pieces at one position could not both lead to the root, since each has a hash of its own. This says it by name.
fn at_different_positions(first: &LeafProof, leaves: &[LeafProof]) -> Result<(), InclusionError> {
    let mut seen = BTreeSet::new();
    match leaves.iter().find(|leaf| !seen.insert(leaf.index)) {
        Some(leaf) => {
            let (asset, class, index) = (first.asset.clone(), first.class, leaf.index);
            Err(InclusionError::SplitPosition { asset, class, index })
        }
        None => Ok(()),
    }
}

/// Every piece from 1 to the number that all of them name.
fn all_there(first: &LeafProof, split: Split, leaves: &[LeafProof]) -> Result<(), InclusionError> {
    let expected = split.piece.of();
    let shown: BTreeSet<u16> = leaves.iter().filter_map(|leaf| Some(leaf.split?.piece.number())).collect();
    match (1..=expected).find(|number| !shown.contains(number)) {
        Some(missing) => {
            let (asset, class, got) = (first.asset.clone(), first.class, leaves.len());
            Err(InclusionError::SplitIncomplete { asset, class, got, expected, missing })
        }
        None => Ok(()),
    }
}

fn add_up(first: &LeafProof, split: Split, leaves: &[LeafProof]) -> Result<(), InclusionError> {
    let sum = Amount::checked_sum(leaves.iter().map(|leaf| leaf.amount));
    if sum == Some(split.whole) {
        return Ok(());
    }
    let got = sum.map_or_else(|| "more than 2^128 - 1".to_owned(), |sum| sum.to_string());
    let (asset, class, expected) = (first.asset.clone(), first.class, split.whole);
    Err(InclusionError::SplitSum { asset, class, got, expected })
}
