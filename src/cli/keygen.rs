//! `keygen`: a key or a master secret, in a file of its own.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;

use super::files::{self, Readers};
use super::{Outcome, random, say};
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
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// Signs statements, bundles and transcripts
    Signing,
    /// Blinds the leaves of every tree; lose it and no tree can be rebuilt
    Master,
}

pub(super) fn run(args: &Args) -> Outcome {
    let mut bytes = random::<32>()?;
    let kind = match args.kind {
        Kind::Signing => SecretKind::Signing,
        Kind::Master => SecretKind::Master,
    };
    let secret = Secret::new(kind, &mut bytes);
    files::write(&args.out, secret.to_file().as_bytes(), Readers::Owner, false)?;
    match args.kind {
        Kind::Master => say(format!("master secret written to {}", args.out.display())),
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
