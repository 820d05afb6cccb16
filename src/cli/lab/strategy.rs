//! `lab strategy`: how much a dishonest venue can hide, and with what chance it is seen.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::amount::{Amount, Decimals};
use crate::cli::error::{CliError, Failure};
use crate::cli::files::{self, Readers};
use crate::cli::{Outcome, say, say_exactly};
use crate::json;
use crate::lab::strategy::{Habits, Means, outlook};
use crate::lab::told_strategy::{Question, page, rows, text};
use crate::reconcile::omission::Share;

/// How much a venue can hide, at its best, against what its verifiers do.
///
/// The venue leaves out accounts, and borrows coins over the cut-off, until what its verifiers do gives it away.
/// Figures are exact and rounded down; the same seed gives the same figures. What follows from them is in
/// docs/gaming.md.
#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    /// Customer accounts
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    accounts: u64,
    /// What they are owed, as decimal text
    #[arg(long, value_name = "AMOUNT", default_value = "100000")]
    owed: String,
    /// What the venue can spend on interest for one statement
    #[arg(long, value_name = "AMOUNT", default_value = "10")]
    budget: String,
    /// Interest of a year
    #[arg(long, value_name = "P", default_value = "10%")]
    interest: String,
    /// Blocks before the cut-off block, and after it, of which the policy asks to be shown every one
    #[arg(long, value_name = "BLOCKS", default_value_t = 144)]
    window: u64,
    /// Only so many blocks of the window are looked at, drawn afterwards
    #[arg(long, value_name = "BLOCKS")]
    sampled: Option<u64>,
    /// The probability with which each account is checked
    #[arg(long, value_name = "P", default_value = "5%")]
    share: String,
    /// How many customers must complain to be believed
    #[arg(long, value_name = "C", default_value_t = 1)]
    complaints: u64,
    /// The venue knows who never checks
    #[arg(long)]
    known: bool,
    /// Statements in a year
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=366))]
    statements: u32,
    /// Another seed gives other balances and other checkers
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// As JSON
    #[arg(long)]
    json: bool,
    /// Write a page with a plot
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Replace the page if it exists
    #[arg(long)]
    force: bool,
}

pub(in crate::cli) fn run(args: &Args) -> Outcome {
    let decimals = Decimals::new(8).unwrap_or(Decimals::ZERO);
    let amount = |name: &str, text: &str| {
        Amount::parse(text, decimals).map_err(|error| CliError::Arguments(format!("{name} {text}: {error}")))
    };
    let habits = Habits {
        window: args.window,
        sampled: args.sampled,
        checking: args.share.parse::<Share>()?,
        complaints: args.complaints,
        known: args.known,
        statements: args.statements,
    };
    let means = Means {
        accounts: args.accounts,
        owed: amount("--owed", &args.owed)?,
        budget: amount("--budget", &args.budget)?,
        interest: args.interest.parse::<Share>()?.hundredths(),
        seed: args.seed,
    };
    if let Some(path) = &args.html {
        files::check_free(path, args.force)?;
    }
    let found = outlook(&habits, &means)?;
    let question = Question { habits: &habits, means: &means, decimals };
    if let Some(path) = &args.html {
        let page = page(&question, &found).map_err(|error| CliError::Demo(error.to_string()))?;
        files::write(path, page.as_bytes(), Readers::All, args.force)?;
    }
    if args.json {
        let bytes = json::canonical(&rows(&question, &found)).map_err(Failure::from)?;
        say_exactly(&String::from_utf8_lossy(&bytes));
    } else {
        say(text(&question, &found));
    }
    Ok(ExitCode::SUCCESS)
}
