//! Building: rows in, one tree per asset and class out.

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
}

/// The result of a build.
#[derive(Clone, Debug)]
pub struct Built {
    /// Trees in the order of (asset, class).
    pub trees: Vec<Tree>,
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
    sources: &mut [Box<dyn RowSource + '_>],
    progress: &mut dyn FnMut(u64),
) -> Result<Built, Vec<LedgerError>> {
    let mut builder = Builder::new(key, assets);
    let mut faults = Vec::new();
    for source in sources.iter_mut() {
        while let Some(row) = source.next_row() {
            match row {
                Ok(row) => builder.push(row),
                Err(fault) if faults.len() < FAULTS_KEPT => faults.push(fault),
                Err(_) => {}
            }
            if builder.counts.rows.is_multiple_of(10_000) {
                progress(builder.counts.rows);
            }
        }
    }
    progress(builder.counts.rows);
    let records: Vec<SourceRecord> = sources.iter().map(|source| source.record()).collect();
    if builder.counts.rows == 0 && faults.is_empty() {
        let names: Vec<&str> = records.iter().map(|record| record.name.as_str()).collect();
        faults.push(LedgerErrorKind::Empty(names.join(", ")).into());
    }
    let counts = builder.counts;
    let trees = builder.finish(&records, &mut faults);
    if faults.is_empty() { Ok(Built { trees, counts, sources: records }) } else { Err(faults) }
}

struct Builder<'a> {
    key: &'a SnapshotKey,
    decimals: BTreeMap<AssetId, Decimals>,
    trees: BTreeMap<(AssetId, &'static str), (Class, TreeKey, Vec<Pending>)>,
    counts: LedgerCounts,
}

impl<'a> Builder<'a> {
    fn new(key: &'a SnapshotKey, assets: &Assets) -> Self {
        let decimals = assets.iter().map(|asset| (asset.id.clone(), asset.decimals)).collect();
        Self { key, decimals, trees: BTreeMap::new(), counts: LedgerCounts::default() }
    }

    fn push(&mut self, row: Row) {
        self.counts.rows += 1;
        self.counts.zero += u64::from(row.amount.is_zero());
        let Row { account, asset, amount, credential, product, class, line } = row;
        let key = self.key;
        let tree = self.trees.entry((asset.clone(), class.text()));
        let (_, tree_key, rows) = tree.or_insert_with(|| (class, key.tree(&asset, class), Vec::new()));
        let (order_key, nonce) = tree_key.blind(&account);
        let entry = Entry { order_key, nonce, account, credential, amount, parts: Vec::new() };
        rows.push(Pending { entry, product, line });
    }

    fn finish(self, records: &[SourceRecord], faults: &mut Vec<LedgerError>) -> Vec<Tree> {
        let mut trees = Vec::with_capacity(self.trees.len());
        for ((asset, _), (class, _, mut rows)) in self.trees {
            rows.sort_by(|left, right| left.sort_key().cmp(&right.sort_key()));
            let Some(&decimals) = self.decimals.get(&asset) else { continue };
            let tree = Joining { asset: &asset, class, records, faults: &mut *faults }
                .join(rows)
                .and_then(|entries| tree_of(&asset, class, decimals, entries));
            match tree {
                Ok(tree) => trees.push(tree),
                Err(fault) => faults.push(fault),
            }
        }
        faults.truncate(FAULTS_KEPT);
        trees
    }
}

impl Pending {
    /// Rows of one account are neighbours; among them a row without a product comes first.
    fn sort_key(&self) -> (OrderKey, &str, Option<&str>, Line) {
        (self.entry.order_key, &self.entry.account, self.product.as_deref(), self.line)
    }
}

fn tree_of(asset: &AssetId, class: Class, decimals: Decimals, entries: Vec<Entry>) -> Result<Tree, LedgerError> {
    let overflow = |account: &str| total_overflow(asset, class, account);
    let mut range = CompactRange::starting_at(0);
    let mut total = Amount::ZERO;
    for entry in &entries {
        total = total.checked_add(entry.amount).ok_or_else(|| overflow(&entry.account))?;
        let too_many = || LedgerErrorKind::FieldTooLong { what: "the list of parts", got: entry.parts.len() };
        range.append(entry.node().ok_or_else(too_many)?).map_err(|_| overflow(&entry.account))?;
    }
    let last = || overflow(entries.last().map_or("", |entry| &entry.account));
    let root = range.root().map_err(|SumOverflow { .. }| last())?;
    let root = root.ok_or_else(|| LedgerErrorKind::Empty(format!("{asset} ({class})")))?;
    let (asset, leaf_count) = (asset.clone(), range.end());
    let commitment = LiabilityCommitment { asset, class, decimals, leaf_count, root: root.digest, total: root.sum };
    Ok(Tree { commitment, entries })
}

fn total_overflow(asset: &AssetId, class: Class, account: &str) -> LedgerError {
    LedgerErrorKind::TotalOverflow { asset: asset.clone(), class, account: account.to_owned() }.into()
}

/// Joins the rows of each account of one tree into one entry.
struct Joining<'a> {
    asset: &'a AssetId,
    class: Class,
    records: &'a [SourceRecord],
    faults: &'a mut Vec<LedgerError>,
}

impl Joining<'_> {
    /// Rows are sorted, so those of one account are neighbours.
    fn join(mut self, rows: Vec<Pending>) -> Result<Vec<Entry>, LedgerError> {
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
    ) -> Result<bool, LedgerError> {
        let account = entry.account.clone();
        let product = row.product.as_ref().filter(|_| first_product.is_some() && row.product != *first_product);
        let Some(product) = product else {
            let (asset, first) = (self.asset.clone(), self.at(*first));
            let kind = LedgerErrorKind::Duplicate { account, asset, class: self.class, first };
            self.note(kind, row.line);
            return Ok(false);
        };
        if entry.credential != row.entry.credential {
            let kind = LedgerErrorKind::CredentialDiffers { account, first: self.at(*first) };
            self.note(kind, row.line);
            return Ok(false);
        }
        let sum = entry.amount.checked_add(row.entry.amount);
        entry.amount = sum.ok_or_else(|| total_overflow(self.asset, self.class, &account))?;
        entry.parts.push(Part { product: product.clone(), amount: row.entry.amount });
        Ok(true)
    }

    fn name(&self, line: Line) -> &str {
        let record = usize::try_from(line.source).ok().and_then(|source| self.records.get(source));
        record.map_or("the ledger", |record| &record.name)
    }

    fn at(&self, line: Line) -> String {
        format!("{}:{}", self.name(line), line.number)
    }

    fn note(&mut self, kind: LedgerErrorKind, line: Line) {
        let source = self.name(line).to_owned();
        let place = Place { source, line: line.number, column: 1, excerpt: String::new(), span: 0..0 };
        self.faults.push(LedgerError { kind, place: Some(Box::new(place)) });
    }
}
