//! The patches of `tests/switch_off/` still fit: each applies to the sources as they are, names a test that exists, and
//! every row of the table of attacks that names a scenario and a check has one. That the tests fail under them is what
//! `tests/switch_off/run.sh` shows.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use counterfoil::lab::scenario::Expected;
use counterfoil::lab::{attacks, scenarios};

/// Scenarios without a patch, each with the reason.
const WITHOUT: [(&str, &str); 2] = [
    (
        "amounts-shifted",
        "leaf and node both bind the amount: to switch off one of them changes nothing (A6 has a patch for a vector)",
    ),
    ("joined-text", "the leaf has fields of fixed width between its texts: without lengths this attack still fails"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn patches() -> Vec<(PathBuf, String)> {
    let files = fs::read_dir(root().join("tests/switch_off")).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<(PathBuf, String)> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "patch"))
        .map(|path| (path.clone(), fs::read_to_string(path).unwrap()))
        .collect();
    found.sort();
    found
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[test]
fn every_patch_applies() {
    for (path, _) in patches() {
        let done = Command::new("git").args(["apply", "--check"]).arg(&path).current_dir(root()).output().unwrap();
        assert!(done.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&done.stderr));
    }
}

#[test]
fn every_patch_is_small_and_names_what_it_switches_off_and_its_test() {
    for (path, text) in patches() {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(field(&text, "Off").is_some_and(|what| !what.is_empty()), "{name}: no line `Off:`");
        let changed = text
            .lines()
            .filter(|line| line.starts_with(['+', '-']) && !line.starts_with("+++") && !line.starts_with("---"));
        assert!(changed.count() <= 24, "{name} changes more than a countermeasure");
        assert!(
            text.lines().filter(|line| line.starts_with("+++ ")).all(|line| line.starts_with("+++ b/src/")),
            "{name}"
        );
        let test = field(&text, "Test").unwrap_or_default();
        match test.split_once(' ') {
            Some(("lab", names)) => {
                assert!(names.split(' ').all(|scenario| scenarios::find(scenario).is_ok()), "{name}: {names}");
                assert!(field(&text, "Then").is_some(), "{name}: does not say how the scenario ends then");
            }
            Some(("vector", names)) => names.split(' ').for_each(|vector| {
                assert!(root().join(format!("vectors/{vector}.json")).is_file(), "{name}: no vector {vector}");
            }),
            _ => unreachable!("{name}: Test: {test}"),
        }
    }
}

/// The page is written by a whole run of `run.sh`: a patch that is new or otherwise has not been run since.
#[test]
fn the_page_has_a_row_for_every_patch() {
    let page = fs::read_to_string(root().join("tests/switch_off/README.md")).unwrap();
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| [")).collect();
    let expected: Vec<String> = patches()
        .iter()
        .map(|(path, text)| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let [off, test] = ["Off", "Test"].map(|line| field(text, line).unwrap());
            let then = field(text, "Then").unwrap_or("another result");
            format!("| [{name}]({name}.patch) | {off} | `{test}` | {then} |")
        })
        .collect();
    assert_eq!(rows, expected, "run tests/switch_off/run.sh");
}

#[test]
fn every_scenario_that_is_caught_has_a_patch() {
    let patches = patches();
    let switched: BTreeSet<&str> = patches
        .iter()
        .filter_map(|(_, text)| field(text, "Test")?.strip_prefix("lab "))
        .flat_map(|names| names.split(' '))
        .collect();
    let without: BTreeSet<&str> = WITHOUT.iter().map(|(name, _)| *name).collect();
    for scenario in scenarios::ALL {
        let needed = scenario.expected != Expected::Undetected && !without.contains(scenario.name);
        assert_eq!(switched.contains(scenario.name), needed, "{}", scenario.name);
    }
}

#[test]
fn every_row_with_a_check_has_a_patch() {
    let patches = patches();
    let names: Vec<String> =
        patches.iter().map(|(path, _)| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    let tests: Vec<&str> = patches.iter().filter_map(|(_, text)| field(text, "Test")?.strip_prefix("lab ")).collect();
    for attack in attacks::table().unwrap() {
        let by_name = names.iter().any(|name| name.starts_with(&format!("{}-", attack.id.to_lowercase())));
        let by_scenario =
            attack.scenarios.iter().any(|name| tests.iter().any(|test| test.split(' ').any(|one| one == name)));
        let excused = attack.scenarios.iter().any(|name| WITHOUT.iter().any(|(without, _)| without == name));
        if !attack.checks.is_empty() || attack.verdict.is_some() {
            assert!(by_name || by_scenario || excused, "{}: no patch", attack.id);
        }
    }
}
