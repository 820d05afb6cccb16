//! `keygen`: a key or a master secret, in a file of its own.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;

use super::error::{CliError, Failure};
use super::files::{self, Readers};
use super::{Outcome, random, say};
use crate::publish::log::{KeyKind, LogError, NoteKey, NoteSigner};
use crate::secret::{Secret, SecretKind};
use crate::signature::{Algorithm, SigningKey};

/// Make a key or a master secret.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Where to write it; readable by its owner only
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// What it is for
    #[arg(long, value_enum, default_value = "signing")]
    kind: Kind,
    /// The name of the log (its origin) or witness, for its verifier key
    #[arg(long, required_if_eq_any = [("kind", "log"), ("kind", "witness")])]
    name: Option<String>,
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
    let mut bytes = random::<32>()?;
    let kind = match args.kind {
        Kind::Signing => SecretKind::Signing,
        Kind::Master => SecretKind::Master,
        Kind::Log => SecretKind::Log,
        Kind::Witness => SecretKind::Witness,
    };
    let secret = Secret::new(kind, &mut bytes);
    let note_key = note_key(args, &secret)?;
    files::write(&args.out, secret.to_file().as_bytes(), Readers::Owner, false)?;
    match args.kind {
        Kind::Master => say(format!("master secret written to {}", args.out.display())),
        Kind::Log | Kind::Witness => {
            say(format!("key written to {}", args.out.display()));
            say("verifier key, for policies:");
            note_key.iter().for_each(|key| say(format!("  {key}")));
        }
        Kind::Signing => {
            say(format!("key written to {}", args.out.display()));
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
