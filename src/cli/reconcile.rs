//! `reconcile`: both halves of a bundle, under a policy.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::error::CliError;
use super::files::{self, Folder, NewFolder, Readers};
use super::own_files::{OwnFiles, OwnFilesArgs};
use super::{Outcome, policy, remark};
use crate::reconcile::{Report, reconcile_with};
use crate::report;
use crate::snapshot::Time;

/// Compare what is owed with what is held.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The folder of the bundle
    bundle: PathBuf,
    /// Your own policy: which keys, blocks and nodes you pin, and what you demand
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    #[command(flatten)]
    own: OwnFilesArgs,
    /// What time it is, as 2026-11-01T00:00:00Z: statements have an age and a successor that is due
    #[arg(long, value_name = "TIME")]
    as_of: Option<Time>,
    /// Write the report as JSON, too (`-` for standard output instead of the text)
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the report as one page of HTML, too: no script, no network, both themes, A4
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Make a folder with the working papers as tables for spreadsheets, too
    #[arg(long, value_name = "DIR")]
    csv: Option<PathBuf>,
    /// Replace what exists: the JSON or HTML file, and a folder that holds nothing but tables
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let to_files = || args.json.iter().filter(|path| path.as_os_str() != "-").chain(&args.html);
    for path in to_files().chain(&args.csv) {
        files::check_free(path, args.force)?;
    }
    let policy = policy::read(&args.policy)?;
    let own = OwnFiles::find(&args.own)?;
    let report = reconcile_with(&Folder(args.bundle.clone()), &policy, &own, args.as_of)?;
    if let Some(path) = &args.html {
        files::write(path, page(path, &report)?.as_bytes(), Readers::All, args.force)?;
    }
    if let Some(path) = &args.csv {
        let folder = NewFolder::create(path, args.force, Readers::All)?;
        for (name, bytes) in report::csv(&report)? {
            folder.add(name, &bytes, Readers::All)?;
        }
        folder.publish()?;
        remark(format!("working papers written to {}", path.display()));
    }
    match &args.json {
        Some(path) if path.as_os_str() == "-" => {
            super::say_exactly(String::from_utf8_lossy(&report::json(&report)?).trim_end());
        }
        Some(path) => {
            files::write(path, &report::json(&report)?, Readers::All, args.force)?;
            show(&report);
        }
        None => show(&report),
    }
    for path in to_files() {
        remark(format!("report written to {}", path.display()));
    }
    Ok(ExitCode::from(report.overall.verdict.exit_code()))
}

/// A template that fails is a mistake of the program; nothing is written then.
fn page(path: &Path, report: &Report) -> Result<String, CliError> {
    let failed = |error: report::HtmlError| CliError::OutputUnwritable { path: path.into(), detail: error.to_string() };
    report::html(report).map_err(failed)
}

/// The text, with colours where somebody looks at it who has not asked for none.
fn show(report: &Report) {
    let text = super::printable(report::text(report).trim_end());
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let colours = std::io::stdout().is_terminal()
        && set("NO_COLOR").is_none()
        && set("TERM").is_none_or(|terminal| terminal != "dumb");
    let text = if colours { report::coloured(report, &text) } else { text };
    super::say_exactly(text.trim_end());
}
