//! Parents by the thousand: the same values as [`SumNode::parent`], hashed side by side.

use super::{SumNode, SumOverflow};
use crate::hash::{Digest, Midstate, Shapes, Tag};

/// Pairs that are hashed at once: what is worked on stays in the innermost cache.
const AT_ONCE: usize = 64;
/// Two digests and two sums.
const LENGTH: usize = 96;

/// Makes parents of neighbours; keeps its memory between calls.
pub(crate) struct Parents {
    shapes: Box<Shapes<2, AT_ONCE>>,
    digests: [[u8; 32]; AT_ONCE],
    below: Vec<SumNode>,
    above: Vec<SumNode>,
}

impl Default for Parents {
    fn default() -> Self {
        let shapes = Box::new(Shapes::new(LENGTH));
        Self { shapes, digests: [[0; 32]; AT_ONCE], below: Vec::new(), above: Vec::new() }
    }
}

impl Parents {
    /// Appends the parent of each pair of neighbours to `out`; a last node without a neighbour has none.
    pub(crate) fn of(&mut self, nodes: &[SumNode], out: &mut Vec<SumNode>) -> Result<(), SumOverflow> {
        let (pairs, _) = nodes.as_chunks::<2>();
        out.reserve(pairs.len());
        for pairs in pairs.chunks(AT_ONCE) {
            for ([left, right], message) in pairs.iter().zip(self.shapes.messages()) {
                let message = message.as_flattened_mut();
                message[..32].copy_from_slice(left.digest.as_bytes());
                message[32..48].copy_from_slice(&left.sum.to_be_bytes());
                message[48..80].copy_from_slice(right.digest.as_bytes());
                message[80..LENGTH].copy_from_slice(&right.sum.to_be_bytes());
            }
            let digests = self.digests.get_mut(..pairs.len()).unwrap_or_default();
            self.shapes.hash(Midstate::of(Tag::Node), digests);
            for ([left, right], digest) in pairs.iter().zip(digests) {
                let overflow = SumOverflow { left: left.sum, right: right.sum };
                let sum = left.sum.checked_add(right.sum).ok_or(overflow)?;
                out.push(SumNode { digest: Digest::from_bytes(*digest), sum });
            }
        }
        Ok(())
    }

    /// Appends the roots of the perfect subtrees of 2^`levels` leaves to `out`; leaves behind the last whole one have
    /// none.
    pub(crate) fn roots(&mut self, leaves: &[SumNode], levels: u32, out: &mut Vec<SumNode>) -> Result<(), SumOverflow> {
        /// Leaves that are folded together, where the subtrees are smaller: what is worked on stays in the cache.
        const LEAVES: usize = 1 << 10;
        let size = 1_usize << levels;
        let whole = leaves.get(..leaves.len() - leaves.len() % size).unwrap_or_default();
        let Some(more) = levels.checked_sub(1) else {
            out.extend_from_slice(whole);
            return Ok(());
        };
        let (mut below, mut above) = (std::mem::take(&mut self.below), std::mem::take(&mut self.above));
        for leaves in whole.chunks(LEAVES.max(size)) {
            below.clear();
            self.of(leaves, &mut below)?;
            for _ in 0..more {
                above.clear();
                self.of(&below, &mut above)?;
                std::mem::swap(&mut below, &mut above);
            }
            out.extend_from_slice(&below);
        }
        (self.below, self.above) = (below, above);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount::Amount;
    use crate::hash::sha256;

    #[test]
    fn one_at_a_time_and_together_are_the_same() {
        let node = |at: u128| SumNode { digest: sha256(&at.to_be_bytes()), sum: Amount::from_base_units(at << 64) };
        for count in [0, 1, 2, 3, 127, 128, 129, 131, 1023, 1024, 1025, 2050] {
            let nodes: Vec<SumNode> = (0..count).map(node).collect();
            let (mut parents, mut maker) = (Vec::new(), Parents::default());
            maker.of(&nodes, &mut parents).unwrap();
            assert_eq!(parents.len(), nodes.len() / 2);
            for (parent, pair) in parents.iter().zip(nodes.chunks_exact(2)) {
                assert_eq!(*parent, SumNode::parent(&pair[0], &pair[1]).unwrap());
            }
            for levels in [0, 1, 4, 11] {
                let mut level = nodes.clone();
                level.truncate(nodes.len() >> levels << levels);
                for _ in 0..levels {
                    level = level.chunks(2).map(|pair| SumNode::parent(&pair[0], &pair[1]).unwrap()).collect();
                }
                let mut roots = Vec::new();
                maker.roots(&nodes, levels, &mut roots).unwrap();
                assert_eq!(roots, level, "{levels} levels of {count}");
            }
        }
        let most = SumNode { sum: Amount::MAX, ..node(1) };
        assert!(Parents::default().of(&[most, most], &mut Vec::new()).is_err());
    }
}
