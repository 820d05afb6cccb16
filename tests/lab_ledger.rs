//! Synthetic ledgers through the command: what they are for, a build, takes them as they are.

mod cli_support;

use std::fs;
use std::path::Path;

use cli_support::{BUILD_ID, done, listing, refused, run};

/// `build` on a folder that `lab ledger` made.
fn build_line(made: &str, out: &str) -> String {
    format!(
        "build {made}/ledger.csv --assets {made}/assets.toml --venue {made}/venue.toml --snapshot {made}/snapshot.toml \
         --secret-file {made}/master.secret --expect-total {made}/totals.toml --build-id {BUILD_ID} --out {out}"
    )
}

fn bytes(folder: &Path, name: &str) -> Vec<u8> {
    fs::read(folder.join(name)).expect(name)
}

#[test]
fn the_line_that_it_prints_builds_the_trees_with_its_totals() {
    for columns in ["", " --products", " --classes", " --products --classes"] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let output = run(folder.path(), &format!("lab ledger --rows 2000 --seed 3 --out made{columns}"));
        assert_eq!(output.status.code(), Some(0));
        let told = String::from_utf8(output.stderr).expect("UTF-8");
        let line = told.lines().find_map(|line| line.trim().strip_prefix("counterfoil ")).expect("a line to run");
        let built = done(folder.path(), line);
        for asset in ["BTC", "ETH", "SOL", "USDC", "USDT", "iso4217:EUR"] {
            assert!(built.contains(&format!("{asset} custody: ")), "{columns}: {built}");
        }
        assert_eq!(built.contains(" lent: "), columns.contains("classes"), "{columns}");
    }
}

#[test]
fn one_seed_gives_the_same_bytes_and_every_order_the_same_roots() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path();
    done(path, "lab ledger --rows 3000 --seed 5 --out first");
    done(path, "lab ledger --rows 3000 --seed 5 --out second");
    done(path, "lab ledger --rows 3000 --seed 5 --order account --out sorted");
    done(path, "lab ledger --rows 3000 --seed 6 --out other");
    let names: Vec<_> =
        fs::read_dir(path.join("first")).expect("a folder").map(|entry| entry.expect("an entry")).collect();
    assert_eq!(names.len(), 7);
    for name in names.iter().map(|entry| entry.file_name().into_string().expect("UTF-8")) {
        let same = bytes(path, &format!("first/{name}")) == bytes(path, &format!("second/{name}"));
        assert!(same, "{name} differs between two runs");
    }
    for name in ["ledger.csv", "totals.toml", "venue.toml", "master.secret", "venue.key"] {
        let other = bytes(path, &format!("first/{name}")) != bytes(path, &format!("other/{name}"));
        assert!(other, "{name} does not depend on the seed");
    }
    assert_eq!(done(path, "lab ledger --rows 3000 --seed 5 --stdout").into_bytes(), bytes(path, "first/ledger.csv"));
    assert_ne!(bytes(path, "first/ledger.csv"), bytes(path, "sorted/ledger.csv"));
    let roots =
        |text: String| text.lines().filter(|line| line.contains("root ")).map(str::to_owned).collect::<Vec<_>>();
    let mixed = roots(done(path, &build_line("first", "tree-mixed")));
    let sorted = roots(done(path, &build_line("sorted", "tree-sorted")));
    assert_eq!(mixed.len(), 6);
    assert_eq!(mixed, sorted);
}

#[test]
fn a_row_changed_by_hand_misses_the_control_total() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path();
    done(path, "lab ledger --rows 50 --seed 9 --out made");
    let ledger = String::from_utf8(bytes(path, "made/ledger.csv")).expect("ASCII");
    let (kept, _) = ledger.trim_end().rsplit_once('\n').expect("rows");
    fs::write(path.join("made/ledger.csv"), format!("{kept}\n")).expect("writes");
    refused(path, &build_line("made", "tree"), 1, "CF-1015");
}

#[test]
fn what_cannot_be_written_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path();
    fs::write(path.join("file"), "").expect("writes");
    let text = refused(path, "lab ledger --rows 10 --out file/made", 2, "CF-9003");
    assert!(text.contains("file/made"), "{text}");
    refused(path, "lab ledger --rows 10 --out file", 2, "CF-9002");
    refused(path, "lab ledger --rows 10 --out file --force", 2, "CF-9003");
    assert_eq!(listing(path).len(), 1, "a folder under construction was left");
}
