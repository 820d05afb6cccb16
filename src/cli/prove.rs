//! `prove`: the inclusion proof of one customer account.

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

/// Write the inclusion proof of one customer account.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The folder that `build` made
    dir: PathBuf,
    /// The account, byte for byte as in the ledger
    #[arg(long, value_name = "ID")]
    account: String,
    /// Where to write the proof
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    files::check_free(&args.out, args.force)?;
    let (store, statement, reference) = open(&args.dir)?;
    let prover = Prover::new(&store, &statement.liabilities, reference)?;
    let proof = prover.prove(&args.account)?;
    let leaves = proof.leaves.len();
    files::write(&args.out, &json::canonical(&proof)?, Readers::Owner, args.force)?;
    let balances = if leaves == 1 { "balance" } else { "balances" };
    remark(format!("proof of {leaves} {balances} written to {}", args.out.display()));
    Ok(ExitCode::SUCCESS)
}

/// Reads what `build` made.
fn open(dir: &Path) -> Result<(Store, Statement, StatementRef), Failure> {
    let path = dir.join(build::STORE);
    if !files::is_there(&path.join(HEADER))? {
        let older = dir.join(build::STORE_1);
        if files::is_there(&older)? {
            return Err(Failure::about(&older, &StoreError::Version { got: 1, expected: 2 }));
        }
        let detail = "it is not there; expected the folder that `build` made".to_owned();
        return Err(CliError::Unreadable { path: path.join(HEADER), detail }.into());
    }
    let store = Store::open(Arc::new(Folder::new(&path))).map_err(|error| Failure::about(&path, &error))?;
    let path = dir.join(build::DRAFT);
    let document = files::read(&path, publish::statement_check::FILE_SIZE_MAX)?;
    let statement = publish::parse(&document).map_err(|error| Failure::about(&path, &error))?;
    let digest = publish::digest(&document);
    let reference = StatementRef { digest, sequence: statement.sequence, venue: statement.venue.id.clone() };
    Ok((store, statement, reference))
}
