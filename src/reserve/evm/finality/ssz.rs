//! Merkleisation of simple serialize (SSZ), for the few containers that a light client needs.

use sha2::{Digest as _, Sha256};

/// A chunk or a root: the unit of the trees.
pub(super) type Chunk = [u8; 32];

/// SHA-256 of two chunks.
pub(super) fn node(left: &Chunk, right: &Chunk) -> Chunk {
    let mut hasher = Sha256::new();
    hasher.update(left);
    hasher.update(right);
    hasher.finalize().into()
}

/// The root over `chunks`, filled with zero chunks up to the next power of two. None gives a zero chunk.
pub(super) fn merkleize(chunks: &[Chunk]) -> Chunk {
    let mut level = chunks.to_vec();
    level.resize(chunks.len().next_power_of_two(), [0; 32]);
    while level.len() > 1 {
        level = level
            .chunks_exact(2)
            .filter_map(|pair| match pair {
                [left, right] => Some(node(left, right)),
                _ => None,
            })
            .collect();
    }
    level.first().copied().unwrap_or_default()
}

/// The root of a list with room for 2^`depth` elements, from the roots of those that it has: what is not there is zero,
/// and their number stands on the right.
pub(super) fn list(elements: &[Chunk], depth: u32) -> Chunk {
    let mut root = merkleize(elements);
    let mut zero: Chunk = [0; 32];
    for level in 0..depth {
        if level >= elements.len().next_power_of_two().ilog2() {
            root = node(&root, &zero);
        }
        zero = node(&zero, &zero);
    }
    node(&root, &uint(elements.len() as u64))
}

/// The root of a byte vector: its bytes in chunks, the last one filled with zeros.
pub(super) fn bytes(bytes: &[u8]) -> Chunk {
    let chunks: Vec<Chunk> = bytes.chunks(32).map(padded).collect();
    merkleize(&chunks)
}

/// The root of a list of at most 32 bytes: its one chunk, and its length.
pub(super) fn short_list(bytes: &[u8]) -> Chunk {
    node(&padded(bytes), &uint(bytes.len() as u64))
}

/// The chunk of an unsigned integer of 64 bits.
pub(super) fn uint(value: u64) -> Chunk {
    padded(&value.to_le_bytes())
}

/// At most 32 bytes as a chunk.
pub(super) fn padded(bytes: &[u8]) -> Chunk {
    let mut chunk = [0; 32];
    for (to, from) in chunk.iter_mut().zip(bytes) {
        *to = *from;
    }
    chunk
}

/// A place in a tree: 1 is the root, 2n and 2n + 1 are the children of n.
pub(super) type Gindex = u64;

/// How many nodes a branch from `gindex` to the root has.
pub(super) const fn depth(gindex: Gindex) -> usize {
    match gindex.checked_ilog2() {
        Some(depth) => depth as usize,
        None => 0,
    }
}

/// The root to which `leaf` at `gindex` leads through `branch`, lowest node first; `None` when the branch has another
/// length than the place asks for.
pub(super) fn root_of(leaf: &Chunk, branch: &[Chunk], gindex: Gindex) -> Option<Chunk> {
    if gindex == 0 || branch.len() != depth(gindex) {
        return None;
    }
    let mut place = gindex;
    let mut root = *leaf;
    for sibling in branch {
        root = if place % 2 == 1 { node(sibling, &root) } else { node(&root, sibling) };
        place /= 2;
    }
    Some(root)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(byte: u8) -> Chunk {
        [byte; 32]
    }

    #[test]
    fn trees_are_filled_with_zero_chunks() {
        let zero = [0; 32];
        assert_eq!(merkleize(&[]), zero);
        assert_eq!(merkleize(&[chunk(1)]), chunk(1));
        let three = node(&node(&chunk(1), &chunk(2)), &node(&chunk(3), &zero));
        assert_eq!(merkleize(&[chunk(1), chunk(2), chunk(3)]), three);
        assert_eq!(bytes(&[7; 48]), node(&[7; 32], &padded(&[7; 16])));
        assert_eq!(bytes(&[7; 32]), [7; 32]);
        assert_eq!(short_list(b""), node(&zero, &zero));
        assert_ne!(short_list(&[0]), short_list(&[0, 0]));
        assert_eq!(uint(258)[..3], [2, 1, 0]);
    }

    #[test]
    fn lists_are_as_deep_as_their_room() {
        let full = |count: u8| {
            let mut chunks: Vec<Chunk> = (1..=count).map(chunk).collect();
            chunks.resize(16, [0; 32]);
            node(&merkleize(&chunks), &uint(count.into()))
        };
        for count in 0..=16 {
            let elements: Vec<Chunk> = (1..=count).map(chunk).collect();
            assert_eq!(list(&elements, 4), full(count), "{count}");
        }
    }

    #[test]
    fn a_branch_leads_from_its_place_only() {
        let leaves: Vec<Chunk> = (1..=8).map(chunk).collect();
        let root = merkleize(&leaves);
        let pairs: Vec<Chunk> = leaves.chunks(2).map(|pair| node(&pair[0], &pair[1])).collect();
        let branch = [leaves[4], pairs[3], node(&pairs[0], &pairs[1])];
        assert_eq!(root_of(&leaves[5], &branch, 13), Some(root));
        for place in [8, 12, 14, 15] {
            assert_ne!(root_of(&leaves[5], &branch, place), Some(root), "{place}");
        }
        for (branch, place) in [(&branch[..2], 13), (&branch[..], 5), (&branch[..], 29), (&branch[..0], 0)] {
            assert_eq!(root_of(&leaves[5], branch, place), None, "{place}");
        }
        assert_eq!(root_of(&root, &[], 1), Some(root));
    }
}
