//! Sheets of November 2022, and what they come to. `vectors/reference/sheet.py` computes them a second time.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::path::{Path, PathBuf};
use std::process::Command;

use counterfoil::code::{Code, Coded as _, credit as codes};
use counterfoil::json;
use counterfoil::policy::quality::Assumptions;
use counterfoil::publish::balance_sheet::Due;
use counterfoil::reconcile::sheet::{Sheet, SheetReport, SheetVerdict, digest, judge};
use counterfoil::report;
use serde_json::{Value, json};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/episodes")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap()
}

fn episode(name: &str) -> SheetReport {
    judged(&read(&format!("{name}.toml")), &read(&format!("{name}.assumptions.toml")))
}

fn judged(sheet: &str, assumptions: &str) -> SheetReport {
    let assumptions = Assumptions::parse(assumptions).unwrap();
    judge(&Sheet::parse(sheet).unwrap(), digest(sheet), Some(&assumptions))
}

fn subjects<'a>(report: &'a SheetReport, code: &Code) -> Vec<&'a str> {
    let of_code = report.findings.iter().filter(|finding| finding.code == code);
    of_code.map(|finding| finding.subject.as_str()).collect()
}

#[test]
fn the_sheet_of_ftx_is_short_at_every_horizon() {
    let report = episode("ftx-2022-11-10");
    assert_eq!(report.verdict, SheetVerdict::Short);
    assert_eq!(report.ladder.first_failing, Some(Due::Now));
    for rung in &report.ladder.rungs {
        let text = (rung.callable.to_string(), rung.realisable.as_ref().unwrap().to_string());
        assert_eq!(text, ("8900".to_owned(), "6935".to_owned()), "{}", rung.due);
        assert_eq!(rung.missing.as_ref().unwrap().to_string(), "1965");
    }
    assert_eq!(subjects(&report, &codes::OWN_TOKEN_AT_ZERO), ["FTT"]);
    assert_eq!(subjects(&report, &codes::UNEXPLAINED_ENTRY), ["fiat@"]);
    assert_eq!(subjects(&report, &codes::ABOVE_MARKET_VALUE), ["SRM"]);
    assert_eq!(subjects(&report, &codes::HELD_BY_RELATED), ["HOOD shares"]);
    assert_eq!(subjects(&report, &codes::OWED_AND_NOT_HELD), ["BTC", "USD"]);
    assert_eq!(subjects(&report, &codes::NOT_ITEMISED), ["assets"]);
    assert!(subjects(&report, &codes::DUE_UNKNOWN).contains(&"SRM"));
    let beliefs: Vec<String> =
        report.sensitivity.iter().take(3).map(|row| row.assets.as_ref().unwrap().to_string()).collect();
    assert_eq!(beliefs, ["9600", "9047", "6935"]);
    let text = report::sheet_text(&report);
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    assert!(!words.replace("nothing is ever covered", "").contains("covered"), "{words}");
}

#[test]
fn the_sheet_of_alameda_is_mostly_its_affiliates_token() {
    let report = episode("alameda-2022-06-30");
    let token = report.assets.iter().find(|group| group.asset.as_ref().is_some_and(|id| id.as_str() == "FTT")).unwrap();
    assert_eq!(token.share_of_market.as_deref(), Some("173.73 %"), "174 % to the nearest");
    assert_eq!(subjects(&report, &codes::ABOVE_MARKET_VALUE), ["FTT"]);
    assert_eq!(subjects(&report, &codes::NOT_ITEMISED), ["assets", "liabilities"]);
    // nobody says when its loans are due, and without the token the rest is more than what is owed
    assert_eq!(report.verdict, SheetVerdict::NotDeterminable);
    let last = report.ladder.rungs.last().unwrap();
    assert_eq!(
        (last.callable.to_string(), last.realisable.as_ref().unwrap().to_string()),
        ("7708".into(), "8780".into())
    );
}

#[test]
fn a_sheet_alone_is_never_covered() {
    for assets in ["0", "1", "1000000"] {
        let sheet = read("ftx-2022-11-10.toml").replacen("9600", assets, 1);
        let report = judge(&Sheet::parse(&sheet).unwrap(), digest(&sheet), None);
        assert_ne!(report.verdict.exit_code(), 0);
    }
}

#[test]
fn slips_of_a_sheet_are_told() {
    let sheet = read("ftx-2022-11-10.toml").replacen("assets = \"9600\"", "assets = \"3000\"", 1);
    let report = judged(&sheet, &read("alameda-2022-06-30.assumptions.toml").replace("FTT", "FFT"));
    assert_eq!(subjects(&report, &codes::ROWS_ABOVE_TOTAL), ["assets"]);
    assert_eq!(subjects(&report, &codes::ASSUMPTION_UNUSED), ["FFT"]);
}

#[test]
fn what_is_no_sheet_is_refused() {
    let good = read("ftx-2022-11-10.toml");
    for (from, to) in [
        ("counterfoil-sheet-v1", "counterfoil-sheet-v0"),
        ("relation = \"self\"\n", ""),
        ("marked = \"553\"", "marked = \"-553\""),
        ("marked = \"553\"", "marked = 553"),
        ("name = \"FTT\"", "name = \"SRM\""),
        ("name = \"FTT\"", "name = \"FTT\"\npart_of = \"nothing\""),
        ("callable = \"at-once\"\n", ""),
        ("  \"Financial Times, 12 November 2022, as other papers report it\",\n", ""),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from}");
        assert_eq!(Sheet::parse(&bad).unwrap_err().code().number, 3260, "{from}");
    }
    let good = read("ftx-2022-11-10.assumptions.toml");
    for (from, to) in [("assumptions-v1", "assumptions-v0"), ("\"88\"", "\"8 8\""), ("id = \"SRM\"", "id = \"\"")] {
        let error = Assumptions::parse(&good.replacen(from, to, 1)).unwrap_err();
        assert_eq!(error.code().number, 3261, "{from}");
    }
}

/// A whole policy serves as well, and one without `[quality]` assumes nothing.
#[test]
fn a_policy_has_assumptions_too() {
    let example = include_str!("../docs/policy.example.toml");
    let with = format!("{example}\n[[quality.asset]]\nid = \"SRM\"\nmarket_value = \"88\"\n");
    assert_eq!(Assumptions::parse(&with).unwrap().rules.asset.len(), 1);
    assert!(Assumptions::parse(example).unwrap().rules.asset.is_empty());
}

/// Sheets on which every cap binds somewhere, for the comparison with the reference.
const CAPS: &str = r#"
format = "counterfoil-sheet-v1"
name = "made up"
as_of = "2026-11-01T00:00:00Z"
unit = "USD"
callable = "at-once"
sources = ["made up"]
[[asset]]
name = "one half"
asset = "AAA"
kind = "token"
quantity = "600"
relation = "none"
[[asset]]
name = "other half, locked"
asset = "AAA"
kind = "token"
quantity = "400.5"
relation = "none"
due = "7d"
[[asset]]
name = "marked"
asset = "BBB"
kind = "token"
marked = "7000.25"
relation = "none"
[[asset]]
name = "own"
asset = "CCC"
kind = "token"
marked = "50"
relation = "affiliate"
[[asset]]
name = "cash"
asset = "USD"
kind = "bank"
marked = "30"
relation = "none"
due = "24h"
[[liability]]
name = "customers"
asset = "USD"
amount = "3000"
[[liability]]
name = "a bond"
amount = "900.125"
due = "30d"
[[liability]]
name = "owed in its own token"
asset = "CCC"
amount = "20"
[[entry]]
name = "suspense"
amount = "3"
negative = false
"#;

fn variants() -> Vec<String> {
    let head = "format = \"counterfoil-assumptions-v1\"\n[quality]\nparticipation = 1500\nfloat_share = 3000\n";
    let asset = |id: &str, more: &str| format!("[[quality.asset]]\nid = \"{id}\"\n{more}\n");
    let price = "price = \"2.5\"\n";
    let caps = [
        "daily_volume = \"333\"",
        "daily_volume = \"333\"\nvolatility = 900",
        "daily_volume = \"7\"\nvolatility = 20000",
        "free_float = \"1000\"",
        "market_value = \"123.456\"",
        "wrong_way = 3333",
        "bid = [{ price = \"2.4\", amount = \"10\" }, { price = \"1\", amount = \"2000\" }]",
        "relation = \"affiliate\"",
    ];
    let mut all: Vec<String> = caps
        .iter()
        .map(|cap| format!("{head}{}{}", asset("AAA", &format!("{price}{cap}")), asset("BBB", cap)))
        .collect();
    all.push(format!("{head}{}", asset("AAA", price)));
    all.push(format!("{head}{}{}", asset("AAA", price), asset("BBB", &format!("{price}daily_volume = \"100\""))));
    all.push(head.to_owned());
    all
}

/// What the reference prints of a sheet.
fn essence(report: &SheetReport) -> Value {
    let whole: Value = serde_json::from_slice(&report::sheet_json(report).unwrap()).unwrap();
    json!({
        "assets": whole["assets"], "ladder": whole["ladder"], "sensitivity": whole["sensitivity"],
        "verdict": whole["verdict"],
    })
}

#[test]
fn the_reference_comes_to_the_same() {
    let scratch = tempfile::tempdir().unwrap();
    let mut cases: Vec<(String, String)> = ["ftx-2022-11-10", "alameda-2022-06-30"]
        .map(|name| (read(&format!("{name}.toml")), read(&format!("{name}.assumptions.toml"))))
        .into();
    cases.extend(variants().into_iter().map(|assumptions| (CAPS.to_owned(), assumptions)));
    for (number, (sheet, assumptions)) in cases.iter().enumerate() {
        let paths = ["sheet.toml", "assumptions.toml"].map(|name| scratch.path().join(name));
        std::fs::write(&paths[0], sheet).unwrap();
        std::fs::write(&paths[1], assumptions).unwrap();
        let script = folder().join("../reference/sheet.py");
        let run = Command::new("python3").arg(script).args(&paths).output().unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        let theirs: Value = serde_json::from_slice(&run.stdout).unwrap();
        let ours = essence(&judged(sheet, assumptions));
        assert_eq!(ours, theirs, "case {number}: {assumptions}");
    }
    assert!(cases.len() > 10);
    json::canonical(&essence(&episode("ftx-2022-11-10"))).unwrap();
}
