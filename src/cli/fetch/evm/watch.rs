//! `fetch evm --watch`: collects a window while it happens, into a journal that any end leaves readable.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::super::super::error::{CliError, Failure};
use super::super::super::{Outcome, files, remark};
use super::super::tell;
use crate::fetch::evm::Request;
use crate::fetch::evm::watch::{Journal, watch};
use crate::fetch::rpc::FetchError;
use crate::reserve::evm::window::EventList;

/// The journal at `path`, when there is one that answers the question.
pub(super) fn read(path: &Path, request: &Request) -> Result<Journal, Failure> {
    Ok(Journal::read(BufReader::new(files::open(path)?), request)?)
}

/// Follows the chain until a signal asks for the end.
pub(super) fn run(path: &Path, request: &Request, events: &EventList) -> Outcome {
    let _held = files::lock(path)?;
    let (mut journal, mut file) = open(path, request)?;
    if let Some((first, last)) = journal.range() {
        remark(format!("{} has blocks {first} to {last}", path.display()));
    }
    let asked = signals(path)?;
    let stop = || asked.load(Ordering::Relaxed);
    let mut append = |bytes: &[u8]| {
        file.write_all(bytes)
            .and_then(|()| file.sync_data())
            .map_err(|error| FetchError::Journal { path: path.display().to_string(), detail: error.to_string() })
    };
    let done = watch(request, events, &mut journal, &stop, &mut append, &mut tell)?;
    let range =
        journal.range().map_or_else(|| "no block".to_owned(), |(first, last)| format!("blocks {first} to {last}"));
    remark(format!("{} has {range}, {} of them new", path.display(), done.blocks));
    if done.late > 0 {
        remark(format!("{} blocks came too late: the node no longer had their states", done.late));
    }
    Ok(ExitCode::SUCCESS)
}

/// A signal ends the watch after the line at hand; a second one ends the process at once.
fn signals(path: &Path) -> Result<Arc<AtomicBool>, CliError> {
    let asked = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        let at_once = signal_hook::flag::register_conditional_default(signal, Arc::clone(&asked));
        let flag = at_once.and_then(|_| signal_hook::flag::register(signal, Arc::clone(&asked)));
        flag.map_err(|error| CliError::Unreadable { path: path.to_owned(), detail: format!("signals: {error}") })?;
    }
    Ok(asked)
}

/// The journal and its file, at the end of its last whole line.
fn open(path: &Path, request: &Request) -> Result<(Journal, File), Failure> {
    let unwritable =
        |error: std::io::Error| CliError::OutputUnwritable { path: path.to_owned(), detail: error.to_string() };
    let appending = || OpenOptions::new().append(true).create(true).mode(0o644).open(path).map_err(unwritable);
    // a kill may come between the making of the file and its first line
    let empty = !files::is_there(path)? || std::fs::metadata(path).map_err(unwritable)?.len() == 0;
    if empty {
        let (journal, head) = Journal::begin(request)?;
        let mut file = appending()?;
        file.write_all(&head).and_then(|()| file.sync_all()).map_err(unwritable)?;
        return Ok((journal, file));
    }
    let journal = read(path, request)?;
    let file = appending()?;
    file.set_len(journal.length()).map_err(unwritable)?;
    Ok((journal, file))
}
