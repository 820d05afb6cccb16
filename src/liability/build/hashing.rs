//! The second half of a build: partitions become leaves, and leaves become files.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::bucket::{Bucket, Joined};
use super::faults::Places;
use super::partition::{Partition, Partitions};
use super::pieces::{self, Splitting};
use super::sections::{Run, TreeWriter};
use super::turn::Turn;
use super::{Plan, Progress, TreePlan};
use crate::ledger::LedgerError;
use crate::liability::storage::{ScratchSpace, Storage};

/// What is at hand.
pub(super) struct Hashing<'a> {
    pub(super) plan: &'a Plan<'a>,
    pub(super) trees: &'a TreePlan,
    pub(super) lines: &'a Places<'a>,
    pub(super) scratch: &'a dyn ScratchSpace,
    pub(super) storage: &'a dyn Storage,
    pub(super) progress: &'a dyn Progress,
    /// Bytes of the largest partition that is held in memory.
    pub(super) limit: u64,
}

/// What threads do in turns.
struct Turns {
    /// Leaves and bytes of texts of each tree so far.
    begins: Turn<Vec<(u64, u64)>>,
    writers: Turn<Vec<TreeWriter>>,
}

type Faults = Vec<LedgerError>;

impl Hashing<'_> {
    /// Works through all partitions. With `only_check` they are searched for more faults and nothing is written.
    pub(super) fn run(&self, parts: Vec<Partition>, only_check: bool) -> io::Result<(Vec<TreeWriter>, Faults)> {
        let count = self.trees.trees.len();
        let writers = Turn::new((0..count).map(TreeWriter::new).collect());
        let turns = Turns { begins: Turn::new(vec![(0, 0); count]), writers };
        let faults = if only_check {
            self.in_parallel(parts, &turns, &|_, part| {
                let rows = self.join(part, &mut |_, _| Ok(()))?;
                Ok(rows.1)
            })?
        } else if self.plan.pieces.is_empty() {
            self.in_parallel(parts, &turns, &|number, part| {
                let mut runs = Vec::new();
                let (rows, faults) = self.join(part, &mut |tree, leaf| push(&mut runs, tree, &leaf))?;
                self.write(number, runs, &turns)?;
                self.progress.advance(rows);
                Ok(faults)
            })?
        } else {
            self.split(parts, &turns)?
        };
        Ok((turns.writers.into_inner(), faults))
    }

    /// Balances become pieces, whose order keys put them into other partitions: those are the ones to be written.
    fn split(&self, parts: Vec<Partition>, turns: &Turns) -> io::Result<Faults> {
        let partitions = Partitions::new(self.scratch, self.plan.memory / 8);
        let faults = self.in_parallel(parts, turns, &|_, part| {
            let mut splitting = Splitting::new(self.plan, self.trees, &partitions);
            let (rows, faults) = self.join(part, &mut |tree, leaf| splitting.add(tree, &leaf))?;
            splitting.finish()?;
            self.progress.advance(rows);
            Ok(faults)
        })?;
        if !faults.is_empty() {
            return Ok(faults);
        }
        self.in_parallel(partitions.finish(self.limit)?, turns, &|number, part| {
            let mut runs = Vec::new();
            pieces::sorted(&part.load()?, &mut |tree, leaf| push(&mut runs, tree, &leaf))?;
            self.write(number, runs, turns)?;
            Ok(Faults::new())
        })
    }

    /// Sorts the rows of a partition, and joins those of one account; gives the number of leaves.
    fn join(
        &self,
        part: Partition,
        each: &mut dyn FnMut(u32, Joined<'_>) -> io::Result<()>,
    ) -> io::Result<(u64, Faults)> {
        let (mut leaves, mut faults) = (0, Faults::new());
        let bucket = Bucket::sort(part.load()?, self.trees)?;
        bucket.join(self.trees, self.lines, &mut faults, &mut |tree, leaf| {
            leaves += 1;
            each(tree, leaf)
        })?;
        Ok((leaves, faults))
    }

    /// Brings the runs of one partition to their place and into the files.
    fn write(&self, number: usize, mut runs: Vec<Run>, turns: &Turns) -> io::Result<()> {
        runs.last_mut().into_iter().for_each(Run::finish);
        let given_up = || io::Error::other("another thread has ended");
        let places = turns.begins.take(number, |begins| -> Vec<(u64, u64)> {
            let place = |run: &Run| {
                let begin = usize::try_from(run.tree).ok().and_then(|tree| begins.get_mut(tree));
                begin.map_or((0, 0), |begin| {
                    let place = *begin;
                    *begin = (begin.0 + run.leaf_count(), begin.1 + run.texts.len() as u64);
                    place
                })
            };
            runs.iter().map(place).collect()
        });
        let places = places.ok_or_else(given_up)?;
        let placed = runs.into_iter().zip(places).map(|(run, (begin, text_begin))| run.place(begin, text_begin));
        let placed = placed.collect::<io::Result<Vec<_>>>()?;
        // some files of many trees wait in memory at the same time
        let wait = self.plan.memory / (32 * (self.trees.trees.len() + 1));
        let written = turns.writers.take(number, |writers| {
            placed.iter().try_for_each(|run| {
                let writer = usize::try_from(run.tree).ok().and_then(|tree| writers.get_mut(tree));
                writer.map_or(Ok(()), |writer| writer.write(run, self.storage, wait))
            })
        });
        written.ok_or_else(given_up)?
    }

    /// Does `work` on every partition, with its number; threads take them in order.
    fn in_parallel(
        &self,
        parts: Vec<Partition>,
        turns: &Turns,
        work: &(dyn Fn(usize, Partition) -> io::Result<Faults> + Sync),
    ) -> io::Result<Faults> {
        let parts: Vec<Mutex<Option<Partition>>> = parts.into_iter().map(|part| Mutex::new(Some(part))).collect();
        let (next, faults) = (AtomicUsize::new(0), Mutex::new(Faults::new()));
        let work_on_all = || -> io::Result<()> {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(part) = parts.get(number) else { return Ok(()) };
                let part = part.lock().unwrap_or_else(PoisonError::into_inner).take();
                let found = work(number, part.unwrap_or_default())?;
                faults.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
            }
        };
        let guarded = || {
            let guard = GiveUp(turns);
            let result = work_on_all();
            if result.is_ok() {
                std::mem::forget(guard);
            }
            result
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..self.plan.threads).map(|_| scope.spawn(guarded)).collect();
            let ended = |_| io::Error::other("a thread that hashes has ended");
            threads.into_iter().map(|thread| thread.join().map_err(ended)?).collect::<io::Result<Vec<()>>>()
        })?;
        Ok(faults.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Adds a leaf to the run of its tree; leaves come tree by tree.
fn push(runs: &mut Vec<Run>, tree: u32, leaf: &Joined<'_>) -> io::Result<()> {
    if runs.last().is_none_or(|run| run.tree != tree) {
        runs.last_mut().into_iter().for_each(Run::finish);
        runs.push(Run::of(tree));
    }
    runs.last_mut().map_or(Ok(()), |run| run.push(leaf))
}

/// Wakes those who wait for a thread that does not go on.
struct GiveUp<'a>(&'a Turns);

impl Drop for GiveUp<'_> {
    fn drop(&mut self) {
        self.0.begins.give_up();
        self.0.writers.give_up();
    }
}
