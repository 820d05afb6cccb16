//! The inputs that are kept for the fuzz targets, as ordinary tests.
#![allow(missing_docs, clippy::panic)]

#[path = "../fuzz/src/lib.rs"]
mod fuzz;

use std::fs;
use std::path::{Path, PathBuf};

/// Larger inputs are not small ones, and make every checkout slower.
const BYTES_MAX: u64 = 500_000;

fn corpus(name: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

#[test]
fn every_input_passes() {
    for (name, target) in fuzz::TARGETS {
        let inputs = corpus(name);
        assert!(inputs.len() >= 5, "{name} has {} inputs", inputs.len());
        for path in inputs {
            let bytes = fs::read(&path).expect("an input");
            let ended = std::panic::catch_unwind(|| target(&bytes));
            assert!(ended.is_ok(), "{} fails in target {name}", path.display());
        }
    }
}

/// What a fuzzer starts from: files that are right, so that few changes lead far.
#[test]
fn honest_inputs_are_up_to_date() {
    let bless = std::env::var_os("COUNTERFOIL_BLESS").is_some();
    for (target, name, bytes) in fuzz::honest_inputs() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fuzz/corpus/{target}/honest-{name}"));
        if bless {
            fs::create_dir_all(path.parent().expect("a folder")).expect("the checkout");
            fs::write(&path, &bytes).expect("the checkout");
        }
        let hint = "COUNTERFOIL_BLESS=1 cargo test --test fuzz_corpora writes it";
        assert!(fs::read(&path).is_ok_and(|kept| kept == bytes), "{}: {hint}", path.display());
    }
}

#[test]
fn corpora_are_small() {
    let size = |path: &PathBuf| fs::metadata(path).expect("an input").len();
    let total: u64 = fuzz::TARGETS.iter().flat_map(|(name, _)| corpus(name)).map(|path| size(&path)).sum();
    assert!(total < BYTES_MAX, "{total} bytes of inputs, fewer than {BYTES_MAX} are kept");
}
