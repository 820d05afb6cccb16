//! Signals that ask the process to end: what is under construction goes first, then the process, by the same signal.
//!
//! `SIGKILL` asks nobody. What it leaves behind has a hidden name, and is accepted by no command.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// Files and folders that are under construction.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Held while outputs are put in their places. Who wants both locks takes this one first.
static STEPS: Mutex<()> = Mutex::new(());

fn unfinished() -> MutexGuard<'static, Vec<PathBuf>> {
    // a push and a removal are whole, whatever panics elsewhere
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

fn steps() -> MutexGuard<'static, ()> {
    STEPS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file or folder that is removed when the process is asked to end before this is dropped.
pub(super) struct Unfinished(PathBuf);

impl Unfinished {
    /// Makes a thing, of which `path` says where it is. No signal comes between its making and its entry in the list.
    pub(super) fn make<T>(
        make: impl FnOnce() -> std::io::Result<T>,
        path: impl FnOnce(&T) -> &Path,
    ) -> std::io::Result<(T, Self)> {
        static WATCH: Once = Once::new();
        WATCH.call_once(watch);
        let mut list = unfinished();
        let made = make()?;
        // a relative path stays true: the process never changes its folder
        let path = path(&made).to_owned();
        list.push(path.clone());
        Ok((made, Self(path)))
    }
}

impl Drop for Unfinished {
    /// Waits forever when the process is already ending, so that a failure that is caused by the removal is not told.
    fn drop(&mut self) {
        unfinished().retain(|path| *path != self.0);
    }
}

/// Does something of several steps that no signal may interrupt, such as putting outputs in their places. It cannot be
/// nested.
pub(super) fn whole<T>(work: impl FnOnce() -> T) -> T {
    let _held = steps();
    work()
}

fn watch() {
    let ignored = ignored();
    let wanted = [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
    // where signals cannot be had, they end the process as they always did
    let Ok(mut signals) = Signals::new(wanted) else { return };
    let wait = move || {
        if let Some(signal) = signals.forever().next() {
            // held until the end: nothing new is made, and nothing is put in its place
            let (_held, list) = (steps(), unfinished());
            list.iter().for_each(|path| remove(path));
            let _ = emulate_default_handler(signal);
        }
    };
    drop(std::thread::Builder::new().name("signals".to_owned()).spawn(wait));
}

/// Signals that whoever started the process wants to have ignored (`nohup`), as bits from the first one on.
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// Other threads may still add files to a folder: it is gone at the second or third try.
fn remove(path: &Path) {
    for _ in 0..100 {
        let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        match removed {
            Ok(()) => return,
            Err(error) if error.kind() == ErrorKind::NotFound && fs::symlink_metadata(path).is_err() => return,
            Err(_) => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}
