//! `sample blocks`: numbers of blocks to prove, drawn after the commitment.

use std::path::PathBuf;
use std::process::ExitCode;

use super::BeaconArgs;
use crate::asset::ChainId;
use crate::cli::error::{CliError, Failure};
use crate::cli::files::{self, Folder, TEXT_SIZE_MAX};
use crate::cli::{Outcome, policy, say, say_exactly};
use crate::json;
use crate::policy::Policy;
use crate::reconcile;
use crate::reconcile::sample::{Sample, SampleQuestion, check, draw};
use crate::snapshot::BlockRef;

/// Columns of a line with heights.
const WIDTH: usize = 78;

/// Draw blocks of the past.
#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    /// The folder of the bundle with the statement
    bundle: PathBuf,
    /// Your own policy: which keys and blocks you pin
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// The chain whose blocks are drawn
    #[arg(long, value_name = "CHAIN")]
    chain: ChainId,
    /// First block of the range [default: by the policy's window, around the cut-off block]
    #[arg(long, value_name = "HEIGHT", requires = "to")]
    from: Option<u64>,
    /// Last block of the range
    #[arg(long, value_name = "HEIGHT", requires = "from")]
    to: Option<u64>,
    /// How many blocks to draw
    #[arg(long, value_name = "N")]
    count: u32,
    #[command(flatten)]
    beacon: BeaconArgs,
    /// Compare with a sample that somebody else has drawn
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
    /// Print the sample as JSON
    #[arg(long)]
    json: bool,
}

pub(in crate::cli) fn run(args: &Args) -> Outcome {
    let policy = policy::read(&args.policy)?;
    let folder = Folder(args.bundle.clone());
    let Some((history, _)) = reconcile::history(&folder, &policy)? else { return Err(no_statement()) };
    let statement = history.subject();
    let blocks = &statement.statement().chains;
    let cutoff = blocks.iter().find(|block| block.chain == args.chain);
    let range = range(args, &policy, cutoff)?;
    let beacon = args.beacon.find(&args.bundle, &policy)?;
    let question = SampleQuestion {
        statement,
        committed_at: args.beacon.committed_at,
        beacon: &beacon,
        chain: &args.chain,
        range,
        count: args.count,
    };
    let sample = draw(&question)?;
    if let Some(path) = &args.check {
        let file = files::read(path, TEXT_SIZE_MAX)?;
        check(file.trim_ascii_end(), &sample).map_err(|error| Failure::about(path, &error))?;
    }
    if args.json {
        say_exactly(&String::from_utf8_lossy(&json::canonical(&sample)?));
    } else {
        print(&sample, args.check.is_some());
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn no_statement() -> Failure {
    CliError::Arguments("the bundle has no statement: nothing was committed to".to_owned()).into()
}

fn range(args: &Args, policy: &Policy, cutoff: Option<&BlockRef>) -> Result<(u64, u64), CliError> {
    if let (Some(from), Some(to)) = (args.from, args.to) {
        return Ok((from, to));
    }
    let asked = cutoff.and_then(|block| policy.window().demand(&block.chain).range(block.height));
    asked.ok_or_else(|| {
        let detail = match cutoff {
            Some(_) => "the policy names no blocks around the cut-off block: give --from and --to".to_owned(),
            None => format!("the statement names no cut-off block of {}: give --from and --to", args.chain),
        };
        CliError::Arguments(detail)
    })
}

fn print(sample: &Sample, checked: bool) {
    let Sample { venue, sequence, commitment, from, to, .. } = sample;
    say(format!("statement {sequence} of {venue}"));
    say(format!("  {commitment}"));
    say(format!("  public by {}", sample.committed_at));
    say(format!("beacon: block {} of {}", sample.beacon.height, sample.beacon.chain));
    say(format!("  {}", sample.beacon.hash));
    say(format!("  median time {}, the first one past that moment", sample.beacon_time));
    let blocks = to.saturating_sub(*from).saturating_add(1);
    let count = sample.heights.len();
    say(format!("{count} drawn of {blocks} blocks, {from} to {to} of {}:", sample.chain));
    let mut line = String::from(" ");
    for height in &sample.heights {
        if line.len() + 1 + height.len() > WIDTH {
            say(&line);
            line = String::from(" ");
        }
        line.push(' ');
        line.push_str(height);
    }
    say(line);
    say("If less than what is claimed was held in this many blocks, one of them is drawn with:");
    for chance in &sample.chances {
        say(format!("  {:>9}  {:>12} blocks  {:>9}", chance.share, chance.blocks, chance.detected));
    }
    say("What was not drawn was not looked at: a result is called sampled, never a minimum.");
    if checked {
        say("The sample that was given is this one.");
    }
}
