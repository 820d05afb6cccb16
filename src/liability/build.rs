//! Building: rows in, one tree per asset and class out.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::amount::{Amount, Decimals};
use crate::asset::{AssetId, Assets, Class};
use crate::ledger::{LedgerError, LedgerErrorKind, Line, Place, Row, RowSource, SourceRecord};
use crate::liability::leaf::{LeafContent, Nonce, OrderKey, Part, SnapshotKey, TreeKey};
use crate::liability::sum_tree::{CompactRange, LiabilityCommitment, SumNode, SumOverflow};

/// One customer's entry in one tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Sorts the leaves.
    pub order_key: OrderKey,
    /// Blinds the leaf.
    pub nonce: Nonce,
    /// The customer account.
    pub account: String,
    /// The customer's credential; empty for none.
    pub credential: String,
    /// The balance.
    pub amount: Amount,
    /// Parts of the balance; empty for none.
    pub parts: Vec<Part>,
}

impl Entry {
    /// The leaf of the tree; `None` when there are more than 65,535 parts.
    #[must_use]
    pub fn node(&self) -> Option<SumNode> {
        let content = LeafContent {
            nonce: self.nonce,
            amount: self.amount,
            account: &self.account,
            credential: &self.credential,
            parts: &self.parts,
        };
        Some(SumNode::leaf(content.hash()?, self.amount))
    }
}

/// One tree: its entries in order, and what the statement says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// The row of the statement.
    pub commitment: LiabilityCommitment,
    /// Leaves in the order of the tree.
    pub entries: Vec<Entry>,
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

/// The result of a build.
#[derive(Clone, Debug)]
pub struct Built {
    /// Trees in the order of (asset, class).
    pub trees: Vec<Tree>,
    /// What customers owe to the venue, by asset. It reduces no tree.
    pub debts: BTreeMap<AssetId, Amount>,
    /// Counts.
    pub counts: LedgerCounts,
    /// One record per source.
    pub sources: Vec<SourceRecord>,
}

/// A row before rows of one account are joined.
struct Pending {
    entry: Entry,
    product: Option<String>,
    line: Line,
}

/// Faults beyond this number are counted, not kept.
pub const FAULTS_KEPT: usize = 50;

/// Reads all rows and builds all trees. `progress` is told the number of rows from time to time.
///
/// # Errors
/// Every fault of the ledger, in the order of the rows; the first [`FAULTS_KEPT`] of them.
pub fn build(
    key: &SnapshotKey,
    assets: &Assets,
    sources: &mut [Box<dyn RowSource<'_> + '_>],
    progress: &mut dyn FnMut(u64),
) -> Result<Built, Vec<LedgerError>> {
    let mut builder = Builder::new(key, assets);
    let mut faults = Vec::new();
    let mut rows = Vec::with_capacity(sources.len());
    for source in sources.iter_mut() {
        let before = builder.counts.rows;
        while let Some(chunk) = source.next_chunk() {
            match chunk {
                Ok(chunk) => chunk.rows(&mut |row| {
                    if let Err(fault) = row.and_then(|row| builder.push(row)) {
                        faults.push(fault);
                    }
                }),
                Err(fault) => faults.push(fault),
            }
            faults.truncate(FAULTS_KEPT);
            progress(builder.counts.rows);
        }
        rows.push(builder.counts.rows - before);
    }
    progress(builder.counts.rows);
    let records = sources.iter().zip(rows).map(|(source, rows)| SourceRecord { rows, ..source.record() });
    let records: Vec<SourceRecord> = records.collect();
    // rows of debts alone make no tree, and a statement without one commits to nothing
    if builder.trees.is_empty() && faults.is_empty() {
        let names: Vec<&str> = records.iter().map(|record| record.name.as_str()).collect();
        faults.push(LedgerErrorKind::Empty(names.join(", ")).into());
    }
    let trees = builder.finish(&Places(&records), &mut faults);
    sort_by_place(&records, &mut faults);
    faults.truncate(FAULTS_KEPT);
    let (debts, counts) = (builder.debts, builder.counts);
    if faults.is_empty() { Ok(Built { trees, debts, counts, sources: records }) } else { Err(faults) }
}

/// Faults of rows come while reading, those between rows while joining: people read them in the order of the rows.
fn sort_by_place(records: &[SourceRecord], faults: &mut [LedgerError]) {
    let source = |name: &str| records.iter().position(|record| record.name == name).unwrap_or(records.len());
    faults.sort_by_key(|fault| match &fault.place {
        Some(place) => (source(&place.source), place.line, place.column),
        None => (usize::MAX, u64::MAX, 0),
    });
}

struct Builder<'a> {
    key: &'a SnapshotKey,
    decimals: BTreeMap<AssetId, Decimals>,
    assets: Vec<AssetId>,
    trees: BTreeMap<(AssetId, &'static str), (Class, TreeKey, Vec<Pending>)>,
    debts: BTreeMap<AssetId, Amount>,
    counts: LedgerCounts,
}

impl<'a> Builder<'a> {
    fn new(key: &'a SnapshotKey, assets: &Assets) -> Self {
        let decimals = assets.iter().map(|asset| (asset.id.clone(), asset.decimals)).collect();
        let ids = assets.iter().map(|asset| asset.id.clone()).collect();
        Self {
            key,
            decimals,
            assets: ids,
            trees: BTreeMap::new(),
            debts: BTreeMap::new(),
            counts: LedgerCounts::default(),
        }
    }

    /// Takes a row over.
    ///
    /// # Errors
    /// [`LedgerErrorKind::TotalOverflow`] for debts that add up to more than can be stated.
    fn push(&mut self, row: Row<'_>) -> Result<(), LedgerError> {
        self.counts.rows += 1;
        self.counts.zero += u64::from(row.amount.is_zero());
        let Row { account, asset, amount, credential, product, class, debt, line } = row;
        let (account, credential, product) = (account.to_owned(), credential.to_owned(), product.map(str::to_owned));
        let Some(asset) = self.assets.get(asset).cloned() else { return Ok(()) };
        if debt {
            self.counts.debts += 1;
            let sum = self.debts.entry(asset.clone()).or_default();
            *sum = sum.checked_add(amount).ok_or(LedgerErrorKind::TotalOverflow { asset, class, account })?;
            return Ok(());
        }
        let key = self.key;
        let tree = self.trees.entry((asset.clone(), class.text()));
        let (_, tree_key, rows) = tree.or_insert_with(|| (class, key.tree(&asset, class), Vec::new()));
        let (order_key, nonce) = tree_key.blind(&account);
        let entry = Entry { order_key, nonce, account, credential, amount, parts: Vec::new() };
        rows.push(Pending { entry, product, line });
        Ok(())
    }

    fn finish(&mut self, places: &Places<'_>, faults: &mut Vec<LedgerError>) -> Vec<Tree> {
        let mut trees = Vec::with_capacity(self.trees.len());
        compare_credentials(self.trees.values().flat_map(|(_, _, rows)| rows), places, faults);
        for ((asset, _), (class, _, mut rows)) in std::mem::take(&mut self.trees) {
            rows.sort_by(|left, right| left.sort_key().cmp(&right.sort_key()));
            let Some(&decimals) = self.decimals.get(&asset) else { continue };
            let largest = rows.iter().max_by_key(|row| (row.entry.amount, Reverse(row.line)));
            let largest = largest.map(|row| (row.entry.account.clone(), row.line));
            let entries = Joining { asset: &asset, class, places, faults: &mut *faults }.join(rows);
            match (entries.and_then(|entries| tree_of(&asset, class, decimals, entries)), largest) {
                (Ok(tree), _) => trees.push(tree),
                // which row passes the limit depends on the order; the largest one is where to look first
                (Err(NoTree::Overflow), Some((account, line))) => {
                    let kind = LedgerErrorKind::TotalOverflow { asset, class, account };
                    faults.push(places.fault(kind, line));
                }
                (Err(NoTree::TooManyParts(got)), _) => {
                    faults.push(LedgerErrorKind::FieldTooLong { what: "the list of parts", got }.into());
                }
                (Err(_), _) => faults.push(LedgerErrorKind::Empty(format!("{asset} ({class})")).into()),
            }
        }
        trees
    }
}

impl Pending {
    /// Rows of one account are neighbours; among them a row without a product comes first.
    fn sort_key(&self) -> (OrderKey, &str, Option<&str>, Line) {
        (self.entry.order_key, &self.entry.account, self.product.as_deref(), self.line)
    }
}

/// Why there is no tree.
enum NoTree {
    Empty,
    Overflow,
    TooManyParts(usize),
}

fn tree_of(asset: &AssetId, class: Class, decimals: Decimals, entries: Vec<Entry>) -> Result<Tree, NoTree> {
    let mut range = CompactRange::starting_at(0);
    let mut total = Amount::ZERO;
    for entry in &entries {
        total = total.checked_add(entry.amount).ok_or(NoTree::Overflow)?;
        let node = entry.node().ok_or(NoTree::TooManyParts(entry.parts.len()))?;
        range.append(node).map_err(|_| NoTree::Overflow)?;
    }
    let root = range.root().map_err(|SumOverflow { .. }| NoTree::Overflow)?.ok_or(NoTree::Empty)?;
    let (asset, leaf_count) = (asset.clone(), range.end());
    let commitment = LiabilityCommitment { asset, class, decimals, leaf_count, root: root.digest, total: root.sum };
    Ok(Tree { commitment, entries })
}

/// Says where lines are.
struct Places<'a>(&'a [SourceRecord]);

impl Places<'_> {
    fn name(&self, line: Line) -> &str {
        let record = usize::try_from(line.source).ok().and_then(|source| self.0.get(source));
        record.map_or("the ledger", |record| &record.name)
    }

    fn at(&self, line: Line) -> String {
        format!("{}:{}", self.name(line), line.number)
    }

    /// A fault of a row that is no longer at hand.
    fn fault(&self, kind: LedgerErrorKind, line: Line) -> LedgerError {
        let source = self.name(line).to_owned();
        let place = Place { source, line: line.number, column: 1, excerpt: String::new(), span: 0..0 };
        LedgerError { kind, place: Some(Box::new(place)) }
    }
}

/// A customer checks all balances with one credential: rows of one account must agree on it, over all trees.
fn compare_credentials<'a>(
    rows: impl Iterator<Item = &'a Pending>,
    places: &Places<'_>,
    faults: &mut Vec<LedgerError>,
) {
    let mut rows: Vec<&Pending> = rows.collect();
    if rows.iter().all(|row| row.entry.credential.is_empty()) {
        return;
    }
    rows.sort_unstable_by(|left, right| (&left.entry.account, left.line).cmp(&(&right.entry.account, right.line)));
    for of_account in rows.chunk_by(|left, right| left.entry.account == right.entry.account) {
        let Some((first, others)) = of_account.split_first() else { continue };
        for row in others.iter().filter(|row| row.entry.credential != first.entry.credential) {
            let (account, first) = (row.entry.account.clone(), places.at(first.line));
            faults.push(places.fault(LedgerErrorKind::CredentialDiffers { account, first }, row.line));
        }
    }
}

/// Joins the rows of each account of one tree into one entry.
struct Joining<'a> {
    asset: &'a AssetId,
    class: Class,
    places: &'a Places<'a>,
    faults: &'a mut Vec<LedgerError>,
}

impl Joining<'_> {
    /// Rows are sorted, so those of one account are neighbours.
    fn join(mut self, rows: Vec<Pending>) -> Result<Vec<Entry>, NoTree> {
        let mut entries: Vec<Entry> = Vec::with_capacity(rows.len());
        let mut before: Option<(Line, Option<String>)> = None;
        for row in rows {
            let same = entries.last_mut().filter(|last| last.account == row.entry.account);
            match (same, &before) {
                (Some(entry), Some(previous)) => {
                    if !self.add_part(entry, previous, &row)? {
                        continue;
                    }
                }
                _ => {
                    let mut entry = row.entry;
                    entry.parts.extend(row.product.clone().map(|product| Part { product, amount: entry.amount }));
                    entries.push(entry);
                }
            }
            before = Some((row.line, row.product));
        }
        Ok(entries)
    }

    /// Adds a further row of the account; `false` when it is a fault, which is noted.
    fn add_part(
        &mut self,
        entry: &mut Entry,
        (first, first_product): &(Line, Option<String>),
        row: &Pending,
    ) -> Result<bool, NoTree> {
        let product = row.product.as_ref().filter(|_| first_product.is_some() && row.product != *first_product);
        let Some(product) = product else {
            let (earlier, later) = ((*first).min(row.line), (*first).max(row.line));
            let (asset, first) = (self.asset.clone(), self.places.at(earlier));
            let kind = LedgerErrorKind::Duplicate { account: entry.account.clone(), asset, class: self.class, first };
            self.faults.push(self.places.fault(kind, later));
            return Ok(false);
        };
        entry.amount = entry.amount.checked_add(row.entry.amount).ok_or(NoTree::Overflow)?;
        entry.parts.push(Part { product: product.clone(), amount: row.entry.amount });
        Ok(true)
    }
}
