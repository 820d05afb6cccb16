//! `network`: bundles of several venues, joined and cleared.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::error::{CliError, Failure};
use super::files::{self, Folder, Readers};
use super::{Outcome, policy, remark};
use crate::reconcile::network::{Input, NetworkFile, NetworkPolicy, network};
use crate::report;
use crate::snapshot::Time;

/// Join bundles of several venues: what is shared, who owes whom, and what everybody can pay.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The folders of the bundles, in any order
    #[arg(required = true)]
    bundles: Vec<PathBuf>,
    /// Your own network policy: a policy for each venue, and what a default costs
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// What time it is, as 2026-11-01T00:00:00Z: statements have an age and a successor that is due
    #[arg(long, value_name = "TIME")]
    as_of: Option<Time>,
    /// Write the report as JSON, too (`-` for standard output instead of the text)
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the report as one page of HTML, too: no script, no network, both themes, A4
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Replace what exists
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let to_files = || args.json.iter().filter(|path| path.as_os_str() != "-").chain(&args.html);
    for path in to_files() {
        files::check_free(path, args.force)?;
    }
    let policy = read_policy(&args.policy)?;
    let folders: Vec<Folder> = args.bundles.iter().map(|path| Folder(path.clone())).collect();
    let named = args.bundles.iter().zip(&folders);
    let inputs: Vec<Input<'_>> = named.map(|(path, files)| Input { name: path.display().to_string(), files }).collect();
    let joined = network(&inputs, &policy, args.as_of)?;
    if let Some(path) = &args.html {
        let failed =
            |error: report::HtmlError| CliError::OutputUnwritable { path: path.clone(), detail: error.to_string() };
        let page = report::network_html(&joined).map_err(failed)?;
        files::write(path, page.as_bytes(), Readers::All, args.force)?;
    }
    let show = || super::say_exactly(super::printable(report::network_text(&joined).trim_end()).trim_end());
    match &args.json {
        Some(path) if path.as_os_str() == "-" => {
            super::say_exactly(String::from_utf8_lossy(&report::network_json(&joined)?).trim_end());
        }
        Some(path) => {
            files::write(path, &report::network_json(&joined)?, Readers::All, args.force)?;
            show();
        }
        None => show(),
    }
    for path in to_files() {
        remark(format!("report written to {}", path.display()));
    }
    Ok(ExitCode::from(joined.verdict.exit_code()))
}

/// The file, and the policies that it names, from its own folder on.
fn read_policy(path: &Path) -> Result<NetworkPolicy, Failure> {
    let about = |error: &crate::reconcile::network::NetworkPolicyError| Failure::about(path, error);
    let file = NetworkFile::parse(&files::read_text(path)?).map_err(|error| about(&error))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let policies = file.policies().map(|name| policy::read(&folder.join(name))).collect::<Result<Vec<_>, _>>()?;
    file.with(policies).map_err(|error| about(&error))
}
