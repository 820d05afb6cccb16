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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::Class;
    use crate::code::{Code, Coded as _, liability as codes};
    use crate::liability::leaf::{Nonce, Part, Piece};

    fn leaf(piece: Option<(u16, u16, u128)>, amount: u128, index: u64) -> LeafProof {
        let split = piece.map(|(number, of, whole)| Split {
            piece: Piece::new(number, of).expect("in range"),
            whole: Amount::from_base_units(whole),
        });
        let (asset, amount) = ("BTC".parse().expect("an asset"), Amount::from_base_units(amount));
        let (nonce, parts, path) = (Nonce([0; 16]), Vec::new(), Vec::new());
        LeafProof { asset, class: Class::Custody, amount, nonce, index, parts, path, split }
    }

    fn refused(leaves: &[LeafProof], code: &Code, text: &str) {
        let error = balances(leaves).err().expect("a contradiction");
        assert_eq!((error.to_string().as_str(), error.code()), (text, code));
    }

    #[test]
    fn pieces_make_one_balance() {
        let leaves = [leaf(Some((1, 2, 7)), 3, 9), leaf(Some((2, 2, 7)), 4, 0)];
        let balances = balances(&leaves).expect("two pieces");
        assert_eq!(
            balances.iter().map(|one| (one.amount.base_units(), one.leaves.len())).collect::<Vec<_>>(),
            [(7, 2)]
        );
    }

    #[test]
    fn what_is_no_balance_is_named() {
        let [first, second, third] = [(1, 3, 3, 9), (2, 3, 4, 0), (3, 3, 5, 2)]
            .map(|(number, of, amount, index)| leaf(Some((number, of, 12)), amount, index));
        let missing = "BTC (custody): 2 of 3 pieces of the balance, piece 2 is missing";
        refused(&[first.clone(), third.clone()], &codes::SPLIT_INCOMPLETE, missing);
        let mut lower = third.clone();
        lower.amount = Amount::from_base_units(4);
        let sum = "BTC (custody): the pieces add up to 11, the balance is 12";
        refused(&[first.clone(), second.clone(), lower], &codes::SPLIT_SUM, sum);
        let mut largest = third.clone();
        largest.amount = Amount::MAX;
        let sum = "BTC (custody): the pieces add up to more than 2^128 - 1, the balance is 12";
        refused(&[first.clone(), second.clone(), largest], &codes::SPLIT_SUM, sum);
        let mut beside = third.clone();
        beside.index = 9;
        let position = "BTC (custody): two pieces of the balance stand at position 9";
        refused(&[first.clone(), second.clone(), beside], &codes::SPLIT_POSITION, position);
        let number = "BTC (custody): piece 3 is one of 4 of 12, but piece 1 is one of 3 of 12";
        refused(&[first.clone(), second.clone(), leaf(Some((3, 4, 12)), 5, 2)], &codes::SPLIT_DIFFERS, number);
        let mixed = "BTC (custody): piece 1 is one of 3 of 12, but a leaf is the balance of 12";
        refused(&[leaf(None, 12, 4), first.clone(), second.clone()], &codes::SPLIT_DIFFERS, mixed);
        let mut parts = third;
        parts.parts.push(Part { product: "spot".to_owned(), amount: Amount::from_base_units(12) });
        let text = "BTC (custody): piece 3 is one of 3 of 12, and lists other parts than the first";
        refused(&[first, second, parts], &codes::SPLIT_DIFFERS, text);
    }
}
