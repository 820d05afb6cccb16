//! One partition at a time: its rows sorted, and those of one account joined to one leaf.

use std::cmp::Ordering;
use std::io;

use super::faults::Places;
use super::record::{self, Record, spoiled};
use super::{PlannedTree, TreePlan};
use crate::amount::Amount;
use crate::ledger::{LedgerError, LedgerErrorKind};
use crate::liability::leaf::{Nonce, OrderKey, Part};
use crate::liability::store::text::LeafText;

/// Where a row stands, with as much of its sort key as settles almost every comparison.
struct Place {
    tree: u32,
    at: u32,
    key: u64,
}

/// A leaf, ready to be hashed.
pub(super) struct Joined<'a> {
    pub(super) order_key: OrderKey,
    pub(super) nonce: Nonce,
    pub(super) amount: Amount,
    pub(super) text: LeafText<'a>,
}

/// The rows of one partition in the order of their trees and leaves.
pub(super) struct Bucket {
    bytes: Vec<u8>,
    places: Vec<Place>,
}

impl Bucket {
    /// Sorts the rows. `trees` says where each slot's tree stands.
    pub(super) fn sort(bytes: Vec<u8>, trees: &TreePlan) -> io::Result<Self> {
        let (mut places, mut at) = (Vec::new(), 0);
        while at < bytes.len() {
            let row = bytes.get(at..).unwrap_or_default();
            let (order_key, slot) = record::place(row).ok_or_else(spoiled)?;
            let tree = trees.position(slot).ok_or_else(spoiled)?;
            let key = order_key.0.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
            let place = u32::try_from(at).map_err(|_| io::Error::other("one account has more than 4 GiB of rows"))?;
            places.push(Place { tree, at: place, key });
            at += record::length(row).ok_or_else(spoiled)?;
        }
        let full = |place: &Place| {
            let record = bytes.get(place.at as usize..).and_then(Record::read);
            record.map(|record| (record.order_key, record.account, record.product, record.line))
        };
        places.sort_unstable_by(|left, right| match (left.tree, left.key).cmp(&(right.tree, right.key)) {
            Ordering::Equal => full(left).cmp(&full(right)),
            settled => settled,
        });
        Ok(Self { bytes, places })
    }

    /// Hands over the leaves of each tree in order, and notes rows that are there twice.
    pub(super) fn join(
        &self,
        trees: &TreePlan,
        lines: &Places<'_>,
        faults: &mut Vec<LedgerError>,
        each: &mut dyn FnMut(u32, Joined<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut joining: Option<Joining<'_>> = None;
        for place in &self.places {
            let record = self.bytes.get(place.at as usize..).and_then(Record::read).ok_or_else(spoiled)?;
            match &mut joining {
                Some(open) if open.tree == place.tree && open.first.account == record.account => {
                    if let Err(kind) = open.add(record, lines) {
                        lines.note(faults, lines.fault(kind, open.last.line.max(record.line)));
                    }
                }
                _ => {
                    let planned = trees.trees.get(place.tree as usize).ok_or_else(spoiled)?;
                    if let Some(done) = joining.replace(Joining::begin(place.tree, planned, record)) {
                        each(done.tree, done.finish())?;
                    }
                }
            }
        }
        joining.map_or(Ok(()), |done| each(done.tree, done.finish()))
    }
}

/// The rows of one account in one tree.
struct Joining<'a> {
    tree: u32,
    planned: &'a PlannedTree,
    first: Record<'a>,
    /// The last row that was taken.
    last: Record<'a>,
    amount: Amount,
    parts: Vec<Part>,
}

impl<'a> Joining<'a> {
    fn begin(tree: u32, planned: &'a PlannedTree, record: Record<'a>) -> Self {
        let part = |product: &str| Part { product: product.to_owned(), amount: record.amount };
        let parts = record.product.map(part).into_iter().collect();
        Self { tree, planned, first: record, last: record, amount: record.amount, parts }
    }

    /// Takes a further row of the account: rows are sorted, so one of the same product, or without one, is the next.
    fn add(&mut self, record: Record<'a>, lines: &Places<'_>) -> Result<(), LedgerErrorKind> {
        let product = record.product.filter(|product| self.last.product.is_some_and(|last| last != *product));
        let (asset, class) = (self.planned.asset.clone(), self.planned.class);
        let Some(product) = product else {
            let (account, first) = (record.account.to_owned(), lines.at(self.last.line.min(record.line)));
            return Err(LedgerErrorKind::Duplicate { account, asset, class, first });
        };
        // what does not fit here does not fit the total either, which is named where rows are added up
        self.amount = self.amount.checked_add(record.amount).unwrap_or(Amount::MAX);
        if self.parts.len() == usize::from(u16::MAX) {
            let account = record.account.to_owned();
            return Err(LedgerErrorKind::TooManyProducts { account, asset, class });
        }
        self.parts.push(Part { product: product.to_owned(), amount: record.amount });
        self.last = record;
        Ok(())
    }

    fn finish(self) -> Joined<'a> {
        let Record { order_key, nonce, account, credential, .. } = self.first;
        Joined {
            order_key,
            nonce,
            amount: self.amount,
            text: LeafText { account, credential, split: None, parts: self.parts },
        }
    }
}
