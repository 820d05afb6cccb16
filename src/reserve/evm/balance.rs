//! Balances at the cut-off block of an EVM chain. Specification: `docs/spec/evm-balance.md`.
//!
//! The native coin is proved by account proofs. Tokens rest on a node's answers only and are never `proved`: a
//! storage proof says what a slot holds, and which slot holds a balance is known only for a registered layout of a
//! token's code, which this version does not have.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::account_proof::{self, AccountProofError, NODE_BYTES_MAX};
use super::address::{AddressError, EvmAddress, chain_number};
use super::answers::Answers;
use super::header::{EvmHeader, HEADER_BYTES_MAX};
use super::lines::{self, LineError};
use crate::amount::Amount;
use crate::asset::{ChainId, DeploymentId};
use crate::basis::{Basis, Completeness};
use crate::bundle::{FileSource, SourceError, paths};
use crate::code::{Code, Coded, evm as codes};
use crate::hash::Digest;
use crate::reserve::claim::{ChainEvidence, ChainQuery, Holding, Problem};

mod chain;

use chain::HeaderChain;
pub use chain::HeaderLine;

/// One line of `proofs.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofLine {
    /// The nodes from the state root down, as lower-case hexadecimal digits.
    pub account_proof: Vec<String>,
    /// The address that they are said to be about; the verifier takes the key from its own question.
    pub address: String,
}

/// What the files and the transcript show about every asked address at the cut-off block.
///
/// # Errors
/// [`EvmError`] when a file cannot be read at all. What is wrong with a single address is a problem in the result,
/// and that address counts nothing.
pub fn balances(query: &ChainQuery<'_>, files: &dyn FileSource) -> Result<ChainEvidence, EvmError> {
    chain_number(query.chain)?;
    let mut problems = Vec::new();
    let headers = HeaderChain::read(query, files)?;
    let anchored = headers.anchored(query, &mut problems);
    let proofs = read_proofs(query, files)?;
    if headers.cutoff_root().is_none() && !(headers.is_empty() && proofs.is_empty()) {
        problems.push(problem(&codes::EVM_BLOCK_MISSING, query.cutoff_block, headers.missing_detail(query)));
    }
    let asked = Asked::read(query, &mut problems);
    let mut proved = check_proofs(&asked, headers.cutoff_root(), &proofs, &mut problems);
    let (answers, worth) = read_answers(query, &headers, &asked, &mut problems);
    // proofs need their block, a transcript must fit, and one of the two must be there
    let usable_proofs = proofs.is_empty() || headers.cutoff_root().is_some();
    let usable_answers = query.transcript.is_none() || worth > Basis::Assumed;
    let readable = usable_proofs && usable_answers && !(proofs.is_empty() && answers.amounts.is_empty());
    let mut collector = Collector { asked: &asked, answers, worth, anchored, holdings: Vec::new(), problems };
    for (address, text) in &asked.addresses {
        let proof = proved.remove(address).unwrap_or(Proof::None);
        collector.address(*address, text, proof);
    }
    let Collector { holdings, problems, .. } = collector;
    let cutoff = headers.cutoff_check(query, anchored);
    Ok(ChainEvidence { holdings, problems, cutoff, anchored, readable })
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

/// The question, read once: what stands in it twice counts once.
struct Asked {
    /// With the spelling of the committed set.
    addresses: BTreeMap<EvmAddress, String>,
    native: Option<DeploymentId>,
    tokens: BTreeMap<EvmAddress, DeploymentId>,
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
        match text.parse::<EvmAddress>() {
            Err(error) => problems.push(Problem::from_error(id.as_str(), &error)),
            Ok(token) => {
                if let Some(before) = self.tokens.get(&token) {
                    let detail = format!("the same token as {before}; counted once");
                    problems.push(problem(&codes::EVM_ADDRESS_TWICE, id, detail));
                } else {
                    self.tokens.insert(token, id.clone());
                }
            }
        }
    }
}

/// A line whose texts are decoded.
struct ReadProof {
    address: EvmAddress,
    nodes: Vec<Vec<u8>>,
}

fn read_proofs(query: &ChainQuery<'_>, files: &dyn FileSource) -> Result<Vec<ReadProof>, EvmError> {
    let path = paths::chain(query.chain, paths::EVM_PROOFS);
    let Some(file) = files.read(&path)? else { return Ok(Vec::new()) };
    let mut proofs = Vec::new();
    for (at, line) in lines::read::<ProofLine>(&path, &file)?.into_iter().enumerate() {
        let fail = |detail: String| lines::error(&path, at.saturating_add(1), detail);
        let address = line.address.parse().map_err(|error: AddressError| fail(error.to_string()))?;
        let nodes: Result<_, _> = line.account_proof.iter().map(|node| lines::bytes(node, NODE_BYTES_MAX)).collect();
        proofs.push(ReadProof { address, nodes: nodes.map_err(fail)? });
    }
    Ok(proofs)
}

/// What the account proofs say about one address.
enum Proof {
    /// There is none.
    None,
    /// It leads from the state root to this balance.
    Balance(Amount),
    /// It was refused: the address counts nothing, whatever a transcript says.
    Refused,
}

fn check_proofs(
    asked: &Asked,
    state_root: Option<&Digest>,
    proofs: &[ReadProof],
    problems: &mut Vec<Problem>,
) -> BTreeMap<EvmAddress, Proof> {
    let mut checked = BTreeMap::new();
    for proof in proofs {
        if !asked.addresses.contains_key(&proof.address) {
            let detail = "the address is not in the committed set";
            problems.push(problem(&codes::EVM_PROOF_UNASKED, proof.address, detail));
            continue;
        }
        if checked.contains_key(&proof.address) {
            problems.push(problem(&codes::EVM_PROOF_TWICE, proof.address, "a second proof; the first one is used"));
            continue;
        }
        let result = match state_root.map(|root| proved_balance(root, proof)) {
            None => Proof::Refused, // the missing header is a problem already
            Some(Ok(amount)) => Proof::Balance(amount),
            Some(Err(refused)) => {
                problems.push(*refused);
                Proof::Refused
            }
        };
        checked.insert(proof.address, result);
    }
    checked
}

fn proved_balance(root: &Digest, proof: &ReadProof) -> Result<Amount, Box<Problem>> {
    let refused = |error: AccountProofError| Box::new(Problem::from_error(proof.address.to_string(), &error));
    let Some(account) = account_proof::verify(root, proof.address, &proof.nodes).map_err(refused)? else {
        return Ok(Amount::ZERO);
    };
    u128::try_from(account.balance).map(Amount::from_base_units).map_err(|_| {
        let detail = format!("the balance {} exceeds 2^128 - 1", account.balance);
        Box::new(problem(&codes::EVM_BALANCE_TOO_LARGE, proof.address, detail))
    })
}

/// The transcript's answers and their worth; none when the transcript is not from this chain.
fn read_answers(
    query: &ChainQuery<'_>,
    headers: &HeaderChain,
    asked: &Asked,
    problems: &mut Vec<Problem>,
) -> (Answers, Basis) {
    let Some((transcript, worth)) = query.transcript else { return (Answers::default(), Basis::Assumed) };
    if let Err(detail) = headers.transcript_fits(query, &transcript.tip) {
        problems.push(problem(&codes::EVM_TRANSCRIPT_OTHER_CHAIN, &transcript.tip, detail));
        return (Answers::default(), Basis::Assumed);
    }
    let mut answers = Answers::read(transcript, query.cutoff_block.height);
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
    // what the answers prove is never more than that a node gave them
    (answers, worth.min(Basis::Observed))
}

struct Collector<'a> {
    asked: &'a Asked,
    answers: Answers,
    worth: Basis,
    anchored: bool,
    holdings: Vec<Holding>,
    problems: Vec<Problem>,
}

impl Collector<'_> {
    fn address(&mut self, address: EvmAddress, text: &str, proof: Proof) {
        let asked = self.asked;
        let mut rows = Vec::new();
        if let Some(native) = &asked.native {
            rows.push((native, self.native(address, proof)));
        }
        for (token, id) in &asked.tokens {
            let answer = self.answers.amounts.get(&(Some(*token), address)).copied();
            let row = self.answered(answer, id, address);
            rows.push((id, row));
        }
        rows.sort_by(|left, right| left.0.cmp(right.0));
        for (deployment, row) in rows {
            let Some((amount, authenticity, completeness)) = row else { continue };
            self.holdings.push(Holding {
                deployment: deployment.clone(),
                address: text.to_owned(),
                id: address.to_string(),
                amount,
                authenticity,
                completeness,
            });
        }
    }

    fn native(&mut self, address: EvmAddress, proof: Proof) -> Option<(Amount, Basis, Completeness)> {
        let answer = self.answers.amounts.get(&(None, address)).copied();
        match proof {
            Proof::Refused => None,
            Proof::None => {
                let native = self.asked.native.clone()?;
                self.answered(answer, &native, address)
            }
            Proof::Balance(amount) => self.proved(amount, answer.flatten(), address),
        }
    }

    /// A verified proof under a block that is anchored, or under one that only the bundle vouches for.
    fn proved(
        &mut self,
        amount: Amount,
        answer: Option<Amount>,
        address: EvmAddress,
    ) -> Option<(Amount, Basis, Completeness)> {
        if let Some(other) = answer.filter(|other| *other != amount) {
            let detail = format!("the proof says {}, the node {}", amount.base_units(), other.base_units());
            self.problems.push(problem(&codes::EVM_ANSWERS_DISAGREE, address, detail));
            if !self.anchored {
                return None;
            }
        }
        if self.anchored {
            return Some((amount, Basis::Proved, Completeness::Exact));
        }
        let stated = (amount, Basis::Stated, Completeness::UnspentStated);
        Some(answer.map_or(stated, |amount| worth_of(amount, self.worth.max(Basis::Stated))))
    }

    fn answered(
        &mut self,
        answer: Option<Option<Amount>>,
        id: &DeploymentId,
        address: EvmAddress,
    ) -> Option<(Amount, Basis, Completeness)> {
        match answer {
            Some(Some(amount)) => Some(worth_of(amount, self.worth)),
            Some(None) => None, // why is a problem already
            None => {
                let detail = format!("neither a proof nor a node's answer for {id}");
                self.problems.push(problem(&codes::EVM_BALANCE_MISSING, address, detail));
                None
            }
        }
    }
}

fn worth_of(amount: Amount, worth: Basis) -> (Amount, Basis, Completeness) {
    let completeness = match worth {
        Basis::Proved | Basis::Observed => Completeness::UnspentObserved,
        Basis::Stated => Completeness::UnspentStated,
        Basis::Assumed => Completeness::Existed,
    };
    (amount, worth, completeness)
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
            Self::Header { source, .. } => source.code(),
            Self::Unlinked { .. } => &codes::EVM_HEADERS_UNLINKED,
        }
    }
}

#[cfg(test)]
mod tests;
