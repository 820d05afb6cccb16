use bitcoin::consensus::serialize;
use bitcoin::{Network, OutPoint, ScriptBuf, Sequence, TxIn, TxMerkleNode, TxOut, Witness, absolute, transaction};

use super::*;

fn payment(seed: u8, script_length: usize) -> Transaction {
    let previous_output = OutPoint { txid: Txid::from_byte_array([seed; 32]), vout: 0 };
    let input =
        TxIn { previous_output, script_sig: ScriptBuf::new(), sequence: Sequence::MAX, witness: Witness::new() };
    let output =
        TxOut { value: bitcoin::Amount::from_sat(1), script_pubkey: ScriptBuf::from_bytes(vec![0x51; script_length]) };
    Transaction {
        version: transaction::Version::TWO,
        lock_time: absolute::LockTime::ZERO,
        input: vec![input],
        output: vec![output],
    }
}

/// A block of regtest's form: the coinbase of its first block, and some payments.
fn block(payments: u8) -> Block {
    let mut block = bitcoin::blockdata::constants::genesis_block(Network::Regtest);
    block.txdata.extend((1..=payments).map(|seed| payment(seed, 30)));
    with_root(block)
}

fn with_root(mut block: Block) -> Block {
    block.header.merkle_root = block.compute_merkle_root().expect("transactions");
    block
}

fn code(block: &Block) -> u16 {
    match whole_block(block.block_hash(), &serialize(block)) {
        Ok(read) => {
            assert_eq!(read, *block);
            0
        }
        Err(error) => error.code().number,
    }
}

#[test]
fn blocks_of_any_size_are_read() {
    for payments in 0..20 {
        assert_eq!(code(&block(payments)), 0, "{payments} payments");
    }
}

#[test]
fn attack_repeated_transactions_keep_the_root_and_are_refused() {
    for (payments, repeated) in [(2, 1), (4, 1), (5, 2), (6, 1), (10, 1)] {
        let good = block(payments);
        let mut bad = good.clone();
        let tail = bad.txdata[bad.txdata.len() - repeated..].to_vec();
        bad.txdata.extend(tail);
        assert_eq!(bad.compute_merkle_root(), good.compute_merkle_root(), "the header is that of the true block");
        assert_eq!((code(&good), code(&bad)), (0, 5146), "{payments} payments");
    }
    let mut swapped = block(3);
    swapped.txdata.swap(1, 2);
    assert_eq!(code(&swapped), 5145);
    swapped.txdata.pop();
    assert_eq!(code(&swapped), 5145);
}

#[test]
fn attack_nodes_of_the_tree_are_no_transactions() {
    // a leaf level is left out: each "transaction" is a pair of hashes, and the root stays the same
    let mut nodes = block(3);
    nodes.txdata = vec![payment(1, 4), payment(2, 4)];
    assert_eq!(nodes.txdata[0].base_size(), NODE_LENGTH);
    assert_eq!(code(&with_root(nodes)), 5147);
    // behind a coinbase of another length, the depth is fixed: 64 bytes are a transaction
    let mut real = block(2);
    real.txdata.push(payment(9, 4));
    assert_eq!(code(&with_root(real)), 0);
}

#[test]
fn a_block_begins_with_its_one_coinbase() {
    let mut none = block(0);
    none.txdata.clear();
    assert_eq!(code(&none), 5148);
    let mut missing = block(3);
    missing.txdata.remove(0);
    assert_eq!(code(&with_root(missing)), 5148);
    let mut second = block(3);
    let coinbase = second.txdata[0].clone();
    second.txdata.insert(2, coinbase);
    assert_eq!(code(&with_root(second)), 5148);
}

#[test]
fn witnesses_are_those_that_the_coinbase_commits_to() {
    let mut bare = block(2);
    bare.txdata[1].input[0].witness.push([1, 2, 3]);
    assert_eq!(code(&bare), 5149, "no commitment");
    let mut good = bare;
    good.txdata[0].input[0].witness = Witness::from_slice(&[[0_u8; 32]]);
    let root = good.witness_root().expect("transactions");
    let commitment = Block::compute_witness_commitment(&root, &[0; 32]);
    let script = [&[0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed], commitment.as_byte_array().as_slice()].concat();
    good.txdata[0].output.push(TxOut { value: bitcoin::Amount::ZERO, script_pubkey: ScriptBuf::from_bytes(script) });
    let good = with_root(good);
    assert_eq!(code(&good), 0);
    let mut other = good.clone();
    other.txdata[1].input[0].witness = Witness::from_slice(&[[1_u8, 2, 4]]);
    assert_eq!((other.block_hash(), code(&other)), (good.block_hash(), 5149));
    let mut nonce = good;
    nonce.txdata[0].input[0].witness = Witness::from_slice(&[[1_u8; 32]]);
    assert_eq!(code(&nonce), 5149);
}

#[test]
fn bytes_must_be_the_block_and_nothing_else() {
    let good = block(2);
    let (hash, bytes) = (good.block_hash(), serialize(&good));
    let number = |bytes: &[u8]| whole_block(hash, bytes).expect_err("refused").code().number;
    assert_eq!(number(&[bytes.as_slice(), &[0]].concat()), 5144);
    for length in 0..bytes.len() {
        assert_eq!(number(&bytes[..length]), 5144, "{length}");
    }
    assert_eq!(number(&serialize(&block(3))), 5144, "another block");
    assert_eq!(number(&vec![0; BLOCK_LENGTH_MAX + 1]), 5144);
    let mut other = good;
    other.header.merkle_root = TxMerkleNode::all_zeros();
    assert_eq!(code(&other), 5145);
}
