//! Inclusion proofs: whether one customer's balances are in the totals. Specification: `docs/spec/inclusion-proof.md`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::amount::Amount;
use crate::asset::{AssetId, Class};
use crate::code::{Code, Coded, liability as codes};
use crate::hash::Digest;
use crate::json::{self, JsonError, uint};
use crate::liability::leaf::{LeafContent, Nonce, Part};
use crate::liability::sum_tree::{LiabilityCommitment, SumNode, SumOverflow, fold, path_length};
use crate::snapshot::VenueId;

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
    /// The balance.
    pub amount: Amount,
    /// What blinds the leaf.
    pub nonce: Nonce,
    /// Position in the tree.
    #[serde(with = "uint")]
    pub index: u64,
    /// Parts of the balance; empty for none.
    pub parts: Vec<Part>,
    /// Siblings from the leaf up.
    pub path: Vec<SumNode>,
}

impl LeafProof {
    fn key(&self) -> (&str, &'static str) {
        (self.asset.as_str(), self.class.text())
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
    /// The leaves, by asset and class.
    pub leaves: Vec<LeafProof>,
}

impl InclusionProof {
    /// Reads a proof file.
    ///
    /// # Errors
    /// [`InclusionError::Malformed`].
    pub fn parse(file: &[u8]) -> Result<Self, InclusionError> {
        let proof: Self = json::read(file).map_err(InclusionError::Malformed)?;
        let malformed = |detail: String| Err(InclusionError::Malformed(JsonError::Shape { detail }));
        if proof.format != FORMAT {
            return malformed(format!("format {:?}, expected {FORMAT:?}", proof.format));
        }
        if let Some(pair) = proof.leaves.windows(2).find(|pair| matches!(pair, [a, b] if a.key() > b.key())) {
            let later = pair.last().map(|leaf| format!("{} ({})", leaf.asset, leaf.class)).unwrap_or_default();
            return malformed(format!("leaf {later} is out of order"));
        }
        Ok(proof)
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

/// A leaf shown to be under a committed root and in its total. Only [`verify`] makes one: to audit every way in
/// which a `VerifiedInclusion` can exist, read that one function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedInclusion {
    row: LiabilityCommitment,
    amount: Amount,
    parts: Vec<Part>,
    index: u64,
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

    /// Position in the tree.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }
}

/// Why a proof is not accepted. Mix-ups and damage are kept apart from failures: see [`Coded::code`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InclusionError {
    /// The committed balance is another one.
    #[error("{asset}: the committed balance is {got}, expected {expected}")]
    AmountDiffers {
        /// The asset.
        asset: AssetId,
        /// The balance over all classes in the proof.
        got: String,
        /// What the customer expects.
        expected: String,
    },
    /// One row of the statement is used twice.
    #[error("{asset} ({class}) stands twice in the proof")]
    Duplicate {
        /// The asset.
        asset: AssetId,
        /// The class.
        class: Class,
    },
    /// No leaf at all.
    #[error("the proof contains no leaf")]
    Empty,
    /// An expected asset is not there.
    #[error("{asset}: expected {expected}, and the proof has no leaf of it")]
    ExpectedAbsent {
        /// The asset.
        asset: AssetId,
        /// What the customer expects.
        expected: String,
    },
    /// Position outside the tree.
    #[error("{asset} ({class}): position {index}, but the tree has {leaf_count} leaves")]
    IndexRange {
        /// The asset.
        asset: AssetId,
        /// The class.
        class: Class,
        /// Position in the proof.
        index: u64,
        /// Leaves in the statement.
        leaf_count: u64,
    },
    /// Not a proof file.
    #[error("{0}")]
    Malformed(#[source] JsonError),
    /// Another account.
    #[error("the proof is for account {got:?}, you asked about {expected:?}")]
    OtherAccount {
        /// The account in the proof.
        got: String,
        /// The customer's.
        expected: String,
    },
    /// Another statement.
    #[error("{}", other_statement(got, expected))]
    OtherStatement {
        /// The statement that the proof names.
        got: Box<StatementRef>,
        /// The customer's.
        expected: Box<StatementRef>,
    },
    /// The parts are not the balance.
    #[error("{asset} ({class}): the parts add up to {got}, the balance is {expected}")]
    PartsDiffer {
        /// The asset.
        asset: AssetId,
        /// The class.
        class: Class,
        /// Sum of the parts, or what is wrong with them.
        got: String,
        /// The balance.
        expected: Amount,
    },
    /// The path is too long or too short.
    #[error("{asset} ({class}): {got} siblings, expected {expected} for position {index} of {leaf_count}")]
    PathLength {
        /// The asset.
        asset: AssetId,
        /// The class.
        class: Class,
        /// Siblings in the proof.
        got: usize,
        /// Siblings that position and leaf count give.
        expected: usize,
        /// Position.
        index: u64,
        /// Leaves in the statement.
        leaf_count: u64,
    },
    /// Another root.
    #[error("{asset} ({class}): account, credential and amount lead to root {got}, the statement has {expected}")]
    RootMismatch {
        /// The asset.
        asset: AssetId,
        /// The class.
        class: Class,
        /// Root that the path leads to.
        got: Digest,
        /// Root in the statement.
        expected: Digest,
    },
    /// The sums overflow.
    #[error("{asset} ({class}): {source}")]
    SumOverflow {
        /// The asset.
        asset: AssetId,
        /// The class.
        class: Class,
        /// Which sums.
        source: SumOverflow,
    },
    /// The right root under another total.
    #[error("{asset} ({class}): the path adds up to {got}, the statement has a total of {expected}")]
    TotalMismatch {
        /// The asset.
        asset: AssetId,
        /// The class.
        class: Class,
        /// Sum that the path leads to.
        got: Amount,
        /// Total in the statement.
        expected: Amount,
    },
    /// No such row in the statement.
    #[error("the statement has no row for {asset} ({class})")]
    UnknownRow {
        /// The asset.
        asset: AssetId,
        /// The class.
        class: Class,
    },
}

/// Two statements for one number of one venue are no mix-up of files.
fn other_statement(got: &StatementRef, expected: &StatementRef) -> String {
    let text = format!(
        "the proof belongs to statement {} of {} ({}), you gave statement {} of {} ({})",
        got.sequence, got.venue, got.digest, expected.sequence, expected.venue, expected.digest
    );
    if (&got.venue, got.sequence) == (&expected.venue, expected.sequence) {
        return format!("{text}: two statements for one number; if both are signed, keep both as evidence");
    }
    text
}

impl Coded for InclusionError {
    fn code(&self) -> &'static Code {
        match self {
            Self::AmountDiffers { .. } => &codes::AMOUNT_DIFFERS,
            Self::Duplicate { .. } => &codes::DUPLICATE_LEAF,
            Self::Empty => &codes::EMPTY_PROOF,
            Self::ExpectedAbsent { .. } => &codes::EXPECTED_ABSENT,
            Self::IndexRange { .. } => &codes::INDEX_RANGE,
            Self::Malformed(_) => &codes::PROOF_MALFORMED,
            Self::OtherAccount { .. } => &codes::PROOF_OTHER_ACCOUNT,
            Self::OtherStatement { .. } => &codes::PROOF_OTHER_STATEMENT,
            Self::PartsDiffer { .. } => &codes::PARTS_DIFFER,
            Self::PathLength { .. } => &codes::PATH_LENGTH,
            Self::RootMismatch { .. } => &codes::ROOT_MISMATCH,
            Self::SumOverflow { .. } => &codes::SUM_OVERFLOW,
            Self::TotalMismatch { .. } => &codes::TOTAL_MISMATCH,
            Self::UnknownRow { .. } => &codes::UNKNOWN_ROW,
        }
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
    let twice = proof.leaves.windows(2).find_map(|pair| match pair {
        [a, b] if a.key() == b.key() => Some(b),
        _ => None,
    });
    if let Some(leaf) = twice {
        return Err(InclusionError::Duplicate { asset: leaf.asset.clone(), class: leaf.class });
    }
    let rows: Rows<'_> = query.rows.iter().map(|row| (row.key(), row)).collect();
    let verified = proof.leaves.iter().map(|leaf| verify_leaf(query, &rows, leaf)).collect::<Result<Vec<_>, _>>()?;
    compare_expected(query, &verified)?;
    Ok(verified)
}

/// Rows by asset and class: a proof of many leaves under a statement of many rows is no reason to search each time.
type Rows<'a> = BTreeMap<(&'a str, &'static str), &'a LiabilityCommitment>;

fn verify_leaf(
    query: &InclusionQuery<'_>,
    rows: &Rows<'_>,
    leaf: &LeafProof,
) -> Result<VerifiedInclusion, InclusionError> {
    let (asset, class) = (leaf.asset.clone(), leaf.class);
    let Some(&row) = rows.get(&leaf.key()) else { return Err(InclusionError::UnknownRow { asset, class }) };
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
    let Some(hash) = content.hash() else {
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
    Ok(VerifiedInclusion { row: row.clone(), amount: leaf.amount, parts: leaf.parts.clone(), index })
}

fn check_parts(leaf: &LeafProof) -> Result<(), InclusionError> {
    let fail = |got: String| {
        let (asset, class, expected) = (leaf.asset.clone(), leaf.class, leaf.amount);
        Err(InclusionError::PartsDiffer { asset, class, got, expected })
    };
    if leaf.parts.is_empty() {
        return Ok(());
    }
    if !leaf.parts.is_sorted_by(|left, right| left.product < right.product) {
        return fail("parts out of order".to_owned());
    }
    match Amount::checked_sum(leaf.parts.iter().map(|part| part.amount)) {
        Some(sum) if sum == leaf.amount => Ok(()),
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
        let leaves: Vec<&VerifiedInclusion> = verified.iter().filter(|leaf| leaf.row.asset == *asset).collect();
        if leaves.is_empty() {
            return Err(InclusionError::ExpectedAbsent { asset: asset.clone(), expected: text(expected) });
        }
        let sum = Amount::checked_sum(leaves.iter().map(|leaf| leaf.amount));
        if sum != Some(expected) {
            let got = sum.map_or_else(|| "more than 2^128 - 1 base units".to_owned(), text);
            return Err(InclusionError::AmountDiffers { asset: asset.clone(), got, expected: text(expected) });
        }
    }
    Ok(())
}
