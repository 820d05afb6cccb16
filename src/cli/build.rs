//! `build`: a ledger becomes liability trees and the draft of a statement.

mod control_total;
mod draft;
mod venue_file;

use std::fs::File;
use std::io::{BufRead as _, BufReader, IsTerminal as _, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};

use super::error::{CliError, Failure};
use super::files::{self, NewFolder, Readers};
use super::{Outcome, random, remark, say};
use crate::asset::Assets;
use crate::json;
use crate::ledger::{CsvSource, LedgerError, Place, RowSource};
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
    /// Ledgers as CSV, with the columns account, asset, amount and, if wanted, credential, product, class
    #[arg(required = true)]
    ledgers: Vec<PathBuf>,
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

/// A required file, or an error with the line that makes one.
fn require<'a>(path: Option<&'a PathBuf>, flag: &str, how: &str) -> Result<&'a Path, CliError> {
    path.map(PathBuf::as_path).ok_or_else(|| CliError::Missing(format!("{flag} is missing; {how}")))
}

pub(super) fn run(args: &Args) -> Outcome {
    let example = "`counterfoil build --help` shows an example of the file";
    let assets_path = require(args.assets.as_ref(), "--assets FILE", example)?;
    let venue_path = require(args.venue.as_ref(), "--venue FILE", example)?;
    let snapshot_path = require(args.snapshot.as_ref(), "--snapshot FILE", example)?;
    let how = "make one once with: counterfoil keygen --kind master --out master.secret";
    let secret_path = require(args.secret_file.as_ref(), "--secret-file FILE", how)?;
    files::check_free(&args.out, args.force)?;
    let assets = Assets::parse(&files::read_text(assets_path)?).map_err(|error| Failure::about(assets_path, &error))?;
    let venue = read_venue(venue_path)?;
    let snapshot = venue_file::read_snapshot(snapshot_path)?;
    let totals = control_total::read(args.expect_total.as_deref(), args.no_control_total, &assets)?;
    let secret = files::read_secret(secret_path, SecretKind::Master)?;
    let build_id = build_id(args)?;
    let key = SnapshotKey::derive(&secret, &build_id, &venue.venue.id, snapshot.sequence);
    drop(secret);
    let built = read_ledgers(args, &assets, &key)?;
    if let Some(totals) = &totals {
        control_total::compare(totals, &built, &assets)?;
    }
    let statement = draft::statement(args, &assets, venue, snapshot, &built, totals.is_some())?;
    let document = json::canonical(&statement)?;
    publish::parse(&document)?;
    let mut sealed = Vec::new();
    Store { build_id, trees: built.trees }.write(&mut sealed)?;
    let folder = NewFolder::create(&args.out, args.force)?;
    folder.add(STORE, &sealed, Readers::Owner)?;
    folder.add(DRAFT, &document, Readers::All)?;
    folder.publish()?;
    for row in &statement.liabilities {
        let total = row.total.to_decimal(row.decimals);
        say(format!("{} {}: {total} in {} leaves, root {}", row.asset, row.class, row.leaf_count, row.root));
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

fn read_ledgers(args: &Args, assets: &Assets, key: &SnapshotKey) -> Result<Built, Failure> {
    let excerpt = |place: &Place| line_of(&args.ledgers, place);
    let mut sources: Vec<Box<dyn RowSource + '_>> = Vec::new();
    let mut faults: Vec<LedgerError> = Vec::new();
    let bar = progress(args);
    for (number, path) in (0..).zip(&args.ledgers) {
        let unreadable = |error: std::io::Error| CliError::Unreadable { path: path.clone(), detail: error.to_string() };
        let file = File::open(path).map_err(unreadable)?;
        if file.metadata().map_err(unreadable)?.is_dir() {
            let detail = "it is a folder, expected a CSV file".to_owned();
            return Err(CliError::Unreadable { path: path.clone(), detail }.into());
        }
        let reader: Box<dyn Read> = Box::new(BufReader::new(bar.wrap_read(file)));
        match CsvSource::new(&name_of(path), number, reader, assets, &args.ignore_column) {
            Ok(source) => sources.push(Box::new(source)),
            Err(errors) => faults.extend(errors),
        }
    }
    if !faults.is_empty() {
        return Err(Failure::ledger(faults, &excerpt));
    }
    let built = liability::build(key, assets, &mut sources, &mut |rows| bar.set_message(format!("{rows} rows")));
    bar.finish_and_clear();
    built.map_err(|faults| Failure::ledger(faults, &excerpt))
}

/// Bytes read of all ledgers; shown only to a person.
fn progress(args: &Args) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let length = args.ledgers.iter().filter_map(|path| std::fs::metadata(path).ok()).map(|file| file.len()).sum();
    let style = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} {msg} {eta}");
    ProgressBar::new(length).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// The name that stands in messages and provenance: no folders, they are nobody's business.
fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// Reads one line of a ledger again, for a message.
fn line_of(ledgers: &[PathBuf], place: &Place) -> Option<String> {
    let path = ledgers.iter().find(|path| name_of(path) == place.source)?;
    let file = BufReader::new(File::open(path).ok()?);
    let skip = usize::try_from(place.line.checked_sub(1)?).ok()?;
    file.lines().nth(skip)?.ok()
}
