//! Ranges of a real store: whoever takes which part, the parts give the row of the statement; and leaves that changed
//! on the disk do not.

mod cli_support;

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::Arc;

use cli_support::{done, refused, refused_without_a_trace};
use counterfoil::liability::compact_range::{TreeName, TreeRange};
use counterfoil::liability::storage::Folder;
use counterfoil::liability::store::{Store, StoreError};
use counterfoil::liability::sum_tree::CompactRange;

/// More leaves than are hashed at once, with parts, pieces and decoys; signed in `statement.json`.
fn build(folder: &Path) {
    done(folder, "lab ledger --rows 20000 --seed 11 --out made --products --classes");
    done(
        folder,
        "build made/ledger.csv --assets made/assets.toml --venue made/venue.toml --snapshot made/snapshot.toml \
         --secret-file made/master.secret --no-control-total --split 3 --decoys 40 --out tree",
    );
    done(folder, "statement sign tree --key made/venue.key --record signed --out statement.json");
}

fn open(folder: &Path) -> Store {
    Store::open(Arc::new(Folder::new(&folder.join("tree/store")))).expect("a store")
}

#[test]
fn any_parts_of_a_store_give_the_statement() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    build(folder.path());
    let store = open(folder.path());
    assert!(store.trees().iter().any(|tree| tree.commitment().leaf_count > 8192), "more than two steps");
    for tree in store.trees() {
        let row = tree.commitment();
        let count = row.leaf_count;
        let name = TreeName { asset: row.asset.clone(), class: row.class, decimals: row.decimals };
        let part = |begin, end| TreeRange::new(name.clone(), tree.range(begin..end).expect("leaves")).expect("small");
        let bounds = [0, 1, count / 3, count / 2 + 1, count.saturating_sub(1).max(count / 2 + 1), count];
        let parts: Vec<TreeRange> = bounds
            .windows(2)
            .map(|pair| part(pair[0].min(count), pair[1].min(count).max(pair[0].min(count))))
            .collect();
        let whole = part(0, count);
        assert_eq!(parts[0].merge(&parts[1..]), Ok(whole.clone()), "{name}");
        assert_eq!(whole.commitment(), Ok(Some(row.clone())), "{name}");
        assert_eq!(tree.range(count..count).expect("nothing"), CompactRange::starting_at(count));
        // beyond the tree, and backwards
        for (begin, end) in [(0, count + 1), (count + 1, count + 1), (1, 0)] {
            assert!(matches!(tree.range(begin..end), Err(StoreError::Damaged(_))), "{name} {begin} {end}");
        }
    }
}

#[test]
fn commands_share_a_tree_and_leave_no_other_result() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path();
    build(path);
    let store = open(path);
    let largest = store.trees().iter().max_by_key(|tree| tree.commitment().leaf_count).expect("a tree").commitment();
    let (asset, class, count) = (&largest.asset, largest.class, largest.leaf_count);
    let tree = format!("tree range tree --asset {asset} --class {class}");
    done(path, &format!("{tree} --end 4097 --out a.json"));
    done(path, &format!("{tree} --begin 4097 --end {} --out b.json", count - 3));
    done(path, &format!("{tree} --begin {} --out c.json", count - 3));
    done(path, "tree merge b.json c.json --out bc.json");
    let text = done(path, "tree merge a.json bc.json --statement statement.json --out whole.json");
    assert!(text.contains(&largest.digest().to_string()) && text.contains(&largest.root.to_string()), "{text}");
    done(path, "tree merge a.json b.json --out ab.json");
    done(path, "tree merge ab.json c.json --out again.json");
    done(path, &format!("{tree} --out at-once.json"));
    let read = |name: &str| fs::read(path.join(name)).expect("was written");
    assert_eq!(read("whole.json"), read("again.json"));
    assert_eq!(read("whole.json"), read("at-once.json"));
    refused_without_a_trace(path, "tree merge a.json b.json --statement statement.json --out d.json", 1, "CF-2056");
    refused_without_a_trace(path, "tree merge a.json c.json --out d.json", 2, "CF-2051");
}

#[test]
fn leaves_that_changed_on_the_disk_are_seen() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path();
    build(path);
    let row = open(path).trees()[0].commitment().clone();
    let tree = format!("tree range tree --asset {} --class {}", row.asset, row.class);
    // the last byte of the first leaf's amount
    let mut file = File::options().read(true).write(true).open(path.join("tree/store/0000.leaves")).expect("a file");
    let mut byte = [0];
    file.seek(SeekFrom::Start(31)).and_then(|_| file.read_exact(&mut byte)).expect("reads");
    file.seek(SeekFrom::Start(31)).and_then(|_| file.write_all(&[byte[0] ^ 1])).expect("writes");
    refused(path, &format!("{tree} --out whole.json"), 1, "CF-2018");
    // a part has no root beside it: the statement shows it
    done(path, &format!("{tree} --end 1 --out a.json"));
    done(path, &format!("{tree} --begin 1 --out b.json"));
    refused_without_a_trace(path, "tree merge a.json b.json --statement statement.json --out c.json", 1, "CF-2056");
}
