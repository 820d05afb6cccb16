//! What a person sees of a build.

use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};

use crate::liability::{Phase, Progress};

/// A bar for each phase: bytes while reading, then rows.
pub(in crate::cli) struct BuildProgress<'a> {
    bar: &'a ProgressBar,
    /// Rows read; reading itself is counted in bytes, by whoever reads them.
    read: AtomicU64,
    hashing: AtomicU64,
}

impl<'a> BuildProgress<'a> {
    pub(in crate::cli) fn new(bar: &'a ProgressBar) -> Self {
        Self { bar, read: AtomicU64::new(0), hashing: AtomicU64::new(0) }
    }

    fn style(&self, template: &str) {
        let style = ProgressStyle::with_template(template);
        self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    }
}

impl Progress for BuildProgress<'_> {
    fn begin(&self, phase: Phase) {
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
