//! Decimals as a lever.

use crate::amount::Decimals;
use crate::code::finding as codes;
use crate::lab::example_venue::ExampleError;
use crate::lab::example_venue::fault;
use crate::lab::forger::Forger;
use crate::lab::quoted::quoted;
use crate::lab::scenario::{Expected, Played, Scenario};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "price-lever",
    attacks: &["A5"],
    title: "the unit of what is owed is changed",
    story: "The statement counts bitcoin with 18 decimals and not with 8: the digits are those of last month, \
            and everything that is owed shrinks to a ten-thousand-millionth.",
    expected: Expected::Check(&codes::DECIMALS_DIFFER),
    undetected: &[],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let mut forger = Forger::new()?;
    let decimals = Decimals::new(18).ok_or_else(|| fault("18 decimals"))?;
    forger.state(|statement| {
        for asset in statement.assets.iter_mut().filter(|asset| asset.id.as_str() == "BTC") {
            asset.decimals = decimals;
        }
        for row in statement.liabilities.iter_mut().filter(|row| row.asset.as_str() == "BTC") {
            row.decimals = decimals;
        }
    })?;
    let naive = quoted(&forger.files, "BTC")?;
    forger.played(naive, "BTC", Some(&codes::DECIMALS_DIFFER))
}
