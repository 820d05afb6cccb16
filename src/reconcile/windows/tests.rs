//! What the section of an asset takes from its windows.

mod asked;

use super::*;
use crate::basis::{Basis, Completeness};
use crate::policy::Policy;
use crate::reconcile::Verdict;
use crate::reconcile::case::Known;
use crate::reconcile::reserves::{Held, Reserves};
use crate::reserve::address_set::Role;
use crate::reserve::claim::Holding;
use crate::reserve::window::{Part, Party, Stretch, StretchReason, Transfer};
use crate::snapshot::BlockRef;

/// A policy that asks for no window: the bundle's is looked at as it is.
const OFFERED: &str = "[window]\nbefore = 0\nafter = 0\n";
const CHAIN: &str = "bip122:000000000019d6689c085ae165831e93";

fn policy_text(window: &str) -> String {
    format!(
        "format = \"counterfoil-policy-v1\"\n[venue]\nid = \"example\"\nlog_origin = \"log.example\"\n\
         keys = [{{ alg = \"bip340\", key = \"79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798\" }}]\n\
         {window}\n[[asset]]\nid = \"BTC\"\ndecimals = 10\n[[asset.deployment]]\nid = \"{CHAIN}/slip44:0\"\ndecimals = 8\n"
    )
}

fn policy(window: &str) -> Policy {
    Policy::parse(&policy_text(window)).expect("a policy")
}

fn policy_with(window: &str, deployments: &str) -> Policy {
    Policy::parse(&format!("{}{deployments}", policy_text(window))).expect("a policy")
}

fn part(id: &str, units: u128) -> Part {
    Part { address: "hot".to_owned(), id: id.to_owned(), amount: Amount::from_base_units(units) }
}

/// 100 of the venue's own and 40 that somebody lends it over block 150; all of it is listed as held.
fn reserves(with_window: bool) -> Reserves {
    let lender = |units| vec![Party { name: "lender".into(), amount: Some(Amount::from_base_units(units)) }];
    let transfer = |height, spent, received, from, to| Transfer {
        height,
        place: 1,
        txid: format!("at {height}"),
        spent,
        received,
        from,
        to,
        authenticity: Basis::Proved,
    };
    let evidence = WindowEvidence {
        deployment: format!("{CHAIN}/slip44:0").parse().expect("a deployment"),
        from: 100,
        to: 200,
        tip: BlockRef { chain: CHAIN.parse().expect("a chain"), height: 200, hash: crate::hash::sha256(b"") },
        opening: vec![part("own", 100)],
        transfers: vec![
            transfer(149, Vec::new(), vec![part("lent", 40)], lender(40), Vec::new()),
            transfer(151, vec![part("lent", 40)], Vec::new(), Vec::new(), lender(40)),
        ],
        times: std::collections::BTreeMap::new(),
        gaps: Vec::new(),
        authenticity: Basis::Proved,
        completeness: Completeness::UnspentObserved,
        problems: Vec::new(),
    };
    let held = |id: &str, units| Held {
        holding: Holding {
            deployment: evidence.deployment.clone(),
            address: "hot".to_owned(),
            id: id.to_owned(),
            amount: Amount::from_base_units(units),
            made_at: None,
            authenticity: Basis::Proved,
            completeness: Completeness::UnspentUntilSpend,
        },
        role: Role::Hot,
        control: Some(crate::reserve::claim::ControlGrade::KeySigned),
        accepted: true,
        free: true,
    };
    let mut reserves = Reserves { readable: true, ..Reserves::default() };
    reserves.held = vec![held("own", 100), held("lent", 40)];
    reserves.claimed.insert(evidence.deployment.clone());
    let counted = BTreeSet::from(["hot".to_owned()]);
    let evidence = with_window.then_some(evidence);
    let window = ChainWindow { snapshot: 150, counted, every_address: true, evidence, ..ChainWindow::default() };
    reserves.windows.insert(CHAIN.parse().expect("a chain"), window);
    reserves
}

fn section(policy: &Policy, reserves: &Reserves) -> (crate::reconcile::AssetReport, Vec<u16>) {
    let id = "BTC".parse().expect("an asset");
    let mut findings = Vec::new();
    let report = Section { policy, statement: None, statements: &[], reserves, id: &id }.report(&mut findings);
    (report, findings.iter().map(|finding| finding.code.number).collect())
}

#[test]
fn borrowed_coins_are_taken_from_what_is_counted() {
    let (report, codes) = section(&policy(OFFERED), &reserves(true));
    let units = Amount::from_base_units;
    assert_eq!((report.held.counted, report.not_sustained), (units(14_000), units(4_000)), "ten decimals");
    assert_eq!((report.held.possible, report.window_minimum), (units(14_000), Some(units(10_000))));
    assert_eq!(codes, [7041, 7045, 7050]);
    let (report, codes) = section(&policy(&format!("{OFFERED}round_trip_blocks = 0")), &reserves(true));
    assert_eq!((report.not_sustained, codes), (Amount::ZERO, vec![7041, 7050]));
}

#[test]
fn transfers_with_a_related_party_are_told() {
    let related =
        |address: &str| format!("{OFFERED}[[related_party]]\nname = \"Lender\"\naddresses = [\"{address}\"]\n");
    let told = policy(&related("lender"));
    assert_eq!(section(&told, &reserves(true)).1, [7041, 7045, 7059, 7050]);
    let id = "BTC".parse().expect("an asset");
    let mut findings = Vec::new();
    Section { policy: &told, statement: None, statements: &[], reserves: &reserves(true), id: &id }
        .report(&mut findings);
    let finding = findings.iter().find(|finding| finding.code.number == 7059).expect("the lender");
    assert_eq!(finding.detail, "it paid in 0.0000004 and was paid 0.0000004 within the window");
    assert!(!section(&policy(&related("another")), &reserves(true)).1.contains(&7059));
}

/// What was lent comes to an address that had nothing before: it appears, and is emptied after the cut-off.
#[test]
fn addresses_that_come_and_go_are_told() {
    let mut lent = reserves(true);
    let window = lent.windows.values_mut().next().expect("a window");
    window.counted.insert("cold".to_owned());
    for transfer in window.evidence.iter_mut().flat_map(|evidence| &mut evidence.transfers) {
        for part in transfer.spent.iter_mut().chain(&mut transfer.received) {
            part.address = "cold".to_owned();
        }
    }
    let (_, codes) = section(&policy(OFFERED), &lent);
    assert!(codes.contains(&7053) && codes.contains(&7054), "{codes:?}");
    let (_, codes) = section(&policy(OFFERED), &reserves(true));
    assert!(!codes.contains(&7053) && !codes.contains(&7054), "{codes:?}");
}

/// Two chains whose blocks have no times cannot be put side by side.
#[test]
fn chains_without_times_are_told() {
    let other = "bip122:0f9188f13cb7b2c71f2a335e3a4fc328";
    let listed = format!("decimals = 8\n[[asset.deployment]]\nid = \"{other}/slip44:0\"\ndecimals = 8\n");
    let text = policy_text(OFFERED);
    let both = text.strip_suffix("decimals = 8\n").expect("it ends so").to_owned() + &listed;
    let both = Policy::parse(&both).expect("a policy");
    let mut two = reserves(true);
    let (chain, mut window) = two.windows.first_key_value().map(|(_, window)| (other, window.clone())).expect("one");
    let deployment: DeploymentId = format!("{other}/slip44:0").parse().expect("a deployment");
    if let Some(evidence) = &mut window.evidence {
        evidence.deployment = deployment.clone();
    }
    two.windows.insert(chain.parse().expect("a chain"), window);
    two.claimed.insert(deployment);
    let (report, codes) = section(&both, &two);
    assert!(codes.contains(&7052), "{codes:?}");
    let minimum = Some(Amount::from_base_units(20_000));
    assert_eq!(report.window_minimum, minimum, "the sum of both minima, in ten decimals");
    assert!(!section(&policy(OFFERED), &reserves(true)).1.contains(&7052));
}

#[test]
fn a_window_that_is_demanded_and_missing_is_told() {
    let demanded =
        policy(&format!("[window]\nbefore = 9\nafter = 6\n[[window.seen]]\nchain = \"{CHAIN}\"\nheight = 160"));
    let (report, codes) = section(&demanded, &reserves(false));
    assert_eq!((report.windows.len(), report.window_minimum, codes), (0, None, vec![7040, 7043]));
    assert_eq!(section(&policy(""), &reserves(false)).1, [7040], "the built-in day");
    let (report, codes) = section(&demanded, &reserves(true));
    assert_eq!((report.windows[0].asked.from, report.windows[0].asked.to), (141, 160), "up to the closing block");
    assert_eq!(codes, [7045, 7044]);
}

/// The key is handed over after the coins have left, and the window begins behind that.
#[test]
fn attack_r20_a_window_that_skips_the_cutoff_does_not_close_it() {
    let seen = policy(&format!("{OFFERED}[[window.seen]]\nchain = \"{CHAIN}\"\nheight = 160"));
    let mut emptied = reserves(true);
    let window = emptied.windows.values_mut().next().and_then(|window| window.evidence.as_mut());
    let evidence = window.expect("a window");
    (evidence.from, evidence.opening, evidence.transfers) = (155, Vec::new(), Vec::new());
    let critical = |reserves: &Reserves| {
        let (id, mut findings) = ("BTC".parse().expect("an asset"), Vec::new());
        Section { policy: &seen, statement: None, statements: &[], reserves, id: &id }.report(&mut findings);
        let critical = findings.iter().filter(|finding| finding.severity == Severity::Critical);
        critical.map(|finding| finding.code.number).collect::<Vec<u16>>()
    };
    assert_eq!(critical(&emptied), [7040, 7050], "blocks 150 to 154 are not shown");
    let mut blind = reserves(true);
    let window = blind.windows.values_mut().next().and_then(|window| window.evidence.as_mut());
    window.expect("a window").gaps = vec![(151, 152)];
    assert_eq!(critical(&blind), [7040, 7050], "nobody was asked about them");
    let mut stated = reserves(true);
    let window = stated.windows.values_mut().next().and_then(|window| window.evidence.as_mut());
    window.expect("a window").completeness = Completeness::UnspentStated;
    assert_eq!(critical(&stated), [7048, 7050], "only the bundle says that they are still there");
    assert_eq!(critical(&reserves(true)), [7050]);
}

/// The policy names a closing block and no range, so the bundle chooses which blocks it shows: none at the cut-off,
/// or none of those in which the coins left.
#[test]
fn attack_a_window_that_leaves_out_blocks_before_the_closing_block() {
    let demanded = policy(&format!("{OFFERED}[[window.seen]]\nchain = \"{CHAIN}\"\nheight = 160"));
    let told = |change: fn(&mut WindowEvidence)| {
        let mut reserves = reserves(true);
        change(reserves.windows.values_mut().next().and_then(|known| known.evidence.as_mut()).expect("a window"));
        section(&demanded, &reserves).1
    };
    let late = told(|evidence| {
        evidence.from = 155;
        evidence.opening.clear();
        evidence.transfers.clear();
    });
    assert_eq!(late, [7040, 7050]);
    assert!(told(|evidence| evidence.gaps = vec![(151, 151)]).contains(&7040));
    assert!(told(|evidence| evidence.gaps = vec![(158, 170)]).contains(&7040));
    assert!(!told(|_| ()).contains(&7040));
}

/// The venue's own list of movements can leave out the one that the closing block is named for.
#[test]
fn attack_a_stated_window_up_to_a_named_closing_block() {
    let severity = |window: &str| {
        let policy = policy(window);
        let mut reserves = reserves(true);
        let evidence = reserves.windows.values_mut().next().and_then(|known| known.evidence.as_mut());
        evidence.expect("a window").completeness = Completeness::UnspentStated;
        let id = "BTC".parse().expect("an asset");
        let mut findings = Vec::new();
        Section { policy: &policy, statement: None, statements: &[], reserves: &reserves, id: &id }
            .report(&mut findings);
        findings.iter().find(|finding| finding.code.number == 7048).map(|finding| finding.severity)
    };
    let seen = |height: u64| format!("{OFFERED}[[window.seen]]\nchain = \"{CHAIN}\"\nheight = {height}");
    assert_eq!(severity(&seen(160)), Some(Severity::Critical));
    assert_eq!(severity(&seen(150)), Some(Severity::Exception), "nothing lies in between");
    assert_eq!(severity(OFFERED), Some(Severity::Exception));
}

/// 60 coins lay on the first chain at the statement before, and 40 as tokens on another one, from which they came
/// over a bridge; the bundle of today has no reason to speak of the tokens.
#[test]
fn attack_where_nothing_is_claimed_any_more_an_earlier_statement_is_not_short() {
    let token =
        "[[asset.deployment]]\nid = \"eip155:1/erc20:0x2260fac5e5542a773aa44fbcfedf7c193bc2c599\"\ndecimals = 8\n";
    let history = crate::reconcile::chain::tests::history(100, Vec::new());
    let all = history.statements().iter().map(|known| known.statement());
    let statements: Vec<Known<'_>> = all.map(|statement| Known { statement, logged: false }).collect();
    let mut moved = reserves(true);
    moved.held.retain(|item| item.holding.id == "own");
    let window = moved.windows.values_mut().next().and_then(|window| window.evidence.as_mut()).expect("a window");
    window.opening = vec![part("own", 60)];
    window.transfers.truncate(1);
    if let Some(transfer) = window.transfers.first_mut() {
        (transfer.height, transfer.received) = (120, vec![part("bridged", 40)]);
    }
    let verdict = |policy: &Policy, reserves: &Reserves| {
        let (id, statement) = ("BTC".parse().expect("an asset"), Some(history.subject().statement()));
        let section = Section { policy, statement, statements: &statements, reserves, id: &id };
        section.report(&mut Vec::new()).verdict
    };
    assert_eq!(verdict(&policy(OFFERED), &moved), Verdict::Short, "one deployment: 60 of 100");
    assert_eq!(
        verdict(&policy_with(OFFERED, token), &moved),
        Verdict::Short,
        "no address of the set is on the other chain"
    );
    moved.windows.insert("eip155:1".parse().expect("a chain"), ChainWindow::default());
    assert_eq!(verdict(&policy_with(OFFERED, token), &moved), Verdict::NotDeterminable);
}

/// A venue that leaves out bodies and receipts keeps its loans from being found; that nobody looked is told.
#[test]
fn attack_balances_without_movements_are_told() {
    let deployment = "eip155:1/slip44:60";
    let stretch =
        |from, to, units| Stretch { from, to, minimum: Amount::from_base_units(units), reason: StretchReason::Logs };
    let told = |shown: Vec<Stretch>, transfers: Option<Vec<Transfer>>, window: &str| {
        let evidence = StretchEvidence {
            deployment: deployment.parse().expect("a deployment"),
            from: 100,
            to: 200,
            tip: BlockRef { chain: "eip155:1".parse().expect("a chain"), height: 200, hash: crate::hash::sha256(b"") },
            addresses: [("hot".to_owned(), shown)].into(),
            transfers,
            times: BTreeMap::new(),
            authenticity: Basis::Proved,
            completeness: Completeness::Exact,
            problems: Vec::new(),
        };
        let counted = BTreeSet::from(["hot".to_owned()]);
        let known = ChainWindow { snapshot: 150, counted, stretches: vec![evidence], ..ChainWindow::default() };
        let mut reserves = Reserves { readable: true, ..Reserves::default() };
        reserves.windows.insert("eip155:1".parse().expect("a chain"), known);
        let more = format!("[[asset.deployment]]\nid = \"{deployment}\"\ndecimals = 8\n");
        section(&policy_with(window, &more), &reserves).1.contains(&7068)
    };
    let moved = || vec![stretch(100, 140, 50), stretch(141, 200, 60)];
    assert!(told(moved(), None, OFFERED));
    assert!(!told(moved(), Some(Vec::new()), OFFERED), "there was nothing to see");
    assert!(!told(vec![stretch(100, 200, 50)], None, OFFERED), "nothing moved");
    assert!(!told(moved(), None, &format!("{OFFERED}round_trip_blocks = 0\n")), "nobody asks");
}

#[test]
fn a_window_that_cannot_be_measured_is_told() {
    let mut broken = reserves(true);
    let window = broken.windows.values_mut().next().and_then(|window| window.evidence.as_mut());
    window.expect("a window").opening.push(part("more", u128::MAX));
    let (report, codes) = section(&policy(OFFERED), &broken);
    assert_eq!((report.windows.len(), codes), (0, vec![7042, 7050]));
    let elsewhere = policy("[window]\nbefore = 0\nafter = 6");
    let mut early = reserves(true);
    early.windows.values_mut().for_each(|window| window.snapshot = 50);
    assert_eq!(section(&elsewhere, &early).1, [7040, 7050]);
}

/// What validators have is counted and in no window: where nothing else is missing, the reader is told so.
#[test]
fn staked_ether_below_the_window_is_said_in_words() {
    use crate::reconcile::assess::{Alignment, Assessment, Below, Reason};
    let units = Amount::from_base_units;
    let told = |held: u128, apart: u128| {
        let owed = units(100);
        let (sequence, cutoff, logged) = (7, crate::snapshot::Time::from_unix(0), false);
        let (low, high, coverage) = (Some(units(110)), Some(units(110)), None);
        let compared = crate::reconcile::assess::Compared { sequence, cutoff, logged, owed, low, high, coverage };
        let found = Assessment {
            verdict: Verdict::NotDeterminable,
            reason: Reason::FellBelow,
            commitments: vec![compared],
            low: units(110),
            high: units(110),
            came_and_went: Amount::ZERO,
            apart: units(apart),
            minimum: None,
            minimum_without_trips: None,
            alignment: Alignment::Blocks,
            below: vec![Below { at: Some(1), held: units(held), owed }],
            curve: Vec::new(),
        };
        let asset = "ETH".parse().expect("an asset");
        crate::reconcile::case::sentence(&asset, crate::amount::Decimals::ZERO, &found, 7)
    };
    assert_eq!(
        told(80, 30),
        "ETH: 110 held at the cut-off against 100 owed, but 30 of it are with validators, which a window does not show: \
         of the other blocks only 80 on accounts are known, so it decides neither way."
    );
    assert!(told(80, 20).contains("with validators"), "just enough with them");
    assert!(!told(80, 19).contains("validators"), "something else is missing");
    assert!(!told(80, 0).contains("validators"));
}
