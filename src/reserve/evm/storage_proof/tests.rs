use alloy_rlp::Encodable as _;

use super::*;

fn list(items: &[&[u8]]) -> Vec<u8> {
    let mut payload = Vec::new();
    for item in items {
        item.encode(&mut payload);
    }
    let mut node = Vec::new();
    RlpHeader { list: true, payload_length: payload.len() }.encode(&mut node);
    node.extend(payload);
    node
}

/// What a storage trie with this one leaf says about slot 9.
fn check(value: &[u8]) -> Result<U256, StorageProofError> {
    let leaf = list(&[&[&[0x20][..], &keccak(&slot(9))].concat(), value]);
    verify(&Digest::from_bytes(keccak(&leaf)), &slot(9), &[leaf].into_iter().collect())
}

#[test]
fn words_have_one_encoding() {
    assert_eq!(check(&[0x2a]), Ok(U256::from(42)));
    assert_eq!(check(&[0x81, 0x80]), Ok(U256::from(128)));
    assert_eq!(check(&[&[0xa0][..], &[0xff; 32]].concat()), Ok(U256::MAX));
    for value in [
        &[0x80][..],                             // a zero that should not be there
        &[0x00],                                 // likewise
        &[0x82, 0, 1],                           // a leading zero
        &[0x81, 0x2a],                           // a small number in the long form
        &[0x2a, 0x2a],                           // two
        &[&[0xa1][..], &[1; 33]].concat(),       // 33 bytes
        &[&[0xb8, 0x20][..], &[1; 32]].concat(), // the length of the length
        &[0xc0],                                 // a list
        &[0x82, 1],
        &[],
    ] {
        let refused = check(value).expect_err("refused");
        assert_eq!(refused.code().name, "EVM_STORAGE_VALUE", "{value:02x?}");
        assert!(!refused.is_missing());
    }
}

#[test]
fn a_slot_that_is_not_there_is_zero() {
    let empty = Digest::from_bytes(alloy_trie::EMPTY_ROOT_HASH.0);
    assert_eq!(verify(&empty, &slot(9), &NodePool::default()), Ok(U256::ZERO));
    let other = list(&[&[&[0x20][..], &keccak(&slot(8))].concat(), &[0x2a]]);
    let root = Digest::from_bytes(keccak(&other));
    assert_eq!(verify(&root, &slot(9), &[other].into_iter().collect()), Ok(U256::ZERO));
    let unproven = verify(&root, &slot(9), &NodePool::default()).expect_err("no nodes");
    assert!(unproven.is_missing());
    assert_eq!(unproven.code().name, "EVM_KEY_UNPROVEN");
}

/// Slots that contracts of Ethereum mainnet have: the balance of a liquidity pool in USDC and WETH.
#[test]
fn mappings_follow_their_compilers() {
    let holder: EvmAddress = "0xb4e16d0168e52d35cacd2c6185b44281ec28c9dc".parse().expect("an address");
    let usdc = solidity_mapping(&address_word(holder), &slot(9));
    assert_eq!(hex::encode(usdc), "28c0947f463362aab09a2d7896ccc847fb7e52633a16b978fb2caf3db1a9b8f8");
    assert_ne!(usdc, vyper_mapping(&address_word(holder), &slot(9)));
    assert_eq!(vyper_mapping(&slot(1), &slot(2)), solidity_mapping(&slot(2), &slot(1)));
}
