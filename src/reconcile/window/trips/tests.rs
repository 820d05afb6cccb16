//! Round trips of accounts: the address stands for the coins, a payment costs gas, and nobody gets change.

use super::super::{Explained, RoundTrip, WindowQuestion, measure_stretches};
use super::*;
use crate::amount::Decimals;
use crate::basis::Completeness;
use crate::reserve::evm::window::flows::UNEXPLAINED;
use crate::reserve::window::{Stretch, StretchEvidence, StretchReason};
use crate::snapshot::BlockRef;

const CHAIN: &str = "eip155:1";
const HOT: &str = "0x0101010101010101010101010101010101010101";
const COLD: &str = "0x0202020202020202020202020202020202020202";
const LENDER: &str = "0x0303030303030303030303030303030303030303";
const CUSTOMER: &str = "0x0404040404040404040404040404040404040404";
/// Gas of one payment, in thousandths of a coin, as everything here.
const GAS: u128 = 2;

fn amount(units: u128) -> Amount {
    Amount::from_base_units(units)
}

fn parts(parts: &[(&str, u128)]) -> Vec<Part> {
    let part = |(address, units): &(&str, u128)| Part {
        address: (*address).to_owned(),
        id: (*address).to_owned(),
        amount: amount(*units),
    };
    parts.iter().map(part).collect()
}

fn parties(parties: &[(&str, Option<u128>)]) -> Vec<Party> {
    let party = |(name, units): &(&str, Option<u128>)| Party { name: (*name).to_owned(), amount: units.map(amount) };
    parties.iter().map(party).collect()
}

fn transfer(height: u64, spent: &[(&str, u128)], received: &[(&str, u128)], from: &[(&str, Option<u128>)]) -> Transfer {
    Transfer {
        height,
        place: 0,
        txid: format!("at {height}"),
        spent: parts(spent),
        received: parts(received),
        from: parties(from),
        to: Vec::new(),
        authenticity: Basis::Proved,
    }
}

fn came(height: u64, from: &str, units: u128) -> Transfer {
    transfer(height, &[], &[(HOT, units)], &[(from, Some(units))])
}

/// A payment: what is spent is its amount and the gas.
fn went(height: u64, to: &str, units: u128) -> Transfer {
    let to = parties(&[(to, Some(units))]);
    Transfer { to, ..transfer(height, &[(HOT, units + GAS)], &[], &[]) }
}

/// Round trips of 10,000 coins held at the snapshot, block 150.
fn trips(transfers: Vec<Transfer>) -> Vec<RoundTrip> {
    let stretch = Stretch { from: 100, to: 200, minimum: amount(10_000_000), reason: StretchReason::Logs };
    let evidence = StretchEvidence {
        deployment: format!("{CHAIN}/slip44:60").parse().expect("a deployment"),
        from: 100,
        to: 200,
        tip: BlockRef { chain: CHAIN.parse().expect("a chain"), height: 200, hash: crate::hash::sha256(b"") },
        addresses: [HOT, COLD].into_iter().map(|address| (address.to_owned(), vec![stretch])).collect(),
        transfers: Some(transfers),
        times: BTreeMap::new(),
        authenticity: Basis::Proved,
        completeness: Completeness::Exact,
        problems: Vec::new(),
    };
    let counted = evidence.addresses.keys().cloned().collect();
    let rules = WindowRules::default();
    let question = WindowQuestion {
        range: None,
        snapshot: 150,
        commitments: &[150],
        explained: &Explained::default(),
        closing: None,
        counted: &counted,
        decimals: Decimals::ZERO,
        rules: &rules,
    };
    measure_stretches(&evidence, &question).expect("it fits").round_trips
}

fn told(transfers: Vec<Transfer>) -> Vec<(String, u128, u128, bool)> {
    let row = |trip: &RoundTrip| {
        (trip.counterparty.clone(), trip.amount_in.base_units(), trip.amount_out.base_units(), trip.around_snapshot)
    };
    trips(transfers).iter().map(row).collect()
}

#[test]
fn a_loan_in_pieces_is_found_whatever_its_gas() {
    let lent = || vec![came(140, LENDER, 2_000_000), came(141, LENDER, 119_000), came(142, LENDER, 5_000_000)];
    let all = |back: Vec<Transfer>| [lent(), back].concat();
    let whole = vec![(LENDER.to_owned(), 7_119_000, 7_119_000, true)];
    assert_eq!(told(all(vec![went(160, LENDER, 7_000_000), went(161, LENDER, 119_000)])), whole);
    assert_eq!(told(all(vec![went(160, LENDER, 4_000_000), went(161, LENDER, 3_119_000)])), whole);
    assert_eq!(told(all(vec![went(160, LENDER, 7_119_000)])), whole);
    // the borrower's gas is taken off the last payment
    let less = vec![(LENDER.to_owned(), 7_119_000, 7_118_990, true)];
    assert_eq!(told(all(vec![went(160, LENDER, 7_118_990)])), less);
    // one percent is within the tolerance, more is not
    assert_eq!(told(all(vec![went(160, LENDER, 7_047_810)])).len(), 1);
    assert_eq!(told(all(vec![went(160, LENDER, 7_047_809)])), []);
    assert_eq!(told(all(vec![went(160, CUSTOMER, 7_119_000)])), [], "to somebody else");
}

#[test]
fn gas_is_no_part_of_what_went_back() {
    let trips = trips(vec![came(140, LENDER, 500_000), went(160, LENDER, 500_000)]);
    assert_eq!((trips[0].amount_in, trips[0].amount_out), (amount(500_000), amount(500_000)));
    assert_eq!(trips[0].losses, BTreeMap::from([(HOT.to_owned(), amount(500_000))]), "the coins that came");
}

#[test]
fn an_account_gets_no_change() {
    // one transaction in which the lender pays the venue and the venue pays a customer
    let both = Transfer {
        to: parties(&[(CUSTOMER, Some(100_000))]),
        ..transfer(140, &[(HOT, 100_000)], &[(HOT, 900_000)], &[(LENDER, Some(900_000))])
    };
    assert_eq!(told(vec![both.clone(), went(160, CUSTOMER, 800_000)]), [], "the customer lent nothing");
    assert_eq!(told(vec![both, went(160, LENDER, 800_000)]), [(LENDER.to_owned(), 800_000, 800_000, true)]);
}

#[test]
fn nobody_is_no_counterparty() {
    let unseen = transfer(140, &[], &[(HOT, 900_000)], &[(UNEXPLAINED, None)]);
    assert_eq!(told(vec![unseen.clone(), went(160, UNEXPLAINED, 900_000)]), []);
    // what an unseen call brought goes back to a known address: a flow, and no round trip
    assert_eq!(told(vec![unseen, went(160, LENDER, 900_000)]), []);
}

#[test]
fn moves_between_own_addresses_are_no_round_trip() {
    let there = transfer(140, &[(HOT, 900_000 + GAS)], &[(COLD, 900_000)], &[]);
    let back = transfer(160, &[(COLD, 900_000 + GAS)], &[(HOT, 900_000)], &[]);
    assert_eq!(told(vec![there, back]), []);
}

/// A loan that goes by an own wallet which does not count, whatever its role: only the visit can be seen.
#[test]
fn attack_a_loan_by_way_of_an_internal_wallet() {
    const INTERNAL: &str = "0x0505050505050505050505050505050505050505";
    let lent = Transfer {
        from: parties(&[(LENDER, Some(900_000))]),
        ..transfer(139, &[], &[(INTERNAL, 900_000)], &[(LENDER, Some(900_000))])
    };
    let there = transfer(140, &[(INTERNAL, 900_000 + GAS)], &[(HOT, 900_000)], &[]);
    let back = transfer(160, &[(HOT, 900_000 + GAS)], &[(INTERNAL, 900_000)], &[]);
    let repaid =
        Transfer { to: parties(&[(LENDER, Some(900_000))]), ..transfer(161, &[(INTERNAL, 900_000)], &[], &[]) };
    let found = told(vec![lent, there, back, repaid]);
    assert!(found.contains(&(INTERNAL.to_owned(), 900_000, 900_000, true)), "{found:?}");
}

/// Against looking at every payment: amounts in a few sizes, so that many fit, and many are taken.
#[test]
fn the_earliest_payment_is_the_one_that_looking_at_all_finds() {
    let mut state = 7_u64;
    let mut draw = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for count in [0_usize, 1, 2, 3, 64, 200] {
        let all: Vec<(usize, Amount)> =
            (0..count).map(|place| (2 * place, amount(100 + u128::from(draw(30))))).collect();
        let (mut payments, mut left) = (payments::Payments::new(&all), all.clone());
        for place in 0..2 * count {
            payments.pass(place);
            left.retain(|(at, _)| *at > place);
            let wanted = amount(95 + u128::from(draw(40)));
            let slow = left.iter().find(|(_, amount)| alike(wanted, *amount, 500)).map(|(at, _)| *at);
            let is_alike = |amount| alike(wanted, amount, 500);
            let quick = payments
                .earliest(|amount| amount < wanted && !is_alike(amount), |amount| amount <= wanted || is_alike(amount));
            assert_eq!(quick, slow, "{count} payments, place {place}");
            if let Some(found) = slow.filter(|_| draw(2) == 0) {
                payments.take(found);
                left.retain(|(at, _)| *at != found);
            }
        }
    }
}
