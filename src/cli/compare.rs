//! `compare`: what two people were shown, one history or a contradiction.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::error::{CliError, Failure};
use super::files::{self, Folder, Readers};
use super::{Outcome, log, policy, remark, say};
use crate::bundle::{FileSource as _, paths};
use crate::publish::compare::{self, CompareError, ComparePins, EVIDENCE_SIZE_MAX, Shown};
use crate::publish::log::{LogProof, Note, proof};
use crate::publish::statement_check::FILE_SIZE_MAX;

/// Compare what two people were shown.
#[derive(clap::Args)]
pub(super) struct Args {
    /// What the first one was shown: a statement, checkpoint, log proof, bundle or folder of a log
    #[arg(required_unless_present = "check")]
    first: Option<PathBuf>,
    /// What the second one was shown
    #[arg(required_unless_present = "check")]
    second: Option<PathBuf>,
    /// Your own policy, with the keys of venue and log
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// The folder of the log, to compare checkpoints of different sizes
    #[arg(long, value_name = "DIR", conflicts_with = "check")]
    log: Option<PathBuf>,
    /// Where to write a contradiction, for anybody who has the keys
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    out: Option<PathBuf>,
    /// Check a contradiction that somebody has written
    #[arg(long, value_name = "FILE", conflicts_with_all = ["first", "second"])]
    check: Option<PathBuf>,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let policy = policy::read(&args.policy)?;
    let pins = ComparePins { venue: policy.statement_pins(), log: policy.log().map(|rules| rules.pins()) };
    if let Some(path) = &args.check {
        let file = files::read(path, EVIDENCE_SIZE_MAX)?;
        let shown = compare::convicts(&file, &pins).map_err(|error| Failure::about(path, &error))?;
        say("The evidence holds: honest keys do not sign both.");
        shown.iter().for_each(|line| say(format!("  {line}")));
        say(format!("\nPolicy {}", policy.digest()));
        return Ok(ExitCode::SUCCESS);
    }
    let (Some(first), Some(second)) = (&args.first, &args.second) else {
        return Err(CliError::Arguments("two files or folders are needed".to_owned()).into());
    };
    if let Some(out) = &args.out {
        files::check_free(out, args.force)?;
    }
    let (a, mut b) = (read(first)?, read(second)?);
    if let Some(path) = &args.log {
        b.leaves = log::read_log(path, &Folder(path.clone()))?.1;
    }
    let found = compare::compare(&a, &b, &pins)?;
    found.same.iter().for_each(|line| say(format!("same: {line}")));
    if !found.differs.is_empty() {
        if let Some(out) = &args.out {
            let evidence = compare::to_evidence(&a, &b)?;
            compare::convicts(&evidence, &pins)?;
            files::write(out, &evidence, Readers::All, args.force)?;
            remark(format!("evidence written to {}; anybody checks it: counterfoil compare --check", out.display()));
        }
        return Err(CompareError::Differ(found.differs.join("\n")).into());
    }
    if !found.unknown.is_empty() {
        return Err(CompareError::Unknown(found.unknown.join("\n")).into());
    }
    say(format!("\nPolicy {}", policy.digest()));
    Ok(ExitCode::SUCCESS)
}

/// A folder is that of a log or a bundle; a file says what it is.
fn read(path: &Path) -> Result<Shown, Failure> {
    if path.is_dir() {
        let folder = Folder(path.to_owned());
        return if log::is_log(&folder) {
            let (note, leaves) = log::read_log(path, &folder)?;
            Ok(Shown { checkpoint: Some(note), leaves, ..Shown::default() })
        } else {
            read_bundle(path, &folder)
        };
    }
    let file = files::read(path, FILE_SIZE_MAX)?;
    if file.starts_with(b"{") {
        return Ok(Shown { statement: Some(file), ..Shown::default() });
    }
    if file.starts_with(proof::FORMAT.as_bytes()) {
        let proof = LogProof::parse(&file).map_err(|error| Failure::about(path, &error))?;
        return Ok(Shown { proof: Some(proof), ..Shown::default() });
    }
    let note = Note::parse(&file).map_err(|error| Failure::about(path, &error))?;
    Ok(Shown { checkpoint: Some(note), ..Shown::default() })
}

fn read_bundle(path: &Path, folder: &Folder) -> Result<Shown, Failure> {
    let read = |name: &str| {
        let unreadable =
            |error: crate::bundle::SourceError| CliError::Unreadable { path: path.join(name), detail: error.detail };
        folder.read(name).map_err(unreadable)
    };
    let statement = read(paths::STATEMENT)?;
    let proof = read(paths::LOG_PROOF)?.map(|file| LogProof::parse(&file)).transpose();
    let proof = proof.map_err(|error| Failure::about(path.join(paths::LOG_PROOF), &error))?;
    if statement.is_none() && proof.is_none() {
        let detail = "it is no log, and has neither statement.json nor a log proof".to_owned();
        return Err(CliError::Unreadable { path: path.to_owned(), detail }.into());
    }
    Ok(Shown { statement, proof, ..Shown::default() })
}
