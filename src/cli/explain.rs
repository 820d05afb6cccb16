//! `explain`: the catalogue of codes.

use std::process::ExitCode;

use super::error::CliError;
use super::{Outcome, say};
use crate::code::{self, Outcome as CodeOutcome};

/// Explain a code.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The code, such as CF-1004; all codes when left out
    code: Option<String>,
}

pub(super) fn run(args: &Args) -> Outcome {
    let Some(text) = &args.code else {
        for code in code::all() {
            say(format!("{code}  {}", code.title));
        }
        return Ok(ExitCode::SUCCESS);
    };
    let code = code::find(text).ok_or_else(|| CliError::UnknownCode(text.clone()))?;
    let outcome = match code.outcome {
        CodeOutcome::Failed => "a check was made and failed (exit code 1)",
        CodeOutcome::NotMade => "a check could not be made (exit code 2)",
    };
    say(format!("{code}: {}\n\n{}\n\nWhat to do: {}\nIt means that {outcome}.", code.title, code.meaning, code.remedy));
    Ok(ExitCode::SUCCESS)
}
