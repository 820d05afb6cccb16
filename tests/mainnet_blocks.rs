//! The first 255 blocks of mainnet: links, work, Merkle roots, and what they show of the first key that paid.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use alloy_primitives::U256;
use bitcoin::blockdata::constants::genesis_block;
use bitcoin::consensus::{deserialize, serialize};
use bitcoin::{Block, BlockHash, MerkleBlock, Network, OutPoint, PublicKey, ScriptBuf, Transaction, Txid};
use counterfoil::amount::{Amount, Decimals};
use counterfoil::asset::ChainId;
use counterfoil::basis::{Basis, Completeness};
use counterfoil::bundle::{MemoryFiles, paths};
use counterfoil::policy::WindowRules;
use counterfoil::reconcile::Verdict;
use counterfoil::reconcile::assess::{Case, Commitment, Deployment, Reason, WHOLE, Window, assess};
use counterfoil::reconcile::window::{Explained, WindowQuestion, measure};
use counterfoil::reserve::bitcoin::activity::{Activity, ActivityKind};
use counterfoil::reserve::bitcoin::balance::shown;
use counterfoil::reserve::bitcoin::blocks::{
    BlockFile, BlockFiles, BlockReader, MemoryBlocks, Opening, Replay, ReplayQuery, replay, whole_block,
};
use counterfoil::reserve::bitcoin::header::HeaderChain;
use counterfoil::reserve::bitcoin::network::{identifier, readable};
use counterfoil::reserve::window::{Part, Transfer, WindowEvidence};
use counterfoil::snapshot::{BlockRef, Time};
use libtest_mimic::{Arguments, Failed, Trial};

const FILE: &str = "bitcoin/mainnet-blocks-1-255.bz2";
const KEY: &str = "0411db93e1dcdb8a016b49840f8c53bc1eb68a382e97b1482ecad7b148a6909a5cb2e0eaddfb84ccf9744464f82e160bfa9b8b64f9d4c03f999b8643f656b412a3";
/// Height 170: the first payment between two people.
const FIRST_PAYMENT: &str = "00000000d1145790a8694403d4063f323d499e655c83426834d4ce2f8dd4a2ee";
const COIN: u128 = 100_000_000;

type Check = fn(&Data) -> Result<(), Failed>;

const CHECKS: [(&str, Check); 9] = [
    ("links, work and Merkle roots verify", links_work_and_roots),
    ("the key's balance is known at every height", balances),
    ("the window's minimum is known", window_minimum),
    ("the verdict over the window is known", window_verdict),
    ("blocks in any order, twice, and plain give the same", any_order),
    ("a block that is left out is a gap", left_out),
    ("the coin of block 9 is unspent until its later spend", later_spend),
    ("every flipped byte of a sample of blocks is refused", flipped_bytes),
    ("a file that is cut or overwritten is named", broken_files),
];

fn main() -> ExitCode {
    let folder = std::env::var_os("COUNTERFOIL_FIXTURES");
    let in_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    let data: Arc<OnceLock<Data>> = Arc::new(OnceLock::new());
    let trial = |(name, check): (&str, Check)| match folder.clone() {
        Some(folder) => {
            let data = Arc::clone(&data);
            Trial::test(name, move || check(data.get_or_init(|| Data::read(Path::new(&folder)))))
        }
        None if in_ci => Trial::test(name, || Err("CI=true, but COUNTERFOIL_FIXTURES names no directory".into())),
        None => {
            let name = format!("{name} (ignored: COUNTERFOIL_FIXTURES names no directory)");
            Trial::test(name, || Ok(())).with_ignored_flag(true)
        }
    };
    libtest_mimic::run(&Arguments::from_args(), CHECKS.into_iter().map(trial).collect()).exit_code()
}

/// The blocks, as published and one by one.
struct Data {
    file: Vec<u8>,
    blocks: Vec<Vec<u8>>,
    headers: Vec<u8>,
}

impl Data {
    fn read(folder: &Path) -> Self {
        let packed = std::fs::File::open(folder.join(FILE)).unwrap();
        let mut file = Vec::new();
        bzip2_rs::DecoderReader::new(packed).read_to_end(&mut file).unwrap();
        let bytes = BlockFile { reader: Box::new(file.as_slice()), key: [0; 8] };
        let mut reader = BlockReader::new(Network::Bitcoin, bytes);
        let mut blocks = Vec::new();
        while let Some(found) = reader.next(&mut |_| true).unwrap() {
            assert_eq!(found.hash, deserialize::<Block>(&found.bytes).unwrap().block_hash());
            blocks.push(found.bytes);
        }
        drop(reader);
        let mut headers = serialize(&genesis_block(Network::Bitcoin).header);
        headers.extend(blocks.iter().flat_map(|block| &block[..80]));
        Self { file, blocks, headers }
    }

    fn block(&self, height: usize) -> Block {
        deserialize(&self.blocks[height - 1]).unwrap()
    }

    fn hash(&self, height: usize) -> BlockHash {
        self.block(height).block_hash()
    }

    /// Headers from `from` on, anchored by the last block.
    fn chain(&self, from: usize) -> HeaderChain {
        let mut chain = HeaderChain::parse(Network::Bitcoin, &self.headers[from * 80..]).unwrap();
        let last = BlockRef { chain: id(), height: 255, hash: readable(self.hash(255)) };
        let first = BlockRef { chain: id(), height: 170, hash: FIRST_PAYMENT.parse().unwrap() };
        assert_eq!(chain.anchor(&[first, last]), Ok(true));
        chain
    }

    fn whole(&self) -> MemoryBlocks {
        vec![("blk00000.dat".to_owned(), self.file.clone())]
    }
}

fn id() -> ChainId {
    identifier(Network::Bitcoin).parse().unwrap()
}

fn script() -> ScriptBuf {
    ScriptBuf::new_p2pk(&KEY.parse::<PublicKey>().unwrap())
}

fn run(chain: &HeaderChain, files: &dyn BlockFiles) -> Replay {
    let scripts = BTreeSet::from([script()]);
    replay(&ReplayQuery { network: Network::Bitcoin, chain, scripts: &scripts, opening: None }, files)
}

fn balance(replay: &Replay, height: u64) -> Option<u128> {
    replay.balance(&BTreeSet::from([script()]), height).map(Amount::base_units)
}

/// As Bitcoin Core writes blocks.
fn framed(blocks: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut file = Vec::new();
    for block in blocks {
        file.extend(Network::Bitcoin.magic().to_bytes());
        file.extend(u32::try_from(block.len()).unwrap().to_le_bytes());
        file.extend(block);
    }
    file
}

fn links_work_and_roots(data: &Data) -> Result<(), Failed> {
    let chain = data.chain(0);
    assert_eq!((chain.len(), chain.anchored_heights()), (256, Some(0..=255)));
    let one = U256::from(4_295_032_833_u64);
    assert_eq!(chain.work(), Some(one * U256::from(256)), "256 blocks of the least difficulty");
    let mut transactions = 0;
    for (height, bytes) in (1_u64..).zip(&data.blocks) {
        let expected = chain.at_height(height).unwrap();
        transactions += whole_block(expected, bytes)?.txdata.len();
    }
    assert_eq!((data.blocks.len(), transactions), (255, 262));
    Ok(())
}

fn balances(data: &Data) -> Result<(), Failed> {
    let replay = run(&data.chain(0), &data.whole());
    assert_eq!((replay.opening(), replay.problems()), (Opening::Genesis, &[][..]));
    for height in 0..=255 {
        let expected = match height {
            0..=8 => 0,
            9..=169 => 50,
            170..=180 => 40,
            181 => 30,
            182 => 29,
            183..=247 => 28,
            _ => 18,
        };
        assert_eq!(balance(&replay, height), Some(expected * COIN), "height {height}");
    }
    assert_eq!(balance(&replay, 256), None, "no block is there");
    let heights: Vec<u64> = replay.activity().iter().map(|event| event.height).collect();
    assert!(heights.is_sorted() && replay.coins().len() == 6, "{heights:?}");
    Ok(())
}

fn eight() -> Decimals {
    Decimals::new(8).unwrap()
}

fn window_minimum(data: &Data) -> Result<(), Failed> {
    let replay = run(&data.chain(0), &data.whole());
    let scripts = BTreeSet::from([script()]);
    let minimum = |window| replay.minimum(&scripts, window).map(Amount::base_units);
    assert_eq!(minimum(9..=255), Some(18 * COIN));
    assert_eq!(minimum(9..=180), Some(40 * COIN));
    assert_eq!(minimum(0..=255), Some(0));
    assert_eq!(minimum(190..=200), Some(28 * COIN), "nothing happens within");
    assert_eq!(minimum(9..=256), None);
    Ok(())
}

/// At block 100 the key of block 9 had 50 bitcoin; by block 248 it had paid out all but 18. Whoever owes 50 at block
/// 100 and says nothing later cannot be judged over these blocks; whoever says that 18 are owed at the end is covered.
fn window_verdict(data: &Data) -> Result<(), Failed> {
    let replay = run(&data.chain(0), &data.whole());
    let evidence = window_evidence(replay.activity());
    let (rules, none) = (WindowRules::default(), Explained::default());
    let counted = BTreeSet::from(["the key of block 9".to_owned()]);
    let question = WindowQuestion {
        range: Some((9, 255)),
        snapshot: 100,
        commitments: &[100, 255],
        explained: &none,
        closing: None,
        counted: &counted,
        decimals: eight(),
        rules: &rules,
    };
    let report = measure(&evidence, &question).ok_or("the amounts fit")?;
    let coins = |coins: u128| Amount::from_base_units(coins * COIN);
    assert_eq!((report.snapshot, report.minimum, report.is_whole()), (Some(coins(50)), coins(18), true));
    let window = Window { report: &report, times: &evidence.times, accepted: true, demanded: true };
    let judge = |owed: &[(u64, u128)]| {
        let commitment = |(sequence, (height, owed)): (u64, &(u64, u128))| Commitment {
            sequence,
            cutoff: Time::from_unix(i64::try_from(*height).unwrap()),
            blocks: BTreeMap::from([(id(), *height)]),
            owed: coins(*owed),
            logged: true,
            same_set: true,
        };
        let commitments: Vec<Commitment> = (0..).zip(owed).map(commitment).collect();
        let held = coins(50);
        let deployments = [Deployment {
            id: evidence.deployment.clone(),
            decimals: eight(),
            counted: held,
            possible: held,
            apart: Amount::ZERO,
            outside: Amount::ZERO,
            every_address: true,
            window: Some(window),
        }];
        let found = assess(&Case {
            decimals: eight(),
            commitments: &commitments,
            subject: 0,
            deployments: &deployments,
            authenticity: Basis::Proved,
            minimum_ratio: WHOLE,
            readable: true,
            critical: false,
        });
        (found.verdict, found.reason, found.minimum)
    };
    let minimum = Some(coins(18));
    assert_eq!(judge(&[(100, 50)]), (Verdict::NotDeterminable, Reason::FellBelow, minimum));
    assert_eq!(judge(&[(100, 51)]), (Verdict::Short, Reason::LessThanOwed, minimum));
    assert_eq!(judge(&[(100, 50), (255, 18)]), (Verdict::Covered, Reason::Enough, minimum));
    assert_eq!(judge(&[(100, 50), (255, 19)]), (Verdict::Short, Reason::LessThanOwed, minimum));
    Ok(())
}

/// The moves of one key, as a window has them.
fn window_evidence(activity: &[Activity]) -> WindowEvidence {
    let part = |event: &Activity| Part {
        address: "the key of block 9".to_owned(),
        id: event.coin.to_string(),
        amount: event.amount,
    };
    let transfer = |event: &Activity| {
        let (spent, received) = match event.kind {
            ActivityKind::Spend => (vec![part(event)], Vec::new()),
            ActivityKind::Receive => (Vec::new(), vec![part(event)]),
        };
        let (height, place, txid) = (event.height, event.place, event.txid.to_string());
        Transfer { height, place, txid, spent, received, from: vec![], to: vec![], authenticity: Basis::Proved }
    };
    let (opening, moves): (Vec<&Activity>, Vec<&Activity>) = activity.iter().partition(|event| event.height <= 9);
    WindowEvidence {
        deployment: format!("{}/slip44:0", id()).parse().unwrap(),
        from: 9,
        to: 255,
        tip: BlockRef { chain: id(), height: 255, hash: counterfoil::hash::sha256(b"") },
        opening: opening.into_iter().map(part).collect(),
        transfers: moves.into_iter().map(transfer).collect(),
        times: BTreeMap::new(),
        gaps: Vec::new(),
        authenticity: Basis::Proved,
        completeness: Completeness::Replayed,
        problems: Vec::new(),
    }
}

fn any_order(data: &Data) -> Result<(), Failed> {
    let chain = data.chain(0);
    let expected = run(&chain, &data.whole());
    let backwards = framed(data.blocks.iter().rev().cloned());
    let twice = [data.file.clone(), backwards.clone()].concat();
    let mixed = framed((0..255).map(|at| data.blocks[at * 101 % 255].clone()));
    let plain = data.blocks.concat();
    let padded = [backwards.clone(), vec![0; 50_000]].concat();
    for (what, file) in
        [("backwards", backwards), ("twice", twice), ("mixed", mixed), ("plain", plain), ("padded", padded)]
    {
        assert_eq!(run(&chain, &vec![(what.to_owned(), file)]), expected, "{what}");
    }
    let (one, other) = data.blocks.split_at(100);
    let files = vec![("b".to_owned(), framed(other.iter().cloned())), ("a".to_owned(), one.concat())];
    assert_eq!(run(&chain, &files), expected, "two files, the second one first");
    Ok(())
}

fn left_out(data: &Data) -> Result<(), Failed> {
    // the payment of height 170 is hidden: no balance is given from there on
    let without = |left_out: usize| {
        let kept = data.blocks.iter().enumerate().filter(|(at, _)| at + 1 != left_out);
        vec![("blocks".to_owned(), framed(kept.map(|(_, block)| block.clone())))]
    };
    let hidden = run(&data.chain(0), &without(170));
    assert_eq!(hidden.gaps(1, 255), [170..=170]);
    assert_eq!((balance(&hidden, 169), balance(&hidden, 170), balance(&hidden, 255)), (Some(50 * COIN), None, None));
    let coin = hidden.coins().values().find(|coin| coin.height == 9).unwrap();
    assert!(hidden.followed(coin, 169) && !hidden.followed(coin, 170));
    // a replay that begins behind the first block knows only what it saw made
    let late = run(&data.chain(100), &data.whole());
    assert_eq!((late.opening(), late.complete_from()), (Opening::Created, None));
    assert_eq!((balance(&late, 200), late.gaps(90, 260)), (None, vec![90..=99, 256..=260]));
    let made: Vec<u64> = late.coins().values().map(|coin| coin.height).collect();
    assert!(!made.contains(&9), "made below: {made:?}");
    Ok(())
}

/// What a bundle keeps of one transaction: itself, the coinbase, and the Merkle block of both.
fn keep(files: &mut MemoryFiles, block: &Block, wanted: Txid) {
    let coinbase = block.txdata[0].compute_txid();
    let kept = |txid: &Txid| *txid == wanted || *txid == coinbase;
    for made in block.txdata.iter().filter(|made| kept(&made.compute_txid())) {
        let name = paths::transaction(&made.compute_txid().to_string());
        files.insert(paths::chain(&id(), &name), serialize(made));
    }
    let proof = MerkleBlock::from_block_with_predicate(block, kept);
    files.insert(paths::chain(&id(), &paths::merkle_block(&block.block_hash().to_string())), serialize(&proof));
}

fn later_spend(data: &Data) -> Result<(), Failed> {
    let (made, spent) = (data.block(9), data.block(170));
    let coin = OutPoint { txid: made.txdata[0].compute_txid(), vout: 0 };
    let spends = |transaction: &&Transaction| transaction.input.iter().any(|input| input.previous_output == coin);
    let spender = spent.txdata.iter().find(spends).unwrap().compute_txid();
    let mut files = MemoryFiles::new();
    keep(&mut files, &made, coin.txid);
    keep(&mut files, &spent, spender);
    let scripts = BTreeSet::from([script()]);
    let chain = data.chain(0);
    let found = shown(&files, &id(), &chain, &scripts)?;
    let own = &found.coins[&coin];
    assert_eq!((own.height, own.coinbase, own.amount.base_units()), (9, true, 50 * COIN));
    let spend = &found.spends[&coin];
    assert_eq!((spend.height, spend.anchored, spend.txid), (170, true, spender), "unspent from 9 to 169");
    // without the block of the spend nothing shows that it was unspent, nor that it was spent
    let path = paths::chain(&id(), &paths::merkle_block(&data.hash(170).to_string()));
    files.remove(&path);
    let found = shown(&files, &id(), &chain, &scripts)?;
    assert!(found.coins.contains_key(&coin) && !found.spends.contains_key(&coin));
    let spend = run(&chain, &data.whole()).activity().iter().find(|event| event.coin == coin).unwrap().kind;
    assert_eq!(spend, ActivityKind::Receive);
    Ok(())
}

fn flipped_bytes(data: &Data) -> Result<(), Failed> {
    let mut checked = 0;
    for height in [1, 9, 170, 181, 182, 248, 255] {
        let (good, hash) = (&data.blocks[height - 1], data.hash(height));
        assert!(whole_block(hash, good).is_ok());
        for at in 0..good.len() {
            let mut bytes = good.clone();
            bytes[at] ^= 1 << (at % 8);
            assert!(whole_block(hash, &bytes).is_err(), "height {height} byte {at}");
            checked += 1;
        }
    }
    assert!(checked > 2000, "{checked}");
    Ok(())
}

fn broken_files(data: &Data) -> Result<(), Failed> {
    let chain = data.chain(0);
    let codes = |file: Vec<u8>| {
        let replay = run(&chain, &vec![("file".to_owned(), file)]);
        let codes: Vec<u16> = replay.problems().iter().map(|problem| problem.code.number).collect();
        (codes, replay.gaps(1, 255).first().map(|gap| *gap.start()))
    };
    let good = &data.file;
    assert_eq!(codes(good.clone()), (vec![], None));
    assert_eq!(codes(good[..good.len() - 1].to_vec()), (vec![5140], Some(255)));
    let second = 8 + data.blocks[0].len();
    let mut magic = good.clone();
    magic[second] ^= 1;
    assert_eq!(codes(magic), (vec![5141], Some(2)));
    let mut length = good.clone();
    length[second + 7] = 1;
    assert_eq!(codes(length), (vec![5142], Some(2)));
    let mut root = good.clone();
    let last = second + 8 + data.blocks[1].len() - 1;
    root[last] ^= 1;
    assert_eq!(codes(root), (vec![5145], Some(2)));
    let mut header = good.clone();
    header[second + 8 + 79] ^= 1;
    assert_eq!(codes(header), (vec![], Some(2)), "a block of another header is passed over");
    assert_eq!(codes([good.clone(), vec![0; 20_000], vec![1]].concat()), (vec![], None), "all blocks are read by then");
    let first_only = [good[..second].to_vec(), vec![0; 20_000], vec![1]].concat();
    assert_eq!(codes(first_only), (vec![5141], Some(2)));
    assert_eq!(codes(b"BZh91AY&SY is no file of blocks. ".repeat(9)), (vec![5141], Some(1)));
    assert_eq!(codes(Vec::new()), (vec![], Some(1)));
    Ok(())
}
