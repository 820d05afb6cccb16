//! Leaves and nodes of a stored tree: found by account, read in ranges, hashed again below the nodes that are kept.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;

use super::header::{GROUP_LEVEL, LEAF, LEAF_SIZE, NODE, NODE_SIZE, Section, node_position};
use super::text::LeafText;
use super::text::TEXT_MAX;
use super::{StoreError, StoredTree};
use crate::amount::Amount;
use crate::hash::Digest;
use crate::liability::leaf::{LeafContent, Nonce, OrderKey, Part, Split};
use crate::liability::sum_tree::{CompactRange, PerfectSubtrees, SumNode};

/// Bytes of texts that are read at once, when no leaf has more.
const WINDOW: u64 = 1 << 20;

/// One leaf as the store has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredLeaf {
    /// Sorts the leaves.
    pub order_key: OrderKey,
    /// The balance.
    pub amount: Amount,
    /// The customer account.
    pub account: String,
    /// The customer's credential; empty for none.
    pub credential: String,
    /// Which piece of what, when the balance is split.
    pub split: Option<Split>,
    /// Parts of the balance, of the whole one when it is split; empty for none.
    pub parts: Vec<Part>,
}

impl StoredLeaf {
    /// The node of this leaf under its nonce.
    #[must_use]
    pub fn node(&self, nonce: Nonce) -> Option<SumNode> {
        let (account, credential, parts) = (&*self.account, &*self.credential, &*self.parts);
        let content = LeafContent { nonce, amount: self.amount, account, credential, parts };
        let hash = self.split.as_ref().map_or_else(|| content.hash(), |split| content.hash_piece(split));
        Some(SumNode::leaf(hash?, self.amount))
    }
}

/// A leaf's record: order key, amount, and where its texts end.
pub(crate) fn parse_record(record: &[u8; LEAF_SIZE]) -> (OrderKey, Amount, u64) {
    let mut parts = ([0; 16], [0; 16], [0; 8]);
    let places = parts.0.iter_mut().chain(&mut parts.1).chain(&mut parts.2);
    places.zip(record).for_each(|(place, byte)| *place = *byte);
    let amount = Amount::from_base_units(u128::from_be_bytes(parts.1));
    (OrderKey(parts.0), amount, u64::from_be_bytes(parts.2))
}

/// Leaves that are read and hashed at once for a range.
const RANGE_STEP: u64 = 4096;

impl StoredTree {
    fn record(&self, index: u64) -> Result<(OrderKey, Amount, u64), StoreError> {
        let mut record = [0; LEAF_SIZE];
        self.file(Section::Leaves)?.read_at(index * LEAF, &mut record)?;
        Ok(parse_record(&record))
    }

    /// Leaves at these positions; an empty range gives none.
    ///
    /// # Errors
    /// [`StoreError`] when they cannot be read.
    pub fn leaves(&self, range: Range<u64>) -> Result<Vec<StoredLeaf>, StoreError> {
        let mut leaves = Vec::new();
        self.each_leaf(range, &mut |order_key, amount, text| {
            let (account, credential) = (text.account.to_owned(), text.credential.to_owned());
            leaves.push(StoredLeaf { order_key, amount, account, credential, split: text.split, parts: text.parts });
        })?;
        Ok(leaves)
    }

    /// Hands over the leaves at these positions without copying their texts.
    pub(crate) fn each_leaf(
        &self,
        range: Range<u64>,
        each: &mut dyn FnMut(OrderKey, Amount, LeafText<'_>),
    ) -> Result<(), StoreError> {
        let end = range.end.min(self.header.commitment.leaf_count);
        let Some(count) = end.checked_sub(range.start).filter(|&count| count > 0) else { return Ok(()) };
        // the texts of a leaf begin where those of the one before it end
        let mut text_begin = 0;
        if let Some(before) = range.start.checked_sub(1) {
            text_begin = self.record(before)?.2;
        }
        let size = usize::try_from(count * LEAF);
        let mut records = vec![0; size.map_err(|_| self.damaged("more leaves than fit into memory"))?];
        self.file(Section::Leaves)?.read_at(range.start * LEAF, &mut records)?;
        let record = |bytes: &[u8]| bytes.first_chunk().map(parse_record);
        let text_end = records.rchunks_exact(LEAF_SIZE).next().and_then(record).map_or(0, |(_, _, end)| end);
        let bad_text = || self.damaged("the texts of a leaf lie outside their file, or overlap");
        // a record may say anything, and a file with holes has any length: no more is read than is used
        let (file, mut window, mut window_end, mut at) = (self.file(Section::Texts)?, Vec::new(), text_begin, 0);
        for (order_key, amount, end) in records.chunks_exact(LEAF_SIZE).filter_map(record) {
            let own = end.checked_sub(text_begin).filter(|&own| own <= TEXT_MAX && end <= self.header.text_length);
            let own = own.and_then(|own| usize::try_from(own).ok()).ok_or_else(bad_text)?;
            if end > window_end {
                window_end = end.max(text_end.min(self.header.text_length).min(text_begin + WINDOW));
                window.resize(usize::try_from(window_end - text_begin).map_err(|_| bad_text())?, 0);
                file.read_at(text_begin, &mut window)?;
                at = 0;
            }
            let text = window.get(at..at + own).ok_or_else(bad_text)?;
            let text = LeafText::read(text).ok_or_else(|| self.damaged("the texts of a leaf cannot be read"))?;
            each(order_key, amount, text);
            (text_begin, at) = (end, at + own);
        }
        Ok(())
    }

    /// The leaf of this order key and account, with its position. Order keys are evenly spread, so that a guess in
    /// proportion comes close: two or three pages of records are read, whatever the size of the tree.
    pub(crate) fn find(&self, key: OrderKey, account: &str) -> Result<Option<(u64, StoredLeaf)>, StoreError> {
        /// Guesses before halving takes over: a damaged store may have its keys anywhere.
        const GUESSES: u32 = 6;
        /// Accounts of one order key that are looked at. Two are as good as impossible, many are damage.
        const ALIKE: usize = 16;
        let leaf_count = self.header.commitment.leaf_count;
        let mut gap = Gap { begin: 0, end: leaf_count, low: 0, high: u64::MAX };
        let (mut rounds, mut page) = (0, Vec::new());
        while gap.begin < gap.end {
            rounds += 1;
            let middle = gap.begin + (gap.end - gap.begin) / 2;
            let guess = if rounds > GUESSES { middle } else { gap.guess(prefix(key)) };
            let range = gap.page(guess);
            page.resize(usize::try_from((range.end - range.start) * LEAF).unwrap_or_default(), 0);
            self.file(Section::Leaves)?.read_at(range.start * LEAF, &mut page)?;
            gap.narrow(range.start, page.as_chunks().0, key);
        }
        // texts are read where a key fits: in most trees an account has no leaf
        for index in (gap.begin..leaf_count).take(ALIKE) {
            if self.record(index)?.0 != key {
                break;
            }
            if let Some(leaf) = self.leaves(index..index + 1)?.pop().filter(|leaf| leaf.account == account) {
                return Ok(Some((index, leaf)));
            }
        }
        Ok(None)
    }

    /// Order key and nonce of a leaf in this tree; `None` for a piece that this tree does not have.
    pub(crate) fn blind(&self, account: &str, split: Option<&Split>) -> Option<(OrderKey, Nonce)> {
        match split {
            None => Some(self.key().blind(account)),
            Some(split) => {
                let keys = self.split()?.keys();
                keys.iter().find(|(piece, _)| *piece == split.piece).map(|(_, key)| key.blind(account))
            }
        }
    }

    /// The compact range of the leaves at these positions, each hashed again: the nodes in the store are not asked.
    /// The whole tree must lead to the root in the header. Memory does not grow with the range.
    ///
    /// # Errors
    /// [`StoreError::Disagrees`]; [`StoreError`] when leaves cannot be read, or are not in the tree.
    pub fn range(&self, leaves: Range<u64>) -> Result<CompactRange, StoreError> {
        let row = &self.header.commitment;
        if leaves.start > leaves.end || leaves.end > row.leaf_count {
            return Err(self.damaged("a range outside the tree"));
        }
        let mut range = CompactRange::starting_at(leaves.start);
        while range.end() < leaves.end {
            let begin = range.end();
            let end = begin.saturating_add(RANGE_STEP).min(leaves.end);
            let mut appended = Ok(());
            self.each_leaf(begin..end, &mut |_, amount, text| {
                let node = self.blind(text.account, text.split.as_ref()).and_then(|(_, nonce)| {
                    let (account, credential, parts) = (text.account, text.credential, &*text.parts);
                    let content = LeafContent { nonce, amount, account, credential, parts };
                    text.split.as_ref().map_or_else(|| content.hash(), |split| content.hash_piece(split))
                });
                if appended.is_ok() {
                    let node = node.ok_or_else(|| self.damaged("a leaf does not fit"));
                    appended = node.and_then(|hash| Ok(range.append(SumNode::leaf(hash, amount))?));
                }
            })?;
            appended?;
            if range.end() != end {
                return Err(self.damaged("leaves are missing"));
            }
        }
        if leaves == (0..row.leaf_count)
            && let Some(root) = range.root()?
            && (root.digest, root.sum) != (row.root, row.total)
        {
            return Err(self.disagrees(&format!("root {} with total {}", root.digest, root.sum)));
        }
        Ok(range)
    }

    fn group(&self, group: u64) -> Result<Vec<SumNode>, StoreError> {
        let begin = group << GROUP_LEVEL;
        let node = |leaf: StoredLeaf| {
            let nonce = self.blind(&leaf.account, leaf.split.as_ref()).map(|(_, nonce)| nonce);
            nonce.and_then(|nonce| leaf.node(nonce)).ok_or_else(|| self.damaged("a leaf does not fit"))
        };
        self.leaves(begin..begin + (1 << GROUP_LEVEL))?.into_iter().map(node).collect()
    }

    fn node(&self, level: u32, index: u64) -> Result<SumNode, StoreError> {
        let position = node_position(level, index).ok_or_else(|| self.damaged("a node outside the tree"))?;
        let mut bytes = [0; NODE_SIZE];
        self.file(Section::Nodes)?.read_at(position * NODE, &mut bytes)?;
        Ok(parse_node(&bytes))
    }
}

/// Where the first record may be that is not below a key: at begin..=end, between order keys that begin with `low` and
/// `high`.
struct Gap {
    begin: u64,
    end: u64,
    low: u64,
    high: u64,
}

impl Gap {
    fn guess(&self, wanted: u64) -> u64 {
        let size = self.end - self.begin;
        let part = u128::from(wanted.saturating_sub(self.low)) * u128::from(size);
        let share = part / (u128::from(self.high.saturating_sub(self.low)) + 1);
        self.begin + u64::try_from(share).unwrap_or_default().min(size - 1)
    }

    /// The records of the gap that are had for one page of the file, at least the one at `guess`.
    fn page(&self, guess: u64) -> Range<u64> {
        /// Bytes that a medium gives at least.
        const PAGE: u64 = 4096;
        let begin = guess * LEAF / PAGE * PAGE;
        let (first, last) = (begin.div_ceil(LEAF).max(self.begin), ((begin + PAGE) / LEAF).min(self.end));
        // a record may lie on two pages
        if (first..last).contains(&guess) { first..last } else { guess..guess + 1 }
    }

    /// Takes note of records, the first of which is at `begin`.
    fn narrow(&mut self, begin: u64, records: &[[u8; LEAF_SIZE]], wanted: OrderKey) {
        let key = |record: &[u8; LEAF_SIZE]| parse_record(record).0;
        let below = records.partition_point(|record| key(record) < wanted);
        let (left, right) = records.split_at_checked(below).unwrap_or_default();
        if let Some(last) = left.last() {
            (self.begin, self.low) = (begin + left.len() as u64, prefix(key(last)));
        }
        if let Some(first) = right.first() {
            (self.end, self.high) = (begin + left.len() as u64, prefix(key(first)));
        }
    }
}

fn prefix(key: OrderKey) -> u64 {
    key.0.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

pub(crate) fn parse_node(bytes: &[u8; NODE_SIZE]) -> SumNode {
    let mut parts = ([0; 32], [0; 16]);
    parts.0.iter_mut().chain(&mut parts.1).zip(bytes).for_each(|(place, byte)| *place = *byte);
    SumNode { digest: Digest::from_bytes(parts.0), sum: Amount::from_base_units(u128::from_be_bytes(parts.1)) }
}

/// The nodes on one path, with the groups of leaves that were read for it.
pub(crate) struct PathReader<'a> {
    tree: &'a StoredTree,
    groups: RefCell<BTreeMap<u64, Vec<SumNode>>>,
}

impl<'a> PathReader<'a> {
    pub(crate) fn new(tree: &'a StoredTree) -> Self {
        Self { tree, groups: RefCell::default() }
    }
}

impl PerfectSubtrees for PathReader<'_> {
    type Error = StoreError;

    fn perfect(&self, level: u32, index: u64) -> Result<SumNode, StoreError> {
        if level >= GROUP_LEVEL {
            return self.tree.node(level, index);
        }
        let (group, begin) = ((index << level) >> GROUP_LEVEL, (index << level) & ((1 << GROUP_LEVEL) - 1));
        let mut groups = self.groups.borrow_mut();
        let leaves = match groups.entry(group) {
            Entry::Occupied(leaves) => leaves.into_mut(),
            Entry::Vacant(place) => place.insert(self.tree.group(group)?),
        };
        let own = usize::try_from(begin).ok().and_then(|begin| leaves.get(begin..)?.get(..1 << level));
        let mut nodes = own.ok_or_else(|| self.tree.damaged("a leaf outside the tree"))?.to_vec();
        while nodes.len() > 1 {
            let parents = nodes.chunks_exact(2).map(|pair| match pair {
                [left, right] => SumNode::parent(left, right).map_err(StoreError::from),
                _ => Err(self.tree.damaged("an odd number of nodes")),
            });
            nodes = parents.collect::<Result<_, _>>()?;
        }
        nodes.pop().ok_or_else(|| self.tree.damaged("a group without leaves"))
    }
}
