//! The streaming build against a plain one: the same rows give the same trees, whatever their order, the number of
//! threads, and the memory; and every account is proved from the store.
#![allow(missing_docs, clippy::unwrap_used, clippy::cast_possible_truncation)]

use std::collections::BTreeMap;
use std::sync::Arc;

use counterfoil::amount::Amount;
use counterfoil::asset::{AssetId, Assets, Class};
use counterfoil::code::{Coded as _, liability as codes};
use counterfoil::hash::sha256;
use counterfoil::ledger::{CsvSource, RowSource};
use counterfoil::liability::inclusion_proof::{InclusionQuery, StatementRef, verify};
use counterfoil::liability::leaf::{LeafContent, Part, SnapshotKey};
use counterfoil::liability::prover::Prover;
use counterfoil::liability::storage::{Folder, MemoryScratch, MemoryStorage, Scratch, Storage};
use counterfoil::liability::store::Store;
use counterfoil::liability::sum_tree::{SumNode, SumTree};
use counterfoil::liability::{BuildError, BuildOptions, Built, build};
use counterfoil::secret::{Secret, SecretKind};
use proptest::prelude::*;
use proptest::sample::Index;

const ASSETS: &str = "[[asset]]\nid = \"BTC\"\ndecimals = 8\n[[asset]]\nid = \"ETH\"\ndecimals = 18\n";
const CREDENTIAL: &str = "my own words";

fn assets() -> Assets {
    Assets::parse(ASSETS).unwrap()
}

fn key() -> SnapshotKey {
    let secret = Secret::new(SecretKind::Master, &mut [1; 32]);
    SnapshotKey::derive(&secret, &[2; 32], &"example".parse().unwrap(), 0)
}

/// One row: account number, asset, amount, product, class.
type Row = (u16, bool, u64, u8, bool);

#[derive(Clone, Copy, Debug)]
struct Setting {
    threads: usize,
    memory: usize,
    split: u16,
    decoys: u64,
}

const PLAIN: Setting = Setting { threads: 1, memory: 1 << 30, split: 1, decoys: 0 };

fn csv(rows: &[Row]) -> String {
    let mut text = "account,asset,amount,product,class,credential\n".to_owned();
    for (account, eth, amount, product, lent) in rows {
        let (asset, class) = (if *eth { "ETH" } else { "BTC" }, if *lent { "lent" } else { "custody" });
        let credential = if account.is_multiple_of(7) { CREDENTIAL } else { "" };
        text.push_str(&format!("u{account},{asset},0.{amount:08},p{product},{class},{credential}\n"));
    }
    text
}

fn run(ledgers: &[String], setting: Setting, storage: &dyn Storage) -> Result<Built, BuildError> {
    let (assets, key) = (assets(), key());
    let Setting { threads, memory, split, decoys } = setting;
    let source = |(number, text): (u32, &String)| -> Box<dyn RowSource<'_> + '_> {
        let stream = std::io::Cursor::new(text.clone().into_bytes());
        Box::new(CsvSource::new(&format!("{number}.csv"), number, stream, &assets, &[]).unwrap())
    };
    let mut sources: Vec<_> = (0..).zip(ledgers).map(source).collect();
    let options = BuildOptions { key: &key, build_id: [2; 32], assets: &assets, memory, threads, split, decoys };
    build(&options, &mut sources, &MemoryScratch, storage, &())
}

/// Root and total of each tree as the specification defines them, one leaf at a time.
fn plainly(rows: &[Row]) -> BTreeMap<(AssetId, &'static str), SumNode> {
    let mut trees: BTreeMap<_, BTreeMap<String, BTreeMap<String, Amount>>> = BTreeMap::new();
    for (account, eth, amount, product, lent) in rows {
        let asset: AssetId = if *eth { "ETH" } else { "BTC" }.parse().unwrap();
        let scale = if *eth { 10_u128.pow(10) } else { 1 };
        let class = if *lent { Class::Lent } else { Class::Custody };
        let amount = Amount::from_base_units(u128::from(*amount) * scale);
        let parts = trees.entry((asset, class)).or_default().entry(format!("u{account}")).or_default();
        parts.insert(format!("p{product}"), amount);
    }
    let root = |((asset, class), accounts): ((AssetId, Class), BTreeMap<String, BTreeMap<String, Amount>>)| {
        let tree_key = key().tree(&asset, class);
        let mut leaves: Vec<_> = accounts
            .into_iter()
            .map(|(account, parts)| {
                let parts: Vec<Part> = parts.into_iter().map(|(product, amount)| Part { product, amount }).collect();
                let amount = Amount::checked_sum(parts.iter().map(|part| part.amount)).unwrap();
                let (order, nonce) = tree_key.blind(&account);
                let number: u16 = account[1..].parse().unwrap();
                let credential = if number.is_multiple_of(7) { CREDENTIAL } else { "" };
                let content = LeafContent { nonce, amount, account: &account, credential, parts: &parts };
                (order, SumNode::leaf(content.hash().unwrap(), amount))
            })
            .collect();
        leaves.sort_by_key(|(order, _)| *order);
        let nodes = leaves.into_iter().map(|(_, node)| node).collect();
        ((asset, class.text()), SumTree::new(nodes).unwrap().root().unwrap().unwrap())
    };
    trees.into_iter().map(root).collect()
}

fn roots(built: &Built) -> BTreeMap<(AssetId, &'static str), SumNode> {
    let root = |sum, digest| SumNode { digest, sum };
    built.commitments.iter().map(|row| ((row.asset.clone(), row.class.text()), root(row.total, row.root))).collect()
}

/// Every account proves all its balances, and an account that is not there proves none.
fn all_prove(storage: Arc<dyn Storage>, rows: &[Row]) {
    let store = Store::open(storage).unwrap();
    let commitments: Vec<_> = store.trees().iter().map(|tree| tree.commitment().clone()).collect();
    let statement = StatementRef { digest: sha256(b"statement"), sequence: 0, venue: "example".parse().unwrap() };
    let prover = Prover::new(&store, &commitments, statement.clone()).unwrap();
    let mut expected: BTreeMap<u16, BTreeMap<AssetId, Amount>> = BTreeMap::new();
    for (account, eth, amount, ..) in rows {
        let asset: AssetId = if *eth { "ETH" } else { "BTC" }.parse().unwrap();
        let units = u128::from(*amount) * if *eth { 10_u128.pow(10) } else { 1 };
        let sum = expected.entry(*account).or_default().entry(asset).or_default();
        *sum = sum.checked_add(Amount::from_base_units(units)).unwrap();
    }
    for (number, expected) in &expected {
        let account = format!("u{number}");
        let credential = if number.is_multiple_of(7) { CREDENTIAL } else { "" };
        let proof = prover.prove(&account).unwrap();
        let query =
            InclusionQuery { statement: &statement, rows: &commitments, account: &account, credential, expected };
        verify(&query, &proof).unwrap();
    }
    assert!(prover.prove("nobody").is_err());
}

/// Rows without two of one account, asset, class and product.
fn rows() -> impl Strategy<Value = Vec<Row>> {
    let key = (0..400_u16, any::<bool>(), 0..3_u8, any::<bool>());
    prop::collection::btree_map(key, 0..100_000_000_u64, 1..300).prop_map(|rows| {
        rows.into_iter().map(|((account, eth, product, lent), amount)| (account, eth, amount, product, lent)).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn any_order_partition_memory_and_number_of_threads_give_the_same_store(
        rows in rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        cuts in prop::collection::vec(any::<Index>(), 0..4),
        threads in 1..5_usize,
        memory in prop::sample::select(vec![1_usize, 16 << 10, 256 << 10, 1 << 30]),
    ) {
        let (rows, shuffled) = rows;
        let whole = MemoryStorage::default();
        let built = run(&[csv(&rows)], PLAIN, &whole).unwrap();
        prop_assert_eq!(roots(&built), plainly(&rows));
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(shuffled.len())).collect();
        ends.extend([0, shuffled.len()]);
        ends.sort_unstable();
        let ledgers: Vec<String> = ends.windows(2).map(|pair| csv(&shuffled[pair[0]..pair[1]])).collect();
        let other = MemoryStorage::default();
        run(&ledgers, Setting { threads, memory, ..PLAIN }, &other).unwrap();
        prop_assert_eq!(whole.files(), other.files());
        all_prove(Arc::new(other), &rows);
    }

    #[test]
    fn pieces_and_decoys_change_no_total_and_no_answer(
        rows in rows(),
        split in 1..6_u16,
        decoys in 0..9_u64,
        memory in prop::sample::select(vec![1_usize, 1 << 30]),
    ) {
        let (one, two) = (MemoryStorage::default(), MemoryStorage::default());
        let setting = Setting { split, decoys, memory, ..PLAIN };
        let built = run(&[csv(&rows)], setting, &one).unwrap();
        run(&[csv(&rows)], Setting { threads: 3, memory: 1 << 30, ..setting }, &two).unwrap();
        prop_assert_eq!(one.files(), two.files());
        let plain = plainly(&rows);
        prop_assert_eq!(built.commitments.len(), plain.len());
        for row in &built.commitments {
            prop_assert_eq!(row.total, plain[&(row.asset.clone(), row.class.text())].sum);
        }
        all_prove(Arc::new(one), &rows);
    }
}

/// Faults between rows are the same ones, whoever finds them.
#[test]
fn faults_do_not_depend_on_threads_or_memory() {
    let mut text = "account,asset,amount,credential\n".to_owned();
    for number in 0..3_000 {
        let credential = if number % 500 == 499 { "other" } else { "" };
        text.push_str(&format!("u{},BTC,1,{credential}\n", number % 2_900));
    }
    let faults = |setting| match run(&[text.clone()], setting, &MemoryStorage::default()) {
        Err(BuildError::Ledger(faults)) => faults,
        other => panic!("{other:?}"),
    };
    let first = faults(PLAIN);
    assert_eq!(first.len(), 50);
    for (threads, memory) in [(1, 1), (4, 1), (4, 1 << 20)] {
        assert_eq!(faults(Setting { threads, memory, ..PLAIN }), first, "{threads} {memory}");
    }
}

#[test]
fn folders_and_memory_hold_the_same_files() {
    let rows: Vec<Row> = (0..5_000).map(|account| (account, account % 3 == 0, 7, 0, false)).collect();
    let (folder, memory) = (tempfile::tempdir().unwrap(), MemoryStorage::default());
    run(&[csv(&rows)], PLAIN, &memory).unwrap();
    let (assets, key, text) = (assets(), key(), csv(&rows));
    let source = CsvSource::new("0.csv", 0, text.as_bytes(), &assets, &[]).unwrap();
    let (threads, memory_used) = (2, 64 << 10);
    let options = BuildOptions {
        key: &key,
        build_id: [2; 32],
        assets: &assets,
        memory: memory_used,
        threads,
        split: 1,
        decoys: 0,
    };
    let mut sources: Vec<Box<dyn RowSource<'_> + '_>> = vec![Box::new(source)];
    let (scratch, storage) = (Scratch::new(folder.path()), Folder::new(folder.path()));
    build(&options, &mut sources, &scratch, &storage, &()).unwrap();
    let on_disk: BTreeMap<String, Vec<u8>> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
        .collect();
    assert_eq!(on_disk, memory.files());
    all_prove(Arc::new(Folder::new(folder.path())), &rows);
}

/// What `build` writes can be opened: a header that no store may have is refused before there is one.
#[test]
fn more_trees_than_a_header_can_list_are_refused() {
    let count = 24_000;
    let name = |number: usize| format!("{number:064}");
    let assets: String = (0..count).map(|n| format!("[[asset]]\nid = \"{}\"\ndecimals = 0\n", name(n))).collect();
    let assets = Assets::parse(&assets).unwrap();
    let mut ledger = "account,asset,amount,class\n".to_owned();
    for number in 0..count {
        for class in ["custody", "lent", "collateral", "derivative"] {
            ledger.push_str(&format!("u1,{},1,{class}\n", name(number)));
        }
    }
    let (key, storage) = (key(), MemoryStorage::default());
    // so little memory that rows cannot wait for others of their tree
    let options = BuildOptions {
        key: &key,
        build_id: [2; 32],
        assets: &assets,
        memory: 1 << 20,
        threads: 2,
        split: 1,
        decoys: 0,
    };
    let source = CsvSource::new("ledger.csv", 0, ledger.as_bytes(), &assets, &[]).unwrap();
    let mut sources: Vec<Box<dyn RowSource<'_> + '_>> = vec![Box::new(source)];
    let error = build(&options, &mut sources, &MemoryScratch, &storage, &()).unwrap_err();
    assert_eq!(error.code().number, codes::TOO_MANY_TREES.number);
    assert!(error.to_string().starts_with("96000 trees make a header of "), "{error}");
    assert!(storage.files().is_empty());
}
