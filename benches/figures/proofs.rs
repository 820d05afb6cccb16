//! Proofs of single accounts: made from the store, checked, and how large they are.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use counterfoil::json;
use counterfoil::liability::inclusion_proof::{self, InclusionProof, InclusionQuery, StatementRef};
use counterfoil::liability::prover::Prover;
use counterfoil::liability::storage::Folder;
use counterfoil::liability::store::Store;
use counterfoil::liability::sum_tree::path_length;
use counterfoil::publish::{self, Statement};

use crate::counting::Counting;
use crate::{Plan, build, child, disk, table};

/// A store with its statement, and accounts that are in it.
struct Made<'a> {
    folder: &'a Path,
    statement: Statement,
    reference: StatementRef,
    accounts: Vec<String>,
}

/// Seconds for one balance, and pages read for it.
struct Proving {
    warm: f64,
    cold: f64,
    pages_mean: f64,
    pages_max: usize,
}

/// Accounts of which proofs are made.
const ACCOUNTS: usize = 2_000;

/// Prints the table for the tree in `folder/tree`.
pub(crate) fn print(plan: &Plan, folder: &Path, rows: u64) -> anyhow::Result<()> {
    let made = Made::open(folder)?;
    let proving = proving(&made)?;
    let account = made.accounts.first().context("no rows")?;
    let out = folder.join("proof.json");
    let tree = folder.join("tree").display().to_string();
    let words = ["prove", &tree, "--account", account, "--out", &out.display().to_string(), "--force"];
    let took = child::run(build::command(), &words.map(str::to_owned))?;
    let file = std::fs::read(&out)?;
    let proof = InclusionProof::parse(&file)?;
    let expected = BTreeMap::new();
    let (statement, rows_stated, credential) = (&made.reference, &made.statement.liabilities, "");
    let query = InclusionQuery { statement, rows: rows_stated, account, credential, expected: &expected };
    inclusion_proof::verify(&query, &proof)?;
    let balances = proof.leaves.len() as f64;
    let parse = repeated(plan.seconds, || InclusionProof::parse(black_box(&file)).is_ok()) / balances;
    let check = repeated(plan.seconds, || inclusion_proof::verify(black_box(&query), black_box(&proof)).is_ok());
    let sizes = sizes(&proof)?;

    let title = format!("Proofs of single accounts, {} rows; each figure is for one balance", table::count(rows));
    table::head(&title, &["figure", "measured", "goal"]);
    let line = |name: &str, value: String, goal: &str| table::line(&[name.to_owned(), value, goal.to_owned()]);
    line("proof from the store, warm", table::seconds(proving.warm), "under 100 µs");
    line("proof from the store, files out of the page cache before each account", table::seconds(proving.cold), "");
    line(
        "pages of 4 KiB read for it",
        format!("{:.1}, at most {}", proving.pages_mean, proving.pages_max),
        "at most 40",
    );
    line("check of the proof", table::seconds(check / balances), "under 1 ms");
    line("reading the proof file before that", table::seconds(parse), "");
    line(&format!("JSON, {} siblings", sizes.siblings), format!("{} B", sizes.got), "");
    line(
        &format!("JSON with {} siblings, as for 100 million leaves", sizes.siblings_large),
        format!("{} B", sizes.large),
        "under 4 kB",
    );
    line("the command `prove`, one account", table::seconds(took.seconds), "");
    Ok(())
}

impl<'a> Made<'a> {
    fn open(folder: &'a Path) -> anyhow::Result<Self> {
        let document = std::fs::read(folder.join("tree/statement.draft.json"))?;
        let statement = publish::parse(&document)?;
        let digest = publish::digest(&document);
        let reference = StatementRef { digest, sequence: statement.sequence, venue: statement.venue.id.clone() };
        // neighbours of a mixed ledger are far apart, in its accounts and by their keys
        let ledger = BufReader::new(std::fs::File::open(folder.join("in/ledger.csv"))?);
        let account = |line: std::io::Result<String>| Some(line.ok()?.split(',').next()?.to_owned());
        let accounts = ledger.lines().skip(1).take(ACCOUNTS).filter_map(account).collect();
        Ok(Self { folder, statement, reference, accounts })
    }

    fn prover<'s>(&self, store: &'s Store) -> anyhow::Result<Prover<'s>> {
        Ok(Prover::new(store, &self.statement.liabilities, self.reference.clone())?)
    }

    /// Proofs of these accounts: seconds and balances.
    fn prove(&self, prover: &Prover<'_>, accounts: &[String]) -> anyhow::Result<(f64, usize)> {
        let (began, mut balances) = (Instant::now(), 0);
        for account in accounts {
            balances += black_box(prover.prove(account)?).leaves.len();
        }
        Ok((began.elapsed().as_secs_f64(), balances))
    }
}

fn proving(made: &Made<'_>) -> anyhow::Result<Proving> {
    let path = made.folder.join("tree/store");
    let counting = Arc::new(Counting::new(&path));
    let store = Store::open(Arc::clone(&counting) as _)?;
    let prover = made.prover(&store)?;
    counting.take();
    let (mut pages, mut pages_max, mut all) = (0, 0, 0);
    for account in &made.accounts {
        let balances = prover.prove(account)?.leaves.len();
        let read = counting.take();
        (pages, all) = (pages + read, all + balances);
        // an account with several balances reads the pages of several trees
        pages_max = pages_max.max(read.div_ceil(balances.max(1)));
    }
    let store = Store::open(Arc::new(Folder::new(&path)))?;
    let prover = made.prover(&store)?;
    let mut warm = f64::INFINITY;
    for _ in 0..5 {
        let (seconds, balances) = made.prove(&prover, &made.accounts)?;
        warm = warm.min(seconds / balances as f64);
    }
    let (mut cold, mut cold_balances) = (0.0, 0);
    for account in made.accounts.iter().rev().take(20) {
        for entry in std::fs::read_dir(&path)? {
            disk::forget(&entry?.path())?;
        }
        let (seconds, balances) = made.prove(&prover, std::slice::from_ref(account))?;
        (cold, cold_balances) = (cold + seconds, cold_balances + balances);
    }
    Ok(Proving { warm, cold: cold / cold_balances as f64, pages_mean: pages as f64 / all as f64, pages_max })
}

/// Bytes of canonical JSON for one balance.
struct Sizes {
    siblings: usize,
    got: usize,
    siblings_large: usize,
    large: usize,
}

fn sizes(proof: &InclusionProof) -> anyhow::Result<Sizes> {
    let leaf = proof.leaves.iter().max_by_key(|leaf| leaf.path.len()).context("no leaf in the proof")?;
    let (siblings, siblings_large) = (leaf.path.len(), path_length(0, 100_000_000));
    let (got, path) = (json::canonical(leaf)?.len(), json::canonical(&leaf.path)?.len());
    let large = got - path + path * siblings_large / siblings.max(1);
    Ok(Sizes { siblings, got, siblings_large, large })
}

/// Seconds of one call, the best of many batches.
fn repeated(seconds: f64, mut call: impl FnMut() -> bool) -> f64 {
    let (began, mut best) = (Instant::now(), f64::INFINITY);
    while began.elapsed().as_secs_f64() < seconds / 2.0 || best.is_infinite() {
        let batch = Instant::now();
        for _ in 0..20 {
            black_box(call());
        }
        best = best.min(batch.elapsed().as_secs_f64() / 20.0);
    }
    best
}
