//! Every figure of `docs/performance.md`, beside its floor and its peer, as ratios of one run on one machine.
//!
//! `benches/run.sh` is the command. Nothing here is a test of time: `cargo test` runs a smoke of tiny sizes, which only
//! sees that every line is printed.

#![allow(
    clippy::float_arithmetic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "seconds and ratios are printed for people; no figure of a ledger passes through here"
)]

mod build;
mod child;
mod counting;
mod disk;
mod hashes;
mod instructions;
mod machine;
mod ops;
mod proofs;
mod reserves;
mod states;
mod table;
mod trees;
mod windows;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};

/// What to measure.
struct Plan {
    /// Rows of the ledgers to build.
    rows: Vec<u64>,
    /// Leaves of the trees in memory.
    leaves: u64,
    /// Leaves for the peer that takes a millisecond for each.
    slow_leaves: u64,
    /// Coins of a snapshot of all unspent outputs.
    coins: u64,
    /// Addresses of a venue to reconcile, and their coins.
    addresses: usize,
    address_coins: usize,
    /// Accounts of an EVM chain, how many of them are asked for, and at how many blocks.
    accounts: usize,
    asked: usize,
    blocks: u64,
    /// Blocks of a window of Bitcoin, and how many payments go out, and come in, in each.
    window_blocks: u64,
    window_payments: usize,
    /// Seconds for each rate.
    seconds: f64,
    /// Repetitions of an operation whose instructions are counted.
    repeats: u64,
    /// Where ledgers and stores are written: the disk that is measured.
    folder: PathBuf,
    /// The program of `benches/peers`, if it was built.
    peers: Option<PathBuf>,
    /// Whether the store is kept for a look.
    keep: bool,
    /// Whether only the reserve side is measured.
    reserves_only: bool,
    /// Whether only proofs of EVM accounts are.
    states_only: bool,
    /// Whether only bundles with windows are.
    windows_only: bool,
}

const USAGE: &str = "benches/run.sh [--rows N,N…] [--leaves N] [--coins N] [--reserves] [--states] [--windows] [--accounts N] \
     [--dir FOLDER] [--keep] [--smoke]";

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo bench` adds this; without it cargo is running tests
    let measured = arguments.iter().any(|argument| argument == "--bench");
    arguments.retain(|argument| argument != "--bench");
    let result = match arguments.first().map(String::as_str) {
        Some("--child") if arguments.get(1).is_some_and(|kind| kind == "operation") => instructions::child(&arguments),
        Some("--child") => trees::child(&arguments),
        _ => plan(&arguments, !measured).and_then(|plan| run(&plan)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("figures: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn plan(arguments: &[String], smoke: bool) -> anyhow::Result<Plan> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let mut plan = Plan {
        rows: vec![100_000, 1_000_000, 10_000_000],
        leaves: 4_000_000,
        slow_leaves: 1_000,
        coins: 5_000_000,
        addresses: 10_000,
        address_coins: 100_000,
        accounts: 50_000,
        asked: 1_000,
        blocks: 50,
        window_blocks: 1_000,
        window_payments: 5,
        seconds: 1.0,
        repeats: 2 * ops::BATCH as u64,
        folder,
        peers: None,
        keep: false,
        reserves_only: false,
        states_only: false,
        windows_only: false,
    };
    let tiny = |plan: &mut Plan| {
        (plan.rows, plan.leaves, plan.slow_leaves) = (vec![1_000, 2_000], 2_000, 20);
        (plan.coins, plan.addresses, plan.address_coins) = (2_000, 20, 50);
        (plan.accounts, plan.asked, plan.blocks) = (200, 10, 4);
        (plan.window_blocks, plan.window_payments) = (20, 1);
        (plan.seconds, plan.repeats) = (0.01, 16);
    };
    if smoke {
        tiny(&mut plan);
    }
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{argument} takes a value; {USAGE}"));
        let count = |text: &String| text.replace('_', "").parse::<u64>().with_context(|| format!("{text:?}; {USAGE}"));
        match argument.as_str() {
            "--rows" => {
                let texts: Vec<String> = value()?.split(',').map(str::to_owned).collect();
                plan.rows = texts.iter().map(count).collect::<Result<_, _>>()?;
            }
            "--leaves" => plan.leaves = count(value()?)?,
            "--coins" => plan.coins = count(value()?)?,
            "--reserves" => plan.reserves_only = true,
            "--windows" => plan.windows_only = true,
            "--states" => plan.states_only = true,
            "--accounts" => plan.accounts = usize::try_from(count(value()?)?)?,
            "--dir" => plan.folder = PathBuf::from(value()?),
            "--peers" => plan.peers = Some(PathBuf::from(value()?)),
            "--keep" => plan.keep = true,
            "--smoke" => tiny(&mut plan),
            _ => bail!("unknown argument {argument:?}; {USAGE}"),
        }
    }
    Ok(plan)
}

fn run(plan: &Plan) -> anyhow::Result<()> {
    std::fs::create_dir_all(&plan.folder).with_context(|| plan.folder.display().to_string())?;
    machine::print();
    if plan.states_only {
        return states::print(plan);
    }
    if plan.windows_only {
        return windows::print(plan);
    }
    if plan.reserves_only {
        reserves::print(plan)?;
        states::print(plan)?;
        return windows::print(plan);
    }
    let ceiling = hashes::print(plan.seconds);
    trees::print(plan, &ceiling)?;
    build::print(plan, &ceiling)?;
    reserves::print(plan)?;
    states::print(plan)?;
    windows::print(plan)?;
    hashes::print_drift(plan.seconds, &ceiling);
    instructions::print(plan.repeats)
}
