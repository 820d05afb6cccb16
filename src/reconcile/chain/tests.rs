use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::amount::{Amount, Decimals};
use crate::asset::{Asset, Class, Deployment};
use crate::hash::{Digest, Tag, sha256};
use crate::json;
use crate::liability::sum_tree::LiabilityCommitment;
use crate::publish::statement::{
    ControlTotal, Direction, FORMAT, InFlight, KIND_SNAPSHOT, Provenance, Schedules, Venue,
};
use crate::publish::{self, VerifiedStatement};
use crate::reconcile::windows::ChainWindow;
use crate::reserve::address_set::Role;
use crate::reserve::claim::Holding;
use crate::reserve::window::{Part, Party, Transfer};
use crate::secret::{Secret, SecretKind};
use crate::signature::{Algorithm, Envelope, SigningKey};
use crate::snapshot::{BlockRef, Time};

const CHAIN: &str = "bip122:000000000019d6689c085ae165831e93";
const DAY: i64 = 86_400;

fn chain() -> ChainId {
    CHAIN.parse().expect("a chain")
}

fn deployment() -> DeploymentId {
    format!("{CHAIN}/slip44:0").parse().expect("a deployment")
}

fn units(units: u128) -> Amount {
    Amount::from_base_units(units)
}

fn signer() -> SigningKey {
    let mut one = [0; 32];
    one[31] = 1;
    SigningKey::new(Algorithm::Bip340, &Secret::new(SecretKind::Signing, &mut one)).expect("a key")
}

/// The asset has ten decimals, its coins on the chain have eight.
pub(in crate::reconcile) fn policy() -> Policy {
    let text = format!(
        "format = \"counterfoil-policy-v1\"\n[venue]\nid = \"example\"\nlog_origin = \"log.example\"\n\
         keys = [{{ alg = \"bip340\", key = \"{}\" }}]\n\
         [[asset]]\nid = \"BTC\"\ndecimals = 10\n[[asset.deployment]]\nid = \"{CHAIN}/slip44:0\"\ndecimals = 8\n",
        signer().public_key().key
    );
    Policy::parse(&text).expect("a policy")
}

/// Statement `sequence` with its cut-off block and what it owes, in coins' base units.
fn statement(
    sequence: u64,
    before: Option<Digest>,
    (height, owed): (u64, u128),
    in_flight: Vec<InFlight>,
) -> Statement {
    let decimals = |count| Decimals::new(count).expect("decimals");
    let day = i64::try_from(sequence).expect("small") * DAY;
    let at = |later: i64| Time::from_unix(1_700_000_000 + day + later);
    Statement {
        format: FORMAT.to_owned(),
        kind: KIND_SNAPSHOT.to_owned(),
        venue: Venue {
            id: "example".parse().expect("a name"),
            legal_entity: "Example".to_owned(),
            lei: None,
            keys: vec![signer().public_key()],
            threshold: 1,
            log_origin: "log.example".to_owned(),
        },
        sequence,
        predecessor: before,
        cutoff: at(0),
        next_cutoff: at(DAY),
        due: at(DAY + 60),
        assets: vec![Asset {
            id: "BTC".parse().expect("an asset"),
            decimals: decimals(10),
            deployments: vec![Deployment { id: deployment(), decimals: decimals(8) }],
        }],
        liabilities: vec![LiabilityCommitment {
            asset: "BTC".parse().expect("an asset"),
            class: Class::Custody,
            decimals: decimals(10),
            leaf_count: 1,
            root: sha256(b"a tree"),
            total: units(owed * 100),
        }],
        without_rows: Vec::new(),
        schedules: Schedules { in_flight, ..Schedules::default() },
        scope: Vec::new(),
        ledger: Provenance {
            sources: Vec::new(),
            rows_read: 1,
            rows_zero: 0,
            rows_filtered: 0,
            as_of: at(0),
            control_total: ControlTotal::None,
        },
        account_hint: "a number".to_owned(),
        address_set: None,
        custody: None,
        chains: vec![BlockRef { chain: chain(), height, hash: sha256(&height.to_be_bytes()) }],
        tool: "a test".to_owned(),
    }
}

fn verified(statement: &Statement) -> VerifiedStatement {
    let mut envelope = Envelope { document: json::canonical(statement).expect("canonical"), signatures: Vec::new() };
    envelope.add(signer().sign(Tag::Statement, &envelope.document).expect("signs"));
    publish::verify(&envelope.to_file("statement").expect("a file"), &policy().statement_pins()).expect("signed")
}

/// Two statements: 100 at block 110, and `owed` at block 150.
pub(in crate::reconcile) fn history(owed: u128, in_flight: Vec<InFlight>) -> History {
    let before = verified(&statement(0, None, (110, 100), in_flight));
    let after = verified(&statement(1, Some(before.digest()), (150, owed), Vec::new()));
    History::for_tests(vec![before, after.clone()], after)
}

fn part(address: &str, amount: u128) -> Part {
    Part { address: address.to_owned(), id: format!("{address} {amount}"), amount: units(amount) }
}

pub(in crate::reconcile) fn transfer(
    height: u64,
    txid: &str,
    spent: &[(&str, u128)],
    received: &[(&str, u128)],
    to: &[u128],
) -> Transfer {
    let parts = |list: &[(&str, u128)]| list.iter().map(|(address, amount)| part(address, *amount)).collect();
    let party = |amount: &u128| Party { name: "somebody".to_owned(), amount: Some(units(*amount)) };
    Transfer {
        height,
        place: 1,
        txid: txid.to_owned(),
        spent: parts(spent),
        received: parts(received),
        from: Vec::new(),
        to: to.iter().map(party).collect(),
        authenticity: Basis::Proved,
    }
}

/// 120 in `hot` and `old`; deposits of 30 and 7, a withdrawal of 20 with change, and a move from `old` to `hot`.
pub(in crate::reconcile) fn evidence() -> WindowEvidence {
    WindowEvidence {
        deployment: deployment(),
        from: 100,
        to: 200,
        tip: BlockRef { chain: chain(), height: 200, hash: sha256(b"") },
        opening: vec![part("hot", 100), part("old", 20)],
        transfers: vec![
            transfer(105, "early", &[], &[("hot", 5)], &[]),
            transfer(120, "in", &[], &[("hot", 30), ("hot", 7)], &[]),
            transfer(130, "out", &[("hot", 100)], &[("hot", 79)], &[20]),
            transfer(140, "move", &[("old", 20)], &[("hot", 20)], &[]),
            transfer(160, "later", &[], &[("hot", 9)], &[]),
        ],
        times: BTreeMap::new(),
        gaps: Vec::new(),
        authenticity: Basis::Proved,
        completeness: Completeness::UnspentObserved,
        problems: Vec::new(),
    }
}

/// What is listed at block 150: all of it, on `hot`.
pub(in crate::reconcile) fn reserves(history: History, evidence: WindowEvidence) -> Reserves {
    let holding = Holding {
        deployment: deployment(),
        address: "hot".to_owned(),
        id: "all".to_owned(),
        amount: units(141),
        made_at: None,
        authenticity: Basis::Proved,
        completeness: Completeness::UnspentUntilSpend,
    };
    let held =
        crate::reconcile::reserves::Held { holding, role: Role::Hot, control: None, accepted: false, free: true };
    let mut reserves = Reserves { readable: true, history: Some(history), held: vec![held], ..Reserves::default() };
    reserves.claimed.insert(deployment());
    let counted = BTreeSet::from(["hot".to_owned()]);
    reserves
        .windows
        .insert(chain(), ChainWindow { snapshot: 150, counted, evidence: Some(evidence), ..ChainWindow::default() });
    reserves.earlier.added = Some(BTreeMap::new());
    reserves
}

fn told(reserves: &Reserves) -> (ChainSection, Vec<(u16, Severity, String)>) {
    let (section, findings) = section(&policy(), reserves).expect("two statements");
    let row = |finding: Finding| (finding.code.number, finding.severity, finding.detail);
    (section, findings.into_iter().map(row).collect())
}

fn numbers(findings: &[(u16, Severity, String)]) -> Vec<(u16, Severity)> {
    findings.iter().map(|(number, severity, _)| (*number, *severity)).collect()
}

#[test]
fn opening_and_flows_give_the_closing() {
    let (section, findings) = told(&reserves(history(116, Vec::new()), evidence()));
    let row = &section.assets[0];
    let held = row.held.expect("every block is shown");
    // 125 at block 110 (the early deposit counts), +37, −21 with the fee, 141
    let coins = |amount: u128| units(amount * 100);
    assert_eq!((held.opening, held.inflow, held.outflow, held.closing), (coins(125), coins(37), coins(21), coins(141)));
    assert_eq!((row.owed_before, row.owed_after), (coins(100), coins(116)));
    assert_eq!(row.apart, Some(Change { fell: false, by: Amount::ZERO }), "both rose by 16");
    assert_eq!((numbers(&findings), row.unknown.clone()), (vec![], None));
    assert_eq!(section.statements.len(), 2);
}

#[test]
fn what_moves_apart_is_told_with_its_amount() {
    let (section, findings) = told(&reserves(history(118, Vec::new()), evidence()));
    assert_eq!(section.assets[0].apart, Some(Change { fell: true, by: units(200) }));
    assert_eq!(numbers(&findings), [(7116, Severity::Exception)]);
    assert_eq!(findings[0].2, "held +0.00000016, owed +0.00000018: -0.00000002 apart");
    let (_, findings) = told(&reserves(history(90, Vec::new()), evidence()));
    assert_eq!(numbers(&findings), [(7116, Severity::Note)], "more was held and less is owed");
}

#[test]
fn what_is_not_shown_is_unknown() {
    let unknown = |change: fn(&mut WindowEvidence)| {
        let mut evidence = evidence();
        change(&mut evidence);
        let (section, findings) = told(&reserves(history(116, Vec::new()), evidence));
        let row = &section.assets[0];
        assert_eq!((row.held, row.apart), (None, None));
        assert_eq!(numbers(&findings), [(7115, Severity::Note)]);
        row.unknown.clone().expect("a reason")
    };
    assert!(unknown(|evidence| evidence.from = 111).contains("111 to 200"));
    assert!(unknown(|evidence| evidence.to = 149).contains("100 to 149"));
    assert!(unknown(|evidence| evidence.gaps = vec![(105, 111)]).contains("105 to 111"));
    assert!(unknown(|evidence| evidence.completeness = Completeness::UnspentStated).contains("unspent-stated"));
    assert!(unknown(|evidence| evidence.authenticity = Basis::Stated).contains("stated"));
    assert!(unknown(|evidence| evidence.opening.clear()).contains("below zero"));
    let mut whole = evidence();
    whole.gaps = vec![(100, 110), (151, 160)];
    assert!(told(&reserves(history(116, Vec::new()), whole)).0.assets[0].held.is_some(), "gaps outside");
    let mut without = reserves(history(116, Vec::new()), evidence());
    without.windows.clear();
    assert!(told(&without).0.assets[0].unknown.as_ref().is_some_and(|why| why.contains("no window")));
    without.claimed.clear();
    assert!(told(&without).0.assets[0].unknown.as_ref().is_some_and(|why| why.contains("nothing is claimed")));
}

#[test]
fn a_list_that_differs_from_the_flows_is_told() {
    let mut other = reserves(history(116, Vec::new()), evidence());
    other.held[0].holding.amount = units(150);
    let (_, findings) = told(&other);
    assert_eq!(numbers(&findings), [(7117, Severity::Exception)]);
    assert!(findings[0].2.contains("9 more"), "{}", findings[0].2);
    let late = crate::reconcile::Late { blocks: 1, proved: 0 };
    other.late.insert(chain(), late);
    assert_eq!(numbers(&told(&other).1), [], "a list of another block says nothing of this one");
}

fn row(direction: Direction, txid: &str, amount: u128) -> InFlight {
    InFlight {
        asset: "BTC".parse().expect("an asset"),
        amount: units(amount * 100),
        direction,
        chain: chain(),
        txid: txid.to_owned(),
    }
}

fn states(rows: Vec<InFlight>, change: fn(&mut WindowEvidence)) -> Vec<(InFlightState, String)> {
    let mut evidence = evidence();
    change(&mut evidence);
    let (section, findings) = told(&reserves(history(116, rows), evidence));
    let found = findings.iter().filter(|(number, _, _)| (7120..=7122).contains(number));
    let states: Vec<InFlightState> = found
        .map(|(number, _, _)| match number {
            7120 => InFlightState::Absent,
            7121 => InFlightState::Contradicted,
            _ => InFlightState::Open,
        })
        .collect();
    let expected = section.in_flight.iter().map(|row| row.state).filter(|state| *state != InFlightState::Settled);
    assert_eq!(states, expected.collect::<Vec<_>>(), "one finding for each that is not settled");
    section.in_flight.into_iter().map(|row| (row.state, row.detail)).collect()
}

#[test]
fn transfers_under_way_are_settled_by_the_chain() {
    let rows = vec![
        row(Direction::Deposit, "in", 30),
        row(Direction::Deposit, "IN", 7),
        row(Direction::Withdrawal, "0xout", 20),
    ];
    assert!(states(rows, |_| ()).iter().all(|(state, _)| *state == InFlightState::Settled));
    let together = states(vec![row(Direction::Deposit, "in", 37)], |_| ());
    assert_eq!(together, [(InFlightState::Settled, "in block 120, in 2 payments".to_owned())]);
    let behind = states(vec![row(Direction::Deposit, "later", 9)], |_| ());
    assert_eq!(behind[0].0, InFlightState::Settled, "behind the next cut-off");
}

#[test]
fn transfers_that_are_something_else_are_contradicted() {
    let one = |direction, txid: &str, amount| states(vec![row(direction, txid, amount)], |_| ()).remove(0);
    for (direction, txid, amount, why) in [
        (Direction::Deposit, "in", 31, "payments of 30, 7 base units"),
        (Direction::Withdrawal, "in", 30, "as a deposit"),
        (Direction::Deposit, "out", 20, "as a withdrawal"),
        (Direction::Withdrawal, "out", 21, "payments of 20"),
        (Direction::Deposit, "early", 5, "it was not under way"),
    ] {
        let (state, detail) = one(direction, txid, amount);
        assert_eq!(state, InFlightState::Contradicted, "{txid}: {detail}");
        assert!(detail.contains(why), "{detail}");
    }
    // one payment settles one row, whoever writes its id how
    let twice = states(vec![row(Direction::Deposit, "in", 30), row(Direction::Deposit, "0xIN", 30)], |_| ());
    assert_eq!((twice[0].0, twice[1].0), (InFlightState::Settled, InFlightState::Contradicted));
}

#[test]
fn a_withdrawal_that_never_appears_is_found() {
    let gone = || vec![row(Direction::Withdrawal, "never", 50)];
    assert_eq!(states(gone(), |_| ())[0].0, InFlightState::Absent);
    for change in [
        (|evidence: &mut WindowEvidence| evidence.to = 149) as fn(&mut WindowEvidence),
        |evidence| evidence.gaps = vec![(120, 120)],
        |evidence| evidence.completeness = Completeness::UnspentStated,
    ] {
        assert_eq!(states(gone(), change)[0].0, InFlightState::Open);
    }
    let stated = states(vec![row(Direction::Deposit, "in", 30)], |evidence| {
        evidence.transfers.iter_mut().for_each(|transfer| transfer.authenticity = Basis::Stated);
    });
    assert_eq!(stated[0].0, InFlightState::Open, "a transaction that only the bundle vouches for");
}

fn retire(reserves: &mut Reserves, addresses: &[&str]) {
    let addresses = addresses.iter().map(|address| (*address).to_owned()).collect();
    reserves.earlier.retired = BTreeMap::from([(chain(), addresses)]);
}

#[test]
fn new_and_retired_addresses_are_told() {
    let mut known = reserves(history(116, Vec::new()), evidence());
    known.earlier.added = Some(BTreeMap::from([(chain(), BTreeSet::from(["a".to_owned(), "b".to_owned()]))]));
    retire(&mut known, &["old", "never used"]);
    let (section, findings) = told(&known);
    let expected = AddressChange { added: 2, retired: 2, empty: 2, holding: 0 };
    assert_eq!((section.addresses, numbers(&findings)), (Some(expected), vec![(7112, Severity::Note)]));
    assert_eq!(findings[0].2, "2 addresses, the first is a");
    known.earlier.added = None;
    assert_eq!(told(&known).0.addresses, None, "the set before is not known");
}

/// The venue picks its good addresses afterwards: one that coins left is no longer in the set.
#[test]
fn attack_r22_addresses_are_picked_afterwards() {
    let mut kept = evidence();
    kept.transfers.retain(|transfer| transfer.txid != "move");
    let mut known = reserves(history(116, Vec::new()), kept);
    known.held[0].holding.amount = units(121);
    retire(&mut known, &["old"]);
    let (section, findings) = told(&known);
    assert_eq!(numbers(&findings), [(7113, Severity::Exception)]);
    assert_eq!(findings[0].2, "1 address, the first is old with 20 base units at the cut-off block");
    assert_eq!(section.assets[0].held.map(|held| held.closing), Some(units(14_100)), "measured over the union");
    // whoever shows nothing of it does not show that it is empty
    let window = known.windows.get_mut(&chain()).expect("a window");
    window.evidence.as_mut().expect("evidence").gaps = vec![(101, 200)];
    let codes = numbers(&told(&known).1);
    assert!(codes.contains(&(7114, Severity::Exception)), "{codes:?}");
}

/// What is proved of an account by itself needs no window; coins are never a whole answer.
#[test]
fn a_proved_balance_of_a_retired_address_is_enough() {
    let mut known = reserves(history(116, Vec::new()), evidence());
    retire(&mut known, &["old"]);
    let mut coin = known.held[0].holding.clone();
    coin.address = "old".to_owned();
    coin.amount = units(3);
    known.retired.push(coin);
    known.windows.get_mut(&chain()).expect("a window").evidence = None;
    assert!(numbers(&told(&known).1).contains(&(7113, Severity::Exception)));
    known.retired[0].amount = Amount::ZERO;
    assert!(numbers(&told(&known).1).contains(&(7114, Severity::Exception)), "a worthless coin is no answer");
}

#[test]
fn changes_have_signs() {
    let change = |before: u128, after: u128| Change::between(units(before), units(after));
    let text = |change: Change| change.text(Decimals::ZERO);
    assert_eq!((text(change(3, 5)), text(change(5, 3)), text(change(5, 5))), ("+2".into(), "-2".into(), "0".into()));
    let less = |left: Change, right: Change| left.less(right).map(text);
    assert_eq!(less(change(0, 5), change(0, 3)).as_deref(), Some("+2"));
    assert_eq!(less(change(0, 3), change(0, 5)).as_deref(), Some("-2"));
    assert_eq!(less(change(5, 0), change(3, 0)).as_deref(), Some("-2"));
    assert_eq!(less(change(3, 0), change(5, 0)).as_deref(), Some("+2"));
    assert_eq!(less(change(0, 5), change(3, 0)).as_deref(), Some("+8"));
    assert_eq!(less(change(5, 0), change(0, 3)).as_deref(), Some("-8"));
    assert_eq!(less(change(5, 0), change(5, 0)).as_deref(), Some("0"));
    assert_eq!(change(0, u128::MAX).less(change(1, 0)), None);
}
