//! Why a window cannot be used.

use bitcoin::OutPoint;

use super::answers::{ACTIVITY, SCAN_BLOCKS};
use crate::bundle::SourceError;
use crate::code::{Code, Coded, bundle as bundle_codes, window as codes};
use crate::reserve::bitcoin::balance::scan::ScanError;
use crate::reserve::bitcoin::header::HeaderError;
use crate::reserve::bitcoin::merkle_proof::MerkleProofError;
use crate::reserve::bitcoin::network::AddressError;

/// Why a window cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// The chain is not known.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// An answer to one of the two methods that cannot be read, or that contradicts itself. Calls count from 1.
    #[error("call {number} of the transcript, {SCAN_BLOCKS} or {ACTIVITY}: {detail}")]
    Answer {
        /// Which call.
        number: usize,
        /// Got and expected.
        detail: String,
    },
    /// List and answers have different events.
    #[error("coin {coin}: {detail}")]
    AnswerDiffers {
        /// The coin.
        coin: OutPoint,
        /// What each says.
        detail: String,
    },
    /// A coin that is made twice.
    #[error("coin {coin} is made a second time at height {height}")]
    CoinTwice {
        /// The coin.
        coin: OutPoint,
        /// Where.
        height: u64,
    },
    /// Transaction or Merkle block show something else.
    #[error("coin {coin}: {detail}")]
    Contradicted {
        /// The coin.
        coin: OutPoint,
        /// Got and expected.
        detail: String,
    },
    /// The headers are no chain, or pins contradict it.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// A transaction in the evidence does more than the list says.
    #[error("transaction {txid} at height {height} {detail}, which the list leaves out")]
    LeftOut {
        /// The transaction.
        txid: bitcoin::Txid,
        /// Its height.
        height: u64,
        /// What it does.
        detail: String,
    },
    /// The file is not of its form. Lines count from 1.
    #[error("window.jsonl line {line}: {detail}")]
    Malformed {
        /// Which line.
        line: usize,
        /// Got and expected.
        detail: String,
    },
    /// A transaction or Merkle block is refused.
    #[error(transparent)]
    Merkle(#[from] MerkleProofError),
    /// A coin of the start that was made later.
    #[error("coin {coin} was made at height {height}, expected at or below the start {from}")]
    OpeningLate {
        /// The coin.
        coin: OutPoint,
        /// Where it was made.
        height: u64,
        /// The start.
        from: u64,
    },
    /// Its blocks are not those of headers, statement and transcript.
    #[error("{detail}")]
    OtherChain {
        /// Got and expected.
        detail: String,
    },
    /// Whole blocks show other events.
    #[error("the list has {listed}, the blocks have {found}")]
    ReplayDiffers {
        /// The first event that differs, in the list.
        listed: String,
        /// What the blocks have there.
        found: String,
    },
    /// The node's scan cannot be read.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// The coins at the end are not those that the node lists there.
    #[error("coin {coin}: {detail}")]
    ScanDiffers {
        /// The coin.
        coin: OutPoint,
        /// What each says.
        detail: String,
    },
    /// A file cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A coin that is spent at or below the block that makes it.
    #[error("coin {coin} is spent at height {height}, before it is made at height {made}")]
    SpentBeforeMade {
        /// The coin.
        coin: OutPoint,
        /// Where it is spent.
        height: u64,
        /// Where it is made.
        made: u64,
    },
    /// A coin that is spent twice.
    #[error("coin {coin} is spent a second time at height {height}")]
    SpentTwice {
        /// The coin.
        coin: OutPoint,
        /// Where.
        height: u64,
    },
    /// A script that nobody asked about.
    #[error("coin {coin}: its script {script} is that of no address asked about")]
    Unasked {
        /// The coin.
        coin: OutPoint,
        /// The script.
        script: String,
    },
    /// The spend of a coin that was not there.
    #[error("coin {coin} is spent at height {height}, but is neither among the coins of the start nor made since")]
    UnknownCoin {
        /// The coin.
        coin: OutPoint,
        /// Where it is spent.
        height: u64,
    },
}

impl Coded for WindowError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Address(error) => error.code(),
            Self::Answer { .. } => &codes::WINDOW_ANSWER_MALFORMED,
            Self::AnswerDiffers { .. } => &codes::WINDOW_ANSWER_DIFFERS,
            Self::CoinTwice { .. } => &codes::WINDOW_COIN_TWICE,
            Self::Contradicted { .. } => &codes::WINDOW_EVENT_CONTRADICTED,
            Self::Header(error) => error.code(),
            Self::LeftOut { .. } => &codes::WINDOW_EVENT_LEFT_OUT,
            Self::Malformed { .. } => &codes::WINDOW_MALFORMED,
            Self::Merkle(error) => error.code(),
            Self::OpeningLate { .. } => &codes::WINDOW_OPENING_LATE,
            Self::OtherChain { .. } => &codes::WINDOW_OTHER_CHAIN,
            Self::ReplayDiffers { .. } => &codes::WINDOW_REPLAY_DIFFERS,
            Self::Scan(error) => error.code(),
            Self::ScanDiffers { .. } => &codes::WINDOW_SCAN_DIFFERS,
            Self::Source(_) => &bundle_codes::EVIDENCE_MALFORMED,
            Self::SpentBeforeMade { .. } => &codes::WINDOW_SPENT_BEFORE_MADE,
            Self::SpentTwice { .. } => &codes::WINDOW_SPENT_TWICE,
            Self::Unasked { .. } => &codes::WINDOW_UNASKED,
            Self::UnknownCoin { .. } => &codes::WINDOW_UNKNOWN_COIN,
        }
    }
}
