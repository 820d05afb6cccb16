//! `foreign lint`: what a scheme admits, shown on forged files.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::cli::error::{CliError, Failure};
use crate::cli::files::{NewFolder, Readers};
use crate::cli::{Outcome, say};
use crate::code::foreign as codes;
use crate::foreign::lint::{Shown, show};
use crate::foreign::weakness::Weakness;
use crate::foreign::{all_facts, facts_named};
use crate::report::wrap;

/// Show on forged files what a scheme lets a venue do.
///
/// For each weakness a set of files is made that passes the scheme's own rule, and is refused by this program's. It
/// says nothing about any venue. The exit code is 1 when forged files pass. Without a format: all formats and
/// weaknesses.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The format: okx-v1, bybit, bitget, hotcoin, bitmex (river), olalonde
    format: Option<String>,
    /// Write the forged files into this folder
    #[arg(long, value_name = "DIR", requires = "format")]
    out: Option<PathBuf>,
    /// Replace the folder if it exists
    #[arg(long, requires = "out")]
    force: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let Some(name) = &args.format else {
        list();
        return Ok(ExitCode::SUCCESS);
    };
    let (Some(facts), Some(shown)) = (facts_named(name), show(name)) else {
        let names: Vec<&str> = all_facts().map(|facts| facts.name).collect();
        return Err(CliError::Arguments(format!("{name:?} is none of {}", names.join(", "))).into());
    };
    if let Some(folder) = &args.out {
        write(folder, &shown, args.force)?;
    }
    say(format!("{}: {} weaknesses; its rule was read in {}", facts.name, facts.weaknesses.len(), facts.source));
    for one in &shown {
        let result =
            if one.holds { "passed the scheme's own rule" } else { "did not pass: the weakness was not shown" };
        let files =
            if one.files.len() == 1 { "1 forged file".to_owned() } else { format!("{} forged files", one.files.len()) };
        let refused: Vec<String> = one.refused.iter().map(|code| format!("{code} ({})", code.title)).collect();
        say(format!("\n{} ({})", one.weakness.name(), one.weakness.attack()));
        say(wrap(&format!("  {}.", one.story)));
        say(wrap(&format!("  {files} {result}; here: {}.", refused.join(", "))));
    }
    let count = shown.iter().filter(|one| one.holds).count();
    say("\nThe files were made here. This speaks of the scheme's rule, and of no venue that uses it.");
    if count == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    let detail =
        format!("{count} of {} weaknesses of {} were shown on forged files", facts.weaknesses.len(), facts.name);
    Err(Failure::placed([(&codes::FOREIGN_SOUND, detail, None)]))
}

fn list() {
    for weakness in Weakness::ALL {
        let with: Vec<&str> =
            all_facts().filter(|facts| facts.weaknesses.contains(&weakness)).map(|facts| facts.name).collect();
        say(format!("{} ({}): {}", weakness.name(), weakness.attack(), with.join(", ")));
        say(wrap(&format!("  {}.", weakness.lets())));
    }
    say("\nOf schemes, as their public rules say; `foreign lint FORMAT` shows each on forged files.");
}

fn write(folder: &std::path::Path, shown: &[Shown], force: bool) -> Result<(), Failure> {
    let new = NewFolder::create(folder, force, Readers::All)?;
    for one in shown {
        for (number, file) in (1..).zip(&one.files) {
            new.add(&format!("{}/{number}.txt", one.weakness.name()), file.as_bytes(), Readers::All)?;
        }
        let roots = one.roots.join("\n") + "\n";
        new.add(&format!("{}/roots", one.weakness.name()), roots.as_bytes(), Readers::All)?;
    }
    Ok(new.publish()?)
}
