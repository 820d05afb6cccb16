//! Parents by the thousand: the same values as [`SumNode::parent`], hashed side by side.

use super::{SumNode, SumOverflow};
use crate::hash::{Batch, Digest, Midstate, Tag};

/// Makes parents of neighbours; keeps its memory between calls.
#[derive(Default)]
pub(crate) struct Parents {
    batch: Batch,
    digests: Vec<Digest>,
}

/// Pairs that are hashed at once: what is worked on stays in the cache.
const AT_ONCE: usize = 512;

impl Parents {
    /// Appends the parent of each pair of neighbours to `out`; a last node without a neighbour has none.
    pub(crate) fn of(&mut self, nodes: &[SumNode], out: &mut Vec<SumNode>) -> Result<(), SumOverflow> {
        for nodes in nodes.chunks(2 * AT_ONCE) {
            let begin = out.len();
            for pair in nodes.chunks_exact(2) {
                let [left, right] = pair else { continue };
                let (sums, digests) = ((left.sum.to_be_bytes(), right.sum.to_be_bytes()), (left.digest, right.digest));
                let mut buffer = [[0; 64]; 2];
                let flat = buffer.as_flattened_mut();
                flat[..32].copy_from_slice(digests.0.as_bytes());
                flat[32..48].copy_from_slice(&sums.0);
                flat[48..80].copy_from_slice(digests.1.as_bytes());
                flat[80..96].copy_from_slice(&sums.1);
                self.batch.push_short(&buffer, 96);
                let overflow = SumOverflow { left: left.sum, right: right.sum };
                let sum = left.sum.checked_add(right.sum).ok_or(overflow)?;
                out.push(SumNode { digest: left.digest, sum });
            }
            self.digests.clear();
            self.batch.finish(Midstate::of(Tag::Node), &mut self.digests);
            for (parent, digest) in out.iter_mut().skip(begin).zip(&self.digests) {
                parent.digest = *digest;
            }
        }
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
        for count in [0, 1, 2, 3, 1023, 1024, 1025, 2050] {
            let nodes: Vec<SumNode> = (0..count).map(node).collect();
            let mut parents = Vec::new();
            Parents::default().of(&nodes, &mut parents).unwrap();
            assert_eq!(parents.len(), nodes.len() / 2);
            for (parent, pair) in parents.iter().zip(nodes.chunks_exact(2)) {
                assert_eq!(*parent, SumNode::parent(&pair[0], &pair[1]).unwrap());
            }
        }
        let most = SumNode { sum: Amount::MAX, ..node(1) };
        assert!(Parents::default().of(&[most, most], &mut Vec::new()).is_err());
    }
}
