//! What an honest venue made: stores in memory, and the proofs of their accounts.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use counterfoil::asset::Assets;
use counterfoil::hash::sha256;
use counterfoil::ledger::{CsvSource, RowSource};
use counterfoil::liability::inclusion_proof::{InclusionProof, StatementRef};
use counterfoil::liability::leaf::SnapshotKey;
use counterfoil::liability::prover::Prover;
use counterfoil::liability::storage::{MemoryScratch, MemoryStorage};
use counterfoil::liability::store::Store;
use counterfoil::liability::sum_tree::LiabilityCommitment;
use counterfoil::liability::{BuildError, BuildOptions, Built, build};
use counterfoil::secret::{Secret, SecretKind};

/// The only credential of the ledger, of [`BOUND`].
pub const CREDENTIAL: &str = "code";
/// The account with a credential.
pub const BOUND: &str = "u2";
/// Accounts that are asked for; the last one is nobody's.
pub const ACCOUNTS: [&str; 5] = ["u1", BOUND, "\u{fc}3", "c07", "nobody"];

/// One build.
pub struct Honest {
    pub files: BTreeMap<String, Vec<u8>>,
    pub rows: Vec<LiabilityCommitment>,
    pub proofs: BTreeMap<&'static str, InclusionProof>,
}

/// A build of whole balances and one of balances in pieces, among decoys.
pub fn builds() -> &'static [Honest; 2] {
    static BUILDS: OnceLock<[Honest; 2]> = OnceLock::new();
    BUILDS.get_or_init(|| [honest(1, 0), honest(3, 2)])
}

fn honest(split: u16, decoys: u64) -> Honest {
    let mut ledger =
        "account,asset,amount,product,class,credential\nu1,BTC,1.5,spot,,\nu1,BTC,2,\"earn, \"\"new\"\"\",,\n\
         u2,ETH,0.000000000000000001,,lent,code\n\u{fc}3,USDT,340282366920938463463374607431768,,,\n"
            .to_owned();
    // enough for nodes that are kept
    for number in 0..36 {
        ledger.push_str(&format!("c{number:02},BTC,{number}.25,,,\n"));
    }
    let storage = MemoryStorage::default();
    let options = Options { memory: 1 << 20, threads: 1, split, decoys };
    built(&[ledger.as_bytes()], &options, &storage).unwrap();
    let files = storage.files();
    let store = Store::open(std::sync::Arc::new(storage)).unwrap();
    let rows = rows(&store);
    let prover = Prover::new(&store, &rows, reference()).unwrap();
    let proofs = ACCOUNTS.into_iter().filter_map(|account| Some((account, prover.prove(account).ok()?))).collect();
    drop(store);
    Honest { files, rows, proofs }
}

pub fn rows(store: &Store) -> Vec<LiabilityCommitment> {
    store.trees().iter().map(|tree| tree.commitment().clone()).collect()
}

/// The statement that all proofs belong to.
pub fn reference() -> StatementRef {
    StatementRef { digest: sha256(b"statement"), sequence: 0, venue: "example".parse().unwrap() }
}

pub fn assets() -> &'static Assets {
    static ASSETS: OnceLock<Assets> = OnceLock::new();
    ASSETS.get_or_init(|| {
        let asset = |(id, decimals)| format!("[[asset]]\nid = \"{id}\"\ndecimals = {decimals}\n");
        let text: String = [("BTC", 8), ("ETH", 18), ("USDT", 6), ("X", 0)].into_iter().map(asset).collect();
        Assets::parse(&text).unwrap()
    })
}

/// How to build.
pub struct Options {
    pub memory: usize,
    pub threads: usize,
    pub split: u16,
    pub decoys: u64,
}

/// Builds from ledgers that have the columns they need.
pub fn built(ledgers: &[&[u8]], options: &Options, storage: &MemoryStorage) -> Result<Built, BuildError> {
    let secret = Secret::new(SecretKind::Master, &mut [1; 32]);
    let key = SnapshotKey::derive(&secret, &[2; 32], &"example".parse().unwrap(), 0);
    let Options { memory, threads, split, decoys } = *options;
    let options = BuildOptions { key: &key, build_id: [2; 32], assets: assets(), memory, threads, split, decoys };
    let source = |(number, ledger)| -> Box<dyn RowSource<'_> + '_> {
        Box::new(CsvSource::new("ledger.csv", number, ledger, assets(), &[]).unwrap())
    };
    let mut sources: Vec<_> = (0..).zip(ledgers.iter().copied()).map(source).collect();
    build(&options, &mut sources, &MemoryScratch, storage, &())
}
