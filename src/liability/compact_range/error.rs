//! Why a range is refused. The sums of short ranges are balances: none that was read stands in these texts.

use super::TreeName;
use crate::code::{Code, Coded, liability as codes};
use crate::json::JsonError;

/// Why a range cannot be read, or two do not follow one another. `first` and `second` are the two in the order given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TreeRangeError {
    /// Leaves that stand between the two.
    #[error("leaves [{begin}, {end}) are missing between the two")]
    Gap {
        /// First leaf that is missing.
        begin: u64,
        /// The leaf after the last that is missing.
        end: u64,
    },
    /// Not a file of the format.
    #[error("{0}")]
    Malformed(JsonError),
    /// The second belongs before the first.
    #[error("the first has leaves [{}, {}), the second [{}, {})", left.0, left.1, right.0, right.1)]
    Order {
        /// Begin and end of the first.
        left: (u64, u64),
        /// Begin and end of the second.
        right: (u64, u64),
    },
    /// Another asset or class, or other decimals.
    #[error("the first is of {left}, the second of {right}")]
    OtherTree {
        /// Tree of the first.
        left: Box<TreeName>,
        /// Tree of the second.
        right: Box<TreeName>,
    },
    /// No total can hold the sums.
    #[error("the sums of the nodes add up to more than 2^128 - 1")]
    Overflow,
    /// Leaves that are in both.
    #[error("leaves [{begin}, {end}) are in both")]
    Overlap {
        /// First leaf in both.
        begin: u64,
        /// The leaf after the last in both.
        end: u64,
    },
}

impl Coded for TreeRangeError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Gap { .. } => &codes::RANGE_GAP,
            Self::Malformed(_) => &codes::RANGE_MALFORMED,
            Self::Order { .. } => &codes::RANGE_ORDER,
            Self::OtherTree { .. } => &codes::RANGE_OTHER_TREE,
            Self::Overflow => &codes::RANGE_OVERFLOW,
            Self::Overlap { .. } => &codes::RANGE_OVERLAP,
        }
    }
}

/// Two ranges that do not fit, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct MergeRefusal {
    /// Positions of the first and the second among those given, from 0.
    pub positions: (usize, usize),
    /// Why.
    pub error: TreeRangeError,
}
