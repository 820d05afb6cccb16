//! Inclusion proofs: whether one customer's balances are in the totals. Specification: `docs/spec/inclusion-proof.md`.

mod balance;
mod error;

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use crate::amount::Amount;
use crate::asset::{AssetId, Class};
use crate::hash::Digest;
use crate::json::{self, JsonError, uint};
use crate::liability::leaf::{LeafContent, Nonce, Part, Split};
use crate::liability::sum_tree::{LiabilityCommitment, SumNode, fold, path_length};
use crate::snapshot::VenueId;

use balance::Balance;
pub use error::InclusionError;

/// The format's name.
pub const FORMAT: &str = "counterfoil-inclusion-proof-v1";
/// A proof file above this size is not read: 64 siblings for each of thousands of assets fit many times over.
pub const FILE_SIZE_MAX: u64 = 16 << 20;

/// Which statement a proof belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementRef {
    /// Digest of the statement.
    pub digest: Digest,
    /// Sequence number.
    #[serde(with = "uint")]
    pub sequence: u64,
    /// Short name of the venue.
    pub venue: VenueId,
}

/// One leaf and its way to the root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeafProof {
    /// The unit owed.
    pub asset: AssetId,
    /// The class.
    pub class: Class,
    /// The amount of the leaf: the balance, or one piece of it.
    pub amount: Amount,
    /// What blinds the leaf.
    pub nonce: Nonce,
    /// Position in the tree.
    #[serde(with = "uint")]
    pub index: u64,
    /// Parts of the balance, of the whole one when it is split; empty for none.
    pub parts: Vec<Part>,
    /// Siblings from the leaf up.
    pub path: Vec<SumNode>,
    /// Which piece of a split balance; absent, and never null, when the leaf is the balance.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
}

/// A field that is there is no null.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Split>, D::Error> {
    Split::deserialize(deserializer).map(Some)
}

impl LeafProof {
    /// The row under which the leaf stands.
    fn row(&self) -> (&str, &'static str) {
        (self.asset.as_str(), self.class.text())
    }

    /// What orders leaves: the row, then the piece. A leaf that is the balance is piece 0.
    fn key(&self) -> ((&str, &'static str), u16) {
        (self.row(), self.split.map_or(0, |split| split.piece.number()))
    }
}

/// The file. It answers a question and never asks one: nothing in it is believed that the customer did not bring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InclusionProof {
    /// [`FORMAT`].
    pub format: String,
    /// Whose proof it is.
    pub account: String,
    /// Which statement it belongs to.
    pub statement: StatementRef,
    /// The leaves, by asset, class and piece.
    pub leaves: Vec<LeafProof>,
}

impl InclusionProof {
    /// Reads a proof file.
    ///
    /// # Errors
    /// [`InclusionError::Malformed`].
    pub fn parse(file: &[u8]) -> Result<Self, InclusionError> {
        let proof: Self = json::read(file).map_err(InclusionError::Malformed)?;
        if proof.format != FORMAT {
            let detail = format!("format {:?}, expected {FORMAT:?}", proof.format);
            return Err(InclusionError::Malformed(JsonError::Shape { detail }));
        }
        proof.in_order()?;
        Ok(proof)
    }

    /// Leaves of one row are neighbours. Also asked of a proof that was not read from a file.
    fn in_order(&self) -> Result<(), InclusionError> {
        match self.pairs().find_map(|(a, b)| (a.key() > b.key()).then_some(b)) {
            Some(later) => {
                let detail = format!("leaf {} ({}) is out of order", later.asset, later.class);
                Err(InclusionError::Malformed(JsonError::Shape { detail }))
            }
            None => Ok(()),
        }
    }

    /// Every two leaves that follow one another.
    fn pairs(&self) -> impl Iterator<Item = (&LeafProof, &LeafProof)> {
        self.leaves.iter().zip(self.leaves.iter().skip(1))
    }
}

/// What the customer knows and asks. Nothing here is read from the proof.
#[derive(Clone, Debug)]
pub struct InclusionQuery<'a> {
    /// The statement, checked under the customer's policy.
    pub statement: &'a StatementRef,
    /// Its rows.
    pub rows: &'a [LiabilityCommitment],
    /// The customer's account.
    pub account: &'a str,
    /// The credential that the customer chose; empty for none.
    pub credential: &'a str,
    /// Balances that the customer expects, over all classes.
    pub expected: &'a BTreeMap<AssetId, Amount>,
}

/// A balance shown to be under a committed root and in its total. Only [`verify`] makes one: to audit every way in
/// which a `VerifiedInclusion` can exist, read that one function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedInclusion {
    row: LiabilityCommitment,
    amount: Amount,
    parts: Vec<Part>,
    indices: Vec<u64>,
}

impl VerifiedInclusion {
    /// The row of the statement under which it stands.
    #[must_use]
    pub fn row(&self) -> &LiabilityCommitment {
        &self.row
    }

    /// The committed balance.
    #[must_use]
    pub fn amount(&self) -> Amount {
        self.amount
    }

    /// The committed parts; empty for none.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Positions of its leaves in the tree, all different: one, or one for each piece of a split balance.
    #[must_use]
    pub fn indices(&self) -> &[u64] {
        &self.indices
    }
}

/// Shows that the customer's balances, as the proof states them, are in the statement's totals.
///
/// # Errors
/// [`InclusionError`], the first in the order of the specification's steps.
pub fn verify(query: &InclusionQuery<'_>, proof: &InclusionProof) -> Result<Vec<VerifiedInclusion>, InclusionError> {
    if proof.statement != *query.statement {
        let (got, expected) = (Box::new(proof.statement.clone()), Box::new(query.statement.clone()));
        return Err(InclusionError::OtherStatement { got, expected });
    }
    if proof.account != query.account {
        let expected = query.account.to_owned();
        return Err(InclusionError::OtherAccount { got: proof.account.clone(), expected });
    }
    if proof.leaves.is_empty() {
        return Err(InclusionError::Empty);
    }
    proof.in_order()?;
    if let Some(leaf) = proof.pairs().find_map(|(a, b)| (a.key() == b.key()).then_some(b)) {
        return Err(InclusionError::Duplicate { asset: leaf.asset.clone(), class: leaf.class });
    }
    let rows: Rows<'_> = query.rows.iter().map(|row| (row.key(), row)).collect();
    let balances = balance::balances(&proof.leaves)?;
    let verified =
        balances.iter().map(|balance| verify_balance(query, &rows, balance)).collect::<Result<Vec<_>, _>>()?;
    compare_expected(query, &verified)?;
    Ok(verified)
}

/// Rows by asset and class: a proof of many leaves under a statement of many rows is no reason to search each time.
type Rows<'a> = BTreeMap<(&'a str, &'static str), &'a LiabilityCommitment>;

fn verify_balance(
    query: &InclusionQuery<'_>,
    rows: &Rows<'_>,
    balance: &Balance<'_>,
) -> Result<VerifiedInclusion, InclusionError> {
    let Balance { first, amount, leaves } = *balance;
    let (asset, class) = (first.asset.clone(), first.class);
    let Some(&row) = rows.get(&first.row()) else { return Err(InclusionError::UnknownRow { asset, class }) };
    for leaf in leaves {
        verify_leaf(query, row, leaf)?;
    }
    let (parts, indices) = (first.parts.clone(), leaves.iter().map(|leaf| leaf.index).collect());
    Ok(VerifiedInclusion { row: row.clone(), amount, parts, indices })
}

fn verify_leaf(query: &InclusionQuery<'_>, row: &LiabilityCommitment, leaf: &LeafProof) -> Result<(), InclusionError> {
    let (asset, class) = (leaf.asset.clone(), leaf.class);
    let (index, leaf_count) = (leaf.index, row.leaf_count);
    if index >= leaf_count {
        return Err(InclusionError::IndexRange { asset, class, index, leaf_count });
    }
    let (got, expected) = (leaf.path.len(), path_length(index, leaf_count));
    if got != expected {
        return Err(InclusionError::PathLength { asset, class, got, expected, index, leaf_count });
    }
    check_parts(leaf)?;
    let content = LeafContent {
        nonce: leaf.nonce,
        amount: leaf.amount,
        account: query.account,
        credential: query.credential,
        parts: &leaf.parts,
    };
    let hash = leaf.split.map_or_else(|| content.hash(), |split| content.hash_piece(&split));
    let Some(hash) = hash else {
        let got = format!("{} parts with texts that are too long", leaf.parts.len());
        return Err(InclusionError::PartsDiffer { asset, class, got, expected: leaf.amount });
    };
    let root = fold(SumNode::leaf(hash, leaf.amount), index, leaf_count, &leaf.path)
        .map_err(|source| InclusionError::SumOverflow { asset: asset.clone(), class, source })?;
    if root.digest != row.root {
        return Err(InclusionError::RootMismatch { asset, class, got: root.digest, expected: row.root });
    }
    if root.sum != row.total {
        return Err(InclusionError::TotalMismatch { asset, class, got: root.sum, expected: row.total });
    }
    Ok(())
}

/// Parts make the balance: that of the leaf, or the whole one of which it is a piece.
fn check_parts(leaf: &LeafProof) -> Result<(), InclusionError> {
    let balance = leaf.split.map_or(leaf.amount, |split| split.whole);
    let fail = |got: String| {
        let (asset, class, expected) = (leaf.asset.clone(), leaf.class, balance);
        Err(InclusionError::PartsDiffer { asset, class, got, expected })
    };
    if leaf.parts.is_empty() {
        return Ok(());
    }
    if !leaf.parts.is_sorted_by(|left, right| left.product < right.product) {
        return fail("parts out of order".to_owned());
    }
    match Amount::checked_sum(leaf.parts.iter().map(|part| part.amount)) {
        Some(sum) if sum == balance => Ok(()),
        Some(sum) => fail(sum.to_string()),
        None => fail("more than 2^128 - 1".to_owned()),
    }
}

fn compare_expected(query: &InclusionQuery<'_>, verified: &[VerifiedInclusion]) -> Result<(), InclusionError> {
    for (asset, &expected) in query.expected {
        let row = query.rows.iter().find(|row| row.asset == *asset);
        // an asset without a row is named in base units: its decimals stand in its row
        let text =
            |amount: Amount| row.map_or_else(|| format!("{amount} base units"), |row| amount.to_decimal(row.decimals));
        let balances: Vec<&VerifiedInclusion> = verified.iter().filter(|one| one.row.asset == *asset).collect();
        if balances.is_empty() {
            return Err(InclusionError::ExpectedAbsent { asset: asset.clone(), expected: text(expected) });
        }
        let sum = Amount::checked_sum(balances.iter().map(|balance| balance.amount));
        if sum != Some(expected) {
            let got = sum.map_or_else(|| "more than 2^128 - 1 base units".to_owned(), text);
            return Err(InclusionError::AmountDiffers { asset: asset.clone(), got, expected: text(expected) });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
