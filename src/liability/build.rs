//! Building: rows in, one tree per asset and class out, in bounded memory and on all cores.
//!
//! Rows are put apart by the first bytes of their order keys; what does not fit into memory waits in scratch files.
//! Then one partition after another is sorted, joined, hashed and folded, by all threads at the same time; what must
//! be in order – the position of leaves, the files – they do in turns. The result depends on the rows alone: not on
//! their order, the number of threads, or the memory.

mod bucket;
mod credentials;
mod faults;
mod hashing;
mod output;
mod partition;
mod pieces;
mod record;
mod rows;
mod sections;
mod sorted;

use std::collections::BTreeMap;
use std::io;

use crate::amount::Amount;
use crate::asset::{AssetId, Assets, Class};
use crate::code::{Code, Coded};
use crate::ledger::{LedgerError, LedgerErrorKind, RowSource, SourceRecord};
use crate::liability::leaf::{SnapshotKey, SplitKeys, TreeKey};
use crate::liability::storage::{ScratchSpace, Storage};
use crate::liability::store::header::{HEADER_SIZE_MAX, Header, TreeHeader, header_size};
use crate::liability::store::{self};
use crate::liability::sum_tree::LiabilityCommitment;
use credentials::Credentials;
use faults::Places;
use hashing::Hashing;
use partition::Partitions;
use rows::Read;
use sections::{TreeWriter, Written};

/// Faults beyond this number are not kept.
pub const FAULTS_KEPT: usize = 50;
/// What the command takes at least: below, the machinery itself would hardly fit. Tests use less, to see rows spill.
pub const MEMORY_MIN: usize = 32 << 20;

/// What to build, and with what.
pub struct BuildOptions<'a> {
    /// The snapshot's key.
    pub key: &'a SnapshotKey,
    /// The salt it was derived with; kept in the store.
    pub build_id: [u8; 32],
    /// The assets.
    pub assets: &'a Assets,
    /// Bytes of memory to stay below, roughly; see [`MEMORY_MIN`].
    pub memory: usize,
    /// Threads to work with; at least one is used.
    pub threads: usize,
    /// Leaves of one balance, up to [`Piece::OF_MAX`](crate::liability::leaf::Piece::OF_MAX); 1 does not split.
    pub split: u16,
    /// Leaves of nobody, with a balance of zero, in each tree.
    pub decoys: u64,
}

/// What is being done, for a progress bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Rows are read; how many is not known.
    Reading,
    /// This many rows are sorted and hashed.
    Hashing(u64),
    /// Files are brought to the medium.
    Sealing,
    /// This many leaves of a store are computed again.
    Checking(u64),
}

/// Is told how far a build is.
pub trait Progress: Sync {
    /// A phase begins.
    fn begin(&self, phase: Phase);

    /// So many more rows of this phase are done.
    fn advance(&self, rows: u64);
}

/// Tells nobody.
impl Progress for () {
    fn begin(&self, _phase: Phase) {}

    fn advance(&self, _rows: u64) {}
}

/// What was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LedgerCounts {
    /// Rows read.
    pub rows: u64,
    /// Rows with a balance of zero; they get a leaf like every other.
    pub zero: u64,
    /// Rows of customers' debts; they are in no tree.
    pub debts: u64,
}

/// The result of a build; the trees are in the store.
#[derive(Clone, Debug)]
pub struct Built {
    /// Rows of the statement, in the order of (asset, class).
    pub commitments: Vec<LiabilityCommitment>,
    /// What customers owe to the venue, by asset. It reduces no tree.
    pub debts: BTreeMap<AssetId, Amount>,
    /// Counts.
    pub counts: LedgerCounts,
    /// One record per source.
    pub sources: Vec<SourceRecord>,
}

/// Why there is no store.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The ledger has faults: the first [`FAULTS_KEPT`] of them, in the order of the rows.
    #[error("{}", .0.first().map_or_else(|| "no rows".to_owned(), ToString::to_string))]
    Ledger(Vec<LedgerError>),
    /// A store cannot list as many trees.
    #[error("{trees} trees make a header of {got} bytes, at most {HEADER_SIZE_MAX} are read")]
    TooManyTrees {
        /// Assets and classes with rows.
        trees: usize,
        /// Bytes of the header.
        got: u64,
    },
    /// Scratch files or store could not be written or read back.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl Coded for BuildError {
    fn code(&self) -> &'static Code {
        match self {
            Self::Ledger(faults) => faults.first().map_or(&crate::code::ledger::EMPTY_LEDGER, Coded::code),
            Self::TooManyTrees { .. } => &crate::code::liability::TOO_MANY_TREES,
            Self::Io(_) => &crate::code::cli::OUTPUT_UNWRITABLE,
        }
    }
}

/// Options with the keys of all trees.
struct Plan<'a> {
    assets: &'a Assets,
    /// By slot.
    keys: Vec<TreeKey>,
    /// By slot, when balances are split.
    pieces: Vec<SplitKeys>,
    memory: usize,
    threads: usize,
}

impl<'a> Plan<'a> {
    fn new(options: &BuildOptions<'a>) -> Self {
        let slots = || options.assets.iter().flat_map(|asset| Class::ALL.map(|class| (&asset.id, class)));
        let keys = slots().map(|(asset, class)| options.key.tree(asset, class)).collect();
        let pieces = slots().filter_map(|(asset, class)| options.key.split(asset, class, options.split).ok());
        let (memory, threads) = (options.memory, options.threads.max(1));
        Self { assets: options.assets, keys, pieces: pieces.collect(), memory, threads }
    }
}

/// A partition of this size is never taken apart: it has a few rows.
const BUCKET_MIN: usize = 256;

/// What `--memory` is used for, in bytes.
#[derive(Clone, Copy)]
struct Shares {
    /// Rows that wait in partitions.
    rows: usize,
    /// Pieces of split balances that do; rows wait at the same time.
    pieces: usize,
    /// Rows that wait for their credentials to be compared.
    credentials: usize,
    /// One thread's rows that wait for their order keys.
    waiting: usize,
    /// The largest partition that is sorted and hashed as a whole.
    bucket: u64,
    /// A partition above that size is taken apart in so much: nothing is sorted yet.
    spare: usize,
    /// Bytes on their way into files.
    files: usize,
}

impl Shares {
    fn of(memory: usize, threads: usize, split: bool) -> Self {
        let part = memory / 32;
        let (rows, pieces) = if split { (11 * part, 11 * part) } else { (22 * part, 0) };
        // a bucket is held together with its index and what is made of it, some three times its size
        let bucket = (2 * part / threads.max(1)).max(BUCKET_MIN) as u64;
        Self {
            rows,
            pieces,
            credentials: part / 2,
            waiting: part / threads.max(1),
            bucket,
            spare: 6 * part,
            files: part,
        }
    }
}

/// Reads all rows and writes all trees into `storage`, which is empty before and is a store afterwards.
///
/// # Errors
/// [`BuildError`]. The storage then has no header, and what is in it is no store.
pub fn build(
    options: &BuildOptions<'_>,
    sources: &mut [Box<dyn RowSource<'_> + '_>],
    scratch: &dyn ScratchSpace,
    storage: &dyn Storage,
    progress: &dyn Progress,
) -> Result<Built, BuildError> {
    let plan = Plan::new(options);
    let (shares, threads) = (Shares::of(plan.memory, plan.threads, !plan.pieces.is_empty()), plan.threads);
    progress.begin(Phase::Reading);
    let with_credentials = sources.iter().any(|source| source.has_credentials());
    let mut partitions = Partitions::new(scratch, shares.rows, threads);
    if !with_credentials && plan.pieces.is_empty() {
        partitions = partitions.finer(shares.rows, threads);
    }
    let credentials = with_credentials.then(|| Credentials::new(scratch, shares.credentials, threads));
    let places = rows::Filling { plan: &plan, partitions: &partitions, credentials: credentials.as_ref(), shares };
    let mut read = rows::read(&places, sources, progress)?;
    let records = sources.iter().zip(&read.rows).map(|(source, &rows)| SourceRecord { rows, ..source.record() });
    let records: Vec<SourceRecord> = records.collect();
    let (trees, lines) = (TreePlan::new(&plan, &read), Places(&records));
    trees.check_header()?;
    let mut faults = std::mem::take(&mut read.faults);
    trees.check_totals(&read, plan.assets, &lines, &mut faults);
    let rows: u64 = read.tallies.iter().map(|tally| tally.rows).sum();
    if rows == 0 && faults.is_empty() {
        // rows of debts alone make no tree, and a statement without one commits to nothing
        let names: Vec<&str> = records.iter().map(|record| record.name.as_str()).collect();
        faults.push(LedgerErrorKind::Empty(names.join(", ")).into());
    }
    rows::add_decoys(&places, &trees, options.decoys)?;
    progress.begin(Phase::Hashing(rows + options.decoys * trees.trees.len() as u64));
    let hashing = Hashing { plan: &plan, trees: &trees, lines: &lines, scratch, storage, progress, shares };
    let parts = partitions.finish(shares.bucket, shares.spare)?;
    let (writers, more) = hashing.run(parts, !faults.is_empty())?;
    faults.extend(more);
    if let Some(credentials) = credentials {
        credentials.compare(shares, &lines, &mut faults)?;
    }
    if !faults.is_empty() {
        lines.sort(&mut faults);
        faults.truncate(FAULTS_KEPT);
        return Err(BuildError::Ledger(faults));
    }
    progress.begin(Phase::Sealing);
    let commitments = seal(options, trees, writers, storage)?;
    let counts = LedgerCounts { rows: read.rows.iter().sum(), zero: read.zero, debts: read.debt_rows };
    let asset =
        |(asset, debts): (usize, rows::Tally)| Some((options.assets.iter().nth(asset)?.id.clone(), debts.total?));
    let debts = read.debts.into_iter().filter_map(asset).collect();
    Ok(Built { commitments, debts, counts, sources: records })
}

/// Brings the files to the medium and writes the header, last of all.
fn seal(
    options: &BuildOptions<'_>,
    trees: TreePlan,
    writers: Vec<TreeWriter>,
    storage: &dyn Storage,
) -> io::Result<Vec<LiabilityCommitment>> {
    hashing::sync_all(storage, writers.iter().flat_map(TreeWriter::files))?;
    let mut headers = Vec::with_capacity(writers.len());
    for (tree, writer) in trees.trees.into_iter().zip(writers) {
        let Written { root, leaf_count, text_length, seals } = writer.finish()?;
        let asset = options.assets.get(tree.asset.as_str());
        let decimals = asset.ok_or_else(|| io::Error::other("a tree of an unknown asset"))?.decimals;
        let (asset, class, total) = (tree.asset, tree.class, root.sum);
        let commitment = LiabilityCommitment { asset, class, decimals, leaf_count, root: root.digest, total };
        headers.push(TreeHeader { commitment, text_length, seals });
    }
    let key = SnapshotKey::from_bytes(*options.key.expose());
    let split = options.split.max(1);
    let header = Header { build_id: options.build_id, key, split, decoys: options.decoys, trees: headers };
    storage.write_at(store::HEADER, 0, &header.to_bytes())?;
    storage.sync(store::HEADER)?;
    Ok(header.trees.into_iter().map(|tree| tree.commitment).collect())
}

/// One tree that has rows.
struct PlannedTree {
    slot: usize,
    asset: AssetId,
    class: Class,
}

/// The trees in the order of the statement.
struct TreePlan {
    trees: Vec<PlannedTree>,
    /// Position of each slot's tree.
    positions: Vec<Option<u32>>,
}

impl TreePlan {
    fn new(plan: &Plan<'_>, read: &Read) -> Self {
        let mut trees = Vec::new();
        for (position, asset) in plan.assets.iter().enumerate() {
            for class in Class::ALL {
                let slot = rows::slot(position, class);
                if read.tally(slot).is_some() {
                    trees.push(PlannedTree { slot, asset: asset.id.clone(), class });
                }
            }
        }
        trees.sort_by(|left, right| (&left.asset, left.class.text()).cmp(&(&right.asset, right.class.text())));
        let mut positions = vec![None; plan.keys.len()];
        for (position, tree) in (0..).zip(&trees) {
            if let Some(place) = positions.get_mut(tree.slot) {
                *place = Some(position);
            }
        }
        Self { trees, positions }
    }

    fn position(&self, slot: u64) -> Option<u32> {
        *self.positions.get(usize::try_from(slot).ok()?)?
    }

    /// What is written must be readable: it is refused before anything is.
    fn check_header(&self) -> Result<(), BuildError> {
        let got = header_size(self.trees.iter().map(|tree| (&tree.asset, tree.class)));
        let trees = self.trees.len();
        if got > HEADER_SIZE_MAX { Err(BuildError::TooManyTrees { trees, got }) } else { Ok(()) }
    }

    /// No total may be above what can be stated; then no sum below a root is.
    fn check_totals(&self, read: &Read, assets: &Assets, lines: &Places<'_>, faults: &mut Vec<LedgerError>) {
        for tree in &self.trees {
            let Some(tally) = read.tally(tree.slot).filter(|tally| tally.total.is_none()) else { continue };
            // which row passes the limit depends on the order; the largest one is where to look first
            if let Some((account, line)) = tally.largest() {
                let (asset, class, account) = (tree.asset.clone(), tree.class, account.to_owned());
                faults.push(lines.fault(LedgerErrorKind::TotalOverflow { asset, class, account }, line));
            }
        }
        for (asset, debts) in read.debts.iter().filter(|(_, debts)| debts.total.is_none()) {
            if let (Some(asset), Some((account, line))) = (assets.iter().nth(*asset), debts.largest()) {
                let (asset, account) = (asset.id.clone(), account.to_owned());
                faults.push(lines.fault(LedgerErrorKind::DebtOverflow { asset, account }, line));
            }
        }
    }
}
