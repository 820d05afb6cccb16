//! `tree range`, `tree merge`: parts of a liability tree, for every engine that builds some of them.

mod merge;
mod range;

use super::Outcome;

/// The verbs of `tree`.
#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Put adjacent ranges together, into the root when they are the whole tree
    Merge(merge::Args),
    /// Make the compact range of some leaves, of a build or of any other engine
    Range(range::Args),
}

pub(super) fn run(verb: &Verb) -> Outcome {
    match verb {
        Verb::Merge(args) => merge::run(args),
        Verb::Range(args) => range::run(args),
    }
}
