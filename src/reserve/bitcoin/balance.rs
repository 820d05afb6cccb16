//! Balances on Bitcoin at the cut-off block. Specification: `docs/spec/bitcoin-balance.md`.
//!
//! A node's scan says which coins are unspent. Merkle blocks under anchored headers prove that they were made, where
//! and with which value. The second cannot stand in for the first: inclusion proofs can only add. That a coin was
//! unspent is proved by its later spend, or by what the verifier reads itself: whole blocks, or a whole set.

mod count;
mod history;
mod proofs;
pub mod scan;

use std::collections::BTreeMap;

use bitcoin::{Network, ScriptBuf};

use self::proofs::Proofs;
use self::scan::Scan;
use super::blocks::{BlockFiles, Replay};
use super::header::{HeaderChain, HeaderError, WorkRule};
use super::network::{AddressError, internal, network, readable, script};
use super::set_pins::SetPin;
use super::utxo_snapshot::FullSet;
use crate::asset::DeploymentId;
use crate::basis::{Basis, Completeness};
use crate::bundle::{FileSource, SourceError, paths};
use crate::code::{Code, Coded, bitcoin as codes, bitcoin_chain as chain_codes, bundle as bundle_codes};
use crate::hash::Digest;
use crate::reserve::claim::{ChainEvidence, ChainQuery, Problem};
use crate::snapshot::BlockRef;

pub use proofs::{Shown, ShownCoin, ShownSpend, shown};

/// What the verifier brings along for one chain, beside the bundle.
#[derive(Clone, Copy, Default)]
pub struct Own<'a> {
    /// What must stand on a block above the highest pin; nothing above it counts without.
    pub work: Option<&'a WorkRule>,
    /// Files with whole blocks.
    pub blocks: Option<&'a dyn BlockFiles>,
    /// A set of unspent outputs that was read, of the scripts asked about.
    pub full_set: Option<&'a FullSet>,
    /// Sets whose hashes are pinned, for any chain.
    pub set_pins: &'a [SetPin],
}

/// What the evidence of a bundle and the verifier's own show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Holdings and problems.
    pub evidence: ChainEvidence,
    /// Whether every coin at the cut-off is known from whole blocks or a whole set: none is missing.
    pub complete: bool,
    /// Coins that no node listed and that a later spend shows.
    pub by_later_spend: u64,
    /// The replay, when blocks were given.
    pub replay: Option<Replay>,
}

/// What the evidence of a bundle shows of the addresses asked about, at the cut-off block.
///
/// A coin that was made at or below that block and is unspent at a later one was unspent at it. Coins made later are
/// no part of the question.
///
/// # Errors
/// [`BitcoinError`] when the chain is unknown, the headers are no chain, pins contradict, or a file cannot be read.
/// Everything about single coins is a problem in the result.
pub fn balances(query: &ChainQuery<'_>, files: &dyn FileSource) -> Result<ChainEvidence, BitcoinError> {
    judge(query, &Own::default(), files).map(|judged| judged.evidence)
}

/// The same, with what the verifier brings along.
///
/// # Errors
/// [`BitcoinError`].
pub fn judge(query: &ChainQuery<'_>, own: &Own<'_>, files: &dyn FileSource) -> Result<Judged, BitcoinError> {
    let mut check = Check::new(query, own, files)?;
    check.chain_problems();
    let deployment = check.deployment();
    let mut judged = Judged {
        evidence: ChainEvidence {
            holdings: Vec::new(),
            problems: Vec::new(),
            cutoff: check.chain.cutoff(query.cutoff_block, query.cutoff),
            anchored: check.chain.is_anchored(internal(query.cutoff_block.hash)),
            readable: false,
        },
        complete: false,
        by_later_spend: 0,
        replay: None,
    };
    check.note_unconfirmed();
    let scripts = if check.countable { check.scripts() } else { BTreeMap::new() };
    let proofs = if check.countable { proofs::proofs(files, query.chain)? } else { Proofs::default() };
    let history = check.history(&scripts, &proofs)?;
    let scan = check.scan(history.complete);
    check.problems.extend(proofs.problems.iter().cloned());
    if let Some(deployment) = deployment.filter(|_| check.countable) {
        judged.evidence.readable = scan.is_some() || history.complete;
        judged.complete = history.complete;
        let counted = check.count(&deployment, &scripts, scan.as_ref(), &proofs, &history)?;
        (judged.evidence.holdings, judged.by_later_spend) = counted;
    }
    judged.evidence.holdings.sort_by(|left, right| left.id.cmp(&right.id));
    judged.evidence.problems = check.problems;
    judged.replay = history.replay;
    Ok(judged)
}

/// The block at `height` among the headers of a bundle, counted from the block `known`; `None` when they do not reach
/// it or cannot be read.
#[must_use]
pub fn hash_at(known: &BlockRef, height: u64, files: &dyn FileSource) -> Option<Digest> {
    let bytes = files.read(&paths::chain(&known.chain, paths::HEADERS)).ok()??;
    let mut chain = HeaderChain::parse(network(&known.chain).ok()?, &bytes).ok()?;
    chain.hint(known).ok()?;
    chain.at_height(height).map(readable)
}

/// One run: the question, the files, and what was found so far.
struct Check<'a> {
    query: &'a ChainQuery<'a>,
    own: &'a Own<'a>,
    files: &'a dyn FileSource,
    network: Network,
    chain: HeaderChain,
    /// What kept work above the highest pin from being checked.
    unchecked: Option<String>,
    /// False when a fault makes every coin uncertain.
    countable: bool,
    problems: Vec<Problem>,
}

/// What a node listed, and what its word is worth.
struct Listed {
    scan: Scan,
    completeness: Completeness,
    /// The height at which it answered.
    tip: u64,
}

/// The addresses asked about, by their scripts.
type Scripts<'a> = BTreeMap<ScriptBuf, &'a str>;

impl<'a> Check<'a> {
    fn new(query: &'a ChainQuery<'a>, own: &'a Own<'a>, files: &'a dyn FileSource) -> Result<Self, BitcoinError> {
        let network = network(query.chain)?;
        let chain = HeaderChain::empty(network);
        let mut check =
            Self { query, own, files, network, chain, unchecked: None, countable: true, problems: Vec::new() };
        let Some(bytes) = check.read(paths::HEADERS)? else {
            check.problem(&codes::HEADERS_MISSING, query.chain, format!("the bundle has no {}", paths::HEADERS));
            return Ok(check);
        };
        check.chain = HeaderChain::parse(network, &bytes)?;
        let pins: Vec<_> = query.pins.iter().filter(|pin| pin.chain == *query.chain).cloned().collect();
        if !check.chain.anchor(&pins)? {
            let detail = format!("none of {} pinned blocks is among {} headers", pins.len(), check.chain.len());
            check.problem(&codes::HEADERS_UNANCHORED, query.chain, detail);
        }
        if let Some(rule) = own.work {
            check.unchecked = check.chain.confirm(rule);
        }
        Ok(check)
    }

    fn problem(&mut self, code: &'static Code, subject: impl ToString, detail: String) {
        self.problems.push(Problem { code, subject: subject.to_string(), detail });
    }

    /// A problem after which nothing counts.
    fn stop(&mut self, code: &'static Code, subject: impl ToString, detail: String) {
        self.countable = false;
        self.problem(code, subject, detail);
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, BitcoinError> {
        Ok(self.files.read(&paths::chain(self.query.chain, name))?)
    }

    /// Why work above the highest pin did not anchor the cut-off block, where the policy lets it.
    fn note_unconfirmed(&mut self) {
        let block = self.query.cutoff_block;
        let Some(rule) = self.own.work.filter(|_| !self.chain.is_anchored(internal(block.hash))) else { return };
        if self.chain.anchored_heights().is_none() {
            return;
        }
        match self.unchecked.take() {
            Some(detail) => self.problem(&chain_codes::WORK_UNCHECKED, block.hash, detail),
            None => {
                let detail = format!(
                    "{block}: expected {} blocks with the work {:#x} from it on",
                    rule.confirmations, rule.work
                );
                self.problem(&chain_codes::WORK_TOO_LITTLE, block.hash, detail);
            }
        }
    }

    /// Whether the statement's block is where it says. Without pins, heights are counted from the node's tip or,
    /// failing that, from the statement's block: good enough to find contradictions, not to prove.
    fn chain_problems(&mut self) {
        let block = self.query.cutoff_block;
        if block.chain != *self.query.chain {
            let detail = format!("{block}, expected a block of {}", self.query.chain);
            self.stop(&codes::CUTOFF_BLOCK_DIFFERS, &block.chain, detail);
            return;
        }
        if let Some((transcript, _)) = self.query.transcript
            && let Err(error) = self.chain.hint(&transcript.tip)
        {
            self.stop(&codes::SCAN_INCONSISTENT, transcript.tip.hash, error.to_string());
            return;
        }
        if let Err(error) = self.chain.hint(block) {
            self.stop(&codes::CUTOFF_BLOCK_DIFFERS, block.hash, error.to_string());
            return;
        }
        match self.chain.at_height(block.height) {
            Some(found) if found == internal(block.hash) => {}
            Some(found) => {
                let detail = format!("the headers have {found} at height {}, expected {}", block.height, block.hash);
                self.stop(&codes::CUTOFF_BLOCK_DIFFERS, block.hash, detail);
            }
            None => {
                let detail = format!("{block} is not among {} headers", self.chain.len());
                self.problem(&codes::CUTOFF_BLOCK_MISSING, block.hash, detail);
            }
        }
    }

    /// What the coins of this chain are coins of.
    fn deployment(&mut self) -> Option<DeploymentId> {
        let chain = self.query.chain;
        let own = |id: &&DeploymentId| id.chain().as_ref() == Some(chain) && id.asset().starts_with("slip44:");
        let deployment = self.query.deployments.iter().find(own).cloned();
        if deployment.is_none() {
            let detail = format!("no deployment {chain}/slip44:… is among {}", self.query.deployments.len());
            self.stop(&codes::BITCOIN_DEPLOYMENT_MISSING, chain, detail);
        }
        deployment
    }

    /// The coins that the node listed, and how good "unspent" is; `None` when its answer cannot be used.
    fn scan(&mut self, complete: bool) -> Option<Listed> {
        let chain = self.query.chain;
        let Some((transcript, basis)) = self.query.transcript else {
            if !complete {
                let detail = "the bundle has no transcript of a node: unspentness unknown".to_owned();
                self.problem(&codes::SCAN_MISSING, chain, detail);
            }
            return None;
        };
        let tip = &transcript.tip;
        let before = self.problems.len();
        if tip.chain != *chain {
            self.problem(&codes::SCAN_INCONSISTENT, &tip.chain, format!("{tip}, expected a block of {chain}"));
        } else if tip.height < self.query.cutoff_block.height {
            let detail = format!("the node answered at {tip}, expected {} or later", self.query.cutoff_block);
            self.problem(&codes::SCAN_TOO_EARLY, tip.hash, detail);
        } else if let Some(other) = self.chain.at_height(tip.height).filter(|hash| *hash != internal(tip.hash)) {
            let detail = format!("the node answered at {tip}, the headers have {other} at that height");
            self.problem(&codes::SCAN_INCONSISTENT, tip.hash, detail);
        }
        let usable = self.problems.len() == before;
        let scan = match scan::read(transcript) {
            Ok(scan) => scan,
            Err(error) => {
                self.problems.push(Problem::from_error("transcript", &error));
                return None;
            }
        };
        let observed = basis >= Basis::Observed && self.chain.is_anchored(internal(tip.hash));
        let anchored = self.chain.is_anchored(internal(self.query.cutoff_block.hash));
        if self.countable && usable && anchored && basis >= Basis::Observed && !observed {
            let detail =
                format!("the node answered at {tip}; no pinned block stands there or above, so its word is stated");
            self.problem(&codes::SCAN_UNANCHORED, tip.hash, detail);
        }
        let completeness = if observed { Completeness::UnspentObserved } else { Completeness::UnspentStated };
        (usable && self.countable).then_some(Listed { scan, completeness, tip: tip.height })
    }

    /// The addresses asked about, by their scripts.
    fn scripts(&mut self) -> Scripts<'a> {
        let mut scripts = Scripts::new();
        for address in self.query.addresses {
            match script(self.network, address) {
                Ok(script) => {
                    if let Some(first) = scripts.get(&script) {
                        let detail = format!("{address} and {first} are the same script");
                        self.problem(&codes::SCRIPT_TWICE, address, detail);
                    } else {
                        scripts.insert(script, address);
                    }
                }
                Err(error) => self.problems.push(Problem::from_error(*address, &error)),
            }
        }
        scripts
    }
}

/// Why the evidence of a chain cannot be judged at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BitcoinError {
    /// The chain is not known.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The headers are no chain, or pins contradict it.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// A file cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
}

impl Coded for BitcoinError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Address(error) => error.code(),
            Self::Header(error) => error.code(),
            Self::Source(_) => &bundle_codes::EVIDENCE_MALFORMED,
        }
    }
}
