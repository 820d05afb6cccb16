//! Single operations, for instruction counts here and for criterion in `benches/micro`.

use std::collections::BTreeMap;
use std::hint::black_box;

use counterfoil::amount::Amount;
use counterfoil::asset::{AssetId, Assets, Class};
use counterfoil::hash::{Batch, Midstate, Tag, TaggedHasher};
use counterfoil::lab::ledger::{Order, SyntheticLedger, assets_toml};
use counterfoil::ledger::{CsvSource, RowSource as _};
use counterfoil::liability::inclusion_proof::{self, FORMAT, InclusionProof, InclusionQuery, LeafProof, StatementRef};
use counterfoil::liability::leaf::{Blinder, LeafContent, Nonce, SnapshotKey, TreeKey};
use counterfoil::liability::sum_tree::{CompactRange, LiabilityCommitment, SumNode};
use counterfoil::secret::{Secret, SecretKind};
use counterfoil::snapshot::VenueId;

/// One operation, ready to be repeated.
pub(crate) type Operation = Box<dyn FnMut()>;

/// Every operation by name.
pub(crate) const NAMES: [&str; 6] =
    ["order key and nonce", "leaf hash", "node hash", "CSV row", "range merge", "proof check"];

/// The operation of this name.
pub(crate) fn operation(name: &str) -> Option<Operation> {
    match name {
        "order key and nonce" => blinding(),
        "leaf hash" => Some(leaf_hash()),
        "node hash" => Some(node_hash()),
        "CSV row" => csv_row(),
        "range merge" => range_merge(),
        "proof check" => proof_check(),
        _ => None,
    }
}

const ACCOUNT: &str = "u000000004711";

fn leaf(index: u64) -> SumNode {
    let digest = TaggedHasher::new(Tag::Leaf).fixed(&index.to_be_bytes()).finish();
    SumNode { digest, sum: Amount::from_base_units(u128::from(index) << 30) }
}

fn tree_key() -> Option<TreeKey> {
    let master = Secret::new(SecretKind::Master, &mut [7; 32]);
    let venue: VenueId = "example-exchange".parse().ok()?;
    let asset: AssetId = "BTC".parse().ok()?;
    Some(SnapshotKey::derive(&master, &[1; 32], &venue, 0).tree(&asset, Class::Custody))
}

/// As the build does it, side by side; one call is one row.
fn blinding() -> Option<Operation> {
    let mut blinder = Blinder::new(&tree_key()?);
    Some(Box::new(move || {
        blinder.push(black_box(ACCOUNT).as_bytes());
        if blinder.len() == BATCH {
            blinder.finish(&mut |order_key, nonce| {
                black_box((order_key, nonce));
            });
        }
    }))
}

fn content(account: &str) -> LeafContent<'_> {
    LeafContent { nonce: Nonce([9; 16]), amount: Amount::from_base_units(42), account, credential: "", parts: &[] }
}

/// The same for leaves.
fn leaf_hash() -> Operation {
    let (mut batch, mut digests) = (Batch::default(), Vec::new());
    Box::new(move || {
        black_box(content(black_box(ACCOUNT)).push_to(None, &mut batch));
        if batch.len() == BATCH {
            digests.clear();
            batch.finish(Midstate::of(Tag::Leaf), &mut digests);
            black_box(&digests);
        }
    })
}

/// The same for nodes: a tree of n leaves has n - 1 of them.
fn node_hash() -> Operation {
    let leaves: Vec<SumNode> = (0..BATCH as u64).map(leaf).collect();
    let mut left = 0;
    Box::new(move || {
        if left == 0 {
            left = BATCH;
            let mut range = CompactRange::starting_at(0);
            let _ = black_box(range.extend(black_box(&leaves)));
        }
        left -= 1;
    })
}

/// Leaves, nodes and accounts that are hashed together. What is repeated less often is not measured, it only runs.
pub(crate) const BATCH: usize = 2048;

/// Rows of one call; reading the first line belongs to it.
const CSV_ROWS: u64 = 1024;

/// One call is one row: every 1,024th reads so many.
fn csv_row() -> Option<Operation> {
    let mut ledger = Vec::new();
    let order = Order::Mixed;
    let synthetic = SyntheticLedger { rows: CSV_ROWS, seed: 1, order, products: false, classes: false };
    synthetic.write(&mut ledger, &mut |_| ()).ok()?;
    let assets = Assets::parse(&assets_toml()).ok()?;
    let mut left = 0;
    Some(Box::new(move || {
        if left == 0 {
            left = CSV_ROWS;
            let Ok(mut source) = CsvSource::new("ledger.csv", 0, ledger.as_slice(), &assets, &[]) else { return };
            while let Some(Ok(chunk)) = source.next_chunk() {
                chunk.rows(&mut |row| {
                    let _ = black_box(row);
                });
            }
        }
        left -= 1;
    }))
}

/// Two ranges of a thousand leaves that do not end at a power of two.
fn range_merge() -> Option<Operation> {
    let range = |begin: u64, end: u64| {
        let mut range = CompactRange::starting_at(begin);
        (begin..end).try_for_each(|index| range.append(leaf(index))).ok().map(|()| range)
    };
    let (left, right) = (range(0, 1001)?, range(1001, 2001)?);
    Some(Box::new(move || {
        let mut merged = black_box(&left).clone();
        let _ = black_box(merged.merge(black_box(&right)));
    }))
}

/// One balance in a tree of 2^27 leaves, more than a hundred million; only its path is there.
fn proof_check() -> Option<Operation> {
    let (index, depth) = (4711_u64, 27);
    let amount = Amount::from_base_units(42);
    let path: Vec<SumNode> = (0..depth).map(leaf).collect();
    let mut root = SumNode::leaf(content(ACCOUNT).hash()?, amount);
    for (level, sibling) in path.iter().enumerate() {
        let (left, right) = if index >> level & 1 == 1 { (sibling, &root) } else { (&root, sibling) };
        root = SumNode::parent(left, right).ok()?;
    }
    let (asset, class) = ("BTC".parse::<AssetId>().ok()?, Class::Custody);
    let (decimals, leaf_count, total) = (counterfoil::amount::Decimals::new(8)?, 1 << depth, root.sum);
    let rows = [LiabilityCommitment { asset: asset.clone(), class, decimals, leaf_count, root: root.digest, total }];
    let leaf = LeafProof { asset, class, amount, nonce: Nonce([9; 16]), index, parts: vec![], split: None, path };
    let digest = counterfoil::hash::sha256(b"a statement");
    let statement = StatementRef { digest, sequence: 0, venue: "example-exchange".parse().ok()? };
    let (format, account) = (FORMAT.to_owned(), ACCOUNT.to_owned());
    let proof = InclusionProof { format, account, statement: statement.clone(), leaves: vec![leaf] };
    let expected = BTreeMap::new();
    let check = move || {
        let (account, credential) = (ACCOUNT, "");
        let query = InclusionQuery { statement: &statement, rows: &rows, account, credential, expected: &expected };
        inclusion_proof::verify(black_box(&query), black_box(&proof)).is_ok()
    };
    // a proof that is refused would be faster
    check().then(|| {
        let repeated = move || {
            black_box(check());
        };
        Box::new(repeated) as Operation
    })
}
