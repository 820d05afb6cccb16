//! Single operations, for instruction counts here and for criterion in `benches/micro`.

use std::collections::BTreeMap;
use std::hint::black_box;

use counterfoil::amount::Amount;
use counterfoil::asset::{AssetId, Assets, Class};
use counterfoil::hash::{Tag, TaggedHasher};
use counterfoil::lab::ledger::{Order, SyntheticLedger, assets_toml};
use counterfoil::ledger::{CsvSource, RowSource as _};
use counterfoil::liability::inclusion_proof::{self, FORMAT, InclusionProof, InclusionQuery, LeafProof, StatementRef};
use counterfoil::liability::leaf::{LeafContent, Nonce, SnapshotKey, TreeKey};
use counterfoil::liability::sum_tree::{CompactRange, LiabilityCommitment, SumNode, SumTree};
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

fn blinding() -> Option<Operation> {
    let key = tree_key()?;
    Some(Box::new(move || {
        black_box(key.blind(black_box(ACCOUNT)));
    }))
}

fn content(account: &str) -> LeafContent<'_> {
    LeafContent { nonce: Nonce([9; 16]), amount: Amount::from_base_units(42), account, credential: "", parts: &[] }
}

fn leaf_hash() -> Operation {
    Box::new(|| {
        black_box(content(black_box(ACCOUNT)).hash());
    })
}

fn node_hash() -> Operation {
    let (left, right) = (leaf(1), leaf(2));
    Box::new(move || {
        let _ = black_box(SumNode::parent(black_box(&left), black_box(&right)));
    })
}

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

/// One balance in a tree of 2^17 leaves, of the 27 siblings that 10^8 leaves would have: 17.
fn proof_check() -> Option<Operation> {
    let account = ACCOUNT.to_owned();
    let index = 4711;
    let mut leaves: Vec<SumNode> = (0..1 << 17).map(leaf).collect();
    let amount = Amount::from_base_units(42);
    *leaves.get_mut(index)? = SumNode::leaf(content(ACCOUNT).hash()?, amount);
    let tree = SumTree::new(leaves).ok()?;
    let root = tree.root().ok()??;
    let (asset, class) = ("BTC".parse::<AssetId>().ok()?, Class::Custody);
    let decimals = counterfoil::amount::Decimals::new(8)?;
    let (leaf_count, total) = (tree.leaf_count(), root.sum);
    let rows = [LiabilityCommitment { asset: asset.clone(), class, decimals, leaf_count, root: root.digest, total }];
    let path = tree.path(index as u64).ok()??;
    let leaf = LeafProof {
        asset,
        class,
        amount,
        nonce: Nonce([9; 16]),
        index: index as u64,
        parts: vec![],
        path,
        split: None,
    };
    let digest = counterfoil::hash::sha256(b"a statement");
    let statement = StatementRef { digest, sequence: 0, venue: "example-exchange".parse().ok()? };
    let proof = InclusionProof {
        format: FORMAT.to_owned(),
        account: account.clone(),
        statement: statement.clone(),
        leaves: vec![leaf],
    };
    let expected = BTreeMap::new();
    let check = move || {
        let query = InclusionQuery {
            statement: &statement,
            rows: &rows,
            account: &account,
            credential: "",
            expected: &expected,
        };
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
