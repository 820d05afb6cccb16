//! Coins that come for the snapshot and go afterwards.

use crate::code::finding as codes;
use crate::lab::example_venue::ExampleError;
use crate::lab::forger::Forger;
use crate::lab::quoted::quoted;
use crate::lab::scenario::{Expected, Played, Scenario};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "borrowed-for-the-snapshot",
    attacks: &["R1"],
    title: "ether is borrowed for the snapshot",
    story: "The venue lacks 7,120 ether. Somebody lends them 41 blocks before the cut-off block and has them \
            back 55 blocks after it. At the cut-off block everything is there, and every balance is proved.",
    expected: Expected::Check(&codes::ROUND_TRIP),
    undetected: &[
        "A loan that comes before the window and is repaid after it looks like money of the venue.",
        "A loan that is repaid to another address than it came from is a dip and a flow in the report, and no \
            round trip.",
    ],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let forger = Forger::new()?;
    let naive = quoted(&forger.files, "ETH")?;
    forger.played(naive, "ETH", Some(&codes::ROUND_TRIP))
}
