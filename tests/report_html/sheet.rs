//! Published sheets as pages.

use counterfoil::policy::quality::Assumptions;
use counterfoil::reconcile::sheet::{Sheet, SheetReport, digest, judge};
use counterfoil::report::sheet_html;
use libtest_mimic::Failed;

type Made = (&'static str, fn() -> SheetReport);

pub(super) const SAMPLES: [Made; 4] =
    [("sheet", published), ("sheet-open", open), ("sheet-many", many), ("sheet-hostile", hostile)];

const HEAD: &str = "format = \"counterfoil-sheet-v1\"\nas_of = \"2026-11-01T00:00:00Z\"\ncallable = \"at-once\"\n";

fn judged(sheet: &str, assumptions: Option<&str>) -> SheetReport {
    let assumptions = assumptions.map(|text| Assumptions::parse(text).unwrap());
    judge(&Sheet::parse(sheet).unwrap(), digest(sheet), assumptions.as_ref())
}

fn published() -> SheetReport {
    let assumed = include_str!("../../vectors/episodes/ftx-2022-11-10.assumptions.toml");
    judged(include_str!("../../vectors/episodes/ftx-2022-11-10.toml"), Some(assumed))
}

/// Nothing can be asked for before the last bucket.
fn open() -> SheetReport {
    judged(include_str!("../../vectors/episodes/alameda-2022-06-30.toml"), None)
}

/// More assets than a page has, with long figures.
fn many() -> SheetReport {
    let mut sheet = format!("{HEAD}name = \"Many\"\nunit = \"USD\"\nsources = [\"a\", \"b\"]\n");
    for number in 1..=500 {
        let marked = format!("{number}00000000000000000000.123456");
        let name = format!("a rather long name of row number {number}");
        let row = format!("asset = \"ASSET-{number}\"\nkind = \"token\"\nmarked = \"{marked}\"\nrelation = \"none\"\n");
        sheet.push_str(&format!("[[asset]]\nname = \"{name}\"\n{row}"));
    }
    sheet.push_str("[[liability]]\nname = \"all\"\namount = \"999999999999999999999999999999999999.5\"\n");
    judged(&sheet, None)
}

/// Texts of somebody who wants to be read as markup, and figures that nobody knows.
fn hostile() -> SheetReport {
    let long = "W".repeat(300);
    let sheet = format!(
        "{HEAD}name = \"<img src=x onerror=alert(1)>\\u202e{long}\"\nunit = \"</p><script>\"\nsources = [\"\\u0007&amp;\"]\n\
         [[asset]]\nname = \"'\\\"><b>{long}\"\nasset = \"{}\"\nkind = \"coin\"\nquantity = \"1\"\nrelation = \"none\"\n\
         [[liability]]\nname = \"x\"\namount = \"7\"\n[[entry]]\nname = \"<i>\"\namount = \"1\"\nnegative = true\n",
        "A".repeat(64)
    );
    judged(&sheet, None)
}

pub(super) fn hostile_texts() -> Result<(), Failed> {
    let page = sheet_html(&hostile())?;
    assert_eq!(page, sheet_html(&hostile())?, "the same report is the same page");
    for bad in ["<img", "<script", "<b>", "<i>W", "\u{202e}", "\u{7}"] {
        assert!(!page.contains(bad), "{bad:?}");
    }
    assert!(page.contains("unknown") && page.contains("&#38;amp;"));
    let page = sheet_html(&many())?;
    assert!(page.contains("The first 400 of 500 assets"));
    Ok(())
}
