//! `lab`: attacks that run, and made-up data of any size.

mod scenarios;
mod strategy;

use std::io::{ErrorKind, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};

use super::error::{CliError, Failure};
use super::files::{NewFile, NewFolder, Readers};
use super::{Outcome, remark, say};
use crate::lab::ledger::{self, ROWS_MAX, SyntheticLedger};
use crate::lab::utxo_set::{COINS_MAX, SyntheticSet};

/// The verbs of `lab`.
#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// List the scenarios: attacks that run
    List(scenarios::ListArgs),
    /// Run an attack, and see who believes it
    Run(scenarios::RunArgs),
    /// Show which attack is met by which check
    Matrix(scenarios::MatrixArgs),
    /// Say how much a dishonest venue can hide against what its verifiers do
    Strategy(strategy::Args),
    /// Write a ledger of a made-up venue, with everything that `build` needs beside it
    Ledger(LedgerArgs),
    /// Write a made-up set of unspent outputs, in the format of `dumptxoutset`
    UtxoSet(UtxoSetArgs),
}

pub(super) fn run(verb: &Verb) -> Outcome {
    match verb {
        Verb::List(args) => scenarios::list(args),
        Verb::Run(args) => scenarios::run(args),
        Verb::Matrix(args) => scenarios::matrix(args),
        Verb::Strategy(args) => strategy::run(args),
        Verb::Ledger(args) => ledger(args),
        Verb::UtxoSet(args) => utxo_set(args),
    }
}

/// Write a ledger of a made-up venue.
///
/// The folder gets ledger.csv, assets.toml, totals.toml (control totals), venue.toml, snapshot.toml, and the venue's
/// two secrets, which anybody can derive from the seed: they guard nothing. The same seed gives the same bytes.
#[derive(clap::Args)]
pub(super) struct LedgerArgs {
    /// How many rows
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=ROWS_MAX))]
    rows: u64,
    /// Another seed gives other accounts and balances
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// The folder to make
    #[arg(long, value_name = "DIR", required_unless_present = "stdout")]
    out: Option<PathBuf>,
    /// Write the ledger alone, to standard output
    #[arg(long, conflicts_with = "out")]
    stdout: bool,
    /// The order of the rows
    #[arg(long, value_enum, default_value = "mixed")]
    order: Order,
    /// Add a column with the product: an account may then have two rows of an asset
    #[arg(long)]
    products: bool,
    /// Add a column with the class: every class has a tree of its own
    #[arg(long)]
    classes: bool,
    /// Replace the folder if it exists
    #[arg(long)]
    force: bool,
}

/// Write a made-up set of unspent outputs.
///
/// The file is what a node's `dumptxoutset` would write on regtest, with the kinds of scripts that are common on
/// Bitcoin's main chain. The coins are nobody's. The same seed gives the same bytes.
#[derive(clap::Args)]
pub(super) struct UtxoSetArgs {
    /// How many coins
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=COINS_MAX))]
    coins: u64,
    /// Another seed gives other coins
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// The file to make
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Order {
    /// The rows of an account are neighbours
    Account,
    /// Neighbours are far apart
    Mixed,
}

fn ledger(args: &LedgerArgs) -> Outcome {
    let order = match args.order {
        Order::Account => ledger::Order::Account,
        Order::Mixed => ledger::Order::Mixed,
    };
    let (products, classes) = (args.products, args.classes);
    let synthetic = SyntheticLedger { rows: args.rows, seed: args.seed, order, products, classes };
    match &args.out {
        None => stream(&synthetic),
        Some(path) => write(&synthetic, path, args.force),
    }
}

/// The rows alone. A reader that has gone away wants no more of them.
fn stream(synthetic: &SyntheticLedger) -> Outcome {
    let bar = progress(synthetic.rows, "rows");
    let written = synthetic.write(&mut std::io::stdout().lock(), &mut |rows| bar.set_position(rows));
    bar.finish_and_clear();
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(CliError::OutputLost.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn write(synthetic: &SyntheticLedger, path: &Path, force: bool) -> Outcome {
    let folder = NewFolder::create(path, force, Readers::All)?;
    let bar = progress(synthetic.rows, "rows");
    let totals = folder.add_with("ledger.csv", Readers::All, |file| {
        let totals = synthetic.write(file, &mut |rows| bar.set_position(rows));
        bar.finish_and_clear();
        totals
    });
    let totals = ledger::totals_toml(&totals?);
    add_files(&folder, synthetic.seed, &totals)?;
    folder.publish()?;
    say(totals.trim_end());
    let here = |name: &str| path.join(name).display().to_string();
    remark(format!(
        "{} rows and what belongs to them written to {}; build the trees with:\n  \
         counterfoil build {} --assets {} --venue {} --snapshot {} --secret-file {} --expect-total {} --out {}",
        synthetic.rows,
        path.display(),
        here("ledger.csv"),
        here("assets.toml"),
        here("venue.toml"),
        here("snapshot.toml"),
        here("master.secret"),
        here("totals.toml"),
        here("tree")
    ));
    Ok(ExitCode::SUCCESS)
}

fn add_files(folder: &NewFolder, seed: u64, totals: &str) -> Result<(), Failure> {
    folder.add("assets.toml", ledger::assets_toml().as_bytes(), Readers::All)?;
    folder.add("totals.toml", totals.as_bytes(), Readers::All)?;
    folder.add("venue.toml", ledger::venue_toml(seed).as_bytes(), Readers::All)?;
    folder.add("snapshot.toml", ledger::snapshot_toml().as_bytes(), Readers::All)?;
    folder.add("master.secret", ledger::master_secret(seed).to_file().as_bytes(), Readers::Owner)?;
    folder.add("venue.key", ledger::signing_key(seed).to_file().as_bytes(), Readers::Owner)?;
    Ok(())
}

fn utxo_set(args: &UtxoSetArgs) -> Outcome {
    let mut file = NewFile::create(&args.out, Readers::All, args.force)?;
    let bar = progress(args.coins, "coins");
    let set = SyntheticSet { coins: args.coins, seed: args.seed };
    let written = set.write(&mut file, &mut |coins| bar.set_position(coins));
    bar.finish_and_clear();
    written.map_err(|error| CliError::OutputUnwritable { path: args.out.clone(), detail: error.to_string() })?;
    file.publish()?;
    remark(format!(
        "{} coins written to {path}; read them with:\n  counterfoil inspect {path}",
        args.coins,
        path = args.out.display()
    ));
    Ok(ExitCode::SUCCESS)
}

/// Rows or coins written; shown only to a person.
fn progress(count: u64, what: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style =
        ProgressStyle::with_template(&format!("{{bar:30}} {{human_pos}}/{{human_len}} {what}, {{per_sec}}, {{eta}}"));
    ProgressBar::new(count).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
