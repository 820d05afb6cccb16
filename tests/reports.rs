//! Reports as files: golden bundles, tables, seals, the text of many assets, the same bytes on every machine.
//!
//! `COUNTERFOIL_BLESS=1` writes the reports of the golden bundles again. The bundles themselves are made once and never
//! again: their verdicts, which stand in this file, are what later versions must keep.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod cli_support;
mod golden_support;
#[allow(dead_code, reason = "other tests use more of it")]
mod window_support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use cli_support::{done, key, refused, refused_without_a_trace, run};
use counterfoil::bundle::{MANIFEST, MemoryFiles, paths};
use counterfoil::lab::example_venue::ExampleVenue;
use counterfoil::policy::Policy;
use counterfoil::reconcile::{AssetReport, Report, Verdict, reconcile};
use counterfoil::report::seal::{Same, compare};
use counterfoil::report::{self, text};
use counterfoil::signature::Algorithm;
use unicode_width::UnicodeWidthStr as _;

use Verdict::{Covered, NotDeterminable, Short};

/// The verdicts of each golden bundle, in the order of its assets. A change here is a decision, never a side effect.
const GOLDEN: [(&str, &[Verdict]); 3] =
    [("example", &[Covered, Short, NotDeterminable]), ("borrowed", &[Short]), ("borrowed-public", &[NotDeterminable])];

fn blessing() -> bool {
    std::env::var_os("COUNTERFOIL_BLESS").is_some_and(|value| value == "1")
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// Makes a golden bundle that is not there yet.
fn make(name: &str) {
    let (mut bundle, policy) = match name {
        "example" => {
            let example = ExampleVenue::new().unwrap();
            (example.bundle, example.policy)
        }
        _ => {
            let golden = golden_support::borrowed();
            (golden.bundle, golden.policy)
        }
    };
    if name.ends_with("-public") {
        bundle.retain(|path, _| ![paths::ADDRESSES, paths::CONTROL].contains(&path.as_str()));
    }
    for (path, bytes) in bundle {
        let path = golden(name).join("bundle").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    fs::write(golden(name).join("policy.toml"), policy).unwrap();
}

fn walk(root: &Path, folder: &Path, files: &mut MemoryFiles) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(root, &path, files);
        } else {
            files.insert(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap());
        }
    }
}

fn report_of(name: &str) -> Report {
    let (root, mut files) = (golden(name).join("bundle"), MemoryFiles::new());
    walk(&root, &root, &mut files);
    let policy = fs::read_to_string(golden(name).join("policy.toml")).unwrap();
    reconcile(&files, &Policy::parse(&policy).unwrap()).unwrap()
}

fn verdicts(report: &Report) -> Vec<Verdict> {
    report.assets.iter().map(|asset| asset.verdict).collect()
}

#[test]
fn golden_bundles_keep_their_verdicts_and_reports() {
    for (name, expected) in GOLDEN {
        if blessing() && !golden(name).exists() {
            make(name);
        }
        let report = report_of(name);
        assert_eq!(verdicts(&report), expected, "{name}");
        let path = golden(name).join("report.json");
        if blessing() {
            fs::write(&path, report::json(&report).unwrap()).unwrap();
        }
        let same = compare(&fs::read(&path).unwrap(), &report).unwrap_or_else(|error| panic!("{name}: {error}"));
        // only the name of the version may be another
        assert!(matches!(same, Same::Bytes | Same::ButForTool(_)));
    }
}

#[test]
fn a_report_has_the_same_bytes_in_every_run_and_on_any_number_of_cores() {
    let folder = tempfile::tempdir().unwrap();
    let root = golden("example").display().to_string();
    let program = env!("CARGO_BIN_EXE_counterfoil");
    let line =
        |name: &str| format!("reconcile {root}/bundle --policy {root}/policy.toml --json {name}.json --csv {name}");
    let all = |name: &str| {
        let mut files = MemoryFiles::new();
        walk(&folder.path().join(name), &folder.path().join(name), &mut files);
        files.insert("report.json".to_owned(), fs::read(folder.path().join(format!("{name}.json"))).unwrap());
        files
    };
    for name in ["one", "two"] {
        assert_eq!(run(folder.path(), &line(name)).status.code(), Some(1), "one asset is short");
    }
    // taskset leaves one core to the process, and it starts as many threads as it has cores
    let mut single = Command::new("taskset");
    single.args(["-c", "0", program]).args(line("single").split(' ')).current_dir(folder.path());
    assert_eq!(single.output().expect("taskset is part of util-linux").status.code(), Some(1));
    assert_eq!(all("one"), all("two"));
    assert_eq!(all("one"), all("single"));
    assert_eq!(all("one").len(), 15);
    let text = fs::read_to_string(folder.path().join("one.json")).unwrap();
    assert!(!text.contains(&*folder.path().display().to_string()) && !text.contains(env!("CARGO_MANIFEST_DIR")));
}

/// Signatures and proofs of accounts are checked on all cores.
#[test]
fn proofs_of_many_accounts_give_one_report_on_any_number_of_cores() {
    let made = counterfoil::lab::many_addresses::ManyAddresses::ether(40, 60, 129).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in made.bundle.iter().map(|(name, bytes)| (format!("bundle/{name}"), bytes.as_slice())) {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    fs::write(folder.path().join("policy.toml"), &made.policy).unwrap();
    let line = "reconcile bundle --policy policy.toml --json -";
    let every = run(folder.path(), line);
    let mut single = Command::new("taskset");
    single.args(["-c", "0", env!("CARGO_BIN_EXE_counterfoil")]).args(line.split(' ')).current_dir(folder.path());
    let single = single.output().expect("taskset is part of util-linux");
    assert_eq!(every.status.code(), Some(0), "{}", String::from_utf8_lossy(&every.stderr));
    assert!(every.stdout.len() > 10_000 && every.stdout == single.stdout);
}

#[test]
fn tables_have_every_row_and_no_formula() {
    let report = report_of("borrowed");
    let tables = report::csv(&report).unwrap();
    let rows = |name: &str| {
        let (_, bytes) = tables.iter().find(|(found, _)| *found == name).unwrap();
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        rows
    };
    let window = &report.assets[0].windows[0];
    assert_eq!(rows("holdings.csv").len(), report.workpapers.holdings.len());
    assert_eq!(rows("findings.csv").len(), report.findings.len());
    assert_eq!(rows("curve.csv").len(), window.curve.len());
    assert_eq!(rows("flows.csv").len(), window.flows.len());
    assert_eq!(rows("round-trips.csv").len(), window.round_trips.len());
    assert!(!window.round_trips.is_empty() && !window.flows.is_empty());
    assert_eq!(rows("commitments.csv").len(), 3, "two trees and a loan");
    assert_eq!(rows("assets.csv").len(), 1);
    let asset = &rows("assets.csv")[0];
    let owed = report.assets[0].owed.as_ref().unwrap();
    assert_eq!((&asset[4], &asset[5]), ("16.75000000", "1675000000"), "{asset:?}");
    assert_eq!(owed.total.base_units(), 1_675_000_000);
    for (name, bytes) in &tables {
        for row in csv::ReaderBuilder::new().has_headers(false).from_reader(bytes.as_slice()).records() {
            for cell in &row.unwrap() {
                assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{name}: {cell}");
            }
        }
    }
}

#[test]
fn tables_appear_whole_and_replace_nothing_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let root = golden("borrowed").display().to_string();
    let line = format!("reconcile {root}/bundle --policy {root}/policy.toml --csv papers");
    assert_eq!(run(folder.path(), &line).status.code(), Some(1));
    refused_without_a_trace(folder.path(), &line, 2, "CF-9002");
    fs::write(folder.path().join("papers/mine.txt"), "notes").unwrap();
    refused_without_a_trace(folder.path(), &format!("{line} --force"), 2, "CF-9003");
    fs::remove_file(folder.path().join("papers/mine.txt")).unwrap();
    assert_eq!(run(folder.path(), &format!("{line} --force")).status.code(), Some(1));
}

fn keys(folder: &Path) {
    for name in ["maker.key", "other.key"] {
        done(folder, &format!("keygen --out {name}"));
    }
}

#[test]
fn a_sealed_report_is_made_again_and_compared() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let inputs = |name: &str| {
        let root = golden(name).display().to_string();
        format!("--bundle {root}/bundle --policy {root}/policy.toml")
    };
    keys(folder);
    let report = golden("borrowed").join("report.json");
    fs::copy(&report, folder.join("report.json")).unwrap();
    done(folder, &format!("report seal report.json {} --key maker.key --out sealed.json", inputs("borrowed")));
    let (maker, other) = ("maker.key", "other.key");
    let pinned = |name| format!("--key-pinned {}", key(folder, name, Algorithm::Bip340).public_key());
    let said = done(folder, &format!("report check sealed.json {} {}", inputs("borrowed"), pinned(maker)));
    assert!(said.contains("byte for byte") && said.contains("verdict short"), "{said}");
    done(folder, &format!("report check sealed.json {}", inputs("borrowed")));
    refused(folder, &format!("report check sealed.json {} {}", inputs("borrowed"), pinned(other)), 1, "CF-8004");
    refused(folder, &format!("report check sealed.json {}", inputs("example")), 2, "CF-8003");
    fs::write(folder.join("bare.json"), fs::read_to_string(&report).unwrap().trim_end()).unwrap();
    refused(folder, &format!("report check bare.json {}", inputs("borrowed")), 2, "CF-8001");
    refused(folder, &format!("report check sealed.json {} --key-pinned bip340", inputs("borrowed")), 2, "CF-9004");
    let text = fs::read_to_string(&report).unwrap();
    let changed = text.replacen("\"required\":true", "\"required\":false", 1);
    fs::write(folder.join("changed.json"), &changed).unwrap();
    let seal = |file: &str| format!("report seal {file} {} --key maker.key --out other.json", inputs("borrowed"));
    let said = refused_without_a_trace(folder, &seal("changed.json"), 1, "CF-8002");
    assert!(said.contains("assets[0].required: the report has false"), "{said}");
    let tool = format!("counterfoil {}", env!("CARGO_PKG_VERSION"));
    fs::write(folder.join("older.json"), text.replacen(&tool, "counterfoil 0.0.1", 1)).unwrap();
    fs::write(folder.join("older-changed.json"), changed.replacen(&tool, "counterfoil 0.0.1", 1)).unwrap();
    refused_without_a_trace(folder, &seal("older-changed.json"), 2, "CF-8005");
    done(folder, &seal("older.json"));
    // what was sealed and then changed is refused by its signature
    let sealed = fs::read_to_string(folder.join("sealed.json")).unwrap();
    fs::write(folder.join("sealed.json"), sealed.replacen("\"required\":true", "\"required\":false", 1)).unwrap();
    refused(folder, &format!("report check sealed.json {}", inputs("borrowed")), 1, "CF-3007");
}

static EXAMPLE: LazyLock<Report> = LazyLock::new(|| report_of("example"));

/// The example's report with many assets: a tenth short, some without a claim, most covered.
fn many(count: usize, name: impl Fn(usize) -> String) -> Report {
    let mut report = EXAMPLE.clone();
    let [covered, short, unknown] = [0, 1, 2].map(|place| report.assets[place].clone());
    let asset = |number: usize| {
        let (template, claimed) = match number % 10 {
            0 => (&short, true),
            1 | 2 => (&unknown, true),
            3..=5 => (&unknown, false),
            _ => (&covered, true),
        };
        let id = name(number);
        let sentence = template.sentence.replacen(template.asset.as_str(), &id, 1);
        AssetReport { asset: id.parse().unwrap(), claimed, sentence, ..template.clone() }
    };
    report.assets = (0..count).map(asset).collect();
    report
}

fn fits(text: &str) {
    let wide: Vec<&str> = text.lines().filter(|line| line.width() > 80).collect();
    assert_eq!(wide, Vec::<&str>::new());
}

#[test]
fn hundreds_of_assets_stay_readable() {
    let report = many(400, |number| format!("ASSET{number:03}"));
    let text = text(&report);
    fits(&text);
    let at = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what}: {text}"));
    assert!(at("Short: 40 of 400") < at("Not determinable: 200 of 400"));
    assert!(at("Not determinable: 200 of 400") < at("Covered: 160 of 400"));
    assert!(at("120 without any reserve claim: ") < at("Covered: 160 of 400"));
    assert!(at("ASSET000") < at("ASSET001") && at("ASSET001") < at("ASSET006"));
    assert!(text.contains("and 110 more (all of them with --json and --csv)"), "{text}");
    // the 24 that are written out have windows with a round trip
    assert!(text.lines().count() < 1_200, "{}", text.lines().count());
    let few = many(12, |number| format!("ASSET{number:03}"));
    assert!(!report::text(&few).contains("Short: "), "a few need no groups");
}

#[test]
fn wide_and_long_words_stay_on_the_page() {
    let mut report = many(3, |number| format!("A{number}"));
    let statement = report.statement.as_mut().unwrap();
    statement.legal_entity = "例え話取引所株式会社".repeat(12);
    report.bundle.maker = "🦀 監査法人 ".repeat(30);
    report.findings[0].detail = "x".repeat(300);
    report.policy.departures = vec!["厳しい".repeat(40)];
    let held = &mut report.assets[0].held;
    held.possible = counterfoil::amount::Amount::from_base_units(u128::MAX);
    held.counted = counterfoil::amount::Amount::from_base_units(u128::MAX - 1);
    let text = text(&report);
    fits(&text);
    assert!(text.contains("340 282 366 920 938 463 463 374 607 431.76821145") || text.contains("held 340"), "{text}");
    for line in report.assets[0].sentence.split(' ') {
        assert!(text.contains(line));
    }
}

#[test]
fn page_one_has_every_departure_and_absent_file() {
    let report = report_of("borrowed-public");
    let text = text(&report);
    fits(&text);
    let table = text.find(" Asset").unwrap();
    for departure in &report.policy.departures {
        let words: Vec<&str> = departure.split(' ').take(4).collect();
        assert!(text.find(&words.join(" ")).is_some_and(|at| at < table), "{departure}");
    }
    for absent in ["addresses.jsonl", "control.jsonl"] {
        assert!(text.find(absent).is_some_and(|at| at < table), "{absent}");
    }
    assert!(report.bundle.absent.len() == 2 && golden("borrowed-public").join("bundle").join(MANIFEST).exists());
}

#[test]
fn colours_change_no_word_and_are_not_in_files() {
    let text = text(&EXAMPLE);
    assert!(!text.contains('\u{1b}'));
    let coloured = report::coloured(&EXAMPLE, &text);
    assert!(coloured.starts_with("\u{1b}[1m\u{1b}[31mSHORT"), "{coloured}");
    let mut plain = coloured;
    for code in ["[31m", "[33m", "[32m", "[1m", "[0m"] {
        plain = plain.replace(&format!("\u{1b}{code}"), "");
    }
    assert_eq!(plain.trim_end(), text.trim_end());
}

/// No finding is left out of the grid, and a row without exceptions has evidence.
#[test]
fn the_grid_has_every_finding_and_claims_nothing_untested() {
    for (name, _) in GOLDEN {
        let report = report_of(name);
        let papers = &report.workpapers;
        let all: std::collections::BTreeSet<&str> = papers
            .assertions
            .iter()
            .flat_map(|row| row.exceptions.iter().flat_map(|open| open.findings.iter().map(String::as_str)))
            .collect();
        assert_eq!(all.len(), report.findings.len(), "{name}");
        for row in &papers.assertions {
            let word = row.extent.text();
            assert_eq!(word == "not tested", row.evidence.is_empty() && row.exceptions.is_empty(), "{name}: {row:?}");
        }
        let valuation = papers.assertions.iter().find(|row| row.assertion.text() == "valuation").unwrap();
        assert_eq!(valuation.extent.text(), "not tested");
        assert!(papers.procedures.iter().any(|procedure| !procedure.performed));
        assert_eq!(papers.holdings.len() as u64, report.assets.iter().map(|asset| asset.held.items).sum::<u64>());
    }
}
