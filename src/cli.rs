//! The command line: one verb, one file. The edge where files, clock and terminal are.

mod bars;
mod build;
mod bundle;
mod card;
mod challenge;
mod compare;
mod demo;
mod error;
mod explain;
mod fetch;
mod files;
mod inspect;
mod interrupt;
mod keygen;
mod lab;
mod log;
mod manual;
mod omission;
mod own_files;
mod policy;
mod prove;
mod publish;
mod reconcile;
mod report;
mod reserves;
mod sample;
mod sheet;
mod statement;
mod tree;
mod verify;
#[cfg(feature = "serve")]
mod witness;
mod wording;

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::code::Outcome as CodeOutcome;
use error::Failure;

/// Proof of reserves against proof of liabilities.
///
/// Exit codes: 0 every check asked for was made and passed; 1 a check was made and failed; 2 a check could not be
/// made.
#[derive(Parser)]
#[command(name = "counterfoil", version, arg_required_else_help = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Build the liability trees of one snapshot from a ledger
    Build(build::Args),
    /// Put files into a bundle of evidence, and seal it
    #[command(subcommand)]
    Bundle(bundle::Verb),
    /// Make or show the card of a venue: what its customers pin
    #[command(subcommand)]
    Card(card::Verb),
    /// Commit to addresses, and make the challenge that they sign
    #[command(subcommand)]
    Challenge(challenge::Verb),
    /// Compare what two people were shown: one history, or a contradiction that anybody can check
    Compare(compare::Args),
    /// Print what a shell needs to complete the command line
    Completions(manual::CompletionsArgs),
    /// Show the whole of it on a made-up venue, in ./counterfoil-demo
    Demo(demo::Args),
    /// Explain a code such as CF-1004; without a code, list them all
    Explain(explain::Args),
    /// Gather evidence from your own node into a bundle; verifies nothing
    #[command(subcommand)]
    Fetch(fetch::Verb),
    /// Say what a file is and what is in it; verifies nothing
    Inspect(inspect::Args),
    /// Make a key or a master secret
    Keygen(keygen::Args),
    /// Make what tests and measurements need, on made-up data
    #[command(subcommand)]
    Lab(lab::Verb),
    /// Check a public log as a whole, or take a proof out of it
    #[command(subcommand)]
    Log(log::Verb),
    /// Print a page of the manual, or write all of them
    Man(manual::ManArgs),
    /// Say what checking customers show about accounts that were left out
    Omission(omission::Args),
    /// Pin the keys of a venue in your policy
    #[command(subcommand)]
    Pin(card::PinVerb),
    /// Check a policy file
    #[command(subcommand)]
    Policy(policy::Verb),
    /// Write the inclusion proof of one customer account, or sealed proofs for all of them
    Prove(prove::Args),
    /// Append a signed statement to the public log, and have its checkpoint cosigned
    Publish(publish::Args),
    /// Compare what is owed with what is held, from a bundle
    Reconcile(reconcile::Args),
    /// Sign what a reconciliation gave, or check what somebody signed
    #[command(subcommand)]
    Report(report::Verb),
    /// Sign a challenge, or check the reserve side of a bundle
    #[command(subcommand)]
    Reserves(reserves::Verb),
    /// Draw what is looked at, from a commitment and a block that came after it
    #[command(subcommand)]
    Sample(sample::Verb),
    /// Compute a balance sheet that nobody has signed: short, or not determinable
    Sheet(sheet::Args),
    /// Sign a statement
    #[command(subcommand)]
    Statement(statement::Verb),
    /// Compute the trees of a build again, or share the building of one and put its parts together
    #[command(subcommand)]
    Tree(tree::Verb),
    /// Check that your own balance is in the total
    Verify(verify::Args),
    /// Run a witness, which cosigns the logs of others
    #[cfg(feature = "serve")]
    Witness(witness::Args),
}

impl Cli {
    /// The command line as data, for what is made of it.
    fn definition() -> clap::Command {
        Self::command()
    }
}

/// What a verb that did its work ends with.
type Outcome = Result<ExitCode, Failure>;

/// Runs the command with the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            return ExitCode::from(manual::tell(&error));
        }
    };
    match run(cli.verb) {
        Ok(_) if OUTPUT_LOST.load(Ordering::Relaxed) => {
            Failure::from(error::CliError::OutputLost).print();
            ExitCode::from(CodeOutcome::NotMade.exit_code())
        }
        Ok(code) => code,
        Err(failure) => {
            failure.print();
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(verb: Verb) -> Outcome {
    match verb {
        Verb::Build(args) => build::run(&args),
        Verb::Bundle(verb) => bundle::run(&verb),
        Verb::Challenge(verb) => challenge::run(&verb),
        Verb::Compare(args) => compare::run(&args),
        Verb::Completions(args) => manual::completions(&args),
        Verb::Demo(args) => demo::run(&args),
        Verb::Explain(args) => explain::run(&args),
        Verb::Fetch(verb) => fetch::run(&verb),
        Verb::Inspect(args) => inspect::run(&args),
        Verb::Keygen(args) => keygen::run(&args),
        Verb::Lab(verb) => lab::run(&verb),
        Verb::Log(verb) => log::run(&verb),
        Verb::Man(args) => manual::run(&args),
        Verb::Omission(args) => omission::run(&args),
        Verb::Card(verb) => card::run(&verb),
        Verb::Pin(verb) => card::pin(&verb),
        Verb::Policy(verb) => policy::run(&verb),
        Verb::Prove(args) => prove::run(&args),
        Verb::Publish(args) => publish::run(&args),
        Verb::Reconcile(args) => reconcile::run(&args),
        Verb::Report(verb) => report::run(&verb),
        Verb::Reserves(verb) => reserves::run(&verb),
        Verb::Sample(verb) => sample::run(&verb),
        Verb::Sheet(args) => sheet::run(&args),
        Verb::Statement(verb) => statement::run(&verb),
        Verb::Tree(verb) => tree::run(&verb),
        Verb::Verify(args) => verify::run(&args),
        #[cfg(feature = "serve")]
        Verb::Witness(args) => witness::run(&args),
    }
}

/// Prints to standard output. A reader that has gone away (`| head`) is no error.
fn say(text: impl AsRef<str>) {
    say_exactly(&printable(text.as_ref()));
}

/// Prints a file's content, byte for byte.
fn say_exactly(text: &str) {
    if let Err(error) = writeln!(std::io::stdout(), "{text}")
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        OUTPUT_LOST.store(true, Ordering::Relaxed);
    }
}

/// Whether standard output did not take what was said: a result that nobody saw is not a success.
static OUTPUT_LOST: AtomicBool = AtomicBool::new(false);

/// Names and texts come from files of others: none of them is a command to the terminal.
fn printable(text: &str) -> String {
    text.replace(|c: char| c != '\n' && crate::report::is_control(c), "\u{fffd}")
}

/// Prints a remark to standard error.
fn remark(text: impl AsRef<str>) {
    let _ = writeln!(std::io::stderr(), "{}", printable(text.as_ref()));
}

/// The system's clock, the only place where it is read.
fn now() -> crate::snapshot::Time {
    crate::snapshot::Time::from_unix(jiff::Timestamp::now().as_second())
}

/// Bytes of chance from the system, the only place where it is asked.
fn random<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| error::CliError::Arguments(format!("no randomness: {error}")))?;
    Ok(bytes)
}
