//! `sheet`: a balance sheet that no venue has signed, computed as it stands.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::error::{CliError, Failure};
use super::files::{self, NewFolder, Readers};
use super::{Outcome, remark, say_exactly};
use crate::policy::quality::Assumptions;
use crate::reconcile::sheet::{Sheet, SheetReport, digest, judge};
use crate::report;

/// Compute a published or leaked balance sheet: what could be paid by when, at most, against what is owed.
///
/// Such a sheet proves nothing. The result is "short" or "not determinable", never more; what is not known is counted
/// in favour of whoever made the sheet.
#[derive(clap::Args)]
#[command(after_help = TABLE)]
pub(super) struct Args {
    /// The sheet, in TOML or JSON
    sheet: PathBuf,
    /// The rows of the sheet as a table in CSV, for a sheet that has none itself
    #[arg(long, value_name = "FILE")]
    rows: Option<PathBuf>,
    /// What you assume of prices, volumes and issuers: a file of assumptions, or a policy with `[quality]`
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Write the result as JSON, too (`-` for standard output instead of the text)
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the result as one page of HTML, too: no script, no network, both themes, A4
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Make a folder with the result as tables for spreadsheets, too
    #[arg(long, value_name = "DIR")]
    csv: Option<PathBuf>,
    /// Replace what exists: the JSON or HTML file, and a folder that holds nothing but tables
    #[arg(long)]
    force: bool,
}

const TABLE: &str = "\
A table of rows, with its columns in any order; what is not known is left empty:
  list,name,asset,amount,kind,quantity,relation,due,part_of,related_party,negative,note
  asset,our own token,XMPL,553,token,,self,,,,,
  liability,owed in bitcoin,BTC,1400,,,,,,,,
  entry,suspense,,8000,,,,,,,yes,";

pub(super) fn run(args: &Args) -> Outcome {
    let to_files = || args.json.iter().filter(|path| path.as_os_str() != "-").chain(&args.html);
    for path in to_files().chain(&args.csv) {
        files::check_free(path, args.force)?;
    }
    let found = compute(args)?;
    if let Some(path) = &args.html {
        files::write(path, page(path, &found)?.as_bytes(), Readers::All, args.force)?;
    }
    if let Some(path) = &args.csv {
        let folder = NewFolder::create(path, args.force, Readers::All)?;
        for (name, bytes) in report::sheet_csv(&found)? {
            folder.add(name, &bytes, Readers::All)?;
        }
        folder.publish()?;
        remark(format!("tables written to {}", path.display()));
    }
    match &args.json {
        Some(path) if path.as_os_str() == "-" => {
            say_exactly(String::from_utf8_lossy(&report::sheet_json(&found)?).trim_end());
        }
        path => {
            if let Some(path) = path {
                files::write(path, &report::sheet_json(&found)?, Readers::All, args.force)?;
            }
            say_exactly(super::printable(&report::sheet_text(&found)).trim_end());
        }
    }
    for path in to_files() {
        remark(format!("result written to {}", path.display()));
    }
    Ok(ExitCode::from(found.verdict.exit_code()))
}

fn compute(args: &Args) -> Result<SheetReport, Failure> {
    let text = files::read_text(&args.sheet)?;
    let mut sheet = Sheet::parse(&text).map_err(|error| Failure::about(&args.sheet, &error))?;
    if let Some(path) = &args.rows {
        let table = files::read(path, files::TEXT_SIZE_MAX)?;
        sheet = sheet.with_rows(&table).map_err(|faults| Failure::all_about(path, &faults))?;
    }
    let assumptions = match &args.policy {
        Some(path) => {
            let text = files::read_text(path)?;
            Some(Assumptions::parse(&text).map_err(|error| Failure::about(path, &error))?)
        }
        None => None,
    };
    Ok(judge(&sheet, digest(&text), assumptions.as_ref()))
}

/// A template that fails is a mistake of the program; nothing is written then.
fn page(path: &Path, found: &SheetReport) -> Result<String, CliError> {
    let failed = |error: report::HtmlError| CliError::OutputUnwritable { path: path.into(), detail: error.to_string() };
    report::sheet_html(found).map_err(failed)
}
