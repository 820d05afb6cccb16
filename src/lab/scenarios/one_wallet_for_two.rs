//! One wallet is in the reports of two venues.

use crate::code::network as codes;
use crate::lab::example_venue::ExampleError;
use crate::lab::joined::played;
use crate::lab::quoted::quoted;
use crate::lab::ring::{Ring, RingOptions};
use crate::lab::scenario::{Expected, Played, Said, Scenario};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "one-wallet-for-two",
    attacks: &["R4"],
    title: "two venues show one wallet",
    story: "Beta has no bitcoin. Alpha has enough for its own customers, and its wallet signs for beta, too. Whoever \
            reads the reports one by one sees two good ones.",
    expected: Expected::Check(&codes::SHARED_HOLDING),
    undetected: &["Whoever has the evidence of one of the two venues only sees nothing."],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let ring = Ring::new(&RingOptions { outside: [170, 0, 170], shared_wallet: Some(1), ..RingOptions::default() })?;
    let each: Vec<Said> = ring.venues.iter().map(|venue| quoted(&venue.bundle, "BTC")).collect::<Result<_, _>>()?;
    let words: Vec<String> =
        ring.venues.iter().zip(&each).map(|(venue, said)| format!("{} {}", venue.id, said.words)).collect();
    let naive = Said { believed: each.iter().all(|said| said.believed), words: words.join("; ") };
    played(&ring, naive, "beta", (&codes::SHARED_HOLDING, None))
}
