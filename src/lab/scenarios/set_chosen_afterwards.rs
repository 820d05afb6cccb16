//! Addresses are added after the snapshot.

use crate::code::finding as codes;
use crate::lab::example_venue::ExampleError;
use crate::lab::example_venue::fault;
use crate::lab::forger::BITCOIN;
use crate::lab::forger::Forger;
use crate::lab::quoted::quoted;
use crate::lab::scenario::{Expected, Played, Scenario};
use crate::reserve::address_set::{AddressEntry, AddressSet, Role};

pub(super) static SCENARIO: Scenario = Scenario {
    name: "set-chosen-afterwards",
    attacks: &["R22"],
    title: "a good address is added after the snapshot",
    story: "The venue has too little, and its statement commits to the list of its own addresses. Weeks after the \
            cut-off it finds an address that happened to be full on that day, of a friend who signs, and puts it into \
            the list that it hands to the auditor.",
    expected: Expected::Check(&codes::ADDRESS_SET_DIFFERS),
    undetected: &[
        "A venue that lists a friend's address from the start, and has it sign, has committed to it in time.",
    ],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let mut forger = Forger::new()?;
    let all = forger.addresses()?;
    let is_friend = |entry: &&AddressEntry| entry.chain.as_str() == BITCOIN && entry.role == Role::Hot;
    let own: Vec<AddressEntry> = all.entries().iter().filter(|entry| !is_friend(entry)).cloned().collect();
    if own.len() + 1 != all.entries().len() {
        return Err(fault("there is one hot address on the chain"));
    }
    let committed = AddressSet::from_entries(own).map_err(fault)?;
    forger.commit(|set| *set = committed, |_| ())?;
    forger.files.insert(crate::bundle::paths::ADDRESSES.to_owned(), all.to_file().map_err(fault)?);
    let naive = quoted(&forger.files, "BTC")?;
    forger.played(naive, "BTC", Some(&codes::ADDRESS_SET_DIFFERS))
}
