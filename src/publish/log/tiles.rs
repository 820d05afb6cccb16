//! The log as static files (C2SP tlog-tiles): names and contents, for whoever writes and whoever compares.

use super::tree;
use crate::hash::Digest;

/// The checkpoint.
pub const CHECKPOINT: &str = "checkpoint";
/// A checkpoint that is signed and waits for witnesses. Not a part of the specification.
pub const PENDING: &str = "pending";
/// Entries that a bundle can hold: their length has two bytes.
pub const ENTRY_SIZE_MAX: usize = 65_535;
/// Hashes of a full tile.
pub const WIDTH: u64 = 256;

/// `1234067` as `x001/x234/067`.
fn number(index: u64) -> String {
    let mut parts = vec![format!("{:03}", index % 1000)];
    let mut rest = index / 1000;
    while rest > 0 {
        parts.push(format!("x{:03}", rest % 1000));
        rest /= 1000;
    }
    parts.reverse();
    parts.join("/")
}

fn path(folder: &str, index: u64, width: u64) -> String {
    let partial = if width == WIDTH { String::new() } else { format!(".p/{width}") };
    format!("{folder}/{}{partial}", number(index))
}

/// The signed statement with this sequence number. Not a part of the specification: entries above 65,535 bytes fit into
/// no bundle, and signatures stand outside of the entry.
#[must_use]
pub fn statement_path(sequence: u64) -> String {
    format!("statement/{}.json", number(sequence))
}

/// A tile of hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Its path.
    pub path: String,
    /// Level: 0 has the leaf hashes.
    pub level: u32,
    /// Index of its first hash in the level.
    pub first: u64,
    /// The hashes, 1 to 256.
    pub hashes: Vec<Digest>,
}

impl Tile {
    /// The content of the file.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.hashes.iter().flat_map(|hash| hash.to_bytes()).collect()
    }
}

/// All tiles of a log with these leaf hashes, level by level.
#[must_use]
pub fn tiles(leaves: &[Digest]) -> Vec<Tile> {
    let mut found = Vec::new();
    let mut level_hashes = leaves.to_vec();
    for level in 0..8 {
        let mut next = Vec::new();
        for (index, hashes) in (0..).zip(level_hashes.chunks(256)) {
            let path = path(&format!("tile/{level}"), index, hashes.len() as u64);
            found.push(Tile { path, level, first: index * WIDTH, hashes: hashes.to_vec() });
            if hashes.len() as u64 == WIDTH {
                next.push(tree::root(hashes));
            }
        }
        level_hashes = next;
    }
    found
}

/// The tiles among them that the last leaf changed.
#[must_use]
pub fn last_tiles(leaves: &[Digest]) -> Vec<Tile> {
    let size = leaves.len() as u64;
    let changed = |tile: &Tile| {
        let span = WIDTH.checked_pow(tile.level).unwrap_or(u64::MAX);
        size.is_multiple_of(span) && (tile.first + tile.hashes.len() as u64) == size / span
    };
    tiles(leaves).into_iter().filter(changed).collect()
}

/// The path of the bundle that holds the last of `size` entries, and its first entry.
#[must_use]
pub fn last_bundle(size: u64) -> Option<(String, u64)> {
    let last = size.checked_sub(1)?;
    let index = last / WIDTH;
    Some((path("tile/entries", index, last % WIDTH + 1), index * WIDTH))
}

/// The content of a bundle; `None` when an entry is too long for one.
#[must_use]
pub fn bundle(entries: &[Vec<u8>]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for entry in entries {
        bytes.extend(u16::try_from(entry.len()).ok()?.to_be_bytes());
        bytes.extend(entry);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_specification() {
        assert_eq!(number(1_234_067), "x001/x234/067");
        assert_eq!(number(0), "000");
        assert_eq!(number(1000), "x001/000");
        assert_eq!(statement_path(1234), "statement/x001/234.json");
        assert_eq!(last_bundle(70_000).expect("entries").0, "tile/entries/273.p/112");
        assert_eq!(last_bundle(256).expect("entries").0, "tile/entries/000");
        assert_eq!(last_bundle(0), None);
    }

    #[test]
    fn a_log_of_70000_entries_has_the_tiles_of_the_specification() {
        let leaf = tree::leaf_hash(b"entry");
        let found = tiles(&vec![leaf; 70_000]);
        let of = |level| found.iter().filter(|tile| tile.level == level).collect::<Vec<_>>();
        assert_eq!((of(0).len(), of(1).len(), of(2).len(), of(3).len()), (274, 2, 1, 0));
        assert_eq!(of(0)[273].path, "tile/0/273.p/112");
        assert_eq!(of(1)[1].path, "tile/1/001.p/17");
        assert_eq!(of(2)[0].path, "tile/2/000.p/1");
        let whole: Vec<String> = tiles(&vec![leaf; 256]).into_iter().map(|tile| tile.path).collect();
        assert_eq!(whole, ["tile/0/000", "tile/1/000.p/1"]);
    }

    #[test]
    fn what_is_written_leaf_by_leaf_is_the_whole_log() {
        let leaves: Vec<Digest> = (0..600_u32).map(|index| tree::leaf_hash(&index.to_be_bytes())).collect();
        let mut written = std::collections::BTreeMap::new();
        for size in 1..=leaves.len() {
            written.extend(last_tiles(&leaves[..size]).into_iter().map(|tile| (tile.path.clone(), tile)));
        }
        for tile in tiles(&leaves) {
            assert_eq!(written.get(&tile.path), Some(&tile));
        }
    }
}
