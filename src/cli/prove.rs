//! `prove`: the inclusion proof of one customer account.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::error::{CliError, Failure};
use super::files::{self, Readers};
use super::{Outcome, build, remark};
use crate::json;
use crate::liability::Tree;
use crate::liability::inclusion_proof::{FORMAT, InclusionProof, LeafProof, StatementRef};
use crate::liability::store::Store;
use crate::liability::sum_tree::{SumNode, SumTree};
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
    let prover = Prover::new(&store, &statement, reference)?;
    let proof = prover.prove(&args.account)?;
    let leaves = proof.leaves.len();
    files::write(&args.out, &json::canonical(&proof)?, Readers::Owner, args.force)?;
    remark(format!("proof of {leaves} balances written to {}", args.out.display()));
    Ok(ExitCode::SUCCESS)
}

/// Reads what `build` made.
fn open(dir: &Path) -> Result<(Store, Statement, StatementRef), Failure> {
    let path = dir.join(build::STORE);
    let unreadable = |error: std::io::Error| CliError::Unreadable { path: path.clone(), detail: error.to_string() };
    let file = File::open(&path).map_err(unreadable)?;
    let store = Store::read(&mut BufReader::new(file)).map_err(|error| Failure::about(&path, &error))?;
    let path = dir.join(build::DRAFT);
    let document = files::read(&path, publish::statement_check::FILE_SIZE_MAX)?;
    let statement = publish::parse(&document).map_err(|error| Failure::about(&path, &error))?;
    let digest = publish::digest(&document);
    let reference = StatementRef { digest, sequence: statement.sequence, venue: statement.venue.id.clone() };
    Ok((store, statement, reference))
}

/// All trees of one build, ready for proofs.
pub(super) struct Prover<'a> {
    trees: Vec<(&'a Tree, SumTree)>,
    reference: StatementRef,
}

impl<'a> Prover<'a> {
    pub(super) fn new(store: &'a Store, statement: &Statement, reference: StatementRef) -> Result<Self, Failure> {
        let rows: Vec<_> = store.trees.iter().map(|tree| tree.commitment.clone()).collect();
        if rows != statement.liabilities {
            let detail = "the store is of another build than the statement draft beside it".to_owned();
            return Err(CliError::StoreDisagrees(detail).into());
        }
        let mut trees = Vec::with_capacity(store.trees.len());
        for tree in &store.trees {
            let unfit = || CliError::StoreDisagrees("a leaf does not fit its tree".to_owned());
            let leaves: Option<Vec<SumNode>> = tree.entries.iter().map(crate::liability::Entry::node).collect();
            let levels = SumTree::new(leaves.ok_or_else(unfit)?).map_err(|_| unfit())?;
            trees.push((tree, levels));
        }
        Ok(Self { trees, reference })
    }

    /// The proof of one account over all trees in which it has a leaf.
    pub(super) fn prove(&self, account: &str) -> Result<InclusionProof, Failure> {
        let mut leaves = Vec::new();
        for (tree, levels) in &self.trees {
            let Some(index) = tree.entries.iter().position(|entry| entry.account == account) else { continue };
            let Some(entry) = tree.entries.get(index) else { continue };
            let path = levels.path(index as u64).ok().flatten();
            let path = path.ok_or_else(|| CliError::StoreDisagrees("a leaf has no path to its root".to_owned()))?;
            leaves.push(LeafProof {
                asset: tree.commitment.asset.clone(),
                class: tree.commitment.class,
                amount: entry.amount,
                nonce: entry.nonce,
                index: index as u64,
                parts: entry.parts.clone(),
                path,
            });
        }
        if leaves.is_empty() {
            return Err(CliError::AccountNotFound(account.to_owned()).into());
        }
        let (format, account) = (FORMAT.to_owned(), account.to_owned());
        Ok(InclusionProof { format, account, statement: self.reference.clone(), leaves })
    }
}
