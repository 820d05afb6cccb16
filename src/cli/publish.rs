//! `publish`: appends a statement to the public log, and has its checkpoint cosigned.

mod folder;

use std::path::PathBuf;
use std::process::ExitCode;

use super::error::{CliError, Failure};
use super::files;
use super::passphrase::Unlock;
use super::wording::counted;
use super::{Outcome, now, remark, say};
use crate::code::{Code, Coded, witness as codes};
use crate::publish::log::audit::Entry;
use crate::publish::log::{KeyKind, LogError, Note, NoteSigner, steps};
use crate::publish::{self, StatementPins, statement_check, statement_kinds};
use crate::secret::SecretKind;
use crate::web::client::WitnessAt;
use folder::LogFolder;

/// Append a statement to the public log.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The signed statement
    statement: PathBuf,
    /// The folder of the log, to be served as static files
    #[arg(long, value_name = "DIR")]
    log: PathBuf,
    /// The key of the log, from `keygen --kind log`
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(flatten)]
    unlock: Unlock,
    /// A witness: its verifier key, @ and where it listens; may be given several times
    #[arg(long, value_name = "KEY@URL")]
    witness: Vec<String>,
    /// How many of the witnesses must cosign before the checkpoint is published [default: all of them]
    #[arg(long, value_name = "NUMBER")]
    quorum: Option<u64>,
}

/// Too few witnesses.
#[derive(Debug, thiserror::Error)]
#[error("{got} of {asked} witnesses have cosigned the checkpoint of {size} entries, expected {expected}")]
struct Few {
    got: u64,
    asked: usize,
    expected: u64,
    size: u64,
}

impl Coded for Few {
    fn code(&self) -> &'static Code {
        &codes::WITNESSES_FEW
    }
}

pub(super) fn run(args: &Args) -> Outcome {
    let witnesses: Vec<WitnessAt> = args.witness.iter().map(|text| WitnessAt::parse(text)).collect::<Result<_, _>>()?;
    let quorum = args.quorum.unwrap_or(witnesses.len() as u64);
    if quorum > witnesses.len() as u64 {
        let detail = format!("--quorum {quorum} of {} witnesses", witnesses.len());
        return Err(CliError::Arguments(detail).into());
    }
    let file = files::read(&args.statement, statement_check::FILE_SIZE_MAX)?;
    let entry = signed_entry(&file).map_err(|error| Failure::about(&args.statement, &error))?;
    let secret = files::read_secret(&args.key, SecretKind::Log, &args.unlock)?;
    let origin = &entry.stated.venue().log_origin;
    let signer = NoteSigner::new(origin, KeyKind::Log, &secret)
        .ok_or_else(|| Failure::from(LogError::Key(format!("{origin:?} can be no name of a log"))))?;
    let mut log = LogFolder::open(&args.log, &signer)?;
    let (note, known) = append(&mut log, &entry, &file)?;
    let size = log.leaves().len() as u64;
    if size != entry.stated.sequence() + 1 {
        let entries = counted(size, "entry", "entries");
        say(format!("statement {} stands in the log already, which has {entries}", entry.stated.sequence()));
        return Ok(ExitCode::SUCCESS);
    }
    let (note, got) = gather(&log, note, &witnesses, known);
    if got < quorum {
        log.keep_pending(&note)?;
        let few = Few { got, asked: witnesses.len(), expected: quorum, size };
        return Err(few.into());
    }
    log.publish(&note)?;
    let entries = counted(size, "entry", "entries");
    say(format!("statement {} stands in the log {origin}, {entries}", entry.stated.sequence()));
    say(format!("log key {}", signer.key()));
    let cosignatures = counted(got, "cosignature", "cosignatures");
    remark(format!("{cosignatures}; checkpoint written to {}", args.log.join("checkpoint").display()));
    Ok(ExitCode::SUCCESS)
}

/// A statement that its venue has signed: what is logged stays.
fn signed_entry(file: &[u8]) -> Result<Entry, publish::StatementError> {
    let entry = Entry::parse(file)?;
    let venue = entry.stated.venue();
    let pins = StatementPins {
        venue: &venue.id,
        log_origin: &venue.log_origin,
        keys: &venue.keys,
        threshold: venue.threshold,
    };
    statement_kinds::verify(file, &pins)?;
    Ok(entry)
}

/// Puts the statement in its place, or finds it there. Gives the checkpoint to be cosigned, and where witnesses are
/// thought to stand.
fn append(log: &mut LogFolder<'_>, entry: &Entry, file: &[u8]) -> Result<(Note, u64), Failure> {
    let (index, size) = (entry.stated.sequence(), log.leaves().len() as u64);
    let at = usize::try_from(index).unwrap_or(usize::MAX);
    if let Some(leaf) = log.leaves().get(at) {
        if *leaf != entry.leaf {
            let (got, expected) = (*leaf, entry.leaf);
            return Err(LogError::IndexTaken { index, place: "has", got, expected }.into());
        }
        return Ok((log.checkpoint(), size));
    }
    if index > size {
        let missing = if index - size == 1 { size.to_string() } else { format!("{size} to {}", index - 1) };
        return Err(LogError::Gap { size, sequence: index, missing }.into());
    }
    let (before, last) = (log.last()?, log.last_snapshot()?);
    let before = before.as_ref().map(|before| (&before.stated, before.digest));
    steps::follows(index, before, last.as_ref(), &entry.stated)?;
    steps::voids(&entry.stated, |number| log.snapshot_digest(number))?;
    if let Some(next) = entry.stated.snapshot() {
        if let Err(late) = steps::in_time(last.as_ref(), next) {
            remark(format!("{late}: this stays visible in the log"));
        } else if let Some(due) = last.map(|before| before.due).filter(|due| now() > *due) {
            remark(format!("statement {index} was due at {due}, and it is {}: this shows in the cosignatures", now()));
        }
    }
    Ok((log.append(entry, file)?, size))
}

/// Asks every witness, tells what each one says, and keeps what was signed.
fn gather(log: &LogFolder<'_>, mut note: Note, witnesses: &[WitnessAt], known: u64) -> (Note, u64) {
    let mut got = 0;
    for witness in witnesses {
        match witness.cosign(&note, log.leaves(), known) {
            Ok(signature) => {
                note.add(signature);
                got += 1;
            }
            // one that cosigned before, and is silent now, has cosigned
            Err(error) if note.signed_by(&witness.key).is_ok_and(|times| !times.is_empty()) => {
                remark(format!("{error}; it has cosigned this checkpoint before"));
                got += 1;
            }
            Err(error) => remark(format!("no cosignature of {error}")),
        }
    }
    (note, got)
}
