//! Custodians of whom the bundle has nothing.

use counterfoil::reconcile::assess::Reason;
use counterfoil::reconcile::{Severity, Verdict};
use counterfoil::reserve::address_set::Role;

use super::golden_support::joined::{BOOKS, account, coins, custodian, joined};
use super::golden_support::{made_on, reseal};
use super::{codes, report_of};

const ALL: [Role; 2] = [Role::Hot, Role::Cold];

/// A custodian that the verifier pins and the books name: without its bundle, or without the venue's proof, what they
/// say is stated, and neither counts nor convicts.
#[test]
fn attack_a_custodian_left_out_neither_covers_nor_convicts() {
    let venue = |closing: u128, roles: &[Role]| {
        made_on("golden-exchange", ("venue", BOOKS), roles, &|statement| {
            statement.schedules.custody_accounts = Some(vec![account("example-custodian", 2, closing)]);
        })
    };
    let verdict = |closing: u128, roles: &[Role], gone: &str| {
        let venue = venue(closing, roles);
        let (mut bundle, policy) = joined(&venue, &custodian(&venue, "custodian", &|_| ()), "golden-exchange");
        bundle.retain(|path, _| !path.starts_with(gone));
        reseal(&mut bundle);
        let report = report_of(&bundle, &policy);
        let code = if gone == "custodians/" { 7421 } else { 7423 };
        assert!(codes(&report).contains(&code), "{:?}", codes(&report));
        assert_eq!(report.assets[0].low(), report.assets[0].held.counted, "it counts nowhere");
        (report.assets[0].verdict, report.assets[0].reason)
    };
    // 13.5 are owed and 3 are its own: its books have the rest there, or not. Where only the proof is missing, the 3
    // count by the custodian's tree alone
    for (gone, enough, less) in [("custodians/", 12, 6), ("custodians/example-custodian.proof.json", 14, 12)] {
        let (open, short) = (verdict(enough, &[Role::Cold], gone), verdict(less, &[Role::Cold], gone));
        assert_eq!(open, (Verdict::NotDeterminable, Reason::NotReadable), "{gone}");
        assert_eq!(short, (Verdict::Short, Reason::LessThanOwed), "{gone}");
    }
    // whom nobody pins anybody can name
    let named = venue(12, &[Role::Cold]);
    let report = report_of(&named.golden.bundle, &named.golden.policy);
    assert_eq!((codes(&report), report.assets[0].verdict), (vec![7421], Verdict::Short));
    // the amount is told, and whose word it is
    let pinned = joined(&named, &custodian(&named, "custodian", &|_| ()), "golden-exchange").1;
    let report = report_of(&named.golden.bundle, &pinned);
    let told = report.findings.iter().find(|finding| finding.code.number == 7421).unwrap();
    assert_eq!(told.severity, Severity::Exception);
    assert!(told.detail.ends_with("only the venue's own books say"), "{}", told.detail);
    assert_eq!(told.amount.unwrap().units, coins(12));
    // who says nothing of it has nothing there
    let silent = made_on("golden-exchange", ("venue", BOOKS), &[Role::Cold], &|_| ());
    let report = report_of(&silent.golden.bundle, &pinned);
    assert_eq!((codes(&report), report.assets[0].verdict), (vec![7421], Verdict::Short));
    // who has enough without it needs it not: what it says of it changes nothing
    let before = report_of(&made_on("golden-exchange", ("venue", BOOKS), &ALL, &|_| ()).golden.bundle, &pinned);
    let rich = venue(12, &ALL);
    let after = report_of(&rich.golden.bundle, &pinned);
    assert_eq!(before.assets[0].verdict, after.assets[0].verdict);
    assert_eq!(before.assets[0].low(), after.assets[0].low());
}
