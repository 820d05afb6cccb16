//! Addresses that count for nothing, whatever they hold, and why.

use super::super::findings::{Finding, Severity};
use super::super::parties::{Elsewhere, Keeper};
use super::Gathering;
use crate::asset::ChainId;
use crate::code::{custody as custody_codes, finding as codes, parties as party_codes, verdict as verdict_codes};
use crate::policy::Policy;
use crate::reserve::address_set::{AddressEntry, IssuerRelation, Role};

impl Gathering<'_> {
    pub(super) fn note_exclusion(&mut self, chain: &ChainId, entry: &AddressEntry) {
        if let Some(custodian) = related_custodian(self.policy, entry) {
            let detail = format!("its custodian is {custodian}, which the policy knows as related to the venue");
            let code = &verdict_codes::RELATED_PARTY;
            let finding = Finding::new(code, Severity::Exception, entry.address.clone(), detail);
            self.find(finding.on_chain(chain));
        }
        if self.policy.is_related_address(&entry.address) {
            let detail = "the policy knows it as one of a party related to the venue; it counts nothing";
            let code = &verdict_codes::RELATED_PARTY;
            let finding = Finding::new(code, Severity::Exception, entry.address.clone(), detail);
            self.find(finding.on_chain(chain));
        }
        if let Some(keeper) = self.elsewhere.get(&(chain.clone(), entry.address.clone())) {
            let (code, detail) = match keeper {
                Keeper::Custodian => (
                    &custody_codes::CUSTODIAN_ADDRESSES,
                    "a custodian has it in its own set: it counts by the leaf in the custodian's tree alone",
                ),
                Keeper::Issuer => (
                    &party_codes::ISSUER_ADDRESSES,
                    "an issuer has shown control of it: what lies there backs the issued coin, and nothing else",
                ),
            };
            let finding = Finding::new(code, Severity::Exception, entry.address.clone(), detail);
            self.find(finding.on_chain(chain));
        }
        if let Some(pledge) = &entry.encumbrance {
            let finding = Finding::new(&codes::ENCUMBERED, Severity::Exception, entry.address.clone(), pledge.clone());
            self.find(finding.on_chain(chain));
        }
        if entry.issuer != IssuerRelation::None {
            let detail = format!("issuer relation {:?}", entry.issuer.text());
            let finding = Finding::new(&codes::OWN_ISSUE, Severity::Exception, entry.address.clone(), detail);
            self.find(finding.on_chain(chain));
        }
    }
}

/// Whether what lies on an address counts at all. `elsewhere` are the addresses of custodians and issuers.
pub(super) fn is_free(policy: &Policy, elsewhere: &Elsewhere, entry: &AddressEntry) -> bool {
    let plain = entry.role != Role::Internal && entry.encumbrance.is_none() && entry.issuer == IssuerRelation::None;
    plain
        && related_custodian(policy, entry).is_none()
        && !policy.is_related_address(&entry.address)
        && !elsewhere.contains_key(&(entry.chain.clone(), entry.address.clone()))
}

/// The custodian of an address, when the policy knows it as related to the venue.
fn related_custodian<'e>(policy: &Policy, entry: &'e AddressEntry) -> Option<&'e str> {
    let custodian = entry.custodian.as_deref()?;
    policy.related_parties().iter().any(|party| party.name == custodian).then_some(custodian)
}
