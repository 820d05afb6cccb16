//! The venue makes up the identity that its customers check.

use crate::code::liability as codes;
use crate::lab::books::{Books, Customer, file};
use crate::lab::example_venue::ExampleError;
use crate::lab::scenario::Said;
use crate::lab::scenario::{Expected, Played, Scenario};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "invented-identity",
    attacks: &["B2"],
    title: "the venue gives two customers the same account id",
    story: "Alice and bob, who do not know each other, are both told that they are u42. One leaf of 5 BTC is in \
            the tree, and each of them finds it. Bob has chosen a credential of his own, which must be in his \
            leaf.",
    expected: Expected::Check(&codes::ROOT_MISMATCH),
    undetected: &["Two customers who chose no credential, and never compare their account ids, do not see that they \
            share a leaf."],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let books = Books::new("u42,BTC,5,\nu43,BTC,9,\n")?;
    let proof = file(&books.proof("u42")?)?;
    let without = Customer { account: "u42", ..Customer::default() };
    let naive = match books.verify(without, &proof)? {
        Ok(()) => Said::yes("u42 is in the total, for whoever is told to be u42"),
        Err(refusal) => Said::no(refusal.words),
    };
    books.played(naive, Customer { credential: "a tin of blue paint", ..without }, &proof)
}
