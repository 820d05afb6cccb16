//! `build`: a ledger becomes liability trees and the draft of a statement.

mod control_total;
mod draft;
pub(super) mod sources;
mod venue_file;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use self::sources::Ledgers;
use super::error::{CliError, Failure};
use super::files::{self, NewFolder, Readers};
use super::{Outcome, random, remark, say};
use crate::asset::Assets;
use crate::json;
use crate::liability::leaf::SnapshotKey;
use crate::liability::store::Store;
use crate::liability::{self, Built};
use crate::publish;
use crate::secret::SecretKind;

pub(super) use venue_file::read_venue;

/// Name of the store in the folder that `build` makes.
pub(super) const STORE: &str = "store.bin";
/// Name of the statement's document, unsigned.
pub(super) const DRAFT: &str = "statement.draft.json";

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
    /// The master secret, from `keygen --kind master`
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
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
    let secret = files::read_secret(secret_path, SecretKind::Master)?;
    let build_id = build_id(args)?;
    let key = SnapshotKey::derive(&secret, &build_id, &venue.venue.id, snapshot.sequence);
    drop(secret);
    let built = read_ledgers(&ledgers, &assets, &key)?;
    if let Some(totals) = &totals {
        control_total::compare(totals, &built, &assets)?;
    }
    let statement = draft::statement(args, &assets, venue, snapshot, &built, totals.is_some())?;
    let document = json::canonical(&statement)?;
    publish::parse(&document)?;
    let mut sealed = Vec::new();
    Store { build_id, trees: built.trees }.write(&mut sealed)?;
    let folder = NewFolder::create(&args.out, args.force, Readers::Owner)?;
    folder.add(STORE, &sealed, Readers::Owner)?;
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

fn read_ledgers(ledgers: &Ledgers<'_>, assets: &Assets, key: &SnapshotKey) -> Result<Built, Failure> {
    let bar = ledgers.progress();
    let mut sources = ledgers.open(assets, &bar)?;
    let built = liability::build(key, assets, &mut sources, &mut |rows| bar.set_message(format!("{rows} rows")));
    bar.finish_and_clear();
    built.map_err(|faults| Failure::ledger(faults, &|place| ledgers.line_of(place)))
}
