//! A chain that the venue made itself.

use crate::code::finding as codes;
use crate::hash::sha256;
use crate::lab::example_venue::ExampleError;
use crate::lab::example_venue::fault;
use crate::lab::forger::BITCOIN;
use crate::lab::forger::Forger;
use crate::lab::naive;
use crate::lab::scenario::{Expected, Played, Scenario};
use crate::policy::Policy;

pub(super) static SCENARIO: Scenario = Scenario {
    name: "own-block",
    attacks: &["R18"],
    title: "the venue makes the blocks that show its coins",
    story: "The venue writes a chain of its own, in which it is rich: headers, Merkle proofs and work of that \
            chain fit together. The auditor has seen another block at that height.",
    expected: Expected::Check(&codes::CHAIN_UNANCHORED),
    undetected: &["An auditor who pins a block that the venue told them pins the venue's chain."],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let mut forger = Forger::new()?;
    let naive = naive::quoted(&forger.run()?, "BTC");
    let policy = Policy::parse(&forger.policy).map_err(fault)?;
    let pin = policy.pins().iter().find(|pin| pin.chain.as_str() == BITCOIN).ok_or_else(|| fault("no pin"))?;
    // a block of the chain that everybody else sees, above what the venue made
    let seen = sha256(b"a block of the chain that everybody sees");
    forger.policy = forger.policy.replace(
        &format!("height = {}\nhash = \"{}\"", pin.height, pin.hash),
        &format!("height = {}\nhash = \"{seen}\"", pin.height + 1_000),
    );
    forger.played(naive, "BTC", Some(&codes::CHAIN_UNANCHORED))
}
