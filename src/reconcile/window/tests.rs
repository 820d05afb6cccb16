//! Windows made up by hand, with figures computed by hand.

mod edges;

use super::*;
use crate::basis::{Basis, Completeness};
use crate::reserve::window::Party;
use crate::snapshot::BlockRef;

const CHAIN: &str = "bip122:000000000019d6689c085ae165831e93";

fn amount(units: u128) -> Amount {
    Amount::from_base_units(units)
}

fn parts(parts: &[(&str, u128)], id: &str) -> Vec<Part> {
    let part = |(place, (address, units)): (usize, &(&str, u128))| Part {
        address: (*address).to_owned(),
        id: format!("{id}:{place}"),
        amount: amount(*units),
    };
    parts.iter().enumerate().map(part).collect()
}

fn parties(parties: &[(&str, u128)]) -> Vec<Party> {
    let party = |(name, units): &(&str, u128)| Party { name: (*name).to_owned(), amount: Some(amount(*units)) };
    parties.iter().map(party).collect()
}

/// What came: to whom, from whom, and who else was paid.
fn came(height: u64, to: &[(&str, u128)], from: &[(&str, u128)], change: &[(&str, u128)]) -> Transfer {
    Transfer {
        height,
        place: 1,
        txid: format!("in {height}"),
        spent: Vec::new(),
        received: parts(to, &format!("made {height}")),
        from: parties(from),
        to: parties(change),
        authenticity: Basis::Proved,
    }
}

/// What went: from whom, to whom, and what came back as change.
fn went(height: u64, from: &[(&str, u128)], to: &[(&str, u128)], change: &[(&str, u128)]) -> Transfer {
    Transfer {
        height,
        place: 1,
        txid: format!("out {height}"),
        spent: parts(from, &format!("spent {height}")),
        received: parts(change, &format!("made {height}")),
        from: Vec::new(),
        to: parties(to),
        authenticity: Basis::Proved,
    }
}

fn evidence(opening: &[(&str, u128)], transfers: Vec<Transfer>) -> WindowEvidence {
    WindowEvidence {
        deployment: format!("{CHAIN}/slip44:0").parse().expect("a deployment"),
        from: 100,
        to: 200,
        tip: BlockRef { chain: CHAIN.parse().expect("a chain"), height: 210, hash: crate::hash::sha256(b"") },
        opening: parts(opening, "opening"),
        transfers,
        times: (100..=200).map(|height| (height, 600 * i64::try_from(height).expect("small"))).collect(),
        gaps: Vec::new(),
        authenticity: Basis::Proved,
        completeness: Completeness::UnspentObserved,
        problems: Vec::new(),
    }
}

fn measured_with(evidence: &WindowEvidence, rules: &WindowRules, closing: Option<(u64, bool)>) -> Option<WindowReport> {
    let counted = ["hot", "cold"].into_iter().map(str::to_owned).collect();
    measure(
        evidence,
        &WindowQuestion {
            range: None,
            snapshot: 150,
            commitments: &[],
            explained: &Explained::default(),
            closing,
            counted: &counted,
            decimals: Decimals::ZERO,
            rules,
        },
    )
}

fn measured(evidence: &WindowEvidence) -> WindowReport {
    measured_with(evidence, &WindowRules::default(), None).expect("it fits")
}

#[test]
fn moves_within_the_set_cancel_and_show_at_the_address() {
    let report = measured(&evidence(
        &[("hot", 40), ("cold", 60)],
        vec![went(120, &[("cold", 60)], &[], &[("hot", 60)]), went(160, &[("hot", 60)], &[], &[("cold", 60)])],
    ));
    assert_eq!((report.minimum, report.maximum, report.flows.len()), (amount(100), amount(100), 0));
    assert_eq!(report.dips, []);
    let cold = report.addresses.iter().find(|address| address.address == "cold").expect("cold");
    assert_eq!(
        (cold.minimum, cold.minimum_at, cold.snapshot, cold.median),
        (amount(0), 120, Some(amount(0)), amount(60))
    );
}

#[test]
fn figures_are_exact() {
    let story = evidence(
        &[("hot", 100)],
        vec![
            came(140, &[("hot", 200)], &[("lender", 200)], &[]),
            went(160, &[("hot", 200)], &[("stranger", 200)], &[]),
            went(180, &[("hot", 10)], &[("customer", 10)], &[]),
        ],
    );
    let report = measured(&story);
    assert_eq!((report.snapshot, report.minimum, report.minimum_at), (Some(amount(300)), amount(90), 180));
    assert_eq!((report.maximum, report.maximum_at), (amount(300), 140));
    // blocks: 21 with 90, 60 with 100, 20 with 300
    assert_eq!(report.median, amount(100));
    // 40 × 100, 20 × 300, 20 × 100, 20 × 90 over 100 equal times
    assert_eq!(report.mean, Some(amount(138)));
    assert_eq!(report.dressing_ratio.as_deref(), Some("66.66 %"));
    assert_eq!(report.younger.as_deref(), Some("66.66 %"));
    let dips: Vec<_> = report.dips.iter().map(|dip| (dip.height, dip.amount, dip.txids.join(" "))).collect();
    assert_eq!(dips, [(180, amount(90), "out 180".to_owned()), (100, amount(100), String::new())]);
    assert_eq!(report.curve.len(), 4);
    let mut later = story.clone();
    later.times.insert(160, 600 * 161);
    assert_eq!(measured(&later).mean, Some(amount(140)), "one block more with 300: 14 000 over 100");
    later.times.remove(&140);
    assert_eq!(measured(&later).mean, None);
}

#[test]
fn a_ratio_below_zero_is_rounded_down_too() {
    let lower = evidence(&[("hot", 301)], vec![went(150, &[("hot", 1)], &[], &[]), came(151, &[("hot", 1)], &[], &[])]);
    assert_eq!(measured(&lower).dressing_ratio.as_deref(), Some("-0.34 %"), "-1/300");
    let empty = evidence(&[], Vec::new());
    assert_eq!((measured(&empty).dressing_ratio, measured(&empty).mean), (None, Some(amount(0))));
}

fn trips(transfers: Vec<Transfer>) -> Vec<(String, u128, u64, u64, bool)> {
    let report = measured(&evidence(&[("hot", 1_000)], transfers));
    let row = |trip: &RoundTrip| {
        let units = trip.amount_in.base_units();
        (trip.counterparty.clone(), units, trip.in_at, trip.out_at, trip.around_snapshot)
    };
    report.round_trips.iter().map(row).collect()
}

#[test]
fn coins_that_come_and_go_are_found() {
    let lent = || came(148, &[("hot", 800)], &[("lender", 2_000)], &[("change", 1_200)]);
    let back = |height, to, units| went(height, &[("hot", units)], &[(to, units)], &[]);
    let one = |name: &str| vec![(name.to_owned(), 800, 148, 153, true)];
    assert_eq!(trips(vec![lent(), back(153, "lender", 800)]), one("lender"));
    assert_eq!(trips(vec![lent(), back(153, "change", 800)]), one("change"), "the one other output is theirs");
    assert_eq!(trips(vec![lent(), back(153, "lender", 792)]), one("lender"), "one percent less");
    assert_eq!(trips(vec![lent(), back(153, "lender", 791)]), []);
    assert_eq!(trips(vec![lent(), back(153, "stranger", 800)]), []);
    assert_eq!(trips(vec![back(148, "lender", 800), came(153, &[("hot", 800)], &[("lender", 800)], &[])]), []);
    let before = came(120, &[("hot", 800)], &[("lender", 800)], &[]);
    assert_eq!(trips(vec![before, back(130, "lender", 800)]), [("lender".to_owned(), 800, 120, 130, false)]);
    let small = came(148, &[("hot", 7)], &[("customer", 7)], &[]);
    assert_eq!(trips(vec![small, back(153, "customer", 7)]), [], "below one percent of the highest balance");
}

#[test]
fn a_loan_in_pieces_is_found() {
    let lent = |height, units| came(height, &[("hot", units)], &[("lender", units)], &[]);
    let back = |height, units| went(height, &[("hot", units)], &[("lender", units)], &[]);
    assert_eq!(
        trips(vec![lent(148, 800), back(152, 300), back(153, 300), back(154, 200)]),
        [("lender".to_owned(), 800, 148, 154, true)]
    );
    assert_eq!(
        trips(vec![lent(147, 450), lent(148, 350), back(153, 800)]),
        [("lender".to_owned(), 800, 147, 153, true)]
    );
    assert_eq!(trips(vec![lent(147, 450), lent(148, 350), back(153, 700)]), []);
    assert_eq!(
        trips(vec![lent(147, 450), lent(148, 350), back(153, 350), back(154, 450)]),
        [("lender".to_owned(), 450, 147, 154, true), ("lender".to_owned(), 350, 148, 153, true)],
        "each payment once"
    );
}

#[test]
fn time_limits_a_round_trip() {
    let lent = came(110, &[("hot", 800)], &[("lender", 800)], &[]);
    let back = went(190, &[("hot", 800)], &[("lender", 800)], &[]);
    let story = evidence(&[("hot", 100)], vec![lent, back]);
    let found = |round_trip_blocks| {
        let rules = WindowRules { round_trip_blocks, ..WindowRules::default() };
        measured_with(&story, &rules, None).expect("it fits").round_trips.len()
    };
    assert_eq!((found(80), found(79), found(39)), (1, 1, 0), "79: 40 before the cut-off and 40 after it");
}

#[test]
fn an_address_that_does_not_count_is_a_counterparty() {
    let story = evidence(
        &[("hot", 100), ("pledged", 900)],
        vec![
            went(148, &[("pledged", 900)], &[], &[("hot", 900)]),
            went(153, &[("hot", 900)], &[], &[("pledged", 900)]),
        ],
    );
    let report = measured(&story);
    assert_eq!((report.minimum, report.snapshot), (amount(100), Some(amount(1_000))));
    assert_eq!((report.round_trips.len(), report.came_and_went), (1, amount(900)));
    assert_eq!(report.round_trips[0].counterparty, "pledged");
}

#[test]
fn blocks_without_evidence_are_counted() {
    let mut story = evidence(&[("hot", 1)], Vec::new());
    story.gaps = vec![(110, 111), (195, 200)];
    let counted = BTreeSet::from(["hot".to_owned()]);
    let rules = WindowRules::default();
    let ask = |range| {
        let (counted, rules, decimals) = (&counted, &rules, Decimals::ZERO);
        let (commitments, explained) = (&[][..], &Explained::default());
        let closing = None;
        let question =
            WindowQuestion { range, snapshot: 150, commitments, explained, closing, counted, decimals, rules };
        measure(&story, &question)
    };
    let gaps = |report: &WindowReport| report.gaps.iter().map(|gap| (gap.from, gap.to)).collect::<Vec<_>>();
    let report = ask(Some((90, 205))).expect("a part of it");
    assert_eq!(gaps(&report), [(90, 99), (110, 111), (195, 200), (201, 205)]);
    assert_eq!((report.blocks, report.covered), (116, 93));
    assert_eq!(report.measured, BlockRange { from: 100, to: 200 });
    let report = ask(Some((111, 160))).expect("a part of it");
    assert_eq!((gaps(&report), report.blocks, report.covered), (vec![(111, 111)], 50, 49));
    assert_eq!(ask(Some((10, 99))), None);
    assert_eq!(ask(Some((201, 300))), None);
}

#[test]
fn what_left_before_the_closing_block_is_not_sustained() {
    let lent = came(148, &[("hot", 800)], &[("lender", 800)], &[]);
    let back = went(153, &[("hot", 800)], &[("lender", 800)], &[]);
    let left = went(160, &[("cold", 30)], &[("buyer", 30)], &[]);
    let refill = came(155, &[("hot", 500)], &[("customers", 500)], &[]);
    let opening = [("hot", 100), ("cold", 30)];
    let figures = |transfers: Vec<Transfer>, closing| {
        let report = measured_with(&evidence(&opening, transfers), &WindowRules::default(), Some((closing, true)));
        let report = report.expect("it fits");
        let units = |amount: Amount| amount.base_units();
        (units(report.came_and_went), units(report.gone_before_closing), report.sustained.map(units))
    };
    let all = || vec![lent.clone(), back.clone(), left.clone()];
    assert_eq!(figures(all(), 150), (800, 0, Some(130)), "closed at the cut-off itself");
    assert_eq!(figures(all(), 152), (800, 0, Some(130)));
    assert_eq!(figures(all(), 159), (800, 800, Some(130)), "the loan once");
    assert_eq!(figures(all(), 160), (800, 830, Some(100)), "the key of cold may be the buyer's gift");
    assert_eq!(figures(vec![lent.clone(), back.clone(), refill, left.clone()], 160), (800, 330, Some(100)));
}

#[test]
fn sums_that_do_not_fit_give_no_figures() {
    let story = evidence(&[("hot", u128::MAX)], vec![came(120, &[("hot", 1)], &[], &[])]);
    assert_eq!(measured_with(&story, &WindowRules::default(), None), None);
    let story = evidence(&[("hot", 1)], vec![went(120, &[("hot", 2)], &[], &[])]);
    assert_eq!(measured_with(&story, &WindowRules::default(), None), None, "below zero");
}

const POLICY: &str = "format = \"counterfoil-policy-v1\"\n[venue]\nid = \"example\"\nlog_origin = \"log.example\"\n\
    keys = [{ alg = \"bip340\", key = \"79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798\" }]\n";

/// Codes and subjects of what is found, in the order in which it is found.
fn found(
    evidence: &WindowEvidence,
    range: Option<(u64, u64)>,
    closing: Option<(u64, bool)>,
    held: &[crate::reconcile::reserves::Held],
) -> Vec<(u16, String)> {
    let counted = ["hot", "cold"].into_iter().map(str::to_owned).collect();
    let policy = crate::policy::Policy::parse(POLICY).expect("a policy");
    let question = WindowQuestion {
        range,
        snapshot: 150,
        commitments: &[],
        explained: &Explained::default(),
        closing,
        counted: &counted,
        decimals: Decimals::ZERO,
        rules: policy.window(),
    };
    let report = measure(evidence, &question).expect("it fits");
    let asset = "BTC".parse().expect("an asset");
    let list = findings(&report, &question, &policy, &asset, held);
    list.iter().map(|finding| (finding.code.number, finding.subject.clone())).collect()
}

#[test]
fn every_finding_has_its_cause() {
    let lent = came(148, &[("hot", 800)], &[("lender", 800)], &[]);
    let back = went(153, &[("hot", 800)], &[("lender", 800)], &[]);
    let left = went(160, &[("cold", 30)], &[("buyer", 30)], &[]);
    let story = evidence(&[("hot", 100), ("cold", 30)], vec![lent, back, left]);
    let asked = Some((110, 190));
    let chain = || CHAIN.to_owned();
    let deployment = || format!("{CHAIN}/slip44:0");
    let trip = || (7045, "lender".to_owned());
    let retired = || (7054, "cold".to_owned());
    assert_eq!(found(&story, asked, None, &[]), [trip(), retired()]);
    assert_eq!(found(&story, None, None, &[]), [(7041, chain()), trip(), retired()]);
    assert_eq!(found(&story, Some((90, 190)), None, &[]), [(7040, chain()), trip(), retired()]);
    assert_eq!(found(&story, asked, Some((140, false)), &[]), [trip(), retired(), (7049, deployment())]);
    assert_eq!(found(&story, asked, Some((191, true)), &[]), [trip(), retired(), (7043, deployment())]);
    let gone = |address: &str| (7044, address.to_owned());
    assert_eq!(found(&story, asked, Some((170, true)), &[]), [trip(), retired(), gone("cold"), gone("hot")]);
    let weak = WindowEvidence { completeness: Completeness::UnspentStated, ..story.clone() };
    assert_eq!(found(&weak, asked, None, &[]), [(7048, chain()), trip(), retired()]);
    let stated = WindowEvidence { authenticity: Basis::Stated, ..story.clone() };
    assert_eq!(found(&stated, asked, None, &[]), [(7048, chain()), trip(), retired()]);
    let held = |units| crate::reconcile::reserves::Held {
        holding: crate::reserve::claim::Holding {
            deployment: deployment().parse().expect("a deployment"),
            address: "cold".to_owned(),
            id: "a coin".to_owned(),
            amount: amount(units),
            made_at: None,
            authenticity: Basis::Proved,
            completeness: Completeness::UnspentObserved,
        },
        role: crate::reserve::address_set::Role::Cold,
        control: Some(crate::reserve::claim::ControlGrade::KeySigned),
        accepted: true,
        free: true,
    };
    assert_eq!(found(&story, asked, None, &[held(30)]), [trip(), retired()]);
    assert_eq!(found(&story, asked, None, &[held(31)]), [trip(), retired(), (7047, "cold".to_owned())]);
    assert_eq!(found(&story, asked, None, &[held(16), held(15)]), [trip(), retired(), (7047, "cold".to_owned())]);
}

#[test]
fn a_chain_without_a_window_is_told_when_one_is_asked_for() {
    let codes = |range, closing| -> Vec<u16> {
        let chain = CHAIN.parse().expect("a chain");
        missing(&chain, range, closing, "the bundle shows none").iter().map(|finding| finding.code.number).collect()
    };
    assert!(codes(None, None).is_empty());
    assert_eq!(codes(Some((1, 2)), None), [7040]);
    assert_eq!(codes(Some((1, 2)), Some(9)), [7040, 7043]);
}
