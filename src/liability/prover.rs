//! Proving: from a store, the inclusion proof of one account. Nothing is scanned: an account is found by its order key,
//! and its path is read node by node.

use super::inclusion_proof::{FORMAT, InclusionProof, LeafProof, StatementRef};
use super::leaf::{Nonce, OrderKey, Piece, TreeKey};
use super::store::{PathReader, Store, StoreError, StoredTree};
use super::sum_tree::{LiabilityCommitment, fold, path};
use crate::amount::Amount;
use crate::code::{Code, Coded, liability as codes};
use crate::hash::Digest;

/// Why no proof can be made.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The account has no leaf.
    #[error("account {0:?} has no leaf in this build")]
    AccountNotFound(String),
    /// The trees are not those of the statement.
    #[error("the trees do not fit the statement: {0}")]
    Disagrees(String),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for ProveError {
    fn code(&self) -> &'static Code {
        match self {
            Self::AccountNotFound(_) => &codes::ACCOUNT_NOT_FOUND,
            Self::Disagrees(_) => &codes::STORE_DISAGREES,
            Self::Store(error) => error.code(),
        }
    }
}

/// Makes the proofs of one build, for one statement.
pub struct Prover<'a> {
    store: &'a Store,
    reference: StatementRef,
}

impl<'a> Prover<'a> {
    /// Takes a store and the rows of the statement that was made from it.
    ///
    /// # Errors
    /// [`ProveError::Disagrees`] when they are of different builds.
    pub fn new(store: &'a Store, rows: &[LiabilityCommitment], reference: StatementRef) -> Result<Self, ProveError> {
        if !store.trees().iter().map(StoredTree::commitment).eq(rows) {
            return Err(ProveError::Disagrees("their totals are of another build".to_owned()));
        }
        Ok(Self { store, reference })
    }

    /// The proof of one account over all trees in which it has a leaf. Each path is folded again before it is given
    /// out: a proof that leaves here leads to the root.
    ///
    /// # Errors
    /// [`ProveError`].
    pub fn prove(&self, account: &str) -> Result<InclusionProof, ProveError> {
        let mut leaves = Vec::new();
        for tree in self.store.trees() {
            prove_in(tree, account, &mut leaves)?;
        }
        if leaves.is_empty() {
            return Err(ProveError::AccountNotFound(account.to_owned()));
        }
        let (format, account) = (FORMAT.to_owned(), account.to_owned());
        Ok(InclusionProof { format, account, statement: self.reference.clone(), leaves })
    }
}

/// What one account is owed in one tree, as a receipt names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnBalance {
    /// The row under which it stands.
    pub row: LiabilityCommitment,
    /// The whole balance.
    pub amount: Amount,
    /// The customer's credential; empty for none.
    pub credential: String,
    /// Hashes of its leaves: one, or one for each piece, in their order.
    pub leaves: Vec<Digest>,
}

impl Prover<'_> {
    /// What one account is owed, tree by tree. No path is read.
    ///
    /// # Errors
    /// [`ProveError`].
    pub fn balances(&self, account: &str) -> Result<Vec<OwnBalance>, ProveError> {
        let mut balances = Vec::new();
        for tree in self.store.trees() {
            balances.extend(balance_in(tree, account)?);
        }
        if balances.is_empty() {
            return Err(ProveError::AccountNotFound(account.to_owned()));
        }
        Ok(balances)
    }
}

fn balance_in(tree: &StoredTree, account: &str) -> Result<Option<OwnBalance>, StoreError> {
    let keys: Vec<&TreeKey> = match tree.split() {
        None => vec![tree.key()],
        Some(split) => split.keys().iter().map(|(_, key)| key).collect(),
    };
    let mut found: Option<OwnBalance> = None;
    for key in &keys {
        let (order_key, nonce) = key.blind(account);
        let Some((_, leaf)) = tree.find(order_key, account)? else { continue };
        let node = leaf.node(nonce).ok_or_else(|| tree.damaged("a leaf does not fit"))?;
        let amount = leaf.split.map_or(leaf.amount, |split| split.whole);
        let (row, credential) = (tree.commitment().clone(), leaf.credential);
        let balance = found.get_or_insert_with(|| OwnBalance { row, amount, credential, leaves: Vec::new() });
        balance.leaves.push(node.digest);
    }
    match &found {
        Some(balance) if balance.leaves.len() != keys.len() => {
            Err(tree.damaged(&format!("{} of {} pieces of one balance are there", balance.leaves.len(), keys.len())))
        }
        _ => Ok(found),
    }
}

/// Adds the leaves that an account has in one tree: one, or one for each piece.
fn prove_in(tree: &StoredTree, account: &str, leaves: &mut Vec<LeafProof>) -> Result<(), StoreError> {
    let Some(split) = tree.split() else {
        leaves.extend(prove_leaf(tree, account, tree.key().blind(account), None)?);
        return Ok(());
    };
    let before = leaves.len();
    for (piece, key) in split.keys() {
        leaves.extend(prove_leaf(tree, account, key.blind(account), Some(*piece))?);
    }
    let found = leaves.len() - before;
    if found == 0 || found == split.keys().len() {
        return Ok(());
    }
    Err(tree.damaged(&format!("{found} of {} pieces of one balance are there", split.keys().len())))
}

fn prove_leaf(
    tree: &StoredTree,
    account: &str,
    (order_key, nonce): (OrderKey, Nonce),
    piece: Option<Piece>,
) -> Result<Option<LeafProof>, StoreError> {
    let row = tree.commitment();
    let Some((index, leaf)) = tree.find(order_key, account)? else { return Ok(None) };
    if leaf.split.map(|split| split.piece) != piece {
        return Err(tree.damaged("a leaf says that it is another piece than its place does"));
    }
    let reader = PathReader::new(tree);
    let path = path(&reader, row.leaf_count, index)?.ok_or_else(|| tree.damaged("a leaf outside the tree"))?;
    let node = leaf.node(nonce).ok_or_else(|| tree.damaged("a leaf does not fit"))?;
    let root = fold(node, index, row.leaf_count, &path)?;
    if (root.digest, root.sum) != (row.root, row.total) {
        return Err(tree.disagrees(&format!("root {} with total {}", root.digest, root.sum)));
    }
    let (asset, class) = (row.asset.clone(), row.class);
    let (amount, parts, split) = (leaf.amount, leaf.parts, leaf.split);
    Ok(Some(LeafProof { asset, class, amount, nonce, index, parts, path, split }))
}
