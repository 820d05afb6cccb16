//! `sample deposits`: payments of strangers on the chain, whose customers the auditor traces into the tree.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::BeaconArgs;
use crate::cli::error::{CliError, Failure};
use crate::cli::files::{self, Folder, Readers};
use crate::cli::own_files::{OwnFiles, OwnFilesArgs};
use crate::cli::{Outcome, policy, remark, say, say_exactly};
use crate::hash::Digest;
use crate::json;
use crate::reconcile::deposits::{Deposit, DepositSample, deposits};

/// Draw deposits.
#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("chance").required(true).args(["seed", "committed_at"])))]
pub(in crate::cli) struct Args {
    /// The folder of the bundle with the statement and windows of blocks
    bundle: PathBuf,
    /// Your own policy
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// How many deposits to draw
    #[arg(long, value_name = "N")]
    count: u32,
    /// A number of your own, 64 hexadecimal digits: the venue must not know it before it has signed the statement
    #[arg(long, value_name = "HEX")]
    seed: Option<String>,
    #[command(flatten)]
    beacon: Option<BeaconArgs>,
    #[command(flatten)]
    own: OwnFilesArgs,
    /// Write the list as CSV, too
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Print the sample as JSON
    #[arg(long)]
    json: bool,
    /// Replace the CSV file if it exists
    #[arg(long)]
    force: bool,
}

pub(in crate::cli) fn run(args: &Args) -> Outcome {
    if let Some(path) = &args.csv {
        files::check_free(path, args.force)?;
    }
    let policy = policy::read(&args.policy)?;
    let seed = match (&args.seed, &args.beacon) {
        (Some(text), _) => own_seed(text)?,
        (None, Some(beacon)) => beacon.find_after_cutoff(&args.bundle, &policy)?.block.hash,
        (None, None) => return Err(CliError::Arguments("expected --seed or --committed-at".to_owned()).into()),
    };
    let own = OwnFiles::find(&args.own)?;
    let sample = deposits(&Folder(args.bundle.clone()), &policy, &own, (seed, args.count))?;
    if let Some(path) = &args.csv {
        write(path, &sample, args.force)?;
    }
    if args.json {
        say_exactly(&String::from_utf8_lossy(&json::canonical(&sample)?));
    } else {
        print(&sample);
    }
    if let Some(path) = &args.csv {
        remark(format!("list written to {}", path.display()));
    }
    Ok(ExitCode::SUCCESS)
}

fn own_seed(text: &str) -> Result<Digest, CliError> {
    text.parse().map_err(|error| CliError::Arguments(format!("--seed: {error}")))
}

fn write(path: &Path, sample: &DepositSample, force: bool) -> Result<(), Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let unwritable =
        |error: &dyn std::fmt::Display| CliError::OutputUnwritable { path: path.to_owned(), detail: error.to_string() };
    let head = ["number", "asset", "amount", "deployment", "block", "transaction", "id", "address", "from"];
    writer.write_record(head).map_err(|error| unwritable(&error))?;
    for (number, deposit) in (1..).zip(&sample.drawn) {
        let row = [
            format!("{number}"),
            deposit.asset.to_string(),
            deposit.amount.to_decimal(deposit.decimals),
            deposit.deployment.to_string(),
            deposit.height.to_string(),
            deposit.txid.clone(),
            deposit.id.clone(),
            deposit.address.clone(),
            deposit.from.join(" "),
        ];
        writer.write_record(row.map(plain)).map_err(|error| unwritable(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| unwritable(&error))?;
    files::write(path, &bytes, Readers::All, force)?;
    Ok(())
}

/// A text that a spreadsheet would take for a formula is marked as text.
fn plain(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

fn print(sample: &DepositSample) {
    say(format!("statement {} of {}", sample.sequence, sample.venue));
    say(format!("  {}", sample.commitment));
    say("drawn by");
    say(format!("  {}", sample.seed));
    for range in &sample.ranges {
        say(format!("blocks {} to {} of {}", range.from, range.to, range.deployment));
        let (authenticity, completeness) = (range.authenticity, range.completeness);
        say(format!("  movements {authenticity}, none left out {completeness}; {} blocks not shown", range.missing));
    }
    say(format!("{} of {} payments of strangers up to the cut-off:", sample.drawn.len(), sample.seen));
    for (number, deposit) in (1..).zip(&sample.drawn) {
        line(number, deposit);
    }
    say("Of each, the venue names the account; its proof, or the account's withdrawal, is then checked.");
    say("If so many of those seen are of customers who are not in the tree, one of them is drawn with:");
    for row in &sample.chances {
        say(format!("  {:>3} %  {:>12} payments  {:>9}", row.percent, row.omitted, row.detected));
    }
}

fn line(number: u64, deposit: &Deposit) {
    let amount = deposit.amount.to_readable(deposit.decimals);
    say(format!("{number:>5}  {amount} {} in block {} to {}", deposit.asset, deposit.height, deposit.address));
    say(format!("       {}", deposit.id));
}
