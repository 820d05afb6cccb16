//! Snapshots whose hashes Bitcoin Core carries in its source (`kernel/chainparams.cpp`, assumeutxo).

use bitcoin::{BlockHash, Network};

use super::super::network::internal;
use crate::hash::{Digest, decode_lower};

/// One snapshot that Bitcoin Core would load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The network.
    pub network: Network,
    /// Height of the block.
    pub height: u64,
    /// The block's hash, as people read it.
    pub block: &'static str,
    /// `hash_serialized_3`, as people read it.
    pub hash: &'static str,
}

/// In the order of networks and heights. Regtest has none: its blocks are made by whoever wants them.
pub const KNOWN: [Known; 10] = [
    Known {
        network: Network::Bitcoin,
        height: 840_000,
        block: "0000000000000000000320283a032748cef8227873ff4872689bf23f1cda83a5",
        hash: "a2a5521b1b5ab65f67818e5e8eccabb7171a517f9e2382208f77687310768f96",
    },
    Known {
        network: Network::Bitcoin,
        height: 880_000,
        block: "000000000000000000010b17283c3c400507969a9c2afd1dcf2082ec5cca2880",
        hash: "dbd190983eaf433ef7c15f78a278ae42c00ef52e0fd2a54953782175fbadcea9",
    },
    Known {
        network: Network::Bitcoin,
        height: 910_000,
        block: "0000000000000000000108970acb9522ffd516eae17acddcb1bd16469194a821",
        hash: "4daf8a17b4902498c5787966a2b51c613acdab5df5db73f196fa59a4da2f1568",
    },
    Known {
        network: Network::Bitcoin,
        height: 935_000,
        block: "0000000000000000000147034958af1652b2b91bba607beacc5e72a56f0fb5ee",
        hash: "e4b90ef9eae834f56c4b64d2d50143cee10ad87994c614d7d04125e2a6025050",
    },
    Known {
        network: Network::Testnet,
        height: 2_500_000,
        block: "0000000000000093bcb68c03a9a168ae252572d348a2eaeba2cdf9231d73206f",
        hash: "f841584909f68e47897952345234e37fcd9128cd818f41ee6c3ca68db8071be7",
    },
    Known {
        network: Network::Testnet,
        height: 4_840_000,
        block: "00000000000000f4971a7fb37fbdff89315b69a2e1920c467654a382f0d64786",
        hash: "ce6bb677bb2ee9789c4a1c9d73e6683c53fc20e8fdbedbdaaf468982a0c8db2a",
    },
    Known {
        network: Network::Testnet4,
        height: 90_000,
        block: "0000000002ebe8bcda020e0dd6ccfbdfac531d2f6a81457191b99fc2df2dbe3b",
        hash: "784fb5e98241de66fdd429f4392155c9e7db5c017148e66e8fdbc95746f8b9b5",
    },
    Known {
        network: Network::Testnet4,
        height: 120_000,
        block: "000000000bd2317e51b3c5794981c35ba894ce27d3e772d5c39ecd9cbce01dc8",
        hash: "10b05d05ad468d0971162e1b222a4aa66caca89da2bb2a93f8f37fb29c4794b0",
    },
    Known {
        network: Network::Signet,
        height: 160_000,
        block: "0000003ca3c99aff040f2563c2ad8f8ec88bd0fd6b8f0895cfaf1ef90353a62c",
        hash: "fe0a44309b74d6b5883d246cb419c6221bcccf0b308c9b59b7d70783dbdf928a",
    },
    Known {
        network: Network::Signet,
        height: 290_000,
        block: "0000000577f2741bb30cd9d39d6d71b023afbeb9764f6260786a97969d5c9ac0",
        hash: "97267e000b4b876800167e71b9123f1529d13b14308abec2888bbd2160d14545",
    },
];

impl Known {
    /// The block.
    #[must_use]
    pub fn block(&self) -> Option<BlockHash> {
        decode_lower(self.block).map(Digest::from_bytes).map(internal)
    }
}

/// The entry for a block, if there is one.
#[must_use]
pub fn known(network: Network, block: BlockHash) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.network == network && known.block() == Some(block))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_found_by_its_block() {
        for entry in &KNOWN {
            let block = entry.block().expect("64 digits");
            assert_eq!(block.to_string(), entry.block);
            assert!(entry.hash.parse::<Digest>().is_ok());
            assert_eq!(known(entry.network, block), Some(entry));
            assert_eq!(known(Network::Regtest, block), None);
        }
    }
}
