//! Address sets of earlier statements: what was added, what was retired, and whether it is empty.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::{AddressChange, Between, of_many};
use crate::amount::Amount;
use crate::asset::ChainId;
use crate::bundle::{FileSource, paths};
use crate::code::{Coded as _, statement_chain as codes};
use crate::hash::Digest;
use crate::publish::VerifiedStatement;
use crate::reconcile::ReconcileError;
use crate::reconcile::findings::{Finding, Severity};
use crate::reconcile::history::History;
use crate::reserve::address_set::AddressSet;
use crate::reserve::claim::Holding;
use crate::reserve::window::{Part, WindowEvidence};

/// Addresses by chain.
type Addresses = BTreeMap<ChainId, BTreeSet<String>>;

/// What earlier sets have beside the present one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EarlierSets {
    /// Addresses of any earlier set that the present one no longer has.
    pub retired: Addresses,
    /// Addresses that the set of the statement before did not have; `None` when that set is not known.
    pub added: Option<Addresses>,
}

fn addresses_of(set: &AddressSet) -> Addresses {
    let mut all = Addresses::new();
    for entry in set.entries() {
        all.entry(entry.chain.clone()).or_default().insert(entry.address.clone());
    }
    all
}

/// What is in `left` and not in `right`.
fn less(left: &Addresses, right: &Addresses) -> Addresses {
    let none = BTreeSet::new();
    let rest = left.iter().map(|(chain, addresses)| {
        let others = right.get(chain).unwrap_or(&none);
        (chain.clone(), addresses.difference(others).cloned().collect::<BTreeSet<String>>())
    });
    rest.filter(|(_, rest)| !rest.is_empty()).collect()
}

/// Reads the sets that earlier statements commit to. What is missing or wrong is a finding.
pub(in crate::reconcile) fn earlier_sets(
    files: &dyn FileSource,
    history: &History,
    present: &AddressSet,
) -> Result<(EarlierSets, Vec<Finding>), ReconcileError> {
    let now = addresses_of(present);
    let (mut earlier, mut findings) = (EarlierSets::default(), Vec::new());
    let mut read: BTreeMap<Digest, Option<Addresses>> = BTreeMap::from([(present.root(), Some(now.clone()))]);
    let predecessor = history.predecessor().map(VerifiedStatement::digest);
    for known in history.earlier() {
        let Some(committed) = known.statement().address_set else { continue };
        let set = match read.entry(committed.root) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(one(files, known, (committed.root, committed.count), &mut findings)?),
        };
        let Some(addresses) = set else { continue };
        for (chain, gone) in less(addresses, &now) {
            earlier.retired.entry(chain).or_default().extend(gone);
        }
        if predecessor == Some(known.digest()) {
            earlier.added = Some(less(&now, addresses));
        }
    }
    Ok((earlier, findings))
}

fn one(
    files: &dyn FileSource,
    known: &VerifiedStatement,
    committed: (Digest, u64),
    findings: &mut Vec<Finding>,
) -> Result<Option<Addresses>, ReconcileError> {
    let path = paths::address_set(&committed.0);
    let subject = format!("statement {}", known.statement().sequence);
    let Some(file) = files.read(&path)? else {
        let detail = format!("{path} is not in the bundle");
        findings.push(Finding::new(&codes::EARLIER_SET_MISSING, Severity::Exception, subject, detail));
        return Ok(None);
    };
    let detail = match AddressSet::parse(&file) {
        Ok(set) if (set.root(), set.count()) == committed => return Ok(Some(addresses_of(&set))),
        Ok(set) => {
            let (root, count) = committed;
            format!("got {} ({} addresses), expected {root} ({count} addresses)", set.root(), set.count())
        }
        Err(error) => format!("{}: {error}", error.code()),
    };
    let finding = Finding::new(&codes::EARLIER_SET_REFUSED, Severity::Exception, subject, detail);
    findings.push(finding.in_file(path));
    Ok(None)
}

/// What every asked address held after a block. `None` when a sum falls below zero or does not fit.
pub(super) fn held_at(evidence: &WindowEvidence, height: u64) -> Option<BTreeMap<&str, Amount>> {
    let mut held: BTreeMap<&str, Amount> = BTreeMap::new();
    let add = |part: &Part, address: &mut Amount| -> Option<()> {
        *address = address.checked_add(part.amount)?;
        Some(())
    };
    for part in &evidence.opening {
        add(part, held.entry(part.address.as_str()).or_default())?;
    }
    for transfer in evidence.transfers.iter().filter(|transfer| transfer.height <= height) {
        for part in &transfer.received {
            add(part, held.entry(part.address.as_str()).or_default())?;
        }
        for part in &transfer.spent {
            let amount = held.entry(part.address.as_str()).or_default();
            *amount = amount.checked_sub(part.amount)?;
        }
    }
    Some(held)
}

/// What is known of the retired addresses of one chain.
#[derive(Default)]
struct Retired<'a> {
    holding: Vec<(&'a str, String)>,
    unknown: Vec<&'a str>,
    empty: u64,
}

impl Between<'_> {
    /// What came and went in the set, and whether what went is empty.
    pub(super) fn addresses(&self, findings: &mut Vec<Finding>) -> Option<AddressChange> {
        let earlier = &self.reserves.earlier;
        let added = earlier.added.as_ref()?;
        let mut change = AddressChange::default();
        for (chain, addresses) in added {
            let count = addresses.len() as u64;
            change.added = change.added.saturating_add(count);
            let first = addresses.first().map_or("", String::as_str);
            findings.push(of_many((&codes::ADDRESS_ADDED, Severity::Note), chain, (count, first), ""));
        }
        for (chain, addresses) in &earlier.retired {
            let retired = self.retired(chain, addresses);
            change.retired = change.retired.saturating_add(addresses.len() as u64);
            change.empty = change.empty.saturating_add(retired.empty);
            let (holding, unknown) = (retired.holding.len() as u64, retired.unknown.len() as u64);
            change.holding = change.holding.saturating_add(holding);
            if let Some((first, amount)) = retired.holding.first() {
                let more = format!(" with {amount} at the cut-off block");
                let kind = (&codes::RETIRED_HOLDS, Severity::Exception);
                findings.push(of_many(kind, chain, (holding, first), &more));
            }
            if let Some(first) = retired.unknown.first() {
                let kind = (&codes::RETIRED_UNKNOWN, Severity::Exception);
                findings.push(of_many(kind, chain, (unknown, first), ""));
            }
        }
        Some(change)
    }

    fn retired<'b>(&self, chain: &ChainId, addresses: &'b BTreeSet<String>) -> Retired<'b> {
        let mut retired = Retired::default();
        let held = self.held_at_cutoff(chain);
        let proved = self.proved(chain);
        let deployments = self.policy.assets().iter().flat_map(|asset| &asset.deployments);
        let counted = deployments.filter(|found| found.id.chain().as_ref() == Some(chain)).count();
        for address in addresses {
            let of_address = proved.get(address.as_str()).map(Vec::as_slice).unwrap_or_default();
            // a balance that is proved by itself needs no window
            let listed = of_address.iter().find(|holding| !holding.amount.is_zero());
            let by_window = held.as_ref().map(|held| held.get(address.as_str()).copied().unwrap_or_default());
            match (listed, by_window) {
                (Some(holding), _) => {
                    retired.holding.push((address, format!("{} base units of {}", holding.amount, holding.deployment)));
                }
                (None, Some(amount)) if !amount.is_zero() => {
                    retired.holding.push((address, format!("{amount} base units")));
                }
                (None, Some(_)) => retired.empty = retired.empty.saturating_add(1),
                // coins are never a whole answer, balances of accounts are
                (None, None) if counted > 0 && of_address.len() == counted && chain.namespace() != "bip122" => {
                    retired.empty = retired.empty.saturating_add(1);
                }
                (None, None) => retired.unknown.push(address),
            }
        }
        retired
    }

    /// Balances of retired addresses that are proved by themselves, one for each deployment.
    fn proved(&self, chain: &ChainId) -> BTreeMap<&str, Vec<&Holding>> {
        let require = self.policy.require().authenticity;
        let mut proved: BTreeMap<&str, Vec<&Holding>> = BTreeMap::new();
        for holding in &self.reserves.retired {
            if holding.deployment.chain().as_ref() == Some(chain) && holding.authenticity >= require {
                proved.entry(holding.address.as_str()).or_default().push(holding);
            }
        }
        proved
    }

    /// What the window says of the cut-off block; `None` when it does not say all of it, on accepted evidence.
    fn held_at_cutoff(&self, chain: &ChainId) -> Option<BTreeMap<&str, Amount>> {
        let known = self.reserves.windows.get(chain)?;
        let evidence = known.evidence.as_ref()?;
        let inside = (evidence.from..=evidence.to).contains(&known.snapshot)
            && !evidence.gaps.iter().any(|(from, to)| (*from..=*to).contains(&known.snapshot));
        // with tokens on the chain, the window of one deployment says nothing of the others
        let deployments = self.policy.assets().iter().flat_map(|asset| &asset.deployments);
        let alone = deployments.filter(|found| found.id.chain().as_ref() == Some(chain)).count() == 1;
        let whole = inside && alone && self.accepts(evidence.authenticity, evidence.completeness);
        whole.then(|| held_at(evidence, known.snapshot)).flatten()
    }
}
