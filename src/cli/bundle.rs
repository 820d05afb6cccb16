//! `bundle`: put evidence together, seal it, and publish what is for everybody.

mod enclosed;
mod explain;
mod further;
mod publish;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::error::{CliError, Failure};
use super::files::{self, Folder, Readers};
use super::passphrase::Unlock;
use super::statement::Alg;
use super::{Outcome, challenge, now, remark, say};
use crate::bundle::{self, MANIFEST, paths};
use crate::reserve::bitcoin::descriptor::DescriptorList;

/// Put files into a bundle, and seal it.
#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Copy files into the folder of a bundle, under the names that they have there
    Add(Box<AddArgs>),
    /// Tie deposits to a customer who is in the tree, by inclusion proofs
    Explain(explain::Args),
    /// Write the manifest over all files of the folder, and sign it
    Seal(SealArgs),
    /// Copy a sealed bundle without its auditor's part
    Publish(publish::Args),
}

/// Copy files into the folder of a bundle.
#[derive(clap::Args)]
pub(super) struct AddArgs {
    /// The folder; made if it does not exist
    dir: PathBuf,
    /// The signed statement
    #[arg(long, value_name = "FILE")]
    statement: Option<PathBuf>,
    /// The proof that the statement stands in the public log
    #[arg(long, value_name = "FILE")]
    log_proof: Option<PathBuf>,
    /// The committed address set
    #[arg(long, value_name = "FILE")]
    addresses: Option<PathBuf>,
    /// The challenge document
    #[arg(long, value_name = "FILE")]
    challenge: Option<PathBuf>,
    /// The descriptors behind the address set: for the auditor's bundle, never for a public one
    #[arg(long, value_name = "FILE")]
    descriptors: Option<PathBuf>,
    /// The signatures of the addresses
    #[arg(long, value_name = "FILE")]
    control: Option<PathBuf>,
    /// A further signed statement of the venue, earlier or later; may be given several times
    #[arg(long, value_name = "FILE")]
    statements: Vec<PathBuf>,
    /// The proof that a further statement stands in the public log; may be given several times
    #[arg(long, value_name = "FILE")]
    log_proofs: Vec<PathBuf>,
    /// The address set of a further statement; may be given several times
    #[arg(long, value_name = "FILE")]
    address_sets: Vec<PathBuf>,
    #[command(flatten)]
    others: enclosed::Others,
    /// Replace files that exist
    #[arg(long)]
    force: bool,
}

/// Write and sign the manifest.
#[derive(clap::Args)]
pub(super) struct SealArgs {
    /// The folder
    dir: PathBuf,
    /// Who makes the bundle, in words
    #[arg(long, value_name = "NAME")]
    maker: String,
    /// The maker's signing key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(flatten)]
    unlock: Unlock,
    /// How to sign with it
    #[arg(long, value_enum, default_value = "bip340")]
    alg: Alg,
    /// Files and folders for auditors only, as they are named in the bundle; `auditor` and `depositors` always are
    #[arg(long, value_name = "PATH", num_args = 1..)]
    auditor: Vec<String>,
    /// Replace the manifest if it exists
    #[arg(long)]
    force: bool,
}

pub(super) fn run(verb: &Verb) -> Outcome {
    match verb {
        Verb::Add(args) => add(args),
        Verb::Explain(args) => explain::run(args),
        Verb::Seal(args) => seal(args),
        Verb::Publish(args) => publish::run(args),
    }
}

fn add(args: &AddArgs) -> Outcome {
    let given = [
        (&args.statement, paths::STATEMENT),
        (&args.log_proof, paths::LOG_PROOF),
        (&args.addresses, paths::ADDRESSES),
        (&args.challenge, paths::CHALLENGE),
        (&args.control, paths::CONTROL),
        (&args.descriptors, paths::DESCRIPTORS),
    ];
    let given: Vec<(&Path, &str)> =
        given.into_iter().filter_map(|(path, name)| path.as_deref().map(|path| (path, name))).collect();
    let further = [&args.statements, &args.log_proofs, &args.address_sets];
    if given.is_empty() && further.iter().all(|files| files.is_empty()) && args.others.is_empty() {
        let detail = "nothing to add: give --statement, --log-proof, --addresses, --challenge, --control, \
                      --descriptors, --statements, --log-proofs, --address-sets, --custodian or --issuer";
        return Err(CliError::Arguments(detail.to_owned()).into());
    }
    for (path, name) in given {
        let bytes = files::read(path, bundle::FILE_SIZE_MAX)?;
        let mut readers = Readers::All;
        if name == paths::DESCRIPTORS {
            DescriptorList::parse(&bytes).map_err(|error| Failure::about(path, &error))?;
            readers = Readers::Owner;
        }
        put(args, name, &bytes, readers)?;
    }
    further::add(args)?;
    enclosed::add(args)?;
    if args.descriptors.is_some() {
        remark(challenge::FOR_AUDITORS);
    }
    if args.dir.join(MANIFEST).exists() {
        remark("the manifest is of before: seal the bundle again");
    }
    Ok(ExitCode::SUCCESS)
}

fn put(args: &AddArgs, name: &str, bytes: &[u8], readers: Readers) -> Result<(), Failure> {
    place(&args.dir, name, bytes, readers, args.force)
}

/// One file in its place.
fn place(dir: &Path, name: &str, bytes: &[u8], readers: Readers, force: bool) -> Result<(), Failure> {
    let unwritable =
        |error: std::io::Error| CliError::OutputUnwritable { path: dir.to_owned(), detail: error.to_string() };
    let target = dir.join(name);
    std::fs::create_dir_all(target.parent().unwrap_or(dir)).map_err(unwritable)?;
    files::write(&target, bytes, readers, force)?;
    say(format!("{name}: {} bytes", bytes.len()));
    Ok(())
}

fn seal(args: &SealArgs) -> Outcome {
    let path = args.dir.join(MANIFEST);
    files::check_free(&path, args.force)?;
    let key = files::read_signing_key(&args.key, args.alg.into(), &args.unlock)?;
    let folder = Folder(args.dir.clone());
    for (name, what) in [
        (paths::STATEMENT, "no verdict can be given without a statement"),
        (paths::ADDRESSES, "no reserves can be shown without the address set"),
        (paths::CHALLENGE, "no signature can be checked without the challenge"),
        (paths::CONTROL, "no address counts without a signature"),
    ] {
        if !args.dir.join(name).is_file() {
            remark(format!("{name} is not in the bundle: {what}"));
        }
    }
    if args.dir.join(paths::DESCRIPTORS).is_file() {
        remark(format!(
            "{} is in the bundle: give it to auditors only, and others what `bundle publish` makes",
            paths::DESCRIPTORS
        ));
    }
    let manifest = bundle::seal_parts(&folder, &args.auditor, &args.maker, now(), &key)?;
    files::write(&path, &manifest, Readers::All, args.force)?;
    let sealed = bundle::open(&folder)?;
    let files = &sealed.manifest().files;
    let kept_back = files.iter().filter(|entry| entry.part.is_some()).count();
    let part = if kept_back > 0 { format!(", {kept_back} of them for auditors only") } else { String::new() };
    say(format!("{} files{part}, root {}", files.len(), sealed.root()));
    Ok(ExitCode::SUCCESS)
}
