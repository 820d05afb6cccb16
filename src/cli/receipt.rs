//! `receipt sign`, `receipt verify`: what a customer was told, signed.

mod issue;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::error::{CliError, Failure};
use super::passphrase::Unlock;
use super::statement::Alg;
use super::verify::notices::Notices;
use super::verify::{CredentialFile, expected_amount};
use super::{Outcome, files, policy, remark, say};
use crate::publish::receipt::{self, ReceiptError, VerifiedReceipt};
use crate::publish::statement_kinds;
use crate::report::wrap;

/// Issue receipts, or check one.
#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Sign receipts of one account or of all, from what `build` made
    Sign(SignArgs),
    /// Check the receipts that the venue gave you
    Verify(VerifyArgs),
}

/// Sign receipts.
#[derive(clap::Args)]
pub(super) struct SignArgs {
    /// The folder that `build` made
    dir: PathBuf,
    /// A key of the venue, from `keygen`; may be given several times
    #[arg(long, value_name = "FILE", required = true)]
    key: Vec<PathBuf>,
    #[command(flatten)]
    unlock: Unlock,
    /// How to sign with it
    #[arg(long, value_enum, default_value = "bip340")]
    alg: Alg,
    /// The account, byte for byte as in the ledger
    #[arg(long, value_name = "ID", required_unless_present = "all", conflicts_with = "all")]
    account: Option<String>,
    /// Receipts of every account
    #[arg(long)]
    all: bool,
    /// Balance receipts: what was shown at the moment of the export, of a build that becomes no snapshot
    #[arg(long)]
    balance: bool,
    /// Where to write them, one a line; readable by its owner only
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
}

/// Check receipts.
#[derive(clap::Args)]
pub(super) struct VerifyArgs {
    /// The receipts, one a line
    receipts: PathBuf,
    /// Your own policy, with the venue's key pinned
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// Your account
    #[arg(long, value_name = "ID")]
    account: String,
    /// A file with the credential that you chose, if you chose one
    #[arg(long, value_name = "FILE")]
    credential_file: Option<PathBuf>,
    /// A balance that you expect, such as BTC=0.5; may be given for several assets
    #[arg(long, value_name = "ASSET=AMOUNT")]
    expect: Vec<String>,
    /// A change of keys that you have seen of this venue; may be given several times
    #[arg(long, value_name = "FILE")]
    notice: Vec<PathBuf>,
}

pub(super) fn run(verb: &Verb) -> Outcome {
    match verb {
        Verb::Sign(args) => issue::run(args),
        Verb::Verify(args) => verify(args),
    }
}

/// The receipts of a file, one a line.
pub(super) fn read_lines(path: &Path) -> Result<Vec<Vec<u8>>, Failure> {
    let text = files::read_text(path)?;
    let lines: Vec<Vec<u8>> = text.lines().map(|line| line.as_bytes().to_vec()).collect();
    if lines.is_empty() {
        let detail = "it is empty, expected one receipt a line".to_owned();
        return Err(CliError::Unreadable { path: path.to_owned(), detail }.into());
    }
    Ok(lines)
}

fn verify(args: &VerifyArgs) -> Outcome {
    let policy = policy::read(&args.policy)?;
    let notices = Notices::read(&args.notice)?;
    let keys = notices.keys(&policy.statement_pins())?;
    let voids = notices.voids(&keys)?;
    let credential = CredentialFile(args.credential_file.as_deref()).read()?;
    let about = |error: ReceiptError| Failure::about(&args.receipts, &error);
    let mut found = Vec::new();
    for line in read_lines(&args.receipts)? {
        let verified = receipt::verify(&line, &keys).map_err(about)?;
        verified.check_owner(&args.account, &credential).map_err(about)?;
        found.push(verified);
    }
    one_of_each(&found).map_err(about)?;
    for text in &args.expect {
        compare(text, &found).map_err(|error| error.map_or_else(|failure| failure, about))?;
    }
    if let Some(rotation) = keys.announced().next() {
        return Err(statement_kinds::rotated(rotation).into());
    }
    for verified in &found {
        tell(verified);
    }
    for (_, void) in voids {
        remark(format!("{}; what was signed about it stays signed", statement_kinds::withdrawn(&void)));
    }
    say(wrap(
        "\nThe receipts are signed by the venue. They show what it told you, not that it is in the total: for that, verify \
         your inclusion proof. Keep them; after a failed proof they are what a dispute begins with.",
    ));
    say(format!("\nPolicy {}", policy.digest()));
    Ok(ExitCode::SUCCESS)
}

/// Receipts of one balance twice, or of two moments, are no balance together: their sum is of no moment at all.
fn one_of_each(found: &[VerifiedReceipt]) -> Result<(), ReceiptError> {
    let mut balances = BTreeSet::new();
    let mut moments = BTreeSet::new();
    for receipt in found.iter().map(VerifiedReceipt::receipt) {
        let (asset, class) = (&receipt.asset, receipt.class);
        if !balances.insert((asset.as_str(), class.text())) {
            let detail = format!("two of {asset} ({class}) in one file; check each in a file of its own");
            return Err(ReceiptError::Malformed(detail));
        }
        moments.insert((receipt.time, receipt.snapshot.as_ref().map(|snapshot| snapshot.sequence)));
    }
    if moments.len() > 1 {
        let detail = format!("of {} moments in one file; check those of each in a file of its own", moments.len());
        return Err(ReceiptError::Malformed(detail));
    }
    Ok(())
}

fn tell(verified: &VerifiedReceipt) {
    let receipt = verified.receipt();
    let amount = receipt.amount.to_decimal(receipt.decimals);
    let (asset, class, time) = (&receipt.asset, receipt.class, receipt.time);
    say(match &receipt.snapshot {
        Some(snapshot) => format!("{amount} {asset} ({class}) at the cut-off {time}, statement {}", snapshot.sequence),
        None => format!("{amount} {asset} ({class}) as shown at {time}"),
    });
    say(format!("  receipt {}", verified.digest()));
}

/// Compares the receipts of one asset, over all classes, with what the customer expects.
fn compare(text: &str, found: &[VerifiedReceipt]) -> Result<(), Result<ReceiptError, Failure>> {
    let of = |id: &str| found.iter().map(VerifiedReceipt::receipt).find(|receipt| receipt.asset.as_str() == id);
    let decimals = |id: &str| of(id).map(|receipt| receipt.decimals);
    let (asset, expected, decimals) = expected_amount(text, "the receipts name", &decimals).map_err(Err)?;
    let own = found.iter().map(VerifiedReceipt::receipt).filter(|receipt| receipt.asset.as_str() == asset);
    let got = crate::amount::Amount::checked_sum(own.map(|receipt| receipt.amount));
    if got == Some(expected) {
        return Ok(());
    }
    let got = got.map_or_else(|| "more than 2^128 - 1 base units".to_owned(), |got| got.to_decimal(decimals));
    Err(Ok(ReceiptError::Amount { asset, got, expected: expected.to_decimal(decimals) }))
}
