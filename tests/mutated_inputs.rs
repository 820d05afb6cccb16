//! Every parser of bytes that others make, on inputs that were good before a few of their bytes changed: a refusal,
//! never a panic. And inputs that are small and would grow: nested deeply, packed tightly, changed while they are read.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, missing_docs)]

#[path = "../fuzz/src/lib.rs"]
mod fuzz;

use std::cell::Cell;
use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, Instant};

use counterfoil::asset::Assets;
use counterfoil::bundle::{FileSource, MemoryFiles, SourceError, paths};
use counterfoil::hash::sha256;
use counterfoil::json;
use counterfoil::lab::forger::Forger;
use counterfoil::ledger::{CsvSource, RowSource};
use counterfoil::liability::leaf::SnapshotKey;
use counterfoil::liability::storage::{MemoryScratch, MemoryStorage};
use counterfoil::liability::{BuildOptions, MEMORY_MIN, build};
use counterfoil::policy::Policy;
use counterfoil::policy::quality::Assumptions;
use counterfoil::reconcile::network::NetworkFile;
use counterfoil::reconcile::reconcile;
use counterfoil::reconcile::sheet::Sheet;
use counterfoil::secret::{Secret, SecretKind};

/// Changed inputs of a target, unless `COUNTERFOIL_MUTANTS` says another number.
const MUTANTS: u64 = 150;
/// Every so many inputs a long run looks at the clock.
const INPUTS_BETWEEN: u64 = 64;
/// Levels that no reader follows.
const DEEP: [usize; 2] = [100_000, 1_000_000];

/// The same choices in every run, and for an input the same ones whichever were made before it.
struct Choices(u64);

impl Choices {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(1);
        let drawn = sha256(&self.0.to_be_bytes()).to_bytes();
        let drawn = u64::from_be_bytes(*drawn.first_chunk().unwrap());
        usize::try_from(drawn % limit.max(1) as u64).unwrap()
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            match self.below(5) {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                1 => bytes.truncate(at),
                2 => bytes.insert(at, u8::try_from(self.below(256)).unwrap()),
                3 if at < bytes.len() => {
                    bytes.remove(at);
                }
                _ => {
                    let from = self.below(bytes.len() + 1).min(at);
                    let piece = bytes[from..at].to_vec();
                    let to = self.below(bytes.len() + 1);
                    bytes.splice(to..to, piece.into_iter().take(4_096));
                }
            }
        }
    }
}

fn number_of(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}")))
}

/// The long run, whose command stands in `docs/robustness.md`: `COUNTERFOIL_MUTANTS` inputs for each target, or as many
/// as `COUNTERFOIL_MUTANTS_SECONDS` allow for it; `COUNTERFOIL_MUTANTS_TARGETS` names targets, with spaces between. An
/// input is the same whichever were made before it, so that `COUNTERFOIL_MUTANTS_FROM`, the number of the first one,
/// goes on from an earlier run, or shares one among processes. It prints how many there were, as a target that is slow
/// does not come to its number.
#[test]
fn every_target_survives_changed_inputs() {
    let count = number_of("COUNTERFOIL_MUTANTS").unwrap_or(MUTANTS);
    let from = number_of("COUNTERFOIL_MUTANTS_FROM").unwrap_or(0);
    let limit = number_of("COUNTERFOIL_MUTANTS_SECONDS").map_or(Duration::MAX, Duration::from_secs);
    let named = std::env::var("COUNTERFOIL_MUTANTS_TARGETS").ok();
    let is_asked = |name: &str| named.as_ref().is_none_or(|named| named.split_whitespace().any(|asked| asked == name));
    for (name, target) in fuzz::TARGETS.iter().filter(|(name, _)| is_asked(name)) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
        let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        let inputs: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
        let begun = Instant::now();
        let (mut done, mut slowest) = (0, (Duration::ZERO, 0));
        while done < count && (done % INPUTS_BETWEEN > 0 || begun.elapsed() < limit) {
            let number = from + done;
            let mut choices = Choices(number << 32);
            let mut bytes = inputs[choices.below(inputs.len())].clone();
            choices.change(&mut bytes);
            let before = Instant::now();
            let ended = std::panic::catch_unwind(|| target(&bytes));
            assert!(ended.is_ok(), "{name}, input {number}: {}", hex::encode(&bytes[..bytes.len().min(2_000)]));
            slowest = slowest.max((before.elapsed(), number));
            done += 1;
        }
        let (seconds, (slowest, of)) = (begun.elapsed().as_secs(), slowest);
        println!(
            "{name}: {done} inputs from {from} in {seconds} s, the slowest ({of}) took {} ms",
            slowest.as_millis()
        );
    }
}

/// A text of so many levels in every form that JSON and TOML have for them.
fn nested(levels: usize) -> [String; 6] {
    let within = |open: &str, close: &str| format!("{}1{}", open.repeat(levels), close.repeat(levels));
    [
        within("[", "]"),
        within("{\"a\":", "}"),
        format!("a = {}", within("[", "]")),
        format!("a = {}", within("{a=", "}")),
        format!("{}a = 1", "a.".repeat(levels)),
        format!("[{}a]", "a.".repeat(levels)),
    ]
}

/// Whether a reader refuses a text.
type Refuses = fn(&str) -> bool;

/// The time is linear in the length, and the stack is not: a reader that took the square of it would not come back.
#[test]
fn deep_nesting_is_refused() {
    for levels in DEEP {
        for text in nested(levels) {
            assert!(json::read::<serde_json::Value>(text.as_bytes()).is_err());
            for (name, target) in fuzz::TARGETS {
                let begun = Instant::now();
                target(text.as_bytes());
                let taken = begun.elapsed();
                if taken > Duration::from_secs(2) {
                    println!("{name}: {} ms for {levels} levels of {:?}", taken.as_millis(), &text[..6]);
                }
            }
            // a million in TOML takes seconds for each reader of a debug build: they share one parser
            let readers: [(&str, Refuses); 5] = [
                ("assets", |text| Assets::parse(text).is_err()),
                ("policy", |text| Policy::parse(text).is_err()),
                ("assumptions", |text| Assumptions::parse(text).is_err()),
                ("policy of a network", |text| NetworkFile::parse(text).is_err()),
                ("balance sheet", |text| Sheet::parse(text).is_err()),
            ];
            let count = if levels > 100_000 { 1 } else { readers.len() };
            for (name, refuses) in &readers[..count] {
                assert!(refuses(&text), "{name}: {levels} levels of {:?}", &text[..6]);
            }
        }
    }
}

/// Endless zeros behind a good first line: what a small packed file unpacks to.
struct Endless<'a>(&'a [u8], &'a Cell<u64>);

impl Read for Endless<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1.set(self.1.get() + buffer.len() as u64);
        // far more than any row may have
        assert!(self.1.get() < 1 << 30, "a ledger without lines is read on and on");
        if self.0.is_empty() {
            buffer.fill(b'0');
            return Ok(buffer.len());
        }
        self.0.read(buffer)
    }
}

#[test]
fn a_ledger_that_never_ends_its_line_is_refused_early() {
    let read = Cell::new(0);
    let assets = Assets::parse("[[asset]]\nid = \"BTC\"\ndecimals = 0\n").unwrap();
    let stream = Endless(b"account,asset,amount\nu1,BTC,", &read);
    let source = CsvSource::new("l.csv", 0, stream, &assets, &[]);
    let source = source.unwrap_or_else(|faults| panic!("{faults:?}"));
    let mut sources: Vec<Box<dyn RowSource<'_> + '_>> = vec![Box::new(source)];
    let secret = Secret::new(SecretKind::Master, &mut [1; 32]);
    let key = SnapshotKey::derive(&secret, &[2; 32], &"example".parse().unwrap(), 0);
    let options = BuildOptions {
        key: &key,
        build_id: [2; 32],
        assets: &assets,
        memory: MEMORY_MIN,
        threads: 1,
        split: 1,
        decoys: 0,
    };
    assert!(build(&options, &mut sources, &MemoryScratch, &MemoryStorage::default(), &()).is_err());
    assert!(read.get() < 64 << 20, "{} bytes were read", read.get());
}

/// Files that are others at the second look.
struct Changing {
    files: MemoryFiles,
    path: String,
    looks: Cell<u32>,
    good: u32,
}

impl FileSource for Changing {
    fn list(&self) -> Result<Vec<String>, SourceError> {
        self.files.list()
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, SourceError> {
        let found = FileSource::read(&self.files, path)?;
        if path != self.path {
            return Ok(found);
        }
        self.looks.set(self.looks.get() + 1);
        let changed = |mut bytes: Vec<u8>| {
            bytes.reverse();
            bytes
        };
        Ok(found.map(|bytes| if self.looks.get() > self.good { changed(bytes) } else { bytes }))
    }
}

/// Whatever is swapped behind the manifest's back, the verdict is that of the sealed bytes, or there is none.
#[test]
fn a_file_that_changes_between_two_looks_changes_no_verdict() {
    let forger = Forger::new().unwrap();
    let policy = Policy::parse(&forger.policy).unwrap();
    let files = forger.sealed().unwrap();
    let honest = reconcile(&files, &policy).unwrap();
    for path in [paths::STATEMENT, paths::ADDRESSES, paths::CONTROL, paths::CHALLENGE] {
        for good in 0..4 {
            let source = Changing { files: files.clone(), path: path.to_owned(), looks: Cell::new(0), good };
            if let Ok(report) = reconcile(&source, &policy) {
                assert_eq!(report, honest, "{path} after {good} looks");
            }
            assert!(good > 0 || source.looks.get() > 0, "{path} is never read");
        }
    }
}
