//! `bundle explain`: a customer whose coins came in and went out around a cut-off, with the proof that they were owed.

use std::path::PathBuf;
use std::process::ExitCode;

use super::super::error::{CliError, Failure};
use super::super::files::{self, Readers};
use super::super::{Outcome, remark, verify};
use super::place;
use crate::asset::DeploymentId;
use crate::bundle::{MANIFEST, paths};
use crate::code::Coded;
use crate::hash::sha256;
use crate::liability::inclusion_proof::{FILE_SIZE_MAX, InclusionError, InclusionProof};
use crate::reconcile::depositors::{Deposit, Depositor, FORMAT};

/// Tie deposits to a customer who is in the tree: coins that came before a cut-off and went back after it are owed, and
/// not borrowed. For the auditor's bundle.
#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    /// The folder; made if it does not exist
    dir: PathBuf,
    /// The customer's account, byte for byte as in the ledger
    #[arg(long, value_name = "ID")]
    account: String,
    /// A file with the credential in the customer's leaf; only one that is the address which paid in shows whose it is
    #[arg(long, value_name = "FILE")]
    credential_file: Option<PathBuf>,
    /// A transaction that brought the customer's coins; may be given several times
    #[arg(long, value_name = "DEPLOYMENT=TXID", required = true)]
    deposit: Vec<String>,
    /// An inclusion proof of the account, as `prove` wrote it; one for each statement that the coins were there for
    #[arg(long, value_name = "FILE", required = true)]
    proof: Vec<PathBuf>,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let credential = verify::CredentialFile(args.credential_file.as_deref()).read()?;
    let mut deposits = args.deposit.iter().map(|text| deposit(text)).collect::<Result<Vec<_>, _>>()?;
    deposits.sort();
    deposits.dedup();
    let proofs = args.proof.iter().map(|path| proof(args, path)).collect::<Result<Vec<_>, _>>()?;
    let depositor =
        Depositor { account: args.account.clone(), credential, deposits, format: FORMAT.to_owned(), proofs };
    let bytes = depositor.to_bytes()?;
    place(&args.dir, &paths::depositor(&sha256(&bytes)), &bytes, Readers::Owner, args.force)?;
    if depositor.credential.is_empty() {
        remark(
            "without a credential only this file says that the account is the one who paid in: that convicts nobody, \
             and covers nothing",
        );
    }
    remark("the file shows a customer's account and balance: `bundle publish` leaves it out");
    if args.dir.join(MANIFEST).exists() {
        remark("the manifest is of before: seal the bundle again");
    }
    Ok(ExitCode::SUCCESS)
}

fn deposit(text: &str) -> Result<Deposit, Failure> {
    let wrong = |detail: String| CliError::Arguments(format!("--deposit {text:?}: {detail}"));
    let (deployment, txid) = text.split_once('=').ok_or_else(|| wrong("expected DEPLOYMENT=TXID".to_owned()))?;
    let deployment: DeploymentId = deployment.parse().map_err(|error| wrong(format!("{error}")))?;
    if txid.is_empty() {
        return Err(wrong("it names no transaction".to_owned()).into());
    }
    Ok(Deposit { deployment, txid: txid.to_owned() })
}

fn proof(args: &Args, path: &std::path::Path) -> Result<InclusionProof, Failure> {
    let about = |error: &dyn Coded| Failure::about(path, error);
    let proof = InclusionProof::parse(&files::read(path, FILE_SIZE_MAX)?).map_err(|error| about(&error))?;
    if proof.account == args.account {
        return Ok(proof);
    }
    Err(about(&InclusionError::OtherAccount { got: proof.account, expected: args.account.clone() }))
}
