//! Leaves to files: hashed and folded on any thread, written in the order of the tree.

use std::io;

use super::bucket::Joined;
use super::output::{Job, Output, OutputFile};
use super::record::Plain;
use crate::amount::Amount;
use crate::hash::{Batch, Checksum, Checksummer, Digest, Midstate, Tag};
use crate::liability::leaf::{Nonce, push_leaf, push_plain_leaf};
use crate::liability::store::header::{GROUP_LEVEL, LEAF_SIZE, NODE_SIZE, Section};
use crate::liability::store::text::{Texts, write_plain};
use crate::liability::sum_tree::{CompactRange, Parents, SumNode, SumOverflow};

/// Leaves that are hashed at once.
const HASHED: usize = 128;
const GROUP: usize = 1 << GROUP_LEVEL;
/// Nodes up to this level are made before it is the run's turn, many at a time, where it has all leaves below them.
const PACK_LEVEL: u32 = 8;
/// Levels between a group and a pack, and how many groups make a pack.
const INNER: usize = (PACK_LEVEL - GROUP_LEVEL) as usize;
const PACK: usize = 1 << INNER;

/// Consecutive leaves of one tree.
#[derive(Default)]
pub(super) struct Run {
    leaves: Vec<u8>,
    texts: Vec<u8>,
    batch: Batch,
    nodes: Vec<SumNode>,
    parents: Parents,
    /// How many of the nodes stand before the first whole group, once the place is known.
    head: usize,
    groups: Vec<SumNode>,
    /// How many of the groups stand before the first whole pack.
    lead: usize,
    /// Nodes of the whole packs, level by level; the last ones are the packs' roots.
    packs: [Vec<SumNode>; INNER],
    /// What the file of nodes gets of the packs, but for the roots.
    inner: Vec<u8>,
}

/// Bytes of a node in its file.
fn keep(node: &SumNode, file: &mut Vec<u8>) {
    file.extend_from_slice(node.digest.as_bytes());
    file.extend_from_slice(&node.sum.to_be_bytes());
}

/// Runs of several trees, whose memory is used again and again.
#[derive(Default)]
pub(super) struct Runs {
    runs: Vec<(usize, Run)>,
    /// How many are in use.
    count: usize,
    spare: (usize, Run),
}

impl Runs {
    /// A new run of this tree.
    pub(super) fn next(&mut self, tree: usize) -> &mut Run {
        // trees come in the order of last time: each finds room of its size
        let at = self.count;
        self.count += 1;
        self.runs.resize_with(self.runs.len().max(self.count), Default::default);
        let (of, run) = self.runs.get_mut(at).map_or(&mut self.spare, |run| run);
        *of = tree;
        run.clear();
        run
    }

    /// All runs since this was last called.
    pub(super) fn begun(&mut self) -> &mut [(usize, Run)] {
        let count = std::mem::take(&mut self.count);
        self.runs.get_mut(..count).unwrap_or_default()
    }
}

fn unfit() -> io::Error {
    io::Error::other("a leaf does not fit its format")
}

fn overflow(error: SumOverflow) -> io::Error {
    // the rows of each tree were added up before
    io::Error::other(error)
}

impl Run {
    /// Forgets all leaves, and keeps their memory.
    fn clear(&mut self) {
        self.leaves.clear();
        self.texts.clear();
        self.nodes.clear();
        self.groups.clear();
        self.packs.iter_mut().for_each(Vec::clear);
        self.inner.clear();
        (self.head, self.lead) = (0, 0);
    }

    /// Adds a leaf.
    pub(super) fn push(&mut self, leaf: &Joined<'_>) -> io::Result<()> {
        let (account, credential, parts) = (leaf.account, leaf.credential, &*leaf.parts);
        let texts = Texts { account, credential, split: leaf.split, parts };
        texts.write(&mut self.texts).ok_or_else(unfit)?;
        let detail = (parts, leaf.split.as_ref());
        push_leaf(&mut self.batch, leaf.nonce, leaf.amount, (account, credential), detail).ok_or_else(unfit)?;
        self.record(&leaf.order_key.0, leaf.amount);
        Ok(())
    }

    /// Adds a leaf as most are.
    #[inline]
    pub(super) fn push_plain(&mut self, leaf: &Plain<'_>) -> io::Result<()> {
        let Plain { head, amount, account_on, length } = *leaf;
        let (Some(order_key), Some(nonce)) = (head.first_chunk(), head.last_chunk()) else { return Err(unfit()) };
        write_plain(account_on, length, &mut self.texts).ok_or_else(unfit)?;
        push_plain_leaf(&mut self.batch, Nonce(*nonce), amount, account_on, length).ok_or_else(unfit)?;
        self.record(order_key, amount);
        Ok(())
    }

    /// The record of a leaf whose texts and message were added.
    #[inline]
    fn record(&mut self, order_key: &[u8; 16], amount: Amount) {
        let mut record = [0; LEAF_SIZE];
        record[..16].copy_from_slice(order_key);
        record[16..32].copy_from_slice(&amount.to_be_bytes());
        // counted from the begin of the run, until its place is known
        record[32..].copy_from_slice(&(self.texts.len() as u64).to_be_bytes());
        self.leaves.extend_from_slice(&record);
        // its digest follows when many are hashed
        self.nodes.push(SumNode { digest: Digest::from_bytes([0; 32]), sum: amount });
        if self.batch.len() == HASHED {
            self.hash();
        }
    }

    fn hash(&mut self) {
        let begin = self.nodes.len() - self.batch.len();
        let nodes = self.nodes.get_mut(begin..).unwrap_or_default();
        self.batch.finish_each(Midstate::of(Tag::Leaf), |place, digest| {
            if let Some(node) = nodes.get_mut(place) {
                node.digest = digest;
            }
        });
    }

    /// Hashes what waits; the run is complete.
    pub(super) fn finish(&mut self) {
        self.hash();
    }

    pub(super) fn leaf_count(&self) -> u64 {
        self.nodes.len() as u64
    }

    pub(super) fn text_length(&self) -> u64 {
        self.texts.len() as u64
    }

    /// Puts the run at its place: leaves from `begin` on, texts from `text_begin` on.
    pub(super) fn place(&mut self, begin: u64, text_begin: u64) -> io::Result<()> {
        let (records, _) = self.leaves.as_chunks_mut::<LEAF_SIZE>();
        for record in records {
            if let Some(end) = record.last_chunk_mut::<8>() {
                *end = (u64::from_be_bytes(*end) + text_begin).to_be_bytes();
            }
        }
        self.head = before(begin, GROUP).min(self.nodes.len());
        let rest = self.nodes.get(self.head..).unwrap_or_default();
        self.parents.roots(rest, GROUP_LEVEL, &mut self.groups).map_err(overflow)?;
        self.lead = before((begin + self.head as u64) / GROUP as u64, PACK).min(self.groups.len());
        self.pack()
    }

    /// Makes the nodes of the whole packs.
    fn pack(&mut self) -> io::Result<()> {
        let Self { parents, groups, lead, packs, inner, .. } = self;
        let rest = groups.get(*lead..).unwrap_or_default();
        let groups = rest.get(..rest.len() - rest.len() % PACK).unwrap_or_default();
        let mut below = groups;
        for above in &mut *packs {
            parents.of(below, above).map_err(overflow)?;
            below = above;
        }
        let [levels @ .., _] = &*packs;
        for (number, group) in (1..).zip(groups) {
            keep(group, inner);
            // a node is complete with the last group below it
            for (node, level) in levels.iter().zip(1..).filter(|(_, level)| number % (1 << level) == 0) {
                node.get((number >> level) - 1).into_iter().for_each(|node| keep(node, inner));
            }
        }
        Ok(())
    }

    /// Leaves up to the first whole group, groups up to the first whole pack, packs, groups and leaves behind the last;
    /// each with its level.
    fn subtrees(&self) -> [(u32, &[SumNode]); 5] {
        let (head, rest) = self.nodes.split_at_checked(self.head).unwrap_or_default();
        let tail = rest.get(self.groups.len() * GROUP..).unwrap_or_default();
        let [.., packs] = &self.packs;
        let (lead, rest) = self.groups.split_at_checked(self.lead).unwrap_or_default();
        let last = rest.get(packs.len() * PACK..).unwrap_or_default();
        [(0, head), (GROUP_LEVEL, lead), (PACK_LEVEL, packs), (GROUP_LEVEL, last), (0, tail)]
    }
}

/// How far it is from `begin` to the next multiple of `size`.
fn before(begin: u64, size: usize) -> usize {
    usize::try_from(begin.next_multiple_of(size as u64) - begin).unwrap_or(0)
}

/// One file of one tree.
struct SectionWriter {
    file: OutputFile,
    checksum: Checksummer,
}

impl SectionWriter {
    fn new(section: Section, position: usize) -> Self {
        Self { file: OutputFile::new(&section.file(position)), checksum: Checksummer::default() }
    }

    fn write(&mut self, bytes: &[u8], out: &Output<'_>, jobs: &mut Vec<Job>) {
        self.checksum.update(bytes);
        self.file.write(bytes, out, jobs);
    }
}

/// Writes one tree, run by run.
pub(super) struct TreeWriter {
    range: CompactRange,
    sections: [SectionWriter; 3],
    nodes: Vec<u8>,
}

/// Adds runs that begin where the last ones of their trees ended; gives what is to be written.
pub(super) fn write(writers: &mut [TreeWriter], runs: &[(usize, Run)], out: &Output<'_>) -> io::Result<Vec<Job>> {
    let mut jobs = Vec::new();
    for (tree, run) in runs {
        writers.get_mut(*tree).map_or(Ok(()), |writer| writer.write(run, out, &mut jobs))?;
    }
    Ok(jobs)
}

/// What a finished tree is.
pub(super) struct Written {
    pub(super) root: SumNode,
    pub(super) leaf_count: u64,
    pub(super) text_length: u64,
    pub(super) seals: [Checksum; 3],
}

impl TreeWriter {
    pub(super) fn new(position: usize) -> Self {
        let sections = Section::ALL.map(|section| SectionWriter::new(section, position));
        Self { range: CompactRange::starting_at(0), sections, nodes: Vec::new() }
    }

    /// Makes the nodes that become complete with the run, which begins where the last one ended.
    fn join(&mut self, run: &Run) -> io::Result<()> {
        /// What a pack has in the file of nodes before its root.
        const INNER_SIZE: usize = (2 * PACK - 2) * NODE_SIZE;
        let Self { range, nodes, .. } = self;
        nodes.clear();
        let (packs, _) = run.inner.as_chunks::<INNER_SIZE>();
        let mut packs = packs.iter();
        for (level, subtrees) in run.subtrees() {
            for node in subtrees {
                if level == PACK_LEVEL {
                    packs.next().into_iter().for_each(|inner| nodes.extend_from_slice(inner));
                }
                let mut made = |level: u32, node: &SumNode| {
                    if level >= GROUP_LEVEL {
                        keep(node, nodes);
                    }
                };
                range.push(level, *node, &mut made).map_err(overflow)?;
            }
        }
        Ok(())
    }

    /// Adds the run that begins where the last one ended.
    fn write(&mut self, run: &Run, out: &Output<'_>, jobs: &mut Vec<Job>) -> io::Result<()> {
        self.join(run)?;
        let Self { sections: [leaves, texts, kept], nodes, .. } = self;
        leaves.write(&run.leaves, out, jobs);
        texts.write(&run.texts, out, jobs);
        kept.write(nodes, out, jobs);
        Ok(())
    }

    /// What waits.
    pub(super) fn rest(&mut self) -> impl Iterator<Item = Job> {
        self.sections.iter_mut().map(|section| section.file.rest())
    }

    /// Names of its files.
    pub(super) fn files(&self) -> impl Iterator<Item = &str> {
        self.sections.iter().map(|section| section.file.name())
    }

    /// The whole tree; nothing waits any more.
    pub(super) fn finish(self) -> io::Result<Written> {
        let root = self.range.root().map_err(overflow)?;
        let root = root.ok_or_else(|| io::Error::other("a tree without leaves"))?;
        let [_, texts, _] = &self.sections;
        let text_length = texts.file.length();
        let seals = self.sections.map(|section| section.checksum.finish());
        Ok(Written { root, leaf_count: self.range.end(), text_length, seals })
    }
}
