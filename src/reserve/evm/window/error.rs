//! Why blocks of a window are not shown.

use crate::asset::ChainId;
use crate::code::{Code, Coded, evm_finality as codes, evm_window as file_codes};
use crate::hash::Digest;
use crate::reserve::evm::balance::EvmError;

/// Why blocks of a window are not shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// The headers are not those of the window.
    #[error("{detail}")]
    Headers {
        /// Got and expected.
        detail: String,
    },
    /// No rule was reviewed for this chain and fork.
    #[error("block {number} of {chain} has {fields} header fields; the rules were reviewed for {reviewed}")]
    Chain {
        /// The chain.
        chain: ChainId,
        /// The first such block.
        number: u64,
        /// How many fields its header has.
        fields: usize,
        /// Where they hold.
        reviewed: &'static str,
    },
    /// The nonce rule without a signature of the key.
    #[error("no control proof by key for this address")]
    Control,
    /// The nonce rule on an address with code.
    #[error("the account has code {code_hash} at block {number}")]
    HasCode {
        /// The block.
        number: u64,
        /// The hash of the code.
        code_hash: Digest,
    },
    /// Nothing is shown of these blocks.
    #[error("nothing shows the balance at blocks {from} to {to}")]
    Gap {
        /// The first block.
        from: u64,
        /// The last block.
        to: u64,
    },
    /// Two proofs contradict the rule between them.
    #[error("{first} at block {from} and {second} at block {to}, between which {rule}")]
    Contradiction {
        /// The block of the first proof.
        from: u64,
        /// Its balance in base units.
        first: u128,
        /// The block of the second proof.
        to: u64,
        /// Its balance in base units.
        second: u128,
        /// What the rule says.
        rule: &'static str,
    },
    /// No list of events for this token and code.
    #[error("there is no list of events for this code of the token")]
    Events,
    /// The token's code changed, or may have.
    #[error("block {number} has the event {event}")]
    CodeChanged {
        /// The block.
        number: u64,
        /// The event.
        event: String,
    },
    /// Receipts give another root.
    #[error("{count} receipts of block {number} have root {got}, its header has {expected}")]
    ReceiptsRoot {
        /// The block.
        number: u64,
        /// How many receipts.
        count: usize,
        /// Their root.
        got: Digest,
        /// The header's.
        expected: Digest,
    },
    /// Receipts that cannot be read.
    #[error("receipts of block {number}: {detail}")]
    Receipts {
        /// The block.
        number: u64,
        /// What is wrong.
        detail: String,
    },
    /// The bloom allows an event, and nothing tells whether there is one.
    #[error("the bloom of block {number} allows an event, and its receipts are not there")]
    ReceiptsMissing {
        /// The block.
        number: u64,
    },
}

impl Coded for WindowError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Headers { .. } => &codes::WINDOW_HEADERS,
            Self::Chain { .. } => &codes::WINDOW_RULE_CHAIN,
            Self::Control => &codes::WINDOW_RULE_CONTROL,
            Self::HasCode { .. } => &codes::WINDOW_RULE_CODE,
            Self::Gap { .. } => &codes::STRETCH_GAP,
            Self::Contradiction { .. } => &codes::WINDOW_CONTRADICTION,
            Self::Events => &codes::WINDOW_TOKEN_EVENTS,
            Self::CodeChanged { .. } => &codes::WINDOW_CODE_CHANGED,
            Self::ReceiptsRoot { .. } => &codes::RECEIPTS_ROOT,
            Self::Receipts { .. } => &codes::RECEIPTS_MALFORMED,
            Self::ReceiptsMissing { .. } => &codes::RECEIPTS_MISSING,
        }
    }
}

/// Why the window of a bundle cannot be used at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvmWindowError {
    /// Headers, nodes or a file cannot be read.
    #[error(transparent)]
    Evidence(#[from] EvmError),
    /// `window.jsonl` has another form.
    #[error("{path}: {detail}")]
    Malformed {
        /// The file.
        path: String,
        /// Got and expected.
        detail: String,
    },
    /// Blocks that the headers lack.
    #[error("{detail}")]
    Blocks {
        /// Got and expected.
        detail: String,
    },
    /// The whole window stands above the last anchored block.
    #[error("blocks {from} to {to} stand above block {anchored}, the last one that is pinned or final")]
    Unanchored {
        /// The window's first block.
        from: u64,
        /// Its last.
        to: u64,
        /// The last anchored block.
        anchored: u64,
    },
    /// The headers are no chain.
    #[error(transparent)]
    Headers(#[from] WindowError),
}

impl Coded for EvmWindowError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Evidence(error) => error.code(),
            Self::Malformed { .. } => &file_codes::EVM_WINDOW_MALFORMED,
            Self::Blocks { .. } => &file_codes::EVM_WINDOW_BLOCKS,
            Self::Unanchored { .. } => &file_codes::EVM_WINDOW_UNANCHORED,
            Self::Headers(error) => error.code(),
        }
    }
}
