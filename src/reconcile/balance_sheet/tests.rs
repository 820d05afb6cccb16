use super::*;
use crate::basis::Completeness;
use crate::code::finding as codes;
use crate::publish::balance_sheet::{EncumbranceKind, Unit};
use crate::reconcile::assess::Alignment;
use crate::reconcile::case::too_large;
use crate::reconcile::findings::Severity;
use crate::reconcile::model::{Held, Owed};
use crate::reconcile::reserves::Held as HeldItem;
use crate::reserve::address_set::Role;
use crate::reserve::claim::Holding;

const COIN: &str = "bip122:000000000019d6689c085ae165831e93/slip44:0";
const POLICY: &str = r#"format = "counterfoil-policy-v1"
[venue]
id = "example-exchange"
log_origin = "log.example/example-exchange"
keys = [{ alg = "bip340", key = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798" }]
[[asset]]
id = "BTC"
decimals = 8
[[asset.deployment]]
id = "bip122:000000000019d6689c085ae165831e93/slip44:0"
decimals = 8
"#;
/// The address that the set names as encumbered; 100 lie there.
const PLEDGED: &str = "an address";

fn units(units: u128) -> Amount {
    Amount::from_base_units(units)
}

fn encumbered(kind: EncumbranceKind, amount: u128, due: Due, address: Option<&str>) -> Encumbrance {
    Encumbrance {
        asset: "BTC".parse().unwrap(),
        amount: units(amount),
        kind,
        counterparty: "a lender".to_owned(),
        related_party: false,
        basis: Basis::Stated,
        due,
        address: address.map(str::to_owned),
        until: None,
    }
}

fn locked(amount: u128, address: Option<&str>) -> Encumbrance {
    encumbered(EncumbranceKind::Locked, amount, Due::Week, address)
}

fn pledged(amount: u128, address: Option<&str>) -> Encumbrance {
    encumbered(EncumbranceKind::Pledged, amount, Due::Longer, address)
}

/// The section of an asset of which 1000 count.
fn section() -> AssetReport {
    let (verdict, reason) = too_large();
    let by_basis = [("proved", units(1000))].into_iter().collect();
    let held = Held { counted: units(1000), by_basis, ..Held::default() };
    let owed = Owed {
        committed: units(500),
        custody: units(500),
        classes: std::collections::BTreeMap::new(),
        other: None,
        total: units(500),
        leaves: 1,
    };
    AssetReport {
        asset: "BTC".parse().unwrap(),
        decimals: Decimals::new(8).unwrap(),
        required: true,
        owed: Some(owed),
        held,
        tiers: Vec::new(),
        custodians: Vec::new(),
        issuers: Vec::new(),
        windows: Vec::new(),
        window_minimum: None,
        window_minimum_without_trips: None,
        alignment: Alignment::Blocks,
        commitments: Vec::new(),
        not_sustained: Amount::ZERO,
        came_and_went: Amount::ZERO,
        claimed: true,
        coverage: None,
        coverage_possible: None,
        verdict,
        reason,
        sentence: String::new(),
    }
}

fn reserves() -> Reserves {
    let holding = Holding {
        deployment: COIN.parse().unwrap(),
        address: PLEDGED.to_owned(),
        id: PLEDGED.to_owned(),
        amount: units(100),
        made_at: None,
        authenticity: Basis::Proved,
        completeness: Completeness::Exact,
    };
    let item = HeldItem { holding, role: Role::Cold, control: None, accepted: true, free: false };
    let finding = Finding::new(&codes::ENCUMBERED, Severity::Exception, PLEDGED, "a loan");
    Reserves { held: vec![item], findings: vec![finding], ..Reserves::default() }
}

/// What of 1000 is kept at the end of each bucket.
fn kept(encumbrances: Vec<Encumbrance>) -> Vec<u128> {
    let (policy, reserves, own) = (Policy::parse(POLICY).unwrap(), reserves(), section());
    let unit = Unit { id: own.asset.clone(), decimals: own.decimals, issuer: None, relation: IssuerRelation::None };
    let sheet = BalanceSheet { encumbrances, units: vec![unit], ..BalanceSheet::default() };
    let steps = Books { policy: &policy, sheet: &sheet, reserves: &reserves }.steps(&own.asset, Some(&own)).unwrap();
    steps.steps.iter().map(|step| 1000 - step.held.base_units()).collect()
}

#[test]
fn a_lock_comes_back_and_a_pledge_does_not() {
    assert_eq!(kept(Vec::new()), [0; 5]);
    assert_eq!(kept(vec![locked(100, Some(PLEDGED))]), [0; 5], "what lies there is no part of the 1000");
    assert_eq!(kept(vec![locked(130, Some("elsewhere")), pledged(100, Some(PLEDGED))]), [130, 130, 0, 0, 0]);
    assert_eq!(kept(vec![locked(130, None), pledged(100, Some(PLEDGED))]), [130, 130, 0, 0, 0]);
}

#[test]
fn a_lock_that_is_left_out_already_frees_no_pledge() {
    assert_eq!(kept(vec![locked(100, Some(PLEDGED)), pledged(100, None)]), [100; 5]);
    assert_eq!(kept(vec![locked(130, Some(PLEDGED)), pledged(100, None)]), [130, 130, 100, 100, 100]);
    // nobody knows which of the two lies there
    assert_eq!(kept(vec![locked(100, None), pledged(100, None)]), [100; 5]);
    // both on the same coins: the pledge outlasts the lock
    assert_eq!(kept(vec![locked(100, Some(PLEDGED)), pledged(100, Some(PLEDGED))]), [100; 5]);
    // no row explains what lies there
    assert_eq!(kept(vec![locked(100, Some("a")), pledged(50, Some("b"))]), [50; 5]);
}

#[test]
fn what_is_staked_waits_until_its_bucket() {
    let staked = |due, address| kept(vec![encumbered(EncumbranceKind::Staked, 100, due, address)]);
    assert_eq!(staked(Due::Longer, None), [100, 100, 100, 100, 0]);
    assert_eq!(staked(Due::Week, Some("elsewhere")), [100, 100, 0, 0, 0]);
    assert_eq!(staked(Due::Now, None), [0; 5]);
    assert_eq!(staked(Due::Longer, Some(PLEDGED)), [0; 5]);
}
