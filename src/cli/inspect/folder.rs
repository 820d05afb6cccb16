//! What a folder is, and what lies in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use crate::cli::error::CliError;
use crate::cli::wording::counted;
use crate::cli::{Outcome, say};

/// A folder of more entries is listed up to here.
const ENTRIES_MAX: u64 = 1_000_000;
/// Folders within folders, deeper than anything that this program makes.
const DEPTH_MAX: usize = 12;

/// Kinds of folders by entries which all must be there, and how to go on. The first that fits.
const KINDS: [(&[&str], &str, &str); 7] = [
    (&["manifest.json"], "a sealed bundle of evidence", "reconcile"),
    (&["store", "statement.draft.json"], "a build of liability trees; private", "tree check"),
    (&["checkpoint", "tile"], "a public log", "log check"),
    (&["index.json", "packs"], "sealed proofs for everybody", "verify"),
    (&["about.csv", "findings.csv"], "working papers of a report", "report check"),
    (&["statement.json", "addresses.jsonl"], "a bundle of evidence, not sealed yet", "bundle seal"),
    (&["verify.html"], "a site for customers", "serve"),
];

/// Files and their bytes, in one entry of the folder.
#[derive(Default)]
struct Content {
    files: u64,
    bytes: u64,
    is_folder: bool,
}

pub(super) fn run(path: &Path) -> Outcome {
    let mut entries = BTreeMap::new();
    let mut left = ENTRIES_MAX;
    for (name, entry) in list(path)? {
        let mut content =
            Content { is_folder: entry.file_type().is_ok_and(|kind| kind.is_dir()), ..Content::default() };
        count(&entry.path(), DEPTH_MAX, &mut left, &mut content)?;
        entries.insert(name, content);
    }
    let kind = KINDS.iter().find(|(marks, ..)| marks.iter().all(|mark| entries.contains_key(*mark)));
    let what = kind.map_or("a folder of a kind that this version does not know", |(_, words, _)| words);
    say(format!("{}: {what}", path.display()));
    let width = entries.keys().map(|name| name.chars().count() + 1).max().unwrap_or(0).min(60);
    for (name, content) in &entries {
        // a name of others begins no line of its own
        let name = crate::report::shown(name);
        let shown = if content.is_folder { format!("{name}/") } else { name };
        let files = if content.is_folder { format!(" in {}", files(content.files)) } else { String::new() };
        say(format!("  {shown:<width$}  {:>12} bytes{files}", content.bytes));
    }
    if left == 0 {
        say(format!("only the first {ENTRIES_MAX} entries were counted"));
    }
    say("\nNothing was verified.");
    if let Some((.., verb)) = kind {
        say(format!("`counterfoil {verb} --help` says how to go on."));
    }
    Ok(if kind.is_some() { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

fn files(count: u64) -> String {
    counted(count, "file", "files")
}

fn list(path: &Path) -> Result<Vec<(String, fs::DirEntry)>, CliError> {
    let unreadable = |error: std::io::Error| CliError::Unreadable { path: path.to_owned(), detail: error.to_string() };
    let named = |entry: fs::DirEntry| (entry.file_name().to_string_lossy().into_owned(), entry);
    fs::read_dir(path).map_err(unreadable)?.map(|entry| entry.map(named).map_err(unreadable)).collect()
}

/// Counts what lies below. Symbolic links are not followed: they may lead anywhere.
fn count(path: &Path, depth: usize, left: &mut u64, content: &mut Content) -> Result<(), CliError> {
    let unreadable = |error: std::io::Error| CliError::Unreadable { path: path.to_owned(), detail: error.to_string() };
    let metadata = fs::symlink_metadata(path).map_err(unreadable)?;
    if *left == 0 || depth == 0 {
        return Ok(());
    }
    *left -= 1;
    if !metadata.is_dir() {
        content.files += 1;
        // files full of holes can be said to have more bytes than there are numbers for
        content.bytes = content.bytes.saturating_add(metadata.len());
        return Ok(());
    }
    for (_, entry) in list(path)? {
        count(&entry.path(), depth - 1, left, content)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three files full of holes, of 2^63 - 1 bytes each as a file system in memory has them, have more than 2^64
    /// together.
    #[test]
    fn attack_more_bytes_than_there_are_numbers_for() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("five"), b"bytes").expect("a file");
        let mut content = Content { bytes: u64::MAX - 1, ..Content::default() };
        count(folder.path(), DEPTH_MAX, &mut 10, &mut content).expect("it can be listed");
        assert_eq!((content.bytes, content.files), (u64::MAX, 1));
    }
}
