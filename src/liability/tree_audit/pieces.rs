//! Whether the pieces of every balance are all there and say the same, without looking for any of them.
//!
//! Each piece gives a fingerprint of what all pieces of its balance must say. The fingerprints of all first pieces,
//! of all second ones … must have the same sum. They depend on the root, which the leaves are shown to give and which
//! binds all of them, so that nobody can choose contents whose sums happen to fit: other contents have another root,
//! and other fingerprints.

use crate::hash::{Digest, StreamHasher};
use crate::liability::store::{StoredLeaf, StoredTree};

/// For each piece, from the first: how many there are, and the sum of their fingerprints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pieces(Vec<(u64, u128, u128)>);

impl Pieces {
    pub(super) fn of(tree: &StoredTree, leaves: &[StoredLeaf]) -> Self {
        let mut pieces = Self(vec![(0, 0, 0); tree.split().map_or(0, |split| split.keys().len())]);
        let root = tree.commitment().root;
        for leaf in leaves {
            let Some(split) = leaf.split else { continue };
            let (high, low) = halves(&fingerprint(&root, leaf));
            let sum = usize::from(split.piece.number()).checked_sub(1).and_then(|place| pieces.0.get_mut(place));
            if let Some(sum) = sum {
                *sum = (sum.0 + 1, sum.1.wrapping_add(high), sum.2.wrapping_add(low));
            }
        }
        pieces
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.0.resize(other.0.len().max(self.0.len()), (0, 0, 0));
        for (sum, more) in self.0.iter_mut().zip(&other.0) {
            *sum = (sum.0 + more.0, sum.1.wrapping_add(more.1), sum.2.wrapping_add(more.2));
        }
    }

    /// Whether every balance has all of its pieces, and they agree on account, credential, whole balance and parts.
    pub(super) fn agree(&self) -> bool {
        self.0.iter().zip(self.0.iter().skip(1)).all(|(left, right)| left == right)
    }
}

fn halves(digest: &Digest) -> (u128, u128) {
    let half = |bytes: &[u8]| bytes.first_chunk().map_or(0, |bytes| u128::from_be_bytes(*bytes));
    let (high, low) = digest.as_bytes().split_at(16);
    (half(high), half(low))
}

fn fingerprint(root: &Digest, leaf: &StoredLeaf) -> Digest {
    let mut hasher = StreamHasher::default();
    hasher.update(root.as_bytes());
    let mut text = |text: &str| {
        hasher.update(&(text.len() as u64).to_be_bytes());
        hasher.update(text.as_bytes());
    };
    text(&leaf.account);
    text(&leaf.credential);
    if let Some(split) = leaf.split {
        hasher.update(&split.whole.to_be_bytes());
    }
    for part in &leaf.parts {
        hasher.update(&(part.product.len() as u64).to_be_bytes());
        hasher.update(part.product.as_bytes());
        hasher.update(&part.amount.to_be_bytes());
    }
    hasher.finish()
}
