//! The parent hashes the sum that it claims, and not the sums of its children.

use super::{digest_of, leaf};
use crate::amount::Amount;
use crate::code::liability as codes;
use crate::lab::books::{Books, Customer, file};
use crate::lab::example_venue::ExampleError;
use crate::lab::example_venue::fault;
use crate::lab::naive;
use crate::lab::naive::Side;
use crate::lab::scenario::{Expected, Played, Scenario};
use crate::liability::sum_tree::SumNode;

pub(super) static SCENARIO: Scenario = Scenario {
    name: "sum-not-bound",
    attacks: &["A1"],
    title: "the larger child stands for the sum",
    story: "The venue owes alice 5 BTC and bob 7 BTC, and publishes a total of 7 BTC. Its parent node hashes the \
            sum that it claims and the two digests, and not the two sums: so alice is shown that bob has 2, and \
            bob that alice has nothing, and both paths end in the same root.",
    expected: Expected::Check(&codes::ROOT_MISMATCH),
    undetected: &["If bob never looks, his 5 BTC stay hidden: a check that nobody makes finds nothing."],
    play,
};

fn play() -> Result<Played, ExampleError> {
    const TOTAL: u128 = 700_000_000;
    let mut books = Books::new("alice,BTC,5,\nbob,BTC,7,\n")?;
    let hidden = Amount::from_base_units(200_000_000);
    // the root that alice's path gives when bob's 7 are shown as 2
    let (mut alice, mut bob) = (books.proof("alice")?, books.proof("bob")?);
    let (leaf_of_alice, leaf_of_bob) = (digest_of(&mut bob)?, digest_of(&mut alice)?);
    let index = leaf(&mut alice)?.index;
    let own = SumNode { digest: leaf_of_alice, sum: leaf(&mut alice)?.amount };
    let shown = SumNode { digest: leaf_of_bob, sum: hidden };
    let pair = if index == 0 { [own, shown] } else { [shown, own] };
    let root = SumNode::parent(&pair[0], &pair[1]).map_err(fault)?;
    books.restate(|statement| {
        for row in &mut statement.liabilities {
            (row.root, row.total) = (root.digest, root.sum);
        }
    })?;
    let mut bob = books.proof("bob")?;
    for sibling in &mut leaf(&mut bob)?.path {
        sibling.sum = Amount::ZERO;
    }
    // the venue of that kind: one hash over the claimed sum and both digests
    let (left, right) = if index == 0 { (leaf_of_alice, leaf_of_bob) } else { (leaf_of_bob, leaf_of_alice) };
    let side = if index == 0 { Side::Left } else { Side::Right };
    let root = naive::sum_only_node(TOTAL, &left, &right);
    let naive = naive::sum_only((leaf_of_bob, TOTAL), (side, leaf_of_alice, 0), (root, TOTAL));
    books.played(naive, Customer { account: "bob", ..Customer::default() }, &file(&bob)?)
}
