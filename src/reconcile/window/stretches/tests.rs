//! Stretches made up by hand, with figures computed by hand.

use std::collections::BTreeSet;

use super::super::Explained;
use super::*;
use crate::amount::Decimals;
use crate::basis::{Basis, Completeness};
use crate::policy::WindowRules;
use crate::reserve::window::{Party, StretchReason, Transfer};
use crate::snapshot::BlockRef;

const CHAIN: &str = "eip155:1";

fn amount(units: u128) -> Amount {
    Amount::from_base_units(units)
}

fn stretches(list: &[(u64, u64, u128, StretchReason)]) -> Vec<Stretch> {
    list.iter()
        .map(|(from, to, units, reason)| Stretch { from: *from, to: *to, minimum: amount(*units), reason: *reason })
        .collect()
}

const PROOF: StretchReason = StretchReason::Proof;
const NONCE: StretchReason = StretchReason::Nonce;
const LOGS: StretchReason = StretchReason::Logs;

fn evidence(hot: &[(u64, u64, u128, StretchReason)], cold: &[(u64, u64, u128, StretchReason)]) -> StretchEvidence {
    StretchEvidence {
        deployment: format!("{CHAIN}/slip44:60").parse().expect("a deployment"),
        from: 100,
        to: 109,
        tip: BlockRef { chain: CHAIN.parse().expect("a chain"), height: 109, hash: crate::hash::sha256(b"") },
        addresses: [("hot".to_owned(), stretches(hot)), ("cold".to_owned(), stretches(cold))].into(),
        transfers: None,
        times: (100..=109).map(|height| (height, 12 * i64::try_from(height).expect("small"))).collect(),
        authenticity: Basis::Proved,
        completeness: Completeness::Exact,
        problems: Vec::new(),
    }
}

fn measured_as(
    evidence: &StretchEvidence,
    range: Option<(u64, u64)>,
    closing: Option<(u64, bool)>,
) -> Option<WindowReport> {
    let counted: BTreeSet<String> = ["hot", "cold"].into_iter().map(str::to_owned).collect();
    let rules = WindowRules::default();
    let question = WindowQuestion {
        range,
        snapshot: 104,
        commitments: &[],
        explained: &Explained::default(),
        closing,
        counted: &counted,
        decimals: Decimals::ZERO,
        rules: &rules,
    };
    measure_stretches(evidence, &question)
}

fn measured(evidence: &StretchEvidence) -> WindowReport {
    measured_as(evidence, None, None).expect("it fits")
}

#[test]
fn a_sum_of_bounds_is_a_bound() {
    let story = evidence(
        &[(100, 100, 50, PROOF), (101, 103, 50, NONCE), (104, 104, 20, PROOF), (105, 109, 20, NONCE)],
        &[(100, 109, 7, LOGS)],
    );
    let report = measured(&story);
    assert_eq!(
        (report.minimum, report.minimum_at, report.maximum, report.maximum_at),
        (amount(27), 104, amount(57), 100)
    );
    assert_eq!((report.snapshot, report.sustained), (Some(amount(27)), Some(amount(27))));
    assert_eq!(report.median, amount(27), "six of ten blocks");
    assert_eq!((report.mean, report.dressing_ratio.clone(), report.younger.clone()), (None, None, None));
    assert_eq!((report.blocks, report.covered, report.gaps.len()), (10, 10, 0));
    let bounds = report.bounds.expect("stretches");
    assert_eq!((bounds.exact, bounds.minimum_by, bounds.flows), (2, vec!["proof", "logs"], false));
    let cold = report.addresses.iter().find(|address| address.address == "cold").expect("cold");
    assert_eq!((cold.minimum, cold.snapshot, cold.median), (amount(7), Some(amount(7)), amount(7)));
    assert_eq!(report.curve.len(), 2);
    assert_eq!(report.dips.iter().map(|dip| (dip.height, dip.amount)).collect::<Vec<_>>(), [(104, amount(27))]);
}

#[test]
fn exact_figures_have_a_mean() {
    let story = evidence(&[(100, 104, 60, LOGS), (105, 109, 20, LOGS)], &[(100, 109, 0, LOGS)]);
    let report = measured(&story);
    // five times twelve seconds at 60, four at 20
    assert_eq!((report.mean, report.dressing_ratio.as_deref()), (Some(amount(42)), Some("66.66 %")));
    assert_eq!(report.bounds.map(|bounds| bounds.exact), Some(10));
}

#[test]
fn what_is_in_no_stretch_is_a_gap_and_counts_nothing() {
    let story = evidence(&[(100, 102, 50, LOGS), (105, 109, 50, LOGS)], &[(100, 107, 7, LOGS)]);
    let report = measured(&story);
    let gaps: Vec<(u64, u64)> = report.gaps.iter().map(|gap| (gap.from, gap.to)).collect();
    assert_eq!((gaps, report.covered), (vec![(103, 104), (108, 109)], 6));
    assert_eq!((report.minimum, report.minimum_at), (amount(7), 103));
    assert_eq!((report.snapshot, report.sustained), (None, None), "no figure at the cut-off");
    assert!(report.dips.is_empty(), "a gap is no dip: {:?}", report.dips);
    let sampled = report.bounds.as_ref().and_then(|bounds| bounds.sampled.clone()).expect("not every block");
    assert_eq!((sampled.stretches, sampled.lowest, sampled.lowest_at), (2, amount(57), 100));
    assert_eq!((sampled.detects_five_percent.as_str(), sampled.detects_one_percent.as_str()), ("9.75 %", "1.99 %"));
    assert_eq!(report.bounds.map(|bounds| bounds.minimum_by), Some(vec!["logs"]));
    // an address of which nothing is shown leaves no block whole
    let nothing = measured(&evidence(&[(100, 109, 50, LOGS)], &[]));
    assert_eq!((nothing.covered, nothing.gaps.len(), nothing.minimum), (0, 1, amount(50)));
    let neither = measured(&evidence(&[], &[]));
    assert_eq!((neither.minimum, neither.bounds.map(|bounds| bounds.minimum_by)), (Amount::ZERO, Some(Vec::new())));
}

#[test]
fn blocks_asked_about_and_not_reached_are_gaps() {
    let story = evidence(&[(100, 109, 50, LOGS)], &[(100, 109, 7, LOGS)]);
    let report = measured_as(&story, Some((95, 112)), None).expect("it fits");
    let gaps: Vec<(u64, u64)> = report.gaps.iter().map(|gap| (gap.from, gap.to)).collect();
    assert_eq!((gaps, report.blocks, report.covered), (vec![(95, 99), (110, 112)], 18, 10));
    let inside = measured_as(&story, Some((102, 103)), None).expect("it fits");
    assert_eq!((inside.blocks, inside.covered, inside.snapshot), (2, 2, None));
    assert_eq!(measured_as(&story, Some((110, 112)), None), None);
    let too_much = evidence(&[(100, 109, u128::MAX, LOGS)], &[(100, 109, 1, LOGS)]);
    assert_eq!(measured_as(&too_much, None, None), None, "a sum that does not fit");
}

#[test]
fn what_left_before_the_closing_block_is_not_sustained() {
    let story = evidence(&[(100, 104, 50, LOGS), (105, 109, 20, NONCE)], &[(100, 109, 7, LOGS)]);
    let report = measured_as(&story, None, Some((107, true))).expect("it fits");
    assert_eq!((report.gone_before_closing, report.sustained), (amount(30), Some(amount(27))));
    let gap = evidence(&[(100, 104, 50, LOGS)], &[(100, 109, 7, LOGS)]);
    let report = measured_as(&gap, None, Some((107, true))).expect("it fits");
    let hot = report.addresses.iter().find(|address| address.address == "hot").expect("hot");
    assert_eq!((hot.closing, report.gaps.len()), (None, 1), "nobody says that it left: there is a gap");
}

#[test]
fn transfers_that_are_known_give_flows_and_round_trips() {
    let mut story =
        evidence(&[(100, 102, 50, LOGS), (103, 105, 90, LOGS), (106, 109, 50, LOGS)], &[(100, 109, 7, LOGS)]);
    let party = |units| vec![Party { name: "lender".into(), amount: Some(amount(units)) }];
    let part = |units| vec![Part { address: "hot".into(), id: "it".into(), amount: amount(units) }];
    let transfer = |height, spent, received, from, to| Transfer {
        height,
        place: 0,
        txid: format!("at {height}"),
        spent,
        received,
        from,
        to,
        authenticity: Basis::Proved,
    };
    story.transfers = Some(vec![
        transfer(103, Vec::new(), part(40), party(40), Vec::new()),
        transfer(106, part(40), Vec::new(), Vec::new(), party(40)),
    ]);
    let report = measured(&story);
    assert_eq!((report.flows.len(), report.round_trips.len()), (2, 1));
    assert_eq!((report.came_and_went, report.sustained), (amount(40), Some(amount(57))));
    assert_eq!(report.dips.iter().flat_map(|dip| dip.txids.clone()).collect::<Vec<_>>(), ["at 106"]);
    assert_eq!(report.bounds.map(|bounds| bounds.flows), Some(true));
}

/// Two stretches of which the first blocks are in neither: what is shown begins behind them.
#[test]
fn a_sample_begins_with_what_is_shown() {
    let late = measured(&evidence(&[(103, 105, 50, LOGS), (108, 109, 40, LOGS)], &[(100, 109, 7, LOGS)]));
    let sampled = late.bounds.and_then(|bounds| bounds.sampled).expect("not every block");
    assert_eq!((sampled.stretches, sampled.lowest, sampled.lowest_at), (2, amount(47), 108));
    let whole = measured(&evidence(&[(100, 109, 50, LOGS)], &[(100, 109, 7, LOGS)]));
    assert_eq!(whole.bounds.and_then(|bounds| bounds.sampled), None, "every block is no sample");
    let nothing = measured(&evidence(&[(100, 109, 50, LOGS)], &[]));
    assert_eq!(nothing.bounds.and_then(|bounds| bounds.sampled), None, "nor is none");
}

#[test]
fn one_block_is_a_window() {
    let story = evidence(&[(100, 109, 50, LOGS)], &[(100, 109, 7, LOGS)]);
    let report = measured_as(&story, Some((104, 104)), None).expect("one block");
    assert_eq!((report.blocks, report.covered, report.snapshot), (1, 1, Some(amount(57))));
    assert_eq!(measured_as(&story, Some((105, 104)), None), None, "none");
}

#[test]
fn a_closing_block_closes_what_lies_behind_the_cut_off() {
    let story = evidence(&[(100, 109, 50, LOGS)], &[(100, 109, 7, LOGS)]);
    let closing = |height| {
        let report = measured_as(&story, None, Some((height, true))).expect("it fits");
        report.addresses.iter().find(|found| found.address == "hot").expect("hot").closing
    };
    assert_eq!((closing(103), closing(104)), (None, None), "there is nothing in between");
    assert_eq!(closing(105), Some(amount(50)));
}

/// Where a figure is a bound, or missing, zero does not mean empty.
#[test]
fn an_address_is_empty_only_where_every_block_says_so() {
    let told = |hot: &[(u64, u64, u128, StretchReason)]| {
        let report = measured(&evidence(hot, &[(100, 109, 7, LOGS)]));
        let hot = report.addresses.into_iter().find(|found| found.address == "hot").expect("hot");
        (hot.appeared_at, hot.emptied_at)
    };
    assert_eq!(told(&[(100, 102, 0, LOGS), (103, 106, 50, LOGS), (107, 109, 0, LOGS)]), (Some(103), Some(107)));
    assert_eq!(told(&[(100, 102, 0, NONCE), (103, 106, 50, LOGS), (107, 109, 0, LOGS)]), (None, None), "a bound");
    assert_eq!(told(&[(103, 106, 50, LOGS), (107, 109, 0, LOGS)]), (None, None), "a gap before");
    assert_eq!(told(&[(100, 102, 0, LOGS), (103, 106, 50, LOGS)]), (None, None), "a gap after");
}
