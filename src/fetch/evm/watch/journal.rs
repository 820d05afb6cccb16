//! The journal of a watch: one line per block, only ever appended to. What a kill cuts is its last line.

use std::collections::{BTreeMap, HashSet};
use std::io::BufRead;

use serde::{Deserialize, Serialize};

use super::super::proofs::Accounts;
use super::super::{Request, question};
use crate::asset::ChainId;
use crate::bundle::{MemoryFiles, paths};
use crate::code::evm_window as codes;
use crate::fetch::rpc::FetchError;
use crate::hash::{Digest, sha256};
use crate::json::{self, uint};
use crate::reserve::evm::header::HEADER_BYTES_MAX;
use crate::reserve::evm::keccak;
use crate::reserve::evm::trie::NODE_BYTES_MAX;
use crate::reserve::evm::window::{RECEIPTS_BYTES_MAX, WindowHeader};

const FORMAT: &str = "counterfoil-evm-watch-v1";
/// The longest line, in bytes: receipts in hexadecimal digits, and many nodes.
const LINE_MAX: u64 = 1 << 28;

/// What one line says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Line {
    /// The first line: whose journal it is.
    Head {
        /// Name and version of the format.
        format: String,
        /// The chain.
        chain: ChainId,
        /// SHA-256 over the addresses, deployments and pools asked about.
        question: Digest,
    },
    /// A block, with the nodes that came with it: of its state, and of the one before.
    Block {
        #[serde(with = "uint")]
        number: u64,
        rlp: String,
        nodes: Vec<String>,
        receipts: Option<String>,
        /// Whether every address and token is proved at this block.
        whole: bool,
    },
    /// Everything proved at a block that has its line already.
    Whole {
        #[serde(with = "uint")]
        number: u64,
        nodes: Vec<String>,
    },
    /// The chain went another way: this block and those above it are no longer in it.
    Drop {
        #[serde(with = "uint")]
        number: u64,
    },
}

/// One block of a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    hash: Digest,
    rlp: Vec<u8>,
    receipts: Option<Vec<u8>>,
    whole: bool,
}

/// A journal as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    chain: ChainId,
    question: Digest,
    blocks: BTreeMap<u64, Kept>,
    nodes: Vec<Vec<u8>>,
    known: HashSet<[u8; 32]>,
    /// How many bytes of the file are whole lines.
    length: u64,
}

/// The question that a journal answers, as one hash.
fn question_of(request: &Request) -> Digest {
    let mut items: Vec<String> = request.addresses.iter().map(|address| address.to_lowercase()).collect();
    items.extend(request.deployments.iter().map(|id| id.as_str().to_owned()));
    let pools = request.pools.iter().filter(|pool| pool.chain == request.chain);
    items.extend(pools.map(|pool| format!("pool {}", pool.contract)));
    items.sort_unstable();
    items.dedup();
    sha256(items.join("\n").as_bytes())
}

fn malformed(line: usize, detail: impl std::fmt::Display) -> FetchError {
    question(&codes::EVM_WATCH_MALFORMED, &format!("line {line}: {detail}"))
}

fn digits(line: usize, text: &str, max: usize) -> Result<Vec<u8>, FetchError> {
    if text.len() > max.saturating_mul(2) {
        return Err(malformed(line, format!("{} digits, expected at most {}", text.len(), max.saturating_mul(2))));
    }
    hex::decode(text).map_err(|error| malformed(line, error))
}

impl Journal {
    /// A journal without a block, and its first line.
    ///
    /// # Errors
    /// [`FetchError`] when the line cannot be written as JSON, which no chain leads to.
    pub fn begin(request: &Request) -> Result<(Self, Vec<u8>), FetchError> {
        let (chain, question) = (request.chain.clone(), question_of(request));
        let head = Line::Head { format: FORMAT.to_owned(), chain: chain.clone(), question };
        let bytes = to_bytes(&head)?;
        let length = bytes.len() as u64;
        let empty = Self { chain, question, blocks: BTreeMap::new(), nodes: Vec::new(), known: HashSet::new(), length };
        Ok((empty, bytes))
    }

    /// Reads a journal that answers the question of `request`. A last line without its end was cut, and is left out.
    ///
    /// # Errors
    /// `CF-6119` for another form, `CF-6118` for another question.
    pub fn read(mut file: impl BufRead, request: &Request) -> Result<Self, FetchError> {
        let (mut journal, _) = Self::begin(request)?;
        journal.length = 0;
        for number in 1.. {
            let mut line = Vec::new();
            let read = std::io::Read::take(&mut file, LINE_MAX).read_until(b'\n', &mut line);
            let length = read.map_err(|error| malformed(number, error))?;
            if line.pop() != Some(b'\n') {
                if length as u64 == LINE_MAX {
                    return Err(malformed(number, format!("more than {LINE_MAX} bytes")));
                }
                break;
            }
            let line: Line = json::read(&line).map_err(|error| malformed(number, error))?;
            journal.take(number, line, request)?;
            journal.length = journal.length.saturating_add(length as u64);
        }
        if journal.length == 0 {
            return Err(malformed(1, "it has no first line"));
        }
        Ok(journal)
    }

    fn take(&mut self, at: usize, line: Line, request: &Request) -> Result<(), FetchError> {
        match line {
            Line::Head { format, chain, question: asked } if at == 1 && format == FORMAT => {
                if (&chain, asked) != (&request.chain, self.question) {
                    let detail =
                        format!("it is of {chain} and another list of addresses or tokens, expected {}", request.chain);
                    let detail =
                        if chain == request.chain { "another list of addresses or tokens".to_owned() } else { detail };
                    return Err(question(&codes::EVM_WATCH_FOREIGN, &detail));
                }
            }
            Line::Head { format, .. } => {
                return Err(malformed(at, format!("format {format:?}, expected {FORMAT:?} first")));
            }
            _ if at == 1 => return Err(malformed(at, "it does not begin with its head")),
            Line::Block { number, rlp, nodes, receipts, whole } => {
                let rlp = digits(at, &rlp, HEADER_BYTES_MAX)?;
                let header = WindowHeader::parse(&rlp).map_err(|error| malformed(at, error))?;
                let follows = self
                    .last()
                    .is_none_or(|(last, hash)| last.checked_add(1) == Some(number) && header.header().parent() == hash);
                if header.number() != number || !follows {
                    return Err(malformed(at, format!("block {number} does not follow the line before")));
                }
                let receipts = receipts.map(|text| digits(at, &text, RECEIPTS_BYTES_MAX)).transpose()?;
                self.keep(at, &nodes)?;
                self.blocks.insert(number, Kept { hash: header.header().hash(), rlp, receipts, whole });
            }
            Line::Whole { number, nodes } => {
                self.keep(at, &nodes)?;
                let kept = self.blocks.get_mut(&number);
                kept.ok_or_else(|| malformed(at, format!("block {number} has no line")))?.whole = true;
            }
            Line::Drop { number } => {
                self.blocks.split_off(&number);
            }
        }
        Ok(())
    }

    fn keep(&mut self, at: usize, nodes: &[String]) -> Result<(), FetchError> {
        for text in nodes {
            let node = digits(at, text, NODE_BYTES_MAX)?;
            self.add(node);
        }
        Ok(())
    }

    fn add(&mut self, node: Vec<u8>) {
        if self.known.insert(keccak(&node)) {
            self.nodes.push(node);
        }
    }

    /// Whether some line has this node.
    pub(super) fn knows(&self, node: &[u8]) -> bool {
        self.known.contains(&keccak(node))
    }

    /// Takes a line that was made here, so that the journal is as if it had been read again; its bytes.
    pub(super) fn append(&mut self, line: Line, request: &Request) -> Result<Vec<u8>, FetchError> {
        let bytes = to_bytes(&line)?;
        self.take(2, line, request)?;
        self.length = self.length.saturating_add(bytes.len() as u64);
        Ok(bytes)
    }

    /// How many bytes of the file are whole lines; what follows is cut off before anything is appended.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// First and last block; `None` before there is one.
    #[must_use]
    pub fn range(&self) -> Option<(u64, u64)> {
        Some((*self.blocks.keys().next()?, *self.blocks.keys().next_back()?))
    }

    /// Whether every address and token is proved at a block.
    #[must_use]
    pub fn is_whole_at(&self, number: u64) -> bool {
        self.blocks.get(&number).is_some_and(|kept| kept.whole)
    }

    /// A window, and the blocks around it up to the next ones at which everything is proved: without a proof at its
    /// ends nothing is known of them.
    #[must_use]
    pub fn around(&self, from: u64, to: u64) -> (u64, u64) {
        let whole = |(number, kept): (&u64, &Kept)| kept.whole.then_some(*number);
        let first = self.blocks.range(..=from).rev().find_map(whole);
        let last = self.blocks.range(to..).find_map(whole);
        (first.unwrap_or(from), last.unwrap_or(to))
    }

    pub(super) fn last(&self) -> Option<(u64, Digest)> {
        self.blocks.last_key_value().map(|(number, kept)| (*number, kept.hash))
    }

    /// The nodes of the journal, and its receipts of a window. `rlps` are the headers of the window from the node.
    pub(in crate::fetch::evm) fn copy(
        &self,
        from: u64,
        to: u64,
        rlps: &[Vec<u8>],
        accounts: &mut Accounts<'_>,
        files: &mut MemoryFiles,
    ) -> Result<(), FetchError> {
        let gap = |detail: String| Err(question(&codes::EVM_WATCH_GAP, &detail));
        for (number, rlp) in (from..=to).zip(rlps) {
            let Some(kept) = self.blocks.get(&number) else {
                let (first, last) = self.range().unwrap_or_default();
                return gap(format!("block {number} of {from}..{to}, the journal has {first} to {last}"));
            };
            if kept.rlp != *rlp {
                return gap(format!("block {number} is {} in the journal, the node has another", kept.hash));
            }
            if let Some(receipts) = &kept.receipts {
                files.insert(paths::evm_receipts(number), receipts.clone());
            }
        }
        self.nodes.iter().for_each(|node| accounts.keep(node));
        Ok(())
    }
}

fn to_bytes(line: &Line) -> Result<Vec<u8>, FetchError> {
    let bytes = json::canonical(line).map_err(|error| malformed(0, error))?;
    Ok([bytes, b"\n".to_vec()].concat())
}

#[cfg(test)]
mod tests;
