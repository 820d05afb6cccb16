//! A loan that is in no schedule.

use crate::code::finding as codes;
use crate::lab::example_venue::ExampleError;
use crate::lab::forger::Forger;
use crate::lab::quoted::quoted;
use crate::lab::scenario::{Expected, Played, Scenario};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "loan-in-a-drawer",
    attacks: &["R2"],
    title: "a loan is left out of what is owed",
    story: "The venue has borrowed 4.5 BTC for a year. The coins are on its own addresses, long before and long \
            after the snapshot, and the statement lists no other liability.",
    expected: Expected::Check(&codes::OTHER_LIABILITIES_NONE_STATED),
    undetected: &[
        "A venue that lists a small loan, and keeps the large one in a drawer, looks like one that lists all: \
            side agreements are on no chain.",
        "Coins borrowed for longer than the window are, for whoever looks at the chain, the coins of the \
            venue.",
    ],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let mut forger = Forger::new()?;
    forger.state(|statement| statement.schedules.other_liabilities.clear())?;
    let naive = quoted(&forger.files, "BTC")?;
    forger.played(naive, "BTC", Some(&codes::OTHER_LIABILITIES_NONE_STATED))
}
