//! Balances of the embedded chain, end to end through the verifier, and every single byte of its evidence flipped.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use counterfoil::amount::Amount;
use counterfoil::asset::{ChainId, DeploymentId};
use counterfoil::basis::{Basis, Completeness};
use counterfoil::bundle::{MemoryFiles, paths};
use counterfoil::code::Coded as _;
use counterfoil::lab::bitcoin_chain::{BitcoinChain, Payment, Question};
use counterfoil::reserve::bitcoin::balance::{BitcoinError, balances};
use counterfoil::reserve::bitcoin::control::sign::{AddressKey, AddressKind};
use counterfoil::reserve::claim::{ChainEvidence, ChainQuery, CutoffCheck};
use counterfoil::reserve::transcript::Transcript;
use counterfoil::snapshot::{BlockRef, Time};

const START: i64 = 1_700_000_000;
const SPACING: i64 = 600;
/// Heights of the story that [`Story::new`] tells.
const PAID: u64 = 102;
const REWARD: u64 = 104;
const LATE: u64 = 118;

/// A chain in which addresses get coins before and after the cut-off.
struct Story {
    chain: BitcoinChain,
    addresses: Vec<String>,
    deployments: Vec<DeploymentId>,
    cutoff: Time,
    files: MemoryFiles,
    transcript: Transcript,
    basis: Basis,
    pins: Vec<BlockRef>,
    cutoff_block: BlockRef,
}

fn time(height: u64) -> Time {
    Time::from_unix(START + i64::try_from(height).unwrap() * SPACING)
}

fn key(seed: u8) -> AddressKey {
    AddressKey::new(&mut [seed; 32]).unwrap()
}

fn pay(address: &str, units: u128) -> Payment {
    Payment { address: address.to_owned(), amount: Amount::from_base_units(units) }
}

impl Story {
    fn new() -> Self {
        let mut chain = BitcoinChain::new().unwrap();
        let kinds = [AddressKind::WitnessKeyHash, AddressKind::Taproot, AddressKind::KeyHash];
        let addresses: Vec<String> = kinds.into_iter().map(|kind| key(7).address(chain.id(), kind).unwrap()).collect();
        let stranger = key(8).address(chain.id(), AddressKind::Taproot).unwrap();
        chain.mine_empty(time(1), SPACING, PAID - 1).unwrap();
        let (first, second, third) = (&addresses[0], &addresses[1], &addresses[2]);
        let lists = [
            vec![pay(first, 150_000_000), pay(second, 200_000_000)],
            vec![pay(&stranger, 1)],
            vec![pay(first, 1), pay(third, 25)],
        ];
        // one more reward has to be mature for the third transaction
        chain.mine(time(PAID), &lists[..2]).unwrap();
        chain.mine(time(PAID + 1), &lists[2..]).unwrap();
        chain.mine_to(time(REWARD), first).unwrap();
        chain.mine_empty(time(REWARD + 1), SPACING, LATE - REWARD - 1).unwrap();
        chain.mine(time(LATE), &[vec![pay(first, 777)]]).unwrap();
        chain.mine_empty(time(LATE + 1), SPACING, 12).unwrap();
        let cutoff = time(108);
        let deployments = vec![format!("{}/slip44:1", chain.id()).parse().unwrap()];
        let mut story = Self {
            addresses,
            deployments,
            cutoff,
            files: MemoryFiles::new(),
            transcript: Transcript::new(chain.block(0).unwrap(), String::new(), cutoff, Vec::new()),
            basis: Basis::Observed,
            pins: Vec::new(),
            cutoff_block: chain.block(0).unwrap(),
            chain,
        };
        story.gather();
        story
    }

    /// Asks the chain again, as of its present tip.
    fn gather(&mut self) {
        let asked: Vec<&str> = self.addresses.iter().map(String::as_str).collect();
        let question =
            Question { addresses: &asked, from_height: 100, cutoff: Some(self.cutoff), now: Time::from_unix(START) };
        let fetched = self.chain.evidence(&question).unwrap();
        self.files =
            fetched.files.into_iter().map(|(path, bytes)| (paths::chain(self.chain.id(), &path), bytes)).collect();
        self.transcript = fetched.transcript;
        self.cutoff_block = fetched.cutoff_block.unwrap();
        self.pins = vec![self.chain.block(self.chain.height()).unwrap()];
    }

    fn run(&self) -> Result<ChainEvidence, BitcoinError> {
        let asked: Vec<&str> = self.addresses.iter().map(String::as_str).collect();
        let query = ChainQuery {
            chain: self.chain.id(),
            pins: &self.pins,
            cutoff_block: &self.cutoff_block,
            cutoff: self.cutoff,
            addresses: &asked,
            deployments: &self.deployments,
            transcript: (!self.transcript.node.is_empty()).then_some((&self.transcript, self.basis)),
        };
        balances(&query, &self.files)
    }

    fn evidence(&self) -> ChainEvidence {
        self.run().unwrap()
    }

    fn codes(&self) -> Vec<u16> {
        self.evidence().problems.iter().map(|problem| problem.code.number).collect()
    }

    fn edit(&mut self, from: &str, to: &str) {
        let result = &mut self.transcript.calls[0].result;
        assert!(result.contains(from), "{from} in {result}");
        *result = result.replacen(from, to, 1);
    }

    fn path(&self, part: &str) -> String {
        self.files.keys().find(|path| path.contains(part)).unwrap().clone()
    }

    fn merkle(&self, height: u64) -> String {
        self.path(&paths::merkle_block(&self.chain.block(height).unwrap().hash.to_string()))
    }

    /// The file of the transaction that made the coin of `units`.
    fn transaction(&self, units: u128) -> String {
        let evidence = self.evidence();
        let coin = evidence.holdings.iter().find(|holding| holding.amount.base_units() == units).unwrap();
        self.path(&paths::transaction(coin.id.split(':').next().unwrap()))
    }
}

fn total(evidence: &ChainEvidence, least: Basis) -> u128 {
    evidence.holdings.iter().filter(|held| held.authenticity >= least).map(|held| held.amount.base_units()).sum()
}

const ALL: u128 = 150_000_000 + 200_000_000 + 1 + 25;

#[test]
fn coins_before_the_cutoff_are_proved_and_later_ones_ignored() {
    let story = Story::new();
    let evidence = story.evidence();
    assert_eq!(total(&evidence, Basis::Proved), ALL);
    assert!(evidence.holdings.iter().all(|held| held.completeness == Completeness::UnspentObserved));
    assert!(evidence.holdings.is_sorted_by(|left, right| left.id < right.id));
    assert_eq!((evidence.cutoff.clone(), evidence.anchored), (CutoffCheck::Holds, true));
    let problems: Vec<(u16, &str)> =
        evidence.problems.iter().map(|problem| (problem.code.number, problem.detail.as_str())).collect();
    assert_eq!(problems, [(5047, "a block reward with 10 confirmations, expected at least 100")]);
    assert_eq!(story.cutoff_block.height, 113, "the median time of a block is that of the fifth before it");
    assert_eq!(Story::new().evidence(), evidence, "the same input gives the same result");
}

#[test]
fn an_observed_answer_needs_a_pinned_node_and_an_anchored_tip() {
    let mut story = Story::new();
    story.basis = Basis::Stated;
    assert!(story.evidence().holdings.iter().all(|held| held.completeness == Completeness::UnspentStated));
    story.basis = Basis::Observed;
    story.pins = vec![story.chain.block(story.chain.height() - 1).unwrap()];
    let evidence = story.evidence();
    assert!(evidence.holdings.iter().all(|held| held.completeness == Completeness::UnspentStated));
    assert_eq!((total(&evidence, Basis::Proved), evidence.cutoff), (ALL, CutoffCheck::Holds));
}

#[test]
fn without_a_pinned_block_everything_is_stated() {
    let mut story = Story::new();
    story.pins.clear();
    let evidence = story.evidence();
    assert_eq!((total(&evidence, Basis::Proved), total(&evidence, Basis::Stated)), (0, ALL));
    assert!(!evidence.anchored && matches!(evidence.cutoff, CutoffCheck::Unknown { .. }));
    assert_eq!(story.codes(), [5025, 5047]);
    story.files.clear();
    assert_eq!(total(&story.evidence(), Basis::Stated), ALL);
    assert_eq!(story.codes(), [5026, 5028, 5047]);
}

#[test]
fn blocks_above_the_highest_pin_are_not_anchored() {
    let mut story = Story::new();
    story.pins = vec![story.chain.block(PAID).unwrap()];
    let evidence = story.evidence();
    assert_eq!(total(&evidence, Basis::Proved), 350_000_000, "the coins of the pinned block, not of the next one");
    assert_eq!(total(&evidence, Basis::Stated), ALL);
    assert!(!evidence.anchored && matches!(evidence.cutoff, CutoffCheck::Unknown { .. }));
    story.pins = vec![story.cutoff_block.clone()];
    let evidence = story.evidence();
    assert!(evidence.anchored, "the block itself is pinned");
    assert!(matches!(evidence.cutoff, CutoffCheck::Unknown { detail } if detail.contains("successor")));
}

#[test]
fn pins_that_contradict_are_refused() {
    let mut story = Story::new();
    let mut moved = story.chain.block(110).unwrap();
    moved.height = 111;
    story.pins.push(moved);
    assert_eq!(story.run().unwrap_err().code().number, 5024);
    let mut foreign = story.chain.block(110).unwrap();
    foreign.hash = story.chain.block(111).unwrap().hash;
    story.pins[1] = foreign;
    assert_eq!(story.run().unwrap_err().code().number, 5024);
    story.pins[1] = BlockRef { height: 3, ..story.chain.block(110).unwrap() };
    story.pins.remove(0);
    assert_eq!(story.run().unwrap_err().code().number, 5024, "three predecessors fit, ten do not");
    let absent = BlockRef { height: 110, ..story.chain.block(1).unwrap() };
    story.pins = vec![story.chain.block(120).unwrap(), absent];
    assert_eq!(story.run().unwrap_err().code().number, 5024, "another block at a pinned height");
    let other: ChainId = "bip122:000000000019d6689c085ae165831e93".parse().unwrap();
    story.pins[1].chain = other;
    assert!(story.run().is_ok(), "pins of other chains are no question here");
}

#[test]
fn the_cutoff_block_is_checked_against_height_and_time() {
    let mut story = Story::new();
    for (height, holds) in [(112, false), (113, true), (114, false)] {
        story.cutoff_block = story.chain.block(height).unwrap();
        let check = story.evidence().cutoff;
        assert_eq!(check == CutoffCheck::Holds, holds, "{check:?}");
        assert_eq!(matches!(check, CutoffCheck::Violated { .. }), !holds, "{check:?}");
    }
    story.cutoff_block = BlockRef { height: 112, ..story.chain.block(113).unwrap() };
    let evidence = story.evidence();
    assert!(evidence.holdings.is_empty());
    assert_eq!(story.codes(), [5027]);
    story.cutoff_block = BlockRef { height: 113, ..story.chain.block(1).unwrap() };
    assert_eq!((story.codes(), total(&story.evidence(), Basis::Assumed)), (vec![5027], 0));
    story.cutoff_block = story.chain.block(105).unwrap();
    assert!(matches!(story.evidence().cutoff, CutoffCheck::Unknown { detail } if detail.contains("begin less")));
    story.cutoff_block = story.chain.block(30).unwrap();
    assert_eq!(story.codes(), [5028]);
}

#[test]
fn every_flipped_byte_of_the_evidence_is_refused_or_counts_less() {
    let story = Story::new();
    let full = story.evidence();
    let names: Vec<String> = story.files.keys().cloned().collect();
    let mut checked = 0;
    for name in names {
        let original = story.files[&name].clone();
        let proofs_only = !name.contains("headers");
        let mut changed = Story::new();
        for at in 0..original.len() {
            let mut bytes = original.clone();
            bytes[at] ^= 1 << (at % 8);
            changed.files.insert(name.clone(), bytes);
            checked += 1;
            let Ok(evidence) = changed.run() else { continue };
            let good = |held: &&counterfoil::reserve::claim::Holding| {
                held.basis() >= Basis::Observed && held.completeness == Completeness::UnspentObserved
            };
            let left: u128 = evidence.holdings.iter().filter(good).map(|held| held.amount.base_units()).sum();
            if proofs_only && affects_only_immature(&name, &story) {
                assert!(evidence.problems != full.problems, "{name} byte {at}");
            } else {
                assert!(left < ALL, "{name} byte {at}: {:?}", evidence.problems);
            }
        }
    }
    assert!(checked > 3800, "{checked}");
}

/// The block reward and the payment after the cut-off count nothing anyway; their evidence must still be found bad.
fn affects_only_immature(name: &str, story: &Story) -> bool {
    [REWARD, LATE].into_iter().any(|height| {
        let hash = story.chain.block(height).unwrap().hash.to_string();
        if name.contains(&hash) {
            return true;
        }
        let block = story.chain.raw_blocks().nth(usize::try_from(height).unwrap()).unwrap();
        let block: bitcoin::Block = bitcoin::consensus::deserialize(&block).unwrap();
        block.txdata.iter().any(|made| name.contains(&made.compute_txid().to_string()))
    })
}

#[test]
fn missing_evidence_makes_a_coin_stated_not_proved() {
    for file in 0..2 {
        let mut story = Story::new();
        let path = [story.transaction(25), story.merkle(PAID + 1)][file].clone();
        story.files.remove(&path);
        let evidence = story.evidence();
        assert_eq!((total(&evidence, Basis::Proved), total(&evidence, Basis::Stated)), (350_000_000, ALL));
        assert_eq!(story.codes(), [5047]);
    }
}

#[test]
fn contradicted_coins_count_nothing() {
    let edits = [
        ("\"amount\":1.50000000", "\"amount\":1.50000001"),
        ("\"amount\":1.50000000,\"coinbase\":false", "\"amount\":1.50000000,\"coinbase\":true"),
        (
            "\"amount\":1.50000000,\"coinbase\":false,\"height\":102",
            "\"amount\":1.50000000,\"coinbase\":false,\"height\":103",
        ),
        (
            "\"amount\":1.50000000,\"coinbase\":false,\"height\":102",
            "\"amount\":1.50000000,\"coinbase\":false,\"height\":999",
        ),
    ];
    for (from, to) in edits {
        let mut story = Story::new();
        story.edit(from, to);
        assert_eq!(total(&story.evidence(), Basis::Assumed), ALL - 150_000_000, "{to}");
        assert!(story.codes().contains(&5046), "{to}");
    }
    // without the node's own word on the block, the height alone is contradicted
    let mut story = Story::new();
    let block = format!(",\"blockhash\":\"{}\"", story.chain.block(PAID).unwrap().hash);
    story.edit(&block, "");
    story.edit(&block, "");
    assert_eq!(total(&story.evidence(), Basis::Proved), ALL, "an older node does not name the block");
    story.edit(
        "\"amount\":1.50000000,\"coinbase\":false,\"height\":102",
        "\"amount\":1.50000000,\"coinbase\":false,\"height\":105",
    );
    assert_eq!(story.codes(), [5046, 5047]);
}

#[test]
fn a_node_that_answers_for_another_block_is_not_used() {
    let mut story = Story::new();
    let second = story.transcript.calls[0].clone();
    story.transcript.calls.push(second);
    assert_eq!(total(&story.evidence(), Basis::Proved), ALL, "counted once");
    assert_eq!(story.codes().iter().filter(|code| **code == 5045).count(), 6);
    let height = story.chain.height();
    let result = &mut story.transcript.calls[1].result;
    *result = result.replacen(&format!("\"height\":{height}"), &format!("\"height\":{}", height - 1), 1);
    assert_eq!((story.codes(), story.evidence().holdings.len()), (vec![5042], 0));

    let mut story = Story::new();
    let other = story.chain.block(1).unwrap().hash.to_string();
    let tip = story.transcript.tip.hash.to_string();
    story.edit(&tip, &other);
    story.transcript.tip.hash = other.parse().unwrap();
    assert_eq!((story.codes(), story.evidence().holdings.len()), (vec![5042], 0), "another branch");
}

#[test]
fn an_answer_before_the_cutoff_block_counts_nothing() {
    let mut story = Story::new();
    story.cutoff_block = story.chain.block(story.chain.height()).unwrap();
    assert_eq!(total(&story.evidence(), Basis::Proved), ALL + 777, "the tip itself is late enough");
    story.cutoff_block.height += 1;
    story.cutoff_block.hash = story.chain.block(1).unwrap().hash;
    assert_eq!((story.codes(), story.evidence().holdings.len()), (vec![5028, 5043], 0));
}

#[test]
fn nothing_counts_without_transcript_or_deployment() {
    let mut story = Story::new();
    story.deployments = vec!["bip122:000000000019d6689c085ae165831e93/slip44:0".parse().unwrap()];
    assert_eq!((story.codes(), story.evidence().holdings.len()), (vec![5048], 0));
    let mut story = Story::new();
    story.transcript.node.clear();
    assert_eq!((story.codes(), story.evidence().holdings.len()), (vec![5040], 0));
    let mut story = Story::new();
    story.transcript.calls.clear();
    assert_eq!((story.codes(), story.evidence().holdings.len()), (vec![5040], 0));
    let mut story = Story::new();
    story.edit("\"success\":true", "\"success\":false");
    assert_eq!((story.codes(), story.evidence().holdings.len()), (vec![5041], 0));
}

#[test]
fn only_addresses_that_were_asked_about_count_and_each_once() {
    let mut story = Story::new();
    let dropped = story.addresses.remove(1);
    assert_eq!(total(&story.evidence(), Basis::Proved), ALL - 200_000_000);
    assert_eq!(story.codes().iter().filter(|code| **code == 5044).count(), 1);
    story.addresses.push(story.addresses[0].to_uppercase());
    story.addresses.push("bc1q9vza2e8x573nczrlzms0wvx3gsqjx7vavgkx0l".to_owned());
    story.addresses.push(dropped);
    assert_eq!(total(&story.evidence(), Basis::Proved), ALL);
    assert_eq!(story.codes(), [5049, 5005, 5047]);
}

#[test]
fn a_spent_coin_is_no_longer_listed() {
    let mut story = Story::new();
    let tip = story.chain.height();
    let away = key(9).address(story.chain.id(), AddressKind::Taproot).unwrap();
    for (place, address) in story.addresses.clone().iter().take(2).enumerate() {
        let at = time(tip + 1 + place as u64);
        story.chain.sweep(at, &key(7), address, &away).unwrap();
    }
    assert!(story.chain.sweep(time(tip + 3), &key(8), &away, &story.addresses[0].clone()).is_err(), "another key");
    story.gather();
    assert_eq!(total(&story.evidence(), Basis::Assumed), 25, "the block reward stays immature");
}

#[test]
fn headers_must_be_a_chain() {
    let mut story = Story::new();
    let path = story.path(paths::HEADERS);
    let good = story.files[&path].clone();
    let mut refused = |bytes: Vec<u8>| {
        story.files.insert(path.clone(), bytes);
        story.run().unwrap_err().code().number
    };
    assert_eq!(refused(good[1..].to_vec()), 5020);
    assert_eq!(refused([&good[..80], &good[160..]].concat()), 5021);
    for bits in [0x2100_ffff_u32, 0x207f_fffe_u32 | 0x0080_0000, 0, 0x2280_0000] {
        let mut bytes = good.clone();
        bytes[72..76].copy_from_slice(&bits.to_le_bytes());
        assert_eq!(refused(bytes), 5022, "{bits:#x}");
    }
    let mut bytes = good.clone();
    bytes[72..76].copy_from_slice(&0x1d00_ffff_u32.to_le_bytes());
    assert_eq!(refused(bytes), 5023);
}

#[test]
fn the_coinbase_must_be_in_the_proof_and_in_the_bundle() {
    let mut story = Story::new();
    let block = story.chain.raw_blocks().nth(usize::try_from(PAID).unwrap()).unwrap();
    let block: bitcoin::Block = bitcoin::consensus::deserialize(&block).unwrap();
    let path = story.merkle(PAID);
    let wanted = block.txdata[1].compute_txid();
    let bare = bitcoin::MerkleBlock::from_block_with_predicate(&block, |txid| *txid == wanted);
    story.files.insert(path.clone(), bitcoin::consensus::serialize(&bare));
    assert_eq!(total(&story.evidence(), Basis::Assumed), 26);
    assert_eq!(story.codes(), [5034, 5034, 5034, 5047]);
    let mut story = Story::new();
    let coinbase = story.path(&paths::transaction(&block.txdata[0].compute_txid().to_string()));
    story.files.remove(&coinbase);
    // a missing file shows nothing against a coin: it is stated, not contradicted
    assert_eq!((total(&story.evidence(), Basis::Stated), story.codes()[0]), (350_000_026, 5051));
    assert_eq!(total(&story.evidence(), Basis::Proved), 26);
    let mut story = Story::new();
    let other = story.files[&story.merkle(REWARD)].clone();
    story.files.insert(path.clone(), other);
    assert_eq!((total(&story.evidence(), Basis::Assumed), story.codes()[0]), (26, 5031));
    let mut story = Story::new();
    let good = story.files[&path].clone();
    story.files.insert(path, [good, vec![0]].concat());
    assert_eq!((total(&story.evidence(), Basis::Assumed), story.codes()[0]), (26, 5030));
}

#[test]
fn transactions_are_kept_without_witnesses() {
    let mut story = Story::new();
    let block = story.chain.raw_blocks().nth(usize::try_from(REWARD).unwrap()).unwrap();
    let block: bitcoin::Block = bitcoin::consensus::deserialize(&block).unwrap();
    let path = story.path(&paths::transaction(&block.txdata[0].compute_txid().to_string()));
    story.files.insert(path, bitcoin::consensus::serialize(&block.txdata[0]));
    let evidence = story.evidence();
    assert!(
        evidence.problems.iter().any(|problem| problem.detail.contains("has witnesses")),
        "{:?}",
        evidence.problems
    );
}

/// A statement and a node may name any height; confirmations are counted from them.
#[test]
fn attack_a_height_above_all_chains_does_not_stop_the_verifier() {
    let mut story = Story::new();
    story.files.clear();
    story.pins.clear();
    let (tip, unknown) = (story.transcript.tip.clone(), "11".repeat(32));
    story.edit(&format!("\"height\":{}", tip.height), &format!("\"height\":{}", u64::MAX));
    story.edit(&tip.hash.to_string(), &unknown);
    story.edit(&format!("\"height\":{PAID}"), "\"height\":0");
    (story.transcript.tip.height, story.transcript.tip.hash) = (u64::MAX, unknown.parse().unwrap());
    (story.cutoff_block.height, story.cutoff_block.hash) = (u64::MAX, "22".repeat(32).parse().unwrap());
    let evidence = story.evidence();
    assert!(!evidence.holdings.is_empty() && !evidence.anchored);
}
