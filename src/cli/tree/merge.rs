//! `tree merge`: adjacent ranges become one, and all of them the root.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::range;
use crate::cli::error::{CliError, Failure};
use crate::cli::wording::counted;
use crate::cli::{Outcome, files, say};
use crate::json;
use crate::liability::compact_range::{FILE_SIZE_MAX, MergeRefusal, TreeRange};
use crate::liability::sum_tree::LiabilityCommitment;
use crate::publish::{self, Statement, statement_check};
use crate::signature::Envelope;

/// Put adjacent ranges together.
///
/// In any grouping the result is the same. One that begins at leaf 0 is also shown as a whole tree: its root, its total
/// and the commitment to both.
#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    /// The ranges, in the order of their leaves
    #[arg(required = true, value_name = "RANGE")]
    ranges: Vec<PathBuf>,
    /// A statement, signed or a draft: the result must be its row. Signatures are not checked here
    #[arg(long, value_name = "FILE")]
    statement: Option<PathBuf>,
    /// Where to write the result
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
}

pub(in crate::cli) fn run(args: &Args) -> Outcome {
    files::check_free(&args.out, args.force)?;
    let read = |path: &PathBuf| -> Result<TreeRange, Failure> {
        TreeRange::parse(&files::read(path, FILE_SIZE_MAX)?).map_err(|error| Failure::about(path, &error))
    };
    let ranges = args.ranges.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let (first, following) =
        ranges.split_first().ok_or_else(|| CliError::Arguments("expected at least one range".to_owned()))?;
    let merged = first.merge(following).map_err(|refusal| about(args, &refusal))?;
    let row = merged.commitment()?;
    if let Some(path) = &args.statement {
        compare(path, &merged, row.as_ref())?;
    }
    range::write(&merged, &args.out, args.force)?;
    if let Some(row) = &row {
        print(row);
    }
    if let Some(path) = &args.statement {
        say(format!("\nThis is the row of {}, whose signatures were not checked.", path.display()));
    }
    Ok(ExitCode::SUCCESS)
}

/// A refusal with the names of both files.
fn about(args: &Args, refusal: &MergeRefusal) -> Failure {
    let (left, right) = refusal.positions;
    let name =
        |position| args.ranges.get(position).map_or_else(String::new, |path: &PathBuf| path.display().to_string());
    Failure::about(format!("{} and {}", name(left), name(right)), &refusal.error)
}

fn print(row: &LiabilityCommitment) {
    let leaves = if row.leaf_count == 1 { "leaf" } else { "leaves" };
    say(format!("{} ({}), as a tree of {} {leaves}:", row.asset, row.class, row.leaf_count));
    say(format!("  total       {} {}", row.total.to_decimal(row.decimals), row.asset));
    say(format!("  root        {}", row.root));
    say(format!("  commitment  {}", row.digest()));
}

/// The result must be the statement's row, in everything that the row says.
fn compare(path: &Path, merged: &TreeRange, own: Option<&LiabilityCommitment>) -> Result<(), Failure> {
    let Some(own) = own else {
        let (begin, end) = (merged.range().begin(), merged.range().end());
        return Err(CliError::RangePartial { begin, end }.into());
    };
    let statement = read_statement(path)?;
    let Some(row) = statement.liabilities.iter().find(|row| row.key() == own.key()) else {
        let tree = format!("{} ({})", own.asset, own.class);
        return Err(CliError::RangeOfNoRow { statement: path.to_owned(), tree }.into());
    };
    if row == own {
        return Ok(());
    }
    let words = |row: &LiabilityCommitment| {
        let (leaves, decimals) = (counted(row.leaf_count, "leaf", "leaves"), row.decimals.get());
        let amount = row.total.to_decimal(row.decimals);
        format!("root {} of {leaves} with total {amount} ({decimals} decimals)", row.root)
    };
    Err(CliError::RangeDiffers { statement: path.to_owned(), got: words(own), expected: words(row) }.into())
}

/// A statement as it stands, without its signatures.
fn read_statement(path: &Path) -> Result<Statement, Failure> {
    let file = files::read(path, statement_check::FILE_SIZE_MAX)?;
    let value = json::parse(&file).map_err(|error| Failure::about(path, &error))?;
    let document = if value.get("signatures").is_some() {
        Envelope::parse(&file, statement_check::FIELD).map_err(|error| Failure::about(path, &error))?.document
    } else {
        file
    };
    publish::parse(&document).map_err(|error| Failure::about(path, &error))
}
