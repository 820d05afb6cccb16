//! `vectors/` holds exactly what the generator makes, byte for byte. `COUNTERFOIL_BLESS=1` writes it instead.

mod vector_runner;
mod vectors_gen;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use vector_runner::KINDS;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

/// Every file in the folders of `vectors/` but the reference, by its path.
fn checked_in() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for kind in folders() {
        for entry in fs::read_dir(folder().join(&kind)).expect("a folder can be listed") {
            let path = entry.expect("a folder can be listed").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let bytes = fs::read(&path).expect("a vector can be read");
            files.insert(format!("{kind}/{name}"), String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    files
}

fn folders() -> BTreeSet<String> {
    let entries = fs::read_dir(folder()).expect("vectors/ is part of the repository");
    let folders = entries.map(|entry| entry.expect("a folder can be listed").path()).filter(|path| path.is_dir());
    let names = folders.map(|path| path.file_name().unwrap_or_default().to_string_lossy().into_owned());
    names.filter(|name| name != "reference" && name != "episodes").collect()
}

#[test]
fn vectors_are_up_to_date() {
    let made = vectors_gen::all();
    let bless = std::env::var_os("COUNTERFOIL_BLESS").is_some_and(|value| value == "1");
    if bless {
        for kind in KINDS {
            fs::create_dir_all(folder().join(kind)).expect("a folder can be made");
        }
        for (name, text) in &made.files {
            fs::write(folder().join(name), text).expect("a vector can be written");
        }
        for name in checked_in().keys().filter(|name| !made.files.contains_key(*name)) {
            fs::remove_file(folder().join(name)).expect("a vector can be removed");
        }
    }
    let found = checked_in();
    let mut wrong = made.surprises;
    for (name, text) in &made.files {
        match found.get(name) {
            None => wrong.push(format!("{name}: missing")),
            Some(other) if other != text => wrong.push(format!("{name}: stale")),
            Some(_) => (),
        }
    }
    wrong.extend(
        found.keys().filter(|name| !made.files.contains_key(*name)).map(|name| format!("{name}: unknown file")),
    );
    for kind in KINDS {
        if !made.files.keys().any(|name| name.split('/').next() == Some(kind)) {
            wrong.push(format!("{kind}: no vectors"));
        }
    }
    wrong.extend(
        folders()
            .into_iter()
            .filter(|kind| !KINDS.contains(&kind.as_str()))
            .map(|kind| format!("{kind}/: unknown folder")),
    );
    assert!(wrong.is_empty(), "{} of {} vectors:\n{}", wrong.len(), made.files.len(), wrong.join("\n"));
}
