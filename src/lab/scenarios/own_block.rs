//! A chain that the venue made itself.

use crate::code::finding as codes;
use crate::lab::bitcoin_chain::BitcoinChain;
use crate::lab::example_venue::ExampleError;
use crate::lab::example_venue::fault;
use crate::lab::forger::BITCOIN;
use crate::lab::forger::Forger;
use crate::lab::quoted::quoted;
use crate::lab::scenario::{Expected, Played, Scenario};
use crate::policy::Policy;
use crate::snapshot::Time;

pub(super) static SCENARIO: Scenario = Scenario {
    name: "own-block",
    attacks: &["R18"],
    title: "the venue makes the blocks that show its coins",
    story: "The venue writes a chain of its own, in which it is rich: headers, Merkle proofs and work of that \
            chain fit together. The auditor has seen a block of the chain that everybody else sees.",
    expected: Expected::Check(&codes::CHAIN_UNANCHORED),
    undetected: &["An auditor who pins a block that the venue told them pins the venue's chain."],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let mut forger = Forger::new()?;
    let naive = quoted(&forger.files, "BTC")?;
    let policy = Policy::parse(&forger.policy).map_err(fault)?;
    let pin = policy.pins().iter().find(|pin| pin.chain.as_str() == BITCOIN).ok_or_else(|| fault("no pin"))?;
    // the chain that everybody else sees: other blocks since the first, and longer than what the venue made
    let mut public = BitcoinChain::new().map_err(fault)?;
    public.mine_empty(Time::from_unix(1_793_000_000), 600, pin.height + 20).map_err(fault)?;
    let seen = public.block(public.height()).ok_or_else(|| fault("no block"))?;
    forger.policy = forger.policy.replace(
        &format!("height = {}\nhash = \"{}\"", pin.height, pin.hash),
        &format!("height = {}\nhash = \"{}\"", seen.height, seen.hash),
    );
    forger.played(naive, "BTC", Some(&codes::CHAIN_UNANCHORED))
}
