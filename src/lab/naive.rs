//! Verifiers as venues have published them, each with the gap that its scenario shows. They are honest work: each
//! checks what it says that it checks. Nothing else in this program uses them.

use crate::amount::Amount;
use crate::hash::{Digest, sha256};
use crate::reconcile::Report;

use super::scenario::Said;

/// On which side a sibling stands, as the proof file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// The sibling is the left child.
    Left,
    /// The sibling is the right child.
    Right,
}

/// A plain Merkle tree: no tags, no lengths, and the last node of an odd level is doubled.
pub(super) fn plain_root(leaves: &[Digest]) -> Option<Digest> {
    let mut level = leaves.to_vec();
    while level.len() > 1 {
        level = level.chunks(2).filter_map(|pair| Some(plain_node(pair.first()?, pair.last()?))).collect();
    }
    level.first().copied()
}

/// The parent of two nodes.
pub(super) fn plain_node(left: &Digest, right: &Digest) -> Digest {
    sha256(&[left.to_bytes(), right.to_bytes()].concat())
}

/// Where a plain proof leads. Its length and its sides come from the file.
pub(super) fn plain_fold(leaf: Digest, path: &[(Side, Digest)]) -> Digest {
    path.iter().fold(leaf, |node, (side, sibling)| match side {
        Side::Left => plain_node(sibling, &node),
        Side::Right => plain_node(&node, sibling),
    })
}

/// What a plain verifier says of a proof.
pub(super) fn plain(leaf: Digest, path: &[(Side, Digest)], root: Digest) -> Said {
    if plain_fold(leaf, path) == root {
        Said::yes("the path leads to the published root: included")
    } else {
        Said::no("the path leads elsewhere")
    }
}

/// The parent of a sum tree that hashes the sum it claims and the two digests below, and not the two sums.
pub(super) fn sum_only_node(sum: u128, left: &Digest, right: &Digest) -> Digest {
    let (sum, left, right) = (sum.to_be_bytes(), left.to_bytes(), right.to_bytes());
    sha256(&[sum.as_slice(), left.as_slice(), right.as_slice()].concat())
}

/// A sum tree with such parents: one step, from a leaf with its amount and a sibling with the sum that the file gives.
pub(super) fn sum_only(
    (leaf, amount): (Digest, u128),
    (side, sibling, sum): (Side, Digest, u128),
    (root, total): (Digest, u128),
) -> Said {
    let Some(both) = amount.checked_add(sum) else { return Said::no("the sum does not fit") };
    let node = match side {
        Side::Left => sum_only_node(both, &sibling, &leaf),
        Side::Right => sum_only_node(both, &leaf, &sibling),
    };
    if (node, both) == (root, total) {
        Said::yes(format!("the path leads to root and total ({total}): included"))
    } else {
        Said::no("root or total differ")
    }
}

/// A verifier that adds signed amounts along the path.
pub(super) fn signed_sums(leaf: i128, siblings: &[i128], total: i128) -> Said {
    match siblings.iter().try_fold(leaf, |sum, sibling| sum.checked_add(*sibling)) {
        Some(sum) if sum == total => Said::yes(format!("the amounts add up to the total of {total}: included")),
        sum => Said::no(format!("the amounts add up to {sum:?}, expected {total}")),
    }
}

/// A verifier whose sums are machine words.
pub(super) fn wrapping_sums(leaf: u128, siblings: &[u128], total: u128) -> Said {
    let sum = siblings.iter().fold(leaf, |sum, sibling| sum.wrapping_add(*sibling));
    if sum == total {
        Said::yes(format!("the amounts add up to the total of {total}: included"))
    } else {
        Said::no(format!("the amounts add up to {sum}, expected {total}"))
    }
}

/// A leaf that joins account and amount as text.
pub(super) fn joined_leaf(account: &str, amount: &str) -> Digest {
    sha256(format!("{account}{amount}").as_bytes())
}

/// A leaf that commits to one sum over all assets, in money of account.
pub(super) fn net_leaf(account: &str, net: u128) -> Digest {
    sha256(&[account.as_bytes(), &net.to_be_bytes()].concat())
}

/// A leaf without an account: whoever has its nonce and amount is in it.
pub(super) fn nameless_leaf(nonce: &[u8; 16], amount: u128) -> Digest {
    sha256(&[nonce.as_slice(), amount.to_be_bytes().as_slice()].concat())
}

/// Somebody who adds up what the evidence quotes at the cut-off block, and compares it with the total of the tree:
/// no control, no window, no other liabilities.
pub(super) fn quoted(report: &Report, asset: &str) -> Said {
    let judged = report.assets.iter().find(|judged| judged.asset.as_str() == asset);
    let Some((judged, owed)) = judged.and_then(|judged| Some((judged, judged.owed.as_ref()?.committed))) else {
        return Said::no(format!("no figures for {asset}"));
    };
    let all = [judged.held.counted, judged.held.possible].into_iter().max().unwrap_or(Amount::ZERO);
    compare(asset, all.to_readable(judged.decimals), owed.to_readable(judged.decimals), all >= owed)
}

/// The sentence of a proof of reserves that looks at one figure on each side.
pub(super) fn compare(asset: &str, held: impl std::fmt::Display, owed: impl std::fmt::Display, enough: bool) -> Said {
    let sign = if enough { "at least" } else { "less than" };
    Said { believed: enough, words: format!("holds {held} {asset}, {sign} the {owed} {asset} in the tree") }
}
