//! Transactions and bodies of EVM blocks, in which the attacker chooses the roots, too.

use std::sync::OnceLock;

use counterfoil::hash::Digest;
use counterfoil::reserve::evm::control;
use counterfoil::reserve::evm::header::encode;
use counterfoil::reserve::evm::keccak;
use counterfoil::reserve::evm::transactions::{TransactionError, transactions, transactions_root};
use counterfoil::reserve::evm::window::WindowHeader;
use counterfoil::reserve::evm::window::flows::Body;

/// A list of transactions under the root that it gives, and the same bytes as the body of an empty block.
pub fn evm_transactions(data: &[u8]) {
    static EMPTY: OnceLock<WindowHeader> = OnceLock::new();
    if let Ok(body) = Body::open(1, EMPTY.get_or_init(empty_header), &[], data) {
        assert_eq!((body.transactions().count(), body.withdrawals().len()), (0, 0));
    }
    let Ok(root) = transactions_root(data) else { return };
    let mut other = root.to_bytes();
    other[0] ^= 1;
    let refused = transactions(1, &Digest::from_bytes(other), data);
    assert!(matches!(refused, Err(TransactionError::Root { .. })), "under another root");
    let Ok(read) = transactions(1, &root, data) else { return };
    assert!(read.iter().all(|one| one.kind <= 4 && one.chain_number.is_none_or(|number| number == 1)));
    // only transactions without a chain are of two chains
    let elsewhere = transactions(2, &root, data).is_ok();
    assert_eq!(elsewhere, read.iter().all(|one| one.chain_number.is_none()));
    for one in &read {
        assert!(one.to.is_none_or(|to| to == one.recipient()));
        // the base fee is no more than what a capped price is raised by
        let (low, high) = (one.gas_price(Some(0)), one.gas_price(Some(1_000)));
        assert!(low <= high || high.is_none(), "{one:?}");
    }
}

fn empty_header() -> WindowHeader {
    let mut fields = vec![vec![9; 32]; 21];
    let root = transactions_root(&[0xc0]).unwrap().to_bytes().to_vec();
    (fields[4], fields[6], fields[16]) = (root.clone(), vec![0; 256], root);
    (fields[8], fields[11]) = (vec![7], vec![7]);
    WindowHeader::parse(&encode(&fields)).unwrap()
}

/// One signed transaction without a type, for chain 1 and for none.
pub fn honest_transactions() -> Vec<(&'static str, Vec<u8>)> {
    let scalar = |bytes: &[u8]| -> Vec<u8> { bytes.iter().copied().skip_while(|byte| *byte == 0).collect() };
    let call = [vec![9], vec![3], vec![0x52, 0x08], vec![0x35; 20], vec![1, 0], vec![]];
    let signed = |behind: &[Vec<u8>], v: u8| {
        let hash = keccak(&encode(&[&call[..], behind].concat()));
        let signature = control::sign_hash(&hash, &[0x46; 32]).unwrap();
        let tail = [vec![signature[64] - 27 + v], scalar(&signature[..32]), scalar(&signature[32..64])];
        encode(&[encode(&[&call[..], &tail[..]].concat())])
    };
    let all = vec![("with-chain", signed(&[vec![1], vec![], vec![]], 37)), ("without-chain", signed(&[], 27))];
    for (name, file) in &all {
        let read = transactions(1, &transactions_root(file).unwrap(), file).unwrap();
        assert_eq!(read.len(), 1, "{name}");
    }
    all
}
