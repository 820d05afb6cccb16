//! Leaves to files: hashed and folded on any thread, written in the order of the tree.

use std::io;
use std::sync::mpsc::Sender;

use super::bucket::Joined;
use crate::amount::Amount;
use crate::hash::{Batch, Digest, Midstate, StreamHasher, Tag};
use crate::liability::leaf::push_leaf;
use crate::liability::storage::Storage;
use crate::liability::store::header::{GROUP_LEVEL, LEAF_SIZE, Section};
use crate::liability::store::text::Texts;
use crate::liability::sum_tree::{CompactRange, Parents, SumNode, SumOverflow};

/// Leaves that are hashed at once.
const HASHED: usize = 128;
const GROUP: usize = 1 << GROUP_LEVEL;

/// Consecutive leaves of one tree.
#[derive(Default)]
pub(super) struct Run {
    leaves: Vec<u8>,
    pub(super) texts: Vec<u8>,
    batch: Batch,
    digests: Vec<Digest>,
    amounts: Vec<Amount>,
    nodes: Vec<SumNode>,
}

fn overflow(error: SumOverflow) -> io::Error {
    // the rows of each tree were added up before
    io::Error::other(error)
}

impl Run {
    /// Room for so many leaves with texts of so many bytes each.
    pub(super) fn with_room(leaves: usize, text_length: usize) -> Self {
        let (records, texts) = (Vec::with_capacity(leaves * LEAF_SIZE), Vec::with_capacity(leaves * text_length));
        Self { leaves: records, texts, nodes: Vec::with_capacity(leaves), ..Self::default() }
    }

    #[inline]
    pub(super) fn push(&mut self, leaf: &Joined<'_>) -> io::Result<()> {
        let unfit = || io::Error::other("a leaf does not fit its format");
        let (account, credential, parts) = (leaf.account, leaf.credential, &*leaf.parts);
        Texts { account, credential, split: leaf.split, parts }.write(&mut self.texts).ok_or_else(unfit)?;
        let mut record = [0; LEAF_SIZE];
        record[..16].copy_from_slice(&leaf.order_key.0);
        record[16..32].copy_from_slice(&leaf.amount.to_be_bytes());
        // counted from the begin of the run, until its place is known
        record[32..].copy_from_slice(&(self.texts.len() as u64).to_be_bytes());
        self.leaves.extend_from_slice(&record);
        let detail = (parts, leaf.split.as_ref());
        push_leaf(&mut self.batch, leaf.nonce, leaf.amount, (account, credential), detail).ok_or_else(unfit)?;
        self.amounts.push(leaf.amount);
        if self.batch.len() == HASHED {
            self.hash();
        }
        Ok(())
    }

    fn hash(&mut self) {
        self.digests.clear();
        self.batch.finish(Midstate::of(Tag::Leaf), &mut self.digests);
        let nodes = self.digests.iter().zip(self.amounts.drain(..));
        self.nodes.extend(nodes.map(|(digest, sum)| SumNode { digest: *digest, sum }));
    }

    /// Hashes what waits; the run is complete.
    pub(super) fn finish(&mut self) {
        self.hash();
    }

    pub(super) fn leaf_count(&self) -> u64 {
        self.nodes.len() as u64
    }

    /// Puts the run at its place: leaves from `begin` on, texts from `text_begin` on.
    pub(super) fn place(mut self, begin: u64, text_begin: u64) -> io::Result<Placed> {
        for record in self.leaves.chunks_exact_mut(LEAF_SIZE) {
            if let Some(end) = record.last_chunk_mut::<8>() {
                *end = (u64::from_be_bytes(*end) + text_begin).to_be_bytes();
            }
        }
        let head = usize::try_from(begin.next_multiple_of(GROUP as u64) - begin).unwrap_or(0).min(self.nodes.len());
        let (head, rest) = self.nodes.split_at(head);
        let (whole, tail) = rest.split_at(rest.len() - rest.len() % GROUP);
        let mut parents = Parents::default();
        let mut groups = Vec::with_capacity(whole.len() / GROUP);
        parents.roots(whole, GROUP_LEVEL, &mut groups).map_err(overflow)?;
        let (head, tail) = (head.to_vec(), tail.to_vec());
        Ok(Placed { leaves: self.leaves, texts: self.texts, head, groups, tail })
    }
}

/// A run at its place: leaves up to the first whole group, whole groups, leaves behind the last.
pub(super) struct Placed {
    leaves: Vec<u8>,
    texts: Vec<u8>,
    head: Vec<SumNode>,
    groups: Vec<SumNode>,
    tail: Vec<SumNode>,
}

/// One file of one tree.
struct SectionWriter {
    name: String,
    pending: Vec<u8>,
    hasher: StreamHasher,
    length: u64,
    /// Bytes that were written and not yet brought to the medium.
    unsynced: u64,
}

/// So many bytes are worth a word to the thread that brings files to the medium.
const SYNCED: u64 = 64 << 20;

impl SectionWriter {
    fn new(section: Section, position: usize) -> Self {
        let (name, hasher) = (section.file(position), StreamHasher::default());
        Self { name, pending: Vec::new(), hasher, length: 0, unsynced: 0 }
    }

    /// Adds bytes; what is small waits, so that a thousand small trees are no thousand small writes.
    fn write(&mut self, bytes: &[u8], out: &Output<'_>) -> io::Result<()> {
        self.hasher.update(bytes);
        self.length += bytes.len() as u64;
        if self.pending.len() + bytes.len() < out.wait {
            self.pending.extend_from_slice(bytes);
            return Ok(());
        }
        self.unsynced += (self.pending.len() + bytes.len()) as u64;
        self.flush(out.storage)?;
        out.storage.append(&self.name, bytes)?;
        if self.unsynced >= SYNCED {
            self.unsynced = 0;
            // nobody listens any more when bringing a file to the medium has failed; `finish` will say why
            let _ = out.written.send(self.name.clone());
        }
        Ok(())
    }

    fn flush(&mut self, storage: &dyn Storage) -> io::Result<()> {
        storage.append(&self.name, &self.pending)?;
        self.pending.clear();
        Ok(())
    }
}

/// Where trees are written.
pub(super) struct Output<'a> {
    pub(super) storage: &'a dyn Storage,
    /// How many bytes of a file may wait in memory.
    pub(super) wait: usize,
    /// Is told files of which much was written: the medium works while others hash.
    pub(super) written: Sender<String>,
}

/// Writes one tree, run by run.
pub(super) struct TreeWriter {
    range: CompactRange,
    sections: [SectionWriter; 3],
    nodes: Vec<u8>,
}

/// What a finished tree is.
pub(super) struct Written {
    pub(super) root: SumNode,
    pub(super) leaf_count: u64,
    pub(super) text_length: u64,
    pub(super) seals: [Digest; 3],
}

impl TreeWriter {
    pub(super) fn new(position: usize) -> Self {
        let sections = Section::ALL.map(|section| SectionWriter::new(section, position));
        Self { range: CompactRange::starting_at(0), sections, nodes: Vec::new() }
    }

    /// Adds the run that begins where the last one ended.
    pub(super) fn write(&mut self, run: &Placed, out: &Output<'_>) -> io::Result<()> {
        let Self { range, sections: [leaves, texts, kept], nodes } = self;
        nodes.clear();
        let mut made = |level: u32, node: &SumNode| {
            if level >= GROUP_LEVEL {
                nodes.extend_from_slice(node.digest.as_bytes());
                nodes.extend_from_slice(&node.sum.to_be_bytes());
            }
        };
        let levels = [(0, &run.head), (GROUP_LEVEL, &run.groups), (0, &run.tail)];
        for (level, subtrees) in levels {
            for node in subtrees {
                range.push(level, *node, &mut made).map_err(overflow)?;
            }
        }
        leaves.write(&run.leaves, out)?;
        texts.write(&run.texts, out)?;
        kept.write(nodes, out)
    }

    /// Writes what waits, and makes sure that it stays.
    pub(super) fn finish(mut self, storage: &dyn Storage) -> io::Result<Written> {
        for section in &mut self.sections {
            section.flush(storage)?;
            storage.sync(&section.name)?;
        }
        let root = self.range.root().map_err(overflow)?;
        let root = root.ok_or_else(|| io::Error::other("a tree without leaves"))?;
        let [_, texts, _] = &self.sections;
        let text_length = texts.length;
        let seals = self.sections.map(|section| section.hasher.finish());
        Ok(Written { root, leaf_count: self.range.end(), text_length, seals })
    }
}
