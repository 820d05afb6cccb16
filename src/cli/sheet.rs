//! `sheet`: a balance sheet that no venue has signed, computed as it stands.

use std::path::PathBuf;
use std::process::ExitCode;

use super::error::Failure;
use super::files::{self, Readers};
use super::{Outcome, remark, say_exactly};
use crate::policy::quality::Assumptions;
use crate::reconcile::sheet::{Sheet, digest, judge};
use crate::report;

/// Compute a published or leaked balance sheet: what could be paid by when, at most, against what is owed.
///
/// Such a sheet proves nothing. The result is "short" or "not determinable", never more; what is not known is counted
/// in favour of whoever made the sheet.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The sheet, in TOML
    sheet: PathBuf,
    /// What you assume of prices, volumes and issuers: a file of assumptions, or a policy with `[quality]`
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Write the result as JSON, too (`-` for standard output instead of the text)
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Replace the JSON file if it exists
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let to_file = args.json.as_ref().filter(|path| path.as_os_str() != "-");
    if let Some(path) = to_file {
        files::check_free(path, args.force)?;
    }
    let text = files::read_text(&args.sheet)?;
    let sheet = Sheet::parse(&text).map_err(|error| Failure::about(&args.sheet, &error))?;
    let assumptions = match &args.policy {
        Some(path) => {
            let text = files::read_text(path)?;
            Some(Assumptions::parse(&text).map_err(|error| Failure::about(path, &error))?)
        }
        None => None,
    };
    let found = judge(&sheet, digest(&text), assumptions.as_ref());
    match (&args.json, to_file) {
        (Some(_), None) => say_exactly(String::from_utf8_lossy(&report::sheet_json(&found)?).trim_end()),
        (_, path) => {
            if let Some(path) = path {
                files::write(path, &report::sheet_json(&found)?, Readers::All, args.force)?;
                remark(format!("result written to {}", path.display()));
            }
            say_exactly(super::printable(&report::sheet_text(&found)).trim_end());
        }
    }
    Ok(ExitCode::from(found.verdict.exit_code()))
}
