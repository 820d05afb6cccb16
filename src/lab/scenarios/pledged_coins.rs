//! Pledged coins count as free.

use crate::code::finding as codes;
use crate::lab::example_venue::ExampleError;
use crate::lab::example_venue::fault;
use crate::lab::forger::BITCOIN;
use crate::lab::forger::Forger;
use crate::lab::quoted::quoted;
use crate::lab::scenario::{Expected, Played, Scenario};
use crate::reserve::address_set::AddressSet;

pub(super) static SCENARIO: Scenario = Scenario {
    name: "pledged-coins",
    attacks: &["R11"],
    title: "coins that are pledged count as free",
    story: "The coins are the venue's, the keys are the venue's, and a lender may take them at any time: they \
            are collateral.",
    expected: Expected::Check(&codes::ENCUMBERED),
    undetected: &["A pledge that the venue does not declare is a paper in a drawer."],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let mut forger = Forger::new()?;
    let mut entries = forger.addresses()?.entries().to_vec();
    for entry in entries.iter_mut().filter(|entry| entry.chain.as_str() == BITCOIN) {
        entry.encumbrance = Some("collateral of a loan".to_owned());
    }
    let declared = AddressSet::from_entries(entries).map_err(fault)?;
    forger.commit(|set| *set = declared, |_| ())?;
    let naive = quoted(&forger.files, "BTC")?;
    forger.played(naive, "BTC", Some(&codes::ENCUMBERED))
}
