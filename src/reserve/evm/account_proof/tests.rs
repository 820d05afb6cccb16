use alloy_rlp::{Encodable as _, Header as RlpHeader};

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

fn asked() -> EvmAddress {
    EvmAddress::from_bytes([1; 20])
}

/// The verdict on a trie of one leaf.
fn check(value: &[u8]) -> Result<Option<Account>, AccountProofError> {
    let leaf = list(&[&[&[0x20][..], &keccak(&asked().to_bytes())].concat(), value]);
    let root = Digest::from_bytes(keccak(&leaf));
    verify(&root, asked(), &[leaf].into_iter().collect())
}

fn account_rlp(balance: U256) -> Vec<u8> {
    alloy_rlp::encode(TrieAccount { balance, nonce: 3, ..TrieAccount::default() })
}

#[test]
fn a_single_leaf_is_a_trie() {
    let account = check(&account_rlp(U256::MAX)).expect("a proof").expect("an account");
    assert_eq!((account.nonce, account.balance, account.code_hash), (3, U256::MAX, NO_CODE));
}

#[test]
fn the_proof_of_another_address_shows_nothing() {
    let leaf = list(&[&[&[0x20][..], &keccak(&[2; 20])].concat(), &account_rlp(U256::from(9))]);
    let root = Digest::from_bytes(keccak(&leaf));
    let pool: NodePool = [leaf].into_iter().collect();
    assert_eq!(verify(&root, asked(), &pool), Ok(None), "the only leaf of the trie is another account's");
    let other = verify(&Digest::from_bytes([7; 32]), asked(), &pool).expect_err("another block");
    assert!(other.is_missing());
    assert_eq!(other.code().name, "EVM_KEY_UNPROVEN");
}

#[test]
fn leaves_that_are_no_accounts_are_refused() {
    let good = account_rlp(U256::from(5));
    let fields: [&[u8]; 5] = [&[3], &[5], &[1; 32], &[2; 32], &[]];
    assert!(check(&list(&fields[..4])).is_ok());
    for value in [
        list(&fields),                               // a fifth field
        list(&fields[..3]),                          // three
        list(&[&[3], &[0, 5], &[1; 32], &[2; 32]]),  // a leading zero
        list(&[&[3], &[5], &[1; 31], &[2; 32]]),     // a short root
        list(&[&[3], &[5; 33], &[1; 32], &[2; 32]]), // 264 bits
        list(&[&[3; 9], &[5], &[1; 32], &[2; 32]]),  // a nonce of 72 bits
        [&good[..], &[0]].concat(),
        good[..good.len() - 1].to_vec(),
        vec![],
    ] {
        let refused = check(&value).expect_err("refused");
        assert!(matches!(refused, AccountProofError::Account { .. }), "{value:02x?}: {refused:?}");
        assert!(!refused.is_missing());
        assert_eq!(refused.code().name, "EVM_PROOF_INVALID");
    }
}
