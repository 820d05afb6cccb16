//! Many leaves at once: the same range as one by one, hashed side by side.

use super::{CompactRange, Parents, SumNode, SumOverflow};

/// Leaves that are folded to one subtree before it is pushed: what is worked on stays in the cache.
const BLOCK_LEVEL: u32 = 11;
const BLOCK: usize = 1 << BLOCK_LEVEL;

impl CompactRange {
    /// Adds the next leaves.
    ///
    /// # Errors
    /// [`SumOverflow`].
    pub fn extend(&mut self, leaves: &[SumNode]) -> Result<(), SumOverflow> {
        let ragged = usize::try_from(self.end().next_multiple_of(BLOCK as u64) - self.end()).unwrap_or(usize::MAX);
        let (head, rest) = leaves.split_at(ragged.min(leaves.len()));
        head.iter().try_for_each(|leaf| self.append(*leaf))?;
        let (whole, tail) = rest.split_at(rest.len() - rest.len() % BLOCK);
        let mut roots = Vec::with_capacity(whole.len() / BLOCK);
        Parents::default().roots(whole, BLOCK_LEVEL, &mut roots)?;
        roots.into_iter().try_for_each(|root| self.push(BLOCK_LEVEL, root, &mut |_, _| ()))?;
        tail.iter().try_for_each(|leaf| self.append(*leaf))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount::Amount;
    use crate::hash::sha256;

    #[test]
    fn one_by_one_and_together_are_the_same() {
        let node = |at: u128| SumNode { digest: sha256(&at.to_be_bytes()), sum: Amount::from_base_units(at << 64) };
        let leaves: Vec<SumNode> = (0..3 * BLOCK as u128 + 5).map(node).collect();
        for begin in [0, 1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK] {
            for count in [0, 1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 7, leaves.len()] {
                let leaves = &leaves[..count];
                let mut single = CompactRange::starting_at(begin as u64);
                leaves.iter().for_each(|leaf| single.append(*leaf).expect("small sums"));
                for cut in [0, 1, count / 3, count] {
                    let mut together = CompactRange::starting_at(begin as u64);
                    together.extend(&leaves[..cut.min(count)]).expect("small sums");
                    together.extend(&leaves[cut.min(count)..]).expect("small sums");
                    assert_eq!(together, single, "{count} leaves from {begin}, cut at {cut}");
                }
            }
        }
    }

    #[test]
    fn a_sum_that_does_not_fit_is_refused() {
        let most = SumNode { digest: sha256(b""), sum: Amount::MAX };
        for count in [2, BLOCK, 2 * BLOCK] {
            assert!(CompactRange::starting_at(0).extend(&vec![most; count]).is_err(), "{count}");
        }
    }
}
