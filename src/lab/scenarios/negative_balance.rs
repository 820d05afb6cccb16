//! A balance below zero hides one above it.

use super::{digest_of, leaf, wrapping_parent};
use crate::amount::Amount;
use crate::code::liability as codes;
use crate::lab::books::{Books, Customer, file};
use crate::lab::example_venue::ExampleError;
use crate::lab::example_venue::fault;
use crate::lab::naive::{Side, Word};
use crate::lab::scenario::{Expected, Played, Scenario};
use crate::liability::sum_tree::SumNode;

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
    /// -1 BTC, as a word of 128 bits.
    const BELOW_ZERO: u128 = u128::MAX - 100_000_000 + 1;
    let mut books = Books::new("alice,BTC,5,\nbob,BTC,7,\n")?;
    // the root of a tree that adds with a sign: alice's side is shown with the sum -1
    let (mut alice, mut bob) = (books.proof("alice")?, books.proof("bob")?);
    let (leaf_of_alice, leaf_of_bob) = (digest_of(&mut bob)?, digest_of(&mut alice)?);
    let below_zero = SumNode { digest: leaf_of_alice, sum: Amount::from_base_units(BELOW_ZERO) };
    let own = SumNode { digest: leaf_of_bob, sum: leaf(&mut bob)?.amount };
    let [left, right] = if leaf(&mut bob)?.index == 0 { [own, below_zero] } else { [below_zero, own] };
    let root = wrapping_parent(&left, &right);
    books.restate(|statement| {
        for row in &mut statement.liabilities {
            (row.root, row.total) = (root.digest, root.sum);
        }
    })?;
    let honest = String::from_utf8(file(&books.proof("bob")?)?).map_err(fault)?;
    let proof = honest.replace("\"sum\":\"500000000\"", "\"sum\":\"-100000000\"");
    let (shown, own) = (Word::leaf("alice", BELOW_ZERO), Word::leaf("bob", 700_000_000));
    let naive = own.verify(&[(Side::Left, shown)], Word::parent(&shown, &own));
    books.played(naive, Customer { account: "bob", ..Customer::default() }, proof.as_bytes())
}
