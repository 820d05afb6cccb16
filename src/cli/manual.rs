//! `completions` and `man`: what shells and readers need, from the definitions that parse the command line.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap_complete::Shell;

use super::error::CliError;
use super::files::{NewFolder, Readers};
use super::{Cli, Outcome, say, say_exactly};
use crate::code::cli::ARGUMENTS;

/// Print what a shell needs to complete the command line.
///
/// Bash: counterfoil completions bash > ~/.local/share/bash-completion/completions/counterfoil
#[derive(clap::Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Print a page of the manual, or write all of them.
///
/// To read one: counterfoil man build | man -l -
#[derive(clap::Args)]
pub(super) struct ManArgs {
    /// The verb, such as `tree check`; the whole command when left out
    #[arg(value_name = "VERB", conflicts_with = "out")]
    verb: Vec<String>,
    /// Write the pages of all verbs into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace the folder if it exists
    #[arg(long, requires = "out")]
    force: bool,
}

pub(super) fn completions(args: &CompletionsArgs) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::definition(), "counterfoil", &mut script);
    say_exactly(String::from_utf8_lossy(&script).trim_end());
    Ok(ExitCode::SUCCESS)
}

pub(super) fn run(args: &ManArgs) -> Outcome {
    let mut command = Cli::definition();
    // names of pages and usage lines carry the verbs above
    command.build();
    if let Some(folder) = &args.out {
        return write_all(&command, folder, args.force);
    }
    let mut found = &command;
    for name in &args.verb {
        found = found.get_subcommands().find(|verb| verb.get_name() == name).ok_or_else(|| {
            CliError::Arguments(format!("there is no verb `{}`; `counterfoil help` lists them", args.verb.join(" ")))
        })?;
    }
    say_exactly(String::from_utf8_lossy(&page(found)).trim_end());
    Ok(ExitCode::SUCCESS)
}

fn write_all(command: &clap::Command, target: &Path, force: bool) -> Outcome {
    let folder = NewFolder::create(target, force, Readers::All)?;
    let mut pages = 0_usize;
    let mut waiting = vec![command];
    while let Some(next) = waiting.pop() {
        folder.add(&format!("{}.1", title(next)), &page(next), Readers::All)?;
        pages += 1;
        waiting.extend(next.get_subcommands().filter(|verb| verb.get_name() != "help"));
    }
    folder.publish()?;
    say(format!("{pages} pages in {}", target.display()));
    Ok(ExitCode::SUCCESS)
}

/// What a page is called: `counterfoil-tree-check`.
fn title(command: &clap::Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

fn page(command: &clap::Command) -> Vec<u8> {
    let mut bytes = Vec::new();
    // a page has no date: the same version has the same bytes
    let page = clap_mangen::Man::new(command.clone()).title(title(command)).date("");
    // writing into memory does not fail
    let _ = page.render(&mut bytes);
    bytes
}

/// Prints what is wrong with a command line, or the help that was asked for. Gives the exit code.
pub(super) fn tell(error: &clap::Error) -> u8 {
    if !error.use_stderr() {
        // when the terminal is gone there is nobody to tell
        let _ = error.print();
        return 0;
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = error.print();
    } else {
        eprint_with_code(error);
    }
    ARGUMENTS.outcome.exit_code()
}

/// The message of the parser, with the code that every error of this program has.
fn eprint_with_code(error: &clap::Error) {
    use std::io::{IsTerminal as _, Write as _};

    let mut stderr = std::io::stderr();
    let rendered = error.render();
    let text = if stderr.is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        rendered.ansi().to_string()
    } else {
        rendered.to_string()
    };
    let _ = stderr.write_all(text.replacen("error:", &format!("error[{ARGUMENTS}]:"), 1).as_bytes());
}
