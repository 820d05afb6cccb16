//! Public and auditor's parts of a bundle: what a published copy lacks is told, and decides nothing.
#![allow(clippy::unwrap_used, missing_docs)]

mod cli_support;

use std::fs;
use std::sync::LazyLock;

use cli_support::{bundle, done, made, refused_without_a_trace, run};
use counterfoil::bundle::{MANIFEST, MemoryFiles, paths, seal_parts};
use counterfoil::hash::sha256;
use counterfoil::lab::example_venue::ExampleVenue;
use counterfoil::policy::Policy;
use counterfoil::reconcile::{Report, Severity, Verdict, reconcile};
use counterfoil::secret::{Secret, SecretKind};
use counterfoil::signature::{Algorithm, SigningKey};
use counterfoil::snapshot::Time;

const BITCOIN: &str = "chains/bip122_0f9188f13cb7b2c71f2a335e3a4fc328";
const EVM: &str = "chains/eip155_1337";
const UNKNOWN: Verdict = Verdict::NotDeterminable;

static VENUE: LazyLock<ExampleVenue> = LazyLock::new(|| ExampleVenue::new().unwrap());

fn sealed_with(auditor: &[&str]) -> MemoryFiles {
    let mut files = VENUE.bundle.clone();
    files.remove(MANIFEST);
    files.insert("auditor/notes.txt".to_owned(), b"what only the auditor reads".to_vec());
    let mut seed = sha256(b"example venue: venue").to_bytes();
    let key = SigningKey::new(Algorithm::Bip340, &Secret::new(SecretKind::Signing, &mut seed)).unwrap();
    let names: Vec<String> = auditor.iter().map(|name| (*name).to_owned()).collect();
    let manifest = seal_parts(&files, &names, "a test", Time::from_unix(0), &key).unwrap();
    files.insert(MANIFEST.to_owned(), manifest);
    files
}

fn report(files: &MemoryFiles) -> Report {
    reconcile(files, &Policy::parse(&VENUE.policy).unwrap()).unwrap()
}

fn without(mut files: MemoryFiles, names: &[&str]) -> MemoryFiles {
    files.retain(|path, _| !names.iter().any(|name| path.starts_with(name)));
    files
}

fn verdicts(report: &Report) -> Vec<Verdict> {
    report.assets.iter().map(|asset| asset.verdict).collect()
}

/// The findings about absent files: what they concern, and their weight.
fn absent(report: &Report) -> Vec<(&str, Severity)> {
    let found = report.findings.iter().filter(|finding| finding.code.name == "AUDITOR_PART_ABSENT");
    found.map(|finding| (finding.subject.as_str(), finding.severity)).collect()
}

#[test]
fn a_whole_copy_has_the_same_verdict_whatever_its_parts() {
    for parts in [&[][..], &["addresses.jsonl", "chains"]] {
        let report = report(&sealed_with(parts));
        assert_eq!(verdicts(&report), [Verdict::Covered, Verdict::Short, UNKNOWN]);
        assert!(absent(&report).is_empty() && report.bundle.absent.is_empty());
    }
}

#[test]
fn notes_of_the_auditor_decide_nothing_and_are_told() {
    let report = report(&without(sealed_with(&[]), &["auditor"]));
    assert_eq!(verdicts(&report), [Verdict::Covered, Verdict::Short, UNKNOWN]);
    assert_eq!(absent(&report), [("auditor", Severity::Exception)]);
    assert_eq!(report.bundle.absent[0].path, "auditor/notes.txt");
}

#[test]
fn an_absent_chain_is_judged_by_nobody() {
    let report_of = |folder: &str| report(&without(sealed_with(&[folder]), &[folder]));
    let bitcoin = report_of(BITCOIN);
    assert_eq!(verdicts(&bitcoin), [UNKNOWN, Verdict::Short, UNKNOWN]);
    assert_eq!(absent(&bitcoin), [(BITCOIN, Severity::Critical)]);
    assert_eq!(verdicts(&report_of(EVM)), [Verdict::Covered, UNKNOWN, UNKNOWN]);
}

/// Every single file, kept back: nothing becomes covered or short by that.
#[test]
fn attack_a_file_that_speaks_against_the_venue_is_kept_back() {
    let whole = verdicts(&report(&sealed_with(&[])));
    let all: Vec<String> = sealed_with(&[]).into_keys().filter(|path| path != MANIFEST).collect();
    assert!(all.len() > 10);
    for path in &all {
        let report = report(&without(sealed_with(&[path]), &[path]));
        for (got, of_all) in verdicts(&report).into_iter().zip(&whole) {
            assert!(got == UNKNOWN || got == *of_all, "{path}: {got}, with it {of_all}");
        }
        let concerned = match path.split('/').next() {
            Some("auditor") => Vec::new(),
            Some("chains") if path.starts_with(BITCOIN) => vec![0],
            Some("chains") => vec![1, 2],
            _ => vec![0, 1, 2],
        };
        assert!(concerned.into_iter().all(|asset| verdicts(&report)[asset] == UNKNOWN), "{path}");
        assert_eq!(absent(&report).len(), 1, "{path}");
    }
    let strange = without(sealed_with(&[paths::CONTROL]), &[paths::CONTROL]);
    assert_eq!(absent(&report(&strange)), [(paths::CONTROL, Severity::Critical)]);
}

#[test]
fn a_bundle_is_published_without_its_auditors_part() {
    let venue = made();
    let folder = venue.path();
    bundle(folder);
    done(folder, "bundle publish evidence --out copy");
    let whole = |name: &str| fs::read(folder.join(name).join(MANIFEST)).unwrap();
    assert_eq!(whole("copy"), whole("evidence"), "nothing was kept back");
    let seal = "bundle seal evidence --maker tests --key signing-other.key --force --auditor";
    refused_without_a_trace(folder, &format!("{seal} adresses.jsonl"), 2, "CF-4017");
    done(folder, &format!("{seal} addresses.jsonl control.jsonl"));
    refused_without_a_trace(folder, "bundle publish evidence --out copy", 2, "CF-9002");
    // an earlier copy has files that this one lacks
    refused_without_a_trace(folder, "bundle publish evidence --out copy --force", 2, "CF-9003");
    done(folder, "bundle publish evidence --out public");
    assert!(!folder.join("public/addresses.jsonl").exists() && !folder.join("public/control.jsonl").exists());
    assert!(folder.join("public/statement.json").exists());
    let output = run(folder, "reconcile public --policy policy.toml");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("CF-4016") && text.contains("addresses.jsonl"), "{text}");
    fs::remove_file(folder.join("public/statement.json")).unwrap();
    refused_without_a_trace(folder, "reconcile public --policy policy.toml", 2, "CF-4003");
    fs::write(folder.join("evidence/control.jsonl"), b"changed").unwrap();
    refused_without_a_trace(folder, "bundle publish evidence --out other", 2, "CF-4002");
}
