//! The table of attacks is complete and true: each row names scenarios, vectors and tests that exist, each scenario
//! stands in a row, and the page generated from it is up to date.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use counterfoil::lab::attacks::{self, Attack};
use counterfoil::lab::scenario::Expected;
use counterfoil::lab::scenarios;

/// Every attack that is known. A row that disappears is missed here.
const KNOWN: [&str; 46] = [
    "A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "A10", "A11", "A12", "A13", "A14", "A15", "B1", "B2", "B4",
    "B5", "B6", "B7", "B8", "B9", "B13", "C", "R1", "R2", "R4", "R5", "R6", "R7", "R8", "R9", "R10", "R11", "R12",
    "R13", "R15", "R16", "R17", "R18", "R19", "R20", "R21", "R22", "R23",
];

/// Rows of which a part waits for something that is not in this version.
const PENDING: [&str; 0] = [];

fn checkout(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn table() -> Vec<Attack> {
    attacks::table().unwrap()
}

#[test]
fn every_known_attack_has_a_row() {
    let ids: Vec<String> = table().into_iter().map(|attack| attack.id).collect();
    let mut known: Vec<&str> = KNOWN.to_vec();
    let mut got: Vec<&str> = ids.iter().map(String::as_str).collect();
    known.sort_unstable();
    got.sort_unstable();
    assert_eq!(got, known);
}

#[test]
fn every_row_has_a_scenario_or_a_vector() {
    for attack in table() {
        let shown = !attack.scenarios.is_empty() || !attack.vectors.is_empty();
        assert!(shown, "{}: neither a scenario nor a vector", attack.id);
        assert_eq!(attack.pending.is_some(), PENDING.contains(&attack.id.as_str()), "{}: pending", attack.id);
        let met = !attack.checks.is_empty()
            || attack.verdict.is_some()
            || attack.undetectable.is_some()
            || attack.pending.is_some();
        assert!(met, "{}: neither a check, nor why there is none", attack.id);
    }
}

#[test]
fn every_vector_and_test_exists() {
    for attack in table() {
        for vector in &attack.vectors {
            assert!(checkout(&format!("vectors/{vector}.json")).is_file(), "{}: no vector {vector}", attack.id);
        }
        for test in &attack.tests {
            let (file, name) = test.split_once("::").unwrap();
            let text = fs::read_to_string(checkout(file)).unwrap_or_default();
            assert!(text.contains(&format!("fn {name}(")), "{}: no test {test}", attack.id);
        }
    }
}

#[test]
fn scenarios_and_rows_name_one_another() {
    let table = table();
    for scenario in scenarios::ALL {
        let rows: BTreeSet<&str> = table
            .iter()
            .filter(|attack| attack.scenarios.iter().any(|name| name == scenario.name))
            .map(|attack| attack.id.as_str())
            .collect();
        let own: BTreeSet<&str> = scenario.attacks.iter().copied().collect();
        assert_eq!(rows, own, "{}", scenario.name);
        if let Some(code) = scenario.expected.code() {
            let named =
                table.iter().any(|attack| own.contains(attack.id.as_str()) && attack.codes().unwrap().contains(&code));
            assert!(named, "{}: {code} is in no row of {own:?}", scenario.name);
        }
        if let Expected::Verdict(_, verdict) = scenario.expected {
            let named = |attack: &Attack| {
                own.contains(attack.id.as_str()) && attack.verdict.as_deref() == Some(&verdict.to_string())
            };
            assert!(table.iter().any(named), "{}: {verdict} is in no row of {own:?}", scenario.name);
        }
    }
}

/// `COUNTERFOIL_BLESS=1` writes the page.
#[test]
fn the_page_is_up_to_date() {
    let (path, page) = (checkout("docs/attacks.md"), attacks::page(&table()));
    if std::env::var_os("COUNTERFOIL_BLESS").is_some() {
        fs::write(&path, page).unwrap();
        return;
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), page, "run again with COUNTERFOIL_BLESS=1");
}

/// Whoever reads of a failure finds what plays it.
#[test]
fn known_flaws_name_the_scenarios() {
    let text = fs::read_to_string(checkout("docs/known-flaws.md")).unwrap();
    for attack in table() {
        let row = text.lines().find(|line| line.starts_with(&format!("| {} |", attack.id))).unwrap_or_default();
        // what checking shows is a section of its own
        assert!(!row.is_empty() || attack.id == "C", "{}: no row", attack.id);
        for name in attack.scenarios.iter().filter(|_| !row.is_empty()) {
            assert!(row.contains(&format!("`lab run {name}`")), "{}: no {name} in its row", attack.id);
        }
    }
}
