//! Coins at another venue count as one's own.

use crate::code::finding as codes;
use crate::lab::example_venue::ExampleError;
use crate::lab::forger::BITCOIN;
use crate::lab::forger::Forger;
use crate::lab::quoted::quoted;
use crate::lab::scenario::{Expected, Played, Scenario};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "deposit-elsewhere",
    attacks: &["R10", "R4"],
    title: "a deposit at another venue is listed as a reserve",
    story: "Part of the bitcoin lies at another venue, on that venue's addresses. Example Exchange lists them as \
            its own, and the other venue does the same with its deposit here: each coin counts twice, in a ring.",
    expected: Expected::Check(&codes::CONTROL_MISSING),
    undetected: &[
        "If the other venue signs for its friend, the report cannot tell: only the bundles of both, side by \
            side, show one address in two sets.",
    ],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let mut forger = Forger::new()?;
    let mut proofs = forger.control()?;
    // whoever holds the keys of the largest address does not sign for Example Exchange
    let at = proofs.iter().position(|proof| proof.chain.as_str() == BITCOIN).unwrap_or_default();
    proofs.remove(at);
    forger.set_control(&proofs)?;
    let naive = quoted(&forger.files, "BTC")?;
    forger.played(naive, "BTC", Some(&codes::CONTROL_MISSING))
}
