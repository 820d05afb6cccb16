//! `dispute answer`: what the venue says, with the leaf and with what changed the balance.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Deserialize;

use super::{read_dispute, receipt_digest, receipt_of};
use crate::amount::{Amount, Decimals};
use crate::cli::error::{CliError, Failure};
use crate::cli::files::{self, Readers};
use crate::cli::passphrase::Unlock;
use crate::cli::statement::Alg;
use crate::cli::{Outcome, remark, say};
use crate::liability::inclusion_proof;
use crate::publish::log::proof;
use crate::publish::receipt::dispute::{ANSWER_FORMAT, Answer, Movement, Side};
use crate::publish::receipt::opening::least;
use crate::publish::statement_check;
use crate::snapshot::Time;

/// Answer a dispute.
#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    /// The dispute
    dispute: PathBuf,
    /// A key of the venue, from `keygen`; may be given several times
    #[arg(long, value_name = "FILE", required = true)]
    key: Vec<PathBuf>,
    #[command(flatten)]
    unlock: Unlock,
    /// How to sign with it
    #[arg(long, value_enum, default_value = "bip340")]
    alg: Alg,
    /// The signed statement that the dispute asks about
    #[arg(long, value_name = "FILE")]
    statement: PathBuf,
    /// The proof that it stands in the public log
    #[arg(long, value_name = "FILE")]
    log_proof: PathBuf,
    /// The account's inclusion proof, from `prove`; left out when nothing was left of the balance
    #[arg(long, value_name = "FILE")]
    opening: Option<PathBuf>,
    /// What changed the balance since a balance receipt: CSV with time, side (credit or debit), amount, reference
    #[arg(long, value_name = "FILE")]
    movements: Option<PathBuf>,
    /// Where to write the answer; readable by its owner only
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    files::check_free(&args.out, args.force)?;
    let dispute = read_dispute(&args.dispute)?;
    let (receipt, digest) = (receipt_of(&dispute)?, receipt_digest(&dispute)?);
    let keys = args.key.iter().map(|path| files::read_signing_key(path, args.alg.into(), &args.unlock));
    let keys = keys.collect::<Result<Vec<_>, _>>()?;
    let opening = match &args.opening {
        None => None,
        Some(path) => {
            let file = files::read(path, inclusion_proof::FILE_SIZE_MAX)?;
            let least = least(&file, &receipt).map_err(|error| Failure::about(path, &error))?;
            Some(text(path, least)?)
        }
    };
    let movements = args.movements.as_deref().map(|path| movements(path, receipt.decimals)).transpose()?;
    let answer = Answer {
        format: ANSWER_FORMAT.to_owned(),
        keys: Vec::new(),
        log_proof: text(&args.log_proof, files::read(&args.log_proof, proof::PROOF_SIZE_MAX)?)?,
        movements: movements.unwrap_or_default(),
        opening,
        receipt: digest,
        statement: text(&args.statement, files::read(&args.statement, statement_check::FILE_SIZE_MAX)?)?,
        venue: receipt.venue,
    };
    files::write(&args.out, &answer.sign(&keys)?, Readers::Owner, args.force)?;
    say(format!("answer to receipt {digest} written to {}", args.out.display()));
    remark("look at it as its reader will: counterfoil dispute judge");
    Ok(ExitCode::SUCCESS)
}

fn text(path: &Path, bytes: Vec<u8>) -> Result<String, Failure> {
    let wrong = |_| CliError::Unreadable { path: path.to_owned(), detail: "it is not UTF-8 text".to_owned() };
    Ok(String::from_utf8(bytes).map_err(wrong)?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    time: Time,
    side: Side,
    amount: String,
    reference: String,
}

fn movements(path: &Path, decimals: Decimals) -> Result<Vec<Movement>, Failure> {
    let file = files::read_text(path)?;
    let mut movements = Vec::new();
    for (number, row) in (2..).zip(csv::Reader::from_reader(file.as_bytes()).deserialize()) {
        let wrong = |error: csv::Error| CliError::Unreadable { path: path.to_owned(), detail: error.to_string() };
        let Row { time, side, amount, reference } = row.map_err(wrong)?;
        let place = format!("{}, line {number}", path.display());
        let amount = Amount::parse(&amount, decimals).map_err(|error| Failure::about(&place, &error))?;
        movements.push(Movement { amount, reference, side, time });
    }
    Ok(movements)
}
