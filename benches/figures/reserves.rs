//! The reserve side: a snapshot of all unspent outputs beside the plain hash of the same bytes, and `reconcile` of many
//! addresses beside the bare checks of as many signatures.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;
use bitcoin::{Network, ScriptBuf};
use counterfoil::json;
use counterfoil::lab::many_addresses::ManyAddresses;
use counterfoil::lab::utxo_set::SyntheticSet;
use counterfoil::policy::Policy;
use counterfoil::reconcile::reconcile;
use counterfoil::reserve::bitcoin::control;
use counterfoil::reserve::bitcoin::utxo_snapshot::{read, summarize};
use counterfoil::reserve::claim::ControlProof;
use k256::ecdsa::signature::hazmat::PrehashVerifier as _;
use sha2::{Digest as _, Sha256};

use crate::{Plan, child, disk, machine, table};

/// Coins of Bitcoin's main chain, about.
const MAINNET_COINS: f64 = 170e6;
/// Scripts that a large venue asks for.
const WANTED: u32 = 10_000;

/// Prints both tables.
pub(crate) fn print(plan: &Plan) -> anyhow::Result<()> {
    let folder = plan.folder.join("reserves");
    fs::create_dir_all(&folder)?;
    let path = folder.join("set.dat");
    snapshot(plan.coins, &path)?;
    if !plan.keep {
        fs::remove_dir_all(&folder)?;
    }
    signatures(plan)
}

/// Wall and processor seconds of a piece of work.
pub(crate) fn timed<T>(work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<(T, f64, f64)> {
    let processor = || child::processor_seconds(&fs::read_to_string("/proc/self/stat").unwrap_or_default());
    let (before, began) = (processor(), Instant::now());
    let done = work()?;
    Ok((done, began.elapsed().as_secs_f64(), processor() - before))
}

fn snapshot(coins: u64, path: &Path) -> anyhow::Result<()> {
    let mut file = File::create(path)?;
    SyntheticSet { coins, seed: 1 }.write(&mut file, &mut |_| {})?;
    file.sync_all()?;
    let length = file.metadata()?.len();
    let floor = disk::read_seconds(path)?;
    // the disk is a line of its own: the others read from the page cache
    let (summary, whole, whole_cpu) = timed(|| Ok(summarize(File::open(path)?, &mut |_, _| {})?))?;
    let asked: BTreeSet<ScriptBuf> = (0..WANTED)
        .map(|number| ScriptBuf::from([&[0, 20], &Sha256::digest(number.to_le_bytes())[..20]].concat()))
        .collect();
    let (found, asking, asking_cpu) = timed(|| Ok(read(File::open(path)?, Network::Regtest, &asked, &mut |_, _| {})?))?;
    anyhow::ensure!(found.hash == summary.hash && found.count == coins, "two readings of one file differ");
    let (_, plain, plain_cpu) = timed(|| {
        let buffer = vec![0x5a_u8; 1 << 18];
        let (mut hasher, mut left) = (Sha256::new(), summary.hashed);
        while left > 0 {
            let now = left.min(buffer.len() as u64);
            hasher.update(black_box(buffer.get(..now as usize).unwrap_or(&buffer)));
            left -= now;
        }
        Ok(black_box(Sha256::digest(hasher.finalize())))
    })?;

    let title = format!(
        "Snapshot of {} unspent outputs: {} of file, {} to hash",
        table::count(coins),
        table::bytes(length),
        table::bytes(summary.hashed)
    );
    table::head(&title, &["way", "seconds", "processor time", "coins/s", "against the plain hash", "170 M coins"]);
    let line = |way: &str, seconds: f64, cpu: f64| {
        let minutes = |seconds: f64| format!("{:.2} min", seconds * MAINNET_COINS / coins as f64 / 60.0);
        table::line(&[
            way.to_owned(),
            table::seconds(seconds),
            table::seconds(cpu),
            table::short(coins as f64 / seconds),
            table::times(seconds / plain),
            format!("{}, {} of one core", minutes(seconds), minutes(cpu)),
        ]);
    };
    line("double SHA-256 of as many bytes, one core", plain, plain_cpu);
    line("snapshot read and hashed", whole, whole_cpu);
    line(&format!("the same, {} scripts looked for", table::count(WANTED.into())), asking, asking_cpu);
    println!("\nThe disk alone: {} for the file.", table::seconds(floor));
    Ok(())
}

fn signatures(plan: &Plan) -> anyhow::Result<()> {
    let (addresses, coins) = (plan.addresses, plan.address_coins);
    let made = ManyAddresses::new(addresses, coins)?;
    let policy = Policy::parse(&made.policy)?;
    let (report, whole, whole_cpu) = timed(|| Ok(reconcile(&made.bundle, &policy)?))?;
    anyhow::ensure!(report.overall.verdict.exit_code() == 0, "the venue is not covered: {:?}", report.findings);
    let control = made.bundle.get("control.jsonl").context("signatures")?;
    let proofs: Vec<ControlProof> = control
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(json::read)
        .collect::<Result<_, _>>()?;
    let ((), one, _) = timed(|| {
        let valid = |proof: &&ControlProof| control::verify(&proof.chain, &proof.address, &made.line, proof).is_ok();
        anyhow::ensure!(proofs.iter().filter(valid).count() == addresses, "a signature is refused");
        Ok(())
    })?;

    let title =
        format!("`reconcile` of {} addresses, {} coins", table::count(addresses as u64), table::count(coins as u64));
    table::head(&title, &["figure", "measured"]);
    let line = |name: &str, value: String| table::line(&[name.to_owned(), value]);
    let cores = machine::cores();
    line(
        &format!("the whole, {cores} cores"),
        format!("{}, {} of processor time", table::seconds(whole), table::seconds(whole_cpu)),
    );
    line("files of the bundle", table::count(made.bundle.len() as u64));
    line("bytes of the bundle", table::bytes(made.bundle.values().map(|file| file.len() as u64).sum()));
    line("the signatures alone, one core", table::seconds(one));
    line("signatures/s of one core", table::short(addresses as f64 / one));
    let [secp256k1, k256] = bare(plan.seconds)?;
    line("bare ECDSA checks/s of one core, `secp256k1`: the floor", table::short(secp256k1));
    line("bare ECDSA checks/s of one core, `k256`", table::short(k256));
    Ok(())
}

/// Checks of one signature by two libraries, per second.
fn bare(seconds: f64) -> anyhow::Result<[f64; 2]> {
    use bitcoin::secp256k1::{Message, Secp256k1, SecretKey};
    let secp = Secp256k1::new();
    let secret = SecretKey::from_slice(&[7; 32])?;
    let (message, key) = (Message::from_digest([3; 32]), secret.public_key(&secp));
    let signature = secp.sign_ecdsa(&message, &secret);
    let same_key = k256::ecdsa::VerifyingKey::from_sec1_bytes(&key.serialize())?;
    let same_signature = k256::ecdsa::Signature::from_slice(&signature.serialize_compact())?;
    let rate = |check: &dyn Fn() -> bool| {
        let (began, mut count) = (Instant::now(), 0.0);
        while began.elapsed().as_secs_f64() < seconds {
            for _ in 0..16 {
                anyhow::ensure!(black_box(check()), "a good signature is refused");
                count += 1.0;
            }
        }
        Ok(count / began.elapsed().as_secs_f64())
    };
    Ok([
        rate(&|| secp.verify_ecdsa(black_box(&message), &signature, &key).is_ok())?,
        rate(&|| same_key.verify_prehash(black_box(&[3; 32]), &same_signature).is_ok())?,
    ])
}
