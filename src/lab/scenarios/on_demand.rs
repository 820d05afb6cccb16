//! A tree that is made anew for whoever asks.

use crate::bundle::MemoryFiles;
use crate::code::Coded as _;
use crate::code::log as codes;
use crate::lab::books::{Books, policy};
use crate::lab::books::{Customer, file};
use crate::lab::example_venue::{ExampleError, fault};
use crate::lab::scenario::{Expected, Played, Said, Scenario, Show};
use crate::policy::Policy;
use crate::publish::compare::{CompareError, ComparePins, Shown, compare, to_evidence};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "on-demand",
    attacks: &["B6"],
    title: "whoever asks is put into the tree, somebody else is taken out",
    story: "The venue makes proofs when it is asked. When bob asks, the tree of this month has bob and not \
            alice; when alice asks, it is signed again with alice and without bob. Each total is small enough.",
    expected: Expected::Check(&codes::HISTORIES_DIFFER),
    undetected: &[
        "Alice and bob see it only when they compare, or when a log has one entry for each month and both ask \
            for its proof.",
    ],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let first = Books::new("bob,BTC,7,\n")?;
    let second = Books::new("alice,BTC,5,\n")?;
    let proof = file(&second.proof("alice")?)?;
    let alice = Customer { account: "alice", ..Customer::default() };
    let naive = match second.verify(alice, &proof)? {
        Ok(()) => Said::yes("alice finds herself, as bob did: included"),
        Err(refusal) => Said::no(refusal.words),
    };
    let policy = policy("")?;
    let rules = Policy::parse(&policy).map_err(fault)?;
    let pins = ComparePins { venue: rules.statement_pins(), log: None };
    let shown = |books: &Books| Shown { statement: Some(books.file.clone()), ..Shown::default() };
    let (one, other) = (shown(&first), shown(&second));
    let differs = compare(&one, &other, &pins).map_err(fault)?.differs;
    let found = (!differs.is_empty()).then(|| CompareError::Differ(differs.join("; ")));
    let mut files = MemoryFiles::new();
    files.insert("shown-to-bob.json".to_owned(), first.file.clone());
    files.insert("shown-to-alice.json".to_owned(), second.file.clone());
    files.insert("evidence.json".to_owned(), to_evidence(&one, &other).map_err(fault)?);
    files.insert("policy.toml".to_owned(), policy.into_bytes());
    Ok(Played {
        naive,
        counterfoil: found
            .as_ref()
            .map_or_else(|| Said::yes("no contradiction"), |error| Said::no(format!("{}: {error}", error.code()))),
        codes: found.iter().map(crate::code::Coded::code).collect(),
        verdicts: Vec::new(),
        files,
        shows: vec![
            Show::new(
                "compare {dir}/shown-to-bob.json {dir}/shown-to-alice.json --policy {dir}/policy.toml",
                1,
                codes::HISTORIES_DIFFER.to_string(),
            ),
            Show::new("compare --check {dir}/evidence.json --policy {dir}/policy.toml", 0, "two"),
        ],
    })
}
