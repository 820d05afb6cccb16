//! One good asset stands for all.

use crate::lab::example_venue::ExampleError;
use crate::lab::forger::Forger;
use crate::lab::quoted::quoted;
use crate::lab::scenario::{Expected, Played, Scenario};
use crate::reconcile::Verdict;

pub(super) static SCENARIO: Scenario = Scenario {
    name: "one-asset-in-scope",
    attacks: &["R12"],
    title: "one good asset is shown, and stands for all",
    story: "Of three assets the venue puts one into its statement, the one that it has. The headline says \"100 % \
            reserves\".",
    expected: Expected::Verdict("ETH", Verdict::NotDeterminable),
    undetected: &["An asset, or a whole company, that neither the statement nor the policy names is missed by nobody."],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let mut forger = Forger::new()?;
    forger.state(|statement| {
        statement.assets.retain(|asset| asset.id.as_str() == "BTC");
        statement.liabilities.retain(|row| row.asset.as_str() == "BTC");
    })?;
    let naive = quoted(&forger.files, "BTC")?;
    forger.played(naive, "ETH", None)
}
