//! Reading: one thread takes chunks from the sources, all threads turn them into rows that know their place.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, PoisonError};

use super::credentials::{Adding, Credentials};
use super::faults::note;
use super::partition::{Gathered, Partitions, SHORT};
use super::{Plan, Progress, Shares, TreePlan, record};
use crate::amount::Amount;
use crate::asset::Class;
use crate::ledger::{Chunk, LedgerError, Line, Row, RowSource};
use crate::liability::leaf::Blinder;

/// Rows of one tree that are blinded at once.
const BLINDED: usize = 128;

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
    #[inline]
    fn add(&mut self, row: &Row<'_>) {
        let total = if self.rows == 0 { Some(Amount::ZERO) } else { self.total };
        self.rows += 1;
        self.total = total.and_then(|total| total.checked_add(row.amount));
        if self.largest.as_ref().is_none_or(|(amount, ..)| row.amount >= *amount) {
            self.keep_larger(row);
        }
    }

    #[cold]
    fn keep_larger(&mut self, row: &Row<'_>) {
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
    /// By slot, as far as there are rows; a tree without rows has none.
    pub(super) tallies: Vec<Tally>,
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
        self.tallies.resize(self.tallies.len().max(other.tallies.len()), Tally::default());
        self.tallies.iter_mut().zip(other.tallies).for_each(|(tally, more)| tally.merge(more));
        self.faults.extend(other.faults);
    }

    /// What the rows of one slot's tree add up to, when it has some.
    pub(super) fn tally(&self, slot: usize) -> Option<&Tally> {
        self.tallies.get(slot).filter(|tally| tally.rows > 0)
    }
}

/// Where rows go.
pub(super) struct Filling<'a> {
    pub(super) plan: &'a Plan<'a>,
    pub(super) partitions: &'a Partitions<'a>,
    pub(super) credentials: Option<&'a Credentials<'a>>,
    pub(super) shares: Shares,
}

/// Reads all sources into partitions.
pub(super) fn read(
    filling: &Filling<'_>,
    sources: &mut [Box<dyn RowSource<'_> + '_>],
    progress: &dyn Progress,
) -> io::Result<Read> {
    let broken = AtomicBool::new(false);
    let (sender, receiver) = sync_channel::<Box<dyn Chunk + '_>>(2 * filling.plan.threads);
    let receiver = Mutex::new(receiver);
    let (receiver, broken) = (&receiver, &broken);
    std::thread::scope(|scope| {
        let worker = || {
            let mut worker = Worker::new(filling);
            let result = worker.run(receiver, progress);
            broken.fetch_or(result.is_err(), Ordering::Relaxed);
            // the sender waits for room: what nobody reads any more is taken away
            while result.is_err() && next(receiver).is_some() {}
            result.map(|()| worker.read)
        };
        let workers: Vec<_> = (0..filling.plan.threads).map(|_| scope.spawn(worker)).collect();
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
pub(super) fn add_decoys(filling: &Filling<'_>, trees: &TreePlan, decoys: u64) -> io::Result<()> {
    let mut worker = Worker::new(filling);
    for tree in &trees.trees {
        let Some(key) = filling.plan.keys.get(tree.slot) else { continue };
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

/// The place of a list that grows where it must.
#[inline]
fn at<T: Clone + Default>(list: &mut Vec<T>, place: usize) -> io::Result<&mut T> {
    if list.len() <= place {
        list.resize(place + 1, T::default());
    }
    list.get_mut(place).ok_or_else(|| io::Error::other("a place that was made just now"))
}

/// Rows of one tree that wait for their order keys.
struct Waiting {
    blinder: Blinder,
    rows: Vec<u8>,
    /// Where each row ends, and how many bytes of it are the account, which stands last.
    ends: Vec<(usize, usize)>,
    /// The most bytes that it has held.
    taken: usize,
}

/// Bytes that a row that waits takes beside its own: its blocks on the way through the hash, and where it ends.
const BESIDE: usize = 256;

/// One thread's part of reading.
struct Worker<'a> {
    plan: &'a Plan<'a>,
    credentials: Option<Adding<'a>>,
    /// By slot.
    waiting: Vec<Option<Box<Waiting>>>,
    /// Bytes that all who wait have taken since they last gave everything back, and may take.
    taken: usize,
    taken_max: usize,
    gathered: Gathered<'a>,
    read: Read,
}

impl<'a> Worker<'a> {
    fn new(filling: &Filling<'a>) -> Self {
        let waiting = std::iter::repeat_with(|| None).take(filling.plan.keys.len()).collect();
        Self {
            plan: filling.plan,
            credentials: filling.credentials.map(Credentials::adding),
            waiting,
            taken: 0,
            taken_max: filling.shares.waiting,
            gathered: Gathered::new(filling.partitions),
            read: Read::default(),
        }
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

    #[inline]
    fn row(&mut self, row: &Row<'_>) -> io::Result<()> {
        *at(&mut self.read.rows, row.line.source as usize)? += 1;
        self.read.zero += u64::from(row.amount.is_zero());
        if row.debt {
            self.read.debt_rows += 1;
            self.read.debts.entry(row.asset).or_default().add(row);
            return Ok(());
        }
        if let Some(credentials) = &mut self.credentials {
            credentials.add(row)?;
        }
        let slot = slot(row.asset, row.class);
        at(&mut self.read.tallies, slot)?.add(row);
        self.place(slot, row)
    }

    /// Puts a row of a tree into its partition, together with others.
    #[inline]
    fn place(&mut self, slot: usize, row: &Row<'_>) -> io::Result<()> {
        let unknown = || io::Error::other("a row of an unknown asset");
        let waiting = self.waiting.get_mut(slot).ok_or_else(unknown)?;
        let waiting = match waiting {
            Some(waiting) => waiting,
            none => {
                let blinder = Blinder::new(self.plan.keys.get(slot).ok_or_else(unknown)?);
                none.insert(Box::new(Waiting { blinder, rows: Vec::new(), ends: Vec::new(), taken: 0 }))
            }
        };
        record::write_row(&mut waiting.rows, slot as u64, row);
        waiting.ends.push((waiting.rows.len(), row.account.len()));
        if waiting.ends.len() == BLINDED {
            return waiting.blind(&mut self.gathered);
        }
        // what has grown once stays as large
        let length = waiting.rows.len() + BESIDE * waiting.ends.len();
        if length > waiting.taken {
            self.taken += length - waiting.taken;
            waiting.taken = length;
            if self.taken > self.taken_max {
                return self.blind_all();
            }
        }
        Ok(())
    }

    /// Empties what waits, and gives its memory back.
    fn blind_all(&mut self) -> io::Result<()> {
        for waiting in self.waiting.iter_mut().filter_map(Option::take) {
            let mut waiting = waiting;
            waiting.blind(&mut self.gathered)?;
        }
        self.taken = 0;
        Ok(())
    }

    /// Hands over what was gathered.
    fn finish(&mut self) -> io::Result<()> {
        self.blind_all()?;
        if let Some(credentials) = &mut self.credentials {
            credentials.finish()?;
        }
        self.gathered.finish()
    }
}

impl Waiting {
    /// Gives every row its order key and nonce, and hands it over.
    fn blind(&mut self, gathered: &mut Gathered<'_>) -> io::Result<()> {
        let Self { blinder, rows, ends, .. } = self;
        // room behind the last one, too: rows and accounts are copied in widths that are always the same
        rows.extend_from_slice(&[0; SHORT]);
        for (end, account) in &*ends {
            blinder.push_first(rows.get(end - account..).unwrap_or_default(), *account);
        }
        let (mut begin, mut ends_left, mut result) = (0, ends.iter(), Ok(()));
        blinder.finish(&mut |order_key, nonce| {
            let end = ends_left.next().map_or(begin, |(end, _)| *end);
            let Some(row) = rows.get_mut(begin..) else { return };
            record::fill(row, order_key, nonce);
            if result.is_ok() {
                result = gathered.add_first(row, end - begin);
            }
            begin = end;
        });
        rows.clear();
        ends.clear();
        result
    }
}
