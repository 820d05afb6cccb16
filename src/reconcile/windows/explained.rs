//! Round trips that customers' leaves answer to, in the section of an asset.

use std::collections::{BTreeMap, BTreeSet};

use crate::amount::Amount;
use crate::asset::{Asset, DeploymentId};
use crate::code::explained as codes;
use crate::reconcile::case::Known;
use crate::reconcile::depositors::Customer;
use crate::reconcile::findings::{Finding, Severity};
use crate::reconcile::verdicts::Section;
use crate::reconcile::window::{CustomerLeaf, Direction, Explained, RoundTrip, WindowReport};

/// Files of one round trip that are told by name.
const FILES_TOLD: usize = 3;

impl Section<'_> {
    /// What the leaves of depositors can answer for in this asset.
    pub(super) fn explained(&self, mapped: Option<&Asset>) -> Explained {
        let decimals = self.common_decimals(mapped);
        let owes = |known: &&Known<'_>| known.statement.assets.iter().any(|asset| asset.id == *self.id);
        let owing: Vec<&Known<'_>> = self.statements.iter().filter(owes).collect();
        let cutoffs = owing.iter().map(|known| {
            let blocks = known.statement.chains.iter().map(|block| (block.chain.clone(), block.height)).collect();
            (known.statement.sequence, blocks)
        });
        let logged = owing.iter().filter(|known| known.logged).map(|known| known.statement.sequence).collect();
        let mut explained = Explained { decimals, cutoffs: cutoffs.collect(), logged, ..Explained::default() };
        // only customers who name a transaction of the asset: there may be thousands of each
        let named: Vec<_> = self.named(mapped).collect();
        let places: BTreeSet<usize> = named.iter().flat_map(|(_, named)| named.values().flatten().copied()).collect();
        let mut leaf_of: BTreeMap<usize, usize> = BTreeMap::new();
        for place in places {
            let Some(customer) = self.customer(place) else { continue };
            let of_asset = customer.balances.get(self.id).into_iter().flatten();
            // an amount that does not fit in the common decimals makes the whole asset not readable
            let scaled = of_asset
                .filter_map(|(sequence, (amount, own))| Some((*sequence, amount.rescale(*own, decimals).ok()?)));
            let (credential, balances) = (customer.credential.clone(), scaled.collect());
            leaf_of.insert(place, explained.leaves.len());
            explained.leaves.push(CustomerLeaf { credential, balances });
        }
        for (deployment, named) in named {
            let leaves = |places: &Vec<usize>| places.iter().filter_map(|place| leaf_of.get(place).copied()).collect();
            let named = named.iter().map(|(txid, places)| (txid.clone(), leaves(places)));
            explained.deposits.insert(deployment.clone(), named.collect());
        }
        explained
    }

    /// Who names transactions of the asset's deployments.
    fn named<'a>(
        &'a self,
        mapped: Option<&'a Asset>,
    ) -> impl Iterator<Item = (&'a DeploymentId, &'a BTreeMap<String, Vec<usize>>)> {
        let deployments = mapped.into_iter().flat_map(|asset| &asset.deployments);
        let ids: BTreeSet<&DeploymentId> = deployments.map(|found| &found.id).collect();
        ids.into_iter().filter_map(|id| Some((id, self.reserves.depositors.named.get(id)?)))
    }

    fn customer(&self, place: usize) -> Option<&Customer> {
        self.reserves.depositors.customers.get(place)
    }

    /// What leaves answer to, trip by trip, with the file that shows it; the account is in that file alone.
    pub(super) fn answered(&self, report: &WindowReport) -> Vec<Finding> {
        let mut findings = Vec::new();
        for trip in &report.round_trips {
            let (places, more) = self.first_named(report, trip);
            let Some(first) = places.first().and_then(|place| self.customer(*place)) else { continue };
            for (code, severity, amount, words) in words(trip) {
                let text = amount.to_readable(report.decimals);
                let detail = format!(
                    "{text} of {} {words}; came at block {}, gone by block {}; files {}",
                    trip.amount_in.to_readable(report.decimals),
                    trip.in_at,
                    trip.out_at,
                    paths(&places, more, self)
                );
                let finding = Finding::new(code, severity, &trip.counterparty, detail).of_asset(self.id);
                let finding = finding.of_amount(amount, report.decimals).in_file(first.path.clone());
                findings.push(match report.deployment.chain() {
                    Some(chain) => finding.on_chain(&chain),
                    None => finding,
                });
            }
        }
        findings
    }

    /// The first customers who name a transaction in which a round trip came, and whether there are more of them.
    fn first_named(&self, report: &WindowReport, trip: &RoundTrip) -> (BTreeSet<usize>, bool) {
        let named = self.reserves.depositors.named.get(&report.deployment);
        let came = trip.legs.iter().filter(|leg| leg.direction == Direction::In);
        let of_each = came.filter_map(|leg| named?.get(&leg.txid));
        // of each transaction one more than are told: trips of one transaction may be thousands, and its customers
        let mut first: BTreeSet<usize> =
            of_each.flat_map(|places| places.iter().take(FILES_TOLD.saturating_add(1)).copied()).collect();
        let more = first.len() > FILES_TOLD;
        while first.len() > FILES_TOLD {
            first.pop_last();
        }
        (first, more)
    }

    /// Transactions that are said to be deposits and begin no round trip.
    pub(super) fn unused_deposits(&self, mapped: Option<&Asset>, reports: &[WindowReport]) -> Vec<Finding> {
        let mut came: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
        for report in reports {
            let legs = report.round_trips.iter().flat_map(|trip| &trip.legs);
            let legs = legs.filter(|leg| leg.direction == Direction::In).map(|leg| leg.txid.as_str());
            came.insert(&report.deployment, legs.collect());
        }
        let mut unused: BTreeSet<(usize, &DeploymentId, &str)> = BTreeSet::new();
        for (deployment, named) in self.named(mapped) {
            let came = came.get(deployment);
            let named = named.iter().filter(|(txid, _)| !came.is_some_and(|known| known.contains(txid.as_str())));
            unused.extend(named.flat_map(|(txid, of)| of.iter().map(move |place| (*place, deployment, txid.as_str()))));
        }
        let told = unused.into_iter().filter_map(|(place, _, txid)| {
            let customer = self.customer(place)?;
            let detail = format!("named in {}", customer.path);
            let finding = Finding::new(&codes::DEPOSIT_UNUSED, Severity::Note, txid.to_owned(), detail);
            Some(finding.of_asset(self.id).in_file(customer.path.clone()))
        });
        told.collect()
    }

    /// Coins came and went, and this copy lacks what may explain them.
    pub(in crate::reconcile) fn hidden_depositors(&self, reports: &[WindowReport]) -> Option<Finding> {
        let open = reports.iter().flat_map(|report| &report.round_trips).find(|trip| !trip.unexplained().is_zero())?;
        let detail = format!("coins that came at block {} went back by block {}", open.in_at, open.out_at);
        let finding = Finding::new(&codes::DEPOSITORS_ABSENT, Severity::Critical, open.counterparty.clone(), detail);
        self.reserves.depositors.absent.then(|| finding.of_asset(self.id))
    }
}

/// A code, its weight, how much it is about, and what is said of that much.
type Words = (&'static crate::code::Code, Severity, Amount, &'static str);

fn words(trip: &RoundTrip) -> Vec<Words> {
    let answered = trip.explained_bound.base_units().saturating_add(trip.explained_stated.base_units());
    let rest = Amount::from_base_units(trip.amount_in.base_units().saturating_sub(answered));
    let all: [Words; 3] = [
        (&codes::TRIP_EXPLAINED, Severity::Note, trip.explained_bound, "are owed in leaves bound to the counterparty"),
        (
            &codes::TRIP_STATED,
            Severity::Exception,
            trip.explained_stated,
            "are owed in leaves of which only the bundle says whose they are",
        ),
        (&codes::TRIP_PARTLY, Severity::Exception, rest, "are not in the leaves that are shown"),
    ];
    all.into_iter().filter(|(_, _, amount, _)| !amount.is_zero()).collect()
}

fn paths(places: &BTreeSet<usize>, more: bool, section: &Section<'_>) -> String {
    let names: Vec<&str> =
        places.iter().filter_map(|place| section.customer(*place)).map(|customer| customer.path.as_str()).collect();
    format!("{}{}", names.join(", "), if more { " and more" } else { "" })
}
