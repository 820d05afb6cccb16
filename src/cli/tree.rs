//! `tree`: the trees of a build audited, and parts of one for every engine that builds some of them.

mod check;
mod merge;
mod range;

use super::Outcome;

/// The verbs of `tree`.
#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Compute a build again from its leaves, or from the ledger, and name the first difference
    Check(check::Args),
    /// Put adjacent ranges together, into the root when they are the whole tree
    Merge(merge::Args),
    /// Make the compact range of some leaves, of a build or of any other engine
    Range(range::Args),
}

pub(super) fn run(verb: &Verb) -> Outcome {
    match verb {
        Verb::Check(args) => check::run(args),
        Verb::Merge(args) => merge::run(args),
        Verb::Range(args) => range::run(args),
    }
}
