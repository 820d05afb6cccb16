//! `witness`: cosigns the checkpoints of logs that others run.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::error::{CliError, Failure};
use super::files::{self, Readers};
use super::passphrase::Unlock;
use super::{Outcome, now, remark, say};
use crate::hash::sha256;
use crate::publish::log::note::NOTE_SIZE_MAX;
use crate::publish::log::{KeyKind, LogError, NoteSigner};
use crate::publish::witness::{WitnessError, read_logs, read_state};
use crate::secret::SecretKind;
use crate::web::listen::{self, Limits};
use crate::web::witness::{Memory, Witness, router};

/// Run a witness.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The folder in which it keeps what it has cosigned; it belongs to one key for ever
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
    /// The key of the witness, from `keygen --kind witness`
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(flatten)]
    unlock: Unlock,
    /// The name of the witness, a part of its verifier key
    #[arg(long)]
    name: String,
    /// The logs that it follows: a file with one verifier key a line
    #[arg(long, value_name = "FILE")]
    logs: PathBuf,
    /// Where to listen; others reach it through a proxy
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:7380")]
    listen: String,
}

pub(super) fn run(args: &Args) -> Outcome {
    let logs = read_logs(&files::read_text(&args.logs)?).map_err(|error| Failure::about(&args.logs, &error))?;
    let secret = files::read_secret(&args.key, SecretKind::Witness, &args.unlock)?;
    let bad_name = || LogError::Key(format!("{:?} can be no name of a witness", args.name));
    let own = NoteSigner::new(&args.name, KeyKind::Witness, &secret).ok_or_else(bad_name)?;
    let memory = StateFolder::open(&args.state)?;
    for log in &logs {
        // a state that cannot be used is told at the beginning, not to the first who asks
        let kept = memory.load(log.name()).map_err(WitnessError::State)?;
        kept.map(|file| read_state(&file, log.name(), own.key())).transpose()?;
    }
    let fail = |error: std::io::Error| CliError::Arguments(format!("--listen {}: {error}", args.listen));
    let socket = TcpListener::bind(&args.listen).map_err(fail)?;
    let address = socket.local_addr().map_err(fail)?;
    say(format!("witness key {}", own.key()));
    say(format!("it follows {} logs, and listens at http://{address}", logs.len()));
    let _ = std::io::stdout().flush();
    listen::run(socket, router(Witness { logs, own, memory, now }), Limits::default()).map_err(fail)?;
    Ok(std::process::ExitCode::SUCCESS)
}

/// One file per log, replaced by rename.
struct StateFolder {
    path: PathBuf,
    _lock: File,
}

impl StateFolder {
    fn open(path: &Path) -> Result<Self, Failure> {
        let fail =
            |error: &std::io::Error| CliError::OutputUnwritable { path: path.to_owned(), detail: error.to_string() };
        if !files::is_there(path)? {
            fs::DirBuilder::new().mode(0o700).create(path).map_err(|error| fail(&error))?;
        }
        let open = OpenOptions::new().create(true).append(true).mode(0o600).open(path.join(".lock"));
        let lock = open.map_err(|error| fail(&error))?;
        let busy = || WitnessError::State(format!("{}: another witness is using it", path.display()));
        lock.try_lock().map_err(|_| busy())?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// An origin can be any text; a file's name cannot.
    fn file(&self, origin: &str, kind: &str) -> PathBuf {
        self.path.join(format!("{}.{kind}", sha256(origin.as_bytes())))
    }
}

impl Memory for StateFolder {
    fn load(&self, origin: &str) -> Result<Option<Vec<u8>>, String> {
        let path = self.file(origin, "checkpoint");
        let found = files::is_there(&path).map_err(|error| error.to_string())?;
        let read = || files::read(&path, NOTE_SIZE_MAX as u64).map_err(|error| error.to_string());
        found.then(read).transpose()
    }

    fn save(&mut self, origin: &str, note: &str) -> Result<(), String> {
        let path = self.file(origin, "checkpoint");
        files::write(&path, note.as_bytes(), Readers::Owner, true).map_err(|error| error.to_string())?;
        // without its name, a file does not outlive the power supply
        File::open(&self.path).and_then(|folder| folder.sync_all()).map_err(|error| error.to_string())
    }

    fn contradiction(&mut self, origin: &str, kept: &str, got: &str) {
        for (kind, note) in [("kept", kept), ("contradicts", got)] {
            let path = self.file(origin, kind);
            match files::write(&path, note.as_bytes(), Readers::All, false) {
                Ok(()) => remark(format!("two signed roots of {origin}: {} keeps one of them", path.display())),
                Err(CliError::OutputExists(_)) => {}
                Err(error) => remark(error.to_string()),
            }
        }
    }
}
