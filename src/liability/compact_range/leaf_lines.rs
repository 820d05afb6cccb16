//! Leaves that another engine hashed: one line each, `digest,amount`, in the order of the tree.

use std::io::{self, BufRead, Read as _};

use super::{TreeName, TreeRange, TreeRangeError};
use crate::amount::Amount;
use crate::code::{Code, Coded, liability as codes};
use crate::hash::{Digest, decode_lower};
use crate::liability::FAULTS_KEPT;
use crate::liability::sum_tree::{CompactRange, SumNode};

/// Bytes of the longest line: digest, comma, the 39 digits of 2^128 - 1, line feed.
const LINE_MAX: u64 = 64 + 1 + 39 + 1;

/// What is wrong with a line. The line itself is not shown: it has somebody's balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeafFault {
    /// The part behind the comma.
    #[error("expected an amount of base units behind the comma: digits alone, below 2^128")]
    Amount,
    /// The part before the comma.
    #[error("expected a digest before the comma: 64 lower-case hexadecimal digits")]
    Digest,
    /// No comma.
    #[error("expected a digest, a comma and an amount, got no comma")]
    NoComma,
    /// A position beyond those that a range can name.
    #[error("expected no further leaf: a range ends at leaf 2^64 - 1 at most")]
    Position,
    /// More bytes than any leaf has.
    #[error("expected at most 104 characters, got more")]
    TooLong,
    /// The last line has no line feed.
    #[error("expected a line feed behind the last line: without it, nobody knows whether the amount was cut")]
    Unfinished,
}

/// A line that is no leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct LeafLineError {
    /// The line, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub fault: LeafFault,
}

impl Coded for LeafLineError {
    fn code(&self) -> &'static Code {
        &codes::LEAF_LINES
    }
}

/// Why lines give no range.
#[derive(Debug, thiserror::Error)]
pub enum LeavesError {
    /// The first [`FAULTS_KEPT`] lines that are no leaves.
    #[error("{} lines are no leaves", .0.len())]
    Lines(Vec<LeafLineError>),
    /// They cannot be read.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The leaves are no range.
    #[error("{0}")]
    Range(#[from] TreeRangeError),
}

/// Hashes the leaves of `input`, the first of which is leaf `begin` of the tree. Keeps O(log n) nodes, whatever the
/// number of lines.
///
/// # Errors
/// [`LeavesError`].
pub fn read_leaves(input: &mut dyn BufRead, tree: TreeName, begin: u64) -> Result<TreeRange, LeavesError> {
    let mut range = CompactRange::starting_at(begin);
    let (mut text, mut line, mut faults) = (Vec::new(), 0_u64, Vec::new());
    while faults.len() < FAULTS_KEPT {
        text.clear();
        if input.take(LINE_MAX).read_until(b'\n', &mut text)? == 0 {
            break;
        }
        line += 1;
        let leaf = match text.strip_suffix(b"\n") {
            Some(_) if range.end() == u64::MAX => Err(LeafFault::Position),
            Some(text) => parse(text),
            None => Err(skip_rest(input)?),
        };
        match leaf {
            // behind a fault, lines are only looked at
            Ok(leaf) if faults.is_empty() => range.append(leaf).map_err(|_| TreeRangeError::Overflow)?,
            Ok(_) => {}
            Err(fault) => {
                faults.push(LeafLineError { line, fault });
                if fault == LeafFault::Position {
                    break;
                }
            }
        }
    }
    if faults.is_empty() { Ok(TreeRange::new(tree, range)?) } else { Err(LeavesError::Lines(faults)) }
}

fn parse(line: &[u8]) -> Result<SumNode, LeafFault> {
    let comma = line.iter().position(|&byte| byte == b',').ok_or(LeafFault::NoComma)?;
    let (digest, amount) = line.split_at_checked(comma).ok_or(LeafFault::NoComma)?;
    let digest = str::from_utf8(digest).ok().and_then(decode_lower).ok_or(LeafFault::Digest)?;
    let amount = amount.get(1..).and_then(|amount| str::from_utf8(amount).ok()).ok_or(LeafFault::Amount)?;
    let sum = Amount::parse_base_units(amount).map_err(|_| LeafFault::Amount)?;
    Ok(SumNode { digest: Digest::from_bytes(digest), sum })
}

/// What a line without its end is: too long, or the last. What is left of it is not read as the next line.
fn skip_rest(input: &mut dyn BufRead) -> io::Result<LeafFault> {
    if input.fill_buf()?.is_empty() {
        return Ok(LeafFault::Unfinished);
    }
    input.skip_until(b'\n')?;
    Ok(LeafFault::TooLong)
}
