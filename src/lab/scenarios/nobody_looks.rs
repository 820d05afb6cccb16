//! Whoever never checks can be left out.

use crate::lab::books::{Books, Customer, file};
use crate::lab::example_venue::ExampleError;
use crate::lab::example_venue::fault;
use crate::lab::scenario::Said;
use crate::lab::scenario::{Expected, Played, Scenario};
use crate::reconcile::omission::{Checkers, detection};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "nobody-looks",
    attacks: &["C"],
    title: "those who never check are left out",
    story: "The venue knows which customers have never opened the page for proofs, and leaves 50 of them out of \
            its tree. Everybody who checks is in it.",
    expected: Expected::Undetected,
    undetected: &[
        "A venue that knows who never checks leaves out just those: no check of others shows it. Only what \
            those who checked are owed is certain to be in the total.",
        "If the 50 were drawn at random and each account checked with a probability of 5 %, the chance that \
            at least one noticed would be 92.30 %.",
    ],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let books = Books::new("alice,BTC,5,\nbob,BTC,7,\n")?;
    let share = "5%".parse().map_err(fault)?;
    let chance = detection(Checkers::Each(share), 50, 1).map_err(fault)?;
    if chance.percent() != "92.30 %" {
        return Err(fault(format!("{}, expected the figure that the scenario names", chance.percent())));
    }
    let naive = Said::yes("the customers who checked are included, so the total is right");
    let proof = file(&books.proof("alice")?)?;
    books.played(naive, Customer { account: "alice", expects: Some(("BTC", "5")), ..Customer::default() }, &proof)
}
