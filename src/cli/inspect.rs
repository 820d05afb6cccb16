//! `inspect`: what a file or folder is. It verifies nothing, and says so.

mod folder;
mod kinds;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::Value;
use zeroize::Zeroizing;

use super::error::Failure;
use super::{Outcome, bars, files, say};
use crate::amount::Decimals;
use crate::bundle::FILE_SIZE_MAX;
use crate::code::Coded as _;
use crate::hash::sha256;
use crate::json;
use crate::liability::sealed_proof::{self, Pack};
use crate::reserve::bitcoin::utxo_snapshot::{self, Summary};

/// Say what a file or folder is.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The file or folder
    file: PathBuf,
}

/// How `prove --all` begins its table.
const TABLE_HEAD: &[u8] = b"account,code\n";

pub(super) fn run(args: &Args) -> Outcome {
    if args.file.is_dir() {
        return folder::run(&args.file);
    }
    let piped = piped(&args.file)?;
    // larger than memory: it is read as a stream
    if piped.is_none() && files::begins_with(&args.file, &utxo_snapshot::MAGIC)? {
        return snapshot(&args.file);
    }
    let of_file;
    let head: &[u8] = match &piped {
        Some(bytes) => bytes,
        None => {
            of_file = files::head(&args.file, kinds::HEAD_BYTES)?;
            &of_file
        }
    };
    if let Some(kind) = kinds::by_first_bytes(head) {
        // not its hash either: it is that of a secret, or of a file of any size
        say(format!("{}: {kind}", args.file.display()));
        say("\nNothing was verified.");
        return Ok(ExitCode::SUCCESS);
    }
    let bytes = match piped {
        Some(bytes) => bytes,
        None => Zeroizing::new(files::read(&args.file, FILE_SIZE_MAX)?),
    };
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
        Err(_) if bytes.starts_with(TABLE_HEAD) => {
            say("the private table of proof codes: whoever has it opens every sealed proof; not for others");
        }
        Err(error) => match kinds::by_content(&bytes) {
            Some(kind) => say(kind),
            None => return unknown(&bytes, &error),
        },
        Ok(value) => describe(&value, json::canonical(&value)? == *bytes)?,
    }
    say("\nNothing was verified.");
    Ok(ExitCode::SUCCESS)
}

/// All of what is no file, such as a pipe: what was looked at there is gone, and a second look would begin behind it.
fn piped(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
    if fs::metadata(path).map_or(true, |found| found.is_file()) {
        return Ok(None);
    }
    Ok(Some(Zeroizing::new(files::read(path, FILE_SIZE_MAX)?)))
}

/// A reason to doubt JSON is told only of what begins as JSON.
fn unknown(bytes: &[u8], error: &json::JsonError) -> Outcome {
    if bytes.trim_ascii_start().starts_with(b"{") {
        say(format!("not strict JSON: {}: {error}", error.code()));
    } else {
        say("of a kind that this version does not know; what binary evidence is, its place in a bundle says:");
        say("inspect the bundle's folder, or check it with `reserves verify`");
    }
    Ok(ExitCode::from(2))
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

fn describe(value: &Value, canonical: bool) -> Result<(), Failure> {
    let kind = kinds::of_json(value);
    say(kind.unwrap_or("strict JSON of a kind that this version does not know"));
    say(if canonical { "canonical (RFC 8785)" } else { "not canonical (RFC 8785)" });
    let shape = |error: serde_json::Error| json::JsonError::Shape { detail: error.to_string() };
    say(serde_json::to_string_pretty(value).map_err(shape)?);
    Ok(())
}
