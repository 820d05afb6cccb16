//! A text file is shown as a node's answer.

use crate::code::finding as codes;
use crate::lab::example_venue::ExampleError;
use crate::lab::forger::BITCOIN;
use crate::lab::forger::Forger;
use crate::lab::quoted::quoted;
use crate::lab::scenario::{Expected, Played, Scenario};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "transcript-as-proof",
    attacks: &["R19"],
    title: "the venue writes down what a node would say",
    story: "The list of unspent coins comes from the venue's own node, and is signed by the venue. An RPC answer \
            is a text: whoever has an editor has a node.",
    expected: Expected::Check(&codes::TRANSCRIPT_STATED),
    undetected: &[
        "A node that the verifier pins, and that belongs to a friend of the venue, says what its owner likes.",
    ],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let mut forger = Forger::new()?;
    forger.answer(BITCOIN, "venue", |_| ())?;
    let naive = quoted(&forger.files, "BTC")?;
    forger.played(naive, "BTC", Some(&codes::TRANSCRIPT_STATED))
}
