//! Balances on Bitcoin at the cut-off block. Specification: `docs/spec/bitcoin-balance.md`.
//!
//! A node's scan says which coins are unspent. Merkle blocks under anchored headers prove that they were made, where
//! and with which value. The second cannot stand in for the first: inclusion proofs can only add.

pub mod scan;

use std::collections::{BTreeMap, BTreeSet};

use bitcoin::{Network, OutPoint, ScriptBuf, Transaction, Txid};

use self::scan::{Coin, Scan};
use super::header::{HeaderChain, HeaderError};
use super::merkle_proof::{BlockProof, MerkleProofError, block_proof, transaction};
use super::network::{AddressError, internal, network, readable, script};
use crate::asset::DeploymentId;
use crate::basis::{Basis, Completeness};
use crate::bundle::{FileSource, SourceError, paths};
use crate::code::{Code, Coded, bitcoin as codes, bundle as bundle_codes};
use crate::hash::Digest;
use crate::reserve::claim::{ChainEvidence, ChainQuery, Holding, Problem};
use crate::snapshot::BlockRef;

/// Confirmations that a block reward needs before it can be spent.
const COINBASE_MATURITY: u64 = 100;

/// What the evidence of a bundle shows of the addresses asked about, at the cut-off block.
///
/// A coin that was made at or below that block and is unspent at a later one was unspent at it. Coins made later are
/// no part of the question.
///
/// # Errors
/// [`BitcoinError`] when the chain is unknown, the headers are no chain, pins contradict, or a file cannot be read.
/// Everything about single coins is a problem in the result.
pub fn balances(query: &ChainQuery<'_>, files: &dyn FileSource) -> Result<ChainEvidence, BitcoinError> {
    let mut check = Check::new(query, files)?;
    check.chain_problems();
    let scanned = check.scan();
    let readable = scanned.is_some();
    let mut holdings = match scanned {
        Some((deployment, scan, completeness)) => check.count(&deployment, &scan, completeness)?,
        None => Vec::new(),
    };
    holdings.sort_by(|left: &Holding, right| left.id.cmp(&right.id));
    Ok(ChainEvidence {
        holdings,
        cutoff: check.chain.cutoff(query.cutoff_block, query.cutoff),
        anchored: check.chain.is_anchored(internal(query.cutoff_block.hash)),
        readable,
        problems: check.problems,
    })
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
    files: &'a dyn FileSource,
    network: Network,
    chain: HeaderChain,
    /// False when a fault makes every coin uncertain.
    countable: bool,
    problems: Vec<Problem>,
}

impl<'a> Check<'a> {
    fn new(query: &'a ChainQuery<'a>, files: &'a dyn FileSource) -> Result<Self, BitcoinError> {
        let network = network(query.chain)?;
        let mut check =
            Self { query, files, network, chain: HeaderChain::empty(network), countable: true, problems: Vec::new() };
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

    /// The coins that the node listed, what they are coins of, and how good "unspent" is; `None` when nothing counts.
    fn scan(&mut self) -> Option<(DeploymentId, Scan, Completeness)> {
        let chain = self.query.chain;
        let own = |id: &&DeploymentId| id.chain().as_ref() == Some(chain) && id.asset().starts_with("slip44:");
        let deployment = self.query.deployments.iter().find(own).cloned();
        if deployment.is_none() {
            let detail = format!("no deployment {chain}/slip44:… is among {}", self.query.deployments.len());
            self.stop(&codes::BITCOIN_DEPLOYMENT_MISSING, chain, detail);
        }
        let Some((transcript, basis)) = self.query.transcript else {
            let detail = "the bundle has no transcript of a node: unspentness unknown".to_owned();
            self.stop(&codes::SCAN_MISSING, chain, detail);
            return None;
        };
        let tip = &transcript.tip;
        if tip.chain != *chain {
            self.stop(&codes::SCAN_INCONSISTENT, &tip.chain, format!("{tip}, expected a block of {chain}"));
        } else if tip.height < self.query.cutoff_block.height {
            let detail = format!("the node answered at {tip}, expected {} or later", self.query.cutoff_block);
            self.stop(&codes::SCAN_TOO_EARLY, tip.hash, detail);
        } else if let Some(other) = self.chain.at_height(tip.height).filter(|hash| *hash != internal(tip.hash)) {
            let detail = format!("the node answered at {tip}, the headers have {other} at that height");
            self.stop(&codes::SCAN_INCONSISTENT, tip.hash, detail);
        }
        let scan = match scan::read(transcript) {
            Ok(scan) => scan,
            Err(error) => {
                self.problems.push(Problem::from_error("transcript", &error));
                return None;
            }
        };
        let observed = basis >= Basis::Observed && self.chain.is_anchored(internal(tip.hash));
        let anchored = self.chain.is_anchored(internal(self.query.cutoff_block.hash));
        if self.countable && anchored && basis >= Basis::Observed && !observed {
            let detail =
                format!("the node answered at {tip}; no pinned block stands there or above, so its word is stated");
            self.problem(&codes::SCAN_UNANCHORED, tip.hash, detail);
        }
        let completeness = if observed { Completeness::UnspentObserved } else { Completeness::UnspentStated };
        deployment.filter(|_| self.countable).map(|deployment| (deployment, scan, completeness))
    }

    /// The addresses asked about, by their scripts.
    fn scripts(&mut self) -> BTreeMap<ScriptBuf, &'a str> {
        let mut scripts: BTreeMap<ScriptBuf, &'a str> = BTreeMap::new();
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

    fn count(
        &mut self,
        deployment: &DeploymentId,
        scan: &Scan,
        completeness: Completeness,
    ) -> Result<Vec<Holding>, BitcoinError> {
        let scripts = self.scripts();
        let listed: BTreeSet<&ScriptBuf> = scan.coins.values().map(|coin| &coin.script).collect();
        for (script, address) in &scripts {
            if !listed.contains(script) && !scan.asked.contains(script) {
                let detail = "no question of the transcript names its script, as `raw(…)`".to_owned();
                self.problem(&codes::SCAN_NOT_ASKED, address, detail);
            }
        }
        let proofs = self.proofs()?;
        let mut holdings = Vec::new();
        let mut last: Option<(Txid, Made)> = None;
        for (outpoint, coin) in &scan.coins {
            match scan.repeated.get(outpoint) {
                Some(false) => {
                    let detail = "listed more than once, with different contents; it counts nothing".to_owned();
                    self.problem(&codes::COIN_CONTRADICTED, outpoint, detail);
                    continue;
                }
                Some(true) => {
                    self.problem(&codes::COIN_TWICE, outpoint, "listed more than once; counted once".to_owned());
                }
                None => {}
            }
            let Some(address) = scripts.get(&coin.script) else {
                let detail = format!("its script {} is that of no address asked about", coin.script.to_hex_string());
                self.problem(&codes::COIN_UNASKED, outpoint, detail);
                continue;
            };
            // coins come in the order of their ids: a transaction of many coins is read once
            let made = match last.take().filter(|(txid, _)| *txid == outpoint.txid) {
                Some((_, made)) => made,
                None => self.made(outpoint.txid)?,
            };
            let judged = self.judge(coin, &proofs, &made);
            last = Some((outpoint.txid, made));
            match judged {
                Ok(Some(authenticity)) => holdings.push(Holding {
                    deployment: deployment.clone(),
                    address: (*address).to_owned(),
                    id: outpoint.to_string(),
                    amount: coin.amount,
                    authenticity,
                    completeness,
                }),
                Ok(None) => {}
                Err(problem) => self.problems.push(problem),
            }
        }
        Ok(holdings)
    }

    /// What the existence of a coin rests on; `None` when it was made after the cut-off.
    fn judge(&self, coin: &Coin, proofs: &Proofs, made: &Made) -> Result<Option<Basis>, Problem> {
        let cutoff = self.query.cutoff_block.height;
        let problem = |code, detail: String| Problem { code, subject: coin.outpoint.to_string(), detail };
        let tip = self.query.transcript.map_or(cutoff, |(transcript, _)| transcript.tip.height);
        if coin.height > tip {
            let detail = format!("made at height {}, above the node's tip {tip}", coin.height);
            return Err(problem(&codes::COIN_CONTRADICTED, detail));
        }
        let authenticity = self.authenticate(coin, proofs, made).map_err(|(code, detail)| problem(code, detail))?;
        let Some(depth) = cutoff.checked_sub(coin.height) else { return Ok(None) };
        let confirmations = depth + 1;
        if coin.coinbase && confirmations < COINBASE_MATURITY {
            let detail =
                format!("a block reward with {confirmations} confirmations, expected at least {COINBASE_MATURITY}");
            return Err(problem(&codes::COIN_IMMATURE, detail));
        }
        Ok(Some(authenticity))
    }

    /// The transaction in the bundle; `None` when there is no such file.
    fn made(&self, txid: Txid) -> Result<Made, BitcoinError> {
        let bytes = self.read(&paths::transaction(&txid.to_string()))?;
        Ok(bytes.map(|bytes| transaction(txid, &bytes)))
    }

    /// Whether a coin was really made: proved, stated for lack of evidence, or contradicted.
    fn authenticate(&self, coin: &Coin, proofs: &Proofs, made: &Made) -> Result<Basis, Contradiction> {
        let contradicted = |detail: String| Err((&codes::COIN_CONTRADICTED, detail));
        let at_height = self.chain.at_height(coin.height);
        if let (Some(said), Some(found)) = (coin.block, at_height)
            && said != readable(found)
        {
            let height = coin.height;
            return contradicted(format!(
                "said to be made in block {said}, the headers have {found} at height {height}"
            ));
        }
        if let Some(error) = at_height.and_then(|block| proofs.broken.get(&block)) {
            return Err((error.code(), error.to_string()));
        }
        let OutPoint { txid, vout } = coin.outpoint;
        let made = match made {
            None => return Ok(Basis::Stated),
            Some(Ok(made)) => made,
            Some(Err(error)) => return Err((error.code(), error.to_string())),
        };
        let Some(output) = usize::try_from(vout).ok().and_then(|place| made.output.get(place)) else {
            return contradicted(format!("the transaction has {} outputs, expected output {vout}", made.output.len()));
        };
        let value = u128::from(output.value.to_sat());
        if output.script_pubkey != coin.script || value != coin.amount.base_units() {
            let script = output.script_pubkey.to_hex_string();
            let (said, units) = (coin.script.to_hex_string(), coin.amount);
            return contradicted(format!("the output is {value} to {script}, the node said {units} to {said}"));
        }
        if made.is_coinbase() != coin.coinbase {
            let (is, said) = (made.is_coinbase(), coin.coinbase);
            return contradicted(format!("block reward: {is}, the node said {said}"));
        }
        let Some((block, place)) = proofs.places.get(&txid) else { return Ok(Basis::Stated) };
        if (*place == 0) != coin.coinbase {
            return contradicted(format!(
                "it is at place {place} of its block, the node said block reward: {}",
                coin.coinbase
            ));
        }
        match self.chain.height(*block) {
            Some(height) if height != coin.height => {
                contradicted(format!("made at height {height}, the node said {}", coin.height))
            }
            Some(_) if self.chain.is_anchored(*block) => Ok(Basis::Proved),
            _ => Ok(Basis::Stated),
        }
    }

    /// Every Merkle block in the bundle; a broken one is a problem of its own.
    fn proofs(&mut self) -> Result<Proofs, BitcoinError> {
        let folder = paths::chain(self.query.chain, "");
        let mut proofs = Proofs::default();
        for path in self.files.list()? {
            let name = path.strip_prefix(&folder).and_then(|rest| rest.strip_prefix("merkle/"));
            let Some(block) = name.and_then(|name| name.strip_suffix(".bin")?.parse().ok()).map(internal) else {
                continue;
            };
            let bytes = self.files.read(&path)?.unwrap_or_default();
            match self.proof(block, &bytes)? {
                Ok(None) => {
                    let detail =
                        "the block's coinbase is not in the bundle, so its Merkle block proves nothing".to_owned();
                    self.problem(&codes::COINBASE_MISSING, path, detail);
                }
                Ok(Some(proof)) => {
                    proofs.places.extend(proof.places.into_iter().map(|(txid, place)| (txid, (block, place))));
                }
                Err(error) => {
                    self.problems.push(Problem::from_error(path, &error));
                    proofs.broken.insert(block, error);
                }
            }
        }
        Ok(proofs)
    }

    /// One Merkle block; `None` when the coinbase that fixes its depth is missing: then it shows nothing, for or
    /// against a coin.
    fn proof(
        &self,
        block: bitcoin::BlockHash,
        bytes: &[u8],
    ) -> Result<Result<Option<BlockProof>, MerkleProofError>, BitcoinError> {
        let proof = match block_proof(block, bytes) {
            Ok(proof) => proof,
            Err(error) => return Ok(Err(error)),
        };
        let coinbase = self.read(&paths::transaction(&proof.coinbase.to_string()))?;
        Ok(match coinbase {
            None => Ok(None),
            Some(bytes) => proof.check_coinbase(&bytes).map(|()| Some(proof)),
        })
    }
}

/// What the file of a transaction holds, when it is there.
type Made = Option<Result<Transaction, MerkleProofError>>;

/// A code and what was got and expected.
type Contradiction = (&'static Code, String);

/// What the Merkle blocks of a bundle prove.
#[derive(Default)]
struct Proofs {
    places: BTreeMap<Txid, (bitcoin::BlockHash, u32)>,
    broken: BTreeMap<bitcoin::BlockHash, MerkleProofError>,
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
