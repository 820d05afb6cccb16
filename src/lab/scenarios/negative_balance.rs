//! A balance below zero hides one above it.

use crate::amount::Amount;
use crate::code::liability as codes;
use crate::lab::books::{Books, Customer, file};
use crate::lab::example_venue::ExampleError;
use crate::lab::example_venue::fault;
use crate::lab::naive;
use crate::lab::scenario::{Expected, Played, Scenario};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "negative-balance",
    attacks: &["A2"],
    title: "an account below zero hides what is owed to others",
    story: "Customers hold 5 and 7 BTC. The venue adds an account of its own with a balance of -6, as exchanges \
            have done for their trading arm, and publishes a total of 6 BTC. Along bob's path stands a sibling \
            with the sum -1.",
    expected: Expected::Check(&codes::PROOF_MALFORMED),
    undetected: &["A debt that the venue never wrote into its ledger leaves no trace in the tree."],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let mut books = Books::new("alice,BTC,5,\nbob,BTC,7,\n")?;
    books.restate(|statement| {
        for row in &mut statement.liabilities {
            row.total = Amount::from_base_units(600_000_000);
        }
    })?;
    let honest = String::from_utf8(file(&books.proof("bob")?)?).map_err(fault)?;
    let proof = honest.replace("\"sum\":\"500000000\"", "\"sum\":\"-100000000\"");
    let naive = naive::signed_sums(700_000_000, &[-100_000_000], 600_000_000);
    books.played(naive, Customer { account: "bob", ..Customer::default() }, proof.as_bytes())
}
