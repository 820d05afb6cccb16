//! Different customers see different statements.

use crate::code::Coded as _;
use crate::code::log as codes;
use crate::lab::books::{Books, policy};
use crate::lab::books::{Customer, file};
use crate::lab::example_venue::{ExampleError, fault};
use crate::lab::log_book::{LogBook, section};
use crate::lab::scenario::{Expected, Played, Said, Scenario};
use crate::policy::Policy;
use crate::publish;
use crate::publish::log::LogError;

pub(super) static SCENARIO: Scenario = Scenario {
    name: "two-roots",
    attacks: &["B4"],
    title: "alice sees another statement than everybody else",
    story: "The public log has a statement without alice's 50 BTC. Alice is given another one for the same \
            month, signed by the same key, in which she finds them, and the log's proof of the public one.",
    expected: Expected::Check(&codes::NOT_IN_LOG),
    undetected: &[
        "Without a log in the policy, and without comparing with others, alice cannot see it.",
        "A log and a quorum of its witnesses that agree to lie show her a log of her own.",
    ],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let public = Books::new("bob,BTC,7,\ncarol,BTC,2,\n")?;
    let shown = Books::new("alice,BTC,50,\nbob,BTC,7,\n")?;
    let log_proof = LogBook::new(&[&public])?.proof(0)?;
    let proof = file(&shown.proof("alice")?)?;
    let alice = Customer { account: "alice", ..Customer::default() };
    let naive = match shown.verify(alice, &proof)? {
        Ok(()) => Said::yes("signed by the venue, and the proof leads to its root: included"),
        Err(refusal) => Said::no(refusal.words),
    };
    let policy = policy(&section()?)?;
    let rules = Policy::parse(&policy).map_err(fault)?;
    let verified = publish::verify(&shown.file, &rules.statement_pins()).map_err(fault)?;
    let log = rules.log().ok_or_else(|| fault("no log"))?;
    let refusal: Option<LogError> = log.pins().verify(&log_proof, 0, &verified.leaf()).err();
    let mut played = shown.played(naive, alice, &proof)?;
    played.files.insert("policy.toml".to_owned(), policy.into_bytes());
    played.files.insert("log.tlog-proof".to_owned(), log_proof.to_string().into_bytes());
    played.codes = refusal.iter().map(crate::code::Coded::code).collect();
    played.counterfoil = refusal
        .map_or_else(|| Said::yes("it stands in the log"), |error| Said::no(format!("{}: {error}", error.code())));
    for show in &mut played.shows {
        show.line.push_str(" --log-proof {dir}/log.tlog-proof");
        (show.exit, show.prints) = (1, codes::NOT_IN_LOG.to_string());
    }
    Ok(played)
}
