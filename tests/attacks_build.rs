//! Attacks on builds and stores: what a dishonest or careless hand could do, and what must come of it.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::cast_possible_truncation)]

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use counterfoil::asset::{Assets, Class};
use counterfoil::hash::sha256;
use counterfoil::ledger::{CsvSource, RowSource};
use counterfoil::liability::leaf::{Nonce, SnapshotKey};
use counterfoil::liability::storage::{MemoryScratch, MemoryStorage, ScratchFile, ScratchSpace, Storage, StoredFile};
use counterfoil::liability::store::{HEADER, Store, StoredLeaf};
use counterfoil::liability::sum_tree::SumTree;
use counterfoil::liability::tree_audit::audit;
use counterfoil::liability::{BuildError, BuildOptions, Built, build};
use counterfoil::secret::{Secret, SecretKind};
use twox_hash::XxHash3_128;

type Files = BTreeMap<String, Vec<u8>>;

const ASSETS: &str = "[[asset]]\nid = \"BTC\"\ndecimals = 0\n";

fn key() -> SnapshotKey {
    let secret = Secret::new(SecretKind::Master, &mut [1; 32]);
    SnapshotKey::derive(&secret, &[2; 32], &"example".parse().unwrap(), 0)
}

#[derive(Clone, Copy)]
struct Setting {
    memory: usize,
    threads: usize,
    split: u16,
}

const PLAIN: Setting = Setting { memory: 1 << 20, threads: 2, split: 1 };

fn run(text: &str, setting: Setting, scratch: &dyn ScratchSpace, storage: &dyn Storage) -> Result<Built, BuildError> {
    let (assets, key) = (Assets::parse(ASSETS).unwrap(), key());
    let source = CsvSource::new("l.csv", 0, io::Cursor::new(text.to_owned()), &assets, &[]).unwrap();
    let mut sources: Vec<Box<dyn RowSource<'_> + '_>> = vec![Box::new(source.with_debts(true))];
    let Setting { memory, threads, split } = setting;
    let options = BuildOptions { key: &key, build_id: [2; 32], assets: &assets, memory, threads, split, decoys: 0 };
    build(&options, &mut sources, scratch, storage, &())
}

fn faults(text: &str, setting: Setting) -> Vec<(u64, String)> {
    match run(text, setting, &MemoryScratch, &MemoryStorage::default()) {
        Err(BuildError::Ledger(faults)) => {
            faults.iter().map(|fault| (fault.place.as_ref().map_or(0, |place| place.line), fault.to_string())).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn audited(files: &Files) -> Result<(), String> {
    let store = Store::open(Arc::new(MemoryStorage::of(files.clone()))).map_err(|error| error.to_string())?;
    audit(&store, 2, &()).map_err(|error| error.to_string())
}

/// A small store of one tree as its owner could forge it: without leaf `dropped`, other texts by `change`, and root,
/// total, count and seals that fit.
fn forged(files: &Files, dropped: Option<usize>, change: &dyn Fn(&mut Vec<u8>)) -> Files {
    let mut files = files.clone();
    let ends = |leaves: &[u8]| -> Vec<usize> {
        leaves.chunks(40).map(|leaf| u64::from_be_bytes(*leaf.last_chunk().unwrap()) as usize).collect()
    };
    let (leaves, texts) = (files["0000.leaves"].clone(), files["0000.texts"].clone());
    let (mut new_leaves, mut new_texts, mut begin) = (Vec::new(), Vec::new(), 0);
    for (number, (leaf, end)) in leaves.chunks(40).zip(ends(&leaves)).enumerate() {
        if Some(number) != dropped {
            new_texts.extend(&texts[begin..end]);
            new_leaves.extend(&leaf[..32]);
            new_leaves.extend((new_texts.len() as u64).to_be_bytes());
        }
        begin = end;
    }
    change(&mut new_texts);
    let count = new_leaves.len() as u64 / 40;
    let at = 16 + 32 + 32 + 2 + 8 + 8;
    let header = files.get_mut(HEADER).unwrap();
    header[at + 13..at + 21].copy_from_slice(&count.to_be_bytes());
    header[at + 69..at + 77].copy_from_slice(&(new_texts.len() as u64).to_be_bytes());
    header[at + 77..at + 93].copy_from_slice(&XxHash3_128::oneshot(&new_leaves).to_be_bytes());
    header[at + 93..at + 109].copy_from_slice(&XxHash3_128::oneshot(&new_texts).to_be_bytes());
    files.insert("0000.leaves".to_owned(), new_leaves);
    files.insert("0000.texts".to_owned(), new_texts);
    seal(&mut files);
    // now the leaves can be read, and give the root
    let store = Store::open(Arc::new(MemoryStorage::of(files.clone()))).unwrap();
    let tree = &store.trees()[0];
    let nonce = |leaf: &StoredLeaf| -> Nonce {
        let Some(split) = leaf.split else { return tree.key().blind(&leaf.account).1 };
        let keys = store.key().split(&tree.commitment().asset, Class::Custody, store.split()).unwrap();
        let piece = keys.pieces(&leaf.account, split.whole).find(|piece| piece.split == split);
        piece.unwrap().nonce
    };
    let nodes = tree.leaves(0..count).unwrap().iter().map(|leaf| leaf.node(nonce(leaf)).unwrap()).collect();
    let root = SumTree::new(nodes).unwrap().root().unwrap().unwrap();
    let header = files.get_mut(HEADER).unwrap();
    header[at + 21..at + 37].copy_from_slice(&root.sum.to_be_bytes());
    header[at + 37..at + 69].copy_from_slice(root.digest.as_bytes());
    seal(&mut files);
    files
}

fn seal(files: &mut Files) {
    let header = files.get_mut(HEADER).unwrap();
    let content = header.len() - 32;
    let seal = sha256(&header[..content]);
    header[content..].copy_from_slice(seal.as_bytes());
}

fn built(text: &str, split: u16) -> Files {
    let storage = MemoryStorage::default();
    run(text, Setting { split, ..PLAIN }, &MemoryScratch, &storage).unwrap();
    storage.files()
}

#[test]
fn a_balance_that_lacks_a_piece_does_not_pass() {
    let files = built("account,asset,amount\nu1,BTC,500\nu2,BTC,700\nu3,BTC,900\n", 3);
    audited(&forged(&files, None, &|_| {})).unwrap();
    for leaf in 0..9 {
        let said = audited(&forged(&files, Some(leaf), &|_| {})).unwrap_err();
        assert_eq!(said, "BTC (custody): a balance lacks pieces, or they do not agree on what it is");
    }
}

#[test]
fn pieces_with_two_credentials_do_not_pass() {
    let files = built("account,asset,amount,credential\nu1,BTC,500,mine\nu2,BTC,700,\n", 2);
    let other = |texts: &mut Vec<u8>| {
        let at = texts.windows(4).position(|word| word == b"mine").unwrap();
        texts[at] = b'f';
    };
    let said = audited(&forged(&files, None, &other)).unwrap_err();
    assert_eq!(said, "BTC (custody): a balance lacks pieces, or they do not agree on what it is");
}

#[test]
fn parts_that_are_not_the_balance_do_not_pass() {
    let files = built("account,asset,amount,product\nu1,BTC,500,earn\nu1,BTC,100,spot\nu2,BTC,7,\n", 1);
    let more = |texts: &mut Vec<u8>| {
        let at = texts.windows(4).position(|word| word == b"earn").unwrap();
        texts[at + 4 + 15] ^= 1;
    };
    let twice = |texts: &mut Vec<u8>| {
        let at = texts.windows(4).position(|word| word == b"spot").unwrap();
        texts[at..at + 4].copy_from_slice(b"earn");
    };
    for change in [&more as &dyn Fn(&mut Vec<u8>), &twice] {
        let said = audited(&forged(&files, None, change)).unwrap_err();
        assert!(said.ends_with(" has parts that do not make its balance"), "{said}");
    }
}

/// A store with a file of a tebibyte that holds nothing, as `truncate` makes one.
struct Hollow(MemoryStorage);

struct Zeros;

const HOLLOW: u64 = 1 << 40;

impl StoredFile for Zeros {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        assert!(offset + buffer.len() as u64 <= HOLLOW && buffer.len() < 1 << 30);
        buffer.fill(0);
        Ok(())
    }

    fn length(&self) -> io::Result<u64> {
        Ok(HOLLOW)
    }
}

impl Storage for Hollow {
    fn write_at(&self, _: &str, _: u64, _: &[u8]) -> io::Result<bool> {
        unreachable!()
    }

    fn sync(&self, _: &str) -> io::Result<()> {
        unreachable!()
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn StoredFile>> {
        if name == "0000.texts" { Ok(Arc::new(Zeros)) } else { self.0.open(name) }
    }
}

#[test]
fn a_hollow_file_takes_no_memory() {
    let mut files = built("account,asset,amount\nu1,BTC,500\nu2,BTC,700\nu3,BTC,900\n", 1);
    let at = 16 + 32 + 32 + 2 + 8 + 8;
    files.get_mut(HEADER).unwrap()[at + 69..at + 77].copy_from_slice(&HOLLOW.to_be_bytes());
    seal(&mut files);
    for leaf in 0..3 {
        let mut files = files.clone();
        let record = files.get_mut("0000.leaves").unwrap();
        record[leaf * 40 + 32..leaf * 40 + 40].copy_from_slice(&HOLLOW.to_be_bytes());
        let store = Store::open(Arc::new(Hollow(MemoryStorage::of(files)))).unwrap();
        let said = audit(&store, 1, &()).unwrap_err().to_string();
        assert!(said.starts_with("BTC (custody): the texts of a leaf "), "{said}");
    }
}

/// Scratch files that are counted.
#[derive(Default)]
struct Counted(Arc<Count>);

#[derive(Default)]
struct Count {
    open: AtomicUsize,
    most: AtomicUsize,
}

struct CountedFile(Box<dyn ScratchFile>, Arc<Count>);

impl ScratchSpace for Counted {
    fn create(&self) -> io::Result<Box<dyn ScratchFile>> {
        let open = self.0.open.fetch_add(1, Ordering::Relaxed) + 1;
        self.0.most.fetch_max(open, Ordering::Relaxed);
        Ok(Box::new(CountedFile(MemoryScratch.create()?, Arc::clone(&self.0))))
    }
}

impl ScratchFile for CountedFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.append(bytes)
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.0.read_at(offset, buffer)
    }
}

impl Drop for CountedFile {
    fn drop(&mut self) {
        self.1.open.fetch_sub(1, Ordering::Relaxed);
    }
}

fn rows(count: u32) -> String {
    (0..count).fold("account,asset,amount\n".to_owned(), |text, number| text + &format!("u{number},BTC,1\n"))
}

#[test]
fn partitions_of_partitions_do_not_use_up_the_open_files() {
    let (text, plain) = (rows(40_000), MemoryStorage::default());
    run(&text, PLAIN, &MemoryScratch, &plain).unwrap();
    // a partition has some 9 KiB, and one of at most 1 KiB is held in memory
    let (scratch, storage) = (Counted::default(), MemoryStorage::default());
    run(&text, Setting { memory: 64 << 10, threads: 8, split: 1 }, &scratch, &storage).unwrap();
    let most = scratch.0.most.load(Ordering::Relaxed);
    assert!((256..600).contains(&most), "{most} scratch files");
    assert_eq!(storage.files(), plain.files());
}

#[test]
fn the_first_faults_are_shown_when_a_file_is_given_twice() {
    let (text, rows) = (rows(20_000), 20_000);
    let twice = text.clone() + text.split_once('\n').unwrap().1;
    let expected: Vec<u64> = (rows + 2..rows + 52).collect();
    for (memory, threads) in [(1 << 20, 1), (1 << 30, 3)] {
        let lines: Vec<u64> = faults(&twice, Setting { memory, threads, split: 1 }).iter().map(|(at, _)| *at).collect();
        assert_eq!(lines, expected, "{memory} {threads}");
    }
}

#[test]
fn an_account_has_at_most_65535_products() {
    let text = |count: u32| {
        let row = |number: u32| format!("u1,BTC,1,p{number:05}\n");
        "account,asset,amount,product\n".to_owned() + &(0..count).map(row).collect::<String>()
    };
    audited(&built(&text(65_535), 1)).unwrap();
    let said = faults(&text(65_537), PLAIN);
    let one = "account \"u1\" has more than 65535 products of BTC (custody)".to_owned();
    assert_eq!(said, [(65_537, one.clone()), (65_538, one)]);
}

#[test]
fn debts_that_do_not_fit_are_named_alike_on_any_number_of_threads() {
    let mut text = "account,asset,amount\nu0,BTC,1\n".to_owned();
    (1..=100_000).for_each(|number| text += &format!("u{number},BTC,-{}\n", u128::MAX / 50_000 + number));
    for threads in [1, 2, 5] {
        let said = "BTC: the debts add up to more than 2^128 - 1 base units, the largest row is of \"u100000\"";
        assert_eq!(faults(&text, Setting { threads, ..PLAIN }), [(100_002, said.to_owned())]);
    }
}

/// A medium that fails.
struct Failing {
    inner: MemoryStorage,
    /// Bytes of room.
    room: usize,
    written: AtomicUsize,
    /// Whether it has lost bytes and not said so yet: systems say it once.
    lost: AtomicBool,
}

impl Storage for Failing {
    fn write_at(&self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<bool> {
        if self.written.fetch_add(bytes.len(), Ordering::Relaxed) + bytes.len() > self.room {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        self.inner.write_at(name, offset, bytes)
    }

    fn sync(&self, _: &str) -> io::Result<()> {
        if self.lost.swap(false, Ordering::Relaxed) { Err(io::Error::other("bytes were lost")) } else { Ok(()) }
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn StoredFile>> {
        self.inner.open(name)
    }
}

fn failing(room: usize, lost: bool) -> Failing {
    Failing { inner: MemoryStorage::default(), room, written: AtomicUsize::new(0), lost: AtomicBool::new(lost) }
}

#[test]
fn a_full_disk_is_named_and_not_that_threads_gave_up() {
    let text = rows(20_000);
    for room in (0..20).map(|step| step * 40_000) {
        let setting = Setting { memory: 64 << 10, threads: 4, split: 1 };
        let error = run(&text, setting, &MemoryScratch, &failing(room, false)).unwrap_err();
        assert_eq!(error.to_string(), io::Error::from(io::ErrorKind::StorageFull).to_string());
    }
}

#[test]
fn bytes_that_the_medium_lost_early_are_not_forgotten() {
    // more than 64 MiB of texts: the medium is asked for them while the build goes on
    let row = |number: u32| format!("{number:01000},BTC,1\n");
    let text = "account,asset,amount\n".to_owned() + &(0..70_000).map(row).collect::<String>();
    let error = run(&text, Setting { memory: 64 << 20, ..PLAIN }, &MemoryScratch, &failing(usize::MAX, true));
    assert_eq!(error.unwrap_err().to_string(), "bytes were lost");
}
