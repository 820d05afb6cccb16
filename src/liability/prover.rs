//! Proving: from the trees of a build to the inclusion proof of one customer.

use std::collections::BTreeMap;

use super::build::{Entry, Tree};
use super::inclusion_proof::{FORMAT, InclusionProof, LeafProof, StatementRef};
use super::sum_tree::{LiabilityCommitment, SumNode, SumTree};
use crate::code::{Code, Coded, liability as codes};

/// Why no proof can be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProveError {
    /// The account has no leaf.
    #[error("account {0:?} has no leaf in this build")]
    AccountNotFound(String),
    /// The trees are not those of the statement.
    #[error("the trees do not fit the statement: {0}")]
    Disagrees(String),
}

impl Coded for ProveError {
    fn code(&self) -> &'static Code {
        match self {
            Self::AccountNotFound(_) => &codes::ACCOUNT_NOT_FOUND,
            Self::Disagrees(_) => &codes::STORE_DISAGREES,
        }
    }
}

/// All trees of one build with all their levels.
pub struct Prover<'a> {
    trees: Vec<(&'a Tree, SumTree, BTreeMap<&'a str, usize>)>,
    reference: StatementRef,
}

impl<'a> Prover<'a> {
    /// Takes the trees of a build and the rows of the statement that was made from it.
    ///
    /// # Errors
    /// [`ProveError::Disagrees`] when they are of different builds.
    pub fn new(trees: &'a [Tree], rows: &[LiabilityCommitment], reference: StatementRef) -> Result<Self, ProveError> {
        let disagrees = |detail: &str| ProveError::Disagrees(detail.to_owned());
        if !trees.iter().map(|tree| &tree.commitment).eq(rows) {
            return Err(disagrees("their totals are of another build"));
        }
        let mut ready = Vec::with_capacity(trees.len());
        for tree in trees {
            let leaves: Option<Vec<SumNode>> = tree.entries.iter().map(Entry::node).collect();
            let leaves = leaves.ok_or_else(|| disagrees("a leaf has too many parts"))?;
            let levels = SumTree::new(leaves).map_err(|error| disagrees(&error.to_string()))?;
            let by_account = (0..).zip(&tree.entries).map(|(index, entry)| (entry.account.as_str(), index)).collect();
            ready.push((tree, levels, by_account));
        }
        Ok(Self { trees: ready, reference })
    }

    /// The proof of one account over all trees in which it has a leaf.
    ///
    /// # Errors
    /// [`ProveError`].
    pub fn prove(&self, account: &str) -> Result<InclusionProof, ProveError> {
        let mut leaves = Vec::new();
        for (tree, levels, by_account) in &self.trees {
            let Some(&place) = by_account.get(account) else { continue };
            let Some(entry) = tree.entries.get(place) else { continue };
            let index = place as u64;
            let path = levels.path(index).ok().flatten();
            let path = path.ok_or_else(|| ProveError::Disagrees("a leaf has no path to its root".to_owned()))?;
            leaves.push(LeafProof {
                asset: tree.commitment.asset.clone(),
                class: tree.commitment.class,
                amount: entry.amount,
                nonce: entry.nonce,
                index,
                parts: entry.parts.clone(),
                path,
                split: None,
            });
        }
        if leaves.is_empty() {
            return Err(ProveError::AccountNotFound(account.to_owned()));
        }
        let (format, account) = (FORMAT.to_owned(), account.to_owned());
        Ok(InclusionProof { format, account, statement: self.reference.clone(), leaves })
    }
}
