//! Every demand of a policy, on the bundle of the example venue: what it changes, and by which code it says so.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::sync::LazyLock;

use counterfoil::lab::example_venue::ExampleVenue;
use counterfoil::policy::Policy;
use counterfoil::reconcile::assess::Reason;
use counterfoil::reconcile::{AssetReport, Report, Verdict, reconcile, reconcile_with};
use counterfoil::reserve::bitcoin::own::BundleAlone;
use counterfoil::snapshot::Time;

static VENUE: LazyLock<ExampleVenue> = LazyLock::new(|| ExampleVenue::new().unwrap());
/// 1,204.5 are owed in BTC, 1,251 are held: 1,150 on two cold addresses, 101 on a hot one of the old kind.
const COIN: u128 = 100_000_000;
const TOKEN: &str = "eip155:1337/erc20:0x5fbdb2315678afecb367f032d93f642f64180aa3";

/// The example's policy with more in it; its own half day of window makes room for another one.
fn under(more: &str) -> Report {
    let (before, window) = VENUE.policy.split_once("[window]\n").unwrap();
    let after = &window[window.find("\n# Blocks that the auditor").unwrap()..];
    let policy = match more.contains("[window]") {
        true => format!("{before}{after}\n{more}"),
        false => format!("{}\n{more}", VENUE.policy),
    };
    reconcile(&VENUE.bundle, &Policy::parse(&policy).unwrap()).unwrap()
}

fn btc(report: &Report) -> &AssetReport {
    &report.assets[0]
}

fn severity(report: &Report, code: u16) -> Option<&'static str> {
    report.findings.iter().find(|finding| finding.code.number == code).map(|finding| finding.severity.text())
}

#[test]
fn the_built_in_policy_covers_the_good_asset() {
    let report = under("");
    assert_eq!((btc(&report).verdict, btc(&report).reason), (Verdict::Covered, Reason::Enough));
    assert_eq!(btc(&report).window_minimum.map(|minimum| minimum.base_units()), Some(1_251 * COIN));
    let window = &btc(&report).windows[0];
    assert_eq!((window.blocks, window.covered, window.asked.to - window.snapshot_height), (289, 289, 144));
    for code in 7050..=7062 {
        assert_eq!(severity(&report, code), None, "{code}");
    }
}

#[test]
fn no_window_and_a_short_one_cover_nothing() {
    for window in ["before = 0\nafter = 0", "before = 5\nafter = 6", "before = 6\nafter = 5", "before = 144\nafter = 0"]
    {
        let report = under(&format!("[window]\n{window}\n"));
        assert_eq!((btc(&report).verdict, btc(&report).reason), (Verdict::NotDeterminable, Reason::SnapshotOnly));
        assert_eq!(severity(&report, 7050), Some("critical"));
    }
    let shortest = under("[window]\nbefore = 6\nafter = 6\n");
    assert_eq!((btc(&shortest).verdict, severity(&shortest, 7050)), (Verdict::Covered, Some("critical")), "EVM: 64");
    let chain = "[[window.chain]]\nchain = \"eip155:1337\"\nbefore = 64\nafter = 64\n";
    assert_eq!(severity(&under(&format!("[window]\nbefore = 6\nafter = 6\n{chain}")), 7050), None);
    let longer = under("[window]\nafter = 200\n");
    assert_eq!((btc(&longer).verdict, btc(&longer).reason), (Verdict::NotDeterminable, Reason::WindowIncomplete));
}

#[test]
fn weaker_control_is_held_at_most() {
    let report = under("[require]\ncontrol = \"script-satisfied\"\n");
    let asset = btc(&report);
    assert_eq!((asset.held.counted.base_units(), asset.held.possible.base_units()), (1_150 * COIN, 1_251 * COIN));
    assert_eq!((asset.verdict, asset.reason), (Verdict::NotDeterminable, Reason::BetweenBoth));
    assert_eq!(severity(&report, 7061), Some("exception"));
}

#[test]
fn proofs_of_other_schemes_are_held_at_most() {
    let report = under("[require]\nschemes = [\"bip322-simple\", \"eip191\"]\n");
    let asset = btc(&report);
    assert_eq!((asset.held.counted.base_units(), asset.held.possible.base_units()), (1_150 * COIN, 1_251 * COIN));
    assert_eq!((asset.verdict, severity(&report, 7055)), (Verdict::NotDeterminable, Some("exception")));
}

#[test]
fn a_ratio_above_the_whole_is_demanded() {
    let report = under("[require]\nminimum_ratio = 10386\n");
    assert_eq!((btc(&report).verdict, btc(&report).coverage.as_deref()), (Verdict::Covered, Some("103.86 %")));
    let report = under("[require]\nminimum_ratio = 10387\n");
    assert_eq!((btc(&report).verdict, severity(&report, 7062)), (Verdict::NotDeterminable, Some("exception")));
}

#[test]
fn an_old_challenge_is_told() {
    let report = under("[require]\ncontrol_max_age_days = 0\n");
    assert_eq!((btc(&report).verdict, severity(&report, 7056)), (Verdict::NotDeterminable, Some("critical")));
    assert_eq!(severity(&under("[require]\ncontrol_max_age_days = 1\n"), 7056), None, "half a day");
}

#[test]
fn a_statement_has_an_age_when_somebody_says_what_time_it_is() {
    let at = |time: Option<&str>, more: &str| {
        let policy = Policy::parse(&format!("{}\n{more}", VENUE.policy)).unwrap();
        let now: Option<Time> = time.map(|time| time.parse().unwrap());
        let report = reconcile_with(&VENUE.bundle, &policy, &BundleAlone, now).unwrap();
        (btc(&report).verdict, severity(&report, 7057), severity(&report, 7058))
    };
    let age = "[require]\nmax_age_days = 30\n";
    let unknown = Verdict::NotDeterminable;
    assert_eq!(at(None, age), (unknown, Some("critical"), None));
    assert_eq!(at(Some("2026-12-01T00:00:00Z"), age), (Verdict::Covered, None, None));
    assert_eq!(at(Some("2026-12-01T00:00:01Z"), age), (unknown, Some("critical"), None));
    assert_eq!(at(Some("2027-12-01T00:00:00Z"), ""), (Verdict::Covered, None, Some("exception")), "overdue");
}

#[test]
fn an_own_token_covers_only_itself() {
    let own = format!("[require]\nown_tokens = [\"{TOKEN}\"]\n");
    let itself = under(&own);
    assert_eq!((severity(&itself, 7060), itself.assets[2].held.possible.is_zero()), (Some("note"), false));
    let other =
        "[[asset.deployment]]\nid = \"eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7\"\ndecimals = 6\n";
    let listed = format!("[[asset.deployment]]\nid = \"{TOKEN}\"\ndecimals = 6\n");
    assert!(VENUE.policy.contains(&listed));
    let policy = format!("{}\n{own}", VENUE.policy.replace(&listed, &format!("{listed}{other}")));
    let beside = reconcile(&VENUE.bundle, &Policy::parse(&policy).unwrap()).unwrap();
    assert_eq!((severity(&beside, 7060), beside.assets[2].held.possible.is_zero()), (Some("exception"), true));
    assert_eq!(beside.assets[2].verdict, Verdict::NotDeterminable);
}

#[test]
fn required_assets_are_those_that_the_first_line_speaks_of() {
    assert_eq!(under("[require]\nassets = [\"BTC\"]\n").overall.verdict, Verdict::Covered);
    assert_eq!(under("[require]\nassets = [\"ETH\"]\n").overall.verdict, Verdict::Short);
}

#[test]
fn weaker_and_stronger_evidence_may_be_demanded() {
    let report = under("[require]\ncompleteness = \"replayed\"\n");
    assert_eq!((btc(&report).verdict, btc(&report).held.counted.base_units()), (Verdict::NotDeterminable, 0));
    assert_eq!(severity(&report, 7048), Some("critical"));
}
