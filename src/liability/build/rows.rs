//! Reading: one thread takes chunks from the sources, all threads turn them into rows that know their place.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, PoisonError};

use super::credentials::Credentials;
use super::faults::note;
use super::partition::{COUNT, Partitions};
use super::{Plan, Progress, TreePlan, record};
use crate::amount::Amount;
use crate::asset::Class;
use crate::ledger::{Chunk, LedgerError, Line, Row, RowSource};
use crate::liability::leaf::Blinder;

/// Rows of one partition that a thread gathers before it hands them over.
const GATHERED: usize = 16 << 10;
/// Rows of one tree that are blinded at once.
const BLINDED: usize = 256;

/// The slot of a tree: assets in the order of their names, four classes each.
pub(super) fn slot(asset: usize, class: Class) -> usize {
    asset * Class::ALL.len() + class as usize
}

/// What one tree's rows add up to.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) rows: u64,
    /// `None` when it does not fit.
    pub(super) total: Option<Amount>,
    largest: Option<(Amount, Reverse<Line>, String)>,
}

impl Tally {
    fn add(&mut self, row: &Row<'_>) {
        let total = if self.rows == 0 { Some(Amount::ZERO) } else { self.total };
        self.rows += 1;
        self.total = total.and_then(|total| total.checked_add(row.amount));
        let larger =
            |(amount, line, _): &(Amount, Reverse<Line>, String)| (row.amount, Reverse(row.line)) > (*amount, *line);
        if self.largest.as_ref().is_none_or(larger) {
            self.largest = Some((row.amount, Reverse(row.line), row.account.to_owned()));
        }
    }

    fn merge(&mut self, other: Self) {
        if self.rows == 0 {
            *self = other;
        } else if other.rows > 0 {
            self.rows += other.rows;
            self.total = self.total.zip(other.total).and_then(|(left, right)| left.checked_add(right));
            self.largest = self.largest.take().max(other.largest);
        }
    }

    /// Account and place of the largest row: where to look first when a total does not fit.
    pub(super) fn largest(&self) -> Option<(&str, Line)> {
        self.largest.as_ref().map(|(_, Reverse(line), account)| (account.as_str(), *line))
    }
}

/// What was read, by one thread or by all.
#[derive(Default)]
pub(super) struct Read {
    /// Rows of each source.
    pub(super) rows: Vec<u64>,
    pub(super) zero: u64,
    pub(super) debt_rows: u64,
    /// Debts by asset.
    pub(super) debts: BTreeMap<usize, Tally>,
    /// By slot.
    pub(super) tallies: BTreeMap<usize, Tally>,
    pub(super) faults: Vec<LedgerError>,
}

impl Read {
    fn merge(&mut self, other: Self) {
        self.rows.resize(self.rows.len().max(other.rows.len()), 0);
        self.rows.iter_mut().zip(other.rows).for_each(|(rows, more)| *rows += more);
        self.zero += other.zero;
        self.debt_rows += other.debt_rows;
        for (asset, debts) in other.debts {
            self.debts.entry(asset).or_default().merge(debts);
        }
        for (slot, tally) in other.tallies {
            self.tallies.entry(slot).or_default().merge(tally);
        }
        self.faults.extend(other.faults);
    }
}

/// Reads all sources into partitions.
pub(super) fn read(
    plan: &Plan<'_>,
    sources: &mut [Box<dyn RowSource<'_> + '_>],
    partitions: &Partitions<'_>,
    credentials: Option<&Credentials<'_>>,
    progress: &dyn Progress,
) -> io::Result<Read> {
    let broken = AtomicBool::new(false);
    let (sender, receiver) = sync_channel::<Box<dyn Chunk + '_>>(2 * plan.threads);
    let receiver = Mutex::new(receiver);
    let (receiver, broken) = (&receiver, &broken);
    std::thread::scope(|scope| {
        let worker = || {
            let mut worker = Worker::new(plan, partitions, credentials);
            let result = worker.run(receiver, progress);
            broken.fetch_or(result.is_err(), Ordering::Relaxed);
            // the sender waits for room: what nobody reads any more is taken away
            while result.is_err() && next(receiver).is_some() {}
            result.map(|()| worker.read)
        };
        let workers: Vec<_> = (0..plan.threads).map(|_| scope.spawn(worker)).collect();
        let mut all = Read { rows: vec![0; sources.len()], ..Read::default() };
        for source in sources.iter_mut() {
            while !broken.load(Ordering::Relaxed)
                && let Some(chunk) = source.next_chunk()
            {
                match chunk {
                    Ok(chunk) => drop(sender.send(chunk)),
                    Err(fault) => all.faults.push(fault),
                }
            }
        }
        drop(sender);
        for worker in workers {
            let read = worker.join().map_err(|_| io::Error::other("a thread that reads rows has ended"))??;
            all.merge(read);
        }
        Ok(all)
    })
}

/// Puts the decoys of every tree among its rows.
pub(super) fn add_decoys(
    plan: &Plan<'_>,
    trees: &TreePlan,
    decoys: u64,
    partitions: &Partitions<'_>,
) -> io::Result<()> {
    let mut worker = Worker::new(plan, partitions, None);
    for tree in &trees.trees {
        let Some(key) = plan.keys.get(tree.slot) else { continue };
        for index in 0..decoys {
            let line = Line { source: u32::MAX, number: index };
            let (account, credential, amount) = (&*key.decoy(index), "", Amount::ZERO);
            let (asset, class) = (tree.slot / Class::ALL.len(), tree.class);
            let row = Row { account, asset, amount, credential, product: None, class, debt: false, line };
            worker.place(tree.slot, &row)?;
        }
    }
    worker.finish()
}

fn next<'a>(receiver: &Mutex<Receiver<Box<dyn Chunk + 'a>>>) -> Option<Box<dyn Chunk + 'a>> {
    receiver.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

/// Rows of one tree that wait for their order keys.
struct Waiting {
    blinder: Blinder,
    bodies: Vec<u8>,
    ends: Vec<usize>,
}

/// One thread's part of reading.
struct Worker<'a> {
    plan: &'a Plan<'a>,
    partitions: &'a Partitions<'a>,
    credentials: Option<&'a Credentials<'a>>,
    waiting: BTreeMap<usize, Waiting>,
    gathered: Vec<Vec<u8>>,
    read: Read,
}

impl<'a> Worker<'a> {
    fn new(plan: &'a Plan<'a>, partitions: &'a Partitions<'a>, credentials: Option<&'a Credentials<'a>>) -> Self {
        let (gathered, read) = (vec![Vec::new(); COUNT], Read::default());
        Self { plan, partitions, credentials, waiting: BTreeMap::new(), gathered, read }
    }

    fn run(&mut self, chunks: &Mutex<Receiver<Box<dyn Chunk + '_>>>, progress: &dyn Progress) -> io::Result<()> {
        while let Some(chunk) = next(chunks) {
            let (mut result, mut rows) = (Ok(()), 0);
            chunk.rows(&mut |row| {
                rows += 1;
                match row {
                    Ok(row) if result.is_ok() => result = self.row(&row),
                    Ok(_) => {}
                    Err(fault) => note(&mut self.read.faults, fault),
                }
            });
            result?;
            progress.advance(rows);
        }
        self.finish()
    }

    fn row(&mut self, row: &Row<'_>) -> io::Result<()> {
        let source = row.line.source as usize;
        if self.read.rows.len() <= source {
            self.read.rows.resize(source + 1, 0);
        }
        if let Some(rows) = self.read.rows.get_mut(source) {
            *rows += 1;
        }
        self.read.zero += u64::from(row.amount.is_zero());
        if row.debt {
            self.read.debt_rows += 1;
            self.read.debts.entry(row.asset).or_default().add(row);
            return Ok(());
        }
        if let Some(credentials) = self.credentials {
            credentials.add(row)?;
        }
        let slot = slot(row.asset, row.class);
        self.read.tallies.entry(slot).or_default().add(row);
        self.place(slot, row)
    }

    /// Puts a row of a tree into its partition, together with others.
    fn place(&mut self, slot: usize, row: &Row<'_>) -> io::Result<()> {
        let waiting = match self.waiting.entry(slot) {
            Entry::Occupied(waiting) => waiting.into_mut(),
            Entry::Vacant(place) => {
                let key = self.plan.keys.get(slot).ok_or_else(|| io::Error::other("a row of an unknown asset"))?;
                place.insert(Waiting { blinder: Blinder::new(key), bodies: Vec::new(), ends: Vec::new() })
            }
        };
        waiting.blinder.push(row.account.as_bytes());
        record::write_body(&mut waiting.bodies, slot as u64, row);
        waiting.ends.push(waiting.bodies.len());
        if waiting.ends.len() < BLINDED { Ok(()) } else { self.blind(slot) }
    }

    fn blind(&mut self, slot: usize) -> io::Result<()> {
        let Some(Waiting { blinder, bodies, ends }) = self.waiting.get_mut(&slot) else { return Ok(()) };
        let (mut begin, mut ends_left, mut result) = (0, ends.iter(), Ok(()));
        let (gathered, partitions) = (&mut self.gathered, self.partitions);
        blinder.finish(&mut |order_key, nonce| {
            let end = ends_left.next().copied().unwrap_or(begin);
            let body = bodies.get(begin..end).unwrap_or_default();
            begin = end;
            let [which, ..] = order_key.0;
            let Some(rows) = gathered.get_mut(usize::from(which)) else { return };
            record::write(rows, order_key, nonce, body);
            if rows.len() >= GATHERED && result.is_ok() {
                result = partitions.append(usize::from(which), rows);
                rows.clear();
            }
        });
        bodies.clear();
        ends.clear();
        result
    }

    fn finish(&mut self) -> io::Result<()> {
        let slots: Vec<usize> = self.waiting.keys().copied().collect();
        slots.into_iter().try_for_each(|slot| self.blind(slot))?;
        for (which, rows) in self.gathered.iter_mut().enumerate().filter(|(_, rows)| !rows.is_empty()) {
            self.partitions.append(which, rows)?;
            rows.clear();
        }
        Ok(())
    }
}
