//! Chains and addresses: which network a CAIP-2 identifier names, and which script an address stands for.

use bitcoin::address::NetworkUnchecked;
use bitcoin::blockdata::constants::genesis_block;
use bitcoin::hashes::Hash as _;
use bitcoin::{Address, BlockHash, Network, ScriptBuf, Txid};

use crate::asset::ChainId;
use crate::code::{Code, Coded, bitcoin as codes};
use crate::hash::Digest;

/// The networks that this version knows.
pub const NETWORKS: [Network; 5] =
    [Network::Bitcoin, Network::Testnet, Network::Testnet4, Network::Signet, Network::Regtest];

/// CAIP-2 cuts a genesis hash to this many hexadecimal digits (namespace `bip122`).
const REFERENCE_DIGITS: usize = 32;

/// The network that `chain` names by its genesis block.
///
/// # Errors
/// [`AddressError::Chain`] for any other chain.
pub fn network(chain: &ChainId) -> Result<Network, AddressError> {
    let known = NETWORKS.into_iter().find(|network| identifier(*network) == chain.as_str());
    known.ok_or_else(|| AddressError::Chain { chain: chain.clone() })
}

/// The first hash of a network.
#[must_use]
pub fn genesis_hash(network: Network) -> BlockHash {
    genesis_block(network).block_hash()
}

/// The CAIP-2 identifier of a network, as [`ChainId`] reads it.
#[must_use]
pub fn identifier(network: Network) -> String {
    let digits = genesis_hash(network).to_string();
    format!("bip122:{}", digits.get(..REFERENCE_DIGITS).unwrap_or(&digits))
}

/// Reads an address and requires that it belongs to the network.
///
/// # Errors
/// [`AddressError::Text`] when it is no address, [`AddressError::Network`] when it is one of another network.
pub fn address(network: Network, text: &str) -> Result<Address, AddressError> {
    let shown = || text.chars().take(100).collect::<String>();
    let parsed: Address<NetworkUnchecked> =
        text.parse().map_err(|error| AddressError::Text { address: shown(), detail: format!("{error}") })?;
    parsed.require_network(network).map_err(|_| AddressError::Network { address: shown(), network })
}

/// The script that an address stands for (`scriptPubKey`).
///
/// # Errors
/// [`AddressError`].
pub fn script(network: Network, text: &str) -> Result<ScriptBuf, AddressError> {
    Ok(address(network, text)?.script_pubkey())
}

/// The script of an address of `chain`.
///
/// # Errors
/// [`AddressError`].
pub fn script_of(chain: &ChainId, text: &str) -> Result<ScriptBuf, AddressError> {
    script(network(chain)?, text)
}

/// A block hash in the byte order that people read.
#[must_use]
pub fn readable(hash: BlockHash) -> Digest {
    let mut bytes = hash.to_byte_array();
    bytes.reverse();
    Digest::from_bytes(bytes)
}

/// A block hash from the byte order that people read.
#[must_use]
pub fn internal(hash: Digest) -> BlockHash {
    let mut bytes = hash.to_bytes();
    bytes.reverse();
    BlockHash::from_byte_array(bytes)
}

/// A transaction's id from the byte order that people read.
#[must_use]
pub fn transaction_id(hash: Digest) -> Txid {
    Txid::from_byte_array(internal(hash).to_byte_array())
}

/// Why a chain or an address cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// No known genesis block.
    #[error("{chain} is none of mainnet, testnet3, testnet4, signet and regtest")]
    Chain {
        /// The chain asked for.
        chain: ChainId,
    },
    /// An address of another network.
    #[error("{address:?} is not an address of the network {network}")]
    Network {
        /// The text, at most 100 characters of it.
        address: String,
        /// The network expected.
        network: Network,
    },
    /// Not an address.
    #[error("{address:?} is not a Bitcoin address: {detail}")]
    Text {
        /// The text, at most 100 characters of it.
        address: String,
        /// What is wrong with it.
        detail: String,
    },
}

impl Coded for AddressError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Chain { .. } => &codes::BITCOIN_CHAIN_UNKNOWN,
            Self::Network { .. } | Self::Text { .. } => &codes::ADDRESS_NETWORK,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_chains_are_known_by_their_genesis_blocks() {
        let names: Vec<String> = NETWORKS.into_iter().map(identifier).collect();
        assert_eq!(names[0], "bip122:000000000019d6689c085ae165831e93");
        assert_eq!(names[1], "bip122:000000000933ea01ad0ee984209779ba");
        assert_eq!(names[2], "bip122:00000000da84f2bafbbc53dee25a72ae");
        assert_eq!(names[3], "bip122:00000008819873e925422c1ff0f99f7c");
        assert_eq!(names[4], "bip122:0f9188f13cb7b2c71f2a335e3a4fc328");
        for (name, expected) in names.iter().zip(NETWORKS) {
            assert_eq!(network(&name.parse().expect("a chain")), Ok(expected));
        }
    }

    #[test]
    fn other_chains_are_refused_by_name() {
        for chain in
            ["bip122:000000000019d6689c085ae165831e9", "eip155:1", "bip122:", "bip122:12a765e31ffd4059bada1e25190f6e98"]
        {
            let error = network(&chain.parse().expect("a chain")).expect_err(chain);
            assert_eq!(error.code().number, 5004);
            assert!(error.to_string().starts_with(chain));
        }
    }

    #[test]
    fn an_address_belongs_to_one_network() {
        let mainnet = "bc1q9vza2e8x573nczrlzms0wvx3gsqjx7vavgkx0l";
        assert!(address(Network::Bitcoin, mainnet).is_ok());
        let error = address(Network::Regtest, mainnet).expect_err("another network");
        assert_eq!(error.to_string(), format!("{mainnet:?} is not an address of the network regtest"));
        assert!(matches!(address(Network::Bitcoin, "bc1q9vza2e"), Err(AddressError::Text { .. })));
    }

    #[test]
    fn hashes_turn_around_and_back() {
        let hash = genesis_hash(Network::Bitcoin);
        assert_eq!(readable(hash).to_string(), hash.to_string());
        assert_eq!(internal(readable(hash)), hash);
    }
}
