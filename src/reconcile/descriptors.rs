//! Whether the address set is what its descriptors give: `auditor/descriptors.jsonl`, which only auditors get.

use std::collections::BTreeMap;

use super::findings::{Finding, Severity};
use crate::bundle::paths::DESCRIPTORS;
use crate::code::{Coded as _, finding as codes};
use crate::hash::Digest;
use crate::reserve::address_set::AddressSet;
use crate::reserve::bitcoin::descriptor::{DescriptorList, Difference, compare};

/// What the list of descriptors shows of the set; `file` is none when the bundle has no such file. A set without
/// descriptors says nothing of where its addresses come from, and nothing is asked of it.
pub(super) fn check(set: &AddressSet, file: Option<&[u8]>) -> Vec<Finding> {
    let mut named: BTreeMap<Digest, usize> = BTreeMap::new();
    for from in set.entries().iter().filter_map(|entry| entry.descriptor) {
        *named.entry(from.id).or_default() += 1;
    }
    let Some(file) = file else {
        if named.is_empty() {
            return Vec::new();
        }
        let addresses: usize = named.values().sum();
        let detail = format!("{addresses} addresses come from {} descriptors, none is in the bundle", named.len());
        return vec![Finding::new(&codes::DESCRIPTORS_UNDISCLOSED, Severity::Exception, DESCRIPTORS, detail)];
    };
    match DescriptorList::parse(file) {
        Ok(list) => compare(&list, set).iter().map(|difference| finding(&list, difference)).collect(),
        Err(error) => {
            let detail = format!("{}: {error}", error.code());
            let finding = Finding::new(&codes::DESCRIPTORS_REFUSED, Severity::Exception, DESCRIPTORS, detail);
            vec![finding.in_file(DESCRIPTORS)]
        }
    }
}

fn finding(list: &DescriptorList, difference: &Difference) -> Finding {
    let (code, severity) = match difference {
        Difference::Undisclosed { .. } => (&codes::DESCRIPTORS_UNDISCLOSED, Severity::Exception),
        Difference::Missing { .. } | Difference::Surplus { .. } | Difference::OtherAddress { .. } => {
            (&codes::DESCRIPTOR_DIFFERS, Severity::Critical)
        }
    };
    let subject = format!("descriptor {}", difference.id());
    let finding = Finding::new(code, severity, subject, difference.to_string()).in_file(DESCRIPTORS);
    match list.descriptors().iter().find(|one| one.id() == difference.id()) {
        Some(descriptor) => finding.on_chain(descriptor.chain()),
        None => finding,
    }
}
