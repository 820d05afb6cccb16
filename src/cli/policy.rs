//! `policy check`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::error::Failure;
use super::{Outcome, files, say};
use crate::policy::Policy;

/// Check a policy file.
#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Read a policy and say what it pins and where it departs from the built-in one
    Check {
        /// The policy
        policy: PathBuf,
    },
    /// Print a commented policy with the built-in demands, to copy and fill in
    Default,
}

/// The policy that the documentation shows.
const EXAMPLE: &str = include_str!("../../docs/policy.example.toml");

pub(super) fn run(verb: &Verb) -> Outcome {
    let policy = match verb {
        Verb::Check { policy } => read(policy)?,
        Verb::Default => {
            say(EXAMPLE.trim_end());
            return Ok(ExitCode::SUCCESS);
        }
    };
    let venue = policy.venue();
    say(format!("policy {}", policy.digest()));
    say(format!("venue {}, log {}", venue.id, venue.log_origin));
    say(format!("{} of these keys must have signed:", venue.threshold));
    for key in &venue.keys {
        say(format!("  {key}"));
    }
    say(format!("{} pinned blocks, {} pinned nodes", policy.pins().len(), policy.node_keys().len()));
    for pinned in policy.finality_roots() {
        say(format!("finality (sync committee) of {} from beacon block {}", pinned.chain, pinned.root));
    }
    if let Some(rules) = policy.log() {
        let pins = rules.pins();
        say(format!("log key {}, {} of these witnesses:", pins.key, pins.quorum));
        pins.witnesses.iter().for_each(|key| say(format!("  {key}")));
    }
    match policy.departures().as_slice() {
        [] => say("it demands what the built-in policy demands"),
        departures => departures.iter().for_each(|departure| say(format!("  {departure}"))),
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads a policy file.
pub(super) fn read(path: &Path) -> Result<Policy, Failure> {
    let text = files::read_text(path)?;
    Policy::parse(&text).map_err(|error| Failure::about(path, &error))
}
