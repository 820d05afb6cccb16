//! A chunk of leaves, computed again on its own: any thread, any order.

use super::AuditError;
use crate::amount::Amount;
use crate::hash::{Batch, Midstate, Tag};
use crate::liability::leaf::{Blinder, LeafContent, OrderKey, is_reserved};
use crate::liability::store::header::{GROUP_LEVEL, NODE, NODE_SIZE, Section, node_count};
use crate::liability::store::{StoreError, StoredLeaf, StoredTree, parse_node};
use crate::liability::sum_tree::{CompactRange, SumNode};

/// Leaves of a chunk: a perfect subtree, but for the last one of a tree.
pub(super) const CHUNK: u64 = 1 << 14;

/// A chunk that is right in itself.
pub(super) struct Checked {
    pub(super) range: CompactRange,
    pub(super) first: (OrderKey, String),
    pub(super) last: (OrderKey, String),
    pub(super) decoys: u64,
    /// Nodes that are complete with this chunk, and lie above it.
    pub(super) above: Vec<SumNode>,
}

/// Computes the chunk that begins at leaf `begin`.
pub(super) fn check(tree: &StoredTree, begin: u64) -> Result<Checked, AuditError> {
    let leaves = tree.leaves(begin..begin + CHUNK)?;
    let sorted = leaves.windows(2).position(|pair| match pair {
        [left, right] => (left.order_key, &left.account) >= (right.order_key, &right.account),
        _ => false,
    });
    if let Some(place) = sorted {
        let what = "is not behind the one before it in the order of the tree";
        return Err(tree.leaf_is_wrong(begin + place as u64 + 1, what));
    }
    let nodes = nodes(tree, begin, &leaves)?;
    let mut kept = kept_nodes(tree, begin, begin + leaves.len() as u64)?.into_iter();
    let (mut range, mut fault) = (CompactRange::starting_at(begin), None);
    for (place, node) in (begin..).zip(nodes) {
        let mut compare = |level: u32, computed: &SumNode| {
            if level < GROUP_LEVEL || fault.is_some() {
                return;
            }
            match kept.next() {
                Some(stored) if stored == *computed => {}
                Some(stored) => fault = Some(tree.node_differs(level, place >> level, &stored, computed)),
                None => fault = Some(tree.damaged("a node is missing").into()),
            }
        };
        range.push(0, node, &mut compare).map_err(StoreError::from)?;
    }
    fault.map_or(Ok(()), Err)?;
    let place = |leaf: &StoredLeaf| (leaf.order_key, leaf.account.clone());
    let ends = leaves.first().zip(leaves.last()).ok_or_else(|| tree.damaged("a chunk without leaves"))?;
    let decoys = leaves.iter().filter(|leaf| is_reserved(&leaf.account)).count() as u64;
    Ok(Checked { range, first: place(ends.0), last: place(ends.1), decoys, above: kept.collect() })
}

/// The leaves as nodes, each shown to stand where its key puts it.
fn nodes(tree: &StoredTree, begin: u64, leaves: &[StoredLeaf]) -> Result<Vec<SumNode>, AuditError> {
    let nonces = nonces(tree, begin, leaves)?;
    let (mut batch, mut digests) = (Batch::default(), Vec::with_capacity(leaves.len()));
    for (leaf, nonce) in leaves.iter().zip(nonces) {
        let (account, credential, parts) = (&*leaf.account, &*leaf.credential, &*leaf.parts);
        let content = LeafContent { nonce, amount: leaf.amount, account, credential, parts };
        content.push_to(leaf.split.as_ref(), &mut batch).ok_or_else(|| tree.damaged("a leaf does not fit"))?;
    }
    batch.finish(Midstate::of(Tag::Leaf), &mut digests);
    let node = |(leaf, digest): (&StoredLeaf, _)| SumNode { digest, sum: leaf.amount };
    Ok(leaves.iter().zip(digests).map(node).collect())
}

fn nonces(
    tree: &StoredTree,
    begin: u64,
    leaves: &[StoredLeaf],
) -> Result<Vec<crate::liability::leaf::Nonce>, AuditError> {
    let misplaced = |place: u64| tree.leaf_is_wrong(place, "does not stand where the key puts its account");
    let mut nonces = Vec::with_capacity(leaves.len());
    if tree.split().is_none() {
        let mut blinder = Blinder::new(tree.key());
        leaves.iter().for_each(|leaf| blinder.push(leaf.account.as_bytes()));
        let (mut given, mut wrong) = (leaves.iter(), None);
        blinder.finish(&mut |order_key, nonce| {
            if given.next().is_none_or(|leaf| leaf.order_key != order_key) {
                wrong.get_or_insert(begin + nonces.len() as u64);
            }
            nonces.push(nonce);
        });
        wrong.map_or(Ok(()), |place| Err(misplaced(place)))?;
    }
    for (place, leaf) in (begin..).zip(leaves) {
        let decoy = is_reserved(&leaf.account);
        if decoy && leaf.amount != Amount::ZERO {
            return Err(tree.leaf_is_wrong(place, "is a decoy with a balance"));
        }
        let Some(split) = tree.split() else {
            if leaf.split.is_some() {
                return Err(tree.leaf_is_wrong(place, "is a piece, and balances of this tree are not split"));
            }
            continue;
        };
        if leaf.split.is_some() == decoy {
            return Err(tree.leaf_is_wrong(place, "is a piece where none is, or none where one is"));
        }
        let (order_key, nonce) = tree.blind(&leaf.account, leaf.split.as_ref()).ok_or_else(|| misplaced(place))?;
        if order_key != leaf.order_key {
            return Err(misplaced(place));
        }
        if let Some(own) = &leaf.split {
            let amounts = split.amounts(&leaf.account, own.whole);
            if amounts.get(usize::from(own.piece.number()) - 1) != Some(&leaf.amount) {
                return Err(tree.leaf_is_wrong(place, "is another piece than the key cuts from the whole"));
            }
        }
        nonces.push(nonce);
    }
    Ok(nonces)
}

/// The nodes that are complete with leaves `begin..end`, in the order in which they are kept.
fn kept_nodes(tree: &StoredTree, begin: u64, end: u64) -> Result<Vec<SumNode>, StoreError> {
    let [first, last] = [begin, end].map(|leaf| node_count(leaf >> GROUP_LEVEL));
    let size = usize::try_from((last - first) * NODE).map_err(|_| tree.damaged("more nodes than fit into memory"))?;
    let mut bytes = vec![0; size];
    tree.file(Section::Nodes)?.read_at(first * NODE, &mut bytes)?;
    Ok(bytes.chunks_exact(NODE_SIZE).filter_map(|node| node.first_chunk().map(parse_node)).collect())
}
