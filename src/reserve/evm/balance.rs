//! Balances at the cut-off block of an EVM chain. Specification: `docs/spec/evm-balance.md`.
//!
//! The native coin is proved by accounts of the state, tokens by storage slots where the registry knows their code.
//! What is not proved rests on a node's answers and is `observed` at best.

use std::collections::{BTreeMap, BTreeSet};

use super::address::{AddressError, EvmAddress};
use super::answers::Answers;
use super::header::{EvmHeader, HEADER_BYTES_MAX};
use super::lines::{self, LineError};
use super::state::State;
use super::token::TokenRegistry;
use super::trie::PoolError;
use crate::asset::{ChainId, DeploymentId};
use crate::basis::Basis;
use crate::bundle::{FileSource, SourceError, paths};
use crate::code::{Code, Coded, evm as codes};
use crate::hash::Digest;
use crate::reserve::claim::{ChainEvidence, ChainQuery, Problem};

mod chain;
mod collect;

pub(super) use chain::HeaderChain;
pub use chain::HeaderLine;
use collect::Collector;

/// What the files and the transcript show about every asked address at the cut-off block. `tokens` are the entries of
/// the verifier: those of the program and of the policy.
///
/// # Errors
/// [`EvmError`] when a file cannot be read at all. What is wrong with a single address is a problem in the result,
/// and that address counts nothing.
pub fn balances(
    query: &ChainQuery<'_>,
    files: &dyn FileSource,
    tokens: &TokenRegistry,
) -> Result<ChainEvidence, EvmError> {
    let mut state = State::open(query, files)?;
    let mut problems = std::mem::take(&mut state.problems);
    let rooted = state.root().is_some();
    let offered = !state.headers.is_empty() || !state.pool.is_empty();
    if offered && !rooted {
        problems.push(problem(&codes::EVM_BLOCK_MISSING, query.cutoff_block, state.headers.missing_detail(query)));
    }
    let asked = Asked::read(query, &mut problems);
    let (answers, worth) = read_answers(&state, &asked, &mut problems);
    // nodes need their block, a transcript must fit, and one of the two must be there
    let usable_nodes = state.pool.is_empty() || rooted;
    let usable_answers = query.transcript.is_none() || worth > Basis::Assumed;
    let readable = usable_nodes && usable_answers && !(state.pool.is_empty() && answers.amounts.is_empty());
    let (holdings, problems) = Collector::new(&state, &asked, answers, worth, problems).run(tokens);
    let cutoff = state.headers.cutoff_check(query, state.anchored);
    Ok(ChainEvidence { holdings, problems, cutoff, anchored: state.anchored, readable })
}

/// The block of this number among the headers of a bundle; `None` when it is not there or they cannot be read.
#[must_use]
pub fn hash_at(chain: &ChainId, number: u64, files: &dyn FileSource) -> Option<Digest> {
    let path = paths::chain(chain, paths::EVM_HEADERS);
    let lines = lines::read::<HeaderLine>(&path, &files.read(&path).ok()??).ok()?;
    let headers = lines.iter().filter_map(|line| {
        let bytes = lines::bytes(&line.rlp, HEADER_BYTES_MAX).ok()?;
        EvmHeader::parse(&bytes).ok()
    });
    headers.into_iter().find(|header| header.number() == number).map(|header| header.hash())
}

fn problem(code: &'static Code, subject: impl std::fmt::Display, detail: impl Into<String>) -> Problem {
    Problem { code, subject: subject.to_string(), detail: detail.into() }
}

/// A token that counts.
struct AskedToken {
    id: DeploymentId,
    /// Whether the policy counts it in shares.
    shares: bool,
}

/// The question, read once: what stands in it twice counts once.
struct Asked {
    /// With the spelling of the committed set.
    addresses: BTreeMap<EvmAddress, String>,
    native: Option<DeploymentId>,
    tokens: BTreeMap<EvmAddress, AskedToken>,
}

impl Asked {
    fn read(query: &ChainQuery<'_>, problems: &mut Vec<Problem>) -> Self {
        let mut asked = Self { addresses: BTreeMap::new(), native: None, tokens: BTreeMap::new() };
        for text in query.addresses {
            match text.parse::<EvmAddress>() {
                Err(error) => problems.push(Problem::from_error(*text, &error)),
                Ok(address) => match asked.addresses.get(&address) {
                    None => {
                        asked.addresses.insert(address, (*text).to_owned());
                    }
                    Some(before) => {
                        let detail = format!("asked before as {before}; counted once");
                        problems.push(problem(&codes::EVM_ADDRESS_TWICE, text, detail));
                    }
                },
            }
        }
        let of_chain: BTreeSet<&DeploymentId> =
            query.deployments.iter().filter(|id| id.chain().as_ref() == Some(query.chain)).collect();
        for id in of_chain {
            asked.deployment(id, problems);
        }
        asked
    }

    fn deployment(&mut self, id: &DeploymentId, problems: &mut Vec<Problem>) {
        if id.asset() == "slip44:60" {
            self.native = Some(id.clone());
            return;
        }
        let Some(text) = id.asset().strip_prefix("erc20:") else {
            let detail = format!("{:?}, expected slip44:60 or erc20: and an address", id.asset());
            problems.push(problem(&codes::EVM_DEPLOYMENT, id, detail));
            return;
        };
        let (text, shares) = text.strip_suffix("/shares").map_or((text, false), |text| (text, true));
        match text.parse::<EvmAddress>() {
            Err(error) => problems.push(Problem::from_error(id.as_str(), &error)),
            Ok(token) => {
                if let Some(before) = self.tokens.get(&token) {
                    let detail = format!("the same token as {}; counted once", before.id);
                    problems.push(problem(&codes::EVM_ADDRESS_TWICE, id, detail));
                } else {
                    self.tokens.insert(token, AskedToken { id: id.clone(), shares });
                }
            }
        }
    }
}

/// The transcript's answers and their worth; none when the transcript is not from this chain.
fn read_answers(state: &State<'_>, asked: &Asked, problems: &mut Vec<Problem>) -> (Answers, Basis) {
    let (transcript, worth) = match (state.transcript(), state.query.transcript) {
        (Some(Ok(fits)), _) => fits,
        (Some(Err(detail)), Some((transcript, _))) => {
            problems.push(problem(&codes::EVM_TRANSCRIPT_OTHER_CHAIN, &transcript.tip, detail));
            return (Answers::default(), Basis::Assumed);
        }
        _ => return (Answers::default(), Basis::Assumed),
    };
    let mut answers = Answers::read(transcript, state.query.cutoff_block.height);
    problems.append(&mut answers.problems);
    let unasked: BTreeSet<EvmAddress> = answers
        .amounts
        .keys()
        .map(|(_, holder)| *holder)
        .filter(|holder| !asked.addresses.contains_key(holder))
        .collect();
    for holder in unasked {
        problems.push(problem(&codes::EVM_ANSWER_UNASKED, holder, "the address is not in the committed set"));
    }
    (answers, worth)
}

/// Why the evidence of a chain cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvmError {
    /// A file cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The chain is not an EVM chain.
    #[error(transparent)]
    Chain(#[from] AddressError),
    /// A line is malformed.
    #[error(transparent)]
    Line(#[from] LineError),
    /// The file of nodes is malformed.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// A header is malformed.
    #[error("{path}:{line}: {source}")]
    Header {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        source: super::header::HeaderError,
    },
    /// A header does not follow the one before.
    #[error("{path}:{line}: {what} is {got}, expected {expected}")]
    Unlinked {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
        /// Which field.
        what: &'static str,
        /// Its value.
        got: String,
        /// The value that follows from the header before.
        expected: String,
    },
}

impl Coded for EvmError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Source(_) => &codes::EVM_EVIDENCE_MALFORMED,
            Self::Chain(error) => error.code(),
            Self::Line(error) => error.code(),
            Self::Pool(error) => error.code(),
            Self::Header { source, .. } => source.code(),
            Self::Unlinked { .. } => &codes::EVM_HEADERS_UNLINKED,
        }
    }
}

#[cfg(test)]
mod tests;
