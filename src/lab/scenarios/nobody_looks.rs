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
    story: "Of 100 customers the venue knows which have never opened the page for proofs, and leaves 50 of them \
            out of its tree. Everybody who checks is in it.",
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
    // a hundred customers, of whom the venue puts those into its tree that have looked before, and some more
    let rows: String = (0..100).filter(|number| number % 2 == 0).map(|number| format!("u{number},BTC,3,\n")).collect();
    let books = Books::new(&rows)?;
    let share = "5%".parse().map_err(fault)?;
    let chance = detection(Checkers::Each(share), 50, 1).map_err(fault)?;
    if chance.percent() != "92.30 %" {
        return Err(fault(format!("{}, expected the figure that the scenario names", chance.percent())));
    }
    let checkers = ["u8", "u34", "u56", "u90"];
    let mut included = 0_usize;
    for account in checkers {
        let proof = file(&books.proof(account)?)?;
        included += usize::from(books.verify(Customer { account, ..Customer::default() }, &proof)?.is_ok());
    }
    let words = format!("{included} of {} customers who checked are included, so the total is right", checkers.len());
    let naive = Said { believed: included == checkers.len(), words };
    let proof = file(&books.proof("u8")?)?;
    books.played(naive, Customer { account: "u8", expects: Some(("BTC", "3")), ..Customer::default() }, &proof)
}
