//! A small disk in memory that one process sees, and commands that fill it.
#![allow(dead_code, reason = "each test uses a part")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use crate::cli_support::{bundle, chmod, done, made};

/// Kibibytes that are free on the disk when the command begins; the last one is enough for all of them.
pub(crate) const FREE: [u32; 4] = [0, 8, 60, 12_000];
pub(crate) const ENOUGH: u32 = FREE[FREE.len() - 1];

/// A command, what it finds on the disk, and what may be there of it although it failed.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// Shell, before the disk is filled.
    pub(crate) before: &'static str,
    pub(crate) line: String,
    /// What is there when it has succeeded.
    pub(crate) output: String,
    /// Whether files other than the output may stay, which the same command goes on from.
    pub(crate) goes_on: bool,
    /// Where the command is run.
    pub(crate) within: &'static str,
    /// Kibibytes that are free when it begins.
    pub(crate) free: &'static [u32],
}

pub(crate) fn case(name: &'static str, line: &str, output: &str) -> Case {
    Case {
        name,
        before: "",
        line: line.to_owned(),
        output: output.to_owned(),
        goes_on: false,
        within: ".",
        free: &FREE,
    }
}

/// Whether this system lets the test mount a disk.
pub(crate) fn mounts() -> bool {
    let mounts = Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "tmpfs", "/tmp"]).output();
    mounts.is_ok_and(|output| output.status.success())
}

/// A venue with all files that the cases need.
pub(crate) fn venue() -> &'static Path {
    static VENUE: OnceLock<tempfile::TempDir> = OnceLock::new();
    let made = VENUE.get_or_init(|| {
        let venue = made();
        let folder = venue.path();
        bundle(folder);
        let mut ledger = "account,asset,amount\n".to_owned();
        for number in 0..20_000 {
            ledger.push_str(&format!("u{number:040},BTC,1\n"));
        }
        fs::write(folder.join("large.csv"), ledger).unwrap();
        fs::write(folder.join("pass.txt"), "five words are easily remembered\n").unwrap();
        chmod(&folder.join("pass.txt"), 0o600);
        done(folder, "keygen --kind log --name log.example/example-exchange --out log.key");
        done(folder, "publish statement.json --log log --key log.key");
        done(folder, "log prove log --sequence 0 --out p.tlog-proof");
        done(folder, "receipt sign tree --key signing-a.key --account u1 --out u1.receipts");
        let open = "dispute open u1.receipts --policy policy.toml --asset BTC --as-of 2026-03-01T00:00:00Z";
        done(folder, &format!("{open} --out d.json"));
        venue
    });
    made.path()
}

/// What one run did.
pub(crate) struct Run {
    pub(crate) said: String,
    pub(crate) before: BTreeSet<String>,
    pub(crate) after: BTreeSet<String>,
    /// The same command once more, with room.
    pub(crate) again: String,
}

pub(crate) fn filled(case: &Case) -> Result<(), String> {
    let mut failed = 0;
    for free in case.free.iter().copied() {
        // a folder of its own: cases run at the same time
        let own = tempfile::tempdir().map_err(|error| error.to_string())?;
        let Run { said, before, after, again } = run(case, free, own.path())?;
        let place = format!("{} with {free} KiB\n{said}\nbefore {before:#?}\nafter {after:#?}", case.name);
        let there = |state: &BTreeSet<String>| state.iter().any(|file| file.ends_with(&format!(" {}", case.output)));
        // `foreign lint` ends with what it found
        if !said.contains("error[CF-9003]") {
            if !there(&after) {
                return Err(format!("no {}: {place}", case.output));
            }
            continue;
        }
        failed += 1;
        let named = said.contains("No space left on device") && (said.contains("disk") || case.within == "disk");
        let new: Vec<&String> = after.difference(&before).collect();
        let lost = before.difference(&after).next().is_some();
        let left = if case.goes_on { there(&after) } else { !new.is_empty() };
        // no file under construction stays in any case
        let hidden = after.iter().any(|file| file.contains(".counterfoil-"));
        if free == ENOUGH || !named || lost || left || hidden {
            return Err(place);
        }
        if again.contains("error[CF-9003]") || case.goes_on && again.contains("error[") {
            return Err(format!("once more, with room:\n{again}\n{place}"));
        }
    }
    if failed == 0 { Err(format!("{}: the disk was never full", case.name)) } else { Ok(()) }
}

/// Runs the command on a disk with so much room, and once more when there is room again.
pub(crate) fn run(case: &Case, free: u32, own: &Path) -> Result<Run, String> {
    let command = env!("CARGO_BIN_EXE_counterfoil");
    let Case { before, line, within, .. } = case;
    // locks stay, and are empty
    let state = "(cd disk; find . -mindepth 1 ! -name fill ! -name '*.lock' -type d -printf 'folder %P\\n'; \
                 find . -type f ! -name fill ! -name '*.lock' -exec sha256sum {} + | sed 's: \\./:  :;s:  *: :g')";
    let script = format!(
        "cp -rp {venue}/. . && mkdir disk && mount -t tmpfs -o size=24m tmpfs disk && {{ {before}; }} || exit 9
         {state} >own.before
         free=$(df --output=avail -k disk | tail -1)
         head -c $(( (free - {free}) * 1024 )) /dev/zero >disk/fill || exit 9
         (cd {within} && {command} {line}) >own.out 2>own.err
         {state} >own.after
         rm disk/fill
         (cd {within} && {command} {line}) >own.again 2>&1
         true",
        venue = venue().display(),
        before = if before.is_empty() { "true" } else { before },
    );
    let output = Command::new("unshare").current_dir(own).args(["-rm", "sh", "-c", &script]).output();
    let output = output.map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("the disk cannot be made: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let read = |name: &str| fs::read_to_string(own.join(name)).map_err(|error| format!("{name}: {error}"));
    let lines = |name: &str| read(name).map(|text| text.lines().map(str::to_owned).collect::<BTreeSet<_>>());
    Ok(Run {
        said: read("own.err")?,
        before: lines("own.before")?,
        after: lines("own.after")?,
        again: read("own.again")?,
    })
}
