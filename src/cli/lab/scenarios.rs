//! `lab list`, `lab run` and `lab matrix`: attacks that run.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::cli::error::{CliError, Failure};
use crate::cli::files::{self, NewFolder, Readers};
use crate::cli::{Outcome, say, say_exactly};
use crate::json;
use crate::lab::scenario::{FOLDER, Played, Scenario};
use crate::lab::{attacks, scenarios, told};
use crate::report::wrap;

/// List the scenarios.
#[derive(clap::Args)]
pub(in crate::cli) struct ListArgs {
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// Run a scenario: somebody lies, a naive verifier looks, and this program looks at the same files.
///
/// Everything is built and checked in memory, without a network. Exit code 0 says that each scenario went as it says,
/// 1 that one did not.
#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("which").required(true).args(["name", "all"])))]
pub(in crate::cli) struct RunArgs {
    /// The scenario, as `lab list` names it
    name: Option<String>,
    /// Every scenario
    #[arg(long)]
    all: bool,
    /// Write a page of HTML
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Leave the files of the scenario in a new folder, and say how to look at them
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Replace outputs that exist
    #[arg(long)]
    force: bool,
}

/// Show which attack is met by which check.
#[derive(clap::Args)]
pub(in crate::cli) struct MatrixArgs {
    /// As JSON
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// As the page docs/attacks.md
    #[arg(long)]
    markdown: bool,
}

pub(in crate::cli) fn list(args: &ListArgs) -> Outcome {
    if args.json {
        let rows: Vec<_> = scenarios::ALL.iter().map(|scenario| told::Listed::new(scenario)).collect();
        print_json(&rows)?;
        return Ok(ExitCode::SUCCESS);
    }
    for scenario in scenarios::ALL {
        say(told::line(scenario));
    }
    say("\nRun one with `counterfoil lab run NAME`, or all with `counterfoil lab run --all`.");
    Ok(ExitCode::SUCCESS)
}

pub(in crate::cli) fn run(args: &RunArgs) -> Outcome {
    let chosen: Vec<&Scenario> = match &args.name {
        Some(name) => vec![scenarios::find(name)?],
        None => scenarios::ALL.to_vec(),
    };
    let outputs = [&args.html, &args.keep];
    for path in outputs.into_iter().flatten() {
        files::check_free(path, args.force)?;
    }
    let (mut played, mut failures) = (Vec::new(), Vec::new());
    for scenario in chosen {
        match scenario.run() {
            Ok(done) => played.push((scenario, done)),
            Err(error) => failures.push(error),
        }
    }
    if let Some(path) = &args.keep {
        keep(path, &played, args)?;
    }
    if let Some(path) = &args.html {
        let page = told::page(&played).map_err(|error| CliError::Demo(error.to_string()))?;
        files::write(path, page.as_bytes(), Readers::All, args.force)?;
    }
    if args.json {
        let rows: Vec<_> = played.iter().map(|(scenario, done)| told::Run::new(scenario, done)).collect();
        print_json(&rows)?;
    } else {
        print(&played, args);
    }
    if failures.is_empty() { Ok(ExitCode::SUCCESS) } else { Err(Failure::all(failures)) }
}

pub(in crate::cli) fn matrix(args: &MatrixArgs) -> Outcome {
    let table = attacks::table()?;
    if args.markdown {
        say_exactly(attacks::page(&table).trim_end());
    } else if args.json {
        print_json(&attacks::rows(&table))?;
    } else {
        say(told::matrix(&table));
    }
    Ok(ExitCode::SUCCESS)
}

fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let bytes = json::canonical(value)?;
    say_exactly(&String::from_utf8_lossy(&bytes));
    Ok(())
}

fn print(played: &[(&Scenario, Played)], args: &RunArgs) {
    for (scenario, done) in played {
        say(told::run(scenario, done));
    }
    if let Some(folder) = &args.keep {
        say(wrap(&format!("The files are in {}. Look at them with:", folder.display())));
        for (scenario, done) in played {
            for show in &done.shows {
                let line = show.line.replace(FOLDER, &place(folder, scenario, args).display().to_string());
                say(format!("\n  {}", told::command(&line)));
            }
        }
        say("");
    }
    let count = played.len();
    let word = if count == 1 { "scenario" } else { "scenarios" };
    say(format!("{count} {word} went as told; nothing was left behind but what was asked for."));
}

/// Where the files of a scenario are: with `--all` each has a folder of its own.
fn place(folder: &Path, scenario: &Scenario, args: &RunArgs) -> PathBuf {
    if args.all { folder.join(scenario.name) } else { folder.to_owned() }
}

/// The folder appears as a whole, or not at all.
fn keep(path: &Path, played: &[(&Scenario, Played)], args: &RunArgs) -> Result<(), Failure> {
    let folder = NewFolder::create(path, args.force, Readers::All)?;
    for (scenario, done) in played {
        for (name, bytes) in &done.files {
            let name = if args.all { format!("{}/{name}", scenario.name) } else { name.clone() };
            // a credential is a secret, and `verify` reads it from a file that nobody else reads
            let readers = if name.ends_with("credential.txt") { Readers::Owner } else { Readers::All };
            folder.add(&name, bytes, readers)?;
        }
    }
    folder.publish()?;
    Ok(())
}
