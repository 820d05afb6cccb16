//! What a person sees of a build.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use indicatif::{HumanCount, ProgressBar, ProgressStyle};

use crate::liability::{Phase, Progress};

/// A bar for each phase: bytes while reading, then rows.
pub(in crate::cli) struct BuildProgress<'a> {
    bar: &'a ProgressBar,
    /// Rows read; reading itself is counted in bytes, by whoever reads them.
    read: AtomicU64,
    hashing: AtomicU64,
    /// When each phase began.
    begins: Mutex<Vec<(Phase, Instant)>>,
}

impl<'a> BuildProgress<'a> {
    pub(in crate::cli) fn new(bar: &'a ProgressBar) -> Self {
        Self { bar, read: AtomicU64::new(0), hashing: AtomicU64::new(0), begins: Mutex::default() }
    }

    /// How long each phase took up to now, in seconds.
    pub(in crate::cli) fn timings(&self) -> String {
        let begins = self.begins.lock().unwrap_or_else(PoisonError::into_inner);
        let ends = begins.iter().skip(1).map(|(_, begin)| *begin).chain([Instant::now()]);
        let phase = |((phase, begin), end): (&(Phase, Instant), Instant)| {
            let name = match phase {
                Phase::Reading => "reading",
                Phase::Hashing(_) => "hashing",
                Phase::Sealing => "sealing",
                Phase::Checking(_) => "checking",
            };
            let took = end.duration_since(*begin);
            format!("{name} {}.{:03} s", took.as_secs(), took.subsec_millis())
        };
        begins.iter().zip(ends).map(phase).collect::<Vec<_>>().join(", ")
    }

    fn style(&self, template: &str) {
        let style = ProgressStyle::with_template(template);
        self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    }
}

impl Progress for BuildProgress<'_> {
    fn begin(&self, phase: Phase) {
        self.begins.lock().unwrap_or_else(PoisonError::into_inner).push((phase, Instant::now()));
        match phase {
            // how much will come out of a pipe or a database is not known
            Phase::Reading if self.bar.length().is_none() => {
                self.style("reading  {spinner} {bytes} {bytes_per_sec}  {msg} {elapsed}");
            }
            Phase::Reading => self.style("reading  {bar:30} {bytes}/{total_bytes} {bytes_per_sec}  {msg} {eta}"),
            Phase::Hashing(rows) => {
                self.hashing.store(1, Ordering::Relaxed);
                self.bar.reset();
                self.bar.set_length(rows);
                self.bar.set_message("");
                self.style("hashing  {bar:30} {human_pos}/{human_len} rows  {per_sec} {eta}");
            }
            Phase::Checking(leaves) => {
                self.hashing.store(1, Ordering::Relaxed);
                self.bar.set_length(leaves);
                self.style("checking {bar:30} {human_pos}/{human_len} leaves  {per_sec} {eta}");
            }
            Phase::Sealing => self.style("bringing the files to the disk {spinner} {elapsed}"),
        }
        self.bar.tick();
    }

    fn advance(&self, rows: u64) {
        if self.hashing.load(Ordering::Relaxed) == 1 {
            self.bar.inc(rows);
        } else {
            let rows = self.read.fetch_add(rows, Ordering::Relaxed) + rows;
            self.bar.set_message(format!("{} rows", HumanCount(rows)));
        }
    }
}
