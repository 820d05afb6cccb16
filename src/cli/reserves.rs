//! `reserves`: sign a challenge with keys at hand, or check the reserve side of a bundle.

mod sign;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::files::Folder;
use super::own_files::{OwnFiles, OwnFilesArgs};
use super::{Outcome, policy, remark, say};
use crate::amount::Amount;
use crate::basis::Basis;
use crate::code::{Outcome as CodeOutcome, credit, finding};
use crate::reconcile::{Report, Severity, reconcile_with};
use crate::reserve::claim::Bucket;

/// Sign a challenge, or check the reserve side of a bundle.
#[derive(clap::Subcommand)]
pub(super) enum Verb {
    /// Sign a challenge with keys from a file; for small holders and tests, others sign on their devices
    Sign(sign::Args),
    /// Check address set, signatures and chain evidence of a bundle, offline; gives no verdict on coverage
    Verify(VerifyArgs),
}

/// Check the reserve side of a bundle.
#[derive(clap::Args)]
pub(super) struct VerifyArgs {
    /// The folder of the bundle
    bundle: PathBuf,
    /// Your own policy
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    #[command(flatten)]
    own: OwnFilesArgs,
}

/// Findings about what is owed and about claims on others: the evidence for coins holds without an answer to them.
const OF_LIABILITIES: [u16; 6] = [
    finding::OTHER_LIABILITIES_NONE_STATED.number,
    finding::NO_CONTROL_TOTAL.number,
    credit::NO_BALANCE_SHEET.number,
    credit::SCOPE_NONE_STATED.number,
    credit::CLAIM_ON_RELATED.number,
    credit::LADDER_FAILS.number,
];

pub(super) fn run(verb: &Verb) -> Outcome {
    match verb {
        Verb::Sign(args) => sign::run(args),
        Verb::Verify(args) => verify(args),
    }
}

fn verify(args: &VerifyArgs) -> Outcome {
    let policy = policy::read(&args.policy)?;
    let own = OwnFiles::find(&args.own)?;
    let report = reconcile_with(&Folder(args.bundle.clone()), &policy, &own, None)?;
    print(&report, &args.bundle);
    let of_reserves = report
        .findings
        .iter()
        .filter(|finding| finding.severity != Severity::Note && !OF_LIABILITIES.contains(&finding.code.number));
    let outcome = of_reserves.map(|finding| finding.code.outcome).min_by_key(|outcome| outcome.exit_code());
    Ok(ExitCode::from(outcome.map_or(0, CodeOutcome::exit_code)))
}

fn print(report: &Report, bundle: &Path) {
    say("Coverage: not determinable. Reserves alone show that somebody has coins, not that they suffice.\n");
    if report.statement.is_none() {
        say("No statement is in the bundle: without its cut-off and address set nothing was looked at.");
    }
    for asset in report.assets.iter().filter(|_| report.statement.is_some()) {
        let amount = |amount: Amount| amount.to_readable(asset.decimals);
        say(format!(
            "{}: {} on accepted evidence, {} under control on any",
            asset.asset,
            amount(asset.held.counted),
            amount(asset.held.possible)
        ));
        for basis in Basis::STRONGEST_FIRST {
            let sum = asset.held.by_basis.get(basis.text()).copied().unwrap_or_default();
            if !sum.is_zero() {
                say(format!("    {} {basis}", amount(sum)));
            }
        }
        let queued = asset.held.by_bucket.get(Bucket::ExitQueue.text()).copied().unwrap_or_default();
        if !queued.is_zero() {
            say(format!("    {} of what is accepted is staked, and waits in a queue first", amount(queued)));
        }
        if !asset.held.without_control.is_zero() {
            say(format!("    {} without control, not counted", amount(asset.held.without_control)));
        }
    }
    say("");
    for finding in &report.findings {
        say(format!("{} {} {}: {}", finding.severity.text(), finding.code, finding.code.title, finding.detail));
        say(format!("    {}", finding.subject));
    }
    say(format!("\nbundle root {}\npolicy {}", report.bundle.root, report.policy.sha256));
    remark(format!("for a verdict: counterfoil reconcile {} --policy POLICY", bundle.display()));
}
