//! `statement rotate`, `statement void`: statements that are no snapshot. They are written without signatures;
//! `statement sign` and `statement attach` add these, as for snapshots.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::cli::error::{CliError, Failure};
use crate::cli::files::{self, Readers};
use crate::cli::{Outcome, now, remark, say};
use crate::json;
use crate::publish::log::audit::Entry;
use crate::publish::statement::{FORMAT, Venue};
use crate::publish::statement_check::{FIELD, FILE_SIZE_MAX};
use crate::publish::statement_kinds::{KIND_ROTATION, KIND_VOID, KeyRotation, KeySet, VoidStatement, Voided};
use crate::publish::{self, Stated};
use crate::signature::{Algorithm, Envelope, PublicKey};

/// Write a change of keys.
#[derive(clap::Args)]
pub(in crate::cli) struct RotateArgs {
    /// The last statement in the log, signed
    last: PathBuf,
    /// A new public key, as ALG:HEX; may be given several times
    #[arg(long, value_name = "ALG:HEX", required = true)]
    new_key: Vec<String>,
    /// How many of the new keys sign [default: all of them]
    #[arg(long, value_name = "NUMBER")]
    threshold: Option<u64>,
    /// Why, in the venue's words
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Where to write it, without signatures
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
}

/// Write the withdrawal of a statement.
#[derive(clap::Args)]
pub(in crate::cli) struct VoidArgs {
    /// The last statement in the log, signed
    last: PathBuf,
    /// The statement to withdraw
    #[arg(long, value_name = "FILE")]
    statement: PathBuf,
    /// Why, in the venue's words
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Where to write it, without signatures
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
}

fn entry(path: &Path) -> Result<Entry, Failure> {
    let file = files::read(path, FILE_SIZE_MAX)?;
    Entry::parse(&file).map_err(|error| Failure::about(path, &error))
}

/// The venue with the keys that sign what comes next, and the number of that.
fn behind(last: &Stated) -> Result<(Venue, u64), Failure> {
    let (keys, threshold) = last.keys_behind();
    let venue = Venue { keys: keys.to_vec(), threshold, ..last.venue().clone() };
    let beyond = || CliError::Arguments("there is no number behind the last statement".to_owned());
    Ok((venue, last.sequence().checked_add(1).ok_or_else(beyond)?))
}

fn tool() -> String {
    format!("counterfoil {}", env!("CARGO_PKG_VERSION"))
}

pub(super) fn rotate(args: &RotateArgs) -> Outcome {
    files::check_free(&args.out, args.force)?;
    let last = entry(&args.last)?;
    let (venue, sequence) = behind(&last.stated)?;
    let mut keys = args.new_key.iter().map(|text| public_key(text)).collect::<Result<Vec<_>, _>>()?;
    keys.sort();
    let threshold = args.threshold.unwrap_or(keys.len() as u64);
    let rotation = KeyRotation {
        format: FORMAT.to_owned(),
        issued: now(),
        kind: KIND_ROTATION.to_owned(),
        new: KeySet { keys, threshold },
        predecessor: last.digest,
        reason: args.reason.clone(),
        sequence,
        tool: tool(),
        venue,
    };
    write(&json::canonical(&rotation)?, &args.out, args.force)?;
    remark("to be signed by the old keys and by the new ones: counterfoil statement sign");
    Ok(ExitCode::SUCCESS)
}

fn public_key(text: &str) -> Result<PublicKey, Failure> {
    let wrong = || CliError::Arguments(format!("--new-key {text}: expected ALG:HEX, such as bip340:…"));
    let (alg, key) = text.split_once(':').ok_or_else(wrong)?;
    let key = PublicKey { alg: Algorithm::from_text(alg).ok_or_else(wrong)?, key: key.to_owned() };
    key.check()?;
    Ok(key)
}

pub(super) fn void(args: &VoidArgs) -> Outcome {
    files::check_free(&args.out, args.force)?;
    let (last, voided) = (entry(&args.last)?, entry(&args.statement)?);
    if voided.stated.snapshot().is_none() {
        let (kind, sequence) = (voided.stated.kind(), voided.stated.sequence());
        return Err(Failure::about(&args.statement, &publish::StatementError::Kind { kind, sequence }));
    }
    let (venue, sequence) = behind(&last.stated)?;
    let void = VoidStatement {
        format: FORMAT.to_owned(),
        issued: now(),
        kind: KIND_VOID.to_owned(),
        predecessor: last.digest,
        reason: args.reason.clone(),
        sequence,
        tool: tool(),
        venue,
        voids: Voided { digest: voided.digest, sequence: voided.stated.sequence() },
    };
    write(&json::canonical(&void)?, &args.out, args.force)?;
    remark("to be signed like a snapshot: counterfoil statement sign");
    Ok(ExitCode::SUCCESS)
}

fn write(document: &[u8], out: &Path, force: bool) -> Result<(), Failure> {
    let stated = Stated::parse(document)?;
    let envelope = Envelope { document: document.to_vec(), signatures: Vec::new() };
    files::write(out, &envelope.to_file(FIELD)?, Readers::All, force)?;
    say(format!("statement {} of {}: {}", stated.sequence(), stated.venue().id, publish::digest(document)));
    Ok(())
}
