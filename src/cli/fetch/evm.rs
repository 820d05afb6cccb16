//! `fetch evm`: evidence of one EVM chain from a node of one's own.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::super::error::{CliError, Failure};
use super::super::files;
use super::super::passphrase::Unlock;
use super::super::statement::Alg;
use super::super::{Outcome, challenge, now, policy, remark};
use super::{addresses_on, credentials, publish, say_cutoff, tell};
use crate::asset::ChainId;
use crate::bundle::{FILE_SIZE_MAX, paths};
use crate::fetch::evm::{Request, WindowRequest, fetch_window};
use crate::json;
use crate::policy::Policy;
use crate::reserve::address_set::lines;
use crate::reserve::claim::ControlProof;
use crate::reserve::evm::window::EventList;
use crate::snapshot::Time;

mod watch;

/// From a node of an EVM chain.
#[derive(clap::Args)]
pub(in crate::cli) struct EvmArgs {
    /// Where the node listens; it must still have the state of the cut-off block
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8545")]
    url: String,
    /// A file with user:password, when the node asks for them
    #[arg(long, value_name = "FILE")]
    cookie_file: Option<PathBuf>,
    /// The chain that the node must be of
    #[arg(long, value_name = "CAIP-2", default_value = "eip155:1")]
    chain: ChainId,
    /// The committed address set
    #[arg(long, value_name = "FILE")]
    addresses: PathBuf,
    /// The cut-off: its block is the last one whose time is not after it
    #[arg(long, value_name = "TIME")]
    cutoff: Time,
    /// What shows every block of a window: the node must have the states of these blocks, or a journal has them
    #[arg(long, value_name = "FROM..TO", value_parser = super::window)]
    window: Option<(u64, u64)>,
    /// Prove these blocks of the window and no others
    #[arg(long, value_name = "HEIGHT", value_delimiter = ',', requires = "window")]
    sample: Vec<u64>,
    /// Take the proofs of the window from a journal of --watch, not from the node
    #[arg(long, value_name = "FILE", requires = "window", conflicts_with_all = ["sample", "watch"])]
    watched: Option<PathBuf>,
    /// Follow the chain from now on and append what shows its blocks to a journal, until interrupted; a node that keeps
    /// the states of the last 128 blocks is enough
    #[arg(long, value_name = "FILE", conflicts_with_all = ["window", "out", "node_key", "control"])]
    watch: Option<PathBuf>,
    /// The policy whose tokens, pools and vaults are asked for; its own entries of the token registry count, too
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The last header to fetch, when a later block is pinned than the one after the cut-off block
    #[arg(long, value_name = "HEIGHT")]
    to_height: Option<u64>,
    /// The challenge; with --control, contract wallets are asked about their signatures
    #[arg(long, value_name = "FILE", requires = "control")]
    challenge: Option<PathBuf>,
    /// The signatures over the challenge
    #[arg(long, value_name = "FILE", requires = "challenge")]
    control: Option<PathBuf>,
    /// The key that signs the node's answers: who pins it in a policy observes, who does not is told
    #[arg(long, value_name = "FILE", required_unless_present = "watch")]
    node_key: Option<PathBuf>,
    #[command(flatten)]
    unlock: Unlock,
    /// How to sign with it
    #[arg(long, value_enum, default_value = "bip340")]
    alg: Alg,
    /// The folder of the bundle
    #[arg(long, value_name = "DIR", required_unless_present = "watch")]
    out: Option<PathBuf>,
    /// Replace the evidence of this chain if it exists
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &EvmArgs) -> Outcome {
    let policy = args.policy.as_ref().map(|path| policy::read(path)).transpose()?;
    let events = match &policy {
        Some(policy) => policy.token_events().clone(),
        None => EventList::built_in().map_err(CliError::Arguments)?,
    };
    match (&args.watch, &args.out, &args.node_key) {
        (Some(journal), ..) => watch::run(journal, &request(args, policy.as_ref())?, &events),
        (None, Some(out), Some(key)) => gather(args, (out, key), policy.as_ref(), events),
        _ => Err(CliError::Arguments("--out and --node-key are needed without --watch".to_owned()).into()),
    }
}

fn gather(args: &EvmArgs, (out, key): (&Path, &Path), policy: Option<&Policy>, events: EventList) -> Outcome {
    let target = out.join("chains").join(args.chain.folder());
    files::check_free(&target, args.force)?;
    let key = files::read_signing_key(key, args.alg.into(), &args.unlock)?;
    let request = request(args, policy)?;
    let journal = args.watched.as_ref().map(|path| watch::read(path, &request)).transpose()?;
    let window = args.window.map(|(from, to)| {
        let (from, to) = journal.as_ref().map_or((from, to), |journal| journal.around(from, to));
        WindowRequest { from, to, samples: args.sample.clone(), events, journal }
    });
    let fetched = fetch_window(&request, window.as_ref(), now(), &mut tell)?;
    publish(&target, args.force, &fetched.files, &fetched.transcript.to_file(&key)?)?;
    let tip = &fetched.transcript.tip;
    remark(format!("{} trie nodes; answers at {tip}, signed with {}", fetched.nodes, key.public_key()));
    if let Some(WindowRequest { from, to, .. }) = window {
        remark(format!("{} names blocks {from} to {to}", paths::WINDOW));
    }
    say_cutoff(&fetched.cutoff_block);
    Ok(ExitCode::SUCCESS)
}

fn request(args: &EvmArgs, policy: Option<&Policy>) -> Result<Request, Failure> {
    let deployments = policy.into_iter().flat_map(Policy::assets).flat_map(|asset| &asset.deployments);
    let control = match (&args.challenge, &args.control) {
        (Some(document), Some(proofs)) => Some((challenge::read(document)?.line()?, read_control(proofs)?)),
        _ => None,
    };
    Ok(Request {
        url: args.url.clone(),
        credentials: credentials(args.cookie_file.as_ref())?,
        chain: args.chain.clone(),
        addresses: addresses_on(&args.addresses, &args.chain)?,
        cutoff: args.cutoff,
        to_height: args.to_height,
        deployments: deployments.map(|deployment| deployment.id.clone()).collect(),
        tokens: policy.map(|policy| policy.tokens().clone()).unwrap_or_default(),
        pools: policy.map(|policy| policy.pools().to_vec()).unwrap_or_default(),
        control,
    })
}

fn read_control(path: &Path) -> Result<Vec<ControlProof>, CliError> {
    let file = files::read(path, FILE_SIZE_MAX)?;
    let unreadable = |detail: String| CliError::Unreadable { path: path.to_owned(), detail };
    lines(&file).map(|line| json::read(line).map_err(|error| unreadable(error.to_string()))).collect()
}
