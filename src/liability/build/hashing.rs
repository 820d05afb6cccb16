//! The second half of a build: partitions become leaves, and leaves become files.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Mutex, PoisonError};

use super::bucket::{Bucket, Joined};
use super::faults::Places;
use super::partition::{Partition, Partitions};
use super::pieces::{self, Splitting};
use super::sections::{Output, Run, TreeWriter};
use super::{Plan, Progress, TreePlan};
use crate::ledger::LedgerError;
use crate::liability::storage::{ScratchSpace, Storage};
use crate::liability::turn::Turn;

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
        if only_check {
            let faults = self.in_parallel(parts, &turns, &|_, part| Ok(self.join(part, &mut |_, _| Ok(()))?.1))?;
            return Ok((Vec::new(), faults));
        }
        let (written, files) = channel();
        // some files of many trees wait in memory at the same time
        let wait = self.plan.memory / (32 * (count + 1));
        let out = Output { storage: self.storage, wait, written };
        let faults = std::thread::scope(|scope| {
            scope.spawn(move || files.into_iter().try_for_each(|name: String| self.storage.sync(&name)));
            let faults = if self.plan.pieces.is_empty() {
                self.whole(parts, &turns, &out)
            } else {
                self.split(parts, &turns, &out)
            };
            // the thread that brings files to the medium ends when nobody can tell it more
            drop(out);
            faults
        })?;
        Ok((turns.writers.into_inner(), faults))
    }

    /// One leaf for each balance.
    fn whole(&self, parts: Vec<Partition>, turns: &Turns, out: &Output<'_>) -> io::Result<Faults> {
        self.in_parallel(parts, turns, &|number, part| {
            let mut runs = BTreeMap::new();
            let (rows, faults) = self.join(part, &mut |tree, leaf| push(&mut runs, tree, &leaf))?;
            self.write(number, runs, turns, out)?;
            self.progress.advance(rows);
            Ok(faults)
        })
    }

    /// Balances become pieces, whose order keys put them into other partitions: those are the ones to be written.
    fn split(&self, parts: Vec<Partition>, turns: &Turns, out: &Output<'_>) -> io::Result<Faults> {
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
            let mut runs = BTreeMap::new();
            for rows in part.pieces()? {
                pieces::sorted(&rows, &mut |tree, leaf| push(&mut runs, tree, &leaf))?;
            }
            self.write(number, runs, turns, out)?;
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
        for rows in part.pieces()? {
            let bucket = Bucket::sort(rows, self.trees)?;
            bucket.join(self.trees, self.lines, &mut faults, &mut |tree, leaf| {
                leaves += 1;
                each(tree, leaf)
            })?;
        }
        Ok((leaves, faults))
    }

    /// Brings the runs of one partition to their place and into the files.
    fn write(&self, number: usize, mut runs: BTreeMap<u32, Run>, turns: &Turns, out: &Output<'_>) -> io::Result<()> {
        runs.values_mut().for_each(Run::finish);
        let position = |tree: u32| usize::try_from(tree).unwrap_or(usize::MAX);
        let given_up = || io::Error::other("another thread has ended");
        let places = turns.begins.take(number, |begins| -> Vec<(u64, u64)> {
            let place = |(tree, run): (&u32, &Run)| {
                begins.get_mut(position(*tree)).map_or((0, 0), |begin| {
                    let place = *begin;
                    *begin = (begin.0 + run.leaf_count(), begin.1 + run.texts.len() as u64);
                    place
                })
            };
            runs.iter().map(place).collect()
        });
        let places = places.ok_or_else(given_up)?.into_iter();
        let placed = runs.into_iter().zip(places).map(|((tree, run), (leaf, text))| Ok((tree, run.place(leaf, text)?)));
        let placed = placed.collect::<io::Result<Vec<_>>>()?;
        let written = turns.writers.take(number, |writers| {
            placed.iter().try_for_each(|(tree, run)| {
                writers.get_mut(position(*tree)).map_or(Ok(()), |writer| writer.write(run, out))
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

/// Adds a leaf to the run of its tree. The leaves of each tree come in order.
fn push(runs: &mut BTreeMap<u32, Run>, tree: u32, leaf: &Joined<'_>) -> io::Result<()> {
    runs.entry(tree).or_default().push(leaf)
}

/// Wakes those who wait for a thread that does not go on.
struct GiveUp<'a>(&'a Turns);

impl Drop for GiveUp<'_> {
    fn drop(&mut self) {
        self.0.begins.give_up();
        self.0.writers.give_up();
    }
}
