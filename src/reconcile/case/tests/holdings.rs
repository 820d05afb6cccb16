//! What of the holdings counts, what of it a window shows, and which statements speak of the same addresses.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::basis::{Basis, Completeness};
use crate::hash::sha256;
use crate::reconcile::windows::ChainWindow;
use crate::reserve::address_set::Role;
use crate::reserve::claim::{ControlGrade, Holding, VALIDATOR_ID};
use crate::reserve::window::{Part, Stretch, StretchEvidence, StretchReason, WindowEvidence};
use crate::snapshot::BlockRef;

/// Blocks enough on either side.
pub(in crate::reconcile) const ASKED: &str = "[window]\nbefore = 10\nafter = 10\n";

pub(in crate::reconcile) fn bitcoin() -> DeploymentId {
    format!("{CHAIN}/slip44:0").parse().expect("a deployment")
}

/// Another asset on the same chain.
pub(in crate::reconcile) fn other() -> DeploymentId {
    format!("{CHAIN}/slip44:2").parse().expect("a deployment")
}

/// A coin that counts.
pub(in crate::reconcile) fn coin(address: &str, amount: u128) -> Held {
    Held {
        holding: Holding {
            deployment: bitcoin(),
            address: address.to_owned(),
            id: format!("{address} {amount}"),
            amount: units(amount),
            made_at: None,
            authenticity: Basis::Proved,
            completeness: Completeness::UnspentObserved,
        },
        role: Role::Hot,
        control: Some(ControlGrade::KeyThreshold),
        accepted: true,
        free: true,
    }
}

fn tip() -> BlockRef {
    BlockRef { chain: CHAIN.parse().expect("a chain"), height: 200, hash: sha256(b"") }
}

fn evidence(times: BTreeMap<u64, i64>) -> WindowEvidence {
    WindowEvidence {
        deployment: bitcoin(),
        from: 100,
        to: 200,
        tip: tip(),
        opening: vec![Part { address: "hot".to_owned(), id: "hot 100".to_owned(), amount: units(100) }],
        transfers: Vec::new(),
        times,
        gaps: Vec::new(),
        authenticity: Basis::Proved,
        completeness: Completeness::UnspentObserved,
        problems: Vec::new(),
    }
}

/// A window that looks at `hot`, which had 100 in it at every block.
pub(in crate::reconcile) fn reserves(held: Vec<Held>) -> Reserves {
    let counted = BTreeSet::from(["hot".to_owned()]);
    let evidence = Some(evidence(BTreeMap::from([(100, 7)])));
    let known = ChainWindow { snapshot: 150, counted, every_address: true, evidence, ..ChainWindow::default() };
    let mut reserves = Reserves { readable: true, held, ..Reserves::default() };
    reserves.claimed.insert(bitcoin());
    reserves.windows.insert(CHAIN.parse().expect("a chain"), known);
    reserves
}

pub(in crate::reconcile) fn window(reserves: &mut Reserves) -> &mut ChainWindow {
    reserves.windows.values_mut().next().expect("a window")
}

/// What the verdict is given of the deployments of the policy.
pub(in crate::reconcile) fn given<R>(
    policy: &Policy,
    reserves: &Reserves,
    ask: impl FnOnce(&[Deployment<'_>]) -> R,
) -> R {
    let mapped = policy.assets().first();
    with_section(policy, reserves, |section| {
        let windows = section.windows(mapped, &mut Vec::new());
        ask(&section.deployments(mapped, &windows).expect("sums fit"))
    })
}

#[test]
fn a_holding_counts_on_what_the_policy_accepts_and_no_less() {
    let policy = policy("");
    let both = |change: fn(&mut Held)| {
        let mut item = coin("hot", 1);
        change(&mut item);
        with_section(&policy, &Reserves::default(), |section| (section.counts(&item), section.is_accepted(&item)))
    };
    assert_eq!(both(|_| ()), (true, true), "as much as is demanded, in everything");
    assert_eq!(both(|item| item.control = Some(ControlGrade::Moved)), (true, true), "and more");
    assert_eq!(both(|item| item.free = false), (false, true), "pledged: accepted, and it counts nothing");
    assert_eq!(both(|item| item.accepted = false), (false, false));
    assert_eq!(both(|item| item.control = None), (false, false));
    assert_eq!(both(|item| item.control = Some(ControlGrade::ContractObserved)), (false, false));
    assert_eq!(both(|item| item.holding.authenticity = Basis::Stated), (false, false));
    assert_eq!(both(|item| item.holding.completeness = Completeness::UnspentStated), (false, false));
}

/// Of `hot` the window shows everything; `cold` is counted and the window does not look there; the rest is no reserve.
#[test]
fn each_holding_stands_where_it_counts() {
    let mut held = vec![coin("hot", 100), coin("cold", 7), coin("hot", 1_000), coin("hot", 2_000), coin("hot", 4_000)];
    held[2].free = false;
    held[3].control = None;
    held[4].holding.deployment = other();
    held.push(Held { accepted: false, ..coin("hot", 30) });
    given(&policy(ASKED), &reserves(held), |deployments| {
        let found = deployments.first().expect("one deployment");
        assert_eq!((deployments.len(), found.counted, found.possible), (1, units(107), units(137)));
        assert_eq!((found.apart, found.outside, found.every_address), (Amount::ZERO, units(7), true));
        let window = found.window.expect("a window");
        assert!(window.accepted && window.demanded);
        assert_eq!((window.report.snapshot, window.times.get(&100)), (Some(units(100)), Some(&7)));
    });
}

/// What validators have is on no account: it counts, and no window shows where it was at another cut-off.
#[test]
fn what_validators_have_is_apart() {
    let mut staked = coin("hot", 32);
    staked.holding.id = format!("{VALIDATOR_ID}5");
    let weak = Held { accepted: false, ..staked.clone() };
    given(&policy(ASKED), &reserves(vec![coin("hot", 100), staked, weak]), |deployments| {
        let found = deployments.first().expect("one deployment");
        assert_eq!((found.counted, found.apart, found.possible), (units(132), units(32), units(164)));
        assert_eq!((found.outside, found.every_address), (units(64), false));
    });
}

#[test]
fn a_window_that_may_leave_an_address_out_bounds_nothing() {
    let mut known = reserves(vec![coin("hot", 100)]);
    window(&mut known).every_address = false;
    given(&policy(ASKED), &known, |found| assert!(!found[0].every_address, "control is shown of single coins"));
    let ether =
        "[[asset]]\nid = \"ETH\"\ndecimals = 18\n[[asset.deployment]]\nid = \"eip155:1/slip44:60\"\ndecimals = 18\n";
    let (policy, mut known) = (policy(ether), reserves(Vec::new()));
    let deployment: DeploymentId = "eip155:1/slip44:60".parse().expect("a deployment");
    let all = ChainWindow { every_address: true, ..ChainWindow::default() };
    known.windows.insert(deployment.chain().expect("a chain"), all);
    known.claimed.insert(deployment);
    let every_address = with_section(&policy, &known, |section| {
        section.deployments(policy.assets().get(1), &[]).expect("sums fit")[0].every_address
    });
    assert!(!every_address, "some of the ether may have been staked then");
}

#[test]
fn a_window_is_worth_what_it_rests_on() {
    let worth = |rules: &str, change: fn(&mut WindowEvidence)| {
        let mut known = reserves(vec![coin("hot", 100)]);
        change(window(&mut known).evidence.as_mut().expect("evidence"));
        given(&policy(rules), &known, |found| found[0].window.map(|window| (window.accepted, window.demanded)))
    };
    assert_eq!(worth(ASKED, |_| ()), Some((true, true)));
    assert_eq!(worth(ASKED, |evidence| evidence.authenticity = Basis::Stated), Some((false, true)));
    assert_eq!(worth(ASKED, |evidence| evidence.completeness = Completeness::UnspentStated), Some((false, true)));
    assert_eq!(worth("[window]\nbefore = 5\nafter = 5\n", |_| ()), Some((true, false)), "too short");
}

/// Two deployments on one chain, one shown by what moved, the other block by block: each has its own clock.
#[test]
fn a_window_has_the_times_of_its_own_evidence() {
    let two = policy(&format!("[[asset.deployment]]\nid = \"{}\"\ndecimals = 8\n{ASKED}", other()));
    let mut known = reserves(vec![coin("hot", 100)]);
    known.claimed.insert(other());
    let stretch = Stretch { from: 100, to: 200, minimum: units(5), reason: StretchReason::Logs };
    window(&mut known).stretches.push(StretchEvidence {
        deployment: other(),
        from: 100,
        to: 200,
        tip: tip(),
        addresses: BTreeMap::from([("hot".to_owned(), vec![stretch])]),
        transfers: None,
        times: BTreeMap::from([(100, 8)]),
        authenticity: Basis::Proved,
        completeness: Completeness::Exact,
        problems: Vec::new(),
    });
    given(&two, &known, |deployments| {
        let row = |found: &Deployment<'_>| {
            let window = found.window.expect("a window");
            assert_eq!(window.report.deployment, found.id);
            (found.id.clone(), window.report.snapshot, window.times.get(&100).copied())
        };
        let rows: Vec<_> = deployments.iter().map(row).collect();
        assert_eq!(rows, [(bitcoin(), Some(units(100)), Some(7)), (other(), Some(units(5)), Some(8))]);
    });
}

/// A policy that asks for no blocks is told on the chains where something is claimed, and on no others.
#[test]
fn a_snapshot_alone_is_told_where_something_is_claimed() {
    let token =
        "[[asset.deployment]]\nid = \"eip155:1/erc20:0x2260fac5e5542a773aa44fbcfedf7c193bc2c599\"\ndecimals = 8\n";
    let told = |rules: &str, known: &Reserves| {
        let policy = policy(&format!("{token}{rules}"));
        with_section(&policy, known, |section| {
            let mut findings = Vec::new();
            section.note_snapshot_only(policy.assets().first(), &mut findings);
            findings.into_iter().map(|finding| (finding.code.number, finding.subject)).collect::<Vec<_>>()
        })
    };
    let mut known = reserves(vec![coin("hot", 100)]);
    known.windows.insert("eip155:1".parse().expect("a chain"), ChainWindow { snapshot: 900, ..ChainWindow::default() });
    let short = "[window]\nbefore = 5\nafter = 5\n";
    assert_eq!(told(short, &known), [(7050, CHAIN.to_owned())]);
    assert!(told("[window]\nbefore = 64\nafter = 64\n", &known).is_empty());
    known.claimed = BTreeSet::from([other()]);
    assert!(told(short, &known).is_empty(), "nothing of this asset is claimed");
}

/// Another statement's addresses are those of the windows when it commits to the same set, and everything that these
/// could have is claimed.
#[test]
fn statements_of_another_set_of_addresses_are_told_apart() {
    let history = history(100, Vec::new());
    let mut before = history.statements()[0].statement().clone();
    let (policy, mut known) = (policy(""), reserves(Vec::new()));
    let same = |before: &Statement, known: &Reserves| {
        let statements = [before, history.subject().statement()].map(|statement| Known { statement, logged: false });
        let (id, statement) = ("BTC".parse().expect("an asset"), Some(history.subject().statement()));
        let section = Section { policy: &policy, statement, statements: &statements, reserves: known, id: &id };
        let found = section.commitments(policy.assets().first(), Decimals::new(10).expect("ten")).expect("sums fit");
        found.iter().map(|found| (found.sequence, found.same_set)).collect::<Vec<_>>()
    };
    assert_eq!(same(&before, &known), [(0, true), (1, true)]);
    known.claimed.clear();
    assert_eq!(same(&before, &known), [(0, false), (1, false)], "nothing is claimed now");
    known.claimed.insert(bitcoin());
    before.address_set = Some(crate::publish::statement::SetCommitment { root: sha256(b"another set"), count: 1 });
    assert_eq!(same(&before, &known), [(0, false), (1, true)], "another set");
    before.assets[0].id = "ETH".parse().expect("an asset");
    assert_eq!(same(&before, &known), [(1, true)], "it lists another asset");
}

/// What custodians keep is in no window: it counts, and it may have been elsewhere at another cut-off.
#[test]
fn shares_of_custodians_are_put_together_in_the_decimals_of_the_asset() {
    let (eight, ten) = (Decimals::new(8).expect("eight"), Decimals::new(10).expect("ten"));
    let share = |asset: &str| CustodyShare {
        custodian: "bank".parse().expect("a name"),
        asset: asset.parse().expect("an asset"),
        decimals: eight,
        in_tree: units(7),
        counted: units(5),
        coverage: None,
        verdict: Verdict::Covered,
        used: false,
    };
    let (policy, mut known) = (policy(""), reserves(Vec::new()));
    known.custody = vec![share("BTC"), share("ETH"), share("BTC")];
    let found = with_section(&policy, &known, |section| section.custodians(ten)).expect("sums fit");
    let rows: Vec<_> = found.iter().map(|share| (share.decimals, share.in_tree, share.counted)).collect();
    assert_eq!(rows, [(ten, units(700), units(500)), (ten, units(700), units(500))]);
    let kept = in_custody(policy.assets().first(), ten, &found).expect("sums fit").expect("two shares");
    assert_eq!((kept.id, kept.decimals, kept.counted, kept.possible), (bitcoin(), ten, units(1_000), units(1_400)));
    assert_eq!((kept.apart, kept.outside, kept.every_address), (units(1_000), units(1_400), false));
    assert!(kept.window.is_none());
    assert!(in_custody(None, ten, &found).expect("sums fit").is_none(), "the policy counts it nowhere");
    assert!(in_custody(policy.assets().first(), ten, &[]).expect("sums fit").is_none());
}
