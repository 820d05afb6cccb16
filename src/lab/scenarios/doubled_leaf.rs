//! A tree that doubles its last node.

use super::leaf;
use crate::code::liability as codes;
use crate::hash::sha256;
use crate::lab::books::{Books, Customer, file};
use crate::lab::example_venue::ExampleError;
use crate::lab::naive;
use crate::lab::naive::Side;
use crate::lab::scenario::{Expected, Played, Scenario};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "doubled-leaf",
    attacks: &["A10", "A11"],
    title: "the last leaf counts for two customers",
    story: "Three customers are in the tree. Carol and dave hold the same amount, and dave is not in it. Where a \
            level of odd length is filled with a copy of its last node, the lists (a, b, c) and (a, b, c, c) \
            have one root: dave gets the place of the copy.",
    expected: Expected::Check(&codes::INDEX_RANGE),
    undetected: &[],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let books = Books::new("alice,BTC,1,\nbob,BTC,2,\ncarol,BTC,3,\n")?;
    let mut proof = books.proof("carol")?;
    "dave".clone_into(&mut proof.account);
    leaf(&mut proof)?.index = 3;
    let [a, b, c] = ["1 of somebody", "2 of somebody", "3 of somebody"].map(|text| sha256(text.as_bytes()));
    let root = naive::plain_root(&[a, b, c]).unwrap_or(a);
    let naive = naive::plain(c, &[(Side::Left, c), (Side::Left, naive::plain_node(&a, &b))], root);
    books.played(naive, Customer { account: "dave", ..Customer::default() }, &file(&proof)?)
}
