//! Why an inclusion proof is not accepted.

use super::StatementRef;
use crate::amount::Amount;
use crate::asset::{AssetId, Class};
use crate::code::{Code, Coded, liability as codes};
use crate::hash::Digest;
use crate::json::JsonError;
use crate::liability::sum_tree::SumOverflow;

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
    /// Two pieces of a balance say different things about it.
    #[error("{asset} ({class}): {detail}")]
    SplitDiffers {
        /// The asset.
        asset: AssetId,
        /// The class.
        class: Class,
        /// What each of them says.
        detail: String,
    },
    /// Not all pieces of a balance are there.
    #[error("{asset} ({class}): {got} of {expected} pieces of the balance, piece {missing} is missing")]
    SplitIncomplete {
        /// The asset.
        asset: AssetId,
        /// The class.
        class: Class,
        /// Pieces in the proof.
        got: usize,
        /// Pieces that each of them says there are.
        expected: u16,
        /// The first that is not there.
        missing: u16,
    },
    /// Two pieces of a balance have one position.
    #[error("{asset} ({class}): two pieces of the balance stand at position {index}")]
    SplitPosition {
        /// The asset.
        asset: AssetId,
        /// The class.
        class: Class,
        /// The position.
        index: u64,
    },
    /// The pieces are not the balance.
    #[error("{asset} ({class}): the pieces add up to {got}, the balance is {expected}")]
    SplitSum {
        /// The asset.
        asset: AssetId,
        /// The class.
        class: Class,
        /// Sum of the pieces.
        got: String,
        /// The balance that each of them says it belongs to.
        expected: Amount,
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
            Self::SplitDiffers { .. } => &codes::SPLIT_DIFFERS,
            Self::SplitIncomplete { .. } => &codes::SPLIT_INCOMPLETE,
            Self::SplitPosition { .. } => &codes::SPLIT_POSITION,
            Self::SplitSum { .. } => &codes::SPLIT_SUM,
            Self::SumOverflow { .. } => &codes::SUM_OVERFLOW,
            Self::TotalMismatch { .. } => &codes::TOTAL_MISMATCH,
            Self::UnknownRow { .. } => &codes::UNKNOWN_ROW,
        }
    }
}
