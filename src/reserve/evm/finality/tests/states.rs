//! Beacon states made up here, with validators, merges and block roots: of the rest only the hashes are there.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::ssz::{self, Chunk};
use super::super::validator::ValidatorLine;
use super::beacons::{Attested, Block, Seats, bootstrap, evidence, network};
use super::validators::{credentials, leaf, line};
use super::{Digest, Evidence};
use crate::reserve::evm::address::EvmAddress;
use crate::snapshot::BlockRef;

/// Capella, deneb and electra: no merges, no merges, merges.
pub(crate) const CAPELLA: u64 = 200_000 * 32;
pub(crate) const DENEB: u64 = 300_000 * 32;
pub(crate) const ELECTRA: u64 = 400_000 * 32;

/// A validator with this balance in gwei that pays to an address, active since epoch 5.
pub(crate) fn validator(index: u64, paid_to: EvmAddress, gwei: u64) -> (ValidatorLine, u64) {
    let withdrawal_credentials = hex::encode(credentials(1, paid_to));
    (ValidatorLine { withdrawal_credentials, ..line(index) }, gwei)
}

/// The beacon block of an execution block, with validators in its state.
pub(crate) struct Staking {
    pub(crate) slot: u64,
    pub(crate) execution: BlockRef,
    /// Each with its balance in gwei.
    pub(crate) validators: Vec<(ValidatorLine, u64)>,
    /// Validators that are merged, and into which.
    pub(crate) merges: Vec<(u64, u64)>,
}

impl Staking {
    fn block(&self) -> Block {
        let fork = network().at(self.slot).expect("a known fork");
        let mut leaves = Vec::new();
        let mut balances: BTreeMap<u64, Chunk> = BTreeMap::new();
        for (line, gwei) in &self.validators {
            leaves.push((Self::validator_place(fork.validators, line.index), leaf(line)));
            let chunk = balances.entry(line.index / 4).or_default();
            let at = usize::try_from(line.index % 4).expect("below four") * 8;
            chunk[at..at + 8].copy_from_slice(&gwei.to_le_bytes());
        }
        leaves.extend(balances.into_iter().map(|(at, chunk)| (Self::balance_place(fork.balances, at), chunk)));
        leaves.extend(fork.consolidations.map(|place| (place, self.merges_root())));
        Block::hashed(self.slot, self.execution.height, self.execution.hash, &leaves)
    }

    fn merges_root(&self) -> Chunk {
        let roots: Vec<Chunk> =
            self.merges.iter().map(|(from, to)| ssz::node(&ssz::uint(*from), &ssz::uint(*to))).collect();
        ssz::list(&roots, 18)
    }

    fn validator_place(list: u64, index: u64) -> u64 {
        ((2 * list) << 40) | index
    }

    fn balance_place(list: u64, chunk: u64) -> u64 {
        ((2 * list) << 38) | chunk
    }

    pub(crate) fn root(&self) -> Digest {
        Digest::from_bytes(self.block().root())
    }

    /// `staked/block.json`.
    pub(crate) fn block_json(&self) -> Value {
        let fork = network().at(self.slot).expect("a known fork");
        json!({ "version": fork.name, "data": { "header": self.block().json } })
    }

    /// `staked/consolidations.json`.
    pub(crate) fn consolidations_json(&self) -> Value {
        let fork = network().at(self.slot).expect("a known fork");
        let entry =
            |(from, to): &(u64, u64)| json!({ "source_index": from.to_string(), "target_index": to.to_string() });
        let pending: Vec<Value> = self.merges.iter().map(entry).collect();
        let branch = self.block().branch(fork.consolidations.expect("a fork with merges"));
        json!({ "branch": branch, "pending": pending })
    }

    /// The lines of `staked/validators.jsonl`.
    pub(crate) fn lines(&self) -> Vec<ValidatorLine> {
        let fork = network().at(self.slot).expect("a known fork");
        let block = self.block();
        let digits = |place| -> Vec<String> {
            block.branch(place).into_iter().map(|node| node.trim_start_matches("0x").to_owned()).collect()
        };
        let shown = |(line, _): &(ValidatorLine, u64)| {
            let mut chunk: Chunk = [0; 32];
            for (other, gwei) in self.validators.iter().filter(|(other, _)| other.index / 4 == line.index / 4) {
                let at = usize::try_from(other.index % 4).expect("below four") * 8;
                chunk[at..at + 8].copy_from_slice(&gwei.to_le_bytes());
            }
            ValidatorLine {
                balances: hex::encode(chunk),
                balance_branch: digits(Self::balance_place(fork.balances, line.index / 4)),
                branch: digits(Self::validator_place(fork.validators, line.index)),
                ..line.clone()
            }
        };
        self.validators.iter().map(shown).collect()
    }

    /// A final block `later` slots after this one that keeps its root where block roots of `place` stand: what to pin,
    /// the evidence of finality, and the branch for `block_root_branch`.
    pub(crate) fn finalized(&self, later: u64, place: u64) -> (Digest, Evidence, Value) {
        let slot = self.slot + later;
        let roots = network().at(slot).expect("a known fork").block_roots;
        let gindex = (roots << 13) | (place % 8192);
        let finalized = Block::new(slot, self.execution.height + later, &[(gindex, self.root().to_bytes())]);
        self.signed(&finalized, json!(finalized.branch(gindex)))
    }

    /// The block itself, final.
    pub(crate) fn itself_finalized(&self) -> (Digest, Evidence) {
        let (root, evidence, _) = self.signed(&self.block(), Value::Null);
        (root, evidence)
    }

    fn signed(&self, finalized: &Block, branch: Value) -> (Digest, Evidence, Value) {
        let slot = finalized.json["beacon"]["slot"].as_str().and_then(|slot| slot.parse::<u64>().ok()).expect("a slot");
        let seats = Seats::new(slot / 8192);
        let (root, first) = bootstrap(slot - slot % 8192, 1, &seats);
        let slot = slot + 70;
        let attested = Attested { finalized, slot, signers: &seats, count: 512, next: None }.json();
        (root, evidence(&first, &[], Some(&attested)), branch)
    }

    /// Everything beside finality, as it lies in the folder `staked/`.
    pub(crate) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let lines: String =
            self.lines().iter().map(|line| serde_json::to_string(line).expect("a line") + "\n").collect();
        let mut files = BTreeMap::from([
            ("block.json".to_owned(), self.block_json().to_string().into_bytes()),
            ("validators.jsonl".to_owned(), lines.into_bytes()),
        ]);
        if network().at(self.slot).expect("a known fork").consolidations.is_some() {
            files.insert("consolidations.json".to_owned(), self.consolidations_json().to_string().into_bytes());
        }
        files
    }
}
