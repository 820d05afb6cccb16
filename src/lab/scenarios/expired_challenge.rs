//! A signature from before the cut-off's challenge.

use crate::code::finding as codes;
use crate::lab::example_venue::ExampleError;
use crate::lab::forger::Forger;
use crate::lab::quoted::quoted;
use crate::lab::scenario::{Expected, Played, Scenario};
use crate::snapshot::Time;

pub(super) static SCENARIO: Scenario = Scenario {
    name: "expired-challenge",
    attacks: &["R7"],
    title: "an old challenge is shown again",
    story: "The addresses signed a challenge half a year ago, and it ran out the day before the cut-off. The \
            venue has sold a key since, and shows the old signatures.",
    expected: Expected::Check(&codes::CHALLENGE_REFUSED),
    undetected: &[
        "Within its term a challenge is believed: a key that was sold a day after it signed is seen only when \
            coins move.",
    ],
    play,
};

fn play() -> Result<Played, ExampleError> {
    const DAY: i64 = 86_400;
    let mut forger = Forger::new()?;
    let cutoff = forger.statement()?.cutoff.unix();
    // challenges end at midnight
    let expires = Time::from_unix(cutoff.div_euclid(DAY) * DAY);
    let issued = Time::from_unix(cutoff - 2 * DAY);
    forger.commit(|_| (), |challenge| (challenge.issued, challenge.expires) = (issued, expires))?;
    let naive = quoted(&forger.files, "BTC")?;
    forger.played(naive, "BTC", Some(&codes::CHALLENGE_REFUSED))
}
