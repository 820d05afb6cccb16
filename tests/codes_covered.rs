//! Every code that the catalogue explains is raised somewhere and reached by a test: a code that nothing raises is a
//! promise that nobody keeps.

use std::fs;
use std::path::{Path, PathBuf};

use counterfoil::code::{self, Code};

/// Codes that the program does not name outside their table.
const NOT_RAISED: [(&str, &str); 1] = [(
    "ADDRESS_SET_ROOT",
    "what the vectors call a set with another root; inside a bundle it is the finding ADDRESS_SET_DIFFERS",
)];

/// Codes that no test reaches.
const NOT_REACHED: [(&str, &str); 2] = [
    ("DEMO_UNEXPECTED", "the demonstration gives another verdict only when the program is wrong"),
    ("LAB_CHAIN", "a scenario that the embedded chain cannot follow is a mistake of the program"),
];

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("folders of the checkout can be read") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            walk(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Every text file below `folder` with its path.
fn texts(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    let read = |path: PathBuf| Some((path.display().to_string(), fs::read_to_string(&path).ok()?));
    let texts: Vec<_> = found.into_iter().filter_map(read).collect();
    assert!(!texts.is_empty(), "no text below {folder}");
    texts
}

/// The program without its tests, and its tests.
fn program() -> (String, String) {
    let (mut shipped, mut tests) = (String::new(), String::new());
    for (path, text) in texts("src").into_iter().filter(|(path, _)| !path.contains("/src/code")) {
        let is_test = path.ends_with("/tests.rs") || path.contains("/tests/");
        let whole = if is_test { 0 } else { text.find("#[cfg(test)]").unwrap_or(text.len()) };
        let (code, test) = text.split_at(whole);
        shipped.push_str(code);
        tests.push_str(test);
    }
    (shipped, tests)
}

/// Whether `word` stands in `text`, and not as a part of a longer one.
fn names(text: &str, word: &str) -> bool {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    text.match_indices(word).any(|(at, _)| {
        let (before, behind) = (&text[..at], &text[at + word.len()..]);
        !part(before.chars().next_back()) && !part(behind.chars().next())
    })
}

/// All that are missing together; an entry of `allowed` that is not needed is wrong, too.
fn expect_only(missing: Vec<&'static Code>, allowed: &[(&str, &str)], what: &str) {
    let mut missing: Vec<&str> = missing.into_iter().map(|code| code.name).collect();
    missing.sort_unstable();
    let mut allowed: Vec<&str> = allowed.iter().map(|(name, _)| *name).collect();
    allowed.sort_unstable();
    assert_eq!(missing, allowed, "{what}: left the codes found, right those that the list at the head allows");
}

#[test]
fn every_code_is_raised() {
    let (shipped, _) = program();
    expect_only(code::all().filter(|code| !names(&shipped, code.name)).collect(), &NOT_RAISED, "not raised");
}

/// By its name, as a person reads it, or by its number alone.
#[test]
fn every_code_is_reached_by_a_test() {
    let own = "codes_covered.rs";
    let (_, mut tests) = program();
    for (_, text) in texts("tests").into_iter().chain(texts("vectors")).filter(|(path, _)| !path.ends_with(own)) {
        tests.push_str(&text);
    }
    let spellings = |code: &Code| [code.name.to_owned(), code.to_string(), code.number.to_string()];
    let reached = |code: &&Code| spellings(code).iter().any(|spelling| names(&tests, spelling));
    expect_only(code::all().filter(|code| !reached(code)).collect(), &NOT_REACHED, "not reached by a test");
}

#[test]
fn names_are_whole_words() {
    assert!(names("x = codes::KEY_FILE;", "KEY_FILE") && names("error[CF-1004]:", "CF-1004"));
    assert!(!names("MASTER_KEY_FILE", "KEY_FILE") && !names("KEY_FILES", "KEY_FILE"));
}
