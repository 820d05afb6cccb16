//! `foreign verify`: one customer's proof, or a whole tree.

use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::failure;
use crate::amount::{Amount, Decimals};
use crate::cli::error::{CliError, Failure};
use crate::cli::wording::counted;
use crate::cli::{Outcome, bars, files, say, say_exactly};
use crate::foreign::bitmex::{self, Nonce};
use crate::foreign::decimal::Decimal;
use crate::foreign::document::FILE_MAX;
use crate::foreign::hotcoin;
use crate::foreign::scheme::Facts;
use crate::foreign::verify::{Answer, Question, RootFrom, verify};
use crate::foreign::{Fault, facts_named};
use crate::hash::Digest;
use crate::report::wrap;

/// Check the proof that a venue gave you, or find yourself in its published tree.
///
/// Without --root the file vouches for itself, and the exit code is 2 however well it fits together.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The file that the venue gave you
    file: PathBuf,
    /// Its format: okx-v1, bybit, bitget, hotcoin, bitmex (river), olalonde; recognised when left out
    #[arg(long, value_name = "NAME")]
    format: Option<String>,
    /// The root, from a place where everybody sees the same one
    #[arg(long, value_name = "HASH")]
    root: Option<String>,
    /// The file that the venue publishes apart from the proofs, for formats that have one
    #[arg(long, value_name = "FILE")]
    anchor: Option<PathBuf>,
    /// Your account, as the leaf names it
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// A balance that you expect, such as BTC=0.5; may be given for several assets
    #[arg(long, value_name = "ASSET=AMOUNT")]
    expect: Vec<String>,
    /// A file that only you can read, with your account's nonce: finds your leaves in a whole tree
    #[arg(long, value_name = "FILE", requires = "account", conflicts_with = "tree_nonce_file")]
    nonce_file: Option<PathBuf>,
    /// Likewise, with the nonce that you were given for this tree only
    #[arg(long, value_name = "FILE", requires = "account")]
    tree_nonce_file: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let named = args.format.as_deref().and_then(facts_named).map(|facts| facts.name);
    let begins = files::begins_with(&args.file, bitmex::HEAD.as_bytes())?;
    if named == Some(bitmex::FACTS.name) || (begins && args.format.is_none()) { tree(args) } else { proof(args) }
}

fn proof(args: &Args) -> Outcome {
    let bytes = files::read(&args.file, FILE_MAX)?;
    let fail = |fault: Fault| failure(&args.file, &bytes, vec![fault]);
    if args.nonce_file.is_some() || args.tree_nonce_file.is_some() {
        let detail = "a nonce is asked for by a whole tree, this file is one customer's";
        return Err(fail(Fault::new(crate::foreign::Kind::NoTree, detail)));
    }
    let expected = args.expect.iter().map(|text| expectation(text)).collect::<Result<Vec<_>, _>>()?;
    let anchor = match &args.anchor {
        Some(path) => {
            let bytes = files::read(path, FILE_MAX)?;
            Some(hotcoin::anchor(&bytes).map_err(|fault| failure(path, &bytes, vec![fault]))?)
        }
        None => None,
    };
    let root = args.root.as_ref().map(|root| plain_hash(root));
    let question = Question {
        format: args.format.as_deref(),
        root: root.as_deref(),
        account: args.account.as_deref(),
        expected: &expected,
        anchor: anchor.as_ref(),
    };
    let answer = verify(&bytes, &question).map_err(fail)?;
    if args.json {
        say_exactly(&crate::foreign::verify::json(&answer));
    } else {
        print(args, &answer);
    }
    end(&args.file, &bytes, answer.faults)
}

/// The end of a run: success, or everything that does not fit.
fn end(path: &Path, file: &[u8], faults: Vec<Fault>) -> Outcome {
    if faults.is_empty() { Ok(ExitCode::SUCCESS) } else { Err(failure(path, file, faults)) }
}

/// Some programs write `0x` before a hash, or capital letters.
fn plain_hash(text: &str) -> String {
    text.strip_prefix("0x").unwrap_or(text).to_ascii_lowercase()
}

fn expectation(text: &str) -> Result<(String, Decimal), Failure> {
    let wrong = |detail: String| CliError::Arguments(format!("--expect {text}: {detail}"));
    let (asset, amount) = text.split_once('=').ok_or_else(|| wrong("expected ASSET=AMOUNT".to_owned()))?;
    let amount = amount.parse().map_err(|error| wrong(format!("{error}")))?;
    Ok((asset.to_owned(), amount))
}

fn print(args: &Args, answer: &Answer) {
    let siblings = answer.proof.steps.len();
    let result = if answer.is_consistent() { "consistent" } else { "not consistent" };
    say(format!("Format    {} ({})", answer.facts.name, answer.facts.page));
    say(format!("Result    {result}: the leaf, {siblings} siblings and their sums"));
    say(format!("Root      {}, compared with one {}", answer.folded.root.hash, answer.root_from.text()));
    say(format!("Snapshot  {}", if answer.proof.snapshot.is_empty() { "none named" } else { &answer.proof.snapshot }));
    if let Some(field) = answer.facts.account {
        let compared = if args.account.is_some() { "" } else { ", not compared: give --account" };
        say(format!("Leaf of   {field} {}{compared}", answer.proof.account));
    }
    let rows = answer.proof.assets.iter().zip(answer.folded.own.iter().zip(&answer.folded.root.sums));
    let rows: Vec<[String; 3]> =
        rows.map(|(asset, (own, total))| [asset.name.clone(), own.to_string(), total.to_string()]).collect();
    say("");
    say(columns(["Asset", "In the leaf", "Total at the root"], &rows));
    print_weaknesses(answer.facts);
    for (weakness, what) in &answer.seen {
        say(format!("Seen in this file: {what} ({})", weakness.name()));
    }
    if answer.root_from == RootFrom::File {
        say("The root was compared with nothing but this file.");
    }
}

/// Three columns, the figures to the right.
fn columns(head: [&str; 3], rows: &[[String; 3]]) -> String {
    let head = head.map(str::to_owned);
    let width =
        |at: usize| rows.iter().chain([&head]).filter_map(|row| row.get(at)).map(String::len).max().unwrap_or(0);
    let (first, second, third) = (width(0), width(1), width(2));
    let line = |[name, own, total]: &[String; 3]| format!("{name:<first$}  {own:>second$}  {total:>third$}");
    std::iter::once(&head).chain(rows).map(line).collect::<Vec<_>>().join("\n")
}

fn print_weaknesses(facts: &Facts) {
    say("\nWhat this scheme would let a venue do, whatever this file says:");
    for weakness in facts.weaknesses {
        say(wrap(&format!("- {} ({}): {}", weakness.name(), weakness.attack(), weakness.lets())));
    }
}

fn tree(args: &Args) -> Outcome {
    if args.anchor.is_some() {
        return Err(CliError::Arguments("--anchor: a whole tree has none".to_owned()).into());
    }
    let question = tree_question(args)?;
    let file = files::open(&args.file)?;
    let bar = bars::bytes(file.metadata().map_or(0, |metadata| metadata.len()));
    let source = args.file.display().to_string();
    let read = bitmex::verify(&source, BufReader::with_capacity(1 << 20, file), &question, &mut |bytes| bar.inc(bytes));
    bar.finish_and_clear();
    let answer = read.map_err(|fault| failure(&args.file, b"", vec![fault]))?;
    if args.json {
        say_exactly(&bitmex::json(&answer))
    } else {
        print_tree(&question, &answer)
    }
    end(&args.file, b"", answer.faults)
}

fn tree_question(args: &Args) -> Result<bitmex::Question, Failure> {
    let number = |account: &String| {
        crate::json::uint::parse(account)
            .ok_or_else(|| CliError::Arguments(format!("--account {account}: this format has numbers as accounts")))
    };
    let account = args.account.as_ref().map(number).transpose()?;
    let read = |path: &PathBuf| {
        let bytes = files::read_private(path)?;
        bitmex::read_nonce(&bytes).map_err(|fault| Failure::about(path, &fault))
    };
    let nonce = match (&args.nonce_file, &args.tree_nonce_file) {
        (Some(path), _) => Some(Nonce::Account(read(path)?)),
        (None, Some(path)) => Some(Nonce::Tree(read(path)?)),
        (None, None) => None,
    };
    let key = match (account, nonce) {
        (Some(account), Some(nonce)) => Some((nonce, account)),
        (None, None) => None,
        _ => {
            return Err(
                CliError::Missing("an account is found with --nonce-file or --tree-nonce-file".to_owned()).into()
            );
        }
    };
    let root = match args.root.as_ref().map(|root| plain_hash(root).parse::<Digest>()) {
        Some(Ok(root)) => Some(root),
        Some(Err(_)) => return Err(CliError::Arguments("--root: expected 64 hexadecimal digits".to_owned()).into()),
        None => None,
    };
    let expected = match args.expect.as_slice() {
        [] => None,
        [text] if key.is_some() => Some(satoshi(text)?),
        _ => return Err(CliError::Arguments("--expect: expected BTC=AMOUNT once, with an account".to_owned()).into()),
    };
    Ok(bitmex::Question { root, key, expected })
}

fn satoshi(text: &str) -> Result<u64, Failure> {
    let wrong = |detail: String| Failure::from(CliError::Arguments(format!("--expect {text}: {detail}")));
    let amount = text.strip_prefix("BTC=").ok_or_else(|| wrong("this format counts bitcoin only".to_owned()))?;
    let decimals = Decimals::new(8).ok_or_else(|| wrong("eight decimals".to_owned()))?;
    let amount = Amount::parse(amount, decimals).map_err(|error| wrong(error.to_string()))?;
    u64::try_from(amount.base_units()).map_err(|_| wrong("it is more than 2^64 satoshi".to_owned()))
}

fn print_tree(question: &bitmex::Question, answer: &bitmex::Answer) {
    let result = if answer.is_consistent() { "consistent" } else { "not consistent" };
    say(format!("Format    bitmex, river ({})", bitmex::FACTS.page));
    say(format!(
        "Result    {result}: {} at block {}, every node computed again",
        counted(answer.leaf_count, "leaf", "leaves"),
        answer.height
    ));
    let from = if question.root.is_some() { RootFrom::Outside } else { RootFrom::File };
    let root = answer.root.map(|root| root.to_string()).unwrap_or_default();
    say(format!("Root      {root}, compared with one {}", from.text()));
    say(format!("Total     {} sat", answer.total));
    match &question.key {
        Some((_, account)) => {
            let own = answer.own().map_or_else(|| "2^64 or more".to_owned(), |own| own.to_string());
            let leaves = counted(answer.leaves.len(), "leaf", "leaves");
            say(format!("Yours     {own} sat in {leaves} of account {account}"));
            for leaf in &answer.leaves {
                say(format!("          leaf {} in line {}: {} sat", leaf.index, leaf.line, leaf.value));
            }
        }
        None => say("Yours     not looked for: give --account and --nonce-file"),
    }
    print_weaknesses(&bitmex::FACTS);
}
