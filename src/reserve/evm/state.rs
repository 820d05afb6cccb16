//! The evidence of one EVM chain, opened: headers, trie nodes, and the state of the cut-off block among them.

use super::account_proof::{self, Account, AccountProofError};
use super::address::{EvmAddress, chain_number};
use super::balance::{EvmError, HeaderChain};
use super::trie::NodePool;
use crate::asset::ChainId;
use crate::basis::Basis;
use crate::bundle::{FileSource, paths};
use crate::hash::Digest;
use crate::reserve::claim::{ChainQuery, Problem};
use crate::reserve::transcript::Transcript;

/// Evidence that could be read, with the question that it was opened for.
pub struct State<'a> {
    /// The question.
    pub query: &'a ChainQuery<'a>,
    /// The trie nodes of the bundle.
    pub pool: NodePool,
    /// Whether the cut-off block is pinned, or an ancestor of a pinned block.
    pub anchored: bool,
    /// What contradicts a pin.
    pub problems: Vec<Problem>,
    pub(super) headers: HeaderChain,
    number: u64,
}

impl<'a> State<'a> {
    /// Reads headers and nodes.
    ///
    /// # Errors
    /// [`EvmError`] when a file cannot be read at all.
    pub fn open(query: &'a ChainQuery<'a>, files: &dyn FileSource) -> Result<Self, EvmError> {
        let number = chain_number(query.chain)?;
        let mut problems = Vec::new();
        let headers = HeaderChain::read(query, files)?;
        let anchored = headers.anchored(query, &mut problems);
        let path = paths::chain(query.chain, paths::EVM_NODES);
        let pool = match files.read(&path)? {
            Some(file) => NodePool::parse(&path, &file)?,
            None => NodePool::default(),
        };
        Ok(Self { query, pool, anchored, problems, headers, number })
    }

    /// The chain.
    #[must_use]
    pub fn chain(&self) -> &ChainId {
        self.query.chain
    }

    /// The chain's number.
    #[must_use]
    pub const fn chain_number(&self) -> u64 {
        self.number
    }

    /// The state root of the cut-off block, when its header is in the evidence.
    #[must_use]
    pub fn root(&self) -> Option<&Digest> {
        self.headers.cutoff_root()
    }

    /// The account of `address` at the cut-off block. `None`: there is no header, so nothing to ask.
    ///
    /// # Errors
    /// [`AccountProofError`].
    pub fn account(&self, address: EvmAddress) -> Option<Result<Option<Account>, AccountProofError>> {
        Some(account_proof::verify(self.root()?, address, &self.pool))
    }

    /// The transcript, when its node can have answered about the cut-off block, and what its answers are worth: never
    /// more than that a node gave them.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn transcript(&self) -> Option<Result<(&'a Transcript, Basis), String>> {
        let (transcript, worth) = self.query.transcript?;
        Some(
            self.headers
                .transcript_fits(self.query, &transcript.tip)
                .map(|()| (transcript, worth.min(Basis::Observed))),
        )
    }
}
