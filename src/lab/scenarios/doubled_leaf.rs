//! A tree that doubles its last node.

use super::leaf;
use crate::code::liability as codes;
use crate::hash::sha256;
use crate::lab::books::{Books, Customer, file};
use crate::lab::example_venue::{ExampleError, fault};
use crate::lab::naive;
use crate::lab::scenario::{Expected, Played, Said, Scenario};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "doubled-leaf",
    attacks: &["A10", "A11"],
    title: "the last leaf counts for two customers",
    story: "Three customers are published. Where a level of odd length is filled with a copy of its last node, the \
            lists (a, b, c) and (a, b, c, c) have one root: a fourth customer, who holds as much as the third, gets \
            the place of the copy. Here nothing is copied; the nearest that the venue can do is to put a fourth leaf \
            into its tree and to state that there are three.",
    expected: Expected::Check(&codes::INDEX_RANGE),
    undetected: &[],
    play,
};

fn play() -> Result<Played, ExampleError> {
    const CUSTOMERS: [&str; 4] = ["alice", "bob", "carol", "dave"];
    let mut books = Books::new("alice,BTC,3,\nbob,BTC,3,\ncarol,BTC,3,\ndave,BTC,3,\n")?;
    books.restate(|statement| {
        for row in &mut statement.liabilities {
            row.leaf_count = 3;
        }
    })?;
    // who stands behind the three is up to the order keys
    let mut beyond = None;
    for account in CUSTOMERS {
        let mut proof = books.proof(account)?;
        if leaf(&mut proof)?.index == 3 {
            beyond = Some((account, proof));
        }
    }
    let (account, proof) = beyond.ok_or_else(|| fault("nobody is the fourth"))?;
    // the tree of the three, and the place of the copy in it
    let [a, b, c] = ["3 of somebody", "3 of another", "3 of a third"].map(|text| sha256(text.as_bytes()));
    let naive = match naive::plain_root(&[a, b, c]) {
        Some(root) => naive::plain(c, &naive::plain_path(&[a, b, c, c], 3), root),
        None => Said::no("an empty tree"),
    };
    books.played(naive, Customer { account, ..Customer::default() }, &file(&proof)?)
}
