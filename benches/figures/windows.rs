//! Bundles with long windows, verified by the command as anybody runs it: many addresses of Bitcoin with payments in
//! every block, and many accounts of an EVM chain with a proof at every block. Beside each, what it takes to read all
//! files and to hash them once.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use counterfoil::bundle::paths;
use counterfoil::lab::many_addresses::ManyAddresses;
use counterfoil::reserve::evm::keccak;
use sha2::{Digest as _, Sha256};

use crate::reserves::timed;
use crate::{Plan, build, child, machine, states, table};

/// Prints both tables.
pub(crate) fn print(plan: &Plan) -> anyhow::Result<()> {
    let (addresses, blocks, payments) = (plan.addresses, plan.window_blocks, plan.window_payments);
    let moving = ManyAddresses::moving(addresses, blocks, payments)?;
    let title = format!(
        "{} addresses of Bitcoin × {} blocks, {} payments in or out",
        table::count(addresses as u64),
        table::count(blocks),
        table::count(blocks * payments as u64 * 2)
    );
    measure(plan, &title, &moving)?;
    drop(moving);
    let ether = ManyAddresses::ether(plan.asked, plan.accounts, plan.blocks)?;
    let title = format!(
        "{} accounts × {} blocks of a state of {} accounts, as a bundle",
        table::count(plan.asked as u64),
        plan.blocks,
        table::count((plan.asked + plan.accounts) as u64)
    );
    measure(plan, &title, &ether)
}

fn measure(plan: &Plan, title: &str, made: &ManyAddresses) -> anyhow::Result<()> {
    let folder = tempfile::Builder::new().prefix("windows-").tempdir_in(&plan.folder)?;
    let path = if plan.keep { &folder.keep() } else { folder.path() };
    let (bundle, policy) = (path.join("bundle"), path.join("policy.toml"));
    for (name, bytes) in &made.bundle {
        let file = bundle.join(name);
        fs::create_dir_all(file.parent().context("a file in a folder")?)?;
        fs::write(file, bytes)?;
    }
    fs::write(&policy, &made.policy)?;
    let ((), floor, floor_cpu) = timed(|| {
        for name in made.bundle.keys() {
            std::hint::black_box(Sha256::digest(fs::read(bundle.join(name))?));
        }
        Ok(())
    })?;
    table::head(title, &["figure", "measured"]);
    let line = |name: &str, value: String| table::line(&[name.to_owned(), value]);
    line("files of the bundle", table::count(made.bundle.len() as u64));
    line("bytes of the bundle", table::bytes(made.bundle.values().map(|file| file.len() as u64).sum()));
    let both = |wall: f64, cpu: f64| format!("{}, {} of processor time", table::seconds(wall), table::seconds(cpu));
    line("files read and hashed once, one core: the floor", both(floor, floor_cpu));
    if let Some((_, pool)) = made.bundle.iter().find(|(name, _)| name.ends_with(paths::EVM_NODES)) {
        line("the pool: each node once", pooled(pool));
        let ((), hashing, _) = timed(|| {
            for node in states::nodes(pool) {
                std::hint::black_box(keccak(std::hint::black_box(node)));
            }
            Ok(())
        })?;
        line("the nodes' bare hashes, one core", table::seconds(hashing));
    }
    for verb in [&["reconcile"][..], &["reserves", "verify"]] {
        let words = verb.iter().map(|word| (*word).to_owned());
        let took = run(words.collect(), &bundle, &policy)?;
        let name = format!("`{}`, {} cores", verb.join(" "), machine::cores());
        let against = table::times(took.seconds / floor);
        line(&name, format!("{}; against the floor {against}", both(took.seconds, took.cpu_seconds)));
        let anonymous = table::bytes(took.anonymous_max);
        line("its peak memory", format!("{}, of it {anonymous} in no file", table::bytes(took.resident_max)));
    }
    Ok(())
}

fn run(mut words: Vec<String>, bundle: &Path, policy: &Path) -> anyhow::Result<child::Took> {
    words.push(bundle.display().to_string());
    words.extend(["--policy".to_owned(), policy.display().to_string()]);
    // no verdict is a result, too: a short window is no more than a snapshot
    child::run_to(build::command(), &words, &[0, 2])
}

fn pooled(pool: &[u8]) -> String {
    let count = states::nodes(pool).count() as u64;
    format!("{} in {} nodes", table::bytes(pool.len() as u64), table::count(count))
}
