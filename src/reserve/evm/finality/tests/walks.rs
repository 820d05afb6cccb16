use serde_json::{Value, json};

use super::super::fork::PERIOD_SLOTS;
use super::beacons::{Attested, Block, SUITE, Seats, bootstrap, evidence, hex0x};
use super::*;

/// First periods of deneb, electra and fulu.
const FORKS: [u64; 3] = [1053, 1422, 1607];

fn outcome(root: &Digest, evidence: &Evidence) -> Result<Vec<u64>, &'static str> {
    let blocks = anchors(&mainnet(), root, evidence).map_err(|error| error.code().name)?;
    Ok(blocks.into_iter().map(|block| block.height).collect())
}

/// Begins at `period` and goes through two updates to a finalized header of the third period.
struct Walk {
    root: Digest,
    bootstrap: Value,
    updates: Vec<Value>,
    finality: Value,
    seats: Vec<Seats>,
    first: u64,
}

impl Walk {
    fn new(period: u64) -> Self {
        let first = period * PERIOD_SLOTS;
        let seats: Vec<Seats> = (period..period + 4).map(Seats::new).collect();
        let (root, bootstrap) = bootstrap(first + 96, 1000, &seats[0]);
        let update = |at: usize| {
            let slot = first + PERIOD_SLOTS * at as u64 + 500;
            let finalized = Block::new(slot - 100, 2000 + at as u64, &[]);
            let next = Some(&seats[at + 1]);
            Attested { finalized: &finalized, slot, signers: &seats[at], count: 512, next }.json()
        };
        let updates = vec![update(0), update(1)];
        let mut walk = Self { root, bootstrap, updates, finality: Value::Null, seats, first };
        walk.finality = walk.finality(2000, 1900, 512, 5000);
        walk
    }

    /// Finality in the third period, by the committee of the signature's period.
    fn finality(&self, slot: u64, finalized: u64, count: usize, number: u64) -> Value {
        let third = self.first + 2 * PERIOD_SLOTS;
        let block = Block::new(third + finalized - PERIOD_SLOTS * u64::from(finalized > slot), number, &[]);
        Attested { finalized: &block, slot: third + slot, signers: &self.seats[2], count, next: None }.json()
    }

    fn outcome(&self) -> Result<Vec<u64>, &'static str> {
        outcome(&self.root, &evidence(&self.bootstrap, &self.updates, Some(&self.finality)))
    }
}

#[test]
fn every_fork_verifies_and_hands_over_to_the_next() {
    // within a fork, and across the first slot of the next one
    for period in FORKS.into_iter().flat_map(|first| [first - 2, first - 1, first]).chain([800, 1700]) {
        assert_eq!(Walk::new(period).outcome(), Ok(vec![1000, 2000, 2001, 5000]), "{period}");
    }
}

#[test]
fn a_header_before_the_fork_is_final_after_it() {
    for fork in FORKS {
        let mut walk = Walk::new(fork - 2);
        walk.finality = walk.finality(40, PERIOD_SLOTS - 30, 512, 5000);
        assert_eq!(walk.outcome(), Ok(vec![1000, 2000, 2001, 5000]), "{fork}");
    }
}

#[test]
fn two_thirds_must_have_signed() {
    let mut walk = Walk::new(1500);
    for (count, expected) in [(342, Ok(vec![1000, 2000, 2001, 5000])), (341, Err("FINALITY_PARTICIPATION"))] {
        walk.finality = walk.finality(2000, 1900, count, 5000);
        assert_eq!(walk.outcome(), expected, "{count}");
    }
}

#[test]
fn the_committee_is_that_of_the_period() {
    let mut walk = Walk::new(1500);
    walk.seats.swap(2, 3);
    walk.finality = walk.finality(2000, 1900, 512, 5000);
    assert_eq!(walk.outcome(), Err("FINALITY_SIGNATURE"), "the next period's committee");
    let walk = Walk::new(1500);
    let third = walk.first + 2 * PERIOD_SLOTS;
    let finalized = Block::new(third + PERIOD_SLOTS - 90, 6000, &[]);
    let last = Attested {
        finalized: &finalized,
        slot: third + PERIOD_SLOTS - 1,
        signers: &walk.seats[3],
        count: 512,
        next: None,
    };
    let walk = Walk { finality: last.json(), ..walk };
    assert_eq!(walk.outcome(), Err("FINALITY_PERIOD"), "signed one slot later, in a period without an update");
}

#[test]
fn keys_must_be_keys() {
    let off_the_group = {
        // on the curve for some x, and then almost never in the subgroup
        let candidates = (1..=255_u8).map(|byte| {
            let mut key = [0; 48];
            (key[0], key[47]) = (0x80, byte);
            key
        });
        let on_curve = |key: &[u8; 48]| blst::min_pk::PublicKey::from_bytes(key).is_ok();
        candidates.into_iter().find(on_curve).expect("about every second x is on the curve")
    };
    let mut infinity = [0; 48];
    infinity[0] = 0xc0;
    for bad in [infinity, off_the_group, [0xff; 48], [0; 48]] {
        let mut seats = Seats::new(1500);
        seats.json["pubkeys"][99] = json!(hex0x(&bad));
        let (root, first) = bootstrap(1500 * PERIOD_SLOTS, 1, &seats);
        assert_eq!(outcome(&root, &evidence(&first, &[], None)), Err("FINALITY_KEY"), "{bad:02x?}");
    }
    let mut seats = Seats::new(1500);
    seats.json["aggregate_pubkey"] = seats.json["pubkeys"][0].clone();
    let (root, first) = bootstrap(1500 * PERIOD_SLOTS, 1, &seats);
    assert_eq!(outcome(&root, &evidence(&first, &[], None)), Err("FINALITY_KEY"), "another sum");
}

#[test]
fn an_update_names_a_committee_only_when_it_is_final_in_its_own_period() {
    let mut walk = Walk::new(1500);
    let slot = walk.first + PERIOD_SLOTS + 40;
    let finalized = Block::new(walk.first + PERIOD_SLOTS - 30, 2001, &[]);
    let next = Some(&walk.seats[2]);
    walk.updates[1] = Attested { finalized: &finalized, slot, signers: &walk.seats[1], count: 512, next }.json();
    assert_eq!(walk.outcome(), Err("FINALITY_ORDER"));
}

#[test]
fn one_number_has_one_hash() {
    let mut walk = Walk::new(1500);
    // the same number and another block: the slot differs, and here the hash is made of the number
    walk.finality = walk.finality(2000, 1900, 512, 2001);
    assert_eq!(walk.outcome(), Ok(vec![1000, 2000, 2001]));
    let third = walk.first + 2 * PERIOD_SLOTS;
    let other = Block::hashed(third + 1900, 2001, Digest::from_bytes([0xee; 32]), &[]);
    walk.finality =
        Attested { finalized: &other, slot: third + 2000, signers: &walk.seats[2], count: 512, next: None }.json();
    assert_eq!(walk.outcome(), Err("FINALITY_ORDER"));
}

#[test]
fn shapes_of_other_forks_are_refused() {
    let mut missing = Walk::new(1500);
    let execution = missing.finality["data"]["finalized_header"]["execution"].as_object_mut().expect("fields");
    execution.remove("blob_gas_used");
    assert_eq!(missing.outcome(), Err("FINALITY_MALFORMED"));
    let mut early = Walk::new(800);
    early.finality["data"]["attested_header"]["execution"]["blob_gas_used"] = json!("1");
    assert_eq!(early.outcome(), Err("FINALITY_MALFORMED"));
    early.finality["data"]["attested_header"]["execution"]["blob_gas_used"] = json!("0");
    assert_eq!(early.outcome(), Ok(vec![1000, 2000, 2001, 5000]), "upgraded to the form of the next fork");
    let mut deep = Walk::new(1500);
    deep.finality["data"]["finality_branch"].as_array_mut().expect("nodes").remove(0);
    assert_eq!(deep.outcome(), Err("FINALITY_BRANCH"));
}

#[test]
fn a_signature_is_for_one_fork_and_one_suite() {
    let walk = Walk::new(1500);
    let header = Block::new(walk.first + 2 * PERIOD_SLOTS + 2000, 1, &[]);
    let roots = [1500, 1700].map(|period: u64| {
        super::beacons::network().signing_root(&header.root(), period * PERIOD_SLOTS).expect("a known fork")
    });
    assert_ne!(roots[0], roots[1], "electra and fulu have domains of their own");
    assert!(SUITE.ends_with(b"_POP_"));
    let mut mixed = walk;
    mixed.finality["data"]["sync_aggregate"] = mixed.seats[2].sign(512, &roots[1]);
    assert_eq!(mixed.outcome(), Err("FINALITY_SIGNATURE"));
}

/// The whole way: a balance under a block that nobody pinned, but that is final from the pinned root.
#[test]
fn a_final_block_anchors_balances() {
    use std::collections::BTreeMap;

    use alloy_primitives::U256;

    use crate::basis::Basis;
    use crate::lab::evm_chain::{EvmAccount, EvmBlock, EvmChain};
    use crate::reserve::claim::ChainQuery;
    use crate::reserve::evm::address::EvmAddress;
    use crate::reserve::evm::balance;
    use crate::snapshot::Time;

    let holder = EvmAddress::from_bytes([1; 20]);
    let accounts =
        BTreeMap::from([(holder, EvmAccount { balance: U256::from(77), nonce: 1, ..EvmAccount::default() })]);
    let block = |timestamp| EvmBlock { timestamp, accounts: accounts.clone() };
    let chain = EvmChain::new(mainnet(), 3000, vec![block(1_000_000), block(1_000_012)]);
    let tip = chain.tip().expect("a tip");
    let mut walk = Walk::new(1500);
    let third = walk.first + 2 * PERIOD_SLOTS;
    let last = Block::hashed(third + 1900, tip.height, tip.hash, &[]);
    walk.finality =
        Attested { finalized: &last, slot: third + 2000, signers: &walk.seats[2], count: 512, next: None }.json();
    let mut files = MemoryFiles::from([
        ("chains/eip155_1/headers.jsonl".to_owned(), chain.headers_file()),
        ("chains/eip155_1/nodes.bin".to_owned(), chain.nodes_file(3000, &[holder])),
        ("chains/eip155_1/finality/bootstrap.json".to_owned(), walk.bootstrap.to_string().into_bytes()),
        ("chains/eip155_1/finality/finality.json".to_owned(), walk.finality.to_string().into_bytes()),
    ]);
    for (at, update) in walk.updates.iter().enumerate() {
        files.insert(format!("chains/eip155_1/finality/update-{at:04}.json"), update.to_string().into_bytes());
    }
    let tokens = crate::reserve::evm::token::TokenRegistry::built_in().expect("entries");
    let basis = |pins: &[crate::snapshot::BlockRef]| {
        let query = ChainQuery {
            chain: &mainnet(),
            pins,
            cutoff_block: &chain.block(3000).expect("a block"),
            cutoff: Time::from_unix(1_000_001),
            addresses: &[&holder.to_string()],
            deployments: &["eip155:1/slip44:60".parse().expect("CAIP-19")],
            transcript: None,
        };
        let evidence = balance::balances(&query, &files, &tokens).expect("readable evidence");
        (evidence.holdings[0].amount.base_units(), evidence.holdings[0].basis())
    };
    assert_eq!(basis(&[]), (77, Basis::Stated));
    let blocks = anchors_in(&mainnet(), Some(&walk.root), &[], &files).expect("final blocks");
    assert_eq!(basis(&blocks), (77, Basis::Proved));
}

/// The committees and the policy name two blocks of one number: neither chain is anchored by the committees.
#[test]
fn attack_final_blocks_beside_a_pin_that_they_contradict() {
    let walk = Walk::new(1500);
    let bootstrap = walk.bootstrap.to_string().into_bytes();
    let files = MemoryFiles::from([("chains/eip155_1/finality/bootstrap.json".to_owned(), bootstrap)]);
    let final_beside = |pins: &[BlockRef]| anchors_in(&mainnet(), Some(&walk.root), pins, &files);
    let blocks = final_beside(&[]).expect("final blocks");
    assert_eq!(final_beside(&blocks), Ok(blocks.clone()));
    let pin = BlockRef { hash: Digest::from_bytes([7; 32]), ..blocks[0].clone() };
    let elsewhere = BlockRef { chain: "eip155:10".parse().expect("a chain"), ..pin.clone() };
    assert_eq!(final_beside(&[elsewhere]), Ok(blocks), "another chain");
    assert_eq!(final_beside(&[pin]).expect_err("two chains").code().name, "FINALITY_ORDER");
}
