//! Sheets of November 2022, and what they come to; `vectors/sheet` has them for other languages. Their page, and their
//! tables.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::path::{Path, PathBuf};

use counterfoil::code::{Code, Coded as _, credit as codes};
use counterfoil::policy::quality::Assumptions;
use counterfoil::publish::balance_sheet::Due;
use counterfoil::reconcile::sheet::{Sheet, SheetReport, SheetVerdict, digest, judge};
use counterfoil::report;

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

fn tables(report: &SheetReport) -> std::collections::BTreeMap<&'static str, String> {
    let files = report::sheet_csv(report).unwrap();
    files.into_iter().map(|(name, bytes)| (name, String::from_utf8(bytes).unwrap())).collect()
}

#[test]
fn tables_have_every_figure() {
    let found = tables(&episode("ftx-2022-11-10"));
    assert!(found["ladder.csv"].contains("now,8900,6935,1965\r\n"), "{}", found["ladder.csv"]);
    assert_eq!(found["ladder.csv"].lines().count(), 6);
    assert!(
        found["assets.csv"].contains("SRM,none,2200,,88,market-value,2500.00 %,SRM\r\n"),
        "{}",
        found["assets.csv"]
    );
    assert_eq!(found["values.csv"].lines().count(), 1 + 6 * 5);
    assert!(found["findings.csv"].contains("fiat@"));
    assert!(found["about.csv"].contains("rows sha256,\r\n"), "what is not known is empty: {}", found["about.csv"]);
    // a note of the source is a text, never a formula
    let sheet = read("ftx-2022-11-10.toml").replace("name = \"fiat@\"", "name = \"=1+1\"");
    let found = tables(&judged(&sheet, &read("ftx-2022-11-10.assumptions.toml")));
    assert!(found["findings.csv"].contains(",'=1+1,"), "{}", found["findings.csv"]);
}

#[test]
fn the_page_says_what_the_text_says() {
    let page = report::sheet_html(&episode("ftx-2022-11-10")).unwrap();
    for words in ["Short", "at most 6935 against 8900", "fiat@", "CF-7372", "2500.00\u{a0}%", "Nobody has proved"] {
        assert!(page.contains(words), "{words}");
    }
    assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("https://"));
    let sheet = read("ftx-2022-11-10.toml").replace("fiat@", "<b>\u{202e}&");
    let page = report::sheet_html(&judged(&sheet, &read("ftx-2022-11-10.assumptions.toml"))).unwrap();
    assert!(page.contains("&#60;b&#62;\u{fffd}&#38;") && !page.contains("<b>\u{202e}"), "texts of others are texts");
    // nothing can be asked for before the last bucket, so there is one bar
    let page = report::sheet_html(&episode("alameda-2022-06-30")).unwrap();
    assert!(page.contains("Not determinable") && page.contains("by longer: at most 113.9"), "{page}");
}

/// The same rows from a table are the same report, but for what was read.
#[test]
fn a_table_is_the_sheet() {
    let sheet = read("ftx-2022-11-10.toml");
    let (head, _) = sheet.split_once("[[asset]]").unwrap();
    let table = "\
list,name,asset,kind,amount,relation,related_party,negative,note
asset,HOOD shares,HOOD,security,472,none,yes,,held by an affiliate (Emergent) that is not among those who filed; the \
sheet calls it liquid
asset,SRM,SRM,token,2200,none,,,marked 5400 before the week; the sheet calls it less liquid
asset,FTT,FTT,token,553,self,,,marked 5900 before the week; the sheet calls it less liquid
asset,TRUMPLOSE,TRUMPLOSE,token,7,none,,,
asset,BTC,BTC,coin,0,none,,,no row of it stands against what is owed in it
liability,owed in dollars,USD,,5100,,,,
liability,owed in bitcoin,BTC,,1400,,,,
liability,\"the rest, in assets that the reports do not name\",,,2400,,,,
entry,fiat@,,,8000,,,yes,the sheet calls the account hidden and poorly labelled inside
";
    let whole = Sheet::parse(&sheet).unwrap();
    let joined = Sheet::parse(head).unwrap().with_rows(table.as_bytes()).unwrap();
    let mut report = judge(&joined, digest(&sheet), None);
    assert!(report.rows.take().is_some());
    assert_eq!(report::sheet_json(&report).unwrap(), report::sheet_json(&judge(&whole, digest(&sheet), None)).unwrap());
    let faults = Sheet::parse(head).unwrap().with_rows(b"list,name,amount\nliability,,1\nentry,a,x\n").unwrap_err();
    let told: Vec<String> = faults.iter().map(|fault| format!("{} {fault}", fault.code())).collect();
    assert_eq!(told[0], "CF-8154 line 2, column name: empty, expected it to be filled");
    assert!(told[1].starts_with("CF-8153 line 3, column amount: \"x\" is no plain decimal"), "{told:?}");
    assert_eq!((told[2].as_str(), told.len()), ("CF-8154 line 3, column negative: empty, expected it to be filled", 3));
}
