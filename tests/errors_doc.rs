//! `docs/errors.md` is the catalogue of codes, rendered. `COUNTERFOIL_BLESS=1 cargo test --test errors_doc` writes it.
#![allow(clippy::panic, missing_docs)]

use std::path::Path;

use counterfoil::code::{self, Code, Outcome};

/// First digit of the number, the part of the program, and what its codes are about.
const RANGES: &[(u16, &str, &str)] = &[
    (1, "Ledgers, amounts and assets", "What `build` says about the venue's own files."),
    (2, "Liability tree, store and inclusion proofs", "What `build`, `prove` and `verify` say about balances."),
    (3, "Keys, statements and the policy", "What every verb says about signed files and about the verifier's own."),
    (4, "Bundles, address set and challenge", "What `bundle`, `challenge`, `reserves` and `reconcile` say."),
    (5, "Bitcoin", "Control and balances. In a report they stand as findings, or in the detail of one."),
    (6, "EVM chains", "Control and balances. In a report they stand as findings, or in the detail of one."),
    (
        7,
        "Findings of a reconciliation",
        "They stand in reports. The exit code of `reconcile` is that of the verdict, not of a finding.",
    ),
    (
        8,
        "Reports and other venues' proofs",
        "What `report` says about reports that somebody made again, and `foreign` about files in the formats of others.",
    ),
    (9, "Files and the command line", "What any verb says about its arguments and files."),
];

const HEAD: &str = "# Errors

Every refusal and every finding has a code. `counterfoil explain CF-1004` prints one of these entries, `counterfoil
explain` the list. The file is written by `tests/errors_doc.rs` from the tables under `src/code/`; do not edit it.

A number keeps its meaning for ever. *Failed* means that a check was made and failed: exit code 1. *Not made* means that
a check could not be made: exit code 2. When there are several errors, 1 beats 2.
";

fn outcome(code: &Code) -> &'static str {
    match code.outcome {
        Outcome::Failed => "Failed (exit code 1).",
        Outcome::NotMade => "Not made (exit code 2).",
    }
}

/// Lines of at most 120 characters, broken at spaces.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is a first line");
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > 120 {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n")
}

/// The catalogue writes remedies as half sentences, as they stand behind `help:`.
fn sentence(text: &str) -> String {
    let mut rest = text.chars();
    // a name in backquotes keeps its spelling
    let first: String = rest.next().into_iter().flat_map(char::to_uppercase).collect();
    let stop = if text.ends_with('.') { "" } else { "." };
    format!("{first}{}{stop}", rest.as_str())
}

fn render() -> String {
    let mut page = HEAD.to_owned();
    for (range, title, about) in RANGES {
        page.push_str(&format!("\n## CF-{range}nnn: {title}\n\n{}\n", wrapped(about)));
        for code in code::all().filter(|code| code.number / 1000 == *range) {
            page.push_str(&format!("\n### {code}: {}\n\n", code.title));
            let body = format!("{} {} What to do: {}", outcome(code), code.meaning, sentence(code.remedy));
            page.push_str(&wrapped(&body));
            page.push('\n');
        }
    }
    page
}

#[test]
fn the_document_is_the_catalogue() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/errors.md");
    let expected = render();
    if std::env::var_os("COUNTERFOIL_BLESS").is_some() {
        std::fs::write(&path, &expected).expect("the checkout can be written");
    }
    let got = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = expected.lines().zip(got.lines()).find(|(expected, got)| expected != got);
    assert!(
        expected == got,
        "docs/errors.md is not the catalogue of src/code/ (first difference: {differs:?}); write it with COUNTERFOIL_BLESS=1 cargo test --test errors_doc"
    );
}

#[test]
fn every_code_has_a_range() {
    let lost: Vec<String> = code::all()
        .filter(|code| !RANGES.iter().any(|(range, _, _)| code.number / 1000 == *range))
        .map(Code::to_string)
        .collect();
    assert!(lost.is_empty(), "{lost:?}");
}
