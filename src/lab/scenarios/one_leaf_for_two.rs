//! Two customers are shown one leaf.

use crate::code::liability as codes;
use crate::lab::books::{Books, Customer, file};
use crate::lab::example_venue::ExampleError;
use crate::lab::naive;
use crate::lab::scenario::{Expected, Played, Said, Scenario};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "one-leaf-for-two",
    attacks: &["B1"],
    title: "two customers with equal balances are shown one leaf",
    story: "Alice and bob hold 5 BTC each, and the tree has 5 BTC for the two of them. A leaf that holds a nonce \
            and an amount, and not whose it is, can be shown to both.",
    expected: Expected::Check(&codes::ROOT_MISMATCH),
    undetected: &[
        "Where the venue also makes up the account ids, it can give two customers the same one: see invented- \
            identity.",
    ],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let books = Books::new("alice,BTC,5,\ncarol,BTC,9,\n")?;
    let mut proof = books.proof("alice")?;
    // both are handed the same nonce and the same path
    let leaves = [naive::nameless_leaf(&[7; 16], 500_000_000), naive::nameless_leaf(&[8; 16], 900_000_000)];
    let [alice, bob] = [(); 2].map(|()| naive::plain_in(&leaves, 0, naive::nameless_leaf(&[7; 16], 500_000_000)));
    let naive = Said { believed: alice.believed && bob.believed, words: format!("to alice and to bob: {}", bob.words) };
    "bob".clone_into(&mut proof.account);
    books.played(naive, Customer { account: "bob", ..Customer::default() }, &file(&proof)?)
}
