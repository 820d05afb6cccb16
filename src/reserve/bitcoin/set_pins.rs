//! Sets of unspent outputs whose hashes are pinned: by the policy, or built in.

use bitcoin::Network;
use serde::Deserialize;

use super::header::HeaderChain;
use super::network::readable;
use super::utxo_snapshot::{FullSet, KNOWN};
use crate::asset::ChainId;
use crate::code::bitcoin_chain as codes;
use crate::hash::Digest;
use crate::reserve::claim::Problem;

/// The hash of a whole set, from a source of the verifier's own.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetPin {
    /// The chain.
    pub chain: ChainId,
    /// The height of the block after which the set is taken.
    pub height: u64,
    /// `hash_serialized_3`, as a node shows it.
    pub hash: Digest,
}

/// The height of a set that is pinned, and is not of another block than its pin or the headers say.
///
/// # Errors
/// A problem about the set; it counts nothing then.
pub fn height_of(
    set: &FullSet,
    network: Network,
    id: &ChainId,
    pins: &[SetPin],
    chain: &HeaderChain,
) -> Result<u64, Problem> {
    let problem = |code, detail| Problem { code, subject: "set of unspent outputs".to_owned(), detail };
    let hash = set.hash.to_string();
    let built_in = KNOWN.iter().find(|known| known.network == network && known.hash == hash);
    let pinned = pins.iter().find(|pin| pin.chain == *id && pin.hash == set.hash).map(|pin| pin.height);
    let Some(height) = pinned.or(built_in.map(|known| known.height)) else {
        let count = pins.iter().filter(|pin| pin.chain == *id).count();
        let detail = format!("its hash is {}, {count} other hashes are pinned for {id}", set.hash);
        return Err(problem(&codes::UTXO_SET_UNPINNED, detail));
    };
    let by_pin = built_in.and_then(|known| known.block());
    let other = [by_pin, chain.at_height(height)].into_iter().flatten().find(|block| *block != set.block);
    match other {
        Some(block) => {
            let (got, expected) = (readable(set.block), readable(block));
            let detail = format!("it names block {got}, expected {expected} at height {height}");
            Err(problem(&codes::UTXO_SET_BLOCK, detail))
        }
        None => Ok(height),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::reserve::bitcoin::network::{genesis_hash, identifier, internal};

    fn set(block: &str, hash: &str) -> FullSet {
        let block = internal(block.parse().expect("a hash"));
        FullSet { block, hash: hash.parse().expect("a hash"), count: 1, coins: BTreeMap::new() }
    }

    fn height(set: &FullSet, network: Network, pins: &[SetPin]) -> Result<u64, u16> {
        let id = identifier(network).parse().expect("a chain");
        let chain = HeaderChain::empty(network);
        height_of(set, network, &id, pins, &chain).map_err(|problem| problem.code.number)
    }

    #[test]
    fn sets_that_nodes_start_from_are_built_in() {
        for known in &KNOWN {
            let (own, block, hash) = (known.network, known.block, known.hash);
            assert_eq!(height(&set(block, hash), own, &[]), Ok(known.height));
            assert_eq!(height(&set(block, hash), Network::Regtest, &[]), Err(5170), "of another chain");
            let other = genesis_hash(own).to_string();
            assert_eq!(height(&set(&other, hash), own, &[]), Err(5171));
            assert_eq!(height(&set(block, block), own, &[]), Err(5170));
        }
        assert_eq!(KNOWN.iter().filter(|known| known.network == Network::Bitcoin).count(), 4);
    }

    #[test]
    fn a_policy_pins_others() {
        let block = genesis_hash(Network::Regtest);
        let own = set(&block.to_string(), &"11".repeat(32));
        let chain = identifier(Network::Regtest).parse().expect("a chain");
        let pin = SetPin { chain, height: 7, hash: own.hash };
        assert_eq!(height(&own, Network::Regtest, std::slice::from_ref(&pin)), Ok(7));
        assert_eq!(height(&own, Network::Regtest, &[]), Err(5170));
        assert_eq!(height(&own, Network::Signet, std::slice::from_ref(&pin)), Err(5170));
        // headers that have another block there
        let first = bitcoin::blockdata::constants::genesis_block(Network::Regtest).header;
        let mut headers =
            HeaderChain::parse(Network::Regtest, &bitcoin::consensus::serialize(&first)).expect("a header");
        let place = crate::snapshot::BlockRef { chain: pin.chain.clone(), height: 7, hash: readable(block) };
        assert_eq!(headers.anchor(&[place]), Ok(true));
        assert_eq!(height_of(&own, Network::Regtest, &pin.chain, std::slice::from_ref(&pin), &headers), Ok(7));
        let foreign = FullSet { block: genesis_hash(Network::Signet), ..own };
        let refused = height_of(&foreign, Network::Regtest, &pin.chain, std::slice::from_ref(&pin), &headers);
        assert_eq!(refused.map_err(|problem| problem.code.number), Err(5171));
    }
}
