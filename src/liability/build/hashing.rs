//! The second half of a build: partitions become leaves, and leaves become files.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::bucket::{self, Leaf};
use super::faults::Places;
use super::output::{self, Output, WRITING};
use super::partition::{Partition, Partitions};
use super::pieces::{self, Splitting};
use super::sections::{self, Run, Runs, TreeWriter};
use super::sorted::Sorted;
use super::{Plan, PlannedTree, Progress, Shares, TreePlan};
use crate::ledger::LedgerError;
use crate::liability::storage::{ScratchSpace, Storage};
use crate::liability::store::header::Section;
use crate::liability::turn::Turn;

/// What is at hand.
pub(super) struct Hashing<'a> {
    pub(super) plan: &'a Plan<'a>,
    pub(super) trees: &'a TreePlan,
    pub(super) lines: &'a Places<'a>,
    pub(super) scratch: &'a dyn ScratchSpace,
    pub(super) storage: &'a dyn Storage,
    pub(super) progress: &'a dyn Progress,
    pub(super) shares: Shares,
}

/// What threads do in turns.
struct Turns {
    /// Leaves and bytes of texts of each tree so far.
    begins: Turn<Vec<(u64, u64)>>,
    writers: Turn<Vec<TreeWriter>>,
}

type Faults = Vec<LedgerError>;

/// What a thread works with: memory that it takes once.
#[derive(Default)]
struct Bench {
    rows: Sorted,
    runs: Runs,
}

/// What a thread says that ends because another one has; nothing else here ends a piece of work like this.
pub(super) const GIVEN_UP: io::ErrorKind = io::ErrorKind::Interrupted;

impl Hashing<'_> {
    /// Works through all partitions. With `only_check` they are searched for more faults and nothing is written.
    pub(super) fn run(&self, parts: Vec<Partition>, only_check: bool) -> io::Result<(Vec<TreeWriter>, Faults)> {
        let count = self.trees.trees.len();
        let writers = Turn::new((0..count).map(TreeWriter::new).collect());
        let turns = Turns { begins: Turn::new(vec![(0, 0); count]), writers };
        if only_check {
            return Ok((Vec::new(), self.only_check(parts, &turns)?));
        }
        // some bytes of each file wait in memory, those of all trees at the same time
        let wait = self.shares.files / (Section::ALL.len() * (count + 1));
        output::write_behind(self.storage, wait, |out| {
            let faults = if self.plan.pieces.is_empty() {
                self.whole(parts, &turns, out)?
            } else {
                self.split(parts, &turns, out)?
            };
            let mut writers = turns.writers.into_inner();
            out.send(writers.iter_mut().flat_map(TreeWriter::rest).collect())?;
            Ok((writers, faults))
        })
    }

    /// One leaf for each balance.
    fn whole(&self, parts: Vec<Partition>, turns: &Turns, out: &Output<'_>) -> io::Result<Faults> {
        self.in_parallel(parts, turns, &|Bench { rows, runs }, number, part| {
            let mut faults = Faults::new();
            bucket::sort(part, self.trees, rows)?;
            for (tree, planned) in self.trees_of(rows) {
                let run = runs.next(tree);
                bucket::join(rows, tree, planned, self.lines, &mut faults, |leaf| match leaf {
                    Leaf::Plain(plain) => run.push_plain(&plain),
                    Leaf::Joined(joined) => run.push(&joined),
                })?;
            }
            let leaves = self.write(number, runs, turns, out)?;
            self.progress.advance(leaves);
            Ok(faults)
        })
    }

    /// Nothing is written: rows are only compared.
    fn only_check(&self, parts: Vec<Partition>, turns: &Turns) -> io::Result<Faults> {
        self.in_parallel(parts, turns, &|Bench { rows, .. }, _, part| {
            let mut faults = Faults::new();
            bucket::sort(part, self.trees, rows)?;
            for (tree, planned) in self.trees_of(rows) {
                bucket::join(rows, tree, planned, self.lines, &mut faults, |_| Ok(()))?;
            }
            Ok(faults)
        })
    }

    /// Balances become pieces, whose order keys put them into other partitions: those are the ones to be written.
    fn split(&self, parts: Vec<Partition>, turns: &Turns, out: &Output<'_>) -> io::Result<Faults> {
        let partitions = Partitions::new(self.scratch, self.shares.pieces, self.plan.threads).in_small_blocks();
        let faults = self.in_parallel(parts, turns, &|Bench { rows, .. }, _, part| {
            let mut splitting = Splitting::new(self.plan, self.trees, &partitions);
            let (mut faults, mut leaves) = (Faults::new(), 0);
            bucket::sort(part, self.trees, rows)?;
            for (tree, planned) in self.trees_of(rows) {
                bucket::join(rows, tree, planned, self.lines, &mut faults, |leaf| {
                    leaves += 1;
                    splitting.add(tree, &leaf.joined())
                })?;
            }
            splitting.finish()?;
            self.progress.advance(leaves);
            Ok(faults)
        })?;
        if !faults.is_empty() {
            return Ok(faults);
        }
        let parts = partitions.finish(self.shares.bucket, self.shares.spare)?;
        self.in_parallel(parts, turns, &|Bench { rows, runs }, number, part| {
            pieces::sort(part, self.trees, rows)?;
            for (tree, _) in self.trees_of(rows) {
                let run = runs.next(tree);
                pieces::each(rows, tree, &mut |leaf| run.push(&leaf))?;
            }
            self.write(number, runs, turns, out)?;
            Ok(Faults::new())
        })
    }

    /// The trees that have some of these rows.
    fn trees_of<'r>(&'r self, rows: &'r Sorted) -> impl Iterator<Item = (usize, &'r PlannedTree)> {
        self.trees.trees.iter().enumerate().filter(|(tree, _)| !rows.tree(*tree).is_empty())
    }

    /// Brings the runs of one partition to their place and into the files; gives the number of leaves.
    fn write(&self, number: usize, runs: &mut Runs, turns: &Turns, out: &Output<'_>) -> io::Result<u64> {
        let given_up = || io::Error::new(GIVEN_UP, "another thread has ended");
        let runs = runs.begun();
        runs.iter_mut().for_each(|(_, run)| run.finish());
        let leaves = runs.iter().map(|(_, run)| run.leaf_count()).sum();
        let places = turns.begins.take(number, |begins| -> Vec<(u64, u64)> {
            let place = |(tree, run): &(usize, Run)| {
                begins.get_mut(*tree).map_or((0, 0), |begin| {
                    let place = *begin;
                    *begin = (begin.0 + run.leaf_count(), begin.1 + run.text_length());
                    place
                })
            };
            runs.iter().map(place).collect()
        });
        for ((_, run), (leaf, text)) in runs.iter_mut().zip(places.ok_or_else(given_up)?) {
            run.place(leaf, text)?;
        }
        let written = turns.writers.take(number, |writers| sections::write(writers, runs, out));
        out.send(written.ok_or_else(given_up)??)?;
        Ok(leaves)
    }

    /// Does `work` on every partition, with its number; threads take them in order.
    fn in_parallel(
        &self,
        parts: Vec<Partition>,
        turns: &Turns,
        work: &(dyn Fn(&mut Bench, usize, Partition) -> io::Result<Faults> + Sync),
    ) -> io::Result<Faults> {
        let parts: Vec<Mutex<Option<Partition>>> = parts.into_iter().map(|part| Mutex::new(Some(part))).collect();
        let (next, faults) = (AtomicUsize::new(0), Mutex::new(Faults::new()));
        let work_on_all = || -> io::Result<()> {
            let mut bench = Bench::default();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(part) = parts.get(number) else { return Ok(()) };
                let part = part.lock().unwrap_or_else(PoisonError::into_inner).take();
                let found = work(&mut bench, number, part.unwrap_or_default())?;
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
            let results: Vec<_> = threads.into_iter().map(|thread| thread.join().map_err(ended)?).collect();
            let mut errors: Vec<io::Error> = results.into_iter().filter_map(Result::err).collect();
            // first the reason, then those who gave up for it
            errors.sort_by_key(|error| error.kind() == GIVEN_UP);
            errors.into_iter().next().map_or(Ok(()), Err)
        })?;
        Ok(faults.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Brings all of these files to the medium.
pub(super) fn sync_all<'n>(storage: &dyn Storage, files: impl Iterator<Item = &'n str> + Send) -> io::Result<()> {
    let files = Mutex::new(files);
    let next = || files.lock().unwrap_or_else(PoisonError::into_inner).next();
    std::thread::scope(|scope| {
        let sync = || std::iter::from_fn(next).try_for_each(|name| storage.sync(name));
        let threads: Vec<_> = (0..WRITING).map(|_| scope.spawn(sync)).collect();
        let ended = |_| io::Error::other("a thread that brings files to the medium has ended");
        threads.into_iter().try_for_each(|thread| thread.join().map_err(ended)?)
    })
}

/// Wakes those who wait for a thread that does not go on.
struct GiveUp<'a>(&'a Turns);

impl Drop for GiveUp<'_> {
    fn drop(&mut self) {
        self.0.begins.give_up();
        self.0.writers.give_up();
    }
}
