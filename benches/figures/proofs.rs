//! Proofs of single customers: made from the store, checked, and how large they are.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;
use counterfoil::liability::inclusion_proof::{self, InclusionProof, InclusionQuery, StatementRef};
use counterfoil::liability::sum_tree::path_length;
use counterfoil::publish;

use crate::{Plan, build, child, table};

/// Prints the table for the tree in `folder/tree`.
pub(crate) fn print(plan: &Plan, folder: &Path, rows: u64) -> anyhow::Result<()> {
    let document = std::fs::read(folder.join("tree/statement.draft.json"))?;
    let statement = publish::parse(&document)?;
    let digest = publish::digest(&document);
    let reference = StatementRef { digest, sequence: statement.sequence, venue: statement.venue.id.clone() };
    // the account of the ledger's first row: every size has it
    let ledger = std::fs::File::open(folder.join("in/ledger.csv"))?;
    let second = std::io::BufRead::lines(std::io::BufReader::new(ledger)).nth(1).context("no rows")??;
    let account = second.split(',').next().unwrap_or_default();
    let out = folder.join("proof.json");
    let words = ["prove", &folder.join("tree").display().to_string(), "--account", account, "--out"];
    let mut arguments: Vec<String> = words.map(str::to_owned).to_vec();
    arguments.extend([out.display().to_string(), "--force".to_owned()]);
    let took = child::run(build::command(), &arguments)?;

    let file = std::fs::read(&out)?;
    let expected = BTreeMap::new();
    let rows_stated = &statement.liabilities;
    let query =
        InclusionQuery { statement: &reference, rows: rows_stated, account, credential: "", expected: &expected };
    let proof = InclusionProof::parse(&file)?;
    let parse = repeated(plan.seconds, || InclusionProof::parse(black_box(&file)).is_ok());
    let check = repeated(plan.seconds, || inclusion_proof::verify(black_box(&query), black_box(&proof)).is_ok());
    inclusion_proof::verify(&query, &proof)?;

    let leaf = proof.leaves.first().context("no leaf in the proof")?;
    let siblings = leaf.path.len();
    let path = serde_json::to_vec(&leaf.path)?.len();
    let rest = serde_json::to_vec(leaf)?.len() - path;
    let deepest = path_length(0, 100_000_000);
    let large = rest + path * deepest / siblings.max(1);
    table::head(&format!("Proof of one account, {} rows", table::count(rows)), &["figure", "measured", "goal"]);
    let line = |name: &str, value: String, goal: &str| table::line(&[name.to_owned(), value, goal.to_owned()]);
    line("`prove`, the whole command", table::seconds(took.seconds), "");
    line("`prove`, peak resident", table::bytes(took.resident_max), "");
    line("check of the proof, in process", table::seconds(check), "under 1 ms");
    line("reading the proof file before that", table::seconds(parse), "");
    line(&format!("proof file, per asset ({siblings} siblings)"), format!("{} B", rest + path), "");
    line(&format!("the same with {deepest} siblings, for 100 million leaves"), format!("{large} B"), "under 4 kB");
    Ok(())
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
