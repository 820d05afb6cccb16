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

fn asked() -> EvmAddress {
    EvmAddress::from_bytes([1; 20])
}

/// The verdict on nodes that are linked by their hashes, the first one under the root.
fn check(nodes: &[Vec<u8>]) -> Result<Option<Account>, AccountProofError> {
    let root = nodes.first().map_or([0; 32], |node| keccak(node));
    verify(&Digest::from_bytes(root), asked(), nodes)
}

fn leaf(value: &[u8]) -> Vec<u8> {
    let key = keccak(&asked().to_bytes());
    list(&[&[&[0x20][..], &key].concat(), value])
}

fn account_rlp(balance: U256) -> Vec<u8> {
    alloy_rlp::encode(TrieAccount { balance, nonce: 3, ..TrieAccount::default() })
}

#[test]
fn a_single_leaf_is_a_trie() {
    let account = check(&[leaf(&account_rlp(U256::MAX))]).expect("a proof").expect("an account");
    assert_eq!((account.nonce, account.balance), (3, U256::MAX));
}

#[test]
fn the_empty_trie_shows_absence() {
    let root = Digest::from_bytes(alloy_trie::EMPTY_ROOT_HASH.0);
    assert_eq!(verify(&root, asked(), &[]), Ok(None));
    assert_eq!(verify(&root, asked(), &[vec![0x80]]), Ok(None));
    assert!(verify(&root, asked(), &[vec![0x80], vec![0x80]]).is_err());
    assert!(verify(&Digest::from_bytes([7; 32]), asked(), &[]).is_err());
    assert!(verify(&Digest::from_bytes([7; 32]), asked(), &[vec![0x80]]).is_err());
}

#[test]
fn leaves_that_are_no_accounts_are_refused() {
    let good = account_rlp(U256::from(5));
    let fields: [&[u8]; 5] = [&[3], &[5], &[1; 32], &[2; 32], &[]];
    assert!(check(&[leaf(&list(&fields[..4]))]).is_ok());
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
        let refused = check(&[leaf(&value)]);
        assert!(matches!(refused, Err(AccountProofError::Account { .. })), "{value:02x?}: {refused:?}");
    }
}

#[test]
fn a_path_longer_than_a_key_is_refused_before_the_library_sees_it() {
    let deep = leaf(&account_rlp(U256::from(1)));
    let extension = list(&[&[0x00, 0xab, 0xcd], &keccak(&deep)]);
    assert!(matches!(check(&[extension.clone(), deep]), Err(AccountProofError::Node { at: 1, .. })));
    let full = list(&[&[0x20; 34], &[1]]);
    assert!(matches!(check(&[full]), Err(AccountProofError::Node { at: 0, .. })));
    let many = vec![extension; NODES_MAX + 1];
    assert_eq!(check(&many), Err(AccountProofError::TooMany { got: NODES_MAX + 1 }));
}

#[test]
fn nodes_of_other_shapes_are_refused() {
    let nibble = usize::from(keccak(&asked().to_bytes())[0] >> 4);
    let mut branch: Vec<&[u8]> = vec![&[7; 32]; 17];
    branch[16] = &[];
    assert!(matches!(check(&[list(&branch)]), Err(AccountProofError::Invalid { .. })), "the child is not shown");
    branch[nibble] = &[];
    assert_eq!(check(&[list(&branch)]), Ok(None));
    branch[3] = &[1; 31];
    let short_child = list(&branch);
    branch[3] = &[];
    branch[16] = &[1];
    let value = list(&branch);
    let inline = {
        let inner = list(&[&[0x20], &[1]]);
        let mut payload = inner.repeat(16);
        payload.push(0x80);
        let mut node = Vec::new();
        RlpHeader { list: true, payload_length: payload.len() }.encode(&mut node);
        [node, payload].concat()
    };
    let behind = [list(&[&[][..]; 17]), vec![0]].concat();
    for node in [
        short_child,
        value,
        inline,
        behind,
        list(&[]),
        list(&[&[0x20]]),
        list(&[&[][..]; 18]),
        list(&[&[], &[1]]),
        list(&[&[0x40], &[1]]),
        list(&[&[0x21], &[1]]),
        list(&[&[0x00], &[1; 32]]),
        list(&[&[0x11], &[1; 31]]),
        list(&[&[0x20], &[1; NODE_BYTES_MAX]]),
        vec![],
        vec![0xc1],
        vec![0xff; 9],
    ] {
        assert!(matches!(check(std::slice::from_ref(&node)), Err(AccountProofError::Node { .. })), "{node:02x?}");
    }
    let leaf = leaf(&account_rlp(U256::from(1)));
    assert!(matches!(check(&[leaf.clone(), leaf]), Err(AccountProofError::Node { at: 1, .. })));
}
