//! `page`: the customer's page of this version, as a file.

use std::path::PathBuf;
use std::process::ExitCode;

use super::files::{self, Readers};
use super::{Outcome, say};
use crate::hash::sha256;

/// The page, as its sources give it.
const VERIFY: &[u8] = include_bytes!("../web/verify.html");

/// Write the customer's page.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Where to write it
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    files::write(&args.out, VERIFY, Readers::All, args.force)?;
    say(format!("page written to {}, sha256 {}", args.out.display(), sha256(VERIFY)));
    Ok(ExitCode::SUCCESS)
}
