//! `foreign`: proofs, trees and address lists in the formats of others.

mod lint;
mod reserves;
mod verify;

use super::Outcome;
use super::error::Failure;
use crate::code::Coded as _;
use crate::foreign::Fault;
use crate::ledger::Place;

/// Check what other venues hand out.
#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Show on forged files what a scheme lets a venue do
    Lint(lint::Args),
    /// Check a published list of addresses with signatures
    Reserves(reserves::Args),
    /// Check the proof that a venue gave you, or find yourself in its published tree
    Verify(verify::Args),
}

pub(super) fn run(verb: &Verb) -> Outcome {
    match verb {
        Verb::Lint(args) => lint::run(args),
        Verb::Reserves(args) => reserves::run(args),
        Verb::Verify(args) => verify::run(args),
    }
}

/// Faults of a file that is at hand, each shown where it stands.
fn failure(path: &std::path::Path, file: &[u8], faults: Vec<Fault>) -> Failure {
    let source = path.display().to_string();
    Failure::placed(faults.into_iter().map(|fault| {
        let place = fault.at.clone().map(|at| Place::in_text(&source, file, at));
        let place = place.or_else(|| fault.place.clone().map(|place| *place));
        let detail = if place.is_some() { fault.to_string() } else { format!("{source}: {fault}") };
        (fault.code(), detail, place)
    }))
}
