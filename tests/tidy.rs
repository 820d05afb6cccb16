//! The rules of `docs/style.md` and the arrows of `docs/architecture.md` that a program can check. Each rule has a
//! test of its own on a bad sample beside it, so that it cannot silently stop working.

#[path = "tidy/arrows.rs"]
mod arrows;
#[path = "tidy/docs.rs"]
mod docs;
#[path = "tidy/rules.rs"]
mod rules;
#[path = "tidy/source.rs"]
mod source;

use std::fs;
use std::path::{Path, PathBuf};

use docs::Text;
use source::Source;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Folders that are made, not written.
const MADE: &[&str] = &["target", ".git", "counterfoil-demo", "node_modules", "__pycache__", "corpus", "artifacts"];

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).expect("folders of the checkout can be read");
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if MADE.contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            walk(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Every text file, by its path in the checkout.
fn texts() -> Vec<Text> {
    let mut found = Vec::new();
    walk(root(), &mut found);
    let relative = |path: &PathBuf| path.strip_prefix(root()).map(|path| path.to_string_lossy().replace('\\', "/"));
    let texts = found.iter().filter_map(|path| {
        let text = fs::read_to_string(path).ok()?;
        Some(Text { path: relative(path).ok()?, text })
    });
    texts.collect()
}

/// Rust files under `folder`, named from there on, or from the checkout when `full`.
fn sources(folder: &str, full: bool) -> Vec<Source> {
    let texts = texts();
    let rust = texts.iter().filter(|file| file.path.ends_with(".rs"));
    let inside = rust.filter_map(|file| {
        let name = file.path.strip_prefix(folder)?.strip_prefix('/')?;
        Some(Source::new(if full { &file.path } else { name }, &file.text))
    });
    let found: Vec<Source> = inside.collect();
    assert!(!found.is_empty(), "no Rust files under {folder}: the walk is broken");
    found
}

fn src() -> Vec<Source> {
    sources("src", false)
}

fn all_rust() -> Vec<Source> {
    [sources("src", true), sources("tests", true)].into_iter().flatten().collect()
}

fn exists(path: &str) -> bool {
    root().join(path).exists()
}

/// All violations together, not the first.
fn expect_none(violations: Vec<String>) {
    let mut violations = violations;
    violations.sort();
    violations.dedup();
    assert!(violations.is_empty(), "{} violations:\n{}", violations.len(), violations.join("\n"));
}

#[test]
fn parts_know_only_what_the_arrows_allow() {
    expect_none(arrows::wrong_arrows(&src()));
}

#[test]
fn every_part_of_the_arrows_exists_or_is_planned() {
    let planned = ["foreign"];
    let missing = arrows::ARROWS.iter().map(|(part, _)| *part).filter(|part| !planned.contains(part));
    let missing = missing.filter(|part| !exists(&format!("src/{part}.rs")) && !exists(&format!("src/{part}/mod.rs")));
    expect_none(missing.map(|part| format!("src/{part}.rs is missing")).collect());
}

#[test]
fn banned_words_are_absent() {
    expect_none(rules::banned(&src()));
}

#[test]
fn fetch_verifies_nothing() {
    expect_none(rules::fetch_verifies(&src()));
}

#[test]
fn unsafe_code_is_listed() {
    expect_none(rules::unlisted_unsafe(&src()));
    let unused = rules::UNSAFE_MODULES.iter().filter(|path| !exists(&format!("src/{path}")));
    expect_none(unused.map(|path| format!("src/{path} is listed for `unsafe` and does not exist")).collect());
}

#[test]
fn lines_functions_and_files_are_short() {
    let rust = all_rust();
    expect_none([rules::long_lines(&rust), rules::long_functions(&rust), rules::big_files(&rust)].concat());
}

fn names(folder: &str, kind: fn(&Path) -> bool) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).map(|entries| entries.filter_map(Result::ok).collect::<Vec<_>>());
    let paths = entries.unwrap_or_default().into_iter().map(|entry| entry.path()).filter(|path| kind(path));
    let mut names: Vec<String> =
        paths.filter_map(|path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned())).collect();
    names.sort();
    names
}

#[test]
fn specification_module_and_vectors_share_a_name() {
    let specs = names("docs/spec", |path| path.extension().is_some_and(|extension| extension == "md"));
    let vectors = names("vectors", Path::is_dir);
    expect_none([docs::four_places(&specs, &vectors, &exists), docs::reasons()].concat());
}

#[test]
fn the_index_lists_every_document() {
    expect_none(docs::missing_from_index(&texts()));
}

#[test]
fn links_lead_somewhere() {
    expect_none(docs::broken_links(&texts(), &exists));
}

#[test]
fn documents_have_one_title() {
    expect_none(docs::titles(&texts()));
}

#[test]
fn documents_named_in_sources_exist() {
    let texts: Vec<Text> = texts().into_iter().filter(|file| !file.path.ends_with(".md")).collect();
    expect_none(docs::promised_documents(&texts, &exists));
}

#[test]
fn codes_named_in_documents_exist() {
    expect_none(docs::unknown_codes(&texts()));
}

#[test]
fn nothing_stray_is_left() {
    expect_none(docs::stray_words(&texts()));
}
