//! Every account of a store, once, in bounded memory.

use super::{Store, StoreError, StoredTree};
use crate::liability::leaf::is_reserved;

/// Leaves that are read at once.
const AT_ONCE: u64 = 4096;

/// The accounts of a store; see [`Store::accounts`].
pub struct Accounts<'a> {
    store: &'a Store,
    tree: usize,
    next_leaf: u64,
    /// Accounts that were read and not yet handed out, the next one last.
    read: Vec<String>,
}

impl Store {
    /// Every customer's account, once: at the first tree in which it has a leaf, in the order of that tree. Decoys are
    /// nobody's.
    #[must_use]
    pub fn accounts(&self) -> Accounts<'_> {
        Accounts { store: self, tree: 0, next_leaf: 0, read: Vec::new() }
    }
}

impl Accounts<'_> {
    /// Reads on until there is an account, or the end.
    fn fill(&mut self) -> Result<(), StoreError> {
        while let Some(tree) = self.store.trees.get(self.tree).filter(|_| self.read.is_empty()) {
            let begin = self.next_leaf;
            self.next_leaf += AT_ONCE;
            let mut fresh = Vec::new();
            tree.each_leaf(begin..self.next_leaf, &mut |_, _, text| {
                let first_piece = text.split.is_none_or(|split| split.piece.number() == 1);
                if first_piece && !is_reserved(text.account) {
                    fresh.push(text.account.to_owned());
                }
            })?;
            let earlier = self.store.trees.get(..self.tree).unwrap_or_default();
            for account in fresh.into_iter().rev() {
                if !is_in_one(earlier, &account)? {
                    self.read.push(account);
                }
            }
            if self.next_leaf >= tree.commitment().leaf_count {
                (self.tree, self.next_leaf) = (self.tree + 1, 0);
            }
        }
        Ok(())
    }
}

fn is_in_one(trees: &[StoredTree], account: &str) -> Result<bool, StoreError> {
    for tree in trees {
        let key = tree.split().and_then(|split| split.keys().first()).map_or(tree.key(), |(_, key)| key);
        if tree.find(key.blind(account).0, account)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Iterator for Accounts<'_> {
    type Item = Result<String, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Err(error) = self.fill() {
            self.tree = self.store.trees.len();
            return Some(Err(error));
        }
        self.read.pop().map(Ok)
    }
}
