//! `fetch evm`: evidence of one EVM chain from a node of one's own.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::super::error::CliError;
use super::super::files;
use super::super::statement::Alg;
use super::super::{Outcome, challenge, now, policy, remark};
use super::{addresses_on, credentials, publish, say_cutoff, tell};
use crate::asset::ChainId;
use crate::bundle::FILE_SIZE_MAX;
use crate::fetch::evm::{Request, fetch};
use crate::json;
use crate::reserve::address_set::lines;
use crate::reserve::claim::ControlProof;
use crate::snapshot::Time;

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
    /// The policy whose tokens are asked for; its own entries of the token registry count, too
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
    #[arg(long, value_name = "FILE")]
    node_key: PathBuf,
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

pub(super) fn run(args: &EvmArgs) -> Outcome {
    let target = args.out.join("chains").join(args.chain.folder());
    files::check_free(&target, args.force)?;
    let addresses = addresses_on(&args.addresses, &args.chain)?;
    let key = files::read_signing_key(&args.node_key, args.alg.into())?;
    let policy = args.policy.as_ref().map(|path| policy::read(path)).transpose()?;
    let deployments = policy.iter().flat_map(|policy| policy.assets()).flat_map(|asset| &asset.deployments);
    let deployments = deployments.map(|deployment| deployment.id.clone()).collect();
    let control = match (&args.challenge, &args.control) {
        (Some(document), Some(proofs)) => Some((challenge::read(document)?.line()?, read_control(proofs)?)),
        _ => None,
    };
    let request = Request {
        url: args.url.clone(),
        credentials: credentials(args.cookie_file.as_ref())?,
        chain: args.chain.clone(),
        addresses,
        cutoff: args.cutoff,
        to_height: args.to_height,
        deployments,
        tokens: policy.map(|policy| policy.tokens().clone()).unwrap_or_default(),
        control,
    };
    let fetched = fetch(&request, now(), &mut tell)?;
    publish(&target, args.force, &fetched.files, &fetched.transcript.to_file(&key)?)?;
    let tip = &fetched.transcript.tip;
    remark(format!("{} trie nodes; answers at {tip}, signed with {}", fetched.nodes, key.public_key()));
    say_cutoff(&fetched.cutoff_block);
    Ok(ExitCode::SUCCESS)
}

fn read_control(path: &Path) -> Result<Vec<ControlProof>, CliError> {
    let file = files::read(path, FILE_SIZE_MAX)?;
    let unreadable = |detail: String| CliError::Unreadable { path: path.to_owned(), detail };
    lines(&file).map(|line| json::read(line).map_err(|error| unreadable(error.to_string()))).collect()
}
