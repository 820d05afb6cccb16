//! `prove`: the inclusion proof of one customer account, or the sealed proofs of all of them.

mod all;
mod spill;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use super::error::{CliError, Failure};
use super::files::{self, Readers};
use super::{Outcome, build, remark};
use crate::json;
use crate::liability::inclusion_proof::StatementRef;
use crate::liability::prover::Prover;
use crate::liability::storage::Folder;
use crate::liability::store::{HEADER, Store, StoreError};
use crate::publish::{self, Statement};

/// Write the inclusion proof of one customer account, or sealed proofs for all of them.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The folder that `build` made
    dir: PathBuf,
    /// The account, byte for byte as in the ledger
    #[arg(long, value_name = "ID", required_unless_present = "all", conflicts_with = "all")]
    account: Option<String>,
    /// Prove every account, each proof sealed under a random code of its own: a folder that any host can serve
    #[arg(long, requires = "codes")]
    all: bool,
    /// With --all: where to write the private table of accounts and codes, for the venue's app
    #[arg(long, value_name = "FILE", requires = "all")]
    codes: Option<PathBuf>,
    /// Where to write the proof; with --all, the folder to make
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// Replace the outputs if they exist
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    match (&args.account, &args.codes) {
        (Some(account), None) => one(args, account),
        (None, Some(codes)) => all::run(args, codes),
        _ => Err(CliError::Arguments("expected --account, or --all with --codes".to_owned()).into()),
    }
}

fn one(args: &Args, account: &str) -> Outcome {
    files::check_free(&args.out, args.force)?;
    let (store, statement, reference) = open(&args.dir)?;
    let prover = Prover::new(&store, &statement.liabilities, reference)?;
    let proof = prover.prove(account)?;
    let leaves = proof.leaves.len();
    files::write(&args.out, &json::canonical(&proof)?, Readers::Owner, args.force)?;
    let balances = if leaves == 1 { "balance" } else { "balances" };
    remark(format!("proof of {leaves} {balances} written to {}", args.out.display()));
    Ok(ExitCode::SUCCESS)
}

/// Reads what `build` made, and checks that store and draft are of one build.
pub(super) fn open_checked(dir: &Path) -> Result<(Store, Statement), Failure> {
    let (store, statement, reference) = open(dir)?;
    Prover::new(&store, &statement.liabilities, reference)?;
    Ok((store, statement))
}

/// Reads what `build` made.
pub(super) fn open(dir: &Path) -> Result<(Store, Statement, StatementRef), Failure> {
    let store = open_store(dir)?;
    let path = dir.join(build::DRAFT);
    let document = files::read(&path, publish::statement_check::FILE_SIZE_MAX)?;
    let statement = publish::parse(&document).map_err(|error| Failure::about(&path, &error))?;
    let digest = publish::digest(&document);
    let reference = StatementRef { digest, sequence: statement.sequence, venue: statement.venue.id.clone() };
    Ok((store, statement, reference))
}

/// Opens the store in the folder that `build` made.
pub(super) fn open_store(dir: &Path) -> Result<Store, Failure> {
    files::check_finished(dir)?;
    let path = dir.join(build::STORE);
    if !files::is_there(&path.join(HEADER))? {
        let older = dir.join(build::STORE_1);
        if files::is_there(&older)? {
            return Err(Failure::about(&older, &StoreError::Version { got: 1, expected: 2 }));
        }
        let detail = "it is not there; expected the folder that `build` made".to_owned();
        return Err(CliError::Unreadable { path: path.join(HEADER), detail }.into());
    }
    Store::open(Arc::new(Folder::new(&path))).map_err(|error| Failure::about(&path, &error))
}
