//! Sets of unspent outputs whose hashes are pinned: by the policy, or here.

use bitcoin::Network;
use serde::Deserialize;

use super::header::HeaderChain;
use super::network::{internal, readable};
use super::utxo_snapshot::FullSet;
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

/// Sets of mainnet: height, hash and block. Bitcoin Core ships the same values to start from such a set, `m_assumeutxo_data`
/// in `src/kernel/chainparams.cpp` of its sources.
const MAINNET: [(u64, &str, &str); 4] = [
    (
        840_000,
        "a2a5521b1b5ab65f67818e5e8eccabb7171a517f9e2382208f77687310768f96",
        "0000000000000000000320283a032748cef8227873ff4872689bf23f1cda83a5",
    ),
    (
        880_000,
        "dbd190983eaf433ef7c15f78a278ae42c00ef52e0fd2a54953782175fbadcea9",
        "000000000000000000010b17283c3c400507969a9c2afd1dcf2082ec5cca2880",
    ),
    (
        910_000,
        "4daf8a17b4902498c5787966a2b51c613acdab5df5db73f196fa59a4da2f1568",
        "0000000000000000000108970acb9522ffd516eae17acddcb1bd16469194a821",
    ),
    (
        935_000,
        "e4b90ef9eae834f56c4b64d2d50143cee10ad87994c614d7d04125e2a6025050",
        "0000000000000000000147034958af1652b2b91bba607beacc5e72a56f0fb5ee",
    ),
];

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
    let built_in = MAINNET.iter().find(|(_, hash, _)| network == Network::Bitcoin && *hash == set.hash.to_string());
    let pinned = pins.iter().find(|pin| pin.chain == *id && pin.hash == set.hash).map(|pin| pin.height);
    let Some(height) = pinned.or(built_in.map(|(height, _, _)| *height)) else {
        let count = pins.iter().filter(|pin| pin.chain == *id).count();
        let detail = format!("its hash is {}, {count} other hashes are pinned for {id}", set.hash);
        return Err(problem(&codes::UTXO_SET_UNPINNED, detail));
    };
    let by_pin = built_in.and_then(|(_, _, block)| block.parse::<Digest>().ok()).map(internal);
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
    use crate::reserve::bitcoin::network::{genesis_hash, identifier};

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
    fn four_sets_of_mainnet_are_built_in() {
        for (expected, hash, block) in MAINNET {
            assert_eq!(height(&set(block, hash), Network::Bitcoin, &[]), Ok(expected));
            assert_eq!(height(&set(block, hash), Network::Testnet, &[]), Err(5170), "of another chain");
            let other = genesis_hash(Network::Bitcoin).to_string();
            assert_eq!(height(&set(&other, hash), Network::Bitcoin, &[]), Err(5171));
            assert_eq!(height(&set(block, block), Network::Bitcoin, &[]), Err(5170));
        }
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
