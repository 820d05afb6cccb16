//! A proof of last month.

use crate::code::liability as codes;
use crate::lab::books::{Books, Customer, file};
use crate::lab::example_venue::ExampleError;
use crate::lab::scenario::Said;
use crate::lab::scenario::{Expected, Played, Scenario};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "old-proof",
    attacks: &["B5"],
    title: "a proof of last month is shown for this month",
    story: "In the first statement alice's 5 BTC were in the tree, in the second they are not. She asks for a \
            proof and gets that of the first one: it is genuine.",
    expected: Expected::Check(&codes::PROOF_OTHER_STATEMENT),
    undetected: &[],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let first = Books::new("alice,BTC,5,\nbob,BTC,7,\n")?;
    let second = Books::follow("bob,BTC,7,\ncarol,BTC,1,\n", 1, Some(first.digest()))?;
    let proof = file(&first.proof("alice")?)?;
    let alice = Customer { account: "alice", ..Customer::default() };
    // it believes the statement that the proof names
    let naive = match first.verify(alice, &proof)? {
        Ok(()) => Said::yes("the proof leads to a root that the venue signed: included"),
        Err(refusal) => Said::no(refusal.words),
    };
    second.played(naive, alice, &proof)
}
