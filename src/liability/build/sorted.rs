//! The rows of one partition in the order of their trees and leaves.
//!
//! Order keys are evenly spread: put apart by their first bits, rows are almost in order, and a few neighbours remain
//! to be compared. The rows themselves stay where they are.

use std::cmp::Ordering;
use std::io;

use super::partition::Partition;
use super::record::{self, spoiled};

/// Bytes that memory hands out at once.
const LINE: usize = 64;

/// Where a row stands, with as much of its order key as settles almost every comparison.
#[derive(Clone, Copy, Default)]
pub(super) struct Place {
    /// Equal for the rows of one account.
    pub(super) key: u64,
    slab: u32,
    at: u32,
}

/// The rows of one partition. Its memory serves one partition after another.
#[derive(Default)]
pub(super) struct Sorted {
    slabs: Vec<Vec<u8>>,
    /// Places as the rows come, each with its tree.
    unsorted: Vec<(u32, Place)>,
    begins: Vec<usize>,
    places: Vec<Place>,
    /// Where the rows of each tree end among the places.
    ends: Vec<usize>,
}

impl Sorted {
    /// Sorts the rows of a partition into so many trees. `tree_of` says which tree the number in front of a body means,
    /// `settle` compares rows whose order keys begin alike.
    pub(super) fn fill(
        &mut self,
        part: Partition,
        trees: usize,
        tree_of: &dyn Fn(u64) -> Option<u32>,
        settle: &dyn Fn(&[u8], &[u8]) -> Ordering,
    ) -> io::Result<()> {
        let common = part.common();
        part.load(&mut self.slabs)?;
        self.find_rows(tree_of)?;
        let bits = (self.unsorted.len() / trees.max(1)).checked_ilog2().unwrap_or(0);
        self.put_apart(trees, bits, common)?;
        let Self { slabs, begins, places, .. } = self;
        // each begin has moved to its end, which is the begin of the next
        let (mut rest, mut begin) = (places.as_mut_slice(), 0);
        for end in begins {
            let Some((own, behind)) = rest.split_at_mut_checked(*end - begin) else { break };
            if own.len() > 1 {
                own.sort_unstable_by(|left, right| match left.key.cmp(&right.key) {
                    Ordering::Equal => settle(row(slabs, *left), row(slabs, *right)),
                    settled => settled,
                });
            }
            (rest, begin) = (behind, *end);
        }
        Ok(())
    }

    fn find_rows(&mut self, tree_of: &dyn Fn(u64) -> Option<u32>) -> io::Result<()> {
        self.unsorted.clear();
        for (slab, rows) in (0..).zip(&self.slabs) {
            let mut rest = rows.as_slice();
            while !rest.is_empty() {
                let (key, number, length) = record::place(rest).ok_or_else(spoiled)?;
                let tree = tree_of(number).ok_or_else(spoiled)?;
                let at = u32::try_from(rows.len() - rest.len());
                let at = at.map_err(|_| io::Error::other("one account has more than 4 GiB of rows"))?;
                self.unsorted.push((tree, Place { key, slab, at }));
                rest = rest.get(length..).ok_or_else(spoiled)?;
            }
        }
        Ok(())
    }

    /// Puts places apart by their trees, and by the first `bits` of their order keys behind those that all have in
    /// common.
    fn put_apart(&mut self, trees: usize, bits: u32, common: u32) -> io::Result<()> {
        let group = |tree: u32, key: u64| {
            let bits_of_key = key.checked_shl(common).and_then(|key| key.checked_shr(64 - bits)).unwrap_or(0);
            ((tree as usize) << bits) + usize::try_from(bits_of_key).unwrap_or(0)
        };
        let Self { unsorted, begins, places, ends, .. } = self;
        begins.clear();
        begins.resize((trees << bits) + 1, 0);
        for (tree, place) in &*unsorted {
            *begins.get_mut(group(*tree, place.key) + 1).ok_or_else(spoiled)? += 1;
        }
        let mut end = 0;
        begins.iter_mut().for_each(|begin| {
            end += *begin;
            *begin = end;
        });
        ends.clear();
        ends.extend((1..=trees).filter_map(|tree| begins.get(tree << bits)));
        places.resize(unsorted.len(), Place::default());
        for (tree, place) in &*unsorted {
            let next = begins.get_mut(group(*tree, place.key)).ok_or_else(spoiled)?;
            *places.get_mut(*next).ok_or_else(spoiled)? = *place;
            *next += 1;
        }
        Ok(())
    }

    /// Reads a little of rows that are asked for soon: sorting jumps about in memory, and to wait for many rows at once
    /// is shorter than to wait for each.
    #[inline]
    pub(super) fn touch(&self, places: &[Place]) {
        let mut read = 0;
        for place in places {
            let row = self.row(*place);
            for at in [0, LINE - 1, 2 * LINE - 1] {
                read |= row.get(at).copied().unwrap_or_default();
            }
        }
        std::hint::black_box(read);
    }

    /// The rows of one tree in order.
    pub(super) fn tree(&self, tree: usize) -> &[Place] {
        let end = |tree: usize| self.ends.get(tree).copied().unwrap_or_default();
        self.places.get(tree.checked_sub(1).map_or(0, end)..end(tree)).unwrap_or_default()
    }

    /// A row, and what stands behind it.
    #[inline]
    pub(super) fn row(&self, place: Place) -> &[u8] {
        row(&self.slabs, place)
    }
}

#[inline]
fn row(slabs: &[Vec<u8>], place: Place) -> &[u8] {
    slabs.get(place.slab as usize).and_then(|rows| rows.get(place.at as usize..)).unwrap_or_default()
}
