//! What two venues show: addresses, coins, blocks. Counted once in the sum, and for nobody alone.

use std::collections::{BTreeMap, BTreeSet};

use super::findings::NetworkFinding;
use super::fraction::{Exact, Fraction, units, zero};
use super::sheet::Sheet;
use crate::asset::{AssetId, ChainId, DeploymentId};
use crate::bundle::{FileSource, SealedFiles, paths};
use crate::code::network as codes;
use crate::reconcile::case::counts;
use crate::reconcile::reserves::Held;
use crate::reconcile::{ReconcileError, Severity};
use crate::reserve::address_set::AddressSet;

/// What is counted twice, by asset.
#[derive(Clone, Debug, Default)]
pub(super) struct Shared {
    /// Of each venue: how much of what it counts others show, too.
    pub(super) of: BTreeMap<(usize, AssetId), Fraction>,
    /// The same coins, each once.
    pub(super) once: BTreeMap<AssetId, Fraction>,
}

/// One coin or balance in the sheet of one venue.
struct Shown<'a> {
    venue: usize,
    item: &'a Held,
    asset: &'a AssetId,
    amount: Fraction,
    counted: bool,
}

/// Joins the address sets and the holdings of all sheets.
pub(super) fn join(sheets: &[Sheet<'_>]) -> Result<(Shared, Vec<NetworkFinding>), ReconcileError> {
    let mut findings = addresses(sheets)?;
    let mut shared = Shared::default();
    let mut by_coin: BTreeMap<(&DeploymentId, &str), Vec<Shown<'_>>> = BTreeMap::new();
    for (venue, sheet) in sheets.iter().enumerate() {
        let assets = sheet.member.policy.assets();
        // what nobody shows control of backs nothing, so that it is not counted twice
        for item in sheet.reserves.held.iter().filter(|item| item.free && is_controlled(sheet, item)) {
            let holding = &item.holding;
            let deployed = assets.iter().flat_map(|asset| asset.deployments.iter().map(move |found| (asset, found)));
            let Some((asset, found)) = deployed.into_iter().find(|(_, found)| found.id == holding.deployment) else {
                continue;
            };
            let amount = units(holding.amount, found.decimals);
            let counted = counts(&sheet.member.policy, item);
            let shown = Shown { venue, item, asset: &asset.id, amount, counted };
            by_coin.entry((&holding.deployment, &holding.id)).or_default().push(shown);
        }
    }
    for ((deployment, id), all) in by_coin {
        let venues: BTreeSet<usize> = all.iter().map(|shown| shown.venue).collect();
        let Some(first) = all.first().filter(|_| venues.len() > 1) else { continue };
        for shown in all.iter().filter(|shown| shown.counted) {
            *shared.of.entry((shown.venue, shown.asset.clone())).or_insert_with(zero) += &shown.amount;
        }
        if let Some(least) = all.iter().filter(|shown| shown.counted).map(|shown| &shown.amount).min() {
            *shared.once.entry(first.asset.clone()).or_insert_with(zero) += least;
        }
        let detail = format!("{} of {deployment} at {}", first.amount, first.item.holding.address);
        let finding = NetworkFinding::new(&codes::SHARED_HOLDING, Severity::Critical, id, detail);
        let finding = finding.of_asset(first.asset).of_amount(Exact(first.amount.clone()));
        findings
            .push(venues.iter().filter_map(|venue| sheets.get(*venue)).fold(finding, |f, sheet| f.and(sheet.venue())));
    }
    findings.extend(windows(sheets));
    Ok((shared, findings))
}

/// Whether a venue shows control in a way that its policy accepts. A weaker one, such as a node's word that only the
/// bundle has, anybody can write about anybody's wallet: it takes nothing from who has the key.
fn is_controlled(sheet: &Sheet<'_>, item: &Held) -> bool {
    item.control.is_some_and(|grade| grade >= sheet.member.policy.require().control)
}

/// Addresses that stand in two committed sets.
fn addresses(sheets: &[Sheet<'_>]) -> Result<Vec<NetworkFinding>, ReconcileError> {
    let mut seen: BTreeMap<(ChainId, String), Vec<usize>> = BTreeMap::new();
    for (venue, sheet) in sheets.iter().enumerate() {
        for entry in committed_set(sheet)?.iter().flat_map(AddressSet::entries) {
            seen.entry((entry.chain.clone(), entry.address.clone())).or_default().push(venue);
        }
    }
    let controlled: Vec<BTreeSet<(ChainId, &str)>> = sheets.iter().map(controlled).collect();
    let shared = seen.into_iter().filter(|(_, venues)| venues.len() > 1);
    Ok(shared.map(|(place, venues)| claimed_twice(sheets, &controlled, &place, &venues)).collect())
}

/// The addresses that a venue commits to. A set that cannot be read, or is not the committed one, is a finding of the
/// venue's own report.
pub(super) fn committed_set(sheet: &Sheet<'_>) -> Result<Option<AddressSet>, ReconcileError> {
    let files = SealedFiles::new(sheet.files, &sheet.sealed);
    let set = files.read(paths::ADDRESSES)?.and_then(|file| AddressSet::parse(&file).ok());
    let committed = sheet.statement.statement().address_set;
    let is_committed = |set: &AddressSet| {
        committed.is_some_and(|committed| (committed.root, committed.count) == (set.root(), set.count()))
    };
    Ok(set.filter(is_committed))
}

/// Addresses on which a venue holds something that it controls.
fn controlled<'a>(sheet: &'a Sheet<'_>) -> BTreeSet<(ChainId, &'a str)> {
    let held = sheet.reserves.held.iter().filter(|item| is_controlled(sheet, item));
    held.filter_map(|item| Some((item.holding.deployment.chain()?, item.holding.address.as_str()))).collect()
}

/// A venue that only lists another's address, without control of it, takes nothing from the other.
fn claimed_twice(
    sheets: &[Sheet<'_>],
    controlled: &[BTreeSet<(ChainId, &str)>],
    (chain, address): &(ChainId, String),
    venues: &[usize],
) -> NetworkFinding {
    let of: Vec<&Sheet<'_>> = venues.iter().filter_map(|venue| sheets.get(*venue)).collect();
    let controls = |venue: &&usize| {
        let place = (chain.clone(), address.as_str());
        controlled.get(**venue).is_some_and(|places| places.contains(&place))
    };
    let controlling = venues.iter().filter(controls).count();
    let severity = if controlling > 1 { Severity::Critical } else { Severity::Exception };
    let detail = format!("on {chain}; {controlling} of them hold something there under a valid signature");
    let finding = NetworkFinding::new(&codes::SHARED_ADDRESS, severity, address, detail);
    of.iter().fold(finding, |finding, sheet| finding.and(sheet.venue()))
}

/// On every chain that several venues use there must be blocks that all of their windows show.
fn windows(sheets: &[Sheet<'_>]) -> Vec<NetworkFinding> {
    let chains: BTreeSet<&ChainId> = sheets.iter().flat_map(|sheet| sheet.reserves.windows.keys()).collect();
    let mut findings = Vec::new();
    for chain in chains {
        let users: Vec<&Sheet<'_>> = sheets.iter().filter(|sheet| sheet.reserves.windows.contains_key(chain)).collect();
        if users.len() < 2 {
            continue;
        }
        let ranges: Vec<Option<(u64, u64)>> = users.iter().map(|sheet| shown_range(sheet, chain)).collect();
        let from = ranges.iter().map(|range| range.map_or(u64::MAX, |(from, _)| from)).max();
        let to = ranges.iter().map(|range| range.map_or(0, |(_, to)| to)).min();
        if from <= to {
            continue;
        }
        let words = users.iter().zip(&ranges).map(|(sheet, range)| match range {
            Some((from, to)) => format!("{} shows blocks {from} to {to}", sheet.venue()),
            None => format!("{} shows none", sheet.venue()),
        });
        let detail = words.collect::<Vec<_>>().join(", ");
        let finding = NetworkFinding::new(&codes::NETWORK_WINDOWS_APART, Severity::Exception, chain.as_str(), detail);
        findings.push(users.iter().fold(finding, |finding, sheet| finding.and(sheet.venue())));
    }
    findings
}

/// The blocks that every window of a venue on a chain shows.
fn shown_range(sheet: &Sheet<'_>, chain: &ChainId) -> Option<(u64, u64)> {
    let windows = sheet.report.assets.iter().flat_map(|asset| &asset.windows);
    let here = windows.filter(|window| window.deployment.chain().as_ref() == Some(chain));
    here.map(|window| (window.measured.from, window.measured.to)).reduce(|a, b| (a.0.max(b.0), a.1.min(b.1)))
}
