//! Balance sheets that nobody has signed, and tables with their rows.

use std::sync::OnceLock;

use counterfoil::hash::sha256;
use counterfoil::json;
use counterfoil::policy::quality::Assumptions;
use counterfoil::publish::balance_sheet::BalanceSheet;
use counterfoil::reconcile::sheet::{Sheet, SheetReport, SheetVerdict, digest, judge};
use counterfoil::report;

pub const FTX: &str = include_str!("../../vectors/episodes/ftx-2022-11-10.toml");
pub const ALAMEDA: &str = include_str!("../../vectors/episodes/alameda-2022-06-30.toml");
const ASSUMED: &str = include_str!("../../vectors/episodes/ftx-2022-11-10.assumptions.toml");
/// Larger sheets take longer and show nothing else.
const BYTES_MAX: usize = 20_000;

const HEAD: &str = "format = \"counterfoil-sheet-v1\"\nname = \"x\"\nas_of = \"2026-11-01T00:00:00Z\"\nunit = \"USD\"\n\
callable = \"at-once\"\nsources = [\"y\"]\n";

const ROWS: &str = "list,name,asset,kind,amount,relation,negative,note\r\n\
asset,\"our own, token\",XMPL,token,553,self,,\"called \"\"liquid\"\"\"\r\n\
liability,owed in bitcoin,BTC,,1400.5,,,\r\nentry,suspense,,,8000,,yes,\r\n";

const SCHEDULE: &str = "list,asset,amount,kind,counterparty,related_party,due,basis,address,decimals,relation,issuer\n\
unit,BTC,,,,,,,,8,none,\nunit,USDX,,,,,,,,6,none,Example Dollar Ltd\n\
liability,BTC,12.5,loan,Example Lender AG,no,30d,,,,,\n\
holding,USDX,1000,stablecoin,Example Dollar Ltd,no,24h,assumed,,,,\n\
encumbrance,BTC,5,pledged,Example Lender AG,no,longer,,bc1q,,,\n";

/// Files as their makers write them.
pub fn honest_files() -> Vec<(&'static str, String, Vec<u8>)> {
    vec![
        ("sheet", "ftx".to_owned(), FTX.as_bytes().to_vec()),
        ("sheet", "alameda".to_owned(), ALAMEDA.as_bytes().to_vec()),
        ("sheet_table", "rows".to_owned(), ROWS.as_bytes().to_vec()),
        ("sheet_table", "schedule".to_owned(), SCHEDULE.as_bytes().to_vec()),
    ]
}

/// What is accepted is computed and printed, and never comes to more than "not determinable".
pub fn sheet(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if text.len() > BYTES_MAX {
        return;
    }
    if let Ok(sheet) = Sheet::parse(text) {
        printed(&sheet, text);
    }
}

fn printed(sheet: &Sheet, text: &str) {
    static ASSUMPTIONS: OnceLock<Assumptions> = OnceLock::new();
    let assumed = ASSUMPTIONS.get_or_init(|| Assumptions::parse(ASSUMED).unwrap());
    for assumptions in [None, Some(assumed)] {
        let found = judge(sheet, digest(text), assumptions);
        told(sheet, &found);
    }
}

/// What was found is told in every form.
pub fn told(sheet: &Sheet, found: &SheetReport) {
    assert_eq!(found.verdict == SheetVerdict::Short, found.ladder.first_failing.is_some());
    assert_ne!(found.verdict.exit_code(), 0);
    assert!(found.ladder.rungs.is_sorted_by(|left, right| left.callable <= right.callable || own(sheet)));
    json::parse(&report::sheet_json(found).unwrap()).unwrap();
    assert!(!report::sheet_text(found).is_empty());
    let page = report::sheet_html(found).unwrap();
    assert!(!page.contains("<script"));
    assert_eq!(report::sheet_csv(found).unwrap().len(), 6);
}

/// Tokens of its own circle pay liabilities in themselves, which may be due later.
fn own(sheet: &Sheet) -> bool {
    sheet.asset.iter().any(|row| row.relation.text() != "none")
}

/// A table is refused with the lines of its faults, or read: a balance sheet has one form in JSON then, whatever the
/// table's order was, and the rows of a sheet are computed.
pub fn sheet_table(bytes: &[u8]) {
    if bytes.len() > BYTES_MAX {
        return;
    }
    let lines = bytes.split(|byte| *byte == b'\n').count() as u64;
    match BalanceSheet::parse_csv(bytes) {
        Ok(sheet) => {
            let written = json::canonical(&sheet).unwrap();
            let mut again: BalanceSheet = json::read_canonical(&written).unwrap();
            assert_eq!(again, sheet);
            again.sort();
            assert_eq!(json::canonical(&again).unwrap(), written);
        }
        Err(faults) => {
            assert!(!faults.is_empty() && faults.iter().all(|fault| (1..=lines).contains(&fault.line)));
        }
    }
    static EMPTY: OnceLock<Sheet> = OnceLock::new();
    match EMPTY.get_or_init(|| Sheet::parse(HEAD).unwrap()).clone().with_rows(bytes) {
        Ok(sheet) => {
            let found = judge(&sheet, digest(HEAD), None);
            assert_eq!(found.rows, Some(sha256(bytes)));
            printed(&sheet, HEAD);
        }
        Err(faults) => assert!(!faults.is_empty()),
    }
}
