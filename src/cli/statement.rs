//! `statement sign`, `statement attach`: signatures of declared keys, one statement per sequence number.

mod notice;
pub(super) mod record;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;

use super::error::{CliError, Failure};
use super::files::{self, Readers};
use super::passphrase::Unlock;
use super::{Outcome, build, remark, say};
use crate::hash::Tag;
use crate::json;
use crate::publish::statement_check::{FIELD, FILE_SIZE_MAX};
use crate::publish::{self, Stated};
use crate::signature::{Algorithm, Envelope, PublicKey, normalize_external, signed_digest, verify};

/// Sign a statement.
#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Sign the draft that `build` made, or add a further officer's signature to a signed statement
    Sign(SignArgs),
    /// Add a signature that a hardware module or key service made
    Attach(AttachArgs),
    /// Write a change of keys, to be signed by the old and by the new ones
    Rotate(notice::RotateArgs),
    /// Write the withdrawal of a statement, to be signed
    Void(notice::VoidArgs),
}

/// Sign the draft that `build` made.
#[derive(clap::Args)]
pub(super) struct SignArgs {
    /// The folder that `build` made, or a statement that others have signed already
    source: PathBuf,
    /// The signing key, from `keygen`
    #[arg(long, value_name = "FILE", required_unless_present = "external")]
    key: Option<PathBuf>,
    #[command(flatten)]
    unlock: Unlock,
    /// How to sign with it
    #[arg(long, value_enum, default_value = "bip340")]
    alg: Alg,
    /// Write what an outside signer has to sign, instead of signing
    #[arg(long, conflicts_with = "key")]
    external: bool,
    /// Where to write the signed statement (or, with --external, the request)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// What this key has signed before [default: the key's file name with `.signed` behind it]
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
}

/// Add a signature made elsewhere.
#[derive(clap::Args)]
pub(super) struct AttachArgs {
    /// The folder that `build` made, or a statement that others have signed already
    source: PathBuf,
    /// The public key of the signer, as the venue file has it
    #[arg(long, value_name = "HEX")]
    public_key: String,
    /// Its algorithm
    #[arg(long, value_enum)]
    alg: Alg,
    /// A file with the signature in hexadecimal digits: 64 bytes, or DER for ECDSA
    #[arg(long, value_name = "FILE")]
    signature: PathBuf,
    /// What has been signed before for this venue
    #[arg(long, value_name = "FILE")]
    record: PathBuf,
    /// Where to write the signed statement
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
}

/// An algorithm on the command line.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Alg {
    /// Schnorr signatures (BIP-340)
    Bip340,
    /// ECDSA over secp256k1
    EcdsaSecp256k1,
}

impl From<Alg> for Algorithm {
    fn from(alg: Alg) -> Self {
        match alg {
            Alg::Bip340 => Self::Bip340,
            Alg::EcdsaSecp256k1 => Self::EcdsaSecp256k1,
        }
    }
}

pub(super) fn run(verb: &Verb) -> Outcome {
    match verb {
        Verb::Sign(args) => sign(args),
        Verb::Attach(args) => attach(args),
        Verb::Rotate(args) => notice::rotate(args),
        Verb::Void(args) => notice::void(args),
    }
}

/// The statement as it stands: a draft without signatures, or a file with some.
fn open(source: &Path) -> Result<(Envelope, Stated), Failure> {
    let envelope = if source.is_dir() {
        files::check_finished(source)?;
        let path = source.join(build::DRAFT);
        Envelope { document: files::read(&path, FILE_SIZE_MAX)?, signatures: Vec::new() }
    } else {
        let file = files::read(source, FILE_SIZE_MAX)?;
        Envelope::parse(&file, FIELD).map_err(|error| Failure::about(source, &error))?
    };
    let statement = Stated::parse(&envelope.document).map_err(|error| Failure::about(source, &error))?;
    Ok((envelope, statement))
}

fn sign(args: &SignArgs) -> Outcome {
    // a further signature is added to the file that it was read from
    let force = args.force || (args.out == args.source && !args.source.is_dir());
    files::check_free(&args.out, force)?;
    let (mut envelope, statement) = open(&args.source)?;
    let Some(key_path) = &args.key else { return request(args, &envelope, &statement) };
    let key = files::read_signing_key(key_path, args.alg.into(), &args.unlock)?;
    let default = || PathBuf::from(format!("{}.signed", key_path.display()));
    let record = args.record.clone().unwrap_or_else(default);
    check_apart(&args.out, &[&record, key_path])?;
    let mut signed = envelope.clone();
    publish::sign(&mut signed, &key)?;
    record::note(&record, &statement, publish::digest(&envelope.document))?;
    envelope = signed;
    finish(&envelope, &statement, &args.out, force)
}

/// An output over the record would let the key sign a second statement; over the key, it would be the last one.
fn check_apart(out: &Path, others: &[&Path]) -> Result<(), CliError> {
    let place = files::resolve(out)?;
    for other in others {
        if files::resolve(other)? == place {
            let detail = format!("--out {} would replace the key or its record", out.display());
            return Err(CliError::Arguments(detail));
        }
    }
    Ok(())
}

/// What an outside signer needs. It is recorded here: what has left for a signer may come back signed.
fn request(args: &SignArgs, envelope: &Envelope, statement: &Stated) -> Outcome {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let request = serde_json::json!({
        "digest": hex::encode(signed_digest(Tag::Statement, &envelope.document)),
        "document": text(&envelope.document),
        "format": "counterfoil-signing-request-v1",
        "sequence": statement.sequence().to_string(),
        "tag": Tag::Statement.text(),
        "venue": statement.venue().id.as_str(),
    });
    let bytes = json::canonical(&request)?;
    let missing = || {
        let detail = "--external needs --record FILE: what leaves for an outside signer is recorded like a signature";
        CliError::Arguments(detail.to_owned())
    };
    let record = args.record.as_ref().ok_or_else(missing)?;
    check_apart(&args.out, &[record])?;
    record::note(record, statement, publish::digest(&envelope.document))?;
    files::write(&args.out, &bytes, Readers::All, args.force)?;
    say(hex::encode(signed_digest(Tag::Statement, &envelope.document)));
    remark("these 32 bytes are to be signed as they are, without another hash (ECDSA: as the digest)");
    remark(format!("with the document they stand in {}; then: counterfoil statement attach", args.out.display()));
    Ok(ExitCode::SUCCESS)
}

fn attach(args: &AttachArgs) -> Outcome {
    let force = args.force || (args.out == args.source && !args.source.is_dir());
    files::check_free(&args.out, force)?;
    check_apart(&args.out, &[&args.record])?;
    let (mut envelope, statement) = open(&args.source)?;
    let key = PublicKey { alg: args.alg.into(), key: args.public_key.clone() };
    key.check()?;
    let declared = statement.may_sign();
    if !declared.contains(&&key) {
        let count = declared.len();
        return Err(publish::StatementError::KeyNotDeclared { key, count }.into());
    }
    let text = files::read_text(&args.signature)?;
    let wrong =
        |_| CliError::Unreadable { path: args.signature.clone(), detail: "expected hexadecimal digits".to_owned() };
    let bytes = hex::decode(text.trim()).map_err(wrong)?;
    let signature = normalize_external(&key, &bytes)?;
    verify(Tag::Statement, &envelope.document, &signature)?;
    record::note(&args.record, &statement, publish::digest(&envelope.document))?;
    envelope.add(signature);
    finish(&envelope, &statement, &args.out, force)
}

fn finish(envelope: &Envelope, statement: &Stated, out: &Path, force: bool) -> Outcome {
    files::write(out, &envelope.to_file(FIELD)?, Readers::All, force)?;
    let venue = statement.venue();
    let accepting = if let Stated::Rotation(rotation) = statement { rotation.new.threshold } else { 0 };
    let (got, needed) = (envelope.signatures.len() as u64, venue.threshold.saturating_add(accepting));
    say(format!("statement {} of {}: {}", statement.sequence(), venue.id, publish::digest(&envelope.document)));
    remark(format!("{got} of {needed} signatures, written to {}", out.display()));
    Ok(ExitCode::SUCCESS)
}
