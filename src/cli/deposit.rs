//! `deposit`: a venue puts what it has at another venue into its bundle, provable by anybody.

use std::path::PathBuf;
use std::process::ExitCode;

use super::error::{CliError, Failure};
use super::files::{self, Readers};
use super::passphrase::Unlock;
use super::statement::Alg;
use super::{Outcome, policy, remark, say};
use crate::bundle::MANIFEST;
use crate::json;
use crate::liability::inclusion_proof::{self, InclusionProof, InclusionQuery};
use crate::publish;
use crate::reconcile::network::elsewhere::{self, CLAIM, Claim, ELSEWHERE, PROOF, STATEMENT};
use crate::report::wrap;
use crate::snapshot::VenueId;

/// Put a deposit at another venue into your bundle: its statement, your inclusion proof, your signed claim.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The folder of your bundle
    bundle: PathBuf,
    /// A name for the deposit: letters, digits, `.`, `_` and `-`
    #[arg(long, value_name = "NAME")]
    name: String,
    /// Your own short name
    #[arg(long, value_name = "ID")]
    venue: VenueId,
    /// The other venue's signed statement
    #[arg(long, value_name = "FILE")]
    statement: PathBuf,
    /// Your policy about the other venue, with its key pinned
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// The inclusion proof that the other venue gave you
    #[arg(long, value_name = "FILE")]
    proof: PathBuf,
    /// Your account there
    #[arg(long, value_name = "ID")]
    account: String,
    /// The signing key that is the account's credential
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(flatten)]
    unlock: Unlock,
    /// How to sign with it
    #[arg(long, value_enum, default_value = "bip340")]
    alg: Alg,
    /// Replace files that exist
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if args.name.is_empty() || args.name.starts_with('.') || !args.name.bytes().all(plain) {
        let detail = format!("--name {:?}: expected letters, digits, `.`, `_` and `-`", args.name);
        return Err(CliError::Arguments(detail).into());
    }
    let folder = args.bundle.join(ELSEWHERE).join(&args.name);
    let targets = [STATEMENT, PROOF, CLAIM].map(|name| folder.join(name));
    for target in &targets {
        files::check_free(target, args.force)?;
    }
    let policy = policy::read(&args.policy)?;
    let statement = files::read(&args.statement, publish::statement_check::FILE_SIZE_MAX)?;
    let debtor = publish::verify(&statement, &policy.statement_pins())
        .map_err(|error| Failure::about(&args.statement, &error))?;
    let proof = files::read(&args.proof, inclusion_proof::FILE_SIZE_MAX)?;
    let parsed = InclusionProof::parse(&proof).map_err(|error| Failure::about(&args.proof, &error))?;
    let key = files::read_signing_key(&args.key, args.alg.into(), &args.unlock)?;
    let credential = elsewhere::credential(&key.public_key());
    let query = InclusionQuery {
        statement: &debtor.reference(),
        rows: &debtor.statement().liabilities,
        account: &args.account,
        credential: &credential,
        expected: &std::collections::BTreeMap::new(),
    };
    // what an auditor would refuse is not written
    let included = inclusion_proof::verify(&query, &parsed).map_err(|error| {
        remark(wrap(&format!("the leaf must have the credential {credential}")));
        Failure::about(&args.proof, &error)
    })?;
    let claim = Claim::sign(&key, &args.venue, &debtor.statement().venue.id, &debtor.digest(), &args.account)?;
    let unwritable =
        |error: std::io::Error| CliError::OutputUnwritable { path: folder.clone(), detail: error.to_string() };
    std::fs::create_dir_all(&folder).map_err(unwritable)?;
    let contents = [statement, proof, json::canonical(&claim)?];
    for (target, bytes) in targets.iter().zip(&contents) {
        files::write(target, bytes, Readers::All, args.force)?;
    }
    for balance in &included {
        let row = balance.row();
        say(format!(
            "{} {} ({}) at {}",
            balance.amount().to_decimal(row.decimals),
            row.asset,
            row.class,
            debtor.statement().venue.id
        ));
    }
    if args.bundle.join(MANIFEST).exists() {
        remark("the manifest is of before: seal the bundle again");
    }
    Ok(ExitCode::SUCCESS)
}
