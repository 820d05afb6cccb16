//! Why a body shows nothing.

use crate::bundle::SourceError;
use crate::code::{Code, Coded, bundle as bundle_codes, evm_flows as codes};
use crate::hash::Digest;
use crate::reserve::evm::address::AddressError;
use crate::reserve::evm::transactions::TransactionError;
use crate::reserve::evm::window::WindowError;

/// Why the body of a block shows nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlowError {
    /// The chain is no EVM chain.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The bundle cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Not a body.
    #[error("{detail}")]
    Malformed {
        /// What was found.
        detail: String,
    },
    /// A body of no block of the window.
    #[error("{}", outside(*height))]
    Outside {
        /// The block, where the name tells it.
        height: Option<u64>,
    },
    /// The transactions are refused.
    #[error(transparent)]
    Transactions(#[from] TransactionError),
    /// The receipts are refused.
    #[error(transparent)]
    Receipts(#[from] WindowError),
    /// A body without its receipts.
    #[error("there is a body and no file of receipts")]
    NoReceipts,
    /// Receipts that do not belong to the transactions.
    #[error("{detail}")]
    Counts {
        /// Got and expected.
        detail: String,
    },
    /// A receipt without a status.
    #[error("receipt {at} has a state root in place of a status")]
    Status {
        /// Its place in the block, from 0.
        at: usize,
    },
    /// Withdrawals that are not those of the block.
    #[error("{count} withdrawals have root {got}, the header has {}", root_or_none(expected.as_ref()))]
    Withdrawals {
        /// How many.
        count: usize,
        /// Their root.
        got: Digest,
        /// The header's.
        expected: Option<Digest>,
    },
    /// More than 128 bits.
    #[error("{what} is {got} base units, above 128 bits")]
    Amount {
        /// What moved it.
        what: String,
        /// The amount in decimal digits.
        got: String,
    },
}

fn outside(height: Option<u64>) -> String {
    match height {
        Some(height) => format!("the window has no block {height}"),
        None => "its name is not the number of a block with .rlp behind it".to_owned(),
    }
}

fn root_or_none(root: Option<&Digest>) -> String {
    root.map_or_else(|| "none".to_owned(), ToString::to_string)
}

impl Coded for FlowError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Address(error) => error.code(),
            Self::Source(_) => &bundle_codes::EVIDENCE_MALFORMED,
            Self::Malformed { .. } => &codes::BODY_MALFORMED,
            Self::Outside { .. } => &codes::BODY_OUTSIDE,
            Self::Transactions(error) => error.code(),
            Self::Receipts(error) => error.code(),
            Self::NoReceipts => &codes::BODY_RECEIPTS,
            Self::Counts { .. } => &codes::RECEIPTS_COUNT,
            Self::Status { .. } => &codes::RECEIPT_STATUS,
            Self::Withdrawals { .. } => &codes::WITHDRAWALS_ROOT,
            Self::Amount { .. } => &codes::FLOW_AMOUNT,
        }
    }
}
