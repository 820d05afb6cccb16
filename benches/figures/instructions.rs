//! Instruction counts: the same on every run, however busy the machine is.
//!
//! `valgrind` counts two runs of one operation that differ only in how often it is repeated; the difference over the
//! number of repetitions is the cost of one. It knows no SHA instructions, so that hashes are those of the portable
//! code: the counts compare one version of this program with another, not with the seconds above.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::{ops, table};

/// Prints the table, or why there is none. The longer of two runs repeats twice as often as the shorter one.
pub(crate) fn print(repeats: u64) -> anyhow::Result<()> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("\nInstruction counts need valgrind, which is not installed.");
        return Ok(());
    }
    table::head("Instructions, counted by valgrind with portable SHA-256", &["operation", "instructions"]);
    let own = std::env::current_exe()?;
    for name in ops::NAMES {
        let (once, twice) = (counted(&own, name, repeats)?, counted(&own, name, 2 * repeats)?);
        let each = twice.saturating_sub(once) / repeats;
        table::line(&[name.to_owned(), table::count(each)]);
    }
    Ok(())
}

fn counted(own: &Path, name: &str, repeats: u64) -> anyhow::Result<u64> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(own);
    let output = command.args(["--child", "operation", name, &repeats.to_string()]).output()?;
    let text = String::from_utf8_lossy(&output.stderr);
    let collected = text.lines().find_map(|line| line.split_once("Collected : "));
    match collected {
        Some((_, count)) if output.status.success() => Ok(count.trim().parse()?),
        _ => bail!("valgrind: {text}"),
    }
}

/// The child process: one operation, so often.
pub(crate) fn child(arguments: &[String]) -> anyhow::Result<()> {
    let (Some(name), Some(repeats)) = (arguments.get(2), arguments.get(3)) else { bail!("--child operation NAME N") };
    let mut operation = ops::operation(name).with_context(|| format!("{name:?} cannot be made"))?;
    for _ in 0..repeats.parse::<u64>()? {
        operation();
    }
    Ok(())
}
