//! `serve`: gives everybody what a venue publishes, and nothing else of the folder.

mod survey;

use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use super::error::CliError;
use super::wording::counted;
use super::{Outcome, remark, say};
use crate::code::{Code, Coded, serve as codes};
use crate::web::listen::{self, Limits, Stop};
use crate::web::serve::{Notes, Served, Totals, router};
use crate::web::site::Site;
use survey::Survey;

/// Serve what a venue publishes: page, card, log and sealed proofs.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The folder: verify.html, card.json, log/ from `publish`, proofs/NAME/ from `prove --all`
    dir: PathBuf,
    /// Where to listen; others reach it through a proxy that speaks https
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:7381")]
    listen: String,
    /// Connections at a time; further ones wait
    #[arg(long, value_name = "NUMBER", default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..=9999))]
    connections: u16,
    /// How many seconds running answers get when the server is asked to end
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    grace: u16,
    /// Note each request on standard output: class of method, status, size, duration; never what or who
    #[arg(long)]
    access_log: bool,
}

/// Why a folder is not served.
#[derive(Debug, thiserror::Error)]
pub(super) enum ServeError {
    /// It holds a secret.
    #[error("{}: {what}", path.display())]
    Secret {
        /// The file.
        path: PathBuf,
        /// What it looks like.
        what: &'static str,
    },
    /// It holds nothing.
    #[error("{}: expected verify.html, card.json, log/checkpoint or proofs/NAME/index.json", .0.display())]
    Nothing(PathBuf),
    /// The address is not to be had.
    #[error("{address}: {detail}")]
    Listen {
        /// The address.
        address: String,
        /// The system's words.
        detail: String,
    },
}

impl Coded for ServeError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Secret { .. } => &codes::SERVE_SECRET,
            Self::Nothing(_) => &codes::SERVE_NOTHING,
            Self::Listen { .. } => &codes::SERVE_LISTEN,
        }
    }
}

pub(super) fn run(args: &Args) -> Outcome {
    let survey = Survey::of(&args.dir)?;
    let unreadable = |error: std::io::Error| CliError::Unreadable { path: args.dir.clone(), detail: error.to_string() };
    let site = Site::open(&args.dir).map_err(unreadable)?;
    let fail = |error: std::io::Error| ServeError::Listen { address: args.listen.clone(), detail: error.to_string() };
    let socket = TcpListener::bind(&args.listen).map_err(fail)?;
    let address = socket.local_addr().map_err(fail)?;
    listen::prepare(&socket, usize::from(args.connections)).map_err(CliError::Arguments)?;
    announce(&args.dir, &survey, &site);
    say(format!("listening at http://{address}, read-only; it ends on SIGTERM and SIGINT"));
    let _ = std::io::stdout().flush();
    let totals = Arc::new(Totals::default());
    let notes: Option<Notes> = args.access_log.then(|| -> Notes { Box::new(note) });
    let limits = Limits {
        connections: usize::from(args.connections),
        headers: Duration::from_secs(10),
        requests: Duration::from_secs(60),
        connection: Duration::from_secs(120),
        head: 16 << 10,
        grace: Duration::from_secs(u64::from(args.grace)),
        threads: std::thread::available_parallelism().map_or(1, usize::from).min(4),
    };
    let (stop, stopped) = Stop::new();
    watch(stop).map_err(fail)?;
    let whole = listen::run_until(socket, router(site, Arc::clone(&totals), notes), limits, stopped).map_err(fail)?;
    let of = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let (requests, answered, bytes) = (of(&totals.requests), of(&totals.answered), of(&totals.bytes));
    say(format!("ended: {requests} requests, {answered} of them answered with what they asked for, {bytes} bytes"));
    if !whole {
        remark(format!("connections that were still open after {} s were cut", args.grace));
    }
    Ok(ExitCode::SUCCESS)
}

/// Says what is served and where it lies below the address.
fn announce(dir: &Path, survey: &Survey, site: &Site) {
    say(format!("serving {}", dir.display()));
    if let Some(hash) = &survey.page {
        say(format!("  /verify.html      the customer's page, sha256 {hash}"));
    }
    if survey.card {
        say("  /card.json        the venue card");
    }
    if survey.checkpoint {
        say(format!("  /log/             the log, {}", counted(site.log_size().unwrap_or(0), "entry", "entries")));
    }
    for (name, packs) in &survey.exports {
        say(format!("  /proofs/{name}/   sealed proofs in {}", counted(*packs, "pack", "packs")));
    }
    if let Some(first) = survey.ignored.first() {
        remark(format!("not served: {} other files, the first is {}", survey.ignored_count, first.display()));
    }
    if let Some(first) = survey.closed.first() {
        let count = survey.closed.len();
        remark(format!(
            "not served: {count} files that others on this machine may not read, the first is {}",
            first.display()
        ));
    }
}

/// Nothing that tells who asked, or for what.
fn note(served: &Served) {
    let class = if served.reading { "read" } else { "other" };
    say(format!("{class} {} {} {}ms", served.status, served.size, served.duration.as_millis()));
}

/// The first signal asks the server to end, the second one ends it at once.
fn watch(stop: Stop) -> std::io::Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    let wait = move || {
        let mut asked = false;
        for signal in signals.forever() {
            if asked {
                let _ = emulate_default_handler(signal);
            }
            asked = true;
            stop.ask();
        }
    };
    std::thread::Builder::new().name("signals".to_owned()).spawn(wait).map(drop)
}
