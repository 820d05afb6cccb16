//! `keygen`: a key or a master secret, in a file of its own, under a passphrase when asked.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;

use super::error::{CliError, Failure};
use super::files::{self, Readers};
use super::passphrase::Unlock;
use super::{Outcome, random, remark, say};
use crate::publish::log::{KeyKind, LogError, NoteKey, NoteSigner};
use crate::secret::locked::{Cost, LockedSecret, Passphrase};
use crate::secret::{Secret, SecretKind};
use crate::signature::{Algorithm, SigningKey};

/// Make a key or a master secret.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Where to write it; readable by its owner only
    #[arg(long, value_name = "FILE", required_unless_present = "change_passphrase")]
    out: Option<PathBuf>,
    /// What it is for
    #[arg(long, value_enum, default_value = "signing")]
    kind: Kind,
    /// The name of the log (its origin) or witness, for its verifier key
    #[arg(long, required_if_eq_any = [("kind", "log"), ("kind", "witness")])]
    name: Option<String>,
    /// Encrypt it under a passphrase, asked twice on the terminal
    #[arg(long)]
    encrypt: bool,
    /// Put a key file that is there under another passphrase, or under its first one
    #[arg(long, value_name = "KEY", conflicts_with_all = ["out", "kind", "name", "encrypt"])]
    change_passphrase: Option<PathBuf>,
    /// With --change-passphrase: a file with the new passphrase; else the terminal is asked
    #[arg(long, value_name = "FILE", requires = "change_passphrase")]
    new_passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    unlock: Unlock,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// Signs statements, bundles and transcripts
    Signing,
    /// Blinds the leaves of every tree; lose it and no tree can be rebuilt
    Master,
    /// Signs the checkpoints of the public log
    Log,
    /// Cosigns the checkpoints of other people's logs
    Witness,
}

pub(super) fn run(args: &Args) -> Outcome {
    match (&args.out, &args.change_passphrase) {
        (None, Some(key)) => change(args, key),
        (Some(out), None) => make(args, out),
        _ => Err(CliError::Arguments("expected --out or --change-passphrase".to_owned()).into()),
    }
}

fn make(args: &Args, out: &Path) -> Outcome {
    if args.unlock.is_file() && !args.encrypt {
        return Err(CliError::Arguments("--passphrase-file without --encrypt encrypts nothing".to_owned()).into());
    }
    // refused before anybody types a passphrase
    files::check_free(out, false)?;
    let mut bytes = random::<32>()?;
    let kind = match args.kind {
        Kind::Signing => SecretKind::Signing,
        Kind::Master => SecretKind::Master,
        Kind::Log => SecretKind::Log,
        Kind::Witness => SecretKind::Witness,
    };
    let secret = Secret::new(kind, &mut bytes);
    let note_key = note_key(args, &secret)?;
    if args.encrypt {
        write_locked(out, &secret, &args.unlock.choose(out)?, false)?;
    } else {
        files::write(out, secret.to_file().as_bytes(), Readers::Owner, false)?;
    }
    match args.kind {
        Kind::Master => say(format!("master secret written to {}", out.display())),
        Kind::Log | Kind::Witness => {
            say(format!("key written to {}", out.display()));
            say("verifier key, for policies:");
            note_key.iter().for_each(|key| say(format!("  {key}")));
        }
        Kind::Signing => {
            say(format!("key written to {}", out.display()));
            say("public halves, for the venue file and for policies (one of them):");
            for alg in [Algorithm::Bip340, Algorithm::EcdsaSecp256k1] {
                if let Some(key) = SigningKey::new(alg, &secret) {
                    say(format!("  {{ alg = \"{alg}\", key = \"{}\" }}", key.public_key().key));
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The verifier key of a log or witness.
fn note_key(args: &Args, secret: &Secret) -> Result<Option<NoteKey>, Failure> {
    let kind = match args.kind {
        Kind::Log => KeyKind::Log,
        Kind::Witness => KeyKind::Witness,
        Kind::Master | Kind::Signing if args.name.is_some() => {
            return Err(CliError::Arguments("--name is for logs and witnesses".to_owned()).into());
        }
        Kind::Master | Kind::Signing => return Ok(None),
    };
    let name = args.name.as_deref().unwrap_or_default();
    let refused = || LogError::Key(format!("{name:?}: a name is not empty, and has neither spaces nor +"));
    let signer = NoteSigner::new(name, kind, secret).ok_or_else(refused)?;
    Ok(Some(signer.key().clone()))
}

/// Writes a key file that only the passphrase opens. What is in the clear never leaves the memory.
fn write_locked(path: &Path, secret: &Secret, passphrase: &Passphrase, force: bool) -> Result<(), Failure> {
    let locked = LockedSecret::lock(secret, passphrase, random()?, Cost::DEFAULT);
    let locked = locked.map_err(|error| Failure::about(path, &error))?;
    Ok(files::write(path, locked.to_file().as_bytes(), Readers::Owner, force)?)
}

/// The same key under another passphrase, in the same place.
fn change(args: &Args, key: &Path) -> Outcome {
    let path = files::resolve(key)?;
    let bytes = files::read_private(&path)?;
    let secret = if LockedSecret::is_locked(&bytes) {
        let locked = LockedSecret::parse(&bytes).map_err(|error| Failure::about(key, &error))?;
        args.unlock.open(key, &locked)?
    } else if args.unlock.is_file() {
        let detail = format!("--passphrase-file: {} has no passphrase yet", key.display());
        return Err(CliError::Arguments(detail).into());
    } else {
        let begins = |kind: &SecretKind| bytes.starts_with(kind.text().as_bytes());
        let kind = SecretKind::ALL.into_iter().find(begins).unwrap_or(SecretKind::Signing);
        let secret = Secret::parse(kind, &bytes).map_err(|error| Failure::about(key, &error))?;
        remark("the key was not encrypted before: copies of the old file, and what a disk keeps of it, still are not");
        secret
    };
    let fresh = Unlock::from(args.new_passphrase_file.clone()).choose(key)?;
    write_locked(&path, &secret, &fresh, true)?;
    say(format!("{} has a new passphrase", key.display()));
    Ok(ExitCode::SUCCESS)
}
