//! A customer is in the tree, with less than is owed.

use crate::code::liability as codes;
use crate::lab::books::{Books, Customer, file};
use crate::lab::example_venue::ExampleError;
use crate::lab::scenario::Said;
use crate::lab::scenario::{Expected, Played, Scenario};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "balance-lowered",
    attacks: &["C"],
    title: "a customer is in the tree with less than is owed",
    story: "Alice holds 100 BTC by her own records; the tree has 1 BTC under her account. Many verifiers say \
            \"included\" and leave the amount in small print.",
    expected: Expected::Check(&codes::AMOUNT_DIFFERS),
    undetected: &["Of customers who never check, everything can be missing: see nobody-looks."],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let books = Books::new("alice,BTC,1,\nbob,BTC,7,\n")?;
    let proof = file(&books.proof("alice")?)?;
    let alice = Customer { account: "alice", ..Customer::default() };
    let naive = match books.verify(alice, &proof)? {
        Ok(()) => Said::yes("alice is included in the tree"),
        Err(refusal) => Said::no(refusal.words),
    };
    books.played(naive, Customer { expects: Some(("BTC", "100")), ..alice }, &proof)
}
