//! `demo`: a made-up venue, its customers and its auditor, in one folder and a few seconds.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use super::error::{CliError, Failure};
use super::files::{NewFolder, Readers};
use super::{Outcome, say};
use crate::json;
use crate::lab::example_venue::{ExampleVenue, SHOWN_CUSTOMERS};
use crate::liability::inclusion_proof::{self, InclusionProof, InclusionQuery};
use crate::policy::Policy;
use crate::publish;
use crate::reconcile::{Report, Verdict, reconcile};
use crate::report;

const FOLDER: &str = "counterfoil-demo";
/// What the example was built to show.
const EXPECTED: [(&str, Verdict); 3] =
    [("BTC", Verdict::Covered), ("ETH", Verdict::Short), ("USDT", Verdict::NotDeterminable)];

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
    folder.publish()?;
    print(&venue, &report, &refused);
    let got: Vec<(&str, Verdict)> = report.assets.iter().map(|asset| (asset.asset.as_str(), asset.verdict)).collect();
    if got != EXPECTED {
        return Err(CliError::Demo(format!("got {got:?}, expected {EXPECTED:?}")).into());
    }
    Ok(ExitCode::SUCCESS)
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
    for (account, proof) in &venue.proofs {
        folder.add(&format!("proof-{account}.json"), &json::canonical(proof)?, Readers::Owner)?;
    }
    for (path, bytes) in &venue.bundle {
        folder.add(&format!("bundle/{path}"), bytes, Readers::All)?;
    }
    folder.add("report.txt", report::text(report).as_bytes(), Readers::All)?;
    let page = report::html(report).map_err(|error| CliError::Demo(error.to_string()))?;
    folder.add("report.html", page.as_bytes(), Readers::All)?;
    folder.add("report.json", &report::json(report)?, Readers::All)?;
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
    let account = SHOWN_CUSTOMERS[0];
    say(format!("\n{} customers checked their balances: they are in the totals.", venue.proofs.len()));
    say(format!("{account} was shown a lowered balance, and refused it:"));
    say(report::wrap(&format!("  {refused}")));
    say(format!("\nIn ./{FOLDER}: statement, three proofs, bundle, policy and report. Try:\n"));
    let here = |name: &str| format!("{FOLDER}/{name}");
    say(format!("  less {}   # {} opens in any browser", here("report.txt"), "report.html"));
    say(format!("  counterfoil reconcile {} \\\n      --policy {}", here("bundle"), here("policy.toml")));
    let (proof, statement, policy) =
        (here(&format!("proof-{account}.json")), here("statement.json"), here("policy.toml"));
    say(format!("  counterfoil verify {proof} \\\n      --account {account} \\"));
    say(format!("      --statement {statement} --policy {policy}"));
    say(format!("  counterfoil prove {} --account u000000000007 --out proof.json", here("venue")));
    say("\n(from a source checkout, `cargo run --release --` in place of `counterfoil`)");
}
