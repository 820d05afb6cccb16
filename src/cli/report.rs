//! `report`: sign what bundle and policy gave, and check what somebody signed.

use std::path::PathBuf;
use std::process::ExitCode;

use super::error::{CliError, Failure};
use super::files::{self, Folder, Readers};
use super::own_files::{OwnFiles, OwnFilesArgs};
use super::passphrase::Unlock;
use super::statement::Alg;
use super::{Outcome, now, policy, remark, say};
use crate::bundle::FILE_SIZE_MAX;
use crate::reconcile::{Report, reconcile_with};
use crate::report::seal::{self, Same, SealedReport};
use crate::signature::{Algorithm, PublicKey};
use crate::snapshot::Time;

/// Seal a report, or check a sealed one.
#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Make a report again, compare it byte for byte, and sign it
    Seal(SealArgs),
    /// Make a sealed report again, and compare it byte for byte
    Check(CheckArgs),
}

/// What a report is made from.
#[derive(clap::Args)]
pub(super) struct Inputs {
    /// The folder of the bundle
    #[arg(long, value_name = "DIR")]
    bundle: PathBuf,
    /// Your own policy
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// What time it was when the report was made, if it was made with `--as-of`
    #[arg(long, value_name = "TIME")]
    as_of: Option<Time>,
    #[command(flatten)]
    own: OwnFilesArgs,
}

/// Make a report again, compare it byte for byte, and sign it.
#[derive(clap::Args)]
pub(super) struct SealArgs {
    /// The report, as `reconcile --json` has written it
    report: PathBuf,
    #[command(flatten)]
    inputs: Inputs,
    /// Your signing key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(flatten)]
    unlock: Unlock,
    /// How to sign with it
    #[arg(long, value_enum, default_value = "bip340")]
    alg: Alg,
    /// Where to write the sealed report
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
}

/// Make a sealed report again, and compare it byte for byte.
#[derive(clap::Args)]
pub(super) struct CheckArgs {
    /// The sealed report
    sealed: PathBuf,
    #[command(flatten)]
    inputs: Inputs,
    /// The key that must have signed, from a second source: `bip340:` or `ecdsa-secp256k1:` and its digits
    #[arg(long, value_name = "KEY")]
    key_pinned: Option<String>,
}

pub(super) fn run(verb: &Verb) -> Outcome {
    match verb {
        Verb::Seal(args) => seal(args),
        Verb::Check(args) => check(args),
    }
}

fn made(inputs: &Inputs) -> Result<Report, Failure> {
    let policy = policy::read(&inputs.policy)?;
    let own = OwnFiles::find(&inputs.own)?;
    Ok(reconcile_with(&Folder(inputs.bundle.clone()), &policy, &own, inputs.as_of)?)
}

fn seal(args: &SealArgs) -> Outcome {
    files::check_free(&args.out, args.force)?;
    let key = files::read_signing_key(&args.key, args.alg.into(), &args.unlock)?;
    let file = files::read(&args.report, FILE_SIZE_MAX)?;
    let report = made(&args.inputs)?;
    let same = seal::compare(&file, &report).map_err(|error| Failure::about(&args.report, &error))?;
    if let Same::ButForTool(tool) = &same {
        remark(format!("the report names {tool}; what is sealed names {}", report.tool));
    }
    files::write(&args.out, &seal::seal(&report, now(), &key)?, Readers::All, args.force)?;
    say(format!("sealed by {}", key.public_key()));
    named(&report);
    Ok(ExitCode::SUCCESS)
}

fn check(args: &CheckArgs) -> Outcome {
    let pinned = args.key_pinned.as_deref().map(key).transpose()?;
    let file = files::read(&args.sealed, FILE_SIZE_MAX)?;
    let about = |error: seal::SealError| Failure::about(&args.sealed, &error);
    let sealed = SealedReport::parse(&file).map_err(about)?;
    if let Some(pinned) = &pinned {
        sealed.check_signer(pinned).map_err(about)?;
    }
    let report = made(&args.inputs)?;
    let same = seal::compare(&sealed.report_file().map_err(about)?, &report).map_err(about)?;
    match same {
        Same::Bytes => say("bundle and policy give the same report, byte for byte"),
        Same::ButForTool(tool) => {
            say(format!("bundle and policy give the same report, but for the name of the version: it was {tool}"));
        }
    }
    say(format!("sealed at {} by {}", sealed.sealed_at(), sealed.signer()));
    if pinned.is_none() {
        remark("whose key that is was not checked: give it with --key-pinned, from a second source");
    }
    named(&report);
    Ok(ExitCode::SUCCESS)
}

fn named(report: &Report) {
    say(format!("bundle {}", report.bundle.root));
    say(format!("policy {}", report.policy.sha256));
    say(format!("verdict {}: {}", report.overall.verdict, report.overall.headline));
}

/// A key as other verbs print it.
fn key(text: &str) -> Result<PublicKey, Failure> {
    let parts = text.split_once(':');
    let key = parts.and_then(|(alg, digits)| Some((Algorithm::from_text(alg)?, digits)));
    let (alg, digits) = key.ok_or_else(|| {
        let detail = format!("--key-pinned {text:?}, expected `bip340:` or `ecdsa-secp256k1:` and the key's digits");
        CliError::Arguments(detail)
    })?;
    let key = PublicKey { alg, key: digits.to_owned() };
    key.check()?;
    Ok(key)
}
