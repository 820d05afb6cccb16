//! What is missing in a statement, what in it is only a claim, and where balance sheet and address set contradict each
//! other.

use std::collections::{BTreeMap, BTreeSet};

use crate::amount::{Amount, Decimals};
use crate::asset::{Asset, AssetId};
use crate::basis::Basis;
use crate::code::{credit as codes, finding as finding_codes};
use crate::policy::Policy;
use crate::publish::Statement;
use crate::publish::balance_sheet::{BalanceSheet, Encumbrance, EncumbranceKind, HoldingKind, Kind, Row};
use crate::reconcile::findings::{Finding, Severity};
use crate::reconcile::reserves::{Held as HeldItem, Reserves};
use crate::reserve::address_set::IssuerRelation;

/// Money of states has no chain: an asset of this name with a deployment is a coin that promises it.
const MONEY: &str = "iso4217:";

/// Everything that a reader of the statement must know about its balance sheet, or that there is none.
pub(in crate::reconcile) fn findings(policy: &Policy, statement: &Statement, reserves: &Reserves) -> Vec<Finding> {
    let mut findings = of_sheet(policy, &statement.assets, statement.schedules.balance_sheet.as_ref(), reserves);
    if statement.scope.is_empty() {
        let detail = "the table is empty: products and entities outside of the trees are unknown, not none";
        findings.push(Finding::new(&codes::SCOPE_NONE_STATED, Severity::Exception, "scope", detail));
    }
    findings
}

/// The same of a balance sheet, or of none, beside the statement's assets and what the reserve side shows.
#[must_use]
pub fn of_sheet(policy: &Policy, assets: &[Asset], sheet: Option<&BalanceSheet>, reserves: &Reserves) -> Vec<Finding> {
    let mut findings = Vec::new();
    counted_as_money(policy, assets, &mut findings);
    let Some(sheet) = sheet else {
        let detail = "claims on others, pledges, related parties and due dates are unknown, not none";
        let subject = "schedules.balance_sheet";
        findings.push(Finding::new(&codes::NO_BALANCE_SHEET, Severity::Exception, subject, detail));
        return findings;
    };
    claims(sheet, &mut findings);
    related(sheet, "holding", &sheet.holdings, &mut findings);
    related(sheet, "receivable", &sheet.receivables, &mut findings);
    relations(policy, sheet, reserves, &mut findings);
    pledges(policy, sheet, reserves, &mut findings);
    findings
}

/// Coins under the name of a state's money, in the statement's map or in the policy's.
fn counted_as_money(policy: &Policy, stated: &[Asset], findings: &mut Vec<Finding>) {
    let maps: [(&str, &[Asset]); 2] = [("statement", stated), ("policy", policy.assets())];
    for (whose, assets) in maps {
        for asset in assets.iter().filter(|asset| asset.id.as_str().starts_with(MONEY)) {
            for deployment in &asset.deployments {
                let detail = format!("the {whose} counts {} as {}", deployment.id, asset.id);
                let finding =
                    Finding::new(&codes::CLAIM_AS_NATIVE, Severity::Exception, deployment.id.to_string(), detail);
                findings.push(finding.of_asset(&asset.id));
            }
        }
    }
}

/// Claims by unit and kind, and those that name no issuer.
fn claims(sheet: &BalanceSheet, findings: &mut Vec<Finding>) {
    let mut groups: BTreeMap<(&AssetId, &str), (usize, Amount, bool)> = BTreeMap::new();
    for row in &sheet.holdings {
        let group = groups.entry((&row.asset, row.kind.text())).or_default();
        // the sums of a list fit: they were checked when the statement was read
        let sum = group.1.checked_add(row.amount).unwrap_or(Amount::MAX);
        *group = (group.0 + 1, sum, group.2 || row.basis == Basis::Assumed);
    }
    for ((asset, kind), (count, sum, estimated)) in groups {
        let Some(unit) = sheet.unit(asset) else { continue };
        let rows = if count == 1 { "row" } else { "rows" };
        let basis = if estimated { "stated, a part of it estimated" } else { "stated" };
        let text = sum.to_readable(unit.decimals);
        let detail = format!("{text} {asset} in {count} {rows} of {kind}, {basis}: nothing of it counts as held");
        let finding = Finding::new(&codes::CLAIM_LISTED, Severity::Note, kind, detail);
        findings.push(finding.of_asset(asset).of_amount(sum, unit.decimals));
    }
    let promises = |row: &&Row<HoldingKind>| matches!(row.kind, HoldingKind::Stablecoin | HoldingKind::Wrapped);
    for row in sheet.holdings.iter().filter(promises) {
        let Some(unit) = sheet.unit(&row.asset).filter(|unit| unit.issuer.is_none()) else { continue };
        let (kind, amount) = (row.kind, row.amount.to_readable(unit.decimals));
        let detail = format!("{amount} of {kind} stand under {}, which has no issuer", row.asset);
        let finding = Finding::new(&codes::CLAIM_AS_NATIVE, Severity::Exception, row.counterparty.clone(), detail);
        findings.push(finding.of_asset(&row.asset).of_amount(row.amount, unit.decimals));
    }
}

/// Related parties, one by one.
fn related<K: Kind>(sheet: &BalanceSheet, list: &str, rows: &[Row<K>], findings: &mut Vec<Finding>) {
    for row in rows.iter().filter(|row| row.related_party) {
        let Some(unit) = sheet.unit(&row.asset) else { continue };
        let (kind, amount, basis) = (row.kind.text(), row.amount.to_readable(unit.decimals), row.basis);
        let detail = format!("{list} of kind {kind}: {amount} {}, due {}, {basis}", row.asset, row.due);
        let finding = Finding::new(&codes::CLAIM_ON_RELATED, Severity::Exception, row.counterparty.clone(), detail);
        findings.push(finding.of_asset(&row.asset).of_amount(row.amount, unit.decimals));
    }
}

/// Addresses that the set names with this finding.
pub(super) fn addresses_with(reserves: &Reserves, code: u16) -> BTreeSet<&str> {
    let of_code = reserves.findings.iter().filter(|finding| finding.code.number == code);
    of_code.map(|finding| finding.subject.as_str()).collect()
}

/// What policy or address set know of a unit's issuer, with the words for it; `None` when they know nothing.
fn known_relation(policy: &Policy, reserves: &Reserves, unit: &AssetId) -> Option<(IssuerRelation, String)> {
    let mapped = policy.assets().iter().find(|asset| asset.id == *unit);
    let deployments = || mapped.into_iter().flat_map(|asset| &asset.deployments);
    if let Some(found) = deployments().find(|found| policy.own_tokens().contains(&found.id)) {
        return Some((IssuerRelation::Own, format!("the policy knows {} as its own issue", found.id)));
    }
    // a unit that the policy does not map lies nowhere, and there may be a hundred thousand of them
    let on_address = mapped.and_then(|_| {
        let own_issue = addresses_with(reserves, finding_codes::OWN_ISSUE.number);
        reserves.held.iter().find(|item| {
            own_issue.contains(item.holding.address.as_str())
                && deployments().any(|found| found.id == item.holding.deployment)
        })
    });
    if let Some(item) = on_address {
        return Some((IssuerRelation::Own, format!("the address set says otherwise of {}", item.holding.address)));
    }
    let assumed = policy.quality().and_then(|rules| rules.terms(unit)).and_then(|terms| terms.relation);
    let assumed = assumed.filter(|relation| *relation != IssuerRelation::None)?;
    Some((assumed, format!("{} by the policy's assumptions", assumed.text())))
}

/// The relation to a unit's issuer: the word against the venue counts, whoever says it.
pub(in crate::reconcile) fn relation(
    policy: &Policy,
    sheet: &BalanceSheet,
    reserves: &Reserves,
    unit: &AssetId,
) -> IssuerRelation {
    let stated = sheet.unit(unit).map(|unit| unit.relation).filter(|relation| *relation != IssuerRelation::None);
    let known = || known_relation(policy, reserves, unit).map(|(relation, _)| relation);
    stated.or_else(known).unwrap_or(IssuerRelation::None)
}

/// A unit without a relation, though the policy or the address set knows one.
fn relations(policy: &Policy, sheet: &BalanceSheet, reserves: &Reserves, findings: &mut Vec<Finding>) {
    for unit in sheet.units.iter().filter(|unit| unit.relation == IssuerRelation::None) {
        let Some((_, words)) = known_relation(policy, reserves, &unit.id) else { continue };
        let detail = format!("none by the balance sheet; {words}");
        let finding = Finding::new(&codes::RELATION_CONTRADICTED, Severity::Exception, unit.id.as_str(), detail);
        findings.push(finding.of_asset(&unit.id));
    }
}

/// What cannot pay customers, though it lies on an address.
pub(super) fn keeps(row: &&Encumbrance) -> bool {
    row.kind != EncumbranceKind::Staked
}

/// What lies on addresses, in base units with `decimals`; `None` for what does not fit.
pub(super) fn lying<'a>(
    policy: &'a Policy,
    reserves: &'a Reserves,
    asset: &AssetId,
    decimals: Decimals,
) -> impl Iterator<Item = (&'a HeldItem, Option<Amount>)> {
    let mapped = policy.assets().iter().find(|known| known.id == *asset);
    let of_asset = move |mapped: &'a Asset| {
        reserves.held.iter().filter_map(move |item| {
            let found = mapped.deployments.iter().find(|found| found.id == item.holding.deployment)?;
            Some((item, item.holding.amount.rescale(found.decimals, decimals).ok()))
        })
    };
    mapped.into_iter().flat_map(of_asset)
}

/// What is free on each address, in base units with `decimals`; `None` where a sum does not fit.
fn free_by_address<'a>(
    policy: &'a Policy,
    reserves: &'a Reserves,
    asset: &AssetId,
    decimals: Decimals,
) -> BTreeMap<&'a str, Option<Amount>> {
    let mut free: BTreeMap<&str, Option<Amount>> = BTreeMap::new();
    for (item, amount) in lying(policy, reserves, asset, decimals).filter(|(item, _)| item.free) {
        let sum = free.entry(item.holding.address.as_str()).or_insert(Some(Amount::ZERO));
        *sum = sum.zip(amount).and_then(|(sum, amount)| sum.checked_add(amount));
    }
    free
}

/// How much is held on addresses that pass `test`, in base units with `decimals`; `None` when a sum does not fit.
fn held_where(
    policy: &Policy,
    reserves: &Reserves,
    asset: &AssetId,
    decimals: Decimals,
    test: impl Fn(&str, bool) -> bool,
) -> Option<Amount> {
    let mut sum = Amount::ZERO;
    for (item, amount) in lying(policy, reserves, asset, decimals) {
        if test(&item.holding.address, item.free) {
            sum = sum.checked_add(amount?)?;
        }
    }
    Some(sum)
}

/// What the balance sheet encumbers beyond what lies on addresses that count nothing for that reason already.
pub(super) fn not_left_out(
    policy: &Policy,
    sheet: &BalanceSheet,
    reserves: &Reserves,
    asset: &AssetId,
    decimals: Decimals,
    from: Decimals,
) -> Option<Amount> {
    let rows = sheet.encumbrances.iter().filter(|row| row.asset == *asset).filter(keeps);
    let stated = Amount::checked_sum(rows.map(|row| row.amount))?.rescale(from, decimals).ok()?;
    let encumbered = addresses_with(reserves, finding_codes::ENCUMBERED.number);
    let left_out = held_where(policy, reserves, asset, decimals, |address, _| encumbered.contains(address))?;
    Some(stated.checked_sub(left_out).unwrap_or(Amount::ZERO))
}

/// Pledges of the balance sheet against those of the address set, both ways.
fn pledges(policy: &Policy, sheet: &BalanceSheet, reserves: &Reserves, findings: &mut Vec<Finding>) {
    let encumbered = addresses_with(reserves, finding_codes::ENCUMBERED.number);
    let rows = || sheet.encumbrances.iter().filter(keeps);
    let mut contradicted: BTreeSet<&AssetId> = BTreeSet::new();
    let mut free_of: BTreeMap<&AssetId, BTreeMap<&str, Option<Amount>>> = BTreeMap::new();
    for row in rows() {
        let Some((unit, address)) = sheet.unit(&row.asset).zip(row.address.as_deref()) else { continue };
        let free =
            free_of.entry(&row.asset).or_insert_with(|| free_by_address(policy, reserves, &row.asset, unit.decimals));
        let held = free.get(address).copied().unwrap_or(Some(Amount::ZERO));
        if encumbered.contains(address) || held.is_some_and(Amount::is_zero) {
            continue;
        }
        contradicted.insert(&row.asset);
        let amount = row.amount.to_readable(unit.decimals);
        let detail =
            format!("{amount} {} {} to {}; the address set shows it as free", row.asset, row.kind, row.counterparty);
        let finding = Finding::new(&codes::PLEDGE_NOT_IN_SET, Severity::Critical, address, detail);
        findings.push(finding.of_asset(&row.asset).of_amount(row.amount, unit.decimals));
    }
    let assets: BTreeSet<&AssetId> = rows().map(|row| &row.asset).collect();
    for asset in assets.difference(&contradicted) {
        let Some(unit) = sheet.unit(asset) else { continue };
        let free = held_where(policy, reserves, asset, unit.decimals, |_, free| free);
        let beyond = not_left_out(policy, sheet, reserves, asset, unit.decimals, unit.decimals);
        let Some(beyond) = beyond.filter(|beyond| !beyond.is_zero() && free != Some(Amount::ZERO)) else { continue };
        let text = beyond.to_readable(unit.decimals);
        let detail = format!("{text} {asset} more than lie on addresses that the set names as encumbered");
        let finding = Finding::new(&codes::PLEDGE_NOT_IN_SET, Severity::Critical, "schedules.balance_sheet", detail);
        findings.push(finding.of_asset(asset).of_amount(beyond, unit.decimals));
    }
    let named: BTreeSet<&str> = rows().filter_map(|row| row.address.as_deref()).collect();
    let anywhere = rows().any(|row| row.address.is_none());
    for address in encumbered.difference(&named).filter(|_| !anywhere) {
        let detail = "the address set names an encumbrance, the balance sheet has no row of it";
        findings.push(Finding::new(&codes::PLEDGE_NOT_IN_SHEET, Severity::Exception, *address, detail));
    }
}
