//! `demo`.

use super::{Outcome, error::CliError};

/// Show the whole of it on a made-up venue.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Replace ./counterfoil-demo if it exists
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let _ = args.force;
    Err(CliError::Demo("not built yet".to_owned()).into())
}
