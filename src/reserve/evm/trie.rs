//! Looking up a key in a Merkle Patricia trie (yellow paper, appendix D): the verifier brings root and key, a pool of
//! nodes only answers.
//!
//! The nodes on the way are chosen and checked for their shape here, then `alloy-trie` judges them: no bytes lead the
//! library past what it expects, and two implementations must agree.

use alloy_primitives::{B256, Bytes};
use alloy_rlp::Header as RlpHeader;
use alloy_trie::proof::verify_proof;
use alloy_trie::{EMPTY_ROOT_HASH, Nibbles};

use crate::code::{Code, Coded, evm as codes, evm_token};
use crate::hash::Digest;

mod pool;

pub use pool::{NodePool, PoolError};

/// The longest node accepted, in bytes; a full branch has 532.
pub const NODE_BYTES_MAX: usize = 544;
/// Nibbles of a key: every key is a hash.
const KEY_NIBBLES: usize = 64;
/// A node of fewer bytes stands inside its parent instead of being named by its hash.
const INLINE_BYTES: usize = 32;

/// What the trie under `root` has at `key`: the bytes of the leaf, or proof that there is none. Root and key are the
/// verifier's.
///
/// # Errors
/// [`TrieError`]; [`TrieError::Missing`] when the pool does not reach that far.
pub fn lookup(root: &Digest, key: &[u8; 32], pool: &NodePool) -> Result<Option<Vec<u8>>, TrieError> {
    if root.as_bytes() == EMPTY_ROOT_HASH.as_slice() {
        return Ok(None); // the hash of the empty trie needs no node
    }
    let nibbles = Nibbles::unpack(key);
    let mut path: Vec<Bytes> = Vec::new();
    let (mut hash, mut depth) = (root.to_bytes(), 0_usize);
    let value = loop {
        let node = pool.get(&hash).ok_or(TrieError::Missing { at: path.len(), root: *root })?;
        let fail = |detail| TrieError::Node { at: path.len(), detail };
        let found = follow(node, &nibbles, depth).map_err(fail)?;
        path.push(Bytes::copy_from_slice(node));
        match found {
            Found::Node { hash: next, depth: below } => (hash, depth) = (next, below),
            Found::Value(value) => break Some(value),
            Found::Nothing => break None,
        }
    };
    match verify_proof(B256::from(root.to_bytes()), nibbles, value.clone(), &path) {
        Ok(()) => Ok(value),
        Err(error) => Err(TrieError::Refused { detail: error.to_string().chars().take(200).collect() }),
    }
}

/// Where a node leads a key.
enum Found {
    /// To the node with this hash, with this many nibbles of the key used up.
    Node { hash: [u8; 32], depth: usize },
    /// To a leaf of the key.
    Value(Vec<u8>),
    /// To nothing: the trie has no such key.
    Nothing,
}

/// Reads one node whole and follows the key through it; each step uses at least one nibble.
fn follow(node: &[u8], key: &Nibbles, mut depth: usize) -> Result<Found, String> {
    if node.len() > NODE_BYTES_MAX {
        return Err(format!("{} bytes, at most {NODE_BYTES_MAX} are accepted", node.len()));
    }
    let mut current = node.to_vec();
    loop {
        let child = match shape(&current)? {
            Shape::Branch(children) => {
                let nibble = key.get(depth).ok_or("the path is longer than 64 nibbles")?;
                depth = depth.saturating_add(1);
                children.into_iter().nth(usize::from(nibble)).unwrap_or_default()
            }
            Shape::Extension { nibbles, child } => {
                check_depth(depth, nibbles.len())?;
                if !matches(key, depth, &nibbles) {
                    return Ok(Found::Nothing);
                }
                depth = depth.saturating_add(nibbles.len());
                child
            }
            Shape::Leaf { nibbles, value } => {
                check_depth(depth, nibbles.len())?;
                let ends = depth.saturating_add(nibbles.len()) == KEY_NIBBLES;
                return match ends {
                    false => Err("a leaf whose path has not 64 nibbles".to_owned()),
                    true if matches(key, depth, &nibbles) => Ok(Found::Value(value)),
                    true => Ok(Found::Nothing),
                };
            }
        };
        match child {
            Child::Empty => return Ok(Found::Nothing),
            Child::Hash(hash) => return Ok(Found::Node { hash, depth }),
            Child::Inline(node) => current = node,
        }
    }
}

fn check_depth(depth: usize, more: usize) -> Result<(), String> {
    if depth.saturating_add(more) > KEY_NIBBLES {
        return Err("the path is longer than 64 nibbles".to_owned());
    }
    Ok(())
}

fn matches(key: &Nibbles, depth: usize, nibbles: &[u8]) -> bool {
    nibbles.iter().enumerate().all(|(at, nibble)| key.get(depth.saturating_add(at)) == Some(*nibble))
}

/// What a node points to.
#[derive(Clone, Default)]
enum Child {
    #[default]
    Empty,
    Hash([u8; 32]),
    Inline(Vec<u8>),
}

enum Shape {
    Branch(Vec<Child>),
    Extension { nibbles: Vec<u8>, child: Child },
    Leaf { nibbles: Vec<u8>, value: Vec<u8> },
}

/// An RLP item as it stands, whether it is a list, and its payload.
type Item<'a> = (&'a [u8], bool, &'a [u8]);

/// The items of an RLP list that fills `node`.
fn items(node: &[u8]) -> Result<Vec<Item<'_>>, String> {
    let rlp = |error: alloy_rlp::Error| format!("not a list of RLP items: {error}");
    let mut rest = node;
    let mut list = RlpHeader::decode_bytes(&mut rest, true).map_err(rlp)?;
    if !rest.is_empty() {
        return Err(format!("{} bytes follow the node", rest.len()));
    }
    let mut items = Vec::with_capacity(17);
    while !list.is_empty() && items.len() <= 17 {
        let before = list;
        let header = RlpHeader::decode(&mut list).map_err(rlp)?;
        let (payload, behind) =
            list.split_at_checked(header.payload_length).ok_or_else(|| rlp(alloy_rlp::Error::InputTooShort))?;
        list = behind;
        let whole = before.get(..before.len().saturating_sub(list.len())).unwrap_or_default();
        items.push((whole, header.list, payload));
    }
    Ok(items)
}

fn child((whole, list, payload): Item<'_>) -> Result<Child, String> {
    if list {
        if whole.len() >= INLINE_BYTES {
            return Err(format!("a node of {} bytes inside another, expected its hash", whole.len()));
        }
        return Ok(Child::Inline(whole.to_vec()));
    }
    match payload.len() {
        0 => Ok(Child::Empty),
        32 => Ok(Child::Hash(payload.try_into().map_err(|_| "a hash of 32 bytes")?)),
        length => Err(format!("a child of {length} bytes, expected a hash of 32 or none")),
    }
}

fn shape(node: &[u8]) -> Result<Shape, String> {
    let items = items(node)?;
    match items.as_slice() {
        [(_, false, path), last @ (_, list, value)] => {
            let (leaf, nibbles) = path_nibbles(path)?;
            if leaf {
                return match list {
                    true => Err("a leaf with a list for its value".to_owned()),
                    false => Ok(Shape::Leaf { nibbles, value: value.to_vec() }),
                };
            }
            match child(*last)? {
                _ if nibbles.is_empty() => Err("an extension without a path".to_owned()),
                Child::Empty => Err("an extension to nothing".to_owned()),
                child => Ok(Shape::Extension { nibbles, child }),
            }
        }
        [children @ .., (_, false, [])] if children.len() == 16 => {
            Ok(Shape::Branch(children.iter().map(|item| child(*item)).collect::<Result<_, _>>()?))
        }
        items => Err(format!("{} items, expected 2, or 17 with the last one empty", items.len())),
    }
}

/// Whether a hex-prefix path (yellow paper, appendix C) is that of a leaf, and its nibbles.
fn path_nibbles(path: &[u8]) -> Result<(bool, Vec<u8>), String> {
    let Some((flag, rest)) = path.split_first() else { return Err("an empty path".to_owned()) };
    let mut nibbles = Vec::with_capacity(rest.len().saturating_mul(2).saturating_add(1));
    let leaf = match (flag >> 4, flag & 0x0f) {
        (kind @ (0 | 2), 0) => kind == 2,
        (kind @ (1 | 3), first) => {
            nibbles.push(first);
            kind == 3
        }
        _ => return Err(format!("a path with flag {flag:#04x}, expected 0x00, 0x1_, 0x20 or 0x3_")),
    };
    nibbles.extend(rest.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]));
    Ok((leaf, nibbles))
}

/// Why a lookup shows nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrieError {
    /// The pool has no node on the way to the key: the evidence is about another key, another root, or cut.
    #[error("after {at} nodes under root {root} the next one on the way to the key is not in the evidence")]
    Missing {
        /// Nodes that were there.
        at: usize,
        /// The root.
        root: Digest,
    },
    /// A node that no such trie has.
    #[error("node {at} on the way to the key: {detail}")]
    Node {
        /// Its position, from 0.
        at: usize,
        /// What was found.
        detail: String,
    },
    /// The trie library does not accept the path.
    #[error("the nodes are refused: {detail}")]
    Refused {
        /// Its words.
        detail: String,
    },
}

impl Coded for TrieError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Missing { .. } => &evm_token::EVM_KEY_UNPROVEN,
            Self::Node { .. } | Self::Refused { .. } => &codes::EVM_PROOF_INVALID,
        }
    }
}

#[cfg(test)]
mod tests;
