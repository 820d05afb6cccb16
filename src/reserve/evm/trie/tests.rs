use alloy_rlp::Encodable as _;

use super::*;
use crate::reserve::evm::keccak;

fn wrap(payload: Vec<u8>) -> Vec<u8> {
    let mut node = Vec::new();
    RlpHeader { list: true, payload_length: payload.len() }.encode(&mut node);
    node.extend(payload);
    node
}

fn list(items: &[&[u8]]) -> Vec<u8> {
    let mut payload = Vec::new();
    for item in items {
        item.encode(&mut payload);
    }
    wrap(payload)
}

/// A branch of children as they stand in it, empty elsewhere.
fn branch(children: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let child = |at: u8| children.iter().find(|(nibble, _)| *nibble == at).map(|(_, child)| child.clone());
    let mut payload: Vec<u8> = (0..16).flat_map(|at| child(at).unwrap_or_else(|| vec![0x80])).collect();
    payload.push(0x80);
    wrap(payload)
}

fn hash_of(node: &[u8]) -> Vec<u8> {
    alloy_rlp::encode(&keccak(node)[..])
}

const KEY: [u8; 32] = [0x12; 32];

/// What the first node shows about [`KEY`], with the other ones at hand.
fn check(nodes: &[Vec<u8>]) -> Result<Option<Vec<u8>>, TrieError> {
    let root = nodes.first().map_or([0; 32], |node| keccak(node));
    lookup(&Digest::from_bytes(root), &KEY, &nodes.iter().cloned().collect())
}

/// A leaf with all of the key below its first `used` nibbles, an even number.
fn leaf(used: usize, value: &[u8]) -> Vec<u8> {
    list(&[&[&[0x20][..], &KEY[used / 2..]].concat(), value])
}

#[test]
fn leaves_branches_and_extensions_lead_to_the_value() {
    assert_eq!(check(&[leaf(0, b"value")]), Ok(Some(b"value".to_vec())));
    let below = leaf(2, b"a value of more than thirty-two bytes");
    let lower = branch(&[(2, hash_of(&below)), (3, hash_of(b"other"))]);
    let upper = branch(&[(1, hash_of(&lower)), (9, hash_of(b"another"))]);
    assert_eq!(check(&[upper.clone(), lower.clone(), below.clone()]).map(|value| value.map(|v| v.len())), Ok(Some(37)));
    let behind = branch(&[(1, hash_of(&leaf(4, b"x"))), (4, hash_of(b"other"))]);
    let behind_again = list(&[&[0x13, 0x33], &keccak(&behind)]);
    assert_eq!(check(&[behind_again]), Ok(None), "the extension goes elsewhere");
    assert_eq!(check(&[branch(&[(9, hash_of(b"another")), (3, hash_of(b"other"))])]), Ok(None), "no child");
}

#[test]
fn what_is_not_in_the_pool_shows_nothing() {
    let below = leaf(2, b"a value of more than thirty-two bytes");
    let lower = branch(&[(2, hash_of(&below)), (3, hash_of(b"other"))]);
    let upper = branch(&[(1, hash_of(&lower)), (9, hash_of(b"another"))]);
    for (nodes, at) in [(vec![upper.clone()], 1), (vec![upper.clone(), below.clone()], 1), (vec![upper, lower], 2)] {
        assert!(matches!(check(&nodes), Err(TrieError::Missing { at: got, .. }) if got == at), "{at}");
    }
    assert!(matches!(check(&[]), Err(TrieError::Missing { at: 0, .. })));
    assert_eq!(check(&[]).expect_err("nothing").code().name, "EVM_KEY_UNPROVEN");
}

#[test]
fn the_empty_trie_needs_no_node() {
    let root = Digest::from_bytes(EMPTY_ROOT_HASH.0);
    assert_eq!(lookup(&root, &KEY, &NodePool::default()), Ok(None));
}

#[test]
fn short_nodes_stand_inside_their_parent() {
    // a leaf of few bytes is below a branch that has used up most of the key
    let deep = |depth: usize| list(&[&[&[0x20][..], &KEY[depth / 2..]].concat(), b"\x07"]);
    let mut node = branch(&[(2, deep(62)), (3, hash_of(b"other"))]);
    let mut nodes = vec![node.clone()];
    for at in (0..61).rev() {
        let nibble = if at % 2 == 0 { 1 } else { 2 };
        node = branch(&[(nibble, hash_of(&node)), (9, hash_of(b"another"))]);
        nodes.push(node.clone());
    }
    nodes.reverse();
    assert_eq!(check(&nodes), Ok(Some(vec![7])));
    let other = list(&[&[&[0x20][..], &[0x13; 1]].concat(), b"\x07"]);
    let last = branch(&[(2, other), (3, hash_of(b"other"))]);
    assert_eq!(follow(&last, &Nibbles::unpack(KEY), 61).map(|found| matches!(found, Found::Nothing)), Ok(true));
}

#[test]
fn paths_have_64_nibbles() {
    let long = list(&[&[&[0x20][..], &KEY, &[1]].concat(), b"v"]);
    let short = list(&[&[&[0x20][..], &KEY[..31]].concat(), b"v"]);
    let over = list(&[&[&[0x00][..], &KEY, &[1]].concat(), &[7; 32]]);
    for node in [long, short, over] {
        assert!(matches!(check(std::slice::from_ref(&node)), Err(TrieError::Node { at: 0, .. })), "{node:02x?}");
    }
    let full = list(&[&[&[0x00][..], &KEY].concat(), &keccak(&leaf(0, b"v"))]);
    assert!(matches!(check(&[full, leaf(0, b"v")]), Err(TrieError::Node { at: 1, .. })), "a path of 128 nibbles");
    let branch = branch(&[(1, hash_of(b"x")), (2, hash_of(b"y"))]);
    let end = list(&[&[&[0x00][..], &KEY].concat(), &keccak(&branch)]);
    assert!(matches!(check(&[end, branch]), Err(TrieError::Node { at: 1, .. })), "a branch below a whole key");
}

#[test]
fn nodes_of_other_shapes_are_refused() {
    let item = |bytes: &[u8]| alloy_rlp::encode(bytes);
    let value = wrap([vec![0x80; 16], item(b"v")].concat());
    let listed = wrap([vec![0x80; 16], vec![0xc0]].concat());
    let inline = wrap([item(&[0x20, 0x12]), wrap(item(b"v"))].concat());
    let large = branch(&[(1, list(&[&[0x20; 20], &[1; 20]]))]);
    for node in [
        value,
        listed,
        inline,
        large,
        branch(&[(1, item(&[7; 31]))]),
        branch(&[(9, item(&[7; 33]))]),
        [branch(&[]), vec![0]].concat(),
        list(&[&[0x20]]),
        list(&[&[][..]; 18]),
        list(&[&[], &[1]]),
        list(&[&[0x40], &[1]]),
        list(&[&[0x21], &[1]]),
        list(&[&[0x00], &[1; 32]]),
        list(&[&[0x11], &[1; 31]]),
        list(&[&[0x11], &[]]),
        vec![0xc1, 0x81],
        vec![0xff; 9],
        vec![0x83, 1, 2, 3],
    ] {
        let refused = check(std::slice::from_ref(&node));
        assert!(matches!(refused, Err(TrieError::Node { at: 0, .. })), "{node:02x?}: {refused:?}");
        assert_eq!(refused.expect_err("refused").code().name, "EVM_PROOF_INVALID");
    }
    assert!(follow(&[0xc0; NODE_BYTES_MAX + 1], &Nibbles::unpack(KEY), 0).is_err());
}

#[test]
fn every_flipped_byte_is_refused() {
    let below = leaf(2, b"a value of more than thirty-two bytes");
    let lower = branch(&[(2, hash_of(&below)), (3, hash_of(b"other"))]);
    let upper = branch(&[(1, hash_of(&lower)), (9, hash_of(b"another"))]);
    let root = Digest::from_bytes(keccak(&upper));
    let mut nodes = [upper, lower, below];
    assert!(lookup(&root, &KEY, &nodes.iter().cloned().collect()).is_ok());
    for at in 0..nodes.len() {
        for byte in 0..nodes[at].len() {
            nodes[at][byte] ^= 1;
            assert!(lookup(&root, &KEY, &nodes.iter().cloned().collect()).is_err(), "node {at} byte {byte}");
            nodes[at][byte] ^= 1;
        }
    }
}
