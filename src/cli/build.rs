//! `build`: a ledger becomes liability trees and the draft of a statement.

mod control_total;
mod custody_file;
mod draft;
pub(super) mod progress;
mod sheet_file;
pub(super) mod sources;
mod unchanged;
mod venue_file;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::error::{CliError, Failure};
use super::files::{self, NewFolder, Readers};
use super::passphrase::Unlock;
use super::{Outcome, random, remark, say};
use crate::asset::Assets;
use crate::json;
use crate::liability::leaf::SnapshotKey;
use crate::liability::storage::{Folder, Scratch};
use crate::liability::{self, BuildError, BuildOptions, Built};
use crate::publish;
use crate::secret::SecretKind;

use progress::BuildProgress;
use sources::Ledgers;
use unchanged::Unchanged;
pub(super) use venue_file::read_venue;

/// Name of the store's folder in the folder that `build` makes.
pub(super) const STORE: &str = "store";
/// What the first version of the format had in its place.
pub(super) const STORE_1: &str = "store.bin";
/// Name of the statement's document, unsigned.
pub(super) const DRAFT: &str = "statement.draft.json";

/// More would be a slip of the finger: it is a leaf for every second human being, in every tree.
const DECOYS_MAX: u64 = 4_000_000_000;

/// Build the liability trees of one snapshot.
#[derive(clap::Args)]
#[command(after_help = venue_file::EXAMPLES)]
pub(super) struct Args {
    /// Ledgers, with the columns account, asset, amount and, if wanted, credential, product, class: CSV, plain, in
    /// gzip or zstd; - for standard input; Parquet where built in; postgres://USER@HOST/DATABASE with --query
    #[arg(required = true, value_name = "LEDGER")]
    ledgers: Vec<PathBuf>,
    /// What the database is asked: one SELECT that gives the columns of a ledger
    #[arg(long, value_name = "SQL")]
    query: Option<String>,
    /// The assets with their decimals and deployments
    #[arg(long, value_name = "FILE")]
    assets: Option<PathBuf>,
    /// The venue: who owes
    #[arg(long, value_name = "FILE")]
    venue: Option<PathBuf>,
    /// The snapshot: as of when, by which blocks, and what is owed beside the ledger
    #[arg(long, value_name = "FILE")]
    snapshot: Option<PathBuf>,
    /// The balance sheet as a table in CSV, instead of `[balance_sheet]` in the snapshot file; columns: list (unit,
    /// liability, receivable, holding, encumbrance), asset, amount, kind, counterparty, related_party, due, basis,
    /// evidence, address, until, decimals, relation, issuer
    #[arg(long, value_name = "FILE")]
    balance_sheet: Option<PathBuf>,
    /// The master secret, from `keygen --kind master`
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    #[command(flatten)]
    unlock: Unlock,
    /// The committed address set, from `challenge addresses`
    #[arg(long, value_name = "FILE")]
    addresses: Option<PathBuf>,
    /// The challenge that the addresses have signed, from `challenge new`
    #[arg(long, value_name = "FILE")]
    challenge: Option<PathBuf>,
    /// Totals per asset from a second source, such as BTC = "1204.5"
    #[arg(long, value_name = "FILE", conflicts_with = "no_control_total")]
    expect_total: Option<PathBuf>,
    /// Build without comparing a second source; the statement says so
    #[arg(long)]
    no_control_total: bool,
    /// A column of the ledger to leave out on purpose
    #[arg(long, value_name = "NAME")]
    ignore_column: Vec<String>,
    /// Take negative amounts as debts of customers: listed as receivables, in no tree, reducing no total.
    /// Debts of related parties belong one by one into the snapshot file
    #[arg(long)]
    debts: bool,
    /// Split each balance into this many leaves, 1 to 256: a neighbour in the tree then sees a piece of it
    #[arg(long, value_name = "K", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    split: u16,
    /// Put this many leaves of nobody, with a balance of zero, into each tree
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=DECOYS_MAX))]
    decoys: u64,
    /// Memory to stay below, roughly; what does not fit waits on the disk beside the output
    #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = size)]
    memory: usize,
    /// Threads to work with; by default one for each core
    #[arg(long, value_name = "N")]
    threads: Option<std::num::NonZeroUsize>,
    /// Say how long each phase took
    #[arg(long)]
    timings: bool,
    /// Repeat the build with this id (64 digits): the same nonces as before, for a rebuild on purpose
    #[arg(long, value_name = "HEX")]
    build_id: Option<String>,
    /// The folder to make
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Replace the folder if it exists
    #[arg(long)]
    force: bool,
}

impl Args {
    fn ledgers(&self) -> Ledgers<'_> {
        let (query, ignored) = (self.query.as_deref(), self.ignore_column.as_slice());
        Ledgers { paths: &self.ledgers, query, ignored, debts: self.debts }
    }
}

/// The four files that every build needs, or one error about all that are missing, with the lines to run.
fn required(args: &Args) -> Result<[&Path; 4], CliError> {
    if let (Some(assets), Some(venue), Some(snapshot), Some(secret)) =
        (&args.assets, &args.venue, &args.snapshot, &args.secret_file)
    {
        return Ok([assets, venue, snapshot, secret]);
    }
    let flags = [
        ("--assets", &args.assets, "assets.toml"),
        ("--venue", &args.venue, "venue.toml"),
        ("--snapshot", &args.snapshot, "snapshot.toml"),
        ("--secret-file", &args.secret_file, "master.secret"),
    ];
    let missing: Vec<&str> = flags.iter().filter(|(_, path, _)| path.is_none()).map(|(flag, ..)| *flag).collect();
    let mut how = format!("missing: {}", missing.join(", "));
    if args.secret_file.is_none() {
        how.push_str("\nmake a secret once, and keep it:\n  counterfoil keygen --kind master --out master.secret");
    }
    let mut line = "counterfoil build".to_owned();
    line.extend(args.ledgers.iter().map(|path| format!(" {}", path.display())));
    if let Some(query) = &args.query {
        let _ = write!(line, " --query \"{query}\"");
    }
    for (flag, path, default) in flags {
        let _ = write!(line, " {flag} {}", path.as_deref().unwrap_or(Path::new(default)).display());
    }
    match &args.expect_total {
        Some(path) => drop(write!(line, " --expect-total {}", path.display())),
        None if args.no_control_total => line.push_str(" --no-control-total"),
        None => line.push_str(" --expect-total totals.toml"),
    }
    Err(CliError::Missing(format!(
        "{how}\nthe whole line, with an example of each file in `counterfoil build --help`:\n  {line} --out {}",
        args.out.display()
    )))
}

pub(super) fn run(args: &Args) -> Outcome {
    let ledgers = args.ledgers();
    ledgers.check()?;
    let [assets_path, venue_path, snapshot_path, secret_path] = required(args)?;
    files::check_free(&args.out, args.force)?;
    let assets = Assets::parse(&files::read_text(assets_path)?).map_err(|error| Failure::about(assets_path, &error))?;
    let venue = read_venue(venue_path)?;
    let snapshot = venue_file::read_snapshot(snapshot_path)?;
    let totals = control_total::read(args.expect_total.as_deref(), args.no_control_total, &assets)?;
    let secret = files::read_secret(secret_path, SecretKind::Master, &args.unlock)?;
    let build_id = build_id(args)?;
    let key = SnapshotKey::derive(&secret, &build_id, &venue.venue.id, snapshot.sequence);
    drop(secret);
    let folder = NewFolder::create(&args.out, args.force, Readers::Owner)?;
    let store = folder.add_folder(STORE)?;
    let (split, decoys) = (args.split, args.decoys);
    let (memory, threads) = (args.memory, threads(args.threads));
    let options = BuildOptions { key: &key, build_id, assets: &assets, memory, threads, split, decoys };
    let built = read_ledgers(&ledgers, &options, &store, folder.path(), &args.out, args.timings)?;
    if let Some(totals) = &totals {
        control_total::compare(totals, &built, &assets)?;
    }
    let statement = draft::statement(args, &assets, venue, snapshot, &built, totals.is_some())?;
    let document = json::canonical(&statement)?;
    publish::parse(&document)?;
    folder.add(DRAFT, &document, Readers::All)?;
    folder.publish()?;
    for row in &statement.liabilities {
        let total = row.total.to_decimal(row.decimals);
        let leaves = if row.leaf_count == 1 { "leaf" } else { "leaves" };
        say(format!("{} {}: {total} in {} {leaves}, root {}", row.asset, row.class, row.leaf_count, row.root));
    }
    for (asset, sum) in &built.debts {
        let decimals = assets.get(asset.as_str()).map_or(crate::amount::Decimals::ZERO, |asset| asset.decimals);
        say(format!("{asset}: {} owed by customers, listed as receivables", sum.to_decimal(decimals)));
    }
    for asset in &statement.without_rows {
        say(format!("{asset}: no rows in the ledger, named in the statement and not committed"));
    }
    say(format!("statement {} of {}: {}", statement.sequence, statement.venue.id, publish::digest(&document)));
    remark(format!(
        "written to {}; sign it with: counterfoil statement sign {0} --key KEY --out statement.json",
        args.out.display()
    ));
    Ok(ExitCode::SUCCESS)
}

fn build_id(args: &Args) -> Result<[u8; 32], Failure> {
    match &args.build_id {
        None => random(),
        Some(text) => {
            let detail = "--build-id takes 64 lower-case hexadecimal digits".to_owned();
            Ok(crate::hash::decode_lower(text).ok_or(CliError::Arguments(detail))?)
        }
    }
}

/// Builds from ledgers into the folder `store`; `out` is what messages name.
pub(super) fn read_ledgers(
    ledgers: &Ledgers<'_>,
    options: &BuildOptions<'_>,
    store: &Path,
    scratch: &Path,
    out: &Path,
    timings: bool,
) -> Result<Built, Failure> {
    let bar = ledgers.progress();
    let unchanged = Unchanged::before(ledgers.paths);
    let mut sources = ledgers.open(options.assets, &bar)?;
    let progress = BuildProgress::new(&bar);
    let built = liability::build(options, &mut sources, &Scratch::new(scratch), &Folder::new(store), &progress);
    bar.finish_and_clear();
    if timings && built.is_ok() {
        remark(progress.timings());
    }
    // before the faults: those of half a state would mislead
    unchanged.check()?;
    built.map_err(|error| match error {
        BuildError::Ledger(faults) => Failure::ledger(faults, &|place| ledgers.line_of(place)),
        error @ BuildError::TooManyTrees { .. } => Failure::about(out, &error),
        BuildError::Io(error) => CliError::OutputUnwritable { path: out.to_owned(), detail: error.to_string() }.into(),
    })
}

/// So many threads, or one for each core.
pub(super) fn threads(given: Option<std::num::NonZeroUsize>) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    given.map_or(cores, std::num::NonZeroUsize::get)
}

/// A size such as `512MiB`.
pub(super) fn size(text: &str) -> Result<usize, String> {
    let size: bytesize::ByteSize = text.parse()?;
    let (got, least) = (usize::try_from(size.as_u64()).unwrap_or(usize::MAX), liability::MEMORY_MIN);
    if got < least { Err(format!("{got} bytes, expected at least {} MiB", least >> 20)) } else { Ok(got) }
}
