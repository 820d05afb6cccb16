//! Two stores leaf by leaf: the one that is audited, and the one that the ledger gives.

use std::cmp::Ordering;

use crate::liability::store::{StoreError, StoredLeaf, StoredTree};

/// Leaves that are read at once.
const AT_ONCE: u64 = 4096;

/// The first place where two trees differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeafDifference {
    /// The ledger has a leaf that the store does not have.
    OnlyInLedger {
        /// Whose leaf.
        account: String,
        /// Its position among the ledger's leaves.
        index: u64,
    },
    /// The store has a leaf that the ledger does not give.
    OnlyInStore {
        /// Whose leaf.
        account: String,
        /// Its position in the store.
        index: u64,
    },
    /// Both have the account's leaf, with another balance, credential or parts.
    Content {
        /// Whose leaf.
        account: String,
        /// Its position in the store.
        index: u64,
        /// What differs: `balance`, `credential`, `parts` or `piece`.
        what: &'static str,
    },
}

impl std::fmt::Display for LeafDifference {
    /// Never the balances: this text may end up in a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::OnlyInLedger { account, index } => {
                write!(f, "account {account:?} is in the ledger, as leaf {index}, and not in the store")
            }
            Self::OnlyInStore { account, index } => {
                write!(f, "account {account:?} is leaf {index} of the store, and not in the ledger")
            }
            Self::Content { account, index, what } => {
                write!(f, "leaf {index}, of account {account:?}, has another {what} in the ledger")
            }
        }
    }
}

/// The first leaf in which the tree of a ledger differs from a stored one; `None` when all are the same.
///
/// # Errors
/// [`StoreError`] when one of them cannot be read.
pub fn first_difference(ledger: &StoredTree, store: &StoredTree) -> Result<Option<LeafDifference>, StoreError> {
    let count = ledger.commitment().leaf_count.max(store.commitment().leaf_count);
    for begin in (0..count.div_ceil(AT_ONCE)).map(|piece| piece * AT_ONCE) {
        let (left, right) = (ledger.leaves(begin..begin + AT_ONCE)?, store.leaves(begin..begin + AT_ONCE)?);
        let mut pairs = (begin..).zip(left.iter().zip(&right));
        if let Some((index, (left, right))) = pairs.find(|(_, (left, right))| left != right) {
            return Ok(Some(difference(index, left, right)));
        }
        let common = left.len().min(right.len());
        let index = begin + common as u64;
        if let Some(leaf) = left.get(common) {
            return Ok(Some(LeafDifference::OnlyInLedger { account: leaf.account.clone(), index }));
        }
        if let Some(leaf) = right.get(common) {
            return Ok(Some(LeafDifference::OnlyInStore { account: leaf.account.clone(), index }));
        }
    }
    Ok(None)
}

fn difference(index: u64, ledger: &StoredLeaf, store: &StoredLeaf) -> LeafDifference {
    let account = store.account.clone();
    match (ledger.order_key, &ledger.account).cmp(&(store.order_key, &store.account)) {
        Ordering::Less => LeafDifference::OnlyInLedger { account: ledger.account.clone(), index },
        Ordering::Greater => LeafDifference::OnlyInStore { account, index },
        Ordering::Equal if ledger.amount != store.amount => LeafDifference::Content { account, index, what: "balance" },
        Ordering::Equal if ledger.credential != store.credential => {
            LeafDifference::Content { account, index, what: "credential" }
        }
        Ordering::Equal if ledger.parts != store.parts => LeafDifference::Content { account, index, what: "parts" },
        Ordering::Equal => LeafDifference::Content { account, index, what: "piece" },
    }
}
