//! The past is rewritten between two looks.

use crate::bundle::MemoryFiles;
use crate::code::Coded as _;
use crate::code::log as codes;
use crate::lab::books::Customer;
use crate::lab::books::{Books, policy};
use crate::lab::example_venue::{ExampleError, fault};
use crate::lab::log_book::{LogBook, section};
use crate::lab::scenario::{Expected, Played, Said, Scenario, Show};
use crate::policy::Policy;
use crate::publish::log::audit::{AuditQuery, audit};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "books-repaired",
    attacks: &["B8"],
    title: "last month is rewritten, and the log with it",
    story: "In the first statement the venue owed 12 BTC. A month later it wants to have owed 5: it signs that \
            month again, puts the new month behind it, and makes its whole log anew, under its own key. Somebody \
            kept the checkpoint of last month.",
    expected: Expected::Check(&codes::LOG_INCONSISTENT),
    undetected: &["Where nobody, and no witness, kept a checkpoint, there is nothing to compare with."],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let first = Books::new("alice,BTC,5,\nbob,BTC,7,\n")?;
    let kept = LogBook::new(&[&first])?.checkpoint;
    let rewritten = Books::new("alice,BTC,5,\n")?;
    let second = Books::follow("alice,BTC,5,\n", 1, Some(rewritten.digest()))?;
    let log = LogBook::new(&[&rewritten, &second])?;
    let alice = Customer { account: "alice", ..Customer::default() };
    let proof = crate::lab::books::file(&second.proof("alice")?)?;
    let naive = match second.verify(alice, &proof)? {
        Ok(()) => Said::yes("the newest statement is signed, and alice is in it"),
        Err(refusal) => Said::no(refusal.words),
    };
    let policy = policy(&section()?)?;
    let rules = Policy::parse(&policy).map_err(fault)?;
    let rules_of_log = rules.log().ok_or_else(|| fault("no log"))?;
    let files = log.files();
    let query = AuditQuery {
        log: rules_of_log.pins(),
        venue: &rules.statement_pins(),
        now: second.statement.cutoff,
        earlier: Some(&kept),
    };
    let faults = audit(&files, &query).err().unwrap_or_default();
    let told: Vec<String> = faults.iter().map(|error| format!("{}: {error}", error.code())).collect();

    let mut kept_files: MemoryFiles = files.into_iter().map(|(path, bytes)| (format!("log/{path}"), bytes)).collect();
    kept_files.insert("kept-last-month".to_owned(), kept.to_string().into_bytes());
    kept_files.insert("policy.toml".to_owned(), policy.into_bytes());
    Ok(Played {
        naive,
        counterfoil: Said { believed: told.is_empty(), words: told.join("; ") },
        codes: faults.iter().map(crate::code::Coded::code).collect(),
        verdicts: Vec::new(),
        files: kept_files,
        shows: vec![Show::new(
            "log check {dir}/log --policy {dir}/policy.toml --earlier {dir}/kept-last-month",
            1,
            codes::LOG_INCONSISTENT.to_string(),
        )],
    })
}
