//! Why evidence of finality does not count.

use crate::asset::ChainId;
use crate::bundle::SourceError;
use crate::code::{Code, Coded, evm_finality as codes};
use crate::hash::Digest;
use crate::reserve::evm::address::EvmAddress;

/// Why evidence of finality does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FinalityError {
    /// The program cannot check signatures of sync committees.
    #[error("this build has no feature `finality`, so signatures of sync committees are not judged")]
    NotBuilt,
    /// The policy pins no root.
    #[error("the policy pins no root for {chain}")]
    Unpinned {
        /// The chain.
        chain: ChainId,
    },
    /// The bootstrap is of another block.
    #[error("the bootstrap is of beacon block {got}, the policy pins {expected}")]
    Root {
        /// Root of the bootstrap's header.
        got: Digest,
        /// The pinned one.
        expected: Digest,
    },
    /// A file cannot be read.
    #[error("{path}: {detail}")]
    Malformed {
        /// The file.
        path: String,
        /// What is wrong.
        detail: String,
    },
    /// A fork that is not in the table.
    #[error("fork {name}; this version knows {known}")]
    Fork {
        /// Its name, or what is wrong with it.
        name: String,
        /// The known ones.
        known: String,
    },
    /// A chain whose beacon chain is not known.
    #[error("{chain} has no table of forks here")]
    Chain {
        /// The chain.
        chain: ChainId,
    },
    /// Hashes do not lead to the root.
    #[error("{place}: the branch of {what} has {nodes} nodes and leads to another root")]
    Branch {
        /// Which file and header.
        place: String,
        /// What hangs on the branch.
        what: &'static str,
        /// Its length.
        nodes: usize,
    },
    /// A key of a committee is not one.
    #[error("{place}: {detail}")]
    Key {
        /// Which file.
        place: String,
        /// Which key.
        detail: String,
    },
    /// Too few signed.
    #[error("{place}: {got} of 512 members signed, at least {} are needed", super::PARTICIPANTS_MIN)]
    Participation {
        /// Which file.
        place: String,
        /// How many.
        got: usize,
    },
    /// The signature is not over this header by these members.
    #[error("{place}: the signature of {participants} members over the header of slot {slot} is wrong")]
    Signature {
        /// Which file.
        place: String,
        /// How many are named.
        participants: usize,
        /// The attested slot.
        slot: u64,
    },
    /// Slots or periods do not rise.
    #[error("{place}: {detail}")]
    Order {
        /// Which file.
        place: String,
        /// Got and expected.
        detail: String,
    },
    /// Withdrawals of a validator go to another address than the asked one, or to none yet.
    #[error("withdrawals of validator {index} go to {got}, expected {expected}")]
    Withdrawal {
        /// The validator's index.
        index: u64,
        /// The address, or the credentials that are none.
        got: String,
        /// The asked address.
        expected: EvmAddress,
    },
    /// The committee of a period is not known.
    #[error("{place}: signed in period {period}, whose committee is not known; known up to {known}")]
    Period {
        /// Which file.
        place: String,
        /// The period asked for.
        period: u64,
        /// The last known one.
        known: u64,
    },
}

impl From<SourceError> for FinalityError {
    fn from(error: SourceError) -> Self {
        Self::Malformed { path: error.path, detail: error.detail }
    }
}

impl Coded for FinalityError {
    fn code(&self) -> &'static Code {
        match self {
            Self::NotBuilt => &codes::FINALITY_NOT_BUILT,
            Self::Unpinned { .. } => &codes::FINALITY_UNPINNED,
            Self::Root { .. } => &codes::FINALITY_ROOT,
            Self::Malformed { .. } => &codes::FINALITY_MALFORMED,
            Self::Fork { .. } => &codes::FINALITY_FORK,
            Self::Chain { .. } => &codes::FINALITY_CHAIN,
            Self::Branch { .. } => &codes::FINALITY_BRANCH,
            Self::Key { .. } => &codes::FINALITY_KEY,
            Self::Participation { .. } => &codes::FINALITY_PARTICIPATION,
            Self::Signature { .. } => &codes::FINALITY_SIGNATURE,
            Self::Order { .. } => &codes::FINALITY_ORDER,
            Self::Period { .. } => &codes::FINALITY_PERIOD,
            Self::Withdrawal { .. } => &codes::VALIDATOR_WITHDRAWAL,
        }
    }
}
