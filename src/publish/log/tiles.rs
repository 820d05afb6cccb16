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

/// A file of the log whose content follows from its first entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// A tile, of hashes or of entries; `full` when no later entry changes its name.
    Tile {
        /// How many entries the log must have before the file is what it stays.
        entries: u64,
        /// Whether it has its whole width.
        full: bool,
    },
    /// The signed statement with this number.
    Statement(u64),
}

impl Named {
    /// Reads a path below the folder of a log, in the one spelling that [`tiles`] and [`statement_path`] give.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        if let Some(rest) = path.strip_prefix("statement/") {
            let index = read_number(rest.strip_suffix(".json")?)?;
            return (statement_path(index) == path).then_some(Self::Statement(index));
        }
        let (kind, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let (tile, width) = match rest.split_once(".p/") {
            Some((tile, width)) => (tile, super::checkpoint::decimal(width)?),
            None => (rest, WIDTH),
        };
        let index = read_number(tile)?;
        let level: u32 = if kind == "entries" { 0 } else { super::checkpoint::decimal(kind)?.try_into().ok()? };
        // 256^8 entries are more than any log has
        let span = WIDTH.checked_pow(level)?;
        let entries = index.checked_mul(WIDTH)?.checked_add(width)?.checked_mul(span)?;
        let known = (1..=WIDTH).contains(&width) && self::path(&format!("tile/{kind}"), index, width) == path;
        known.then_some(Self::Tile { entries, full: width == WIDTH })
    }
}

/// The number in `x001/x234/067`; other spellings of it are for the caller to refuse.
fn read_number(text: &str) -> Option<u64> {
    text.split('/').try_fold(0_u64, |sum, part| {
        let digits = part.strip_prefix('x').unwrap_or(part);
        let digits =
            Some(digits).filter(|digits| digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit()));
        sum.checked_mul(1000)?.checked_add(digits?.parse().ok()?)
    })
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
    fn names_are_read_in_one_spelling() {
        let tile = |entries, full| Some(Named::Tile { entries, full });
        assert_eq!(Named::parse("tile/0/000"), tile(256, true));
        assert_eq!(Named::parse("tile/0/273.p/112"), tile(273 * 256 + 112, false));
        assert_eq!(Named::parse("tile/1/001.p/17"), tile((256 + 17) * 256, false));
        assert_eq!(Named::parse("tile/entries/x001/234.p/5"), tile(1234 * 256 + 5, false));
        assert_eq!(Named::parse("statement/x001/234.json"), Some(Named::Statement(1234)));
        for size in [1_u64, 2, 255, 256, 257, 600] {
            for found in tiles(&vec![crate::hash::sha256(b"a leaf"); usize::try_from(size).expect("small")]) {
                let read = Named::parse(&found.path);
                assert!(matches!(read, Some(Named::Tile { entries, .. }) if entries <= size), "{} {size}", found.path);
            }
        }
        for path in [
            "tile/0/0",
            "tile/0/0000",
            "tile/0/x000/001",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/00/000",
            "tile/8/000",
            "tile/99999999999/000",
            "tile/0/000/",
            "tile/0//000",
            "tile/0/001.p/-1",
            "tile/0/001.p/1/2",
            "tile/0/+01",
            "tile/-1/000",
            "statement/001",
            "statement/1.json",
            "statement/x000/001.json",
            "statement/001.json/x",
            "tile/entries/x1/000",
            "tile",
            "",
            "tile/0/..",
            "statement/../001.json",
            "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        ] {
            assert_eq!(Named::parse(path), None, "{path}");
        }
    }

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
