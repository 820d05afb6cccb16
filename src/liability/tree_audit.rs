//! Auditing a store: everything is computed again from the leaves and compared with what is kept.
//! Specification: `docs/spec/store.md`.
//!
//! Each leaf must stand where the key puts its account, each kept node must be the hash of what is below it, the root
//! and total must be those of the commitment, and each file must have the checksum of the header. The first difference
//! is named, in the order of the leaves.

mod chunk;
mod compare;
mod pieces;

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

pub use compare::{LeafDifference, first_difference};

use crate::asset::{AssetId, Class};
use crate::code::{Code, Coded, liability as codes};
use crate::hash::Checksummer;
use crate::liability::build::{Phase, Progress};
use crate::liability::leaf::OrderKey;
use crate::liability::store::header::Section;
use crate::liability::store::{Store, StoreError, StoredTree};
use crate::liability::sum_tree::{CompactRange, RangeError, SumNode};
use crate::liability::turn::Turn;
use chunk::{CHUNK, Checked};
use pieces::Pieces;

/// What a store has wrong.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// A node is not the hash of what is below it.
    #[error(
        "{asset} ({class}): node {index} of level {level}, over leaves {} to {}, is {stored} in the store; its leaves \
         give {computed}", .index << .level, ((.index + 1) << .level) - 1
    )]
    Node {
        /// The asset.
        asset: AssetId,
        /// The class.
        class: Class,
        /// Levels above the leaves.
        level: u32,
        /// Position in its level, from 0.
        index: u64,
        /// Digest and sum in the store.
        stored: String,
        /// Digest and sum of what is below.
        computed: String,
    },
    /// A leaf is not where its account belongs, or not what the build's settings allow.
    #[error("{asset} ({class}): leaf {index} {what}")]
    Leaf {
        /// The asset.
        asset: AssetId,
        /// The class.
        class: Class,
        /// Position, from 0.
        index: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The store is damaged, or leads to another root.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<io::Error> for AuditError {
    fn from(error: io::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Coded for AuditError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Node { .. } => &codes::NODE_DIFFERS,
            Self::Leaf { .. } => &codes::LEAF_MISPLACED,
            Self::Store(error) => error.code(),
        }
    }
}

/// Digest and sum, for a message.
fn words(node: &SumNode) -> String {
    format!("{} with sum {}", node.digest, node.sum)
}

impl StoredTree {
    fn node_differs(&self, level: u32, index: u64, stored: &SumNode, computed: &SumNode) -> AuditError {
        let (asset, class) = (self.commitment().asset.clone(), self.commitment().class);
        AuditError::Node { asset, class, level, index, stored: words(stored), computed: words(computed) }
    }

    fn leaf_is_wrong(&self, index: u64, what: &'static str) -> AuditError {
        let (asset, class) = (self.commitment().asset.clone(), self.commitment().class);
        AuditError::Leaf { asset, class, index, what }
    }
}

/// Computes everything again, on `threads` threads.
///
/// # Errors
/// [`AuditError`], the first one in the order of the trees and leaves.
pub fn audit(store: &Store, threads: usize, progress: &dyn Progress) -> Result<(), AuditError> {
    progress.begin(Phase::Checking(store.trees().iter().map(|tree| tree.commitment().leaf_count).sum()));
    for tree in store.trees() {
        Audit { tree, decoys: store.decoys(), threads: threads.max(1), progress }.run()?;
    }
    check_seals(store, threads.max(1))
}

/// One tree.
struct Audit<'a> {
    tree: &'a StoredTree,
    decoys: u64,
    threads: usize,
    progress: &'a dyn Progress,
}

/// What is known of the leaves up to some chunk.
struct Sofar {
    range: CompactRange,
    last: Option<(OrderKey, String)>,
    decoys: u64,
    pieces: Pieces,
    fault: Option<AuditError>,
}

impl Audit<'_> {
    fn run(&self) -> Result<(), AuditError> {
        let row = self.tree.commitment();
        let (range, pieces) = (CompactRange::starting_at(0), Pieces::default());
        let sofar = Sofar { range, last: None, decoys: 0, pieces, fault: None };
        let (turn, next, failed) = (Turn::new(sofar), AtomicUsize::new(0), AtomicBool::new(false));
        let work = || {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let begin = number as u64 * CHUNK;
                if begin >= row.leaf_count || failed.load(Ordering::Relaxed) {
                    return;
                }
                let checked = chunk::check(self.tree, begin);
                let taken = turn.take(number, |sofar| {
                    if sofar.fault.is_none() {
                        sofar.fault = checked.and_then(|checked| self.append(sofar, checked)).err();
                    }
                    sofar.fault.is_some()
                });
                if taken != Some(false) {
                    failed.store(true, Ordering::Relaxed);
                    turn.give_up();
                }
                self.progress.advance(CHUNK.min(row.leaf_count - begin));
            }
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..self.threads).map(|_| scope.spawn(work)).collect();
            let ended = |_| io::Error::other("a thread that checks has ended");
            threads.into_iter().map(|thread| thread.join().map_err(ended)).collect::<io::Result<Vec<()>>>()
        })?;
        let Sofar { range, decoys, pieces, fault, .. } = turn.into_inner();
        fault.map_or(Ok(()), Err)?;
        let root = range.root().map_err(StoreError::from)?.ok_or_else(|| self.tree.damaged("it has no leaves"))?;
        if (root.digest, root.sum, range.end()) != (row.root, row.total, row.leaf_count) {
            return Err(self.tree.disagrees(&format!("root {} with total {}", root.digest, root.sum)).into());
        }
        if decoys != self.decoys {
            let detail = format!("it has {decoys} decoys, and the header says {}", self.decoys);
            return Err(self.tree.damaged(&detail).into());
        }
        if !pieces.agree() {
            return Err(self.tree.damaged("a balance lacks pieces, or they do not agree on what it is").into());
        }
        Ok(())
    }

    /// Joins a chunk to those before it; what lies above chunks is compared here.
    fn append(&self, sofar: &mut Sofar, checked: Checked) -> Result<(), AuditError> {
        let begin = checked.range.begin();
        if sofar.last.as_ref().is_some_and(|last| *last >= checked.first) {
            return Err(self.tree.leaf_is_wrong(begin, "is not behind the one before it in the order of the tree"));
        }
        sofar.last = Some(checked.last);
        sofar.decoys += checked.decoys;
        sofar.pieces.merge(&checked.pieces);
        let (mut above, mut fault) = (checked.above.into_iter(), None);
        let height = CHUNK.trailing_zeros();
        let end = checked.range.end();
        let merged = sofar.range.merge_each(&checked.range, &mut |level, node| {
            if level <= height || fault.is_some() {
                return;
            }
            let index = (end >> level) - 1;
            match above.next() {
                Some(stored) if stored == *node => {}
                Some(stored) => fault = Some(self.tree.node_differs(level, index, &stored, node)),
                None => fault = Some(self.tree.damaged("a node is missing").into()),
            }
        });
        merged.map_err(|error| match error {
            RangeError::Overflow(overflow) => AuditError::from(StoreError::from(overflow)),
            RangeError::NotAdjacent { .. } => self.tree.damaged("chunks are not adjacent").into(),
        })?;
        fault.map_or(Ok(()), Err)
    }
}

/// Every file has the bytes that were written.
fn check_seals(store: &Store, threads: usize) -> Result<(), AuditError> {
    let files: Vec<(&StoredTree, Section)> =
        store.trees().iter().flat_map(|tree| Section::ALL.map(|section| (tree, section))).collect();
    let (next, faults) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some((tree, section)) = files.get(number) else { return };
            if let Err(fault) = check_seal(tree, *section) {
                faults.lock().unwrap_or_else(PoisonError::into_inner).push((number, fault));
            }
        }
    };
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    let faults = faults.into_inner().unwrap_or_else(PoisonError::into_inner);
    let first = faults.into_iter().min_by_key(|(number, _)| *number);
    first.map_or(Ok(()), |(_, fault)| Err(fault))
}

fn check_seal(tree: &StoredTree, section: Section) -> Result<(), AuditError> {
    let (file, mut checksum, mut offset) = (tree.file(section)?, Checksummer::default(), 0);
    let length = file.length()?;
    let mut buffer = vec![0; 1 << 20];
    while offset < length {
        let size = usize::try_from(length - offset).unwrap_or(usize::MAX).min(buffer.len());
        let piece = buffer.get_mut(..size).unwrap_or_default();
        file.read_at(offset, piece)?;
        checksum.update(piece);
        offset += size as u64;
    }
    let (got, expected) = (checksum.finish(), tree.seal(section));
    if got == expected {
        return Ok(());
    }
    let name = tree.file_name(section);
    Err(StoreError::Damaged(format!("{name} has the checksum {got}, expected {expected}")).into())
}
