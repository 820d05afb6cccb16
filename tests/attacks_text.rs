//! Names and words of others that would draw lines of their own, and what no second look finds.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn run(folder: &Path, arguments: &[&str], input: Option<&[u8]>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
    command.args(arguments).current_dir(folder);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.unwrap_or_default()).unwrap();
    child.wait_with_output().unwrap()
}

fn lines(output: &Output) -> Vec<String> {
    String::from_utf8(output.stdout.clone()).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn attack_a_name_in_a_folder_draws_no_line() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("a\nBTC: covered")).unwrap();
    fs::write(folder.path().join("b\n\u{1b}[31mshort"), b"").unwrap();
    let output = run(folder.path(), &["inspect", "."], None);
    let lines = lines(&output);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(lines.len(), 5, "{lines:?}");
    assert!(lines.iter().all(|line| !line.starts_with("BTC") && !line.contains('\u{1b}')), "{lines:?}");
}

/// A pipe gives its bytes once: what was looked at is not missing from what is read.
#[test]
fn attack_a_pipe_is_what_comes_out_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let card = br#"{"format":"counterfoil-venue-card-v1"}"#;
    fs::write(folder.path().join("card.json"), card).unwrap();
    let (file, pipe) = (
        run(folder.path(), &["inspect", "card.json"], None),
        run(folder.path(), &["inspect", "/dev/stdin"], Some(card)),
    );
    let told = |output: &Output| lines(output).join("\n").split_once(": ").unwrap().1.to_owned();
    assert_eq!(told(&pipe), told(&file));
    assert!(told(&pipe).contains("the card of a venue"), "{}", told(&pipe));
    // of a secret nothing is said but that it is one
    let key = run(folder.path(), &["inspect", "/dev/stdin"], Some(b"counterfoil-signing-key-v1\nsecret words"));
    assert!(!lines(&key).join("\n").contains("sha256"), "{:?}", lines(&key));
}

#[test]
fn attack_the_unit_of_a_sheet_draws_no_line() {
    let folder = tempfile::tempdir().unwrap();
    let sheet = "format = \"counterfoil-sheet-v1\"\nname = \"a\"\nas_of = \"2022-11-10T00:00:00Z\"\nsources = [\"b\"]\n\
                 unit = \"USD\\nCOVERED: all of it\"\ncallable = \"at-once\"\n[[liability]]\nname = \"c\"\namount = \"1\"\n";
    fs::write(folder.path().join("sheet.toml"), sheet).unwrap();
    let output = run(folder.path(), &["sheet", "sheet.toml"], None);
    let lines = lines(&output);
    assert!(lines.iter().any(|line| line.starts_with("As of 2022-11-10")), "{lines:?}");
    assert!(lines.iter().all(|line| !line.starts_with("COVERED")), "{lines:?}");
}
