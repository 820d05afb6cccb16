//! `dispute open`, `answer`, `judge`, `check`: what becomes of a receipt that a proof does not bear out.

mod answer;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::error::{CliError, Failure};
use super::files::{self, Readers};
use super::receipt::read_lines;
use super::verify::CredentialFile;
use super::verify::notices::Notices;
use super::{Outcome, log, now, policy, remark, say};
use crate::asset::Class;
use crate::code::Coded as _;
use crate::json;
use crate::liability::inclusion_proof;
use crate::publish::log::proof;
use crate::publish::receipt::dispute::{ANSWER_SIZE_MAX, Case, Dispute, Outcome as Judged, judge as decide};
use crate::publish::receipt::evidence::{self, EVIDENCE_SIZE_MAX};
use crate::publish::receipt::opening::{ReceiptPins, Shown};
use crate::publish::receipt::{ReceiptError, VerifiedReceipt, verify};
use crate::publish::{statement_check, statement_kinds};
use crate::report::wrap;
use crate::snapshot::Time;

/// Ask what became of a balance, answer, and judge.
#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Ask the venue about the balance of a receipt
    Open(OpenArgs),
    /// Answer as the venue: with the leaf, and with what changed the balance
    Answer(answer::Args),
    /// Say what follows: contradicted, answered, or unanswered
    Judge(JudgeArgs),
    /// Check the evidence of a contradiction that somebody has written
    Check(CheckArgs),
}

/// Open a dispute.
#[derive(clap::Args)]
pub(super) struct OpenArgs {
    /// The receipts that the venue gave you
    receipts: PathBuf,
    /// Your own policy, with the venue's key pinned
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// Which asset, when there are receipts of several
    #[arg(long, value_name = "ID")]
    asset: Option<String>,
    /// Which class, when there are receipts of several
    #[arg(long, value_name = "CLASS")]
    class: Option<String>,
    /// For a balance receipt: the statement in which the balance should be
    #[arg(long, value_name = "NUMBER")]
    sequence: Option<u64>,
    /// Days until the deadline
    #[arg(long, value_name = "DAYS", default_value = "14", value_parser = clap::value_parser!(u16).range(1..=3650))]
    days: u16,
    /// When it is opened [default: now]
    #[arg(long, value_name = "TIME")]
    as_of: Option<Time>,
    /// A change of keys that you have seen of this venue; may be given several times
    #[arg(long, value_name = "FILE")]
    notice: Vec<PathBuf>,
    /// Where to write it; readable by its owner only
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
}

/// Judge a dispute.
#[derive(clap::Args)]
pub(super) struct JudgeArgs {
    /// The dispute
    dispute: PathBuf,
    /// Your own policy, with the keys of venue and log
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// An answer that the venue has signed; may be given several times
    #[arg(long, value_name = "FILE")]
    answer: Vec<PathBuf>,
    /// The venue's signed statement
    #[arg(long, value_name = "FILE", requires = "log_proof")]
    statement: Option<PathBuf>,
    /// The proof that it stands in the public log
    #[arg(long, value_name = "FILE", requires = "statement")]
    log_proof: Option<PathBuf>,
    /// An inclusion proof under it
    #[arg(long, value_name = "FILE", requires = "statement")]
    opening: Option<PathBuf>,
    /// The credential under which that one opens, when it is another one than the receipt's
    #[arg(long, value_name = "FILE", requires = "opening")]
    credential_file: Option<PathBuf>,
    /// A change of keys that you have seen of this venue; may be given several times
    #[arg(long, value_name = "FILE")]
    notice: Vec<PathBuf>,
    /// The moment to judge for [default: now]
    #[arg(long, value_name = "TIME")]
    as_of: Option<Time>,
    /// Where to write the evidence of a contradiction; readable by its owner only
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace the output if it exists
    #[arg(long)]
    force: bool,
}

/// Check evidence.
#[derive(clap::Args)]
pub(super) struct CheckArgs {
    /// The evidence
    evidence: PathBuf,
    /// Your own policy, with the keys of venue and log
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
}

pub(super) fn run(verb: &Verb) -> Outcome {
    match verb {
        Verb::Open(args) => open(args),
        Verb::Answer(args) => answer::run(args),
        Verb::Judge(args) => judge(args),
        Verb::Check(args) => check(args),
    }
}

fn open(args: &OpenArgs) -> Outcome {
    files::check_free(&args.out, args.force)?;
    let policy = policy::read(&args.policy)?;
    let notices = Notices::read(&args.notice)?;
    let keys = notices.keys(&policy.statement_pins())?;
    notices.voids(&keys)?;
    let about = |error: ReceiptError| Failure::about(&args.receipts, &error);
    let class = args.class.as_deref().map(parse_class).transpose()?;
    let wanted = |receipt: &VerifiedReceipt| {
        let receipt = receipt.receipt();
        args.asset.as_deref().is_none_or(|asset| receipt.asset.as_str() == asset)
            && class.is_none_or(|class| receipt.class == class)
    };
    let mut found = Vec::new();
    for line in read_lines(&args.receipts)? {
        let verified = verify(&line, &keys).map_err(about)?;
        if wanted(&verified) {
            found.push((line, verified));
        }
    }
    let [(line, receipt)] = found.as_slice() else {
        let detail = format!("{} receipts of this asset and class: name one with --asset and --class", found.len());
        return Err(CliError::Arguments(detail).into());
    };
    let opened = args.as_of.unwrap_or_else(now);
    let deadline = Time::from_unix(opened.unix().saturating_add(i64::from(args.days).saturating_mul(86_400)));
    let dispute = Dispute::new(line, receipt, args.sequence, opened, deadline)?;
    files::write(&args.out, &json::canonical(&dispute)?, Readers::Owner, args.force)?;
    say(format!("dispute about statement {}, to be answered by {deadline}", dispute.sequence));
    remark(format!(
        "written to {}: it holds your receipt; give it to the venue and to nobody else",
        args.out.display()
    ));
    Ok(ExitCode::SUCCESS)
}

fn parse_class(text: &str) -> Result<Class, CliError> {
    text.parse().map_err(|()| CliError::Arguments(format!("--class {text}: custody, lent, collateral or derivative")))
}

pub(super) fn read_dispute(path: &Path) -> Result<Dispute, Failure> {
    // it holds the receipt, with quotes escaped
    let file = files::read(path, 4 * crate::publish::receipt::FILE_SIZE_MAX as u64)?;
    Dispute::parse(&file).map_err(|error| Failure::about(path, &error))
}

fn read_shown(args: &JudgeArgs) -> Result<Vec<Shown>, Failure> {
    let (Some(statement), Some(log_proof)) = (&args.statement, &args.log_proof) else { return Ok(Vec::new()) };
    let opening = args.opening.as_deref().map(|path| files::read(path, inclusion_proof::FILE_SIZE_MAX)).transpose()?;
    let credential = args.credential_file.as_deref().map(|path| CredentialFile(Some(path)).read()).transpose()?;
    Ok(vec![Shown {
        statement: files::read(statement, statement_check::FILE_SIZE_MAX)?,
        log_proof: files::read(log_proof, proof::PROOF_SIZE_MAX)?,
        opening,
        credential,
    }])
}

fn judge(args: &JudgeArgs) -> Outcome {
    if let Some(out) = &args.out {
        files::check_free(out, args.force)?;
    }
    let policy = policy::read(&args.policy)?;
    let rules = log::rules(&policy)?;
    let notices = Notices::read(&args.notice)?;
    let keys = notices.keys(&policy.statement_pins())?;
    let voids = notices.voids(&keys)?;
    let dispute = read_dispute(&args.dispute)?;
    let answers = args.answer.iter().map(|path| files::read(path, ANSWER_SIZE_MAX)).collect::<Result<Vec<_>, _>>()?;
    let pins = ReceiptPins { keys: &keys, log: rules.pins() };
    let now = args.as_of.unwrap_or_else(now);
    let case = Case { dispute: &dispute, pins, now };
    let judgement =
        decide(&case, &read_shown(args)?, &answers).map_err(|error| Failure::about(&args.dispute, &error))?;
    for error in &judgement.set_aside {
        remark(format!("set aside, it counts for nobody: {}: {error}", error.code()));
    }
    let deadline = dispute.deadline;
    match judgement.outcome {
        Judged::Contradicted { why, shown } => {
            say("contradicted");
            if let Some(out) = &args.out {
                let receipt = dispute.receipt(&pins)?;
                let file = evidence::write(&receipt, dispute.receipt.as_bytes(), &shown, &notices.rotations)?;
                evidence::convicts(&file, &policy.statement_pins(), rules.pins())?;
                files::write(out, &file, Readers::Owner, args.force)?;
                remark(format!("evidence written to {}; anybody checks it: counterfoil dispute check", out.display()));
                remark("it shows account, credential and balance of the receipt to whoever gets it");
            }
            Err(ReceiptError::Contradicted(why.join("\n")).into())
        }
        Judged::Answered { amount, movements } => {
            // a withdrawn statement answers nothing, nor do keys that may be a thief's; both convict all the same
            if let Some((path, void)) = voids.iter().find(|(_, void)| void.voids.sequence == dispute.sequence) {
                return Err(Failure::about(path, &statement_kinds::withdrawn(void)));
            }
            if let Some(rotation) = keys.announced().next() {
                return Err(statement_kinds::rotated(rotation).into());
            }
            let receipt = dispute.receipt(&pins)?;
            let receipt = receipt.receipt();
            say("answered");
            let amount = amount.to_decimal(receipt.decimals);
            say(format!("  statement {} has {amount} {} for this account", dispute.sequence, receipt.asset));
            if receipt.snapshot.is_none() {
                say(wrap(&format!(
                    "  {movements} movements since the receipt, as the venue has signed them: whether they happened, you know"
                )));
            }
            say(format!("\nPolicy {}", policy.digest()));
            Ok(ExitCode::SUCCESS)
        }
        Judged::Unanswered => {
            say("unanswered");
            Err(ReceiptError::Unanswered { deadline, now }.into())
        }
        Judged::Open => Err(ReceiptError::Open { deadline, now }.into()),
    }
}

fn check(args: &CheckArgs) -> Outcome {
    let policy = policy::read(&args.policy)?;
    let rules = log::rules(&policy)?;
    let file = files::read(&args.evidence, EVIDENCE_SIZE_MAX)?;
    let found = evidence::convicts(&file, &policy.statement_pins(), rules.pins());
    let (_, why) = found.map_err(|error| Failure::about(&args.evidence, &error))?;
    say("The evidence holds: honest keys do not sign both.");
    why.iter().for_each(|line| say(format!("  {line}")));
    say(format!("\nPolicy {}", policy.digest()));
    Ok(ExitCode::SUCCESS)
}

/// A receipt that a further file needs.
pub(super) fn receipt_digest(dispute: &Dispute) -> Result<crate::hash::Digest, Failure> {
    let envelope = crate::signature::Envelope::parse(dispute.receipt.as_bytes(), crate::publish::receipt::FIELD)?;
    Ok(crate::publish::receipt::digest(&envelope.document))
}

/// The document of a dispute's receipt; who signed it is asked elsewhere.
pub(super) fn receipt_of(dispute: &Dispute) -> Result<crate::publish::receipt::Receipt, Failure> {
    let envelope = crate::signature::Envelope::parse(dispute.receipt.as_bytes(), crate::publish::receipt::FIELD)?;
    Ok(crate::publish::receipt::Receipt::parse(&envelope.document)?)
}
