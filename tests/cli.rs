//! The command's exact output: one case a file in `tests/cmd`, run in the folder that the case names.
//!
//! What the venue in `tests/cmd/venue` made (trees, statements, proofs, damaged copies) is made by the command with
//! fixed keys and a fixed build id. To make it again after a change of format:
//! `COUNTERFOIL_BLESS=1 cargo test --test cli`; then the texts of the cases: `TRYCMD=overwrite cargo test --test cli`.

mod cli_support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use cli_support::{PRIVATE, fresh, listing, make, restrict, venue_folder};

/// One of the two tests writes what the other one reads.
static MADE: Mutex<()> = Mutex::new(());

fn by_name(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let name = |path: &Path| path.strip_prefix(folder).map(Path::to_owned).expect("inside");
    listing(folder)
        .into_iter()
        .filter(|(path, ..)| path.is_file() && path.extension().is_none_or(|extension| extension != "lock"))
        .map(|(path, bytes, _)| (name(&path), bytes))
        .collect()
}

#[test]
fn what_the_venue_made_is_up_to_date() {
    let _guard = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = fresh();
    let fixed = by_name(folder.path());
    // a fresh copy has the made files of the top folder, too: they are made again
    for name in fixed.keys().filter(|name| name.extension().is_some_and(|extension| extension == "json")) {
        fs::remove_file(folder.path().join(name)).expect("a copy");
    }
    make(folder.path());
    let made = by_name(folder.path());
    if std::env::var_os("COUNTERFOIL_BLESS").is_some() {
        for (name, bytes) in &made {
            let path = venue_folder().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("makes it");
            fs::write(path, bytes).expect("writes");
        }
    }
    let kept = by_name(&venue_folder());
    let differing: Vec<&PathBuf> =
        made.keys().chain(kept.keys()).filter(|name| made.get(*name) != kept.get(*name)).collect();
    assert!(differing.is_empty(), "not as the command makes them, see the head of this file: {differing:?}");
}

#[test]
fn output_is_exact() {
    let _guard = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    restrict(&venue_folder());
    assert!(PRIVATE.iter().all(|name| venue_folder().join(name).exists()), "{PRIVATE:?}");
    let before = listing(&venue_folder());
    trycmd::TestCases::new().case("tests/cmd/*/*.toml").skip("tests/cmd/venue/*.toml").env("COLUMNS", "100").run();
    assert!(listing(&venue_folder()) == before, "a refusal changed the venue's folder");
}
