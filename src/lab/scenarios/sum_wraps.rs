//! A sum that runs over the end of its word.

use super::{digest_of, leaf};
use crate::amount::Amount;
use crate::code::liability as codes;
use crate::hash::{Tag, TaggedHasher};
use crate::lab::books::{Books, Customer, file};
use crate::lab::example_venue::ExampleError;
use crate::lab::naive;
use crate::lab::scenario::{Expected, Played, Scenario};
use crate::liability::sum_tree::SumNode;

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
    let shown = Amount::from_base_units(SIBLING);
    // the root fits what bob is shown: only the sum itself is wrong
    let mut proof = books.proof("bob")?;
    let (index, sibling) = (leaf(&mut proof)?.index, digest_of(&mut proof)?);
    let own = digest_of(&mut books.proof("alice")?)?;
    let bob = SumNode { digest: own, sum: leaf(&mut proof)?.amount };
    let other = SumNode { digest: sibling, sum: shown };
    let [left, right] = if index == 0 { [bob, other] } else { [other, bob] };
    let root = TaggedHasher::new(Tag::Node)
        .fixed(left.digest.as_bytes())
        .fixed(&left.sum.to_be_bytes())
        .fixed(right.digest.as_bytes())
        .fixed(&right.sum.to_be_bytes())
        .finish();
    books.restate(|statement| {
        for row in &mut statement.liabilities {
            (row.root, row.total) = (root, Amount::from_base_units(600_000_000));
        }
    })?;
    let mut proof = books.proof("bob")?;
    for sibling in &mut leaf(&mut proof)?.path {
        sibling.sum = shown;
    }
    let naive = naive::wrapping_sums(700_000_000, &[SIBLING], 600_000_000);
    books.played(naive, Customer { account: "bob", ..Customer::default() }, &file(&proof)?)
}
