//! `verify`: a customer checks that their own balance is in the total.

mod logged;
mod sealed;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::error::{CliError, Failure};
use super::wording::sentence;
use super::{Outcome, files, now, policy, say};
use crate::amount::Amount;
use crate::asset::AssetId;
use crate::liability::inclusion_proof::{self, InclusionProof, InclusionQuery, VerifiedInclusion};
use crate::publish::{self, Statement};
use crate::report::{shown, wrap};

/// Check that your own balance is in the total.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The proof file that the venue gave you; or the folder of sealed proofs, or the pack of it that has yours
    proof: PathBuf,
    /// A file with the code that opens your sealed proof
    #[arg(long, value_name = "FILE")]
    code_file: Option<PathBuf>,
    /// The venue's signed statement, published for everybody
    #[arg(long, value_name = "FILE")]
    statement: PathBuf,
    /// Your own policy, with the venue's key pinned
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// The proof that the statement stands in the public log; needed when your policy has a section `[log]`
    #[arg(long, value_name = "FILE")]
    log_proof: Option<PathBuf>,
    /// Your account, as the statement's account hint describes it
    #[arg(long, value_name = "ID")]
    account: String,
    /// A file with the credential that you chose, if you chose one
    #[arg(long, value_name = "FILE")]
    credential_file: Option<PathBuf>,
    /// A balance that you expect, such as BTC=0.5; may be given for several assets
    #[arg(long, value_name = "ASSET=AMOUNT")]
    expect: Vec<String>,
}

pub(super) fn run(args: &Args) -> Outcome {
    let policy = policy::read(&args.policy)?;
    let file = files::read(&args.statement, publish::statement_check::FILE_SIZE_MAX)?;
    let verified =
        publish::verify(&file, &policy.statement_pins()).map_err(|error| Failure::about(&args.statement, &error))?;
    let now = now();
    if let Some(days) = policy.require().max_age_days {
        verified.check_age(now, days).map_err(|error| Failure::about(&args.statement, &error))?;
    }
    let logged = logged::check(args, &policy, &verified, now)?;
    let statement = verified.statement();
    let (path, file) = sealed::read(args, &verified.reference())?;
    let proof = InclusionProof::parse(&file).map_err(|error| Failure::about(&path, &error))?;
    let credential = read_credential(args.credential_file.as_deref())?;
    let expected = expected(&args.expect, statement)?;
    let query = InclusionQuery {
        statement: &verified.reference(),
        rows: &statement.liabilities,
        account: &args.account,
        credential: &credential,
        expected: &expected,
    };
    let included = inclusion_proof::verify(&query, &proof).map_err(|error| Failure::about(&path, &error))?;
    print(statement, &included, &expected);
    if statement.cutoff > now {
        say_wrapped(&sentence("verify.not-yet", &[]));
    }
    let (signed, declared) = (verified.signers().len() as u64, statement.venue.threshold);
    if signed < declared {
        let fields = [("declared", declared.to_string()), ("signed", signed.to_string())];
        say_wrapped(&sentence("verify.fewer-signers", &fields.each_ref().map(|(name, value)| (*name, value.as_str()))));
    }
    logged::tell(logged.as_ref());
    if now > statement.due && logged.as_ref().is_none_or(|logged| logged.later() == 0) {
        say_wrapped(&sentence("verify.overdue", &[("due", &statement.due.to_string())]));
    }
    say(format!("\nPolicy {}", policy.digest()));
    Ok(ExitCode::SUCCESS)
}

fn print(statement: &Statement, included: &[VerifiedInclusion], expected: &BTreeMap<AssetId, Amount>) {
    let (entity, cutoff) = (shown(&statement.venue.legal_entity), statement.cutoff.to_string());
    let fields = [("entity", entity.as_str()), ("cutoff", &cutoff), ("sequence", &statement.sequence.to_string())];
    say(format!("{}\n", wrap(&sentence("verify.included", &fields))));
    for balance in included {
        let row = balance.row();
        let amount = |amount: Amount| amount.to_decimal(row.decimals);
        say(format!("  {} {}  ({})", amount(balance.amount()), row.asset, row.class));
        for part in balance.parts() {
            say(format!("      {} {}", amount(part.amount), shown(&part.product)));
        }
        // how many balances there are, nobody can see: a leaf may be a piece of one, or a decoy
        let (own, count) = (balance.indices().len(), row.leaf_count);
        let key = match (own, count) {
            (_, 1) => "verify.leaf.only",
            (1, _) => "verify.leaf.one",
            _ => "verify.leaf.some",
        };
        let fields = [("own", own.to_string()), ("count", count.to_string()), ("total", amount(row.total))];
        say(format!("      {}", sentence(key, &fields.each_ref().map(|(name, value)| (*name, value.as_str())))));
        let root = in_groups(&row.root.to_string());
        say(format!("      {}", sentence("verify.root", &[("root", &root)])));
    }
    let mut others: Vec<&str> = included
        .iter()
        .map(|balance| &balance.row().asset)
        .filter(|id| !expected.contains_key(*id))
        .map(AssetId::as_str)
        .collect();
    others.dedup();
    let compared = if expected.is_empty() {
        sentence("verify.compare", &[])
    } else if others.is_empty() {
        sentence("verify.expected", &[])
    } else {
        sentence("verify.expected.some", &[("assets", &others.join(", "))])
    };
    say_wrapped(&compared);
    say(wrap(&sentence("verify.not-shown", &[])));
}

/// A paragraph of its own.
fn say_wrapped(text: &str) {
    say(format!("\n{}", wrap(text)));
}

/// Groups of four, as people compare hashes.
fn in_groups(hash: &str) -> String {
    let characters: Vec<char> = hash.chars().collect();
    let groups: Vec<String> = characters.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}

/// The credential is a secret: it comes from a file, never from the command line.
pub(super) fn read_credential(path: Option<&Path>) -> Result<String, Failure> {
    let Some(path) = path else { return Ok(String::new()) };
    let bytes = files::read_private(path)?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| CliError::Unreadable { path: path.to_owned(), detail: "it is not UTF-8 text".to_owned() })?;
    let credential = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    if credential.is_empty() {
        let detail = "it holds no credential; leave --credential-file out if you chose none".to_owned();
        return Err(CliError::Unreadable { path: path.to_owned(), detail }.into());
    }
    Ok(credential.to_owned())
}

fn expected(texts: &[String], statement: &Statement) -> Result<BTreeMap<AssetId, Amount>, Failure> {
    let mut expected = BTreeMap::new();
    for text in texts {
        let wrong = |detail: String| CliError::Arguments(format!("--expect {text}: {detail}"));
        let (id, amount) =
            text.split_once('=').ok_or_else(|| wrong("expected ASSET=AMOUNT, such as BTC=0.5".to_owned()))?;
        let asset = statement.assets.iter().find(|asset| asset.id.as_str() == id);
        let asset = asset.ok_or_else(|| wrong(format!("the statement lists no asset {id:?}")))?;
        let about = format!("--expect {text}");
        let amount = Amount::parse(amount, asset.decimals).map_err(|error| Failure::about(&about, &error))?;
        if expected.insert(asset.id.clone(), amount).is_some() {
            return Err(wrong("the asset is given twice".to_owned()).into());
        }
    }
    Ok(expected)
}
