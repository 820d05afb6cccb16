//! A disk that is full: the build says so and leaves nothing. It is a small one in memory, seen by this test only.

mod cli_support;

use std::process::{Command, ExitCode};

use cli_support::{build_line, fresh};
use libtest_mimic::{Arguments, Trial};

const NAME: &str = "a build on a full disk is refused and leaves nothing";

fn main() -> ExitCode {
    let mounts = Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "tmpfs", "/tmp"]).output();
    let trial = if mounts.is_ok_and(|output| output.status.success()) {
        Trial::test(NAME, || Ok(run()?))
    } else {
        Trial::test(format!("{NAME} (ignored: this system lets nobody mount a disk)"), || Ok(()))
            .with_ignored_flag(true)
    };
    libtest_mimic::run(&Arguments::from_args(), vec![trial]).exit_code()
}

fn run() -> Result<(), String> {
    let venue = fresh();
    let mut ledger = "account,asset,amount\n".to_owned();
    for number in 0..20_000 {
        ledger.push_str(&format!("u{number:040},BTC,1\n"));
    }
    std::fs::write(venue.path().join("large.csv"), ledger).map_err(|error| error.to_string())?;
    std::fs::create_dir(venue.path().join("disk")).map_err(|error| error.to_string())?;
    let line = build_line("large.csv", "snapshot.toml", "disk/new");
    let command = env!("CARGO_BIN_EXE_counterfoil");
    let script = format!(
        "mount -t tmpfs -o size=256k tmpfs disk; {command} {line}; echo \"exit code $?\"; echo \"left: $(ls -A disk)\""
    );
    let output = Command::new("unshare").current_dir(venue.path()).args(["-rm", "sh", "-c", &script]).output();
    let output = output.map_err(|error| error.to_string())?;
    let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let named = wrong.contains("error[CF-9003]") && wrong.contains("No space left on device");
    if said == "exit code 2\nleft: \n" && named { Ok(()) } else { Err(format!("{said}\n{wrong}")) }
}
