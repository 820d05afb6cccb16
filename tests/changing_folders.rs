//! Folders that change while they are read: a log that goes on or is another, a bundle that is exchanged. What is said
//! is what one of the two says, or that something is wrong, and never a mixture.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod log_support;

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use counterfoil::bundle::{self, FileSource, MANIFEST, MemoryFiles, SourceError, paths};
use counterfoil::lab::forger::signing_key;
use counterfoil::policy::Policy;
use counterfoil::publish::log::audit::{AuditQuery, audit};
use counterfoil::reconcile::{Report, reconcile};
use counterfoil::snapshot::Time;
use log_support::{Place, log_section, policy, statement, statements};

/// A folder that is another one from this look on.
struct Shifting<'a> {
    before: &'a MemoryFiles,
    behind: &'a MemoryFiles,
    looks: Cell<usize>,
    shift: usize,
}

impl Shifting<'_> {
    fn now(&self) -> &MemoryFiles {
        let look = self.looks.replace(self.looks.get() + 1);
        if look < self.shift { self.before } else { self.behind }
    }
}

impl FileSource for Shifting<'_> {
    fn list(&self) -> Result<Vec<String>, SourceError> {
        self.now().list()
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, SourceError> {
        FileSource::read(self.now(), path)
    }
}

/// What is said at every moment of the change; `said` is asked with each of the two alone first. Returns how often the
/// answer was one of theirs and how often there was none.
fn at_every_look<T: PartialEq + std::fmt::Debug>(
    before: &MemoryFiles,
    behind: &MemoryFiles,
    step: usize,
    said: impl Fn(&dyn FileSource) -> Option<T>,
) -> (usize, usize) {
    let honest = [said(before), said(behind)];
    let still = Shifting { before, behind, looks: Cell::new(0), shift: usize::MAX };
    assert_eq!(said(&still), honest[0]);
    let looks = still.looks.get();
    let (mut answers, mut refusals) = (0, 0);
    for shift in (1..looks).step_by(step) {
        let found = said(&Shifting { before, behind, looks: Cell::new(0), shift });
        match &found {
            Some(_) => answers += 1,
            None => refusals += 1,
        }
        assert!(found.is_none() || honest.contains(&found), "changed before look {shift} of {looks}");
    }
    (answers, refusals)
}

fn files_below(folder: &Path) -> MemoryFiles {
    let mut files = MemoryFiles::new();
    let mut open: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            files.insert(name, fs::read(path).unwrap());
        }
    }
    files
}

/// A place with the log of these totals, and the policy that pins it.
fn logged(totals: &[&str]) -> Place {
    let place = Place::new();
    place.write("log.toml", policy(&log_section(0, 0)).as_bytes());
    let mut last = None;
    for (sequence, total) in (0..).zip(totals) {
        let made = statement(sequence, last, total);
        place.publish(&made, "");
        last = Some(made.digest);
    }
    place
}

const TOTALS: [&str; 4] = ["550000000", "550000000", "550000000", "550000000"];

#[test]
fn a_log_that_changes_is_checked_as_one_of_both() {
    let longer = logged(&TOTALS);
    let log = |place: &Place| files_below(&place.path().join("log"));
    let long = log(&longer);
    let short = log(&logged(&TOTALS[..3]));
    let other = log(&logged(&["550000000", "550000000", "1"]));
    assert_eq!(statements(4).len(), 4);
    let policy = Policy::parse(&policy(&log_section(0, 0))).unwrap();
    let said = |files: &dyn FileSource| {
        let pins = policy.statement_pins();
        let now = Time::from_unix(1_800_000_000);
        let query = AuditQuery { log: policy.log().unwrap().pins(), venue: &pins, now, earlier: None };
        let found = audit(files, &query).ok()?;
        let last = found.last.map(|last| last.sequence);
        Some((found.signed.checkpoint().size, found.signed.checkpoint().root, found.leaves, last))
    };
    // a publisher goes on: what was there stays there, so that a check may succeed
    let (answers, _) = at_every_look(&short, &long, 1, said);
    assert!(answers > 0);
    // the same log number for number, with another statement at its end
    let (_, refusals) = at_every_look(&short, &other, 1, said);
    assert!(refusals > 0);
    let mut cut = long.clone();
    cut.retain(|path, _| !path.starts_with("tile/"));
    let (_, refusals) = at_every_look(&long, &cut, 1, said);
    assert!(refusals > 0);
}

/// A bundle sealed again with one file changed, so that it is whole, and another.
fn sealed_again(files: &MemoryFiles, path: &str, change: impl Fn(&[u8]) -> Vec<u8>) -> MemoryFiles {
    let mut files = files.clone();
    let changed = change(&files[path]);
    files.insert(path.to_owned(), changed);
    files.remove(MANIFEST);
    let manifest = bundle::seal(&files, "tests", Time::from_unix(1_793_600_000), &signing_key("venue").unwrap());
    files.insert(MANIFEST.to_owned(), manifest.unwrap());
    files
}

fn golden(name: &str) -> (MemoryFiles, Policy) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let policy = Policy::parse(&fs::read_to_string(folder.join("policy.toml")).unwrap()).unwrap();
    (files_below(&folder.join("bundle")), policy)
}

#[test]
fn a_bundle_that_changes_is_reconciled_as_one_of_both() {
    let (files, policy) = golden("borrowed");
    let said = |files: &dyn FileSource| -> Option<Report> { reconcile(files, &policy).ok() };
    let no_control = sealed_again(&files, paths::CONTROL, |_| Vec::new());
    let other_control = sealed_again(&files, paths::CONTROL, |bytes| bytes.repeat(2));
    for other in [&no_control, &other_control] {
        assert_ne!(said(other), said(&files), "two bundles");
        let (_, refusals) = at_every_look(&files, other, 5, said);
        assert!(refusals > 0);
        at_every_look(other, &files, 5, said);
    }
    // a file that is gone, and one that came
    let mut gone = files.clone();
    gone.remove(paths::CHALLENGE);
    let (_, refusals) = at_every_look(&files, &gone, 5, said);
    assert!(refusals > 0);
    let mut more = files.clone();
    more.insert("more.json".to_owned(), b"{}".to_vec());
    at_every_look(&files, &more, 5, said);
}

/// Runs a line again and again while `now` names one folder or the other. Each answer is one of both, or a refusal.
fn exchanged(place: &Place, line: &str, folders: [&str; 2]) {
    let said = |_: usize| {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        let output = place.start(&arguments).wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let link = |to: &str| {
        let _ = fs::remove_file(place.path().join("next"));
        std::os::unix::fs::symlink(to, place.path().join("next")).unwrap();
        fs::rename(place.path().join("next"), place.path().join("now")).unwrap();
    };
    let honest = folders.map(|folder| {
        link(folder);
        said(0)
    });
    assert_ne!(honest[0], honest[1]);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0_usize.. {
                if done.load(Ordering::Relaxed) {
                    return;
                }
                link(folders[number % 2]);
                std::thread::sleep(Duration::from_micros(200 * (number as u64 % 7)));
            }
        });
        let all: Vec<_> = (0..20).map(said).collect();
        done.store(true, Ordering::Relaxed);
        for (code, text) in all {
            let refused = code != Some(0) && text.is_empty();
            assert!(refused || honest.contains(&(code, text.clone())), "{code:?}: {text}");
        }
    });
}

#[test]
fn a_log_that_is_exchanged_under_the_command_is_one_of_both() {
    let place = logged(&TOTALS[..3]);
    let other = logged(&["550000000", "550000000", "1"]);
    for (path, bytes) in files_below(&other.path().join("log")) {
        place.write(&format!("other/{path}"), &bytes);
    }
    exchanged(&place, "log check now --policy log.toml", ["log", "other"]);
}

#[test]
fn a_bundle_that_is_exchanged_under_the_command_is_one_of_both() {
    let place = Place::new();
    let (files, _) = golden("borrowed");
    let other = sealed_again(&files, paths::CONTROL, |_| Vec::new());
    for (folder, files) in [("one", &files), ("other", &other)] {
        for (path, bytes) in files {
            place.write(&format!("{folder}/{path}"), bytes);
        }
    }
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/borrowed/policy.toml");
    exchanged(&place, &format!("reconcile now --policy {}", policy.display()), ["one", "other"]);
}
