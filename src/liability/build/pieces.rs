//! Split balances: pieces on their way from the balance's partition to their own.

use std::cmp::Ordering;
use std::io;

use super::bucket::{Joined, text};
use super::partition::{Gathered, Partition, Partitions};
use super::record::{self, number, spoiled, take_number};
use super::sorted::Sorted;
use super::{Plan, TreePlan};
use crate::amount::Amount;
use crate::liability::leaf::{Nonce, OrderKey, is_reserved};
use crate::liability::store::text::{LeafText, Texts};

/// Splits balances into partitions of pieces.
pub(super) struct Splitting<'a> {
    plan: &'a Plan<'a>,
    trees: &'a TreePlan,
    gathered: Gathered<'a>,
    body: Vec<u8>,
    row: Vec<u8>,
}

impl<'a> Splitting<'a> {
    pub(super) fn new(plan: &'a Plan<'a>, trees: &'a TreePlan, partitions: &'a Partitions<'a>) -> Self {
        Self { plan, trees, gathered: Gathered::new(partitions), body: Vec::new(), row: Vec::new() }
    }

    /// Adds all pieces of a balance; a decoy stays whole.
    pub(super) fn add(&mut self, tree: usize, leaf: &Joined<'_>) -> io::Result<()> {
        let account = text(leaf.account)?;
        let whole = Texts { account: leaf.account, credential: leaf.credential, split: None, parts: &leaf.parts };
        if is_reserved(account) {
            return self.write(tree, leaf.order_key, leaf.nonce, leaf.amount, &whole);
        }
        let planned = self.trees.trees.get(tree);
        let keys = planned.and_then(|planned| self.plan.pieces.get(planned.slot)).ok_or_else(spoiled)?;
        for piece in keys.pieces(account, leaf.amount) {
            let texts = Texts { split: Some(piece.split), ..whole };
            self.write(tree, piece.order_key, piece.nonce, piece.amount, &texts)?;
        }
        Ok(())
    }

    fn write(&mut self, tree: usize, key: OrderKey, nonce: Nonce, amount: Amount, texts: &Texts<'_>) -> io::Result<()> {
        self.body.clear();
        number(&mut self.body, tree as u64);
        record::amount(&mut self.body, amount);
        texts.write(&mut self.body).ok_or_else(|| io::Error::other("a leaf does not fit its format"))?;
        self.row.clear();
        record::write(&mut self.row, key, nonce, &self.body);
        self.gathered.add(&self.row)
    }

    /// Hands over what was gathered.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.gathered.finish()
    }
}

/// Sorts the pieces of one partition, tree by tree and in the order of their leaves.
pub(super) fn sort(part: Partition, trees: &TreePlan, pieces: &mut Sorted) -> io::Result<()> {
    let tree_of = |tree: u64| u32::try_from(tree).ok().filter(|tree| (*tree as usize) < trees.trees.len());
    pieces.fill(part, trees.trees.len(), &tree_of, &settle)
}

/// Equal order keys of two accounts are as good as impossible; their bodies settle even those.
fn settle(left: &[u8], right: &[u8]) -> Ordering {
    let key = |row| record::open(row).map(|(order_key, _, body)| (order_key, body));
    key(left).cmp(&key(right))
}

/// Hands over the pieces of one tree in order.
pub(super) fn each(pieces: &Sorted, tree: usize, each: &mut dyn FnMut(Joined<'_>) -> io::Result<()>) -> io::Result<()> {
    for place in pieces.tree(tree) {
        let (order_key, nonce, mut body) = record::open(pieces.row(*place)).ok_or_else(spoiled)?;
        take_number(&mut body).ok_or_else(spoiled)?;
        let amount = record::take_amount(&mut body).ok_or_else(spoiled)?;
        let LeafText { account, credential, split, parts } = LeafText::read(body).ok_or_else(spoiled)?;
        let (account, credential) = (account.as_bytes(), credential.as_bytes());
        each(Joined { order_key, nonce, amount, account, credential, split, parts })?;
    }
    Ok(())
}
