//! A coin of the venue's own making is a reserve.

use crate::code::finding as codes;
use crate::lab::example_venue::ExampleError;
use crate::lab::example_venue::fault;
use crate::lab::forger::BITCOIN;
use crate::lab::forger::Forger;
use crate::lab::quoted::quoted;
use crate::lab::scenario::{Expected, Played, Scenario};
use crate::reserve::address_set::AddressSet;

use crate::reserve::address_set::IssuerRelation;

pub(super) static SCENARIO: Scenario = Scenario {
    name: "own-token",
    attacks: &["R9"],
    title: "coins that the venue's own circle issues are reserves",
    story: "What lies on the venue's addresses was issued by its sister company. It has a price as long as \
            nobody sells it.",
    expected: Expected::Check(&codes::OWN_ISSUE),
    undetected: &["A relation to the issuer that the venue does not declare, and that the verifier does not know, is \
            not seen."],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let mut forger = Forger::new()?;
    let mut entries = forger.addresses()?.entries().to_vec();
    for entry in entries.iter_mut().filter(|entry| entry.chain.as_str() == BITCOIN) {
        entry.issuer = IssuerRelation::Affiliate;
    }
    let declared = AddressSet::from_entries(entries).map_err(fault)?;
    forger.commit(|set| *set = declared, |_| ())?;
    let naive = quoted(&forger.files, "BTC")?;
    forger.played(naive, "BTC", Some(&codes::OWN_ISSUE))
}
