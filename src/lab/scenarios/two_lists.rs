//! Roots in one list, totals in another.

use crate::amount::Amount;
use crate::code::liability as codes;
use crate::hash::sha256;
use crate::lab::books::{Books, Customer, file};
use crate::lab::example_venue::ExampleError;
use crate::lab::naive;
use crate::lab::scenario::{Expected, Played, Said, Scenario};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "two-lists",
    attacks: &["A15"],
    title: "roots are in one list, and smaller totals in another",
    story: "The tree is honest, and everybody finds their balance under its root. The total of 12 BTC stands \
            elsewhere, in a list of its own, and that list says 4.",
    expected: Expected::Check(&codes::TOTAL_MISMATCH),
    undetected: &[],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let mut books = Books::new("alice,BTC,5,\nbob,BTC,7,\n")?;
    books.restate(|statement| {
        for row in &mut statement.liabilities {
            row.total = Amount::from_base_units(400_000_000);
        }
    })?;
    let proof = books.proof("alice")?;
    // one list has the root of the tree, the other one the totals
    let leaves = ["alice,BTC,5", "bob,BTC,7"].map(|row| sha256(row.as_bytes()));
    let totals = [("BTC", 4)];
    let included = naive::plain_in(&leaves, 0, sha256(b"alice,BTC,5"));
    let total = totals.iter().find(|(asset, _)| *asset == "BTC").map_or(0, |(_, total)| *total);
    let naive = Said { words: format!("{}; the total is {total} BTC", included.words), ..included };
    books.played(naive, Customer { account: "alice", ..Customer::default() }, &file(&proof)?)
}
