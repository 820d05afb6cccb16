//! A run that ends before its time: killed, it leaves nothing that a command accepts; asked to end, it leaves nothing.
#![allow(clippy::print_stdout, reason = "a run that fails names its seed")]

mod cli_support;

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cli_support::{build_line, done, fresh, listing, made, refused};
use counterfoil::hash::sha256;

const ROUNDS: u32 = 50;
/// Rounds that are killed where files appear, which is a short time of the whole.
const ROUNDS_AT_THE_END: u32 = 20;
/// Rounds that are killed while rows wait on the disk.
const ROUNDS_AT_THE_SPILL: u32 = 10;
/// Rows of accounts that are so long that few rows do not fit into the least memory.
const ROWS: u32 = 12_000;

/// Numbers that follow from the seed.
struct Chance([u8; 32]);

impl Chance {
    /// Another seed in each run, unless `COUNTERFOIL_SEED` says which.
    fn new() -> Self {
        let seed = std::env::var("COUNTERFOIL_SEED").unwrap_or_else(|_| {
            let mut bytes = [0; 8];
            getrandom::fill(&mut bytes).expect("the system has chance");
            hex::encode(bytes)
        });
        println!("COUNTERFOIL_SEED={seed}");
        Self(sha256(seed.as_bytes()).to_bytes())
    }

    /// A part of this time.
    fn part(&mut self, whole: Duration) -> Duration {
        self.0 = sha256(&self.0).to_bytes();
        let number = u32::from(u16::from_be_bytes([self.0[0], self.0[1]]));
        whole * number / 65_536
    }
}

fn account(number: u32) -> String {
    format!("u{number:08}{}", "-".repeat(991))
}

/// A venue with a ledger that does not fit into the least memory.
fn venue() -> tempfile::TempDir {
    let venue = fresh();
    let mut ledger = "account,asset,amount\n".to_owned();
    for number in 0..ROWS {
        ledger.push_str(&format!("{},BTC,{}.5\n", account(number), number % 97));
    }
    fs::write(venue.path().join("large.csv"), ledger).expect("writes");
    venue
}

fn large_build() -> String {
    build_line("large.csv", "snapshot.toml", "killed") + " --memory 32MiB"
}

/// Starts the command with the signals of a terminal, whatever the tests were started with.
fn start(folder: &Path, line: &str) -> Child {
    let mut command = Command::new("env");
    command.current_dir(folder).args(["--default-signal=HUP,INT,TERM", env!("CARGO_BIN_EXE_counterfoil")]);
    command.args(line.split_whitespace()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("starts")
}

/// What is under construction.
fn unfinished(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    let hidden = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(".counterfoil-"));
    hidden.map(|entry| entry.path()).collect()
}

/// Whether the process has rows in files without a name.
fn spills(child: &Child) -> bool {
    let Ok(files) = fs::read_dir(format!("/proc/{}/fd", child.id())) else { return false };
    let mut targets = files.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
    targets.any(|target| target.to_string_lossy().contains("/.counterfoil-"))
}

fn wait_until(deadline: Duration, mut ready: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !ready() && begun.elapsed() < deadline {
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// How far builds had come when they were killed.
#[derive(Debug, Default)]
struct Phases {
    before: u32,
    under_construction: u32,
    spilled: u32,
    sealed: u32,
    complete: u32,
}

#[test]
fn a_build_that_is_killed_leaves_nothing_that_is_accepted() {
    let (venue, mut chance, mut phases) = (venue(), Chance::new(), Phases::default());
    let folder = venue.path();
    let begun = Instant::now();
    assert!(start(folder, &large_build()).wait().expect("ends").success());
    let whole = begun.elapsed();
    let complete = listing(&folder.join("killed"));
    for round in 0..ROUNDS {
        for name in [unfinished(folder), vec![folder.join("killed")]].concat() {
            if name.exists() {
                fs::remove_dir_all(name).expect("of the round before");
            }
        }
        let mut child = start(folder, &large_build());
        if round < ROUNDS_AT_THE_SPILL {
            wait_until(4 * whole, || spills(&child) || folder.join("killed").exists());
        } else if round < ROUNDS - ROUNDS_AT_THE_END {
            std::thread::sleep(chance.part(whole));
        } else {
            let header = |place: &PathBuf| place.join("store/header").exists();
            wait_until(4 * whole, || unfinished(folder).iter().any(header) || folder.join("killed").exists());
            std::thread::sleep(chance.part(Duration::from_millis(4)));
        }
        phases.spilled += u32::from(spills(&child));
        child.kill().expect("it was not waited for");
        child.wait().expect("ends");
        nothing_is_accepted(folder, &complete, &mut phases);
    }
    println!("{phases:?}");
    assert_eq!(phases.before + phases.under_construction + phases.sealed + phases.complete, ROUNDS);
    assert!(phases.spilled >= 3 && phases.sealed >= 3, "no build was killed in one of its phases: {phases:?}");
}

/// Whatever is there is complete and the same as ever, or refused.
fn nothing_is_accepted(folder: &Path, complete: &[(PathBuf, Vec<u8>, u32)], phases: &mut Phases) {
    let prove = |from: &str| format!("prove {from} --account {} --out proof.json --force", account(42));
    let left = unfinished(folder);
    if folder.join("killed").exists() {
        assert!(listing(&folder.join("killed")) == complete, "the name appears with the whole content only");
        done(folder, &prove("killed"));
        done(folder, "tree check killed");
        phases.complete += 1;
    } else {
        refused(folder, &prove("killed"), 2, "CF-9001");
        refused(folder, "tree check killed", 2, "CF-9001");
        match left.first() {
            None => phases.before += 1,
            Some(place) if place.join("store/header").exists() => phases.sealed += 1,
            Some(_) => phases.under_construction += 1,
        }
    }
    for place in left {
        let name = place.file_name().expect("a name").to_string_lossy().into_owned();
        for line in [prove(&name), format!("tree check {name}"), format!("prove {name} --all --codes c --out all")] {
            refused(folder, &line, 2, "CF-9060");
        }
        refused(folder, &format!("statement sign {name} --key signing-a.key --out s.json"), 2, "CF-9060");
        assert!(!folder.join("all").exists() && !folder.join("s.json").exists());
    }
}

#[test]
fn the_name_of_an_unfinished_folder_is_refused() {
    let venue = made();
    let folder = venue.path();
    fs::rename(folder.join("tree"), folder.join(".counterfoil-x1")).expect("was made");
    let text = refused(folder, "prove .counterfoil-x1 --account u1 --out new.json", 2, "CF-9060");
    let expected = "error[CF-9060]: the folder is left over from a run that was killed | = note: .counterfoil-x1: the name says that its making was not finished help: delete the folder, and run the command again that was making it";
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(text, expected);
    // neither a link nor another way leads around it
    std::os::unix::fs::symlink(".counterfoil-x1", folder.join("link")).expect("links");
    refused(folder, "prove link --account u1 --out new.json", 2, "CF-9060");
    refused(&folder.join(".counterfoil-x1"), "prove . --account u1 --out ../new.json", 2, "CF-9060");
}

/// Starts a line that makes something, asks it to end in the middle, and finds everything as before.
fn ended_by(signal: i32, folder: &Path, line: &str, wait: Duration) {
    let before = listing(folder);
    let mut child = start(folder, line);
    wait_until(Duration::from_secs(60), || !unfinished(folder).is_empty());
    assert!(!unfinished(folder).is_empty(), "{line}: nothing was begun");
    std::thread::sleep(wait);
    let sent = Command::new("sh").args(["-c", &format!("kill -{signal} {}", child.id())]).status();
    assert!(sent.expect("a shell").success());
    let ended = child.wait().expect("ends");
    assert_eq!(ended.signal(), Some(signal), "{line}: it was over before: {ended}");
    let changed: Vec<PathBuf> = listing(folder).into_iter().map(|(path, ..)| path).collect();
    assert!(before == listing(folder), "{line}: {changed:?}");
}

#[test]
fn what_is_asked_to_end_leaves_nothing() {
    let venue = venue();
    let folder = venue.path();
    for (signal, wait) in [(2, 0), (15, 0), (1, 0), (2, 60), (15, 120), (2, 200)] {
        ended_by(signal, folder, &large_build(), Duration::from_millis(wait));
    }
    let ledger = "lab ledger --rows 3000000 --seed 1 --out lab";
    ended_by(2, folder, ledger, Duration::from_millis(30));
    ended_by(15, folder, ledger, Duration::from_millis(30));
    done(folder, &large_build());
    let proofs = "prove killed --all --codes codes.csv --out proofs";
    ended_by(2, folder, proofs, Duration::from_millis(30));
    ended_by(15, folder, proofs, Duration::from_millis(300));
    // and a signal that was to be ignored still is
    let script = format!(
        "trap '' INT; : > trapped; exec {} prove killed --account {} --out p",
        env!("CARGO_BIN_EXE_counterfoil"),
        account(1)
    );
    let mut child = Command::new("sh").current_dir(folder).args(["-c", &script]).spawn().expect("a shell");
    wait_until(Duration::from_secs(60), || folder.join("trapped").exists());
    for _ in 0..5 {
        let _ = Command::new("sh").args(["-c", &format!("kill -2 {}", child.id())]).status();
    }
    assert!(child.wait().expect("ends").success());
}
