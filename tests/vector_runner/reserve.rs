//! Runners of the reserve half that need no chain: address-set, challenge, descriptor.

use std::collections::BTreeSet;

use counterfoil::asset::ChainId;
use counterfoil::code::{Coded as _, bundle as codes, finding as findings};
use counterfoil::publish::statement::SetCommitment;
use counterfoil::reserve::address_set::AddressSet;
use counterfoil::reserve::bitcoin::descriptor::{Deriver, DescriptorList, Difference, compare};
use counterfoil::reserve::challenge::{self, ChallengeQuery};
use counterfoil::signature::PublicKey;
use counterfoil::snapshot::{Time, VenueId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Outcome, Run, Sent, bytes, typed, valid};

pub(super) fn address_set(query: &Value, sent: &Sent) -> Run {
    let committed: SetCommitment = typed(query)?;
    let set = match AddressSet::parse(bytes(sent)?) {
        Ok(set) => set,
        Err(error) => return Ok(Outcome::Refused(error.code())),
    };
    if (set.root(), set.count()) != (committed.root, committed.count) {
        return Ok(Outcome::Refused(&codes::ADDRESS_SET_ROOT));
    }
    let leaves = set.entries().iter().map(|entry| entry.leaf()).collect::<Result<Vec<_>, _>>()?;
    valid(json!({"leaves": leaves, "root": set.root()}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    addresses: String,
}

/// The list is what was sent; the set is what the verifier knows.
pub(super) fn descriptor(query: &Value, sent: &Sent) -> Run {
    let known: Set = typed(query)?;
    let set = AddressSet::parse(known.addresses.as_bytes()).map_err(|error| error.to_string())?;
    let list = match DescriptorList::parse(bytes(sent)?) {
        Ok(list) => list,
        Err(error) => return Ok(Outcome::Refused(error.code())),
    };
    match compare(&list, &set).first() {
        Some(Difference::Undisclosed { .. }) => return Ok(Outcome::Refused(&findings::DESCRIPTORS_UNDISCLOSED)),
        Some(_) => return Ok(Outcome::Refused(&findings::DESCRIPTOR_DIFFERS)),
        None => {}
    }
    let deriver = Deriver::default();
    let (mut ids, mut derived) = (Vec::new(), Vec::new());
    for one in list.descriptors() {
        ids.push(one.id());
        let all: Result<Vec<String>, _> = (0..one.count()).map(|index| one.address(&deriver, index)).collect();
        derived.push(all.map_err(|error| error.to_string())?);
    }
    valid(json!({"derived": derived, "ids": ids}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Known {
    address_set: SetCommitment,
    chains: BTreeSet<ChainId>,
    cutoff: Time,
    keys: Vec<PublicKey>,
    log_origin: String,
    venue: VenueId,
}

pub(super) fn challenge(query: &Value, sent: &Sent) -> Run {
    let known: Known = typed(query)?;
    let question = ChallengeQuery {
        venue: &known.venue,
        keys: &known.keys,
        log_origin: &known.log_origin,
        root: known.address_set.root,
        count: known.address_set.count,
        chains: &known.chains,
        cutoff: known.cutoff,
    };
    match challenge::verify(bytes(sent)?, &question) {
        Ok(verified) => valid(json!({"line": verified.line()})),
        Err(error) => Ok(Outcome::Refused(error.code())),
    }
}
