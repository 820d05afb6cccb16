//! The pool of trie nodes of a bundle: each node once, named by nothing but its own hash.

use std::collections::HashMap;

use super::NODE_BYTES_MAX;
use crate::code::{Code, Coded, evm_token as codes};
use crate::reserve::evm::keccak;

/// What a pool begins with: format and version.
const MAGIC: &[u8; 8] = b"cfnodes1";

/// The shortest node, in bytes: no list of two items is shorter.
const NODE_BYTES_MIN: usize = 2;

/// Nodes by their Keccak-256. The hash is computed here, so a node can stand for no other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodePool(HashMap<[u8; 32], Vec<u8>>);

impl NodePool {
    /// The node with this hash.
    #[must_use]
    pub fn get(&self, hash: &[u8; 32]) -> Option<&[u8]> {
        self.0.get(hash).map(Vec::as_slice)
    }

    /// Adds one node. One that is longer or shorter than any node is left out, as is the node of an empty trie, which
    /// has one byte: no lookup needs them.
    pub fn insert(&mut self, node: Vec<u8>) {
        if (NODE_BYTES_MIN..=NODE_BYTES_MAX).contains(&node.len()) {
            self.0.insert(keccak(&node), node);
        }
    }

    /// Every node, in the order of their hashes.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut nodes: Vec<(&[u8; 32], &Vec<u8>)> = self.0.iter().collect();
        nodes.sort_unstable();
        nodes.into_iter().map(|(_, node)| node.as_slice())
    }

    /// How many nodes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The file: the magic, then each node behind its length in two bytes, big-endian, in the order of their hashes.
    #[must_use]
    pub fn to_file(&self) -> Vec<u8> {
        let mut nodes: Vec<(&[u8; 32], &Vec<u8>)> = self.0.iter().collect();
        nodes.sort_unstable();
        let mut file = MAGIC.to_vec();
        for (_, node) in nodes {
            // no node is longer than NODE_BYTES_MAX, see `insert`
            file.extend(u16::try_from(node.len()).unwrap_or(u16::MAX).to_be_bytes());
            file.extend_from_slice(node);
        }
        file
    }

    /// Reads a file of nodes: every length is checked against what is left, and each hash is above the one before, so
    /// that a set of nodes has one file.
    ///
    /// # Errors
    /// [`PoolError`] with the place.
    pub fn parse(path: &str, file: &[u8]) -> Result<Self, PoolError> {
        let fail = |at: usize, detail: String| PoolError { path: path.to_owned(), at, detail };
        let mut rest = file.strip_prefix(MAGIC).ok_or_else(|| fail(0, "expected cfnodes1".to_owned()))?;
        let mut pool = HashMap::new();
        let mut before: Option<[u8; 32]> = None;
        while !rest.is_empty() {
            let at = file.len().saturating_sub(rest.len());
            let (length, behind) = rest.split_first_chunk().ok_or_else(|| fail(at, "half a length".to_owned()))?;
            let length = usize::from(u16::from_be_bytes(*length));
            if !(NODE_BYTES_MIN..=NODE_BYTES_MAX).contains(&length) {
                let detail = format!("a node of {length} bytes, expected {NODE_BYTES_MIN} to {NODE_BYTES_MAX}");
                return Err(fail(at, detail));
            }
            let (node, behind) = behind
                .split_at_checked(length)
                .ok_or_else(|| fail(at, format!("{} bytes are left, expected a node of {length}", behind.len())))?;
            let hash = keccak(node);
            if before.is_some_and(|before| before >= hash) {
                return Err(fail(at, "the node's hash is not above the one before".to_owned()));
            }
            before = Some(hash);
            pool.insert(hash, node.to_vec());
            rest = behind;
        }
        Ok(Self(pool))
    }
}

impl FromIterator<Vec<u8>> for NodePool {
    fn from_iter<I: IntoIterator<Item = Vec<u8>>>(nodes: I) -> Self {
        let mut pool = Self::default();
        nodes.into_iter().for_each(|node| pool.insert(node));
        pool
    }
}

/// The file of nodes cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: byte {at}: {detail}")]
pub struct PoolError {
    path: String,
    at: usize,
    detail: String,
}

impl Coded for PoolError {
    fn code(&self) -> &'static Code {
        &codes::EVM_POOL_MALFORMED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_has_one_file() {
        let nodes = [vec![1; 40], vec![2; 544], vec![3; 2]];
        let pool: NodePool = nodes.iter().cloned().collect();
        let twice: NodePool = nodes.iter().rev().chain(&nodes).cloned().collect();
        assert_eq!(pool.to_file(), twice.to_file());
        assert_eq!(NodePool::parse("f", &pool.to_file()), Ok(pool.clone()));
        for node in &nodes {
            assert_eq!(pool.get(&keccak(node)), Some(node.as_slice()));
        }
        let left_out: NodePool = [vec![], vec![0x80], vec![0xc0], vec![1; 545]].into_iter().collect();
        assert!(left_out.is_empty());
        assert_eq!(NodePool::parse("f", MAGIC), Ok(NodePool::default()));
    }

    #[test]
    fn other_files_are_refused() {
        let record = |node: &[u8]| [&u16::try_from(node.len()).expect("short").to_be_bytes()[..], node].concat();
        let (low, high) = if keccak(&[1, 1]) < keccak(&[2, 2]) { ([1, 1], [2, 2]) } else { ([2, 2], [1, 1]) };
        let good = [MAGIC.to_vec(), record(&low), record(&high)].concat();
        assert_eq!(NodePool::parse("f", &good).map(|pool| pool.len()), Ok(2));
        for length in (0..good.len()).filter(|length| ![8, 12].contains(length)) {
            assert!(NodePool::parse("f", &good[..length]).is_err(), "{length} bytes");
        }
        for records in [vec![record(&high), record(&low)], vec![record(&low); 2], vec![record(&[7])], vec![record(&[])]]
        {
            let file = [MAGIC.to_vec(), records.concat()].concat();
            let error = NodePool::parse("f", &file).expect_err("refused");
            assert_eq!(error.code().name, "EVM_POOL_MALFORMED");
        }
        let long = [MAGIC.to_vec(), record(&[1; 545])].concat();
        assert!(NodePool::parse("f", &long).expect_err("too long").to_string().contains("2 to 544"));
        assert!(NodePool::parse("f", b"").is_err());
    }
}
