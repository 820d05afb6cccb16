//! A sum that runs over the end of its word.

use super::{digest_of, leaf, wrapping_parent};
use crate::amount::Amount;
use crate::code::liability as codes;
use crate::lab::books::{Books, Customer, file};
use crate::lab::example_venue::{ExampleError, fault};
use crate::lab::naive::{Side, Word};
use crate::lab::scenario::{Expected, Played, Scenario};
use crate::liability::inclusion_proof::LeafProof;
use crate::liability::sum_tree::SumNode;

pub(super) static SCENARIO: Scenario = Scenario {
    name: "sum-wraps",
    attacks: &["A3"],
    title: "a sum runs over the end of the machine word",
    story: "Customers hold 14 BTC, 7 of these are bob's, and the venue publishes 6. Along bob's path it shows two \
            siblings with nearly 2^127 base units each: in words of 128 bits, 7 BTC and the two are 6 BTC.",
    expected: Expected::Check(&codes::SUM_OVERFLOW),
    undetected: &[],
    play,
};

fn play() -> Result<Played, ExampleError> {
    /// Each below the half of 2^128, so that no reading with a sign makes them small. The two and 7 BTC are 6 BTC.
    const SIBLING: u128 = (1 << 127) - 50_000_000;
    const TOTAL: u128 = 600_000_000;
    let mut books = Books::new("alice,BTC,5,\nbob,BTC,7,\ncarol,BTC,1,\ndave,BTC,1,\n")?;
    let shown = Amount::from_base_units(SIBLING);
    let mut proof = books.proof("bob")?;
    for sibling in &mut leaf(&mut proof)?.path {
        sibling.sum = shown;
    }
    // the root fits what bob is shown: only the sums themselves are wrong
    let root = wrapping_root(&books, leaf(&mut proof)?)?;
    books.restate(|statement| {
        for row in &mut statement.liabilities {
            (row.root, row.total) = (root.digest, root.sum);
        }
    })?;
    let mut proof = books.proof("bob")?;
    for sibling in &mut leaf(&mut proof)?.path {
        sibling.sum = shown;
    }
    let [first, second] = ["alice", "carol and dave"].map(|name| Word::leaf(name, SIBLING));
    let bob = Word::leaf("bob", 700_000_000);
    let root = Word::parent(&second, &Word::parent(&first, &bob));
    let naive = bob.verify(&[(Side::Left, first), (Side::Left, second)], root);
    if root.sum != TOTAL {
        return Err(fault(format!("the words add up to {}, expected {TOTAL}", root.sum)));
    }
    books.played(naive, Customer { account: "bob", ..Customer::default() }, &file(&proof)?)
}

/// Where a path of four leaves leads when sums are words.
fn wrapping_root(books: &Books, shown: &LeafProof) -> Result<SumNode, ExampleError> {
    // bob's own hash is the first sibling of his neighbour
    let mut own = None;
    for account in ["alice", "carol", "dave"] {
        let mut proof = books.proof(account)?;
        if leaf(&mut proof)?.index == shown.index ^ 1 {
            own = Some(digest_of(&mut proof)?);
        }
    }
    let digest = own.ok_or_else(|| fault("bob has no neighbour"))?;
    let (mut node, mut index) = (SumNode { digest, sum: shown.amount }, shown.index);
    for sibling in &shown.path {
        node = if index % 2 == 1 { wrapping_parent(sibling, &node) } else { wrapping_parent(&node, sibling) };
        index /= 2;
    }
    Ok(node)
}
