//! The key is rented.

use crate::lab::example_venue::ExampleError;
use crate::lab::forger::Forger;
use crate::lab::quoted::quoted;
use crate::lab::scenario::{Expected, Played, Scenario};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "rented-key",
    attacks: &["R5"],
    title: "the signatures are those of a friend",
    story: "One of the addresses belongs to somebody else, who signs the challenge for a fee, leaves the coins \
            where they are for the whole window, and keeps the key.",
    expected: Expected::Undetected,
    undetected: &[
        "A signature shows a key, and no owner: key rental, a friendly signer and a side agreement cannot be \
            seen, and every report says so.",
    ],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let forger = Forger::new()?;
    let naive = quoted(&forger.files, "BTC")?;
    forger.played(naive, "BTC", None)
}
