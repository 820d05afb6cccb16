//! Contracts that owe nobody, and what is known of their code: `[[pool]]`.

use super::{Policy, PolicyError};
use crate::asset::Asset;
use crate::reserve::evm::pool::PoolEntry;

/// Each contract once for one code, and no share that is counted as a token and as what it stands for.
pub(super) fn check(pools: &[PoolEntry], assets: &[Asset]) -> Result<(), PolicyError> {
    for (at, pool) in pools.iter().enumerate() {
        let fail = |detail: &str| Err(PolicyError(format!("pool {:?}: {detail}", pool.name)));
        if pool.source.trim().is_empty() {
            return fail("it names no source");
        }
        let same = |other: &PoolEntry| {
            (&other.chain, other.contract, other.code_hash) == (&pool.chain, pool.contract, pool.code_hash)
        };
        if pools.iter().take(at).any(same) {
            return fail("another entry is of the same contract and code");
        }
        let own = format!("{}/erc20:{}", pool.chain, pool.contract);
        let deployments = assets.iter().flat_map(|asset| &asset.deployments);
        if deployments.map(|found| found.id.to_string()).any(|id| id.starts_with(&own)) {
            return fail("its shares are a deployment of an asset, too: they would count for both sides");
        }
    }
    Ok(())
}

impl Policy {
    /// Contracts whose shares are looked through.
    #[must_use]
    pub fn pools(&self) -> &[PoolEntry] {
        &self.pools
    }
}
