//! `fetch`: evidence from one's own node into a bundle. It verifies nothing.

use std::collections::BTreeSet;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::error::{CliError, Failure};
use super::files::{self, NewFolder, Readers};
use super::passphrase::Unlock;
use super::statement::Alg;
use super::{Outcome, challenge, now, remark, say};
use crate::asset::ChainId;
use crate::bundle::{MemoryFiles, paths};
use crate::fetch::bitcoin::{Request, fetch};
use crate::fetch::rpc::Credentials;
use crate::json::uint;
use crate::snapshot::{BlockRef, Time};

mod evm;

/// Gather evidence from your own node.
#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// From a node of Bitcoin Core that keeps all blocks; no wallet is needed, and an index for long windows only
    Bitcoin(BitcoinArgs),
    /// From a node of an EVM chain that has the state of the cut-off block: headers, trie nodes and answers
    Evm(evm::EvmArgs),
}

/// From a node of Bitcoin Core.
#[derive(clap::Args)]
pub(super) struct BitcoinArgs {
    /// Where the node listens
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8332")]
    url: String,
    /// The node's cookie file, or a file of your own with user:password
    #[arg(long, value_name = "FILE")]
    cookie_file: Option<PathBuf>,
    /// The chain that the node must be of
    #[arg(long, value_name = "CAIP-2", default_value = "bip122:000000000019d6689c085ae165831e93")]
    chain: ChainId,
    /// The committed address set
    #[arg(long, value_name = "FILE")]
    addresses: PathBuf,
    /// The cut-off: finds its block and fetches the headers around it
    #[arg(long, value_name = "TIME")]
    cutoff: Option<Time>,
    /// The first header to fetch
    #[arg(long, value_name = "HEIGHT")]
    from_height: Option<u32>,
    /// Every receipt and spend from one height to another: the node needs version 29, and -blockfilterindex=1 for speed
    #[arg(long, value_name = "FROM..TO", value_parser = window)]
    window: Option<(u64, u64)>,
    /// The key that signs the node's answers: who pins it in a policy observes, who does not is told
    #[arg(long, value_name = "FILE")]
    node_key: PathBuf,
    #[command(flatten)]
    unlock: Unlock,
    /// How to sign with it
    #[arg(long, value_enum, default_value = "bip340")]
    alg: Alg,
    /// The folder of the bundle
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Replace the evidence of this chain if it exists
    #[arg(long)]
    force: bool,
}

/// Two heights with two points between them.
fn window(text: &str) -> Result<(u64, u64), String> {
    let heights = text.split_once("..").and_then(|(from, to)| Some((uint::parse(from)?, uint::parse(to)?)));
    heights.filter(|(from, to)| from <= to).ok_or_else(|| "expected two heights, as in 899000..900150".to_owned())
}

pub(super) fn run(verb: &Verb) -> Outcome {
    match verb {
        Verb::Bitcoin(args) => bitcoin(args),
        Verb::Evm(args) => evm::run(args),
    }
}

/// The addresses of a set on one chain; none is a mistake in the arguments.
fn addresses_on(path: &Path, chain: &ChainId) -> Result<Vec<String>, Failure> {
    let set = challenge::read_set(path)?;
    let on_chain = set.entries().iter().filter(|entry| entry.chain == *chain);
    let addresses: Vec<String> = on_chain.map(|entry| entry.address.clone()).collect();
    if addresses.is_empty() {
        let chains: BTreeSet<&str> = set.entries().iter().map(|entry| entry.chain.as_str()).collect();
        let chains = chains.into_iter().collect::<Vec<_>>().join(", ");
        let detail = format!("{} has no address on {chain}, but on {chains}: name one with --chain", path.display());
        return Err(CliError::Arguments(detail).into());
    }
    Ok(addresses)
}

fn credentials(path: Option<&PathBuf>) -> Result<Option<Credentials>, Failure> {
    let Some(path) = path else { return Ok(None) };
    let bytes = files::read_private(path)?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| CliError::Unreadable { path: path.clone(), detail: "it is not text".to_owned() })?;
    Ok(Some(Credentials::parse(text)?))
}

/// A step of the gathering, for whoever watches.
fn tell(step: &str) {
    if std::io::stderr().is_terminal() {
        remark(step);
    }
}

/// The evidence of a chain appears whole or not at all.
fn publish(target: &Path, force: bool, gathered: &MemoryFiles, transcript: &[u8]) -> Result<(), Failure> {
    let folder = NewFolder::create(target, force, Readers::All)?;
    for (path, bytes) in gathered {
        folder.add(path, bytes, Readers::All)?;
    }
    folder.add(paths::TRANSCRIPT, transcript, Readers::All)?;
    Ok(folder.publish()?)
}

fn say_cutoff(block: &BlockRef) {
    remark("the cut-off block, for the snapshot file:");
    say(format!("[[chain]]\nchain = \"{}\"\nheight = {}\nhash = \"{}\"", block.chain, block.height, block.hash));
}

fn bitcoin(args: &BitcoinArgs) -> Outcome {
    let target = args.out.join("chains").join(args.chain.folder());
    files::check_free(&target, args.force)?;
    let addresses = addresses_on(&args.addresses, &args.chain)?;
    let key = files::read_signing_key(&args.node_key, args.alg.into(), &args.unlock)?;
    let request = Request {
        url: args.url.clone(),
        credentials: credentials(args.cookie_file.as_ref())?,
        chain: args.chain.clone(),
        addresses,
        from_height: args.from_height,
        cutoff: args.cutoff,
        window: args.window,
    };
    let fetched = fetch(&request, now(), &mut tell)?;
    publish(&target, args.force, &fetched.files, &fetched.transcript.to_file(&key)?)?;
    let tip = &fetched.transcript.tip;
    remark(format!("answers at {tip}, signed with {}", key.public_key()));
    if let Some((from, to)) = args.window {
        remark(format!("{} lists blocks {from} to {to} and on to the tip", paths::WINDOW));
    }
    match (&fetched.cutoff_block, args.cutoff) {
        (Some(block), _) => {
            say_cutoff(block);
        }
        (None, Some(cutoff)) => {
            remark(format!("no block after {cutoff} yet shows which block is the last before it: fetch again later"));
            return Ok(ExitCode::from(2));
        }
        (None, None) => {}
    }
    Ok(ExitCode::SUCCESS)
}
