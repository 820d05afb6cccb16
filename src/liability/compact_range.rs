//! Files of compact ranges, and their merging: the parts of a tree that several engines built. Specification:
//! `docs/spec/compact-range.md`.
//!
//! What a compact range is, and how two are joined, is [`CompactRange`]'s business; here it gets the name of its tree,
//! a file, and refusals that say which of several files does not fit.

mod error;
mod leaf_lines;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::amount::{Amount, Decimals};
use crate::asset::{AssetId, Class};
use crate::json::{self, JsonError, uint};
use crate::liability::sum_tree::{CompactRange, LiabilityCommitment, SumNode};

pub use error::{MergeRefusal, TreeRangeError};
pub use leaf_lines::{LeafFault, LeafLineError, LeavesError, read_leaves};

/// The format's name.
pub const FORMAT: &str = "counterfoil-compact-range-v1";
/// A file above this size is not read: 126 nodes, more than any range has, fit several times over.
pub const FILE_SIZE_MAX: u64 = 64 << 10;

/// Which tree a range is part of. The snapshot is not named: the root tells whether all parts are of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeName {
    /// The unit owed.
    pub asset: AssetId,
    /// The class.
    pub class: Class,
    /// Decimals of the asset.
    pub decimals: Decimals,
}

impl fmt::Display for TreeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {} decimals)", self.asset, self.class, self.decimals.get())
    }
}

/// A compact range of a named tree, whose sums fit together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeRange {
    tree: TreeName,
    range: CompactRange,
}

/// The file. The sizes of the subtrees follow from begin and end.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    asset: AssetId,
    #[serde(with = "uint")]
    begin: u64,
    class: Class,
    decimals: Decimals,
    #[serde(with = "uint")]
    end: u64,
    format: String,
    nodes: Vec<SumNode>,
}

impl TreeRange {
    /// Names a range.
    ///
    /// # Errors
    /// [`TreeRangeError::Overflow`] when no total could hold its sums.
    pub fn new(tree: TreeName, range: CompactRange) -> Result<Self, TreeRangeError> {
        let sums = range.subtrees().iter().map(|(_, node)| node.sum);
        Amount::checked_sum(sums).ok_or(TreeRangeError::Overflow)?;
        Ok(Self { tree, range })
    }

    /// The tree.
    #[must_use]
    pub fn tree(&self) -> &TreeName {
        &self.tree
    }

    /// The range.
    #[must_use]
    pub fn range(&self) -> &CompactRange {
        &self.range
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`TreeRangeError::Malformed`], [`TreeRangeError::Overflow`].
    pub fn parse(file: &[u8]) -> Result<Self, TreeRangeError> {
        let shape = |detail: String| Err(TreeRangeError::Malformed(JsonError::Shape { detail }));
        let file: File = json::read_canonical(file).map_err(TreeRangeError::Malformed)?;
        let File { asset, begin, class, decimals, end, format, nodes } = file;
        if format != FORMAT {
            return shape(format!("format {format:?}, expected {FORMAT:?}"));
        }
        if end < begin {
            return shape(format!("it ends at leaf {end}, before it begins at leaf {begin}"));
        }
        let levels = levels(begin, end);
        if nodes.len() != levels.len() {
            let (got, expected) = (nodes.len(), levels.len());
            return shape(format!("{got} nodes, leaves [{begin}, {end}) have {expected}"));
        }
        let mut range = CompactRange::starting_at(begin);
        for (level, node) in levels.into_iter().zip(nodes) {
            // no two of them are siblings, so that nothing is added yet
            range.push(level, node, &mut |_, _| ()).map_err(|_| TreeRangeError::Overflow)?;
        }
        Self::new(TreeName { asset, class, decimals }, range)
    }

    /// The file's bytes: equal ranges give equal files, whoever made them.
    ///
    /// # Errors
    /// [`TreeRangeError::Malformed`], which no range gives.
    pub fn to_file(&self) -> Result<Vec<u8>, TreeRangeError> {
        let TreeName { asset, class, decimals } = self.tree.clone();
        let nodes = self.range.subtrees().iter().map(|&(_, node)| node).collect();
        let (begin, end, format) = (self.range.begin(), self.range.end(), FORMAT.to_owned());
        json::canonical(&File { asset, begin, class, decimals, end, format, nodes }).map_err(TreeRangeError::Malformed)
    }

    /// The row of a statement, when the range is a whole tree: begins at leaf 0 and is not empty.
    ///
    /// # Errors
    /// [`TreeRangeError::Overflow`].
    pub fn commitment(&self) -> Result<Option<LiabilityCommitment>, TreeRangeError> {
        let root = self.range.root().map_err(|_| TreeRangeError::Overflow)?;
        let TreeName { asset, class, decimals } = self.tree.clone();
        let leaf_count = self.range.end();
        let row = |SumNode { digest, sum }| LiabilityCommitment {
            asset,
            class,
            decimals,
            leaf_count,
            root: digest,
            total: sum,
        };
        Ok(root.map(row))
    }

    /// This range and those that follow it, in this order. The order is never mended: whoever gives it in another one
    /// may have taken the wrong files.
    ///
    /// # Errors
    /// [`MergeRefusal`] with the positions of two files that do not fit; this range is at position 0.
    pub fn merge(&self, following: &[Self]) -> Result<Self, MergeRefusal> {
        let all: Vec<&Self> = std::iter::once(self).chain(following).collect();
        let mut merged = self.clone();
        for (position, next) in all.iter().enumerate().skip(1) {
            let refuse = |left, right, error| Err(MergeRefusal { positions: (left, right), error });
            if next.tree != self.tree {
                let (left, right) = (Box::new(self.tree.clone()), Box::new(next.tree.clone()));
                return refuse(0, position, TreeRangeError::OtherTree { left, right });
            }
            if next.range.begin() != merged.range.end() {
                return Err(why_not(&all, position, merged.range.end()));
            }
            let joined = merged.range.merge(&next.range).map_err(|_| TreeRangeError::Overflow);
            match joined.and_then(|()| Self::new(merged.tree, merged.range)) {
                Ok(sum) => merged = sum,
                Err(error) => return refuse(position - 1, position, error),
            }
        }
        Ok(merged)
    }

    /// The leaves that both have.
    fn common(&self, other: &Self) -> Option<(u64, u64)> {
        let begin = self.range.begin().max(other.range.begin());
        let end = self.range.end().min(other.range.end());
        (begin < end).then_some((begin, end))
    }

    fn bounds(&self) -> (u64, u64) {
        (self.range.begin(), self.range.end())
    }
}

/// Why the range at `position` does not follow those before it, which end at leaf `end`.
fn why_not(all: &[&TreeRange], position: usize, end: u64) -> MergeRefusal {
    let refusal = |left, right, error| MergeRefusal { positions: (left, right), error };
    let before = position.saturating_sub(1);
    let (Some(next), Some(last)) = (all.get(position), all.get(before)) else {
        return refusal(before, position, TreeRangeError::Gap { begin: end, end });
    };
    let mut earlier = all.iter().take(position).enumerate();
    if let Some((left, (begin, end))) = earlier.find_map(|(left, range)| Some((left, range.common(next)?))) {
        return refusal(left, position, TreeRangeError::Overlap { begin, end });
    }
    if next.range.begin() < end {
        return refusal(before, position, TreeRangeError::Order { left: last.bounds(), right: next.bounds() });
    }
    // the leaf that is missing here may come later
    let has_it = |range: &TreeRange| (range.range.begin()..range.range.end()).contains(&end);
    match all.iter().enumerate().skip(position).find(|(_, range)| has_it(range)) {
        Some((later, range)) => {
            refusal(position, later, TreeRangeError::Order { left: next.bounds(), right: range.bounds() })
        }
        None => refusal(before, position, TreeRangeError::Gap { begin: end, end: next.range.begin() }),
    }
}

/// Levels of the maximal aligned perfect subtrees in [begin, end), from left to right.
fn levels(begin: u64, end: u64) -> Vec<u32> {
    let (mut at, mut levels) = (begin, Vec::new());
    while let Some(size) = end.checked_sub(at).and_then(u64::checked_ilog2) {
        // leaf 0 begins subtrees of every size
        let level = size.min(at.trailing_zeros());
        levels.push(level);
        at += 1 << level;
    }
    levels
}

#[cfg(test)]
mod tests;
