//! `inspect`: what a file is. It verifies nothing, and says so.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::Value;

use super::error::Failure;
use super::{Outcome, bars, files, say};
use crate::amount::Decimals;
use crate::code::Coded as _;
use crate::hash::sha256;
use crate::json;
use crate::liability::sealed_proof::{self, Pack};
use crate::reserve::bitcoin::utxo_snapshot::{self, Summary};

/// Say what a file is.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The file
    file: PathBuf,
}

/// Kinds of files by the field that their content stands in, or by their format.
const KINDS: [(&str, &str); 14] = [
    ("statement", "a signed statement of liabilities"),
    ("manifest", "the sealed manifest of a bundle"),
    ("transcript", "a signed transcript of a node's answers"),
    ("seal", "a report that somebody made again, and signed"),
    ("receipt", "a receipt: what the venue told one customer; private"),
    ("answer", "the venue's answer in a dispute; private"),
    ("counterfoil-dispute-v1", "a dispute about a receipt; private"),
    ("counterfoil-receipt-contradiction-v1", "evidence that a receipt and a logged statement exclude each other"),
    ("counterfoil-report-v1", "a report of a reconciliation"),
    ("counterfoil-inclusion-proof-v1", "an inclusion proof of one customer account"),
    ("counterfoil-sealed-proofs-v1", "the index of a folder of sealed proofs"),
    ("counterfoil-challenge-v1", "a challenge document"),
    ("counterfoil-compact-range-v1", "a compact range: a part of a liability tree"),
    ("counterfoil-statement-v1", "the draft of a statement, unsigned"),
];

/// How `prove --all` begins its table.
const TABLE_HEAD: &[u8] = b"account,code\n";

pub(super) fn run(args: &Args) -> Outcome {
    // larger than memory: it is read as a stream
    if files::begins_with(&args.file, &utxo_snapshot::MAGIC)? {
        return snapshot(&args.file);
    }
    let bytes = files::read(&args.file, crate::bundle::FILE_SIZE_MAX)?;
    say(format!("{}: {} bytes, sha256 {}", args.file.display(), bytes.len(), sha256(&bytes)));
    if bytes.starts_with(sealed_proof::MAGIC.split_last().map_or(&[], |(_, name)| name)) {
        return pack(&bytes);
    }
    match json::parse(&bytes) {
        Err(_) if is_lines(&bytes) => {
            let count = bytes.iter().filter(|&&byte| byte == b'\n').count();
            say(format!("{count} lines of strict JSON, such as an address set, signatures or proofs; the first:"));
            let first = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
            say(String::from_utf8_lossy(first));
        }
        Err(_) if bytes.starts_with(b"counterfoil\0st\0") => {
            say("the private store of a build: accounts, balances and nonces; not for others");
        }
        Err(_) if bytes.starts_with(TABLE_HEAD) => {
            say("the private table of proof codes: whoever has it opens every sealed proof; not for others");
        }
        Err(error) => {
            say(format!("not strict JSON: {}: {error}", error.code()));
            return Ok(ExitCode::from(2));
        }
        Ok(value) => describe(&value, json::canonical(&value)? == bytes)?,
    }
    say("\nNothing was verified.");
    Ok(ExitCode::SUCCESS)
}

/// A set of unspent outputs: every coin is read, and the hash over them is computed.
fn snapshot(path: &Path) -> Outcome {
    let bar = bars::coins();
    let read = utxo_snapshot::summarize(files::open(path)?, &mut |coins, total| {
        bar.set_length(total);
        bar.set_position(coins);
    });
    bar.finish_and_clear();
    let Summary { head, hash, transactions, total, height_max, .. } =
        read.map_err(|error| Failure::about(path, &error))?;
    say(format!("{}: a snapshot of all unspent outputs (`dumptxoutset`)", path.display()));
    say(format!("network            {}", head.network));
    say(format!("base block         {}", head.block));
    say(format!(
        "coins              {} of {transactions} transactions, the youngest of block {height_max}",
        head.count
    ));
    say(format!("sum                {} BTC", total.to_decimal(BTC)));
    say(format!("hash_serialized_3  {hash}, computed from every coin"));
    match utxo_snapshot::known(head.network, head.block) {
        Some(known) if known.hash == hash.to_string() => {
            say(format!("\nBitcoin Core carries this hash for this block, number {}.", known.height));
        }
        Some(known) => {
            say(format!("\nBitcoin Core carries another hash for this block: {}. Do not use this file.", known.hash));
            return Ok(ExitCode::FAILURE);
        }
        None => say(
            "\nNothing was compared. The hash covers the coins, not the block: pin both, from a source of your own.",
        ),
    }
    Ok(ExitCode::SUCCESS)
}

/// Satoshis in a bitcoin.
const BTC: Decimals = match Decimals::new(8) {
    Some(decimals) => decimals,
    None => Decimals::ZERO,
};

fn pack(bytes: &[u8]) -> Outcome {
    let pack = match Pack::parse(bytes) {
        Ok(pack) => pack,
        Err(error) => {
            say(format!("not a usable pack of sealed proofs: {}: {error}", error.code()));
            return Ok(ExitCode::from(2));
        }
    };
    let (count, prefix) = (pack.entries().len(), pack.prefix());
    let proofs = if count == 1 { "proof" } else { "proofs" };
    say(format!("a pack of {count} sealed inclusion {proofs}: {prefix}, of {}", prefix.packs()));
    say(format!("statement {}", pack.statement()));
    say("\nNothing was verified.");
    Ok(ExitCode::SUCCESS)
}

/// Whether every line is a JSON object of its own.
fn is_lines(bytes: &[u8]) -> bool {
    let lines = bytes.strip_suffix(b"\n").map(|body| body.split(|&byte| byte == b'\n'));
    lines.is_some_and(|mut lines| lines.all(|line| json::parse(line).is_ok_and(|value| value.is_object())))
}

fn describe(value: &Value, canonical: bool) -> Result<(), super::error::Failure> {
    let format = value.get("format").and_then(Value::as_str).unwrap_or_default();
    // an inclusion proof has a field `statement`, too: only signed files have signatures beside their content
    let signed = value.get("signatures").is_some();
    let is_of = |mark: &str| if signed { value.get(mark).is_some_and(Value::is_object) } else { mark == format };
    let kind = KINDS.iter().find(|(mark, _)| is_of(mark));
    say(kind.map_or("strict JSON of a kind that this version does not know", |(_, words)| words));
    say(if canonical { "canonical (RFC 8785)" } else { "not canonical (RFC 8785)" });
    let shape = |error: serde_json::Error| json::JsonError::Shape { detail: error.to_string() };
    say(serde_json::to_string_pretty(value).map_err(shape)?);
    Ok(())
}
