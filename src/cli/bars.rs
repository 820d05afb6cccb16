//! Progress of long readings: on standard error, and only when that is a terminal.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};

/// Counts coins of a whole set.
pub(super) fn coins() -> ProgressBar {
    bar("{bar:30} {human_pos}/{human_len} coins, {per_sec}, {eta}")
}

/// Counts bytes of block files.
pub(super) fn blocks(total: u64) -> ProgressBar {
    let bar = bar("{bar:30} {bytes}/{total_bytes} of block files, {eta}");
    bar.set_length(total);
    bar
}

/// Counts bytes of one file.
pub(super) fn bytes(total: u64) -> ProgressBar {
    let bar = bar("{bar:30} {bytes}/{total_bytes}, {eta}");
    bar.set_length(total);
    bar
}

fn bar(template: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(template);
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
