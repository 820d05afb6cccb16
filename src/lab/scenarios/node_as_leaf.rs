//! An inner node shown as a leaf.

use super::leaf;
use crate::code::liability as codes;
use crate::hash::sha256;
use crate::lab::books::{Books, Customer, file};
use crate::lab::example_venue::ExampleError;
use crate::lab::naive;
use crate::lab::naive::Side;
use crate::lab::scenario::{Expected, Played, Scenario};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "node-as-leaf",
    attacks: &["A9", "A12"],
    title: "an inner node of the tree is shown as a leaf",
    story: "The venue has four customers. A fifth, who is not in the tree, gets a path that begins one level up: \
            in a tree whose leaves and nodes are hashed alike, the 64 bytes below an inner node pass for the \
            data of a leaf, and the length of the path is what the file says.",
    expected: Expected::Check(&codes::PATH_LENGTH),
    undetected: &[],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let books = Books::new("alice,BTC,1,\nbob,BTC,2,\ncarol,BTC,3,\ndave,BTC,4,\n")?;
    let mut proof = books.proof("alice")?;
    "mallory".clone_into(&mut proof.account);
    leaf(&mut proof)?.path.remove(0);
    let leaves = ["alice", "bob", "carol", "dave"].map(|name| sha256(name.as_bytes()));
    let [a, b, c, d] = leaves;
    // "mallory's data": the two digests below the first inner node
    let data = [a.to_bytes(), b.to_bytes()].concat();
    let root = naive::plain_root(&leaves).unwrap_or(a);
    let naive = naive::plain(sha256(&data), &[(Side::Right, naive::plain_node(&c, &d))], root);
    books.played(naive, Customer { account: "mallory", ..Customer::default() }, &file(&proof)?)
}
