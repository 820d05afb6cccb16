//! What is wrong with a file of another format, and where.

use std::ops::Range;

use crate::code::{Code, Coded, Outcome, foreign as codes, foreign_amounts as amount_codes};
use crate::ledger::Place;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// In no format that is known.
    Unrecognised,
    /// Not in the form of its format.
    Malformed,
    /// An amount is no plain decimal.
    Amount,
    /// No list of assets fits.
    Assets,
    /// The leaf is not the hash of its fields.
    Leaf,
    /// The path leads elsewhere than the file says.
    Root,
    /// The path leads elsewhere than the given root.
    OtherRoot,
    /// Nobody but the file named a root.
    RootOwn,
    /// Directions, heights or counts contradict one another.
    Position,
    /// The leaf is another account's.
    Account,
    /// The scheme binds no account.
    NoAccount,
    /// Another balance than expected.
    Expected,
    /// An amount below zero.
    Negative,
    /// A node is not made from its children.
    Tree,
    /// The tree is not complete.
    TreeShape,
    /// No leaf matches.
    NoLeaf,
    /// The nonce cannot be read.
    Nonce,
    /// Larger than the limits.
    TooLarge,
    /// The anchor differs.
    Anchor,
    /// The question does not fit the kind of file.
    NoTree,
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Fault {
    /// What is wrong.
    pub kind: Kind,
    /// What was got and expected.
    pub detail: String,
    /// The bytes of the file that are at fault; `None` when it concerns all of it.
    pub at: Option<Range<usize>>,
    /// The line, of a file that is read as a stream.
    pub place: Option<Box<Place>>,
}

impl Fault {
    /// A fault of the whole file.
    #[must_use]
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), at: None, place: None }
    }

    /// A fault of some bytes.
    #[must_use]
    pub fn at(kind: Kind, at: Range<usize>, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), at: Some(at), place: None }
    }

    /// A fault of a line of a stream.
    #[must_use]
    pub fn in_line(kind: Kind, place: Place, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), at: None, place: Some(Box::new(place)) }
    }

    /// Whether a check was made and failed.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        self.code().outcome == Outcome::Failed
    }
}

impl Coded for Fault {
    fn code(&self) -> &'static Code {
        match self.kind {
            Kind::Unrecognised => &codes::FOREIGN_UNRECOGNISED,
            Kind::Malformed => &codes::FOREIGN_MALFORMED,
            Kind::Amount => &codes::FOREIGN_AMOUNT,
            Kind::Assets => &codes::FOREIGN_ASSETS,
            Kind::Leaf => &codes::FOREIGN_LEAF,
            Kind::Root => &codes::FOREIGN_ROOT,
            Kind::OtherRoot => &codes::FOREIGN_OTHER_ROOT,
            Kind::RootOwn => &codes::FOREIGN_ROOT_OWN,
            Kind::Position => &codes::FOREIGN_POSITION,
            Kind::Account => &codes::FOREIGN_ACCOUNT,
            Kind::NoAccount => &codes::FOREIGN_NO_ACCOUNT,
            Kind::Expected => &codes::FOREIGN_EXPECTED,
            Kind::Negative => &amount_codes::FOREIGN_NEGATIVE,
            Kind::Tree => &codes::FOREIGN_TREE,
            Kind::TreeShape => &codes::FOREIGN_TREE_SHAPE,
            Kind::NoLeaf => &codes::FOREIGN_NO_LEAF,
            Kind::Nonce => &codes::FOREIGN_NONCE,
            Kind::TooLarge => &codes::FOREIGN_TOO_LARGE,
            Kind::Anchor => &codes::FOREIGN_ANCHOR,
            Kind::NoTree => &codes::FOREIGN_NO_TREE,
        }
    }
}
