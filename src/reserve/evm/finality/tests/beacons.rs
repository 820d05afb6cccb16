//! A beacon chain made up here: states of which only the asked leaves are real, signed by four keys in 512 seats.

use std::collections::BTreeMap;

use blst::min_pk::{AggregatePublicKey, AggregateSignature, PublicKey, SecretKey};
use serde_json::{Value, json};

use super::super::files::{Beacon, Committee, Execution};
use super::super::fork::{Fork, Network};
use super::super::ssz::{self, Chunk, Gindex};
use super::{Digest, Evidence, mainnet};

pub(crate) const SUITE: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

pub(crate) fn hex0x(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

pub(in crate::reserve::evm::finality) fn network() -> Network {
    Network::of(&mainnet()).expect("known")
}

/// A tree of which some leaves are given; what is not given is filled in.
#[derive(Default)]
struct Tree(BTreeMap<Gindex, Chunk>);

impl Tree {
    fn at(&self, place: Gindex) -> Chunk {
        if let Some(leaf) = self.0.get(&place) {
            return *leaf;
        }
        let below = self.0.keys().any(|leaf| {
            ssz::depth(*leaf) > ssz::depth(place) && leaf >> (ssz::depth(*leaf) - ssz::depth(place)) == place
        });
        if below { ssz::node(&self.at(2 * place), &self.at(2 * place + 1)) } else { ssz::uint(place) }
    }

    fn branch(&self, place: Gindex) -> Vec<String> {
        let places = std::iter::successors(Some(place), |place| Some(place / 2)).take_while(|place| *place > 1);
        places.map(|place| hex0x(&self.at(place ^ 1))).collect()
    }
}

/// The committee of a period: four keys of its own in 512 seats.
pub(crate) struct Seats {
    keys: Vec<SecretKey>,
    pub(crate) json: Value,
}

impl Seats {
    pub(crate) fn new(period: u64) -> Self {
        let keys: Vec<SecretKey> = (0..4_u8)
            .map(|at| {
                let mut material = [at; 32];
                material[..8].copy_from_slice(&period.to_le_bytes());
                SecretKey::key_gen(&material, &[]).expect("32 bytes")
            })
            .collect();
        let seats: Vec<PublicKey> = (0..512).map(|at| keys[at % 4].sk_to_pk()).collect();
        let all: Vec<&PublicKey> = seats.iter().collect();
        let sum = AggregatePublicKey::aggregate(&all, false).expect("keys").to_public_key();
        let texts: Vec<String> = seats.iter().map(|key| hex0x(&key.to_bytes())).collect();
        Self { keys, json: json!({ "pubkeys": texts, "aggregate_pubkey": hex0x(&sum.to_bytes()) }) }
    }

    fn root(&self) -> Chunk {
        serde_json::from_value::<Committee>(self.json.clone()).expect("512 keys").root()
    }

    /// The first `count` seats sign.
    pub(crate) fn sign(&self, count: usize, message: &Chunk) -> Value {
        let each: Vec<_> = self.keys.iter().map(|key| key.sign(message, SUITE, &[])).collect();
        let signed: Vec<_> = (0..count).map(|at| &each[at % 4]).collect();
        let sum = AggregateSignature::aggregate(&signed, false).expect("signatures").to_signature();
        let mut bits = [0_u8; 64];
        (0..count).for_each(|at| bits[at / 8] |= 1 << (at % 8));
        json!({ "sync_committee_bits": hex0x(&bits), "sync_committee_signature": hex0x(&sum.to_bytes()) })
    }
}

/// A header over a state with these leaves, in the JSON of the files.
pub(crate) struct Block {
    number: u64,
    state: Tree,
    pub(crate) json: Value,
}

fn execution(number: u64, fork: &Fork) -> Value {
    let word = |byte: u8| hex0x(&[byte; 32]);
    let mut json = json!({
        "parent_hash": word(1), "fee_recipient": hex0x(&[2; 20]), "state_root": word(3), "receipts_root": word(4),
        "logs_bloom": hex0x(&[5; 256]), "prev_randao": word(6), "block_number": number.to_string(),
        "gas_limit": "30000000", "gas_used": "0", "timestamp": "1700000000", "extra_data": "0x",
        "base_fee_per_gas": "115792089237316195423570985008687907853269984665640564039457584007913129639935",
        "block_hash": hex0x(&ssz::uint(number)), "transactions_root": word(7), "withdrawals_root": word(8),
    });
    if fork.blobs {
        json["blob_gas_used"] = json!("131072");
        json["excess_blob_gas"] = json!("0");
    }
    json
}

impl Block {
    pub(crate) fn new(slot: u64, number: u64, leaves: &[(Gindex, Chunk)]) -> Self {
        let fork = network().at(slot).expect("a known fork");
        Self::with(slot, number, leaves, execution(number, fork))
    }

    /// The block of this number with a hash of its own.
    pub(crate) fn hashed(slot: u64, number: u64, hash: Digest, leaves: &[(Gindex, Chunk)]) -> Self {
        let mut execution = execution(number, network().at(slot).expect("a known fork"));
        execution["block_hash"] = json!(hex0x(&hash.to_bytes()));
        Self::with(slot, number, leaves, execution)
    }

    fn with(slot: u64, number: u64, leaves: &[(Gindex, Chunk)], execution: Value) -> Self {
        let fork = network().at(slot).expect("a known fork");
        let state = Tree(leaves.iter().copied().collect());
        let typed: Execution = serde_json::from_value(execution.clone()).expect("an execution header");
        let body = Tree([(fork.execution, typed.root(fork).expect("its fields"))].into());
        let beacon = json!({
            "slot": slot.to_string(), "proposer_index": "7", "parent_root": hex0x(&[9; 32]),
            "state_root": hex0x(&state.at(1)), "body_root": hex0x(&body.at(1)),
        });
        let branch = body.branch(fork.execution);
        let json = json!({ "beacon": beacon, "execution": execution, "execution_branch": branch });
        Self { number, state, json }
    }

    pub(crate) fn root(&self) -> Chunk {
        serde_json::from_value::<Beacon>(self.json["beacon"].clone()).expect("a header").root()
    }

    pub(crate) fn branch(&self, place: Gindex) -> Vec<String> {
        self.state.branch(place)
    }
}

/// What `finality.json` and an update share: `finalized` under an attested header at `slot`, signed in the next one.
pub(crate) struct Attested<'a> {
    pub(crate) finalized: &'a Block,
    pub(crate) slot: u64,
    pub(crate) signers: &'a Seats,
    pub(crate) count: usize,
    pub(crate) next: Option<&'a Seats>,
}

impl Attested<'_> {
    pub(crate) fn json(&self) -> Value {
        let fork = network().at(self.slot).expect("a known fork");
        let mut leaves = vec![(fork.finalized, self.finalized.root())];
        leaves.extend(self.next.map(|seats| (fork.next_committee, seats.root())));
        let header = Block::new(self.slot, self.finalized.number + 64, &leaves);
        let message = network().signing_root(&header.root(), self.slot + 1).expect("a known fork");
        let mut data = json!({
            "attested_header": header.json, "finalized_header": self.finalized.json,
            "finality_branch": header.branch(fork.finalized), "sync_aggregate": self.signers.sign(self.count, &message),
            "signature_slot": (self.slot + 1).to_string(),
        });
        if let Some(seats) = self.next {
            data["next_sync_committee"] = seats.json.clone();
            data["next_sync_committee_branch"] = json!(header.branch(fork.next_committee));
        }
        json!({ "version": fork.name, "data": data })
    }
}

/// The root and `bootstrap.json` of a block at `slot`.
pub(crate) fn bootstrap(slot: u64, number: u64, seats: &Seats) -> (Digest, Value) {
    let fork = network().at(slot).expect("a known fork");
    let block = Block::new(slot, number, &[(fork.current_committee, seats.root())]);
    let data = json!({
        "header": block.json, "current_sync_committee": seats.json,
        "current_sync_committee_branch": block.branch(fork.current_committee),
    });
    (Digest::from_bytes(block.root()), json!({ "version": fork.name, "data": data }))
}

pub(crate) fn evidence(bootstrap: &Value, updates: &[Value], finality: Option<&Value>) -> Evidence {
    let bytes = |value: &Value| value.to_string().into_bytes();
    Evidence {
        bootstrap: bytes(bootstrap),
        updates: updates.iter().map(bytes).collect(),
        finality: finality.map(bytes),
    }
}
