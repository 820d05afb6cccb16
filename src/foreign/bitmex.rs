//! `bitmex`, also `river`: the whole tree in one file, sums in satoshi. Page: `docs/foreign/bitmex.md`.
//!
//! The file is read once, as a stream: a level is compared with the one above it by digests over runs of nodes, so that
//! memory does not grow with the tree.

use std::io::BufRead;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::error::{Fault, Kind};
use super::scheme::{Facts, Unbound};
use super::weakness::Weakness;
use crate::hash::{Digest, sha256};
use crate::json::uint;
use crate::ledger::Place;

/// How the file begins.
pub const HEAD: &str = "block_height:";
/// Levels of a tree: 2^32 leaves.
const LEVELS_MAX: u32 = 33;
/// Runs of nodes that are kept of one level.
const RUNS: u64 = 4096;
/// Bytes of a line: 64 digits, a comma, twenty digits.
const LINE_MAX: u64 = 128;
/// Leaves of one account that are listed.
const LEAVES_MAX: usize = 100_000;
/// Faults that are listed.
const FAULTS_MAX: usize = 20;

/// What is known of the format.
pub static FACTS: Facts = Facts {
    name: "bitmex",
    aliases: &["river"],
    weaknesses: &[Weakness::RootInFile, Weakness::SnapshotNotBound, Weakness::FieldsNotBound],
    // the height is hashed into the leaves only, and a node looks like a leaf: who has no nonce can check neither
    unbound: &[
        Unbound { field: "block_height", weakness: Weakness::SnapshotNotBound },
        Unbound { field: "lowest levels", weakness: Weakness::FieldsNotBound },
    ],
    source: "https://github.com/BitMEX/proof-of-reserves-liabilities, commit 3d7f47b, validate_liabilities.py; \
             https://github.com/RiverFinancial/proof-of-reserves, commit ef562ac, lib",
    page: "docs/foreign/bitmex.md",
    account: Some("account"),
};

/// The secret with which a customer finds their leaves. It is deleted from memory when it is dropped.
pub enum Nonce {
    /// The account's own, for every tree.
    Account(Zeroizing<[u8; 32]>),
    /// The one of this tree only.
    Tree(Zeroizing<[u8; 32]>),
}

/// Reads a nonce from its file's content.
///
/// # Errors
/// [`Kind::Nonce`]; the text itself is never repeated.
pub fn read_nonce(file: &[u8]) -> Result<Zeroizing<[u8; 32]>, Fault> {
    let text = std::str::from_utf8(file).unwrap_or_default().trim_end_matches(['\n', '\r']);
    let mut bytes = Zeroizing::new([0; 32]);
    match hex::decode_to_slice(text, bytes.as_mut_slice()) {
        Ok(()) => Ok(bytes),
        Err(_) => Err(Fault::new(Kind::Nonce, "got something else than 64 hexadecimal digits and a line end")),
    }
}

/// What the customer brings.
#[derive(Default)]
pub struct Question {
    /// The root that everybody sees.
    pub root: Option<Digest>,
    /// Whose leaves to find, and with what.
    pub key: Option<(Nonce, u64)>,
    /// The sum of these leaves, in satoshi.
    pub expected: Option<u64>,
}

/// A leaf that is the account's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Position among the leaves.
    pub index: u64,
    /// Satoshi.
    pub value: u64,
    /// Line in the file.
    pub line: u64,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Answer {
    /// Height of the block that the file names.
    pub height: u64,
    /// The root's hash, as stated, which the leaves lead to when there is no fault.
    pub root: Option<Digest>,
    /// The root's sum.
    pub total: u64,
    /// Number of leaves.
    pub leaf_count: u64,
    /// The account's leaves.
    pub leaves: Vec<Leaf>,
    /// Everything that does not fit or could not be judged.
    pub faults: Vec<Fault>,
}

impl Answer {
    /// Whether every node is made from its children, and the leaves were found that were asked for.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        !self.faults.iter().any(Fault::is_failure)
    }

    /// The sum of the account's leaves; `None` when it does not fit.
    #[must_use]
    pub fn own(&self) -> Option<u64> {
        self.leaves.iter().try_fold(0_u64, |sum, leaf| sum.checked_add(leaf.value))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Node {
    hash: [u8; 32],
    value: u64,
}

impl Node {
    fn parent(left: &Self, right: &Self) -> Option<Self> {
        let value = left.value.checked_add(right.value)?;
        let parts = [&left.hash[..], &left.value.to_le_bytes(), &right.hash, &right.value.to_le_bytes()];
        Some(Self { hash: sha256(&parts.concat()).to_bytes(), value })
    }
}

/// Digests over runs of nodes of one level.
struct Runs {
    length: u64,
    hasher: Sha256,
    inside: u64,
    done: Vec<[u8; 32]>,
}

impl Runs {
    fn of_level(level: u32) -> Self {
        let width = 1_u64.checked_shl(level).unwrap_or(u64::MAX);
        Self { length: (width / RUNS).max(1), hasher: Sha256::new(), inside: 0, done: Vec::new() }
    }

    fn add(&mut self, node: &Node) {
        self.hasher.update(node.hash);
        self.hasher.update(node.value.to_le_bytes());
        self.inside += 1;
        if self.inside == self.length {
            self.done.push(std::mem::replace(&mut self.hasher, Sha256::new()).finalize().into());
            self.inside = 0;
        }
    }
}

/// Reads a whole tree and checks every node. `progress` is told the bytes of each line.
///
/// # Errors
/// [`Fault`] when a line cannot be read or the tree is not complete.
pub fn verify(
    source: &str,
    file: impl BufRead,
    question: &Question,
    progress: &mut dyn FnMut(u64),
) -> Result<Answer, Fault> {
    let mut reader = Reader { file, source, number: 0, line: Vec::new() };
    let height = reader.height()?;
    let mut answer = Answer { height, ..Answer::default() };
    let key = question.key.as_ref().map(|(nonce, account)| tree_nonce(nonce, height, *account));
    let mut above: Option<Runs> = None;
    for level in 0..LEVELS_MAX {
        let width = 1_u64 << level;
        let Some(read) = reader.level(level, width, key.as_deref(), &mut answer, progress)? else { break };
        answer.leaf_count = width;
        answer.leaves = read.leaves;
        if let Some(stated) = &above {
            compare(source, level - 1, stated, &read.parents, &mut answer.faults);
        }
        above = Some(read.stated);
    }
    if answer.leaf_count == 0 || reader.next()? {
        let detail = format!("got {} levels, expected 1 to {LEVELS_MAX}", answer.leaf_count.max(1).ilog2());
        return Err(Fault::new(Kind::TreeShape, detail));
    }
    judge(question, &mut answer);
    Ok(answer)
}

/// What the customer asked of a tree that was read.
fn judge(question: &Question, answer: &mut Answer) {
    match (question.root, answer.root) {
        (Some(expected), Some(got)) if expected != got => {
            let detail = format!("the tree has the root {got}, given is {expected}");
            answer.faults.push(Fault::new(Kind::OtherRoot, detail));
        }
        (None, Some(got)) => {
            answer.faults.push(Fault::new(Kind::RootOwn, format!("its root is {got}, which nobody else named")));
        }
        _ => {}
    }
    let Some((_, account)) = &question.key else { return };
    if answer.leaves.is_empty() {
        let detail = format!("none of {} leaves is of account {account} under this nonce", answer.leaf_count);
        answer.faults.push(Fault::new(Kind::NoLeaf, detail));
    } else if question.expected.is_some_and(|expected| answer.own() != Some(expected)) {
        let (got, expected) = (answer.own().unwrap_or(u64::MAX), question.expected.unwrap_or(0));
        answer.faults.push(Fault::new(Kind::Expected, format!("the leaves have {got} sat, expected {expected}")));
    }
}

fn compare(source: &str, level: u32, stated: &Runs, computed: &Runs, faults: &mut Vec<Fault>) {
    // the line of the level's first node: the head, and 2^level - 1 nodes before it
    let first = (1_u64 << level) + 1;
    let differ = (0_u64..).zip(stated.done.iter().zip(&computed.done)).filter(|(_, (stated, got))| stated != got);
    for (run, _) in differ {
        if faults.len() == FAULTS_MAX {
            return;
        }
        let (begin, end) = (first + run * stated.length, first + (run + 1) * stated.length - 1);
        let which = if begin == end { "the node".to_owned() } else { format!("a node of lines {begin} to {end}") };
        let detail =
            format!("{which} is not made from its children, which stand in lines {} to {}", 2 * begin - 1, 2 * end);
        faults.push(Fault::in_line(Kind::Tree, Place::in_line(source, begin, b"", 0..0), detail));
    }
}

/// The key of an account's leaves in one tree.
fn tree_nonce(nonce: &Nonce, height: u64, account: u64) -> Zeroizing<[u8; 32]> {
    match nonce {
        Nonce::Tree(nonce) => nonce.clone(),
        Nonce::Account(nonce) => {
            let mut hasher = Sha256::new();
            hasher.update(nonce.as_slice());
            hasher.update(height.to_le_bytes());
            hasher.update(account.to_le_bytes());
            Zeroizing::new(hasher.finalize().into())
        }
    }
}

/// The hash of a leaf; `None` never, for HMAC takes keys of any length.
fn leaf_hash(key: &[u8; 32], value: u64, index: u64) -> Option<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(&value.to_le_bytes());
    mac.update(&index.to_le_bytes());
    Some(mac.finalize().into_bytes().into())
}

struct Level {
    stated: Runs,
    parents: Runs,
    leaves: Vec<Leaf>,
}

struct Reader<'a, R> {
    file: R,
    source: &'a str,
    number: u64,
    line: Vec<u8>,
}

impl<R: BufRead> Reader<'_, R> {
    /// Reads the next line; `false` at the end.
    fn next(&mut self) -> Result<bool, Fault> {
        self.line.clear();
        let mut limited = std::io::Read::take(&mut self.file, LINE_MAX + 1);
        let read = limited.read_until(b'\n', &mut self.line);
        let length = read.map_err(|error| Fault::new(Kind::Malformed, error.to_string()))?;
        self.number += u64::from(length > 0);
        if length as u64 > LINE_MAX {
            return Err(self.fault(Kind::TooLarge, 0..60, format!("a line of more than {LINE_MAX} bytes")));
        }
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
        }
        Ok(length > 0)
    }

    fn fault(&self, kind: Kind, at: std::ops::Range<usize>, detail: impl Into<String>) -> Fault {
        Fault::in_line(kind, Place::in_line(self.source, self.number, &self.line, at), detail)
    }

    fn height(&mut self) -> Result<u64, Fault> {
        self.next()?;
        let text = std::str::from_utf8(&self.line).unwrap_or_default();
        let height = text.strip_prefix(HEAD).and_then(uint::parse);
        let all = 0..self.line.len();
        height.ok_or_else(|| self.fault(Kind::Unrecognised, all, format!("expected {HEAD} and a number")))
    }

    fn node(&self) -> Result<Node, Fault> {
        let all = 0..self.line.len();
        let text = std::str::from_utf8(&self.line).unwrap_or_default();
        let (hash, value) = text
            .split_once(',')
            .ok_or_else(|| self.fault(Kind::Malformed, all, "expected a hash, a comma and a value"))?;
        let mut bytes = [0; 32];
        let is_lower = !hash.bytes().any(|byte| byte.is_ascii_uppercase());
        if !is_lower || hex::decode_to_slice(hash, &mut bytes).is_err() {
            let detail = "expected 64 hexadecimal digits in lower case";
            return Err(self.fault(Kind::Malformed, 0..hash.len(), detail));
        }
        let place = hash.len() + 1..self.line.len();
        let fault = || self.fault(Kind::Amount, place, "expected whole satoshi below 2^64, without zeros before them");
        Ok(Node { hash: bytes, value: uint::parse(value).ok_or_else(fault)? })
    }

    /// Reads a level; `None` when the file ends before it.
    fn level(
        &mut self,
        level: u32,
        width: u64,
        key: Option<&[u8; 32]>,
        answer: &mut Answer,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Option<Level>, Fault> {
        let mut read = Level {
            stated: Runs::of_level(level),
            parents: Runs::of_level(level.saturating_sub(1)),
            leaves: Vec::new(),
        };
        let mut left: Option<Node> = None;
        for index in 0..width {
            if !self.next()? {
                if index == 0 {
                    return Ok(None);
                }
                let detail = format!("the file ends after {index} of {width} nodes of level {level}");
                return Err(Fault::new(Kind::TreeShape, detail));
            }
            progress(self.line.len() as u64 + 1);
            let node = self.node()?;
            read.stated.add(&node);
            if level == 0 {
                (answer.root, answer.total) = (Some(Digest::from_bytes(node.hash)), node.value);
            }
            match left.take() {
                None => left = Some(node),
                Some(before) => {
                    let parent = Node::parent(&before, &node).ok_or_else(|| {
                        self.fault(Kind::Tree, 0..self.line.len(), "both children have 2^64 satoshi or more")
                    })?;
                    read.parents.add(&parent);
                }
            }
            if key.is_some_and(|key| leaf_hash(key, node.value, index) == Some(node.hash)) {
                if read.leaves.len() == LEAVES_MAX {
                    return Err(Fault::new(Kind::TooLarge, format!("more than {LEAVES_MAX} leaves of one account")));
                }
                read.leaves.push(Leaf { index, value: node.value, line: self.number });
            }
        }
        Ok(Some(read))
    }
}

/// What was found, for programs: texts only.
#[must_use]
pub fn json(answer: &Answer) -> String {
    let leaf = |leaf: &Leaf| {
        let [index, value, line] = [leaf.index, leaf.value, leaf.line].map(|number| number.to_string());
        serde_json::json!({ "index": index, "satoshi": value, "line": line })
    };
    let report = serde_json::json!({
        "format": FACTS.name,
        "consistent": answer.is_consistent(),
        "root": answer.root.map(|root| root.to_string()),
        "height": answer.height.to_string(),
        "leaf_count": answer.leaf_count.to_string(),
        "total_satoshi": answer.total.to_string(),
        "leaves": answer.leaves.iter().map(leaf).collect::<Vec<_>>(),
        "weaknesses": super::weaknesses_json(&FACTS),
        "faults": super::faults_json(&answer.faults),
    });
    format!("{report:#}")
}

/// Writes a tree over leaves whose number is a power of two: account, account nonce and satoshi of each. `None` when
/// the number is another one, or a sum is 2^64 or more.
#[must_use]
pub fn build(height: u64, leaves: &[(u64, [u8; 32], u64)]) -> Option<String> {
    let leaf = |(index, (account, nonce, value)): (u64, &(u64, [u8; 32], u64))| {
        let key = tree_nonce(&Nonce::Account(Zeroizing::new(*nonce)), height, *account);
        Some(Node { hash: leaf_hash(&key, *value, index)?, value: *value })
    };
    if !leaves.len().is_power_of_two() {
        return None;
    }
    let mut levels = vec![(0..).zip(leaves).map(leaf).collect::<Option<Vec<Node>>>()?];
    while let Some(below) = levels.last().filter(|below| below.len() > 1) {
        let parents = below.chunks(2).map(|pair| match pair {
            [left, right] => Node::parent(left, right),
            _ => None,
        });
        levels.push(parents.collect::<Option<Vec<Node>>>()?);
    }
    let line = |node: &Node| format!("{},{}\n", hex::encode(node.hash), node.value);
    Some(format!("{HEAD}{height}\n{}", levels.iter().rev().flatten().map(line).collect::<String>()))
}
