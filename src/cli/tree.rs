//! `tree`: the trees of a build, audited.

mod check;

use super::Outcome;

/// The verbs of `tree`.
#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Compute a build again from its leaves, or from the ledger, and name the first difference
    Check(check::Args),
}

pub(super) fn run(verb: &Verb) -> Outcome {
    match verb {
        Verb::Check(args) => check::run(args),
    }
}
