//! The Merkle tree of RFC 6962: hashes, roots, inclusion and consistency proofs. Sizes and lengths are exact: a proof
//! of another size, or with a hash more, is refused.

use sha2::{Digest as _, Sha256};

use super::error::LogError;
use crate::hash::Digest;

/// Hashes that a proof has at most.
pub const PATH_MAX: usize = 63;

/// The hash of an entry.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Digest {
    Digest::from_bytes(Sha256::new().chain_update([0]).chain_update(entry).finalize().into())
}

/// The hash of two subtrees.
#[must_use]
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    let hasher = Sha256::new().chain_update([1]).chain_update(left).chain_update(right);
    Digest::from_bytes(hasher.finalize().into())
}

/// Where a tree of `size` > 1 entries is split: the largest power of two below it.
fn split(size: usize) -> usize {
    1 << size.saturating_sub(1).checked_ilog2().unwrap_or(0)
}

/// The root over leaf hashes.
#[must_use]
pub fn root(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => crate::hash::sha256(&[]),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&root(left), &root(right))
        }
    }
}

/// The path of one leaf, from its sibling up; `None` when there is no such leaf.
#[must_use]
pub fn inclusion_proof(leaves: &[Digest], index: u64) -> Option<Vec<Digest>> {
    let index = usize::try_from(index).ok().filter(|index| *index < leaves.len())?;
    let mut path = Vec::new();
    climb(leaves, index, &mut path);
    Some(path)
}

fn climb(leaves: &[Digest], index: usize, path: &mut Vec<Digest>) {
    if leaves.len() < 2 {
        return;
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    match index.checked_sub(left.len()) {
        None => {
            climb(left, index, path);
            path.push(root(right));
        }
        Some(index) => {
            climb(right, index, path);
            path.push(root(left));
        }
    }
}

/// The proof that the first `old` leaves are the beginning of all of them; `None` when there are not as many.
#[must_use]
pub fn consistency_proof(leaves: &[Digest], old: u64) -> Option<Vec<Digest>> {
    let old = usize::try_from(old).ok().filter(|old| *old <= leaves.len())?;
    let mut path = Vec::new();
    if old > 0 {
        descend(leaves, old, true, &mut path);
    }
    Some(path)
}

/// SUBPROOF of RFC 6962; `known` says whether the verifier has the root of these leaves already.
fn descend(leaves: &[Digest], old: usize, known: bool, path: &mut Vec<Digest>) {
    if old == leaves.len() {
        if !known {
            path.push(root(leaves));
        }
        return;
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    match old.checked_sub(left.len()).filter(|rest| *rest > 0) {
        None => {
            descend(left, old, known, path);
            path.push(root(right));
        }
        Some(rest) => {
            descend(right, rest, false, path);
            path.push(root(left));
        }
    }
}

/// How many hashes the path of a leaf has.
#[must_use]
pub fn path_length(index: u64, size: u64) -> usize {
    let (mut index, mut last) = (index, size.saturating_sub(1));
    let mut length = 0;
    while last > 0 {
        // the last node of a level without a sibling moves up as it is
        if index != last || index & 1 == 1 {
            length += 1;
        }
        index >>= 1;
        last >>= 1;
    }
    length
}

/// The root to which a leaf's path leads.
///
/// # Errors
/// [`LogError::Proof`] for an index beyond the tree, [`LogError::PathLength`].
pub fn root_from_path(leaf: &Digest, index: u64, size: u64, path: &[Digest]) -> Result<Digest, LogError> {
    if index >= size {
        return Err(LogError::Proof(format!("is of entry {index} in a log of {size}")));
    }
    let expected = path_length(index, size);
    if path.len() != expected {
        return Err(LogError::PathLength { got: path.len(), expected });
    }
    let (mut index, mut last) = (index, size - 1);
    let mut hash = *leaf;
    let mut path = path.iter();
    while last > 0 {
        if index & 1 == 1 {
            hash = path.next().map_or(hash, |sibling| node_hash(sibling, &hash));
        } else if index != last {
            hash = path.next().map_or(hash, |sibling| node_hash(&hash, sibling));
        }
        index >>= 1;
        last >>= 1;
    }
    Ok(hash)
}

/// Checks that the tree of `old.0` leaves and root `old.1` is the beginning of the tree of `new.0` leaves and root
/// `new.1`.
///
/// # Errors
/// [`LogError::Consistency`].
pub fn verify_consistency(old: (u64, Digest), new: (u64, Digest), path: &[Digest]) -> Result<(), LogError> {
    let wrong = || LogError::Consistency { old: old.0, new: new.0 };
    let holds = |holds: bool| if holds { Ok(()) } else { Err(wrong()) };
    if old.0 > new.0 {
        return Err(wrong());
    }
    if old.0 == 0 {
        return holds(path.is_empty() && old.1 == root(&[]));
    }
    if old.0 == new.0 {
        return holds(path.is_empty() && old.1 == new.1);
    }
    let (mut index, mut last) = (old.0 - 1, new.0 - 1);
    while index & 1 == 1 {
        index >>= 1;
        last >>= 1;
    }
    let mut path = path.iter();
    // a whole subtree is the old tree itself, of which the verifier has the root
    let first = if index == 0 { Some(&old.1) } else { path.next() };
    let first = *first.ok_or_else(wrong)?;
    let (mut old_hash, mut new_hash) = (first, first);
    for sibling in path {
        if last == 0 {
            return Err(wrong());
        }
        if index & 1 == 1 || index == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            while index & 1 == 0 && index != 0 {
                index >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        index >>= 1;
        last >>= 1;
    }
    holds(last == 0 && old_hash == old.1 && new_hash == new.1)
}

#[cfg(test)]
mod tests;
