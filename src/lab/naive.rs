//! Verifiers as venues have published them, each with the gap that its scenario shows. They are honest work: each
//! checks what it says that it checks. Nothing else in this program uses them.

use crate::hash::{Digest, sha256};

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

/// The path of the leaf at `index`, as the venue writes it into a proof file.
pub(super) fn plain_path(leaves: &[Digest], index: usize) -> Vec<(Side, Digest)> {
    let (mut level, mut at, mut path) = (leaves.to_vec(), index, Vec::new());
    while level.len() > 1 {
        let side = if at % 2 == 1 { Side::Left } else { Side::Right };
        let other = if at % 2 == 1 { at - 1 } else { at + 1 };
        path.extend(level.get(other).or(level.last()).map(|sibling| (side, *sibling)));
        level = level.chunks(2).filter_map(|pair| Some(plain_node(pair.first()?, pair.last()?))).collect();
        at /= 2;
    }
    path
}

/// What a plain verifier says of the leaf that it was shown at `index` of a venue's tree.
pub(super) fn plain_in(leaves: &[Digest], index: usize, shown: Digest) -> Said {
    match plain_root(leaves) {
        Some(root) => plain(shown, &plain_path(leaves, index), root),
        None => Said::no("an empty tree"),
    }
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

/// A node of a sum tree whose sums are words of 128 bits, with or without a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Its hash.
    pub(super) digest: Digest,
    /// Its sum; one below zero is its two's complement.
    pub(super) sum: u128,
}

impl Word {
    /// A customer's leaf.
    pub(super) fn leaf(account: &str, sum: u128) -> Self {
        Self { digest: sha256(&[account.as_bytes(), &sum.to_be_bytes()].concat()), sum }
    }

    /// The parent of two nodes. It binds both sums: that they are added as words is its only fault.
    pub(super) fn parent(left: &Self, right: &Self) -> Self {
        let part = |node: &Self| [node.digest.as_bytes().as_slice(), &node.sum.to_be_bytes()].concat();
        Self { digest: sha256(&[part(left), part(right)].concat()), sum: left.sum.wrapping_add(right.sum) }
    }

    /// What its verifier says of a path.
    pub(super) fn verify(self, path: &[(Side, Self)], root: Self) -> Said {
        let end = path.iter().fold(self, |node, (side, sibling)| match side {
            Side::Left => Self::parent(sibling, &node),
            Side::Right => Self::parent(&node, sibling),
        });
        if end == root {
            Said::yes(format!("the path leads to the root, and adds up to the total of {}: included", root.sum))
        } else {
            Said::no("root or total differ")
        }
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
