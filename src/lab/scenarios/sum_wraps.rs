//! A sum that runs over the end of its word.

use super::leaf;
use crate::amount::Amount;
use crate::code::liability as codes;
use crate::lab::books::{Books, Customer, file};
use crate::lab::example_venue::ExampleError;
use crate::lab::naive;
use crate::lab::scenario::{Expected, Played, Scenario};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "sum-wraps",
    attacks: &["A3"],
    title: "a sum runs over the end of the machine word",
    story: "Customers hold 5 and 7 BTC, the venue publishes 6. Along bob's path it shows a sibling with 2^128 \
            minus 100,000,000 base units: in words of 128 bits, 7 BTC and that number are 6 BTC.",
    expected: Expected::Check(&codes::SUM_OVERFLOW),
    undetected: &[],
    play,
};

fn play() -> Result<Played, ExampleError> {
    const SIBLING: u128 = u128::MAX - 100_000_000 + 1;
    let mut books = Books::new("alice,BTC,5,\nbob,BTC,7,\n")?;
    books.restate(|statement| {
        for row in &mut statement.liabilities {
            row.total = Amount::from_base_units(600_000_000);
        }
    })?;
    let mut proof = books.proof("bob")?;
    for sibling in &mut leaf(&mut proof)?.path {
        sibling.sum = Amount::from_base_units(SIBLING);
    }
    let naive = naive::wrapping_sums(700_000_000, &[SIBLING], 600_000_000);
    books.played(naive, Customer { account: "bob", ..Customer::default() }, &file(&proof)?)
}
