//! `challenge`: commit to addresses, make the line that they sign, send it to the devices and take signatures in.

mod addresses;
mod batch;
mod collect;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::error::{CliError, Failure};
use super::files::{self, Readers};
use super::{Outcome, build, now, random, remark, say};
use crate::asset::ChainId;
use crate::bundle::FILE_SIZE_MAX;
use crate::reserve::address_set::AddressSet;
use crate::reserve::challenge::{self, Challenge, ChallengedSet, ChallengedVenue};
use crate::snapshot::{BlockRef, Time};

/// What is said wherever a list of descriptors is written.
pub(super) const FOR_AUDITORS: &str = "\
the descriptors are for the auditor only: an extended public key shows every address of its wallet for ever, and with
one private key below it, where no step between is hardened, it gives the private key above and with it every coin";

/// Commit to addresses, and make the challenge that they sign.
#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Turn a list of addresses and descriptors into the committed, salted set
    Addresses(addresses::Args),
    /// Write what each device has to sign into a file of its own
    Batch(batch::Args),
    /// Take signatures in, check each, and list those that are missing; run again when more have come
    Collect(collect::Args),
    /// Make a custody challenge for a committed set
    New(NewArgs),
    /// Print the one line that every key signs
    Line {
        /// The challenge document
        challenge: PathBuf,
    },
}

/// Make a custody challenge.
#[derive(clap::Args)]
pub(super) struct NewArgs {
    /// The committed set
    #[arg(long, value_name = "FILE")]
    addresses: PathBuf,
    /// The venue
    #[arg(long, value_name = "FILE")]
    venue: PathBuf,
    /// A recent block of every chain of the set: CHAIN,HEIGHT,HASH
    #[arg(long, value_name = "CHAIN,HEIGHT,HASH", required = true)]
    block: Vec<String>,
    /// The day on which it expires, such as 2027-05-01
    #[arg(long, value_name = "DATE")]
    expires: String,
    /// When it was issued [default: now]
    #[arg(long, value_name = "TIME")]
    issued: Option<Time>,
    /// Where to write the document
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
}

pub(super) fn run(verb: &Verb) -> Outcome {
    match verb {
        Verb::Addresses(args) => addresses::run(args),
        Verb::Batch(args) => batch::run(args),
        Verb::Collect(args) => collect::run(args),
        Verb::New(args) => new(args),
        Verb::Line { challenge } => {
            say(read(challenge)?.line()?);
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Reads a challenge document.
pub(super) fn read(path: &Path) -> Result<Challenge, Failure> {
    let file = files::read(path, files::TEXT_SIZE_MAX)?;
    challenge::parse(&file).map_err(|error| Failure::about(path, &error))
}

/// Reads a committed set.
pub(super) fn read_set(path: &Path) -> Result<AddressSet, Failure> {
    let file = files::read(path, FILE_SIZE_MAX)?;
    AddressSet::parse(&file).map_err(|error| Failure::about(path, &error))
}

fn new(args: &NewArgs) -> Outcome {
    files::check_free(&args.out, args.force)?;
    let set = read_set(&args.addresses)?;
    let venue = build::read_venue(&args.venue)?.venue;
    let expires = format!("{}T00:00:00Z", args.expires);
    let wrong = |_| CliError::Arguments(format!("--expires {:?}: expected a day such as 2027-05-01", args.expires));
    let expires: Time = expires.parse().map_err(wrong)?;
    let blocks = args.block.iter().map(|text| block(text)).collect::<Result<Vec<_>, _>>()?;
    check_chains(&set, &blocks)?;
    let challenged = ChallengedSet { count: set.count(), root: set.root() };
    let issued = args.issued.unwrap_or_else(now);
    let whose = ChallengedVenue { id: venue.id, keys: venue.keys };
    let challenge = Challenge::custody(whose, &venue.log_origin, challenged, blocks, (issued, expires), random()?)?;
    files::write(&args.out, &challenge.to_file()?, Readers::All, args.force)?;
    say(challenge.line()?);
    remark(format!("written to {}; every address signs exactly this line", args.out.display()));
    Ok(ExitCode::SUCCESS)
}

fn block(text: &str) -> Result<BlockRef, CliError> {
    let wrong = || CliError::Arguments(format!("--block {text}: expected CHAIN,HEIGHT,HASH"));
    let parts: Vec<&str> = text.split(',').collect();
    let [chain, height, hash] = parts.as_slice() else { return Err(wrong()) };
    Ok(BlockRef {
        chain: chain.parse().map_err(|_| wrong())?,
        height: height.parse().map_err(|_| wrong())?,
        hash: hash.parse().map_err(|_| wrong())?,
    })
}

fn check_chains(set: &AddressSet, blocks: &[BlockRef]) -> Result<(), CliError> {
    let expected: BTreeSet<&ChainId> = set.entries().iter().map(|entry| &entry.chain).collect();
    let mut given: BTreeMap<&ChainId, u32> = BTreeMap::new();
    for block in blocks {
        *given.entry(&block.chain).or_default() += 1;
    }
    let names = |chains: Vec<&ChainId>| chains.into_iter().map(ChainId::as_str).collect::<Vec<_>>().join(", ");
    if given.values().all(|count| *count == 1) && given.keys().copied().eq(expected.iter().copied()) {
        return Ok(());
    }
    let (got, expected) =
        (names(blocks.iter().map(|block| &block.chain).collect()), names(expected.into_iter().collect()));
    Err(CliError::Arguments(format!("--block was given for {got}, expected one for each of {expected}")))
}
