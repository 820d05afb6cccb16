//! `omission`: a calculator for what checking customers show.

use std::process::ExitCode;

use super::error::{CliError, Failure};
use super::{Outcome, say};
use crate::amount::{Amount, Decimals};
use crate::reconcile::omission::{Checkers, Share, detection, omitted_for};

/// Say what checking customers show about accounts that were left out.
///
/// Three figures belong together: the floor (what those who checked are owed), the chance that some of those left out
/// noticed, and the worst case of a venue that knows who never checks.
#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("checkers").required(true).args(["checked", "share"])))]
#[command(group(clap::ArgGroup::new("question").required(true).args(["omitted", "detect"])))]
pub(super) struct Args {
    /// Accounts that there are, those left out included
    #[arg(long, value_name = "N")]
    accounts: Option<u64>,
    /// Accounts that were checked, drawn at random from all of them
    #[arg(long, value_name = "K", requires = "accounts")]
    checked: Option<u64>,
    /// The probability with which each account is checked, such as 0.05 or 5%
    #[arg(long, value_name = "P")]
    share: Option<String>,
    /// How many accounts were left out: asks for the chance that it was noticed
    #[arg(long, value_name = "M")]
    omitted: Option<u64>,
    /// A chance such as 95%: asks how many accounts must be left out for it
    #[arg(long, value_name = "P")]
    detect: Option<String>,
    /// How many of those left out must complain to be believed
    #[arg(long, value_name = "C", default_value_t = 1)]
    complaints: u64,
    /// The committed total of one asset, as decimal text
    #[arg(long, value_name = "AMOUNT", requires = "verified")]
    total: Option<String>,
    /// What the accounts that were checked are owed of it, as decimal text
    #[arg(long, value_name = "AMOUNT", requires = "total")]
    verified: Option<String>,
}

pub(super) fn run(args: &Args) -> Outcome {
    // amounts are read before anything is printed: a wrong one leaves no half answer
    let floor = floor(args)?;
    let (checkers, how) = checkers(args)?;
    match (args.omitted, &args.detect) {
        (Some(omitted), _) => chance(args, checkers, &how, omitted)?,
        (None, Some(enough)) => fewest(args, checkers, &how, read_share(enough)?)?,
        (None, None) => return Err(CliError::Arguments("expected --omitted or --detect".to_owned()).into()),
    }
    say("\nThis holds only if who checks has nothing to do with who is left out.");
    say(worst_case(args));
    say(floor);
    Ok(ExitCode::SUCCESS)
}

fn checkers(args: &Args) -> Result<(Checkers, String), Failure> {
    match (args.checked, args.accounts, &args.share) {
        (Some(checked), Some(accounts), _) => {
            let how = format!("{checked} of {accounts} accounts were checked, drawn at random");
            Ok((Checkers::Drawn { checked, accounts }, how))
        }
        (_, _, Some(text)) => {
            Ok((Checkers::Each(read_share(text)?), format!("each account is checked with probability {text}")))
        }
        _ => Err(CliError::Arguments("expected --share, or --checked with --accounts".to_owned()).into()),
    }
}

fn read_share(text: &str) -> Result<Share, Failure> {
    Ok(text.parse::<Share>()?)
}

fn who(complaints: u64) -> String {
    match complaints {
        1 => "at least one of them noticed".to_owned(),
        more => format!("at least {more} of them noticed (as many as must complain)"),
    }
}

fn chance(args: &Args, checkers: Checkers, how: &str, omitted: u64) -> Result<(), Failure> {
    let probability = detection(checkers, omitted, args.complaints)?;
    let percent = probability.percent();
    let rounded = if probability.is_certain() { "exactly" } else { "rounded down" };
    say(format!("If {how}, and {omitted} accounts were left out of the total,"));
    say(format!("the chance that {} is {percent} ({rounded}).", who(args.complaints)));
    Ok(())
}

fn fewest(args: &Args, checkers: Checkers, how: &str, enough: Share) -> Result<(), Failure> {
    let omitted = omitted_for(checkers, args.complaints, enough)?;
    say(format!("If {how},"));
    match omitted {
        Some(omitted) => {
            let hidden = omitted.saturating_sub(1);
            say(format!("{omitted} accounts must be left out before the chance that"));
            say(format!("{} reaches {enough}.", who(args.complaints)));
            say(format!("Up to {hidden} accounts can be left out with a smaller chance than that."));
        }
        None => {
            say(format!("the chance that {} never reaches {enough},", who(args.complaints)));
            say("however many accounts are left out.");
        }
    }
    Ok(())
}

fn worst_case(args: &Args) -> String {
    match (args.checked, args.accounts) {
        (Some(checked), Some(accounts)) => format!(
            "Worst case: a venue that knows who never checks can leave out {} of {accounts} accounts.",
            accounts.saturating_sub(checked)
        ),
        _ => "Worst case: a venue that knows who never checks can leave out all of those.".to_owned(),
    }
}

/// What stays true whatever was left out.
fn floor(args: &Args) -> Result<String, Failure> {
    let (Some(total), Some(verified)) = (&args.total, &args.verified) else {
        return Ok("Floor: what those who checked are owed is in the total (--verified, --total).".to_owned());
    };
    let decimals = [total, verified].iter().map(|text| text.split_once('.').map_or(0, |(_, rest)| rest.len())).max();
    let decimals = decimals.and_then(|decimals| u8::try_from(decimals).ok()).unwrap_or(u8::MAX);
    let read = |text: &str| {
        let decimals =
            Decimals::new(decimals).ok_or_else(|| CliError::Arguments(format!("{text:?} has too many decimals")))?;
        let amount = Amount::parse(text, decimals);
        amount.map_err(|error| Failure::from(CliError::Arguments(format!("{text:?}: {error}"))))
    };
    let (all, checked) = (read(total)?, read(verified)?);
    let percent = crate::reconcile::percent(checked, all).unwrap_or_else(|| "nothing".to_owned());
    if checked > all {
        let detail = format!("{verified} is owed to those who checked, more than the total of {total}");
        return Err(CliError::Arguments(detail).into());
    }
    Ok(format!("Floor: {verified} of {total} is owed to those who checked: {percent} of the total."))
}
