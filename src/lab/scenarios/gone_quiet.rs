//! A venue stops publishing.

use crate::bundle::MemoryFiles;
use crate::code::Coded as _;
use crate::code::log as codes;
use crate::lab::books::Customer;
use crate::lab::books::{Books, policy};
use crate::lab::example_venue::CUTOFF;
use crate::lab::example_venue::{ExampleError, fault};
use crate::lab::log_book::{LogBook, section};
use crate::lab::scenario::{Expected, Played, Said, Scenario, Show};
use crate::policy::Policy;
use crate::publish::log::audit::{AuditQuery, audit};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "gone-quiet",
    attacks: &["R13"],
    title: "the next report never comes",
    story: "The last statement is a year old, and good. The venue has run into trouble since and publishes \
            nothing more; its web page still says \"proof of reserves: passed\".",
    expected: Expected::Check(&codes::SNAPSHOT_OVERDUE),
    undetected: &["That a statement is missing does not say why."],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let only = Books::new("alice,BTC,5,\nbob,BTC,7,\n")?;
    let log = LogBook::new(&[&only])?;
    let alice = Customer { account: "alice", ..Customer::default() };
    let proof = crate::lab::books::file(&only.proof("alice")?)?;
    let naive = match only.verify(alice, &proof)? {
        Ok(()) => Said::yes("the latest report is signed, and alice is in it"),
        Err(refusal) => Said::no(refusal.words),
    };
    let policy = policy(&section()?)?;
    let rules = Policy::parse(&policy).map_err(fault)?;
    let rules_of_log = rules.log().ok_or_else(|| fault("no log"))?;
    let files = log.files();
    let query = AuditQuery { log: rules_of_log.pins(), venue: &rules.statement_pins(), now: CUTOFF, earlier: None };
    let faults = audit(&files, &query).err().unwrap_or_default();
    let told: Vec<String> = faults.iter().map(|error| format!("{}: {error}", error.code())).collect();

    let mut kept_files: MemoryFiles = files.into_iter().map(|(path, bytes)| (format!("log/{path}"), bytes)).collect();
    kept_files.insert("policy.toml".to_owned(), policy.into_bytes());
    Ok(Played {
        naive,
        counterfoil: Said { believed: told.is_empty(), words: told.join("; ") },
        codes: faults.iter().map(crate::code::Coded::code).collect(),
        verdicts: Vec::new(),
        files: kept_files,
        shows: vec![Show::new(
            "log check {dir}/log --policy {dir}/policy.toml",
            1,
            codes::SNAPSHOT_OVERDUE.to_string(),
        )],
    })
}
