//! The states of EVM chains in which control is judged: contract wallets have no key, and keys can lend their accounts.

use std::collections::{BTreeMap, BTreeSet};

use super::reserves::block_of;
use crate::asset::ChainId;
use crate::basis::Basis;
use crate::bundle::{FileSource, paths};
use crate::policy::Policy;
use crate::publish::Statement;
use crate::reserve::claim::ChainQuery;
use crate::reserve::evm::finality;
use crate::reserve::evm::state::State;
use crate::reserve::transcript::Transcript;
use crate::snapshot::{BlockRef, Time};

/// What is asked about one chain.
pub(super) struct Prepared {
    chain: ChainId,
    pins: Vec<BlockRef>,
    cutoff_block: BlockRef,
    cutoff: Time,
    transcript: Option<(Transcript, Basis)>,
}

impl Prepared {
    pub(super) fn query(&self) -> ChainQuery<'_> {
        ChainQuery {
            chain: &self.chain,
            pins: &self.pins,
            cutoff_block: &self.cutoff_block,
            cutoff: self.cutoff,
            addresses: &[],
            deployments: &[],
            transcript: self.transcript.as_ref().map(|(transcript, worth)| (transcript, *worth)),
        }
    }
}

/// The EVM chains for which the statement names a block. What is wrong with their evidence becomes a finding when their
/// balances are read, not here.
pub(super) fn prepare(
    files: &dyn FileSource,
    policy: &Policy,
    statement: &Statement,
    chains: &BTreeSet<ChainId>,
) -> Vec<Prepared> {
    let evm = chains.iter().filter(|chain| chain.namespace() == "eip155");
    let prepared = evm.filter_map(|chain| {
        let transcript = files.read(&paths::chain(chain, paths::TRANSCRIPT)).ok().flatten();
        let transcript = transcript.and_then(|file| Transcript::parse(&file, &policy.node_keys()).ok());
        Some(Prepared {
            chain: chain.clone(),
            pins: anchors(files, policy, chain),
            cutoff_block: block_of(statement, chain)?.clone(),
            cutoff: statement.cutoff,
            transcript: transcript.map(|(transcript, worth, _)| (transcript, worth)),
        })
    });
    prepared.collect()
}

/// Blocks that are pinned, or final from a pinned root.
fn anchors(files: &dyn FileSource, policy: &Policy, chain: &ChainId) -> Vec<BlockRef> {
    let pinned = policy.pins().iter().filter(|pin| pin.chain == *chain).cloned();
    let last = finality::anchors_in(chain, policy.finality_root(chain), policy.pins(), files).unwrap_or_default();
    pinned.chain(last).collect()
}

/// The states that can be opened.
pub(super) fn open<'a>(queries: &'a [ChainQuery<'a>], files: &dyn FileSource) -> BTreeMap<&'a ChainId, State<'a>> {
    queries.iter().filter_map(|query| Some((query.chain, State::open(query, files).ok()?))).collect()
}
