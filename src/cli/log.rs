//! `log check`, `log prove`: a whole log, and one proof out of it. Both work on a folder, without a socket.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::error::{CliError, Failure};
use super::files::{self, Folder, Readers};
use super::wording::counted;
use super::{Outcome, now, policy, remark, say};
use crate::bundle::FileSource as _;
use crate::policy::{LogRules, Policy};
use crate::publish::log::audit::{self, AuditQuery};
use crate::publish::log::{Checkpoint, LogError, LogProof, Note, proof, tiles, tree};
use crate::report::shown;

/// Check a public log, or take a proof out of it.
#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Check a whole log: signatures, every statement, every tile, and whether a snapshot is missing
    Check(CheckArgs),
    /// Write the proof that one statement stands in the log
    Prove(ProveArgs),
}

/// Check a whole log.
#[derive(clap::Args)]
pub(super) struct CheckArgs {
    /// The folder of the log, as the venue serves it
    log: PathBuf,
    /// Your own policy, with a section `[log]`
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// A checkpoint or log proof that you have seen before: the log must continue it
    #[arg(long, value_name = "FILE")]
    earlier: Option<PathBuf>,
}

/// Write a log proof.
#[derive(clap::Args)]
pub(super) struct ProveArgs {
    /// The folder of the log
    log: PathBuf,
    /// The sequence number of the statement
    #[arg(long, value_name = "NUMBER")]
    sequence: u64,
    /// Where to write the proof
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
}

pub(super) fn run(verb: &Verb) -> Outcome {
    match verb {
        Verb::Check(args) => check(args),
        Verb::Prove(args) => prove(args),
    }
}

/// The section `[log]` of a policy, which the check asked for needs.
pub(super) fn rules(policy: &Policy) -> Result<&LogRules, CliError> {
    let missing =
        "the policy names no log: pin a venue card that has one (`pin add`), or add a section [log] with its key";
    policy.log().ok_or_else(|| CliError::Arguments(missing.to_owned()))
}

/// A checkpoint, alone or in a log proof.
pub(super) fn read_note(path: &Path) -> Result<Note, Failure> {
    let file = files::read(path, proof::PROOF_SIZE_MAX)?;
    let note = if file.starts_with(proof::FORMAT.as_bytes()) {
        LogProof::parse(&file).map(|proof| proof.checkpoint)
    } else {
        Note::parse(&file)
    };
    note.map_err(|error| Failure::about(path, &error))
}

fn check(args: &CheckArgs) -> Outcome {
    let policy = policy::read(&args.policy)?;
    let rules = rules(&policy)?;
    let earlier = args.earlier.as_deref().map(read_note).transpose()?;
    let query =
        AuditQuery { log: rules.pins(), venue: &policy.statement_pins(), now: now(), earlier: earlier.as_ref() };
    let found = audit::audit(&Folder(args.log.clone()), &query).map_err(Failure::all)?;
    let Checkpoint { origin, size, root } = found.signed.checkpoint();
    let entries = counted(*size, "entry", "entries");
    say(format!("The log {} has {entries}, each the statement of its number.", shown(origin)));
    say(format!("  root {root}"));
    for cosignature in found.signed.cosignatures() {
        say(format!("  cosigned by {} at {}", shown(&cosignature.witness), cosignature.time));
    }
    if found.signed.cosignatures().is_empty() {
        say("  cosigned by nobody whom the policy pins");
    }
    if let Some(last) = &found.last {
        say(format!("The last one is of {}; the next one is due at {}.", last.cutoff, last.due));
    }
    for rotation in &found.rotations {
        let keys = rotation.new.keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        say(format!("Statement {} replaces the keys: from the next one on {keys} sign.", rotation.sequence));
    }
    for void in &found.voids {
        let reason = shown(&void.reason).to_string();
        say(format!("Statement {} withdraws statement {}: {reason}", void.sequence, void.voids.sequence));
    }
    if found.unfinished {
        say("A further checkpoint is signed and waits for witnesses.");
    }
    match &args.earlier {
        Some(path) => say(format!("It continues {}.", path.display())),
        None => say("Keep its checkpoint: with --earlier, the next check shows whether the log was rewritten."),
    }
    say(format!("\nPolicy {}", policy.digest()));
    Ok(ExitCode::SUCCESS)
}

fn prove(args: &ProveArgs) -> Outcome {
    files::check_free(&args.out, args.force)?;
    let folder = Folder(args.log.clone());
    let (checkpoint, leaves) = read_log(&args.log, &folder)?;
    let size = leaves.len() as u64;
    let entries = counted(size, "entry", "entries");
    let beyond = || CliError::Arguments(format!("--sequence {}: the log has {entries}", args.sequence));
    let path = tree::inclusion_proof(&leaves, args.sequence).ok_or_else(beyond)?;
    let proof = LogProof { extra: None, index: args.sequence, path, checkpoint };
    files::write(&args.out, proof.to_string().as_bytes(), Readers::All, args.force)?;
    remark(format!("log proof of statement {} written to {}", args.sequence, args.out.display()));
    Ok(ExitCode::SUCCESS)
}

/// Checkpoint and leaf hashes of a log, of which one fits the other. Signatures are not looked at.
pub(super) fn read_log(path: &Path, folder: &Folder) -> Result<(Note, Vec<crate::hash::Digest>), Failure> {
    let about = |error: LogError| Failure::about(path, &error);
    let file = audit::read(folder, tiles::CHECKPOINT).map_err(about)?;
    let note = Note::parse(&file).map_err(about)?;
    let Checkpoint { size, root: got, .. } = Checkpoint::of(&note).map_err(about)?;
    let leaves = audit::leaves(folder, size).map_err(about)?;
    let expected = tree::root(&leaves);
    if expected == got { Ok((note, leaves)) } else { Err(about(LogError::Root { size, got, expected })) }
}

/// Whether a folder is that of a log.
pub(super) fn is_log(folder: &Folder) -> bool {
    matches!(folder.read(tiles::CHECKPOINT), Ok(Some(_)))
}
