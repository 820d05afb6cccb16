//! Attempts of a venue to be covered by a window that shows less than it seems to, and of whoever makes the bundle to
//! have an honest venue convicted: on the pure verdict, with figures computed by hand.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod window_cases;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use counterfoil::amount::{Amount, Decimals};
use counterfoil::basis::{Basis, Completeness};
use counterfoil::hash::sha256;
use counterfoil::policy::WindowRules;
use counterfoil::reconcile::Verdict::{Covered, NotDeterminable, Short};
use counterfoil::reconcile::assess::{
    Alignment, Assessment, Case, Commitment, Deployment, Reason, WHOLE, Window, assess,
};
use counterfoil::reconcile::window::{Explained, WindowQuestion, measure, measure_stretches};
use counterfoil::reserve::window::{Part, Party, Stretch, StretchEvidence, StretchReason, Transfer, WindowEvidence};
use counterfoil::snapshot::{BlockRef, Time};
use window_cases::{BITCOIN, Chain, EVM, Story, amount};

/// One coin on a chain of fast blocks: its window ends minutes after the cut-off, and the coins elsewhere leave after
/// that, or came just before.
#[test]
fn attack_a_chain_of_fast_blocks_does_not_shorten_the_other_window() {
    let fast = || Chain::new(EVM, 1).times(|height| 600 * 150 + i64::try_from(height).unwrap() - 150);
    let slow = || Chain::new(BITCOIN, 99).times(|height| 600 * i64::try_from(height).unwrap());
    let story = |slow: Chain| Story::owes(100).on(slow).on(fast()).judge();
    let quiet = story(slow());
    assert_eq!((quiet.verdict, quiet.alignment), (Covered, Alignment::Times));
    let gone = story(slow().out(200, 60, "somebody"));
    assert_eq!((gone.verdict, gone.reason, gone.minimum), (NotDeterminable, Reason::FellBelow, Some(amount(40))));
    let empty = Chain::new(BITCOIN, 0).times(|height| 600 * i64::try_from(height).unwrap()).came(101, 99, "somebody");
    assert_eq!((story(empty.clone()).verdict, story(empty).reason), (NotDeterminable, Reason::FellBelow));
}

/// Windows that end at other moments and of which nothing moves at the ends are as good as before.
#[test]
fn windows_of_other_lengths_cover_together() {
    let ends = |shift: i64| {
        let early = Chain::new(BITCOIN, 70).times(|height| 600 * i64::try_from(height).unwrap());
        let late = Chain::new(EVM, 30).times(move |height| 600 * i64::try_from(height).unwrap() + shift);
        Story::owes(100).on(early).on(late).judge().verdict
    };
    assert_eq!((ends(0), ends(-3_000), ends(3_000)), (Covered, Covered, Covered));
}

/// Each loan pays back the one before, so that the balance never moves.
#[test]
fn attack_loans_that_relieve_each_other_leave_the_curve_flat() {
    let story = Story::owes(100).holds(50).came(101, 50, "first").out(139, 50, "first").came(138, 50, "second");
    let story = story.out(178, 50, "second").came(177, 50, "third").out(205, 50, "third");
    let found = story.judge();
    assert_eq!((found.verdict, found.high, found.low), (Short, amount(50), amount(50)));
    assert!(found.below.iter().all(|below| below.held < amount(100)));
}

/// A lender is paid in pieces that are each too small to be told, from a loan in pieces.
#[test]
fn attack_a_loan_in_pieces_too_small_to_be_told_is_one_loan() {
    let mut story = Story::owes(100_000).holds(99_100);
    for piece in 0..9 {
        story = story.came(120 + piece, 100, "lender").out(160 + piece, 100, "lender");
    }
    let found = story.judge();
    assert_eq!((found.verdict, found.came_and_went), (NotDeterminable, amount(0)), "1,000 is what is told from");
    let mut story = Story::owes(100_000).holds(90_000);
    for piece in 0..20 {
        story = story.came(110 + piece, 500, "lender").out(160 + piece, 500, "lender");
    }
    let found = story.judge();
    assert_eq!((found.verdict, found.came_and_went), (Short, amount(10_000)));
}

/// A statement of much less, one block after the cut-off, excuses what leaves then; it says so to every customer, is
/// told, and what it owes is asked for.
#[test]
fn attack_a_later_statement_excuses_no_block_before_it() {
    let story = || Story::owes(100).holds(100).out(160, 90, "somebody");
    let excused = story().next_statement(160, 10).judge();
    assert_eq!((excused.verdict, excused.commitments.len()), (Covered, 2));
    let early = story().next_statement(161, 11).judge();
    assert_eq!(early.verdict, Short, "what it owes itself is asked for");
    let dipped = Story::owes(100).holds(100).out(120, 95, "a").came(140, 95, "b").next_statement(160, 10).judge();
    assert_eq!((dipped.verdict, dipped.reason), (NotDeterminable, Reason::FellBelow), "before both of them");
}

// --- stretches: at least so much ---

const PROOF: StretchReason = StretchReason::Proof;
const LOGS: StretchReason = StretchReason::Logs;
const NONCE: StretchReason = StretchReason::Nonce;

type List<'a> = &'a [(&'a str, &'a [(u64, u64, u128, StretchReason)])];

/// Blocks 0 to 300 with a cut-off at block 150 and a closing block 250; all that is held then is counted.
fn stretches(owed: u128, counted: u128, list: List<'_>) -> Assessment {
    let addresses: BTreeMap<String, Vec<Stretch>> = list
        .iter()
        .map(|(address, list)| {
            let stretch = |(from, to, units, reason): &_| Stretch {
                from: *from,
                to: *to,
                minimum: amount(*units),
                reason: *reason,
            };
            ((*address).to_owned(), list.iter().map(stretch).collect())
        })
        .collect();
    let chain = EVM.parse().unwrap();
    let evidence = StretchEvidence {
        deployment: format!("{EVM}/slip44:60").parse().unwrap(),
        from: 0,
        to: 300,
        tip: BlockRef { chain, height: 300, hash: sha256(b"") },
        addresses,
        transfers: None,
        times: BTreeMap::new(),
        authenticity: Basis::Proved,
        completeness: Completeness::Exact,
        problems: Vec::new(),
    };
    let rules = WindowRules::default();
    let question = WindowQuestion {
        range: Some((0, 300)),
        snapshot: 150,
        commitments: &[150],
        explained: &Explained::default(),
        closing: Some((250, true)),
        counted: &list.iter().map(|(address, _)| (*address).to_owned()).collect(),
        decimals: Decimals::ZERO,
        rules: &rules,
    };
    let report = measure_stretches(&evidence, &question).unwrap();
    let window = Window { report: &report, times: &evidence.times, accepted: true, demanded: true };
    let deployment = Deployment {
        id: evidence.deployment.clone(),
        decimals: Decimals::ZERO,
        counted: amount(counted),
        possible: amount(counted),
        apart: Amount::ZERO,
        outside: Amount::ZERO,
        every_address: true,
        window: Some(window),
    };
    let commitment = Commitment {
        sequence: 7,
        cutoff: Time::from_unix(0),
        blocks: BTreeMap::from([(EVM.parse().unwrap(), 150)]),
        owed: amount(owed),
        logged: false,
        same_set: true,
    };
    assess(&Case {
        decimals: Decimals::ZERO,
        commitments: &[commitment],
        subject: 7,
        deployments: &[deployment],
        authenticity: Basis::Proved,
        minimum_ratio: WHOLE,
        readable: true,
        critical: false,
    })
}

/// Coins leave the address that signed for another one before the closing block. One empty address of which the cut-off
/// block has a bound and no figure must not undo that.
#[test]
fn attack_an_address_without_a_figure_at_the_cutoff_does_not_undo_the_closing_block() {
    let hot: (&str, &[_]) = ("hot", &[(0, 199, 100, LOGS), (200, 300, 0, LOGS)]);
    let next: (&str, &[_]) = ("next", &[(0, 199, 0, LOGS), (200, 300, 100, LOGS)]);
    let known = stretches(100, 100, &[hot, next]);
    assert_eq!((known.verdict, known.low), (NotDeterminable, amount(0)));
    let dust = stretches(100, 100, &[hot, next, ("dust", &[(0, 0, 0, PROOF), (1, 300, 0, NONCE)])]);
    assert_eq!((dust.verdict, dust.reason, dust.low), (NotDeterminable, Reason::BetweenBoth, amount(0)));
    let still =
        stretches(100, 100, &[("hot", &[(0, 300, 100, LOGS)]), ("dust", &[(0, 0, 0, PROOF), (1, 300, 0, NONCE)])]);
    assert_eq!((still.verdict, still.low), (Covered, amount(100)), "nothing left");
}

#[test]
fn attack_blocks_without_a_stretch_are_not_covered() {
    let gap = stretches(100, 100, &[("hot", &[(0, 219, 100, LOGS), (221, 300, 100, LOGS)])]);
    assert_eq!((gap.verdict, gap.reason), (NotDeterminable, Reason::WindowIncomplete));
    let late = stretches(100, 100, &[("hot", &[(1, 300, 100, LOGS)])]);
    assert_eq!(late.verdict, NotDeterminable, "the first block");
    let early = stretches(100, 100, &[("hot", &[(0, 299, 100, LOGS)])]);
    assert_eq!(early.verdict, NotDeterminable, "the last block");
    let other = stretches(100, 100, &[("hot", &[(0, 300, 200, LOGS)]), ("dust", &[(0, 100, 0, LOGS)])]);
    assert_eq!((other.verdict, other.reason), (NotDeterminable, Reason::WindowIncomplete), "one address is enough");
    let low = stretches(100, 200, &[("hot", &[(0, 0, 100, PROOF), (1, 300, 99, NONCE)])]);
    assert_eq!((low.verdict, low.reason), (NotDeterminable, Reason::FellBelow), "a bound is a bound");
}

// --- time and memory ---

/// As many counterparties as transactions, each of which ends in a low point.
#[test]
fn attack_many_transfers_take_no_square_of_their_number() {
    const COUNT: u64 = 60_000;
    let part = |id: String| Part { address: "hot".to_owned(), id, amount: amount(1) };
    let transfer = |place: u64, came: bool| {
        let party = vec![Party { name: format!("party {place}"), amount: Some(amount(1)) }];
        let moved = vec![part(format!("coin {}", place / 2))];
        let (spent, received) = if came { (Vec::new(), moved) } else { (moved, Vec::new()) };
        let (from, to) = if came { (party, Vec::new()) } else { (Vec::new(), party) };
        let (height, place) = (100 + place, 1);
        Transfer { height, place, txid: format!("{height}"), spent, received, from, to, authenticity: Basis::Proved }
    };
    let chain = BITCOIN.parse().unwrap();
    let evidence = WindowEvidence {
        deployment: format!("{BITCOIN}/slip44:0").parse().unwrap(),
        from: 99,
        to: 100 + COUNT,
        tip: BlockRef { chain, height: 100 + COUNT, hash: sha256(b"") },
        opening: Vec::new(),
        transfers: (0..COUNT).map(|place| transfer(place, place % 2 == 0)).collect(),
        times: BTreeMap::new(),
        gaps: Vec::new(),
        authenticity: Basis::Proved,
        completeness: Completeness::UnspentObserved,
        problems: Vec::new(),
    };
    let rules = WindowRules { round_trip_blocks: COUNT, ..WindowRules::default() };
    let question = WindowQuestion {
        range: None,
        snapshot: 100 + COUNT / 2,
        commitments: &[],
        explained: &Explained::default(),
        closing: None,
        counted: &BTreeSet::from(["hot".to_owned()]),
        decimals: Decimals::ZERO,
        rules: &rules,
    };
    let begun = Instant::now();
    let report = measure(&evidence, &question).unwrap();
    assert_eq!((report.round_trips.len(), report.dips.len()), (0, 5));
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}
