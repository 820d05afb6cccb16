//! A bundle of three blocks on regtest, and what is left of it when something is missing or another's.

use bitcoin::block::Header;
use bitcoin::blockdata::constants::genesis_block;
use bitcoin::consensus::encode::serialize;
use bitcoin::{
    Amount, MerkleBlock, Network, OutPoint, ScriptBuf, Sequence, TxIn, TxOut, Witness, absolute, merkle_tree,
};

use super::*;
use crate::bundle::MemoryFiles;
use crate::hash::Digest;
use crate::reserve::bitcoin::network::{identifier, readable};

/// A transaction told apart by its lock time; with `previous` null it is a coinbase.
fn made(previous: OutPoint, number: u32) -> Transaction {
    let script_sig = ScriptBuf::from_bytes(vec![0; if previous.is_null() { 2 } else { 0 }]);
    let input = TxIn { previous_output: previous, script_sig, sequence: Sequence::MAX, witness: Witness::new() };
    let output = TxOut { value: Amount::ZERO, script_pubkey: ScriptBuf::from_bytes(vec![0x6a; 30]) };
    Transaction {
        version: bitcoin::transaction::Version::ONE,
        lock_time: absolute::LockTime::from_consensus(number),
        input: vec![input],
        output: vec![output],
    }
}

fn coinbase(height: u32) -> Transaction {
    made(OutPoint::null(), height)
}

fn payment(height: u32) -> Transaction {
    made(OutPoint { txid: coinbase(height).compute_txid(), vout: 0 }, 100 + height)
}

/// The block of this height: a coinbase, a payment that the bundle shows, and one that it does not show.
fn block(height: u32, previous: &Header) -> (Header, Vec<Txid>) {
    let transactions = [coinbase(height), payment(height), made(OutPoint::null(), 200 + height)];
    let txids: Vec<Txid> = transactions.iter().map(Transaction::compute_txid).collect();
    let root = merkle_tree::calculate_root(txids.iter().map(|txid| txid.to_raw_hash())).expect("leaves");
    let mut header = Header {
        version: bitcoin::block::Version::from_consensus(0x2000_0000),
        prev_blockhash: previous.block_hash(),
        merkle_root: root.into(),
        time: previous.time + 600,
        nonce: 0,
        ..*previous
    };
    while !header.target().is_met_by(header.block_hash()) {
        header.nonce += 1;
    }
    (header, txids)
}

fn chain() -> ChainId {
    identifier(Network::Regtest).parse().expect("a chain")
}

struct Bundle {
    files: MemoryFiles,
    /// From the genesis on.
    headers: Vec<Header>,
}

impl Bundle {
    fn new() -> Self {
        let mut headers = vec![genesis_block(Network::Regtest).header];
        let mut files = MemoryFiles::new();
        for height in 1..=3 {
            let (header, txids) = block(height, &headers[headers.len() - 1]);
            let shown =
                MerkleBlock::from_header_txids_with_predicate(&header, &txids, |txid| txids[..2].contains(txid));
            files.insert(Self::merkle(&header), serialize(&shown));
            for transaction in [coinbase(height), payment(height)] {
                files.insert(Self::of(&transaction), serialize(&transaction));
            }
            headers.push(header);
        }
        let bytes = headers.iter().flat_map(serialize).collect();
        files.insert(paths::chain(&chain(), paths::HEADERS), bytes);
        Self { files, headers }
    }

    fn merkle(header: &Header) -> String {
        paths::chain(&chain(), &paths::merkle_block(&header.block_hash().to_string()))
    }

    fn of(transaction: &Transaction) -> String {
        paths::chain(&chain(), &paths::transaction(&transaction.compute_txid().to_string()))
    }

    fn pin(&self, height: usize) -> BlockRef {
        BlockRef { chain: chain(), height: height as u64, hash: readable(self.headers[height].block_hash()) }
    }

    /// The heights of the payments of the three blocks.
    fn heights(&self, pins: &[BlockRef]) -> [Option<u64>; 3] {
        let read = BundleTransactions::read(&chain(), &self.files, pins);
        [1, 2, 3].map(|height| read.height(payment(height).compute_txid()))
    }
}

const ALL: [Option<u64>; 3] = [Some(1), Some(2), Some(3)];
const NONE: [Option<u64>; 3] = [None; 3];

#[test]
fn transactions_of_blocks_up_to_a_pinned_one_have_its_height() {
    let bundle = Bundle::new();
    assert_eq!(bundle.heights(&[bundle.pin(3)]), ALL);
    assert_eq!(bundle.heights(&[bundle.pin(1), bundle.pin(3)]), ALL);
    assert_eq!(bundle.heights(&[bundle.pin(2)]), [Some(1), Some(2), None], "what is above nobody vouches for");
    assert_eq!(bundle.heights(&[bundle.pin(0)]), NONE);
    assert_eq!(bundle.heights(&[]), NONE);
    let read = BundleTransactions::read(&chain(), &bundle.files, &[bundle.pin(3)]);
    assert_eq!(read.height(coinbase(2).compute_txid()), Some(2));
    assert_eq!(read.height(made(OutPoint::null(), 202).compute_txid()), None, "in the block, and not shown");
    for height in 1..=3 {
        assert_eq!(read.transaction(payment(height).compute_txid()), Some(payment(height)));
    }
    assert_eq!(read.transaction(made(OutPoint::null(), 202).compute_txid()), None);
}

#[test]
fn pins_of_another_chain_anchor_nothing() {
    let bundle = Bundle::new();
    let other: ChainId = identifier(Network::Signet).parse().expect("a chain");
    let foreign = BlockRef { chain: other.clone(), ..bundle.pin(3) };
    assert_eq!(bundle.heights(std::slice::from_ref(&foreign)), NONE);
    assert_eq!(bundle.heights(&[foreign, bundle.pin(1)]), [Some(1), None, None]);
    // a pin that the headers contradict leaves nothing
    let wrong = BlockRef { hash: Digest::from_bytes([7; 32]), ..bundle.pin(2) };
    assert_eq!(bundle.heights(&[bundle.pin(3), wrong]), NONE);
    let elsewhere = BundleTransactions::read(&other, &bundle.files, &[bundle.pin(3)]);
    assert_eq!(elsewhere.height(payment(1).compute_txid()), None);
    assert_eq!(elsewhere.transaction(payment(1).compute_txid()), None);
}

#[test]
fn what_is_missing_or_broken_proves_nothing() {
    let changed = |change: &dyn Fn(&mut Bundle)| {
        let mut bundle = Bundle::new();
        change(&mut bundle);
        bundle.heights(&[bundle.pin(3)])
    };
    let without_second = [Some(1), None, Some(3)];
    let headers = paths::chain(&chain(), paths::HEADERS);
    assert_eq!(changed(&|bundle| drop(bundle.files.remove(&headers))), NONE);
    assert_eq!(changed(&|bundle| bundle.files.get_mut(&headers).expect("there").truncate(4 * 80 - 1)), NONE);
    assert_eq!(changed(&|bundle| drop(bundle.files.remove(&Bundle::merkle(&bundle.headers[2])))), without_second);
    // a Merkle block under the name of another
    let swapped = changed(&|bundle| {
        let third = bundle.files[&Bundle::merkle(&bundle.headers[3])].clone();
        bundle.files.insert(Bundle::merkle(&bundle.headers[2]), third);
    });
    assert_eq!(swapped, without_second);
    // without the coinbase's bytes the depth of the tree is only claimed
    assert_eq!(changed(&|bundle| drop(bundle.files.remove(&Bundle::of(&coinbase(2))))), without_second);
    let swapped = changed(&|bundle| drop(bundle.files.insert(Bundle::of(&coinbase(2)), serialize(&coinbase(3)))));
    assert_eq!(swapped, without_second);
    // names that are none
    let renamed = changed(&|bundle| {
        let path = Bundle::merkle(&bundle.headers[2]);
        let proof = bundle.files.remove(&path).expect("there");
        for name in [format!("{path}.txt"), path.replace("merkle/", "blocks/"), path.replace(".bin", "x.bin")] {
            bundle.files.insert(name, proof.clone());
        }
    });
    assert_eq!(renamed, without_second);
}

#[test]
fn a_transaction_is_the_bytes_of_its_id_wherever_it_stands() {
    let mut bundle = Bundle::new();
    bundle.files.insert(Bundle::of(&payment(2)), serialize(&payment(3)));
    bundle.files.remove(&Bundle::of(&payment(3)));
    let pins = [bundle.pin(3)];
    let read = BundleTransactions::read(&chain(), &bundle.files, &pins);
    let found = [1, 2, 3].map(|height| read.transaction(payment(height).compute_txid()));
    assert_eq!(found, [Some(payment(1)), None, None]);
    assert_eq!(bundle.heights(&pins), ALL, "their places are proved without them");
    // a transaction in no block is known all the same: whether it is in one is the other question
    let loose = made(OutPoint::null(), 500);
    bundle.files.insert(Bundle::of(&loose), serialize(&loose));
    let read = BundleTransactions::read(&chain(), &bundle.files, &pins);
    let txid = loose.compute_txid();
    assert_eq!((read.transaction(txid), read.height(txid)), (Some(loose), None));
}
