//! Custodians and issuers beside each other, and beside the venue: one coin counts for one of them at most.
//! Specifications: `docs/spec/custodian.md`, `docs/spec/issuer.md`.

use std::collections::{BTreeMap, BTreeSet};

use super::custodian::Custody;
use super::findings::{Finding, Severity};
use super::issuer::Issuers;
use crate::amount::Amount;
use crate::asset::ChainId;
use crate::code::parties as codes;
use crate::snapshot::VenueId;

/// A place on a chain.
pub(super) type Place = (ChainId, String);

/// Whose books an address counts by, where that is not the venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Keeper {
    /// Somebody who keeps coins for venues.
    Custodian,
    /// Somebody who owes what a coin promises.
    Issuer,
}

/// Addresses that do not count for the venue, and why.
pub(super) type Elsewhere = BTreeMap<Place, Keeper>;

/// What custodian and issuer show on the same addresses counts for neither of them, whichever two they are: with two
/// names nobody has twice the coins. Gives the addresses that do not count for the venue.
///
/// An issuer takes an address from the venue only where it shows control: a list alone anybody can write.
pub(super) fn separate(custody: &mut Custody, issuers: &mut Issuers) -> Elsewhere {
    let mut shown: BTreeMap<&Place, BTreeSet<(Keeper, &VenueId)>> = BTreeMap::new();
    let of_custodians = custody.controlled.iter().map(|(id, places)| (Keeper::Custodian, id, places));
    let of_issuers = issuers.controlled.iter().map(|(id, places)| (Keeper::Issuer, id, places));
    for (keeper, id, places) in of_custodians.chain(of_issuers) {
        for place in places {
            shown.entry(place).or_default().insert((keeper, id));
        }
    }
    let mut groups: BTreeMap<BTreeSet<(Keeper, &VenueId)>, Vec<&Place>> = BTreeMap::new();
    for (place, parties) in shown.into_iter().filter(|(_, parties)| parties.len() > 1) {
        groups.entry(parties).or_default().push(place);
    }
    let mut found: Vec<Finding> = Vec::new();
    let mut without: BTreeSet<(Keeper, VenueId)> = BTreeSet::new();
    for (parties, places) in groups {
        let names: Vec<&str> = parties.iter().map(|(_, id)| id.as_str()).collect();
        let Some((chain, address)) = places.first() else { continue };
        let (names, count) = (names.join(" and "), places.len());
        let detail = format!("{names} show coins on {count} of the same addresses, the first is {address}");
        let finding = Finding::new(&codes::PARTIES_SHARE, Severity::Exception, names, detail);
        found.push(finding.on_chain(chain));
        without.extend(parties.into_iter().map(|(keeper, id)| (keeper, id.clone())));
    }
    custody.findings.extend(found);
    for share in &mut custody.shares {
        if without.contains(&(Keeper::Custodian, share.custodian.clone())) {
            share.counted = Amount::ZERO;
        }
    }
    for backing in &mut issuers.backings {
        if without.contains(&(Keeper::Issuer, backing.issuer.clone())) {
            backing.kept_of = None;
        }
    }
    let issued = issuers.controlled.iter().flat_map(|(_, places)| places);
    let issued = issued.map(|place| (place.clone(), Keeper::Issuer));
    // an address of both counts by the custodian's leaf
    issued.chain(custody.addresses.iter().map(|place| (place.clone(), Keeper::Custodian))).collect()
}
