//! `reconcile`: both halves of a bundle, under a policy.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;

use super::files::{self, Folder, NewFolder, Readers};
use super::own_files::{OwnFiles, OwnFilesArgs};
use super::{Outcome, policy, remark};
use crate::reconcile::{Report, reconcile_with};
use crate::report;

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
    /// Write the report as JSON, too (`-` for standard output instead of the text)
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Make a folder with the working papers as tables for spreadsheets, too
    #[arg(long, value_name = "DIR")]
    csv: Option<PathBuf>,
    /// Replace what exists: the JSON file, and a folder that holds nothing but tables
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let taken = args.json.iter().filter(|path| path.as_os_str() != "-").chain(&args.csv);
    for path in taken {
        files::check_free(path, args.force)?;
    }
    let policy = policy::read(&args.policy)?;
    let own = OwnFiles::find(&args.own)?;
    let report = reconcile_with(&Folder(args.bundle.clone()), &policy, &own)?;
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
            super::say_exactly(String::from_utf8_lossy(&report::json(&report)?).trim_end())
        }
        Some(path) => {
            files::write(path, &report::json(&report)?, Readers::All, args.force)?;
            show(&report);
            remark(format!("report written to {}", path.display()));
        }
        None => show(&report),
    }
    Ok(ExitCode::from(report.overall.verdict.exit_code()))
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
