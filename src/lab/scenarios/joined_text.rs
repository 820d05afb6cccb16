//! A leaf that joins its fields without saying where one ends.

use super::leaf;
use crate::amount::Amount;
use crate::code::liability as codes;
use crate::lab::books::{Books, Customer, file};
use crate::lab::example_venue::ExampleError;
use crate::lab::naive;
use crate::lab::scenario::{Expected, Played, Scenario};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "joined-text",
    attacks: &["A7"],
    title: "two customers have the same bytes",
    story: "Account 10 holds 23.5 BTC and account 102 holds 3.5 BTC. A leaf that hashes account and amount as \
            one text is the same for both, \"1023.5\", so the venue commits to one of them and shows it to both.",
    expected: Expected::Check(&codes::ROOT_MISMATCH),
    undetected: &[],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let books = Books::new("10,BTC,23.5,\n77,BTC,1,\n")?;
    let mut proof = books.proof("10")?;
    "102".clone_into(&mut proof.account);
    leaf(&mut proof)?.amount = Amount::from_base_units(350_000_000);
    let leaves = [naive::joined_leaf("10", "23.5"), naive::joined_leaf("77", "1")];
    let naive = naive::plain_in(&leaves, 0, naive::joined_leaf("102", "3.5"));
    books.played(naive, Customer { account: "102", ..Customer::default() }, &file(&proof)?)
}
