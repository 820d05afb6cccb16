//! Account proofs: what `eth_getProof` (EIP-1186) answers, checked against a state root.
//!
//! The nodes go through a check of their shape before the trie library sees them: in a trie of accounts every
//! child is a hash, and a path has 64 nibbles at most. So no bytes can lead the library past what it expects.

use alloy_primitives::{B256, Bytes, U256};
use alloy_rlp::Header as RlpHeader;
use alloy_trie::proof::verify_proof;
use alloy_trie::{Nibbles, TrieAccount};

use super::address::EvmAddress;
use super::keccak;
use crate::code::{Code, Coded, evm as codes};
use crate::hash::Digest;

/// The longest node accepted, in bytes; a full branch has 532.
pub const NODE_BYTES_MAX: usize = 544;
/// The most nodes: one for each nibble of a key and the leaf.
pub const NODES_MAX: usize = 65;
const KEY_NIBBLES: usize = 64;

/// An account as the state has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// Transactions sent, or contracts created.
    pub nonce: u64,
    /// Base units of the native coin.
    pub balance: U256,
    /// The root of the account's storage trie.
    pub storage_root: Digest,
    /// The hash of the account's code.
    pub code_hash: Digest,
}

/// Checks that `nodes` lead from `state_root` to the account of `address`, or show that it has none (`None`).
/// Root and address are the verifier's; the key is their own hash, never one from the proof.
///
/// # Errors
/// [`AccountProofError`].
pub fn verify(
    state_root: &Digest,
    address: EvmAddress,
    nodes: &[Vec<u8>],
) -> Result<Option<Account>, AccountProofError> {
    let root = B256::from(state_root.to_bytes());
    let key = Nibbles::unpack(keccak(&address.to_bytes()));
    let claimed = check_shapes(nodes)?;
    let proof: Vec<Bytes> = nodes.iter().map(|node| Bytes::copy_from_slice(node)).collect();
    if let Some(value) = claimed
        && verify_proof(root, key, Some(value.clone()), &proof).is_ok()
    {
        return account(&value).map(Some);
    }
    match verify_proof(root, key, None, &proof) {
        Ok(()) => Ok(None),
        Err(_) => Err(AccountProofError::Invalid { address, state_root: *state_root, nodes: nodes.len() }),
    }
}

/// Shape of every node; returns what the last one says when it is a leaf.
fn check_shapes(nodes: &[Vec<u8>]) -> Result<Option<Vec<u8>>, AccountProofError> {
    if nodes.len() > NODES_MAX {
        return Err(AccountProofError::TooMany { got: nodes.len() });
    }
    if matches!(nodes, [only] if only.as_slice() == [alloy_rlp::EMPTY_STRING_CODE]) {
        return Ok(None); // the only node of an empty trie
    }
    let mut depth = 0_usize;
    let mut leaf = None;
    for (at, node) in nodes.iter().enumerate() {
        let fail = |detail: &str| AccountProofError::Node { at, detail: detail.to_owned() };
        if leaf.is_some() {
            return Err(fail("a node follows a leaf"));
        }
        let steps = match shape(node).map_err(|detail| fail(&detail))? {
            Shape::Branch => 1,
            Shape::Extension { nibbles } => nibbles,
            Shape::Leaf { nibbles, value } => {
                leaf = Some(value);
                nibbles
            }
        };
        depth = depth.saturating_add(steps);
        if depth > KEY_NIBBLES {
            return Err(fail("the path is longer than 64 nibbles"));
        }
    }
    Ok(leaf)
}

enum Shape {
    Branch,
    Extension { nibbles: usize },
    Leaf { nibbles: usize, value: Vec<u8> },
}

fn shape(node: &[u8]) -> Result<Shape, String> {
    if node.len() > NODE_BYTES_MAX {
        return Err(format!("{} bytes, at most {NODE_BYTES_MAX} are accepted", node.len()));
    }
    let rlp = |error: alloy_rlp::Error| format!("not a list of RLP strings: {error}");
    let mut rest = node;
    let mut list = RlpHeader::decode_bytes(&mut rest, true).map_err(rlp)?;
    if !rest.is_empty() {
        return Err(format!("{} bytes follow the node", rest.len()));
    }
    let mut items: Vec<&[u8]> = Vec::with_capacity(17);
    while !list.is_empty() && items.len() <= 17 {
        items.push(RlpHeader::decode_bytes(&mut list, false).map_err(rlp)?);
    }
    match items.as_slice() {
        [path, value] => {
            let (leaf, nibbles) = path_shape(path)?;
            match (leaf, nibbles, value.len()) {
                (true, _, _) => Ok(Shape::Leaf { nibbles, value: value.to_vec() }),
                (false, 0, _) => Err("an extension without a path".to_owned()),
                (false, _, 32) => Ok(Shape::Extension { nibbles }),
                (false, _, length) => Err(format!("an extension to {length} bytes, expected a hash of 32")),
            }
        }
        [children @ .., []] if children.len() == 16 => {
            if children.iter().all(|child| matches!(child.len(), 0 | 32)) {
                Ok(Shape::Branch)
            } else {
                Err("a branch with a child that is neither empty nor a hash of 32 bytes".to_owned())
            }
        }
        items => Err(format!("{} items, expected 2, or 17 with the last one empty", items.len())),
    }
}

/// Whether a hex-prefix path (yellow paper, appendix C) is that of a leaf, and its length in nibbles.
fn path_shape(path: &[u8]) -> Result<(bool, usize), String> {
    let Some((flag, rest)) = path.split_first() else { return Err("an empty path".to_owned()) };
    let even = rest.len().saturating_mul(2);
    match (flag >> 4, flag & 0x0f) {
        (kind @ (0 | 2), 0) => Ok((kind == 2, even)),
        (kind @ (1 | 3), _) => Ok((kind == 3, even.saturating_add(1))),
        _ => Err(format!("a path with flag {flag:#04x}, expected 0x00, 0x1_, 0x20 or 0x3_")),
    }
}

/// The RLP list of nonce, balance, storage root and code hash, and nothing else.
fn account(value: &[u8]) -> Result<Account, AccountProofError> {
    let account: TrieAccount =
        alloy_rlp::decode_exact(value).map_err(|error| AccountProofError::Account { detail: error.to_string() })?;
    Ok(Account {
        nonce: account.nonce,
        balance: account.balance,
        storage_root: Digest::from_bytes(account.storage_root.0),
        code_hash: Digest::from_bytes(account.code_hash.0),
    })
}

/// Why an account proof does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountProofError {
    /// More nodes than a key has nibbles.
    #[error("the proof has {got} nodes, at most {NODES_MAX} are accepted")]
    TooMany {
        /// How many.
        got: usize,
    },
    /// A node that no trie of accounts has.
    #[error("node {at} of the proof: {detail}")]
    Node {
        /// Its position, from 0.
        at: usize,
        /// What was found.
        detail: String,
    },
    /// The nodes do not lead from the root to the key.
    #[error("{nodes} nodes do not lead from state root {state_root} to the key of {address}")]
    Invalid {
        /// The asked address.
        address: EvmAddress,
        /// The block's state root.
        state_root: Digest,
        /// How many nodes there were.
        nodes: usize,
    },
    /// The leaf is not an account.
    #[error("the leaf is not an account of four fields: {detail}")]
    Account {
        /// What the decoder found.
        detail: String,
    },
}

impl Coded for AccountProofError {
    fn code(&self) -> &'static Code {
        &codes::EVM_PROOF_INVALID
    }
}

#[cfg(test)]
mod tests;
