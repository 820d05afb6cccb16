//! Merkle sum trees in the shape of RFC 9162, and compact ranges of their leaves.
//! Specification: `docs/spec/sum-tree.md`.

use crate::amount::{Amount, Decimals};
use crate::asset::{AssetId, Class};
use crate::hash::{Digest, ShortBytes, Tag, TaggedHasher};
use crate::json::uint;
use crate::liability::leaf::LeafHash;
use serde::{Deserialize, Serialize};

mod extend;
mod parents;

pub(crate) use parents::Parents;

/// A node: its digest and the sum of everything below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SumNode {
    /// Digest.
    pub digest: Digest,
    /// Sum in base units.
    pub sum: Amount,
}

/// A sum that does not fit 128 bits. It is refused, never wrapped: a smaller total would hide liabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sums {left} and {right} add up to more than 2^128 - 1")]
pub struct SumOverflow {
    /// Left child's sum.
    pub left: Amount,
    /// Right child's sum.
    pub right: Amount,
}

impl SumNode {
    /// A leaf as a node.
    #[must_use]
    pub fn leaf(hash: LeafHash, amount: Amount) -> Self {
        Self { digest: hash.digest(), sum: amount }
    }

    /// The parent of two nodes: commits to both digests and both sums.
    ///
    /// # Errors
    /// [`SumOverflow`].
    pub fn parent(left: &Self, right: &Self) -> Result<Self, SumOverflow> {
        let sum = left.sum.checked_add(right.sum).ok_or(SumOverflow { left: left.sum, right: right.sum })?;
        let digest = TaggedHasher::new(Tag::Node)
            .fixed(left.digest.as_bytes())
            .fixed(&left.sum.to_be_bytes())
            .fixed(right.digest.as_bytes())
            .fixed(&right.sum.to_be_bytes())
            .finish();
        Ok(Self { digest, sum })
    }
}

/// A contiguous range of leaves, by the roots of its maximal aligned perfect subtrees: O(log n) nodes.
///
/// Whoever builds which part, merging gives the same root. This is the unit in which threads, processes and
/// machines share a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompactRange {
    begin: u64,
    end: u64,
    /// Subtrees from left to right, with the level of each (0 is a leaf).
    subtrees: Vec<(u32, SumNode)>,
}

/// Why ranges do not merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// Gap, overlap or wrong order.
    #[error("a range that ends at leaf {end} is followed by one that begins at leaf {begin}")]
    NotAdjacent {
        /// End of the left one.
        end: u64,
        /// Begin of the right one.
        begin: u64,
    },
    /// A sum does not fit.
    #[error(transparent)]
    Overflow(#[from] SumOverflow),
}

impl CompactRange {
    /// The empty range before leaf `begin`.
    #[must_use]
    pub fn starting_at(begin: u64) -> Self {
        Self { begin, end: begin, subtrees: Vec::new() }
    }

    /// First leaf.
    #[must_use]
    pub fn begin(&self) -> u64 {
        self.begin
    }

    /// The leaf after the last.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.end
    }

    /// The roots of its subtrees from left to right, each with its level (0 is a leaf).
    #[must_use]
    pub fn subtrees(&self) -> &[(u32, SumNode)] {
        &self.subtrees
    }

    /// Adds the next leaf.
    ///
    /// # Errors
    /// [`SumOverflow`].
    pub fn append(&mut self, leaf: SumNode) -> Result<(), SumOverflow> {
        self.push(0, leaf, &mut |_, _| ())
    }

    /// Adds a perfect subtree whose begin is `self.end`, a multiple of its size, and joins siblings as long as there
    /// are any. `made` is told every node that is complete now, from the subtree's own root up.
    pub(super) fn push(
        &mut self,
        mut level: u32,
        mut node: SumNode,
        made: &mut dyn FnMut(u32, &SumNode),
    ) -> Result<(), SumOverflow> {
        self.end += 1_u64 << level;
        made(level, &node);
        while let Some(&(last_level, last)) = self.subtrees.last() {
            // two neighbours of one size are siblings when the left one begins at a multiple of both together
            let pair = 2_u64 << level;
            if last_level != level || !self.end.is_multiple_of(pair) {
                break;
            }
            self.subtrees.pop();
            node = SumNode::parent(&last, &node)?;
            level += 1;
            made(level, &node);
        }
        self.subtrees.push((level, node));
        Ok(())
    }

    /// Adds the range that begins where this one ends.
    ///
    /// # Errors
    /// [`RangeError`].
    pub fn merge(&mut self, right: &Self) -> Result<(), RangeError> {
        self.merge_each(right, &mut |_, _| ())
    }

    /// The same; `made` is told every node as in `push`.
    pub(super) fn merge_each(&mut self, right: &Self, made: &mut dyn FnMut(u32, &SumNode)) -> Result<(), RangeError> {
        if right.begin != self.end {
            return Err(RangeError::NotAdjacent { end: self.end, begin: right.begin });
        }
        for &(level, node) in &right.subtrees {
            self.push(level, node, made)?;
        }
        Ok(())
    }

    /// The root, when the range is a whole tree: begins at leaf 0 and is not empty.
    ///
    /// # Errors
    /// [`SumOverflow`].
    pub fn root(&self) -> Result<Option<SumNode>, SumOverflow> {
        if self.begin != 0 {
            return Ok(None);
        }
        let mut from_right = self.subtrees.iter().rev().map(|&(_, node)| node);
        let Some(mut root) = from_right.next() else { return Ok(None) };
        for left in from_right {
            root = SumNode::parent(&left, &root)?;
        }
        Ok(Some(root))
    }
}

/// A whole tree in memory, for proofs.
#[derive(Clone, Debug)]
pub struct SumTree {
    /// `levels[k]` holds the perfect subtrees of 2^k leaves, left to right; level 0 is the leaves.
    levels: Vec<Vec<SumNode>>,
}

impl SumTree {
    /// Builds all levels.
    ///
    /// # Errors
    /// [`SumOverflow`].
    pub fn new(leaves: Vec<SumNode>) -> Result<Self, SumOverflow> {
        let mut levels = vec![leaves];
        let mut parents = Parents::default();
        while let Some(below) = levels.last().filter(|below| below.len() > 1) {
            let mut above = Vec::with_capacity(below.len() / 2);
            parents.of(below, &mut above)?;
            levels.push(above);
        }
        Ok(Self { levels })
    }

    /// Number of leaves.
    #[must_use]
    pub fn leaf_count(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// The root; `None` when there are no leaves.
    ///
    /// # Errors
    /// [`SumOverflow`].
    pub fn root(&self) -> Result<Option<SumNode>, SumOverflow> {
        if self.leaf_count() == 0 { Ok(None) } else { subtree(self, 0, self.leaf_count()).map(Some) }
    }

    /// The siblings from leaf `index` up to the root; `None` when there is no such leaf.
    ///
    /// # Errors
    /// [`SumOverflow`].
    pub fn path(&self, index: u64) -> Result<Option<Vec<SumNode>>, SumOverflow> {
        path(self, self.leaf_count(), index)
    }
}

impl PerfectSubtrees for SumTree {
    type Error = SumOverflow;

    fn perfect(&self, level: u32, index: u64) -> Result<SumNode, SumOverflow> {
        let nodes = self.levels.get(level as usize);
        let node = usize::try_from(index).ok().and_then(|index| nodes?.get(index).copied());
        // `new` makes every perfect subtree below `leaf_count`, and nobody asks beyond
        node.ok_or(SumOverflow { left: Amount::MAX, right: Amount::MAX })
    }
}

/// Where the roots of a tree's perfect, aligned subtrees are kept: in memory, or in a store.
pub trait PerfectSubtrees {
    /// What can go wrong on the way to one.
    type Error: From<SumOverflow>;

    /// The root of leaves [index × 2^level, (index + 1) × 2^level), all of which are in the tree.
    ///
    /// # Errors
    /// [`PerfectSubtrees::Error`].
    fn perfect(&self, level: u32, index: u64) -> Result<SumNode, Self::Error>;
}

/// The root of leaves [begin, end), at least one, as they stand in a tree of RFC 9162's shape.
///
/// # Errors
/// Those of `tree`.
pub fn subtree<T: PerfectSubtrees>(tree: &T, begin: u64, end: u64) -> Result<SumNode, T::Error> {
    let size = end.saturating_sub(begin).max(1);
    if size.is_power_of_two() && begin.is_multiple_of(size) {
        return tree.perfect(size.trailing_zeros(), begin / size);
    }
    let middle = begin + split(size);
    Ok(SumNode::parent(&subtree(tree, begin, middle)?, &subtree(tree, middle, end)?)?)
}

/// The siblings from leaf `index` up to the root of a tree of `leaf_count` leaves; `None` when there is no such leaf.
///
/// # Errors
/// Those of `tree`.
pub fn path<T: PerfectSubtrees>(tree: &T, leaf_count: u64, index: u64) -> Result<Option<Vec<SumNode>>, T::Error> {
    let (mut begin, mut end, mut path) = (0, leaf_count, Vec::new());
    if index >= end {
        return Ok(None);
    }
    while end - begin > 1 {
        let middle = begin + split(end - begin);
        if index < middle {
            path.push(subtree(tree, middle, end)?);
            end = middle;
        } else {
            path.push(subtree(tree, begin, middle)?);
            begin = middle;
        }
    }
    path.reverse();
    Ok(Some(path))
}

/// Leaves in the left subtree of a tree of `size` leaves (RFC 9162, section 2.1.1): the largest power of two below.
fn split(size: u64) -> u64 {
    match size {
        0 | 1 => 0,
        _ => 1 << (size - 1).ilog2(),
    }
}

/// How many siblings leaf `index` has on its way to the root of a tree of `leaf_count` leaves.
#[must_use]
pub fn path_length(index: u64, leaf_count: u64) -> usize {
    let (mut index, mut last, mut length) = (index, leaf_count.saturating_sub(1), 0);
    while last > 0 {
        // the last node of an odd level has no sibling there and moves up unchanged
        if index % 2 == 1 || index < last {
            length += 1;
        }
        index /= 2;
        last /= 2;
    }
    length
}

/// Folds a path whose length is known to fit (RFC 9162, section 2.1.3.2).
pub(super) fn fold(leaf: SumNode, index: u64, leaf_count: u64, path: &[SumNode]) -> Result<SumNode, SumOverflow> {
    let (mut node, mut index, mut last) = (leaf, index, leaf_count.saturating_sub(1));
    for sibling in path {
        if index % 2 == 1 || index == last {
            node = SumNode::parent(sibling, &node)?;
            while index % 2 == 0 && index != 0 {
                index /= 2;
                last /= 2;
            }
        } else {
            node = SumNode::parent(&node, sibling)?;
        }
        index /= 2;
        last /= 2;
    }
    Ok(node)
}

/// What a statement says about one asset and class: one row, the only place of root and total.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiabilityCommitment {
    /// The unit owed.
    pub asset: AssetId,
    /// The class.
    pub class: Class,
    /// Decimals of the asset.
    pub decimals: Decimals,
    /// Leaves in the tree.
    #[serde(with = "uint")]
    pub leaf_count: u64,
    /// Digest of the root.
    pub root: Digest,
    /// Sum at the root, in base units.
    pub total: Amount,
}

impl LiabilityCommitment {
    /// One digest that names the row.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let text = |text: &str| -> Vec<u8> { text.as_bytes().to_vec() };
        let (asset, class) = (text(self.asset.as_str()), text(self.class.text()));
        // names have at most 64 bytes
        TaggedHasher::new(Tag::Asset)
            .string(ShortBytes::new(&asset).unwrap_or(ShortBytes::EMPTY))
            .string(ShortBytes::new(&class).unwrap_or(ShortBytes::EMPTY))
            .fixed(&[self.decimals.get()])
            .fixed(&self.leaf_count.to_be_bytes())
            .fixed(&self.total.to_be_bytes())
            .fixed(self.root.as_bytes())
            .finish()
    }

    /// What orders rows: asset, then class by its text.
    #[must_use]
    pub fn key(&self) -> (&str, &'static str) {
        (self.asset.as_str(), self.class.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    mod paths;

    fn leaves(count: u64) -> Vec<SumNode> {
        (0..count)
            .map(|index| SumNode {
                digest: TaggedHasher::new(Tag::Leaf).fixed(&index.to_be_bytes()).finish(),
                sum: Amount::from_base_units(u128::from(index) + 1),
            })
            .collect()
    }

    fn range(leaves: &[SumNode], begin: u64) -> CompactRange {
        let mut range = CompactRange::starting_at(begin);
        for leaf in leaves {
            range.append(*leaf).expect("small sums");
        }
        range
    }

    /// RFC 9162's recursive definition, as plain as it stands there.
    fn by_definition(leaves: &[SumNode]) -> SumNode {
        match leaves {
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(usize::try_from(split(leaves.len() as u64)).expect("small"));
                SumNode::parent(&by_definition(left), &by_definition(right)).expect("small sums")
            }
        }
    }

    #[test]
    fn ranges_trees_and_the_definition_agree() {
        for count in 1..=70 {
            let leaves = leaves(count);
            let expected = by_definition(&leaves);
            assert_eq!(range(&leaves, 0).root(), Ok(Some(expected)), "{count}");
            let tree = SumTree::new(leaves.clone()).expect("small sums");
            assert_eq!(tree.root(), Ok(Some(expected)), "{count}");
            for index in 0..count {
                let path = tree.path(index).expect("small sums").expect("a leaf");
                assert_eq!(path.len(), path_length(index, count), "{index} of {count}");
            }
        }
    }

    #[test]
    fn any_split_merges_to_the_same_root() {
        let leaves = leaves(33);
        let whole = range(&leaves, 0);
        for first in 0..=33_usize {
            for second in first..=33 {
                let mut merged = range(&leaves[..first], 0);
                let mut right = range(&leaves[first..second], first as u64);
                right.merge(&range(&leaves[second..], second as u64)).expect("adjacent");
                merged.merge(&right).expect("adjacent");
                assert_eq!(merged, whole, "{first} {second}");
            }
        }
        let refused = range(&leaves[..3], 0).merge(&range(&leaves[4..], 4));
        assert_eq!(refused, Err(RangeError::NotAdjacent { end: 3, begin: 4 }));
    }

    #[test]
    fn empty_trees_and_overflows_are_refused() {
        assert_eq!(CompactRange::starting_at(0).root(), Ok(None));
        let mut pair = leaves(2);
        pair[0].sum = Amount::MAX;
        assert!(SumTree::new(pair.clone()).is_err());
        let mut range = CompactRange::starting_at(0);
        assert!(pair.into_iter().try_for_each(|leaf| range.append(leaf)).is_err());
    }
}
