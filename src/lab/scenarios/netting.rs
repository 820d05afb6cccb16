//! A surplus of one asset hides the lack of another.

use crate::amount::Amount;
use crate::lab::example_venue::ExampleError;
use crate::lab::forger::Forger;
use crate::lab::quoted::Figures;
use crate::lab::scenario::Said;
use crate::lab::scenario::{Expected, Played, Scenario};
use crate::reconcile::Verdict;

pub(super) static SCENARIO: Scenario = Scenario {
    name: "netting",
    attacks: &["A4", "A5"],
    title: "a surplus of one asset hides the lack of another",
    story: "The venue owes 10,200,000 USDT and has 9,250,000 at most. It has 46 BTC more than it owes. In \
            dollars, at its own price, it has more than it owes.",
    expected: Expected::Verdict("USDT", Verdict::Short),
    undetected: &[],
    play,
};

fn play() -> Result<Played, ExampleError> {
    /// Dollars for one bitcoin, as the venue says.
    const PRICE: u128 = 60_000;
    let mut forger = Forger::new()?;
    forger.state(|statement| {
        for row in statement.liabilities.iter_mut().filter(|row| row.asset.as_str() == "USDT") {
            row.total = Amount::from_base_units(10_200_000_000_000);
        }
    })?;
    // whole coins, in dollars: what is held and what the tree owes, both assets together
    let (mut held, mut owed) = (0_u128, 0_u128);
    for (asset, price) in [("BTC", PRICE), ("USDT", 1)] {
        let (has, owes) = Figures::read(&forger.files, asset)?.whole();
        held += has * price;
        owed += owes * price;
    }
    let words = format!("reserves of {held} dollars against {owed} dollars owed, all assets together");
    forger.played(Said { believed: held >= owed, words }, "USDT", None)
}
