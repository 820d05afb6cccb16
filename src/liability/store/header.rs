//! The header of a store: what it holds, and the seal of every file in it.

use crate::amount::{Amount, Decimals};
use crate::asset::{AssetId, Class};
use crate::hash::{Checksum, Digest, sha256};
use crate::liability::leaf::{Piece, SnapshotKey};
use crate::liability::store::StoreError;
use crate::liability::store::text::take;
use crate::liability::sum_tree::LiabilityCommitment;

/// First bytes of every header: a name and the version of the format.
pub(crate) const MAGIC: &[u8; 16] = b"counterfoil\0st\0\x03";
const VERSION_AT: usize = 15;
/// Four thousand trees of the longest names are far below; a larger header is damage.
pub(crate) const HEADER_SIZE_MAX: u64 = 16 << 20;
/// Bytes of one leaf's record: order key, amount, end of its texts.
pub(crate) const LEAF_SIZE: usize = 16 + 16 + 8;
pub(crate) const LEAF: u64 = LEAF_SIZE as u64;
/// Bytes of one node: digest and sum.
pub(crate) const NODE_SIZE: usize = 32 + 16;
pub(crate) const NODE: u64 = NODE_SIZE as u64;
/// Nodes are kept from this level on; below, 2^`GROUP_LEVEL` leaves are hashed again.
pub(crate) const GROUP_LEVEL: u32 = 4;

/// The files of one tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Leaves,
    Texts,
    Nodes,
}

impl Section {
    pub(crate) const ALL: [Self; 3] = [Self::Leaves, Self::Texts, Self::Nodes];

    /// The file of the tree at this position.
    pub(crate) fn file(self, position: usize) -> String {
        let kind = match self {
            Self::Leaves => "leaves",
            Self::Texts => "texts",
            Self::Nodes => "nodes",
        };
        format!("{position:04}.{kind}")
    }
}

/// What the header says of one tree.
pub(crate) struct TreeHeader {
    pub(crate) commitment: LiabilityCommitment,
    /// Bytes of its texts.
    pub(crate) text_length: u64,
    /// Checksums of the files, in the order of [`Section::ALL`].
    pub(crate) seals: [Checksum; 3],
}

impl TreeHeader {
    /// The length that a file must have.
    pub(crate) fn length(&self, section: Section) -> Option<u64> {
        match section {
            Section::Leaves => self.commitment.leaf_count.checked_mul(LEAF),
            Section::Texts => Some(self.text_length),
            Section::Nodes => node_count(self.commitment.leaf_count >> GROUP_LEVEL).checked_mul(NODE),
        }
    }
}

/// Nodes that are kept for this many whole groups: every perfect, aligned subtree of groups.
pub(crate) fn node_count(groups: u64) -> u64 {
    2 * groups - u64::from(groups.count_ones())
}

/// Position of a node in the file of nodes, which has them in the order in which leaves complete them.
pub(crate) fn node_position(level: u32, index: u64) -> Option<u64> {
    let height = level.checked_sub(GROUP_LEVEL)?;
    let last_group = index.checked_add(1)?.checked_mul(1_u64.checked_shl(height)?)? - 1;
    Some(node_count(last_group) + u64::from(height))
}

/// The header.
pub(crate) struct Header {
    pub(crate) build_id: [u8; 32],
    pub(crate) key: SnapshotKey,
    /// Leaves of one balance; 1 when balances are not split.
    pub(crate) split: u16,
    /// Decoys in each tree.
    pub(crate) decoys: u64,
    pub(crate) trees: Vec<TreeHeader>,
}

/// Bytes of a header with these trees.
pub(crate) fn header_size<'a>(trees: impl Iterator<Item = (&'a AssetId, Class)>) -> u64 {
    let names = |(asset, class): (&AssetId, Class)| 1 + asset.as_str().len() + 1 + class.text().len();
    let tree = |name| (names(name) + 1 + 8 + 16 + 32 + 8 + 3 * Checksum::SIZE) as u64;
    (MAGIC.len() + 32 + 32 + 2 + 8 + 8 + 32) as u64 + trees.map(tree).sum::<u64>()
}

impl Header {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend(self.build_id);
        out.extend(self.key.expose());
        out.extend(self.split.to_be_bytes());
        out.extend(self.decoys.to_be_bytes());
        out.extend((self.trees.len() as u64).to_be_bytes());
        for tree in &self.trees {
            let row = &tree.commitment;
            for text in [row.asset.as_str(), row.class.text()] {
                // names have at most 64 bytes
                out.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
                out.extend(text.as_bytes());
            }
            out.push(row.decimals.get());
            out.extend(row.leaf_count.to_be_bytes());
            out.extend(row.total.to_be_bytes());
            out.extend(row.root.as_bytes());
            out.extend(tree.text_length.to_be_bytes());
            out.extend(tree.seals.iter().flat_map(|seal| seal.to_bytes()));
        }
        let seal = sha256(&out);
        out.extend(seal.as_bytes());
        out
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Self, StoreError> {
        let damaged = |what: &str| StoreError::Damaged(format!("header: {what}"));
        let version = bytes.get(VERSION_AT).copied().filter(|_| bytes.get(..VERSION_AT) == MAGIC.get(..VERSION_AT));
        let version = version.ok_or_else(|| damaged("these are not the first bytes of a store"))?;
        let expected = MAGIC.last().copied().unwrap_or_default();
        if version != expected {
            return Err(StoreError::Version { got: version, expected });
        }
        let (content, seal) = bytes.split_last_chunk::<32>().ok_or_else(|| damaged("it ends too early"))?;
        let computed = sha256(content);
        if seal != computed.as_bytes() {
            return Err(damaged(&format!("its seal is not the SHA-256 of its content, {computed}")));
        }
        let mut rest = content.get(MAGIC.len()..).unwrap_or_default();
        Self::read(&mut rest).filter(|_| rest.is_empty()).ok_or_else(|| damaged("its content cannot be read"))
    }

    fn read(rest: &mut &[u8]) -> Option<Self> {
        let build_id = take(rest)?;
        let key = SnapshotKey::from_bytes(take(rest)?);
        let split = u16::from_be_bytes(take(rest)?);
        let decoys = u64::from_be_bytes(take(rest)?);
        if !(1..=Piece::OF_MAX).contains(&split) {
            return None;
        }
        let count = u64::from_be_bytes(take(rest)?);
        let mut trees: Vec<TreeHeader> = Vec::new();
        for _ in 0..count {
            let tree = read_tree(rest)?;
            // strictly increasing, as in the statement: no tree stands twice
            if trees.last().is_some_and(|last| last.commitment.key() >= tree.commitment.key()) {
                return None;
            }
            trees.push(tree);
        }
        Some(Self { build_id, key, split, decoys, trees })
    }
}

fn read_tree(rest: &mut &[u8]) -> Option<TreeHeader> {
    let asset = text(rest)?.parse().ok()?;
    let class = text(rest)?.parse().ok()?;
    let [decimals] = take(rest)?;
    let decimals = Decimals::new(decimals)?;
    let leaf_count = u64::from_be_bytes(take(rest)?);
    let total = Amount::from_base_units(u128::from_be_bytes(take(rest)?));
    let root = Digest::from_bytes(take(rest)?);
    let text_length = u64::from_be_bytes(take(rest)?);
    let seals = [take(rest)?, take(rest)?, take(rest)?].map(Checksum::from_bytes);
    let commitment = LiabilityCommitment { asset, class, decimals, leaf_count, root, total };
    // no leaf is no tree, and more than 2^40 of them are in no file
    (1..=1 << 40).contains(&leaf_count).then_some(TreeHeader { commitment, text_length, seals })
}

fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let [length] = take(rest)?;
    let (bytes, behind) = rest.split_at_checked(usize::from(length))?;
    *rest = behind;
    std::str::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::liability::sum_tree::{CompactRange, SumNode};

    #[test]
    fn nodes_stand_where_they_are_looked_for() {
        let leaf = SumNode { digest: sha256(b"leaf"), sum: Amount::ZERO };
        let (mut range, mut positions) = (CompactRange::starting_at(0), Vec::new());
        for _ in 0..1_000 {
            let end = range.end() + 1;
            range
                .push(0, leaf, &mut |level, _| {
                    if level >= GROUP_LEVEL {
                        positions.push(node_position(level, (end >> level) - 1).unwrap());
                    }
                })
                .unwrap();
        }
        assert_eq!(positions.len() as u64, node_count(1_000 >> GROUP_LEVEL));
        assert!(positions.into_iter().eq(0..node_count(1_000 >> GROUP_LEVEL)));
        assert_eq!(node_position(3, 0), None);
        assert_eq!(node_position(64, u64::MAX), None);
    }

    #[test]
    fn the_size_of_a_header_is_known_before_it_is_written() {
        let name = |(asset, class): (&str, Class)| (asset.parse::<AssetId>().unwrap(), class);
        for names in [&[][..], &[("BTC", Class::Custody)], &[("BTC", Class::Lent), ("iso4217:EUR", Class::Derivative)]]
        {
            let names: Vec<(AssetId, Class)> = names.iter().copied().map(name).collect();
            let tree = |(asset, class): &(AssetId, Class)| {
                let (asset, decimals, root) = (asset.clone(), Decimals::ZERO, sha256(b"root"));
                let (class, total) = (*class, Amount::ZERO);
                let commitment = LiabilityCommitment { asset, class, decimals, leaf_count: 1, root, total };
                TreeHeader { commitment, text_length: 1, seals: Default::default() }
            };
            let trees = names.iter().map(tree).collect();
            let key = SnapshotKey::from_bytes([1; 32]);
            let header = Header { build_id: [2; 32], key, split: 1, decoys: 0, trees };
            let size = header_size(names.iter().map(|(asset, class)| (asset, *class)));
            assert_eq!(header.to_bytes().len() as u64, size);
        }
    }
}
