//! Split balances: pieces on their way from the balance's partition to their own.

use std::io;

use super::bucket::Joined;
use super::partition::{COUNT, Partitions};
use super::record::{self, number, spoiled, take_number};
use super::{Plan, TreePlan};
use crate::amount::Amount;
use crate::liability::leaf::{Nonce, OrderKey, is_reserved};
use crate::liability::store::text::LeafText;

/// Bytes of one partition that a thread gathers before it hands them over.
const GATHERED: usize = 16 << 10;

/// Splits balances into partitions of pieces.
pub(super) struct Splitting<'a> {
    plan: &'a Plan<'a>,
    trees: &'a TreePlan,
    partitions: &'a Partitions<'a>,
    gathered: Vec<Vec<u8>>,
    body: Vec<u8>,
}

impl<'a> Splitting<'a> {
    pub(super) fn new(plan: &'a Plan<'a>, trees: &'a TreePlan, partitions: &'a Partitions<'a>) -> Self {
        Self { plan, trees, partitions, gathered: vec![Vec::new(); COUNT], body: Vec::new() }
    }

    /// Adds all pieces of a balance; a decoy stays whole.
    pub(super) fn add(&mut self, tree: u32, leaf: &Joined<'_>) -> io::Result<()> {
        if is_reserved(leaf.text.account) {
            return self.write(tree, leaf.order_key, leaf.nonce, leaf.amount, &leaf.text);
        }
        let planned = usize::try_from(tree).ok().and_then(|tree| self.trees.trees.get(tree));
        let keys = planned.and_then(|planned| self.plan.pieces.get(planned.slot)).ok_or_else(spoiled)?;
        for piece in keys.pieces(leaf.text.account, leaf.amount) {
            let text = LeafText { split: Some(piece.split), ..leaf.text.clone() };
            self.write(tree, piece.order_key, piece.nonce, piece.amount, &text)?;
        }
        Ok(())
    }

    fn write(&mut self, tree: u32, key: OrderKey, nonce: Nonce, amount: Amount, text: &LeafText<'_>) -> io::Result<()> {
        self.body.clear();
        number(&mut self.body, u64::from(tree));
        record::amount(&mut self.body, amount);
        text.write(&mut self.body).ok_or_else(|| io::Error::other("a leaf does not fit its format"))?;
        let [which, ..] = key.0;
        let which = usize::from(which);
        let rows = self.gathered.get_mut(which).ok_or_else(spoiled)?;
        record::write(rows, key, nonce, &self.body);
        if rows.len() >= GATHERED {
            self.partitions.append(which, rows)?;
            rows.clear();
        }
        Ok(())
    }

    /// Hands over what was gathered.
    pub(super) fn finish(self) -> io::Result<()> {
        let mut gathered = self.gathered.iter().enumerate().filter(|(_, rows)| !rows.is_empty());
        gathered.try_for_each(|(which, rows)| self.partitions.append(which, rows))
    }
}

/// The pieces of one partition, tree by tree and in the order of their leaves.
pub(super) fn sorted(bytes: &[u8], each: &mut dyn FnMut(u32, Joined<'_>) -> io::Result<()>) -> io::Result<()> {
    let (mut pieces, mut rest) = (Vec::new(), bytes);
    while !rest.is_empty() {
        let (key, nonce, mut body) = record::open(rest).ok_or_else(spoiled)?;
        let tree = take_number(&mut body).and_then(|tree| u32::try_from(tree).ok()).ok_or_else(spoiled)?;
        pieces.push((tree, key, body, nonce));
        rest = record::length(rest).and_then(|length| rest.get(length..)).ok_or_else(spoiled)?;
    }
    // equal order keys of two accounts are as good as impossible; their bodies settle even those
    pieces.sort_unstable_by(|left, right| (left.0, left.1, left.2).cmp(&(right.0, right.1, right.2)));
    for (tree, order_key, mut body, nonce) in pieces {
        let amount = record::take_amount(&mut body).ok_or_else(spoiled)?;
        let text = LeafText::read(body).ok_or_else(spoiled)?;
        each(tree, Joined { order_key, nonce, amount, text })?;
    }
    Ok(())
}
