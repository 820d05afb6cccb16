//! The second implementation, in Python, agrees with every vector.

use std::path::Path;
use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let python = Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success());
    let in_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    let trial = if python || in_ci {
        Trial::test("vectors/reference/counterfoil.py agrees with every vector", || Ok(run()?))
    } else {
        Trial::test("vectors/reference/counterfoil.py (ignored: there is no python3)", || Ok(()))
            .with_ignored_flag(true)
    };
    libtest_mimic::run(&Arguments::from_args(), vec![trial]).exit_code()
}

fn run() -> Result<(), String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let output = Command::new("python3")
        .arg("-B")
        .arg(folder.join("reference/counterfoil.py"))
        .arg(&folder)
        .output()
        .map_err(|error| format!("python3: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    if output.status.success() && said.contains(" agree") {
        return Ok(());
    }
    Err(format!("{}\n{said}{}", output.status, String::from_utf8_lossy(&output.stderr)))
}
