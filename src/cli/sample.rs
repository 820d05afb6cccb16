//! `sample`: what is looked at follows from a commitment and from a block that came after it.

mod blocks;
mod deposits;

use std::path::{Path, PathBuf};

use super::error::{CliError, Failure};
use super::files::{self, Folder};
use super::{Outcome, remark};
use crate::asset::ChainId;
use crate::bundle::{FILE_SIZE_MAX, FileSource as _, paths};
use crate::policy::Policy;
use crate::reconcile;
use crate::reconcile::sample::SampleError;
use crate::reserve::bitcoin::beacon::{BITCOIN, Beacon, BeaconQuery, beacon};
use crate::snapshot::Time;

/// Draw what is looked at, so that nobody could choose it.
#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Draw blocks of the past, from the statement of a bundle and the first Bitcoin block after it was public
    Blocks(blocks::Args),
    /// Draw payments of strangers to the venue's addresses, whose customers must be found in the tree
    Deposits(deposits::Args),
}

pub(super) fn run(verb: &Verb) -> Outcome {
    match verb {
        Verb::Blocks(args) => blocks::run(args),
        Verb::Deposits(args) => deposits::run(args),
    }
}

/// Where chance comes from.
#[derive(clap::Args)]
pub(super) struct BeaconArgs {
    /// When the statement was public at the latest, as 2026-11-01T12:00:00Z: the time of a cosignature, or of your own
    /// download
    #[arg(long, value_name = "TIME")]
    committed_at: Time,
    /// The chain of the beacon [default: the one chain of Bitcoin with pinned blocks in the policy]
    #[arg(long, value_name = "CHAIN")]
    beacon_chain: Option<ChainId>,
    /// Its block headers, 80 bytes each [default: those in the bundle]
    #[arg(long, value_name = "FILE")]
    headers: Option<PathBuf>,
}

impl BeaconArgs {
    /// The beacon for the statement of a bundle: before its cut-off nothing can have been public.
    fn find_after_cutoff(&self, bundle: &Path, policy: &Policy) -> Result<Beacon, Failure> {
        let Some((history, _)) = reconcile::history(&Folder(bundle.to_owned()), policy)? else {
            return Err(blocks::no_statement());
        };
        let cutoff = history.subject().statement().cutoff;
        if self.committed_at < cutoff {
            let detail =
                format!("committed at {}, expected a moment at or after the cut-off {cutoff}", self.committed_at);
            return Err(SampleError::Question(detail).into());
        }
        self.find(bundle, policy)
    }

    /// The beacon, from headers that the policy anchors.
    fn find(&self, bundle: &Path, policy: &Policy) -> Result<Beacon, Failure> {
        let chain = match &self.beacon_chain {
            Some(chain) => chain.clone(),
            None => pinned_chain(policy)?,
        };
        let inside = paths::chain(&chain, paths::HEADERS);
        let (bytes, place) = match &self.headers {
            Some(path) => (files::read(path, FILE_SIZE_MAX)?, path.clone()),
            None => (
                Folder(bundle.to_owned()).read(&inside).map_err(reconcile::ReconcileError::from)?.unwrap_or_default(),
                bundle.join(inside),
            ),
        };
        let (pins, work) = (policy.pins(), policy.work(&chain));
        let query = BeaconQuery { chain: &chain, pins, work, after: self.committed_at };
        let found = beacon(&query, &bytes).map_err(|error| Failure::about(place, &error))?;
        if chain.to_string() != BITCOIN {
            remark(format!("{chain} is not Bitcoin's main chain: its blocks cost little, and so does choosing one"));
        }
        Ok(found)
    }
}

fn pinned_chain(policy: &Policy) -> Result<ChainId, CliError> {
    let mut chains: Vec<&ChainId> = policy.pins().iter().map(|pin| &pin.chain).collect();
    chains.retain(|chain| chain.namespace() == "bip122");
    chains.sort();
    chains.dedup();
    match chains.as_slice() {
        [chain] => Ok((*chain).clone()),
        _ => {
            let detail =
                format!("the policy pins blocks of {} chains of Bitcoin: name one with --beacon-chain", chains.len());
            Err(CliError::Arguments(detail))
        }
    }
}
