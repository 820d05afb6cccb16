//! Scenarios through the command: the files that `--keep` leaves show the same under the normal commands, and without
//! it nothing is left behind.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::Path;
use std::process::Command;

use counterfoil::lab::scenario::FOLDER;
use counterfoil::lab::scenarios;

/// The command in a folder: its exit code, and both outputs.
fn run(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_counterfoil")).args(arguments).current_dir(folder).output().unwrap();
    (out.status.code().unwrap(), String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned())
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().next().is_none()
}

/// Every command that a scenario prints does what the scenario says of it.
#[test]
fn kept_files_show_the_same_under_the_normal_commands() {
    let place = tempfile::tempdir().unwrap();
    let (code, said) = run(place.path(), &["lab", "run", "--all", "--keep", "kept"]);
    assert_eq!(code, 0, "{said}");
    for line in said.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    for scenario in scenarios::ALL {
        assert!(said.contains(&format!("{}: ", scenario.name)), "{}", scenario.name);
        let played = scenario.run().unwrap();
        assert!(said.contains("What nobody could catch:"));
        for show in &played.shows {
            let line = show.line.replace(FOLDER, &format!("kept/{}", scenario.name));
            let (code, said) = run(place.path(), &line.split(' ').collect::<Vec<_>>());
            assert_eq!(code, i32::from(show.exit), "{}: counterfoil {line}\n{said}", scenario.name);
            assert!(
                said.contains(&show.prints),
                "{}: no {:?} from counterfoil {line}\n{said}",
                scenario.name,
                show.prints
            );
        }
    }
}

#[test]
fn nothing_is_left_behind() {
    let (place, temporary) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let out = Command::new(env!("CARGO_BIN_EXE_counterfoil"))
        .args(["lab", "run", "--all"])
        .env("TMPDIR", temporary.path())
        .current_dir(place.path())
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(0));
    assert!(is_empty(place.path()) && is_empty(temporary.path()));
}

#[test]
fn pages_and_json_are_complete() {
    let place = tempfile::tempdir().unwrap();
    let (code, said) = run(place.path(), &["lab", "run", "sum-wraps", "--json", "--html", "page.html"]);
    assert_eq!(code, 0, "{said}");
    let rows: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(rows[0]["name"], "sum-wraps");
    assert_eq!(
        (rows[0]["naive"]["believed"].as_bool(), rows[0]["counterfoil"]["believed"].as_bool()),
        (Some(true), Some(false))
    );
    let page = fs::read_to_string(place.path().join("page.html")).unwrap();
    assert!(page.contains("CF-2008") && page.contains("a sum runs over the end of the machine word"), "{page}");
    // an output that exists is not replaced unasked
    let (code, said) = run(place.path(), &["lab", "run", "sum-wraps", "--html", "page.html"]);
    assert!(code == 2 && said.contains("CF-9002"), "{said}");
    let (_, said) = run(place.path(), &["lab", "list", "--json"]);
    let rows: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), scenarios::ALL.len());
    let (_, said) = run(place.path(), &["lab", "matrix", "--json"]);
    let rows: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert!(rows.as_array().unwrap().iter().all(|row| row["counterfoil"].is_string()));
}

#[test]
fn unknown_names_are_refused() {
    let place = tempfile::tempdir().unwrap();
    let (code, said) = run(place.path(), &["lab", "run", "no-such-thing"]);
    assert!(code == 2 && said.contains("CF-9010"), "{said}");
    let (code, _) = run(place.path(), &["lab", "run"]);
    assert_eq!(code, 2, "neither a name nor --all");
}

/// Each line below a command in the document stands in what the command prints.
#[test]
fn figures_in_the_document_are_those_of_the_command() {
    let place = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/gaming.md")).unwrap();
    let blocks: Vec<&str> = text.split("```\n").filter(|block| block.starts_with("$ counterfoil ")).collect();
    assert!(blocks.len() >= 8, "{} commands", blocks.len());
    for block in blocks {
        let (command, lines) = block.split_once('\n').unwrap();
        let arguments: Vec<&str> = command.trim_start_matches("$ counterfoil ").split(' ').collect();
        let (code, said) = run(place.path(), &arguments);
        assert_eq!(code, 0, "{command}: {said}");
        let printed: Vec<&str> = said.lines().collect();
        for line in lines.lines() {
            assert!(printed.contains(&line), "{command} does not print {line:?}:\n{said}");
        }
    }
}

#[test]
fn strategies_have_a_page_and_json() {
    let place = tempfile::tempdir().unwrap();
    let (code, said) = run(place.path(), &["lab", "strategy", "--json", "--html", "page.html"]);
    assert_eq!(code, 0, "{said}");
    let figures: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert!(figures["plans"].as_array().unwrap().len() > 5);
    let page = fs::read_to_string(place.path().join("page.html")).unwrap();
    assert!(page.contains("<svg") && page.contains("chance of being seen"), "{page}");
    let (code, said) = run(place.path(), &["lab", "strategy", "--accounts", "0"]);
    assert!(code == 2 && said.contains("CF-9012"), "{said}");
    let (code, said) = run(place.path(), &["lab", "strategy", "--sampled", "290"]);
    assert!(code == 2 && said.contains("CF-9012"), "{said}");
}
