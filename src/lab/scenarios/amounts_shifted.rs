//! A leaf that commits to one sum over all assets.

use crate::amount::Amount;
use crate::code::liability as codes;
use crate::lab::books::{Books, Customer, file};
use crate::lab::example_venue::ExampleError;
use crate::lab::naive;
use crate::lab::scenario::{Expected, Played, Scenario};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "amounts-shifted",
    attacks: &["A6"],
    title: "what a customer holds is moved from one asset to another",
    story: "Alice holds 1 BTC and 100 USDT. The venue has half of her bitcoin in its tree, and 30,000 USDT in \
            its place: at its own price that is the same sum. A leaf that commits to one sum over all assets \
            lets it show her the right balances.",
    expected: Expected::Check(&codes::ROOT_MISMATCH),
    undetected: &[],
    play,
};

fn play() -> Result<Played, ExampleError> {
    /// Dollars for one bitcoin, as the venue says.
    const PRICE: u128 = 60_000;
    let books = Books::new("alice,BTC,0.5,\nalice,USDT,30100,\nbob,BTC,3,\nbob,USDT,50,\n")?;
    let mut proof = books.proof("alice")?;
    for leaf in &mut proof.leaves {
        // one bitcoin, and a hundred dollars: the same digits
        leaf.amount = Amount::from_base_units(100_000_000);
    }
    // in cents: half a bitcoin and 30,100 dollars, or one bitcoin and 100 dollars
    let committed = naive::net_leaf("alice", PRICE * 100 / 2 + 30_100 * 100);
    let shown = naive::net_leaf("alice", PRICE * 100 + 100 * 100);
    let leaves = [committed, naive::net_leaf("bob", PRICE * 100 * 3 + 50 * 100)];
    let naive = naive::plain_in(&leaves, 0, shown);
    let expects = Some(("BTC", "1"));
    books.played(naive, Customer { account: "alice", expects, ..Customer::default() }, &file(&proof)?)
}
