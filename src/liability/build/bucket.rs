//! One partition at a time: its rows sorted, and those of one account joined to one leaf.

use std::cmp::Ordering;
use std::io;

use super::faults::Places;
use super::partition::Partition;
use super::record::{Plain, Record, spoiled};
use super::sorted::Sorted;
use super::{PlannedTree, TreePlan};
use crate::amount::Amount;
use crate::ledger::{LedgerError, LedgerErrorKind};
use crate::liability::leaf::{Nonce, OrderKey, Part, Split};

/// Rows that are fetched from memory at once.
const TOUCHED: usize = 32;

/// A leaf, ready to be hashed.
pub(super) enum Leaf<'a> {
    /// As most are: an account and an amount, in one row.
    Plain(Plain<'a>),
    /// Any other, or this one, too.
    Joined(Joined<'a>),
}

/// A leaf with all that it may have.
pub(super) struct Joined<'a> {
    pub(super) order_key: OrderKey,
    pub(super) nonce: Nonce,
    pub(super) amount: Amount,
    /// Texts as bytes: they were looked at when they were read.
    pub(super) account: &'a [u8],
    pub(super) credential: &'a [u8],
    pub(super) split: Option<Split>,
    pub(super) parts: Vec<Part>,
}

/// Sorts the rows of a partition so that those of one account follow one another by their products.
pub(super) fn sort(part: Partition, trees: &TreePlan, rows: &mut Sorted) -> io::Result<()> {
    rows.fill(part, trees.trees.len(), &|slot| trees.position(slot), &settle)
}

fn settle(left: &[u8], right: &[u8]) -> Ordering {
    let key = |row| Record::read(row).map(|row| (row.order_key, row.account, row.product, row.line));
    key(left).cmp(&key(right))
}

/// Hands over the leaves of one tree in order, and notes rows that are there twice.
#[inline]
pub(super) fn join<'s>(
    rows: &'s Sorted,
    tree: usize,
    planned: &PlannedTree,
    places: &Places<'_>,
    faults: &mut Vec<LedgerError>,
    mut each: impl FnMut(Leaf<'s>) -> io::Result<()>,
) -> io::Result<()> {
    let mut rest = rows.tree(tree);
    let (mut untouched, mut touched_to) = (rest.chunks(TOUCHED), rest.len());
    while let [first, behind @ ..] = rest {
        if rest.len() <= touched_to
            && let Some(next) = untouched.next()
        {
            rows.touch(next);
            touched_to -= next.len();
        }
        let (row, alone) = (rows.row(*first), behind.first().is_none_or(|next| next.key != first.key));
        rest = behind;
        if alone && let Some(plain) = Plain::read(row) {
            // almost every row
            each(Leaf::Plain(plain))?;
            continue;
        }
        let record = Record::read(row).ok_or_else(spoiled)?;
        if alone && record.product.is_none() {
            each(Leaf::Joined(record.alone(Vec::new())))?;
            continue;
        }
        let mut joining = Joining::begin(planned, record)?;
        while let Some((next, behind)) = rest.split_first().filter(|(next, _)| next.key == first.key) {
            let record = Record::read(rows.row(*next)).ok_or_else(spoiled)?;
            if record.account != joining.first.account {
                break;
            }
            rest = behind;
            let before = joining.last.line;
            if let Some(kind) = joining.add(record, places)? {
                places.note(faults, places.fault(kind, before.max(record.line)));
            }
        }
        each(Leaf::Joined(joining.finish()))?;
    }
    Ok(())
}

/// The rows of one account in one tree.
struct Joining<'a, 'p> {
    planned: &'p PlannedTree,
    first: Record<'a>,
    /// The last row that was taken.
    last: Record<'a>,
    amount: Amount,
    parts: Vec<Part>,
}

impl<'a> Record<'a> {
    #[inline]
    fn alone(self, parts: Vec<Part>) -> Joined<'a> {
        let Record { order_key, nonce, amount, account, credential, .. } = self;
        Joined { order_key, nonce, amount, account, credential, split: None, parts }
    }
}

impl<'a> Leaf<'a> {
    /// The leaf with all that it may have.
    pub(super) fn joined(self) -> Joined<'a> {
        match self {
            Self::Joined(joined) => joined,
            Self::Plain(Plain { head, amount, account_on, length }) => {
                let (mut order_key, mut nonce) = (OrderKey([0; 16]), Nonce([0; 16]));
                order_key.0.iter_mut().chain(&mut nonce.0).zip(head).for_each(|(place, byte)| *place = *byte);
                let account = account_on.get(..length).unwrap_or_default();
                Joined { order_key, nonce, amount, account, credential: &[], split: None, parts: Vec::new() }
            }
        }
    }
}

/// Text that was UTF-8 when it was written.
pub(super) fn text(bytes: &[u8]) -> io::Result<&str> {
    std::str::from_utf8(bytes).map_err(|_| spoiled())
}

impl<'a, 'p> Joining<'a, 'p> {
    fn begin(planned: &'p PlannedTree, record: Record<'a>) -> io::Result<Self> {
        let part = |product| Ok(Part { product: text(product)?.to_owned(), amount: record.amount });
        let parts = record.product.map(part).into_iter().collect::<io::Result<_>>()?;
        Ok(Self { planned, first: record, last: record, amount: record.amount, parts })
    }

    /// Takes a further row of the account: rows are sorted, so one of the same product, or without one, is the next.
    fn add(&mut self, record: Record<'a>, lines: &Places<'_>) -> io::Result<Option<LedgerErrorKind>> {
        let product = record.product.filter(|product| self.last.product.is_some_and(|last| last != *product));
        let (asset, class) = (self.planned.asset.clone(), self.planned.class);
        let Some(product) = product else {
            let (account, first) = (text(record.account)?.to_owned(), lines.at(self.last.line.min(record.line)));
            return Ok(Some(LedgerErrorKind::Duplicate { account, asset, class, first }));
        };
        // what does not fit here does not fit the total either, which is named where rows are added up
        self.amount = self.amount.checked_add(record.amount).unwrap_or(Amount::MAX);
        if self.parts.len() == usize::from(u16::MAX) {
            let account = text(record.account)?.to_owned();
            return Ok(Some(LedgerErrorKind::TooManyProducts { account, asset, class }));
        }
        self.parts.push(Part { product: text(product)?.to_owned(), amount: record.amount });
        self.last = record;
        Ok(None)
    }

    fn finish(self) -> Joined<'a> {
        Record { amount: self.amount, ..self.first }.alone(self.parts)
    }
}
