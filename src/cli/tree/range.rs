//! `tree range`: the compact range of a partition, from a store or from leaves that another engine hashed.

use std::fs::File;
use std::io::{BufRead, BufReader, stdin};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::amount::Decimals;
use crate::asset::{AssetId, Class};
use crate::cli::error::{CliError, Failure};
use crate::cli::files::{self, Readers};
use crate::cli::{Outcome, prove, remark};
use crate::liability::compact_range::{LeavesError, TreeName, TreeRange, read_leaves};
use crate::liability::sum_tree::LiabilityCommitment;

/// Make the compact range of some leaves.
///
/// The range of a build is made from its leaves, hashed again. With --leaves, another program has hashed them: one line
/// each, a digest of 64 hexadecimal digits, a comma, an amount in base units, in the order of the tree.
#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    /// The folder that `build` made
    #[arg(required_unless_present = "leaves", conflicts_with = "leaves")]
    dir: Option<PathBuf>,
    /// A file of leaves, or - for standard input
    #[arg(long, value_name = "FILE", requires = "decimals")]
    leaves: Option<PathBuf>,
    /// The asset
    #[arg(long)]
    asset: AssetId,
    /// The class
    #[arg(long, default_value = "custody", value_parser = class)]
    class: Class,
    /// Decimals of the asset; a build knows them
    #[arg(long, value_name = "N", value_parser = decimals, requires = "leaves")]
    decimals: Option<Decimals>,
    /// The first leaf, counted from 0
    #[arg(long, value_name = "INDEX", default_value_t = 0)]
    begin: u64,
    /// The leaf behind the last [default: all there are]
    #[arg(long, value_name = "INDEX")]
    end: Option<u64>,
    /// Where to write the range
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
}

fn class(text: &str) -> Result<Class, String> {
    let names = || Class::ALL.map(Class::text).join(", ");
    text.parse().map_err(|()| format!("expected one of {}", names()))
}

fn decimals(text: &str) -> Result<Decimals, String> {
    text.parse().ok().and_then(Decimals::new).ok_or_else(|| format!("expected 0 to {}", Decimals::MAX))
}

pub(in crate::cli) fn run(args: &Args) -> Outcome {
    files::check_free(&args.out, args.force)?;
    let range = match (&args.dir, &args.leaves, args.decimals) {
        (Some(dir), None, None) => of_store(args, dir)?,
        (None, Some(leaves), Some(decimals)) => of_leaves(args, leaves, decimals)?,
        _ => return Err(CliError::Arguments("expected DIR, or --leaves with --decimals".to_owned()).into()),
    };
    write(&range, &args.out, args.force)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes a range. Single leaves in it are single balances: it is for the venue alone.
pub(super) fn write(range: &TreeRange, out: &Path, force: bool) -> Result<(), Failure> {
    files::write(out, &range.to_file()?, Readers::Owner, force)?;
    let (own, count) = (range.range(), range.range().subtrees().len());
    let nodes = if count == 1 { "node" } else { "nodes" };
    let (begin, end, out) = (own.begin(), own.end(), out.display());
    remark(format!("{}: leaves [{begin}, {end}) as {count} {nodes}, written to {out}", range.tree()));
    Ok(())
}

fn of_store(args: &Args, dir: &Path) -> Result<TreeRange, Failure> {
    let store = prove::open_store(dir)?;
    let own = |row: &LiabilityCommitment| row.asset == args.asset && row.class == args.class;
    let Some(tree) = store.trees().iter().find(|tree| own(tree.commitment())) else {
        let has: Vec<String> = store.trees().iter().map(|tree| named(tree.commitment())).collect();
        let detail =
            format!("{} has no tree of {} ({}), only {}", dir.display(), args.asset, args.class, has.join(", "));
        return Err(CliError::RangeBounds(detail).into());
    };
    let row = tree.commitment();
    let end = args.end.unwrap_or(row.leaf_count);
    if args.begin > end || end > row.leaf_count {
        let (begin, count) = (args.begin, row.leaf_count);
        let detail = format!("leaves [{begin}, {end}) were asked for, {} has leaves [0, {count})", named(row));
        return Err(CliError::RangeBounds(detail).into());
    }
    let range = tree.range(args.begin..end).map_err(|error| Failure::about(dir, &error))?;
    let name = TreeName { asset: row.asset.clone(), class: row.class, decimals: row.decimals };
    Ok(TreeRange::new(name, range)?)
}

fn named(row: &LiabilityCommitment) -> String {
    format!("{} ({})", row.asset, row.class)
}

fn of_leaves(args: &Args, path: &Path, decimals: Decimals) -> Result<TreeRange, Failure> {
    let unreadable = |error: &std::io::Error| CliError::Unreadable { path: path.to_owned(), detail: error.to_string() };
    let mut input: Box<dyn BufRead> = if path == Path::new("-") {
        Box::new(stdin().lock())
    } else {
        Box::new(BufReader::with_capacity(1 << 20, File::open(path).map_err(|error| unreadable(&error))?))
    };
    let tree = TreeName { asset: args.asset.clone(), class: args.class, decimals };
    let range = read_leaves(&mut input, tree, args.begin).map_err(|error| match error {
        LeavesError::Lines(faults) => Failure::all_about(path, &faults),
        LeavesError::Io(error) => unreadable(&error).into(),
        LeavesError::Range(error) => Failure::about(path, &error),
    })?;
    match args.end {
        Some(expected) if expected != range.range().end() => {
            let (path, got) = (path.display(), range.range().end());
            let detail = format!("the leaves in {path} end before leaf {got}, --end says {expected}");
            Err(CliError::RangeBounds(detail).into())
        }
        _ => Ok(range),
    }
}
