//! From a ledger as CSV to a sealed store, through the command as anybody runs it.

use std::path::Path;

use crate::hashes::{COMPRESSIONS_PER_ROW, Ceiling};
use crate::{Plan, child, disk, machine, proofs, table};

/// The command under measurement.
pub(crate) fn command() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_counterfoil"))
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

/// What one size took.
struct Built {
    rows: u64,
    ledger: u64,
    store: u64,
    took: child::Took,
    read: f64,
    write: f64,
    generated: f64,
}

/// Builds every size, then looks at proofs of the last one.
pub(crate) fn print(plan: &Plan, ceiling: &Ceiling) -> anyhow::Result<()> {
    let folder = tempfile::Builder::new().prefix("figures-").tempdir_in(&plan.folder)?;
    let path = if plan.keep { &folder.keep() } else { folder.path() };
    table::head(
        "Ledger as CSV to sealed store, by the command",
        &[
            "rows",
            "ledger",
            "store",
            "seconds",
            "rows/s",
            "of the hash ceiling",
            "disk floor: read + write",
            "of the disk floor",
            "peak resident",
            "of it anonymous",
        ],
    );
    let (mut last, mut rates, mut phases) = (None, Vec::new(), Vec::new());
    for &rows in &plan.rows {
        // the one before has served
        if let Some(before) = last.take() {
            std::fs::remove_dir_all(path.join(format!("{before}")))?;
        }
        let built = measure(path, rows)?;
        line(&built, ceiling);
        rates.push(rows as f64 / built.generated);
        let busy = format!("{:.2} of {}", built.took.cpu_seconds / built.took.seconds, machine::cores());
        let told = built.took.remarks.lines().next().unwrap_or_default().to_owned();
        phases.push([table::count(rows), told, busy]);
        last = Some(rows);
    }
    let rate = table::short(rates.into_iter().fold(0.0, f64::max));
    println!(
        "\nGoal: 40 % of the hash ceiling at {COMPRESSIONS_PER_ROW} compressions a row where the disk allows, under 1 GiB \
         of resident memory.\nThe ledger is taken out of the page cache before each build; the floor reads it and writes \
         the store's bytes, with fsync.\n`lab ledger` wrote {rate} rows/s."
    );
    table::head("Where the time of a build goes", &["rows", "phases", "cores busy on average"]);
    phases.iter().for_each(|cells| table::line(cells));
    match last {
        Some(rows) => proofs::print(plan, &path.join(rows.to_string()), rows),
        None => Ok(()),
    }
}

fn measure(path: &Path, rows: u64) -> anyhow::Result<Built> {
    let here = path.join(rows.to_string());
    let made = here.display();
    std::fs::create_dir(&here)?;
    let generated = child::run(command(), &words(&format!("lab ledger --rows {rows} --seed 1 --out {made}/in")))?;
    let ledger = here.join("in/ledger.csv");
    // noise only slows down: all but the largest sizes are repeated, and the best counts
    let rounds = if rows <= 10_000_000 { 5 } else { 1 };
    let tree = here.join("tree");
    let mut best: Option<child::Took> = None;
    for _ in 0..rounds {
        disk::forget(&ledger)?;
        // to remove the one before is no part of a build
        if tree.exists() {
            std::fs::remove_dir_all(&tree)?;
        }
        let took = child::run(
            command(),
            &words(&format!(
                "build {made}/in/ledger.csv --assets {made}/in/assets.toml --venue {made}/in/venue.toml --snapshot \
                 {made}/in/snapshot.toml --secret-file {made}/in/master.secret --expect-total {made}/in/totals.toml \
                 --out {made}/tree --timings"
            )),
        )?;
        if best.as_ref().is_none_or(|best| took.seconds < best.seconds) {
            best = Some(took);
        }
    }
    let store = disk::size(&tree)?;
    let (read, write) = (disk::read_seconds(&ledger)?, disk::write_seconds(&here, store)?);
    let took = best.ok_or_else(|| anyhow::anyhow!("no round"))?;
    Ok(Built { rows, ledger: ledger.metadata()?.len(), store, took, read, write, generated: generated.seconds })
}

fn line(built: &Built, ceiling: &Ceiling) {
    let rate = built.rows as f64 / built.took.seconds;
    let floor = built.read + built.write;
    table::line(&[
        table::count(built.rows),
        table::bytes(built.ledger),
        table::bytes(built.store),
        table::seconds(built.took.seconds),
        table::short(rate),
        table::share(rate * COMPRESSIONS_PER_ROW / ceiling.blocks),
        format!("{} + {}", table::seconds(built.read), table::seconds(built.write)),
        table::times(built.took.seconds / floor),
        table::bytes(built.took.resident_max),
        table::bytes(built.took.anonymous_max),
    ]);
}
