//! `demo`: a made-up venue, its customers and its auditor, in one folder and a few seconds.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use super::error::{CliError, Failure};
use super::files::{NewFolder, Readers};
use super::{Outcome, say};
use crate::amount::Amount;
use crate::code::finding as codes;
use crate::json;
use crate::lab::example_venue::{ExampleVenue, SHOWN_CUSTOMERS};
use crate::lab::ring::{Ring, RingOptions};
use crate::liability::inclusion_proof::{self, InclusionProof, InclusionQuery};
use crate::policy::Policy;
use crate::publish;
use crate::reconcile::assess::Reason;
use crate::reconcile::window::RoundTrip;
use crate::reconcile::{AssetReport, Report, Verdict, reconcile};
use crate::report;

const FOLDER: &str = "counterfoil-demo";
/// What the example was built to show.
const EXPECTED: [(&str, Verdict); 3] =
    [("BTC", Verdict::Covered), ("ETH", Verdict::Short), ("USDT", Verdict::NotDeterminable)];

/// What is left of the short one without the loan, of what is owed.
const WITHOUT_LOAN: &str = "61.21 %";
/// Blocks from the loan to the cut-off block, and from there until it goes back.
const LOAN: (u64, u64) = (41, 55);

/// Show the whole of it on a made-up venue.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Replace ./counterfoil-demo if it exists
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &Args) -> Outcome {
    let folder = NewFolder::create(Path::new(FOLDER), args.force, Readers::All)?;
    let venue = ExampleVenue::new()?;
    let policy = Policy::parse(&venue.policy)?;
    let report = reconcile(&venue.bundle, &policy)?;
    let refused = customers(&venue, &policy)?;
    write(&folder, &venue, &report)?;
    write_ring(&folder)?;
    folder.publish()?;
    print(&venue, &report, &refused);
    match unexpected(&venue, &report)? {
        Some(got) => Err(CliError::Demo(got).into()),
        None => Ok(ExitCode::SUCCESS),
    }
}

/// What is otherwise than it was built to be.
fn unexpected(venue: &ExampleVenue, report: &Report) -> Result<Option<String>, Failure> {
    let got: Vec<(&str, Verdict)> = report.assets.iter().map(|asset| (asset.asset.as_str(), asset.verdict)).collect();
    if got != EXPECTED {
        return Ok(Some(format!("got {got:?}, expected {EXPECTED:?}")));
    }
    let asset = |name: &str| report.assets.iter().find(|asset| asset.asset.as_str() == name);
    let share = asset("ETH").and_then(|asset| asset.coverage.as_deref());
    if share != Some(WITHOUT_LOAN) {
        return Ok(Some(format!("got {share:?} of ETH without the loan, expected {WITHOUT_LOAN}")));
    }
    let trips: Vec<(u64, u64)> = round_trips(report).iter().map(|trip| (trip.before, trip.after)).collect();
    if trips != [LOAN] {
        return Ok(Some(format!(
            "got round trips {trips:?} blocks before and after the cut-off block, expected {LOAN:?}"
        )));
    }
    let reason = asset("USDT").map(|asset| asset.reason);
    if reason != Some(Reason::BetweenBoth) {
        return Ok(Some(format!("got {reason:?} for USDT, expected that its stated part decides neither way")));
    }
    let alone = reconcile(&venue.reserves_alone, &Policy::parse(&venue.policy)?)?.overall.verdict;
    let snapshot = reconcile(&venue.bundle, &Policy::parse(&venue.snapshot_policy)?)?.overall.verdict;
    if (alone, snapshot) != (Verdict::NotDeterminable, Verdict::NotDeterminable) {
        return Ok(Some(format!("got {alone} from reserves alone and {snapshot} from a snapshot alone")));
    }
    Ok(None)
}

/// Coins that came for the cut-off and went back, as the report has them.
struct Trip<'a> {
    asset: &'a AssetReport,
    trip: &'a RoundTrip,
    /// Blocks from their coming to the cut-off block, and from there to their going.
    before: u64,
    after: u64,
}

fn round_trips(report: &Report) -> Vec<Trip<'_>> {
    let windows = report.assets.iter().flat_map(|asset| asset.windows.iter().map(move |window| (asset, window)));
    let trips = windows.flat_map(|(asset, window)| window.round_trips.iter().map(move |trip| (asset, window, trip)));
    let unexplained = trips.filter(|(_, _, trip)| trip.around_snapshot && !trip.explained);
    let placed = unexplained.map(|(asset, window, trip)| Trip {
        asset,
        trip,
        before: window.snapshot_height.saturating_sub(trip.in_at),
        after: trip.out_at.saturating_sub(window.snapshot_height),
    });
    placed.collect()
}

/// The paragraph about one of them.
fn told(report: &Report, found: &Trip<'_>) -> String {
    let Trip { asset, trip, before, after } = found;
    let (name, amount) = (&asset.asset, |amount: Amount| amount.to_readable(asset.decimals));
    let finding = report
        .findings
        .iter()
        .find(|finding| finding.code.number == codes::ROUND_TRIP.number && finding.asset.as_ref() == Some(name));
    let finding = finding.map_or_else(String::new, |finding| format!(" Finding {}.", finding.id));
    let back = if trip.amount_out == trip.amount_in { String::new() } else { format!("{} ", amount(trip.amount_out)) };
    format!(
        "{name}: {} {name} arrived from one address {before} blocks before the cut-off block and {back}went back to it \
         {after} blocks after; no liability to that address is shown in the tree.{finding}",
        amount(trip.amount_in)
    )
}

/// Every shown customer checks, and one is shown a lowered balance. Returns the words of the refusal.
fn customers(venue: &ExampleVenue, policy: &Policy) -> Result<String, Failure> {
    let statement = publish::verify(&venue.statement, &policy.statement_pins())?;
    let expected = BTreeMap::new();
    let check = |account: &str, proof: &InclusionProof| {
        let query = InclusionQuery {
            statement: &statement.reference(),
            rows: &statement.statement().liabilities,
            account,
            credential: "",
            expected: &expected,
        };
        inclusion_proof::verify(&query, proof)
    };
    for (account, proof) in &venue.proofs {
        check(account, proof)?;
    }
    let account = SHOWN_CUSTOMERS[0];
    let lowered = venue.proofs.get(account).cloned().map(|mut proof| {
        for leaf in &mut proof.leaves {
            leaf.amount = crate::amount::Amount::ZERO;
            leaf.parts.clear();
        }
        proof
    });
    match lowered.map(|proof| check(account, &proof)) {
        Some(Err(error)) => Ok(error.to_string()),
        _ => Err(CliError::Demo("a lowered balance was accepted".to_owned()).into()),
    }
}

fn write(folder: &NewFolder, venue: &ExampleVenue, report: &Report) -> Result<(), Failure> {
    folder.add("venue/ledger.csv", &venue.ledger, Readers::Owner)?;
    folder.add("venue/assets.toml", venue.assets.trim_start().as_bytes(), Readers::All)?;
    for (name, bytes) in &venue.store {
        folder.add(&format!("venue/store/{name}"), bytes, Readers::Owner)?;
    }
    folder.add("venue/statement.draft.json", &venue.draft, Readers::All)?;
    folder.add("statement.json", &venue.statement, Readers::All)?;
    folder.add("policy.toml", venue.policy.as_bytes(), Readers::All)?;
    folder.add("policy-snapshot-only.toml", venue.snapshot_policy.as_bytes(), Readers::All)?;
    for (account, proof) in &venue.proofs {
        folder.add(&format!("proof-{account}.json"), &json::canonical(proof)?, Readers::Owner)?;
    }
    for (path, bytes) in &venue.bundle {
        folder.add(&format!("bundle/{path}"), bytes, Readers::All)?;
    }
    for (path, bytes) in &venue.reserves_alone {
        folder.add(&format!("reserves-alone/{path}"), bytes, Readers::All)?;
    }
    folder.add("report.txt", report::text(report).as_bytes(), Readers::All)?;
    let page = report::html(report).map_err(|error| CliError::Demo(error.to_string()))?;
    folder.add("report.html", page.as_bytes(), Readers::All)?;
    folder.add("report.json", &report::json(report)?, Readers::All)?;
    Ok(())
}

/// Three more venues with deposits at each other: what `network` joins.
fn write_ring(folder: &NewFolder) -> Result<(), Failure> {
    let ring = Ring::new(&RingOptions::default())?;
    folder.add("ring/network.toml", ring.policy.as_bytes(), Readers::All)?;
    for venue in &ring.venues {
        folder.add(&format!("ring/{}.toml", venue.id), venue.policy.as_bytes(), Readers::All)?;
        for (path, bytes) in &venue.bundle {
            folder.add(&format!("ring/{}/{path}", venue.id), bytes, Readers::All)?;
        }
    }
    Ok(())
}

fn print(venue: &ExampleVenue, report: &Report, refused: &str) {
    say("Example Exchange, a made-up venue: 10,000 customers, one good asset and two bad");
    say("ones. All of it was built and checked just now by the code that real venues use.\n");
    say(report::assets_table(report));
    say("");
    for asset in &report.assets {
        say(report::wrap(&asset.sentence));
    }
    for trip in round_trips(report) {
        say(format!("\n{}", report::wrap(&told(report, &trip))));
    }
    let account = SHOWN_CUSTOMERS[0];
    say(format!("\n{} customers checked their balances: they are in the totals.", venue.proofs.len()));
    say(format!("{account} was shown a lowered balance, and refused it:"));
    say(report::wrap(&format!("  {refused}")));
    say(format!("\nIn ./{FOLDER}: statement, three proofs, bundle, policy, and the report as"));
    say("report.txt, report.html and report.json. Try:\n");
    let here = |name: &str| format!("{FOLDER}/{name}");
    let (proof, statement, policy) =
        (here(&format!("proof-{account}.json")), here("statement.json"), here("policy.toml"));
    for bundle in ["bundle", "reserves-alone"] {
        say(format!("  counterfoil reconcile {} \\\n      --policy {policy}", here(bundle)));
    }
    say(format!("  counterfoil verify {proof} \\\n      --account {account} \\"));
    say(format!("      --statement {statement} --policy {policy}"));
    say("\nThree more venues have deposits at each other, in a ring:\n");
    say(format!("  cd {FOLDER}/ring && counterfoil network alpha beta gamma \\\n      --policy network.toml"));
    say("\nWhat it is about: docs/why.md.");
    say("(from a source checkout, `cargo run --release --` in place of `counterfoil`)");
}
