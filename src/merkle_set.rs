//! Merkle sets: the commitment to an address set and to a bundle's files. Specification: `docs/spec/merkle-set.md`.
//!
//! The tree is `rs_merkle`'s. Its `verify` accepts surplus hashes, a wrong leaf count, indices beyond the count,
//! indices out of order and, where an index repeats, arbitrary leaves. None of that reaches it from here: the
//! indices are checked first, and the number of hashes is computed, not taken from the proof.

use std::marker::PhantomData;

use rs_merkle::{Hasher, MerkleProof, MerkleTree};

use crate::code::{Code, Coded, bundle as codes};
use crate::hash::{Digest, Tag, TaggedHasher};

/// What a set consists of; fixes the tag of its inner nodes.
pub trait SetKind: Clone {
    /// The tag of inner nodes.
    const NODE: Tag;
}

/// Addresses.
#[derive(Clone, Debug)]
pub struct AddressSetKind;

impl SetKind for AddressSetKind {
    const NODE: Tag = Tag::AddressNode;
}

/// Files of a bundle.
#[derive(Clone, Debug)]
pub struct BundleKind;

impl SetKind for BundleKind {
    const NODE: Tag = Tag::BundleNode;
}

/// `rs_merkle` calls `hash` for inner nodes only, with both children in a row; leaves come in hashed.
#[derive(Clone)]
struct NodeHasher<K>(PhantomData<K>);

impl<K: SetKind> Hasher for NodeHasher<K> {
    type Hash = [u8; 32];

    fn hash(data: &[u8]) -> [u8; 32] {
        TaggedHasher::new(K::NODE).rest(data).finish().to_bytes()
    }
}

/// The root over leaf hashes in their order; `None` for an empty set.
#[must_use]
pub fn root<K: SetKind>(leaves: &[Digest]) -> Option<Digest> {
    let leaves: Vec<[u8; 32]> = leaves.iter().map(|leaf| leaf.to_bytes()).collect();
    MerkleTree::<NodeHasher<K>>::from_leaves(&leaves).root().map(Digest::from_bytes)
}

/// A disclosure of some leaves of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubsetProof {
    /// Positions of the leaves shown.
    pub indices: Vec<u64>,
    /// Their hashes, in the same order.
    pub leaves: Vec<Digest>,
    /// The hashes of what is not shown, in `rs_merkle`'s order: level by level, left to right.
    pub hashes: Vec<Digest>,
}

/// Why a disclosure is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubsetError {
    /// An index is out of order, repeated, or not below the count.
    #[error("index {got} at position {position}: indices are strictly increasing and below {count}")]
    Indices {
        /// The index.
        got: u64,
        /// Where in the list.
        position: usize,
        /// Leaves in the set.
        count: u64,
    },
    /// Not as many leaves as indices, or none.
    #[error("{leaves} leaves for {indices} indices, expected as many and at least one")]
    Leaves {
        /// Leaves shown.
        leaves: usize,
        /// Indices shown.
        indices: usize,
    },
    /// The number of hashes does not follow from indices and count.
    #[error("{got} hashes, expected {expected}")]
    Length {
        /// Hashes found.
        got: usize,
        /// Hashes required.
        expected: usize,
    },
    /// The hashes lead elsewhere.
    #[error("the leaves do not lead to the committed root {root}")]
    Root {
        /// The committed root.
        root: Digest,
    },
}

impl Coded for SubsetError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Indices { .. } | Self::Leaves { .. } => &codes::SUBSET_INDICES,
            Self::Length { .. } => &codes::SUBSET_LENGTH,
            Self::Root { .. } => &codes::SUBSET_ROOT,
        }
    }
}

/// Shows that `proof.leaves` stand at `proof.indices` in the set of `count` leaves under `root`. Root and count
/// come from what the verifier trusts, never from the disclosure.
///
/// # Errors
/// [`SubsetError`].
pub fn verify_subset<K: SetKind>(root: Digest, count: u64, proof: &SubsetProof) -> Result<(), SubsetError> {
    let mut lowest = 0;
    for (position, &got) in proof.indices.iter().enumerate() {
        if got < lowest || got >= count {
            return Err(SubsetError::Indices { got, position, count });
        }
        lowest = got.saturating_add(1);
    }
    let (leaves, indices) = (proof.leaves.len(), proof.indices.len());
    if leaves != indices || indices == 0 {
        return Err(SubsetError::Leaves { leaves, indices });
    }
    let expected = hashes_required(&proof.indices, count);
    if proof.hashes.len() != expected {
        return Err(SubsetError::Length { got: proof.hashes.len(), expected });
    }
    let as_usize = |value: u64| usize::try_from(value).map_err(|_| SubsetError::Root { root });
    let indices = proof.indices.iter().map(|&index| as_usize(index)).collect::<Result<Vec<_>, _>>()?;
    let leaves: Vec<[u8; 32]> = proof.leaves.iter().map(|leaf| leaf.to_bytes()).collect();
    let hashes = proof.hashes.iter().map(|hash| hash.to_bytes()).collect();
    let inner = MerkleProof::<NodeHasher<K>>::new(hashes);
    if inner.verify(root.to_bytes(), &indices, &leaves, as_usize(count)?) {
        Ok(())
    } else {
        Err(SubsetError::Root { root })
    }
}

/// A disclosure of the leaves at `indices`, which are strictly increasing and within `leaves`.
///
/// # Errors
/// [`SubsetError::Indices`] otherwise.
pub fn prove_subset<K: SetKind>(leaves: &[Digest], indices: &[u64]) -> Result<SubsetProof, SubsetError> {
    let count = leaves.len() as u64;
    let mut shown = Vec::with_capacity(indices.len());
    let mut positions = Vec::with_capacity(indices.len());
    for (position, &got) in indices.iter().enumerate() {
        let previous = position.checked_sub(1).and_then(|before| indices.get(before));
        let place = usize::try_from(got).ok().filter(|_| previous.is_none_or(|&before| before < got));
        match place.and_then(|place| Some((place, *leaves.get(place)?))) {
            Some((place, leaf)) => {
                shown.push(leaf);
                positions.push(place);
            }
            None => return Err(SubsetError::Indices { got, position, count }),
        }
    }
    let raw: Vec<[u8; 32]> = leaves.iter().map(|leaf| leaf.to_bytes()).collect();
    let proof = MerkleTree::<NodeHasher<K>>::from_leaves(&raw).proof(&positions);
    let hashes = proof.proof_hashes().iter().copied().map(Digest::from_bytes).collect();
    Ok(SubsetProof { indices: indices.to_vec(), leaves: shown, hashes })
}

/// How many hashes a disclosure of `indices` (strictly increasing, below `count`) has: at every level, the
/// siblings that exist and are not themselves known.
fn hashes_required(indices: &[u64], count: u64) -> usize {
    let (mut known, mut width, mut required) = (indices.to_vec(), count, 0_usize);
    while width > 1 {
        required +=
            known.iter().filter(|&&index| index ^ 1 < width && known.binary_search(&(index ^ 1)).is_err()).count();
        known = known.iter().map(|index| index / 2).collect();
        known.dedup();
        width = width.div_ceil(2);
    }
    required
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(count: u64) -> Vec<Digest> {
        (0..count).map(|index| TaggedHasher::new(Tag::Address).fixed(&index.to_be_bytes()).finish()).collect()
    }

    #[test]
    fn every_small_subset_is_proved() {
        for count in 1..=9_u64 {
            let set = leaves(count);
            let root = root::<AddressSetKind>(&set).expect("not empty");
            for mask in 1..1_u64 << count {
                let indices: Vec<u64> = (0..count).filter(|index| mask >> index & 1 == 1).collect();
                let proof = prove_subset::<AddressSetKind>(&set, &indices).expect("good indices");
                assert_eq!(proof.hashes.len(), hashes_required(&indices, count));
                assert_eq!(verify_subset::<AddressSetKind>(root, count, &proof), Ok(()), "{count} {indices:?}");
            }
        }
    }
}
