//! What shows that coins were unspent without a node's word: later spends, whole blocks, whole sets. And what refutes a
//! node's word.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::U256;
use bitcoin::consensus::{deserialize, serialize};
use bitcoin::{Block, MerkleBlock, Network, OutPoint, ScriptBuf};
use counterfoil::amount::Amount;
use counterfoil::asset::DeploymentId;
use counterfoil::basis::{Basis, Completeness};
use counterfoil::bundle::{MemoryFiles, paths};
use counterfoil::hash::Digest;
use counterfoil::lab::bitcoin_chain::{BitcoinChain, Payment, Question};
use counterfoil::reserve::bitcoin::balance::{Judged, Own, judge};
use counterfoil::reserve::bitcoin::blocks::{BlockFiles, MemoryBlocks, Opening};
use counterfoil::reserve::bitcoin::control::sign::{AddressKey, AddressKind};
use counterfoil::reserve::bitcoin::header::WorkRule;
use counterfoil::reserve::bitcoin::network::{internal, script};
use counterfoil::reserve::bitcoin::set_pins::SetPin;
use counterfoil::reserve::bitcoin::utxo_snapshot::{FullSet, SetCoin};
use counterfoil::reserve::claim::ChainQuery;
use counterfoil::reserve::transcript::Transcript;
use counterfoil::snapshot::{BlockRef, Time};

const START: i64 = 1_700_000_000;
const SPACING: i64 = 600;
const PAID: u64 = 102;
/// Before the cut-off block, which is 113.
const EARLY_SPEND: u64 = 106;
const CUTOFF: u64 = 113;
const LATE_SPEND: u64 = 118;
const TIP: u64 = 130;

/// Three addresses get coins at [`PAID`]: the first keeps them, the second spends them before the cut-off, the third
/// after it.
struct Story {
    chain: BitcoinChain,
    addresses: Vec<String>,
    files: MemoryFiles,
    transcript: Option<Transcript>,
    pins: Vec<BlockRef>,
    deployments: Vec<DeploymentId>,
}

fn time(height: u64) -> Time {
    Time::from_unix(START + i64::try_from(height).unwrap() * SPACING)
}

impl Story {
    fn new() -> Self {
        let mut chain = BitcoinChain::new().unwrap();
        let key = AddressKey::new(&mut [7; 32]).unwrap();
        let kinds = [AddressKind::WitnessKeyHash, AddressKind::Taproot];
        let mut addresses: Vec<String> = kinds.into_iter().map(|kind| key.address(chain.id(), kind).unwrap()).collect();
        let later = AddressKey::new(&mut [9; 32]).unwrap();
        addresses.push(later.address(chain.id(), AddressKind::Taproot).unwrap());
        let away = AddressKey::new(&mut [8; 32]).unwrap().address(chain.id(), AddressKind::Taproot).unwrap();
        chain.mine_empty(time(1), SPACING, PAID - 1).unwrap();
        let pay = |(address, units): (&String, u128)| Payment {
            address: address.clone(),
            amount: Amount::from_base_units(units),
        };
        chain.mine(time(PAID), &[addresses.iter().zip([100, 20, 3]).map(pay).collect()]).unwrap();
        chain.mine_empty(time(PAID + 1), SPACING, EARLY_SPEND - PAID - 1).unwrap();
        chain.sweep(time(EARLY_SPEND), &key, &addresses[1], &away).unwrap();
        chain.mine_empty(time(EARLY_SPEND + 1), SPACING, LATE_SPEND - EARLY_SPEND - 1).unwrap();
        chain.sweep(time(LATE_SPEND), &later, &addresses[2], &away).unwrap();
        chain.mine_empty(time(LATE_SPEND + 1), SPACING, TIP - LATE_SPEND).unwrap();
        let asked: Vec<&str> = addresses.iter().map(String::as_str).collect();
        let question = Question { addresses: &asked, from_height: 0, cutoff: None, now: time(TIP) };
        let fetched = chain.evidence(&question).unwrap();
        let path = |(name, bytes): (String, Vec<u8>)| (paths::chain(chain.id(), &name), bytes);
        let deployments = vec![format!("{}/slip44:1", chain.id()).parse().unwrap()];
        Self {
            files: fetched.files.into_iter().map(path).collect(),
            transcript: Some(fetched.transcript),
            pins: vec![chain.block(TIP).unwrap()],
            addresses,
            deployments,
            chain,
        }
    }

    fn block(&self, height: u64) -> Block {
        let at = usize::try_from(height).unwrap();
        deserialize(&self.chain.raw_blocks().nth(at).unwrap()).unwrap()
    }

    /// Adds the whole block's transactions to the bundle, as evidence of what it spends.
    fn keep(&mut self, height: u64) {
        let block = self.block(height);
        for made in &block.txdata {
            let mut bare = made.clone();
            bare.input.iter_mut().for_each(|input| input.witness.clear());
            let name = paths::transaction(&made.compute_txid().to_string());
            self.files.insert(paths::chain(self.chain.id(), &name), serialize(&bare));
        }
        let proof = MerkleBlock::from_block_with_predicate(&block, |_| true);
        let name = paths::merkle_block(&block.block_hash().to_string());
        self.files.insert(paths::chain(self.chain.id(), &name), serialize(&proof));
    }

    fn judge(&self, own: &Own<'_>) -> Judged {
        let asked: Vec<&str> = self.addresses.iter().map(String::as_str).collect();
        let query = ChainQuery {
            chain: self.chain.id(),
            pins: &self.pins,
            cutoff_block: &self.chain.block(CUTOFF).unwrap(),
            cutoff: time(CUTOFF - 5),
            addresses: &asked,
            deployments: &self.deployments,
            transcript: self.transcript.as_ref().map(|transcript| (transcript, Basis::Observed)),
        };
        judge(&query, own, &self.files).unwrap()
    }

    fn by_blocks(&self, blocks: &dyn BlockFiles) -> Judged {
        self.judge(&Own { blocks: Some(blocks), ..Own::default() })
    }

    /// A file with these blocks, in this order.
    fn file(&self, heights: impl Iterator<Item = u64>) -> MemoryBlocks {
        let raw: Vec<Vec<u8>> = self.chain.raw_blocks().collect();
        let bytes = heights.flat_map(|height| raw[usize::try_from(height).unwrap()].clone()).collect();
        vec![("blocks".to_owned(), bytes)]
    }

    fn scripts(&self) -> BTreeSet<ScriptBuf> {
        self.addresses.iter().map(|address| script(Network::Regtest, address).unwrap()).collect()
    }

    /// What is unspent after a block, of the asked scripts, under an invented hash.
    fn set(&self, at: u64) -> FullSet {
        let mut coins: BTreeMap<OutPoint, SetCoin> = BTreeMap::new();
        for height in 0..=at {
            for (place, made) in self.block(height).txdata.iter().enumerate() {
                for input in &made.input {
                    coins.remove(&input.previous_output);
                }
                for (vout, output) in (0_u32..).zip(&made.output) {
                    if self.scripts().contains(&output.script_pubkey) {
                        let coin = SetCoin {
                            height: u32::try_from(height).unwrap(),
                            coinbase: place == 0,
                            amount: Amount::from_base_units(output.value.to_sat().into()),
                            script: output.script_pubkey.clone(),
                        };
                        coins.insert(OutPoint { txid: made.compute_txid(), vout }, coin);
                    }
                }
            }
        }
        let block = internal(self.chain.block(at).unwrap().hash);
        FullSet { block, hash: digest(7), count: 500, coins }
    }

    fn pin(&self, height: u64) -> SetPin {
        SetPin { chain: self.chain.id().clone(), height, hash: digest(7) }
    }

    /// Makes the pinned node list a coin that it does not have.
    fn list(&mut self, units: u128) {
        let block = self.block(PAID);
        let (outpoint, output) = block
            .txdata
            .iter()
            .flat_map(|made| {
                (0_u32..).zip(&made.output).map(|(vout, output)| (OutPoint { txid: made.compute_txid(), vout }, output))
            })
            .find(|(_, output)| u128::from(output.value.to_sat()) == units)
            .unwrap();
        let entry = format!(
            r#""unspents":[{{"txid":"{}","vout":{},"scriptPubKey":"{}","amount":0.000000{units:02},"coinbase":false,"height":{PAID}}},"#,
            outpoint.txid,
            outpoint.vout,
            output.script_pubkey.to_hex_string()
        );
        let result = &mut self.transcript.as_mut().unwrap().calls[0].result;
        *result = result.replacen("\"unspents\":[", &entry, 1);
    }
}

fn digest(byte: u8) -> Digest {
    Digest::from_bytes([byte; 32])
}

/// Amount, existence and completeness of each holding, largest first.
fn holdings(judged: &Judged) -> Vec<(u128, Basis, Completeness)> {
    let row =
        |held: &counterfoil::reserve::claim::Holding| (held.amount.base_units(), held.authenticity, held.completeness);
    let mut rows: Vec<_> = judged.evidence.holdings.iter().map(row).collect();
    rows.sort_by(|left, right| right.cmp(left));
    rows
}

fn codes(judged: &Judged) -> Vec<u16> {
    judged.evidence.problems.iter().map(|problem| problem.code.number).collect()
}

const OBSERVED: (u128, Basis, Completeness) = (100, Basis::Proved, Completeness::UnspentObserved);

#[test]
fn a_later_spend_proves_a_coin_that_no_node_lists() {
    let mut story = Story::new();
    let judged = story.judge(&Own::default());
    assert_eq!((holdings(&judged), judged.by_later_spend), (vec![OBSERVED], 0), "the coin spent since is not seen");
    story.keep(LATE_SPEND);
    let judged = story.judge(&Own::default());
    let spent_later = (3, Basis::Proved, Completeness::UnspentUntilSpend);
    assert_eq!((holdings(&judged), codes(&judged)), (vec![OBSERVED, spent_later], vec![]));
    assert_eq!((judged.by_later_spend, judged.complete), (1, false));
    // without the spend's block nothing shows it; without an anchor above it, neither
    let path = paths::merkle_block(&story.chain.block(LATE_SPEND).unwrap().hash.to_string());
    let removed = story.files.remove(&paths::chain(story.chain.id(), &path)).unwrap();
    assert_eq!(holdings(&story.judge(&Own::default())), [OBSERVED]);
    story.files.insert(paths::chain(story.chain.id(), &path), removed);
    story.pins = vec![story.chain.block(LATE_SPEND - 1).unwrap()];
    let judged = story.judge(&Own::default());
    assert_eq!(judged.by_later_spend, 0, "{:?}", holdings(&judged));
}

#[test]
fn a_later_spend_needs_no_transcript() {
    let mut story = Story::new();
    story.keep(LATE_SPEND);
    story.transcript = None;
    let judged = story.judge(&Own::default());
    assert_eq!(holdings(&judged), [(3, Basis::Proved, Completeness::UnspentUntilSpend)]);
    assert_eq!((codes(&judged), judged.evidence.readable), (vec![5040], false), "the rest is unknown");
}

#[test]
fn a_spend_at_or_before_the_cutoff_refutes_a_nodes_word() {
    let mut story = Story::new();
    story.list(20);
    let judged = story.judge(&Own::default());
    let lie = (20, Basis::Proved, Completeness::UnspentObserved);
    assert_eq!((holdings(&judged), codes(&judged)), (vec![OBSERVED, lie], vec![]), "nothing contradicts it yet");
    story.keep(EARLY_SPEND);
    let judged = story.judge(&Own::default());
    assert_eq!((holdings(&judged), codes(&judged)), (vec![OBSERVED], vec![5160]));
    let detail = &judged.evidence.problems[0].detail;
    assert!(detail.starts_with("spent at height 106 by "), "{detail}");
}

#[test]
fn a_node_that_lists_a_coin_spent_by_then_is_told() {
    let mut story = Story::new();
    story.list(3);
    story.keep(LATE_SPEND);
    let judged = story.judge(&Own::default());
    let spent_later = (3, Basis::Proved, Completeness::UnspentUntilSpend);
    assert_eq!((holdings(&judged), codes(&judged)), (vec![OBSERVED, spent_later], vec![5161]));
}

#[test]
fn a_broken_spending_transaction_is_told() {
    let mut story = Story::new();
    story.keep(LATE_SPEND);
    let spender = story.block(LATE_SPEND).txdata[1].compute_txid();
    let path = paths::chain(story.chain.id(), &paths::transaction(&spender.to_string()));
    story.files.get_mut(&path).unwrap()[4] ^= 1;
    let judged = story.judge(&Own::default());
    assert_eq!((holdings(&judged), codes(&judged)), (vec![OBSERVED], vec![5036]));
}

#[test]
fn a_replay_from_the_first_block_needs_no_node() {
    let mut story = Story::new();
    story.transcript = None;
    let backwards = story.file((0..=TIP).rev());
    let judged = story.by_blocks(&backwards);
    let replayed = |units| (units, Basis::Proved, Completeness::Replayed);
    assert_eq!((holdings(&judged), codes(&judged)), (vec![replayed(100), replayed(3)], vec![]));
    assert!(judged.complete && judged.evidence.readable);
    let replay = judged.replay.as_ref().unwrap();
    assert_eq!(replay.opening(), Opening::Genesis);
    let curve: Vec<(u64, u128)> =
        replay.series(&story.scripts()).unwrap().into_iter().map(|(height, sum)| (height, sum.base_units())).collect();
    assert_eq!(curve, [(0, 0), (PAID, 123), (EARLY_SPEND, 103), (LATE_SPEND, 100)]);
    assert_eq!(replay.minimum(&story.scripts(), PAID..=TIP), Some(Amount::from_base_units(100)));
    assert_eq!(story.by_blocks(&story.file(0..=TIP)).evidence, judged.evidence);
}

#[test]
fn attack_a_block_left_out_hides_nothing() {
    let story = Story::new();
    let without = |hidden: u64| story.by_blocks(&story.file((0..=TIP).filter(move |height| *height != hidden)));
    let judged = without(EARLY_SPEND);
    // the coin that was spent in the hidden block is not counted as unspent, and no coin as replayed over the gap
    assert_eq!(holdings(&judged), [OBSERVED, (3, Basis::Proved, Completeness::UnspentUntilSpend)]);
    assert_eq!((codes(&judged), judged.complete), (vec![5150], false));
    assert_eq!(judged.evidence.problems[0].detail, "heights 106: 1 blocks that were not read");
    let judged = without(LATE_SPEND);
    assert!(judged.complete && codes(&judged).is_empty(), "after the cut-off, nothing is asked for");
    // blocks of the window alone: a coin made before them is not followed
    let judged = story.by_blocks(&story.file(PAID + 1..=TIP));
    assert_eq!((holdings(&judged), codes(&judged), judged.complete), (vec![OBSERVED], vec![], false));
    // from the creation on, it is
    let judged = story.by_blocks(&story.file(PAID..=CUTOFF));
    let replayed = |units| (units, Basis::Proved, Completeness::Replayed);
    assert_eq!((holdings(&judged), judged.complete), (vec![replayed(100), replayed(3)], false));
    let judged = story.by_blocks(&story.file(PAID..CUTOFF));
    assert_eq!(
        (holdings(&judged), codes(&judged)),
        (vec![OBSERVED], vec![5150]),
        "the cut-off block itself is missing"
    );
    let judged = story.by_blocks(&MemoryBlocks::new());
    assert_eq!((holdings(&judged), codes(&judged)), (vec![OBSERVED], vec![5150]));
}

#[test]
fn a_replay_refutes_what_a_node_made_up() {
    let mut story = Story::new();
    story.list(20);
    let judged = story.by_blocks(&story.file(PAID..=TIP));
    assert_eq!(codes(&judged), [5160]);
    let result = &mut story.transcript.as_mut().unwrap().calls[0].result;
    *result = result.replacen(&format!("\"height\":{PAID}"), &format!("\"height\":{}", PAID + 1), 1);
    let judged = story.by_blocks(&story.file(PAID + 1..=TIP));
    assert_eq!(codes(&judged), [5046], "no such coin in the block of that height: {:?}", judged.evidence.problems);
}

#[test]
fn broken_blocks_are_named_and_missing() {
    let story = Story::new();
    let with = |change: &dyn Fn(&mut Block)| {
        let mut block = story.block(EARLY_SPEND);
        change(&mut block);
        let mut files = story.file((0..=TIP).filter(|height| *height != EARLY_SPEND));
        files.push(("changed".to_owned(), serialize(&block)));
        let judged = story.by_blocks(&files);
        assert!(!judged.complete && !holdings(&judged).iter().any(|row| row.2 == Completeness::Replayed));
        codes(&judged)
    };
    assert_eq!(with(&|block| block.txdata.truncate(1)), [5145, 5150], "the spend is left out of its block");
    assert_eq!(with(&|block| block.txdata[1].input[0].witness.push([1])), [5149, 5150]);
    assert_eq!(with(&|block| drop(block.txdata.remove(0))), [5148, 5150]);
    assert_eq!(with(&|block| block.txdata.push(block.txdata[1].clone())), [5145, 5150]);
    let other = |block: &mut Block| {
        block.header.time += 1;
        while !block.header.target().is_met_by(block.block_hash()) {
            block.header.nonce += 1;
        }
    };
    assert_eq!(with(&other), [5150], "another header is no block of the chain");
    // a good copy behind the broken one is taken
    let mut broken = story.block(EARLY_SPEND);
    broken.txdata.truncate(1);
    let mut files = vec![("broken".to_owned(), serialize(&broken))];
    files.extend(story.file(0..=TIP));
    let judged = story.by_blocks(&files);
    assert_eq!((codes(&judged), judged.complete), (vec![5145], true));
}

#[test]
fn a_full_set_at_the_cutoff_is_everything() {
    let mut story = Story::new();
    story.transcript = None;
    let full = |units| (units, Basis::Proved, Completeness::FullSet);
    let (set, pins) = (story.set(CUTOFF), [story.pin(CUTOFF)]);
    let own = Own { full_set: Some(&set), set_pins: &pins, ..Own::default() };
    let judged = story.judge(&own);
    assert_eq!((holdings(&judged), codes(&judged), judged.complete), (vec![full(100), full(3)], vec![], true));
    // a later set shows what it still has, and is not everything
    let (set, pins) = (story.set(TIP), [story.pin(TIP)]);
    let judged = story.judge(&Own { full_set: Some(&set), set_pins: &pins, ..Own::default() });
    assert_eq!((holdings(&judged), judged.complete), (vec![full(100)], false));
}

#[test]
fn a_replay_may_begin_at_a_full_set() {
    let mut story = Story::new();
    story.transcript = None;
    let (set, pins) = (story.set(104), [story.pin(104)]);
    let replayed = |units| (units, Basis::Proved, Completeness::Replayed);
    let blocks = story.file(105..=TIP);
    let own = Own { blocks: Some(&blocks), full_set: Some(&set), set_pins: &pins, ..Own::default() };
    let judged = story.judge(&own);
    assert_eq!((holdings(&judged), codes(&judged)), (vec![replayed(100), replayed(3)], vec![]));
    assert!(judged.complete && judged.replay.as_ref().unwrap().opening() == Opening::FullSet(104));
    let gap = story.file(106..=TIP);
    let judged = story.judge(&Own { blocks: Some(&gap), ..own });
    assert_eq!((judged.complete, codes(&judged)), (false, vec![5150, 5040]), "one block behind the set is missing");
    assert_eq!(holdings(&judged), [(3, Basis::Proved, Completeness::UnspentUntilSpend)]);
}

#[test]
fn a_full_set_needs_its_pin_and_its_block() {
    let story = Story::new();
    let set = story.set(CUTOFF);
    let with = |pins: &[SetPin]| {
        let judged = story.judge(&Own { full_set: Some(&set), set_pins: pins, ..Own::default() });
        assert_eq!(holdings(&judged), [OBSERVED]);
        codes(&judged)
    };
    assert_eq!(with(&[]), [5170]);
    assert_eq!(with(&[SetPin { hash: digest(8), ..story.pin(CUTOFF) }]), [5170]);
    assert_eq!(with(&[story.pin(CUTOFF - 1)]), [5171]);
}

#[test]
fn a_full_set_refutes_what_a_node_made_up() {
    for at in [EARLY_SPEND, CUTOFF, TIP] {
        let mut story = Story::new();
        story.list(20);
        let (set, pins) = (story.set(at), [story.pin(at)]);
        let judged = story.judge(&Own { full_set: Some(&set), set_pins: &pins, ..Own::default() });
        assert_eq!(codes(&judged), [5162], "set at {at}");
        assert!(!holdings(&judged).iter().any(|row| row.0 == 20));
    }
}

#[test]
fn what_the_verifier_brings_needs_an_anchored_cutoff_block() {
    let mut story = Story::new();
    story.pins = vec![story.chain.block(CUTOFF - 1).unwrap()];
    let judged = story.by_blocks(&story.file(0..=TIP));
    assert_eq!((codes(&judged), judged.complete, judged.replay), (vec![5151], false, None));
}

// --- work above a pin ---

fn rule(confirmations: u64, blocks: u64) -> WorkRule {
    // each block of regtest takes two hashes on average
    WorkRule { confirmations, work: U256::from(2 * blocks) }
}

#[test]
fn work_above_the_highest_pin_anchors_only_under_the_rule() {
    let mut story = Story::new();
    story.pins = vec![story.chain.block(PAID).unwrap()];
    let with = |rule: &WorkRule| {
        let judged = story.judge(&Own { work: Some(rule), ..Own::default() });
        (judged.evidence.anchored, codes(&judged))
    };
    // the cut-off block and what stands on it: eighteen blocks
    assert_eq!(with(&rule(18, 18)), (true, vec![5052]), "the tip itself has one confirmation only");
    assert_eq!(with(&rule(1, 1)), (true, vec![]), "asked for nothing, it gives nothing away");
    assert_eq!(with(&rule(19, 1)), (false, vec![5135]));
    assert_eq!(with(&rule(1, 19)), (false, vec![5135]));
    assert_eq!(with(&WorkRule { confirmations: 1, work: U256::MAX }), (false, vec![5135]));
    let without = story.judge(&Own::default());
    assert_eq!((without.evidence.anchored, codes(&without)), (false, vec![]));
}

#[test]
fn attack_seven_easy_blocks_anchor_nothing() {
    // a branch from an old pin, made for this bundle: as many blocks as asked for, without the work
    let mut story = Story::new();
    story.pins = vec![story.chain.block(PAID).unwrap()];
    let honest = WorkRule { confirmations: 7, work: U256::from(1_000_000_u64) };
    let judged = story.judge(&Own { work: Some(&honest), ..Own::default() });
    assert!(!judged.evidence.anchored && codes(&judged).contains(&5135));
    // headers that begin less than eleven blocks below the pin: the median of the first ones is unknown
    let path = paths::chain(story.chain.id(), paths::HEADERS);
    let all = story.files[&path].clone();
    story.files.insert(path.clone(), all[80 * (usize::try_from(PAID).unwrap() - 3)..].to_vec());
    let judged = story.judge(&Own { work: Some(&rule(1, 1)), ..Own::default() });
    assert!(!judged.evidence.anchored && codes(&judged).contains(&5134), "{:?}", judged.evidence.problems);
}

#[test]
fn attack_headers_that_break_a_rule_refuse_the_chain() {
    let story = Story::new();
    let path = paths::chain(story.chain.id(), paths::HEADERS);
    let all = story.files[&path].clone();
    let at = usize::try_from(TIP).unwrap();
    // a new last header with real work, changed before it was mined
    let with = |change: &dyn Fn(&mut bitcoin::block::Header)| {
        let mut header: bitcoin::block::Header = deserialize(&all[80 * at..]).unwrap();
        change(&mut header);
        while !header.target().is_met_by(header.block_hash()) {
            header.nonce += 1;
        }
        let mut changed = Story::new();
        changed.files.insert(path.clone(), [&all[..80 * at], &serialize(&header)].concat());
        changed.pins = vec![changed.chain.block(LATE_SPEND).unwrap()];
        let asked: Vec<&str> = changed.addresses.iter().map(String::as_str).collect();
        let query = ChainQuery {
            chain: changed.chain.id(),
            pins: &changed.pins,
            cutoff_block: &changed.chain.block(CUTOFF).unwrap(),
            cutoff: time(CUTOFF - 5),
            addresses: &asked,
            deployments: &changed.deployments,
            transcript: None,
        };
        judge(&query, &Own::default(), &changed.files).map_err(|error| {
            use counterfoil::code::Coded as _;
            error.code().number
        })
    };
    assert!(with(&|header| header.time += 1).is_ok());
    assert_eq!(with(&|header| header.bits = bitcoin::CompactTarget::from_consensus(0x207f_fffe)).err(), Some(5130));
    assert_eq!(with(&|header| header.time -= 6 * 600).err(), Some(5131), "at the median");
    assert!(with(&|header| header.time -= 6 * 600 - 1).is_ok(), "one second after it");
}
