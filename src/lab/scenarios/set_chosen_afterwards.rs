//! Addresses are added after the snapshot.

use crate::code::finding as codes;
use crate::lab::example_venue::ExampleError;
use crate::lab::example_venue::fault;
use crate::lab::forger::BITCOIN;
use crate::lab::forger::Forger;
use crate::lab::naive;
use crate::lab::scenario::{Expected, Played, Scenario};
use crate::reserve::address_set::AddressSet;

pub(super) static SCENARIO: Scenario = Scenario {
    name: "set-chosen-afterwards",
    attacks: &["R22"],
    title: "a good address is added after the snapshot",
    story: "Weeks after the cut-off the venue finds an address that happened to be full on that day, of a \
            friend, and puts it into the list that it hands to the auditor. The statement had committed to the \
            list without it.",
    expected: Expected::Check(&codes::ADDRESS_SET_DIFFERS),
    undetected: &[
        "A venue that lists a friend's address from the start, and has it sign, has committed to it in time.",
    ],
    play,
};

fn play() -> Result<Played, ExampleError> {
    let mut forger = Forger::new()?;
    let naive = naive::quoted(&forger.run()?, "BTC");
    let mut entries = forger.addresses()?.entries().to_vec();
    let found = entries.iter().find(|entry| entry.chain.as_str() == BITCOIN).cloned();
    let mut found = found.ok_or_else(|| fault("no address"))?;
    "bcrt1q6rhpng9evdsfnn833a4f4vej0asu6dk5srld6x".clone_into(&mut found.address);
    entries.push(found);
    entries.sort_by(|left, right| (&left.chain, &left.address).cmp(&(&right.chain, &right.address)));
    let longer = AddressSet::from_entries(entries).map_err(fault)?.to_file().map_err(fault)?;
    forger.files.insert(crate::bundle::paths::ADDRESSES.to_owned(), longer);
    forger.played(naive, "BTC", Some(&codes::ADDRESS_SET_DIFFERS))
}
