//! What each fork of the beacon chain changed for a light client. Sources: the consensus specifications and the
//! configuration of mainnet.

use super::error::FinalityError;
use super::ssz::{self, Chunk, Gindex};
use crate::asset::ChainId;

/// Slots of an epoch.
pub(super) const EPOCH_SLOTS: u64 = 32;
/// Slots for which one sync committee signs: 256 epochs, about 27 hours.
pub(super) const PERIOD_SLOTS: u64 = 256 * EPOCH_SLOTS;
/// Domain type of sync committees, altair's `DOMAIN_SYNC_COMMITTEE`.
const DOMAIN_SYNC_COMMITTEE: [u8; 4] = [7, 0, 0, 0];

/// One fork: its name, when it began, and where things stand in its trees.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fork {
    pub(super) name: &'static str,
    /// First epoch.
    epoch: u64,
    /// Goes into every signature.
    version: [u8; 4],
    /// `current_sync_committee` in the beacon state.
    pub(super) current_committee: Gindex,
    /// `next_sync_committee` in the beacon state.
    pub(super) next_committee: Gindex,
    /// `finalized_checkpoint.root` in the beacon state.
    pub(super) finalized: Gindex,
    /// `validators` in the beacon state.
    pub(super) validators: Gindex,
    /// `balances` in the beacon state.
    pub(super) balances: Gindex,
    /// `block_roots` in the beacon state.
    pub(super) block_roots: Gindex,
    /// `pending_consolidations` in the beacon state; none where validators cannot be merged.
    pub(super) consolidations: Option<Gindex>,
    /// `execution_payload` in the body of a beacon block.
    pub(super) execution: Gindex,
    /// Whether an execution payload has the two fields of blob gas.
    pub(super) blobs: bool,
}

const fn fork(name: &'static str, epoch: u64, version: u8, wide_state: bool, blobs: bool) -> Fork {
    // a state of more than 32 fields has one more level
    let (current_committee, next_committee, finalized) = if wide_state { (86, 87, 169) } else { (54, 55, 105) };
    let (validators, balances, block_roots) = if wide_state { (75, 76, 69) } else { (43, 44, 37) };
    Fork {
        name,
        epoch,
        version: [version, 0, 0, 0],
        current_committee,
        next_committee,
        finalized,
        validators,
        balances,
        block_roots,
        // the thirty-seventh field came with the sixth level
        consolidations: if wide_state { Some(100) } else { None },
        execution: 25,
        blobs,
    }
}

/// Forks of mainnet that are known, in their order. The one after the last is unknown, and its name is refused.
const MAINNET: [Fork; 4] = [
    fork("capella", 194_048, 3, false, false),
    fork("deneb", 269_568, 4, false, true),
    fork("electra", 364_032, 5, true, true),
    fork("fulu", 411_392, 6, true, true),
];

/// Hash tree root of mainnet's first validators; goes into every signature.
const MAINNET_VALIDATORS: Chunk = [
    0x4b, 0x36, 0x3d, 0xb9, 0x4e, 0x28, 0x61, 0x20, 0xd7, 0x6e, 0xb9, 0x05, 0x34, 0x0f, 0xdd, 0x4e, 0x54, 0xbf, 0xe9,
    0xf0, 0x6b, 0xf3, 0x3f, 0xf6, 0xcf, 0x5a, 0xd2, 0x7f, 0x51, 0x1b, 0xfe, 0x95,
];

/// The beacon chain behind an EVM chain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Network {
    forks: &'static [Fork],
    genesis_validators: Chunk,
}

impl Network {
    pub(super) fn of(chain: &ChainId) -> Result<Self, FinalityError> {
        match chain.as_str() {
            "eip155:1" => Ok(Self { forks: &MAINNET, genesis_validators: MAINNET_VALIDATORS }),
            _ => Err(FinalityError::Chain { chain: chain.clone() }),
        }
    }

    /// The fork of a slot. Before the first one there were no execution headers.
    pub(super) fn at(&self, slot: u64) -> Result<&'static Fork, FinalityError> {
        let epoch = slot / EPOCH_SLOTS;
        let fork = self.forks.iter().rev().find(|fork| fork.epoch <= epoch);
        fork.ok_or_else(|| FinalityError::Fork { name: format!("before capella, slot {slot}"), known: self.names() })
    }

    /// The fork that a file names, which must be that of its slot.
    pub(super) fn named(&self, name: &str, slot: u64) -> Result<&'static Fork, FinalityError> {
        if !self.forks.iter().any(|fork| fork.name == name) {
            let name = name.chars().take(40).collect();
            return Err(FinalityError::Fork { name, known: self.names() });
        }
        let fork = self.at(slot)?;
        if fork.name == name {
            return Ok(fork);
        }
        Err(FinalityError::Fork {
            name: format!("{name} at slot {slot}, which is of {}", fork.name),
            known: self.names(),
        })
    }

    fn names(&self) -> String {
        let names: Vec<&str> = self.forks.iter().map(|fork| fork.name).collect();
        names.join(", ")
    }

    /// What a sync committee signs for a header: its root under the domain of the fork at the slot before the
    /// signature's.
    pub(super) fn signing_root(&self, header: &Chunk, signature_slot: u64) -> Result<Chunk, FinalityError> {
        let fork = self.at(signature_slot.saturating_sub(1))?;
        let data = ssz::node(&ssz::padded(&fork.version), &self.genesis_validators);
        let mut domain = [0; 32];
        for (to, from) in domain.iter_mut().zip(DOMAIN_SYNC_COMMITTEE.iter().chain(&data)) {
            *to = *from;
        }
        Ok(ssz::node(header, &domain))
    }
}

/// The period of a slot.
pub(super) const fn period(slot: u64) -> u64 {
    slot / PERIOD_SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mainnet() -> Network {
        Network::of(&"eip155:1".parse().expect("a chain")).expect("known")
    }

    #[test]
    fn slots_have_their_forks() {
        for (slot, name) in [
            (194_048 * 32, "capella"),
            (7_069_376, "capella"),
            (269_568 * 32 - 1, "capella"),
            (269_568 * 32, "deneb"),
            (364_032 * 32, "electra"),
            (411_392 * 32 - 1, "electra"),
            (411_392 * 32, "fulu"),
        ] {
            assert_eq!(mainnet().at(slot).map(|fork| fork.name), Ok(name), "{slot}");
            assert_eq!(mainnet().named(name, slot).map(|fork| fork.name), Ok(name), "{slot}");
        }
        assert!(mainnet().at(194_048 * 32 - 1).is_err());
        assert!(Network::of(&"eip155:10".parse().expect("a chain")).is_err());
    }

    #[test]
    fn other_names_are_refused() {
        for (name, slot) in [("gloas", 411_392 * 32), ("altair", 7_069_376), ("deneb", 7_069_376), ("", 7_069_376)] {
            assert!(matches!(mainnet().named(name, slot), Err(FinalityError::Fork { .. })), "{name}");
        }
    }

    #[test]
    fn the_domain_is_of_the_slot_before_the_signature() {
        let first = 269_568 * 32;
        let root = |slot| mainnet().signing_root(&[1; 32], slot);
        assert_eq!(root(first), root(first - 1));
        assert_ne!(root(first + 1), root(first));
        assert!(root(0).is_err());
    }
}
