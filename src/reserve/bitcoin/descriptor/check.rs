//! Whether an address set has exactly the addresses that its descriptors give.

use std::collections::BTreeMap;

use super::list::in_parallel;
use super::{DescriptorList, RangedDescriptor};
use crate::hash::Digest;
use crate::reserve::address_set::{AddressEntry, AddressSet, DerivedFrom};

/// One way in which a set is not what its descriptors give. Ids, not texts, name descriptors: reports are for
/// everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The set has addresses of a descriptor that is not in the list.
    Undisclosed {
        /// The descriptor.
        id: Digest,
        /// Its addresses in the set.
        count: usize,
        /// The first of them.
        first: String,
    },
    /// The set lacks addresses of the range.
    Missing {
        /// The descriptor.
        id: Digest,
        /// Addresses that the range has.
        expected: u32,
        /// Those that the set lacks.
        count: u32,
        /// The first index that it lacks.
        first: u32,
    },
    /// The set has an address for an index beyond the range, or a second one for an index.
    Surplus {
        /// Descriptor and index.
        from: DerivedFrom,
        /// The address.
        address: String,
        /// Addresses that the range has.
        expected: u32,
    },
    /// The address is not the one of its index.
    OtherAddress {
        /// Descriptor and index.
        from: DerivedFrom,
        /// In the set.
        got: String,
        /// By the descriptor.
        expected: String,
    },
}

/// Everything in which the set differs, in the order of the descriptors' ids. The work is bounded by the size of the
/// set: a list cannot ask for more derivations than there are addresses.
#[must_use]
pub fn compare(list: &DescriptorList, set: &AddressSet) -> Vec<Difference> {
    let mut by_id: BTreeMap<Digest, Vec<(u32, &AddressEntry)>> = BTreeMap::new();
    for entry in set.entries() {
        if let Some(from) = entry.descriptor {
            by_id.entry(from.id).or_default().push((from.index, entry));
        }
    }
    let listed: BTreeMap<Digest, &RangedDescriptor> = list.descriptors().iter().map(|one| (one.id(), one)).collect();
    let mut found = Vec::new();
    for (id, entries) in &mut by_id {
        entries.sort_by_key(|(index, _)| *index);
        match (listed.get(id), entries.first()) {
            (Some(descriptor), _) => compare_one(descriptor, *id, entries, &mut found),
            (None, Some((_, first))) => {
                let (count, first) = (entries.len(), first.address.clone());
                found.push(Difference::Undisclosed { id: *id, count, first });
            }
            (None, None) => {}
        }
    }
    for (id, descriptor) in listed.iter().filter(|(id, _)| !by_id.contains_key(*id)) {
        let count = descriptor.count();
        found.push(Difference::Missing { id: *id, expected: count, count, first: 0 });
    }
    found
}

/// The entries of one descriptor, in the order of their indices.
fn compare_one(
    descriptor: &RangedDescriptor,
    id: Digest,
    entries: &[(u32, &AddressEntry)],
    found: &mut Vec<Difference>,
) {
    let expected = descriptor.count();
    let (mut next, mut count, mut first) = (0_u32, 0_u32, None);
    let mut inside = Vec::with_capacity(entries.len());
    for (index, entry) in entries {
        if *index >= expected || *index < next {
            let from = DerivedFrom { id, index: *index };
            found.push(Difference::Surplus { from, address: entry.address.clone(), expected });
            continue;
        }
        if *index > next {
            first.get_or_insert(next);
            count += index - next;
        }
        next = index + 1;
        inside.push((*index, *entry));
    }
    if next < expected {
        first.get_or_insert(next);
        count += expected - next;
    }
    if let Some(first) = first {
        found.push(Difference::Missing { id, expected, count, first });
    }
    let derived = in_parallel(&inside, |deriver, (index, _)| descriptor.address(deriver, *index));
    for ((index, entry), derived) in inside.iter().zip(derived) {
        let expected = derived.unwrap_or_else(|error| error.to_string());
        if entry.chain != *descriptor.chain() || entry.address != expected {
            let from = DerivedFrom { id, index: *index };
            found.push(Difference::OtherAddress { from, got: entry.address.clone(), expected });
        }
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Undisclosed { count, first, .. } => {
                write!(f, "{count} addresses come from it, the first is {first}; it is not in the list")
            }
            Self::Missing { expected, count, first, .. } => {
                write!(f, "{count} of its {expected} addresses are not in the set, the first is that of index {first}")
            }
            Self::Surplus { from, address, expected } => {
                write!(f, "{address} stands for index {}, beside the {expected} addresses that it gives", from.index)
            }
            Self::OtherAddress { from, got, expected } => {
                write!(f, "index {} is {expected}, the set has {got}", from.index)
            }
        }
    }
}

impl Difference {
    /// The descriptor.
    #[must_use]
    pub fn id(&self) -> Digest {
        match self {
            Self::Undisclosed { id, .. } | Self::Missing { id, .. } => *id,
            Self::Surplus { from, .. } | Self::OtherAddress { from, .. } => from.id,
        }
    }
}
