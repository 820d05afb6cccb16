//! The audit of a store: what was changed is found, and named by the node, leaf or file that differs first.
#![allow(missing_docs, clippy::unwrap_used, clippy::cast_possible_truncation)]

use std::collections::BTreeMap;
use std::sync::Arc;

use counterfoil::asset::Assets;
use counterfoil::code::Coded;
use counterfoil::hash::sha256;
use counterfoil::ledger::{CsvSource, RowSource};
use counterfoil::liability::leaf::SnapshotKey;
use counterfoil::liability::storage::{Folder, MemoryScratch, MemoryStorage};
use counterfoil::liability::store::{HEADER, Store};
use counterfoil::liability::tree_audit::{AuditError, audit, first_difference};
use counterfoil::liability::{BuildOptions, build};
use counterfoil::secret::{Secret, SecretKind};
use twox_hash::XxHash3_128;

type Files = BTreeMap<String, Vec<u8>>;

const ASSETS: &str = "[[asset]]\nid = \"BTC\"\ndecimals = 8\n[[asset]]\nid = \"ETH\"\ndecimals = 18\n";
/// Bytes of a leaf's record and of a node: `docs/spec/store.md`.
const LEAF: usize = 40;
const NODE: usize = 48;

fn ledger(rows: u32) -> String {
    let row =
        |number: u32| format!("u{number},{},{}.5\n", if number.is_multiple_of(9) { "ETH" } else { "BTC" }, number);
    "account,asset,amount\n".to_owned() + &(0..rows).map(row).collect::<String>()
}

fn built(text: &str, split: u16, decoys: u64) -> Files {
    let assets = Assets::parse(ASSETS).unwrap();
    let secret = Secret::new(SecretKind::Master, &mut [1; 32]);
    let key = SnapshotKey::derive(&secret, &[2; 32], &"example".parse().unwrap(), 0);
    let source = CsvSource::new("ledger.csv", 0, std::io::Cursor::new(text.to_owned()), &assets, &[]).unwrap();
    let mut sources: Vec<Box<dyn RowSource<'_> + '_>> = vec![Box::new(source)];
    let (memory, threads, storage) = (1 << 20, 2, MemoryStorage::default());
    let options = BuildOptions { key: &key, build_id: [2; 32], assets: &assets, memory, threads, split, decoys };
    build(&options, &mut sources, &MemoryScratch, &storage, &()).unwrap();
    storage.files()
}

fn audited(files: &Files, threads: usize) -> Result<(), AuditError> {
    audit(&Store::open(Arc::new(MemoryStorage::of(files.clone())))?, threads, &())
}

/// The header with a seal that fits, so that what is behind it is reached.
fn sealed_again(files: &Files, name: &str) -> Files {
    let mut files = files.clone();
    let position = name[..4].parse::<usize>().unwrap();
    let section = ["leaves", "texts", "nodes"].iter().position(|kind| name.ends_with(kind)).unwrap();
    let checksum = XxHash3_128::oneshot(&files[name]);
    let header = files.get_mut(HEADER).unwrap();
    // each tree's three seals end its entry; all entries of this ledger have the same length
    let (first, entry) = (16 + 32 + 32 + 2 + 8 + 8, 1 + 3 + 1 + 7 + 1 + 8 + 16 + 32 + 8 + 48);
    let at = first + (position + 1) * entry - 48 + section * 16;
    header[at..at + 16].copy_from_slice(&checksum.to_be_bytes());
    let content = header.len() - 32;
    let seal = sha256(&header[..content]);
    header[content..].copy_from_slice(seal.as_bytes());
    files
}

#[test]
fn what_was_built_passes() {
    for (rows, split, decoys) in [(1, 1, 0), (20, 1, 0), (300, 1, 5), (300, 3, 4), (40_000, 1, 0)] {
        let files = built(&ledger(rows), split, decoys);
        for threads in [1, 3] {
            audited(&files, threads).unwrap();
        }
    }
}

#[test]
fn every_changed_byte_is_found_even_behind_seals_that_fit() {
    for (split, decoys) in [(1, 2), (2, 1)] {
        let files = built(&ledger(36), split, decoys);
        for (name, file) in &files {
            for at in 0..file.len() {
                let mut changed = files.clone();
                changed.get_mut(name).unwrap()[at] ^= 1 << (at % 8);
                assert!(audited(&changed, 1).is_err(), "byte {at} of {name}");
                if name != HEADER {
                    let changed = sealed_again(&changed, name);
                    assert!(audited(&changed, 1).is_err(), "byte {at} of {name}, sealed again");
                }
                let mut cut = files.clone();
                cut.get_mut(name).unwrap().truncate(at);
                assert!(audited(&cut, 1).is_err(), "{name} cut at {at}");
            }
            let mut longer = files.clone();
            longer.get_mut(name).unwrap().push(0);
            assert!(audited(&longer, 1).is_err(), "a byte more in {name}");
            let mut missing = files.clone();
            missing.remove(name);
            assert!(audited(&missing, 1).is_err(), "no {name}");
        }
    }
}

#[test]
fn the_first_difference_is_named() {
    let files = built(&ledger(40_000), 1, 0);
    let text = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut changed = files.clone();
        change(changed.get_mut(name).unwrap());
        let error = audited(&sealed_again(&changed, name), 2).unwrap_err();
        (error.code().number, error.to_string())
    };
    // a balance of leaf 20,000: the node over its sixteen leaves is the first that differs
    let (code, said) = text("0000.leaves", &|file| file[20_000 * LEAF + 31] ^= 1);
    assert_eq!(code, 2045);
    assert!(said.starts_with("BTC (custody): node 1250 of level 4, over leaves 20000 to 20015, is "), "{said}");
    let (code, said) = text("0000.leaves", &|file| file[20_000 * LEAF + 15] ^= 1);
    assert_eq!((code, &*said), (2046, "BTC (custody): leaf 20000 does not stand where the key puts its account"));
    let (code, said) = text("0000.leaves", &|file| {
        let (left, right) = file.split_at_mut(16_384 * LEAF);
        left[16_383 * LEAF..].swap_with_slice(&mut right[..LEAF]);
    });
    assert_eq!(code, 2014, "{said}");
    // the root of the first 16,384 leaves stands alone above them, and the one of 32,768 right behind the second half
    let groups = |leaves: usize| 2 * (leaves >> 4) - (leaves >> 4).count_ones() as usize;
    let (code, said) = text("0000.nodes", &|file| file[(groups(32_768) - 1) * NODE] ^= 1);
    assert_eq!(code, 2045);
    assert!(said.starts_with("BTC (custody): node 0 of level 15, over leaves 0 to 32767, is "), "{said}");
    let mut damaged = files.clone();
    damaged.get_mut("0001.texts").unwrap()[0] ^= 8;
    let said = audited(&damaged, 2).unwrap_err().to_string();
    assert_eq!(said, "ETH (custody): the texts of a leaf cannot be read");
}

#[test]
fn the_first_leaf_that_the_ledger_does_not_give_is_named() {
    let text = ledger(9_000);
    let open = |files: Files| Store::open(Arc::new(MemoryStorage::of(files))).unwrap();
    let store = open(built(&text, 1, 0));
    let against = |text: &str| {
        let ledger = open(built(text, 1, 0));
        first_difference(&ledger.trees()[0], &store.trees()[0]).unwrap().map(|place| place.to_string())
    };
    assert_eq!(against(&text), None);
    let said = against(&text.replace("u4711,BTC,4711.5\n", "")).unwrap();
    assert!(said.contains("account \"u4711\" is leaf ") && said.ends_with(" of the store, and not in the ledger"));
    let said = against(&(text.clone() + "u10000,BTC,1\n")).unwrap();
    assert!(said.starts_with("account \"u10000\" is in the ledger, as leaf "), "{said}");
    let said = against(&text.replace("u4711,BTC,4711.5\n", "u4711,BTC,4711.6\n")).unwrap();
    assert!(said.ends_with(", of account \"u4711\", has another balance in the ledger"), "{said}");
    assert!(!said.contains("4711.5") && !said.contains("471150000000"), "a balance in {said}");
}

#[test]
fn a_pipe_in_the_place_of_a_file_is_refused_and_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in built(&ledger(20), 1, 0).iter().filter(|(name, _)| *name != "0000.texts") {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("0000.texts")).status().unwrap();
    assert!(made.success());
    let error = Store::open(Arc::new(Folder::new(folder.path()))).err().unwrap();
    assert_eq!(error.to_string(), "0000.texts is not a file");
}
