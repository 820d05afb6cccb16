//! `reconcile`: both halves of a bundle, under a policy.

use std::path::PathBuf;
use std::process::ExitCode;

use super::files::{self, Folder, Readers};
use super::own_files::{OwnFiles, OwnFilesArgs};
use super::{Outcome, policy, remark, say};
use crate::reconcile::reconcile_with;
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
    /// Replace the JSON file if it exists
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let policy = policy::read(&args.policy)?;
    let own = OwnFiles::find(&args.own)?;
    let report = reconcile_with(&Folder(args.bundle.clone()), &policy, &own, args.as_of)?;
    match &args.json {
        Some(path) if path.as_os_str() == "-" => {
            super::say_exactly(String::from_utf8_lossy(&report::json(&report)?).trim_end())
        }
        Some(path) => {
            files::write(path, &report::json(&report)?, Readers::All, args.force)?;
            say(report::text(&report).trim_end());
            remark(format!("report written to {}", path.display()));
        }
        None => say(report::text(&report).trim_end()),
    }
    Ok(ExitCode::from(report.overall.verdict.exit_code()))
}
