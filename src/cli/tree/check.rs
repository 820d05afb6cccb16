//! `tree check`: everything that a build made, computed again.

use std::io::IsTerminal as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use indicatif::ProgressBar;

use crate::asset::Assets;
use crate::cli::build::progress::BuildProgress;
use crate::cli::build::sources::Ledgers;
use crate::cli::error::Failure;
use crate::cli::files::{self, NewFolder, Readers};
use crate::cli::passphrase::Unlock;
use crate::cli::wording::counted;
use crate::cli::{Outcome, build, prove, remark, say};
use crate::code::{Code, Coded, liability as codes};
use crate::liability::leaf::SnapshotKey;
use crate::liability::storage::Folder;
use crate::liability::store::{Store, StoredTree};
use crate::liability::sum_tree::LiabilityCommitment;
use crate::liability::tree_audit::{audit, first_difference};
use crate::liability::{BuildOptions, Built};
use crate::publish::{self, Statement};
use crate::secret::SecretKind;
use crate::signature::Envelope;

/// Compute a build again and name the first difference.
///
/// Without a ledger: every leaf stands where its key puts it, every node is the hash of what is below it, root and
/// total are those of the statement, and every file has the bytes that were written. With the ledger, every leaf is
/// derived again from its row.
#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    /// The folder that `build` made
    dir: PathBuf,
    /// The statement that was published, signed; by default the draft in the folder
    #[arg(long, value_name = "FILE")]
    statement: Option<PathBuf>,
    /// The ledger, as it was given to `build`; several times for several, in their order
    #[arg(long, value_name = "LEDGER", requires = "assets")]
    ledger: Vec<PathBuf>,
    /// With --ledger: the assets with their decimals and deployments
    #[arg(long, value_name = "FILE", requires = "ledger")]
    assets: Option<PathBuf>,
    /// With --ledger: the master secret; without it, the key that the store holds is used
    #[arg(long, value_name = "FILE", requires = "ledger")]
    secret_file: Option<PathBuf>,
    #[command(flatten)]
    unlock: Unlock,
    /// With --ledger: what a database is asked
    #[arg(long, value_name = "SQL", requires = "ledger")]
    query: Option<String>,
    /// With --ledger: a column to leave out on purpose
    #[arg(long, value_name = "NAME", requires = "ledger")]
    ignore_column: Vec<String>,
    /// With --ledger: take negative amounts as debts of customers
    #[arg(long, requires = "ledger")]
    debts: bool,
    /// With --ledger: memory to stay below, roughly
    #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = build::size)]
    memory: usize,
    /// Threads to work with; by default one for each core
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
}

/// The ledger is not the one behind the tree.
#[derive(Debug, thiserror::Error)]
enum LedgerError {
    #[error("{0}")]
    Differs(String),
    #[error("the master secret gives another key for statement {sequence} of {venue} with this build id")]
    Key { venue: String, sequence: u64 },
}

impl Coded for LedgerError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Differs(_) => &codes::LEDGER_DIFFERS,
            Self::Key { .. } => &codes::KEY_DIFFERS,
        }
    }
}

pub(in crate::cli) fn run(args: &Args) -> Outcome {
    let (store, statement) = prove::open_checked(&args.dir)?;
    if let Some(path) = &args.statement {
        compare_statement(path, &store)?;
    }
    let ledgers =
        Ledgers { paths: &args.ledger, query: args.query.as_deref(), ignored: &args.ignore_column, debts: args.debts };
    ledgers.check()?;
    let threads = build::threads(args.threads);
    let bar = if std::io::stderr().is_terminal() { ProgressBar::new(0) } else { ProgressBar::hidden() };
    let audited = audit(&store, threads, &BuildProgress::new(&bar));
    bar.finish_and_clear();
    audited.map_err(|error| Failure::about(args.dir.join(build::STORE), &error))?;
    for row in store.trees().iter().map(StoredTree::commitment) {
        let total = row.total.to_decimal(row.decimals);
        let leaves = if row.leaf_count == 1 { "leaf" } else { "leaves" };
        say(format!("{} {}: {total} in {} {leaves}, root {}", row.asset, row.class, row.leaf_count, row.root));
    }
    say("every leaf, node and file was computed again: they are what the statement commits to");
    if let Some(assets) = args.assets.as_deref().filter(|_| !args.ledger.is_empty()) {
        let rows = check_ledger(args, &ledgers, assets, &store, &statement)?;
        say(format!("{} of the ledger read again: they give the same leaves", counted(rows, "row", "rows")));
    }
    Ok(ExitCode::SUCCESS)
}

/// The statement that was published has the rows of this store.
fn compare_statement(path: &Path, store: &Store) -> Result<(), Failure> {
    let file = files::read(path, publish::statement_check::FILE_SIZE_MAX)?;
    let about = |error: &dyn Coded| Failure::about(path, error);
    let envelope = Envelope::parse(&file, "statement").map_err(|error| about(&error))?;
    let published = publish::parse(&envelope.document).map_err(|error| about(&error))?;
    let name = |row: &LiabilityCommitment| format!("{} ({})", row.asset, row.class);
    let stored: Vec<&LiabilityCommitment> = store.trees().iter().map(StoredTree::commitment).collect();
    if published.liabilities.iter().eq(stored.iter().copied()) {
        return Ok(());
    }
    let differing = published.liabilities.iter().find(|row| !stored.contains(row));
    let what = differing.map_or_else(
        || "the store has trees that the statement does not list".to_owned(),
        |row| format!("{}: the statement commits to root {} with total {}", name(row), row.root, row.total),
    );
    let error = crate::liability::prover::ProveError::Disagrees(format!("{what}, and the store holds another tree"));
    Err(about(&error))
}

/// Builds from the ledger once more, beside the store, and compares leaf by leaf.
fn check_ledger(
    args: &Args,
    ledgers: &Ledgers<'_>,
    assets: &Path,
    store: &Store,
    statement: &Statement,
) -> Result<u64, Failure> {
    let assets = Assets::parse(&files::read_text(assets)?).map_err(|error| Failure::about(assets, &error))?;
    let key = match &args.secret_file {
        None => {
            remark("with the key that the store holds; --secret-file shows that it comes from the master secret");
            SnapshotKey::from_bytes(*store.key().expose())
        }
        Some(path) => {
            let secret = files::read_secret(path, SecretKind::Master, &args.unlock)?;
            SnapshotKey::derive(&secret, store.build_id(), &statement.venue.id, statement.sequence)
        }
    };
    if key.expose() != store.key().expose() {
        let (venue, sequence) = (statement.venue.id.to_string(), statement.sequence);
        return Err(LedgerError::Key { venue, sequence }.into());
    }
    // beside the build, and gone when it is dropped: nothing here is for anybody
    let beside = files::resolve(&args.dir)?.with_file_name("check-of-the-ledger");
    let folder = NewFolder::create(&beside, false, Readers::Owner)?;
    let path = folder.add_folder(build::STORE)?;
    let (memory, threads) = (args.memory, build::threads(args.threads));
    let (build_id, split, decoys) = (*store.build_id(), store.split(), store.decoys());
    let options = BuildOptions { key: &key, build_id, assets: &assets, memory, threads, split, decoys };
    let built = build::read_ledgers(ledgers, &options, &path, folder.path(), &args.dir, false)?;
    let again = Store::open(Arc::new(Folder::new(&path))).map_err(|error| Failure::about(&path, &error))?;
    compare(&built, &again, store)?;
    Ok(built.counts.rows)
}

fn compare(built: &Built, ledger: &Store, store: &Store) -> Result<(), Failure> {
    let name = |row: &LiabilityCommitment| format!("{} ({})", row.asset, row.class);
    for tree in store.trees() {
        let row = tree.commitment();
        let again = ledger.trees().iter().find(|again| again.commitment().key() == row.key());
        let Some(again) = again else {
            return Err(LedgerError::Differs(format!("{}: the ledger has no rows of it", name(row))).into());
        };
        if again.commitment() != row {
            let place = first_difference(again, tree)?;
            let place = place.map_or_else(|| "its decimals differ".to_owned(), |place| place.to_string());
            return Err(LedgerError::Differs(format!("{}: {place}", name(row))).into());
        }
    }
    let extra = built.commitments.iter().find(|row| !store.trees().iter().any(|tree| tree.commitment() == *row));
    extra.map_or(Ok(()), |row| {
        Err(LedgerError::Differs(format!("{}: the ledger has rows of it, and the store no tree", name(row))).into())
    })
}
